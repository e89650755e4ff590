"""Who did what, asked as auditors ask it: what the acts of a household's life left, who may read it, and what is not told."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import case, func, select, text, update

from api import migrations, scope
from api.commands.audit import _told as printed
from api.database import reading, transaction
from api.domain.permissions import Role, Viewer
from api.loaders import audit as loaders
from api.models import AuditEvent, Finding, Household, Human, Member, Read, User, table
from api.services import audit
from tests.api.conftest import Service

EVENTS = """query ($filter: AuditEventFilter) { auditEvents(filter: $filter, first: 100) { totalCount nodes {
  id number happenedAt user { login displayName } action subjectType subjectId detail { key value } hash } } }"""
REVIEW = """mutation ($i: ReviewFindingInput!) { reviewFinding(input: $i) { auditId userErrors { code } } }"""
FINDING = "{ findings(first: 1) { nodes { id version household { id } } } }"
NOW = dt.datetime(2026, 11, 27, 4, tzinfo=dt.UTC)
E = table(AuditEvent).c


async def listed(service: Service, by: str = "auditor", **filter: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await service.data(EVENTS, {"filter": filter}, by=by))["auditEvents"]["nodes"]
    return found


async def home(service: Service) -> tuple[int, str]:
    """A household, by its key and its id."""
    async with reading(service.engine) as connection:
        key = (await connection.execute(select(Household.id).order_by(Household.id).limit(1))).scalar_one()
    return key, service.vault.ids("Household", [key])[0]


async def user(service: Service, login: str) -> int:
    async with reading(service.engine) as connection:
        return int((await connection.execute(select(User.id).where(User.login == login))).scalar_one())


async def told(service: Service, *acts: tuple[int | None, str, tuple[str, int], dict[str, Any]]) -> None:
    async with transaction(service.engine) as connection:
        for by, action, subject, detail in acts:
            await audit.record(connection, by, action, subject, NOW, detail)


def detail(event: dict[str, Any]) -> dict[str, str]:
    return {each["key"]: each["value"] for each in event["detail"]}


async def test_the_id_that_an_act_gave_leads_to_who_did_it(service: Service) -> None:
    found = (await service.data(FINDING))["findings"]["nodes"][0]
    given = {
        "findingId": found["id"],
        "expectedVersion": found["version"],
        "outcome": "NEEDS_INQUIRY",
        "note": "王小明",
    }
    done = (await service.data(REVIEW, {"i": {**given, "idempotencyKey": "audited-0001"}}))["reviewFinding"]
    assert done["userErrors"] == []
    query = """query ($id: ID!) { node(id: $id) { id ... on AuditEvent {
      user { login } action subjectType subjectId detail { key value } number hash } } }"""
    event = (await service.data(query, {"id": done["auditId"]}, by="auditor"))["node"]
    assert (event["user"], event["action"]) == ({"login": "reviewer"}, "finding.reviewed")
    assert (event["subjectType"], event["subjectId"]) == ("Finding", found["id"])
    assert detail(event) == {"household": found["household"]["id"], "outcome": "NEEDS_INQUIRY", "state": "IN_INQUIRY"}
    assert "王小明" not in str(event)
    async with reading(service.engine) as connection:
        row = (await connection.execute(select(AuditEvent).order_by(AuditEvent.number.desc()).limit(1))).one()
    assert (event["number"], event["hash"]) == (str(row.number), row.hash)
    assert (await service.data(query, {"id": done["auditId"]}, by="reviewer"))["node"] is None


async def test_a_household_is_what_is_done_to_it_and_to_what_is_its(service: Service) -> None:
    key, public_id = await home(service)
    officer = await user(service, "caseworker")
    await told(
        service,
        (
            officer,
            "household.record",
            ("Household", key),
            {"transition": 77, "from": "PUBLIC_NOTICE", "decision": None},
        ),
        (officer, "cause.added", ("Cause", 5), {"household": key, "cause": "ILLNESS"}),
        (None, "notice.taken_down", ("Household", key), {"notice": 3, "because": "ENDED"}),
        (officer, "plan.made", ("AssistancePlan", 4), {"household": key + 1, "measures": 2}),
        (officer, "attachment.added", ("Attachment", 6), {"household": key, "kind": "CONSENT", "sha256": "ab12"}),
        (officer, "file.subject_changed", ("Household", key), {"file": 2, "from": 10, "to": 11}),
        (officer, "measure_role.ended", ("RoleAssignment", 9), {"to": "2026-01-01", "sources": ["tax", "police"]}),
    )
    events = await listed(service, householdId=public_id)
    assert [each["action"] for each in events][:5] == [
        "file.subject_changed",
        "attachment.added",
        "notice.taken_down",
        "cause.added",
        "household.record",
    ]
    changed, paper, taken, cause, recorded = events[:5]
    ids = service.vault.ids
    assert detail(recorded) == {"from": "PUBLIC_NOTICE"}, "keys of rows without an id are told to nobody"
    assert recorded["subjectId"] == public_id
    assert (cause["subjectId"], detail(cause)) == (ids("Cause", [5])[0], {"household": public_id}), (
        "no illness of an older row"
    )
    assert taken["user"] is None
    assert detail(taken) == {"because": "ENDED", "notice": ids("PublicNotice", [3])[0]}
    assert detail(paper) == {"household": public_id, "kind": "CONSENT"}
    people = ids("Person", [10, 11])
    assert detail(changed) == {"file": ids("HardshipFile", [2])[0], "from": people[0], "to": people[1]}
    (ended,) = await listed(service, actions=["measure_role.ended"])
    assert (ended["subjectType"], ended["subjectId"]) == ("MeasureAssignment", ids("MeasureAssignment", [9])[0])
    assert detail(ended) == {"sources": "tax,police", "to": "2026-01-01"}
    mine = await listed(service, householdId=public_id, userLogins=["caseworker"])
    assert {each["user"]["login"] for each in mine} == {"caseworker"}
    assert await listed(service, householdId=public_id, since="2099-01-01T00:00:00Z") == []
    until = {"since": NOW.isoformat(), "until": (NOW + dt.timedelta(seconds=1)).isoformat()}
    assert len(await listed(service, householdId=public_id, **until)) == 5
    assert await listed(service, householdId=ids("Person", [key])[0]) == []


ABOUT = case(
    (E.subject_type == "Household", E.subject),
    (E.detail["household"].as_integer().is_not(None), E.detail["household"].as_integer()),
    (E.subject_type == "Finding", select(Finding.household_id).where(Finding.id == E.subject).scalar_subquery()),
    (E.subject_type == "Person", select(Member.household_id).where(Member.id == E.subject).scalar_subquery()),
)
"""Of which household an act is, looked up as it was before acts knew it."""


async def test_an_act_knows_the_household_that_looking_it_up_finds_and_so_do_older_ones(service: Service) -> None:
    key, _ = await home(service)
    async with reading(service.engine) as connection:
        finding = (await connection.execute(select(Finding.id).limit(1))).scalar_one()
        member = (await connection.execute(select(Member.id).limit(1))).scalar_one()
    await told(
        service,
        (None, "household.record", ("Household", key), {"transition": 7}),
        (None, "cause.added", ("Cause", 5), {"household": key}),
        (None, "finding.opened", ("Finding", finding), {"state": "OPEN"}),
        (None, "person.protected", ("Person", member), {}),
        (None, "person.moved", ("Person", member), {"household": key + 1}),
        (None, "finding.opened", ("Finding", 10**9), {}),
        (None, "scan.requested", ("Scan", 1), {"rules": ["H05"]}),
    )

    async def differing() -> tuple[int, list[int]]:
        async with reading(service.engine) as connection:
            rows = (await connection.execute(select(E.id, E.household_id, ABOUT.label("looked_up")))).all()
            assert (await audit.prove(connection)).broken is None
        known = sum(row.household_id is not None for row in rows)
        return known, [row.id for row in rows if row.household_id != row.looked_up]

    known, wrong = await differing()
    assert (known >= 5, wrong) == (True, [])
    await migrations.downgrade(service.engine, "0027")
    await migrations.upgrade(service.engine)
    assert await differing() == (known, []), "and what was done before is told of the same ones"


def test_no_door_tells_an_illness_or_what_a_paper_is_known_by() -> None:
    """Rows that were written when they still held either stay in the chain as they are."""
    assert printed({"household": 3, "cause": "ILLNESS", "sha256": "ab12", "decision": None}) == "household=3"


async def test_an_act_lies_where_its_household_lies_else_with_who_did_it(service: Service) -> None:
    key, public_id = await home(service)
    officer, elsewhere = await user(service, "caseworker"), await user(service, "reviewer")
    async with transaction(service.engine) as connection:
        await connection.execute(update(User).where(User.id == elsewhere).values(division_code="110101"))
    await told(
        service,
        (elsewhere, "household.record", ("Household", key), {}),
        (elsewhere, "scan.requested", ("Scan", 1), {}),
        (officer, "scan.requested", ("Scan", 2), {}),
        (officer, "plan.made", ("AssistancePlan", 1), {"household": 9_000_000}),
        (None, "key.retired", ("Key", 1), {}),
    )
    here = await listed(service, since=NOW.isoformat(), until=(NOW + dt.timedelta(seconds=1)).isoformat())
    assert [(each["action"], each["user"]["login"]) for each in here] == [
        ("plan.made", "caseworker"),  # of a household that was erased
        ("scan.requested", "caseworker"),
        ("household.record", "reviewer"),
    ]
    async with transaction(service.engine) as connection:
        await connection.execute(update(Household).where(Household.id == key).values(division_code="110101"))
    assert await listed(service, householdId=public_id) == [], "its acts went where it went"
    seen = {row.action for row in await _seen(service)}
    assert "key.retired" in seen


async def _seen(service: Service) -> list[Any]:
    """What one who answers for the whole country is shown, by the loader itself."""
    viewer = Viewer(1, "auditor", "Auditor", Role.AUDITOR, "000000")
    async with reading(service.engine) as connection:
        return list((await connection.execute(loaders._EVENTS, scope.of(viewer))).all())


@pytest.mark.parametrize("by", ["reviewer", "caseworker", "department", "administrator"])
async def test_only_auditors_see_who_did_what(service: Service, by: str) -> None:
    answer = await service.ask("{ auditEvents { nodes { action } } }", by=by)
    assert answer["data"] == {"auditEvents": None}
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"FORBIDDEN"}


async def test_f_29_who_handles_somebody_protected_is_not_told_nor_found(service: Service) -> None:
    key, public_id = await home(service)
    officer = await user(service, "caseworker")
    await told(service, (officer, "file.transferred", ("Household", key), {"from": "410502", "to": "410505"}))
    event = (await listed(service, householdId=public_id))[0]
    assert (event["user"]["login"], detail(event)["to"]) == ("caseworker", "410505")
    async with transaction(service.engine) as connection:
        human = select(Member.person_id).where(Member.household_id == key, Member.left_on.is_(None)).limit(1)
        protected = update(Human).where(Human.id == human.scalar_subquery())
        await connection.execute(protected.values(protected_since=NOW))
    event = (await listed(service, householdId=public_id))[0]
    assert (event["action"], event["user"], event["detail"]) == ("file.transferred", None, [])
    assert await listed(service, householdId=public_id, userLogins=["caseworker"]) == []
    not_by: dict[str, Any] = {"not": {"userLogins": ["caseworker"]}}
    assert len(await listed(service, householdId=public_id, **not_by)) == len(
        await listed(service, householdId=public_id)
    ), "no filter tells either"


async def test_f_29_who_reviewed_a_lead_about_somebody_protected_is_not_told(service: Service) -> None:
    reviewer = await user(service, "reviewer")
    async with reading(service.engine) as connection:
        lead = (await connection.execute(select(Finding.id, Finding.household_id).limit(1))).one()
    await told(service, (reviewer, "finding.reviewed", ("Finding", lead.id), {"outcome": "NEEDS_INQUIRY"}))
    given: dict[str, Any] = {
        "householdId": service.vault.ids("Household", [lead.household_id])[0],
        "actions": ["finding.reviewed"],
    }
    (event,) = await listed(service, **given)
    assert (event["user"]["login"], detail(event)) == ("reviewer", {"outcome": "NEEDS_INQUIRY"})
    assert event["subjectId"] == service.vault.ids("Finding", [lead.id])[0]
    async with transaction(service.engine) as connection:
        human = select(Member.person_id).where(Member.household_id == lead.household_id, Member.left_on.is_(None))
        protected = update(Human).where(Human.id == human.limit(1).scalar_subquery())
        await connection.execute(protected.values(protected_since=NOW))
    (event,) = await listed(service, **given)
    assert (event["user"], event["detail"]) == (None, [])


async def test_f_29_what_was_done_with_somebody_protected_where_they_lived_before_is_not_told(
    service: Service,
) -> None:
    """They moved on, and who handled them there may handle them here; so of who lives with them now."""
    officer = await user(service, "caseworker")
    at = table(Member).c
    async with transaction(service.engine) as connection:
        of_two = select(at.household_id).group_by(at.household_id).having(func.count() > 1).order_by(at.household_id)
        before, now_at = (await connection.execute(of_two.limit(2))).scalars()
        moved, *_ = (
            await connection.execute(select(at.id).where(at.household_id == before).order_by(at.id))
        ).scalars()
        there, beside, *_ = (
            await connection.execute(select(at.id, at.person_id).where(at.household_id == now_at).order_by(at.id))
        ).all()
        left = update(Member).where(Member.id == moved)
        await connection.execute(left.values(person_id=there.person_id, left_on=dt.date(2026, 1, 1)))
    public_id = service.vault.ids("Household", [before])[0]
    await told(service, (officer, "member.moved", ("Person", moved), {"on": "2026-01-01"}))

    async def seen() -> tuple[str, Any, Any, int]:
        (event,) = await listed(service, householdId=public_id, actions=["member.moved"])
        by = await listed(service, householdId=public_id, actions=["member.moved"], userLogins=["caseworker"])
        return event["action"], event["user"] and event["user"]["login"], detail(event), len(by)

    assert await seen() == ("member.moved", "caseworker", {"on": "2026-01-01"}, 1)
    for human in (there.person_id, beside.person_id):
        async with transaction(service.engine) as connection:
            await connection.execute(update(Human).values(protected_since=None))
            await connection.execute(update(Human).where(Human.id == human).values(protected_since=NOW))
        assert await seen() == ("member.moved", None, {}, 0)


async def test_acts_are_found_by_what_they_were_done_to_and_by_their_ids(service: Service) -> None:
    key, public_id = await home(service)
    officer, ids = await user(service, "caseworker"), service.vault.ids
    await told(
        service,
        (officer, "household.record", ("Household", key), {}),
        (officer, "cause.added", ("Cause", key), {"household": key}),
        (officer, "measure_role.ended", ("RoleAssignment", key), {}),
    )
    ended, cause, recorded = (await listed(service))[:3]
    cases: list[tuple[dict[str, Any], list[dict[str, Any]]]] = [
        ({"subjectId": public_id}, [recorded]),
        ({"subjectId": ids("Cause", [key])[0]}, [cause]),
        ({"subjectId": ids("MeasureAssignment", [key])[0]}, [ended]),
        ({"subjectId": ids("Cause", [key + 1])[0]}, []),
        ({"subjectId": "nothing of ours"}, []),
        ({"auditIds": [recorded["id"], ended["id"]]}, [ended, recorded]),
        ({"auditIds": [public_id]}, []),
        ({"auditIds": []}, []),
        ({"auditIds": [recorded["id"], cause["id"]], "not": {"subjectId": public_id}}, [cause]),
    ]
    for given, expected in cases:
        found = await listed(service, since=NOW.isoformat(), **given)
        assert found == expected, given


async def test_the_acts_of_a_household_are_found_without_trying_every_act(service: Service) -> None:
    dialect = service.engine.dialect
    wanted = loaders.OF_HOUSEHOLD.params(household=1).compile(dialect=dialect, compile_kwargs={"literal_binds": True})
    explain = "EXPLAIN QUERY PLAN" if dialect.name == "sqlite" else "EXPLAIN"
    async with reading(service.engine) as connection:
        if dialect.name == "postgresql":
            await connection.execute(text("SET LOCAL enable_seqscan = off"))  # it would rather try all of so few
        plan = [str(row) for row in await connection.exec_driver_sql(f"{explain} {wanted}")]
    assert any("ix_audit_events_household" in line for line in plan), plan


async def test_reading_the_acts_is_on_record(service: Service) -> None:
    key, public_id = await home(service)
    await told(service, (None, "household.record", ("Household", key), {}))
    await listed(service, householdId=public_id)
    async with reading(service.engine) as connection:
        row = (await connection.execute(select(*table(Read).c).order_by(Read.id.desc()).limit(1))).one()
    assert row.households == [key]
    assert {"AuditEvent.action", "AuditEvent.user"} <= set(row.fields)
