"""What a person may conclude about a lead, and where the lead stands then.

A lead is a question. NEEDS_INQUIRY keeps it open; every other outcome closes it, for this evidence: the same lead on
other evidence is a new question. Deception is only ever concluded from a decision that has a document (F-6). What nobody has
concluded on is withdrawn where a later scan, as complete as the one before, does not raise it again for a reason that can be
named (F-11); that time has passed is none.
"""

from __future__ import annotations

from enum import StrEnum

from api.domain.errors import NotDone, UserErrorCode

ENTITLEMENT = "U"
"""Rules whose id begins so ask whether somebody goes without what is due to them."""

MAX_NOTE = 2_000
MAX_DOCUMENT = 100


class FindingState(StrEnum):
    """Where a lead stands."""

    OPEN = "OPEN"
    IN_INQUIRY = "IN_INQUIRY"
    CLOSED = "CLOSED"
    WITHDRAWN = "WITHDRAWN"


ENDED = frozenset({FindingState.CLOSED, FindingState.WITHDRAWN})
"""Where nobody has anything to look into any more."""


class WithdrawnBecause(StrEnum):
    """Why a scan did not raise a lead again; the first that holds, in this order."""

    RECORD_DELETED = "RECORD_DELETED"
    RECORD_CORRECTED = "RECORD_CORRECTED"
    PERSON_LEFT = "PERSON_LEFT"
    AID_ENDED = "AID_ENDED"
    HOUSEHOLD_CHANGED = "HOUSEHOLD_CHANGED"
    RECORD_GONE = "RECORD_GONE"
    OTHER_RECORDS = "OTHER_RECORDS"
    RULE_CHANGED = "RULE_CHANGED"
    PARAMETERS_CHANGED = "PARAMETERS_CHANGED"
    MATCHING_CHANGED = "MATCHING_CHANGED"


class Outcome(StrEnum):
    """What the reviewer concluded."""

    NEEDS_INQUIRY = "NEEDS_INQUIRY"
    NO_ISSUE = "NO_ISSUE"
    CLAIMANT_ERROR = "CLAIMANT_ERROR"
    OFFICIAL_ERROR = "OFFICIAL_ERROR"
    SOURCE_ERROR = "SOURCE_ERROR"
    ENTITLEMENT_CONFIRMED = "ENTITLEMENT_CONFIRMED"
    DECEPTION_CONFIRMED = "DECEPTION_CONFIRMED"


def state_after(outcome: Outcome) -> FindingState:
    """Where the lead stands after this conclusion."""
    return FindingState.IN_INQUIRY if outcome is Outcome.NEEDS_INQUIRY else FindingState.CLOSED


def check(
    rule_id: str,
    outcome: Outcome,
    note: str,
    decision_document: str | None,
    path: tuple[str, ...] = ("input",),
) -> None:
    """Raises NotDone unless this conclusion may be drawn on a lead of this rule, with these reasons."""
    if not note.strip():
        raise NotDone(UserErrorCode.REQUIRED, (*path, "note"), "请写明理由。", "Give the reason.")
    if len(note) > MAX_NOTE:
        raise NotDone(
            UserErrorCode.INVALID,
            (*path, "note"),
            f"理由不得超过 {MAX_NOTE} 字。",
            f"The reason may have {MAX_NOTE} characters.",
        )
    if len(decision_document or "") > MAX_DOCUMENT:
        raise NotDone(
            UserErrorCode.INVALID,
            (*path, "decisionDocument"),
            f"文书编号不得超过 {MAX_DOCUMENT} 字。",
            f"A document's number may have {MAX_DOCUMENT} characters.",
        )
    entitlement = rule_id.startswith(ENTITLEMENT)
    if outcome is Outcome.DECEPTION_CONFIRMED and not (decision_document or "").strip():
        raise NotDone(
            UserErrorCode.REQUIRED,
            (*path, "decisionDocument"),
            "认定骗取须有处理决定文书编号。",
            "Deception is concluded from a decision only: name its document.",
        )
    if entitlement and outcome in (Outcome.DECEPTION_CONFIRMED, Outcome.CLAIMANT_ERROR):
        raise NotDone(
            UserErrorCode.INVALID,
            (*path, "outcome"),
            "该疑点提示应享未享，不适用此结论。",
            "This lead asks whether aid is due; this outcome does not answer it.",
        )
    if not entitlement and outcome is Outcome.ENTITLEMENT_CONFIRMED:
        raise NotDone(
            UserErrorCode.INVALID,
            (*path, "outcome"),
            "只有应享未享类疑点可作此结论。",
            "Only a lead on unmet entitlement can be concluded so.",
        )
