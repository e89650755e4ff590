"""Aid paid to the register's people, as enrolments and payments of the months that are known."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database import among
from api.domain import money
from api.matching import folders, identity, reference
from api.models import Enrolment, Payment, table
from api.services.registers import rows
from api.services.registers.rows import Row

FILE = "FILE"
"""The `source_record` of an enrolment that the household's own file names."""


@dataclass(frozen=True, slots=True)
class Paid:
    """Aid paid to the register's people; `cut` is the day on which it was cut, `complete` whether there is no other."""

    rows: list[folders.Row]
    cut: dt.date | None
    complete: bool


async def save(
    connection: AsyncConnection,
    register: folders.Register,
    paid: Paid,
    households: Mapping[str, int],
    members: Mapping[str, int],
) -> tuple[int, int]:
    """Enrolments and payments as they are told now, how many of each; what is no longer told is removed."""
    told_of = _of_files(register, households) | _of_aid(register, paid, households, members)
    await rows.save(connection, Enrolment, ["household_id", "source_record"], told_of.values())
    keys = await _enrolment_keys(connection, households.values())
    gone = [key for (household, record), key in keys.items()
            if (household, record) not in told_of and (record == FILE or paid.complete)]  # fmt: skip
    told = {keys[place]: row for place, row in told_of.items()}
    for some in rows.batches([*told, *gone]):
        await connection.execute(delete(Payment).where(among(table(Payment).c.enrolment_id, "keys")), {"keys": some})
    for some in rows.batches(gone):
        await connection.execute(delete(Enrolment).where(among(table(Enrolment).c.id, "keys")), {"keys": some})
    payments = [
        {"enrolment_id": key, "month": month, "amount_fen": row["amount_fen"]}
        for key, row in told.items()
        for month in _months_paid(row, paid.cut)
    ]
    for batch in rows.batches(payments):
        await connection.execute(insert(Payment), batch)
    return len(told_of), len(payments)


def _of_files(register: folders.Register, households: Mapping[str, int]) -> dict[tuple[int, str], folders.Row]:
    """The programme that a household's own file names, as an enrolment of which no payment is known."""
    codes = {each.code for each in reference.programmes()}
    return {
        (households[row["household_id"]], FILE): {
            "household_id": households[row["household_id"]],
            "member_id": None,
            "programme_code": row["programme"],
            "agency": None,
            "start_month": rows.month(row.get("file_opened_on")),
            "end_month": rows.month(row.get("file_closed_on")),
            "amount_fen": None,
            "cause": None,
            "source_record": FILE,
        }
        for row in register.households
        if row.get("programme") in codes
    }


def _of_aid(
    register: folders.Register, paid: Paid, households: Mapping[str, int], members: Mapping[str, int]
) -> dict[tuple[int, str], folders.Row]:
    """Aid paid to our people; somebody in two households has it in both."""
    bearers: dict[str, dict[int, int]] = defaultdict(dict)
    for row in register.members:
        if (number := valid_number(row)) is not None:
            bearers[number].setdefault(households[row["household_id"]], members[row["person_id"]])
    found: dict[tuple[int, str], folders.Row] = {}
    for row in paid.rows:
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
        "start_month": rows.month(row.get("start_month")),
        "end_month": rows.month(row.get("end_month")),
        "amount_fen": money.fen(row.get("amount_yuan")),
        "cause": row.get("cause"),
        "source_record": record,
    }


def _months_paid(enrolment: Row, cut: dt.date | None) -> Iterator[dt.date]:
    """The months that were paid as far as is known: none where amount or beginning is unknown, and none after the cut."""
    month, end = enrolment["start_month"], enrolment["end_month"] or rows.month(cut)
    if enrolment["amount_fen"] is None or month is None or end is None:
        return
    while month <= end:
        yield month
        month = (month.replace(day=28) + dt.timedelta(days=4)).replace(day=1)


async def _enrolment_keys(connection: AsyncConnection, households: Iterable[int]) -> dict[tuple[int, str], int]:
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
