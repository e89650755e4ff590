"""What the register must hold: the national form complete, and nobody counted in two files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from sqlalchemy import exists, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import aliased

from api.domain import days, national_form
from api.domain.errors import NotDone, UserErrorCode
from api.domain.files import in_another_file
from api.domain.national_form import FormPart, Missing
from api.domain.people import IdKind
from api.models import File, FilePerson, Household, Member, table
from api.models.standing import goes_on, stands
from api.services.guards.case import Case

H, M, FP = table(Household).c, table(Member).c, table(FilePerson).c
MOST_NAMED = 12


async def complete(connection: AsyncConnection, case: Case, now: dt.datetime) -> None:
    """All required fields of the national form are filled in. Raises NotDone, which names those that are not."""
    lacking = await missing(connection, case.household_id, now)
    if lacking:
        zh = "；".join(_named(each, each.field.zh) for each in lacking[:MOST_NAMED])
        en = "; ".join(_named(each, each.field.en) for each in lacking[:MOST_NAMED])
        more = len(lacking) > MOST_NAMED
        raise NotDone(
            UserErrorCode.REQUIRED,
            ("input", "householdId"),
            f"登记表尚缺 {len(lacking)} 项：{zh}{' 等' if more else ''}。",
            f"The form lacks {len(lacking)} fields: {en}{' and more' if more else ''}.",
        )


async def missing(connection: AsyncConnection, household_id: int, now: dt.datetime) -> list[Missing]:
    """The required fields that are not filled in: the household's, the worker's, and each other member's.

    The worker is in whose name the latest file is, or else the head of the household; where nobody is, all of the
    worker's fields are missing.
    """
    household = (await connection.execute(select(*H).where(H.id == household_id))).one()
    present = await connection.execute(
        select(*M).where(M.household_id == household_id, stands(days.today(now))).order_by(M.id)
    )
    people = present.all()
    subject = select(File.subject_member_id).where(File.household_id == household_id).order_by(File.id.desc())
    named = (await connection.execute(subject.limit(1))).scalar_one_or_none()
    worker = national_form.worker(people, named)
    group = household.target_group
    lacking = national_form.missing(FormPart.HOUSEHOLD, _filled(FormPart.HOUSEHOLD, household), group)
    if worker is None:
        return lacking + national_form.missing(FormPart.WORKER, (), group)
    for row in (worker, *(each for each in people if each.id != worker.id)):
        part = FormPart.WORKER if row.id == worker.id else FormPart.MEMBER
        without = row.id_kind == IdKind.NONE
        lacking += national_form.missing(part, _filled(part, row), group, row.reference, no_document=without)
    return lacking


def _filled(part: FormPart, row: object) -> Iterable[str]:
    """The codes of a part's fields that are filled in, in columns or on the form."""
    yield from getattr(row, "form_fields", None) or ()
    for each in national_form.of(part):
        of, _, column = (each.column or "").partition(".")
        if of in ("households", "members") and getattr(row, column) is not None:
            yield each.code


def _named(missing: Missing, label: str) -> str:
    return label if missing.member is None else f"{label} ({missing.member})"


async def one_file(connection: AsyncConnection, case: Case, now: dt.datetime) -> None:
    """Nobody in the household is counted in another household's file. Raises NotDone, which does not say whose."""
    other, file = aliased(FilePerson), aliased(File)
    counted = exists().where(
        other.person_id == M.person_id,
        other.until.is_(None),
        other.disputed.is_(False),
        other.file_id == file.id,
        file.household_id != case.household_id,
    )
    disputed = exists().where(FP.member_id == M.id, FP.until.is_(None), FP.disputed.is_(True))
    found = select(M.id).where(
        M.household_id == case.household_id, goes_on(days.today(now)), or_(counted, disputed)
    )  # fmt: skip
    if (await connection.execute(found.limit(1))).one_or_none() is not None:
        raise in_another_file()
