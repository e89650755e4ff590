"""Households drawn by chance and looked at blind: what the rules miss, and that nobody is told which is which (F-19)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import delete, func, insert, select, update

from api.database import transaction
from api.domain import payments
from api.domain.progress import quarter
from api.domain.stages import ACTIVE, Stage
from api.matching import policy
from api.models import (
    BlindCase,
    BlindDraw,
    FileTransfer,
    Finding,
    FindingPerson,
    Household,
    Organisation,
    Review,
    User,
)
from api.services import blind
from tests.api import county
from tests.api.conftest import Service

CASES = """query ($made: Boolean, $after: String) { blindCases(filter: {made: $made}, first: 100, after: $after) {
  totalCount pageInfo { hasNextPage endCursor }
  nodes { id version quarter verdict note reviewedBy household { reference } } } }"""
RECORD = """mutation ($input: RecordBlindReviewInput!) { recordBlindReview(input: $input) {
  blindCase { version verdict note reviewedBy } userErrors { code path } } }"""
REPORT = """query ($code: String, $on: Date) { blindReport(divisionCode: $code, on: $on) {
  quarter withoutLead { drawn reviewed found share shareAtLeast shareAtMost } withLead { drawn reviewed found } } }"""


async def draw(service: Service) -> int:
    async with transaction(service.engine) as connection:
        return await blind.chore(connection, service.vault, service.now())


async def cases(service: Service, made: bool | None = None, by: str = "reviewer") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after = None
    while True:
        page = (await service.data(CASES, {"made": made, "after": after}, by=by))["blindCases"]
        found += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


async def record(service: Service, case: dict[str, Any], verdict: str, by: str = "reviewer", **changes: Any) -> Any:
    told = {
        "idempotencyKey": f"blind-{case['id'][:12]}-{verdict}",
        "caseId": case["id"],
        "expectedVersion": case["version"],
        "verdict": verdict,
        "note": "已入户核实。",
    } | changes
    return (await service.data(RECORD, {"input": told}, by=by))["recordBlindReview"]


async def test_f19_each_quarter_so_many_without_a_lead_are_drawn_by_a_seed_and_as_many_with_one_beside_them(
    service: Service,
) -> None:
    async with transaction(service.engine) as connection:
        user = await connection.scalar(select(User.id).where(User.login == "reviewer"))
        for lead in (await connection.scalars(select(Finding.id).order_by(Finding.id).limit(20))).all():
            said = {"reviewer_id": user, "outcome": "NO_ISSUE", "note": b"", "evidence_hash": "x"}
            made = insert(Review).values(**said, finding_id=lead, reviewed_at=service.now()).returning(Review.id)
            review = (await connection.execute(made)).scalar_one()
            closed = update(Finding).where(Finding.id == lead).values(state="CLOSED", review_id=review)
            await connection.execute(closed)
    assert await draw(service) > 0
    assert await draw(service) == 0, "once a quarter"
    today = service.now().date()
    percent, least = policy.whole(blind.PERCENT, today), policy.whole(blind.LEAST, today)
    async with transaction(service.engine) as connection:
        draws = (await connection.execute(select(BlindDraw))).all()
        assert draws
        for each in draws:
            rows = (await connection.execute(select(BlindCase).where(BlindCase.draw_id == each.id))).all()
            without = {row.household_id for row in rows if not row.has_lead}
            having = {row.household_id for row in rows if row.has_lead}
            leads = {*await connection.scalars(select(Finding.household_id))}  # what was concluded on was not missed
            assert without.isdisjoint(leads)
            assert having <= leads
            assert len(without) == each.drawn == min(each.cases, max(-(-each.cases * percent // 100), least))
            assert len(having) == each.beside <= each.drawn
            theirs = select(Household.id).where(Household.division_code == each.division_code)
            theirs = theirs.where(Household.stage.in_(sorted(ACTIVE)), Household.id.not_in(leads))
            population = [*await connection.scalars(theirs)]
            assert len(population) == each.cases
            assert without == {*payments.sample(each.seed, population, percent, least)}, (
                "the seed draws the same again"
            )
            order = [row.has_lead for row in sorted(rows, key=lambda row: row.id)]
            if each.beside > 3:
                assert order not in (sorted(order), sorted(order, reverse=True)), "the two are mixed"
    service.ahead = dt.timedelta(days=100)
    assert await draw(service) > 0, "and again in the next"


async def test_f19_only_households_of_which_a_scan_has_asked_by_all_rules_are_drawn(service: Service) -> None:
    async def drawn(home: int) -> bool:
        async with transaction(service.engine) as connection:
            await connection.execute(delete(BlindCase))
            await connection.execute(delete(BlindDraw))
            percent = {blind.PERCENT: 100, blind.LEAST: 1}
            with pytest.MonkeyPatch.context() as patched:
                patched.setattr(policy, "whole", lambda key, *where: percent[key])
                await blind.chore(connection, service.vault, service.now())
            found = await connection.scalar(select(BlindCase.id).where(BlindCase.household_id == home))
        return found is not None

    async with transaction(service.engine) as connection:
        life = await county.taken_over(connection, Stage.RECORDED, service.now())
        other = (await connection.scalars(select(BlindCase.household_id))).all()
        assert not other
    home = life.household_id
    assert not await drawn(home), "it came after the scan"
    start = """mutation ($input: StartScanInput!) { startScan(input: $input) { userErrors { code } } }"""
    for number, rules in enumerate((["H05"], [])):
        asked = {"idempotencyKey": f"scan-{number:04}", "rules": rules}
        await service.data(start, {"input": asked}, by="auditor")
        await service.work()
        async with transaction(service.engine) as connection:
            await connection.execute(delete(FindingPerson).where(FindingPerson.finding_id.in_(of(home))))
            await connection.execute(delete(Finding).where(Finding.household_id == home))
        assert await drawn(home) is (not rules), "a scan by one rule has not asked all"
    async with transaction(service.engine) as connection:
        organisation = await connection.scalar(select(func.min(Organisation.id)))
        told = {"from_organisation_id": organisation, "to_organisation_id": organisation, "file_id": life.file_id}
        told |= {"from_division_code": "110101", "to_division_code": county.COUNTY, "reason": b""}
        when = {"transferred_on": service.now().date(), "transferred_at": service.now() + dt.timedelta(days=1)}
        user = await connection.scalar(select(func.min(User.id)))
        await connection.execute(insert(FileTransfer).values(**told, **when, user_id=user))
    assert not await drawn(home), "where it was then, nobody asked"


def of(home: int) -> Any:
    """The keys of a household's leads."""
    return select(Finding.id).where(Finding.household_id == home)


