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
from polars.datatypes import DataType, DataTypeClass

from matcher import frames, policy
from matcher.rules.rule import OWN, Example, Facts, FeedFacts
from matcher.sources import contract

AS_OF = dt.date(2024, 12, 31)

Rows = Sequence[Mapping[str, Any]]
Scene = Callable[..., Facts]

LINK: dict[str, DataType | DataTypeClass] = {
    "person_id": pl.String, "household_id": pl.String, "party": pl.String, "grade": pl.String,
    "probability": pl.Float64, "copies": pl.UInt32, "content": pl.String,
}  # fmt: skip


def scene(
    households: Rows,
    members: Rows,
    same_person: Sequence[tuple[str, str]] = (),
    as_of: dt.date = AS_OF,
    complete: Sequence[str] = (),
    stale: Sequence[str] = (),
    undated: Sequence[str] = (),
    coverage: Rows | None = None,
    own_policy: Path | None = None,
    reviewed: Mapping[str, Rows] | None = None,
    **sources: Rows,
) -> Facts:
    """Facts from rows: `scene(households=[…], members=[…], vehicles=[…], same_person=[(p, q)], …)`.

    A source that is named was asked; `complete`, `stale` and `undated` are sources of which that is true. Without `coverage`
    a person has VALUE where a record is linked, else NO_RECORD or NO_ANSWER as the source is complete or not.
    """
    homes = {row["person_id"]: row["household_id"] for row in members}
    pairs = sorted({pair for p, q in same_person for pair in ((p, q), (q, p))})
    linked = {source: _linked(source, rows, homes) for source, rows in sources.items() if source not in OWN}
    return Facts(
        as_of=as_of,
        policy=policy.load(own_policy),
        households=_frame(households, contract.load("households").schema()),
        members=_frame(members, contract.load("members").schema()),
        linked=linked,
        same_person=pl.DataFrame(
            [(p, q, "G1") for p, q in pairs],
            schema={"person_id": pl.String, "other_person_id": pl.String, "grade": pl.String},
            orient="row",
        ),
        coverage=_frame(
            _coverage(linked, sorted(homes), as_of, complete) if coverage is None else coverage, frames.COVERAGE
        ),
        feeds={
            source: FeedFacts(source, None if source in undated else as_of, source in complete, source in stale)
            for source in sources
        },
        reviewed={source: _linked(source, rows, homes, "r-") for source, rows in (reviewed or {}).items()},
        tables={
            source: _frame(rows, contract.load(source).schema()) for source, rows in sources.items() if source in OWN
        },
    )


def of_example(example: Example) -> Facts:
    """The facts of a rule's worked example."""
    given: dict[str, Any] = dict(example.given)
    return scene(**given, same_person=example.same_person, complete=example.complete, reviewed=example.reviewed)


def _coverage(
    linked: Mapping[str, pl.DataFrame], people: Sequence[str], as_of: dt.date, complete: Sequence[str]
) -> list[dict[str, Any]]:
    silent = {source: "NO_RECORD" if source in complete else "NO_ANSWER" for source in linked}
    return [
        {"person_id": person, "source": source, "as_of": as_of.isoformat(),
         "state": "VALUE" if person in frame.get_column("person_id") else silent[source]}
        for source, frame in linked.items() for person in people
    ]  # fmt: skip


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


def _linked(source: str, rows: Rows, homes: Mapping[str, str], prefix: str = "") -> pl.DataFrame:
    full = []
    for place, row in enumerate(rows):
        known = {
            "record_id": f"{prefix}{source}-{place}", "party": "SELF", "grade": "G1", "probability": 1.0, "copies": 1,
            "household_id": homes[row["person_id"]], **row,
        }  # fmt: skip
        text = json.dumps(
            {key: str(value) for key, value in row.items() if key not in ("person_id", "grade", "party")}
        )
        full.append({"content": hashlib.blake2b(text.encode(), digest_size=8).hexdigest(), **known})
    return _frame(full, frames.schema({**LINK, **contract.load(source).schema()}))
