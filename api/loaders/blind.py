"""Households that were drawn to be looked at blind, and what that came to: which of them has a lead is in no row that is shown (F-19)."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence

from sqlalchemy import BigInteger, String, and_, bindparam, func, select

from api import scope
from api.database import among
from api.domain import divisions
from api.domain.blind import BlindVerdict, Estimate, estimate
from api.loaders.conditions import in_division
from api.loaders.pages import By, Listing
from api.loaders.reading import Reading, Rows
from api.models import BlindCase, BlindDraw, Household, User, table

B, D, H, U = (table(each).c for each in (BlindCase, BlindDraw, Household, User))
_CASES = scope.narrow(
    select(
        *[column for column in B if column.name not in ("has_lead", "draw_id")],
        D.quarter,
        H.division_code,
        U.display_name,
        scope.protects_household(B.household_id).label("protected"),
    )
    .join(BlindDraw, D.id == B.draw_id)
    .join(Household, H.id == B.household_id)
    .outerjoin(User, U.id == B.reviewer_id),
    H.division_code,
)
_BY_KEY = _CASES.where(among(B.id, "keys"))
_COUNTED = (
    scope.narrow(
        select(B.has_lead, B.verdict, func.count().label("cases"))
        .select_from(BlindCase)
        .join(BlindDraw, D.id == B.draw_id)
        .join(Household, H.id == B.household_id),
        H.division_code,
    )
    .where(in_division(H.division_code), D.quarter == bindparam("quarter"))
    .group_by(B.has_lead, B.verdict)
)

LISTING = Listing(
    "blind_cases",
    _CASES,
    B.id,
    {
        "division": in_division(H.division_code),
        "households": among(B.household_id, "households", BigInteger),
        "verdicts": and_(B.verdict.is_not(None), among(B.verdict, "verdicts", String)),
        "made": B.verdict.is_not(None),
    },
    {"DRAWN": By(B.id, int)},
)


async def by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """Cases by their key."""
    return await reading.rows(_BY_KEY, {"keys": keys})


async def estimates(reading: Reading, code: str, begins: dt.date) -> tuple[Estimate, Estimate]:
    """What was found in the quarter in households without a lead, and in those with one."""
    low, high = divisions.span(code)
    asked = {"division_from": low, "division_to": high, "quarter": begins}
    drawn, verdicts = Counter[bool](), {False: Counter[BlindVerdict](), True: Counter[BlindVerdict]()}
    for row in await reading.rows(_COUNTED, asked):
        drawn[row.has_lead] += row.cases
        if row.verdict is not None:
            verdicts[row.has_lead][BlindVerdict(row.verdict)] += row.cases
    return estimate(drawn[False], verdicts[False]), estimate(drawn[True], verdicts[True])
