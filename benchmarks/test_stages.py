"""Each stage of a scan by itself: read, prepare, score, judge; and the scan as a whole."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from matcher import applicants, kernel, pipeline
from matcher.kernel import Batch
from matcher.plan import PERSONS
from matcher.scoring import model as models
from matcher.sources.delivery import open_folder
from matcher.sources.feeds import chunks, read_all
from matcher.synthetic.city import write_city
from matcher.synthetic.writing import Form

HOUSEHOLDS, RECORDS = 5_000, 600_000


@pytest.fixture(scope="module", params=["parquet", "gb18030"])
def city(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp(request.param)
    form: Form = "gb18030" if request.param == "gb18030" else "parquet"
    write_city(folder, households=HOUSEHOLDS, records=RECORDS, seed=1, form=form)
    return folder


@pytest.fixture(scope="module")
def batch(city: Path) -> pl.DataFrame:
    return next(chunks(open_folder(city).feeds["population"], PERSONS.chunk_rows)).frame


def test_reading_the_population_register(benchmark: BenchmarkFixture, city: Path) -> None:
    feed = open_folder(city).feeds["population"]
    rows = benchmark(lambda: sum(len(chunk.frame) for chunk in chunks(feed, PERSONS.chunk_rows)))
    benchmark.extra_info["rows"] = rows


def test_preparing_a_chunk(benchmark: BenchmarkFixture, batch: pl.DataFrame) -> None:
    benchmark.extra_info["rows"] = len(benchmark(PERSONS.prepare, batch))


def test_scoring_a_chunk(benchmark: BenchmarkFixture, city: Path, batch: pl.DataFrame) -> None:
    feeds, model = open_folder(city).feeds, models.load(PERSONS.model or "")
    small = applicants.prepare(read_all(feeds["members"]).frame, read_all(feeds["households"]).frame, PERSONS, model)
    prepared = Batch.of(batch, PERSONS)
    pairs = benchmark(kernel.score, small, prepared).pairs
    benchmark.extra_info |= {"rows": len(batch), "pairs": len(pairs)}


def test_a_whole_scan(benchmark: BenchmarkFixture, city: Path, tmp_path: Path) -> None:
    request = pipeline.ScanRequest(city, tmp_path)
    report = benchmark.pedantic(pipeline.scan, args=(request,), rounds=3)
    benchmark.extra_info |= {"rows": RECORDS, "findings": report["findings"]["total"]}
