"""Reads the register and the feeds of a folder, and lays out the folder that a scan works on.

What is read keeps the department's own words; what is laid out is read by the matcher exactly as if it had been given
the first folder.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import json
import os
import re
import shutil
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from api.matching.reference import OWN_TABLES
from matcher import roster
from matcher.errors import InputRefused
from matcher.evidence import name_records
from matcher.normalising import id_cards
from matcher.policy import load as load_policy
from matcher.sources import feeds
from matcher.sources.batches import Batch, of_described
from matcher.sources.batches import standing as standing_of
from matcher.sources.contract import load
from matcher.sources.delivery import Delivery, Feed, open_folder
from matcher.sources.manifest import read_keys

CHUNK = 100_000
MAPPING = "feeds.toml"
POLICY = "policy.toml"
OF_THE_FEED = ("encoding", "columns", "values", "units", "departments")
MOST_OF_A_NAME = 40
Row = dict[str, Any]
Laid = tuple[str, str | None]
"""A file's name in the folder, and its SHA-256 where it is not the file that its manifest promised."""


@dataclass(frozen=True, slots=True)
class KeptRows:
    """The accepted rows of a table as Parquet, which are read in place of the table that was sent."""

    path: Path
    table: str
    sha256: str


@dataclass(frozen=True, slots=True)
class FeedFiles:
    """A department's feed: its files, when it was cut, whether it is complete, and how it differs from its contract.

    `mapping` holds what feeds.toml says of it, and under `batches` those that manifests told of (batches.Standing.described).
    `kept` are the rows of its files, for those of which they are kept; `aside` of these, how many rows of the file are not
    among them, since they were set aside when it came.
    """

    source: str
    files: tuple[Path, ...]
    as_of: dt.date | None
    complete: bool
    mapping: Mapping[str, Any]
    rows: int
    kept: Mapping[Path, tuple[KeptRows, ...]] = field(default_factory=dict)
    aside: Mapping[Path, int] = field(default_factory=dict)

    def described(self) -> list[dict[str, Any]]:
        """Name, size and SHA-256 of each file."""
        found = []
        for path in self.files:
            with path.open("rb") as opened:
                digest = hashlib.file_digest(opened, "sha256").hexdigest()
            found.append({"name": path.name, "bytes": path.stat().st_size, "sha256": digest})
        return found


@dataclass(frozen=True, slots=True)
class Layout:
    """What the folder of a scan is to hold: tables of ours by name, what departments sent, and the city's own values."""

    tables: Mapping[str, Sequence[Row]]
    sent: Sequence[FeedFiles]
    policy: Path | None

    @property
    def files(self) -> list[Path]:
        """The departments' files that it takes: the rows that are kept of a file, or the file."""
        found = [(feed.kept.get(path, ()), path) for feed in self.sent for path in feed.files]
        return [each for rows, path in found for each in ([kept.path for kept in rows] or [path])]

    @property
    def set_aside(self) -> dict[str, int]:
        """By source how many rows a scan does not see, since they were set aside when they came; of files that it reads itself none."""
        told = {feed.source: [feed.aside[path] for path in feed.files if path in feed.kept] for feed in self.sent}
        return {source: sum(some) for source, some in told.items() if some}


@dataclass(frozen=True, slots=True)
class Register:
    """The tables of a folder that become ours, as rows, and how many rows could not be taken over.

    `authorisations` is None where the folder has no such table, which says nothing of consents given before.
    """

    households: list[Row]
    members: list[Row]
    authorisations: list[Row] | None
    set_aside: int


def register(folder: Path, keys: Path | None = None) -> Register:
    """Households, members and authorisations of a folder. Raises InputRefused, naming file, row and column.

    `keys` is the operator's file of the departments' public keys (manifest.read_keys), here and below.
    """
    delivery = _opened(folder, keys)
    read = {name: feeds.read_all(delivery.feeds[name]) for name in OWN_TABLES if name in delivery.feeds}
    for name in ("households", "members"):
        if name not in read:
            raise InputRefused(f"the folder has no {name} table", file=f"{name}.*", remedy="Add it as Parquet or CSV")
    households = roster.checked(read["households"].frame, "household_id", "households.*")
    members = roster.checked(read["members"].frame, "person_id", "members.*")
    members, strays = roster.of_known_households(members, households, "members.*")
    return Register(
        households.drop("row_number").to_dicts(),
        members.drop("row_number").to_dicts(),
        read["authorisations"].frame.drop("row_number").to_dicts() if "authorisations" in read else None,
        len(strays) + sum(chunk.rows_in - len(chunk.frame) for chunk in read.values()),
    )


