"""Users and tokens: a token is known until it is revoked, runs out, or its user goes."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from api.database import transaction
from api.domain import credentials
from api.domain.accounts import OPERATOR
from api.domain.errors import NotDone
from api.domain.permissions import Role, Viewer
from api.models import AuditEvent, Token
from api.services import accounts, viewers

NOW = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


@pytest.fixture
async def office(empty: AsyncEngine) -> AsyncEngine:
    async with transaction(empty) as connection:
        await accounts.add_user(connection, "li", "李工", Role.REVIEWER, "410502", NOW)
    return empty


async def viewer(connection: AsyncConnection, token: str, now: dt.datetime = NOW) -> Viewer | None:
    return await viewers.of_token(connection, credentials.digest(token), now)


async def test_a_token_tells_who_asks(office: AsyncEngine) -> None:
    async with transaction(office) as connection:
        token = await accounts.issue_token(connection, "li", 1, NOW)
        who = await viewer(connection, token)
        assert who is not None
        assert (who.login, who.display_name, who.role, who.division_code) == ("li", "李工", Role.REVIEWER, "410502")
        assert await viewer(connection, token + "x") is None
        assert await viewer(connection, token, NOW + DAY) is None, "it has run out"


async def test_the_token_itself_is_not_kept(office: AsyncEngine) -> None:
    async with transaction(office) as connection:
        token = await accounts.issue_token(connection, "li", 1, NOW)
        kept = (await connection.execute(select(Token.digest))).scalars().all()
    assert all(token.encode() not in digest for digest in kept)


async def test_revoked_tokens_and_users_who_left_are_nobody(office: AsyncEngine) -> None:
    async with transaction(office) as connection:
        old = await accounts.issue_token(connection, "li", 9, NOW)
        assert await accounts.revoke_tokens(connection, "li", NOW) == 1
        new = await accounts.issue_token(connection, "li", 9, NOW)
        assert await viewer(connection, old) is None
        assert await viewer(connection, new) is not None
        await accounts.deactivate(connection, OPERATOR, await accounts.key_of(connection, "li"), NOW)
        assert await viewer(connection, new) is None
        assert [(row.login, row.active) for row in await accounts.users(connection)] == [("li", False)]


async def test_a_user_is_changed_by_adding_them_again(office: AsyncEngine) -> None:
    async with transaction(office) as connection:
        token = await accounts.issue_token(connection, "li", 1, NOW)
        await accounts.add_user(connection, "li", "李工", Role.AUDITOR, "410500", NOW)
        who = await viewer(connection, token)
        assert who is not None
        assert (who.role, who.division_code) == (Role.AUDITOR, "410500")


async def test_the_first_administrator_is_made_only_while_there_is_none(office: AsyncEngine) -> None:
    async with transaction(office) as connection:
        await accounts.first_administrator(connection, "chen", "", "410500", NOW)
        with pytest.raises(NotDone, match="already"):
            await accounts.first_administrator(connection, "wu", "", "410500", NOW)
        await accounts.deactivate(connection, OPERATOR, await accounts.key_of(connection, "chen"), NOW)
        await accounts.first_administrator(connection, "li", "", "410500", NOW)
        roles = {row.login: (row.role, row.active) for row in await accounts.users(connection)}
    assert roles == {"chen": (Role.ADMINISTRATOR, False), "li": (Role.ADMINISTRATOR, True)}


@pytest.mark.parametrize(
    ("login", "division"), [("", "410500"), ("li si", "410500"), ("x" * 65, "410500"), ("li", "41")]
)
async def test_a_user_who_cannot_be_is_refused(office: AsyncEngine, login: str, division: str) -> None:
    async with transaction(office) as connection:
        with pytest.raises(NotDone):
            await accounts.add_user(connection, login, "", Role.REVIEWER, division, NOW)


async def test_there_is_no_token_for_nobody_or_for_no_time(office: AsyncEngine) -> None:
    async with transaction(office) as connection:
        for login, days in (("wang", 1), ("li", 0)):
            with pytest.raises(NotDone):
                await accounts.issue_token(connection, login, days, NOW)


async def test_all_of_it_stands_in_the_audit_trail(office: AsyncEngine) -> None:
    async with transaction(office) as connection:
        await accounts.issue_token(connection, "li", 1, NOW)
        await accounts.deactivate(connection, OPERATOR, await accounts.key_of(connection, "li"), NOW)
    async with office.connect() as connection:
        rows = await connection.execute(select(AuditEvent.action).order_by(AuditEvent.number))
        assert rows.scalars().all() == ["user.saved", "token.issued", "user.deactivated"]
