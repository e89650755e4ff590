"""Plans of households as they stood on a day, their measures, and how far each is."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import or_, select

from api import scope
from api.database import among
from api.loaders.casework import HIDDEN
from api.loaders.files import AS_OF
from api.loaders.reading import Reading, Rows
from api.models import Household, Organisation, Plan, PlannedMeasure, Progress, User, table

H, M, P, R = (table(each).c for each in (Household, PlannedMeasure, Plan, Progress))
O, U = table(Organisation).c, table(User).c  # noqa: E741

_PLANS = scope.narrow(
    select(
        P.household_id,
        *[column for column in P if column.name != "household_id"],
        U.login,
        U.display_name,
        HIDDEN.label("protected"),
    )
    .join(Household, H.id == P.household_id)
    .join(User, U.id == P.made_by),
    H.division_code,
)
_BY_KEY = _PLANS.where(among(P.id, "keys"))
_UNTIL_A_DAY = _PLANS.where(among(P.household_id, "keys"), P.since <= AS_OF)
_ON_A_DAY = _UNTIL_A_DAY.where(or_(P.until.is_(None), P.until > AS_OF))
_OF = _UNTIL_A_DAY.order_by(P.household_id, P.number.desc())

_MEASURES = scope.narrow(
    select(
        M.plan_id,
        *[column for column in M if column.name != "plan_id"],
        P.household_id,
        O.code,
        O.name_zh,
        O.name_en,
    )
    .join(Plan, P.id == M.plan_id)
    .join(Household, H.id == P.household_id)
    .join(Organisation, O.id == M.organisation_id),
    H.division_code,
)
_MEASURES_BY_KEY = _MEASURES.where(among(M.id, "keys"))
_MEASURES_OF = _MEASURES.where(among(M.plan_id, "keys")).order_by(M.plan_id, M.place)
_PROGRESS_OF = (
    scope.narrow(
        select(R.measure_id, R.state, R.note, R.noted_at, U.login, U.display_name, HIDDEN.label("protected"))
        .join(PlannedMeasure, M.id == R.measure_id)
        .join(Plan, P.id == M.plan_id)
        .join(Household, H.id == P.household_id)
        .join(User, U.id == R.user_id),
        H.division_code,
    )
    .where(among(R.measure_id, "keys"))
    .order_by(R.measure_id, R.id.desc())
)


async def by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """Plans by their key."""
    return await reading.rows(_BY_KEY, {"keys": keys})


async def plan_of(reading: Reading, households: Sequence[int]) -> Rows:
    """The plans in force on the day that is read, the first column telling whose."""
    return await reading.rows(_ON_A_DAY, {"keys": households})


async def plans_of(reading: Reading, households: Sequence[int]) -> Rows:
    """All versions of plans up to that day, the latest first, the first column telling whose."""
    return await reading.rows(_OF, {"keys": households})


async def measures_by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """Planned measures by their key."""
    return await reading.rows(_MEASURES_BY_KEY, {"keys": keys})


async def measures_of(reading: Reading, plans: Sequence[int]) -> Rows:
    """The measures of plans in their order, the first column telling of which."""
    return await reading.rows(_MEASURES_OF, {"keys": plans})


async def progress_of(reading: Reading, measures: Sequence[int]) -> Rows:
    """How far planned measures were, the latest first, the first column telling which."""
    return await reading.rows(_PROGRESS_OF, {"keys": measures})
