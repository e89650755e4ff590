"""The keys: one master key or several, each with its version; the newest seals, all of them open.

In JIEKUN_KEY or in the key file they stand with spaces, commas or lines between: `VERSION:BASE64`; one alone without a
version is the first. `lasting:BASE64` is what outlives the first key when it is retired: the parts by which ids, cursors
and digests are made, from which nothing that is sealed can be opened.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from api.sealing.suites import AES

KEY_BYTES: Final = 32
FIRST: Final = 1
MOST: Final = 65_535
LASTING: Final = "lasting"
PARTS: Final = ((b"ids", 32), (b"digests", 32), (b"cursors", 64))
LASTING_BYTES: Final = sum(length for _, length in PARTS)
BETWEEN: Final = re.compile(r"[\s,]+")


@dataclass(frozen=True, slots=True)
class Keyring:
    """Master keys by their version, and what lasts of the first."""

    masters: Mapping[int, bytes] = field(repr=False)
    lasting: bytes = field(repr=False)

    @classmethod
    def anew(cls, version: int) -> Keyring:
        """One new key of this version, where none is left: ids made before are void."""
        return cls({version: os.urandom(KEY_BYTES)}, os.urandom(LASTING_BYTES))

    @property
    def newest(self) -> int:
        """The version that seals."""
        return max(self.masters)

    @property
    def versions(self) -> list[int]:
        """All versions, the newest first."""
        return sorted(self.masters, reverse=True)

    def rotated(self, version: int | None = None) -> Keyring:
        """With one key more, which seals from now on. Raises ValueError for a version that is not above all others."""
        version = self.newest + 1 if version is None else version
        if not self.newest < version <= MOST:
            raise ValueError(f"the next key's version is above {self.newest}, and at most {MOST}")
        return Keyring({**self.masters, version: os.urandom(KEY_BYTES)}, self.lasting)

    def without(self, version: int) -> Keyring:
        """Without a key that nothing needs any more. Raises ValueError for the one that seals."""
        if version == self.newest or version not in self.masters:
            raise ValueError(f"key {version} seals, or is not here: it cannot be taken away")
        return Keyring({each: key for each, key in self.masters.items() if each != version}, self.lasting)

    def written(self) -> str:
        """As it is kept in the file or in JIEKUN_KEY, lines between."""
        if set(self.masters) == {FIRST}:
            return _text(self.masters[FIRST])
        lines = [f"{version}:{_text(self.masters[version])}" for version in sorted(self.masters)]
        return "\n".join(lines if FIRST in self.masters else [f"{LASTING}:{_text(self.lasting)}", *lines])


def parsed(text: str) -> Keyring:
    """The keys in this text. Raises ValueError, which repeats none of it."""
    masters: dict[int, bytes] = {}
    lasting: bytes | None = None
    for entry in filter(None, BETWEEN.split(text)):
        name, separator, value = entry.rpartition(":")
        if name == LASTING:
            lasting = _bytes(value, LASTING_BYTES)
            continue
        if separator and not (name.isascii() and name.isdecimal() and FIRST <= int(name) <= MOST):
            raise ValueError(f"a key is VERSION:BASE64, its version from {FIRST} to {MOST}")
        version = int(name) if separator else FIRST
        if version in masters:
            raise ValueError(f"key {version} is there twice")
        masters[version] = _bytes(value, KEY_BYTES)
    if not masters:
        raise ValueError(f"there is no key; one has {KEY_BYTES} bytes in base64, and is made with: jiekun key")
    if FIRST in masters:
        made = b"".join(AES.part(masters[FIRST], purpose, length) for purpose, length in PARTS)
        if lasting not in (None, made):
            raise ValueError("`lasting` is not of the first key that stands beside it")
        lasting = made
    if lasting is None:
        raise ValueError("where the first key is retired, `lasting` stands in its place")
    return Keyring(masters, lasting)


def new_key() -> str:
    """A master key as text: 32 random bytes in base64."""
    return _text(os.urandom(KEY_BYTES))


def key_file(path: Path) -> str:
    """The keys in this file, which only its owner may read; made with one where there is none."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    with os.fdopen(handle, "w", encoding="ascii") as opened:
        opened.write((made := new_key()) + "\n")
    return made


def replace(path: Path, keyring: Keyring) -> None:
    """The file holds these keys now, and never half of them: a running service reads them when it looks next."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as opened:
            opened.write(keyring.written() + "\n")
            opened.flush()
            os.fsync(opened.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _text(key: bytes) -> str:
    return base64.b64encode(key).decode()


def _bytes(text: str, length: int) -> bytes:
    try:
        made = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        made = b""
    if len(made) != length:
        raise ValueError(f"a key has {length} bytes in base64; make one with: jiekun key")
    return made
