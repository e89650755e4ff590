"""A message is sent to an address that was checked, within limits, and never further; whatever is wrong is told by its kind."""

from __future__ import annotations

import asyncio
import datetime as dt
import ssl
from collections.abc import Sequence
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from api.domain.hosts import AllowedHosts
from api.domain.webhooks import DeliveryFailure
from api.posting import MOST_HEAD_BYTES, NotSent, Resolve, Sender, resolved
from tests.api.receiver import Answer, Receiver, receiving, says, takes

F = DeliveryFailure
OPEN = "93.184.216.34"


def sender(receiver: Receiver, resolve: Resolve = resolved, seconds: float = 10.0) -> Sender:
    """Sends to this receiver alone, and to a host of another name on its port."""
    named = f"127.0.0.1:{receiver.port}, localhost:{receiver.port}, hooks.example"
    return Sender(AllowedHosts.of(named), resolve=resolve, seconds=seconds)


def answering(*rounds: Sequence[str]) -> Resolve:
    """A server of names that answers something else each time."""
    left = list(rounds)

    async def resolve(host: str, port: int) -> Sequence[str]:
        return left.pop(0)

    return resolve


async def test_a_message_arrives_as_it_is() -> None:
    async with receiving() as receiver:
        status = await sender(receiver).send(f"{receiver.url}?a=b", {"webhook-id": "msg_1"}, b'{"a":1}')
    assert status == 204
    (came,) = receiver.came
    assert (came.line, came.body) == ("POST /hooks?a=b HTTP/1.1", b'{"a":1}')
    assert came.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert (came.headers["webhook-id"], came.headers["content-type"]) == ("msg_1", "application/json")
    assert came.headers.keys() == {
        "host", "user-agent", "content-type", "content-length", "connection", "webhook-id"
    }  # fmt: skip


