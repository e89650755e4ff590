"""Who keeps in touch with households, and what they found at home; of a protected one, nobody is told who (F-29)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import String, bindparam, func, or_, select
from sqlalchemy.orm import aliased

from api import scope
from api.database import among
from api.loaders.casework import HIDDEN
from api.loaders.files import AS_OF
from api.loaders.reading import Reading, Rows
from api.models import Attachment, ContactOfficer, HomeVisit, Household, User, Visitor, VisitPhoto, table

A, H, O, U, V = (table(each).c for each in (Attachment, Household, ContactOfficer, User, HomeVisit))  # noqa: E741
P, W = table(VisitPhoto).c, table(Visitor).c
_RECORDER, _CORRECTION = aliased(User), aliased(HomeVisit)
_SHOWN = scope.unless_hidden(HIDDEN)

_OFFICERS = scope.narrow(
    select(O.household_id, O.since, O.until, O.assigned_at, U.login, U.display_name)
    .join(Household, H.id == O.household_id)
    .join(User, U.id == O.user_id),
    H.division_code,
).where(among(O.household_id, "keys"), _SHOWN, O.since <= AS_OF)
_ON_A_DAY = _OFFICERS.where(or_(O.until.is_(None), O.until > AS_OF))
_UNTIL_A_DAY = _OFFICERS.order_by(O.household_id, O.id.desc())

HAS_OFFICER = H.id.in_(select(O.household_id).where(O.until.is_(None))) & _SHOWN
"""That a household has a contact officer now, whom this viewer is shown."""

IN_TOUCH = (
    H.id.in_(
        select(O.household_id)
        .join(User, U.id == O.user_id)
        .where(O.until.is_(None), among(U.login, "contact_officers", String))
    )
    & _SHOWN
)
"""That one of these keeps in touch with a household now, where this viewer is shown who does."""

_CORRECTED = select(_CORRECTION.id).where(_CORRECTION.corrects_id == V.id).exists().label("corrected")
_COLUMNS = (
    *[column for column in V if column.name != "household_id"],
    _CORRECTED,
    _RECORDER.login,
    _RECORDER.display_name,
    HIDDEN.label("protected"),
)
_VISITS = scope.narrow(
    select(V.household_id, *_COLUMNS)
    .join(Household, H.id == V.household_id)
    .join(_RECORDER, _RECORDER.id == V.recorded_by),
    H.division_code,
)
_VISITS_BY_KEY = _VISITS.where(among(V.id, "keys"))
_NUMBERED = (
    _VISITS.add_columns(
        func.row_number()
        .over(partition_by=V.household_id, order_by=(V.visited_on.desc(), V.id.desc()))
        .label("place")
    )
    .where(among(V.household_id, "keys"), V.visited_on <= AS_OF)
    .subquery()
)
_VISITS_OF = (
    select(*[column for column in _NUMBERED.c if column.name != "place"])
    .where(_NUMBERED.c.place <= bindparam("most"))
    .order_by(_NUMBERED.c.household_id, _NUMBERED.c.place)
)
_VISITORS_OF = (
    scope.narrow(
        select(W.visit_id, U.login, U.display_name)
        .join(HomeVisit, V.id == W.visit_id)
        .join(Household, H.id == V.household_id)
        .join(User, U.id == W.user_id),
        H.division_code,
    )
    .where(among(W.visit_id, "keys"), _SHOWN)
    .order_by(W.visit_id, U.id)
)
_PHOTOS_OF = (
    scope.narrow(
        select(P.visit_id, *A, U.display_name.label("uploader"), HIDDEN.label("protected"))
        .join(Attachment, A.id == P.attachment_id)
        .join(Household, H.id == A.household_id)
        .join(User, U.id == A.uploaded_by),
        H.division_code,
    )
    .where(among(P.visit_id, "keys"), _SHOWN)
    .order_by(P.visit_id, A.id)
)


async def officer_of(reading: Reading, households: Sequence[int]) -> Rows:
    """The contact officers of the day that is read, the first column telling whose."""
    return await reading.rows(_ON_A_DAY, {"keys": households})


async def officers_of(reading: Reading, households: Sequence[int]) -> Rows:
    """All contact officers up to that day, the latest first, the first column telling whose."""
    return await reading.rows(_UNTIL_A_DAY, {"keys": households})


async def visits_by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """Home visits by their key."""
    return await reading.rows(_VISITS_BY_KEY, {"keys": keys})


async def visits_of(reading: Reading, households: Sequence[int], most: int) -> Rows:
    """The latest visits to households up to that day, at most so many each, the first column telling to which."""
    return await reading.rows(_VISITS_OF, {"keys": households, "most": most})


async def visitors_of(reading: Reading, visits: Sequence[int]) -> Rows:
    """Who went, the first column telling on which visit."""
    return await reading.rows(_VISITORS_OF, {"keys": visits})


async def photos_of(reading: Reading, visits: Sequence[int]) -> Rows:
    """The photographs of visits, the first column telling of which."""
    return await reading.rows(_PHOTOS_OF, {"keys": visits})
