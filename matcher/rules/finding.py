"""Leads to findings: one row each, with an id that stays and a hash of its evidence that changes with it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from matcher.frames import FINDINGS
from matcher.rules.explaining import explain
from matcher.rules.rule import SEVERITIES, Facts, Lead, Rule, Severity

CAPS: Mapping[str, Severity] = {"G4": "MEDIUM", "G5": "LOW"}
"""The most that a lead of this identity grade may be."""

STATUS = "LEAD"

MEMBERSHIP = ("household_id", "relation", "birth_date", "valid_from", "valid_to", "file_opened_on", "file_closed_on")
"""What a lead rests on where its evidence is a membership: a dismissal ends when one of these changes."""


def run(facts: Facts, rules: Iterable[Rule]) -> pl.DataFrame:
    """Every lead of every rule as frames.FINDINGS, sorted by rule, household and finding.

    A rule of which a source was not asked stays silent; a rule that reads a stale feed says INFO at most.
    """
    facts = _in_order(facts)
    contents = _Contents(facts)
    rows: list[dict[str, Any]] = []
    for rule in rules:
        if any(source not in facts.linked for source in rule.inputs):
            continue
        rows += [_row(rule, lead, facts, contents) for lead in rule.find(facts) if lead.grade <= rule.minimum_grade]
    frame = pl.DataFrame(rows, schema=FINDINGS, orient="row")
    return frame.sort("rule_id", "household_id", "finding_id")


def capped(severity: Severity, lead: Lead, rule: Rule, facts: Facts) -> Severity:
    """The severity after the grade and the age of the feeds have had their say."""
    limits = [severity, CAPS.get(lead.grade, "HIGH")]
    if any(facts.feeds[source].stale for source in rule.inputs if source in facts.feeds):
        limits.append("INFO")
    return min(limits, key=SEVERITIES.index)


def _row(rule: Rule, lead: Lead, facts: Facts, contents: _Contents) -> dict[str, Any]:
    severity = capped(lead.severity, lead, rule, facts)
    persons = sorted(set(lead.person_ids))
    low, high = lead.amount
    evidence = sorted(set(lead.evidence), key=lambda piece: (piece.source, piece.record_id, piece.person_id))
    return {
        "finding_id": _digest([rule.id, lead.household_id, persons, list(lead.natural_key)]),
        "evidence_hash": _digest([contents.of(piece.source, piece.record_id) for piece in evidence]),
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
    return replace(
        facts,
        households=facts.households.sort("household_id"),
        members=facts.members.sort("person_id"),
        linked={name: frame.sort("person_id", "party", "record_id") for name, frame in facts.linked.items()},
        same_person=facts.same_person.sort("person_id", "other_person_id"),
    )


class _Contents:
    """The content of every record a lead can rest on, by source and record."""

    def __init__(self, facts: Facts) -> None:
        self._known = {
            source: dict(frame.select("record_id", "content").iter_rows()) for source, frame in facts.linked.items()
        }
        files = facts.households.select("household_id", "file_opened_on", "file_closed_on")
        rows = facts.members.join(files, on="household_id", how="left").select("person_id", *MEMBERSHIP)
        self._known["members"] = {row[0]: "|".join(map(str, row[1:])) for row in rows.iter_rows()}

    def of(self, source: str, record_id: str) -> str:
        """A hash of the record's values; of a member's row, the dates and the relation that a rule reads."""
        return str(self._known.get(source, {}).get(record_id, record_id))


def _digest(parts: list[Any]) -> str:
    return hashlib.blake2b(json.dumps(parts, ensure_ascii=False).encode("utf-8"), digest_size=12).hexdigest()
