"""One applicant looked up in an index: how long each of many checks takes, key computation and naming of records included.

    JIEKUN_BENCH_RECORDS=10000000 python -m pytest benchmarks/test_online.py -o python_files="test_*.py"

The population register alone, as in the linking benchmark. JIEKUN_BENCH_INDEX and JIEKUN_BENCH_CITY name an index and its city that are there already.
"""

from __future__ import annotations

import os
import random
from pathlib import Path
from time import perf_counter

import numpy as np
import polars as pl
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from matcher import index
from matcher.applicants import at_home
from matcher.online import SAID, Checker
from matcher.plan import PERSONS
from matcher.scoring import model as models
from matcher.sources.delivery import open_folder
from matcher.sources.feeds import read_all
from matcher.synthetic.city import write_city

HOUSEHOLDS = int(os.environ.get("JIEKUN_BENCH_HOUSEHOLDS", "20000"))
RECORDS = int(os.environ.get("JIEKUN_BENCH_RECORDS", "1000000"))
CHECKS = 2_000


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if there := os.environ.get("JIEKUN_BENCH_CITY"):
        return Path(there)
    folder = tmp_path_factory.mktemp("city")
    seed = random.SystemRandom().randrange(1 << 30)
    write_city(folder, households=HOUSEHOLDS, records=RECORDS, seed=seed, sources=["population"])
    return folder


@pytest.fixture(scope="module")
def indexed(city: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if there := os.environ.get("JIEKUN_BENCH_INDEX"):
        return Path(there)
    folder = tmp_path_factory.mktemp("index") / "index"
    index.build(city, folder, PERSONS)
    return folder


def test_a_check(benchmark: BenchmarkFixture, city: Path, indexed: Path) -> None:
    feeds = open_folder(city).feeds
    people = at_home(read_all(feeds["members"]).frame, read_all(feeds["households"]).frame)
    chosen = people.sample(CHECKS, seed=random.SystemRandom().randrange(1 << 30))
    asked = chosen.select(pl.col(column) for column in SAID if column in chosen.columns).to_dicts()
    checker = Checker(index.open_index(indexed, PERSONS), models.load(PERSONS.model or ""))
    seconds, links = [], 0

    def run() -> None:
        nonlocal links
        for person in asked:
            clock = perf_counter()
            links += len(checker.check(person).links)
            seconds.append(perf_counter() - clock)

    benchmark.pedantic(run, rounds=1)
    cold, warm = seconds[: CHECKS // 10], seconds[CHECKS // 10 :]
    benchmark.extra_info |= {
        "rows": checker.index.rows,
        "links": links,
        **{f"p{share}_ms": round(float(np.percentile(warm, share)) * 1e3, 2) for share in (50, 95, 99)},
        "first_tenth_p95_ms": round(float(np.percentile(cold, 95)) * 1e3, 2),
    }
