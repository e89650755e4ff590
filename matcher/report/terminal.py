"""What a scan found, on a terminal: leads of all kinds with equal weight, how sure the links are, what was not covered."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from matcher.report import files
from matcher.rules import book

WORDS = {
    "leads": ("疑点（须由工作人员核实）", "Leads (to be verified by a person)"),
    "entitled": ("可能应享未享（转介线索）", "Possibly entitled, not reached (referrals)"),
    "rule": ("规则", "rule"),
    "title": ("内容", "what"),
    "count": ("条数", "leads"),
    "households": ("户数", "households"),
    "amount": ("涉及金额（元）", "amount at risk (yuan)"),
    "sources": ("数据来源", "Sources"),
    "source": ("来源", "source"),
    "rows": ("行数", "rows"),
    "aside": ("搁置", "set aside"),
    "as_of": ("截至", "as of"),
    "link": ("已关联", "linked"),
    "review": ("待人工", "to review"),
    "coverage": ("每人的答复情况", "What each source said of each person"),
    "VALUE": ("有", "value"),
    "NO_RECORD": ("无记录", "no record"),
    "NO_ANSWER": ("未答复", "no answer"),
    "NOT_AUTHORISED": ("未授权", "not authorised"),
    "files": ("结果文件", "Files"),
    "speed": ("用时", "took"),
    "explain": ("解释一条疑点", "explain a lead"),
    "nothing": ("没有发现疑点。", "No leads."),
    "candidates": ("候选对", "candidates"),
    "bound": ("上限", "of at most"),
    "apart": (
        "认出是另一个人（双胞胎、亲属、同名同生日等）而不关联的对",
        "pairs told apart as two people (twins, relatives, namesakes), never linked",
    ),
    "flooded": (
        "其中有记录过多而未逐一比对的键，涉及人员见",
        "keys that too many records bear were not compared, for whom: see",
    ),
    "not_asked": ("因缺少数据而未运行的规则", "Rules that did not run for want of data"),
    "missing": ("缺少", "missing"),
    "overridden": ("熔断已人工解除", "Circuit breakers overridden"),
    "finding": ("疑点编号", "finding"),
    "evidence": ("依据的记录", "Records behind it"),
}
STATES = ("VALUE", "NO_RECORD", "NO_ANSWER", "NOT_AUTHORISED")
ENTITLEMENT = "U"


def show(summary: dict[str, Any], out: Path, console: Console, language: str) -> None:
    """Prints the summary of a scan in Chinese ("zh") or English ("en")."""
    which = 0 if language == "zh" else 1
    word = {name: words[which] for name, words in WORDS.items()}
    by_rule = summary["findings"]["by_rule"]
    for heading, kind in (("leads", False), ("entitled", True)):
        rows = {rule: counts for rule, counts in by_rule.items() if rule.startswith(ENTITLEMENT) is kind}
        if rows:
            console.print(_rules(word, heading, rows, language), "")
    if not by_rule:
        console.print(word["nothing"])
    if silent := {rule: told for rule, told in summary["rules"].items() if told["state"] == "NOT_ASKED"}:
        console.print(_silent(word, silent, language), "")
    for opened in summary["breakers"]:
        console.print(Text(f"{word['overridden']}: {opened[language]} ({summary['override_breaker']})"))
    console.print(_sources(word, summary), "", _coverage(word, summary), "")
    memory = summary["peak_memory_bytes"] / 2**20
    console.print(
        f"{summary['as_of']} · {summary['persons']:,} × {sum(s['rows_in'] for s in summary['sources'].values()):,} · "
        f"{word['speed']} {summary['timings_seconds']['total']:.1f} s · {memory:,.0f} MiB",
        highlight=False,
    )
    pairs = summary["pairs"]
    console.print(
        f"{word['candidates']} {pairs['candidates']:,} · {word['bound']} {pairs['bound']:,}", highlight=False
    )
    if apart := pairs.get("apart"):
        told = sum(apart.values())
        console.print(f"{word['apart']} {told:,}", highlight=False)
    if summary["flooded"]:
        console.print(Text(f"{word['flooded']} {out}/flooded.parquet"), soft_wrap=True)
    console.print(
        Text(f"{word['files']}: {out}/report.html, {{findings,links,coverage,rejects}}.parquet, summary.json"),
        soft_wrap=True,
    )
    if by_rule:
        console.print(Text(f"{word['explain']}: {_program()} explain {out} {_example(out)}"), soft_wrap=True)


def _program() -> str:
    """How this program is called here: by its name where a shell finds it, else by its path."""
    beside = Path(sys.executable).with_name("matcher")
    return "matcher" if shutil.which("matcher") or not beside.exists() else str(beside)


def explain(finding: dict[str, Any], console: Console, language: str | None) -> None:
    """Prints a finding's explanation in one language, or in both, and the records behind it."""
    which = 1 if language == "en" else 0
    table = Table(title=WORDS["evidence"][which], title_justify="left")
    for heading in ("source", "record_id", "person_id"):
        table.add_column(heading, overflow="fold")
    for piece in finding["evidence"]:
        table.add_row(piece["source"], piece["record_id"], piece["person_id"])
    texts = [finding[f"explanation_{each}"] for each in ((language,) if language else ("zh", "en"))]
    console.print(
        Group(
            Text(f"{WORDS['finding'][which]} {finding['finding_id']}"),
            *(part for text in texts for part in (Text(), Text(text))),
            Text(),
            table,
        )
    )


