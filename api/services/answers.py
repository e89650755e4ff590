"""Departments answer by lists: what they say of somebody is kept until it is old, and laid out for every scan.

All of a list is taken, or nothing of it. What was said of a later day is not overwritten by an earlier one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, String, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api import scope
from api.database import among, upsert
from api.domain import answers, days
from api.domain.answers import Answered
from api.domain.errors import NotDone, UserErrorCode
from api.domain.permissions import Viewer
from api.models import Household, ListedAnswer, Member, table
from api.services import audit, uploads

A, H, M = (table(each).c for each in (ListedAnswer, Household, Member))

_PEOPLE = scope.narrow(
    select(M.id, M.reference).join(Household, H.id == M.household_id).where(M.left_on.is_(None)), H.division_code
).where(among(M.reference, "references", String))
_SAID = select(A.member_id, A.answered_on).where(among(A.member_id, "members"))


async def push(
    connection: AsyncConnection, viewer: Viewer, source: str, given: Sequence[Answered], now: dt.datetime
) -> int:
    """The list is taken; the key of the department that gave it. Raises NotDone, and then nothing of it is."""
    organisation = uploads.keeper(viewer, source)
    answers.listed(given, days.today(now))
    told = {**scope.of(viewer), "references": [each.reference for each in given]}
    people = {row.reference: row.id for row in await connection.execute(_PEOPLE, told)}
    for place, each in enumerate(given):
        if each.reference not in people:
            raise NotDone(
                UserErrorCode.NOT_FOUND,
                ("input", "answers", str(place), "personReference"),
                "没有此人，或不在您的区划内。",
                "There is nobody of this reference, or not in your division.",
            )
    await uploads.one_at_a_time(connection, source)
    said = await connection.execute(_SAID.where(A.source == source), {"members": [*people.values()]})
    before = {row.member_id: row.answered_on for row in said}
    rows = [
        {
            "member_id": people[each.reference],
            "source": source,
            "answer": each.answer,
            "answered_on": each.answered_on,
            "organisation_id": organisation,
            "pushed_at": now,
        }
        for each in given
        if before.get(people[each.reference], each.answered_on) <= each.answered_on
    ]
    if rows:
        put = upsert(connection, table(ListedAnswer), ["member_id", "source"], rows[0].keys())
        await connection.execute(put, rows)
    detail = {"source": source, "answers": len(given)}
    await audit.record(connection, viewer.user_id, "answers.pushed", ("Organisation", organisation), now, detail)
    return organisation


async def laid_out(connection: AsyncConnection, theirs: ColumnElement[bool]) -> list[dict[str, Any]]:
    """What was said of these people, as the contract's table of answers has it."""
    rows = (
        select(A.source, M.reference.label("person_id"), A.answer, A.answered_on)
        .join(Member, M.id == A.member_id)
        .join(Household, H.id == M.household_id)
        .where(theirs)
        .order_by(A.id)
    )
    return [dict(row) for row in (await connection.execute(rows)).mappings()]


async def count_due(connection: AsyncConnection, over: dt.datetime) -> int:
    """How many answers came before this moment."""
    counted = select(func.count()).select_from(ListedAnswer).where(A.pushed_at < over)
    return int((await connection.execute(counted)).scalar_one())


async def forget(connection: AsyncConnection, over: dt.datetime) -> int:
    """Answers that came before this moment are gone; how many."""
    return (await connection.execute(delete(ListedAnswer).where(A.pushed_at < over))).rowcount
