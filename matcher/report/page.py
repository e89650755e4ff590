"""report.html: one self-contained page for people; no network, nothing of a person beyond what a finding says.

The data stand in the page packed, and are shown as text alone, so that no name or value can become markup; a content
security policy allows this page's own style and script, by their hashes, and nothing else.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import polars as pl

from matcher.report import files, terminal

FILE = "report.html"
Language = Literal["zh", "en"]


def write_page(
    out: Path,
    summary: dict[str, Any],
    findings: pl.DataFrame,
    titles: dict[str, tuple[str, str]],
    language: Language = "zh",
) -> None:
    """Writes OUT/report.html; `titles` are the sources' names in Chinese and English."""
    part = out / f"{FILE}.part"
    part.write_text(render(summary, findings, titles, language), encoding="utf-8")
    part.replace(out / FILE)


def render(
    summary: dict[str, Any], findings: pl.DataFrame, titles: dict[str, tuple[str, str]], language: Language = "zh"
) -> str:
    """The page as text."""
    style, script = (
        resources.files("matcher.report").joinpath(name).read_text(encoding="utf-8")
        for name in ("page.css", "page.js")
    )
    page = resources.files("matcher.report").joinpath("page.html").read_text(encoding="utf-8")
    data = json.dumps(_data(summary, findings, titles, language), ensure_ascii=False, separators=(",", ":"))
    packed = gzip.compress(data.encode("utf-8"), compresslevel=6, mtime=0)
    filling = {
        "style_hash": _digest(style),
        "script_hash": _digest(script),
        "style": style,
        "script": script,
        "data": base64.b64encode(packed).decode("ascii"),
    }
    for name, text in filling.items():
        page = page.replace("{{" + name + "}}", text, 1)
    return page


def _data(
    summary: dict[str, Any], findings: pl.DataFrame, titles: dict[str, tuple[str, str]], language: Language
) -> dict[str, Any]:
    named = terminal.rule_titles()
    return {
        "language": language,
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


def _digest(text: str) -> str:
    """The hash of an inline style or script as a content security policy names it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
