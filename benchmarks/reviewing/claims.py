"""Fifty reviewers claim five thousand leads at once: python -m benchmarks.reviewing.claims DATABASE_URL [LEADS].

The database is an empty one on PostgreSQL; every lead is wanted by two of them.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import statistics
import sys

from sqlalchemy import insert

from api import migrations
from api.database import open_engine, transaction
from api.domain.stages import Stage
from api.models import Scan
from tests.api import claiming, county

REVIEWERS, WANTED_BY = 50, 2


async def main(url: str, count: int = 5_000) -> None:
    """Claims, and prints how many were made, how long they took, and that none was made twice."""
    engine, now = open_engine(url), dt.datetime.now(dt.UTC)
    await migrations.upgrade(engine)
    async with transaction(engine) as connection:
        who = await claiming.reviewers(connection, REVIEWERS, now)
        scan = {
            "status": "SUCCEEDED",
            "division_code": "410500",
            "division_from": "4105",
            "division_to": "4106",
            "rules": [],
        }
        scan_id = (
            await connection.execute(insert(Scan).values(**scan, created_at=now, as_of=now.date()).returning(Scan.id))
        ).scalar_one()
        home = (await county.taken_over(connection, Stage.RECORDED, now)).household_id
        wanted = await claiming.raised(connection, home, scan_id, count, now.date())
    came = await claiming.race(engine, who, wanted, count * WANTED_BY // REVIEWERS, now)
    async with transaction(engine) as connection:
        leads, rows, told = await claiming.held(connection)
    await engine.dispose()
    cuts = statistics.quantiles(came.each, n=100)
    claims = f"{came.made} claims made, {came.refused} refused"
    sys.stdout.write(f"{REVIEWERS} reviewers, {count} leads: {claims}, in {came.seconds:.1f} s\n")
    sys.stdout.write(f"a claim takes {cuts[49] * 1000:.0f} ms (median), {cuts[94] * 1000:.0f} ms (p95)\n")
    sys.stdout.write(f"{leads} leads held by {rows} rows; the audit tells of {told} claims\n")
    if not came.made == leads == rows == told == count:
        raise SystemExit("a lead was claimed twice, or not at all")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], *map(int, sys.argv[2:])))
