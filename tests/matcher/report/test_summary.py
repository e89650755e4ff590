"""summary.json: counts that add up, money as text, and the same content whatever the order of the rows."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from matcher import frames
from matcher.frames import COVERAGE, FINDINGS, FLOODED, REJECTS
from matcher.plan import PERSONS
from matcher.report.summary import Circumstances, Intake, PairCounts, summarise

FINDING: dict[str, Any] = {
    **dict.fromkeys(FINDINGS),
    "rule_id": "H05",
    "severity": "MEDIUM",
    "grade": "G1",
    "household_id": "H1",
}


def piece(source: str) -> dict[str, str]:
    return {"source": source, "record_id": "r", "person_id": "p"}


def findings() -> pl.DataFrame:
    rows: list[dict[str, Any]] = [
        {"finding_id": "a", "amount_high_yuan": Decimal("10.50"), "evidence": [piece("vehicles"), piece("aid"), piece("aid")]},
        {"finding_id": "b", "rule_id": "U04", "household_id": "H2", "severity": "LOW", "evidence": [piece("school")]},
        {"finding_id": "c", "household_id": "H2", "basis": "UNDECLARED", "amount_high_yuan": Decimal("1.25"),
         "evidence": [piece("vehicles")]},
    ]  # fmt: skip
    zero = {"amount_low_yuan": Decimal(0), "amount_high_yuan": Decimal(0)}
    return pl.DataFrame([{**FINDING, **zero, **row} for row in rows], schema=FINDINGS)


def run(order: int = 1) -> dict[str, Any]:
    households = pl.DataFrame({"household_id": ["H1", "H2"], "division_code": ["410502001", None]})[::order]
    shape = frames.links(PERSONS.names)
    link = {**dict.fromkeys(shape), "source": "vehicles", "decision": "LINK", "grade": "G1"}
    links = pl.DataFrame([link], schema=shape)
    states = ["VALUE", "NOT_AUTHORISED", "NOT_AUTHORISED"]
    coverage = pl.DataFrame(
        {
            "person_id": ["p", "q", "q"],
            "source": ["vehicles", "vehicles", "aid"],
            "state": states,
            "as_of": [None] * 3,
        },
        schema=COVERAGE,
    )[::order]
    return summarise(
        findings()[::order],
        links,
        coverage,
        REJECTS.to_frame(),
        Circumstances(
            as_of=dt.date(2024, 12, 31), households=households, persons=2,
            intake={"vehicles": Intake(10, 8, {"plate": 1}, None, True)}, ignored_files=(), timings={"match": 2.0},
            peak_memory_bytes=1, versions={}, input_hashes={}, authorised_by=None, flooded=FLOODED.to_frame(),
            pairs={"vehicles": PairCounts(5, 40, 3, {"number:conflict:phone": 2}), "aid": PairCounts(1, 60, 1, {"number:conflict:phone": 1})},
        ),
    )  # fmt: skip


def test_counts_and_amounts_by_rule_source_and_division() -> None:
    found = run()["findings"]
    assert found["total"] == 3
    assert found["households"] == 2
    assert found["by_rule"]["H05"] == {
        "findings": 2, "households": 2, "amount_low_yuan": "0.00", "amount_high_yuan": "11.75",
    }  # fmt: skip
    assert {source: entry["findings"] for source, entry in found["by_source"].items()} == {
        "aid": 1,
        "school": 1,
        "vehicles": 2,
    }
    assert found["by_source"]["vehicles"]["amount_high_yuan"] == "11.75"
    assert {code: entry["findings"] for code, entry in found["by_division"].items()} == {"410502": 1, "unknown": 2}
    assert found["by_basis"] == {"UNDECLARED": 1}


def test_what_is_left_to_do_and_what_was_set_aside() -> None:
    summary = run()
    assert summary["tasks"] == {"obtain_authorisation": 1}
    assert summary["sources"]["vehicles"]["set_aside"] == 2
    assert summary["rows_per_second"] == 5


def test_the_order_of_rows_changes_nothing() -> None:
    assert json.dumps(run()) == json.dumps(run(order=-1))


def test_candidates_stand_beside_the_bound_that_holds_for_them() -> None:
    counted = run()["pairs"]
    assert (counted["candidates"], counted["bound"], counted["kept"]) == (6, 100, 4)
    assert list(counted["by_source"]) == ["aid", "vehicles"]
    assert counted["apart"] == {"number:conflict:phone": 3}
    for candidates, bound, kept in [(5, 4, 3), (2, 4, 3)]:
        with pytest.raises(AssertionError):
            PairCounts(candidates, bound, kept, {})
