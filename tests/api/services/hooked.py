"""A webhook of a division that is switched off, a message to it, and an export, written as they are kept; what to say of them in tests that walk all there is."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from api.models import Export, Webhook, WebhookDelivery
from api.sealing import Vault
from api.services.webhooks import COLUMN


async def hooked(
    connection: AsyncConnection, vault: Vault, division: str, user: int, now: dt.datetime
) -> dict[str, int]:
    """The keys of all three."""
    row = {
        "division_code": division, "url": "https://hooks.example/", "topics": ["SCAN"], "secret": vault.seal(COLUMN, "whsec_"),
        "state": "DISABLED", "disabled_because": "GONE", "disabled_at": now, "position": 0, "registered_by": user, "registered_at": now, "version": 1,
    }  # fmt: skip
    webhook = (await connection.execute(insert(Webhook).values(**row).returning(Webhook.id))).scalar_one()
    message = {
        "webhook_id": webhook, "topic": "PING", "happened_at": now, "queued_at": now, "state": "DELIVERED", "attempts": 1,
        "status": 204, "milliseconds": 3, "delivered_at": now,
    }  # fmt: skip
    added = await connection.execute(insert(WebhookDelivery).values(**message).returning(WebhookDelivery.id))
    export = {
        "kind": "FINDINGS", "format": "CSV", "user_id": user, "division_code": division, "role": "REVIEWER", "purpose": "REVIEW",
        "named": True, "status": "FAILED", "rows": 0, "parts": 0, "times_taken": 0, "requested_at": now, "finished_at": now,
    }  # fmt: skip
    made = await connection.execute(insert(Export).values(**export).returning(Export.id))
    return {"Webhook": webhook, "WebhookDelivery": added.scalar_one(), "Export": made.scalar_one()}
