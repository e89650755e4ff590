"""A linkage plan as data: which blocks propose pairs, which fields are compared, how large a chunk is."""

from __future__ import annotations

from dataclasses import dataclass

from matcher.blocking import Blocks, on


@dataclass(frozen=True, slots=True)
class Plan:
    """What the kernel is to do. `hot_key` bounds memory: a key that more applicants share proposes no pair."""

    version: str
    blocks: Blocks
    chunk_rows: int
    hot_key: int


PERSONS = Plan(
    version="persons-1",
    blocks=on("number") | on("name_pinyin") & on("birth_date") | on("phone") & on("surname"),
    chunk_rows=250_000,
    hot_key=50,
)
"""Applicants against department records about people."""
