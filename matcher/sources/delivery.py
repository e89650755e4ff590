"""A folder of files as a delivery: which file belongs to which source."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

from matcher.errors import InputRefused
from matcher.sources import mapping
from matcher.sources.contract import Contract, load, source_ids
from matcher.sources.mapping import MAPPING_FILE, Section
from matcher.sources.parts import TABLES

NOT_FEEDS = {MAPPING_FILE, "policy.toml"}
TRUTH = "truth_"
"""What is known to be true of a synthetic or labelled folder lies beside its feeds and is no feed."""

SUPPORTED = (*TABLES, *(f"{ending}.gz" for ending in TABLES), ".zip")
"""How the name of a feed's file may end; what it is, its first bytes say (kinds)."""


@dataclass(frozen=True, slots=True)
class Feed:
    """One source of a delivery: its files and how they differ from the contract (mapping.Section).

    `complete`: a full extract, so that absence means no record. `answers_due`: the day by which answers were to come.
    """

    source: str
    contract: Contract
    files: tuple[Path, ...]
    as_of: dt.date | None = None
    complete: bool = False
    answers_due: dt.date | None = None
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
    sections = mapping.read(_plain_file(folder / MAPPING_FILE))
    present = [path for path in sorted(folder.iterdir()) if _may_be_a_feed(path)]
    claimed: dict[str, list[Path]] = {}
    for source, section in sections.items():
        if section.files:
            claimed[source] = [path for path in present if any(fnmatch(path.name, mark) for mark in section.files)]
            if not claimed[source]:
                raise InputRefused(
                    f"no file is called {' or '.join(section.files)}",
                    file=MAPPING_FILE,
                    remedy=f"Mend `files` of [{source}]",
                )
    taken = {path for paths in claimed.values() for path in paths}
    ignored = []
    for path in present:
        if path in taken:
            continue
        owner = _source_of(path.name)
        if owner is None or (owner in sections and sections[owner].files):
            ignored.append(path.name)
        else:
            claimed.setdefault(owner, []).append(path)
    for source in sections:
        if source not in claimed:
            raise InputRefused(
                f"it speaks of [{source}], but no file of the folder belongs to it",
                file=MAPPING_FILE,
                remedy="Add the file, name it with `files`, or remove the section",
            )
    feeds = {
        source: _feed(source, files, sections.get(source, Section())) for source, files in sorted(claimed.items())
    }
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


def _may_be_a_feed(path: Path) -> bool:
    """Files, links, and folders that bear a table's name: some programs write a table as a folder of parts."""
    if path.name.startswith((".", TRUTH)) or path.name in NOT_FEEDS:
        return False
    if path.is_dir() and not path.is_symlink():
        return _is_supported(path) and _source_of(path.name) is not None
    return True


def _is_supported(path: Path) -> bool:
    return path.name.lower().endswith(SUPPORTED)


def _source_of(name: str) -> str | None:
    """The source whose id begins the file's name, and is not merely the beginning of another word there."""
    fitting = [source for source in source_ids() if re.match(rf"{source}(?![a-z])", name.lower())]
    return max(fitting, key=len, default=None)


def _feed(source: str, files: list[Path], section: Section) -> Feed:
    for path in files:
        if not _is_supported(_plain_file(path)):
            raise InputRefused(
                f"files of the kind {path.suffix or 'without suffix'} cannot be read yet",
                file=path.name,
                remedy=f"Export it as one of {' '.join(TABLES)}; each may be packed as .gz, and any number of them as .zip",
            )
        if path.is_dir():
            raise InputRefused(
                "it is a folder",
                file=path.name,
                remedy=f"Put its parts beside it, as {source}_1{path.suffix} and so on",
            )
        if path.stat().st_size == 0:
            raise InputRefused("the file is empty", file=path.name, remedy="Ask the department to send it again")
    return Feed(
        source=source,
        contract=load(source),
        files=tuple(files),
        as_of=section.as_of,
        complete=section.complete,
        answers_due=section.answers_due,
        encoding=section.encoding,
        columns=section.columns,
        values=section.values,
        units=section.units,
    )


def _plain_file(path: Path) -> Path:
    if path.is_symlink():
        raise InputRefused("it is a symbolic link", file=path.name, remedy="Put the file itself into the folder")
    return path
