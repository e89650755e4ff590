"""What departments send, where a store is named: it moves there sealed, scans fetch it, and its clock removes it there."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from api import intake, jobs, migrations, sealing
from api.database import open_engine, reading, transaction
from api.depot import Bucket, Depot
from api.domain.errors import NotDone
from api.domain.scans import ScanStatus
from api.matching import folders, policy
from api.models import AuditEvent, Feed, LeavingFolder, Receipt, Upload
from api.services import keys, retention, scans, stores, uploads
from tests.api import running, test_cli
from tests.api.conftest import KEY, Service
from tests.api.depot.conftest import Stored
from tests.api.running import Place
from tests.api.sending import CARS, Parcel, announce, asked, begun, delivered, push, tus, vehicles
from tests.api.services.test_registers import NOW, NUMBER, folder
from tests.api.services.test_scans import start, state
from tests.api.test_killed_workers import killed

MIB = 1024 * 1024


async def place(service: Service, upload: Any) -> str:
    """The folder of an upload."""
    async with reading(service.engine) as connection:
        key = service.vault.key("Upload", upload["id"])
        return str((await connection.execute(select(Upload.folder).where(Upload.id == key))).scalar_one())


def here(service: Service) -> set[str]:
    """The departments' files that lie in the data folder."""
    return {path.name for path in (service.data_dir / "feeds").rglob("*.csv")}


async def laid(engine: AsyncEngine, vault: sealing.Vault, data: Path, out: Path) -> Path:
    """The folder that a scan of everybody would read, its files fetched."""
    out.mkdir()
    async with reading(engine) as connection:
        order = scans.Order(1, "000000", None, (), ScanStatus.RUNNING)
        layout = await scans.laid_out(connection, vault, order, data, NOW)
    await asyncio.to_thread(folders.lay_out, out, layout, Depot.of(data, vault).bring)
    return out


async def test_a_batch_moves_to_the_store_sealed_and_the_next_scan_fetches_it(
    service: Service, stored: Stored, tmp_path: Path
) -> None:
    before = here(service)
    upload = await delivered(service)
    assert (upload["state"], upload["refusal"]) == ("ACCEPTED", None)
    name = f"{await place(service, upload)}/vehicles_1.csv"
    (rows,) = (each for each in stored.names() if each != name)
    assert rows.startswith(f"{name.rpartition('/')[0]}/rows/")
    assert here(service) == before, "nothing of it lies here any more"
    assert not list((service.data_dir / "feeds").glob("*/rows/*"))
    raw = stored.raw(name)
    assert not any(row.encode() in raw for row in ("110105199001012218", "豫E00001", "张三"))
    bucket = Depot.of(service.data_dir, service.vault).bucket
    assert bucket is not None
    assert b"".join(bucket.read(name)) == CARS
    page = await service.client.get(upload["qualityUrl"], headers=signed(service))
    assert (page.status_code, b"<html" in page.content) == (200, True)
    head = await tus(service, "HEAD", f"/uploads/{upload['id']}")
    assert head.headers["upload-offset"] == str(len(CARS))
    out = await laid(service.engine, service.vault, service.data_dir, tmp_path / "out")
    (fetched,) = out.glob("vehicles-0*.parquet")
    assert pl.read_parquet(fetched).get_column("plate").to_list() == ["豫E00001", "豫E00002"]
    scan = await start(service)
    await service.work()
    assert (await state(service, scan["scan"]["id"]))["status"] == "SUCCEEDED"
    assert not list((service.data_dir / "scans").glob("*/in/*")), "what was fetched goes with the scan"


def signed(service: Service) -> dict[str, str]:
    return {"Authorization": f"Bearer {service.tokens['department']}"}


async def test_what_lay_here_before_there_was_a_store_is_still_read(
    service: Service, stored: Stored, tmp_path: Path
) -> None:
    with pytest.MonkeyPatch.context() as before:
        before.delenv("JIEKUN_STORE")
        await delivered(service)
    out = await laid(service.engine, service.vault, service.data_dir, tmp_path / "out")
    assert stored.names() == []
    assert len(list(out.glob("vehicles-0*.parquet"))) == 1


