"""The policy's six months, month by month against that month's own line: a table of cases, and relief beside it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from api.domain.exits import LineStanding, MonthGap
from api.domain.incomes import IncomeKind, IncomeSource, Presence, SourceAnswer, Told
from api.matching import income
from tests.api.matching.test_policy import entry

AS_OF = dt.date(2026, 11, 27)
MONTHS = [dt.date(2026, number, 1) for number in range(5, 11)]
"""The six months under test on that day: November is not over, and October has been reported."""

CITY, COUNTY = "410502", "410522"
HEAD, SPOUSE, CHILD = 1, 2, 3
LINES = (
    entry("line.dibao", 600, "2024-01-01", CITY)
    + entry("line.dibao", 700, "2026-08-01", CITY)
    + entry("line.dibao", 400, "2024-01-01", COUNTY)
)
"""A line that is raised in August, in the third of the six months; and a poorer county's."""


@pytest.fixture(autouse=True)
def lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The city's own lines."""
    monkeypatch.setenv("JIEKUN_DATA_DIR", str(tmp_path))
    (tmp_path / "policy.toml").write_text(LINES, encoding="utf-8")


def earning(member: int, *yuan: int | None, programme: str | None = None) -> list[Told]:
    """What each source told of somebody in the six months; the tax office of these wages, and of None nothing yet."""
    told = []
    for month, amount in zip(MONTHS, yuan, strict=True):
        source = IncomeSource.AID if programme else IncomeSource.TAX
        kind = IncomeKind.AID if programme else IncomeKind.WAGE
        value = SourceAnswer.NO_ANSWER if amount is None else SourceAnswer.VALUE
        fen = None if amount is None else amount * 100
        told.append(Told(member, source, value, month, None, None if amount is None else kind, programme, fen))
        told += [Told(member, each, SourceAnswer.NO_RECORD, month) for each in IncomeSource if each is not source]
    return told


def nothing(member: int, months: list[dt.date] = MONTHS) -> list[Told]:
    return [Told(member, source, SourceAnswer.NO_RECORD, month) for month in months for source in IncomeSource]


ALONE = (Presence(HEAD),)
DIBAO = [replace(each, paid=True, source=IncomeSource.AID) for each in earning(HEAD, *[800] * 6, programme="DIBAO")]

CASES = {
    "above in each month": (ALONE, earning(HEAD, *[701] * 6), CITY, "EXIT_DUE"),
    "the line rises in August and is passed each time": (
        ALONE, earning(HEAD, 601, 601, 601, 701, 701, 701), CITY, "EXIT_DUE",
    ),
    "above the old line and not the new one": (ALONE, earning(HEAD, *[650] * 6), CITY, "NOT_ABOVE"),
    "the old line counts in its own months, though the new one is higher": (
        ALONE, earning(HEAD, 650, 650, 650, 750, 750, 750), CITY, "EXIT_DUE",
    ),
    "equal to the line is not above it": (ALONE, earning(HEAD, 601, 601, 601, 700, 701, 701), CITY, "NOT_ABOVE"),
    "a fen above it is": (
        ALONE,
        [replace(each, fen=70_001) if each.fen else each for each in earning(HEAD, *[701] * 6)],
        CITY,
        "EXIT_DUE",
    ),
    "rich on average and poor in one month": (ALONE, earning(HEAD, 5_000, 5_000, 0, 5_000, 5_000, 5_000), CITY, "NOT_ABOVE"),
    "one month unknown breaks the run": (ALONE, earning(HEAD, 900, 900, None, 900, 900, 900), CITY, "INSUFFICIENT_DATA"),
    "a gap of which nobody spoke": (
        ALONE, [each for each in earning(HEAD, *[900] * 6) if each.month != MONTHS[3]], CITY, "INSUFFICIENT_DATA",
    ),
    "a year's figure stands for none of its months": (
        ALONE,
        [*nothing(HEAD), Told(HEAD, IncomeSource.TAX, SourceAnswer.VALUE, None, 2026, IncomeKind.WAGE, None, 9_999_900)],
        CITY,
        "INSUFFICIENT_DATA",
    ),
    "a migrant's line is that of the place of work": (ALONE, earning(HEAD, *[450] * 6), COUNTY, "EXIT_DUE"),
    "which is not enough where the line is higher": (ALONE, earning(HEAD, *[450] * 6), CITY, "NOT_ABOVE"),
    "a child born in the fourth month shares from then on": (
        (*ALONE, Presence(CHILD, dt.date(2026, 8, 20))),
        [*earning(HEAD, 601, 601, 601, 1_402, 1_402, 1_402), *nothing(CHILD, MONTHS[3:])],
        CITY,
        "EXIT_DUE",
    ),
    "and makes what was enough for one too little for two": (
        (*ALONE, Presence(CHILD, dt.date(2026, 8, 20))),
        [*earning(HEAD, *[1_400] * 6), *nothing(CHILD, MONTHS[3:])],
        CITY,
        "NOT_ABOVE",
    ),
    "a death takes somebody from the months after it alone": (
        (*ALONE, Presence(SPOUSE, None, dt.date(2026, 8, 1))),
        [*earning(HEAD, 1_201, 1_201, 1_201, 701, 701, 701), *nothing(SPOUSE, MONTHS[:3])],
        CITY,
        "EXIT_DUE",
    ),
    "who died within a month is one of it": (
        (*ALONE, Presence(SPOUSE, None, dt.date(2026, 8, 2))),
        [*earning(HEAD, 1_201, 1_201, 1_201, 701, 701, 701), *nothing(SPOUSE, MONTHS[:4])],
        CITY,
        "NOT_ABOVE",
    ),
    "of somebody nobody spoke": (
        (*ALONE, Presence(SPOUSE)), earning(HEAD, *[9_000] * 6), CITY, "INSUFFICIENT_DATA",
    ),
    "dibao is no income of one's own": (ALONE, [*nothing(HEAD), *DIBAO], CITY, "NOT_ABOVE"),
    "unemployment benefit is": (ALONE, earning(HEAD, *[800] * 6, programme="UI_BENEFIT"), CITY, "EXIT_DUE"),
    "nobody in it": ((), [], CITY, "INSUFFICIENT_DATA"),
}  # fmt: skip


