"""The leads of a scan as columns for a page: each thing said once, with the links behind each lead as steps of bits.

Whatever looks like a citizen's number, a telephone or an account is masked here once more, wherever it stands: an office
may have used one as the number of a household or of a record.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import polars as pl

from matcher.identity import divisions
from matcher.report import linkage
from matcher.report.linkage import Subject
from matcher.report.phrases import Phrases
from matcher.report.summary import COUNTY_DIGITS, UNKNOWN_DIVISION
from matcher.rules.rule import SEVERITIES

GRADES = ("G1", "G2", "G3", "G4", "G5")
BASES = (None, "UNDECLARED", "OVER_LIMIT")
RECORDS_SHOWN = (40, 20, 12, 8, 5)
"""Of one lead, at most: the first of these with which a page holds no more than RECORDS of all leads, else the last. The
others stand in findings.parquet.
"""
RECORDS = 250_000

KEY = ("source", "record_id", "person_id")
_LONG_NUMBER = r"(?-u:\b)(?:[0-9]{11,15}|1[3-9][0-9]{5})([0-9]{3}[0-9Xx])(?-u:\b)"
"""A number of 15 to 19 digits, or a mobile telephone's; its last four stay, enough to tell two apart."""
T = TypeVar("T")


@dataclass
class Numbered(Generic[T]):
    """Things by the number of their first appearance."""

    known: dict[T, int] = field(default_factory=dict)

    def of(self, thing: T) -> int:
        return self.known.setdefault(thing, len(self.known))

    def listed(self) -> list[T]:
        return list(self.known)


def columns(
    findings: pl.DataFrame,
    links: pl.DataFrame | None = None,
    subject: Subject | None = None,
    counties: pl.DataFrame | None = None,
) -> dict[str, Any]:
    """All leads, those of one shape together; `counties` holds household_id and division_code."""
    findings = _placed(findings, counties)
    phrases, rules, exceptions, places = Phrases(), Numbered[str](), Numbered[tuple[str, ...]](), Numbered[str]()
    told = [
        phrases.fold(zh, en)
        for zh, en in findings.select(_masked("explanation_zh"), _masked("explanation_en")).iter_rows()
    ]
    findings = findings.with_columns(shape=pl.Series([shape for shape, _ in told], dtype=pl.UInt32)).with_row_index(
        "row"
    )
    findings = findings.sort("shape", maintain_order=True)
    order = findings.get_column("row").to_list()
    shapes = findings.get_column("shape").to_list()
    return {
        "rule": [rules.of(rule) for rule in findings.get_column("rule_id").to_list()],
        "rules": rules.listed(),
        "id": findings.get_column("finding_id").to_list(),
        "household": findings.select(_masked("household_id")).to_series().to_list(),
        "severity": [SEVERITIES.index(each) for each in findings.get_column("severity").to_list()],
        "grade": [GRADES.index(each) for each in findings.get_column("grade").to_list()],
        "basis": [BASES.index(each) for each in findings.get_column("basis").to_list()],
        "county": [places.of(each) for each in findings.get_column("county").to_list()],
        "counties": [[code, divisions.name(code)] for code in places.listed()],
        "low": _fen(findings, "amount_low_yuan"),
        "high": _fen(findings, "amount_high_yuan"),
        "tested": [
            exceptions.of(tuple(part for each in tested for part in (each["name"], each["result"])))
            for tested in findings.get_column("exceptions").to_list()
        ],
        "exceptions": exceptions.listed(),
        "shape": shapes,
        "shapes": list(phrases.shapes),
        "templates": list(phrases.templates),
        "values": _values([told[row][1] for row in order], shapes),
        "records": records(findings, links, subject),
    }


