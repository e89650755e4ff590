"""Digits that somebody typed to fill a field."""

from __future__ import annotations

from functools import cache

_DIGITS = "0123456789"


def stands_or_counts(digits: str) -> bool:
    """Whether these ASCII digits, two at least, are one digit repeated or count up or down, 0 behind 9.

    >>> stands_or_counts("7777777"), stands_or_counts("8901234"), stands_or_counts("2109876"), stands_or_counts("1234568")
    (True, True, True, False)
    """
    upwards = _upwards(len(digits) // len(_DIGITS) + 2)
    return digits == digits[0] * len(digits) or digits in upwards or digits[::-1] in upwards


@cache
def _upwards(times: int) -> str:
    return _DIGITS * times
