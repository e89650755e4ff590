"""The same linking for the kernel and for Splink 5: whole processes, imports and training included, side by side.

Beside them, as a floor, polars merely reads the nine columns that Splink is given.

    make bench

Sizes come from the environment: JIEKUN_BENCH_HOUSEHOLDS (2.85 applicants each), JIEKUN_BENCH_RECORDS, JIEKUN_BENCH_ROUNDS. The seed is drawn anew in every run and printed.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.linking import task
from matcher.synthetic.city import write_city

HOUSEHOLDS = int(os.environ.get("JIEKUN_BENCH_HOUSEHOLDS", "20000"))
RECORDS = int(os.environ.get("JIEKUN_BENCH_RECORDS", "1000000"))
ROUNDS = int(os.environ.get("JIEKUN_BENCH_ROUNDS", "5"))


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The task, normalised alike for both sides."""
    folder = tmp_path_factory.mktemp("task")
    seed = random.SystemRandom().randrange(1 << 30)
    write_city(folder / "city", households=HOUSEHOLDS, records=RECORDS, seed=seed, sources=["population"])
    task.write(folder / "city", folder)
    (folder / "seed").write_text(str(seed), encoding="ascii")
    return folder


@pytest.mark.parametrize("side", ["matcher", "splink", "splink_levels", "read"])
def test_linking(benchmark: BenchmarkFixture, given: Path, side: str) -> None:
    program, *levels = side.split("_")
    stages: list[dict[str, float]] = []

    def run() -> None:
        command = [sys.executable, "-m", f"benchmarks.linking.by_{program}", str(given), *levels]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        stages.append(json.loads((given / f"{side}.json").read_text(encoding="ascii")))

    benchmark.pedantic(run, rounds=ROUNDS if side in ("matcher", "read") else min(ROUNDS, 3), iterations=1)
    benchmark.extra_info |= {name: statistics.median(stage[name] for stage in stages) for name in stages[0]}
    benchmark.extra_info["seed"] = (given / "seed").read_text()
    if side != "read":
        benchmark.extra_info |= task.quality(given, side)
