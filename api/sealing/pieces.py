"""Sealed pieces one behind the other in a file: four bytes of each one's length, and then the piece."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from api.sealing.vault import NotOurs

PIECE = 256 * 1024
LENGTH = 4
MOST_SEALED = PIECE + 1024
"""More than sealing adds to a piece; a length beyond it is damage."""


def framed(sealed: bytes) -> bytes:
    """A sealed piece, with its length before it."""
    return len(sealed).to_bytes(LENGTH, "big") + sealed


def pieces(read: Callable[[int], bytes]) -> Iterator[bytes]:
    """The sealed pieces of a file. Raises NotOurs for one that breaks off, or has none."""
    while header := read(LENGTH):
        length = int.from_bytes(header, "big")
        piece = read(length) if len(header) == LENGTH and length <= MOST_SEALED else b""
        if len(piece) < max(length, 1):
            raise NotOurs
        yield piece
