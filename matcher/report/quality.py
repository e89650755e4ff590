"""quality.html: what a department's batch holds and what to mend, on one self-contained page; and the same on a terminal.

Nothing of a person stands in it: counts, places, and masked values.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from matcher.errors import InputRefused
from matcher.report import selfcontained
from matcher.report.selfcontained import Language

FILE = "quality.html"
TITLE = ("数据质量回执", "Quality of the data received")
MARKS = {"OK": ("✓", "green"), "ALARM": ("!", "bold red"), "NOT_ASSESSED": ("·", "dim")}
WORDS = {
    "source": ("来源", "source"),
    "rows": ("行数", "rows"),
    "accepted": ("接收", "taken"),
    "aside": ("搁置", "aside"),
    "nulled": ("置空值", "nulled"),
    "columns": ("列", "columns"),
    "refused": ("未被接受", "refused"),
    "legend": (
        "✓ 正常　! 需处理　· 无法判断（无历史、无期限等）",
        "✓ fine   ! to mend   · not assessed (no history, no deadline …)",
    ),
    "page": ("给部门的说明页", "the page for the department"),
    "ignored": ("不属于任何来源，未读取", "belongs to no source and was not read"),
}


def write_page(out: Path, content: dict[str, Any], language: Language = "zh") -> None:
    """Writes OUT/quality.html, whole or not at all."""
    selfcontained.write(out / FILE, render(content, language))


def render(content: dict[str, Any], language: Language = "zh") -> str:
    """The page as text; `content` is what quality.json holds."""
    return selfcontained.render("quality", TITLE, content, language)


def show(content: dict[str, Any], out: Path, console: Console, language: str) -> None:
    """Prints a row a source with its ten checks, and below what to mend, in Chinese ("zh") or English ("en")."""
    which = 0 if language == "zh" else 1
    word = {name: words[which] for name, words in WORDS.items()}
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column(word["source"], no_wrap=True)
    for name in ("rows", "accepted", "aside", "nulled", "columns"):
        table.add_column(word[name], justify="right", no_wrap=True, min_width=4)
    table.add_column("Q01…Q10", no_wrap=True, min_width=10)
    for source in content["sources"]:
        table.add_row(*_row(source, word, which))
    console.print(table, Text(word["legend"], style="dim"), "")
    for source in content["sources"]:
        alarms = [check for check in source["checks"] if check["state"] == "ALARM"]
        if alarms:
            console.print(
                Group(Text(_title(source, which), style="bold"), *_lines(alarms, which), ""), soft_wrap=True
            )
    for name in content["ignored_files"]:
        console.print(Text(f"{name}: {word['ignored']}"), soft_wrap=True)
    console.print(Text(f"{word['page']}: {out}/{FILE}"), soft_wrap=True)


def refusals(content: dict[str, Any]) -> Iterator[InputRefused]:
    """The feeds that could not be read, as the errors that they were."""
    for source in content["sources"]:
        if source["refused"]:
            yield InputRefused(**source["refused"])


def _row(source: dict[str, Any], word: dict[str, str], which: int) -> list[Text]:
    name = Text(_title(source, which))
    if source["refused"]:
        return [name, Text(word["refused"], style="bold red")]
    if "rows_in" in source:
        filled = sum(1 for column in source["columns"] if column["filled"])
        counts = [source["rows_in"], source["accepted"], source["aside"], source["nulled"], filled]
        cells = [Text(f"{count:,}") for count in counts]
    else:
        cells = [Text("–")] * 5
    marks = {check["check"]: check["state"] for check in source["checks"]}
    states = [MARKS[marks.get(f"Q{number:02}", "NOT_ASSESSED")] for number in range(1, 11)]
    return [name, *cells, Text.assemble(*states)]


def _lines(alarms: list[dict[str, Any]], which: int) -> Iterator[Text]:
    for check in alarms:
        yield Text(f"  {check['check']} {check['title'][which]}: {check['noticed'][which]}")
        for detail in check["details"]:
            yield Text(f"      {detail[which]}")
        for place in check["examples"][:2]:
            yield Text(f"      {_place(place)}", style="dim")
        yield Text(f"      → {check['do'][which]}")


def _place(place: dict[str, Any]) -> str:
    return " · ".join(
        str(part) for part in (place["file"], place["row"], place["column"], place["value"]) if part is not None
    )


def _title(source: dict[str, Any], which: int) -> str:
    return str(source["en"] if which else source["zh"])
