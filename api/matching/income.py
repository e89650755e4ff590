"""The matcher's test for leaving hardship, and its arithmetic of months, for the service: written once, used by both.

The months under test are the last ones that sources may have reported in full by the day; each has its own line.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence

from api.domain import incomes
from api.domain.exits import ExitVerdict, LineStanding, Test
from api.domain.incomes import Month, Presence, Terms, Told
from api.domain.money import fen
from api.matching import policy, reference
from matcher.income.exits import six_months_above
from matcher.income.inputs import COUNTED, RELIEVED, reported_until
from matcher.overlap import add_months, first_day, months

__all__ = ["add_months", "first_day", "graduation", "months", "of_months", "relief", "tested_until", "to_live_on"]

COST, LAG = "income.employment_cost", "income.reporting_days"


def of_months(
    asked: Sequence[dt.date], present: Sequence[Presence], told: Collection[Told], division: str
) -> list[Month]:
    """Income a head in these months, aid counted as for leaving hardship, beside the lines of that division."""
    return incomes.months(asked, present, told, terms(division, COUNTED))


def graduation(present: Sequence[Presence], told: Collection[Told], division: str, as_of: dt.date) -> Test:
    """脱困: whether the household had more than the line in each of the last months (exit.months), without aid that would be
    circular."""
    count = policy.whole("exit.months", as_of, division)
    last = tested_until(as_of, division)
    return _test(present, told, terms(division, COUNTED), last, count, reaching=False)


def relief(present: Sequence[Presence], told: Collection[Told], division: str, as_of: dt.date) -> Test:
    """解困: whether aid has lifted the household to the line, in each of the last months (relief.months)."""
    count = policy.whole("relief.months", as_of, division)
    last = tested_until(as_of, division)
    return _test(present, told, terms(division, RELIEVED), last, count, reaching=True)


def to_live_on(month: dt.date, present: Sequence[Presence], told: Collection[Told], division: str) -> Month:
    """What a household had a head in a month, aid and all, beside that month's line."""
    return incomes.months([month], present, told, terms(division, RELIEVED))[0]


def tested_until(as_of: dt.date, division: str) -> dt.date:
    """The last month of a test on that day."""
    return reported_until(as_of, policy.whole(LAG, as_of, division))


def terms(division: str, counted: Collection[str]) -> Terms:
    """By what months are reckoned in a division."""

    def line(month: dt.date) -> int | None:
        found = policy.line(division, month)
        return None if found is None else fen(found.yuan)

    def cost(month: dt.date) -> int:
        return fen(policy.value(COST, month, division)) or 0

    joint = frozenset(each.code for each in reference.programmes() if each.unit == "HOUSEHOLD")
    return Terms(line, counted, joint, cost)


def _test(
    present: Sequence[Presence], told: Collection[Told], by: Terms, last: dt.date, count: int, *, reaching: bool
) -> Test:
    found = incomes.months(months(add_months(last, 1 - count), last), present, told, by)
    rows = [
        {"month": each.month, "low": each.head.low, "high": each.head.high, "known": each.known, "line": each.line}
        for each in found
    ]
    assessed = six_months_above(rows, last, count, reaching=reaching)
    standing = {
        **dict.fromkeys(assessed.above, LineStanding.ABOVE),
        **dict.fromkeys(assessed.not_above, LineStanding.NOT_ABOVE),
        **dict.fromkeys(assessed.unclear, LineStanding.UNCLEAR),
    }
    return Test(ExitVerdict(assessed.outcome), tuple(found), tuple(standing[each.month] for each in found))
