"""What stands below a table and is no row of it: totals, who signed, remarks."""

from __future__ import annotations

import polars as pl

from matcher.sources.contract import Contract, fold

FOOTER = "FOOTER"

WORDS = (
    "合计", "总计", "小计", "共计", "填表", "填报", "制表", "审核", "经办人", "负责人", "单位负责人", "备注", "说明", "注:",
)  # fmt: skip
"""Folded words with which such a row begins."""

FIRST_CELL = "first cell"
"""The name under which a block brings its first column where the contract does not know it."""


def begins(cell: object) -> bool:
    """Whether a cell begins like a footer.

    >>> begins("合　计"), begins("填表人：李四"), begins("注销"), begins(5.0)
    (True, True, False, False)
    """
    return isinstance(cell, str) and fold(cell).startswith(WORDS)


def keys(contract: Contract) -> tuple[str, ...]:
    """The columns by which a row is somebody's: names, citizen numbers and what may never be null."""
    return tuple(
        column.name
        for column in contract.columns
        if column.kind in ("name", "id_number") or column.must_exist or column.never_null
    )


def find(raw: pl.DataFrame, contract: Contract, order: list[str]) -> list[int]:
    """The numbers of the rows that are footers: their first cell in this order begins like one, and nobody's keys follow."""
    named = [name for name in keys(contract) if name in raw.columns and raw.schema[name] == pl.String]
    if not named or raw.is_empty():
        return []
    # at most one key is filled, and then by the footer itself: so few rows are looked at closely
    few = raw.filter(pl.sum_horizontal(pl.col(named).is_not_null() & (pl.col(named) != "")) <= 1)
    return [
        row["row_number"]
        for row in few.select("row_number", *order).iter_rows(named=True)
        if begins(next((row[name] for name in order if row[name] not in (None, "")), None))
        and all(row[name] in (None, "") or begins(row[name]) for name in named)
    ]
