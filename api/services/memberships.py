"""Memberships over time: somebody joins a household, moves to another, leaves, or is corrected; nothing is forgotten.

A membership that ended stays with its household, and what was found out about it. Each step holds the household, says
why, is in the audit, and counts the household's version.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Row, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from api import scope
from api.domain import casework, days
from api.domain.declarations import OF_MEMBERS, DeclarationSource, Declared
from api.domain.errors import NotDone, UserErrorCode
from api.domain.files import in_another_file
from api.domain.people import Entered, IdKind, MemberChangeKind, Relation, Sex, stands
from api.domain.permissions import Viewer
from api.models import FilePerson, Household, Member, MemberChange, table
from api.sealing import Vault
from api.services import audit, declarations, external_references, households, humans, members, protection
from api.services.guards import membership

TO = (("input", "toHouseholdId"), ("input", "toExpectedVersion"))
OF_THE_NUMBER = frozenset({"id_number", "id_kind", "sex", "birth_date"})
"""What is checked together: whoever corrects none of these, need not put a number right that another register got wrong."""

WHEREABOUTS = frozenset({"address", "phone"})
"""What is corrected only by who is shown it: an answer about a guess would tell what stands there (F-29)."""

CORRECTABLE = ("relation", "sex", "birth_date", "division_code", "id_kind")

H, M, FP = table(Household).c, table(Member).c, table(FilePerson).c
_MEMBER = scope.narrow(
    select(*M, scope.protects_member(M.person_id, M.household_id).label("protected")).join(
        Household, H.id == M.household_id
    ),
    H.division_code,
).where(M.id == bindparam("member"))


async def add(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    household_id: int | None,
    expected_version: int,
    entered: Entered,
    since: dt.date,
    reason: str | None,
    now: dt.datetime,
) -> int:
    """Somebody is in the household from a day on; the membership's key. Raises Conflict or NotDone."""
    casework.past(since, days.today(now), "since")
    await households.hold(connection, viewer, {household_id: expected_version})
    assert household_id is not None
    await membership.not_on_notice(connection, household_id)
    member_id = await members.enter(
        connection, vault, household_id, entered, since, viewer.user_id, now, source=DeclarationSource.CHANGE
    )
    change = _Change(
        MemberChangeKind.ADDED, household_id, member_id, since, casework.words(reason, "reason", required=False)
    )
    return await _told(connection, vault, viewer, change, now)


async def end(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    member_id: int | None,
    expected_version: int,
    on: dt.date,
    reason: str,
    now: dt.datetime,
) -> int:
    """The person is no longer in the household from a day on; the membership's key. Raises Conflict or NotDone."""
    member = await _member(connection, viewer, member_id, now)
    await households.hold(connection, viewer, {member.household_id: expected_version})
    await membership.not_on_notice(connection, member.household_id)
    await _end(connection, viewer, member, on, now)
    change = _Change(MemberChangeKind.ENDED, member.household_id, member.id, on, casework.words(reason, "reason"))
    return await _told(connection, vault, viewer, change, now)


async def move(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    member_id: int | None,
    expected_version: int,
    to_household_id: int | None,
    to_expected_version: int,
    on: dt.date,
    relation: Relation | None,
    reason: str,
    now: dt.datetime,
) -> int:
    """The person leaves one household and joins another on a day; the new membership's key. Raises Conflict or NotDone."""
    member = await _member(connection, viewer, member_id, now)
    if member.household_id == to_household_id:
        raise _invalid(("input", "toHouseholdId"), "此人已在该户。", "The person is in this household already.")
    both = {member.household_id: expected_version, to_household_id: to_expected_version}
    await households.hold(connection, viewer, both, {to_household_id: TO})
    assert to_household_id is not None
    why = casework.words(reason, "reason")
    for household_id in (member.household_id, to_household_id):
        await membership.not_on_notice(connection, household_id)
    await _end(connection, viewer, member, on, now)
    await members.require_alone(connection, member.person_id, on, ("input", "personId"))
    joined = await _join(connection, viewer, member, to_household_id, on, relation, now)
    await members.count_in(connection, to_household_id, member.person_id, joined, on)
    left = _Change(MemberChangeKind.MOVED, member.household_id, member.id, on, why, ("household_id",))
    await _told(connection, vault, viewer, left, now)
    return await _told(connection, vault, viewer, replace(left, household_id=to_household_id, member_id=joined), now)


