"""What becomes of an application: taken up, sent back for what is missing, refused by a decision, or withdrawn."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.casework import TaskKind
from api.domain.lifecycle import Action
from api.domain.permissions import Viewer
from api.sealing import Vault
from api.services import cases, decisions, tasks, transition
from api.services.decisions import checked_reason
from api.services.transition import Why


class ReviewOutcome(StrEnum):
    """What a review of an application comes to."""

    ACCEPT = "ACCEPT"
    RETURN = "RETURN"
    REFUSE = "REFUSE"


ACTIONS: Mapping[ReviewOutcome, Action] = {
    ReviewOutcome.ACCEPT: Action.ACCEPT,
    ReviewOutcome.RETURN: Action.RETURN,
    ReviewOutcome.REFUSE: Action.REFUSE,
}


async def review(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    household_id: int | None,
    expected_version: int,
    outcome: ReviewOutcome,
    reason: str | None,
    evidence: Sequence[str],
    now: dt.datetime,
) -> int:
    """The application stands where the outcome leads. Whatever does not lead on needs a reason; a refusal is a decision.

    Raises NotDone or Forbidden.
    """
    written = reason if outcome is ReviewOutcome.ACCEPT else checked_reason(reason or "")
    decision = None
    if outcome is ReviewOutcome.REFUSE:
        household = await cases.held(connection, viewer, household_id)
        decision = await decisions.decide(
            connection,
            vault,
            viewer,
            household.id,
            household.file_id,
            Action.REFUSE,
            written or "",
            now,
            evidence=evidence,
        )
    moved = await transition.move(
        connection,
        vault,
        viewer,
        household_id,
        ACTIONS[outcome],
        now,
        expected_version=expected_version,
        why=Why(written, decision, evidence),
    )
    await tasks.finish_all(connection, TaskKind.REVIEW_DUE, moved.household_id, now, viewer.user_id)
    return moved.household_id


async def withdraw(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    household_id: int | None,
    expected_version: int,
    reason: str,
    now: dt.datetime,
) -> int:
    """The applicant takes the application back, and says why. Raises NotDone or Forbidden."""
    moved = await transition.move(
        connection,
        vault,
        viewer,
        household_id,
        Action.WITHDRAW,
        now,
        expected_version=expected_version,
        why=Why(checked_reason(reason)),
    )
    for kind in (TaskKind.REVIEW_DUE, TaskKind.RECORD_DUE):
        await tasks.finish_all(connection, kind, moved.household_id, now, viewer.user_id)
    return moved.household_id
