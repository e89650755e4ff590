"""Administrators keep users, organisations and programs: within their division, never beyond their reach, each act told once."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from api.database import reading, transaction
from api.domain.accounts import OPERATOR, ClientKind
from api.domain.permissions import Role
from api.models import AuditEvent, ClientSecret, User
from api.services import accounts, clients, organisations
from tests.api.conftest import Service

USERS = """query ($filter: UserFilter) { users(filter: $filter, first: 100) { totalCount nodes {
  id login displayName role division { code } active version organisation { code } identities { issuer subject } } } }"""
SAVE_USER = """mutation ($input: SaveUserInput!) { saveUser(input: $input) {
  user { id login role version active organisation { code } } userErrors { code path } auditId } }"""
END_USER = """mutation ($input: DeactivateUserInput!) { deactivateUser(input: $input) {
  user { active version } userErrors { code path } } }"""
SAVE_ORGANISATION = """mutation ($input: SaveOrganisationInput!) { saveOrganisation(input: $input) {
  organisation { id code sources version active } userErrors { code path } } }"""
END_ORGANISATION = """mutation ($input: DeactivateOrganisationInput!) { deactivateOrganisation(input: $input) {
  organisation { active version } userErrors { code path } } }"""
SAVE_CLIENT = """mutation ($input: SaveClientInput!) { saveClient(input: $input) {
  client { id clientId kind role trustedOnly version active organisation { code } } userErrors { code path } } }"""
ROTATE = """mutation ($input: RotateClientSecretInput!) { rotateClientSecret(input: $input) {
  secret client { version secrets { expiresAt } } userErrors { code path } } }"""
END_CLIENT = """mutation ($input: DeactivateClientInput!) { deactivateClient(input: $input) {
  client { active secrets { expiresAt } } userErrors { code path } } }"""
LINK = """mutation ($input: LinkIdentityInput!) { linkIdentity(input: $input) {
  user { login identities { issuer subject } } client { clientId identities { subject } } userErrors { code path } } }"""
UNLINK = """mutation ($input: UnlinkIdentityInput!) { unlinkIdentity(input: $input) {
  user { identities { subject } } userErrors { code path } } }"""

ISSUER = "https://idp.example"


async def act(service: Service, mutation: str, given: Mapping[str, Any], by: str = "administrator") -> Any:
    """The payload of a mutation under a key of its own."""
    asked = {"idempotencyKey": uuid.uuid4().hex, **given}
    (payload,) = (await service.data(mutation, {"input": asked}, by=by)).values()
    return payload


async def codes(service: Service, mutation: str, given: Mapping[str, Any], by: str = "administrator") -> list[str]:
    return [error["code"] for error in (await act(service, mutation, given, by))["userErrors"]]


async def the_user(service: Service, login: str, by: str = "administrator") -> dict[str, Any]:
    found = await service.data(USERS, {"filter": {"logins": [login]}}, by=by)
    (user,) = found["users"]["nodes"]
    return dict(user)


async def organisation(service: Service, code: str = "tax", **other: Any) -> dict[str, Any]:
    given = {"code": code, "nameZh": "税务局", "nameEn": "Taxes", "kind": "DEPARTMENT", "divisionCode": "410500"}
    payload = await act(service, SAVE_ORGANISATION, given | {"sources": ["tax"]} | other)
    assert payload["userErrors"] == []
    return dict(payload["organisation"])


async def client(service: Service, **other: Any) -> dict[str, Any]:
    given = {"clientId": "tax-machine", "name": "税务接口", "kind": "SERVICE"}
    given |= {"organisationId": (await organisation(service))["id"]} | other
    payload = await act(service, SAVE_CLIENT, given)
    assert payload["userErrors"] == []
    return dict(payload["client"])


NEW = {"login": "wang", "displayName": "王工", "role": "REVIEWER", "divisionCode": "410502"}


async def test_a_users_life(service: Service) -> None:
    made = await act(service, SAVE_USER, NEW)
    assert made["userErrors"] == []
    assert made["auditId"]
    user = made["user"]
    assert (user["login"], user["role"], user["version"], user["active"]) == ("wang", "REVIEWER", 1, True)
    change = {**NEW, "userId": user["id"], "role": "CASEWORKER"}
    assert await codes(service, SAVE_USER, change) == ["REQUIRED"], "a change says at which version it was read"
    assert await codes(service, SAVE_USER, change | {"expectedVersion": 7}) == ["CONFLICT"]
    changed = await act(service, SAVE_USER, change | {"expectedVersion": 1})
    assert (changed["user"]["role"], changed["user"]["version"]) == ("CASEWORKER", 2)
    ended = await act(service, END_USER, {"userId": user["id"], "expectedVersion": 2})
    assert ended["user"] == {"active": False, "version": 3}
    found = await service.data(USERS, {"filter": {"active": False}}, by="administrator")
    assert [each["login"] for each in found["users"]["nodes"]] == ["wang"]
    read = await service.data(
        "query ($id: ID!) { node(id: $id) { ... on User { login } } }", {"id": user["id"]}, by="administrator"
    )
    assert read["node"] == {"login": "wang"}
    assert (await service.data("query ($id: ID!) { node(id: $id) { id } }", {"id": user["id"]}))["node"] is None
    async with reading(service.engine) as connection:
        acts = select(AuditEvent.action).where(AuditEvent.subject_type == "User", AuditEvent.user_id.is_not(None))
        assert (await connection.execute(acts)).scalars().all() == ["user.saved", "user.saved", "user.deactivated"]


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"login": "reviewer"}, "INVALID", "login"),
        ({"login": "with space"}, "INVALID", "login"),
        ({"login": "client:tax"}, "INVALID", "login"),
        ({"login": None}, "INVALID", "login"),
        ({"displayName": "  "}, "INVALID", "displayName"),
        ({"divisionCode": "41"}, "INVALID", "divisionCode"),
        ({"divisionCode": "410000"}, "FORBIDDEN", "divisionCode"),
        ({"divisionCode": "110101"}, "FORBIDDEN", "divisionCode"),
        ({"organisationId": "0" * 32}, "NOT_FOUND", "organisationId"),
        ({"userId": "0" * 32, "expectedVersion": 1}, "NOT_FOUND", "userId"),
    ],
)
async def test_a_user_who_cannot_be_is_refused(service: Service, given: dict[str, Any], code: str, path: str) -> None:
    payload = await act(service, SAVE_USER, NEW | given)
    assert payload["user"] is None
    assert payload["userErrors"] == [{"code": code, "path": ["input", path]}]


async def test_nobody_reaches_beyond_their_division_or_raises_themselves(service: Service) -> None:
    me = await the_user(service, "administrator")
    myself = {"userId": me["id"], "expectedVersion": me["version"], "displayName": "我", "divisionCode": "410500"}
    assert await codes(service, SAVE_USER, myself | {"role": "REVIEWER"}) == ["FORBIDDEN"]
    assert await codes(service, SAVE_USER, myself | {"role": "ADMINISTRATOR", "divisionCode": "410502"}) == [
        "FORBIDDEN"
    ]
    assert await codes(service, SAVE_USER, myself | {"role": "ADMINISTRATOR"}) == [], "a name is one's own"
    again = {"userId": me["id"], "expectedVersion": me["version"] + 1}
    assert await codes(service, END_USER, again) == ["FORBIDDEN"], "nobody deactivates themselves"
    shown = await service.data(USERS, by="administrator")
    assert "elsewhere" not in {each["login"] for each in shown["users"]["nodes"]}
    async with transaction(service.engine) as connection:
        elsewhere = await accounts.key_of(connection, "elsewhere")
    public_id = service.vault.ids("User", [elsewhere])[0]
    change = {"userId": public_id, "expectedVersion": 1, **NEW}
    assert await codes(service, SAVE_USER, change) == ["NOT_FOUND"], "as if there were none"
    assert await codes(service, END_USER, {"userId": public_id, "expectedVersion": 1}) == ["NOT_FOUND"]
    link = {"userId": public_id, "issuer": ISSUER, "subject": "x"}
    assert await codes(service, LINK, link) == ["NOT_FOUND"]


async def test_there_is_always_an_administrator(service: Service) -> None:
    """A county's administrator cannot end the city's; the city's can end the county's, but not the last of all."""
    county = {"login": "county", "displayName": "县管理员", "role": "ADMINISTRATOR", "divisionCode": "410502"}
    made = (await act(service, SAVE_USER, county))["user"]
    async with transaction(service.engine) as connection:
        token = await accounts.issue_token(connection, "county", 1, dt.datetime.now(dt.UTC))
    service.tokens = {**service.tokens, "county": token}
    city = await the_user(service, "administrator")
    end = {"userId": city["id"], "expectedVersion": city["version"]}
    assert await codes(service, END_USER, end, by="county") == ["NOT_FOUND"]
    demoted = {"userId": made["id"], "expectedVersion": 1, **county, "role": "REVIEWER"}
    assert await codes(service, SAVE_USER, demoted) == []
    assert await codes(service, SAVE_USER, demoted | {"expectedVersion": 2, "role": "ADMINISTRATOR"}) == []
    assert await codes(service, END_USER, {"userId": made["id"], "expectedVersion": 3}) == []


async def test_two_administrators_cannot_end_each_other(service: Service) -> None:
    """Who was ended is remembered for some seconds, in which they could have ended the last."""
    given = {"login": "second", "displayName": "二", "role": "ADMINISTRATOR", "divisionCode": "410500"}
    second = (await act(service, SAVE_USER, given))["user"]
    async with transaction(service.engine) as connection:
        token = await accounts.issue_token(connection, "second", 1, dt.datetime.now(dt.UTC))
    service.tokens = {**service.tokens, "second": token}
    first = await the_user(service, "administrator")
    end_first = {"userId": first["id"], "expectedVersion": first["version"]}
    assert (await service.data("{ viewer { login } }", by="second"))["viewer"] == {"login": "second"}
    assert await codes(service, END_USER, {"userId": second["id"], "expectedVersion": 1}) == []
    assert await codes(service, END_USER, end_first, by="second") == ["FORBIDDEN"]
    demoted = {**end_first, "displayName": "一", "role": "REVIEWER", "divisionCode": "410500"}
    assert await codes(service, SAVE_USER, demoted, by="second") == ["FORBIDDEN"]


async def test_two_administrators_cannot_end_each_others_organisations(service: Service) -> None:
    """Likewise; and nobody of an organisation that was ended counts as an administrator."""
    made = {}
    for login in ("first", "second"):
        named = {"nameZh": login, "nameEn": login, "kind": "UNION", "divisionCode": "410500"}
        union = (await act(service, SAVE_ORGANISATION, {"code": login, **named}))["organisation"]
        given = {"login": login, "displayName": login, "role": "ADMINISTRATOR", "divisionCode": "410500"}
        assert await codes(service, SAVE_USER, given | {"organisationId": union["id"]}) == []
        made[login] = {"organisationId": union["id"], "expectedVersion": union["version"]}
        async with transaction(service.engine) as connection:
            token = await accounts.issue_token(connection, login, 1, dt.datetime.now(dt.UTC))
        service.tokens = {**service.tokens, login: token}
    me = await the_user(service, "administrator")
    assert await codes(service, END_USER, {"userId": me["id"], "expectedVersion": me["version"]}, by="first") == []
    assert (await service.data("{ viewer { login } }", by="second"))["viewer"] == {"login": "second"}
    assert await codes(service, END_ORGANISATION, made["second"], by="first") == []
    assert await codes(service, END_ORGANISATION, made["first"], by="second") == ["FORBIDDEN"]
    first = await the_user(service, "first", by="first")
    end_first = {"userId": first["id"], "expectedVersion": first["version"]}
    assert await codes(service, END_USER, end_first, by="second") == ["FORBIDDEN"]
    second = await the_user(service, "second", by="first")
    end_second = {"userId": second["id"], "expectedVersion": second["version"]}
    assert await codes(service, END_USER, end_second, by="first") == []


async def test_who_answers_for_more_is_not_ended_with_an_organisation_below(service: Service) -> None:
    """The city's reviewer belongs to a county's union: the county's administrator cannot end the one by the other."""
    union = await organisation(service, "county-union", kind="UNION", divisionCode="410502", sources=None)
    given = {"login": "county", "displayName": "县管理员", "role": "ADMINISTRATOR", "divisionCode": "410502"}
    assert await codes(service, SAVE_USER, given) == []
    above = {**NEW, "divisionCode": "410500", "organisationId": union["id"]}
    wang = (await act(service, SAVE_USER, above))["user"]
    async with transaction(service.engine) as connection:
        token = await accounts.issue_token(connection, "county", 1, dt.datetime.now(dt.UTC))
    service.tokens = {**service.tokens, "county": token}
    end = {"organisationId": union["id"], "expectedVersion": 1}
    assert await codes(service, END_ORGANISATION, end, by="county") == ["FORBIDDEN"]
    assert await codes(service, END_USER, {"userId": wang["id"], "expectedVersion": 1}) == []
    assert await codes(service, END_ORGANISATION, end, by="county") == [], "nobody above is at work there any more"


