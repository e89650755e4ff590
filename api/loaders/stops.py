"""What is proposed and decided for the worse, with the notice of it; what is given back; and errors of ours."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import BigInteger, Date, String, bindparam, func, select
from sqlalchemy.orm import aliased

from api import scope
from api.database import among
from api.loaders.conditions import in_division
from api.loaders.pages import By, Listing
from api.loaders.reading import Reading, Rows
from api.models import (
    AidNotice,
    Grant,
    Household,
    OfficialError,
    Recovery,
    RecoveryEntry,
    Stop,
    StopProposal,
    User,
    table,
)

G, H, N, P, R, S = (table(model).c for model in (Grant, Household, AidNotice, StopProposal, Recovery, Stop))
EN, OE = table(RecoveryEntry).c, table(OfficialError).c
_proposer, _decider, _finder = aliased(User), aliased(User), aliased(User)
_PROTECTED = scope.protects_household(H.id).label("protected")

_PROPOSALS = scope.narrow(
    select(
        *P, G.programme_code, _PROTECTED, _proposer.display_name.label("proposer"),
        _decider.display_name.label("decider"),
        N.document_no, N.facts, N.delivery, N.delivered_on, N.wait_until, N.answer, N.answered_on,
        S.decided_on, S.floor, S.left_fen, S.line_fen, S.referral_id,
    )
    .select_from(StopProposal)
    .join(Household, H.id == P.household_id)
    .join(Grant, G.id == P.grant_id)
    .join(_proposer, _proposer.id == P.proposed_by)
    .outerjoin(AidNotice, N.proposal_id == P.id)
    .outerjoin(Stop, S.proposal_id == P.id)
    .outerjoin(_decider, _decider.id == func.coalesce(S.decided_by, P.closed_by)),
    H.division_code,
)  # fmt: skip
_PROPOSALS_BY_KEY = _PROPOSALS.where(among(P.id, "keys"))
_LEFT = select(EN.left_fen).where(EN.recovery_id == R.id).order_by(EN.number.desc()).limit(1).scalar_subquery()
_RECOVERIES = scope.narrow(
    select(*R, S.grant_id, G.programme_code, _LEFT.label("left_fen"), _PROTECTED)
    .select_from(Recovery)
    .join(Household, H.id == R.household_id)
    .join(Stop, S.id == R.stop_id)
    .join(Grant, G.id == S.grant_id),
    H.division_code,
)
_RECOVERIES_BY_KEY = _RECOVERIES.where(among(R.id, "keys"))
_ENTRIES_OF = (
    scope.narrow(
        select(EN.recovery_id, *[column for column in EN if column.name != "recovery_id"])
        .select_from(RecoveryEntry)
        .join(Household, H.id == EN.household_id),
        H.division_code,
    )
    .where(among(EN.recovery_id, "keys"))
    .order_by(EN.recovery_id, EN.number)
)
_ERRORS = scope.narrow(
    select(*OE, _PROTECTED, _finder.display_name.label("finder"))
    .select_from(OfficialError)
    .join(_finder, _finder.id == OE.recorded_by)
    .outerjoin(Household, H.id == OE.household_id),
    func.coalesce(H.division_code, OE.division_code),
)
_ERRORS_BY_KEY = _ERRORS.where(among(OE.id, "keys"))
_FIRST, _LAST = bindparam("first", type_=Date()), bindparam("last", type_=Date())
_COUNTED = (
    scope.narrow(
        select(
            OE.kind,
            func.count().label("found"),
            func.count(OE.put_right_on).label("put_right"),
        ).select_from(OfficialError),
        OE.division_code,
    )
    .where(OE.discovered_on >= _FIRST, OE.discovered_on <= _LAST)
    .group_by(OE.kind)
    .order_by(OE.kind)
)

PROPOSALS = Listing(
    "stop_proposals",
    _PROPOSALS,
    P.id,
    {
        "division": in_division(H.division_code),
        "households": among(P.household_id, "households", BigInteger),
        "states": among(P.state, "states", String),
        "kinds": among(P.kind, "kinds", String),
    },
    {"PROPOSED": By(P.id, int)},
)
RECOVERIES = Listing(
    "recoveries",
    _RECOVERIES,
    R.id,
    {
        "division": in_division(H.division_code),
        "households": among(R.household_id, "households", BigInteger),
        "open": _LEFT > 0,
    },
    {"OPENED": By(R.id, int)},
)
ERRORS = Listing(
    "official_errors",
    _ERRORS,
    OE.id,
    {
        "division": in_division(OE.division_code),
        "households": among(OE.household_id, "households", BigInteger),
        "kinds": among(OE.kind, "kinds", String),
        "put_right": OE.put_right_on.is_not(None),
        "discovered_from": OE.discovered_on >= bindparam("discovered_from"),
        "discovered_to": OE.discovered_on <= bindparam("discovered_to"),
    },
    {"DISCOVERED_ON": By(OE.discovered_on, dt.date.fromisoformat)},
)


async def proposals_by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """Proposals by their key."""
    return await reading.rows(_PROPOSALS_BY_KEY, {"keys": keys})


async def recoveries_by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """Recoveries by their key."""
    return await reading.rows(_RECOVERIES_BY_KEY, {"keys": keys})


async def entries_of(reading: Reading, recoveries: Sequence[int]) -> Rows:
    """The entries of recoveries in their order, the first column telling of which."""
    return await reading.rows(_ENTRIES_OF, {"keys": recoveries})


async def errors_by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """Errors of ours by their key."""
    return await reading.rows(_ERRORS_BY_KEY, {"keys": keys})


async def errors_counted(reading: Reading, first: dt.date, last: dt.date) -> Rows:
    """By kind, how many errors of ours were discovered between these days, and how many of them were put right."""
    return await reading.rows(_COUNTED, {"first": first, "last": last})