async def head_without_end(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nX: " + b"x" * (2 * MOST_HEAD_BYTES))


async def interim_without_end(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100)


async def interim_first(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n")


async def no_http(writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 mail.example ESMTP\r\n\r\n")


async def nothing(writer: asyncio.StreamWriter) -> None:
    writer.close()


async def endless_body(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 10_000_000)


ANSWERS: dict[str, tuple[Answer, tuple[F | None, int | None]]] = {
    "200": (says("200 OK"), (None, 200)),
    "an interim answer first": (interim_first, (None, 200)),
    "a body without end": (endless_body, (None, 200)),
    "a redirect": (says("302 Found", "Location: http://127.0.0.1:1/"), (F.REDIRECTED, 302)),
    "another kind of redirect": (says("307 Temporary Redirect", "Location: /else"), (F.REDIRECTED, 307)),
    "an error of ours": (says("400 Bad Request"), (F.REFUSED, 400)),
    "gone": (says("410 Gone"), (F.REFUSED, 410)),
    "an error of theirs": (says("503 Service Unavailable"), (F.REFUSED, 503)),
    "a head without end": (head_without_end, (F.NOT_HTTP, None)),
    "interim answers without end": (interim_without_end, (F.NOT_HTTP, None)),
    "another protocol": (no_http, (F.NOT_HTTP, None)),
    "nothing at all": (nothing, (F.UNREACHABLE, None)),
}


@pytest.mark.parametrize("what", ANSWERS)
async def test_an_answer_is_told_by_its_kind_and_nothing_is_followed(what: str) -> None:
    answer, (failure, status) = ANSWERS[what]
    async with receiving() as receiver:
        receiver.answers = [answer]
        if failure is None:
            assert await sender(receiver).send(receiver.url, {}, b"{}") == status
        else:
            with pytest.raises(NotSent) as why:
                await sender(receiver).send(receiver.url, {}, b"{}")
            assert (why.value.failure, why.value.status) == (failure, status)
    assert receiver.connections == 1


async def test_who_answers_too_slowly_is_not_waited_for() -> None:
    """Nor one who says a letter now and then: the limit is of the whole."""
    for letters in (b"", b"HTTP/1.1 200 OK\r\n"):
        over = asyncio.Event()

        async def slowly(writer: asyncio.StreamWriter, said: bytes = letters, end: asyncio.Event = over) -> None:
            writer.write(said)
            await end.wait()

        async with receiving() as receiver:
            receiver.answers = [slowly]
            with pytest.raises(NotSent, match=F.TIMED_OUT):
                await sender(receiver, seconds=0.05).send(receiver.url, {}, b"{}")
            over.set()


async def test_nobody_there_is_unreachable() -> None:
    async with receiving() as receiver:
        pass
    with pytest.raises(NotSent, match=F.UNREACHABLE):
        await sender(receiver).send(receiver.url, {}, b"{}")


async def test_a_name_that_has_an_inner_address_is_not_connected_to() -> None:
    async with receiving() as receiver:
        for addresses in (
            ["127.0.0.1"],
            ["10.0.0.8"],
            ["169.254.169.254"],
            [OPEN, "127.0.0.1"],
            ["::ffff:127.0.0.1"],
            [],
        ):
            with pytest.raises(NotSent, match=F.NOT_ALLOWED):
                await sender(receiver, answering(addresses)).send("https://hooks.example/", {}, b"{}")
        with pytest.raises(NotSent, match=F.NOT_ALLOWED):
            await sender(receiver).send(f"http://127.0.0.1:{receiver.port + 1}/", {}, b"{}")
    assert receiver.connections == 0


async def test_the_name_is_asked_for_once_and_the_connection_made_to_what_was_checked() -> None:
    """A server of names that answers otherwise a moment later leads nowhere: a second question would fail here."""
    async with receiving() as receiver:
        once = answering(["127.0.0.1"])
        url = f"http://localhost:{receiver.port}/"
        assert await sender(receiver, once).send(url, {}, b"{}") == 204
        (came,) = receiver.came
    assert came.headers["host"] == f"localhost:{receiver.port}"


async def test_the_next_address_is_tried_where_the_first_cannot_be_reached_and_none_that_is_not_allowed() -> None:
    async with receiving() as receiver:
        url = f"http://localhost:{receiver.port}/"
        several = answering(["127.0.0.9", "127.0.0.8", "127.0.0.1"])  # nobody listens at the first two
        assert await sender(receiver, several).send(url, {}, b"{}") == 204
        assert (receiver.connections, len(receiver.came)) == (1, 1), "it is told once"
        with pytest.raises(NotSent, match=F.UNREACHABLE):
            await sender(receiver, answering(["127.0.0.9", "127.0.0.8"])).send(url, {}, b"{}")
        with pytest.raises(NotSent, match=F.NOT_ALLOWED):
            await sender(receiver, answering([OPEN, "10.0.0.8"])).send("https://hooks.example/", {}, b"{}")
    assert receiver.connections == 1


def certified(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Who shows a certificate for this name, and who trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(called)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / f"{name}.pem").write_bytes(pem + private)
    shows = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    shows.load_cert_chain(folder / f"{name}.pem")
    return shows, ssl.create_default_context(cadata=pem.decode())


async def test_tls_proves_the_name_at_the_address_that_was_checked(tmp_path: Path) -> None:
    shows, trusts = certified(tmp_path, "localhost")
    async with receiving(shows) as receiver:
        allowed = AllowedHosts.of(f"localhost:{receiver.port}")
        url = f"https://localhost:{receiver.port}/"
        trusting = Sender(allowed, trusts, answering(["127.0.0.1"]))
        assert await trusting.send(url, {}, b"{}") == 204
        with pytest.raises(NotSent, match=F.NOT_TRUSTED):
            await Sender(allowed, resolve=answering(["127.0.0.1"])).send(url, {}, b"{}")
    others, trusts = certified(tmp_path, "other.example")
    async with receiving(others) as receiver:
        receiver.answers = [takes]
        allowed = AllowedHosts.of(f"localhost:{receiver.port}")
        with pytest.raises(NotSent, match=F.NOT_TRUSTED):
            await Sender(allowed, trusts, answering(["127.0.0.1"])).send(
                f"https://localhost:{receiver.port}/", {}, b"{}"
            )
        assert receiver.came == []
