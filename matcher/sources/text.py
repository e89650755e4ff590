"""Text files of any encoding as a stream of UTF-8, and what their first lines tell of encoding and delimiter.

An undecodable byte becomes U+FFFD and so costs one value, never the file.
"""

from __future__ import annotations

import codecs
import csv
import io
from pathlib import Path

from matcher.errors import InputRefused

SAMPLE_BYTES = 1 << 20
BLOCK_BYTES = 1 << 20
DELIMITERS = ",\t;|"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def detect_encoding(file: Path) -> str:
    """The encoding of a text file from its byte-order mark or its first megabyte: UTF-8, else GB18030 (of which GBK is part)."""
    with file.open("rb") as stream:
        sample = stream.read(SAMPLE_BYTES)
    for mark, encoding in _MARKS:
        if sample.startswith(mark):
            return encoding
    for encoding in ("utf-8", "gb18030"):
        try:
            codecs.getincrementaldecoder(encoding)("strict").decode(sample, final=False)
        except UnicodeDecodeError:
            continue
        return encoding
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
    except LookupError:
        raise InputRefused(f"{encoding} is no encoding", file=file.name, remedy="Mend it in feeds.toml") from None
    except csv.Error as error:
        raise InputRefused(f"its first line is no header ({error})", file=file.name) from error
    return headings, delimiter


class Utf8Stream(io.RawIOBase):
    """A file of any encoding, read as UTF-8 bytes without a byte-order mark."""

    def __init__(self, file: Path, encoding: str) -> None:
        self._stream = file.open("rb")
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._ready = b""

    def readable(self) -> bool:
        """Always: that is what it is for."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fills the buffer with the next bytes; 0 at the end."""
        while not self._ready:
            block = self._stream.read(BLOCK_BYTES)
            self._ready = self._decoder.decode(block, final=not block).replace("\x00", "").encode("utf-8", "replace")
            if not block:
                break
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def close(self) -> None:
        """Closes the file as well."""
        self._stream.close()
        super().close()
