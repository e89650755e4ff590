"""`jiekun form` and `jiekun import --decided-by`, as an operator runs them; what is refused says where, and with which status."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from tests.api.numbers import numbered


@pytest.fixture
def office(tmp_path: Path) -> Path:
    """A folder with a register of one household, and a database beside it that it was taken over into."""
    where = tmp_path / "in"
    where.mkdir()
    home = {
        "household_id": "H1",
        "applied_on": "2024-03-01",
        "file_opened_on": "2024-04-01",
        "division_code": "410502",
    }
    head = {"person_id": "P1", "household_id": "H1", "name": "王大", "relation": "HEAD"}
    pl.DataFrame([home]).write_csv(where / "households.csv")
    pl.DataFrame([head | {"id_number": numbered("410502", "19700101", 11)}]).write_csv(where / "members.csv")
    for words in (
        ["db", "upgrade"],
        ["import", "in"],
        ["user", "add", "clerk", "--role", "CASEWORKER", "--division", "410502"],
    ):
        assert jiekun(tmp_path, *words).returncode == 0
    return tmp_path


def jiekun(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from api.cli import main; main()", *words],
        cwd=folder,
        env={
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "JIEKUN_DATABASE_URL": f"sqlite:///{folder}/jiekun.db",
            "JIEKUN_KEY_FILE": str(folder / "key"),
            "JIEKUN_DATA_DIR": str(folder / "data"),
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_form_goes_out_is_filled_in_and_comes_back(office: Path) -> None:
    out = jiekun(office, "form", "export", "out", "--by", "clerk")
    assert (out.returncode, "1 households, 0 further members" in out.stderr) == (0, True), out.stderr
    path = office / "out" / "困难职工家庭.csv"
    assert path.stat().st_mode & 0o077 == 0
    text = path.read_text(encoding="utf-8-sig").splitlines()
    headings, cells = (line.split(",") for line in text)
    assert cells[headings.index("姓名")] == "王大"
    cells[headings.index("住房类型")] = "租赁"
    path.write_text("\n".join([",".join(headings), ",".join(cells)]), encoding="gb18030")
    back = jiekun(office, "form", "import", "out", "--by", "clerk")
    assert (back.returncode, "1 of them changed" in back.stderr) == (0, True), back.stderr
    cells[headings.index("住房类型")] = "城堡"
    path.write_text("\n".join([",".join(headings), ",".join(cells)]), encoding="utf-8")
    refused = jiekun(office, "form", "import", "out", "--by", "clerk")
    assert refused.returncode == 3
    assert "困难职工家庭.csv, row 2, column 住房类型" in refused.stderr
    assert "王大" not in back.stderr + refused.stderr
    nobody = jiekun(office, "form", "export", "again", "--by", "nobody")
    assert (nobody.returncode, (office / "again").exists()) == (1, False)


def test_f_02_a_closing_is_told_and_left_to_people(office: Path) -> None:
    closed = pl.read_csv(office / "in" / "households.csv", infer_schema=False).with_columns(
        file_closed_on=pl.lit("2026-10-01")
    )
    closed.write_csv(office / "in" / "households.csv")
    told = jiekun(office, "import", "in")
    assert told.returncode == 0
    assert "of 1 it says what was not taken over" in told.stderr
    clerk = jiekun(office, "import", "in", "--decided-by", "clerk")
    assert clerk.returncode == 1
    assert "may decide on files" in clerk.stderr
