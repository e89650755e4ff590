"""One key, one act: repeated, concurrent or changed requests never do a thing twice."""

from __future__ import annotations

import asyncio
import datetime as dt
from contextlib import suppress

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from api.database import transaction
from api.domain.errors import NotDone, UserErrorCode
from api.domain.permissions import Role, Viewer
from api.services import accounts, once

NOW = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
KEY = "a-clients-key"


@pytest.fixture
async def office(empty: AsyncEngine) -> AsyncEngine:
    async with transaction(empty) as connection:
        for login in ("li", "wang"):
            await accounts.add_user(connection, login, "", Role.REVIEWER, "410502", NOW)
        await connection.execute(text("CREATE TABLE acts (id INTEGER)"))
    return empty


def viewer(user_id: int = 1) -> Viewer:
    return Viewer(user_id, "li", "", Role.REVIEWER, "410502")


async def act(office: AsyncEngine, key: str = KEY, note: str = "x", user_id: int = 1, now: dt.datetime = NOW) -> int:
    """Does something once; returns what it made."""
    async with transaction(office) as connection:
        request = await once.asked(connection, viewer(user_id), key, "reviewFinding", {"note": note}, now)
        if request.subject is not None:
            return request.subject
        made = int((await connection.execute(text("SELECT count(*) + 1 FROM acts"))).scalar_one())
        await connection.execute(text("INSERT INTO acts VALUES (:made)"), {"made": made})
        await once.carried_out(connection, request, made, None)
        return made


async def test_asked_again_it_gives_what_was_made(office: AsyncEngine) -> None:
    assert [await act(office) for _ in range(3)] == [1, 1, 1]


async def test_asked_at_the_same_time_it_is_done_once(office: AsyncEngine) -> None:
    assert set(await asyncio.gather(*(act(office) for _ in range(12)))) == {1}


async def test_what_failed_leaves_its_key_free(office: AsyncEngine) -> None:
    with suppress(ZeroDivisionError):
        async with transaction(office) as connection:
            await once.asked(connection, viewer(), KEY, "reviewFinding", {"note": "x"}, NOW)
            raise ZeroDivisionError
    assert [await act(office, note="y"), await act(office, note="y")] == [1, 1]


async def test_another_key_or_another_user_is_another_request(office: AsyncEngine) -> None:
    assert [await act(office), await act(office, "another-key"), await act(office, user_id=2)] == [1, 2, 3]


async def test_a_key_that_stood_for_something_else_is_refused(office: AsyncEngine) -> None:
    await act(office)
    with pytest.raises(NotDone) as refused:
        await act(office, note="y")
    assert refused.value.code is UserErrorCode.IDEMPOTENCY_KEY_REUSED


async def test_after_three_days_a_key_is_free_again(office: AsyncEngine) -> None:
    await act(office)
    assert await act(office, note="y", now=NOW + once.KEPT) == 2
    async with transaction(office) as connection:
        await once.forget_old(connection, NOW + 3 * once.KEPT)
        assert (await connection.execute(text("SELECT count(*) FROM idempotency_keys"))).scalar_one() == 0


@pytest.mark.parametrize("key", ["", "short", "x" * 201])
async def test_a_key_has_a_reasonable_length(office: AsyncEngine, key: str) -> None:
    with pytest.raises(NotDone) as refused:
        await act(office, key)
    assert refused.value.path == ("input", "idempotencyKey")


async def test_neither_key_nor_request_is_kept_in_the_clear(office: AsyncEngine) -> None:
    await act(office, note="王小明")
    async with transaction(office) as connection:
        rows = (await connection.execute(text("SELECT * FROM idempotency_keys"))).all()
    assert KEY not in repr(rows)
    assert "王小明" not in repr(rows)