def department_feeds(folder: Path, keys: Path | None = None) -> list[FeedFiles]:
    """The feeds of a folder that come from departments, by source."""
    delivery = _opened(folder, keys)
    sections = (
        tomllib.loads((folder / MAPPING).read_text(encoding="utf-8-sig")) if (folder / MAPPING).exists() else {}
    )
    return [
        FeedFiles(
            source,
            feed.files,
            feed.as_of,
            feed.complete,
            _mapping(feed, sections.get(source, {})),
            feeds.row_count(feed),
        )
        for source, feed in delivery.feeds.items()
        if source not in OWN_TABLES
    ]


def _mapping(feed: Feed, section: Mapping[str, Any]) -> dict[str, Any]:
    told = {key: value for key, value in section.items() if key in OF_THE_FEED}
    if feed.answers_due is not None:
        told["answers_due"] = feed.answers_due.isoformat()
    return told | ({"batches": batches} if (batches := feed.standing.described()) else {})


def in_use(sent: Sequence[FeedFiles]) -> list[FeedFiles]:
    """Of the feeds, in the order in which they came, those that count: of each source the last, and where that came in
    batches, all batches since the last feed without them, as one feed; where several departments sent them, it names
    these. Raises InputRefused where two of one number differ.
    """
    found: dict[str, list[FeedFiles]] = {}
    for feed in sent:
        earlier = found.get(feed.source, [])
        found[feed.source] = [*(earlier if "batches" in feed.mapping else []), feed]
    return [
        _joined([feed for feed in feeds if "batches" in feed.mapping] or feeds) for _, feeds in sorted(found.items())
    ]


def _joined(sent: Sequence[FeedFiles]) -> FeedFiles:
    last = sent[-1]
    if len(sent) == 1:
        return last
    known: dict[str, Batch] = {}
    paths: dict[tuple[str, str], Path] = {}
    for feed in sent:
        told = of_described(feed.mapping["batches"])
        for batch in (*told.in_force, *told.history):
            if not batch.says_the_same(known.setdefault(batch.number, batch)):
                raise InputRefused(
                    f"batch {batch.number} of {feed.source} was taken over before, and said otherwise then",
                    file=batch.files[0].name,
                    remedy="A batch that is sent again changed needs a number of its own, and `supersedes` the old one",
                )
        names = [(batch.number, file.name) for batch in told.in_force for file in batch.files]
        for name, path in zip(names, feed.files, strict=True):
            known[name[0]] = next(batch for batch in told.in_force if batch.number == name[0])
            paths[name] = path
    standing = standing_of(known.values())
    owners = {batch.owner: batch.department for batch in standing.in_force}
    several = (
        {"departments": sorted({*last.mapping.get("departments", ()), *owners.values()})} if len(owners) > 1 else {}
    )
    return FeedFiles(
        last.source,
        tuple(paths[batch.number, file.name] for batch in standing.in_force for file in batch.files),
        standing.as_of,
        standing.complete,
        {**last.mapping, **several, "batches": standing.described()},
        sum(feed.rows for feed in sent),
        {path: rows for feed in sent for path, rows in feed.kept.items()},
        {path: rows for feed in sent for path, rows in feed.aside.items()},
    )


def aid(folder: Path, numbers: Collection[str], keys: Path | None = None) -> Iterator[list[Row]]:
    """Aid granted to the bearers of these citizen numbers, in batches; `number` is the normal form, `content` a hash.

    Every row has a `record_id`, as the scan names it.
    """
    delivery = _opened(folder, keys)
    if "aid" not in delivery.feeds:
        return
    known = pl.Series(list(numbers), dtype=pl.String)
    for chunk in feeds.chunks(delivery.feeds["aid"], CHUNK):
        read = id_cards.read(chunk.frame.get_column("id_number"))
        ours = chunk.frame.with_columns(read.alias("number")).filter(pl.col("number").is_in(known.implode()))
        yield name_records(ours, load("aid")).to_dicts()


def _opened(folder: Path, keys: Path | None) -> Delivery:
    return open_folder(folder, keys=read_keys(keys, folder) if keys is not None else None)


def policy_of(folder: Path) -> Path | None:
    """The folder's own dated values, if it has any. Raises MatcherError where they cannot be read."""
    own = folder / POLICY
    if not own.is_file():
        return None
    load_policy(own)
    return own


def lay_out(folder: Path, layout: Layout, bring: Callable[[Path, Path], None]) -> None:
    """Fills a folder for the matcher: our tables as Parquet, the departments' files beside them, feeds.toml.

    A table of ours beside a feed of its name is one more file of that feed, and where it comes in batches, one of the last.
    `bring` makes a file be there under another name, too.
    """
    tables, sent, policy = layout.tables, layout.sent, layout.policy
    for name, rows in tables.items():
        typed(name, rows).write_parquet(folder / f"{name}.parquet")
    sections = []
    for feed in sent:
        laid: list[list[Laid]] = []
        for number, path in enumerate(feed.files):
            if kept := feed.kept.get(path):
                laid.append([_rows_laid(folder, f"{feed.source}-{number}", each, bring) for each in kept])
            else:
                name = f"{feed.source}-{number}{''.join(path.suffixes[-2:])}"
                bring(path, folder / name)
                laid.append([(name, None)])
        if feed.source in tables:
            laid.append([(f"{feed.source}.parquet", None)])
        names = [name for some in laid for name, _ in some]
        if "batches" in feed.mapping:
            write_manifests(folder, feed, laid)
            names = []
        sections.append(described_section(feed, names))
    (folder / MAPPING).write_text("\n".join(sections), encoding="utf-8")
    if policy is not None:
        shutil.copyfile(policy, folder / POLICY)


