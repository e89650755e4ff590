"""Attachments over HTTP: taken in once, handed out to who may, on record; and what breaks off on the way."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from sqlalchemy import func, select, update

from api import files
from api.app import create_app
from api.attachments_store import FOLDER
from api.database import transaction
from api.domain.files import Closing
from api.gate.passage import Limits
from api.models import Attachment, AuditEvent, File, Household, Human, Member, Read, User, table
from api.sealing.pieces import PIECE
from api.services import attachments
from api.services.retention import extracts
from tests.api.conftest import Service

PDF = b"%PDF-1.7\n" + "王小明的申请书".encode() + bytes(range(256)) * 300
NAME = "王小明 申请书.pdf"


async def household(service: Service, division: str = "410502") -> Any:
    """Somebody's household in a county, by its opaque id and its key."""
    async with transaction(service.engine) as connection:
        found = select(Household.id).where(Household.division_code == division, Household.stage == "RECORDED")
        key = (await connection.execute(found.order_by(Household.id).limit(1))).scalar_one()
    return key, service.vault.ids("Household", [key])[0]


async def take(
    service: Service,
    content: bytes | AsyncIterator[bytes] = PDF,
    *,
    by: str | None = "caseworker",
    key: str | None = "upload-0001",
    name: str | None = NAME,
    client: httpx.AsyncClient | None = None,
    **said: str,
) -> httpx.Response:
    if "household" not in said:
        said["household"] = (await household(service))[1]
    said.setdefault("kind", "APPLICATION_FORM")
    headers = {"Accept-Language": "en"}
    headers |= {"Authorization": f"Bearer {service.tokens[by]}"} if by else {}
    headers |= {"Idempotency-Key": key} if key else {}
    headers |= {"Jiekun-File-Name": quote(name)} if name else {}
    return await (client or service.client).post("/attachments", params=said, content=content, headers=headers)


async def give(service: Service, public_id: str, *, by: str | None = "reviewer", **headers: str) -> httpx.Response:
    headers |= {"Authorization": f"Bearer {service.tokens[by]}"} if by else {}
    return await service.client.get(f"/attachments/{public_id}", headers={"Accept-Language": "en", **headers})


def on_disk(service: Service) -> list[Path]:
    folder = service.data_dir / FOLDER
    return sorted(folder.iterdir()) if folder.exists() else []


async def count(service: Service, model: Any) -> int:
    async with transaction(service.engine) as connection:
        return int((await connection.execute(select(func.count()).select_from(model))).scalar_one())


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["extensions"]["code"]


async def test_a_file_is_taken_in_and_handed_out_as_it_was(service: Service) -> None:
    key, public = await household(service)
    taken = await take(service)
    assert taken.status_code == 201
    content = taken.json()
    assert content["sha256"] == hashlib.sha256(PDF).hexdigest()
    assert (content["size"], content["mediaType"], content["kind"]) == (
        len(PDF),
        "application/pdf",
        "APPLICATION_FORM",
    )
    given = await give(service, content["id"])
    assert (given.status_code, given.content) == (200, PDF)
    headers = given.headers
    assert headers["content-type"] == "application/pdf"
    assert headers["content-disposition"] == (
        f"attachment; filename=\"application_form.pdf\"; filename*=UTF-8''{quote(NAME, safe='')}"
    )
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store, private"
    assert headers["content-security-policy"].startswith("default-src 'self'")
    async with transaction(service.engine) as connection:
        row = (await connection.execute(select(*table(Attachment).c))).one()
        current = (
            await connection.execute(select(File.id).where(File.household_id == key, File.closed_on.is_(None)))
        ).scalar_one()
        audited = (await connection.execute(select(AuditEvent).where(AuditEvent.action == "attachment.added"))).one()
    assert (row.household_id, row.file_id) == (key, current), "it belongs to the file that is not closed"
    assert NAME.encode() not in row.name
    assert service.vault.open("attachments.name", row.name) == NAME
    assert (audited.subject_type, audited.subject) == ("Attachment", row.id)
    assert "王" not in str(audited.detail)
    assert public not in str(audited.detail)
    assert row.sha256 not in str(audited.detail), "it would tell the paper again after the paper is gone"


