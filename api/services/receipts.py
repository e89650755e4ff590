"""A receipt of each scan that succeeded: written with it, signed, and never changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api import scope
from api.domain import receipts
from api.domain.errors import NotDone, UserErrorCode
from api.domain.permissions import Viewer
from api.models import Scan, ScanReceipt, User, table
from api.sealing import Vault
from api.services import audit

S, R = table(Scan).c, table(ScanReceipt).c
_DOCUMENT = scope.narrow(select(R.document).join(Scan, S.id == R.scan_id), S.division_code)


async def make(
    connection: AsyncConnection,
    vault: Vault,
    scan_id: int,
    outputs: Mapping[str, Mapping[str, Any]],
    summary: Mapping[str, Any],
    now: dt.datetime,
) -> None:
    """The scan has a receipt: hashes, versions, counts, who asked, and where the audit ended; nothing of anybody."""
    asked = select(S.division_code, S.rules, S.created_at, User.login).outerjoin(User, User.id == S.requested_by)
    scan = (await connection.execute(asked.where(S.id == scan_id))).one()
    head = await audit.head(connection)
    content = {
        "version": receipts.VERSION,
        "scan": vault.ids("Scan", [scan_id])[0],
        "division": scan.division_code,
        "asOf": summary["as_of"],
        "onlyRules": list(scan.rules),
        "requestedBy": scan.login,
        "requestedAt": scan.created_at.isoformat(),
        "finishedAt": now.isoformat(),
        "versions": {name: str(value) for name, value in summary["versions"].items()},
        "rules": {
            rule: {"version": ran["version"], "state": ran["state"], "findings": ran["findings"]}
            for rule, ran in summary["rules"].items()
        },
        "inputs": dict(summary["input_sha256"]),
        "outputs": {name: dict(of) for name, of in outputs.items()},
        "counts": {
            "households": summary["households"],
            "persons": summary["persons"],
            "findings": summary["findings"]["total"],
            "links": summary["links"]["total"],
            "coverage": summary["coverage"],
            "setAside": summary["rejects"],
        },
        "audit": {"number": head.number, "hash": head.hash},
    }
    document = receipts.written(content, vault.signer.public_key, vault.signer.sign).decode()
    await connection.execute(insert(ScanReceipt).values(scan_id=scan_id, document=document, made_at=now))


async def document(connection: AsyncConnection, viewer: Viewer, scan_id: int | None) -> str:
    """The receipt of a scan of the viewer's division. Raises NotDone."""
    found = await connection.scalar(_DOCUMENT.where(R.scan_id == scan_id), scope.of(viewer))
    if found is None:
        raise NotDone(UserErrorCode.NOT_FOUND, (), "没有此回执。", "There is no such receipt.")
    return str(found)
