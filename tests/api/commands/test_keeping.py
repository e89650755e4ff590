"""`jiekun keys`, `retention` and `subject`, as an operator runs them on a service's own folder."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import stat
from pathlib import Path

import pytest
from sqlalchemy import func, select

from api import sealing, settings
from api.database import open_engine, reading, transaction
from api.models import Household, Member
from tests.api.commanding import Place, run, settled
from tests.api.lives import live, settle


@pytest.fixture
def place(migrated_on_sqlite: str, tmp_path: Path) -> Place:
    """A service's folder with a household that is on file and one whose file ended long ago."""
    told = settled(migrated_on_sqlite, tmp_path)

    async def fill() -> None:
        read = settings.read(told)
        read.data_dir.mkdir()
        engine, vault = open_engine(read.database_url), sealing.opened(None, read.key_file)
        async with transaction(engine) as connection:
            where = await settle(connection)
            await live(connection, vault, where, "甲", ended=dt.date(2015, 6, 30))
            await live(connection, vault, where, "乙")
        await engine.dispose()

    asyncio.run(fill())
    return told


async def names(place: Place, vault: sealing.Vault) -> list[str | None]:
    engine = open_engine(settings.read(place).database_url)
    async with reading(engine) as connection:
        found = [vault.open("members.name", sealed) for sealed in await connection.scalars(select(Member.name))]
    await engine.dispose()
    return found


async def households(place: Place) -> int:
    engine = open_engine(settings.read(place).database_url)
    async with reading(engine) as connection:
        found = int((await connection.execute(select(func.count()).select_from(Household))).scalar_one())
    await engine.dispose()
    return found


def test_a_key_is_added_everything_is_sealed_anew_and_the_old_one_laid_down(place: Place) -> None:
    key_file = settings.read(place).key_file
    first = key_file.read_text(encoding="ascii").strip()
    before = asyncio.run(names(place, sealing.vault(first)))
    run("keys", "reseal", place=place)
    assert "seals" in run("keys", "status", place=place).stdout
    rotated = run("keys", "rotate", place=place)
    assert "everything is sealed with key 2, AES" in rotated.stderr
    assert first not in rotated.stdout + rotated.stderr
    ring = sealing.parsed(key_file.read_text(encoding="ascii"))
    assert ring.versions == [2, 1]
    assert asyncio.run(names(place, sealing.Vault(ring))) == before
    assert "key 1 is retired" in run("keys", "retire", "1", place=place).stderr
    assert sealing.parsed(key_file.read_text(encoding="ascii")).versions == [2]
    assert "seals" in run("keys", "retire", "2", place=place, expect=1).stderr
    shown = run("keys", "status", place=place).stdout
    assert "retired" in shown
    assert "seals" in shown
    assert "SM" in run("keys", "reseal", place={**place, "JIEKUN_CRYPTO": "SM"}).stderr
    assert asyncio.run(names(place, sealing.opened(None, key_file))) == before
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600


def test_a_key_that_is_still_needed_is_not_laid_down(place: Place) -> None:
    run("keys", "rotate", "--no-reseal", place=place)
    refused = run("keys", "retire", "1", place=place, expect=1)
    assert "still needed: " in refused.stderr
    assert "members.name" in refused.stderr
    assert sealing.parsed(settings.read(place).key_file.read_text(encoding="ascii")).versions == [2, 1]


def test_where_the_key_is_a_setting_it_is_the_operator_who_sets_it(place: Place) -> None:
    key_file = settings.read(place).key_file
    by_setting = {**place, "JIEKUN_KEY": key_file.read_text(encoding="ascii").strip()}
    told = run("keys", "rotate", place=by_setting)
    assert "set JIEKUN_KEY" in told.stderr
    by_setting = {**place, "JIEKUN_KEY": told.stdout.strip()}
    assert "everything is sealed with key 2" in run("keys", "reseal", place=by_setting).stderr
    left = run("keys", "retire", "1", place=by_setting).stdout.strip()
    assert sealing.parsed(left).versions == [2]
    assert "retired" in run("keys", "status", place={**place, "JIEKUN_KEY": left}).stdout


def test_a_lost_key_is_told_in_words_and_given_up(place: Place) -> None:
    """The one that seals: nothing begins without it, until somebody says that it is lost."""
    key_file = settings.read(place).key_file
    first = key_file.read_text(encoding="ascii")
    run("keys", "rotate", "--no-reseal", place=place)
    key_file.write_text(first, encoding="ascii")
    refused = run("subject", "export", "乙-HEAD", "--out", str(key_file.parent / "out"), place=place, expect=1)
    assert "key 2, with which this database is sealed, is not in" in refused.stderr
    assert "jiekun keys lost 2" in refused.stderr
    assert "is given up" in run("keys", "lost", "2", place=place).stderr
    assert "no key 2" in run("keys", "lost", "2", place=place, expect=1).stderr.lower()
    run("keys", "rotate", place=place)
    assert sealing.parsed(key_file.read_text(encoding="ascii")).versions == [3, 1]


def test_an_older_key_that_is_lost_leaves_the_rest_at_work(place: Place) -> None:
    key_file = settings.read(place).key_file
    run("keys", "rotate", "--no-reseal", place=place)
    sealing.replace(key_file, sealing.parsed(key_file.read_text(encoding="ascii")).without(1))
    status = run("keys", "status", place=place)
    assert "NOT HERE" in status.stdout
    assert "what cannot be read: " in status.stderr
    told = run("keys", "reseal", place=place, expect=1)
    assert "key 1 is not in" in told.stderr
    assert "values are as they were" in told.stderr
    run("audit", "verify", place=place)


def test_where_all_keys_are_lost_one_begins_anew(place: Place) -> None:
    key_file = settings.read(place).key_file
    run("keys", "reseal", place=place)
    key_file.unlink()
    assert "is not the one that this database was filled with" in run("keys", "reseal", place=place, expect=1).stderr
    run("keys", "lost", "1", "--anew", place=place)
    assert "lost" in run("keys", "status", place=place).stdout
    assert sealing.parsed(key_file.read_text(encoding="ascii")).versions == [2]


def test_what_is_over_is_counted_and_then_deleted(place: Place) -> None:
    counted = run("retention", "run", "--dry-run", place=place).stdout
    assert "retention.file_years" in counted
    assert asyncio.run(households(place)) == 2
    run("retention", "run", place=place)
    assert asyncio.run(households(place)) == 1
    assert "that has not come" in run("retention", "run", "--as-of", "2999-01-01", place=place, expect=1).stderr
    run("retention", "run", "--dry-run", "--as-of", "2999-01-01", place=place)
    assert "is a day" in run("retention", "run", "--as-of", "tomorrow", place=place, expect=1).stderr
    run("audit", "verify", place=place)


def test_a_person_s_dossier_is_two_files_for_its_owner_alone(place: Place, tmp_path: Path) -> None:
    out = tmp_path / "dossier.json"
    told = run("subject", "export", "乙-HEAD", "--out", str(out), place=place)
    content = json.loads(out.read_text(encoding="utf-8"))
    assert content["held"]["members"]["rows"][0]["姓名"] == "金H乙"
    assert "金H乙" in out.with_suffix(".html").read_text(encoding="utf-8")
    assert {stat.S_IMODE(path.stat().st_mode) for path in (out, out.with_suffix(".html"))} == {0o600}
    assert "金" not in told.stderr + told.stdout, "what is shown on the screen names nobody"
    assert "Nobody" in run("subject", "export", "nobody", "--out", str(out), place=place, expect=1).stderr
