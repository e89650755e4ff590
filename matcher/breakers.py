"""Circuit breakers: a scan stops before anybody is shown a lead where its figures tell of damage rather than of people.

Source: rules.md, "Circuit breakers". Feeds that lost rows (Q02) or whose numbers no longer hold (Q03) always stop a scan;
rules that speak three times as often as they used to, or about people identified otherwise than before, stop it where
there are earlier scans to compare with (`--baseline`) and enough applicants. Every band is a dated value of the policy.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import polars as pl

from matcher.policy import Policy

FAMILIES = ("P", "H", "C")
"""Person, household and duplicate rules: those whose leads may cost somebody aid."""
GRAVE = ("MEDIUM", "HIGH")
GRADES = ("G1", "G2", "G4", "G5")


@dataclass(frozen=True, slots=True)
class Numbers:
    """The ID numbers of one feed: how many are written, and how many of them cannot be right (Q03)."""

    present: int
    broken: int


@dataclass(frozen=True, slots=True)
class Tripped:
    """One breaker that opened: which check, on which rule or source, its figure, the line it passed, and words for it."""

    check: str
    of: str
    figure: float
    line: float
    zh: str
    en: str


@dataclass(frozen=True)
class Now:
    """What a scan has seen: its persons, its leads, and of each feed the rows accepted and the numbers."""

    persons: int
    findings: pl.DataFrame
    rows: Mapping[str, int]
    numbers: Mapping[str, Numbers]


def tripped(now: Now, earlier: Sequence[Mapping[str, Any]], policy: Policy, as_of: dt.date) -> tuple[Tripped, ...]:
    """Every breaker that opens; `earlier` are contents of summary.json of earlier scans, the latest last."""
    value = policy.at(as_of, None)
    found = [*_rows(now, earlier, value("breaker.rows_drop_percent") / 100)]
    found += _numbers(
        now,
        earlier,
        least=value("breaker.least_numbers"),
        alone=value("breaker.numbers_percent") / 100,
        margin=value("breaker.numbers_points") / 100,
    )
    if earlier and now.persons >= value("breaker.applicants"):
        found += _rates(now, earlier, times=value("breaker.times"), least=value("breaker.least_leads"))
        found += _grades(now, earlier, points=value("breaker.grade_points"), least=value("breaker.least_leads"))
    return tuple(found)


def grave(findings: pl.DataFrame) -> dict[str, dict[str, int]]:
    """Rule → identity grade → MEDIUM and HIGH leads: what later scans are compared with."""
    counted = (
        findings.filter(pl.col("severity").is_in(GRAVE)).group_by("rule_id", "grade").len().sort("rule_id", "grade")
    )
    found: dict[str, dict[str, int]] = {}
    for rule, grade, count in counted.iter_rows():
        found.setdefault(rule, {})[grade] = count
    return found


def _rows(now: Now, earlier: Sequence[Mapping[str, Any]], drop: float) -> Iterator[Tripped]:
    """Q02: a feed that lost rows against the last scan."""
    if not earlier:
        return
    for source, rows in sorted(now.rows.items()):
        before = earlier[-1]["sources"].get(source, {}).get("accepted", 0)
        lost = 1 - rows / before if before else 0.0
        if lost > drop:
            yield Tripped(
                "Q02", source, lost, drop,
                f"{source}：接收的行由上次的 {before:,} 降到 {rows:,}",
                f"{source}: rows accepted fell from {before:,} to {rows:,} since the last scan",
            )  # fmt: skip


def _numbers(
    now: Now, earlier: Sequence[Mapping[str, Any]], *, least: float, alone: float, margin: float
) -> Iterator[Tripped]:
    """Q03: a feed whose ID numbers cannot be right."""
    for source, numbers in sorted(now.numbers.items()):
        if numbers.present < least:
            continue
        rate = numbers.broken / numbers.present
        past = [
            known["broken"] / known["present"]
            for each in earlier
            if (known := each["sources"].get(source, {}).get("numbers")) and known["present"] >= least
        ]
        line = median(past) + margin if past else alone
        if rate > line:
            yield Tripped(
                "Q03", source, rate, line,
                f"{source}：{rate:.1%} 的证件号码不成立，界限 {line:.1%}",
                f"{source}: {rate:.1%} of the ID numbers cannot be right, the line is {line:.1%}",
            )  # fmt: skip


def _rates(now: Now, earlier: Sequence[Mapping[str, Any]], *, times: float, least: float) -> Iterator[Tripped]:
    """A rule that speaks far more often for so many persons than it used to."""
    for rule, grades in grave(now.findings).items():
        count = sum(grades.values())
        past = [
            sum(each["grave"].get(rule, {}).values()) / each["persons"]
            for each in earlier
            if each.get("persons") and "grave" in each and rule in _ran(each)
        ]
        if not past or not rule.startswith(FAMILIES) or count < least:
            continue
        rate, line = count / now.persons, times * median(past)
        if rate > line:
            yield Tripped(
                "RATE", rule, rate, line,
                f"{rule}：每千人 {rate * 1000:.1f} 条，以往中位数的 {times:g} 倍为 {line * 1000:.1f} 条",
                f"{rule}: {rate * 1000:.1f} leads a thousand persons; {times:g} times the earlier median is {line * 1000:.1f}",
            )  # fmt: skip


def _grades(now: Now, earlier: Sequence[Mapping[str, Any]], *, points: float, least: float) -> Iterator[Tripped]:
    """A rule whose leads are about people identified otherwise than before."""
    for rule, grades in grave(now.findings).items():
        past = [each["grave"][rule] for each in earlier if sum(each.get("grave", {}).get(rule, {}).values()) >= least]
        if not past or not rule.startswith(FAMILIES) or sum(grades.values()) < least:
            continue
        for grade in GRADES:
            share, usual = _share(grades, grade), median(_share(each, grade) for each in past)
            shift = abs(share - usual) * 100
            if shift > points:
                yield Tripped(
                    "GRADES", rule, shift, points,
                    f"{rule}：身份等级 {grade} 的比例由 {usual:.0%} 变为 {share:.0%}",
                    f"{rule}: identity grade {grade} went from {usual:.0%} of the leads to {share:.0%}",
                )  # fmt: skip


def _ran(summary: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(rule for rule, told in summary.get("rules", {}).items() if told["state"] == "RAN")


def _share(grades: Mapping[str, int], grade: str) -> float:
    return grades.get(grade, 0) / sum(grades.values())
