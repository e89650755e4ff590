"""Text files of any encoding as a stream of UTF-8, and what their first lines tell of encoding and delimiter.

An undecodable byte becomes U+FFFD and so costs one value, never the file.
"""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass
from pathlib import Path

from matcher.errors import InputRefused
from matcher.sources.delivery import Feed
from matcher.sources.parts import Part

SAMPLE_BYTES = 1 << 20
BLOCK_BYTES = 1 << 20
DELIMITERS = ",\t;|"
DAMAGE_TOLERATED = 0.05
"""Share of the characters beyond ASCII that may be undecodable in a file of an encoding that nobody named."""

DAMAGE_OF_STRANGERS = 0.3
"""From this share on, a file was never written in the encoding: GB18030 read as UTF-8 is mostly undecodable."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "utf-8": "utf-8-sig"}
"""Encodings that are part of another: files called GBK often hold characters that only GB18030 has."""


def encoding_of(file: Path, told: str | None = None) -> str:
    """The encoding to read a text file with: the one that was told, else the one detected."""
    if told is None:
        return detect_encoding(file)
    try:
        name = codecs.lookup(told).name
        "".encode(name)
    except LookupError:
        raise InputRefused(
            f"{told} is no text encoding", file=file.name, remedy="Mend `encoding` in feeds.toml"
        ) from None
    return _WIDER.get(name, name)


def detect_encoding(file: Path) -> str:
    """The encoding of a text file from its byte-order mark or its first megabyte: UTF-8, else GB18030 (so GBK too)."""
    with file.open("rb") as stream:
        sample = stream.read(SAMPLE_BYTES)
    for mark, encoding in _MARKS:
        if sample.startswith(mark):
            return encoding
    as_utf8 = _damage(sample, "utf-8")
    if as_utf8 <= DAMAGE_TOLERATED:
        return "utf-8"
    if as_utf8 >= DAMAGE_OF_STRANGERS and _damage(sample, "gb18030") <= DAMAGE_TOLERATED:
        return "gb18030"
    raise InputRefused(
        "its encoding is neither UTF-8, UTF-16 nor GB18030",
        file=file.name,
        remedy="Say which it is with `encoding` in feeds.toml",
    )


def header(file: Path, encoding: str) -> tuple[list[str], str]:
    """The headings of a delimited file, and its delimiter: the mark that stands in its first line most often."""
    try:
        with file.open("r", encoding=encoding, errors="replace", newline="") as stream:
            first = next((line for line in stream if line.strip()), "")
            delimiter = max(DELIMITERS, key=first.count)
            stream.seek(0)
            headings = next((row for row in csv.reader(stream, delimiter=delimiter) if any(row)), [])
    except csv.Error as error:
        raise InputRefused(
            "its first line is no header", file=file.name, remedy="Look there for an unclosed quotation mark"
        ) from error
    return headings, delimiter


@dataclass(frozen=True, slots=True)
class Form:
    """How a delimited text is written: its encoding, the mark between its fields, its headings as they stand there."""

    encoding: str
    delimiter: str
    headings: list[str]


def form(feed: Feed, part: Part) -> Form:
    """The form of a delimited part, from what feeds.toml says and its first lines. Raises InputRefused."""
    encoding = encoding_of(part.path, feed.encoding)
    headings, delimiter = header(part.path, encoding)
    return Form(encoding, delimiter, headings)


class Utf8Stream(io.RawIOBase):
    """A file of any encoding, read as UTF-8 bytes without byte-order mark and NUL, and `ending` after its last byte."""

    def __init__(self, file: Path, encoding: str, ending: str = "", block_bytes: int = BLOCK_BYTES) -> None:
        self._stream, self._size = file.open("rb"), file.stat().st_size
        self._block_bytes = block_bytes
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._ending = ending
        self._ended = False
        self._ready = memoryview(b"")

    def readable(self) -> bool:
        """Always: that is what it is for."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Up to `size` of the next bytes (all without it); none at the end."""
        if size < 0:
            return b"".join(iter(lambda: self.read(self._block_bytes), b""))
        while not self._ready and not self._ended:
            self._ready = memoryview(self._next())
        taken, self._ready = self._ready[:size], self._ready[size:]
        return bytes(taken)

    def share(self) -> float:
        """How much of the file has been read."""
        return self._stream.tell() / max(self._size, 1)

    def close(self) -> None:
        """Closes the file as well."""
        self._stream.close()
        super().close()

    def _next(self) -> bytes:
        block = self._stream.read(self._block_bytes)
        self._ended = not block
        text = self._decoder.decode(block, final=self._ended).replace("\x00", "")
        return (text + self._ending if self._ended else text).encode("utf-8", "replace")


def _damage(sample: bytes, encoding: str) -> float:
    """The share of characters beyond ASCII that are none in this encoding; NUL never is one."""
    text = codecs.getincrementaldecoder(encoding)("replace").decode(sample, final=False)
    nuls = text.count("\x00")
    beyond = len(text) - len(text.encode("ascii", "ignore"))
    return (text.count("\ufffd") + nuls) / max(beyond + nuls, 1)
