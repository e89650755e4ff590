"""How an amount came about, in words: each programme, its months and what they paid."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from decimal import Decimal

from matcher.identity.programmes import BY_CODE
from matcher.overlap import Stream, first_day, months


def paid_in(streams: Iterable[Stream], when: Collection[dt.date]) -> Decimal:
    """Yuan known to be paid for these months."""
    return sum((_parts(stream, when)[0] for stream in streams), Decimal(0))


def since(first: dt.date, last: dt.date) -> tuple[dt.date, ...]:
    """Every month from the month of one day to the month of another."""
    start, end = first_day(first), first_day(last)
    return tuple(months(start, end)) if start <= end else ()


def words(streams: Iterable[Stream], when: Collection[dt.date]) -> dict[str, str]:
    """The facts `sums_zh` and `sums_en`: what each programme paid for these months, and what has no amount."""
    lines_zh, lines_en = [], []
    by_programme: dict[str, list[Stream]] = {}
    for stream in streams:
        if _parts(stream, when)[1]:
            by_programme.setdefault(stream.programme, []).append(stream)
    for code, parts in sorted(by_programme.items()):
        count = len({month for stream in parts for month in _parts(stream, when)[1]})
        amount = paid_in(parts, when)
        unknown = sum(stream.amount is None for stream in parts)
        known = BY_CODE.get(code)
        lines_zh.append(
            f"{known.name_zh if known else code} {count} 个月 {amount:.2f} 元"
            + (f"（另有 {unknown} 条未载明金额，不计）" if unknown else "")
        )
        lines_en.append(
            f"{known.name_en if known else code}, {count} months, {amount:.2f} yuan"
            + (f" (and {unknown} records without an amount, not counted)" if unknown else "")
        )
    return {"sums_zh": "；".join(lines_zh), "sums_en": "; ".join(lines_en)}


def _parts(stream: Stream, when: Collection[dt.date]) -> tuple[Decimal, tuple[dt.date, ...]]:
    inside = tuple(month for month in months(stream.first, stream.last) if month in when)
    return (stream.amount or Decimal(0)) * len(inside), inside
