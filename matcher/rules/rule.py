"""What a rule is: a legal artefact with a number, a version, a basis, its inputs, its exceptions, its examples and its words.

A rule looks at the facts of one scan and yields leads. It never decides anything: a lead says what was noticed, how
sure the link to the person is, which innocent explanations were tested, and what would clear it. It sees of a source
the columns it has declared and no others, so that the public rule book tells the truth about what is read.
"""

from __future__ import annotations

import datetime as dt
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal, TypeVar

import polars as pl

from matcher.policy import Policy

Severity = Literal["INFO", "LOW", "MEDIUM", "HIGH"]
Grade = Literal["G1", "G2", "G3", "G4", "G5"]
Result = Literal["NO", "YES", "UNKNOWN"]
Basis = Literal["UNDECLARED", "OVER_LIMIT"]

State = Literal["RAN", "NOT_ASKED"]
Words = tuple[str, str]
"""The same in Chinese and in English."""

SEVERITIES: tuple[Severity, ...] = ("INFO", "LOW", "MEDIUM", "HIGH")

FORBIDDEN = (
    "ethnic", "nationality", "political", "religio", "faith", "diagnos", "disease", "complaint", "petition",
    "民族", "政治面貌", "宗教", "信仰", "诊断", "病情", "病种", "疾病", "信访", "投诉",
)  # fmt: skip
"""Words that no column a rule reads may hold (safeguard F-24)."""

LINK = ("person_id", "household_id", "party", "record_id", "grade", "probability", "copies", "content")
"""What every rule sees of a linked record, whatever its source."""

