"""What a file is, is told by its first bytes: its name, and what a client says of it, count for nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.domain.attachments import EXTENSIONS, HEAD, HEIC, JPEG, PDF, PNG, TIFF, media_type


def box(brand: bytes, *compatible: bytes) -> bytes:
    content = b"ftyp" + brand + bytes(4) + b"".join(compatible)
    return (len(content) + 4).to_bytes(4, "big") + content + b"\x00\x00\x10\x00meta"


TABLE: dict[str, tuple[bytes, str | None]] = {
    "a PDF": (b"%PDF-1.7\n%\xe2\xe3", PDF),
    "a JPEG of a camera": (b"\xff\xd8\xff\xe1\x00\x10Exif", JPEG),
    "a PNG": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", PNG),
    "a PNG that went through a text mode": (b"\x89PNG\n\x1a\n", None),
    "a TIFF, little end first": (b"II*\x00\x08\x00", TIFF),
    "a TIFF, big end first": (b"MM\x00*\x00\x00", TIFF),
    "a telephone's HEIC": (box(b"heic", b"mif1", b"heic"), HEIC),
    "a general image that is HEIC": (box(b"mif1", b"mif1", b"heic"), HEIC),
    "an AVIF": (box(b"avif", b"mif1", b"avif"), None),
    "a general image that is AVIF": (box(b"mif1", b"mif1", b"avif"), None),
    "a film": (box(b"isom", b"isom", b"mp41"), None),
    "a page": (b"<!doctype html><script>", None),
    "a drawing with a script": (b"<svg xmlns=", None),
    "a program": (b"MZ\x90\x00", None),
    "an archive": (b"PK\x03\x04", None),
    "a PDF behind something else": (b"GIF89a%PDF-1.7", None),
    "nothing": (b"", None),
}


@pytest.mark.parametrize("case", TABLE)
def test_the_first_bytes_tell(case: str) -> None:
    head, found = TABLE[case]
    assert media_type(head[:HEAD]) == found


@given(st.binary(max_size=64))
def test_whatever_comes_is_one_of_few_types_or_none(head: bytes) -> None:
    assert media_type(head) in {None, *EXTENSIONS}
