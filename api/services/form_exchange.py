"""The national form as tables that the ACFTU's system gives and takes: a row for each household, and one for each member.

What is read back fills in the form, and links our households with the numbers that the other system has for them. What
stands in columns of ours (names, numbers, what was declared), or in the file, is not changed by it: where the tables say
otherwise, a task tells people so. Either way is in the audit, under the name of whoever did it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from operator import itemgetter
from typing import Any

from sqlalchemy import Row, String, insert, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from api import scope
from api.database import among, locked
from api.domain import days, money, national_form
from api.domain.casework import HardshipCause
from api.domain.national_form import BadValue, Field, FieldKind, FormPart
from api.domain.permissions import Viewer
from api.matching import identity
from api.models import ExternalReference, Household, Member, table
from api.models.standing import stands
from api.sealing import Vault
from api.services import audit, causes, differing, form_exchange_file, forms, households
from api.services.external_references import FIELD, HOUSEHOLD, PERSON, SYSTEM
from api.services.form_exchange_file import CAUSES, OF_THE_FILE, Kept
from api.sheets import Line, SheetRefused
from api.sheets import Table as Sheet

HOUSEHOLDS, MEMBERS = "困难职工家庭", "家庭成员"
NUMBER, ACFTU_NUMBER = "档案编号", "全总系统编号"
PERSON_NUMBER, ACFTU_PERSON_NUMBER = "成员编号", "全总系统成员编号"
THEIRS = (ACFTU_NUMBER, ACFTU_PERSON_NUMBER)
SIZE, PER_HEAD = "家庭人口", "月人均收入"
"""Columns that are worked out, and not read back."""

MOST_REFUSED = 20
BATCH = 500

H, M, X = (table(model).c for model in (Household, Member, ExternalReference))
WORKER = (*national_form.of(FormPart.WORKER), *national_form.of(FormPart.HOUSEHOLD))
OF_MEMBERS = national_form.of(FormPart.MEMBER)
SHOWN = scope.unless_hidden(scope.protects_household(H.id))

_HOUSEHOLDS = scope.narrow(select(*H), H.division_code).where(SHOWN)
_REACHED = scope.narrow(select(H.id), H.division_code).where(SHOWN)
_PEOPLE = select(*M).where(among(M.household_id, "keys"), stands(scope.TODAY)).order_by(M.household_id, M.id)
_REFERENCES = select(X.household_id, X.member_id, X.reference).where(
    X.system == SYSTEM, among(X.household_id, "keys")
)
_TAKEN = select(X.kind, X.reference, X.household_id, X.member_id).where(
    X.system == SYSTEM, among(X.reference, "numbers", String)
)

Texts = dict[str, str]


@dataclass(frozen=True, slots=True)
class TakenIn:
    """How many households the tables told of, in how many something was filled in, and of how many they said otherwise."""

    households: int
    changed: int
    differing: int
    linked: int


@dataclass(slots=True)
class _Known:
    """Households within reach with their people, by our number and by the other system's."""

    by_number: dict[str, Row[*tuple[Any, ...]]] = field(default_factory=dict)
    by_key: dict[int, Row[*tuple[Any, ...]]] = field(default_factory=dict)
    by_acftu: dict[str, int] = field(default_factory=dict)
    people: dict[int, list[Row[*tuple[Any, ...]]]] = field(default_factory=dict)
    files: dict[int, Kept] = field(default_factory=dict)
    numbers: dict[tuple[int, int | None], str] = field(default_factory=dict)
    taken: dict[tuple[str, str], tuple[int, int | None]] = field(default_factory=dict)
    """Whose the other system's numbers are, those beyond reach among them."""

    def worker(self, household_id: int) -> Row[*tuple[Any, ...]] | None:
        """In whose name the latest file is, or else the head of the household."""
        file = self.files.get(household_id)
        return national_form.worker(self.people.get(household_id, []), file.subject_member_id if file else None)


