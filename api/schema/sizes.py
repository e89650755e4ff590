"""How many rows a list has, as far as anybody can say before it is read: what the gate weighs an operation by.

A plain list says so where it is declared, `metadata=about(6)`; a connection has the rows of its window. Of the
schema's description of itself the sizes are counted from the schema.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
)

from api.loaders.pages import DEFAULT

ROWS = "rows"
DEFINITION = "strawberry-definition"
CONNECTION = "Connection"
OF_WINDOW = ("nodes", "edges")
WINDOW = ("first", "last")
COUNTS = ("first", "ids", "names")
"""Arguments by which a plain list is cut, or that name its rows."""


def about(rows: int) -> dict[str, int]:
    """The metadata of a plain list that usually has so many rows, and rarely many more."""
    return {ROWS: rows}


@dataclass(frozen=True, slots=True)
class Rows:
    """How many rows a field has: `usual`, where none of the arguments says it. A connection only opens a window."""

    usual: float = 1.0
    arguments: tuple[str, ...] = ()
    opens_window: bool = False
    of_window: bool = False


class Sizes:
    """The rows of every field of a schema."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.unsaid: list[str] = []
        self._rows: dict[tuple[str, str], Rows] = {}
        self._one = Rows()
        for kind in schema.type_map.values():
            if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) and not kind.name.startswith("__"):
                for name, field in kind.fields.items():
                    if (rows := self._declared(kind.name, name, field)) is not None:
                        self._rows[kind.name, name] = rows
        self._rows |= {place: Rows(usual) for place, usual in _of_introspection(schema)}

    def of(self, type_name: str, field: str) -> Rows:
        """The rows of a field; one where it is no list."""
        return self._rows.get((type_name, field), self._one)

    def _declared(self, type_name: str, name: str, field: GraphQLField) -> Rows | None:
        if type_name.endswith(CONNECTION) and name in OF_WINDOW:
            return Rows(of_window=True)
        if not _is_list(field.type):
            opens = get_named_type(field.type).name.endswith(CONNECTION)
            return Rows(DEFAULT, WINDOW, opens_window=True) if opens else None
        said = getattr(field.extensions.get(DEFINITION), "metadata", {}).get(ROWS)
        if said is None and not is_leaf_type(get_named_type(field.type)):
            self.unsaid.append(f"{type_name}.{name}")
        return Rows(DEFAULT if said is None else said, COUNTS)


def _is_list(kind: GraphQLOutputType) -> bool:
    return isinstance(kind.of_type if isinstance(kind, GraphQLNonNull) else kind, GraphQLList)


def _of_introspection(schema: GraphQLSchema) -> Iterator[tuple[tuple[str, str], float]]:
    kinds = list(schema.type_map.values())
    fields = [
        field
        for kind in kinds
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType)
        for field in kind.fields.values()
    ]
    inputs = sum(len(kind.fields) for kind in kinds if isinstance(kind, GraphQLInputObjectType))
    values = sum(len(kind.values) for kind in kinds if isinstance(kind, GraphQLEnumType))
    yield ("__Schema", "types"), len(kinds)
    yield ("__Schema", "directives"), len(schema.directives)
    yield ("__Type", "fields"), len(fields) / len(kinds)
    yield ("__Type", "inputFields"), inputs / len(kinds)
    yield ("__Type", "enumValues"), values / len(kinds)
    yield ("__Type", "interfaces"), 0.5
    yield ("__Type", "possibleTypes"), 0.5
    yield ("__Type", "ofType"), 0.7
    yield ("__Field", "args"), sum(len(field.args) for field in fields) / max(1, len(fields))
    yield ("__Directive", "args"), 1.0
