"""Webhooks: where what happened is told to, and each message that was sent or waits; ids only, no body is kept."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, Exact, Moment, PrimaryKey, Sealed, Structures


class Webhook(Base):
    """An address that is told what happens in a division, by topics; two secrets sign while one follows another.

    `position` is the last event of the outbox that was looked at for it.
    """

    __tablename__ = "webhooks"
    __table_args__ = (
        CheckConstraint("version > 0", name="version"),
        CheckConstraint("(state = 'DISABLED') = (disabled_because IS NOT NULL)", name="because"),
        CheckConstraint("(disabled_because IS NULL) = (disabled_at IS NULL)", name="disabled"),
        CheckConstraint("(previous_secret IS NULL) = (previous_until IS NULL)", name="previous"),
        Index("ix_webhooks_division_code_id", "division_code", "id"),
    )

    id: Mapped[PrimaryKey]
    division_code: Mapped[Exact]
    url: Mapped[str]
    topics: Mapped[Structures]
    secret: Mapped[Sealed]
    previous_secret: Mapped[Sealed | None]
    previous_until: Mapped[Moment | None]
    state: Mapped[str]
    disabled_because: Mapped[str | None]
    disabled_at: Mapped[Moment | None]
    position: Mapped[int]
    registered_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    registered_at: Mapped[Moment]
    version: Mapped[int]


class WebhookDelivery(Base):
    """A message for a webhook: about which event of the outbox, how often it was tried, and what came of it.

    The event may be gone from the outbox by now; a test message is about none. Sent again, it is the same message.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        CheckConstraint("(state = 'WAITING') = (next_at IS NOT NULL)", name="waiting"),
        CheckConstraint("(state = 'DELIVERED') = (delivered_at IS NOT NULL)", name="delivered"),
        UniqueConstraint("webhook_id", "event_id"),
        Index("ix_webhook_deliveries_webhook_id_state", "webhook_id", "state", "id"),
        Index("ix_webhook_deliveries_queued_at", "queued_at"),
    )

    id: Mapped[PrimaryKey]
    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhooks.id"))
    event_id: Mapped[int | None]
    topic: Mapped[str]
    subject: Mapped[int | None]
    happened_at: Mapped[Moment]
    queued_at: Mapped[Moment]
    state: Mapped[str]
    attempts: Mapped[int]
    first_tried_at: Mapped[Moment | None]
    next_at: Mapped[Moment | None]
    status: Mapped[int | None]
    failure: Mapped[str | None]
    milliseconds: Mapped[int | None]
    delivered_at: Mapped[Moment | None]