@pytest.mark.parametrize("by", ["caseworker", "reviewer", "auditor", "department"])
async def test_others_keep_no_accounts(service: Service, by: str) -> None:
    assert await codes(service, SAVE_USER, NEW, by=by) == ["FORBIDDEN"]
    answer = await service.ask("{ users { totalCount } organisations { totalCount } clients { totalCount } }", by=by)
    assert answer["data"] == {"users": None, "organisations": None, "clients": None}
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"FORBIDDEN"}


async def test_a_department_has_sources_and_users_of_its_role_alone(service: Service) -> None:
    tax = await organisation(service)
    assert tax["sources"] == ["tax"]
    user = {**NEW, "organisationId": tax["id"]}
    payload = await act(service, SAVE_USER, user)
    assert payload["userErrors"] == [{"code": "INVALID", "path": ["input", "role"]}]
    assert await codes(service, SAVE_USER, user | {"role": "DEPARTMENT"}) == []
    given = {"code": "x", "nameZh": "甲", "nameEn": "A", "kind": "UNION", "divisionCode": "410500"}
    for wrong, path in (
        ({"sources": ["tax"]}, "sources"),
        ({"kind": "DEPARTMENT", "sources": ["gossip"]}, "sources"),
        ({"code": "Not A Code"}, "code"),
        ({"code": "tax"}, "code"),
        ({"nameEn": ""}, "nameEn"),
    ):
        refused = await act(service, SAVE_ORGANISATION, given | wrong)
        assert refused["userErrors"] == [{"code": "INVALID", "path": ["input", path]}], wrong
    union = (await act(service, SAVE_ORGANISATION, given))["organisation"]
    assert await codes(service, SAVE_USER, {**NEW, "login": "zhao", "organisationId": union["id"]}) == []
    turned = given | {"kind": "DEPARTMENT", "organisationId": union["id"], "expectedVersion": 1}
    assert await codes(service, SAVE_ORGANISATION, turned) == ["INVALID"], "it has a reviewer"
    for version, expected in ((5, ["CONFLICT"]), (1, [])):
        end = {"organisationId": union["id"], "expectedVersion": version}
        assert await codes(service, END_ORGANISATION, end) == expected
    assert await codes(service, SAVE_USER, {**NEW, "login": "qian", "organisationId": union["id"]}) == ["INVALID"]


