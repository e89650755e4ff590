"""Programmes of aid, enrolments in them, what was paid; departments and their latest feed."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from typing import Annotated, Any

import strawberry

from api.domain.catalogue import Entry
from api.domain.permissions import Permission
from api.loaders import programmes as loaders
from api.loaders.pages import MOST
from api.loaders.reading import Reading, Rows
from api.matching import catalogue, compatibility, policy
from api.schema import guards
from api.schema.context import Info
from api.schema.grant_terms import AidRelation, ConditionKind, GrantedTo, GrantPeriod, OnceFor
from api.schema.households import NOT_LOADED, Household, Person, person_at
from api.schema.measures import InDivision, Measure, MeasureRole, OnDay, day_asked, division_asked
from api.schema.nodes import Kind, kind
from api.schema.payment_terms import FundSource
from api.schema.scalars import BigInt, Month
from api.schema.selection import Wanted, wanted
from api.schema.sizes import about
from api.schema.tree import Branch, branch
from api.schema.values import Money, Node, known_money, money_of

PAYMENTS = 12
"""How many are given where `first` is not said."""


@strawberry.type(description="What a programme asks for.")
class ProgrammeCondition:
    """A condition of a programme."""

    kind: ConditionKind = strawberry.field(description="What it is held against.")
    codes: list[str] = strawberry.field(description="Of a category or cause: which ones meet it.", metadata=about(1))
    text_zh: str = strawberry.field(description="In Chinese.")
    text_en: str = strawberry.field(description="In English.")
    verified: bool = strawberry.field(
        description="Whether it was verified; one that is assumed warns and refuses nothing."
    )


@strawberry.type(description="How two programmes stand to one another: a cell of the matrix.")
class AidCompatibility:
    """A cell of the matrix."""

    relation: AidRelation = strawberry.field(description="What it says.")
    yields: str | None = strawberry.field(description="Of two that are EXCLUSIVE the programme that gives way.")
    basis: str = strawberry.field(description="On which rule it rests.")
    verified: bool = strawberry.field(
        description="Whether that was verified; what is assumed warns and blocks nothing."
    )
    division: str | None = strawberry.field(description="Where it holds; null for everywhere.")
    valid_from: dt.date = strawberry.field(description="Since when.")
    valid_to: dt.date | None = strawberry.field(description="Until when; null where no end is known.")


@strawberry.type(description="An entry of the service list: what a household may ask for, and who answers for it.")
class ServiceListEntry:
    """An entry of the service list."""

    code: str = strawberry.field(description="By which it is known.")
    measure: Measure = strawberry.field(description="Under which of the policy's measures.")
    name_zh: str = strawberry.field(description="What it is, in Chinese.")
    name_en: str = strawberry.field(description="What it is, in English.")
    agency: MeasureRole = strawberry.field(description="Which role answers for it.")
    programme_codes: list[str] = strawberry.field(description="The programmes that it leads to.", metadata=about(3))
    basis: str = strawberry.field(description="On what it rests.")
    verified: bool = strawberry.field(description="Whether that was verified.")


@strawberry.type(description="A programme of the policy's list of measures.")
class Programme:
    """A programme of the policy's list of measures."""

    code: str = strawberry.field(description="Its code, such as DIBAO.")
    name_zh: str = strawberry.field(description="Its Chinese name.")
    name_en: str = strawberry.field(description="Its English name.")
    unit: str = strawberry.field(description="To whom it is granted: HOUSEHOLD, PERSON or EMPLOYER.")
    agency: list[MeasureRole] = strawberry.field(
        description="Which roles grant it; which organisation holds one is told by `measures`.", metadata=about(1)
    )
    measures: list[Measure] = strawberry.field(description="Under which of the policy's measures.", metadata=about(1))
    units: list[GrantedTo] = strawberry.field(
        description="To whom it may be granted, first as a rule.", metadata=about(1)
    )
    periodicity: list[GrantPeriod] = strawberry.field(
        description="By which periods money is granted under it; none where it is a service or a loan.",
        metadata=about(1),
    )
    once_for: OnceFor = strawberry.field(description="What it is given once for, where it is given once.")
    funds: list[FundSource] = strawberry.field(description="Out of whose money.", metadata=about(4))
    insured: bool = strawberry.field(description="Whether an insurance fund pays it.")
    basis: str | None = strawberry.field(description="Its legal basis; null where it is not in force today.")
    verified: bool = strawberry.field(description="Whether that was verified, or is assumed.")
    conditions: list[ProgrammeCondition] = strawberry.field(description="What it asks for.", metadata=about(1))

    @strawberry.field(  # type: ignore[untyped-decorator]
        description="How it stands, when it is assessed, to another that is held: as the division has it on a day, the "
        "viewer's own division today where nothing is said. Null where nothing is said of the two."
    )
    def compatibility(
        self,
        info: Info,
        with_: Annotated[str, strawberry.argument(name="with", description="The other programme's code.")],
        division: Annotated[str | None, strawberry.argument(description="Six digits.")] = None,
        as_of: Annotated[dt.date | None, strawberry.argument(description="The day.")] = None,
    ) -> AidCompatibility | None:
        """A cell of the matrix."""
        where, day = division_asked(info, division), day_asked(info, as_of)
        cell = compatibility.between(policy.in_force(), self.code, with_, day, where)
        return None if cell is None else AidCompatibility(**asdict(cell))


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
    known, where = catalogue.in_force(), reading.viewer.division_code
    return [_programme(row, known.programme(row.code, reading.as_of or reading.today, where)) for row in rows]


def _programme(row: Any, entry: Entry | None) -> Programme:
    return Programme(
        code=row.code,
        name_zh=row.name_zh,
        name_en=row.name_en,
        unit=row.unit,
        agency=[*entry.agency] if entry else [],
        measures=[*entry.measures] if entry else [],
        units=[*entry.units] if entry else [],
        periodicity=[*entry.periods] if entry else [],
        once_for=entry.once if entry else OnceFor.MONTH,
        funds=[*entry.funds] if entry else [],
        insured=entry is not None and entry.insured,
        basis=entry.basis if entry else None,
        verified=entry is not None and entry.verified,
        conditions=[
            ProgrammeCondition(
                kind=each.kind, codes=[*each.codes], text_zh=each.zh, text_en=each.en, verified=each.verified
            )
            for each in (entry.conditions if entry else ())
        ],
    )


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

    @guards.query(guards.SIGNED_IN, "The service list, by the policy's measures.", rows=20)
    async def service_list(
        self,
        info: Info,
        division_code: InDivision = None,
        on: OnDay = None,
    ) -> list[ServiceListEntry] | None:
        """The service list."""
        where, day = division_asked(info, division_code), day_asked(info, on)
        return [
            ServiceListEntry(
                code=each.code,
                measure=each.measure,
                name_zh=each.zh,
                name_en=each.en,
                agency=each.agency,
                programme_codes=[*each.programmes],
                basis=each.basis,
                verified=each.verified,
            )
            for each in catalogue.in_force().service_list(day, where)
        ]

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
PROGRAMME_OF = Branch(
    "programme_code", lambda reading, codes, _: loaders.by_code(reading, codes), _programmes, "programme", False
)
"""From what names a programme to it."""
branch(Enrolment, "programme", PROGRAMME_OF)
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
