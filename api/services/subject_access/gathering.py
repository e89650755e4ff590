"""Every row that is about a person, in each household that they are or were in, of the time in which they were in it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlalchemy import Column, ColumnElement, RowMapping, Table, and_, false, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain import days, privacy, told
from api.domain.errors import NotDone, UserErrorCode
from api.domain.objections import Objector
from api.domain.purposes import Purpose
from api.models import (
    Finding,
    FindingPerson,
    Household,
    Human,
    Member,
    Objection,
    Organisation,
    Programme,
    User,
    table,
)
from api.models.base import SealedBytes
from api.sealing import NotOurs, Vault
from api.services import audit, reads
from api.services.retention.classes import of_people, owned
from api.services.subject_access.bounds import Bounds, bounds
from api.services.subject_access.saying import (
    BOUNDED,
    INDEX,
    LEFT_OUT,
    PURPOSES,
    TECHNICAL,
    TITLES,
    WITHHELD,
    label,
)

MOST_READS = 10_000
LOST = "（由已遗失的密钥加密，无法读取）"
DATED = (
    "happened_at", "made_at", "recorded_at", "assessed_at", "proposed_at", "raised_at", "decided_at", "transferred_at",
    "uploaded_at", "opened_at", "referred_at", "created_at", "assigned_at", "noted_at", "since", "start_month",
)  # fmt: skip
"""What tells when a row came to be, the first that there is."""

MASKED = {"payee_account": privacy.account, "payee_name": privacy.name}
"""Of a household's own data, what need not be the person's."""

M = table(Member).c


@dataclass(frozen=True, slots=True)
class Section:
    """Rows of one table, each as pairs of what something is called and what is held."""

    table: str
    title: str
    rows: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Dossier:
    """What is held about one person, who looked at it, and what is not told for which reason."""

    reference: str
    made_at: dt.datetime
    sections: Sequence[Section]
    readers: Sequence[Mapping[str, Any]]
    left_out: Mapping[str, str] = field(default_factory=lambda: {**LEFT_OUT, **WITHHELD, **BOUNDED})

    def json(self) -> str:
        """As data."""
        content = {
            "reference": self.reference,
            "madeAt": self.made_at.isoformat(),
            "held": {each.table: {"title": each.title, "rows": each.rows} for each in self.sections},
            "readers": self.readers,
            "leftOut": self.left_out,
        }
        return json.dumps(content, ensure_ascii=False, indent=2, default=str) + "\n"


@dataclass(frozen=True, slots=True)
class Names:
    """What officers, organisations and programmes are called."""

    users: Mapping[int, str]
    organisations: Mapping[int, str]
    programmes: Mapping[str, str]


async def gather(connection: AsyncConnection, vault: Vault, reference: str, now: dt.datetime) -> Dossier:
    """The dossier of the person with this number in the register, told to the audit. Raises NotDone."""
    memberships = await _memberships(connection, reference)
    if not memberships:
        raise NotDone(UserErrorCode.NOT_FOUND, ("reference",), "登记簿中没有此人。", "Nobody has this number.")
    names = await _names(connection)
    within = await bounds(connection, memberships, days.today(now))
    found: dict[Table, list[int]] = {
        table(Member): [row["id"] for row in memberships],
        table(Household): sorted({row["household_id"] for row in memberships}),
    }
    sections = []
    for each in owned():
        if each.name in LEFT_OUT:
            continue
        rows = await _rows(connection, each, found, memberships)
        if "id" in each.c:
            found[each] = [row["id"] for row in rows]
        if rows:
            sections.append(
                Section(each.name, TITLES[each.name], [_told(vault, names, within, each, row) for row in rows])
            )
    for column in of_people():
        people = [row["person_id"] for row in memberships]
        theirs = (await connection.execute(select(column.table).where(column.in_(people)))).mappings().all()
        if theirs:
            of = column.table
            assert isinstance(of, Table)
            sections.append(
                Section(of.name, TITLES[of.name], [_told(vault, names, within, of, row) for row in theirs])
            )
    looked = await reads.about(connection, reference, None, MOST_READS)
    await audit.record(connection, None, "subject.exported", ("Person", memberships[0]["id"]), now)
    return Dossier(reference, now, sections, [_reader(row) for row in looked])


async def _memberships(connection: AsyncConnection, reference: str) -> Sequence[RowMapping]:
    """All memberships of the one who has this number, that one first."""
    one = (await connection.execute(select(M.id, M.person_id).where(M.reference == reference))).one_or_none()
    if one is None:
        return []
    theirs = select(*M).where(M.person_id == one.person_id).order_by(M.id != one.id, M.id)
    return (await connection.execute(theirs)).mappings().all()


async def _rows(
    connection: AsyncConnection,
    each: Table,
    found: Mapping[Table, Sequence[int]],
    memberships: Sequence[RowMapping],
) -> Sequence[RowMapping]:
    statement = select(each).where(_about(each, found))
    if "id" in each.c:
        statement = statement.order_by(each.c.id)
    rows = (await connection.execute(statement)).mappings().all()
    return [row for row in rows if _then(row, memberships)]


def _about(each: Table, found: Mapping[Table, Sequence[int]]) -> ColumnElement[bool]:
    """Which rows of a table are about the person: their own, and of their households those that are nobody's own."""
    if each in (table(Member), table(Household)):
        return each.c.id.in_(found[each])
    if each is table(Finding):
        spoken_of = select(FindingPerson.finding_id).where(FindingPerson.member_id.in_(found[table(Member)]))
        return each.c.id.in_(spoken_of)
    edges = [edge for edge in owned()[each] if edge.parent is not each]
    own = [edge.column for edge in edges if edge.parent is table(Member) and edge.column.name == "member_id"]
    of_home = [edge for edge in edges if edge.parent is table(Household)]
    rest = of_home or [edge for edge in edges if edge.parent is not table(Member)]
    shared = or_(false(), *[edge.column.in_(found.get(edge.parent, [])) for edge in rest])
    if not own:
        return shared
    mine = or_(*[column.in_(found[table(Member)]) for column in own])
    return or_(mine, and_(shared, *[column.is_(None) for column in own])) if of_home else mine


