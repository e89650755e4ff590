"""A folder of files as a delivery: which file belongs to which source."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatch
from pathlib import Path

from matcher.errors import InputRefused
from matcher.sources import batches, manifest, mapping, queries
from matcher.sources.batches import Batch, Standing
from matcher.sources.contract import Contract, load, source_ids
from matcher.sources.mapping import MAPPING_FILE, Section
from matcher.sources.parts import TABLES
from matcher.sources.queries import Query

SUGGESTED_FILE = "feeds.suggested.toml"
"""What the program would write into feeds.toml where a person has already written one; nothing reads it."""

NOT_FEEDS = {MAPPING_FILE, SUGGESTED_FILE, "policy.toml"}
TRUTH = "truth_"
"""What is known to be true of a synthetic or labelled folder lies beside its feeds and is no feed."""

SUPPORTED = (*TABLES, *(f"{ending}.gz" for ending in TABLES), ".zip")
"""How the name of a feed's file may end; what it is, its first bytes say (kinds)."""


@dataclass(frozen=True, slots=True)
class Feed:
    """One source of a delivery: its files, or the query that stands for them, and how these differ from the contract
    (mapping.Section).

    `complete`: a full extract, so that absence means no record. `answers_due`: the day by which answers were to come.
    `standing`: the batches that manifests tell of; none where there are no manifests. `files` are those in force.
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
    query: Query | None = None
    standing: Standing = field(default_factory=Standing)

    @property
    def name(self) -> str:
        """What messages call it before any of its tables is open: its first file, or its query."""
        if self.query is not None:
            return self.query.name
        return self.files[0].name if self.files else self.source

    @property
    def mapped_in(self) -> str:
        """The file that says how its columns are called."""
        return self.query.file if self.query is not None else MAPPING_FILE

    def batch_of(self, table: str) -> Batch | None:
        """The batch that a table (`a.csv`, `a.zip/b.csv`) belongs to, where there are manifests."""
        file = table.partition("/")[0]
        return next((batch for batch in self.standing.in_force for named in batch.files if named.name == file), None)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a folder holds: feeds by source, the files that belong to none, and its manifests with their signatures."""

    folder: Path
    feeds: Mapping[str, Feed]
    ignored: tuple[str, ...]
    manifests: tuple[Path, ...] = ()


def open_folder(folder: Path, databases: Path | None = None, keys: manifest.Keys | None = None) -> Delivery:
    """The delivery in a folder. Raises InputRefused for a folder, manifest or feeds.toml that cannot be understood.

    A file belongs to the source of the manifest that names it, else to the one whose id its name begins with (the longest
    such id), or to the one that feeds.toml names it for. No file outside the folder is read, and none through a symbolic
    link. What manifests say is checked before any file is parsed; a source whose `keys` are known comes signed by one of
    them, or not at all. `databases` is the operator's
    own file (queries.read) of the sources that are asked of a database; of these the folder may hold no file. Raises
    UsageError where it names an environment variable that is not set.
    """
    if not folder.is_dir():
        raise InputRefused("there is no such folder", file=folder, remedy="Check the path")
    asked = queries.read(databases, folder) if databases is not None else {}
    sections = mapping.read(_plain_file(folder / MAPPING_FILE))
    told = manifest.of_folder(folder, keys)
    named = _named(told)
    standings = {
        source: batches.of_source(
            source, [each for each in told if each.source == source], sections.get(source, Section()).departments
        )
        for source in sorted({each.source for each in told})
    }
    present = [path for path in sorted(folder.iterdir()) if _may_be_a_feed(path) and path.name not in named]
    claimed: dict[str, list[Path]] = {}
    for source, section in sections.items():
        if section.files:
            claimed[source] = [path for path in present if any(fnmatch(path.name, mark) for mark in section.files)]
            if not claimed[source] and source not in standings:
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
        owner = source_of(path.name)
        if owner is None or (owner in sections and sections[owner].files):
            ignored.append(path.name)
        else:
            claimed.setdefault(owner, []).append(path)
    _come_with_a_manifest(claimed, standings, keys or {})
    for source in sections:
        if source not in claimed and source not in standings:
            raise InputRefused(
                f"it speaks of [{source}], but no file of the folder belongs to it",
                file=MAPPING_FILE,
                remedy="Add the file, name it with `files`, or remove the section",
            )
    feeds = {
        source: _feed(source, files, sections.get(source, Section()))
        for source, files in claimed.items()
        if source not in standings
    } | {
        source: _of_batches(folder, source, standing, sections.get(source, Section()))
        for source, standing in standings.items()
    }
    for source, (query, section) in asked.items():
        if source in feeds:
            raise InputRefused(
                f"[{source}] is a query, and the folder holds {feeds[source].name}",
                file=query.file,
                remedy="A source comes from one place: remove the section or the file",
            )
        query.with_url()
        feeds[source] = _feed(source, [], section, query)
    beside = tuple(path for path in sorted(folder.iterdir()) if manifest.belongs(path.name))
    return Delivery(folder, dict(sorted(feeds.items())), tuple(ignored), beside)


