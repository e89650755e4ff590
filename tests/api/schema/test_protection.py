"""Protected persons: whoever is not cleared is answered as before, but for where the person is, which nobody ever told (F-29)."""

from __future__ import annotations

import datetime as dt
import importlib
import json
import pkgutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Column, Select, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql import visitors

from api import loaders, scope
from api.database import reading, transaction
from api.domain.accounts import OPERATOR
from api.domain.permissions import Role
from api.loaders.pages import Listing
from api.models import (
    AuditEvent,
    File,
    Finding,
    FindingPerson,
    Household,
    Human,
    Member,
    Organisation,
    Programme,
    Protection,
    User,
)
from api.schema.root import schema
from api.services import accounts, protection
from api.services.accounts import Account
from tests.api.conftest import Service
from tests.api.lives import Writing
from tests.api.schema.test_authorisation import portions
from tests.api.schema.test_reads import sealed

PROTECT = """mutation ($input: ProtectPersonInput!) { protectPerson(input: $input) {
  person { id protection { since reason protectedBy } } userErrors { code path message } auditId } }"""
END = """mutation ($input: EndProtectionInput!) { endProtection(input: $input) {
  person { id protection { since } } userErrors { code path message } } }"""
PERSON = "id name idNumber phone address relation masked birthDate"
HOUSE = f"""id reference address phone payeeName stage version updatedAt members {{ {PERSON} }}
  enrolments {{ agency sourceRecord person {{ {PERSON} }} }} findings(first: 50) {{ reference explanationZh explanationEn }}"""
PAGE = f"""query ($order: [HouseholdOrder!], $after: String, $filter: HouseholdFilter) {{
  households(first: 15, orderBy: $order, after: $after, filter: $filter) {{ totalCount
    edges {{ cursor node {{ {HOUSE} }} }} pageInfo {{ hasNextPage endCursor }} }} }}"""
LEADS = f"""query ($after: String) {{ findings(first: 60, after: $after) {{ totalCount edges {{ cursor node {{
  reference explanationZh explanationEn rule {{ id descriptionZh descriptionEn }} persons {{ {PERSON} }}
  household {{ id address phone members {{ {PERSON} }} }} }} }} }} }}"""
BY_ID = f"""query ($person: ID!, $household: ID!) {{ person(id: $person) {{ {PERSON} household {{ {HOUSE} }} }}
  household(id: $household) {{ {HOUSE} }} nodes(ids: [$person, $household]) {{ ... on Person {{ {PERSON} }} ... on Household {{ {HOUSE} }} }} }}"""
FOUND = "query ($filter: HouseholdFilter) { households(filter: $filter) { totalCount nodes { reference } } }"
ORDERS = [
    {"field": field, "direction": "ASC"} for field in ("REGISTERED", "APPLIED_ON", "FILE_OPENED_ON", "REFERENCE")
]
ADDRESS, PHONE, HOME_PHONE = "安阳市文峰区避风港路八十八号院二号楼301室", "13955550001", "13955550002"
UNCLEARED = ("county-reviewer", "reviewer", "caseworker", "auditor")


@dataclass
class Shelter:
    """A service with somebody to be protected, who is named in a lead, and somebody who is cleared."""

    service: Service
    person: str
    household: str
    key: int
    human: int
    home: int
    name: str
    number: str

    async def answers(self, by: str) -> dict[str, Any]:
        """Whatever a viewer can ask about households, people and leads, in every order and page."""
        told: dict[str, Any] = {}
        for order in ORDERS:
            after = None
            for page in range(4):
                found = await self.service.data(PAGE, {"order": [order], "after": after}, by=by)
                told[f"{order['field']} {page}"] = found
                after = found["households"]["pageInfo"]["endCursor"]
        told["leads"] = await self.service.data(LEADS, by=by)
        told["id"] = await self.service.data(BY_ID, {"person": self.person, "household": self.household}, by=by)
        if by != "auditor":
            for filter in ({"name": self.name}, {"idNumber": self.number}):
                told[f"by {next(iter(filter))}"] = await self.service.data(FOUND, {"filter": filter}, by=by)
        return told

    async def act(self, mutation: str, by: str = "cleared", **given: Any) -> dict[str, Any]:
        asked = {"personId": self.person, "reason": "躲避家暴", "idempotencyKey": uuid.uuid4().hex} | given
        (payload,) = (await self.service.data(mutation, {"input": asked}, by=by)).values()
        return dict(payload)

    async def family(self) -> set[str]:
        """Whoever the register lists in the household."""
        async with reading(self.service.engine) as connection:
            keys = (await connection.scalars(select(Member.id).where(Member.household_id == self.home))).all()
        return set(self.service.vault.ids("Person", keys))

    async def found_by(self, phone: str, by: str) -> int:
        return int((await self.service.data(FOUND, {"filter": {"phone": phone}}, by=by))["households"]["totalCount"])


