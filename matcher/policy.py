"""Dated values and exclusions by division: which threshold held where, since when, and on what legal basis.

The shipped defaults are read first, then the folder's own `policy.toml`, whose rows outrank them. Everything that is
not read in an official text says `assumed`, and nothing assumed is hidden in code.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import tomllib
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar, get_args

from matcher.errors import InputRefused

Status = Literal["verified", "assumed"]
EVERYWHERE = "*"


@dataclass(frozen=True, slots=True)
class Value:
    """One number of the policy, in its unit, for a division (a prefix of its code, or *) from a day on."""

    key: str
    value: float
    unit: str
    valid_from: dt.date
    valid_to: dt.date | None
    division: str
    basis: str
    status: Status
    local: bool = False


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Two programmes that nobody may draw in the same month: `kept` goes on, `stopped` is the one of lower priority."""

    kept: str
    stopped: str
    valid_from: dt.date
    valid_to: dt.date | None
    division: str
    basis: str
    status: Status
    local: bool = False


class Dated(Protocol):
    """What a row of either kind knows of where and when it holds."""

    @property
    def valid_from(self) -> dt.date: ...
    @property
    def valid_to(self) -> dt.date | None: ...
    @property
    def division(self) -> str: ...
    @property
    def local(self) -> bool: ...


Row = TypeVar("Row", bound=Dated)


@dataclass(frozen=True)
class Policy:
    """All values and exclusions of one scan; `version` changes with any of them."""

    values: tuple[Value, ...]
    exclusions: tuple[Exclusion, ...]

    @property
    def version(self) -> str:
        """Sixteen hexadecimal digits over every value and exclusion, in a fixed order."""
        rows = sorted(repr(astuple(row)) for row in (*self.values, *self.exclusions))
        return hashlib.blake2b("\n".join(rows).encode("utf-8"), digest_size=8).hexdigest()

    def value(self, key: str, *, on: dt.date, division: str | None = None) -> float:
        """The value in force: of the most specific division, there the folder's before the shipped, there the latest.

        Raises KeyError where no row of that key holds on that day: a rule names only keys that are shipped.
        """
        row = _in_force((value for value in self.values if value.key == key), on, division)
        if row is None:
            raise KeyError(f"no value of {key} on {on.isoformat()}")
        return row.value

    def exclusion(self, one: str, other: str, *, on: dt.date, division: str | None = None) -> Exclusion | None:
        """The exclusion of the two programmes in force there and then, in either order; None where both may be drawn."""
        pair = {one, other}
        return _in_force((row for row in self.exclusions if {row.kept, row.stopped} == pair), on, division)


def _in_force(rows: Iterable[Row], on: dt.date, division: str | None) -> Row | None:
    held = [
        row
        for row in rows
        if row.valid_from <= on
        and (row.valid_to is None or on <= row.valid_to)
        and (row.division == EVERYWHERE or (division or "").startswith(row.division))
    ]
    return max(
        held,
        key=lambda row: (len(row.division) * (row.division != EVERYWHERE), row.local, row.valid_from),
        default=None,
    )


def load(folder_policy: Path | None = None) -> Policy:
    """The shipped defaults and, where there is one, the folder's policy. Raises InputRefused for a malformed file."""
    shipped = files("matcher").joinpath("defaults/policy.toml").read_text(encoding="utf-8")
    values, exclusions = _read(shipped, "policy.toml (shipped)", local=False)
    if folder_policy is not None:
        try:
            text = folder_policy.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise InputRefused("the policy cannot be read", file=folder_policy, remedy="Save it as UTF-8") from error
        known = {value.key for value in values}
        own_values, own_exclusions = _read(text, folder_policy, local=True)
        for number, value in enumerate(own_values, start=1):
            if value.key not in known:
                raise InputRefused(
                    f"[[value]] number {number}: no rule reads the key {value.key!r}",
                    file=folder_policy,
                    column="key",
                    remedy=f"The keys are {', '.join(sorted(known))}",
                )
        values, exclusions = values + own_values, exclusions + own_exclusions
    return Policy(values, exclusions)


def _read(text: str, file: Path | str, *, local: bool) -> tuple[tuple[Value, ...], tuple[Exclusion, ...]]:
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputRefused(f"not valid TOML: {error}", file=file) from error
    for table in sorted(content.keys() - {"value", "exclusive"}):
        raise InputRefused(f"unknown table {table!r}", file=file, remedy="A policy holds [[value]] and [[exclusive]]")
    rows: dict[str, list[dict[str, Any]]] = {}
    for table in ("value", "exclusive"):
        entries = content.get(table, [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise InputRefused(f"{table} is not a list", file=file, remedy=f"Write every entry under [[{table}]]")
        rows[table] = [_checked(entry, table, number, file) for number, entry in enumerate(entries, start=1)]
    return (
        tuple(Value(**{**row, "value": float(row["value"])}, local=local) for row in rows["value"]),
        tuple(Exclusion(**row, local=local) for row in rows["exclusive"]),
    )


_SHARED = {"valid_from": dt.date, "division": str, "basis": str, "status": str}
_FIELDS: dict[str, dict[str, type | tuple[type, ...]]] = {
    "value": {"key": str, "value": (int, float), "unit": str, **_SHARED},
    "exclusive": {"kept": str, "stopped": str, **_SHARED},
}


def _checked(row: dict[str, Any], table: str, number: int, file: Path | str) -> dict[str, Any]:
    """The row with all its fields, or InputRefused naming the entry and the field."""

    def refuse(field: str, what: str) -> InputRefused:
        return InputRefused(f"[[{table}]] number {number}: {what}", file=file, column=field)

    fields = _FIELDS[table]
    for field, kind in fields.items():
        if field not in row:
            raise refuse(field, f"{field} is missing")
        if not isinstance(row[field], kind) or isinstance(row[field], (bool, dt.datetime)):
            raise refuse(field, f"{field} is of the wrong kind")
    for field in sorted(row.keys() - fields.keys() - {"valid_to"}):
        raise refuse(field, f"unknown field {field}")
    valid_to = row.get("valid_to")
    if valid_to is not None and (not isinstance(valid_to, dt.date) or valid_to < row["valid_from"]):
        raise refuse("valid_to", "valid_to is not a day on or after valid_from")
    if row["status"] not in get_args(Status):
        raise refuse("status", "status is neither verified nor assumed")
    if row["division"] != EVERYWHERE and not (row["division"].isdigit() and len(row["division"]) in (2, 4, 6)):
        raise refuse("division", "division is neither * nor a code of two, four or six digits")
    if not row["basis"].strip():
        raise refuse("basis", "basis is empty: name the text that the row rests on")
    if table == "value" and not (row["value"] >= 0 and row["value"] < float("inf")):
        raise refuse("value", "value is not a number from zero up")
    if table == "exclusive" and row["kept"] == row["stopped"]:
        raise refuse("stopped", "a programme cannot exclude itself")
    return {"valid_to": None, **row}
