"""The life of a lead as clients work on it: claimed, told, heard, doubted before its department, and concluded by two."""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.exc import DatabaseError

from api import workdays
from api.database import locked, transaction
from api.domain.review import WithdrawnBecause
from api.domain.scans import ScanStatus
from api.models import (
    Conclusion,
    Finding,
    Household,
    LeadNotice,
    LeadView,
    Objection,
    OfficialError,
    Review,
    Scan,
    StopProposal,
    User,
    table,
)
from api.services import scans, withdrawals
from api.services.scans import Order
from tests.api.conftest import Service
from tests.api.led import EXPLAINED, Lead, act, done, lead, refused
from tests.api.test_reviewing_bounds import hide

COUNTY = "county-reviewer"
DECEPTION = {"outcome": "DECEPTION_CONFIRMED", "reason": "已核实。", "decisionDocument": "文处〔2026〕3号"}
ERROR = {"outcome": "CLAIMANT_ERROR", "reason": "申报时漏填。"}
LAPSED = [{"state": "LAPSED", "lapsedBecause": "RECORD_GONE"}]
PAPERS = itertools.count(1)
OBJECTION = {"objector": "HOUSEHOLD", "grounds": ["NO_LONGER_OWNED"], "text": "车早已卖掉。"}


async def vehicle(found: Lead) -> dict[str, str]:
    """The vehicle's record behind it."""
    pieces = (await found.asked("evidence { source recordId }"))["evidence"]
    return next(each for each in pieces if each["source"] == "vehicles")


async def test_f14_f3_a_lead_is_claimed_told_heard_and_concluded_by_two_officers(service: Service) -> None:
    found = await lead(service)
    assert done(await found.act("claimFinding", COUNTY))["finding"]["state"] == "OPEN"
    holder = (await found.asked("holder { officer { login } until }"))["holder"]
    assert holder == {"officer": {"login": COUNTY}, "until": str(workdays.add(found.today, 5))}
    assert refused(await found.told("reviewer"))["item"] == "HOLDER"

    preview = "query ($id: ID!) { previewFindingNotice(findingId: $id) { textZh textEn } }"
    shown = (await service.data(preview, {"id": found.id}, by=COUNTY))["previewFindingNotice"]
    assert done(await found.told(COUNTY))["finding"]["state"] == "IN_INQUIRY"
    (notice,) = (await found.asked("notices { textZh textEn waitUntil delivery answer onCurrentEvidence }"))[
        "notices"
    ]
    assert shown == {"textZh": notice["textZh"], "textEn": notice["textEn"]}, "what was printed is what is kept"
    assert notice["waitUntil"] == str(workdays.add(found.today, 10))

    assert refused(await found.act("proposeConclusion", COUNTY, **ERROR))["item"] == "ANSWER"
    done(await found.heard())
    done(await found.act("proposeConclusion", COUNTY, **ERROR))
    assert refused(await found.act("confirmConclusion", COUNTY, reason="同意。"))["item"] == "SECOND_OFFICER"
    assert (
        refused(await found.act("reviewFinding", COUNTY, outcome="CLAIMANT_ERROR", note="x"))["item"]
        == "SECOND_OFFICER"
    )
    closed = done(await found.act("confirmConclusion", "reviewer", reason="同意。"))
    assert closed["finding"]["state"] == "CLOSED"

    told = await found.asked("""holder { until } reviews { outcome reviewer }
      conclusions { state proposedBy confirmedBy outcome }
      proof { outcome byPeople decidedBy proposedBy acts { action officer byPerson number hash auditId } }""")
    assert told["holder"] is None, "what is closed is nobody's work"
    assert told["conclusions"] == [
        {
            "state": "CONFIRMED",
            "proposedBy": "County-Reviewer",
            "confirmedBy": "Reviewer",
            "outcome": "CLAIMANT_ERROR",
        }
    ]
    proof = told["proof"]
    assert (proof["byPeople"], proof["decidedBy"], proof["proposedBy"]) == (True, "Reviewer", "County-Reviewer")
    assert [each["action"].removeprefix("finding.") for each in proof["acts"]] == [
        "opened", "claimed", "notified", "answered", "conclusion_proposed", "conclusion_confirmed", "reviewed",
    ]  # fmt: skip
    assert [each["byPerson"] for each in proof["acts"]] == [False, *[True] * 6], "only its turn came by itself"
    assert all(len(each["hash"]) == 64 for each in proof["acts"])


@pytest.mark.parametrize("by", ["caseworker", "auditor", "department", "administrator"])
async def test_only_reviewers_claim(service: Service, by: str) -> None:
    assert refused(await (await lead(service)).act("claimFinding", by))["code"] == "FORBIDDEN"


