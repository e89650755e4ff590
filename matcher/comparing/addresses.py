"""Two addresses, parsed into division, road, building, unit and room: the same dwelling, building, road, or another place."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import polars as pl

from matcher.comparing.levels import OPEN, Comparison, Glance, Level
from matcher.identity import contacts
from matcher.prepared import Codes, Side

LEVELS = (
    Level("equal", "the same place", agrees=True),
    Level("same_building", "the same building, or one side does not say the room"),
    Level("same_road", "the same road or village"),
    Level("different", "another place"),
)
CODES = {level.name: code for code, level in enumerate(LEVELS, start=1)}
REMEMBERED = 1 << 16


def quick(left: Side, right: Side, field: str) -> Glance:
    """Missing or not; everything else is read later."""
    known = (left.integers(field) != 0) & (right.integers(field) != 0)
    return Glance(np.where(known, OPEN, 0).astype(np.uint8), np.where(known, CODES["equal"], 0).astype(np.uint8))


def settle(left: Side, right: Side, field: str) -> Codes:
    """Equal as written, else the level of the parsed addresses; missing where one cannot be understood at all."""
    one, two = left.texts(f"{field}.text"), right.texts(f"{field}.text")
    codes = np.full(len(one), CODES["equal"], dtype=np.uint8)
    rest = np.flatnonzero((one != two).to_numpy())
    codes[rest] = [
        0 if a is None or b is None else CODES[contacts.place_level(a, b)]
        for a, b in zip(_parsed(one.gather(rest)), _parsed(two.gather(rest)), strict=True)
    ]
    return codes


@lru_cache(REMEMBERED)
def _parse(written: str) -> contacts.Address | None:
    return contacts.parse(written)


def _parsed(texts: pl.Series) -> list[contacts.Address | None]:
    return [_parse(text) for text in texts.to_list()]


COMPARISON = Comparison(LEVELS, quick, settle)
