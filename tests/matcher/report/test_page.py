"""The report page: nothing in it can become markup, every weight adds up, and in a real browser it serves those who read it."""

from __future__ import annotations

import base64
import datetime as dt
import gzip
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.async_api import Page, async_playwright

from matcher import frames
from matcher.frames import FINDINGS
from matcher.plan import PERSONS
from matcher.report import files, leads, linkage, page
from matcher.report.linkage import Subject
from matcher.report.page import Behind
from matcher.report.phrases import Phrases, unfold
from matcher.scoring import model as models

HOSTILE = "</script><img src=x onerror=document.title='taken'>\u2028&<b>\"'`${1}\u202e張😀"
TITLES = {"vehicles": ("机动车登记", "vehicle register"), "tax": ("个人所得税", "income tax")}
MODEL = models.load(PERSONS.model or "")
SUBJECT = Subject(PERSONS, MODEL)
AGREE = {
    "number": "equal", "name": "exact", "birth_date": "equal", "sex": "equal", "phone": "missing", "division": "equal",
    "address": "not_needed",
}  # fmt: skip
BITS = 31.3
SEVERITY = {"H05": "MEDIUM", "U04": "LOW", "P01": "HIGH", "P11": "LOW"}
RULES = tuple(SEVERITY)


def finding(number: int, rule: str, grade: str = "G1", **other: Any) -> dict[str, Any]:
    amount = 0 if rule == "U04" else number
    hostile = HOSTILE if number == 6 else ""
    return {
        "finding_id": f"{number:024x}", "evidence_hash": "e", "rule_id": rule, "rule_version": "1",
        "household_id": f"H{number:04d}", "person_ids": [f"P{number}"], "severity": SEVERITY[rule], "basis": None,
        "grade": grade, "status": "LEAD", "amount_low_yuan": Decimal(0), "amount_high_yuan": Decimal(amount),
        "period_start": dt.date(2024, 1, 1), "period_end": None,
        "evidence": [{"source": "vehicles", "record_id": f"V{number}", "person_id": f"P{number}"}],
        "exceptions": [{"name": "sold_not_transferred", "result": "UNKNOWN"}, {"name": "kind", "result": "NO"}],
        "explanation_zh": f"【{rule}】\n第{number}条 {hostile}\n比对：甲 1 元；乙 2 元。\n例外情形：是否已卖：不明。\n本条只是疑点。",
        "explanation_en": f"[{rule}]\nlead {number}\nCompared: a 1; b 2.\nExceptions: sold: unknown.\nA lead only.",
    } | other  # fmt: skip


def link(row: dict[str, Any]) -> dict[str, Any]:
    piece = row["evidence"][0]
    known = {"probability": 1.0, "weight_bits": BITS, "grade": row["grade"], "decision": "LINK", "party": "SELF"}
    return {**piece, **known, "levels": AGREE, "blocks": ["number"]}


def summary(findings: pl.DataFrame, **other: Any) -> dict[str, Any]:
    by_rule = findings.group_by("rule_id").agg(pl.len(), high=pl.col("amount_high_yuan").sum()).sort("rule_id")
    counts = {"households": 1, "amount_low_yuan": "0.00"}
    return {
        "as_of": "2024-12-31",
        "households": 250,
        "persons": 600,
        "sources": {"vehicles": {"rows_in": 1000, "set_aside": 2, "as_of": None}, "members": {"rows_in": 600}},
        "findings": {
            "by_rule": {
                rule: {"findings": count, "amount_high_yuan": str(high), **counts}
                for rule, count, high in by_rule.iter_rows()
            }
        },
        "rules": {
            "P06": {"title_zh": "未申报就业", "title_en": "Undeclared work", "state": "NOT_ASKED", "missing": ["tax.income_month"]},
            "P02": {"title_zh": "一号两名", "title_en": "One number, two names", "state": "RAN", "missing": [], "findings": 0},
        },
        "tasks": {"obtain_authorisation": 78},
        "coverage": {
            "vehicles": {"VALUE": 1, "NO_RECORD": 2, "NO_ANSWER": 3, "NOT_AUTHORISED": 4},
            "finance": {"NOT_ASKED": 600},
        },
        "quality": {
            "vehicles": [{"check": "Q03", "state": "ALARM", "notice_zh": "三成号码不成立", "notice_en": "numbers do not hold"}]
        },
        "breakers": [{"zh": "行数少了一半", "en": "half of the rows are gone"}],
        "override_breaker": "已核实",
        "versions": {"program": "0.1.0", "model": MODEL.version},
    } | other  # fmt: skip


