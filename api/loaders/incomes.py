"""What is known of a household's incomes: who was in it when, what sources told of them, what aid was paid to it.

What was told of somebody in another household is told of them here too: people move, and their months move with them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Boolean, Select, and_, bindparam, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import aliased

from api import scope
from api.domain import exits
from api.domain.exits import ExitTestKind, Test
from api.domain.incomes import IncomeKind, IncomeSource, Month, Presence, SourceAnswer, Told
from api.domain.permissions import Viewer
from api.loaders.households import NEVER
from api.loaders.reading import Reading, Rows
from api.matching import income, policy
from api.models import Cause, Enrolment, File, Household, IncomeMonth, Member, Organisation, Payment, User, table

Run = Callable[[Select[*tuple[Any, ...]], Mapping[str, Any]], Awaitable[Rows]]
"""How a narrowed statement is run for a viewer."""

MOST = 500
MIGRANT, BY_WORKPLACE = "MIGRANT_WORKER", "line.migrant_by_workplace"

C, E, F, H, T, M, U, P = (
    table(model).c for model in (Cause, Enrolment, File, Household, IncomeMonth, Member, Organisation, Payment)
)
_OLDER = aliased(File)
_LATEST = select(func.max(_OLDER.id)).where(_OLDER.household_id == H.id).scalar_subquery()
_CAUSES = select(func.count()).where(C.file_id == F.id)
_OPEN_CAUSES = _CAUSES.where(C.resolved_on.is_(None)).scalar_subquery()
_HERE = H.id == bindparam("household")

_HOUSEHOLD = (
    scope.narrow(
        select(
            H.id,
            H.division_code,
            H.stage,
            H.target_group,
            F.id.label("file_id"),
            F.subject_member_id,
            U.division_code.label("workplace"),
            _CAUSES.scalar_subquery().label("causes"),
            _OPEN_CAUSES.label("open_causes"),
        )
        .select_from(Household)
        .outerjoin(File, F.id == _LATEST)
        .outerjoin(Organisation, U.id == func.coalesce(F.organisation_id, H.organisation_id)),
        H.division_code,
    )
).where(_HERE)
_MEMBERS = (
    scope.narrow(
        select(M.id, M.person_id, M.birth_date, M.valid_from, M.valid_to, M.left_on).join(
            Household, H.id == M.household_id
        ),
        H.division_code,
    )
    .where(_HERE)
    .order_by(M.id)
)
_BETWEEN = or_(
    and_(T.month >= bindparam("first"), T.month <= bindparam("last")),
    and_(T.year >= bindparam("first_year"), T.year <= bindparam("last_year")),
)
_family = aliased(Member)
_TOLD = (
    scope.narrow(
        select(M.person_id, T.id, T.source, T.answer, T.month, T.year, T.kind, T.programme_code, T.amount_fen)
        .select_from(IncomeMonth)
        .join(Member, M.id == T.member_id)
        .join(Household, _HERE),
        H.division_code,
    )
    .where(
        M.person_id.in_(select(_family.person_id).where(_family.household_id == bindparam("household"))),
        T.superseded_at.is_(None),
        _BETWEEN,
    )
    .order_by(M.person_id, T.id)
)
_PAID = (
    scope.narrow(
        select(M.person_id, E.programme_code, P.month, func.sum(P.amount_fen).label("amount_fen"))
        .select_from(Payment)
        .join(Enrolment, E.id == P.enrolment_id)
        .join(Household, H.id == E.household_id)
        .outerjoin(Member, M.id == E.member_id),
        H.division_code,
    )
    .where(_HERE, P.month >= bindparam("first"), P.month <= bindparam("last"))
    .group_by(M.person_id, E.programme_code, P.month)
    .order_by(M.person_id, E.programme_code, P.month)
)
_RECORDED = (
    scope.narrow(
        select(*T, User.display_name, scope.protects_member(M.person_id, H.id).label("protected"))
        .join(Member, M.id == T.member_id)
        .join(Household, H.id == M.household_id)
        .outerjoin(User, User.id == T.recorded_by),
        H.division_code,
    )
    .where(T.member_id == bindparam("member"), or_(T.superseded_at.is_(None), bindparam("replaced", type_=Boolean())))
    .order_by(func.coalesce(T.month, NEVER).desc(), func.coalesce(T.year, 0).desc(), T.source, T.id.desc())
    .limit(MOST)
)


@dataclass(frozen=True, slots=True)
class Family:
    """A household's people and what was told of them; `members` tells by person their latest membership in it."""

    household_id: int
    file_id: int | None
    division: str
    causes: int
    open_causes: int
    members: Mapping[int, int]
    present: tuple[Presence, ...]
    told: tuple[Told, ...]

    def graduation(self, as_of: dt.date) -> Test:
        """The test for leaving hardship on a day."""
        return income.graduation(self.present, self.told, self.division, as_of)

    def relief(self, as_of: dt.date) -> Test:
        """The test whether aid has lifted it to the line."""
        return income.relief(self.present, self.told, self.division, as_of)

    def tests(self, as_of: dt.date) -> list[dict[str, Any]]:
        """Both tests, as they are kept and shown."""
        return [
            exits.told(ExitTestKind.GRADUATION, self.graduation(as_of), self.members),
            exits.told(ExitTestKind.RELIEF, self.relief(as_of), self.members),
        ]

    def month(self, month: dt.date) -> Month:
        """Its income a head of one month."""
        return income.of_months([month], self.present, self.told, self.division)[0]


