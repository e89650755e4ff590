"""Feeds prepared on disk, memory-mapped, for scans that need not read and prepare them again, and for look-ups.

A source is one Arrow file of its rows and one of their facets and keys (two for marriages, one a party), a record batch
a chunk, uncompressed: what is asked for is paged in, and nothing is decoded. Beside them each block's keys lie sorted
with the rows that bear them. Keys are our own hashes, so that an index outlives the process that built it; it is bound to
the plan, the program and the tables it was built with.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import shutil
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files as resources
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from matcher import __version__
from matcher.blocking import BlockKeys
from matcher.errors import InputRefused
from matcher.hashing import Keys
from matcher.kernel import Batch
from matcher.plan import Plan
from matcher.prepared import More, Prepared, Rows
from matcher.progress import Progress, Step, silent
from matcher.sources import feeds, manifest
from matcher.sources.batches import Standing, of_described
from matcher.sources.chunking import Chunk
from matcher.sources.contract import load
from matcher.sources.delivery import Delivery, Feed, file_hashes, open_folder
from matcher.sources.queries import SQL

FILE = "index.json"
SELF = "SELF"
WORKERS = 2
SORTED_AT_ONCE = 20_000_000
"""How many keys are sorted in memory together."""

OWN_TABLES = ("households", "members", "authorisations", "answers", "handlers")
"""Tables of a folder that are no department's records about applicants; the roster of case handlers is our own as well."""


@dataclass(frozen=True)
class Source:
    """One source of an index. `offsets[i]` is the first row of chunk i; the last one is the number of rows."""

    folder: Path
    name: str
    as_of: dt.date | None
    complete: bool
    rows_in: int
    nulled: Mapping[str, int]
    offsets: tuple[int, ...]
    plan: Plan
    standing: Standing

    @property
    def accepted(self) -> int:
        """How many rows it holds."""
        return self.offsets[-1]

    @cached_property
    def feed(self) -> Feed:
        """The source as a feed without files: its contract, date, completeness and batches."""
        return Feed(self.name, load(self.name), (), self.as_of, self.complete, standing=self.standing)

    @property
    def parties(self) -> tuple[str, ...]:
        """SELF, or the parties of a marriage."""
        return tuple(party.upper() for party in self.feed.contract.parties) or (SELF,)

    @cached_property
    def rows(self) -> pl.DataFrame:
        """All rows as the contract types them, with `row_number`; memory-mapped."""
        return _mapped(self.folder / f"{self.name}.rows.arrow")

    @cached_property
    def rejects(self) -> pl.DataFrame:
        """The rows and values set aside when the feed was read (frames.REJECTS)."""
        return pl.read_parquet(self.folder / f"{self.name}.rejects.parquet")

    def facets(self, party: str) -> pl.DataFrame:
        """All facets of a party, and its dense keys as `key.B`; memory-mapped."""
        return self._facets[party]

    @cached_property
    def _facets(self) -> dict[str, pl.DataFrame]:
        found = {}
        for party in self.parties:
            table = _mapped(self.folder / f"{self.name}.{party}.facets.arrow")
            written = {
                facet: self.rows.get_column(column).rename(facet)
                for facet, column in as_written(self.plan, _prefix(party)).items()
                if column in self.rows.columns
            }
            found[party] = table.with_columns(
                written[facet] if facet in written else pl.lit(None, pl.String).alias(facet)
                for facet in as_written(self.plan, "")
            )
        return found

    @cached_property
    def _more(self) -> dict[str, pl.DataFrame]:
        return {party: pl.read_parquet(self.folder / f"{self.name}.{party}.more.parquet") for party in self.parties}

    def batch(self, chunk: int, party: str) -> Batch:
        """One chunk of a party, prepared and keyed as the kernel wants it."""
        start, end = self.offsets[chunk], self.offsets[chunk + 1]
        table = self.facets(party).slice(start, end - start)
        more = self._more[party].filter(pl.col("row").is_between(start, end, closed="left"))
        keys = []
        for place in range(len(self.plan.blocks)):
            own = more.filter(pl.col("block") == place)
            extra = More(
                (own.get_column("row") - start).to_numpy().astype(np.uint32), own.get_column("key").to_numpy()
            )
            keys.append(BlockKeys(table.get_column(f"key.{place}").to_numpy(), extra))
        return Batch(Prepared(table), tuple(keys))

    def chunk(self, number: int) -> Chunk:
        """One chunk's rows as they were read; the first brings the feed's rejects and what was nulled."""
        start, end = self.offsets[number], self.offsets[number + 1]
        first = number == 0
        aside = self.rows_in - self.accepted
        return Chunk(
            source=self.name,
            file="",
            file_index=0,
            index=number,
            frame=self.rows.slice(start, end - start),
            rejects=self.rejects if first else self.rejects.clear(),
            rows_in=end - start + (aside if first else 0),
            nulled=self.nulled if first else {},
            headings=(),
            bytes_read=0,
        )

    def bearing(self, party: str, block: int, keys: Keys) -> tuple[Rows, int]:
        """The rows that bear one of these keys under a block, one key after the other, and how many they are."""
        held, rows = self._sorted[party, block]
        first = np.searchsorted(held, keys, side="left")
        borne = np.flatnonzero(held[np.minimum(first, len(held) - 1)] == keys) if len(held) else ()
        if not len(borne):
            return np.zeros(0, np.uint32), 0
        spans = [rows[first[place] : np.searchsorted(held, keys[place], side="right")] for place in borne]
        return np.concatenate(spans), sum(map(len, spans))

    @cached_property
    def _sorted(self) -> dict[tuple[str, int], tuple[Keys, Rows]]:
        stems = {
            (party, block): self.folder / f"{self.name}.{party}.{block}"
            for party in self.parties
            for block in range(len(self.plan.blocks))
        }
        return {
            key: (
                np.load(stem.with_name(f"{stem.name}.keys.npy"), mmap_mode="r"),
                np.load(stem.with_name(f"{stem.name}.rows.npy"), mmap_mode="r"),
            )
            for key, stem in stems.items()
        }


