"""Public notices through GraphQL: masked by themselves, up for their days, gone when those are over (F-30, F-29)."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLEnumType, GraphQLObjectType, GraphQLString, get_named_type
from sqlalchemy import JSON, LargeBinary, Row, String, select, update
from sqlalchemy.exc import IntegrityError

from api import workdays
from api.database import transaction
from api.domain import days
from api.domain.errors import NotDone
from api.domain.lifecycle import Action
from api.domain.notices import _FORMS, OF_SOMEBODY, NoticePlace, NoticeState, ObjectionChannel, TakenDown
from api.matching import policy
from api.models import AuditEvent, Human, Member, Notice, table
from api.schema.root import schema
from api.services import audit, notices, transition
from tests.api.clock import this_moment as now
from tests.api.conftest import Service
from tests.api.services.reviewed import ADDRESS, CARD, CHILD, NAME, NUMBER, PHONE, Reviewed, under_review, viewer

OPEN = """
mutation ($input: OpenPublicNoticeInput!) {
  openPublicNotice(input: $input) {
    notice { id number form state applicant idNumber street people tier category keeper places channels fromDay toDay
      division { code } household { id stage version } }
    userErrors { code message path }
  }
}"""
READ = """
query ($household: ID!) {
  household(id: $household) { notices { id state form applicant idNumber street people tier category keeper } }
  publicNotices(filter: {householdIds: [$household]}) { totalCount nodes { id state applicant street keeper } }
}"""
SECRETS = (NAME, NAME[1:], NUMBER, NUMBER[6:14], CARD, PHONE, CHILD, "215号", "单元", ADDRESS)


def to_snake(name: str) -> str:
    return re.sub("([A-Z])", r"_\1", name).lower()


def given(household: Reviewed, **changes: Any) -> dict[str, Any]:
    return {
        "idempotencyKey": f"notice-{household.key:08}",
        "householdId": household.id,
        "expectedVersion": household.version,
        "places": ["WORKPLACE", "COMMUNITY"],
        "channels": ["IN_PERSON", "HOTLINE"],
    } | changes


async def opened(service: Service, household: Reviewed, by: str = "reviewer", **changes: Any) -> Any:
    return (await service.data(OPEN, {"input": given(household, **changes)}, by=by))["openPublicNotice"]


async def opened_at(service: Service, household: Reviewed, moment: dt.datetime) -> int:
    """A notice that was opened at another moment."""
    officer = await viewer(service)
    async with transaction(service.engine) as connection:
        return await notices.open_notice(
            connection,
            service.vault,
            officer,
            household.key,
            1,
            [NoticePlace.WORKPLACE],
            [ObjectionChannel.LETTER],
            None,
            moment,
        )


async def row(service: Service, household: Reviewed) -> Row[Any]:
    async with transaction(service.engine) as connection:
        found = select(*table(Notice).c).where(Notice.household_id == household.key).order_by(Notice.id.desc())
        return (await connection.execute(found.limit(1))).one()


async def moved(service: Service, household: Reviewed, action: Action, moment: dt.datetime) -> None:
    officer = await viewer(service)
    async with transaction(service.engine) as connection:
        await transition.move(
            connection, service.vault, officer, household.key, action, moment, expected_version=None
        )


async def taken_down(service: Service, moment: dt.datetime) -> int:
    async with transaction(service.engine) as connection:
        return await notices.take_down(connection, service.vault, moment)


async def test_f_30_a_notice_is_masked_by_itself_and_up_for_five_working_days(service: Service) -> None:
    household = await under_review(service)
    made = await opened(service, household)
    assert made["userErrors"] == []
    notice, today = made["notice"], days.today(now())
    assert notice.pop("number").startswith("GS-")
    assert notice.pop("id")
    assert notice == {
        "form": "NAMED",
        "state": "OPEN",
        "applicant": "张*",
        "idNumber": "4105**************",
        "street": "平原路",
        "people": 3,
        "tier": "MUNICIPAL",
        "category": "RELATIVE",
        "keeper": "安阳市纺织厂工会",
        "places": ["WORKPLACE", "COMMUNITY"],
        "channels": ["IN_PERSON", "HOTLINE"],
        "fromDay": str(today),
        "toDay": str(workdays.add(today, 5)),
        "division": {"code": "410502"},
        "household": {"id": household.id, "stage": "PUBLIC_NOTICE", "version": 2},
    }
    kept = await row(service, household)
    everything = json.dumps([made, list(kept)], ensure_ascii=False, default=str)
    assert not [secret for secret in SECRETS if secret in everything]


async def test_the_act_is_in_the_audit_with_its_days_and_nothing_of_anybody(service: Service) -> None:
    household = await under_review(service)
    await opened(service, household)
    async with transaction(service.engine) as connection:
        last = select(AuditEvent).where(AuditEvent.action == "notice.opened")
        event = (await connection.execute(last)).one()
        assert (event.subject_type, event.subject) == ("Household", household.key)
        assert sorted(event.detail) == ["form", "from", "notice", "to"]
        assert (await audit.prove(connection)).broken is None


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"places": []}, "REQUIRED", ["input", "places"]),
        ({"channels": []}, "REQUIRED", ["input", "channels"]),
        ({"workingDays": 4}, "INVALID", ["input", "workingDays"]),
        ({"workingDays": 61}, "INVALID", ["input", "workingDays"]),
        ({"expectedVersion": 7}, "CONFLICT", ["input", "expectedVersion"]),
        ({"householdId": "0" * 32}, "NOT_FOUND", ["input", "householdId"]),
    ],
)
async def test_what_a_notice_cannot_be_is_said_and_changes_nothing(
    service: Service, changes: dict[str, Any], code: str, path: list[str]
) -> None:
    household = await under_review(service)
    refused = await opened(service, household, **changes)
    assert [(each["code"], each["path"]) for each in refused["userErrors"]] == [(code, path)]
    read = await service.data(
        "query ($id: ID!) { household(id: $id) { stage version notices { id } } }", {"id": household.id}
    )
    assert read["household"] == {"stage": "UNDER_REVIEW", "version": 1, "notices": []}


async def test_only_officers_of_its_division_who_decide_open_a_notice(service: Service) -> None:
    household = await under_review(service)
    for by, code in (("caseworker", "FORBIDDEN"), ("auditor", "FORBIDDEN"), ("elsewhere", "NOT_FOUND")):
        assert (await opened(service, household, by=by))["userErrors"][0]["code"] == code
    assert (await opened(service, household, by="county-reviewer"))["userErrors"] == []
    again = await opened(service, household, by="reviewer", expectedVersion=2, idempotencyKey="notice-again")
    assert again["userErrors"][0]["code"] == "INVALID", "it is on notice already"


async def test_f_30_without_a_birth_date_nobody_is_taken_for_an_adult(service: Service) -> None:
    household = await under_review(service, born=None)
    refused = (await opened(service, household))["userErrors"]
    assert [(each["code"], "birth date" in each["message"]) for each in refused] == [("REQUIRED", True)]


async def test_f_30_a_child_that_applies_is_not_named(service: Service) -> None:
    household = await under_review(service, born=days.today(now()) - dt.timedelta(days=365 * 13))
    notice = (await opened(service, household))["notice"]
    assert notice["form"] == "UNNAMED"
    names = ("applicant", "idNumber", "street", "people", "tier", "category", "keeper")
    assert {notice[name] for name in names} == {None}


@pytest.mark.parametrize("place", [0, 2], ids=["the applicant", "a child"])
async def test_f_29_a_protected_household_is_published_by_the_number_of_its_notice_alone(
    service: Service, place: int
) -> None:
    household = await under_review(service)
    await protect(service, household, place)
    notice = (await opened(service, household))["notice"]
    assert (notice["form"], notice["state"], notice["division"]) == ("UNNAMED", "OPEN", {"code": "410502"})
    kept = await row(service, household)
    assert {getattr(kept, name) for name in OF_SOMEBODY} == {None}


async def protect(service: Service, household: Reviewed, place: int) -> None:
    async with transaction(service.engine) as connection:
        whom = select(Member.person_id).where(Member.id == household.people[place]).scalar_subquery()
        await connection.execute(update(Human).where(Human.id == whom).values(protected_since=dt.date(2026, 1, 1)))


async def test_f_30_past_its_last_day_a_notice_says_nothing_though_nobody_has_taken_it_down(service: Service) -> None:
    household = await under_review(service)
    await opened_at(service, household, now() - dt.timedelta(days=30))
    kept = await row(service, household)
    assert (kept.state, kept.applicant) == (NoticeState.OPEN, "张*"), "the job is late"
    await says_nothing(service, household)


async def says_nothing(service: Service, household: Reviewed) -> None:
    """Whoever may ask, by whichever way."""
    for by in ("reviewer", "county-reviewer", "caseworker", "auditor"):
        read = await service.data(READ, {"household": household.id}, by=by)
        (notice,) = read["household"]["notices"]
        assert notice.pop("state") == "TAKEN_DOWN"
        notice_id = notice.pop("id")
        assert notice.pop("form")
        assert set(notice.values()) == {None}
        (listed,) = read["publicNotices"]["nodes"]
        assert (listed["state"], listed["applicant"], listed["street"]) == ("TAKEN_DOWN", None, None)
        once = await service.data(
            "query ($id: ID!) { notice(id: $id) { applicant street } }", {"id": notice_id}, by=by
        )
        assert once["notice"] == {"applicant": None, "street": None}
        up = await service.data("{ publicNotices(filter: {up: true}, first: 100) { nodes { id } } }", by=by)
        assert notice_id not in [each["id"] for each in up["publicNotices"]["nodes"]]


async def test_f_30_what_has_ended_is_deleted_once_and_its_digest_stays(service: Service) -> None:
    household = await under_review(service)
    await opened_at(service, household, now() - dt.timedelta(days=30))
    before = await row(service, household)
    assert await taken_down(service, now()) == 1
    assert await taken_down(service, now()) == 0
    kept = await row(service, household)
    assert (kept.state, kept.taken_down_because) == (NoticeState.TAKEN_DOWN, TakenDown.ENDED)
    assert {getattr(kept, name) for name in OF_SOMEBODY} == {None}
    assert (kept.digest, kept.from_day, kept.to_day, kept.number) == (
        before.digest,
        before.from_day,
        before.to_day,
        before.number,
    )
    async with transaction(service.engine) as connection:
        event = (await connection.execute(select(AuditEvent).where(AuditEvent.action == "notice.taken_down"))).one()
        assert event.detail == {"notice": kept.id, "because": "ENDED"}
    await says_nothing(service, household)


async def test_on_its_last_day_a_notice_is_up_and_on_the_next_it_is_not(service: Service) -> None:
    household = await under_review(service)
    await opened(service, household)
    last = (await row(service, household)).to_day
    noon = dt.datetime.combine(last, dt.time(4), dt.UTC)
    assert await taken_down(service, noon) == 0
    assert await taken_down(service, noon + dt.timedelta(hours=11, minutes=59)) == 0
    assert await taken_down(service, noon + dt.timedelta(hours=12)) == 1, "midnight in China"


async def test_returned_to_the_review_a_household_is_on_notice_no_more_at_once(service: Service) -> None:
    household = await under_review(service)
    await opened(service, household)
    await moved(service, household, Action.RETURN, now())
    await says_nothing(service, household)
    assert await taken_down(service, now()) == 1
    assert (await row(service, household)).taken_down_because == TakenDown.LEFT_STAGE
    again = await opened(service, household, expectedVersion=3, idempotencyKey="notice-again")
    assert again["notice"]["applicant"] == "张*"
    both = (await service.data(READ, {"household": household.id}))["household"]["notices"]
    assert [each["state"] for each in both] == ["OPEN", "TAKEN_DOWN"]


async def test_f_29_whoever_is_protected_while_on_notice_is_on_notice_no_more_at_once(service: Service) -> None:
    household = await under_review(service)
    await opened(service, household)
    await protect(service, household, 0)
    await says_nothing(service, household)
    assert await taken_down(service, now()) == 1
    last = (await row(service, household)).to_day
    with pytest.raises(NotDone, match="no notice that counts"):
        await moved(service, household, Action.RECORD, dt.datetime.combine(last, dt.time(20), dt.UTC))


async def test_nobody_is_recorded_before_the_last_day_of_the_notice_is_over(service: Service) -> None:
    household = await under_review(service)
    await opened(service, household)
    last = dt.datetime.combine((await row(service, household)).to_day, dt.time(15, 59), dt.UTC)
    with pytest.raises(NotDone, match="is up until"):
        await moved(service, household, Action.RECORD, last)
    await moved(service, household, Action.RECORD, last + dt.timedelta(minutes=1))
    read = await service.data("query ($id: ID!) { household(id: $id) { stage } }", {"id": household.id})
    assert read["household"]["stage"] == "RECORDED"


async def test_an_earlier_notice_does_not_count_for_a_later_one(service: Service) -> None:
    household = await under_review(service)
    await opened_at(service, household, now() - dt.timedelta(days=30))
    await moved(service, household, Action.RETURN, now())
    assert (await opened(service, household, expectedVersion=3))["userErrors"] == []
    with pytest.raises(NotDone, match="is up until"):
        await moved(service, household, Action.RECORD, now())


async def test_a_division_may_ask_for_more_days_and_nobody_for_less(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = """[[value]]
key = "notice.working_days"
value = 7
unit = "working days"
division = "410502"
valid_from = 2026-01-01
basis = "文峰区总工会公示规定"
status = "verified"
approved_by = ["甲", "乙"]
"""
    (tmp_path / "policy.toml").write_text(entry, encoding="utf-8")
    monkeypatch.setenv("JIEKUN_DATA_DIR", str(tmp_path))
    there, elsewhere = await under_review(service), await under_review(service, division="410505")
    today = days.today(now())
    assert (await opened(service, there, workingDays=6))["userErrors"][0]["code"] == "INVALID"
    assert (await opened(service, there))["notice"]["toDay"] == str(workdays.add(today, 7))
    assert (await opened(service, elsewhere))["notice"]["toDay"] == str(workdays.add(today, 5))


def test_as_shipped_no_notice_is_shorter_than_five_working_days() -> None:
    entries = [each for each in policy.in_force().values if each.key == notices.WORKING_DAYS]
    assert entries
    for entry in entries:
        assert entry.value >= 5
        assert entry.basis


UNMASKED = {
    "applicant": NAME,
    "id_number": NUMBER,
    "street": "平原路215号",
}


async def changed_by_hand(service: Service, **change: Any) -> None:
    async with transaction(service.engine) as connection:
        await connection.execute(update(Notice).values(**change))


@pytest.mark.parametrize("column", UNMASKED)
async def test_f_30_the_database_takes_no_notice_that_could_find_somebody(service: Service, column: str) -> None:
    household = await under_review(service)
    await opened(service, household)
    with pytest.raises(IntegrityError):
        await changed_by_hand(service, **{column: UNMASKED[column]})


async def test_f_30_the_database_keeps_nothing_of_a_notice_that_is_down_or_unnamed(service: Service) -> None:
    household = await under_review(service)
    await opened(service, household)
    for change in ({"state": "TAKEN_DOWN", "taken_down_at": now()}, {"form": "UNNAMED"}):
        with pytest.raises(IntegrityError):
            await changed_by_hand(service, **change)


async def test_f_30_a_row_that_somebody_has_changed_by_hand_is_not_shown(service: Service) -> None:
    household = await under_review(service)
    await opened(service, household)
    await changed_by_hand(service, keeper="工会13812345678")
    read = await service.data(READ, {"household": household.id})
    (notice,) = read["household"]["notices"]
    assert (notice["keeper"], notice["applicant"], notice["street"]) == (None, None, None)


async def test_another_divisions_notices_are_not_there(service: Service) -> None:
    household = await under_review(service, division="410505")
    notice = (await opened(service, household))["notice"]
    query = "query ($id: ID!) { notice(id: $id) { id } publicNotices { nodes { id } } node(id: $id) { id } }"
    for by in ("county-reviewer", "elsewhere"):
        read = await service.data(query, {"id": notice["id"]}, by=by)
        assert read == {"notice": None, "publicNotices": {"nodes": []}, "node": None}


async def test_notices_are_found_by_number_county_and_last_day(service: Service) -> None:
    made = [await opened(service, await under_review(service, division=code)) for code in ("410502", "410505")]
    first, second = (each["notice"] for each in made)
    query = "query ($f: PublicNoticeFilter) { publicNotices(filter: $f) { nodes { number } } }"
    for where, found in (
        ({"numbers": [first["number"]]}, [first]),
        ({"divisionCode": "410505"}, [second]),
        ({"up": True, "until": {"from": first["toDay"]}}, [second, first]),
        ({"until": {"to": "2020-01-01"}}, []),
        ({"not": {"up": True}}, []),
    ):
        read = await service.data(query, {"f": where})
        assert [each["number"] for each in read["publicNotices"]["nodes"]] == [each["number"] for each in found]


def test_f_30_no_field_of_the_type_or_column_of_the_table_could_hold_an_identifier() -> None:
    """Each text has a form of domain/notices; all else is a day, a count, a word of a closed list, a key, or another type."""
    texts = {"number", "applicant", "id_number", "street", "keeper", "division_code"}
    assert set(_FORMS) == texts
    shown = schema._schema.type_map["PublicNotice"]
    assert isinstance(shown, GraphQLObjectType)
    kinds = {name: get_named_type(field.type) for name, field in shown.fields.items()}
    assert {to_snake(name) for name, kind in kinds.items() if kind is GraphQLString} == texts - {"division_code"}
    closed = {"ID", "Date", "Int", "Division", "Household", "Objection"}
    others = [kind for kind in kinds.values() if kind is not GraphQLString]
    assert all(isinstance(kind, GraphQLEnumType) or kind.name in closed for kind in others)
    columns = table(Notice).c
    words = {"form", "tier", "category", "state", "taken_down_because"}
    assert {column.name for column in columns if isinstance(column.type, String)} == texts | words
    blobs = {column.name for column in columns if isinstance(column.type, LargeBinary | JSON)}
    assert blobs == {"digest", "places", "channels"}


async def test_f_30_with_the_clock_of_the_service_a_notice_is_up_until_midnight_of_its_last_day(
    service: Service,
) -> None:
    household = await under_review(service)
    made = await opened(service, household)
    midnight = dt.datetime.combine(dt.date.fromisoformat(made["notice"]["toDay"]), dt.time(16), dt.UTC)
    query = "query ($id: ID!) { household(id: $id) { notices { state applicant street } } }"
    for away, shown in (
        (dt.timedelta(minutes=-1), {"state": "OPEN", "applicant": "张*", "street": "平原路"}),
        (dt.timedelta(minutes=1), {"state": "TAKEN_DOWN", "applicant": None, "street": None}),
    ):
        service.ahead = midnight + away - now()
        read = await service.data(query, {"id": household.id})
        assert read["household"]["notices"] == [shown]