async def tables(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    stages: Collection[str],
    now: dt.datetime,
) -> list[Sheet]:
    """The form of the households at these stages within the viewer's reach, those with protected people left out."""
    known = await _known(connection, viewer, now, _HOUSEHOLDS.where(H.stage.in_(stages)).order_by(H.id))
    workers, members = [], []
    for household in known.by_number.values():
        worker = known.worker(household.id)
        workers.append([*_worker_cells(vault, known, household, worker)])
        others = (row for row in known.people.get(household.id, []) if worker is None or row.id != worker.id)
        members += [[*_member_cells(vault, known, household, row)] for row in others]
    detail = {"households": len(workers), "people": len(members) + len(workers), "stages": sorted(stages)}
    await audit.record(connection, viewer.user_id, "form.exported", ("Form", 0), now, detail)
    return [
        Sheet(HOUSEHOLDS, (NUMBER, ACFTU_NUMBER, *(each.zh for each in WORKER), SIZE, PER_HEAD), workers),
        Sheet(MEMBERS, (NUMBER, PERSON_NUMBER, ACFTU_PERSON_NUMBER, *(each.zh for each in OF_MEMBERS)), members),
    ]


async def take_in(
    connection: AsyncConnection, vault: Vault, viewer: Viewer, given: Mapping[str, list[Line]], now: dt.datetime
) -> TakenIn:
    """The form is filled in as the tables say, all of it or nothing. Raises SheetRefused, which names every place.

    The households are held by key before anything of theirs is read, so that nothing is lost that somebody else fills in,
    and two imports never wait for each other. Of each that is changed the audit tells the fields.
    """
    if HOUSEHOLDS not in given:
        raise SheetRefused(f"there is no table {HOUSEHOLDS}")
    lines = [*given[HOUSEHOLDS], *given.get(MEMBERS, [])]
    numbers = sorted({number for line in lines if (number := line.cells.get(NUMBER))})
    others = sorted({number for line in lines if (number := line.cells.get(ACFTU_NUMBER))})
    linked = select(X.household_id).where(X.system == SYSTEM, among(X.reference, "others", String))
    wanted = _REACHED.where(or_(among(H.reference, "numbers", String), H.id.in_(linked))).order_by(H.id)
    asked = {**scope.of(viewer), "today": days.today(now), "numbers": numbers, "others": others}
    held = await connection.execute(locked(wanted, connection, table(Household)), asked)
    keys = [row.id for row in held]
    known = await _known(connection, viewer, now, _HOUSEHOLDS.where(among(H.id, "keys")).order_by(H.id), keys=keys)
    theirs = {number for line in lines for column in THEIRS if (number := line.cells.get(column))}
    known.taken = {
        (row.kind, row.reference): (row.household_id, row.member_id)
        for row in await connection.execute(_TAKEN, {"numbers": sorted(theirs)})
    }
    read = _Read(vault, known)
    read.all(given[HOUSEHOLDS], given.get(MEMBERS, []))
    if read.refused:
        more = len(read.refused) - MOST_REFUSED
        told = "\n".join(map(str, read.refused[:MOST_REFUSED])) + (f"\nand {more} more" if more > 0 else "")
        raise SheetRefused(told)
    changed, linked_of = 0, {row["household_id"] for row in read.linked}
    for household_id, (values, people) in read.values.items():
        filled = await forms.put(connection, vault, household_id, values, people)
        if filled or household_id in linked_of:
            which = sorted({*filled, *([FIELD] if household_id in linked_of else [])})
            await audit.record(
                connection, viewer.user_id, "form.filled", ("Household", household_id), now, {"fields": which}
            )
            await households.count(connection, household_id, now)
        named = read.causes.get(household_id, [])
        for cause in named:
            since = known.files[household_id].since(days.today(now))
            await causes.add(connection, vault, viewer, household_id, cause, since, None, None, now)
        changed += bool(filled or named)
    await _link(connection, read.linked, now)
    for household_id, fields in sorted(read.differing.items()):
        division = known.by_key[household_id].division_code
        detail = {"respects": ["form"], "fields": sorted(fields)}
        await differing.tell(connection, "form-differs", household_id, division, fields, detail, now)
    taken = TakenIn(len(read.values), changed, len(read.differing), len(read.linked))
    await audit.record(connection, viewer.user_id, "form.taken_in", ("Form", 0), now, asdict(taken))
    return taken


