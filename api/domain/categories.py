"""Categories of hardship, each by the method that knows it: that of 2016, and that of 2020 (domain.md B1).

Which method is in force on a day is the parameter `category.method`, so that an old decision reads as it was made.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from api.domain.errors import NotDone, UserErrorCode


class CategoryMethod(StrEnum):
    """By which rules a category was found."""

    A2016 = "A2016"
    B2020 = "B2020"


class HardshipCategory(StrEnum):
    """What kind of hardship a household is in."""

    DIBAO = "DIBAO"
    DIBAO_MARGIN = "DIBAO_MARGIN"
    DEEP = "DEEP"
    RELATIVE = "RELATIVE"
    ACCIDENTAL = "ACCIDENTAL"


KNOWN: Mapping[CategoryMethod, tuple[HardshipCategory, ...]] = {
    CategoryMethod.A2016: (HardshipCategory.DIBAO, HardshipCategory.DIBAO_MARGIN, HardshipCategory.ACCIDENTAL),
    CategoryMethod.B2020: (HardshipCategory.DEEP, HardshipCategory.RELATIVE, HardshipCategory.ACCIDENTAL),
}
"""By method the categories that it knows."""

BY_YEAR: Mapping[int, CategoryMethod] = {2016: CategoryMethod.A2016, 2020: CategoryMethod.B2020}
"""Methods as the parameter names them."""


def check(method: CategoryMethod, category: HardshipCategory) -> None:
    """Raises NotDone for a category that the method does not know."""
    if category not in KNOWN[method]:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "category"),
            "当日适用的认定办法没有此类别。",
            "The method in force on that day knows no such category.",
        )
