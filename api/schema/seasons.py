"""The four-season brands: which is on, whom each is for, and how many households it has reached."""

from __future__ import annotations

import strawberry

from api.domain import divisions
from api.domain.permissions import Permission
from api.loaders import seasons as loaders
from api.schema import guards
from api.schema.context import Info
from api.schema.grant_terms import GrantedTo
from api.schema.households import NOT_LOADED
from api.schema.measures import InDivision, OnDay, day_asked, division_asked
from api.schema.programmes import PROGRAMME_OF, Programme
from api.schema.scalars import Month
from api.schema.selection import wanted
from api.schema.sizes import about
from api.schema.tree import branch, grow

BRANDS = 4


@strawberry.type(description="A four-season brand in the season that is on, or else in the next one.")
class Season:
    """A brand in its season."""

    programme_code: str = strawberry.field(description="The brand, by its programme's code.")
    is_on: bool = strawberry.field(description="Whether its season is on that day.")
    first_month: Month = strawberry.field(description="The season's first month.")
    last_month: Month = strawberry.field(description="Its last.")
    units: list[GrantedTo] = strawberry.field(description="To whom it is given.", metadata=about(1))
    for_students: bool = strawberry.field(
        description="Whether it is for households with somebody at school alone, as far as the register knows."
    )
    basis: str = strawberry.field(description="On what it rests.")
    verified: bool = strawberry.field(description="Whether that was verified; the months are assumed all the same.")
    households: int = strawberry.field(description="How many households on file it is for.")
    reached: int = strawberry.field(description="Of them those that have something of it on record in the season.")
    unknown: int = strawberry.field(description="Those of whose part in it nobody knows the months.")
    not_reached: int = strawberry.field(
        description="Those of whom nothing is on record; `households(filter: {seasonNotReached})` lists them."
    )
    programme: Programme = strawberry.field(default=NOT_LOADED, description="The programme, with what it asks for.")


@strawberry.type(description="What may be asked about the four-season brands.")
class SeasonQueries:
    """The four-season brands."""

    @guards.query(
        Permission.READ_CASES,
        "The four-season brands as a division has them on a day, with the households that each has reached; the one that "
        "is on first.",
        rows=BRANDS,
    )
    async def seasons(
        self,
        info: Info,
        division_code: InDivision = None,
        on: OnDay = None,
    ) -> list[Season] | None:
        """The four-season brands."""
        where, day, asked = division_asked(info, division_code), day_asked(info, on), wanted(info)
        brands = loaders.brands(day, where)
        found = []
        async with info.context.reading() as reading:
            counted = await loaders.counts(reading, [given for _, given in brands], *divisions.span(where))
            for (entry, given), each in zip(brands, counted, strict=True):
                first, last = given["season_first"], given["season_last"]
                found.append(
                    Season(
                        programme_code=entry.code,
                        is_on=first <= day.replace(day=1) <= last,
                        first_month=Month(first),
                        last_month=Month(last),
                        units=[*entry.units],
                        for_students=not given["season_everybody"],
                        basis=entry.basis,
                        verified=entry.verified,
                        households=each.households,
                        reached=each.reached,
                        unknown=each.unknown,
                        not_reached=each.households - each.reached - each.unknown,
                    )
                )
            found.sort(key=lambda each: (not each.is_on, each.first_month))
            await grow(reading, found, asked, asked.times)
        return found


branch(Season, "programme", PROGRAMME_OF)