def _then(row: RowMapping, memberships: Sequence[RowMapping]) -> bool:
    """Whether a household's row is of the time in which the person was in it."""
    theirs = [each for each in memberships if each["household_id"] == row.get("household_id")]
    if not theirs or row.get("member_id") is not None:
        return True
    moment = next((row[name] for name in DATED if row.get(name) is not None), None)
    if moment is None:
        return True
    day = moment.date() if isinstance(moment, dt.datetime) else moment
    return any(
        (each["valid_from"] is None or each["valid_from"] <= day)
        and all(end is None or day <= end for end in (each["valid_to"], each["left_on"]))
        for each in theirs
    )


@cache
def columns(of: Table) -> tuple[Column[Any], ...]:
    """Which columns of a table are told: those that are no machinery."""
    ours = {*owned(), table(Human)}
    return tuple(
        column
        for column in of.columns
        if column.name not in TECHNICAL
        and not column.name.endswith(INDEX)
        and not any(key.column.table in ours or key.column.table.name == "scans" for key in column.foreign_keys)
    )


def _told(vault: Vault, names: Names, within: Bounds, of: Table, row: RowMapping) -> dict[str, Any]:
    said = {}
    for column in columns(of):
        value = None if within.withhold(column, row) else row[column.name]
        if value is not None and (shown := _shown(vault, names, column, value, row)) not in (None, [], {}):
            said[label(column.name)] = shown
    return said


def _shown(vault: Vault, names: Names, column: Column[Any], value: Any, row: RowMapping) -> Any:
    if isinstance(column.type, SealedBytes):
        try:
            value = vault.open(str(column), value)
        except NotOurs:
            return LOST
        value = _withheld(str(column), value, row)
        return _masked(_parsed(value)) if column.name in ("others", "form", "before") else value
    for key in column.foreign_keys:
        if key.column.table is table(User):
            return names.users.get(value, "")
        if key.column.table is table(Organisation):
            return names.organisations.get(value, "")
        if key.column.table is table(Programme):
            return names.programmes.get(value, value)
    if isinstance(value, dt.datetime):
        return value.astimezone().isoformat(sep=" ", timespec="seconds")
    return value.isoformat() if isinstance(value, dt.date) else value


def _withheld(column: str, value: str | None, row: RowMapping) -> str | None:
    if column not in WITHHELD or value is None:
        return value
    if (of_payee := column.removeprefix("households.")) in MASKED:
        return MASKED[of_payee](value)
    own = column == str(table(Objection).c.text) and row["objector"] == Objector.HOUSEHOLD
    return value if own else None


def _parsed(value: str | None) -> Any:
    try:
        return json.loads(value) if value is not None else None
    except ValueError:
        return value


def _masked(kept: Any) -> Any:
    """What stood before a correction is masked as what stands now is."""
    if not isinstance(kept, dict):
        return kept
    return {name: MASKED[name](value) if name in MASKED and value else value for name, value in kept.items()}


def _reader(row: Any) -> dict[str, Any]:
    return {
        "时间": row.read_at.astimezone().isoformat(sep=" ", timespec="seconds"),
        "查阅人": row.display_name,
        "角色": row.role,
        "区划": row.division_code,
        "目的": PURPOSES[Purpose(row.purpose)],
        "查看内容": [told.told(name)[0] for name in row.fields],
        "身份信息": {"NONE": "未显示", "MASKED": "已遮盖", "WHOLE": "完整显示"}[row.identity],
        "同时涉及人数": len(row.people),
    }


async def _names(connection: AsyncConnection) -> Names:
    users = await connection.execute(select(User.id, User.display_name))
    organisations = await connection.execute(select(Organisation.id, Organisation.name_zh))
    programmes = await connection.execute(select(Programme.code, Programme.name_zh))
    return Names(dict(users.all()), dict(organisations.all()), dict(programmes.all()))
