"""The assistance plan of a household (一户一策): its versions, their measures, and how far each is."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.casework import MeasureState
from api.domain.measures import Measure
from api.domain.permissions import Permission, Viewer
from api.loaders import plans as loaders
from api.loaders.reading import Reading, Rows
from api.schema import guards, nodes
from api.schema.changes import named
from api.schema.context import Info
from api.schema.enumerations import Words, described
from api.schema.households import ITS_HOUSEHOLD, NOT_LOADED, Household
from api.schema.nodes import Kind, kind
from api.schema.officers import Officer, ResponsibleOrganisation, handler, organisation_of
from api.schema.results import MutationInput, Payload, carry_out
from api.schema.selection import Wanted
from api.schema.sizes import about
from api.schema.tree import Branch, branch
from api.schema.values import Node
from api.services import plans
from api.services.plans import Planned

described(
    MeasureState,
    "How far a planned measure is.",
    {
        "PLANNED": Words("未开始", "Planned", "尚未开始。", "Nothing was done yet."),
        "UNDER_WAY": Words("进行中", "Under way", "正在落实。", "It goes on."),
        "DONE": Words("已落实", "Done", "已经落实。", "It is done."),
        "DROPPED": Words("不再实施", "Dropped", "不再实施。", "It will not be done."),
    },
)


@strawberry.type(description="How far a planned measure was at a time.")
class Progress:
    """How far a planned measure was."""

    state: MeasureState = strawberry.field(description="How far.")
    note: str | None = strawberry.field(description="What was done; null for viewers who see masks.")
    noted_by: Officer | None = strawberry.field(description="Who said so, where this viewer is told.")
    noted_at: dt.datetime = strawberry.field(description="When.")


@strawberry.type(description="One measure of a plan: what is done, by which organisation, by when.")
class PlannedMeasure(Node):
    """One measure of a plan."""

    key: strawberry.Private[int]
    household_key: strawberry.Private[int]
    measure: Measure = strawberry.field(description="Which of the policy's seven measures.")
    what: str | None = strawberry.field(description="What is done; null for viewers who see masks.")
    organisation: ResponsibleOrganisation = strawberry.field(description="By whom.")
    due_on: dt.date = strawberry.field(description="By when.")
    state: MeasureState = strawberry.field(description="How far it is.")
    overdue: bool = strawberry.field(description="Whether that day has passed, and it is neither done nor dropped.")
    continues_id: strawberry.ID | None = strawberry.field(description="The same measure in the version before.")
    version: int = strawberry.field(description="Counts changes; to be given back by `reportProgress`.")
    household: Household = strawberry.field(default=NOT_LOADED, description="The household.")
    progress: list[Progress] = strawberry.field(
        default=NOT_LOADED, description="How far it was, the latest first.", metadata=about(3)
    )


@strawberry.type(description="What is to be done for a household: one version of its plan.")
class AssistancePlan(Node):
    """One version of a plan."""

    key: strawberry.Private[int]
    household_key: strawberry.Private[int]
    number: int = strawberry.field(description="Which version, from 1; to be given back by `makePlan`.")
    goal: str | None = strawberry.field(description="What it is to come to; null for viewers who see masks.")
    since: dt.date = strawberry.field(description="In force from this day on.")
    until: dt.date | None = strawberry.field(description="To before this day; null while it is in force.")
    made_by: Officer | None = strawberry.field(description="Who made it, where this viewer is told.")
    made_at: dt.datetime = strawberry.field(description="When.")
    household: Household = strawberry.field(default=NOT_LOADED, description="The household.")
    measures: list[PlannedMeasure] = strawberry.field(
        default=NOT_LOADED, description="Its measures, in their order.", metadata=about(4)
    )


def plan_objects(reading: Reading, rows: Rows, wanted: Wanted) -> list[AssistancePlan]:
    """Rows as plans."""
    goal = reading.shown("plans.goal", wanted.has("goal") and reading.sees_identity, lambda _: None)
    return [
        AssistancePlan(
            id=strawberry.ID(public_id),
            key=row.id,
            household_key=row.household_id,
            number=row.number,
            goal=goal(row.goal),
            since=row.since,
            until=row.until,
            made_by=handler(reading, row, row.login, row.display_name),
            made_at=row.made_at,
        )
        for row, public_id in zip(rows, reading.ids("AssistancePlan", rows), strict=True)
    ]


def measure_objects(reading: Reading, rows: Rows, wanted: Wanted) -> list[PlannedMeasure]:
    """Rows as planned measures."""
    what = reading.shown("planned_measures.what", wanted.has("what") and reading.sees_identity, lambda _: None)
    today, unfinished = reading.today, {MeasureState.PLANNED, MeasureState.UNDER_WAY}
    return [
        PlannedMeasure(
            id=strawberry.ID(public_id),
            key=row.id,
            household_key=row.household_id,
            measure=Measure(row.measure),
            what=what(row.what),
            organisation=organisation_of(row),
            due_on=row.due_on,
            state=MeasureState(row.state),
            overdue=row.due_on < today and row.state in unfinished,
            continues_id=row.continues_id
            and strawberry.ID(reading.vault.ids("PlannedMeasure", [row.continues_id])[0]),
            version=row.version,
        )
        for row, public_id in zip(rows, reading.ids("PlannedMeasure", rows), strict=True)
    ]


def _progress_objects(reading: Reading, rows: Rows, wanted: Wanted) -> list[Progress]:
    note = reading.shown("progress.note", wanted.has("note") and reading.sees_identity, lambda _: None)
    return [
        Progress(
            state=MeasureState(row.state),
            note=note(row.note),
            noted_by=handler(reading, row, row.login, row.display_name),
            noted_at=row.noted_at,
        )
        for row in rows
    ]


@strawberry.input(description="A measure that a plan is to have.")
class PlannedMeasureInput:
    """A measure that a plan is to have."""

    measure: Measure = strawberry.field(description="Which of the policy's seven measures.")
    what: str = strawberry.field(description="What is done, up to 2,000 characters; kept sealed.")
    organisation: str = strawberry.field(description="By whom: the organisation's code.")
    due_on: dt.date = strawberry.field(description="By when.")
    continues_id: strawberry.ID | None = strawberry.field(
        default=None, description="The same measure in the version before: how far it is goes on from there."
    )


@strawberry.input(description="What is to be done for a household, all of it; the version before stays readable.")
class MakePlanInput(MutationInput):
    """A plan."""

    household_id: strawberry.ID = strawberry.field(description="The household.")
    expected_number: int | None = strawberry.field(
        default=None, description="The `number` of the version that it follows; null where there is none."
    )
    goal: str = strawberry.field(description="What it is to come to, up to 2,000 characters; kept sealed.")
    measures: list[PlannedMeasureInput] = strawberry.field(description="Its measures in their order, 1 to 20.")


@strawberry.input(description="How far a planned measure is.")
class ReportProgressInput(MutationInput):
    """How far a measure is."""

    measure_id: strawberry.ID = strawberry.field(description="The measure, of the plan in force.")
    expected_version: int = strawberry.field(description="The measure's `version` as it was read.")
    state: MeasureState = strawberry.field(description="How far it is.")
    note: str = strawberry.field(description="What was done, up to 2,000 characters; kept sealed.")


@strawberry.type(description="What `makePlan` answers.")
class MakePlanPayload(Payload):
    """What `makePlan` answers."""

    plan: AssistancePlan | None = strawberry.field(description="The plan in force now.")


@strawberry.type(description="What `reportProgress` answers.")
class ReportProgressPayload(Payload):
    """What `reportProgress` answers."""

    measure: PlannedMeasure | None = strawberry.field(description="The measure as it stands now.")


@strawberry.type(description="What may be done with plans.")
class PlanMutations:
    """Plans are made, and how far they are is told."""

    @guards.mutation(Permission.KEEP_FILES, "Makes a plan for a household, in the place of the one before.")
    async def make_plan(
        self, info: Info, input: Annotated[MakePlanInput, strawberry.argument(description="The plan.")]
    ) -> MakePlanPayload:
        """Makes a plan."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key, vault = nodes.key_of(info, "Household", input.household_id), info.context.vault
            told = (input.expected_number, input.goal, [_planned(info, each) for each in input.measures])
            return await plans.make(connection, vault, viewer, key, *told, info.context.now())

        done = await carry_out(info, Permission.KEEP_FILES, input, act)
        plan = await nodes.below_payload(info, "AssistancePlan", "plan", done.subject)
        return MakePlanPayload(plan=plan, **done.answered)

    @guards.mutation(Permission.KEEP_FILES, "Tells how far a measure of the plan in force is.")
    async def report_progress(
        self, info: Info, input: Annotated[ReportProgressInput, strawberry.argument(description="How far.")]
    ) -> ReportProgressPayload:
        """Tells how far a measure is."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key, vault = nodes.key_of(info, "PlannedMeasure", input.measure_id), info.context.vault
            told = (input.expected_version, input.state, input.note)
            return await plans.report(connection, vault, viewer, key, *told, info.context.now())

        done = await carry_out(info, Permission.KEEP_FILES, input, act)
        measure = await nodes.below_payload(info, "PlannedMeasure", "measure", done.subject)
        return ReportProgressPayload(measure=measure, **done.answered)


def _planned(info: Info, given: PlannedMeasureInput) -> Planned:
    continues = named(info, "PlannedMeasure", given.continues_id)
    return Planned(given.measure, given.what, given.organisation, given.due_on, continues)


branch(
    Household,
    "plan",
    Branch("key", lambda reading, keys, _: loaders.plan_of(reading, keys), plan_objects, "plan", False),
)
branch(
    Household,
    "plans",
    Branch("key", lambda reading, keys, _: loaders.plans_of(reading, keys), plan_objects, "plans"),
)
branch(
    AssistancePlan,
    "measures",
    Branch("key", lambda reading, keys, _: loaders.measures_of(reading, keys), measure_objects, "measures"),
)
branch(
    PlannedMeasure,
    "progress",
    Branch("key", lambda reading, keys, _: loaders.progress_of(reading, keys), _progress_objects, "progress"),
)
branch(AssistancePlan, "household", ITS_HOUSEHOLD)
branch(PlannedMeasure, "household", ITS_HOUSEHOLD)
kind("AssistancePlan", Kind(loaders.by_key, plan_objects, Permission.READ_CASES))
kind("PlannedMeasure", Kind(loaders.measures_by_key, measure_objects, Permission.READ_CASES))
