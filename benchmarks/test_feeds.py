"""A feed read by polars alone, and read and held against its contract: whole processes, side by side.

JIEKUN_BENCH_RECORDS and JIEKUN_BENCH_ROUNDS set the size.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from matcher.synthetic.city import write_city

RECORDS = int(os.environ.get("JIEKUN_BENCH_RECORDS", "1000000"))
ROUNDS = int(os.environ.get("JIEKUN_BENCH_ROUNDS", "5"))


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same population register as Parquet and as UTF-8 CSV."""
    city, text = tmp_path_factory.mktemp("city"), tmp_path_factory.mktemp("text")
    write_city(city, households=2_000, records=RECORDS, seed=7, sources=["population"])
    pl.scan_parquet(city / "population.parquet").sink_csv(text / "population.csv")
    return {"parquet": city, "csv": text}


@pytest.mark.parametrize("how", ["polars", "chunks", "prepared"])
@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_reading(benchmark: BenchmarkFixture, folders: dict[str, Path], form: str, how: str) -> None:
    said: list[dict[str, float]] = []

    def run() -> None:
        command = [sys.executable, "-m", "benchmarks.feeds.read", how, str(folders[form])]
        said.append(json.loads(subprocess.run(command, check=True, capture_output=True).stdout))

    benchmark.pedantic(run, rounds=ROUNDS, iterations=1)
    benchmark.extra_info |= {name: min(one[name] for one in said) for name in said[0]}