async def test_a_machines_life_and_its_secret(service: Service) -> None:
    machine = await client(service)
    assert (machine["role"], machine["trustedOnly"], machine["version"]) == ("DEPARTMENT", False, 1)
    rotate = {"id": machine["id"], "expectedVersion": 1, "idempotencyKey": "rotated-once"}
    first = await act(service, ROTATE, rotate)
    assert first["userErrors"] == []
    assert first["secret"].startswith("jks_")
    again = await act(service, ROTATE, rotate)
    assert again["secret"] is None, "it is kept by nobody"
    assert again["client"] == first["client"]
    second = await act(service, ROTATE, {"id": machine["id"], "expectedVersion": 2})
    third = await act(service, ROTATE, {"id": machine["id"], "expectedVersion": 3})
    assert len({first["secret"], second["secret"], third["secret"]}) == 3
    assert len(third["client"]["secrets"]) == 2, "the new one, and the one before it for a day"
    at_once = await act(service, ROTATE, {"id": machine["id"], "expectedVersion": 4, "overlapHours": 0})
    assert len(at_once["client"]["secrets"]) == 1
    for wrong in ({"days": 0}, {"days": 731}, {"overlapHours": -1}, {"overlapHours": 721}):
        assert await codes(service, ROTATE, {"id": machine["id"], "expectedVersion": 5, **wrong}) == ["INVALID"], (
            wrong
        )
    async with reading(service.engine) as connection:
        digests = (await connection.execute(select(ClientSecret.digest))).scalars().all()
        details = (await connection.execute(select(AuditEvent.detail))).scalars().all()
    assert not any(at_once["secret"].encode() in digest for digest in digests)
    assert at_once["secret"] not in repr(details)
    ended = await act(service, END_CLIENT, {"id": machine["id"], "expectedVersion": 5})
    assert ended["client"] == {"active": False, "secrets": []}
    assert await codes(service, ROTATE, {"id": machine["id"], "expectedVersion": 6}) == ["INVALID"]


