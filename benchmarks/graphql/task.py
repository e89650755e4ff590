"""The database that both sides read, and each side as an app over it."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Route

from api import intake, migrations, sealing
from api.app import create_app
from api.database import open_engine, transaction
from api.domain.permissions import Role
from api.services import accounts
from benchmarks.graphql.typical import Typical


@dataclass(frozen=True)
class Task:
    """Where the database is, its key, and an auditor's token: everything personal is masked for them."""

    url: str
    key: str
    token: str

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")


def read(path: Path) -> Task:
    """A task that was written."""
    return Task(**json.loads(path.read_text(encoding="utf-8")))


async def fill(url: str, city: Path, data_dir: Path) -> Task:
    """The city in the database."""
    key, now, engine = sealing.new_key(), dt.datetime.now(dt.UTC), open_engine(url)
    await migrations.upgrade(engine)
    await intake.take_over(engine, sealing.vault(key), city, data_dir, None, now)
    async with transaction(engine) as connection:
        await accounts.add_user(connection, "auditor", "", Role.AUDITOR, "410500", now)
        token = await accounts.issue_token(connection, "auditor", 1, now)
    await engine.dispose()
    return Task(url, key, token)


def app(side: str, task: Task) -> Starlette:
    """One side's app."""
    vault = sealing.vault(task.key)
    if side == "jiekun":
        return create_app(task.url, vault)
    engine = open_engine(task.url)
    typical = Starlette(routes=[Route("/graphql", Typical(engine, vault, masked=True), methods=["POST"])])
    typical.state.engine = engine
    return typical
