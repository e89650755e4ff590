"""Signs in the service's name with Ed25519, under a key made of what lasts of the first master key; whoever has the public one can tell."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

PURPOSE = b"jiekun receipts 1"


@dataclass(frozen=True)
class Signer:
    """Signs; no rotation changes its key."""

    private: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def of(cls, lasting: bytes) -> Signer:
        """The signer of these keys."""
        return cls(Ed25519PrivateKey.from_private_bytes(hmac.digest(lasting, PURPOSE, hashlib.sha256)))

    @property
    def public_key(self) -> bytes:
        """The public key, 32 bytes."""
        return self.private.public_key().public_bytes_raw()

    def sign(self, content: bytes) -> bytes:
        """The signature, 64 bytes."""
        return self.private.sign(content)


def proves(public_key: bytes, signature: bytes, content: bytes) -> bool:
    """Whether the signature is by this key over this content."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, content)
    except (InvalidSignature, ValueError):
        return False
    return True
