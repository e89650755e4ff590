"""Whether each cause of a household's hardship is addressed: by its plan, by aid that is granted, by where it was referred."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from api.domain.casework import MeasureState, ReferralOutcome, ReferralState
from api.domain.measures import Measure


class Cover(StrEnum):
    """How far a cause is addressed."""

    COVERED = "COVERED"
    PLANNED = "PLANNED"
    LEFT_OPEN = "LEFT_OPEN"
    CANNOT_TELL = "CANNOT_TELL"


class PlanCover(StrEnum):
    """What is found of all causes of a household together."""

    NO_PLAN = "NO_PLAN"
    CAUSE_LEFT_OPEN = "CAUSE_LEFT_OPEN"
    CANNOT_TELL = "CANNOT_TELL"
    EVERY_CAUSE = "EVERY_CAUSE"


OF_MEASURES = {MeasureState.PLANNED: False, MeasureState.UNDER_WAY: True, MeasureState.DONE: True}
"""By state of a planned measure whether anything is done already; one that was dropped addresses nothing."""


def referral_helps(state: ReferralState, outcome: ReferralOutcome | None) -> bool | None:
    """Whether a referral has helped, may yet help (False), or did not (None).

    >>> referral_helps(ReferralState.CLOSED, ReferralOutcome.NOT_ENTITLED)
    >>> referral_helps(ReferralState.OPEN, None)
    False
    """
    if state is not ReferralState.CLOSED:
        return False
    return True if outcome is ReferralOutcome.PROVIDED else None


def cover(remedies: Iterable[Measure], steps: Iterable[bool]) -> Cover:
    """How far a cause is addressed by these steps, each of which is taken (True) or to be taken.

    Of a cause that no measure is named for nobody can tell, whatever is done.

    >>> cover([Measure.EDUCATION], []), cover([Measure.EDUCATION], [False, True])
    (<Cover.LEFT_OPEN: 'LEFT_OPEN'>, <Cover.COVERED: 'COVERED'>)
    """
    if not tuple(remedies):
        return Cover.CANNOT_TELL
    taken = tuple(steps)
    if any(taken):
        return Cover.COVERED
    return Cover.PLANNED if taken else Cover.LEFT_OPEN


def altogether(covers: Iterable[Cover], *, planned: bool) -> PlanCover:
    """What is found of a household: whether it has a plan, and of whose causes one is left open; of no cause nobody can tell."""
    found = set(covers)
    if not planned:
        return PlanCover.NO_PLAN
    if Cover.LEFT_OPEN in found:
        return PlanCover.CAUSE_LEFT_OPEN
    return PlanCover.CANNOT_TELL if not found or Cover.CANNOT_TELL in found else PlanCover.EVERY_CAUSE
