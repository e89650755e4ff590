"""Aid beside aid as pure functions: which streams conflict, in which months, and what the least correction is."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher import policy
from matcher.compatibility import Matrix, conflicts, over_cost
from matcher.identity.programmes import BY_CODE
from matcher.overlap import Stream, months

LOADED = policy.load()
DAY = dt.date(2024, 12, 31)


def month(text: str) -> dt.date:
    return dt.date.fromisoformat(f"{text}-01")


def stream(programme: str, first: str, last: str, yuan: int | None = 100, record: str = "") -> Stream:
    amount = None if yuan is None else Decimal(yuan)
    return Stream(month(first), month(last), programme, record or f"{programme}-{first}", "P1", "410502", amount)


def matrix(division: str | None = "410502") -> Matrix:
    return Matrix.of(LOADED, division)


POST, UI = stream("PUBLIC_WELFARE_POST", "2024-04", "2024-09"), stream("UI_BENEFIT", "2024-01", "2024-06", 1500)


def test_the_lower_programme_ends_for_the_shared_months() -> None:
    (conflict,) = conflicts([UI, POST], matrix(), 1)
    assert [f"{each:%Y-%m}" for each in conflict.months] == ["2024-04", "2024-05", "2024-06"]
    assert (conflict.keeping, conflict.yielding) == ((POST,), (UI,))
    assert conflict.correction.ends == "UI_BENEFIT"
    assert conflict.correction.months == conflict.months
    assert conflict.correction.yuan == 4500
    assert conflict.streams == (POST, UI)


@pytest.mark.parametrize(("switch", "count"), [(0, 1), (2, 1), (3, 0), (4, 0)])
def test_a_change_from_one_to_the_other_may_overlap(switch: int, count: int) -> None:
    assert len(conflicts([UI, POST], matrix(), switch)) == count


@pytest.mark.parametrize(
    "streams",
    [
        pytest.param([], id="none"),
        pytest.param([UI], id="one"),
        pytest.param([UI, UI], id="one programme twice is no exclusion"),
        pytest.param([UI, stream("PUBLIC_WELFARE_POST", "2024-07", "2024-09")], id="one after the other"),
        pytest.param([UI, stream("MEDICAL_AID", "2024-01", "2024-06")], id="compatible"),
        pytest.param([stream("UI_BENEFIT", "1999-01", "1999-06"), stream("PUBLIC_WELFARE_POST", "1999-01", "1999-06")], id="before"),
    ],
)  # fmt: skip
def test_no_conflict(streams: list[Stream]) -> None:
    assert conflicts(streams, matrix()) == ()


def test_only_months_in_which_the_exclusion_was_in_force(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(
        '[[relation]]\nassessed = "UI_BENEFIT"\nheld = "MEDICAL_AID"\nrelation = "EXCLUSIVE"\nyields = "MEDICAL_AID"\n'
        'division = "41"\nvalid_from = 2024-03-01\nvalid_to = 2024-05-31\nbasis = "b"\nstatus = "verified"\n'
        'approved_by = ["甲", "乙"]\n',
        encoding="utf-8",
    )
    loaded = policy.load(path)
    paid = [UI, stream("MEDICAL_AID", "2024-01", "2024-12")]
    (conflict,) = conflicts(paid, Matrix.of(loaded, "410502"))
    assert [each.month for each in conflict.months] == [3, 4, 5]
    assert conflict.correction.yuan == 300
    assert conflicts(paid, Matrix.of(loaded, "110101")) == ()


PROGRAMMES = st.sampled_from(sorted(BY_CODE))
INDEX = st.integers(0, 30)


@st.composite
def paid(draw: st.DrawFn) -> list[Stream]:
    rows = draw(st.lists(st.tuples(PROGRAMMES, INDEX, INDEX, st.integers(-50, 900) | st.none()), max_size=8))
    calendar = months(dt.date(2022, 1, 1), dt.date(2024, 12, 1))
    return [
        Stream(calendar[min(a, b)], calendar[max(a, b)], code, f"R{place}", "P1", "410502", None if yuan is None else Decimal(yuan))
        for place, (code, a, b, yuan) in enumerate(rows)
    ]  # fmt: skip


@given(paid(), st.randoms())
def test_the_order_of_streams_changes_nothing(streams: list[Stream], rng: random.Random) -> None:
    shuffled = rng.sample(streams, len(streams))
    assert conflicts(streams, matrix()) == conflicts(shuffled, matrix())


@given(paid())
def test_a_conflict_is_an_excluded_pair_and_asks_back_no_more_than_was_paid(streams: list[Stream]) -> None:
    for conflict in conflicts(streams, matrix()):
        first = LOADED.relation(conflict.cell.keeps, conflict.cell.yields, conflict.months[-1], "410502")
        assert first == conflict.cell
        assert first.relation == "EXCLUSIVE"
        assert {each.programme for each in conflict.yielding} == {conflict.cell.yields}
        ever = sum(
            (max(each.amount or Decimal(0), Decimal(0)) * len(months(each.first, each.last)) for each in conflict.yielding),
            Decimal(0),
        )  # fmt: skip
        assert 0 <= conflict.correction.yuan <= ever


@given(paid())
def test_setting_it_right_leaves_no_conflict(streams: list[Stream]) -> None:
    gone = {conflict.cell.yields for conflict in conflicts(streams, matrix())}
    assert conflicts([each for each in streams if each.programme not in gone], matrix()) == ()


@pytest.mark.parametrize(
    ("paid", "cost", "over"),
    [
        ({"BASIC_MEDICAL": 700, "MEDICAL_AID": 200}, 1000, {}),
        ({"BASIC_MEDICAL": 700, "MEDICAL_AID": 300}, 1000, {}),
        ({"BASIC_MEDICAL": 700, "MEDICAL_AID": 350}, 1000, {"MEDICAL_AID": 50}),
        ({"MEDICAL_AID": 300, "CHARITY_MEDICAL": 200, "BASIC_MEDICAL": 700}, 1000, {"CHARITY_MEDICAL": 200}),
        ({"MEDICAL_AID": 400, "CHARITY_MEDICAL": 200, "BASIC_MEDICAL": 700}, 1000, {"MEDICAL_AID": 100, "CHARITY_MEDICAL": 200}),
        ({"LIVING_SUBSIDY": 50, "BASIC_MEDICAL": 1000}, 1000, {"LIVING_SUBSIDY": 50}),
        ({}, 1000, {}),
    ],
)  # fmt: skip
def test_the_last_to_pay_paid_too_much(paid: dict[str, int], cost: int, over: dict[str, int]) -> None:
    order = LOADED.order("medical", DAY).programmes
    total, found = over_cost(order, {code: Decimal(yuan) for code, yuan in paid.items()}, Decimal(cost))
    assert found == over
    assert total == sum(over.values()) == max(sum(paid.values()) - cost, 0)
