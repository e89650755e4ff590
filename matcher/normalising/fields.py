"""A whole row: every field of a plan read by its kind, a column at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import polars as pl

from matcher.normalising import dates, id_cards, names, phones, texts
from matcher.prepared import Field, Prepared

Columns = Callable[[str], pl.Series]
Reader = Callable[[Field, Columns, frozenset[str]], Prepared]

READERS: Mapping[str, Reader] = {
    "cn_number": lambda field, column, _: id_cards.prepare(field.name, column(field.column)),
    "cn_name": lambda field, column, _: names.prepare(
        field.name, column(field.column), column(field.former) if field.former else None
    ),
    "cn_address": lambda field, column, _: texts.addresses(field.name, column(field.column)),
    "phone": lambda field, column, _: phones.prepare(field.name, column(field.column)),
    "division": lambda field, column, _: texts.divisions(field.name, column(field.column)),
    "sex": lambda field, column, _: texts.sexes(field.name, column(field.column)),
    "date": lambda field, column, _: dates.prepare(field.name, column(field.column), field.form),
    "written_date": lambda field, column, _: dates.prepare(field.name, column(field.column), field.form),
    "text": lambda field, column, facets: texts.prepare(field.name, column(field.column), facets),
    "exact": lambda field, column, facets: texts.prepare(field.name, column(field.column), facets),
    "digits": lambda field, column, _: texts.digits(field.name, column(field.column)),
    "amount": lambda field, column, _: texts.numbers(field.name, column(field.column)),
}

FACETS: Mapping[str, tuple[str, ...]] = {
    "cn_number": ("head", "tail", "birth", "sex"),
    "cn_name": ("sound", "family"),
    "date": ("year",),
    "written_date": ("year",),
    "text": ("soundex", "initial", "first3"),
    "exact": ("soundex", "initial", "first3"),
}
"""The facets of a kind that a block may name beside the field itself."""


def prepare(
    rows: pl.DataFrame, fields: Iterable[Field], prefix: str = "", facets: frozenset[str] = frozenset()
) -> Prepared:
    """The rows as facets (matcher.prepared), in the same order.

    Columns are named as the fields say, each led by `prefix` (`a_` for a marriage's first party); a missing column
    counts as all null. `facets` names those that only blocks need, as `field.facet`.
    """

    def column(name: str) -> pl.Series:
        if prefix + name in rows.columns and rows.schema[prefix + name] != pl.Null:
            return rows.get_column(prefix + name).rename(name)
        return pl.Series(name, [None], dtype=pl.String).new_from_index(0, len(rows))

    parts, more = [], {}
    for field in fields:
        wanted = frozenset(facet.removeprefix(f"{field.name}.") for facet in facets)
        part = READERS[field.kind](field, column, wanted)
        parts.append(part.table)
        more.update({name: values for name, values in part.more.items() if len(values.rows)})
    table = pl.concat(parts, how="horizontal") if parts else pl.DataFrame()
    return Prepared(_with_fallbacks(table, fields), more)


def _with_fallbacks(table: pl.DataFrame, fields: Iterable[Field]) -> pl.DataFrame:
    """Unknown values filled from a facet of another field: a birth date from the number that contains it."""
    for field in fields:
        if field.fallback:
            own, other = table.get_column(field.name), table.get_column(field.fallback)
            filled = np.where(own.to_numpy() == 0, other.to_numpy(), own.to_numpy())
            table.replace_column(table.get_column_index(field.name), pl.Series(field.name, filled, dtype=own.dtype))
    return table
