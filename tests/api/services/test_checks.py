"""A live check: what the feeds in use say of somebody of an open round, as a scan would have it; of nobody else, and not too fast."""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import os
import re
import time
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import delete, func, insert, select, update

from api.database import transaction
from api.matching import desk
from api.models import (
    ApplicantCheck,
    AuditEvent,
    Authorisation,
    Feed,
    FeedIndex,
    Finding,
    Household,
    HouseholdCheck,
    Job,
    Link,
    ListedAnswer,
    Member,
    Organisation,
    Read,
    RuleShadow,
    table,
)
from api.schema import checks
from api.services import indexes, retention
from matcher.rules import book
from tests.api.conftest import Service
from tests.api.services.atwork import TODAY, OnFile, errors, on_file
from tests.api.services.test_verifications import adults, ask, close, consent

CHECK = """check { id asOf checkedAt sources { source answer asOf } links { source recordId party probability grade decision }
  leads { reference rule severity grade explanationEn findingId state onCurrentEvidence } scanRules person { id } }"""
ONLY_IN_A_SCAN = {rule.id for rule in book.chosen((), TODAY) if rule.only_in_a_scan}
_keys = itertools.count(1)


async def indexed(service: Service) -> None:
    """The feeds in use are prepared, and open rounds looked at."""
    async with transaction(service.engine) as connection:
        assert await indexes.look(connection, service.vault, service.now()) == 1
    await service.work()


async def check(house: OnFile, request: dict[str, Any], person: int, by: str = "caseworker") -> Any:
    given = {"requestId": request["id"], "personId": house.public("Person", person)}
    return await house.act("checkApplicant", CHECK, by=by, **given)


async def in_a_round(service: Service) -> tuple[OnFile, dict[str, Any]]:
    """A household whose adults have consented, in a round that is open, and the feeds in use prepared."""
    await indexed(service)
    house = await on_file(service)
    await adults(service, house)
    return house, (await ask(house))["request"]


async def scanned(service: Service) -> OnFile:
    """A household of the county of which the scan raised a lead of a rule that judges it alone."""
    house = await on_file(service)
    async with transaction(service.engine) as connection:
        raised = (
            select(Household.id, Household.reference)
            .join(Finding, Finding.household_id == Household.id)
            .where(Finding.rule_id.not_in(ONLY_IN_A_SCAN), Household.division_code.like("4105%"))
            .order_by(Household.id)
            .limit(1)
        )
        row = (await connection.execute(raised)).one()
        people = tuple((await connection.scalars(select(Member.id).where(Member.household_id == row.id))).all())
    return replace(house, key=row.id, id=house.public("Household", row.id), reference=row.reference, people=people)


async def test_a_check_finds_what_the_scan_found_and_is_written_down_f_28(service: Service) -> None:
    await indexed(service)
    house = await scanned(service)
    await consent(service, house, *house.people)
    request = (await ask(house, by="reviewer", sources=None))["request"]
    await service.work()
    found: set[tuple[Any, ...]] = set()
    leads: list[dict[str, Any]] = []
    for person in house.people:
        answer = (await check(house, request, person, by="reviewer"))["check"]
        assert answer["person"] == {"id": house.public("Person", person)}
        found |= {
            (person, each["source"], each["recordId"], each["party"], each["grade"]) for each in answer["links"]
        }
        leads = answer["leads"]
        assert set(answer["scanRules"]) <= ONLY_IN_A_SCAN
    async with transaction(service.engine) as connection:
        columns = (Link.member_id, Link.source, Link.record_id, Link.party, Link.grade)
        theirs = {
            tuple(row) for row in await connection.execute(select(*columns).where(Link.member_id.in_(house.people)))
        }
        raised = select(Finding.reference, Finding.rule_id, Finding.severity, Finding.explanation_en).where(
            Finding.household_id == house.key, Finding.rule_id.not_in(ONLY_IN_A_SCAN)
        )
        expected = {tuple(row) for row in await connection.execute(raised)}
        asked = await connection.scalar(select(func.count(ApplicantCheck.id)))
        acts = select(func.count(AuditEvent.id)).where(AuditEvent.action == "applicant.checked")
        told = (await connection.execute(select(Read.fields).order_by(Read.id.desc()).limit(1))).scalar_one()
        assert await connection.scalar(acts) == asked == len(house.people)
        before = await connection.scalar(select(func.count(Finding.id)))
    assert theirs <= found, "every link of the scan"
    assert {(each["reference"], each["rule"], each["severity"], each["explanationEn"]) for each in leads} == expected
    assert {(each["state"], each["onCurrentEvidence"]) for each in leads} == {("OPEN", True)}, "told as what it is"
    assert "ApplicantCheck.leads" in told, "what was read is noted"
    async with transaction(service.engine) as connection:
        assert await connection.scalar(select(func.count(Finding.id))) == before, "a check records no lead"


