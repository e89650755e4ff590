"""The two suites of algorithms behind one interface: AES-256-GCM with HMAC-SHA-256, SM4-GCM with HMAC-SM3.

Both seal with 96 random bits as nonce and 128 bits of tag, and both know values of the other: which one sealed a value
stands in its first bytes. The second is for places that must use domestic algorithms (GB/T 39786; GB/T 32905, 32907).
"""

from __future__ import annotations

import hashlib
import hmac as standard
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE: Final = 12
TAG: Final = 16


class Sealer(Protocol):
    """Authenticated encryption under one key."""

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        """The ciphertext with its tag."""

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        """The plaintext. Raises InvalidTag."""


class Sm4Gcm:
    """SM4 in Galois counter mode, as RFC 8998 has it."""

    def __init__(self, key: bytes) -> None:
        self._cipher = algorithms.SM4(key)

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        """The ciphertext with its tag."""
        encryptor = Cipher(self._cipher, modes.GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(associated_data or b"")
        return encryptor.update(data) + encryptor.finalize() + encryptor.tag

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        """The plaintext. Raises InvalidTag."""
        if len(data) < TAG:
            raise InvalidTag
        decryptor = Cipher(self._cipher, modes.GCM(nonce, data[-TAG:])).decryptor()
        decryptor.authenticate_additional_data(associated_data or b"")
        return decryptor.update(data[:-TAG]) + decryptor.finalize()


def _hmac_sha256(key: bytes, message: bytes) -> bytes:
    return standard.digest(key, message, hashlib.sha256)


def hmac_sm3(key: bytes, message: bytes) -> bytes:
    """HMAC over SM3, 256 bits."""
    made = hmac.HMAC(key, hashes.SM3())
    made.update(message)
    return made.finalize()


@dataclass(frozen=True, slots=True)
class Suite:
    """How values are sealed and indexed; `code` is its byte in what it sealed."""

    name: str
    code: int
    key_bytes: int
    sealer: Callable[[bytes], Sealer]
    digest: Callable[[bytes, bytes], bytes]
    hash: hashes.HashAlgorithm

    def part(self, master: bytes, purpose: bytes, length: int) -> bytes:
        """A key derived from a master key for one purpose, by HKDF over the suite's hash."""
        return HKDF(self.hash, length, salt=None, info=b"jiekun/" + purpose).derive(master)


AES: Final = Suite("AES", 1, 32, AESGCM, _hmac_sha256, hashes.SHA256())
SM: Final = Suite("SM", 2, 16, Sm4Gcm, hmac_sm3, hashes.SM3())
SUITES: Final = {suite.name: suite for suite in (AES, SM)}


def suite(name: str) -> Suite:
    """The suite of this name. Raises ValueError."""
    try:
        return SUITES[name]
    except KeyError:
        raise ValueError(f"JIEKUN_CRYPTO is {' or '.join(SUITES)}") from None
