"""What the values of a column look like, whatever its heading says: citizen numbers, plates, names, days, amounts."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from matcher.identity import names, numbers
from matcher.sources import values
from matcher.sources.contract import fold

PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_USCC = "0-9A-HJ-NPQRTUWXY"
_FORMS = {
    "phone": re.compile(r"(?:\+?86)?1[3-9]\d{9}|0\d{2,3}-?\d{7,8}", re.A),
    "plate": re.compile(rf"[{PROVINCES}][A-Z][·-]?[A-HJ-NP-Z0-9]{{4,5}}[A-HJ-NP-Z0-9挂学警港澳领使]"),
    "uscc": re.compile(rf"[159ANY][1-9A][0-9]{{6}}[{_USCC}]{{10}}"),
    "vin": re.compile(r"(?=.*[A-Z])[A-HJ-NPR-Z0-9]{17}"),
    "division": re.compile(r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[12])\d{4}(?:\d{3}|\d{6})?", re.A),
    "month": re.compile(r"(?:19[5-9]|20[0-9])\d(?:[-/.年](?:0?[1-9]|1[0-2])月?|(?:0[1-9]|1[0-2]))", re.A),
    "year": re.compile(r"(?:19[5-9]|20[0-9])\d年?(?:度)?", re.A),
    "amount": re.compile(r"[¥]?-?(?:\d{1,3}(?:,\d{3})+|\d{1,12})(?:\.\d{1,6})?(?:元|万元)?", re.A),
    "measure": re.compile(r"\d{1,6}(?:\.\d{1,6})?(?:%|平方米|平米|m2)?|\d{1,3}/\d{1,3}", re.A),
    "whole": re.compile(r"\d{1,9}(?:\.0)?", re.A),
    "account": re.compile(r"\d{12,21}", re.A),
    "company": re.compile(
        r".{3,}(?:公司|厂|店|部|中心|局|学校|大学|中学|小学|学院|医院|卫生院|银行|社|所|站|集团|委员会|政府|支行|分行|信用社|工会)"
    ),
}
_PLACE = re.compile(r"省|市|[县区]|[镇乡]|街|村|[路巷道]|\d号|[栋幢座]|单元|室|小区|[组社]$")
_HAN = re.compile(r"[\u3007\u3400-\u9fff]+")
_ID_LEFTOVER = re.compile(r"\d{6}[\d*]{8,11}[\dX*]|\d\.\d+E\+1[47]")
_SEXES = {
    **dict.fromkeys(("男", "男性", "1", "01", "M", "MALE"), True),
    **dict.fromkeys(("女", "女性", "2", "02", "F", "FEMALE"), False),
}
COMMON_SURNAME = 0.02
"""Share of the population in percent from which on a surname speaks for a name."""


@dataclass(frozen=True)
class Appearance:
    """A column: how many cells say something, whether no two say the same, the share of these that look like each kind, and its words by count.

    `words` are there only where few different ones fill the column. `numbers` are the valid citizen numbers, null
    elsewhere; `days` the days, ISO; `men` whether a word for a man stands there, where nothing but words for men and
    women does.
    """

    filled: int
    unique: bool
    shares: Mapping[str, float]
    words: Mapping[str, int]
    numbers: pl.Series
    days: pl.Series
    men: pl.Series | None

    def share(self, kind: str) -> float:
        """The share that looks like this kind, from 0 to 1."""
        return self.shares.get(kind, 0.0)


def look(column: pl.Series) -> Appearance:
    """The appearance of a column of texts."""
    written = [None if cell is None else plain(cell) for cell in column.to_list()]
    filled = [cell for cell in written if cell]
    ids = [citizen_number(cell) if cell else None for cell in written]
    days = [_day(cell) if cell else None for cell in column.to_list()]
    counted = {kind: _count(filled, form.fullmatch) for kind, form in _FORMS.items()}
    counted |= {
        "id": sum(number is not None for number in ids),
        "id_leftover": _count(filled, _ID_LEFTOVER.fullmatch),
        "date": sum(day is not None for day in days),
        "name": _count(filled, is_name),
        "address": _count(filled, is_address),
    }
    counted["account"] = _count(filled, lambda cell: _FORMS["account"].fullmatch(cell) and not citizen_number(cell))
    counted["amount"] -= min(counted["amount"], max(counted["phone"], counted["date"], counted["month"]))
    total = max(len(filled), 1)
    shares = {kind: count / total for kind, count in counted.items()}
    different = set(filled)
    # names and addresses seldom repeat
    words = Counter(map(fold, filled)) if len(different) <= min(60, max(total // 3, 6)) else {}
    sexes = [_SEXES.get(cell) if cell else None for cell in written]
    return Appearance(
        filled=len(filled),
        unique=len(different) == len(filled),
        shares=shares,
        words=words,
        numbers=pl.Series(ids, dtype=pl.String),
        days=pl.Series(days, dtype=pl.String),
        men=pl.Series(sexes, dtype=pl.Boolean) if filled and all(cell in _SEXES for cell in filled) else None,
    )


def plain(cell: str) -> str:
    """The cell with widths folded, without blanks, in upper case."""
    return re.sub(r"[\s'`]+", "", unicodedata.normalize("NFKC", cell)).upper()


def citizen_number(cell: str) -> str | None:
    """The valid eighteen-character number that the plain cell is, from fifteen digits too; None where it is none."""
    number = numbers.upgrade(cell) if len(cell) == 15 and cell.isascii() and cell.isdigit() else cell
    return number if numbers.is_valid(number) else None


def is_name(cell: str) -> bool:
    """Whether the plain cell may be the name of a person: two to four Han characters, the first a common surname's."""
    bare = cell.replace("·", "")
    if not _HAN.fullmatch(bare) or not 2 <= len(bare) <= (4 if bare == cell else 12):
        return False
    return bare != cell or names.surname_shares().get(names.surname(bare), 0) >= COMMON_SURNAME or len(
        names.surname(bare)
    ) == 2  # fmt: skip


def is_address(cell: str) -> bool:
    """Whether the plain cell may be an address: long, and with at least two words of places."""
    return len(cell) >= 6 and len(_PLACE.findall(cell)) >= 2


def personal(cell: str) -> bool:
    """Whether the cell may be somebody's value, so that it must not be shown: a long number, a plate, a name, an address."""
    bare = plain(cell)
    return bool(re.search(r"\d{5,}", bare)) or is_name(bare) or is_address(bare) or bool(
        re.search(rf"[{PROVINCES}][A-Z][A-Z0-9]{{4}}", bare)
    )  # fmt: skip


def _count(filled: list[str], like: Callable[[str], object]) -> int:
    return sum(bool(like(cell)) for cell in filled)


def _day(cell: str) -> str | None:
    """A day that is written as one: a plain number of five digits may be anything."""
    day = None if re.fullmatch(r"\d{5}(?:\.\d+)?", cell) else values.date(cell)
    return day if day and 1850 <= int(day[:4]) <= 2199 else None
