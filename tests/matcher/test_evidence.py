"""Records gathered from chunks: none lost, none doubled, none taken for another."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from matcher import evidence


def records(*rows: tuple[str, str]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"record_id": pl.String, "content": pl.String}, orient="row")


def test_equal_rows_are_one_record_with_copies() -> None:
    gathered = evidence.gather([records(("r", "x"), ("r", "x")), records(("r", "x"))])
    assert gathered.select("record_id", "copies").rows() == [("r", 3)]


def test_one_id_over_two_contents_becomes_two_records() -> None:
    gathered = evidence.gather([records(("r", "bbbbbbbbbb"), ("r", "aaaaaaaaaa"))])
    assert gathered.get_column("record_id").to_list() == ["r", "r~bbbbbbbb"]
    pairs = records(("r", "bbbbbbbbbb"), ("r", "aaaaaaaaaa")).with_columns(person_id=pl.Series(["p", "q"]))
    renamed = evidence.rename(pairs, gathered).sort("person_id")
    assert renamed.select("person_id", "record_id").rows() == [("p", "r~bbbbbbbb"), ("q", "r")]


@given(st.lists(st.tuples(st.sampled_from("rst"), st.sampled_from("xyz")), min_size=1), st.integers(1, 4))
def test_chunking_changes_nothing(rows: list[tuple[str, str]], size: int) -> None:
    whole = evidence.gather([records(*rows)])
    parts = [records(*rows[start : start + size]) for start in range(0, len(rows), size)]
    assert evidence.gather(parts).equals(whole)
    assert whole.get_column("copies").sum() == len(rows)
    assert whole.get_column("record_id").is_unique().all()
