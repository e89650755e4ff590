"""Webhooks: what is told, how it is signed (Standard Webhooks), and when it is tried again."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hmac
import json
import secrets
from collections.abc import Mapping
from enum import StrEnum

SECRET, SECRET_BYTES = "whsec_", 32
VERSION = "v1"
MESSAGE = "msg_"
ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
OVERLAP_HOURS, MOST_OVERLAP_HOURS = 24, 720

PAUSES = tuple(
    dt.timedelta(seconds=seconds) for seconds in (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
"""How long is waited after each attempt that failed: three days in all, and then no more."""

ATTEMPTS = len(PAUSES) + 1
ORDERLY = 4
"""For so many attempts a message holds back those behind it; after them it is on its own."""


class WebhookTopic(StrEnum):
    """What something happened to."""

    HOUSEHOLD = "HOUSEHOLD"
    FINDING = "FINDING"
    SCAN = "SCAN"
    NOTICE = "NOTICE"
    OBJECTION = "OBJECTION"
    TASK = "TASK"
    PAYMENT_CYCLE = "PAYMENT_CYCLE"
    ALARM = "ALARM"
    DOUBTFUL_ROWS = "DOUBTFUL_ROWS"
    PING = "PING"

    @property
    def event(self) -> str:
        """As a message calls it.

        >>> WebhookTopic.PAYMENT_CYCLE.event, WebhookTopic.PING.event
        ('payment_cycle.changed', 'ping')
        """
        return self.lower() if self is WebhookTopic.PING else f"{self.lower()}.changed"


NODES: Mapping[WebhookTopic, str] = {
    WebhookTopic.HOUSEHOLD: "Household",
    WebhookTopic.FINDING: "Finding",
    WebhookTopic.SCAN: "Scan",
    WebhookTopic.NOTICE: "PublicNotice",
    WebhookTopic.OBJECTION: "Objection",
    WebhookTopic.TASK: "Task",
    WebhookTopic.PAYMENT_CYCLE: "PaymentCycle",
    WebhookTopic.ALARM: "Alarm",
    WebhookTopic.DOUBTFUL_ROWS: "Upload",
}
"""By topic the type whose id a message holds."""


class WebhookState(StrEnum):
    """Whether a webhook is told anything."""

    ACTIVE = "ACTIVE"
    DISABLED = "DISABLED"


class DisabledBecause(StrEnum):
    """Why a webhook is told nothing any more."""

    ADMINISTRATOR = "ADMINISTRATOR"
    FAILED = "FAILED"
    GONE = "GONE"


class DeliveryState(StrEnum):
    """Where a message stands."""

    WAITING = "WAITING"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"


class DeliveryFailure(StrEnum):
    """Why a message did not arrive, the last time that it was sent."""

    NOT_ALLOWED = "NOT_ALLOWED"
    UNREACHABLE = "UNREACHABLE"
    NOT_TRUSTED = "NOT_TRUSTED"
    TIMED_OUT = "TIMED_OUT"
    NOT_HTTP = "NOT_HTTP"
    REDIRECTED = "REDIRECTED"
    REFUSED = "REFUSED"


def new_secret() -> str:
    """A secret that nobody knows yet."""
    return SECRET + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def content(topic: WebhookTopic, happened_at: dt.datetime, public_id: str | None) -> bytes:
    """What a message says: what kind of thing changed, when, and its opaque id; nothing else is ever in it."""
    data = {} if public_id is None else {"id": public_id}
    moment = happened_at.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
    return json.dumps({"type": topic.event, "timestamp": moment, "data": data}, separators=(",", ":")).encode()


def signature(secret: str, message: str, at: dt.datetime, body: bytes) -> str:
    """The message signed with a secret, as its header says it. Raises ValueError where it is no secret of ours."""
    try:
        key = base64.b64decode(secret.removeprefix(SECRET), validate=True)
    except binascii.Error:
        raise ValueError("no secret of a webhook") from None
    signed = hmac.digest(key, f"{message}.{int(at.timestamp())}.".encode() + body, "sha256")
    return f"{VERSION},{base64.b64encode(signed).decode()}"


def headers(message: str, at: dt.datetime, body: bytes, known: tuple[str, ...]) -> dict[str, str]:
    """The headers by which whoever knows any of the secrets can tell that the message is ours, and new."""
    return {
        ID: message,
        TIMESTAMP: str(int(at.timestamp())),
        SIGNATURE: " ".join(signature(secret, message, at, body) for secret in known),
    }
