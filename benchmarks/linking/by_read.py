"""The floor of the linking task: polars reads the nine columns of the records that are compared, and nothing else.

python -m benchmarks.linking.by_read OUT
"""

from __future__ import annotations

import sys
from pathlib import Path
from time import perf_counter

import polars as pl

from benchmarks.linking import task

COLUMNS = (
    "id_number", "name", "name_simple", "name_pinyin", "surname", "sex", "birth_date", "phone", "address",
)  # fmt: skip


def read(out: Path) -> dict[str, float]:
    """Reads the columns whole; returns the seconds it took without the imports."""
    clock = perf_counter()
    pl.scan_parquet(out / "records.parquet").select(COLUMNS).collect(engine="streaming")
    return {"read": perf_counter() - clock}


if __name__ == "__main__":
    task.leave(Path(sys.argv[1]), "read", **read(Path(sys.argv[1])))
