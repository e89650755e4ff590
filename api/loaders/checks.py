"""Who asked what a check found of somebody, and what that was, while it is kept with its round and nothing else was found since."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, String, cast, func, select

from api import scope
from api.database import among
from api.loaders.findings import SHOWN, F
from api.loaders.reading import Reading, Rows
from api.models import ApplicantCheck, Household, HouseholdCheck, Member, VerificationRequest, table

C, H, K, M, R = (table(each).c for each in (ApplicantCheck, Household, HouseholdCheck, Member, VerificationRequest))

_RAISED = (
    select(
        func.aggregate_strings(
            F.reference.concat(" ")
            .concat(cast(F.id, String))
            .concat(" ")
            .concat(F.state)
            .concat(" ")
            .concat(F.evidence_hash),
            ",",
        )
    )
    .where(F.household_id == H.id, SHOWN)
    .correlate(table(Household))
    .scalar_subquery()
)
"""The leads that scans have raised about the household, in words with commas between: so they cost no statement more."""

_CHECKS = scope.narrow(
    select(
        *C,
        K.as_of,
        K.checked_at,
        K.content,
        R.sources,
        M.reference,
        scope.set_aside(H.division_code).label("set_aside"),
        _RAISED.label("raised"),
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


def raised(row: Row[*tuple[Any, ...]]) -> dict[str, tuple[int, str, str]]:
    """The household's leads that scans have raised, by their reference: key, state, and the hash of their evidence."""
    told = (each.split(" ") for each in (row.raised or "").split(",") if each)
    return {reference: (int(key), state, evidence) for reference, key, state, evidence in told}