ROWS = [finding(n, RULES[n % 3]) for n in range(249)] + [
    finding(249, "P11", "G5", explanation_zh="【P11】\n名下有公司 秘密内容。", explanation_en="[P11]\nowns a company, held.")
]  # fmt: skip
LEADS = pl.DataFrame(ROWS, schema=FINDINGS)
LINKS = pl.DataFrame([link(row) for row in ROWS], schema=frames.links(PERSONS.names))
PLACES = ("410502", "410522")
COUNTIES = pl.DataFrame(
    [(row["household_id"], PLACES[n % 2]) for n, row in enumerate(ROWS)],
    schema=["household_id", "division_code"],
    orient="row",
)
BEHIND = Behind(LINKS, SUBJECT, COUNTIES)


def held(text: str) -> dict[str, Any]:
    """The data in the page."""
    found = re.search(r'id="data">(.*?)</script>', text, re.S)
    assert found
    data: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(found[1])))
    return data


def said(data: dict[str, Any], finding_id: str) -> tuple[str, str]:
    """A lead's explanations, put together from the columns as the page does."""
    columns = data["leads"]
    row = columns["id"].index(finding_id)
    shape = columns["shape"][row]
    rows = columns["shape"].count(shape)
    place = row - columns["shape"].index(shape)
    values = columns["values"][shape].split("\n")[place::rows]
    return unfold([tuple(each) for each in columns["templates"]], columns["shapes"][shape], values)


@pytest.mark.parametrize("behind", [Behind(), BEHIND])
def test_no_value_can_leave_its_place_in_the_page(behind: Behind) -> None:
    hostile = finding(
        1,
        "H05",
        household_id=HOSTILE,
        evidence=[{"source": HOSTILE, "record_id": HOSTILE, "person_id": HOSTILE}],
        exceptions=[{"name": HOSTILE, "result": "NO"}],
        explanation_zh=HOSTILE,
    )
    found = pl.DataFrame([hostile, finding(6, "P01")], schema=FINDINGS)
    text = page.render(summary(found, authorised_by=HOSTILE), found, {"vehicles": (HOSTILE, HOSTILE)}, "zh", behind)
    assert "<img" not in text
    assert text.count("</script>") == 2
    data = held(text)
    assert said(data, f"{1:024x}")[0] == HOSTILE
    assert HOSTILE in said(data, f"{6:024x}")[0]


def test_the_page_asks_for_nothing_from_outside() -> None:
    text = page.render(summary(LEADS), LEADS, TITLES, "zh", BEHIND)
    assert "default-src 'none'" in text
    assert not re.search(r"(src|href)\s*=\s*[\"']?(https?:)?//", text)
    assert page.render(summary(LEADS), LEADS, TITLES, "zh", BEHIND) == text


def test_numbers_of_persons_are_masked_wherever_they_stand() -> None:
    number, phone = "410502198001011234", "13800138000"
    row = finding(
        1,
        "H05",
        household_id=number,
        explanation_zh=f"证号{number}，电话{phone}。",
        explanation_en=f"number {number[:17]}X",
        evidence=[{"source": "vehicles", "record_id": phone, "person_id": number}],
    )
    data = json.dumps(held(page.render(summary(LEADS), pl.DataFrame([row], schema=FINDINGS), TITLES)))
    assert number[:17] not in data
    assert phone not in data
    assert said(json.loads(data), row["finding_id"])[0] == "证号…1234，电话…8000。"
    assert held(page.render(summary(LEADS), LEADS, TITLES))["leads"]["id"][0] in {each["finding_id"] for each in ROWS}


@given(st.lists(st.tuples(st.text(max_size=40), st.text(max_size=40)) | st.sampled_from([("死于 2024-04-17，7200.00 元", "died 2024-04-17: 7200.00"), ("G1…5X 1,2", "1,2\nH05")])))  # fmt: skip
def test_what_is_told_once_is_told_again_the_same(texts: list[tuple[str, str]]) -> None:
    phrases = Phrases()
    folded = [phrases.fold(zh, en) for zh, en in texts]
    templates, shapes = list(phrases.templates), list(phrases.shapes)
    assert [unfold(templates, shapes[shape], values) for shape, values in folded] == texts


