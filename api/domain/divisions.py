"""Administrative divisions by GB/T 2260: names, levels, and which codes lie below one.

The names are those of the National Bureau of Statistics as collected by china-division 2.7.0 (MIT; see NOTICE), so
county-level statistical areas have codes too. An abolished code has no name here, and is shown as its number.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.resources import files

COUNTRY = "000000"
NAMELESS = ("市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划")
"""Codes between a province and its counties that are no city."""


@cache
def names() -> dict[str, str]:
    """Chinese names by six-digit code."""
    table = (files("api.domain") / "divisions.tsv").read_text(encoding="utf-8")
    return dict(line.split("\t") for line in table.splitlines())


def name(code: str) -> str:
    """The name, a county's after that of its city: 安阳市文峰区; the code itself where no name is known."""
    known = names()
    if code == COUNTRY:
        return "全国"
    if code.endswith("00") or code not in known:
        return known.get(code, code)
    city = known.get(code[:4] + "00", "")
    return (known.get(code[:2] + "0000", "") if city in NAMELESS else city) + known[code]


def is_code(text: str) -> bool:
    """Six ASCII digits."""
    return len(text) == 6 and text.isascii() and text.isdigit()


def is_known(code: str) -> bool:
    """Whether a division is or was called so: the country, a code with a name, or six digits in a known prefecture."""
    return is_code(code) and (code == COUNTRY or code in names() or code[:4] + "00" in names())


def span(code: str) -> tuple[str, str]:
    """The half-open range of codes at or below this one, by their bytes: a colon follows the digits.

    >>> span("410502"), span("410500"), span("410000")
    (('410502', '410502:'), ('4105', '4105:'), ('41', '41:'))
    >>> span("000000")
    ('0', ':')
    """
    if code == COUNTRY:
        return "0", ":"
    stem = code.removesuffix("0000") if code.endswith("0000") else code.removesuffix("00")
    return stem, stem + ":"


def holds(code: str, other: str) -> bool:
    """Whether `other` is this division or lies below it."""
    low, high = span(code)
    return low <= other < high


def chain(code: str) -> list[str]:
    """The divisions that hold this one, itself the first and the country the last.

    >>> chain("410502"), chain("410500")
    (['410502', '410500', '410000', '000000'], ['410500', '410000', '000000'])
    """
    return list(dict.fromkeys((code, f"{code[:4]}00", f"{code[:2]}0000", COUNTRY)))


def above_all(codes: Iterable[str]) -> str:
    """The lowest division that holds all of these; the country where there is none.

    >>> above_all(["410502", "410581"]), above_all(["410502"]), above_all(["410502", "110101"])
    ('410500', '410502', '000000')
    """
    all_codes = set(codes)
    for length in (6, 4, 2):
        if len(stems := {code[:length] for code in all_codes}) == 1:
            return stems.pop().ljust(6, "0")
    return COUNTRY
