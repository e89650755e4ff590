"""Organisations, users and programs, as far as an administrator's division holds them; what they are known by."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import String, bindparam, select

from api import scope
from api.database import among
from api.domain.accounts import UserKind
from api.loaders.conditions import in_division
from api.loaders.pages import By, Listing
from api.loaders.reading import Reading, Rows
from api.models import Client, ClientSecret, Identity, Organisation, OrganisationPlace, User, table

PLACE = table(OrganisationPlace).c
C, D, O, S, U = (table(each).c for each in (Client, Identity, Organisation, ClientSecret, User))  # noqa: E741

_USERS = scope.narrow(select(*U).where(U.kind == UserKind.PERSON), U.division_code)
_USERS_BY_KEY = _USERS.where(among(U.id, "keys"))
_ORGANISATIONS = scope.narrow(
    select(*O, PLACE.parent_id.label("parent_key")).join(OrganisationPlace, PLACE.organisation_id == O.id),
    O.division_code,
)
_ORGANISATIONS_BY_KEY = _ORGANISATIONS.where(among(O.id, "keys"))
_CLIENTS = scope.narrow(
    select(*C, U.role).join(Organisation, O.id == C.organisation_id).outerjoin(User, U.id == C.user_id),
    O.division_code,
)
_CLIENTS_BY_KEY = _CLIENTS.where(among(C.id, "keys"))
_IDENTITIES_OF = (
    scope.narrow(select(D.user_id, D.issuer, D.subject, D.created_at).join(User, U.id == D.user_id), U.division_code)
    .where(among(D.user_id, "keys"))
    .order_by(D.user_id, D.id)
)
_SECRETS_OF = (
    scope.narrow(
        select(S.client_id, S.created_at, S.expires_at)
        .join(Client, C.id == S.client_id)
        .join(Organisation, O.id == C.organisation_id),
        O.division_code,
    )
    .where(among(S.client_id, "keys"))
    .order_by(S.client_id, S.id.desc())
)
_OWN_ORGANISATION = select(O.code, O.name_zh, O.name_en, O.kind).where(O.id == bindparam("own"))

USERS = Listing(
    "users",
    _USERS,
    U.id,
    {
        "division": in_division(U.division_code),
        "logins": among(U.login, "logins", String),
        "roles": among(U.role, "roles", String),
        "organisations": among(U.organisation_id, "organisations"),
        "cleared": U.cleared.is_(True),
        "uncleared": U.cleared.is_(False),
        "active": U.active.is_(True),
        "inactive": U.active.is_(False),
    },
    {"CREATED": By(U.id, int), "LOGIN": By(U.login, str)},
)
ORGANISATIONS = Listing(
    "organisations",
    _ORGANISATIONS,
    O.id,
    {
        "division": in_division(O.division_code),
        "codes": among(O.code, "codes", String),
        "kinds": among(O.kind, "kinds", String),
        "levels": among(O.level, "levels", String),
        "parents": among(PLACE.parent_id, "parents"),
        "active": O.active.is_(True),
        "inactive": O.active.is_(False),
    },
    {"CREATED": By(O.id, int), "CODE": By(O.code, str)},
)
CLIENTS = Listing(
    "clients",
    _CLIENTS,
    C.id,
    {
        "division": in_division(O.division_code),
        "client_ids": among(C.client_id, "client_ids", String),
        "kinds": among(C.kind, "kinds", String),
        "organisations": among(C.organisation_id, "organisations"),
        "active": C.active.is_(True),
        "inactive": C.active.is_(False),
    },
    {"CREATED": By(C.id, int), "CLIENT_ID": By(C.client_id, str)},
)


async def users_by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """People by their key."""
    return await reading.rows(_USERS_BY_KEY, {"keys": keys})


async def organisations_by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """Organisations by their key, which is the first column."""
    return await reading.rows(_ORGANISATIONS_BY_KEY, {"keys": keys})


async def clients_by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """Programs by their key."""
    return await reading.rows(_CLIENTS_BY_KEY, {"keys": keys})


async def identities_of(reading: Reading, users: Sequence[int]) -> Rows:
    """Who users are at identity providers, the first column telling whose; machines' users among them."""
    return await reading.rows(_IDENTITIES_OF, {"keys": users})


async def secrets_of(reading: Reading, clients: Sequence[int]) -> Rows:
    """When machines' secrets were made and run out, the first column telling whose, the latest first."""
    return await reading.rows(_SECRETS_OF, {"keys": clients})


async def own_organisation(reading: Reading) -> Rows:
    """The organisation that the viewer belongs to, wherever it lies."""
    return await reading.rows(_OWN_ORGANISATION, {"own": reading.viewer.organisation_id})