def records(findings: pl.DataFrame, links: pl.DataFrame | None, subject: Subject | None) -> dict[str, Any]:
    """The records behind the leads, in their order: of each its source, and how its link weighs up, where that is known."""
    counts = findings.get_column("evidence").list.len()
    shown = next((most for most in RECORDS_SHOWN if counts.clip(0, most).sum() <= RECORDS), RECORDS_SHOWN[-1])
    pieces = findings.select(
        "row", evidence=pl.col("evidence").list.head(shown)
    ).explode("evidence", keep_nulls=False, empty_as_null=False).unnest("evidence")  # fmt: skip
    sources, patterns = Numbered[str](), Numbered[str]()
    steps: list[Any] = []
    traced = [(-1, 0)] * len(pieces)
    if links is not None and subject is not None and isinstance(links.schema.get("levels"), pl.Struct):
        beside = (
            pieces.select(KEY)
            .join(links.select(*KEY, "levels", "weight_bits").unique(KEY, keep="first"), on=KEY, how="left", maintain_order="left")
            .with_columns(pattern=pl.when(pl.col("weight_bits").is_not_null()).then(pl.col("levels").struct.json_encode()))
        )  # fmt: skip
        levels = dict(beside.drop_nulls("pattern").unique("pattern").select("pattern", "levels").iter_rows())
        traced = [
            (-1, 0) if pattern is None else (patterns.of(pattern), round(bits * 100))
            for pattern, bits in beside.select("pattern", "weight_bits").iter_rows()
        ]
        steps = [_steps(levels[pattern], subject) for pattern in patterns.listed()]
    return {
        "count": counts.to_list(),
        "shown": shown,
        "source": [sources.of(source) for source in pieces.get_column("source").to_list()],
        "sources": sources.listed(),
        "id": pieces.select(_masked("record_id")).to_series().to_list(),
        "person": pieces.select(_masked("person_id")).to_series().to_list(),
        "pattern": [pattern for pattern, _ in traced],
        "bits": [bits for _, bits in traced],
        "patterns": steps,
        **(
            {
                "link_bits": subject.link_bits,
                "review_bits": subject.review_bits,
                "slope": subject.model.slope,
                "intercept": subject.model.intercept,
            }
            if subject is not None
            else {}
        ),
    }


def totals(findings: pl.DataFrame) -> dict[str, Any]:
    """Of some findings: how many, of how many households and persons, and between what amounts."""
    return {
        "findings": len(findings),
        "households": findings.get_column("household_id").n_unique(),
        "persons": findings.select(pl.col("person_ids").explode(keep_nulls=False, empty_as_null=False)).to_series().n_unique(),
        "low": sum(_fen(findings, "amount_low_yuan")),
        "high": sum(_fen(findings, "amount_high_yuan")),
    }  # fmt: skip


def _placed(findings: pl.DataFrame, counties: pl.DataFrame | None) -> pl.DataFrame:
    """The findings with the county of their household; unknown where nobody says."""
    if counties is None:
        return findings.with_columns(county=pl.lit(UNKNOWN_DIVISION))
    known = counties.select(
        "household_id", county=pl.col("division_code").str.slice(0, COUNTY_DIGITS)
    ).unique("household_id", keep="first")  # fmt: skip
    return findings.join(known, on="household_id", how="left", maintain_order="left").with_columns(
        pl.col("county").fill_null(UNKNOWN_DIVISION)
    )


def _masked(column: str) -> pl.Expr:
    return pl.col(column).str.replace_all(_LONG_NUMBER, "…${1}")


def _fen(findings: pl.DataFrame, column: str) -> list[int]:
    """Amounts in hundredths of a yuan: whole numbers, which JSON keeps as they are."""
    return (findings.get_column(column) * 100).cast(pl.Int64).to_list()


def _values(values: Iterable[tuple[str, ...]], shapes: list[int]) -> list[str]:
    """Of every shape in turn, each of its values in a column: like beside like is packed best."""
    groups: dict[int, list[tuple[str, ...]]] = {}
    for shape, own in zip(shapes, values, strict=True):
        groups.setdefault(shape, []).append(own)
    return ["\n".join(value for column in zip(*rows, strict=True) for value in column) for rows in groups.values()]


def _steps(levels: dict[str, str | None], subject: Subject) -> list[Any]:
    """What each step adds: [kind, field, level, bits, muted]; a rarity's bits are what is left of the whole."""
    return [
        [bar.kind, bar.field, bar.level, None if bar.kind == "rarity" else round(bar.bits, 3), int(bar.muted)]
        for bar in linkage.waterfall(levels, 0.0, subject)
    ]