@pytest.fixture
async def shelter(service: Service) -> Shelter:
    vault, now = service.vault, dt.datetime.now(dt.UTC)
    async with transaction(service.engine) as connection:
        for login, role in (("cleared", Role.REVIEWER), ("cleared-caseworker", Role.CASEWORKER)):
            await accounts.save(connection, OPERATOR, Account(login, role, "410502", cleared=True), now, login=login)
            service.tokens = {**service.tokens, login: await accounts.issue_token(connection, login, 1, now)}
        someone = (
            select(Member.id, Member.person_id, Member.household_id, Member.name, Member.id_number)
            .join(Household, Household.id == Member.household_id)
            .join(FindingPerson, FindingPerson.member_id == Member.id)
            .join(Finding, Finding.id == FindingPerson.finding_id)
            .where(Household.division_code == "410502", Finding.household_id == Household.id)
            .where(Member.left_on.is_(None), Member.id_number_index.is_not(None), func.length(Member.id_number) > 40)
            .order_by(Member.id)
            .limit(1)
        )
        row = (await connection.execute(someone)).one()
        for model, key, phone in ((Member, row.id, PHONE), (Household, row.household_id, HOME_PHONE)):
            table = model.__tablename__
            values = {
                name: vault.seal(f"{table}.{name}", text) for name, text in (("address", ADDRESS), ("phone", phone))
            }
            values["phone_index"] = vault.index("phone", phone)
            await connection.execute(update(model).where(model.id == key).values(values))
    name, number = vault.open("members.name", row.name), vault.open("members.id_number", row.id_number)
    assert name
    assert number
    ids = (vault.ids("Person", [row.id])[0], vault.ids("Household", [row.household_id])[0])
    return Shelter(service, *ids, row.id, row.person_id, row.household_id, name, number)


def differences(
    before: Any, after: Any, place: tuple[str, ...] = (), owner: str = ""
) -> Iterator[tuple[str, str, Any]]:
    """The fields that differ: whose (the id or reference of the nearest thing), which, and as it is shown now."""
    if isinstance(before, dict) and isinstance(after, dict):
        assert before.keys() == after.keys()
        owner = before.get("id") or before.get("reference") or owner
        for name in before:
            yield from differences(before[name], after[name], (*place, name), owner)
    elif isinstance(before, list) and isinstance(after, list):
        assert len(before) == len(after), place
        for one, other in zip(before, after, strict=True):
            yield from differences(one, other, place, owner)
    elif before != after:
        yield owner, place[-1], after


@pytest.mark.parametrize("by", UNCLEARED)
async def test_f_29_to_the_uncleared_nothing_changes_but_that_the_whereabouts_are_unknown(
    shelter: Shelter, by: str
) -> None:
    before = await shelter.answers(by)
    assert (await shelter.act(PROTECT))["userErrors"] == []
    after = await shelter.answers(by)
    seen, hidden = set(), {shelter.household, *await shelter.family()}
    for owner, field, now in differences(before, after):
        if field.startswith("explanation"):
            assert now
        else:
            assert owner in hidden or field == "agency"
            assert now is None, field
        seen.add(field)
    assert (
        {"address", "phone", "explanationZh", "explanationEn"}
        <= seen
        <= {"address", "phone", "agency", "explanationZh", "explanationEn"}
    )
    shown = json.dumps(after, ensure_ascii=False)
    assert not [secret for secret in (ADDRESS, PHONE, HOME_PHONE, "避风港路") if secret in shown]
    assert (await shelter.act(END))["userErrors"] == []
    assert await shelter.answers(by) == before


