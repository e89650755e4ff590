"""Protected persons: where they are is told to who is cleared, who alone sees that somebody is protected (F-29)."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.permissions import Permission, Viewer
from api.loaders import protection as loaders
from api.loaders.reading import Reading, Rows
from api.schema import guards, nodes
from api.schema.changes import named
from api.schema.context import Info
from api.schema.households import Person
from api.schema.results import MutationInput, Payload, carry_out
from api.schema.selection import Wanted
from api.schema.tree import Branch, branch
from api.services import protection as services

DECIDE = Permission.DECIDE_FILES


@strawberry.type(description="That somebody is protected: since when, by whom, and why.")
class Protection:
    """That somebody is protected."""

    since: dt.date = strawberry.field(description="The first day.")
    reason: str | None = strawberry.field(description="Why; null for viewers who see masks.")
    protected_by: str = strawberry.field(description="Who decided it.")


def _protection_objects(reading: Reading, rows: Rows, asked: Wanted) -> list[Protection]:
    reason = reading.shown("protections.reason", asked.has("reason") and reading.sees_identity, lambda _: None)
    return [Protection(since=row.since, reason=reason(row.reason), protected_by=row.display_name) for row in rows]


@strawberry.input(description="Somebody who is to be protected.")
class ProtectPersonInput(MutationInput):
    """Somebody who is to be protected."""

    person_id: strawberry.ID = strawberry.field(description="Who, in whichever household they are shown.")
    reason: str = strawberry.field(description="Why, in up to 2,000 characters; sealed, and shown to who is cleared.")


@strawberry.type(description="What `protectPerson` answers.")
class ProtectPersonPayload(Payload):
    """What `protectPerson` answers."""

    person: Person | None = strawberry.field(description="The person.")


@strawberry.input(description="Somebody who needs no protection any more.")
class EndProtectionInput(MutationInput):
    """Somebody who needs no protection any more."""

    person_id: strawberry.ID = strawberry.field(description="Who.")
    reason: str = strawberry.field(description="Why, in up to 2,000 characters; sealed.")


@strawberry.type(description="What `endProtection` answers.")
class EndProtectionPayload(Payload):
    """What `endProtection` answers."""

    person: Person | None = strawberry.field(description="The person.")


@strawberry.type(description="What may be done about protected persons.")
class ProtectionMutations:
    """Persons are protected, and no longer."""

    @guards.mutation(
        DECIDE,
        "Protects somebody: address, telephone, employer, school and who handles them are unknown to whoever is not cleared, "
        "in every answer. Takes somebody who is cleared.",
    )
    async def protect_person(
        self, info: Info, input: Annotated[ProtectPersonInput, strawberry.argument(description="Who, and why.")]
    ) -> ProtectPersonPayload:
        """Protects somebody."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key = named(info, "Person", input.person_id)
            return await services.protect(
                connection, info.context.vault, viewer, key, input.reason, info.context.now()
            )

        done = await carry_out(info, DECIDE, input, act)
        person = await nodes.below_payload(info, "Person", "person", done.subject)
        return ProtectPersonPayload(person=person, **done.answered)

    @guards.mutation(DECIDE, "Ends somebody's protection. Takes somebody who is cleared.")
    async def end_protection(
        self, info: Info, input: Annotated[EndProtectionInput, strawberry.argument(description="Who, and why.")]
    ) -> EndProtectionPayload:
        """Ends a protection."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key = named(info, "Person", input.person_id)
            return await services.end(connection, info.context.vault, viewer, key, input.reason, info.context.now())

        done = await carry_out(info, DECIDE, input, act)
        person = await nodes.below_payload(info, "Person", "person", done.subject)
        return EndProtectionPayload(person=person, **done.answered)


branch(
    Person,
    "protection",
    Branch(
        "key", lambda reading, keys, _: loaders.protection_of(reading, keys), _protection_objects, "protection", False
    ),
)
