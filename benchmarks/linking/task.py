"""The task that both sides are given: applicants and a population register, normalised alike, with the truth beside.

    python -m benchmarks.linking.task CITY OUT

Both sides read OUT/applicants.parquet and OUT/records.parquet and write OUT/SIDE.parquet with columns person_id,
record_id and probability. Normalising is done here once and timed on neither side.
"""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl

from matcher.measure import peak_memory_bytes
from matcher.normalising import people
from matcher.sources.delivery import open_folder
from matcher.sources.feeds import chunks, read_all

SOURCE = "population"
ROW_GROUP = 250_000
THRESHOLDS = [step / 20 for step in range(1, 20)] + [0.99, 0.999, 0.9999]


def write(city: Path, out: Path) -> None:
    """Writes the task of a synthetic city."""
    out.mkdir(parents=True, exist_ok=True)
    delivery = open_folder(city)
    unknown = pl.read_parquet(city / "truth_unauthorised.parquet")  # the truth does not speak of them
    members = read_all(delivery.feeds["members"]).frame.join(unknown, on="person_id", how="anti").sort("person_id")
    homes = read_all(delivery.feeds["households"]).frame.select("household_id", "phone", "address", "division_code")
    members = members.drop("phone", "address", "division_code").join(homes, on="household_id", how="left")
    people.prepare(members).with_columns(members.get_column("person_id").alias("unique_id")).write_parquet(
        out / "applicants.parquet"
    )
    parts = [
        people.prepare(chunk.frame).with_columns(chunk.frame.get_column("record_id").alias("unique_id"))
        for chunk in chunks(delivery.feeds[SOURCE], ROW_GROUP)
    ]
    pl.concat(parts).write_parquet(out / "records.parquet", row_group_size=ROW_GROUP)
    pl.read_parquet(city / "truth_links.parquet").filter(pl.col("source") == SOURCE).select(
        "person_id", "record_id"
    ).write_parquet(out / "truth.parquet")


def quality(out: Path, side: str) -> dict[str, float]:
    """The best F1 over the thresholds, and precision and recall there."""
    truth = pl.read_parquet(out / "truth.parquet")
    found = pl.read_parquet(out / f"{side}.parquet")
    right = found.join(truth, on=["person_id", "record_id"], how="semi")
    best = {"f1": 0.0, "precision": 0.0, "recall": 0.0, "threshold": 0.0}
    for threshold in THRESHOLDS:
        claimed = len(found.filter(pl.col("probability") >= threshold))
        hit = len(right.filter(pl.col("probability") >= threshold))
        if hit:
            precision, recall = hit / claimed, hit / len(truth)
            f1 = 2 * precision * recall / (precision + recall)
            if f1 > best["f1"]:
                best = {"f1": f1, "precision": precision, "recall": recall, "threshold": threshold}
    return {name: round(value, 4) for name, value in best.items()}


def leave_peak(out: Path, side: str) -> None:
    """Leaves the peak memory of this process in MiB where the benchmark finds it."""
    (out / f"{side}.peak").write_text(str(peak_memory_bytes() >> 20), encoding="ascii")


if __name__ == "__main__":
    write(Path(sys.argv[1]), Path(sys.argv[2]))
