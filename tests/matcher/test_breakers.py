"""Circuit breakers: which figures stop a scan, and which do not."""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl
import pytest

from matcher import breakers, policy
from matcher.breakers import Now, Numbers
from matcher.frames import FINDINGS

DAY = dt.date(2024, 12, 31)
VALUES = policy.load()


def findings(rule: str, count: int, severity: str = "MEDIUM", grades: tuple[str, ...] = ("G1",)) -> pl.DataFrame:
    rows = [
        {"rule_id": rule, "severity": severity, "grade": grades[place % len(grades)], "finding_id": f"{rule}-{place}"}
        for place in range(count)
    ]
    return pl.DataFrame([{name: row.get(name) for name in FINDINGS} for row in rows], schema=FINDINGS)


def now(
    leads: pl.DataFrame | None = None,
    persons: int = 5_000,
    rows: dict[str, int] | None = None,
    numbers: dict[str, Numbers] | None = None,
) -> Now:
    return Now(persons, FINDINGS.to_frame() if leads is None else leads, rows or {}, numbers or {})


def earlier(
    leads: pl.DataFrame | None = None,
    persons: int = 5_000,
    rows: dict[str, int] | None = None,
    numbers: dict[str, tuple[int, int]] | None = None,
    ran: tuple[str, ...] = ("H05", "U04", "N01"),
) -> dict[str, Any]:
    """What summary.json of an earlier scan says, as far as breakers read it."""
    sources: dict[str, Any] = {source: {"accepted": count} for source, count in (rows or {}).items()}
    for source, (present, broken) in (numbers or {}).items():
        sources.setdefault(source, {"accepted": present})["numbers"] = {"present": present, "broken": broken}
    return {
        "persons": persons,
        "grave": breakers.grave(FINDINGS.to_frame() if leads is None else leads),
        "rules": {rule: {"state": "RAN"} for rule in ran},
        "sources": sources,
    }


def opened(this: Now, *before: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each.check, each.of) for each in breakers.tripped(this, before, VALUES, DAY)]


USUAL = earlier(findings("H05", 100))
MIX = earlier(findings("H05", 100, grades=("G1", "G1", "G1", "G2")))

RATES = [
    ("without history nothing is compared", now(findings("H05", 900)), (), []),
    ("as often as ever", now(findings("H05", 110)), (USUAL,), []),
    ("three times as often is still borne", now(findings("H05", 300)), (USUAL,), []),
    ("more than three times as often", now(findings("H05", 301)), (USUAL,), [("RATE", "H05")]),
    ("for three times as many persons", now(findings("H05", 301), persons=15_000), (USUAL,), []),
    ("one odd scan does not move the median", now(findings("H05", 400)), (USUAL, earlier(findings("H05", 2000)), USUAL), [("RATE", "H05")]),
    ("too few applicants", now(findings("H05", 301), persons=999), (earlier(findings("H05", 20), persons=999),), []),
    ("hints alone", now(findings("H05", 900, "LOW")), (USUAL,), []),
    ("entitlement never stops a scan", now(findings("U04", 900)), (earlier(findings("U04", 100)),), []),
    ("networks do not either", now(findings("N01", 900)), (earlier(findings("N01", 100)),), []),
    ("a rule that spoke for nobody yet", now(findings("H05", 21)), (earlier(),), [("RATE", "H05")]),
    ("a rule that did not run before", now(findings("H05", 500)), (earlier(ran=()),), []),
    ("a handful of leads", now(findings("H05", 19)), (earlier(),), []),
    ("a usual grade mix", now(findings("H05", 100, grades=("G1", "G1", "G1", "G2"))), (MIX,), []),
    ("a grade mix that shifted", now(findings("H05", 100, grades=("G1", "G2"))), (MIX,), [("GRADES", "H05"), ("GRADES", "H05")]),
    ("a shift of few leads", now(findings("H05", 10, grades=("G2",))), (MIX,), []),
]  # fmt: skip

FEEDS = [
    ("rows as before", now(rows={"tax": 90}), (earlier(rows={"tax": 100}),), []),
    ("a fifth fewer is borne", now(rows={"tax": 80}), (earlier(rows={"tax": 100}),), []),
    ("more than a fifth fewer", now(rows={"tax": 79}, persons=10), (earlier(rows={"tax": 100}),), [("Q02", "tax")]),
    ("the last scan counts", now(rows={"tax": 79}), (earlier(rows={"tax": 100}), earlier(rows={"tax": 80})), []),
    ("a new feed", now(rows={"tax": 5}), (earlier(),), []),
    ("sound numbers", now(numbers={"tax": Numbers(1000, 40)}), (), []),
    ("dirty numbers without history", now(numbers={"tax": Numbers(1000, 400)}), (), []),
    ("spoilt numbers without history", now(numbers={"tax": Numbers(1000, 501)}, persons=10), (), [("Q03", "tax")]),
    ("as dirty as ever", now(numbers={"tax": Numbers(1000, 600)}), (earlier(numbers={"tax": (1000, 580)}),), []),
    ("ten points dirtier", now(numbers={"tax": Numbers(1000, 150)}), (earlier(numbers={"tax": (1000, 40)}),), [("Q03", "tax")]),
    ("few numbers", now(numbers={"tax": Numbers(199, 199)}), (), []),
    ("no numbers", now(numbers={"tax": Numbers(0, 0)}), (), []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("this", "before", "expected"), [row[1:] for row in RATES + FEEDS], ids=[row[0] for row in RATES + FEEDS]
)
def test_what_stops_a_scan(this: Now, before: tuple[dict[str, Any], ...], expected: list[tuple[str, str]]) -> None:
    assert opened(this, *before) == expected


def test_a_breaker_says_what_it_saw_and_where_the_line_is() -> None:
    (each,) = breakers.tripped(now(findings("H05", 400)), (USUAL,), VALUES, DAY)
    assert (round(each.figure, 4), round(each.line, 4)) == (0.08, 0.06)
    assert "80.0" in each.zh
    assert "60.0" in each.en


def test_a_summary_of_an_older_program_is_no_history() -> None:
    old = {"persons": 5000, "sources": {"tax": {"accepted": 10}}}
    assert opened(now(findings("H05", 900), rows={"tax": 10}), old) == []
