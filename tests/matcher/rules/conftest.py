"""Scenes: small tables of applicants and linked records, every contract column there and null unless it is told."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.datatypes import DataType, DataTypeClass

from matcher import frames, policy
from matcher.rules import book, finding
from matcher.rules.rule import Facts, FeedFacts
from matcher.sources import contract

AS_OF = dt.date(2024, 12, 31)

Rows = Sequence[Mapping[str, Any]]
Scene = Callable[..., Facts]
Run = Callable[[str, Facts], list[dict[str, Any]]]

LINK: dict[str, DataType | DataTypeClass] = {
    "person_id": pl.String, "household_id": pl.String, "party": pl.String, "grade": pl.String,
    "probability": pl.Float64, "copies": pl.UInt32, "content": pl.String,
}  # fmt: skip


def _value(value: Any, kind: pl.DataType) -> Any:
    """A date may be written 2024-03 or 2024-03-14, and money as a whole number."""
    if isinstance(value, str) and kind == pl.Date:
        return dt.date.fromisoformat(value if len(value) > 7 else f"{value}-01")
    return Decimal(value) if kind == frames.MONEY and value is not None else value


def _frame(rows: Rows, schema: pl.Schema) -> pl.DataFrame:
    unknown = {column for row in rows for column in row} - set(schema)
    assert not unknown, f"no such column: {sorted(unknown)}"
    return pl.DataFrame(
        [{column: _value(row.get(column), kind) for column, kind in schema.items()} for row in rows],
        schema=schema,
        orient="row",
    )


def _linked(source: str, rows: Rows, homes: Mapping[str, str]) -> pl.DataFrame:
    full = []
    for place, row in enumerate(rows):
        known = {
            "record_id": f"{source}-{place}", "party": "SELF", "grade": "G1", "probability": 1.0, "copies": 1,
            "household_id": homes[row["person_id"]], **row,
        }  # fmt: skip
        text = json.dumps(
            {key: str(value) for key, value in row.items() if key not in ("person_id", "grade", "party")}
        )
        full.append({"content": hashlib.blake2b(text.encode(), digest_size=8).hexdigest(), **known})
    return _frame(full, frames.schema({**LINK, **contract.load(source).schema()}))


@pytest.fixture
def scene() -> Scene:
    """Facts from rows: `scene(households=[…], members=[…], vehicles=[…], same_person=[(p, q)], …)`.

    A source that is named was asked; `complete`, `stale` and `undated` are sources of which that is true.
    """

    def build(
        households: Rows,
        members: Rows,
        same_person: Sequence[tuple[str, str]] = (),
        as_of: dt.date = AS_OF,
        complete: Sequence[str] = (),
        stale: Sequence[str] = (),
        undated: Sequence[str] = (),
        coverage: Rows = (),
        own_policy: Path | None = None,
        **sources: Rows,
    ) -> Facts:
        homes = {row["person_id"]: row["household_id"] for row in members}
        pairs = sorted({pair for p, q in same_person for pair in ((p, q), (q, p))})
        return Facts(
            as_of=as_of,
            policy=policy.load(own_policy),
            households=_frame(households, contract.load("households").schema()),
            members=_frame(members, contract.load("members").schema()),
            linked={source: _linked(source, rows, homes) for source, rows in sources.items()},
            same_person=pl.DataFrame(
                [(p, q, "G1") for p, q in pairs],
                schema={"person_id": pl.String, "other_person_id": pl.String, "grade": pl.String},
                orient="row",
            ),
            coverage=_frame(coverage, frames.COVERAGE),
            feeds={
                source: FeedFacts(source, None if source in undated else as_of, source in complete, source in stale)
                for source in sources
            },
        )

    return build


@pytest.fixture
def run() -> Run:
    """The findings of one rule of the book, as rows."""

    def find(rule_id: str, facts: Facts) -> list[dict[str, Any]]:
        (rule,) = (rule for rule in book.BOOK if rule.id == rule_id)
        return finding.run(facts, [rule]).to_dicts()

    return find
