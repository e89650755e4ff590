"""Out of hardship through the service: tested, proposed by one officer, decided by another, and by no machine and no SQL."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import DatabaseError

from api.database import transaction
from api.domain import days
from api.domain.accounts import UserKind
from api.domain.clocks import months_after
from api.domain.stages import Stage
from api.domain.stops import StopKind
from api.models import (
    AuditEvent,
    Decision,
    File,
    Household,
    IncomeMonth,
    Member,
    Proposal,
    Transition,
    User,
    Watch,
)
from api.services.stop_requests import Asking
from tests.api import granted
from tests.api.conftest import Service
from tests.api.county import Life
from tests.api.leaving import MONTHS, NOW, TODAY, Leaving, done, on_file, refusal, said
from tests.api.services.reviewed import viewer
from tests.api.services.test_stops import Given

SUBJECT = """mutation ($input: ChangeSubjectInput!) { changeSubject(input: $input) {
  household { stage version } userErrors { code message path } } }"""
WITHDRAW = """mutation ($input: WithdrawProposalInput!) { withdrawProposal(input: $input) {
  proposal { id state version rejection decidedBy withdrawnAt } userErrors { code message path } } }"""
ASSESS = """mutation ($input: AssessExitInput!) { assessExit(input: $input) {
  assessment { assessmentId asOf graduation { verdict } relief { verdict } assessedBy } userErrors { code path } } }"""
KEPT = "query ($id: ID!) { exitAssessments(householdId: $id) { assessmentId graduation { verdict } openCauses } }"


async def test_a_household_leaves_when_two_officers_and_six_months_say_so(service: Service) -> None:
    home = await on_file(service)
    await home.earning(*[3_000] * 6)
    await home.caused(resolved=True)
    found = await home.assessment()
    assert (found["graduation"]["verdict"], found["causesResolved"]) == ("EXIT_DUE", True)
    proposal = done(await home.propose())["proposal"]
    assert (proposal["state"], proposal["reason"], await home.stage()) == ("OPEN", "GRADUATED", "RECORDED")
    decided = done(await home.decide(proposal))["proposal"]
    assert (decided["state"], decided["household"]["stage"]) == ("APPROVED", "GRADUATED")
    assert decided["household"]["fileClosedOn"] == TODAY.isoformat()
    async with transaction(service.engine) as connection:
        file = (await connection.execute(select(File.closing, File.closed_on).where(File.id == home.file_key))).one()
        watches = (await connection.execute(select(Watch.months).where(Watch.file_id == home.file_key))).scalars()
        assert (tuple(file), sorted(watches)) == (("GRADUATED", TODAY), [3, 6, 12])


async def test_relief_leaves_the_file_open_and_aid_goes_on(service: Service) -> None:
    home = await on_file(service)
    await home.earning(*[0] * 6)
    assert refusal(await home.propose("RELIEVE"))[0] == "INVALID"
    await home.paid("DIBAO", 1_500)
    found = await home.assessment()
    assert (found["relief"]["verdict"], found["graduation"]["verdict"]) == ("EXIT_DUE", "NOT_ABOVE")
    proposal = done(await home.propose("RELIEVE"))["proposal"]
    decided = done(await home.decide(proposal))["proposal"]
    assert (decided["household"]["stage"], decided["household"]["fileClosedOn"]) == ("RELIEVED", None)


@pytest.mark.parametrize("reason", ["RETIRED_SOCIALISED", "ERROR", "MOVED", "WITHDRAWN"])
async def test_a_file_is_closed_for_another_reason_by_two_officers(service: Service, reason: str) -> None:
    home = await on_file(service, Stage.RELIEVED if reason == "MOVED" else Stage.RECORDED)
    proposal = done(await home.close(reason))["proposal"]
    done(await home.decide(proposal))
    assert await home.stage() == "DEREGISTERED"
    async with transaction(service.engine) as connection:
        closing = (await connection.execute(select(File.closing).where(File.id == home.file_key))).scalar_one()
        decision = (await connection.execute(select(Decision).where(Decision.file_id == home.file_key))).one()
        move = (await connection.execute(select(Transition).where(Transition.decision_id == decision.id))).one()
    assert (closing, decision.kind, move.adverse) == (reason, "DEREGISTER", True)
    assert decision.proposed_by != decision.user_id


@pytest.mark.parametrize(
    "what", ["an open cause", "no cause named", "an unknown month", "a month below", "no statement"]
)
async def test_what_is_not_due_is_not_even_proposed(service: Service, what: str) -> None:
    home = await on_file(service)
    yuan: list[int | None] = [3_000] * 6
    yuan[2] = {"an unknown month": None, "a month below": 100}.get(what, 3_000)
    await home.earning(*yuan)
    if what != "no cause named":
        await home.caused(resolved=what != "an open cause")
    refused = await home.propose(**({"statement": " "} if what == "no statement" else {}))
    assert refused["userErrors"]
    assert refused["proposal"] is None


async def test_the_conditions_are_looked_at_again_on_the_day_of_the_decision(service: Service) -> None:
    home = await on_file(service)
    await home.earning(*[3_000] * 6)
    await home.caused(resolved=True)
    proposal = done(await home.propose())["proposal"]
    done(await home.told(0, [said(["TAX"], "NO_ANSWER", MONTHS[1:2])]))
    code, message = refusal(await home.decide(proposal))
    assert code == "INVALID"
    assert "unknown" in message
    assert await home.stage() == "RECORDED"
    async with transaction(service.engine) as connection:
        assert (await connection.execute(select(Decision).where(Decision.file_id == home.file_key))).all() == []


STEPS = "query ($id: ID!) { nextSteps(householdId: $id) { action obstacles { guard message } } }"


@pytest.mark.parametrize("way", ["GRADUATE", "DEREGISTER", "DECEASED"])
async def test_f_03_no_file_is_closed_over_aid_that_goes_on(service: Service, way: str) -> None:
    """What was granted for months to come is stopped first, by the way that has five things; only the dead are given no more."""
    home = await on_file(service, people=1 if way == "DECEASED" else 2)
    officers = await viewer(service, "caseworker"), await viewer(service, "county-reviewer")
    this = TODAY.replace(day=1)
    months = [months_after(this, -1), months_after(this, 2)]
    life = Life(home.key, home.file_key, home.people_keys)
    grant = await granted.granted(service.engine, life, officers, NOW, months=months)
    await home.earning(*[3_000] * 6)
    await home.caused(resolved=True)
    proposed = home.propose() if way == "GRADUATE" else home.close("MOVED" if way == "DEREGISTER" else way)
    proposal = done(await proposed)["proposal"]
    steps = (await service.data(STEPS, {"id": home.id}, by="county-reviewer"))["nextSteps"]
    action = "GRADUATE" if way == "GRADUATE" else "DEREGISTER"
    (step,) = [each for each in steps if each["action"] == action]
    stands_in_the_way = [each["message"] for each in step["obstacles"] if each["guard"] == "AID_ENDED"]
    if way == "DECEASED":
        assert stands_in_the_way == []
        done(await home.decide(proposal))
        assert await home.stage() == "DEREGISTERED"
        return
    refused = refusal(await home.decide(proposal))
    assert [refused[1]] == stands_in_the_way
    assert "proposeStop" in refused[1]
    assert await home.stage() == "RECORDED"
    given = Given(service, life, grant, *officers, referral=0)
    stop = await given.propose(Asking(StopKind.STOP_AID, months_after(this, 1)))
    await given.told(stop)
    await given.answered(stop)
    await given.decide(stop, referral=None)
    done(await home.decide(proposal))
    assert await home.stage() == ("GRADUATED" if way == "GRADUATE" else "DEREGISTERED")


async def test_f_02_nobody_decides_on_what_they_proposed(service: Service) -> None:
    home = await on_file(service)
    proposal = done(await home.close("MOVED", by="county-reviewer"))["proposal"]
    for approve in (True, False):
        assert refusal(await home.decide(proposal, by="county-reviewer", approve=approve))[0] == "FORBIDDEN"
    assert refusal(await home.decide(proposal, by="caseworker"))[0] == "FORBIDDEN", "a case worker decides nothing"
    assert refusal(await home.decide(proposal, by="elsewhere"))[0] == "NOT_FOUND"
    done(await home.decide(proposal, by="reviewer"))


async def test_f_02_a_machine_decides_nothing_whatever_its_role(service: Service) -> None:
    home = await on_file(service)
    proposal = done(await home.close("MOVED"))["proposal"]
    async with transaction(service.engine) as connection:
        await connection.execute(update(User).where(User.login == "county-reviewer").values(kind=UserKind.SERVICE))
    code, message = refusal(await home.decide(proposal))
    assert (code, message) == ("FORBIDDEN", "Only a person decides.")
    assert await home.stage() == "RECORDED"


async def test_f_02_the_database_takes_no_exit_without_another_officers_decision(service: Service) -> None:
    home, clerk = await on_file(service), await viewer(service, "caseworker")
    chief = await viewer(service, "county-reviewer")
    proposal = done(await home.close("MOVED"))["proposal"]
    row = {"household_id": home.key, "file_id": home.file_key, "kind": "DEREGISTER", "reason": b"", "evidence": []}
    when = {"made_at": NOW, "user_kind": "PERSON"}
    move = {"household_id": home.key, "number": 2, "previous_number": 1, "file_id": home.file_key, "evidence": []}
    step = {"from_stage": "RECORDED", "action": "DEREGISTER", "to_stage": "DEREGISTERED", "effective_on": TODAY}
    approved = {"state": "APPROVED", "decided_by": chief.user_id, "decided_at": NOW}
    for statement in (
        insert(Transition).values(**move, **step, adverse=True, happened_at=NOW),
        insert(Transition).values(**move, **step, adverse=False, happened_at=NOW),
        insert(Decision).values(**row, **when, user_id=chief.user_id),
        insert(Decision).values(**row, **when, user_id=clerk.user_id, proposed_by=clerk.user_id),
        update(Household).where(Household.id == home.key).values(stage="DEREGISTERED"),
        update(Proposal).where(Proposal.file_id == home.file_key).values(**approved),
        update(Proposal)
        .where(Proposal.file_id == home.file_key)
        .values(state="REJECTED", rejection=b"x", decided_by=clerk.user_id, decided_at=NOW),
    ):
        with pytest.raises(DatabaseError):
            async with transaction(service.engine) as connection:
                await connection.execute(statement)
    assert await home.stage() == "RECORDED"
    assert proposal["state"] == "OPEN"


async def test_one_proposal_waits_at_a_time_and_a_rejected_one_makes_room(service: Service) -> None:
    home = await on_file(service)
    first = done(await home.close("MOVED"))["proposal"]
    assert refusal(await home.close("ERROR"))[0] == "INVALID"
    rejected = done(await home.decide(first, approve=False, reason="证据不足。"))["proposal"]
    assert (rejected["state"], await home.stage()) == ("REJECTED", "RECORDED")
    assert refusal(await home.decide(rejected))[0] == "INVALID", "it was decided"
    done(await home.close("ERROR"))


async def withdrawn(home: Leaving, proposal: Any, by: str = "caseworker", reason: str = "情况有变。") -> Any:
    return await home.act(WITHDRAW, by, proposalId=proposal["id"], expectedVersion=proposal["version"], reason=reason)


async def test_a_proposal_is_taken_back_by_whoever_made_it_while_nobody_has_decided(service: Service) -> None:
    home = await on_file(service)
    proposal, stale = done(await home.close("MOVED"))["proposal"], {"id": "0" * 32, "version": 1}
    assert refusal(await withdrawn(home, proposal, by="county-reviewer"))[0] == "FORBIDDEN"
    assert refusal(await withdrawn(home, proposal, reason=" "))[0] == "REQUIRED"
    assert refusal(await withdrawn(home, proposal | {"version": 7}))[0] == "CONFLICT"
    for which, by in ((stale, "caseworker"), (proposal, "elsewhere")):
        assert refusal(await withdrawn(home, which, by=by))[0] == "NOT_FOUND"
    back = done(await withdrawn(home, proposal))["proposal"]
    assert (back["state"], back["version"], back["rejection"], back["decidedBy"]) == (
        "WITHDRAWN",
        2,
        "情况有变。",
        None,
    )
    assert (back["withdrawnAt"] is not None, await home.stage()) == (True, "RECORDED")
    assert refusal(await withdrawn(home, back))[0] == "INVALID"
    assert refusal(await home.decide(back))[0] == "INVALID", "nothing is left to decide"
    async with transaction(service.engine) as connection:
        (detail,) = await connection.scalars(select(AuditEvent.detail).where(AuditEvent.action == "exit.withdrawn"))
    assert detail == {"household": home.key, "action": "DEREGISTER"}
    again = done(await home.close("ERROR"))["proposal"]
    decided = done(await home.decide(again, approve=False))["proposal"]
    assert refusal(await withdrawn(home, decided))[0] == "INVALID", "it was decided"


async def test_f_02_the_database_keeps_a_proposal_that_ended_as_it_is(service: Service) -> None:
    home, clerk = await on_file(service), await viewer(service, "caseworker")
    proposal = done(await home.close("MOVED"))["proposal"]
    mine = update(Proposal).where(Proposal.file_id == home.file_key)
    halves = [
        mine.values(state="WITHDRAWN", withdrawn_at=NOW),
        mine.values(state="WITHDRAWN", rejection=b"x"),
        mine.values(state="WITHDRAWN", withdrawn_at=NOW, rejection=b"x", decided_by=clerk.user_id, decided_at=NOW),
        mine.values(withdrawn_at=NOW),
        mine.values(state="GONE"),
    ]
    back = {"withdrawn_at": None, "rejection": None}
    after = [mine.values(state="OPEN", **back), mine.values(state="REJECTED", **back)]
    for ended, statements in ((False, halves), (True, after)):
        if ended:
            done(await withdrawn(home, proposal))
        for statement in statements:
            with pytest.raises(DatabaseError):
                async with transaction(service.engine) as connection:
                    await connection.execute(statement)


async def test_of_eight_deciders_at_once_one_decides(service: Service) -> None:
    home = await on_file(service)
    proposal = done(await home.close("MOVED"))["proposal"]
    answers = await asyncio.gather(
        *(home.decide(proposal, by=by) for by in ("reviewer", "county-reviewer") for _ in range(4))
    )
    assert sum(not answer["userErrors"] for answer in answers) == 1
    assert {error["code"] for answer in answers for error in answer["userErrors"]} == {"CONFLICT"}


async def test_a_workers_death_does_not_end_a_familys_file(service: Service) -> None:
    home = await on_file(service, people=2)
    code, message = refusal(await home.close("DECEASED"))
    assert code == "INVALID"
    assert "changeSubject" in message
    given: dict[str, Any] = {
        "householdId": home.id,
        "expectedVersion": await home.version(),
        "personId": home.people[1],
    }
    changed = done(await home.act(SUBJECT, **given))["household"]
    assert changed["stage"] == "RECORDED"
    async with transaction(service.engine) as connection:
        file = (await connection.execute(select(File).where(File.id == home.file_key))).one()
    assert (file.subject_member_id, file.closed_on) == (home.people_keys[1], None)
    again = await home.act(SUBJECT, **{**given, "expectedVersion": await home.version()})
    assert refusal(again)[0] == "INVALID", "it is in their name already"


async def test_a_worker_who_lived_alone_has_no_file_after_death(service: Service) -> None:
    home = await on_file(service, people=2)
    async with transaction(service.engine) as connection:
        left = update(Member).where(Member.id == home.people_keys[1])
        await connection.execute(left.values(valid_to=TODAY - dt.timedelta(days=30)))
    proposal = done(await home.close("DECEASED"))["proposal"]
    async with transaction(service.engine) as connection:
        back = update(Member).where(Member.id == home.people_keys[1])
        await connection.execute(back.values(valid_to=None))
    assert "changeSubject" in refusal(await home.decide(proposal))[1], "somebody moved in meanwhile"
    async with transaction(service.engine) as connection:
        await connection.execute(left.values(valid_to=TODAY - dt.timedelta(days=30)))
    done(await home.decide(proposal))
    assert await home.stage() == "DEREGISTERED"


async def test_an_assessment_is_kept_as_it_was(service: Service) -> None:
    home = await on_file(service)
    await home.earning(*[3_000] * 6)
    kept = done(await home.act(ASSESS, householdId=home.id))["assessment"]
    assert (kept["graduation"]["verdict"], kept["assessedBy"]) == ("EXIT_DUE", "Caseworker")
    await home.earning(*[100] * 6)
    assert (await home.assessment())["graduation"]["verdict"] == "NOT_ABOVE"
    found = (await service.data(KEPT, {"id": home.id}))["exitAssessments"]
    assert [each["graduation"]["verdict"] for each in found] == ["EXIT_DUE"]
    assert found[0]["assessmentId"] == kept["assessmentId"]
    tomorrow = await home.act(ASSESS, householdId=home.id, asOf=(TODAY + dt.timedelta(days=1)).isoformat())
    assert tomorrow["userErrors"][0]["path"] == ["input", "asOf"]


async def test_what_a_source_told_before_is_superseded_as_a_whole_and_stays(service: Service) -> None:
    home = await on_file(service, people=1)
    two = [said(["TAX"], "VALUE", MONTHS[:1], kind=kind, amount="500") for kind in ("WAGE", "PROPERTY")]
    done(await home.told(0, [*two, said(["DECLARED"], "VALUE", MONTHS[:1], kind="WAGE", amount="400.50")]))
    done(await home.told(0, [said(["TAX"], "VALUE", MONTHS[:1], kind="WAGE", amount="900")]))
    query = """query ($id: ID!, $all: Boolean!) { incomes(personId: $id, superseded: $all) {
      source kind amount { amount } supersededAt recordedBy } }"""
    now = (await service.data(query, {"id": home.people[0], "all": False}))["incomes"]
    assert [(each["source"], each["amount"]["amount"]) for each in now] == [("DECLARED", "400.50"), ("TAX", "900.00")]
    everything = (await service.data(query, {"id": home.people[0], "all": True}))["incomes"]
    assert sum(each["supersededAt"] is not None for each in everything) == 2
    assert {each["recordedBy"] for each in everything} == {"Caseworker"}


async def test_a_month_begins_at_midnight_where_the_households_live(service: Service) -> None:
    home = await on_file(service)
    month = months_after(TODAY.replace(day=1), 1)
    asked = {"id": home.id, "month": f"{month:%Y-%m}"}
    query = "query ($id: ID!, $month: Month!) { perCapitaIncome(householdId: $id, month: $month) { month } }"
    midnight = dt.datetime.combine(month, dt.time(), days.CHINA) - service.now()
    service.ahead = midnight - dt.timedelta(hours=1)
    assert "future" in (await service.ask(query, asked))["errors"][0]["message"]
    service.ahead = midnight + dt.timedelta(hours=1)
    assert (await service.data(query, asked))["perCapitaIncome"] == {"month": asked["month"]}


async def test_f_08_the_database_knows_no_amount_of_what_was_not_told(service: Service) -> None:
    home = await on_file(service, people=1)
    row = {"member_id": home.people_keys[0], "source": "TAX", "recorded_at": NOW}
    for wrong in (
        {"month": MONTHS[0], "answer": "NO_ANSWER", "amount_fen": 0, "kind": "WAGE"},
        {"month": MONTHS[0], "answer": "VALUE", "kind": "WAGE"},
        {"month": MONTHS[0], "answer": "VALUE", "amount_fen": -1, "kind": "WAGE"},
        {"month": MONTHS[0], "year": 2025, "answer": "VALUE", "amount_fen": 1, "kind": "WAGE"},
        {"answer": "NO_RECORD"},
        {"month": MONTHS[0], "answer": "VALUE", "amount_fen": 1, "kind": "AID"},
        {"year": 2025, "answer": "NO_RECORD"},
    ):
        with pytest.raises(DatabaseError):
            async with transaction(service.engine) as connection:
                await connection.execute(insert(IncomeMonth).values(**row, **wrong))


async def test_incomes_are_written_down_by_those_who_keep_files_there(service: Service) -> None:
    home = await on_file(service)
    statement = [said(["TAX"], "NO_RECORD", MONTHS)]
    for by, code in (("auditor", "FORBIDDEN"), ("administrator", "FORBIDDEN"), ("elsewhere", "NOT_FOUND")):
        assert refusal(await home.told(0, statement, by=by))[0] == code
    bad = await home.told(0, [said(["TAX"], "VALUE", MONTHS, kind="WAGE", amount="0.001")])
    assert bad["userErrors"][0]["path"] == ["input", "statements", "0", "amount"]


async def test_what_people_wrote_is_sealed_and_for_those_who_see_identities(service: Service) -> None:
    home = await on_file(service)
    proposal = done(await home.close("MOVED", statement="王小明已迁往郑州。"))["proposal"]
    query = "query ($id: ID!) { proposal(id: $id) { statement state } }"
    for by, shown in (("reviewer", "王小明已迁往郑州。"), ("auditor", None)):
        assert (await service.data(query, {"id": proposal["id"]}, by=by))["proposal"]["statement"] == shown
    assert (await service.data(query, {"id": proposal["id"]}, by="elsewhere"))["proposal"] is None
    async with transaction(service.engine) as connection:
        kept = (await connection.execute(select(Proposal.statement))).scalars()
        assert all("王小明".encode() not in bytes(each) for each in kept)
        events = (
            await connection.execute(select(AuditEvent.action).where(AuditEvent.action.like("exit.%")))
        ).scalars()
        assert list(events) == ["exit.proposed"]


async def test_f_08_a_source_taken_away_can_only_make_a_household_less_sure(service: Service) -> None:
    home = await on_file(service, people=1)
    await home.earning(*[3_000] * 6)
    assert (await home.assessment())["graduation"]["verdict"] == "EXIT_DUE"
    async with transaction(service.engine) as connection:
        gone = delete(IncomeMonth).where(IncomeMonth.member_id == home.people_keys[0], IncomeMonth.source == "AID")
        await connection.execute(gone)
    found = (await home.assessment())["graduation"]
    assert found["verdict"] == "INSUFFICIENT_DATA"
    assert {(each["gap"], each["source"]) for each in found["missing"]} == {("INCOME", "AID")}
    assert all(month["high"] is None for month in found["months"])
