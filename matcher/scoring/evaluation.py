"""How right a scan was, measured against a known truth: links by source, findings by rule.

Precision: of what was claimed, the share that is true. Recall: of what is true, the share that was claimed. Both are
None where their denominator is zero. A finding counts as true when the truth holds one of the same rule and household
(and basis, where the truth names one); wording and amounts are not judged here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from rich.console import Group
from rich.table import Table

from matcher.errors import InputRefused

LINK_KEYS = ["person_id", "source", "record_id", "party"]


@dataclass(frozen=True, slots=True)
class Score:
    """Counts of one slice: what was claimed, what is true, how much of each the other confirms."""

    name: str
    claimed: int
    true: int
    right: int
    found: int

    @property
    def precision(self) -> float | None:
        """Share of the claimed that is true."""
        return self.right / self.claimed if self.claimed else None

    @property
    def recall(self) -> float | None:
        """Share of the true that was claimed."""
        return self.found / self.true if self.true else None

    def as_dict(self) -> dict[str, Any]:
        """The counts and both shares."""
        return {
            "claimed": self.claimed,
            "true": self.true,
            "right": self.right,
            "found": self.found,
            "precision": self.precision,
            "recall": self.recall,
        }


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Scores of LINK decisions, of REVIEW and better, and of findings; the first of each is the total."""

    links: tuple[Score, ...]
    review: tuple[Score, ...]
    findings: tuple[Score, ...]

    def as_dict(self) -> dict[str, Any]:
        """All scores by section and slice."""
        return {
            section: {score.name: score.as_dict() for score in scores}
            for section, scores in (("links", self.links), ("review", self.review), ("findings", self.findings))
        }

    def line(self) -> str:
        """The totals in one line."""
        links, findings = self.links[0], self.findings[0]
        return (
            f"links: precision {_share(links.precision)}, recall {_share(links.recall)} · "
            f"findings: precision {_share(findings.precision)}, recall {_share(findings.recall)} (against the known truth)"
        )

    def table(self) -> Group:
        """The scores as tables for a terminal."""
        return Group(
            _table("Links (decision LINK)", self.links),
            _table("Pairs shown to a person (LINK and REVIEW)", self.review),
            _table("Findings", self.findings),
        )


def evaluate(out: Path, truth: Path) -> Evaluation:
    """Compares the outputs of a scan with the truth files (truth_links.parquet, truth_findings.parquet) in `truth`."""
    links = _read(out, "links").select(*LINK_KEYS, "decision")
    known = _read(truth, "truth_links").select(LINK_KEYS)
    sources = sorted(set(links["source"]) | set(known["source"]))
    findings = _read(out, "findings").select("rule_id", "household_id", "basis")
    planted = _read(truth, "truth_findings")
    rules = sorted(set(findings["rule_id"]) | set(planted["rule_id"]))
    return Evaluation(
        links=_by_source(links.filter(pl.col("decision") == "LINK"), known, sources),
        review=_by_source(links, known, sources),
        findings=_by_rule(findings, planted, rules),
    )


def _by_source(claimed: pl.DataFrame, known: pl.DataFrame, sources: list[str]) -> tuple[Score, ...]:
    both = claimed.join(known, on=LINK_KEYS, how="semi")
    scores = [Score("all", len(claimed), len(known), len(both), len(both))]
    for source in sources:
        of = pl.col("source") == source
        shared = len(both.filter(of))
        scores.append(Score(source, len(claimed.filter(of)), len(known.filter(of)), shared, shared))
    return tuple(scores)


def _by_rule(claimed: pl.DataFrame, planted: pl.DataFrame, rules: list[str]) -> tuple[Score, ...]:
    if "basis" not in planted.columns:
        planted = planted.with_columns(basis=pl.lit(None, dtype=pl.String))
    keys = ["rule_id", "household_id"]
    planted = planted.select(*keys, basis_true="basis").unique()
    claimed = claimed.unique()
    agrees = pl.col("basis").is_null() | pl.col("basis_true").is_null() | (pl.col("basis") == pl.col("basis_true"))
    matched = claimed.join(planted, on=keys).filter(agrees)
    right, found = matched.select(claimed.columns).unique(), matched.select(planted.columns).unique()
    scores = []
    for name, of in [("all", pl.lit(True)), *((rule, pl.col("rule_id") == rule) for rule in rules)]:
        scores.append(
            Score(
                name, len(claimed.filter(of)), len(planted.filter(of)), len(right.filter(of)), len(found.filter(of))
            )
        )
    return tuple(scores)


def _read(folder: Path, name: str) -> pl.DataFrame:
    path = folder / f"{name}.parquet"
    if not path.exists():
        raise InputRefused("this file is needed and not there", file=path, remedy="Check the folder")
    return pl.read_parquet(path)


def _table(title: str, scores: tuple[Score, ...]) -> Table:
    table = Table(title=title, title_justify="left")
    for heading in ("slice", "claimed", "right", "true", "found", "precision", "recall"):
        table.add_column(heading, justify="left" if heading == "slice" else "right")
    for score in scores:
        table.add_row(
            score.name,
            f"{score.claimed:,}",
            f"{score.right:,}",
            f"{score.true:,}",
            f"{score.found:,}",
            _share(score.precision),
            _share(score.recall),
        )
    return table


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