@pytest.mark.parametrize(("present", "told", "division", "verdict"), CASES.values(), ids=list(CASES))
def test_f_07_six_months_each_against_its_own_line(
    present: tuple[Presence, ...], told: list[Told], division: str, verdict: str
) -> None:
    found = income.graduation(present, told, division, AS_OF)
    assert [each.month for each in found.months] == MONTHS
    assert found.verdict == verdict


def test_the_months_tell_their_own_lines_and_the_gap_who_is_missing() -> None:
    found = income.graduation(ALONE, earning(HEAD, 601, 601, 601, None, 700, 701), CITY, AS_OF)
    assert [each.line for each in found.months] == [60_000] * 3 + [70_000] * 3
    assert [str(each) for each in found.standings] == ["ABOVE"] * 3 + ["UNCLEAR", "NOT_ABOVE", "ABOVE"]
    assert [(each.gap, each.month, each.member, each.source) for each in found.missing] == [
        (MonthGap.INCOME, MONTHS[3], HEAD, IncomeSource.TAX)
    ]


@pytest.mark.parametrize(
    ("as_of", "last"),
    [("2026-11-27", "2026-10"), ("2026-11-14", "2026-09"), ("2026-11-15", "2026-10"), ("2027-01-20", "2026-12")],
)
def test_a_month_is_tested_when_it_may_have_been_reported(as_of: str, last: str) -> None:
    found = income.graduation(ALONE, [], CITY, dt.date.fromisoformat(as_of))
    assert str(found.months[-1].month)[:7] == last


@pytest.mark.parametrize(
    ("yuan", "verdict"), [((700, 700, 700), "EXIT_DUE"), ((701, 699, 701), "NOT_ABOVE"), ((900, 0, 900), "NOT_ABOVE")]
)
def test_relief_counts_aid_and_is_fulfilled_at_the_line(yuan: tuple[int, ...], verdict: str) -> None:
    told = [*nothing(HEAD), *(replace(each, paid=True) for each in earning(HEAD, 0, 0, 0, *yuan, programme="DIBAO"))]
    told = [each for each in told if not (each.paid and each.answer is SourceAnswer.NO_RECORD)]
    found = income.relief(ALONE, told, CITY, AS_OF)
    assert [each.month for each in found.months] == MONTHS[3:]
    assert found.verdict == verdict
    assert income.graduation(ALONE, told, CITY, AS_OF).verdict == "NOT_ABOVE"


def test_relief_is_not_told_from_what_is_unknown() -> None:
    found = income.relief(ALONE, earning(HEAD, 0, 0, 0, 900, None, 900), CITY, AS_OF)
    assert found.verdict == "INSUFFICIENT_DATA"
    assert found.standings[1] is LineStanding.UNCLEAR
