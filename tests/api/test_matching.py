"""F-1: the matcher runs apart from us, and sees nothing of ours."""

from __future__ import annotations

import os
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


def test_no_setting_or_secret_is_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = tmp_path / "environment"
    package = tmp_path / "matcher"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "__main__.py").write_text(f"import os\nopen({str(shown)!r}, 'w').write(repr(dict(os.environ)))\n")
    monkeypatch.chdir(tmp_path)  # a process started here finds this package first
    secrets = {
        "JIEKUN_DATABASE_URL": "postgresql://secret",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "PGPASSWORD": "secret",
    }
    scans.run([], {**os.environ, **secrets})
    assert "secret" not in shown.read_text()