async def test_a_claim_has_one_holder_lapses_without_an_act_and_is_kept_by_one(service: Service) -> None:
    found = await lead(service)
    done(await found.act("claimFinding", COUNTY))
    done(await found.act("claimFinding", COUNTY))
    taken = refused(await found.act("claimFinding", "reviewer"))
    assert (taken["code"], taken["item"], taken["findingId"]) == ("REVIEW_HELD", "HOLDER", found.id)
    assert refused(await found.act("releaseFinding", "reviewer"))["code"] == "INVALID"
    last = workdays.add(found.today, 5)
    service.ahead = dt.timedelta(days=(last - found.today).days)
    assert refused(await found.act("claimFinding", "reviewer"))["item"] == "HOLDER"
    done(await found.act("reviewFinding", COUNTY, outcome="NEEDS_INQUIRY", note="入户。"))
    service.ahead += dt.timedelta(days=1)
    assert refused(await found.act("claimFinding", "reviewer"))["item"] == "HOLDER", "an act keeps it"
    service.ahead += dt.timedelta(days=30)
    assert (await found.asked("holder { until }"))["holder"] is None
    done(await found.act("claimFinding", "reviewer"))
    done(await found.act("releaseFinding", "reviewer"))
    assert (await found.asked("holder { until }"))["holder"] is None


async def told_of_a_car(service: Service) -> tuple[Lead, dict[str, Any]]:
    """A lead that its household was told of and has spoken to, and the car that it rests on."""
    found = await lead(service)
    record = await vehicle(found)
    done(await found.told())
    done(await found.heard())
    return found, record


async def test_f33_a_record_said_to_be_wrong_is_looked_at_by_its_department_and_weighs_on_nobody_meanwhile(
    service: Service,
) -> None:
    found, record = await told_of_a_car(service)
    report = {**record, "reason": "SOLD", "statement": "已于去年出售，有合同。"}
    done(await found.act("reportRepair", "caseworker", **report))
    assert refused(await found.act("reportRepair", "caseworker", **report))["path"] == ["input", "recordId"]
    assert refused(await found.act("proposeConclusion", **ERROR))["item"] == "RECORD_STANDS"

    listed = """{ inquiries(filter: {states: [OPEN]}) { nodes {
      id version kind source recordId reason question dueOn finding { id } } } }"""
    (seen,) = (await service.data(listed, by="department"))["inquiries"]["nodes"]
    assert (seen["recordId"], seen["reason"], seen["question"]) == (record["recordId"], "SOLD", report["statement"])
    assert seen["finding"] is None, "a department reads no cases"
    assert seen["dueOn"] == str(workdays.add(found.today, 20))
    (masked,) = (await service.data(listed, by="auditor"))["inquiries"]["nodes"]
    assert masked["question"] is None
    of = {"inquiryId": seen["id"]}
    said = {"answer": "核实中。", "outcome": "STANDS"}
    wrong = await act(
        service, "answerFacts", "reviewer", **of, expectedVersion=1, **said, idempotencyKey="repair-0000"
    )
    assert refused(wrong)["code"] == "FORBIDDEN", "nobody answers for a department"

    async def answer(version: int, outcome: str | None) -> Any:
        told = {"expectedVersion": version, "outcome": outcome, "answer": "见登记。"}
        return await act(
            service, "answerFacts", "department", **of, **told, idempotencyKey=f"repair-{version}-{outcome}"
        )

    assert refused(await answer(1, None))["path"] == ["input", "outcome"]
    done(await answer(1, "IN_DISPUTE"))
    assert refused(await found.act("proposeConclusion", **ERROR))["item"] == "RECORD_STANDS"
    done(await answer(2, "CORRECTED"))
    assert refused(await answer(3, "STANDS"))["code"] == "INVALID"
    assert refused(await found.act("proposeConclusion", **ERROR))["item"] == "RECORD_STANDS", "until the next batch"
    done(await found.act("reviewFinding", outcome="SOURCE_ERROR", note="部门已更正。"))