async def test_f_26_the_store_forgets_what_is_superseded_left_over_or_over(service: Service, stored: Stored) -> None:
    kept = policy.whole("retention.feed_days", service.now().date())

    async def clean(days: int) -> None:
        now = service.now() + dt.timedelta(days=days)
        await retention.run(service.engine, service.vault, service.data_dir, now, now.date(), dry=False)

    first = await place(service, await delivered(service))
    bad = await place(
        service, await delivered(service, Parcel(b"plate\nx\n", name="vehicles_bad.csv", batch="JDC-2"))
    )
    later = await place(
        service, await delivered(service, Parcel(name="vehicles_2.csv", batch="JDC-3", as_of="2025-01-31"))
    )
    stored.put("feeds/vehicles-left/over.csv", b"broken off before anything named it")
    await clean(0)
    assert {"/".join(name.split("/")[:2]) for name in stored.names()} == {first, bad, later, "feeds/vehicles-left"}, (
        "what was put there within a day may wait for its row"
    )
    await clean(2)
    assert {"/".join(name.split("/")[:2]) for name in stored.names()} == {bad, later}
    await clean(kept + 2)
    assert stored.names() == []


async def test_f_39_a_worker_killed_while_it_puts_a_batch_away_is_followed_by_another(
    service: Service, stored: Stored
) -> None:
    many = vehicles(*(f"某人{row},,豫E{row:06},正常" for row in range(600_000)))
    upload = await begun(service, Parcel(many))
    assert (await push(service, upload["url"], many)).status_code == 204
    place_of_ours = Place(service.url, service.data_dir, KEY, {"JIEKUN_STORE": stored.url})
    async with running.worker(place_of_ours) as process:
        while not stored.parts() and not stored.names():
            assert process.poll() is None
            await asyncio.sleep(0.02)
        await killed(process, service)
    await service.work()
    assert (await asked(service, upload["id"]))["state"] == "ACCEPTED"
    name = f"{await place(service, upload)}/vehicles_1.csv"
    assert name in stored.names()
    bucket = Depot.of(service.data_dir, service.vault).bucket
    assert bucket is not None
    digest = hashlib.sha256()
    for some in bucket.read(name):
        digest.update(some)
    assert digest.hexdigest() == hashlib.sha256(many).hexdigest()
    assert len(stored.names()) == 2, "the file, and its rows, once"
    assert "vehicles_1.csv" not in {path.name for path in (service.data_dir / await place(service, upload)).iterdir()}


