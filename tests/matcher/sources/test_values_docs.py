"""The table of docs/files.md that says how values are read, line by line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import polars as pl
import pytest

from matcher.sources import cells
from matcher.sources.contract import Column, Kind

TABLE = [
    (kind.strip(), written, meant.strip())
    for kind, examples, meant in re.findall(
        r"^\| (\w+) \| (.+?) \| (.+?) \|$",
        (Path(__file__).parents[3] / "docs" / "files.md")
        .read_text(encoding="utf-8")
        .partition("### How values are read")[2]
        .partition("```")[0],
        re.M,
    )
    for written in re.findall(r"`([^`]+)`", examples)
]

KINDS: dict[str, Kind] = {name: name for name in get_args(Kind)}
"""What a line speaks of: a kind, or a column of text."""


def test_the_table_is_there() -> None:
    assert len(TABLE) > 70


@pytest.mark.parametrize(("kind", "written", "meant"), TABLE)
def test_a_value_is_read_as_the_page_says(kind: str, written: str, meant: str) -> None:
    column = Column(kind, KINDS.get(kind, "text"), sensitivity="PERSONAL")
    reading = cells.read(pl.Series([written]), column)
    value, broken = reading.values.item(), reading.broken.item()
    assert broken == meant.startswith("unreadable")
    assert (None if value is None else str(value)) == (None if broken or meant == "nothing" else meant)
