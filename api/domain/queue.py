"""In which order leads are looked at, and how many are opened in a week (F-21).

What a lead counts for is what is at stake times how sure it is that it is about these people. Of unmet entitlement nobody
knows the amount, so that one order for all would put these leads behind the others for good: each kind is ranked by
itself, and the first of both come before the second of either. A lead that is not opened keeps its place; none is closed
because it waited.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

CERTAINTY: Mapping[str, int] = {"G1": 100, "G2": 90, "G3": 60, "G4": 50, "G5": 30}
"""Of a hundred, by identity grade; a lead without one rests on our own register, and is about these people."""

SURE = 100


def worth(at_stake_fen: int | None, grade: str | None, unknown_fen: int) -> int:
    """What a lead counts for, in fen; an amount that is unknown counts for `unknown_fen`, never for nothing.

    >>> worth(100_000, "G1", 300_000), worth(100_000, "G4", 300_000), worth(None, None, 300_000)
    (100000, 50000, 300000)
    """
    stake = unknown_fen if at_stake_fen is None else at_stake_fen
    return stake * CERTAINTY.get(grade or "", SURE) // 100


def place(number: int, *, entitlement: bool) -> int:
    """Where the lead stands that is `number`, from 1, among those of its kind: both kinds take turns.

    >>> [place(1, entitlement=True), place(1, entitlement=False), place(2, entitlement=True)]
    [1, 2, 3]
    """
    return 2 * number - entitlement


def monday(day: dt.date) -> dt.date:
    """The first day of its week.

    >>> monday(dt.date(2026, 11, 27))
    datetime.date(2026, 11, 23)
    """
    return day - dt.timedelta(days=day.weekday())


def room(reviewers: int, a_week: int, taken: int) -> int:
    """How many leads may still be opened for so many reviewers; `taken` were opened this week, or wait since before.

    >>> room(2, 40, 30), room(2, 40, 90), room(0, 40, 0)
    (50, 0, 0)
    """
    return max(0, reviewers * a_week - taken)
