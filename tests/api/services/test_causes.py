"""Causes of hardship: one main and up to three more, each resolved on a statement, told as of any day."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from api.database import transaction
from api.domain.casework import HardshipCause
from api.domain.errors import NotDone
from api.domain.lifecycle import Action, Guard
from api.domain.permissions import Viewer
from api.models import AuditEvent, Cause, File
from api.services.guards import GUARDS
from api.services.guards.case import Case
from tests.api.conftest import Service
from tests.api.services.atwork import DAY, NOW, TODAY, OnFile, errors, on_file
from tests.api.services.reviewed import viewer

FIELDS = """id kind main since note version
  resolution { resolvedOn statement statedBy { login } evidenceIds }"""
CAUSES = f"causes {{ {FIELDS} }}"


async def add(house: OnFile, cause: str, since: dt.date = TODAY, **told: Any) -> Any:
    given = {"householdId": house.id, "cause": cause, "since": str(since), **told}
    return await house.act("addCause", f"cause {{ {FIELDS} }}", **given)


async def change(house: OnFile, field: str, cause: dict[str, Any], **told: Any) -> Any:
    told = {"expectedVersion": cause["version"], **told}
    return await house.act(field, f"cause {{ {FIELDS} }}", causeId=cause["id"], **told)


async def resolve(house: OnFile, cause: dict[str, Any], on: dt.date = TODAY, **told: Any) -> Any:
    return await change(house, "resolveCause", cause, **{"resolvedOn": str(on), "statement": "已痊愈。", **told})


async def standing(house: OnFile, as_of: dt.date | None = None) -> dict[str, tuple[bool, bool]]:
    """By cause whether it is the main one, and whether it is resolved, in their order."""
    found = await house.read(CAUSES, as_of=as_of)
    return {each["kind"]: (each["main"], each["resolution"] is not None) for each in found["causes"]}


async def allowed(service: Service, house: OnFile) -> str | None:
    """What the guard of resolved causes says, in English; None where it lets the household go."""
    who: Viewer = await viewer(service)
    case = Case(house.key, house.file, "410502", Action.GRADUATE, who, None)
    async with transaction(service.engine) as connection:
        try:
            await GUARDS[Guard.CAUSES_RESOLVED](connection, case, NOW)
        except NotDone as refused:
            return refused.en
    return None


async def test_a_file_names_one_main_cause_and_three_more_and_no_fifth(service: Service) -> None:
    house = await on_file(service)
    assert "no cause" in str(await allowed(service, house)), "who names no cause is not out of hardship for it"
    for cause in ("SEVERE_ILLNESS", "LAID_OFF", "SCHOOLING", "UNINSURED"):
        assert (await add(house, cause))["userErrors"] == []
    assert errors(await add(house, "ACCIDENT")) == [("INVALID", ["input", "cause"])]
    assert errors(await add(house, "LAID_OFF")) == [("INVALID", ["input", "cause"])], "none is named twice"
    assert await standing(house) == {
        "SEVERE_ILLNESS": (True, False),
        "LAID_OFF": (False, False),
        "SCHOOLING": (False, False),
        "UNINSURED": (False, False),
    }
    first = (await house.read(CAUSES))["causes"][0]
    assert (await resolve(house, first))["userErrors"] == []
    ninth = await add(house, "ACCIDENT")
    assert ninth["cause"]["main"] is True, "a resolved cause leaves its place, and the main one's, to others"
    assert errors(await change(house, "reopenCause", first | {"version": 2}, reason="复发。")) == [
        ("INVALID", ["input", "causeId"])
    ], "four stand already"


async def test_a_cause_is_resolved_on_a_statement_and_opened_again_with_its_history(service: Service) -> None:
    house = await on_file(service)
    long_ago, then = TODAY - 400 * DAY, TODAY - 100 * DAY
    added = (await add(house, "SEVERE_ILLNESS", long_ago, note="王小明患病。"))["cause"]
    photo = await house.photo("EVIDENCE")
    resolved = await resolve(house, added, then, evidenceIds=[photo])
    assert resolved["cause"]["resolution"] == {
        "resolvedOn": str(then),
        "statement": "已痊愈。",
        "statedBy": {"login": "caseworker"},
        "evidenceIds": [photo],
    }
    assert await allowed(service, house) is None
    again = await change(house, "reopenCause", resolved["cause"], reason="复发。")
    assert (again["cause"]["resolution"], again["cause"]["main"]) == (None, True)
    assert "1 of the causes" in str(await allowed(service, house))
    assert await standing(house, long_ago - DAY) == {}
    assert await standing(house, then - DAY) == {"SEVERE_ILLNESS": (True, False)}
    assert await standing(house, then) == {"SEVERE_ILLNESS": (True, True)}, "what was resolved then was resolved then"
    assert await standing(house) == {"SEVERE_ILLNESS": (True, False)}
    early = await resolve(house, again["cause"], TODAY - DAY)
    assert errors(early) == [("INVALID", ["input", "resolvedOn"])], "it stands since it was opened again"
    async with transaction(service.engine) as connection:
        told = select(AuditEvent.action, AuditEvent.detail).where(AuditEvent.subject_type == "Cause")
        rows = (await connection.execute(told.order_by(AuditEvent.number))).all()
        kept = (await connection.execute(select(Cause.note))).scalar_one()
    assert [each.action for each in rows] == ["cause.added", "cause.resolved", "cause.reopened"]
    assert "王小明" not in str(rows)
    assert "ILLNESS" not in str(rows), "whose illness it is, no trail tells that never forgets"
    assert "王小明".encode() not in bytes(kept or b"")


async def test_another_cause_becomes_the_main_one(service: Service) -> None:
    house = await on_file(service)
    first = (await add(house, "ACCIDENT"))["cause"]
    second = (await add(house, "SCHOOLING"))["cause"]
    changed = await change(house, "changeMainCause", second)
    assert changed["cause"]["main"] is True
    assert await standing(house) == {"SCHOOLING": (True, False), "ACCIDENT": (False, False)}
    assert errors(await change(house, "changeMainCause", changed["cause"])) == [("INVALID", ["input", "causeId"])]
    stale = await change(house, "changeMainCause", first)
    assert errors(stale) == [("CONFLICT", ["input", "expectedVersion"])], "the one before was changed with it"
    third = await add(house, "OTHER", note="其他情况。", main=True)
    assert third["cause"]["main"] is True
    assert [main for main, _ in (await standing(house)).values()] == [True, False, False]


@pytest.mark.parametrize(
    ("told", "code", "path"),
    [
        ({"since": str(TODAY + DAY)}, "INVALID", ["input", "since"]),
        ({"cause": "OTHER"}, "REQUIRED", ["input", "note"]),
        ({"cause": "OTHER", "note": "长" * 2001}, "INVALID", ["input", "note"]),
        ({"householdId": "0" * 32}, "NOT_FOUND", ["input", "householdId"]),
    ],
)
async def test_what_is_no_cause_is_not_named(
    service: Service, told: dict[str, Any], code: str, path: list[str]
) -> None:
    house = await on_file(service)
    given = {"householdId": house.id, "cause": "ACCIDENT", "since": str(TODAY), **told}
    assert errors(await house.act("addCause", "cause { id }", **given)) == [(code, path)]
    assert await standing(house) == {}


async def test_a_statement_rests_on_what_the_household_has_and_on_nobody_elses(service: Service) -> None:
    house, other = await on_file(service), await on_file(service, 1)
    cause = (await add(house, "ACCIDENT", TODAY - 9 * DAY))["cause"]
    theirs = await other.photo("EVIDENCE")
    assert errors(await resolve(house, cause, evidenceIds=[theirs])) == [("NOT_FOUND", ["input", "evidenceIds"])]
    assert errors(await resolve(house, cause, evidenceIds=[house.id])) == [("NOT_FOUND", ["input", "evidenceIds"])]
    assert errors(await resolve(house, cause, TODAY + DAY)) == [("INVALID", ["input", "resolvedOn"])]
    assert errors(await resolve(house, cause, TODAY - 10 * DAY)) == [("INVALID", ["input", "resolvedOn"])]
    assert errors(await resolve(house, cause, statement=" ")) == [("REQUIRED", ["input", "statement"])]
    assert (await resolve(house, cause))["userErrors"] == []
    twice = await resolve(house, cause | {"version": 2})
    assert errors(twice) == [("INVALID", ["input", "causeId"])]


async def test_a_closed_file_names_no_cause_more(service: Service) -> None:
    house = await on_file(service)
    cause = (await add(house, "ACCIDENT"))["cause"]
    async with transaction(service.engine) as connection:
        closed = update(File).where(File.id == house.file).values(closed_on=TODAY, closing="MOVED")
        await connection.execute(closed)
    assert errors(await add(house, "SCHOOLING")) == [("INVALID", ["input", "householdId"])]
    assert errors(await resolve(house, cause)) == [("INVALID", ["input", "causeId"])]


async def test_of_ten_causes_named_at_a_time_four_stand_and_one_is_the_main_one(service: Service) -> None:
    house = await on_file(service)
    answers = await asyncio.gather(*(add(house, cause, note="说明。") for cause in HardshipCause))
    assert sorted(len(errors(each)) for each in answers) == [0] * 4 + [1] * 6
    assert sorted(main for main, _ in (await standing(house)).values()) == [False, False, False, True]


async def test_f_37_the_database_too_knows_four_places_and_one_main_cause(service: Service) -> None:
    house = await on_file(service)

    async def place(number: int, main: bool, cause: str, **told: Any) -> None:
        row = {"household_id": house.key, "file_id": house.file, "cause": cause, "since": TODAY, "version": 1}
        async with transaction(service.engine) as connection:
            await connection.execute(insert(Cause).values(**row, place=number, main=main, **told))

    await place(0, True, "ACCIDENT")
    for number, main, cause in (
        (0, False, "LAID_OFF"),
        (1, True, "LAID_OFF"),
        (1, False, "ACCIDENT"),
        (4, False, "OTHER"),
    ):
        with pytest.raises(IntegrityError):
            await place(number, main, cause)
    with pytest.raises(IntegrityError):
        await place(1, False, "LAID_OFF", resolved_on=TODAY)
    await place(1, False, "LAID_OFF")


async def test_who_sees_masks_is_not_told_in_words_and_who_is_elsewhere_nothing(service: Service) -> None:
    house = await on_file(service)
    cause = (await add(house, "OTHER", TODAY - DAY, note="王小明的情况。"))["cause"]
    await resolve(house, cause)
    (shown,) = (await house.read(CAUSES, by="auditor"))["causes"]
    assert (shown["note"], shown["resolution"]["statement"]) == (None, None)
    assert shown["resolution"]["statedBy"] == {"login": "caseworker"}
    assert await house.read("id", by="elsewhere") is None
    for by, code in (("auditor", "FORBIDDEN"), ("elsewhere", "NOT_FOUND")):
        given = {"causeId": cause["id"], "expectedVersion": 2, "reason": "x"}
        assert errors(await house.act("reopenCause", "cause { id }", by=by, **given))[0][0] == code


async def test_households_are_found_by_a_cause_that_stands(service: Service) -> None:
    house = await on_file(service)
    query = "query ($causes: [HardshipCause!]) { households(filter: {causes: $causes}) { nodes { id } } }"

    async def found(*causes: str) -> list[str]:
        page = await service.data(query, {"causes": list(causes)}, by="caseworker")
        return [each["id"] for each in page["households"]["nodes"]]

    before = await found("NATURAL_DISASTER")
    cause = (await add(house, "NATURAL_DISASTER"))["cause"]
    assert set(await found("NATURAL_DISASTER", "OTHER")) >= {*before, house.id}
    await resolve(house, cause)
    assert await found("NATURAL_DISASTER") == before