async def test_the_feeds_in_use_answer_a_round_by_themselves(service: Service) -> None:
    house, request = await in_a_round(service)
    assert {each["answer"] for each in request["answers"]} == {"NO_ANSWER"}
    await service.work()
    query = "query ($id: ID!) { node(id: $id) { ... on VerificationRequest { answers { source answer origin asOf unknownBecause } report { source oldest ageDays people value noRecord noAnswer } } } }"
    told = (await service.data(query, {"id": request["id"]}, by="caseworker"))["node"]
    assert "FEED" in {each["origin"] for each in told["answers"]}
    assert {each["answer"] for each in told["answers"]} <= {"VALUE", "NO_RECORD", "NO_ANSWER"}
    assert all((each["origin"] == "FEED") == (each["unknownBecause"] is None) for each in told["answers"])
    assert all((each["answer"] == "NO_ANSWER") == (each["origin"] is None) for each in told["answers"])
    assert all(line["people"] == line["value"] + line["noRecord"] + line["noAnswer"] for line in told["report"])
    assert all((line["ageDays"] or 1) > 0 for line in told["report"])
    fed = sum(each["origin"] == "FEED" for each in told["answers"])
    async with transaction(service.engine) as connection:
        act = select(AuditEvent.detail, AuditEvent.user_id).where(AuditEvent.action == "verification.told_by_feeds")
        (row,) = (await connection.execute(act)).all()
    assert (row.detail, row.user_id) == ({"household": house.key, "answers": fed}, None), (
        "one row a round, counts only"
    )


async def test_nobody_is_asked_about_who_is_not_in_an_open_round_f_23(service: Service) -> None:
    house, other = await on_file(service), await on_file(service, 1)
    await adults(service, house)
    request = (await ask(house))["request"]
    assert errors(await check(house, request, house.people[0]))[0][0] == "INVALID", "there is no index yet"
    await indexed(service)
    assert errors(await check(house, request, other.people[0])) == [("NOT_FOUND", ["input", "personId"])]
    assert errors(await check(house, {"id": other.id}, house.people[0])) == [("NOT_FOUND", ["input", "requestId"])]
    assert errors(await check(house, request, house.people[0], by="elsewhere"))[0][0] == "NOT_FOUND"
    assert errors(await check(house, request, house.people[0], by="department"))[0][0] == "FORBIDDEN"
    assert errors(await check(house, request, house.people[0])) == []
    await consent(service, house, house.people[0], withdrawn_on=TODAY)
    assert errors(await check(house, request, house.people[0])) == [("MISSING_CONSENT", ["input", "personId"])]
    closed = (await close(house, request))["request"]
    assert errors(await check(house, closed, house.people[-1])) == [("INVALID", ["input", "requestId"])]
    async with transaction(service.engine) as connection:
        assert await connection.scalar(select(func.count(ApplicantCheck.id))) == 1, "what was refused asked nobody"


async def test_a_check_stands_until_something_changes(service: Service) -> None:
    house, request = await in_a_round(service)
    first = (await check(house, request, house.people[0]))["check"]
    again = (await check(house, request, house.people[0]))["check"]
    assert again["checkedAt"] == first["checkedAt"]
    async with transaction(service.engine) as connection:
        await connection.execute(
            update(Member).where(Member.id == house.people[0]).values(declared_monthly_income_fen=123_400)
        )
    service.ahead = dt.timedelta(seconds=5)
    after = (await check(house, request, house.people[0]))["check"]
    assert after["checkedAt"] > first["checkedAt"]
    async with transaction(service.engine) as connection:
        assert await connection.scalar(select(func.count(HouseholdCheck.id))) == 1


