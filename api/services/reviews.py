"""A person concludes something about a finding; nothing else ever closes one."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import outbox, scope
from api.database import locked
from api.domain.errors import Conflict, NotDone, UserErrorCode
from api.domain.permissions import Viewer
from api.domain.review import Outcome, check, state_after
from api.models import Finding, Household, Review
from api.sealing import Vault
from api.services import audit

_FINDING = scope.narrow(
    select(Finding.id, Finding.household_id, Finding.version, Finding.rule_id, Finding.evidence_hash).join(
        Household, Household.id == Finding.household_id
    ),
    Household.division_code,
)


async def review(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    finding_id: int | None,
    expected_version: int,
    outcome: Outcome,
    note: str,
    decision_document: str | None,
    now: dt.datetime,
) -> int:
    """Adds a review and moves the finding to the state it leads to; returns the finding's key.

    Raises NotDone: no such finding in the viewer's division, changed since it was read, or a conclusion that may not
    be drawn so.
    """
    statement = locked(_FINDING.where(Finding.id == finding_id), connection, Finding)
    found = (await connection.execute(statement, scope.of(viewer))).one_or_none()
    if found is None:
        raise NotDone(UserErrorCode.NOT_FOUND, ("input", "findingId"), "没有此疑点。", "There is no such finding.")
    if found.version != expected_version:
        raise Conflict(
            ("input", "expectedVersion"),
            f"该疑点已被更新（现为第 {found.version} 版），请重新读取后再提交。",
            f"The finding has changed (it is at version {found.version} now): read it again first.",
            found.version,
        )
    check(found.rule_id, outcome, note, decision_document)
    added = await connection.execute(
        insert(Review)
        .values(
            finding_id=found.id,
            reviewer_id=viewer.user_id,
            outcome=outcome,
            note=vault.seal("reviews.note", note),
            decision_document=decision_document,
            evidence_hash=found.evidence_hash,
            reviewed_at=now,
        )
        .returning(Review.id)
    )
    review_id = int(added.scalar_one())
    state = state_after(outcome)
    await connection.execute(
        update(Finding)
        .where(Finding.id == found.id)
        .values(state=state, review_id=review_id, version=found.version + 1)
    )
    await audit.record(
        connection,
        viewer.user_id,
        "finding.reviewed",
        ("Finding", found.id),
        now,
        {"household": found.household_id, "review": review_id, "outcome": outcome, "state": state},
    )
    await outbox.append(connection, "finding", found.id, now)
    return int(found.id)
