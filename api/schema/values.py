"""Values that several types share: money, and the interface of whatever has an id."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import strawberry

from api.domain import divisions, money
from api.domain.errors import BadInput


@strawberry.interface(description="Whatever can be read again by its id.")
class Node:
    """Whatever can be read again by its id."""

    id: strawberry.ID = strawberry.field(description="Opaque; the same for the same thing.")


@strawberry.type(description="An amount of money; never a float.")
class Money:
    """An amount of money."""

    amount: Decimal = strawberry.field(description="With two decimals, as a string.")
    currency: str = strawberry.field(description="ISO 4217.")


def known_money(fen: int) -> Money:
    """Fen as Money."""
    return Money(amount=money.yuan(fen), currency=money.CURRENCY)


def money_of(fen: int | None) -> Money | None:
    """Fen as Money; unknown stays unknown."""
    return None if fen is None else known_money(fen)


@strawberry.type(description="An administrative division by GB/T 2260.")
class Division:
    """An administrative division."""

    code: str = strawberry.field(description="Six digits.")
    name_zh: str = strawberry.field(
        description="Its Chinese name, a county's after its city's; the code where unknown."
    )


def division_code_of(given: str) -> str:
    """What was given as a division's code. Raises BadInput where it is none."""
    if not divisions.is_code(given):
        raise BadInput("区划代码须为六位数字。", "A division code has six digits.")
    return given


def division_of(code: str) -> Division:
    """The division of a code."""
    return Division(code=code, name_zh=divisions.name(code))


@strawberry.input(description="Days from one to another, both included; either may be left out.")
class DateRange:
    """Days from one to another."""

    from_: dt.date | None = strawberry.field(name="from", default=None, description="The first day.")
    to: dt.date | None = strawberry.field(default=None, description="The last day.")
