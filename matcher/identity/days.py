"""Days counted from 0001-01-01, which is day 1: dates as integers, with 0 for none. By column."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

Days = npt.NDArray[np.int32]
Parts = npt.NDArray[np.integer]

EPOCH = 719_163
"""1970-01-01."""

_FIRST_MONTH, _LAST_MONTH = 180_001, 219_912
_LENGTHS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], dtype=np.int32)


def of(year: Parts, month: Parts, day: Parts) -> Days:
    """The days of these dates; 0 where there is no such day between the years 1 and 9999.

    Counted in years that begin in March, so that a leap day comes last.
    """
    year, month, day = (np.asarray(part, dtype=np.int32) for part in (year, month, day))
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    real = (year >= 1) & (year <= 9999) & (month >= 1) & (month <= 12) & (day >= 1)
    longest = _LENGTHS[np.where(real, month, 0)] + (leap & (month == 2))
    from_march = year - (month <= 2)
    before = from_march * 365 + from_march // 4 - from_march // 100 + from_march // 400
    count = before + (153 * ((month + 9) % 12) + 2) // 5 + day - 306
    return np.where(real & (day <= longest), count, 0).astype(np.int32)


def of_digits(written: Parts) -> Days:
    """The days of dates written as integers of eight digits, year first; 0 where there is none from 1800 to 2199.

    >>> of_digits(np.array([20240229, 20230229])).tolist()
    [738945, 0]
    """
    month, day = np.divmod(np.asarray(written, dtype=np.int32), np.int32(100))
    first, length = _months()
    place = np.clip(month - _FIRST_MONTH, 0, len(first) - 1)
    real = (day >= 1) & (day <= length[place]) & (month >= _FIRST_MONTH) & (month < _FIRST_MONTH + len(first))
    return np.asarray((first[place] + day) * real, dtype=np.int32)


@cache
def _months() -> tuple[Days, Days]:
    """Of each month from 1800 to 2199, by its six digits: the day before its first, and its length; 0 for no month."""
    written = np.arange(_FIRST_MONTH, _LAST_MONTH + 1)
    year, month = written // 100, written % 100
    first = of(year, month, np.ones_like(written))
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    length = np.where(first > 0, _LENGTHS[np.where(first > 0, month, 0)] + (leap & (month == 2)), 0)
    return first - 1, length.astype(np.int32)


def parts(days: Days) -> tuple[Parts, Parts, Parts]:
    """Year, month and day of these days."""
    day = (days.astype(np.int64) - EPOCH).astype("datetime64[D]")
    month = day.astype("datetime64[M]")
    year = day.astype("datetime64[Y]").astype(np.int64) + 1970
    return year, month.astype(np.int64) % 12 + 1, (day - month.astype("datetime64[D]")).astype(np.int64) + 1
