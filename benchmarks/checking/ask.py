"""Eight clients check people over HTTP: python -m benchmarks.checking.ask FOLDER [HOUSEHOLDS RECORDS ROUNDS].

FOLDER gets a synthetic city of so many records, unless it holds one, and the data folder with the index of its feeds; the
database is a PostgreSQL of this run alone. Rounds of verification are opened, and everybody of them is asked about: first
before anything of them is known (cold: keys, candidates, weights, rules), then again (repeated: what was found still stands),
as fast as the clients can, and as fast as the limit of a user lets them (paced). Also a new index replaces the one that is
asked meanwhile. CPU is that of the server, of the process that checks, and of all of PostgreSQL.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import itertools
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.engine import make_url

from api import intake, migrations, sealing
from api.database import open_engine, transaction
from api.domain.permissions import Role
from api.models import Authorisation, Feed, FeedIndex, Household, Member
from api.services import accounts, indexes
from api.worker import Worker
from benchmarks.graphql.attacks import cpu_of, wait_for
from matcher.synthetic.city import write_city
from tests import postgresql

CLIENTS = 8
CITY = "4105"
PACED_SECONDS = 20
POLICY = """
[[value]]
key = "verification.checks_minute"
value = 1000000
unit = "checks"
valid_from = 2000-01-01
basis = "a benchmark"
status = "assumed"
"""
REQUEST = """mutation ($input: RequestVerificationInput!) { requestVerification(input: $input) {
  request { id answers { person { id } } } userErrors { message } } }"""
CHECK = """mutation ($input: CheckApplicantInput!) { checkApplicant(input: $input) {
  check { checkedAt sources { source answer asOf } links { source recordId probability grade }
          leads { rule severity explanationZh } } userErrors { message } } }"""
_keys = itertools.count(1)


@dataclass(frozen=True)
class Given:
    """A filled database, its key and data folder, and a token for each client."""

    url: str
    key: str
    data: Path
    tokens: tuple[str, ...]
    households: tuple[str, ...]


async def fill(url: str, city: Path, data: Path, rounds: int) -> Given:
    """The city in the database, everybody of some households looked up with consent, and an index of the feeds."""
    key, now, engine = sealing.new_key(), dt.datetime.now(dt.UTC), open_engine(url)
    vault = sealing.vault(key)
    await migrations.upgrade(engine)
    await intake.take_over(engine, vault, city, data, None, now)
    with (data / "policy.toml").open("a", encoding="utf-8") as policy:
        policy.write(POLICY)
    tokens = []
    async with transaction(engine) as connection:
        for number in range(CLIENTS):
            await accounts.add_user(connection, f"officer{number}", "", Role.CASEWORKER, "410500", now)
            tokens.append(await accounts.issue_token(connection, f"officer{number}", 1, now))
        some = (
            await connection.scalars(
                select(Household.id)
                .where(Household.division_code.startswith(CITY))
                .order_by(Household.id)
                .limit(rounds)
            )
        ).all()
        people = (await connection.scalars(select(Member.id).where(Member.household_id.in_(some)))).all()
        await connection.execute(delete(Authorisation).where(Authorisation.member_id.in_(people)))
        given = {"source": "ALL", "purpose": "ECONOMIC_CHECK", "valid_from": now.date() - dt.timedelta(90)}
        await connection.execute(
            insert(Authorisation), [{"member_id": each, "version": 1, **given} for each in people]
        )
        await connection.execute(update(Member).where(Member.id.in_(people)).values(authorised_until=None))
        await indexes.look(connection, vault, now)
    began = time.perf_counter()
    await Worker(engine, vault, data).step()
    async with transaction(engine) as connection:
        records = sum((await connection.scalars(select(Feed.rows))).all())
        if await indexes.current(connection) is None:
            raise SystemExit("there is no index")
    say(f"index of the feeds in use ({records:,} rows): {time.perf_counter() - began:.0f} s")
    async with engine.connect() as connection:
        await (await connection.execution_options(isolation_level="AUTOCOMMIT")).execute(text("ANALYZE"))
    await engine.dispose()
    whole = make_url(url).render_as_string(hide_password=False)
    return Given(whole, key, data, tuple(tokens), tuple(vault.ids("Household", list(some))))


@contextlib.contextmanager
def serving(given: Given) -> Iterator[tuple[int, int]]:
    """The service on the loopback, without a worker: its port and process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    told = {"JIEKUN_DATABASE_URL": given.url, "JIEKUN_KEY": given.key, "JIEKUN_DATA_DIR": str(given.data)}
    limits = {"JIEKUN_COST_PER_SECOND": "1000000000", "JIEKUN_COST_BURST": "1000000000"}
    command = [sys.executable, "-c", "from api.cli import main; main()", "serve", "--no-work", "--port", str(port)]
    server = subprocess.Popen(command, env=os.environ | told | limits)
    try:
        wait_for(port)
        yield port, server.pid
    finally:
        server.terminate()
        server.wait()


@contextlib.asynccontextmanager
async def clients(port: int, tokens: Sequence[str]) -> AsyncIterator[list[httpx.AsyncClient]]:
    """One a token, its connection kept."""
    async with contextlib.AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(
                httpx.AsyncClient(
                    base_url=f"http://127.0.0.1:{port}", headers={"authorization": f"Bearer {token}"}, timeout=120
                )
            )
            for token in tokens
        ]


