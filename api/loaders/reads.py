"""Who read whose data, and alarms: for those who audit the readers, and by whom was read for those who answer for these."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import String, and_, bindparam, select

from api import scope
from api.database import UtcDateTime, among
from api.domain.reads import HOUSEHOLD, PERSON
from api.loaders.conditions import in_division
from api.loaders.pages import By, Listing
from api.loaders.reading import Reading, Rows
from api.models import Alarm, Household, Member, Organisation, Read, ReadSubject, User, table

READ, SUBJECT, USER = table(Read), table(ReadSubject), table(User)
A, H, M, R, S, U = table(Alarm).c, table(Household).c, table(Member).c, READ.c, SUBJECT.c, USER.c
ORGANISATION = table(Organisation).c
HEARD_BY = USER.alias("heard_by")

_READER = (U.login, U.display_name, ORGANISATION.name_zh, ORGANISATION.name_en)
_FROM_READ = READ.join(USER, U.id == R.user_id).outerjoin(table(Organisation), ORGANISATION.id == U.organisation_id)
_READS = scope.narrow(select(*R, *_READER).select_from(_FROM_READ), R.division_code)
_READS_BY_KEY = _READS.where(among(R.id, "keys"))
_OF_PERSON = scope.narrow(
    select(*R, *_READER).select_from(
        _FROM_READ.join(SUBJECT, and_(S.read_id == R.id, S.kind == PERSON))
        .join(table(Member), M.id == S.key)
        .join(table(Household), H.id == M.household_id)
    ),
    H.division_code,
)
_OF_HOUSEHOLD = scope.narrow(
    select(*R, *_READER).select_from(
        _FROM_READ.join(SUBJECT, and_(S.read_id == R.id, S.kind == HOUSEHOLD)).join(table(Household), H.id == S.key)
    ),
    H.division_code,
)
_ALARMS = scope.narrow(
    select(*A, *_READER, HEARD_BY.c.display_name.label("heard_by")).select_from(
        table(Alarm)
        .join(USER, U.id == A.user_id)
        .outerjoin(table(Organisation), ORGANISATION.id == U.organisation_id)
        .outerjoin(HEARD_BY, HEARD_BY.c.id == A.acknowledged_by)
    ),
    A.division_code,
)
_ALARMS_BY_KEY = _ALARMS.where(among(A.id, "keys"))


_FILTERS = {
    "division": in_division(R.division_code),
    "readers": among(U.login, "readers", String),
    "purposes": among(R.purpose, "purposes", String),
    "outcomes": among(R.outcome, "outcomes", String),
    "identities": among(R.identity, "identities", String),
    "since": R.read_at >= bindparam("since", type_=UtcDateTime()),
    "until": R.read_at < bindparam("until", type_=UtcDateTime()),
    "people": R.whole >= bindparam("people"),
}
_ORDERS = {"RECORDED": By(R.id, int), "PEOPLE": By(R.whole, int)}

LISTING = Listing("reads", _READS, R.id, _FILTERS, _ORDERS)
OF_PERSON = Listing(
    "reads of a person", _OF_PERSON, R.id, {**_FILTERS, "subject": S.key == bindparam("subject")}, _ORDERS
)
ACCESS_LOG = Listing(
    "reads of a person, for that person",
    _OF_PERSON.where(scope.unless_hidden(scope.protects_member(M.person_id, M.household_id))),
    R.id,
    {"subject": S.key == bindparam("subject")},
    {"RECORDED": By(R.id, int)},
)
"""Who looks at somebody protected, or at others of their household, would tell where they are (F-29)."""

OF_HOUSEHOLD = Listing(
    "reads of a household", _OF_HOUSEHOLD, R.id, {**_FILTERS, "subject": S.key == bindparam("subject")}, _ORDERS
)
ALARMS = Listing(
    "alarms",
    _ALARMS,
    A.id,
    {
        "division": in_division(A.division_code),
        "readers": among(U.login, "readers", String),
        "kinds": among(A.kind, "kinds", String),
        "acknowledged": A.acknowledged_at.is_not(None),
        "open": A.acknowledged_at.is_(None),
    },
    {"RAISED": By(A.id, int)},
)


async def by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """Reads by their key."""
    return await reading.rows(_READS_BY_KEY, {"keys": keys})


async def alarms_by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """Alarms by their key."""
    return await reading.rows(_ALARMS_BY_KEY, {"keys": keys})
