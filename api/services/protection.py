"""Somebody is protected, and no longer: only by a person who decides on files and is cleared (F-29).

It is about the person, in whichever household, and about whoever bears the same number under another name. Nothing of
it stands in the history of a household: whoever is not cleared finds no trace there either.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from sqlalchemy import Row, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import scope
from api.database import among, locked
from api.domain import days
from api.domain.errors import NotDone, UserErrorCode
from api.domain.permissions import Viewer
from api.models import Household, Human, Member, Protection, table
from api.sealing import Vault
from api.services import audit
from api.services.decisions import checked_reason

_PERSON = scope.narrow(
    select(Human.id, Human.number_index)
    .join(Member, Member.person_id == Human.id)
    .join(Household, Household.id == Member.household_id),
    Household.division_code,
)


async def protect(
    connection: AsyncConnection, vault: Vault, viewer: Viewer, member_id: int | None, reason: str, now: dt.datetime
) -> int:
    """Where the person is, is told to nobody from now on but to who is cleared; the member's key. Raises NotDone."""
    found, written = await _person(connection, viewer, member_id), checked_reason(reason)
    people = await _same(connection, found)
    if people[found.id] is not None:
        raise _refused("该人员已受保护。", "The person is protected already.")
    today = days.today(now)
    await connection.execute(update(Human).where(Human.id.in_(people)).values(protected_since=today))
    begun = {"since": today, "protected_by": viewer.user_id, "created_at": now}
    for person_id in people:
        sealed = vault.seal("protections.reason", written)
        new = insert(Protection).values(person_id=person_id, reason=sealed, **begun).returning(Protection.id)
        key = int((await connection.execute(new)).scalar_one())
        await audit.record(connection, viewer.user_id, "person.protected", ("Protection", key), now)
    assert member_id is not None
    return member_id


async def end(
    connection: AsyncConnection, vault: Vault, viewer: Viewer, member_id: int | None, reason: str, now: dt.datetime
) -> int:
    """The person is protected no longer; the member's key. Raises NotDone."""
    found, written = await _person(connection, viewer, member_id), checked_reason(reason)
    people = await _same(connection, found)
    running = select(Protection.id).where(Protection.person_id.in_(people), Protection.ended_on.is_(None))
    keys = list((await connection.scalars(running)).all())
    if not keys and people[found.id] is None:
        raise _refused("该人员未受保护。", "The person is not protected.")
    await connection.execute(update(Human).where(Human.id.in_(people)).values(protected_since=None))
    for key in keys:
        ended = {"ended_on": days.today(now), "ended_by": viewer.user_id}
        sealed = vault.seal("protections.ending_reason", written)
        await connection.execute(update(Protection).where(Protection.id == key).values(ending_reason=sealed, **ended))
        await audit.record(connection, viewer.user_id, "person.protection_ended", ("Protection", key), now)
    assert member_id is not None
    return member_id


async def carry_all(connection: AsyncConnection, moved: Mapping[int | None, int]) -> None:
    """The same for many, by whose row they were thought to be; of those who were not protected nothing is done."""
    if old := [key for key in moved if key is not None]:
        protected = select(Human.id).where(among(table(Human).c.id, "keys"), scope.protects_person(table(Human).c.id))
        for key in (await connection.scalars(protected, {"keys": old})).all():
            await carry(connection, key, moved[key])


async def carry(connection: AsyncConnection, old: int, new: int) -> None:
    """A membership turned out to be of another person's row than was thought: protected before, protected now."""
    number = select(Human.number_index).where(Human.id == old).scalar_subquery()
    theirs = or_(Human.id == old, Human.number_index == number)
    since = await connection.scalar(select(func.min(Human.protected_since)).where(theirs))
    if since is None:
        return
    unprotected = update(Human).where(Human.id == new, Human.protected_since.is_(None))
    await connection.execute(unprotected.values(protected_since=since))
    running = select(Protection).join(Human, Human.id == Protection.person_id).where(theirs)
    running = running.where(Protection.ended_on.is_(None)).order_by(Protection.id).limit(1)
    held = (await connection.execute(running)).one_or_none()
    there = select(Protection.id).where(Protection.person_id == new, Protection.ended_on.is_(None))
    if held is not None and await connection.scalar(there) is None:
        same = {name: getattr(held, name) for name in ("since", "reason", "protected_by", "created_at")}
        await connection.execute(insert(Protection).values(person_id=new, **same))


async def _person(connection: AsyncConnection, viewer: Viewer, member_id: int | None) -> Row[int, bytes | None]:
    """Who a member is. Raises NotDone, and for who is not cleared before anything is looked at."""
    if not viewer.cleared:
        raise NotDone(
            UserErrorCode.FORBIDDEN,
            (),
            "只有获准查看受保护人员去处的人员可以设立或解除保护。",
            "Only somebody who is cleared for protected persons begins or ends a protection.",
        )
    found = (await connection.execute(_PERSON.where(Member.id == member_id), scope.of(viewer))).one_or_none()
    if found is None:
        raise NotDone(UserErrorCode.NOT_FOUND, ("input", "personId"), "没有此人。", "There is no such person.")
    return found


async def _same(connection: AsyncConnection, found: Row[int, bytes | None]) -> dict[int, dt.date | None]:
    """Since when the person is protected, and whoever bears the same number; without a number, nobody else (F-9).

    All are held at once and in order: of two who come by different ones of them, neither waits for the other for ever.
    """
    theirs = Human.id == found.id
    if found.number_index is not None:
        theirs = or_(theirs, Human.number_index == found.number_index)
    same = select(Human.id, Human.protected_since).where(theirs).order_by(Human.id)
    return {row.id: row.protected_since for row in await connection.execute(locked(same, connection, Human))}


def _refused(zh: str, en: str) -> NotDone:
    return NotDone(UserErrorCode.INVALID, ("input", "personId"), zh, en)
