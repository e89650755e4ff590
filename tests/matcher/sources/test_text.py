"""Encodings found or told, and the stream of UTF-8 that any of them becomes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matcher.errors import InputRefused
from matcher.sources import text
from matcher.sources.contract import load
from matcher.sources.delivery import Feed
from matcher.sources.parts import Part

LINES = "姓名,住址\n" + "张伟,河南省安阳市文峰区人民大道\n" * 20


@pytest.mark.parametrize(
    ("encoding", "found"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("gb18030", "gb18030"), ("gbk", "gb18030"), ("utf-16", "utf-16"), ("utf-16-le", "utf-16-le"), ("utf-16-be", "utf-16-be"), ("ascii", "utf-8")],
)  # fmt: skip
def test_an_encoding_is_found(tmp_path: Path, encoding: str, found: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(("name,plate\n" if encoding == "ascii" else LINES).encode(encoding))
    assert text.detect_encoding(Part(path)) == found


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_few_bad_bytes_do_not_hide_the_encoding(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(LINES.encode(encoding) + b"\xff\xfe,x\n")
    assert text.detect_encoding(Part(path)) == encoding


@pytest.mark.parametrize("content", [b"\x80\xff" * 9, b"\x00\x00\x00\x81" * 9])
def test_what_is_none_of_them_asks_for_its_encoding(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(InputRefused, match="`encoding`"):
        text.detect_encoding(Part(path))


def test_much_damaged_utf8_is_not_taken_for_gb18030_which_it_would_pass_as(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"".join(mark.encode()[: None if place % 10 else 2] for place, mark in enumerate(LINES * 2)))
    with pytest.raises(InputRefused, match="`encoding`"):
        text.detect_encoding(Part(path))


def test_a_sample_may_end_within_a_character(tmp_path: Path) -> None:
    for encoding in ("utf-8", "gb18030"):
        path = tmp_path / encoding
        path.write_bytes(b"x" + LINES.encode(encoding) * (text.SAMPLE_BYTES // 400))
        assert path.stat().st_size > text.SAMPLE_BYTES
        assert text.detect_encoding(Part(path)) == encoding


@pytest.mark.parametrize("told", ["gbk", "GB2312", "cp936", "gb18030"])
def test_what_is_called_gbk_may_hold_what_only_gb18030_has(tmp_path: Path, told: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("𠮷".encode("gb18030"))
    with Part(path).stream() as stream:
        assert b"".join(text.lines_of(stream, text.encoding_of(Part(path), told))) == "𠮷".encode()


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\x00\ufeff\r")), st.integers(1, 9)
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_the_blocks_are_the_text_in_utf8_and_end_with_a_line(
    tmp_path: Path, encoding: str, written: str, size: int
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(written.encode(encoding))
    with Part(path).stream() as stream:
        blocks = list(text.lines_of(stream, encoding, block_bytes=max(size, 4)))
    assert b"".join(blocks).decode() == written
    assert all(block.endswith(b"\n") for block in blocks[:-1])


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_lines_may_end_in_any_way(tmp_path: Path, ending: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(ending.join(["姓名", "张伟", ""]).encode())
    with Part(path).stream() as stream:
        assert b"".join(text.lines_of(stream, "utf-8")).split() == ["姓名".encode(), "张伟".encode()]


@pytest.mark.parametrize(
    ("written", "delimiter", "headings", "lines_above"),
    [
        ("姓名,车牌号\n张伟,豫E1\n", ",", ["姓名", "车牌号"], 1),
        ("2024年机动车登记表\n单位：车管所，共2辆;附注\n\n姓名\t车牌号\n张伟\t豫E1\n", "\t", ["姓名", "车牌号"], 4),
        ("sep=;\n姓名;车牌号\n", ";", ["姓名", "车牌号"], 2),
        ('"姓\n名",车牌号\n', ",", ["姓\n名", "车牌号"], 2),
        ("车牌号|姓名, 全称|备注\n", "|", ["车牌号", "姓名, 全称", "备注"], 1),
        ("没有,人,知道\n", ",", ["没有", "人", "知道"], 1),
    ],
)
def test_the_form_is_told_by_the_first_lines(
    tmp_path: Path, written: str, delimiter: str, headings: list[str], lines_above: int
) -> None:
    (tmp_path / "vehicles.csv").write_text(written, encoding="utf-8")
    form = text.form(Feed("vehicles", load("vehicles"), ()), Part(tmp_path / "vehicles.csv"))
    assert (form.delimiter, form.headings, form.lines_above) == (delimiter, headings, lines_above)
