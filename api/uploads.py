"""Departments' files over HTTP, by tus 1.0: HEAD /uploads/ID tells how much has come, PATCH sends more, DELETE gives up.

An upload is created by the mutation `beginUpload`, which names its size and hash; so there is no POST of tus's own. What
comes is written as it flows, and what has come stays when the connection breaks; a chunk that comes with its checksum
stays whole or not at all, even where we are killed meanwhile. Who asks for an upload anew, by HEAD or PATCH, ends what is still coming on another connection, so that the
offset that is told is true. With the last byte the batch is received, and its check waits for a worker.
"""

from __future__ import annotations

import asyncio
import base64
import errno
import hashlib
import logging
from dataclasses import dataclass, field
from email.utils import format_datetime
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from api.attachments_store import done
from api.auth import Away
from api.database import reading, transaction
from api.depot import room
from api.domain import purposes
from api.domain.errors import BadRequest, Forbidden, NotDone, Refused, UserErrorCode
from api.domain.permissions import Permission, Viewer
from api.domain.reads import ReadLog
from api.domain.uploads import UploadState
from api.endpoint import PURPOSE
from api.files import Files, discard, refused
from api.matching.sent import PAGE
from api.services import uploads
from api.services.batches import QUALITY
from api.uploads_store import Appending, Busy, Store

PATH = "/uploads"
VERSION = "1.0.0"
EXTENSIONS = "checksum,expiration,termination"
ALGORITHMS = {"sha1": hashlib.sha1, "sha256": hashlib.sha256}
CHUNK = "application/offset+octet-stream"
RESUMABLE, OFFSET, LENGTH, EXPIRES, CHECKSUM = (
    "tus-resumable", "upload-offset", "upload-length", "upload-expires", "upload-checksum",
)  # fmt: skip
OVERRIDE = "x-http-method-override"
WRITE_BYTES, LOOK_BYTES = 1024 * 1024, 64 * 1024 * 1024
SILENCE_SECONDS = 60.0
"""Who sends nothing for so long has gone."""

COST = 200
"""What a request costs, in values of GraphQL; bytes are bounded by what was announced."""

log = logging.getLogger("jiekun.uploads")


class Digest(Protocol):
    """What hashlib reckons with."""

    def update(self, data: bytes, /) -> None: ...
    def digest(self) -> bytes: ...


class OtherVersion(BadRequest):
    """A client of another tus."""

    status = 412
    zh = "仅支持 tus 1.0.0。"
    en = "Only tus 1.0.0 is spoken here."


class NoChunk(BadRequest):
    """A PATCH of another type, or without its headers."""

    status = 415
    zh = f"PATCH 的 Content-Type 须为 {CHUNK}。"
    en = f"A PATCH has the Content-Type {CHUNK}."


class BadHeader(BadRequest):
    """An offset or a checksum that cannot be read."""

    zh = "Upload-Offset 须为数字；Upload-Checksum 须为 sha1 或 sha256 加 Base64。"
    en = "Upload-Offset is a number, and Upload-Checksum sha1 or sha256 with Base64."


class OtherOffset(BadRequest):
    """Bytes for another place than the next."""

    status = 409
    zh = "偏移量与已收字节数不符，请先以 HEAD 查询。"
    en = "So many bytes have not come, or more have: ask by HEAD first."


class TooMuch(BadRequest):
    """More bytes than were announced."""

    status = 413
    zh = "字节数超过所申报的文件大小。"
    en = "These are more bytes than were announced."


class NoMatch(BadRequest):
    """A chunk that is not what its checksum says."""

    status = 460
    zh = "校验和不符，该段已丢弃，请重发。"
    en = "The checksum is another: the chunk was thrown away, send it again."


class Gone(BadRequest):
    """An upload that was withdrawn, or not finished in time."""

    status = 410
    zh = "该上传已撤回或已过期，请重新申请。"
    en = "The upload was withdrawn or not finished in time: begin another."


class Locked(BadRequest):
    """Another connection sends, at another server of ours."""

    status = 423
    zh = "另一连接正在传输，请稍后重试。"
    en = "Another connection is sending: try again in a moment."


class Full(BadRequest):
    """The disk would have less room than it is to keep, or has none."""

    status = 507
    zh = "存储空间不足，已收部分保留，请联系运维后续传。"
    en = "There is no room left; what has come is kept. Tell the operator, and go on afterwards."


