"""The short way to an answer is the executor's own: any document, asked both ways, is answered alike, errors included."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from graphql import (
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLOutputType,
    get_named_type,
    is_leaf_type,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types import ExecutionResult

from api.broadcast import Broadcast
from api.domain.permissions import Role, Viewer
from api.schema import households, straight
from api.schema.context import Context
from api.schema.root import schema
from tests.api.conftest import USERS, Service

PLAIN = copy.copy(schema)
PLAIN.execution_context_class = StrawberryGraphQLCoreExecutionContext
TYPES = schema._schema.type_map
ROOTS = ("households", "findings", "scans", "programmes", "departments", "viewer", "node")
DEPTH = 6


@st.composite
def selections(draw: st.DrawFn, kind: GraphQLOutputType, depth: int) -> str:
    """A selection set of this type: fields, aliases, arguments, fragments and directives as they come."""
    assert isinstance(kind, GraphQLObjectType | GraphQLInterfaceType)
    fields = {name: get_named_type(field.type) for name, field in kind.fields.items()}
    leaves = [name for name, inner in fields.items() if is_leaf_type(inner)]
    branches = [name for name in fields if name not in leaves and depth > 0]
    chosen = draw(st.lists(st.sampled_from([*leaves, "__typename"]), max_size=4))
    chosen += draw(st.lists(st.sampled_from(branches), max_size=2)) if branches else []
    parts = []
    for number, name in enumerate(chosen or ["__typename"]):
        inner = fields.get(name)
        composite = isinstance(inner, GraphQLObjectType | GraphQLInterfaceType)
        below = draw(selections(inner, depth - 1)) if inner is not None and composite else ""
        takes_first = name in kind.fields and "first" in kind.fields[name].args
        first = f"(first: {draw(st.sampled_from(['0', '1', '5', '$few']))})" if takes_first else ""
        directive = draw(st.sampled_from(["", "", "", " @include(if: $yes)", " @skip(if: $yes)", " @skip(if: $no)"]))
        part = f"{name}{first}{directive} {below}"
        alias = f"a{number}: " if takes_first or draw(st.booleans()) else ""
        parts.append(f"... on {kind.name} {{ {alias}{part} }}" if draw(st.booleans()) else alias + part)
    return "{ " + " ".join(parts) + " }"


@st.composite
def documents(draw: st.DrawFn) -> str:
    """A query of one or two root fields."""
    parts = []
    for number, name in enumerate(draw(st.lists(st.sampled_from(ROOTS), min_size=1, max_size=2))):
        if name == "node":
            type_name = draw(st.sampled_from(["Household", "Person", "Finding", "Scan", "Enrolment"]))
            below = draw(selections(TYPES[type_name], DEPTH - 2))  # type: ignore[arg-type]
            parts.append(f"a{number}: node(id: $id) {{ id __typename ... on {type_name} {below} }}")
            continue
        kind = get_named_type(TYPES["Query"].fields[name].type)  # type: ignore[attr-defined]
        first = "(first: 3)" if "first" in TYPES["Query"].fields[name].args else ""  # type: ignore[attr-defined]
        assert kind is not None
        parts.append(f"a{number}: {name}{first} {draw(selections(kind, DEPTH))}")
    text = " ".join(parts)
    declared = {"id": "ID!", "few": "Int!", "yes": "Boolean!", "no": "Boolean!"}
    used = ", ".join(f"${name}: {kind}" for name, kind in declared.items() if f"${name}" in text)
    return f"query{f'({used})' if used else ''} {{ {text} }}"


async def both(service: Service, query: str, public_id: str = "", by: str = "reviewer") -> list[ExecutionResult]:
    """The answers of the short way and of the executor."""
    role, division = USERS[by]
    answers = []
    for each in (schema, PLAIN):
        viewer = Viewer(1, by, by, Role(role), division)
        context = Context(service.engine, service.vault, Broadcast(service.engine), viewer, "en", "")
        variables = {"id": public_id, "few": 2, "yes": True, "no": False}
        asked = {name: value for name, value in variables.items() if f"${name}" in query}
        answers.append(await each.execute(query, asked, context_value=context))
    return answers


def told(answer: ExecutionResult) -> tuple[Any, Any]:
    return answer.data, [error.formatted for error in answer.errors or ()]


@pytest.mark.parametrize("service", ["sqlite"], indirect=True)
async def test_generated_documents_are_answered_alike(service: Service) -> None:
    ids = await service.data(
        "{ households(first: 1) { nodes { id members { id } } } findings(first: 1) { nodes { id } } }"
    )
    known = [
        ids["households"]["nodes"][0]["id"],
        ids["households"]["nodes"][0]["members"][0]["id"],
        ids["findings"]["nodes"][0]["id"],
    ]
    short = 0

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(documents(), st.sampled_from(known), st.sampled_from(["reviewer", "auditor", "caseworker"]))
    def answered_alike(query: str, public_id: str, by: str) -> None:
        generated.append((query, public_id, by))

    generated: list[tuple[str, str, str]] = []
    answered_alike()
    for query, public_id, by in generated:
        one, other = await both(service, query, public_id, by)
        assert told(one) == told(other), query
        short += one.errors is None
    assert short > 50, "most documents are answered at all"


async def test_values_of_every_kind_and_in_order(service: Service) -> None:
    query = """{ households(first: 20) { totalCount pageInfo { hasNextPage endCursor } edges { cursor node {
      __typename id reference stage targetGroup appliedOn updatedAt version masked declaredMonthlyIncome { amount currency }
      again: reference members { id name birthDate sex links(first: 3) { probability grade weightBits } }
      few: findings(first: 1) { id } more: findings(first: 3) { id severity exceptions { name result } }
    } } } }"""
    one, other = await both(service, query)
    assert told(one) == told(other)
    assert one.errors is None
    assert list(one.data["households"]["edges"][0]["node"]) == list(other.data["households"]["edges"][0]["node"])  # type: ignore[index]


@pytest.mark.parametrize(
    "wrong", [None, 7, "text", ["list"], object()], ids=["null", "number", "text", "list", "object"]
)
async def test_a_value_that_does_not_fit_its_type_is_told_as_the_executor_tells_it(
    service: Service, monkeypatch: pytest.MonkeyPatch, wrong: Any
) -> None:
    monkeypatch.setattr(households, "division_of", lambda code: wrong)
    query = "{ households(first: 2) { nodes { reference division { code } } } viewer { login } }"
    one, other = await both(service, query)
    assert told(one) == told(other)
    assert one.errors
    monkeypatch.setattr(households, "money_of", lambda fen: wrong)
    query = "{ households(first: 2) { nodes { reference declaredDeposits { amount } } } }"
    one, other = await both(service, query)
    assert told(one) == told(other)


async def test_the_short_way_is_taken(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    fields = 0
    execute_field = straight.StraightExecutor.execute_field

    def counted(self: Any, *arguments: Any) -> Any:
        nonlocal fields
        fields += 1
        return execute_field(self, *arguments)

    monkeypatch.setattr(straight.StraightExecutor, "execute_field", counted)
    await service.data(
        """{ households(first: 50) { totalCount nodes { id reference division { code } members { name links { source } }
        enrolments { programme { code } payments(first: 2) { month } } findings(first: 2) { id persons { id } } } } }"""
    )
    assert fields == 1
