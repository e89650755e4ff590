"""Whether everybody who has to has consented, and what of it goes to the matcher (F-23); reads, and nothing else.

Here and in the matcher the same rules hold (domain/consent). A scan judges by the days of its feeds, so that it can be
repeated; what was recorded here and has ended by today does not reach it at all.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, bindparam, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain import consent
from api.domain.consent import Adult, ConsentPurpose, Emergency, Signed
from api.domain.errors import MissingConsent
from api.matching import consents as reading
from api.models import Authorisation, EmergencyException, Household, Member, table
from api.models.standing import stands

A, E, H, M = table(Authorisation).c, table(EmergencyException).c, table(Household).c, table(Member).c

_GIVEN = (
    select(A.member_id, A.source, A.purpose, A.valid_from, A.valid_to, A.withdrawn_on)
    .join(table(Member), M.id == A.member_id)
    .where(M.household_id == bindparam("household"))
)

Lacking = list[tuple[int, tuple[str, ...]]]


async def missing(
    connection: AsyncConnection,
    household_id: int,
    sources: Sequence[str],
    purpose: ConsentPurpose,
    on: dt.date,
) -> Lacking:
    """Adults of the household, by their keys in `members`, who may not be looked up in these sources on that day."""
    people = select(M.id, M.birth_date, M.authorised_until).where(M.household_id == household_id, stands(on))
    adults = [tuple(row) for row in await connection.execute(people.order_by(M.id))]
    return await lacking(connection, household_id, adults, sources, purpose, on)


async def lacking(
    connection: AsyncConnection,
    household_id: int,
    people: Sequence[tuple[int, dt.date | None, dt.date | None]],
    sources: Sequence[str],
    purpose: ConsentPurpose,
    on: dt.date,
    *,
    excepted: bool = True,
) -> Lacking:
    """The same of people whose rows are at hand: key, birth, and until when the register tells of a consent. `excepted`: whether
    an emergency may stand in."""
    signed = [_signed(row) for row in await connection.execute(_GIVEN, {"household": household_id})]
    emergencies = await _emergencies(connection, household_id, on) if excepted else []
    return consent.missing([Adult(*each) for each in people], signed, emergencies, sources, purpose, on)


async def require(
    connection: AsyncConnection,
    household_id: int,
    sources: Sequence[str],
    purpose: ConsentPurpose,
    on: dt.date,
    path: tuple[str, ...] = ("input",),
) -> None:
    """Raises MissingConsent, which names who lacks what by their keys."""
    if lacking := await missing(connection, household_id, sources, purpose, on):
        raise MissingConsent(path, lacking)


async def laid_out(connection: AsyncConnection, of: ColumnElement[bool], today: dt.date) -> list[dict[str, Any]]:
    """The consents of these people, as the matcher reads them; withdrawn ones too, which end what was signed before.

    One that names no department is left out: where no other is laid out, the matcher would take it for all of them.

    An exception in force is one more for each of its household, without a first day: it stands for every day that a
    scan asks about, but a withdrawal of whatever day is stronger.
    """
    ended_here = and_(A.recorded_at.is_not(None), A.withdrawn_on.is_(None), A.valid_to < today)
    names_nothing = and_(A.source.is_(None), A.withdrawn_on.is_(None))
    given = (
        select(M.reference.label("person_id"), A.source, A.purpose, A.valid_from, A.valid_to, A.withdrawn_on)
        .join(table(Member), M.id == A.member_id)
        .join(table(Household), H.id == M.household_id)
        .where(of, or_(ended_here, names_nothing).is_not(True))
        .order_by(A.id)
    )
    rows = [dict(row) for row in (await connection.execute(given)).mappings()]
    excepted = (
        select(M.reference, E.sources, E.purpose, E.ends_on)
        .join(table(Household), H.id == E.household_id)
        .join(table(Member), M.household_id == H.id)
        .where(of, E.starts_on <= today, E.ends_on >= today)
        .order_by(E.id, M.id)
    )
    return rows + [_exception(row) for row in await connection.execute(excepted)]


def _signed(row: Row[*tuple[Any, ...]]) -> Signed:
    sources, purpose = reading.sources_in(row.source), reading.purpose_of(row.purpose)
    return Signed(row.member_id, sources, purpose, row.valid_from, row.valid_to, row.withdrawn_on)


async def _emergencies(connection: AsyncConnection, household_id: int, on: dt.date) -> list[Emergency]:
    columns = select(E.sources, E.purpose, E.starts_on, E.ends_on)
    standing = columns.where(E.household_id == household_id, E.starts_on <= on, E.ends_on >= on)
    return [
        Emergency(frozenset(row.sources), ConsentPurpose(row.purpose), row.starts_on, row.ends_on)
        for row in await connection.execute(standing)
    ]


def _exception(row: Row[*tuple[Any, ...]]) -> dict[str, Any]:
    return {
        "person_id": row.reference,
        "source": ",".join(row.sources),
        "purpose": row.purpose,
        "valid_from": None,
        "valid_to": row.ends_on,
        "withdrawn_on": None,
    }
