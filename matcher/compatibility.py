"""Aid beside aid: which streams may not stand together, in which months, and what the least correction is.

Pure functions of streams (overlap.py) and the matrix (policy.py): the rules about duplicate aid ask them of what was paid,
and who grants aid may ask them of what would be paid. Nothing here decides anything about a person.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations, groupby

from matcher.overlap import Stream, months, paid_in, shared
from matcher.policy import Policy, Relation


@dataclass(frozen=True, slots=True)
class Correction:
    """The least that would set a conflict right: `ends` stops for these months, everything else goes on."""

    ends: str
    months: tuple[dt.date, ...]
    yuan: Decimal


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two programmes that exclude one another, paid side by side.

    `months`: those that both paid and in which the exclusion was in force; `cell`: as it stood in the last of them.
    """

    cell: Relation
    months: tuple[dt.date, ...]
    keeping: tuple[Stream, ...]
    yielding: tuple[Stream, ...]

    @property
    def streams(self) -> tuple[Stream, ...]:
        """All streams involved."""
        return tuple(sorted({*self.keeping, *self.yielding}, key=lambda each: (each.record_id, each.person_id)))

    @property
    def correction(self) -> Correction:
        """The programme that yields ends for the shared months; nothing is asked back but what it paid in them."""
        return Correction(self.cell.yields, self.months, paid_in(self.yielding, self.months))


@dataclass(frozen=True, slots=True)
class Matrix:
    """The policy's relations in one division, each month's cells looked up once."""

    policy: Policy
    division: str | None
    seen: dict[dt.date, dict[frozenset[str], Relation]]

    @classmethod
    def of(cls, policy: Policy, division: str | None) -> Matrix:
        """The matrix as it holds in a division."""
        return cls(policy, division, {})

    def exclusion(self, one: str, other: str, on: dt.date) -> Relation | None:
        """The cell by which two programmes exclude one another on that day, or None."""
        if on not in self.seen:
            self.seen[on] = {cell.pair: cell for cell in self.policy.exclusive(on, self.division)}
        return self.seen[on].get(frozenset((one, other)))


def conflicts(streams: Iterable[Stream], matrix: Matrix, switch_months: float = 0) -> tuple[Conflict, ...]:
    """The excluded pairs among the streams of one person (or one household's common aid), sorted by programme.

    A pair that overlaps for no more than `switch_months` months is a change from one to the other and no conflict.
    """
    by_programme = _by_programme(streams)
    found = []
    for one, other in combinations(by_programme, 2):
        conflict = _conflict(by_programme[one], by_programme[other], matrix)
        if conflict is not None and len(conflict.months) > switch_months:
            found.append(conflict)
    return tuple(sorted(found, key=lambda each: (each.cell.keeps, each.cell.yields)))


def over_cost(order: Sequence[str], paid: Mapping[str, Decimal], cost: Decimal) -> tuple[Decimal, dict[str, Decimal]]:
    """By how much what was paid for one bill exceeds its cost, and what each programme paid too much.

    Programmes pay in `order`, each for what those before it left over; one that is not in the order comes last.
    """
    place = {programme: index for index, programme in enumerate(order)}
    left, over = cost, {}
    for programme in sorted(paid, key=lambda each: (place.get(each, len(place)), each)):
        over[programme] = max(paid[programme] - max(left, Decimal(0)), Decimal(0))
        left -= paid[programme]
    return sum(over.values(), Decimal(0)), {programme: yuan for programme, yuan in over.items() if yuan}


def _by_programme(streams: Iterable[Stream]) -> dict[str, list[Stream]]:
    ordered = sorted(streams, key=lambda each: (each.programme, each.record_id, each.person_id))
    return {programme: list(group) for programme, group in groupby(ordered, key=lambda each: each.programme)}


def _conflict(ones: list[Stream], others: list[Stream], matrix: Matrix) -> Conflict | None:
    pairs = [(one, other, both) for one in ones for other in others if (both := shared(one, other))]
    together = sorted({month for _, _, both in pairs for month in months(*both)})
    cells = {month: matrix.exclusion(ones[0].programme, others[0].programme, month) for month in together}
    excluded = tuple(month for month in together if cells[month] is not None)
    if not excluded:
        return None
    cell = cells[excluded[-1]]
    assert cell is not None
    involved = [pair for pair in pairs if any(pair[2][0] <= month <= pair[2][1] for month in excluded)]
    sides = {ones[0].programme: {pair[0] for pair in involved}, others[0].programme: {pair[1] for pair in involved}}
    keeping, yielding = (
        tuple(sorted(sides[code], key=lambda each: (each.record_id, each.person_id)))
        for code in (cell.keeps, cell.yields)
    )
    return Conflict(cell, excluded, keeping, yielding)
