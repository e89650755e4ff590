"""Which keys this database was sealed with: another under the same version would seal what nobody can open again.

- A key that is none of ours, or is not here though it seals: nothing is begun.
- An older one that is lost: what it sealed cannot be read, and is told so; all else works.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import RowMapping, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.errors import NotDone, UserErrorCode
from api.models import KeyCheck, table
from api.sealing import KeyLost, NotOurs, Vault
from api.services import audit, rotation

COLUMN, WORDS = "key_checks.sealed", "解困"


@dataclass(frozen=True, slots=True)
class Known:
    """A key that this database knows: whether it is here, whether it seals, and how many values need it, by column."""

    version: int
    here: bool
    seals: bool
    created_at: dt.datetime
    retired_at: dt.datetime | None
    needed_by: Mapping[str, int]


async def check(connection: AsyncConnection, vault: Vault, now: dt.datetime | None = None) -> list[int]:
    """The keys that are lost; the newest is remembered.

    Raises NotOurs for another key than the one of its version, and KeyLost where the one that seals is not here.
    """
    rows = await _rows(connection)
    for row in rows:
        if row["version"] in vault.keys.masters:
            vault.open(COLUMN, row["sealed"])
    if rows and not any(row["version"] in vault.keys.masters for row in rows):
        raise NotOurs("none of the keys is of this database")
    lost = [row["version"] for row in rows if row["retired_at"] is None and row["version"] not in vault.keys.masters]
    if lost and max(lost) > vault.keys.newest:
        raise KeyLost(max(lost))
    if vault.keys.newest not in {row["version"] for row in rows}:
        await connection.execute(
            insert(KeyCheck).values(
                version=vault.keys.newest,
                sealed=vault.seal(COLUMN, WORDS),
                created_at=now or dt.datetime.now(dt.UTC),
            )
        )
    return lost


async def next_version(connection: AsyncConnection, vault: Vault) -> int:
    """The version of the next key: above all that are here or were ever known."""
    return 1 + max(vault.keys.newest, *[int(row["version"]) for row in await _rows(connection)], 0)


async def remember(connection: AsyncConnection, vault: Vault, now: dt.datetime) -> None:
    """The newest key is this database's, and seals from now on."""
    await check(connection, vault, now)
    await rotation.again(connection)
    await audit.record(connection, None, "key.added", ("Key", vault.keys.newest), now, {"suite": vault.suite.name})


async def status(connection: AsyncConnection, vault: Vault, files: Mapping[str, Iterable[bytes]]) -> list[Known]:
    """All keys that the database knows, the newest first, and what still needs each; `files` by column how each begins."""
    usage = await rotation.usage(connection, vault) | {column: Counter(some) for column, some in files.items()}
    needed = _by_version(vault, usage)
    return [
        Known(
            row["version"],
            row["version"] in vault.keys.masters,
            row["version"] == vault.keys.newest,
            row["created_at"],
            row["retired_at"],
            needed.get(row["version"], {}),
        )
        for row in reversed(await _rows(connection))
    ]


async def retire(
    connection: AsyncConnection, vault: Vault, version: int, files: Mapping[str, Iterable[bytes]], now: dt.datetime
) -> None:
    """Nothing needs this key any more, and it is said so. Raises NotDone where something does, or it seals."""
    known = {each.version: each for each in await status(connection, vault, files)}
    if (key := known.get(version)) is None:
        raise NotDone(
            UserErrorCode.NOT_FOUND, ("version",), f"没有第 {version} 号密钥。", f"There is no key {version}."
        )
    if key.seals:
        raise NotDone(
            UserErrorCode.INVALID,
            ("version",),
            f"第 {version} 号密钥正在使用，不能停用。",
            f"Key {version} seals: add another with `jiekun keys rotate` first.",
        )
    if key.needed_by:
        columns = ", ".join(f"{column} {count:,}" for column, count in sorted(key.needed_by.items()))
        raise NotDone(
            UserErrorCode.INVALID,
            ("version",),
            f"仍有数据由第 {version} 号密钥加密：{columns}。",
            f"Key {version} is still needed: {columns}. Run `jiekun keys reseal` first.",
        )
    await connection.execute(update(KeyCheck).where(KeyCheck.version == version).values(retired_at=now))
    await audit.record(connection, None, "key.retired", ("Key", version), now)


async def give_up(connection: AsyncConnection, version: int, now: dt.datetime) -> None:
    """The key is lost for good: what it sealed cannot be read, and the service begins without it. Raises NotDone."""
    given = update(KeyCheck).where(KeyCheck.version == version, KeyCheck.retired_at.is_(None)).values(retired_at=now)
    if (await connection.execute(given)).rowcount == 0:
        raise NotDone(
            UserErrorCode.NOT_FOUND,
            ("version",),
            f"没有在用的第 {version} 号密钥。",
            f"No key {version} is in use.",
        )
    await audit.record(connection, None, "key.given_up", ("Key", version), now)


async def _rows(connection: AsyncConnection) -> Sequence[RowMapping]:
    return (await connection.execute(select(*table(KeyCheck).c).order_by(KeyCheck.version))).mappings().all()


def _by_version(vault: Vault, usage: Mapping[str, Counter[bytes]]) -> dict[int, dict[str, int]]:
    """Of each key how many values of which columns were made with it, in a suite that is not the one in use, too."""
    found: dict[int, dict[str, int]] = {}
    for column, headers in usage.items():
        for header, count in headers.items():
            of_version = found.setdefault(vault.version_of(header), {})
            of_version[column] = of_version.get(column, 0) + count
    return found
