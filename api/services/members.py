"""Somebody entered into a household: checked, found again as a human or made one, and counted in the household's file.

For the steps that change a household, which hold it, audit and count its version; nothing of that is done here.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain import days, divisions, people
from api.domain.declarations import LONGEST as LONGEST_WORD
from api.domain.declarations import OF_MEMBERS, DeclarationSource, Declared, DeclaredItem
from api.domain.errors import NotDone, UserErrorCode
from api.domain.files import in_another_file
from api.domain.people import Entered, IdKind
from api.matching import identity
from api.models import File, FilePerson, Member, table
from api.sealing import Vault
from api.services import declarations, humans

LONGEST_NAME, LONGEST = 100, 500
SEALED = ("name", "former_name", "id_number", "phone", "address")
NORMAL = {"name": identity.name, "former_name": identity.name, "id_number": identity.number, "phone": identity.phone}
"""The normal form by which a sealed column is found again."""

Path = tuple[str, ...]
M, F, FP = table(Member).c, table(File).c, table(FilePerson).c


async def enter(
    connection: AsyncConnection,
    vault: Vault,
    household_id: int,
    entered: Entered,
    since: dt.date,
    user_id: int | None,
    now: dt.datetime,
    path: Path = ("input", "person"),
    source: DeclarationSource = DeclarationSource.APPLICATION,
) -> int:
    """A new membership from a day on; its key. Raises NotDone, its path below `path`."""
    entered = checked(entered, days.today(now), path)
    person_id = await humans.of(connection, vault, entered.id_number, entered.name, now)
    await require_alone(connection, person_id, since, path)
    added = await connection.execute(
        insert(Member)
        .values(
            reference=new_reference(),
            household_id=household_id,
            person_id=person_id,
            relation=entered.relation,
            id_kind=entered.id_kind,
            sex=entered.sex,
            birth_date=entered.birth_date,
            division_code=entered.division_code,
            valid_from=since,
            overlapping=False,
            **sealed(vault, {column: getattr(entered, column) for column in SEALED}),
        )
        .returning(M.id)
    )
    member_id = int(added.scalar_one())
    given = {
        DeclaredItem.MONTHLY_INCOME: entered.monthly_income_fen,
        DeclaredItem.EMPLOYMENT: entered.employment,
        DeclaredItem.MARITAL_STATUS: entered.marital_status,
    }
    told: Mapping[DeclaredItem, int | str | None] = {
        item: given[item] for item in OF_MEMBERS if given[item] is not None
    }
    await declarations.declare(
        connection, household_id, [Declared(told, member_id)], days.today(now), user_id, now, source=source
    )
    await count_in(connection, household_id, person_id, member_id, since)
    return member_id


def new_reference() -> str:
    """The number in the register of a membership that begins here."""
    return f"N-{secrets.token_hex(8).upper()}"


def checked(entered: Entered, today: dt.date, path: Path, *, with_number: bool = True) -> Entered:
    """Somebody as entered, numbers as eighteen characters, what the number says filled in. Raises NotDone.

    Without `with_number`, the number and what goes with it stay as they are, as another register gave them.
    """
    name = entered.name.strip()
    if identity.name(name) is None or len(name) > LONGEST_NAME:
        raise _invalid((*path, "name"), "姓名须为 1 至 100 个字。", "A name has 1 to 100 characters.")
    for field, text, most in (
        ("formerName", entered.former_name, LONGEST),
        ("phone", entered.phone, LONGEST),
        ("address", entered.address, LONGEST),
        ("employment", entered.employment, LONGEST_WORD),
    ):
        if len(text or "") > most:
            raise _invalid((*path, field), f"内容不能超过 {most} 个字。", f"At most {most} characters.")
    if entered.division_code is not None and not divisions.is_known(entered.division_code):
        raise _invalid((*path, "divisionCode"), "没有此行政区划代码。", "There is no such division.")
    if entered.birth_date is not None and entered.birth_date > today:
        raise _invalid((*path, "birthDate"), "出生日期不能晚于今天。", "The birth date lies in the future.")
    if not with_number:
        return replace(entered, name=name)
    number = _checked_number(entered, today, path)
    read = number if number is not None and entered.id_kind not in (IdKind.OTHER, IdKind.NONE) else None
    return replace(
        entered,
        name=name,
        id_number=number,
        sex=entered.sex or (identity.sex(read) if read else None),
        birth_date=entered.birth_date or (identity.birth_date(read) if read else None),
    )


def _checked_number(entered: Entered, today: dt.date, path: Path) -> str | None:
    """The number as it is kept: eighteen characters, or as it was written where the document has others. Raises NotDone."""
    written = (entered.id_number or "").strip()
    at = (*path, "idNumber")
    if entered.id_kind is IdKind.NONE:
        if written:
            raise _invalid(at, "无证件时不应填写证件号码。", "Without a document there is no number.")
        return None
    if not written:
        raise NotDone(
            UserErrorCode.REQUIRED,
            at,
            "请填写证件号码；确无证件者，证件类型选“无”。",
            "Enter the number; of somebody without a document, say so by the kind NONE.",
        )
    if entered.id_kind is IdKind.OTHER:
        if len(written) > LONGEST_NAME:
            raise _invalid(at, "证件号码过长。", "The number is too long.")
        return written
    wrong = identity.fault(written, entered.id_kind, entered.sex, entered.birth_date, today)
    if wrong is not None:
        raise people.refused_number(wrong, at)
    return identity.number(written)


def sealed(vault: Vault, values: Mapping[str, str | None]) -> dict[str, Any]:
    """Sealed columns of a member, each with that by which it is found."""
    found: dict[str, Any] = {}
    for column, value in values.items():
        text = value or None
        found[column] = vault.seal(f"members.{column}", text)
        if column in NORMAL:
            found[f"{column}_index"] = vault.index(column.removeprefix("former_"), NORMAL[column](text))
    return found


async def require_alone(
    connection: AsyncConnection, person_id: int, since: dt.date, path: Path, but: int | None = None
) -> None:
    """Raises NotDone where this human is in a household from that day on; where, is not told."""
    there = select(M.id, M.valid_from, M.valid_to, M.left_on).where(M.person_id == person_id, M.id != (but or 0))
    for row in await connection.execute(there):
        if people.overlap((since, None, None), (row.valid_from, row.valid_to, row.left_on)):
            raise _invalid(
                path,
                "此人同期已列入一户家庭；请先核实，再迁移或终止原成员关系。",
                "This person is in a household in that time already: find out, and move or end that membership first.",
            )


async def count_in(
    connection: AsyncConnection, household_id: int, person_id: int, member_id: int, since: dt.date
) -> None:
    """The member is counted in the household's file, where it has one that is not closed. Raises NotDone."""
    file = select(F.id).where(F.household_id == household_id, F.closed_on.is_(None))
    file_id = (await connection.execute(file)).scalar_one_or_none()
    if file_id is None:
        return
    row = {"file_id": file_id, "person_id": person_id, "member_id": member_id, "since": since, "disputed": False}
    try:
        async with connection.begin_nested():
            await connection.execute(insert(FilePerson).values(row))
    except IntegrityError:
        raise in_another_file() from None


def _invalid(path: Path, zh: str, en: str) -> NotDone:
    return NotDone(UserErrorCode.INVALID, path, zh, en)