async def test_whoever_keeps_accounts_gives_no_machine_a_secret_to_read_cases_by(service: Service) -> None:
    """They would have a reader's token with nothing more than two mutations; an operator may, as with tokens."""
    union = await organisation(service, "union", kind="UNION", sources=None)
    given = {"clientId": "reader", "name": "x", "kind": "SERVICE", "organisationId": union["id"]}
    payload = await act(service, SAVE_CLIENT, given | {"role": "CASEWORKER"})
    assert payload["userErrors"] == [{"code": "FORBIDDEN", "path": ["input", "role"]}]
    reader = (await act(service, SAVE_CLIENT, given))["client"]
    assert await codes(service, ROTATE, {"id": reader["id"], "expectedVersion": 1}) == []
    change = given | {"id": reader["id"], "expectedVersion": 2, "role": "REVIEWER"}
    assert await codes(service, SAVE_CLIENT, change) == ["FORBIDDEN"]
    async with transaction(service.engine) as connection:
        key, now = await clients.key_of(connection, "reader"), dt.datetime.now(dt.UTC)
        belongs_to = await organisations.key_of(connection, OPERATOR, "union")
        registered = clients.Registered("x", ClientKind.SERVICE, belongs_to, Role.CASEWORKER)
        await clients.save(connection, OPERATOR, registered, now, key=key)
        assert (await clients.rotate_secret(connection, OPERATOR, key, now))[1].startswith("jks_")
    refused = await act(service, ROTATE, {"id": reader["id"], "expectedVersion": 4})
    assert refused["secret"] is None
    assert refused["userErrors"] == [{"code": "FORBIDDEN", "path": ["input", "id"]}]


