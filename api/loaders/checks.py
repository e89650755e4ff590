"""Who asked what a check found of somebody, and what that was, while it is kept with its round and nothing else was found since."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from api import scope
from api.database import among
from api.loaders.reading import Reading, Rows
from api.models import ApplicantCheck, Household, HouseholdCheck, Member, VerificationRequest, table

C, H, K, M, R = (table(each).c for each in (ApplicantCheck, Household, HouseholdCheck, Member, VerificationRequest))

_CHECKS = scope.narrow(
    select(
        *C,
        K.as_of,
        K.checked_at,
        K.content,
        R.sources,
        M.reference,
        scope.set_aside(H.division_code).label("set_aside"),
        scope.protects_member(M.person_id, H.id).label("protected"),
    )
    .join(VerificationRequest, R.id == C.request_id)
    .join(HouseholdCheck, K.request_id == C.request_id)
    .join(Member, M.id == C.member_id)
    .join(Household, H.id == C.household_id),
    H.division_code,
)
_BY_KEY = _CHECKS.where(among(C.id, "keys"), K.checked_at <= C.asked_at)


async def by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """Checks by their key."""
    return await reading.rows(_BY_KEY, {"keys": keys})