async def test_f_29_who_is_cleared_sees_what_everybody_saw_and_why_it_is_hidden(shelter: Shelter) -> None:
    before = await shelter.answers("cleared")
    done = await shelter.act(PROTECT)
    assert (await shelter.act(PROTECT))["person"] is None, "once"
    assert done["person"]["protection"]["reason"] == "躲避家暴"
    assert done["person"]["protection"]["protectedBy"] == "cleared"
    assert await shelter.answers("cleared") == before
    query = "query ($id: ID!) { person(id: $id) { protection { since reason } } }"
    assert (await shelter.service.data(query, {"id": shelter.person}, by="cleared"))["person"]["protection"]
    for by in UNCLEARED:
        assert (await shelter.service.data(query, {"id": shelter.person}, by=by))["person"] == {"protection": None}


WRITTEN = """query ($person: ID!, $household: ID!) {
  person(id: $person) { declaredEmployment declarations { item word recordedBy } changes { reason by } }
  household(id: $household) { history { reason by } files { transfers { reason by } } referrals { note answer referredBy { login } answeredBy { login } }
    declarations { recordedBy } findings(first: 50) { reviews { note reviewer } } } }"""
PROPOSED = """query ($household: ID!) { proposals(filter: {householdIds: [$household]}) {
  nodes { statement rejection proposedBy decidedBy } } }"""
BEING_HIDDEN = {
    "declaredEmployment", "word", "recordedBy", "reason", "by", "note", "answer", "referredBy", "answeredBy", "reviewer",
    "statement", "rejection", "proposedBy", "decidedBy",
}  # fmt: skip


async def written(shelter: Shelter) -> None:
    """Whatever people write about a household, each telling where it is, by somebody who handles it."""
    vault = shelter.service.vault
    async with transaction(shelter.service.engine) as connection:
        w = Writing(connection, vault, "避风港")
        officers = (await connection.scalars(select(User.id).where(User.login.in_(["caseworker", "reviewer"])))).all()
        one, other = sorted(officers)
        union = await connection.scalar(select(Organisation.id).limit(1))
        programme = await connection.scalar(select(Programme.code).limit(1))
        file = await connection.scalar(select(File.id).where(File.household_id == shelter.home).limit(1))
        about = select(FindingPerson.finding_id).where(FindingPerson.member_id == shelter.key)
        lead = await connection.scalar(about.limit(1))
        home = {"household_id": shelter.home}
        await connection.execute(
            update(Member).where(Member.id == shelter.key).values(declared_employment="避风港路工厂")
        )
        told: dict[str, Any] = {
            **home,
            "item": "EMPLOYMENT",
            "source": "CHANGE",
            "word": "避风港路工厂",
            "user_id": one,
        }
        await w.add("declarations", **told, member_id=shelter.key)
        await w.add("declarations", **told | {"item": "DEPOSITS", "word": None, "amount": 1})
        await w.add("member_changes", **home, member_id=shelter.key, user_id=one, kind="CORRECTED", fields=["name"])
        await w.add("file_transfers", file_id=file, to_organisation_id=union, user_id=one,
                    from_division_code="410502", to_division_code="410502")  # fmt: skip
        await w.add("proposals", **home, file_id=file, action="DEREGISTER", closing="MOVED", proposed_by=one,
                    state="REJECTED", decided_by=other, decided_at=dt.datetime.now(dt.UTC), withdrawn_at=None)  # fmt: skip
        await w.add("referrals", **home, organisation_id=union, state="CLOSED", outcome="PROVIDED", referred_by=one,
                    answered_by=other, answered_at=dt.datetime.now(dt.UTC), programme_code=programme)  # fmt: skip
        await w.add("reviews", finding_id=lead, reviewer_id=one, outcome="NO_ISSUE")
        household = (
            await connection.execute(select(*Household.__table__.c).where(Household.id == shelter.home))
        ).one()
        last = household.transition_number
        await w.add("transitions", **home, file_id=file, number=last + 1, previous_number=last,
                    from_stage=household.stage, action="REVERIFY", to_stage=household.stage, user_id=one, adverse=False)  # fmt: skip
        moved = update(Household).where(Household.id == shelter.home)
        await connection.execute(moved.values(transition_number=last + 1))


