"""Where the life of a lead ends: what stops aid does not read it, who is hidden stays hidden, no machine concludes, and
what was closed while both streams pay is listed (F-1, F-20, F-29, F-32, F-35)."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any

import pytest
from sqlalchemy import func, insert, select, text, update

from api.database import transaction
from api.domain import days
from api.domain.accounts import UserKind
from api.domain.errors import StopHeld
from api.domain.objections import Ground, ObjectionOutcome, Objector
from api.models import (
    Conclusion,
    Enrolment,
    Finding,
    FindingPerson,
    Human,
    Inquiry,
    LeadNotice,
    Member,
    Scan,
    Task,
    User,
)
from api.services import lead_objections, objections
from api.services.lead_objections import Said
from tests.api import claiming
from tests.api.conftest import Service
from tests.api.led import Lead, done, lead, refused
from tests.api.services.test_stops import NOW, given

SAID = Said(Objector.HOUSEHOLD, [Ground.NO_LONGER_OWNED], "车早已卖掉。")


async def test_f32_a_stop_is_refused_by_the_one_gate_while_an_objection_to_a_lead_of_the_household_is_open(
    service: Service,
) -> None:
    home = await given(service)
    vault = service.vault
    async with transaction(service.engine) as connection:
        scan = (await connection.execute(select(Scan.id).limit(1))).scalar_one()
        (key,) = await claiming.raised(connection, home.life.household_id, scan, 1, days.today(NOW))
    proposal = await home.propose()
    await home.told(proposal)
    await home.answered(proposal)
    async with transaction(service.engine) as connection:
        objection = await lead_objections.object_to(connection, vault, home.clerk, key, SAID, NOW)
    with pytest.raises(StopHeld) as held:
        await home.decide(proposal)
    assert held.value.item == "NO_OBJECTION"
    async with transaction(service.engine) as connection:
        told = (ObjectionOutcome.REJECTED, "登记未变。", NOW)
        await objections.answer(connection, vault, home.chief, objection, 1, *told)
    await home.decide(proposal)


async def test_f32_an_objection_to_a_lead_that_is_not_answered_in_time_is_told_to_the_level_above(
    service: Service,
) -> None:
    found = await lead(service)
    objection = {"objector": "HOUSEHOLD", "grounds": ["NOT_ME"], "text": "不是我的车。"}
    done(await found.act("objectToFinding", "caseworker", **objection))
    late = service.now() + dt.timedelta(days=60)
    async with transaction(service.engine) as connection:
        assert await objections.escalate(connection, service.vault, late) == 1
        tasks = select(func.count()).where(Task.kind == "OBJECTION_DUE", Task.reference.like("%escalated"))
        assert await connection.scalar(tasks) == 1
    assert (await found.asked("objections { escalatedAt state }"))["objections"][0]["state"] == "OPEN"


async def hide(service: Service, found: Lead) -> None:
    """Somebody of whom the lead speaks is protected from now on."""
    async with transaction(service.engine) as connection:
        household = select(Finding.household_id).where(Finding.id == found.key).scalar_subquery()
        member = select(Member.id, Member.person_id).where(Member.household_id == household, Member.left_on.is_(None))
        row = (await connection.execute(member.limit(1))).one()
        there = select(FindingPerson.member_id).where(FindingPerson.finding_id == found.key)
        if row.id not in (await connection.scalars(there)).all():
            await connection.execute(insert(FindingPerson).values(finding_id=found.key, member_id=row.id))
        since = update(Human).where(Human.id == row.person_id).values(protected_since=found.today)
        await connection.execute(since)


async def test_f29_only_who_is_cleared_gives_notice_of_a_lead_on_somebody_protected_and_reads_what_was_said(
    service: Service,
) -> None:
    found, county = await lead(service), "county-reviewer"
    await hide(service, found)
    async with transaction(service.engine) as connection:
        await connection.execute(update(User).where(User.login == "reviewer").values(cleared=True))
    preview = "query ($id: ID!) { previewFindingNotice(findingId: $id) { textZh } }"
    assert (await service.data(preview, {"id": found.id}, by=county))["previewFindingNotice"] is None
    assert refused(await found.told(county))["item"] == "CLEARANCE"
    assert (await service.data(preview, {"id": found.id}))["previewFindingNotice"]["textZh"]
    done(await found.told())
    done(await found.heard())
    question = {"askedOf": "HOUSEHOLD", "question": "何时购车？", "dueOn": str(found.today)}
    done(await found.act("askFacts", **question))
    fields = """notices { textZh textEn answer recordedBy deliveredOn } inquiries { question askedBy { login } state }
      proof { decidedBy } holder { officer { login } }"""
    done(await found.act("claimFinding"))
    hidden = await found.asked(fields, by=county)
    assert hidden["notices"] == [
        {"textZh": None, "textEn": None, "answer": None, "recordedBy": None, "deliveredOn": str(found.today)}
    ]
    assert hidden["inquiries"] == [{"question": None, "askedBy": None, "state": "OPEN"}]
    assert hidden["holder"] == {"officer": None}
    shown = await found.asked(fields)
    assert shown["notices"][0]["answer"] == "车已卖掉，手续还没有办。"
    assert shown["holder"] == {"officer": {"login": "reviewer"}}


@pytest.mark.parametrize(
    ("field", "told"),
    [
        ("reviewFinding", {"outcome": "NO_ISSUE", "note": "已核实。"}),
        ("confirmConclusion", {"reason": "同意。"}),
        ("proposeConclusion", {"outcome": "CLAIMANT_ERROR", "reason": "漏填。"}),
    ],
)
async def test_f35_no_machine_concludes_anything(service: Service, field: str, told: dict[str, Any]) -> None:
    found = await lead(service)
    done(await found.told())
    done(await found.heard())
    if field == "confirmConclusion":
        done(await found.act("proposeConclusion", outcome="CLAIMANT_ERROR", reason="漏填。"))
    async with transaction(service.engine) as connection:
        machine = update(User).where(User.login == "county-reviewer").values(kind=UserKind.SERVICE)
        await connection.execute(machine)
    error = refused(await found.act(field, "county-reviewer", **told))
    assert error["code"] == "FORBIDDEN" or error["item"] == "SECOND_OFFICER"


LISTED = "{ findings(filter: {closedWhileBothPay: true}) { totalCount nodes { id } } }"


async def test_f20_a_lead_closed_without_an_issue_while_both_grants_go_on_is_listed_until_one_ends(
    service: Service,
) -> None:
    found = await lead(service)
    month = found.today.replace(day=1)
    pieces = [{"source": "aid", "record_id": f"AID-{number}"} for number in (1, 2)]
    async with transaction(service.engine) as connection:
        twice = update(Finding).where(Finding.id == found.key).values(rule_id="C01", evidence=pieces)
        home = (await connection.execute(twice.returning(Finding.household_id))).scalar_one()
        for each in pieces:
            row = {"household_id": home, "programme_code": "DIBAO", "source_record": each["record_id"]}
            await connection.execute(insert(Enrolment).values(**row, start_month=month.replace(year=month.year - 1)))
    assert (await service.data(LISTED))["findings"]["totalCount"] == 0
    done(await found.act("reviewFinding", outcome="NO_ISSUE", note="不同月份。"))
    assert (await service.data(LISTED))["findings"]["nodes"] == [{"id": found.id}]
    assert (await service.data(LISTED, by="elsewhere"))["findings"]["totalCount"] == 0
    for end, count in ((month, 1), (month - dt.timedelta(days=1), 0)):
        async with transaction(service.engine) as connection:
            ended = update(Enrolment).where(Enrolment.source_record == "AID-2")
            await connection.execute(ended.values(end_month=end.replace(day=1)))
        assert (await service.data(LISTED))["findings"]["totalCount"] == count


@pytest.mark.parametrize("outcome", ["SOURCE_ERROR", "NEEDS_INQUIRY"])
async def test_f20_what_ended_otherwise_is_not_listed(service: Service, outcome: str) -> None:
    found = await lead(service)
    pieces = [{"source": "aid", "record_id": f"AID-{number}"} for number in (1, 2)]
    async with transaction(service.engine) as connection:
        twice = update(Finding).where(Finding.id == found.key).values(rule_id="C01", evidence=pieces)
        home = (await connection.execute(twice.returning(Finding.household_id))).scalar_one()
        for each in pieces:
            row = {"household_id": home, "programme_code": "DIBAO", "source_record": each["record_id"]}
            await connection.execute(insert(Enrolment).values(**row))
    done(await found.act("reviewFinding", outcome=outcome, note="已核实。"))
    assert (await service.data(LISTED))["findings"]["totalCount"] == 0


async def test_what_was_said_is_sealed_and_in_no_audit_row(service: Service) -> None:
    found = await lead(service)
    done(await found.told())
    done(await found.heard(answer="王小明的车已卖给李四。"))
    record = {"source": "vehicles", "recordId": f"V-{found.key}", "reason": "SOLD", "statement": "王小明已卖车。"}
    done(await found.act("reportRepair", "caseworker", **record))
    async with transaction(service.engine) as connection:
        sealed = [
            *(await connection.scalars(select(LeadNotice.answer))).all(),
            *(await connection.scalars(select(LeadNotice.text_zh))).all(),
            *(await connection.scalars(select(Inquiry.question))).all(),
        ]
        assert len(sealed) == 3
        assert not any("王小明".encode() in (each or b"") for each in sealed)
        told = (await connection.execute(text("SELECT detail FROM audit_events"))).scalars().all()
        assert "王小明" not in str(told)
        assert await connection.scalar(select(func.count()).select_from(Conclusion)) == 0


async def test_of_twelve_reviewers_who_confirm_at_once_one_does(service: Service) -> None:
    found = await lead(service)
    for step in (found.told(), found.heard()):
        done(await step)
    done(await found.act("proposeConclusion", "county-reviewer", outcome="CLAIMANT_ERROR", reason="漏填。"))
    version = await found.version()
    answers = await asyncio.gather(
        *(found.act("confirmConclusion", expectedVersion=version, reason="同意。") for _ in range(12))
    )
    codes = sorted(each["userErrors"][0]["code"] if each["userErrors"] else "DONE" for each in answers)
    assert codes == ["CONFLICT"] * 11 + ["DONE"]
