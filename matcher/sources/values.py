"""How departments write values: dates, months, money and numbers in all their forms, one at a time.

Each function takes the text of one cell and returns its canonical form, or None where it cannot be read. Nothing is
guessed: an impossible day is unreadable, and no function ever returns zero for what it does not understand.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

PLACEHOLDERS = frozenset(
    {
        "", "无", "不详", "未知", "暂无", "空", "没有", "未填", "未填写", "/", "//", "\\", "-", "--", "---", "—", "——",
        "null", "none", "n/a", "na", "nan", "nil", "\\n", "#n/a", "?", "*", ".",
    }
)  # fmt: skip
"""Written where nothing is known: null, and no broken value. Compared in lower case, without blanks."""

DATE_PLACEHOLDERS = PLACEHOLDERS | {
    "0", "00000000", "0000-00-00", "0000/00/00", "1900-01-01", "1900/1/1", "1900/01/01", "19000101", "1900年1月1日",
    "0000-00-00 00:00:00", "1900-01-01 00:00:00", "99991231", "9999-12-31", "长期", "至今",
}  # fmt: skip

_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_COMPACT_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})")
_MONTH = re.compile(r"(\d{4})[-/.年](\d{1,2})月?")
_COMPACT_MONTH = re.compile(r"(\d{4})(\d{2})")
_TIME = re.compile(r"[T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?$")
_SERIAL = re.compile(r"([2-6]\d{4})(\.0+)?")
_SERIAL_ZERO = dt.date(1899, 12, 30)
_FRACTION = re.compile(r"(\d+)/([1-9]\d*)")
_UNITS = re.compile(r"(元整|元|人民币|平方米|㎡|m2|套|辆|个|家|人|户|处|%)$")


def date(text: str) -> str | None:
    """A day as YYYY-MM-DD: with dashes, strokes, points, 年月日, eight digits, with a time, or as a spreadsheet's serial.

    >>> date("2024年3月14日"), date("20240314"), date("45365"), date("2023-02-30")
    ('2024-03-14', '2024-03-14', '2024-03-14', None)
    """
    text = _TIME.sub("", _plain(text))
    found = _DAY.fullmatch(text) or _COMPACT_DAY.fullmatch(text)
    if found:
        try:
            return dt.date(*map(int, found.groups())).isoformat()
        except ValueError:
            return None
    if serial := _SERIAL.fullmatch(text):
        return (_SERIAL_ZERO + dt.timedelta(days=int(serial[1]))).isoformat()
    return None


def month(text: str) -> str | None:
    """A month as the date of its first day, from a month or a day in any form.

    >>> month("202403"), month("2024年3月"), month("2024-03-14"), month("2024-13")
    ('2024-03-01', '2024-03-01', '2024-03-01', None)
    """
    plain = _plain(text)
    found = _MONTH.fullmatch(plain) or _COMPACT_MONTH.fullmatch(plain)
    if found:
        try:
            return dt.date(int(found[1]), int(found[2]), 1).isoformat()
        except ValueError:
            return None
    day = date(text)
    return f"{day[:7]}-01" if day else None


def money(text: str) -> str | None:
    """Yuan with two decimals, from yuan or 万元, with or without thousands marks; half a fen goes to the even one.

    >>> money("¥1,234.5"), money("1.2万元"), money("12.345"), money("约一千")
    ('1234.50', '12000.00', '12.34', None)
    """
    plain = _plain(text).lstrip("¥￥").replace(",", "")
    factor = Decimal(1)
    plain = _UNITS.sub("", plain)
    if plain.endswith("万"):
        factor, plain = Decimal(10_000), plain[:-1]
    try:
        amount = Decimal(plain) * factor
    except InvalidOperation:
        return None
    if not amount.is_finite() or abs(amount) >= Decimal(10) ** 16:
        return None
    return str(amount.quantize(Decimal("0.01"), rounding=ROUND_HALF_EVEN))


def integer(text: str) -> str | None:
    """A whole number, with or without thousands marks, a counting word or a spreadsheet's `.0`.

    >>> integer("2套"), integer("1,000"), integer("3.0"), integer("2.5")
    ('2', '1000', '3', None)
    """
    plain = _UNITS.sub("", _plain(text)).replace(",", "")
    found = re.fullmatch(r"([+-]?\d{1,18})(\.0+)?", plain)
    return str(int(found[1])) if found else None


def decimal(text: str) -> str | None:
    """A number, with or without thousands marks, a per-cent mark or a unit; a share written a/b is its per cent.

    >>> decimal("50%"), decimal("1/4"), decimal("89.5㎡")
    ('50', '25.0', '89.5')
    """
    plain = _UNITS.sub("", _plain(text)).replace(",", "")
    if share := _FRACTION.fullmatch(plain):
        return str(100 * int(share[1]) / int(share[2]))
    return plain if re.fullmatch(r"[+-]?\d{1,18}(\.\d+)?", plain) else None


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().replace("，", ",").strip("'\"`‘’“”")
