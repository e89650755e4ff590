"""The education chain: which link each student of a household has come to, what is on record of it, and the task at the turn."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from api.database import transaction
from api.domain.accounts import OPERATOR
from api.domain.entitlements import school_year
from api.domain.permissions import Role
from api.models import Declaration, Human, Member
from api.services import accounts
from api.services.accounts import Account
from tests.api.conftest import Service
from tests.api.services.atwork import DAY, NOW, TODAY, OnFile
from tests.api.services.test_entitlements import added, eligible, home, looked, receives

CHAIN = """query ($id: ID!) { educationChain(householdId: $id) {
  stage person { id } links { link due standing programmeCodes } } }"""
BEGUN = school_year(TODAY, 8)


async def said(house: OnFile, member: int, *words: tuple[dt.date, str]) -> None:
    """What was declared of the person's work, day by day; the last is what they do now."""
    async with transaction(house.service.engine) as connection:
        for day, word in words:
            row = {
                "household_id": house.key,
                "member_id": member,
                "item": "EMPLOYMENT",
                "word": word,
                "declared_on": day,
            }
            await connection.execute(insert(Declaration).values(**row, source="CHANGE", recorded_at=NOW))
        await connection.execute(update(Member).where(Member.id == member).values(declared_employment=words[-1][1]))


async def chains(house: OnFile, by: str = "caseworker") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await house.service.data(CHAIN, {"id": house.id}, by=by))["educationChain"]
    return found


async def due(house: OnFile) -> dict[str, str]:
    """The links of the household's one student."""
    (student,) = await chains(house)
    return {each["link"]: each["due"] for each in student["links"]}


LAST_YEAR, THIS_YEAR = BEGUN - 200 * DAY, BEGUN
TURNS = [
    ([(LAST_YEAR, "高中生"), (THIS_YEAR, "大学生")], ("LIKELY", "LIKELY", "UNLIKELY")),
    ([(LAST_YEAR, "大学生"), (THIS_YEAR, "大学生")], ("UNLIKELY", "LIKELY", "UNLIKELY")),
    ([(LAST_YEAR, "学龄前"), (THIS_YEAR, "小学生")], ("LIKELY", "LIKELY", "UNLIKELY")),
    ([(THIS_YEAR, "学生")], ("CANNOT_TELL", "LIKELY", "UNLIKELY")),
    ([(LAST_YEAR, "大学生"), (THIS_YEAR, "失业")], ("UNLIKELY", "UNLIKELY", "LIKELY")),
    ([(LAST_YEAR, "大学生"), (THIS_YEAR, "在职")], ("UNLIKELY", "UNLIKELY", "UNLIKELY")),
    ([(LAST_YEAR, "大学生"), (THIS_YEAR, "别的")], ("CANNOT_TELL", "CANNOT_TELL", "CANNOT_TELL")),
]


@pytest.mark.parametrize(("words", "links"), TURNS)
async def test_a_link_is_due_by_what_was_said_before_the_school_year_and_what_is_said_now(
    service: Service, words: list[tuple[dt.date, str]], links: tuple[str, ...]
) -> None:
    house = await home(service)
    await said(house, await added(house), *words)
    assert tuple((await due(house)).values()) == links


@pytest.mark.parametrize(("years", "admission"), [(6, "LIKELY"), (9, "CANNOT_TELL"), (12, "LIKELY")])
async def test_of_a_child_of_whom_nobody_said_anything_the_age_tells_when_school_begins(
    service: Service, years: int, admission: str
) -> None:
    house = await home(service)
    await added(house, birth_date=dt.date(BEGUN.year - years, 3, 1))
    assert (await due(house))["ADMISSION"] == admission


async def test_who_says_nothing_is_no_student_at_home_but_a_young_one_may_be(service: Service) -> None:
    house = await home(service)
    assert await chains(house) == [], "a couple of whom nobody said anything"
    await added(house, birth_date=dt.date(BEGUN.year - 19, 3, 1))
    assert set((await due(house)).values()) == {"CANNOT_TELL"}
    assert await chains(house, by="elsewhere") == []


async def test_aid_covers_its_link_and_the_task_at_the_turn_says_which_it_is(service: Service) -> None:
    house = await home(service)
    child = await added(house)
    await said(house, child, (LAST_YEAR, "高中生"), (THIS_YEAR, "大学生"))
    (task,) = await looked(house)
    assert ("link", "ADMISSION") in {(each["name"], each["value"]) for each in task["details"]}
    await receives(house, "GOLDEN_AUTUMN", BEGUN, BEGUN, member=child)
    (student,) = await chains(house)
    assert student["stage"] == "HIGHER"
    standing = {each["link"]: each["standing"] for each in student["links"]}
    assert standing == {"ADMISSION": "RECEIVED", "IN_SCHOOL": "RECEIVED", "EMPLOYMENT": "NONE_KNOWN"}
    await said(house, child, (TODAY, "失业"))
    left = [each for each in await looked(house) if each["state"] == "OPEN"]
    assert [each["entitlement"]["programme"] for each in left] == ["EMPLOYMENT_AID"]
    assert ("link", "EMPLOYMENT") in {(each["name"], each["value"]) for each in left[0]["details"]}


async def test_f29_what_a_protected_child_is_said_to_do_is_told_to_nobody_who_is_not_cleared_and_they_get_their_task(
    service: Service,
) -> None:
    house = await home(service)
    child = await added(house, birth_date=dt.date(BEGUN.year - 18, 3, 1))
    await said(house, child, (LAST_YEAR, "初中生"), (THIS_YEAR, "高中生"))
    async with transaction(service.engine) as connection:
        human = select(Member.person_id).where(Member.id == child).scalar_subquery()
        await connection.execute(update(Human).where(Human.id == human).values(protected_since=TODAY))
        login = "cleared-caseworker"
        await accounts.save(
            connection, OPERATOR, Account(login, Role.CASEWORKER, "410502", cleared=True), NOW, login=login
        )
        service.tokens = {**service.tokens, login: await accounts.issue_token(connection, login, 1, NOW)}

    async def told(by: str) -> tuple[Any, ...]:
        (student,) = await chains(house, by)
        aid = [each["answer"] for each in await eligible(house, by=by) if each["programmeCode"] == "EDUCATION_AID"]
        return student["stage"], {each["due"] for each in student["links"]}, aid[-1]

    assert await told("caseworker") == (None, {"CANNOT_TELL"}, "CANNOT_TELL")
    assert await told("cleared-caseworker") == ("SENIOR", {"LIKELY", "UNLIKELY"}, "LIKELY")
    (task,) = await looked(house)
    assert (task["state"], task["person"]["id"]) == ("OPEN", house.public("Person", child))
