"""A comparison is a field's ordered levels of agreement; the first that holds is the pair's, written as its code.

Code 0 is MISSING, either side unknown: it says nothing for or against. The last code is NOT_NEEDED, for pairs that the
other fields have settled. A comparison first looks at integers alone (`quick`), which settles most pairs and bounds the
others; what stays open is looked at as text (`settle`), once the pairs that cannot reach the review threshold are gone.
A level's `doc` is what the clerk reads.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from matcher.prepared import Codes, Flags, Side

OPEN = 255
"""The code of a pair whose level is not known yet."""


@dataclass(frozen=True, slots=True)
class Level:
    """One degree of agreement: its name and its public explanation.

    `agrees`: the field speaks for one person. `partly`: only a part of it is known, so it does not contain what the whole
    would (a masked number no birth date).
    """

    name: str
    doc: str
    agrees: bool = False
    partly: bool = False


MISSING = Level("missing", "one side does not say")
NOT_NEEDED = Level("not_needed", "not looked at: the other fields had settled the pair")


@dataclass(frozen=True, slots=True)
class Glance:
    """What integers tell of pairs: `codes`, OPEN where they do not settle; `best`, the best level still possible.

    `alone` is the best level still possible where likenesses are not looked for (see Comparison); None: the same.
    """

    codes: Codes
    best: Codes
    alone: Codes | None = None


@dataclass(frozen=True)
class Comparison:
    """A kind of field: its levels, best first, and how a pair's level is found.

    `settle` is given the pairs left OPEN, one side and the other, and the field's name; None where there are none. A plan
    may ask for likenesses only beside another field's agreement; elsewhere `settle_alone` is asked instead.
    """

    graded: tuple[Level, ...]
    quick: Callable[[Side, Side, str], Glance]
    settle: Callable[[Side, Side, str], Codes] | None = None
    settle_alone: Callable[[Side, Side, str], Codes] | None = None

    @cached_property
    def levels(self) -> tuple[Level, ...]:
        """All levels in the order of their codes."""
        return (MISSING, *self.graded, NOT_NEEDED)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the levels in the order of their codes."""
        return tuple(level.name for level in self.levels)

    def code(self, name: str) -> int:
        """The code of a level."""
        return self.names.index(name)

    @cached_property
    def worst(self) -> int:
        """The code of the last graded level: what a pair is when nothing speaks for it."""
        return len(self.graded)

    @cached_property
    def agreeing(self) -> Flags:
        """By code: whether the level speaks for one person."""
        return np.array([level.agrees for level in self.levels])

    @cached_property
    def containing(self) -> Flags:
        """By code: whether the level agrees on the whole of the field, and so on all that it contains."""
        return np.array([level.agrees and not level.partly for level in self.levels])


def first_of(count: int, *cases: tuple[Flags, int], otherwise: int) -> Codes:
    """The code of the first case that holds, pair by pair."""
    codes = np.full(count, otherwise, dtype=np.uint8)
    for holds, code in reversed(cases):
        codes[holds] = code
    return codes


def settled(codes: Codes) -> Glance:
    """A glance that leaves nothing open."""
    return Glance(codes, codes)