async def test_nobody_asks_faster_than_people_work(service: Service) -> None:
    house, request = await in_a_round(service)
    await check(house, request, house.people[0])
    async with transaction(service.engine) as connection:
        row = (await connection.execute(select(*table(ApplicantCheck).c).limit(1))).one()._asdict()
        del row["id"]
        await connection.execute(insert(ApplicantCheck), [row] * 59)
    given = {
        "idempotencyKey": f"too-fast-{next(_keys)}", "requestId": request["id"],
        "personId": house.public("Person", house.people[0]),
    }  # fmt: skip
    query = "mutation ($input: CheckApplicantInput!) { checkApplicant(input: $input) { check { id } } }"
    refused = await service.ask(query, {"input": given}, by="caseworker")
    assert refused["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert re.search(r"try again in ([1-9]|[1-5][0-9]|60) seconds", refused["errors"][0]["message"])
    service.ahead = dt.timedelta(minutes=2)
    assert "errors" not in await service.ask(query, {"input": given}, by="caseworker")


async def test_an_index_follows_another_and_the_old_one_goes_f_26(service: Service) -> None:
    house, request = await in_a_round(service)
    await check(house, request, house.people[0])
    async with transaction(service.engine) as connection:
        assert await indexes.look(connection, service.vault, service.now()) == 0, "the same feeds are in use"
        old = (await connection.execute(select(FeedIndex))).one()
        await connection.execute(delete(Feed).where(Feed.department_code == "vehicles"))
        assert await indexes.look(connection, service.vault, service.now()) == 1
        current = await indexes.current(connection)
        assert current is not None
        assert current.id == old.id, "until it is ready the old one is asked"
    await service.work()
    async with transaction(service.engine) as connection:
        current = await indexes.current(connection)
        assert current is not None
        assert current.id > old.id
        assert "vehicles" in old.sources
        assert "vehicles" not in current.sources
    assert errors(await check(house, request, house.people[0])) == []
    folder = service.data_dir / "index" / str(old.id)
    assert folder.is_dir(), "whoever reads it reads on"
    later = service.now() + dt.timedelta(hours=2)
    for path in (folder, service.data_dir / "index" / str(current.id)):
        os.utime(path, (time.time() - 7200,) * 2)
    await retention.run(service.engine, service.vault, service.data_dir, later, later.date(), dry=False)
    assert not folder.exists()
    assert (service.data_dir / "index" / str(current.id)).is_dir()
    assert errors(await check(house, request, house.people[0])) == []


async def test_whoever_asks_while_an_index_replaces_another_is_answered(service: Service) -> None:
    house, request = await in_a_round(service)
    await check(house, request, house.people[0])
    async with transaction(service.engine) as connection:
        await connection.execute(delete(Feed).where(Feed.department_code == "vehicles"))
        await indexes.follow(connection, service.vault, service.now())
    work, asked = asyncio.create_task(service.work()), 0
    while not work.done():
        answer = await check(house, request, house.people[asked % len(house.people)])
        assert errors(answer) == []
        assert answer["check"]["sources"]
        asked += 1
        await asyncio.sleep(0.5)
    await work
    assert asked > 1
    async with transaction(service.engine) as connection:
        current = await indexes.current(connection)
        assert current is not None
        kept = (await connection.execute(select(HouseholdCheck.feed_index, HouseholdCheck.checked_at))).one()
    assert kept.feed_index == current.id, "an open round is looked at before the index is asked"
    answer = (await check(house, request, house.people[0]))["check"]
    assert dt.datetime.fromisoformat(answer["checkedAt"]) == kept.checked_at, (
        "so that whoever asks next need not wait"
    )


async def test_kinds_of_data_without_consent_are_not_asked_and_say_so_f_23(service: Service) -> None:
    await indexed(service)
    house = await on_file(service)
    await adults(service, house)
    await consent(service, house, house.people[0], source="tax")
    request = (await ask(house))["request"]
    told = (await check(house, request, house.people[0]))["check"]
    states = {each["source"]: each["answer"] for each in told["sources"]}
    assert states["population"] == "NOT_AUTHORISED"
    assert states["tax"] != "NOT_AUTHORISED"
    assert set(states.values()) <= {"NOT_AUTHORISED", "VALUE", "NO_RECORD", "NO_ANSWER"}
    assert {each for each in states if states[each] != "NOT_AUTHORISED"} == {"tax"}, "nor what the round is not about"
    assert {each["source"] for each in told["links"]} <= {"tax"}


async def test_what_a_department_lists_later_is_in_the_next_check(service: Service) -> None:
    house, request = await in_a_round(service)
    first = (await check(house, request, house.people[0]))["check"]
    async with transaction(service.engine) as connection:
        police = await connection.scalar(select(Organisation.id).where(Organisation.code == "police"))
        row = {"member_id": house.people[0], "source": "population", "answer": "NO_ANSWER", "answered_on": TODAY}
        await connection.execute(insert(ListedAnswer).values(**row, organisation_id=police, pushed_at=service.now()))
    service.ahead = dt.timedelta(seconds=5)
    after = (await check(house, request, house.people[0]))["check"]
    assert after["checkedAt"] > first["checkedAt"]


async def test_a_process_that_dies_is_started_again(service: Service) -> None:
    house, request = await in_a_round(service)
    assert errors(await check(house, request, house.people[0])) == []
    running = desk._process._running
    assert running is not None
    running.kill()
    running.wait()
    async with transaction(service.engine) as connection:
        await connection.execute(delete(HouseholdCheck))
    assert errors(await check(house, request, house.people[0])) == []


async def test_what_checks_found_ends_with_the_feeds_that_somebody_asked_does_not_f_26(service: Service) -> None:
    house, request = await in_a_round(service)
    await check(house, request, house.people[0])
    later = service.now() + dt.timedelta(days=400)
    await retention.run(service.engine, service.vault, service.data_dir, later, later.date(), dry=False)
    async with transaction(service.engine) as connection:
        assert await connection.scalar(select(func.count(HouseholdCheck.id))) == 0
        assert await indexes.current(connection) is None
        detail = select(AuditEvent.detail).where(AuditEvent.action == "applicant.checked")
        told = (await connection.execute(detail)).scalar_one()
    assert told["household"] == house.key
    assert told["person"] == house.people[0]


@pytest.mark.parametrize("ended", ["the round", "a consent"])
async def test_what_was_found_goes_with_its_round_and_with_a_consent_f_23(service: Service, ended: str) -> None:
    house, request = await in_a_round(service)
    found = (await check(house, request, house.people[0]))["check"]
    query = "query ($id: ID!) { node(id: $id) { id } }"
    assert (await service.data(query, {"id": found["id"]}, by="caseworker"))["node"] == {"id": found["id"]}
    if ended == "the round":
        assert errors(await close(house, request)) == []
    else:
        async with transaction(service.engine) as connection:
            theirs = select(Authorisation.id, Authorisation.version).where(
                Authorisation.member_id == house.people[-1]
            )
            given = (await connection.execute(theirs)).one()
        taken_back = {
            "authorisationId": house.public("Authorisation", given.id),
            "expectedVersion": given.version,
            "withdrawnOn": str(TODAY),
            "reason": "本人要求。",
        }
        assert errors(await house.act("withdrawAuthorisation", "authorisation { id }", **taken_back)) == []
    assert (await service.data(query, {"id": found["id"]}, by="caseworker"))["node"] is None
    async with transaction(service.engine) as connection:
        assert await connection.scalar(select(func.count(HouseholdCheck.id))) == 0
        assert await connection.scalar(select(func.count(ApplicantCheck.id))) == 1, "that somebody asked stays"


async def test_leads_of_a_rule_that_is_set_aside_are_in_no_check_f_18(service: Service) -> None:
    await indexed(service)
    house = await scanned(service)
    await consent(service, house, *house.people)
    request = (await ask(house, by="reviewer", sources=None))["request"]
    leads = (await check(house, request, house.people[0], by="reviewer"))["check"]["leads"]
    rule = leads[0]["rule"]
    async with transaction(service.engine) as connection:
        county = await connection.scalar(select(Household.division_code).where(Household.id == house.key))
        aside = {"rule_id": rule, "division_code": county, "since": service.now(), "reviewed": 30, "version": 1}
        await connection.execute(insert(RuleShadow).values(**aside, confirmed=0))
    left = (await check(house, request, house.people[0], by="reviewer"))["check"]["leads"]
    assert left == [each for each in leads if each["rule"] != rule]


async def test_f_11_a_lead_that_somebody_closed_is_told_as_closed_until_its_evidence_is_another(
    service: Service,
) -> None:
    await indexed(service)
    house = await scanned(service)
    await consent(service, house, *house.people)
    request = (await ask(house, by="reviewer", sources=None))["request"]
    lead = (await check(house, request, house.people[0], by="reviewer"))["check"]["leads"][0]
    found = (
        await service.data(
            "query ($id: ID!) { node(id: $id) { ... on Finding { version reference } } }",
            {"id": lead["findingId"]},
            by="reviewer",
        )
    )["node"]
    assert found["reference"] == lead["reference"]
    concluded = {"findingId": lead["findingId"], "outcome": "NO_ISSUE", "note": "材料齐全。"}
    done = await house.act(
        "reviewFinding", "finding { state }", by="reviewer", expectedVersion=found["version"], **concluded
    )
    assert errors(done) == []

    async def told() -> dict[str, Any]:
        leads = (await check(house, request, house.people[0], by="reviewer"))["check"]["leads"]
        (again,) = [each for each in leads if each["reference"] == lead["reference"]]
        return dict(again)

    assert await told() == lead | {"state": "CLOSED"}, "it is not asked anew"
    async with transaction(service.engine) as connection:
        other = update(Finding).where(Finding.reference == lead["reference"]).values(evidence_hash="another")
        await connection.execute(other)
    assert await told() == lead | {"state": "CLOSED", "onCurrentEvidence": False}
    async with transaction(service.engine) as connection:
        new = update(Finding).where(Finding.reference == lead["reference"]).values(reference="another")
        await connection.execute(new)
    assert await told() == lead | {"findingId": None, "state": None, "onCurrentEvidence": None}


async def test_an_index_that_is_ready_stays_whatever_becomes_of_its_job(service: Service) -> None:
    house, request = await in_a_round(service)
    async with transaction(service.engine) as connection:
        ready = await indexes.current(connection)
        assert ready is not None
        await connection.execute(
            update(Job).where(Job.kind == indexes.JOB).values(state="WAITING", leased_until=None, finished_at=None)
        )
    await service.work()
    async with transaction(service.engine) as connection:
        assert not await indexes.fail(connection, ready.id, "its worker was lost", service.now())
        assert await indexes.current(connection) == ready
        await connection.execute(delete(HouseholdCheck))
    assert errors(await check(house, request, house.people[0])) == []


@pytest.mark.parametrize(
    ("day", "answer"), [(TODAY - dt.timedelta(days=4_000), "NO_ANSWER"), (TODAY, "NO_RECORD"), (None, "NO_ANSWER")]
)
def test_what_an_old_feed_does_not_hold_is_not_known_f_8(day: dt.date | None, answer: str) -> None:
    said = {"state": "NO_RECORD", "as_of": None if day is None else day.isoformat()}
    assert checks._source("vehicles", said, TODAY).answer.value == answer


async def test_an_old_list_beside_the_feeds_tells_of_its_own_day_f_8(service: Service) -> None:
    house, request = await in_a_round(service)
    async with transaction(service.engine) as connection:
        police = await connection.scalar(select(Organisation.id).where(Organisation.code == "police"))
        old = {"source": "population", "answer": "NO_RECORD", "answered_on": dt.date(2001, 1, 1)}
        for member in house.people:
            await connection.execute(
                insert(ListedAnswer).values(**old, member_id=member, organisation_id=police, pushed_at=service.now())
            )
        await connection.execute(delete(HouseholdCheck))
    for person in house.people:
        told = (await check(house, request, person))["check"]
        (source,) = [each for each in told["sources"] if each["source"] == "population"]
        assert source["answer"] == "VALUE" or (source["answer"], source["asOf"]) == ("NO_ANSWER", "2001-01-01")
    query = "query ($id: ID!) { node(id: $id) { ... on VerificationRequest { answers { source answer origin } } } }"
    answers = (await service.data(query, {"id": request["id"]}, by="caseworker"))["node"]["answers"]
    assert {each["answer"] for each in answers if each["source"] == "population"} <= {"VALUE", "NO_ANSWER"}
