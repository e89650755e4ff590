"""Money: whole fen inside, yuan with two decimals outside; never a float."""

from __future__ import annotations

from decimal import Decimal

CURRENCY = "CNY"


def fen(yuan: Decimal | None) -> int | None:
    """Yuan as fen. Raises ValueError for a part of a fen.

    >>> fen(Decimal("12.30")), fen(None)
    (1230, None)
    """
    if yuan is None:
        return None
    scaled = yuan * 100
    if scaled != scaled.to_integral_value():
        raise ValueError("an amount has at most two decimals")
    return int(scaled)


def yuan(amount_fen: int) -> Decimal:
    """Fen as yuan with two decimals.

    >>> yuan(1230), yuan(-5)
    (Decimal('12.30'), Decimal('-0.05'))
    """
    return Decimal(amount_fen).scaleb(-2)
