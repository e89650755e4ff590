"""Programmes of aid, enrolments in them, what was paid; departments and their latest feed."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import strawberry

from api.domain.permissions import Permission
from api.loaders import programmes as loaders
from api.loaders.pages import MOST
from api.loaders.reading import Reading, Rows
from api.schema import guards
from api.schema.context import Info
from api.schema.households import NOT_LOADED, Household, Person, person_at
from api.schema.nodes import Kind, kind
from api.schema.scalars import BigInt, Month
from api.schema.selection import Wanted, wanted
from api.schema.sizes import about
from api.schema.tree import Branch, branch
from api.schema.values import Money, Node, known_money, money_of

PAYMENTS = 12
"""How many are given where `first` is not said."""


@strawberry.type(description="A programme of the policy's list of measures.")
class Programme:
    """A programme of the policy's list of measures."""

    code: str = strawberry.field(description="Its code, such as DIBAO.")
    name_zh: str = strawberry.field(description="Its Chinese name.")
    name_en: str = strawberry.field(description="Its English name.")
    unit: str = strawberry.field(description="To whom it is granted: HOUSEHOLD, PERSON or EMPLOYER.")


@strawberry.type(description="What was paid for one month.")
class Payment:
    """What was paid for one month."""

    month: Month = strawberry.field(description="The month.")
    amount: Money = strawberry.field(description="The amount, by the aid register.")


@strawberry.type(description="A household's, or one of its people's, part in a programme.")
class Enrolment(Node):
    """A part in a programme."""

    key: strawberry.Private[int]
    household_key: strawberry.Private[int]
    person_key: strawberry.Private[int | None]
    programme_code: strawberry.Private[str]
    agency: str | None = strawberry.field(description="Who grants it.")
    start_month: Month | None = strawberry.field(description="Its first month; null is unknown.")
    end_month: Month | None = strawberry.field(description="Its last month; null while it goes on.")
    amount: Money | None = strawberry.field(description="A month's, or the one-off amount; null is unknown.")
    cause: str | None = strawberry.field(description="For what it was granted.")
    source_record: str = strawberry.field(description="The aid register's record; FILE for what the own file names.")
    programme: Programme = strawberry.field(default=NOT_LOADED, description="The programme.")
    person: Person | None = strawberry.field(default=NOT_LOADED, description="Whose it is; null for the household's.")
    found_payments: strawberry.Private[list[Payment]] = NOT_LOADED

    @strawberry.field(  # type: ignore[untyped-decorator]
        description="What was paid as far as is known, the latest month first; at most 100.",
        metadata=about(PAYMENTS),
    )
    def payments(
        self,
        first: Annotated[int, strawberry.argument(description="How many at most.")] = PAYMENTS,
    ) -> list[Payment]:
        """Loaded with the enrolment, cut to what this field asks for."""
        return self.found_payments[:first]


@strawberry.type(description="A kind of department data, and the latest feed of it.")
class Department:
    """A kind of department data."""

    code: str = strawberry.field(description="Its code, such as vehicles.")
    title_zh: str = strawberry.field(description="What it holds, in Chinese.")
    title_en: str = strawberry.field(description="What it holds, in English.")
    agency_zh: str | None = strawberry.field(description="Who holds it.")
    as_of: dt.date | None = strawberry.field(description="When the latest feed was cut; null where none came.")
    complete: bool | None = strawberry.field(
        description="Whether absence from the feed means that there is no record."
    )
    rows: BigInt | None = strawberry.field(description="How many rows the feed has, estimated for text files.")
    received_at: dt.datetime | None = strawberry.field(description="When it came.")


def enrolment_objects(reading: Reading, rows: Rows, asked: Wanted) -> list[Enrolment]:
    """Rows as enrolments."""
    return [
        Enrolment(
            id=strawberry.ID(public_id),
            key=row.id,
            household_key=row.household_id,
            person_key=row.member_id,
            programme_code=row.programme_code,
            agency=reading.whereabouts(row, row.agency),
            start_month=row.start_month,
            end_month=row.end_month,
            amount=money_of(row.amount_fen),
            cause=row.cause,
            source_record=row.source_record,
        )
        for row, public_id in zip(rows, reading.ids("Enrolment", rows), strict=True)
    ]


def _programmes(reading: Reading, rows: Rows, asked: Wanted) -> list[Programme]:
    return [Programme(code=row.code, name_zh=row.name_zh, name_en=row.name_en, unit=row.unit) for row in rows]


def _departments(rows: Rows) -> list[Department]:
    return [
        Department(
            code=row.code,
            title_zh=row.title_zh,
            title_en=row.title_en,
            agency_zh=row.agency_zh,
            as_of=row.as_of,
            complete=row.complete,
            rows=row.row_count,
            received_at=row.received_at,
        )
        for row in rows
    ]


def _payments(reading: Reading, rows: Rows, asked: Wanted) -> list[Payment]:
    return [Payment(month=row.month, amount=known_money(row.amount_fen)) for row in rows]


@strawberry.type(description="What may be asked about programmes and departments.")
class ProgrammeQueries:
    """Programmes and departments."""

    @guards.query(guards.SIGNED_IN, "All programmes, in the order of the policy's list.", rows=60)
    async def programmes(self, info: Info) -> list[Programme] | None:
        """All programmes."""
        asked = wanted(info)
        async with info.context.reading() as reading:
            found = _programmes(reading, await loaders.programmes(reading), asked)
            reading.budget.spend(len(found) * asked.times * asked.values(()))
        return found

    @guards.query(
        guards.SIGNED_IN, "All kinds of department data, with what is known of the latest feed of each.", rows=12
    )
    async def departments(self, info: Info) -> list[Department] | None:
        """All kinds of department data."""
        asked = wanted(info)
        async with info.context.reading() as reading:
            found = _departments(await loaders.departments(reading))
            reading.budget.spend(len(found) * asked.times * asked.values(()))
        return found


branch(
    Household,
    "enrolments",
    Branch("key", lambda reading, keys, _: loaders.enrolments_of(reading, keys), enrolment_objects, "enrolments"),
)
branch(
    Enrolment,
    "programme",
    Branch(
        "programme_code", lambda reading, codes, _: loaders.by_code(reading, codes), _programmes, "programme", False
    ),
)
branch(Enrolment, "person", person_at("person_key", "person"))
branch(
    Enrolment,
    "payments",
    Branch(
        "key",
        lambda reading, keys, below: loaders.payments_of(reading, keys, below.most("first", PAYMENTS, MOST)),
        _payments,
        "found_payments",
    ),
)
kind("Enrolment", Kind(loaders.enrolments_by_key, enrolment_objects, Permission.READ_CASES))
