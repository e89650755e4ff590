"""Citizen numbers that nobody bears, made for tests: their check characters are right."""

from __future__ import annotations

from matcher.identity import numbers


def numbered(division: str, born: str, sequence: int) -> str:
    """A number of this division, birth date and sequence; odd sequences are men's."""
    first = f"{division}{born}{sequence:03d}"
    return first + numbers.check_character(first)
