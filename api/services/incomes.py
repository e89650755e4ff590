"""An officer writes down what sources told of a person's incomes; what they told before is superseded, and stays."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import Date, and_, bindparam, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import outbox, scope
from api.database import locked
from api.domain import casework, days
from api.domain.errors import NotDone, UserErrorCode
from api.domain.income_statements import MOST_EVIDENCE, Statement, entries
from api.domain.permissions import Viewer
from api.matching import reference
from api.models import Household, IncomeMonth, Member, table
from api.sealing import Vault
from api.services import audit

T, M = table(IncomeMonth).c, table(Member).c
_MEMBER = scope.narrow(
    select(Member.id, Member.person_id, Member.household_id).join(Household, Household.id == Member.household_id),
    Household.division_code,
)
_SUPERSEDED = (
    update(IncomeMonth)
    .where(
        T.member_id.in_(select(M.id).where(M.person_id == bindparam("person"))),
        T.source == bindparam("told_by"),
        or_(
            and_(T.month.is_not(None), T.month == bindparam("of_month", type_=Date())),
            and_(T.year.is_not(None), T.year == bindparam("of_year", type_=T.year.type)),
        ),
        T.superseded_at.is_(None),
    )
    .values(superseded_at=bindparam("at"))
)


async def record(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    member_id: int | None,
    statements: Sequence[Statement],
    evidence: str | None,
    now: dt.datetime,
) -> int:
    """What these sources say of the person's months from now on; what each said of one before is superseded as a whole.

    Returns the member's key. Raises NotDone: no such person in the viewer's division, or a statement that cannot be taken.
    """
    asked = locked(_MEMBER.where(Member.id == member_id), connection, Member)
    found = (await connection.execute(asked, scope.of(viewer))).one_or_none()
    if found is None:
        raise NotDone(UserErrorCode.NOT_FOUND, ("input", "personId"), "没有此人。", "There is no such person.")
    programmes = {each.code for each in reference.programmes()}
    rows = entries(statements, programmes, days.today(now))
    document = casework.words(evidence, "evidence", required=False, most=MOST_EVIDENCE)
    places = sorted({each.place for each in rows}, key=str)
    told_anew = [
        {"person": found.person_id, "told_by": source, "of_month": month, "of_year": year, "at": now}
        for source, month, year in places
    ]
    await connection.execute(_SUPERSEDED, told_anew)
    await connection.execute(
        insert(IncomeMonth),
        [
            {
                "member_id": found.id,
                "month": each.month,
                "year": each.year,
                "source": each.source,
                "answer": each.answer,
                "kind": each.kind,
                "programme_code": each.programme,
                "amount_fen": each.fen,
                "evidence": vault.seal("income_months.evidence", document),
                "recorded_by": viewer.user_id,
                "recorded_at": now,
            }
            for each in rows
        ],
    )
    detail = {
        "household": found.household_id,
        "sources": sorted({each.source.value for each in rows}),
        "rows": len(rows),
    }
    await audit.record(connection, viewer.user_id, "income.recorded", ("Person", found.id), now, detail)
    await outbox.append(connection, "household", found.household_id, now)
    return int(found.id)
