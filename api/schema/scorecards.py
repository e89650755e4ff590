"""Scorecards: what the units that lead the policy's measures, or are responsible beside, came to in a period."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated

import strawberry

from api.domain import divisions, scorecards
from api.domain.errors import BadInput
from api.domain.permissions import Permission
from api.domain.responsibilities import MEASURES
from api.domain.scorecards import Period
from api.loaders import scorecards as loaders
from api.schema import guards
from api.schema.context import Info
from api.schema.measures import InDivision, Measure, MeasureRole, RoleHolder, day_asked, division_asked, role_holder
from api.schema.referrals import ReferralOutcome
from api.schema.scorecard_terms import NotKnown, ScoreFigure
from api.schema.selection import wanted
from api.schema.sizes import about
from api.schema.tasks import TaskKind
from api.schema.values import DateRange, Division, division_of
from api.schema.words import Outcome

MOST_DAYS = 3 * 366
VALUES_OF_A_UNIT = 60
"""How many values are told of a unit, all its fields together, as far as can be said before it is counted."""


@strawberry.type(description="For how many people of the latest scan a kind of data had an answer.")
class CoverageScore:
    """For how many people a kind of data had an answer."""

    division: Division = strawberry.field(
        description="Whose people were scanned: the division, or one that holds it."
    )
    scanned_as_of: dt.date = strawberry.field(description="The scan's day of reference.")
    people: int = strawberry.field(description="People scanned; everything else is a part of these.")
    answered: int = strawberry.field(description="Of whom there was an answer, be it that there is no record.")
    no_answer: int = strawberry.field(description="Asked about, without an answer that can be used.")
    not_authorised: int = strawberry.field(description="Not looked up for want of consent.")
    not_asked: int = strawberry.field(description="Not asked about.")
    share: Decimal | None = strawberry.field(description="Answered of people, from 0 to 1.")


@strawberry.type(description="A kind of data that a unit answers for: what came last, and what scans made of it.")
class DataScore:
    """A kind of data that a unit answers for."""

    source: str = strawberry.field(description="The kind of department data, as in `departments`.")
    title_zh: str = strawberry.field(description="Its name in Chinese.")
    title_en: str = strawberry.field(description="Its name in English.")
    received_on: dt.date | None = strawberry.field(description="When the latest batch came.")
    as_of: dt.date | None = strawberry.field(description="The day on which it was cut.")
    age_days: int | None = strawberry.field(description="How many days before the period's last day it was cut.")
    complete: bool | None = strawberry.field(description="Whether it is a full extract.")
    rows_read: int | None = strawberry.field(description="Its rows in the latest scan.")
    rows_set_aside: int | None = strawberry.field(description="Of these, which could not be read.")
    coverage: CoverageScore | None = strawberry.field(description="Of how many people it told something.")


@strawberry.type(description="How many referrals ended in one way.")
class ReferralOutcomeCount:
    """How many referrals ended in one way."""

    outcome: ReferralOutcome = strawberry.field(description="What came of them.")
    referrals: int = strawberry.field(description="How many.")


@strawberry.type(description="Households sent to a unit in the period, and where that stood on its last day.")
class ReferralScore:
    """Households sent to a unit in the period."""

    sent: int = strawberry.field(description="Sent in the period: always the sum of the two that follow.")
    waiting: int = strawberry.field(description="Not closed by the period's last day.")
    closed: int = strawberry.field(description="Closed by then.")
    overdue: int = strawberry.field(description="Of those that waited, whose day was over.")
    by_outcome: list[ReferralOutcomeCount] = strawberry.field(
        description="Those closed, by outcome.", metadata=about(3)
    )
    median_days: Decimal | None = strawberry.field(description="How many days those closed took: the median.")


@strawberry.type(
    description="What verifications asked of a unit in the period about people, and what of it was answered by its last day."
)
class RequestScore:
    """What verifications asked of a unit."""

    source: str | None = strawberry.field(description="Of which kind of data; null for all kinds together.")
    asked: int = strawberry.field(description="Asked in the period, one a person and kind of data.")
    answered: int = strawberry.field(
        description="Answered by its last day, by the unit, or by a feed or list that it sent meanwhile."
    )
    in_time: int = strawberry.field(description="Of these, by the day on which it was due.")
    late: int = strawberry.field(description="Due by then, and answered later or not at all.")
    share: Decimal | None = strawberry.field(
        description="In time, of those in time and late, from 0 to 1; what is not due yet is in neither."
    )


@strawberry.type(
    description="Rows of a unit's batches that could not be read and went back to it, as they stood on the period's last day."
)
class DoubtfulRowScore:
    """Rows that went back to a unit."""

    waiting: int = strawberry.field(description="Waiting to be mended or confirmed.")
    overdue: int = strawberry.field(description="Of these, whose day was over.")


@strawberry.type(description="Tasks of a kind in the division, which are the unions'.")
class TaskScore:
    """Tasks of a kind."""

    kind: TaskKind = strawberry.field(description="What had to be done.")
    waiting: int = strawberry.field(description="Waiting on the period's last day.")
    overdue: int = strawberry.field(description="Of these, whose day was over.")
    done: int = strawberry.field(description="Done in the period.")


@strawberry.type(description="How many leads people concluded in one way.")
class LeadOutcomeCount:
    """How many leads people concluded in one way."""

    outcome: Outcome = strawberry.field(description="What they concluded.")
    leads: int = strawberry.field(description="How many.")


@strawberry.type(
    description="Leads of the period whose rules read a unit's data; one lead may rest on the data of several."
)
class LeadScore:
    """Leads of the period whose rules read a unit's data."""

    raised: int = strawberry.field(description="Raised in the period.")
    reviewed: int = strawberry.field(description="Of these, reviewed by its last day.")
    by_outcome: list[LeadOutcomeCount] = strawberry.field(
        description="Those reviewed, by what people concluded.", metadata=about(4)
    )


