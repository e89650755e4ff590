"""Who is who: the humans behind memberships, found by number and name together, or made.

A number that is missing or wrong, or a name that is missing, says nothing of who somebody is: every such membership is
a human of its own, since unknown never matches unknown (F-9). One number under two names is two humans.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import product

from sqlalchemy import LargeBinary, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database import among, locked, upsert
from api.matching import identity
from api.models import Human, table
from api.sealing import Vault

Identity = tuple[str, str]
"""Number and name, each in its normal form."""

P = table(Human).c
_BEARERS = select(P.id, P.number_index, P.name_index).where(among(P.number_index, "numbers", LargeBinary))


def identity_of(id_number: str | None, name: str | None) -> Identity | None:
    """By what somebody is known again; None where nothing is said that could be."""
    number, simple = identity.number(id_number), identity.name(name)
    if number is None or simple is None or not identity.is_valid(number):
        return None
    return number, simple


async def of_identities(
    connection: AsyncConnection, vault: Vault, known: Sequence[Identity], now: dt.datetime
) -> dict[Identity, int]:
    """The humans of these identities, made where there were none."""
    wanted = list(dict.fromkeys(known))
    found = await _found(connection, vault, wanted)
    if new := [each for each in wanted if each not in found]:
        rows = {(vault.index("id_number", number), vault.index("name", name)): (number, name) for number, name in new}
        as_it_is = {"created_at": P.created_at}
        made = upsert(connection, table(Human), ["number_index", "name_index"], [], as_it_is)
        given = [{"number_index": number, "name_index": name, "created_at": now} for number, name in rows]
        for row in await connection.execute(made.returning(P.id, P.number_index, P.name_index), given):
            found[rows[row.number_index, row.name_index]] = row.id
    return found


async def _found(connection: AsyncConnection, vault: Vault, wanted: Sequence[Identity]) -> dict[Identity, int]:
    by_index = {
        pair: each
        for each in wanted
        for pair in product(vault.indexes("id_number", each[0]), vault.indexes("name", each[1]))
    }
    numbers = list({number for number, _ in by_index})
    rows = await connection.execute(_BEARERS.order_by(P.id.desc()), {"numbers": numbers})
    return {
        by_index[row.number_index, row.name_index]: row.id
        for row in rows
        if (row.number_index, row.name_index) in by_index
    }


async def strangers(connection: AsyncConnection, count: int, now: dt.datetime) -> list[int]:
    """So many humans of whom nothing is known by which they could be found again."""
    if not count:
        return []
    rows = [{"number_index": None, "name_index": None, "created_at": now}] * count
    return list((await connection.execute(insert(Human).returning(P.id), rows)).scalars())


async def of(
    connection: AsyncConnection, vault: Vault, id_number: str | None, name: str | None, now: dt.datetime
) -> int:
    """The human of this number and name, whom nobody else puts into a household until this transaction ends."""
    known = identity_of(id_number, name)
    if known is None:
        return (await strangers(connection, 1, now))[0]
    person_id = (await of_identities(connection, vault, [known], now))[known]
    await connection.execute(locked(select(P.id).where(P.id == person_id), connection, Human))
    return person_id
