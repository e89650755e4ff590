"""`jiekun attachments verify`, as an operator runs it: every file proved, and each that is lost named."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path

from sqlalchemy import select

from api import sealing
from api.attachments_store import FOLDER, Store
from api.database import open_engine, transaction
from api.domain.attachments import AttachmentKind
from api.domain.permissions import Role, Viewer
from api.models import Household
from api.services import accounts, attachments
from api.services.attachments import Place
from tests.api.commanding import run, settled
from tests.api.services.test_registers import folder

PDF = b"%PDF-1.7\n" + bytes(1_000)


async def attached(url: str, store: Store, number: int) -> list[str]:
    """So many papers of a household's; what their files are called."""
    now, names = dt.datetime.now(dt.UTC), []

    async def flow() -> AsyncIterator[bytes]:
        yield PDF

    engine = open_engine(url)
    async with transaction(engine) as connection:
        household = (await connection.execute(select(Household.id))).scalar_one()
        user = await accounts.add_user(connection, "li", "李工", Role.CASEWORKER, "410502", now)
        viewer = Viewer(user, "li", "李工", Role.CASEWORKER, "410502")
        for _ in range(number):
            written = await store.write(flow(), 10_000)
            place = Place(household, None, None)
            kind = AttachmentKind.EVIDENCE
            await attachments.add(connection, store.vault, viewer, place, kind, "王小明.pdf", written, now)
            names.append(written.stored)
    await engine.dispose()
    return names


async def test_every_file_is_proved_and_each_that_is_lost_is_named(migrated_on_sqlite: str, tmp_path: Path) -> None:
    key, data = sealing.new_key(), tmp_path / "data"
    place = {**settled(migrated_on_sqlite, tmp_path), "JIEKUN_KEY": key}
    url = place["JIEKUN_DATABASE_URL"]
    run("import", str(folder(tmp_path / "in")), place=place)
    assert "0 of 0" in run("attachments", "verify", place=place).stderr
    store = Store(data, sealing.vault(key))
    whole, gone, changed = await attached(url, store, 3)
    assert "3 of 3" in run("attachments", "verify", place=place).stderr
    (data / FOLDER / gone).unlink()
    path = data / FOLDER / changed
    path.write_bytes(path.read_bytes()[:-1])
    told = run("attachments", "verify", place=place, expect=1)
    assert told.stdout.split("\n")[:2] == ["attachment 2: missing", "attachment 3: damaged"]
    assert "1 of 3" in told.stderr
    assert "王" not in told.stdout + told.stderr
    assert (data / FOLDER / whole).exists()
