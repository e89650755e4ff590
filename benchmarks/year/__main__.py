"""A year of a city: python -m benchmarks.year --households 50000 --months 12 --database URL --seed 1

The database is empty, or there is none yet (SQLite). Beside it the folder `--data` holds the city and its rules; the key
and the token by which `dashboards` asks afterwards are written there. A city that lies there already is taken as it is.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import os
import sys
import time
from pathlib import Path

from api import sealing
from api.settings import PREFIX
from benchmarks.graphql.task import Task
from benchmarks.year import city
from benchmarks.year.living import Lived, live

START = dt.date(2026, 1, 1)


def tell(line: str) -> None:
    """One line, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def table(lived: Lived) -> None:
    """What was done and looked at, and how long it took."""
    for name, counted in (
        ("acts", lived.done), ("refused", lived.refused), ("steps of money", lived.steps), ("checks", lived.checks),
    ):  # fmt: skip
        tell(f"\n{name}: {counted.total():,}")
        for what, count in sorted(counted.items(), key=lambda each: -each[1]):
            tell(f"  {count:>12,}  {what}")
    tell(f"\nseconds a month: {', '.join(f'{each:.0f}' for each in lived.seconds)}; in all {sum(lived.seconds):.0f}")


async def main() -> None:
    """The city is made and lives so many months."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--households", type=int, default=50_000)
    asked.add_argument("--months", type=int, default=12)
    asked.add_argument("--database", required=True)
    asked.add_argument("--data", type=Path, required=True)
    asked.add_argument("--seed", type=int, default=1)
    given = asked.parse_args()
    given.data.mkdir(parents=True, exist_ok=True)
    os.environ[f"{PREFIX}DATA_DIR"] = str(given.data)
    began, key = time.monotonic(), sealing.new_key()
    if not (given.data / "city").exists():
        city.write(given.data / "city", given.households, given.seed, START)
    tell(f"the city is written after {time.monotonic() - began:.0f} s")
    vault = sealing.vault(key)
    made = await city.begin(given.database, vault, given.data / "city", given.data, START, given.seed)
    Task(given.database, key, made.token).write(given.data / "task")
    tell(f"it is taken over, its grants made, after {time.monotonic() - began:.0f} s")
    try:
        table(await live(made, given.months, given.seed, tell))
    finally:
        await made.app.state.engine.dispose()
        await made.engine.dispose()


if __name__ == "__main__":
    asyncio.run(main())
