"""The report page: nothing in it can become markup, and in a real browser it shows, filters and switches language."""

from __future__ import annotations

import base64
import datetime as dt
import gzip
import json
import re
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from playwright.async_api import Page, async_playwright

from matcher.frames import FINDINGS
from matcher.report import page

HOSTILE = "</script><img src=x onerror=document.title='taken'>\u2028&<b>"
TITLES = {"vehicles": ("机动车登记", "vehicle register")}


def finding(number: int, rule: str, severity: str, amount: int) -> dict[str, Any]:
    return {
        "finding_id": f"{number:024x}", "evidence_hash": "e", "rule_id": rule, "rule_version": "1",
        "household_id": f"H{number:04d}", "person_ids": ["P1"], "severity": severity, "basis": None, "grade": "G1",
        "status": "LEAD", "amount_low_yuan": Decimal(0), "amount_high_yuan": Decimal(amount),
        "period_start": dt.date(2024, 1, 1), "period_end": None, "evidence": [], "exceptions": [],
        "explanation_zh": f"标题\n第{number}条 {HOSTILE if number == 7 else ''}", "explanation_en": f"Title\nlead {number}",
    }  # fmt: skip


LEADS = pl.DataFrame(
    [finding(n, "H05" if n % 2 else "U04", "MEDIUM" if n % 2 else "LOW", n) for n in range(250)], schema=FINDINGS
)
SUMMARY: dict[str, Any] = {
    "as_of": "2024-12-31",
    "households": 250,
    "persons": 600,
    "sources": {"vehicles": {"rows_in": 1000}, "members": {"rows_in": 600}},
    "findings": {
        "by_rule": {
            rule: {"findings": 125, "households": 125, "amount_low_yuan": "0.00", "amount_high_yuan": "9.00"}
            for rule in ("H05", "U04")
        }
    },
    "coverage": {
        "vehicles": {"VALUE": 1, "NO_RECORD": 2, "NO_ANSWER": 3, "NOT_AUTHORISED": 4},
        "finance": {"NOT_ASKED": 600},
    },
    "versions": {"program": "0.1.0"},
}


def test_no_value_can_leave_its_place_in_the_page() -> None:
    text = page.render(SUMMARY, LEADS, TITLES)
    assert "<img" not in text
    assert text.count("</script>") == 2
    held = re.search(r'id="data">(.*?)</script>', text, re.S)
    assert held
    data = json.loads(gzip.decompress(base64.b64decode(held[1])))
    assert any(HOSTILE in row["zh"] for row in data["findings"])


def test_the_page_asks_for_nothing_from_outside() -> None:
    text = page.render(SUMMARY, LEADS, TITLES)
    assert "default-src 'none'" in text
    assert not re.search(r"(src|href)\s*=\s*[\"']?(https?:)?//", text)


@pytest.fixture
async def opened(chromium: str, tmp_path: Path) -> AsyncIterator[tuple[Page, list[str]]]:
    """The page in the machine's Chromium, and everything it complains of or asks the network for."""
    page.write_page(tmp_path, SUMMARY, LEADS, TITLES)
    trouble: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        tab = await browser.new_page()
        tab.on("console", lambda message: trouble.append(message.text))
        tab.on("pageerror", lambda error: trouble.append(str(error)))
        tab.on("request", lambda request: None if request.url.startswith("file:") else trouble.append(request.url))
        await tab.goto((tmp_path / page.FILE).as_uri())
        yield tab, trouble
        await browser.close()


async def test_a_person_reads_searches_and_switches_language(opened: tuple[Page, list[str]]) -> None:
    tab, trouble = opened
    await tab.locator("details").first.wait_for()
    assert await tab.locator("details").count() == 100  # rendered on demand
    assert "250 / 250" in await tab.locator("#count").inner_text()
    await tab.locator("#more").click()
    assert await tab.locator("details").count() == 200

    await tab.locator("#search").fill("第7条")
    assert await tab.locator("details").count() == 1
    await tab.locator("details summary").click()
    assert "<img src=x onerror" in await tab.locator("details pre").inner_text()  # text, not markup
    assert await tab.title() == "解困 · Jiekun"

    await tab.locator("#search").fill("")
    await tab.locator("#rule").select_option("U04")
    assert "125 / 250" in await tab.locator("#count").inner_text()
    await tab.locator("#language").click()
    assert await tab.locator("h1").inner_text() == "What the scan found"
    assert "125 of 250" in await tab.locator("#count").inner_text()
    assert trouble == []
