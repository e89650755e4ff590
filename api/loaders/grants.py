"""Grants of aid, with who proposed and who decided them, and the bills that they help to pay; to departments their own."""

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
from api.models import Cause, Cost, Decision, Grant, Household, User, table

B, C, D, G, H = (table(model).c for model in (Cost, Cause, Decision, Grant, Household))
_proposer, _decider = aliased(User), aliased(User)
_GRANTS = scope.narrow_to_agency(
    scope.narrow(
        select(
            G.household_id,
            *[column for column in G if column.name != "household_id"],
            scope.protects_household(H.id).label("protected"),
            C.cause,
            B.reference,
            B.incurred_on,
            B.cost_fen,
            B.covered_fen,
            D.reason.label("decision_reason"),
            D.document_no,
            D.made_at,
            _proposer.login.label("proposer_login"),
            _proposer.display_name.label("proposer"),
            _decider.login.label("decider_login"),
            _decider.display_name.label("decider"),
        )
        .join(Household, H.id == G.household_id)
        .join(_proposer, _proposer.id == G.proposed_by)
        .outerjoin(_decider, _decider.id == G.decided_by)
        .outerjoin(Decision, D.id == G.decision_id)
        .outerjoin(Cause, C.id == G.cause_id)
        .outerjoin(Cost, B.id == G.cost_id),
        H.division_code,
    ),
    G.programme_code,
    H.division_code,
)
_BY_KEY = _GRANTS.where(among(G.id, "keys"))
_OF_HOUSEHOLDS = _GRANTS.where(among(G.household_id, "keys")).order_by(
    G.household_id, G.first_month.desc(), G.id.desc()
)

GRANTS = Listing(
    "grants",
    _GRANTS,
    G.id,
    {
        "division": in_division(H.division_code),
        "households": among(G.household_id, "households", BigInteger),
        "states": among(G.state, "states", String),
        "programmes": among(G.programme_code, "programmes", String),
        "paying": and_(G.first_month <= bindparam("month"), G.last_month >= bindparam("month")),
    },
    {"PROPOSED": By(G.id, int), "FIRST_MONTH": By(G.first_month, dt.date.fromisoformat)},
)


async def by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """Grants by their key."""
    return await reading.rows(_BY_KEY, {"keys": keys})


async def of_households(reading: Reading, keys: Sequence[int]) -> Rows:
    """The grants of households, the first column telling whose, the latest first."""
    return await reading.rows(_OF_HOUSEHOLDS, {"keys": keys})