def file_hashes(delivery: Delivery) -> dict[str, str]:
    """The SHA-256 of every input file by its name, and of every query's text by its own, in hexadecimal.

    What a manifest names was compared with it when the folder was opened, and is not read again.
    """
    feeds = delivery.feeds.values()
    names = [delivery.folder / name for name in sorted(NOT_FEEDS) if (delivery.folder / name).exists()]
    hashes = {feed.query.name: feed.query.sha256 for feed in feeds if feed.query is not None}
    hashes |= {file.name: file.sha256 for feed in feeds for batch in feed.standing.in_force for file in batch.files}
    names += [path for feed in feeds for path in feed.files if path.name not in hashes]
    for path in [*names, *delivery.manifests]:
        with path.open("rb") as stream:
            hashes[path.name] = hashlib.file_digest(stream, "sha256").hexdigest()
    return dict(sorted(hashes.items()))


def _may_be_a_feed(path: Path) -> bool:
    """Files, links, and folders that bear a table's name: some programs write a table as a folder of parts."""
    if path.name.startswith((".", TRUTH)) or path.name in NOT_FEEDS or manifest.belongs(path.name):
        return False
    if path.is_dir() and not path.is_symlink():
        return is_supported(path) and source_of(path.name) is not None
    return True


def is_supported(path: Path) -> bool:
    return path.name.lower().endswith(SUPPORTED)


def source_of(name: str) -> str | None:
    """The source whose id begins the file's name, and is not merely the beginning of another word there."""
    fitting = [source for source in source_ids() if re.match(rf"{source}(?![a-z])", name.lower())]
    return max(fitting, key=len, default=None)


def _named(manifests: Sequence[manifest.Manifest]) -> dict[str, manifest.Manifest]:
    """The manifest of every file that one names. Raises InputRefused for a file of another source, or of two batches."""
    found: dict[str, manifest.Manifest] = {}
    for each in manifests:
        for file in each.files:
            other = found.setdefault(file.name, each)
            if (other.source, other.batch) != (each.source, each.batch):
                raise InputRefused(
                    f"{other.path.name} and {each.path.name} both name it",
                    file=file.name,
                    remedy="A file belongs to one batch: remove it from the other",
                )
            if (
                file.name in NOT_FEEDS
                or file.name.startswith(TRUTH)
                or source_of(file.name) not in (None, each.source)
            ):
                raise InputRefused(
                    f"{each.path.name} names it for {each.source}, and by its name it is another's",
                    file=file.name,
                    remedy="Name the right file, or ask the department to call it otherwise",
                )
    return found


def _come_with_a_manifest(
    claimed: Mapping[str, Sequence[Path]], standings: Mapping[str, Standing], keys: manifest.Keys
) -> None:
    for source, files in sorted(claimed.items()):
        if files and (source in standings or source in keys):
            why = "and its source comes in batches" if source in standings else "and a key is known for its source"
            raise InputRefused(
                f"no manifest names it, {why}",
                file=files[0].name,
                remedy="Ask the department for its manifest, or remove it from the folder",
            )


def _of_batches(folder: Path, source: str, standing: Standing, section: Section) -> Feed:
    """The feed that a source's batches in force make, each file compared with its hash."""
    for batch in standing.in_force:
        manifest.verify(folder, batch.number, batch.files)
    files = [folder / file.name for batch in standing.in_force for file in batch.files]
    feed = _feed(source, files, section)
    return replace(feed, as_of=standing.as_of, complete=standing.complete, standing=standing)


def _feed(source: str, files: list[Path], section: Section, query: Query | None = None) -> Feed:
    for path in files:
        if not is_supported(_plain_file(path)):
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
        if not path.is_file():
            raise InputRefused("it is no plain file", file=path.name, remedy="Put a file into the folder")
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
        query=query,
    )


def _plain_file(path: Path) -> Path:
    if path.is_symlink():
        raise InputRefused("it is a symbolic link", file=path.name, remedy="Put the file itself into the folder")
    return path
