"""Encodings found or told, and the stream of UTF-8 that any of them becomes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matcher.errors import InputRefused
from matcher.sources import text

LINES = "姓名,住址\n" + "张伟,河南省安阳市文峰区人民大道\n" * 20


@pytest.mark.parametrize(
    ("encoding", "found"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("gb18030", "gb18030"), ("gbk", "gb18030"), ("utf-16", "utf-16"), ("ascii", "utf-8")],
)  # fmt: skip
def test_an_encoding_is_found(tmp_path: Path, encoding: str, found: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(("name,plate\n" if encoding == "ascii" else LINES).encode(encoding))
    assert text.detect_encoding(path) == found


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_few_bad_bytes_do_not_hide_the_encoding(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(LINES.encode(encoding) + b"\xff\xfe,x\n")
    assert text.detect_encoding(path) == encoding


@pytest.mark.parametrize(
    "content", [LINES.encode("utf-16-le"), b"name,plate\n".decode().encode("utf-16-be"), b"\x80\xff" * 9]
)
def test_what_is_none_of_them_asks_for_its_encoding(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(InputRefused, match="`encoding`"):
        text.detect_encoding(path)


def test_much_damaged_utf8_is_not_taken_for_gb18030_which_it_would_pass_as(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"".join(mark.encode()[: None if place % 10 else 2] for place, mark in enumerate(LINES * 2)))
    with pytest.raises(InputRefused, match="`encoding`"):
        text.detect_encoding(path)


def test_a_sample_may_end_within_a_character(tmp_path: Path) -> None:
    for encoding in ("utf-8", "gb18030"):
        path = tmp_path / encoding
        path.write_bytes(b"x" + LINES.encode(encoding) * (text.SAMPLE_BYTES // 400))
        assert path.stat().st_size > text.SAMPLE_BYTES
        assert text.detect_encoding(path) == encoding


@pytest.mark.parametrize("told", ["gbk", "GB2312", "cp936", "gb18030"])
def test_what_is_called_gbk_may_hold_what_only_gb18030_has(tmp_path: Path, told: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("𠮷".encode("gb18030"))
    assert text.Utf8Stream(path, text.encoding_of(path, told)).read() == "𠮷".encode()


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\x00\ufeff")), st.integers(1, 7))
@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_the_stream_is_the_text_as_utf8_in_pieces_of_any_size(
    tmp_path: Path, encoding: str, written: str, size: int
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(written.encode(encoding))
    with text.Utf8Stream(path, encoding, ending="END", block_bytes=3) as stream:
        assert b"".join(iter(lambda: stream.read(size), b"")).decode() == written + "END"
