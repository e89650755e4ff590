"""Contracts shown: as text in a terminal, as data for programs, and as an empty file to fill; their words.

Marks of sensitivity follow the idea of the marks for sensitive information in MZ/T 073 and of article 28 of the
Personal Information Protection Law. The standard's text was not at hand: the levels are ours, no conformance is claimed.
"""

from __future__ import annotations

import codecs
import csv
import io
from typing import Any

from matcher.identity.programmes import PROGRAMMES
from matcher.sources.contract import (
    Column,
    Contract,
    Kind,
    Sensitivity,
    Unit,
    all_contracts,
    fold,
)

Said = tuple[str, str]
"""In Chinese and in English."""

KINDS: dict[Kind, tuple[Said, Said, str]] = {
    "text": (("文本", "text"), ("原样保留", "kept as it stands"), "示例文本"),
    "name": (("姓名", "name"), ("原样保留，缺字可写 □ 或 ?", "kept as it stands; □ or ? for a character that is missing"), "张示例"),
    "id_number": (("证件号码", "ID number"), ("按文本填写，末位 X 大小写均可", "as text; a final X in either case"), "11010519491231002X"),
    "date": (("日期", "date"), ("2024-03-14、20240314、2024/3/14、2024年3月14日", "2024-03-14, 20240314, 2024/3/14, 2024年3月14日"), "2024-03-14"),
    "month": (("年月", "month"), ("2024-03、202403、2024年3月", "2024-03, 202403, 2024年3月"), "2024-03"),
    "money": (("金额", "money"), ("1234.56、1,234.56；表头注明“万元”的按万元", "1234.56 or 1,234.56; in ten thousands where the heading says 万元"), "1234.56"),
    "integer": (("整数", "whole number"), ("2、1,000", "2 or 1,000"), "2"),
    "decimal": (("数值", "number"), ("89.5、50%、1/4", "89.5, 50% or 1/4"), "50"),
    "enum": (("选项", "one of its values"), ("所列词语或其同义词", "one of the words listed, or of their synonyms"), ""),
    "programme": (("救助项目", "programme"), ("项目代码或名称；不认识的原样保留", "a code or a name; one that is not known is kept as it stands"), "低保"),
}  # fmt: skip
"""Of each kind of column: what it is called, how it is written, and a valid example."""

UNITS: dict[Unit, tuple[Said, str]] = {
    "yuan": (("元", "yuan"), "（元）"),
    "yuan/month": (("元/月", "yuan a month"), "（元/月）"),
    "yuan/year": (("元/年", "yuan a year"), "（元/年）"),
    "percent": (("%", "per cent"), "（%）"),
    "m2": (("平方米", "m²"), "（平方米）"),
    "people": (("人", "people"), ""),
    "vehicles": (("辆", "vehicles"), ""),
    "homes": (("套", "homes"), ""),
    "businesses": (("个", "businesses"), ""),
    "year": (("年份", "calendar year"), ""),
}
"""What each unit is called, and how a heading of ours names it."""

MARKS: dict[Sensitivity, tuple[Said, Said]] = {
    "NONE": (
        ("一般", "general"),
        (
            "说明事物、机构或登记状态，单独看不出是谁、境况如何；出错时原值照示，其中的长号码仍遮住",
            "says something of a thing, an office or the state of an entry, and by itself nothing of a person; a broken "
            "value is shown as it stands, without any long number in it",
        ),
    ),
    "PERSONAL": (
        ("个人信息", "personal information"),
        (
            "指明、联系或描述一个人（姓名、出生日期、电话、住址、车牌、单位、婚姻状况等）；出错时只示首字与大致长度",
            "names, reaches or describes a person (name, birth date, phone, address, plate, employer, marital status); of "
            "a broken value the first character and the rough length are shown",
        ),
    ),
    "SENSITIVE": (
        ("敏感个人信息", "sensitive personal information"),
        (
            "泄露容易损害人格尊严或人身、财产安全（身份证号、账号、收入与财产金额、医疗健康、羁押、未成年人就读学校）；遮蔽同上，"
            "且不得写入导出、通知和日志",
            "its leak easily harms a person's dignity, safety or property (ID number, accounts, income and wealth, health, "
            "custody, a minor's school); masked in the same way, and it belongs in no export, notice or log",
        ),
    ),
}
"""What each mark is called, and what it means."""


def listed(language: str) -> str:
    """Every source with its title, one a line."""
    return "\n".join(f"{each.id:<22}{said(language, (each.title_zh, each.title_en))}" for each in all_contracts())


