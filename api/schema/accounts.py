"""Who is asking; and users, whom administrators keep, with who they are at identity providers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.accounts import Administrator, OrganisationKind
from api.domain.permissions import Permission, Viewer
from api.loaders import accounts as loaders
from api.loaders.conditions import Is
from api.loaders.pages import Window
from api.loaders.reading import Reading, Rows
from api.schema import guards, nodes
from api.schema.changes import VERSION, ending, named, read_at
from api.schema.clients import IDENTITIES, SignInIdentity, identity_objects, of_organisations
from api.schema.connections import ORDER, After, Before, Connection, First, Last, connection, order_of
from api.schema.context import Info
from api.schema.enumerations import Words, described
from api.schema.filters import AND, NOT, OR, in_division, joined, one_of
from api.schema.households import NOT_LOADED
from api.schema.nodes import Kind, kind
from api.schema.organisations import BELONGS_TO, Organisation, whether_active
from api.schema.results import MutationInput, Payload, carry_out
from api.schema.selection import Wanted, wanted
from api.schema.sizes import about
from api.schema.tree import Branch, branch
from api.schema.values import Division, Node, division_of
from api.schema.words import Direction, Role
from api.schema.words import Permission as PermissionWord
from api.services import accounts as services

MANAGE = Permission.MANAGE_ACCOUNTS


@strawberry.type(description="The organisation that the viewer belongs to.")
class OwnOrganisation:
    """The organisation that the viewer belongs to."""

    code: str = strawberry.field(description="By which it is known.")
    name_zh: str = strawberry.field(description="Its Chinese name.")
    name_en: str = strawberry.field(description="Its English name.")
    kind: OrganisationKind = strawberry.field(description="What it is to us.")


@strawberry.type(name="Viewer", description="Who is asking.")
class ViewerType:
    """Who is asking."""

    login: str = strawberry.field(description="The login.")
    display_name: str = strawberry.field(description="The name shown to others.")
    role: Role = strawberry.field(description="What the viewer is.")
    division: Division = strawberry.field(description="The division that the viewer answers for, with all below it.")
    organisation: OwnOrganisation | None = strawberry.field(
        description="The organisation that the viewer belongs to; null for none."
    )
    client: str | None = strawberry.field(
        description="The registered program that speaks for the viewer, by its client id; null for a token of one's own."
    )
    permissions: list[PermissionWord] = strawberry.field(
        description="What the role permits, for the purpose of this request."
    )
    cleared: bool = strawberry.field(description="Whether the viewer is told where protected persons are.")
    sources: list[str] | None = strawberry.field(
        description="The kinds of data that a department's viewer is bound to; null where nothing is narrowed by them."
    )


async def viewer(info: Info) -> ViewerType | None:
    """Who is asking, or None without a token."""
    who: Viewer | None = info.context.viewer
    if who is None:
        return None
    return ViewerType(
        login=who.login,
        display_name=who.display_name,
        role=who.role,
        division=division_of(who.division_code),
        organisation=await _own_organisation(info) if wanted(info).has("organisation") else None,
        client=who.client,
        permissions=sorted(who.permissions),
        cleared=who.cleared,
        sources=None if who.sources is None else list(who.sources),
    )


async def _own_organisation(info: Info) -> OwnOrganisation | None:
    async with info.context.reading() as reading:
        if reading.viewer.organisation_id is None:
            return None
        (row,) = await loaders.own_organisation(reading)
    return OwnOrganisation(code=row.code, name_zh=row.name_zh, name_en=row.name_en, kind=OrganisationKind(row.kind))


@strawberry.type(description="Somebody who works with the service.")
class User(Node):
    """Somebody who works with the service."""

    key: strawberry.Private[int]
    organisation_key: strawberry.Private[int | None]
    login: str = strawberry.field(description="By which they are known; never changes.")
    display_name: str = strawberry.field(description="The name shown to others.")
    role: Role = strawberry.field(description="What they are.")
    division: Division = strawberry.field(description="The division that they answer for, with all below it.")
    cleared: bool = strawberry.field(description="Whether they are told where protected persons are.")
    active: bool = strawberry.field(description="Whether they may do anything.")
    version: int = strawberry.field(description="Counts changes; to be given back by whoever changes it.")
    created_at: dt.datetime = strawberry.field(description="When they were added.")
    organisation: Organisation | None = strawberry.field(
        default=NOT_LOADED, description="To which they belong; null for none, or one that the viewer does not keep."
    )
    identities: list[SignInIdentity] = strawberry.field(
        default=NOT_LOADED, description="Who they are at identity providers.", metadata=about(IDENTITIES)
    )


def user_objects(reading: Reading, rows: Rows, asked: Wanted) -> list[User]:
    """Rows as users."""
    return [
        User(
            id=strawberry.ID(public_id),
            key=row.id,
            organisation_key=row.organisation_id,
            login=row.login,
            display_name=row.display_name,
            role=Role(row.role),
            division=division_of(row.division_code),
            cleared=row.cleared,
            active=row.active,
            version=row.version,
            created_at=row.created_at,
        )
        for row, public_id in zip(rows, reading.ids("User", rows), strict=True)
    ]


class UserOrderField(StrEnum):
    """What users may be ordered by."""

    CREATED = "CREATED"
    LOGIN = "LOGIN"


described(
    UserOrderField,
    "What users may be ordered by.",
    {
        "CREATED": Words("添加时间", "Added", "添加的先后。", "When they were added."),
        "LOGIN": Words("登录名", "Login", "按登录名排列。", "The login."),
    },
)


@strawberry.input(description="An order of users.")
class UserOrder:
    """An order of users."""

    field: UserOrderField = strawberry.field(description="What to order by.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which way.")


@strawberry.input(description="Which users; all that is given must hold.")
class UserFilter:
    """Which users."""

    division_code: str | None = strawberry.field(default=None, description="Of this division or those below it.")
    logins: list[str] | None = strawberry.field(default=None, description="Of one of these logins.")
    roles: list[Role] | None = strawberry.field(default=None, description="Of one of these roles.")
    organisation_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Of one of these organisations."
    )
    active: bool | None = strawberry.field(default=None, description="Whether they are active.")
    cleared: bool | None = strawberry.field(
        default=None, description="Whether they are told where protected persons are."
    )
    and_: list[UserFilter] | None = strawberry.field(name="and", default=None, description=AND)
    or_: list[UserFilter] | None = strawberry.field(name="or", default=None, description=OR)
    not_: UserFilter | None = strawberry.field(name="not", default=None, description=NOT)


def _conditions(info: Info, given: UserFilter) -> Iterator[Is]:
    yield from in_division(given.division_code)
    yield from one_of("logins", given.logins)
    yield from one_of("roles", given.roles)
    yield from of_organisations(info, given.organisation_ids)
    yield from whether_active(given.active)
    if given.cleared is not None:
        yield Is("cleared" if given.cleared else "uncleared", {})


@strawberry.type(description="What may be asked about whoever asks, and about users.")
class AccountQueries:
    """Whoever asks, and users."""

    @guards.query(guards.ANYBODY, "Who is asking; null without a token.")
    async def viewer(self, info: Info) -> ViewerType | None:
        """Who is asking."""
        return await viewer(info)

    @guards.query(MANAGE, "Users of the viewer's division and those below it, the latest added first.")
    async def users(
        self,
        info: Info,
        filter: Annotated[UserFilter | None, strawberry.argument(description="Which.")] = None,
        order_by: Annotated[
            list[UserOrder] | None, strawberry.argument(description=ORDER + " the latest added first.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[User] | None:
        """A page of users."""
        where = joined(filter, lambda given, _: _conditions(info, given))
        window = Window(first, after, last, before)
        return await connection(info, loaders.USERS, user_objects, where, order_of(order_by, "CREATED"), window)


@strawberry.input(description="A user to be added, or changed.")
class SaveUserInput(MutationInput):
    """A user to be added, or changed."""

    user_id: strawberry.ID | None = strawberry.field(default=None, description="Who is changed; none adds a new one.")
    expected_version: int | None = strawberry.field(default=None, description=VERSION)
    login: str | None = strawberry.field(
        default=None, description="By which a new one is known: up to 64 characters without spaces or colons."
    )
    display_name: str = strawberry.field(description="The name shown to others.")
    role: Role = strawberry.field(description="What they are; nobody changes their own role.")
    division_code: str = strawberry.field(
        description="The division that they answer for: the viewer's own, or one below it."
    )
    organisation_id: strawberry.ID | None = strawberry.field(default=None, description="To which they belong.")
    cleared: bool | None = strawberry.field(
        default=None,
        description="Whether they are told where protected persons are: case workers and reviewers alone can be. Where nothing "
        "is said it stays as it was, and ends with a change of role or division.",
    )


@strawberry.type(description="What `saveUser` answers.")
class SaveUserPayload(Payload):
    """What `saveUser` answers."""

    user: User | None = strawberry.field(description="The user, as they are now.")


@strawberry.input(description="A user who may do nothing any more.")
class DeactivateUserInput(MutationInput):
    """A user who may do nothing any more."""

    user_id: strawberry.ID = strawberry.field(description="Who.")
    expected_version: int = strawberry.field(description="At which version it was read.")


@strawberry.type(description="What `deactivateUser` answers.")
class DeactivateUserPayload(Payload):
    """What `deactivateUser` answers."""

    user: User | None = strawberry.field(description="The user, as they are now.")


@strawberry.type(description="What may be done with users.")
class AccountMutations:
    """Users are added, changed and deactivated."""

    @guards.mutation(
        MANAGE,
        "Adds a user, or changes one; they are active afterwards. The last administrator stays one, and nobody changes "
        "their own role or division.",
    )
    async def save_user(
        self, info: Info, input: Annotated[SaveUserInput, strawberry.argument(description="What they are to be.")]
    ) -> SaveUserPayload:
        """Adds or changes a user."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            organisation_id = named(info, "Organisation", input.organisation_id)
            return await services.save(
                connection,
                Administrator.of(viewer),
                services.Account(input.display_name, input.role, input.division_code, organisation_id, input.cleared),
                info.context.now(),
                login=input.login,
                user_id=named(info, "User", input.user_id),
                expected_version=read_at(input.user_id, input.expected_version),
            )

        done = await carry_out(info, MANAGE, input, act)
        saved = await nodes.below_payload(info, "User", "user", done.subject)
        return SaveUserPayload(user=saved, **done.answered)

    @guards.mutation(
        MANAGE,
        "Lets a user do nothing any more, and ends their tokens; what they did stays. Never the last administrator.",
    )
    async def deactivate_user(
        self, info: Info, input: Annotated[DeactivateUserInput, strawberry.argument(description="Who.")]
    ) -> DeactivateUserPayload:
        """Deactivates a user."""
        end = ending(info, "User", input.user_id, input.expected_version, services.deactivate)
        done = await carry_out(info, MANAGE, input, end)
        ended = await nodes.below_payload(info, "User", "user", done.subject)
        return DeactivateUserPayload(user=ended, **done.answered)


branch(User, "organisation", BELONGS_TO)
branch(
    User,
    "identities",
    Branch("key", lambda reading, keys, _: loaders.identities_of(reading, keys), identity_objects, "identities"),
)
kind("User", Kind(loaders.users_by_key, user_objects, MANAGE))
