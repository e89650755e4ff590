"""One feed read whole, by polars alone or as `matcher` reads it: found, parsed apart, held against its contract, taken over.

python -m benchmarks.feeds.read polars|chunks|prepared FOLDER     prints rows, seconds and MiB as JSON

`prepared` adds what linking needs: facets of names, numbers, dates, phones, and the keys of the blocks.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from time import perf_counter

import polars as pl

from matcher.kernel import Batch
from matcher.measure import own_peak_memory_bytes, peak_memory_bytes
from matcher.plan import PERSONS
from matcher.sources import feeds
from matcher.sources.delivery import open_folder

SOURCE = "population"


def by_polars(folder: Path) -> int:
    """The file as a frame, every column of it."""
    (path,) = folder.glob(f"{SOURCE}.*")
    return len(pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_csv(path))


def by_chunks(folder: Path) -> int:
    """The rows that were accepted."""
    feed = open_folder(folder).feeds[SOURCE]
    return sum(len(chunk.frame) for chunk in feeds.chunks(feed, PERSONS.chunk_rows))


def by_prepared(folder: Path) -> int:
    """The same, each chunk made ready to be matched."""
    feed = open_folder(folder).feeds[SOURCE]
    return sum(len(Batch.of(chunk.frame, PERSONS).people) for chunk in feeds.chunks(feed, PERSONS.chunk_rows))


def main() -> None:
    """Reads, and says what it took: seconds without imports, the peaks of this process and of its largest child."""
    how, folder = sys.argv[1], Path(sys.argv[2])
    clock = perf_counter()
    rows = {"polars": by_polars, "chunks": by_chunks, "prepared": by_prepared}[how](folder)
    seconds = perf_counter() - clock
    own = own_peak_memory_bytes()
    said = {
        "rows": rows,
        "seconds": round(seconds, 2),
        "mib": own >> 20,
        "mib_apart": peak_memory_bytes() - own >> 20,
    }
    print(json.dumps(said))  # noqa: T201


if __name__ == "__main__":
    main()
