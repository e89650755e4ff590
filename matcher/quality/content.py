"""The figures of a validation as plain data: what quality.json holds, and what the page and the terminal show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from matcher.errors import InputRefused
from matcher.quality import wording
from matcher.quality.history import Figures
from matcher.quality.places import Example
from matcher.quality.results import ALARM, OK, Result
from matcher.sources.contract import Contract

REFUSED, ANSWERS_ONLY = "REFUSED", "ANSWERS_ONLY"


@dataclass(frozen=True)
class Judged:
    """One source of a delivery: its figures with the checks, or why it was refused.

    `figures` is None of a source that was refused, or that only answers by lists.
    """

    contract: Contract
    figures: Figures | None
    results: tuple[Result, ...] = ()
    examples: dict[str, list[Example]] = field(default_factory=dict)
    earlier: Sequence[Figures] = ()
    refused: InputRefused | None = None

    @property
    def state(self) -> str:
        """REFUSED, ALARM, or OK."""
        if self.refused is not None:
            return REFUSED
        return ALARM if any(result.state == ALARM for result in self.results) else OK

    def as_dict(self) -> dict[str, Any]:
        """The source as quality.json holds it."""
        known = {
            "id": self.contract.id,
            "zh": self.contract.title_zh,
            "en": self.contract.title_en,
            "agency_zh": self.contract.agency_zh,
            "state": self.state,
            "refused": self.refused and refused(self.refused),
            "checks": [_check(result) for result in self.results],
        }
        if self.figures is None:
            return known
        accepted = self.figures.count("accepted")
        return known | {
            "as_of": self.figures.as_of and self.figures.as_of.isoformat(),
            "max_age_days": self.contract.max_age_days,
            "batch": self.figures.hash,
            "files": dict(sorted(self.figures.files.items())),
            "rows_in": self.figures.count("rows_in"),
            "accepted": accepted,
            "aside": self.figures.count("rows_in") - accepted,
            "nulled": self.figures.total("nulled."),
            "columns": self._columns(self.figures),
            "headings": list(self.figures.headings),
            "reasons": self._reasons(self.figures),
            "history": [_trend(figures) for figures in (*self.earlier, self.figures)],
        }

    def _columns(self, figures: Figures) -> list[dict[str, Any]]:
        """The columns that hold something now, or did in the last batch."""
        last = self.earlier[-1] if self.earlier else None
        found = []
        for column in self.contract.columns:
            filled, nulled = figures.count(f"filled.{column.name}"), figures.count(f"nulled.{column.name}")
            before = last.count(f"filled.{column.name}") if last else 0
            if filled or nulled or before:
                found.append(
                    {
                        "name": column.name,
                        "zh": column.title_zh,
                        "en": column.title_en,
                        "filled": filled,
                        "nulled": nulled,
                        "before": before / last.count("accepted") if last and last.count("accepted") else None,
                    }
                )
        return found

    def _reasons(self, figures: Figures) -> list[dict[str, Any]]:
        """Why rows and values were not taken over, the most frequent first."""
        titles = {column.name: [column.title_zh, column.title_en] for column in self.contract.columns}
        found = []
        for name, count in figures.counts.items():
            if not name.startswith("reason."):
                continue
            word, _, column = name.removeprefix("reason.").rpartition(".")
            meant, advice = wording.reason(word)
            found.append(
                {
                    "reason": word,
                    "column": column or None,
                    "title": titles.get(column),
                    "count": count,
                    "said": list(meant),
                    "do": list(advice),
                    "places": [asdict(example) for example in self.examples.get(name, ())],
                }
            )
        return sorted(found, key=lambda entry: (-entry["count"], entry["reason"], entry["column"] or ""))


def _check(result: Result) -> dict[str, Any]:
    check = result.check
    return {
        "check": check,
        "title": list(wording.said(check, "title")),
        "state": result.state,
        "why": result.why,
        "figure": result.figure,
        "baseline": result.baseline,
        "threshold": result.threshold,
        "assumed": result.assumed,
        "noticed": list(result.noticed),
        "details": [list(detail) for detail in result.details],
        "means": list(wording.said(check, "means")),
        "do": list(wording.said(check, "do")),
        "examples": [asdict(example) for example in result.examples],
    }


def refused(error: InputRefused) -> dict[str, Any]:
    """Why something was refused, and what is to be done."""
    return {
        "what": error.what,
        "file": None if error.file is None else str(error.file),
        "row": error.row,
        "column": error.column,
        "remedy": error.remedy,
    }


def _trend(figures: Figures) -> dict[str, Any]:
    return {
        "as_of": figures.as_of and figures.as_of.isoformat(),
        "accepted": figures.count("accepted"),
        "invalid_numbers": figures.share("numbers.", "present.numbers"),
    }
