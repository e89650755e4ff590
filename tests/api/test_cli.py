"""`jiekun demo`, as a newcomer runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def demo(folder: Path) -> subprocess.CompletedProcess[str]:
    command = "from api.cli import main; main()"
    size = ["--households", "40", "--records", "1500"]
    return subprocess.run(
        [sys.executable, "-c", command, "demo", "--no-serve", "--dir", str(folder), "--lang", "en", *size],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_demo_writes_a_city_scans_it_and_shows_what_was_found(tmp_path: Path) -> None:
    first = demo(tmp_path)
    assert first.returncode == 0, first.stderr
    assert "Leads (to be verified by a person)" in first.stdout
    assert "findings: precision" in first.stdout
    made = (tmp_path / "out" / "findings.parquet").stat().st_mtime_ns

    again = demo(tmp_path)
    assert again.returncode == 0, again.stderr
    assert "there already" in again.stderr
    assert "Leads (to be verified by a person)" in again.stdout
    assert (tmp_path / "out" / "findings.parquet").stat().st_mtime_ns == made
