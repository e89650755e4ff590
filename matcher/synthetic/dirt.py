"""What offices do to names and numbers: each kind of error with its rate, applied to the identity columns of a table.

Rates are shares of rows. Departments err at the full rate, the applicants' own files at `APPLICANTS` of it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from matcher.identity import names

ERRORS: Mapping[str, float] = {
    "number_missing": 0.02,
    "number_fifteen": 0.02,
    "number_full_width": 0.01,
    "number_lower_x": 0.3,  # of those that end in X
    "number_blanks": 0.01,
    "number_digit": 0.01,
    "number_swap": 0.006,
    "name_homophone": 0.008,
    "name_traditional": 0.015,
    "name_blank": 0.015,
    "name_dot": 0.5,  # of names with a dot
    "birth_missing": 0.05,
    "birth_shifted": 0.006,
    "phone_missing": 0.2,
    "phone_changed": 0.12,
    "address_missing": 0.1,
    "address_short": 0.25,
    "address_moved": 0.08,
    "sex_missing": 0.03,
}
APPLICANTS = 0.4

FIFTEEN_BORN_BEFORE = 2000
DOTS = ("•", "・", "．", " ", "")
FULL_WIDTH = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")


def soil(rng: np.random.Generator, rows: pl.DataFrame, scale: float = 1.0, prefix: str = "") -> pl.DataFrame:
    """The rows with errors in their identity columns, named with `prefix`; columns that are not there are left out."""

    def hit(kind: str, also: pl.Series | None = None) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        chosen = rng.random(len(rows)) < ERRORS[kind] * (scale if ERRORS[kind] < 0.3 else 1.0)
        return chosen & also.to_numpy() if also is not None else chosen

    number, name = rows.get_column(f"{prefix}id_number"), rows.get_column(f"{prefix}name")
    born = rows.get_column(f"{prefix}birth_date")
    old = (born.dt.year() < FIFTEEN_BORN_BEFORE).fill_null(False)
    taken = np.zeros(len(rows), dtype=bool)  # one error a number is enough
    for kind, also in (
        ("number_missing", None), ("number_fifteen", old), ("number_full_width", None), ("number_digit", None),
        ("number_swap", None), ("number_blanks", None), ("number_lower_x", number.str.ends_with("X").fill_null(False)),
    ):  # fmt: skip
        where = hit(kind, also) & ~taken & number.is_not_null().to_numpy()
        taken |= where
        number = _replace(number, where, _broken(rng, kind, number.filter(pl.Series(where))))
    rows = rows.with_columns(number.alias(f"{prefix}id_number"))

    for kind in ("name_homophone", "name_traditional", "name_blank", "name_dot"):
        also = name.str.contains("·", literal=True).fill_null(False) if kind == "name_dot" else None
        where = hit(kind, also) & name.is_not_null().to_numpy()
        name = _replace(name, where, _misspelt(rng, kind, name.filter(pl.Series(where))))
    shifted = hit("birth_shifted")
    days = pl.Series(rng.integers(1, 28, len(rows)))
    rows = rows.with_columns(
        name.alias(f"{prefix}name"),
        pl.when(pl.Series(hit("birth_missing")))
        .then(None)
        .when(pl.Series(shifted))
        .then(born.dt.offset_by(days.cast(pl.String) + "d"))
        .otherwise(born)
        .alias(f"{prefix}birth_date"),
    )
    if f"{prefix}sex" in rows.columns:
        rows = rows.with_columns(
            pl.when(pl.Series(hit("sex_missing"))).then(None).otherwise(f"{prefix}sex").alias(f"{prefix}sex")
        )
    if f"{prefix}phone" in rows.columns:
        other = pl.Series(rng.integers(13_000_000_000, 19_999_999_999, len(rows))).cast(pl.String)
        rows = rows.with_columns(
            pl.when(pl.Series(hit("phone_missing")))
            .then(None)
            .when(pl.Series(hit("phone_changed")))
            .then(other)
            .otherwise(f"{prefix}phone")
            .alias(f"{prefix}phone")
        )
    if f"{prefix}address" in rows.columns:
        address = pl.col(f"{prefix}address")
        rows = rows.with_columns(
            pl.when(pl.Series(hit("address_missing")))
            .then(None)
            .when(pl.Series(hit("address_moved")))
            .then(address.reverse())
            .when(pl.Series(hit("address_short")))
            .then(
                address.str.replace("河南省安阳市", "")
                .str.replace("号楼", "-")
                .str.replace("单元", "-")
                .str.replace("室", "")
            )
            .otherwise(address)
            .alias(f"{prefix}address")
        )
    return rows


def _replace(
    column: pl.Series, where: np.ndarray[tuple[int], np.dtype[np.bool_]], values: list[str | None]
) -> pl.Series:
    if not values:
        return column
    return column.scatter(np.flatnonzero(where), pl.Series(values, dtype=pl.String))


def _broken(rng: np.random.Generator, kind: str, numbers: pl.Series) -> list[str | None]:
    return [_break(rng, kind, number) for number in numbers.to_list()]


def _break(rng: np.random.Generator, kind: str, number: str) -> str | None:
    match kind:
        case "number_missing":
            return None
        case "number_fifteen":
            return number[:6] + number[8:17]
        case "number_full_width":
            return number.translate(FULL_WIDTH)
        case "number_blanks":
            return f"{number[:6]} {number[6:14]} {number[14:]}"
        case "number_lower_x":
            return number.lower()
        case "number_digit":
            place = int(rng.integers(0, 17))
            return number[:place] + str((int(number[place]) + int(rng.integers(1, 10))) % 10) + number[place + 1 :]
        case _:
            place = int(rng.integers(0, 16))
            return number[:place] + number[place + 1] + number[place] + number[place + 2 :]


def _misspelt(rng: np.random.Generator, kind: str, written: pl.Series) -> list[str | None]:
    return [_misspell(rng, kind, name) for name in written.to_list()]


def _misspell(rng: np.random.Generator, kind: str, name: str) -> str:
    match kind:
        case "name_traditional":
            return "".join(_traditional().get(character, character) for character in name)
        case "name_blank":
            return name[:1] + "　" + name[1:]
        case "name_dot":
            return name.replace("·", DOTS[int(rng.integers(0, len(DOTS)))])
        case _:
            alike = _homophones().get(names.readings().get(name[-1], ""), name[-1])
            return name[:-1] + alike[int(rng.integers(0, len(alike)))]


def _traditional() -> dict[str, str]:
    if not _TRADITIONAL:
        for character, simple in names.simple_forms().items():
            _TRADITIONAL.setdefault(simple, character)
    return _TRADITIONAL


def _homophones() -> dict[str, str]:
    if not _HOMOPHONES:
        for kind in ("men", "women"):
            for character in names.given_name_table()[kind]:
                reading = names.readings().get(character, "")
                if character not in _HOMOPHONES.get(reading, ""):
                    _HOMOPHONES[reading] = _HOMOPHONES.get(reading, "") + character
    return _HOMOPHONES


_TRADITIONAL: dict[str, str] = {}
_HOMOPHONES: dict[str, str] = {}
