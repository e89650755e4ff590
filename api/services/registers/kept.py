"""How a register says that files are kept: their tier and category, and which causes they name.

It is taken where nothing is known here, as of a file that has just come; into a file that was closed here before, nothing
comes. Whatever the register says otherwise than it is here, and more causes than a file may name, changes nothing, and is
told to people. Of a file that was here already, the audit tells what came in.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database import among
from api.domain import categories, days, register_words
from api.domain.casework import MOST_CAUSES, CauseChange
from api.domain.register_words import Named
from api.models import Cause, CauseEvent, File, table
from api.sealing import Vault
from api.services import audit, recognition
from api.services.registers import rows
from api.services.registers.households import Came, Saved

C, E, F = table(Cause).c, table(CauseEvent).c, table(File).c
_LATEST = select(func.max(F.id)).where(among(F.household_id, "keys")).group_by(F.household_id)
_FILES = select(
    F.id, F.household_id, F.tier, F.category, F.applied_on, F.opened_on, F.closed_on, F.created_at
).where(F.id.in_(_LATEST))  # fmt: skip
_STANDING = select(C.file_id, C.cause, C.main, C.resolved_on).where(among(C.file_id, "keys"))


async def save(connection: AsyncConnection, vault: Vault, saved: Saved, now: dt.datetime) -> None:
    """The files of the register's households are kept as it says, where nobody here has said anything."""
    for some in rows.batches([*saved.new, *saved.here]):
        told = {came.id: came for came in some}
        keys = {"keys": sorted(told)}
        files = list((await connection.execute(_FILES, keys)).mappings())
        new = [file for file in files if file["created_at"] == now]
        known = [file for file in files if file["created_at"] != now]
        await _recognised(connection, saved, new, told, now, None)
        await _recognised(connection, saved, known, told, now, days.today(now))
        await _causes(connection, vault, saved, files, told, now)


async def _recognised(
    connection: AsyncConnection,
    saved: Saved,
    files: list[Any],
    told: Mapping[int, Came],
    now: dt.datetime,
    since: dt.date | None,
) -> None:
    """Tier and category, where the file has none."""
    taken = []
    for file in files:
        came = told[file["household_id"]]
        says = {"tier": register_words.tier(came.tier), "category": register_words.category(came.category)}
        for name, value in says.items():
            if value is not None and file[name] not in (None, value):
                saved.differs(came.id, name, value)
        if not _takes(file, now):
            continue
        lacks = {name: value for name, value in says.items() if value is not None and file[name] is None}
        stands = {name: lacks.get(name, file[name]) for name in says}
        if lacks and not categories.may_be(stands["category"], stands["tier"]):
            for name, value in lacks.items():
                saved.differs(came.id, name, str(value))
        elif lacks:
            taken.append({"key": file["id"], **stands})
            if since is not None:
                detail = {"file": file["id"], **lacks}
                await audit.record(connection, None, "file.kept_as_registered", ("Household", came.id), now, detail)
    if taken:
        columns: dict[str, Any] = {name: bindparam(f"new_{name}") for name in ("tier", "category")}
        given = [{"key": row["key"], "new_tier": row["tier"], "new_category": row["category"]} for row in taken]
        if since is not None:
            columns["version"] = File.version + 1
        await connection.execute(update(table(File)).where(F.id == bindparam("key")).values(**columns), given)
        await recognition.registered(connection, [row["key"] for row in taken], now, since)


async def _causes(
    connection: AsyncConnection,
    vault: Vault,
    saved: Saved,
    files: list[Any],
    told: Mapping[int, Came],
    now: dt.datetime,
) -> None:
    """The causes of a file that never named one."""
    named = {file["id"]: register_words.causes(told[file["household_id"]].causes) for file in files}
    keys = sorted(key for key, causes in named.items() if causes)
    stands: dict[int, set[tuple[str, bool]]] = {}
    for file_id, cause, main, resolved_on in (await connection.execute(_STANDING, {"keys": keys})).all():
        those = stands.setdefault(file_id, set())
        if resolved_on is None:
            those.add((cause, main))
    added = []
    for file in files:
        says = named[file["id"]]
        if not says:
            continue
        there = stands.get(file["id"])
        if there is None and not _takes(file, now):
            continue
        if there is None:
            taken = says[:MOST_CAUSES]
            added += [_row(vault, file, place, each, now) for place, each in enumerate(taken)]
            there = {(each.cause.value, each.main) for each in taken}
        if {(each.cause.value, each.main) for each in says} != there:
            digest = vault.digest("causes.cause", ",".join(each.cause for each in says))
            saved.differs(file["household_id"], "causes", digest.hex())
    if not added:
        return
    await connection.execute(insert(Cause), added)
    of_new = select(C.id, C.main, C.since, C.file_id, C.household_id).where(among(C.file_id, "keys"))
    new = sorted({row["file_id"] for row in added})
    come = (await connection.execute(of_new.order_by(C.id), {"keys": new})).all()
    events = [
        {
            "cause_id": row.id,
            "change": CauseChange.ADDED,
            "main": row.main,
            "effective_on": row.since,
            "evidence": [],
            "happened_at": now,
        }
        for row in come
    ]
    await connection.execute(insert(CauseEvent), events)
    known = {file["id"] for file in files if file["created_at"] != now}
    for row in come:
        if row.file_id in known:
            of = {"household": row.household_id}
            await audit.record(connection, None, "cause.added", ("Cause", row.id), now, of)


def _takes(file: Any, now: dt.datetime) -> bool:
    """Whether anything comes into the file: it has just come, or is not closed."""
    return file["created_at"] == now or file["closed_on"] is None


def _row(vault: Vault, file: Any, place: int, named: Named, now: dt.datetime) -> dict[str, Any]:
    """A cause as the file has named it since it was applied for."""
    today = days.today(now)
    since = file["applied_on"] or file["opened_on"] or today
    return {
        "household_id": file["household_id"],
        "file_id": file["id"],
        "cause": named.cause,
        "place": place,
        "main": named.main,
        "since": min(since, today),
        "note": vault.seal("causes.note", named.words),
        "version": 1,
    }
