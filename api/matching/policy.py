"""Dated values by division, as they are in force: the shipped ones, and before them the city's own policy.toml.

The city's own file comes with a folder that is taken over and lies in the data folder (`intake.take_over`); it is read
again when it changes. Whoever serves and whoever works need the same data folder to go by the same values.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

from api import settings
from api.matching import folders
from matcher.errors import MatcherError
from matcher.policy import EVERYWHERE, Policy, load

LINE = "line.dibao"
Written = tuple[Path | None, int, int]
"""The city's own file, when it was changed, and its size."""


@dataclass(frozen=True, slots=True)
class Line:
    """The line of a division in a month: yuan a head, on which basis, and whether that is only assumed."""

    yuan: Decimal
    basis: str
    assumed: bool


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value as it is in force: of which division it was written (None: of all), on which basis, and for how long.

    `own` is whether the city itself wrote it, which two people approved.
    """

    key: str
    value: Decimal
    unit: str
    division: str | None
    basis: str
    assumed: bool
    own: bool
    valid_from: dt.date
    valid_to: dt.date | None


def in_force() -> Policy:
    """All dated values. Raises MatcherError for a malformed file of the city's."""
    return read(written(settings.data_dir()))


def written(data_dir: Path) -> Written:
    """The city's own file in a data folder as it stands, if there is one."""
    path = data_dir / folders.POLICY
    try:
        file = path.stat()
    except FileNotFoundError:
        return None, 0, 0
    return path, file.st_mtime_ns, file.st_size


def read(file: Written) -> Policy:
    """All dated values under that file. Raises MatcherError where it is malformed."""
    return _read(*file)


def value(key: str, day: dt.date, division: str | None = None) -> Decimal:
    """The value of `key` that counts on that day in that division. Raises MatcherError where none is in force."""
    return _exact(in_force().value(key, day, division))


def whole(key: str, day: dt.date, division: str | None = None) -> int:
    """`value` as a whole number, of days or months. Raises MatcherError where none is in force, or a part of one."""
    number = value(key, day, division)
    if number != number.to_integral_value():
        raise MatcherError(f"{key} is a whole number, in policy.toml too")
    return int(number)


def line(division: str | None, month: dt.date) -> Line | None:
    """The minimum living standard of that division in that month; None where none is in force, which is unknown, not zero."""
    found = parameter(LINE, month, division)
    return None if found is None else Line(found.value.quantize(Decimal("0.01")), found.basis, found.assumed)


def parameter(key: str, day: dt.date, division: str | None) -> Parameter | None:
    """The value of `key` as it counts on that day in that division; None where none is in force, which is unknown, not zero."""
    try:
        entry = in_force().entry(key, day, division)
    except MatcherError:
        return None
    where = None if entry.division == EVERYWHERE else entry.division.ljust(6, "0")
    return Parameter(
        entry.key, _exact(entry.value), entry.unit, where, entry.basis, entry.status == "assumed", entry.own,
        entry.valid_from, entry.valid_to,
    )  # fmt: skip


def parameters(day: dt.date, division: str | None, keys: Collection[str] | None = None) -> list[Parameter]:
    """All values as they count on that day in that division, by key; of `keys` those that there are."""
    known = {value.key for value in in_force().values}
    asked = known if keys is None else known & set(keys)
    return [found for key in sorted(asked) if (found := parameter(key, day, division)) is not None]


def excluded_by(programme: str, day: dt.date, division: str | None) -> frozenset[str]:
    """The programmes that nobody has beside this one on that day in that division."""
    cells = in_force().exclusive(day, division)
    return frozenset(other for cell in cells if programme in cell.pair for other in cell.pair - {programme})


def _exact(number: float) -> Decimal:
    return Decimal(int(number)) if number.is_integer() else Decimal(repr(number))


@lru_cache(maxsize=8)
def _read(path: Path | None, changed: int, size: int) -> Policy:
    return load(path)
