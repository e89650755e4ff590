"""Leads to findings: one row each, with an id that stays and a hash of its evidence that changes with it."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from matcher.frames import FINDINGS
from matcher.rules.explaining import explain
from matcher.rules.rule import SEVERITIES, Evidence, Facts, Lead, Rule, Severity, State

CAPS: Mapping[str, Severity] = {"G4": "MEDIUM", "G5": "LOW"}
"""The most that a lead of this identity grade may be."""

STATUS = "LEAD"

MEMBERSHIP = ("household_id", "relation", "birth_date", "valid_from", "valid_to", "file_opened_on", "file_closed_on")
"""What a lead rests on where its evidence is a membership: a dismissal ends when one of these changes."""

Key = tuple[str, str, str]
"""Source, record and person: one piece of evidence."""


Traced = tuple[Rule, Lead, dict[str, Any]]
"""A rule, one of its leads, and the row of frames.FINDINGS that it became."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of one rule: RAN, or NOT_ASKED with the inputs that were missing; its leads, and the seconds it took."""

    rule: Rule
    state: State
    missing: tuple[str, ...]
    leads: int
    seconds: float


def run(facts: Facts, rules: Iterable[Rule]) -> pl.DataFrame:
    """The findings of `judge` alone."""
    return judge(facts, rules)[0]


def judge(facts: Facts, rules: Iterable[Rule]) -> tuple[pl.DataFrame, tuple[Ran, ...]]:
    """Every lead of every rule as frames.FINDINGS, sorted by rule, household and finding; and what became of each rule.

    A rule of which an input was not asked stays silent; a rule that reads a stale feed says INFO at most, and so
    do the grade and the probability of a link limit what a lead may be.
    """
    traced, done = _traced(facts, rules)
    frame = pl.DataFrame([row for _, _, row in traced], schema=FINDINGS, orient="row")
    return frame.sort("rule_id", "household_id", "finding_id"), done


def trace(facts: Facts, rule: Rule, finding_id: str) -> tuple[Lead, dict[str, Any]] | None:
    """The lead of one rule behind a finding, and its row; None where the rule finds none of this id."""
    traced, _ = _traced(facts, [rule])
    return next(((lead, row) for _, lead, row in traced if row["finding_id"] == finding_id), None)


def _traced(facts: Facts, rules: Iterable[Rule]) -> tuple[list[Traced], tuple[Ran, ...]]:
    facts = _in_order(facts)
    leads: list[tuple[Rule, Lead]] = []
    done = []
    for rule in rules:
        began = time.perf_counter()
        missing = facts.missing(rule)
        found = []
        if not missing and not facts.idle(rule):
            found = [lead for lead in rule.find(facts.narrowed(rule)) if lead.grade <= rule.minimum_grade]
        leads += [(rule, lead) for lead in found]
        seconds = time.perf_counter() - began
        done.append(Ran(rule, "NOT_ASKED" if missing else "RAN", missing, len(found), seconds))
    behind = _Behind(facts, [piece for _, lead in leads for piece in lead.evidence])
    return [(rule, lead, _row(rule, lead, facts, behind)) for rule, lead in leads], tuple(done)


def capped(severity: Severity, lead: Lead, rule: Rule, facts: Facts, probability: float = 1.0) -> Severity:
    """The severity after the rule, the grade, the link's probability and the age of the feeds have had their say."""
    limits = [severity, rule.severity, CAPS.get(lead.grade, "HIGH")]
    if lead.grade == "G3":
        probability = 1.0  # such a lead asks whether the two are one person: it does not rest on their being one
    if probability < facts.policy.value("link.probability_medium", facts.as_of):
        limits.append("LOW")
    elif probability < facts.policy.value("link.probability_high", facts.as_of):
        limits.append("MEDIUM")
    read = {*rule.inputs, *(piece.source for piece in lead.evidence)}
    if any(facts.feeds[source].stale for source in sorted(read) if source in facts.feeds):
        limits.append("INFO")
    return min(limits, key=SEVERITIES.index)


