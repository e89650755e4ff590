"""Reads the register and the feeds of a folder, and lays out the folder that a scan works on.

What is read keeps the department's own words; what is laid out is read by the matcher exactly as if it had been given
the first folder.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import shutil
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from api.matching.reference import OWN_TABLES
from matcher import roster
from matcher.errors import InputRefused
from matcher.evidence import name_records
from matcher.normalising import id_cards
from matcher.sources import feeds
from matcher.sources.contract import load
from matcher.sources.delivery import Delivery, open_folder

CHUNK = 100_000
MAPPING = "feeds.toml"
POLICY = "policy.toml"
OF_THE_FEED = ("encoding", "columns", "values", "units")
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FeedFiles:
    """A department's feed: its files, when it was cut, whether it is complete, and how it differs from its contract."""

    source: str
    files: tuple[Path, ...]
    as_of: dt.date | None
    complete: bool
    mapping: Mapping[str, Any]
    rows: int

    def described(self) -> list[dict[str, Any]]:
        """Name, size and SHA-256 of each file."""
        found = []
        for path in self.files:
            with path.open("rb") as opened:
                digest = hashlib.file_digest(opened, "sha256").hexdigest()
            found.append({"name": path.name, "bytes": path.stat().st_size, "sha256": digest})
        return found


@dataclass(frozen=True, slots=True)
class Register:
    """The tables of a folder that become ours, as rows, and how many rows could not be taken over.

    `authorisations` is None where the folder has no such table, which says nothing of consents given before.
    """

    households: list[Row]
    members: list[Row]
    authorisations: list[Row] | None
    set_aside: int


def register(folder: Path) -> Register:
    """Households, members and authorisations of a folder. Raises InputRefused, naming file, row and column."""
    delivery = open_folder(folder)
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


def department_feeds(folder: Path) -> list[FeedFiles]:
    """The feeds of a folder that come from departments, by source."""
    delivery = open_folder(folder)
    sections = (
        tomllib.loads((folder / MAPPING).read_text(encoding="utf-8-sig")) if (folder / MAPPING).exists() else {}
    )
    return [
        FeedFiles(
            source,
            feed.files,
            feed.as_of,
            feed.complete,
            {key: value for key, value in sections.get(source, {}).items() if key in OF_THE_FEED},
            feeds.row_count(feed),
        )
        for source, feed in delivery.feeds.items()
        if source not in OWN_TABLES
    ]


def aid(folder: Path, numbers: Collection[str]) -> Iterator[list[Row]]:
    """Aid granted to the bearers of these citizen numbers, in batches; `number` is the normal form, `content` a hash.

    Every row has a `record_id`, as the scan names it.
    """
    delivery: Delivery = open_folder(folder)
    if "aid" not in delivery.feeds:
        return
    known = pl.Series(list(numbers), dtype=pl.String)
    for chunk in feeds.chunks(delivery.feeds["aid"], CHUNK):
        read = id_cards.read(chunk.frame.get_column("id_number"))
        ours = chunk.frame.with_columns(read.alias("number")).filter(pl.col("number").is_in(known.implode()))
        yield name_records(ours, load("aid")).to_dicts()


def policy_of(folder: Path) -> Path | None:
    """The folder's own dated values, if it has any."""
    return folder / POLICY if (folder / POLICY).is_file() else None


def lay_out(
    folder: Path, tables: Mapping[str, Sequence[Row]], sent: Sequence[FeedFiles], policy: Path | None
) -> None:
    """Fills a folder for the matcher: our tables as Parquet, the departments' files beside them, feeds.toml.

    A file is linked where the file system can, and copied where it cannot; either way nothing is read through it.
    """
    for name, rows in tables.items():
        schema = load(name).schema()
        pl.DataFrame(rows, schema=schema, orient="row").write_parquet(folder / f"{name}.parquet")
    sections = []
    for feed in sent:
        names = []
        for number, path in enumerate(feed.files):
            names.append(f"{feed.source}-{number}{path.suffix}")
            _link(path, folder / names[-1])
        sections.append(_section(feed, names))
    (folder / MAPPING).write_text("\n".join(sections), encoding="utf-8")
    if policy is not None:
        shutil.copyfile(policy, folder / POLICY)


def _link(path: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    try:
        os.link(path, target)
    except OSError:
        shutil.copyfile(path, target)


def _section(feed: FeedFiles, names: list[str]) -> str:
    """A section of feeds.toml; quoted as JSON, which TOML's basic strings and arrays of them understand."""
    lines = [f"[{feed.source}]", f"files = {_quoted(names)}", f"complete = {str(feed.complete).lower()}"]
    if feed.as_of is not None:
        lines.append(f"as_of = {feed.as_of.isoformat()}")
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
