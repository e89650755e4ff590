"""FEBRL 4 linked and FEBRL 3 deduplicated, by the shipped example plans and by Splink 5 with their blocks.

    make bench

Whole processes, training included; ours is run as a user runs it. Quality is told and not asserted, as of every benchmark.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.febrl import judging
from matcher import plans

ROUNDS = 3
MATCHER = (sys.executable, "-m", "matcher")


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both data sets as tables; written by another process, since pandas warns."""
    folder = tmp_path_factory.mktemp("febrl")
    subprocess.run([sys.executable, "-m", "benchmarks.febrl.task", str(folder)], check=True)
    return folder


@pytest.mark.parametrize("side", ["matcher", "splink"])
@pytest.mark.parametrize("data", ["febrl4", "febrl3"])
def test_febrl(benchmark: BenchmarkFixture, given: Path, data: str, side: str) -> None:
    folder, peaks = given / data, []
    command = {
        ("febrl4", "matcher"): _link(folder, "left", "right", "febrl4", "links"),
        ("febrl3", "matcher"): (
            *MATCHER, "dedupe", str(folder / "table.parquet"), "--plan", "febrl3", "--train",
            "--out", str(folder / "groups.parquet"),
        ),
    }.get((data, side), (sys.executable, "-m", "benchmarks.febrl.by_splink", str(folder), data))  # fmt: skip
    benchmark.pedantic(lambda: peaks.append(_peak_mib(command)), rounds=ROUNDS, iterations=1)
    benchmark.extra_info |= {"peak_mib": max(peaks), **_quality(folder, data, side)}


def _quality(folder: Path, data: str, side: str) -> judging.Quality:
    """Pairs at any threshold, and what the run itself answered: links, groups."""
    if side == "splink":
        quality = judging.of_pairs(folder, pl.read_parquet(folder / "splink.parquet"))
        if data == "febrl3":
            clusters = pl.read_parquet(folder / "splink_groups.parquet")
            for (threshold,), groups in clusters.group_by("threshold", maintain_order=True):
                quality |= judging.of_groups(folder, groups, f"groups_at_{threshold}")
        return quality
    # the same model once more, down to where the peer is judged; one table is linked to itself, as dedupe writes groups alone
    deep = folder / "deep.toml"
    shipped = Path(plans.__file__).with_name(f"{data}.toml").read_text(encoding="utf-8")
    deep.write_text(re.sub(r"(?m)^review = .*$", f"review = {judging.DEPTH}", shipped), encoding="utf-8")
    left, right = ("left", "right") if data == "febrl4" else ("table", "table")
    _peak_mib(_link(folder, left, right, str(deep), "deep"))
    pairs = pl.read_parquet(folder / "deep.parquet")
    if data == "febrl3":
        quality = judging.of_pairs(folder, pairs.filter(pl.col("left_id") < pl.col("right_id")))
        groups = pl.read_parquet(folder / "groups.parquet").select(id="row_id", group="group_id")
        return quality | judging.of_groups(folder, groups, "groups")
    links = pl.read_parquet(folder / "links.parquet").filter(pl.col("decision") == "LINK")
    return judging.of_pairs(folder, pairs) | judging.of_links(folder, links, "links")


def _link(folder: Path, left: str, right: str, plan: str, out: str) -> tuple[str, ...]:
    return (
        *MATCHER, "link", str(folder / f"{left}.parquet"), str(folder / f"{right}.parquet"), "--plan", plan, "--train",
        "--out", str(folder / f"{out}.parquet"),
    )  # fmt: skip


def _peak_mib(command: tuple[str, ...]) -> int:
    """Runs the command to its end; its peak memory as the system counted it."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise AssertionError(f"{' '.join(command)} ended with {process.returncode}")
    return usage.ru_maxrss >> 10
