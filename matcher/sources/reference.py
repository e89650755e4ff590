"""Every contract on one page in Markdown: docs/sources.md and docs/sources.zh.md are what this returns."""

from __future__ import annotations

from matcher.identity.programmes import PROGRAMMES
from matcher.sources.catalogue import KINDS, MARKS, age, fate, measure, said, stars, title, words
from matcher.sources.contract import Column, Contract, all_contracts, shared_columns


def page(language: str) -> str:
    """Every contract as one page in Markdown."""
    lines = [
        said(language, ("# 数据来源与列", "# Sources and their columns")),
        "",
        said(
            language,
            (
                "本页由 `matcher sources --markdown --lang zh` 生成，请勿手改。一个来源即一个部门的一种数据，其约定是 "
                "`matcher/sources/departments/` 中的一个 TOML 文件；表头写成下列任何一种都能识别，不必改名。",
                "Written by `matcher sources --markdown --lang en`; do not edit. A source is one kind of data of one "
                "department; its contract is a TOML in `matcher/sources/departments/`. Any of the headings listed is "
                "recognised, so nothing needs to be renamed.",
            ),
        ),
        "",
        said(
            language,
            (
                "`*` 必须有此列；`**` 必须有此列且每行必填；其余可缺可空。最长时效均为本项目的假定，并非规定。",
                "`*` must be there; `**` must be there and filled in every row; all else may be absent or empty. The "
                "greatest ages are assumptions of ours, no regulation.",
            ),
        ),
    ]
    lines += ["", said(language, ("## 各类列怎么写", "## How each kind is written")), ""]
    lines += _table(
        [said(language, ("类型", "kind")), said(language, ("写法", "written"))],
        [[said(language, called), said(language, how)] for called, how, _ in KINDS.values()],
    )
    lines += ["", said(language, ("## 敏感级别", "## Sensitivity")), ""]
    lines += _table(
        [said(language, ("级别", "mark")), "", said(language, ("含义", "meaning"))],
        [[f"`{mark}`", said(language, called), said(language, meaning)] for mark, (called, meaning) in MARKS.items()],
    )
    lines += [
        "",
        said(
            language,
            (
                "级别取意于 MZ/T 073 的敏感信息标识和《个人信息保护法》第二十八条；标准原文未在手，级别由本项目自定，不声称符合标准。"
                "一行记录整体总是个人信息；不满十四周岁的人，整行都是敏感个人信息。",
                "After the idea of the marks for sensitive information in MZ/T 073 and of article 28 of the Personal "
                "Information Protection Law. The standard's text was not at hand: the levels are ours, no conformance is "
                "claimed. A whole row is always personal information; that of a child under 14 is sensitive as a whole.",
            ),
        ),
        "",
        said(language, ("## 共用的列", "## Columns that tables share")),
        "",
        said(
            language,
            (
                "凡以人为对象的表都有这些列；`record_id` 各部门的数据都可有，没有时由整行内容推出。",
                "Every table about people has these; every department's table may have `record_id`, which is derived "
                "from the row where it is not there.",
            ),
        ),
        "",
    ]
    shared = shared_columns()
    lines += _columns(list(shared.values()), language)
    for contract in all_contracts():
        lines += _section(contract, shared, language)
    lines += ["", said(language, ("## 救助项目", "## Programmes")), ""]
    lines += _table(
        [said(language, ("代码", "code")), said(language, ("名称与同义词", "names"))],
        [[f"`{each.code}`", "、".join((each.name_zh, *each.synonyms))] for each in PROGRAMMES],
    )
    return "\n".join(lines) + "\n"


def _section(contract: Contract, shared: dict[str, Column], language: str) -> list[str]:
    own = [column for column in contract.columns if column.name not in shared or not _adds_to(column, shared)]
    common = [column.name for column in contract.columns if column not in own]
    lines = ["", f"## {contract.id} · {title(contract, language)}", "", age(contract, language)]
    if contract.aliases:
        lines[-1] += (
            said(language, ("。又称：", " Also called ")) + "、".join(contract.aliases) + said(language, ("", "."))
        )
    if common:
        lines += ["", said(language, ("共用的列：", "Shared columns: ")) + " ".join(f"`{name}`" for name in common)]
        for column in contract.columns:
            if column in own:
                continue
            if more := column.headers[len(shared[column.name].headers) :]:
                lines += ["", f"`{column.name}` " + said(language, ("在此还可写作：", "may here also be headed ")) + "、".join(more)]  # fmt: skip
    return [*lines, "", *_columns(own, language)]


def _adds_to(column: Column, shared: dict[str, Column]) -> bool:
    """Whether a contract's column is the shared one, with more headings at most."""
    other = shared[column.name]
    return column.headers[: len(other.headers)] == other.headers and column.values == other.values


def _columns(columns: list[Column], language: str) -> list[str]:
    titles = ("列", "column"), ("名称", "title"), ("类型", "kind"), ("级别", "mark"), ("读不懂的值", "what cannot be read"), ("可识别的表头", "headings")  # fmt: skip
    rows = []
    for column in columns:
        called = said(language, (column.title_zh, column.title_en))
        note = said(language, (column.note_zh, column.note_en))
        rows.append(
            [
                f"`{column.name}`{stars(column)}",
                f"{called}<br>{note}" if note else called,
                measure(column, language),
                said(language, MARKS[column.sensitivity][0]),
                fate(column, language),
                "、".join(column.headers),
            ]
        )
    lines = _table([said(language, each) for each in titles], rows)
    for column in columns:
        if column.kind != "enum":
            continue
        lines += ["", said(language, (f"`{column.name}` 的值：", f"Values of `{column.name}`:")), ""]
        lines += [f"- `{value}` {'、'.join(written)}" for value, written in words(column).items()]
        if column.unknown:
            lines.append(f"- {said(language, ('视为空：', 'taken as empty: '))}{'、'.join(sorted(column.unknown))}")
    return lines


def _table(titles: list[str], rows: list[list[str]]) -> list[str]:
    shown = [titles, ["---"] * len(titles), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return [f"| {' | '.join(row)} |" for row in shown]
