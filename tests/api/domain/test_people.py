"""When a membership stands, and when two of them share a day."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from api.domain.people import overlap, stands

DAYS = st.none() | st.dates(dt.date(2024, 1, 1), dt.date(2024, 1, 8))
MEMBERSHIPS = st.tuples(DAYS, DAYS, DAYS)
LOOKED_AT = [dt.date(2023, 12, 25) + dt.timedelta(days=number) for number in range(25)]


@given(MEMBERSHIPS, MEMBERSHIPS)
def test_two_memberships_overlap_where_there_is_a_day_on_which_both_stand(
    one: tuple[dt.date | None, dt.date | None, dt.date | None],
    other: tuple[dt.date | None, dt.date | None, dt.date | None],
) -> None:
    shared = any(stands(*one, day) and stands(*other, day) for day in LOOKED_AT)
    assert overlap(one, other) == overlap(other, one) == shared
