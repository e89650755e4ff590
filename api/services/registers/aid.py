"""Aid paid to the register's people, as enrolments and payments of the months that are known.

The programme that a household's own file names is no department's to end: while the file is active, and wherever people
here decide, a register neither ends nor exchanges it (F-2). Nor does it take away other aid of such a household, or make
it less, unless somebody answers for that (lasting). What was granted here is no register's to touch, either.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database import among
from api.domain import money
from api.domain.grants import OF_FILE, OF_GRANT
from api.domain.permissions import Viewer
from api.domain.stages import ACTIVE
from api.matching import folders, identity, reference
from api.models import Enrolment, Household, Payment, table
from api.sealing import Vault
from api.services.registers import rows
from api.services.registers.households import Saved
from api.services.registers.lasting import lasts, months_paid, standing
from api.services.registers.placing import Place, placed
from api.services.registers.rows import Row


@dataclass(frozen=True, slots=True)
class Paid:
    """Aid paid to the register's people; `cut` is the day on which it was cut, `complete` whether there is no other."""

    rows: list[folders.Row]
    cut: dt.date | None
    complete: bool


async def save(
    connection: AsyncConnection,
    vault: Vault,
    register: folders.Register,
    paid: Paid,
    saved: Saved,
    members: Mapping[str, int],
    officer: Viewer | None,
    now: dt.datetime,
) -> tuple[int, int]:
    """Enrolments and payments as they are told now, how many of each; what is no longer told is removed."""
    of_files = _of_files(register, saved.keys)
    left = await _left_to_people(connection, saved, of_files)
    of_files = {place: row for place, row in of_files.items() if place[0] not in left}
    there = await standing(connection, saved.keys.values())
    of_aid = placed(_of_aid(register, paid, saved.keys, members), there)
    lasting = await lasts(connection, vault, saved, there, of_aid, paid.cut, paid.complete, officer, now)
    of_aid = {place: row for place, row in of_aid.items() if place not in lasting}
    told_of = of_files | of_aid
    await rows.save(connection, Enrolment, ["household_id", "source_record"], told_of.values())
    keys = await _enrolment_keys(connection, saved.keys.values())
    gone = [key for (household, record), key in keys.items()
            if (household, record) not in told_of and (household, record) not in lasting
            and not record.startswith(OF_GRANT)
            and (household not in left if record == OF_FILE else paid.complete)]  # fmt: skip
    told = {keys[place]: row for place, row in told_of.items()}
    for some in rows.batches([*told, *gone]):
        await connection.execute(delete(Payment).where(among(table(Payment).c.enrolment_id, "keys")), {"keys": some})
    for some in rows.batches(gone):
        await connection.execute(delete(Enrolment).where(among(table(Enrolment).c.id, "keys")), {"keys": some})
    payments = [
        {"enrolment_id": key, "month": month, "amount_fen": row["amount_fen"]}
        for key, row in told.items()
        for month in months_paid(row, paid.cut)
    ]
    for batch in rows.batches(payments):
        await connection.execute(insert(Payment), batch)
    return len(told_of), len(payments)


async def _left_to_people(connection: AsyncConnection, saved: Saved, told: Mapping[Place, Row]) -> Collection[int]:
    """Households whose file keeps the programme it names: those that live here, and those told to stand elsewhere than
    they do; and of active files, those of which the register names another or none, which is told."""
    left = saved.own | {key for key, respects in saved.differ.items() if "stage" in respects}
    named = select(Enrolment.household_id, Enrolment.programme_code).join(Household).where(
        Enrolment.source_record == OF_FILE, Household.stage.in_(ACTIVE), among(table(Household).c.id, "keys")
    )  # fmt: skip
    for some in rows.batches(saved.keys.values()):
        for household, programme in await connection.execute(named, {"keys": some}):
            now_named = told.get((household, OF_FILE), {}).get("programme_code")
            if household not in left and now_named != programme:
                saved.differs(household, "programme", str(now_named))
                left.add(household)
    return left


def _of_files(register: folders.Register, households: Mapping[str, int]) -> dict[Place, Row]:
    """The programme that a household's own file names, as an enrolment of which no payment is known."""
    codes = {each.code for each in reference.programmes()}
    return {
        (households[row["household_id"]], OF_FILE): {
            "household_id": households[row["household_id"]],
            "member_id": None,
            "programme_code": row["programme"],
            "agency": None,
            "start_month": rows.month(row.get("file_opened_on")),
            "end_month": rows.month(row.get("file_closed_on")),
            "amount_fen": None,
            "cause": None,
            "source_record": OF_FILE,
        }
        for row in register.households
        if row.get("programme") in codes
    }


def _of_aid(
    register: folders.Register, paid: Paid, households: Mapping[str, int], members: Mapping[str, int]
) -> dict[Place, Collection[Row]]:
    """Aid paid to our people, by household and number: rows of equal content are one record; somebody in two households
    has it in both."""
    bearers: dict[str, dict[int, int]] = defaultdict(dict)
    for row in register.members:
        if (number := valid_number(row)) is not None and row["person_id"] in members:
            bearers[number].setdefault(households[row["household_id"]], members[row["person_id"]])
    found: dict[Place, dict[str, Row]] = defaultdict(dict)
    for row in paid.rows:
        for household, member in bearers[row["number"]].items():
            record = row["record_id"]
            if record == OF_FILE or record.startswith(OF_GRANT):
                record = f"~{record}"
            found[household, record].setdefault(row["content"], _enrolment(row, household, member))
    return {place: records.values() for place, records in found.items()}


def _enrolment(row: Row, household: int, member: int) -> Row:
    return {
        "household_id": household,
        "member_id": member,
        "programme_code": row["programme"],
        "agency": row.get("agency"),
        "start_month": rows.month(row.get("start_month")),
        "end_month": rows.month(row.get("end_month")),
        "amount_fen": money.fen(row.get("amount_yuan")),
        "cause": row.get("cause"),
    }


async def _enrolment_keys(connection: AsyncConnection, households: Iterable[int]) -> dict[Place, int]:
    columns = select(Enrolment.household_id, Enrolment.source_record, Enrolment.id)
    found = {}
    for some in rows.batches(households):
        statement = columns.where(among(table(Enrolment).c.household_id, "keys"))
        for household, record, key in await connection.execute(statement, {"keys": some}):
            found[household, record] = key
    return found


def valid_number(row: Row) -> str | None:
    """The citizen number of a row, where its check holds."""
    number = identity.number(row.get("id_number"))
    return number if number is not None and identity.is_valid(number) else None
