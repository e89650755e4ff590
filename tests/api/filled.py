"""A household whose national form is complete, for tests of what comes after: every required field is filled in."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain import national_form
from api.domain.national_form import FormPart
from api.models import File, Household, Member, table
from api.sealing import Vault
from api.services import forms
from tests.api.numbers import numbered

WORDS = {
    "ETHNIC_GROUP": "汉族", "POLITICAL_STATUS": "群众", "HEALTH": "健康", "DISABILITY": "无", "WORK_STATUS": "下(待)岗",
    "SINGLE_PARENT": "否", "MEDICAL_INSURANCE": "职工医保", "SELF_HELP": "是", "CONTRACT_SIGNED": "2020-01-01",
    "CONTRACT_MONTHS": "36", "HOUSING": "租赁", "ANNUAL_INCOME": "9600", "ZERO_EMPLOYMENT": "否", "MEMBER_HEALTH": "健康",
    "MEMBER_STATUS": "失(无)业",
}  # fmt: skip
"""What is filled in where our tables have no column for it."""

COLUMNS = {"sex": "MALE", "birth_date": dt.date(1970, 1, 1), "declared_marital_status": "MARRIED", "relation": "OTHER",
           "declared_monthly_income_fen": 80_000}  # fmt: skip
HOME = {"target_group": "BELOW_LINE", "residence": "URBAN", "declared_monthly_income_fen": 80_000}


async def fill_in(connection: AsyncConnection, vault: Vault, household_id: int) -> None:
    """Whatever the household's form lacks is filled in, and nothing else is changed. Somebody is its head already, or is now."""
    H, M = table(Household).c, table(Member).c
    home = (await connection.execute(select(*H).where(H.id == household_id))).one()
    told = {name: value for name, value in HOME.items() if getattr(home, name) is None}
    if home.address is None:
        told["address"] = vault.seal("households.address", "河南省安阳市文峰区东大街 1 号")
    if told:
        await connection.execute(update(Household).where(H.id == household_id).values(told))
    people = (
        await connection.execute(select(*M).where(M.household_id == household_id, M.left_on.is_(None)).order_by(M.id))
    ).all()
    subject = (
        select(File.subject_member_id).where(File.household_id == household_id).order_by(File.id.desc()).limit(1)
    )
    named = (await connection.execute(subject)).scalar_one_or_none()
    worker = national_form.worker(people, named) or people[0]
    values = {}
    for row in people:
        missing = {name: value for name, value in COLUMNS.items() if getattr(row, name) is None}
        for name, word in {
            "name": "张测试",
            "phone": "13812345678",
            "id_number": numbered("410502", "19700101", row.id % 500 * 2 + 1),
        }.items():
            if getattr(row, name) is None:
                missing[name] = vault.seal(f"members.{name}", word)
        if row.id == worker.id and row.id != named:
            missing["relation"] = "HEAD"
        if missing:
            await connection.execute(update(Member).where(M.id == row.id).values(missing))
        part = FormPart.WORKER if row.id == worker.id else FormPart.MEMBER
        values[row.id] = _words(part)
    await forms.put(connection, vault, household_id, _words(FormPart.HOUSEHOLD), values)


def _words(part: FormPart) -> dict[str, str | None]:
    return {each.code: WORDS[each.code] for each in national_form.of(part) if each.required and each.column is None}
