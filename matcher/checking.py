"""Households checked now: the links and leads of a scan, from an index, by the rules that judge one household alone.

Under one plan, model, policy and index its people get the links, the coverage and the leads that a scan gives them. Rules
that hold households beside one another have nothing to say here (`Rule.only_in_a_scan`). Who may be looked up where is the caller's
to know; nothing of a household is kept. What a check costs is some five hundred small steps over tables,
taken where polars takes them (`threads`), so that eight households in one pass cost twice as much as one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from matcher import applicants, coverage, evidence, kernel, linking
from matcher.applicants import Applicants
from matcher.blocking import BlockKeys
from matcher.frames import FLOODED
from matcher.gathering import asked_of, facts_of, same_person
from matcher.index import Index, Source
from matcher.policy import Policy
from matcher.prepared import Prepared
from matcher.rules import book, finding
from matcher.rules.finding import Ran
from matcher.rules.rule import OWN, Facts, FeedFacts, Rule
from matcher.scoring.model import Model
from matcher.scoring.weighing import Scale
from matcher.sources.contract import load
from matcher.sources.delivery import Feed
from matcher.threads import on_a_thread_of_polars

Pairs = npt.NDArray[np.uint64]
_SHIFT, _RECORD = np.uint64(32), np.uint64(0xFFFFFFFF)


@dataclass(frozen=True)
class Household:
    """What is asked about: one row of `households`, its `members`, and who of them may be looked up in which source.

    Both as the contracts have them. `answers`: what departments answered about them; `tables`: OWN tables, its rows alone.
    """

    households: pl.DataFrame
    members: pl.DataFrame
    allowed: Mapping[str, Collection[str]]
    answers: pl.DataFrame | None = None
    tables: Mapping[str, pl.DataFrame] = field(default_factory=dict)


@dataclass(frozen=True)
class Checked:
    """`links` (frames.links), `findings`, `coverage` and `flooded` as a scan has them; `ran` tells of each rule of the pass."""

    links: pl.DataFrame
    findings: pl.DataFrame
    coverage: pl.DataFrame
    flooded: pl.DataFrame
    ran: tuple[Ran, ...]


@dataclass(frozen=True)
class _Found:
    """Pairs of applicants and rows of one party of a source, and the blocks that proposed them as bits."""

    source: Source
    party: str
    rows: Pairs
    pairs: Pairs
    bits: npt.NDArray[np.uint32]


@dataclass(frozen=True)
class Desk:
    """An index, a model and a policy, opened once and asked often, by several threads at a time."""

    index: Index
    model: Model
    policy: Policy
    as_of: dt.date

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """The rules in force on the day that can judge one household."""
        return tuple(rule for rule in book.chosen((), self.as_of) if not rule.only_in_a_scan)

    @cached_property
    def only_in_a_scan(self) -> tuple[Rule, ...]:
        """The rules in force on the day that only a scan can ask."""
        return tuple(rule for rule in book.chosen((), self.as_of) if rule.only_in_a_scan)

    def check(self, home: Household) -> Checked:
        """Every link and every lead of the household. Raises InputRefused for a row that cannot be read."""
        return self.check_all([home])[0]

    def check_all(self, homes: Sequence[Household]) -> list[Checked]:
        """Each household as `check` has it, all in one pass; they are of one register: nobody twice, all with the same tables."""
        if not homes:
            return []
        return on_a_thread_of_polars(lambda: self._checked(homes))

    def _checked(self, homes: Sequence[Household]) -> list[Checked]:
        whole = self._pass(homes[0] if len(homes) == 1 else _together(homes))
        return [whole] if len(homes) == 1 else [_of(home, whole) for home in homes]

    def _pass(self, home: Household) -> Checked:
        plan = self.index.plan
        people = home.members.sort("person_id")
        rows = applicants.at_home(people, home.households).sort("person_id")
        everyone = applicants.keyed(
            rows.get_column("person_id"), plan.prepare(rows), plan, self.model, scale=self._scale
        )
        flooded: list[tuple[str, str, str, int]] = []
        found = self._weighed(everyone, list(self._proposed(everyone, home.allowed, flooded)))
        every = linking.merge([], plan)
        if found:
            pairs = pl.concat(evidence.rename(*each) for each in found.values())
            every = linking.links(pairs, plan, self.model)
        linked, reviewed = (self._beside(every, decision, found, people) for decision in ("LINK", "REVIEW"))
        flood = pl.DataFrame(flooded, schema=FLOODED, orient="row")
        allowed = {
            name: pl.Series(sorted(home.allowed.get(name, ())), dtype=pl.String) for name in self.index.sources
        }
        covered = coverage.cover(everyone.ids, asked_of(self._feeds, allowed), every, home.answers, flood)
        facts = Facts(
            as_of=self.as_of,
            policy=self.policy,
            households=home.households,
            members=people,
            linked=linked,
            same_person=same_person(everyone, self.model),
            coverage=covered,
            feeds=self._facts,
            reviewed=reviewed,
            tables=home.tables,
            told=self._told,
        )
        findings, ran = finding.judge(facts, self.rules)
        return Checked(every, findings, covered, flood, ran)

    def open(self) -> None:
        """Reads what every check needs, so that the first does not wait for it."""
        for source in self.index.sources.values():
            for party in source.parties:
                source.facets(party)
                source.bearing(party, 0, np.zeros(1, np.uint64))
        self._nothing, self._told, self._facts, self._scale, self.rules  # noqa: B018 - cached

    @cached_property
    def _scale(self) -> Scale:
        return applicants.scale_of(self.index.plan, self.model)

    @cached_property
    def _feeds(self) -> Mapping[str, Feed]:
        return {name: source.feed for name, source in sorted(self.index.sources.items())}

    @cached_property
    def _facts(self) -> Mapping[str, FeedFacts]:
        return {name: facts_of(source.feed, self.as_of) for name, source in self.index.sources.items()}

    @cached_property
    def _told(self) -> frozenset[str]:
        """The columns of which some row of a source holds something, and all of our own tables."""
        held = {
            name: [column.name for column in source.rows if column.null_count() < len(column)]
            for name, source in self.index.sources.items()
        } | {name: list(load(name).schema()) for name in OWN}
        return frozenset(f"{name}.{column}" for name, columns in held.items() for column in columns)

    @cached_property
    def _nothing(self) -> Mapping[str, pl.DataFrame]:
        """What the rules see of each source where nobody is linked."""
        links, members = (
            linking.merge([], self.index.plan),
            pl.DataFrame(schema={"person_id": pl.String, "household_id": pl.String}),
        )
        found = {}
        for name, source in self.index.sources.items():
            records = evidence.gather([evidence.name_records(source.rows.clear(), source.feed.contract)])
            found[name] = evidence.beside(links, "LINK", records, members)
        return found

    def _proposed(
        self, everyone: Applicants, allowed: Mapping[str, Collection[str]], flooded: list[tuple[str, str, str, int]]
    ) -> Iterator[_Found]:
        """By source and party the pairs that some block proposes; as in a scan, a block's records of all parties count together."""
        plan, ids = self.index.plan, everyone.ids.to_list()
        keys = [[_keys_of(held, row) for held in everyone.keys] for row in range(len(ids))]
        for name, source in self.index.sources.items():
            found: dict[str, tuple[list[Pairs], list[npt.NDArray[np.uint32]]]]
            found = {party: ([], []) for party in source.parties}
            for row, person in enumerate(ids):
                if person not in allowed.get(name, ()):
                    continue
                for place, block in enumerate(plan.blocks):
                    if not len(keys[row][place]):
                        continue
                    borne = {party: source.bearing(party, place, keys[row][place]) for party in source.parties}
                    size = sum(records for _, records in borne.values())
                    if size > block.cap:
                        flooded.append((person, name, block.name, size))
                        continue
                    for party, (rows, records) in borne.items():
                        if records:
                            found[party][0].append(np.uint64(row) << _SHIFT | rows.astype(np.uint64))
                            found[party][1].append(np.full(records, 1 << place, dtype=np.uint32))
            for party, (some, blocks) in found.items():
                if some:
                    pairs, bits = kernel.distinct(np.concatenate(some), np.concatenate(blocks))
                    yield _Found(source, party, np.unique(pairs & _RECORD), pairs, bits)

    def _weighed(self, everyone: Applicants, proposed: list[_Found]) -> dict[str, tuple[pl.DataFrame, pl.DataFrame]]:
        """By source the pairs at or above the review threshold, and the records that they rest on, as a scan gathers them."""
        if not proposed:
            return {}
        tables, pairs, starts, start = [], [], [], 0
        for each in proposed:
            tables.append(each.source.facets(each.party)[pl.Series(each.rows)])
            at = np.searchsorted(each.rows, each.pairs & _RECORD).astype(np.uint64) + np.uint64(start)
            pairs.append(each.pairs >> _SHIFT << _SHIFT | at)
            starts.append(start)
            start += len(each.rows)
        every, bits = kernel.distinct(np.concatenate(pairs), np.concatenate([each.bits for each in proposed]))
        weighed = kernel.weigh(everyone, Prepared(pl.concat(tables, rechunk=True)), every, bits).pairs
        record = weighed.get_column("record").to_numpy()
        found: dict[str, list[tuple[_Found, pl.DataFrame]]] = {}
        for each, first in zip(proposed, starts, strict=True):
            inside = (record >= first) & (record < first + len(each.rows))
            if inside.any():
                rows = pl.Series("record", each.rows[record[inside] - first].astype(np.uint32))
                some = weighed.filter(pl.Series(inside)).with_columns(rows, party=pl.lit(each.party))
                found.setdefault(each.source.name, []).append((each, some))
        return {name: self._named(everyone, parts) for name, parts in found.items()}

    def _beside(
        self,
        links: pl.DataFrame,
        decision: str,
        found: Mapping[str, tuple[pl.DataFrame, pl.DataFrame]],
        people: pl.DataFrame,
    ) -> dict[str, pl.DataFrame]:
        """What the rules see of each source, by links that are so decided."""
        decided = links.filter(pl.col("decision") == decision).partition_by("source", as_dict=True)
        return dict(self._nothing) | {
            name: evidence.beside(its, decision, found[name][1], people) for (name,), its in decided.items()
        }

    def _named(
        self, everyone: Applicants, parts: list[tuple[_Found, pl.DataFrame]]
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The pairs of one source with the names of their records, and these."""
        source, pairs = parts[0][0].source, pl.concat(some for _, some in parts)
        matched = pairs.get_column("record").unique().sort()
        records = evidence.name_records(source.rows[matched], source.feed.contract)
        named = linking.named(pairs, matched, records, everyone, source.name)
        person = everyone.ids.gather(named.get_column("applicant")).alias("person_id")
        return named.with_columns(person), evidence.gather([records])


def _together(homes: Sequence[Household]) -> Household:
    """Several households as one table of each kind."""
    allowed: dict[str, set[str]] = {}
    for home in homes:
        for source, people in home.allowed.items():
            allowed.setdefault(source, set()).update(people)
    answers = [home.answers for home in homes if home.answers is not None]
    return Household(
        pl.concat(home.households for home in homes),
        pl.concat(home.members for home in homes),
        allowed,
        pl.concat(answers) if answers else None,
        {name: pl.concat(home.tables[name] for home in homes) for name in homes[0].tables},
    )


def _of(home: Household, whole: Checked) -> Checked:
    """Of what was found of many, what is this household's."""
    theirs = pl.col("person_id").is_in(home.members.get_column("person_id").implode())
    ours = pl.col("household_id").is_in(home.households.get_column("household_id").implode())
    return Checked(
        whole.links.filter(theirs),
        whole.findings.filter(ours),
        whole.coverage.filter(theirs),
        whole.flooded.filter(theirs),
        whole.ran,
    )


def _keys_of(held: BlockKeys, row: int) -> npt.NDArray[np.uint64]:
    dense, more = held.dense[row], held.more.keys[held.more.rows == row]
    return np.unique(np.concatenate([more, [dense] if dense else np.zeros(0, np.uint64)]).astype(np.uint64))
