"""Figures about few people are not shown, nor what would give them away: small cells, and others beside them (F-22).

A table is groups of people, one a row, each told apart into cells that add up to the row. Whoever reads it knows the total
of the whole table and what stands below each column. So a cell of one to nine is withheld, and beside it as many others in
its row and in its column as it takes until it could be any number from one to nine; what is nobody's is told, as long as
that gives nobody away. The figures of a whole, without groups, are no cells: they are an office's, and are shown.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

LEAST = 10
"""The least number of people about whom a cell is told."""


@dataclass(frozen=True, slots=True)
class Withheld:
    """Of a table what is not shown: groups whose size is not, and cells by row and column."""

    totals: frozenset[int]
    cells: frozenset[tuple[int, int]]


def small(number: int) -> bool:
    """Whether it is somebody's, and of too few.

    >>> [small(number) for number in (0, 1, 9, 10)]
    [False, True, True, False]
    """
    return 0 < number < LEAST


def along(values: Sequence[int], hidden: Collection[int] = ()) -> frozenset[int]:
    """Which of values whose sum is known are withheld: the small ones, those `hidden` already, and what these need beside them.

    The least of the others goes first; where all that are somebody's do not suffice, none at all is told.

    >>> sorted(along([40, 3, 25, 12])), sorted(along([40, 25, 0])), sorted(along([1, 1, 0]))
    ([1, 3], [], [0, 1, 2])
    """
    found = {place for place, value in enumerate(values) if small(value)} | set(hidden)
    if not found:
        return frozenset()
    others = sorted((value, place) for place, value in enumerate(values) if value and place not in found)
    while not _vague(values, found):
        if not others:
            return frozenset(range(len(values)))
        found.add(others.pop(0)[1])
    return frozenset(found)


def withheld(rows: Sequence[Sequence[int]], hidden: Collection[tuple[int, int]] = ()) -> Withheld:
    """What is withheld of groups and their cells, `hidden` already among them; of a group whose size is, every cell is.

    >>> told = withheld([[30, 4], [50, 60], [0, 80]])
    >>> sorted(told.totals), sorted(told.cells)
    ([], [(0, 0), (0, 1), (1, 0), (1, 1)])
    """
    totals = along([sum(row) for row in rows])
    cells = {(number, place) for number in totals for place in range(len(rows[number]))} | set(hidden)
    before = None
    while before != cells:
        before = set(cells)
        for number, row in enumerate(rows):
            cells |= {(number, place) for place in along(row, [at for of, at in cells if of == number])}
        for place in range(len(rows[0]) if rows else 0):
            column = [row[place] for row in rows]
            cells |= {(number, place) for number in along(column, [of for of, at in cells if at == place])}
    return Withheld(totals, frozenset(cells))


def _vague(values: Sequence[int], hidden: Collection[int]) -> bool:
    """Whether each of the hidden could be any of one to nine, for whoever knows their sum and that each is somebody's."""
    return len(hidden) > 1 and sum(values[place] for place in hidden) - (len(hidden) - 1) >= LEAST - 1
