"""What of a household's aid one member accounts for: own aid whole, the household's by the number of people counted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal

from matcher.identity.programmes import BY_CODE
from matcher.overlap import Stream
from matcher.rules import reading
from matcher.rules.reading import Row
from matcher.rules.rule import Words

CENT = Decimal("0.01")
COUNTING_HEADS = frozenset({"DIBAO"})
"""Aid that is reckoned by the number of people; a gift or a rent subsidy to a family is not, and is no smaller without one."""


def of_household(stream: Stream) -> bool:
    """Whether this aid is granted to a household as a whole."""
    programme = BY_CODE.get(stream.programme)
    return programme is not None and programme.unit == "HOUSEHOLD"


def counting(streams: Iterable[Stream], person_id: str) -> list[Stream]:
    """The streams that count a member: the household's by heads, and the member's own."""
    return [
        stream
        for stream in streams
        if stream.programme in COUNTING_HEADS or (not of_household(stream) and stream.person_id == person_id)
    ]


def of_member(
    streams: Iterable[Stream], months: Sequence[dt.date], family: Sequence[Row]
) -> tuple[Decimal, tuple[Words, ...]]:
    """The member's part of these streams in these months, with the arithmetic: own aid, and one head's of each month's.

    A stream without an amount adds nothing (safeguard F-10).
    """
    total = Decimal(0)
    steps: list[Words] = []
    for stream in streams:
        inside = [month for month in months if stream.first <= month <= stream.last]
        if stream.amount is None or not inside:
            continue
        if not of_household(stream):
            part = stream.amount * len(inside)
            line = f"{stream.amount:.2f} × {len(inside)} = {part:.2f}"
        else:
            part, line = _by_heads(stream.amount, inside, family)
        zh, en = _names(stream.programme)
        steps.append((f"{zh} {line} 元", f"{en}: {line} yuan"))
        total += part
    if len(steps) > 1:
        steps.append((f"合计 {total:.2f} 元", f"in all {total:.2f} yuan"))
    return total.quantize(CENT), tuple(steps)


def _names(code: str) -> Words:
    known = BY_CODE.get(code)
    return (known.name_zh, known.name_en) if known else (code, code)


def _by_heads(amount: Decimal, months: Sequence[dt.date], family: Sequence[Row]) -> tuple[Decimal, str]:
    """One head's part, month by month, as many people as were counted; in words by their number."""
    counts: dict[int, int] = {}
    for month in months:
        heads = max(sum(reading.is_member(each, month) for each in family), 1)
        counts[heads] = counts.get(heads, 0) + 1
    part = sum((amount * times / heads for heads, times in counts.items()), Decimal(0))
    terms = " + ".join(f"{amount:.2f} ÷ {heads} × {times}" for heads, times in sorted(counts.items()))
    return part, f"{terms} = {part:.2f}"
