"""What a unit is held to: every kind of data has somebody who answers for it, and what cannot be known is never a number."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.domain import scorecards
from api.domain.responsibilities import MeasureRole
from api.domain.scorecards import ANSWERED, KEEPS, OF_ALL, UNANSWERED
from api.matching import reference

DAY = dt.date(2026, 11, 27)


def test_every_kind_of_department_data_is_some_offices() -> None:
    kept = {source for sources in KEEPS.values() for source in sources}
    assert kept | OF_ALL == {each.code for each in reference.departments()}
    assert not kept & OF_ALL


@pytest.mark.parametrize("role", list(MeasureRole))
def test_an_organisation_that_says_what_it_keeps_is_believed(role: MeasureRole) -> None:
    assert scorecards.keeps(role, ["tax", "aid"]) == ("aid", "tax")
    assert scorecards.keeps(role) == KEEPS.get(role, ())


@given(st.dictionaries(st.sampled_from((*ANSWERED, *UNANSWERED)), st.integers(0, 10_000)))
def test_f_08_a_source_that_was_asked_of_nobody_covers_nothing_that_could_be_told(states: dict[str, int]) -> None:
    found = scorecards.coverage("410502", DAY, states)
    people = sum(states.values())
    if people == states.get("NOT_ASKED", 0):
        assert found is None
    else:
        assert found is not None
        assert found.people == people == found.answered + found.no_answer + found.not_authorised + found.not_asked
        assert found.share is not None
        assert 0 <= found.share <= 1
