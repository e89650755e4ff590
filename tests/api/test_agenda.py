"""The agenda pack: the figures that GraphQL tells, on one page that needs nothing else, and nothing of any person (F-22, F-27, F-29)."""

from __future__ import annotations

import asyncio
import csv
import datetime as dt
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import async_playwright
from sqlalchemy import select
from typer.testing import CliRunner

from api import cli, sheets
from api.database import transaction
from api.domain import days
from api.models import Finding, Household, Member
from tests.api.conftest import KEY, Service
from tests.api.schema.test_scorecards import asked, held, moment
from tests.api.schema.test_statements import taken_away

PACK = """query ($code: String, $on: Date, $snapshot: ID) { agendaPack(divisionCode: $code, on: $on, snapshotId: $snapshot) {
  division { code } day snapshotId digest html files { name csv } } }"""
FORMULAS = ("=", "+", "-", "@", "\t")


async def pack(service: Service, by: str = "reviewer", **asked: Any) -> Any:
    return (await service.data(PACK, asked, by=by))["agendaPack"]


async def secrets_of(service: Service) -> set[str]:
    """What nobody may find in the pack: names, numbers, telephones, addresses and accounts of all, and the numbers of their files."""
    found: set[str] = set()
    async with transaction(service.engine) as connection:
        for column in ("name", "id_number", "phone", "address"):
            values = await connection.scalars(select(getattr(Member, column)))
            found |= {service.vault.open(f"members.{column}", value) or "" for value in values if value}
        for column in ("address", "phone", "payee_account", "payee_name"):
            values = await connection.scalars(select(getattr(Household, column)))
            found |= {service.vault.open(f"households.{column}", value) or "" for value in values if value}
        for references in (Household.reference, Member.reference, Finding.reference):
            found |= set(await connection.scalars(select(references)))
    return {each for each in found if len(each) > 1}


async def test_f_27_the_pack_holds_nothing_of_any_person(service: Service) -> None:
    async with transaction(service.engine) as connection:
        await taken_away(connection, service, 1, 3)
    await held(service, "swj", "=安阳市税务局", "TAXATION", kind="DEPARTMENT")
    found = await pack(service)
    text = found["html"] + "".join(each["csv"] for each in found["files"])
    assert [each for each in await secrets_of(service) if each in text] == []
    assert not re.search(r"(?<![0-9a-f])\d{11,}(?![0-9a-f])", text)
    assert "王大力" not in text
    names = [each["name"] for each in found["files"]]
    assert names == [
        f"{name}.csv"
        for name in (
            "progress",
            "goals",
            "units",
            "data",
            "outcomes",
            "tasks",
            "funds",
            "equity",
            "requests",
            "unknown",
        )
    ]
    for each in found["files"]:
        for line in each["csv"].splitlines()[1:]:
            assert not [cell for cell in line.split(",") if cell.startswith(FORMULAS)], line
    assert "'=安阳市税务局" in found["files"][2]["csv"]


async def test_what_became_of_the_files_and_of_the_money_stands_in_it_beside_what_it_rests_on(
    service: Service,
) -> None:
    before = await pack(service)
    assert before["snapshotId"] is None
    assert "没有本区划的快照" in before["html"]
    money = {"source": "UNION", "divisionCode": "410500", "year": days.today(service.now()).year, "amount": "1234.50"}
    for name, given in (
        ("allocateFund", {**money, "documentNo": "安工字〔2026〕1号"}),
        ("freezeBaseline", {"divisionCode": "410500"}),
    ):
        title = name[0].upper() + name[1:]
        query = f"mutation ($i: {title}Input!) {{ {name}(input: $i) {{ userErrors {{ message }} }} }}"
        done = await service.data(query, {"i": {"idempotencyKey": f"agenda-{name}-1", **given}})
        assert done[name]["userErrors"] == []
    after = await pack(service)
    snapshots = await service.data("{ snapshots(first: 1) { nodes { id digest rows } } }")
    (frozen,) = snapshots["snapshots"]["nodes"]
    assert after["snapshotId"] == frozen["id"]
    assert (await pack(service, snapshot=frozen["id"]))["digest"] == after["digest"]
    assert (await pack(service, snapshot="U25hcHNob3Q6OTk5"))["snapshotId"] is None
    for told in (frozen["id"], frozen["digest"], "解困脱困率", "返困", "1,234.50", "工会经费"):
        assert told in after["html"], told
    (progress,) = [each["csv"] for each in after["files"] if each["name"] == "progress.csv"]
    assert frozen["digest"] in progress
    whole = next(line.split(",") for line in progress.splitlines() if ",RELIEVED_OR_GRADUATED,1,全部 all," in line)
    assert whole[5] == str(frozen["rows"])
    assert "尚未对冻结的基数登记目标" in after["html"]
    asked = {"snapshotId": frozen["id"], "kind": "RELIEVED_OR_GRADUATED", "percent": 50, "dueOn": "2999-12-31"}
    query = "mutation ($i: SetTargetInput!) { setTarget(input: $i) { target { id } userErrors { message } } }"
    given = {"idempotencyKey": "agenda-target-1", "documentNo": "安政办〔2019〕15号", **asked}
    target = (await service.data(query, {"i": given}))["setTarget"]["target"]["id"]
    query = "query ($id: ID!) { targetProgress(targetId: $id) { files achieved returned open reached } }"
    told = (await service.data(query, {"id": target}))["targetProgress"]
    with_goal = await pack(service)
    assert with_goal["digest"] != after["digest"]
    assert "≥ 50%" in with_goal["html"]
    assert "安政办〔2019〕15号" in with_goal["html"]
    (row,) = csv.DictReader(with_goal["files"][1]["csv"].splitlines())
    assert (row["完成 achieved"], row["基数 files"]) == (str(told["achieved"]), str(told["files"]))
    assert (row["返困 returned"], row["仍在档 open"]) == (str(told["returned"]), str(told["open"]))
    assert row["达到 reached"] == ("是 yes" if told["reached"] else "否 no")
    county = await pack(service, "county-reviewer")
    (of_county,) = csv.DictReader(county["files"][1]["csv"].splitlines())
    assert 0 < int(of_county["基数 files"]) < told["files"]
    assert county["snapshotId"] == after["snapshotId"]
    assert county["html"].count("文峰区") > 2
    assert "北关区" not in county["html"]