async def correct(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    member_id: int | None,
    expected_version: int,
    corrections: Mapping[str, Any],
    reason: str,
    now: dt.datetime,
) -> int:
    """What was wrong about somebody is put right, and what stood there is kept; the membership's key.

    Only what is named changes, and an empty text takes a value away. A number or name that is another human's makes the
    membership that human's. Raises Conflict or NotDone.
    """
    member = await _member(connection, viewer, member_id, now)
    await households.hold(connection, viewer, {member.household_id: expected_version})
    await membership.not_on_notice(connection, member.household_id)
    if member.protected and not viewer.cleared and WHEREABOUTS & corrections.keys():
        raise NotDone(
            UserErrorCode.FORBIDDEN,
            ("input", "corrections"),
            "您不能更正此人的地址和电话，请转交有权限的同事办理。",
            "You cannot correct this person's address and telephone; please pass it on to a colleague who can.",
        )
    personal = {name: value for name, value in corrections.items() if name != external_references.FIELD}
    before = _opened(vault, member, numbered="id_number" in personal)
    after = _entered({**before, **personal})
    if personal:  # what a register gave without a name or a number can be linked as it is
        after = members.checked(
            after, days.today(now), ("input", "corrections"), with_number=bool(OF_THE_NUMBER & personal.keys())
        )
    changed = [name for name in before if personal and getattr(after, name) != before[name]]
    was = {name: before[name] for name in changed}
    if external_references.FIELD in corrections:
        at, number = ("input", "corrections", "acftuReference"), corrections[external_references.FIELD]
        there, differs = await external_references.put(connection, member.household_id, member.id, number, at, now)
        was |= {external_references.FIELD: there} if differs else {}
    if not was:
        raise _invalid(("input", "corrections"), "没有需要更正的内容。", "Nothing is different.")
    sealed = members.sealed(vault, {name: getattr(after, name) for name in changed if name in members.SEALED})
    plain = {name: getattr(after, name) for name in changed if name in CORRECTABLE}
    person_id = await _same_or_other(connection, vault, member, before, after, now)
    await connection.execute(update(Member).where(M.id == member.id).values(**sealed, **plain, person_id=person_id))
    linked = [*was] == [external_references.FIELD]
    change = _Change(
        MemberChangeKind.LINKED if linked else MemberChangeKind.CORRECTED,
        member.household_id,
        member.id,
        days.today(now),
        casework.words(reason, "reason"),
        tuple(was),
    )
    return await _told(connection, vault, viewer, change, now, json.dumps(was, ensure_ascii=False, default=str))


async def _same_or_other(
    connection: AsyncConnection,
    vault: Vault,
    member: Row[*tuple[Any, ...]],
    before: Mapping[str, Any],
    after: Entered,
    now: dt.datetime,
) -> int:
    """The human whose membership it is after the correction; the file counts whom it is of."""
    known = humans.identity_of(before["id_number"], before["name"])
    if known == humans.identity_of(after.id_number, after.name):
        return int(member.person_id)
    path = ("input", "corrections")
    person_id = await humans.of(connection, vault, after.id_number, after.name, now)
    since = member.valid_from or dt.date.min
    if stands(member.valid_from, member.valid_to, member.left_on, days.today(now)):
        await members.require_alone(connection, person_id, since, path, but=member.id)
    await protection.carry(connection, member.person_id, person_id)
    counted = update(FilePerson).where(FP.member_id == member.id).values(person_id=person_id)
    try:
        async with connection.begin_nested():
            await connection.execute(counted)
    except IntegrityError:
        raise in_another_file() from None
    return person_id


async def _end(
    connection: AsyncConnection, viewer: Viewer, member: Row[*tuple[Any, ...]], on: dt.date, now: dt.datetime
) -> None:
    today = days.today(now)
    casework.past(on, today, "on")
    if not stands(member.valid_from, member.valid_to, member.left_on, today) or (member.valid_from or on) > on:
        raise _invalid(
            ("input", "on"),
            "该成员关系在此日期并未存续。",
            "The membership does not stand on that day, or ended already.",
        )
    await membership.may_leave(connection, member.household_id, member.id, now)
    await connection.execute(update(Member).where(M.id == member.id).values(valid_to=on, left_on=on))
    counted = update(FilePerson).where(FP.member_id == member.id, FP.until.is_(None))
    await connection.execute(counted.values(until=on))


