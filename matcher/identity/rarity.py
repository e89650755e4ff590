"""How often a name, a birth date and a sex meet by accident, estimated from the register that is loaded.

No table of a country's names is needed, nor may one be shipped: the register's own surnames and given names say how
common each is there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from matcher.identity import names

DAYS_OF_BIRTH = 365.25 * 60
"""The living are spread over some sixty years of birth, unevenly; fewer days make namesakes likelier, never rarer."""

SEXES = 2


@dataclass(frozen=True)
class NameShares:
    """How many of the `count` people of a register bear each surname and each given name (folded)."""

    surnames: Counter[str]
    given: Counter[str]
    count: int

    @classmethod
    def of(cls, folded: Iterable[str]) -> NameShares:
        """The shares among these names, each folded by `names.simplify`."""
        surnames: Counter[str] = Counter()
        given: Counter[str] = Counter()
        count = 0
        for name in folded:
            family = names.surname(name)
            surnames[family] += 1
            given[name[len(family) :]] += 1
            count += 1
        return cls(surnames, given, count)

    def namesakes_born_alike(self, name: str) -> float:
        """How many others of the register are to be expected with this name, born on the same day and of the same sex.

        A name that the register does not hold counts as borne once, so that nothing is ever impossible.
        """
        if not self.count:
            return 0.0
        family = names.surname(name)
        share = max(self.surnames[family], 1) * max(self.given[name[len(family) :]], 1) / self.count**2
        return self.count * share / (DAYS_OF_BIRTH * SEXES)