@pytest.mark.parametrize("by", UNCLEARED[:3])
async def test_f_29_who_handles_somebody_protected_and_what_they_wrote_is_told_to_the_cleared_alone(
    shelter: Shelter, by: str
) -> None:
    await written(shelter)
    given = {"person": shelter.person, "household": shelter.household}

    async def read(who: str) -> dict[str, Any]:
        proposed = await shelter.service.data(PROPOSED, {"household": shelter.household}, by=who)
        return {**await shelter.service.data(WRITTEN, given, by=who), **proposed}

    before, cleared = await read(by), await read("cleared")
    assert before == cleared
    assert (await shelter.act(PROTECT))["userErrors"] == []
    after = await read(by)
    changed = [(field, now) for _, field, now in differences(before, after)]
    assert {field for field, _ in changed} == BEING_HIDDEN
    assert all(now is None for _, now in changed)
    assert "避风港" not in json.dumps(after, ensure_ascii=False)
    assert await read("cleared") == cleared
    assert (await shelter.act(END))["userErrors"] == []
    assert await read(by) == before


OF_OTHERS = """query ($id: ID!) { incomes(personId: $id) { month evidence recordedBy } accessLog(personId: $id) { totalCount }
  person(id: $id) { authorisations { purpose recordedBy } changes { kind reason by } } }"""


async def test_f_29_who_handles_others_of_the_household_handles_whoever_is_protected_in_it(shelter: Shelter) -> None:
    vault, of = shelter.service.vault, {"member_id": shelter.key}
    async with transaction(shelter.service.engine) as connection:
        w = Writing(connection, vault, "避风港")
        officer = await connection.scalar(select(User.id).where(User.login == "caseworker"))
        by_them = {**of, "recorded_by": officer}
        await w.add(
            "income_months",
            **by_them,
            month=dt.date(2015, 3, 1),
            source="TAX",
            answer="VALUE",
            kind="WAGE",
            amount_fen=1,
        )
        await w.add(
            "authorisations",
            **by_them,
            recorded_at=dt.datetime.now(dt.UTC),
            source="ALL",
            purpose="VERIFICATION",
            guardian_name=None,
            withdrawal_reason=None,
        )
        await w.add(
            "member_changes", **of, household_id=shelter.home, user_id=officer, kind="CORRECTED", fields=["name"]
        )
        elsewhere = select(Member.id).join(Household, Household.id == Member.household_id)
        other = await connection.scalar(
            elsewhere.where(
                Household.division_code == "410502", Household.id != shelter.home, Member.left_on.is_(None)
            ).limit(1)
        )
        await connection.execute(update(Member).where(Member.id == other).values(household_id=shelter.home))
    assert other is not None
    given = {"id": shelter.person}
    await shelter.service.data(OF_OTHERS, given, by="county-reviewer")
    await sealed(shelter.service)
    before = await shelter.service.data(OF_OTHERS, given, by="county-reviewer")
    assert before["accessLog"]["totalCount"] > 0
    assert (await shelter.act(PROTECT, personId=vault.ids("Person", [other])[0]))["userErrors"] == []
    after = await shelter.service.data(OF_OTHERS, given, by="county-reviewer")
    assert after.pop("accessLog") == {"totalCount": 0}
    del before["accessLog"]
    changed = [(field, now) for _, field, now in differences(before, after)]
    assert sorted(changed) == [(field, None) for field in ("by", "evidence", "reason", "recordedBy", "recordedBy")]


async def test_f_29_a_cursor_from_before_goes_on_afterwards(shelter: Shelter) -> None:
    first = await shelter.service.data(PAGE, {"filter": {}}, by="county-reviewer")
    after = first["households"]["pageInfo"]["endCursor"]
    on = await shelter.service.data(PAGE, {"after": after, "filter": {}}, by="county-reviewer")
    await shelter.act(PROTECT)
    again = await shelter.service.data(PAGE, {"after": after, "filter": {}}, by="county-reviewer")
    cursors = [[edge["cursor"] for edge in page["households"]["edges"]] for page in (on, again)]
    assert cursors[0] == cursors[1]
    assert on["households"]["totalCount"] == again["households"]["totalCount"]


@pytest.mark.parametrize("phone", [PHONE, HOME_PHONE])
async def test_f_29_no_search_by_telephone_finds_who_is_protected(shelter: Shelter, phone: str) -> None:
    assert await shelter.found_by(phone, "county-reviewer") == 1
    await shelter.act(PROTECT)
    assert await shelter.found_by(phone, "county-reviewer") == 0
    assert await shelter.found_by("13955559999", "county-reviewer") == 0, "as of a number that nobody has"
    assert await shelter.found_by(phone, "cleared") == 1


