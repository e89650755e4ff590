"""Objections through GraphQL: at any stage, answered by another officer, and nothing adverse before (F-32)."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from api import workdays
from api.database import transaction
from api.domain import days
from api.domain.errors import NotDone
from api.domain.lifecycle import MOVES, Action, Guard
from api.domain.objections import Ground, ObjectionOutcome, Objector
from api.models import AuditEvent, Household, Notice, Objection, Task, Transition, User
from api.services import audit, decisions, objections, transition
from api.services.retention import holds
from api.services.transition import Why
from tests.api import leaving
from tests.api.clock import this_moment as now
from tests.api.conftest import Service
from tests.api.services.reviewed import Reviewed, under_review, viewer
from tests.api.services.test_notices import opened, row

RAISE = """
mutation ($input: RaiseObjectionInput!) {
  raiseObjection(input: $input) {
    objection { id version stage objector objectorName objectorContact grounds text receivedOn dueOn overdue state outcome
      notice { number } household { id } }
    userErrors { code message path }
  }
}"""
ANSWER = """
mutation ($input: AnswerObjectionInput!) {
  answerObjection(input: $input) {
    objection { id version state outcome answer answeredBy overdue }
    userErrors { code message path ... on ConflictError { currentVersion } }
  }
}"""
READ = """
query ($id: ID!) { node(id: $id) { ... on Objection {
  objectorName objectorContact text answer grounds state receivedBy answeredBy } } }"""
NEIGHBOUR, SAID = "王大力", "他家有两辆车，住在我楼上。"


def given(household: str, **changes: Any) -> dict[str, Any]:
    return {
        "idempotencyKey": "objection-0001",
        "householdId": household,
        "objector": "PUBLIC",
        "objectorName": NEIGHBOUR,
        "objectorContact": "13987654321",
        "grounds": ["INCOME_OR_PROPERTY"],
        "text": SAID,
    } | changes


async def raised(service: Service, household: str, by: str = "caseworker", **changes: Any) -> Any:
    return (await service.data(RAISE, {"input": given(household, **changes)}, by=by))["raiseObjection"]


async def answered(service: Service, objection: dict[str, Any], by: str = "reviewer", **changes: Any) -> Any:
    answer = {
        "idempotencyKey": f"answer-{objection['id']}",
        "objectionId": objection["id"],
        "expectedVersion": objection["version"],
        "outcome": "REJECTED",
        "answer": "已核实：车辆系同名他人所有。",
    } | changes
    return (await service.data(ANSWER, {"input": answer}, by=by))["answerObjection"]


async def recorded(service: Service, household: Reviewed) -> None:
    """Moves it once its notice is over."""
    over = dt.datetime.combine((await row(service, household)).to_day, dt.time(20), dt.UTC)
    officer = await viewer(service)
    async with transaction(service.engine) as connection:
        await transition.move(
            connection, service.vault, officer, household.key, Action.RECORD, over, expected_version=None
        )


async def stage(service: Service, household: Reviewed) -> str:
    read = await service.data("query ($id: ID!) { household(id: $id) { stage } }", {"id": household.id})
    found: str = read["household"]["stage"]
    return found


async def on_notice(service: Service) -> Reviewed:
    household = await under_review(service)
    assert (await opened(service, household, by="reviewer"))["userErrors"] == []
    return household


async def up(service: Service) -> Any:
    """The one notice that is up."""
    (notice,) = (await service.data("{ publicNotices(filter: {up: true}) { nodes { id number } } }"))[
        "publicNotices"
    ]["nodes"]
    return notice


async def test_a_neighbour_objects_and_is_answered_in_time_by_another_officer(service: Service) -> None:
    household = await on_notice(service)
    notice = await up(service)
    made = await raised(service, household.id, noticeId=notice["id"])
    assert made["userErrors"] == []
    objection, today = made["objection"], days.today(now())
    assert objection["dueOn"] == str(workdays.add(today, 20))
    assert (objection["stage"], objection["state"], objection["outcome"]) == ("PUBLIC_NOTICE", "OPEN", None)
    assert objection["notice"]["number"] == notice["number"]
    async with transaction(service.engine) as connection:
        task = (await connection.execute(select(Task).where(Task.kind == "OBJECTION_DUE"))).one()
        assert (str(task.due_on), task.state, task.household_id) == (objection["dueOn"], "OPEN", household.key)
    done = await answered(service, objection, by="county-reviewer")
    assert done["userErrors"] == []
    assert (done["objection"]["state"], done["objection"]["outcome"]) == ("ANSWERED", "REJECTED")
    async with transaction(service.engine) as connection:
        assert (await connection.execute(select(Task.state))).scalars().all() == ["DONE"]
    await recorded(service, household)
    assert await stage(service, household) == "RECORDED"


async def test_f_32_while_an_objection_is_open_nobody_is_recorded_and_nobody_is_refused(service: Service) -> None:
    household = await on_notice(service)
    objection = (await raised(service, household.id))["objection"]
    with pytest.raises(NotDone, match="has not been answered"):
        await recorded(service, household)
    with pytest.raises(NotDone, match="has not been answered"):
        await refused(service, household)
    assert await stage(service, household) == "PUBLIC_NOTICE"
    await answered(service, objection, by="county-reviewer", outcome="WITHDRAWN", answer="异议人撤回。")
    await refused(service, household)
    assert await stage(service, household) == "REFUSED"


async def refused(service: Service, household: Reviewed) -> None:
    officer = await viewer(service)
    async with transaction(service.engine) as connection:
        decided = await decisions.decide(
            connection,
            service.vault,
            officer,
            household.key,
            household.file_key,
            Action.REFUSE,
            "不符合条件。",
            now(),
        )
        why = Why(decision_id=decided)
        await transition.move(
            connection, service.vault, officer, household.key, Action.REFUSE, now(), expected_version=None, why=why
        )


def test_f_32_every_move_for_the_worse_waits_for_open_objections() -> None:
    adverse = [move for move in MOVES if move.adverse]
    assert adverse
    assert all(Guard.NO_OPEN_OBJECTION in move.guards for move in adverse)
    (recording,) = [move for move in MOVES if move.action is Action.RECORD]
    assert Guard.NO_OBJECTION in recording.guards


async def test_f_32_nobody_is_relieved_while_an_objection_is_open(service: Service) -> None:
    """It is no move for the worse, but whoever objects is answered before what they object to is settled."""
    home = await leaving.on_file(service)
    await home.earning(*[0] * 6)
    await home.paid("DIBAO", 1_500)
    proposal = leaving.done(await home.propose("RELIEVE"))["proposal"]
    objection = (await raised(service, home.id))["objection"]
    assert "has not been answered" in leaving.refusal(await home.decide(proposal))[1]
    assert await home.stage() == "RECORDED"
    assert (await answered(service, objection))["userErrors"] == []
    assert leaving.done(await home.decide(proposal))["proposal"]["household"]["stage"] == "RELIEVED"


def test_f_32_no_guard_waits_for_the_person_to_disprove_anything() -> None:
    """From its notice a household is recorded without doing anything; what becomes of an objection is an officer's word."""
    (recording,) = [move for move in MOVES if move.action is Action.RECORD]
    assert set(recording.guards) == {Guard.NOTICE_OVER, Guard.NO_OBJECTION, Guard.ONE_FILE}
    assert {each.value for each in ObjectionOutcome} == {"UPHELD", "PARTLY", "REJECTED", "WITHDRAWN"}


