"""Files on record: re-verified in time, changed, handed over, fallen back, opened again; and the queues of what is due."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from api import workdays
from api.database import transaction
from api.domain import clocks, days
from api.domain.accounts import UserKind
from api.domain.notices import NoticePlace, ObjectionChannel
from api.domain.stages import Stage
from api.models import (
    AuditEvent,
    Decision,
    File,
    FilePerson,
    FileTransfer,
    Member,
    Recognition,
    Task,
    Transition,
    User,
)
from api.services import notices, overdue
from tests.api import county
from tests.api.conftest import Service
from tests.api.county import Life
from tests.api.services.reviewed import under_review, viewer

NOW = dt.datetime.now(dt.UTC)
TODAY = days.today(NOW)
_keys = itertools.count(1)
HOME = """household { id version stage division { code } declaredVehicles
  file { number stage tier category nextReviewOn deadline { clock dueOn } previous { number } union { code }
         recognitions { tier category method since action decided decidedBy } transfers { toUnion { code } toDivision { code } reason by } }
  files { number closing } history { number action adverse reason } } userErrors { code path } auditId"""


async def send(
    service: Service, mutation: str, life: Life, version: int, by: str = "caseworker", **given: Any
) -> Any:
    given |= {"householdId": service.vault.ids("Household", [life.household_id])[0], "expectedVersion": version}
    given["idempotencyKey"] = f"file-{next(_keys):06}"
    kind = f"{mutation[0].upper()}{mutation[1:]}Input"
    query = f"mutation ($input: {kind}!) {{ {mutation}(input: $input) {{ {HOME} }} }}"
    return (await service.data(query, {"input": given}, by=by))[mutation]


async def standing(service: Service, stage: Stage) -> Life:
    return await county.standing(service.engine, stage, NOW)


async def test_a_re_verification_is_due_again_when_the_parameter_says(service: Service) -> None:
    life = await standing(service, Stage.RECORDED)
    answer = await send(service, "reverifyFile", life, 1, reason="情况未变。")
    due = clocks.months_after(TODAY, 12).isoformat()
    file = answer["household"]["file"]
    assert (file["nextReviewOn"], file["deadline"]) == (due, {"clock": "REVERIFICATION", "dueOn": due})
    changed = await send(service, "reportChange", life, 2, reason="购车。", declared=[{"vehicles": 1}])
    assert changed["household"]["declaredVehicles"] == 1
    assert changed["household"]["file"]["nextReviewOn"] == due, "a report does not put it off"
    async with transaction(service.engine) as connection:
        task = select(Task.kind, Task.due_on).where(Task.household_id == life.household_id)
        assert (await connection.execute(task)).one() == ("CHANGE_REPORTED", workdays.add(TODAY, 10))


async def test_another_category_takes_whoever_decides_and_is_dated_with_its_method(service: Service) -> None:
    life = await standing(service, Stage.RECORDED)
    (error,) = (await send(service, "reverifyFile", life, 1, reason="加重。", category="DEEP"))["userErrors"]
    assert error["code"] == "FORBIDDEN"
    wrong = await send(service, "reverifyFile", life, 1, by="reviewer", reason="加重。", category="DIBAO")
    assert wrong["userErrors"] == [{"code": "INVALID", "path": ["input", "category"]}]
    done = await send(service, "reverifyFile", life, 1, by="reviewer", reason="加重。", category="DEEP")
    file = done["household"]["file"]
    assert file["category"] == "DEEP"
    was, now = file["recognitions"]
    assert (was["category"], was["tier"], was["action"], was["decided"]) == ("RELATIVE", "COUNTY", "TAKE_OVER", False)
    assert now == {
        "tier": "COUNTY", "category": "DEEP", "method": "B2020", "since": TODAY.isoformat(), "action": "REVERIFY",
        "decided": True, "decidedBy": "Reviewer",
    }  # fmt: skip
    async with transaction(service.engine) as connection:
        kinds = select(Recognition.user_kind).where(Recognition.file_id == life.file_id).order_by(Recognition.id)
        assert (await connection.execute(kinds)).scalars().all() == [None, "PERSON"]


@pytest.mark.parametrize(("tier", "codes"), [("NATIONAL", ["INVALID"]), ("GRASSROOTS", [])])
async def test_no_tier_is_decided_that_does_not_pay_for_the_category_that_stands(
    service: Service, tier: str, codes: list[str]
) -> None:
    life = await standing(service, Stage.RECORDED)
    async with transaction(service.engine) as connection:
        await connection.execute(update(File).where(File.id == life.file_id).values(category="AUXILIARY"))
    answer = await send(service, "reverifyFile", life, 1, by="reviewer", reason="调整。", tier=tier)
    assert [(each["code"]) for each in answer["userErrors"]] == codes
    assert all(each["path"] == ["input", "tier"] for each in answer["userErrors"])


STEPS = {"reverifyFile": (Stage.RECORDED, "REVERIFY"), "returnToHardship": (Stage.RELIEVED, "FALL_BACK")}


@pytest.mark.parametrize("mutation", STEPS)
async def test_f_02_a_lower_tier_is_a_persons_decision_and_what_it_was_is_not_lost(
    service: Service, mutation: str
) -> None:
    stage, action = STEPS[mutation]
    life = await standing(service, stage)
    given = {"by": "reviewer", "reason": "改由基层帮扶。", "tier": "GRASSROOTS", "category": "ACCIDENTAL"}
    assert (await send(service, mutation, life, 1, **given))["userErrors"] == []
    async with transaction(service.engine) as connection:
        decision = (
            await connection.execute(select(Decision).where(Decision.household_id == life.household_id))
        ).one()
        assert (decision.kind, decision.user_kind, decision.file_id) == (action, "PERSON", life.file_id)
        assert service.vault.open("decisions.reason", decision.reason) == "改由基层帮扶。"
        move = select(Transition.decision_id).where(
            Transition.household_id == life.household_id, Transition.action == action
        )
        assert (await connection.execute(move)).scalar_one() == decision.id
        told = select(AuditEvent.detail).where(AuditEvent.action == "file.kept_otherwise")
        detail = (await connection.execute(told)).scalar_one()
        assert (detail["tier"], detail["category"]) == (["COUNTY", "GRASSROOTS"], ["RELATIVE", "ACCIDENTAL"])
        assert detail["decision"] == decision.id
    again = await send(service, "reverifyFile", life, 2, by="reviewer", reason="情况未变。", tier="GRASSROOTS")
    assert again["userErrors"] == []
    async with transaction(service.engine) as connection:
        decisions = select(Decision.id).where(Decision.household_id == life.household_id)
        assert (await connection.execute(decisions)).scalars().all() == [decision.id], "nothing was kept otherwise"


@pytest.mark.parametrize("mutation", STEPS)
async def test_f_02_no_machine_lowers_a_tier(service: Service, mutation: str) -> None:
    life = await standing(service, STEPS[mutation][0])
    async with transaction(service.engine) as connection:
        await connection.execute(update(User).where(User.login == "reviewer").values(kind=UserKind.SERVICE))
    refused = await send(service, mutation, life, 1, by="reviewer", reason="自动调整。", tier="GRASSROOTS")
    assert [each["code"] for each in refused["userErrors"]] == ["FORBIDDEN"]
    async with transaction(service.engine) as connection:
        kept = select(File.tier, File.version).where(File.id == life.file_id)
        assert (await connection.execute(kept)).one() == ("COUNTY", 1)
        assert (await connection.execute(select(Decision.id))).all() == []


async def test_f_02_no_machine_records_a_file_even_where_it_says_only_the_tier(service: Service) -> None:
    home, officer = await under_review(service), await viewer(service)
    places, channels, then = [NoticePlace.WORKPLACE], [ObjectionChannel.LETTER], NOW - dt.timedelta(days=40)
    async with transaction(service.engine) as connection:
        await notices.open_notice(connection, service.vault, officer, home.key, 1, places, channels, None, then)
        await connection.execute(update(User).where(User.login == "reviewer").values(kind=UserKind.SERVICE))
    life = Life(home.key, home.file_key, home.people)
    refused = await send(service, "recordFile", life, 2, by="reviewer", tier="COUNTY")
    assert [each["code"] for each in refused["userErrors"]] == ["FORBIDDEN"]
    async with transaction(service.engine) as connection:
        await connection.execute(update(User).where(User.login == "reviewer").values(kind=UserKind.PERSON))
    done = await send(service, "recordFile", life, 2, by="reviewer", tier="COUNTY")
    assert (done["userErrors"], done["household"]["stage"]) == ([], "RECORDED")


async def linzhou(service: Service) -> None:
    """The union of another county keeps files too."""
    async with transaction(service.engine) as connection:
        await county.union(connection, "linzhou", "410581", NOW)


async def test_a_file_goes_to_another_union_and_its_papers_follow_in_time(service: Service) -> None:
    life = await standing(service, Stage.RECORDED)
    await linzhou(service)
    given = {"organisationCode": "linzhou", "divisionCode": "410581", "reason": "企业破产，迁往林州。"}
    for code, path, changes in (
        ("INVALID", ["input", "organisationCode"], {"organisationCode": "police"}),
        ("INVALID", ["input", "divisionCode"], {"divisionCode": "999999"}),
        ("REQUIRED", ["input", "reason"], {"reason": " "}),
    ):
        refused = await send(service, "transferFile", life, 1, by="reviewer", **(given | changes))
        assert refused["userErrors"] == [{"code": code, "path": path}]
    done = await send(service, "transferFile", life, 1, by="reviewer", **given)
    told = done["household"]
    assert (told["stage"], told["version"], told["division"]) == ("RECORDED", 2, {"code": "410581"})
    (transfer,) = told["file"]["transfers"]
    assert transfer == {
        "toUnion": {"code": "linzhou"},
        "toDivision": {"code": "410581"},
        "reason": given["reason"],
        "by": "Reviewer",
    }
    async with transaction(service.engine) as connection:
        task = select(Task.kind, Task.due_on).where(Task.household_id == life.household_id)
        assert (await connection.execute(task)).one() == ("TRANSFER_DUE", workdays.add(TODAY, 30))
        kept = (await connection.execute(select(FileTransfer.reason))).scalar_one()
        assert "林州".encode() not in bytes(kept)
    again = await send(service, "transferFile", life, 2, by="reviewer", **given)
    assert again["userErrors"] == [{"code": "INVALID", "path": ["input", "organisationCode"]}], "it is there already"


async def test_whoever_hands_a_household_beyond_their_division_sees_it_no_more(service: Service) -> None:
    life = await standing(service, Stage.RECORDED)
    await linzhou(service)
    given = {"organisationCode": "linzhou", "divisionCode": "410581", "reason": "迁往林州。"}
    done = await send(service, "transferFile", life, 1, by="county-reviewer", **given)
    assert (done["userErrors"], done["household"]) == ([], None)
    assert done["auditId"]


@pytest.mark.parametrize("stage", [Stage.REFUSED, Stage.GRADUATED])
async def test_a_file_that_ended_is_handed_to_nobody(service: Service, stage: Stage) -> None:
    life = await standing(service, stage)
    await linzhou(service)
    refused = await send(service, "transferFile", life, 1, by="reviewer", organisationCode="linzhou", reason="x")
    assert refused["userErrors"] == [{"code": "INVALID", "path": ["input", "householdId"]}]


async def test_a_relieved_household_falls_back_and_its_file_goes_on(service: Service) -> None:
    life = await standing(service, Stage.RELIEVED)
    done = await send(service, "returnToHardship", life, 1, reason="再次失业。")
    assert (done["household"]["stage"], len(done["household"]["files"])) == ("RECORDED", 1)
    assert done["household"]["history"][-1] == {
        "number": 2,
        "action": "FALL_BACK",
        "adverse": False,
        "reason": "再次失业。",
    }


async def test_an_exit_that_was_an_error_is_undone(service: Service) -> None:
    life = await standing(service, Stage.DEREGISTERED)
    (error,) = (await send(service, "reinstateFile", life, 1, reason="误注销。"))["userErrors"]
    assert error["code"] == "FORBIDDEN"
    done = await send(service, "reinstateFile", life, 1, by="reviewer", reason="误注销。")
    file = done["household"]["file"]
    assert (done["household"]["stage"], done["household"]["files"][0]["closing"]) == ("RECORDED", None)
    assert file["deadline"]["dueOn"] == clocks.months_after(TODAY, 12).isoformat()


@pytest.mark.parametrize("since", [TODAY, TODAY - dt.timedelta(days=90), None])
async def test_a_file_is_opened_again_on_the_day_on_which_it_was_closed(
    service: Service, since: dt.date | None
) -> None:
    """Whoever it counted until today is counted on, though it counted them from today on; others are counted anew."""
    life = await standing(service, Stage.DEREGISTERED)
    async with transaction(service.engine) as connection:
        head = select(Member.person_id).where(Member.id == life.people[0])
        of_file = {"file_id": life.file_id, "member_id": life.people[0], "person_id": await connection.scalar(head)}
        for begun in {since, TODAY}:
            row = {**of_file, "since": begun, "until": TODAY, "disputed": False}
            await connection.execute(insert(FilePerson).values(**row))
    done = await send(service, "reinstateFile", life, 1, by="reviewer", reason="误注销。")
    assert (done["userErrors"], done["household"]["stage"]) == ([], "RECORDED")
    async with transaction(service.engine) as connection:
        counted = select(FilePerson.member_id).where(FilePerson.file_id == life.file_id, FilePerson.until.is_(None))
        assert sorted((await connection.scalars(counted)).all()) == sorted(life.people)


async def test_f_37_nobody_records_a_file_that_was_not_on_notice(service: Service) -> None:
    for stage in (Stage.APPLIED, Stage.UNDER_REVIEW, Stage.RECORDED, Stage.REFUSED):
        life = await standing(service, stage)
        refused = await send(service, "recordFile", life, 1, by="reviewer", tier="COUNTY", category="DEEP")
        assert refused["userErrors"] == [{"code": "INVALID", "path": ["input", "householdId"]}]


QUEUE = """
query ($filter: HardshipFileFilter) { files(filter: $filter, orderBy: [{field: DUE_ON, direction: ASC}], first: 100) {
  nodes { number stage deadline { clock dueOn overdue workingDaysLeft } } } }"""


async def test_the_queue_has_what_is_overdue_the_most_urgent_first(service: Service) -> None:
    lives = [await standing(service, stage) for stage in (Stage.APPLIED, Stage.UNDER_REVIEW, Stage.RECORDED)]
    numbers = []
    async with transaction(service.engine) as connection:
        for place, life in enumerate(lives):
            due = TODAY - dt.timedelta(days=300 - place)
            row = update(File).where(File.id == life.file_id).values(due_on=due, next_review_on=due)
            numbers.append((await connection.execute(row.returning(File.number))).scalar_one())
        today = update(File).where(File.id == lives[2].file_id).values(due_on=TODAY)
        await connection.execute(today)
    ours = {"numbers": numbers, "dueBefore": TODAY.isoformat()}
    overdue = (await service.data(QUEUE, {"filter": ours}))["files"]["nodes"]
    assert [each["number"] for each in overdue] == numbers[:2], "what is due today is not overdue"
    assert all(each["deadline"]["overdue"] and each["deadline"]["workingDaysLeft"] < 0 for each in overdue)
    reviews = (await service.data(QUEUE, {"filter": ours | {"clocks": ["REVIEW"]}}))["files"]["nodes"]
    assert [each["stage"] for each in reviews] == ["UNDER_REVIEW"]
    others = (await service.data(QUEUE, {"filter": {"numbers": numbers, "not": {"clocks": ["REVIEW"]}}}))["files"]
    assert [each["number"] for each in others["nodes"]] == [numbers[0], numbers[2]]


@pytest.mark.parametrize(
    ("filter", "found"),
    [
        ({"tiers": ["COUNTY"], "categories": ["RELATIVE"]}, True),
        ({"tiers": ["NATIONAL"]}, False),
        ({"stages": ["RECORDED"], "open": True}, True),
        ({"stages": ["GRADUATED"]}, False),
        ({"open": False}, False),
        ({"unchangedSince": (TODAY + dt.timedelta(days=1)).isoformat()}, True),
        ({"unchangedSince": (TODAY - dt.timedelta(days=365)).isoformat()}, False),
        ({"opened": {"from": (TODAY - dt.timedelta(days=120)).isoformat()}}, True),
        ({"opened": {"to": (TODAY - dt.timedelta(days=120)).isoformat()}}, False),
        ({"reVerificationDueBefore": "2999-01-01"}, False),
        ({"divisionCode": "410505"}, False),
    ],
)
async def test_files_are_found_by_what_they_say(service: Service, filter: dict[str, Any], found: bool) -> None:
    life = await standing(service, Stage.RECORDED)
    ours = {"householdIds": service.vault.ids("Household", [life.household_id])}
    told = (await service.data(QUEUE, {"filter": ours | filter}))["files"]["nodes"]
    assert bool(told) is found


async def test_an_application_that_is_overdue_is_a_task_once_and_until_it_moves_on(service: Service) -> None:
    life = await standing(service, Stage.APPLIED)
    late = TODAY - dt.timedelta(days=3)
    async with transaction(service.engine) as connection:
        await connection.execute(update(File).values(due_on=TODAY))
        await connection.execute(update(File).where(File.id == life.file_id).values(due_on=late))
        assert [await overdue.remind(connection, service.vault, NOW) for _ in range(2)] == [1, 0]
    told = select(Task.kind, Task.due_on, Task.state).where(Task.household_id == life.household_id)
    async with transaction(service.engine) as connection:
        assert (await connection.execute(told)).one() == ("REVIEW_DUE", late, "OPEN")
    await send(service, "withdrawApplication", life, 1, reason="不再申请。")
    async with transaction(service.engine) as connection:
        assert (await connection.execute(told)).one() == ("REVIEW_DUE", late, "DONE")
        assert await overdue.remind(connection, service.vault, NOW) == 0