async def test_f33_a_reviewer_writes_down_what_a_department_without_an_account_answered_on_paper(
    service: Service,
) -> None:
    found, record = await told_of_a_car(service)
    done(await found.act("reportRepair", "caseworker", **record, reason="SOLD", statement="已于去年出售。"))
    (seen,) = (await found.asked("inquiries { id version }"))["inquiries"]
    of = {"inquiryId": seen["id"], "expectedVersion": seen["version"], "outcome": "STANDS", "answer": "登记无误。"}
    paper = {"number": "安公车函〔2026〕12号", "on": str(found.today)}

    async def written(by: str, **changes: Any) -> Any:
        given = of | {"onPaper": paper} | changes
        return await act(service, "answerFacts", by, **given, idempotencyKey=f"paper-{next(PAPERS):08}")

    assert refused(await written("reviewer"))["code"] == "FORBIDDEN", "the department has an account"
    async with transaction(service.engine) as connection:
        await connection.execute(update(User).where(User.login == "department").values(active=False))
    assert refused(await written("caseworker"))["code"] == "FORBIDDEN", "a reviewer writes it down"
    assert refused(await written("reviewer", onPaper=None))["code"] == "FORBIDDEN", "and names the paper"
    for wrong in (
        {"number": " ", "on": paper["on"]},
        {"number": "函", "on": str(found.today + dt.timedelta(days=1))},
    ):
        assert refused(await written("reviewer", onPaper=wrong))["path"][1:2] == ["onPaper"]
    done(await written("reviewer"))
    (told,) = (await found.asked("inquiries { state outcome paper saidOn answeredBy { login } }"))["inquiries"]
    assert told == {
        "state": "ANSWERED", "outcome": "STANDS", "paper": paper["number"], "saidOn": paper["on"],
        "answeredBy": {"login": "reviewer"},
    }  # fmt: skip
    done(await found.act("proposeConclusion", COUNTY, **ERROR))
    assert refused(await found.act("confirmConclusion", COUNTY, reason="同意。"))["item"] == "SECOND_OFFICER"


async def test_f33_what_a_department_finds_right_is_concluded_on_and_a_closed_lead_is_doubted_too(
    service: Service,
) -> None:
    found = await lead(service)
    record = await vehicle(found)
    for step in (found.told(), found.heard(), found.act("proposeConclusion", COUNTY, **ERROR)):
        done(await step)
    done(await found.act("confirmConclusion", reason="同意。"))
    done(await found.act("reportRepair", "caseworker", **record, reason="STOLEN_IDENTITY", statement="从未买过车。"))
    told = await found.asked("state inquiries { id version reason state }")
    assert (told["state"], told["inquiries"][0]["reason"]) == ("IN_INQUIRY", "STOLEN_IDENTITY")
    inquiry = {"inquiryId": told["inquiries"][0]["id"], "expectedVersion": 1, "idempotencyKey": "stands-0001"}
    done(await act(service, "answerFacts", "department", **inquiry, outcome="STANDS", answer="登记无误。"))
    done(await found.act("proposeConclusion", COUNTY, **ERROR))


async def test_f33_a_record_that_is_doubted_stays_so_when_the_lead_comes_to_rest_on_others_besides(
    service: Service,
) -> None:
    found = await lead(service)
    record = await vehicle(found)
    for step in (found.told(), found.heard()):
        done(await step)
    done(await found.act("reportRepair", "caseworker", **record, reason="SOLD", statement="早已出售。"))
    async with transaction(service.engine) as connection:
        pieces = [{"source": "vehicles", "record_id": each} for each in (record["recordId"], "another")]
        changed = update(Finding).where(Finding.id == found.key)
        await connection.execute(changed.values(evidence=pieces, evidence_hash="others besides"))
    for step in (found.told(documentNo="核〔2026〕2号"), found.heard()):
        done(await step)
    assert refused(await found.act("proposeConclusion", **ERROR))["item"] == "RECORD_STANDS"
    inquiry = (await found.asked("inquiries { id }"))["inquiries"][0]["id"]
    settled = {"inquiryId": inquiry, "expectedVersion": 1, "idempotencyKey": "settled-0001", "answer": "见登记。"}
    done(await act(service, "answerFacts", "department", **settled, outcome="CORRECTED"))
    done(await found.act("proposeConclusion", **ERROR))


async def withdrawn(found: Lead) -> None:
    """A scan takes the lead back, as it would where its record is gone."""
    async with transaction(found.service.engine) as connection:
        raised = select(Scan).join(Finding, Finding.last_scan_id == Scan.id).where(Finding.id == found.key)
        scan = (await connection.execute(raised)).one()
        order = Order(scan.id, scan.division_code, None, (), ScanStatus.RUNNING)
        because = {found.key: (scan.id, WithdrawnBecause.RECORD_GONE)}
        assert await withdrawals.take_back(connection, order, because, found.service.now()) == 1


@pytest.mark.parametrize("proposed", [False, True])
async def test_f11_nothing_adverse_is_concluded_on_what_was_closed_and_withdrawn_since(
    service: Service, proposed: bool
) -> None:
    found = await lead(service)
    for step in (found.told(), found.heard(), found.act("reviewFinding", COUNTY, outcome="NO_ISSUE", note="无误。")):
        done(await step)
    if proposed:
        done(await found.act("proposeConclusion", COUNTY, **DECEPTION))
    await withdrawn(found)
    assert (await found.asked("state withdrawal { because }")) == {
        "state": "CLOSED",
        "withdrawal": {"because": "RECORD_GONE"},
    }
    if proposed:
        assert refused(await found.act("confirmConclusion", reason="同意。"))["path"] == ["input", "findingId"]
        assert (await found.asked("conclusions { state lapsedBecause }"))["conclusions"] == LAPSED
    assert refused(await found.act("proposeConclusion", COUNTY, **ERROR))["path"] == ["input", "findingId"]
    done(await found.act("reviewFinding", COUNTY, outcome="SOURCE_ERROR", note="数据有误。"))


