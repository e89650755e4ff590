"""Exports over HTTP: GET /exports/ID hands the finished file to whoever asked for it, while its days last, on record."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api.auth import Away
from api.database import transaction
from api.domain.errors import Forbidden, NotDone, Refused
from api.domain.exports import ExportFormat
from api.domain.permissions import Permission
from api.exports_store import ExportStore
from api.files import Files, refused
from api.services import exports

PATH = "/exports"
TYPES = {
    ExportFormat.CSV: "text/csv; charset=utf-8",
    ExportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ExportFormat.PARQUET: "application/vnd.apache.parquet",
}
log = logging.getLogger("jiekun.exports")


@dataclass(frozen=True)
class Exports:
    """The door for exports: who it is, is as at the door for attachments. What is in a file was recorded as it was gathered."""

    files: Files

    async def give(self, request: Request) -> Response:
        """The file, piece by piece."""
        public_id = request.path_params["id"]
        try:
            viewer = await self.files.viewer(request)
            if not viewer.may(
                Permission.READ_REFERRALS
            ):  # which list it is, and whether they may read that, is asked below
                raise Forbidden
            async with transaction(self.files.authenticator.engine) as connection:
                key = self.files.key("Export", public_id)
                found = await exports.take(connection, viewer, key, self.files.clock())
        except (Refused, NotDone) as why:
            return refused(request, why)
        except (OSError, SQLAlchemyError) as error:
            log.error("an export could not be handed out: %s", type(error).__name__)
            return refused(request, Away())
        name = f"jiekun-{found.kind.lower().replace('_', '-')}-{public_id[:8]}.{found.format.lower()}"
        headers = {
            "content-disposition": f'attachment; filename="{name}"',
            "content-length": str(found.size),
            "cache-control": "no-store, private",
            "jiekun-sha256": found.sha256,
        }
        store = ExportStore(self.files.store.data_dir, self.files.store.vault, found.id)
        return StreamingResponse(store.read(), 200, headers, TYPES[found.format])