def typed(name: str, rows: Sequence[Row]) -> pl.DataFrame:
    """Rows of one of our tables as the matcher has them."""
    schema = load(name).schema()
    told = [{column: _typed(row.get(column), kind) for column, kind in schema.items()} for row in rows]
    return pl.DataFrame(told, schema=schema, orient="row")


def _rows_laid(folder: Path, begins: str, rows: KeptRows, bring: Callable[[Path, Path], None]) -> Laid:
    """Rows that are kept lie there under a name that tells which table of the department's they are."""
    called = re.sub(r"[^\w.()-]", "_", rows.table)[-MOST_OF_A_NAME:]
    name = f"{begins}-{called}.parquet"
    for number in itertools.count(2):
        if not (folder / name).exists():
            break
        name = f"{begins}-{called}-{number}.parquet"
    bring(rows.path, folder / name)
    return name, rows.sha256


def contract_digest(source: str) -> str:
    """What rows were held against: where a source's contract is another, they are read anew."""
    told = json.dumps(asdict(load(source)), ensure_ascii=False, sort_keys=True, default=sorted)
    return hashlib.sha256(told.encode()).hexdigest()


def link(path: Path, target: Path) -> None:
    """The file is there too, under this name: linked where the file system can, and copied where it cannot."""
    target.unlink(missing_ok=True)
    try:
        os.link(path, target)
    except OSError:
        shutil.copyfile(path, target)


def _typed(value: Any, kind: pl.DataType) -> Any:
    """A value as its column holds it: what the register keeps as text (days, money) is read again."""
    if not isinstance(value, str):
        return value
    if kind == pl.Date:
        return dt.date.fromisoformat(value)
    return Decimal(value) if isinstance(kind, pl.Decimal) else value


def write_manifests(folder: Path, feed: FeedFiles, laid: Sequence[Sequence[Laid]]) -> None:
    """The manifests of the batches in force, with the names that their files bear here; signed they were when they came."""
    ours, in_force = iter(laid), of_described(feed.mapping["batches"]).in_force
    for number, batch in enumerate(in_force):
        lines = [
            f"source = {_quoted(feed.source)}",
            f"batch = {_quoted(batch.number)}",
            f"department = {_quoted(batch.department)}",
            f"as_of = {batch.as_of.isoformat()}",
            f"kind = {_quoted(batch.kind)}",
            f"supersedes = {_quoted(list(batch.supersedes))}",
        ]
        for file in batch.files:
            for name, sha256 in next(ours):
                lines += ["[[files]]", f"name = {_quoted(name)}", f"sha256 = {_quoted(sha256 or file.sha256)}"]
                lines += [f"rows = {file.rows}"] if file.rows is not None and sha256 is None else []
        for ((name, _),) in ours if batch is in_force[-1] else ():
            digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
            lines += ["[[files]]", f"name = {_quoted(name)}", f"sha256 = {_quoted(digest)}"]
        (folder / f"{feed.source}-{number}.manifest.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def described_section(feed: FeedFiles, names: list[str]) -> str:
    """A section of feeds.toml; quoted as JSON, which TOML's basic strings and arrays of them understand."""
    lines = [f"[{feed.source}]"]
    if names:
        lines += [f"files = {_quoted(names)}", f"complete = {str(feed.complete).lower()}"]
    if names and feed.as_of is not None:
        lines.append(f"as_of = {feed.as_of.isoformat()}")
    if due := feed.mapping.get("answers_due"):
        lines.append(f"answers_due = {due}")
    if departments := feed.mapping.get("departments"):
        lines.append(f"departments = {_quoted(departments)}")
    if encoding := feed.mapping.get("encoding"):
        lines.append(f"encoding = {_quoted(encoding)}")
    for part in ("columns", "units"):
        lines += _table(f"{feed.source}.{part}", feed.mapping.get(part, {}))
    for column, words in feed.mapping.get("values", {}).items():
        lines += _table(f"{feed.source}.values.{column}", words)
    return "\n".join(lines) + "\n"


def _table(name: str, words: Mapping[str, str]) -> list[str]:
    return [f"[{name}]", *(f"{_quoted(key)} = {_quoted(value)}" for key, value in words.items())] if words else []


def _quoted(value: str | list[str]) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
