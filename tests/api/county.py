"""A county with nobody in it but its officers, and households that stand somewhere in their life, as another register told."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from api.database import transaction
from api.domain import days
from api.domain.accounts import OPERATOR, OrganisationKind
from api.domain.lifecycle import NOTHING, Action
from api.domain.permissions import Role, Viewer
from api.domain.stages import ACTIVE, ENDED, Stage
from api.models import Decision, File, FilePerson, Household, Human, Member, Recognition, Transition
from api.services import accounts, organisations

COUNTY = "410502"
OFFICERS: Mapping[str, tuple[Role, str]] = {
    "clerk": (Role.CASEWORKER, COUNTY),
    "second-clerk": (Role.CASEWORKER, COUNTY),
    "chief": (Role.REVIEWER, COUNTY),
    "second-chief": (Role.REVIEWER, "410500"),
    "checker": (Role.AUDITOR, "410500"),
    "keeper": (Role.ADMINISTRATOR, "410500"),
    "office": (Role.DEPARTMENT, "410500"),
    "stranger": (Role.REVIEWER, "110000"),
}
Officers = Mapping[str, Viewer]
_references = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Life:
    """A household that stands somewhere, its file, and the people in it."""

    household_id: int
    file_id: int
    people: tuple[int, ...]


async def officers(connection: AsyncConnection, now: dt.datetime) -> dict[str, Viewer]:
    """Somebody of each role, two of those who work with files, and one from elsewhere."""
    found = {}
    for login, (role, division) in OFFICERS.items():
        user_id = await accounts.add_user(connection, login, login.title(), role, division, now)
        found[login] = Viewer(user_id, login, login.title(), role, division)
    return found


async def union(connection: AsyncConnection, code: str, division: str, now: dt.datetime) -> None:
    """A union that keeps the files of a division."""
    told = organisations.Described("某市总工会", "Some Union", OrganisationKind.UNION, division)
    await organisations.save(connection, OPERATOR, told, now, code=code)


async def standing(engine: AsyncEngine, stage: Stage, now: dt.datetime, *, since: dt.date | None = None) -> Life:
    """The same as `taken_over`, and committed."""
    async with transaction(engine) as connection:
        return await taken_over(connection, stage, now, since=since)


async def taken_over(
    connection: AsyncConnection,
    stage: Stage,
    now: dt.datetime,
    *,
    division: str = COUNTY,
    people: int = 2,
    since: dt.date | None = None,
) -> Life:
    """A household that another register told to stand at this stage, with its file, opened on that day, and people."""
    reference, day = f"LIFE-{next(_references)}", now.date() - dt.timedelta(days=100)
    opened = (since or day) if stage in ACTIVE | {Stage.GRADUATED, Stage.DEREGISTERED} else None
    closed = day + dt.timedelta(days=50) if stage in ENDED else None
    row = {"reference": reference, "division_code": division, "stage": stage, "transition_number": 1, "digest": b""}
    dates = {"applied_on": day, "file_opened_on": opened, "file_closed_on": closed}
    household = await connection.scalar(
        insert(Household).values(**row, **dates, version=1, updated_at=now).returning(Household.id)
    )
    assert household is not None
    closing = None if closed is None else "AS_REGISTERED"
    of_file = {"household_id": household, "number": reference, "version": 1, "created_at": now, "closing": closing}
    stands = {"tier": "COUNTY", "category": "RELATIVE", "opened_on": opened, "closed_on": closed, "applied_on": day}
    file = await connection.scalar(insert(File).values(**of_file, **stands).returning(File.id))
    assert file is not None
    move = {"number": 1, "from_stage": NOTHING, "action": Action.TAKE_OVER, "to_stage": stage, "adverse": False}
    when = {"effective_on": closed or day, "happened_at": now, "evidence": []}
    transition = await connection.scalar(
        insert(Transition).values(household_id=household, file_id=file, **move, **when).returning(Transition.id)
    )
    of = {"household_id": household, "file_id": file, "transition_id": transition, "since": day, "recorded_at": now}
    kept = {"tier": "COUNTY", "category": "RELATIVE", "method": "B2020"}
    await connection.execute(insert(Recognition).values(**of, **kept))
    members = []
    for place in range(people):
        human = await connection.scalar(insert(Human).values(created_at=now).returning(Human.id))
        told = {"household_id": household, "person_id": human, "relation": "HEAD" if place == 0 else "SPOUSE"}
        born = {"birth_date": dt.date(1980, 5, 1), "overlapping": False, "reference": f"{reference}-{place}"}
        member = await connection.scalar(insert(Member).values(**told, **born).returning(Member.id))
        assert member is not None
        members.append(member)
        listed = {"file_id": file, "person_id": human, "member_id": member, "since": day, "disputed": False}
        if closed is None:
            await connection.execute(insert(FilePerson).values(**listed))
    return Life(household, file, tuple(members))


async def leave(engine: AsyncEngine, officers: Officers, life: Life, now: dt.datetime) -> None:
    """The file of a household that was taken over is closed, as the database takes it: by a move that rests on a decision."""
    clerk, chief = (officers[login].user_id for login in ("clerk", "chief"))
    of, today = {"household_id": life.household_id, "file_id": life.file_id, "evidence": []}, days.today(now)
    async with transaction(engine) as connection:
        told = {"proposed_by": clerk, "user_id": chief, "user_kind": "PERSON", "reason": b"", "made_at": now}
        decision = await connection.scalar(
            insert(Decision).values(**of, **told, kind="DEREGISTER").returning(Decision.id)
        )
        move = {"number": 2, "previous_number": 1, "from_stage": "RECORDED", "action": "DEREGISTER", "adverse": True}
        rest = {"to_stage": "DEREGISTERED", "user_id": chief, "decision_id": decision, "effective_on": today}
        await connection.execute(insert(Transition).values(**of, **move, **rest, happened_at=now))
        gone = {"stage": "DEREGISTERED", "transition_number": 2, "file_closed_on": today}
        await connection.execute(update(Household).where(Household.id == life.household_id).values(**gone))
        closed = {"closed_on": today, "closing": "MOVED"}
        await connection.execute(update(File).where(File.id == life.file_id).values(**closed))
