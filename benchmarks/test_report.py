"""The report page with fifty thousand leads: how long it takes to write and to open, and how large it is."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from playwright.sync_api import sync_playwright
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.report.many import many, summary_of
from matcher import pipeline
from matcher.report import files, linkage, page
from matcher.report.page import Behind
from matcher.synthetic.city import write_city

LEADS, HOUSEHOLDS, RECORDS = 50_000, 3_000, 100_000


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], pl.DataFrame, Behind]:
    """The leads of a small city, many times over with other figures."""
    folder = tmp_path_factory.mktemp("city")
    write_city(folder, households=HOUSEHOLDS, records=RECORDS, seed=5)
    summary = pipeline.scan(pipeline.ScanRequest(folder, folder / "out"))
    found, links = many(
        files.read_table(folder / "out", "findings"), files.read_table(folder / "out", "links"), LEADS
    )
    codes = pl.read_parquet(folder / "households.parquet").get_column("division_code")
    homes = found.select("household_id").unique(maintain_order=True)
    counties = homes.with_columns(division_code=codes.gather(pl.int_range(len(homes), eager=True) % len(codes)))
    return summary_of(summary, found), found, Behind(links, linkage.subject(folder / "out"), counties)


def test_writing_the_page(benchmark: BenchmarkFixture, scanned: tuple[dict[str, Any], pl.DataFrame, Behind]) -> None:
    summary, found, behind = scanned
    arguments = (summary, found, page.source_titles(), "zh", behind)
    text = benchmark.pedantic(page.render, args=arguments, rounds=3)
    benchmark.extra_info |= {"leads": len(found), "MB": round(len(text.encode("utf-8")) / 1e6, 2)}


def test_opening_the_page(
    benchmark: BenchmarkFixture, scanned: tuple[dict[str, Any], pl.DataFrame, Behind], tmp_path: Path
) -> None:
    """From asking for the file until every picture is drawn; and how long a search over all texts takes, once."""
    summary, found, behind = scanned
    place = tmp_path / page.FILE
    place.write_text(page.render(summary, found, page.source_titles(), "zh", behind), encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        tab = browser.new_page(viewport={"width": 1300, "height": 900})

        def opened() -> None:
            tab.goto(place.as_uri())
            tab.locator("#map td button").first.wait_for()
            tab.get_by_text(f"{LEADS:,} / {LEADS:,}").wait_for()

        benchmark.pedantic(opened, rounds=5, warmup_rounds=1)
        began = time.perf_counter()
        tab.locator("#search").fill("4321")
        tab.wait_for_function("!document.getElementById('count').textContent.startsWith('50,000')")
        benchmark.extra_info |= {"leads": LEADS, "search": round(time.perf_counter() - began, 2)}
        browser.close()
