"""What the rules about aid granted twice share: whose a payment is, which payments still stand, what a cause says of it."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

import polars as pl

from matcher.identity.programmes import BY_CODE
from matcher.overlap import Stream, stream
from matcher.rules import reading
from matcher.rules.reading import Row
from matcher.rules.rule import Facts

COLUMNS = f"{reading.AID} agency document_no payee_account"
"""What a rule reads of aid to tell one grant from another."""

ARREARS = ("补发", "补差", "追补", "补缴", "补拨", "往月", "上月", "追溯")
RETURNED = ("退汇", "退回", "退票", "退款", "重发", "重新发放", "再发", "补发")
SUPPLEMENT = ("分类施保", "增发", "加发", "价格补贴", "物价", "取暖", "一次性增发", "渐退")
CORRECTED = ("冲正", "冲销", "更正", "红字", "误发", "调整")
"""Words in a payment's cause by which an office says that it pays for earlier months, pays again what came back, adds to a
grant, or sets an earlier posting right."""


def says(row: Row, words: Iterable[str]) -> bool:
    """Whether a payment's cause holds one of these words."""
    return any(word in (row["cause"] or "") for word in words)


def humans(facts: Facts) -> dict[str, str]:
    """Members rows that are one human being, by number: each row's smallest equal; a row that stands alone is absent."""
    pairs = facts.same_person.filter(pl.col("grade").is_in(["G1", "G2"]))
    smallest: dict[str, str] = {}
    for one, other, _ in pairs.sort("person_id", "other_person_id").iter_rows():
        smallest[one] = min(smallest.get(one, one), other)
    return smallest


def of_humans(facts: Facts, aid: pl.DataFrame) -> pl.DataFrame:
    """The rows of aid with `human`: who stands in two households is one, and a record linked to both rows is there once.

    What is below zero comes along even where its link is still under review: it may withhold a lead.
    """
    same = humans(facts)
    back = reading.under_review(facts, "aid").filter(pl.col("amount_yuan") < 0)
    back = back.filter(pl.col("programme").is_in(aid.get_column("programme").unique().implode()))
    return (
        pl.concat([aid, back.join(aid, on=["record_id", "person_id"], how="anti")])
        .with_columns(human=pl.col("person_id").replace(same))
        .sort("human", "record_id", "person_id")
        .unique(["human", "record_id"], keep="first", maintain_order=True)
    )


def several(aid: pl.DataFrame, *columns: str) -> pl.DataFrame:
    """The rows of which there are at least two that agree in these columns."""
    return aid.filter(pl.len().over(*columns) > 1)


def standing(rows: Iterable[Row]) -> list[Row]:
    """The payments that still stand: one below zero takes away one of the same programme, months and size."""
    minus: Counter[tuple[Any, ...]] = Counter()
    plus = []
    for row in sorted(rows, key=lambda row: row["record_id"]):
        if row["amount_yuan"] is not None and row["amount_yuan"] < 0:
            minus[_size(row, -row["amount_yuan"])] += 1
        else:
            plus.append(row)
    kept = []
    for row in plus:
        if minus[_size(row, row["amount_yuan"])]:
            minus[_size(row, row["amount_yuan"])] -= 1
        else:
            kept.append(row)
    return kept


def _size(row: Row, amount: Any) -> tuple[Any, ...]:
    return row["programme"], row["start_month"], row["end_month"], amount


def differ(one: Row, other: Row, column: str) -> bool:
    """Whether both state it, and not the same."""
    return one[column] is not None and other[column] is not None and one[column] != other[column]


def agree(one: Row, other: Row, column: str) -> bool:
    """Whether both state the same."""
    return one[column] is not None and one[column] == other[column]


def counties_differ(one: Row, other: Row) -> bool:
    """Whether two counties paid, as far as both say."""
    first, second = ((row["division_code"] or "")[:6] for row in (one, other))
    return len(first) == len(second) == 6 and first != second


def streams(rows: Iterable[Row], as_of: dt.date) -> dict[str, Stream]:
    """What these records paid up to the reference date, by record."""
    return {row["record_id"]: paid for row in rows if (paid := stream(row, as_of))}


def by(rows: Iterable[Row], *columns: str) -> dict[tuple[Any, ...], list[Row]]:
    """The rows by some of their columns, in their order."""
    found: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        found[tuple(row[column] for column in columns)].append(row)
    return dict(found)


def names(code: str, prefix: str = "programme") -> dict[str, str]:
    """The facts `<prefix>_zh` and `<prefix>_en`: a programme's names."""
    known = BY_CODE[code]
    return {f"{prefix}_zh": known.name_zh, f"{prefix}_en": known.name_en}