class _Read:
    """What the tables say of households that we know, read cell by cell; what cannot be is gathered."""

    def __init__(self, vault: Vault, known: _Known) -> None:
        self.vault, self.known = vault, known
        self.refused: list[SheetRefused] = []
        self.values: dict[int, tuple[Texts, dict[int, Texts]]] = {}
        self.differing: dict[int, dict[str, set[str]]] = {}
        """By household and field what is told otherwise, as a digest that gives nothing away."""
        self.causes: dict[int, list[HardshipCause]] = {}
        self.linked: list[dict[str, Any]] = []

    def all(self, workers: Sequence[Line], members: Sequence[Line]) -> None:
        """Both tables."""
        for line in workers:
            household = self._household(line)
            if household is None:
                continue
            if household.id in self.values:
                self.refused.append(line.refused(NUMBER, "the household stands here twice"))
                continue
            values, people = self.values.setdefault(household.id, ({}, {}))
            self._link(line, ACFTU_NUMBER, HOUSEHOLD, household.id, None)
            worker, of_the_file = self.known.worker(household.id), []
            for each, written in self._cells(line, WORKER):
                if each in OF_THE_FILE:
                    of_the_file.append((each, written))
                elif each.part is FormPart.HOUSEHOLD:
                    self._take(line, each, written, household, household.id, values)
                elif worker is None:
                    self.refused.append(line.refused(each.zh, "nobody is known as the worker of this household"))
                    break
                else:
                    self._take(line, each, written, worker, household.id, people.setdefault(worker.id, {}))
            self._compare(line, household, of_the_file)
        for line in members:
            household = self._household(line)
            member = household and self._member(line, household.id)
            if household is not None and member is not None:
                _, people = self.values.setdefault(household.id, ({}, {}))
                self._link(line, ACFTU_PERSON_NUMBER, PERSON, household.id, member.id)
                for each, written in self._cells(line, OF_MEMBERS):
                    self._take(line, each, written, member, household.id, people.setdefault(member.id, {}))

    def _cells(self, line: Line, fields: Sequence[Field]) -> Iterator[tuple[Field, str]]:
        return ((each, line.cells[each.zh]) for each in fields if line.cells.get(each.zh))

    def _household(self, line: Line) -> Row[*tuple[Any, ...]] | None:
        number, other = line.cells.get(NUMBER), line.cells.get(ACFTU_NUMBER)
        found = self.known.by_number.get(number or "")
        if found is None and not number and other in self.known.by_acftu:
            found = self.known.by_key[self.known.by_acftu[other or ""]]
        if found is None:
            self.refused.append(line.refused(NUMBER, "no household of this number is within reach"))
        return found

    def _member(self, line: Line, household_id: int) -> Row[*tuple[Any, ...]] | None:
        number = line.cells.get(PERSON_NUMBER)
        found = next((row for row in self.known.people.get(household_id, []) if row.reference == number), None)
        if found is None:
            self.refused.append(line.refused(PERSON_NUMBER, "nobody of this number is in the household"))
        return found

    def _link(self, line: Line, column: str, kind: str, household_id: int, member_id: int | None) -> None:
        number, there = line.cells.get(column), self.known.numbers.get((household_id, member_id))
        if not number or number == there:
            return
        whose = self.known.taken.setdefault((kind, number), (household_id, member_id))
        if there is not None or whose != (household_id, member_id):
            self.refused.append(line.refused(column, "another number is known already, or it is somebody else's"))
            return
        self.known.numbers[household_id, member_id] = number
        if kind == HOUSEHOLD:
            self.known.by_acftu[number] = household_id
        self.linked.append({"kind": kind, "reference": number, "household_id": household_id, "member_id": member_id})

    def _compare(self, line: Line, household: Row[*tuple[Any, ...]], cells: Sequence[tuple[Field, str]]) -> None:
        """What the table tells of the file is taken in of causes that nobody has named yet, and of all else compared."""
        told: Texts = {}
        for each, written in cells:
            value = self._read(line, each, written)
            if value is not None and each in CAUSES and value in (told.get(other.code) for other in CAUSES):
                self.refused.append(line.refused(each.zh, "the cause stands here twice"))
            elif value is not None:
                told[each.code] = value
        file = self.known.files.get(household.id)
        taken = file.taken(told, household.stage) if file else []
        if taken:
            self.causes[household.id] = taken
        for code, value in told.items():
            each = national_form.BY_CODE[code]
            if not (file and file.says(each, value)) and not (each in CAUSES and value in taken):
                self._differs(household.id, each, household.id, value)

    def _read(self, line: Line, each: Field, written: str) -> str | None:
        try:
            return national_form.read(each, written)
        except BadValue as wrong:
            self.refused.append(line.refused(each.zh, str(wrong)))
            return None

    def _differs(self, household_id: int, each: Field, row_id: int, value: str) -> None:
        told = self.vault.digest(f"form.{each.code}", f"{row_id} {value}").hex()
        self.differing.setdefault(household_id, {}).setdefault(each.code, set()).add(told)

    def _take(self, line: Line, each: Field, written: str, row: Any, household_id: int, values: Texts) -> None:
        value = self._read(line, each, written)
        if value is None:
            return
        if each.column is None:
            values[each.code] = value
        elif not _same(each, value, _kept(self.vault, each, row)):
            self._differs(household_id, each, row.id, value)


