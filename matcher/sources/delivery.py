"""A folder of files as a delivery: which file belongs to which source, and what feeds.toml says of it."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from matcher.errors import InputRefused
from matcher.sources.contract import Contract, load, source_ids

MAPPING_FILE = "feeds.toml"
NOT_FEEDS = {MAPPING_FILE, "policy.toml"}
TRUTH = "truth_"
"""What is known to be true of a synthetic or labelled folder lies beside its feeds and is no feed."""

SUPPORTED = (".parquet", ".csv", ".tsv", ".txt")

UNITS = {"元": 1, "yuan": 1, "万元": 10_000}
_KEYS = {"files", "encoding", "as_of", "complete", "columns", "values", "units"}


@dataclass(frozen=True, slots=True)
class Feed:
    """One source of a delivery: its files and how they differ from the contract.

    `columns` maps a contract column to the file's own heading, `values` an enumerated column's own words to the
    contract's, `units` a money column to its unit in yuan. `complete`: a full extract, so that absence means no record.
    """

    source: str
    contract: Contract
    files: tuple[Path, ...]
    as_of: dt.date | None = None
    complete: bool = False
    encoding: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    units: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a folder holds: feeds by source, and the files that belong to none."""

    folder: Path
    feeds: Mapping[str, Feed]
    ignored: tuple[str, ...]


def open_folder(folder: Path) -> Delivery:
    """The delivery in a folder. Raises InputRefused for a folder or a feeds.toml that cannot be understood.

    A file belongs to the source whose id its name begins with (the longest such id), or to the one that feeds.toml
    names it for. No file outside the folder is read, and none through a symbolic link.
    """
    if not folder.is_dir():
        raise InputRefused("there is no such folder", file=folder, remedy="Check the path")
    mapping = _mapping(folder / MAPPING_FILE)
    present = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    claimed: dict[str, list[Path]] = {}
    for source, entry in mapping.items():
        if "files" in entry:
            claimed[source] = [path for path in present if any(fnmatch(path.name, mark) for mark in entry["files"])]
            if not claimed[source]:
                raise InputRefused(
                    f"no file is called {' or '.join(entry['files'])}",
                    file=MAPPING_FILE,
                    remedy=f"Mend `files` of [{source}]",
                )
    taken = {path for paths in claimed.values() for path in paths}
    ignored = []
    for path in present:
        if path in taken or path.name in NOT_FEEDS or path.name.startswith(TRUTH):
            continue
        owner = _source_of(path.name)
        if owner is None or "files" in mapping.get(owner, {}):
            ignored.append(path.name)
        else:
            claimed.setdefault(owner, []).append(path)
    for source in mapping:
        if source not in claimed:
            raise InputRefused(
                f"it speaks of [{source}], but no file of the folder belongs to it",
                file=MAPPING_FILE,
                remedy="Add the file, name it with `files`, or remove the section",
            )
    feeds = {source: _feed(source, files, mapping.get(source, {})) for source, files in sorted(claimed.items())}
    return Delivery(folder, feeds, tuple(ignored))


def file_hashes(delivery: Delivery) -> dict[str, str]:
    """The SHA-256 of every input file by its name, in hexadecimal."""
    names = [path for feed in delivery.feeds.values() for path in feed.files]
    names += [delivery.folder / name for name in sorted(NOT_FEEDS) if (delivery.folder / name).exists()]
    hashes = {}
    for path in names:
        with path.open("rb") as stream:
            hashes[path.name] = hashlib.file_digest(stream, "sha256").hexdigest()
    return dict(sorted(hashes.items()))


def _source_of(name: str) -> str | None:
    """The source whose id begins the file's name, and is not merely the beginning of another word there."""
    fitting = [source for source in source_ids() if re.match(rf"{source}(?![a-z])", name.lower())]
    return max(fitting, key=len, default=None)


def _feed(source: str, files: list[Path], entry: Mapping[str, Any]) -> Feed:
    for path in files:
        if path.is_symlink():
            raise InputRefused("it is a symbolic link", file=path.name, remedy="Put the file itself into the folder")
        if path.suffix.lower() not in SUPPORTED:
            raise InputRefused(
                f"files of the kind {path.suffix or 'without suffix'} cannot be read yet",
                file=path.name,
                remedy="Export it as Parquet or CSV; supported are " + " ".join(SUPPORTED),
            )
        if path.stat().st_size == 0:
            raise InputRefused("the file is empty", file=path.name, remedy="Ask the department to send it again")
    return Feed(
        source=source,
        contract=load(source),
        files=tuple(files),
        as_of=entry.get("as_of"),
        complete=entry.get("complete", False),
        encoding=entry.get("encoding"),
        columns=entry.get("columns", {}),
        values=entry.get("values", {}),
        units={column: UNITS[unit] for column, unit in entry.get("units", {}).items()},
    )


def _mapping(path: Path) -> dict[str, dict[str, Any]]:
    if not path.exists():
        return {}
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputRefused(f"this is not TOML ({error})", file=path.name) from error
    return {source: _entry(source, entry) for source, entry in content.items()}


def _entry(source: str, entry: Any) -> dict[str, Any]:
    def refuse(what: str, remedy: str) -> InputRefused:
        return InputRefused(f"[{source}] {what}", file=MAPPING_FILE, remedy=remedy)

    if source not in source_ids():
        raise refuse("is no source", f"Known are {', '.join(source_ids())}")
    if not isinstance(entry, dict) or set(entry) - _KEYS:
        unknown = sorted(set(entry) - _KEYS) if isinstance(entry, dict) else [repr(entry)]
        raise refuse(f"holds {', '.join(unknown)}", f"Known are {', '.join(sorted(_KEYS))}")
    known = set(load(source).schema())
    for section in ("columns", "values", "units"):
        table = entry.get(section, {})
        if not isinstance(table, dict) or set(table) - known:
            raise refuse(f"names unknown columns in `{section}`", f"Columns are {', '.join(sorted(known))}")
    if set(entry.get("units", {}).values()) - set(UNITS):
        raise refuse("has an unknown unit", f"Units are {', '.join(UNITS)}")
    if "as_of" in entry:
        entry = entry | {"as_of": _day(entry["as_of"], refuse)}
    if not isinstance(entry.get("complete", False), bool):
        raise refuse("`complete` is neither true nor false", "Write true or false, without quotes")
    marks = entry.get("files", [])
    if isinstance(marks, str):
        marks = [marks]
    if any("/" in mark or "\\" in mark or mark.startswith("..") for mark in marks):
        raise refuse("`files` leaves the folder", "Name files of this folder only")
    checked: dict[str, Any] = entry | ({"files": marks} if marks else {})
    return checked


def _day(value: Any, refuse: Any) -> dt.date:
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    try:
        return dt.date.fromisoformat(str(value))
    except ValueError:
        raise refuse(f"`as_of` is no date: {value}", "Write as_of = 2024-12-31") from None
