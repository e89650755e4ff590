"""People made ready to be compared: every field as a few facets, most of them integers, a column each.

A facet is named `field` or `field.facet` (`name.sound`, `number.birth`). Integer facets hold 0 where nothing is known
and equal values where two sides agree; texts are kept as written and read only for the pairs that integers do not
settle. Some rows have more than one value of a facet (a former name, a surname with two readings, the repairs of a
broken number): these stand in `more` and are used to propose pairs, never to compare them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from matcher.hashing import Keys

Rows = npt.NDArray[np.uint32]
Codes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class More:
    """Further values of a facet: `keys[i]` belongs to row `rows[i]`."""

    rows: Rows
    keys: Keys


NO_MORE = More(np.zeros(0, np.uint32), np.zeros(0, np.uint64))


@dataclass(frozen=True)
class Prepared:
    """A table of facets; row i is person i. `more` maps a facet to the further values of some rows."""

    table: pl.DataFrame
    more: Mapping[str, More] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.table)

    def integers(self, facet: str) -> npt.NDArray[Any]:
        """An integer facet as an array, without a copy where the column is in one piece."""
        return self.table.get_column(facet).to_numpy()

    def take(self, rows: npt.NDArray[np.integer]) -> Side:
        """These rows, in this order and as often as they are named, as one side of pairs."""
        return Side(self, rows)


@dataclass(frozen=True)
class Side:
    """One side of pairs: row `rows[i]` of `people` is this side of pair i."""

    people: Prepared
    rows: npt.NDArray[np.integer]

    def __len__(self) -> int:
        return len(self.rows)

    def integers(self, facet: str) -> npt.NDArray[Any]:
        """The facet of each pair's person."""
        found: npt.NDArray[Any] = self.people.integers(facet)[self.rows]
        return found

    def texts(self, facet: str) -> pl.Series:
        """The text of each pair's person, null where there is none."""
        return self.people.table.get_column(facet).gather(self.rows)

    def where(self, chosen: npt.NDArray[np.integer] | Flags) -> Side:
        """The same side of some of the pairs."""
        return Side(self.people, self.rows[chosen])


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a linkage plan: which columns it is read from and how it is understood and compared.

    `kind` names how (normalising.fields, comparing.kinds). `fallback` is a facet that fills what the field leaves unknown.
    `likeness_beside`: likenesses count only beside this field's agreement. `muted_beside`: agreement adds nothing beside
    that field's, which contains it. `late`: compared only where the other fields leave the pair open. `frequency`: how
    common a value is changes what its agreement weighs. `veto` lists levels that forbid a pair, `veto_alone` those that
    do unless `likeness_beside` agrees, `veto_partly` those that do unless it agrees on the whole. `form` is the format of dates.
    """

    name: str
    kind: str
    column: str
    former: str | None = None
    fallback: str | None = None
    likeness_beside: str | None = None
    muted_beside: str | None = None
    late: bool = False
    frequency: bool = False
    veto: tuple[str, ...] = ()
    veto_alone: tuple[str, ...] = ()
    veto_partly: tuple[str, ...] = ()
    form: str | None = None