@pytest.mark.parametrize("outcome", ["UPHELD", "PARTLY"])
async def test_an_objection_that_proves_right_leads_back_to_the_review(service: Service, outcome: str) -> None:
    household = await on_notice(service)
    objection = (await raised(service, household.id))["objection"]
    await answered(service, objection, by="county-reviewer", outcome=outcome)
    with pytest.raises(NotDone, match="proved right"):
        await recorded(service, household)
    officer = await viewer(service)
    async with transaction(service.engine) as connection:
        await transition.move(
            connection, service.vault, officer, household.key, Action.RETURN, now(), expected_version=None
        )
    again = await opened(service, household, expectedVersion=3, idempotencyKey="notice-again")
    assert again["userErrors"] == []
    await recorded(service, household)
    assert await stage(service, household) == "RECORDED"


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"householdId": "0" * 32}, "NOT_FOUND", ["input", "householdId"]),
        ({"noticeId": "0" * 32}, "NOT_FOUND", ["input", "noticeId"]),
        ({"objector": "ANONYMOUS"}, "INVALID", ["input", "objector"]),
        ({"objectorName": "长" * 65}, "INVALID", ["input", "objectorName"]),
        ({"grounds": []}, "REQUIRED", ["input", "grounds"]),
        ({"text": " "}, "REQUIRED", ["input", "text"]),
        ({"text": "长" * 4001}, "INVALID", ["input", "text"]),
        ({"receivedOn": "2999-01-01"}, "INVALID", ["input", "receivedOn"]),
    ],
)
async def test_what_cannot_be_taken_down_is_said_and_changes_nothing(
    service: Service, changes: dict[str, Any], code: str, path: list[str]
) -> None:
    household = await under_review(service)
    made = await raised(service, household.id, **changes)
    assert made["objection"] is None
    assert [(each["code"], each["path"]) for each in made["userErrors"]] == [(code, path)]
    async with transaction(service.engine) as connection:
        assert (await connection.execute(select(Objection.id))).all() == []
        assert (await connection.execute(select(Task.id))).all() == []


