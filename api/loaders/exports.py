"""Exports that somebody of the viewer's division asked for: what, for which purpose, how many rows; nothing of what is in them.

Who reads no cases sees those that somebody of their own organisation asked for.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import String, select

from api import scope
from api.database import among
from api.loaders.pages import By, Listing
from api.loaders.reading import Reading, Rows
from api.models import Export, Organisation, User, table

O, U, X = (table(each).c for each in (Organisation, User, Export))  # noqa: E741

_EXPORTS = scope.narrow_to_receiver(scope.narrow(
    select(
        X.id, X.kind, X.format, X.division_code, X.purpose, X.status, X.rows, X.size, X.sha256, X.failure, X.times_taken,
        X.requested_at, X.started_at, X.finished_at, X.expires_at, U.login, U.display_name, O.name_zh, O.name_en,
    ).join(User, U.id == X.user_id).outerjoin(Organisation, O.id == U.organisation_id),
    X.division_code,
), U.organisation_id)  # fmt: skip
_BY_KEY = _EXPORTS.where(among(X.id, "keys"))

EXPORTS = Listing(
    "exports",
    _EXPORTS,
    X.id,
    {
        "kinds": among(X.kind, "kinds", String),
        "statuses": among(X.status, "statuses", String),
        "logins": among(U.login, "logins", String),
    },
    {"REQUESTED": By(X.id, int)},
)


async def by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """Exports by their key."""
    return await reading.rows(_BY_KEY, {"keys": keys})
