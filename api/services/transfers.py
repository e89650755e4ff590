"""A file is handed to another union, and its household to another division with it: the employer ended, or they moved."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import outbox, workdays
from api.domain import days, divisions
from api.domain.accounts import OrganisationKind
from api.domain.casework import TaskKind
from api.domain.errors import Forbidden, NotDone, UserErrorCode
from api.domain.permissions import Permission, Viewer
from api.domain.stages import Stage
from api.matching import policy
from api.models import File, FileTransfer, Household, Organisation, table
from api.sealing import Vault
from api.services import audit, tasks, transition
from api.services.decisions import checked_reason
from api.services.guards import notices

H, F = table(Household).c, table(File).c


async def transfer(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    household_id: int | None,
    expected_version: int,
    organisation_code: str,
    division_code: str | None,
    reason: str,
    now: dt.datetime,
) -> int:
    """Another union keeps the file, and its household belongs to another division, where one is named: the union's.

    The papers follow within the time that a transfer may take: a task for whoever keeps it now. Raises NotDone.
    """
    written, today = checked_reason(reason), days.today(now)
    if not viewer.may(Permission.DECIDE_FILES):
        raise Forbidden
    found = await transition.held(connection, viewer, household_id, expected_version)
    file_id = await _to_be_handed(connection, found)
    organisation_id, division = await _receiving(connection, found, organisation_code, division_code)
    moved_to = {"organisation_id": organisation_id, "version": found.version + 1, "updated_at": now}
    await connection.execute(update(Household).where(H.id == found.id).values(**moved_to, division_code=division))
    kept = update(File).where(F.id == file_id)
    await connection.execute(kept.values(organisation_id=organisation_id, version=File.version + 1))
    row = {
        "file_id": file_id,
        "from_organisation_id": found.organisation_id,
        "to_organisation_id": organisation_id,
        "from_division_code": found.division_code,
        "to_division_code": division,
        "transferred_on": today,
    }
    added = await connection.execute(
        insert(FileTransfer)
        .values(
            **row, user_id=viewer.user_id, reason=vault.seal("file_transfers.reason", written), transferred_at=now
        )
        .returning(FileTransfer.id)
    )
    transfer_id = int(added.scalar_one())
    limit = workdays.add(today, policy.whole("transfer.working_days", today, division))
    await tasks.open_task(
        connection, TaskKind.TRANSFER_DUE, found.id, limit, now,
        reference=f"TRANSFER_DUE:{transfer_id}", file_id=file_id,
    )  # fmt: skip
    told = {"transfer": transfer_id, "from": found.division_code, "to": division}
    await audit.record(connection, viewer.user_id, "file.transferred", ("Household", found.id), now, told)
    await outbox.append(connection, transition.TOPIC, found.id, now)
    return int(found.id)


async def _to_be_handed(connection: AsyncConnection, found: Row[*tuple[Any, ...]]) -> int:
    """The file, as it is once the household is held. Raises NotDone: none is open, on notice, or objected to."""
    file_id = await connection.scalar(select(F.id).where(F.household_id == found.id, F.closed_on.is_(None)))
    if file_id is None:
        raise NotDone(
            UserErrorCode.INVALID, ("input", "householdId"), "该户没有在办或在档的档案。", "No file of it is open."
        )
    if found.stage == Stage.PUBLIC_NOTICE:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "householdId"),
            "该户正在公示，公示的内容不得变更；请先退回审核。",
            "The household is on notice, which stands as it is: return it to the review first.",
        )
    await notices.all_answered(connection, found.id)
    return int(file_id)


async def _receiving(
    connection: AsyncConnection,
    found: Row[*tuple[Any, ...]],
    organisation_code: str,
    division_code: str | None,
) -> tuple[int, str]:
    """Which union keeps the file then, and the household's division. Raises NotDone for what cannot receive it."""
    union = select(Organisation.id, Organisation.division_code).where(
        Organisation.code == organisation_code, Organisation.active, Organisation.kind == OrganisationKind.UNION
    )
    receiving = (await connection.execute(union)).one_or_none()
    if receiving is None or receiving.id == found.organisation_id:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "organisationCode"),
            "接收单位须为另一个在用的工会组织。",
            "The file goes to another union, one that is active.",
        )
    if division_code is not None and not divisions.is_known(division_code):
        raise NotDone(UserErrorCode.INVALID, ("input", "divisionCode"), "没有此区划。", "There is no such division.")
    division = division_code or str(found.division_code)
    if not divisions.holds(receiving.division_code, division):
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "organisationCode" if division_code is None else "divisionCode"),
            "该工会不负责这一区划。",
            "The union does not keep files of this division.",
        )
    return int(receiving.id), division
