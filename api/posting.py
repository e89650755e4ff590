"""One message sent to one address, within limits of time and bytes, to an address that was checked, and never further.

The host's name is looked up once, what it has is held against what may be reached (domain/hosts), and the connection is
made to one of these very addresses, the first that can be reached, while TLS proves the name. No redirect is followed, no proxy asked, and of what is answered
the status alone is read.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from socket import SOCK_STREAM

from api.domain.hosts import HTTPS, AllowedHosts, NotAllowed, Place, reachable
from api.domain.webhooks import DeliveryFailure

SECONDS = 10.0
MOST_HEAD_BYTES, MOST_REST_BYTES = 16 * 1024, 64 * 1024
MOST_INTERIM, MOST_ADDRESSES = 4, 4
AGENT = "jiekun-webhooks"

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class NotSent(Exception):
    """Why a message did not arrive, and the status that was answered where there was one."""

    def __init__(self, failure: DeliveryFailure, status: int | None = None) -> None:
        super().__init__(failure.value)
        self.failure, self.status = failure, status


async def resolved(host: str, port: int) -> list[str]:
    """All addresses of a host. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=SOCK_STREAM)
    return [str(each[4][0]) for each in found]


@dataclass(frozen=True)
class Sender:
    """Sends to the hosts that are allowed, and to no other."""

    hosts: AllowedHosts
    trust: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    resolve: Resolve = resolved
    seconds: float = SECONDS

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """The status of whoever took the message. Raises NotSent."""
        try:
            place = self.hosts.place(url)
            async with asyncio.timeout(self.seconds):
                status = await self._ask(place, _written(place, headers, body))
        except NotAllowed:
            raise NotSent(DeliveryFailure.NOT_ALLOWED) from None
        except TimeoutError:
            raise NotSent(DeliveryFailure.TIMED_OUT) from None
        except ssl.SSLError:
            raise NotSent(DeliveryFailure.NOT_TRUSTED) from None
        except (OSError, EOFError):
            raise NotSent(DeliveryFailure.UNREACHABLE) from None
        if 300 <= status < 400:
            raise NotSent(DeliveryFailure.REDIRECTED, status)
        if not 200 <= status < 300:
            raise NotSent(DeliveryFailure.REFUSED, status)
        return status

    async def _ask(self, place: Place, written: bytes) -> int:
        found = reachable(place.host, await self.resolve(place.host, place.port))
        trust, name = (self.trust, place.host) if place.scheme == HTTPS else (None, None)
        reader, writer = await self._connected(found[:MOST_ADDRESSES], place.port, trust, name)
        try:
            writer.write(written)
            await writer.drain()
            for _ in range(MOST_INTERIM):
                if (status := await _status(reader)) >= 200:
                    await _discard(reader)
                    return status
            raise NotSent(DeliveryFailure.NOT_HTTP)
        finally:
            writer.close()
            with suppress(OSError):
                writer.transport.abort()

    async def _connected(
        self, addresses: Sequence[str], port: int, trust: ssl.SSLContext | None, name: str | None
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """With the first of the addresses that can be reached, each in its share of the time; nothing was sent to any before.

        Who cannot prove the name is the end of it. Raises OSError.
        """
        for left in range(len(addresses) - 1, -1, -1):
            try:
                async with asyncio.timeout(self.seconds / (len(addresses) + 1) if left else None):
                    return await asyncio.open_connection(
                        addresses[-1 - left], port, limit=MOST_HEAD_BYTES, ssl=trust, server_hostname=name
                    )
            except ssl.SSLError:
                raise
            except OSError:  # a TimeoutError is one
                if not left:
                    raise
        raise OSError  # there is no address


def _written(place: Place, headers: Mapping[str, str], body: bytes) -> bytes:
    told = {
        "Host": place.named,
        "User-Agent": AGENT,
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Connection": "close",
        **headers,
    }
    lines = [f"POST {place.target} HTTP/1.1", *(f"{name}: {value}" for name, value in told.items()), "", ""]
    return "\r\n".join(lines).encode("ascii") + body


async def _status(reader: asyncio.StreamReader) -> int:
    """The status of the next answer, whose head is read to its end. Raises NotSent or EOFError."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError:
        raise NotSent(DeliveryFailure.NOT_HTTP) from None
    version, _, rest = head.partition(b"\r\n")[0].partition(b" ")
    if not version.startswith(b"HTTP/1.") or not rest[:3].isdigit() or rest[3:4] not in (b"", b" "):
        raise NotSent(DeliveryFailure.NOT_HTTP)
    return int(rest[:3])


async def _discard(reader: asyncio.StreamReader) -> None:
    """Reads on a little, so that whoever answers can end in peace."""
    left = MOST_REST_BYTES
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(1):
            while left > 0 and (some := await reader.read(left)):
                left -= len(some)
