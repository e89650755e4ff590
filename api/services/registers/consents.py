"""Consents that a register's folder tells of; those that were recorded or withdrawn here stand beside them."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import and_, delete, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database import among
from api.domain.consent import ALL
from api.matching import folders
from api.models import Authorisation, table
from api.services.registers import rows


async def save(connection: AsyncConnection, given: list[folders.Row], members: Mapping[str, int]) -> None:
    """What the folder says takes the place of what such a folder said before, but not of what was recorded or withdrawn here.

    Where no row names a source, each means all of them, as for the matcher; that is told by the whole table alone.
    """
    for some in rows.batches(members.values()):
        theirs = among(table(Authorisation).c.member_id, "keys")
        from_registers = and_(Authorisation.recorded_at.is_(None), Authorisation.withdrawn_at.is_(None))
        await connection.execute(delete(Authorisation).where(theirs, from_registers), {"keys": some})
    columns = ("source", "purpose", "valid_from", "valid_to", "withdrawn_on")
    unnamed = {"source": ALL} if all(row.get("source") is None for row in given) else {}
    known = (row for row in given if row["person_id"] in members)
    told = (
        {"member_id": members[row["person_id"]], **{each: row.get(each) for each in columns}, **unnamed}
        for row in known
    )
    for batch in rows.batches(told):
        await connection.execute(insert(Authorisation), batch)
