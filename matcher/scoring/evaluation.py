"""How right the links are, measured against a known truth: by source, threshold, kind of error and look-alike.

Precision: of what was claimed, the share that is true. Recall: of what is true, the share that was claimed. Both are
None where their denominator is zero. A finding counts as true when the truth holds one of the same rule and household
(and basis, where the truth names one); wording and amounts are not judged here.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from matcher.scoring.judging import CLEAN, Findings, Judged
from matcher.scoring.reliability import Calibration, Curve, Point, calibration, curve, f1, wilson

NO_GRADE = "none"
NO_RELATION = "none"
"""False links between people of whom the truth knows no relation."""


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

    @property
    def f1(self) -> float | None:
        """The harmonic mean of both shares."""
        return f1(self.precision, self.recall)

    def as_dict(self) -> dict[str, Any]:
        """The counts and the shares."""
        return {
            "claimed": self.claimed,
            "true": self.true,
            "right": self.right,
            "found": self.found,
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1,
        }


@dataclass(frozen=True, slots=True)
class Slice:
    """The true pairs with one kind of error: how many there are, were shown to a person or better, and were linked."""

    name: str
    true: int
    review: int
    link: int

    def as_dict(self) -> dict[str, Any]:
        """The counts, and both recalls with their 95 % intervals."""
        return {
            "true": self.true,
            "found_review": self.review,
            "found_link": self.link,
            "recall_review": self.review / self.true,
            "recall_review_95": wilson(self.review, self.true),
            "recall_link": self.link / self.true,
            "recall_link_95": wilson(self.link, self.true),
        }


@dataclass(frozen=True, slots=True)
class LookAlike:
    """Pairs of two people of one relation: how many the truth names (None: it cannot), were linked, were left to review."""

    relation: str
    pairs: int | None
    link: int
    review: int


@dataclass(frozen=True, slots=True)
class Grade:
    """The pairs of one identity grade: how many were linked and left to review, and how many of each are false."""

    grade: str
    link: int
    false_link: int
    review: int
    false_review: int


@dataclass(frozen=True)
class Evaluation:
    """All that the truth tells. The first of `links` (decision LINK), `review` (REVIEW and better) and `findings` is the
    total; `findings` and `lookalikes` are None, and `slices` empty, where the truth holds none.
    """

    links: tuple[Score, ...]
    review: tuple[Score, ...]
    findings: tuple[Score, ...] | None
    curve: Curve
    calibration: Calibration
    slices: tuple[Slice, ...]
    lookalikes: tuple[LookAlike, ...] | None
    grades: tuple[Grade, ...]

    def as_dict(self) -> dict[str, Any]:
        """All figures by section, under keys that stay."""
        return {
            **{
                section: None if scores is None else {score.name: score.as_dict() for score in scores}
                for section, scores in (("links", self.links), ("review", self.review), ("findings", self.findings))
            },
            "curve": {
                "over": "pairs at or above the review threshold, whatever their decision",
                "thresholds": self.curve.thresholds,
                "best_f1": _point(self.curve.best),
                "recall_at_precision": {
                    str(asked): _point(point) for asked, point in self.curve.at_precision.items()
                },
                "points": [asdict(point) for point in self.curve.points],
            },
            "calibration": {
                "over": "pairs at or above the review threshold",
                "pairs": self.calibration.count,
                "expected_calibration_error": self.calibration.error,
                "brier": self.calibration.brier,
                "bins": [
                    {
                        "low": tenth.low,
                        "high": tenth.high,
                        "count": tenth.count,
                        "predicted": tenth.predicted,
                        "true": tenth.true,
                        "true_95": tenth.interval,
                    }
                    for tenth in self.calibration.bins
                ],
            },
            "slices": {part.name: part.as_dict() for part in self.slices},
            "lookalikes": None
            if self.lookalikes is None
            else {
                kind.relation: {"pairs": kind.pairs, "link": kind.link, "review": kind.review}
                for kind in self.lookalikes
            },
            "grades": {
                grade.grade: {
                    "link": grade.link,
                    "false_link": grade.false_link,
                    "review": grade.review,
                    "false_review": grade.false_review,
                }
                for grade in self.grades
            },
        }

    def line(self) -> str:
        """The totals in one line."""
        parts = [
            f"{name}: precision {share(total.precision)}, recall {share(total.recall)}"
            for name, total in (("links", self.links[0]), ("findings", self.findings[0] if self.findings else None))
            if total is not None
        ]
        return f"{' · '.join(parts)} (against the known truth)"


def evaluate(judged: Judged) -> Evaluation:
    """The figures of links beside their truth."""
    pairs = judged.pairs
    return Evaluation(
        links=_by_source(judged, pl.col("decision") == "LINK"),
        review=_by_source(judged, pl.col("decision").is_not_null()),
        findings=_by_rule(judged.findings) if judged.findings is not None else None,
        curve=curve(pairs, len(judged.known)),
        calibration=calibration(pairs),
        slices=_by_slice(judged.known),
        lookalikes=_by_relation(judged),
        grades=_by_grade(pairs),
    )


def share(value: float | None) -> str:
    """A share as it is printed."""
    return "–" if value is None else f"{value:.4f}"


def _by_source(judged: Judged, claimed: pl.Expr) -> tuple[Score, ...]:
    pairs, known = judged.pairs.filter(claimed), judged.known
    slices: list[tuple[str, pl.Expr]] = [("all", pl.lit(True))]
    if "source" in judged.keys:
        sources = sorted(set(judged.pairs.get_column("source")) | set(known.get_column("source")))
        slices += [(source, pl.col("source") == source) for source in sources]
    scores = []
    for name, of in slices:
        ours, true = pairs.filter(of), known.filter(of)
        right = int(ours.get_column("same").sum())
        scores.append(Score(name, len(ours), len(true), right, right))
    return tuple(scores)


def _by_rule(findings: Findings) -> tuple[Score, ...]:
    keys = ["rule_id", "household_id"]
    claimed = findings.claimed.unique()
    planted = findings.planted.select(*keys, basis_true="basis").unique()
    agrees = pl.col("basis").is_null() | pl.col("basis_true").is_null() | (pl.col("basis") == pl.col("basis_true"))
    matched = claimed.join(planted, on=keys).filter(agrees)
    right, found = matched.select(claimed.columns).unique(), matched.select(planted.columns).unique()
    rules = sorted(set(claimed.get_column("rule_id")) | set(planted.get_column("rule_id")))
    return tuple(
        Score(name, *(len(table.filter(of)) for table in (claimed, planted, right, found)))
        for name, of in [("all", pl.lit(True)), *((rule, pl.col("rule_id") == rule) for rule in rules)]
    )


def _by_slice(known: pl.DataFrame) -> tuple[Slice, ...]:
    if "slices" not in known.columns:
        return ()
    none = pl.col("slices").is_null() | (pl.col("slices").list.len() == 0)
    kinds = pl.when(none).then(pl.lit([CLEAN])).otherwise(pl.col("slices").list.unique())
    parts = (
        known.select("decision", name=kinds)
        .explode("name")
        .group_by("name")
        .agg(
            true=pl.len(),
            review=pl.col("decision").is_not_null().sum(),
            link=(pl.col("decision") == "LINK").sum(),
        )
        .sort("name")
    )
    return tuple(Slice(**row) for row in parts.iter_rows(named=True))


def _by_relation(judged: Judged) -> tuple[LookAlike, ...] | None:
    if judged.lookalikes is None:
        return None
    counts = [(pl.col("decision") == decision).sum().alias(decision.lower()) for decision in ("LINK", "REVIEW")]
    kinds = judged.lookalikes.group_by("relation").agg(pl.len().alias("pairs"), *counts).sort("relation")
    others = judged.pairs.filter(~pl.col("same") & pl.col("relation").is_null()).select(counts)
    return (
        *(LookAlike(**row) for row in kinds.iter_rows(named=True)),
        LookAlike(NO_RELATION, None, *others.row(0)),
    )


def _by_grade(pairs: pl.DataFrame) -> tuple[Grade, ...]:
    if "grade" not in pairs.columns:
        return ()
    linked = pl.col("decision") == "LINK"
    grades = (
        pairs.group_by(pl.col("grade").fill_null(NO_GRADE))
        .agg(
            link=linked.sum(),
            false_link=(linked & ~pl.col("same")).sum(),
            review=(~linked).sum(),
            false_review=(~linked & ~pl.col("same")).sum(),
        )
        .sort("grade")
    )
    return tuple(Grade(**row) for row in grades.iter_rows(named=True))


def _point(point: Point | None) -> dict[str, Any] | None:
    return None if point is None else asdict(point)
