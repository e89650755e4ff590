"""Who asks: the user whom a token, an identity elsewhere or a machine's secret names, if all of it is good today."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Row, and_, bindparam, false, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain import days
from api.domain.accounts import ClientKind, OrganisationKind, UserKind
from api.domain.permissions import Role, Viewer
from api.domain.responsibilities import MeasureRole
from api.matching import catalogue
from api.models import Client, Identity, Organisation, RoleAssignment, Token, User, table

R = table(RoleAssignment).c
_PROGRAM = table(Client).alias("program")
_OWNER = table(Organisation).alias("owner")

_WHO = (
    select(
        User.id,
        User.login,
        User.display_name,
        User.kind.label("user_kind"),
        User.role,
        User.division_code,
        User.organisation_id,
        User.cleared,
        Organisation.kind.label("organisation_kind"),
        Organisation.sources,
        _PROGRAM.c.client_id.label("program"),
        _PROGRAM.c.trusted_only,
    )
    .outerjoin(Organisation, Organisation.id == User.organisation_id)
    .where(User.active, or_(User.organisation_id.is_(None), Organisation.active))
)
_AT_WORK = and_(_PROGRAM.c.active, _PROGRAM.c.organisation_id.in_(select(_OWNER.c.id).where(_OWNER.c.active)))

_BY_TOKEN = (
    _WHO.join(Token, Token.user_id == User.id)
    .outerjoin(_PROGRAM, _PROGRAM.c.id == Token.client_id)
    .where(
        Token.digest == bindparam("digest"),
        Token.revoked_at.is_(None),
        Token.expires_at > bindparam("now"),
        or_(Token.client_id.is_(None), _AT_WORK),
    )
)
_BY_IDENTITY = (
    _WHO.join(Identity, Identity.user_id == User.id)
    .outerjoin(
        _PROGRAM,
        and_(
            _AT_WORK,
            or_(
                and_(User.kind == UserKind.SERVICE, _PROGRAM.c.user_id == User.id),
                and_(
                    User.kind == UserKind.PERSON,
                    _PROGRAM.c.kind == ClientKind.APPLICATION,
                    _PROGRAM.c.client_id == bindparam("program"),
                ),
            ),
        ),
    )
    .where(Identity.issuer == bindparam("issuer"), Identity.subject == bindparam("subject"))
)


_ROLES = select(R.role, R.division_code).where(
    R.organisation_id == bindparam("organisation"),
    R.valid_from <= bindparam("today"),
    or_(R.valid_to.is_(None), R.valid_to > bindparam("today")),
)


async def of_token(connection: AsyncConnection, digest: bytes, now: dt.datetime) -> Viewer | None:
    """Who bears the token of this digest, if it is good today."""
    row = (await connection.execute(_BY_TOKEN, {"digest": digest, "now": now})).one_or_none()
    return _viewer(row, await _granting(connection, row, now))


async def of_identity(
    connection: AsyncConnection, issuer: str, subject: str, program: str | None, now: dt.datetime
) -> Viewer | None:
    """Whom an issuer's subject is linked to, as far as they are at work, speaking by this program if one is named.

    A machine's user speaks by the machine alone, and a person by an application that is registered: None otherwise.
    """
    given = {"issuer": issuer, "subject": subject, "program": program}
    row = (await connection.execute(_BY_IDENTITY, given)).one_or_none()
    if row is not None and row.program is None and (program is not None or row.user_kind == UserKind.SERVICE):
        return None
    return _viewer(row, await _granting(connection, row, now))


async def of_login(connection: AsyncConnection, login: str) -> Viewer | None:
    """Somebody at work by their login, for what an operator does in their name; no machine."""
    nobody_else = _WHO.outerjoin(_PROGRAM, false()).where(User.login == login, User.kind == UserKind.PERSON)
    return _viewer((await connection.execute(nobody_else)).one_or_none(), ())


async def of_key(connection: AsyncConnection, user_id: int) -> Viewer | None:
    """A user at work by their key, for what is done in their name after they have asked for it."""
    theirs = _WHO.outerjoin(_PROGRAM, false()).where(User.id == user_id)
    return _viewer((await connection.execute(theirs)).one_or_none(), ())


def _viewer(row: Row[*tuple[Any, ...]] | None, granting: tuple[str, ...]) -> Viewer | None:
    if row is None:
        return None
    return Viewer(
        user_id=row.id,
        login=row.login,
        display_name=row.display_name,
        role=Role(row.role),
        division_code=row.division_code,
        organisation_id=row.organisation_id,
        sources=_sources(row),
        granting=granting,
        client=row.program,
        trusted_only=bool(row.trusted_only),
        cleared=row.cleared,
    )


async def _granting(
    connection: AsyncConnection, row: Row[*tuple[Any, ...]] | None, now: dt.datetime
) -> tuple[str, ...]:
    """What a department grants by the roles that it holds today, and where; the catalogue tells which programmes."""
    if row is None or row.role != Role.DEPARTMENT or row.organisation_id is None:
        return ()
    today = days.today(now)
    held = await connection.execute(_ROLES, {"organisation": row.organisation_id, "today": today})
    programmes = catalogue.in_force()
    granted = {
        f"{code}:{division}"
        for role, division in held
        for code in programmes.granted_by(MeasureRole(role), today, division)
    }
    return tuple(sorted(granted))


def _sources(row: Row[*tuple[Any, ...]]) -> tuple[str, ...] | None:
    """The sources that narrow what is seen: a department's own; none at all for whom no department is known."""
    if row.organisation_kind == OrganisationKind.DEPARTMENT:
        return tuple(row.sources)
    return () if row.role == Role.DEPARTMENT else None
