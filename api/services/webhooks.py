"""Webhooks are registered, given new secrets, tested, asked to tell again, and switched off and on, by administrators.

What is told goes through the outbox alone (services/deliveries). A secret is shown to whoever made it, once, and kept
sealed; while one follows another both sign.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import jobs, outbox, scope
from api.database import locked
from api.domain import accounts as rules
from api.domain import days
from api.domain.accounts import Administrator
from api.domain.errors import NotDone, UserErrorCode
from api.domain.hosts import AllowedHosts, NotAllowed
from api.domain.webhooks import (
    MOST_OVERLAP_HOURS,
    DeliveryState,
    DisabledBecause,
    WebhookState,
    WebhookTopic,
    new_secret,
)
from api.matching import policy
from api.models import OutboxEvent, Webhook, WebhookDelivery, table
from api.sealing import Vault
from api.services import audit

JOB = "webhook"
REPLAY_DAYS = "webhook.replay_days"
COLUMN, PREVIOUS = "webhooks.secret", "webhooks.previous_secret"
MOST_WEBHOOKS = 100
"""How many a division may have, those switched off among them."""

W, D, E = (table(each).c for each in (Webhook, WebhookDelivery, OutboxEvent))
_WEBHOOK = scope.narrow(select(*W), W.division_code)


def kept(day: dt.date) -> dt.timedelta:
    """How long what happened is kept, to be told again."""
    return dt.timedelta(days=policy.whole(REPLAY_DAYS, day))


async def register(
    connection: AsyncConnection,
    vault: Vault,
    by: Administrator,
    hosts: AllowedHosts,
    url: str,
    topics: Sequence[WebhookTopic],
    division: str,
    now: dt.datetime,
) -> tuple[int, str]:
    """A new webhook, told what happens from now on; its key, and its secret, shown once. Raises NotDone."""
    code = rules.division(division, by)
    try:
        place = hosts.place(url)
    except NotAllowed:
        raise _invalid(
            "url",
            "只能发往运维人员已允许的主机（JIEKUN_WEBHOOK_HOSTS），以 https 访问，网址中不含用户名和 # 片段。",
            "Only hosts that the operator has named (JIEKUN_WEBHOOK_HOSTS), over https, without a user or a #fragment.",
        ) from None
    wanted = sorted(set(topics))
    if not wanted or WebhookTopic.PING in wanted:
        raise _invalid(
            "topics",
            "须选择至少一个主题；测试消息不是主题。",
            "Choose at least one topic; a test message is none.",
        )
    there = select(func.count()).select_from(Webhook).where(W.division_code == code)
    if int((await connection.execute(there)).scalar_one()) >= MOST_WEBHOOKS:
        raise _invalid(
            "divisionCode", f"每个区划最多 {MOST_WEBHOOKS} 个。", f"A division has up to {MOST_WEBHOOKS} of them."
        )
    secret = new_secret()
    row = {
        "division_code": code,
        "url": url,
        "topics": wanted,
        "secret": vault.seal(COLUMN, secret),
        "state": WebhookState.ACTIVE,
        "position": await outbox.newest(connection),
        "registered_by": by.user_id,
        "registered_at": now,
        "version": 1,
    }
    key = int((await connection.execute(insert(Webhook).values(**row).returning(W.id))).scalar_one())
    detail = {"division": code, "host": place.named, "topics": wanted}
    await audit.record(connection, by.user_id, "webhook.registered", ("Webhook", key), now, detail)
    return key, secret


async def rotate_secret(
    connection: AsyncConnection,
    vault: Vault,
    by: Administrator,
    key: int | None,
    expected_version: int,
    overlap_hours: int,
    now: dt.datetime,
) -> tuple[int, str]:
    """A new secret, shown once; the one before signs beside it for the overlap, and then no more. Raises NotDone."""
    found = await _found(connection, by, key, expected_version)
    if not 0 <= overlap_hours <= MOST_OVERLAP_HOURS:
        raise _invalid(
            "overlapHours",
            f"新旧并用期为 0 至 {MOST_OVERLAP_HOURS} 小时。",
            f"Both sign for 0 to {MOST_OVERLAP_HOURS} hours.",
        )
    secret = new_secret()
    values: dict[str, Any] = {"previous_secret": None, "previous_until": None}
    if overlap_hours:
        before = vault.open(COLUMN, found.secret)
        values = {
            "previous_secret": vault.seal(PREVIOUS, before),
            "previous_until": now + dt.timedelta(hours=overlap_hours),
        }
    await _change(connection, found, secret=vault.seal(COLUMN, secret), **values)
    detail = {"overlapHours": overlap_hours}
    await audit.record(connection, by.user_id, "webhook.secretRotated", ("Webhook", found.id), now, detail)
    return int(found.id), secret


async def ping(connection: AsyncConnection, by: Administrator, key: int | None, now: dt.datetime) -> int:
    """A test message, which names nothing; the key of its delivery. Raises NotDone."""
    found = await _found(connection, by, key, None)
    _require_active(found)
    told = {
        "webhook_id": found.id,
        "topic": WebhookTopic.PING,
        "happened_at": now,
        "queued_at": now,
        "state": DeliveryState.WAITING,
        "attempts": 0,
        "next_at": now,
    }
    added = await connection.execute(insert(WebhookDelivery).values(**told).returning(D.id))
    await jobs.look_soon(connection, JOB, found.id, now)
    await audit.record(connection, by.user_id, "webhook.pinged", ("Webhook", found.id), now)
    return int(added.scalar_one())


async def replay(
    connection: AsyncConnection,
    by: Administrator,
    key: int | None,
    since: dt.datetime | None,
    delivery: int | None,
    now: dt.datetime,
) -> int:
    """Everything since a moment, or since what a message told, is told again, each as the same message. Raises NotDone."""
    found = await _found(connection, by, key, None)
    _require_active(found)
    if (since is None) == (delivery is None):
        raise NotDone(
            UserErrorCode.REQUIRED,
            ("input", "since"),
            "since 与 deliveryId 须给出其一。",
            "Say since when, or since which message.",
        )
    if delivery is not None:
        of = select(D.event_id).where(D.id == delivery, D.webhook_id == found.id)
        first = await connection.scalar(of)
        if first is None:
            raise _missing("deliveryId")
        position = int(first) - 1
    else:
        before = select(func.coalesce(func.max(E.id), 0)).where(E.happened_at < since)
        position = int((await connection.execute(before)).scalar_one())
    oldest = await connection.scalar(select(func.min(E.id)))
    if (since is not None and since < now - kept(days.today(now))) or (
        delivery is not None and (oldest is None or position < oldest - 1)
    ):
        raise _invalid(
            "since" if delivery is None else "deliveryId",
            "该时间之前的消息已不再保存，无法重发。",
            "What happened then is not kept any more, and cannot be told again.",
        )
    await _change(connection, found, position=min(position, found.position))
    detail = {"position": position}
    await audit.record(connection, by.user_id, "webhook.replayed", ("Webhook", found.id), now, detail)
    return int(found.id)


async def switch(
    connection: AsyncConnection,
    by: Administrator,
    key: int | None,
    expected_version: int,
    active: bool,
    now: dt.datetime,
) -> int:
    """Told nothing any more; or told again, from where it stopped, as far back as is kept. Raises NotDone."""
    found = await _found(connection, by, key, expected_version)
    if active == (found.state == WebhookState.ACTIVE):
        raise _invalid("active", "已处于该状态。", "It is so already.")
    if active:
        await _change(connection, found, state=WebhookState.ACTIVE, disabled_because=None, disabled_at=None)
        waits = (D.webhook_id == found.id, D.state == DeliveryState.WAITING)
        await connection.execute(
            update(WebhookDelivery).where(*waits).values(attempts=0, first_tried_at=None, next_at=now)
        )
        await jobs.look_soon(connection, JOB, found.id, now)
        await audit.record(connection, by.user_id, "webhook.enabled", ("Webhook", found.id), now)
    else:
        await disable(connection, found, DisabledBecause.ADMINISTRATOR, now, by.user_id)
    return int(found.id)


async def disable(
    connection: AsyncConnection,
    found: Row[*tuple[Any, ...]],
    because: DisabledBecause,
    now: dt.datetime,
    by: int | None = None,
) -> None:
    """This webhook, whose row is held, is told nothing any more, and says why."""
    await _change(connection, found, state=WebhookState.DISABLED, disabled_because=because, disabled_at=now)
    await audit.record(connection, by, "webhook.disabled", ("Webhook", found.id), now, {"because": because})


async def _found(
    connection: AsyncConnection, by: Administrator, key: int | None, expected_version: int | None
) -> Row[*tuple[Any, ...]]:
    """The webhook as it stands, which nobody else changes meanwhile. Raises NotDone."""
    statement = locked(_WEBHOOK.where(W.id == key), connection, Webhook)
    found = (await connection.execute(statement, scope.of(by))).one_or_none()
    if found is None:
        raise _missing("webhookId")
    rules.unchanged(found.version, expected_version, "Webhook", "webhook")
    return found


async def _change(connection: AsyncConnection, found: Row[*tuple[Any, ...]], **values: Any) -> None:
    changed = update(Webhook).where(W.id == found.id)
    await connection.execute(changed.values(**values, version=found.version + 1))


def _require_active(found: Row[*tuple[Any, ...]]) -> None:
    if found.state != WebhookState.ACTIVE:
        raise _invalid(
            "webhookId", "该 Webhook 已停用，请先启用。", "The webhook is switched off: switch it on first."
        )


def _missing(field: str) -> NotDone:
    return NotDone(UserErrorCode.NOT_FOUND, ("input", field), "没有此项。", "There is no such thing.")


def _invalid(field: str, zh: str, en: str) -> NotDone:
    return NotDone(UserErrorCode.INVALID, ("input", field), zh, en)
