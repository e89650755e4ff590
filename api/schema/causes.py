"""Why a household is in hardship: the causes that its file names, and how each was resolved."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.permissions import Permission, Viewer
from api.loaders import causes as loaders
from api.loaders.reading import Reading, Rows
from api.schema import evidence, guards, nodes
from api.schema.context import Info
from api.schema.households import ITS_HOUSEHOLD, NOT_LOADED, Household
from api.schema.nodes import Kind, kind
from api.schema.officers import Officer, handler
from api.schema.results import MutationInput, Payload, carry_out
from api.schema.selection import Wanted
from api.schema.tree import Branch, branch
from api.schema.values import Node
from api.schema.words import HardshipCause
from api.services import causes


@strawberry.type(description="That a cause of hardship is gone, as somebody stated.")
class CauseResolution:
    """That a cause is gone."""

    resolved_on: dt.date = strawberry.field(description="Since which day.")
    statement: str | None = strawberry.field(description="Why; null for viewers who see masks.")
    stated_by: Officer | None = strawberry.field(description="Who stated it, where this viewer is told.")
    stated_at: dt.datetime = strawberry.field(description="When it was stated.")
    evidence_ids: list[strawberry.ID] = strawberry.field(description="The attachments and visits that it rests on.")


@strawberry.type(description="A cause of hardship that a household's file names.")
class Cause(Node):
    """A cause of hardship."""

    key: strawberry.Private[int]
    household_key: strawberry.Private[int]
    kind: HardshipCause = strawberry.field(description="What it is.")
    main: bool = strawberry.field(description="Whether it is the main one; up to three more stand beside it.")
    since: dt.date = strawberry.field(description="Since when it is there.")
    note: str | None = strawberry.field(description="What it is in words; null for viewers who see masks.")
    resolution: CauseResolution | None = strawberry.field(description="How it was resolved; null while it stands.")
    version: int = strawberry.field(description="Counts changes; to be given back by whoever changes it.")
    household: Household = strawberry.field(default=NOT_LOADED, description="The household.")


def cause_objects(reading: Reading, rows: Rows, wanted: Wanted) -> list[Cause]:
    """Rows as causes."""
    whole = reading.sees_identity
    note = reading.shown("causes.note", wanted.has("note") and whole, lambda _: None)
    told = wanted.below("resolution").has("statement") and whole
    statement = reading.shown("cause_events.statement", told, lambda _: None)
    return [
        Cause(
            id=strawberry.ID(public_id),
            key=row.id,
            household_key=row.household_id,
            kind=HardshipCause(row.cause),
            main=row.main,
            since=row.since,
            note=note(row.note),
            resolution=None
            if row.resolved_on is None
            else CauseResolution(
                resolved_on=row.resolved_on,
                statement=statement(row.statement),
                stated_by=handler(reading, row, row.login, row.display_name),
                stated_at=row.happened_at,
                evidence_ids=evidence.ids(reading, row.evidence),
            ),
            version=row.version,
        )
        for row, public_id in zip(rows, reading.ids("Cause", rows), strict=True)
    ]


CAUSE = "The cause."
READ_AT = "The cause's `version` as it was read."


@strawberry.input(description="A cause of hardship that a household's file is to name.")
class AddCauseInput(MutationInput):
    """A cause more."""

    household_id: strawberry.ID = strawberry.field(description="The household.")
    cause: HardshipCause = strawberry.field(description="What it is; one that stands already is not named twice.")
    since: dt.date = strawberry.field(description="Since when it is there; no day to come.")
    note: str | None = strawberry.field(
        default=None, description="In words, up to 2,000 characters; kept sealed. Needed for OTHER."
    )
    main: bool | None = strawberry.field(
        default=None, description="Whether it is the main one; where nothing is said, if the file has no other."
    )


@strawberry.input(description="That a cause of hardship is gone.")
class ResolveCauseInput(MutationInput):
    """A cause resolved."""

    cause_id: strawberry.ID = strawberry.field(description=CAUSE)
    expected_version: int = strawberry.field(description=READ_AT)
    resolved_on: dt.date = strawberry.field(description="Since when it is gone; no day to come.")
    statement: str = strawberry.field(description="Why, up to 2,000 characters; kept sealed.")
    evidence_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="The household's attachments and visits that it rests on."
    )


@strawberry.input(description="That a cause of hardship is there again, or still.")
class ReopenCauseInput(MutationInput):
    """A cause opened again."""

    cause_id: strawberry.ID = strawberry.field(description=CAUSE)
    expected_version: int = strawberry.field(description=READ_AT)
    reason: str = strawberry.field(description="Why, up to 2,000 characters; kept sealed.")


@strawberry.input(description="That another cause of hardship is the main one.")
class ChangeMainCauseInput(MutationInput):
    """Another main cause."""

    cause_id: strawberry.ID = strawberry.field(description="The cause that is the main one from now on.")
    expected_version: int = strawberry.field(description=READ_AT)


@strawberry.type(description="What `addCause` answers.")
class AddCausePayload(Payload):
    """What `addCause` answers."""

    cause: Cause | None = strawberry.field(description="The cause as it stands now.")


@strawberry.type(description="What `resolveCause` answers.")
class ResolveCausePayload(Payload):
    """What `resolveCause` answers."""

    cause: Cause | None = strawberry.field(description="The cause as it stands now.")


@strawberry.type(description="What `reopenCause` answers.")
class ReopenCausePayload(Payload):
    """What `reopenCause` answers."""

    cause: Cause | None = strawberry.field(description="The cause as it stands now.")


@strawberry.type(description="What `changeMainCause` answers.")
class ChangeMainCausePayload(Payload):
    """What `changeMainCause` answers."""

    cause: Cause | None = strawberry.field(description="The cause as it stands now.")


@strawberry.type(description="What may be done with causes of hardship.")
class CauseMutations:
    """Causes are named, resolved, and opened again."""

    @guards.mutation(Permission.KEEP_FILES, "Names a cause of hardship in a household's file.")
    async def add_cause(
        self, info: Info, input: Annotated[AddCauseInput, strawberry.argument(description="The cause.")]
    ) -> AddCausePayload:
        """Names a cause."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key, vault = nodes.key_of(info, "Household", input.household_id), info.context.vault
            told = (input.cause, input.since, input.note, input.main)
            return await causes.add(connection, vault, viewer, key, *told, info.context.now())

        done = await carry_out(info, Permission.KEEP_FILES, input, act)
        return AddCausePayload(cause=await nodes.below_payload(info, "Cause", "cause", done.subject), **done.answered)

    @guards.mutation(Permission.KEEP_FILES, "States that a cause of hardship is gone.")
    async def resolve_cause(
        self, info: Info, input: Annotated[ResolveCauseInput, strawberry.argument(description="Which, and why.")]
    ) -> ResolveCausePayload:
        """Resolves a cause."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key, vault = nodes.key_of(info, "Cause", input.cause_id), info.context.vault
            rests_on = evidence.references(info, input.evidence_ids)
            told = (input.expected_version, input.resolved_on, input.statement, rests_on)
            return await causes.resolve(connection, vault, viewer, key, *told, info.context.now())

        done = await carry_out(info, Permission.KEEP_FILES, input, act)
        cause = await nodes.below_payload(info, "Cause", "cause", done.subject)
        return ResolveCausePayload(cause=cause, **done.answered)

    @guards.mutation(Permission.KEEP_FILES, "States that a cause of hardship is there again, or still.")
    async def reopen_cause(
        self, info: Info, input: Annotated[ReopenCauseInput, strawberry.argument(description="Which, and why.")]
    ) -> ReopenCausePayload:
        """Opens a cause again."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key, vault = nodes.key_of(info, "Cause", input.cause_id), info.context.vault
            told = (input.expected_version, input.reason)
            return await causes.reopen(connection, vault, viewer, key, *told, info.context.now())

        done = await carry_out(info, Permission.KEEP_FILES, input, act)
        cause = await nodes.below_payload(info, "Cause", "cause", done.subject)
        return ReopenCausePayload(cause=cause, **done.answered)

    @guards.mutation(Permission.KEEP_FILES, "Makes another cause of hardship the main one.")
    async def change_main_cause(
        self, info: Info, input: Annotated[ChangeMainCauseInput, strawberry.argument(description="Which.")]
    ) -> ChangeMainCausePayload:
        """Makes a cause the main one."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key = nodes.key_of(info, "Cause", input.cause_id)
            return await causes.make_main(connection, viewer, key, input.expected_version, info.context.now())

        done = await carry_out(info, Permission.KEEP_FILES, input, act)
        cause = await nodes.below_payload(info, "Cause", "cause", done.subject)
        return ChangeMainCausePayload(cause=cause, **done.answered)


branch(
    Household,
    "causes",
    Branch("key", lambda reading, keys, _: loaders.of_households(reading, keys), cause_objects, "causes"),
)
branch(Cause, "household", ITS_HOUSEHOLD)
kind("Cause", Kind(loaders.by_key, cause_objects, Permission.READ_CASES))
