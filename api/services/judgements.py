"""People say whether a record is about a person; what they say teaches the matcher how sure it is, and names nobody.

A judgement concludes nothing about a lead. What is given out is how the fields of a pair compared, and what was said.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import random
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import bindparam, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api import scope
from api.database import Key
from api.domain.errors import NotDone, UserErrorCode
from api.domain.permissions import Viewer
from api.loaders.findings import SHOWN
from api.matching import beside
from api.models import Finding, FindingPerson, Household, Link, PairJudgement, table
from api.services import audit

F, H, J, L, P = (table(each).c for each in (Finding, Household, PairJudgement, Link, FindingPerson))
_PAIR = scope.narrow(
    select(F.id, F.household_id, F.evidence, F.last_scan_id, L.levels, L.weight_bits)
    .select_from(Finding)
    .join(Household, H.id == F.household_id)
    .join(FindingPerson, P.finding_id == F.id)
    .join(Link, (L.member_id == P.member_id) & (L.scan_id == F.last_scan_id)),
    H.division_code,
).where(
    F.id == bindparam("finding", type_=Key),
    L.member_id == bindparam("member", type_=Key),
    L.source == bindparam("source"),
    L.record_id == bindparam("record"),
    SHOWN,
)
_LAST = select(func.max(J.id)).group_by(J.member_id, J.source, J.record_id)
_SAID = select(J.member_id, J.source, J.levels, J.rarity_bits, J.same).where(J.id.in_(_LAST)).order_by(J.id)


async def judge(
    connection: AsyncConnection,
    viewer: Viewer,
    data_dir: Path,
    finding_id: int | None,
    member_id: int | None,
    source: str,
    record_id: str,
    *,
    same: bool,
    now: dt.datetime,
) -> int:
    """Somebody says whether this record is about this person; the lead's key, which stands as it stood.

    Raises NotDone: no such lead in the viewer's division rests on this pair, or the model that weighed it is gone.
    """
    asked = {"finding": finding_id, "member": member_id, "source": source, "record": record_id}
    rows = (await connection.execute(_PAIR, {**scope.of(viewer), **asked})).all()
    if not any(
        (each["source"], each["record_id"]) == (source, record_id) for row in rows[:1] for each in row.evidence
    ):
        raise NotDone(
            UserErrorCode.NOT_FOUND,
            ("input", "findingId"),
            "没有此疑点或此配对。",
            "No such lead rests on this pair.",
        )
    (row, *_) = rows
    weighing = await asyncio.to_thread(beside.Weighing, beside.folder(data_dir, row.last_scan_id))
    steps = weighing.waterfall(row.levels, row.weight_bits)
    if steps is None:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "findingId"),
            "计算该配对的模型已更换，请重新比对后再判断。",
            "The model that weighed this pair is gone: judge it after the next scan.",
        )
    told = {
        "finding_id": row.id,
        "member_id": member_id,
        "source": source,
        "record_id": record_id,
        "levels": row.levels,
        "weight_bits": row.weight_bits,
        "rarity_bits": steps.rarity_bits,
        "model": steps.model,
        "same": same,
        "judged_by": viewer.user_id,
        "judged_at": now,
    }
    await connection.execute(insert(PairJudgement).values(**told))
    detail = {"household": row.household_id, "source": source, "same": same}
    await audit.record(connection, viewer.user_id, "pair.judged", ("Finding", row.id), now, detail)
    return int(row.id)


async def lines(connection: AsyncConnection, chance: random.Random) -> list[str]:
    """What was said last of each pair, as lines for `matcher train --reviewed`, in chance's order.

    Whose pairs belong together is told by a number that chance gives; nothing else of anybody is in them.
    """
    rows = (await connection.execute(_SAID)).all()
    people = sorted({row.member_id for row in rows})
    chance.shuffle(people)
    groups = {member: number for number, member in enumerate(people, start=1)}

    def told() -> Iterator[str]:
        for row in rows:
            levels = {name: level for name, level in sorted(row.levels.items()) if level is not None}
            line = {
                "group": groups[row.member_id],
                "source": row.source,
                "levels": levels,
                "rarity_bits": round(row.rarity_bits, 1),
                "same": row.same,
            }
            yield json.dumps(line, ensure_ascii=False)

    found = [*told()]
    chance.shuffle(found)
    return found
