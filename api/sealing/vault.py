"""Seals, opens and indexes values under the newest of several keys, and makes the ids and cursors that outlive them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from api.sealing import keyring
from api.sealing.keyring import FIRST, PARTS, Keyring
from api.sealing.signing import Signer
from api.sealing.suites import AES, NONCE, SUITES, Sealer, Suite

ANCIENT: Final = b"\x01"
"""The first byte of what was sealed before there were several keys: by AES, under the first."""

FORMAT: Final = b"\x02"
HEADER: Final = 4
INDEX_BYTES: Final = 16
TAG_BYTES = KEY_HALF = 8


class NotOurs(Exception):
    """A value, id or cursor that was not made with these keys, or was changed since."""


class KeyLost(NotOurs):
    """A value that was sealed under a key that is not here."""

    def __init__(self, version: int) -> None:
        self.version = version
        super().__init__(f"a value was sealed under key {version}, which is not here")


@dataclass(frozen=True, slots=True)
class Part:
    """What one key does in one suite; `index_header` stands before its indexes, and is empty for the first of all."""

    header: bytes
    sealer: Sealer = field(repr=False)
    index_header: bytes
    index_key: bytes = field(repr=False)
    digest: Callable[[bytes, bytes], bytes]

    @classmethod
    def of(cls, suite: Suite, version: int, master: bytes) -> Part:
        """The part of this key in this suite."""
        named = _named(suite, version)
        return cls(
            FORMAT + named,
            suite.sealer(suite.part(master, b"values", suite.key_bytes)),
            b"" if (suite, version) == (AES, FIRST) else named,
            suite.part(master, b"indexes", 32),
            suite.digest,
        )

    def index(self, column: str, normal: str) -> bytes:
        """By which the value is found."""
        return self.index_header + self.digest(self.index_key, f"{column}\0{normal}".encode())[:INDEX_BYTES]


@dataclass(frozen=True, slots=True)
class Ring:
    """All parts of all keys: the first of `parts` seals."""

    keys: Keyring
    parts: Sequence[Part]
    by_header: Mapping[bytes, Part]

    @classmethod
    def of(cls, keys: Keyring, suite: Suite) -> Ring:
        """The parts of these keys, sealing with this suite."""
        suites = sorted(SUITES.values(), key=lambda each: each is not suite)
        parts = [Part.of(each, version, keys.masters[version]) for version in keys.versions for each in suites]
        return cls(keys, parts, {part.header: part for part in parts})


class Vault:
    """Seals and opens with a ring of keys; where they lie in a file, one that is added to it is noticed at once."""

    ANCIENT: Final = ANCIENT
    HEADER: Final = HEADER
    INDEX_HEADER: Final = HEADER - len(FORMAT)
    INDEX_LENGTH: Final = INDEX_BYTES

    def __init__(self, keys: Keyring, suite: Suite = AES, file: Path | None = None) -> None:
        self.suite = suite
        self._file = file
        self._read: tuple[int, int, int] | None = None
        self._ring = Ring.of(keys, suite)
        ends, start = {}, 0
        for purpose, length in PARTS:
            ends[purpose] = keys.lasting[start : start + length]
            start += length
        self._ids = Cipher(algorithms.AES(ends[b"ids"]), modes.ECB())
        self._cursors = AESSIV(ends[b"cursors"])
        self._digests = ends[b"digests"]
        self.signer = Signer.of(keys.lasting)

    @property
    def keys(self) -> Keyring:
        """The keys as they are now."""
        return self._now().keys

    @property
    def header(self) -> bytes:
        """With what everything begins that is sealed now."""
        return self._now().parts[0].header

    def seal(self, column: str, text: str | None) -> bytes | None:
        """The text sealed for this column (`table.column`); None stays None."""
        return None if text is None else self._sealed(text.encode(), column.encode())

    def open(self, column: str, sealed: bytes | None) -> str | None:
        """What was sealed for this column. Raises NotOurs."""
        return None if sealed is None else self._opened(column, sealed, column.encode()).decode()

    def seal_bytes(self, column: str, data: bytes, place: bytes) -> bytes:
        """A piece of something larger, sealed for its place in it: it cannot be moved, left out or put in."""
        return self._sealed(data, _placed(column, place))

    def open_bytes(self, column: str, sealed: bytes, place: bytes) -> bytes:
        """The piece that was sealed for this place. Raises NotOurs."""
        return self._opened(column, sealed, _placed(column, place))

    def current(self, sealed: bytes) -> bool:
        """Whether this was sealed with what seals now."""
        return sealed[:HEADER] == self._now().parts[0].header

    def current_index(self, index: bytes) -> bool:
        """Whether this index was made with what seals now."""
        return index[:-INDEX_BYTES] == self._now().parts[0].index_header

    def current_header(self, header: bytes) -> bool:
        """Whether what begins so, a value or an index, was made with what seals now."""
        part = self._now().parts[0]
        return header in (part.header, part.index_header)

    @staticmethod
    def version_of(header: bytes) -> int:
        """The key that something sealed, or an index, with this header was made with."""
        return FIRST if header in (b"", ANCIENT) else int.from_bytes(header[-2:], "big")

    def index(self, column: str, normal: str | None) -> bytes | None:
        """By which the value is found: equal for equal normalised forms in the same column; None for None (F-9)."""
        return None if normal is None else self._now().parts[0].index(column, normal)

    def indexes(self, column: str, normal: str | None) -> list[bytes]:
        """By which the value is found under any of the keys, the newest first; none for None."""
        return [] if normal is None else [part.index(column, normal) for part in self._now().parts]

    def digest(self, column: str, text: str) -> bytes:
        """A keyed digest that is only compared with others of its column; no rotation changes it."""
        return hmac.digest(self._digests, f"{column}\0{text}".encode(), hashlib.sha256)[:INDEX_BYTES]

    def _sealed(self, data: bytes, bound_to: bytes) -> bytes:
        part, nonce = self._now().parts[0], os.urandom(NONCE)
        return part.header + nonce + part.sealer.encrypt(nonce, data, part.header + bound_to)

    def _opened(self, column: str, sealed: bytes, bound_to: bytes) -> bytes:
        if sealed[:1] == ANCIENT:
            part, start = self._part(FORMAT + _named(AES, FIRST)), 1
        else:
            part, start = self._part(sealed[:HEADER]), HEADER
            bound_to = part.header + bound_to
        try:
            return part.sealer.decrypt(sealed[start : start + NONCE], sealed[start + NONCE :], bound_to)
        except (InvalidTag, ValueError):
            raise NotOurs(f"a value of {column} was sealed with another key") from None

    def _part(self, header: bytes) -> Part:
        if (part := self._ring.by_header.get(header)) or (part := self._now().by_header.get(header)):
            return part
        if header[:1] == FORMAT and header[1:2] in {bytes([each.code]) for each in SUITES.values()}:
            raise KeyLost(int.from_bytes(header[2:], "big"))
        raise NotOurs("a sealed value of an unknown format")

    def _now(self) -> Ring:
        """The ring, read again where its file is another one."""
        if self._file is not None and (there := _signature(self._file)) not in (self._read, None):
            self._ring, self._read = Ring.of(keyring.parsed(keyring.key_file(self._file)), self.suite), there
        return self._ring

    def ids(self, type_name: str, keys: Sequence[int]) -> list[str]:
        """Opaque ids of these rows, 32 hexadecimal digits each."""
        tag = _tag(type_name)
        encryptor = self._ids.encryptor()
        joined = encryptor.update(b"".join([tag + key.to_bytes(KEY_HALF, "big") for key in keys])).hex()
        return [joined[start : start + 32] for start in range(0, len(joined), 32)]

    def key(self, type_name: str, public_id: str) -> int:
        """The row that an id of this type names. Raises NotOurs."""
        block = self._block(public_id)
        if block[:TAG_BYTES] != _tag(type_name):
            raise NotOurs(f"not the id of a {type_name}")
        return int.from_bytes(block[TAG_BYTES:], "big")

    def type_of(self, public_id: str, type_names: Sequence[str]) -> str:
        """Which of these types an id names. Raises NotOurs."""
        tag = self._block(public_id)[:TAG_BYTES]
        for type_name in type_names:
            if _tag(type_name) == tag:
                return type_name
        raise NotOurs("not an id of ours")

    def _block(self, public_id: str) -> bytes:
        try:
            block = binascii.unhexlify(public_id)
        except (binascii.Error, ValueError):
            raise NotOurs("not an id of ours") from None
        if len(block) != TAG_BYTES + KEY_HALF or block.hex() != public_id:
            raise NotOurs("not an id of ours")
        return self._ids.decryptor().update(block)

    def cursor(self, values: bytes, bound_to: bytes) -> str:
        """A cursor over these order values, good for the list it is bound to."""
        return base64.urlsafe_b64encode(self._cursors.encrypt(values, [bound_to])).rstrip(b"=").decode()

    def order_values(self, cursor: str, bound_to: bytes) -> bytes:
        """The order values in a cursor. Raises NotOurs."""
        try:
            sealed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            if base64.urlsafe_b64encode(sealed).rstrip(b"=") != cursor.encode():
                raise NotOurs("not as it was given")
            return self._cursors.decrypt(sealed, [bound_to])
        except (InvalidTag, ValueError):
            raise NotOurs("not a cursor of this list") from None


def _placed(column: str, place: bytes) -> bytes:
    return column.encode() + b"\0" + place


def _named(suite: Suite, version: int) -> bytes:
    return bytes([suite.code]) + version.to_bytes(2, "big")


def _signature(file: Path | None) -> tuple[int, int, int] | None:
    """What tells one state of a file from another; None where there is none."""
    if file is None:
        return None
    try:
        told = file.stat()
    except OSError:
        return None
    return told.st_ino, told.st_mtime_ns, told.st_size


def _tag(type_name: str) -> bytes:
    return hashlib.sha256(type_name.encode()).digest()[:TAG_BYTES]
