"""Clients that ask one thing again and again over kept connections, as many at a time as there are connections."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from statistics import quantiles
from typing import Any


@dataclass(frozen=True)
class Outcome:
    """Requests a second, and the seconds within which half and 95 % were answered."""

    per_second: float
    p50: float
    p95: float


async def load(port: int, token: str, body: dict[str, Any], connections: int, seconds: float) -> Outcome:
    """Asks for so many seconds. Raises ValueError for an answer with errors."""
    content = json.dumps(body).encode()
    request = (
        f"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {token}\r\nContent-Length: {len(content)}\r\n\r\n"
    ).encode() + content
    taken: list[float] = []
    end = time.perf_counter() + seconds

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (began := time.perf_counter()) < end:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")
            )
            answer = await reader.readexactly(length)
            if not head.startswith(b"HTTP/1.1 200") or b'"errors"' in answer:
                raise ValueError(answer[:500])
            taken.append(time.perf_counter() - began)
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(connections)))
    cuts = quantiles(taken, n=20)
    return Outcome(len(taken) / (time.perf_counter() - began), cuts[9], cuts[18])
