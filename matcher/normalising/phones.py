"""Phones by column: digits only, without the country's code."""

from __future__ import annotations

import polars as pl

from matcher import columnwise
from matcher.identity import contacts


def read(written: pl.Series) -> pl.Series:
    """Each phone as `identity.contacts.phone` reads it."""
    return columnwise.read(written, contacts.REGULAR_PHONE, contacts.phone)
