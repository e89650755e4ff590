"""A household's own data corrected through GraphQL: an application that lacks some is completed, and nothing else is told by it."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from typing import Any

import pytest
from sqlalchemy import select, update

from api.database import transaction
from api.domain import days, national_form
from api.domain.accounts import OPERATOR
from api.domain.permissions import Role
from api.domain.stages import Stage
from api.models import AuditEvent, Household, Human, Member, MemberChange, OutboxEvent
from api.services import accounts
from api.services.accounts import Account
from tests.api import county
from tests.api.conftest import Service
from tests.api.filled import WORDS
from tests.api.numbers import numbered
from tests.api.schema.test_forms import FILL, fill
from tests.api.schema.test_people import act, homes
from tests.api.services.test_applications import family, send

HOME = """id version stage targetGroup residence address phone payeeName declaredMonthlyIncome { amount }
  externalReferences { system kind reference personReference } changes { kind fields reason by }
  members { id reference relation declaredMonthlyIncome { amount } changes { kind fields } }"""
CORRECT = f"""mutation ($input: CorrectHouseholdInput!) {{ correctHousehold(input: $input) {{
  household {{ {HOME} }} userErrors {{ code path message }} auditId }} }}"""
MISSING = "query ($id: ID!) { missingFields(householdId: $id) { code personReference } }"
ADDRESS = "河南省安阳市文峰区东大街 1 号"
BEFORE: dict[str, Any] = {"targetGroup": None, "residence": None, "phone": None, "declared": []}
_keys = itertools.count(1)


async def correct(service: Service, home: dict[str, Any], by: str = "caseworker", **told: Any) -> dict[str, Any]:
    given = {"householdId": home["id"], "expectedVersion": home["version"], "reason": "原登记有误"}
    given |= {"idempotencyKey": f"correction-{next(_keys)}", **told}
    found: dict[str, Any] = (await service.data(CORRECT, {"input": given}, by=by))["correctHousehold"]
    return found


async def applied(service: Service, **told: Any) -> dict[str, Any]:
    answer = await send(service, "submitApplication", **family(**told))
    assert answer["userErrors"] == []
    home: dict[str, Any] = answer["household"]
    return home


async def lacking(service: Service, home: dict[str, Any]) -> set[str]:
    found = (await service.data(MISSING, {"id": home["id"]}, by="caseworker"))["missingFields"]
    return {each["code"] for each in found}


async def upload(service: Service, home: dict[str, Any], kind: str) -> str:
    """A scanned paper; its id."""
    headers = {
        "Authorization": f"Bearer {service.tokens['caseworker']}",
        "Idempotency-Key": f"upload-{next(_keys):06}",
        "Jiekun-File-Name": "paper.pdf",
    }
    where = {"household": home["id"], "kind": kind}
    content = f"%PDF-1.7 {kind} {home['id']}".encode()
    answer = await service.client.post("/attachments", params=where, content=content, headers=headers)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def test_an_application_that_says_little_is_completed_and_accepted(service: Service) -> None:
    """A worker comes with two names and a number; everything else is brought, field by field, as the refusals name it."""
    little = {"name": "赵大山", "relation": "HEAD", "idNumber": numbered("410502", "19800101", 901)}
    somebody = {"name": "钱小河", "idKind": "NONE"}
    people = [{"person": little}, {"person": somebody}]
    home = await applied(service, **BEFORE, people=people, form=[])
    worker, other = home["members"]

    async def review() -> dict[str, Any]:
        """What keeps the application from being taken up."""
        step = {"householdId": home["id"], "expectedVersion": home["version"], "outcome": "ACCEPT"}
        answer: dict[str, Any] = await send(service, "reviewApplication", **step)
        home.update(answer["household"] or {})
        return next(iter(answer["userErrors"]), {})

    first = await review()
    count = len((await service.data(MISSING, {"id": home["id"]}, by="caseworker"))["missingFields"])
    assert first["code"] == "REQUIRED"
    assert f"form lacks {count} fields: target group; kind of hukou; address" in first["message"]
    parts: dict[str, list[dict[str, str]]] = {part: [] for part in national_form.FormPart}
    for each in national_form.FIELDS:
        if each.required and each.column is None and each.only_for is None:
            parts[each.part].append({"field": each.code, "value": WORDS[each.code]})
    values = [
        {"personId": worker["id"], "values": parts["WORKER"]},
        {"personId": other["id"], "values": parts["MEMBER"]},
    ]
    filled = await fill(service, home, household=parts["HOUSEHOLD"], people=values)
    assert filled["userErrors"] == []
    home["version"] = filled["household"]["version"]
    own = {"TARGET_GROUP", "HUKOU_KIND", "ADDRESS", "MONTHLY_INCOME"}
    theirs = {
        "MOBILE",
        "MARITAL_STATUS",
        "OWN_INCOME",
        "RELATION",
        "MEMBER_SEX",
        "MEMBER_BIRTH_DATE",
        "MEMBER_INCOME",
    }
    assert await lacking(service, home) == own | theirs, "what our tables have columns for"
    assert f"form lacks {len(own | theirs)} fields" in (await review())["message"]
    done = await correct(
        service,
        home,
        targetGroup="BELOW_LINE",
        residence="URBAN",
        address=ADDRESS,
        phone="139 0000 1111",
        declared=[
            {"monthlyIncome": "800.00"},
            {"personId": worker["id"], "monthlyIncome": "0.00", "maritalStatus": "MARRIED"},
            {"personId": other["id"], "monthlyIncome": "800.00"},
        ],
    )
    assert done["userErrors"] == []
    now = done["household"]
    assert (now["stage"], now["version"]) == ("APPLIED", home["version"] + 1)
    assert (now["targetGroup"], now["residence"], now["address"]) == ("BELOW_LINE", "URBAN", ADDRESS)
    assert (now["declaredMonthlyIncome"], now["members"][0]["declaredMonthlyIncome"]) == (
        {"amount": "800.00"},
        {"amount": "0.00"},
    )
    assert await lacking(service, home) == {"MOBILE", "RELATION", "MEMBER_SEX", "MEMBER_BIRTH_DATE"}
    home["version"] = now["version"]
    for person, corrections in (
        (worker, {"phone": "13812345678"}),
        (other, {"relation": "SPOUSE", "sex": "FEMALE", "birthDate": "1982-03-04"}),
    ):
        step = {"personId": person["id"], "expectedVersion": home["version"], "corrections": corrections}
        corrected = await act(service, "correctMember", {**step, "reason": "补正"})
        assert corrected["userErrors"] == []
        home["version"] = corrected["person"]["household"]["version"]
    assert await lacking(service, home) == set()
    unsigned = await review()
    assert "form lacks" not in unsigned["message"], "the form is complete; what lacks now are the signed papers"
    await upload(service, home, "APPLICATION_FORM")
    signed = await upload(service, home, "AUTHORISATION")
    consent = (
        "mutation ($input: RecordAuthorisationInput!) { recordAuthorisation(input: $input) { userErrors { code } } }"
    )
    for person in (worker, other):
        given = {"personId": person["id"], "sources": ["ALL"], "attachmentId": signed}
        given |= {"validFrom": days.today(service.now()).isoformat(), "idempotencyKey": f"consent-{next(_keys):06}"}
        recorded = await service.data(consent, {"input": given}, by="caseworker")
        assert recorded["recordAuthorisation"]["userErrors"] == []
    assert await review() == {}
    assert home["stage"] == "UNDER_REVIEW"
    found = "query ($filter: HouseholdFilter) { households(filter: $filter) { nodes { id } } }"
    by_phone = await service.data(found, {"filter": {"phone": "13900001111"}}, by="caseworker")
    assert {"id": home["id"]} in by_phone["households"]["nodes"], "a telephone is found in its normal form"


async def test_what_stood_there_is_kept_sealed_and_the_audit_names_fields_alone(service: Service) -> None:
    home = await applied(service, address="文峰区旧宅")
    key = service.vault.key("Household", home["id"])
    done = await correct(service, home, address=ADDRESS, phone="", declared=[{"vehicles": 1}])
    assert (done["userErrors"], done["household"]["address"], done["household"]["phone"]) == ([], ADDRESS, None)
    assert done["household"]["targetGroup"] == "BELOW_LINE", "what is not told stays"
    async with transaction(service.engine) as connection:
        kept = (await connection.execute(select(MemberChange).where(MemberChange.household_id == key))).one()
        before = json.loads(service.vault.open("member_changes.before", kept.before) or "")
        assert before == {"address": "文峰区旧宅", "phone": "13900001111"}
        assert service.vault.open("member_changes.reason", kept.reason) == "原登记有误"
        row = (await connection.execute(select(Household.phone_index).where(Household.id == key))).one()
        assert row.phone_index is None, "nobody is found by a telephone that was taken away"
        event = (await connection.execute(select(AuditEvent).order_by(AuditEvent.number.desc()).limit(1))).one()
        assert (event.action, event.subject) == ("household.corrected", key)
        assert event.detail["fields"] == ["address", "declared_vehicles", "phone"]
        assert not [word for word in (ADDRESS, "旧宅", "13900001111", "原登记有误") if word in repr(event)]
        told = select(OutboxEvent.id).where(OutboxEvent.topic == "household", OutboxEvent.subject == key)
        assert len((await connection.execute(told)).all()) == 2, "the application, and the correction"
    fields = ["address", "declared_vehicles", "phone"]
    change = {"kind": "CORRECTED", "fields": fields, "reason": "原登记有误", "by": "Caseworker"}
    assert done["household"]["changes"] == [change]
    read = f"query ($id: ID!) {{ household(id: $id) {{ {HOME} }} }}"
    masked = (await service.data(read, {"id": home["id"]}, by="auditor"))["household"]["changes"]
    assert masked == [{**change, "reason": None}]


async def test_what_a_member_declares_with_the_application_is_a_change_of_theirs(service: Service) -> None:
    home = await applied(service)
    worker, other = home["members"]
    done = await correct(service, home, declared=[{"personId": other["id"], "monthlyIncome": "300.00"}])
    assert done["userErrors"] == []
    first, second = done["household"]["members"]
    assert second["changes"][0] == {"kind": "CORRECTED", "fields": ["declared_monthly_income_fen"]}
    assert (first["id"], done["household"]["changes"]) == (worker["id"], [])
    assert second["declaredMonthlyIncome"] == {"amount": "300.00"}


async def test_the_same_request_is_carried_out_once(service: Service) -> None:
    home = await applied(service)
    given = {"idempotencyKey": "the-very-same-correction", "address": ADDRESS}
    first = await correct(service, home, **given)
    again = await correct(service, home, **given)
    assert (again["auditId"], again["userErrors"]) == (first["auditId"], [])
    assert again["household"]["version"] == first["household"]["version"] == home["version"] + 1
    other = await correct(service, home, **{**given, "address": "别处"})
    assert other["userErrors"][0]["code"] == "IDEMPOTENCY_KEY_REUSED"


async def test_a_household_and_a_person_are_known_to_the_national_system_by_numbers_that_are_theirs_alone(
    service: Service,
) -> None:
    home, other = (await homes(service))[:2]
    done = await correct(service, home, acftuReference=" QG4105020001 ")
    assert done["userErrors"] == []
    known = {"system": "ACFTU", "kind": "HOUSEHOLD", "reference": "QG4105020001", "personReference": None}
    assert done["household"]["externalReferences"] == [known]
    (error,) = (await correct(service, other, acftuReference="QG4105020001"))["userErrors"]
    assert (error["code"], error["path"]) == ("INVALID", ["input", "acftuReference"])
    now = done["household"]
    (error,) = (await correct(service, now, acftuReference="QG4105020001"))["userErrors"]
    assert "Nothing is different" in error["message"]
    now = (await correct(service, now, acftuReference="QG4105020002"))["household"]
    freed = await correct(service, other, acftuReference="QG4105020001")
    assert freed["userErrors"] == [], "a number that was put right is free"
    worker = now["members"][0]
    step = {"personId": worker["id"], "reason": "全总系统已编号", "expectedVersion": now["version"]}
    numbered = await act(service, "correctMember", {**step, "corrections": {"acftuReference": "QG-P-1"}})
    assert numbered["userErrors"] == []
    read = f"query ($id: ID!) {{ household(id: $id) {{ {HOME} }} }}"
    now = (await service.data(read, {"id": home["id"]}, by="caseworker"))["household"]
    assert [(each["reference"], each["personReference"]) for each in now["externalReferences"]] == [
        ("QG4105020002", None),
        ("QG-P-1", worker["reference"]),
    ]
    assert now["members"][0]["changes"][0] == {"kind": "LINKED", "fields": ["acftu_reference"]}
    stranger = {**step, "personId": freed["household"]["members"][0]["id"], "expectedVersion": other["version"] + 1}
    taken = await act(service, "correctMember", {**stranger, "corrections": {"acftuReference": "QG-P-1"}})
    (error,) = taken["userErrors"]
    assert (error["code"], error["path"]) == ("INVALID", ["input", "corrections", "acftuReference"])
    gone = await correct(service, now, acftuReference="")
    assert [each["kind"] for each in gone["household"]["externalReferences"]] == ["PERSON"]
    async with transaction(service.engine) as connection:
        events = (await connection.execute(select(AuditEvent.action, AuditEvent.detail))).all()
    told = [event for event in events if event.action in ("household.corrected", "member.linked")]
    assert len(told) == 5
    assert "QG" not in repr(told)


async def test_on_public_notice_what_is_read_there_stays(service: Service) -> None:
    home = await applied(service)
    async with transaction(service.engine) as connection:
        life = await county.taken_over(connection, Stage.PUBLIC_NOTICE, dt.datetime.now(dt.UTC))
    there = {"id": service.vault.ids("Household", [life.household_id])[0], "version": 1}
    for told, path in (({"address": ADDRESS}, "address"), ({"declared": [{"vehicles": 1}]}, "declared")):
        (error,) = (await correct(service, there, **told))["userErrors"]
        assert (error["code"], error["path"]) == ("INVALID", ["input", path])
        assert "public notice" in error["message"]
    assert (await correct(service, there, payeeName="李四"))["userErrors"] == []
    assert (await correct(service, home, address=ADDRESS))["userErrors"] == []


@pytest.mark.parametrize(
    ("told", "code", "path"),
    [
        ({"residence": "CASTLE"}, "INVALID", ["input", "residence"]),
        ({"address": "长" * 501}, "INVALID", ["input", "address"]),
        ({"phone": "1" * 501}, "INVALID", ["input", "phone"]),
        ({"payeeAccount": "6" * 501}, "INVALID", ["input", "payeeAccount"]),
        ({"payeeName": "长" * 501}, "INVALID", ["input", "payeeName"]),
        ({"residence": "URBAN", "reason": " "}, "REQUIRED", ["input", "reason"]),
        ({"declared": [{"monthlyIncome": "-1.00"}]}, "INVALID", ["input", "declared", "monthlyIncome"]),
        ({"declared": [{"vehicles": -1}]}, "INVALID", ["input", "declared"]),
        ({"declared": [{"employment": "无"}]}, "INVALID", ["input", "declared"]),
        ({"declared": [{"personId": "0" * 32, "employment": "无"}]}, "NOT_FOUND", ["input", "declared"]),
        ({}, "REQUIRED", ["input"]),
        ({"residence": "URBAN", "phone": " 13900001111"}, "INVALID", ["input"]),
        ({"acftuReference": "1" * 65}, "INVALID", ["input", "acftuReference"]),
        ({"residence": "URBAN", "expectedVersion": 99}, "CONFLICT", ["input", "expectedVersion"]),
    ],
)
async def test_what_cannot_be_is_refused_at_its_field_and_changes_nothing(
    service: Service, told: dict[str, Any], code: str, path: list[str]
) -> None:
    home = await applied(service)
    (error,) = (await correct(service, home, **told))["userErrors"]
    assert (error["code"], error["path"]) == (code, path)
    read = "query ($id: ID!) { household(id: $id) { version residence declarations { item } } }"
    now = (await service.data(read, {"id": home["id"]}, by="caseworker"))["household"]
    assert (now["version"], now["residence"], len(now["declarations"])) == (home["version"], "URBAN", 1)


async def test_nobody_corrects_beyond_their_division_or_without_keeping_files(service: Service) -> None:
    home = await applied(service)
    for by, code in (("elsewhere", "NOT_FOUND"), ("auditor", "FORBIDDEN")):
        (error,) = (await correct(service, home, by=by, residence="RURAL"))["userErrors"]
        assert error["code"] == code


async def test_a_file_is_corrected_until_it_is_closed_and_what_it_declares_is_reported(service: Service) -> None:
    home = (await homes(service))[0]
    (error,) = (await correct(service, home, declared=[{"vehicles": 0}]))["userErrors"]
    assert error["path"] == ["input", "declared"]
    assert "reportChange" in error["message"]
    assert (await correct(service, home, payeeName="李四"))["household"]["payeeName"] == "李四"
    gone = await applied(service)
    await send(service, "withdrawApplication", householdId=gone["id"], expectedVersion=1, reason="找到工作。")
    (error,) = (await correct(service, {**gone, "version": 2}, residence="RURAL"))["userErrors"]
    assert (error["code"], error["path"]) == ("INVALID", ["input", "householdId"])


@pytest.mark.parametrize("hidden", ["phone", "address"])
async def test_f_29_no_guess_at_where_a_protected_household_is_is_answered(service: Service, hidden: str) -> None:
    kept, guess = {"phone": ("13955550001", "13955550002"), "address": (ADDRESS, "别处 2 号")}[hidden]
    home = await applied(service, **{hidden: kept})
    (same,) = (await correct(service, home, **{hidden: kept}))["userErrors"]
    assert "Nothing is different" in same["message"], "of anybody else"
    key = service.vault.key("Household", home["id"])
    now = dt.datetime.now(dt.UTC)
    async with transaction(service.engine) as connection:
        somebody = select(Member.person_id).where(Member.household_id == key)
        await connection.execute(update(Human).where(Human.id.in_(somebody)).values(protected_since=days.today(now)))
    refused = [(await correct(service, home, **{hidden: value}))["userErrors"] for value in (kept, guess, "")]
    assert refused[0] == refused[1] == refused[2]
    assert (refused[0][0]["code"], refused[0][0]["path"]) == ("FORBIDDEN", ["input"])
    other = await correct(service, home, residence="RURAL")
    assert (other["userErrors"], other["household"][hidden]) == ([], None), "what is shown can be corrected"
    assert [each["by"] for each in other["household"]["changes"]] == [None], "nor is told who handles it"
    async with transaction(service.engine) as connection:
        cleared = Account("cleared", Role.CASEWORKER, "410502", cleared=True)
        await accounts.save(connection, OPERATOR, cleared, now, login="cleared")
        service.tokens = {**service.tokens, "cleared": await accounts.issue_token(connection, "cleared", 1, now)}
    done = await correct(service, other["household"], by="cleared", **{hidden: guess})
    assert (done["userErrors"], done["household"][hidden]) == ([], guess)


DECLARED = "correctHousehold / reportChange"


@pytest.mark.parametrize(
    ("field", "mutation"),
    [
        ("CATEGORY", "reviewApplication / reverifyFile"),
        ("MAIN_CAUSE", "addCause / changeMainCause"),
        ("ADDRESS", "correctHousehold"),
        ("ACCOUNT", "correctHousehold"),
        ("MONTHLY_INCOME", DECLARED),
        ("NAME", "correctMember"),
        ("OWN_INCOME", DECLARED),
        ("MARITAL_STATUS", DECLARED),
    ],
)
async def test_the_form_says_in_both_languages_by_which_mutation_a_field_is_filled_in(
    service: Service, field: str, mutation: str
) -> None:
    home = (await homes(service))[0]
    values = [{"field": field, "value": "1"}]
    of_people = national_form.BY_CODE[field].part is not national_form.FormPart.HOUSEHOLD
    told = (
        {"people": [{"personId": home["members"][0]["id"], "values": values}]} if of_people else {"household": values}
    )
    for language, words in (
        ("en", f"not filled in here, but by {mutation}."),
        ("zh", f"不在此填写：请用 {mutation}。"),
    ):
        given = {
            "householdId": home["id"],
            "expectedVersion": home["version"],
            "idempotencyKey": f"by-{next(_keys):06}",
        }
        answer = await service.ask(FILL, {"input": {**given, **told}}, by="caseworker", language=language)
        (error,) = answer["data"]["fillForm"]["userErrors"]
        assert words in error["message"]


async def test_an_application_too_lives_in_a_town_or_in_the_country(service: Service) -> None:
    (error,) = (await send(service, "submitApplication", **family(residence="CASTLE")))["userErrors"]
    assert (error["code"], error["path"]) == ("INVALID", ["input", "residence"])
