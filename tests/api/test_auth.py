"""Signing in by an identity provider: who is linked to whom, by which program, and what of it ends when."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from api.app import create_app
from api.auth import REMEMBERED_SECONDS, Authenticator, NotLinked, UnknownToken
from api.database import transaction
from api.domain.accounts import OPERATOR, ClientKind, OrganisationKind
from api.domain.permissions import Viewer
from api.models import Organisation
from api.oidc.keys import Keys
from api.oidc.tokens import Issuer
from api.services import accounts, clients, identities, organisations
from tests.api.conftest import Service
from tests.api.identity_provider import AUDIENCE, Provider, running

NOW = dt.datetime.now(dt.UTC)


@pytest.fixture(scope="module")
def shared() -> Iterator[Provider]:
    with running() as provider:
        yield provider


@pytest.fixture
def provider(shared: Provider) -> Provider:
    shared.away = False
    return shared


def issuer(provider: Provider) -> Issuer:
    return Issuer(Keys(provider.url), AUDIENCE)


@pytest.fixture
async def linked(service: Service, provider: Provider) -> Service:
    """The reviewer is u-1 at the provider; a portal and a machine of the police are registered, and the machine is m-1."""
    async with transaction(service.engine) as connection:
        await identities.link(
            connection, OPERATOR, await accounts.key_of(connection, "reviewer"), provider.url, "u-1", NOW
        )
        police = await organisations.key_of(connection, OPERATOR, "police")
        portal = clients.Registered("门户", ClientKind.APPLICATION, police, trusted_only=True)
        await clients.save(connection, OPERATOR, portal, NOW, client_id="portal")
        machine = clients.Registered("接口", ClientKind.SERVICE, police)
        key = await clients.save(connection, OPERATOR, machine, NOW, client_id="machine")
        user = await clients.user_of(connection, OPERATOR, key)
        await identities.link(connection, OPERATOR, user, provider.url, "m-1", NOW)
    return service


async def viewer(service: Service, provider: Provider, token: str) -> Viewer:
    found = await Authenticator(service.engine, issuer(provider)).viewer(f"Bearer {token}")
    assert found is not None
    return found


async def test_the_roles_are_ours_whatever_the_token_claims(linked: Service, provider: Provider) -> None:
    token = provider.token(roles=["ADMINISTRATOR"], role="ADMINISTRATOR", scope="admin", division_code="000000")
    who = await viewer(linked, provider, token)
    assert (who.login, who.role, who.division_code) == ("reviewer", "REVIEWER", "410500")
    assert (who.client, who.trusted_only, who.sources) == (None, False, None)


async def test_a_person_speaks_by_a_registered_application(linked: Service, provider: Provider) -> None:
    who = await viewer(linked, provider, provider.token(azp="portal"))
    assert (who.login, who.client, who.trusted_only) == ("reviewer", "portal", True)
    assert await viewer(linked, provider, provider.token(client_id="portal")) == who


async def test_a_machine_acts_for_its_department_alone(linked: Service, provider: Provider) -> None:
    who = await viewer(linked, provider, provider.token(sub="m-1", azp="whatever-the-provider-calls-it"))
    assert (who.role, who.client, who.sources) == ("DEPARTMENT", "machine", ("population", "vehicles"))


async def end_user(connection: Any) -> None:
    await accounts.deactivate(connection, OPERATOR, await accounts.key_of(connection, "reviewer"), NOW)


async def end_portal(connection: Any) -> None:
    await clients.deactivate(connection, OPERATOR, await clients.key_of(connection, "portal"), NOW)


async def end_machine(connection: Any) -> None:
    await clients.deactivate(connection, OPERATOR, await clients.key_of(connection, "machine"), NOW)


async def end_police(connection: Any) -> None:
    await organisations.deactivate(
        connection, OPERATOR, await organisations.key_of(connection, OPERATOR, "police"), NOW
    )


async def nothing(connection: Any) -> None:
    pass


@pytest.mark.parametrize(
    ("claims", "ended"),
    [
        ({"sub": "u-2"}, nothing),
        ({"sub": "U-1"}, nothing),
        ({"sub": "u-1 "}, nothing),
        ({"azp": "unregistered"}, nothing),
        ({"azp": "machine"}, nothing),
        ({"azp": ""}, nothing),
        ({}, end_user),
        ({"azp": "portal"}, end_portal),
        ({"azp": "portal"}, end_police),
        ({"sub": "m-1"}, end_machine),
        ({"sub": "m-1"}, end_police),
    ],
)
async def test_who_is_not_linked_or_was_ended_is_nobody(
    linked: Service, provider: Provider, claims: dict[str, Any], ended: Callable[[Any], Any]
) -> None:
    async with transaction(linked.engine) as connection:
        await ended(connection)
    with pytest.raises(NotLinked):
        await viewer(linked, provider, provider.token(**claims))


async def test_an_identity_that_was_unlinked_is_nobody(linked: Service, provider: Provider) -> None:
    async with transaction(linked.engine) as connection:
        await identities.unlink(connection, OPERATOR, provider.url, "u-1", NOW)
    with pytest.raises(NotLinked):
        await viewer(linked, provider, provider.token())


@pytest.mark.parametrize("kind", ["ours", "theirs"])
async def test_what_was_ended_is_seen_within_the_remembered_seconds(
    linked: Service, provider: Provider, kind: str
) -> None:
    seconds = 0.0
    known = Authenticator(linked.engine, issuer(provider), clock=lambda: seconds)
    header = f"Bearer {linked.tokens['reviewer'] if kind == 'ours' else provider.token()}"
    assert await known.viewer(header) is not None
    async with transaction(linked.engine) as connection:
        await end_user(connection)
    assert await known.viewer(header) is not None, "remembered"
    seconds += REMEMBERED_SECONDS
    with pytest.raises(UnknownToken):
        await known.viewer(header)


async def test_a_token_is_not_remembered_beyond_its_end(linked: Service, provider: Provider) -> None:
    seconds, theirs = 0.0, issuer(provider)
    today = theirs.now()
    theirs.now = lambda: today + seconds
    known = Authenticator(linked.engine, theirs, clock=lambda: seconds)
    header = f"Bearer {provider.token(exp=int(today) + 2)}"
    assert await known.viewer(header) is not None
    seconds = 60.0
    with pytest.raises(UnknownToken):
        await known.viewer(header)


async def test_without_a_provider_only_our_tokens_are_good(linked: Service, provider: Provider) -> None:
    known = Authenticator(linked.engine)
    assert await known.viewer(f"bearer {linked.tokens['reviewer']}") is not None
    assert await known.viewer(None) is None
    for header in (
        f"Bearer {provider.token()}",
        "Bearer ",
        "Basic eDp5",
        "Bearer x.y",
        f"Token {linked.tokens['reviewer']}",
    ):
        with pytest.raises(UnknownToken):
            await known.viewer(header)


@pytest.fixture
async def client(linked: Service, provider: Provider) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(linked.url, linked.vault, issuer=issuer(provider))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as asking,
    ):
        yield asking


async def ask(client: httpx.AsyncClient, token: str, language: str = "en") -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}", "Accept-Language": language}
    query = "{ viewer { login client sources organisation { code } } }"
    return await client.post("/graphql", json={"query": query}, headers=headers)


async def test_over_http(client: httpx.AsyncClient, provider: Provider, linked: Service) -> None:
    told = (await ask(client, provider.token())).json()["data"]["viewer"]
    assert told == {"login": "reviewer", "client": None, "sources": None, "organisation": None}
    told = (await ask(client, provider.token(sub="m-1"))).json()["data"]["viewer"]
    assert told["organisation"] == {"code": "police"}
    assert (told["client"], told["sources"]) == ("machine", ["population", "vehicles"])
    assert (await ask(client, linked.tokens["reviewer"])).json()["data"]["viewer"]["login"] == "reviewer"


@pytest.mark.parametrize(("language", "words"), [("en", "ask an administrator"), ("zh", "请联系管理员")])
async def test_whoever_is_not_linked_is_told_so(
    client: httpx.AsyncClient, provider: Provider, language: str, words: str
) -> None:
    answer = await ask(client, provider.token(sub="nobody"), language)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "UNAUTHENTICATED"
    assert words in error["message"]
    assert "nobody" not in answer.text
    refused = await ask(client, provider.token(aud="another"), language)
    assert refused.status_code == 401
    assert words not in refused.text


async def test_while_the_provider_is_away_nobody_is_told_that_their_token_is_bad(
    client: httpx.AsyncClient, provider: Provider, linked: Service
) -> None:
    provider.away = True
    assert (await ask(client, provider.token())).status_code == 503
    assert (await ask(client, linked.tokens["reviewer"])).status_code == 200


async def test_a_department_of_which_nothing_is_known_sees_no_source(service: Service) -> None:
    async with transaction(service.engine) as connection:
        kind = await connection.scalar(select(Organisation.kind))
        assert kind == OrganisationKind.DEPARTMENT
        await connection.execute(update(Organisation).values(sources=[]))
    data = await service.data("{ departments { code } }", by="department")
    assert data == {"departments": []}
