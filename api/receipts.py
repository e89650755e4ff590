"""Receipts over HTTP: GET /receipts/SCAN gives the signed receipt of a scan, byte by byte as it was written."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import Response

from api.auth import Away
from api.database import reading
from api.domain.errors import Forbidden, NotDone, Refused
from api.domain.permissions import Permission
from api.files import Files, refused
from api.services import receipts

PATH = "/receipts"
log = logging.getLogger("jiekun.receipts")


@dataclass(frozen=True)
class Receipts:
    """The door for receipts: who it is, is as at the door for attachments. Nothing in one is about anybody."""

    files: Files

    async def give(self, request: Request) -> Response:
        """The receipt."""
        public_id = request.path_params["id"]
        try:
            viewer = await self.files.viewer(request)
            if not viewer.may(Permission.READ_SCANS):
                raise Forbidden
            async with reading(self.files.authenticator.engine) as connection:
                found = await receipts.document(connection, viewer, self.files.key("Scan", public_id))
        except (Refused, NotDone) as why:
            return refused(request, why)
        except (OSError, SQLAlchemyError) as error:
            log.error("a receipt could not be given: %s", type(error).__name__)
            return refused(request, Away())
        headers = {
            "content-disposition": f'attachment; filename="receipt-{public_id[:8]}.json"',
            "cache-control": "no-store, private",
        }
        return Response(found.encode(), 200, headers, media_type="application/json")
