"""The service as an operator runs it: a server and workers, each a process of its own, over a database that a test looks into."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

COMMAND = (sys.executable, "-c", "from api.cli import main; main()")
PATIENCE_SECONDS = 300.0


@dataclass(frozen=True)
class Place:
    """Where an installation lives: its database, its data folder, its key, what else its environment says, and its log."""

    url: str
    data_dir: Path
    key: str
    more: Mapping[str, str] = field(default_factory=dict)
    log: Path | None = None

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """`jiekun` with these arguments, in an environment of its own."""
        told = {"JIEKUN_DATABASE_URL": self.url, "JIEKUN_DATA_DIR": str(self.data_dir), "JIEKUN_KEY": self.key}
        passed = {name: value for name, value in os.environ.items() if not name.startswith("JIEKUN")}
        with open(self.log or os.devnull, "ab") as log:
            return subprocess.Popen(
                [*COMMAND, *arguments],
                env={**passed, **told, **self.more},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def serve(self, port: int) -> subprocess.Popen[bytes]:
        """A server of this port, without a worker."""
        return self.start("serve", "--no-work", "--port", str(port))


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


async def answers(process: subprocess.Popen[bytes], port: int) -> None:
    """The server answers."""
    async with asyncio.timeout(PATIENCE_SECONDS), httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        while True:
            assert process.poll() is None, "it does not begin"
            try:
                if (await client.get("/readyz")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)


async def killed(process: subprocess.Popen[bytes]) -> None:
    """As by kill -9."""
    process.send_signal(signal.SIGKILL)
    await asyncio.to_thread(process.wait)


async def ended(process: subprocess.Popen[bytes]) -> None:
    """Stopped as an operator stops it, if it has not ended."""
    if process.poll() is None:
        process.terminate()
    await asyncio.to_thread(process.wait)


@asynccontextmanager
async def server(place: Place) -> AsyncIterator[tuple[subprocess.Popen[bytes], httpx.AsyncClient]]:
    """A server that answers, and a client of it; gone at the end however that is."""
    port = free_port()
    process = place.serve(port)
    try:
        await answers(process, port)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            yield process, client
    finally:
        await killed(process)


@asynccontextmanager
async def worker(place: Place) -> AsyncIterator[subprocess.Popen[bytes]]:
    """A worker, gone at the end however that is."""
    process = place.start("work")
    try:
        yield process
    finally:
        await ended(process)
