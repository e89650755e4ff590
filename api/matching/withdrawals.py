"""Why a lead that an earlier scan raised does not stand in a later one: told only where the later scan could have seen it.

A scan that saw less than the one before it clears nobody: a feed that is missing, older, less complete, stale or has lost
rows, somebody who may not be looked up any more, a rule that did not run. And where no cause can be named, the lead
stays: that days have passed withdraws nothing.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from api.domain.review import WithdrawnBecause as W
from api.matching import policy
from api.matching.reference import OWN_TABLES
from matcher.errors import MatcherError
from matcher.plan import load as load_plan
from matcher.report import files
from matcher.rules import book, keeping
from matcher.rules.rule import OWN, Rule
from matcher.sources.checks import SET_ASIDE
from matcher.sources.contract import load as load_contract
from matcher.sources.retracting import CORRECTED, DELETED, SUPERSEDED, fingerprint

UNLINKED = frozenset(OWN) | OWN_TABLES
"""Tables of which no record is linked to anybody: rules read them whole."""

ANSWERED = frozenset({"VALUE", "NO_RECORD"})
AID = frozenset({"programme", "file_closed_on", "exit_reason"})
"""Columns of a household that tell of the aid that a lead was about."""

HOME = ("phone", "address", "division_code")
"""What a member is looked up by where the household says it."""

ROWS = "breaker.rows_drop_percent"
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Raised:
    """A lead as it was raised: its household and people by their references, and the pieces of its evidence."""

    key: int
    rule: str
    rule_version: str
    household: str
    people: tuple[str, ...]
    evidence: tuple[Row, ...]

    @property
    def whose(self) -> frozenset[str]:
        """Everybody whom it speaks of, or whose records it rests on."""
        named = {piece["record_id"] for piece in self.evidence if piece["source"] == "members"}
        return frozenset({*self.people, *named, *(piece["person_id"] for piece in self.evidence)} - {""})

    @property
    def homes(self) -> frozenset[str]:
        """Its household, and others beside which it was held."""
        return frozenset({self.household, *(p["record_id"] for p in self.evidence if p["source"] == "households")})


@dataclass(frozen=True)
class _Seen:
    """A scan's outputs, as far as they speak of the people of some leads; what is None is not kept any more."""

    summary: Row
    states: Mapping[tuple[str, str], str] | None = None
    retracted: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    households: Mapping[str, Row] | None = None
    members: Mapping[str, Row] | None = None
    records: Mapping[tuple[str, str], frozenset[tuple[str, str]]] | None = None
    tables: Mapping[str, pl.DataFrame] = field(default_factory=dict)

    @classmethod
    def of(cls, out: Path, leads: Sequence[Raised]) -> _Seen:
        summary = files.read_summary(out)
        homes = {home for lead in leads for home in lead.homes}
        kept = out / keeping.FOLDER
        members = pl.read_parquet(kept / "members.parquet")
        named = {person for lead in leads for person in lead.whose}
        members = members.filter(pl.col("household_id").is_in(homes) | pl.col("person_id").is_in(named))
        homes |= set(members.get_column("household_id"))
        people = named | set(members.get_column("person_id"))
        households = pl.read_parquet(kept / "households.parquet").filter(pl.col("household_id").is_in(homes))
        coverage = files.read_table(out, "coverage").filter(pl.col("person_id").is_in(people))
        past = files.read_table(out, "rejects").filter(
            pl.col("reason").is_in([f"{SET_ASIDE}:{why}" for why in (CORRECTED, DELETED, SUPERSEDED)])
        )
        records = defaultdict[tuple[str, str], set[tuple[str, str]]](set)
        for path in sorted((*kept.glob("linked/*.parquet"), *kept.glob("reviewed/*.parquet"))):
            matched = pl.read_parquet(path, columns=["person_id", "record_id", "content"])
            for person, record, content in matched.filter(pl.col("person_id").is_in(people)).iter_rows():
                records[person, path.stem].add((record, content))
        return cls(
            summary=summary,
            states={(person, source): state for person, source, state, _ in coverage.iter_rows()},
            retracted={
                mark.partition("@")[0]: (reason.partition(":")[2], mark.partition("@")[2])
                for reason, mark in past.select("reason", "raw_value").iter_rows()
            },
            households={row["household_id"]: row for row in households.iter_rows(named=True)},
            members={row["person_id"]: row for row in members.iter_rows(named=True)},
            records={key: frozenset(content) for key, content in records.items()},
            tables={path.stem: _sorted(pl.read_parquet(path)) for path in kept.glob("tables/*.parquet")},
        )