async def _link(connection: AsyncConnection, linked: Sequence[Mapping[str, Any]], now: dt.datetime) -> None:
    """Ours are known by the other system's numbers. Raises SheetRefused where somebody was quicker with one."""
    try:
        async with connection.begin_nested():
            for row in sorted(linked, key=itemgetter("kind", "reference")):  # so that two never wait for each other
                await connection.execute(insert(ExternalReference).values(**row, system=SYSTEM, created_at=now))
    except IntegrityError:
        raise SheetRefused("a number was given to somebody else meanwhile: take the tables in again") from None


async def _known(
    connection: AsyncConnection, viewer: Viewer, now: dt.datetime, statement: Any, **parameters: Any
) -> _Known:
    known, today = _Known(), {"today": days.today(now)}
    rows = (await connection.execute(statement, {**scope.of(viewer), **today, **parameters})).all()
    known.by_number = {row.reference: row for row in rows}
    known.by_key = {row.id: row for row in rows}
    for start in range(0, len(rows), BATCH):
        keys = {"keys": [row.id for row in rows[start : start + BATCH]]}
        for row in await connection.execute(_PEOPLE, {**keys, **today}):
            known.people.setdefault(row.household_id, []).append(row)
        known.files |= await form_exchange_file.latest(connection, keys["keys"])
        for row in await connection.execute(_REFERENCES, keys):
            known.numbers[row.household_id, row.member_id] = row.reference
            if row.member_id is None:
                known.by_acftu[row.reference] = row.household_id
    return known


def _worker_cells(
    vault: Vault, known: _Known, household: Row[*tuple[Any, ...]], worker: Row[*tuple[Any, ...]] | None
) -> Iterator[str]:
    yield household.reference
    yield known.numbers.get((household.id, None), "")
    of_household = _filled(vault, "households.form", household)
    of_worker = _filled(vault, "members.form", worker)
    file = known.files.get(household.id)
    for each in WORKER:
        if each in OF_THE_FILE:
            yield national_form.shown(each, file.value(each) if file else None)
            continue
        row, form = (household, of_household) if each.part is FormPart.HOUSEHOLD else (worker, of_worker)
        yield _cell(vault, each, row, form)
    size = len(known.people.get(household.id, []))
    income = household.declared_monthly_income_fen
    yield str(size)
    yield "" if income is None or not size else str(money.yuan(income // size))


def _member_cells(
    vault: Vault, known: _Known, household: Row[*tuple[Any, ...]], row: Row[*tuple[Any, ...]]
) -> Iterator[str]:
    yield household.reference
    yield row.reference
    yield known.numbers.get((household.id, row.id), "")
    form = _filled(vault, "members.form", row)
    for each in OF_MEMBERS:
        yield _cell(vault, each, row, form)


def _filled(vault: Vault, column: str, row: Row[*tuple[Any, ...]] | None) -> Mapping[str, str]:
    return {} if row is None else forms.opened(vault, column, row.form)


def _cell(vault: Vault, each: Field, row: Row[*tuple[Any, ...]] | None, form: Mapping[str, str]) -> str:
    if row is None:
        return ""
    kept = form.get(each.code) if each.column is None else _kept(vault, each, row)
    return national_form.shown(each, kept)


def _kept(vault: Vault, each: Field, row: Any) -> str | None:
    """What a column of ours holds, as the form writes it."""
    place, _, name = str(each.column).partition(".")
    value = getattr(row, name)
    if value is None:
        return None
    if isinstance(value, bytes):
        return vault.open(f"{place}.{name}", value)
    if each.kind is FieldKind.MONEY:
        return str(money.yuan(value))
    return value.isoformat() if isinstance(value, dt.date) else str(value)


NORMAL: Mapping[str, Callable[[str | None], str | None]] = {
    "NAME": identity.name, "MEMBER_NAME": identity.name, "ID_NUMBER": identity.number,
    "MEMBER_ID_NUMBER": identity.number, "MOBILE": identity.phone,
}  # fmt: skip
"""Fields that are the same where their normal forms are."""


def _same(each: Field, told: str, kept: str | None) -> bool:
    if kept is None:
        return False
    normal = NORMAL.get(each.code)
    return told == kept or (normal is not None and normal(told) is not None and normal(told) == normal(kept))
