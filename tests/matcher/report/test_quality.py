"""The quality page and table: nothing can become markup, no network, both languages, in a real browser."""

from __future__ import annotations

import base64
import datetime as dt
import gzip
import io
import json
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, async_playwright
from rich.console import Console

from matcher.quality.run import Request, validate
from matcher.report import quality

HOSTILE = "</script><img src=x onerror=document.title='taken'>\u2028&<b>"
TODAY = dt.date(2025, 1, 20)


def batch(folder: Path, rows: int, as_of: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "vehicles.csv").write_text(
        "姓名,身份证号,车牌号,地址,注册日期\n"
        + "".join(
            f"张伟,{'1' * 18 if row % 3 == 0 else '410502800101123'},豫E{row:05},,2024-13-01\n" for row in range(rows)
        ),
        encoding="utf-8",
    )
    (folder / "deaths.csv").write_text("姓名\n张伟\n", encoding="utf-8")
    (folder / "feeds.toml").write_text(f"[vehicles]\nas_of = {as_of}\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    base = tmp_path_factory.mktemp("quality")
    validate(Request(batch(base / "in", 90, "2024-11-30"), base / "out", TODAY))
    found = validate(Request(batch(base / "in", 30, "2024-12-31"), base / "out", TODAY))
    for source in found["sources"]:
        if source["id"] == "vehicles":
            hostile = source["checks"][3]["examples"][0] | {"value": HOSTILE, "file": HOSTILE}
            source["checks"][3]["examples"].insert(0, hostile)
    return found


def test_no_value_can_leave_its_place_in_the_page(content: dict[str, Any]) -> None:
    text = quality.render(content)
    assert "<img" not in text
    assert text.count("</script>") == 2
    held = re.search(r'id="data">(.*?)</script>', text, re.S)
    assert held
    data = json.loads(gzip.decompress(base64.b64decode(held[1])))
    assert data["sources"] == content["sources"]


def test_the_page_asks_for_nothing_from_outside(content: dict[str, Any]) -> None:
    text = quality.render(content)
    assert "default-src 'none'" in text
    assert not re.search(r"(src|href)\s*=\s*[\"']?(https?:)?//", text)
    assert quality.render(content) == text


@pytest.fixture
async def opened(chromium: str, tmp_path: Path, content: dict[str, Any]) -> AsyncIterator[tuple[Page, list[str]]]:
    """The page in the machine's Chromium, and everything it complains of or asks the network for."""
    quality.write_page(tmp_path, content)
    trouble: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        shown = await browser.new_page(viewport={"width": 400, "height": 900})
        shown.on("console", lambda message: trouble.append(message.text))
        shown.on("pageerror", lambda error: trouble.append(str(error)))
        shown.on("request", lambda asked: None if asked.url.startswith("file:") else trouble.append(asked.url))
        await shown.goto((tmp_path / quality.FILE).as_uri())
        await shown.wait_for_selector(".source")
        yield shown, trouble
        await browser.close()


async def test_a_clerk_sees_what_to_mend_in_both_languages(opened: tuple[Page, list[str]]) -> None:
    shown, trouble = opened
    assert "数据质量回执" in await shown.inner_text("h1")
    assert "未被接受" in await shown.inner_text("#s-deaths")
    card = await shown.inner_text("#s-vehicles")
    assert "Q02 覆盖下降" in card
    assert "接收的行由 90 降到 30" in card
    assert "日期读不出来" in card
    assert HOSTILE.replace("\u2028", "") in card.replace("\u2028", "").replace("\n", "")
    assert await shown.locator("#s-vehicles .check.ALARM").count() == 2
    assert await shown.locator("#s-vehicles svg").count() == 2
    await shown.click("#language")
    assert "Quality of the data received" in await shown.inner_text("h1")
    assert "rows accepted fell from 90 to 30" in await shown.inner_text("#s-vehicles")
    assert await shown.title() == "解困 · Jiekun"
    assert await shown.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert trouble == []


@pytest.mark.parametrize(
    ("language", "words"), [("zh", ("机动车登记", "未被接受", "覆盖下降")), ("en", ("vehicle", "refused"))]
)
def test_the_table_says_the_same(content: dict[str, Any], language: str, words: tuple[str, ...]) -> None:
    shown = io.StringIO()
    quality.show(content, Path("out"), Console(file=shown, width=80), language)
    text = shown.getvalue()
    assert all(word in text for word in words)
    assert "…" not in text.splitlines()[1]


def test_the_command_ends_with_3_where_a_feed_was_refused(tmp_path: Path) -> None:
    folder = batch(tmp_path / "in", 30, "2024-12-31")
    command = [sys.executable, "-m", "matcher", "validate", str(folder), "--as-of", "2025-01-20", "--json"]
    done = subprocess.run([*command, "--out", str(tmp_path / "out")], capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stderr
    assert "deaths.csv" in done.stderr
    assert "death_date" in done.stderr
    assert "read vehicles" in done.stderr
    assert json.loads(done.stdout) == json.loads((tmp_path / "out/quality.json").read_text(encoding="utf-8"))
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "quality.html", "quality.json", "rejects.parquet", "history.jsonl",
    }  # fmt: skip
