"""Donors, their pledges with what came of them, and the funds into which that went; no statement here reads a household."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import BigInteger, String, bindparam, func, select

from api import scope
from api.database import among
from api.domain.ledger import FundEntryKind
from api.loaders.conditions import in_division
from api.loaders.pages import By, Listing
from api.loaders.reading import Reading, Rows
from api.models import DonationPledge, DonationReceipt, Donor, Fund, FundEntry, Organisation, User, table

D, E, F, G, O, R, U = (  # noqa: E741
    table(each).c for each in (Donor, FundEntry, Fund, DonationPledge, Organisation, DonationReceipt, User)
)
_GIVEN = table(FundEntry).alias("given")

_DONORS = scope.narrow(
    select(*D, O.code, O.name_zh, O.name_en).outerjoin(Organisation, O.id == D.organisation_id), D.division_code
)
_DONORS_BY_KEY = _DONORS.where(among(D.id, "keys"))
_PLEDGES = scope.narrow(select(*G, U.display_name).join(User, U.id == G.recorded_by), G.division_code)
_PLEDGES_BY_KEY = _PLEDGES.where(among(G.id, "keys"))
_RECEIPTS_OF = (
    scope.narrow(
        select(R.pledge_id, R.amount_fen, R.received_on, R.receipt_no, E.fund_id, U.display_name)
        .join(DonationPledge, G.id == R.pledge_id)
        .join(User, U.id == R.user_id)
        .outerjoin(FundEntry, E.id == R.fund_entry_id),
        G.division_code,
    )
    .where(among(R.pledge_id, "keys"))
    .order_by(R.pledge_id, R.id)
)
_USE = (
    scope.narrow(
        select(
            F.id,
            F.division_code,
            F.year,
            F.paid_fen,
            func.sum(R.amount_fen).label("own_fen"),
            select(func.sum(_GIVEN.c.amount_fen))
            .where(_GIVEN.c.fund_id == F.id, _GIVEN.c.kind == FundEntryKind.ALLOCATED)
            .scalar_subquery()
            .label("given_fen"),
        )
        .join(FundEntry, E.fund_id == F.id)
        .join(DonationReceipt, R.fund_entry_id == E.id),
        F.division_code,
    )
    .where(R.pledge_id == bindparam("pledge"))
    .group_by(F.id, F.division_code, F.year, F.paid_fen)
    .order_by(F.year, F.id)
)

DONORS = Listing(
    "donors",
    _DONORS,
    D.id,
    {
        "division": in_division(D.division_code),
        "kinds": among(D.kind, "kinds", String),
        "anonymous": D.anonymous,
    },
    {"REGISTERED": By(D.id, int)},
)
PLEDGES = Listing(
    "pledges",
    _PLEDGES,
    G.id,
    {
        "division": in_division(G.division_code),
        "donors": among(G.donor_id, "donors", BigInteger),
        "kinds": among(G.kind, "kinds", String),
        "states": among(G.state, "states", String),
        "programmes": among(G.programme_code, "programmes", String),
        "measures": among(G.measure, "measures", String),
        "until_from": G.until >= bindparam("until_from"),
        "until_to": G.until <= bindparam("until_to"),
    },
    {"RECORDED": By(G.id, int), "UNTIL": By(G.until, dt.date.fromisoformat)},
)


async def donors_by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """Donors by their key."""
    return await reading.rows(_DONORS_BY_KEY, {"keys": keys})


async def pledges_by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """Pledges by their key."""
    return await reading.rows(_PLEDGES_BY_KEY, {"keys": keys})


async def receipts_of(reading: Reading, pledges: Sequence[int]) -> Rows:
    """What came of pledges, in the order in which it did, the first column telling of which."""
    return await reading.rows(_RECEIPTS_OF, {"keys": pledges})


async def use_of(reading: Reading, pledge: int) -> Rows:
    """The funds into which a pledge's money went, each with how much of it, how much in all, and what was paid."""
    return await reading.rows(_USE, {"pledge": pledge})