def _example(out: Path) -> str:
    """The beginning of the id of the lead that weighs most."""
    return str(files.gravest_first(files.read_table(out, "findings")).item(0, "finding_id"))[:12]


def rule_titles() -> dict[str, tuple[str, str]]:
    """Each rule's title in Chinese and English."""
    return {rule.id: (rule.title_zh, rule.title_en) for rule in book.BOOK}


def _rules(word: dict[str, str], heading: str, rows: dict[str, Any], language: str) -> Table:
    titles = {rule: words[0 if language == "zh" else 1] for rule, words in rule_titles().items()}
    table = Table(title=word[heading], title_justify="left")
    table.add_column(word["rule"])
    table.add_column(word["title"])
    for column in ("count", "households", "amount"):
        table.add_column(word[column], justify="right")
    for rule, counts in rows.items():
        low, high = float(counts["amount_low_yuan"]), float(counts["amount_high_yuan"])
        amount = "—" if high == 0 else f"{high:,.2f}" if low == high else f"{low:,.2f} – {high:,.2f}"
        table.add_row(rule, titles.get(rule, ""), f"{counts['findings']:,}", f"{counts['households']:,}", amount)
    return table


def _silent(word: dict[str, str], rules: dict[str, Any], language: str) -> Table:
    table = Table(title=word["not_asked"], title_justify="left")
    for heading in ("rule", "title", "missing"):
        table.add_column(word[heading], overflow="fold")
    for rule, told in rules.items():
        table.add_row(rule, told[f"title_{language}"], ", ".join(told["missing"]))
    return table


def _sources(word: dict[str, str], summary: dict[str, Any]) -> Table:
    table = Table(title=word["sources"], title_justify="left")
    table.add_column(word["source"])
    for column in ("rows", "aside", "as_of", "link", "review"):
        table.add_column(word[column], justify="right")
    for name, intake in summary["sources"].items():
        if name not in summary["coverage"]:
            continue
        links = summary["links"]["by_source"].get(name, {"decision": {}})["decision"]
        table.add_row(
            name,
            f"{intake['rows_in']:,}",
            f"{intake['set_aside']:,}",
            intake["as_of"] or "?",
            f"{links.get('LINK', 0):,}",
            f"{links.get('REVIEW', 0):,}",
        )
    return table


def _coverage(word: dict[str, str], summary: dict[str, Any]) -> Table:
    table = Table(title=word["coverage"], title_justify="left")
    table.add_column(word["source"])
    for state in STATES:
        table.add_column(word[state], justify="right")
    for name, states in summary["coverage"].items():
        if name in summary["sources"]:
            table.add_row(name, *(f"{states.get(state, 0):,}" for state in STATES))
    return table
