"""Webhooks: addresses that are told what happens, signed, and what became of each message; for administrators."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.accounts import Administrator
from api.domain.permissions import Permission, Viewer
from api.domain.webhooks import OVERLAP_HOURS
from api.loaders import webhooks as loaders
from api.loaders.conditions import Is
from api.loaders.pages import Window
from api.loaders.reading import Reading, Rows
from api.schema import guards, nodes
from api.schema.changes import named
from api.schema.connections import ORDER, After, Before, Connection, First, Last, connection, order_of
from api.schema.context import Info
from api.schema.enumerations import Words, described
from api.schema.filters import AND, NOT, OR, in_division, joined, of_keys, one_of
from api.schema.households import NOT_LOADED
from api.schema.nodes import Kind, kind
from api.schema.results import MutationInput, Payload, carry_out
from api.schema.selection import Wanted
from api.schema.sizes import about
from api.schema.tree import Branch, branch
from api.schema.values import Division, Node, division_of
from api.schema.webhook_terms import DeliveryFailure, DeliveryState, DisabledBecause, WebhookState, WebhookTopic
from api.schema.words import Direction
from api.services import webhooks as services

MANAGE = Permission.MANAGE_ACCOUNTS
SECRET = (
    "Shown this once and kept sealed. Null where nothing was done, and where the same request is sent again under its "
    "idempotency key: what was lost then is replaced by rotating."
)


@strawberry.type(
    description="An address that is told what happens in a division: ids and topics, signed, nothing personal."
)
class Webhook(Node):
    """An address that is told what happens."""

    key: strawberry.Private[int]
    url: str = strawberry.field(description="Where messages are sent.")
    division: Division = strawberry.field(description="It is told what happens there and below.")
    topics: list[WebhookTopic] = strawberry.field(description="Of what it is told.", metadata=about(4))
    state: WebhookState = strawberry.field(description="Whether it is told anything.")
    disabled_because: DisabledBecause | None = strawberry.field(description="Why it is told nothing, where it is so.")
    disabled_at: dt.datetime | None = strawberry.field(description="Since when it is told nothing.")
    both_secrets_until: dt.datetime | None = strawberry.field(
        description="Until when the secret before the newest signs too; null where none does."
    )
    registered_by: str | None = strawberry.field(description="The login of whoever registered it.")
    registered_at: dt.datetime = strawberry.field(description="When it was registered.")
    version: int = strawberry.field(description="Counts changes; to be given back by whoever changes it.")


@strawberry.type(
    description="A message to a webhook: how often it was tried, and what came of it. No answer's body is kept."
)
class WebhookDelivery(Node):
    """A message to a webhook."""

    key: strawberry.Private[int]
    webhook_key: strawberry.Private[int]
    topic: WebhookTopic = strawberry.field(description="What it is about.")
    happened_at: dt.datetime = strawberry.field(description="When what it tells happened.")
    queued_at: dt.datetime = strawberry.field(
        description="Since when it is to be sent; the last time, if it is told again."
    )
    state: DeliveryState = strawberry.field(description="Where it stands.")
    attempts: int = strawberry.field(description="How often it was tried since.")
    next_at: dt.datetime | None = strawberry.field(description="When it is tried next, while it waits.")
    status: int | None = strawberry.field(description="The status that was answered last; null where none was.")
    failure: DeliveryFailure | None = strawberry.field(description="Why it did not arrive, the last time.")
    milliseconds: int | None = strawberry.field(description="How long the last attempt took.")
    delivered_at: dt.datetime | None = strawberry.field(description="When it arrived.")
    webhook: Webhook = strawberry.field(default=NOT_LOADED, description="Whom it is for.")


def webhook_objects(reading: Reading, rows: Rows, asked: Wanted) -> list[Webhook]:
    """Rows as webhooks."""
    return [
        Webhook(
            id=strawberry.ID(public_id),
            key=row.id,
            url=row.url,
            division=division_of(row.division_code),
            topics=[WebhookTopic(topic) for topic in row.topics],
            state=WebhookState(row.state),
            disabled_because=DisabledBecause(row.disabled_because) if row.disabled_because else None,
            disabled_at=row.disabled_at,
            both_secrets_until=row.previous_until,
            registered_by=row.login,
            registered_at=row.registered_at,
            version=row.version,
        )
        for row, public_id in zip(rows, reading.ids("Webhook", rows), strict=True)
    ]


def delivery_objects(reading: Reading, rows: Rows, asked: Wanted) -> list[WebhookDelivery]:
    """Rows as messages."""
    return [
        WebhookDelivery(
            id=strawberry.ID(public_id),
            key=row.id,
            webhook_key=row.webhook_id,
            topic=WebhookTopic(row.topic),
            happened_at=row.happened_at,
            queued_at=row.queued_at,
            state=DeliveryState(row.state),
            attempts=row.attempts,
            next_at=row.next_at,
            status=row.status,
            failure=DeliveryFailure(row.failure) if row.failure else None,
            milliseconds=row.milliseconds,
            delivered_at=row.delivered_at,
        )
        for row, public_id in zip(rows, reading.ids("WebhookDelivery", rows), strict=True)
    ]


class WebhookOrderField(StrEnum):
    """What webhooks may be ordered by."""

    REGISTERED = "REGISTERED"


class WebhookDeliveryOrderField(StrEnum):
    """What messages may be ordered by."""

    QUEUED = "QUEUED"
    HAPPENED = "HAPPENED"


described(
    WebhookOrderField,
    "What webhooks may be ordered by.",
    {"REGISTERED": Words("登记先后", "Registered", "登记的先后。", "When they were registered.")},
)
described(
    WebhookDeliveryOrderField,
    "What messages may be ordered by.",
    {
        "QUEUED": Words("列入先后", "Queued", "首次列入发送的先后。", "When they were first to be sent."),
        "HAPPENED": Words("发生时间", "Happened", "所述之事发生的时间。", "When what they tell happened."),
    },
)


@strawberry.input(description="An order of webhooks.")
class WebhookOrder:
    """An order of webhooks."""

    field: WebhookOrderField = strawberry.field(description="What to order by.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which way.")


@strawberry.input(description="An order of messages.")
class WebhookDeliveryOrder:
    """An order of messages."""

    field: WebhookDeliveryOrderField = strawberry.field(description="What to order by.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which way.")


@strawberry.input(description="Which webhooks; all that is given must hold.")
class WebhookFilter:
    """Which webhooks."""

    division_code: str | None = strawberry.field(default=None, description="Of this division or those below it.")
    states: list[WebhookState] | None = strawberry.field(default=None, description="In one of these states.")
    and_: list[WebhookFilter] | None = strawberry.field(name="and", default=None, description=AND)
    or_: list[WebhookFilter] | None = strawberry.field(name="or", default=None, description=OR)
    not_: WebhookFilter | None = strawberry.field(name="not", default=None, description=NOT)


@strawberry.input(description="Which messages; all that is given must hold.")
class WebhookDeliveryFilter:
    """Which messages."""

    webhook_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="For one of these webhooks.")
    topics: list[WebhookTopic] | None = strawberry.field(default=None, description="About one of these topics.")
    states: list[DeliveryState] | None = strawberry.field(default=None, description="In one of these states.")
    since: dt.datetime | None = strawberry.field(default=None, description="About what happened since then.")
    and_: list[WebhookDeliveryFilter] | None = strawberry.field(name="and", default=None, description=AND)
    or_: list[WebhookDeliveryFilter] | None = strawberry.field(name="or", default=None, description=OR)
    not_: WebhookDeliveryFilter | None = strawberry.field(name="not", default=None, description=NOT)


def _of_webhooks(given: WebhookFilter) -> Iterator[Is]:
    yield from in_division(given.division_code)
    yield from one_of("states", given.states)


def _of_deliveries(info: Info, given: WebhookDeliveryFilter) -> Iterator[Is]:
    yield from of_keys(info, "webhooks", "Webhook", given.webhook_ids)
    yield from one_of("topics", given.topics)
    yield from one_of("states", given.states)
    if given.since is not None:
        yield Is("since", {"since": given.since})


@strawberry.type(description="What may be asked about webhooks.")
class WebhookQueries:
    """Webhooks and their messages."""

    @guards.query(MANAGE, "Webhooks of the viewer's division and those below it, the latest first.")
    async def webhooks(
        self,
        info: Info,
        filter: Annotated[WebhookFilter | None, strawberry.argument(description="Which.")] = None,
        order_by: Annotated[
            list[WebhookOrder] | None, strawberry.argument(description=ORDER + " the latest first.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Webhook] | None:
        """A page of webhooks."""
        where = joined(filter, lambda given, _: _of_webhooks(given))
        order, window = order_of(order_by, "REGISTERED"), Window(first, after, last, before)
        return await connection(info, loaders.WEBHOOKS, webhook_objects, where, order, window)

    @guards.query(
        MANAGE, "Messages to webhooks of the viewer's division, as long as they are kept, the latest first."
    )
    async def webhook_deliveries(
        self,
        info: Info,
        filter: Annotated[WebhookDeliveryFilter | None, strawberry.argument(description="Which.")] = None,
        order_by: Annotated[
            list[WebhookDeliveryOrder] | None, strawberry.argument(description=ORDER + " the latest first.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[WebhookDelivery] | None:
        """A page of messages."""
        where = joined(filter, lambda given, _: _of_deliveries(info, given))
        order, window = order_of(order_by, "QUEUED"), Window(first, after, last, before)
        return await connection(info, loaders.DELIVERIES, delivery_objects, where, order, window)


@strawberry.input(description="An address that is to be told what happens.")
class RegisterWebhookInput(MutationInput):
    """An address that is to be told what happens."""

    url: str = strawberry.field(description="Where messages are sent: https, at a host that the operator has named.")
    topics: list[WebhookTopic] = strawberry.field(description="Of what it is told; PING is none of these.")
    division_code: str = strawberry.field(description="It is told what happens there and below.")


@strawberry.type(description="What `registerWebhook` answers.")
class RegisterWebhookPayload(Payload):
    """What `registerWebhook` answers."""

    webhook: Webhook | None = strawberry.field(description="The webhook.")
    secret: str | None = strawberry.field(description=f"What signs its messages, `whsec_…`. {SECRET}")


@strawberry.input(description="A webhook that is to have a new secret.")
class RotateWebhookSecretInput(MutationInput):
    """A webhook that is to have a new secret."""

    webhook_id: strawberry.ID = strawberry.field(description="Which.")
    expected_version: int = strawberry.field(description="At which version it was read.")
    overlap_hours: int = strawberry.field(
        default=OVERLAP_HOURS,
        description="For how many hours both sign, 0 to 720: 0 where the old one is known to others.",
    )


@strawberry.type(description="What `rotateWebhookSecret` answers.")
class RotateWebhookSecretPayload(Payload):
    """What `rotateWebhookSecret` answers."""

    webhook: Webhook | None = strawberry.field(description="The webhook, as it is now.")
    secret: str | None = strawberry.field(description=f"The new secret. {SECRET}")


@strawberry.input(description="A webhook that is to be sent a test message.")
class PingWebhookInput(MutationInput):
    """A webhook that is to be sent a test message."""

    webhook_id: strawberry.ID = strawberry.field(description="Which.")


@strawberry.type(description="What `pingWebhook` answers.")
class PingWebhookPayload(Payload):
    """What `pingWebhook` answers."""

    delivery: WebhookDelivery | None = strawberry.field(description="The message; ask again to see what came of it.")


@strawberry.input(description="What a webhook is to be told again: since a moment, or since one of its messages.")
class ReplayWebhookInput(MutationInput):
    """What a webhook is to be told again."""

    webhook_id: strawberry.ID = strawberry.field(description="Which.")
    since: dt.datetime | None = strawberry.field(
        default=None, description="Everything that happened since then, `webhook.replay_days` back at most."
    )
    delivery_id: strawberry.ID | None = strawberry.field(
        default=None, description="Everything from this message on, itself among it."
    )


@strawberry.type(description="What `replayWebhook` answers.")
class ReplayWebhookPayload(Payload):
    """What `replayWebhook` answers."""

    webhook: Webhook | None = strawberry.field(
        description="The webhook. What it is told again bears the same `webhook-id` as before, and goes before what is new."
    )


@strawberry.input(description="A webhook that is to be switched off, or on again.")
class SwitchWebhookInput(MutationInput):
    """A webhook that is to be switched off, or on again."""

    webhook_id: strawberry.ID = strawberry.field(description="Which.")
    expected_version: int = strawberry.field(description="At which version it was read.")
    active: bool = strawberry.field(
        description="Whether it is told what happens; switched on it goes on where it stopped, as far back as is kept."
    )


@strawberry.type(description="What `switchWebhook` answers.")
class SwitchWebhookPayload(Payload):
    """What `switchWebhook` answers."""

    webhook: Webhook | None = strawberry.field(description="The webhook, as it is now.")


@strawberry.type(description="What may be done with webhooks.")
class WebhookMutations:
    """Webhooks are registered, rotated, tested, asked to tell again, and switched."""

    @guards.mutation(MANAGE, "Registers an address that is told what happens, with a secret that is shown once.")
    async def register_webhook(
        self,
        info: Info,
        input: Annotated[RegisterWebhookInput, strawberry.argument(description="Where to, and of what.")],
    ) -> RegisterWebhookPayload:
        """Registers a webhook."""
        made: list[str] = []

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            context, by = info.context, Administrator.of(viewer)
            wanted = (input.url, input.topics, input.division_code)
            hosts, now = context.webhook_hosts, context.now()
            key, secret = await services.register(connection, context.vault, by, hosts, *wanted, now)
            made.append(secret)
            return key

        done = await carry_out(info, MANAGE, input, act)
        webhook = await nodes.below_payload(info, "Webhook", "webhook", done.subject)
        return RegisterWebhookPayload(webhook=webhook, secret=next(iter(made), None), **done.answered)

    @guards.mutation(MANAGE, "Gives a webhook a new secret, shown once; the old one signs beside it for a while.")
    async def rotate_webhook_secret(
        self, info: Info, input: Annotated[RotateWebhookSecretInput, strawberry.argument(description="Whose.")]
    ) -> RotateWebhookSecretPayload:
        """Gives a webhook a new secret."""
        made: list[str] = []

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key, secret = await services.rotate_secret(
                connection,
                info.context.vault,
                Administrator.of(viewer),
                named(info, "Webhook", input.webhook_id),
                input.expected_version,
                input.overlap_hours,
                info.context.now(),
            )
            made.append(secret)
            return key

        done = await carry_out(info, MANAGE, input, act)
        webhook = await nodes.below_payload(info, "Webhook", "webhook", done.subject)
        return RotateWebhookSecretPayload(webhook=webhook, secret=next(iter(made), None), **done.answered)

    @guards.mutation(MANAGE, "Sends a webhook a test message, which is about nothing.")
    async def ping_webhook(
        self, info: Info, input: Annotated[PingWebhookInput, strawberry.argument(description="Which.")]
    ) -> PingWebhookPayload:
        """Sends a test message."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key = named(info, "Webhook", input.webhook_id)
            return await services.ping(connection, Administrator.of(viewer), key, info.context.now())

        done = await carry_out(info, MANAGE, input, act)
        delivery = await nodes.below_payload(info, "WebhookDelivery", "delivery", done.subject)
        return PingWebhookPayload(delivery=delivery, **done.answered)

    @guards.mutation(MANAGE, "Tells a webhook again what happened since a moment, or since one of its messages.")
    async def replay_webhook(
        self, info: Info, input: Annotated[ReplayWebhookInput, strawberry.argument(description="Which, since when.")]
    ) -> ReplayWebhookPayload:
        """Tells a webhook again."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            by, key = Administrator.of(viewer), named(info, "Webhook", input.webhook_id)
            delivery = named(info, "WebhookDelivery", input.delivery_id)
            return await services.replay(connection, by, key, input.since, delivery, info.context.now())

        done = await carry_out(info, MANAGE, input, act)
        webhook = await nodes.below_payload(info, "Webhook", "webhook", done.subject)
        return ReplayWebhookPayload(webhook=webhook, **done.answered)

    @guards.mutation(MANAGE, "Switches a webhook off, or on again: then it goes on where it stopped.")
    async def switch_webhook(
        self, info: Info, input: Annotated[SwitchWebhookInput, strawberry.argument(description="Which, and how.")]
    ) -> SwitchWebhookPayload:
        """Switches a webhook."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            by, key = Administrator.of(viewer), named(info, "Webhook", input.webhook_id)
            return await services.switch(
                connection, by, key, input.expected_version, input.active, info.context.now()
            )

        done = await carry_out(info, MANAGE, input, act)
        webhook = await nodes.below_payload(info, "Webhook", "webhook", done.subject)
        return SwitchWebhookPayload(webhook=webhook, **done.answered)


branch(
    WebhookDelivery,
    "webhook",
    Branch(
        "webhook_key",
        lambda reading, keys, _: loaders.webhooks_by_key(reading, keys),
        webhook_objects,
        "webhook",
        False,
    ),
)
kind("Webhook", Kind(loaders.webhooks_by_key, webhook_objects, MANAGE))
kind("WebhookDelivery", Kind(loaders.deliveries_by_key, delivery_objects, MANAGE))
