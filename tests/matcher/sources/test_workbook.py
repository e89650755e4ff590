"""Workbooks as clerks make them: titles above, totals below, several sheets, numbers that Excel broke; nothing lost."""

from __future__ import annotations

import datetime as dt
import gzip
import struct
import warnings
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matcher.errors import InputRefused
from matcher.sources import checks, feeds, footers, workbook
from matcher.sources.chunking import Chunk
from matcher.sources.contract import load
from matcher.sources.delivery import Feed, open_folder
from matcher.sources.top import heading_row, heading_rows

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import xlwt

Row = Sequence[Any]
DAY, MOMENT, SPAN = "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss", "[h]:mm:ss"


def xlsx(path: Path, sheets: Mapping[str, Sequence[Row]], **options: Any) -> Path:
    """A workbook; a pair in a cell is a value and its format, None an empty cell."""
    with xlsxwriter.Workbook(str(path), {"strings_to_numbers": False, **options}) as book:
        formats = {form: book.add_format({"num_format": form}) for form in (DAY, MOMENT, SPAN)}
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for place, row in enumerate(rows):
                for column, cell in enumerate(row):
                    value, form = cell if isinstance(cell, tuple) else (cell, None)
                    if isinstance(value, str) and value.startswith("="):
                        sheet.write_formula(place, column, value, None, "#N/A")
                    elif isinstance(value, str):
                        sheet.write_string(place, column, value)
                    elif isinstance(value, (dt.date, dt.time)):
                        sheet.write_datetime(place, column, value, formats[form or DAY])
                    elif value is not None:
                        sheet.write(place, column, value, formats.get(form))
    return path


def xls(path: Path, rows: Sequence[Row]) -> Path:
    book = xlwt.Workbook()
    sheet = book.add_sheet("S")
    for place, row in enumerate(rows):
        for column, cell in enumerate(row):
            if cell is not None:
                sheet.write(place, column, cell)
    book.save(str(path))
    return path


def parquet(path: Path) -> bytes:
    pl.DataFrame({"姓名": ["张伟"], "车牌号": ["豫E1"]}).write_parquet(path)
    return path.read_bytes()


def vehicles(folder: Path, rows: int = 1000) -> list[Chunk]:
    return list(feeds.chunks(open_folder(folder).feeds["vehicles"], rows))


def accepted(folder: Path, *columns: str) -> list[tuple[Any, ...]]:
    return [row for chunk in vehicles(folder) for row in chunk.frame.select("row_number", *columns).rows()]


def aside(folder: Path) -> list[tuple[str, int, str]]:
    chunks = vehicles(folder)
    found = [row for chunk in chunks for row in chunk.rejects.select("file", "row_number", "reason").rows()]
    assert sum(chunk.rows_in for chunk in chunks) == sum(len(chunk.frame) for chunk in chunks) + sum(
        reason.startswith(checks.SET_ASIDE) for _, _, reason in found
    )
    return [(file.removeprefix("vehicles.xlsx/"), row, reason.partition(":")[2]) for file, row, reason in found]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("", None),
        (" a ", " a "),
        (5.0, "5"),
        (-5.0, "-5"),
        (12.5, "12.5"),
        (0.1 + 0.2, "0.3"),
        (1e-7, "0.0000001"),
        (float(1 << 53), "9007199254740992"),
        (410502198001011234.0, "4.10502198001011E+17"),
        (float("nan"), None),
        (True, "true"),
        (False, "false"),
        (dt.date(2024, 3, 4), "2024-03-04"),
        (dt.datetime(2024, 3, 4, 5, 6, 7), "2024-03-04 05:06:07"),  # noqa: DTZ001 - a cell has no zone
        (dt.time(5, 6, 7), "05:06:07"),
        (dt.time(0, 0), "0"),
        (dt.timedelta(days=1, hours=2), "1 day, 2:00:00"),
    ],
)
def test_a_cell_as_text(cell: Any, text: str | None) -> None:
    assert workbook.as_text(cell) == text


