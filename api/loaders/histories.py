"""Households and people as they were on a day, what they declared by then, and all memberships of somebody.

Stage, dates, memberships and what was declared are those of that day; what is corrected or only known as it is now
(names, numbers, addresses) is told as it is now. A household that nobody knew on that day is not there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Date, case, func, literal, or_, select

from api import scope
from api.database import among
from api.domain.declarations import OF_HOUSEHOLDS, OF_MEMBERS, WORDS, DeclaredItem
from api.domain.files import Closing
from api.domain.stages import Stage
from api.loaders.files import AS_OF, BEGUN, CLOSED_ON, DIVISION
from api.loaders.reading import Reading, Rows
from api.models import Declaration, ExternalReference, File, Household, Member, MemberChange, Transition, User, table
from api.models.standing import stands

H, M, D = table(Household).c, table(Member).c, table(Declaration).c
F, T, C, X = table(File).c, table(Transition).c, table(MemberChange).c, table(ExternalReference).c
_OTHER = table(Member).alias("one_membership")
_O = _OTHER.c

PROTECTED_HOME = scope.protects_household(H.id).label("protected")
PROTECTED = scope.protects_member(M.person_id, H.id).label("protected")


def _said(item: DeclaredItem, whose: ColumnElement[bool], column: str) -> ColumnElement[Any]:
    """What was declared last by that day."""
    value = D.word if item in WORDS else D.amount
    told = select(value).where(whose, D.item == item, D.declared_on <= AS_OF)
    return told.order_by(D.declared_on.desc(), D.id.desc()).limit(1).scalar_subquery().label(column)


def _until(day: ColumnElement[Any]) -> ColumnElement[Any]:
    """A day that had come by then; what was to come is not told."""
    return case((day <= AS_OF, day), else_=None)


_MOVED = select(T.to_stage).where(T.household_id == H.id, T.effective_on <= AS_OF).order_by(T.number.desc()).limit(1)
_OPENED = select(F.id).where(F.household_id == H.id, F.opened_on <= AS_OF).exists()
_APPLIED = select(F.id).where(F.household_id == H.id, F.applied_on <= AS_OF).exists()
_STAGE = func.coalesce(
    _MOVED.scalar_subquery(),
    case((_OPENED, Stage.RECORDED.value), (_APPLIED, Stage.APPLIED.value), else_=None),
)
"""Where a household stood; before its first move here, where the register's dates have it."""


def _of_the_file(day: ColumnElement[Any], name: str, *those: ColumnElement[bool]) -> ColumnElement[Any]:
    """A day of the last file that had begun."""
    told = select(_until(day)).where(F.household_id == H.id, BEGUN, *those).order_by(F.id.desc()).limit(1)
    return told.scalar_subquery().label(name)


_CLOSED = case((or_(F.opened_on <= AS_OF, F.closing == Closing.AS_REGISTERED.value), CLOSED_ON), else_=None)
"""An application that was refused or withdrawn leaves its household no closed file."""

_OF_THE_DAY = {
    "stage": _STAGE.label("stage"),
    "division_code": DIVISION,
    "applied_on": _of_the_file(F.applied_on, "applied_on", F.applied_on.is_not(None)),
    "file_opened_on": _of_the_file(F.opened_on, "file_opened_on"),
    "file_closed_on": _of_the_file(_CLOSED, "file_closed_on"),
    **{
        column: _said(item, (D.household_id == H.id) & D.member_id.is_(None), column)
        for item, column in OF_HOUSEHOLDS.items()
    },
}
_HOUSEHOLDS = scope.narrow(
    select(*[_OF_THE_DAY.get(each.name, each) for each in H if each.name != "others"], PROTECTED_HOME),
    H.division_code,
).where(among(H.id, "keys"), _STAGE.is_not(None))  # fmt: skip

