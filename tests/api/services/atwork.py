"""A household on file, and how clients work on it: what several tests of the daily work share."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database import transaction
from api.domain import days
from api.models import (
    ApplicantCheck,
    Attachment,
    Base,
    Cause,
    CauseEvent,
    ContactOfficer,
    File,
    HomeVisit,
    Household,
    HouseholdCheck,
    Member,
    Organisation,
    Plan,
    PlannedMeasure,
    Progress,
    Referral,
    Task,
    User,
    VerificationAnswer,
    VerificationRequest,
    Visitor,
    table,
)
from api.sealing import Vault
from tests.api.conftest import Service

NOW = dt.datetime.now(dt.UTC)
TODAY = days.today(NOW)
DAY = dt.timedelta(days=1)
_acts = itertools.count(1)


@dataclass(frozen=True)
class OnFile:
    """A household of the county with an open file, by its keys and its id; `people` are its members' keys."""

    service: Service
    key: int
    file: int
    id: str
    reference: str
    people: tuple[int, ...] = field(default=())

    async def act(self, field: str, answers: str, by: str = "caseworker", **told: Any) -> Any:
        """What a mutation of this name answers, with `answers` asked of its payload beside the errors."""
        title = field[0].upper() + field[1:]
        query = f"""mutation ($input: {title}Input!) {{ {field}(input: $input) {{
          {answers} auditId userErrors {{ code path message }} }} }}"""
        given = {"idempotencyKey": f"{field}-{next(_acts):06}", **told}
        return (await self.service.data(query, {"input": given}, by=by))[field]

    async def read(self, fields: str, by: str = "caseworker", as_of: dt.date | None = None) -> Any:
        """The household's fields, as of a day."""
        query = f"query ($id: ID!, $asOf: Date) {{ household(id: $id, asOf: $asOf) {{ {fields} }} }}"
        variables = {"id": self.id, "asOf": None if as_of is None else as_of.isoformat()}
        return (await self.service.data(query, variables, by=by))["household"]

    def public(self, kind: str, key: int) -> str:
        """The id of a row."""
        return self.service.vault.ids(kind, [key])[0]

    async def photo(self, kind: str = "VISIT_PHOTO") -> str:
        """The id of an attachment of this kind."""
        async with transaction(self.service.engine) as connection:
            user = await connection.scalar(select(User.id).where(User.login == "caseworker"))
            row = {
                "household_id": self.key,
                "file_id": self.file,
                "kind": kind,
                "media_type": "image/jpeg",
                "size": 1,
            }
            told = {"sha256": "0", "stored": f"{next(_acts):032}", "uploaded_by": user, "uploaded_at": NOW}
            key = await connection.scalar(insert(Attachment).values(**row, **told).returning(Attachment.id))
        assert key is not None
        return self.public("Attachment", key)


async def on_file(service: Service, place: int = 0, division: str = "410502") -> OnFile:
    """One of the division's households whose files are open, the first ones first."""
    async with transaction(service.engine) as connection:
        found = (
            select(Household.id, Household.reference, File.id.label("file"))
            .join(File, File.household_id == Household.id)
            .where(Household.division_code == division, Household.stage == "RECORDED", File.closed_on.is_(None))
        )
        row = (await connection.execute(found.order_by(Household.id).offset(place).limit(1))).one()
        members = select(Member.id).where(Member.household_id == row.id, Member.left_on.is_(None)).order_by(Member.id)
        people = tuple((await connection.execute(members)).scalars())
    return OnFile(service, row.id, row.file, service.vault.ids("Household", [row.id])[0], row.reference, people)


def errors(payload: Any) -> list[tuple[str, list[str]]]:
    """Why something was not done: codes with their paths."""
    return [(each["code"], each["path"]) for each in payload["userErrors"]]


