"""The household's life as a table, for front ends to draw from; its moves; and what may be done next with one household."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Annotated

import strawberry

from api.domain import days
from api.domain.lifecycle import MOVES, NOTHING, moves_from
from api.domain.permissions import Permission, Viewer
from api.loaders.reading import Reading, Rows
from api.schema import evidence, guards, nodes
from api.schema.context import Info
from api.schema.selection import Wanted
from api.schema.sizes import about
from api.schema.terms import Action, Clock, Guard
from api.schema.values import division_code_of
from api.schema.words import Stage, UserErrorCode
from api.services import clocks, next_steps


@strawberry.type(description="A row of the table: from one stage, by an action, to the next.")
class LifecycleMove:
    """A row of the table."""

    from_stage: Stage | None = strawberry.field(description="Where it begins; null for what was not known before.")
    action: Action = strawberry.field(description="What is done.")
    to_stage: Stage = strawberry.field(description="Where it leads.")
    permission: Permission = strawberry.field(description="What it takes to do it.")
    adverse: bool = strawberry.field(description="Whether it is for the worse, so that an officer has to decide it.")
    guards: list[Guard] = strawberry.field(description="What must hold first.")


@strawberry.type(description="How long a stage may take.")
class StageTerm:
    """How long a stage may take."""

    stage: Stage = strawberry.field(description="The stage.")
    clock: Clock = strawberry.field(description="What has to be done in it.")
    working_days: int | None = strawberry.field(
        description="So many working days; null where it is counted in months."
    )
    months: int | None = strawberry.field(description="So many months; null where it is counted in working days.")
    basis: str = strawberry.field(description="The legal basis of the time, in Chinese.")


@strawberry.type(description="The household's life as a table; the words of its values are in `enumerations`.")
class Lifecycle:
    """The household's life as a table."""

    moves: list[LifecycleMove] = strawberry.field(description="Every move that people can make.", metadata=about(30))
    terms: list[StageTerm] = strawberry.field(
        description="How long stages may take, in this division on this day.", metadata=about(5)
    )


@strawberry.type(description="A move of a household's life, as it was made; never changed.")
class Transition:
    """A move of a household's life."""

    number: int = strawberry.field(description="Counts the household's moves, from 1 on, without a gap.")
    from_stage: Stage | None = strawberry.field(description="Where it stood; null where it was not known before.")
    action: Action = strawberry.field(description="What was done.")
    to_stage: Stage = strawberry.field(description="Where it stood then.")
    adverse: bool = strawberry.field(description="Whether it was for the worse.")
    by: str | None = strawberry.field(description="Who did it; null where it was taken over, or is not to be told.")
    reason: str | None = strawberry.field(description="Why; null for viewers who see masks.")
    document_no: str | None = strawberry.field(description="The document of the decision behind it, if it has one.")
    evidence_ids: list[strawberry.ID] = strawberry.field(description="On which of the household's records it rests.")
    effective_on: dt.date = strawberry.field(description="From which day on it holds.")
    happened_at: dt.datetime = strawberry.field(description="When it was done.")


@strawberry.type(description="Something that must hold before a move and does not.")
class Obstacle:
    """Something that must hold before a move and does not."""

    guard: Guard = strawberry.field(description="What must hold.")
    code: UserErrorCode = strawberry.field(description="How the mutation would be refused.")
    message: str = strawberry.field(description="For people, in Chinese or English as Accept-Language says.")


@strawberry.type(description="A move that the viewer may make with a household, and what stands in its way.")
class NextStep:
    """A move that the viewer may make with a household."""

    action: Action = strawberry.field(description="What can be done.")
    to_stage: Stage = strawberry.field(description="Where it leads.")
    adverse: bool = strawberry.field(description="Whether it is for the worse, so that an officer has to decide it.")
    obstacles: list[Obstacle] = strawberry.field(
        description="What does not hold yet; empty where it can be done now.", metadata=about(2)
    )


def actions_open_to(viewer: Viewer, stage: Stage) -> list[Action]:
    """What the table lets this viewer do with a household that stands there."""
    return [move.action for move in moves_from(stage) if viewer.may(move.permission)]


def transition_objects(reading: Reading, rows: Rows, wanted: Wanted) -> list[Transition]:
    """Rows as moves."""
    reason = reading.shown("transitions.reason", wanted.has("reason") and reading.sees_identity, lambda _: None)
    reading.log.saw_households([row.household_id for row in rows])
    return [
        Transition(
            number=row.number,
            from_stage=None if row.from_stage == NOTHING else Stage(row.from_stage),
            action=Action(row.action),
            to_stage=Stage(row.to_stage),
            adverse=row.adverse,
            by=reading.whereabouts(row, row.display_name),
            reason=reason(reading.whereabouts(row, row.reason)),
            document_no=row.document_no,
            evidence_ids=evidence.ids(reading, row.evidence),
            effective_on=row.effective_on,
            happened_at=row.happened_at,
        )
        for row in rows
    ]


@cache
def _moves() -> list[LifecycleMove]:
    return [
        LifecycleMove(
            from_stage=move.stage,
            action=move.action,
            to_stage=move.next,
            permission=move.permission,
            adverse=move.adverse,
            guards=list(move.guards),
        )
        for move in MOVES
    ]


def _terms(division_code: str | None, on: dt.date) -> list[StageTerm]:
    told = ((stage, clocks.term(stage, division_code, on)) for stage in Stage)
    return [
        StageTerm(
            stage=stage,
            clock=term.clock,
            working_days=None if term.in_months else term.length,
            months=term.length if term.in_months else None,
            basis=term.basis,
        )
        for stage, term in told
        if term is not None
    ]


@strawberry.type(description="What may be asked about the household's life as such.")
class LifecycleQueries:
    """The table, and what may be done next."""

    @guards.query(
        guards.SIGNED_IN,
        "The household's life as a table: who may do what where, what must hold first, how long it may take. Costs no statement.",
    )
    async def lifecycle(
        self,
        info: Info,
        division_code: Annotated[
            str | None, strawberry.argument(description="For whom the times are told; the viewer's own by default.")
        ] = None,
        on: Annotated[dt.date | None, strawberry.argument(description="As of which day; today by default.")] = None,
    ) -> Lifecycle | None:
        """The table."""
        code = division_code_of(division_code or info.context.viewer_who_may(None).division_code)
        return Lifecycle(moves=_moves(), terms=_terms(code, on or days.today(info.context.now())))

    @guards.query(
        Permission.KEEP_FILES,
        "What the viewer may do with a household now, and what stands in the way of it; empty where there is no such household.",
        rows=8,
    )
    async def next_steps(
        self,
        info: Info,
        household_id: Annotated[strawberry.ID, strawberry.argument(description="The household.")],
    ) -> list[NextStep] | None:
        """What may be done next."""
        key = nodes.key_of(info, "Household", household_id)
        if key is None:
            return []
        async with info.context.reading() as reading:
            steps = await next_steps.of(reading.connection, reading.viewer, key, info.context.now())
            reading.log.saw_households([key] if steps is not None else [])
            reading.log.asked("NextStep", ("obstacles",))
        return [
            NextStep(
                action=step.move.action,
                to_stage=step.move.next,
                adverse=step.move.adverse,
                obstacles=[
                    Obstacle(guard=guard, code=why.code, message=why.words(info.context.language))
                    for guard, why in step.obstacles
                ],
            )
            for step in steps or ()
        ]
