"""The household's life as a table: from which stage, by which action, who may, what must hold first, and what comes next.

Nothing else moves a household. The database keeps the same table (`stage_moves`), so that no step can be skipped there
either (F-37); a move for the worse needs a person's decision (F-2).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from api.domain.permissions import Permission
from api.domain.stages import Stage

NOTHING = "NOTHING"
"""Where a household stands of which nothing was known before."""


class Action(StrEnum):
    """What moves a household, or confirms where it stands."""

    APPLY = "APPLY"
    TAKE_OVER = "TAKE_OVER"
    ACCEPT = "ACCEPT"
    RETURN = "RETURN"
    REFUSE = "REFUSE"
    WITHDRAW = "WITHDRAW"
    PUBLISH = "PUBLISH"
    RECORD = "RECORD"
    REVERIFY = "REVERIFY"
    REPORT_CHANGE = "REPORT_CHANGE"
    RELIEVE = "RELIEVE"
    GRADUATE = "GRADUATE"
    DEREGISTER = "DEREGISTER"
    FALL_BACK = "FALL_BACK"
    REINSTATE = "REINSTATE"


class Guard(StrEnum):
    """What must hold before a move is made."""

    COMPLETE = "COMPLETE"
    CONSENTED = "CONSENTED"
    SIGNED = "SIGNED"
    VISITED = "VISITED"
    VERIFIED = "VERIFIED"
    NOTICE_READY = "NOTICE_READY"
    NOTICE_OVER = "NOTICE_OVER"
    NO_OBJECTION = "NO_OBJECTION"
    NO_OPEN_OBJECTION = "NO_OPEN_OBJECTION"
    ONE_FILE = "ONE_FILE"
    PROPOSED = "PROPOSED"
    CAUSES_RESOLVED = "CAUSES_RESOLVED"
    SIX_MONTHS = "SIX_MONTHS"
    LIFTED = "LIFTED"
    STATED = "STATED"
    AID_ENDED = "AID_ENDED"
    WATCHED = "WATCHED"


@dataclass(frozen=True, slots=True)
class Move:
    """One row of the table; `stage` is None where nothing was known, `adverse` tells a move for the worse."""

    stage: Stage | None
    action: Action
    next: Stage
    permission: Permission
    guards: tuple[Guard, ...] = ()
    adverse: bool = False

    @property
    def origin(self) -> str:
        """The stage it leads from, as the database names it."""
        return NOTHING if self.stage is None else self.stage.value


A, G, S = Action, Guard, Stage
KEEP, DECIDE = Permission.KEEP_FILES, Permission.DECIDE_FILES


def _table() -> Iterator[Move]:
    yield Move(None, A.APPLY, S.APPLIED, KEEP, (G.ONE_FILE,))
    for ended in (S.REFUSED, S.WITHDRAWN, S.DEREGISTERED, S.GRADUATED):
        yield Move(ended, A.APPLY, S.APPLIED, KEEP, (G.ONE_FILE,))

    yield Move(S.APPLIED, A.ACCEPT, S.UNDER_REVIEW, KEEP, (G.COMPLETE, G.SIGNED, G.CONSENTED))
    yield Move(
        S.UNDER_REVIEW, A.PUBLISH, S.PUBLIC_NOTICE, DECIDE, (G.VISITED, G.CONSENTED, G.VERIFIED, G.NOTICE_READY)
    )
    yield Move(S.PUBLIC_NOTICE, A.RECORD, S.RECORDED, DECIDE, (G.NOTICE_OVER, G.NO_OBJECTION, G.ONE_FILE))

    yield Move(S.UNDER_REVIEW, A.RETURN, S.APPLIED, KEEP)
    yield Move(S.PUBLIC_NOTICE, A.RETURN, S.UNDER_REVIEW, DECIDE)
    for pending in (S.APPLIED, S.UNDER_REVIEW, S.PUBLIC_NOTICE):
        yield Move(pending, A.WITHDRAW, S.WITHDRAWN, KEEP)
    for judged in (S.UNDER_REVIEW, S.PUBLIC_NOTICE):
        yield Move(judged, A.REFUSE, S.REFUSED, DECIDE, (G.NO_OPEN_OBJECTION,), adverse=True)

    for active in (S.RECORDED, S.RELIEVED):
        yield Move(active, A.REVERIFY, active, KEEP, (G.VERIFIED,))
        yield Move(active, A.REPORT_CHANGE, active, KEEP)
        leaving = (G.PROPOSED, G.STATED, G.NO_OPEN_OBJECTION, G.AID_ENDED)
        proved = (*leaving, G.CAUSES_RESOLVED, G.SIX_MONTHS)
        yield Move(active, A.GRADUATE, S.GRADUATED, DECIDE, proved, adverse=True)
        yield Move(active, A.DEREGISTER, S.DEREGISTERED, DECIDE, leaving, adverse=True)
    yield Move(S.RECORDED, A.RELIEVE, S.RELIEVED, DECIDE, (G.PROPOSED, G.LIFTED, G.STATED, G.NO_OPEN_OBJECTION))

    yield Move(S.RELIEVED, A.FALL_BACK, S.RECORDED, KEEP)
    yield Move(S.GRADUATED, A.FALL_BACK, S.RECORDED, DECIDE, (G.WATCHED, G.ONE_FILE))
    for ended in (S.GRADUATED, S.DEREGISTERED):
        yield Move(ended, A.REINSTATE, S.RECORDED, DECIDE, (G.ONE_FILE,))


MOVES: tuple[Move, ...] = tuple(_table())
"""Every move that a person can make."""

TAKEN_OVER: tuple[Move, ...] = (
    *(Move(None, Action.TAKE_OVER, stage, Permission.MANAGE_ACCOUNTS) for stage in Stage),
    Move(S.APPLIED, A.TAKE_OVER, S.RECORDED, Permission.MANAGE_ACCOUNTS),
    Move(S.DEREGISTERED, A.TAKE_OVER, S.RECORDED, Permission.MANAGE_ACCOUNTS),
    Move(S.DEREGISTERED, A.TAKE_OVER, S.APPLIED, Permission.MANAGE_ACCOUNTS),
    Move(S.APPLIED, A.TAKE_OVER, S.DEREGISTERED, Permission.MANAGE_ACCOUNTS, adverse=True),
    Move(S.RECORDED, A.TAKE_OVER, S.DEREGISTERED, Permission.MANAGE_ACCOUNTS, adverse=True),
)
"""Where another register may tell that a household stands; only the import moves so, and none that moved on here.

What it tells for the worse needs an officer's decision, as everything of the kind does.
"""

BY_PLACE: Mapping[tuple[Stage | None, Action], Move] = {(move.stage, move.action): move for move in MOVES}
"""The table by stage and action."""


def moves_from(stage: Stage | None) -> tuple[Move, ...]:
    """What may be done with a household that stands there."""
    return tuple(move for move in MOVES if move.stage == stage)
