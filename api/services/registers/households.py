"""The register's households in our tables: new ones begin, others change where the register says something new.

A household that has moved on by our own steps, or whose file went to another union, lives here and no longer there: it
keeps all that it is, and what the register says since is told to people. Of the others, what was corrected here stays,
and the stage alone waits for `files`.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import String, bindparam, exists, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database import among, locked
from api.domain import money, stages
from api.domain.declarations import OF_HOUSEHOLDS
from api.domain.lifecycle import Action
from api.domain.stages import ACTIVE, Stage
from api.matching import folders, reference
from api.models import File, FileTransfer, Household, MemberChange, Transition, table
from api.sealing import Vault
from api.services import households
from api.services.registers import rows
from api.services.registers.rows import HOUSEHOLD_PLAIN, HOUSEHOLD_SEALED, MONEY, Row

H, C = table(Household).c, table(MemberChange).c
DATES = ("applied_on", "file_opened_on", "file_closed_on")
_MOVED = exists().where(Transition.household_id == H.id, Transition.action != Action.TAKE_OVER)
_TRANSFERRED = exists().where(File.household_id == H.id, FileTransfer.file_id == File.id)
_KNOWN = select(
    H.id,
    H.reference,
    H.digest,
    H.division_code,
    H.stage,
    H.programme_code,
    *[H[day] for day in DATES],
    or_(_MOVED, _TRANSFERRED).label("own"),
).where(among(H.reference, "references", String))
_CORRECTABLE = (*households.TOLD, *OF_HOUSEHOLDS.values())
_CORRECTED = (
    select(C.household_id, C.fields, H.phone_index, *[H[name] for name in _CORRECTABLE])
    .join(Household, H.id == C.household_id)
    .where(C.member_id.is_(None), among(C.household_id, "keys"))
)


@dataclass(frozen=True, slots=True)
class Came:
    """A household as the register tells where it stands."""

    id: int
    reference: str
    division_code: str
    stage: Stage
    dates: dict[str, dt.date | None]
    tier: str | None
    category: str | None
    causes: str | None

    def since(self, today: dt.date) -> dt.date:
        """The day from which on it stands there, no later than today."""
        told = self.dates["file_closed_on"] or self.dates["file_opened_on"] or self.dates["applied_on"]
        return min(told or today, today)


@dataclass(slots=True)
class Saved:
    """The register's households: their keys, and what has to be done further about some of them."""

    keys: dict[str, int] = field(default_factory=dict)
    new: list[Came] = field(default_factory=list)
    changed: set[int] = field(default_factory=set)
    own: set[int] = field(default_factory=set)
    """Those that live here: nothing of theirs is changed."""
    otherwise: list[tuple[Stage, Came]] = field(default_factory=list)
    """Those of which the register tells another stage than the one here."""
    here: list[Came] = field(default_factory=list)
    """Those that were here before, and follow the register."""
    differ: dict[int, dict[str, set[str]]] = field(default_factory=dict)
    """Of whom the register says what is not taken over, in which respect, and by what one telling is known from another."""

    def differs(self, household_id: int, respect: str, told: str) -> None:
        """The register says something else of this household, which is left to people; `told` gives nothing away."""
        self.differ.setdefault(household_id, {}).setdefault(respect, set()).add(told)


async def save(
    connection: AsyncConnection, vault: Vault, given: list[folders.Row], home: str, now: dt.datetime
) -> Saved:
    """The register's households; `home` is whose they are that name no division."""
    saved = Saved()
    await _hold(connection, given)
    for batch in rows.batches(given):
        references = [row["household_id"] for row in batch]
        found = await connection.execute(_KNOWN, {"references": references})
        known = {row.reference: row for row in found}
        corrected = await _corrected(connection, known.values())
        new, changed = [], []
        for row in batch:
            there = known.get(row["household_id"])
            digest = vault.digest("households.digest", json.dumps([row, home], sort_keys=True, default=str))
            if there is None:
                new.append({**_taken(vault, row, home, now), "digest": digest})
                continue
            saved.keys[there.reference] = there.id
            came = _came(row, there.id, there.division_code)
            if there.own:
                saved.own.add(there.id)
                if there.digest != digest:
                    saved.differs(there.id, "household", digest.hex())
                continue
            saved.here.append(came)
            elsewhere = came.stage is not Stage(there.stage)
            if elsewhere:
                saved.otherwise.append((Stage(there.stage), came))
            if there.digest != digest:
                kept = {day: getattr(there, day) for day in DATES} if elsewhere else {}
                kept |= _programme(there, row)
                told, here = _taken(vault, row, home, now), corrected.get(there.id, {})
                if _is_otherwise(vault, row, told, here):
                    saved.differs(there.id, "household", digest.hex())
                changed.append({**told, **kept, **here, "digest": digest, "key": there.id})
                saved.changed.add(there.id)
        if new:
            await _begin(connection, saved, new, batch)
        if changed:
            await _change(connection, changed)
    return saved


