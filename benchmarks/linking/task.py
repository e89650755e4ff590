"""The task that all sides are given: applicants and a population register, normalised alike, with the truth beside.

    python -m benchmarks.linking.task CITY OUT

Every side reads OUT/applicants.parquet and OUT/records.parquet and writes OUT/SIDE.parquet with columns person_id,
record_id and probability. Normalising is done here once and timed on no side. Blocks: equal number; equal pinyin and birth
year; equal phone; equal surname and birth date. Fields: number, name, birth date, sex, phone, address.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from matcher.applicants import at_home
from matcher.identity import contacts, names, numbers
from matcher.measure import peak_memory_bytes
from matcher.normalising import id_cards
from matcher.scoring import reliability
from matcher.sources.delivery import open_folder
from matcher.sources.feeds import chunks, read_all

SOURCE = "population"
ROW_GROUP = 250_000


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
    """The rows with names cleaned, folded and spoken, numbers of eighteen characters, phones as digits.

    A valid number fills the birth date and sex that are missing; `number_holds` says whether its check does.
    """
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
    number = id_cards.read(rows.get_column("id_number"))
    holds = pl.Series([text is not None and numbers.is_valid(text) for text in number.to_list()])
    born = number.str.slice(6, 8).str.to_date("%Y%m%d", strict=False)
    man = number.str.slice(16, 1).cast(pl.Int8, strict=False) % 2 == 1
    phones = rows.get_column("phone")
    known = {phone: contacts.phone(phone) for phone in phones.unique().drop_nulls().to_list()}
    return (
        rows.join(forms, on="name", how="left", maintain_order="left")
        .with_columns(
            phones.replace_strict(known, default=None, return_dtype=pl.String).alias("phone"),
            id_number=number,
            number_holds=holds,
            birth_date=pl.coalesce("birth_date", pl.when(holds).then(born)),
            sex=pl.coalesce("sex", pl.when(holds).then(pl.when(man).then(pl.lit("M")).otherwise(pl.lit("F")))),
            name="clean",
        )
        .with_columns(birth_year=pl.col("birth_date").dt.year().cast(pl.String))
        .select(
            id_column, "name", "name_simple", "name_pinyin", "surname", "id_number", "number_holds", "sex", "birth_date",
            "birth_year", "phone", "address",
        )
    )  # fmt: skip


def quality(out: Path, side: str) -> dict[str, float | None]:
    """The best F1 over all thresholds, precision and recall there, and the recall at a precision of 0.999."""
    truth = pl.read_parquet(out / "truth.parquet").with_columns(same=pl.lit(True))
    judged = (
        pl.read_parquet(out / f"{side}.parquet")
        .join(truth, on=["person_id", "record_id"], how="left")
        .with_columns(pl.col("same").fill_null(False))
    )
    found = reliability.curve(judged, len(truth))
    best, sure = found.best, found.at_precision[0.999]
    if best is None:
        raise AssertionError(f"{side} found nothing")
    return {
        "f1": round(best.f1, 4),
        "precision": round(best.precision, 4),
        "recall": round(best.recall, 4),
        "recall_at_precision_0.999": None if sure is None else round(sure.recall, 4),
    }


def leave(out: Path, side: str, **seconds: float) -> None:
    """Leaves the peak memory of this process in MiB, and the seconds of its stages, where the benchmark finds them."""
    content = {"peak_mib": peak_memory_bytes() >> 20, **{name: round(value, 2) for name, value in seconds.items()}}
    (out / f"{side}.json").write_text(json.dumps(content), encoding="ascii")


if __name__ == "__main__":
    write(Path(sys.argv[1]), Path(sys.argv[2]))