def test_typed_cells_become_what_they_mean(tmp_path: Path) -> None:
    moment = (dt.datetime(2019, 3, 4, 5, 6), MOMENT)  # noqa: DTZ001 - a cell has no zone
    rows: list[Row] = [
        ["姓名", "身份证号", "车牌号", "注册日期", "价值", "电话"],
        ["张伟", 410502198001011234, "豫E1", dt.date(2020, 5, 6), 85000, 13800138000],
        ["李娜", "410502198001011234", "豫E2", moment, 0.1 + 0.2, None],
        ["王芳", "=NA()", 12345, 43831, "1.2万元", ""],
        ["赵敏", None, True, (0, DAY), "=1/0", None],
    ]
    xlsx(tmp_path / "vehicles.xlsx", {"机动车": rows})
    assert accepted(tmp_path, "name", "id_number", "plate", "registered_on", "phone") == [
        (1, "张伟", "4.10502198001011E+17", "豫E1", dt.date(2020, 5, 6), "13800138000"),
        (2, "李娜", "410502198001011234", "豫E2", dt.date(2019, 3, 4), None),
        (3, "王芳", None, "12345", dt.date(2020, 1, 1), None),
        (4, "赵敏", None, "true", None, None),
    ]
    (chunk,) = vehicles(tmp_path)
    assert [None if value is None else float(value) for value in chunk.frame["value_yuan"]] == [
        85000,
        0.3,
        12000,
        None,
    ]
    assert chunk.rejects.is_empty()


@pytest.mark.parametrize("options", [{}, {"date_1904": True}])
def test_dates_of_either_calendar(tmp_path: Path, options: dict[str, Any]) -> None:
    rows: list[Row] = [["姓名", "注册日期"], ["张伟", dt.date(2020, 5, 6)]]
    xlsx(tmp_path / "vehicles.xlsx", {"S": rows}, **options)
    assert accepted(tmp_path, "registered_on") == [(1, dt.date(2020, 5, 6))]


