"""What a household's months come to: the tests for leaving hardship and for relief, live and as they were kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain import days
from api.domain.errors import BadInput, NotDone
from api.domain.permissions import Permission, Viewer
from api.loaders import exits as loaders
from api.loaders import incomes
from api.loaders.reading import Reading, Rows
from api.matching import policy
from api.schema import guards, nodes
from api.schema.context import Info
from api.schema.exit_terms import ExitTestKind, ExitVerdict, IncomeSource, LineStanding, MonthGap
from api.schema.incomes import person_ids
from api.schema.results import MutationInput, Payload, carry_out
from api.schema.scalars import Month
from api.schema.selection import wanted
from api.schema.sizes import about
from api.schema.tree import grow
from api.schema.values import Money, known_money, money_of
from api.services import exits as services
from api.services.guards import exits as conditions

KEPT, MOST = 10, 50


@strawberry.type(description="A month under test, against that month's own line.")
class TestedMonth:
    """A month under test."""

    __test__ = False  # no test case, whatever its name begins with

    month: Month = strawberry.field(description="The month.")
    members: int = strawberry.field(description="Who belonged to the household on some day of it, counted.")
    low: Money = strawberry.field(description="What each had at least.")
    high: Money | None = strawberry.field(description="What each had at most; null while something is unknown.")
    line: Money | None = strawberry.field(description="The line of that month; null is unknown.")
    known: bool = strawberry.field(description="Whether every source spoke of every member.")
    standing: LineStanding = strawberry.field(description="How they stand to one another.")


@strawberry.type(description="Something that a month lacks to be clear.")
class MissingInMonth:
    """Something that a month lacks."""

    gap: MonthGap = strawberry.field(description="What is missing.")
    month: Month = strawberry.field(description="In which month.")
    person_id: strawberry.ID | None = strawberry.field(description="Of whom, where it is an income.")
    source: IncomeSource | None = strawberry.field(description="From which source, where one has not spoken.")


@strawberry.type(description="Months in a row, each against its own line, and what they come to.")
class ExitTest:
    """Months in a row."""

    test: ExitTestKind = strawberry.field(description="For what they are tested.")
    verdict: ExitVerdict = strawberry.field(description="What they come to; the decision is a person's.")
    months: list[TestedMonth] = strawberry.field(description="The months, the earliest first.", metadata=about(6))
    missing: list[MissingInMonth] = strawberry.field(
        description="What would have to be known; empty where the verdict stands.", metadata=about(20)
    )


@strawberry.type(description="How a household stands to the ways out of hardship on a day.")
class ExitAssessment:
    """How a household stands to the ways out."""

    assessment_id: strawberry.ID | None = strawberry.field(description="Set where it was kept, by `assessExit`.")
    as_of: dt.date = strawberry.field(description="The day; the months before it are tested.")
    causes_resolved: bool = strawberry.field(
        description="Whether the file names causes of hardship, and none is open."
    )
    causes: int = strawberry.field(description="How many causes the file names.")
    open_causes: int = strawberry.field(description="How many of them are open.")
    graduation: ExitTest = strawberry.field(description="脱困: six months above the line, without aid.")
    relief: ExitTest = strawberry.field(description="解困: at the line or above it, aid counted.")
    policy_version: str = strawberry.field(description="Of the dated values that it was reckoned by.")
    assessed_by: str | None = strawberry.field(description="Who kept it.")
    assessed_at: dt.datetime | None = strawberry.field(description="When.")


@strawberry.input(description="A household to be assessed.")
class AssessExitInput(MutationInput):
    """A household to be assessed."""

    household_id: strawberry.ID = strawberry.field(description="The household, whose file is open.")
    as_of: dt.date | None = strawberry.field(default=None, description="The day; today where nothing is said.")


@strawberry.type(description="What `assessExit` answers.")
class AssessExitPayload(Payload):
    """What `assessExit` answers."""

    assessment: ExitAssessment | None = strawberry.field(description="The assessment as it was kept.")


def _test(told: Mapping[str, Any], ids: Mapping[int, strawberry.ID]) -> ExitTest:
    """A test as it was told (domain/exits.told)."""
    return ExitTest(
        test=ExitTestKind(told["test"]),
        verdict=ExitVerdict(told["verdict"]),
        months=[
            TestedMonth(
                month=_month(each["month"]),
                members=each["members"],
                low=known_money(each["low"]),
                high=money_of(each["high"]),
                line=money_of(each["line"]),
                known=each["known"],
                standing=LineStanding(each["standing"]),
            )
            for each in told["months"]
        ],
        missing=[
            MissingInMonth(
                gap=MonthGap(each["gap"]),
                month=_month(each["month"]),
                person_id=None if each["member"] is None else ids[each["member"]],
                source=IncomeSource(each["source"]) if each["source"] else None,
            )
            for each in told["missing"]
        ],
    )


def _month(written: str) -> Month:
    return Month(dt.date.fromisoformat(written))


def _tests(reading: Reading, told: Sequence[Mapping[str, Any]]) -> dict[str, ExitTest]:
    people = {each["member"] for test in told for each in test["missing"]} - {None}
    ids = person_ids(reading, people)
    return {str(test["test"]).lower(): _test(test, ids) for test in told}


def _kept(reading: Reading, rows: Rows) -> list[ExitAssessment]:
    reading.log.saw_households([row.household_id for row in rows])
    public = reading.vault.ids("ExitAssessment", [row.id for row in rows])
    return [
        ExitAssessment(
            assessment_id=strawberry.ID(public_id),
            as_of=row.as_of,
            causes_resolved=row.causes > 0 and row.open_causes == 0,
            causes=row.causes,
            open_causes=row.open_causes,
            policy_version=row.policy_version,
            assessed_by=reading.whereabouts(row, row.display_name),
            assessed_at=row.assessed_at,
            **_tests(reading, row.tests),
        )
        for row, public_id in zip(rows, public, strict=True)
    ]


def _live(reading: Reading, family: incomes.Family, as_of: dt.date) -> ExitAssessment:
    reading.log.saw_households([family.household_id])
    return ExitAssessment(
        assessment_id=None,
        as_of=as_of,
        causes_resolved=family.causes > 0 and family.open_causes == 0,
        causes=family.causes,
        open_causes=family.open_causes,
        policy_version=policy.in_force().version,
        assessed_by=None,
        assessed_at=None,
        **_tests(reading, family.tests(as_of)),
    )


HouseholdId = Annotated[strawberry.ID, strawberry.argument(description="Of which household.")]


@strawberry.type(description="What may be asked about ways out of hardship.")
class ExitQueries:
    """Ways out of hardship."""

    @guards.query(
        Permission.READ_CASES,
        "How a household's months stand to their lines on a day, reckoned now; null where there is no such household.",
    )
    async def exit_assessment(
        self,
        info: Info,
        household_id: HouseholdId,
        as_of: Annotated[
            dt.date | None, strawberry.argument(description="The day; today where nothing is said.")
        ] = None,
    ) -> ExitAssessment | None:
        """How a household stands."""
        key, asked = nodes.key_of(info, "Household", household_id), wanted(info)
        try:
            day = services.checked_day(as_of, days.today(info.context.now()))
        except NotDone as reason:
            raise BadInput(reason.zh, reason.en) from None
        async with info.context.reading() as reading:
            family = await incomes.family(reading.rows, key or 0, *conditions.span(day))
            if family is None:
                return None
            found = _live(reading, family, day)
            await grow(reading, [found], asked, asked.times)
        return found

    @guards.query(Permission.READ_CASES, "Assessments of a household that were kept, the latest first.", rows=KEPT)
    async def exit_assessments(
        self,
        info: Info,
        household_id: HouseholdId,
        first: Annotated[int, strawberry.argument(description="How many at most, up to 50.")] = KEPT,
    ) -> list[ExitAssessment] | None:
        """Assessments that were kept."""
        if not 0 <= first <= MOST:
            raise BadInput(f"条数须在 0 与 {MOST} 之间。", f"`first` is 0 to {MOST}.")
        key, asked = nodes.key_of(info, "Household", household_id), wanted(info)
        async with info.context.reading() as reading:
            found = _kept(reading, await loaders.assessments_of(reading, key or 0, first))
            await grow(reading, found, asked, asked.times)
        return found


@strawberry.type(description="What may be done to assess ways out of hardship.")
class ExitMutations:
    """Ways out of hardship are assessed."""

    @guards.mutation(Permission.KEEP_FILES, "Keeps the tests of a household's months as they stand. It moves nobody.")
    async def assess_exit(
        self, info: Info, input: Annotated[AssessExitInput, strawberry.argument(description="Which household.")]
    ) -> AssessExitPayload:
        """Keeps an assessment."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key = nodes.key_of(info, "Household", input.household_id)
            return await services.assess(connection, viewer, key, input.as_of, info.context.now())

        done = await carry_out(info, Permission.KEEP_FILES, input, act)
        found = None
        if done.subject is not None:
            asked = wanted(info).below("assessment")
            async with info.context.reading() as reading:
                rows = _kept(reading, await loaders.assessments_by_key(reading, [done.subject]))
                await grow(reading, rows, asked)
            found = next(iter(rows), None)
        return AssessExitPayload(assessment=found, **done.answered)
