"""Somebody who takes webhooks, for tests: over HTTP on the loopback, keeping what came, answering as it is told."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from standardwebhooks.webhooks import Webhook

TAKEN = b"HTTP/1.1 204 No Content\r\n\r\n"


@dataclass(frozen=True)
class Came:
    """A request as it came."""

    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def told(self) -> dict[str, Any]:
        """What the message says."""
        content: dict[str, Any] = json.loads(self.body)
        return content

    def proved(self, secret: str) -> dict[str, Any]:
        """What it says, if the stock library finds it signed with this secret, and new. Raises WebhookVerificationError."""
        content: dict[str, Any] = Webhook(secret).verify(self.body.decode(), self.headers)
        return content


Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


def says(status: str, *headers: str) -> Answer:
    """Answers with this status line and these headers."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write("\r\n".join([f"HTTP/1.1 {status}", *headers, "Content-Length: 0", "", ""]).encode())

    return answer


async def takes(writer: asyncio.StreamWriter) -> None:
    """Takes the message."""
    writer.write(TAKEN)


@dataclass
class Receiver:
    """What came, and how the next requests are answered: by these in turn, then by the last."""

    port: int = 0
    came: list[Came] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=lambda: [takes])
    connections: int = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/hooks"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one request."""
        self.connections += 1
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:-2])}
            body = await reader.readexactly(int(headers["content-length"]))
            self.came.append(Came(head[0], headers, body))
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            await answer(writer)
            await writer.drain()
        except (OSError, EOFError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def receiving(trust: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """Somebody who listens until the block ends, over TLS where there is a certificate."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, ssl=trust)
    receiver.port = server.sockets[0].getsockname()[1]
    async with server:
        yield receiver
