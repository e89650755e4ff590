"""Tasks: one an occasion, whoever finds it how often; queues by kind, day and who has them; taken and ended by people."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from api.database import transaction
from api.domain import casework
from api.domain.casework import TaskKind, TaskState
from api.models import AuditEvent, Task
from api.services import tasks
from tests.api.conftest import Service
from tests.api.services.atwork import DAY, NOW, TODAY, errors, on_file

QUEUE = """query ($filter: TaskFilter, $order: [TaskOrder!]) { tasks(filter: $filter, orderBy: $order) { totalCount nodes {
  id kind state dueOn overdue version assignee { login displayName } details { name value } note doneBy { login }
  household { reference } person { id } } } }"""


async def opened(service: Service, reference: str, **told: Any) -> int:
    key = told.pop("household_id", None) or (await on_file(service)).key
    kind, due = told.pop("kind", TaskKind.WATCH_DUE), told.pop("due_on", TODAY)
    async with transaction(service.engine) as connection:
        return await tasks.open_task(connection, kind, key, due, NOW, reference=reference, **told)


async def queue(service: Service, by: str = "caseworker", **filter: Any) -> list[dict[str, Any]]:
    found = await service.data(QUEUE, {"filter": filter}, by=by)
    nodes: list[dict[str, Any]] = found["tasks"]["nodes"]
    assert found["tasks"]["totalCount"] == len(nodes)
    return nodes


async def act(service: Service, field: str, by: str = "caseworker", **told: Any) -> Any:
    house = await on_file(service)
    return await house.act(field, "task { state version assignee { login } note doneBy { login } }", by=by, **told)


async def test_one_occasion_is_one_task_however_often_it_is_found(service: Service) -> None:
    first = await opened(service, "WATCH_DUE:1:3", detail={"months": 3})
    again = await asyncio.gather(*(opened(service, "WATCH_DUE:1:3", detail={"months": 3}) for _ in range(8)))
    other = await opened(service, "WATCH_DUE:1:6", detail={"months": 6})
    assert set(again) == {first}
    assert other != first
    later, key = TODAY + 5 * DAY, (await on_file(service)).key
    async with transaction(service.engine) as connection:
        assert await connection.scalar(select(Task.version).where(Task.id == first)) == 1, "nothing was changed"
        await tasks.open_task(connection, TaskKind.WATCH_DUE, key, later, NOW, reference="WATCH_DUE:1:3")
        row = (await connection.execute(select(Task.due_on, Task.detail, Task.version).where(Task.id == first))).one()
        assert tuple(row) == (later, {}, 2)


async def test_of_many_who_find_it_at_the_same_time_all_find_one(service: Service) -> None:
    keys = await asyncio.gather(*(opened(service, "REVERIFY_DUE:9") for _ in range(16)))
    assert len(set(keys)) == 1
    async with transaction(service.engine) as connection:
        assert await connection.scalar(select(func.count(Task.id)).where(Task.reference == "REVERIFY_DUE:9")) == 1


async def test_a_task_that_was_ended_is_not_opened_again_for_the_same_occasion(service: Service) -> None:
    key = await opened(service, "OBJECTION_DUE:4")
    async with transaction(service.engine) as connection:
        assert await tasks.finish(connection, "OBJECTION_DUE:4", NOW)
        assert not await tasks.finish(connection, "OBJECTION_DUE:4", NOW), "it is not finished twice"
        assert not await tasks.cancel(connection, ["OBJECTION_DUE:4"], NOW), "nor cancelled after"
        assert not await tasks.finish(connection, "OBJECTION_DUE:5", NOW), "nor what never was"
    assert await opened(service, "OBJECTION_DUE:4", due_on=TODAY + 9 * DAY) == key
    async with transaction(service.engine) as connection:
        row = (await connection.execute(select(Task.state, Task.due_on).where(Task.id == key))).one()
        assert tuple(row) == (TaskState.DONE, TODAY)


async def test_a_deed_ends_all_tasks_of_its_kind_that_a_household_or_one_member_has(service: Service) -> None:
    house, other = await on_file(service), (await on_file(service, 1)).key
    key, people = house.key, house.people
    for number, member in enumerate((people[0], people[0], people[-1])):
        await opened(
            service, f"CONSENT_MISSING:{number}", kind=TaskKind.CONSENT_MISSING, household_id=key, member_id=member
        )
    await opened(service, "CONSENT_MISSING:other", kind=TaskKind.CONSENT_MISSING, household_id=other)
    await opened(service, "VISIT_DUE:0", kind=TaskKind.VISIT_DUE, household_id=key)
    kind, others = TaskKind.CONSENT_MISSING, int(len(people) > 1)
    async with transaction(service.engine) as connection:
        assert await tasks.finish_all(connection, kind, key, NOW, member_id=people[0]) == 3 - others
        assert await tasks.finish_all(connection, kind, key, NOW) == others
        left = select(Task.reference).where(Task.state == TaskState.OPEN, Task.household_id.in_([key, other]))
        found = set((await connection.execute(left)).scalars())
        assert {"CONSENT_MISSING:other", "VISIT_DUE:0"} <= found
        assert not found & {f"CONSENT_MISSING:{number}" for number in range(3)}


@pytest.mark.parametrize(
    "detail",
    [
        {"name": "王小明"},
        {"number": "410502198005011234"},
        {"number": 410502198005011234},
        {"phone": "13812345678"},
        {"phone": 13812345678},
        {"words": "two words"},
        {"some": ["tax", "住房"]},
        {"王小明": "tax"},
        {"nested": {"source": "tax"}},
        {"share": 0.5},
    ],
)
async def test_a_task_tells_nothing_personal(detail: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no code") as raised:
        casework.codes(detail)
    assert "王" not in str(raised.value)
    assert "4105" not in str(raised.value)


@given(st.text(max_size=30), st.integers(min_value=0, max_value=10**9))
def test_whatever_is_taken_as_a_code_holds_no_number_of_six_digits_but_a_days(value: str, key: int) -> None:
    try:
        taken = casework.codes({"value": value, "key": key})
    except ValueError:
        return
    assert taken == {"value": value, "key": key}
    assert value.isascii()
    assert sum(each.isdigit() for each in value.replace("-", "")) < 9


async def test_a_queue_is_cut_by_kind_state_day_and_who_has_it(service: Service) -> None:
    house = await on_file(service)
    key = house.key
    await opened(service, "a", due_on=TODAY - DAY, household_id=key, detail={"month": "2026-05", "row": 7})
    await opened(service, "b", due_on=TODAY, household_id=key)
    await opened(service, "c", due_on=TODAY + DAY, household_id=key, kind=TaskKind.VISIT_DUE)
    await opened(service, "d", due_on=TODAY - DAY, household_id=key, kind=TaskKind.REVIEW_DUE)
    async with transaction(service.engine) as connection:
        await tasks.finish(connection, "d", NOW)
    kinds: dict[str, Any] = {
        "kinds": ["WATCH_DUE", "VISIT_DUE", "REVIEW_DUE"],
        "householdIds": [house.id],
    }

    async def due(**filter: Any) -> list[str]:
        return [each["dueOn"] for each in await queue(service, **kinds, **filter)]

    yesterday, today, tomorrow = (str(each) for each in (TODAY - DAY, TODAY, TODAY + DAY))
    assert await due() == [yesterday, yesterday, today, tomorrow], "the first due first"
    assert await due(states=["OPEN"]) == [yesterday, today, tomorrow]
    assert await due(overdue=True) == [yesterday]
    assert sorted(await due(overdue=False)) == sorted([yesterday, today, tomorrow])
    assert await due(due={"from": today}) == [today, tomorrow]
    assert await due(divisionCode="410505") == []
    assert await due(mine=True) == []
    assert await due(unassigned=False) == []
    found = await queue(service, **kinds, overdue=True)
    assert found[0]["kind"] == "WATCH_DUE"
    assert found[0]["details"] == [{"name": "month", "value": "2026-05"}], "keys of rows are not told"
    assert found[0]["household"]["reference"] == house.reference
    taken = await act(service, "takeTask", taskId=found[0]["id"], expectedVersion=found[0]["version"])
    assert taken["task"]["assignee"] == {"login": "caseworker"}
    assert await due(mine=True) == [yesterday]
    assert await due(assignees=["caseworker"]) == [yesterday]
    assert await due(unassigned=True, states=["OPEN"]) == [today, tomorrow]
    nodes = await queue(service, by="reviewer", **kinds, mine=True)
    assert nodes == [], "what is mine is not another's"


async def test_a_task_is_taken_over_finished_and_cancelled_for_a_reason(service: Service) -> None:
    first, second = await opened(service, "x"), await opened(service, "y")
    ids = service.vault.ids("Task", [first, second])
    await act(service, "takeTask", taskId=ids[0], expectedVersion=1)
    taken = await act(service, "takeTask", by="reviewer", taskId=ids[0], expectedVersion=2)
    assert taken["task"]["assignee"] == {"login": "reviewer"}
    late = await act(service, "finishTask", taskId=ids[0], expectedVersion=2)
    assert errors(late) == [("CONFLICT", ["input", "expectedVersion"])]
    done = await act(service, "finishTask", taskId=ids[0], expectedVersion=3)
    assert (done["task"]["state"], done["task"]["doneBy"]) == ("DONE", {"login": "caseworker"})
    assert done["auditId"]
    empty = await act(service, "cancelTask", taskId=ids[1], expectedVersion=1, reason=" ")
    assert errors(empty) == [("REQUIRED", ["input", "reason"])]
    gone = await act(service, "cancelTask", taskId=ids[1], expectedVersion=1, reason="王小明已搬走。")
    assert gone["task"] == {
        "state": "CANCELLED",
        "version": 2,
        "assignee": None,
        "note": "王小明已搬走。",
        "doneBy": {"login": "caseworker"},
    }
    over = await act(service, "takeTask", taskId=ids[1], expectedVersion=2)
    assert errors(over) == [("INVALID", ["input", "taskId"])]
    async with transaction(service.engine) as connection:
        told = select(AuditEvent.action, AuditEvent.detail).where(AuditEvent.subject_type == "Task")
        rows = (await connection.execute(told.order_by(AuditEvent.number))).all()
        assert [each.action for each in rows] == ["task.taken", "task.taken", "task.done", "task.cancelled"]
        assert "王小明" not in str(rows)
        kept = await connection.scalar(select(Task.note).where(Task.id == second))
        assert kept is not None
        assert "王小明".encode() not in bytes(kept)
    nodes = await queue(service, by="auditor", states=["CANCELLED"])
    assert [each["note"] for each in nodes] == [None], "an auditor sees what people wrote as little as names"


async def test_whoever_is_elsewhere_or_only_audits_ends_nothing(service: Service) -> None:
    (public,) = service.vault.ids("Task", [await opened(service, "z")])
    for by, code in (("elsewhere", "NOT_FOUND"), ("auditor", "FORBIDDEN"), ("department", "FORBIDDEN")):
        refused = await act(service, "finishTask", by=by, taskId=public, expectedVersion=1)
        assert errors(refused)[0][0] == code
    assert await queue(service, by="elsewhere") == []