async def test_another_households_notice_is_not_there(service: Service) -> None:
    await on_notice(service)
    notice = await up(service)
    made = await raised(service, (await under_review(service)).id, noticeId=notice["id"])
    assert [each["path"] for each in made["userErrors"]] == [["input", "noticeId"]]


async def test_nobody_needs_a_name_to_object(service: Service) -> None:
    household = await under_review(service)
    made = await raised(service, household.id, objector="ANONYMOUS", objectorName=None, objectorContact=" ")
    assert made["objection"]["objectorName"] is None


async def test_f_32_an_objection_may_be_raised_at_any_stage(service: Service) -> None:
    page = await service.data("{ households(first: 100) { nodes { id stage } } }")
    at = {each["stage"]: each["id"] for each in page["households"]["nodes"]}
    assert len(at) >= 2
    for place, (where, household) in enumerate(sorted(at.items())):
        key = f"objection-at-{place:04}"
        made = await raised(service, household, by="reviewer", objector="HOUSEHOLD", idempotencyKey=key)
        assert made["objection"]["stage"] == where


@pytest.mark.parametrize(
    ("by", "code"),
    [("caseworker", "FORBIDDEN"), ("auditor", "FORBIDDEN"), ("elsewhere", "NOT_FOUND"), ("reviewer", "FORBIDDEN")],
)
async def test_who_may_not_answer(service: Service, by: str, code: str) -> None:
    household = await under_review(service)
    objection = (await raised(service, household.id, by="reviewer"))["objection"]
    done = await answered(service, objection, by=by)
    assert done["userErrors"][0]["code"] == code, "the reviewer has taken it down"


async def test_f_32_who_opened_a_notice_does_not_answer_what_is_held_against_it(service: Service) -> None:
    household = await on_notice(service)
    notice = await up(service)
    objection = (await raised(service, household.id, noticeId=notice["id"]))["objection"]
    done = await answered(service, objection, by="reviewer")
    assert done["userErrors"][0]["code"] == "FORBIDDEN"
    assert (await answered(service, objection, by="county-reviewer"))["userErrors"] == []


async def test_f_32_the_database_lets_neither_the_same_officer_nor_a_machine_answer(service: Service) -> None:
    household = await under_review(service)
    await raised(service, household.id, by="reviewer")
    machine = {
        "login": "machine",
        "display_name": "机",
        "kind": "SERVICE",
        "role": "REVIEWER",
        "division_code": "410502",
    }
    async with transaction(service.engine) as connection:
        users = dict((await connection.execute(select(User.login, User.id))).all())
        added = insert(User).values(**machine, active=True, version=1, created_at=now()).returning(User.id)
        users["machine"] = (await connection.execute(added)).scalar_one()
    for login, kind in (("reviewer", "PERSON"), ("machine", "SERVICE"), ("machine", "PERSON")):
        by = {"answered_by": users[login], "answered_by_kind": kind, "answered_at": now()}
        with pytest.raises(IntegrityError):
            await by_hand(service, state="ANSWERED", outcome="REJECTED", answer=b"x", **by)
    by = {"answered_by": users["county-reviewer"], "answered_by_kind": "PERSON", "answered_at": now()}
    with pytest.raises(IntegrityError):
        await by_hand(service, state="ANSWERED", answer=b"x", **by)  # without an outcome
    await by_hand(service, state="ANSWERED", outcome="REJECTED", answer=b"x", **by)


async def by_hand(service: Service, **change: Any) -> None:
    async with transaction(service.engine) as connection:
        await connection.execute(update(Objection).values(**change))


async def test_answered_once_an_objection_is_answered_and_a_stale_answer_is_told(service: Service) -> None:
    household = await under_review(service)
    objection = (await raised(service, household.id))["objection"]
    stale = await answered(service, objection, expectedVersion=7)
    assert (stale["userErrors"][0]["code"], stale["userErrors"][0]["currentVersion"]) == ("CONFLICT", 1)
    assert (await answered(service, objection, answer=" "))["userErrors"][0]["path"] == ["input", "answer"]
    assert (await answered(service, objection))["userErrors"] == []
    again = await answered(service, objection, expectedVersion=2, idempotencyKey="answer-again")
    assert again["userErrors"][0]["code"] == "INVALID"


