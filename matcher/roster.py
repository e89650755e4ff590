"""The applicants' own tables, households and members, checked for what the whole scan rests on."""

from __future__ import annotations

import polars as pl

from matcher.errors import InputRefused
from matcher.frames import REJECTS

UNKNOWN_HOUSEHOLD = "ROW_SET_ASIDE:UNKNOWN_HOUSEHOLD"


def checked(table: pl.DataFrame, key: str, file: str) -> pl.DataFrame:
    """The table with each `key` once, sorted by it; rows that repeat another to the letter are one row.

    Raises InputRefused where two different rows bear one key: which of them is meant, only their owner can say.
    """
    distinct = table.unique(
        [column for column in table.columns if column != "row_number"], keep="first", maintain_order=True
    )
    doubled = distinct.filter(pl.col(key).is_duplicated())
    if not doubled.is_empty():
        raise InputRefused(
            f"{doubled.get_column(key).n_unique()} values of {key} stand in more than one row",
            file=file,
            row=int(doubled.get_column("row_number").sort().item(1)),
            column=key,
            remedy=f"Give every row a {key} of its own, or remove the row that no longer holds",
        )
    return distinct.sort(key)


def of_known_households(
    members: pl.DataFrame, households: pl.DataFrame, file: str
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The members whose household is in the table, and the others as frames.REJECTS."""
    known = pl.col("household_id").is_in(households.get_column("household_id").implode())
    strays = members.filter(~known)
    rejects = strays.select(
        source=pl.lit("members"),
        file=pl.lit(file),
        row_number="row_number",
        column=pl.lit("household_id"),
        reason=pl.lit(UNKNOWN_HOUSEHOLD),
        raw_value=pl.col("household_id"),
    )
    return members.filter(known), rejects.cast(REJECTS)
