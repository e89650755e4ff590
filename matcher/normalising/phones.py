"""Phones by column: digits only, without the country's code."""

from __future__ import annotations

import polars as pl

from matcher.identity import contacts
from matcher import columnwise


def read(written: pl.Series) -> pl.Series:
    """Each phone as `identity.contacts.phone` reads it."""
    return columnwise.read(written, contacts.REGULAR_PHONE, contacts.phone)
