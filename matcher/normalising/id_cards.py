"""Citizen numbers by column: eighteen characters, whether they hold, and what they say of birth and sex."""

from __future__ import annotations

import numpy as np
import polars as pl

from matcher import columnwise
from matcher.identity import numbers


def read(written: pl.Series) -> pl.DataFrame:
    """From numbers as written: `number` (18 characters or null), `number_valid`, `number_upgraded` (null with it)."""
    number = columnwise.read(written, numbers.REGULAR, numbers.read).rename("number")
    upgraded = (
        number.is_not_null() & written.str.len_bytes().is_between(15, 60) & ~written.str.contains(numbers.REGULAR)
    )
    fifteen = pl.Series(
        [numbers.was_fifteen(value) for value in written.filter(upgraded).to_list()], dtype=pl.Boolean
    )
    flags = np.zeros(len(written), dtype=bool)
    flags[upgraded.fill_null(False).to_numpy()] = fifteen.to_numpy()
    return pl.DataFrame(
        {
            "number": number,
            "number_valid": valid(number),
            "number_upgraded": pl.select(pl.when(number.is_not_null()).then(pl.Series(flags))).to_series(),
        }
    )


def valid(number: pl.Series) -> pl.Series:
    """Where the check character is right and the birth date exists; null where there is no number."""
    present = number.is_not_null()
    matrix = matrix_of(number.filter(present))
    flags = np.zeros(len(number), dtype=bool)
    flags[present.to_numpy()] = numbers.checks(matrix) & numbers.plausible_dates(matrix)
    return pl.select(pl.when(present).then(pl.Series(flags))).to_series()


def matrix_of(number: pl.Series) -> numbers.Bytes:
    """Numbers of eighteen characters, none null, as a byte matrix of shape (n, 18)."""
    text = number.str.join("").item() if len(number) else ""
    return np.frombuffer((text or "").encode("ascii"), dtype=np.uint8).reshape(-1, 18)


def birth_date(number: pl.Expr) -> pl.Expr:
    """The day inside a number."""
    return number.str.slice(6, 8).str.to_date("%Y%m%d", strict=False)


def sex(number: pl.Expr) -> pl.Expr:
    """The sex inside a number: its seventeenth digit is odd for men."""
    return (
        pl.when(number.str.slice(16, 1).is_in(["1", "3", "5", "7", "9"]))
        .then(pl.lit("MALE"))
        .when(number.is_not_null())
        .then(pl.lit("FEMALE"))
    )
