"""An objection to a lead, at any state of it: taken down like every other, with the lead that it is about (F-32)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.objections import Ground, Objector
from api.domain.permissions import Viewer
from api.sealing import Vault
from api.services import leads, objections


@dataclass(frozen=True, slots=True)
class Said:
    """Who objects, on which grounds, and in which words."""

    objector: Objector
    grounds: Sequence[Ground]
    words: str
    name: str | None = None
    contact: str | None = None
    received_on: dt.date | None = None


async def object_to(
    connection: AsyncConnection, vault: Vault, viewer: Viewer, finding_id: int | None, said: Said, now: dt.datetime
) -> int:
    """From now on nothing adverse is concluded or done until it is answered; the objection's key. Raises NotDone."""
    found = await leads.there(connection, viewer, finding_id)
    key = await objections.raise_objection(
        connection,
        vault,
        viewer,
        found.household_id,
        None,
        said.objector,
        said.name,
        said.contact,
        said.grounds,
        said.words,
        said.received_on,
        now,
        finding_id=found.id,
    )
    await leads.told(connection, viewer, "finding.objected_to", found.id, found.household_id, now, {"objection": key})
    return key
