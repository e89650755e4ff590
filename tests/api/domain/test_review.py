"""Which conclusions may be drawn, on which leads, with which reasons."""

from __future__ import annotations

import pytest

from api.domain.errors import NotDone, UserErrorCode
from api.domain.review import MAX_NOTE, FindingState, Outcome, check, state_after


@pytest.mark.parametrize("outcome", list(Outcome))
def test_only_an_inquiry_leaves_a_lead_open(outcome: Outcome) -> None:
    expected = FindingState.IN_INQUIRY if outcome is Outcome.NEEDS_INQUIRY else FindingState.CLOSED
    assert state_after(outcome) is expected


@pytest.mark.parametrize(
    ("rule", "outcome", "note", "document"),
    [
        ("H05", Outcome.NO_ISSUE, "已核实", None),
        ("H05", Outcome.DECEPTION_CONFIRMED, "已核实", "安处〔2026〕1号"),
        ("U04", Outcome.ENTITLEMENT_CONFIRMED, "应享未享", None),
        ("U04", Outcome.OFFICIAL_ERROR, "经办遗漏", None),
        ("P01", Outcome.NEEDS_INQUIRY, "须入户", None),
        ("P01", Outcome.NO_ISSUE, "字" * MAX_NOTE, None),
    ],
)
def test_what_may_be_concluded(rule: str, outcome: Outcome, note: str, document: str | None) -> None:
    check(rule, outcome, note, document)


@pytest.mark.parametrize(
    ("rule", "outcome", "note", "document", "field", "code"),
    [
        ("H05", Outcome.NO_ISSUE, " ", None, "note", UserErrorCode.REQUIRED),
        ("H05", Outcome.NO_ISSUE, "字" * (MAX_NOTE + 1), None, "note", UserErrorCode.INVALID),
        ("H05", Outcome.DECEPTION_CONFIRMED, "骗取", None, "decisionDocument", UserErrorCode.REQUIRED),
        ("H05", Outcome.DECEPTION_CONFIRMED, "骗取", "  ", "decisionDocument", UserErrorCode.REQUIRED),
        ("H05", Outcome.DECEPTION_CONFIRMED, "骗取", "号" * 101, "decisionDocument", UserErrorCode.INVALID),
        ("U04", Outcome.DECEPTION_CONFIRMED, "骗取", "1号", "outcome", UserErrorCode.INVALID),
        ("U04", Outcome.CLAIMANT_ERROR, "误", None, "outcome", UserErrorCode.INVALID),
        ("H05", Outcome.ENTITLEMENT_CONFIRMED, "误", None, "outcome", UserErrorCode.INVALID),
    ],
)
def test_what_may_not(
    rule: str, outcome: Outcome, note: str, document: str | None, field: str, code: UserErrorCode
) -> None:
    with pytest.raises(NotDone) as refused:
        check(rule, outcome, note, document)
    assert (refused.value.code, refused.value.path) == (code, ("input", field))
    assert refused.value.zh
    assert refused.value.en