async def at_work(
    connection: AsyncConnection, vault: Vault, household_id: int, user_id: int, now: dt.datetime
) -> dict[str, int]:
    """One thing of each kind that the daily work makes, by the name of its type its key; whatever can be told is."""

    def seal(column: str, words: str) -> bytes | None:
        return vault.seal(column, words)

    async def add(model: type[Base], **values: Any) -> int:
        added = await connection.execute(insert(model).values(**values).returning(table(model).c.id))
        return int(added.scalar_one())

    file_id = await connection.scalar(
        select(File.id).where(File.household_id == household_id).order_by(File.id.desc()).limit(1)
    )
    police = await connection.scalar(select(Organisation.id).where(Organisation.code == "police"))
    of = {"household_id": household_id, "file_id": file_id}
    day, then = TODAY - DAY, {"version": 1}
    task = await add(
        Task, **of, **then, reference=f"VISIT_DUE:{household_id}", kind="VISIT_DUE", due_on=day, state="CANCELLED", detail={"source": "tax"},
        note=seal("tasks.note", "已搬走"), created_at=now, done_at=now, done_by=user_id, assigned_to=user_id,
    )  # fmt: skip
    cause = await add(
        Cause, **of, cause="OTHER", place=0, main=True, since=day, note=seal("causes.note", "某种情况"), version=2,
        resolved_on=day, resolution_id=0,
    )  # fmt: skip
    event = {
        "cause_id": cause,
        "main": True,
        "effective_on": day,
        "evidence": [],
        "user_id": user_id,
        "happened_at": now,
    }
    await add(CauseEvent, **event, change="ADDED")
    said = seal("cause_events.statement", "已消除")
    resolution = await add(CauseEvent, **event, change="RESOLVED", statement=said)
    await connection.execute(update(Cause).where(Cause.id == cause).values(resolution_id=resolution))
    visit: dict[str, Any] = {
        **of, "kind": "ROUTINE", "visited_on": day, "met": seal("home_visits.met", "本人"),
        "findings": seal("home_visits.findings", "一切照旧"), "income_changed": "NO", "causes_gone": "NO",
        "to_be_closed": "NO", "recorded_by": user_id, "recorded_at": now,
    }  # fmt: skip
    first = await add(HomeVisit, **visit)
    second = await add(HomeVisit, **visit, corrects_id=first, correction=seal("home_visits.correction", "日期有误"))
    await connection.execute(insert(Visitor).values(visit_id=second, user_id=user_id))
    await add(
        ContactOfficer, household_id=household_id, user_id=user_id, since=day, assigned_by=user_id, assigned_at=now
    )
    plan = await add(Plan, **of, number=1, goal=seal("plans.goal", "就业"), since=day, made_by=user_id, made_at=now)
    measure = await add(
        PlannedMeasure, **then, plan_id=plan, place=0, measure="EMPLOYMENT", what=seal("planned_measures.what", "介绍岗位"),
        organisation_id=police, due_on=TODAY, state="PLANNED",
    )  # fmt: skip
    note = seal("progress.note", "已登记")
    await add(Progress, measure_id=measure, state="PLANNED", note=note, user_id=user_id, noted_at=now)
    referral = await add(
        Referral, **then, household_id=household_id, organisation_id=police, note=seal("referrals.note", "请协助"),
        state="ACCEPTED", answer=seal("referrals.answer", "已接收"), due_on=TODAY, referred_by=user_id, referred_at=now,
        answered_by=user_id, answered_at=now,
    )  # fmt: skip
    verification = await add(
        VerificationRequest, **of, **then, round=1, occasion="REVERIFICATION", state="CLOSED", sources=["population"],
        reason=seal("verification_requests.reason", "年度核对"), due_on=day, requested_by=user_id, requested_at=now,
        conclusion=seal("verification_requests.conclusion", "核对完毕"), closed_by=user_id, closed_at=now,
    )  # fmt: skip
    member = await connection.scalar(
        select(Member.id).where(Member.household_id == household_id).order_by(Member.id).limit(1)
    )
    told_of = await add(
        VerificationAnswer, **then, request_id=verification, household_id=household_id, member_id=member, source="population",
        answer="VALUE", origin="DEPARTMENT", organisation_id=police, subject=seal("verification_answers.subject", "王小明"),
        due_on=TODAY, as_of=day, note=seal("verification_answers.note", "户籍在册"), asked_at=now, answered_by=user_id,
        answered_at=now,
    )  # fmt: skip
    said_of = await connection.scalar(select(Member.reference).where(Member.id == member))
    content = {
        "links": [{"person_id": said_of, "source": "tax", "record_id": "T1", "party": "SELF", "probability": 0.9, "grade": "G1",
                   "decision": "LINK"}],
        "leads": [{"finding_id": "f1", "rule_id": "P06", "severity": "LOW", "grade": "G1", "explanation_zh": "说明",
                   "explanation_en": "words"}],
        "coverage": [{"person_id": said_of, "source": "tax", "state": "VALUE", "as_of": "2024-12-31"}],
        "only_in_a_scan": ["N01"], "not_asked": [],
    }  # fmt: skip
    check = {"request_id": verification, "household_id": household_id}
    await add(
        HouseholdCheck, **check, feed_index=1, as_of=day, checked_at=now, mark="",
        content=seal("household_checks.content", json.dumps(content)),
    )  # fmt: skip
    looked = await add(ApplicantCheck, **check, member_id=member, user_id=user_id, asked_at=now)
    return {
        "Task": task, "Cause": cause, "HomeVisit": second, "AssistancePlan": plan, "PlannedMeasure": measure,
        "Referral": referral, "VerificationRequest": verification, "VerificationAnswer": told_of, "ApplicantCheck": looked,
    }  # fmt: skip