async def raised_again(found: Lead, evidence: str | None = None) -> None:
    """A scan raises the lead again, on the evidence it had or on other."""
    async with transaction(found.service.engine) as connection:
        of = select(*table(Finding).c, Household.reference.label("home")).join(Household)
        row = (await connection.execute(of.where(Finding.id == found.key))).one()
        scan = (await connection.execute(select(Scan).where(Scan.id == row.last_scan_id))).one()
        raised = {name: getattr(row, name) for name in (*scans.JUDGED, "rule_id", "rule_version", "evidence")}
        raised |= {"finding_id": row.reference, "household_id": row.home, "person_ids": []} | EXPLAINED
        raised |= {f"amount_{each}_yuan": Decimal(1_200) for each in ("low", "high")}
        raised |= {"evidence_hash": evidence or row.evidence_hash}
        order = Order(scan.id, scan.division_code, None, (), ScanStatus.RUNNING)
        await scans.take_findings(connection, order, scan.as_of, [raised], {}, found.service.now())


async def test_f14_what_is_asked_goes_on_on_other_evidence_and_nothing_weighs_before_its_household_is_told_anew(
    service: Service,
) -> None:
    found = await lead(service)
    question = {"askedOf": "HOUSEHOLD", "question": "何时购车？", "dueOn": str(found.today)}
    for step in (found.told(), found.act("askFacts", **question)):
        done(await step)
    await raised_again(found, "another car")
    told = await found.asked("state openedOn notices { onCurrentEvidence answer } inquiries { state }")
    assert (told["state"], told["inquiries"]) == ("IN_INQUIRY", [{"state": "OPEN"}])
    assert told["notices"] == [{"onCurrentEvidence": False, "answer": None}]
    assert told["openedOn"] is not None, "it is not put back behind those that wait"
    done(await found.heard())  # to what it was told before
    assert refused(await found.act("proposeConclusion", COUNTY, **ERROR))["item"] == "NOTICE"
    done(await found.told(documentNo="核〔2026〕2号"))
    assert refused(await found.act("proposeConclusion", COUNTY, **ERROR))["item"] == "ANSWER"
    done(await found.heard())
    done(await found.act("proposeConclusion", COUNTY, **ERROR))
    done(await found.act("confirmConclusion", reason="同意。"))
    acts = (await found.asked("proof { acts { action byPerson } }"))["proof"]["acts"]
    assert {"action": "finding.evidence_changed", "byPerson": False} in acts


async def test_f14_what_is_asked_goes_on_when_a_scan_withdraws_the_lead_and_another_raises_it_again(
    service: Service,
) -> None:
    found = await lead(service)
    done(await found.told())
    await withdrawn(found)
    await raised_again(found)
    assert (await found.asked("state withdrawal { because }")) == {"state": "IN_INQUIRY", "withdrawal": None}
    done(await found.heard())


async def test_f3_f11_what_waited_for_a_second_officer_lapses_when_a_scan_withdraws_the_lead_and_is_proposed_anew(
    service: Service,
) -> None:
    found = await lead(service)
    for step in (found.told(), found.heard(), found.act("proposeConclusion", COUNTY, **ERROR)):
        done(await step)
    await withdrawn(found)
    assert (await found.asked("conclusions { state lapsedBecause }"))["conclusions"] == LAPSED
    await raised_again(found)
    assert refused(await found.act("confirmConclusion", reason="同意。"))["path"] == ["input", "findingId"]
    done(await found.act("proposeConclusion", COUNTY, **ERROR))
    done(await found.act("confirmConclusion", reason="同意。"))
    told = await found.asked("conclusions { state lapsedBecause } proof { acts { action } }")
    assert told["conclusions"] == [{"state": "CONFIRMED", "lapsedBecause": None}, *LAPSED]
    assert "finding.conclusion_lapsed" in [each["action"] for each in told["proof"]["acts"]]


@pytest.mark.parametrize(
    "broken",
    [
        "UPDATE conclusions SET state = 'LAPSED'",
        "UPDATE conclusions SET lapsed_because = 'RECORD_GONE'",
        "UPDATE findings SET withdrawn_from = 'OPEN'",
    ],
)
async def test_f3_f11_the_database_keeps_nothing_lapsed_without_its_reason(service: Service, broken: str) -> None:
    found = await lead(service)
    for step in (found.told(), found.heard(), found.act("proposeConclusion", COUNTY, **ERROR)):
        done(await step)
    with pytest.raises(DatabaseError):
        async with transaction(service.engine) as connection:
            await connection.execute(text(broken))


