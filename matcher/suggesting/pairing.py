"""Which heading of a table is which column of a contract: by likeness of words and by what the values look like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from matcher.identity.programmes import PROGRAMMES
from matcher.sources.contract import Column, Contract, fold, load
from matcher.suggesting import assignment, likeness, relating
from matcher.suggesting.appearance import Appearance
from matcher.suggesting.relating import Kin

THRESHOLD = 0.56
"""Below it a pair is not suggested: a person finds a missing column sooner than a wrong one."""

BY_CONTENT = 0.75
"""From this share of values on the content alone may decide, where the kind is seldom mistaken."""

AGAINST = 0.3
"""Below this share of values the content says that it is something else."""

CERTAIN = 0.9
"""So alike must a heading be to the one that names a record: rows that share a wrong one would count as one record."""

_EXPECTED: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("plate", ("plate",)), ("vin", ("vin",)), ("phone", ("phone",)), ("uscc", ("uscc",)),
    ("division_code", ("division",)), ("address", ("address",)), ("account", ("account",)), ("account_no", ("account",)),
    ("employer_name", ("company",)), ("company_name", ("company",)), ("payer_name", ("company",)),
    ("institution", ("company",)), ("hospital", ("company",)), ("school", ("company",)),
)  # fmt: skip
_BY_KIND: Mapping[str, tuple[str, ...]] = {
    "name": ("name",), "id_number": ("id", "id_leftover"), "date": ("date",), "month": ("month", "date"),
    "money": ("amount",), "integer": ("whole", "year"), "decimal": ("measure",),
}  # fmt: skip
_TELLING = {"id": 0.72, "plate": 0.72, "vin": 0.72, "phone": 0.7, "name": 0.62, "uscc": 0.64, "address": 0.58}
"""Kinds that the content alone tells, and how sure that is."""

_SPOKEN = {
    "id": "身份证号", "id_leftover": "残缺身份证号", "plate": "车牌号", "vin": "车架号", "phone": "电话号码", "name": "姓名",
    "uscc": "统一社会信用代码", "address": "地址", "date": "日期", "month": "年月", "amount": "金额", "whole": "整数",
    "measure": "数值", "division": "行政区划代码", "account": "账号", "company": "单位名称", "words": "合同词汇",
    "year": "年份", "birth": "证件号中的出生日期", "sex": "证件号中的性别",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pair:
    """A column of the contract and a heading's place, how sure that is (0 to 1), and why, in Chinese."""

    column: str
    place: str
    score: float
    why: str
    exact: bool = False


def pairs(contract: Contract, headings: Mapping[str, str], looks: Mapping[str, Appearance]) -> list[Pair]:
    """Every pair that may be meant, the surest first. `headings` and `looks` by place."""
    kin = relating.kin(looks)
    sides = relating.sides(headings, looks, kin) if contract.parties else {}
    found = [
        pair
        for column in contract.columns
        for place in headings
        if (pair := _pair(contract, column, place, headings[place], looks[place], kin.get(place), sides.get(place)))
    ]
    return sorted(found, key=lambda pair: (-pair.score, int(pair.place), pair.column))


def assigned(found: Sequence[Pair]) -> list[Pair]:
    """Of the pairs at or above THRESHOLD one heading a column and one column a heading, the best together; by place."""
    usable = {(pair.column, pair.place): pair for pair in found if pair.score >= THRESHOLD}
    chosen = assignment.best({names: pair.score for names, pair in usable.items()})
    return sorted((usable[names] for names in chosen), key=lambda pair: int(pair.place))


def _pair(
    contract: Contract,
    column: Column,
    place: str,
    heading: str,
    look: Appearance,
    kin: Kin | None,
    side: str | None,
) -> Pair | None:
    base = column.name
    parts = base.split("_", 1)
    of_party = parts[0] in contract.parties
    if of_party:
        base = parts[1]
    if side is not None and side != (parts[0] if of_party else None):
        return None
    alike, exact = _alike(column, base, heading, side)
    if base == "record_id" and (not look.unique or alike < CERTAIN):
        return None
    kind, share = _content(column, base, look)
    if kin and kin.column == base:
        kind, share = {"birth_date": "birth", "sex": "sex"}[base], kin.share
    elif kin and kin.share > BY_CONTENT and not exact:
        return None
    if kind and look.filled and share < AGAINST:
        return None
    if kind is None or not look.filled:
        score = alike * (1.0 if exact else 0.88)
    else:
        score = alike * 0.6 + share * 0.4
        telling = 0.75 if kind in ("birth", "sex") else _TELLING.get(kind, 0.0)
        spoken_for = likeness.other(heading) is not None or likeness.names_a_kind(heading)
        if alike >= 0.3 or share < BY_CONTENT or spoken_for or (of_party and side is None):
            telling = 0.0
        score = max(score, telling * share)
        if alike < 0.45 and not telling:
            score = min(score, THRESHOLD - 0.01)
    if score < 0.3:
        return None
    why = [f"标题相似 {alike:.2f}" if not exact else "标题已知"] if alike >= 0.45 or exact else []
    why += [f"内容 {share:.0%} 像{_SPOKEN[kind]}"] if kind and look.filled else []
    return Pair(column.name, place, round(score, 4), "；".join(why), exact)


def _alike(column: Column, base: str, heading: str, side: str | None) -> tuple[float, bool]:
    """How alike the heading is to the column's own headings, and whether it is one of them."""
    own, word = _folded((column.name, *column.headers)), fold(heading)
    if word in own:
        return 1.0 - 0.001 * own.index(word), True
    best = likeness.best(heading, (column.name, *column.headers))
    if base != column.name:
        named = likeness.party(heading)
        rest = named[1] if named else heading
        if side is not None or named:
            best = max(best, likeness.best(rest, _identity(base)))
    return min(best, 0.97), False


def _content(column: Column, base: str, look: Appearance) -> tuple[str | None, float]:
    """What kind of content the column should hold, and the share of values that are of it; None where any will do."""
    if column.kind in ("enum", "programme"):
        known = set(column.values) if column.kind == "enum" else _programmes()
        total = sum(look.words.values())
        if not total:
            return ("words", 0.0) if look.filled > 20 else (None, 0.0)
        share = sum(count for word, count in look.words.items() if word in known) / total
        return ("words", share) if share >= AGAINST else (None, share)
    expected = next((kinds for end, kinds in _EXPECTED if base == end or base.endswith(f"_{end}")), None)
    kinds = expected or _BY_KIND.get(column.kind, ())
    if not kinds:
        wrong = max(look.share(kind) for kind in ("id", "phone", "plate", "vin", "name", "date"))
        return ("words", 0.0) if wrong > BY_CONTENT and column.kind == "text" else (None, 0.0)
    if "id" in kinds and look.share("id") >= AGAINST:
        return "id", max(
            look.share("id"), look.share("id_leftover")
        )  # what is left of others stands among whole ones
    return max(((kind, look.share(kind)) for kind in kinds), key=lambda one: one[1])


@cache
def _folded(headings: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(fold, headings))


@cache
def _identity(base: str) -> tuple[str, ...]:
    """The headings by which any table about people calls this column."""
    return next((column.headers for column in load("population").columns if column.name == base), ())


@cache
def _programmes() -> frozenset[str]:
    return frozenset(
        fold(word)
        for programme in PROGRAMMES
        for word in (programme.code, programme.name_zh, *programme.synonyms)
    )  # fmt: skip
