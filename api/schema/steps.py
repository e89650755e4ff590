"""What may be done with a household's file: recorded, re-verified, handed over, opened again; each step once, and with a reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.permissions import Permission, Viewer
from api.schema import guards, nodes
from api.schema.context import Info
from api.schema.declarations import DeclaredInput, declared_of
from api.schema.evidence import references
from api.schema.households import Household
from api.schema.results import MutationInput, Payload, carry_out
from api.schema.terms import HardshipCategory, Tier
from api.services import changes, files, transfers
from api.services.recognition import Kept

KEEP, DECIDE = Permission.KEEP_FILES, Permission.DECIDE_FILES
EVIDENCE = (
    "On what it rests, up to 20: ids of the household's own attachments, visits, declarations, findings, objections and "
    "proposals."
)
REASON = "Why, up to 2,000 characters; kept sealed."


@strawberry.input
class StepInput(MutationInput):
    """What every step of a household's life takes."""

    household_id: strawberry.ID = strawberry.field(description="The household.")
    expected_version: int = strawberry.field(description="The household's `version` as it was read.")


@strawberry.input(description="A file is opened: the notice is over and nobody objected.")
class RecordFileInput(StepInput):
    """A file is opened."""

    tier: Tier | None = strawberry.field(
        default=None, description="Which level keeps it; what was proposed by default."
    )
    category: HardshipCategory | None = strawberry.field(
        default=None, description="Its category by the method in force today; what was proposed by default."
    )
    reason: str | None = strawberry.field(default=None, description=REASON)


@strawberry.input(description="The circumstances were looked at again.")
class ReverifyFileInput(StepInput):
    """The circumstances were looked at again."""

    reason: str = strawberry.field(description="What was found, up to 2,000 characters; kept sealed.")
    tier: Tier | None = strawberry.field(default=None, description="Another tier; takes DECIDE_FILES.")
    category: HardshipCategory | None = strawberry.field(
        default=None, description="Another category, by the method in force today; takes DECIDE_FILES."
    )
    evidence_ids: list[strawberry.ID] | None = strawberry.field(default=None, description=EVIDENCE)


@strawberry.input(description="Something has changed in a household on file.")
class ReportChangeInput(StepInput):
    """Something has changed in a household on file."""

    declared: list[DeclaredInput] = strawberry.field(
        default_factory=list, description="What the household, or a member, declares now."
    )
    on: dt.date | None = strawberry.field(default=None, description="Since which day; today by default.")
    reason: str = strawberry.field(description="What has changed, up to 2,000 characters; kept sealed.")


@strawberry.input(description="A file goes to another union.")
class TransferFileInput(StepInput):
    """A file goes to another union."""

    organisation_code: str = strawberry.field(description="The union that keeps it then.")
    division_code: str | None = strawberry.field(
        default=None, description="The division that the household belongs to then; where nothing is said, the same."
    )
    reason: str = strawberry.field(description=REASON)


@strawberry.input(description="Hardship has returned.")
class ReturnToHardshipInput(StepInput):
    """Hardship has returned."""

    reason: str = strawberry.field(description=REASON)
    tier: Tier | None = strawberry.field(default=None, description="The new file's; that of the old by default.")
    category: HardshipCategory | None = strawberry.field(
        default=None, description="The new file's, by the method in force today."
    )
    evidence_ids: list[strawberry.ID] | None = strawberry.field(default=None, description=EVIDENCE)


@strawberry.input(description="The end of a file was an error of ours.")
class ReinstateFileInput(StepInput):
    """The end of a file was an error of ours."""

    reason: str = strawberry.field(description=REASON)
    evidence_ids: list[strawberry.ID] | None = strawberry.field(default=None, description=EVIDENCE)


@strawberry.type
class StepPayload(Payload):
    """What every step of a household's life answers."""

    household: Household | None = strawberry.field(
        description="The household as it stands now; null where it lies beyond the viewer's division now."
    )


@strawberry.type(description="What `recordFile` answers.")
class RecordFilePayload(StepPayload):
    """What `recordFile` answers."""


@strawberry.type(description="What `reverifyFile` answers.")
class ReverifyFilePayload(StepPayload):
    """What `reverifyFile` answers."""


@strawberry.type(description="What `reportChange` answers.")
class ReportChangePayload(StepPayload):
    """What `reportChange` answers."""


@strawberry.type(description="What `transferFile` answers.")
class TransferFilePayload(StepPayload):
    """What `transferFile` answers."""


@strawberry.type(description="What `returnToHardship` answers.")
class ReturnToHardshipPayload(StepPayload):
    """What `returnToHardship` answers."""


