"""Incomes by month: what sources told of a person, and a household's income a head beside that month's line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain import days, money
from api.domain.errors import BadInput, NotDone, UserErrorCode
from api.domain.income_statements import Statement
from api.domain.incomes import Month as Reckoned
from api.domain.permissions import Permission, Viewer
from api.loaders import incomes as loaders
from api.loaders.reading import Reading, Rows
from api.matching import policy
from api.schema import guards, nodes
from api.schema.context import Info
from api.schema.exit_terms import IncomeKind, IncomeSource, SourceAnswer
from api.schema.households import Person
from api.schema.results import MutationInput, Payload, carry_out
from api.schema.scalars import Month
from api.schema.selection import Wanted, wanted
from api.schema.sizes import about
from api.schema.tree import grow
from api.schema.values import Money, known_money, money_of
from api.services import incomes


@strawberry.type(description="What one source told of one kind of income of a person, in a month or a year.")
class Income:
    """What one source told of one kind of income."""

    person_id: strawberry.ID = strawberry.field(description="Whose, as a member of the household that was recorded.")
    month: Month | None = strawberry.field(description="The month; null for a figure of a whole year.")
    year: int | None = strawberry.field(description="The year of such a figure, which is never divided into months.")
    source: IncomeSource = strawberry.field(description="Who told of it.")
    answer: SourceAnswer = strawberry.field(description="What they said.")
    kind: IncomeKind | None = strawberry.field(description="What it is paid for; null where no amount was told.")
    programme_code: str | None = strawberry.field(description="Of aid, under which programme.")
    amount: Money | None = strawberry.field(description="The amount; null is unknown, or nothing, as `answer` says.")
    evidence: str | None = strawberry.field(
        description="The document it was taken from; null for viewers who see masks."
    )
    recorded_by: str | None = strawberry.field(description="Who wrote it down.")
    recorded_at: dt.datetime = strawberry.field(description="When.")
    superseded_at: dt.datetime | None = strawberry.field(
        description="When the source's word on that month was replaced; null while it counts."
    )


@strawberry.type(description="One line of a calculation: what a source told of a member in that month.")
class IncomeStep:
    """One line of a calculation."""

    person_id: strawberry.ID | None = strawberry.field(description="Of whom; null for the household's own aid.")
    source: IncomeSource = strawberry.field(description="Who told of it.")
    answer: SourceAnswer = strawberry.field(description="What they said.")
    kind: IncomeKind | None = strawberry.field(description="What it is paid for.")
    programme_code: str | None = strawberry.field(description="Of aid, under which programme.")
    amount: Money | None = strawberry.field(description="The amount of the month, or of the year.")
    year: int | None = strawberry.field(description="Set where the figure is a year's, which leaves the month open.")
    paid: bool = strawberry.field(description="Whether it comes from our own register of payments.")


@strawberry.type(description="A source that did not speak of a member.")
class SilentSource:
    """A source that did not speak of a member."""

    person_id: strawberry.ID = strawberry.field(description="Of whom.")
    source: IncomeSource = strawberry.field(description="Which.")


@strawberry.type(description="A household's income a head in one month: at least, at most, and what is missing.")
class HouseholdIncome:
    """A household's income a head in one month."""

    month: Month = strawberry.field(description="The month.")
    members: int = strawberry.field(description="Who belonged to it on some day of the month, counted.")
    low: Money = strawberry.field(description="What each had at least.")
    high: Money | None = strawberry.field(description="What each had at most; null while something is unknown.")
    known: bool = strawberry.field(
        description="Whether every source spoke of every member, and every amount is a month's."
    )
    line: Money | None = strawberry.field(description="The line of that month in its division; null is unknown.")
    line_division: str = strawberry.field(
        description="Whose line: where it lives, or where a migrant worker's work is."
    )
    line_basis: str | None = strawberry.field(description="On which notice the line rests.")
    line_assumed: bool | None = strawberry.field(
        description="Whether the city has not published its line here, so that a usual one stands in."
    )
    silent: list[SilentSource] = strawberry.field(description="Whom nobody has told of.", metadata=about(6))
    steps: list[IncomeStep] = strawberry.field(description="What it was reckoned from.", metadata=about(20))


@strawberry.input(description="What sources say alike of each month from the first to the last, or of a whole year.")
class IncomeStatement:
    """What sources say alike of several months."""

    sources: list[IncomeSource] = strawberry.field(description="Who says so.")
    first_month: Month | None = strawberry.field(default=None, description="The first month.")
    last_month: Month | None = strawberry.field(default=None, description="The last month, no later than this one.")
    year: int | None = strawberry.field(
        default=None, description="Instead of months: a figure for the whole year; NOT_ASKED takes one back."
    )
    answer: SourceAnswer = strawberry.field(description="What they say.")
    kind: IncomeKind | None = strawberry.field(default=None, description="Of a VALUE: what it is paid for.")
    programme_code: str | None = strawberry.field(default=None, description="Of aid: the programme.")
    amount: Decimal | None = strawberry.field(
        default=None, description="Of a VALUE: yuan of each single month, or of the year."
    )


@strawberry.input(description="What sources told of a person's incomes.")
class RecordIncomeInput(MutationInput):
    """What sources told of a person's incomes."""

    person_id: strawberry.ID = strawberry.field(description="Of whom.")
    statements: list[IncomeStatement] = strawberry.field(
        description="Together they replace what each of these sources said of each of these months, as a whole."
    )
    evidence: str | None = strawberry.field(
        default=None, description="The document it is taken from, up to 200 characters; kept sealed."
    )


