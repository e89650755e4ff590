"""Takes a folder over into the database: the register's tables become rows, the departments' files a feed each.

What was there before is found by its reference and changed where it differs, so that a folder taken over twice changes
nothing. People whom their household's register no longer lists have left it; aid that a complete register no longer
holds is gone with its payments. The feeds' rows stay in their files (F-26); only aid paid to our own people becomes
enrolments and payments, by a valid citizen number that is equal to the last digit. A record that fits no such number
is left to the scan, which can weigh it.

What takes long, reading and copying files, is done before the transaction: see api/intake.py.
"""

from __future__ import annotations

import datetime as dt
import json
import shutil
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import String, and_, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database import among, upsert
from api.domain import days, divisions, money, stages
from api.domain.consent import ALL
from api.matching import folders, identity, reference
from api.models import (
    Authorisation,
    Base,
    Department,
    Enrolment,
    Feed,
    Household,
    Member,
    Payment,
    Programme,
    table,
)
from api.sealing import Vault
from api.services import audit

BATCH = 5_000
FILE = "FILE"
"""The `source_record` of an enrolment that the household's own file names."""

MONEY = {
    "declared_monthly_income_yuan": "declared_monthly_income_fen",
    "declared_deposits_yuan": "declared_deposits_fen",
}
HOUSEHOLD_PLAIN = (
    "target_group", "residence", "applied_on", "file_opened_on", "file_closed_on",
    "declared_vehicles", "declared_homes", "declared_businesses",
)  # fmt: skip
HOUSEHOLD_SEALED = ("address", "phone", "payee_account", "payee_name")
MEMBER_PLAIN = (
    "relation", "sex", "birth_date", "division_code", "declared_marital_status", "declared_employment",
    "valid_from", "valid_to", "authorised_until",
)  # fmt: skip
MEMBER_SEALED = ("name", "former_name", "id_number", "phone", "address")
NORMAL = {"name": identity.name, "former_name": identity.name, "id_number": identity.number, "phone": identity.phone}
"""The normal form by which a sealed column is found again."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TakenOver:
    """How much of a folder is in the database now; `set_aside` counts the register's rows that could not be read."""

    households: int
    people: int
    feeds: int
    enrolments: int
    payments: int
    set_aside: int
    division_code: str


@dataclass(frozen=True, slots=True)
class Given:
    """What a folder holds: the register, the departments' feeds, and the aid paid to the register's people.

    `aid_is_complete` tells whether aid that is not in it was not paid; `aid_cut` the day on which it was cut.
    """

    register: folders.Register
    feeds: list[folders.FeedFiles]
    aid: list[folders.Row]
    aid_cut: dt.date | None
    aid_is_complete: bool
    policy: Path | None


def read(folder: Path, keys: Path | None = None) -> Given:
    """Reads a folder. Raises MatcherError, naming file, row and column."""
    register, feeds = folders.register(folder, keys), folders.department_feeds(folder, keys)
    numbers = {number for row in register.members if (number := _valid_number(row)) is not None}
    aid = next((feed for feed in feeds if feed.source == "aid"), None)
    return Given(
        register,
        feeds,
        [row for rows in folders.aid(folder, numbers, keys) for row in rows if row["programme"] is not None],
        aid.as_of if aid else None,
        aid is not None and aid.complete,
        folders.policy_of(folder),
    )


async def not_there_yet(connection: AsyncConnection, given: Given) -> list[folders.FeedFiles]:
    """The feeds that are not, to the byte and in how they are to be read, the latest of their kind already.

    Raises MatcherError for a batch that came before under the same number and said otherwise.
    """
    newest = select(Feed.files, Feed.mapping, Feed.as_of, Feed.complete).order_by(Feed.id.desc()).limit(1)
    fresh = []
    for feed in given.feeds:
        there = (await connection.execute(newest.where(Feed.department_code == feed.source))).one_or_none()
        told = (feed.described(), dict(feed.mapping), feed.as_of, feed.complete)
        if there is None or tuple(there) != told:
            fresh.append(feed)
            folders.in_use([*await came(connection, Path(), feed.source), feed])
    return fresh