async def test_f11_f33_a_record_of_a_withdrawn_lead_is_doubted_and_objected_to_and_the_lead_stays_withdrawn(
    service: Service,
) -> None:
    found = await lead(service)
    for step in (found.told(), found.heard()):
        done(await step)
    await withdrawn(found)
    record = await vehicle(found)
    done(await found.act("reportRepair", "caseworker", **record, reason="SOLD", statement="早已出售。"))
    told = await found.asked("state inquiries { reason }")
    assert (told["state"], told["inquiries"]) == ("WITHDRAWN", [{"reason": "SOLD"}])
    raised = done(await found.act("objectToFinding", "caseworker", **OBJECTION))["objection"]
    query = """mutation ($input: AnswerObjectionInput!) { answerObjection(input: $input) {
      objection { state } userErrors { code } } }"""
    answer = {"idempotencyKey": "objection-1", "objectionId": raised["id"], "expectedVersion": 1}
    told = {**answer, "outcome": "UPHELD", "answer": "合同属实。"}
    assert (await service.data(query, {"input": told}))["answerObjection"]["userErrors"] == []
    assert (await found.asked("state reviews { outcome }")) == {"state": "WITHDRAWN", "reviews": []}
    assert refused(await found.act("proposeConclusion", COUNTY, **ERROR))["path"] == ["input", "findingId"]


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ({"askedOf": "DEPARTMENT"}, ["input", "source"]),
        ({"askedOf": "HOUSEHOLD", "source": "vehicles"}, ["input", "source"]),
        ({"askedOf": "DEPARTMENT", "source": "households"}, ["input", "source"]),
        ({"askedOf": "COLLEAGUE"}, ["input", "colleague"]),
        ({"askedOf": "COLLEAGUE", "colleague": "elsewhere"}, ["input", "colleague"]),
        ({"askedOf": "HOUSEHOLD", "question": " "}, ["input", "question"]),
        ({"askedOf": "HOUSEHOLD", "dueOn": "2020-01-01"}, ["input", "dueOn"]),
    ],
)
async def test_what_cannot_be_asked_is_refused_where_it_stands(
    service: Service, asked: dict[str, str], path: list[str]
) -> None:
    found = await lead(service)
    given = {"question": "何时购车？", "dueOn": str(found.today), **asked}
    assert refused(await found.act("askFacts", **given))["path"] == path


async def test_facts_are_asked_of_household_department_and_colleague_and_answered_by_whom_they_were_asked_of(
    service: Service,
) -> None:
    found = await lead(service)
    given = {"question": "何时购车？", "dueOn": str(found.today)}
    for more in ({"askedOf": "HOUSEHOLD"}, {"askedOf": "DEPARTMENT", "source": "vehicles"},
                 {"askedOf": "COLLEAGUE", "colleague": "caseworker"}):  # fmt: skip
        done(await found.act("askFacts", **given, **more))
    told = (await found.asked("inquiries { id askedOf version }"))["inquiries"]
    assert [each["askedOf"] for each in told] == ["COLLEAGUE", "DEPARTMENT", "HOUSEHOLD"]
    for number, (each, by, other) in enumerate(
        zip(told, ("caseworker", "department", "caseworker"), ("reviewer", "caseworker", "department"), strict=True)
    ):
        answer = {"inquiryId": each["id"], "expectedVersion": 1, "answer": "去年三月。"}
        wrong = await act(service, "answerFacts", other, **answer, idempotencyKey=f"answers-{number}-wrong")
        assert refused(wrong)["code"] in ("FORBIDDEN", "NOT_FOUND")
        done(await act(service, "answerFacts", by, **answer, idempotencyKey=f"answers-{number}-right"))
    open_ones = "{ inquiries(filter: {states: [OPEN]}) { totalCount } }"
    assert (await service.data(open_ones))["inquiries"]["totalCount"] == 0


