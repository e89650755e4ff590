"""Scorecards as an officer of the city sees them: what each unit came to, and of what is not known why (F-8)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import insert, select, update

from api.database import transaction
from api.domain import days
from api.models import (
    DoubtfulRow,
    Feed,
    Finding,
    Organisation,
    Referral,
    Review,
    Task,
    User,
    VerificationAnswer,
    VerificationRequest,
)
from tests.api.conftest import Service
from tests.api.schema.test_measures import act, union
from tests.api.sending import doubted_of, sent_by
from tests.api.services.atwork import on_file

CARDS = """query ($code: String, $period: DateRange) { scorecards(divisionCode: $code, period: $period) {
  division { code } firstDay lastDay measures { measure number units { role leadsMeasure organisation { code nameZh }
    data { source titleZh receivedOn asOf ageDays complete rowsRead rowsSetAside
      coverage { division { code } scannedAsOf people answered noAnswer notAuthorised notAsked share } }
    referrals { sent waiting closed overdue byOutcome { outcome referrals } medianDays }
    requests { source asked answered inTime late share }
    doubtfulRows { waiting overdue }
    tasks { kind waiting overdue done } leads { raised reviewed byOutcome { outcome leads } }
    unknown { figure reason source } } } } }"""
DAY = dt.timedelta(days=1)


async def cards(service: Service, by: str = "reviewer", **asked: Any) -> Any:
    return (await service.data(CARDS, asked, by=by))["scorecards"]


def unit(found: Any, measure: str, role: str) -> Any:
    (one,) = [
        each
        for card in found["measures"]
        if card["measure"] == measure
        for each in card["units"]
        if each["role"] == role
    ]
    return one


def unknown(of: Any) -> set[tuple[str, str, str | None]]:
    return {(each["figure"], each["reason"], each["source"]) for each in of["unknown"]}


async def held(service: Service, code: str, name: str, role: str, **other: Any) -> str:
    """An organisation of the city that holds a role; its id."""
    made = await union(service, code, name, "410500", **other)
    given = {"role": role, "divisionCode": "410500", "organisationId": made["id"], "validFrom": "2019-05-01"}
    await act(service, "assignMeasureRole", "assignment { id }", **given)
    return str(made["id"])


async def referred(service: Service, code: str, *told: dict[str, Any], division: str = "410502") -> None:
    """Households of a county sent to an organisation, each told by what became of it."""
    home = await on_file(service, division=division)
    async with transaction(service.engine) as connection:
        to = await connection.scalar(select(Organisation.id).where(Organisation.code == code))
        user = await connection.scalar(select(User.id).where(User.login == "caseworker"))
        of = {"household_id": home.key, "organisation_id": to, "note": b"", "referred_by": user, "version": 1}
        for each in told:
            closed = {"answered_by": user if "answered_at" in each else None}
            state = {"state": "CLOSED" if "outcome" in each else "OPEN", **closed, **each}
            await connection.execute(insert(Referral).values(**of, **state))


async def test_a_unit_is_told_by_its_data_its_referrals_and_the_leads_that_rest_on_it(service: Service) -> None:
    await held(service, "swj", "安阳市税务局", "TAXATION", kind="DEPARTMENT")
    now = service.now()
    today = days.today(now)
    before = {"referred_at": now - 9 * DAY, "due_on": today - 4 * DAY}
    await referred(
        service, "swj",
        {**before, "outcome": "PROVIDED", "answered_at": now - 7 * DAY},
        {**before, "outcome": "PROVIDED", "answered_at": now - 3 * DAY},
        {**before, "outcome": "NOT_ENTITLED", "answered_at": now - 1 * DAY},
        before, {**before, "due_on": today},
    )  # fmt: skip
    span = {"from": (today - 30 * DAY).isoformat(), "to": today.isoformat()}
    found = await cards(service, period=span)
    assert (found["firstDay"], found["lastDay"]) == (span["from"], span["to"])
    assert [card["number"] for card in found["measures"]] == list(range(1, 8))
    tax = unit(found, "IDENTIFICATION", "TAXATION")
    assert tax["organisation"] == {"code": "swj", "nameZh": "安阳市税务局"}
    assert tax["leadsMeasure"] is False
    assert tax["referrals"] == {
        "sent": 5, "waiting": 2, "closed": 3, "overdue": 1, "medianDays": "6",
        "byOutcome": [{"outcome": "NOT_ENTITLED", "referrals": 1}, {"outcome": "PROVIDED", "referrals": 2}],
    }  # fmt: skip
    (data,) = tax["data"]
    assert data["source"] == "tax"
    assert data["ageDays"] == (today - dt.date.fromisoformat(data["asOf"])).days
    covered = data["coverage"]
    parts = ("answered", "noAnswer", "notAuthorised", "notAsked")
    assert covered["people"] == sum(covered[part] for part in parts) > 0
    assert covered["division"]["code"] == "410500"
    assert 0 < float(covered["share"]) <= 1
    assert data["rowsRead"] > data["rowsSetAside"] >= 0
    assert tax["leads"]["raised"] > tax["leads"]["reviewed"] == 0
    assert tax["tasks"] is None
    assert unknown(tax) == {("TASKS", "NOT_THIS_UNITS", None), ("REQUESTS", "NONE_DUE", None)}

    async with transaction(service.engine) as connection:
        await connection.execute(update(Feed).where(Feed.department_code == "tax").values(as_of=None))
    (data,) = unit(await cards(service), "IDENTIFICATION", "TAXATION")["data"]
    assert data["ageDays"] is None


def moment(day: dt.date, hour: int) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour), days.CHINA)


async def asked(service: Service, code: str, *told: dict[str, Any]) -> None:
    """What a round of verification asked of an organisation, each told by when it was asked, due and answered."""
    home = await on_file(service)
    async with transaction(service.engine) as connection:
        to = await connection.scalar(select(Organisation.id).where(Organisation.code == code))
        user = await connection.scalar(select(User.id).where(User.login == "caseworker"))
        of = {"household_id": home.key, "version": 1}
        for each in told:
            given, closed = dict(each), each.get("closed_at")
            given.pop("closed_at", None)
            over = {"closed_at": closed, "closed_by": user, "conclusion": b"x"} if closed else {}
            round_ = {**of, "round": 1, "occasion": "APPLICATION", "state": "CLOSED" if closed else "OPEN", **over}
            by = {"requested_by": user, "requested_at": given["asked_at"], "due_on": given["due_on"], "sources": []}
            request = await connection.scalar(
                insert(VerificationRequest).values(**round_, **by).returning(VerificationRequest.id)
            )
            state = (
                {"answer": "NO_RECORD", "origin": "DEPARTMENT"} if "answered_at" in given else {"answer": "NO_ANSWER"}
            )
            row = {**of, **state, **given, "request_id": request, "member_id": home.people[0], "organisation_id": to}
            await connection.execute(insert(VerificationAnswer).values(**row))
            if not closed:
                end = {
                    "state": "CLOSED",
                    "closed_at": service.now() + 900 * DAY,
                    "closed_by": user,
                    "conclusion": b"x",
                }
                await connection.execute(
                    update(VerificationRequest).where(VerificationRequest.id == request).values(**end)
                )


async def test_a_unit_is_told_how_much_of_what_it_was_asked_it_answered_in_time(service: Service) -> None:
    await held(service, "swj", "安阳市税务局", "TAXATION", kind="DEPARTMENT")
    today = days.today(service.now())
    of = {"source": "tax", "asked_at": moment(today - 20 * DAY, 9), "due_on": today - 6 * DAY}
    await asked(
        service, "swj",
        {**of, "answered_at": moment(today - 7 * DAY, 9)},
        {**of, "answered_at": moment(today - 6 * DAY, 23)},  # the day after, where the clock runs by UTC
        {**of, "answered_at": moment(today - 5 * DAY, 0)},
        of,
        {**of, "closed_at": moment(today - 8 * DAY, 9)},
        {**of, "due_on": today + 3 * DAY},
        {**of, "source": "business", "asked_at": moment(today - 400 * DAY, 9)},
        {**of, "source": "business", "answered_at": moment(today - 10 * DAY, 9)},
    )  # fmt: skip
    span = {"from": (today - 30 * DAY).isoformat(), "to": today.isoformat()}
    tax = unit(await cards(service, period=span), "IDENTIFICATION", "TAXATION")
    assert tax["requests"] == [
        {"source": None, "asked": 7, "answered": 4, "inTime": 3, "late": 2, "share": "0.6000"},
        {"source": "business", "asked": 1, "answered": 1, "inTime": 1, "late": 0, "share": "1.0000"},
        {"source": "tax", "asked": 6, "answered": 3, "inTime": 2, "late": 2, "share": "0.5000"},
    ]
    early = {"from": span["from"], "to": (today - 15 * DAY).isoformat()}
    tax = unit(await cards(service, period=early), "IDENTIFICATION", "TAXATION")
    assert tax["requests"][0] == {"source": None, "asked": 7, "answered": 0, "inTime": 0, "late": 0, "share": None}
    assert ("REQUESTS", "NONE_DUE", None) in unknown(tax)


async def test_a_department_is_told_of_doubtful_rows_that_waited_and_of_those_too_late(service: Service) -> None:
    now = service.now()
    today = days.today(now)
    police = await held(service, "gaj", "安阳市公安局", "PUBLIC_SECURITY", kind="DEPARTMENT")
    key = service.vault.key("Organisation", police)
    async with transaction(service.engine) as connection:
        user = await connection.scalar(select(User.id).where(User.login == "department"))
        batch = await sent_by(connection, key, user, "410500", now - 20 * DAY)
        said = service.vault.seal("doubtful_rows.answer", "确实如此")
        for told, answer, by in ((20, None, None), (2, None, None), (20, said, user)):
            row = await doubted_of(connection, batch["Upload"], key, "410500", now - told * DAY, answer, by)
            ended = {"ended_at": now - 5 * DAY} if answer else {}
            due = today - 6 * DAY if told == 20 else today + DAY
            await connection.execute(update(DoubtfulRow).where(DoubtfulRow.id == row).values(due_on=due, **ended))
    for ago, expected in ((0, (2, 1)), (6, (2, 0)), (4, (1, 1)), (25, (0, 0))):
        span = {"from": (today - 30 * DAY).isoformat(), "to": (today - ago * DAY).isoformat()}
        found = unit(await cards(service, period=span), "IDENTIFICATION", "PUBLIC_SECURITY")["doubtfulRows"]
        assert (found["waiting"], found["overdue"]) == expected, f"{ago} days ago"
    long_ago = unit(await cards(service, period={"to": (today - 400 * DAY).isoformat(), "from": (today - 500 * DAY).isoformat()}),
                    "IDENTIFICATION", "PUBLIC_SECURITY")  # fmt: skip
    assert long_ago["doubtfulRows"] is None
    assert ("DOUBTFUL_ROWS", "NO_LONGER_KEPT", None) in unknown(long_ago)


async def test_f_08_what_nobody_can_know_is_null_with_its_reason_and_never_zero(service: Service) -> None:
    found = await cards(service)
    health = unit(found, "HEALTHCARE", "HEALTH")
    assert (health["organisation"], health["data"], health["referrals"], health["leads"]) == (None, [], None, None)
    assert unknown(health) == {
        ("DATA", "KEEPS_NO_DATA", None), ("LEADS", "KEEPS_NO_DATA", None), ("REFERRALS", "NO_HOLDER", None),
        ("REQUESTS", "NO_HOLDER", None), ("DOUBTFUL_ROWS", "NO_HOLDER", None), ("TASKS", "NOT_THIS_UNITS", None),
    }  # fmt: skip
    early = await cards(service, period={"from": "2019-05-01", "to": "2020-04-30"})
    police = unit(early, "IDENTIFICATION", "PUBLIC_SECURITY")
    for data in police["data"]:
        assert {data[name] for name in ("receivedOn", "asOf", "ageDays", "complete", "rowsRead", "coverage")} == {
            None
        }
        assert {("DATA_AGE", "NEVER_SENT"), ("COVERAGE", "NOT_SCANNED"), ("DATA_QUALITY", "NOT_SCANNED")} == {
            (figure, reason) for figure, reason, source in unknown(police) if source == data["source"]
        }
    await held(service, "wjw", "安阳市卫生健康委员会", "HEALTH", kind="DEPARTMENT")
    health = unit(await cards(service), "HEALTHCARE", "HEALTH")
    assert (health["referrals"]["sent"], health["referrals"]["medianDays"]) == (0, None)
    assert ("REFERRAL_DAYS", "NONE_CLOSED", None) in unknown(health)


async def test_the_unions_are_told_of_tasks_and_of_all_leads_by_what_people_concluded(service: Service) -> None:
    home, now = await on_file(service), service.now()
    today = days.today(now)
    async with transaction(service.engine) as connection:
        user = await connection.scalar(select(User.id).where(User.login == "reviewer"))
        of = {"kind": "VISIT_DUE", "household_id": home.key, "detail": {}, "version": 1, "created_at": now - 20 * DAY}
        cases: list[dict[str, Any]] = [
            {"due_on": today - DAY, "state": "OPEN"}, {"due_on": today, "state": "OPEN"},
            {"due_on": today - DAY, "state": "DONE", "done_at": now - 2 * DAY, "done_by": user},
            {"due_on": today - DAY, "state": "CANCELLED", "done_at": now - 2 * DAY, "done_by": user},
        ]  # fmt: skip
        for place, told in enumerate(cases):
            await connection.execute(insert(Task).values(**of, **told, reference=f"card-{place}"))
        leads = list(await connection.scalars(select(Finding.id).order_by(Finding.id).limit(3)))
        for lead, outcome in zip(leads, ("OFFICIAL_ERROR", "NO_ISSUE", "NO_ISSUE"), strict=True):
            said = {"finding_id": lead, "reviewer_id": user, "outcome": outcome, "note": b"", "evidence_hash": "x"}
            key = await connection.scalar(insert(Review).values(**said, reviewed_at=now).returning(Review.id))
            await connection.execute(update(Finding).where(Finding.id == lead).values(review_id=key, state="CLOSED"))
    everything = await service.data("{ findings(first: 1) { totalCount } }")
    union_ = unit(await cards(service), "UNION_AID", "TRADE_UNION_FEDERATION")
    assert [each for each in union_["tasks"] if each["kind"] == "VISIT_DUE"] == [
        {"kind": "VISIT_DUE", "waiting": 2, "overdue": 1, "done": 1}
    ]
    assert union_["leads"] == {
        "raised": everything["findings"]["totalCount"], "reviewed": 3,
        "byOutcome": [{"outcome": "NO_ISSUE", "leads": 2}, {"outcome": "OFFICIAL_ERROR", "leads": 1}],
    }  # fmt: skip
    yesterday = {"from": (today - 30 * DAY).isoformat(), "to": (today - DAY).isoformat()}
    earlier = unit(await cards(service, period=yesterday), "UNION_AID", "TRADE_UNION_FEDERATION")
    assert earlier["leads"]["reviewed"] == 0, "what was concluded since is not told of that day"


async def test_each_division_is_told_of_its_own_and_nobody_of_one_that_is_not_theirs(service: Service) -> None:
    await held(service, "jyj", "安阳市教育局", "EDUCATION", kind="DEPARTMENT")
    now = service.now()
    sent = {"referred_at": now - DAY, "due_on": days.today(now)}
    await referred(service, "jyj", sent, sent)
    await referred(service, "jyj", sent, division="410503")

    async def count(by: str, code: str | None = None) -> int:
        return int(unit(await cards(service, by, code=code), "EDUCATION", "EDUCATION")["referrals"]["sent"])

    assert [await count("reviewer"), await count("reviewer", "410503"), await count("county-reviewer")] == [3, 1, 2]
    assert await cards(service, "elsewhere", code="410502") is None
    assert await cards(service, "county-reviewer", code="410500") is None
    county = unit(await cards(service, "county-reviewer"), "IDENTIFICATION", "PUBLIC_SECURITY")
    assert {each["coverage"]["division"]["code"] for each in county["data"] if each["coverage"]} == {"410500"}
    for period in ({"from": "2026-02-01", "to": "2026-01-01"}, {"from": "2020-01-01", "to": "2026-01-01"}):
        refused = await service.ask(CARDS, {"period": period})
        assert refused["errors"][0]["extensions"]["code"] == "BAD_INPUT"
