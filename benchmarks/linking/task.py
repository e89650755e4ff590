"""The task that both sides are given: applicants and a population register, normalised alike, with the truth beside.

    python -m benchmarks.linking.task CITY OUT

Both sides read OUT/applicants.parquet and OUT/records.parquet and write OUT/SIDE.parquet with columns person_id,
record_id and probability. Normalising is done here once and timed on neither side.
"""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from matcher.applicants import at_home
from matcher.identity import contacts, names
from matcher.measure import peak_memory_bytes
from matcher.normalising import id_cards
from matcher.sources.delivery import open_folder
from matcher.sources.feeds import chunks, read_all

SOURCE = "population"
ROW_GROUP = 250_000
THRESHOLDS = [step / 20 for step in range(1, 20)] + [0.99, 0.999, 0.9999]


def write(city: Path, out: Path) -> None:
    """Writes the task of a synthetic city: identity columns normalised as text, so that both sides can read them."""
    out.mkdir(parents=True, exist_ok=True)
    delivery = open_folder(city)
    unknown = pl.read_parquet(city / "truth_unauthorised.parquet")  # the truth does not speak of them
    members = read_all(delivery.feeds["members"]).frame.join(unknown, on="person_id", how="anti").sort("person_id")
    homes = read_all(delivery.feeds["households"]).frame
    normal(at_home(members, homes), "person_id").write_parquet(out / "applicants.parquet")
    writer: pq.ParquetWriter | None = None
    for chunk in chunks(delivery.feeds[SOURCE], ROW_GROUP):
        table: pa.Table = normal(chunk.frame, "record_id").to_arrow(compat_level=pl.CompatLevel.oldest())
        if writer is None:
            writer = pq.ParquetWriter(out / "records.parquet", table.schema, compression="zstd")
        writer.write_table(table)
    if writer is not None:
        writer.close()
    pl.read_parquet(city / "truth_links.parquet").filter(pl.col("source") == SOURCE).select(
        "person_id", "record_id"
    ).write_parquet(out / "truth.parquet")


def normal(rows: pl.DataFrame, id_column: str) -> pl.DataFrame:
    """The rows with names cleaned, folded and spoken, numbers of eighteen characters, phones as digits."""
    distinct = rows.get_column("name").unique().drop_nulls()
    spoken = []
    for name in distinct.to_list():
        clean = names.clean(name)
        simple = names.simplify(clean) if clean else None
        spoken.append(
            (name, clean, simple, names.pinyin(simple) if simple else None, simple and names.surname(simple))
        )
    forms = pl.DataFrame(
        spoken,
        schema=dict.fromkeys(("name", "clean", "name_simple", "name_pinyin", "surname"), pl.String),
        orient="row",
    )
    phones = rows.get_column("phone")
    known = {phone: contacts.phone(phone) for phone in phones.unique().drop_nulls().to_list()}
    return (
        rows.join(forms, on="name", how="left", maintain_order="left")
        .with_columns(
            id_cards.read(rows.get_column("id_number")).alias("id_number"),
            phones.replace_strict(known, default=None, return_dtype=pl.String).alias("phone"),
            name="clean",
        )
        .select(
            id_column, "name", "name_simple", "name_pinyin", "surname", "id_number", "sex", "birth_date", "phone",
            "address", "division_code",
        )
    )  # fmt: skip


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
