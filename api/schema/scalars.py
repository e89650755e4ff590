"""Scalars: days, moments, months, decimals and great numbers, each read strictly and written in one way.

A float never stands for money, a number beyond 2^31 never for a count, and a day is never guessed from digits.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NewType, TypeVar

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

Month = NewType("Month", dt.date)
"""A month, as its first day."""

BigInt = NewType("BigInt", int)
"""A whole number that may pass 2^31."""

T = TypeVar("T")
MOST_BIG = 2**63

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}", re.ASCII)
_TIME = r"[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?"
_MOMENT = re.compile(rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T{_TIME}(Z|[+-][0-9]{{2}}:[0-9]{{2}})", re.ASCII)
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,15})(\.[0-9]{1,6})?", re.ASCII)
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,18})", re.ASCII)


def _read(name: str, example: str, form: re.Pattern[str], made: Callable[[str], T]) -> Callable[[Any], T]:
    """How a value is read: a string of this form, or an error that shows what one looks like."""

    def read(value: Any) -> T:
        try:
            if isinstance(value, str) and form.fullmatch(value):
                return made(value)
        except (ValueError, OverflowError):
            pass
        raise GraphQLError(f'{name} is a string like "{example}".')

    return read


def _written(kind: type, put: Callable[[Any], str]) -> Callable[[Any], str]:
    """How a value of exactly this type is written; another is a mistake of ours."""

    def write(value: Any) -> str:
        if type(value) is not kind:
            raise TypeError(f"not a {kind.__name__}")
        return put(value)

    return write


def _moment(written: str) -> dt.datetime:
    return dt.datetime.fromisoformat(written).astimezone(dt.UTC)


def _big(written: str) -> int:
    number = int(written)
    if not -MOST_BIG <= number < MOST_BIG:
        raise OverflowError
    return number


def _read_big(value: Any) -> int:
    """Digits, or a whole number as it is."""
    if type(value) is int:
        value = str(value)
    return _read("BigInt", "9007199254740993", _WHOLE, _big)(value)


def _write_decimal(value: Decimal) -> str:
    if not value.is_finite():
        raise TypeError("not a number")
    return format(value, "f")


def _scalar(
    name: str, says: str, by: str, read: Callable[[Any], Any], write: Callable[[Any], str]
) -> ScalarDefinition:
    made: ScalarDefinition = strawberry.scalar(
        name=name, description=says, specified_by_url=by, parse_value=read, serialize=write
    )
    return made


SCALARS: dict[object, ScalarDefinition] = {
    dt.date: _scalar(
        "Date",
        'A day of the calendar: "2026-11-27".',
        "urn:ietf:rfc:3339",
        _read("Date", "2026-11-27", _DATE, dt.date.fromisoformat),
        _written(dt.date, dt.date.isoformat),
    ),
    dt.datetime: _scalar(
        "DateTime",
        'A moment: "2026-11-27T04:30:00Z". Always given in UTC; taken with any offset from it, but never without one.',
        "urn:ietf:rfc:3339",
        _read("DateTime", "2026-11-27T04:30:00Z", _MOMENT, _moment),
        _written(dt.datetime, lambda moment: moment.astimezone(dt.UTC).isoformat().removesuffix("+00:00") + "Z"),
    ),
    Month: _scalar(
        "Month",
        'A month of the calendar: "2026-11".',
        "urn:iso:std:iso:8601:-1:ed-1",
        _read("Month", "2026-11", _MONTH, lambda month: dt.date.fromisoformat(f"{month}-01")),
        _written(dt.date, lambda day: day.isoformat()[:7]),
    ),
    Decimal: _scalar(
        "Decimal",
        'A decimal number as a string, never a float: "1230.50". Up to 16 digits before the point, and 6 behind it.',
        "urn:ietf:rfc:7493",
        _read("Decimal", "1230.50", _DECIMAL, Decimal),
        _written(Decimal, _write_decimal),
    ),
    BigInt: _scalar(
        "BigInt",
        'A whole number of up to 64 bits, as a string: "9007199254740993". Taken as a number too.',
        "urn:ietf:rfc:7493",
        _read_big,
        _written(int, str),
    ),
}
"""By the type that stands for it in the program."""
