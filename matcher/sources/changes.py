"""What a CHANGES batch holds: records as they are now, and orders to delete, each by the record's own name."""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from matcher.errors import InputRefused
from matcher.sources import checks
from matcher.sources.contract import Column, Contract, fold

RECORD_ID = "record_id"
DELETION = "DELETION"
"""Why an order to delete is set aside: it is no record."""

_WORDS = {
    "UPSERT": (
        "INSERT", "UPDATE", "ADD", "MODIFY", "U", "I", "新增", "增加", "添加", "变更", "更正", "修改", "更新", "修正", "补报",
    ),
    "DELETE": ("REMOVE", "D", "删除", "撤回", "撤销", "移除", "作废", "删"),
}  # fmt: skip
CHANGE = Column(
    "change",
    "enum",
    must_exist=True,
    never_null=True,
    headers=("变更类型", "操作类型", "操作", "变更标志", "数据状态", "更新类型", "op", "operation"),
    values={fold(word): value for value, words in _WORDS.items() for word in (value, *words)},
)
"""What a row of a CHANGES batch does: UPSERT, the record is new or as it stands here; DELETE, it is not there."""


def of_changes(contract: Contract) -> Contract:
    """The contract as a CHANGES batch keeps it: with `change`, and of the columns that must exist only the record's name."""
    columns = [replace(column, must_exist=column.name == RECORD_ID) for column in contract.columns]
    return replace(contract, columns=(*columns, CHANGE))


@dataclass(frozen=True)
class Orders:
    """The raw rows of a CHANGES table taken apart: those that hold a record, the others as frames.REJECTS, and what all of
    them change (`record_id`, `change`).
    """

    records: pl.DataFrame
    rejects: pl.DataFrame
    changed: pl.DataFrame


def orders(raw: pl.DataFrame, contract: Contract, file: str) -> Orders:
    """What the rows of a CHANGES table order. Raises InputRefused where records lack a column that must exist."""
    named = next(column for column in contract.columns if column.name == RECORD_ID)
    short = replace(contract, columns=(replace(named, never_null=True), CHANGE))
    read = checks.accept(raw, short, file, {}, {})
    changed = read.rows.select("row_number", RECORD_ID, CHANGE.name)
    upserts = changed.filter(pl.col(CHANGE.name) == "UPSERT").get_column("row_number")
    deletions = changed.filter(pl.col(CHANGE.name) == "DELETE").get_column("row_number").to_list()
    lacking = [each.name for each in contract.columns if each.must_exist and each.name not in raw.columns]
    if lacking and len(upserts):
        raise InputRefused(
            f"the column {lacking[0]} is not there, and this row corrects a record",
            file=file,
            row=int(upserts[0]),
            column=lacking[0],
            remedy="A correction holds the whole record; only rows that delete one may hold no more than its record_id",
        )
    aside = [read.rejects, checks.rows_set_aside(contract.id, file, dict.fromkeys(deletions, DELETION))]
    records = raw.filter(pl.col("row_number").is_in(upserts.implode()))
    return Orders(records, pl.concat(aside), changed.drop("row_number"))
