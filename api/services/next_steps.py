"""What may be done with a household next, and what still stands in the way: the guards of each move, asked and not used."""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api import scope
from api.domain.errors import NotDone
from api.domain.lifecycle import Guard, Move, moves_from
from api.domain.permissions import Viewer
from api.domain.stages import Stage
from api.models import File, Household, table
from api.services import guards
from api.services.guards.case import Case

H, F = table(Household).c, table(File).c
_STANDS = scope.narrow(
    select(
        H.stage,
        H.division_code,
        select(F.id).where(F.household_id == H.id).order_by(F.id.desc()).limit(1).scalar_subquery().label("file_id"),
    ),
    H.division_code,
).where(H.id == bindparam("household"))


@dataclass(frozen=True, slots=True)
class Step:
    """A move that the viewer's role permits, and the guards that would refuse it now, each with what it says."""

    move: Move
    obstacles: tuple[tuple[Guard, NotDone], ...]


async def of(connection: AsyncConnection, viewer: Viewer, household_id: int, now: dt.datetime) -> list[Step] | None:
    """The steps from where the household stands; None where there is none within the viewer's reach."""
    parameters = {**scope.of(viewer), "household": household_id}
    found = (await connection.execute(_STANDS, parameters)).one_or_none()
    if found is None:
        return None
    steps, known = [], dict[Hashable, Any]()
    for move in moves_from(Stage(found.stage)):
        if viewer.may(move.permission):
            case = Case(
                household_id=household_id,
                file_id=found.file_id,
                division_code=found.division_code,
                action=move.action,
                viewer=viewer,
                decision_id=None,
                known=known,
            )
            steps.append(Step(move, await obstacles(connection, move, case, now)))
    return steps


async def obstacles(
    connection: AsyncConnection, move: Move, case: Case, now: dt.datetime
) -> tuple[tuple[Guard, NotDone], ...]:
    """The guards of a move that refuse, each with what it says; one that has answered is not asked again."""
    found = []
    for guard in move.guards:
        asked = (guard, move.action if guard in guards.OF_ONE_MOVE else None)
        refused = await case.once(asked, partial(_refusal, connection, guard, case, now))
        if refused is not None:
            found.append((guard, refused))
    return tuple(found)


async def _refusal(connection: AsyncConnection, guard: Guard, case: Case, now: dt.datetime) -> NotDone | None:
    try:
        await guards.check(connection, guard, case, now)
    except NotDone as refused:
        return refused
    return None
