"""What was paid wrongly and is given back: by instalments, never more of a month than it can bear, and not where the error is ours (F-34).

There is no interest, nothing is withheld from aid, and no plan in which all is due at once: none of these has a form here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from enum import StrEnum
from fractions import Fraction


class RecoveryCause(StrEnum):
    """Why too much was paid, as far as it is known; it says nothing of anybody's intention."""

    OFFICIAL_ERROR = "OFFICIAL_ERROR"
    NOT_REPORTED = "NOT_REPORTED"
    UNCLEAR = "UNCLEAR"


class EntryKind(StrEnum):
    """What changed what is left."""

    OPENED = "OPENED"
    INSTALMENT = "INSTALMENT"
    WAIVED = "WAIVED"


def fits(paid: Iterable[tuple[dt.date, int]], recovered: Sequence[tuple[dt.date, dt.date, int]]) -> bool:
    """Whether what is recovered, each sum of the months from one to another, is no more than those months were paid (F-10).

    >>> january, february = dt.date(2026, 1, 1), dt.date(2026, 2, 1)
    >>> months = [(january, 500), (february, 500)]
    >>> fits(months, [(january, january, 500), (january, february, 500)])
    True
    >>> fits(months, [(january, january, 500), (january, january, 1)])
    False
    """
    given = list(paid)
    return all(
        sum(fen for first, last, fen in recovered if since <= first and last <= until)
        <= sum(fen for month, fen in given if since <= month <= until)
        for since in {first for first, _, _ in recovered}
        for until in {last for _, last, _ in recovered}
    )


def most_a_month(total: int, instalments: int) -> int:
    """The most that is ever due in a month, so that there are so many instalments at least.

    >>> most_a_month(1000_00, 12), most_a_month(5, 12)
    (8333, 0)
    """
    return total // instalments


def cap(low: int, line: int | None, members: int, share: Fraction) -> int | None:
    """What a month can bear: a share of what the household had above its line; None where the line is unknown.

    `low` is what it had at least: what is not known is not taken.

    >>> cap(3000_00, 800_00, 2, Fraction(1, 10)), cap(1500_00, 800_00, 2, Fraction(1, 10)), cap(1, None, 1, Fraction(1))
    (14000, 0, None)
    """
    if line is None or members == 0:
        return None
    return int(max(low - line * members, 0) * share)


def due(left: int, most: int, bears: int | None) -> int:
    """What is due of a month: nothing where nobody knows what it can bear."""
    return min(left, most, bears or 0)
