"""Attachments over HTTP: POST /attachments takes a file in as it flows, GET /attachments/ID hands one out, on record.

A name stands in no address: what the file is called comes in the header Jiekun-File-Name, percent-encoded. The same
Idempotency-Key never takes the same file in twice. What is refused is answered as GraphQL's refusals are.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from urllib.parse import quote, unquote

import orjson
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse

from api.attachments_store import COLUMN, Damaged, Missing, NotTaken, Store, TooLarge, Written
from api.auth import AWAY, Authenticator, Away, UnknownToken
from api.database import reading, transaction
from api.domain import days, purposes
from api.domain.attachments import EXTENSIONS, AttachmentKind
from api.domain.days import Clock, this_moment
from api.domain.errors import (
    AttachmentLost,
    BadRequest,
    Forbidden,
    NotDone,
    Refused,
    Unauthenticated,
    UserErrorCode,
)
from api.domain.permissions import Permission, Viewer
from api.domain.purposes import Purpose
from api.domain.reads import ReadLog
from api.endpoint import PURPOSE, refusal
from api.gate.passage import Passage
from api.recorder import Operation, Recorder
from api.sealing import NotOurs
from api.services import attachments, audit, once
from api.services.attachments import Kept, Place

PATH = "/attachments"
KEY, NAME = "idempotency-key", "jiekun-file-name"
PARAMETERS = {"household", "kind", "person"}
MOST_DISCARDED = 16 * 1024 * 1024
STATUSES = {
    UserErrorCode.NOT_FOUND: 404,
    UserErrorCode.FORBIDDEN: 403,
    UserErrorCode.CONFLICT: 409,
    UserErrorCode.IDEMPOTENCY_KEY_REUSED: 409,
}
"""By code the status of what was not done; 400 for all others."""

BYTES_A_VALUE = 16
"""How many bytes that come cost as much as one value of an answer."""

log = logging.getLogger("jiekun.files")


class NoSuchType(BadRequest):
    """A file of a type that is not taken, or an empty one."""

    status = 415
    zh = "只收 PDF、JPEG、PNG、HEIC、TIFF 文件，且不得为空。"
    en = "Files are PDF, JPEG, PNG, HEIC or TIFF, and not empty."


class TooMuch(BadRequest):
    """A file larger than an attachment may be."""

    status = 413

    def __init__(self, most: int) -> None:
        size = most / 1024 / 1024
        super().__init__(f"附件最大 {size:g} MiB。", f"An attachment has up to {size:g} MiB.")


def cost(size: int) -> int:
    """What so many bytes cost, in values of GraphQL.

    >>> cost(1), cost(20 * 1024 * 1024)
    (1, 1310720)
    """
    return -(-size // BYTES_A_VALUE)


@dataclass(frozen=True)
class Files:
    """The door for attachments: who asks, where the bytes lie, how many one may have, who writes down what was read.

    Bytes that come are paid for from the bucket of those who send them, as what they ask for at /graphql is.
    """

    authenticator: Authenticator
    recorder: Recorder
    store: Store
    most: int
    passage: Passage
    purpose_required: bool = False
    clock: Clock = this_moment

    async def take(self, request: Request) -> Response:
        """Takes a file in: 201 with its id and hash, 200 where it was taken in before under the same key."""
        try:
            viewer = await self.viewer(request)
            if not viewer.may(Permission.KEEP_FILES):
                raise Forbidden
            key, kind, name = _said(request)
            where = await self._place(request, viewer)
            written = await self._paid(request, viewer)
            taken, again = await self._add(viewer, key, where, kind, name, written)
        except (Refused, NotDone) as why:
            await discard(request)
            return refused(request, why)
        except ClientDisconnect:
            return Response(status_code=400)
        except (OSError, SQLAlchemyError) as error:
            log.error("an attachment could not be taken in: %s", type(error).__name__)
            return refused(request, Away())
        content = {
            "id": self.store.vault.ids("Attachment", [taken])[0],
            "kind": kind,
            "mediaType": written.media_type,
            "size": written.size,
            "sha256": written.sha256,
        }
        return Response(orjson.dumps(content), 200 if again else 201, media_type="application/json")

    async def give(self, request: Request) -> Response:
        """Hands a file out, whole or not at all: its bytes are proved and its reader written down before the first leaves."""
        seen, viewer, purpose = ReadLog(), None, None
        try:
            try:
                viewer = await self.viewer(request)
                viewer, purpose = self.bound(request, viewer)
                found = await self._found(request.path_params["id"], viewer)
                _note(seen, found)
                await self._prove(found)
            except Refused as why:
                await self.record(request, PATH, viewer, seen, purpose, why.code)
                raise
            await self.record(request, PATH, viewer, seen, purpose)
        except (Refused, NotDone) as why:
            return refused(request, why)
        except (OSError, SQLAlchemyError) as error:
            log.error("an attachment could not be handed out: %s", type(error).__name__)
            return refused(request, Away())
        headers = {
            "content-disposition": _disposition(found),
            "content-length": str(found.size),
            "cache-control": "no-store, private",
            "x-content-type-options": "nosniff",
        }
        return StreamingResponse(self.store.read(found.stored), 200, headers, found.media_type)

    async def viewer(self, request: Request) -> Viewer:
        """Who asks. Raises Unauthenticated or Away."""
        try:
            viewer = await self.authenticator.viewer(request.headers.get("authorization"))
        except UnknownToken as unknown:
            raise Unauthenticated(unknown.zh, unknown.en) from None
        except AWAY:
            raise Away from None
        if viewer is None:
            raise Unauthenticated
        return viewer

    def bound(self, request: Request, viewer: Viewer) -> tuple[Viewer, Purpose]:
        """The viewer as they read for the purpose that they name. Raises BadPurpose or Forbidden."""
        said = request.headers.get(PURPOSE)
        purpose = purposes.purpose_of(viewer.role, said)
        viewer = purposes.bound(viewer, purpose, named=said is not None or not self.purpose_required)
        if not (viewer.may(Permission.READ_CASES) and viewer.may(Permission.READ_IDENTITY)):
            raise Forbidden
        return viewer, purpose

    async def _place(self, request: Request, viewer: Viewer) -> Place:
        household, person = (request.query_params.get(name) for name in ("household", "person"))
        async with reading(self.authenticator.engine) as connection:
            return await attachments.place(
                connection, viewer, self.key("Household", household), self.key("Person", person), person is not None
            )

    def charge(self, request: Request, viewer: Viewer, most: int, too_much: BadRequest) -> int:
        """Has bytes paid for before they are read, by how many there are said to be, else by the most; what was taken.

        Raises Throttled, or `too_much`, of which nothing is read.
        """
        told = int(request.headers.get("content-length", most))
        if told > most:
            raise too_much
        return self.passage.charge(viewer.principal, cost(told))

    def give_back(self, viewer: Viewer, charged: int, size: int) -> None:
        """Gives back what was charged for more bytes than came."""
        self.passage.give_back(viewer.principal, max(0, charged - cost(size)))

    async def _paid(self, request: Request, viewer: Viewer) -> Written:
        """The bytes on the disk, paid for. Raises Throttled, or as below."""
        charged = self.charge(request, viewer, self.most, TooMuch(self.most))
        written = await self._written(request)
        self.give_back(viewer, charged, written.size)
        return written

    async def _written(self, request: Request) -> Written:
        """The bytes on the disk. Raises TooMuch or NoSuchType."""
        try:
            return await self.store.write(request.stream(), self.most)
        except TooLarge:
            raise TooMuch(self.most) from None
        except NotTaken:
            raise NoSuchType from None

    async def _add(
        self, viewer: Viewer, key: str, where: Place, kind: AttachmentKind, name: str | None, written: Written
    ) -> tuple[int, bool]:
        """The attachment's key, and whether it was there before; then the bytes that came again are thrown away.

        They are thrown away only where it is certain that no row names them; else the sweep finds out.
        """
        now = self.clock()
        asked = {"household": where.household_id, "person": where.member_id, "kind": kind, "sha256": written.sha256}
        try:
            async with transaction(self.authenticator.engine) as connection:
                request = await once.asked(connection, viewer, key, PATH, asked, now)
                before = made = request.subject
                if made is None:
                    vault = self.store.vault
                    made = await attachments.add(connection, vault, viewer, where, kind, name, written, now)
                    await once.carried_out(connection, request, made, await audit.added(connection))
        except NotDone:
            await asyncio.to_thread(self.store.discard, written)
            raise
        if before is not None:
            await asyncio.to_thread(self.store.discard, written)
        return made, before is not None

    async def _found(self, public_id: str, viewer: Viewer) -> Kept:
        """Raises NotDone where there is none that this viewer may see."""
        async with reading(self.authenticator.engine) as connection:
            key, today = self.key("Attachment", public_id), days.today(self.clock())
            found = await attachments.kept(connection, self.store.vault, viewer, key, today)
        if found is None:
            raise NotDone(UserErrorCode.NOT_FOUND, (), "没有此附件。", "There is no such attachment.")
        return found

    async def _prove(self, found: Kept) -> None:
        """Raises AttachmentLost where the file is not, to the byte, what was taken in."""
        try:
            await self.store.check(found.stored, found.size, found.sha256)
        except (Missing, Damaged, OSError) as error:
            log.error("attachment %s: %s", found.id, type(error).__name__)
            raise AttachmentLost from None

    async def record(
        self, request: Request, path: str, viewer: Viewer | None, seen: ReadLog, purpose: Purpose | None, *codes: str
    ) -> None:
        """Raises NotRecorded; then nothing is handed out."""
        request_id = request.scope["state"]["request_id"]
        await self.recorder.write(Operation(viewer, seen, request_id, f"GET {path}", None, purpose, codes))

    def key(self, type_name: str, public_id: str | None) -> int | None:
        """The row that an id of this type names, or None."""
        try:
            return self.store.vault.key(type_name, public_id or "")
        except NotOurs:
            return None


def _said(request: Request) -> tuple[str, AttachmentKind, str | None]:
    """The idempotency key, the kind, and what the file is called. Raises NotDone."""
    given = request.query_params
    if len(given.multi_items()) != len(given) or not given.keys() <= PARAMETERS or "household" not in given:
        raise NotDone(
            UserErrorCode.INVALID,
            (),
            "地址参数为 household、kind，可加 person，各一次。",
            "The address names household and kind, and may name person, each once.",
        )
    if given.get("kind") not in set(AttachmentKind):
        kinds = "、".join(AttachmentKind), ", ".join(AttachmentKind)
        raise NotDone(
            UserErrorCode.INVALID, ("kind",), f"kind 须为 {kinds[0]} 之一。", f"`kind` is one of {kinds[1]}."
        )
    key = request.headers.get(KEY)
    if not key:
        raise NotDone(
            UserErrorCode.REQUIRED, (KEY,), "缺少请求头 Idempotency-Key。", "The header Idempotency-Key is missing."
        )
    return key, AttachmentKind(given["kind"]), _name(request.headers.get(NAME))


def _name(said: str | None) -> str | None:
    """What the file is called, without a path and without what cannot be printed."""
    plain = unquote(said or "").replace("\\", "/").rpartition("/")[2]
    kept = "".join(character for character in plain if character.isprintable()).strip()
    return kept[: attachments.LONGEST_NAME] or None


def _disposition(found: Kept) -> str:
    """To be saved and never shown: under a plain name for old clients, and under its own."""
    plain = f"{found.kind.lower()}.{EXTENSIONS[found.media_type]}"
    named = f"; filename*=UTF-8''{quote(found.name, safe='')}" if found.name else ""
    return f'attachment; filename="{plain}"{named}'


def _note(seen: ReadLog, found: Kept) -> None:
    """What the record of readers says: that all of the household were shown whole."""
    seen.saw_households([found.household_id])
    seen.saw_people(found.people)
    seen.opened(COLUMN, whole=True)
    seen.asked("Attachment", ["content"])


async def discard(request: Request) -> None:
    """Reads on for a while, so that a client who is still sending can read the answer."""
    left = MOST_DISCARDED
    try:
        async for some in request.stream():
            left -= len(some)
            if left < 0:
                return
    except (ClientDisconnect, RuntimeError):
        return


def refused(request: Request, why: Refused | NotDone) -> Response:
    """A refusal, as GraphQL's are answered."""
    if isinstance(why, NotDone):
        status = STATUSES.get(why.code, 400)
    else:
        status = 403 if isinstance(why, Forbidden) else why.status
    headers = {"connection": "close"} | ({"www-authenticate": "Bearer"} if status == 401 else {})
    if (seconds := getattr(why, "seconds", None)) is not None:
        headers["retry-after"] = str(seconds)
    return Response(refusal(request, why), status, headers, media_type="application/json")
