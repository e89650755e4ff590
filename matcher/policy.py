"""Dated values by division: every threshold a rule uses, and which programmes exclude one another.

The shipped defaults stand in policies/ beside this file; a folder's own policy.toml stands before them. For a date
and division the value with the longest matching division counts, then the folder's before the shipped, then the
latest `valid_from`. So a replay of an old date uses the values of that date. Whatever a folder's own file changes names
the two people who approved it (safeguard F-16).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from matcher.errors import InputRefused, MatcherError
from matcher.identity.programmes import BY_CODE

Status = Literal["verified", "assumed"]
EVERYWHERE = "*"

APPROVERS = 2

_COMMON = {"division", "valid_from", "valid_to", "basis", "status", "approved_by"}
_VALUE_KEYS = {"key", "value", "unit"} | _COMMON
_EXCLUSIVE_KEYS = {"keeps", "yields"} | _COMMON


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """Where and when something holds, on which basis; `own`: it stands in the city's own file, approved by two people."""

    division: str
    valid_from: dt.date
    valid_to: dt.date | None
    basis: str
    status: Status
    own: bool
    approved_by: tuple[str, ...] = ()

    def holds(self, on: dt.date, division: str | None) -> bool:
        """Whether it is in force on that day in that division (six digits, or None where unknown)."""
        there = self.division == EVERYWHERE or (division is not None and division.startswith(self.division))
        return there and self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)

    @property
    def rank(self) -> tuple[int, bool, dt.date]:
        """Which of several that hold goes first: the nearer division, the city's own, the later."""
        return (0 if self.division == EVERYWHERE else len(self.division), self.own, self.valid_from)


@dataclass(frozen=True, slots=True, kw_only=True)
class Value(Dated):
    """One threshold and its unit."""

    key: str
    value: float
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusive(Dated):
    """Two programmes that nobody may hold for one month; `keeps` goes before `yields`."""

    keeps: str
    yields: str


@dataclass(frozen=True, slots=True)
class Policy:
    """All values in force somewhere at some time."""

    values: tuple[Value, ...]
    exclusives: tuple[Exclusive, ...]
    version: str

    def entry(self, key: str, on: dt.date, division: str | None = None) -> Value:
        """The value of `key` that counts on that day in that division. Raises MatcherError where none is in force."""
        holding = [value for value in self.values if value.key == key and value.holds(on, division)]
        if not holding:
            raise MatcherError(f"no value of {key} is in force on {on}; add one to policy.toml")
        return max(holding, key=lambda value: value.rank)

    def value(self, key: str, on: dt.date, division: str | None = None) -> float:
        """The number of `entry`."""
        return self.entry(key, on, division).value

    def at(self, on: dt.date, division: str | None) -> Callable[[str], float]:
        """The numbers in force on that day in that division, by key."""
        return lambda key: self.value(key, on, division)

    def exclusive(self, on: dt.date, division: str | None = None) -> tuple[Exclusive, ...]:
        """Each excluded pair of programmes once, as it holds on that day in that division."""
        best: dict[frozenset[str], Exclusive] = {}
        for cell in sorted(
            (cell for cell in self.exclusives if cell.holds(on, division)), key=lambda cell: cell.rank
        ):
            best[frozenset((cell.keeps, cell.yields))] = cell
        return tuple(sorted(best.values(), key=lambda cell: (cell.keeps, cell.yields)))


def load(own: Path | None = None) -> Policy:
    """The shipped defaults, with a city's own policy.toml before them. Raises InputRefused for a malformed file."""
    folder = files("matcher").joinpath("policies")
    shipped = sorted((entry.name, entry.read_bytes()) for entry in folder.iterdir() if entry.name.endswith(".toml"))
    contents = [(content, f"policies/{name}", False) for name, content in shipped]
    if own is not None:
        try:
            contents.append((own.read_bytes(), own.name, True))
        except OSError as error:
            raise InputRefused("the policy file cannot be opened", file=own, remedy="Check the path") from error
    return _of(contents)


