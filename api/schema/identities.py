"""Linking users and machines to who they are at an identity provider."""

from __future__ import annotations

from typing import Annotated

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.accounts import Administrator
from api.domain.errors import NotDone, UserErrorCode
from api.domain.permissions import Permission, Viewer
from api.schema import guards, nodes
from api.schema.accounts import User
from api.schema.changes import named
from api.schema.clients import Client
from api.schema.context import Info
from api.schema.results import MutationInput, Payload, carry_out
from api.services import clients, identities

MANAGE = Permission.MANAGE_ACCOUNTS


@strawberry.input(description="Who somebody is at an identity provider: a user, or a machine, and not both.")
class LinkIdentityInput(MutationInput):
    """Who somebody is at an identity provider."""

    user_id: strawberry.ID | None = strawberry.field(default=None, description="The user.")
    client_id: strawberry.ID | None = strawberry.field(default=None, description="The machine, by its id.")
    issuer: str = strawberry.field(description="The identity provider, as the claim `iss` of its tokens.")
    subject: str = strawberry.field(description="Who it is there: the claim `sub`.")


@strawberry.type(description="What `linkIdentity` answers.")
class LinkIdentityPayload(Payload):
    """What `linkIdentity` answers."""

    user: User | None = strawberry.field(description="The user, with what they are linked to; null for a machine.")
    client: Client | None = strawberry.field(description="The machine, with what it is linked to; null for a user.")


@strawberry.input(description="Who is to be nobody here any more.")
class UnlinkIdentityInput(MutationInput):
    """Who is to be nobody here any more."""

    issuer: str = strawberry.field(description="The identity provider, as the claim `iss` of its tokens.")
    subject: str = strawberry.field(description="Who it is there: the claim `sub`.")


@strawberry.type(description="What `unlinkIdentity` answers.")
class UnlinkIdentityPayload(Payload):
    """What `unlinkIdentity` answers."""

    user: User | None = strawberry.field(description="Who it was; null where it was a machine.")


@strawberry.type(description="What may be done with identities.")
class IdentityMutations:
    """Identities are linked and unlinked."""

    @guards.mutation(MANAGE, "Lets whoever an identity provider calls so be this user, or this machine, from now on.")
    async def link_identity(
        self, info: Info, input: Annotated[LinkIdentityInput, strawberry.argument(description="Who is who.")]
    ) -> LinkIdentityPayload:
        """Links an identity."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            if (input.user_id is None) == (input.client_id is None):
                raise NotDone(
                    UserErrorCode.INVALID,
                    ("input", "userId"),
                    "userId 与 clientId 须且只须给出其一。",
                    "Give one of userId and clientId.",
                )
            by, key = Administrator.of(viewer), named(info, "Client", input.client_id)
            user = named(info, "User", input.user_id) if key is None else await clients.user_of(connection, by, key)
            linked = await identities.link(connection, by, user, input.issuer, input.subject, info.context.now())
            return linked if key is None else key

        done = await carry_out(info, MANAGE, input, act)
        user, client = (None, done.subject) if input.user_id is None else (done.subject, None)
        return LinkIdentityPayload(
            user=await nodes.below_payload(info, "User", "user", user),
            client=await nodes.below_payload(info, "Client", "client", client),
            **done.answered,
        )

    @guards.mutation(MANAGE, "Lets whoever an identity provider calls so be nobody here from now on.")
    async def unlink_identity(
        self, info: Info, input: Annotated[UnlinkIdentityInput, strawberry.argument(description="Who.")]
    ) -> UnlinkIdentityPayload:
        """Unlinks an identity."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            by, now = Administrator.of(viewer), info.context.now()
            return await identities.unlink(connection, by, input.issuer, input.subject, now)

        done = await carry_out(info, MANAGE, input, act)
        return UnlinkIdentityPayload(
            user=await nodes.below_payload(info, "User", "user", done.subject), **done.answered
        )