def withdrawn(now: Path, before: Path, summary: Row, leads: Sequence[Raised]) -> dict[int, W]:
    """Of the leads, which the scan in `before` raised last and the later one in `now` did not, those that do not stand, and why.

    `summary` is that of the earlier scan, whose folder may be gone: then less can be told.
    """
    if not leads:
        return {}
    later = _Seen.of(now, leads)
    try:
        earlier = _Seen.of(before, leads)
    except (MatcherError, OSError, pl.exceptions.PolarsError):
        earlier = _Seen(summary)
    day = dt.date.fromisoformat(later.summary["as_of"])
    lost = policy.whole(ROWS, day) / 100
    found = {}
    for lead in leads:
        because = _because(lead, earlier, later, lost)
        if because is not None:
            found[lead.key] = because
    return found


def _because(lead: Raised, earlier: _Seen, later: _Seen, lost: float) -> W | None:
    rule = next((rule for rule in book.BOOK if rule.id == lead.rule), None)
    if rule is None or later.summary["rules"].get(lead.rule, {}).get("state") != "RAN":
        return None
    read = {*rule.reads, *(piece["source"] for piece in lead.evidence)} - OWN_TABLES
    read &= earlier.summary["sources"].keys()
    if not all(_as_complete(source, earlier.summary, later.summary, lost) for source in read):
        return None
    gone = {each: _retracted(each, earlier, later) for each in map(_piece, lead.evidence)}
    if not all(_answered(lead, person, source, earlier, later, gone) for person in lead.whose for source in read):
        return None
    for why in (W.RECORD_DELETED, W.RECORD_CORRECTED):
        if why in gone.values():
            return why
    return (
        _of_the_household(lead, rule, earlier, later)
        or _of_the_records(lead, read, earlier, later)
        or _of_versions(lead, earlier, later)
    )


def _as_complete(source: str, before: Row, now: Row, lost: float) -> bool:
    """Whether a feed says at least as much as it did in the earlier scan; `lost`: which share of its rows may be gone."""
    was, told = before["sources"][source], now["sources"].get(source)
    if told is None or (was["complete"] and not told["complete"]):
        return False
    if told["accepted"] < was["accepted"] * (1 - lost):
        return False
    if was["as_of"] is not None and (told["as_of"] is None or told["as_of"] < was["as_of"]):
        return False
    limit = load_contract(source).max_age_days
    if told["as_of"] is None or limit is None:
        return True
    return (dt.date.fromisoformat(now["as_of"]) - dt.date.fromisoformat(told["as_of"])).days <= limit


def _answered(
    lead: Raised,
    person: str,
    source: str,
    earlier: _Seen,
    later: _Seen,
    gone: Mapping[tuple[str, str, str], W | None],
) -> bool:
    """Whether the source says of the person at least what it said; of somebody who is not there any more nobody asks."""
    assert later.states is not None
    state = later.states.get((person, source))
    if state is None or state in ANSWERED:
        return True
    theirs = [why for (of, _, whose), why in gone.items() if (of, whose) == (source, person)]
    if state == "NO_ANSWER" and theirs and all(theirs):  # its department took back all that it had said
        return True
    before = None if earlier.states is None else earlier.states.get((person, source))
    return not theirs and before == state


