"""Equity (F-22): what is too far apart is asked about, what is about few is withheld, and an alarm never tells what is withheld."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.domain import equity, suppression
from api.domain.equity import Bounds, Counted, EquityAlarm, EquityAttribute, EquityEvent

BOUNDS = Bounds(Decimal("1.25"), Decimal("0.8"), 100)
COUNTY, LEAD = EquityAttribute.COUNTY, EquityEvent.LEAD_RAISED
ABOVE, BELOW = EquityAlarm.ABOVE, EquityAlarm.BELOW

counted = st.integers(0, 400).flatmap(lambda could: st.integers(0, could).map(lambda did: Counted(could, did)))
tables = st.dictionaries(st.sampled_from(["A", "B", "C", "D", equity.UNKNOWN]), counted, min_size=1)


@pytest.mark.parametrize(
    ("group", "rest", "found"),
    [
        ((100, 26), (100, 20), ABOVE),
        ((100, 25), (100, 20), None),
        ((99, 80), (100, 20), None),
        ((100, 80), (99, 20), None),
        ((200, 30), (100, 20), BELOW),
        ((100, 16), (100, 20), None),
        ((100, 20), (100, 0), None),
        ((0, 0), (100, 20), None),
    ],
)
def test_f_22_beyond_a_quarter_more_or_a_fifth_less_than_the_rest_is_asked_about(
    group: tuple[int, int], rest: tuple[int, int], found: EquityAlarm | None
) -> None:
    whole = Counted(group[0] + rest[0], group[1] + rest[1])
    assert equity.alarm(Counted(*group), whole, BOUNDS) is found


@given(tables)
def test_f_22_a_table_withholds_what_is_about_few_and_tells_the_rest_as_it_is(groups: dict[str, Counted]) -> None:
    found = equity.table(COUNTY, LEAD, groups, BOUNDS)
    assert found.could == sum(each.could for each in groups.values())
    assert found.did == sum(each.did for each in groups.values())
    assert [each.group for each in found.groups] == sorted(groups, key=lambda name: (name == equity.UNKNOWN, name))
    for each in found.groups:
        true = groups[each.group]
        if suppression.small(true.did) or suppression.small(true.could - true.did):
            assert each.withheld
        if each.withheld:
            assert (each.did, each.rate, each.ratio) == (None, None, None)
        else:
            assert (each.could, each.did) == (true.could, true.did)
            assert each.alarm is equity.alarm(true, Counted(found.could, found.did), BOUNDS)
        assert each.could in (None, true.could)
        assert each.could is None or not suppression.small(each.could)
    assert sum(each.withheld for each in found.groups) != 1 or len(found.groups) == 1


@given(tables, st.integers(1, 9))
def test_f_22_an_alarm_of_what_is_withheld_is_the_same_whatever_few_it_is(
    groups: dict[str, Counted], other: int
) -> None:
    found = equity.table(COUNTY, LEAD, groups, BOUNDS)
    whole = Counted(found.could, found.did)
    for each in found.groups:
        if each.withheld and each.alarm is not None and other <= whole.did:
            assert suppression.small(groups[each.group].did)
            assert equity.alarm(Counted(groups[each.group].could, other), whole, BOUNDS) is each.alarm


def test_a_group_that_is_nobodys_is_told_like_the_others() -> None:
    found = equity.table(EquityAttribute.SEX, LEAD, {"MALE": Counted(40, 20)}, BOUNDS)
    assert [(each.group, each.could) for each in found.groups] == [("MALE", 40), ("FEMALE", 0), (equity.UNKNOWN, 0)]