async def test_words_and_objectors_are_sealed_and_for_those_who_see_identities(service: Service) -> None:
    household = await under_review(service)
    objection = (await raised(service, household.id))["objection"]
    await answered(service, objection)
    query = {"id": objection["id"]}
    seen = (await service.data(READ, query))["node"]
    assert (seen["objectorName"], seen["objectorContact"], seen["text"]) == (NEIGHBOUR, "13987654321", SAID)
    assert seen["answer"].startswith("已核实")
    masked = (await service.data(READ, query, by="auditor"))["node"]
    assert (masked["objectorName"], masked["objectorContact"], masked["text"], masked["answer"]) == (
        "王**",
        None,
        None,
        None,
    )
    assert (await service.data(READ, query, by="elsewhere"))["node"] is None
    async with transaction(service.engine) as connection:
        kept = (await connection.execute(select(Objection))).one()
        everything = b"".join(value for value in kept if isinstance(value, bytes))
        for secret in (NEIGHBOUR, SAID, "13987654321", "已核实"):
            assert secret.encode() not in everything
        events = (await connection.execute(select(AuditEvent).where(AuditEvent.action.like("objection.%")))).all()
        assert [each.action for each in events] == ["objection.raised", "objection.answered"]
        assert not [each for each in events if NEIGHBOUR in str(each.detail) or SAID in str(each.detail)]
        assert (await audit.prove(connection)).broken is None


async def test_f_32_what_is_not_answered_in_time_is_told_to_the_city_once_and_stays_open(service: Service) -> None:
    household = await under_review(service)
    clerk = await viewer(service, "caseworker")
    received = days.today(now()) - dt.timedelta(days=60)
    async with transaction(service.engine) as connection:
        await objections.raise_objection(
            connection, service.vault, clerk, household.key, None, Objector.HOUSEHOLD, None, None, [Ground.DECISION],
            "我们不服。", received, now(),
        )  # fmt: skip
    for expected in (1, 0):
        async with transaction(service.engine) as connection:
            assert await objections.escalate(connection, service.vault, now()) == expected
    query = "{ objections(filter: {overdue: true}) { nodes { state outcome overdue escalatedAt } } }"
    (late,) = (await service.data(query))["objections"]["nodes"]
    assert (late["state"], late["outcome"], late["overdue"]) == ("OPEN", None, True)
    assert late["escalatedAt"]
    async with transaction(service.engine) as connection:
        tasks = (await connection.execute(select(Task).order_by(Task.id))).all()
        assert [each.detail.get("escalated_to") for each in tasks] == [None, 410500]
    objection = (await service.data("{ objections { nodes { id version } } }"))["objections"]["nodes"][0]
    assert (await answered(service, objection))["objection"]["overdue"] is False
    async with transaction(service.engine) as connection:
        assert set((await connection.execute(select(Task.state))).scalars()) == {"DONE"}
        assert await objections.escalate(connection, service.vault, now()) == 0


async def test_in_time_nothing_is_told_above(service: Service) -> None:
    household = await under_review(service)
    objection = (await raised(service, household.id))["objection"]
    due = dt.datetime.combine(dt.date.fromisoformat(objection["dueOn"]), dt.time(4), dt.UTC)
    for moment, expected in ((due, 0), (due + dt.timedelta(days=1), 1)):
        async with transaction(service.engine) as connection:
            assert await objections.escalate(connection, service.vault, moment) == expected


async def test_the_same_objection_sent_ten_times_is_one(service: Service) -> None:
    household = await under_review(service)
    made = await asyncio.gather(*(raised(service, household.id) for _ in range(10)))
    assert len({each["objection"]["id"] for each in made}) == 1


async def test_f_32_of_a_recording_and_an_objection_at_once_the_one_that_is_first_holds(service: Service) -> None:
    """Whichever comes first, no household is recorded from its notice while an objection to that is open."""
    households = [await under_review(service) for _ in range(8)]
    for number, household in enumerate(households):
        await opened(service, household, idempotencyKey=f"notice-{number:08}")
    async with transaction(service.engine) as connection:
        await connection.execute(update(Notice).values(from_day=dt.date(2026, 1, 5), to_day=dt.date(2026, 1, 12)))

    async def record(household: Reviewed) -> bool:
        try:
            await recorded(service, household)
        except NotDone:
            return False
        return True

    async def object_to(household: Reviewed) -> str:
        made = await raised(service, household.id, idempotencyKey=f"objection-{household.key:04}")
        found: str = made["objection"]["stage"]
        return found

    outcomes = await asyncio.gather(
        *(each for household in households for each in (record(household), object_to(household)))
    )
    for done, at in zip(outcomes[::2], outcomes[1::2], strict=True):
        assert (done, at) in ((True, "RECORDED"), (False, "PUBLIC_NOTICE"))
    async with transaction(service.engine) as connection:
        stages = select(Household.stage).where(Household.id.in_([each.key for each in households]))
        assert set((await connection.execute(stages)).scalars()) <= {"RECORDED", "PUBLIC_NOTICE"}


