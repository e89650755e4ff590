"""`jiekun form` and `jiekun import --decided-by`, as an operator runs them; what is refused says where, and with which status."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from tests.api.commanding import run, settled
from tests.api.numbers import numbered


@pytest.fixture
def office(migrated_on_sqlite: str, tmp_path: Path) -> Path:
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
    settled(migrated_on_sqlite, tmp_path)
    for words in (
        ["import", str(where)],
        ["user", "add", "clerk", "--role", "CASEWORKER", "--division", "410502"],
    ):
        jiekun(tmp_path, *words)
    return tmp_path


def jiekun(folder: Path, *words: str, expect: int = 0) -> str:
    """What a command says that is told this folder's service."""
    place = {
        "JIEKUN_DATABASE_URL": f"sqlite:///{folder}/jiekun.db",
        "JIEKUN_KEY_FILE": str(folder / "key"),
        "JIEKUN_DATA_DIR": str(folder / "data"),
    }
    return run(*words, expect=expect, place=place).stderr


def test_the_form_goes_out_is_filled_in_and_comes_back(office: Path) -> None:
    out = office / "out"
    assert "1 households, 0 further members" in jiekun(office, "form", "export", str(out), "--by", "clerk")
    path = out / "困难职工家庭.csv"
    assert path.stat().st_mode & 0o077 == 0
    text = path.read_text(encoding="utf-8-sig").splitlines()
    headings, cells = (line.split(",") for line in text)
    assert cells[headings.index("姓名")] == "王大"
    cells[headings.index("住房类型")] = "租赁"
    path.write_text("\n".join([",".join(headings), ",".join(cells)]), encoding="gb18030")
    back = jiekun(office, "form", "import", str(out), "--by", "clerk")
    assert "1 of them changed" in back
    cells[headings.index("住房类型")] = "城堡"
    path.write_text("\n".join([",".join(headings), ",".join(cells)]), encoding="utf-8")
    refused = jiekun(office, "form", "import", str(out), "--by", "clerk", expect=3)
    assert "困难职工家庭.csv, row 2, column 住房类型" in refused
    assert "王大" not in back + refused
    jiekun(office, "form", "export", str(office / "again"), "--by", "nobody", expect=1)
    assert not (office / "again").exists()


def test_f_02_a_closing_is_told_and_left_to_people(office: Path) -> None:
    closed = pl.read_csv(office / "in" / "households.csv", infer_schema=False).with_columns(
        file_closed_on=pl.lit("2026-10-01")
    )
    closed.write_csv(office / "in" / "households.csv")
    where = str(office / "in")
    assert "of 1 it says what was not taken over" in jiekun(office, "import", where)
    assert "may decide on files" in jiekun(office, "import", where, "--decided-by", "clerk", expect=1)
