"""Who did what to what, for those who audit: each act in the division of whom it was about, else of who did it.

An act has no division of its own. One about a household - it is the subject, or the subject is its, or it stands in the
detail - lies where the household lies today; one about no household, or about one that was erased, lies with who did it;
the operator's lie with the whole country. Which household it is, an act knows since it was written.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, ScalarSelect, String, and_, bindparam, func, or_, select

from api import scope
from api.database import Key, UtcDateTime, among
from api.domain.divisions import COUNTRY
from api.loaders.pages import By, Listing
from api.loaders.reading import Reading, Rows
from api.models import AuditEvent, Household, Member, User, table

EVENT, MEMBER = table(AuditEvent), table(Member)
E, H, M, U = EVENT.c, table(Household).c, MEMBER.c, table(User).c
HOUSEHOLD = "household"


def _home(household_id: ColumnElement[int], key: ColumnElement[int]) -> ScalarSelect[int]:
    return select(household_id).where(key == E.subject).correlate(EVENT).scalar_subquery()


_PROTECTED = or_(
    scope.protects_household(func.coalesce(H.id, 0)),
    and_(
        E.subject_type == "Person",
        func.coalesce(scope.protects_member(_home(M.person_id, M.id), _home(M.household_id, M.id)), False),
    ),
)
"""About a household that shelters somebody, or one of whose people is protected or lives with who is, here or elsewhere."""

_EVENTS = scope.narrow(
    select(
        *[column for column in E if column.name != "household_id"],
        H.id.label("household_id"),
        U.login,
        U.display_name,
        _PROTECTED.label("protected"),
    ).select_from(
        EVENT.outerjoin(table(User), U.id == E.user_id).outerjoin(table(Household), H.id == E.household_id)
    ),
    func.coalesce(H.division_code, U.division_code, COUNTRY),
)
_BY_KEY = _EVENTS.where(among(E.id, "keys"))
OF_HOUSEHOLD = select(E.id).where(E.household_id == bindparam("household", type_=Key))
"""Acts of one household."""

LISTING = Listing(
    "acts",
    _EVENTS,
    E.id,
    {
        HOUSEHOLD: E.id.in_(OF_HOUSEHOLD),
        "subject": and_(
            E.subject_type == bindparam("done_to_type", type_=String()), E.subject == bindparam("done_to", type_=Key)
        ),
        "keys": among(E.id, "keys"),
        "users": and_(among(U.login, "users", String), scope.unless_hidden(_PROTECTED)),
        "actions": among(E.action, "actions", String),
        "since": E.happened_at >= bindparam("since", type_=UtcDateTime()),
        "until": E.happened_at < bindparam("until", type_=UtcDateTime()),
    },
    {"RECORDED": By(E.id, int)},
)
"""Who handles somebody protected would tell where they are (F-29): not shown to who is not cleared, nor found by."""


async def by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """Acts by their key."""
    return await reading.rows(_BY_KEY, {"keys": keys})