@strawberry.type(description="A figure of a unit that is not told, and why.")
class UnknownFigure:
    """A figure that is not told."""

    figure: ScoreFigure = strawberry.field(description="Which.")
    reason: NotKnown = strawberry.field(description="Why not.")
    source: str | None = strawberry.field(description="Of which kind of data; null where it is of none.")


@strawberry.type(
    description="What a unit came to in the period: its own figures, in whichever measure it has a part."
)
class UnitScore:
    """What a unit came to in the period."""

    role: MeasureRole = strawberry.field(description="Its role in the measure.")
    leads_measure: bool = strawberry.field(description="Whether it leads the measure, or is responsible beside.")
    organisation: RoleHolder | None = strawberry.field(
        description="Who held the role on the period's last day; null for nobody."
    )
    data: list[DataScore] = strawberry.field(description="The kinds of data it answers for.", metadata=about(3))
    referrals: ReferralScore | None = strawberry.field(
        description="What was sent to it; null where nobody holds the role."
    )
    requests: list[RequestScore] | None = strawberry.field(
        description="What verifications asked of it: all together, then by kind of data; null where nobody holds the role.",
        metadata=about(4),
    )
    doubtful_rows: DoubtfulRowScore | None = strawberry.field(
        description="Rows of its batches that went back to it; null where nobody holds the role, or they are not kept any more."
    )
    tasks: list[TaskScore] | None = strawberry.field(
        description="Tasks and visits in the division; of the unions alone.", metadata=about(6)
    )
    leads: LeadScore | None = strawberry.field(description="Leads that rest on its data; the unions are told of all.")
    unknown: list[UnknownFigure] = strawberry.field(
        description="What is not known, and why: each null above stands here.", metadata=about(4)
    )


@strawberry.type(description="One of the policy's measures, with what its units came to.")
class MeasureScorecard:
    """One of the policy's measures."""

    measure: Measure = strawberry.field(description="Which; its words are among `enumerations`.")
    number: int = strawberry.field(description="Its place in the policy, from 1.")
    units: list[UnitScore] = strawberry.field(description="Its units, those that lead it first.", metadata=about(6))


@strawberry.type(description="The scorecards of a division and a period.")
class Scorecards:
    """The scorecards of a division and a period."""

    division: Division = strawberry.field(description="Of which division.")
    first_day: dt.date = strawberry.field(description="The period's first day.")
    last_day: dt.date = strawberry.field(
        description="The period's last day, on which all stands that is not counted in it."
    )
    measures: list[MeasureScorecard] = strawberry.field(
        description="The policy's measures, in its order.", metadata=about(len(MEASURES))
    )


def period_asked(info: Info, given: DateRange | None) -> Period:
    """Which days are asked about: to today where nothing is said, from the first of that year. Raises BadInput."""
    last = day_asked(info, given.to if given else None)
    first = (given.from_ if given else None) or last.replace(month=1, day=1)
    if not first <= last or (last - first).days > MOST_DAYS:
        raise BadInput("起止日期有误：最长三年。", "The period ends before it begins, or is longer than three years.")
    return Period(first, last)


