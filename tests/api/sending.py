"""What a department's program does: announces a batch, sends it by tus, some at a time, and waits for its receipt."""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import httpx
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.uploads import UploadState
from api.models import DoubtfulKind, DoubtfulRow, Feed, Receipt, Upload
from tests.api.conftest import Service

UPLOAD = """id url state fileName size contentHash batch batchKind supersedes asOf receivedAt endedAt qualityUrl
  progress { stage } checks { check state noticedZh } refusal { message file row column remedy }
  receipt { number outcome client batch bytes contentHash rowsIn rowsAccepted rowsSetAside content digest }"""
ERRORS = "userErrors { code message path }"
TUS = {"Tus-Resumable": "1.0.0"}
CHUNK = "application/offset+octet-stream"
_keys = itertools.count(1)

HEADINGS = "姓名,身份证号,车牌号,车辆状态\n"


def vehicles(*rows: str) -> bytes:
    """A list of vehicles: each row is name, number, plate and status."""
    return (HEADINGS + "".join(f"{row}\n" for row in rows)).encode()


CARS = vehicles("张三,110105199001012218,豫E00001,正常", "李四,11010519491231002X,豫E00002,注销")


@dataclass(frozen=True)
class Parcel:
    """A batch as it would be announced."""

    content: bytes = CARS
    source: str = "vehicles"
    name: str = "vehicles_1.csv"
    batch: str = "JDC-1"
    kind: str = "FULL"
    as_of: str = "2024-12-31"
    supersedes: tuple[str, ...] = ()
    mapping: dict[str, Any] | None = None
    size: int | None = None
    sha256: str | None = None

    def but(self, **other: Any) -> Parcel:
        """The same, but for this."""
        return replace(self, **other)

    def input(self) -> dict[str, Any]:
        """As `beginUpload` takes it, under a key of its own."""
        return {
            "idempotencyKey": f"upload-{next(_keys):06}",
            "source": self.source,
            "fileName": self.name,
            "size": str(len(self.content) if self.size is None else self.size),
            "contentHash": self.sha256 or hashlib.sha256(self.content).hexdigest(),
            "asOf": self.as_of,
            "batchKind": self.kind,
            "batch": self.batch,
            "supersedes": list(self.supersedes),
            "mapping": self.mapping,
        }


async def announce(service: Service, parcel: Parcel, by: str = "department", **given: Any) -> Any:
    """The whole answer to `beginUpload`."""
    query = (
        f"mutation ($input: BeginUploadInput!) {{ beginUpload(input: $input) {{ upload {{ {UPLOAD} }} {ERRORS} }} }}"
    )
    return (await service.data(query, {"input": parcel.input() | given}, by=by))["beginUpload"]


async def begun(service: Service, parcel: Parcel = Parcel(), by: str = "department") -> Any:
    """The upload, which may be sent."""
    answered = await announce(service, parcel, by)
    assert answered["userErrors"] == []
    return answered["upload"]


async def tus(
    service: Service,
    method: str,
    url: str,
    content: bytes | AsyncIterator[bytes] = b"",
    by: str | None = "department",
    **headers: str,
) -> httpx.Response:
    """One request of tus; headers are given with underscores."""
    told = TUS | ({"Authorization": f"Bearer {service.tokens[by]}"} if by else {}) | {"Accept-Language": "en"}
    if method == "PATCH":
        told["Content-Type"] = CHUNK
    told |= {name.replace("_", "-"): value for name, value in headers.items()}
    told = {name: value for name, value in told.items() if value}
    return await service.client.request(method, url, content=content, headers=told)


async def push(service: Service, url: str, content: bytes, at: int = 0, **headers: str) -> httpx.Response:
    """Some bytes at an offset."""
    return await tus(service, "PATCH", url, content, Upload_Offset=str(at), **headers)


async def asked(service: Service, public_id: str, by: str = "department") -> Any:
    """The upload as it stands."""
    return (await service.data(f"query ($id: ID!) {{ upload(id: $id) {{ {UPLOAD} }} }}", {"id": public_id}, by=by))[
        "upload"
    ]


async def delivered(service: Service, parcel: Parcel = Parcel(), by: str = "department") -> Any:
    """The upload when it was sent whole and checked."""
    upload = await begun(service, parcel, by)
    answer = await tus(service, "PATCH", upload["url"], parcel.content, by, Upload_Offset="0")
    assert answer.status_code == 204, answer.text
    await service.work()
    return await asked(service, upload["id"], by)


async def sent_by(
    connection: AsyncConnection, organisation: int | None, user: int | None, division: str, now: dt.datetime
) -> dict[str, int]:
    """A batch that a department of this division sent, and the feed that it became, by their keys."""
    number = next(_keys)
    whose = {"organisation_id": organisation, "division_code": division}
    feed = insert(Feed).values(
        department_code="vehicles", folder=f"feeds/vehicles-{number}", files=[], mapping={}, as_of=now.date(),
        complete=True, rows=1, received_at=now, **whose,
    )  # fmt: skip
    feed_id = (await connection.execute(feed.returning(Feed.id))).scalar_one()
    upload = insert(Upload).values(
        source="vehicles", department="公安局", user_id=user, client="x", name="vehicles.csv", size=1, sha256="0" * 64,
        as_of=now.date(), kind="FULL", batch=f"B-{number}", supersedes=[], mapping={},
        folder=f"feeds/vehicles-{number}", state=UploadState.ACCEPTED, begun_at=now, expires_at=now, received_at=now,
        ended_at=now, rows_in=1, rows_accepted=1, rows_set_aside=0, checks=[], feed_id=feed_id, **whose,
    )  # fmt: skip
    upload_id = (await connection.execute(upload.returning(Upload.id))).scalar_one()
    told = {"number": number + 1_000_000, "upload_id": upload_id, "digest": "0" * 64, "issued_at": now}
    await connection.execute(insert(Receipt).values(**told))
    return {"Upload": upload_id, "Feed": feed_id}


async def doubted_of(
    connection: AsyncConnection,
    upload: int,
    organisation: int | None,
    division: str,
    now: dt.datetime,
    answer: bytes | None = None,
    by: int | None = None,
) -> int:
    """A row of the batch that could not be read, by its key; with an answer it is confirmed."""
    kind = {"upload_id": upload, "reason": "VALUE_NULLED:UNREADABLE_DATE", "column_name": "registered_on"}
    await connection.execute(insert(DoubtfulKind).values(**kind, lines=1, listed=1))
    ended = (
        {"state": "CONFIRMED", "ended_at": now, "answer": answer, "answered_by": by} if answer else {"state": "OPEN"}
    )
    row = insert(DoubtfulRow).values(
        **kind, **ended, organisation_id=organisation, division_code=division, source="vehicles", first_upload_id=upload,
        file="vehicles.csv", row_number=1, told_at=now, brought_at=now, due_on=now.date(), version=1,
    )  # fmt: skip
    return int((await connection.execute(row.returning(DoubtfulRow.id))).scalar_one())
