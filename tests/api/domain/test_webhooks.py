"""What a webhook is told, and by what it knows that it is ours: the stock library takes it, and nothing that was changed."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as some
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from api.domain import days
from api.domain.webhooks import (
    ID,
    PAUSES,
    SIGNATURE,
    TIMESTAMP,
    WebhookTopic,
    content,
    headers,
    new_secret,
    signature,
)

NOW = dt.datetime(2026, 3, 2, 8, tzinfo=dt.UTC)


@given(some.binary(max_size=200), some.text("0123456789abcdef", min_size=32, max_size=32))
def test_the_stock_library_takes_what_is_signed_by_either_secret(data: bytes, name: str) -> None:
    old, new, body = new_secret(), new_secret(), json.dumps({"data": data.hex()}).encode()
    told = headers(f"msg_{name}", days.this_moment(), body, (new, old))
    for secret in (old, new):
        assert Webhook(secret).verify(body.decode(), told) == {"data": data.hex()}
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(body.decode(), told)


@pytest.mark.parametrize("changed", ["body", ID, TIMESTAMP, SIGNATURE])
def test_nothing_that_was_changed_is_taken(changed: str) -> None:
    secret, body, now = new_secret(), b'{"data":1}', days.this_moment()
    told = headers("msg_1", now, body, (secret,))
    if changed == "body":
        body = b'{"data":2}'
    else:
        later = str(int(now.timestamp()) + 1)
        told |= {changed: {ID: "msg_2", TIMESTAMP: later, SIGNATURE: "v1," + "A" * 44}[changed]}
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body.decode(), told)


def test_a_message_holds_its_topic_when_and_an_id_and_nothing_else() -> None:
    """No field could carry anything of a person."""
    told = json.loads(content(WebhookTopic.FINDING, NOW, "00ff"))
    assert told == {"type": "finding.changed", "timestamp": "2026-03-02T08:00:00Z", "data": {"id": "00ff"}}
    assert json.loads(content(WebhookTopic.PING, NOW, None))["data"] == {}


def test_what_is_no_secret_signs_nothing() -> None:
    with pytest.raises(ValueError, match="no secret"):
        signature("whsec_?", "msg_1", NOW, b"")


def test_it_is_tried_for_days_and_longer_is_waited_each_time() -> None:
    assert sorted(PAUSES) == list(PAUSES)
    assert dt.timedelta(days=3) < sum(PAUSES, dt.timedelta()) < dt.timedelta(days=4)
