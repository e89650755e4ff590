"""Figures from counts: shares and medians of a whole and of its groups, with what would tell of few people withheld."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
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


@dataclass(frozen=True, slots=True)
class Size:
    """How many files a group has; how many of these are out, came back, were closed otherwise, and are out or came back."""

    files: int
    exited: int
    returned: int
    excluded: int
    left: int


def few_remain(files: int, exited: int, excluded: int) -> bool:
    """Whether whoever knows how many are out and how many were closed otherwise knows that few are left."""
    return excluded > 0 and suppression.small(files - exited - excluded)


def part(some: int, of: int) -> Decimal | None:
    """So many of so many, to four places; None of nobody.

    >>> part(1, 3), part(0, 0)
    (Decimal('0.3333'), None)
    """
    return (Decimal(some) / of).quantize(PLACES) if of else None


def median(counts: Mapping[int, int]) -> Decimal | None:
    """The middle of numbers told by how often each occurs; None of none.

    >>> median({3: 1, 9: 2}), median({3: 1, 8: 1}), median({})
    (Decimal('9'), Decimal('5.5'), None)
    """
    numbers = [(number, times) for number, times in sorted(counts.items()) if times > 0]
    whole = sum(times for _, times in numbers)
    if not whole:
        return None

    def at(place: int) -> int:
        for number, times in numbers:
            if place < times:
                return number
            place -= times
        raise AssertionError("a place beyond all numbers")

    return Decimal(at((whole - 1) // 2) + at(whole // 2)) / 2


def shares(counts: Mapping[str, tuple[int, int]], hidden: Collection[str] = ()) -> Of:
    """Shares of so many of so many, by group; what is `hidden` beside is withheld here, too.

    Of what is withheld nothing is told, nor of how many it is: another figure tells part of those.
    """
    told = _some_of(counts, hidden)
    groups = {code: WITHHELD if code in told else _share(some, of) for code, (some, of) in counts.items()}
    return Of(_share(sum(some for some, _ in counts.values()), sum(of for _, of in counts.values())), groups)


def medians(days: Mapping[str, Mapping[int, int]], among: Mapping[str, int]) -> Of:
    """Medians of days, by group: how often each number of days occurred, and among how many it could have."""
    hidden = _some_of({code: (sum(each.values()), among[code]) for code, each in days.items()})
    together: Counter[int] = Counter()
    for each in days.values():
        together.update(each)
    groups = {code: WITHHELD if code in hidden else _median(each) for code, each in days.items()}
    return Of(_median(together), groups)


def beside(sizes: Mapping[str, Size]) -> tuple[Beside, Mapping[str, Beside]]:
    """Returned and otherwise deregistered among so many, for the whole and by group.

    Who returned is told among all files and among those that had left: where one of the two gives few away, neither is told.
    Where few are neither out nor closed otherwise, it is not told how many were.
    """
    returned, before = frozenset[str](), None
    while returned != before:
        before = returned
        for among in ("files", "left"):
            returned |= _some_of({code: (of.returned, getattr(of, among)) for code, of in sizes.items()}, returned)
    remain = [code for code, of in sizes.items() if few_remain(of.files, of.exited, of.excluded)]
    excluded = _some_of({code: (of.excluded, of.files) for code, of in sizes.items()}, remain)
    groups = {
        code: Beside(None if code in returned else of.returned, None if code in excluded else of.excluded)
        for code, of in sizes.items()
    }
    return Beside(sum(of.returned for of in sizes.values()), sum(of.excluded for of in sizes.values())), groups


WITHHELD = Figure(None, None, None, withheld=True)


def _some_of(counts: Mapping[str, tuple[int, int]], hidden: Collection[str] = ()) -> frozenset[str]:
    """Of which groups it is withheld how many of so many they are."""
    already = [(number, 0) for number, code in enumerate(counts) if code in hidden]
    told = suppression.withheld([(some, of - some) for some, of in counts.values()], already)
    return frozenset(code for number, code in enumerate(counts) if (number, 0) in told.cells)


def _share(some: int, of: int) -> Figure:
    return Figure(some, of, part(some, of))


def _median(days: Mapping[int, int]) -> Figure:
    return Figure(None, sum(days.values()), median(days))
