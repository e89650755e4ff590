"""What was decided of grants, for whoever pays them: from which month on there is less, or nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database import among
from api.domain.stops import Change, StopKind
from api.models import Stop, table

LASTING = (StopKind.STOP_AID, StopKind.REDUCE_AID)
_CHANGES = select(Stop.grant_id, Stop.from_month, Stop.amount_fen).where(
    among(table(Stop).c.grant_id, "grants"), Stop.kind.in_(LASTING)
)


async def changes_of(connection: AsyncConnection, grants: Sequence[int]) -> Mapping[int, Sequence[Change]]:
    """By grant what was decided of it; a grant of which nothing was is not among them."""
    found: dict[int, list[Change]] = defaultdict(list)
    for row in await connection.execute(_CHANGES, {"grants": list(grants)}):
        found[row.grant_id].append(Change(row.from_month, row.amount_fen))
    return found