_MEMBER_OF_THE_DAY = {
    "valid_to": _until(M.valid_to).label("valid_to"),
    "left_on": _until(M.left_on).label("left_on"),
    **{column: _said(item, D.member_id == M.id, column) for item, column in OF_MEMBERS.items()},
}
_COLUMNS = [_MEMBER_OF_THE_DAY.get(each.name, each) for each in M if each.name != "others"]
_BEGUN = or_(M.valid_from.is_(None), M.valid_from <= AS_OF)
_PEOPLE = scope.narrow(
    select(*_COLUMNS, PROTECTED).join(Household, H.id == M.household_id), H.division_code
).where(among(M.id, "keys"), _BEGUN, _STAGE.is_not(None))  # fmt: skip
_MEMBERS_OF = (
    scope.narrow(
        select(M.household_id, *[each for each in _COLUMNS if each.name != "household_id"], PROTECTED).join(
            Household, H.id == M.household_id
        ),
        H.division_code,
    )
    .where(among(M.household_id, "keys"), stands(AS_OF))
    .order_by(M.household_id, M.id)
)
_MEMBERSHIPS_OF = (
    scope.narrow(
        select(_O.id.label("parent"), *_COLUMNS, PROTECTED)
        .select_from(_OTHER)
        .join(Member, M.person_id == _O.person_id)
        .join(Household, H.id == M.household_id),
        H.division_code,
    )
    .where(among(_O.id, "keys"), M.id != _O.id, _BEGUN)
    .order_by(_O.id, func.coalesce(M.valid_from, literal(dt.date(1, 1, 1), Date())).desc(), M.id.desc())
)
_DECLARED = (
    scope.narrow(
        select(
            D.household_id, *[each for each in D if each.name != "household_id"], User.display_name, PROTECTED_HOME
        )
        .join(Household, H.id == D.household_id)
        .outerjoin(User, User.id == D.user_id),
        H.division_code,
    )
    .where(D.declared_on <= AS_OF)
    .order_by(D.declared_on.desc(), D.id.desc())
)
_OF_HOUSEHOLDS = _DECLARED.where(among(D.household_id, "keys"), D.member_id.is_(None))
_OF_PEOPLE = (
    scope.narrow(
        select(D.member_id, *[each for each in D if each.name != "member_id"], User.display_name, PROTECTED)
        .join(Household, H.id == D.household_id)
        .join(Member, M.id == D.member_id)
        .outerjoin(User, User.id == D.user_id),
        H.division_code,
    )
    .where(among(D.member_id, "keys"), D.declared_on <= AS_OF)
    .order_by(D.declared_on.desc(), D.id.desc())
)
_CHANGES_OF = (
    scope.narrow(
        select(
            C.member_id,
            *[each for each in C if each.name not in ("member_id", "before")],
            User.display_name,
            PROTECTED,
        )
        .join(Household, H.id == C.household_id)
        .join(Member, M.id == C.member_id)
        .join(User, User.id == C.user_id),
        H.division_code,
    )
    .where(among(C.member_id, "keys"), C.effective_on <= AS_OF)
    .order_by(C.member_id, C.id.desc())
)
_CORRECTIONS_OF = (
    scope.narrow(
        select(
            C.household_id,
            *[each for each in C if each.name not in ("household_id", "before")],
            User.display_name,
            PROTECTED_HOME,
        )
        .join(Household, H.id == C.household_id)
        .join(User, User.id == C.user_id),
        H.division_code,
    )
    .where(among(C.household_id, "keys"), C.member_id.is_(None), C.effective_on <= AS_OF)
    .order_by(C.household_id, C.id.desc())
)
_REFERENCES_OF = (
    scope.narrow(
        select(X.household_id, X.system, X.kind, X.reference, M.reference.label("person"))
        .join(Household, H.id == X.household_id)
        .outerjoin(Member, M.id == X.member_id),
        H.division_code,
    )
    .where(among(X.household_id, "keys"))
    .order_by(X.household_id, X.system, X.kind, X.reference)
)


async def households(reading: Reading, keys: Sequence[int]) -> Rows:
    """Households as they were on the reading's day, the first column their key."""
    return await reading.rows(_HOUSEHOLDS, {"keys": keys})


async def people(reading: Reading, keys: Sequence[int]) -> Rows:
    """Memberships that had begun by the reading's day, the first column their key."""
    return await reading.rows(_PEOPLE, {"keys": keys})


async def members_of(reading: Reading, households: Sequence[int]) -> Rows:
    """The people whom households had on the reading's day, the first column telling whose."""
    return await reading.rows(_MEMBERS_OF, {"keys": households})


async def memberships_of(reading: Reading, people: Sequence[int]) -> Rows:
    """The other memberships of the same humans within the viewer's reach, the latest first."""
    return await reading.rows(_MEMBERSHIPS_OF, {"keys": people})


async def declared_by_households(reading: Reading, households: Sequence[int]) -> Rows:
    """What households themselves declared, the latest first, the first column telling which."""
    return await reading.rows(_OF_HOUSEHOLDS, {"keys": households})


async def declared_by_people(reading: Reading, people: Sequence[int]) -> Rows:
    """What people declared, the latest first, the first column telling who."""
    return await reading.rows(_OF_PEOPLE, {"keys": people})


async def changes_of(reading: Reading, people: Sequence[int]) -> Rows:
    """What was done with memberships by hand, the latest first, the first column telling with whose."""
    return await reading.rows(_CHANGES_OF, {"keys": people})


async def corrections_of(reading: Reading, households: Sequence[int]) -> Rows:
    """What was corrected of households themselves, the latest first, the first column telling of which."""
    return await reading.rows(_CORRECTIONS_OF, {"keys": households})


async def references_of(reading: Reading, households: Sequence[int]) -> Rows:
    """The numbers under which other systems know households and their members, the first column telling whose."""
    return await reading.rows(_REFERENCES_OF, {"keys": households})
