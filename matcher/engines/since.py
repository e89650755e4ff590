"""What an earlier scan matched, kept beside its outputs, so that the next one matches only what is new.

A person's pairs in a source depend on that person, the source, plan, model and program, and on nobody else (decision 16). So the
chunks of a scan that asked to `keep` them stay in OUT/kept, with who was asked about: matched rows only (safeguard F-25), for
their owner alone. A scan `since` it takes over the pairs of everybody who is as they were and may still be looked up, source by
source as long as nothing of the source changed; all rules run over everything.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files as resources
from importlib.resources.abc import Traversable
from pathlib import Path

import numpy as np
import polars as pl

from matcher import applicants as small_side
from matcher import evidence
from matcher.applicants import Applicants
from matcher.engines.workspace import PARTS, ChunkResult, Counts, Workspace
from matcher.plan import Plan
from matcher.scoring.model import Model
from matcher.sources.delivery import Feed

FOLDER = "kept"
FILE = "kept.json"
PEOPLE = "people.parquet"
ASKED = "asked."
"""Before a source's name: the column that tells who was looked up in it."""

Digests = pl.DataFrame
"""`person_id` and `digest` of every applicant, in their order."""


@dataclass(frozen=True)
class Earlier:
    """What was kept of an earlier scan under the same plan, model and program."""

    folder: Path
    sources: Mapping[str, str]
    people: pl.DataFrame

    def of(self, source: str, fingerprint: str, asked: Applicants, digests: Digests) -> Known | None:
        """What can be taken over of a source; None where the source is not as it was."""
        if self.sources.get(source) != fingerprint or not (self.folder / source).is_dir():
            return None
        then = self.people.with_row_index("then").filter(pl.col(ASKED + source)).drop("person_id")
        now = digests.with_row_index("now").filter(pl.Series(asked.allowed))
        known = now.join(then, on="digest", how="inner").select("now", "then")
        return Known(self.folder / source, known)


@dataclass(frozen=True)
class Known:
    """The chunks of a source as they were, and whose rows in them (`then`) are whose `now`."""

    folder: Path
    people: pl.DataFrame

    def fresh(self, asked: Applicants) -> Applicants:
        """Those who are to be looked up and are not known."""
        known = np.zeros(len(asked), dtype=bool)
        known[self.people.get_column("now").to_numpy()] = True
        return asked.only(asked.ids.filter(pl.Series(asked.allowed & ~known)))

    def places(self) -> Iterator[tuple[int, int]]:
        """The chunks, in their order."""
        for path in sorted(self.folder.glob("*.json")):
            file, chunk = path.stem.split("-")
            yield int(file), int(chunk)

    def chunk(self, file: int, chunk: int) -> ChunkResult:
        """A chunk's result with the pairs of those who are known, under their places now; and no record of anybody else."""
        stem = self.folder / f"{file:04d}-{chunk:06d}"
        read = {name: pl.read_parquet(stem.with_name(f"{stem.name}.{name}.parquet")) for name in PARTS}
        counts = Counts(**json.loads(stem.with_name(f"{stem.name}.json").read_text(encoding="utf-8")))
        pairs = self._theirs(read["pairs"])
        return ChunkResult(
            pairs=pairs,
            records=evidence.under(read["records"], pairs),
            rejects=read["rejects"],
            proposed=self._theirs(read["proposed"]),
            counts=Counts(counts.rows_in, counts.accepted, counts.nulled, {}, counts.numbers),
        )

    def with_these(self, result: ChunkResult, file: int, chunk: int) -> ChunkResult:
        """A chunk's result for those who are not known, and that of those who are."""
        known = self.chunk(file, chunk)
        records = pl.concat([known.records, result.records]).unique("row_number", maintain_order=True)
        return ChunkResult(
            pairs=pl.concat([known.pairs, result.pairs]),
            records=records.sort("row_number"),
            rejects=result.rejects,
            proposed=pl.concat([known.proposed, result.proposed]),
            counts=result.counts,
        )

    def _theirs(self, rows: pl.DataFrame) -> pl.DataFrame:
        kind = rows.schema["applicant"]
        places = self.people.select(pl.col("then").cast(kind).alias("applicant"), pl.col("now").cast(kind))
        known = rows.join(places, on="applicant", how="inner", maintain_order="left")
        return known.with_columns(applicant="now").drop("now")


def open_earlier(out: Path, plan: Plan, model: Model) -> Earlier | None:
    """What the scan in `out` kept; None where it kept nothing, or went by another plan, model or program."""
    folder = out / FOLDER
    try:
        told = json.loads((folder / FILE).read_text(encoding="utf-8"))
        people = pl.read_parquet(folder / PEOPLE)
    except (OSError, json.JSONDecodeError, pl.exceptions.PolarsError):
        return None
    return Earlier(folder, told["sources"], people) if told["bound_to"] == _bound_to(plan, model) else None


def keep(
    workspace: Workspace,
    out: Path,
    model: Model,
    sources: Mapping[str, str],
    asked: Mapping[str, Applicants],
    digests: Digests,
) -> None:
    """The finished chunks stay in OUT/kept for the next scan, instead of what was there; whole, or not at all."""
    folder = out / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    told = {f"{ASKED}{name}": pl.Series(asked[name].allowed) for name in sources}
    digests.with_columns(**told).write_parquet(workspace.folder / PEOPLE, compression="zstd")
    content = {"bound_to": _bound_to(workspace.plan, model), "sources": dict(sources)}
    (workspace.folder / FILE).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    workspace.folder.rename(folder)


def fingerprint(feed: Feed, hashes: Mapping[str, str]) -> str | None:
    """What the rows of a feed depend on beside the program, and under which names; None for a query, which may answer otherwise each time."""
    if feed.query is not None:
        return None
    parts = [
        [(path.name, hashes[path.name]) for path in feed.files],
        feed.as_of,
        feed.encoding,
        dict(feed.columns),
        {column: dict(words) for column, words in feed.values.items()},
        dict(feed.units),
        feed.standing.described(),
    ]
    return _digest(parts)


def of_index(source: str, hashes: Mapping[str, str]) -> str:
    """The same for a source that an index holds: it is as it was where the whole index is."""
    return _digest([source, dict(hashes)])


def digests(everyone: Applicants, members: pl.DataFrame, households: pl.DataFrame) -> Digests:
    """What is compared of every applicant, as one digest."""
    columns = sorted({name for field in everyone.plan.fields for name in (field.column, field.former) if name})
    rows = small_side.at_home(members, households).sort("person_id")
    told = [
        _digest(row) for row in rows.select("person_id", *(name for name in columns if name in rows.columns)).rows()
    ]
    return pl.DataFrame(
        {"person_id": everyone.ids, "digest": told}, schema={"person_id": pl.String, "digest": pl.String}
    )


def _digest(parts: object) -> str:
    return hashlib.blake2b(json.dumps(parts, default=str, sort_keys=True).encode(), digest_size=16).hexdigest()


def _bound_to(plan: Plan, model: Model) -> str:
    return _digest([repr(plan), repr(model), _program()])


@cache
def _program() -> str:
    """The bytes of this program: two builds of one version are two programs."""
    found = hashlib.sha256()

    def walk(folder: Traversable) -> None:
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
            if entry.is_dir():
                walk(entry)
            elif not entry.name.endswith(".pyc"):
                found.update(entry.name.encode() + b"\0" + entry.read_bytes())

    walk(resources("matcher"))
    return found.hexdigest()
