"""Our side of the linking task: the kernel over the normalised records, from file to scored pairs.

python -m benchmarks.linking.by_matcher OUT
"""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl

from benchmarks.linking import task
from matcher import applicants, kernel
from matcher.frames import PREPARED
from matcher.plan import PERSONS
from matcher.scoring import model as models


def link(out: Path) -> None:
    """Reads the task and writes matcher.parquet."""
    model = models.load()
    people = pl.read_parquet(out / "applicants.parquet")
    small = applicants.keyed(people.get_column("unique_id"), people.select(PREPARED.names()), PERSONS, model)
    found = []
    big = pl.scan_parquet(out / "records.parquet")
    for start in range(0, big.select(pl.len()).collect().item(), task.ROW_GROUP):
        records = big.slice(start, task.ROW_GROUP).collect().rechunk()
        pairs = kernel.score(small, records.select(PREPARED.names()), PERSONS, model)
        found.append(
            pairs.select(
                person_id=small.person_ids.gather(pairs.get_column("applicant")),
                record_id=records.get_column("unique_id").gather(pairs.get_column("record")),
                probability="probability",
            )
        )
    pl.concat(found).write_parquet(out / "matcher.parquet")


if __name__ == "__main__":
    link(Path(sys.argv[1]))
    task.leave_peak(Path(sys.argv[1]), "matcher")
