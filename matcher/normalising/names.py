"""Names by column: cleaned as written, and the folded forms that comparisons use."""

from __future__ import annotations

from functools import cache

import polars as pl

from matcher import columnwise
from matcher.identity import names

REGULAR = "^[\u4e00-\u9fa5]+$"


def cleaned(written: pl.Series) -> pl.Series:
    """Each name as `identity.names.clean` reads it."""
    return columnwise.read(written, REGULAR, names.clean)


def folded(clean: pl.Expr) -> pl.Expr:
    """Each cleaned name as `identity.names.simplify` folds it."""
    characters, forms = _lists("simple")
    return clean.str.replace_many(characters, forms)


def surname(simple: pl.Expr) -> pl.Expr:
    """The surname of each folded name."""
    head = simple.str.slice(0, 2)
    compound = head.is_in(sorted(names.compound_surnames())) & (simple.str.len_chars() > 2)
    return pl.when(compound).then(head).otherwise(simple.str.slice(0, 1))


def spoken(simple: pl.Expr, family: pl.Expr) -> pl.Expr:
    """Each folded name as `identity.names.pinyin` reads it; `family` is its surname."""
    characters, syllables = _lists("reading")
    given = simple.str.slice(family.str.len_chars())
    special = names.surname_readings()
    read_family = family.replace_strict(
        list(special), list(special.values()), default=family.str.replace_many(characters, syllables)
    )
    return read_family + given.str.replace_many(characters, syllables)


@cache
def _lists(kind: str) -> tuple[list[str], list[str]]:
    table = {"simple": names.simple_forms, "reading": names.readings}[kind]()
    return list(table), list(table.values())
