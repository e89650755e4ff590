"""`jiekun pairs export`, as an operator runs it."""

from __future__ import annotations

from pathlib import Path

from tests.api.test_cli import run


def test_where_nobody_judged_anything_the_file_is_empty_and_said_to_be(tmp_path: Path) -> None:
    place = {"JIEKUN_DATABASE_URL": f"sqlite:///{tmp_path}/jiekun.db", "JIEKUN_DATA_DIR": str(tmp_path / "data")}
    run("db", "upgrade", place=place)
    out = tmp_path / "pairs.jsonl"
    assert "0 pairs" in run("pairs", "export", "--out", str(out), place=place).stderr
    assert out.read_text(encoding="utf-8") == ""
