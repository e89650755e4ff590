"""Personal values sealed at rest and found again by a keyed index; opaque ids and cursors; all from master keys.

- A value is sealed with AES-256-GCM or SM4-GCM (`suites`), bound to its column; the first bytes are the format, the
  suite and the version of the key. One that was sealed before there were versions opens as well.
- A value is found by a keyed hash of its normalised form, 128 bits: without the key, trying every citizen number finds
  nothing (F-31). Two columns, two keys and two suites never share an index; a search tries those of all keys.
- An id is one AES block over the type's tag and the row's key: it tells nothing, cannot be made up, and costs a
  microsecond; a page of ids is one call.
- A cursor is AES-SIV over the last row's order values, bound to its list, filter and order: it is only good there.

The keys come from JIEKUN_KEY or from the file that JIEKUN_KEY_FILE names (`keyring`); the parts are derived by HKDF.
Ids, cursors and digests are made from the first key's, whatever key seals: they stay as they are when keys are rotated.
"""

from __future__ import annotations

from pathlib import Path

from api.sealing.keyring import Keyring, key_file, new_key, parsed, replace
from api.sealing.suites import AES, SUITES, Suite, suite
from api.sealing.vault import KeyLost, NotOurs, Vault

__all__ = [
    "SUITES",
    "KeyLost",
    "Keyring",
    "NotOurs",
    "Suite",
    "Vault",
    "key_file",
    "new_key",
    "opened",
    "parsed",
    "replace",
    "suite",
    "vault",
]


def vault(key: str, crypto: str = AES.name) -> Vault:
    """The vault of these keys, one or several, in base64. Raises ValueError."""
    return Vault(parsed(key), suite(crypto))


def opened(key: str | None, file: Path, crypto: str = AES.name) -> Vault:
    """The vault of these keys, or of those in the file, made with one where there is none. Raises ValueError."""
    if key is not None:
        return vault(key, crypto)
    return Vault(parsed(key_file(file)), suite(crypto), file)
