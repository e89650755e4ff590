"""Each quarter some of a county's households without a lead are drawn by chance, to see what the rules miss (F-19).

Beside them as many are drawn that have a lead, and both are told in one order that nobody chose: whoever looks at one does
not know which it is. The seed is made when they are drawn; whoever has it draws the same again.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Sequence

from sqlalchemy import String, and_, cast, exists, insert, not_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import outbox, scope
from api.database import locked, one_writer
from api.domain import accounts, casework, days, payments
from api.domain.blind import BlindVerdict
from api.domain.errors import NotDone, UserErrorCode
from api.domain.permissions import Viewer
from api.domain.progress import quarter
from api.domain.review import FindingState
from api.domain.scans import ScanStatus
from api.domain.stages import ACTIVE
from api.matching import policy
from api.models import BlindCase, BlindDraw, File, FileTransfer, Finding, Household, Scan, Transition, table
from api.sealing import Vault
from api.services import audit

LOCK = 4_105_012
PERCENT, LEAST = "quality.blind_percent", "quality.blind_least"
B, D, F, H, S = (table(each).c for each in (BlindCase, BlindDraw, Finding, Household, Scan))
FILE, FT, T = (table(each).c for each in (File, FileTransfer, Transition))
_HAS_LEAD = exists().where(
    F.household_id == H.id,
    F.state != FindingState.WITHDRAWN,
    not_(scope.in_shadow(F, H.division_code)),
)
"""A household that the rules said something about, whatever was concluded: what was concluded on was not missed."""

_OF = (table(Household), table(Scan))
_THERE = exists().where(T.household_id == H.id, T.number == 1, T.happened_at < S.started_at).correlate(*_OF)
_CAME_SINCE = (
    exists()
    .where(
        FT.file_id == FILE.id,
        FILE.household_id == H.id,
        FT.from_division_code != FT.to_division_code,
        FT.transferred_at >= S.started_at,
    )
    .correlate(*_OF)
)
_SCANNED = exists().where(
    S.status == ScanStatus.SUCCEEDED,
    S.division_from <= H.division_code,
    S.division_to > H.division_code,
    cast(S.rules, String) == "[]",
    _THERE,
    not_(_CAME_SINCE),
)
"""A household of which a scan has asked by all rules: it was in the register, and in that division, when the scan began."""

_COUNTIES = select(H.division_code).where(H.stage.in_(sorted(ACTIVE)), _SCANNED).distinct()
_CASE = scope.narrow(
    select(B.id, B.household_id, B.verdict, B.version).join(Household, H.id == B.household_id), H.division_code
)


async def chore(connection: AsyncConnection, vault: Vault, now: dt.datetime) -> int:
    """Every county that was ever scanned has its draw of this quarter; how many households were drawn."""
    await one_writer(connection, LOCK)
    begins = quarter(days.today(now))
    done = {*await connection.scalars(select(D.division_code).where(D.quarter == begins))}
    counties = sorted({*await connection.scalars(_COUNTIES)} - done)
    return sum([await _draw(connection, code, begins, now) for code in counties])


async def _draw(connection: AsyncConnection, code: str, begins: dt.date, now: dt.datetime) -> int:
    today, seed = days.today(now), secrets.token_hex(16)
    theirs = and_(H.division_code == code, H.stage.in_(sorted(ACTIVE)))
    without = [*await connection.scalars(select(H.id).where(theirs, _SCANNED, not_(_HAS_LEAD)))]
    having = [*await connection.scalars(select(H.id).where(theirs, _HAS_LEAD))]
    percent, least = (policy.whole(key, today, code) for key in (PERCENT, LEAST))
    drawn = payments.sample(seed, without, percent, least)
    beside = payments.sample(f"{seed}:beside", having, 0, len(drawn))
    counts = {"cases": len(without), "drawn": len(drawn), "beside": len(beside)}
    row = {"division_code": code, "quarter": begins, "seed": seed, "drawn_at": now, **counts}
    draw = int((await connection.execute(insert(BlindDraw).values(**row).returning(D.id))).scalar_one())
    cases = [
        {"draw_id": draw, "household_id": key, "has_lead": has_lead, "version": 1}
        for key, has_lead in _mixed(seed, drawn, beside)
    ]
    if cases:
        await connection.execute(insert(BlindCase), cases)
    await audit.record(connection, None, "blind.drawn", ("BlindDraw", draw), now, {"division": code, **counts})
    return len(drawn)


def _mixed(seed: str, drawn: Sequence[int], beside: Sequence[int]) -> list[tuple[int, bool]]:
    """Both in one order that is chance's."""
    both = [*((key, False) for key in drawn), *((key, True) for key in beside)]
    return sorted(both, key=lambda each: hashlib.sha256(f"{seed}:order:{each[0]}".encode()).digest())


async def record(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    case_id: int | None,
    expected_version: int,
    verdict: BlindVerdict,
    note: str,
    now: dt.datetime,
) -> int:
    """What somebody found who looked at the household; the case's key. It changes nothing else.

    Raises NotDone: there is no such case in the viewer's division, it has changed, or it was looked at.
    """
    statement = locked(_CASE.where(B.id == case_id), connection, BlindCase)
    found = (await connection.execute(statement, scope.of(viewer))).one_or_none()
    if found is None:
        raise NotDone(UserErrorCode.NOT_FOUND, ("input", "caseId"), "没有此盲审户。", "There is no such case.")
    accounts.unchanged(found.version, expected_version, "盲审", "case")
    if found.verdict is not None:
        raise NotDone(UserErrorCode.INVALID, ("input", "caseId"), "此户已盲审。", "It has been looked at.")
    sealed = vault.seal("blind_cases.note", casework.words(note, "note"))
    told = {"verdict": verdict, "note": sealed, "reviewer_id": viewer.user_id, "reviewed_at": now}
    await connection.execute(update(BlindCase).where(B.id == found.id).values(**told, version=found.version + 1))
    detail = {"household": found.household_id, "verdict": verdict.value}
    await audit.record(connection, viewer.user_id, "blind.reviewed", ("BlindCase", found.id), now, detail)
    await outbox.append(connection, "household", found.household_id, now)
    return int(found.id)
