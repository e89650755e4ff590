"""The normal forms by which a person is found: the matcher's own, so that both mean the same by equal."""

from __future__ import annotations

import datetime as dt

from api.domain.people import IdKind, NumberFault, Sex
from matcher.identity import contacts, divisions, names, numbers

PERMIT_DIVISIONS = ("810000", "820000", "830000")
FOREIGN = "9"


def number(written: str | None) -> str | None:
    """A citizen number as 18 characters, 15-digit numbers upgraded; None where it cannot be read."""
    return numbers.read(written) if written else None


def phone(written: str | None) -> str | None:
    """A telephone number as digits without the country's code; None where it is none."""
    return contacts.phone(written) if written else None


def name(written: str | None) -> str | None:
    """A name without blanks and dots, traditional and variant characters folded; None where nothing is left."""
    clean = names.clean(written) if written else None
    return names.simplify(clean) if clean else None


def is_valid(normal_number: str) -> bool:
    """Whether the check character is right and the birth date exists."""
    return numbers.is_valid(normal_number)


def birth_date(normal_number: str) -> dt.date | None:
    """The birth date inside a number, or None where no such day exists."""
    return numbers.birth_date(normal_number)


def sex(normal_number: str) -> Sex:
    """Odd sequences are men's."""
    return Sex.MALE if int(normal_number[16]) % 2 else Sex.FEMALE


def fault(
    written: str, kind: IdKind, declared_sex: Sex | None, born: dt.date | None, today: dt.date
) -> NumberFault | None:
    """What is wrong with a number as it was entered, None where nothing is.

    A division that was abolished is as good as one in force: the number keeps it. Of documents without a number of
    eighteen characters, nothing can be said.
    """
    if kind not in (IdKind.CITIZEN, IdKind.RESIDENCE_PERMIT, IdKind.FOREIGN_PERMANENT):
        return None
    read = number(written)
    if read is None:
        return NumberFault.UNREADABLE
    if not read[:17].isdigit() or numbers.check_character(read[:17]) != read[17]:
        return NumberFault.CHECK
    day = numbers.birth_date(read)
    if day is None:
        return NumberFault.BIRTH_DATE
    if day > today:
        return NumberFault.UNBORN
    if _kind(read) is not kind:
        return NumberFault.OTHER_KIND
    if kind is IdKind.CITIZEN and not divisions.known(read[:6]):
        return NumberFault.DIVISION
    if declared_sex is not None and sex(read) is not declared_sex:
        return NumberFault.SEX
    return NumberFault.DECLARED_BIRTH_DATE if born is not None and born != day else None


def _kind(read: str) -> IdKind:
    if read.startswith(FOREIGN):
        return IdKind.FOREIGN_PERMANENT
    return IdKind.RESIDENCE_PERMIT if read.startswith(PERMIT_DIVISIONS) else IdKind.CITIZEN
