"""The schema as a whole: every part described, every field guarded, printed as it is in the repository."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    build_schema,
    validate_schema,
)

from api.domain.permissions import Permission
from api.schema import guards
from api.schema.root import Mutation, Query, Subscription, printed, schema

ROOT = Path(__file__).parents[3]
BUILT_IN = ("__", "Int", "Float", "String", "Boolean", "ID")
FORBIDDEN = ("fraudster", "嫌疑人", "骗子", "criminal", "cheat")


def parts() -> Iterator[tuple[str, str | None]]:
    """Every type, field, argument and enumerated value, with its description."""
    for name, kind in build_schema(printed()).type_map.items():
        if name.startswith("__") or name in BUILT_IN:
            continue
        yield name, kind.description
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            for field_name, field in kind.fields.items():
                yield f"{name}.{field_name}", field.description
                for argument_name, argument in getattr(field, "args", {}).items():
                    yield f"{name}.{field_name}({argument_name})", argument.description
        elif isinstance(kind, GraphQLEnumType):
            for value_name, value in kind.values.items():
                yield f"{name}.{value_name}", value.description


def test_every_part_is_described() -> None:
    assert [name for name, description in parts() if not (description or "").strip()] == []


def test_the_schema_is_valid_and_stands_in_the_repository_as_it_is_printed() -> None:
    assert validate_schema(build_schema(printed())) == []
    assert (ROOT / "schema.graphql").read_text(encoding="utf-8") == printed(), "run: jiekun schema > schema.graphql"


def test_a_lead_is_never_called_a_verdict() -> None:
    text = printed().lower()
    assert [word for word in FORBIDDEN if word in text] == []


@pytest.mark.parametrize("root", [Query, Mutation, Subscription])
def test_every_field_of_a_root_has_a_guard(root: type) -> None:
    for field in root.__strawberry_definition__.fields:  # type: ignore[attr-defined]
        guard = getattr(field.base_resolver.wrapped_func, guards.GUARD, None)
        assert guard in (guards.ANYBODY, guards.SIGNED_IN) or isinstance(guard, Permission), field.name
        if root is not Query:
            assert isinstance(guard, Permission), field.name


def test_every_mutation_takes_one_input_and_gives_one_payload_with_user_errors() -> None:
    mutations = build_schema(printed()).mutation_type
    assert mutations is not None
    for name, field in mutations.fields.items():
        title = name[0].upper() + name[1:]
        assert {key: str(argument.type) for key, argument in field.args.items()} == {"input": f"{title}Input!"}
        assert str(field.type) == f"{title}Payload!"
        payload, given = (build_schema(printed()).type_map[f"{title}{kind}"] for kind in ("Payload", "Input"))
        assert isinstance(payload, GraphQLObjectType)
        assert isinstance(given, GraphQLInputObjectType)
        assert str(payload.fields["userErrors"].type) == "[UserError!]!"
        assert str(given.fields["idempotencyKey"].type) == "String!"


def test_every_field_that_may_be_refused_may_be_null() -> None:
    query = build_schema(printed()).query_type
    assert query is not None
    assert [name for name, field in query.fields.items() if str(field.type).endswith("!")] == []


def test_whatever_has_an_id_is_a_node() -> None:
    for name, kind in build_schema(printed()).type_map.items():
        if isinstance(kind, GraphQLObjectType) and "id" in kind.fields and name != "Rule":
            assert [each.name for each in kind.interfaces] == ["Node"], name


def test_nothing_is_resolved_asynchronously_below_a_root() -> None:
    """An async field in a list is a task a row: all below a root is read from attributes."""
    for name, kind in schema.schema_converter.type_map.items():
        if name not in ("Query", "Mutation", "Subscription"):
            for field in getattr(kind.definition, "fields", ()):
                assert not getattr(field, "is_async", False), f"{name}.{field.name}"
