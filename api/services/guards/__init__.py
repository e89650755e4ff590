"""What must hold before a household is moved: by guard the function that refuses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.lifecycle import Guard
from api.services.guards import casework, consents, exits, notices, register, verified
from api.services.guards.case import Case

Check = Callable[[AsyncConnection, Case, dt.datetime], Awaitable[None]]


GUARDS: Mapping[Guard, Check] = {
    Guard.COMPLETE: register.complete,
    Guard.ONE_FILE: register.one_file,
    Guard.VISITED: casework.visited,
    Guard.CAUSES_RESOLVED: casework.causes_resolved,
    Guard.CONSENTED: consents.consents,
    Guard.SIGNED: consents.signed,
    Guard.VERIFIED: verified.verified,
    Guard.NOTICE_READY: notices.ready,
    Guard.NOTICE_OVER: notices.over,
    Guard.NO_OBJECTION: notices.no_objection,
    Guard.NO_OPEN_OBJECTION: notices.no_open_objection,
    Guard.PROPOSED: exits.proposed,
    Guard.STATED: exits.stated,
    Guard.AID_ENDED: exits.aid_ended,
    Guard.SIX_MONTHS: exits.six_months,
    Guard.LIFTED: exits.lifted,
    Guard.WATCHED: exits.watched,
}
"""Every guard of the table of moves; each reads, and neither writes nor locks."""

OF_ONE_MOVE = frozenset({Guard.PROPOSED, Guard.STATED, Guard.AID_ENDED, Guard.VERIFIED})
"""Guards that ask about the very action; the others answer alike for every move of a household."""


async def check(connection: AsyncConnection, guard: Guard, case: Case, now: dt.datetime) -> None:
    """Raises NotDone where the guard does not hold."""
    await GUARDS[guard](connection, case, now)