async def came(connection: AsyncConnection, data_dir: Path, department: str | None = None) -> list[folders.FeedFiles]:
    """The feeds that came, in their order, of one department or of all."""
    feeds = select(Feed).order_by(Feed.id)
    return [
        folders.FeedFiles(
            row.department_code,
            tuple(data_dir / row.folder / each["name"] for each in row.files),
            row.as_of,
            row.complete,
            row.mapping,
            row.rows,
        )
        for row in await connection.execute(
            feeds if department is None else feeds.where(Feed.department_code == department)
        )
    ]


def copy(feeds: list[folders.FeedFiles], data_dir: Path) -> dict[str, str]:
    """Copies each feed's files to a folder of its own in the data folder; the folders' names by source."""
    copied = {}
    for feed in feeds:
        name = f"feeds/{feed.source}-{uuid.uuid4().hex}"
        (data_dir / name).mkdir(parents=True, mode=0o700)
        for path in feed.files:
            shutil.copyfile(path, data_dir / name / path.name)
        copied[feed.source] = name
    return copied


async def take_over(
    connection: AsyncConnection,
    vault: Vault,
    given: Given,
    copied: Mapping[str, str],
    division: str | None,
    now: dt.datetime,
) -> TakenOver:
    """What was read is in the database.

    A household that names no division belongs to `division`, by default the lowest one that holds all others.
    """
    register = given.register
    named = [row["division_code"] for row in register.households if _division(row) is not None]
    home = division or divisions.above_all(named)
    await _reference(connection)
    await _households(connection, vault, register.households, home, now)
    households = await _keys(connection, Household, [row["household_id"] for row in register.households])
    await _members(connection, vault, register.members, households, now)
    members = await _keys(connection, Member, [row["person_id"] for row in register.members])
    if register.authorisations is not None:
        await _authorisations(connection, register.authorisations, members)
    await _feeds(connection, given.feeds, copied, now)
    enrolments, payments = await _enrolments(connection, given, households, members)
    taken = TakenOver(len(households), len(members), len(given.feeds), enrolments, payments, register.set_aside, home)
    await audit.record(
        connection, None, "register.taken_over", ("Folder", 0), now,
        {"households": taken.households, "people": taken.people, "feeds": taken.feeds},
    )  # fmt: skip
    return taken


async def _reference(connection: AsyncConnection) -> None:
    programmes = [
        {"code": each.code, "name_zh": each.name_zh, "name_en": each.name_en, "unit": each.unit, "position": position}
        for position, each in enumerate(reference.programmes())
    ]
    await _save(connection, Programme, ["code"], programmes)
    departments = [
        {"code": each.code, "title_zh": each.title_zh, "title_en": each.title_en, "agency_zh": each.agency_zh}
        for each in reference.departments()
    ]
    await _save(connection, Department, ["code"], departments)


async def _households(
    connection: AsyncConnection, vault: Vault, rows: list[folders.Row], home: str, now: dt.datetime
) -> None:
    def taken(row: Row) -> folders.Row:
        known = {"household_id", "division_code", "programme", *HOUSEHOLD_PLAIN, *HOUSEHOLD_SEALED, *MONEY}
        return {
            "reference": row["household_id"],
            "division_code": _division(row) or home,
            "stage": stages.of_dates(row.get("file_opened_on"), row.get("file_closed_on")),
            "programme_code": row.get("programme"),
            **{column: row.get(column) for column in HOUSEHOLD_PLAIN},
            **{ours: money.fen(row.get(theirs)) for theirs, ours in MONEY.items()},
            **{column: vault.seal(f"households.{column}", row.get(column)) for column in HOUSEHOLD_SEALED},
            "phone_index": vault.index("phone", identity.phone(row.get("phone"))),
            "others": vault.seal("households.others", _others(row, known, _division_as_written(row))),
            "digest": vault.digest("households.digest", json.dumps([row, home], sort_keys=True, default=str)),
            "version": 1,
            "updated_at": now,
        }

    also = {"version": table(Household).c.version + 1}
    await _save(connection, Household, ["reference"], map(taken, rows), also, "digest")


