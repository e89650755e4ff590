"""A city taken over and scanned, on both databases: made once, and copied for each test that changes it."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from contextvars import ContextVar
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from api import intake, matching, sealing
from api.app import create_app
from api.database import open_engine, transaction
from api.domain import credentials
from api.domain.accounts import OPERATOR, OrganisationKind
from api.domain.permissions import Role
from api.sealing import Vault
from api.services import accounts, organisations, scans, viewers
from api.services.organisations import Described
from api.worker import Worker
from tests.api import clock
from tests.conftest import administer, complete, copied, on, template
from tests.once import Run

KEY = b64encode(sha256(os.environ.get("PYTEST_XDIST_TESTRUNUID", uuid4().hex).encode()).digest()).decode()
"""The master key of this run, in all its workers."""

ASKING: ContextVar[bool] = ContextVar("asking", default=False)
"""Whether a statement is a question's; the service has work of its own beside."""

USERS = {
    "caseworker": (Role.CASEWORKER, "410502"),
    "county-reviewer": (Role.REVIEWER, "410502"),
    "reviewer": (Role.REVIEWER, "410500"),
    "auditor": (Role.AUDITOR, "410500"),
    "department": (Role.DEPARTMENT, "410500"),
    "administrator": (Role.ADMINISTRATOR, "410500"),
    "elsewhere": (Role.REVIEWER, "110000"),
}

POLICE = Described("公安局", "Police", OrganisationKind.DEPARTMENT, "410500", ("population", "vehicles"))
"""The department of the user of that role, and the data that it keeps."""


@dataclass
class Service:
    """A service over one database, asked as clients ask: by HTTP, with a token."""

    url: str
    engine: AsyncEngine
    vault: Vault
    data_dir: Path
    tokens: Mapping[str, str]
    client: httpx.AsyncClient
    statements: list[str] = field(default_factory=list)
    ahead: dt.timedelta = dt.timedelta(0)
    """How far the service's clock is ahead of the tests'."""

    def now(self) -> dt.datetime:
        """What the service takes for this moment."""
        return clock.this_moment() + self.ahead

    async def ask(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        *,
        by: str | None = "reviewer",
        language: str = "en",
    ) -> dict[str, Any]:
        """The whole answer to a query."""
        headers = {"Accept-Language": language}
        if by is not None:
            headers["Authorization"] = f"Bearer {self.tokens[by]}"
        asking = ASKING.set(True)
        answer = await self.client.post("/graphql", json={"query": query, "variables": variables}, headers=headers)
        ASKING.reset(asking)
        content: dict[str, Any] = answer.json()
        return content

    async def data(self, query: str, variables: Mapping[str, Any] | None = None, *, by: str = "reviewer") -> Any:
        """The data of an answer that has no errors."""
        answer = await self.ask(query, variables, by=by)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    async def work(self) -> None:
        """Carries out all jobs that wait."""
        worker = Worker(self.engine, self.vault, self.data_dir)
        while await worker.step():
            pass


async def fill(url: str, city: Path, data_dir: Path) -> dict[str, str]:
    """The city taken over into an empty database, and scanned; the users' tokens."""
    engine, vault, now = open_engine(url), sealing.vault(KEY), clock.this_moment()
    tokens = {}
    await intake.take_over(engine, vault, city, data_dir, None, now)
    async with transaction(engine) as connection:
        await organisations.save(connection, OPERATOR, POLICE, now, code="police")
        for login, (role, division) in USERS.items():
            belongs_to = "police" if role is Role.DEPARTMENT else None
            await accounts.add_user(connection, login, login.title(), role, division, now, belongs_to)
            tokens[login] = await accounts.issue_token(connection, login, 1, now)
        auditor = await viewers.of_token(connection, credentials.digest(tokens["auditor"]), now)
        assert auditor is not None
        await scans.request(connection, auditor, None, None, (), now)
    assert await Worker(engine, vault, data_dir).step()
    await engine.dispose()
    return tokens


@pytest.fixture(scope="session")
def city(run: Run) -> Path:
    """A synthetic city of 250 households."""
    size = ("--households", "250", "--records", "9000", "--seed", "7", "--quiet")

    def make() -> dict[str, str]:
        matching.run(["synth", "--out", str(run.folder / "city"), *size])
        return {"folder": str(run.folder / "city")}

    return Path(run.once("city", make)["folder"])


@dataclass(frozen=True)
class Prepared:
    """A filled database to be copied, its data folder, and its users' tokens."""

    url: str
    data_dir: Path
    tokens: Mapping[str, str]


@pytest.fixture(scope="session")
def on_sqlite(run: Run, city: Path, migrated_on_sqlite: str) -> Prepared:
    data_dir, path = run.folder / "data-sqlite", run.folder / "filled.db"
    url = f"sqlite:///{path}"

    def make() -> Mapping[str, str]:
        shutil.copyfile(str(make_url(migrated_on_sqlite).database), path)
        return complete(fill(url, city, data_dir))

    return Prepared(url, data_dir, run.once("filled-sqlite", make))


@pytest.fixture(scope="session")
def on_postgresql(run: Run, city: Path, migrated_on_postgresql: str, postgresql_server: str) -> Prepared:
    data_dir, name = run.folder / "data-postgresql", template(run, "filled")
    url = on(postgresql_server, name)

    def make() -> Mapping[str, str]:
        like = make_url(migrated_on_postgresql).database
        complete(administer(postgresql_server, f"CREATE DATABASE {name} TEMPLATE {like}"))
        return complete(fill(url, city, data_dir))

    return Prepared(url, data_dir, run.once("filled-postgresql", make))


@pytest.fixture(params=["sqlite", "postgresql"])
async def service(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Service]:
    """A service over a filled database of its own, once on SQLite and once on PostgreSQL."""
    prepared: Prepared = request.getfixturevalue(f"on_{request.param}")
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(copied(prepared.url, tmp_path))
        shutil.copytree(prepared.data_dir, tmp_path / "data")
        engine, vault = open_engine(url), sealing.vault(KEY)
        stack.push_async_callback(engine.dispose)
        app = create_app(url, vault, data_dir=tmp_path / "data", clock=lambda: made.now())
        await stack.enter_async_context(app.router.lifespan_context(app))
        client = await stack.enter_async_context(
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service")
        )
        made = Service(url, engine, vault, tmp_path / "data", prepared.tokens, client)

        def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
            if ASKING.get():
                made.statements.append(statement)

        event.listen(app.state.engine.sync_engine, "before_cursor_execute", note)
        yield made
