"""The words, days, codes and places of the daily work."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.domain import casework
from api.domain.casework import MOST_CAUSES, HardshipCause, TaskKind
from api.domain.errors import NotDone, UserErrorCode
from api.domain.measures import Measure
from api.schema.enumerations import _known as known
from api.schema.root import schema

DAY = dt.date(2026, 11, 27)


def test_the_form_has_ten_causes_and_the_policy_seven_measures() -> None:
    assert (len(HardshipCause), len(Measure)) == (10, 7)


def test_every_kind_of_task_and_cause_has_its_words() -> None:
    assert schema is not None
    for kind in (TaskKind, HardshipCause):
        assert [each.value for each in known[kind.__name__].values] == [each.value for each in kind]


@given(st.sets(st.integers(min_value=0, max_value=MOST_CAUSES - 1)))
def test_a_place_is_one_that_nobody_has_and_none_where_all_are_taken(taken: set[int]) -> None:
    if len(taken) == MOST_CAUSES:
        with pytest.raises(NotDone):
            casework.place(taken, "cause")
    else:
        assert casework.place(taken, "cause") in set(range(MOST_CAUSES)) - taken


@pytest.mark.parametrize(
    ("text", "required", "kept"),
    [
        (" 已核实。 ", True, "已核实。"),
        (None, False, None),
        (" ", False, None),
        ("长" * 2000, True, "长" * 2000),
    ],
)
def test_words_are_kept_without_blanks_around_them(text: str | None, required: bool, kept: str | None) -> None:
    assert casework.words(text, "note", required=required) == kept


@pytest.mark.parametrize(
    ("text", "code"),
    [(None, UserErrorCode.REQUIRED), (" \n", UserErrorCode.REQUIRED), ("长" * 2001, UserErrorCode.INVALID)],
)
def test_words_that_are_missing_or_too_many_are_refused(text: str | None, code: UserErrorCode) -> None:
    with pytest.raises(NotDone) as refused:
        casework.words(text, "visit.note")
    assert (refused.value.code, refused.value.path) == (code, ("input", "visit", "note"))
    assert "长" not in refused.value.zh


def test_no_day_to_come_is_past() -> None:
    assert casework.past(DAY, DAY, "since") == DAY
    with pytest.raises(NotDone):
        casework.past(DAY + dt.timedelta(days=1), DAY, "since")
