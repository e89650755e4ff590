"""The numbers in the applicants' own files, read once for all rules that look at them."""

from __future__ import annotations

import numpy as np
import polars as pl

from matcher.identity import numbers
from matcher.rules.rule import Facts

SCHEMA = pl.Schema({"person_id": pl.String, "number": pl.String, "form": pl.String, "upgraded": pl.Boolean})
"""`form`: VALID (its check and its date hold), INVALID (eighteen characters that no office can have issued), else what
it is: PART of a number, PERMIT or passport, NONE."""

NEVER_ISSUED = "000"
"""Sequences begin at 001."""


def of_members(facts: Facts) -> pl.DataFrame:
    """Every member's number as SCHEMA, in the order of `members`; `number` is null where there are no eighteen characters."""
    return facts.once("own_numbers", lambda whole: read(whole.members))


def read(members: pl.DataFrame) -> pl.DataFrame:
    """The numbers of these rows: those written as they should be at once, the others one by one."""
    rows = members.select("person_id", "id_number").with_row_index("row")
    regular = rows.filter(pl.col("id_number").str.contains(numbers.REGULAR))
    good = regular.filter(_valid(regular.get_column("id_number")))
    rest = rows.join(good.select("row"), on="row", how="anti")
    read_alone = pl.DataFrame(
        [(row, *_read(written)) for row, written in rest.select("row", "id_number").iter_rows()],
        schema={"row": pl.UInt32, "number": pl.String, "form": pl.String, "upgraded": pl.Boolean},
        orient="row",
    )
    found = pl.concat(
        [good.select("row", number="id_number", form=pl.lit("VALID"), upgraded=pl.lit(value=False)), read_alone]
    )
    return rows.join(found, on="row", how="left").sort("row").select(SCHEMA.names()).cast(SCHEMA)


def fault(number: str) -> str:
    """What is wrong with eighteen characters that are no number: DATE, SEQUENCE or CHECK."""
    if numbers.birth_date(number) is None:
        return "DATE"
    return "SEQUENCE" if number[14:17] == NEVER_ISSUED else "CHECK"


def _valid(written: pl.Series) -> pl.Series:
    if written.is_empty():
        return pl.Series([], dtype=pl.Boolean)
    matrix = numbers.as_bytes(written.to_list())
    issued = ~(matrix[:, 14:17] == ord("0")).all(axis=1)
    return pl.Series(np.asarray(numbers.checks(matrix) & numbers.plausible_dates(matrix) & issued))


def _read(written: str | None) -> tuple[str | None, str, bool]:
    reading = numbers.understand(written) if written else None
    if reading is None:
        return None, "NONE", False
    if reading.kind != "citizen":
        return None, "PART" if reading.kind == "part" else "PERMIT", False
    valid = numbers.is_valid(reading.text) and reading.text[14:17] != NEVER_ISSUED
    return reading.text, "VALID" if valid else "INVALID", reading.upgraded
