"""Takes a folder over into the database: the register's tables become rows, the departments' files a feed each.

What was there before is found by its reference and changed where the register says something new, so that a folder
taken over twice changes nothing. People whom their household's register no longer lists have left it; aid that a
complete register no longer holds is gone with its payments. The feeds' rows stay in their files (F-26); only aid paid
to our own people becomes enrolments and payments, by a valid citizen number that is equal to the last digit. A record
that fits no such number is left to the scan, which can weigh it.

A register moves nobody for the worse (F-2), and changes nothing of a household that lives here by now: what it says
otherwise is told, as a task for people.

What takes long, reading and copying files, is done before the transaction: see api/intake.py.

households, members    the register's tables, as ours
files, kept            their files and moves, and whom a file counts; tier, category and causes
declared, consents     what was declared and authorised
feeds, aid             what departments sent, and what was paid
placing                records of aid that bear one number, and which is which
lasting                aid that is told to be less, and stays until somebody decides
rows                   how rows pass
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database import among
from api.domain import divisions
from api.domain.permissions import Permission, Viewer
from api.matching import folders, reference
from api.models import Department, Household, Programme, table
from api.sealing import Vault
from api.services import audit, differing, viewers
from api.services.registers import aid, consents, declared, feeds, files, households, kept, members, rows
from api.services.registers.aid import Paid
from api.services.registers.feeds import came, copy
from api.services.registers.households import Saved
from api.services.registers.rows import HOUSEHOLD_PLAIN, HOUSEHOLD_SEALED, MEMBER_PLAIN, MEMBER_SEALED, MONEY

__all__ = [
    "HOUSEHOLD_PLAIN",
    "HOUSEHOLD_SEALED",
    "MEMBER_PLAIN",
    "MEMBER_SEALED",
    "MONEY",
    "Given",
    "TakenOver",
    "came",
    "copy",
    "know_departments",
    "not_there_yet",
    "officer",
    "read",
    "take_over",
]


@dataclass(frozen=True, slots=True)
class TakenOver:
    """How much of a folder is in the database now; `set_aside` counts the register's rows that could not be read.

    `followed` counts households that stand elsewhere now because the register said so, `differing` those of which it says
    what was not taken over, each with a task.
    """

    households: int
    people: int
    feeds: int
    enrolments: int
    payments: int
    set_aside: int
    division_code: str
    followed: int = 0
    differing: int = 0


@dataclass(frozen=True, slots=True)
class Given:
    """What a folder holds: the register, the departments' feeds, the aid paid to the register's people, dated values."""

    register: folders.Register
    feeds: list[folders.FeedFiles]
    aid: Paid
    policy: Path | None


def read(folder: Path, keys: Path | None = None) -> Given:
    """Reads a folder. Raises MatcherError, naming file, row and column."""
    register, sent = folders.register(folder, keys), folders.department_feeds(folder, keys)
    numbers = {number for row in register.members if (number := aid.valid_number(row)) is not None}
    feed = next((feed for feed in sent if feed.source == "aid"), None)
    paid = [row for some in folders.aid(folder, numbers, keys) for row in some if row["programme"] is not None]
    return Given(
        register,
        sent,
        Paid(paid, feed.as_of if feed else None, feed is not None and feed.complete),
        folders.policy_of(folder),
    )


async def not_there_yet(connection: AsyncConnection, given: Given) -> list[folders.FeedFiles]:
    """The folder's feeds that did not come before (feeds.not_there_yet)."""
    return await feeds.not_there_yet(connection, given.feeds)


async def officer(connection: AsyncConnection, login: str) -> Viewer:
    """Who answers for what an import closes: a person at work who may decide on files. Raises ValueError."""
    found = await viewers.of_login(connection, login)
    if found is None or not found.may(Permission.DECIDE_FILES):
        raise ValueError(f"{login}: no active user of that name is a person who may decide on files")
    return found


async def take_over(
    connection: AsyncConnection,
    vault: Vault,
    given: Given,
    copied: Mapping[str, str],
    division: str | None,
    now: dt.datetime,
    decided_by: Viewer | None = None,
) -> TakenOver:
    """What was read is in the database.

    A household that names no division belongs to `division`, by default the lowest one that holds all others.
    `decided_by` answers for files of their division that the register tells to be closed, and for aid that it tells to be
    less; all others stay as they are, and are told.
    """
    register = given.register
    home = division or divisions.above_all(
        [row["division_code"] for row in register.households if rows.division(row) is not None]
    )
    await know_departments(connection)
    saved = await households.save(connection, vault, register.households, home, now)
    people = await members.save(connection, vault, register.members, saved, now)
    followed = await files.save(connection, vault, saved, decided_by, now)
    await kept.save(connection, vault, saved, now)
    await declared.save(connection, saved, now)
    if register.authorisations is not None:
        await consents.save(connection, register.authorisations, people)
    await feeds.save(connection, given.feeds, copied, now)
    enrolments, payments = await aid.save(connection, vault, register, given.aid, saved, people, decided_by, now)
    await _tell(connection, saved, now)
    taken = TakenOver(
        len(saved.keys), len(people), len(given.feeds), enrolments, payments, register.set_aside, home, followed,
        len(saved.differ),
    )  # fmt: skip
    detail = {name: getattr(taken, name) for name in ("households", "people", "feeds", "followed", "differing")}
    by = None if decided_by is None else decided_by.user_id
    await audit.record(connection, by, "register.taken_over", ("Folder", 0), now, detail)
    return taken


async def know_departments(connection: AsyncConnection) -> None:
    """Programmes and kinds of department data are known, as the matcher publishes them."""
    programmes = [
        {"code": each.code, "name_zh": each.name_zh, "name_en": each.name_en, "unit": each.unit, "position": position}
        for position, each in enumerate(reference.programmes())
    ]
    await rows.save(connection, Programme, ["code"], programmes)
    departments = [
        {"code": each.code, "title_zh": each.title_zh, "title_en": each.title_en, "agency_zh": each.agency_zh}
        for each in reference.departments()
    ]
    await rows.save(connection, Department, ["code"], departments)


async def _tell(connection: AsyncConnection, saved: Saved, now: dt.datetime) -> None:
    """People are told of each household of which the register says what was not taken over."""
    divided = select(Household.id, Household.division_code).where(among(table(Household).c.id, "keys"))
    for some in rows.batches(sorted(saved.differ)):
        for key, division in (await connection.execute(divided.order_by(Household.id), {"keys": some})).all():
            told = saved.differ[key]
            detail = {"respects": sorted(told)}
            await differing.tell(connection, "register-differs", key, division, told, detail, now)