OWN = ("households", "members", "documents", "handlers")
"""Tables that are no department's feed about the applicants: rules read them whole."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FeedFacts:
    """What is known of a feed as a whole: when it was cut, whether it is a full extract, whether it is too old, its batches."""

    source: str
    as_of: dt.date | None
    complete: bool
    stale: bool
    batch: str = ""


@dataclass(frozen=True)
class Facts:
    """All that the rules may see: the applicants, and the department records linked to them.

    `households`, `members`: the contract's columns, typed, all null where the table has none. `linked[source]`: one row a (person_id, party, record_id)
    whose link is decided LINK, with columns person_id, household_id, record_id, party, grade, probability, copies,
    content (a hash) and the contract's columns of that source (null where the department sent none). A source without links is an empty
    frame; a source that was not asked is absent. `same_person`: pairs (person_id, other_person_id, grade) of members
    rows that are one human being. `coverage`: frames.COVERAGE. `reviewed[source]`: like `linked`, the pairs that a person
    has still to look at; they may withhold a lead, never raise one (docs/decisions/0013); P02 alone reads their grade G3.
    `tables`: OWN tables beside households and members, whole, absent where the folder has none. `told`: columns (`source.column`)
    that are known to hold something although these rows may not, where the facts are of one household only. `memo`: what several
    rules share, computed once (`once`).
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
    tables: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    told: frozenset[str] = frozenset()
    memo: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def once(self, name: str, make: Callable[[Facts], T]) -> T:
        """What `make` finds in the facts as no rule has narrowed them, computed for the first who asks."""
        if name not in self.memo:
            self.memo[name] = make(self.memo.get("whole", self))
        found: T = self.memo[name]
        return found

    def narrowed(self, rule: Rule) -> Facts:
        """The same facts with the declared columns of the rule's sources alone."""
        self.memo.setdefault("whole", self)

        def only(frames: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
            return {source: frame[rule.seen[source]] for source, frame in frames.items() if source in rule.seen}

        tables = {name: table for name, table in self.tables.items() if name in rule.reads}
        return replace(self, linked=only(self.linked), reviewed=only(self.reviewed), tables=tables)

    def missing(self, rule: Rule) -> tuple[str, ...]:
        """The needed inputs that were not asked: `source`, or `source.column` where a needed column holds nothing at all."""
        found = []
        for source in rule.inputs:
            frame = self.table(source)
            if frame is None:
                found.append(source)
            elif len(frame):
                found += [
                    f"{source}.{name}"
                    for name in rule.needed(source)
                    if f"{source}.{name}" not in self.told and frame.get_column(name).is_null().all()
                ]
        found += ["|".join(names) for names in rule.one_of if all(self.table(name) is None for name in names)]
        return tuple(found)

    def idle(self, rule: Rule) -> bool:
        """Whether nobody is linked to a record of what the rule rests on, so that it finds nothing."""
        return bool(rule.rests_on) and all(
            self.linked[source].is_empty() for source in rule.rests_on if source in self.linked
        )

    def table(self, name: str) -> pl.DataFrame | None:
        """A source's linked records, or one of our own tables; None where it was not asked."""
        own = {"households": self.households, "members": self.members, **self.tables}
        return own.get(name) if name in OWN else self.linked.get(name)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One record behind a lead."""

    source: str
    record_id: str
    person_id: str


@dataclass(frozen=True, slots=True)
class Compared:
    """Two values held beside one another, ready to print and masked: what the household or file says, what a record says.

    `beside`: the source that says the first, where it is not the household or its file.
    """

    what: Words
    ours: Words
    found: Words
    source: str
    record_id: str = ""
    beside: str = ""


@dataclass(frozen=True)
class Lead:
    """One thing a rule noticed about one household.

    `natural_key` tells this lead from others of the same rule and people (a plate, a certificate, a programme).
    `amount` is [low, high] yuan at risk, never above what was paid. `facts` fill the rule's wording; the values are
    ready to print and already masked. `compared` are the values held beside one another, `steps` the arithmetic, a line each.
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
    compared: tuple[Compared, ...] = ()
    steps: tuple[Words, ...] = ()


@dataclass(frozen=True)
class Example:
    """A worked example: a small situation in both languages, its tables, and the lead that it is, or None for no lead.

    `given`: table → rows, a column that is not told is null; a month may be written 2024-05. `complete`: sources whose
    extract is complete. `reviewed`: source → rows still under review. `leads`: how many there are, all alike, where a rule
    raises one for each household of a network. Examples are told of invented people, and run as tests.
    """

    zh: str
    en: str
    given: Mapping[str, tuple[Mapping[str, Any], ...]]
    severity: Severity | None
    amount: tuple[str, str] | None = None
    basis: Basis | None = None
    complete: tuple[str, ...] = ()
    same_person: tuple[tuple[str, str], ...] = ()
    reviewed: Mapping[str, tuple[Mapping[str, Any], ...]] = field(default_factory=dict)
    leads: int = 1


@dataclass(frozen=True)
class Rule:
    """A rule in force. `doc` is what the clerk reads; `zh` and `en` are filled from a lead's facts.

    `inputs`: table → the columns it reads, separated by spaces; where the table was not asked, or a column marked with `*`
    holds nothing at all, the rule stays silent and says so (NOT_ASKED). `optional`: likewise, but their absence only leaves
    an exception UNKNOWN. `one_of`: of each of these groups of optional tables one must have been asked. `rests_on`: where nobody is linked to
    a record of any of these sources, it finds nothing and is not asked to look; empty where it may find something all the same. `severity` is the
    most that a lead may be. `exceptions` maps each exception's name to its words. `correction`: for duplicates, the cheapest
    lawful correction. `published`: the day since which the rule is public; a rule without it does not run. `only_in_a_scan`: it
    holds files, people of several households, or all that a feed tells of everybody, beside one another.
    """

    id: str
    version: str
    title_zh: str
    title_en: str
    basis: str
    valid_from: dt.date
    published: dt.date | None
    severity: Severity
    inputs: Mapping[str, str]
    minimum_grade: Grade
    find: Callable[[Facts], Iterator[Lead]]
    zh: str
    en: str
    clears_zh: str
    clears_en: str
    examples: tuple[Example, ...]
    optional: Mapping[str, str] = field(default_factory=dict)
    one_of: tuple[tuple[str, ...], ...] = ()
    rests_on: tuple[str, ...] = ()
    exceptions: Mapping[str, Words] = field(default_factory=dict)
    parameters: tuple[str, ...] = ()
    correction: Words | None = None
    only_in_a_scan: bool = False
    valid_to: dt.date | None = None

    def columns(self, source: str) -> tuple[str, ...]:
        """The columns it reads of a table."""
        return tuple(dict.fromkeys(word.rstrip("*") for word in self.reads[source].split()))

    def needed(self, source: str) -> tuple[str, ...]:
        """The columns of a table without which it stays silent."""
        return tuple(word.rstrip("*") for word in self.inputs.get(source, "").split() if word.endswith("*"))

    @cached_property
    def reads(self) -> Mapping[str, str]:
        """All it reads: what it needs and what it may use."""
        names = dict.fromkeys((*self.inputs, *self.optional))
        return {name: f"{self.inputs.get(name, '')} {self.optional.get(name, '')}" for name in names}

    @cached_property
    def seen(self) -> Mapping[str, list[str]]:
        """All it sees of a linked record, by source."""
        return {source: [*dict.fromkeys((*LINK, *self.columns(source)))] for source in self.reads}

    @property
    def doc(self) -> Words:
        """The public explanation (zh, en): the docstring of the function that finds, first Chinese, then English."""
        chinese, _, english = inspect.cleandoc(self.find.__doc__ or "").partition("\n\n")
        return chinese.replace("\n", ""), english.replace("\n", " ")
