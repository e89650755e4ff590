"""Who may sign in, and as what: users, the organisations they belong to, programs, tokens and secrets."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import typer
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from api import settings
from api.commands.console import messages, now, results, run
from api.domain.accounts import OPERATOR, ClientKind, OrganisationKind
from api.domain.permissions import Role
from api.services import accounts, clients, identities, organisations

user = typer.Typer(no_args_is_help=True, help="Users, each with a role and a division.")
organisation = typer.Typer(no_args_is_help=True, help="Trade unions, and departments with the data they keep.")
client = typer.Typer(no_args_is_help=True, help="Registered programs: departments' machines, and applications.")

Login = Annotated[str, typer.Argument(metavar="LOGIN", help="The user's login.")]
Name = Annotated[str, typer.Option(help="The name shown to others; default: the login.")]
Code = Annotated[str, typer.Argument(metavar="CODE", help="The organisation's code.")]
ClientId = Annotated[str, typer.Argument(metavar="CLIENT", help="The program's client id.")]
DivisionCode = Annotated[str, typer.Option("--division", help="Six digits; answers for it and all below it.")]
Issuer = Annotated[str, typer.Option(help="The identity provider's address; default: JIEKUN_OIDC_ISSUER.")]
Subject = Annotated[str, typer.Option(help="Who it is there: the claim `sub` of the tokens.")]


@user.command()
def add(
    login: Login,
    role: Annotated[Role, typer.Option(help="What the user is.", case_sensitive=False)],
    division: DivisionCode,
    name: Name = "",
    belongs_to: Annotated[
        str | None, typer.Option("--organisation", help="The code of the user's organisation.")
    ] = None,
) -> None:
    """Add a user, or change the role, division and organisation of one."""

    async def act(connection: AsyncConnection) -> int:
        return await accounts.add_user(connection, login, name, role, division, now(), belongs_to)

    run(settings.read().database_url, act)


@user.command()
def first(login: Login, division: DivisionCode, name: Name = "") -> None:
    """Make the first administrator, who adds all other users; only while there is none."""

    async def act(connection: AsyncConnection) -> int:
        return await accounts.first_administrator(connection, login, name, division, now())

    run(settings.read().database_url, act)
    messages.print(
        f"{login} is the first administrator; to sign in: jiekun token {login}, or jiekun user link {login}"
    )


@user.command()
def remove(login: Login) -> None:
    """Let a user do nothing any more; what they did stays."""

    async def act(connection: AsyncConnection) -> None:
        await accounts.deactivate(connection, OPERATOR, await accounts.key_of(connection, login), now())

    run(settings.read().database_url, act)


@user.command()
def link(login: Login, subject: Subject, issuer: Issuer = "") -> None:
    """Let a user sign in at the identity provider."""
    told = settings.read()

    async def act(connection: AsyncConnection) -> None:
        user_id = await accounts.key_of(connection, login)
        await identities.link(connection, OPERATOR, user_id, issuer or _issuer(told), subject, now())

    run(told.database_url, act)


@user.command()
def unlink(subject: Subject, issuer: Issuer = "") -> None:
    """Let whoever signs in so be nobody here."""
    told = settings.read()

    async def act(connection: AsyncConnection) -> None:
        await identities.unlink(connection, OPERATOR, issuer or _issuer(told), subject, now())

    run(told.database_url, act)


@user.command(name="list")
def list_users() -> None:
    """Show all users."""
    shown = Table("login", "name", "role", "division", "organisation", "active")
    for row in run(settings.read().database_url, accounts.users):
        shown.add_row(
            row.login, row.display_name, row.role, row.division_code, row.organisation or "", _yes(row.active)
        )
    results.print(shown)


def token(
    login: Login,
    days: Annotated[int, typer.Option(min=1, max=3_650, help="For how many days it is good.")] = 30,
    revoke: Annotated[bool, typer.Option("--revoke", help="End all tokens of this user instead.")] = False,
) -> None:
    """Issue a token: printed once, kept only as a digest."""

    async def act(connection: AsyncConnection) -> str | None:
        if revoke:
            await accounts.revoke_tokens(connection, login, now())
            return None
        return await accounts.issue_token(connection, login, days, now())

    issued = run(settings.read().database_url, act)
    if issued is None:
        messages.print(f"{login}: all tokens are ended")
    else:
        results.print(issued)


@organisation.command(name="add")
def add_organisation(
    code: Code,
    kind: Annotated[OrganisationKind, typer.Option(help="What it is.", case_sensitive=False)],
    division: DivisionCode,
    name_zh: Annotated[str, typer.Option(help="Its Chinese name.")],
    name_en: Annotated[str, typer.Option(help="Its English name; default: the Chinese one.")] = "",
    source: Annotated[
        list[str] | None, typer.Option(help="A kind of data that the department keeps; repeatable.")
    ] = None,
) -> None:
    """Add an organisation, or change one."""
    described = organisations.Described(name_zh, name_en or name_zh, kind, division, tuple(source or ()))

    async def act(connection: AsyncConnection) -> int:
        key = await organisations.known(connection, code)
        return await organisations.save(connection, OPERATOR, described, now(), code=code, organisation_id=key)

    run(settings.read().database_url, act)


@organisation.command(name="remove")
def remove_organisation(code: Code) -> None:
    """Let nobody of an organisation do anything any more; what they did stays."""

    async def act(connection: AsyncConnection) -> None:
        key = await organisations.key_of(connection, OPERATOR, code)
        await organisations.deactivate(connection, OPERATOR, key, now())

    run(settings.read().database_url, act)


@organisation.command(name="list")
def list_organisations() -> None:
    """Show all organisations."""
    shown = Table("code", "name", "kind", "division", "sources", "active")
    for row in run(settings.read().database_url, organisations.organisations):
        shown.add_row(row.code, row.name_zh, row.kind, row.division_code, " ".join(row.sources), _yes(row.active))
    results.print(shown)


@client.command(name="add")
def add_client(
    client_id: ClientId,
    kind: Annotated[ClientKind, typer.Option(help="A machine, or an application for people.", case_sensitive=False)],
    belongs_to: Annotated[str, typer.Option("--organisation", help="The code of its organisation.")],
    name: Annotated[str, typer.Option(help="The name shown to others; default: the client id.")] = "",
    role: Annotated[
        Role | None, typer.Option(help="A machine's role; default: DEPARTMENT.", case_sensitive=False)
    ] = None,
    trusted_only: Annotated[bool, typer.Option("--trusted-only", help="Only documents registered for it.")] = False,
) -> None:
    """Register a program, or change one; a machine then needs: jiekun client secret."""

    async def act(connection: AsyncConnection) -> int:
        organisation_id = await organisations.key_of(connection, OPERATOR, belongs_to)
        registered = clients.Registered(name or client_id, kind, organisation_id, role, trusted_only)
        key = await clients.known(connection, client_id)
        return await clients.save(connection, OPERATOR, registered, now(), client_id=client_id, key=key)

    run(settings.read().database_url, act)


@client.command()
def secret(
    client_id: ClientId,
    days: Annotated[
        int, typer.Option(min=1, max=clients.MOST_SECRET_DAYS, help="For how many days it is good.")
    ] = clients.SECRET_DAYS,
    overlap: Annotated[int, typer.Option(min=0, max=720, help="For how many hours the old one goes on.")] = 24,
) -> None:
    """Give a machine a new secret: printed once, kept only as a digest."""

    async def act(connection: AsyncConnection) -> str:
        key = await clients.key_of(connection, client_id)
        hours = dt.timedelta(hours=overlap)
        _, made = await clients.rotate_secret(connection, OPERATOR, key, now(), days=days, overlap=hours)
        return made

    results.print(run(settings.read().database_url, act))


@client.command(name="link")
def link_client(client_id: ClientId, subject: Subject, issuer: Issuer = "") -> None:
    """Let a machine sign in at the identity provider."""
    told = settings.read()

    async def act(connection: AsyncConnection) -> None:
        user_id = await clients.user_of(connection, OPERATOR, await clients.key_of(connection, client_id))
        await identities.link(connection, OPERATOR, user_id, issuer or _issuer(told), subject, now())

    run(told.database_url, act)


@client.command(name="remove")
def remove_client(client_id: ClientId) -> None:
    """Let a program do nothing any more; its secrets and tokens are ended."""

    async def act(connection: AsyncConnection) -> None:
        await clients.deactivate(connection, OPERATOR, await clients.key_of(connection, client_id), now())

    run(settings.read().database_url, act)


@client.command(name="list")
def list_clients() -> None:
    """Show all programs."""
    shown = Table("client", "name", "kind", "organisation", "role", "trusted only", "active")
    for row in run(settings.read().database_url, clients.clients):
        shown.add_row(
            row.client_id,
            row.name,
            row.kind,
            row.organisation,
            row.role or "",
            _yes(row.trusted_only),
            _yes(row.active),
        )
    results.print(shown)


def _issuer(told: settings.Settings) -> str:
    if told.oidc_issuer is None:
        raise ValueError("name the identity provider with --issuer, or set JIEKUN_OIDC_ISSUER")
    return told.oidc_issuer


def _yes(value: bool) -> str:
    return "yes" if value else "no"
