"""Aid as the rules see it: the streams of a person or household, and what a programme paid in an interval."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from matcher import overlap
from matcher.overlap import Stream
from matcher.rules import wording
from matcher.rules.rule import Facts, Text

NEEDS_TESTED = (
    "DIBAO", "TEKUN", "EDUCATION_AID", "EMPLOYMENT_AID", "TEMPORARY_AID", "SPECIAL_AID", "MEDICAL_AID", "HOUSING_AID",
    "STATE_STUDENT_AID", "GOLDEN_AUTUMN", "LIVING_SUBSIDY", "AUTUMN_SCHOOL", "WINTER_WARMTH",
)  # fmt: skip
"""Programmes granted because of need. Insurance benefits are earned: no asset puts them at risk."""


@dataclass(frozen=True, slots=True)
class Paid:
    """What one programme paid inside an interval: yuan known to be paid, and how many records have no amount."""

    programme: str
    first: dt.date
    last: dt.date
    yuan: Decimal
    unknown: int


def asked(facts: Facts) -> bool:
    """Whether the departments that pay aid were asked at all."""
    return "aid" in facts.linked


def until(facts: Facts) -> dt.date:
    """The day up to which payments are known: the scan's date, or when the aid feed was cut, where that is earlier."""
    cut = facts.feeds["aid"].as_of if "aid" in facts.feeds else None
    return min(facts.as_of, cut) if cut else facts.as_of


def rows(facts: Facts, column: str, keys: Iterable[str]) -> pl.DataFrame:
    """The linked rows of aid whose `column` is one of the keys; none where aid was not asked for."""
    if not asked(facts):
        return pl.DataFrame()
    wanted = pl.Series(sorted(set(keys)), dtype=pl.String)
    return facts.linked["aid"].filter(pl.col(column).is_in(wanted.implode()))


def streams(facts: Facts, aid: pl.DataFrame) -> list[Stream]:
    """The streams of these rows up to the day payments are known, sorted; what was said twice counts once.

    A record counts once, whomever it is linked to, and so do two records that say the same of one person.
    """
    limit = until(facts)
    found: dict[object, Stream] = {}
    records: set[str] = set()
    for row in aid.sort("record_id", "person_id").iter_rows(named=True):
        stream = overlap.stream(row, limit)
        if stream is None or stream.record_id in records:
            continue
        records.add(stream.record_id)
        alike = (stream.person_id, stream.programme, stream.first, stream.last, stream.amount, stream.division)
        found.setdefault(alike, stream)
    return sorted(found.values(), key=lambda s: (s.first, s.last, s.programme, s.record_id, s.person_id))


def paid(of: Iterable[Stream], first: dt.date, last: dt.date | None = None) -> tuple[Paid, ...]:
    """What was paid for the months from first to last (open: without end), one row a programme, sorted by its code."""
    inside: dict[str, list[Stream]] = {}
    for stream in of:
        if stream.last >= first and (last is None or stream.first <= last):
            inside.setdefault(stream.programme, []).append(stream)
    return tuple(
        Paid(
            programme,
            max(first, min(stream.first for stream in parts)),
            min(last or dt.date.max, max(stream.last for stream in parts)),
            overlap.paid(parts, first, last)[0],
            sum(stream.amount is None for stream in parts),
        )
        for programme, parts in sorted(inside.items())
    )


def total(parts: Iterable[Paid]) -> Decimal:
    """Yuan known to be paid in all these programmes."""
    return sum((part.yuan for part in parts), Decimal(0))


def arithmetic(facts: Facts, parts: Sequence[Paid]) -> Text:
    """How an amount came about: each programme, its months, its sum, and what is unknown."""
    if not asked(facts):
        return ("未向救助部门查询，金额按零计", "aid was not asked for, so nothing is counted")
    if not parts:
        return ("该区间内无已发放记录，金额为零", "nothing was paid in this interval")

    def line(part: Paid) -> Text:
        zh, en = wording.programme(part.programme)
        when = wording.months(part.first, part.last)
        unknown_zh = f"（{part.unknown}条未载明金额，不计入）" if part.unknown else ""
        unknown_en = f" ({part.unknown} without an amount, not counted)" if part.unknown else ""
        return (
            f"{zh} {wording.speak(when, 'zh')} {part.yuan:.2f}元{unknown_zh}",
            f"{en} {wording.speak(when, 'en')} {part.yuan:.2f} yuan{unknown_en}",
        )

    zh, en = wording.join((line(part) for part in parts), "；", "; ")
    return f"{zh}；合计{total(parts):.2f}元", f"{en}; together {total(parts):.2f} yuan"
