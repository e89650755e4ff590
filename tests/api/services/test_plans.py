"""Plans: made whole, in versions that all stay; measures go on from one to the next with how far they are."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select, update

from api.database import transaction
from api.domain.measures import Measure
from api.models import AuditEvent, Plan
from tests.api.conftest import Service
from tests.api.services.atwork import DAY, TODAY, OnFile, errors, on_file

MEASURES = """measures { id measure what dueOn state overdue continuesId version organisation { code nameZh nameEn }
  progress { state note notedBy { login } } }"""
PLAN = f"id number goal since until madeBy {{ login }} {MEASURES}"


def measure(kind: Measure = Measure.EMPLOYMENT, **changes: Any) -> dict[str, Any]:
    given = {"measure": kind, "what": "介绍公益性岗位。", "organisation": "police", "dueOn": str(TODAY + 30 * DAY)}
    return given | changes


async def make(
    house: OnFile, *measures: dict[str, Any], number: int | None = None, goal: str = "半年内就业。"
) -> Any:
    told: dict[str, Any] = {"householdId": house.id, "expectedNumber": number, "goal": goal}
    return await house.act("makePlan", f"plan {{ {PLAN} }}", measures=list(measures), **told)


async def report(house: OnFile, measure: dict[str, Any], state: str, note: str = "已上岗。") -> Any:
    told = {"measureId": measure["id"], "expectedVersion": measure["version"], "state": state, "note": note}
    return await house.act("reportProgress", "measure { id state version progress { state note } }", **told)


async def test_a_plan_names_each_measure_with_what_by_whom_and_when(service: Service) -> None:
    house = await on_file(service)
    made = (await make(house, *(measure(kind) for kind in Measure)))["plan"]
    assert (made["number"], made["goal"], made["until"]) == (1, "半年内就业。", None)
    assert [each["measure"] for each in made["measures"]] == list(Measure), "the policy's seven, in the plan's order"
    assert made["measures"][0] | {"id": ""} == {
        "id": "",
        "measure": "IDENTIFICATION",
        "what": "介绍公益性岗位。",
        "organisation": {"code": "police", "nameZh": "公安局", "nameEn": "Police"},
        "dueOn": str(TODAY + 30 * DAY),
        "state": "PLANNED",
        "overdue": False,
        "continuesId": None,
        "version": 1,
        "progress": [],
    }
    assert (await house.read(f"plan {{ {PLAN} }}"))["plan"] == made


async def test_progress_is_told_and_goes_on_in_the_next_version(service: Service) -> None:
    house = await on_file(service)
    late = measure(Measure.EDUCATION, dueOn=str(TODAY - DAY))
    first = (await make(house, measure(), late))["plan"]
    work, school = first["measures"]
    assert (work["overdue"], school["overdue"]) == (False, True)
    told = (await report(house, work, "UNDER_WAY", "王小明已参加培训。"))["measure"]
    assert (told["state"], told["version"]) == ("UNDER_WAY", 2)
    assert errors(await report(house, work, "DONE")) == [("CONFLICT", ["input", "expectedVersion"])]
    assert errors(await report(house, told, "DONE", " ")) == [("REQUIRED", ["input", "note"])]
    done = (await report(house, told, "DONE"))["measure"]
    assert [each["state"] for each in done["progress"]] == ["DONE", "UNDER_WAY"]

    second = (await make(house, measure(continuesId=work["id"]), measure(Measure.UNION_AID), number=1))["plan"]
    assert [(each["measure"], each["state"], each["continuesId"]) for each in second["measures"]] == [
        ("EMPLOYMENT", "DONE", work["id"]),
        ("UNION_AID", "PLANNED", None),
    ]
    kept = (await house.read(f"plans {{ {PLAN} }}"))["plans"]
    assert [(each["number"], each["until"]) for each in kept] == [(2, None), (1, str(TODAY))]
    assert [each["measure"] for each in kept[1]["measures"]] == ["EMPLOYMENT", "EDUCATION"]
    assert errors(await report(house, school, "DONE")) == [("INVALID", ["input", "measureId"])], (
        "it is no longer planned"
    )
    gone = measure(continuesId=school["id"])
    assert errors(await make(house, gone, number=2)) == [("NOT_FOUND", ["input", "measures"])]
    async with transaction(service.engine) as connection:
        rows = (await connection.execute(select(AuditEvent.action, AuditEvent.detail))).all()
    acts = [each.action for each in rows if each.action.startswith(("plan.", "measure."))]
    assert acts == ["plan.made", "measure.reported", "measure.reported", "plan.made"]
    assert "王小明" not in str(rows)


async def test_the_plan_of_a_day_is_the_one_that_was_in_force(service: Service) -> None:
    house = await on_file(service)
    await make(house, measure())
    since = TODAY - 50 * DAY
    async with transaction(service.engine) as connection:
        await connection.execute(update(Plan).values(since=since))
    await make(house, measure(Measure.HEALTHCARE), number=1)

    async def number(day: dt.date | None) -> int | None:
        plan = (await house.read("plan { number }", as_of=day))["plan"]
        return None if plan is None else int(plan["number"])

    assert [await number(day) for day in (since - DAY, since, TODAY - DAY, TODAY, None)] == [None, 1, 1, 2, 2]


async def test_of_two_who_plan_at_a_time_one_is_told(service: Service) -> None:
    house = await on_file(service)
    await make(house, measure())
    assert errors(await make(house, measure())) == [("CONFLICT", ["input", "expectedVersion"])]
    assert (await make(house, measure(), number=1))["plan"]["number"] == 2
    assert errors(await make(house, measure(), number=1)) == [("CONFLICT", ["input", "expectedVersion"])]


@pytest.mark.parametrize(
    ("measures", "goal", "code", "field"),
    [
        ([], "目标", "REQUIRED", "measures"),
        ([measure()] * 21, "目标", "INVALID", "measures"),
        ([measure(organisation="nobody")], "目标", "NOT_FOUND", "measures"),
        ([measure(what=" ")], "目标", "REQUIRED", "measures"),
        ([measure()], " ", "REQUIRED", "goal"),
    ],
)
async def test_what_is_no_plan_is_not_made(
    service: Service, measures: list[dict[str, Any]], goal: str, code: str, field: str
) -> None:
    house = await on_file(service)
    assert errors(await make(house, *measures, goal=goal)) == [(code, ["input", field])]
    assert (await house.read("plans { id }"))["plans"] == []


async def test_who_sees_masks_is_not_told_in_words(service: Service) -> None:
    house = await on_file(service)
    first = (await make(house, measure()))["plan"]["measures"][0]
    await report(house, first, "UNDER_WAY")
    shown = (await house.read(f"plan {{ {PLAN} }}", by="auditor"))["plan"]
    assert (shown["goal"], shown["measures"][0]["what"]) == (None, None)
    assert shown["measures"][0]["progress"] == [
        {"state": "UNDER_WAY", "note": None, "notedBy": {"login": "caseworker"}}
    ]