@strawberry.type(description="What `reinstateFile` answers.")
class ReinstateFilePayload(StepPayload):
    """What `reinstateFile` answers."""


Answer = TypeVar("Answer", bound=StepPayload)


async def carried_out(
    info: Info,
    permission: Permission,
    given: MutationInput,
    act: Callable[[AsyncConnection, Viewer], Awaitable[int]],
    payload: type[Answer],
) -> Answer:
    """What a mutation answers with the household that it was for."""
    done = await carry_out(info, permission, given, act)
    household = await nodes.below_payload(info, "Household", "household", done.subject)
    return payload(household=household, **done.answered)


def household_key(info: Info, given: StepInput) -> int | None:
    """The row of the household that a step is for."""
    return nodes.key_of(info, "Household", given.household_id)


@strawberry.type(description="What may be done with a file.")
class StepMutations:
    """Steps of a file's life."""

    @guards.mutation(DECIDE, "Opens the file: the notice is over, nobody objected, and nobody in it is in another.")
    async def record_file(
        self, info: Info, input: Annotated[RecordFileInput, strawberry.argument(description="The file.")]
    ) -> RecordFilePayload:
        """Opens the file."""
        context, kept = info.context, Kept(input.tier, input.category)

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key = household_key(info, input)
            return await files.record(
                connection, context.vault, viewer, key, input.expected_version, kept, input.reason, context.now()
            )

        return await carried_out(info, DECIDE, input, act, RecordFilePayload)

    @guards.mutation(
        KEEP, "Records that the circumstances were looked at again; the next time is due by the parameter."
    )
    async def reverify_file(
        self, info: Info, input: Annotated[ReverifyFileInput, strawberry.argument(description="What was found.")]
    ) -> ReverifyFilePayload:
        """Records a re-verification."""
        context, kept = info.context, Kept(input.tier, input.category)

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key, rests_on = household_key(info, input), references(info, input.evidence_ids)
            return await files.reverify(
                connection, context.vault, viewer, key, input.expected_version, kept, input.reason, rests_on,
                context.now(),
            )  # fmt: skip

        return await carried_out(info, KEEP, input, act, ReverifyFilePayload)

    @guards.mutation(KEEP, "Records what has changed in a household on file, and leaves it to be looked into.")
    async def report_change(
        self, info: Info, input: Annotated[ReportChangeInput, strawberry.argument(description="What has changed.")]
    ) -> ReportChangePayload:
        """Records a change."""
        context = info.context

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            declared = [declared_of(info, each) for each in input.declared]
            key = household_key(info, input)
            return await changes.report(
                connection, context.vault, viewer, key, input.expected_version, declared, input.on, input.reason,
                context.now(),
            )  # fmt: skip

        return await carried_out(info, KEEP, input, act, ReportChangePayload)

    @guards.mutation(DECIDE, "Hands the file to another union, and the household to its division where one is named.")
    async def transfer_file(
        self, info: Info, input: Annotated[TransferFileInput, strawberry.argument(description="To whom.")]
    ) -> TransferFilePayload:
        """Hands the file over."""
        context = info.context

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key = household_key(info, input)
            return await transfers.transfer(
                connection, context.vault, viewer, key, input.expected_version, input.organisation_code,
                input.division_code, input.reason, context.now(),
            )  # fmt: skip

        return await carried_out(info, DECIDE, input, act, TransferFilePayload)

    @guards.mutation(
        KEEP,
        "Records that hardship has returned: a relieved household's file goes on, a graduated one's is opened anew.",
    )
    async def return_to_hardship(
        self, info: Info, input: Annotated[ReturnToHardshipInput, strawberry.argument(description="Why.")]
    ) -> ReturnToHardshipPayload:
        """Records a return to hardship."""
        context, kept = info.context, Kept(input.tier, input.category)

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key, rests_on = household_key(info, input), references(info, input.evidence_ids)
            return await files.fall_back(
                connection, context.vault, viewer, key, input.expected_version, kept, input.reason, rests_on,
                context.now(),
            )  # fmt: skip

        return await carried_out(info, KEEP, input, act, ReturnToHardshipPayload)

    @guards.mutation(DECIDE, "Opens a file again whose end was an error of ours.")
    async def reinstate_file(
        self, info: Info, input: Annotated[ReinstateFileInput, strawberry.argument(description="Why.")]
    ) -> ReinstateFilePayload:
        """Opens a file again."""
        context = info.context

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key, rests_on = household_key(info, input), references(info, input.evidence_ids)
            return await files.reinstate(
                connection, context.vault, viewer, key, input.expected_version, input.reason, rests_on, context.now()
            )

        return await carried_out(info, DECIDE, input, act, ReinstateFilePayload)
