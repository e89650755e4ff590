"""What was declared, kept day by day; the columns of households and members hold the latest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain import days
from api.domain.declarations import OF_HOUSEHOLDS, OF_MEMBERS, WORDS, DeclarationSource, Declared, DeclaredItem, check
from api.domain.errors import NotDone, UserErrorCode
from api.models import Declaration, Household, Member, table

D = table(Declaration).c


async def declare(
    connection: AsyncConnection,
    household_id: int,
    declared: Sequence[Declared],
    on: dt.date,
    user_id: int | None,
    now: dt.datetime,
    *,
    source: DeclarationSource = DeclarationSource.CHANGE,
) -> list[str]:
    """Adds what was declared on a day; returns what stands as evidence of it, such as `Declaration:17`.

    Something declared of an earlier day than what is known already is kept, and changes nothing now. Raises NotDone.
    """
    if on > days.today(now):
        raise NotDone(UserErrorCode.INVALID, ("input", "on"), "日期不能晚于今天。", "The day lies in the future.")
    evidence = []
    for each in declared:
        check(each)
        if each.member_id is not None:
            await _require_member(connection, household_id, each.member_id)
        for item, value in each.items.items():
            row = {
                "household_id": household_id,
                "member_id": each.member_id,
                "item": item,
                "amount": None if item in WORDS else value,
                "word": value if item in WORDS else None,
                "declared_on": on,
                "source": source,
                "user_id": user_id,
                "recorded_at": now,
            }
            added = await connection.execute(insert(Declaration).values(row).returning(D.id))
            evidence.append(f"Declaration:{added.scalar_one()}")
            await _show_latest(connection, household_id, each.member_id, item)
    return evidence


async def _show_latest(
    connection: AsyncConnection, household_id: int, member_id: int | None, item: DeclaredItem
) -> None:
    said = select(D.amount, D.word).where(D.item == item).order_by(D.declared_on.desc(), D.id.desc()).limit(1)
    if member_id is None:
        said = said.where(D.household_id == household_id, D.member_id.is_(None))
        change = update(Household).where(Household.id == household_id)
        column = OF_HOUSEHOLDS[item]
    else:
        said = said.where(D.member_id == member_id)
        change = update(Member).where(Member.id == member_id)
        column = OF_MEMBERS[item]
    latest = (await connection.execute(said)).one()
    await connection.execute(change.values({column: latest.word if item in WORDS else latest.amount}))


async def _require_member(connection: AsyncConnection, household_id: int, member_id: int) -> None:
    found = select(Member.id).where(Member.id == member_id, Member.household_id == household_id)
    if (await connection.execute(found)).one_or_none() is None:
        raise NotDone(
            UserErrorCode.NOT_FOUND, ("input", "declared"), "该户没有此成员。", "The household has no such member."
        )
