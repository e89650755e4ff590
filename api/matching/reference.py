"""Programmes, departments and rules, as the matcher publishes them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from matcher.identity.programmes import PROGRAMMES
from matcher.rules.book import BOOK
from matcher.sources.contract import all_contracts

OWN_TABLES = frozenset({"households", "members", "authorisations"})
"""Tables of a folder that become ours; every other source is a department's feed."""


@dataclass(frozen=True, slots=True)
class ProgrammeFacts:
    """A programme of aid: its code, names, and the unit it is granted to."""

    code: str
    name_zh: str
    name_en: str
    unit: str


@dataclass(frozen=True, slots=True)
class DepartmentFacts:
    """A kind of department data and who holds it."""

    code: str
    title_zh: str
    title_en: str
    agency_zh: str


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """A published rule: what it asks, on what legal basis, and of which kinds of department data."""

    id: str
    version: str
    title_zh: str
    title_en: str
    description_zh: str
    description_en: str
    basis: str
    sources: frozenset[str]


@cache
def programmes() -> tuple[ProgrammeFacts, ...]:
    """All programmes, in the order of the policy's list."""
    return tuple(ProgrammeFacts(each.code, each.name_zh, each.name_en, each.unit) for each in PROGRAMMES)


@cache
def departments() -> tuple[DepartmentFacts, ...]:
    """All kinds of department data that a contract describes."""
    return tuple(
        DepartmentFacts(each.id, each.title_zh, each.title_en, each.agency_zh)
        for each in all_contracts()
        if each.id not in OWN_TABLES
    )


@cache
def rules() -> dict[str, RuleFacts]:
    """The rule book by rule id."""
    return {
        each.id: RuleFacts(
            each.id,
            each.version,
            each.title_zh,
            each.title_en,
            *each.doc,
            each.basis,
            frozenset(each.reads) - OWN_TABLES,
        )
        for each in BOOK
    }
