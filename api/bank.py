"""Payments over HTTP: GET /payments/CYCLE.csv or .xlsx lists a settled cycle for the bank, POST /payments/CYCLE takes its answers in.

The list is the one place where payees' accounts stand open: it is on record, with everybody of whom it tells, before it
leaves. What a sheet would take for a formula is written so that it is none (api/sheets). Taken again, it takes a reason.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import orjson
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from api import sheets
from api.auth import Away
from api.database import transaction
from api.domain.errors import BadRequest, Forbidden, NotDone, Refused, UserErrorCode
from api.domain.permissions import Permission, Viewer
from api.domain.reads import ReadLog
from api.endpoint import language_of
from api.files import NAME, Files, discard, refused
from api.services import bank
from api.services.bank import AnswersRefused, Given, Taken

PATH = "/payments"
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
REASON, NUMBER = "jiekun-reason", "jiekun-list-number"
"""Why a list is taken again, percent-encoded, and how often it was taken, this time too."""

MOST_BYTES = 16 * 1024 * 1024
COLUMNS = ("payment_orders.payee_name", "payment_orders.payee_account", "payment_orders.payee_bank")

log = logging.getLogger("jiekun.bank")


class TooMuch(BadRequest):
    """A file of answers larger than one may be."""

    status = 413
    zh = "回盘文件过大，请分批发送。"
    en = "The bank's file is too large: send it in parts."


@dataclass(frozen=True)
class Bank:
    """The door for what goes to the bank and comes back: who it is, and what bytes cost, is as at the door for attachments."""

    files: Files

    async def give(self, request: Request) -> Response:
        """The orders of a settled cycle that the bank has not answered yet, as a sheet."""
        seen, viewer, purpose = ReadLog(), None, None
        public_id, _, suffix = request.path_params["file"].rpartition(".")
        try:
            try:
                viewer, purpose = self.files.bound(request, await self.files.viewer(request))
                if not viewer.may(Permission.KEEP_FILES):
                    raise Forbidden
                given = await self._listed(viewer, public_id, suffix, unquote(request.headers.get(REASON, "")))
                _note(seen, given)
            except Refused as why:
                await self.files.record(request, PATH, viewer, seen, purpose, why.code)
                raise
            await self.files.record(request, PATH, viewer, seen, purpose)
            content = await asyncio.to_thread(_sheet, given, suffix)
        except (Refused, NotDone) as why:
            return refused(request, why)
        except (OSError, SQLAlchemyError) as error:
            log.error("a list for the bank could not be given: %s", type(error).__name__)
            return refused(request, Away())
        headers = {
            "content-disposition": f'attachment; filename="payments.{suffix}"',
            "cache-control": "no-store, private",
            "x-content-type-options": "nosniff",
            NUMBER: str(given.number),
        }
        return Response(content, 200, headers, TYPES[suffix])

    async def take(self, request: Request) -> Response:
        """What the bank answers, all of a file or nothing: counts, or the places that stand in the way."""
        try:
            viewer = await self.files.viewer(request)
            if not viewer.may(Permission.KEEP_FILES):
                raise Forbidden
            taken = await self._answered(viewer, request.path_params["id"], *await self._sent(request, viewer))
        except AnswersRefused as why:
            language = language_of(request)
            rows = [
                {"file": each.file, "row": each.row, "column": each.column, "message": each.words(language)}
                for each in why.rows
            ]
            return Response(orjson.dumps({"rows": rows}), 422, media_type="application/json")
        except (Refused, NotDone) as why:
            await discard(request)
            return refused(request, why)
        except ClientDisconnect:
            return Response(status_code=400)
        except (OSError, SQLAlchemyError) as error:
            log.error("the bank's answers could not be taken in: %s", type(error).__name__)
            return refused(request, Away())
        content = {"paid": taken.paid, "returned": taken.returned, "unchanged": taken.unchanged}
        return Response(orjson.dumps(content), 200, media_type="application/json")

    async def _listed(self, viewer: Viewer, public_id: str, suffix: str, reason: str | None) -> Given:
        if suffix not in TYPES:
            raise NotDone(UserErrorCode.NOT_FOUND, (), "只有 .csv 或 .xlsx。", "It is a .csv or an .xlsx.")
        key, vault = self.files.key("PaymentCycle", public_id), self.files.store.vault
        async with transaction(self.files.authenticator.engine) as connection:
            return await bank.listed(connection, vault, viewer, key, self.files.clock(), reason)

    async def _answered(self, viewer: Viewer, public_id: str, name: str, content: bytes) -> Taken:
        key, vault = self.files.key("PaymentCycle", public_id), self.files.store.vault
        lines = await asyncio.to_thread(bank.lines, name, content)
        digest = hashlib.sha256(content).hexdigest()
        async with transaction(self.files.authenticator.engine) as connection:
            return await bank.answered(connection, vault, viewer, key, lines, digest, self.files.clock())

    async def _sent(self, request: Request, viewer: Viewer) -> tuple[str, bytes]:
        """A name that tells what the file is, and its bytes, which are paid for. Raises TooMuch or Throttled."""
        charged, content = self.files.charge(request, viewer, MOST_BYTES, TooMuch()), bytearray()
        async for some in request.stream():
            content += some
            if len(content) > MOST_BYTES:
                raise TooMuch
        self.files.give_back(viewer, charged, len(content))
        name, media_type = (request.headers.get(header, "").lower() for header in (NAME, "content-type"))
        excel = name.endswith(".xlsx") or "spreadsheetml" in media_type
        return ("answers.xlsx" if excel else "answers.csv"), bytes(content)


def _sheet(given: Given, suffix: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "payments.xlsx" if suffix == "xlsx" else Path(folder)
        (written,) = sheets.write(target, [given.table])
        return written.read_bytes()


def _note(seen: ReadLog, given: Given) -> None:
    """What the record of readers says: whose accounts were shown whole."""
    seen.saw_households(given.households)
    seen.saw_people(given.people)
    for column in COLUMNS:
        seen.opened(column, whole=True)
    seen.asked("PaymentOrder", ["payeeAccount"])
