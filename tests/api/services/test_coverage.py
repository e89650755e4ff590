"""Which of a household's causes are addressed, by its plan, by aid and by referrals; and the households of whom one is not."""

from __future__ import annotations

import random
from typing import Any

from sqlalchemy import delete, insert, select, update

from api.database import transaction
from api.domain.casework import HardshipCause, MeasureState, ReferralOutcome
from api.domain.measures import Measure
from api.models import (
    Cause,
    CauseEvent,
    Enrolment,
    File,
    Grant,
    Household,
    Organisation,
    Payment,
    Plan,
    PlannedMeasure,
    Programme,
    Referral,
    User,
    table,
)
from tests.api.conftest import Service
from tests.api.services import test_entitlements
from tests.api.services.atwork import DAY, NOW, TODAY, OnFile, errors

MONTH = TODAY.replace(day=1)
COVER = """planCoverage { cover causes { kind main cover remedies measureIds enrolmentIds grantIds referralIds
  refusedReferralIds } }"""
PAGE = "query ($filter: HouseholdFilter, $after: String) { households(filter: $filter, first: 100, after: $after) { "
PAGE += "pageInfo { hasNextPage endCursor } nodes { reference plan { id } " + COVER + " } } }"


async def home(service: Service, *causes: str) -> OnFile:
    """A household on file that names these causes, the first one as the main one, and has no plan."""
    house = await test_entitlements.home(service)
    for place, cause in enumerate(causes):
        await caused(service, house.key, house.file, cause, place)
    return house


async def caused(service: Service, household: int, file: int, cause: str, place: int) -> None:
    async with transaction(service.engine) as connection:
        row = {"household_id": household, "file_id": file, "cause": cause, "place": place, "main": place == 0}
        key = await connection.scalar(
            insert(Cause).values(**row, since=TODAY, version=1).returning(table(Cause).c.id)
        )
        event: dict[str, Any] = {"cause_id": key, "change": "ADDED", "main": place == 0, "effective_on": TODAY}
        await connection.execute(insert(CauseEvent).values(**event, evidence=[], happened_at=NOW))


async def planned(house: OnFile, *measures: str) -> list[dict[str, Any]]:
    """A plan of these measures."""
    told: dict[str, Any] = {"goal": "脱困", "measures": [
        {"measure": each, "what": "落实", "organisation": "police", "dueOn": str(TODAY + 30 * DAY)} for each in measures
    ]}  # fmt: skip
    made = await house.act("makePlan", "plan { measures { id measure version } }", householdId=house.id, **told)
    assert errors(made) == []
    found: list[dict[str, Any]] = made["plan"]["measures"]
    return found


async def covered(house: OnFile) -> tuple[str, dict[str, str]]:
    """What is found of the household, and of each of its causes."""
    told = (await house.read(COVER))["planCoverage"]
    return told["cover"], {each["kind"]: each["cover"] for each in told["causes"]}


async def test_a_cause_is_planned_for_then_covered_and_what_is_dropped_addresses_nothing(service: Service) -> None:
    house = await home(service, "SCHOOLING", "NOT_EMPLOYED")
    assert await covered(house) == ("NO_PLAN", {"SCHOOLING": "LEFT_OPEN", "NOT_EMPLOYED": "LEFT_OPEN"})
    (measure,) = await planned(house, "EDUCATION")
    assert await covered(house) == ("CAUSE_LEFT_OPEN", {"SCHOOLING": "PLANNED", "NOT_EMPLOYED": "LEFT_OPEN"})
    (told, _) = (await house.read(COVER))["planCoverage"]["causes"]
    assert (told["main"], told["remedies"], told["measureIds"]) == (True, ["EDUCATION"], [measure["id"]])
    report = {"measureId": measure["id"], "expectedVersion": 1, "note": "已联系学校。"}
    assert errors(await house.act("reportProgress", "measure { id }", **report, state="UNDER_WAY")) == []
    assert (await covered(house))[1]["SCHOOLING"] == "COVERED"
    report["expectedVersion"] = 2
    assert errors(await house.act("reportProgress", "measure { id }", **report, state="DROPPED")) == []
    assert (await covered(house))[1]["SCHOOLING"] == "LEFT_OPEN"


