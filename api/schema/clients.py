"""Registered programs: departments' machines with their secrets, and the applications that people use."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.accounts import Administrator, ClientKind
from api.domain.permissions import Permission, Viewer
from api.loaders import accounts as loaders
from api.loaders.conditions import Is
from api.loaders.pages import Window
from api.loaders.reading import Reading, Rows
from api.schema import guards, nodes
from api.schema.changes import VERSION, ending, named, read_at
from api.schema.connections import ORDER, After, Before, Connection, First, Last, connection, order_of
from api.schema.context import Info
from api.schema.enumerations import Words, described
from api.schema.filters import AND, NOT, OR, in_division, joined, one_of
from api.schema.households import NOT_LOADED
from api.schema.nodes import Kind, key_of, kind
from api.schema.organisations import BELONGS_TO, Organisation, whether_active
from api.schema.results import MutationInput, Payload, carry_out
from api.schema.selection import Wanted
from api.schema.sizes import about
from api.schema.tree import Branch, branch
from api.schema.values import Node
from api.schema.words import Direction, Role
from api.services import clients as services

MANAGE = Permission.MANAGE_ACCOUNTS
IDENTITIES = 2
"""How many somebody usually has."""

described(
    ClientKind,
    "What a registered program is.",
    {
        "SERVICE": Words(
            "部门系统",
            "Service",
            "部门自己的系统，凭密钥登录。",
            "A department's own machine, which signs in by a secret.",
        ),
        "APPLICATION": Words(
            "应用程序",
            "Application",
            "供人使用的前端，以用户身份办事。",
            "A front end for people, which acts as its user.",
        ),
    },
)


@strawberry.type(description="Who a user is at an identity provider.")
class SignInIdentity:
    """Who a user is at an identity provider."""

    issuer: str = strawberry.field(description="The identity provider, as the claim `iss` of its tokens.")
    subject: str = strawberry.field(description="Who it is there: the claim `sub`.")
    linked_at: dt.datetime = strawberry.field(description="When it was linked.")


@strawberry.type(description="When a secret was made, and how long it is good; the secret itself is kept by nobody.")
class ClientSecret:
    """When a secret was made, and how long it is good."""

    created_at: dt.datetime = strawberry.field(description="When it was made.")
    expires_at: dt.datetime = strawberry.field(description="When it runs out.")


@strawberry.type(description="A registered program: a department's machine, or an application that people use.")
class Client(Node):
    """A registered program."""

    key: strawberry.Private[int]
    organisation_key: strawberry.Private[int]
    user_key: strawberry.Private[int | None]
    client_id: str = strawberry.field(description="By which it is known; never changes.")
    name: str = strawberry.field(description="The name shown to others.")
    kind: ClientKind = strawberry.field(description="What it is; never changes.")
    role: Role | None = strawberry.field(
        description="What a machine is; null for an application, whose users have roles."
    )
    trusted_only: bool = strawberry.field(
        description="Whether only documents that are registered for it are answered."
    )
    active: bool = strawberry.field(description="Whether it may do anything.")
    version: int = strawberry.field(description="Counts changes; to be given back by whoever changes it.")
    created_at: dt.datetime = strawberry.field(description="When it was registered.")
    organisation: Organisation = strawberry.field(default=NOT_LOADED, description="Whose it is.")
    secrets: list[ClientSecret] = strawberry.field(
        default=NOT_LOADED, description="A machine's secrets, the latest first; two at most.", metadata=about(2)
    )
    identities: list[SignInIdentity] = strawberry.field(
        default=NOT_LOADED, description="Who a machine is at identity providers.", metadata=about(IDENTITIES)
    )


def client_objects(reading: Reading, rows: Rows, asked: Wanted) -> list[Client]:
    """Rows as programs."""
    return [
        Client(
            id=strawberry.ID(public_id),
            key=row.id,
            organisation_key=row.organisation_id,
            user_key=row.user_id,
            client_id=row.client_id,
            name=row.name,
            kind=ClientKind(row.kind),
            role=Role(row.role) if row.role else None,
            trusted_only=row.trusted_only,
            active=row.active,
            version=row.version,
            created_at=row.created_at,
        )
        for row, public_id in zip(rows, reading.ids("Client", rows), strict=True)
    ]


def identity_objects(reading: Reading, rows: Rows, asked: Wanted) -> list[SignInIdentity]:
    """Rows as identities."""
    return [SignInIdentity(issuer=row.issuer, subject=row.subject, linked_at=row.created_at) for row in rows]


def _secret_objects(reading: Reading, rows: Rows, asked: Wanted) -> list[ClientSecret]:
    return [ClientSecret(created_at=row.created_at, expires_at=row.expires_at) for row in rows]


class ClientOrderField(StrEnum):
    """What programs may be ordered by."""

    CREATED = "CREATED"
    CLIENT_ID = "CLIENT_ID"


described(
    ClientOrderField,
    "What programs may be ordered by.",
    {
        "CREATED": Words("登记时间", "Registered", "登记的先后。", "When it was registered."),
        "CLIENT_ID": Words("程序标识", "Client id", "按程序标识排列。", "Its client id."),
    },
)


@strawberry.input(description="An order of programs.")
class ClientOrder:
    """An order of programs."""

    field: ClientOrderField = strawberry.field(description="What to order by.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which way.")


@strawberry.input(description="Which programs; all that is given must hold.")
class ClientFilter:
    """Which programs."""

    division_code: str | None = strawberry.field(
        default=None, description="Of organisations in this division or below it."
    )
    client_ids: list[str] | None = strawberry.field(default=None, description="Of one of these client ids.")
    kinds: list[ClientKind] | None = strawberry.field(default=None, description="Of one of these kinds.")
    organisation_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Of one of these organisations."
    )
    active: bool | None = strawberry.field(default=None, description="Whether it is active.")
    and_: list[ClientFilter] | None = strawberry.field(name="and", default=None, description=AND)
    or_: list[ClientFilter] | None = strawberry.field(name="or", default=None, description=OR)
    not_: ClientFilter | None = strawberry.field(name="not", default=None, description=NOT)


def _conditions(info: Info, given: ClientFilter) -> Iterator[Is]:
    yield from in_division(given.division_code)
    yield from one_of("client_ids", given.client_ids)
    yield from one_of("kinds", given.kinds)
    yield from of_organisations(info, given.organisation_ids)
    yield from whether_active(given.active)


def of_organisations(info: Info, ids: list[strawberry.ID] | None) -> Iterator[Is]:
    """Of one of these organisations, as far as they are asked."""
    if ids is not None:
        keys = [key for each in ids if (key := key_of(info, "Organisation", each)) is not None]
        yield Is("organisations", {"organisations": keys})


@strawberry.type(description="What may be asked about registered programs.")
class ClientQueries:
    """Registered programs."""

    @guards.query(MANAGE, "Registered programs of organisations in the viewer's division, the latest first.")
    async def clients(
        self,
        info: Info,
        filter: Annotated[ClientFilter | None, strawberry.argument(description="Which.")] = None,
        order_by: Annotated[
            list[ClientOrder] | None, strawberry.argument(description=ORDER + " the latest registered first.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Client] | None:
        """A page of programs."""
        where = joined(filter, lambda given, _: _conditions(info, given))
        window = Window(first, after, last, before)
        return await connection(info, loaders.CLIENTS, client_objects, where, order_of(order_by, "CREATED"), window)


@strawberry.input(description="A program to be registered, or changed.")
class SaveClientInput(MutationInput):
    """A program to be registered, or changed."""

    id: strawberry.ID | None = strawberry.field(
        default=None, description="Which is changed; none registers a new one."
    )
    expected_version: int | None = strawberry.field(default=None, description=VERSION)
    client_id: str | None = strawberry.field(
        default=None,
        description="By which a new one is known: up to 64 small letters, digits, dots, underscores and hyphens. Of an "
        "application, what the identity provider puts into the claim `azp` or `client_id`.",
    )
    name: str = strawberry.field(description="The name shown to others.")
    kind: ClientKind = strawberry.field(description="What it is; never changes.")
    organisation_id: strawberry.ID = strawberry.field(description="Whose it is.")
    role: Role | None = strawberry.field(
        default=None, description="What a machine is, DEPARTMENT where nothing is said; none for an application."
    )
    trusted_only: bool = strawberry.field(
        default=False, description="Whether only documents that are registered for it are answered."
    )


@strawberry.type(description="What `saveClient` answers.")
class SaveClientPayload(Payload):
    """What `saveClient` answers."""

    client: Client | None = strawberry.field(description="The program, as it is now; a machine needs a secret next.")


@strawberry.input(description="A machine that is to have a new secret.")
class RotateClientSecretInput(MutationInput):
    """A machine that is to have a new secret."""

    id: strawberry.ID = strawberry.field(description="Which.")
    expected_version: int = strawberry.field(description="At which version it was read.")
    days: int = strawberry.field(
        default=services.SECRET_DAYS, description="For how many days the new one is good: 1 to 730."
    )
    overlap_hours: int = strawberry.field(
        default=24, description="For how many hours the old one goes on, 0 to 720: 0 where it may be known to others."
    )


@strawberry.type(description="What `rotateClientSecret` answers.")
class RotateClientSecretPayload(Payload):
    """What `rotateClientSecret` answers."""

    client: Client | None = strawberry.field(description="The program, as it is now.")
    secret: str | None = strawberry.field(
        description="The new secret, shown this once and kept only as a digest. Null where nothing was done, and where "
        "the same request is sent again under its idempotency key: what was lost then is replaced by rotating once more."
    )


@strawberry.input(description="A program that may do nothing any more.")
class DeactivateClientInput(MutationInput):
    """A program that may do nothing any more."""

    id: strawberry.ID = strawberry.field(description="Which.")
    expected_version: int = strawberry.field(description="At which version it was read.")


@strawberry.type(description="What `deactivateClient` answers.")
class DeactivateClientPayload(Payload):
    """What `deactivateClient` answers."""

    client: Client | None = strawberry.field(description="The program, as it is now.")


@strawberry.type(description="What may be done with registered programs.")
class ClientMutations:
    """Programs are registered, changed and deactivated; secrets are rotated."""

    @guards.mutation(MANAGE, "Registers a program, or changes one; it is active afterwards.")
    async def save_client(
        self, info: Info, input: Annotated[SaveClientInput, strawberry.argument(description="What it is to be.")]
    ) -> SaveClientPayload:
        """Registers or changes a program."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            organisation_id = named(info, "Organisation", input.organisation_id)
            return await services.save(
                connection,
                Administrator.of(viewer),
                services.Registered(input.name, input.kind, organisation_id, input.role, input.trusted_only),
                info.context.now(),
                client_id=input.client_id,
                key=named(info, "Client", input.id),
                expected_version=read_at(input.id, input.expected_version),
            )

        done = await carry_out(info, MANAGE, input, act)
        saved = await nodes.below_payload(info, "Client", "client", done.subject)
        return SaveClientPayload(client=saved, **done.answered)

    @guards.mutation(MANAGE, "Gives a machine a new secret, shown once; the old one goes on for a while.")
    async def rotate_client_secret(
        self, info: Info, input: Annotated[RotateClientSecretInput, strawberry.argument(description="Whose.")]
    ) -> RotateClientSecretPayload:
        """Gives a machine a new secret."""
        made: list[str] = []

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key, secret = await services.rotate_secret(
                connection,
                Administrator.of(viewer),
                named(info, "Client", input.id),
                info.context.now(),
                days=input.days,
                overlap=dt.timedelta(hours=input.overlap_hours),
                expected_version=input.expected_version,
            )
            made.append(secret)
            return key

        done = await carry_out(info, MANAGE, input, act)
        rotated = await nodes.below_payload(info, "Client", "client", done.subject)
        return RotateClientSecretPayload(client=rotated, secret=next(iter(made), None), **done.answered)

    @guards.mutation(MANAGE, "Lets a program do nothing any more; its secrets and tokens are ended.")
    async def deactivate_client(
        self, info: Info, input: Annotated[DeactivateClientInput, strawberry.argument(description="Which.")]
    ) -> DeactivateClientPayload:
        """Deactivates a program."""
        end = ending(info, "Client", input.id, input.expected_version, services.deactivate)
        done = await carry_out(info, MANAGE, input, end)
        ended = await nodes.below_payload(info, "Client", "client", done.subject)
        return DeactivateClientPayload(client=ended, **done.answered)


branch(Client, "organisation", BELONGS_TO)
branch(
    Client,
    "secrets",
    Branch("key", lambda reading, keys, _: loaders.secrets_of(reading, keys), _secret_objects, "secrets"),
)
branch(
    Client,
    "identities",
    Branch("user_key", lambda reading, keys, _: loaders.identities_of(reading, keys), identity_objects, "identities"),
)
kind("Client", Kind(loaders.clients_by_key, client_objects, MANAGE))