def _of(contents: Sequence[tuple[bytes, str, bool]]) -> Policy:
    values: list[Value] = []
    exclusives: list[Exclusive] = []
    for content, name, is_own in contents:
        table = _parse(content, name)
        approvers = table.get("approved_by", [])
        values += [_value(entry, name, place, is_own, approvers) for place, entry in enumerate(table.get("value", []), 1)]
        exclusives += [
            _exclusive(entry, name, place, is_own, approvers) for place, entry in enumerate(table.get("exclusive", []), 1)
        ]
    known = {value.key for value in values if not value.own}
    if strange := sorted({value.key for value in values} - known):
        raise InputRefused(
            f"no rule reads {', '.join(strange)}",
            file=contents[-1][1],
            remedy=f"Known keys are {', '.join(sorted(known))}",
        )
    digest = hashlib.sha256(b"\0".join(content for content, _, _ in contents)).hexdigest()[:12]
    return Policy(tuple(values), tuple(exclusives), digest)


def _parse(content: bytes, name: str) -> dict[str, Any]:
    try:
        table = tomllib.loads(content.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputRefused(f"this is not TOML ({error})", file=name) from error
    if unknown := sorted(set(table) - {"value", "exclusive", "approved_by"}):
        raise InputRefused(
            f"it holds {', '.join(unknown)}", file=name, remedy="Known are [[value]], [[exclusive]] and approved_by"
        )
    return table


def _value(entry: dict[str, Any], name: str, place: int, own: bool, approvers: Any) -> Value:
    where = f"[[value]] {place}"
    common = _common(entry, _VALUE_KEYS, name, where, own, approvers)
    number = entry.get("value")
    if not isinstance(entry.get("key"), str) or isinstance(number, bool) or not isinstance(number, int | float):
        raise InputRefused(f"{where} needs a key and a number as value", file=name)
    return Value(key=entry["key"], value=float(number), unit=str(entry.get("unit", "")), **common)


def _exclusive(entry: dict[str, Any], name: str, place: int, own: bool, approvers: Any) -> Exclusive:
    where = f"[[exclusive]] {place}"
    common = _common(entry, _EXCLUSIVE_KEYS, name, where, own, approvers)
    for side in ("keeps", "yields"):
        if entry.get(side) not in BY_CODE:
            raise InputRefused(
                f"{where}: {side} is no programme", file=name, remedy="Use the codes of the programmes"
            )
    return Exclusive(keeps=entry["keeps"], yields=entry["yields"], **common)


def _common(
    entry: dict[str, Any], known: set[str], name: str, where: str, own: bool, approvers: Any
) -> dict[str, Any]:
    if unknown := sorted(set(entry) - known):
        raise InputRefused(
            f"{where} holds {', '.join(unknown)}", file=name, remedy=f"Known are {', '.join(sorted(known))}"
        )
    if not entry.get("basis") or entry.get("status") not in ("verified", "assumed"):
        raise InputRefused(f"{where} needs a legal basis and status verified or assumed", file=name)
    days = {key: entry.get(key) for key in ("valid_from", "valid_to")}
    if type(days["valid_from"]) is not dt.date or type(days["valid_to"]) not in (dt.date, type(None)):
        raise InputRefused(f"{where} needs valid_from as a date, such as 2024-01-01", file=name)
    return {
        **days,
        "division": str(entry.get("division", EVERYWHERE)),
        "basis": entry["basis"],
        "status": entry["status"],
        "own": own,
        "approved_by": _approvers(entry.get("approved_by", approvers), name, where) if own else (),
    }


def _approvers(said: Any, name: str, where: str) -> tuple[str, ...]:
    """The two people who answer for a change (safeguard F-16)."""
    known = {each.strip() for each in said if isinstance(each, str)} - {""} if isinstance(said, list) else set()
    if len(known) < APPROVERS:
        raise InputRefused(
            f"{where} changes a shipped value and needs two named approvers",
            file=name,
            remedy='Add approved_by = ["name", "other name"] to it, or once at the top of the file',
        )
    return tuple(sorted(known))