THEIR_ADDRESS, THEIR_PHONE, THEIR_EMPLOYER = (
    "安阳市文峰区避风港路八十八号院二号楼302室",
    "13955550003",
    "避风港路纺织厂",
)
OF_HOUSEMATE = "id address phone declaredEmployment form { field value }"
HOUSEMATE = f"""query ($id: ID!, $home: ID!, $day: Date!) {{ person(id: $id) {{ {OF_HOUSEMATE} household {{ address phone }} }}
  then: person(id: $id, asOf: $day) {{ {OF_HOUSEMATE} }}
  household(id: $home) {{ members {{ {OF_HOUSEMATE} }} findings(first: 50) {{ persons {{ {OF_HOUSEMATE} }} }} }} }}"""


async def housemate(shelter: Shelter) -> int:
    """Somebody who lives with whoever is to be protected, and tells where."""
    vault = shelter.service.vault
    told = {
        name: vault.seal(f"members.{name}", text)
        for name, text in (("address", THEIR_ADDRESS), ("phone", THEIR_PHONE))
    }
    async with transaction(shelter.service.engine) as connection:
        human = {"created_at": dt.datetime.now(dt.UTC)}
        person = await connection.scalar(insert(Human).values(human).returning(Human.id))
        row = {"household_id": shelter.home, "person_id": person, "reference": "another", "relation": "CHILD"}
        kept = {"declared_employment": THEIR_EMPLOYER, "phone_index": vault.index("phone", THEIR_PHONE)}
        key = await connection.scalar(
            insert(Member).values(**row, **told, **kept, overlapping=False).returning(Member.id)
        )
    assert key is not None
    return int(key)


@pytest.mark.parametrize("by", UNCLEARED)
async def test_f_29_who_lives_with_somebody_protected_leads_to_them_by_nothing(shelter: Shelter, by: str) -> None:
    """A child's address, a son's telephone and a mother's employer tell where the protected person is."""
    key, service = await housemate(shelter), shelter.service
    today = dt.datetime.now(dt.UTC).date().isoformat()
    given = {"id": service.vault.ids("Person", [key])[0], "home": shelter.household, "day": today}
    before, cleared = await service.data(HOUSEMATE, given, by=by), await service.data(HOUSEMATE, given, by="cleared")
    assert THEIR_EMPLOYER in json.dumps(before, ensure_ascii=False)
    await shelter.act(PROTECT)
    after = await service.data(HOUSEMATE, given, by=by)
    changed = {(field, now) for _, field, now in differences(before, after)}
    assert {field for field, _ in changed} == {"address", "phone", "declaredEmployment"}
    assert {now for _, now in changed} == {None}
    for them in (after["person"], after["then"], *after["household"]["members"]):
        assert them["address"] is them["phone"] is them["declaredEmployment"] is None
    assert await service.data(HOUSEMATE, given, by="cleared") == cleared
    await shelter.act(END)
    assert await service.data(HOUSEMATE, given, by=by) == before


async def test_f_29_no_telephone_of_who_lives_with_somebody_protected_finds_the_household(shelter: Shelter) -> None:
    await housemate(shelter)
    assert await shelter.found_by(THEIR_PHONE, "county-reviewer") == 1
    await shelter.act(PROTECT)
    assert await shelter.found_by(THEIR_PHONE, "county-reviewer") == 0
    assert await shelter.found_by(THEIR_PHONE, "cleared") == 1


async def test_f_29_who_lives_with_somebody_protected_is_hidden_wherever_else_they_are_listed(
    shelter: Shelter,
) -> None:
    """A child whom both parents list is at its mother's, whichever household's row is asked."""
    key, service = await housemate(shelter), shelter.service
    async with transaction(service.engine) as connection:
        row = (await connection.execute(select(*Member.__table__.c).where(Member.id == key))).one()._mapping
        beside = select(Household.id).where(Household.division_code == "410502", Household.id != shelter.home)
        there = dict(row) | {"household_id": await connection.scalar(beside.limit(1)), "overlapping": True}
        del there["id"]
        listed = await connection.scalar(insert(Member).values(there | {"reference": "listed"}).returning(Member.id))
    assert listed is not None
    query = "query ($id: ID!) { person(id: $id) { address phone household { id address } } }"
    given = {"id": service.vault.ids("Person", [listed])[0]}
    before = (await service.data(query, given, by="county-reviewer"))["person"]
    assert (before["address"], before["phone"]) == (THEIR_ADDRESS, THEIR_PHONE)
    await shelter.act(PROTECT)
    after = (await service.data(query, given, by="county-reviewer"))["person"]
    assert after == before | {"address": None, "phone": None}, "the other household's own address is nobody's secret"
    assert await shelter.found_by(THEIR_PHONE, "county-reviewer") == 0