@dataclass(frozen=True)
class Index:
    """Prepared feeds under one plan; `input_hashes` are those of the files they were made from."""

    folder: Path
    plan: Plan
    sources: Mapping[str, Source]
    input_hashes: Mapping[str, str]

    @property
    def rows(self) -> int:
        """How many records it holds."""
        return sum(source.accepted for source in self.sources.values())


def build(
    folder: Path,
    out: Path,
    plan: Plan,
    progress: Progress = silent,
    databases: Path | None = None,
    keys: manifest.Keys | None = None,
) -> Index:
    """Prepares the feeds of a folder, and those that are queries of `databases` (queries.read), into `out`, which appears
    whole or not at all and replaces what was there.

    Raises InputRefused for a folder or feed that cannot be accepted, or an `out` that holds something else.
    """
    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not (out / FILE).exists())):
        raise InputRefused("this is not an index and will not be replaced", file=out, remedy="Name another folder")
    delivery = open_folder(folder, databases, keys)
    sources = department_feeds(delivery)
    if not sources:
        raise InputRefused("the folder has no department feed", file=folder, remedy="Add one, such as population.*")
    part = out.with_name(f".{out.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    part.chmod(0o700)
    try:
        described = {name: _write_source(feed, part, plan, progress) for name, feed in sources.items()}
        for done, name in enumerate(sources, start=1):
            _sort_keys(part, name, described[name]["parties"], plan)
            progress(Step("sort keys", done, len(sources), "sources"))
        content = {
            "bound_to": bound_to(plan),
            "program": __version__,
            "plan": plan.version,
            "input_sha256": {
                name: digest
                for name, digest in file_hashes(delivery).items()
                if not name.removeprefix(SQL).startswith(OWN_TABLES)
            },
            "sources": described,
            "bytes": {entry.name: entry.stat().st_size for entry in sorted(part.iterdir())},
        }
        (part / FILE).write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    shutil.rmtree(out, ignore_errors=True)
    part.rename(out)
    return open_index(out, plan)


def department_feeds(delivery: Delivery) -> dict[str, Feed]:
    """The feeds of a folder whose rows are about people whom a department knows, by source."""
    return {
        name: feed
        for name, feed in sorted(delivery.feeds.items())
        if name not in OWN_TABLES and feed.contract.about_people
    }


def open_index(folder: Path, plan: Plan) -> Index:
    """The index in a folder, mapped. Raises InputRefused where it is none, or was built for another plan or program."""
    try:
        content = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as error:
        raise InputRefused(
            "there is no finished index here", file=folder, remedy="Build one: matcher index DIR --out INDEX"
        ) from error
    if content["bound_to"] != bound_to(plan):
        raise InputRefused(
            f"this index was built for plan {content['plan']} by program {content['program']}, and these differ in fields, "
            "blocks or tables",
            file=folder,
            remedy="Build it again: matcher index DIR --out INDEX",
        )
    for name, size in content["bytes"].items():
        there = folder / name
        if not there.is_file() or there.stat().st_size != size:
            raise InputRefused(
                "a file of this index is not as it was written",
                file=there,
                remedy="Build it again: matcher index DIR --out INDEX",
            )
    sources = {
        name: Source(
            folder=folder,
            name=name,
            as_of=dt.date.fromisoformat(entry["as_of"]) if entry["as_of"] else None,
            complete=entry["complete"],
            rows_in=entry["rows_in"],
            nulled=entry["nulled"],
            offsets=tuple(entry["offsets"]),
            plan=plan,
            standing=of_described(entry.get("batches", {})),
        )
        for name, entry in content["sources"].items()
    }
    return Index(folder, plan, sources, content["input_sha256"])


def bound_to(plan: Plan) -> str:
    """What an index depends on besides its feeds: fields, blocks, the tables of characters, and this module's layout."""
    digest = hashlib.sha256(repr((2, __version__, plan.fields, [block.facets for block in plan.blocks])).encode())
    tables = resources("matcher.identity.tables")
    for entry in sorted(tables.iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith((".tsv", ".txt")):
            digest.update(entry.read_bytes())
    return digest.hexdigest()


def as_written(plan: Plan, prefix: str) -> dict[str, str]:
    """The text facets that are a column as it stands, and that column: they need no copy in an index."""
    found = {}
    for field in plan.fields:
        if field.kind in ("cn_name", "cn_address"):
            found[f"{field.name}.text"] = prefix + field.column
        if field.kind == "cn_name":
            found[f"{field.name}.former"] = prefix + (field.former or "")
    return found


def _prefix(party: str) -> str:
    return "" if party == SELF else f"{party.lower()}_"


@dataclass(frozen=True)
class _Ready:
    """A chunk prepared: its rows, and of each party the facets with dense keys and the further keys."""

    chunk: Chunk
    facets: Mapping[str, pl.DataFrame]
    more: Mapping[str, pl.DataFrame]


def _ready(chunk: Chunk, parties: tuple[str, ...], plan: Plan) -> _Ready:
    facets, more = {}, {}
    rows = chunk.frame.rechunk()
    for party in parties:
        batch = Batch.of(rows, plan, _prefix(party))
        dense = [pl.Series(f"key.{place}", held.dense) for place, held in enumerate(batch.keys)]
        facets[party] = batch.people.table.drop(as_written(plan, "")).hstack(dense)
        more[party] = pl.concat(
            pl.DataFrame(
                {"block": np.full(len(held.more.rows), place, np.uint8), "row": held.more.rows, "key": held.more.keys}
            )
            for place, held in enumerate(batch.keys)
        )
    return _Ready(chunk, facets, more)


def _prepared(feed: Feed, parties: tuple[str, ...], plan: Plan) -> Iterator[_Ready]:
    """The chunks of a feed prepared, in their order, two at work."""
    pending: deque[Future[_Ready]] = deque()
    with ThreadPoolExecutor(WORKERS) as pool:
        for chunk in feeds.chunks(feed, plan.chunk_rows):
            pending.append(pool.submit(_ready, chunk, parties, plan))
            if len(pending) >= WORKERS:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


def _write_source(feed: Feed, folder: Path, plan: Plan, progress: Progress) -> dict[str, Any]:
    """Writes the rows, facets, further keys and rejects of a feed; returns what index.json says of it."""
    parties = tuple(party.upper() for party in feed.contract.parties) or (SELF,)
    rows_in = 0
    offsets, rejects = [0], []
    nulled: dict[str, int] = {}
    more: dict[str, list[pl.DataFrame]] = {party: [] for party in parties}
    writers: dict[str, _Writer] = {}
    try:
        for ready in _prepared(feed, parties, plan):
            chunk = ready.chunk
            frames = {"rows": chunk.frame, **{f"{party}.facets": ready.facets[party] for party in parties}}
            for name, frame in frames.items():
                if name not in writers:
                    writers[name] = _Writer(folder / f"{feed.source}.{name}.arrow")
                writers[name].write(frame)
            for party in parties:
                shift = pl.col("row").cast(pl.UInt32) + offsets[-1]
                more[party].append(ready.more[party].with_columns(shift))
            rejects.append(chunk.rejects)
            for column, count in chunk.nulled.items():
                nulled[column] = nulled.get(column, 0) + count
            offsets.append(offsets[-1] + len(chunk.frame))
            rows_in += chunk.rows_in
            progress(feeds.step("index", feed, chunk.bytes_read, rows_in))
        if feed.query is not None:  # only now we know of how many
            progress(Step(f"index {feed.source}", rows_in, rows_in))
    finally:
        for writer in writers.values():
            writer.close()
    for party in parties:
        pl.concat(more[party]).write_parquet(folder / f"{feed.source}.{party}.more.parquet")
    pl.concat(rejects).write_parquet(folder / f"{feed.source}.rejects.parquet")
    return {
        "as_of": feed.as_of.isoformat() if feed.as_of else None,
        "complete": feed.complete,
        "batches": feed.standing.described(),
        "rows_in": rows_in,
        "nulled": dict(sorted(nulled.items())),
        "offsets": offsets,
        "parties": list(parties),
    }


class _Writer:
    """An Arrow file that grows a record batch a frame."""

    def __init__(self, path: Path) -> None:
        self._sink = pa.OSFile(str(path), "wb")
        self._file: pa.ipc.RecordBatchFileWriter | None = None

    def write(self, frame: pl.DataFrame) -> None:
        """Appends the frame as one record batch."""
        table = frame.rechunk().to_arrow(compat_level=pl.CompatLevel.newest()).combine_chunks()
        if self._file is None:
            self._file = pa.ipc.new_file(self._sink, table.schema)
        for batch in table.to_batches():
            self._file.write_batch(batch)

    def close(self) -> None:
        """Finishes the file."""
        if self._file is not None:
            self._file.close()
        self._sink.close()


def _sort_keys(folder: Path, name: str, parties: list[str], plan: Plan) -> None:
    """Writes every block's keys in order, and beside each the row that bears it; rows of one key in order."""
    for party in parties:
        facets = _mapped(folder / f"{name}.{party}.facets.arrow")
        more = pl.read_parquet(folder / f"{name}.{party}.more.parquet")
        for place in range(len(plan.blocks)):
            own = more.filter(pl.col("block") == place).select("key", "row")
            dense = facets.get_column(f"key.{place}")
            total = len(dense) - int((dense == 0).sum()) + len(own)
            stem = folder / f"{name}.{party}.{place}"
            keys = np.lib.format.open_memmap(stem.with_name(f"{stem.name}.keys.npy"), "w+", np.uint64, (total,))
            rows = np.lib.format.open_memmap(stem.with_name(f"{stem.name}.rows.npy"), "w+", np.uint32, (total,))
            parts, at = -(-total // SORTED_AT_ONCE) or 1, 0
            every = pl.DataFrame({"key": dense, "row": pl.int_range(len(dense), dtype=pl.UInt32, eager=True)})
            width = (1 << 64) // parts + 1
            for part in range(parts):
                inside = pl.col("key").is_between(max(part * width, 1), min((part + 1) * width, 1 << 64) - 1)
                some = pl.concat([every.filter(inside), own.filter(inside)]).unique().sort("key", "row")
                keys[at : at + len(some)] = some.get_column("key").to_numpy()
                rows[at : at + len(some)] = some.get_column("row").to_numpy()
                at += len(some)
            keys.flush()
            rows.flush()
            if at < total:  # a row may bear one key twice
                _cut(stem, at)


def _cut(stem: Path, size: int) -> None:
    for kind in ("keys", "rows"):
        path = stem.with_name(f"{stem.name}.{kind}.npy")
        whole = np.load(path, mmap_mode="r")[:size].copy()
        np.save(path, whole)


def _mapped(path: Path) -> pl.DataFrame:
    """An Arrow file as a frame whose memory is the file."""
    with pa.ipc.open_file(pa.memory_map(str(path))) as file:
        frame = pl.from_arrow(file.read_all(), rechunk=False)
    if not isinstance(frame, pl.DataFrame):
        raise TypeError(f"{path.name} holds no table")
    return frame
