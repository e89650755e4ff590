"""summary.json: counts, amounts, coverage, speed and versions of a scan; never a person's data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import polars as pl

from matcher import breakers
from matcher.breakers import Numbers, Tripped
from matcher.kernel import added
from matcher.quality import scanned
from matcher.rules.finding import Ran
from matcher.sources.batches import Standing

UNKNOWN_DIVISION = "unknown"
COUNTY_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Intake:
    """What became of one table's rows: rows in = accepted + set aside; `nulled` values by column; `standing` of its batches;
    of a feed the ID `numbers`.
    """

    rows_in: int
    accepted: int
    nulled: Mapping[str, int]
    as_of: dt.date | None
    complete: bool
    standing: Standing = field(default_factory=Standing)
    numbers: Numbers | None = None


@dataclass(frozen=True, slots=True)
class PairCounts:
    """Of one source: the candidates that blocks proposed, how many there could be at most (Applicants.bound), the pairs at or
    above the review threshold, and those kept apart as two people (kernel.Weighed). Raises AssertionError where the bound does
    not hold.
    """

    candidates: int
    bound: int
    kept: int
    apart: Mapping[str, int]

    def __post_init__(self) -> None:
        if not self.kept <= self.candidates <= self.bound:
            raise AssertionError(f"{self.kept} pairs kept of {self.candidates} candidates, of at most {self.bound}")


@dataclass(frozen=True)
class Circumstances:
    """How the scan was run: everything that is not in the tables."""

    as_of: dt.date
    households: pl.DataFrame
    persons: int
    intake: Mapping[str, Intake]
    ignored_files: tuple[str, ...]
    timings: Mapping[str, float]
    peak_memory_bytes: int
    versions: Mapping[str, str]
    input_hashes: Mapping[str, str]
    authorised_by: str | None
    flooded: pl.DataFrame
    pairs: Mapping[str, PairCounts]
    ran: Sequence[Ran] = ()
    tripped: Sequence[Tripped] = ()
    override_breaker: str | None = None
    earlier: Sequence[Mapping[str, Any]] = ()


def summarise(
    findings: pl.DataFrame, links: pl.DataFrame, coverage: pl.DataFrame, rejects: pl.DataFrame, run: Circumstances
) -> dict[str, Any]:
    """The content of summary.json, keys in a fixed order, money as text in yuan."""
    divisions = run.households.select(
        "household_id", division=pl.col("division_code").str.slice(0, COUNTY_DIGITS).fill_null(UNKNOWN_DIVISION)
    )
    seconds = sum(run.timings.values())
    rows_in = sum(intake.rows_in for intake in run.intake.values())
    sources = {
        name: {
            "rows_in": intake.rows_in,
            "accepted": intake.accepted,
            "set_aside": intake.rows_in - intake.accepted,
            "nulled": dict(sorted(intake.nulled.items())),
            "as_of": intake.as_of.isoformat() if intake.as_of else None,
            "complete": intake.complete,
            **({"numbers": asdict(intake.numbers)} if intake.numbers else {}),
            **({"batches": told} if (told := intake.standing.described()) else {}),
        }
        for name, intake in sorted(run.intake.items())
    }
    return {
        "as_of": run.as_of.isoformat(),
        "authorised_by": run.authorised_by,
        "households": len(run.households),
        "persons": run.persons,
        "findings": {
            "total": len(findings),
            "households": findings.get_column("household_id").n_unique(),
            "by_rule": _findings_by(findings, "rule_id"),
            "by_severity": _counts(findings, "severity"),
            "by_grade": _counts(findings, "grade"),
            "by_basis": _counts(findings.drop_nulls("basis"), "basis"),
            "by_division": _findings_by(findings.join(divisions, on="household_id", how="left"), "division"),
            "by_source": _findings_by(_with_sources(findings), "source"),
        },
        "rules": {each.rule.id: _ran(each) for each in run.ran},
        "grave": breakers.grave(findings),
        "breakers": [asdict(each) for each in run.tripped],
        "override_breaker": run.override_breaker,
        "links": {
            "total": len(links),
            "by_source": {
                source: {
                    "decision": _counts(part, "decision"),
                    "grade": _counts(part.with_columns(pl.col("grade").fill_null("none")), "grade"),
                }
                for (source,), part in sorted(links.partition_by("source", as_dict=True).items())
            },
        },
        "coverage": {
            source: _counts(part, "state")
            for (source,), part in sorted(coverage.partition_by("source", as_dict=True).items())
        },
        "tasks": {
            "obtain_authorisation": coverage.filter(pl.col("state") == "NOT_AUTHORISED")
            .get_column("person_id")
            .n_unique()
        },
        "sources": sources,
        "quality": scanned.judge(sources, [each["sources"] for each in run.earlier], run.as_of),
        "rejects": _counts(rejects, "reason"),
        "ignored_files": list(run.ignored_files),
        "flooded": {
            block: part.get_column("person_id").n_unique()
            for (block,), part in sorted(run.flooded.partition_by("block", as_dict=True).items())
        },
        "pairs": {
            "candidates": sum(counts.candidates for counts in run.pairs.values()),
            "bound": sum(counts.bound for counts in run.pairs.values()),
            "kept": sum(counts.kept for counts in run.pairs.values()),
            "apart": added(counts.apart for counts in run.pairs.values()),
            "by_source": {name: asdict(counts) for name, counts in sorted(run.pairs.items())},
        },
        "timings_seconds": {**run.timings, "total": round(seconds, 3)},
        "rows_per_second": round(rows_in / seconds) if seconds else None,
        "peak_memory_bytes": run.peak_memory_bytes,
        "versions": dict(run.versions),
        "input_sha256": dict(run.input_hashes),
    }


def _ran(each: Ran) -> dict[str, Any]:
    rule = each.rule
    return {
        "title_zh": rule.title_zh,
        "title_en": rule.title_en,
        "version": rule.version,
        "state": each.state,
        "missing": list(each.missing),
        "findings": each.leads,
        "seconds": round(each.seconds, 3),
    }


def _with_sources(findings: pl.DataFrame) -> pl.DataFrame:
    """Each finding once for every source it rests on; so amounts by source may add up to more than the whole."""
    sources = pl.col("evidence").list.eval(pl.element().struct.field("source")).list.unique().alias("source")
    return findings.with_columns(sources).explode("source", empty_as_null=True)


def _counts(frame: pl.DataFrame, column: str) -> dict[str, int]:
    """How many rows hold each value, sorted by value."""
    return dict(frame.group_by(column).len().sort(column).iter_rows())


def _findings_by(findings: pl.DataFrame, column: str) -> dict[str, dict[str, Any]]:
    grouped = (
        findings.group_by(column)
        .agg(
            findings=pl.len(),
            households=pl.col("household_id").n_unique(),
            low=pl.col("amount_low_yuan").sum(),
            high=pl.col("amount_high_yuan").sum(),
        )
        .sort(column)
    )
    return {
        row[column] or UNKNOWN_DIVISION: {
            "findings": row["findings"],
            "households": row["households"],
            "amount_low_yuan": str(row["low"]),
            "amount_high_yuan": str(row["high"]),
        }
        for row in grouped.iter_rows(named=True)
    }
