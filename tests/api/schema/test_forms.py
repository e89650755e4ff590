"""The national form through GraphQL: its fields as data, filled in and masked, and an application that lacks some is not accepted."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import pytest
from sqlalchemy import select, update

from api.database import transaction
from api.domain import national_form
from api.domain.errors import NotDone
from api.domain.lifecycle import Action
from api.domain.national_form import FormPart
from api.models import AuditEvent, Household, Member
from api.services import viewers
from api.services.guards import register
from api.services.guards.case import Case
from tests.api.conftest import Service
from tests.api.filled import WORDS, fill_in
from tests.api.schema.test_people import homes

FILL = """mutation ($input: FillFormInput!) { fillForm(input: $input) { household { version form { field value }
  members { form { field value } } } userErrors { code path message } } }"""
NOW = dt.datetime.now(dt.UTC)
_keys = itertools.count(1)


async def fill(service: Service, home: dict[str, Any], by: str = "caseworker", **told: Any) -> dict[str, Any]:
    given = {
        "householdId": home["id"],
        "expectedVersion": home["version"],
        "idempotencyKey": f"the-form-{next(_keys)}",
    }
    found: dict[str, Any] = (await service.data(FILL, {"input": {**given, **told}}, by=by))["fillForm"]
    return found


async def test_the_forms_fields_are_data(service: Service) -> None:
    query = "{ formFields { code labelZh part kind required words { code labelZh } keptElsewhere } }"
    found = (await service.data(query))["formFields"]
    assert [each["code"] for each in found] == [each.code for each in national_form.FIELDS]
    housing = next(each for each in found if each["code"] == "HOUSING")
    assert {"code": "PUBLIC", "labelZh": "公租房"} in housing["words"]
    workers = (await service.data("{ formFields(part: WORKER) { part } }"))["formFields"]
    assert {each["part"] for each in workers} == {"WORKER"}


async def test_the_form_is_filled_in_bit_by_bit_and_kept_sealed(service: Service) -> None:
    home = (await homes(service))[0]
    person = home["members"][0]["id"]
    people = [{"personId": person, "values": [{"field": "ETHNIC_GROUP", "value": "回族"}]}]
    done = await fill(service, home, household=[{"field": "HOUSING", "value": "公租房"}], people=people)
    assert done["userErrors"] == []
    assert done["household"]["form"] == [{"field": "HOUSING", "value": "PUBLIC"}]
    assert done["household"]["version"] == home["version"] + 1
    home["version"] += 1
    more = [{"field": "POSTCODE", "value": "455000"}, {"field": "HOUSING", "value": None}]
    done = await fill(service, home, household=more)
    assert done["household"]["form"] == [{"field": "POSTCODE", "value": "455000"}]
    async with transaction(service.engine) as connection:
        kept = (
            await connection.execute(select(Household.form, Household.form_fields).where(Household.form.is_not(None)))
        ).one()
        assert b"455000" not in kept.form
        assert kept.form_fields == ["POSTCODE"]
        event = (await connection.execute(select(AuditEvent).order_by(AuditEvent.id.desc()).limit(1))).one()
        assert (event.action, event.detail) == ("form.filled", {"fields": ["HOUSING", "POSTCODE"]})


async def test_who_sees_masks_sees_which_fields_are_filled_in_alone(service: Service) -> None:
    home = (await homes(service))[0]
    await fill(service, home, household=[{"field": "POSTCODE", "value": "455000"}])
    query = "query ($id: ID!) { household(id: $id) { form { field value } } }"
    shown = (await service.data(query, {"id": home["id"]}, by="auditor"))["household"]["form"]
    assert shown == [{"field": "POSTCODE", "value": None}]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([{"field": "CASTLES", "value": "1"}], "no field CASTLES"),
        ([{"field": "ETHNIC_GROUP", "value": "汉族"}], "no field ETHNIC_GROUP here"),
        ([{"field": "ADDRESS", "value": "某处"}], "is not filled in here"),
        ([{"field": "HOUSING", "value": "城堡"}], "one of those listed"),
        ([{"field": "POSTCODE", "value": "1"}, {"field": "POSTCODE", "value": "2"}], "twice"),
    ],
)
async def test_what_the_form_does_not_hold_is_refused(
    service: Service, values: list[dict[str, str]], words: str
) -> None:
    home = (await homes(service))[0]
    (error,) = (await fill(service, home, household=values))["userErrors"]
    assert (error["code"], error["path"]) == ("INVALID", ["input", "household"])
    assert words in error["message"]


async def test_somebody_elses_member_is_not_there(service: Service) -> None:
    one, other = (await homes(service))[:2]
    people = [{"personId": other["members"][0]["id"], "values": [{"field": "HEALTH", "value": "GOOD"}]}]
    (error,) = (await fill(service, one, people=people))["userErrors"]
    assert (error["code"], error["path"]) == ("NOT_FOUND", ["input", "people"])


async def test_what_is_missing_is_named_and_an_incomplete_form_goes_no_further(service: Service) -> None:
    home = (await homes(service))[0]
    key = service.vault.key("Household", home["id"])
    query = "query ($id: ID!) { missingFields(householdId: $id) { code labelZh personReference } }"
    lacking = (await service.data(query, {"id": home["id"]}))["missingFields"]
    assert {"HOUSING", "ETHNIC_GROUP", "HEALTH"} <= {each["code"] for each in lacking}
    async with transaction(service.engine) as connection:
        viewer = await viewers.of_login(connection, "caseworker")
        assert viewer is not None
        case = Case(key, None, "410502", Action.ACCEPT, viewer, None)
        with pytest.raises(NotDone, match=f"lacks {len(lacking)} fields") as refused:
            await register.complete(connection, case, NOW)
        assert "住房类型" in refused.value.zh
        await fill_in(connection, service.vault, key)
        await register.complete(connection, case, NOW)
    assert (await service.data(query, {"id": home["id"]}))["missingFields"] == []


def test_the_tests_own_words_fill_every_required_field() -> None:
    for part in FormPart:
        kept = {each.code for each in national_form.of(part) if each.required and each.column is None}
        assert kept <= WORDS.keys()
    for code, word in WORDS.items():
        assert national_form.read(national_form.BY_CODE[code], word)


async def test_f_09_a_member_without_any_document_owes_no_number(service: Service) -> None:
    home = (await homes(service))[0]
    key = service.vault.key("Household", home["id"])
    async with transaction(service.engine) as connection:
        await fill_in(connection, service.vault, key)
        member = (
            await connection.execute(
                select(Member.id).where(Member.household_id == key).order_by(Member.id.desc()).limit(1)
            )
        ).scalar_one()
        of_member = update(Member).where(Member.id == member)
        await connection.execute(of_member.values(id_number=None, id_number_index=None))
        assert [each.field.code for each in await register.missing(connection, key, NOW)] in (
            ["ID_NUMBER"],
            ["MEMBER_ID_NUMBER"],
        )
        await connection.execute(of_member.values(id_kind="NONE"))
        assert await register.missing(connection, key, NOW) == []
