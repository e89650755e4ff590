"""The words of explanations, Chinese beside English: grades, results, sources, amounts and masks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Literal, get_args

from matcher.identity.programmes import BY_CODE
from matcher.rules.rule import Text

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

GRADES: Mapping[str, tuple[str, str]] = {
    "G1": ("公民身份号码与姓名均一致", "number and name agree"),
    "G2": (
        "公民身份号码一致，姓名只是写法不同",
        "the number agrees and the name differs only in how it is written",
    ),
    "G4": (
        "号码有一处笔误，姓名与出生日期一致",
        "the number has one slip, while name and birth date agree",
    ),
    "G5": (
        "无可用号码，仅姓名、出生日期、性别等一致，须先核实是否本人",
        "no usable number, only name, birth date and sex agree: check first that it is this person",
    ),
}

RESULTS: Mapping[str, tuple[str, str]] = {
    "NO": ("已检验，不成立", "tested, does not apply"),
    "YES": ("已检验，成立", "tested, applies"),
    "UNKNOWN": ("数据无法判断，须人工核实", "unknown from the data, to be checked by a person"),
}

SEVERITIES: Mapping[str, tuple[str, str]] = {
    "INFO": ("提示", "information"),
    "LOW": ("低", "low"),
    "MEDIUM": ("中", "medium"),
    "HIGH": ("高", "high"),
}

BASES: Mapping[str, tuple[str, str]] = {
    "UNDECLARED": ("未申报", "not declared"),
    "OVER_LIMIT": ("已申报或未要求申报，但超过限额", "declared or not asked for, but over the limit"),
}

SOURCES: Mapping[str, tuple[str, str]] = {
    "households": ("本系统家庭档案", "our own household files"),
    "members": ("本系统家庭成员", "our own household members"),
    "deaths": ("死亡登记", "death registers"),
    "business": ("市场主体登记", "business register"),
    "marriage": ("婚姻登记", "marriage register"),
    "real_estate": ("不动产登记", "property register"),
    "vehicles": ("机动车登记", "vehicle register"),
    "aid": ("救助与补贴发放", "aid and subsidies paid"),
    "school": ("学籍登记", "school register"),
}


def speak(text: Text, language: Language) -> str:
    """A text in one language."""
    return text if isinstance(text, str) else text[LANGUAGES.index(language)]


def mask(text: str | None, head: int = 2, tail: int = 1) -> Text:
    """The ends of an identifier with four stars between; only stars where it is short; words where there is none.

    >>> mask("豫E12345")
    '豫E****5'
    """
    if text is None:
        return ("未载明", "not stated")
    return f"{text[:head]}****{text[-tail:]}" if len(text) > head + tail + 1 else "****"


def day(date: dt.date | None) -> Text:
    """A date, or that there is none."""
    return date.isoformat() if date else ("日期未载明", "date not stated")


def month(date: dt.date) -> str:
    """A month as 2024-03."""
    return f"{date:%Y-%m}"


def months(first: dt.date, last: dt.date) -> Text:
    """An interval of months."""
    return month(first) if first == last else (f"{month(first)}至{month(last)}", f"{month(first)} to {month(last)}")


def yuan(amount: Decimal) -> Text:
    """Money to the cent."""
    return (f"{amount:.2f}元", f"{amount:.2f} yuan")


def programme(code: str) -> tuple[str, str]:
    """A programme's names; one that no list knows keeps its own text."""
    known = BY_CODE.get(code)
    return (known.name_zh, known.name_en) if known else (code, code)


def join(texts: Iterable[Text], zh: str = "、", en: str = ", ") -> tuple[str, str]:
    """A list in both languages."""
    listed = list(texts)
    return zh.join(speak(text, "zh") for text in listed), en.join(speak(text, "en") for text in listed)
