"""Months and payments: what was paid inside an interval, never more and never guessed.

A month is the date of its first day; intervals of months include both ends. An amount is yuan for a month, or once
where a stream begins and ends in the same month.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

import polars as pl


def month(day: dt.date) -> dt.date:
    """The month a day falls in."""
    return day.replace(day=1)


def shift(first: dt.date, months: int) -> dt.date:
    """The month that many months later, or earlier where negative."""
    year, index = divmod(first.year * 12 + first.month - 1 + months, 12)
    return dt.date(year, index + 1, 1)


def count(first: dt.date, last: dt.date) -> int:
    """Months from first to last, both counted; 0 where last lies before first."""
    return max(0, (last.year - first.year) * 12 + last.month - first.month + 1)


def span(first: dt.date, last: dt.date) -> tuple[dt.date, ...]:
    """Every month from first to last."""
    return tuple(shift(month(first), step) for step in range(count(first, last)))


@dataclass(frozen=True, slots=True, order=True)
class Payment:
    """A stream of aid as far as it was paid: the same yuan (None where unknown) in every month from first to last."""

    person_id: str
    programme: str
    first: dt.date
    last: dt.date
    record_id: str
    yuan: Decimal | None = None
    county: str | None = None
    cause: str | None = None

    @property
    def months(self) -> tuple[dt.date, ...]:
        """Every month paid for."""
        return span(self.first, self.last)


@dataclass(frozen=True, slots=True)
class Paid:
    """What one programme paid inside an interval: yuan known to be paid, and how many streams have no amount."""

    programme: str
    first: dt.date
    last: dt.date
    yuan: Decimal
    unknown: int


def payments(aid: pl.DataFrame, as_of: dt.date) -> list[Payment]:
    """The streams of linked aid rows, sorted, cut off at the month of `as_of`; an open end runs up to there.

    Rows without a first month, beginning later or ending before they begin are left out: they say nothing of what was
    paid.
    """
    limit = month(as_of)
    columns = [
        "person_id",
        "record_id",
        "programme",
        "start_month",
        "end_month",
        "amount_yuan",
        "division_code",
        "cause",
    ]
    found = []
    for row in aid.select(columns).iter_rows(named=True):
        if row["start_month"] is None or row["programme"] is None:
            continue
        first = month(row["start_month"])
        last = limit if row["end_month"] is None else min(limit, month(row["end_month"]))
        if first <= last:
            county = row["division_code"][:6] if row["division_code"] else None
            found.append(
                Payment(
                    row["person_id"],
                    row["programme"],
                    first,
                    last,
                    row["record_id"],
                    row["amount_yuan"],
                    county,
                    row["cause"],
                )  # fmt: skip
            )
    return sorted(found, key=lambda p: (p.person_id, p.programme, p.first, p.last, p.record_id))


def paid(streams: Iterable[Payment], first: dt.date, last: dt.date) -> tuple[Paid, ...]:
    """What was paid for the months from first to last, one row a programme, sorted.

    A record counts once, whomever it is linked to, and so do two records that say the same of the same person.
    """
    seen: set[object] = set()
    by_programme: dict[str, list[tuple[dt.date, dt.date, Decimal | None]]] = {}
    for stream in sorted(streams, key=lambda p: (p.record_id, p.person_id)):
        start, end = max(stream.first, month(first)), min(stream.last, month(last))
        alike = (stream.person_id, stream.programme, stream.first, stream.last, stream.yuan, stream.county)
        if start > end or stream.record_id in seen or alike in seen:
            continue
        seen |= {stream.record_id, alike}
        by_programme.setdefault(stream.programme, []).append((start, end, stream.yuan))
    return tuple(
        Paid(
            programme,
            min(start for start, _, _ in parts),
            max(end for _, end, _ in parts),
            sum((yuan * count(start, end) for start, end, yuan in parts if yuan is not None), Decimal(0)),
            sum(yuan is None for _, _, yuan in parts),
        )
        for programme, parts in sorted(by_programme.items())
    )


def total(parts: Iterable[Paid]) -> Decimal:
    """Yuan known to be paid in all these programmes."""
    return sum((part.yuan for part in parts), Decimal(0))
