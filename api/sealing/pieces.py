"""Sealed pieces one behind the other in a file: four bytes of each one's length, and then the piece.

Each is sealed for its place: this file, this number, the last one or not. So none can be swapped, left out, cut off or
put into another file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain

from api.sealing.vault import NotOurs, Vault

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


def place(name: str, number: int, last: bool) -> bytes:
    """Where a piece stands: in this file, as this number, and whether another follows."""
    return f"{name}/{number}/{int(last)}".encode()


def placed(name: str, some: Iterator[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Each piece of a file with its place."""
    number, this = 0, next(some, None)
    while this is not None:
        following = next(some, None)
        yield this, place(name, number, following is None)
        this, number = following, number + 1


def sealed(vault: Vault, column: str, name: str, content: Iterator[bytes]) -> Iterator[bytes]:
    """The content as it lies in a file of this name; at least one piece, if it is empty too."""
    first = next(content, b"")
    for piece, where in placed(name, chain((first,), content)):
        yield framed(vault.seal_bytes(column, piece, where))


class Sealing:
    """Content that comes in any portions becomes sealed pieces: one waits until another follows, since the last is sealed as such."""

    def __init__(self, vault: Vault, column: str, name: str, put: Callable[[bytes], object]) -> None:
        self._vault, self._column, self._name, self._put = vault, column, name, put
        self._waiting, self._number = bytearray(), 0

    def hold(self, some: bytes) -> bool:
        """Takes more in; whether there is a piece to be passed on."""
        self._waiting += some
        return len(self._waiting) > PIECE

    def pass_on(self) -> None:
        """Seals all pieces but the last."""
        while len(self._waiting) > PIECE:
            piece = bytes(self._waiting[:PIECE])
            del self._waiting[:PIECE]
            self._seal(piece, last=False)

    def finish(self) -> None:
        """Seals what is left, as the last."""
        self.pass_on()
        self._seal(bytes(self._waiting), last=True)

    def _seal(self, piece: bytes, *, last: bool) -> None:
        where = place(self._name, self._number, last)
        self._put(framed(self._vault.seal_bytes(self._column, piece, where)))
        self._number += 1


def opened(vault: Vault, column: str, name: str, read: Callable[[int], bytes]) -> Iterator[bytes]:
    """The content again, piece by piece. Raises NotOurs, at the latest where it ends."""
    some = False
    for piece, where in placed(name, pieces(read)):
        yield vault.open_bytes(column, piece, where)
        some = True
    if not some:
        raise NotOurs