async def _members(
    connection: AsyncConnection,
    vault: Vault,
    rows: list[folders.Row],
    households: Mapping[str, int],
    now: dt.datetime,
) -> None:
    def taken(row: Row) -> folders.Row:
        known = {"person_id", "household_id", *MEMBER_PLAIN, *MEMBER_SEALED, "declared_monthly_income_yuan"}
        return {
            "reference": row["person_id"],
            "household_id": households[row["household_id"]],
            **{column: row.get(column) for column in MEMBER_PLAIN},
            "declared_monthly_income_fen": money.fen(row.get("declared_monthly_income_yuan")),
            **{column: vault.seal(f"members.{column}", row.get(column)) for column in MEMBER_SEALED},
            **{
                f"{column}_index": vault.index(column.removeprefix("former_"), normal(row.get(column)))
                for column, normal in NORMAL.items()
            },
            "left_on": None,
            "others": vault.seal("members.others", _others(row, known)),
        }

    listed = {row["person_id"] for row in rows}
    ours = select(Member.id, Member.reference).where(Member.left_on.is_(None))
    gone = []
    for some in _batches(households.values()):
        found = await connection.execute(ours.where(among(table(Member).c.household_id, "keys")), {"keys": some})
        gone += [row.id for row in found if row.reference not in listed]
    for some in _batches(gone):
        left = update(Member).where(among(table(Member).c.id, "keys")).values(left_on=days.today(now))
        await connection.execute(left, {"keys": some})
    await _save(connection, Member, ["reference"], map(taken, rows))


async def _authorisations(connection: AsyncConnection, rows: list[folders.Row], members: Mapping[str, int]) -> None:
    """What the folder says takes the place of what such a folder said before, but not of what was recorded or withdrawn here.

    Where no row names a source, each means all of them, as for the matcher; that is told by the whole table alone.
    """
    for some in _batches(members.values()):
        theirs = among(table(Authorisation).c.member_id, "keys")
        from_registers = and_(Authorisation.recorded_at.is_(None), Authorisation.withdrawn_at.is_(None))
        await connection.execute(delete(Authorisation).where(theirs, from_registers), {"keys": some})
    columns = ("source", "purpose", "valid_from", "valid_to", "withdrawn_on")
    unnamed = {"source": ALL} if all(row.get("source") is None for row in rows) else {}
    known = (row for row in rows if row["person_id"] in members)
    given = (
        {"member_id": members[row["person_id"]], **{each: row.get(each) for each in columns}, **unnamed}
        for row in known
    )
    for batch in _batches(given):
        await connection.execute(insert(Authorisation), batch)


async def _feeds(
    connection: AsyncConnection, feeds: list[folders.FeedFiles], copied: Mapping[str, str], now: dt.datetime
) -> None:
    for feed in feeds:
        if feed.source in copied:
            await connection.execute(
                insert(Feed).values(
                    department_code=feed.source,
                    folder=copied[feed.source],
                    files=feed.described(),
                    mapping=dict(feed.mapping),
                    as_of=feed.as_of,
                    complete=feed.complete,
                    rows=feed.rows,
                    received_at=now,
                )
            )


async def _enrolments(
    connection: AsyncConnection, given: Given, households: Mapping[str, int], members: Mapping[str, int]
) -> tuple[int, int]:
    """Enrolments and payments as they are told now, how many of each; what is no longer told is removed."""
    rows = _of_files(given.register, households) | _of_aid(given, households, members)
    await _save(connection, Enrolment, ["household_id", "source_record"], rows.values())
    keys = await _enrolment_keys(connection, households.values())
    gone = [key for (household, record), key in keys.items()
            if (household, record) not in rows and (record == FILE or given.aid_is_complete)]  # fmt: skip
    told = {keys[place]: row for place, row in rows.items()}
    for some in _batches([*told, *gone]):
        await connection.execute(delete(Payment).where(among(table(Payment).c.enrolment_id, "keys")), {"keys": some})
    for some in _batches(gone):
        await connection.execute(delete(Enrolment).where(among(table(Enrolment).c.id, "keys")), {"keys": some})
    payments = [
        {"enrolment_id": key, "month": month, "amount_fen": row["amount_fen"]}
        for key, row in told.items()
        for month in _months_paid(row, given.aid_cut)
    ]
    for batch in _batches(payments):
        await connection.execute(insert(Payment), batch)
    return len(rows), len(payments)


