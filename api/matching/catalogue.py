"""The catalogue of programmes as it is in force here: the shipped one, and before it the city's own programmes.toml.

The city's own lies in the data folder beside policy.toml, and is read again when it changes.
"""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from pathlib import Path

from api import settings
from api.domain import catalogue
from api.domain.catalogue import Catalogue, Entry

OWN = "programmes.toml"


def in_force() -> Catalogue:
    """All programmes and services. Raises BadCatalogue for a malformed file of the city's."""
    path = settings.data_dir() / OWN
    try:
        file = path.stat()
    except FileNotFoundError:
        return catalogue.shipped()
    return _read(path, file.st_mtime_ns, file.st_size)


def programme(code: str, on: dt.date, division: str | None = None) -> Entry | None:
    """The programme as it holds on that day in that division."""
    return in_force().programme(code, on, division)


@lru_cache(maxsize=8)
def _read(path: Path, changed: int, size: int) -> Catalogue:
    return catalogue.shipped().with_own(path.read_text(encoding="utf-8-sig"), path.name)
