"""What income is computed from: the applicants, the records linked to them, and what each source said of whom."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Protocol

import polars as pl

from matcher.overlap import add_months, first_day, months
from matcher.policy import Policy

SOURCES = ("tax", "social_insurance", "unemployment_benefit", "aid")
"""The sources that tell of income. All of them are needed: one that said nothing leaves the month open above."""

GRADES = ("G1", "G2", "G4")
"""Links that may feed an amount: never another name (G3), never a pair that still needs an identity check (G5, none)."""

COUNTED = frozenset({"UI_BENEFIT", "PUBLIC_WELFARE_POST"})
"""Aid that counts as income of the household assessed: the columns marked I in rules.md, E3."""

RELIEVED = COUNTED | {"DIBAO", "TEKUN", "LIVING_SUBSIDY", "TEMPORARY_AID", "WINTER_WARMTH"}
"""For the test whether aid lifted a household to the line (解困); for leaving hardship (脱困) that would be circular."""


class Feed(Protocol):
    """Whether a source's extract is complete, so that a month without a record is a month without income from it."""

    @property
    def complete(self) -> bool: ...


class Known(Protocol):
    """What is known on a day, in the frames of the scan; the rules' Facts are of this shape.

    `members`: person_id, household_id, valid_from, valid_to (the first day no longer in the household). `households`:
    household_id, division_code. `linked[source]`, `reviewed[source]`: person_id, household_id, record_id, grade and the
    columns of the source's contract. `coverage`: frames.COVERAGE.
    """

    @property
    def as_of(self) -> dt.date: ...
    @property
    def policy(self) -> Policy: ...
    @property
    def members(self) -> pl.DataFrame: ...
    @property
    def households(self) -> pl.DataFrame: ...
    @property
    def linked(self) -> Mapping[str, pl.DataFrame]: ...
    @property
    def reviewed(self) -> Mapping[str, pl.DataFrame]: ...
    @property
    def coverage(self) -> pl.DataFrame: ...
    @property
    def feeds(self) -> Mapping[str, Feed]: ...


def reported_until(cut: dt.date, lag_days: int) -> dt.date:
    """The last month of which an extract cut on that day says all, when reports come in up to `lag_days` after its end."""
    return add_months(first_day(cut - dt.timedelta(days=lag_days - 1)), -1)


def reported_months(known: Known, count: int) -> list[dt.date]:
    """The last `count` months that the sources may have reported in full by the reference date, the oldest first."""
    last = reported_until(known.as_of, int(known.policy.value("income.reporting_days", known.as_of)))
    return months(add_months(last, 1 - count), last)
