"""What attacks cost: python -m benchmarks.graphql.attacks. A server that is really running, each attack, and a bystander.

Of each attack are printed its status and code, the server's CPU milliseconds, by how much the peak of its memory grew, and
how long a bystander who asks all the while waited at most. The last line has the worst of each.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks.graphql import task
from benchmarks.graphql.task import Task
from matcher.synthetic.city import write_city
from tests.api.gate.attacks import ATTACKS, Attack

HOUSEHOLDS, RECORDS = 2_000, 20_000
TICK = os.sysconf("SC_CLK_TCK")
TIMES = 3
PAUSE = 0.01
ENDLESS = "a body without end"


@dataclass(frozen=True)
class Cost:
    """Of one attack."""

    name: str
    said: str
    cpu: float
    memory: float
    waited: float

    def line(self) -> str:
        """For people."""
        return f"{self.cpu:7.0f} {self.memory:7.1f} {self.waited:7.0f}  {self.name}: {self.said}"


def cpu_of(pid: int) -> float:
    """CPU milliseconds of a process until now."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / TICK


def peak_of(pid: int) -> float:
    """The most memory that a process ever had, in MiB."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


async def waits(client: httpx.AsyncClient, over: asyncio.Event) -> list[float]:
    """How long a bystander waited, time and again, until it is over."""
    taken = []
    while not over.is_set():
        began = time.perf_counter()
        answer = await client.post("/graphql", json={"query": "{ viewer { login } }"})
        assert answer.json()["data"]["viewer"]["login"]
        taken.append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(PAUSE)
    return taken


async def suffer(client: httpx.AsyncClient, attack: Attack, pid: int) -> Cost:
    """Sends one attack, several times, each a little different, so that nothing remembers it; the least CPU of them."""
    headers = {"content-type": "application/json", "accept": "application/graphql-response+json", **attack.headers}
    address = f"/graphql?{attack.address}" if attack.address else "/graphql"
    peak, taken, waited, said = peak_of(pid), [], 0.0, ""
    for number in range(TIMES):
        body = attack.body.replace(b'{"query": "', b'{"query": "' + b" " * number, 1)
        idle = await idling(client, pid)
        over, began = asyncio.Event(), cpu_of(pid)
        bystander = asyncio.create_task(waits(client, over))
        answer = await client.request(attack.method, address, content=body, headers=headers)
        over.set()
        asked = await bystander
        taken.append(cpu_of(pid) - began - idle * len(asked))
        waited = max(waited, *asked)
        errors = answer.json().get("errors", [])
        said = f"{answer.status_code} {errors[0]['extensions']['code'] if errors else ''}"
    return Cost(attack.name, said, max(0.0, min(taken)), peak_of(pid) - peak, waited)


async def idling(client: httpx.AsyncClient, pid: int) -> float:
    """CPU milliseconds of one of the bystander's questions."""
    began = cpu_of(pid)
    for _ in range(10):
        await client.post("/graphql", json={"query": "{ viewer { login } }"})
    return (cpu_of(pid) - began) / 10


async def without_end(client: httpx.AsyncClient, pid: int) -> Cost:
    """A body of which there is always more."""

    async def more() -> AsyncIterator[bytes]:
        for _ in range(100_000):
            yield b" " * 65_536

    idle = await idling(client, pid)
    peak, began, over = peak_of(pid), cpu_of(pid), asyncio.Event()
    bystander = asyncio.create_task(waits(client, over))
    try:
        answer = await client.post(
            "/graphql", content=more(), headers={"content-type": "application/json"}, timeout=20
        )
        said = str(answer.status_code)
    except httpx.HTTPError as broken:
        said = type(broken).__name__
    over.set()
    asked = await bystander
    return Cost(ENDLESS, said, max(0.0, cpu_of(pid) - began - idle * len(asked)), peak_of(pid) - peak, max(asked))


async def attacked(port: int, token: str, pid: int) -> list[Cost]:
    """Every attack, one after the other."""
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", headers={"authorization": f"Bearer {token}"}, timeout=60
    ) as client:
        await idling(client, pid)
        costs = [await suffer(client, attack, pid) for attack in ATTACKS]
        return [*costs, await without_end(client, pid)]


def main() -> None:
    """Prints a line for each attack."""
    with tempfile.TemporaryDirectory() as made, socket.socket() as free:
        folder = Path(made)
        write_city(folder / "city", households=HOUSEHOLDS, records=RECORDS, seed=1)
        url = f"sqlite:///{folder}/jiekun.db"
        filled: Task = asyncio.run(task.fill(url, folder / "city", folder / "data"))
        filled.write(folder / "task")
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        server = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.graphql.serve", "jiekun", str(folder / "task"), str(port)]
        )
        try:
            wait_for(port)
            costs = asyncio.run(attacked(port, filled.token, server.pid))
        finally:
            server.terminate()
            server.wait()
    print(" CPU ms     MiB  waited  attack: answer")  # noqa: T201
    for cost in sorted(costs, key=lambda each: each.cpu, reverse=True):
        print(cost.line())  # noqa: T201
    worst = Cost("the worst of each", "", *(max(getattr(c, n) for c in costs) for n in ("cpu", "memory", "waited")))
    print(worst.line())  # noqa: T201


def wait_for(port: int) -> None:
    """Until the server answers. Raises TimeoutError."""
    for _ in range(200):
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("the server does not answer")


if __name__ == "__main__":
    main()
