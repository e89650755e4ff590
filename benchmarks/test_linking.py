"""The same linking for the kernel and for Splink 5: whole processes, imports and training included, side by side.

    make bench

Sizes come from the environment: JIEKUN_BENCH_HOUSEHOLDS and JIEKUN_BENCH_RECORDS (records of all feeds; about a third
are the population register that is linked). The seed is drawn anew in every run and printed.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.linking import task
from matcher.synthetic.city import write_city

HOUSEHOLDS = int(os.environ.get("JIEKUN_BENCH_HOUSEHOLDS", "20000"))
RECORDS = int(os.environ.get("JIEKUN_BENCH_RECORDS", "2750000"))
ROUNDS = 3


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The task, normalised alike for both sides."""
    folder = tmp_path_factory.mktemp("task")
    seed = random.SystemRandom().randrange(1 << 30)
    write_city(folder / "city", households=HOUSEHOLDS, records=RECORDS, seed=seed)
    task.write(folder / "city", folder)
    (folder / "seed").write_text(str(seed), encoding="ascii")
    return folder


@pytest.mark.parametrize("side", ["matcher", "splink"])
def test_linking(benchmark: BenchmarkFixture, given: Path, side: str) -> None:
    peaks: list[int] = []

    def run() -> None:
        subprocess.run([sys.executable, "-m", f"benchmarks.linking.by_{side}", str(given)], check=True)
        peaks.append(int((given / f"{side}.peak").read_text(encoding="ascii")))

    benchmark.pedantic(run, rounds=ROUNDS, iterations=1)
    benchmark.extra_info |= {
        "peak_mib": max(peaks),
        "seed": (given / "seed").read_text(),
        **task.quality(given, side),
    }
