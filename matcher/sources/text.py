"""Text files of any encoding as UTF-8 in blocks of whole lines, and what their first lines tell of how they are written.

An undecodable byte becomes U+FFFD and so costs one value, never the file.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from matcher.errors import InputRefused
from matcher.sources.contract import fold
from matcher.sources.delivery import Feed
from matcher.sources.parts import Part, Stream
from matcher.sources.top import ROWS_LOOKED_AT, heading_row

SAMPLE_BYTES = 1 << 20
BLOCK_BYTES = 8 << 20
LONGEST_LINE = 64 << 20
"""What does not end within so many bytes is no line."""

DELIMITERS = ",\t;|"
DAMAGE_TOLERATED = 0.05
"""Share of the characters beyond ASCII that may be undecodable in a file of an encoding that nobody named."""

DAMAGE_OF_STRANGERS = 0.3
"""From this share on, a file was never written in the encoding: GB18030 read as UTF-8 is mostly undecodable."""

NULS_OF_UTF_16, NULS_OF_DAMAGE = 0.02, 0.002
"""From this share of NULs at even or at odd places on, and fewer at the others, a file is UTF-16 without its mark: each line
feed and delimiter has one."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "utf-8": "utf-8-sig"}
"""Encodings that are part of another: files called GBK often hold characters that only GB18030 has."""

_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?', re.I)
"""The line by which a spreadsheet says which mark stands between the fields."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a delimited text is written: encoding, the mark between fields, the headings, and how many lines they end."""

    encoding: str
    delimiter: str
    headings: list[str]
    lines_above: int


class LineTooLong(Exception):
    """No line ends for longer than any honest line is."""


def form(feed: Feed, part: Part) -> Form:
    """The form of a delimited part, from what feeds.toml says and its first lines.

    The mark is the one with which most headings are known, then the one with most fields. Raises InputRefused for an
    encoding or a beginning that cannot be understood.
    """
    encoding = encoding_of(part, feed.encoding)
    with part.stream() as stream:
        sample = b"".join(lines_of(io.BytesIO(stream.read(SAMPLE_BYTES)), encoding)).decode("utf-8", "replace")
    # the lines are those of lines_of, so that as many are passed over; a carriage return within one is no end
    lines = [line.removesuffix("\r").replace("\r", " ") for line in sample.split("\n")]
    said = _SEPARATOR_LINE.fullmatch(lines[0].strip())
    known = {*feed.contract.headings(), *map(fold, feed.columns.values())}
    best: tuple[tuple[int, int], Form] | None = None
    for delimiter in [said[1]] if said else DELIMITERS:
        rows = _first_rows(lines[bool(said) :], delimiter)
        place = heading_row([row for _, row in rows], feed)
        chosen = place if place is not None else 0
        if not rows:
            break
        end, headings = rows[chosen]
        merit = (len({fold(heading) for heading in headings} & known), len(headings))
        if best is None or merit > best[0]:
            best = merit, Form(encoding, delimiter, headings, bool(said) + end)
    if best is None:
        raise InputRefused("it holds no line of text", file=part.name, remedy="Ask the department to send it again")
    return best[1]


def encoding_of(part: Part, told: str | None = None) -> str:
    """The encoding to read a text with: the one that was told, else the one detected."""
    if told is None:
        return detect_encoding(part)
    try:
        name = codecs.lookup(told).name
        "".encode(name)
    except LookupError:
        raise InputRefused(
            f"{told} is no text encoding", file=part.name, remedy="Mend `encoding` in feeds.toml"
        ) from None
    return _WIDER.get(name, name)


def detect_encoding(part: Part) -> str:
    """The encoding of a text from its byte-order mark or its first megabyte: UTF-8, UTF-16, else GB18030 (so GBK too)."""
    with part.stream() as stream:
        sample = stream.read(SAMPLE_BYTES)
    for mark, encoding in _MARKS:
        if sample.startswith(mark):
            return encoding
    pairs = max(len(sample) // 2, 1)
    even, odd = sample[::2].count(0) / pairs, sample[1::2].count(0) / pairs
    if max(even, odd) >= NULS_OF_UTF_16 and min(even, odd) <= NULS_OF_DAMAGE:
        return "utf-16-le" if odd > even else "utf-16-be"
    as_utf8 = _damage(sample, "utf-8")
    if as_utf8 <= DAMAGE_TOLERATED:
        return "utf-8"
    if as_utf8 >= DAMAGE_OF_STRANGERS and _damage(sample, "gb18030") <= DAMAGE_TOLERATED:
        return "gb18030"
    raise InputRefused(
        "its encoding is neither UTF-8, UTF-16 nor GB18030",
        file=part.name,
        remedy="Say which it is with `encoding` in feeds.toml",
    )


def lines_of(stream: Stream | io.BytesIO, encoding: str, block_bytes: int = BLOCK_BYTES) -> Iterator[bytes]:
    """The text in UTF-8, without byte-order mark and NUL, in blocks that end with a line; the last one perhaps without.

    Lines end with a line feed or a carriage return and a line feed, or, where none of these comes first, with a carriage
    return alone. Bytes of UTF-8 pass as they are, damaged ones too. Raises LineTooLong where no line ends for too long.
    """
    decoder = None if encoding in ("utf-8", "utf-8-sig") else codecs.getincrementaldecoder(encoding)("replace")
    rest, first = b"", True
    returns_only: bool | None = None
    while True:
        came = stream.read(min(block_bytes, SAMPLE_BYTES) if first else block_bytes)
        block = decoder.decode(came, final=not came).encode("utf-8", "replace") if decoder else came
        if first:
            block = block.removeprefix(codecs.BOM_UTF8)
            first = False
        if b"\x00" in block:
            block = block.replace(b"\x00", b"")
        if returns_only is None and block:
            returns_only = b"\r" in block and b"\n" not in block
        if returns_only:
            block = block.replace(b"\r", b"\n")
        if not came:
            if rest or block:
                yield rest + block
            return
        end = block.rfind(b"\n") + 1
        if end:
            yield b"".join((rest, memoryview(block)[:end]))
            rest = block[end:]
            continue
        rest += block
        if len(rest) > LONGEST_LINE:
            raise LineTooLong


def _first_rows(lines: list[str], delimiter: str) -> list[tuple[int, list[str]]]:
    """The first rows that hold anything, each with the number of lines up to its end."""
    found: list[tuple[int, list[str]]] = []
    reader = csv.reader((line + "\n" for line in lines), delimiter=delimiter)
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                found.append((reader.line_num, [cell.strip("\r\n") for cell in row]))
            if len(found) == ROWS_LOOKED_AT:
                break
    except csv.Error:  # an open quotation mark: what came before it may be the header all the same
        pass
    return found


def _damage(sample: bytes, encoding: str) -> float:
    """The share of characters beyond ASCII that are none in this encoding; NUL never is one."""
    text = codecs.getincrementaldecoder(encoding)("replace").decode(sample, final=False)
    nuls = text.count("\x00")
    beyond = len(text) - len(text.encode("ascii", "ignore"))
    return (text.count("\ufffd") + nuls) / max(beyond + nuls, 1)
