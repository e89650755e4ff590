"""A service that wants a purpose named shows masks until one is, and puts on record which it was."""

from __future__ import annotations

from typing import Any

import httpx
from sqlalchemy import select

from api import settings
from api.app import create_app
from api.database import reading
from api.models import Read
from tests.api.conftest import Service

PEOPLE = "{ viewer { permissions } households(first: 3) { nodes { members { name idNumber masked } } } }"


async def test_f_28_where_a_purpose_is_required_nobody_is_seen_whole_without_one(service: Service) -> None:
    app = create_app(service.url, service.vault, purpose_required=True, data_dir=service.data_dir)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://it") as client,
    ):

        async def masked(purpose: str | None, query: str = PEOPLE) -> Any:
            headers = {"Authorization": f"Bearer {service.tokens['reviewer']}", "Accept-Language": "en"}
            headers |= {"Jiekun-Purpose": purpose} if purpose else {}
            answer = (await client.post("/graphql", json={"query": query}, headers=headers)).json()
            if "errors" in answer:
                return answer["errors"][0]["extensions"]["code"]
            people = [each for house in answer["data"]["households"]["nodes"] for each in house["members"]]
            (shown,) = {(each["masked"], "*" in each["name"]) for each in people}
            assert ("READ_IDENTITY" in answer["data"]["viewer"]["permissions"]) is not shown[0]
            return shown

        assert await masked(None) == (True, True)
        assert await masked("REVIEW") == (False, False)
        assert await masked("STATISTICS") == (True, True)
        search = '{ households(filter: {phone: "13800000000"}) { totalCount } }'
        assert await masked(None, search) == "FORBIDDEN"
    async with reading(service.engine) as connection:
        rows = await connection.execute(select(Read.purpose, Read.identity, Read.whole).order_by(Read.id).limit(3))
        told = [(purpose, identity, whole > 0) for purpose, identity, whole in rows]
    assert told == [("REVIEW", "MASKED", False), ("REVIEW", "WHOLE", True), ("STATISTICS", "MASKED", False)]


def test_the_switch_is_off_where_nothing_is_said() -> None:
    assert settings.read({}).purpose_required is False
    assert settings.read({"JIEKUN_PURPOSE_REQUIRED": "1"}).purpose_required is True