FORMS: dict[str, list[Row]] = {
    "plain": [["姓名", "车牌号"]],
    "title": [["机动车登记表"], ["姓名", "车牌号"]],
    "title and remark": [["机动车登记表"], [], ["单位：某市车管所", None, "2024年"], ["序号", "姓名", "车牌号"]],
    "group titles": [["车主信息", None, "车辆信息"], ["姓名", "身份证号", "车牌号"]],
    "merged over both rows": [["姓名", "车辆信息"], [None, "车牌号", "车辆类型"]],
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("shift", [(0, 0), (3, 2)])
def test_the_headings_are_found_below_titles(tmp_path: Path, form: str, shift: tuple[int, int]) -> None:
    above = FORMS[form]
    width = ["姓名", "车牌号", "车辆类型"] if form == "merged over both rows" else above[-1]
    filled = {"姓名": "张伟", "车牌号": "豫E1"}
    body: list[Row] = [[filled.get(heading) for heading in width], [], [filled.get(heading) for heading in width]]
    rows: list[Row] = [*[()] * shift[0], *([None] * shift[1] + list(row) for row in [*above, *body])]
    xlsx(tmp_path / "vehicles.xlsx", {"S": rows})
    assert accepted(tmp_path, "name", "plate") == [(1, "张伟", "豫E1"), (3, "张伟", "豫E1")]


def test_groups_of_two_parties_are_called_by_both_rows(tmp_path: Path) -> None:
    rows: list[Row] = [
        ["男方", None, "女方", None, "登记日期", "登记类型"],
        ["姓名", "身份证号", "姓名", "身份证号", None, None],
        ["张伟", "410502198001011234", "李娜", "410502198001011226", dt.date(2020, 5, 6), "结婚"],
    ]
    xlsx(tmp_path / "marriage.xlsx", {"S": rows})
    chunk = feeds.read_all(open_folder(tmp_path).feeds["marriage"])
    assert chunk.frame.select("a_name", "a_id_number", "b_name", "b_id_number", "event").rows() == [
        ("张伟", "410502198001011234", "李娜", "410502198001011226", "MARRIED")
    ]


@pytest.mark.parametrize(
    ("rows", "place", "place_of_two"),
    [
        ([], None, None),
        ([["a", "b"]], None, None),
        ([["姓名"]], 0, 0),
        ([["姓名", "x"], ["姓名", "车牌号"]], 1, 1),
        ([["姓名", "车牌号"], ["姓名", "车牌号"]], 0, 0),
        ([["姓名", "车牌号", "状态"], ["张伟", "", ""]], 0, 0),
        ([["姓名", "车牌号", ""], ["", "", "状态"]], 0, 1),
        ([["x"]] * 30 + [["姓名"]], None, None),
    ],
)
def test_where_a_table_begins(rows: list[list[str]], place: int | None, place_of_two: int | None) -> None:
    feed = Feed("vehicles", load("vehicles"), ())
    found = heading_rows(rows, feed)
    assert (heading_row(rows, feed), None if found is None else found[0]) == (place, place_of_two)


HEAD = ["序号", "姓名", "身份证号", "车牌号", "备注"]
PERSON = [1, "张伟", "410502198001011234", "豫E1", None]


@pytest.mark.parametrize(
    ("row", "is_footer"),
    [
        (["合计", None, None, 2, None], True),
        (["合  计", None, None, 2, None], True),
        ([None, "总计：2人", None, None, None], True),
        ([None, None, None, "小计", "3"], True),
        (["填表人：", "王五", "审核人：", "赵六", None], True),
        (["制表日期：2024年1月1日", None, None, None, None], True),
        (["备注：本表一式两份", None, None, None, None], True),
        ([None, "注：以上为全部", None, None, None], True),
        (["备注", "张伟", None, "豫E1", None], False),  # somebody's, whatever stands before the name
        (["合计", None, "410502198001011234", None, None], False),
        ([3, "计红", None, None, "合计"], False),
        ([3, "合计", None, None, None], False),
    ],
)
def test_what_stands_below_a_table_is_set_aside(tmp_path: Path, row: Row, is_footer: bool) -> None:
    xlsx(tmp_path / "vehicles.xlsx", {"S": [HEAD, PERSON, [], row]})
    assert len(accepted(tmp_path, "name")) == (1 if is_footer else 2)
    assert aside(tmp_path) == ([("S", 3, footers.FOOTER)] if is_footer else [])


def test_headings_repeated_by_a_glued_sheet_are_no_person(tmp_path: Path) -> None:
    xlsx(
        tmp_path / "vehicles.xlsx",
        {"S": [["姓名", "车牌号"], ["张伟", "豫E1"], ["姓名", "车牌号"], ["李娜", "豫E2"]]},
    )
    assert accepted(tmp_path, "name") == [(1, "张伟"), (3, "李娜")]
    assert aside(tmp_path) == [("S", 2, "HEADER_AGAIN")]


def test_a_name_merged_over_rows_is_that_of_each_and_an_amount_is_not(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "vehicles.xlsx")) as book:
        sheet = book.add_worksheet()
        sheet.write_row(2, 1, ["姓名", "车牌号", "价值"])
        sheet.write_column(3, 2, ["豫E1", "豫E2", None, "豫E4", "豫E5"])
        sheet.merge_range(3, 1, 6, 1, "张伟")
        sheet.merge_range(3, 3, 5, 3, 500)
    assert accepted(tmp_path, "name", "plate", "value_yuan") == [
        (1, "张伟", "豫E1", 500),
        (2, "张伟", "豫E2", None),
        (4, "张伟", "豫E4", None),
        (5, None, "豫E5", None),
    ]