async def test_f_29_no_correction_of_who_lives_with_somebody_protected_tells_what_stands_there(
    shelter: Shelter,
) -> None:
    key, service = await housemate(shelter), shelter.service
    correct = (
        """mutation ($input: CorrectMemberInput!) { correctMember(input: $input) { userErrors { code message } } }"""
    )
    version = "query ($id: ID!) { household(id: $id) { version } }"
    await shelter.act(PROTECT)
    answers = []
    for guess in (THEIR_PHONE, "13955550009"):
        stands = (await service.data(version, {"id": shelter.household}, by="caseworker"))["household"]["version"]
        asked = {
            "personId": service.vault.ids("Person", [key])[0], "expectedVersion": stands, "reason": "更正",
            "corrections": {"phone": guess}, "idempotencyKey": uuid.uuid4().hex,
        }  # fmt: skip
        answers.append(await service.data(correct, {"input": asked}, by="caseworker"))
    assert answers[0] == answers[1]
    assert answers[0]["correctMember"]["userErrors"][0]["code"] == "FORBIDDEN"


@pytest.mark.parametrize("ends", ["left_on", "valid_to"])
async def test_f_29_until_which_day_a_household_is_hidden_is_told_by_the_services_clock(
    shelter: Shelter, ends: str
) -> None:
    """A day that the database would not know: whoever leaves in ten days is there until the service's tenth day."""
    service = shelter.service
    last = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=10)
    await shelter.act(PROTECT)
    async with transaction(service.engine) as connection:
        await connection.execute(update(Member).where(Member.id == shelter.key).values({ends: last}))
    query = "query ($of: ID!) { household(id: $of) { address } }"

    async def told(days: int) -> str | None:
        service.ahead = dt.timedelta(days=days)
        found: str | None = (await service.data(query, {"of": shelter.household}, by="county-reviewer"))["household"][
            "address"
        ]
        return found

    assert [await told(days) for days in (0, 8)] == [None, None]
    assert [await told(days) for days in (12, 30)] == [ADDRESS, ADDRESS]


async def test_f_29_the_number_under_another_name_is_protected_too(shelter: Shelter) -> None:
    """One number under two names is two people to the register; a slip in a name must not end a protection."""
    vault, service = shelter.service.vault, shelter.service
    async with transaction(service.engine) as connection:
        same = (await connection.execute(select(Human.number_index).where(Human.id == shelter.human))).scalar_one()
        elsewhere = (
            select(Member.id, Member.household_id)
            .join(Household, Household.id == Member.household_id)
            .where(Household.division_code == "410502", Member.household_id != shelter.home, Member.left_on.is_(None))
            .limit(1)
        )
        other = (await connection.execute(elsewhere)).one()
        human = {
            "number_index": same,
            "name_index": vault.index("name", "张避"),
            "created_at": dt.datetime.now(dt.UTC),
        }
        twin = await connection.scalar(insert(Human).values(human).returning(Human.id))
        values = {"person_id": twin, "address": vault.seal("members.address", ADDRESS)}
        await connection.execute(update(Member).where(Member.id == other.id).values(values))
    query = "query ($id: ID!) { person(id: $id) { address household { phone } } }"
    named = {"id": vault.ids("Person", [other.id])[0]}
    assert (await service.data(query, named, by="county-reviewer"))["person"]["address"] == ADDRESS
    await shelter.act(PROTECT)
    hidden = {"address": None, "household": {"phone": None}}
    assert (await service.data(query, named, by="county-reviewer"))["person"] == hidden
    await shelter.act(END, personId=named["id"])
    assert (await service.data(query, named, by="county-reviewer"))["person"]["address"] == ADDRESS
    async with reading(service.engine) as connection:
        marked = select(func.count()).select_from(Human).where(Human.protected_since.is_not(None))
        assert await connection.scalar(marked) == 0, "both are free again"


