"""`jiekun pairs export`, as an operator runs it."""

from __future__ import annotations

from pathlib import Path

from tests.api.commanding import run, settled


def test_where_nobody_judged_anything_the_file_is_empty_and_said_to_be(
    migrated_on_sqlite: str, tmp_path: Path
) -> None:
    place = settled(migrated_on_sqlite, tmp_path)
    out = tmp_path / "pairs.jsonl"
    assert "0 pairs" in run("pairs", "export", "--out", str(out), place=place).stderr
    assert out.read_text(encoding="utf-8") == ""
