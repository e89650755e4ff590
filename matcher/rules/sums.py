"""How an amount came about, in words: each programme, its months and what they paid."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from decimal import Decimal

from matcher.identity.programmes import BY_CODE
from matcher.overlap import Stream, first_day, inside, months
from matcher.overlap import paid_in as paid_in
from matcher.rules.explaining import count
from matcher.rules.rule import Compared, Words

NEEDS_TESTED = frozenset(
    {
        "DIBAO", "TEKUN", "DISASTER_RELIEF", "EDUCATION_AID", "EMPLOYMENT_AID", "TEMPORARY_AID", "SPECIAL_AID",
        "MEDICAL_AID", "HOUSING_AID", "STATE_STUDENT_AID", "GOLDEN_AUTUMN", "LIVING_SUBSIDY", "SUMMER_COOL",
        "AUTUMN_SCHOOL", "WINTER_WARMTH",
    }
)  # fmt: skip
"""Aid granted because of need. A wage, a grant for work done and an insurance benefit are earned: what a household owns
does not put them at risk."""


def needs_tested(streams: Iterable[Stream]) -> list[Stream]:
    """The streams of aid that depend on what the household owns."""
    return [stream for stream in streams if stream.programme in NEEDS_TESTED]


def since(first: dt.date, last: dt.date) -> list[dt.date]:
    """Every month from the month of one day to the month of another."""
    return months(first_day(first), first_day(last))


def words(streams: Iterable[Stream], when: Collection[dt.date]) -> dict[str, str]:
    """The facts `sums_zh` and `sums_en`: what each programme paid for these months, and what has no amount."""
    wanted = frozenset(when)
    lines_zh, lines_en = [], []
    by_programme: dict[str, list[Stream]] = {}
    for stream in streams:
        if inside(stream, wanted):
            by_programme.setdefault(stream.programme, []).append(stream)
    for code, parts in sorted(by_programme.items()):
        months_paid = len({month for stream in parts for month in inside(stream, wanted)})
        amount = paid_in(parts, wanted)
        unknown = sum(stream.amount is None for stream in parts)
        known = BY_CODE.get(code)
        lines_zh.append(
            f"{known.name_zh if known else code} {months_paid} 个月 {amount:.2f} 元"
            + (f"（另有 {unknown} 条未载明金额，不计）" if unknown else "")
        )
        lines_en.append(
            f"{known.name_en if known else code}, {count(months_paid, 'month')}, {amount:.2f} yuan"
            + (f" (and {count(unknown, 'record')} without an amount, not counted)" if unknown else "")
        )
    return {"sums_zh": "；".join(lines_zh), "sums_en": "; ".join(lines_en)}


def beside(
    one: Iterable[Stream], other: Iterable[Stream], what: Words = ("两项发放", "the two grants")
) -> tuple[Compared, ...]:
    """What was paid on one side held beside what was paid on the other."""
    return (Compared(what, told(one), told(other), "aid", beside="aid"),)


def told(streams: Iterable[Stream]) -> Words:
    """Payments in a few words: the programmes, from when to when, and how much a month."""
    paid = list(streams)
    codes = sorted({each.programme for each in paid})
    zh = "、".join(BY_CODE[code].name_zh if code in BY_CODE else code for code in codes)
    en = " and ".join(BY_CODE[code].name_en if code in BY_CODE else code for code in codes)
    when = list(
        dict.fromkeys((f"{min(each.first for each in paid):%Y-%m}", f"{max(each.last for each in paid):%Y-%m}"))
    )
    amounts = sorted({each.amount for each in paid if each.amount is not None})
    listed = [f"{amount:.2f}" for amount in amounts]
    how = (
        f"{'每月 ' if len(when) > 1 else ''}{'、'.join(listed)} 元" if listed else "未载明金额",
        f"{' and '.join(listed)} yuan{' a month' if len(when) > 1 else ''}" if listed else "amount not stated",
    )
    return f"{zh} {' 至 '.join(when)}，{how[0]}", f"{en} {' to '.join(when)}, {how[1]}"


def steps(streams: Iterable[Stream], when: Collection[dt.date]) -> tuple[tuple[str, str], ...]:
    """The arithmetic behind `paid_in`, a line for each programme and monthly amount in these months, then their sum."""
    wanted = frozenset(when)
    counts: dict[tuple[str, Decimal], int] = {}
    for stream in streams:
        if stream.amount is not None and (paid := len(inside(stream, wanted))):
            counts[stream.programme, stream.amount] = counts.get((stream.programme, stream.amount), 0) + paid
    lines = []
    for (code, amount), times in sorted(counts.items()):
        known = BY_CODE.get(code)
        sum_of = f"{amount:.2f} × {times} = {amount * times:.2f}"
        lines.append(
            (f"{known.name_zh if known else code} {sum_of} 元", f"{known.name_en if known else code}: {sum_of} yuan")
        )
    if len(lines) > 1:
        total = max(sum((amount * times for (_, amount), times in counts.items()), Decimal(0)), Decimal(0))
        lines.append((f"合计 {total:.2f} 元", f"in all {total:.2f} yuan"))
    return tuple(lines)
