"""The normal forms by which a person is found: the matcher's own, so that both mean the same by equal."""

from __future__ import annotations

from matcher.identity import contacts, names, numbers


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
