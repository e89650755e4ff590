"""Our side of the linking task: what `matcher link` does, from file to scored pairs, with the shipped model.

python -m benchmarks.linking.by_matcher OUT
"""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl

from benchmarks.linking import task
from matcher.joins import LinkRequest
from matcher.joins import link as link_tables


def link(out: Path) -> None:
    """Reads the task and writes matcher.parquet."""
    link_tables(LinkRequest(out / "applicants.parquet", out / "records.parquet", out / "links.parquet"))
    pl.read_parquet(out / "links.parquet").select(
        person_id="left_id", record_id="right_id", probability="probability"
    ).write_parquet(out / "matcher.parquet")


if __name__ == "__main__":
    link(Path(sys.argv[1]))
    task.leave_peak(Path(sys.argv[1]), "matcher")
