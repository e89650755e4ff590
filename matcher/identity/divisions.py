"""Division codes that GB/T 2260 has ever held: what a citizen's number can begin with.

A number keeps the code of the place that first gave it, through moves and reforms, so abolished codes count as much as
those in force. A code that is not here is a reason to look again, at most. It never rejects a number: the table has
gaps before 1982, lags behind new reforms, and says nothing of typing errors that hit another true code.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import polars as pl


def known(code: str) -> bool:
    """Whether the six digits were ever the code of a province, prefecture, county or district.

    810000, 820000 and 830000 count, which residence permits bear; codes of development zones, which only statistics
    use, do not.

    >>> known("410502"), known("410521"), known("810000"), known("410571"), known("999999")
    (True, True, True, False, False)
    """
    return code in names()


def known_column(codes: pl.Series) -> pl.Series:
    """The same for a column of texts; null where there is no code."""
    return codes.is_in(_codes()).alias(codes.name)


def name(code: str) -> str | None:
    """The name that the division bears or last bore, without those above it; None for a code that never was.

    >>> name("410521"), name("830000"), name("410571")
    ('林县', '台湾省', None)
    """
    return names().get(code)


@cache
def names() -> dict[str, str]:
    """Code → the name that it bears or last bore."""
    text = files("matcher.identity.tables").joinpath("divisions.tsv").read_text(encoding="utf-8")
    return dict(line.split("\t") for line in text.splitlines())


@cache
def _codes() -> pl.Series:
    return pl.Series(list(names()), dtype=pl.String).implode()