async def test_the_same_figures_give_the_same_page_and_others_another(service: Service) -> None:
    first, again = await pack(service), await pack(service)
    assert first == again
    assert first["digest"] in first["html"]
    assert all(
        first["digest"] in each["csv"].splitlines()[-1] for each in first["files"] if each["csv"].count("\n") > 1
    )
    await held(service, "swj", "安阳市税务局", "TAXATION", kind="DEPARTMENT")
    assert (await pack(service))["digest"] != first["digest"]
    assert (await pack(service, code="410502"))["digest"] != first["digest"]


async def test_f_22_a_cell_of_few_is_withheld_on_the_page_and_in_the_tables(service: Service) -> None:
    found = await pack(service)
    assert "▒▒" in found["html"]
    rows = [line.split(",") for line in found["files"][7]["csv"].splitlines()[1:]]
    assert rows
    for row in rows:
        assert all(not (cell.isdigit() and 0 < int(cell) < 10) for cell in row[3:5]), row


async def test_what_was_asked_of_departments_and_answered_in_time_stands_in_it(service: Service) -> None:
    assert "没有向任何单位发出询问" in (await pack(service))["html"]
    await held(service, "swj", "安阳市税务局", "TAXATION", kind="DEPARTMENT")
    today = days.today(service.now())
    of = {"source": "tax", "asked_at": moment(today, 0), "due_on": today + dt.timedelta(days=3)}
    late = {"due_on": today - dt.timedelta(days=1)}
    answered = {"answered_at": moment(today, 0)}
    await asked(
        service,
        "swj",
        {**of, **answered},
        {**of, **answered},
        {**of, **late},
        of,
        {**of, **late, "source": "business"},
    )
    found = await pack(service)
    (table,) = [each["csv"] for each in found["files"] if each["name"] == "requests.csv"]
    rows = [list(row.values())[:7] for row in csv.DictReader(table.removeprefix("\ufeff").splitlines())]
    assert rows[0] == ["安阳市税务局", "全部 all", "5", "2", "2", "2", "0.5000"]
    assert [row[2:] for row in rows[1:]] == [["1", "0", "0", "1", "0.0000"], ["4", "2", "2", "1", "0.6667"]]
    assert found["html"].count("按期答复率") == 2
    assert "50.0%" in found["html"]


async def test_nobody_is_given_the_pack_of_a_division_that_is_not_theirs(service: Service) -> None:
    assert await pack(service, "elsewhere", code="410502") is None
    assert await pack(service, "county-reviewer", code="410500") is None
    assert (await pack(service, "county-reviewer"))["division"]["code"] == "410502"


async def test_the_command_writes_what_graphql_answers(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"DATABASE_URL": service.url, "DATA_DIR": str(service.data_dir), "KEY": KEY}
    for name, value in given.items():
        monkeypatch.setenv(f"JIEKUN_{name}", value)
    told, day = await pack(service), days.today(service.now()).isoformat()

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(cli.app, ["agenda", "--out", str(tmp_path / "pack"), *arguments])

    done = await asyncio.to_thread(run, "--division", "410500", "--on", day)
    assert done.exit_code == 0, done.output
    assert (tmp_path / "pack" / "agenda.html").read_text(encoding="utf-8") == told["html"]
    for each in told["files"]:
        assert (tmp_path / "pack" / each["name"]).read_bytes().decode("utf-8-sig") == each["csv"]
    assert sheets.read(tmp_path / "pack").keys() == {Path(each["name"]).stem for each in told["files"]}
    for wrong in (
        ("--division", "41"),
        ("--division", "410500", "--on", "2999-01-01"),
        ("--division", "410500", "--on", "x"),
    ):
        assert (await asyncio.to_thread(run, *wrong)).exit_code != 0


async def test_the_page_is_read_in_both_languages_without_a_script_and_asks_nobody_for_anything(
    service: Service, chromium: str, tmp_path: Path
) -> None:
    await held(service, "swj", "安阳市税务局", "TAXATION", kind="DEPARTMENT")
    path = tmp_path / "agenda.html"
    path.write_text((await pack(service))["html"], encoding="utf-8")
    said: list[str] = []
    asked: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = await browser.new_context(java_script_enabled=False, viewport={"width": 1280, "height": 900})
        page = await context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("request", lambda request: asked.append(request.url))
        await page.goto(path.as_uri())
        heading = page.get_by_role("heading", level=1)
        assert "联席办公会议材料" in await heading.inner_text()
        await page.get_by_text("English", exact=True).click()
        assert "pack for the joint meeting" in await heading.inner_text()
        assert await page.get_by_text("Federation of trade unions").first.is_visible()
        assert not await page.get_by_text("责任单位评分卡").first.is_visible()
        assert len(await page.pdf()) > 10_000
        await browser.close()
    assert said == []
    assert asked == [path.as_uri()]
