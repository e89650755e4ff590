"""What later batches retract: rows of earlier ones whose record they corrected, deleted or told anew.

A batch has the last word on the records it holds: what earlier batches of its department say under the same `record_id` is set
aside, so that nothing rests on it. Only the names of such records are held in memory.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import polars as pl

from matcher.frames import REJECTS
from matcher.sources import changes, checks
from matcher.sources.batches import Batch, order
from matcher.sources.changes import CHANGE, RECORD_ID
from matcher.sources.contract import Contract
from matcher.sources.delivery import Feed
from matcher.sources.opening import tables

CORRECTED, DELETED, SUPERSEDED = "CORRECTED", "DELETED", "SUPERSEDED"
"""What became of a record: a later batch corrected it, deleted it, or is a later extract that holds it too."""

_LATER = pl.Schema({"owner": pl.String, RECORD_ID: pl.String, "place": pl.UInt32, "reason": pl.String})


@dataclass(frozen=True)
class Later:
    """Of every record that a later batch speaks of: the place of the last that does, and what became of it (`_LATER`)."""

    batches: tuple[Batch, ...]
    last: pl.DataFrame

    def standing(self, rows: pl.DataFrame, batch: Batch, file: str, source: str) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The accepted rows of a batch that still stand, and those set aside as frames.REJECTS.

        Their `raw_value` is `fingerprint@batch`: which record it was, for who knows its name, and who changed it.
        """
        above = [place for place, other in enumerate(self.batches) if outranks(other, batch)]
        theirs = self.last.filter((pl.col("owner") == batch.owner) & pl.col("place").is_in(above))
        if theirs.is_empty() or RECORD_ID not in rows.columns:
            return rows, REJECTS.to_frame()
        past = rows.select("row_number", RECORD_ID).join(theirs, on=RECORD_ID, how="inner", maintain_order="left")
        if past.is_empty():
            return rows, REJECTS.to_frame()
        names = [self.batches[place].number for place in past.get_column("place")]
        aside = pl.DataFrame(
            {
                "source": source,
                "file": file,
                "row_number": past.get_column("row_number"),
                "column": RECORD_ID,
                "reason": [f"{checks.SET_ASIDE}:{reason}" for reason in past.get_column("reason")],
                "raw_value": [
                    f"{fingerprint(source, record)}@{name}"
                    for record, name in zip(past.get_column(RECORD_ID), names, strict=True)
                ],
            },
            schema=REJECTS,
        )
        return rows.filter(~pl.col("row_number").is_in(past.get_column("row_number").implode())), aside


def fingerprint(source: str, record_id: str) -> str:
    """Eight hexadecimal digits by which a record set aside is known again without its name.

    >>> fingerprint("vehicles", "A1")
    'a4f96c91'
    """
    return hashlib.blake2b(f"{source}\n{record_id}".encode(), digest_size=4).hexdigest()


def later(feed: Feed) -> Later:
    """What the batches of a feed say of records that earlier ones hold. Raises InputRefused as reading them does."""
    batches, found = feed.standing.in_force, [_LATER.to_frame()]
    for place, batch in enumerate(batches):
        files = {file.name for file in batch.files}
        below = [other for other in batches if outranks(batch, other)]
        if not below or RECORD_ID not in feed.contract.schema():
            continue
        for opened, _ in tables(replace(feed, files=tuple(path for path in feed.files if path.name in files))):
            found += [_spoken_of(block, feed.contract, opened.name, batch, place) for block in opened.blocks]
    # inside one batch an order to delete comes before the record that takes its place
    every = pl.concat(found).sort("place", pl.col("reason") != DELETED)
    return Later(batches, every.unique(["owner", RECORD_ID], keep="last"))


def outranks(batch: Batch, other: Batch) -> bool:
    """Whether the batch has the last word on records of the other; extracts of one day stand side by side."""
    later_day = batch.as_of > other.as_of
    return batch.owner == other.owner and (order(batch) > order(other) if batch.kind == "CHANGES" else later_day)


def _spoken_of(raw: pl.DataFrame, contract: Contract, table: str, batch: Batch, place: int) -> pl.DataFrame:
    if batch.kind == "CHANGES":
        spoken = changes.orders(raw, contract, table).changed
        reason = pl.when(pl.col(CHANGE.name) == "DELETE").then(pl.lit(DELETED)).otherwise(pl.lit(CORRECTED))
    elif RECORD_ID in raw.columns:
        named = next(column for column in contract.columns if column.name == RECORD_ID)
        spoken = checks.accept(raw, replace(contract, columns=(named,)), table, {}, {}).rows.drop_nulls(RECORD_ID)
        reason = pl.lit(SUPERSEDED)
    else:
        return _LATER.to_frame()
    return spoken.select(
        pl.lit(batch.owner).alias("owner"),
        RECORD_ID,
        pl.lit(place, pl.UInt32).alias("place"),
        reason.alias("reason"),
    ).unique()
