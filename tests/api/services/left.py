"""What a household on its way out of hardship leaves behind: an income, an assessment, a rejected proposal, a watch."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.models import ExitAssessment, File, IncomeMonth, Proposal, User, Watch, table
from api.models.base import Base
from api.sealing import Vault

MONTH = dt.date(2024, 5, 1)


async def left(
    connection: AsyncConnection, vault: Vault, household_id: int, member_id: int, user_id: int, now: dt.datetime
) -> dict[str, int]:
    """One of each, somebody's words in them; their keys by the names of their types."""

    async def add(model: type[Base], **values: Any) -> int:
        made = insert(model).values(**values).returning(table(model).c.id)
        return int((await connection.execute(made)).scalar_one())

    newest = select(File.id).where(File.household_id == household_id).order_by(File.id.desc()).limit(1)
    of = {"household_id": household_id, "file_id": (await connection.execute(newest)).scalar_one()}
    others = select(User.id).where(User.id != user_id, User.kind == "PERSON").limit(1)
    other = (await connection.execute(others)).scalar_one()
    await add(
        IncomeMonth, member_id=member_id, month=MONTH, source="TAX", answer="VALUE", kind="WAGE", amount_fen=300_000,
        evidence=vault.seal("income_months.evidence", "王大力完税证明"), recorded_by=user_id, recorded_at=now,
    )  # fmt: skip
    tested: dict[str, Any] = {"test": "GRADUATION", "verdict": "INSUFFICIENT_DATA", "missing": []}
    tested["months"] = [
        {"month": MONTH.isoformat(), "members": 1, "low": 300_000, "high": None, "line": 66_000, "known": False,
         "standing": "UNCLEAR"},
    ]  # fmt: skip
    tested["missing"] = [{"gap": "INCOME", "month": MONTH.isoformat(), "member": member_id, "source": "AID"}]
    await add(
        ExitAssessment, **of, as_of=dt.date(2024, 6, 20), graduation="INSUFFICIENT_DATA", relief="INSUFFICIENT_DATA",
        causes=1, open_causes=0, tests=[tested, {**tested, "test": "RELIEF"}], policy_version="x", user_id=user_id,
        assessed_at=now,
    )  # fmt: skip
    proposal = await add(
        Proposal, **of, action="DEREGISTER", closing="MOVED", statement=vault.seal("proposals.statement", "王大力已迁走"),
        evidence=[], proposed_by=user_id, proposed_at=now, state="REJECTED", decided_by=other, decided_at=now,
        rejection=vault.seal("proposals.rejection", "王大力仍在本地"), version=2,
    )  # fmt: skip
    watch = await add(
        Watch, **of, months=3, due_on=dt.date(2024, 8, 1), outcome="FINE", note=vault.seal("watches.note", "王大力在家"),
        done_by=user_id, done_at=now, version=2,
    )  # fmt: skip
    return {"Proposal": proposal, "Watch": watch}