async def test_aid_of_whoever_pays_it_addresses_a_cause_while_it_goes_on(service: Service) -> None:
    house = await home(service, "NO_LABOUR_ABILITY", "SCHOOLING")
    await planned(house, "IDENTIFICATION")
    async with transaction(service.engine) as connection:
        row = {"household_id": house.key, "agency": "民政局"}
        long_ago = MONTH.replace(year=MONTH.year - 3)
        for code, first, last in (("DIBAO", long_ago, None), ("GOLDEN_AUTUMN", long_ago, long_ago)):
            told = {"programme_code": code, "start_month": first, "end_month": last, "source_record": code}
            await connection.execute(insert(Enrolment).values(**row, **told))
    assert await covered(house) == ("CAUSE_LEFT_OPEN", {"NO_LABOUR_ABILITY": "COVERED", "SCHOOLING": "LEFT_OPEN"})
    async with transaction(service.engine) as connection:
        now = update(Enrolment).where(Enrolment.household_id == house.key, Enrolment.source_record == "GOLDEN_AUTUMN")
        await connection.execute(now.values(start_month=MONTH, end_month=MONTH))
    assert await covered(house) == ("EVERY_CAUSE", {"NO_LABOUR_ABILITY": "COVERED", "SCHOOLING": "COVERED"})


async def test_a_referral_may_help_and_one_that_was_refused_is_shown_and_addresses_nothing(service: Service) -> None:
    house = await home(service, "SEVERE_ILLNESS")
    await planned(house, "IDENTIFICATION")
    told = {"householdId": house.id, "organisation": "police", "programme": "MEDICAL_AID", "note": "请核实。"}
    sent = await house.act("refer", "referral { id version }", **told, dueOn=str(TODAY + DAY))
    assert await covered(house) == ("EVERY_CAUSE", {"SEVERE_ILLNESS": "PLANNED"})
    answer = {
        "referralId": sent["referral"]["id"],
        "expectedVersion": 1,
        "note": "不符合。",
        "outcome": "NOT_ENTITLED",
    }
    assert errors(await house.act("answerReferral", "referral { id }", by="department", **answer)) == []
    assert await covered(house) == ("CAUSE_LEFT_OPEN", {"SEVERE_ILLNESS": "LEFT_OPEN"})
    (cause,) = (await house.read(COVER))["planCoverage"]["causes"]
    assert (cause["referralIds"], cause["refusedReferralIds"]) == ([], [sent["referral"]["id"]])


async def test_a_grant_that_is_proposed_for_a_cause_addresses_it_where_nothing_was_ever_paid(
    service: Service,
) -> None:
    house = await home(service, "SEVERE_ILLNESS")
    await planned(house, "IDENTIFICATION")
    async with transaction(service.engine) as connection:
        for paid in (Payment, Enrolment):
            await connection.execute(delete(paid))
        cause = await connection.scalar(select(table(Cause).c.id).where(Cause.household_id == house.key))
        user = await connection.scalar(select(User.id).where(User.login == "caseworker"))
        of = {"household_id": house.key, "file_id": house.file, "cause_id": cause, "division_code": "410502"}
        row = {"programme_code": "GOLDEN_AUTUMN", "first_month": MONTH, "last_month": MONTH, "period": "ONCE"}
        row |= {"amount_fen": 1, "state": "PROPOSED", "reason": b"r", "proposed_by": user, "version": 1}
        await connection.execute(insert(Grant).values(**of, **row, created_at=NOW))
    assert await covered(house) == ("EVERY_CAUSE", {"SEVERE_ILLNESS": "PLANNED"})
    assert await listed(service, {"causeLeftOpen": True}) == []


async def test_of_no_cause_and_of_another_kind_nobody_can_tell(service: Service) -> None:
    house, other = await home(service), await home(service, "OTHER")
    assert await covered(house) == ("NO_PLAN", {})
    await planned(house, "EMPLOYMENT")
    await planned(other, "EMPLOYMENT")
    assert await covered(house) == ("CANNOT_TELL", {})
    assert await covered(other) == ("CANNOT_TELL", {"OTHER": "CANNOT_TELL"})
    past = await house.read(COVER, as_of=TODAY - DAY)
    assert past is None or past["planCoverage"] is None, "what was done then is told by plans and causes themselves"


