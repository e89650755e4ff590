"""Households that are looked at blind, and what it tells of the leads that rules miss (F-19)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain import blind, divisions
from api.domain.blind import BlindVerdict
from api.domain.permissions import Permission, Viewer
from api.domain.progress import quarter
from api.loaders import blind as loaders
from api.loaders.conditions import Condition
from api.loaders.pages import Window
from api.loaders.reading import Reading, Rows
from api.schema import guards, nodes
from api.schema.connections import ORDER, After, Before, Connection, First, Last, connection, order_of
from api.schema.context import Info
from api.schema.enumerations import Words, described
from api.schema.filters import AND, NOT, OR, in_division, joined, of_households, one_of, whether
from api.schema.households import ITS_HOUSEHOLD, NOT_LOADED, Household
from api.schema.measures import InDivision, OnDay, day_asked, division_asked
from api.schema.nodes import Kind, kind
from api.schema.results import MutationInput, Payload, carry_out
from api.schema.selection import Wanted, wanted
from api.schema.tree import branch
from api.schema.values import Division, Node, division_of
from api.schema.words import Direction
from api.services import blind as services

described(
    BlindVerdict,
    "What somebody finds who looks at a household without knowing whether there is a lead.",
    {
        "NO_ISSUE": Words("无问题", "No issue", "未发现问题。", "Nothing is amiss."),
        "ISSUE_FOUND": Words("有问题", "Issue found", "有应当核实的情况。", "There is something to be asked about."),
        "UNMET_ENTITLEMENT": Words(
            "应享未享", "Unmet entitlement", "有应享未享的帮扶。", "Aid is due and not received."
        ),
        "CANNOT_TELL": Words("无法判断", "Cannot tell", "依现有材料无法判断。", "What is on file does not tell."),
    },
)


@strawberry.type(
    description="A household to be looked at for itself. Some were drawn of those without a lead, some of those with one; which it "
    "is, is not told."
)
class BlindCase(Node):
    """A household to be looked at for itself."""

    key: strawberry.Private[int]
    household_key: strawberry.Private[int]
    quarter: dt.date = strawberry.field(description="The first day of the quarter for which it was drawn.")
    division: Division = strawberry.field(description="The household's division.")
    verdict: BlindVerdict | None = strawberry.field(description="What was found; null until somebody looked.")
    note: str | None = strawberry.field(description="Upon what; null for viewers who see masks.")
    reviewed_by: str | None = strawberry.field(description="Who looked, where this viewer is told.")
    reviewed_at: dt.datetime | None = strawberry.field(description="When.")
    version: int = strawberry.field(description="Counts changes; to be given back by `recordBlindReview`.")
    household: Household = strawberry.field(default=NOT_LOADED, description="The household.")


@strawberry.type(
    description="What was found in households that were drawn by chance, and what that says of all like them."
)
class BlindEstimate:
    """What was found in households that were drawn by chance."""

    drawn: int = strawberry.field(description="How many were drawn.")
    reviewed: int = strawberry.field(description="Of these, looked at with a verdict that tells.")
    found: int = strawberry.field(description="Of these, in which there was something.")
    share: Decimal | None = strawberry.field(description="Their share; null where nobody looked.")
    share_at_least: Decimal | None = strawberry.field(description="From where it lies, with 95 % certainty (Wilson).")
    share_at_most: Decimal | None = strawberry.field(description="Up to where.")


@strawberry.type(
    description="What the rules miss in a division, as households tell that were looked at blind in a quarter."
)
class BlindReport:
    """What the rules miss."""

    division: Division = strawberry.field(description="Of which division.")
    quarter: dt.date = strawberry.field(description="The quarter's first day.")
    without_lead: BlindEstimate = strawberry.field(
        description="Households without a lead: what is found there was missed."
    )
    with_lead: BlindEstimate = strawberry.field(description="Households with one, looked at likewise.")


@strawberry.input(description="Which cases; all that is given must hold.")
class BlindCaseFilter:
    """Which cases."""

    division_code: str | None = strawberry.field(
        default=None, description="Of households of this division or one below it."
    )
    household_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="Of these households.")
    verdicts: list[BlindVerdict] | None = strawberry.field(default=None, description="With one of these verdicts.")
    made: bool | None = strawberry.field(default=None, description="Whether somebody looked.")
    and_: list[BlindCaseFilter] | None = strawberry.field(name="and", default=None, description=AND)
    or_: list[BlindCaseFilter] | None = strawberry.field(name="or", default=None, description=OR)
    not_: BlindCaseFilter | None = strawberry.field(name="not", default=None, description=NOT)


class BlindCaseOrderField(StrEnum):
    """What cases may be ordered by."""

    DRAWN = "DRAWN"


described(
    BlindCaseOrderField,
    "What cases may be ordered by.",
    {"DRAWN": Words("抽取先后", "Drawn", "抽取的先后。", "When it was drawn.")},
)


@strawberry.input(description="An order of cases.")
class BlindCaseOrder:
    """An order of cases."""

    field: BlindCaseOrderField = strawberry.field(description="What to order by.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which way.")


def _conditions(info: Info, given: BlindCaseFilter) -> Iterator[Condition]:
    yield from in_division(given.division_code)
    yield from of_households(info, given.household_ids)
    yield from one_of("verdicts", given.verdicts)
    yield from whether("made", given.made)


def case_objects(reading: Reading, rows: Rows, asked: Wanted) -> list[BlindCase]:
    """Rows as cases."""
    note = reading.shown("blind_cases.note", asked.has("note") and reading.sees_identity, lambda _: None)
    return [
        BlindCase(
            id=strawberry.ID(public_id),
            key=row.id,
            household_key=row.household_id,
            quarter=row.quarter,
            division=division_of(row.division_code),
            verdict=BlindVerdict(row.verdict) if row.verdict else None,
            note=note(reading.whereabouts(row, row.note)),
            reviewed_by=reading.whereabouts(row, row.display_name),
            reviewed_at=row.reviewed_at,
            version=row.version,
        )
        for row, public_id in zip(rows, reading.ids("BlindCase", rows), strict=True)
    ]


def _estimate(given: blind.Estimate) -> BlindEstimate:
    return BlindEstimate(
        drawn=given.drawn,
        reviewed=given.reviewed,
        found=given.found,
        share=given.share,
        share_at_least=given.low,
        share_at_most=given.high,
    )


@strawberry.input(description="What somebody found who looked at a household blind.")
class RecordBlindReviewInput(MutationInput):
    """What somebody found."""

    case_id: strawberry.ID = strawberry.field(description="The case.")
    expected_version: int = strawberry.field(description="The case's `version` as it was read.")
    verdict: BlindVerdict = strawberry.field(description="What was found.")
    note: str = strawberry.field(description="Upon what, up to 2,000 characters; kept sealed.")


@strawberry.type(description="What `recordBlindReview` answers.")
class RecordBlindReviewPayload(Payload):
    """What `recordBlindReview` answers."""

    blind_case: BlindCase | None = strawberry.field(description="The case as it stands now.")


@strawberry.type(description="What may be asked about households that are looked at blind.")
class BlindQueries:
    """Households that are looked at blind."""

    @guards.query(
        Permission.REVIEW_FINDING, "Households that were drawn to be looked at blind, those drawn last first."
    )
    async def blind_cases(
        self,
        info: Info,
        filter: Annotated[BlindCaseFilter | None, strawberry.argument(description="Which.")] = None,
        order_by: Annotated[
            list[BlindCaseOrder] | None, strawberry.argument(description=ORDER + " those drawn last.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[BlindCase] | None:
        """A page of cases."""
        where = joined(filter, lambda given, _: _conditions(info, given))
        order, window = order_of(order_by, "DRAWN"), Window(first, after, last, before)
        return await connection(info, loaders.LISTING, case_objects, where, order, window)

    @guards.query(
        Permission.START_SCAN,
        "What the rules miss in a division, as households tell that were looked at blind in the quarter of a day. Null for a "
        "division that the viewer does not answer for.",
    )
    async def blind_report(
        self, info: Info, division_code: InDivision = None, on: OnDay = None
    ) -> BlindReport | None:
        """What the rules miss."""
        code, day, asked = division_asked(info, division_code), day_asked(info, on), wanted(info)
        if not divisions.holds(info.context.viewer_who_may(None).division_code, code):
            return None
        async with info.context.reading() as reading:
            without, having = await loaders.estimates(reading, code, quarter(day))
            reading.budget.spend(asked.times * 14)
        return BlindReport(
            division=division_of(code),
            quarter=quarter(day),
            without_lead=_estimate(without),
            with_lead=_estimate(having),
        )


@strawberry.type(description="What may be done with households that are looked at blind.")
class BlindMutations:
    """Households are looked at blind."""

    @guards.mutation(
        Permission.REVIEW_FINDING,
        "Records what somebody found who looked at a household blind; it changes nothing else.",
    )
    async def record_blind_review(
        self, info: Info, input: Annotated[RecordBlindReviewInput, strawberry.argument(description="What.")]
    ) -> RecordBlindReviewPayload:
        """Records what somebody found."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key, vault = nodes.key_of(info, "BlindCase", input.case_id), info.context.vault
            told = (input.expected_version, input.verdict, input.note)
            return await services.record(connection, vault, viewer, key, *told, info.context.now())

        done = await carry_out(info, Permission.REVIEW_FINDING, input, act)
        case = await nodes.below_payload(info, "BlindCase", "blindCase", done.subject)
        return RecordBlindReviewPayload(blind_case=case, **done.answered)


branch(BlindCase, "household", ITS_HOUSEHOLD)
kind("BlindCase", Kind(loaders.by_key, case_objects, Permission.REVIEW_FINDING))
