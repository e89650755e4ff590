"""Aid of an active file, or of a household that lives here, does not end because a register tells so (F-2).

Told to be gone, of another programme, to begin later, to end, to end earlier or to be less, it stays as it is with its
payments, and people are told; unless an officer is named, who then answers for it with a decision. While an objection or
a proposal about the household is open, it stays whoever is named.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import func, not_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database import among
from api.domain import divisions
from api.domain.grants import OF_FILE, OF_GRANT
from api.domain.permissions import Viewer
from api.domain.stages import ACTIVE
from api.models import Enrolment, File, Household, Payment, table
from api.sealing import Vault
from api.services import audit
from api.services.registers import files, rows
from api.services.registers.households import Saved
from api.services.registers.placing import Place
from api.services.registers.rows import Row

REASON = "救助台账载明该项救助已终止或减少，经办人确认。The register of aid tells that this aid ended or is less; the officer named answers for it."

E, F, H, Y = (table(model).c for model in (Enrolment, File, Household, Payment))
_THERE = (
    select(
        *[E[name] for name in ("id", "household_id", "member_id", "source_record", "programme_code")],
        *[E[name] for name in ("start_month", "end_month", "amount_fen")],
        select(func.max(Y.month)).where(Y.enrolment_id == E.id).scalar_subquery().label("last_paid"),
        select(func.max(F.id)).where(F.household_id == H.id).scalar_subquery().label("file_id"),
        H.stage,
        H.division_code,
    )
    .join(Household, H.id == E.household_id)
    .where(E.source_record != OF_FILE, not_(E.source_record.startswith(OF_GRANT)), among(E.household_id, "keys"))
    .order_by(E.id)
)


async def standing(connection: AsyncConnection, households: Iterable[int]) -> list[Any]:
    """The enrolments that came from a register of aid, with the last month of each that was paid."""
    found = list[Any]()
    for some in rows.batches(households):
        found += await connection.execute(_THERE, {"keys": some})
    return found


async def lasts(
    connection: AsyncConnection,
    vault: Vault,
    saved: Saved,
    there: Iterable[Any],
    told: Mapping[Place, Row],
    cut: dt.date | None,
    complete: bool,
    officer: Viewer | None,
    now: dt.datetime,
) -> set[Place]:
    """Which enrolments stay as they are though the register, where it is `complete`, tells none or a lesser one."""
    lasting, less, decided = set[Place](), list[Any](), defaultdict[tuple[int, int], list[str]](list)
    for each in there:
        now_told = told.get((each.household_id, each.source_record))
        here = each.stage in ACTIVE or each.household_id in saved.own
        if here and (complete if now_told is None else _is_less(each, now_told, cut)):
            less.append(each)
    held = set() if officer is None else await files.waiting(connection, sorted({each.household_id for each in less}))
    for each in less:
        answers = officer is not None and divisions.holds(officer.division_code, each.division_code)
        if answers and each.household_id not in held:
            decided[each.household_id, each.file_id] += [f"Enrolment:{each.id}", _was(each)]
            continue
        place = (each.household_id, each.source_record)
        lasting.add(place)
        now_told = told.get(place)
        saved.differs(each.household_id, "aid", f"{each.source_record} {now_told and _terms(now_told)}")
    for (household, file), evidence in decided.items():
        assert officer is not None
        decision = await files.decide(connection, vault, household, file, officer, REASON, evidence, now)
        detail = {"decision": decision, "file": file}
        await audit.record(connection, officer.user_id, "aid.reduced", ("Household", household), now, detail)
    return lasting


def months_paid(enrolment: Row, cut: dt.date | None) -> Iterator[dt.date]:
    """The months that were paid as far as is known: none where amount or beginning is unknown, and none after the cut."""
    month, end = enrolment["start_month"], enrolment["end_month"] or rows.month(cut)
    if enrolment["amount_fen"] is None or month is None or end is None:
        return
    while month <= end:
        yield month
        month = (month.replace(day=28) + dt.timedelta(days=4)).replace(day=1)


def _terms(told: Row) -> list[Any]:
    return [told[name] for name in ("programme_code", "start_month", "end_month", "amount_fen")]


def _was(there: Any) -> str:
    """What stood there, to be found again: the row itself goes, or is written over."""
    months = "..".join("" if month is None else f"{month:%Y-%m}" for month in (there.start_month, there.end_month))
    amount = "?" if there.amount_fen is None else there.amount_fen
    return f"{there.source_record}: {there.programme_code} {months} {amount} fen, last paid {there.last_paid}"


def _is_less(there: Any, told: Row, cut: dt.date | None) -> bool:
    """Whether what is told of an enrolment is worse for the household than what stands there."""
    programme, start, end, amount = _terms(told)
    paid = list(months_paid(told, cut))
    return (
        programme != there.programme_code
        or (there.start_month is not None and (start is None or start > there.start_month))
        or (end is not None and (there.end_month is None or end < there.end_month))
        or (there.amount_fen is not None and (amount is None or amount < there.amount_fen))
        or (there.last_paid is not None and (not paid or paid[-1] < there.last_paid))
    )
