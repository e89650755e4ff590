"""Webhooks, from what happens to whoever is told: a real receiver on the loopback, and the stock library that verifies."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from sqlalchemy import func, insert, select, update
from standardwebhooks.webhooks import WebhookVerificationError

from api import jobs, outbox
from api.app import create_app
from api.database import reading, transaction
from api.domain import divisions
from api.domain.hosts import AllowedHosts
from api.domain.webhooks import ATTEMPTS, NODES, ORDERLY, PAUSES, WebhookTopic
from api.models import AuditEvent, Finding, Household, Job, OutboxEvent, Scan, Webhook, WebhookDelivery
from api.posting import Sender
from api.postman import Postman
from api.services import deliveries, webhooks
from tests.api.conftest import Service
from tests.api.receiver import Receiver, receiving, says, takes

REGISTER = """mutation ($i: RegisterWebhookInput!) { registerWebhook(input: $i) {
    webhook { id version state topics url division { code } } secret userErrors { code path message } } }"""
ROTATE = """mutation ($i: RotateWebhookSecretInput!) { rotateWebhookSecret(input: $i) {
    webhook { id version bothSecretsUntil } secret userErrors { code path } } }"""
PING = """mutation ($i: PingWebhookInput!) { pingWebhook(input: $i) {
    delivery { id state topic } userErrors { code path } } }"""
REPLAY = (
    """mutation ($i: ReplayWebhookInput!) { replayWebhook(input: $i) { webhook { id } userErrors { code path } } }"""
)
SWITCH = """mutation ($i: SwitchWebhookInput!) { switchWebhook(input: $i) {
    webhook { id version state disabledBecause } userErrors { code path } } }"""
LISTED = """{ webhooks { nodes { id state disabledBecause disabledAt } }
    webhookDeliveries(orderBy: [{field: QUEUED, direction: ASC}]) { nodes {
        id topic state attempts status failure milliseconds nextAt deliveredAt webhook { id } } } }"""
KEYS = itertools.count()


@dataclass
class Hooks:
    """A service that may send to a receiver, the receiver, and a postman between them whose clock can be moved on."""

    service: Service
    receiver: Receiver
    ahead: dt.timedelta = field(default_factory=dt.timedelta)

    def now(self) -> dt.datetime:
        """What the postman takes for this moment."""
        return self.service.now() + self.ahead

    @property
    def postman(self) -> Postman:
        """A postman who was just started."""
        return Postman(self.service.engine, self.service.vault, Sender(self.hosts), self.now)

    @property
    def hosts(self) -> AllowedHosts:
        """The receiver alone."""
        return AllowedHosts.of(f"127.0.0.1:{self.receiver.port}")

    async def carry(self) -> None:
        """Carries all that is due."""
        postman = self.postman
        while await postman.step():
            pass

    async def do(self, mutation: str, by: str = "administrator", **given: Any) -> dict[str, Any]:
        """What a mutation answers."""
        told = {"idempotencyKey": f"webhook-{next(KEYS)}", **given}
        (answer,) = (await self.service.data(mutation, {"i": told}, by=by)).values()
        content: dict[str, Any] = answer
        return content

    async def registered(self, *topics: str, division: str = "410500") -> dict[str, Any]:
        """A webhook at the receiver, and its secret."""
        given: dict[str, Any] = {"url": self.receiver.url, "topics": topics or ("SCAN",), "divisionCode": division}
        made = await self.do(REGISTER, **given)
        assert made["userErrors"] == []
        return {**made["webhook"], "secret": made["secret"]}

    async def happen(self, *subjects: int, topic: str = "scan") -> None:
        """Something happens to these, one after another."""
        for subject in subjects:
            async with transaction(self.service.engine) as connection:
                await outbox.append(connection, topic, subject, self.now())

    async def listed(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """The webhooks, and their messages in the order in which they were queued."""
        told = await self.service.data(LISTED, by="administrator")
        return told["webhooks"]["nodes"], told["webhookDeliveries"]["nodes"]

    async def scans(self, *codes: str) -> list[int]:
        """Scans of these divisions."""
        made = []
        async with transaction(self.service.engine) as connection:
            for code in codes:
                low, high = divisions.span(code)
                row = {"division_code": code, "division_from": low, "division_to": high, "rules": []}
                new = insert(Scan).values(status="FAILED", created_at=self.now(), **row)
                made.append(int((await connection.execute(new.returning(Scan.id))).scalar_one()))
        return made

    def told(self, kind: str, keys: list[int]) -> list[str]:
        """The ids of these things, as they are told."""
        return self.service.vault.ids(kind, keys)

    @property
    def heard(self) -> list[str]:
        """The ids that the receiver was told, in order."""
        return [came.told["data"]["id"] for came in self.receiver.came]


@pytest.fixture
async def hooks(service: Service) -> AsyncIterator[Hooks]:
    async with AsyncExitStack() as stack:
        receiver = await stack.enter_async_context(receiving())
        made = Hooks(service, receiver)
        app = create_app(
            service.url, service.vault, data_dir=service.data_dir, clock=service.now, webhook_hosts=made.hosts
        )
        await stack.enter_async_context(app.router.lifespan_context(app))
        transport = httpx.ASGITransport(app)
        service.client = await stack.enter_async_context(
            httpx.AsyncClient(transport=transport, base_url="http://service")
        )
        yield made


async def test_what_happens_is_told_signed_in_order_and_by_its_id_alone(hooks: Hooks) -> None:
    webhook = await hooks.registered()
    scans = await hooks.scans(*["410502"] * 5)
    await hooks.happen(*scans)
    await hooks.carry()
    assert hooks.heard == hooks.told("Scan", scans)
    for came in hooks.receiver.came:
        told = came.proved(webhook["secret"])
        assert told.keys() == {"type", "timestamp", "data"}
        assert told["type"] == "scan.changed"
        assert told["data"].keys() == {"id"}
        query = "query ($id: ID!) { scan(id: $id) { status } }"
        asked = await hooks.service.data(query, {"id": told["data"]["id"]}, by="administrator")
        assert asked["scan"] == {"status": "FAILED"}
    assert len({came.headers["webhook-id"] for came in hooks.receiver.came}) == 5
    _, listed = await hooks.listed()
    assert [(each["state"], each["attempts"], each["status"], each["failure"]) for each in listed] == [
        ("DELIVERED", 1, 204, None)
    ] * 5
    assert all(each["milliseconds"] >= 0 and each["webhook"]["id"] == webhook["id"] for each in listed)
    assert {f"msg_{each['id']}" for each in listed} == {came.headers["webhook-id"] for came in hooks.receiver.came}
    await hooks.carry()
    assert len(hooks.receiver.came) == 5, "and none is told twice"


async def test_a_webhook_is_told_of_its_topics_in_its_division_and_of_nothing_before_it_was(hooks: Hooks) -> None:
    here, beside, above = await hooks.scans("410502", "410503", "410500")
    await hooks.happen(here)
    await hooks.registered("SCAN", "FINDING", division="410502")
    async with reading(hooks.service.engine) as connection:
        columns = select(Finding.id, Household.division_code).join(Household, Household.id == Finding.household_id)
        findings = (await connection.execute(columns.order_by(Finding.id))).all()
    inside = [row.id for row in findings if row.division_code == "410502"]
    outside = [row.id for row in findings if row.division_code != "410502"]
    assert inside
    assert outside
    await hooks.happen(here, beside, above)
    await hooks.happen(*inside[:3], *outside[:3], 9_999_999, topic="finding")
    await hooks.happen(1, topic="household")
    await hooks.happen(1, topic="a topic that nobody offers")
    await hooks.carry()
    assert hooks.heard == [*hooks.told("Scan", [here]), *hooks.told("Finding", inside[:3])]


async def test_what_a_person_concludes_is_told_and_no_more_than_that(hooks: Hooks) -> None:
    webhook = await hooks.registered(*(topic for topic in WebhookTopic if topic is not WebhookTopic.PING))
    found = await hooks.service.data("{ findings(first: 1) { nodes { id version household { reference } } } }")
    (finding,) = found["findings"]["nodes"]
    review = "mutation ($i: ReviewFindingInput!) { reviewFinding(input: $i) { userErrors { message } } }"
    note = "车辆已过户给王小明。"
    given = {"findingId": finding["id"], "expectedVersion": finding["version"], "outcome": "NO_ISSUE", "note": note}
    assert (await hooks.do(review, by="reviewer", **given))["userErrors"] == []
    await hooks.carry()
    (came,) = hooks.receiver.came
    assert came.proved(webhook["secret"])["data"] == {"id": finding["id"]}
    said = f"{came.line} {came.headers} {came.body.decode()}"
    assert note not in said
    assert finding["household"]["reference"] not in said


async def test_each_topic_is_of_a_kind_that_can_be_read_by_its_id(hooks: Hooks) -> None:
    """What the id of a message names is a type of the schema, and its division is known by one statement."""
    offered = {topic for topic in WebhookTopic if topic is not WebhookTopic.PING}
    assert deliveries.LIES.keys() == NODES.keys() == offered
    for kind in NODES.values():
        (public_id,) = hooks.told(kind, [999_999_999])
        query = "query ($id: ID!) { node(id: $id) { id } }"
        assert await hooks.service.data(query, {"id": public_id}, by="auditor") == {"node": None}


async def test_two_secrets_sign_while_one_follows_another(hooks: Hooks) -> None:
    webhook = await hooks.registered()
    (scan,) = await hooks.scans("410502")
    given = {"webhookId": webhook["id"], "expectedVersion": 1, "idempotencyKey": "rotated-once"}
    rotated = await hooks.do(ROTATE, **given)
    assert rotated["userErrors"] == []
    assert rotated["webhook"]["bothSecretsUntil"] is not None
    again = await hooks.do(ROTATE, **given)
    assert (again["secret"], again["webhook"]) == (None, rotated["webhook"]), "a secret is shown once"
    await hooks.happen(scan)
    await hooks.carry()
    for secret in (webhook["secret"], rotated["secret"]):
        assert hooks.receiver.came[0].proved(secret)["type"] == "scan.changed"
    async with transaction(hooks.service.engine) as connection:
        over = hooks.service.now() - dt.timedelta(seconds=1)
        await connection.execute(update(Webhook).values(previous_until=over))
    await hooks.happen(scan)
    await hooks.carry()
    assert hooks.receiver.came[1].proved(rotated["secret"])
    with pytest.raises(WebhookVerificationError):
        hooks.receiver.came[1].proved(webhook["secret"])
    at_once = await hooks.do(ROTATE, webhookId=webhook["id"], expectedVersion=2, overlapHours=0)
    await hooks.happen(scan)
    await hooks.carry()
    assert hooks.receiver.came[2].proved(at_once["secret"])
    with pytest.raises(WebhookVerificationError):
        hooks.receiver.came[2].proved(rotated["secret"])


async def test_secrets_are_sealed_and_stand_in_no_audit(hooks: Hooks) -> None:
    webhook = await hooks.registered()
    async with reading(hooks.service.engine) as connection:
        row = (await connection.execute(select(Webhook.secret, Webhook.topics))).one()
        acts = (await connection.execute(select(AuditEvent.action, AuditEvent.detail))).all()
    assert webhook["secret"].encode() not in row.secret
    assert hooks.service.vault.open(webhooks.COLUMN, row.secret) == webhook["secret"]
    assert webhook["secret"] not in str(acts)
    assert "webhook.registered" in {act.action for act in acts}


async def test_a_message_that_fails_is_tried_again_later_and_those_behind_it_wait(hooks: Hooks) -> None:
    await hooks.registered()
    first, second = await hooks.scans("410502", "410502")
    hooks.receiver.answers = [says("503 Service Unavailable"), says("302 Found", "Location: /else"), takes]
    await hooks.happen(first, second)
    await hooks.carry()
    await hooks.carry()
    assert hooks.heard == hooks.told("Scan", [first]), "not before its time, and none goes before it"
    for attempt, failure in enumerate(("REFUSED", "REDIRECTED"), start=1):
        _, (failed, behind) = await hooks.listed()
        assert (failed["state"], failed["attempts"], failed["failure"]) == ("WAITING", attempt, failure)
        assert (behind["state"], behind["attempts"]) == ("WAITING", 0)
        hooks.ahead += PAUSES[attempt - 1]
        await hooks.carry()
    assert hooks.heard == hooks.told("Scan", [first, first, first, second])
    ids = [came.headers["webhook-id"] for came in hooks.receiver.came]
    assert ids[0] == ids[1] == ids[2] != ids[3], "it is the same message each time"


async def test_a_message_that_nobody_wants_holds_back_no_other_for_ever(hooks: Hooks) -> None:
    await hooks.registered()
    unwanted, wanted = await hooks.scans("410502", "410502")
    hooks.receiver.answers = [*[says("400 Bad Request")] * ORDERLY, takes, says("400 Bad Request")]
    await hooks.happen(unwanted, wanted)
    for pause in (dt.timedelta(), *PAUSES[: ORDERLY - 1]):
        hooks.ahead += pause
        await hooks.carry()
    assert hooks.heard == hooks.told("Scan", [*[unwanted] * ORDERLY, wanted])
    for pause in PAUSES[ORDERLY - 1 :]:
        hooks.ahead += pause
        await hooks.carry()
    (webhook,), (given_up, arrived) = await hooks.listed()
    assert (given_up["state"], given_up["attempts"], given_up["status"]) == ("FAILED", ATTEMPTS, 400)
    assert (arrived["state"], webhook["state"]) == ("DELIVERED", "ACTIVE"), "and the webhook goes on"


async def test_who_takes_nothing_for_days_is_switched_off_with_a_reason_and_goes_on_where_it_stopped(
    hooks: Hooks,
) -> None:
    made = await hooks.registered()
    scans = await hooks.scans("410502", "410502")
    hooks.receiver.answers = [says("500 Internal Server Error")]
    await hooks.happen(*scans)
    for pause in (dt.timedelta(), *PAUSES):
        hooks.ahead += pause
        await hooks.carry()
    (webhook,), _ = await hooks.listed()
    assert (webhook["state"], webhook["disabledBecause"]) == ("DISABLED", "FAILED")
    assert webhook["disabledAt"] is not None
    tried = len(hooks.receiver.came)
    await hooks.happen(scans[0])
    hooks.ahead += dt.timedelta(days=1)
    await hooks.carry()
    assert len(hooks.receiver.came) == tried, "it is told nothing any more"
    for mutation in (PING, REPLAY):
        told = {"since": hooks.service.now().isoformat()} if mutation is REPLAY else {}
        refused = await hooks.do(mutation, webhookId=made["id"], **told)
        assert refused["userErrors"] == [{"code": "INVALID", "path": ["input", "webhookId"]}]
    hooks.receiver.answers = [takes]
    on = await hooks.do(SWITCH, webhookId=made["id"], expectedVersion=2, active=True)
    assert (on["userErrors"], on["webhook"]["state"]) == ([], "ACTIVE")
    await hooks.carry()
    _, listed = await hooks.listed()
    assert {each["state"] for each in listed[1:]} == {"DELIVERED"}
    assert hooks.heard[tried:] == hooks.told("Scan", [scans[1], scans[0]])
    async with reading(hooks.service.engine) as connection:
        acts = (await connection.execute(select(AuditEvent.action, AuditEvent.user_id))).all()
    assert [act.user_id for act in acts if act.action == "webhook.disabled"] == [None], "by the service itself"


async def test_who_says_that_it_is_gone_is_believed(hooks: Hooks) -> None:
    await hooks.registered()
    hooks.receiver.answers = [says("410 Gone")]
    await hooks.happen(*await hooks.scans("410502"))
    await hooks.carry()
    (webhook,), _ = await hooks.listed()
    assert (webhook["state"], webhook["disabledBecause"]) == ("DISABLED", "GONE")


async def test_a_host_that_is_named_no_longer_is_sent_nothing(hooks: Hooks) -> None:
    await hooks.registered()
    await hooks.happen(*await hooks.scans("410502"))
    service = hooks.service
    assert await Postman(service.engine, service.vault, Sender(AllowedHosts.of("else.example")), hooks.now).step()
    _, (delivery,) = await hooks.listed()
    assert (delivery["failure"], delivery["state"], hooks.receiver.connections) == ("NOT_ALLOWED", "WAITING", 0)


async def test_everything_since_a_moment_is_told_again_as_the_same_messages_in_order(hooks: Hooks) -> None:
    earlier, *scans = await hooks.scans(*["410502"] * 4)
    await hooks.happen(earlier)
    hooks.ahead += dt.timedelta(seconds=10)
    webhook, since = await hooks.registered(), hooks.now() - dt.timedelta(seconds=5)
    await hooks.happen(*scans)
    await hooks.carry()
    first = [came.headers["webhook-id"] for came in hooks.receiver.came]
    assert (await hooks.do(REPLAY, webhookId=webhook["id"], since=since.isoformat()))["userErrors"] == []
    await hooks.carry()
    assert [came.headers["webhook-id"] for came in hooks.receiver.came] == first * 2
    _, listed = await hooks.listed()
    assert (await hooks.do(REPLAY, webhookId=webhook["id"], deliveryId=listed[1]["id"]))["userErrors"] == []
    await hooks.carry()
    assert [came.headers["webhook-id"] for came in hooks.receiver.came] == first * 2 + first[1:]
    before = (since - dt.timedelta(seconds=10)).isoformat()
    assert (await hooks.do(REPLAY, webhookId=webhook["id"], since=before))["userErrors"] == []
    await hooks.carry()
    assert hooks.heard[-4:] == hooks.told("Scan", [earlier, *scans]), "also what happened before it was registered"
    long_ago = (hooks.service.now() - dt.timedelta(days=8)).isoformat()
    for given in (
        {},
        {"since": before, "deliveryId": listed[0]["id"]},
        {"since": long_ago},
        {"deliveryId": "0" * 32},
    ):
        assert (await hooks.do(REPLAY, webhookId=webhook["id"], **given))["userErrors"]


async def test_a_test_message_is_about_nothing(hooks: Hooks) -> None:
    webhook = await hooks.registered()
    made = await hooks.do(PING, webhookId=webhook["id"])
    assert (made["userErrors"], made["delivery"]["state"], made["delivery"]["topic"]) == ([], "WAITING", "PING")
    await hooks.carry()
    (came,) = hooks.receiver.came
    told = came.proved(webhook["secret"])
    assert (told["type"], told["data"]) == ("ping", {})


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"url": "https://other.example/"}, "url"),
        ({"url": "http://hooks.example/"}, "url"),
        ({"url": "https://127.0.0.1/"}, "url"),
        ({"topics": []}, "topics"),
        ({"topics": ["PING"]}, "topics"),
        ({"divisionCode": "110000"}, "divisionCode"),
        ({"divisionCode": "4105"}, "divisionCode"),
    ],
)
async def test_what_cannot_be_registered_is_refused(hooks: Hooks, given: dict[str, Any], path: str) -> None:
    usual = {"url": hooks.receiver.url, "topics": ["SCAN"], "divisionCode": "410502"}
    refused = await hooks.do(REGISTER, **{**usual, **given})
    assert (refused["webhook"], refused["secret"]) == (None, None)
    assert [each["path"] for each in refused["userErrors"]] == [["input", path]]


async def test_where_no_host_is_named_no_webhook_is_registered(service: Service) -> None:
    given = {"url": "https://hooks.example/", "topics": ["SCAN"], "divisionCode": "410502"}
    answer = await service.data(REGISTER, {"i": {**given, "idempotencyKey": "webhook-none"}}, by="administrator")
    assert answer["registerWebhook"]["userErrors"][0]["path"] == ["input", "url"]


async def test_killed_while_it_sends_another_postman_goes_on_and_nothing_is_left_out(hooks: Hooks) -> None:
    """The message that was in the hand of who was killed comes again, as the same one."""
    await hooks.registered()
    scans = await hooks.scans(*["410502"] * 3)
    await hooks.happen(*scans)
    async with transaction(hooks.service.engine) as connection:
        await deliveries.queue(connection, hooks.now())
        job = await jobs.lease(connection, "killed", (webhooks.JOB,), hooks.now())
        assert job is not None
        message = await deliveries.next_of(connection, hooks.service.vault, job.subject, hooks.now())
    assert isinstance(message, deliveries.Message)
    await hooks.carry()
    assert hooks.receiver.came == [], "as long as the lease is another's"
    hooks.ahead += jobs.LEASE + dt.timedelta(seconds=1)
    await hooks.carry()
    assert hooks.heard == hooks.told("Scan", scans)
    assert hooks.receiver.came[0].headers["webhook-id"] == message.name


async def test_events_and_messages_are_kept_for_the_window_and_as_long_as_somebody_waits(hooks: Hooks) -> None:
    await hooks.registered()
    (scan,) = await hooks.scans("410502")
    await hooks.happen(scan, scan)
    await hooks.carry()
    hooks.receiver.answers = [says("503 Service Unavailable")]
    await hooks.happen(scan)
    await hooks.carry()
    await hooks.happen(scan)

    async def left(after: dt.timedelta) -> tuple[int, int]:
        async with transaction(hooks.service.engine) as connection:
            await deliveries.forget_old(connection, hooks.now() + after)
            events = await connection.scalar(select(func.count()).select_from(OutboxEvent))
            messages = await connection.scalar(select(func.count()).select_from(WebhookDelivery))
        return events or 0, messages or 0

    whole = await left(dt.timedelta(days=6))
    assert whole[1] == 3
    assert await left(dt.timedelta(days=8)) == (1, 1), (
        "the event that it has not heard of, and the message that waits"
    )
    async with reading(hooks.service.engine) as connection:
        assert await connection.scalar(select(func.count()).select_from(Job).where(Job.kind == webhooks.JOB)) == 2
