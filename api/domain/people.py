"""Who is in a household: how they are related, which document they show, and when a membership stands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from api.domain.clocks import MONTHS_A_YEAR, months_after
from api.domain.errors import NotDone, UserErrorCode


class Relation(StrEnum):
    """How somebody is related to the head of the household."""

    HEAD = "HEAD"
    SPOUSE = "SPOUSE"
    CHILD = "CHILD"
    PARENT = "PARENT"
    OTHER = "OTHER"


class Sex(StrEnum):
    """As registered."""

    MALE = "MALE"
    FEMALE = "FEMALE"


class MaritalStatus(StrEnum):
    """As declared."""

    SINGLE = "SINGLE"
    MARRIED = "MARRIED"
    DIVORCED = "DIVORCED"
    WIDOWED = "WIDOWED"


class IdKind(StrEnum):
    """Which document a number is of; permits of residents from Hong Kong, Macau and Taiwan have numbers like citizens'."""

    CITIZEN = "CITIZEN"
    RESIDENCE_PERMIT = "RESIDENCE_PERMIT"
    FOREIGN_PERMANENT = "FOREIGN_PERMANENT"
    OTHER = "OTHER"
    NONE = "NONE"


class MemberChangeKind(StrEnum):
    """What a person did with a membership."""

    ADDED = "ADDED"
    MOVED = "MOVED"
    ENDED = "ENDED"
    CORRECTED = "CORRECTED"
    LINKED = "LINKED"


class NumberFault(StrEnum):
    """What is wrong with a number as it was entered."""

    UNREADABLE = "UNREADABLE"
    CHECK = "CHECK"
    BIRTH_DATE = "BIRTH_DATE"
    UNBORN = "UNBORN"
    DIVISION = "DIVISION"
    OTHER_KIND = "OTHER_KIND"
    SEX = "SEX"
    DECLARED_BIRTH_DATE = "DECLARED_BIRTH_DATE"


_FAULTS: Mapping[NumberFault, tuple[str, str]] = {
    NumberFault.UNREADABLE: (
        "证件号码无法识别：应为18位（或15位）号码。",
        "The number cannot be read: it has 18 characters, or 15 digits.",
    ),
    NumberFault.CHECK: (
        "证件号码校验码不符，请核对每一位。",
        "The number's check character does not fit: compare every digit.",
    ),
    NumberFault.BIRTH_DATE: (
        "证件号码中的出生日期不存在。",
        "The birth date inside the number is no day that exists.",
    ),
    NumberFault.UNBORN: (
        "证件号码中的出生日期晚于今天。",
        "The birth date inside the number lies in the future.",
    ),
    NumberFault.DIVISION: (
        "证件号码的前六位不是现行或历史的行政区划代码。",
        "The first six digits are no division's code, neither now nor formerly.",
    ),
    NumberFault.OTHER_KIND: (
        "证件号码与所选证件类型不符。",
        "The number is not one of the kind of document that was chosen.",
    ),
    NumberFault.SEX: ("证件号码与所填性别不符。", "The number and the sex entered do not agree."),
    NumberFault.DECLARED_BIRTH_DATE: (
        "证件号码与所填出生日期不符。",
        "The number and the birth date entered do not agree.",
    ),
}


def refused_number(fault: NumberFault, path: tuple[str, ...]) -> NotDone:
    """Why a number is not taken, without the number."""
    return NotDone(UserErrorCode.INVALID, path, *_FAULTS[fault])


@dataclass(frozen=True, slots=True)
class Entered:
    """Somebody as a caseworker enters them; None is unknown."""

    name: str
    relation: Relation | None = None
    id_kind: IdKind = IdKind.CITIZEN
    id_number: str | None = None
    former_name: str | None = None
    sex: Sex | None = None
    birth_date: dt.date | None = None
    phone: str | None = None
    address: str | None = None
    division_code: str | None = None
    marital_status: MaritalStatus | None = None
    employment: str | None = None
    monthly_income_fen: int | None = None


def age(born: dt.date, on: dt.date) -> int:
    """Whole years.

    >>> [age(dt.date(2008, 2, 29), day) for day in (dt.date(2026, 2, 28), dt.date(2026, 3, 1))]
    [17, 18]
    """
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def born_after(day: dt.date, years: int) -> dt.date:
    """Who was born later is younger than so many years on that day.

    >>> born_after(dt.date(2026, 11, 27), 35), born_after(dt.date(2024, 2, 29), 35)
    (datetime.date(1991, 11, 27), datetime.date(1989, 2, 28))
    """
    return months_after(day, -MONTHS_A_YEAR * years)


def stands(valid_from: dt.date | None, valid_to: dt.date | None, left_on: dt.date | None, day: dt.date) -> bool:
    """Whether a membership stands on a day: from its first day on, to before the day on which it ended.

    >>> of = (dt.date(2024, 1, 1), dt.date(2024, 3, 1), None)
    >>> [stands(*of, day) for day in (dt.date(2023, 12, 31), dt.date(2024, 1, 1), dt.date(2024, 3, 1))]
    [False, True, False]
    """
    ended = min(day for day in (valid_to, left_on, dt.date.max) if day is not None)
    return (valid_from or dt.date.min) <= day < ended


def overlap(
    one: tuple[dt.date | None, dt.date | None, dt.date | None],
    other: tuple[dt.date | None, dt.date | None, dt.date | None],
) -> bool:
    """Whether two memberships (valid_from, valid_to, left_on) share a day; an unknown end is none.

    >>> overlap((None, dt.date(2024, 3, 1), None), (dt.date(2024, 3, 1), None, None))
    False
    """
    (begin, *ends), (other_begin, *other_ends) = one, other
    first = max(begin or dt.date.min, other_begin or dt.date.min)
    return first < min(day for day in (*ends, *other_ends, dt.date.max) if day is not None)