def scorecard_object(number: int, given: scorecards.Scorecard) -> MeasureScorecard:
    """A scorecard as it is shown."""
    return MeasureScorecard(measure=given.measure, number=number, units=[_unit(each) for each in given.units])


def _unit(given: scorecards.UnitScore) -> UnitScore:
    holder = given.holder
    return UnitScore(
        role=given.role,
        leads_measure=given.leads_it,
        organisation=None if holder is None else role_holder(holder),
        data=[_data(each) for each in given.delivered],
        referrals=None if given.referred is None else _referrals(given.referred),
        requests=None if given.requested is None else [_requested(each) for each in given.requested],
        doubtful_rows=None
        if given.doubted is None
        else DoubtfulRowScore(waiting=given.doubted.waiting, overdue=given.doubted.overdue),
        tasks=None
        if given.tasks is None
        else [
            TaskScore(kind=TaskKind(each.kind), waiting=each.waiting, overdue=each.overdue, done=each.done)
            for each in given.tasks
        ],
        leads=None if given.leads is None else _leads(given.leads),
        unknown=[UnknownFigure(figure=each.figure, reason=each.reason, source=each.source) for each in given.unknown],
    )


def _data(given: scorecards.Delivered) -> DataScore:
    covered = given.coverage
    return DataScore(
        source=given.source,
        title_zh=given.title_zh,
        title_en=given.title_en,
        received_on=given.received_on,
        as_of=given.as_of,
        age_days=given.age_days,
        complete=given.complete,
        rows_read=given.rows_read,
        rows_set_aside=given.rows_set_aside,
        coverage=None
        if covered is None
        else CoverageScore(
            division=division_of(covered.division_code),
            scanned_as_of=covered.scanned_as_of,
            people=covered.people,
            answered=covered.answered,
            no_answer=covered.no_answer,
            not_authorised=covered.not_authorised,
            not_asked=covered.not_asked,
            share=covered.share,
        ),
    )


def _referrals(given: scorecards.Referred) -> ReferralScore:
    by_outcome: Mapping[str, int] = given.by_outcome
    return ReferralScore(
        sent=given.sent,
        waiting=given.waiting,
        closed=given.closed,
        overdue=given.overdue,
        by_outcome=[
            ReferralOutcomeCount(outcome=ReferralOutcome(outcome), referrals=number)
            for outcome, number in by_outcome.items()
        ],
        median_days=given.median_days,
    )


def _requested(given: scorecards.Requested) -> RequestScore:
    return RequestScore(
        source=given.source,
        asked=given.asked,
        answered=given.answered,
        in_time=given.in_time,
        late=given.late,
        share=given.share,
    )


def _leads(given: scorecards.Leads) -> LeadScore:
    return LeadScore(
        raised=given.raised,
        reviewed=given.reviewed,
        by_outcome=[
            LeadOutcomeCount(outcome=Outcome(outcome), leads=number) for outcome, number in given.by_outcome.items()
        ],
    )


OfPeriod = Annotated[
    DateRange | None,
    strawberry.argument(
        description="Of which days, three years at most; this year's up to today where nothing is said."
    ),
]


@strawberry.type(description="What may be asked about what units came to.")
class ScorecardQueries:
    """Scorecards."""

    @guards.query(
        Permission.READ_CASES,
        "What the units came to that lead the policy's measures or are responsible beside; figures that nobody can know are "
        "null, with the reason. Null for a division that the viewer does not answer for.",
    )
    async def scorecards(
        self, info: Info, division_code: InDivision = None, period: OfPeriod = None
    ) -> Scorecards | None:
        """Scorecards of a division and a period."""
        code, days = division_asked(info, division_code), period_asked(info, period)
        asked = wanted(info)
        if not divisions.holds(info.context.viewer_who_may(None).division_code, code):
            return None
        async with info.context.reading() as reading:
            found = await loaders.of_division(reading, code, days)
            reading.budget.spend(asked.times * VALUES_OF_A_UNIT * sum(len(each.units) for each in found))
        return Scorecards(
            division=division_of(code),
            first_day=days.first,
            last_day=days.last,
            measures=[scorecard_object(number, each) for number, each in enumerate(found, start=1)],
        )
