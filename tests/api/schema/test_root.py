"""The schema as a whole: every part described, every field guarded, printed as it is in the repository."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    build_schema,
    get_named_type,
    validate_schema,
)
from strawberry.types import get_object_definition

from api.domain.errors import UserErrorCode
from api.domain.permissions import Permission
from api.schema import guards
from api.schema.results import USER_ERRORS
from api.schema.root import Mutation, Query, Subscription, printed, schema
from api.schema.tree import _BRANCHES

ROOT = Path(__file__).parents[3]
SHOWN = build_schema(printed())
BUILT_IN = ("__", "Int", "Float", "String", "Boolean", "ID")
FORBIDDEN = ("fraudster", "嫌疑人", "骗子", "criminal", "cheat")


def parts() -> Iterator[tuple[str, str | None]]:
    """Every type, field, argument and enumerated value, with its description."""
    for name, kind in SHOWN.type_map.items():
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
    assert validate_schema(SHOWN) == []
    assert (ROOT / "schema.graphql").read_text(encoding="utf-8") == printed(), "run: jiekun schema > schema.graphql"


def test_f_06_a_lead_is_never_called_a_verdict() -> None:
    text = printed().lower()
    assert [word for word in FORBIDDEN if word in text] == []


@pytest.mark.parametrize("root", [Query, Mutation, Subscription])
def test_every_field_of_a_root_has_a_guard(root: type) -> None:
    for field in get_object_definition(root, strict=True).fields:
        assert field.base_resolver is not None, field.name
        guard = getattr(field.base_resolver.wrapped_func, guards.GUARD, None)
        assert guard in (guards.ANYBODY, guards.SIGNED_IN) or isinstance(guard, Permission), field.name
        if root is not Query:
            assert isinstance(guard, Permission), field.name


VERBS = {"refer"}
"""Mutations that the policy's own list names by the verb alone (domain.md A10)."""


def test_every_mutation_takes_one_input_and_gives_one_payload() -> None:
    mutations = SHOWN.mutation_type
    assert mutations is not None
    for name, field in mutations.fields.items():
        assert name in VERBS or re.fullmatch(r"[a-z]+([A-Z][a-z]+)+", name), f"{name}: a verb and a noun"
        title = name[0].upper() + name[1:]
        assert {key: str(argument.type) for key, argument in field.args.items()} == {"input": f"{title}Input!"}
        assert str(field.type) == f"{title}Payload!"
        payload, given = (SHOWN.type_map[f"{title}{kind}"] for kind in ("Payload", "Input"))
        assert isinstance(payload, GraphQLObjectType)
        assert isinstance(given, GraphQLInputObjectType)
        assert [each.name for each in payload.interfaces] == ["Payload"]
        assert str(given.fields["idempotencyKey"].type) == "String!"
        assert str(given.fields["clientMutationId"].type) == "String"


def test_every_type_of_a_user_error_is_an_interface_s_and_every_code_has_one() -> None:
    told = SHOWN.type_map["UserError"]
    assert isinstance(told, GraphQLInterfaceType)
    shown = {each.name for each in SHOWN.get_possible_types(told)}
    assert {get_object_definition(kind, strict=True).name for kind in USER_ERRORS.values()} == shown
    assert set(USER_ERRORS) == set(UserErrorCode)


def fields() -> Iterator[tuple[str, str, GraphQLOutputType]]:
    """Every field of every type that is answered."""
    for name, kind in SHOWN.type_map.items():
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) and not name.startswith("__"):
            yield from ((name, field_name, field.type) for field_name, field in kind.fields.items())


def test_whatever_may_be_refused_may_be_null() -> None:
    """A refusal of one leaves the others answered; `nodes` refuses nobody, and has its nulls inside."""
    roots = {SHOWN.query_type, SHOWN.subscription_type}
    never_null = {
        f"{kind.name}.{name}"
        for kind in roots
        if kind is not None
        for name, field in kind.fields.items()
        if isinstance(field.type, GraphQLNonNull)
    }
    assert never_null == {"Query.nodes"}
    for parent, branches in _BRANCHES.items():
        for name, to in branches.items():
            if to.permission is not None:
                kind = SHOWN.type_map[parent.__name__]
                assert isinstance(kind, GraphQLObjectType)
                assert not isinstance(kind.fields[name].type, GraphQLNonNull), f"{kind.name}.{name}"


def test_no_list_has_holes() -> None:
    """Its items are never null, but for `nodes`, where a null says which of the ids led to nothing."""
    holes = set()
    for parent, name, kind in fields():
        bare = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
        if isinstance(bare, GraphQLList) and not isinstance(bare.of_type, GraphQLNonNull):
            holes.add(f"{parent}.{name}")
    assert holes == {"Query.nodes"}


def test_an_id_is_never_null() -> None:
    assert {str(kind) for _, name, kind in fields() if name == "id"} <= {"ID!", "String!"}


