"""What a finished scan found, in batches of rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from matcher.report import files

BATCH = 20_000


def summary(out: Path) -> dict[str, Any]:
    """The content of summary.json."""
    return files.read_summary(out)


def links(out: Path) -> Iterator[list[dict[str, Any]]]:
    """The links, in the file's order."""
    yield from _batches(files.read_table(out, "links").drop("blocks"))


def findings(out: Path) -> Iterator[list[dict[str, Any]]]:
    """The findings, in the file's order."""
    yield from _batches(files.read_table(out, "findings"))


def _batches(table: pl.DataFrame) -> Iterator[list[dict[str, Any]]]:
    for part in table.iter_slices(BATCH):
        yield part.to_dicts()
