"""A backup taken while the service goes on, and the drill: restored elsewhere, it is the service of that moment."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import shutil
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.engine import make_url

from api import migrations, sealing
from api.app import create_app
from api.attachments_store import Store
from api.backup import restoring, taking
from api.backup.archive import NotABackup
from api.backup.restoring import NotEmpty, Restored
from api.database import open_engine, reading, transaction
from api.domain import credentials
from api.domain.attachments import AttachmentKind
from api.domain.permissions import Role
from api.models import Base, FeedIndex, Household
from api.services import accounts, attachments, indexes, stores, viewers
from api.services.attachments import Place
from tests import postgresql
from tests.api import clock
from tests.api.conftest import KEY, Service
from tests.api.test_cli import run as command
from tests.conftest import administer, complete, on
from tests.once import Run

PAPER = b"%PDF-1.7\n" + b"paper " * 100_000
GROWING = {"users", "audit_events", "outbox", "tokens", "installations"}
"""To which this test itself adds while the backup is taken, or which the restoring changes."""


@dataclass(frozen=True)
class Elsewhere:
    """An empty place to restore to, as the commands are told of it."""

    url: str
    data_dir: Path
    place: Mapping[str, str]


@pytest.fixture
def programs(run: Run) -> dict[str, str]:
    """The programs of the PostgreSQL that the tests have started."""
    started = run.made("postgresql")
    found = Path(started["programs"]) if started else postgresql.of_the_machine() or postgresql.of_the_wheel()
    return {"JIEKUN_PG_PROGRAMS": str(found)} if found else {}


def told(url: str, data_dir: Path, programs: Mapping[str, str]) -> dict[str, str]:
    return {"JIEKUN_DATABASE_URL": url, "JIEKUN_DATA_DIR": str(data_dir), "JIEKUN_KEY": KEY, **programs}


@pytest.fixture
def elsewhere(
    service: Service, tmp_path: Path, programs: dict[str, str], request: pytest.FixtureRequest
) -> Iterator[Elsewhere]:
    data_dir = tmp_path / "elsewhere" / "data"
    if make_url(service.url).get_backend_name() == "sqlite":
        url = f"sqlite:///{tmp_path}/elsewhere/restored.db"
        yield Elsewhere(url, data_dir, told(url, data_dir, programs))
        return
    server, name = request.getfixturevalue("postgresql_server"), f"restored_{tmp_path.name.replace('-', '_')}"
    complete(administer(server, f'CREATE DATABASE "{name}"'))
    url = on(server, name)
    yield Elsewhere(url, data_dir, told(url, data_dir, programs))
    complete(administer(server, f'DROP DATABASE "{name}" WITH (FORCE)'))


async def rows(url: str) -> dict[str, list[Any]]:
    """Every row of every table."""
    engine, found = open_engine(url), {}
    async with reading(engine) as connection:
        for table in Base.metadata.sorted_tables:
            found[table.name] = [
                tuple(row) for row in await connection.execute(select(table).order_by(*table.primary_key))
            ]
    await engine.dispose()
    return found


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


async def attach(service: Service) -> None:
    """A paper of some household's."""

    async def flow() -> AsyncIterator[bytes]:
        yield PAPER

    store = Store(service.data_dir, service.vault)
    async with transaction(service.engine) as connection:
        viewer = await viewers.of_token(connection, credentials.digest(service.tokens["caseworker"]), service.now())
        assert viewer is not None
        inside = select(Household.id).where(Household.division_code == viewer.division_code)
        household = (await connection.scalars(inside.limit(1))).one()
        written = await store.write(flow(), 10_000_000)
        where, kind = Place(household, None, None), AttachmentKind.EVIDENCE
        await attachments.add(connection, service.vault, viewer, where, kind, "证明.pdf", written, service.now())


async def backed_up(service: Service, to: Path, programs: Mapping[str, str]) -> int:
    """Takes a backup while others write; how many they were."""
    place, ended, added = told(service.url, service.data_dir, programs), asyncio.Event(), 0

    async def others() -> None:
        nonlocal added
        while not ended.is_set():
            async with transaction(service.engine) as connection:
                await accounts.add_user(connection, f"guest-{added}", "客", Role.AUDITOR, "410500", service.now())
            added += 1
            await asyncio.sleep(0.01)

    writing = asyncio.create_task(others())
    try:
        await asyncio.to_thread(command, "backup", "create", str(to), place=place)
    finally:
        ended.set()
        await writing
    return added


