"""Linked records gathered from all chunks: each once, under a name of its own, beside the person it is about."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

import polars as pl

from matcher.sources.contract import Contract

CONTENT = ("record_id", "content")


def gather(frames: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """The records of all chunks, each once with `copies` rows behind it, sorted by `record_id`.

    Rows of equal content are one record. Where a source gave one `record_id` to rows of different content, all but
    one are named `RECORD_ID~HASH`, so that none is lost and no two are taken for each other; `given_id` keeps what
    the source wrote.
    """
    rows = pl.concat(frames, how="vertical")
    return (
        rows.drop("row_number", strict=False)
        .with_columns(copies=pl.len().over(CONTENT))
        .unique(CONTENT, maintain_order=True)
        .sort(CONTENT)
        .with_columns(
            given_id="record_id",
            record_id=pl.when(pl.int_range(pl.len()).over("record_id") == 0)
            .then("record_id")
            .otherwise(pl.col("record_id") + "~" + pl.col("content").str.head(8)),
        )
        .sort("record_id")
    )


def under(records: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """The records that some pair rests on."""
    return records.join(pairs, on=["record_id", "content"], how="semi", maintain_order="left")


def rename(pairs: pl.DataFrame, records: pl.DataFrame) -> pl.DataFrame:
    """The pairs with the `record_id` that `gather` gave to the record they rest on."""
    names = records.select("content", given_id="given_id", final_id="record_id")
    return (
        pairs.join(names, left_on=["record_id", "content"], right_on=["given_id", "content"], how="left")
        .with_columns(record_id="final_id")
        .drop("final_id", "content")
    )


def beside(links: pl.DataFrame, decision: str, records: pl.DataFrame, members: pl.DataFrame) -> pl.DataFrame:
    """What the rules see of one source: a row a link so decided, with the household and the record's own columns."""
    return (
        links.filter(pl.col("decision") == decision)
        .select("person_id", "party", "record_id", "grade", "probability")
        .join(members.select("person_id", "household_id"), on="person_id", how="left")
        .join(records.drop("given_id"), on="record_id", how="left")
        .sort("person_id", "party", "record_id")
    )


def name_records(rows: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """The rows with `content`, a hash of their contract columns, and a `record_id` from it where they bear none."""
    columns = sorted(column for column in contract.schema() if column != "record_id")
    contents = [
        hashlib.blake2b(json.dumps(row, ensure_ascii=False, default=str).encode("utf-8"), digest_size=12).hexdigest()
        for row in rows.select(columns).iter_rows()
    ]
    content = pl.Series("content", contents, dtype=pl.String)
    return rows.with_columns(content, record_id=pl.col("record_id").fill_null("h-" + content))