async def act(client: httpx.AsyncClient, query: str, name: str, **given: Any) -> Any:
    """What a mutation answers."""
    told = {"input": {"idempotencyKey": f"benchmark-{next(_keys):08}", **given}}
    answer = (await client.post("/graphql", json={"query": query, "variables": told})).json()
    if answer.get("errors") or answer["data"][name]["userErrors"]:
        raise ValueError(answer)
    return answer["data"][name]


async def opened(asking: Sequence[httpx.AsyncClient], households: Sequence[str]) -> list[tuple[str, str]]:
    """A round for each household: which, and one of its people."""
    found = []
    for number, household in enumerate(households):
        told = {"householdId": household, "occasion": "APPLICATION"}
        request = (await act(asking[number % CLIENTS], REQUEST, "requestVerification", **told))["request"]
        found.append((request["id"], request["answers"][0]["person"]["id"]))
    return found


async def check(
    asking: Sequence[httpx.AsyncClient], asked: Sequence[tuple[str, str]], every: float = 0.0
) -> list[float]:
    """The milliseconds that each took; all clients ask at a time, each of its own and no more often than `every` seconds."""
    taken: list[float] = []

    async def one(client: httpx.AsyncClient, its: Sequence[tuple[str, str]], late: float) -> None:
        await asyncio.sleep(late)
        for request, person in its:
            began = time.perf_counter()
            await act(client, CHECK, "checkApplicant", requestId=request, personId=person)
            taken.append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(max(0.0, every - (time.perf_counter() - began)))

    late = [number * every / CLIENTS for number in range(CLIENTS)]
    await asyncio.gather(*(one(client, asked[number::CLIENTS], late[number]) for number, client in enumerate(asking)))
    return taken


def cpu(server: int) -> tuple[float, float, float]:
    """CPU milliseconds until now: of the server, of its children (what checks), and of all PostgreSQL."""
    below, postgres = 0.0, 0.0
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            name, _, rest = (entry / "stat").read_text(encoding="ascii").rpartition(")")
            if int(rest.split()[1]) == server:
                below += cpu_of(int(entry.name))
            elif name.partition("(")[2].startswith("postgres"):
                postgres += cpu_of(int(entry.name))
    return cpu_of(server), below, postgres


async def measured(
    name: str, server: int, asking: Sequence[httpx.AsyncClient], asked: Sequence[tuple[str, str]], every: float = 0.0
) -> None:
    """One line of figures."""
    before, began = cpu(server), time.perf_counter()
    taken = await check(asking, asked, every)
    seconds, after = time.perf_counter() - began, cpu(server)
    cuts = statistics.quantiles(taken, n=100)
    each = [(now - then) / len(taken) for now, then in zip(after, before, strict=True)]
    waits = f"p50 {cuts[49]:.0f}  p95 {cuts[94]:.0f}  p99 {cuts[98]:.0f} ms"
    spent = f"CPU a check: server {each[0]:.1f}, matcher {each[1]:.1f}, PostgreSQL {each[2]:.1f} ms"
    say(
        f"{name}: {len(taken)} checks, {len(taken) / seconds:.0f} a second, {waits}; {spent}; load {os.getloadavg()[0]:.1f}"
    )


async def worked(worker: Worker) -> None:
    """All jobs that wait are carried out."""
    while await worker.step():
        pass


async def replaced(given: Given, asking: Sequence[httpx.AsyncClient], asked: Sequence[tuple[str, str]]) -> None:
    """The index is built anew, as after a new batch, while all go on asking."""
    engine, now = open_engine(given.url), dt.datetime.now(dt.UTC)
    vault = sealing.vault(given.key)
    async with transaction(engine) as connection:
        before = await indexes.current(connection)
        await connection.execute(update(FeedIndex).values(feeds="of other feeds"))
        await indexes.look(connection, vault, now)
    worker = asyncio.create_task(worked(Worker(engine, vault, given.data)))
    taken, began = [], time.perf_counter()
    while not worker.done():
        taken += await check(asking, asked[: CLIENTS * 5], every=1.0)
    seconds = time.perf_counter() - began
    taken += await check(asking, asked[: CLIENTS * 5], every=1.0)
    async with transaction(engine) as connection:
        if await indexes.current(connection) == before:
            raise SystemExit("the index was not replaced")
    await engine.dispose()
    cuts = statistics.quantiles(taken, n=100)
    say(
        f"{seconds:.0f} s in which a new index is built and asked: {len(taken)} checks, none refused, p50 {cuts[49]:.0f}  p95 {cuts[94]:.0f}  max {max(taken):.0f} ms"
    )


async def asking(given: Given) -> None:
    """All figures."""
    with serving(given) as (port, server):
        async with clients(port, given.tokens) as some:
            asked = await opened(some, given.households)
            await check(some, asked[:CLIENTS])
            await measured("cold", server, some, asked[CLIENTS : len(asked) // 2])
            await measured("cold, paced", server, some, asked[len(asked) // 2 :], every=1.0)
            await measured("repeated", server, some, asked * 3)
            await measured("repeated, paced", server, some, asked[: CLIENTS * PACED_SECONDS], every=1.0)
            await replaced(given, some, asked)


def main(folder: Path, households: int = 5_000, records: int = 10_000_000, rounds: int = 320) -> None:
    """Prints the figures."""
    if not (folder / "city").exists():
        write_city(folder / "city", households=households, records=records, seed=10)
    with postgresql.server() as url:
        given = asyncio.run(fill(url, folder / "city", folder / "data", rounds))
        asyncio.run(asking(given))


def say(line: str) -> None:
    """One line, at once."""
    print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