async def test_a_machine_goes_where_its_organisation_goes(service: Service) -> None:
    tax = await organisation(service)
    machine = {"clientId": "tax-machine", "name": "x", "kind": "SERVICE", "organisationId": tax["id"]}
    assert await codes(service, SAVE_CLIENT, machine) == []
    moved = {"nameZh": "税务局", "nameEn": "Taxes", "kind": "DEPARTMENT", "divisionCode": "410502"}
    assert await codes(service, SAVE_ORGANISATION, {**moved, "organisationId": tax["id"], "expectedVersion": 1}) == []
    async with reading(service.engine) as connection:
        acts_for = select(User.division_code).where(User.login == "client:tax-machine")
        assert await connection.scalar(acts_for) == "410502"


async def test_programs_are_what_they_are(service: Service) -> None:
    tax = await organisation(service)
    given = {"clientId": "portal", "name": "门户", "kind": "APPLICATION", "organisationId": tax["id"]}
    for wrong, code, path in (
        ({"role": "REVIEWER"}, "INVALID", "role"),
        ({"kind": "SERVICE", "role": "ADMINISTRATOR"}, "INVALID", "role"),
        ({"kind": "SERVICE", "role": "REVIEWER"}, "INVALID", "role"),
        ({"clientId": "no good"}, "INVALID", "clientId"),
        ({"organisationId": "0" * 32}, "NOT_FOUND", "organisationId"),
        ({"id": "0" * 32, "expectedVersion": 1}, "NOT_FOUND", "id"),
    ):
        payload = await act(service, SAVE_CLIENT, given | wrong)
        assert payload["userErrors"] == [{"code": code, "path": ["input", path]}], wrong
    portal = (await act(service, SAVE_CLIENT, given | {"trustedOnly": True}))["client"]
    assert (portal["kind"], portal["role"], portal["trustedOnly"]) == ("APPLICATION", None, True)
    assert await codes(service, SAVE_CLIENT, given) == ["INVALID"], "its client id is taken"
    assert await codes(service, ROTATE, {"id": portal["id"], "expectedVersion": 1}) == ["INVALID"]
    change = given | {"id": portal["id"], "expectedVersion": 1}
    assert await codes(service, SAVE_CLIENT, change | {"kind": "SERVICE"}) == ["INVALID"]
    assert (await act(service, SAVE_CLIENT, change))["client"]["version"] == 2
    listed = await service.data(
        "{ clients(filter: {kinds: [APPLICATION]}) { nodes { clientId } } }", by="administrator"
    )
    assert listed["clients"]["nodes"] == [{"clientId": "portal"}]
    assert "client:" not in str((await service.data(USERS, by="administrator"))["users"])


