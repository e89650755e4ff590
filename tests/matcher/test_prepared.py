"""Sides of pairs: each pair's person, in the order and as often as named."""

from __future__ import annotations

import numpy as np
import polars as pl

from matcher.prepared import Prepared

PEOPLE = Prepared(pl.DataFrame({"name": ["a", "b", None], "name.key": [7, 8, 0]}))


def test_a_side_takes_its_rows_in_order_and_as_often_as_named() -> None:
    side = PEOPLE.take(np.array([2, 0, 0, 1]))
    assert len(side) == 4
    assert side.integers("name.key").tolist() == [0, 7, 7, 8]
    assert side.texts("name").to_list() == [None, "a", "a", "b"]


def test_a_side_can_be_narrowed_by_places_or_by_a_mask() -> None:
    side = PEOPLE.take(np.array([2, 0, 1]))
    assert side.where(np.array([2, 0])).integers("name.key").tolist() == [8, 0]
    assert side.where(np.array([False, True, True])).texts("name").to_list() == ["a", "b"]


def test_a_table_of_nobody_gives_a_side_of_nobody() -> None:
    side = Prepared(PEOPLE.table.clear()).take(np.zeros(0, np.int64))
    assert (len(side), side.integers("name.key").tolist(), side.texts("name").to_list()) == (0, [], [])