@pytest.mark.parametrize("size", [PIECE, 3 * PIECE + 1])
async def test_a_large_file_flows_through_in_pieces(service: Service, size: int) -> None:
    data = b"\xff\xd8\xff" + os.urandom(size)

    async def flow() -> AsyncIterator[bytes]:
        for start in range(0, len(data), 65_536):
            yield data[start : start + 65_536]

    taken = await take(service, flow(), kind="VISIT_PHOTO")
    assert taken.status_code == 201, taken.text
    assert (await give(service, taken.json()["id"])).content == data


async def test_the_same_key_takes_the_same_file_in_once(service: Service) -> None:
    first, again = await take(service), await take(service)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert await count(service, Attachment) == len(on_disk(service)) == 1
    other = await take(service, PDF + b"!")
    assert code(other) == (409, "IDEMPOTENCY_KEY_REUSED")
    assert await count(service, Attachment) == len(on_disk(service)) == 1
    theirs = await take(service, by="reviewer")
    assert theirs.status_code == 201, "another user's key is another key"


async def test_many_with_one_key_are_one(service: Service) -> None:
    answers = await asyncio.gather(*[take(service) for _ in range(8)])
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await count(service, Attachment) == len(on_disk(service)) == 1


@pytest.mark.parametrize(
    ("changed", "status", "told"),
    [
        ({"by": None}, 401, "UNAUTHENTICATED"),
        ({"by": "auditor"}, 403, "FORBIDDEN"),
        ({"by": "department"}, 403, "FORBIDDEN"),
        ({"by": "administrator"}, 403, "FORBIDDEN"),
        ({"by": "elsewhere"}, 404, "NOT_FOUND"),
        ({"household": "0" * 32}, 404, "NOT_FOUND"),
        ({"household": "../../etc/passwd"}, 404, "NOT_FOUND"),
        ({"person": "0" * 32}, 404, "NOT_FOUND"),
        ({"kind": "SELFIE"}, 400, "INVALID"),
        ({"colour": "red"}, 400, "INVALID"),
        ({"key": None}, 400, "REQUIRED"),
        ({"key": "short"}, 400, "INVALID"),
        ({"content": b"<html><script>"}, 415, "BAD_REQUEST"),
        ({"content": b""}, 415, "BAD_REQUEST"),
    ],
)
async def test_what_is_refused_leaves_nothing_and_repeats_nothing(
    service: Service, changed: dict[str, Any], status: int, told: str
) -> None:
    answer = await take(service, **changed)
    assert code(answer) == (status, told)
    assert on_disk(service) == []
    assert await count(service, Attachment) == 0
    for said in ("SELFIE", "colour", "passwd", "script"):
        assert said not in answer.text


async def test_a_person_of_another_household_is_none_of_this_one(service: Service) -> None:
    key, _ = await household(service)
    async with transaction(service.engine) as connection:
        columns = select(Member.id, Member.household_id).order_by(Member.id)
        people = (await connection.execute(columns)).all()
    ours = next(row.id for row in people if row.household_id == key)
    stranger = next(row.id for row in people if row.household_id != key)
    own, other = service.vault.ids("Person", [ours, stranger])
    assert (await take(service, person=own, kind="AUTHORISATION")).status_code == 201
    assert code(await take(service, person=other, key="upload-0002"))[0] == 404


@pytest.mark.parametrize("announced", [True, False])
async def test_more_bytes_than_an_attachment_may_have(service: Service, announced: bool) -> None:
    app = create_app(service.url, service.vault, data_dir=service.data_dir, attachment_bytes=300_000)
    async with app.router.lifespan_context(app):
        client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service")

        async def flow() -> AsyncIterator[bytes]:
            for _ in range(40):
                yield PDF[:10_000]

        answer = await take(service, PDF * 4 if announced else flow(), client=client)
        assert code(answer) == (413, "BAD_REQUEST")
        assert on_disk(service) == []
        fits = await take(service, PDF, client=client)
        assert fits.status_code == 201, "beyond the limit of GraphQL's bodies it is another door"


async def test_what_is_refused_for_its_size_and_not_read_is_not_paid_for(service: Service) -> None:
    limits = Limits(cost=5_000, burst=files.cost(len(PDF)) + 100, per_second=0.001)
    app = create_app(service.url, service.vault, data_dir=service.data_dir, attachment_bytes=len(PDF), limits=limits)
    async with app.router.lifespan_context(app):
        client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service")
        for number in range(3):
            assert code(await take(service, PDF * 4, client=client, key=f"large-{number:04}")) == (413, "BAD_REQUEST")
        assert (await take(service, PDF, client=client)).status_code == 201


