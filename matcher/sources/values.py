"""How departments write values: dates, months, money and numbers in all their forms, one at a time.

Each function takes the text of one cell and returns its canonical form, or None where it cannot be read. Nothing is
guessed: an impossible day is unreadable, and no function ever returns zero for what it does not understand.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from decimal import ROUND_HALF_EVEN, Decimal

PLACEHOLDERS = frozenset(
    {
        "", "无", "不详", "未知", "暂无", "空", "没有", "未填", "未填写", "(空)", "（空）", "/", "//", "／", "\\", "-", "--", "---",
        "－", "—", "——", "null", "(null)", "none", "n/a", "na", "nan", "nil", "nat", "\\n", "#n/a", "?", "？", "*", ".",
    }
)  # fmt: skip
"""Written where nothing is known: null, and no broken value. Compared in lower case, without blanks around them."""

ZEROS = frozenset("0" * length for length in range(4, 25))
"""A filler wherever it stands, in an amount too: nobody writes nought so, and what is not known is never zero."""

NO_NAMES = ZEROS | {"0", "00", "000"}
"""The same in what names a person or a thing of theirs: a number, a telephone, an account."""

DATE_PLACEHOLDERS = PLACEHOLDERS | NO_NAMES | {
    "0000-00", "0000-00-00", "0000/00/00", "0000-00-00 00:00:00", "长期", "至今", "永久",
}  # fmt: skip
"""The same for dates and months; an open end has no last day."""

EMPTY_DAYS = frozenset(
    map(dt.date.fromisoformat, ("0001-01-01", "1753-01-01", "1899-12-30", "1899-12-31", "1900-01-01"))
)
"""The first days of calendars of programs: what an empty date became on its way, however it is written."""

OPEN_YEAR = 9999
"""A date in this year means that no end is set."""

FIRST_YEAR, LAST_YEAR = 1850, 2199
"""No living person, house or permit is older, and no term runs longer: a date outside is a slip of the pen."""

_CHINA = dt.timezone(dt.timedelta(hours=8))
_DAY = re.compile(r"(\d{4})[-/.年] ?(\d{1,2})[-/.月] ?(\d{1,2})[日号]?", re.A)
_DAY_FIRST = re.compile(r"(\d{1,2})[- ](\d{1,2}月|[a-z]{3})[- ]{1,2}(\d{4})", re.A | re.I)
_MONTH_FIRST = re.compile(r"([a-z]{3})[a-z]* (\d{1,2}),? (\d{4})", re.A | re.I)
_MONTHS = {
    name: place
    for place, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], start=1
    )
}
_NUMERALS = str.maketrans("〇○零一二三四五六七八九", "000123456789")
_IN_NUMERALS = re.compile(
    r"([〇○零一二三四五六七八九]{4})年([一二三四五六七八九十]{1,3})月([一二三四五六七八九十]{1,3})日?"
)
_COMPACT_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})(?:(?:[01]\d|2[0-3])[0-5]\d[0-5]\d)?", re.A)
_MONTH = re.compile(r"(\d{4})[-/.年](\d{1,2})月?", re.A)
_OCTOBER_OR_JANUARY = re.compile(r"\d{4}\.1", re.A)
_COMPACT_MONTH = re.compile(r"(\d{4})(\d{2})", re.A)
_TIME = re.compile(r"(?:T| +)(?:上午|下午|中午|[AP]M )? ?(\d{1,2}):(\d{2})(?::\d{2}(?:\.\d+)?)? ?(?:[AP]M)?(Z|[+-]\d{2}:?\d{2})?$| *\d{1,2}[时点](?:\d{1,2}分(?:\d{1,2}秒)?)?$", re.A)  # fmt: skip
_SERIAL = re.compile(r"([1-6]\d{4})(?:\.\d+)?", re.A)
_SERIAL_ZERO = dt.date(1899, 12, 30)
_NUMBER = r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d{1,3}(?: \d{3})+|\d{1,18})(?:\.\d*)?"
_MONEY = re.compile(rf"(?:¥|人民币|RMB|CNY)?({_NUMBER}(?:[eE][+-]?\d{{1,2}})?)(万|亿)?(元整|元|人民币)?", re.A | re.I)
_COUNT = re.compile(rf"({_NUMBER})(?:套|辆|个|家|人|户|处|元|年|年度)?", re.A)
_MEASURE = re.compile(rf"({_NUMBER})(?:%|平方米|平米|㎡|m2|元)?", re.A | re.I)
_FRACTION = re.compile(r"(\d{1,9})/([1-9]\d{0,8})", re.A)
_MULTIPLES = {"万": Decimal(10_000), "亿": Decimal(100_000_000)}


def date(text: str) -> str | None:
    """A day as YYYY-MM-DD: with dashes, strokes, points, 年月日, eight digits, with a time, or as a spreadsheet's serial.

    A time with a zone is the day it was in China at that moment. Day or month may come first where one of them is a word;
    14/03/2024 and years of two digits are not guessed at.

    >>> date("2024年3月14日"), date("20240314"), date("45365"), date("2023-02-30")
    ('2024-03-14', '2024-03-14', '2024-03-14', None)
    >>> date("14-3月 -2024"), date("Mar 14, 2024"), date("二〇二四年三月十四日"), date("03/04/2024"), date("14-3月-24")
    ('2024-03-14', '2024-03-14', '2024-03-14', None, None)
    """
    plain = _plain(text)
    time = _TIME.search(plain)
    written = plain[: time.start()] if time else plain
    if found := _DAY.fullmatch(written) or _COMPACT_DAY.fullmatch(written):
        day = _day(int(found[1]), int(found[2]), int(found[3]))
        return _in_china(day, time) if day and time and time[3] else day
    if found := _IN_NUMERALS.fullmatch(written):
        return _day(int(found[1].translate(_NUMERALS)), _up_to_99(found[2]), _up_to_99(found[3]))
    if found := _DAY_FIRST.fullmatch(written):
        return _day(int(found[3]), _month(found[2]), int(found[1]))
    if found := _MONTH_FIRST.fullmatch(written):
        return _day(int(found[3]), _month(found[1]), int(found[2]))
    if serial := _SERIAL.fullmatch(plain):
        return (_SERIAL_ZERO + dt.timedelta(days=int(serial[1]))).isoformat()
    return None


def month(text: str) -> str | None:
    """A month as the date of its first day, from a month or a day in any form.

    Five digits that begin like a year of ours are no serial: they may be a month short of a digit. 2024.1 may be the number
    that 2024.10 became.

    >>> month("202403"), month("2024年3月"), month("2024-03-14"), month("2024-13"), month("20241")
    ('2024-03-01', '2024-03-01', '2024-03-01', None, None)
    """
    plain = _plain(text)
    if _OCTOBER_OR_JANUARY.fullmatch(plain):
        return None
    found = _MONTH.fullmatch(plain) or _COMPACT_MONTH.fullmatch(plain)
    if found:
        return _day(int(found[1]), int(found[2]), 1)
    if len(plain) == 5 and plain.startswith(("19", "20")):
        return None
    day = date(text)
    return f"{day[:7]}-01" if day else None


def money(text: str, unit: int = 1) -> str | None:
    """Yuan with two decimals, with or without thousands marks; half a fen goes to the even one.

    `unit` is what the column counts in, in yuan; an amount that names its own unit (元, 万元, 亿元) keeps that.

    >>> money("¥1,234.5"), money("1.2万元"), money("12.345"), money("约一千")
    ('1234.50', '12000.00', '12.34', None)
    >>> money("1.23456", 10_000), money("12万元", 10_000), money("50元", 10_000)
    ('12345.60', '120000.00', '50.00')
    """
    found = _MONEY.fullmatch(_plain(text))
    if not found:
        return None
    factor = _MULTIPLES[found[2]] if found[2] else Decimal(1) if found[3] else Decimal(unit)
    amount = Decimal(_bare(found[1])) * factor
    if abs(amount) >= Decimal(10) ** 16:
        return None
    return str(amount.quantize(Decimal("0.01"), rounding=ROUND_HALF_EVEN))


def integer(text: str) -> str | None:
    """A whole number, with or without thousands marks, a counting word or a spreadsheet's `.0`.

    >>> integer("2套"), integer("1,000"), integer("3.0"), integer("2.5")
    ('2', '1000', '3', None)
    """
    found = _COUNT.fullmatch(_plain(text))
    number = Decimal(_bare(found[1])) if found else None
    return str(int(number)) if number is not None and number == int(number) else None


def decimal(text: str) -> str | None:
    """A number, with or without thousands marks, a per-cent mark or a unit; a share written a/b is its per cent.

    >>> decimal("50%"), decimal("1/4"), decimal("89.5㎡")
    ('50', '25.0', '89.5')
    """
    plain = _plain(text)
    if share := _FRACTION.fullmatch(plain):
        return str(100 * int(share[1]) / int(share[2]))
    found = _MEASURE.fullmatch(plain)
    return _bare(found[1]) if found else None


def _day(year: int, month: int, day: int) -> str | None:
    try:
        return dt.date(year, month, day).isoformat()
    except ValueError:
        return None


def _month(word: str) -> int:
    """The month that a word names; 0 for none."""
    return int(word[:-1]) if word.endswith("月") else _MONTHS.get(word.lower(), 0)


def _up_to_99(numerals: str) -> int:
    """The number that Chinese numerals up to 九十九 write."""
    tens, ten, ones = numerals.rpartition("十")
    if not ten:
        return int(numerals.translate(_NUMERALS))
    return 10 * int((tens or "一").translate(_NUMERALS)) + int((ones or "〇").translate(_NUMERALS))


def _bare(number: str) -> str:
    """A number without its thousands marks."""
    return number.replace(",", "").replace(" ", "")


def _in_china(day: str, time: re.Match[str]) -> str | None:
    try:
        moment = dt.datetime.fromisoformat(f"{day}T{int(time[1]):02}:{time[2]}:00{time[3]}")
        return moment.astimezone(_CHINA).date().isoformat()
    except (ValueError, OverflowError):
        return None


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().strip("'\"`‘’“”")
