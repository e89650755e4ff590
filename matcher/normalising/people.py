"""A whole row: the identity columns of any person table, made ready to be compared."""

from __future__ import annotations

import polars as pl

from matcher.frames import PREPARED
from matcher.normalising import id_cards, names, phones

DIVISION = r"^(\d{6})"


def prepare(rows: pl.DataFrame, prefix: str = "") -> pl.DataFrame:
    """The rows as frames.PREPARED, in the same order.

    `rows` holds the columns of frames.IDENTITY, each name led by `prefix` (`a_` for a marriage's first party), and
    perhaps `former_name`; a missing column counts as all null. Birth date and sex fall back to what a valid number
    says.
    """

    def column(name: str) -> pl.Series:
        if prefix + name in rows.columns:
            return rows.get_column(prefix + name).rename(name)
        return pl.Series(name, [None], dtype=PREPARED.get(name, pl.String)).new_from_index(0, len(rows))

    frame = pl.DataFrame(
        [
            names.cleaned(column("name")).alias("name"),
            names.cleaned(column("former_name")).alias("former_name"),
            phones.read(column("phone")).alias("phone"),
            column("sex"),
            column("birth_date"),
            column("address"),
            column("division_code"),
        ]
    ).hstack(id_cards.read(column("id_number")))
    sound = pl.when(pl.col("number_valid")).then(pl.col("number"))
    frame = frame.with_columns(
        name_simple=names.folded(pl.col("name")),
        birth_date=pl.col("birth_date").fill_null(id_cards.birth_date(sound)),
        sex=pl.col("sex").fill_null(id_cards.sex(sound)),
        division_code=pl.col("division_code").str.extract(DIVISION),
    )
    frame = frame.with_columns(surname=names.surname(pl.col("name_simple")))
    frame = frame.with_columns(name_pinyin=names.spoken(pl.col("name_simple"), pl.col("surname")))
    return frame.select(PREPARED.names()).cast(PREPARED)
