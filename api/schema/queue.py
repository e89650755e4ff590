"""The queue of leads: what is put before reviewers in which order, and what waits behind it."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import strawberry

from api.domain import divisions
from api.domain.permissions import Permission
from api.loaders import queue as loaders
from api.loaders.conditions import All, Is
from api.loaders.pages import Window
from api.schema import guards
from api.schema.connections import ORDER, After, Before, Connection, First, Last, connection, order_of
from api.schema.context import Info
from api.schema.filters import joined
from api.schema.findings import Finding, FindingFilter, FindingOrder, conditions, finding_objects
from api.schema.measures import InDivision, division_asked
from api.schema.selection import wanted
from api.schema.sizes import about
from api.schema.values import Division, division_of

IN_PLACE = (("PLACE", False),)


@strawberry.type(description="Reviewers of a division, and how many leads are put before them.")
class QueueUnit:
    """Reviewers of a division."""

    division: Division = strawberry.field(description="Where they belong; they serve it and all below.")
    reviewers: int = strawberry.field(description="How many they are.")
    weekly_leads: int = strawberry.field(description="How many leads are opened for them in a week at most.")
    opened_this_week: int = strawberry.field(
        description="Of the leads of the division that was asked about, opened for them since Monday."
    )


@strawberry.type(description="How the queue of a division stands.")
class QueueStanding:
    """How the queue of a division stands."""

    division: Division = strawberry.field(description="Of which division.")
    week_begins: dt.date = strawberry.field(description="The Monday of this week.")
    opened: int = strawberry.field(description="Leads that are opened and not closed.")
    waiting: int = strawberry.field(description="Leads that are ranked and wait; none is closed for having waited.")
    units: list[QueueUnit] = strawberry.field(
        description="The reviewers of the division, of those that hold it, and of those below, by code.",
        metadata=about(6),
    )


@strawberry.type(description="What may be asked about the queue of leads.")
class QueueQueries:
    """The queue of leads."""

    @guards.query(
        Permission.READ_CASES,
        "Leads that are not closed, in the order in which they are to be looked at: those that are opened, or those that "
        "wait behind them. Leads on unmet entitlement and all others take turns.",
    )
    async def review_queue(
        self,
        info: Info,
        opened: Annotated[
            bool, strawberry.argument(description="Those that are opened; with false those that wait.")
        ] = True,
        filter: Annotated[FindingFilter | None, strawberry.argument(description="Which.")] = None,
        order_by: Annotated[
            list[FindingOrder] | None, strawberry.argument(description=ORDER + " in the order of the queue.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Finding] | None:
        """A page of the queue."""
        given = joined(filter, lambda given, _: conditions(info, given))
        where = All((Is("opened" if opened else "waiting", {}), given))
        order, window = order_of(order_by, "PLACE") if order_by else IN_PLACE, Window(first, after, last, before)
        return await connection(info, loaders.LISTING, finding_objects, where, order, window)

    @guards.query(
        Permission.READ_CASES,
        "How many leads of a division are opened and how many wait, and for whose reviewers. Null for a division that the "
        "viewer does not answer for.",
    )
    async def review_queue_standing(self, info: Info, division_code: InDivision = None) -> QueueStanding | None:
        """How the queue stands."""
        code, asked = division_asked(info, division_code), wanted(info)
        if not divisions.holds(info.context.viewer_who_may(None).division_code, code):
            return None
        async with info.context.reading() as reading:
            found = await loaders.standing(reading, code)
            reading.budget.spend(asked.times * (5 + 5 * len(found.units)))
        return QueueStanding(
            division=division_of(code),
            week_begins=found.monday,
            opened=found.opened,
            waiting=found.waiting,
            units=[
                QueueUnit(
                    division=division_of(each.division_code),
                    reviewers=each.reviewers,
                    weekly_leads=each.a_week,
                    opened_this_week=each.opened_this_week,
                )
                for each in found.units
            ],
        )