def _row(rule: Rule, lead: Lead, facts: Facts, behind: _Behind) -> dict[str, Any]:
    evidence = sorted(set(lead.evidence), key=_key)
    severity = capped(lead.severity, lead, rule, facts, behind.probability(evidence))
    persons = sorted(set(lead.person_ids))
    low, high = lead.amount
    return {
        "finding_id": _digest([rule.id, lead.household_id, persons, list(lead.natural_key)]),
        "evidence_hash": _digest([behind.content(piece) for piece in evidence]),
        "rule_id": rule.id,
        "rule_version": rule.version,
        "household_id": lead.household_id,
        "person_ids": persons,
        "severity": severity,
        "basis": lead.basis,
        "grade": lead.grade,
        "status": STATUS,
        "amount_low_yuan": low,
        "amount_high_yuan": high,
        "period_start": lead.period[0],
        "period_end": lead.period[1],
        "evidence": [
            {"source": piece.source, "record_id": piece.record_id, "person_id": piece.person_id} for piece in evidence
        ],
        "exceptions": [{"name": name, "result": result} for name, result in lead.exceptions],
        "explanation_zh": explain(rule, lead, severity, facts, "zh"),
        "explanation_en": explain(rule, lead, severity, facts, "en"),
    }


def _in_order(facts: Facts) -> Facts:
    """The same facts, each table sorted by its keys: what a rule yields must not depend on the order of rows."""

    def sorted_by_keys(frames: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
        return {
            name: frame.sort("person_id", "party", "record_id") if len(frame) > 1 else frame
            for name, frame in frames.items()
        }

    return replace(
        facts,
        households=facts.households.sort("household_id"),
        members=facts.members.sort("person_id"),
        linked=sorted_by_keys(facts.linked),
        reviewed=sorted_by_keys(facts.reviewed),
        same_person=facts.same_person.sort("person_id", "other_person_id"),
        tables={name: table.sort(table.columns) for name, table in sorted(facts.tables.items())},
        memo={},
    )


class _Behind:
    """What stands behind pieces of evidence: the content of their records, and how probable their links are."""

    def __init__(self, facts: Facts, pieces: Sequence[Evidence]) -> None:
        self._contents: dict[tuple[str, str], str] = {}
        self._probabilities: dict[Key, float] = {}
        wanted: dict[str, set[str]] = {}
        for piece in pieces:
            wanted.setdefault(piece.source, set()).add(piece.record_id)
        for source, ids in wanted.items():
            for linked in (facts.linked.get(source), facts.reviewed.get(source)):
                if linked is not None:
                    self._read(source, linked.filter(pl.col("record_id").is_in(sorted(ids))))
        persons = sorted(wanted.get("members", ()))
        files = facts.households.select("household_id", "file_opened_on", "file_closed_on")
        rows = facts.members.filter(pl.col("person_id").is_in(persons)).join(files, on="household_id", how="left")
        for row in rows.select("person_id", *MEMBERSHIP).iter_rows():
            self._contents["members", row[0]] = "|".join(map(str, row[1:]))

    def _read(self, source: str, records: pl.DataFrame) -> None:
        for record, person, content, probability in records.select(
            "record_id", "person_id", "content", "probability"
        ).iter_rows():
            self._contents.setdefault((source, record), content)
            self._probabilities[source, record, person] = max(
                probability, self._probabilities.get((source, record, person), 0.0)
            )

    def content(self, piece: Evidence) -> str:
        """A hash of the record's values; of a member's row, the dates and the relation that a rule reads."""
        return self._contents.get((piece.source, piece.record_id), piece.record_id)

    def probability(self, pieces: Iterable[Evidence]) -> float:
        """Of the weakest link among these; what is no link is certain."""
        return min((self._probabilities.get(_key(piece), 1.0) for piece in pieces), default=1.0)


def _key(piece: Evidence) -> Key:
    return piece.source, piece.record_id, piece.person_id


def _digest(parts: list[Any]) -> str:
    return hashlib.blake2b(json.dumps(parts, ensure_ascii=False).encode("utf-8"), digest_size=12).hexdigest()
