"""What somebody proves themselves by: 256 random bits, shown once, and kept as a digest that needs no salt."""

from __future__ import annotations

import hashlib
import secrets

TOKEN, SECRET = "jk_", "jks_"
"""So that one that leaked into a file can be found."""


def new(prefix: str) -> str:
    """A token or a secret that nobody guesses."""
    return prefix + secrets.token_urlsafe(32)


def digest(text: str) -> bytes:
    """What is kept of it."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
