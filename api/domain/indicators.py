"""Indicators as dated, versioned data: what is counted over what, for which of the policy's measures (indicators.toml).

Which files each counts is a statement of its own (loaders/indicators), one for each version: a figure of a snapshot is
reckoned by the versions that were in force on its day, and comes out the same whenever it is asked for.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

from api.domain.measures import Measure

Key = tuple[str, int]


class IndicatorKind(StrEnum):
    """How an indicator is reckoned."""

    SHARE = "SHARE"
    MEDIAN_DAYS = "MEDIAN_DAYS"


@dataclass(frozen=True, slots=True)
class Indicator:
    """One version of an indicator."""

    code: str
    version: int
    valid_from: dt.date
    kind: IndicatorKind
    measure: Measure
    zh: str
    en: str
    counts_zh: str
    counts_en: str
    over_zh: str
    over_en: str
    basis: str

    @property
    def key(self) -> Key:
        """By which its statement is found."""
        return self.code, self.version


@cache
def every() -> tuple[Indicator, ...]:
    """All versions of all indicators, in the order of the list."""
    text = files("api.domain").joinpath("indicators.toml").read_text(encoding="utf-8")
    told = tomllib.loads(text)["indicator"]
    return tuple(
        Indicator(**each | {"kind": IndicatorKind(each["kind"]), "measure": Measure(each["measure"])})
        for each in told
    )


def in_force(day: dt.date, among: tuple[Indicator, ...] | None = None) -> tuple[Indicator, ...]:
    """Of each indicator the last version that was in force on a day."""
    found: dict[str, Indicator] = {}
    for each in every() if among is None else among:
        known = found.get(each.code)
        if each.valid_from <= day and (known is None or known.version < each.version):
            found[each.code] = each
    return tuple(found.values())
