"""Filters and orders of any make: a walk through the pages is what plain Python filters and sorts, on both databases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event
from sqlalchemy.dialects import sqlite

from api.loaders import conditions, pages
from api.loaders.conditions import All, Either, Is, Not
from api.loaders.findings import LISTING as FINDINGS
from api.loaders.households import LISTING as HOUSEHOLDS
from api.loaders.pages import Listing
from tests.api.conftest import Service

Row = Mapping[str, Any]
ALL = """{ %s(first: 100, after: %s) { pageInfo { hasNextPage endCursor } nodes {
  id reference stage targetGroup appliedOn fileOpenedOn division { code } findings(first: 100) { state }
} } }"""
PAGE = """query ($filter: HouseholdFilter, $order: [HouseholdOrder!], $first: Int, $after: String, $last: Int, $before: String) {
  households(filter: $filter, orderBy: $order, first: $first, after: $after, last: $last, before: $before) {
    totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } nodes { reference }
  }
}"""
STAGES = ("APPLIED", "RECORDED", "DEREGISTERED", "RELIEVED")
DAYS = st.dates(dt.date(2020, 1, 1), dt.date(2026, 12, 31)).map(dt.date.isoformat)
RANGES = st.fixed_dictionaries({}, optional={"from": DAYS, "to": DAYS})

Leaves: dict[str, st.SearchStrategy[Any]] = {
    "stages": st.lists(st.sampled_from(STAGES), max_size=3),
    "targetGroups": st.lists(st.sampled_from(["BELOW_LINE", "MIGRANT_WORKER", "DIBAO_UNDEREMPLOYED"]), max_size=2),
    "applied": RANGES,
    "fileOpened": RANGES,
    "divisionCode": st.sampled_from(["410500", "410502", "410503", "410581", "110000"]),
    "hasOpenFindings": st.booleans(),
}
LEAF = st.one_of(*(st.fixed_dictionaries({name: value}) for name, value in Leaves.items()))
FILTERS = st.recursive(
    LEAF,
    lambda below: st.one_of(
        st.fixed_dictionaries({"or": st.lists(below, min_size=1, max_size=3)}, optional=Leaves),
        st.fixed_dictionaries({"and": st.lists(below, max_size=3)}, optional=Leaves),
        st.fixed_dictionaries({"not": below}, optional=Leaves),
    ),
    max_leaves=6,
)


def weight(asked: Mapping[str, Any]) -> int:
    """How many conditions a filter has at most."""
    return sum(_weight(name, value) for name, value in asked.items())


def _weight(name: str, value: Any) -> int:
    if name in ("and", "or"):
        return sum(map(weight, value))
    return weight(value) if name == "not" else 2 if isinstance(value, dict) else 1


FIELDS: dict[str, Callable[[Row], Any]] = {
    "REGISTERED": lambda row: row["place"],
    "APPLIED_ON": lambda row: row["appliedOn"] or "",
    "FILE_OPENED_ON": lambda row: row["fileOpenedOn"] or "",
    "REFERENCE": lambda row: row["reference"].encode(),
}
ORDERS = st.lists(
    st.fixed_dictionaries({"field": st.sampled_from(sorted(FIELDS)), "direction": st.sampled_from(["ASC", "DESC"])}),
    max_size=3,
    unique_by=lambda order: order["field"],
)


def holds(asked: Mapping[str, Any], row: Row) -> bool:
    """The filter as plain Python: what is unknown does not hold."""

    def within(day: str | None, days: Mapping[str, str]) -> bool:
        return not days or (day is not None and days.get("from", "") <= day <= days.get("to", "9"))

    tests: dict[str, Callable[[Any], bool]] = {
        "stages": lambda some: row["stage"] in some,
        "targetGroups": lambda some: row["targetGroup"] in some,
        "applied": lambda days: within(row["appliedOn"], days),
        "fileOpened": lambda days: within(row["fileOpenedOn"], days),
        "divisionCode": lambda code: row["division"]["code"].startswith(code.rstrip("0")),
        "hasOpenFindings": lambda yes: any(each["state"] != "CLOSED" for each in row["findings"]) is yes,
        "and": lambda some: all(holds(each, row) for each in some),
        "or": lambda some: any(holds(each, row) for each in some),
        "not": lambda one: not holds(one, row),
    }
    return all(tests[name](value) for name, value in asked.items())


def ordered(rows: list[Row], orders: list[dict[str, str]]) -> list[str]:
    """The rows' references in this order: a stable sort by each field, the last first, and between equals the key."""
    asked = orders or [{"field": "REGISTERED", "direction": "DESC"}]
    found = sorted(rows, key=FIELDS["REGISTERED"], reverse=asked[0]["direction"] == "DESC")
    for order in reversed(asked):
        descending = order["direction"] == "DESC"
        found = sorted(found, key=FIELDS[order["field"]], reverse=descending)
    return [row["reference"] for row in found]


