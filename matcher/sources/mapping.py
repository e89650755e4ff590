"""feeds.toml: how a department's own layout differs from the contract, read and checked before any file is opened."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from matcher.errors import InputRefused
from matcher.identity.programmes import BY_CODE
from matcher.sources.contract import Contract, load, source_ids

MAPPING_FILE = "feeds.toml"
UNITS = {"元": 1, "yuan": 1, "万元": 10_000}


@dataclass(frozen=True, slots=True)
class Section:
    """What feeds.toml says of one source; all of it optional.

    `files` are patterns of names. `columns` maps a contract column to the file's own heading, `values` an enumerated
    column's own words to the contract's, `units` a money column to its unit in yuan. `answers_due` is the day by which
    the department was to answer; without it nothing is late. `departments`, where several send batches of their own.
    """

    files: tuple[str, ...] = ()
    encoding: str | None = None
    as_of: dt.date | None = None
    complete: bool = False
    answers_due: dt.date | None = None
    departments: tuple[str, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    units: Mapping[str, int] = field(default_factory=dict)


def read(path: Path) -> dict[str, Section]:
    """The sections of a feeds.toml by source; none where there is no such file.

    Raises InputRefused, naming section and key, for whatever is not known or cannot be meant.
    """
    if not path.exists():
        return {}
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputRefused(
            f"this is not TOML ({error})", file=path.name, remedy="Mend it, and save it as UTF-8"
        ) from error
    return {source: section(source, entry) for source, entry in content.items()}


def section(source: str, entry: Any) -> Section:
    """One section, checked. Raises InputRefused."""
    if source not in source_ids():
        raise _refused(source, "is no source", f"Known are {', '.join(source_ids())}")
    known = sorted(Section.__dataclass_fields__)
    if not isinstance(entry, dict):
        raise _refused(source, "is no section", f"Write [{source}] and below it any of {', '.join(known)}")
    if unknown := sorted(set(entry) - set(known)):
        raise _refused(source, f"holds {', '.join(unknown)}", f"Known are {', '.join(known)}")
    contract = load(source)
    return Section(
        files=_files(source, entry.get("files", [])),
        encoding=None if "encoding" not in entry else _text(source, "encoding", entry["encoding"]),
        as_of=None if "as_of" not in entry else _day(source, "as_of", entry["as_of"]),
        complete=_truth(source, "complete", entry.get("complete", False)),
        answers_due=None if "answers_due" not in entry else _day(source, "answers_due", entry["answers_due"]),
        departments=_departments(source, entry.get("departments", [])),
        columns={
            column: _text(source, f"columns.{column}", heading)
            for column, heading in _of_columns(contract, "columns", entry).items()
        },
        values={
            column: _words(contract, column, words)
            for column, words in _of_columns(contract, "values", entry).items()
        },
        units={
            column: _unit(contract, column, unit) for column, unit in _of_columns(contract, "units", entry).items()
        },
    )


def _of_columns(contract: Contract, key: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    table = entry.get(key, {})
    columns = contract.schema().names()
    if not isinstance(table, dict) or set(table) - set(columns):
        raise _refused(contract.id, f"names unknown columns in `{key}`", f"Columns are {', '.join(columns)}")
    return table


def _words(contract: Contract, name: str, words: Any) -> dict[str, str]:
    column = next(column for column in contract.columns if column.name == name)
    meant = BY_CODE.keys() if column.kind == "programme" else set(column.values.values())
    if not meant:
        raise _refused(contract.id, f"`values.{name}`: {name} is no enumeration", "Map its heading under `columns`")
    if not isinstance(words, dict) or not all(isinstance(value, str) and value in meant for value in words.values()):
        raise _refused(
            contract.id,
            f"`values.{name}` maps a word to what is no value of {name}",
            f"Write local word = contract value, of {', '.join(sorted(meant))}",
        )
    return words


def _unit(contract: Contract, name: str, unit: Any) -> int:
    column = next(column for column in contract.columns if column.name == name)
    if column.kind != "money":
        raise _refused(contract.id, f"`units.{name}`: {name} is no money", "Remove it")
    if not isinstance(unit, str) or unit not in UNITS:
        raise _refused(contract.id, f"`units.{name}` has an unknown unit", f"Units are {', '.join(UNITS)}")
    return UNITS[unit]


def _files(source: str, patterns: Any) -> tuple[str, ...]:
    listed = [patterns] if isinstance(patterns, str) else patterns
    if not isinstance(listed, list) or not all(isinstance(pattern, str) and pattern for pattern in listed):
        raise _refused(source, "`files` is no list of names", 'Write files = ["name*.csv"]')
    if any("/" in pattern or "\\" in pattern or pattern.startswith("..") for pattern in listed):
        raise _refused(source, "`files` leaves the folder", "Name files of this folder only")
    return tuple(listed)


def _departments(source: str, names: Any) -> tuple[str, ...]:
    if not isinstance(names, list) or not all(isinstance(name, str) and name.strip() for name in names):
        raise _refused(source, "`departments` is no list of names", 'Write departments = ["…", "…"]')
    return tuple(names)


def _day(source: str, key: str, value: Any) -> dt.date:
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    try:
        return dt.date.fromisoformat(str(value))
    except ValueError:
        raise _refused(source, f"`{key}` is no date: {value}", f"Write {key} = 2024-12-31") from None


def _text(source: str, key: str, value: Any) -> str:
    if not isinstance(value, str):
        raise _refused(source, f"`{key}` is no text", f'Write {key.split(".")[-1]} = "…", in quotes')
    return value


def _truth(source: str, key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _refused(source, f"`{key}` is neither true nor false", "Write true or false, without quotes")
    return value


def _refused(source: str, what: str, remedy: str) -> InputRefused:
    return InputRefused(f"[{source}] {what}", file=MAPPING_FILE, remedy=remedy)
