"""Whether what is done falls on groups of households alike, with small cells withheld: the equity report (F-22)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated

import strawberry

from api.domain import divisions, equity
from api.domain.equity import EquityAlarm, EquityAttribute, EquityEvent
from api.domain.permissions import Permission
from api.loaders import equity as loaders
from api.schema import guards
from api.schema.context import Info
from api.schema.enumerations import Words, described
from api.schema.measures import InDivision, division_asked
from api.schema.scorecards import OfPeriod, period_asked
from api.schema.selection import wanted
from api.schema.sizes import about
from api.schema.values import Division, division_of

VALUES_OF_A_GROUP = 10

described(
    EquityAttribute,
    "By what households are told apart: what is known of the worker in whose name the file is, or of the household.",
    {
        "SEX": Words("性别", "Sex", "档案所属职工的性别。", "The worker's, as registered."),
        "AGE": Words(
            "年龄段", "Age band", "档案所属职工在期末当日的年龄段。", "The worker's on the period's last day."
        ),
        "MIGRANT": Words(
            "农民工", "Migrant worker", "是否按困难农民工建档。", "Whether the file is a migrant worker's."
        ),
        "DISABILITY": Words(
            "残疾",
            "Disability",
            "登记表所填残疾类别；未填者单列。",
            "As the national form tells; who told nothing is apart.",
        ),
        "COUNTY": Words("县（市、区）", "County", "家庭所在区划。", "The household's division."),
    },
)
described(
    EquityEvent,
    "What may come upon a household in a period.",
    {
        "LEAD_RAISED": Words(
            "提出疑点", "Lead raised", "期内提出疑点的户，占在档户。", "Households with a lead, of those on file."
        ),
        "LEAD_CONFIRMED": Words(
            "疑点属实",
            "Lead confirmed",
            "复核认定情况属实（申报有误、工作差错或骗取）的户，占已复核的户。",
            "Households of whom a lead proved right, whoever's error it was, of those with a conclusion.",
        ),
        "LEAD_REVERSED": Words(
            "认定改变",
            "Conclusion reversed",
            "原认定属实、期内改判的户，占曾认定属实的户。",
            "Households of whom a lead that had proved right was concluded otherwise, of those with such a lead.",
        ),
        "ENTITLEMENT_LEAD": Words(
            "应享未享",
            "Unmet entitlement",
            "期内提示应享未享的户，占在档户。",
            "Households that may go without aid due to them.",
        ),
        "GRANT_REFUSED": Words(
            "救助未获批准",
            "Aid refused",
            "期内有救助申请未获批准的户，占有决定的户。",
            "Households refused aid, of those with a decision.",
        ),
        "STOP_PROPOSED": Words(
            "拟停减追",
            "Stop proposed",
            "期内拟停发、减发或追回的户，占在档户。",
            "Households whose aid was proposed to be stopped, reduced or recovered, of those on file.",
        ),
        "OBJECTION_UPHELD": Words(
            "异议成立",
            "Objection upheld",
            "本户异议全部或部分成立的户，占异议已答复的户。",
            "Households proved right, of those answered.",
        ),
    },
)
described(
    EquityAlarm,
    "On which side of the rest a group stands too far; a question about how we work.",
    {
        "ABOVE": Words("偏高", "Above", "明显高于其余各组。", "Clearly above all others."),
        "BELOW": Words("偏低", "Below", "明显低于其余各组。", "Clearly below all others."),
    },
)


@strawberry.type(
    description="A group's part in something; what is about too few households is withheld, and others beside it."
)
class EquityGroup:
    """A group's part in something."""

    group: str = strawberry.field(
        description="MALE FEMALE · UNDER_35 FROM_35 FROM_50 FROM_60 · YES NO · a division's code; UNKNOWN for whom nothing is known."
    )
    name_zh: str = strawberry.field(description="Its name in Chinese.")
    name_en: str = strawberry.field(description="Its name in English.")
    could: int | None = strawberry.field(description="Households upon whom it could have come.")
    did: int | None = strawberry.field(description="Households upon whom it did.")
    rate: Decimal | None = strawberry.field(description="The second of the first, from 0 to 1; null for nobody.")
    ratio: Decimal | None = strawberry.field(
        description="The rate to that of all other groups; null where theirs is nil."
    )
    alarm: EquityAlarm | None = strawberry.field(
        description="Whether it stands too far from the rest; of what is withheld told only where any number would raise it."
    )
    withheld: bool = strawberry.field(description="Whether a figure above is not told, lest it tell of somebody.")


