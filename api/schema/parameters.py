"""The policy's dated values as they are in force somewhere on a day, and the line of dibao of a month."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated

import strawberry

from api.domain import money
from api.matching import policy
from api.schema import guards
from api.schema.context import Info
from api.schema.measures import InDivision, OnDay, day_asked, division_asked
from api.schema.scalars import Month
from api.schema.values import Division, Money, division_of

SHIPPED = 160
"""About how many values there are."""


@strawberry.type(description="A dated value of the policy as it is in force somewhere on a day.")
class Parameter:
    """A dated value of the policy."""

    key: str = strawberry.field(description="By which it is known, such as notice.working_days.")
    value: Decimal = strawberry.field(description="How much; exact.")
    unit: str = strawberry.field(description="Of what, in English.")
    division: Division | None = strawberry.field(
        description="The division for which it was written; null where it holds everywhere."
    )
    basis: str = strawberry.field(description="On which legal basis, in Chinese.")
    verified: bool = strawberry.field(description="Whether a public text says so; otherwise it is only assumed.")
    own: bool = strawberry.field(description="Whether it is the city's own, which two people approved.")
    valid_from: dt.date = strawberry.field(description="From which day on.")
    valid_to: dt.date | None = strawberry.field(description="Its last day; null where it goes on.")


@strawberry.type(description="The minimum living standard of a division in a month.")
class DibaoLine:
    """The line of dibao."""

    amount: Money = strawberry.field(description="A head and month.")
    basis: str = strawberry.field(description="On which legal basis, in Chinese.")
    verified: bool = strawberry.field(description="Whether a public text says so; otherwise it is only assumed.")


@strawberry.type(description="What may be asked about the policy's values.")
class ParameterQueries:
    """The policy's values."""

    @guards.query(
        guards.SIGNED_IN,
        "The policy's values as they are in force, by key; of keys that there are not, nothing is said.",
        rows=SHIPPED,
    )
    async def parameters(
        self,
        info: Info,
        division_code: InDivision = None,
        on: OnDay = None,
        keys: Annotated[
            list[str] | None, strawberry.argument(description="Which; all where nothing is said.")
        ] = None,
    ) -> list[Parameter] | None:
        """The policy's values."""
        where, day = division_asked(info, division_code), day_asked(info, on)
        return [
            Parameter(
                key=each.key,
                value=each.value,
                unit=each.unit,
                division=division_of(each.division) if each.division else None,
                basis=each.basis,
                verified=not each.assumed,
                own=each.own,
                valid_from=each.valid_from,
                valid_to=each.valid_to,
            )
            for each in policy.parameters(day, where, keys)
        ]

    @guards.query(
        guards.SIGNED_IN,
        "The minimum living standard of a division in a month; null where none is in force, which is unknown and not zero.",
    )
    async def dibao_line(
        self,
        info: Info,
        month: Annotated[Month, strawberry.argument(description="In which month.")],
        division_code: Annotated[
            str | None, strawberry.argument(description="Of which division; the viewer's own where nothing is said.")
        ] = None,
    ) -> DibaoLine | None:
        """The line of dibao."""
        line = policy.line(division_asked(info, division_code), month)
        if line is None:
            return None
        amount = Money(amount=line.yuan, currency=money.CURRENCY)
        return DibaoLine(amount=amount, basis=line.basis, verified=not line.assumed)