WITHDRAW = """mutation ($input: WithdrawApplicationInput!) { withdrawApplication(input: $input) {
  household { stage version } userErrors { code message } } }"""
HISTORY = "query ($id: ID!) { household(id: $id) { stage version history { action evidenceIds } } }"


async def test_f_32_whoever_withdraws_on_notice_takes_no_open_objection_along(service: Service) -> None:
    """The applicant's name comes off the board at once; what a neighbour said of a fraud waits for a person's answer."""
    household = await on_notice(service)
    objection = (await raised(service, household.id))["objection"]
    version = (await service.data(HISTORY, {"id": household.id}))["household"]["version"]
    asked = {
        "householdId": household.id,
        "expectedVersion": version,
        "reason": "不再申请",
        "idempotencyKey": "withdraw-1",
    }
    done = (await service.data(WITHDRAW, {"input": asked}, by="caseworker"))["withdrawApplication"]
    assert (done["userErrors"], done["household"]["stage"]) == ([], "WITHDRAWN")
    assert (await service.data("{ publicNotices(filter: {up: true}) { totalCount } }"))["publicNotices"] == {
        "totalCount": 0
    }
    async with transaction(service.engine) as connection:
        key = await connection.scalar(select(Objection.id))
        last = select(Transition.action, Transition.evidence).order_by(Transition.id.desc()).limit(1)
        assert tuple((await connection.execute(last)).one()) == ("WITHDRAW", [f"Objection:{key}"])
        task = select(Task.state).where(Task.kind == "OBJECTION_DUE")
        assert (await connection.scalars(task)).all() == ["OPEN"]
        held = select(holds.held().subquery())
        assert household.key in (await connection.scalars(held)).all(), "nor is it deleted"
        assert await objections.escalate(connection, service.vault, now() + dt.timedelta(days=90)) == 1
    read = await service.data("{ objections { nodes { id version state } } }")
    (open_still,) = read["objections"]["nodes"]
    assert (open_still["id"], open_still["state"]) == (objection["id"], "OPEN")
    answer = await answered(service, open_still, by="county-reviewer", outcome="UPHELD", answer="车辆属实，已核实。")
    assert answer["objection"]["outcome"] == "UPHELD"
    after = (await service.data(HISTORY, {"id": household.id}))["household"]
    assert (after["stage"], after["history"][-1]) == (
        "WITHDRAWN",
        {"action": "WITHDRAW", "evidenceIds": [objection["id"]]},
    )


async def test_a_household_s_objections_hang_below_it_and_below_its_notice(service: Service) -> None:
    household = await on_notice(service)
    notice = await up(service)
    made = (await raised(service, household.id, noticeId=notice["id"]))["objection"]
    await raised(service, household.id, idempotencyKey="objection-0002")
    query = """query ($id: ID!) { household(id: $id) { objections { id } notices { objections { id grounds } } } }"""
    read = (await service.data(query, {"id": household.id}))["household"]
    assert len(read["objections"]) == 2
    assert read["notices"][0]["objections"] == [{"id": made["id"], "grounds": ["INCOME_OR_PROPERTY"]}]


async def test_as_of_a_day_an_objection_that_was_answered_later_is_open(service: Service) -> None:
    household = await under_review(service)
    today = days.today(now())
    objection = (await raised(service, household.id, receivedOn=str(today - dt.timedelta(days=5))))["objection"]
    await answered(service, objection)
    query = """query ($id: ID!, $day: Date) {
      household(id: $id, asOf: $day) { objections { state outcome answer answeredBy overdue } } }"""

    async def on(day: dt.date) -> Any:
        return (await service.data(query, {"id": household.id, "day": str(day)}))["household"]["objections"]

    before = {"state": "OPEN", "outcome": None, "answer": None, "answeredBy": None, "overdue": False}
    assert await on(today - dt.timedelta(days=6)) == []
    assert await on(today - dt.timedelta(days=5)) == [before]
    assert await on(today - dt.timedelta(days=1)) == [before]
    (found,) = await on(today)
    assert (found["state"], found["outcome"], found["overdue"]) == ("ANSWERED", "REJECTED", False)
