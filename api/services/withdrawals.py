"""Leads that a scan did not raise again although it could have: withdrawn with the reason, and whoever worked on them is told.

What somebody has closed keeps its conclusion, beside which stands that no scan says so any more. Nobody's age withdraws
anything, nor what a scan could not see (matching.withdrawals).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import String, and_, bindparam, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import outbox
from api.database import among, locked
from api.domain import divisions
from api.domain.conclusions import ConclusionState
from api.domain.entitlements import NoLongerDue
from api.domain.review import ENDED, FindingState, WithdrawnBecause
from api.matching.withdrawals import Raised
from api.models import Conclusion, Finding, FindingPerson, Household, Member, Scan, Task, table
from api.services import audit, leads, tasks
from api.services.retention.leads import REDUCED_ZH
from api.services.scans import Order
from api.services.watches import DEATH, asks_of_death

TOPIC = "finding"
C, F, H, L, M, P = (table(each).c for each in (Conclusion, Finding, Household, Scan, Member, FindingPerson))
_NOT_RAISED = (
    select(F.id, F.reference)
    .join(Household, H.id == F.household_id)
    .join(Scan, L.id == F.last_scan_id)
    .where(
        H.division_code >= bindparam("low"),
        H.division_code < bindparam("high"),
        L.division_from >= bindparam("low"),
        L.division_to <= bindparam("high"),
        or_(L.as_of < bindparam("as_of"), and_(L.as_of == bindparam("as_of"), L.id < bindparam("scan"))),
        F.withdrawn_because.is_(None),
        F.explanation_zh != REDUCED_ZH,
    )
)
"""Leads about households of the scan's division that an earlier scan raised last, which asked about no more than it."""

_LEADS = (
    select(F.id, F.rule_id, F.rule_version, F.evidence, F.last_scan_id, H.reference.label("household"))
    .join(Household, H.id == F.household_id)
    .where(among(F.id, "keys"))
    .order_by(F.id)
)
_PEOPLE = (
    select(P.finding_id, M.reference)
    .join(Member, M.id == P.member_id)
    .where(among(P.finding_id, "keys"))
    .order_by(P.finding_id, M.id)
)
_HELD = (
    select(F.id, F.household_id, F.rule_id, F.state, F.last_scan_id, F.withdrawals)
    .where(among(F.id, "keys"), F.withdrawn_because.is_(None))
    .order_by(F.id)
)
_WAITING = (
    select(C.id, C.finding_id, C.household_id)
    .where(among(C.finding_id, "keys"), C.state == ConclusionState.PROPOSED)
    .order_by(C.id)
)


async def not_raised(
    connection: AsyncConnection, order: Order, as_of: dt.date, raised: Collection[str]
) -> dict[int, tuple[Mapping[str, Any], list[Raised]]]:
    """Leads that the scan has not `raised` again, by the scan that raised them last, with its summary."""
    low, high = divisions.span(order.division_code)
    asked = {"low": low, "high": high, "as_of": as_of, "scan": order.id}
    there = set(raised)
    keys = [row.id for row in await connection.execute(_NOT_RAISED, asked) if row.reference not in there]
    if not keys:
        return {}
    people = defaultdict[int, list[str]](list)
    for finding, person in await connection.execute(_PEOPLE, {"keys": keys}):
        people[finding].append(person)
    found = defaultdict[int, list[Raised]](list)
    for row in await connection.execute(_LEADS, {"keys": keys}):
        lead = Raised(
            row.id, row.rule_id, row.rule_version, row.household, tuple(people[row.id]), tuple(row.evidence)
        )
        found[row.last_scan_id].append(lead)
    summaries = select(L.id, L.summary).where(among(L.id, "scans"), L.summary.is_not(None))
    return {row.id: (row.summary, found[row.id]) for row in await connection.execute(summaries, {"scans": [*found]})}


async def take_back(
    connection: AsyncConnection,
    order: Order,
    because: Mapping[int, tuple[int, WithdrawnBecause]],
    now: dt.datetime,
) -> int:
    """These leads are withdrawn, each unless another scan than this has raised it meanwhile; how many."""
    held = locked(_HELD, connection, Finding)
    gone = [
        row
        for row in await connection.execute(held, {"keys": sorted(because)})
        if row.last_scan_id == because[row.id][0]
    ]
    for row in gone:
        why = because[row.id][1]
        state = row.state if row.state in ENDED else FindingState.WITHDRAWN
        changed = (
            update(Finding)
            .where(Finding.id == row.id)
            .values(
                state=state,
                withdrawn_because=why,
                withdrawn_from=row.state,
                withdrawn_scan_id=order.id,
                withdrawn_at=now,
                withdrawals=F.withdrawals + 1,
                version=F.version + 1,
            )
        )
        await connection.execute(changed)
        await leads.let_go(connection, row.id)
        detail = {"household": row.household_id, "because": why, "scan": order.id}
        await audit.record(connection, None, "finding.withdrawn", ("Finding", row.id), now, detail)
        await outbox.append(connection, TOPIC, row.id, now)
    await _lapse(connection, {row.id: because[row.id][1] for row in gone}, now)
    await _end_tasks(connection, [(row.id, row.withdrawals) for row in gone if row.rule_id == DEATH], now)
    return len(gone)


async def _lapse(connection: AsyncConnection, gone: Mapping[int, WithdrawnBecause], now: dt.datetime) -> None:
    """What waited for a second officer to conclude on these leads waits no more, whether or not they are raised again."""
    for row in (await connection.execute(_WAITING, {"keys": sorted(gone)})).all():
        why = gone[row.finding_id]
        lapsed = {"state": ConclusionState.LAPSED, "lapsed_because": why}
        await connection.execute(update(Conclusion).where(C.id == row.id).values(**lapsed))
        detail = {"household": row.household_id, "conclusion": row.id, "because": why}
        await audit.record(connection, None, "finding.conclusion_lapsed", ("Finding", row.finding_id), now, detail)


async def _end_tasks(connection: AsyncConnection, deaths: Sequence[tuple[int, int]], now: dt.datetime) -> None:
    """Nobody has to ask after them any more; tasks about aid that may be due end when their households are looked at again."""
    asking = select(Task.id, Task.detail).where(among(table(Task).c.reference, "references", String))
    for row in await connection.execute(asking, {"references": [asks_of_death(*each) for each in deaths]}):
        await tasks.not_needed(connection, row.id, {**row.detail, "because": NoLongerDue.LEAD_WITHDRAWN.value}, now)
