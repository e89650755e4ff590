"""What a query asks for below a field, read from the document: fields by name, with their arguments.

Fragments are looked through, @skip and @include obeyed, and two aliases of one field are one: what both ask for is
loaded once. The tree has a greatest depth, and each selection is visited once a level, so that a chain of fragments
costs what it is long, not what it would unfold to.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLResolveInfo,
    InlineFragmentNode,
    SelectionSetNode,
    Undefined,
    value_from_ast_untyped,
)

from api.domain.errors import BadInput, TooCostly
from api.schema.context import Context, Info

MOST_LEVELS = 15
MOST_FIELDS = 1_000


@dataclass(slots=True)
class Wanted:
    """What is wanted of a field: its own arguments, once an alias, and the fields below it."""

    arguments: list[dict[str, Any]] = field(default_factory=list)
    fields: dict[str, Wanted] = field(default_factory=dict)

    @property
    def times(self) -> int:
        """How often the answer holds the field."""
        return max(1, len(self.arguments))

    def values(self, branches: Collection[str]) -> int:
        """How many values the answer holds of one object, those behind branches not counted."""
        return sum(
            below.times * (1 + (0 if name in branches else below.values(()))) for name, below in self.fields.items()
        )

    def has(self, *names: str) -> bool:
        """Whether any of these fields is wanted."""
        return any(name in self.fields for name in names)

    def below(self, *paths: str) -> Wanted:
        """What is wanted below these dotted paths, taken together."""
        together = Wanted()
        for path in paths:
            found: Wanted | None = self
            for name in path.split("."):
                found = found.fields.get(name) if found else None
            if found:
                together = _merged(together, found)
        return together

    def most(self, name: str, default: int, limit: int) -> int:
        """The greatest value of a numeric argument. Raises BadInput beyond 0 to `limit`."""
        values = [arguments.get(name) for arguments in self.arguments] or [None]
        numbers = [default if value is None else int(value) for value in values]
        if not all(0 <= number <= limit for number in numbers):
            raise BadInput(f"{name} 须在 0 与 {limit} 之间。", f"`{name}` is 0 to {limit}.")
        return max(numbers)


def wanted(info: Info, type_names: frozenset[str] | None = None) -> Wanted:
    """What is wanted below the field that is being resolved; of an interface, only for these types. Raises TooCostly."""
    raw: GraphQLResolveInfo[Context] = info._raw_info
    return _Reader(raw).read([raw.field_nodes[0], *raw.field_nodes[1:]], type_names, 1)


class _Reader:
    def __init__(self, info: GraphQLResolveInfo[Context]) -> None:
        self.info = info
        variables: Any = info.variable_values  # strawberry gives a plain dict where graphql-core gives an object
        self.variables: dict[str, Any] = getattr(variables, "coerced", variables)
        self.fields = 0

    def read(self, nodes: list[FieldNode], type_names: frozenset[str] | None, level: int) -> Wanted:
        if level > MOST_LEVELS:
            raise TooCostly
        answers = {node.alias.value if node.alias else node.name.value: node for node in nodes}
        found = Wanted([self._arguments(node) for node in answers.values()])
        groups: dict[str, list[FieldNode]] = {}
        sets = (node.selection_set for node in nodes if node.selection_set)
        for below in self._selected(sets, type_names, set()):
            groups.setdefault(below.name.value, []).append(below)
        self.fields += len(groups)
        if self.fields > MOST_FIELDS:
            raise TooCostly
        for name, group in groups.items():
            found.fields[name] = self.read(group, None, level + 1)
        return found

    def _selected(
        self, sets: Iterable[SelectionSetNode], type_names: frozenset[str] | None, seen: set[str]
    ) -> Iterator[FieldNode]:
        for selections in sets:
            for node in selections.selections:
                if not self._included(node):
                    continue
                if isinstance(node, FieldNode):
                    yield node
                elif isinstance(node, InlineFragmentNode):
                    if node.type_condition is None or _fits(node.type_condition.name.value, type_names):
                        yield from self._selected([node.selection_set], type_names, seen)
                elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
                    seen.add(node.name.value)
                    fragment = self.info.fragments.get(node.name.value)
                    if fragment is not None and _fits(fragment.type_condition.name.value, type_names):
                        yield from self._selected([fragment.selection_set], type_names, seen)

    def _included(self, node: Any) -> bool:
        conditions = {
            directive.name.value: value_from_ast_untyped(directive.arguments[0].value, self.variables)
            for directive in node.directives or ()
            if directive.name.value in ("skip", "include") and directive.arguments
        }
        return not conditions.get("skip", False) and bool(conditions.get("include", True))

    def _arguments(self, node: FieldNode) -> dict[str, Any]:
        given = {each.name.value: value_from_ast_untyped(each.value, self.variables) for each in node.arguments or ()}
        return {name: value for name, value in given.items() if value is not Undefined}


def _fits(condition: str, type_names: frozenset[str] | None) -> bool:
    return type_names is None or condition in type_names


def _merged(one: Wanted, other: Wanted) -> Wanted:
    fields = dict(one.fields)
    for name, below in other.fields.items():
        fields[name] = _merged(fields[name], below) if name in fields else below
    return Wanted([*one.arguments, *other.arguments], fields)