def text(contract: Contract, language: str) -> str:
    """All that a contract says, for a terminal."""
    lines = [f"{contract.id}  {title(contract, language)}", f"    {age(contract, language)}"]
    lines += ["    " + said(language, ("* 必须有此列；** 必须有此列且每行必填", "* must be there; ** must be there and filled in every row")), ""]  # fmt: skip
    for column in contract.columns:
        lines.append(f"{column.name}{stars(column)}  {said(language, (column.title_zh, column.title_en))}")
        broken = said(
            language, (f"读不懂时{fate(column, language)}", f"what cannot be read {fate(column, language)}")
        )
        lines.append(f"    {measure(column, language)} · {said(language, MARKS[column.sensitivity][0])} · {broken}")
        if note := said(language, (column.note_zh, column.note_en)):
            lines.append(f"    {note}")
        lines += [f"    {value} = {'、'.join(written)}" for value, written in words(column).items()]
        if column.unknown:
            lines.append(f"    {said(language, ('视为空', 'taken as empty'))} = {'、'.join(sorted(column.unknown))}")
        if column.headers:
            lines.append(f"    ← {'、'.join(column.headers)}")
    return "\n".join(lines)


def facts(contract: Contract) -> dict[str, Any]:
    """The same as data for programs."""
    return {
        "id": contract.id,
        "title_zh": contract.title_zh,
        "title_en": contract.title_en,
        "agency_zh": contract.agency_zh,
        "aliases": list(contract.aliases),
        "about_people": contract.about_people,
        "parties": list(contract.parties),
        "max_age_days": contract.max_age_days,
        "columns": [
            {
                "name": column.name,
                "title_zh": column.title_zh,
                "title_en": column.title_en,
                "kind": column.kind,
                "unit": column.unit,
                "must_exist": column.must_exist,
                "never_null": column.never_null,
                "sensitivity": column.sensitivity,
                "on_error": column.on_error,
                "note_zh": column.note_zh,
                "note_en": column.note_en,
                "values": {value: list(written) for value, written in words(column).items()},
                "unknown": sorted(column.unknown),
                "headings": list(column.headers),
            }
            for column in contract.columns
        ],
    }


def words(column: Column) -> dict[str, tuple[str, ...]]:
    """The values of an enumeration, each with the words that departments write for it; nothing for other columns."""
    if column.kind == "programme":
        return {each.code: (each.name_zh, *each.synonyms) for each in PROGRAMMES}
    return {
        value: tuple(word for word, meant in column.values.items() if meant == value and word != fold(value))
        for value in dict.fromkeys(column.values.values())
    }


def heading(column: Column) -> str:
    """The heading that a column bears in the file to fill: Chinese, with its unit where it counts money or a measure.

    >>> heading(Column("a", "money", headers=("金额",), unit="yuan/month")), heading(Column("b", "integer", unit="homes"))
    ('金额（元/月）', 'b')
    """
    return column.title_zh + (UNITS[column.unit][1] if column.unit else "")


def example(column: Column) -> str:
    """A value that the column takes; of nobody."""
    if column.kind == "enum":
        return next(iter([word for word in column.values if not word.isascii()] or column.values))
    return KINDS[column.kind][2]


def template(contract: Contract) -> bytes:
    """An empty file to fill: CSV with Chinese headings, marked as UTF-8 so that spreadsheets open it right."""
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator="\r\n").writerow([heading(column) for column in contract.columns])
    return codecs.BOM_UTF8 + written.getvalue().encode("utf-8")


def title(contract: Contract, language: str) -> str:
    """What it is called: with its agency in Chinese, with its Chinese title in English."""
    return said(
        language, (f"{contract.title_zh}（{contract.agency_zh}）", f"{contract.title_en} ({contract.title_zh})")
    )


def age(contract: Contract, language: str) -> str:
    """From when on a feed is stale."""
    days = contract.max_age_days
    if days is None:
        return said(language, ("不设时效", "Never too old."))
    return said(language, (f"截止日期超过 {days} 天视为过期（本项目的假定）", f"Stale when older than {days} days (our assumption)."))  # fmt: skip


def stars(column: Column) -> str:
    """Whether it must be there (*) and be filled in every row (**)."""
    return "**" if column.never_null else "*" if column.must_exist else ""


def measure(column: Column, language: str) -> str:
    """Its kind, with the unit."""
    unit = f"（{said(language, UNITS[column.unit][0])}）" if column.unit else ""
    return said(language, KINDS[column.kind][0]) + said(language, (unit, unit.replace("（", ", ").replace("）", "")))


def fate(column: Column, language: str) -> str:
    """What becomes of a value that cannot be read, in words."""
    if column.on_error == "refuse":
        return said(language, ("整份数据退回", "refuses the whole feed"))
    if column.never_null:
        return said(language, ("该行剔出，空值亦然", "sets its row aside, and so does an empty one"))
    if column.on_error == "reject":
        return said(language, ("该行剔出", "sets its row aside"))
    if column.kind in ("name", "programme"):
        return said(language, ("原样保留", "is kept as it stands"))
    return said(language, ("按空值处理并计数", "is made empty and counted"))


def said(language: str, both: Said) -> str:
    """One of the two."""
    return both[0] if language == "zh" else both[1]
