"""Statements an operation takes: as many as it has levels, for one row as for a hundred (F-38)."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import insert

from api.database import transaction
from api.domain import divisions
from api.models import Scan
from tests.api.conftest import Service

HOUSEHOLD = """
  id reference stage division { nameZh } address phone
  members { id name idNumber phone links(first: 20) { source grade } household { reference } }
  enrolments { id programme { code } person { name } payments(first: 24) { month amount { amount } } }
  findings(first: 20) { id severity rule { titleZh } persons { name } reviews { outcome } lastScan { status } }
"""
FINDING = """
  id severity rule { id } explanationZh evidence { source recordId } exceptions { name result }
  household { reference members { name } enrolments { programme { nameZh } } }
  persons { name links { source } } reviews { note } lastScan { asOf }
"""
LISTS = {
    "households": (
        "query ($n: Int, $filter: HouseholdFilter) "
        f"{{ households(first: $n, filter: $filter) {{ totalCount nodes {{ {HOUSEHOLD} }} }} }}",
        13,
    ),
    "findings": (
        "query ($n: Int, $filter: FindingFilter) "
        f"{{ findings(first: $n, filter: $filter) {{ totalCount edges {{ node {{ {FINDING} }} }} }} }}",
        10,
    ),
    "scans": ("query ($n: Int) { scans(first: $n) { totalCount nodes { id status result { findings } } } }", 2),
}


def selects(service: Service) -> list[str]:
    """The selects since they were last cleared, but for that which finds the viewer, every few seconds."""
    taken = [statement.strip() for statement in service.statements if " tokens" not in statement]
    return [statement for statement in taken if statement.upper().startswith(("SELECT", "WITH"))]


LINKED = "{ findings(first: 100) { nodes { reference household { reference enrolments { person { id } } } } } }"


async def full(service: Service) -> dict[str, dict[str, list[str]]]:
    """A household that leads to every level there is, and a finding about it: where nothing leads, nothing is asked."""
    for finding in (await service.data(LINKED))["findings"]["nodes"]:
        if any(each["person"] for each in finding["household"]["enrolments"]):
            household = {"references": [finding["household"]["reference"]]}
            return {"households": household, "findings": {"references": [finding["reference"]]}, "scans": {}}
    raise AssertionError("the city has no such household")


@pytest.mark.parametrize("name", LISTS)
async def test_a_list_takes_as_many_statements_for_one_row_as_for_a_hundred(service: Service, name: str) -> None:
    query, statements = LISTS[name]
    one = (await full(service))[name]
    if name == "scans":  # the city has one; a list of one proves nothing
        low, high = divisions.span("410500")
        row = {"status": "QUEUED", "rules": [], "created_at": dt.datetime.now(dt.UTC)}
        where = {"division_code": "410500", "division_from": low, "division_to": high}
        async with transaction(service.engine) as connection:
            await connection.execute(insert(Scan), [row | where] * 150)
    rows = {}
    for number, which in ((1, one), (100, None)):
        service.statements.clear()
        found = (await service.data(query, {"n": number, "filter": which} if one else {"n": number}))[name]
        rows[number] = len(found.get("nodes") or found.get("edges"))
        assert len(selects(service)) == statements, f"for {number}"
    assert rows[1] == 1
    assert rows[100] > 40


@pytest.mark.parametrize("name", ["programmes { code }", "departments { code rows }"])
async def test_a_plain_list_takes_one(service: Service, name: str) -> None:
    service.statements.clear()
    await service.data(f"{{ {name} }}")
    assert len(selects(service)) == 1


async def test_what_is_not_asked_for_is_not_read(service: Service) -> None:
    service.statements.clear()
    await service.data("{ households(first: 50) { nodes { id } } }")
    assert len(selects(service)) == 1
