"""A rule whose leads hardly ever prove right in a county is set aside there by itself; only two people bring it back (F-18).

Set aside, it runs and counts, and what it raises anew is shown to nobody who reviews. What people looked at already stays
as it is: a household that is being asked is not left without an answer. What was concluded before a rule came back does
not set it aside again. Tasks that rest on its leads end with it, and are open again when it is back.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import scope
from api.database import Key, UtcDateTime, locked, one_writer
from api.domain import accounts, casework, days, quality
from api.domain.clocks import months_after
from api.domain.errors import NotDone, UserErrorCode
from api.domain.permissions import Viewer
from api.domain.quality import Bounds
from api.loaders.rule_quality import CONCLUDED, CONFIRMED
from api.matching import policy
from api.models import Finding, Household, Review, RuleShadow, table
from api.sealing import Vault
from api.services import audit, entitlement_tasks

LOCK = 4_105_011
MONTHS = "quality.months"
BOUNDS = ("quality.confirmed_low", "quality.least_reviews")
F, H, S, V = (table(each).c for each in (Finding, Household, RuleShadow, Review))
_BEFORE = table(RuleShadow).alias("before")
_BACK = (
    select(func.max(_BEFORE.c.restored_at))
    .where(_BEFORE.c.rule_id == F.rule_id, _BEFORE.c.division_code == H.division_code)
    .correlate_except(_BEFORE)
    .scalar_subquery()
)
_ASIDE = (
    select(_BEFORE.c.id)
    .where(
        _BEFORE.c.rule_id == F.rule_id,
        _BEFORE.c.division_code == H.division_code,
        _BEFORE.c.restored_at.is_(None),
    )
    .correlate_except(_BEFORE)
    .exists()
)
_COUNTED = (
    select(
        F.rule_id,
        H.division_code,
        func.count().label("reviewed"),
        func.count().filter(CONFIRMED).label("confirmed"),
    )
    .select_from(Finding)
    .join(Household, H.id == F.household_id)
    .join(Review, V.id == F.review_id)
    .where(
        CONCLUDED,
        V.reviewed_at >= bindparam("since", type_=UtcDateTime()),
        (_BACK.is_(None) | (V.reviewed_at >= _BACK)),
        ~_ASIDE,
    )
    .group_by(F.rule_id, H.division_code)
    .order_by(F.rule_id, H.division_code)
)
_SHADOW = scope.narrow(select(*S), S.division_code).where(S.id == bindparam("shadow", type_=Key))


def bounds_in_force(day: dt.date, code: str) -> Bounds:
    """Below which share, and after how many conclusions, a rule is set aside in that division on that day."""
    low, least = (policy.value(key, day, code) for key in BOUNDS)
    return Bounds(low, int(least))


async def chore(connection: AsyncConnection, vault: Vault, now: dt.datetime) -> int:
    """Rules that prove right too seldom in a county are set aside there; how many were."""
    await one_writer(connection, LOCK)
    today = days.today(now)
    since = days.begins(months_after(today, -policy.whole(MONTHS, today)))
    poor = [
        row
        for row in await connection.execute(_COUNTED, {"since": since})
        if quality.too_poor(row.confirmed, row.reviewed, bounds_in_force(today, row.division_code))
    ]
    for row in poor:
        told = {"rule_id": row.rule_id, "division_code": row.division_code}
        counts = {"reviewed": row.reviewed, "confirmed": row.confirmed}
        added = insert(RuleShadow).values(**told, **counts, since=now, version=1).returning(S.id)
        key = int((await connection.execute(added)).scalar_one())
        detail = {"rule": row.rule_id, "division": row.division_code, **counts}
        await audit.record(connection, None, "rule.set_aside", ("RuleShadow", key), now, detail)
    for code in sorted({row.division_code for row in poor}):
        await entitlement_tasks.look_again(connection, code)
    return len(poor)


async def approve(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    shadow_id: int | None,
    expected_version: int,
    reason: str,
    now: dt.datetime,
) -> int:
    """Somebody says why a rule may come back, or somebody else agrees, and it is back; the key of what it was set aside by.

    Raises NotDone: there is no such thing in the viewer's division, it has changed, it is back, or the second is the first.
    """
    written = casework.words(reason, "reason")
    found = (
        await connection.execute(locked(_SHADOW, connection, RuleShadow), {**scope.of(viewer), "shadow": shadow_id})
    ).one_or_none()
    if found is None:
        raise NotDone(
            UserErrorCode.NOT_FOUND, ("input", "shadowId"), "没有此静默记录。", "No rule is set aside by this."
        )
    accounts.unchanged(found.version, expected_version, "静默记录", "rule that is set aside")
    if found.restored_at is not None:
        raise NotDone(UserErrorCode.INVALID, ("input", "shadowId"), "该规则已恢复。", "The rule is back already.")
    detail = {"rule": found.rule_id, "division": found.division_code}
    if found.approved_by is None:
        sealed = vault.seal("rule_shadows.reason", written)
        changes = {"approved_by": viewer.user_id, "approved_at": now, "reason": sealed}
        action = "rule.return_approved"
    elif found.approved_by == viewer.user_id:
        raise NotDone(
            UserErrorCode.FORBIDDEN, (), "恢复规则须由另一人同意。", "Somebody else has to agree that it comes back."
        )
    else:
        changes = {"restored_by": viewer.user_id, "restored_at": now}
        action = "rule.returned"
    await connection.execute(update(RuleShadow).where(S.id == found.id).values(**changes, version=found.version + 1))
    if "restored_at" in changes:
        await entitlement_tasks.look_again(connection, found.division_code)
    await audit.record(connection, viewer.user_id, action, ("RuleShadow", found.id), now, detail)
    return int(found.id)
