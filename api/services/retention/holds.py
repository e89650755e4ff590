"""What stops a household's clock: something that is not decided yet, that somebody disputes, or money that is still open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, not_, select, union

from api.domain.casework import ReferralState
from api.domain.exits import ProposalState
from api.domain.objections import ObjectionState
from api.domain.payments import OrderState
from api.domain.review import ENDED
from api.domain.stops import StopState
from api.models import (
    File,
    FilePerson,
    Finding,
    Objection,
    OfficialError,
    PaymentOrder,
    Proposal,
    Recovery,
    RecoveryEntry,
    Referral,
    StopProposal,
)

_GIVEN_BACK = select(RecoveryEntry.id).where(RecoveryEntry.recovery_id == Recovery.id, RecoveryEntry.left_fen == 0)

HOLDS: Mapping[str, Select[Any]] = {
    "an objection that is not answered": select(Objection.household_id).where(Objection.state == ObjectionState.OPEN),
    "a decision that is proposed": select(Proposal.household_id).where(Proposal.state == ProposalState.OPEN),
    "a stop of aid that is proposed": select(StopProposal.household_id).where(
        StopProposal.state == StopState.PROPOSED
    ),
    "a lead that is not closed": select(Finding.household_id).where(Finding.state.not_in(ENDED)),
    "a referral that is not closed": select(Referral.household_id).where(Referral.state != ReferralState.CLOSED),
    "a payment that the bank has not answered": select(PaymentOrder.household_id).where(
        PaymentOrder.state.in_((OrderState.DRAWN_UP, OrderState.SETTLED))
    ),
    "something that is still given back": select(Recovery.household_id).where(not_(_GIVEN_BACK.exists())),
    "an error of ours that is not put right": select(OfficialError.household_id).where(
        OfficialError.put_right_on.is_(None), OfficialError.household_id.is_not(None)
    ),
    "somebody whom two files count": select(File.household_id)
    .join(FilePerson, FilePerson.file_id == File.id)
    .where(FilePerson.until.is_(None), FilePerson.disputed),
}
"""By its reason, the households that are held."""


def held() -> Select[Any]:
    """The households of which nothing is deleted now."""
    return select(union(*HOLDS.values()).subquery())
