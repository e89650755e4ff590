"""F-39: finished chunks survive, unfinished ones do not count, and two scans are never mixed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.engines.workspace import ChunkResult, Counts, Workspace
from matcher.errors import InputRefused
from matcher.frames import PROPOSED
from matcher.plan import PERSONS

PAIRS_KEPT = pl.Schema({"applicant": pl.UInt32, "blocks": pl.UInt32, "record_id": pl.String, "content": pl.String})
CAP = 3
PLAN = replace(PERSONS, blocks=tuple(replace(block, cap=CAP) for block in PERSONS.blocks[:3]))


def result(value: int) -> ChunkResult:
    """One pair of applicant `value`, whom block 0 proposed one record."""
    pairs = pl.DataFrame({"applicant": [value], "blocks": [1], "record_id": ["r"], "content": ["c"]}, PAIRS_KEPT)
    records = pl.DataFrame({"record_id": ["r"], "content": ["c"]})
    proposed = pl.DataFrame({"applicant": [value], "block": [0], "records": [1]}, PROPOSED)
    return ChunkResult(
        pairs,
        records,
        pl.DataFrame({"value": [value]}),
        proposed,
        Counts(rows_in=3, accepted=2, nulled={"phone": value}, apart={"number:conflict:phone": 1}),
    )


def test_a_kept_chunk_is_finished_and_read_back_in_order(tmp_path: Path) -> None:
    work = Workspace.open(tmp_path / ".work", "scan", PERSONS, resume=False)
    for file, chunk in [(1, 0), (0, 10), (0, 2)]:
        work.keep("vehicles", file, chunk, result(file * 100 + chunk))
    assert work.places("vehicles") == {(1, 0), (0, 10), (0, 2)}
    assert work.counts("vehicles", 0, 10) == Counts(3, 2, {"phone": 10}, {"number:conflict:phone": 1})
    for part, column in [("pairs", "applicant"), ("rejects", "value"), ("proposed", "applicant")]:
        assert [frame.item(0, column) for frame in work.read("vehicles", part)] == [2, 10, 100]


def test_a_chunk_without_its_counts_does_not_count(tmp_path: Path) -> None:
    work = Workspace.open(tmp_path / ".work", "scan", PERSONS, resume=False)
    work.keep("vehicles", 0, 0, result(1))
    next(work.folder.rglob("*.json")).unlink()  # killed between the frames and the counts
    assert not work.places("vehicles")
    assert list(work.read("vehicles", "records")) == []


def test_resuming_keeps_and_starting_afresh_clears(tmp_path: Path) -> None:
    Workspace.open(tmp_path / ".work", "scan", PERSONS, resume=False).keep("vehicles", 0, 0, result(1))
    assert Workspace.open(tmp_path / ".work", "scan", PERSONS, resume=True).places("vehicles") == {(0, 0)}
    assert not Workspace.open(tmp_path / ".work", "scan", PERSONS, resume=False).places("vehicles")


def test_another_scan_cannot_be_resumed(tmp_path: Path) -> None:
    Workspace.open(tmp_path / ".work", "scan", PERSONS, resume=False)
    with pytest.raises(InputRefused, match="without --resume"):
        Workspace.open(tmp_path / ".work", "other inputs", PERSONS, resume=True)


def test_resuming_where_nothing_was_begun_simply_begins(tmp_path: Path) -> None:
    assert not Workspace.open(tmp_path / ".work", "scan", PERSONS, resume=True).places("vehicles")


def test_only_the_owner_reads_matched_rows_and_nothing_stays(tmp_path: Path) -> None:
    work = Workspace.open(tmp_path / ".work", "scan", PERSONS, resume=False)
    assert work.folder.stat().st_mode & 0o077 == 0
    work.remove()
    assert not work.folder.exists()


def proposing(*pairs: tuple[int, int], at: int) -> ChunkResult:
    """A chunk in which each of these pairs of an applicant and a block is a record of its own, and well scored."""
    names = [f"{at}-{place}" for place in range(len(pairs))]
    columns = {
        "applicant": [applicant for applicant, _ in pairs],
        "blocks": [1 << block for _, block in pairs],
        "record_id": names,
        "content": names,
    }
    proposed = pl.DataFrame({"applicant": columns["applicant"], "block": [block for _, block in pairs]})
    counted = proposed.group_by("applicant", "block").agg(records=pl.len()).cast(PROPOSED)
    frame = pl.DataFrame(columns, PAIRS_KEPT)
    return ChunkResult(
        frame, frame.select("record_id", "content"), pl.DataFrame(), counted, Counts(len(pairs), len(pairs), {}, {})
    )


chunks = st.lists(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=8), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(chunks=chunks, killed=st.integers(0, 5))
def test_it_never_holds_more_than_the_caps_allow_whatever_comes_and_though_killed(
    chunks: list[list[tuple[int, int]]], killed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("work") / ".work"
    work = Workspace.open(folder, "scan", PLAN, resume=False)
    for place, pairs in enumerate(chunks):
        if place == killed:
            work = Workspace.open(folder, "scan", PLAN, resume=True)
        work.keep("tax", 0, place, proposing(*pairs, at=place))
        held = pl.concat(work.read("tax", "pairs"))
        records = pl.concat(work.read("tax", "records"))
        for count in held.group_by("applicant", "blocks").len().get_column("len"):
            assert count <= CAP
        assert set(records.get_column("record_id")) == set(held.get_column("record_id"))
    every = [pair for pairs in chunks for pair in pairs]
    cool = [pair for pair in every if every.count(pair) <= CAP]
    kept = work.kept("tax")
    assert sorted(kept.pairs.select("applicant", "blocks").rows()) == sorted((a, 1 << b) for a, b in cool)
    assert kept.candidates == len(cool)
    assert {(a, b): n for a, b, n in kept.flooded.rows()} == {p: every.count(p) for p in every if p not in cool}
