"""Floods: what is counted over all chunks, whom a block flooded, and what is left out and reported."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from matcher import flooding
from matcher.flooding import Tally
from matcher.frames import PROPOSED
from matcher.plan import PERSONS

CAPS = (3, 5)
PLAN = replace(PERSONS, blocks=tuple(replace(PERSONS.blocks[place], cap=cap) for place, cap in enumerate(CAPS)))
chunks = st.lists(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 1), st.integers(0, 4)), max_size=6), max_size=5
)


def table(rows: list[tuple[int, int, int]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=PROPOSED, orient="row")


@given(chunks)
def test_a_tally_is_the_sum_of_its_chunks(given_chunks: list[list[tuple[int, int, int]]]) -> None:
    total: dict[tuple[int, int], int] = {}
    for applicant, block, records in (row for rows in given_chunks for row in rows):
        total[applicant, block] = total.get((applicant, block), 0) + records
    tally = Tally(PLAN, map(table, given_chunks))
    rows = sorted((*key, records) for key, records in total.items() if records)
    assert tally.proposed().rows() == rows
    assert tally.flooded().rows() == [row for row in rows if row[2] > CAPS[row[1]]]
    assert tally.candidates() == sum(row[2] for row in rows if row[2] <= CAPS[row[1]])


def test_what_only_a_flooding_block_proposed_is_left_out_and_reported() -> None:
    both, alone, other = {"applicant": 0, "blocks": 5}, {"applicant": 0, "blocks": 4}, {"applicant": 1, "blocks": 4}
    found = pl.DataFrame([both, alone, other], schema={"applicant": pl.UInt32, "blocks": pl.UInt32})
    cap = PERSONS.blocks[2].cap
    proposed = pl.DataFrame(
        {"applicant": [0, 0, 1, 0], "block": [2, 2, 2, 0], "records": [cap, 1, cap, 7]},
        schema={"applicant": pl.UInt32, "block": pl.UInt8, "records": pl.UInt64},
    )
    flooded = Tally(PERSONS, [proposed]).flooded()
    kept = flooding.unflooded(found, flooded)
    assert kept.rows() == [(0, 1), (1, 4)]
    named = flooding.name_flooded(flooded, pl.Series(["zhang", "li"]), "vehicles", PERSONS)
    assert named.rows() == [("zhang", "vehicles", "phone&name.family", cap + 1)]