def test_pages_are_as_relay_takes_them() -> None:
    connections = {name for name in SHOWN.type_map if name.endswith("Connection")}
    assert connections
    for name in connections:
        kind, noun = SHOWN.type_map[name], name.removesuffix("Connection")
        edge = SHOWN.type_map[f"{noun}Edge"]
        assert isinstance(kind, GraphQLObjectType)
        assert isinstance(edge, GraphQLObjectType)
        assert {key: str(field.type) for key, field in kind.fields.items()} == {
            "edges": f"[{noun}Edge!]!",
            "nodes": f"[{noun}!]!",
            "pageInfo": "PageInfo!",
            "totalCount": "Int",
        }
        assert {key: str(field.type) for key, field in edge.fields.items()} == {
            "cursor": "String!",
            "node": f"{noun}!",
        }
    info = SHOWN.type_map["PageInfo"]
    assert isinstance(info, GraphQLObjectType)
    assert {key: str(field.type) for key, field in info.fields.items()} == {
        "hasNextPage": "Boolean!",
        "hasPreviousPage": "Boolean!",
        "startCursor": "String",
        "endCursor": "String",
    }


OF_ONE = {"accessLog"}
"""Lists about one thing that an argument names, in the one order that they have."""


def test_every_list_of_pages_is_windowed_filtered_and_ordered_alike() -> None:
    assert SHOWN.query_type is not None
    for name, field in SHOWN.query_type.fields.items():
        if get_named_type(field.type).name.endswith("Connection"):
            given = {key: str(argument.type) for key, argument in field.args.items()}
            noun = get_named_type(field.type).name.removesuffix("Connection")
            window = {"first": "Int", "after": "String", "last": "Int", "before": "String"}
            lists = {} if name in OF_ONE else {"filter": f"{noun}Filter", "orderBy": f"[{noun}Order!]"}
            assert (window | lists).items() <= given.items(), name


NAMES = {
    GraphQLEnumType: r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*",
    GraphQLInputObjectType: r"[a-z][A-Za-z]*",
    GraphQLInterfaceType: r"[a-z][A-Za-z]*",
    GraphQLObjectType: r"[a-z][A-Za-z]*",
}
ACRONYM = re.compile(r"[A-Z]{2,}")


def test_names_are_formed_alike() -> None:
    """Types in PascalCase, fields and arguments in camelCase, values in CAPITALS; no abbreviation in capitals."""
    wrong = []
    for name, kind in SHOWN.type_map.items():
        if name.startswith("__") or name in BUILT_IN:
            continue
        if not re.fullmatch(r"[A-Z][A-Za-z]*", name) or ACRONYM.search(name):
            wrong.append(name)
        members = getattr(kind, "values", None) or getattr(kind, "fields", None) or {}
        for member, part in members.items():
            named = [member, *getattr(part, "args", {})]
            if not all(re.fullmatch(NAMES[type(kind)], each) for each in named):
                wrong.append(f"{name}.{member}")
            if not isinstance(kind, GraphQLEnumType) and any(ACRONYM.search(each) for each in named):
                wrong.append(f"{name}.{member}")
    assert wrong == []


def test_descriptions_end_with_a_full_stop() -> None:
    assert [name for name, description in parts() if not (description or "").rstrip().endswith(".")] == []


def test_whatever_has_an_id_is_a_node() -> None:
    for name, kind in SHOWN.type_map.items():
        if isinstance(kind, GraphQLObjectType) and "id" in kind.fields and name != "Rule":
            assert [each.name for each in kind.interfaces] == ["Node"], name


def test_every_scalar_says_how_it_is_written() -> None:
    for name, kind in SHOWN.type_map.items():
        if isinstance(kind, GraphQLScalarType) and name not in BUILT_IN:
            assert (kind.specified_by_url or "").startswith("urn:"), name


def test_money_and_great_numbers_are_never_floats() -> None:
    floats = {f"{parent}.{name}" for parent, name, kind in fields() if get_named_type(kind).name == "Float"}
    shares = {f"QualityCheck.{name}" for name in ("figure", "usual", "threshold")}
    weighed = {f"{name}.{each}" for name in ("Link", "SideBySide") for each in ("probability", "weightBits")}
    weighed |= {"CheckedLink.probability"}
    weighed |= {"WaterfallBar.bits", "WaterfallBar.total", "Waterfall.linkBits", "Waterfall.reviewBits"}
    assert floats == {*weighed, *shares}


def test_nothing_is_resolved_asynchronously_below_a_root() -> None:
    """An async field in a list is a task a row: all below a root is read from attributes."""
    for name, kind in schema.schema_converter.type_map.items():
        if name not in ("Query", "Mutation", "Subscription"):
            for field in getattr(kind.definition, "fields", ()):
                assert not getattr(field, "is_async", False), f"{name}.{field.name}"