@strawberry.type(description="What `recordIncome` answers.")
class RecordIncomePayload(Payload):
    """What `recordIncome` answers."""

    person: Person | None = strawberry.field(description="The person; see `incomes` for what is recorded now.")


def _income_objects(reading: Reading, rows: Rows, asked: Wanted) -> list[Income]:
    evidence = reading.shown(
        "income_months.evidence", asked.has("evidence") and reading.sees_identity, lambda _: None
    )
    reading.log.saw_people(row.member_id for row in rows)
    ids = reading.vault.ids("Person", [row.member_id for row in rows])
    return [
        Income(
            person_id=strawberry.ID(public_id),
            month=row.month and Month(row.month),
            year=row.year,
            source=IncomeSource(row.source),
            answer=SourceAnswer(row.answer),
            kind=IncomeKind(row.kind) if row.kind else None,
            programme_code=row.programme_code,
            amount=money_of(row.amount_fen),
            evidence=evidence(reading.whereabouts(row, row.evidence)),
            recorded_by=reading.whereabouts(row, row.display_name),
            recorded_at=row.recorded_at,
            superseded_at=row.superseded_at,
        )
        for row, public_id in zip(rows, ids, strict=True)
    ]


def person_ids(reading: Reading, keys: Iterable[int]) -> dict[int, strawberry.ID]:
    """The ids of people by their keys; that they were shown is noted."""
    some = sorted(set(keys))
    reading.log.saw_people(some)
    return {key: strawberry.ID(each) for key, each in zip(some, reading.vault.ids("Person", some), strict=True)}


def _household_income(reading: Reading, family: loaders.Family, of: Reckoned) -> HouseholdIncome:
    ids = person_ids(reading, family.members.values())
    line = policy.line(family.division, of.month)
    reading.log.saw_households([family.household_id])
    return HouseholdIncome(
        month=Month(of.month),
        members=len(of.members),
        low=known_money(of.head.low),
        high=money_of(of.head.high),
        known=of.known,
        line=money_of(of.line),
        line_division=family.division,
        line_basis=None if line is None else line.basis,
        line_assumed=None if line is None else line.assumed,
        silent=[SilentSource(person_id=ids[family.members[person]], source=source) for person, source in of.silent],
        steps=[
            IncomeStep(
                person_id=None if each.member is None else ids[family.members[each.member]],
                source=each.source,
                answer=each.answer,
                kind=each.kind,
                programme_code=each.programme,
                amount=money_of(each.fen),
                year=each.year,
                paid=each.paid,
            )
            for each in of.steps
        ],
    )


@strawberry.type(description="What may be asked about incomes.")
class IncomeQueries:
    """Incomes."""

    @guards.query(
        Permission.READ_CASES,
        "What sources told of a person's incomes, the latest months first; up to 500 rows.",
        rows=60,
    )
    async def incomes(
        self,
        info: Info,
        person_id: Annotated[strawberry.ID, strawberry.argument(description="Of whom.")],
        superseded: Annotated[bool, strawberry.argument(description="Also what was replaced since.")] = False,
    ) -> list[Income] | None:
        """What sources told of a person."""
        key, asked = nodes.key_of(info, "Person", person_id), wanted(info)
        async with info.context.reading() as reading:
            rows = await loaders.recorded_of(reading, key or 0, superseded)
            found = _income_objects(reading, rows, asked)
            await grow(reading, found, asked, asked.times)
        return found

    @guards.query(
        Permission.READ_CASES,
        "A household's income a head in a month, aid counted as for leaving hardship; null where there is no such household.",
    )
    async def per_capita_income(
        self,
        info: Info,
        household_id: Annotated[strawberry.ID, strawberry.argument(description="Of which household.")],
        month: Annotated[Month, strawberry.argument(description="Of which month, no later than this one.")],
    ) -> HouseholdIncome | None:
        """A household's income a head."""
        key, asked = nodes.key_of(info, "Household", household_id), wanted(info)
        if month > days.today(info.context.now()) or month.year < 1990:
            raise BadInput("月份有误。", "The month lies in the future, or too far back.")
        async with info.context.reading() as reading:
            family = await loaders.family(reading.rows, key or 0, month, month)
            if family is None:
                return None
            found = _household_income(reading, family, family.month(month))
            await grow(reading, [found], asked, asked.times)
        return found


def _statement(place: int, given: IncomeStatement) -> Statement:
    try:
        fen = money.fen(given.amount)
    except ValueError:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "statements", str(place), "amount"),
            "金额最多两位小数。",
            "An amount has at most two decimals.",
        ) from None
    return Statement(
        sources=tuple(given.sources),
        answer=given.answer,
        first=given.first_month,
        last=given.last_month,
        year=given.year,
        kind=given.kind,
        programme=given.programme_code,
        fen=fen,
    )


@strawberry.type(description="What may be done with incomes.")
class IncomeMutations:
    """Incomes are written down."""

    @guards.mutation(
        Permission.KEEP_FILES,
        "Writes down what sources told of a person's incomes, month by month; nothing is averaged.",
    )
    async def record_income(
        self, info: Info, input: Annotated[RecordIncomeInput, strawberry.argument(description="What they told.")]
    ) -> RecordIncomePayload:
        """Writes down incomes."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            return await incomes.record(
                connection,
                info.context.vault,
                viewer,
                nodes.key_of(info, "Person", input.person_id),
                [_statement(place, each) for place, each in enumerate(input.statements)],
                input.evidence,
                info.context.now(),
            )

        done = await carry_out(info, Permission.KEEP_FILES, input, act)
        person = await nodes.below_payload(info, "Person", "person", done.subject)
        return RecordIncomePayload(person=person, **done.answered)