def _of_files(register: folders.Register, households: Mapping[str, int]) -> dict[tuple[int, str], folders.Row]:
    """The programme that a household's own file names, as an enrolment of which no payment is known."""
    codes = {each.code for each in reference.programmes()}
    return {
        (households[row["household_id"]], FILE): {
            "household_id": households[row["household_id"]],
            "member_id": None,
            "programme_code": row["programme"],
            "agency": None,
            "start_month": _month(row.get("file_opened_on")),
            "end_month": _month(row.get("file_closed_on")),
            "amount_fen": None,
            "cause": None,
            "source_record": FILE,
        }
        for row in register.households
        if row.get("programme") in codes
    }


def _of_aid(
    given: Given, households: Mapping[str, int], members: Mapping[str, int]
) -> dict[tuple[int, str], folders.Row]:
    """Aid paid to our people; somebody in two households has it in both."""
    bearers: dict[str, dict[int, int]] = defaultdict(dict)
    for row in given.register.members:
        if (number := _valid_number(row)) is not None:
            bearers[number].setdefault(households[row["household_id"]], members[row["person_id"]])
    found: dict[tuple[int, str], folders.Row] = {}
    for row in given.aid:
        for household, member in bearers[row["number"]].items():
            record = row["record_id"]
            if (household, record) in found:  # one number for several records, which are all kept
                record = f"{record}~{row['content'][:8]}"
            found[household, record] = _enrolment(row, household, member, record)
    return found


def _enrolment(row: Row, household: int, member: int, record: str) -> folders.Row:
    return {
        "household_id": household,
        "member_id": member,
        "programme_code": row["programme"],
        "agency": row.get("agency"),
        "start_month": _month(row.get("start_month")),
        "end_month": _month(row.get("end_month")),
        "amount_fen": money.fen(row.get("amount_yuan")),
        "cause": row.get("cause"),
        "source_record": record,
    }


def _months_paid(enrolment: Row, cut: dt.date | None) -> Iterator[dt.date]:
    """The months that were paid as far as is known: none where amount or beginning is unknown, and none after the cut."""
    month, end = enrolment["start_month"], enrolment["end_month"] or _month(cut)
    if enrolment["amount_fen"] is None or month is None or end is None:
        return
    while month <= end:
        yield month
        month = (month.replace(day=28) + dt.timedelta(days=4)).replace(day=1)


async def _enrolment_keys(connection: AsyncConnection, households: Iterable[int]) -> dict[tuple[int, str], int]:
    columns = select(Enrolment.household_id, Enrolment.source_record, Enrolment.id)
    found = {}
    for some in _batches(households):
        statement = columns.where(among(table(Enrolment).c.household_id, "keys"))
        for household, record, key in await connection.execute(statement, {"keys": some}):
            found[household, record] = key
    return found


async def _keys(
    connection: AsyncConnection, model: type[Household | Member], references: list[str]
) -> dict[str, int]:
    """The rows' keys by their reference."""
    found: dict[str, int] = {}
    statement = select(model.reference, model.id).where(among(table(model).c.reference, "references", String))
    for some in _batches(references):
        found.update((row.reference, row.id) for row in await connection.execute(statement, {"references": some}))
    return found


async def _save(
    connection: AsyncConnection,
    model: type[Base],
    keys: list[str],
    rows: Iterable[Row],
    also: Mapping[str, Any] | None = None,
    unless_equal: str | None = None,
) -> None:
    for batch in _batches(rows):
        statement = upsert(connection, table(model), keys, batch[0].keys(), also, unless_equal)
        await connection.execute(statement, batch)


def _batches(items: Iterable[Any]) -> Iterator[list[Any]]:
    batch = []
    for item in items:
        batch.append(item)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _valid_number(row: Row) -> str | None:
    number = identity.number(row.get("id_number"))
    return number if number is not None and identity.is_valid(number) else None


def _division(row: Row) -> str | None:
    code = (row.get("division_code") or "")[:6]
    return code if divisions.is_code(code) else None


def _division_as_written(row: Row) -> folders.Row:
    written = row.get("division_code")
    return {} if written is not None and written == _division(row) else {"division_code": written}


def _month(day: dt.date | None) -> dt.date | None:
    return None if day is None else day.replace(day=1)


def _others(row: Row, known: set[str], kept: Mapping[str, Any] | None = None) -> str | None:
    """What the register tells beyond our columns; `kept` is what we have otherwise than it was written."""
    rest = {column: value for column, value in row.items() if column not in known and value is not None}
    rest |= kept or {}
    return json.dumps(rest, ensure_ascii=False, default=str) if rest else None
