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

PLAN = Path(__file__).with_name("plan.toml")


def link(out: Path) -> dict[str, float]:
    """Reads the task and writes matcher.parquet; returns the seconds of each stage."""
    found = link_tables(LinkRequest(out / "applicants.parquet", out / "records.parquet", out / "links.parquet", PLAN))
    pl.read_parquet(out / "links.parquet").select(
        "probability", "weight_bits", person_id="left_id", record_id="right_id"
    ).write_parquet(out / "matcher.parquet")
    return dict(found["timings_seconds"])


if __name__ == "__main__":
    task.leave(Path(sys.argv[1]), "matcher", **link(Path(sys.argv[1])))