def test_texts_that_differ_in_their_figures_alone_are_one_shape() -> None:
    phrases = Phrases()
    one, two = (phrases.fold(f"{day} 起 {day}，{sum_} 元", f"{sum_} yuan since {day}") for day, sum_ in (("2024-01-02", "5"), ("2023-11-30", "70.50")))  # fmt: skip
    assert one[0] == two[0]
    assert two[1] == ("2023-11-30", "70.50")


def test_the_steps_of_every_link_add_up_to_its_weight() -> None:
    records = held(page.render(summary(LEADS), LEADS, TITLES, "zh", BEHIND))["leads"]["records"]
    assert set(records["pattern"]) == {0}
    assert set(records["bits"]) == {BITS * 100}
    (steps,) = records["patterns"]
    whole = linkage.waterfall(AGREE, BITS, SUBJECT)
    assert [(bar.kind, bar.field, bar.level) for bar in whole] == [tuple(step[:3]) for step in steps]
    known = sum(step[3] for step in steps if step[0] != "rarity")
    (rarity,) = (bar.bits for bar in whole if bar.kind == "rarity")
    assert known + rarity == pytest.approx(BITS, abs=0.01)


def test_a_lead_on_very_many_records_shows_some_and_counts_all(monkeypatch: pytest.MonkeyPatch) -> None:
    row = finding(1, "H05")
    row["evidence"] = [row["evidence"][0] | {"record_id": f"V{n}"} for n in range(60)]
    found = pl.DataFrame([row, finding(2, "U04", evidence=[])], schema=FINDINGS)
    records = leads.columns(found)["records"]
    assert (records["count"], records["shown"], len(records["id"])) == ([60, 0], 40, 40)
    monkeypatch.setattr(leads, "RECORDS", 12)
    assert len(leads.columns(found)["records"]["id"]) == 12


def test_the_page_is_made_anew_from_the_files_of_a_scan(tmp_path: Path) -> None:
    tables = {"links": LINKS, "findings": LEADS, "coverage": frames.COVERAGE.to_frame(), "rejects": frames.REJECTS.to_frame(), "flooded": frames.FLOODED.to_frame()}  # fmt: skip
    files.write_outputs(tmp_path, tables, summary(LEADS))
    assert page.rebuild(tmp_path) is None
    data = held((tmp_path / page.FILE).read_text(encoding="utf-8"))
    assert data["leads"]["records"]["patterns"]
    assert data["leads"]["counties"] == [["unknown", None]]
    files.write_outputs(tmp_path, tables, summary(LEADS, versions={"model": "another"}))
    assert "another" in (page.rebuild(tmp_path) or "")
    assert held((tmp_path / page.FILE).read_text(encoding="utf-8"))["leads"]["records"]["patterns"] == []


Opening = Callable[..., Awaitable[Page]]


@pytest.fixture
async def opened(chromium: str, tmp_path: Path) -> AsyncIterator[Opening]:
    """Opens a page in the machine's Chromium; in the end it has complained of nothing and asked the network for nothing."""
    trouble: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])

        async def open_page(text: str, width: int = 1300) -> Page:
            (tmp_path / page.FILE).write_text(text, encoding="utf-8")
            tab = await browser.new_page(viewport={"width": width, "height": 900})
            tab.on("console", lambda message: trouble.append(message.text))
            tab.on("pageerror", lambda error: trouble.append(str(error)))
            tab.on("request", lambda asked: None if asked.url.startswith("file:") else trouble.append(asked.url))
            await tab.goto((tmp_path / page.FILE).as_uri())
            await tab.locator(".bar").first.wait_for()
            await tab.evaluate("document.getElementById('one-by-one').scrollIntoView()")
            await tab.locator(".item").first.wait_for()
            return tab

        yield open_page
        await browser.close()
    assert trouble == []


