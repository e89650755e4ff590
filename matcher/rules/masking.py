"""Identifiers as they may be printed in an explanation: enough to tell two apart, too little to look one up."""

from __future__ import annotations


def plate(text: str | None) -> str:
    """A number plate: province, office, last character.

    >>> plate("豫E12345")
    '豫E****5'
    """
    return "—" if not text else f"{text[:2]}****{text[-1:]}" if len(text) > 3 else "****"


def code(text: str | None) -> str:
    """A certificate, unit or credit code: its last four characters.

    >>> code("91410500MA12345678")
    '…5678'
    """
    return "—" if not text else f"…{text[-4:]}" if len(text) > 6 else "…"
