"""What an officer proposes for a file that is open, and what another decides."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.permissions import Permission, Viewer
from api.loaders import exits as loaders
from api.loaders.conditions import Is
from api.loaders.pages import Window
from api.loaders.reading import Reading, Rows
from api.schema import evidence, guards, nodes
from api.schema.connections import ORDER, After, Before, Connection, First, Last, connection, order_of
from api.schema.context import Info
from api.schema.enumerations import Words, described
from api.schema.exit_terms import ExitAction, ProposalState
from api.schema.filters import AND, NOT, OR, in_division, joined, of_households, one_of
from api.schema.households import ITS_HOUSEHOLD, NOT_LOADED, Household
from api.schema.nodes import Id, Kind, kind
from api.schema.results import MutationInput, Payload, carry_out
from api.schema.selection import Wanted
from api.schema.sizes import about
from api.schema.terms import Closing
from api.schema.tree import branch
from api.schema.values import Node
from api.schema.words import Direction
from api.services import exits

HOUSEHOLD, VERSION = "The household, whose file is open.", "The household's `version` as it was read."


@strawberry.type(description="What an officer proposes for a file; it changes nothing until another officer decides.")
class Proposal(Node):
    """What an officer proposes for a file."""

    key: strawberry.Private[int]
    household_key: strawberry.Private[int]
    action: ExitAction = strawberry.field(description="What is proposed.")
    reason: Closing | None = strawberry.field(description="Why the file would be closed; null where it stays open.")
    statement: str | None = strawberry.field(description="The officer's statement; null for viewers who see masks.")
    evidence_ids: list[strawberry.ID] = strawberry.field(description="What it rests on.", metadata=about(3))
    proposed_by: str | None = strawberry.field(description="Who proposed it.")
    proposed_at: dt.datetime = strawberry.field(description="When.")
    state: ProposalState = strawberry.field(description="What became of it.")
    decided_by: str | None = strawberry.field(description="Who decided.")
    decided_at: dt.datetime | None = strawberry.field(description="When.")
    rejection: str | None = strawberry.field(
        description="Why it was not approved, or was taken back; null for viewers who see masks."
    )
    withdrawn_at: dt.datetime | None = strawberry.field(description="When whoever made it took it back.")
    version: int = strawberry.field(description="Counts changes; to be given back by whoever ends it.")
    household: Household = strawberry.field(default=NOT_LOADED, description="The household.")


@strawberry.input(description="Which proposals; all that is given must hold.")
class ProposalFilter:
    """Which proposals."""

    division_code: str | None = strawberry.field(default=None, description="In this division or below it.")
    household_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="For these households.")
    states: list[ProposalState] | None = strawberry.field(default=None, description="Of which this became.")
    actions: list[ExitAction] | None = strawberry.field(default=None, description="Of one of these actions.")
    and_: list[ProposalFilter] | None = strawberry.field(name="and", default=None, description=AND)
    or_: list[ProposalFilter] | None = strawberry.field(name="or", default=None, description=OR)
    not_: ProposalFilter | None = strawberry.field(name="not", default=None, description=NOT)


class ProposalOrderField(StrEnum):
    """What proposals may be ordered by."""

    PROPOSED = "PROPOSED"


described(
    ProposalOrderField,
    "What proposals may be ordered by.",
    {"PROPOSED": Words("提出时间", "Proposed", "提出的先后。", "When it was proposed.")},
)


@strawberry.input(description="An order of proposals.")
class ProposalOrder:
    """An order of proposals."""

    field: ProposalOrderField = strawberry.field(description="What to order by.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which way.")


def _conditions(info: Info, given: ProposalFilter) -> Iterator[Is]:
    yield from in_division(given.division_code)
    yield from of_households(info, given.household_ids)
    yield from one_of("states", given.states)
    yield from one_of("actions", given.actions)


def proposal_objects(reading: Reading, rows: Rows, asked: Wanted) -> list[Proposal]:
    """Rows as proposals."""
    whole = reading.sees_identity
    statement = reading.shown("proposals.statement", asked.has("statement") and whole, lambda _: None)
    rejection = reading.shown("proposals.rejection", asked.has("rejection") and whole, lambda _: None)
    return [
        Proposal(
            id=strawberry.ID(public_id),
            key=row.id,
            household_key=row.household_id,
            action=ExitAction(row.action),
            reason=Closing(row.closing) if row.closing else None,
            statement=statement(reading.whereabouts(row, row.statement)),
            evidence_ids=evidence.ids(reading, row.evidence),
            proposed_by=reading.whereabouts(row, row.proposer),
            proposed_at=row.proposed_at,
            state=ProposalState(row.state),
            decided_by=reading.whereabouts(row, row.decider),
            decided_at=row.decided_at,
            rejection=rejection(reading.whereabouts(row, row.rejection)),
            withdrawn_at=row.withdrawn_at,
            version=row.version,
        )
        for row, public_id in zip(rows, reading.ids("Proposal", rows), strict=True)
    ]


@strawberry.type(description="What may be asked about proposals.")
class ProposalQueries:
    """Proposals."""

    @guards.query(Permission.READ_CASES, "Proposals for files of the viewer's division, the latest first.")
    async def proposals(
        self,
        info: Info,
        filter: Annotated[ProposalFilter | None, strawberry.argument(description="Which.")] = None,
        order_by: Annotated[
            list[ProposalOrder] | None, strawberry.argument(description=ORDER + " the latest first.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Proposal] | None:
        """A page of proposals."""
        where = joined(filter, lambda given, _: _conditions(info, given))
        order, window = order_of(order_by, "PROPOSED"), Window(first, after, last, before)
        return await connection(info, loaders.PROPOSALS, proposal_objects, where, order, window)

    @guards.query(Permission.READ_CASES, "One proposal; null where there is none that this viewer may see.")
    async def proposal(self, info: Info, id: Id) -> Proposal | None:
        """One proposal."""
        found: Proposal | None = await nodes.one(info, "Proposal", id)
        return found


@strawberry.input(description="What is proposed for a file, and why.")
class ProposeExitInput(MutationInput):
    """What is proposed for a file."""

    household_id: strawberry.ID = strawberry.field(description=HOUSEHOLD)
    expected_version: int = strawberry.field(description=VERSION)
    action: ExitAction = strawberry.field(description="What is proposed.")
    reason: Closing | None = strawberry.field(
        default=None,
        description="Of DEREGISTER: DECEASED, RETIRED_SOCIALISED, ERROR, MOVED or WITHDRAWN.",
    )
    statement: str = strawberry.field(description="The officer's statement, up to 4,000 characters; kept sealed.")
    evidence_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Visits, attachments and other things kept here that it rests on, up to 20."
    )


@strawberry.type(description="What `proposeExit` answers.")
class ProposeExitPayload(Payload):
    """What `proposeExit` answers."""

    proposal: Proposal | None = strawberry.field(description="The proposal, which waits for another officer.")


@strawberry.input(description="That a file be closed for another reason than having left hardship.")
class DeregisterFileInput(MutationInput):
    """That a file be closed."""

    household_id: strawberry.ID = strawberry.field(description=HOUSEHOLD)
    expected_version: int = strawberry.field(description=VERSION)
    reason: Closing = strawberry.field(
        description="DECEASED, RETIRED_SOCIALISED, ERROR, MOVED or WITHDRAWN. A worker's death closes no file while a "
        "family lives: see `changeSubject`."
    )
    statement: str = strawberry.field(description="The officer's statement, up to 4,000 characters; kept sealed.")
    evidence_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Things kept here that it rests on, up to 20."
    )


@strawberry.type(description="What `deregisterFile` answers.")
class DeregisterFilePayload(Payload):
    """What `deregisterFile` answers."""

    proposal: Proposal | None = strawberry.field(description="The proposal, which waits for another officer.")


@strawberry.input(description="A decision on what another officer proposed.")
class DecideExitInput(MutationInput):
    """A decision on a proposal."""

    proposal_id: strawberry.ID = strawberry.field(description="The proposal.")
    expected_version: int = strawberry.field(description="The proposal's `version` as it was read.")
    approve: bool = strawberry.field(description="Whether it is approved, and done at once.")
    reason: str = strawberry.field(description="Why, up to 2,000 characters; kept sealed.")
    document_no: str | None = strawberry.field(default=None, description="The decision's document number.")


@strawberry.type(description="What `decideExit` answers.")
class DecideExitPayload(Payload):
    """What `decideExit` answers."""

    proposal: Proposal | None = strawberry.field(description="The proposal as it stands now, with its household.")


@strawberry.input(description="A proposal that whoever made it takes back.")
class WithdrawProposalInput(MutationInput):
    """A proposal that is taken back."""

    proposal_id: strawberry.ID = strawberry.field(description="The proposal.")
    expected_version: int = strawberry.field(description="The proposal's `version` as it was read.")
    reason: str = strawberry.field(description="Why, up to 2,000 characters; kept sealed.")


@strawberry.type(description="What `withdrawProposal` answers.")
class WithdrawProposalPayload(Payload):
    """What `withdrawProposal` answers."""

    proposal: Proposal | None = strawberry.field(description="The proposal as it stands now.")


@strawberry.input(description="In whose name a file is.")
class ChangeSubjectInput(MutationInput):
    """In whose name a file is."""

    household_id: strawberry.ID = strawberry.field(description=HOUSEHOLD)
    expected_version: int = strawberry.field(description=VERSION)
    person_id: strawberry.ID = strawberry.field(description="Another member, in whose name the file is from now on.")


@strawberry.type(description="What `changeSubject` answers.")
class ChangeSubjectPayload(Payload):
    """What `changeSubject` answers."""

    household: Household | None = strawberry.field(description="The household as it stands now.")


@strawberry.type(description="What may be proposed and decided.")
class ProposalMutations:
    """Proposals are made and decided."""

    @guards.mutation(
        Permission.KEEP_FILES, "Proposes that a household leaves hardship, is relieved, or its file is closed."
    )
    async def propose_exit(
        self, info: Info, input: Annotated[ProposeExitInput, strawberry.argument(description="What, and why.")]
    ) -> ProposeExitPayload:
        """Proposes an exit."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            return await _propose(info, connection, viewer, input, input.action, input.reason)

        done = await carry_out(info, Permission.KEEP_FILES, input, act)
        proposal = await nodes.below_payload(info, "Proposal", "proposal", done.subject)
        return ProposeExitPayload(proposal=proposal, **done.answered)

    @guards.mutation(
        Permission.KEEP_FILES,
        "Proposes that a file be closed for another reason than having left hardship; another officer decides.",
    )
    async def deregister_file(
        self, info: Info, input: Annotated[DeregisterFileInput, strawberry.argument(description="Which, and why.")]
    ) -> DeregisterFilePayload:
        """Proposes that a file be closed."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            return await _propose(info, connection, viewer, input, ExitAction.DEREGISTER, input.reason)

        done = await carry_out(info, Permission.KEEP_FILES, input, act)
        proposal = await nodes.below_payload(info, "Proposal", "proposal", done.subject)
        return DeregisterFilePayload(proposal=proposal, **done.answered)

    @guards.mutation(
        Permission.DECIDE_FILES,
        "Decides on what another officer proposed; approved, all conditions are looked at again and the household moves.",
    )
    async def decide_exit(
        self, info: Info, input: Annotated[DecideExitInput, strawberry.argument(description="The decision.")]
    ) -> DecideExitPayload:
        """Decides on a proposal."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            return await exits.decide(
                connection,
                info.context.vault,
                viewer,
                nodes.key_of(info, "Proposal", input.proposal_id),
                input.expected_version,
                input.approve,
                input.reason,
                input.document_no,
                info.context.now(),
            )

        done = await carry_out(info, Permission.DECIDE_FILES, input, act)
        proposal = await nodes.below_payload(info, "Proposal", "proposal", done.subject)
        return DecideExitPayload(proposal=proposal, **done.answered)

    @guards.mutation(
        Permission.KEEP_FILES,
        "Takes back what one proposed oneself, while nobody has decided; nothing has changed then.",
    )
    async def withdraw_proposal(
        self, info: Info, input: Annotated[WithdrawProposalInput, strawberry.argument(description="Which, and why.")]
    ) -> WithdrawProposalPayload:
        """Takes a proposal back."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key, told = nodes.key_of(info, "Proposal", input.proposal_id), (input.expected_version, input.reason)
            return await exits.withdraw(connection, info.context.vault, viewer, key, *told, info.context.now())

        done = await carry_out(info, Permission.KEEP_FILES, input, act)
        proposal = await nodes.below_payload(info, "Proposal", "proposal", done.subject)
        return WithdrawProposalPayload(proposal=proposal, **done.answered)

    @guards.mutation(
        Permission.KEEP_FILES, "Puts a file in another member's name, as after a worker's death; aid goes on."
    )
    async def change_subject(
        self, info: Info, input: Annotated[ChangeSubjectInput, strawberry.argument(description="Whose.")]
    ) -> ChangeSubjectPayload:
        """Puts a file in another's name."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            return await exits.change_subject(
                connection,
                viewer,
                nodes.key_of(info, "Household", input.household_id),
                input.expected_version,
                nodes.key_of(info, "Person", input.person_id),
                info.context.now(),
            )

        done = await carry_out(info, Permission.KEEP_FILES, input, act)
        household = await nodes.below_payload(info, "Household", "household", done.subject)
        return ChangeSubjectPayload(household=household, **done.answered)


async def _propose(
    info: Info,
    connection: AsyncConnection,
    viewer: Viewer,
    given: ProposeExitInput | DeregisterFileInput,
    action: ExitAction,
    reason: Closing | None,
) -> int:
    return await exits.propose(
        connection,
        info.context.vault,
        viewer,
        nodes.key_of(info, "Household", given.household_id),
        given.expected_version,
        action,
        reason,
        given.statement,
        evidence.references(info, given.evidence_ids),
        info.context.now(),
    )


branch(Proposal, "household", ITS_HOUSEHOLD)
kind("Proposal", Kind(loaders.proposals_by_key, proposal_objects, Permission.READ_CASES))
