"""Categories of hardship, each by the method that knows it: that of 2016, and that of 2020 (domain.md B1).

Which method is in force on a day is the parameter `category.method`, so that an old decision reads as it was made.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from api.domain.errors import NotDone, UserErrorCode
from api.domain.files import Tier


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
    MIGRANT_WORKER = "MIGRANT_WORKER"
    AUXILIARY = "AUXILIARY"


KNOWN: Mapping[CategoryMethod, tuple[HardshipCategory, ...]] = {
    CategoryMethod.A2016: (
        HardshipCategory.DIBAO,
        HardshipCategory.DIBAO_MARGIN,
        HardshipCategory.ACCIDENTAL,
        HardshipCategory.MIGRANT_WORKER,
        HardshipCategory.AUXILIARY,
    ),
    CategoryMethod.B2020: (HardshipCategory.DEEP, HardshipCategory.RELATIVE, HardshipCategory.ACCIDENTAL),
}
"""By method the categories that it knows."""

BY_YEAR: Mapping[int, CategoryMethod] = {2016: CategoryMethod.A2016, 2020: CategoryMethod.B2020}
"""Methods as the parameter names them."""


LOCAL: Mapping[HardshipCategory, str] = {
    HardshipCategory.MIGRANT_WORKER: "category.migrant_worker",
    HardshipCategory.AUXILIARY: "category.auxiliary",
}
"""Categories that not every place has, each with the parameter that says whether it does."""

OWN_MONEY = frozenset({Tier.MUNICIPAL, Tier.COUNTY, Tier.GRASSROOTS})
"""The tiers that a place pays for itself: no other money is for its auxiliary category."""


def check(method: CategoryMethod, category: HardshipCategory, tier: Tier | None = None) -> None:
    """Raises NotDone for a category that the method does not know, or not of files of this tier."""
    if category not in KNOWN[method]:
        raise unknown()
    check_tier(category, tier)


def check_tier(category: HardshipCategory, tier: Tier | None) -> None:
    """Raises NotDone where files of this tier are not of this category, by whichever method it was found."""
    if not may_be(category, tier):
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "tier"),
            "辅助类别只能由地方自行帮扶，不能列为全国级或省级。",
            "An auxiliary category is a place's own: neither the nation nor the province pays for it.",
        )


def may_be(category: str | None, tier: str | None) -> bool:
    """Whether files of this tier are of this category; of what is not known, they may be."""
    return category != HardshipCategory.AUXILIARY or tier is None or tier in OWN_MONEY


def found_by(category: HardshipCategory, in_force: CategoryMethod) -> CategoryMethod:
    """By which method a category was found that nobody dated: that in force, or else the one that knows it."""
    return in_force if category in KNOWN[in_force] else next(each for each in KNOWN if category in KNOWN[each])


def unknown() -> NotDone:
    """What is told where nobody is of that category on that day in that place."""
    return NotDone(
        UserErrorCode.INVALID,
        ("input", "category"),
        "当日适用的认定办法没有此类别。",
        "The method in force on that day knows no such category.",
    )