@pytest.mark.parametrize("announced", [True, False])
async def test_bytes_are_paid_for_from_the_bucket_that_pays_for_questions(service: Service, announced: bool) -> None:
    """A client who sends file after file is told to wait, by its own bucket alone; nothing of what is refused is kept."""
    limits = Limits(cost=5_000, burst=files.cost(len(PDF)) * 2 + 100, per_second=0.001)
    app = create_app(service.url, service.vault, data_dir=service.data_dir, attachment_bytes=len(PDF), limits=limits)
    async with app.router.lifespan_context(app):
        client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service")

        async def flow() -> AsyncIterator[bytes]:
            yield PDF

        def sent(number: int, **more: Any) -> Any:
            return take(service, PDF if announced else flow(), client=client, key=f"upload-{number:04}", **more)

        assert [(await sent(number)).status_code for number in (1, 2)] == [201, 201]
        kept, refused = on_disk(service), await sent(3)
        assert code(refused) == (429, "THROTTLED")
        assert int(refused.headers["retry-after"]) > 0
        assert on_disk(service) == kept
        asked = await client.post(
            "/graphql",
            json={"query": "{ households(first: 100) { nodes { id reference stage } } }"},
            headers={"Authorization": f"Bearer {service.tokens['caseworker']}"},
        )
        assert asked.status_code == 429, "a hundred values are left"
        assert (await sent(4, by="county-reviewer")).status_code == 201, "another's bucket is another's"


@pytest.mark.parametrize(
    ("by", "status"),
    [
        ("reviewer", 200),
        ("caseworker", 200),
        ("county-reviewer", 200),
        ("auditor", 403),
        ("department", 403),
        ("administrator", 403),
        ("elsewhere", 404),
        (None, 401),
    ],
)
async def test_it_is_handed_out_as_its_household_is_seen(service: Service, by: str | None, status: int) -> None:
    public_id = (await take(service)).json()["id"]
    answer = await give(service, public_id, by=by)
    assert answer.status_code == status
    if status == 404:
        unknown = await give(service, "0" * 32, by=by)
        assert unknown.json()["errors"] == answer.json()["errors"], (
            "what is not there and what is not shown look the same"
        )
    if status != 200:
        assert "王".encode() not in answer.content


async def test_f_29_what_is_attached_to_a_protected_persons_household_is_handed_out_to_the_cleared_alone(
    service: Service,
) -> None:
    key, _ = await household(service)
    public_id = (await take(service)).json()["id"]
    async with transaction(service.engine) as connection:
        somebody = select(Member.person_id).where(Member.household_id == key, Member.left_on.is_(None)).limit(1)
        person = (await connection.execute(somebody)).scalar_one()
        today = func.current_date()
        await connection.execute(update(Human).where(Human.id == person).values(protected_since=today))
    answer, unknown = await give(service, public_id), await give(service, "0" * 32)
    assert (answer.status_code, answer.json()["errors"]) == (404, unknown.json()["errors"])
    async with transaction(service.engine) as connection:
        await connection.execute(update(User).where(User.login == "county-reviewer").values(cleared=True))
    assert (await give(service, public_id, by="county-reviewer")).content == PDF


async def test_f_28_whoever_opens_one_is_on_record_with_whom_it_is_about_and_what_for(service: Service) -> None:
    key, _ = await household(service)
    public_id = (await take(service)).json()["id"]
    before = await count(service, Read)
    await give(service, public_id, **{"Jiekun-Purpose": "OBJECTION"})
    await give(service, public_id, by="auditor")
    await give(service, "0" * 32)
    bad = await give(service, public_id, **{"Jiekun-Purpose": "CURIOSITY"})
    assert code(bad) == (400, "BAD_PURPOSE")
    assert "CURIOSITY" not in bad.text
    masks = await give(service, public_id, **{"Jiekun-Purpose": "STATISTICS"})
    assert code(masks) == (403, "FORBIDDEN"), "nobody needs to know who somebody is to count them"
    async with transaction(service.engine) as connection:
        rows = (await connection.execute(select(*table(Read).c).order_by(Read.id).offset(before))).all()
        members = (await connection.scalars(select(Member.id).where(Member.household_id == key))).all()
    opened, refused, *others = rows
    assert (opened.outcome, opened.purpose, opened.identity) == ("ANSWERED", "OBJECTION", "WHOLE")
    assert opened.fields == ["Attachment.content"]
    assert (opened.households, sorted(opened.people)) == ([key], sorted(members))
    assert opened.whole == len(members), "a paper counts for the alarms as all whom it tells of"
    assert (refused.outcome, refused.codes, refused.people) == ("REFUSED", ["FORBIDDEN"], [])
    assert [other.codes for other in others] == [["BAD_PURPOSE"], ["FORBIDDEN"]]