@strawberry.type(description="One thing that may come upon households, told by one attribute.")
class EquityTable:
    """One event told by one attribute."""

    attribute: EquityAttribute = strawberry.field(description="By what the groups are told apart.")
    event: EquityEvent = strawberry.field(description="What came upon them.")
    could: int = strawberry.field(description="Households of all groups upon whom it could have come.")
    did: int = strawberry.field(description="Households of all groups upon whom it did.")
    groups: list[EquityGroup] = strawberry.field(
        description="The groups; whoever nothing is known of is the last one.", metadata=about(5)
    )


@strawberry.type(description="Whether what is done in a division falls on groups of households alike.")
class EquityReport:
    """Whether what is done falls on groups alike."""

    division: Division = strawberry.field(description="Of which division.")
    first_day: dt.date = strawberry.field(description="The period's first day.")
    last_day: dt.date = strawberry.field(description="The period's last day.")
    households: int = strawberry.field(description="Households on file in the period.")
    ratio_high: Decimal = strawberry.field(description="Above which ratio a group raises an alarm.")
    ratio_low: Decimal = strawberry.field(description="Below which one.")
    least_households: int = strawberry.field(
        description="Of how many households at least it, and the rest, have to be."
    )
    tables: list[EquityTable] = strawberry.field(description="By attribute and event.", metadata=about(35))


def table_object(given: equity.EquityTable) -> EquityTable:
    """A table as it is shown."""
    return EquityTable(
        attribute=given.attribute,
        event=given.event,
        could=given.could,
        did=given.did,
        groups=[
            EquityGroup(
                group=each.group,
                name_zh=equity.group_name(each.group)[0],
                name_en=equity.group_name(each.group)[1],
                could=each.could,
                did=each.did,
                rate=each.rate,
                ratio=each.ratio,
                alarm=each.alarm,
                withheld=each.withheld,
            )
            for each in given.groups
        ],
    )


@strawberry.type(description="What may be asked about equity.")
class EquityQueries:
    """Equity."""

    @guards.query(
        Permission.READ_CASES,
        "Whether what is done falls on groups of households alike; cells of fewer than ten are withheld, and others beside them. "
        "Null for a division that the viewer does not answer for.",
    )
    async def equity_report(
        self,
        info: Info,
        division_code: InDivision = None,
        period: OfPeriod = None,
        attributes: Annotated[
            list[EquityAttribute] | None, strawberry.argument(description="By these; by all where nothing is said.")
        ] = None,
        events: Annotated[
            list[EquityEvent] | None, strawberry.argument(description="Only of these; of all where nothing is said.")
        ] = None,
    ) -> EquityReport | None:
        """The equity report."""
        code, days = division_asked(info, division_code), period_asked(info, period)
        asked = wanted(info)
        if not divisions.holds(info.context.viewer_who_may(None).division_code, code):
            return None
        which = set(EquityAttribute if attributes is None else attributes)
        async with info.context.reading() as reading:
            found = await loaders.report(reading, code, days, which, set(EquityEvent if events is None else events))
            groups = sum(len(each.groups) for each in found.tables)
            reading.budget.spend(asked.times * VALUES_OF_A_GROUP * (len(found.tables) + groups))
        return EquityReport(
            division=division_of(code),
            first_day=days.first,
            last_day=days.last,
            households=found.households,
            ratio_high=found.bounds.high,
            ratio_low=found.bounds.low,
            least_households=found.bounds.least,
            tables=[table_object(each) for each in found.tables],
        )