async def test_f_29_who_left_the_household_takes_the_protection_along(shelter: Shelter) -> None:
    await shelter.act(PROTECT)
    async with transaction(shelter.service.engine) as connection:
        left = update(Member).where(Member.id == shelter.key)
        await connection.execute(left.values(left_on=dt.date(2020, 1, 1)))
    query = "query ($id: ID!, $of: ID!) { person(id: $id) { address } household(id: $of) { address } }"
    given = {"id": shelter.person, "of": shelter.household}
    found = await shelter.service.data(query, given, by="county-reviewer")
    assert found == {"person": {"address": None}, "household": {"address": ADDRESS}}


async def test_a_corrected_number_takes_the_protection_along(shelter: Shelter) -> None:
    await shelter.act(PROTECT)
    async with transaction(shelter.service.engine) as connection:
        human = {"number_index": b"1" * 16, "name_index": b"2" * 16, "created_at": dt.datetime.now(dt.UTC)}
        new = int((await connection.execute(insert(Human).values(human).returning(Human.id))).scalar_one())
        unprotected = await connection.scalar(select(Human.id).where(Human.id.not_in([shelter.human, new])).limit(1))
        await protection.carry_all(connection, {None: new, unprotected: new})
        assert await connection.scalar(select(Human.protected_since).where(Human.id == new)) is None
        await protection.carry_all(connection, {None: new, shelter.human: new})
        await protection.carry(connection, shelter.human, new)
        await connection.execute(update(Member).where(Member.id == shelter.key).values(person_id=new))
    query = "query ($id: ID!) { person(id: $id) { address protection { reason } } }"
    given = {"id": shelter.person}
    assert (await shelter.service.data(query, given, by="caseworker"))["person"] == {
        "address": None,
        "protection": None,
    }
    assert (await shelter.service.data(query, given, by="cleared"))["person"]["protection"] == {"reason": "躲避家暴"}
    assert (await shelter.act(END))["userErrors"] == []
    assert (await shelter.service.data(query, given, by="caseworker"))["person"]["address"] == ADDRESS


REFUSED = [
    ("county-reviewer", {}, "FORBIDDEN"),
    ("caseworker", {}, "FORBIDDEN"),
    ("auditor", {}, "FORBIDDEN"),
    ("administrator", {}, "FORBIDDEN"),
    ("cleared-caseworker", {}, "FORBIDDEN"),
    ("cleared", {"reason": "  "}, "REQUIRED"),
    ("cleared", {"reason": "很" * 2_001}, "INVALID"),
    ("cleared", {"personId": "0" * 32}, "NOT_FOUND"),
]


async def test_who_may_not_protect_learns_nothing_from_trying(shelter: Shelter) -> None:
    async def tried(mutation: str, by: str, given: dict[str, Any]) -> dict[str, Any]:
        return await shelter.act(mutation, by, **given)

    first = [await tried(mutation, by, given) for by, given, _ in REFUSED for mutation in (PROTECT, END)]
    assert [each["userErrors"][0]["code"] for each in first] == [code for *_, code in REFUSED for _ in range(2)]
    await shelter.act(PROTECT)
    again = [await tried(mutation, by, given) for by, given, _ in REFUSED for mutation in (PROTECT, END)]
    assert again == first, "of whoever is protected as of everybody else"


async def test_somebody_elsewhere_is_nobody(shelter: Shelter) -> None:
    async with reading(shelter.service.engine) as connection:
        beside = select(Member.id).join(Household, Household.id == Member.household_id)
        key = await connection.scalar(beside.where(Household.division_code == "410505").limit(1))
    assert key is not None
    given = {"personId": shelter.service.vault.ids("Person", [key])[0]}
    assert [each["code"] for each in (await shelter.act(PROTECT, **given))["userErrors"]] == ["NOT_FOUND"]


async def test_what_is_done_is_told_in_the_audit_and_in_no_households_history(shelter: Shelter) -> None:
    assert (await shelter.act(END))["userErrors"][0]["code"] == "INVALID", "there is none to end"
    assert (await shelter.act(PROTECT))["auditId"]
    await shelter.act(END)
    async with reading(shelter.service.engine) as connection:
        acts = select(AuditEvent.action, AuditEvent.subject_type, AuditEvent.detail).order_by(AuditEvent.id.desc())
        found = (await connection.execute(acts.limit(2))).all()
        kept = (await connection.execute(select(Protection))).one()
    assert found == [("person.protection_ended", "Protection", {}), ("person.protected", "Protection", {})]
    assert "家暴".encode() not in kept.reason + kept.ending_reason
    assert shelter.service.vault.open("protections.reason", kept.reason) == "躲避家暴"


