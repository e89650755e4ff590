"""The ready comparisons of two persons: number, name, birth date, sex, phone and address.

Which level holds depends on the pair alone, never on which block proposed it or on the rest of the batch.
"""

from __future__ import annotations

import polars as pl

from matcher.comparing import similarity
from matcher.comparing.levels import Comparison, Level, equal, missing, otherwise, same

FIELDS = ("number", "name", "birth_date", "sex", "phone", "address")
NUMBER_AGREES = ("equal", "equal_15_18", "repaired", "equal_unchecked")

_upgraded = pl.col("number_upgraded_l") | pl.col("number_upgraded_r")
_both_valid = pl.col("number_valid_l") & pl.col("number_valid_r")
_number_agrees = pl.col("number").is_in(NUMBER_AGREES)

NUMBER = Comparison(
    "number",
    (
        missing("number"),
        Level("equal_15_18", "a 15-digit number and its 18-digit form", same("number") & _upgraded),
        Level("equal", "the same 18 characters, and the check holds", same("number") & pl.col("number_valid_l")),
        Level("equal_unchecked", "the same 18 characters, though the check fails on both sides", same("number")),
        Level("repaired", "one number fails its check; one slip of the pen turns it into the other", pl.col("slip")),
        Level("conflict", "both numbers hold and differ: two people, or one with two numbers", _both_valid),
        otherwise("different", "the numbers differ, and at least one of them cannot be right"),
    ),
)

NAME = Comparison(
    "name",
    (
        missing("name"),
        Level("exact", "the same characters", same("name")),
        Level("variant", "traditional, variant or interchanged forms of the same characters", same("name_simple")),
        Level(
            "former",
            "one is the other's recorded former name",
            same("name", "former_name") | same("former_name", "name"),
        ),
        Level("pinyin", "other characters, spoken alike", same("name_pinyin")),
        Level("wildcard", "a character that one system could not write; the rest agrees", pl.col("wildcard")),
        Level("shape", "characters that look alike", pl.col("shape")),
        Level("truncated", "a long name cut short", pl.col("truncated")),
        Level(
            "one_character", "one character more, less, other or swapped, in three or more", pl.col("one_character")
        ),
        otherwise("different", "the names really differ"),
    ),
)

_left, _right = pl.col("birth_date_l"), pl.col("birth_date_r")
BIRTH_DATE = Comparison(
    "birth_date",
    (
        missing("birth_date"),
        equal("birth_date", "the same day"),
        Level(
            "near",
            "the same year with month and day exchanged, or two of year, month and day agree",
            (_left.dt.year() == _right.dt.year())
            & (_left.dt.month() == _right.dt.day())
            & (_left.dt.day() == _right.dt.month())
            | (
                (_left.dt.year() == _right.dt.year()).cast(pl.Int8)
                + (_left.dt.month() == _right.dt.month()).cast(pl.Int8)
                + (_left.dt.day() == _right.dt.day()).cast(pl.Int8)
                == 2
            ),
        ),
        otherwise("different", "another day"),
    ),
)

SEX = Comparison("sex", (missing("sex"), equal("sex", "the same"), otherwise("different", "the other sex")))

PHONE = Comparison(
    "phone", (missing("phone"), equal("phone", "the same digits"), otherwise("different", "other digits"))
)

ADDRESS = Comparison(
    "address",
    (
        missing("address"),
        equal("address", "the same place"),
        Level("close", "one address is found in the other", pl.col("close")),
        otherwise("different", "another place"),
    ),
)

ALL = (NUMBER, NAME, BIRTH_DATE, SEX, PHONE, ADDRESS)


def compare(pairs: pl.DataFrame) -> pl.DataFrame:
    """The pairs with a level column for every field but the address.

    `pairs` holds the columns of frames.PREPARED twice, suffixed `_l` (applicant) and `_r` (record). The name levels
    below `pinyin` are tried only where the numbers agree; elsewhere such names count as different.
    """
    candidates = pairs.select((pl.col("number_valid_l") != pl.col("number_valid_r")).fill_null(False)).to_series()
    slip = similarity.one_slip(
        pairs.get_column("number_l").filter(candidates), pairs.get_column("number_r").filter(candidates)
    )
    pairs = pairs.with_columns(_scatter("slip", candidates, slip.tolist()))
    pairs = pairs.with_columns(NUMBER.expression(), BIRTH_DATE.expression(), SEX.expression(), PHONE.expression())
    return _name_levels(pairs)


def _name_levels(pairs: pl.DataFrame) -> pl.DataFrame:
    unsettled = pairs.select(
        _number_agrees
        & pl.col("name_l").is_not_null()
        & pl.col("name_r").is_not_null()
        & ~same("name_simple")
        & ~same("name_pinyin")
    ).to_series()
    left = pairs.get_column("name_simple_l").filter(unsettled).to_list()
    right = pairs.get_column("name_simple_r").filter(unsettled).to_list()
    checks = {
        "wildcard": similarity.wildcard_agrees,
        "shape": similarity.shape_agrees,
        "truncated": similarity.truncated,
        "one_character": similarity.one_character_off,
    }
    columns = [
        _scatter(name, unsettled, [check(a, b) for a, b in zip(left, right, strict=True)])
        for name, check in checks.items()
    ]
    return pairs.with_columns(columns).with_columns(NAME.expression())


def compare_addresses(pairs: pl.DataFrame) -> pl.DataFrame:
    """The pairs with the level of their addresses; the dearest comparison, so made last and for the fewest."""
    pairs = pairs.with_columns(
        similarity.fold_addresses(pairs.get_column("address_l")).alias("address_l"),
        similarity.fold_addresses(pairs.get_column("address_r")).alias("address_r"),
    )
    unsettled = pairs.select((pl.col("address_l") != pl.col("address_r")).fill_null(False)).to_series()
    close = similarity.addresses_close(
        pairs.get_column("address_l").filter(unsettled), pairs.get_column("address_r").filter(unsettled)
    )
    return pairs.with_columns(_scatter("close", unsettled, close.tolist())).with_columns(ADDRESS.expression())


def _scatter(name: str, where: pl.Series, values: list[bool]) -> pl.Series:
    """A column that holds `values` where `where` is true and False elsewhere."""
    flags = where.to_numpy().copy()
    flags[flags] = values
    return pl.Series(name, flags, dtype=pl.Boolean)