async def test_f32_while_an_objection_is_open_nothing_adverse_is_concluded_and_one_that_proves_right_reopens(
    service: Service,
) -> None:
    found = await lead(service)
    for step in (found.told(), found.heard(), found.act("proposeConclusion", COUNTY, **DECEPTION)):
        done(await step)
    raised = done(await found.act("objectToFinding", "caseworker", **OBJECTION))["objection"]
    assert refused(await found.act("confirmConclusion", reason="同意。"))["item"] == "NO_OBJECTION"
    query = """mutation ($input: AnswerObjectionInput!) { answerObjection(input: $input) {
      objection { state } userErrors { code } } }"""
    answer = {"idempotencyKey": "objection-1", "objectionId": raised["id"], "expectedVersion": 1}
    told = {**answer, "outcome": "REJECTED", "answer": "登记未变。"}
    assert (await service.data(query, {"input": told}))["answerObjection"]["userErrors"] == []
    done(await found.act("confirmConclusion", reason="同意。"))

    again = done(await found.act("objectToFinding", "caseworker", **OBJECTION))["objection"]
    answer = {"idempotencyKey": "objection-2", "objectionId": again["id"], "expectedVersion": 1}
    told = {**answer, "outcome": "UPHELD", "answer": "合同属实。"}
    assert (await service.data(query, {"input": told}))["answerObjection"]["userErrors"] == []
    after = await found.asked("state reviews { outcome } objections { outcome }")
    assert (after["state"], after["reviews"][0]["outcome"]) == ("IN_INQUIRY", "NEEDS_INQUIRY")
    assert [each["outcome"] for each in after["objections"]] == ["UPHELD", "REJECTED"]


async def test_f3_the_days_to_answer_are_as_good_as_an_answer_once_they_are_over(service: Service) -> None:
    found = await lead(service)
    assert refused(await found.act("proposeConclusion", **ERROR))["item"] == "NOTICE"
    done(await found.told())
    last = workdays.add(found.today, 10)
    service.ahead = dt.timedelta(days=(last - found.today).days)
    assert refused(await found.act("proposeConclusion", **ERROR))["item"] == "ANSWER", "on the last day, too"
    service.ahead += dt.timedelta(days=1)
    done(await found.act("proposeConclusion", **ERROR))
    done(await found.act("confirmConclusion", COUNTY, reason="同意。"))


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"outcome": "NO_ISSUE"}, "INVALID", ["input", "outcome"]),
        ({"outcome": "DECEPTION_CONFIRMED", "decisionDocument": None}, "REQUIRED", ["input", "decisionDocument"]),
        ({"reason": " "}, "REQUIRED", ["input", "note"]),
        ({"expectedVersion": 77}, "CONFLICT", ["input", "expectedVersion"]),
    ],
)
async def test_f6_what_cannot_be_proposed_is_refused_where_it_stands(
    service: Service, changes: dict[str, Any], code: str, path: list[str]
) -> None:
    found = await lead(service)
    done(await found.told())
    done(await found.heard())
    answer = refused(await found.act("proposeConclusion", **{**DECEPTION, **changes}))
    assert (answer["code"], answer["path"]) == (code, path)


async def test_a_conclusion_is_withdrawn_by_who_proposed_it_and_rejected_by_another_or_by_another_outcome(
    service: Service,
) -> None:
    found = await lead(service)
    done(await found.told())
    done(await found.heard())
    for by in ("reviewer", COUNTY):
        done(await found.act("proposeConclusion", **ERROR))
        done(await found.act("withdrawConclusion", by, reason="再核实。"))
    done(await found.act("proposeConclusion", **ERROR))
    done(await found.act("reviewFinding", COUNTY, outcome="NO_ISSUE", note="情况属实。"))
    states = [each["state"] for each in (await found.asked("conclusions { state }"))["conclusions"]]
    assert states == ["REJECTED", "REJECTED", "WITHDRAWN"]
    assert refused(await found.act("confirmConclusion", COUNTY, reason="同意。"))["code"] == "INVALID"


async def test_an_error_of_ours_stands_in_the_register_of_these(service: Service) -> None:
    found = await lead(service)
    done(
        await found.act("reviewFinding", outcome="OFFICIAL_ERROR", note="录入有误。", officialErrorKind="WRONG_DATA")
    )
    told = await found.asked("reviews { officialErrorId }")
    async with transaction(service.engine) as connection:
        row = (await connection.execute(select(OfficialError.id, OfficialError.kind))).one()
    assert row.kind == "WRONG_DATA"
    assert told["reviews"] == [{"officialErrorId": service.vault.ids("OfficialError", [row.id])[0]}]
    other = await lead(service, 1)
    named = {
        "outcome": "OFFICIAL_ERROR",
        "note": "录入有误。",
        "officialErrorId": told["reviews"][0]["officialErrorId"],
    }
    async with transaction(service.engine) as connection:
        homes = set(
            await connection.scalars(select(Finding.household_id).where(Finding.id.in_([found.key, other.key])))
        )
    if len(homes) > 1:
        assert refused(await other.act("reviewFinding", **named))["path"] == ["input", "officialErrorId"]