async def test_f19_whoever_looks_is_not_told_which_it_is_and_what_is_found_changes_no_household(
    service: Service,
) -> None:
    await draw(service)
    case = (await cases(service))[0]
    assert "lead" not in " ".join(case).lower()
    async with transaction(service.engine) as connection:
        before = (await connection.execute(select(Household).order_by(Household.id))).all()
    done = await record(service, case, "ISSUE_FOUND")
    assert done["userErrors"] == []
    assert done["blindCase"] == {
        "version": 2,
        "verdict": "ISSUE_FOUND",
        "note": "已入户核实。",
        "reviewedBy": "Reviewer",
    }
    async with transaction(service.engine) as connection:
        assert (await connection.execute(select(Household).order_by(Household.id))).all() == before
    assert [each["id"] for each in await cases(service, made=True)] == [case["id"]]
    again = await record(service, case | {"version": 2}, "NO_ISSUE")
    assert [each["code"] for each in again["userErrors"]] == ["INVALID"]


@pytest.mark.parametrize(
    ("by", "changes", "code"),
    [
        ("reviewer", {"expectedVersion": 7}, "CONFLICT"),
        ("reviewer", {"note": " "}, "REQUIRED"),
        ("reviewer", {"caseId": "0" * 32}, "NOT_FOUND"),
        ("elsewhere", {}, "NOT_FOUND"),
        ("caseworker", {}, "FORBIDDEN"),
        ("auditor", {}, "FORBIDDEN"),
    ],
)
async def test_what_cannot_be_recorded_is_said(service: Service, by: str, changes: dict[str, Any], code: str) -> None:
    await draw(service)
    case = (await cases(service))[0]
    refused = await record(service, case, "NO_ISSUE", by, **changes)
    assert [each["code"] for each in refused["userErrors"]] == [code]


async def test_f19_what_was_found_without_a_lead_is_what_rules_miss_and_who_cannot_tell_counts_nowhere(
    service: Service,
) -> None:
    await draw(service)
    async with transaction(service.engine) as connection:
        keys = [*await connection.scalars(select(BlindCase.id).where(~BlindCase.has_lead).order_by(BlindCase.id))]
        user = await connection.scalar(select(func.min(BlindCase.id)))
        assert user
        note, now = service.vault.seal("blind_cases.note", "x"), service.now()
        for verdict, some in (
            ("ISSUE_FOUND", keys[:2]), ("UNMET_ENTITLEMENT", keys[2:3]), ("CANNOT_TELL", keys[3:5]), ("NO_ISSUE", keys[5:32])
        ):  # fmt: skip
            told = {"verdict": verdict, "note": note, "reviewer_id": 1, "reviewed_at": now}
            await connection.execute(update(BlindCase).where(BlindCase.id.in_(some)).values(**told))
    found = (await service.data(REPORT, {}, by="auditor"))["blindReport"]
    without = found["withoutLead"]
    assert found["quarter"] == quarter(service.now().date()).isoformat()
    assert (without["drawn"], without["reviewed"], without["found"]) == (len(keys), 30, 3)
    assert (without["share"], without["shareAtLeast"], without["shareAtMost"]) == ("0.1000", "0.0346", "0.2562")
    assert found["withLead"]["reviewed"] == 0
    before = (await service.data(REPORT, {"on": "2020-01-01"}, by="auditor"))["blindReport"]
    assert before["withoutLead"]["drawn"] == 0
    assert (await service.data(REPORT, {"code": "410500"}, by="auditor"))["blindReport"] is not None
    assert "errors" in await service.ask(REPORT, {}, by="reviewer"), "who reviews is not told"
