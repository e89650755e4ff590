"""Fifty reviewers claim five thousand leads at once, over HTTP: python -m benchmarks.reviewing.claims DATABASE_URL [LEADS].

The database is an empty one on PostgreSQL, the server a process of its own as `jiekun serve` starts it; every lead is
wanted by two reviewers, each of whom claims theirs one after the other.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncEngine

from api import migrations, sealing
from api.database import open_engine, transaction
from api.domain import divisions
from api.domain.stages import Stage
from api.models import Scan
from api.services import accounts, audit
from benchmarks.graphql.attacks import cpu_of
from tests.api import claiming, county
from tests.api.running import Place, server

REVIEWERS, WANTED_BY = 50, 2
CLAIM = """mutation ($input: ClaimFindingInput!) { claimFinding(input: $input) { finding { id }
  userErrors { code ... on ReviewHeldError { item } } } }"""


@dataclass
class Came:
    """What came of it: claims made, refused since another holds the lead, sent again, or answered otherwise."""

    made: int = 0
    refused: int = 0
    again: int = 0
    other: list[str] = field(default_factory=list)
    each: list[float] = field(default_factory=list)


async def main(url: str, count: int = 5_000) -> None:
    """Claims, and prints how many were made, how long they took, and that none was made twice."""
    engine, key, now = open_engine(url), sealing.new_key(), dt.datetime.now(dt.UTC)
    await migrations.upgrade(engine)
    wanted, tokens = await _filled(engine, count, now)
    ids = sealing.vault(key).ids("Finding", wanted)
    came, before = Came(), await _deadlocks(engine)
    with tempfile.TemporaryDirectory() as folder:
        async with server(Place(url, Path(folder), key)) as (process, client):
            began, cpu = time.perf_counter(), cpu_of(process.pid)
            attempts = count * WANTED_BY // REVIEWERS
            work = (_claims(client, token, _mine(ids, place, attempts), came) for place, token in enumerate(tokens))
            await asyncio.gather(*work)
            seconds, cpu = time.perf_counter() - began, cpu_of(process.pid) - cpu
    async with transaction(engine) as connection:
        leads, rows, told = await claiming.held(connection)
        broken = (await audit.prove(connection)).broken
    deadlocks = await _deadlocks(engine) - before
    await engine.dispose()
    cuts = statistics.quantiles(came.each, n=100)
    say = sys.stdout.write
    say(
        f"{REVIEWERS} reviewers, {count} leads: {came.made} claims made, {came.refused} refused, in {seconds:.1f} s, "
    )
    say(f"{came.made / seconds:.0f} claims and {(came.made + came.refused) / seconds:.0f} answers a second\n")
    say(f"an answer takes {cuts[49] * 1000:.0f} ms (median), {cuts[94] * 1000:.0f} ms (p95); ")
    say(f"the server's processor {cpu / (came.made + came.refused):.1f} ms\n")
    say(f"{leads} leads held by {rows} rows; the audit tells of {told} claims; its chain holds: {broken is None}\n")
    say(f"double claims {told - leads}, deadlocks {deadlocks}, sent again {came.again}, otherwise {came.other[:3]}\n")
    if not came.made == leads == rows == told == count or deadlocks or came.other or broken is not None:
        raise SystemExit("a lead was claimed twice, or not at all")


async def _filled(engine: AsyncEngine, count: int, now: dt.datetime) -> tuple[list[int], list[str]]:
    """So many leads, by their keys, and the reviewers' tokens."""
    low, high = divisions.span("410500")
    scan = {"division_code": "410500", "division_from": low, "division_to": high, "rules": [], "as_of": now.date()}
    async with transaction(engine) as connection:
        who = await claiming.reviewers(connection, REVIEWERS, now)
        tokens = [await accounts.issue_token(connection, viewer.login, 1, now) for viewer in who]
        new = insert(Scan).values(**scan, status="SUCCEEDED", created_at=now).returning(Scan.id)
        scan_id = (await connection.execute(new)).scalar_one()
        home = (await county.taken_over(connection, Stage.RECORDED, now)).household_id
        return await claiming.raised(connection, home, scan_id, count, now.date()), tokens


def _mine(ids: Sequence[str], place: int, attempts: int) -> list[str]:
    mine = [ids[(place * attempts + number) % len(ids)] for number in range(attempts)]
    random.Random(place).shuffle(mine)
    return mine


async def _claims(client: httpx.AsyncClient, token: str, mine: Sequence[str], came: Came) -> None:
    for number, lead in enumerate(mine):
        given = {"findingId": lead, "expectedVersion": 1, "idempotencyKey": f"claim-{number:06}"}
        began = time.perf_counter()
        while True:
            headers = {"Authorization": f"Bearer {token}", "Accept": "application/graphql-response+json"}
            answer = await client.post(
                "/graphql", json={"query": CLAIM, "variables": {"input": given}}, headers=headers
            )
            if answer.status_code < 429:
                break
            came.again += 1
            await asyncio.sleep(float(answer.headers.get("retry-after", 0.1)))
        came.each.append(time.perf_counter() - began)
        told = (answer.json().get("data") or {}).get("claimFinding")
        if told and told["finding"]:
            came.made += 1
        elif told and [each.get("item") for each in told["userErrors"]] == ["HOLDER"]:
            came.refused += 1
        else:
            came.other.append(answer.text[:200])


async def _deadlocks(engine: AsyncEngine) -> int:
    counted = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    async with transaction(engine) as connection:
        return int((await connection.execute(counted)).scalar_one())


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], *map(int, sys.argv[2:])))