@dataclass(frozen=True)
class Uploads:
    """The door for what departments send: who it is, and what a request costs, is as at the door for attachments."""

    files: Files
    most: int
    coming: dict[int, asyncio.Task[int]] = field(default_factory=dict)

    @property
    def store(self) -> Store:
        """Where the bytes lie."""
        return Store(self.files.store.data_dir)

    async def answer(self, request: Request) -> Response:
        """Answers a request of tus."""
        method = request.headers.get(OVERRIDE, request.method).upper()
        if method == "OPTIONS":
            return _said(204, {"tus-extension": EXTENSIONS, "tus-max-size": str(self.most), **_SPOKEN})
        try:
            if request.headers.get(RESUMABLE) != VERSION:
                raise OtherVersion
            viewer = await self.files.viewer(request)
            if not viewer.may(Permission.SEND_FEEDS):
                raise Forbidden
            self.files.passage.charge(viewer.principal, COST)
            found = await self._found(request, viewer)
            ways = {"HEAD": self._head, "PATCH": self._patch, "DELETE": self._delete}
            if method not in ways:
                return _said(405, {"allow": "OPTIONS, HEAD, PATCH, DELETE"})
            return await ways[method](request, viewer, found)
        except (Refused, NotDone) as why:
            await discard(request)
            response = refused(request, why)
            response.headers.update({RESUMABLE: VERSION} | (_SPOKEN if isinstance(why, OtherVersion) else {}))
            return response
        except ClientDisconnect:
            return Response(status_code=400)
        except (OSError, SQLAlchemyError) as error:
            log.error("an upload could not be served: %s", type(error).__name__)
            return refused(request, Full() if getattr(error, "errno", None) in _NO_ROOM else Away())

    async def quality(self, request: Request) -> Response:
        """The page of a batch's check, with masked samples; who reads it is on record."""
        viewer, purpose, seen = None, None, ReadLog()
        seen.asked("Upload", ["qualityUrl"])
        try:
            try:
                viewer = await self.files.viewer(request)
                purpose = purposes.purpose_of(viewer.role, request.headers.get(PURPOSE))
                key = self.files.key("Upload", request.path_params["id"])
                async with reading(self.files.authenticator.engine) as connection:
                    found = await uploads.seen_by(connection, viewer, key)
                content = await asyncio.to_thread(self._page, found)
            except Refused as why:
                await self.files.record(request, PATH, viewer, seen, purpose, why.code)
                raise
            await self.files.record(request, PATH, viewer, seen, purpose)
        except (Refused, NotDone) as why:
            return refused(request, why)
        except (OSError, SQLAlchemyError) as error:
            log.error("a quality page could not be given: %s", type(error).__name__)
            return refused(request, Away())
        headers = {
            "content-disposition": 'attachment; filename="quality.html"',
            "cache-control": "no-store, private",
        }
        return Response(content, 200, headers, "text/html; charset=utf-8")

    def _page(self, found: uploads.Known) -> bytes:
        """Raises NotDone where there is none, or no more."""
        try:
            return self.store.path(found.folder, f"{QUALITY}/{PAGE}").read_bytes()
        except FileNotFoundError:
            raise NotDone(
                UserErrorCode.NOT_FOUND, (), "此批次没有质量回执页。", "There is no quality page of it, or no more."
            ) from None

    async def _found(self, request: Request, viewer: Viewer) -> uploads.Known:
        key = self.files.key("Upload", request.path_params.get("id"))
        async with reading(self.files.authenticator.engine) as connection:
            found = await uploads.sent_by(connection, viewer, key)
        over = found.state == UploadState.OPEN and found.expires_at <= self.files.clock()
        if over or found.state in (UploadState.WITHDRAWN, UploadState.EXPIRED):
            raise Gone
        return found

    async def _head(self, request: Request, viewer: Viewer, found: uploads.Known) -> Response:
        await self._stop(found.id)
        offset = await self._offset(found)
        return _said(200, {OFFSET: str(offset), LENGTH: str(found.size), **_expires(found)})

    async def _patch(self, request: Request, viewer: Viewer, found: uploads.Known) -> Response:
        if request.headers.get("content-type") != CHUNK:
            raise NoChunk
        told, length = _number(request, OFFSET), request.headers.get("content-length")
        expected = _checksum(request.headers.get(CHECKSUM))
        if found.state != UploadState.OPEN:
            if told != found.size or length not in (None, "0"):
                raise OtherOffset
            return _said(204, {OFFSET: str(found.size)})
        if length is not None and told + int(length) > found.size:
            raise TooMuch
        if found.size - told > room(self.files.store.data_dir):
            raise Full
        await self._stop(found.id)
        self.coming[found.id] = coming = asyncio.create_task(self._take(request, found, told, expected))
        try:
            offset = await asyncio.shield(coming)
        except asyncio.CancelledError:
            if not coming.cancelled():
                coming.cancel()
                await asyncio.wait({coming})
                raise
            raise Locked from None  # another request for the same upload has ended this one
        finally:
            if self.coming.get(found.id) is coming:
                del self.coming[found.id]
        if offset == found.size:
            await self._received(found)
        return _said(204, {OFFSET: str(offset), **_expires(found)})

    async def _delete(self, request: Request, viewer: Viewer, found: uploads.Known) -> Response:
        await self._stop(found.id)
        async with transaction(self.files.authenticator.engine) as connection:
            await uploads.withdraw(connection, viewer, found.id, self.files.clock())
        await asyncio.to_thread(self.store.remove, found.folder)
        return _said(204, {})

    async def _stop(self, key: int) -> None:
        """What still comes on another connection comes no more, and what has come is on the disk."""
        if (coming := self.coming.pop(key, None)) is not None:
            coming.cancel()
            await asyncio.wait({coming})

    async def _offset(self, found: uploads.Known) -> int:
        """How much has come; where that is all and nobody was told, the batch is received now."""
        if found.state != UploadState.OPEN:
            return int(found.size)
        offset = await asyncio.to_thread(self.store.offset, found.folder, found.name)
        if offset == found.size:
            await self._received(found)
        return offset

    async def _received(self, found: uploads.Known) -> None:
        async with transaction(self.files.authenticator.engine) as connection:
            await uploads.received(connection, found.id, self.files.clock())

    async def _take(
        self, request: Request, found: uploads.Known, told: int, expected: tuple[Digest, bytes] | None
    ) -> int:
        """What comes is appended; how much there is then. Raises Locked, OtherOffset, TooMuch or NoMatch."""
        appending = await self._opened(found)
        stays = False
        try:
            if appending.offset != told:
                raise OtherOffset
            stays = expected is None
            if expected is not None:
                await done(appending.mark)
            try:
                await _flow(request, appending, found.size, expected and expected[0], self.files.store.data_dir)
            except TooMuch:
                stays = False
                raise
            if expected is not None:
                if expected[0].digest() != expected[1]:
                    raise NoMatch
                await done(appending.proved)
                stays = True
        finally:
            try:
                if not stays:
                    await done(appending.take_back)
            finally:
                offset = await done(appending.close)
        return offset

    async def _opened(self, found: uploads.Known) -> Appending:
        """The file, opened for more; who is ended meanwhile leaves nobody locked out. Raises Locked."""
        opening = asyncio.ensure_future(asyncio.to_thread(self.store.append, found.folder, found.name))
        try:
            return await asyncio.shield(opening)
        except Busy:
            raise Locked from None
        except asyncio.CancelledError:
            await asyncio.wait({opening})
            if not opening.cancelled() and opening.exception() is None:
                await done(opening.result().close)
            raise


