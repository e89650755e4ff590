"""The assistance plan of a household (一户一策): made in versions, with how far each measure is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import outbox, scope
from api.domain import accounts, casework, days
from api.domain.casework import MeasureState
from api.domain.errors import NotDone, UserErrorCode
from api.domain.measures import Measure
from api.domain.permissions import Viewer
from api.models import Household, Plan, PlannedMeasure, Progress
from api.sealing import Vault
from api.services import audit, cases

MOST_MEASURES = 20

_MEASURE = scope.narrow(
    select(PlannedMeasure.id, PlannedMeasure.version, Plan.household_id, Plan.until)
    .join(Plan, Plan.id == PlannedMeasure.plan_id)
    .join(Household, Household.id == Plan.household_id),
    Household.division_code,
)


@dataclass(frozen=True, slots=True)
class Planned:
    """What is to be done, by which organisation and when; `continues` is the same measure of the version before."""

    measure: Measure
    what: str
    organisation: str
    due_on: dt.date
    continues: int | None = None


async def make(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    household_id: int | None,
    expected_number: int | None,
    goal: str,
    measures: Sequence[Planned],
    now: dt.datetime,
) -> int:
    """A plan for the household in the place of the one before, which stays; its key.

    A measure that goes on keeps how far it is. Raises NotDone, and Conflict where another plan was made meanwhile.
    """
    household = await cases.held(connection, viewer, household_id)
    file_id, today = household.open_file, days.today(now)
    latest = select(Plan.id, Plan.number).where(Plan.household_id == household.id).order_by(Plan.number.desc())
    before = (await connection.execute(latest.limit(1))).one_or_none()
    accounts.unchanged(before.number if before else 0, expected_number or 0, "帮扶方案", "plan")
    if not 0 < len(measures) <= MOST_MEASURES:
        raise NotDone(
            UserErrorCode.REQUIRED if not measures else UserErrorCode.INVALID,
            ("input", "measures"),
            f"方案须有 1 至 {MOST_MEASURES} 项措施。",
            f"A plan has 1 to {MOST_MEASURES} measures.",
        )
    if before is not None:
        await connection.execute(update(Plan).where(Plan.id == before.id, Plan.until.is_(None)).values(until=today))
    row = {
        "household_id": household.id,
        "file_id": file_id,
        "number": 1 if before is None else before.number + 1,
        "goal": vault.seal("plans.goal", casework.words(goal, "goal")),
        "since": today,
        "made_by": viewer.user_id,
        "made_at": now,
    }
    added = await connection.execute(insert(Plan).values(**row).returning(Plan.id))
    key = int(added.scalar_one())
    states = await _states(connection, before and before.id)
    for place, each in enumerate(measures):
        if each.continues is not None and each.continues not in states:
            raise NotDone(
                UserErrorCode.NOT_FOUND,
                ("input", "measures"),
                "现行方案中没有该措施。",
                "The plan before has no such measure to be continued.",
            )
        await connection.execute(
            insert(PlannedMeasure).values(
                plan_id=key,
                place=place,
                measure=each.measure,
                what=vault.seal("planned_measures.what", casework.words(each.what, "measures")),
                organisation_id=await cases.organisation(connection, each.organisation, "measures"),
                due_on=each.due_on,
                state=states.get(each.continues, MeasureState.PLANNED),
                continues_id=each.continues,
                version=1,
            )
        )
    detail = {"household": household.id, "number": row["number"], "measures": len(measures)}
    await audit.record(connection, viewer.user_id, "plan.made", ("AssistancePlan", key), now, detail)
    await outbox.append(connection, "household", household.id, now)
    return key


async def report(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    measure_id: int | None,
    expected_version: int,
    state: MeasureState,
    note: str,
    now: dt.datetime,
) -> int:
    """How far a measure of the plan in force is; its key. Raises NotDone."""
    found = await _found(connection, viewer, measure_id, expected_version)
    words = vault.seal("progress.note", casework.words(note, "note"))
    row = {"measure_id": found.id, "state": state, "note": words, "user_id": viewer.user_id, "noted_at": now}
    await connection.execute(insert(Progress).values(**row))
    changed = update(PlannedMeasure).where(PlannedMeasure.id == found.id)
    await connection.execute(changed.values(state=state, version=found.version + 1))
    detail = {"household": found.household_id, "state": state}
    await audit.record(connection, viewer.user_id, "measure.reported", ("PlannedMeasure", found.id), now, detail)
    await outbox.append(connection, "household", found.household_id, now)
    return int(found.id)


async def _states(connection: AsyncConnection, plan_id: int | None) -> dict[int | None, str]:
    """How far each measure of a plan is, by its key."""
    statement = select(PlannedMeasure.id, PlannedMeasure.state).where(PlannedMeasure.plan_id == plan_id)
    return {row.id: row.state for row in await connection.execute(statement)}


async def _found(
    connection: AsyncConnection, viewer: Viewer, measure_id: int | None, expected_version: int
) -> Row[int, int, int, dt.date | None]:
    """The measure as it is once its household is held, so that no other plan replaces its own meanwhile."""
    of = select(Plan.household_id).join(PlannedMeasure, PlannedMeasure.plan_id == Plan.id)
    await cases.hold(connection, viewer, of.where(PlannedMeasure.id == measure_id).scalar_subquery())
    statement = _MEASURE.where(PlannedMeasure.id == measure_id)
    found = (await connection.execute(statement, scope.of(viewer))).one_or_none()
    if found is None:
        raise NotDone(UserErrorCode.NOT_FOUND, ("input", "measureId"), "没有此措施。", "There is no such measure.")
    accounts.unchanged(found.version, expected_version, "措施", "measure")
    if found.until is not None:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "measureId"),
            "该措施属于已被取代的方案。",
            "It is of a plan that another has replaced.",
        )
    return found
