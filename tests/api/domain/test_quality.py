"""Which conclusions say that a lead proved right (F-17, F-18)."""

from __future__ import annotations

import pytest

from api.domain import quality
from api.domain.review import Outcome


@pytest.mark.parametrize(
    ("outcome", "right"),
    [
        (Outcome.CLAIMANT_ERROR, True),
        (Outcome.OFFICIAL_ERROR, True),
        (Outcome.DECEPTION_CONFIRMED, True),
        (Outcome.ENTITLEMENT_CONFIRMED, True),
        (Outcome.SOURCE_ERROR, False),
        (Outcome.NO_ISSUE, False),
        (Outcome.NEEDS_INQUIRY, None),
    ],
)
def test_f17_a_lead_proved_right_where_what_it_said_was_so_whoevers_error_it_was(
    outcome: Outcome, right: bool | None
) -> None:
    said = None if outcome in quality.INCONCLUSIVE else outcome in quality.CONFIRMED
    assert said is right
