"""`jiekun demo`, as a newcomer runs it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

SHOWN = ("Leads (to be verified by a person)", "findings: precision")
AGAIN = "used again"


def demo(folder: Path, households: int = 40) -> subprocess.CompletedProcess[str]:
    size = ["--households", str(households), "--records", "1500"]
    finished = subprocess.run(
        [sys.executable, "-c", "from api.cli import main; main()", "demo", "--no-serve", "--lang", "en",
         "--dir", str(folder), *size],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    assert all(words in finished.stdout for words in SHOWN)
    return finished


def test_the_demo_shows_what_was_found_and_is_used_again_until_it_differs(tmp_path: Path) -> None:
    assert AGAIN not in demo(tmp_path).stderr
    made = (tmp_path / "out" / "findings.parquet").stat().st_mtime_ns
    assert AGAIN in demo(tmp_path).stderr
    assert (tmp_path / "out" / "findings.parquet").stat().st_mtime_ns == made
    assert AGAIN not in demo(tmp_path, households=41).stderr


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("out/findings.parquet", Path.unlink),
        ("out/summary.json", Path.unlink),
        ("city/vehicles.parquet", empty),
        ("jiekun-demo.json", empty),
    ],
)
def test_a_demo_that_is_not_whole_begins_anew(name: str, damage: Callable[[Path], None], tmp_path: Path) -> None:
    demo(tmp_path)
    damage(tmp_path / name)
    assert AGAIN not in demo(tmp_path).stderr
    assert AGAIN in demo(tmp_path).stderr
