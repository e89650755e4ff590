"""Many things by their ids: each where its id stands, whatever its type; what is refused and what is missing look the same."""

from __future__ import annotations

import random
from typing import Any

from sqlalchemy import event, text

from api.database import reading
from api.domain.permissions import Role, Viewer
from api.loaders.reading import Budget, Reading
from api.schema import nodes
from tests.api.conftest import Service

NODES = """query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id
  ... on Household { reference members { id } } ... on Person { reference household { id } }
  ... on Finding { state } ... on Scan { status } ... on Enrolment { programme { code } } } }"""
SOME = """{ households(first: 12) { nodes { id members { id } enrolments { id } } } findings(first: 12) { nodes { id } }
  scans { nodes { id } } }"""


async def some(service: Service) -> dict[str, str]:
    """Ids of things of every type, by id the type."""
    found = await service.data(SOME)
    households = found["households"]["nodes"]
    return (
        {each["id"]: "Household" for each in households}
        | {each["id"]: "Person" for household in households for each in household["members"]}
        | {each["id"]: "Enrolment" for household in households for each in household["enrolments"]}
        | {each["id"]: "Finding" for each in found["findings"]["nodes"]}
        | {each["id"]: "Scan" for each in found["scans"]["nodes"]}
    )


async def test_each_stands_where_its_id_stands(service: Service) -> None:
    types = await some(service)
    assert set(types.values()) == {"Household", "Person", "Enrolment", "Finding", "Scan"}
    ids = [*types, "", "x", "0" * 32, next(iter(types)), next(iter(types))]
    random.Random(7).shuffle(ids)
    ids = ids[:100]
    found = (await service.data(NODES, {"ids": ids}))["nodes"]
    assert [node and (node["id"], node["__typename"]) for node in found] == [
        (each, types[each]) if each in types else None for each in ids
    ]


async def test_one_by_one_they_are_the_same(service: Service) -> None:
    ids = list(await some(service))[::5]
    together = (await service.data(NODES, {"ids": ids}))["nodes"]
    alone: list[Any] = []
    for each in ids:
        alone += (await service.data(NODES, {"ids": [each]}))["nodes"]
    assert together == alone


async def test_what_is_refused_and_what_is_missing_look_the_same(service: Service) -> None:
    ids = list(await some(service))
    nothing = {"data": {"nodes": [None] * len(ids)}}
    answer = await service.ask(NODES, {"ids": ids}, by="elsewhere")
    answer.pop("extensions", None)
    assert answer == nothing
    for by, sees in (("caseworker", {"Household", "Person", "Enrolment", "Finding"}), ("department", {"Scan"})):
        found = (await service.data(NODES, {"ids": ids}, by=by))["nodes"]
        assert {node["__typename"] for node in found if node} == sees, by


async def test_no_more_than_a_page_of_them(service: Service) -> None:
    assert (await service.data(NODES, {"ids": []}))["nodes"] == []
    answer = await service.ask(NODES, {"ids": ["0" * 32] * 101})
    assert answer["errors"][0]["extensions"]["code"] == "BAD_INPUT"
    assert answer["data"] is None


async def test_whatever_has_an_id_is_read_by_it_in_one_statement(service: Service) -> None:
    """So a thing that leads to no others is read without holding the database still."""
    asked: list[str] = []
    event.listen(service.engine.sync_engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    viewer = Viewer(1, "zhao", "", Role.REVIEWER, "410500")
    for name in sorted(nodes.known()):
        async with reading(service.engine) as connection:
            await connection.execute(text("SELECT 1"))
            asked.clear()
            await nodes._KINDS[name].load(Reading(connection, viewer, service.vault, Budget()), [1])
        assert len(asked) == 1, name
