"""The door for everybody: closed by default; what it hands out finds nobody, and only while it is up (F-30)."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from api import sealing
from api.app import create_app
from tests.api.conftest import KEY, Service
from tests.api.services.reviewed import under_review
from tests.api.services.test_notices import SECRETS, changed_by_hand, opened


@asynccontextmanager
async def door(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    """The same database, served with the door open."""
    app = create_app(service.url, service.vault, public_notices=True, data_dir=service.data_dir, clock=service.now)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            yield client


async def test_by_default_there_is_no_such_door(service: Service) -> None:
    for path in ("/notices", "/notices.json"):
        assert (await service.client.get(path, params={"division": "410502"})).status_code == 404


async def test_f_30_everybody_may_read_what_is_up_in_a_county_and_finds_nobody_by_it(service: Service) -> None:
    there, elsewhere = await under_review(service), await under_review(service, division="410505")
    notice = (await opened(service, there))["notice"]
    await opened(service, elsewhere)
    async with door(service) as client:
        data = await client.get("/notices.json", params={"division": "410502"})
        page = await client.get("/notices", params={"division": "410502"})
    told = data.json()
    assert told == {
        "division": "410502",
        "nameZh": "安阳市文峰区",
        "asOf": notice["fromDay"],
        "notices": [
            {
                "number": notice["number"],
                "applicant": "张*",
                "idNumber": "4105**************",
                "street": "平原路",
                "people": 3,
                "tier": "地市级",
                "category": "相对困难",
                "keeper": "安阳市纺织厂工会",
                "fromDay": notice["fromDay"],
                "toDay": notice["toDay"],
                "channels": ["当面", "热线"],
            }
        ],
    }
    for answer in (data, page):
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-robots-tag"].startswith("noindex")
        assert answer.headers["content-security-policy"].startswith("default-src 'self'")
        assert "set-cookie" not in answer.headers
        assert not [secret for secret in SECRETS if secret in answer.text]
        assert not re.search(r"[0-9a-f]{32}|\d{8}", answer.text), "neither an id nor a number"
        assert there.id not in answer.text
    assert "张*" in page.text
    assert "noindex" in page.text


async def test_f_30_what_is_over_or_was_changed_by_hand_is_not_handed_out(service: Service) -> None:
    notice = (await opened(service, await under_review(service)))["notice"]
    await changed_by_hand(service, keeper="<script>工会13812345678")
    async with door(service) as client:
        page = await client.get("/notices", params={"division": "410502"})
        assert notice["number"] in page.text
        assert not [each for each in ("script", "13812345678", "张*") if each in page.text]
        over = dt.datetime.combine(dt.date.fromisoformat(notice["toDay"]), dt.time(16, 1), dt.UTC)
        service.ahead = over - service.now()
        for path in ("/notices", "/notices.json"):
            assert notice["number"] not in (await client.get(path, params={"division": "410502"})).text


async def test_whoever_names_no_county_is_told_nothing(service: Service) -> None:
    await opened(service, await under_review(service))
    async with door(service) as client:
        for path in ("/notices", "/notices.json"):
            for division in ("", "410500", "410000", "000000", "41050", "4105'2", "４１０５０２"):
                answer = await client.get(path, params={"division": division})
                assert answer.status_code == 400
                assert "张" not in answer.text
            assert (await client.post(path, params={"division": "410502"})).status_code == 405


async def test_while_the_database_is_away_nothing_is_told() -> None:
    board = create_app("sqlite:////nowhere/jiekun.db", sealing.vault(KEY), public_notices=True)
    transport = httpx.ASGITransport(board)
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        for path in ("/notices", "/notices.json"):
            answer = await client.get(path, params={"division": "410502"})
            assert answer.status_code == 503
            assert "nowhere" not in answer.text
    for thread in threading.enumerate():  # the driver's, which tells its loop that it has ended
        if "_connection_worker_thread" in thread.name:
            await asyncio.to_thread(thread.join, 10)
