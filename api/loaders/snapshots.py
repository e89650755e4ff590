"""Snapshots, and figures reckoned from their rows: two statements for all indicators at once, however many files there are.

A snapshot is seen by whoever answers for its division, or for one above or below; figures are of the rows of the viewer's
own division and those below it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, String, bindparam, func, literal, select, union_all

from api import scope
from api.database import Key, among
from api.domain import figures
from api.domain.figures import Beside, Of
from api.domain.indicators import Indicator, IndicatorKind
from api.domain.indicators import Key as IndicatorKey
from api.domain.targets import CODES, UNKNOWN, FigureGroup
from api.loaders.conditions import in_division
from api.loaders.indicators import DAYS, EXCLUDED, EXITED, LEFT, RETURNED, SHARES, looking_back
from api.loaders.pages import By, Listing
from api.loaders.reading import Reading, Rows
from api.models import Snapshot, SnapshotRow, User, table

S, R, U = table(Snapshot).c, table(SnapshotRow).c, table(User).c
SNAPSHOT = bindparam("snapshot", type_=Key)

_SNAPSHOTS = scope.narrow_to_line(select(*S, U.display_name).outerjoin(User, U.id == S.taken_by), S.division_code)
_BY_KEY = _SNAPSHOTS.where(among(S.id, "keys"))

SNAPSHOTS = Listing(
    "snapshots",
    _SNAPSHOTS,
    S.id,
    {
        "division": in_division(S.division_code),
        "kinds": among(S.kind, "kinds", String),
        "as_of_from": S.as_of >= bindparam("as_of_from"),
        "as_of_to": S.as_of <= bindparam("as_of_to"),
    },
    {"TAKEN": By(S.id, int), "AS_OF": By(S.as_of, dt.date.fromisoformat)},
)
GROUPS: Mapping[FigureGroup, ColumnElement[Any]] = {
    FigureGroup.COUNTY: R.division_code,
    FigureGroup.TIER: R.tier,
    FigureGroup.TARGET_GROUP: R.target_group,
    FigureGroup.CAUSE: R.cause,
    FigureGroup.CATEGORY: R.category,
    FigureGroup.SEX: R.sex,
    FigureGroup.AGE_BAND: R.age_band,
}


@dataclass(frozen=True, slots=True)
class Figures:
    """Indicators of a snapshot, each for the whole and by group, and what stands beside them."""

    rows: int
    groups: Sequence[str]
    beside: Beside
    beside_groups: Mapping[str, Beside]
    of: Mapping[IndicatorKey, Of]


async def by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """Snapshots by their key."""
    return await reading.rows(_BY_KEY, {"keys": keys})


async def reckoned(
    reading: Reading,
    snapshot_id: int,
    as_of: dt.date,
    since: dt.date,
    indicators: Sequence[Indicator],
    group: FigureGroup | None,
) -> Figures:
    """What these indicators come to, of the rows that this viewer may see."""
    keys = {kind: tuple(each.key for each in indicators if each.kind is kind) for kind in IndicatorKind}
    told = {"snapshot": snapshot_id, **looking_back(as_of, since)}
    clocks = keys[IndicatorKind.MEDIAN_DAYS]
    counted = await reading.counted(_counts(group, keys[IndicatorKind.SHARE], clocks), told)
    codes = shown(group, [row.code for row in counted])
    rows = {row.code: row for row in counted}
    sizes = {
        code: figures.Size(row.files, row.exited, row.returned, row.excluded, row.left_hardship)
        for code, row in _each(codes, rows)
    }
    whole, groups = figures.beside(sizes)
    hidden = {
        RETURNED: [code for code, each in groups.items() if each.returned is None],
        EXCLUDED: [code for code, each in groups.items() if each.excluded is None],
    }
    found: dict[IndicatorKey, Of] = {}
    for place, key in enumerate(keys[IndicatorKind.SHARE]):
        some, of = f"some_{place}", f"of_{place}"
        counts = {code: (getattr(row, some), getattr(row, of)) for code, row in _each(codes, rows)}
        found[key] = figures.shares(counts, hidden.get(SHARES[key].counted, ()))
    if clocks:
        days: dict[int, dict[str, dict[int, int]]] = {
            place: {code: {} for code in codes} for place in range(len(clocks))
        }
        for row in await reading.counted(_days(group, clocks), told):
            days[row.clock][row.code][row.days] = row.files
        for place, key in enumerate(clocks):
            among_them = {code: getattr(row, f"among_{place}") for code, row in _each(codes, rows)}
            found[key] = figures.medians(days[place], among_them)
    return Figures(sum(size.files for size in sizes.values()), codes if group else (), whole, groups, found)


def shown(group: FigureGroup | None, found: Sequence[str]) -> list[str]:
    """The codes that are told apart: all that there are, whether anybody is in them or not; of counties, those that are found."""
    if group is None:
        return [WHOLE]
    known = list(CODES[group]) if group in CODES else sorted({*found} - {UNKNOWN})
    return [*known, *sorted({*found} - {*known, UNKNOWN}), UNKNOWN]


WHOLE = ""


class _Nobody:
    """A group in which nobody is."""

    def __getattr__(self, name: str) -> int:
        return 0


def _each(codes: Sequence[str], rows: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(code, rows.get(code, _Nobody())) for code in codes]


def code_of(group: FigureGroup | None) -> ColumnElement[str]:
    """The group of a row; UNKNOWN where it is not known."""
    return literal(WHOLE, String()) if group is None else func.coalesce(GROUPS[group], UNKNOWN)


@cache
def _counts(
    group: FigureGroup | None, keys: tuple[IndicatorKey, ...], clocks: tuple[IndicatorKey, ...]
) -> Select[*tuple[Any, ...]]:
    """How many rows of a snapshot each indicator counts, and of how many, by group."""
    code, files = code_of(group).label("code"), func.count()
    columns = [
        files.label("files"),
        files.filter(EXITED).label("exited"),
        files.filter(RETURNED).label("returned"),
        files.filter(EXCLUDED).label("excluded"),
        files.filter(LEFT).label("left_hardship"),
        *(files.filter(DAYS[key].among).label(f"among_{place}") for place, key in enumerate(clocks)),
    ]
    for place, key in enumerate(keys):
        columns.append(files.filter(SHARES[key].counted).label(f"some_{place}"))
        columns.append(files.filter(SHARES[key].of).label(f"of_{place}"))
    return scope.narrow(select(code, *columns).where(R.snapshot_id == SNAPSHOT).group_by(code), R.division_code)


@cache
def _days(group: FigureGroup | None, keys: tuple[IndicatorKey, ...]) -> Select[*tuple[Any, ...]]:
    """How often each number of days occurs, by clock and group."""
    code = code_of(group).label("code")
    clocks = union_all(
        *(
            scope.narrow(
                select(
                    literal(place).label("clock"), code, DAYS[key].between.label("days"), func.count().label("files")
                )
                .where(R.snapshot_id == SNAPSHOT, DAYS[key].of)
                .group_by(code, DAYS[key].between),
                R.division_code,
            )
            for place, key in enumerate(keys)
        )
    ).subquery("clocks")
    return select(*clocks.c).order_by(clocks.c.clock, clocks.c.code, clocks.c.days)