async def _flow(request: Request, appending: Appending, size: int, digest: Digest | None, data_dir: Path) -> None:
    """Writes what comes, some at a time. Raises TooMuch, Full, or what breaks the connection; what came until then is written."""
    waiting, came = bytearray(), appending.offset
    looked = came
    stream = request.stream().__aiter__()
    try:
        while True:
            try:
                some = await asyncio.wait_for(anext(stream), SILENCE_SECONDS)
            except StopAsyncIteration:
                return
            except TimeoutError:
                raise ClientDisconnect from None
            came += len(some)
            if came > size:
                waiting.clear()
                raise TooMuch
            if digest is not None:
                digest.update(some)
            waiting += some
            if came - looked >= LOOK_BYTES:
                looked = came
                if not room(data_dir):  # others send, too
                    raise Full
            if len(waiting) >= WRITE_BYTES:
                writing, waiting = bytes(waiting), bytearray()
                await done(partial(appending.write, writing))
    finally:
        if waiting:
            await done(partial(appending.write, bytes(waiting)))


def _number(request: Request, header: str) -> int:
    said = request.headers.get(header, "")
    if not said.isascii() or not said.isdigit() or len(said) > 15:
        raise BadHeader
    return int(said)


def _checksum(said: str | None) -> tuple[Digest, bytes] | None:
    if said is None:
        return None
    algorithm, _, value = said.partition(" ")
    try:
        return ALGORITHMS[algorithm](), base64.b64decode(value, validate=True)
    except (KeyError, ValueError):
        raise BadHeader from None


def _expires(found: uploads.Known) -> dict[str, str]:
    return {EXPIRES: format_datetime(found.expires_at, usegmt=True)} if found.state == UploadState.OPEN else {}


def _said(status: int, headers: dict[str, Any]) -> Response:
    return Response(status_code=status, headers={RESUMABLE: VERSION, "cache-control": "no-store", **headers})


_SPOKEN = {"tus-version": VERSION, "tus-checksum-algorithm": ",".join(ALGORITHMS)}
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
