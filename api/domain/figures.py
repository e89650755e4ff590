"""Figures from counts: shares and medians of a whole and of its groups, with what would tell of few people withheld."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from api.domain import suppression

PLACES = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Figure:
    """So many of so many, and what it comes to: a share of one, or days; None is withheld, or nothing to reckon from."""

    numerator: int | None
    denominator: int | None
    value: Decimal | None
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside every figure of a group: how many returned to hardship, and were deregistered otherwise."""

    returned: int | None
    excluded: int | None


@dataclass(frozen=True, slots=True)
class Of:
    """Something for a whole, and for each of its groups by their codes."""

    whole: Figure
    groups: Mapping[str, Figure]


def shares(counts: Mapping[str, tuple[int, int]]) -> Of:
    """Shares of so many of so many, by group."""
    told = suppression.withheld([(some, of - some) for some, of in counts.values()])
    groups = {
        code: _share(some, of, few=(number, 0) in told.cells, fewer=number in told.totals)
        for number, (code, (some, of)) in enumerate(counts.items())
    }
    return Of(_share(sum(some for some, _ in counts.values()), sum(of for _, of in counts.values())), groups)


def medians(days: Mapping[str, Mapping[int, int]]) -> Of:
    """Medians of days, by group: how often each number of days occurred."""
    hidden = suppression.along([sum(each.values()) for each in days.values()])
    together: Counter[int] = Counter()
    for each in days.values():
        together.update(each)
    groups = {
        code: Figure(None, None, None, withheld=True) if number in hidden else _median(each)
        for number, (code, each) in enumerate(days.items())
    }
    return Of(_median(together), groups)


def beside(counts: Mapping[str, tuple[int, int, int]]) -> tuple[Beside, Mapping[str, Beside]]:
    """Returned and otherwise deregistered among so many, for the whole and by group."""
    told = suppression.withheld([(back, out, of - back - out) for of, back, out in counts.values()])
    groups = {
        code: Beside(
            None if (number, 0) in told.cells else back,
            None if (number, 1) in told.cells else out,
        )
        for number, (code, (_, back, out)) in enumerate(counts.items())
    }
    whole = Beside(sum(back for _, back, _ in counts.values()), sum(out for *_, out in counts.values()))
    return whole, groups


def _share(some: int, of: int, *, few: bool = False, fewer: bool = False) -> Figure:
    if few or fewer:
        return Figure(None, None if fewer else of, None, withheld=True)
    return Figure(some, of, (Decimal(some) / of).quantize(PLACES) if of else None)


def _median(days: Mapping[int, int]) -> Figure:
    """The middle of all, or between the two in the middle.

    >>> _median({3: 1, 10: 1}).value, _median({3: 1, 5: 1, 10: 1}).value, _median({}).value
    (Decimal('6.5'), Decimal('5'), None)
    """
    count = sum(days.values())
    if not count:
        return Figure(None, 0, None)
    middle, passed = [(count - 1) // 2, count // 2], 0
    found = []
    for number in sorted(days):
        passed += days[number]
        while middle and middle[0] < passed:
            found.append(number)
            middle.pop(0)
    return Figure(None, count, Decimal(sum(found)) / 2 if found[0] != found[1] else Decimal(found[0]))
