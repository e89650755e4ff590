"""Birth dates, phones and addresses as an office may write them: one way a kind of error, for the rows that it hits."""

from __future__ import annotations

import re

import numpy as np
import polars as pl

HUBS = 20
_COUNTED = re.compile(r"\d+(?=号楼|单元|栋|幢)")
_NUMERALS = "〇一二三四五六七八九"


def birth_date(rng: np.random.Generator, kind: str, born: pl.Series) -> pl.Series:
    """Dates as `birth_swapped`, `birth_shifted`, `birth_default` or `birth_lunar` leave them."""
    if kind == "birth_default":
        return born.dt.truncate("1y")
    if kind == "birth_swapped":
        day = pl.Series(rng.integers(1, 29, len(born)))  # where month and day cannot be swapped, the day is wrong
        parts = pl.DataFrame({"born": born, "other": day})
        swappable = pl.col("born").dt.day() <= 12
        year, month, date = (pl.col("born").dt.year(), pl.col("born").dt.month(), pl.col("born").dt.day())
        return parts.select(
            pl.when(swappable & (month != date))
            .then(pl.date(year, date, month))
            .otherwise(pl.date(year, month, "other"))
        ).to_series()
    if kind == "birth_lunar":  # the lunar calendar runs three to seven weeks behind
        shift = -rng.integers(20, 50, len(born))
    else:
        shift = rng.integers(1, 10, len(born)) * rng.choice([-1, 1], len(born))
    return (born.cast(pl.Int32) + pl.Series(shift, dtype=pl.Int32)).cast(pl.Date)


def phone(rng: np.random.Generator, kind: str, phones: pl.Series) -> pl.Series:
    """Phones as `phone_changed`, `phone_hub`, `phone_landline`, `phone_two` or `phone_prefixed` leave them."""
    n = len(phones)
    match kind:
        case "phone_hub":
            return pl.Series(13_903_720_000 + rng.integers(0, HUBS, n)).cast(pl.String)
        case "phone_landline":
            return "0372-" + pl.Series(rng.integers(2_100_000, 6_000_000, n)).cast(pl.String)
        case "phone_changed":
            return pl.Series(rng.integers(13_000_000_000, 19_999_999_999, n)).cast(pl.String)
        case "phone_two":
            other = "0372-" + pl.Series(rng.integers(2_100_000, 6_000_000, n)).cast(pl.String)
            return phones + pl.Series(["/", "、", " "]).gather(rng.integers(0, 3, n)) + other
        case _:
            return pl.Series(["+86", "86-", "+86 "]).gather(rng.integers(0, 3, n)) + phones


def address(rng: np.random.Generator, kind: str, addresses: pl.Series) -> pl.Series:
    """Addresses as `address_short`, `address_spelt` or `address_numerals` leave them."""
    if kind == "address_numerals":
        return pl.Series([_COUNTED.sub(_in_chinese, text) for text in addresses.to_list()], dtype=pl.String)
    local = addresses.str.replace("河南省", "", literal=True)
    if kind == "address_spelt":
        one, other = (
            addresses.str.replace("号楼", "栋", literal=True).str.replace("室", "号", literal=True),
            local.str.replace("号楼", "幢", literal=True).str.replace("单元", "门", literal=True),
        )
    else:
        local = local.str.replace("安阳市", "", literal=True)
        one = local.str.replace("号楼", "-").str.replace("单元", "-").str.replace("室", "")
        other = local.str.replace(r"\d单元", "", literal=False)
    return pl.select(pl.when(pl.Series(rng.random(len(addresses)) < 0.5)).then(one).otherwise(other)).to_series()


def _in_chinese(found: re.Match[str]) -> str:
    value = int(found[0])
    if value >= 100:
        return "".join(_NUMERALS[int(digit)] for digit in found[0])
    tens, ones = divmod(value, 10)
    written = (_NUMERALS[tens] if tens > 1 else "") + ("十" if tens else "")
    return written + (_NUMERALS[ones] if ones or not tens else "")