@pytest.fixture
async def backup(service: Service, programs: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A backup of the service with a paper in it."""
    for name, value in programs.items():
        monkeypatch.setenv(name, value)
    await attach(service)
    to, step = tmp_path / "city.backup", await migrations.current(service.engine)
    assert step is not None
    key_file = service.data_dir / "key"
    await asyncio.to_thread(
        taking.take, service.url, step, service.data_dir, key_file, service.vault, to, service.now(), tell
    )
    return to


async def restored(to: Elsewhere, path: Path, key: str = KEY) -> Restored:
    """Restores it there."""
    engine = open_engine(to.url)
    try:
        return await restoring.restore(
            path, engine, to.url, to.data_dir, to.data_dir / "key", sealing.vault(key), clock.this_moment(), tell
        )
    finally:
        await engine.dispose()


def tell(stage: str, done: int, total: int | None) -> None:
    assert total is None or done <= total, stage


async def test_the_drill_what_is_restored_is_the_service_of_that_moment(
    service: Service, elsewhere: Elsewhere, programs: dict[str, str], tmp_path: Path
) -> None:
    await attach(service)
    async with transaction(service.engine) as connection:
        await stores.name(connection, service.now())
    before = await rows(service.url)
    backup = tmp_path / "city.backup"
    assert await backed_up(service, backup, programs) > 0, "nobody wrote meanwhile"

    said = await asyncio.to_thread(command, "backup", "verify", str(backup), place=elsewhere.place)
    assert "whole" in said.stderr
    said = await asyncio.to_thread(command, "backup", "restore", str(backup), place=elsewhere.place)
    assert "tokens are ended" in said.stderr

    after, live = await rows(elsewhere.url), await rows(service.url)
    for name, found in after.items():
        if name not in GROWING:
            assert found == before[name], name
    assert (len(live["installations"]), after["installations"]) == (1, []), "what is restored owns no store"
    guests = [row for row in after["users"] if row not in before["users"]]
    assert after["users"] == live["users"][: len(after["users"])]
    assert len(guests) + 1 == len(after["audit_events"]) - len(before["audit_events"]), "one view of both tables"
    assert digests(elsewhere.data_dir) == digests(service.data_dir)

    for verified in (("audit", "verify"), ("attachments", "verify"), ("snapshots", "verify")):
        await asyncio.to_thread(command, *verified, place=elsewhere.place)
    said = await asyncio.to_thread(command, "token", "reviewer", place=elsewhere.place)
    await answers(elsewhere, service.tokens["reviewer"], said.stdout.strip())


async def answers(elsewhere: Elsewhere, old: str, new: str) -> None:
    """The restored service knows a new token, and not the old one."""
    async with AsyncExitStack() as stack:
        app = create_app(
            elsewhere.url, sealing.vault(KEY), data_dir=elsewhere.data_dir, clock=lambda: clock.this_moment()
        )
        await stack.enter_async_context(app.router.lifespan_context(app))
        client = await stack.enter_async_context(
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service")
        )
        query = {"query": "{ findings(first: 3) { nodes { id } } }"}
        for token, known in ((new, True), (old, False)):
            answer = await client.post("/graphql", json=query, headers={"Authorization": f"Bearer {token}"})
            assert (len(((answer.json().get("data") or {}).get("findings") or {}).get("nodes", ())) == 3) is known


async def test_a_scan_at_work_begins_anew_and_an_index_is_built_again(
    service: Service, elsewhere: Elsewhere, programs: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with transaction(service.engine) as connection:
        await connection.execute(text("UPDATE scans SET finished_at = NULL, status = 'RUNNING' WHERE id = 1"))
        index = {"feeds": "…", "folder": "index/1/out", "sources": [], "as_of": dt.date(2024, 6, 1)}
        moment = {"asked_at": service.now(), "ready_at": service.now()}
        await connection.execute(insert(FeedIndex).values(**index, **moment))
    shutil.move(service.data_dir / "feeds", tmp_path / "larger disk")
    (service.data_dir / "feeds").symlink_to(tmp_path / "larger disk")
    (service.data_dir / "index" / "1").mkdir(parents=True)
    (service.data_dir / "index" / "1" / "large").write_bytes(bytes(1000))
    path = tmp_path / "city.backup"
    await backed_up(service, path, programs)
    for name, value in programs.items():
        monkeypatch.setenv(name, value)
    assert (await restored(elsewhere, path)).scans == 1
    assert not (elsewhere.data_dir / "scans" / "1").exists()
    assert digests(elsewhere.data_dir / "feeds") == digests(tmp_path / "larger disk")
    assert not (elsewhere.data_dir / "index").exists()
    engine = open_engine(elsewhere.url)
    async with reading(engine) as connection:
        assert await indexes.current(connection) is None
    async with transaction(engine) as connection:
        assert await indexes.look(connection, service.vault, service.now()) == 1
    await engine.dispose()


async def test_whoever_was_interrupted_begins_again(service: Service, elsewhere: Elsewhere, backup: Path) -> None:
    left = elsewhere.data_dir / ".restoring" / "files"
    left.mkdir(parents=True)
    (left / "half").write_bytes(b"of another attempt")
    await restored(elsewhere, backup)
    assert digests(elsewhere.data_dir) == digests(service.data_dir)


async def test_nothing_of_a_backup_can_be_read_or_changed_without_its_key(
    elsewhere: Elsewhere, backup: Path, tmp_path: Path
) -> None:
    whole = backup.read_bytes()
    for plain in ("证明.pdf".encode(), b"paper paper", b"households", b"feeds/", b"SQLite format", b"PGDMP"):
        assert plain not in whole

    head = whole.index(b"\n", whole.index(b"\n") + 1) + 1
    length = int.from_bytes(whole[head : head + 4], "big")
    piece = whole[head : head + 4 + length]
    bad, others = (
        tmp_path / "bad.backup",
        {
            "no backup": b"PK\3\4" + whole,
            "a changed byte": whole[:-100] + bytes([whole[-100] ^ 1]) + whole[-99:],
            "cut off": whole[:-1],
            "cut off behind a piece": whole[: head + 4 + length],
            "a piece twice": whole[:head] + piece + whole[head:],
            "another moment": whole.replace(b'"made_at": "2', b'"made_at": "1', 1),
        },
    )
    for name, content in others.items():
        bad.write_bytes(content)
        with pytest.raises(NotABackup):
            restoring.verify(bad, sealing.vault(KEY), tell)
        with pytest.raises(NotABackup):
            await restored(elsewhere, bad)
        assert not (elsewhere.data_dir / ".restoring" / "complete").exists(), name
    with pytest.raises(NotABackup, match="another key"):
        await restored(elsewhere, backup, sealing.new_key())
    keyless = {**elsewhere.place, "JIEKUN_KEY": "", "JIEKUN_KEY_FILE": str(tmp_path / "nowhere")}
    said = await asyncio.to_thread(command, "backup", "restore", str(backup), expect=1, place=keyless)
    assert "put the copy of the keys there" in said.stderr
    assert not (tmp_path / "nowhere").exists()
    await restored(elsewhere, backup)


async def test_what_is_there_is_never_overwritten(
    service: Service, elsewhere: Elsewhere, backup: Path, tmp_path: Path
) -> None:
    live, taken, step = await rows(service.url), backup.read_bytes(), await migrations.current(service.engine)
    for to, error in ((backup, FileExistsError), (service.data_dir / "city.backup", ValueError)):
        with pytest.raises(error):
            taking.take(
                service.url, step or "", service.data_dir, tmp_path / "key", service.vault, to, service.now(), tell
            )
    assert backup.read_bytes() == taken
    assert not (service.data_dir / "city.backup").exists()
    for full in (
        Elsewhere(service.url, elsewhere.data_dir, {}),
        Elsewhere(elsewhere.url, service.data_dir, {}),
    ):
        with pytest.raises(NotEmpty, match="already"):
            await restored(full, backup)
    other = "sqlite:///other.db" if "postgresql" in service.url else "postgresql://nobody@127.0.0.1:1/nothing"
    with pytest.raises(NotABackup, match="the backup is of"):
        await restored(Elsewhere(other, elsewhere.data_dir, {}), backup)
    assert await rows(service.url) == live


async def test_a_program_that_fails_leaves_no_backup_and_quotes_no_row(service: Service, tmp_path: Path) -> None:
    if "postgresql" not in service.url:
        broken = tmp_path / "jiekun.db"
        broken.write_bytes(b"SQLite format 3\0" + bytes(100))
        here = told(f"sqlite:///{broken}", service.data_dir, {})
    else:
        here = told(service.url, service.data_dir, {"JIEKUN_PG_PROGRAMS": str(tmp_path)})
        (tmp_path / "pg_dump").write_text(
            "#!/bin/sh\necho 'pg_dump: error: COPY failed: ERROR: of 王小明' >&2\necho 'DETAIL: 王小明' >&2\nexit 1\n"
        )
        (tmp_path / "pg_dump").chmod(0o755)
    said = await asyncio.to_thread(command, "backup", "create", str(tmp_path / "city.backup"), expect=1, place=here)
    assert "王小明" not in said.stderr
    assert not [*tmp_path.glob("city.backup*")]
    assert not (service.data_dir / ".backup").exists()
