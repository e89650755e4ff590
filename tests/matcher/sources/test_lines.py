"""One JSON object a line: digits as written, keys that differ from line to line, and every line accounted for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matcher.errors import InputRefused
from matcher.sources import checks, feeds, lines
from matcher.sources.chunking import Chunk
from matcher.sources.delivery import open_folder
from matcher.sources.opening import tables

FIRST = '{"姓名":"张伟","车牌号":"豫E1"}'


def vehicles(folder: Path, rows: int = 1000) -> list[Chunk]:
    return list(feeds.chunks(open_folder(folder).feeds["vehicles"], rows))


def written(folder: Path, text: str, encoding: str = "utf-8", name: str = "vehicles.ndjson") -> None:
    (folder / name).write_bytes(text.encode(encoding))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("ending", ["", "\n", "\r\n", "\n\n \n"])
def test_every_encoding_and_ending_reads_the_same(tmp_path: Path, encoding: str, ending: str) -> None:
    written(
        tmp_path,
        ("\r\n" if ending == "\r\n" else "\n").join([FIRST, '{"姓名":"李娜","车牌号":"豫E2"}']) + ending,
        encoding,
    )
    (chunk,) = vehicles(tmp_path)
    assert chunk.frame.select("row_number", "name", "plate").rows() == [(1, "张伟", "豫E1"), (2, "李娜", "豫E2")]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ('"豫E1"', "豫E1"),
        ("410502198001011234567890", "410502198001011234567890"),
        ("1.10", "1.10"),
        ("1e3", "1e3"),
        ("-0", "-0"),
        ("true", "true"),
        ("false", "false"),
        ("null", None),
        ("NaN", None),
        ("-Infinity", None),
        ('""', ""),
        ('{"a":["甲",null]}', '{"a":["甲",null]}'),
        ("[]", "[]"),
        (r'"\u8c6b"', "豫"),
        (r'"a\ud800"', "a\ufffd"),
    ],
)
def test_a_value_as_text(tmp_path: Path, value: str, text: str | None) -> None:
    written(tmp_path, f'{FIRST}\n{{"姓名":"李娜","车牌号":{value}}}\n')
    blocks = [block for opened, _ in tables(open_folder(tmp_path).feeds["vehicles"]) for block in opened.blocks]
    assert pl.concat(blocks).get_column("plate").to_list() == ["豫E1", text]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("[1]", lines.NOT_AN_OBJECT),
        ("1", lines.NOT_AN_OBJECT),
        ("null", lines.NOT_AN_OBJECT),
        ('"姓名"', lines.NOT_AN_OBJECT),
        ("姓名,车牌号", lines.UNREADABLE_LINE),
        (FIRST[:-1], lines.UNREADABLE_LINE),
        (FIRST + FIRST, lines.UNREADABLE_LINE),
        ('{"姓名":"张伟",}', lines.UNREADABLE_LINE),
        ("{'姓名':'张伟'}", lines.UNREADABLE_LINE),
        ('{"姓名":"张\x01伟"}', lines.UNREADABLE_LINE),
        ('{"姓名":' + "[" * 100_000, lines.UNREADABLE_LINE),
        ('{"姓名":"张伟","姓名":"李娜"}', lines.DUPLICATE_KEY),
        ('{"姓名":"张伟","x":{"a":1,"a":2}}', lines.DUPLICATE_KEY),
    ],
)
def test_a_line_that_is_no_row_is_set_aside(tmp_path: Path, line: str, reason: str) -> None:
    written(tmp_path, f"{FIRST}\n\n{line}\n{FIRST}\n")
    (chunk,) = vehicles(tmp_path)
    assert chunk.frame.get_column("row_number").to_list() == [1, 3]
    assert chunk.rejects.select("row_number", "reason").rows() == [(2, f"{checks.SET_ASIDE}:{reason}")]


def test_each_row_takes_the_first_of_its_headings_that_holds_a_value(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"姓名": "甲", "车主": "乙", "name": "丙", "who": "丁"},
        {"who": None, "姓名": "甲", "name": "丙"},
        {"姓名": "甲", "Name": None, "公民身份号码 ": 1},
        {"号牌号码": "豫E1", "车牌号": "豫E2", "who": "丁"},
        {"vin": "late"},
    ]
    written(tmp_path, "\n".join(json.dumps(row, ensure_ascii=False) for row in rows))
    (chunk,) = vehicles(tmp_path)
    assert chunk.frame.select("row_number", "name", "id_number", "plate", "vin").rows() == [
        (1, "丙", None, None, None),
        (2, "丙", None, None, None),
        (3, "甲", "1", None, None),
        (4, None, None, "豫E2", None),
        (5, None, None, None, "late"),
    ]
    written(tmp_path, '[vehicles.columns]\nname = "who"\n', name="feeds.toml")
    (chunk,) = vehicles(tmp_path)
    assert chunk.frame.get_column("name").to_list() == ["丁", None, None, "丁", None]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[{"姓名":"张伟"}]', "one object a line"),
        ('{\n"姓名":"张伟"\n}\n', "one object a line"),
        ('{"data":[{"姓名":"张伟"}]}', "column name"),
        ('{"车牌号":"豫E1"}\n', "column name"),
        ("\n\n", "column name"),
        (f'{FIRST}\n{{"姓名":"{"x" * (17 << 20)}"}}', "row 2: this line is longer"),
        ('{"姓名":"张伟","价值":1}\n{"姓名":"张伟","价值（万元）":1}\n', "row 2, column value_yuan"),
    ],
    ids=range(7),
)
def test_what_is_no_such_text_is_refused(tmp_path: Path, text: str, said: str) -> None:
    written(tmp_path, text)
    with pytest.raises(InputRefused, match=said) as refused:
        vehicles(tmp_path)
    assert "张伟" not in str(refused.value)


def test_json_by_any_of_its_names(tmp_path: Path) -> None:
    for name in ("vehicles_1.jsonl", "vehicles_2.json", "vehicles_3.txt"):
        written(tmp_path, FIRST + "\n", name=name)
    assert [chunk.frame.item(0, "name") for chunk in vehicles(tmp_path)] == ["张伟"] * 3


def test_a_large_file_is_read_in_blocks(tmp_path: Path) -> None:
    written(
        tmp_path, "".join(f'{{"姓名":"张{row}","车牌号":"豫E{row}","x":"{"x" * 400}"}}\n' for row in range(30_000))
    )
    sizes = [
        (len(block), opened.share())
        for opened, _ in tables(open_folder(tmp_path).feeds["vehicles"])
        for block in opened.blocks
    ]
    assert (sum(rows for rows, _ in sizes), sizes[-1][1]) == (30_000, 1.0)
    assert len(sizes) > 2


cells = st.one_of(
    st.none(),
    st.text(alphabet='张伟王0123456789-/年月日.,元万"\n\r; \t?xX', max_size=10),
    st.integers(),
    st.booleans(),
)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.one_of(st.fixed_dictionaries({}, optional={"姓名": cells, "注册日期": cells, "价值": cells}), st.just("{"))
    ),
    st.integers(1, 4),
)
def test_rows_in_are_rows_accepted_plus_rows_set_aside(tmp_path: Path, rows: list[Any], size: int) -> None:
    written(tmp_path, "\n".join([FIRST, *(row if row == "{" else json.dumps(row) for row in rows)]))
    whole, pieces = vehicles(tmp_path), vehicles(tmp_path, size)
    for chunks in (whole, pieces):
        aside = sum(chunk.rejects["reason"].str.starts_with(checks.SET_ASIDE).sum() for chunk in chunks)
        assert sum(len(chunk.frame) for chunk in chunks) + aside == len(rows) + 1
    assert pl.concat(chunk.frame for chunk in pieces).equals(pl.concat(chunk.frame for chunk in whole))
