"""What is frozen of a file, what figures are grouped by, and what a goal is set for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from enum import StrEnum

from api.domain.casework import HardshipCause
from api.domain.categories import HardshipCategory
from api.domain.clocks import MONTHS_A_YEAR
from api.domain.files import Tier
from api.domain.national_form import GROUPS
from api.domain.people import Sex, born_after

LOOKS_BACK = MONTHS_A_YEAR
"""Over how many months a snapshot looks back, where nothing else is said."""

UNKNOWN = "UNKNOWN"
"""The group of whatever is not known: it is shown, and is none of the others."""


class SnapshotKind(StrEnum):
    """Why a snapshot was taken."""

    BASELINE = "BASELINE"
    MONTHLY = "MONTHLY"


class FigureGroup(StrEnum):
    """What figures are told apart by."""

    COUNTY = "COUNTY"
    TIER = "TIER"
    TARGET_GROUP = "TARGET_GROUP"
    CAUSE = "CAUSE"
    CATEGORY = "CATEGORY"
    SEX = "SEX"
    AGE_BAND = "AGE_BAND"


class AgeBand(StrEnum):
    """How old the worker is in whose name the file is."""

    UNDER_35 = "UNDER_35"
    FROM_35_TO_44 = "FROM_35_TO_44"
    FROM_45_TO_54 = "FROM_45_TO_54"
    FROM_55 = "FROM_55"


class TargetKind(StrEnum):
    """What a goal is set for."""

    RELIEVED_OR_GRADUATED = "RELIEVED_OR_GRADUATED"
    ABLE_GRADUATED = "ABLE_GRADUATED"


BEGINS: Mapping[AgeBand, int] = {
    AgeBand.FROM_35_TO_44: 35,
    AgeBand.FROM_45_TO_54: 45,
    AgeBand.FROM_55: 55,
}
"""With how many years each band but the first begins."""

CODES: Mapping[FigureGroup, Sequence[str]] = {
    FigureGroup.TIER: tuple(Tier),
    FigureGroup.TARGET_GROUP: tuple(GROUPS),
    FigureGroup.CAUSE: tuple(HardshipCause),
    FigureGroup.CATEGORY: tuple(HardshipCategory),
    FigureGroup.SEX: tuple(Sex),
    FigureGroup.AGE_BAND: tuple(AgeBand),
}
"""All codes of a group: each is shown, so that a code that is left out tells nothing (domain/suppression)."""


def born_by(day: dt.date) -> Mapping[AgeBand, dt.date]:
    """For each band but the first, the last birthday of whoever is in it, or older, on a day.

    >>> born_by(dt.date(2024, 2, 29))[AgeBand.FROM_55]
    datetime.date(1969, 2, 28)
    """
    return {band: born_after(day, years) for band, years in BEGINS.items()}


AGES: Mapping[AgeBand, tuple[str, str]] = {
    AgeBand.UNDER_35: ("35岁以下", "Under 35"),
    AgeBand.FROM_35_TO_44: ("35至44岁", "35 to 44"),
    AgeBand.FROM_45_TO_54: ("45至54岁", "45 to 54"),
    AgeBand.FROM_55: ("55岁及以上", "55 and over"),
}
"""What bands are called, in Chinese and English."""


class FileOutcome(StrEnum):
    """What became of a file that was frozen; each is one of these."""

    RELIEVED = "RELIEVED"
    GRADUATED = "GRADUATED"
    RETURNED = "RETURNED"
    DEREGISTERED = "DEREGISTERED"
    OPEN = "OPEN"
    ERASED = "ERASED"


ACHIEVED: Mapping[TargetKind, frozenset[FileOutcome]] = {
    TargetKind.RELIEVED_OR_GRADUATED: frozenset({FileOutcome.RELIEVED, FileOutcome.GRADUATED}),
    TargetKind.ABLE_GRADUATED: frozenset({FileOutcome.GRADUATED}),
}
"""Which outcomes a goal asks for."""
