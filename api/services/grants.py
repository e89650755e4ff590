"""A department's machine proves itself by its secret, and is given a token for a quarter of an hour."""

from __future__ import annotations

import datetime as dt
import hmac
from dataclasses import dataclass

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain import credentials
from api.domain.accounts import ClientKind
from api.models import Client, ClientSecret, Organisation, Token, User
from api.services import audit

LIFETIME = dt.timedelta(minutes=15)
KEPT = dt.timedelta(days=1)
"""How long tokens that have run out are kept."""

NOTHING = bytes(32)
"""What a secret is compared with where there is none, so that it takes as long."""

_SECRETS = (
    select(Client.id, Client.user_id, ClientSecret.digest, ClientSecret.expires_at)
    .join(Organisation, Organisation.id == Client.organisation_id)
    .join(User, User.id == Client.user_id)
    .outerjoin(ClientSecret, ClientSecret.client_id == Client.id)
    .where(
        Client.client_id == bindparam("client"),
        Client.kind == ClientKind.SERVICE,
        Client.active,
        Organisation.active,
        User.active,
    )
)


@dataclass(frozen=True, slots=True)
class Proved:
    """A machine that proved itself, and as which user it acts."""

    client: int
    user_id: int


async def proved(connection: AsyncConnection, client_id: str, secret: str, now: dt.datetime) -> Proved | None:
    """The machine of this client id, if the secret is one of those it has today; it takes as long if it is not."""
    given, found = credentials.digest(secret), None
    rows = (await connection.execute(_SECRETS, {"client": client_id})).all()
    for row in rows:
        same = hmac.compare_digest(row.digest or NOTHING, given)
        if same and row.expires_at > now:
            found = Proved(row.id, row.user_id)
    if not rows:
        hmac.compare_digest(NOTHING, given)
    return found


async def grant(connection: AsyncConnection, machine: Proved, now: dt.datetime) -> str:
    """A new token of this machine; those that ran out a day ago are removed."""
    token = credentials.new(credentials.TOKEN)
    old = delete(Token).where(Token.client_id == machine.client, Token.expires_at <= now - KEPT)
    await connection.execute(old)
    added = await connection.execute(
        insert(Token)
        .values(
            user_id=machine.user_id,
            client_id=machine.client,
            digest=credentials.digest(token),
            created_at=now,
            expires_at=now + LIFETIME,
        )
        .returning(Token.id)
    )
    subject = ("Token", int(added.scalar_one()))
    await audit.record(connection, machine.user_id, "token.granted", subject, now, {"client": machine.client})
    return token


async def refused(connection: AsyncConnection, client: int | None, now: dt.datetime) -> None:
    """A program that did not prove itself, in the audit trail; what it sent is not kept, nor an id that is not ours."""
    await audit.record(connection, None, "client.refused", ("Client", client or 0), now)
