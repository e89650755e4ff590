"""What consents of other registers say, in the matcher's own reading: which departments' data a cell names, and what for."""

from __future__ import annotations

from functools import cache

from api.domain.consent import ALL, ConsentPurpose
from api.matching.reference import OWN_TABLES
from matcher.authorisations import ALL_SOURCES, ECONOMIC_CHECK, SEPARATORS
from matcher.rules.rule import OWN
from matcher.sources.contract import all_contracts, fold

_PURPOSES = frozenset(each.value for each in ConsentPurpose)


@cache
def _names() -> dict[str, frozenset[str]]:
    return {each.id: each.names() for each in all_contracts() if each.id not in OWN_TABLES}


@cache
def sources() -> frozenset[str]:
    """Every kind of department data that may be consented to."""
    return frozenset(_names())


@cache
def about_people() -> frozenset[str]:
    """Those of them that tell of applicants: not who decided, what was handed in, or what was answered by list."""
    return sources() - frozenset(OWN) - {"answers"}


def sources_in(cell: str | None) -> frozenset[str] | None:
    """The kinds of department data that one cell names, or ALL; empty where it names none that we know, None without a cell.

    >>> sources_in("全部部门"), sources_in("别的"), sources_in(None)
    (frozenset({'ALL'}), frozenset(), None)
    """
    if cell is None:
        return None
    words = {fold(name) for name in SEPARATORS.split(cell) if name}
    if words & ALL_SOURCES:
        return frozenset({ALL})
    return frozenset(source for source, names in _names().items() if words & names)


def purpose_of(written: str | None) -> ConsentPurpose | None:
    """What it was given for: one of ours, a check where nothing or words of checking or aid are written; else None."""
    said = (written or "").strip()
    if said in _PURPOSES:
        return ConsentPurpose(said)
    return ConsentPurpose.ECONOMIC_CHECK if not said or ECONOMIC_CHECK.search(said) else None