async def _hold(connection: AsyncConnection, given: list[folders.Row]) -> None:
    """Nobody moves these households until the register is taken over: held by key, so that two never wait for each other."""
    known = await rows.keys(connection, Household, [row["household_id"] for row in given])
    held = locked(select(H.id).where(among(H.id, "keys")).order_by(H.id), connection, table(Household))
    for some in rows.batches(sorted(known.values())):
        await connection.execute(held, {"keys": some})


async def _begin(
    connection: AsyncConnection, saved: Saved, new: list[dict[str, Any]], batch: list[folders.Row]
) -> None:
    await connection.execute(insert(Household), new)
    keys = await rows.keys(connection, Household, [row["reference"] for row in new])
    saved.keys |= keys
    told = {row["household_id"]: row for row in batch}
    saved.new += [_came(told[row["reference"]], keys[row["reference"]], row["division_code"]) for row in new]
    saved.changed.update(keys.values())


async def _change(connection: AsyncConnection, changed: list[dict[str, Any]]) -> None:
    still = ("key", "reference", "stage", "transition_number", "version")
    columns: dict[str, Any] = {name: bindparam(name) for name in changed[0] if name not in still}
    statement = update(table(Household)).where(H.id == bindparam("key"))
    used = {"key", *columns}
    given = [{name: value for name, value in row.items() if name in used} for row in changed]
    await connection.execute(statement.values(**columns, version=H.version + 1), given)


def _taken(vault: Vault, row: Row, home: str, now: dt.datetime) -> dict[str, Any]:
    known = {"household_id", "division_code", "programme", *HOUSEHOLD_PLAIN, *HOUSEHOLD_SEALED, *MONEY}
    return {
        "reference": row["household_id"],
        "division_code": rows.division(row) or home,
        "stage": _stage(row),
        "transition_number": 1,
        "programme_code": row.get("programme"),
        **{column: row.get(column) for column in HOUSEHOLD_PLAIN},
        **{ours: money.fen(row.get(theirs)) for theirs, ours in MONEY.items()},
        **households.columns(vault, {column: row.get(column) for column in HOUSEHOLD_SEALED}),
        "others": vault.seal("households.others", rows.others(row, known, rows.division_as_written(row))),
        "version": 1,
        "updated_at": now,
    }


async def _corrected(connection: AsyncConnection, known: Iterable[Any]) -> dict[int, dict[str, Any]]:
    """By household what was corrected of it here, as it stands; what was taken away is None."""
    found: dict[int, dict[str, Any]] = {}
    for row in await connection.execute(_CORRECTED, {"keys": [there.id for there in known]}):
        names = {name for name in row.fields if name in _CORRECTABLE}
        names |= {"phone_index"} & {f"{name}_index" for name in names}
        found.setdefault(row.household_id, {}).update({name: getattr(row, name) for name in names})
    return found


def _is_otherwise(vault: Vault, row: Row, told: Row, here: Row) -> bool:
    """Whether the register tells something that is not what was corrected here; nothing told is no other telling."""
    for name, value in here.items():
        if name in HOUSEHOLD_SEALED:
            theirs, ours = (row.get(name) or "").strip(), households.opened(vault, name, value)
            same = theirs == ours or (name == "phone" and told["phone_index"] == here["phone_index"] is not None)
            if theirs and not same:
                return True
        elif name != "phone_index" and told[name] is not None and told[name] != value:
            return True
    return False


def _programme(there: Any, row: Row) -> dict[str, str]:
    """What an active file names stays, whatever a register names instead: see `aid`."""
    known = {each.code for each in reference.programmes()}
    named = there.stage in ACTIVE and there.programme_code in known and there.programme_code != row.get("programme")
    return {"programme_code": there.programme_code} if named else {}


def _came(row: Row, key: int, division_code: str) -> Came:
    dates = {day: row.get(day) for day in DATES}
    written = (row.get("tier"), row.get("category"), row.get("causes"))
    return Came(key, row["household_id"], division_code, _stage(row), dates, *written)


def _stage(row: Row) -> Stage:
    return stages.of_dates(row.get("file_opened_on"), row.get("file_closed_on"))
