"""Files as they should not come: every form that a department may send, in every state in which it may arrive.

A table of forty vehicles is first spoilt as a table (headings, rows, values), then written in a form, then damaged as
bytes. What is expected of each lies beside it in nasty.tsv.
"""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable, Iterator

import polars as pl
import xlsxwriter
import xlwt

Table = list[list[str]]
Form = Callable[[Table], bytes]

ROWS = 40
HEADINGS = ["姓名", "公民身份号码", "号牌号码", "车辆类型", "初次登记日期", "评估价值（元）"]
NAMES = ["张伟", "李娜", "王芳", "欧阳震华", "阿依古丽·买买提", "䶮小明", "陈静", "赵敏"]
VALUES = ["85000", "12,000.50", "3.5万元", "", "0", "无"]


def table() -> Table:
    """Headings and forty rows."""
    return [HEADINGS] + [
        [
            NAMES[row % len(NAMES)],
            f"4105021980{row % 12 + 1:02}{row % 28 + 1:02}{row:04}",
            f"豫E{10_000 + row}",
            "小型轿车" if row % 2 else "摩托车",
            f"20{row % 20 + 3:02}-{row % 12 + 1:02}-{row % 28 + 1:02}",
            VALUES[row % len(VALUES)],
        ]
        for row in range(ROWS)
    ]


def _delimited(encoding: str, mark: str = ",", ending: str = "\n", *, all_quoted: bool = False) -> Form:
    def write(rows: Table) -> bytes:
        def field(cell: str) -> str:
            needs = all_quoted or any(character in cell for character in (mark, '"', "\n", "\r"))
            return '"' + cell.replace('"', '""') + '"' if needs else cell

        return "".join(mark.join(map(field, row)) + ending for row in rows).encode(encoding)

    return write


def _ndjson(rows: Table) -> bytes:
    headings, *records = rows
    return "".join(
        json.dumps(dict(zip(headings, row, strict=False)), ensure_ascii=False) + "\n" for row in records
    ).encode()


def _parquet(rows: Table) -> bytes:
    headings, *records = rows
    out = io.BytesIO()
    pl.DataFrame(
        {
            heading: pl.Series([row[place] for row in records], dtype=pl.String)
            for place, heading in enumerate(headings)
        }
    ).write_parquet(out, row_group_size=10)
    return out.getvalue()


def _xlsx(rows: Table) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet("车辆")
        for place, row in enumerate(rows):
            for column, cell in enumerate(row):
                sheet.write_string(place, column, cell[:32_000])
    return out.getvalue()


def _xls(rows: Table) -> bytes:
    book, out = xlwt.Workbook(encoding="utf-8"), io.BytesIO()
    sheet = book.add_sheet("车辆")
    for place, row in enumerate(rows):
        for column, cell in enumerate(row):
            sheet.write(place, column, cell[:32_000])
    book.save(out)
    return out.getvalue()


def _gzip(inner: Form) -> Form:
    return lambda rows: gzip.compress(inner(rows), mtime=0)


def _zip(name: str, inner: Form) -> Form:
    def write(rows: Table) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0)), inner(rows))
        return out.getvalue()

    return write


FORMS: dict[str, Form] = {
    "vehicles_utf8.csv": _delimited("utf-8"),
    "vehicles_mark.csv": _delimited("utf-8-sig", ending="\r\n"),
    "vehicles_quoted.csv": _delimited("utf-8", all_quoted=True),
    "vehicles_gb18030.csv": _delimited("gb18030", ending="\r\n"),
    "vehicles_utf16.csv": _delimited("utf-16", mark=";"),
    "vehicles.tsv": _delimited("utf-8", mark="\t"),
    "vehicles.txt": _delimited("gb18030", mark="|", all_quoted=True),
    "vehicles.ndjson": _ndjson,
    "vehicles.parquet": _parquet,
    "vehicles.xlsx": _xlsx,
    "vehicles.xls": _xls,
    "vehicles.csv.gz": _gzip(_delimited("gb18030")),
    "vehicles.parquet.gz": _gzip(_parquet),
    "vehicles_csv.zip": _zip("车辆.csv", _delimited("gb18030")),
    "vehicles_xlsx.zip": _zip("车辆.xlsx", _xlsx),
}

SPOILT: dict[str, Callable[[Table], Table]] = {
    "as it should be": lambda rows: rows,
    "headings only": lambda rows: rows[:1],
    "headings of another table": lambda rows: [["甲", "乙", "丙", "丁", "戊", "己"], *rows[1:]],
    "no name column": lambda rows: [row[1:] for row in rows],
    "no headings": lambda rows: rows[1:],
    "headings again in the middle": lambda rows: [*rows[:20], rows[0], *rows[20:]],
    "a column that nobody knows": lambda rows: [
        [*row, "备注" if place == 0 else "x"] for place, row in enumerate(rows)
    ],
    "every value a placeholder": lambda rows: [rows[0], *[["无", "不详", "/", "—", "1900-01-01", "null"]] * ROWS],
    "values that cannot be read": lambda rows: [
        rows[0],
        *[[*row[:3], "飞船", "2023-02-30", "约一万"] for row in rows[1:]],
    ],
    "formulas, markup, marks, line breaks": lambda rows: [
        rows[0],
        *[[row[0], '=cmd|"/c calc"!A1', '<script>"豫E1"</script>', *row[3:5], "1,5\n00"] for row in rows[1:]],
    ],
    "a cell of a megabyte": lambda rows: [*rows[:5], [rows[5][0], "9" * (1 << 20), *rows[5][2:]], *rows[6:]],
    "numbers in full width": lambda rows: [rows[0], *[[_wide(cell) for cell in row] for row in rows[1:]]],
}

DAMAGED: dict[str, Callable[[bytes], bytes]] = {
    "nothing in it": lambda content: b"",
    "cut in half": lambda content: content[: len(content) // 2],
    "cut at the end": lambda content: content[:-7],
    "zeros at its beginning": lambda content: bytes(64) + content[64:],
    "zeros in its middle": lambda content: (
        content[: len(content) // 2] + bytes(64) + content[len(content) // 2 + 64 :]
    ),
    "ones in its middle": lambda content: (
        content[: len(content) // 2] + b"\xff" * 64 + content[len(content) // 2 + 64 :]
    ),
    "something behind its end": lambda content: content + b"\x01\x02<html>\xff" * 9,
    "another kind of file": lambda content: b"%PDF-1.7\n" + content,
}


def corpus() -> Iterator[tuple[str, str, bytes]]:
    """Every file: its name, its state, its bytes."""
    for name, form in FORMS.items():
        for state, spoil in SPOILT.items():
            yield name, state, form(spoil(table()))
        for state, damage in DAMAGED.items():
            yield name, state, damage(form(table()))


def _wide(cell: str) -> str:
    return "".join(chr(ord(character) + 0xFEE0) if "0" <= character <= "9" else character for character in cell)
