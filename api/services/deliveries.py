"""From the outbox to webhooks: which events a webhook is told, in which order they are sent, and what came of each attempt.

An event becomes a message for each active webhook of its topic whose division holds its subject. A message that fails
holds back those behind it for its first attempts, so that they arrive in order; after these it is tried on its own. It
is sent at least once: whoever hears it twice knows it by its id.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import jobs, outbox
from api.database import among, locked, upsert
from api.domain import days, divisions
from api.domain.webhooks import (
    ATTEMPTS,
    MESSAGE,
    NODES,
    ORDERLY,
    PAUSES,
    DeliveryFailure,
    DeliveryState,
    DisabledBecause,
    WebhookState,
    WebhookTopic,
    content,
)
from api.models import (
    Alarm,
    Finding,
    Household,
    Notice,
    Objection,
    OutboxEvent,
    PaymentCycle,
    Scan,
    Task,
    Upload,
    Webhook,
    WebhookDelivery,
    table,
)
from api.outbox import Event
from api.sealing import Vault
from api.services import webhooks
from api.services.webhooks import COLUMN, JOB, PREVIOUS

GONE = 410
W, D, E, H = (table(each).c for each in (Webhook, WebhookDelivery, OutboxEvent, Household))


def _of_household(model: Any) -> Select[int, str]:
    key, household = table(model).c.id, table(model).c.household_id
    return select(key, H.division_code).join(Household, H.id == household).where(among(key, "keys"))


def _of_division(model: Any) -> Select[int, str]:
    columns = table(model).c
    return select(columns.id, columns.division_code).where(among(columns.id, "keys"))


LIES: Mapping[WebhookTopic, Select[int, str]] = {
    WebhookTopic.HOUSEHOLD: _of_division(Household),
    WebhookTopic.FINDING: _of_household(Finding),
    WebhookTopic.SCAN: _of_division(Scan),
    WebhookTopic.NOTICE: _of_household(Notice),
    WebhookTopic.OBJECTION: _of_household(Objection),
    WebhookTopic.TASK: _of_household(Task),
    WebhookTopic.PAYMENT_CYCLE: _of_division(PaymentCycle),
    WebhookTopic.ALARM: _of_division(Alarm),
    WebhookTopic.DOUBTFUL_ROWS: _of_division(Upload),
}
"""By topic in which division its subjects lie; what is gone lies nowhere, and nobody is told of it."""

_BEHIND = select(W.id).where(W.state == WebhookState.ACTIVE, W.position < select(func.max(E.id)).scalar_subquery())
_PLACE = func.coalesce(D.event_id, 0)


@dataclass(frozen=True, slots=True)
class Message:
    """One message to be sent: where, what it says, and the secrets that sign it."""

    key: int
    url: str
    name: str
    body: bytes
    secrets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of an attempt: the status that was answered, or why there was none that counts; and how long it took."""

    status: int | None
    failure: DeliveryFailure | None
    milliseconds: int


async def any_behind(connection: AsyncConnection) -> bool:
    """Whether the outbox holds what some webhook has not been looked at for."""
    return (await connection.execute(_BEHIND.limit(1))).first() is not None


async def queue(connection: AsyncConnection, now: dt.datetime) -> None:
    """The next events of the outbox are messages of the webhooks that they are for; each is looked after by a job."""
    behind = locked(select(*W).where(W.id.in_(_BEHIND)).order_by(W.id), connection, Webhook)
    for webhook in (await connection.execute(behind)).all():
        events = await outbox.after(connection, webhook.position)
        if not events:
            continue
        rows = await _told(connection, webhook, events, now)
        if rows:
            again = {"state", "attempts", "first_tried_at", "next_at", "delivered_at", "queued_at"}
            put = upsert(connection, table(WebhookDelivery), ["webhook_id", "event_id"], again)
            await connection.execute(put, rows)
            await jobs.look_soon(connection, JOB, webhook.id, now)
        await connection.execute(update(Webhook).where(W.id == webhook.id).values(position=events[-1].id))


async def _told(
    connection: AsyncConnection, webhook: Row[*tuple[Any, ...]], events: Sequence[Event], now: dt.datetime
) -> list[dict[str, Any]]:
    """The messages that these events are for one webhook."""
    topics = {WebhookTopic(topic) for topic in webhook.topics}
    asked: dict[WebhookTopic, list[Event]] = {}
    for event in events:
        if (topic := _topic(event.topic)) in topics:
            asked.setdefault(topic, []).append(event)
    rows = []
    for topic, of in asked.items():
        found = await connection.execute(LIES[topic], {"keys": sorted({event.subject for event in of})})
        lies = dict(found.all())
        here = [e for e in of if e.subject in lies and divisions.holds(webhook.division_code, lies[e.subject])]
        happened = select(E.id, E.happened_at).where(among(E.id, "keys"))
        moments = dict((await connection.execute(happened, {"keys": [event.id for event in here]})).all())
        rows += [
            {
                "webhook_id": webhook.id,
                "event_id": event.id,
                "topic": topic,
                "subject": event.subject,
                "happened_at": moments[event.id],
                "queued_at": now,
                "state": DeliveryState.WAITING,
                "attempts": 0,
                "first_tried_at": None,
                "next_at": now,
                "delivered_at": None,
            }
            for event in here
        ]
    return sorted(rows, key=lambda row: row["event_id"])


