"""The register's people in our tables: each listed in one household at a time, unless the register itself lists more.

Whom the register no longer lists has left. Whoever was entered, moved or corrected by a person here is left as they
are, and so is everybody in a household that lives here; and whoever consented here, until the day they consented to.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import String, and_, bindparam, exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database import among, upsert
from api.domain import days, money
from api.domain.people import MemberChangeKind
from api.matching import folders
from api.models import Authorisation, Human, Member, MemberChange, table
from api.sealing import Vault
from api.services import humans, members, protection
from api.services.registers import rows
from api.services.registers.households import Saved
from api.services.registers.rows import MEMBER_PLAIN, MEMBER_SEALED, Row

M, P = table(Member).c, table(Human).c
_BY_HAND = exists().where(MemberChange.member_id == M.id, MemberChange.kind != MemberChangeKind.LINKED)
_CONSENTED = exists().where(Authorisation.member_id == M.id, Authorisation.recorded_at.is_not(None))
_KNOWN = (
    select(
        M.id, M.reference, M.household_id, M.digest, M.left_on, M.person_id,
        P.number_index.is_(None).label("stranger"), _BY_HAND.label("by_hand"), M.authorised_until,
        _CONSENTED.label("consented"),
    )
    .join(Human, P.id == M.person_id)
    .where(among(M.reference, "references", String))
)  # fmt: skip
_PRESENT = select(M.id, M.reference, M.household_id, _BY_HAND.label("by_hand")).where(
    M.left_on.is_(None), among(M.household_id, "keys")
)
_ALONE = select(M.person_id, M.id).where(
    among(M.person_id, "people"), and_(M.left_on.is_(None), M.valid_to.is_(None), M.overlapping.is_(False))
)


async def save(
    connection: AsyncConnection, vault: Vault, given: list[folders.Row], saved: Saved, now: dt.datetime
) -> dict[str, int]:
    """The register's people are in their households; their keys by their number in the register."""
    today = days.today(now)
    await _leave(connection, {row["person_id"] for row in given}, saved, today)
    for batch in rows.batches(given):
        found = await connection.execute(_KNOWN, {"references": [row["person_id"] for row in batch]})
        known = {row.reference: row for row in found}
        told, moved = [], []
        for row in batch:
            there, household_id = known.get(row["person_id"]), saved.keys[row["household_id"]]
            digest = vault.digest("members.digest", json.dumps(row, sort_keys=True, default=str))
            same = there is not None and there.digest == digest and there.household_id == household_id
            if _is_left_to_people(there, household_id, saved):
                if not same:
                    saved.differs(household_id, "members", digest.hex())
            elif there is None or not same or there.left_on is not None:
                if there is not None and there.household_id != household_id:
                    moved.append(there)
                    saved.changed.add(there.household_id)
                told.append((row, household_id, digest))
        await _go(connection, moved, today)
        await _come(connection, vault, told, {row.reference: row for row in _still(known, moved)}, now)
        saved.changed.update(household_id for _, household_id, _ in told)
    return await rows.keys(connection, Member, [row["person_id"] for row in given])


def _still(known: Mapping[str, Any], moved: Iterable[Any]) -> Iterable[Any]:
    """Those that still bear their number: whoever moved left it to their new membership."""
    gone = {row.id for row in moved}
    return (row for row in known.values() if row.id not in gone)


def _is_left_to_people(there: Any | None, household_id: int, saved: Saved) -> bool:
    if household_id in saved.own:
        return True
    return there is not None and (there.by_hand or there.household_id in saved.own)


async def _leave(connection: AsyncConnection, listed: set[str], saved: Saved, today: dt.date) -> None:
    """Whoever is in these households, and not on their register any more, has left them."""
    gone = []
    for some in rows.batches(saved.keys.values()):
        for row in await connection.execute(_PRESENT, {"keys": some}):
            if row.reference not in listed:
                if row.household_id in saved.own or row.by_hand:
                    saved.differs(row.household_id, "members", f"left:{row.id}")
                else:
                    gone.append(row.id)
                    saved.changed.add(row.household_id)
    for some in rows.batches(gone):
        left = update(Member).where(among(M.id, "keys")).values(left_on=today)
        await connection.execute(left, {"keys": some})


async def _go(connection: AsyncConnection, moved: list[Any], today: dt.date) -> None:
    """Memberships that ended because the register has the person elsewhere now; the number goes along."""
    if not moved:
        return
    ended = update(table(Member)).where(M.id == bindparam("key"))
    given = [{"key": row.id, "renamed": f"{row.reference}@{row.id}", "left": row.left_on or today} for row in moved]
    await connection.execute(ended.values(reference=bindparam("renamed"), left_on=bindparam("left")), given)


async def _come(
    connection: AsyncConnection,
    vault: Vault,
    told: list[tuple[Row, int, bytes]],
    known: Mapping[str, Any],
    now: dt.datetime,
) -> None:
    if not told:
        return
    people = await _people(connection, vault, told, known, now)
    before = [known[row["person_id"]].person_id if row["person_id"] in known else None for row, _, _ in told]
    await protection.carry_all(connection, {old: new for old, new in zip(before, people, strict=True) if old != new})
    alone = {row.person_id: row.id for row in await connection.execute(_ALONE, {"people": list(set(people))})}
    taken = []
    for (row, household_id, digest), person_id in zip(told, people, strict=True):
        there = known.get(row["person_id"])
        stays = row.get("valid_to") is None
        overlapping = stays and alone.get(person_id, there and there.id) != (there and there.id)
        if stays and not overlapping:
            alone[person_id] = there.id if there else 0
        taken.append(
            {
                **_taken(vault, row),
                **({"authorised_until": there.authorised_until} if there and there.consented else {}),
                "household_id": household_id,
                "person_id": person_id,
                "digest": digest,
                "overlapping": overlapping,
            }
        )
    await connection.execute(upsert(connection, table(Member), ["reference"], taken[0].keys()), taken)


async def _people(
    connection: AsyncConnection,
    vault: Vault,
    told: list[tuple[Row, int, bytes]],
    known: Mapping[str, Any],
    now: dt.datetime,
) -> list[int]:
    """The human of each row: found by number and name, or somebody of whom nothing is known to be found by."""
    identities = [humans.identity_of(row.get("id_number"), row.get("name")) for row, _, _ in told]
    found = await humans.of_identities(connection, vault, [each for each in identities if each], now)
    before: list[Any] = [known.get(row["person_id"]) for row, _, _ in told]
    unknown = [
        each is None and not (there is not None and there.stranger)
        for each, there in zip(identities, before, strict=True)
    ]
    strangers = iter(await humans.strangers(connection, sum(unknown), now))
    return [
        found[each] if each else next(strangers) if new else there.person_id
        for each, there, new in zip(identities, before, unknown, strict=True)
    ]


def _taken(vault: Vault, row: Row) -> dict[str, Any]:
    known = {"person_id", "household_id", *MEMBER_PLAIN, *MEMBER_SEALED, "declared_monthly_income_yuan"}
    return {
        "reference": row["person_id"],
        **{column: row.get(column) for column in MEMBER_PLAIN},
        "declared_monthly_income_fen": money.fen(row.get("declared_monthly_income_yuan")),
        **members.sealed(vault, {column: row.get(column) for column in MEMBER_SEALED}),
        "left_on": None,
        "others": vault.seal("members.others", rows.others(row, known)),
    }
