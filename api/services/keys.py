"""Whether the key is the one this database was filled with: another would seal what nobody can find again."""

from __future__ import annotations

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.models import KeyCheck
from api.sealing import Vault

COLUMN, WORDS = "key_checks.sealed", "解困"


async def check(connection: AsyncConnection, vault: Vault) -> None:
    """Remembers the first key, and raises NotOurs for any other."""
    sealed = (await connection.execute(select(KeyCheck.sealed).limit(1))).scalar_one_or_none()
    if sealed is None:
        await connection.execute(insert(KeyCheck).values(sealed=vault.seal(COLUMN, WORDS)))
    else:
        vault.open(COLUMN, sealed)
