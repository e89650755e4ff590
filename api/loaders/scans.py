"""Scans, and the links that the latest finished ones found."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import String, bindparam, func, select

from api import scope
from api.database import among
from api.domain.scans import ScanStatus
from api.loaders.conditions import in_division
from api.loaders.households import NEVER
from api.loaders.pages import By, Listing
from api.loaders.reading import Reading, Rows
from api.models import Household, Link, Member, Scan, ScanReceipt, table

H, L, M, R, S = (table(each).c for each in (Household, Link, Member, ScanReceipt, Scan))

_SCANS = scope.narrow(select(*S), S.division_code)
_RECEIPTS_OF = scope.narrow(
    select(R.scan_id, R.document, R.made_at).join(Scan, S.id == R.scan_id), S.division_code
).where(among(R.scan_id, "keys"))
_BY_KEY = _SCANS.where(among(S.id, "keys"))
_COVERING = table(Scan).alias("covering")
_NUMBERED = (
    scope.narrow(
        select(
            L.member_id,
            *[column for column in L if column.name != "member_id"],
            func.row_number().over(partition_by=L.member_id, order_by=(L.source, L.record_id, L.id)).label("place"),
        )
        .join(Member, M.id == L.member_id)
        .join(Household, H.id == M.household_id),
        H.division_code,
    )
    .where(
        among(L.member_id, "keys"),
        L.scan_id
        == select(_COVERING.c.id)
        .where(
            _COVERING.c.status == ScanStatus.SUCCEEDED,
            _COVERING.c.division_from <= H.division_code,
            _COVERING.c.division_to > H.division_code,
        )
        .order_by(_COVERING.c.as_of.desc(), _COVERING.c.id.desc())
        .limit(1)
        .correlate(Household)
        .scalar_subquery(),
    )
    .subquery()
)
_LINKS_OF = (
    select(_NUMBERED).where(_NUMBERED.c.place <= bindparam("most")).order_by(_NUMBERED.c.member_id, _NUMBERED.c.place)
)

LISTING = Listing(
    "scans",
    _SCANS,
    S.id,
    {
        "division": in_division(S.division_code),
        "statuses": among(S.status, "statuses", String),
    },
    {"REQUESTED": By(S.id, int), "AS_OF": By(func.coalesce(S.as_of, NEVER), dt.date.fromisoformat)},
)


async def by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """Scans by their key."""
    return await reading.rows(_BY_KEY, {"keys": keys})


async def links_of(reading: Reading, people: Sequence[int], most: int) -> Rows:
    """The links of people in the latest finished scan of their division, the first column telling whose.

    The latest is the one that asks about the latest day, and of those the one that was asked for last.
    """
    return await reading.rows(_LINKS_OF, {"keys": people, "most": most})


async def receipts_of(reading: Reading, scans: Sequence[int]) -> Rows:
    """Receipts of scans, the first column telling of which."""
    return await reading.rows(_RECEIPTS_OF, {"keys": scans})
