"""Tables for spreadsheets: what was written is read again, no cell is a formula, and a wrong cell is named by its place."""

from __future__ import annotations

import csv
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from api import sheets
from api.sheets import LIKE_FORMULAS, SheetRefused, Table

ATTACKS = ("=1+1", "+8613812345678", "-5", "@SUM(A1)", '=HYPERLINK("x")', "'quoted", "\tx".strip(), "＝1+1", "'=1")
CELLS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), max_size=12).map(str.strip)


@pytest.mark.parametrize("kind", ["folder", "book.xlsx"])
def test_what_was_written_is_read_again_and_the_file_is_its_owners_alone(tmp_path: Path, kind: str) -> None:
    rows = [("1", attack, "") for attack in ATTACKS]
    tables = [Table("户", ("编号", "值", "空"), rows), Table("人", ("编号",), [("7",)])]
    for path in sheets.write(tmp_path / kind, tables):
        path.chmod(0o644)
    written = sheets.write(tmp_path / kind, tables)
    assert {stat.S_IMODE(path.stat().st_mode) for path in written} == {0o600}
    read = sheets.read(tmp_path / kind)
    assert [(line.cells["编号"], line.cells["值"], line.cells.get("空", "")) for line in read["户"]] == rows
    assert [line.number for line in read["户"]] == list(range(2, len(rows) + 2))
    assert read["人"][0].cells == {"编号": "7"}


@given(st.lists(st.tuples(CELLS.filter(bool), CELLS), min_size=1, max_size=8))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
def test_any_text_comes_back_as_it_was(tmp_path: Path, rows: list[tuple[str, str]]) -> None:
    for kind in ("folder", "book.xlsx"):
        sheets.write(tmp_path / kind, [Table("t", ("a", "b"), rows)])
        assert [(line.cells["a"], line.cells.get("b", "")) for line in sheets.read(tmp_path / kind)["t"]] == rows


def test_a_spreadsheet_finds_no_formula(tmp_path: Path) -> None:
    table = Table("t", ("a",), [(attack,) for attack in ATTACKS])
    (path,) = sheets.write(tmp_path, [table])
    with path.open(encoding="utf-8-sig", newline="") as opened:
        cells = [row[0] for row in csv.reader(opened)][1:]
    assert all(not cell.startswith(LIKE_FORMULAS[:-4]) or cell.startswith("'") for cell in cells)
    (book,) = sheets.write(tmp_path / "book.xlsx", [table])
    raw = CalamineWorkbook.from_path(str(book)).get_sheet_by_name("t").to_python()
    assert [row[0] for row in raw][1:] == list(ATTACKS), "text, as it is"


def test_an_offices_gb18030_is_read(tmp_path: Path) -> None:
    (tmp_path / "户.csv").write_text("编号,姓名\r\n1,王小明\r\n", encoding="gb18030")
    assert sheets.read(tmp_path)["户"][0].cells == {"编号": "1", "姓名": "王小明"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a,a\n1,2\n", "row 1: a heading stands there twice"),
        (b"a,b\n1,2,3\n", "row 2: it has more cells"),
        (b"a\n\xff\xff\xff\n", "UTF-8 or GB18030"),
    ],
)
def test_what_cannot_be_read_is_named_by_its_place(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(SheetRefused, match=words):
        sheets.read(tmp_path)


def test_what_is_no_workbook_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.xlsx").write_bytes(b"PK no workbook")
    with pytest.raises(SheetRefused, match="no Excel file"):
        sheets.read(tmp_path / "t.xlsx")
    with pytest.raises(SheetRefused, match=r"an \.xlsx file, or a folder"):
        sheets.read(tmp_path / "t.ods")