PAST_THE_SERVICE = {
    "an adverse review without a conclusion": insert(Review).values(
        reviewer_id=1, outcome="CLAIMANT_ERROR", note=b"x", reviewed_at=dt.datetime.now(dt.UTC)
    ),
    "an outcome that is made adverse": update(Review).values(outcome="DECEPTION_CONFIRMED"),
    "a conclusion confirmed by its proposer": update(Conclusion).values(
        state="CONFIRMED", confirmed_by=Conclusion.proposed_by, confirmed_by_kind="PERSON",
        confirmed_at=dt.datetime.now(dt.UTC),
    ),
    "a conclusion of another outcome": update(Conclusion).values(outcome="DECEPTION_CONFIRMED", decision_document="1"),
    "a notice that was delivered earlier": update(LeadNotice).values(delivered_on=dt.date(2020, 1, 1)),
    "a notice with fewer days": update(LeadNotice).values(working_days=9),
    "a notice that is gone": text("DELETE FROM lead_notices"),
    "a conclusion that is gone": text("DELETE FROM conclusions"),
}  # fmt: skip


@pytest.mark.parametrize("what", PAST_THE_SERVICE)
async def test_f2_f3_the_database_refuses_what_the_service_would(service: Service, what: str) -> None:
    found = await lead(service)
    done(await found.act("reviewFinding", outcome="NEEDS_INQUIRY", note="核实。"))
    for step in (found.told(), found.heard(), found.act("proposeConclusion", **ERROR)):
        done(await step)
    statement: Any = PAST_THE_SERVICE[what]
    if what.startswith("an adverse"):
        statement = statement.values(finding_id=found.key, evidence_hash="x")
    with pytest.raises(DatabaseError):
        async with transaction(service.engine) as connection:
            await connection.execute(statement)


async def test_f32_the_database_confirms_nothing_while_an_objection_waits(service: Service) -> None:
    found = await lead(service)
    for step in (found.told(), found.heard(), found.act("proposeConclusion", **ERROR)):
        done(await step)
    done(await found.act("objectToFinding", "caseworker", **OBJECTION))
    async with transaction(service.engine) as connection:
        assert await connection.scalar(select(func.count()).select_from(Objection)) == 1
        assert await connection.scalar(select(func.count()).select_from(StopProposal)) == 0
        other = await connection.scalar(text("SELECT id FROM users WHERE login = 'county-reviewer'"))
    confirmed = update(Conclusion).values(
        state="CONFIRMED", confirmed_by=other, confirmed_by_kind="PERSON", confirmed_at=service.now()
    )
    with pytest.raises(DatabaseError, match="waits to be answered"):
        async with transaction(service.engine) as connection:
            await connection.execute(confirmed)


REVIEW_ALL = """mutation ($input: ReviewFindingsInput!) { reviewFindings(input: $input) { findings { id state }
  userErrors { code path ... on ReviewHeldError { item findingId } } } }"""


async def all_of(found: list[Lead], key: str, **changes: Any) -> dict[str, Any]:
    """An input that concludes on all of these as they stand."""
    some = [
        {"findingId": each.id, "expectedVersion": await each.version(), "outcome": "NO_ISSUE", "note": "已核实。"}
        for each in found
    ]
    some[-1] |= changes
    return {"input": {"idempotencyKey": key, "leads": some}}


async def test_f4_several_are_concluded_on_at_once_if_each_was_looked_at_by_itself_as_it_stands_or_none(
    service: Service,
) -> None:
    found = [await lead(service, place) for place in range(3)]
    for each in found[:2]:
        await each.asked("explanationZh evidence { recordId }")
    page = '{ findings(filter: {rules: ["H05"], divisionCode: "410502"}, first: 60) { nodes { explanationZh } } }'
    await service.data(page)  # all of them in one list: none by itself
    (error,) = (await service.data(REVIEW_ALL, await all_of(found, "together-1")))["reviewFindings"]["userErrors"]
    assert (error["item"], error["findingId"], error["path"]) == ("VIEWED", found[2].id, ["input", "leads", "2"])
    async with transaction(service.engine) as connection:
        assert await connection.scalar(select(func.count()).select_from(Review)) == 0, (
            "none, as long as one is missing"
        )
        assert await connection.scalar(select(func.count()).select_from(LeadView)) == 2
    await found[2].asked("explanationEn")
    done(await found[2].told())  # it stands otherwise since
    (error,) = (await service.data(REVIEW_ALL, await all_of(found, "together-2")))["reviewFindings"]["userErrors"]
    assert error["item"] == "VIEWED"
    await found[2].asked("explanationEn")
    by_another = (await service.data(REVIEW_ALL, await all_of(found, "together-3"), by=COUNTY))["reviewFindings"]
    assert by_another["userErrors"][0]["item"] == "VIEWED", "what another looked at"
    answer = (await service.data(REVIEW_ALL, await all_of(found, "together-4")))["reviewFindings"]
    assert [each["id"] for each in answer["findings"]] == [each.id for each in found]
    assert {each["state"] for each in answer["findings"]} == {"CLOSED"}


