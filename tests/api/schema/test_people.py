"""Memberships over time through GraphQL: somebody joins, moves, leaves and is corrected; everything refused says why and where."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from api.database import transaction
from api.domain import days
from api.domain.accounts import OPERATOR
from api.domain.permissions import Role
from api.models import AuditEvent, FilePerson, Human, Member, MemberChange
from api.models import File as HouseholdFile
from api.services import accounts
from api.services.accounts import Account
from tests.api.conftest import Service
from tests.api.numbers import numbered

NOW = dt.datetime.now(dt.UTC)
TODAY = days.today(NOW)
MONTH_AGO = (TODAY - dt.timedelta(days=30)).isoformat()
WEEK_AGO = (TODAY - dt.timedelta(days=7)).isoformat()
ERRORS = "userErrors { __typename code path message }"
PERSON = (
    "id name idNumber idKind sex birthDate relation validFrom validTo leftOn household { id version members { id } }"
)
MUTATIONS = {
    name: f"mutation ($input: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $input) "
    f"{{ person {{ {PERSON} }} {ERRORS} auditId }} }}"
    for name in ("addMember", "moveMember", "endMembership", "correctMember")
}
HOMES = """{ households(filter: {divisionCode: "410502", stages: [RECORDED]}, first: 20, orderBy: [{field: REFERENCE}]) {
    nodes { id version members { id name } } } }"""
_keys = itertools.count(1)
_sequences = itertools.count(101, 2)


async def homes(service: Service) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await service.data(HOMES))["households"]["nodes"]
    return found


async def version(service: Service, household: dict[str, Any]) -> int:
    told = await service.data("query ($id: ID!) { household(id: $id) { version } }", {"id": household["id"]})
    return int(told["household"]["version"])


async def act(service: Service, name: str, given: dict[str, Any], by: str = "caseworker") -> dict[str, Any]:
    given = {"idempotencyKey": f"people-{next(_keys)}", **given}
    found: dict[str, Any] = (await service.data(MUTATIONS[name], {"input": given}, by=by))[name]
    return found


def somebody(**told: Any) -> dict[str, Any]:
    return {"name": "王新", "idNumber": numbered("410502", "19900101", next(_sequences)), **told}


async def joined(service: Service, household: dict[str, Any], **told: Any) -> dict[str, Any]:
    given = {
        "householdId": household["id"],
        "expectedVersion": await version(service, household),
        "person": somebody(**told),
        "since": MONTH_AGO,
    }
    done = await act(service, "addMember", given)
    assert done["userErrors"] == []
    person: dict[str, Any] = done["person"]
    return person


async def test_somebody_joins_and_the_file_counts_them(service: Service) -> None:
    home = (await homes(service))[0]
    person = await joined(service, home, relation="SPOUSE", monthlyIncome="0.00")
    assert (person["sex"], person["birthDate"]) == ("MALE", "1990-01-01"), "as the number says"
    assert person["id"] in [each["id"] for each in person["household"]["members"]]
    assert person["household"]["version"] == home["version"] + 1
    key = service.vault.key("Person", person["id"])
    async with transaction(service.engine) as connection:
        counted = (await connection.execute(select(FilePerson).where(FilePerson.member_id == key))).one()
        assert (counted.until, counted.disputed, counted.since.isoformat()) == (None, False, MONTH_AGO)
        event = (await connection.execute(select(AuditEvent).order_by(AuditEvent.id.desc()).limit(1))).one()
        assert (event.action, event.subject) == ("member.added", key)
        assert "王新" not in repr(event)
        income = await connection.scalar(select(Member.declared_monthly_income_fen).where(Member.id == key))
        assert income == 0, "declared to be nothing, which is known"


async def test_fifteen_digits_are_upgraded_and_find_the_same_human(service: Service) -> None:
    one, other = (await homes(service))[:2]
    number = numbered("410502", "19650504", 21)
    person = await joined(service, one, name="赵 六", idNumber=number[:6] + number[8:17])
    assert person["idNumber"] == number
    await act(service, "endMembership", {
        "personId": person["id"], "expectedVersion": await version(service, one), "on": WEEK_AGO, "reason": "迁出",
    })  # fmt: skip
    again = await act(service, "addMember", {
        "householdId": other["id"], "expectedVersion": await version(service, other),
        "person": {"name": "赵六", "idNumber": number}, "since": WEEK_AGO,
    })  # fmt: skip
    assert again["userErrors"] == []
    query = "query ($id: ID!) { person(id: $id) { memberships { id leftOn household { id } } } }"
    found = (await service.data(query, {"id": again["person"]["id"]}))["person"]["memberships"]
    assert found == [{"id": person["id"], "leftOn": WEEK_AGO, "household": {"id": one["id"]}}]


@pytest.mark.parametrize(
    ("told", "code", "path", "words"),
    [
        ({"idNumber": "41050219900101101"}, "INVALID", "idNumber", "cannot be read"),
        ({"idNumber": "410502199001011010"}, "INVALID", "idNumber", "check character"),
        ({"sex": "FEMALE"}, "INVALID", "idNumber", "sex"),
        ({"birthDate": "1990-01-02"}, "INVALID", "idNumber", "birth date entered"),
        ({"idNumber": None}, "REQUIRED", "idNumber", "by the kind NONE"),
        ({"idKind": "NONE"}, "INVALID", "idNumber", "Without a document"),
        ({"idKind": "RESIDENCE_PERMIT"}, "INVALID", "idNumber", "kind of document"),
        ({"name": " "}, "INVALID", "name", "1 to 100"),
        ({"birthDate": "2999-01-01", "idKind": "NONE", "idNumber": None}, "INVALID", "birthDate", "future"),
        ({"divisionCode": "999999"}, "INVALID", "divisionCode", "no such division"),
        ({"formerName": "名" * 501}, "INVALID", "formerName", "At most 500"),
        ({"employment": "工" * 201}, "INVALID", "employment", "At most 200"),
        ({"monthlyIncome": "-1.00"}, "INVALID", "monthlyIncome", "not negative"),
    ],
)
async def test_what_cannot_be_is_refused_at_its_field_in_both_languages(
    service: Service, told: dict[str, Any], code: str, path: str, words: str
) -> None:
    home = (await homes(service))[0]
    given = {"householdId": home["id"], "expectedVersion": home["version"], "since": MONTH_AGO}
    given |= {"person": somebody(**told), "idempotencyKey": f"people-{next(_keys)}"}
    for language in ("en", "zh"):
        answer = await service.ask(MUTATIONS["addMember"], {"input": given}, by="caseworker", language=language)
        (error,) = answer["data"]["addMember"]["userErrors"]
        assert (error["code"], error["path"]) == (code, ["input", "person", path])
        assert language == "zh" or words in error["message"]
        assert str(told.get("idNumber")) not in error["message"]
    assert await version(service, home) == home["version"], "nothing has changed"


async def test_nobody_is_in_two_households_at_a_time(service: Service) -> None:
    one, other = (await homes(service))[:2]
    person = somebody()
    first = {"householdId": one["id"], "expectedVersion": one["version"], "person": person, "since": MONTH_AGO}
    assert (await act(service, "addMember", first))["userErrors"] == []
    second = {**first, "householdId": other["id"], "expectedVersion": other["version"], "since": WEEK_AGO}
    (error,) = (await act(service, "addMember", second))["userErrors"]
    assert (error["code"], error["path"]) == ("INVALID", ["input", "person"])
    assert "in a household in that time already" in error["message"]


async def test_equal_numbers_under_two_names_are_two_humans(service: Service) -> None:
    one, other = (await homes(service))[:2]
    number = numbered("410502", "19800808", 33)
    a = await joined(service, one, name="王小明", idNumber=number)
    b = await joined(service, other, name="李大勇", idNumber=number)
    query = "query ($id: ID!) { person(id: $id) { memberships { id } } }"
    for each in (a, b):
        assert (await service.data(query, {"id": each["id"]}))["person"]["memberships"] == [], "a lead, never a merge"


async def test_f_09_two_without_a_number_are_never_one(service: Service) -> None:
    one, other = (await homes(service))[:2]
    a = await joined(service, one, name="王无名", idKind="NONE", idNumber=None)
    b = await joined(service, other, name="王无名", idKind="NONE", idNumber=None)
    keys = [service.vault.key("Person", each["id"]) for each in (a, b)]
    async with transaction(service.engine) as connection:
        people = (
            await connection.execute(
                select(Member.person_id, Human.number_index).join(Human).where(Member.id.in_(keys))
            )
        ).all()
    assert len({row.person_id for row in people}) == 2
    assert {row.number_index for row in people} == {None}


async def test_whom_a_register_gave_without_a_name_can_be_linked(service: Service) -> None:
    home = (await homes(service))[0]
    person = home["members"][0]["id"]
    async with transaction(service.engine) as connection:
        key = service.vault.key("Person", person)
        await connection.execute(update(Member).where(Member.id == key).values(name=None, name_index=None))
    given = {"personId": person, "expectedVersion": home["version"], "reason": "关联"}
    refused = await act(service, "correctMember", {**given, "corrections": {"relation": "OTHER"}})
    assert [each["path"][-1] for each in refused["userErrors"]] == ["name"]
    done = await act(service, "correctMember", {**given, "corrections": {"acftuReference": "QG4105020009"}})
    assert done["userErrors"] == []


async def test_another_membership_is_told_as_it_was_on_the_day_too(service: Service) -> None:
    one, other = (await homes(service))[:2]
    person = await joined(service, one, monthlyIncome="1200.00")
    moved = await act(service, "moveMember", {
        "personId": person["id"], "expectedVersion": await version(service, one), "toHouseholdId": other["id"],
        "toExpectedVersion": other["version"], "on": WEEK_AGO, "relation": "OTHER", "reason": "随配偶生活",
    })  # fmt: skip
    there = moved["person"]["id"]
    left = await act(service, "endMembership", {
        "personId": there, "expectedVersion": await version(service, other), "on": TODAY.isoformat(), "reason": "迁出",
    })  # fmt: skip
    assert left["userErrors"] == []
    query = """query ($id: ID!, $day: Date) {
      person(id: $id, asOf: $day) { memberships { id validTo leftOn } } }"""
    told = []
    for day in (WEEK_AGO, None):
        (found,) = (await service.data(query, {"id": person["id"], "day": day}))["person"]["memberships"]
        told.append((found["id"], found["validTo"], found["leftOn"]))
    today = TODAY.isoformat()
    assert told == [(there, None, None), (there, today, today)], "an end to come is nobody's to know"


async def test_somebody_moves_and_both_households_know(service: Service) -> None:
    one, other = (await homes(service))[:2]
    person = await joined(service, one, monthlyIncome="1200.00", employment="灵活就业")
    given = {
        "personId": person["id"],
        "expectedVersion": await version(service, one),
        "toHouseholdId": other["id"],
        "toExpectedVersion": other["version"],
        "on": WEEK_AGO,
        "relation": "OTHER",
        "reason": "婚后随配偶生活",
    }
    moved = await act(service, "moveMember", given)
    assert moved["userErrors"] == []
    after = moved["person"]
    assert (after["idNumber"], after["validFrom"], after["leftOn"]) == (person["idNumber"], WEEK_AGO, None)
    assert after["household"] == {
        "id": other["id"], "version": other["version"] + 1, "members": after["household"]["members"],
    }  # fmt: skip
    query = """query ($id: ID!) { person(id: $id) { validTo leftOn household { id members { id } }
      memberships { id } changes { kind reason effectiveOn by } declarations { item amount { amount } word } } }"""
    left = (await service.data(query, {"id": person["id"]}))["person"]
    assert (left["validTo"], left["leftOn"]) == (WEEK_AGO, WEEK_AGO)
    assert person["id"] not in [each["id"] for each in left["household"]["members"]]
    assert left["memberships"] == [{"id": after["id"]}]
    assert [each["kind"] for each in left["changes"]] == ["MOVED", "ADDED"]
    assert left["changes"][0] == {
        "kind": "MOVED", "reason": "婚后随配偶生活", "effectiveOn": WEEK_AGO, "by": "Caseworker",
    }  # fmt: skip
    there = (await service.data(query, {"id": after["id"]}))["person"]
    assert {each["item"] for each in there["declarations"]} == {"MONTHLY_INCOME", "EMPLOYMENT"}, (
        "what is known goes along"
    )
    keys = [service.vault.key("Person", each) for each in (person["id"], after["id"])]
    async with transaction(service.engine) as connection:
        counted = await connection.execute(
            select(FilePerson.member_id, FilePerson.until, HouseholdFile.household_id)
            .join(HouseholdFile, HouseholdFile.id == FilePerson.file_id)
            .where(FilePerson.member_id.in_(keys))
            .order_by(FilePerson.id)
        )
        assert [(row.member_id, row.until and row.until.isoformat()) for row in counted] == [
            (keys[0], WEEK_AGO), (keys[1], None),
        ]  # fmt: skip


async def test_a_move_needs_both_households_within_reach_and_as_they_were_read(service: Service) -> None:
    one, other = (await homes(service))[:2]
    beyond = await service.data('{ households(filter: {divisionCode: "410505"}, first: 1) { nodes { id version } } }')
    elsewhere = beyond["households"]["nodes"][0]
    person = one["members"][0]
    given = {
        "personId": person["id"],
        "expectedVersion": one["version"],
        "toHouseholdId": elsewhere["id"],
        "toExpectedVersion": elsewhere["version"],
        "on": WEEK_AGO,
        "reason": "迁移",
    }
    (error,) = (await act(service, "moveMember", given))["userErrors"]
    assert (error["code"], error["path"]) == ("NOT_FOUND", ["input", "toHouseholdId"])
    stale = {**given, "toHouseholdId": other["id"], "toExpectedVersion": other["version"] + 7}
    (error,) = (await act(service, "moveMember", stale))["userErrors"]
    assert (error["code"], error["path"]) == ("CONFLICT", ["input", "toExpectedVersion"])
    (error,) = (await act(service, "moveMember", {**given, "expectedVersion": 99}, by="elsewhere"))["userErrors"]
    assert error["code"] == "NOT_FOUND"
    assert await version(service, one) == one["version"]


async def test_a_membership_ends_once_and_never_in_the_future(service: Service) -> None:
    home = (await homes(service))[0]
    person = await joined(service, home)
    given = {"personId": person["id"], "expectedVersion": await version(service, home), "reason": "去世"}
    tomorrow = (TODAY + dt.timedelta(days=1)).isoformat()
    (error,) = (await act(service, "endMembership", {**given, "on": tomorrow}))["userErrors"]
    assert error["path"] == ["input", "on"]
    (error,) = (await act(service, "endMembership", {**given, "on": WEEK_AGO, "reason": " "}))["userErrors"]
    assert (error["code"], error["path"]) == ("REQUIRED", ["input", "reason"])
    assert (await act(service, "endMembership", {**given, "on": WEEK_AGO}))["userErrors"] == []
    again = {**given, "on": WEEK_AGO, "expectedVersion": await version(service, home)}
    (error,) = (await act(service, "endMembership", again))["userErrors"]
    assert (error["code"], error["path"]) == ("INVALID", ["input", "on"])


async def test_a_correction_keeps_what_stood_there_and_may_make_it_another_humans(service: Service) -> None:
    home = (await homes(service))[0]
    person = await joined(service, home, name="王新", relation="CHILD")
    right = numbered("410502", "19910101", 301)
    given = {
        "personId": person["id"],
        "expectedVersion": await version(service, home),
        "corrections": {"idNumber": right, "birthDate": "1991-01-01", "relation": "SPOUSE"},
        "reason": "身份证复印件看错",
    }
    done = await act(service, "correctMember", given)
    assert done["userErrors"] == []
    assert (done["person"]["idNumber"], done["person"]["relation"]) == (right, "SPOUSE")
    key = service.vault.key("Person", person["id"])
    async with transaction(service.engine) as connection:
        change = (await connection.execute(select(MemberChange).where(MemberChange.kind == "CORRECTED"))).one()
        before = service.vault.open("member_changes.before", change.before)
        assert person["idNumber"] in (before or "")
        assert set(change.fields) == {"id_number", "birth_date", "relation"}
        counted, member = (
            (await connection.execute(select(FilePerson.person_id).where(FilePerson.member_id == key))).scalar_one(),
            (await connection.execute(select(Member.person_id).where(Member.id == key))).scalar_one(),
        )
        assert counted == member, "the file counts whom the membership is of"
    again = {**given, "expectedVersion": await version(service, home)}
    (error,) = (await act(service, "correctMember", again))["userErrors"]
    assert "Nothing is different" in error["message"]


async def test_a_number_that_another_register_got_wrong_hinders_no_other_correction(service: Service) -> None:
    home = (await homes(service))[0]
    person = await joined(service, home)
    key = service.vault.key("Person", person["id"])
    async with transaction(service.engine) as connection:
        wrong = {"id_number": service.vault.seal("members.id_number", "410502199001011010"), "id_kind": None}
        await connection.execute(update(Member).where(Member.id == key).values(wrong))
    given = {"personId": person["id"], "expectedVersion": await version(service, home), "reason": "更正"}
    done = await act(
        service, "correctMember", {**given, "corrections": {"relation": "PARENT", "phone": "13900001111"}}
    )
    assert (done["userErrors"], done["person"]["relation"]) == ([], "PARENT")
    given["expectedVersion"] += 1
    (error,) = (await act(service, "correctMember", {**given, "corrections": {"sex": "FEMALE"}}))["userErrors"]
    assert error["path"] == ["input", "corrections", "idNumber"]


async def test_a_correction_into_somebody_who_is_in_a_household_is_refused(service: Service) -> None:
    one, other = (await homes(service))[:2]
    first = await joined(service, one, name="周平")
    second = await joined(service, other, name="周平")
    given = {
        "personId": second["id"],
        "expectedVersion": await version(service, other),
        "corrections": {"idNumber": first["idNumber"], "birthDate": first["birthDate"]},
        "reason": "更正",
    }
    (error,) = (await act(service, "correctMember", given))["userErrors"]
    assert (error["code"], error["path"]) == ("INVALID", ["input", "corrections"])


async def test_f_29_who_is_protected_stays_so_under_a_corrected_number(service: Service) -> None:
    home = (await homes(service))[0]
    person = await joined(service, home)
    key = service.vault.key("Person", person["id"])
    async with transaction(service.engine) as connection:
        human = (await connection.execute(select(Member.person_id).where(Member.id == key))).scalar_one()
        await connection.execute(update(Human).where(Human.id == human).values(protected_since=TODAY))
    given = {
        "personId": person["id"],
        "expectedVersion": await version(service, home),
        "corrections": {"idNumber": numbered("410502", "19900101", 777)},
        "reason": "更正",
    }
    assert (await act(service, "correctMember", given))["userErrors"] == []
    async with transaction(service.engine) as connection:
        now_of = (await connection.execute(select(Member.person_id).where(Member.id == key))).scalar_one()
        assert now_of != human
        assert (
            await connection.execute(select(Human.protected_since).where(Human.id == now_of))
        ).scalar_one() == TODAY


@pytest.mark.parametrize("hidden", ["phone", "address"])
async def test_f_29_no_guess_at_where_somebody_protected_is_is_answered(service: Service, hidden: str) -> None:
    home = (await homes(service))[0]
    kept, guess = {"phone": ("13955550001", "13955550002"), "address": ("避风港八十八号", "避风港九十九号")}[hidden]
    person = await joined(service, home, **{hidden: kept})
    given = {"personId": person["id"], "expectedVersion": await version(service, home), "reason": "更正"}
    (same,) = (await act(service, "correctMember", {**given, "corrections": {hidden: kept}}))["userErrors"]
    assert "Nothing is different" in same["message"], "of anybody else"
    key = service.vault.key("Person", person["id"])
    async with transaction(service.engine) as connection:
        human = select(Member.person_id).where(Member.id == key).scalar_subquery()
        await connection.execute(update(Human).where(Human.id == human).values(protected_since=TODAY))
    refused = [
        (await act(service, "correctMember", {**given, "corrections": {hidden: value}}))["userErrors"]
        for value in (kept, guess, "")
    ]
    assert refused[0] == refused[1] == refused[2]
    assert (refused[0][0]["code"], refused[0][0]["path"]) == ("FORBIDDEN", ["input", "corrections"])
    other = await act(service, "correctMember", {**given, "corrections": {"relation": "PARENT"}})
    assert other["userErrors"] == [], "what is shown can be corrected"
    async with transaction(service.engine) as connection:
        await accounts.save(
            connection, OPERATOR, Account("cleared", Role.CASEWORKER, "410502", cleared=True), NOW, login="cleared"
        )
        service.tokens = {**service.tokens, "cleared": await accounts.issue_token(connection, "cleared", 1, NOW)}
    given["expectedVersion"] += 1
    done = await act(service, "correctMember", {**given, "corrections": {hidden: guess}}, by="cleared")
    assert done["userErrors"] == []


async def test_the_database_itself_keeps_anybody_from_being_alone_in_two_households(service: Service) -> None:
    one, other = (await homes(service))[:2]
    person = await joined(service, one)
    key = service.vault.key("Person", person["id"])
    async with service.engine.connect() as connection:
        member = (await connection.execute(select(Member).where(Member.id == key))).one()._mapping
        row = {**member, "reference": "TWICE", "household_id": service.vault.key("Household", other["id"])}
        del row["id"]
        with pytest.raises(IntegrityError, match=r"UNIQUE.*members\.person_id|uq_members_alone"):
            await connection.execute(insert(Member).values(row))