async def test_nobody_is_protected_twice_at_a_time_by_sql_either(shelter: Shelter) -> None:
    await shelter.act(PROTECT)
    async with reading(shelter.service.engine) as connection:
        row = (await connection.execute(select(*Protection.__table__.c))).one()
    again = insert(Protection).values({name: value for name, value in row._mapping.items() if name != "id"})
    async with shelter.service.engine.connect() as connection:
        with pytest.raises(IntegrityError):
            await connection.execute(again)


@pytest.mark.parametrize("by", ["county-reviewer", "auditor"])
async def test_f_29_no_field_of_the_schema_tells_where_somebody_protected_is(shelter: Shelter, by: str) -> None:
    """Everything there is below a household, a person and a lead, two levels deep: a new field is asked for too."""
    await shelter.act(PROTECT)
    async with reading(shelter.service.engine) as connection:
        about = select(FindingPerson.finding_id).where(FindingPerson.member_id == shelter.key)
        lead = shelter.service.vault.ids("Finding", [(await connection.scalars(about)).all()[0]])[0]
    for kind, public_id in {"Household": shelter.household, "Person": shelter.person, "Finding": lead}.items():
        shown = ""
        for below in portions(schema._schema.type_map[kind], 2):
            query = f"query ($id: ID!) {{ {kind.lower()}(id: $id) {below} }}"
            answer = await shelter.service.ask(query, {"id": public_id}, by=by)
            assert "errors" not in answer, [error["extensions"] for error in answer["errors"]]
            shown += json.dumps(answer["data"], ensure_ascii=False)
        assert shelter.person in shown
        assert not [secret for secret in (ADDRESS, PHONE, HOME_PHONE, "避风港") if secret in shown]


HIDDEN = {
    *(f"{table}.{column}" for table in ("households", "members") for column in ("address", "phone", "phone_index")),
    "households.organisation_id",
    "files.organisation_id",
    "contact_officers.user_id",
    "members.declared_employment",
    "declarations.word",
    "declarations.user_id",
    "member_changes.user_id",
    "reviews.reviewer_id",
}
"""Columns that tell where somebody is, or who handles them."""

OF_THE_VIEWER = {f"{listing} filtered by reviewed_by_me" for listing in ("findings", "queue")}
"""What tells the viewers nothing but what they did themselves."""


def _modules() -> list[Any]:
    return [importlib.import_module(f"api.loaders.{each.name}") for each in pkgutil.iter_modules(loaders.__path__)]


def _columns(clause: Any) -> set[str]:
    """The hidden columns that stand anywhere in a clause, and SCOPE's parameter where it asks who is cleared."""
    found = set()
    for element in visitors.iterate(clause):
        table = getattr(getattr(element, "table", None), "name", None)
        found |= {f"{table}.{getattr(element, 'name', None)}", str(getattr(element, "key", None))}
    return found & (HIDDEN | {scope.CLEARED})


def _plain(statement: Select[Any]) -> list[Column[Any]]:
    return [each for each in statement.selected_columns if isinstance(each, Column)]


def test_f_29_no_list_is_filtered_or_ordered_by_what_is_hidden_unless_it_asks_who_is_cleared() -> None:
    checked = 0
    for module in _modules():
        for listing in (value for value in vars(module).values() if isinstance(value, Listing)):
            for name, by in listing.orders.items():
                assert not _columns(by.column) & HIDDEN, f"{listing.name} ordered by {name}"
            for name, condition in listing.filters.items():
                columns = _columns(condition)
                told = f"{listing.name} filtered by {name}"
                assert not columns & HIDDEN or scope.CLEARED in columns or told in OF_THE_VIEWER, told
                checked += bool(columns & HIDDEN)
    assert checked >= 1


def test_f_29_every_statement_that_reads_what_may_be_hidden_tells_whether_it_is() -> None:
    checked = 0
    for module in _modules():
        statements = {name: value for name, value in vars(module).items() if isinstance(value, Select)}
        statements |= {name: value.select for name, value in vars(module).items() if isinstance(value, Listing)}
        for name, statement in statements.items():
            chosen = {f"{getattr(each.table, 'name', '')}.{each.name}" for each in _plain(statement)}
            if chosen & HIDDEN:
                checked += 1
                labels = {getattr(each, "name", None) for each in statement.selected_columns}
                assert "protected" in labels, f"{module.__name__}.{name}"
    assert checked >= 4
