"""Causes of hardship as they stood on a day: which were there, which was the main one, which were resolved by then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, String, and_, func, select

from api import scope
from api.database import among
from api.domain.casework import CauseChange
from api.loaders.casework import HIDDEN
from api.loaders.files import AS_OF
from api.loaders.reading import Reading, Rows
from api.models import Cause, CauseEvent, File, Household, User, table

C, F, H = table(Cause).c, table(File).c, table(Household).c
_EVENT, _RESOLUTION, _FILE = (
    table(CauseEvent).alias("event"),
    table(CauseEvent).alias("resolution"),
    table(File).alias("latest"),
)
E, L, R = _EVENT.c, _FILE.c, _RESOLUTION.c

_RESOLVED_OR_REOPENED = (CauseChange.RESOLVED, CauseChange.REOPENED)


def _latest(column: ColumnElement[Any], *conditions: ColumnElement[bool]) -> ScalarSelect[Any]:
    """The last event of a cause, of those that hold; what was recorded later holds among those of one day."""
    statement = select(column).where(E.cause_id == C.id, *conditions).correlate(table(Cause))
    return statement.order_by(E.effective_on.desc(), E.id.desc()).limit(1).scalar_subquery()


_STANDING = _latest(E.id, E.change.in_(_RESOLVED_OR_REOPENED), E.effective_on <= AS_OF)
_MAIN = _latest(E.main, E.effective_on <= AS_OF)


def _causes(*first: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    """Causes that were there on the day that is read, the main one first, resolved ones last."""
    columns = [column for column in C if column.name not in {"main", "resolved_on", "resolution_id"}]
    return (
        scope.narrow(
            select(
                *first,
                *columns,
                _MAIN.label("main"),
                R.effective_on.label("resolved_on"),
                R.statement,
                R.evidence,
                R.happened_at,
                User.login,
                User.display_name,
                HIDDEN.label("protected"),
            )
            .join(Household, H.id == C.household_id)
            .outerjoin(_RESOLUTION, and_(R.id == _STANDING, R.change == CauseChange.RESOLVED))
            .outerjoin(User, User.id == R.user_id),
            H.division_code,
        )
        .where(C.since <= AS_OF)
        .order_by(C.file_id, R.effective_on.is_not(None), _MAIN.desc(), C.place, C.id)
    )


_BY_KEY = _causes().where(among(C.id, "keys"))
_OF_FILES = _causes(C.file_id.label("parent")).where(among(C.file_id, "keys"))
_LAST_FILE = (
    select(L.id)
    .where(L.household_id == C.household_id, func.coalesce(L.applied_on, L.opened_on, AS_OF) <= AS_OF)
    .correlate(table(Cause))
    .order_by(L.id.desc())
    .limit(1)
    .scalar_subquery()
)
_OF_HOUSEHOLDS = _causes(C.household_id.label("parent")).where(among(C.household_id, "keys"), C.file_id == _LAST_FILE)

NAMED = H.id.in_(
    select(C.household_id)
    .join(File, F.id == C.file_id)
    .where(F.closed_on.is_(None), C.resolved_on.is_(None), among(C.cause, "causes", String))
)
"""That the file of a household which is not closed names one of these causes, and it stands."""


async def by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """Causes by their key."""
    return await reading.rows(_BY_KEY, {"keys": keys})


async def of_files(reading: Reading, files: Sequence[int]) -> Rows:
    """The causes that files name, the first column telling which file."""
    return await reading.rows(_OF_FILES, {"keys": files})


async def of_households(reading: Reading, households: Sequence[int]) -> Rows:
    """The causes that the latest files of households name, the first column telling whose."""
    return await reading.rows(_OF_HOUSEHOLDS, {"keys": households})