async def register(service: Service) -> list[Row]:
    """All households, each with its place in the order of their registration."""
    rows: list[Row] = []
    cursor = "null"
    while True:
        page = (await service.data(ALL % ("households", cursor)))["households"]
        rows += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return [{**row, "place": len(rows) - place} for place, row in enumerate(rows)]
        cursor = f'"{page["pageInfo"]["endCursor"]}"'


async def walk(
    service: Service, asked: Mapping[str, Any], orders: list[dict[str, str]], size: int, backwards: bool
) -> list[str]:
    """The references of the whole list, page by page."""
    found: list[str] = []
    cursor = None
    while True:
        window = {"last": size, "before": cursor} if backwards else {"first": size, "after": cursor}
        page = (await service.data(PAGE, {"filter": asked, "order": orders, **window}))["households"]
        some = [node["reference"] for node in page["nodes"]]
        found = some + found if backwards else found + some
        if not page["pageInfo"]["hasPreviousPage" if backwards else "hasNextPage"]:
            assert page["totalCount"] == len(found)
            return found
        cursor = page["pageInfo"]["startCursor" if backwards else "endCursor"]


async def test_any_filter_in_any_order_is_what_python_filters_and_sorts(service: Service) -> None:
    rows = await register(service)
    assert len(rows) > 150
    assert any(row["appliedOn"] is None for row in rows) or any(row["fileOpenedOn"] is None for row in rows)
    asked: list[tuple[dict[str, Any], list[dict[str, str]], int, bool]] = []

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        FILTERS.filter(lambda asked: weight(asked) <= conditions.MOST_CONDITIONS),
        ORDERS,
        st.integers(13, 100),
        st.booleans(),
    )
    def ask(which: dict[str, Any], orders: list[dict[str, str]], size: int, backwards: bool) -> None:
        asked.append((which, orders, size, backwards))

    ask()
    lengths = set()
    for which, orders, size, backwards in asked:
        expected = ordered([row for row in rows if holds(which, row)], orders)
        assert await walk(service, which, orders, size, backwards) == expected, (which, orders, size, backwards)
        lengths.add(len(expected))
    assert len(lengths) > 5, "filters that all find the same prove nothing"


async def test_equal_days_are_told_apart_by_the_next_order_whichever_way_it_goes(service: Service) -> None:
    rows = await register(service)
    for first in ("ASC", "DESC"):
        for then in ("ASC", "DESC"):
            orders = [
                {"field": "APPLIED_ON", "direction": first},
                {"field": "FILE_OPENED_ON", "direction": then},
                {"field": "REFERENCE", "direction": "DESC"},
            ]
            for backwards in (False, True):
                assert await walk(service, {}, orders, 7 if backwards else 31, backwards) == ordered(rows, orders)


async def code(service: Service, variables: dict[str, Any], by: str = "reviewer") -> str | None:
    answer = await service.ask(PAGE, variables, by=by)
    return answer["errors"][0]["extensions"]["code"] if "errors" in answer else None


async def test_one_order_may_be_written_without_its_list(service: Service) -> None:
    found = await service.data(
        "{ households(orderBy: {field: REFERENCE, direction: ASC}, first: 9) { nodes { reference } } }"
    )
    references = [node["reference"] for node in found["households"]["nodes"]]
    assert references == sorted(references)


@pytest.mark.parametrize(
    "variables",
    [
        {"order": [{"field": "REFERENCE"}, {"field": "REFERENCE", "direction": "ASC"}]},
        {"order": [{"field": name} for name in FIELDS]},
        {"filter": {"or": [{"stages": ["RECORDED"]}] * 21}},
        {"filter": {"or": [{}] * 60}},
        {"filter": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {}}}}}}}}}}}},
        {"filter": {"and": [{"divisionCode": "4105"}]}},
        {"filter": {"or": [{"idNumber": "11010519491231002X"}, {"stages": ["RECORDED"]}]}},
        {"filter": {"not": {"name": "王小明"}}},
        {"filter": {"and": [{"or": [{"and": [{"phone": "13800138000"}]}]}]}},
    ],
    ids=["twice", "four", "conditions", "groups", "depth", "division", "number or", "not name", "phone deep in or"],
)
async def test_what_a_list_cannot_be_asked_is_refused(service: Service, variables: dict[str, Any]) -> None:
    assert await code(service, variables) == "BAD_INPUT"


