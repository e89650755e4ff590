"""Donors: organisations and people who give, of whom nobody is told more than they want."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain import privacy
from api.domain.permissions import Permission, Viewer
from api.loaders import donations as loaders
from api.loaders.conditions import Condition
from api.loaders.pages import Window
from api.loaders.reading import Reading, Rows
from api.schema import guards, nodes
from api.schema.connections import ORDER, After, Before, Connection, First, Last, connection, order_of
from api.schema.context import Info
from api.schema.donation_terms import DonorKind
from api.schema.enumerations import Words, described
from api.schema.filters import AND, NOT, OR, in_division, joined, one_of, whether
from api.schema.nodes import Kind, kind
from api.schema.officers import ResponsibleOrganisation, organisation_of
from api.schema.results import MutationInput, Payload, carry_out
from api.schema.selection import Wanted
from api.schema.values import Division, Node, division_of
from api.schema.words import Direction
from api.services import donations
from api.services.donations import Registered


@strawberry.type(description="An organisation or a person that gives, or wants to.")
class Donor(Node):
    """Who gives."""

    key: strawberry.Private[int]
    kind: DonorKind = strawberry.field(description="Who gives.")
    name: str | None = strawberry.field(
        description="Who they are; a person's is a mask for viewers who see masks, and null for these where the donor "
        "wants to stay unnamed, or where nobody knows."
    )
    contact: str | None = strawberry.field(description="How to reach them; null for viewers who see masks.")
    anonymous: bool = strawberry.field(description="Whether the donor wants to stay unnamed.")
    organisation: ResponsibleOrganisation | None = strawberry.field(
        description="The donor's own entry, where it works with the service too; null like the name."
    )
    division: Division = strawberry.field(description="Where they are registered.")
    registered_at: dt.datetime = strawberry.field(description="When.")
    version: int = strawberry.field(description="Counts changes.")


@strawberry.input(description="Which donors; all that is given must hold.")
class DonorFilter:
    """Which donors."""

    division_code: str | None = strawberry.field(default=None, description="In this division or below it.")
    kinds: list[DonorKind] | None = strawberry.field(default=None, description="Of one of these kinds.")
    anonymous: bool | None = strawberry.field(default=None, description="Whether they want to stay unnamed.")
    and_: list[DonorFilter] | None = strawberry.field(name="and", default=None, description=AND)
    or_: list[DonorFilter] | None = strawberry.field(name="or", default=None, description=OR)
    not_: DonorFilter | None = strawberry.field(name="not", default=None, description=NOT)


class DonorOrderField(StrEnum):
    """What donors may be ordered by."""

    REGISTERED = "REGISTERED"


described(
    DonorOrderField,
    "What donors may be ordered by.",
    {"REGISTERED": Words("登记先后", "Registered", "登记的先后。", "When they were registered.")},
)


@strawberry.input(description="An order of donors.")
class DonorOrder:
    """An order of donors."""

    field: DonorOrderField = strawberry.field(description="What to order by.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which way.")


def _conditions(given: DonorFilter) -> Iterator[Condition]:
    yield from in_division(given.division_code)
    yield from one_of("kinds", given.kinds)
    yield from whether("anonymous", given.anonymous)


def donor_objects(reading: Reading, rows: Rows, asked: Wanted) -> list[Donor]:
    """Rows as donors."""
    whole, named = reading.sees_identity, asked.has("name")
    names = {
        DonorKind.PERSON: reading.shown("donors.name", named, privacy.name),
        DonorKind.ORGANISATION: reading.shown("donors.name", named, lambda name: name),
    }
    contact = reading.shown("donors.contact", asked.has("contact") and whole, lambda _: None)
    return [
        Donor(
            id=strawberry.ID(public_id),
            key=row.id,
            kind=DonorKind(row.kind),
            name=names[DonorKind(row.kind)](row.name) if whole or not row.anonymous else None,
            contact=contact(row.contact),
            anonymous=row.anonymous,
            organisation=organisation_of(row) if row.organisation_id and (whole or not row.anonymous) else None,
            division=division_of(row.division_code),
            registered_at=row.registered_at,
            version=row.version,
        )
        for row, public_id in zip(rows, reading.ids("Donor", rows), strict=True)
    ]


@strawberry.input(description="An organisation or a person that gives, or wants to.")
class RegisterDonorInput(MutationInput):
    """Who gives."""

    kind: DonorKind = strawberry.field(description="Who gives.")
    division_code: str = strawberry.field(description="Where they are registered.")
    name: str | None = strawberry.field(
        default=None,
        description="Who they are, up to 200 characters; kept sealed. Needed unless the donor is anonymous.",
    )
    contact: str | None = strawberry.field(default=None, description="How to reach them; kept sealed.")
    anonymous: bool = strawberry.field(default=False, description="Whether the donor wants to stay unnamed.")
    organisation: str | None = strawberry.field(
        default=None,
        description="The code of the donor's own entry, where it works with the service too: no household is sent to "
        "it on what it gave itself.",
    )


@strawberry.type(description="What `registerDonor` answers.")
class RegisterDonorPayload(Payload):
    """What `registerDonor` answers."""

    donor: Donor | None = strawberry.field(description="The donor.")


@strawberry.type(description="What may be asked about donors.")
class DonorQueries:
    """Donors."""

    @guards.query(Permission.READ_CASES, "Donors who are registered in the viewer's division, the latest first.")
    async def donors(
        self,
        info: Info,
        filter: Annotated[DonorFilter | None, strawberry.argument(description="Which.")] = None,
        order_by: Annotated[
            list[DonorOrder] | None, strawberry.argument(description=ORDER + " the latest first.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Donor] | None:
        """A page of donors."""
        where = joined(filter, lambda given, _: _conditions(given))
        order, window = order_of(order_by, "REGISTERED"), Window(first, after, last, before)
        return await connection(info, loaders.DONORS, donor_objects, where, order, window)


@strawberry.type(description="What may be done with donors.")
class DonorMutations:
    """Donors are registered."""

    @guards.mutation(Permission.KEEP_FILES, "Registers an organisation or a person that gives, or wants to.")
    async def register_donor(
        self, info: Info, input: Annotated[RegisterDonorInput, strawberry.argument(description="Who.")]
    ) -> RegisterDonorPayload:
        """Registers a donor."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            who = Registered(
                input.kind, input.division_code, input.name, input.contact, input.anonymous, input.organisation
            )
            return await donations.register(connection, info.context.vault, viewer, who, info.context.now())

        done = await carry_out(info, Permission.KEEP_FILES, input, act)
        donor = await nodes.below_payload(info, "Donor", "donor", done.subject)
        return RegisterDonorPayload(donor=donor, **done.answered)


kind("Donor", Kind(loaders.donors_by_key, donor_objects, Permission.READ_CASES))