def _retracted(piece: tuple[str, str, str], earlier: _Seen, later: _Seen) -> W | None:
    """What its department has made of a record since the earlier scan, if it said so or the record reads otherwise."""
    source, record, person = piece
    if source in UNLINKED:
        return None
    kept = earlier.records is not None and later.records is not None
    was, now = ({content for name, content in (side.records or {}).get((person, source), ()) if name == record}
                for side in (earlier, later))  # fmt: skip
    if kept and was and was == now:
        return None
    mark = fingerprint(source, record.partition("~")[0])
    told = later.retracted.get(mark)
    if told is not None and told != earlier.retracted.get(mark):
        return W.RECORD_DELETED if told[0] == DELETED else W.RECORD_CORRECTED
    return W.RECORD_CORRECTED if kept and was and now else None


def _of_the_household(lead: Raised, rule: Rule, earlier: _Seen, later: _Seen) -> W | None:
    assert later.members is not None
    assert later.households is not None
    if any(person not in later.members for person in lead.whose):
        return W.PERSON_LEFT
    if earlier.members is None or earlier.households is None:
        return None
    changed = {
        column
        for home in lead.homes
        for column in _changed(earlier.households.get(home), later.households.get(home), rule, "households")
    }
    if changed & AID:
        return W.AID_ENDED
    was, now = _theirs(lead, earlier.members), _theirs(lead, later.members)
    if changed or ("members" in rule.reads and was.keys() != now.keys()):
        return W.HOUSEHOLD_CHANGED
    people = was.keys() & now.keys()
    if any(True for person in people for _ in _changed(was[person], now[person], rule, "members")):
        return W.HOUSEHOLD_CHANGED
    return None


def _theirs(lead: Raised, members: Mapping[str, Row]) -> dict[str, Row]:
    return {
        person: row for person, row in members.items() if row["household_id"] in lead.homes or person in lead.whose
    }


def _changed(was: Row | None, now: Row | None, rule: Rule, table: str) -> Iterator[str]:
    """The columns that the rule reads, or by which people are looked up, in which two rows differ."""
    if was is None or now is None:
        return
    columns = set(rule.columns(table)) if table in rule.reads else set()
    columns |= set(HOME) if table == "households" else {field.column for field in load_plan(None).fields}
    for column in sorted(columns & was.keys() & now.keys()):
        if was[column] != now[column]:
            yield column


def _of_the_records(lead: Raised, read: Collection[str], earlier: _Seen, later: _Seen) -> W | None:
    """A record that the lead rests on is there no more in a full extract, or others have come or gone that the rule reads."""
    assert later.records is not None
    assert later.states is not None
    if _matching(earlier.summary, later.summary):
        return None
    for source, record, person in map(_piece, lead.evidence):
        names = {name for name, _ in later.records.get((person, source), ())}
        if source not in UNLINKED and record not in names:
            whole = later.summary["sources"][source]["complete"]
            return W.RECORD_GONE if whole and later.states.get((person, source)) in ANSWERED else None
    if earlier.records is None:
        return None
    others = any(
        earlier.records.get((person, source), frozenset()) != later.records.get((person, source), frozenset())
        for person in lead.whose
        for source in read
    )
    tables = any(
        not earlier.tables[name].equals(later.tables[name])
        for name in earlier.tables.keys() & later.tables.keys() & set(read)
    )
    return W.OTHER_RECORDS if others or tables else None


def _of_versions(lead: Raised, earlier: _Seen, later: _Seen) -> W | None:
    was, now = earlier.summary["versions"], later.summary["versions"]
    if later.summary["rules"][lead.rule]["version"] != lead.rule_version:
        return W.RULE_CHANGED
    if was["policy"] != now["policy"]:
        return W.PARAMETERS_CHANGED
    return W.MATCHING_CHANGED if _matching(earlier.summary, later.summary) else None


def _matching(before: Row, now: Row) -> bool:
    return any(before["versions"][each] != now["versions"][each] for each in ("model", "plan", "program"))


def _sorted(table: pl.DataFrame) -> pl.DataFrame:
    rows = table.drop("row_number", strict=False)
    return rows.sort(rows.columns)


def _piece(piece: Row) -> tuple[str, str, str]:
    return piece["source"], piece["record_id"], piece["person_id"]