async def test_a_filter_as_deep_as_a_client_can_make_it_is_refused(service: Service) -> None:
    deep: dict[str, Any] = {}
    for _ in range(400):
        deep = {"not": deep}
    answer = await service.ask(PAGE, {"filter": deep})
    assert answer["errors"][0]["extensions"]["code"] in ("BAD_INPUT", "BAD_REQUEST", "DOCUMENT_TOO_LARGE")


async def test_a_search_by_identity_stands_beside_other_conditions_for_those_who_may(service: Service) -> None:
    both = {"filter": {"and": [{"idNumber": "11010519491231002X"}, {"or": [{"stages": ["RECORDED"]}]}]}}
    assert await code(service, both) is None
    assert await code(service, both, by="auditor") == "FORBIDDEN"


async def test_a_cursor_is_good_for_the_whole_filter_and_all_orders(service: Service) -> None:
    one: dict[str, Any] = {
        "filter": {"or": [{"stages": ["RECORDED"]}, {"not": {"stages": ["APPLIED"]}}]},
        "order": [{"field": "APPLIED_ON"}, {"field": "REFERENCE", "direction": "ASC"}],
    }
    page = (await service.data(PAGE, {**one, "first": 2}))["households"]
    after = {"after": page["pageInfo"]["endCursor"]}
    assert await code(service, {**one, **after}) is None
    for other in (
        {"filter": {"or": [{"stages": ["RECORDED"]}, {"not": {"stages": ["RELIEVED"]}}]}},
        {"filter": {"and": [{"stages": ["RECORDED"]}, {"not": {"stages": ["APPLIED"]}}]}},
        {"order": [{"field": "APPLIED_ON"}, {"field": "REFERENCE", "direction": "DESC"}]},
        {"order": [{"field": "APPLIED_ON"}]},
    ):
        assert await code(service, {**one, **other, **after}) == "BAD_CURSOR"


def test_filters_of_one_shape_share_one_statement() -> None:
    one, other = (
        All(
            (
                Is("stages", {"stages": [stage]}),
                Not(Either((Is("stages", {"stages": []}), Is("phone", {"phone": b"1"})))),
            )
        )
        for stage in STAGES[:2]
    )
    assert conditions.shape(one) == conditions.shape(other)
    sql = conditions.condition(HOUSEHOLDS.filters, conditions.shape(one))
    assert set(conditions.parameters(one)) == {"stages_0", "stages_1", "phone_2"}
    assert set(conditions.parameters(one)) <= set(sql.compile(dialect=sqlite.dialect()).params)


@pytest.mark.parametrize("service", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    ("listing", "order", "behind", "index"),
    [
        (HOUSEHOLDS, "REGISTERED", {"after_0": 100}, "ix_households_id_division_code"),
        (HOUSEHOLDS, "REFERENCE", {"after_0": "H"}, "uq_households_reference"),
        (FINDINGS, "SEVERITY", {"after_0": 2, "after_key": 100}, "ix_findings_severity_rank_id"),
    ],
    ids=["households", "households by reference", "findings"],
)
async def test_a_page_of_a_great_register_is_read_from_its_index(
    service: Service, listing: Listing, order: str, behind: dict[str, Any], index: str
) -> None:
    """As PostgreSQL plans it where reading all and sorting are dear: from the index, behind the cursor."""
    asked: list[tuple[str, Any]] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, *rest: Any) -> None:
        asked.append((statement, parameters))

    statement = pages._statement(listing, conditions.shape(All()), ((order, True),), False, True)
    async with service.engine.connect() as connection:
        event.listen(service.engine.sync_engine, "before_cursor_execute", note)
        await connection.execute(statement, {"scope_from": "4105", "scope_to": "4105:", "page_limit": 26, **behind})
        event.remove(service.engine.sync_engine, "before_cursor_execute", note)
        for setting in ("seqscan", "sort", "bitmapscan", "hashjoin", "mergejoin"):
            await connection.exec_driver_sql(f"SET LOCAL enable_{setting} = off")
        sql, parameters = asked[-1]
        plan = "\n".join((await connection.exec_driver_sql(f"EXPLAIN {sql}", parameters)).scalars())
    assert f"Index Scan Backward using {index}" in plan
    assert "Index Cond" in plan
    assert "Sort" not in plan
