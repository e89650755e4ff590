"""A department's record beside a person: the columns that rules saw of it, and how the link between the two was weighed.

Both are read from the folder that the scan left, which its owner alone can read: the record as decision 41 keeps it, and
the model by which the scan says that it weighed its links. What is not there any more is unknown, not empty.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from api.matching import outputs
from matcher.errors import MatcherError
from matcher.report import linkage
from matcher.rules import keeping
from matcher.rules.rule import LINK
from matcher.sources import contract

HELD = ("linked", "reviewed")
"""Records that are decided to be somebody's, and those that a person has still to look at."""

Pair = tuple[str, str]
"""A kind of department data and the record's own number in it."""


@dataclass(frozen=True, slots=True)
class Value:
    """What a record says in one column; `personal` is shown to nobody who may not read identities."""

    column: str
    title_zh: str
    title_en: str
    unit: str | None
    text: str | None
    personal: bool


@dataclass(frozen=True, slots=True)
class Record:
    """A department's record as rules saw it, cut on a day."""

    as_of: dt.date | None
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """What one field adds to the weight, in bits, and the weight up to there."""

    kind: str
    field: str
    level: str
    bits: float
    total: float
    muted: bool


@dataclass(frozen=True, slots=True)
class Waterfall:
    """From the prior to the weight: each step, and from which weights on a pair is linked, or shown to a person."""

    model: str
    link_bits: float
    review_bits: float
    bars: tuple[Bar, ...]

    @property
    def rarity_bits(self) -> float:
        """What the rarity of the values themselves added, which no level tells."""
        return sum(bar.bits for bar in self.bars if bar.kind == "rarity")


def folder(data_dir: Path, scan_id: int) -> Path:
    """Where a scan's outputs lie."""
    return data_dir / "scans" / str(scan_id) / "out"


def records(out: Path, pairs: Collection[Pair]) -> dict[Pair, Record]:
    """Of these records those that the scan kept."""
    cut = _cut(out)
    found: dict[Pair, Record] = {}
    for source in {source for source, _ in pairs}:
        wanted = sorted({record for of, record in pairs if of == source})
        for group in HELD:
            path = out / keeping.FOLDER / group / f"{source}.parquet"
            if not path.is_file():
                continue
            rows = pl.scan_parquet(path).filter(pl.col("record_id").is_in(wanted)).collect()
            for row in rows.unique("record_id", maintain_order=True).to_dicts():
                found.setdefault((source, row["record_id"]), Record(cut.get(source), _values(source, row)))
    return found


class Weighing:
    """How a scan weighed its links, once for all pairs of it."""

    def __init__(self, out: Path) -> None:
        try:
            self._subject: linkage.Subject | None = linkage.subject(out)
        except MatcherError:  # another model weighed them than the one that is installed
            self._subject = None

    def waterfall(self, levels: Mapping[str, str | None], weight_bits: float) -> Waterfall | None:
        """The steps of a pair; None where the model that weighed it is not there any more."""
        subject = self._subject
        if subject is None:
            return None
        bars, total = [], 0.0
        for each in linkage.waterfall(levels, weight_bits, subject):
            total += each.bits
            bars.append(Bar(each.kind, each.field, each.level, each.bits, total, each.muted))
        if abs(total - weight_bits) > linkage.TOLERANCE:
            return None
        return Waterfall(subject.model.version, subject.link_bits, subject.review_bits, tuple(bars))


def title(source: str) -> tuple[str, str]:
    """What a kind of department data is called in Chinese and English."""
    found = contract.load(source)
    return found.title_zh, found.title_en


def _values(source: str, row: Mapping[str, Any]) -> tuple[Value, ...]:
    columns = {column.name: column for column in contract.load(source).columns}
    return tuple(
        Value(
            name, columns[name].title_zh, columns[name].title_en or name, columns[name].unit, _text(value),
            columns[name].personal,
        )
        for name, value in row.items()
        if name in columns and name not in LINK
    )  # fmt: skip


def _text(value: Any) -> str | None:
    return None if value is None else value.isoformat() if isinstance(value, dt.date) else str(value)


def _cut(out: Path) -> dict[str, dt.date | None]:
    """When each source's data were cut, as the scan tells."""
    try:
        sources = outputs.summary(out)["sources"]
    except (MatcherError, OSError, KeyError):
        return {}
    told = {name: each.get("as_of") for name, each in sources.items()}
    return {name: dt.date.fromisoformat(day) if day else None for name, day in told.items()}
