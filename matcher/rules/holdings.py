"""Declared against found: what the sources hold at the application date, beside what the household declared for it.

Up to the declaration and its tolerance nothing was concealed. A declared thing may still break a limit at the scan's
date; that is another lead, with another basis. What ended before the date, or so soon after it that only the register
lagged behind, does not count.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from matcher.rules.reading import Row
from matcher.rules.rule import Basis, Compared, Evidence, Grade, Severity, Words


@dataclass(frozen=True, slots=True)
class Holding:
    """One thing a household owns, however many records tell of it: a car, a dwelling, a business.

    `gone`: the register says it is no longer theirs, without a day in `ended`. `sure` is False where a record leaves
    open what kind of thing it is. `residential` tells homes from shops and offices.
    """

    key: str
    source: str
    records: tuple[Row, ...]
    started: dt.date | None
    ended: dt.date | None
    gone: bool = False
    sure: bool = True
    residential: bool = True

    def held(self, on: dt.date, lag_days: int) -> bool:
        """Whether it was theirs on that day, as far as the register tells."""
        if self.started is not None and self.started > on:
            return False
        if self.ended is not None:
            return self.ended > on + dt.timedelta(days=lag_days)
        return not self.gone

    @property
    def grade(self) -> Grade:
        """The weakest identity grade among its records."""
        return max(record["grade"] for record in self.records)


@dataclass(frozen=True, slots=True)
class Judgement:
    """Why a household's holdings are worth a look, and how much; `day` is the one they were counted for."""

    basis: Basis
    holdings: tuple[Holding, ...]
    severity: Severity
    day: dt.date

    @property
    def grade(self) -> Grade:
        """The weakest identity grade that the count rests on."""
        return max(holding.grade for holding in self.holdings)

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Every record of every holding."""
        return tuple(
            Evidence(holding.source, record["record_id"], record["person_id"])
            for holding in self.holdings
            for record in holding.records
        )

    @property
    def person_ids(self) -> tuple[str, ...]:
        """The members whose records these are."""
        return tuple(sorted({piece.person_id for piece in self.evidence}))

    @property
    def natural_key(self) -> tuple[str, ...]:
        """What tells this lead from another of the same rule and people."""
        return (*sorted(holding.key for holding in self.holdings), self.basis)

    def words(self, declared: int | None) -> dict[str, str]:
        """The facts of every such lead's wording: `date`, `declared` and `why`, in both languages."""
        concealed = self.basis == "UNDECLARED"
        return {
            "date": self.day.isoformat(),
            "declared_zh": "未说明" if declared is None else str(declared),
            "declared_en": "not stated" if declared is None else str(declared),
            "why_zh": "多于申报数" if concealed else "超过规定",
            "why_en": "more than declared" if concealed else "more than the limit allows",
        }

    def compared(self, what: Words, declared: int | None, source: str, unit: str) -> tuple[Compared, ...]:
        """The number declared beside the number found on the day of the count, in the Chinese unit of such things."""
        said = ("未说明", "not stated") if declared is None else (f"{declared} {unit}", str(declared))
        day, held = self.day.isoformat(), len(self.holdings)
        return (Compared(what, said, (f"{day} 有 {held} {unit}", f"{held} held on {day}"), source),)

    @property
    def since(self) -> dt.date | None:
        """The first day any of them was theirs, where the register tells."""
        return min((holding.started for holding in self.holdings if holding.started), default=None)


def judge(
    holdings: Iterable[Holding],
    declared: int | None,
    *,
    limit: int,
    tolerance: int,
    applied: dt.date,
    as_of: dt.date,
    lag_days: int,
) -> Judgement | None:
    """UNDECLARED where more was held at the application than declared; else OVER_LIMIT where the limit is broken now.

    What is surely of a kind that counts is judged alone first: a doubtful thing beside it makes no lead weaker.
    """
    known = sorted(holdings, key=lambda holding: holding.key)
    sure = [holding for holding in known if holding.sure]
    if len(sure) < len(known):
        found = judge(
            sure, declared, limit=limit, tolerance=tolerance, applied=applied, as_of=as_of, lag_days=lag_days
        )
        if found is not None:
            return found
    then = tuple(holding for holding in known if holding.held(applied, lag_days))
    if declared is not None and len([each for each in then if each.residential]) > declared + tolerance:
        return Judgement("UNDECLARED", then, _severity(then, over=_over(then, limit)), applied)
    now = tuple(holding for holding in known if holding.held(as_of, 0))
    if _over(now, limit):
        return Judgement("OVER_LIMIT", now, _severity(now, over=True), as_of)
    return None


def _over(holdings: tuple[Holding, ...], limit: int) -> bool:
    homes = sum(holding.residential for holding in holdings)
    return homes > limit or any(not holding.residential for holding in holdings)


def _severity(holdings: tuple[Holding, ...], *, over: bool) -> Severity:
    return "MEDIUM" if over and all(holding.sure for holding in holdings) else "LOW"


def known(text: str | None, *others: str | None) -> str:
    """The first of these identifiers that is there."""
    return next((each for each in (text, *others) if each), "")