async def test_f_28_what_cannot_be_recorded_is_not_handed_out(service: Service) -> None:
    public_id = (await take(service)).json()["id"]
    async with transaction(service.engine) as connection:
        await connection.exec_driver_sql("ALTER TABLE reads RENAME TO reads_away")
    answer = await give(service, public_id)
    assert code(answer) == (503, "NOT_RECORDED")
    assert "王".encode() not in answer.content


@pytest.mark.parametrize("how", ["missing", "damaged"])
async def test_a_file_that_is_lost_is_told_from_one_that_never_was(
    service: Service, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    public_id = (await take(service)).json()["id"]
    (path,) = on_disk(service)
    if how == "missing":
        path.unlink()
    else:
        kept = path.read_bytes()
        path.write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
    answer = await give(service, public_id)
    assert code(answer) == (500, "ATTACHMENT_LOST")
    assert code(await give(service, "0" * 32)) == (404, "NOT_FOUND")
    assert how.title() in caplog.text
    assert "王" not in caplog.text


class Killed(BaseException):
    """The process is gone."""


@pytest.mark.parametrize("when", ["before the row", "after the row", "after the file has its name"])
async def test_killed_between_file_and_row_nothing_is_lost_or_dangling(
    service: Service, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, place = attachments.add, files.Files._add

    async def killed(*arguments: Any, **named: Any) -> Any:
        if when == "after the row":
            await real(*arguments, **named)
        raise Killed

    if when == "after the file has its name":
        monkeypatch.setattr(files.Files, "_add", killed)
    else:
        monkeypatch.setattr(attachments, "add", killed)
    with pytest.raises(Killed):
        await take(service)
    monkeypatch.setattr(attachments, "add", real)
    monkeypatch.setattr(files.Files, "_add", place)
    assert await count(service, Attachment) == 0, "no row names a file that may not be there"
    (orphan,) = on_disk(service)
    again = await take(service)
    assert again.status_code == 201, "the key of what broke off is not used up"
    assert (await give(service, again.json()["id"])).content == PDF
    yesterday = orphan.stat().st_mtime - 25 * 3600
    os.utime(orphan, (yesterday, yesterday))
    async with transaction(service.engine) as connection:
        today = (await connection.execute(select(func.current_date()))).scalar_one()
        left = await extracts.left_over(connection, service.data_dir, today)
    assert left == [orphan], "upkeep takes away what no row names"


async def test_signed_papers_belong_to_the_file_that_was_open_when_they_came(service: Service) -> None:
    key, _ = await household(service)
    first = (await take(service)).json()["id"]
    async with transaction(service.engine) as connection:
        ended = {"closed_on": func.current_date(), "closing": Closing.WITHDRAWN}
        await connection.execute(update(File).where(File.household_id == key).values(**ended))
    later = (await take(service, key="upload-0002")).json()["id"]
    async with transaction(service.engine) as connection:
        rows = (await connection.execute(select(Attachment.id, Attachment.file_id))).all()
        belongs = {row.id: row.file_id for row in rows}
    keys = [service.vault.key("Attachment", each) for each in (first, later)]
    assert belongs[keys[0]] is not None
    assert belongs[keys[1]] is None


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (quote("C:\\案卷\\王小明.pdf"), "王小明.pdf"),
        (quote("../../etc/passwd"), "passwd"),
        (quote("a\r\nSet-Cookie: x.pdf"), "aSet-Cookie: x.pdf"),
        ("%ff%fe", "\ufffd\ufffd"),
        (quote("王" * 500), "王" * 200),
        ("", None),
    ],
)
def test_a_name_is_no_path_and_no_header(said: str, kept: str | None) -> None:
    assert files._name(said) == kept
