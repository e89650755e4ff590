"""report.html: one self-contained page for people, with nothing of a person beyond what a finding says.

Leads to verify and people who may be entitled stand side by side, alike in size; pictures first, then every lead with
its explanation, its exceptions and how each link behind it was weighed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from matcher.errors import InputRefused
from matcher.plan import Plan
from matcher.report import files, leads, linkage, selfcontained, terminal
from matcher.report.linkage import Subject
from matcher.report.selfcontained import Language
from matcher.rules import book, keeping
from matcher.rules.explaining import GRADES
from matcher.scoring.model import Model
from matcher.sources.contract import all_contracts

FILE = "report.html"
TITLE = ("核对结果", "What the scan found")
Titles = Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class Behind:
    """What the page can show beside the findings, each part where it is known: how links were weighed, where people live.

    `counties` holds household_id and division_code.
    """

    links: pl.DataFrame | None = None
    subject: Subject | None = None
    counties: pl.DataFrame | None = None


def write_page(
    out: Path,
    summary: dict[str, Any],
    findings: pl.DataFrame,
    titles: Titles,
    language: Language = "zh",
    *,
    links: pl.DataFrame | None = None,
    model: Model | None = None,
    plan: Plan | None = None,
    counties: pl.DataFrame | None = None,
) -> None:
    """Writes OUT/report.html; `titles` are the sources' names in Chinese and English.

    With `links`, and the `model` and `plan` that weighed them, a lead shows how it was linked; with `counties`
    (household_id, division_code) where it belongs.
    """
    subject = Subject(plan, model) if plan is not None and model is not None else None
    text = render(summary, findings, titles, language, Behind(links, subject, counties))
    selfcontained.write(out / FILE, text)


def rebuild(out: Path, language: Language = "zh", plan: Path | None = None, model: Path | None = None) -> str | None:
    """Writes the page of a finished scan anew, from its files; says what could not be shown, if anything.

    Raises InputRefused where OUT holds no finished scan.
    """
    summary, reason, subject = files.read_summary(out), None, None
    try:
        subject = linkage.subject(out, plan, model)
    except InputRefused as error:
        if plan is not None or model is not None:
            raise
        reason = f"the page does not show how links were weighed: {error}"
    behind = Behind(files.read_table(out, "links"), subject, _counties(out))
    text = render(summary, files.read_table(out, "findings"), source_titles(), language, behind)
    try:
        selfcontained.write(out / FILE, text)
    except OSError as error:
        return f"the page cannot be written ({error.strerror}): {out / FILE}"
    return reason


def _counties(out: Path) -> pl.DataFrame | None:
    """Where the households of a finished scan live; None where its inputs are kept no longer."""
    path = out / keeping.FOLDER / "households.parquet"
    return pl.read_parquet(path, columns=["household_id", "division_code"]) if path.is_file() else None


def source_titles() -> dict[str, tuple[str, str]]:
    """Every source's name in Chinese and English."""
    return {contract.id: (contract.title_zh, contract.title_en) for contract in all_contracts()}


def render(
    summary: dict[str, Any],
    findings: pl.DataFrame,
    titles: Titles,
    language: Language = "zh",
    behind: Behind | None = None,
) -> str:
    """The page as text."""
    data = content(summary, findings, titles, behind or Behind())
    return selfcontained.render("page", TITLE, data, language, shared=("drawing",))


def content(summary: dict[str, Any], findings: pl.DataFrame, titles: Titles, behind: Behind) -> dict[str, Any]:
    """All that the page shows."""
    entitled = pl.col("rule_id").str.starts_with(terminal.ENTITLEMENT)
    return {
        "as_of": summary["as_of"],
        "authorised_by": summary.get("authorised_by"),
        "households": summary["households"],
        "persons": summary["persons"],
        "rows": sum(source["rows_in"] for name, source in summary["sources"].items() if name in summary["coverage"]),
        "tasks": summary.get("tasks", {}),
        "totals": {
            "leads": leads.totals(findings.filter(~entitled)),
            "entitled": leads.totals(findings.filter(entitled)),
        },
        "rules": _rules(summary),
        "silent": _silent(summary, titles),
        "coverage": _coverage(summary, titles),
        "quality": summary.get("quality") or {},
        "breakers": summary.get("breakers") or [],
        "override": summary.get("override_breaker"),
        "titles": {name: list(pair) for name, pair in titles.items()},
        "grades": {grade: list(words) for grade, words in GRADES.items()},
        "words": _words_of_exceptions(),
        "leads": leads.columns(findings, behind.links, behind.subject, behind.counties),
        "versions": " · ".join(f"{name} {value}" for name, value in summary["versions"].items()),
    }


def _rules(summary: dict[str, Any]) -> list[dict[str, Any]]:
    """The rules that found something."""
    return [
        {
            "id": rule,
            **_title(rule, summary),
            "findings": counts["findings"],
            "households": counts["households"],
            "low": round(float(counts["amount_low_yuan"]) * 100),
            "high": round(float(counts["amount_high_yuan"]) * 100),
        }
        for rule, counts in summary["findings"]["by_rule"].items()
    ]


def _silent(summary: dict[str, Any], titles: Titles) -> list[dict[str, Any]]:
    """The rules that found nothing or could not run, with what they lacked."""
    found = summary["findings"]["by_rule"]
    return [
        {
            "id": rule,
            **_title(rule, summary),
            "state": told.get("state", "RAN"),
            "missing": [_input(name, titles) for name in told.get("missing") or ()],
        }
        for rule, told in (summary.get("rules") or {}).items()
        if rule not in found or told.get("state", "RAN") != "RAN"
    ]


def _input(name: str, titles: Titles) -> list[str]:
    """A missing input, `source` or `source.column`, as people call it."""
    source, _, column = name.partition(".")
    title = titles.get(source, (source, source))
    if not column:
        return list(title)
    contract = next((each for each in all_contracts() if each.id == source), None)
    known = next((each for each in contract.columns if each.name == column), None) if contract else None
    zh = known.headers[0] if known and known.headers else column
    en = known.title_en if known and known.title_en else column.replace("_", " ")
    return [f"{title[0]}：{zh}", f"{title[1]}: {en}"]


def _title(rule: str, summary: dict[str, Any]) -> dict[str, str]:
    told = (summary.get("rules") or {}).get(rule, {})
    zh, en = terminal.rule_titles().get(rule, (rule, rule))
    return {"zh": told.get("title_zh") or zh, "en": told.get("title_en") or en}


def _coverage(summary: dict[str, Any], titles: Titles) -> list[dict[str, Any]]:
    """What each source said of the persons, what was received of it, and how sure its links are."""
    links = summary.get("links", {}).get("by_source", {})
    return [
        {
            "id": name,
            "zh": titles.get(name, (name, name))[0],
            "en": titles.get(name, (name, name))[1],
            "states": states,
            "here": name in summary["sources"],
            **{
                key: summary["sources"].get(name, {}).get(key)
                for key in ("rows_in", "set_aside", "as_of", "complete")
            },
            "grades": links.get(name, {}).get("grade", {}),
        }
        for name, states in summary["coverage"].items()
    ]


def _words_of_exceptions() -> dict[str, dict[str, list[str]]]:
    """Each rule's exceptions as people call them."""
    return {rule.id: {name: list(words) for name, words in rule.exceptions.items()} for rule in book.BOOK}
