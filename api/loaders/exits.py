"""Proposals to end a file, tests of incomes that were kept, and watches over households that left hardship."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import BigInteger, String, and_, bindparam, select
from sqlalchemy.orm import aliased

from api import scope
from api.database import among
from api.loaders.conditions import in_division
from api.loaders.pages import By, Listing
from api.loaders.reading import Reading, Rows
from api.models import ExitAssessment, Household, Proposal, User, Watch, table

A, H, P, W = (table(model).c for model in (ExitAssessment, Household, Proposal, Watch))
_proposer, _decider = aliased(User), aliased(User)
_PROTECTED = scope.protects_household(H.id).label("protected")

_PROPOSALS = scope.narrow(
    select(
        *P,
        H.division_code,
        _PROTECTED,
        _proposer.display_name.label("proposer"),
        _decider.display_name.label("decider"),
    )
    .join(Household, H.id == P.household_id)
    .join(_proposer, _proposer.id == P.proposed_by)
    .outerjoin(_decider, _decider.id == P.decided_by),
    H.division_code,
)
_PROPOSALS_BY_KEY = _PROPOSALS.where(among(P.id, "keys"))
_WATCHES = scope.narrow(
    select(*W, H.division_code, _PROTECTED, User.display_name)
    .join(Household, H.id == W.household_id)
    .outerjoin(User, User.id == W.done_by),
    H.division_code,
)
_WATCHES_BY_KEY = _WATCHES.where(among(W.id, "keys"))
_ASSESSMENTS = scope.narrow(
    select(*A, _PROTECTED, User.display_name)
    .join(Household, H.id == A.household_id)
    .join(User, User.id == A.user_id),
    H.division_code,
)
_ASSESSMENTS_OF = _ASSESSMENTS.where(H.id == bindparam("household")).order_by(A.id.desc()).limit(bindparam("most"))
_ASSESSMENTS_BY_KEY = _ASSESSMENTS.where(among(A.id, "keys"))

PROPOSALS = Listing(
    "proposals",
    _PROPOSALS,
    P.id,
    {
        "division": in_division(H.division_code),
        "households": among(P.household_id, "households", BigInteger),
        "states": among(P.state, "states", String),
        "actions": among(P.action, "actions", String),
    },
    {"PROPOSED": By(P.id, int)},
)
WATCHES = Listing(
    "watches",
    _WATCHES,
    W.id,
    {
        "division": in_division(H.division_code),
        "households": among(W.household_id, "households", BigInteger),
        "due": and_(W.outcome.is_(None), W.due_on <= bindparam("due_by")),
        "outcomes": among(W.outcome, "outcomes", String),
    },
    {"DUE_ON": By(W.due_on, dt.date.fromisoformat)},
)


async def proposals_by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """Proposals by their key."""
    return await reading.rows(_PROPOSALS_BY_KEY, {"keys": keys})


async def watches_by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """Watches by their key."""
    return await reading.rows(_WATCHES_BY_KEY, {"keys": keys})


async def assessments_of(reading: Reading, household: int, most: int) -> Rows:
    """The latest tests of a household that were kept, at most so many."""
    return await reading.rows(_ASSESSMENTS_OF, {"household": household, "most": most})


async def assessments_by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """Tests that were kept, by their key."""
    return await reading.rows(_ASSESSMENTS_BY_KEY, {"keys": keys})
