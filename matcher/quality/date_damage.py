"""Days that cannot be: born after the extract was cut, ended before begun, far in the future; and birthdays by default."""

from __future__ import annotations

import datetime as dt

import polars as pl

from matcher.quality.places import Marks
from matcher.sources.contract import Contract

BORN_LATER, FUTURE, ENDED_FIRST = "born_later", "future", "ended_first"
FIRST_OF_JANUARY, EPOCH = "first_of_january", "epoch"

GRACE_DAYS = 31
"""Extracts are dated at a month's end and cut some days later: so far a date may lie behind `as_of`."""

MAY_LIE_AHEAD = frozenset(
    {"valid_from", "valid_to", "authorised_until", "contract_to", "term_end", "end_month", "to", "to_month"}
)
ENDS: dict[str, tuple[str, ...]] = {
    "ended_on": ("registered_on", "established_on", "acquired_on", "opened_on"),
    "death_date": ("birth_date",),
    "valid_to": ("valid_from",),
    "end_month": ("start_month",),
    "term_end": ("term_start",),
    "contract_to": ("contract_from",),
    "to": ("from",),
    "to_month": ("from_month",),
    "file_closed_on": ("file_opened_on",),
    "withdrawn_on": ("valid_from",),
}
"""The last day of something, and the columns that say when it began."""

_UNIX = dt.date(1970, 1, 1)


def is_birth(column: str) -> bool:
    """Whether the column says when somebody was born."""
    return column.endswith("birth_date")


def marks(frame: pl.DataFrame, contract: Contract, as_of: dt.date) -> list[Marks]:
    """What cannot be in the dates of a frame whose extract was cut on `as_of`."""
    found: list[Marks] = []
    kinds = {column.name: column.kind for column in contract.columns}
    latest = as_of + dt.timedelta(days=GRACE_DAYS)

    def note(kind: str, column: str, where: pl.Expr) -> None:
        rows = frame.select(where.fill_null(False)).to_series()
        if rows.any():
            found.append(Marks(kind, column, rows))

    for name, kind in kinds.items():
        if kind not in ("date", "month") or frame.get_column(name).null_count() == len(frame):
            continue
        day = pl.col(name)
        if is_birth(name):
            note(f"dates.{BORN_LATER}", name, day > as_of)
            note(f"birthdays.{FIRST_OF_JANUARY}", name, (day.dt.month() == 1) & (day.dt.day() == 1))
            note(f"birthdays.{EPOCH}", name, day == _UNIX)
        elif name not in MAY_LIE_AHEAD:
            note(f"dates.{FUTURE}", name, day > latest)
        for begin in ENDS.get(name, ()):
            if begin in kinds:
                note(f"dates.{ENDED_FIRST}", name, day < pl.col(begin))
    return found
