"""The policy replayed sentence by sentence: each test quotes what 安政办〔2019〕15号 says and proves it on the running service."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import DatabaseError

from api.database import transaction
from api.domain.clocks import months_after
from api.domain.stages import Stage
from api.models import File, Household, Organisation, Payment, Transition
from tests.api.conftest import Service
from tests.api.leaving import MONTHS, NOW, SOURCES, TODAY, done, on_file, refusal, said
from tests.api.matching.test_policy import entry
from tests.api.services.test_watches import BACK, opened, remind

POLICY = re.sub(r"\s", "", (Path(__file__).parent / "policy.zh.txt").read_text(encoding="utf-8"))
"""The text without the breaks that scanning left within its words."""

Case = TypeVar("Case", bound=Callable[..., Any])
quoted: list[str] = []


def says(sentence: str) -> Callable[[Case], Case]:
    """What the policy says, and the test below proves."""
    quoted.append(sentence)
    return lambda case: case


# 一、总体要求（三）目标任务


@says("家庭致困因素消除，家庭人均收入连续6个月超过当地低保标准，家庭生活状况脱离困境。")
async def test_who_leaves_hardship_has_no_cause_six_months_and_a_statement(service: Service) -> None:
    home = await on_file(service)
    await home.earning(*[3_000] * 6)
    assert "cause" in refusal(await home.propose())[1], "the causes have to be named, and gone"
    await home.caused(resolved=False)
    assert "not resolved" in refusal(await home.propose())[1]
    other = await on_file(service)
    await other.caused(resolved=True)
    assert "unknown" in refusal(await other.propose())[1], "nobody was asked"
    await other.earning(3_000, 3_000, 3_000, 3_000, 3_000, 10)
    assert "without an income a head above the line" in refusal(await other.propose())[1]
    await other.earning(*[3_000] * 6)
    assert refusal(await other.propose(statement="  "))[0] == "REQUIRED", "生活状况脱离困境 is stated by somebody"
    proposal = done(await other.propose())["proposal"]
    assert done(await other.decide(proposal))["proposal"]["household"]["stage"] == "GRADUATED"


@says("超过当地低保标准")
async def test_at_the_line_is_not_above_it_and_each_month_has_its_own(
    service: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("JIEKUN_DATA_DIR", str(tmp_path))
    early, late = 600, 700
    own = entry("line.dibao", early, "2020-01-01") + entry("line.dibao", late, MONTHS[3].isoformat())
    (tmp_path / "policy.toml").write_text(own, encoding="utf-8")
    home = await on_file(service, people=1)
    await home.earning(601, 601, 601, 700, 701, 701)
    found = (await home.assessment())["graduation"]
    assert found["verdict"] == "NOT_ABOVE"
    assert [each["line"]["amount"] for each in found["months"]] == ["600.00"] * 3 + ["700.00"] * 3
    assert [each["standing"] for each in found["months"]] == ["ABOVE"] * 3 + ["NOT_ABOVE", "ABOVE", "ABOVE"]
    await home.earning(601, 601, 601, 701, 701, 701)
    assert (await home.assessment())["graduation"]["verdict"] == "EXIT_DUE"


@says("连续6个月")
async def test_a_month_that_nobody_knows_breaks_the_run_and_a_rich_one_makes_up_for_none(service: Service) -> None:
    home = await on_file(service, people=1)
    await home.earning(9_000, 9_000, None, 9_000, 9_000, 9_000)
    found = (await home.assessment())["graduation"]
    assert found["verdict"] == "INSUFFICIENT_DATA"
    assert [(each["gap"], each["month"], each["source"]) for each in found["missing"]] == [
        ("INCOME", f"{MONTHS[2]:%Y-%m}", "TAX")
    ]
    year = {"sources": ["TAX"], "answer": "VALUE", "year": MONTHS[2].year, "kind": "WAGE", "amount": "120000"}
    done(await home.told(0, [year]))
    found = (await home.assessment())["graduation"]
    assert found["verdict"] == "INSUFFICIENT_DATA", "a year says nothing of its months"
    assert {each["gap"] for each in found["missing"]} == {"INCOME", "YEAR_ONLY"}
    done(await home.told(0, [{"sources": ["TAX"], "answer": "NOT_ASKED", "year": MONTHS[2].year}]))
    await home.earning(99_000, 0, 9_000, 9_000, 9_000, 9_000)
    assert (await home.assessment())["graduation"]["verdict"] == "NOT_ABOVE"


@says("难以脱困的城市困难职工经政府救助和工会帮扶后，家庭人均生活水平达到当地低保标准，家庭困境得到有效缓解。")
async def test_relief_counts_aid_that_leaving_does_not(service: Service) -> None:
    home = await on_file(service)
    await home.earning(*[0] * 6)
    await home.paid("DIBAO", 1_000)
    await home.paid("LIVING_SUBSIDY", 379)
    assert "at the line" in refusal(await home.propose("RELIEVE"))[1], "1,379 for two is less than 690 a head"
    await home.paid("WINTER_WARMTH", 1)
    found = await home.assessment()
    assert (found["relief"]["verdict"], found["graduation"]["verdict"]) == ("EXIT_DUE", "NOT_ABOVE")
    proposal = done(await home.propose("RELIEVE"))["proposal"]
    assert done(await home.decide(proposal))["proposal"]["household"]["stage"] == "RELIEVED"


@says("提供常态化帮扶，保障其家庭人均生活水平达到当地低保标准")
async def test_whoever_is_relieved_stays_on_file_and_aid_goes_on(service: Service) -> None:
    home = await on_file(service)
    await home.earning(*[0] * 6)
    await home.paid("DIBAO", 1_400)
    async with transaction(service.engine) as connection:
        before = (await connection.execute(select(Payment.id))).scalars().all()
    done(await home.decide(done(await home.propose("RELIEVE"))["proposal"]))
    query = (
        "query ($id: ID!) { household(id: $id) { stage fileClosedOn enrolments { programme { code } endMonth } } }"
    )
    found = (await service.data(query, {"id": home.id}))["household"]
    assert (found["stage"], found["fileClosedOn"]) == ("RELIEVED", None)
    assert found["enrolments"] == [{"programme": {"code": "DIBAO"}, "endMonth": None}]
    async with transaction(service.engine) as connection:
        assert (await connection.execute(select(Payment.id))).scalars().all() == before
    back: dict[str, Any] = {
        "householdId": home.id,
        "expectedVersion": await home.version(),
        "reason": "帮扶后仍低于标准。",
    }
    assert done(await home.act(BACK, **back))["household"]["stage"] == "RECORDED"


@says("同步建档立卡、同步实施帮扶、同步解困脱困")
async def test_the_life_of_new_and_old_files_is_one_table(service: Service) -> None:
    moves = (await service.data("{ lifecycle { moves { fromStage action toStage adverse } } }"))["lifecycle"]["moves"]
    begins = {each["fromStage"] for each in moves if each["action"] == "APPLY"}
    assert begins == {None, "GRADUATED", "DEREGISTERED", "REFUSED", "WITHDRAWN"}
    assert {each["fromStage"] for each in moves if each["action"] in ("GRADUATE", "DEREGISTER")} == {
        "RECORDED",
        "RELIEVED",
    }
    assert all(each["adverse"] for each in moves if each["action"] in ("GRADUATE", "DEREGISTER", "REFUSE"))


# 二、解困脱困对象


@says("重点对以下五类群体开展解困脱困工作")
async def test_there_are_five_groups(service: Service) -> None:
    query = '{ enumerations(names: ["TargetGroup"]) { values { value labelZh } } }'
    ((found),) = (await service.data(query))["enumerations"]
    assert len(found["values"]) == 5


@says("加入工会组织、签订一年以上劳动合同、生活遇到特殊困难的农民工")
async def test_a_migrant_worker_is_measured_by_the_line_of_the_place_of_work(
    service: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("JIEKUN_DATA_DIR", str(tmp_path))
    own = entry("line.dibao", 900, "2020-01-01", "410502") + entry("line.dibao", 500, "2020-01-01", "410522")
    (tmp_path / "policy.toml").write_text(own, encoding="utf-8")
    union = {"name_zh": "安阳县工会", "name_en": "Union of the county", "code": "county-union", "kind": "UNION"}
    kept = {"division_code": "410522", "sources": [], "active": True, "version": 1, "created_at": NOW}
    async with transaction(service.engine) as connection:
        union_id = await connection.scalar(insert(Organisation).values(**union, **kept).returning(Organisation.id))
    for group, verdict in (("MIGRANT_WORKER", "EXIT_DUE"), ("BELOW_LINE", "NOT_ABOVE")):
        home = await on_file(service, people=1, target_group=group)
        async with transaction(service.engine) as connection:
            await connection.execute(update(File).where(File.id == home.file_key).values(organisation_id=union_id))
        await home.earning(*[700] * 6)
        assert (await home.assessment())["graduation"]["verdict"] == verdict, group
    query = "query ($id: ID!, $month: Month!) { perCapitaIncome(householdId: $id, month: $month) { %s } }"
    wanted = query % "low { amount } high { amount } known line { amount } lineDivision lineAssumed members"
    found = (await service.data(wanted, {"id": home.id, "month": f"{MONTHS[0]:%Y-%m}"}))["perCapitaIncome"]
    assert (found["lineDivision"], found["line"]["amount"], found["lineAssumed"]) == ("410502", "900.00", False)


# 三、工作措施（一）


@says("分级负责、精准识别、一户一档、动态管理")
async def test_a_household_has_one_file_and_the_database_takes_no_second(service: Service) -> None:
    home = await on_file(service)
    second = {"household_id": home.key, "number": "second", "version": 1, "created_at": NOW}
    with pytest.raises(DatabaseError):
        async with transaction(service.engine) as connection:
            await connection.execute(insert(File).values(**second))


@says("分级负责")
async def test_a_county_proposes_for_its_own_and_nobody_elsewhere_sees_it(service: Service) -> None:
    home = await on_file(service)
    proposal = done(await home.close("MOVED"))["proposal"]
    query = "{ proposals(filter: {states: [OPEN]}) { nodes { id household { division { code } } } } }"
    for by, seen in (("county-reviewer", 1), ("reviewer", 1), ("elsewhere", 0)):
        found = (await service.data(query, by=by))["proposals"]["nodes"]
        assert [each["id"] for each in found] == [proposal["id"]] * seen


@says("要重点核实城市困难职工本人及家庭成员收入是否发生变化")
async def test_the_income_of_every_member_is_looked_at(service: Service) -> None:
    home = await on_file(service, people=3)
    await home.earning(*[9_000] * 6)
    assert (await home.assessment())["graduation"]["verdict"] == "EXIT_DUE"
    done(await home.told(2, [said(SOURCES, "NOT_ASKED", MONTHS[4:5])]))
    found = (await home.assessment())["graduation"]
    assert found["verdict"] == "INSUFFICIENT_DATA"
    assert {each["personId"] for each in found["missing"]} == {home.people[2]}
    assert {each["source"] for each in found["missing"]} == set(SOURCES)


@says("家庭致困因素是否消除")
async def test_an_income_does_not_tell_that_the_cause_is_gone(service: Service) -> None:
    home = await on_file(service)
    await home.earning(*[9_000] * 6)
    await home.caused(resolved=False)
    found = await home.assessment()
    assert (found["graduation"]["verdict"], found["causesResolved"], found["openCauses"]) == ("EXIT_DUE", False, 1)
    assert (await home.propose())["userErrors"]


@says("已经脱困或已实行社会化管理的退休人员")
async def test_who_retired_under_social_management_is_taken_off_with_that_reason(service: Service) -> None:
    home = await on_file(service)
    decided = done(await home.decide(done(await home.close("RETIRED_SOCIALISED"))["proposal"]))["proposal"]
    assert (decided["reason"], decided["household"]["stage"]) == ("RETIRED_SOCIALISED", "DEREGISTERED")
    assert decided["household"]["fileClosedOn"] == TODAY.isoformat()


@says("由于职工死亡等原因造成无需再进行帮扶救助的城市困难职工是否已经进行档案脱困注销")
async def test_a_death_ends_the_file_where_nobody_is_left_to_be_helped(service: Service) -> None:
    alone, family = await on_file(service, people=1), await on_file(service, people=3)
    assert "changeSubject" in refusal(await family.close("DECEASED"))[1]
    done(await alone.decide(done(await alone.close("DECEASED"))["proposal"]))
    assert (await alone.stage(), await family.stage()) == ("DEREGISTERED", "RECORDED")


@says("通过申请、审核、公示、录入四个步骤，为符合条件的城市困难职工建立档案")
async def test_no_way_to_a_file_leaves_out_one_of_the_four_steps(service: Service) -> None:
    moves = (await service.data("{ lifecycle { moves { fromStage action toStage } } }"))["lifecycle"]["moves"]
    steps = [each for each in moves if each["action"] not in ("FALL_BACK", "REINSTATE")]

    def reached(without: str | None) -> set[str]:
        found: set[str | None] = {None}
        while True:
            more = {each["toStage"] for each in steps if each["fromStage"] in found and each["action"] != without}
            if more <= found:
                return {each for each in found if each is not None}
            found |= more

    assert "RECORDED" in reached(None)
    for step in ("APPLY", "ACCEPT", "PUBLISH", "RECORD"):
        assert "RECORDED" not in reached(step), step


@says("申请、审核、公示、录入四个步骤")
@pytest.mark.parametrize("stage", [Stage.APPLIED, Stage.UNDER_REVIEW])
async def test_f_37_a_step_is_skipped_neither_in_the_service_nor_in_the_database(
    service: Service, stage: Stage
) -> None:
    home = await on_file(service, stage)
    record = """mutation ($input: RecordFileInput!) { recordFile(input: $input) {
      household { stage } userErrors { code message path } } }"""
    refused = await home.act(record, "county-reviewer", householdId=home.id, expectedVersion=await home.version())
    assert refused["userErrors"][0]["code"] == "INVALID"
    move = {"household_id": home.key, "number": 2, "previous_number": 1, "action": "RECORD", "adverse": False}
    step = {"from_stage": stage, "to_stage": "RECORDED", "effective_on": TODAY, "happened_at": NOW, "evidence": []}
    for statement in (
        insert(Transition).values(**move, **step),
        update(Household).where(Household.id == home.key).values(stage="RECORDED"),
    ):
        with pytest.raises(DatabaseError):
            async with transaction(service.engine) as connection:
                await connection.execute(statement)
    assert await home.stage() == stage


@says("对申请救助家庭户籍、社保、工商、税务、婚姻登记、房产、车辆、公积金、金融等信息跨部门共享")
async def test_the_nine_kinds_of_data_are_there(service: Service) -> None:
    found = {each["code"] for each in (await service.data("{ departments { code } }"))["departments"]}
    assert found >= {
        "population", "social_insurance", "business", "tax", "marriage", "real_estate", "vehicles", "housing_fund", "finance",
    }  # fmt: skip


@says("杜绝骗取、冒领帮扶救助资金等违规行为")
async def test_and_yet_a_lead_moves_nobody(service: Service) -> None:
    query = "{ findings(first: 50) { nodes { household { id stage } } } }"
    before = (await service.data(query))["findings"]["nodes"]
    await remind(service)
    assert (await service.data(query))["findings"]["nodes"] == before


# 动态管理


@says("动态管理")
async def test_a_file_is_verified_again_when_its_day_has_come(service: Service) -> None:
    home = await on_file(service)
    async with transaction(service.engine) as connection:
        await connection.execute(update(File).where(File.id == home.file_key).values(next_review_on=TODAY))
    await remind(service)
    assert [state for _, state in await opened(home, "REVERIFY_DUE")] == ["OPEN"]
    verify = """mutation ($input: ReverifyFileInput!) { reverifyFile(input: $input) {
      household { stage } userErrors { code message path } } }"""
    given: dict[str, Any] = {"householdId": home.id, "expectedVersion": await home.version(), "reason": "情况未变。"}
    assert done(await home.act(verify, **given))["household"]["stage"] == "RECORDED"
    async with transaction(service.engine) as connection:
        again = (await connection.execute(select(File.next_review_on).where(File.id == home.file_key))).scalar_one()
    assert again == months_after(TODAY, 12), "每年至少全面清理一次"


@says("确保小康路上不让一户困难职工掉队")
async def test_whoever_left_is_watched_and_comes_back_without_applying(service: Service) -> None:
    home = await on_file(service)
    await home.graduated()
    for months in (3, 6, 12):
        await remind(service, months_after(TODAY, months))
    assert [due for due, _ in await opened(home, "WATCH_DUE")] == [
        months_after(TODAY, months) for months in (3, 6, 12)
    ]
    back: dict[str, Any] = {
        "householdId": home.id,
        "expectedVersion": await home.version(),
        "reason": "企业破产，再次失业。",
    }
    assert done(await home.act(BACK, "county-reviewer", **back))["household"]["stage"] == "RECORDED"


@says("兜住底线")
async def test_nothing_that_is_due_or_overdue_stops_anything_by_itself(service: Service) -> None:
    home = await on_file(service)
    await home.earning(*[9_000] * 6)
    await home.caused(resolved=True)
    done(await home.propose())
    async with transaction(service.engine) as connection:
        long_ago = TODAY - dt.timedelta(days=900)
        await connection.execute(update(File).where(File.id == home.file_key).values(next_review_on=long_ago))
    await remind(service, months_after(TODAY, 24))
    assert await home.stage() == "RECORDED", "a test says that an exit is due; it is not made"


def test_every_sentence_stands_in_the_policy() -> None:
    assert len(quoted) > 15
    assert [each for each in quoted if re.sub(r"\s", "", each) not in POLICY] == []
