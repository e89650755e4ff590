"""The equity report as officers see it: counted as a plain reckoning counts, few withheld, and nobody's division but one's own (F-22)."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from typing import Any

import pytest
from sqlalchemy import func, insert, or_, select, update

from api.database import transaction
from api.domain import days, equity
from api.domain.figures import part
from api.models import File, Finding, Household, Member, Objection, Review, User
from api.services import forms
from tests.api.conftest import Service
from tests.api.schema.test_statements import taken_away
from tests.api.services.atwork import on_file
from tests.api.services.doubted import concluded_by_two

REPORT = """query ($code: String, $period: DateRange, $attributes: [EquityAttribute!], $events: [EquityEvent!]) {
  equityReport(divisionCode: $code, period: $period, attributes: $attributes, events: $events) {
    households ratioHigh ratioLow leastHouseholds tables { attribute event could did
      groups { group nameZh could did rate ratio alarm withheld } } } }"""
DAY = dt.timedelta(days=1)
LEAST = """
[[value]]
key = "equity.least_households"
value = {}
unit = "households"
valid_from = 2000-01-01
division = "4105"
basis = "市总工会通知"
status = "verified"
approved_by = ["甲", "乙"]
"""
OPENED = "SELECT members.form"
Groups = dict[str, Counter[str]]


async def report(service: Service, by: str = "reviewer", **asked: Any) -> Any:
    return (await service.data(REPORT, asked, by=by))["equityReport"]


def table(found: Any, attribute: str, event: str) -> Any:
    (one,) = [each for each in found["tables"] if (each["attribute"], each["event"]) == (attribute, event)]
    return one


async def homes(service: Service) -> list[Any]:
    """Every household of the city on file, with the worker in whose name its file is, or its head; and its leads."""
    opened = func.coalesce(File.opened_on, File.applied_on)
    async with transaction(service.engine) as connection:
        leads = defaultdict(list)
        for row in await connection.execute(select(Finding.household_id, Finding.rule_id)):
            leads[row.household_id].append(row.rule_id)
        heads = {
            row.household_id: row
            for row in await connection.execute(
                select(Member.household_id, Member.sex, Member.birth_date)
                .where(Member.relation == "HEAD", Member.left_on.is_(None))
                .order_by(Member.id.desc())
            )
        }
        named = {row.id: row for row in await connection.execute(select(Member.id, Member.sex, Member.birth_date))}
        found = await connection.execute(
            select(Household.id, Household.target_group, Household.division_code, File.subject_member_id)
            .join(File, File.household_id == Household.id)
            .where(File.closed_on.is_(None), or_(opened.is_(None), opened <= days.today(service.now())))
            .where(Household.division_code.startswith("4105"))
        )
        return [(row, named.get(row.subject_member_id) or heads.get(row.id), leads[row.id]) for row in found]


async def test_households_are_counted_by_what_is_known_of_their_worker(service: Service) -> None:
    today = days.today(service.now())
    counted: dict[str, Groups] = {name: defaultdict(Counter) for name in ("SEX", "AGE", "MIGRANT", "COUNTY")}
    for home, worker, leads in await homes(service):
        born = worker.birth_date if worker else None
        age = None if born is None else today.year - born.year - ((today.month, today.day) < (born.month, born.day))
        groups = {
            "SEX": (worker.sex if worker else None) or "UNKNOWN",
            "AGE": "UNKNOWN"
            if age is None
            else next((code for code, years in equity.AGES if age < years), equity.OLDEST),
            "MIGRANT": "UNKNOWN"
            if home.target_group is None
            else "YES"
            if home.target_group == "MIGRANT_WORKER"
            else "NO",
            "COUNTY": home.division_code,
        }
        raised = any(not rule.startswith("U") for rule in leads)
        for name, group in groups.items():
            counted[name][group] += Counter(could=1, did=int(raised))
    found = await report(service, period={"from": today.isoformat(), "to": today.isoformat()})
    assert found["households"] == len(await homes(service))
    assert (found["ratioHigh"], found["ratioLow"], found["leastHouseholds"]) == ("1.25", "0.8", 100)
    shown = 0
    for name, groups in counted.items():
        told = table(found, name, "LEAD_RAISED")
        codes = equity.CODES.get(equity.EquityAttribute(name)) or sorted(groups)
        assert [each["group"] for each in told["groups"]] == [*codes]
        assert set(groups) <= set(codes)
        assert told["did"] == sum(each["did"] for each in groups.values())
        for each in told["groups"]:
            true = groups[each["group"]]
            assert each["could"] in (None, true["could"])
            if not each["withheld"]:
                shown += 1
                assert each["did"] == true["did"]
                rate = part(true["did"], true["could"])
                assert each["rate"] == (None if rate is None else str(rate))
            if 0 < true["did"] < 10 or 0 < true["could"] - true["did"] < 10:
                assert each["withheld"], (name, each)
    assert shown > 4


async def test_a_group_that_stands_far_from_the_rest_raises_a_question(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JIEKUN_DATA_DIR", str(service.data_dir))
    today = days.today(service.now())
    rows = await homes(service)
    async with transaction(service.engine) as connection:
        scan = await connection.scalar(select(Finding.last_scan_id).limit(1))
        like = {"evidence_hash": "x", "rule_id": "P06", "rule_version": "1", "severity": "LOW", "severity_rank": 1}
        like |= {"state": "OPEN", "evidence": [], "exceptions": [], "explanation_zh": "", "explanation_en": ""}
        like |= {"first_scan_id": scan, "last_scan_id": scan, "raised_on": today - 40 * DAY, "version": 1}
        for place, (home, worker, _) in enumerate(rows):
            sex = "FEMALE" if place % 2 else "MALE"
            assert worker is not None
            await connection.execute(update(Member).where(Member.household_id == home.id).values(sex=sex))
            if sex == "MALE" or place % 6 == 1:
                row = {"reference": f"equity-{place}", "household_id": home.id}
                await connection.execute(insert(Finding).values(**like, **row))
    when = {"from": (today - 45 * DAY).isoformat(), "to": (today - 35 * DAY).isoformat()}
    for least, raised in ((1_000, (None, None)), (20, ("ABOVE", "BELOW"))):
        (service.data_dir / "policy.toml").write_text(LEAST.format(least), encoding="utf-8")
        found = await report(service, period=when, attributes=["SEX"])
        assert found["leastHouseholds"] == least
        told = {each["group"]: each for each in table(found, "SEX", "LEAD_RAISED")["groups"]}
        assert (told["MALE"]["alarm"], told["FEMALE"]["alarm"]) == raised
    assert told["MALE"]["rate"] == "1.0000"


async def test_what_people_concluded_and_decided_is_told_of_those_upon_whom_it_could_come(service: Service) -> None:
    now, home = service.now(), await on_file(service)
    today = days.today(now)
    async with transaction(service.engine) as connection:
        user = await connection.scalar(select(User.id).where(User.login == "reviewer"))
        other = await connection.scalar(select(User.id).where(User.login == "county-reviewer"))
        leads = select(Finding.id).where(Finding.rule_id.not_like("U%")).order_by(Finding.household_id)
        distinct: dict[int, int] = {}
        for row in await connection.execute(leads.add_columns(Finding.household_id)):
            distinct.setdefault(row.household_id, row.id)
        some = list(distinct.items())[:6]
        said = {"reviewer_id": user, "note": b"", "evidence_hash": "x", "reviewed_at": now}
        for (household, lead), outcomes in zip(some, (
            ["NO_ISSUE"], ["CLAIMANT_ERROR"], ["OFFICIAL_ERROR", "NO_ISSUE"], ["NEEDS_INQUIRY"],
            ["CLAIMANT_ERROR", "NEEDS_INQUIRY"], ["NO_ISSUE", "SOURCE_ERROR"],
        ), strict=True):  # fmt: skip
            for outcome in outcomes:
                by_two = None
                if outcome == "CLAIMANT_ERROR":
                    officers = (other or 0, user or 0)
                    by_two = await concluded_by_two(connection, service.vault, household, lead, officers, now)
                review = said | {"finding_id": lead, "outcome": outcome, "conclusion_id": by_two}
                await connection.execute(insert(Review).values(**review))
        against = {"household_id": home.key, "stage": "RECORDED", "objector": "HOUSEHOLD", "grounds": [], "text": b""}
        against |= {"received_by": user, "received_on": today, "due_on": today, "raised_at": now, "version": 1}
        answered = {"state": "ANSWERED", "answer": b"", "answered_by": other, "answered_by_kind": "PERSON"}
        for outcome in ("UPHELD", "WITHDRAWN"):
            told = {"outcome": outcome, "answered_at": now}
            await connection.execute(insert(Objection).values(**against, **answered, **told))
        caseworker = await connection.scalar(select(User.id).where(User.login == "caseworker"))
        await taken_away(connection, service, caseworker or 0, 3)
    found = await report(service, attributes=["SEX"])
    whole = {each["event"]: (each["could"], each["did"]) for each in found["tables"]}
    assert whole["LEAD_CONFIRMED"] == (5, 3)
    assert whole["LEAD_REVERSED"] == (3, 1)
    assert whole["OBJECTION_UPHELD"] == (1, 1)
    assert whole["GRANT_REFUSED"] == (3, 0)
    assert whole["STOP_PROPOSED"] == (found["households"], 3)
    for each in found["tables"]:
        for group in each["groups"]:
            assert group["could"] is None or not 0 < group["could"] < 10
            assert group["did"] is None or not 0 < group["did"] < 10


async def test_who_told_nothing_of_a_disability_is_a_group_of_its_own(service: Service) -> None:
    rows = await homes(service)
    async with transaction(service.engine) as connection:
        for place, (home, _, _) in enumerate(rows[:60]):
            worker = await connection.scalar(
                select(Member.id).where(
                    Member.household_id == home.id, Member.relation == "HEAD", Member.left_on.is_(None)
                )
            )
            if worker is None:
                continue
            said = {"DISABILITY": "肢体残疾" if place < 25 else "无"} if place < 50 else {"HEALTH": "健康"}
            await forms.put(connection, service.vault, home.id, {}, {worker: said})
    found = await report(service, attributes=["DISABILITY"], events=["LEAD_RAISED"])
    (told,) = found["tables"]
    by_group = {each["group"]: each["could"] for each in told["groups"]}
    assert list(by_group) == ["YES", "NO", "UNKNOWN"]
    assert by_group == {"NO": 25, "YES": 25, "UNKNOWN": found["households"] - 50}
    assert [each for each in service.statements if OPENED in each]
    service.statements.clear()
    await report(service, attributes=["SEX"])
    assert service.statements
    assert not [each for each in service.statements if OPENED in each]


async def test_nobody_is_told_of_a_division_that_is_not_theirs(service: Service) -> None:
    assert await report(service, "elsewhere", code="410502") is None
    assert await report(service, "county-reviewer", code="410500") is None
    county = await report(service, "county-reviewer", attributes=["COUNTY"], events=["LEAD_RAISED"])
    (told,) = county["tables"]
    assert [each["group"] for each in told["groups"]] == ["410502"]
