"""Households and the people in them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import Date, LargeBinary, String, and_, bindparam, func, literal, not_, or_, select

from api import scope
from api.database import among
from api.domain.review import ENDED
from api.loaders import causes, coverage, histories, visits
from api.loaders.conditions import in_division
from api.loaders.pages import By, Listing
from api.loaders.reading import Reading, Rows
from api.loaders.seasons import NOT_REACHED
from api.models import Enrolment, ExternalReference, File, Finding, Household, Member, table
from api.models.standing import stands

E, F, H, M, X = (table(each).c for each in (Enrolment, File, Household, Member, ExternalReference))
NEVER = literal(dt.date(1, 1, 1), Date())
_OF_LEAD, L = table(Household).alias("of_lead"), table(Finding).c
_HAS_LEADS = H.id.in_(
    select(L.household_id)
    .join(_OF_LEAD, _OF_LEAD.c.id == L.household_id)
    .where(L.state.not_in(ENDED), scope.unless_in_shadow(L, _OF_LEAD.c.division_code))
)
_GOING_ON = select(F.household_id).where(F.closed_on.is_(None))

PROTECTED_HOME = scope.protects_household(H.id)
PROTECTED_MEMBER = scope.protects_member(M.person_id, M.household_id)
PROTECTED = PROTECTED_MEMBER.label("protected")

_HOUSEHOLDS = scope.narrow(
    select(*[column for column in H if column.name != "others"], PROTECTED_HOME.label("protected")), H.division_code
)
_MEMBERS = scope.narrow(
    select(
        M.household_id, *[column for column in M if column.name not in ("household_id", "others")], PROTECTED
    ).join(Household, H.id == M.household_id),
    H.division_code,
)
_BY_KEY = _HOUSEHOLDS.where(among(H.id, "keys"))
_MEMBERS_BY_KEY = scope.narrow(
    select(*[column for column in M if column.name != "others"], PROTECTED).join(Household, H.id == M.household_id),
    H.division_code,
).where(among(M.id, "keys"))
_MEMBERS_OF = _MEMBERS.where(among(M.household_id, "keys"), stands(scope.TODAY)).order_by(M.household_id, M.id)


_PRESENT = select(M.household_id).where(stands(scope.TODAY))

LISTING = Listing(
    "households",
    _HOUSEHOLDS,
    H.id,
    {
        "division": in_division(H.division_code),
        "references": among(H.reference, "references", String),
        "stages": among(H.stage, "stages", String),
        "external_references": H.id.in_(
            select(X.household_id).where(among(X.reference, "external_references", String))
        ),
        "target_groups": among(H.target_group, "target_groups", String),
        "applied_from": H.applied_on >= bindparam("applied_from"),
        "applied_to": H.applied_on <= bindparam("applied_to"),
        "opened_from": H.file_opened_on >= bindparam("opened_from"),
        "opened_to": H.file_opened_on <= bindparam("opened_to"),
        "number": H.id.in_(_PRESENT.where(among(M.id_number_index, "number", LargeBinary))),
        "phone": or_(
            and_(among(H.phone_index, "phone", LargeBinary), scope.unless_hidden(PROTECTED_HOME)),
            H.id.in_(
                _PRESENT.where(
                    among(M.phone_index, "phone", LargeBinary),
                    scope.unless_hidden(PROTECTED_MEMBER),
                )
            ),
        ),
        "name": H.id.in_(
            _PRESENT.where(
                or_(among(M.name_index, "name", LargeBinary), among(M.former_name_index, "name", LargeBinary))
            )
        ),
        "causes": causes.NAMED,
        "tiers": H.id.in_(_GOING_ON.where(among(F.tier, "tiers", String))),
        "categories": H.id.in_(_GOING_ON.where(among(F.category, "categories", String))),
        "unchanged_since": H.updated_at < bindparam("unchanged_since", type_=H.updated_at.type),
        "assisted": H.id.in_(select(E.household_id)),
        "contact_officer": visits.HAS_OFFICER,
        "plan": coverage.HAS_PLAN,
        "cause_left_open": coverage.LEFT_OPEN,
        "season_not_reached": NOT_REACHED,
        "contact_officers": visits.IN_TOUCH,
        "with_open_findings": _HAS_LEADS,
        "without_open_findings": not_(_HAS_LEADS),
    },
    {
        "REGISTERED": By(H.id, int),
        "APPLIED_ON": By(func.coalesce(H.applied_on, NEVER), dt.date.fromisoformat),
        "FILE_OPENED_ON": By(func.coalesce(H.file_opened_on, NEVER), dt.date.fromisoformat),
        "REFERENCE": By(H.reference, str, unique=True),
    },
    identities={"number": "idNumber", "phone": "phone", "name": "name"},
)


async def by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """Households by their key, which is the first column."""
    if reading.as_of is not None:
        return await histories.households(reading, keys)
    return await reading.rows(_BY_KEY, {"keys": keys})


async def members_by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """People by their key, which is the first column."""
    if reading.as_of is not None:
        return await histories.people(reading, keys)
    return await reading.rows(_MEMBERS_BY_KEY, {"keys": keys})


async def members_of(reading: Reading, households: Sequence[int]) -> Rows:
    """The people whom households have, the first column telling whose; in the order of the register."""
    if reading.as_of is not None:
        return await histories.members_of(reading, households)
    return await reading.rows(_MEMBERS_OF, {"keys": households})