def test_a_byte_changed_in_a_stored_sheet_is_found(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "vehicles.xlsx", {"S": [["姓名", "价值"], ["张伟", 123456789]]})
    with zipfile.ZipFile(path) as book:
        inside = {name: book.read(name) for name in book.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as book:
        for name, content in inside.items():
            book.writestr(name, content)
    path.write_bytes(path.read_bytes().replace(b"123456789", b"923456789"))
    with pytest.raises(InputRefused, match="no whole workbook"):
        vehicles(tmp_path)


TABLE = [["姓名", "车牌号"], ["张伟", "豫E1"]]


@pytest.mark.parametrize(
    ("sheets", "names", "lost"),
    [
        ({"甲": TABLE, "乙": TABLE}, ["甲", "乙"], []),
        ({"空": [], "乙": TABLE}, ["乙"], []),
        ({"说明": [["请如实填写"], [], ["谢谢"]], "乙": TABLE}, ["乙"], [("说明", 1), ("说明", 3)]),
        ({"乙": TABLE, "码表": [["姓名"], ["车牌号"]]}, ["乙"], [("码表", 1), ("码表", 2)]),
        ({"甲": [["姓名"], ["张伟"]]}, ["甲"], []),
        ({"甲": [["姓名"], ["张伟"]], "乙": [["x"]]}, ["甲"], [("乙", 1)]),
    ],
)
def test_every_sheet_is_a_table_or_set_aside(
    tmp_path: Path, sheets: dict[str, Sequence[Row]], names: list[str], lost: list[tuple[str, int]]
) -> None:
    xlsx(tmp_path / "vehicles.xlsx", sheets)
    chunks = vehicles(tmp_path)
    assert [chunk.file.partition("/")[2] for chunk in chunks if len(chunk.frame)] == names
    assert aside(tmp_path) == [(name, row, workbook.SHEET_WITHOUT_HEADINGS) for name, row in lost]
    assert chunks[-1].bytes_read <= (tmp_path / "vehicles.xlsx").stat().st_size


def test_a_table_that_lacks_a_column_refuses_the_workbook(tmp_path: Path) -> None:
    xlsx(tmp_path / "vehicles.xlsx", {"甲": TABLE, "乙": [["车牌号", "车辆类型"], ["豫E1", "货车"]]})
    with pytest.raises(InputRefused, match=r"vehicles\.xlsx/乙, column name"):
        vehicles(tmp_path)


def test_doubled_headings_nobody_needs_do_no_harm(tmp_path: Path) -> None:
    xlsx(tmp_path / "vehicles.xlsx", {"S": [["姓名", "备注", "备注", None, 2024], ["张伟", "a", "b", "c", "d"]]})
    assert accepted(tmp_path, "name") == [(1, "张伟")]


def encrypted_package(path: Path) -> None:
    """A compound file as Excel writes it around an encrypted workbook: its directory names the package."""
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0) + struct.pack("<I", 0)
    fat = struct.pack("<II", 0xFFFFFFFD, 0xFFFFFFFE)
    directory = b"".join(
        (name.encode("utf-16-le").ljust(64, b"\0") + struct.pack("<HB", 2 * len(name) + 2, kind)).ljust(128, b"\0")
        for name, kind in (("Root Entry", 5), ("EncryptedPackage", 2))
    )
    path.write_bytes(header.ljust(512, b"\xff") + fat.ljust(512, b"\xff") + directory.ljust(512, b"\0") + bytes(4096))


def test_an_encrypted_workbook_is_refused(tmp_path: Path) -> None:
    encrypted_package(tmp_path / "vehicles.xlsx")
    with pytest.raises(InputRefused, match="encrypted"):
        vehicles(tmp_path)


def test_an_encrypted_workbook_of_the_old_kind_is_refused(tmp_path: Path) -> None:
    path = xls(tmp_path / "vehicles.xls", TABLE)
    content = path.read_bytes()
    place = content.index(struct.pack("<HH", 0xE1, 2), content.index(struct.pack("<HH", 0x809, 16)))
    path.write_bytes(content[:place] + struct.pack("<H", 0x2F) + content[place + 2 :])  # FILEPASS
    with pytest.raises(InputRefused, match="encrypted"):
        vehicles(tmp_path)


@pytest.mark.parametrize("name", ["vehicles.xlsx", "vehicles.xls"])
@pytest.mark.parametrize("keep", [0.3, 0.7, 0.95])
def test_a_workbook_cut_off_is_refused(tmp_path: Path, name: str, keep: float) -> None:
    rows = [["姓名", "车牌号"], *([f"张{number}", f"豫E{number * 7919 % 100_000}"] for number in range(300))]
    path = xlsx(tmp_path / name, {"S": rows}) if name.endswith("x") else xls(tmp_path / name, rows)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    with pytest.raises(InputRefused, match=r"vehicles\.xls"):
        vehicles(tmp_path)


