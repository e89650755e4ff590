"""The finished chunks of a scan on disk, so that memory stays flat and an interrupted scan can go on.

A chunk is four Parquet files and a JSON of counts. The JSON is renamed into place last: a chunk is finished when it
is there, and a kill at any moment costs at most the chunks under way. The folder holds matched rows only, and is
removed when the scan has written its outputs.

What it holds is bounded, however long a source is. A block's pairs of an applicant are kept only as long as it has
proposed to them no more records than its cap, counted over all chunks kept so far; so there are never more than
applicants × the sum of the caps (Applicants.bound).
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import polars as pl

from matcher import evidence
from matcher.errors import InputRefused
from matcher.flooding import Tally, unflooded
from matcher.plan import Plan
from matcher.progress import Progress, Step, silent

FOLDER = ".work"
PARTS = ("pairs", "records", "rejects", "proposed")


@contextmanager
def alone(out: Path, progress: Progress = silent) -> Iterator[None]:
    """Meanwhile no other process writes a scan into `out`: it waits until the one that does has ended, however that was.

    So a scan whose caller was killed, and that is begun again elsewhere, is never written by two.
    """
    fresh = not out.exists()
    out.mkdir(parents=True, exist_ok=True)
    held = os.open(out, os.O_RDONLY)
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress(Step("wait", 0, None, "scans"))
            fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)
        if fresh:
            with suppress(OSError):  # it holds something
                out.rmdir()


@dataclass(frozen=True, slots=True)
class Counts:
    """What happened to a chunk's rows: rows in = accepted + set aside; `nulled` values by column; pairs kept `apart`; of ID
    `numbers` how many are present and how many broken, empty where the plan reads none.
    """

    rows_in: int
    accepted: int
    nulled: dict[str, int]
    apart: dict[str, int]
    numbers: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class ChunkResult:
    """A chunk done: scored pairs, the department records they rest on, the rows set aside, what each block proposed, the counts."""

    pairs: pl.DataFrame
    records: pl.DataFrame
    rejects: pl.DataFrame
    proposed: pl.DataFrame
    counts: Counts


@dataclass(frozen=True)
class Kept:
    """Of a source: the pairs that some block proposed and did not flood, who was flooded (`applicant`, `block`, `records`), and
    how many `candidates` there were.
    """

    pairs: pl.DataFrame
    flooded: pl.DataFrame
    candidates: int


@dataclass(frozen=True, slots=True)
class Workspace:
    """The folder of finished chunks of one scan under one plan."""

    folder: Path
    plan: Plan
    _tallies: dict[str, Tally] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path, fingerprint: str, plan: Plan, *, resume: bool) -> Workspace:
        """The workspace at `folder`; with `resume` the finished chunks of the same scan are kept, else it starts empty.

        Raises InputRefused when asked to resume a scan of other inputs, model, plan or program.
        """
        seal = folder / "scan"
        if resume and seal.exists():
            if seal.read_text(encoding="ascii") != fingerprint:
                raise InputRefused(
                    "the interrupted scan in this folder had other inputs, model, plan or program version",
                    file=folder.parent,
                    remedy="Run again without --resume to start afresh",
                )
            return cls(folder, plan)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        folder.chmod(0o700)
        seal.write_text(fingerprint, encoding="ascii")
        return cls(folder, plan)

    def places(self, source: str) -> frozenset[tuple[int, int]]:
        """The chunks of a source that were done before: the number of the file, and of the chunk in it."""
        stems = (path.stem.split("-") for path in (self.folder / source).glob("*.json"))
        return frozenset((int(file), int(chunk)) for file, chunk in stems)

    def forget(self, source: str) -> None:
        """Removes the finished chunks of a source that cannot be read again as it was, such as a query."""
        shutil.rmtree(self.folder / source, ignore_errors=True)
        self._tallies.pop(source, None)

    def counts(self, source: str, file: int, chunk: int) -> Counts:
        """The counts of a finished chunk."""
        return Counts(**json.loads(self._stem(source, file, chunk).with_suffix(".json").read_text(encoding="utf-8")))

    def keep(self, source: str, file: int, chunk: int, result: ChunkResult) -> None:
        """Writes a chunk, without what a block proposed that has flooded by now; afterwards it counts as finished."""
        result = self._within_caps(source, result)
        stem = self._stem(source, file, chunk)
        stem.parent.mkdir(exist_ok=True)
        for name in PARTS:
            frame: pl.DataFrame = getattr(result, name)
            frame.write_parquet(stem.with_suffix(f".{name}.parquet"), compression="zstd")
        unfinished = stem.with_suffix(".json.part")
        unfinished.write_text(
            json.dumps(asdict(result.counts), ensure_ascii=False),
            encoding="utf-8",
        )
        unfinished.replace(stem.with_suffix(".json"))

    def read(self, source: str, name: str) -> Iterator[pl.DataFrame]:
        """The `pairs`, `records`, `rejects` or `proposed` of every finished chunk of a source, in the order of the files."""
        for path in sorted((self.folder / source).glob(f"*.{name}.parquet")):
            if path.with_name(path.name.removesuffix(f".{name}.parquet") + ".json").exists():
                yield pl.read_parquet(path)

    def kept(self, source: str) -> Kept:
        """What the finished chunks of a source come to."""
        tally = self._tally(source)
        flooded = tally.flooded()
        return Kept(unflooded(pl.concat(self.read(source, "pairs")), flooded), flooded, tally.candidates())

    def _tally(self, source: str) -> Tally:
        if source not in self._tallies:
            self._tallies[source] = Tally(self.plan, self.read(source, "proposed"))
        return self._tallies[source]

    def _within_caps(self, source: str, result: ChunkResult) -> ChunkResult:
        tally = self._tally(source)
        tally.add(result.proposed)
        pairs = unflooded(result.pairs, tally.flooded())
        if len(pairs) == len(result.pairs):
            return result
        records = result.records if result.records.is_empty() else evidence.under(result.records, pairs)
        return replace(result, pairs=pairs, records=records)

    def remove(self) -> None:
        """The scan is complete; nothing of it stays here."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _stem(self, source: str, file: int, chunk: int) -> Path:
        return self.folder / source / f"{file:04d}-{chunk:06d}"
