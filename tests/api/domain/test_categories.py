"""Categories of hardship: which method knows which, and which of them a place has and pays for."""

from __future__ import annotations

import pytest

from api.domain.categories import KNOWN, LOCAL, CategoryMethod, HardshipCategory, check
from api.domain.errors import NotDone
from api.domain.files import Tier

A, B = CategoryMethod.A2016, CategoryMethod.B2020
K, T = HardshipCategory, Tier

CASES = (
    (K.DIBAO, True, False),
    (K.DIBAO_MARGIN, True, False),
    (K.ACCIDENTAL, True, True),
    (K.MIGRANT_WORKER, True, False),
    (K.AUXILIARY, True, False),
    (K.DEEP, False, True),
    (K.RELATIVE, False, True),
)
"""Each category, and whether the methods of 2016 and of 2020 know it (domain.md B1)."""


def test_every_category_is_in_the_table() -> None:
    assert {category for category, *_ in CASES} == set(HardshipCategory)
    assert {*KNOWN[A], *KNOWN[B]} == set(HardshipCategory)
    assert set(LOCAL) <= set(KNOWN[A])


@pytest.mark.parametrize(("category", "in_2016", "in_2020"), CASES)
def test_each_method_knows_its_own(category: HardshipCategory, in_2016: bool, in_2020: bool) -> None:
    for method, known in ((A, in_2016), (B, in_2020)):
        if known:
            check(method, category, T.COUNTY)
        else:
            with pytest.raises(NotDone) as refused:
                check(method, category, T.COUNTY)
            assert refused.value.path == ("input", "category")


@pytest.mark.parametrize(
    ("tier", "allowed"),
    [
        (T.NATIONAL, False),
        (T.PROVINCIAL, False),
        (T.MUNICIPAL, True),
        (T.COUNTY, True),
        (T.GRASSROOTS, True),
        (None, True),
    ],
)
def test_an_auxiliary_category_is_a_places_own(tier: Tier | None, allowed: bool) -> None:
    if allowed:
        check(A, K.AUXILIARY, tier)
        return
    with pytest.raises(NotDone) as refused:
        check(A, K.AUXILIARY, tier)
    assert refused.value.path == ("input", "tier")
