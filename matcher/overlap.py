"""Months of aid: how streams of payments overlap, and what was really paid in them.

A month is the date of its first day. A row of aid pays `amount_yuan` for every month from `start_month` to `end_month`;
where both are one month it was paid once; without an end it is paid up to the reference date, never beyond.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any


@dataclass(frozen=True, slots=True, order=True)
class Stream:
    """Months paid under one programme: first and last month, and the amount of each month (None where unknown)."""

    first: dt.date
    last: dt.date
    programme: str
    record_id: str
    person_id: str
    division: str | None
    amount: Decimal | None


def first_day(day: dt.date) -> dt.date:
    """The month of a day."""
    return day.replace(day=1)


def add_months(month: dt.date, count: int) -> dt.date:
    """The month `count` months later."""
    years, index = divmod(month.year * 12 + month.month - 1 + count, 12)
    return dt.date(years, index + 1, 1)


def months_between(first: dt.date, last: dt.date) -> int:
    """How many months from `first` to `last`, both counted; 0 where `last` lies before."""
    return max((last.year - first.year) * 12 + last.month - first.month + 1, 0)


def months(first: dt.date, last: dt.date) -> list[dt.date]:
    """Every month from `first` to `last`, both counted."""
    return [add_months(first, count) for count in range(months_between(first, last))]


def stream(row: Mapping[str, Any], as_of: dt.date) -> Stream | None:
    """The months that a row of aid paid up to the reference date; None where it says no month or none has come."""
    start = row["start_month"]
    if start is None or row["programme"] is None:
        return None
    first, today = first_day(start), first_day(as_of)
    last = min(first_day(row["end_month"]) if row["end_month"] else today, today)
    if last < first:
        return None
    division = row["division_code"]
    return Stream(
        first=first,
        last=last,
        programme=row["programme"],
        record_id=row["record_id"],
        person_id=row["person_id"],
        division=division[:6] if division and len(division) >= 6 else None,
        amount=row["amount_yuan"],
    )


def shared(left: Stream, right: Stream) -> tuple[dt.date, dt.date] | None:
    """The first and last month that both streams pay, or None."""
    first, last = max(left.first, right.first), min(left.last, right.last)
    return (first, last) if first <= last else None


def paid(streams: Iterable[Stream], first: dt.date, last: dt.date | None = None) -> tuple[Decimal, Decimal]:
    """The sum really paid from month `first` to month `last` (open: without end), as [low, high] yuan.

    An unknown amount adds nothing: the sum is never above what is known to have been paid (safeguard F-10).
    """
    total = Decimal(0)
    for each in streams:
        until = each.last if last is None else min(each.last, last)
        months = months_between(max(each.first, first), until)
        total += (each.amount or Decimal(0)) * months
    return max(total, Decimal(0)), max(total, Decimal(0))


def paid_in(streams: Iterable[Stream], when: Iterable[dt.date]) -> Decimal:
    """Yuan known to be paid for these months; an unknown amount adds nothing, and a sum below zero is none."""
    wanted = frozenset(when)
    total = sum(((each.amount or Decimal(0)) * len(inside(each, wanted)) for each in streams), Decimal(0))
    return max(total, Decimal(0))


def inside(stream: Stream, wanted: Collection[dt.date]) -> list[dt.date]:
    """The months of a stream that are among these."""
    return [month for month in _months(stream.first, stream.last) if month in wanted]


@lru_cache(maxsize=4096)
def _months(first: dt.date, last: dt.date) -> tuple[dt.date, ...]:
    """Few intervals, asked for in every lead."""
    return tuple(months(first, last))


def span(streams: Iterable[Stream], first: dt.date) -> tuple[dt.date, dt.date] | None:
    """The first and last month paid from month `first` on, or None."""
    later = [each for each in streams if each.last >= first]
    return (max(min(each.first for each in later), first), max(each.last for each in later)) if later else None
