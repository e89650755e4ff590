"""F-39: finished chunks survive, unfinished ones do not count, and two scans are never mixed."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from matcher.engines.workspace import PARTS, ChunkResult, Counts, Workspace
from matcher.errors import InputRefused


def result(value: int) -> ChunkResult:
    frame = pl.DataFrame({"value": [value]})
    return ChunkResult(frame, frame, frame, frame, Counts(rows_in=3, accepted=2, nulled={"phone": value}))


def test_a_kept_chunk_is_finished_and_read_back_in_order(tmp_path: Path) -> None:
    work = Workspace.open(tmp_path / ".work", "scan", resume=False)
    for file, chunk in [(1, 0), (0, 10), (0, 2)]:
        work.keep("vehicles", file, chunk, result(file * 100 + chunk))
    assert work.finished("vehicles", 0, 2)
    assert not work.finished("vehicles", 0, 3)
    assert work.counts("vehicles", 0, 10) == Counts(3, 2, {"phone": 10})
    for part in PARTS:
        assert [frame.item() for frame in work.read("vehicles", part)] == [2, 10, 100]


def test_a_chunk_without_its_counts_does_not_count(tmp_path: Path) -> None:
    work = Workspace.open(tmp_path / ".work", "scan", resume=False)
    work.keep("vehicles", 0, 0, result(1))
    next(work.folder.rglob("*.json")).unlink()  # killed between the frames and the counts
    assert not work.finished("vehicles", 0, 0)
    assert list(work.read("vehicles", "records")) == []


def test_resuming_keeps_and_starting_afresh_clears(tmp_path: Path) -> None:
    Workspace.open(tmp_path / ".work", "scan", resume=False).keep("vehicles", 0, 0, result(1))
    assert Workspace.open(tmp_path / ".work", "scan", resume=True).finished("vehicles", 0, 0)
    assert not Workspace.open(tmp_path / ".work", "scan", resume=False).finished("vehicles", 0, 0)


def test_another_scan_cannot_be_resumed(tmp_path: Path) -> None:
    Workspace.open(tmp_path / ".work", "scan", resume=False)
    with pytest.raises(InputRefused, match="without --resume"):
        Workspace.open(tmp_path / ".work", "other inputs", resume=True)


def test_resuming_where_nothing_was_begun_simply_begins(tmp_path: Path) -> None:
    assert not Workspace.open(tmp_path / ".work", "scan", resume=True).finished("vehicles", 0, 0)


def test_only_the_owner_reads_matched_rows_and_nothing_stays(tmp_path: Path) -> None:
    work = Workspace.open(tmp_path / ".work", "scan", resume=False)
    assert work.folder.stat().st_mode & 0o077 == 0
    work.remove()
    assert not work.folder.exists()
