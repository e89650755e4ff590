"""Grants through the service: what is asked for, proposed by one officer and decided by another, for whoever tests what follows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from api.database import transaction
from api.domain.grants import GrantPeriod, Request
from api.domain.permissions import Viewer
from api.models import Enrolment, File, Grant, Member
from api.sealing import Vault
from api.services import asking, granting
from api.services.asking import Looked
from tests.api.county import Life

FIRST = dt.date(2026, 3, 1)
YUAN = 100


def asked(
    home: Life, programme: str = "LIVING_SUBSIDY", months: int = 1, first: dt.date = FIRST, **given: Any
) -> Request:
    """What is asked for; so much a month, from the first month on."""
    count = first.month - 1 + months - 1
    last = dt.date(first.year + count // 12, count % 12 + 1, 1)
    told: dict[str, Any] = {"period": GrantPeriod.MONTH, "amount_fen": 500 * YUAN, **given}
    return Request(home.household_id, programme, first, last, told.pop("period"), told.pop("amount_fen"), **told)


async def in_deep_hardship(engine: AsyncEngine, home: Life) -> None:
    """The household's file says so, which the living subsidy asks for."""
    async with transaction(engine) as connection:
        await connection.execute(update(File).where(File.id == home.file_id).values(category="DEEP"))


async def looked_at(engine: AsyncEngine, viewer: Viewer, request: Request) -> Looked:
    """What is found of it, and nothing changes."""
    async with transaction(engine) as connection:
        return await asking.look(connection, viewer, request)


async def proposed(engine: AsyncEngine, vault: Vault, viewer: Viewer, request: Request, now: dt.datetime) -> int:
    """A proposal."""
    async with transaction(engine) as connection:
        return await granting.propose(connection, vault, viewer, request, "已入户核实。", now)


async def decided(
    engine: AsyncEngine,
    vault: Vault,
    viewer: Viewer,
    key: int,
    now: dt.datetime,
    *,
    approve: bool = True,
    version: int = 1,
) -> int:
    """A decision on it."""
    async with transaction(engine) as connection:
        return await granting.decide(connection, vault, viewer, key, version, approve, "同意。", None, now)


async def granted(
    engine: AsyncEngine, vault: Vault, officers: Mapping[str, Viewer], request: Request, now: dt.datetime
) -> int:
    """A grant that was made, the clerk having proposed it and the chief decided."""
    key = await proposed(engine, vault, officers["clerk"], request, now)
    return await decided(engine, vault, officers["chief"], key, now)


async def paid_elsewhere(
    engine: AsyncEngine, home: Life, programme: str, first: dt.date, last: dt.date | None, **given: Any
) -> int:
    """Aid that a department's register tells of: the key of its enrolment."""
    row = {"household_id": home.household_id, "programme_code": programme, "start_month": first, "end_month": last}
    told = {
        "agency": "某县民政局",
        "amount_fen": 300 * YUAN,
        "source_record": f"{programme}-{first}-{home.file_id}",
        **given,
    }
    async with transaction(engine) as connection:
        key = await connection.scalar(insert(Enrolment).values(**row, **told).returning(Enrolment.id))
    assert key is not None
    return int(key)


async def state_of(engine: AsyncEngine, key: int) -> str:
    """Where a grant stands."""
    async with transaction(engine) as connection:
        return str(await connection.scalar(select(Grant.state).where(Grant.id == key)))


async def humans(engine: AsyncEngine, home: Life) -> list[int]:
    """The humans behind the household's members."""
    async with transaction(engine) as connection:
        found = select(Member.person_id).where(Member.household_id == home.household_id).order_by(Member.id)
        return [*(await connection.scalars(found))]
