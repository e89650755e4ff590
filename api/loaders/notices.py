"""Public notices as far as they are up at this moment, and objections.

Whether a notice is up is asked of the day, the household's stage and its protection whenever it is read: what nobody has
taken down yet says nothing all the same.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, String, and_, bindparam, case, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import aliased

from api import scope
from api.database import among
from api.domain.notices import OF_SOMEBODY, NoticeForm, NoticeState
from api.domain.objections import ObjectionState
from api.domain.stages import Stage
from api.loaders.conditions import in_division
from api.loaders.files import AS_OF, TODAY
from api.loaders.pages import By, Listing
from api.loaders.reading import Reading, Rows
from api.models import Household, Notice, Objection, Transition, User, table

H, N, T = (table(each).c for each in (Household, Notice, Transition))
OBJ = table(Objection).c
MOST_PUBLISHED = 500
STANDS = and_(H.stage == Stage.PUBLIC_NOTICE, T.number == H.transition_number)
"""Whether the household still stands where the notice's own move has led; of notices joined to both."""

UP = and_(
    N.state == NoticeState.OPEN,
    N.from_day <= TODAY,
    N.to_day >= TODAY,
    STANDS,
    or_(N.form == NoticeForm.UNNAMED, ~scope.protects_household(H.id)),
)
"""Whether it is on notice now."""

_PLAIN = (
    "id",
    "number",
    "household_id",
    "form",
    "division_code",
    "places",
    "channels",
    "from_day",
    "to_day",
    "version",
)


def _notices(*first: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    """Notices within the viewer's reach; what one says of somebody is null unless it is up."""
    state = case((UP, NoticeState.OPEN), else_=NoticeState.TAKEN_DOWN).label("state")
    says = [case((UP, N[name])).label(name) for name in OF_SOMEBODY]
    return scope.narrow(
        select(*first, *(N[name] for name in _PLAIN), state, *says)
        .join(Household, H.id == N.household_id)
        .join(Transition, T.id == N.transition_id),
        H.division_code,
    )


_RECEIVER, _ANSWERER = aliased(User), aliased(User)


def _objections(*first: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    """Objections within the viewer's reach, with who took them down and who answered."""
    return scope.narrow(
        select(
            *first,
            *OBJ,
            _RECEIVER.display_name.label("receiver"),
            _ANSWERER.display_name.label("answerer"),
            scope.protects_household(H.id).label("protected"),
        )
        .join(Household, H.id == OBJ.household_id)
        .join(_RECEIVER, _RECEIVER.id == OBJ.received_by)
        .outerjoin(_ANSWERER, _ANSWERER.id == OBJ.answered_by),
        H.division_code,
    )


_NOTICES, _OBJECTIONS = _notices(), _objections()
_PUBLISHED = (
    select(*(N[name] for name in _PLAIN), *(N[name] for name in OF_SOMEBODY))
    .join(Household, H.id == N.household_id)
    .join(Transition, T.id == N.transition_id)
    .where(UP, N.division_code == bindparam("county"))
    .order_by(N.number)
    .limit(MOST_PUBLISHED)
)
_NOTICES_BY_KEY = _NOTICES.where(among(N.id, "keys"))
_OBJECTIONS_BY_KEY = _OBJECTIONS.where(among(OBJ.id, "keys"))
_NOTICES_OF = (
    _notices(N.household_id.label("parent"))
    .where(among(N.household_id, "keys"), N.from_day <= AS_OF)
    .order_by(N.household_id, N.id.desc())
)
_OBJECTIONS_OF = (
    _objections(OBJ.household_id.label("parent"))
    .where(among(OBJ.household_id, "keys"), OBJ.received_on <= AS_OF)
    .order_by(OBJ.household_id, OBJ.id.desc())
)
_ON_NOTICES = (
    _objections(OBJ.notice_id.label("parent"))
    .where(among(OBJ.notice_id, "keys"), OBJ.received_on <= AS_OF)
    .order_by(OBJ.notice_id, OBJ.id.desc())
)
_ABOUT_LEADS = (
    _objections(OBJ.finding_id.label("parent"))
    .where(among(OBJ.finding_id, "keys"), OBJ.received_on <= AS_OF)
    .order_by(OBJ.finding_id, OBJ.id.desc())
)

NOTICES = Listing(
    "notices",
    _NOTICES,
    N.id,
    {
        "division": in_division(H.division_code),
        "numbers": among(N.number, "numbers", String),
        "households": among(N.household_id, "households", BigInteger),
        "up": UP,
        "until_from": N.to_day >= bindparam("until_from"),
        "until_to": N.to_day <= bindparam("until_to"),
    },
    {"OPENED": By(N.id, int), "TO_DAY": By(N.to_day, dt.date.fromisoformat)},
)
OBJECTIONS = Listing(
    "objections",
    _OBJECTIONS,
    OBJ.id,
    {
        "division": in_division(H.division_code),
        "households": among(OBJ.household_id, "households", BigInteger),
        "states": among(OBJ.state, "states", String),
        "outcomes": among(OBJ.outcome, "outcomes", String),
        "overdue": and_(OBJ.state == ObjectionState.OPEN, OBJ.due_on < TODAY),
        "received_from": OBJ.received_on >= bindparam("received_from"),
        "received_to": OBJ.received_on <= bindparam("received_to"),
    },
    {"RAISED": By(OBJ.id, int), "DUE_ON": By(OBJ.due_on, dt.date.fromisoformat)},
)


async def published(connection: AsyncConnection, county: str, today: dt.date) -> Rows:
    """What is up in a county today, for everybody; in the order of their numbers, which is none."""
    return (await connection.execute(_PUBLISHED, {"county": county, "today": today})).all()


async def notices_by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """Notices by their key."""
    return await reading.rows(_NOTICES_BY_KEY, {"keys": keys})


async def notices_of(reading: Reading, households: Sequence[int]) -> Rows:
    """The notices of households, the latest first, the first column telling whose."""
    return await reading.rows(_NOTICES_OF, {"keys": households})


async def objections_by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """Objections by their key."""
    return await reading.rows(_OBJECTIONS_BY_KEY, {"keys": keys})


async def objections_of(reading: Reading, households: Sequence[int]) -> Rows:
    """The objections about households, the latest first, the first column telling about which."""
    return await reading.rows(_OBJECTIONS_OF, {"keys": households})


async def objections_to(reading: Reading, notices: Sequence[int]) -> Rows:
    """The objections to notices, the latest first, the first column telling to which."""
    return await reading.rows(_ON_NOTICES, {"keys": notices})


async def objections_about(reading: Reading, findings: Sequence[int]) -> Rows:
    """The objections to findings, the latest first, the first column telling to which."""
    return await reading.rows(_ABOUT_LEADS, {"keys": findings})
