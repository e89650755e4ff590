"""Batches as Parquet: what was accepted is kept beside the file, registered, and read by scans in its place with the same leads."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sqlalchemy import select, update

from api import matching
from api.database import reading, transaction
from api.matching import Step, folders
from api.models import Feed, Member, Scan
from tests.api.conftest import Service
from tests.api.sending import CARS, Parcel, delivered, vehicles
from tests.api.services.test_batches import laid_out


async def feed_of(service: Service, upload: Any) -> Any:
    """The feed that an upload became."""
    async with reading(service.engine) as connection:
        return (await connection.execute(select(Feed).order_by(Feed.id.desc()).limit(1))).one()


async def members(service: Service, most: int) -> list[tuple[str, str]]:
    """Some people of the register, by name and number."""
    async with reading(service.engine) as connection:
        rows = await connection.execute(select(Member.name, Member.id_number).order_by(Member.id).limit(most))
        return [
            (
                service.vault.open("members.name", row.name) or "",
                service.vault.open("members.id_number", row.id_number) or "",
            )
            for row in rows
        ]


async def test_what_was_accepted_lies_beside_the_file_and_is_registered(service: Service, tmp_path: Path) -> None:
    content = vehicles("张三,110105199001012218,豫E00001,正常", ",,,", "李四,11010519491231002X,豫E00002,注销")
    upload = await delivered(service, Parcel(content))
    feed = await feed_of(service, upload)
    (told,) = feed.kept["files"]
    path = service.data_dir / feed.folder / told["name"]
    assert hashlib.sha256(path.read_bytes()).hexdigest() == told["sha256"]
    assert (told["table"], str(told["rows"]), told["bytes"]) == (
        "vehicles_1.csv", upload["receipt"]["rowsAccepted"], path.stat().st_size,
    )  # fmt: skip
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    rows = pl.read_parquet(path)
    assert {"plate": "豫E00002", "status": "CANCELLED"}.items() <= rows.row(-1, named=True).items()
    assert rows.get_column("row_number").to_list()[-1] == 3, "the row of the department's own file"
    assert (service.data_dir / feed.folder / "vehicles_1.csv").read_bytes() == content, "kept as it came, too"
    out = await laid_out(service, tmp_path / "out")
    (laid,) = out.glob("vehicles-0*.parquet")
    assert (laid.name, laid.read_bytes()) == ("vehicles-0-vehicles_1.csv.parquet", path.read_bytes())


async def test_scans_find_the_same_by_what_is_kept_as_by_what_was_sent(service: Service, tmp_path: Path) -> None:
    people = await members(service, 60)
    rows = [
        f"{name},{number},豫E{place:05},{'正常' if place % 3 else '注销'}"
        for place, (name, number) in enumerate(people)
    ]
    content = vehicles(*rows, "坏行,123,,不知", *rows[:5])
    mapping = {"columns": [{"contract": "plate", "local": "车牌号"}]}
    first = await delivered(service, Parcel(content, mapping=mapping))
    second = await delivered(
        service, Parcel(vehicles(*rows[:9]), kind="PARTIAL", batch="JDC-2", as_of="2025-01-31", mapping=mapping)
    )
    assert (first["state"], second["state"]) == ("ACCEPTED", "ACCEPTED")
    by_kept = await laid_out(service, tmp_path / "kept")
    assert {path.name for path in by_kept.glob("vehicles-*.parquet")} != set()
    assert not list(by_kept.glob("vehicles-*.csv"))
    async with transaction(service.engine) as connection:
        await connection.execute(update(Feed).values(kept=None))
    by_sent = await laid_out(service, tmp_path / "sent")
    assert not list(by_sent.glob("vehicles-*.parquet"))

    async def quietly(step: Step) -> None:
        pass

    found = []
    for folder in (by_kept, by_sent):
        await matching.scan(folder, tmp_path / f"{folder.name}-out", [], quietly)
        found.append({name: (tmp_path / f"{folder.name}-out" / name).read_bytes()
                      for name in ("findings.parquet", "links.parquet", "coverage.parquet")})  # fmt: skip
    assert found[0] == found[1]
    assert len(pl.read_parquet(tmp_path / "kept-out" / "links.parquet").filter(pl.col("source") == "vehicles")) > 0


async def test_a_scan_that_is_taken_up_again_lays_its_files_anew_and_tells_what_was_set_aside_before(
    service: Service,
) -> None:
    content = vehicles(
        "张三,110105199001012218,豫E00001,正常", "1,2,3,4,5,6,7", "李四,11010519491231002X,豫E00002,注销"
    )
    await delivered(service, Parcel(content))
    asked = 'mutation { startScan(input: {idempotencyKey: "scan-again"}) { scan { id } userErrors { code } } }'
    scan = (await service.data(asked, by="auditor"))["startScan"]["scan"]["id"]
    key = service.vault.key("Scan", scan)
    folder = service.data_dir / "scans" / str(key)
    folder.mkdir(parents=True)
    await laid_out(service, folder / "in")
    await service.work()
    status = (await service.data(f'{{ scan(id: "{scan}") {{ status failure }} }}', by="auditor"))["scan"]
    assert status == {"status": "SUCCEEDED", "failure": None}
    assert not (folder / "in").exists()
    async with reading(service.engine) as connection:
        summary = (await connection.execute(select(Scan.summary).where(Scan.id == key))).scalar_one()
    assert summary is not None
    read = summary["sources"]["vehicles"]
    assert (read["rows_in"], read["set_aside"], read["set_aside_when_it_came"]) == (2, 0, 1), "both are told"


@pytest.mark.parametrize(
    ("parcel", "why"),
    [
        (Parcel(b"record_id,change\nA1,DELETE\n", kind="CHANGES"), "orders are no rows"),
        (
            Parcel(vehicles("张三,110105199001012218,豫E00001,正常") + b",,,\n1,2,3,4,5,6,7\n", kind="PARTIAL"),
            "what is set aside retracts, too",
        ),
    ],
)
async def test_what_rows_alone_would_not_tell_is_read_as_it_was_sent(
    service: Service, parcel: Parcel, why: str, tmp_path: Path
) -> None:
    upload = await delivered(service, parcel)
    assert upload["state"] == "ACCEPTED", upload["refusal"]
    feed = await feed_of(service, upload)
    assert feed.kept is None, why
    assert not (service.data_dir / feed.folder / "rows").exists()
    out = await laid_out(service, tmp_path / "out")
    assert parcel.content in [path.read_bytes() for path in out.glob("vehicles-*.csv")]


async def test_rows_that_were_held_against_another_contract_are_read_anew(service: Service, tmp_path: Path) -> None:
    await delivered(service)
    async with transaction(service.engine) as connection:
        (kept,) = (await connection.scalars(select(Feed.kept).order_by(Feed.id.desc()).limit(1))).all()
        await connection.execute(
            update(Feed).values(kept={**(kept or {}), "contract": "0" * 64}).where(Feed.organisation_id.is_not(None))
        )
    out = await laid_out(service, tmp_path / "out")
    assert CARS in [path.read_bytes() for path in out.glob("vehicles-*.csv")]
    assert folders.contract_digest("vehicles") == (kept or {})["contract"]
