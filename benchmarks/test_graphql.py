"""The household page over HTTP on PostgreSQL: our service and a typical strawberry server, by turns in one run.

    make bench

One server process on one core; the clients and PostgreSQL on the other. Both sides answer the same query from the same
rows, within the same scope, with the same values opened and masked; the answers are compared first. Only ours weighs the
query, pays for it, and records what was read of whom before it answers. CPU is the server's own time
for one page, the least of many, driven in the process: the figure that a busy machine disturbs least.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture
from sqlalchemy import text
from sqlalchemy.engine import make_url

from api.database import open_engine
from benchmarks.graphql import cpu, task
from benchmarks.graphql.load import load
from benchmarks.graphql.page import QUERY, ROWS
from benchmarks.graphql.task import Task
from matcher.synthetic.city import write_city
from tests import postgresql

HOUSEHOLDS, RECORDS = 20_000, 200_000
SIDES = ("jiekun", "typical")
SECONDS, ROUNDS, CONNECTIONS = 3.0, 3, 8


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A filled PostgreSQL, on the clients' core."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    folder = tmp_path_factory.mktemp("graphql")
    write_city(folder / "city", households=HOUSEHOLDS, records=RECORDS, seed=1)
    with postgresql.server() as url:
        filled = asyncio.run(task.fill(url, folder / "city", folder / "data"))
        asyncio.run(analyse(url))
        Task(make_url(filled.url).render_as_string(hide_password=False), filled.key, filled.token).write(
            folder / "task"
        )
        yield folder / "task"
    os.sched_setaffinity(0, cores)


async def analyse(url: str) -> None:
    engine = open_engine(url)
    async with engine.begin() as connection:
        await connection.execute(text("ANALYZE"))
    await engine.dispose()


def plain(answer: Any) -> Any:
    """An answer without its ids, which each side makes in its own way."""
    if isinstance(answer, dict):
        return {name: plain(value) for name, value in answer.items() if name != "id"}
    return [plain(each) for each in answer] if isinstance(answer, list) else answer


def test_both_sides_answer_the_same(given: Path) -> None:
    read = task.read(given)
    answers = [asyncio.run(cpu.page_of(side, read)) for side in SIDES]
    ours, theirs = (sorted_enrolments(plain(answer)) for answer in answers)
    assert ours == theirs
    assert len(ours["households"]["nodes"]) == ROWS


def sorted_enrolments(answer: Any) -> Any:
    for household in answer["households"]["nodes"]:
        household["enrolments"].sort(key=repr)
    return answer


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("name", list(cpu.TIMES))
def test_cpu(benchmark: BenchmarkFixture, given: Path, name: str, side: str) -> None:
    command = [sys.executable, "-m", "benchmarks.graphql.cpu", side, str(given), name]
    least: list[float] = []
    benchmark.pedantic(lambda: least.append(float(subprocess.check_output(command))), rounds=ROUNDS)
    benchmark.extra_info["cpu_ms"] = round(min(least) * 1000, 2)


@pytest.mark.parametrize("side", SIDES)
def test_wire(benchmark: BenchmarkFixture, given: Path, side: str) -> None:
    read = task.read(given)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen([sys.executable, "-m", "benchmarks.graphql.serve", side, str(given), str(port)])
    body = {"query": QUERY, "variables": {"first": ROWS}}
    try:
        wait_for(port)
        asyncio.run(load(port, read.token, body, CONNECTIONS, 1.0))
        outcomes = []
        benchmark.pedantic(
            lambda: outcomes.append(asyncio.run(load(port, read.token, body, CONNECTIONS, SECONDS))), rounds=ROUNDS
        )
        best = max(outcomes, key=lambda outcome: outcome.per_second)
        benchmark.extra_info |= {
            "per_second": round(best.per_second, 1),
            "p50_ms": round(best.p50 * 1000, 1),
            "p95_ms": round(best.p95 * 1000, 1),
        }
    finally:
        server.terminate()
        server.wait()


def wait_for(port: int) -> None:
    for _ in range(200):
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("the server does not answer")
