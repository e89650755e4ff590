"""What a rule is: a legal artefact with a number, a version, a basis, its inputs, its exceptions and its words.

A rule looks at the facts of one scan and yields leads. It never decides anything: a lead says what was noticed, how
sure the link to the person is, which innocent explanations were tested, and what would clear it.
"""

from __future__ import annotations

import datetime as dt
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

import polars as pl

from matcher.policy import Policy

Severity = Literal["INFO", "LOW", "MEDIUM", "HIGH"]
Grade = Literal["G1", "G2", "G3", "G4", "G5"]
Result = Literal["NO", "YES", "UNKNOWN"]
Basis = Literal["UNDECLARED", "OVER_LIMIT"]

SEVERITIES: tuple[Severity, ...] = ("INFO", "LOW", "MEDIUM", "HIGH")


@dataclass(frozen=True, slots=True)
class FeedFacts:
    """What is known of a feed as a whole: when it was cut, whether it is a full extract, whether it is too old."""

    source: str
    as_of: dt.date | None
    complete: bool
    stale: bool


@dataclass(frozen=True)
class Facts:
    """All that the rules may see: the applicants, and the department records linked to them.

    `households`, `members`: the contract's columns, typed, all null where the table has none. `linked[source]`: one row a (person_id, party, record_id)
    whose link is decided LINK, with columns person_id, household_id, record_id, party, grade, probability, copies,
    content (a hash) and the contract's columns of that source (null where the department sent none). A source without links is an empty
    frame; a source that was not asked is absent. `same_person`: pairs (person_id, other_person_id, grade) of members
    rows that are one human being. `coverage`: frames.COVERAGE. `reviewed[source]`: like `linked`, the pairs that a person
    has still to look at; they may withhold a lead, never raise one (docs/decisions/0013).
    """

    as_of: dt.date
    policy: Policy
    households: pl.DataFrame
    members: pl.DataFrame
    linked: Mapping[str, pl.DataFrame]
    same_person: pl.DataFrame
    coverage: pl.DataFrame
    feeds: Mapping[str, FeedFacts]
    reviewed: Mapping[str, pl.DataFrame] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One record behind a lead."""

    source: str
    record_id: str
    person_id: str


@dataclass(frozen=True)
class Lead:
    """One thing a rule noticed about one household.

    `natural_key` tells this lead from others of the same rule and people (a plate, a certificate, a programme).
    `amount` is [low, high] yuan at risk, never above what was paid. `facts` fill the rule's wording; the values are
    ready to print and already masked.
    """

    household_id: str
    person_ids: tuple[str, ...]
    natural_key: tuple[str, ...]
    severity: Severity
    grade: Grade
    evidence: tuple[Evidence, ...]
    exceptions: tuple[tuple[str, Result], ...]
    facts: Mapping[str, str]
    amount: tuple[Decimal, Decimal] = (Decimal(0), Decimal(0))
    period: tuple[dt.date | None, dt.date | None] = (None, None)
    basis: Basis | None = None


@dataclass(frozen=True)
class Rule:
    """A rule in force. `doc` is what the clerk reads; `zh` and `en` are filled from a lead's facts.

    `inputs` are the sources it reads beside households and members: where one of them was not asked, the rule stays
    silent and the coverage says so. `exceptions` maps each exception's name to its words (zh, en).
    """

    id: str
    version: str
    title_zh: str
    title_en: str
    basis: str
    valid_from: dt.date
    inputs: tuple[str, ...]
    minimum_grade: Grade
    find: Callable[[Facts], Iterator[Lead]]
    zh: str
    en: str
    clears_zh: str
    clears_en: str
    exceptions: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    parameters: tuple[str, ...] = ()
    valid_to: dt.date | None = None

    @property
    def doc(self) -> tuple[str, str]:
        """The public explanation (zh, en): the docstring of the function that finds, first Chinese, then English."""
        chinese, _, english = inspect.cleandoc(self.find.__doc__ or "").partition("\n\n")
        return chinese.replace("\n", ""), english.replace("\n", " ")
