"""What departments sent: uploads with their receipts, and the feeds that became of them; a department sees its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import String, func, select

from api import scope
from api.database import among
from api.loaders.conditions import in_division
from api.loaders.households import NEVER
from api.loaders.pages import By, Listing
from api.loaders.reading import Reading, Rows
from api.models import Feed, Organisation, Receipt, Upload, table

F, G, R, U = (table(each).c for each in (Feed, Organisation, Receipt, Upload))
_LATER = table(Feed).alias("later")

_UPLOADS = scope.narrow_to_batches(
    select(*U, R.number.label("receipt_number"), R.digest, R.issued_at).outerjoin(Receipt, R.upload_id == U.id),
    U.organisation_id,
    U.division_code,
)
_FEEDS = scope.narrow_to_batches(
    select(*F, U.id.label("upload_id"), U.batch, G.name_zh.label("department"))
    .outerjoin(Upload, U.feed_id == F.id)
    .outerjoin(Organisation, G.id == F.organisation_id),
    F.organisation_id,
    F.division_code,
)
_NEWEST = ~(
    select(_LATER.c.id)
    .where(
        _LATER.c.department_code == F.department_code,
        func.coalesce(_LATER.c.organisation_id, 0) == func.coalesce(F.organisation_id, 0),
        _LATER.c.id > F.id,
    )
    .correlate(Feed)
    .exists()
)

UPLOADS = Listing(
    "uploads",
    _UPLOADS,
    U.id,
    {
        "division": in_division(U.division_code),
        "sources": among(U.source, "sources", String),
        "states": among(U.state, "states", String),
        "batches": among(U.batch, "batches", String),
    },
    {"BEGUN": By(U.id, int), "AS_OF": By(U.as_of, dt.date.fromisoformat)},
)
FEEDS = Listing(
    "feeds",
    _FEEDS,
    F.id,
    {
        "division": in_division(F.division_code),
        "sources": among(F.department_code, "sources", String),
        "newest": _NEWEST,
        "complete": F.complete,
    },
    {"RECEIVED": By(F.id, int), "AS_OF": By(func.coalesce(F.as_of, NEVER), dt.date.fromisoformat)},
)

_UPLOADS_BY_KEY = _UPLOADS.where(among(U.id, "keys"))
_FEEDS_BY_KEY = _FEEDS.where(among(F.id, "keys"))


async def by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """Uploads by their key."""
    return await reading.rows(_UPLOADS_BY_KEY, {"keys": keys})


async def feeds_by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """Feeds by their key."""
    return await reading.rows(_FEEDS_BY_KEY, {"keys": keys})
