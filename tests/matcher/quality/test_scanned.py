"""What a scan says of its feeds by the way."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from matcher.quality import scanned

TODAY = dt.date(2024, 12, 31)


def tax(
    accepted: int = 1000, present: int = 1000, broken: int = 10, as_of: str | None = "2024-12-01"
) -> dict[str, Any]:
    return {"tax": {"accepted": accepted, "as_of": as_of, "numbers": {"present": present, "broken": broken}}}


CASES = [
    ("fresh and sound", tax(), [tax()], ("OK", "OK", "OK")),
    ("the first time", tax(), [], ("OK", "NOT_ASSESSED", "OK")),
    ("too old", tax(as_of="2023-01-01"), [tax()], ("ALARM", "OK", "OK")),
    ("undated", tax(as_of=None), [tax()], ("NOT_ASSESSED", "OK", "OK")),
    ("rows lost", tax(accepted=700), [tax(), tax()], ("OK", "ALARM", "OK")),
    ("numbers spoilt", tax(broken=300), [], ("OK", "NOT_ASSESSED", "ALARM")),
    ("numbers dirtier than usual", tax(broken=60), [tax()] * 3, ("OK", "OK", "ALARM")),
    ("no numbers at all", tax(present=0, broken=0), [tax()], ("OK", "OK", "NOT_ASSESSED")),
]


@pytest.mark.parametrize(("now", "earlier", "states"), [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_states(now: dict[str, Any], earlier: list[dict[str, Any]], states: tuple[str, ...]) -> None:
    told = scanned.judge(now, earlier, TODAY)["tax"]
    assert tuple(each["check"] for each in told) == scanned.MADE
    assert tuple(each["state"] for each in told) == states
    assert all(each["notice_zh"] and each["notice_en"] for each in told)


def test_our_own_tables_are_not_judged() -> None:
    assert scanned.judge({"households": {"accepted": 5, "as_of": None}}, [], TODAY) == {}