async def _join(
    connection: AsyncConnection,
    viewer: Viewer,
    member: Row[*tuple[Any, ...]],
    household_id: int,
    on: dt.date,
    relation: Relation | None,
    now: dt.datetime,
) -> int:
    """The same person as a member of another household; what was declared and entered goes along."""
    kept = {column.name: getattr(member, column.name) for column in M if column.name not in _OF_ONE_MEMBERSHIP}
    added = await connection.execute(
        insert(Member)
        .values(
            **kept,
            reference=members.new_reference(),
            household_id=household_id,
            relation=relation,
            valid_from=on,
            valid_to=None,
            left_on=None,
            overlapping=False,
        )
        .returning(M.id)
    )
    member_id = int(added.scalar_one())
    said = {item: getattr(member, column) for item, column in OF_MEMBERS.items()}
    known = Declared({item: value for item, value in said.items() if value is not None}, member_id)
    await declarations.declare(connection, household_id, [known], on, viewer.user_id, now)
    return member_id


_OF_ONE_MEMBERSHIP = frozenset(
    {
        "id", "reference", "household_id", "relation", "valid_from", "valid_to", "left_on", "overlapping", "digest",
        "others", "authorised_until",
    }
)  # fmt: skip
"""Columns that are about the one membership, and not about the person."""


@dataclass(frozen=True, slots=True)
class _Change:
    kind: MemberChangeKind
    household_id: int
    member_id: int
    on: dt.date
    reason: str | None
    fields: Sequence[str] = ()


async def _told(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    change: _Change,
    now: dt.datetime,
    before: str | None = None,
) -> int:
    """The change is written down, audited and told, and the household's version counted."""
    added = await connection.execute(
        insert(MemberChange)
        .values(
            household_id=change.household_id,
            member_id=change.member_id,
            kind=change.kind,
            fields=list(change.fields),
            before=vault.seal("member_changes.before", before),
            reason=vault.seal("member_changes.reason", change.reason),
            effective_on=change.on,
            user_id=viewer.user_id,
            happened_at=now,
        )
        .returning(MemberChange.id)
    )
    detail = {
        "change": added.scalar_one(),
        "household": change.household_id,
        "on": change.on.isoformat(),
        "fields": list(change.fields),
    }
    await households.count(connection, change.household_id, now)
    action = f"member.{change.kind.lower()}"
    await audit.record(connection, viewer.user_id, action, ("Person", change.member_id), now, detail)
    return change.member_id


async def _member(
    connection: AsyncConnection, viewer: Viewer, member_id: int | None, now: dt.datetime
) -> Row[*tuple[Any, ...]]:
    asked = {**scope.of(viewer), "today": days.today(now), "member": member_id}
    found = await connection.execute(_MEMBER, asked)
    row = found.one_or_none()
    if row is None:
        raise NotDone(UserErrorCode.NOT_FOUND, ("input", "personId"), "没有此人。", "There is no such person.")
    return row


def _opened(vault: Vault, member: Row[*tuple[Any, ...]], *, numbered: bool) -> dict[str, Any]:
    """What may be corrected, as it stands; who gets a number shows a citizen's, where nothing else is known."""
    sealed = {name: vault.open(f"members.{name}", getattr(member, name)) for name in members.SEALED}
    kind = member.id_kind or (IdKind.CITIZEN if numbered or sealed["id_number"] else IdKind.NONE)
    return {**sealed, **{name: getattr(member, name) for name in CORRECTABLE}, "id_kind": IdKind(kind)}


def _entered(values: Mapping[str, Any]) -> Entered:
    return Entered(
        **{
            **values,
            "name": values["name"] or "",
            "relation": values["relation"] and Relation(values["relation"]),
            "sex": values["sex"] and Sex(values["sex"]),
        }
    )


def _invalid(path: tuple[str, ...], zh: str, en: str) -> NotDone:
    return NotDone(UserErrorCode.INVALID, path, zh, en)
