"""The national form's fields that our tables have no column for: filled in, kept sealed, and opened again."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain import national_form
from api.domain.declarations import OF_HOUSEHOLDS, OF_MEMBERS
from api.domain.errors import NotDone, UserErrorCode
from api.domain.national_form import BadValue, Field, FormPart
from api.domain.permissions import Viewer
from api.models import Household, Member, table
from api.sealing import Vault
from api.services import audit, households

H, M = table(Household).c, table(Member).c
Values = Mapping[str, str | None]
"""By the field's code what it holds; None takes it away."""

KEPT_BY: Mapping[str, str] = {
    "files.tier": "reviewApplication / reverifyFile",
    "files.category": "reviewApplication / reverifyFile",
    "causes.main": "addCause / changeMainCause",
    "causes.others": "addCause / resolveCause",
}
"""Of what the form tells of the file and its causes, by which mutation it is told."""

Path = tuple[str, ...]
OF_PEOPLE = (FormPart.WORKER, FormPart.MEMBER)


def opened(vault: Vault, column: str, sealed: bytes | None) -> dict[str, str]:
    """What `households.form` or `members.form` holds, by the fields' codes."""
    text = vault.open(column, sealed)
    values: dict[str, str] = json.loads(text) if text else {}
    return values


async def fill(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    household_id: int | None,
    expected_version: int,
    household: Values,
    people: Mapping[int, Values],
    now: dt.datetime,
) -> int:
    """Fields of a household and its people are as they were filled in; the household's key. Raises Conflict or NotDone."""
    await households.hold(connection, viewer, {household_id: expected_version})
    assert household_id is not None
    changed = await put(connection, vault, household_id, household, people)
    if changed:
        await households.count(connection, household_id, now)
    detail = {"fields": sorted(changed)}
    await audit.record(connection, viewer.user_id, "form.filled", ("Household", household_id), now, detail)
    return household_id


async def put(
    connection: AsyncConnection, vault: Vault, household_id: int, household: Values, people: Mapping[int, Values]
) -> set[str]:
    """The same, without holding the household; the codes of the fields that changed. Raises NotDone."""
    changed: set[str] = set()
    if household:
        kept = (await connection.execute(select(H.form).where(H.id == household_id))).scalar_one()
        given = checked(household, (FormPart.HOUSEHOLD,), ("input", "household"))
        form, differ = _merged(opened(vault, "households.form", kept), given)
        if differ:
            kept_so = _kept(vault, "households.form", form)
            await connection.execute(update(Household).where(H.id == household_id).values(kept_so))
        changed |= differ
    for member_id, values in people.items():
        found = select(M.form).where(M.id == member_id, M.household_id == household_id)
        row = (await connection.execute(found)).one_or_none()
        if row is None:
            raise NotDone(
                UserErrorCode.NOT_FOUND, ("input", "people"), "该户没有此成员。", "There is no such member."
            )
        form, differ = _merged(
            opened(vault, "members.form", row.form), checked(values, OF_PEOPLE, ("input", "people"))
        )
        if differ:
            kept_so = _kept(vault, "members.form", form)
            await connection.execute(update(Member).where(M.id == member_id).values(kept_so))
        changed |= differ
    return changed


def _kept(vault: Vault, column: str, form: Mapping[str, str]) -> dict[str, Any]:
    sealed = vault.seal(column, json.dumps(form, ensure_ascii=False)) if form else None
    return {"form": sealed, "form_fields": sorted(form)}


def checked(values: Values, parts: tuple[FormPart, ...], path: Path) -> dict[str, str | None]:
    """Values as the form keeps them. Raises NotDone for a field that is not one of these parts, or kept elsewhere."""
    found: dict[str, str | None] = {}
    for code, written in values.items():
        field = national_form.BY_CODE.get(code)
        if field is None or field.part not in parts:
            raise NotDone(
                UserErrorCode.INVALID,
                path,
                f"登记表此处没有字段 {code[:40]}。",
                f"The form has no field {code[:40]} here.",
            )
        if field.column is not None:
            raise NotDone(
                UserErrorCode.INVALID,
                path,
                f"{field.zh}不在此填写：请用 {_mutation(field)}。",
                f"{field.en} is not filled in here, but by {_mutation(field)}.",
            )
        try:
            found[code] = national_form.read(field, written) if written and written.strip() else None
        except BadValue as wrong:
            raise NotDone(UserErrorCode.INVALID, path, wrong.zh, wrong.en) from None
    return found


def _mutation(field: Field) -> str:
    """By which mutation a field is told that our tables have a column for; what is declared, of a file, is reported."""
    of, _, column = (field.column or "").partition(".")
    if of not in ("households", "members"):
        return KEPT_BY[field.column or ""]
    if column in (*OF_HOUSEHOLDS.values(), *OF_MEMBERS.values()):
        return "correctHousehold / reportChange"
    return "correctHousehold" if of == "households" else "correctMember"


def _merged(kept: Mapping[str, str], given: Values) -> tuple[dict[str, str], set[str]]:
    """What is kept with what is given, and the codes of what differs."""
    form = {**kept, **given}
    merged = {code: value for code, value in form.items() if value is not None}
    return merged, {code for code in given if merged.get(code) != kept.get(code)}
