"""Traces of use whose time is over: reads on record, alarms that were looked into, exports, tokens, and jobs.

Reads are a chain: its oldest rows go together, and a sealed cut says where it begins since (services/reads.prove).
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ColumnElement, Table, and_, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.retention import RetentionClass
from api.models import Alarm, ChainCut, ClientSecret, Export, Job, LeadView, Read, ReadSubject, Token, table
from api.sealing import Vault
from api.services import reads
from api.services.retention.clocks import moment

RD = table(Read).c


async def reads_due(connection: AsyncConnection, day: dt.date) -> tuple[int, int]:
    """Up to which number the chain of reads is over, and how many rows that is; its last row always stays."""
    over = moment(day, RetentionClass.READ)
    first_kept = select(func.min(RD.number)).where(RD.read_at >= over, RD.number.is_not(None)).scalar_subquery()
    last = select(func.max(RD.number)).scalar_subquery()
    kept_from = (await connection.execute(select(func.coalesce(first_kept, last)))).scalar_one()
    if kept_from is None:
        return 0, 0
    counted = select(func.count()).where(RD.number.is_not(None), RD.number < kept_from)
    return int(kept_from) - 1, int((await connection.execute(counted)).scalar_one())


async def cut_reads(connection: AsyncConnection, vault: Vault, number: int, now: dt.datetime) -> None:
    """The chain of reads begins behind this number."""
    last = (await connection.execute(select(RD.hash).where(RD.number == number))).scalar_one()
    cut = {"chain": reads.CHAIN, "number": number, "hash": last, "cut_at": now}
    await connection.execute(insert(ChainCut).values(**cut, seal=reads.sealed_cut(vault, number, last)))
    over = and_(RD.number.is_not(None), RD.number <= number)
    await connection.execute(delete(ReadSubject).where(table(ReadSubject).c.read_id.in_(select(RD.id).where(over))))
    await connection.execute(delete(Read).where(over))


async def forget(connection: AsyncConnection, day: dt.date, *, dry: bool) -> dict[RetentionClass, int]:
    """Alarms, views of leads, exports, tokens, secrets and jobs whose time is over are gone, or counted; how many of each class."""
    job, token, secret, alarm, view, export = (
        table(each) for each in (Job, Token, ClientSecret, Alarm, LeadView, Export)
    )
    old: tuple[tuple[RetentionClass, Table, ColumnElement[bool]], ...] = (
        (RetentionClass.JOB, job, job.c.finished_at < moment(day, RetentionClass.JOB)),
        (RetentionClass.EXPORT, export, export.c.finished_at < moment(day, RetentionClass.EXPORT)),
        (RetentionClass.CREDENTIAL, token, token.c.expires_at < moment(day, RetentionClass.CREDENTIAL)),
        (RetentionClass.CREDENTIAL, secret, secret.c.expires_at < moment(day, RetentionClass.CREDENTIAL)),
        (RetentionClass.READ, view, view.c.viewed_at < moment(day, RetentionClass.READ)),
        (
            RetentionClass.READ,
            alarm,
            and_(alarm.c.raised_at < moment(day, RetentionClass.READ), alarm.c.acknowledged_at.is_not(None)),
        ),
    )
    counts: dict[RetentionClass, int] = {}
    for kept, of, over in old:
        number = int((await connection.execute(select(func.count()).select_from(of).where(over))).scalar_one())
        if number and not dry:
            await connection.execute(delete(of).where(over))
        counts[kept] = counts.get(kept, 0) + number
    return counts
