"""Thirty-two clients at work on one household, on PostgreSQL and by HTTP: nothing is lost, nothing is done twice."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import func, select

from api.database import transaction
from api.models import AuditEvent, Declaration, File, Household, OutboxEvent, Task, Transition, table
from api.services import audit
from tests.api.conftest import Service

CLIENTS = 32
H, T = table(Household).c, table(Transition).c
ON_FILE = """
query { files(filter: {divisionCode: "410502", stages: [RECORDED]}, first: 1) {
  nodes { household { id version reference } } } }"""
APPLYING = """
query { files(filter: {divisionCode: "410502", stages: [APPLIED]}, first: 1) {
  nodes { household { id version reference } } } }"""
VERSION = "query ($id: ID!) { household(id: $id) { version stage history { number } } }"
ERRORS = "auditId userErrors { code ... on ConflictError { currentVersion } }"
REPORT = (
    f"mutation ($input: ReportChangeInput!) {{ reportChange(input: $input) {{ household {{ version }} {ERRORS} }} }}"
)
REVERIFY = (
    f"mutation ($input: ReverifyFileInput!) {{ reverifyFile(input: $input) {{ household {{ version }} {ERRORS} }} }}"
)
WITHDRAW = f"mutation ($input: WithdrawApplicationInput!) {{ withdrawApplication(input: $input) {{ {ERRORS} }} }}"

on_postgresql_alone = pytest.mark.parametrize("service", ["postgresql"], indirect=True)


async def household(service: Service, query: str) -> dict[str, Any]:
    (found,) = (await service.data(query))["files"]["nodes"]
    home: dict[str, Any] = found["household"]
    return home


def code(answer: dict[str, Any]) -> str:
    return str(answer["userErrors"][0]["code"]) if answer["userErrors"] else "DONE"


async def key_of(service: Service, home: dict[str, Any]) -> int:
    async with transaction(service.engine) as connection:
        found = await connection.scalar(select(H.id).where(H.reference == home["reference"]))
    assert found is not None
    return int(found)


async def moves(service: Service, key: int) -> list[tuple[int, str]]:
    async with transaction(service.engine) as connection:
        rows = await connection.execute(select(T.number, T.action).where(T.household_id == key).order_by(T.number))
        return [tuple(row) for row in rows]


@on_postgresql_alone
async def test_of_all_who_read_the_same_version_one_is_first(service: Service) -> None:
    home = await household(service, ON_FILE)
    key = await key_of(service, home)
    before = await moves(service, key)

    async def try_it(number: int) -> str:
        given = {"householdId": home["id"], "expectedVersion": home["version"], "reason": "已复核。"}
        given["idempotencyKey"] = f"race-one-{number:03}"
        by = ("caseworker", "county-reviewer", "reviewer")[number % 3]
        return code((await service.data(REVERIFY, {"input": given}, by=by))["reverifyFile"])

    codes = sorted(await asyncio.gather(*(try_it(number) for number in range(CLIENTS))))
    assert codes == ["CONFLICT"] * (CLIENTS - 1) + ["DONE"]
    assert (await moves(service, key))[len(before) :] == [(len(before) + 1, "REVERIFY")]


@on_postgresql_alone
async def test_each_client_s_report_counts_once_however_often_it_is_sent(service: Service) -> None:
    """Each reads, reports, and when another was quicker reads again; and sends what was done once more, as after a time-out."""
    home = await household(service, ON_FILE)
    key = await key_of(service, home)
    before = await moves(service, key)
    async with transaction(service.engine) as connection:
        reported = func.count().filter(AuditEvent.action == "household.report_change", AuditEvent.subject == key)
        audited = await connection.scalar(select(reported))
        told = await connection.scalar(select(func.count()).where(OutboxEvent.subject == key))

    async def client(number: int) -> tuple[int, set[str]]:
        """The version that its report led to, and the ids of the audit that answered it."""
        by = ("caseworker", "county-reviewer", "reviewer")[number % 3]
        version, attempt = home["version"], 0
        while True:
            attempt += 1
            given = {
                "idempotencyKey": f"race-{number:03}-{attempt:03}",
                "householdId": home["id"],
                "expectedVersion": version,
                "reason": f"第{number}项变化。",
                "declared": [{"vehicles": number}],
            }
            answer = (await service.data(REPORT, {"input": given}, by=by))["reportChange"]
            if code(answer) == "DONE":
                again = [
                    (await service.data(REPORT, {"input": given}, by=by))["reportChange"]["auditId"] for _ in range(2)
                ]
                return version + 1, {answer["auditId"], *again}
            assert code(answer) == "CONFLICT"
            version = answer["userErrors"][0]["currentVersion"]

    led_to = await asyncio.gather(*(client(number) for number in range(CLIENTS)))
    versions, audit_ids = zip(*led_to, strict=True)
    assert sorted(versions) == list(range(home["version"] + 1, home["version"] + 1 + CLIENTS)), "no version twice"
    assert all(len(each) == 1 for each in audit_ids), "sent again, it is answered as it was"
    assert len(set().union(*audit_ids)) == CLIENTS
    assert await moves(service, key) == [
        *before,
        *((len(before) + place, "REPORT_CHANGE") for place in range(1, CLIENTS + 1)),
    ]
    async with transaction(service.engine) as connection:
        stands = (await connection.execute(select(H.version, H.transition_number).where(H.id == key))).one()
        assert tuple(stands) == (home["version"] + CLIENTS, len(before) + CLIENTS)
        assert await connection.scalar(select(reported)) == (audited or 0) + CLIENTS
        assert (
            await connection.scalar(select(func.count()).where(OutboxEvent.subject == key)) == (told or 0) + CLIENTS
        )
        declared = select(Declaration.amount).where(Declaration.household_id == key, Declaration.item == "VEHICLES")
        amounts = (await connection.execute(declared.where(Declaration.source == "CHANGE"))).scalars().all()
        assert set(amounts) == set(range(CLIENTS)), "nobody's words are lost"
        tasks = select(func.count()).where(Task.household_id == key, Task.kind == "CHANGE_REPORTED")
        assert await connection.scalar(tasks) == CLIENTS
        assert (await audit.prove(connection)).broken is None


@on_postgresql_alone
async def test_an_application_is_withdrawn_once_and_its_file_is_closed_once(service: Service) -> None:
    """Nobody says which version was read wrongly: each reads it again until the table itself says no."""
    home = await household(service, APPLYING)
    key = await key_of(service, home)

    async def client(number: int) -> str:
        version = home["version"]
        for attempt in range(CLIENTS):
            given = {"householdId": home["id"], "expectedVersion": version, "reason": "不再申请。"}
            given["idempotencyKey"] = f"withdraw-{number:03}-{attempt:03}"
            answer = (await service.data(WITHDRAW, {"input": given}, by="caseworker"))["withdrawApplication"]
            if code(answer) != "CONFLICT":
                return code(answer)
            version = answer["userErrors"][0]["currentVersion"]
        raise AssertionError("it never ends")

    codes = await asyncio.gather(*(client(number) for number in range(CLIENTS)))
    assert sorted(codes) == ["DONE"] + ["INVALID"] * (CLIENTS - 1)
    assert [action for _, action in await moves(service, key)].count("WITHDRAW") == 1
    async with transaction(service.engine) as connection:
        open_files = select(func.count()).where(table(File).c.household_id == key, table(File).c.closed_on.is_(None))
        assert await connection.scalar(open_files) == 0
        assert (await audit.prove(connection)).broken is None
    again = (await service.data(VERSION, {"id": home["id"]}))["household"]
    assert again["stage"] == "WITHDRAWN"
    assert [each["number"] for each in again["history"]] == list(range(1, len(again["history"]) + 1))
