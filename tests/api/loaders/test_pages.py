"""Paging by keyset: forwards or backwards, in any order and size, every row comes once and in its place."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Service

HOUSEHOLDS = """
query ($order: [HouseholdOrder!], $filter: HouseholdFilter, $first: Int, $after: String, $last: Int, $before: String) {
  households(filter: $filter, orderBy: $order, first: $first, after: $after, last: $last, before: $before) {
    totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { cursor node { id reference appliedOn fileOpenedOn } }
    nodes { id }
  }
}"""
FINDINGS = """
query ($order: [FindingOrder!], $first: Int, $after: String, $last: Int, $before: String) {
  findings(orderBy: $order, first: $first, after: $after, last: $last, before: $before) {
    totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { cursor node { id severity raisedOn amountHigh { amount } } }
    nodes { id }
  }
}"""
LISTS = [
    (HOUSEHOLDS, "households", "REGISTERED"),
    (HOUSEHOLDS, "households", "APPLIED_ON"),
    (HOUSEHOLDS, "households", "FILE_OPENED_ON"),
    (HOUSEHOLDS, "households", "REFERENCE"),
    (FINDINGS, "findings", "SEVERITY"),
    (FINDINGS, "findings", "RAISED_ON"),
    (FINDINGS, "findings", "AMOUNT"),
]


async def walk(
    service: Service, query: str, name: str, order: dict[str, str], size: int, backwards: bool
) -> list[str]:
    """The ids of a whole list, page by page."""
    ids: list[str] = []
    cursor = None
    for _ in range(1000):
        window = {"last": size, "before": cursor} if backwards else {"first": size, "after": cursor}
        page = (await service.data(query, {"order": order, **window}))[name]
        some = [edge["node"]["id"] for edge in page["edges"]]
        assert some == [node["id"] for node in page["nodes"]]
        info = page["pageInfo"]
        assert info["hasPreviousPage" if not backwards else "hasNextPage"] is (cursor is not None)
        ids = some + ids if backwards else ids + some
        if not info["hasPreviousPage" if backwards else "hasNextPage"]:
            assert len(ids) == page["totalCount"]
            return ids
        cursor = info["startCursor" if backwards else "endCursor"]
    raise AssertionError("the list has no end")


@pytest.mark.parametrize(("query", "name", "field"), LISTS)
async def test_a_walk_through_all_pages_is_the_list(service: Service, query: str, name: str, field: str) -> None:
    for direction in ("ASC", "DESC"):
        order = {"field": field, "direction": direction}
        whole = await walk(service, query, name, order, 100, False)
        assert len(set(whole)) == len(whole)
        assert await walk(service, query, name, order, 37, True) == whole
        other = {"field": field, "direction": "DESC" if direction == "ASC" else "ASC"}
        assert await walk(service, query, name, other, 23, False) == whole[::-1]


async def test_households_come_in_the_order_that_was_asked_for(service: Service) -> None:
    order = {"field": "APPLIED_ON", "direction": "ASC"}
    page = (await service.data(HOUSEHOLDS, {"order": order, "first": 100}))["households"]
    days = [edge["node"]["appliedOn"] or "" for edge in page["edges"]]
    assert days == sorted(days)


async def test_any_cursor_of_a_page_continues_it(service: Service) -> None:
    page = (await service.data(HOUSEHOLDS, {"first": 10}))["households"]
    behind = (await service.data(HOUSEHOLDS, {"first": 5, "after": page["edges"][4]["cursor"]}))["households"]
    assert [node["id"] for node in behind["nodes"]] == [node["id"] for node in page["nodes"][5:]]


async def test_a_page_of_nothing_is_a_page(service: Service) -> None:
    page = (await service.data(HOUSEHOLDS, {"first": 0}))["households"]
    assert page["nodes"] == []
    assert page["pageInfo"]["endCursor"] is None


async def refused(service: Service, variables: dict[str, Any], by: str = "reviewer") -> str:
    answer = await service.ask(HOUSEHOLDS, variables, by=by)
    assert answer["data"] == {"households": None}
    (error,) = answer["errors"]
    assert "Traceback" not in error["message"]
    code: str = error["extensions"]["code"]
    return code


@pytest.mark.parametrize(
    "variables",
    [
        {"first": 101},
        {"first": -1},
        {"last": 101},
        {"first": 1, "last": 1},
        {"before": "x"},
        {"last": 5, "after": "x"},
    ],
)
async def test_a_window_that_cannot_be_is_refused(service: Service, variables: dict[str, Any]) -> None:
    assert await refused(service, variables) == "BAD_INPUT"


async def test_a_cursor_is_good_for_its_list_filter_and_order_alone(service: Service) -> None:
    cursor = (await service.data(HOUSEHOLDS, {"first": 1}))["households"]["edges"][0]["cursor"]
    for variables in (
        {"order": {"field": "REFERENCE", "direction": "DESC"}},
        {"order": {"field": "REGISTERED", "direction": "ASC"}},
        {"filter": {"stages": ["RECORDED"]}},
    ):
        assert await refused(service, {"after": cursor, **variables}) == "BAD_CURSOR"
    assert await refused(service, {"after": cursor}, by="county-reviewer") == "BAD_CURSOR"
    for made_up in ("", "x", cursor[:-1], "é", "MQ==", cursor + "A"):
        assert await refused(service, {"after": made_up}) == "BAD_CURSOR"
