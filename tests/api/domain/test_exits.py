"""What may be proposed, and what a test tells of months that are not clear."""

from __future__ import annotations

import datetime as dt

import pytest

from api.domain.errors import NotDone
from api.domain.exits import ExitAction, ExitVerdict, LineStanding, MonthGap, Test, check_proposal
from api.domain.files import ON_PROPOSAL, Closing
from api.domain.incomes import IncomeSource, Interval, Month

MAY = dt.date(2026, 5, 1)


@pytest.mark.parametrize("reason", sorted(ON_PROPOSAL))
def test_a_file_is_closed_for_a_reason(reason: Closing) -> None:
    assert check_proposal(ExitAction.DEREGISTER, reason, "已核实。") is reason


@pytest.mark.parametrize(
    ("action", "reason", "statement"),
    [
        (ExitAction.DEREGISTER, None, "已核实。"),
        (ExitAction.DEREGISTER, Closing.GRADUATED, "已核实。"),  # that has conditions of its own
        (ExitAction.DEREGISTER, Closing.REFUSED, "已核实。"),
        (ExitAction.DEREGISTER, Closing.AS_REGISTERED, "已核实。"),
        (ExitAction.GRADUATE, Closing.MOVED, "已核实。"),
        (ExitAction.RELIEVE, Closing.GRADUATED, "已核实。"),
        (ExitAction.GRADUATE, None, " "),
        (ExitAction.RELIEVE, None, "很" * 4_001),
    ],
)
def test_what_may_not_be_proposed_so(action: ExitAction, reason: Closing | None, statement: str) -> None:
    with pytest.raises(NotDone):
        check_proposal(action, reason, statement)


def test_who_leaves_hardship_has_a_closed_file_and_who_is_relieved_an_open_one() -> None:
    assert check_proposal(ExitAction.GRADUATE, None, "已核实。") is Closing.GRADUATED
    assert check_proposal(ExitAction.RELIEVE, None, "已核实。") is None


def test_a_test_tells_what_its_unclear_months_lack_and_nothing_of_clear_ones() -> None:
    unclear = Month(MAY, (1,), Interval(0, None), Interval(0, None), None, ((1, IncomeSource.TAX),), (1,), ())
    clear = Month(MAY, (1,), Interval(0, 0), Interval(0, 0), 69_000, (), (), ())
    found = Test(ExitVerdict.NOT_ABOVE, (unclear, clear), (LineStanding.UNCLEAR, LineStanding.NOT_ABOVE))
    assert [each.gap for each in found.missing] == [MonthGap.LINE, MonthGap.INCOME, MonthGap.YEAR_ONLY]
    nobody = Month(MAY, (), Interval(0, None), Interval(0, None), 69_000, (), (), ())
    assert [each.gap for each in Test(ExitVerdict.INSUFFICIENT_DATA, (nobody,), (LineStanding.UNCLEAR,)).missing] == [
        MonthGap.NOBODY
    ]
