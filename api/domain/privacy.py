"""How personal values are shown to those who may not see them whole (domain.md B5, masking convention).

A mask never grows with what it hides: the length of a name or an address is not told.
"""

from __future__ import annotations

import re

STARS = "****"
NUMBER = re.compile(r"\d|号|[一二三四五六七八九十]+(?:号|栋|幢|楼|单元)")


def name(text: str | None) -> str | None:
    """The first character, or the surname's first of two: 张**."""
    return text[:1] + "**" if text else None


def number(text: str | None) -> str | None:
    """The first four and the last two digits of a citizen number: the division's city, and nothing to search by."""
    if not text:
        return None
    return f"{text[:4]}{STARS * 3}{text[-2:]}" if len(text) >= 15 else STARS


def phone(text: str | None) -> str | None:
    """138****1234."""
    if not text:
        return None
    return f"{text[:3]}{STARS}{text[-4:]}" if len(text) >= 11 else STARS


def account(text: str | None) -> str | None:
    """The last four digits."""
    if not text:
        return None
    return STARS + text[-4:] if len(text) >= 12 else STARS


def address(text: str | None) -> str | None:
    """Down to the road: what follows the last 路, 街, 道, 巷, 镇 or 乡 before the first number is left out."""
    if not text:
        return None
    before = NUMBER.split(text, maxsplit=1)[0]
    cut = max(before.rfind(mark) for mark in "路街道巷镇乡")
    return before[: cut + 1] + STARS
