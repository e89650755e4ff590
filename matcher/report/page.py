"""report.html: one self-contained page for people, with nothing of a person beyond what a finding says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from matcher.report import files, selfcontained, terminal
from matcher.report.selfcontained import Language

FILE = "report.html"
TITLE = ("核对结果", "What the scan found")


def write_page(
    out: Path,
    summary: dict[str, Any],
    findings: pl.DataFrame,
    titles: dict[str, tuple[str, str]],
    language: Language = "zh",
) -> None:
    """Writes OUT/report.html; `titles` are the sources' names in Chinese and English."""
    selfcontained.write(out / FILE, render(summary, findings, titles, language))


def render(
    summary: dict[str, Any], findings: pl.DataFrame, titles: dict[str, tuple[str, str]], language: Language = "zh"
) -> str:
    """The page as text."""
    return selfcontained.render("page", TITLE, _data(summary, findings, titles), language)


def _data(summary: dict[str, Any], findings: pl.DataFrame, titles: dict[str, tuple[str, str]]) -> dict[str, Any]:
    named = terminal.rule_titles()
    return {
        "as_of": summary["as_of"],
        "households": summary["households"],
        "persons": summary["persons"],
        "rows": sum(source["rows_in"] for name, source in summary["sources"].items() if name in summary["coverage"]),
        "rules": [
            {
                "id": rule,
                "zh": named.get(rule, (rule, rule))[0],
                "en": named.get(rule, (rule, rule))[1],
                "count": counts["findings"],
                "low": counts["amount_low_yuan"],
                "high": counts["amount_high_yuan"],
            }
            for rule, counts in summary["findings"]["by_rule"].items()
        ],
        "coverage": [
            {"zh": titles.get(name, (name, name))[0], "en": titles.get(name, (name, name))[1], "states": states}
            for name, states in summary["coverage"].items()
            if name in summary["sources"]
        ],
        "findings": [
            {
                "id": row["finding_id"],
                "rule": row["rule_id"],
                "household": row["household_id"],
                "severity": row["severity"],
                "grade": row["grade"],
                "zh": row["explanation_zh"],
                "en": row["explanation_en"],
            }
            for row in files.gravest_first(findings).iter_rows(named=True)
        ],
        "versions": " · ".join(f"{name} {value}" for name, value in summary["versions"].items()),
    }