def _topic(name: str) -> WebhookTopic | None:
    try:
        return WebhookTopic(name.upper())
    except ValueError:
        return None


async def next_of(
    connection: AsyncConnection, vault: Vault, webhook_id: int, now: dt.datetime
) -> Message | dt.datetime | None:
    """The message to be sent now; or when to look again; None where nothing waits, or nothing is told any more.

    The webhook's row is held, so that whoever finds nothing can end its job.
    """
    held = locked(select(*W).where(W.id == webhook_id), connection, Webhook)
    webhook = (await connection.execute(held)).one_or_none()
    if webhook is None or webhook.state != WebhookState.ACTIVE:
        return None
    waits = (D.webhook_id == webhook_id, D.state == DeliveryState.WAITING)
    first = select(*D).where(*waits, D.attempts < ORDERLY).order_by(_PLACE, D.id).limit(1)
    late = select(*D).where(*waits, D.attempts >= ORDERLY).order_by(D.next_at, D.id).limit(1)
    found = [row for each in (late, first) if (row := (await connection.execute(each)).one_or_none()) is not None]
    for row in found:
        if row.next_at <= now:
            return _message(vault, webhook, row, now)
    return min((row.next_at for row in found), default=None)


def _message(vault: Vault, webhook: Row[*tuple[Any, ...]], row: Row[*tuple[Any, ...]], now: dt.datetime) -> Message:
    topic = WebhookTopic(row.topic)
    public_id = None if row.subject is None else vault.ids(NODES[topic], [row.subject])[0]
    secrets = [vault.open(COLUMN, webhook.secret)]
    if webhook.previous_until is not None and webhook.previous_until > now:
        secrets.append(vault.open(PREVIOUS, webhook.previous_secret))
    name = MESSAGE + vault.ids("WebhookDelivery", [row.id])[0]
    known = tuple(secret for secret in secrets if secret is not None)
    return Message(row.id, webhook.url, name, content(topic, row.happened_at, public_id), known)


async def note(connection: AsyncConnection, webhook_id: int, delivery_id: int, sent: Sent, now: dt.datetime) -> None:
    """What came of an attempt: it has arrived; or it waits, longer each time, and in the end is given up.

    A webhook that says it is gone, or that took nothing while a message was tried to the end, is told nothing any more.
    """
    webhook = (await connection.execute(locked(select(*W).where(W.id == webhook_id), connection, Webhook))).one()
    row = (await connection.execute(select(*D).where(D.id == delivery_id))).one()
    attempts, first = row.attempts + 1, row.first_tried_at or now
    told = {
        "attempts": attempts,
        "first_tried_at": first,
        "status": sent.status,
        "failure": sent.failure,
        "milliseconds": sent.milliseconds,
    }
    changed = update(WebhookDelivery).where(D.id == row.id)
    if sent.failure is None:
        arrived = {"state": DeliveryState.DELIVERED, "delivered_at": now, "next_at": None}
        await connection.execute(changed.values(**told, **arrived))
        return
    gone, over = sent.status == GONE, attempts >= ATTEMPTS
    if over:
        await connection.execute(changed.values(**told, state=DeliveryState.FAILED, next_at=None))
    else:
        await connection.execute(changed.values(**told, next_at=now + PAUSES[attempts - 1]))
    if webhook.state != WebhookState.ACTIVE:
        return
    if gone or (over and not await _took_any(connection, webhook_id, first)):
        because = DisabledBecause.GONE if gone else DisabledBecause.FAILED
        await webhooks.disable(connection, webhook, because, now)


async def _took_any(connection: AsyncConnection, webhook_id: int, since: dt.datetime) -> bool:
    arrived = select(D.id).where(D.webhook_id == webhook_id, D.delivered_at >= since)
    return (await connection.execute(arrived.limit(1))).first() is not None


async def forget_old(connection: AsyncConnection, now: dt.datetime) -> None:
    """Events and messages are kept as long as they can be told again; longer, where an active webhook waits for them."""
    kept = webhooks.kept(days.today(now))
    slowest = select(func.min(W.position)).where(W.state == WebhookState.ACTIVE)
    await outbox.forget_old(connection, now, kept, await connection.scalar(slowest))
    active = select(W.id).where(W.state == WebhookState.ACTIVE)
    ended = or_(D.state != DeliveryState.WAITING, D.webhook_id.not_in(active))
    await connection.execute(delete(WebhookDelivery).where(D.queued_at < now - kept, ended))