def test_a_sheet_that_no_memory_holds_ends_only_its_reader(tmp_path: Path) -> None:
    path = tmp_path / "vehicles.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, TABLE[0])
        sheet.write(1_048_575, 16_383, "x")
    with pytest.raises(InputRefused, match=r"vehicles\.xlsx"):
        vehicles(tmp_path)
    xlsx(path, {"S": TABLE})
    assert accepted(tmp_path, "name") == [(1, "张伟")]


def test_a_workbook_that_unpacks_to_far_too_much_is_refused(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "vehicles.xlsx", {"S": TABLE})
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as book, book.open("xl/media/a.bin", "w") as member:
        for _ in range(80):
            member.write(bytes(1 << 20))
    with pytest.raises(InputRefused, match="unpack"):
        vehicles(tmp_path)


CONTENTS: dict[str, Callable[[Path], bytes]] = {
    "xlsx": lambda folder: xlsx(folder / "made", {"S": TABLE}).read_bytes(),
    "xls": lambda folder: xls(folder / "made", TABLE).read_bytes(),
    "csv": lambda folder: "姓名,车牌号\n张伟,豫E1\n".encode("gb18030"),
    "tabs": lambda folder: "姓名\t车牌号\n张伟\t豫E1\n".encode("utf-16"),
    "parquet": lambda folder: parquet(folder / "made"),
    "ndjson": lambda folder: '{"姓名":"张伟","车牌号":"豫E1"}\n'.encode(),
}


@pytest.mark.parametrize("content", CONTENTS)
@pytest.mark.parametrize("ending", [".xlsx", ".xls", ".csv", ".csv.gz", ".xls.gz"])
def test_the_content_says_what_it_is_whatever_the_name_says(tmp_path: Path, content: str, ending: str) -> None:
    if content == "ndjson" and ".xls" in ending:
        return  # text called a workbook is delimited
    inside = CONTENTS[content](tmp_path)
    (tmp_path / "made").unlink(missing_ok=True)
    (tmp_path / f"vehicles{ending}").write_bytes(gzip.compress(inside) if ending.endswith(".gz") else inside)
    assert accepted(tmp_path, "name", "plate") == [(1, "张伟", "豫E1")]
    assert feeds.row_count(open_folder(tmp_path).feeds["vehicles"]) == 1


@pytest.mark.parametrize(
    "content",
    [
        "<html><body><table><tr><td>姓名</td></tr></table></body></html>".encode("gb18030"),
        "\ufeff\r\n <!DOCTYPE html><table>".encode("utf-16-le"),
        b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>',
        b"MIME-Version: 1.0\r\nContent-Type: multipart/related",
    ],
)
def test_a_page_called_a_workbook_is_refused_with_what_to_do(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "vehicles.xls").write_bytes(content)
    with pytest.raises(InputRefused, match=r"save it as \.xlsx"):
        vehicles(tmp_path)


cells = st.text(alphabet='张伟王0123456789-/年月日.,元万"; \t?xX', max_size=10)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(cells, cells, cells, cells), max_size=8), st.integers(1, 4))
def test_one_table_reads_the_same_from_workbooks_and_text(
    tmp_path: Path, rows: list[tuple[str, str, str, str]], size: int
) -> None:
    table = [("张" + name, *rest) for name, *rest in rows]  # a row without anything is no row in a workbook
    headings = ("姓名", "注册日期", "价值", "状态")
    made = []
    for kind in ("csv", "xlsx", "xls"):
        folder = tmp_path / kind
        folder.mkdir(exist_ok=True)
        if kind == "csv":
            frame = pl.DataFrame(table, schema=dict.fromkeys(headings, pl.String), orient="row")
            (folder / "vehicles.csv").write_bytes(frame.write_csv(quote_style="always").encode())
        elif kind == "xlsx":
            xlsx(folder / "vehicles.xlsx", {"S": [headings, *table]})
        else:
            xls(folder / "vehicles.xls", [headings, *table])
        made.append(vehicles(folder, size))
    for chunks in made[1:]:
        assert len(chunks) == len(made[0])
        for chunk, other in zip(chunks, made[0], strict=True):
            assert chunk.frame.equals(other.frame)
            assert chunk.rejects.drop("file").equals(other.rejects.drop("file"))
            assert (chunk.rows_in, chunk.nulled) == (other.rows_in, other.nulled)