async def test_identities_are_linked_to_one_user_each(service: Service) -> None:
    li, wu = await the_user(service, "reviewer"), await the_user(service, "auditor")
    link = {"userId": li["id"], "issuer": ISSUER, "subject": "u-1"}
    linked = {"login": "reviewer", "identities": [{"issuer": ISSUER, "subject": "u-1"}]}
    for _ in range(2):
        assert (await act(service, LINK, link))["user"] == linked, "twice is as good as once"
    assert await codes(service, LINK, link | {"userId": wu["id"]}) == ["INVALID"]
    assert await codes(service, LINK, link | {"subject": ""}) == ["INVALID"]
    machine = await client(service)
    assert await codes(service, LINK, link | {"clientId": machine["id"]}) == ["INVALID"]
    of_machine = await act(service, LINK, {"clientId": machine["id"], "issuer": ISSUER, "subject": "m-1"})
    assert of_machine["client"] == {"clientId": "tax-machine", "identities": [{"subject": "m-1"}]}
    assert of_machine["user"] is None
    assert (await act(service, UNLINK, {"issuer": ISSUER, "subject": "u-1"}))["user"] == {"identities": []}
    assert await codes(service, UNLINK, {"issuer": ISSUER, "subject": "u-1"}) == ["NOT_FOUND"]
    assert (await act(service, LINK, link | {"userId": wu["id"]}))["user"]["login"] == "auditor"


async def test_an_organisation_that_is_deactivated_takes_its_people_along(service: Service) -> None:
    department = "{ viewer { login } }"
    assert (await service.data(department, by="department"))["viewer"] == {"login": "department"}
    found = await service.data(
        '{ organisations(filter: {codes: ["police"]}) { nodes { id version } } }', by="administrator"
    )
    (police,) = found["organisations"]["nodes"]
    assert (
        await codes(service, END_ORGANISATION, {"organisationId": police["id"], "expectedVersion": police["version"]})
        == []
    )
    async with transaction(service.engine) as connection:
        token = await accounts.issue_token(connection, "department", 1, dt.datetime.now(dt.UTC))
    service.tokens = {**service.tokens, "department": token}
    answer = await service.ask(department, by="department")
    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_f_29_an_administrator_clears_who_sees_identities_and_nobody_else(service: Service) -> None:
    """Clearance ends with the role and the division that it was given for, and is told in the audit."""
    query = """query ($c: Boolean) { users(filter: {cleared: $c}) { nodes { login } } }"""
    who = "{ viewer { cleared } }"

    async def saved(**given: Any) -> tuple[bool, list[str]]:
        user = await the_user(service, "reviewer")
        named = {"userId": user["id"], "expectedVersion": user["version"], "displayName": "李工"}
        change = {"role": "REVIEWER", "divisionCode": "410500"} | named | given
        found = await codes(service, SAVE_USER, change)
        cleared = (await service.data(query, {"c": True}, by="administrator"))["users"]["nodes"]
        return cleared == [{"login": "reviewer"}], found

    assert await saved() == (False, [])
    assert await saved(cleared=True) == (True, [])
    assert (await service.data(who))["viewer"] == {"cleared": True}
    assert await saved(displayName="李大工") == (True, []), "what is not said stays"
    assert await saved(role="AUDITOR", cleared=True) == (True, ["INVALID"])
    assert await saved(divisionCode="410502") == (False, []), "given for another division"
    assert await saved(cleared=True) == (True, []), "and given anew"
    assert await saved(role="CASEWORKER") == (False, [])
    assert await saved(role="REVIEWER", cleared=True) == (True, [])
    assert await saved(cleared=False) == (False, [])
    own = await the_user(service, "administrator")
    named = {"userId": own["id"], "expectedVersion": own["version"], "displayName": "x", "divisionCode": "410500"}
    assert await codes(service, SAVE_USER, named | {"role": "ADMINISTRATOR", "cleared": True}) == ["INVALID"]
    assert await codes(service, SAVE_USER, named | {"role": "REVIEWER", "cleared": True}) == ["FORBIDDEN"]
    async with reading(service.engine) as connection:
        told = select(AuditEvent.detail).where(AuditEvent.action == "user.saved", AuditEvent.user_id.is_not(None))
        details = list((await connection.scalars(told.order_by(AuditEvent.id))).all())
    assert [each["cleared"] for each in details] == [False, True, True, False, True, False, True, False]


async def test_f_29_the_database_clears_nobody_who_sees_no_identities(service: Service) -> None:
    for login in ("auditor", "department", "administrator"):
        async with service.engine.connect() as connection:
            with pytest.raises(IntegrityError):
                await connection.execute(update(User).where(User.login == login).values(cleared=True))
