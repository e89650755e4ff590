"""Outputs appear whole, the same frames give the same bytes, and a folder that holds none says so."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from matcher import frames
from matcher.errors import InputRefused, UsageError
from matcher.plan import PERSONS
from matcher.report import files

EMPTY = {
    "links": frames.links(PERSONS.names),
    "findings": frames.FINDINGS,
    "coverage": frames.COVERAGE,
    "rejects": frames.REJECTS,
    "flooded": frames.FLOODED,
}


def tables() -> dict[str, pl.DataFrame]:
    made = {name: schema.to_frame() for name, schema in EMPTY.items()}
    ids = ["abc1", "abc2", "def3"]
    made["findings"] = pl.DataFrame({"finding_id": ids}).select(
        *(
            pl.col(name) if name == "finding_id" else pl.lit(None, dtype=kind).alias(name)
            for name, kind in frames.FINDINGS.items()
        )
    )
    return made


def test_equal_frames_give_equal_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        files.write_outputs(tmp_path / name, tables(), {"as_of": "2024-12-31"})
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()
    assert not list(tmp_path.rglob("*.part"))


def test_a_finding_is_found_by_its_unmistakable_beginning(tmp_path: Path) -> None:
    files.write_outputs(tmp_path, tables(), {})
    assert files.find(tmp_path, "DEF")["finding_id"] == "def3"
    with pytest.raises(UsageError, match="2 findings begin with 'abc'"):
        files.find(tmp_path, "abc")
    with pytest.raises(UsageError, match="0 findings"):
        files.find(tmp_path, "zzz")


def test_an_unfinished_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="no finished scan"):
        files.read_summary(tmp_path)


def test_where_there_is_no_room_the_earlier_scan_stands(tmp_path: Path) -> None:
    files.write_outputs(tmp_path, tables(), {"as_of": "2024-12-31"})
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    (tmp_path / "rejects.parquet.part").mkdir()  # here nothing can be written, like on a full disk
    with pytest.raises(OSError, match="rejects"):
        files.write_outputs(tmp_path, tables(), {"as_of": "2025-12-31"})
    (tmp_path / "rejects.parquet.part").rmdir()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
