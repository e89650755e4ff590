"""What is attached to a file: the kinds, and which types of file are taken, told by their first bytes and never by their name."""

from __future__ import annotations

from enum import StrEnum

HEAD = 32
"""How many bytes tell the type of a file."""


class AttachmentKind(StrEnum):
    """What an attachment is in a household's file."""

    APPLICATION_FORM = "APPLICATION_FORM"
    AUTHORISATION = "AUTHORISATION"
    VISIT_PHOTO = "VISIT_PHOTO"
    OBJECTION = "OBJECTION"
    EVIDENCE = "EVIDENCE"
    DECISION = "DECISION"


PDF, JPEG, PNG, HEIC, TIFF = "application/pdf", "image/jpeg", "image/png", "image/heic", "image/tiff"
EXTENSIONS = {PDF: "pdf", JPEG: "jpg", PNG: "png", HEIC: "heic", TIFF: "tif"}
"""By media type the ending that a download's name has."""

_BEGINNINGS = (
    (b"%PDF-", PDF),
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"II*\x00", TIFF),
    (b"MM\x00*", TIFF),
)
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"})


def media_type(head: bytes) -> str | None:
    """The type of a file that begins so; None for one that is not taken.

    >>> media_type(b"%PDF-1.7 ...")
    'application/pdf'
    >>> media_type(b"<html>") is None
    True
    """
    for beginning, found in _BEGINNINGS:
        if head.startswith(beginning):
            return found
    return HEIC if _is_heic(head) else None


def _is_heic(head: bytes) -> bool:
    """An ISO media file whose own brand is HEIC's, or a general image's that says it is compatible with it."""
    if head[4:8] != b"ftyp":
        return False
    size = int.from_bytes(head[:4], "big")
    box = head[: min(size, HEAD)]
    compatible = {box[start : start + 4] for start in range(16, len(box) - 3, 4)}
    brand = head[8:12]
    return brand in _HEIC_BRANDS or (brand in (b"mif1", b"msf1") and bool(compatible & _HEIC_BRANDS))
