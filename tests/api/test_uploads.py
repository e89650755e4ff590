"""Departments' files over HTTP: sent by tus in pieces, broken off and gone on with, checked, and acknowledged."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import stat
import threading
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select, update

from api.database import reading, transaction
from api.models import Feed, Upload
from api.uploads_store import Appending, Store
from tests.api.conftest import Service
from tests.api.sending import CARS, Parcel, announce, asked, begun, delivered, push, tus, vehicles


async def test_a_batch_is_sent_in_pieces_checked_and_acknowledged(service: Service) -> None:
    upload = await begun(service)
    assert (upload["state"], upload["receipt"], upload["size"]) == ("OPEN", None, str(len(CARS)))
    head = await tus(service, "HEAD", upload["url"])
    assert (head.status_code, head.headers["upload-offset"], head.headers["upload-length"]) == (
        200,
        "0",
        str(len(CARS)),
    )
    assert head.headers["cache-control"] == "no-store"
    for start in range(0, len(CARS), 50):
        answer = await push(service, upload["url"], CARS[start : start + 50], start)
        assert (answer.status_code, answer.headers["upload-offset"]) == (204, str(min(start + 50, len(CARS))))
    assert (await asked(service, upload["id"]))["state"] == "RECEIVED"
    await service.work()
    told = await asked(service, upload["id"])
    assert (told["state"], told["refusal"], told["progress"]) == ("ACCEPTED", None, None)
    assert [check["check"] for check in told["checks"]] == [f"Q{number:02}" for number in range(1, 11)]
    receipt = told["receipt"]
    assert (receipt["rowsIn"], receipt["rowsAccepted"], receipt["rowsSetAside"]) == ("2", "2", "0")
    assert (receipt["outcome"], receipt["bytes"], receipt["client"]) == ("ACCEPTED", str(len(CARS)), "department")
    assert receipt["digest"] == hashlib.sha256(receipt["content"].encode()).hexdigest()
    assert json.loads(receipt["content"])["sha256"] == receipt["contentHash"] == hashlib.sha256(CARS).hexdigest()
    (feed,) = (await service.data('{ feeds(filter: {sources: ["vehicles"], newest: true}, first: 1) '
        "{ nodes { department rows batch complete uploadId ageDays files { name contentHash } } } }"))["feeds"]["nodes"]  # fmt: skip
    assert (feed["department"], feed["rows"], feed["batch"], feed["complete"]) == ("公安局", "2", "JDC-1", True)
    assert feed["uploadId"] == upload["id"]
    assert feed["files"] == [{"name": "vehicles_1.csv", "contentHash": receipt["contentHash"]}]


async def test_the_bytes_are_the_services_alone(service: Service) -> None:
    await delivered(service)
    async with reading(service.engine) as connection:
        folder = (await connection.execute(select(Upload.folder))).scalar_one()
    path = service.data_dir / folder / "vehicles_1.csv"
    assert path.read_bytes() == CARS
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    for by in service.tokens:
        for url in ("/uploads/x", f"/{folder}/vehicles_1.csv", "/uploads/x/content"):
            answer = await service.client.get(url, headers={"Authorization": f"Bearer {service.tokens[by]}"})
            assert answer.status_code in (404, 405)


async def test_the_same_batch_again_is_the_same_receipt_and_other_content_is_refused(service: Service) -> None:
    first = await delivered(service)
    again = await begun(service)
    assert (again["id"], again["receipt"]) == (first["id"], first["receipt"])
    assert (await tus(service, "HEAD", again["url"])).headers["upload-offset"] == str(len(CARS))
    renamed = await begun(service, Parcel(name="vehicles_again.csv"))
    assert renamed["id"] == first["id"]
    other = await announce(service, Parcel(CARS + b"\n"))
    assert [(each["code"], each["path"]) for each in other["userErrors"]] == [("CONFLICT", ["input", "batch"])]
    async with reading(service.engine) as connection:
        assert len((await connection.execute(select(Feed.id).where(Feed.organisation_id.is_not(None)))).all()) == 1


async def test_what_came_before_a_broken_connection_stays(service: Service) -> None:
    upload = await begun(service)

    async def broken() -> AsyncIterator[bytes]:
        yield CARS[:40]
        raise ConnectionResetError

    assert (await tus(service, "PATCH", upload["url"], broken(), Upload_Offset="0")).status_code == 503
    head = await tus(service, "HEAD", upload["url"])
    offset = int(head.headers["upload-offset"])
    assert offset == 40
    assert (await push(service, upload["url"], CARS[offset:], offset)).status_code == 204
    await service.work()
    assert (await asked(service, upload["id"]))["state"] == "ACCEPTED"


async def test_a_chunk_with_a_checksum_stays_whole_or_not_at_all(service: Service) -> None:
    upload = await begun(service)
    good = base64.b64encode(hashlib.sha1(CARS[:40]).digest()).decode()
    bad = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
    refused = await push(service, upload["url"], CARS[:40], Upload_Checksum=f"sha256 {bad}")
    assert refused.status_code == 460
    assert (await tus(service, "HEAD", upload["url"])).headers["upload-offset"] == "0"
    taken = await push(service, upload["url"], CARS[:40], Upload_Checksum=f"sha1 {good}")
    assert (taken.status_code, taken.headers["upload-offset"]) == (204, "40")

    async def broken() -> AsyncIterator[bytes]:
        yield CARS[40:60]
        raise ConnectionResetError

    told = {"Upload_Offset": "40", "Upload_Checksum": f"sha256 {bad}"}
    assert (await tus(service, "PATCH", upload["url"], broken(), **told)).status_code == 503
    assert (await tus(service, "HEAD", upload["url"])).headers["upload-offset"] == "40"


REFUSALS = {
    "another tus": ("PATCH", {"Tus-Resumable": "0.2.2"}, b"", 412),
    "nobody": ("PATCH", {"Authorization": ""}, b"", 401),
    "no chunk": ("PATCH", {"Content-Type": "text/csv", "Upload-Offset": "0"}, b"x", 415),
    "no offset": ("PATCH", {}, b"x", 400),
    "another offset": ("PATCH", {"Upload-Offset": "7"}, b"x", 409),
    "too much": ("PATCH", {"Upload-Offset": "0"}, CARS + b"x", 413),
    "no checksum": ("PATCH", {"Upload-Offset": "0", "Upload-Checksum": "crc32 AAAA"}, b"x", 400),
    "no such way": ("POST", {}, b"", 405),
}


@pytest.mark.parametrize("name", REFUSALS)
async def test_what_is_no_next_piece_is_refused_and_changes_nothing(service: Service, name: str) -> None:
    method, headers, content, status = REFUSALS[name]
    upload = await begun(service)
    told = {header.replace("-", "_"): value for header, value in headers.items()}
    answer = await tus(service, method, upload["url"], content, **told)
    assert answer.status_code == status, answer.text
    assert answer.headers["tus-resumable"] == "1.0.0"
    assert (await tus(service, "HEAD", upload["url"])).headers["upload-offset"] == "0"


async def test_more_bytes_than_announced_are_cut_off_where_nobody_said_how_many(service: Service) -> None:
    upload = await begun(service)

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(len(CARS)):
            yield b"xx"

    assert (await tus(service, "PATCH", upload["url"], endless(), Upload_Offset="0")).status_code == 413
    assert (await tus(service, "HEAD", upload["url"])).headers["upload-offset"] == "0"


async def test_whoever_asks_anew_ends_what_still_comes(service: Service) -> None:
    upload = await begun(service)
    waits = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield CARS[:30]
        await waits.wait()
        yield CARS[30:]

    first = asyncio.create_task(tus(service, "PATCH", upload["url"], slow(), Upload_Offset="0"))
    while not any((service.data_dir / "feeds").rglob("vehicles_1.csv")):
        await asyncio.sleep(0.01)
    head = await tus(service, "HEAD", upload["url"])
    assert head.headers["upload-offset"] in ("0", "30")
    offset = int(head.headers["upload-offset"])
    assert (await push(service, upload["url"], CARS[offset:], offset)).status_code == 204
    waits.set()
    assert (await first).status_code == 423
    await service.work()
    assert (await asked(service, upload["id"]))["state"] == "ACCEPTED"


async def test_whoever_is_ended_while_the_file_is_opened_locks_nobody_out(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = await begun(service)
    opens, goes_on, real = threading.Event(), threading.Event(), Store.append

    def slow(store: Store, folder: str, name: str) -> Appending:
        opened = real(store, folder, name)
        opens.set()
        goes_on.wait(30)
        return opened

    monkeypatch.setattr(Store, "append", slow)
    first = asyncio.create_task(push(service, upload["url"], CARS))
    while not opens.is_set():
        await asyncio.sleep(0.01)
    head = asyncio.create_task(tus(service, "HEAD", upload["url"]))
    await asyncio.sleep(0.5)  # the HEAD has ended the PATCH, whose thread is still at it
    goes_on.set()
    assert ((await head).headers["upload-offset"], (await first).status_code) == ("0", 423)
    monkeypatch.setattr(Store, "append", real)
    assert (await push(service, upload["url"], CARS)).status_code == 204


async def test_an_upload_is_withdrawn_and_its_number_free_again(service: Service) -> None:
    upload = await begun(service)
    await push(service, upload["url"], CARS[:10])
    assert (await tus(service, "DELETE", upload["url"])).status_code == 204
    assert (await tus(service, "HEAD", upload["url"])).status_code == 410
    assert not list((service.data_dir / "feeds").rglob("vehicles_1.csv"))
    assert (await begun(service, Parcel(CARS + b"\n")))["id"] != upload["id"]
    done = await delivered(service, Parcel(batch="JDC-2"))
    assert (await tus(service, "DELETE", done["url"])).status_code == 409


async def test_an_upload_that_is_not_finished_in_time_is_gone(service: Service) -> None:
    upload = await begun(service)
    async with transaction(service.engine) as connection:
        await connection.execute(update(Upload).values(expires_at=service.now()))
    assert (await push(service, upload["url"], CARS)).status_code == 410
    assert (await asked(service, upload["id"]))["state"] == "OPEN"


async def test_a_department_sends_its_own_data_and_sees_its_own_uploads(service: Service) -> None:
    upload = await begun(service)
    foreign = await announce(service, Parcel(source="tax", name="tax.csv"))
    assert [each["code"] for each in foreign["userErrors"]] == ["FORBIDDEN"]
    nobody = await announce(service, Parcel(), by="reviewer")
    assert [each["code"] for each in nobody["userErrors"]] == ["FORBIDDEN"]
    for by, status in (("reviewer", 403), ("administrator", 403)):
        assert (await tus(service, "HEAD", upload["url"], by=by)).status_code == status
    query = "{ uploads { nodes { id } } }"
    for by, seen in (
        ("department", 1),
        ("reviewer", 1),
        ("county-reviewer", 1),
        ("administrator", 1),
        ("elsewhere", 0),
    ):
        assert len((await service.data(query, by=by))["uploads"]["nodes"]) == seen, by


BAD = {
    "fileName": Parcel(name="../vehicles.csv"),
    "fileName of another source": Parcel(name="tax_1.csv"),
    "fileName that nobody reads": Parcel(name="vehicles.exe"),
    "fileName too long for a disk": Parcel(name="车" * 90 + ".csv"),
    "size": Parcel(size=0),
    "size beyond": Parcel(size=65 * 1024**3),
    "contentHash": Parcel(sha256="A" * 64),
    "asOf": Parcel(as_of="2999-01-01"),
    "batch": Parcel(batch="no blanks"),
    "supersedes": Parcel(supersedes=("JDC-1",)),
    "mapping": Parcel(mapping={"columns": [{"local": "xm", "contract": "nothing"}]}),
}


@pytest.mark.parametrize("name", BAD)
async def test_what_no_batch_can_be_is_refused_before_a_byte_comes(service: Service, name: str) -> None:
    told = await announce(service, BAD[name])
    assert [(each["code"], each["path"][1]) for each in told["userErrors"]] == [("INVALID", name.split(" ")[0])]


async def test_what_tus_is_spoken_is_told_to_anybody(service: Service) -> None:
    answer = await service.client.request("OPTIONS", "/uploads")
    assert answer.status_code == 204
    assert (answer.headers["tus-version"], answer.headers["tus-checksum-algorithm"]) == ("1.0.0", "sha1,sha256")
    assert answer.headers["tus-extension"] == "checksum,expiration,termination"


async def test_a_file_that_is_damaged_or_cannot_be_read_says_why_and_may_come_again(service: Service) -> None:
    upload = await begun(service, Parcel(sha256=hashlib.sha256(b"other").hexdigest()))
    await push(service, upload["url"], CARS)
    await service.work()
    told = await asked(service, upload["id"])
    assert (told["state"], told["refusal"]["file"]) == ("REFUSED", "vehicles_1.csv")
    assert "SHA-256" in told["refusal"]["message"]
    assert told["receipt"]["outcome"] == "REFUSED"
    assert (await delivered(service))["state"] == "ACCEPTED"
    poor = await delivered(service, Parcel("plate\n豫E1\n".encode(), batch="JDC-2"))
    assert (poor["state"], poor["receipt"]["rowsIn"]) == ("REFUSED", None)
    assert poor["refusal"]["column"] == "name"
    assert poor["refusal"]["remedy"]
    assert (await begun(service, Parcel("plate\n豫E1\n".encode(), batch="JDC-2")))["id"] == poor["id"]
    mapping = {"columns": [{"local": "plate", "contract": "name"}]}
    mapped = await delivered(service, Parcel("plate\n豫E1\n".encode(), batch="JDC-2", mapping=mapping))
    assert mapped["state"] == "ACCEPTED"
    other = await delivered(service, Parcel(vehicles("王五,,豫E9,正常"), batch="JDC-3", kind="PARTIAL"))
    assert (other["state"], other["receipt"]["rowsIn"]) == ("REFUSED", "1")
    assert "another mapping" in other["refusal"]["message"]


async def test_the_quality_page_is_read_by_its_department_and_by_who_reads_cases(service: Service) -> None:
    upload = await delivered(service, Parcel(vehicles("张三,110105199001012218,豫E00001,怪", ",1,豫E2,正常")))
    for by, status in (("department", 200), ("reviewer", 200), ("auditor", 200), ("administrator", 403),
                       ("caseworker", 200), ("elsewhere", 404)):  # fmt: skip
        answer = await service.client.get(
            upload["qualityUrl"], headers={"Authorization": f"Bearer {service.tokens[by]}"}
        )
        assert answer.status_code == status, by
        if status == 200:
            assert "text/html" in answer.headers["content-type"]
            assert "110105199001012218" not in answer.text
            assert "张三" not in answer.text
