"""What a file is: from its first bytes where they say it, whatever it is called, else from the ending of its name."""

from __future__ import annotations

import codecs
import json

from matcher.errors import InputRefused

DELIMITED, NDJSON, PARQUET, WORKBOOKS = (
    (".csv", ".tsv", ".txt"),
    (".ndjson", ".jsonl", ".json"),
    (".parquet",),
    (".xlsx", ".xls"),
)
TABLES = (*PARQUET, *DELIMITED, *NDJSON, *WORKBOOKS)
"""Endings of the files that hold tables."""

HEAD_BYTES = 64 << 10
"""So many of the first bytes are looked at."""

GZIP, ZIP, OLE = b"\x1f\x8b", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP_OF_NOTHING = b"PK\x05\x06"

_SEND_TABLES = "Export the table as .xlsx, CSV or Parquet and send that"
_PACK_ANEW = "Unpack it, and send the tables in it as they are or packed as .zip"
_OPEN_IN_EXCEL = "Open it in Excel or WPS, save it as .xlsx and send that"

_STRANGERS: tuple[tuple[int, bytes, str, str], ...] = (
    (0, b"Rar!\x1a\x07", "a RAR archive", _PACK_ANEW),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _PACK_ANEW),
    (0, b"\xfd7zXZ\x00", "an xz archive", _PACK_ANEW),
    (0, b"\x28\xb5\x2f\xfd", "a zstd archive", _PACK_ANEW),
    (4, b"1AY&SY", "a bzip2 archive", _PACK_ANEW),
    (257, b"ustar", "a tar archive", _PACK_ANEW),
    (0, b"PARE", "an encrypted Parquet file", "Send it without encryption within the file"),
    (0, b"%PDF", "a PDF", _SEND_TABLES),
    (0, b"\x89PNG", "a picture", _SEND_TABLES),
    (0, b"\xff\xd8\xff", "a picture", _SEND_TABLES),
    (0, b"SQLite format 3\x00", "an SQLite database", _SEND_TABLES),
    (4, b"Standard Jet DB", "an Access database", _SEND_TABLES),
    (4, b"Standard ACE DB", "an Access database", _SEND_TABLES),
    (0, b"ARROW1", "an Arrow file", _SEND_TABLES),
)
_PAGES = ("<html", "<!doctype html", "<table", "<head", "<meta", "<style", "<body", "<div", "mime-version:")
_MARKS_16_32 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_NO_TEXT = bytes({*range(32)} - set(b"\t\n\v\f\r\x1a\x1b"))


def kind_of(head: bytes, name: str, ending: str) -> str:
    """The kind, one of TABLES, of what begins with these bytes and whose name ends so.

    Raises InputRefused, saying what it is, for what is no table of any kind, and for what was packed a second time.
    """
    if not head:
        raise InputRefused("the file is empty", file=name, remedy="Ask the department to send it again")
    for place, mark, what, remedy in _STRANGERS:
        if head.startswith(mark, place):
            raise InputRefused(f"it is {what}, whatever its name says", file=name, remedy=remedy)
    if head.startswith(b"PAR1"):
        return ".parquet"
    if head.startswith(OLE):
        return ".xls"
    if head.startswith(ZIP) and begins_workbook(head):
        return ".xlsx"
    if head.startswith((GZIP, ZIP, ZIP_OF_NOTHING)):
        raise InputRefused("it is an archive within an archive", file=name, remedy=_PACK_ANEW)
    text = _beginning(head)
    if text.startswith("<?xml") or text.startswith(_PAGES):
        said = "a web page" if "<html" in text or text.startswith(_PAGES) else "XML"
        raise InputRefused(f"it is {said}, and no table, whatever its name says", file=name, remedy=_OPEN_IN_EXCEL)
    if ending in WORKBOOKS and _is_text(head):
        return ".csv"
    if ending in DELIMITED and text.startswith("{") and _is_object(text):
        return ".ndjson"
    if ending not in TABLES:
        raise InputRefused(
            f"files of the kind {ending or 'without ending'} cannot be read", file=name, remedy=_SEND_TABLES
        )
    return ending


def begins_workbook(head: bytes) -> bool:
    """Whether the first member of a zip that begins so is one that workbooks begin with."""
    length = int.from_bytes(head[26:28], "little")
    return head[30 : 30 + length].startswith((b"[Content_Types].xml", b"_rels/", b"docProps/", b"xl/"))


def _beginning(head: bytes) -> str:
    """The first characters in lower case, without a byte-order mark and blanks before them."""
    encoding = "utf-16" if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8"
    return head.decode(encoding, "replace").lstrip("\ufeff \t\r\n").lower()


def _is_text(head: bytes) -> bool:
    return head.startswith(_MARKS_16_32) or len(head.translate(None, _NO_TEXT)) == len(head)


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text.split("\n", 1)[0]), dict)
    except (ValueError, RecursionError):
        return False
