"""A household that is given aid, row by row as two officers would have made it; and what is known of its income."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from api.database import transaction
from api.domain.clocks import months_after
from api.domain.incomes import IncomeSource
from api.domain.permissions import Viewer
from api.models import (
    Base,
    Claim,
    Decision,
    Enrolment,
    Grant,
    IncomeMonth,
    Member,
    Objection,
    Payment,
    Programme,
    Referral,
    table,
)
from tests.api.county import Life

_documents = itertools.count(1)


async def add(connection: AsyncConnection, model: type[Base], **values: object) -> int:
    """A row; its key."""
    added = await connection.execute(insert(model).values(**values).returning(table(model).c.id))
    return int(added.scalar_one())


async def programme(connection: AsyncConnection, code: str) -> None:
    """The programme is there."""
    if await connection.scalar(select(Programme.code).where(Programme.code == code)) is None:
        row = {"code": code, "name_zh": code, "name_en": code, "unit": "HOUSEHOLD", "position": 0}
        await connection.execute(insert(Programme).values(**row))


async def granted(
    engine: AsyncEngine,
    life: Life,
    by: tuple[Viewer, Viewer],
    now: dt.datetime,
    *,
    months: Sequence[dt.date],
    code: str = "LIVING_SUBSIDY",
    amount_fen: int = 500_00,
    period: str = "MONTH",
    division: str = "410502",
    paid: Sequence[dt.date] = (),
) -> int:
    """A grant of these months to the first of the household's people, of which some months were paid before it was ours; its key."""
    proposer, decider = by
    async with transaction(engine) as connection:
        await programme(connection, code)
        of = {"household_id": life.household_id, "file_id": life.file_id}
        terms = {"programme_code": code, "first_month": months[0], "last_month": months[-1], "amount_fen": amount_fen}
        grant = await add(
            connection, Grant, **of, **terms, member_id=life.people[0], division_code=division, period=period,
            state="PROPOSED", reason=b"r", proposed_by=proposer.user_id, version=1, created_at=now,
        )  # fmt: skip
        person = await connection.scalar(select(Member.person_id).where(Member.id == life.people[0]))
        count = (months[-1].year - months[0].year) * 12 + months[-1].month - months[0].month + 1
        for place in range(count):
            month = months_after(months[0], place)
            await add(connection, Claim, grant_id=grant, person_id=person, month=month, cell=code)
        enrolment = await add(
            connection, Enrolment, household_id=life.household_id, member_id=life.people[0], programme_code=code,
            agency="总工会", start_month=months[0], end_month=months[-1], amount_fen=amount_fen,
            source_record=f"GRANT:{grant}",
        )  # fmt: skip
        for month in paid:
            await add(connection, Payment, enrolment_id=enrolment, month=month, amount_fen=amount_fen)
        decision = await decided(connection, life, by, "GRANT", now)
        done = {"state": "GRANTED", "decided_as": "GRANT", "decision_id": decision, "decided_by": decider.user_id}
        await connection.execute(update(Grant).where(Grant.id == grant).values(**done, enrolment_id=enrolment))
    return grant


async def decided(
    connection: AsyncConnection, life: Life, by: tuple[Viewer, Viewer], kind: str, now: dt.datetime, **more: object
) -> int:
    """What one officer proposed is decided by the other, with a reason; the decision's key."""
    proposer, decider = by
    values = {
        "household_id": life.household_id,
        "file_id": life.file_id,
        "kind": kind,
        "reason": b"r",
        "evidence": [],
    }
    values |= {"proposed_by": proposer.user_id, "user_id": decider.user_id, "user_kind": "PERSON", "made_at": now}
    return await add(connection, Decision, **values | more)


async def earning(engine: AsyncEngine, life: Life, month: dt.date, fen: int | None, now: dt.datetime) -> None:
    """The first of its people has this wage in the month (None: nobody said), the others have nothing; all were asked."""
    async with transaction(engine) as connection:
        for place, member in enumerate(life.people):
            for source in IncomeSource:
                row = {"member_id": member, "month": month, "source": source, "recorded_at": now}
                if place == 0 and source is IncomeSource.TAX:
                    told = {"answer": "VALUE", "kind": "WAGE", "amount_fen": fen}
                    row |= {"answer": "NO_ANSWER"} if fen is None else told
                else:
                    row |= {"answer": "NO_RECORD"}
                await add(connection, IncomeMonth, **row)


async def referred(
    engine: AsyncEngine, life: Life, organisation: int, by: Viewer, due_on: dt.date, now: dt.datetime
) -> int:
    """The household is referred, to be answered by the day; the referral's key."""
    async with transaction(engine) as connection:
        return await add(
            connection, Referral, household_id=life.household_id, organisation_id=organisation, note=b"n",
            state="OPEN", due_on=due_on, referred_by=by.user_id, referred_at=now, version=1,
        )  # fmt: skip


async def objected(engine: AsyncEngine, life: Life, by: Viewer, day: dt.date, now: dt.datetime) -> int:
    """The household objects on that day, and waits for an answer; the objection's key."""
    async with transaction(engine) as connection:
        return await add(
            connection, Objection, household_id=life.household_id, stage="RECORDED", objector="APPLICANT",
            grounds=["OTHER"], text=b"t", received_on=day, due_on=day, received_by=by.user_id, raised_at=now,
            state="OPEN", version=1,
        )  # fmt: skip