async def test_a_person_reads_searches_opens_and_switches_language(opened: Opening) -> None:
    tab = await opened(page.render(summary(LEADS), LEADS, TITLES, "zh", BEHIND))
    assert "疑点从来不是结论" in await tab.locator(".law").inner_text()
    assert "行数少了一半" in await tab.locator("#breakers").inner_text()
    assert "78" in await tab.locator("#totals").inner_text()
    assert "三成号码不成立" in await tab.locator("#quality").inner_text()
    assert "个人所得税：" in await tab.locator("#rules").inner_text()
    assert "250 / 250" in await tab.locator("#count").inner_text()
    assert await tab.locator(".item").count() < 60  # rendered on demand

    await tab.locator("#search").fill("第6条")
    await tab.get_by_text("1 / 250").wait_for()
    head = tab.locator(".head")
    await head.click()
    body = tab.locator(".body")
    assert "<img src=x onerror" in await body.locator(".fact").inner_text()  # text, not markup
    assert await body.locator(".parts li").all_inner_texts() == ["甲 1 元", "乙 2 元。"]
    assert await body.locator(".chips .UNKNOWN").inner_text() == "是否已卖未过户不明"
    assert await body.locator("svg g title").count() >= 5
    drawn = await body.locator("svg").text_content() or ""
    assert f"+{BITS:.1f}" in drawn
    assert "证件号码" in drawn
    await head.click()
    assert await body.count() == 0
    assert await tab.title() == "解困 · Jiekun"

    await tab.locator("#reset").click()
    await tab.locator("#map td button").first.click()  # P01 in 文峰区
    assert await tab.locator("#rule").input_value() == "P01"
    assert await tab.locator("#county").input_value() == "410502"
    assert "42 / 250" in await tab.locator("#count").inner_text()
    await tab.locator("#language").click()
    assert await tab.locator("h1").inner_text() == "What the scan found"
    assert "A lead is never a verdict" in await tab.locator(".law").inner_text()
    assert "42 of 250" in await tab.locator("#count").inner_text()
    await tab.evaluate("document.getElementById('one-by-one').scrollIntoView()")
    await head.first.focus()
    await tab.keyboard.press("ArrowDown")
    await tab.keyboard.press("Enter")
    assert "Compared" in await tab.locator(".item").nth(1).locator(".body").inner_text()


async def test_people_who_may_be_entitled_stand_beside_the_leads(opened: Opening) -> None:
    tab = await opened(page.render(summary(LEADS), LEADS, TITLES, "zh", BEHIND))
    boxes = [await tab.locator(f"#{name}").bounding_box() for name in ("leads", "entitled")]
    sizes = [(each["width"], each["height"], each["y"]) for each in boxes if each]
    assert len(sizes) == 2
    assert sizes[0] == sizes[1]
    assert "83" in await tab.locator("#entitled .big").inner_text()
    assert [await tab.locator(".item b").nth(n).inner_text() for n in range(4)] == ["P01", "U04", "P01", "U04"]
    await tab.get_by_role("button", name="可能应享 83").click()
    assert "83 / 250" in await tab.locator("#count").inner_text()


async def test_an_unsure_identity_keeps_the_content_back(opened: Opening) -> None:
    tab = await opened(page.render(summary(LEADS), LEADS, TITLES, "zh", BEHIND))
    await tab.locator("#search").fill("秘密内容")
    await tab.get_by_text("0 / 250").wait_for()
    await tab.locator("#search").fill("H0249")
    await tab.get_by_text("1 / 250").wait_for()
    await tab.locator(".head").click()
    assert "秘密内容" not in await tab.locator("body").inner_text()
    await tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert "秘密内容" not in (await tab.locator("#printed").text_content() or "")
    await tab.get_by_role("button", name="身份已核实").click()
    assert "秘密内容" in await tab.locator(".body").inner_text()


async def test_fifty_thousand_leads_on_a_narrow_screen(opened: Opening) -> None:
    many = pl.DataFrame([finding(n, "P01") for n in range(8)], schema=FINDINGS)
    number = pl.int_range(50_000).over("status").cast(pl.String)
    many = pl.concat([many] * 6_250).with_columns(
        finding_id=number.str.zfill(24),
        household_id="H" + number,
        explanation_zh="【P01】\n死亡 " + number + " 元",
        amount_high_yuan=number.cast(pl.Decimal(18, 2)),
    )
    tab = await opened(page.render(summary(many), many, TITLES), width=400)
    assert await tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert "50,000 / 50,000" in await tab.locator("#count").inner_text()
    await tab.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    await tab.locator("[aria-posinset='50000']").wait_for()
    assert await tab.locator(".item").count() < 60
    await tab.locator("#search").fill("死亡 31234 元")
    await tab.get_by_text("1 / 50,000").wait_for()
    await tab.locator("#search").fill("")
    await tab.get_by_text("50,000 / 50,000").wait_for()
    await tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert await tab.locator(".printed").count() == 500
    assert "只打印前 500 条" in (await tab.locator("#printed").text_content() or "")
