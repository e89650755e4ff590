"""An evaluation as tables for a terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table

from matcher.scoring.evaluation import NO_RELATION, Evaluation, Score, share
from matcher.scoring.reliability import wilson


def tables(outcome: Evaluation) -> Group:
    """All figures but the curve's points, and what is not judged because the truth does not hold it."""
    parts: list[RenderableType] = [
        _scores("Links (decision LINK)", outcome.links),
        _scores("Pairs shown to a person (LINK and REVIEW)", outcome.review),
    ]
    if outcome.findings is not None:
        parts.append(_scores("Findings", outcome.findings))
    parts.append(_thresholds(outcome))
    parts.append(_calibration(outcome))
    if outcome.slices:
        parts.append(_slices(outcome))
    if outcome.lookalikes is not None:
        parts.append(_lookalikes(outcome))
    if outcome.grades:
        parts.append(_grades(outcome))
    absent = [
        what
        for what, there in (
            ("findings", outcome.findings is not None),
            ("recall by kind of error", bool(outcome.slices)),
            ("look-alikes", outcome.lookalikes is not None),
        )
        if not there
    ]
    if absent:
        parts.append(f"Not judged, the truth does not hold it: {', '.join(absent)}")
    return Group(*parts)


def _titled(title: str, *headings: str) -> Table:
    table = Table(title=title, title_justify="left")
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="right" if place else "left")
    return table


def _scores(title: str, scores: tuple[Score, ...]) -> Table:
    table = _titled(title, "slice", "claimed", "right", "true", "found", "precision", "recall", "F1")
    for score in scores:
        counts = (f"{count:,}" for count in (score.claimed, score.right, score.true, score.found))
        table.add_row(score.name, *counts, share(score.precision), share(score.recall), share(score.f1))
    return table


def _thresholds(outcome: Evaluation) -> Table:
    table = _titled(
        "Thresholds (pairs at or above REVIEW, by weight alone)",
        "",
        "bits",
        "probability",
        "precision",
        "recall",
        "F1",
    )
    asked = ((f"recall at precision ≥ {asked}", point) for asked, point in outcome.curve.at_precision.items())
    for name, point in (("best F1", outcome.curve.best), *asked):
        if point is None:
            table.add_row(name, *["–"] * 5)
        else:
            shares = (share(value) for value in (point.precision, point.recall, point.f1))
            table.add_row(name, f"{point.weight_bits:.2f}", f"{point.probability:.6f}", *shares)
    return table


def _calibration(outcome: Evaluation) -> Table:
    judged = outcome.calibration
    table = _titled(
        f"Calibration (pairs at or above REVIEW): expected error {share(judged.error)}, Brier {share(judged.brier)}",
        "probability", "pairs", "predicted", "true",
    )  # fmt: skip
    for tenth in judged.bins:
        if tenth.count:
            table.add_row(
                f"{tenth.low:.1f}–{tenth.high:.1f}", f"{tenth.count:,}", share(tenth.predicted), share(tenth.true)
            )
    return table


def _slices(outcome: Evaluation) -> Table:
    table = _titled(
        "Recall by kind of error (95 % interval)", "error", "true", "at REVIEW", "95 %", "at LINK", "95 %"
    )
    for part in outcome.slices:
        cells = [
            text
            for found in (part.review, part.link)
            for text in (share(found / part.true), _interval(wilson(found, part.true)))
        ]
        table.add_row(part.name, f"{part.true:,}", *cells)
    return table


def _lookalikes(outcome: Evaluation) -> Table:
    table = _titled("Look-alikes: pairs that are two people (LINK must be 0)", "relation", "pairs", "LINK", "REVIEW")
    for kind in outcome.lookalikes or ():
        name = "no relation known" if kind.relation == NO_RELATION else kind.relation
        table.add_row(name, "–" if kind.pairs is None else f"{kind.pairs:,}", f"{kind.link:,}", f"{kind.review:,}")
    return table


def _grades(outcome: Evaluation) -> Table:
    table = _titled("False pairs by identity grade", "grade", "LINK", "of these false", "REVIEW", "of these false")
    for grade in outcome.grades:
        counts = (grade.link, grade.false_link, grade.review, grade.false_review)
        table.add_row(grade.grade, *(f"{count:,}" for count in counts))
    return table


def _interval(ends: tuple[float, float] | None) -> str:
    return "–" if ends is None else f"{ends[0]:.3f}–{ends[1]:.3f}"