async def test_the_lists_of_households_are_those_of_whom_each_says_so(service: Service) -> None:
    """Random causes, plans, aid and referrals: the filter, which is SQL, finds whom the rules in Python name."""
    chance = random.Random(20)
    async with transaction(service.engine) as connection:
        homes = (
            await connection.execute(
                select(Household.id, File.id.label("file"))
                .join(File, File.household_id == Household.id)
                .where(Household.division_code == "410502", File.closed_on.is_(None))
                .order_by(Household.id)
                .limit(60)
            )
        ).all()
        programmes = [*await connection.scalars(select(Programme.code).order_by(Programme.code))]
        user = await connection.scalar(select(User.id).where(User.login == "caseworker"))
        police = await connection.scalar(select(Organisation.id).where(Organisation.code == "police"))
    for row in homes:
        for place, cause in enumerate(chance.sample([*HardshipCause], chance.randint(0, 3))):
            await caused(service, row.id, row.file, cause, place)
        async with transaction(service.engine) as connection:
            of = {"household_id": row.id}
            if chance.random() < 0.6:
                plan = {
                    **of,
                    "file_id": row.file,
                    "number": 1,
                    "goal": b"g",
                    "since": TODAY,
                    "made_by": user,
                    "made_at": NOW,
                }
                key = await connection.scalar(insert(Plan).values(**plan).returning(table(Plan).c.id))
                for place, measure in enumerate(chance.sample([*Measure], chance.randint(1, 3))):
                    step = {
                        "plan_id": key,
                        "place": place,
                        "measure": measure,
                        "what": b"w",
                        "organisation_id": police,
                    }
                    state = chance.choice([*MeasureState])
                    await connection.execute(
                        insert(PlannedMeasure).values(**step, due_on=TODAY, state=state, version=1)
                    )
            for place in range(chance.randint(0, 2)):
                first = chance.choice([None, MONTH, MONTH.replace(year=MONTH.year - 2)])
                last = chance.choice([None, first])
                told = {"programme_code": chance.choice(programmes), "start_month": first, "end_month": last}
                await connection.execute(insert(Enrolment).values(**of, **told, source_record=f"CHANCE-{place}"))
            if chance.random() < 0.5:
                outcome = chance.choice([None, *ReferralOutcome])
                sent = {
                    **of, "organisation_id": police, "programme_code": chance.choice(programmes), "note": b"n", "due_on": TODAY,
                    "state": "OPEN" if outcome is None else "CLOSED", "outcome": outcome, "referred_by": user, "referred_at": NOW,
                    "answered_at": None if outcome is None else NOW - chance.choice([1, 800]) * DAY, "version": 1,
                }  # fmt: skip
                await connection.execute(insert(Referral).values(**sent))
    every = await listed(service, {})
    open_to = {
        each["reference"] for each in every if "LEFT_OPEN" in {of["cover"] for of in each["planCoverage"]["causes"]}
    }
    assert 0 < len(open_to) < len(every)
    found = await listed(service, {"causeLeftOpen": True})
    assert {each["reference"] for each in found} == open_to
    rest = await listed(service, {"causeLeftOpen": False})
    assert {each["reference"] for each in rest} == {each["reference"] for each in every} - open_to
    without = {each["reference"] for each in every if each["plan"] is None}
    assert {each["reference"] for each in await listed(service, {"hasPlan": False})} == without
    assert {each["reference"] for each in every if each["planCoverage"]["cover"] == "NO_PLAN"} == without


async def listed(service: Service, filter: dict[str, Any]) -> list[dict[str, Any]]:
    """All households of the county that a filter finds."""
    found, after = list[dict[str, Any]](), None
    while True:
        page = (
            await service.data(
                PAGE, {"filter": {"divisionCode": "410502", **filter}, "after": after}, by="caseworker"
            )
        )["households"]
        found += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]
