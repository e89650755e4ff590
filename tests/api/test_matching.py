"""F-1: the matcher runs apart from us, and sees nothing of ours."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import polars as pl
import pytest

from api import matching
from api.matching import scans


def test_a_scan_runs_as_a_process_of_its_own(tmp_path: Path) -> None:
    matching.run(["synth", "--out", str(tmp_path / "city"), "--households", "20", "--records", "300", "--quiet"])
    matching.run(["scan", str(tmp_path / "city"), "--out", str(tmp_path / "out"), "--quiet"])
    assert pl.read_parquet(tmp_path / "out" / "links.parquet").height > 0


def test_its_exit_status_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(matching.MatcherFailed) as failure:
        matching.run(["scan", "no-such-folder", "--out", "x"])
    assert failure.value.exit_status == 3
    assert "no-such-folder" in capfd.readouterr().err


def test_f_01_no_setting_or_secret_is_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = tmp_path / "environment"
    program = tmp_path / "program"
    program.write_text(f"#!{sys.executable}\nimport os\nopen({str(shown)!r}, 'w').write(repr(dict(os.environ)))\n")
    program.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(program))  # started in the matcher's stead, as the matcher would be
    secrets = {
        "JIEKUN_DATABASE_URL": "postgresql://secret",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "PGPASSWORD": "secret",
        "PYTHONPATH": "secret",
    }
    scans.run([], {**os.environ, **secrets})
    assert "PATH" in shown.read_text()
    assert "secret" not in shown.read_text()


def test_a_folder_called_matcher_where_we_stand_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "matcher").mkdir()
    for name in ("__init__.py", "__main__.py"):
        (tmp_path / "matcher" / name).write_text("raise SystemExit(99)\n")
    monkeypatch.chdir(tmp_path)
    matching.run(["rules", "P01"])


def test_the_programs_hash_is_the_same_until_the_program_differs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = tmp_path / "matcher" / "__init__.py"
    module.parent.mkdir()
    module.write_text("a = 1\n")
    spec = importlib.util.spec_from_file_location("matcher", module)
    monkeypatch.setattr(scans, "find_spec", lambda name: spec)
    first = scans.program_hash()
    (module.parent / "cached.pyc").write_text("x")
    assert scans.program_hash() == first
    module.write_text("a = 2\n")
    assert scans.program_hash() != first
