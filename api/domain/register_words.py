"""What another register writes in words, read as ours: the tier and category of a file, and the causes of hardship.

A word that nobody knows is no tier and no category; as a cause it is one beside the ten, which keeps its words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from api.domain.casework import HardshipCause
from api.domain.categories import HardshipCategory
from api.domain.files import Tier

T, K, C = Tier, HardshipCategory, HardshipCause

TIERS: Mapping[str, Tier] = {
    "全国级": T.NATIONAL, "全国": T.NATIONAL, "国家级": T.NATIONAL,
    "省级": T.PROVINCIAL, "省": T.PROVINCIAL,
    "地市级": T.MUNICIPAL, "市级": T.MUNICIPAL, "地级": T.MUNICIPAL,
    "区县级": T.COUNTY, "县级": T.COUNTY, "县区级": T.COUNTY, "区级": T.COUNTY,
    "基层": T.GRASSROOTS, "基层级": T.GRASSROOTS,
}  # fmt: skip

CATEGORIES: Mapping[str, HardshipCategory] = {
    "低保": K.DIBAO, "低保边缘": K.DIBAO_MARGIN, "意外致困": K.ACCIDENTAL, "农民工": K.MIGRANT_WORKER,
    "困难农民工": K.MIGRANT_WORKER, "其他困难": K.AUXILIARY, "辅助": K.AUXILIARY, "深度困难": K.DEEP, "深度贫困": K.DEEP,
    "相对困难": K.RELATIVE,
}  # fmt: skip
"""Without the 户 or 职工 that may stand behind."""

CAUSES: Mapping[HardshipCause, tuple[str, ...]] = {
    C.NO_LABOUR_ABILITY: ("无劳动能力", "丧失劳动能力"),
    C.NOT_EMPLOYED: ("有劳动能力而未就业", "有劳动能力未就业", "未就业"),
    C.LAID_OFF: ("下岗失业", "下岗", "失业"),
    C.UNINSURED: ("未参加社保", "未参加社会保险", "未参保"),
    C.INSURANCE_LACKING: ("社保待遇不到位", "社会保险待遇不到位"),
    C.SEVERE_ILLNESS: ("重特大疾病", "重大疾病", "因病致困", "因病", "大病"),
    C.NATURAL_DISASTER: ("自然灾害", "因灾致困", "因灾"),
    C.ACCIDENT: ("意外事故", "交通事故", "意外致困"),
    C.SCHOOLING: ("子女上学", "子女就学", "因学致困", "因学"),
    C.OTHER: ("其他", "其它", "其他原因"),
}
"""The national form's ten, and how they are written."""

_BY_WORD = {word: cause for cause, words in CAUSES.items() for word in words} | {each.value: each for each in C}
_BETWEEN = re.compile(r"[、,，;；/|\n]")
_MAIN = re.compile(r"^主要?(致困)?(原因)?[:：]|[（(]主要?(致困)?(原因)?[）)]")
_SECOND = re.compile(r"^次要?(致困)?(原因)?[:：]|[（(]次要?(致困)?(原因)?[）)]")
_GONE = re.compile(r"[（(]?已(消除|解决|解除|缓解)[）)]?$")


@dataclass(frozen=True, slots=True)
class Named:
    """A cause that a register names; `words` are its own where it is none of the form's."""

    cause: HardshipCause
    main: bool
    words: str | None = None


def tier(written: str | None) -> Tier | None:
    """The tier of a file; None where nobody knows the word."""
    word = (written or "").strip()
    return T(word) if word in T.__members__ else TIERS.get(word)


def category(written: str | None) -> HardshipCategory | None:
    """The category of a file; None where nobody knows the word."""
    word = (written or "").strip()
    return (
        K(word) if word in K.__members__ else CATEGORIES.get(re.sub("(户|职工)$", "", word)) or CATEGORIES.get(word)
    )


def causes(written: str | None) -> tuple[Named, ...]:
    """The causes that stand, the main one first: the one called so, or else the first that is written.

    One that the register says to be gone is not named; where it was the main one, none of the others is: people say which.
    """
    found: dict[HardshipCause, list[str]] = {}
    called, first = None, None
    for each in _BETWEEN.split(written or ""):
        told = each.strip()
        unranked = _SECOND.sub("", _MAIN.sub("", told)).strip()
        word = _GONE.sub("", unranked).strip()
        if not word:
            continue
        cause = _BY_WORD.get(word, C.OTHER)
        first = first or cause
        if called is None and _MAIN.search(told):
            called = cause
        if word != unranked:
            continue
        found.setdefault(cause, [])
        if cause is C.OTHER:
            found[cause].append(word)
    main = called or first
    ordered = sorted(found, key=lambda cause: cause is not main)
    return tuple(Named(cause, cause is main, "、".join(found[cause]) or None) for cause in ordered)
