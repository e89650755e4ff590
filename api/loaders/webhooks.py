"""Webhooks of the viewer's division, and their messages; whom a message is about is told to nobody here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import BigInteger, String, bindparam, select

from api import scope
from api.database import among
from api.loaders.conditions import in_division
from api.loaders.pages import By, Listing
from api.loaders.reading import Reading, Rows
from api.models import User, Webhook, WebhookDelivery, table

D, U, W = (table(each).c for each in (WebhookDelivery, User, Webhook))

_WEBHOOKS = scope.narrow(
    select(
        W.id, W.division_code, W.url, W.topics, W.previous_until, W.state, W.disabled_because, W.disabled_at,
        W.registered_at, W.version, U.login,
    ).outerjoin(User, U.id == W.registered_by),
    W.division_code,
)  # fmt: skip
_WEBHOOKS_BY_KEY = _WEBHOOKS.where(among(W.id, "keys"))
_DELIVERIES = scope.narrow(
    select(
        D.id, D.webhook_id, D.topic, D.happened_at, D.queued_at, D.state, D.attempts, D.next_at, D.status, D.failure,
        D.milliseconds, D.delivered_at,
    ).join(Webhook, W.id == D.webhook_id),
    W.division_code,
)  # fmt: skip
_DELIVERIES_BY_KEY = _DELIVERIES.where(among(D.id, "keys"))

WEBHOOKS = Listing(
    "webhooks",
    _WEBHOOKS,
    W.id,
    {"division": in_division(W.division_code), "states": among(W.state, "states", String)},
    {"REGISTERED": By(W.id, int)},
)
DELIVERIES = Listing(
    "webhookDeliveries",
    _DELIVERIES,
    D.id,
    {
        "webhooks": among(D.webhook_id, "webhooks", BigInteger),
        "topics": among(D.topic, "topics", String),
        "states": among(D.state, "states", String),
        "since": D.happened_at >= bindparam("since"),
    },
    {"QUEUED": By(D.id, int), "HAPPENED": By(D.happened_at, dt.datetime.fromisoformat)},
)


async def webhooks_by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """Webhooks by their key."""
    return await reading.rows(_WEBHOOKS_BY_KEY, {"keys": keys})


async def deliveries_by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """Messages by their key."""
    return await reading.rows(_DELIVERIES_BY_KEY, {"keys": keys})