async def test_f4_f29_what_was_hidden_from_somebody_they_have_not_looked_at(service: Service) -> None:
    found = await lead(service)
    await hide(service, found)
    async with transaction(service.engine) as connection:
        await connection.execute(update(User).where(User.login == "reviewer").values(cleared=True))
    for by, shown in ((COUNTY, False), ("reviewer", True)):
        await found.asked("explanationZh explanationEn", by=by)
        answer = (await service.data(REVIEW_ALL, await all_of([found], f"hidden-{by}"), by=by))["reviewFindings"]
        assert [each["item"] for each in answer["userErrors"]] == ([] if shown else ["VIEWED"])


async def test_f4_two_who_conclude_on_leads_of_the_same_homes_wait_for_each_other_and_not_for_ever(
    service: Service,
) -> None:
    found = [await lead(service, place) for place in range(5)]
    async with transaction(service.engine) as connection:
        there = select(Household.id).where(Household.division_code == "410502").order_by(Household.id).limit(3)
        homes = [*await connection.scalars(there)]
        for each, home in zip(found, (homes[0], homes[2], homes[1], homes[0], homes[1]), strict=True):
            await connection.execute(update(Finding).where(Finding.id == each.key).values(household_id=home))
        for each in found:
            for login in (COUNTY, "reviewer"):
                who = select(User.id).where(User.login == login).scalar_subquery()
                seen = {"finding_id": each.key, "version": 1, "viewed_at": service.now()}
                await connection.execute(insert(LeadView).values(**seen, user_id=who))
    one, other = [found[0], found[1], found[4]], found[2:4]
    asked = [(await all_of(one, "bulk-0001"), COUNTY), (await all_of(other, "bulk-0002"), "reviewer")]
    async with transaction(service.engine) as connection:  # somebody is at work on the last of the homes
        await connection.execute(locked(select(Household.id).where(Household.id == homes[2]), connection, Household))
        acting = list[asyncio.Task[Any]]()
        waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        for told, by in asked:
            acting.append(asyncio.create_task(service.data(REVIEW_ALL, told, by=by)))
            while connection.dialect.name == "postgresql" and await connection.scalar(waits) < len(acting):
                await asyncio.sleep(0.05)
    for answer in await asyncio.gather(*acting):
        assert answer["reviewFindings"]["userErrors"] == []


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"outcome": "CLAIMANT_ERROR"}, "REVIEW_HELD", ["input", "leads", "1"]),
        ({"note": ""}, "REQUIRED", ["input", "leads", "1", "note"]),
        ({"expectedVersion": 9}, "CONFLICT", ["input", "leads", "1", "expectedVersion"]),
        ({"findingId": "0" * 32}, "NOT_FOUND", ["input", "leads", "1", "findingId"]),
    ],
)
async def test_f4_what_is_refused_of_several_names_the_lead(
    service: Service, changes: dict[str, Any], code: str, path: list[str]
) -> None:
    found = [await lead(service, place) for place in range(2)]
    for each in found:
        await each.asked("explanationZh")
    (error,) = (await service.data(REVIEW_ALL, await all_of(found, "refused-1", **changes)))["reviewFindings"][
        "userErrors"
    ]
    assert (error["code"], error["path"]) == (code, path)


async def test_f4_no_more_than_fifty_and_none_twice(service: Service) -> None:
    found = await lead(service)
    for some in ([], [found] * 51, [found, found]):
        given = (
            await all_of(some, f"many-{len(some):04}")
            if some
            else {"input": {"idempotencyKey": "many-none", "leads": []}}
        )
        (error,) = (await service.data(REVIEW_ALL, given))["reviewFindings"]["userErrors"]
        assert (error["code"], error["path"]) == ("INVALID", ["input", "leads"])


async def test_who_concludes_and_a_scan_that_adds_a_lead_of_the_household_wait_in_one_direction(
    service: Service,
) -> None:
    found = await lead(service)
    asked: dict[str, Any] = {"outcome": "NO_ISSUE", "note": "无误。", "expectedVersion": await found.version()}
    async with transaction(service.engine) as connection:  # as a scan that is taken in
        mine = select(*table(Finding).c).where(Finding.id == found.key)
        row = (await connection.execute(locked(mine, connection, table(Finding)))).mappings().one()
        acting = asyncio.create_task(found.act("reviewFinding", **asked))
        waits = text("SELECT count(*) FROM pg_locks WHERE locktype IN ('transactionid', 'tuple') AND NOT granted")
        while connection.dialect.name == "postgresql" and not await connection.scalar(waits):
            await asyncio.sleep(0.05)
        new = {name: value for name, value in row.items() if name != "id"} | {"reference": "new"}
        await connection.execute(insert(Finding).values(**new))
    assert done(await acting)["finding"]["state"] == "CLOSED"
