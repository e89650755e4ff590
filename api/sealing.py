"""Personal values sealed at rest and found again by a keyed index; opaque ids and cursors; all from one master key.

- A value is sealed with AES-256-GCM, bound to its column; the first byte is the format's version.
- A value is found by HMAC-SHA-256 of its normalised form, 128 bits: without the key, trying every citizen number finds
  nothing (F-31). Two columns never share an index.
- An id is one AES block over the type's tag and the row's key: it tells nothing, cannot be made up, and costs a
  microsecond; a page of ids is one call.
- A cursor is AES-SIV over the last row's order values, bound to its list, filter and order: it is only good there.

The key comes from JIEKUN_KEY or from the file that JIEKUN_KEY_FILE names; the parts are derived from it by HKDF.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES: Final = 32
VERSION: Final = b"\x01"
NONCE: Final = 12
INDEX_BYTES: Final = 16
TAG_BYTES = KEY_HALF = 8


class NotOurs(Exception):
    """A value, id or cursor that was not made with this key, or was changed since."""


@dataclass(frozen=True)
class Vault:
    """Seals and opens with the parts of one master key."""

    master: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.master) != KEY_BYTES:
            raise ValueError(f"the key has {KEY_BYTES} bytes, not {len(self.master)}")
        part = self._part
        object.__setattr__(self, "_values", AESGCM(part(b"values", 32)))
        object.__setattr__(self, "_cursors", AESSIV(part(b"cursors", 64)))
        object.__setattr__(self, "_indexes", part(b"indexes", 32))
        object.__setattr__(self, "_ids", Cipher(algorithms.AES(part(b"ids", 32)), modes.ECB()))

    _values: AESGCM = field(init=False, repr=False, compare=False)
    _cursors: AESSIV = field(init=False, repr=False, compare=False)
    _indexes: bytes = field(init=False, repr=False, compare=False)
    _ids: Cipher[modes.ECB] = field(init=False, repr=False, compare=False)

    def _part(self, purpose: bytes, length: int) -> bytes:
        return HKDF(hashes.SHA256(), length, salt=None, info=b"jiekun/" + purpose).derive(self.master)

    def seal(self, column: str, text: str | None) -> bytes | None:
        """The text sealed for this column (`table.column`); None stays None."""
        if text is None:
            return None
        nonce = os.urandom(NONCE)
        return VERSION + nonce + self._values.encrypt(nonce, text.encode(), column.encode())

    def open(self, column: str, sealed: bytes | None) -> str | None:
        """What was sealed for this column. Raises NotOurs."""
        if sealed is None:
            return None
        if sealed[:1] != VERSION:
            raise NotOurs("a sealed value of an unknown version")
        try:
            return self._values.decrypt(sealed[1 : 1 + NONCE], sealed[1 + NONCE :], column.encode()).decode()
        except InvalidTag:
            raise NotOurs(f"a value of {column} was sealed with another key") from None

    def index(self, column: str, normal: str | None) -> bytes | None:
        """By which the value is found: equal for equal normalised forms in the same column; None for None (F-9)."""
        if normal is None:
            return None
        return hmac.digest(self._indexes, f"{column}\0{normal}".encode(), hashlib.sha256)[:INDEX_BYTES]

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


def new_key() -> str:
    """A master key as text: 32 random bytes in base64."""
    return base64.b64encode(os.urandom(KEY_BYTES)).decode()


def vault(key: str) -> Vault:
    """The vault of a master key in base64. Raises ValueError."""
    try:
        return Vault(base64.b64decode(key, validate=True))
    except binascii.Error:
        raise ValueError("the key is 32 bytes in base64; make one with: jiekun key") from None


def key_file(path: Path) -> str:
    """The key in this file, which only its owner may read; made where there is none."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    with os.fdopen(handle, "w", encoding="ascii") as opened:
        opened.write((made := new_key()) + "\n")
    return made


def _tag(type_name: str) -> bytes:
    return hashlib.sha256(type_name.encode()).digest()[:TAG_BYTES]
