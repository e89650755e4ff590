"""Rules are measured by what people concluded, and set aside where their leads hardly ever prove right (F-17, F-18)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from api.database import transaction
from api.domain.permissions import Role
from api.domain.review import Outcome
from api.models import AuditEvent, Finding, Household, Review, RuleShadow, User, table
from api.services import accounts, queue, rule_quality
from tests.api.conftest import Service
from tests.api.led import done, lead
from tests.api.services.test_reviews import given, review
from tests.api.test_reviewing import raised_again, withdrawn

COUNTY = "410502"
SHADOWS = (
    """{ ruleShadows { id version rule { id } division { code } reviewed confirmed approvedBy reason restoredBy } }"""
)
QUALITY = """query ($code: String, $on: Date) { ruleQuality(divisionCode: $code, on: $on) {
  firstDay lastDay confirmedLow leastReviews
  rules { rule { id } division { code } leads reviewed confirmed share shareAtLeast reversed medianDays
          byOutcome { outcome leads } } } }"""
APPROVE = """mutation ($input: ApproveRuleReturnInput!) { approveRuleReturn(input: $input) {
  ruleShadow { version approvedBy restoredBy restoredAt } userErrors { code path } } }"""
DAY = dt.timedelta(days=1)


async def concluded(service: Service, rule: str, outcomes: Mapping[Outcome, int], county: str = COUNTY) -> list[int]:
    """So many leads of a rule in a county, raised two days ago and each concluded on today; their keys."""
    now, added = service.now(), []
    async with transaction(service.engine) as connection:
        like = (
            await connection.execute(
                select(*table(Finding).c)
                .join(Household, Household.id == Finding.household_id)
                .where(Household.division_code == county)
                .limit(1)
            )
        ).mappings().one()  # fmt: skip
        user = await connection.scalar(select(User.id).where(User.login == "reviewer"))
        for outcome, number in outcomes.items():
            for place in range(number):
                row = {name: value for name, value in like.items() if name != "id"} | {
                    "reference": f"{rule}-{county}-{outcome}-{place}-{now.timestamp()}",
                    "rule_id": rule,
                    "state": "OPEN",
                    "review_id": None,
                    "raised_on": (now - 2 * DAY).date(),
                }
                key = int(await connection.scalar(insert(Finding).values(**row).returning(Finding.id)) or 0)
                told = {"reviewer_id": user, "evidence_hash": like["evidence_hash"], "reviewed_at": now}
                note = service.vault.seal("reviews.note", "已核实。")
                concluding = insert(Review).values(finding_id=key, outcome=outcome, note=note, **told)
                review_id = await connection.scalar(concluding.returning(Review.id))
                state = {"state": "CLOSED", "review_id": review_id}
                await connection.execute(update(Finding).where(Finding.id == key).values(**state))
                added.append(key)
    return added


async def look(service: Service) -> int:
    async with transaction(service.engine) as connection:
        return await rule_quality.chore(connection, service.vault, service.now())


async def shadows(service: Service, by: str = "auditor") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await service.data(SHADOWS, by=by))["ruleShadows"]
    return found


async def open_rule(service: Service) -> str:
    """A rule that has an open lead in the county."""
    query = '{ findings(filter: {divisionCode: "410502"}, first: 1) { nodes { rule { id } } } }'
    return str((await service.data(query))["findings"]["nodes"][0]["rule"]["id"])


@pytest.mark.parametrize(
    ("outcomes", "aside"),
    [
        ({Outcome.NO_ISSUE: 29}, False),
        ({Outcome.NO_ISSUE: 30}, True),
        ({Outcome.SOURCE_ERROR: 30}, True),
        ({Outcome.NO_ISSUE: 29, Outcome.NEEDS_INQUIRY: 20}, False),
        ({Outcome.NO_ISSUE: 26, Outcome.OFFICIAL_ERROR: 4}, True),
        ({Outcome.NO_ISSUE: 20, Outcome.OFFICIAL_ERROR: 10}, False),
        ({Outcome.NO_ISSUE: 10, Outcome.SOURCE_ERROR: 10, Outcome.OFFICIAL_ERROR: 10}, False),
    ],
)
async def test_f18_a_rule_is_set_aside_where_it_surely_proves_right_in_less_than_a_tenth(
    service: Service, outcomes: Mapping[Outcome, int], aside: bool
) -> None:
    await concluded(service, "H05", outcomes)
    assert await look(service) == aside
    found = [(each["rule"]["id"], each["division"]["code"]) for each in await shadows(service)]
    assert found == ([("H05", COUNTY)] if aside else [])
    assert await look(service) == 0, "once is enough"


async def test_f18_an_unmet_entitlement_that_is_confirmed_is_a_lead_that_proved_right(service: Service) -> None:
    await concluded(service, "U01", {Outcome.NO_ISSUE: 20, Outcome.ENTITLEMENT_CONFIRMED: 10})
    await concluded(service, "U02", {Outcome.NO_ISSUE: 30, Outcome.ENTITLEMENT_CONFIRMED: 1})
    await look(service)
    assert [each["rule"]["id"] for each in await shadows(service)] == ["U02"]


async def test_f18_a_rule_in_the_shadow_shows_reviewers_nothing_anywhere_and_elsewhere_goes_on(
    service: Service,
) -> None:
    rule = await open_rule(service)
    lists = """query ($rule: String!, $code: String) {
      findings(filter: {rules: [$rule], states: [OPEN], divisionCode: $code}, first: 100) { totalCount nodes { id version household { id } } }
      reviewQueue(filter: {rules: [$rule], divisionCode: $code}) { totalCount }
      waiting: reviewQueue(opened: false, filter: {rules: [$rule], divisionCode: $code}) { totalCount }
      reviewQueueStanding(divisionCode: $code) { opened waiting } }"""
    here, everywhere = {"rule": rule, "code": COUNTY}, {"rule": rule, "code": None}
    before, before_all = await service.data(lists, here), await service.data(lists, everywhere)
    theirs = before["findings"]["nodes"]
    await concluded(service, rule, {Outcome.NO_ISSUE: 40})
    await look(service)
    after, after_all = await service.data(lists, here), await service.data(lists, everywhere)
    assert (after["findings"]["totalCount"], after["reviewQueue"]["totalCount"], after["waiting"]["totalCount"]) == (
        0,
        0,
        0,
    )
    gone = before["findings"]["totalCount"]
    assert gone > 0
    assert after_all["findings"]["totalCount"] == before_all["findings"]["totalCount"] - gone
    standing = [each["reviewQueueStanding"] for each in (before, after)]
    assert sum(standing[1].values()) == sum(standing[0].values()) - gone
    one = """query ($id: ID!, $home: ID!) { finding(id: $id) { id } node(id: $id) { id }
      household(id: $home) { findings(first: 50) { id } } }"""
    asked = {"id": theirs[0]["id"], "home": theirs[0]["household"]["id"]}
    shown = await service.data(one, asked)
    assert (shown["finding"], shown["node"]) == (None, None)
    assert theirs[0]["id"] not in {each["id"] for each in shown["household"]["findings"]}
    refused = await review(service, given(theirs[0]))
    assert [each["code"] for each in refused["userErrors"]] == ["NOT_FOUND"]
    kept = await service.data(one, asked, by="auditor")
    assert kept["finding"] is not None, "who keeps the rules sees that it runs"
    counted = (await service.data(lists, here, by="auditor"))["findings"]["totalCount"]
    assert counted == gone


async def test_f18_what_was_concluded_or_is_being_asked_stays_in_sight_and_what_is_new_is_not_opened(
    service: Service,
) -> None:
    rule = await open_rule(service)
    lead = """query ($rule: String!) { findings(filter: {rules: [$rule], divisionCode: "410502"}, first: 100) { nodes {
      id version state } } }"""
    theirs = (await service.data(lead, {"rule": rule}))["findings"]["nodes"]
    await review(service, given(theirs[0], outcome="NEEDS_INQUIRY", note="须入户核实。"))
    await concluded(service, rule, {Outcome.NO_ISSUE: 40})
    await look(service)
    states = [each["state"] for each in (await service.data(lead, {"rule": rule}))["findings"]["nodes"]]
    assert states.count("IN_INQUIRY") == 1
    assert set(states) == {"IN_INQUIRY", "CLOSED"}
    async with transaction(service.engine) as connection:
        nothing = {"queue_place": None, "queue_worth": None, "opened_on": None, "opened_for": None}
        await connection.execute(update(Finding).where(Finding.state == "OPEN").values(nothing))
        await queue.fill(connection, service.now())
        ranked = select(Finding.id).join(Household, Household.id == Finding.household_id)
        ranked = ranked.where(Finding.rule_id == rule, Finding.state == "OPEN", Household.division_code == COUNTY)
        assert (await connection.execute(ranked.where(Finding.queue_place.is_not(None)))).all() == []


@pytest.mark.parametrize("asked", [False, True])
async def test_f18_what_nobody_had_looked_at_stays_hidden_when_a_scan_withdraws_it_and_what_was_asked_in_sight(
    service: Service, asked: bool
) -> None:
    found = await lead(service)
    if asked:
        done(await found.told())
    await concluded(service, "H05", {Outcome.NO_ISSUE: 40})
    await look(service)
    await withdrawn(found)
    query = """query ($id: ID!) { finding(id: $id) { state } node(id: $id) { id }
      findings(filter: {withdrawn: true}) { totalCount } }"""
    shown = await service.data(query, {"id": found.id})
    kept = await service.data(query, {"id": found.id}, by="auditor")
    assert (kept["finding"], kept["findings"]["totalCount"]) == ({"state": "WITHDRAWN"}, 1)
    assert (shown == kept) is asked
    if not asked:
        assert shown == {"finding": None, "node": None, "findings": {"totalCount": 0}}
    await raised_again(found)
    again = (await service.data(query, {"id": found.id}))["finding"]
    assert again == ({"state": "IN_INQUIRY"} if asked else None)


async def test_f18_what_is_being_asked_stays_in_sight_when_its_evidence_changes(service: Service) -> None:
    rule = await open_rule(service)
    lead = """query ($rule: String!) { findings(filter: {rules: [$rule], divisionCode: "410502"}, first: 1) { nodes {
      id version state } } }"""
    (asked,) = (await service.data(lead, {"rule": rule}))["findings"]["nodes"]
    await review(service, given(asked, outcome="NEEDS_INQUIRY", note="须入户核实。"))
    await concluded(service, rule, {Outcome.NO_ISSUE: 40})
    await look(service)
    async with transaction(service.engine) as connection:  # as if it had been raised on what was sent before
        await connection.execute(update(Finding).where(Finding.state == "IN_INQUIRY").values(evidence_hash="another"))
    start = """mutation { startScan(input: {idempotencyKey: "scan-0001"}) { userErrors { code } } }"""
    await service.data(start, by="auditor")
    await service.work()
    one = "query ($id: ID!) { finding(id: $id) { state version reviews { onCurrentEvidence } } }"
    shown = (await service.data(one, {"id": asked["id"]}))["finding"]
    assert shown == {"state": "IN_INQUIRY", "version": 3, "reviews": [{"onCurrentEvidence": True}]}


async def test_f18_only_two_people_bring_a_rule_back_and_old_conclusions_do_not_set_it_aside_again(
    service: Service,
) -> None:
    async with transaction(service.engine) as connection:
        await accounts.add_user(connection, "second", "Second", Role.AUDITOR, "410500", service.now(), None)
        second = await accounts.issue_token(connection, "second", 1, service.now())
    tokens = {**service.tokens, "second": second}
    service.tokens = tokens
    rule = await open_rule(service)
    await concluded(service, rule, {Outcome.NO_ISSUE: 40})
    await look(service)
    (shadow,) = await shadows(service)
    assert (shadow["reviewed"], shadow["confirmed"]) == (40, 0)

    async def approve(by: str, version: int, key: str, reason: str = "规则已修订。") -> Any:
        told = {"idempotencyKey": key, "shadowId": shadow["id"], "expectedVersion": version, "reason": reason}
        return (await service.data(APPROVE, {"input": told}, by=by))["approveRuleReturn"]

    async def code(by: str, version: int, key: str, reason: str = "规则已修订。") -> str | None:
        errors = (await approve(by, version, key, reason))["userErrors"]
        return errors[0]["code"] if errors else None

    assert await code("reviewer", 1, "return-0001") == "FORBIDDEN"
    assert await code("auditor", 1, "return-0002", " ") == "REQUIRED"
    assert await code("auditor", 1, "return-0003") is None
    assert await code("auditor", 2, "return-0004") == "FORBIDDEN", "one person is not two"
    assert await code("second", 1, "return-0005") == "CONFLICT"
    assert await look(service) == 0
    assert len(await shadows(service)) == 1
    service.ahead = 1 * dt.timedelta(minutes=1)
    done = await approve("second", 2, "return-0006")
    assert done["userErrors"] == []
    assert done["ruleShadow"]["restoredAt"] is not None
    assert await code("second", 3, "return-0007") == "INVALID"
    assert await look(service) == 0, "what was concluded before does not count any more"
    query = 'query ($rule: String!) { findings(filter: {rules: [$rule], states: [OPEN], divisionCode: "410502"}) { totalCount } }'
    assert (await service.data(query, {"rule": rule}))["findings"]["totalCount"] > 0
    async with transaction(service.engine) as connection:
        acts = select(AuditEvent.action).where(AuditEvent.subject_type == "RuleShadow").order_by(AuditEvent.id)
        assert [*await connection.scalars(acts)] == ["rule.set_aside", "rule.return_approved", "rule.returned"]
    service.ahead = 2 * dt.timedelta(minutes=1)
    await concluded(service, rule, {Outcome.NO_ISSUE: 30})
    assert await look(service) == 1, "what is concluded after it came back does"
    async with transaction(service.engine) as connection:
        assert len((await connection.execute(select(RuleShadow.id))).all()) == 2


async def test_f17_the_leads_of_a_quarter_by_rule_and_county_are_counted_from_their_rows(service: Service) -> None:
    told = {Outcome.NO_ISSUE: 3, Outcome.OFFICIAL_ERROR: 2, Outcome.SOURCE_ERROR: 1, Outcome.NEEDS_INQUIRY: 2}
    keys = await concluded(service, "X99", told)
    async with transaction(service.engine) as connection:  # what had proved right is, on appeal, no issue
        row = (await connection.execute(select(Review.reviewer_id, Review.evidence_hash).limit(1))).one()
        note = service.vault.seal("reviews.note", "异议成立。")
        again = insert(Review).values(
            finding_id=keys[3],
            outcome=Outcome.NO_ISSUE,
            note=note,
            reviewed_at=service.now() + 3 * DAY,
            **row._mapping,
        )
        review_id = await connection.scalar(again.returning(Review.id))
        await connection.execute(update(Finding).where(Finding.id == keys[3]).values(review_id=review_id))
    day = (service.now() - 2 * DAY).date()
    found = (await service.data(QUALITY, {"code": COUNTY, "on": day.isoformat()}, by="auditor"))["ruleQuality"]
    (of,) = [each for each in found["rules"] if each["rule"]["id"] == "X99"]
    assert {each["outcome"]: each["leads"] for each in of["byOutcome"]} == {
        "NO_ISSUE": 4, "OFFICIAL_ERROR": 1, "SOURCE_ERROR": 1, "NEEDS_INQUIRY": 2,
    }  # fmt: skip
    assert (of["leads"], of["reviewed"], of["confirmed"], of["reversed"]) == (8, 6, 1, 1)
    assert (of["share"], of["shareAtLeast"], of["medianDays"]) == ("0.1667", "0.0301", "2")
    other = (await service.data(QUALITY, {"code": "410505", "on": day.isoformat()}, by="auditor"))["ruleQuality"]
    assert "X99" not in {each["rule"]["id"] for each in other["rules"]}
    before = (await service.data(QUALITY, {"code": COUNTY, "on": "2020-01-01"}, by="auditor"))["ruleQuality"]
    assert before["rules"] == []
