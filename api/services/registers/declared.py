"""What the register tells as declared, kept by the day: added where it is not what was declared last."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ColumnElement, Date, case, func, insert, literal, null, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import Select

from api.database import among
from api.domain import days
from api.domain.declarations import OF_HOUSEHOLDS, OF_MEMBERS, WORDS, DeclarationSource, DeclaredItem
from api.models import Declaration, Household, Member, table
from api.services.registers import rows
from api.services.registers.households import Saved

H, M, D = table(Household).c, table(Member).c, table(Declaration).c
NAMES = ["household_id", "member_id", "item", "amount", "word", "declared_on", "source", "recorded_at"]


async def save(connection: AsyncConnection, saved: Saved, now: dt.datetime) -> None:
    """The columns of households and people whom the register changed, as declarations of their own day.

    What is told first was declared with the application; what is told otherwise later, today.
    """
    for some in rows.batches(sorted(saved.changed - saved.own)):
        for item, column in OF_HOUSEHOLDS.items():
            await _add(connection, _told(item, H[column], of_member=False, now=now), some)
        for item, column in OF_MEMBERS.items():
            await _add(connection, _told(item, M[column], of_member=True, now=now), some)


async def _add(connection: AsyncConnection, told: Select[*tuple[object, ...]], keys: list[int]) -> None:
    await connection.execute(insert(Declaration).from_select(NAMES, told), {"keys": keys})


def _told(
    item: DeclaredItem, column: ColumnElement[Any], *, of_member: bool, now: dt.datetime
) -> Select[*tuple[object, ...]]:
    # by the household's index: a database without statistics would walk all that is of no member
    whose = (D.member_id == M.id) if of_member else ((D.household_id == H.id) & (func.coalesce(D.member_id, 0) == 0))
    value = D.word if item in WORDS else D.amount
    of_item = select(value).where(whose, D.item == item)
    last = of_item.order_by(D.declared_on.desc(), D.id.desc()).limit(1).scalar_subquery()
    today = literal(days.today(now), Date())
    applied = case((H.applied_on > today, today), else_=func.coalesce(H.applied_on, today))
    on = case((of_item.exists(), today), else_=applied)
    shown = (null(), column) if item in WORDS else (column, null())
    told = select(
        H.id,
        M.id if of_member else null(),
        literal(item.value),
        *shown,
        on,
        literal(DeclarationSource.REGISTER.value),
        literal(now, D.recorded_at.type),
    )
    if of_member:
        told = told.join(Member, M.household_id == H.id).where(M.left_on.is_(None))
    return told.where(among(H.id, "keys"), column.is_distinct_from(last))
