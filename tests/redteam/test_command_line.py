"""The table through the command line: the same folder, the same answers (safeguard F-36)."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pytest

from tests.redteam import folder, table, verdict
from tests.redteam.table import Case
from tests.redteam.verdict import Finding

ALONE = ("the-twin-sisters-car", "widow-of-a-dead-head", "lead-h05-car", "lead-n01-one-account")
"""Cases that are scanned by themselves as well: what surrounds a case must not decide about it."""


def scan(path: Path, out: Path) -> Mapping[str, list[Finding]]:
    done = subprocess.run(
        [sys.executable, "-m", "matcher", "scan", str(path), "--out", str(out), "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    findings = pl.read_parquet(out / "findings.parquet")
    assert json.loads(done.stdout) == json.loads((out / "summary.json").read_text(encoding="utf-8"))
    return verdict.by_case(findings.to_dicts())


@pytest.fixture(scope="module")
def found(redteam_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, list[Finding]]:
    return scan(redteam_folder, tmp_path_factory.mktemp("command-line"))


@pytest.mark.parametrize("case", table.load(), ids=lambda case: case.id)
def test_the_same_answer(found: Mapping[str, list[Finding]], case: Case) -> None:
    assert not verdict.complaints(case, found.get(case.id, []))


@pytest.mark.parametrize("case", [case for case in table.load() if case.id in ALONE], ids=lambda case: case.id)
def test_the_same_answer_alone(tmp_path: Path, case: Case) -> None:
    folder.write_folder([case], tmp_path / "in")
    assert not verdict.complaints(case, scan(tmp_path / "in", tmp_path / "out").get(case.id, []))