def running(connection: AsyncConnection, viewer: Viewer) -> Run:
    """Runs statements for a viewer within a transaction of a service."""

    async def run(statement: Select[*tuple[Any, ...]], parameters: Mapping[str, Any]) -> Rows:
        return (await connection.execute(statement, {**scope.of(viewer), **parameters})).all()

    return run


async def family(run: Run, household_id: int, first: dt.date, last: dt.date) -> Family | None:
    """A household with what was told of these months; None where the viewer sees none."""
    here = {"household": household_id}
    span = {"first": first, "last": last}
    homes = await run(_HOUSEHOLD, here)
    if not homes:
        return None
    (home,) = homes
    people = await run(_MEMBERS, here)
    years = {"first_year": first.year, "last_year": last.year}
    told = [_told(row) for row in await run(_TOLD, {**here, **span, **years})]
    paid = [_paid(row) for row in await run(_PAID, {**here, **span})]
    return Family(
        household_id=home.id,
        file_id=home.file_id,
        division=_line_division(home, last),
        causes=home.causes,
        open_causes=home.open_causes,
        members={row.person_id: row.id for row in people},
        present=tuple(_presence(row) for row in people),
        told=(*told, *paid),
    )


async def recorded_of(reading: Reading, member: int, replaced: bool) -> Rows:
    """What was recorded of somebody, with what was replaced or without it; the latest months first."""
    return await reading.rows(_RECORDED, {"member": member, "replaced": replaced})


def _line_division(home: Any, day: dt.date) -> str:
    """Whose line counts: where the household lives; of a migrant worker where the work is, which is where the union is."""
    migrant = home.target_group == MIGRANT and policy.value(BY_WORKPLACE, day, home.division_code) == 1
    return str(home.workplace if migrant and home.workplace else home.division_code)


def _presence(row: Any) -> Presence:
    ends = [day for day in (row.valid_to, row.left_on) if day is not None]
    starts = [day for day in (row.valid_from, row.birth_date) if day is not None]
    return Presence(row.person_id, max(starts, default=None), min(ends, default=None))


def _told(row: Any) -> Told:
    return Told(
        member=row.person_id,
        source=IncomeSource(row.source),
        answer=SourceAnswer(row.answer),
        month=row.month,
        year=row.year,
        kind=IncomeKind(row.kind) if row.kind else None,
        programme=row.programme_code,
        fen=row.amount_fen,
    )


def _paid(row: Any) -> Told:
    return Told(
        member=row.person_id,
        source=IncomeSource.AID,
        answer=SourceAnswer.VALUE,
        month=row.month,
        kind=IncomeKind.AID,
        programme=row.programme_code,
        fen=int(row.amount_fen),
        paid=True,
    )