async def test_a_scan_whose_feed_is_not_in_the_store_says_so(
    service: Service, stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    await delivered(service)
    monkeypatch.delenv("JIEKUN_STORE")
    scan = await start(service)
    await service.work()
    told = await state(service, scan["scan"]["id"])
    assert (told["status"], "JIEKUN_STORE" in told["failure"]) == ("FAILED", True)


async def test_what_is_imported_lies_in_the_store_alone(empty: AsyncEngine, stored: Stored, tmp_path: Path) -> None:
    vault = sealing.vault(KEY)
    where = folder(tmp_path / "in", vehicles=[{"name": "王小明", "id_number": NUMBER, "plate": "豫E12345"}])
    await intake.take_over(empty, vault, where, tmp_path / "data", None, NOW)
    (name,) = stored.names()
    assert name.startswith("feeds/vehicles-")
    assert not [path for path in (tmp_path / "data" / "feeds").rglob("*") if path.is_file()]
    out = await laid(empty, vault, tmp_path / "data", tmp_path / "out")
    (given,), (fetched,) = folders.department_feeds(where), folders.department_feeds(out)
    assert [each["sha256"] for each in fetched.described()] == [each["sha256"] for each in given.described()]


async def test_nothing_comes_that_would_take_the_room_that_is_kept_free(
    service: Service, stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = await begun(service)
    sent = await delivered(service, Parcel(batch="JDC-2", kind="PARTIAL"))
    assert sent["state"] == "ACCEPTED"
    monkeypatch.setenv("JIEKUN_RESERVE_GIB", "100000000")
    answered = await announce(service, Parcel(batch="JDC-3"))
    assert [(each["code"], each["path"]) for each in answered["userErrors"]] == [("CONFLICT", ["input", "size"])]
    refused = await push(service, upload["url"], CARS)
    assert (refused.status_code, refused.headers["tus-resumable"]) == (507, "1.0.0")
    assert (await tus(service, "HEAD", upload["url"])).headers["upload-offset"] == "0"
    scan = await start(service)
    await service.work()
    told = await state(service, scan["scan"]["id"])
    assert (told["status"], "GiB are needed" in told["failure"]) == ("FAILED", True)
    monkeypatch.delenv("JIEKUN_RESERVE_GIB")
    assert (await push(service, upload["url"], CARS)).status_code == 204


async def test_f_31_a_key_is_not_laid_down_while_the_store_needs_it(service: Service, stored: Stored) -> None:
    await delivered(service)
    bucket = Depot.of(service.data_dir, service.vault).bucket
    assert bucket is not None
    rotated = sealing.Vault(service.vault.keys.rotated())
    async with transaction(service.engine) as connection:
        await keys.remember(connection, rotated, service.now())
        needed = {"feeds.content": list(bucket.headers("feeds").values())}
        (_, first) = await keys.status(connection, rotated, needed)
        assert first.needed_by["feeds.content"] == 2
        with pytest.raises(NotDone):
            await keys.retire(connection, rotated, 1, needed, service.now())


async def test_what_a_backup_caught_while_it_came_hides_nothing_that_is_whole_in_the_store(
    service: Service, stored: Stored, tmp_path: Path
) -> None:
    upload = await delivered(service)
    folder = service.data_dir / await place(service, upload)
    for name in stored.names():
        torn = service.data_dir / name
        torn.parent.mkdir(parents=True, exist_ok=True)
        torn.write_bytes(CARS[: len(CARS) // 2])
    out = await laid(service.engine, service.vault, service.data_dir, tmp_path / "out")
    (fetched,) = out.glob("vehicles-0*.parquet")
    assert pl.read_parquet(fetched).get_column("plate").to_list() == ["豫E00001", "豫E00002"]
    async with transaction(service.engine) as connection:
        await connection.execute(delete(Receipt))
        again = update(Upload).where(Upload.id == service.vault.key("Upload", upload["id"]))
        await connection.execute(
            again.values(
                state="RECEIVED", ended_at=None, feed_id=None, rows_accepted=None, rows_set_aside=None, rows_in=None
            )
        )
        await connection.execute(
            delete(Feed).where(Feed.department_code == "vehicles", Feed.organisation_id.is_not(None))
        )
        await jobs.enqueue(connection, uploads.JOB, service.vault.key("Upload", upload["id"]), service.now())
    await service.work()
    checked = await asked(service, upload["id"])
    assert (checked["state"], checked["refusal"]) == ("ACCEPTED", None), "what is checked is whole, too"
    assert not (folder / "vehicles_1.csv").exists()


async def test_a_store_has_one_owner_and_another_installation_takes_nothing_from_it(
    service: Service, stored: Stored, tmp_path: Path
) -> None:
    name = await place(service, await delivered(service))
    later = service.now() + dt.timedelta(days=30)
    sent = folder(tmp_path / "in", vehicles=[{"name": "王小明", "id_number": NUMBER, "plate": "豫E12345"}])
    other = open_engine(f"sqlite+aiosqlite:///{tmp_path / 'other.db'}")
    try:
        await migrations.upgrade(other)
        depot = Depot.of(tmp_path, service.vault)
        assert depot.bucket is not None
        with pytest.raises(stores.OtherOwner, match=r"jiekun store take-over.* / .*jiekun store take-over"):
            await stores.require_ours(other, depot.bucket, later)
        assert await retention.sweep(other, depot, later, later.date()) == 0
        assert any(each.startswith(name) for each in stored.names()), "what only its owner knows of stays"
        with pytest.raises(stores.OtherOwner):
            await intake.take_over(other, service.vault, sent, tmp_path / "other", None, NOW)
        assert not list((tmp_path / "other" / "feeds").iterdir())
        await stores.take_over(other, depot.bucket, later)
        with pytest.raises(stores.OtherOwner):
            await stores.require_ours(service.engine, depot.bucket, later)
        refused = await delivered(service, Parcel(name="vehicles_2.csv", batch="JDC-2"))
        assert refused["state"] == "REFUSED"
        assert "jiekun store take-over" in refused["refusal"]["message"]
        await stores.take_over(service.engine, depot.bucket, later)
        await stores.require_ours(service.engine, depot.bucket, later)
        async with transaction(service.engine) as connection:
            await stores.another(connection)
        with pytest.raises(stores.OtherOwner):
            await stores.require_ours(service.engine, depot.bucket, later)
    finally:
        await other.dispose()


async def test_f_26_what_goes_from_the_store_is_written_down_first_and_holds_up_nobody(
    service: Service, stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = [f"feeds/vehicles-{number}" for number in "123"]
    for each in left:
        stored.put(f"{each}/over.csv", b"broken off before anything named it")
    depot, later = Depot.of(service.data_dir, service.vault), service.now() + dt.timedelta(days=2)
    removed: list[str] = []
    remove, loop = Bucket.remove, asyncio.get_running_loop()

    async def writes() -> None:
        """Somebody else writes: on SQLite that waits for whoever holds the lock."""
        async with transaction(service.engine) as connection:
            await connection.execute(text("UPDATE feeds SET rows = rows"))

    def breaking(bucket: Bucket, folder: str) -> None:
        asyncio.run_coroutine_threadsafe(writes(), loop).result(timeout=10)
        if len(removed) == 1:
            raise RuntimeError("killed")
        remove(bucket, folder)
        removed.append(folder)

    monkeypatch.setattr(Bucket, "remove", breaking)
    with pytest.raises(RuntimeError):
        await retention.sweep(service.engine, depot, later, later.date())
    monkeypatch.setattr(Bucket, "remove", remove)
    async with transaction(service.engine) as connection:
        assert set(await connection.scalars(select(LeavingFolder.folder))) == set(left), "still to be swept"
        with pytest.raises(ValueError, match="begin again"):
            await stores.require_staying(connection, [left[2]])
        await stores.require_staying(connection, ["feeds/vehicles-4"])
    assert await retention.sweep(service.engine, depot, later, later.date()) == 3
    assert stored.names() == []
    async with transaction(service.engine) as connection:
        assert list(await connection.scalars(select(LeavingFolder.folder))) == []
        swept = select(AuditEvent.detail).where(AuditEvent.action == "store.swept")
        assert list(await connection.scalars(swept)) == [{"folders": 3}]


async def test_a_service_or_worker_does_not_begin_with_another_installations_store(
    service: Service, stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {"JIEKUN_DATABASE_URL": service.url, "JIEKUN_DATA_DIR": str(service.data_dir), "JIEKUN_KEY": KEY}

    async def command(*arguments: str, expect: int = 0) -> str:
        return (await asyncio.to_thread(test_cli.run, *arguments, expect=expect, place=told)).stderr

    assert "nobody has used" in await command("store", "status")
    bucket = Depot.of(service.data_dir, service.vault).bucket
    assert bucket is not None
    assert bucket.claim("another") == "another"
    assert bucket.claim("a third") == "another", "who comes first has it"
    for arguments in (("work",), ("serve", "--port", "0"), ("store", "status")):
        said = await command(*arguments, expect=1)
        assert "属于另一套系统" in said
        assert "jiekun store take-over" in said
    assert "is this installation's" in await command("store", "take-over")
    assert "is this installation's" in await command("store", "status")
