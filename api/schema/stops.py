"""Aid that is to be stopped, reduced or recovered: what is proposed, what the household was told, what was decided."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.permissions import Permission, Viewer
from api.loaders import stops as loaders
from api.loaders.conditions import Is
from api.loaders.pages import Window
from api.loaders.reading import Reading, Rows
from api.schema import guards, nodes
from api.schema.changes import named
from api.schema.connections import ORDER, After, Before, Connection, First, Last, connection, order_of
from api.schema.context import Info
from api.schema.enumerations import Words, described
from api.schema.filters import AND, NOT, OR, in_division, joined, of_households, one_of
from api.schema.households import ITS_HOUSEHOLD, NOT_LOADED, Household
from api.schema.nodes import Kind, kind
from api.schema.results import MutationInput, Payload, carry_out
from api.schema.scalars import Month
from api.schema.selection import Wanted
from api.schema.stop_requests import StopRequest, asking_of
from api.schema.stop_terms import Delivery, Floor, RecoveryCause, StopKind, StopState
from api.schema.tree import branch
from api.schema.values import Money, Node, known_money, money_of
from api.schema.words import Direction
from api.services import aid_notices, stop_decisions, stops

PROPOSAL, VERSION = "The proposal.", "The proposal's `version` as it was read."


@strawberry.type(
    description="That a household was told on paper of what is proposed, with the facts; and its answer."
)
class AidNotice:
    """That a household was told of what is proposed."""

    document_no: str = strawberry.field(description="The document's number.")
    facts: str | None = strawberry.field(description="The facts; null for viewers who see masks.")
    delivery: Delivery = strawberry.field(description="How it reached the household.")
    delivered_on: dt.date = strawberry.field(description="When.")
    wait_until: dt.date = strawberry.field(description="The last day of those that the household has to answer.")
    answered_on: dt.date | None = strawberry.field(description="When it answered; null where it has not.")
    answer: str | None = strawberry.field(description="Its words; null for viewers who see masks.")


@strawberry.type(description="What was decided of a proposal, and what the household had left then.")
class StopDecision:
    """What was decided of a proposal."""

    decided_on: dt.date = strawberry.field(description="When.")
    decided_by: str | None = strawberry.field(description="By whom.")
    floor: Floor = strawberry.field(description="How what was left stood to the line.")
    left: Money | None = strawberry.field(description="What was known to be left a head.")
    line: Money | None = strawberry.field(description="The line of the month; null is unknown.")
    referral_id: strawberry.ID | None = strawberry.field(description="The referral beside it.")


@strawberry.type(description="What an officer proposes for the worse; it changes nothing until another decides.")
class StopProposal(Node):
    """What an officer proposes for the worse."""

    key: strawberry.Private[int]
    household_key: strawberry.Private[int]
    kind: StopKind = strawberry.field(description="What is proposed.")
    grant_id: strawberry.ID = strawberry.field(description="Of which grant.")
    programme: str = strawberry.field(description="Of which programme, by its code.")
    from_month: Month = strawberry.field(description="From which month on; of a recovery the first that was paid.")
    to_month: Month | None = strawberry.field(description="Of a recovery, the last month that was paid.")
    amount: Money = strawberry.field(description="What a period is then, nothing where it stops; or the sum.")
    cause: RecoveryCause | None = strawberry.field(description="Of a recovery, why too much was paid.")
    statement: str | None = strawberry.field(description="The officer's statement; null for viewers who see masks.")
    proposed_by: str | None = strawberry.field(description="Who proposed it.")
    proposed_at: dt.datetime = strawberry.field(description="When.")
    state: StopState = strawberry.field(description="What became of it.")
    notice: AidNotice | None = strawberry.field(description="What the household was told; null before.")
    decision: StopDecision | None = strawberry.field(description="What was decided; null where nothing was.")
    closing: str | None = strawberry.field(description="Why it was given up; null for viewers who see masks.")
    version: int = strawberry.field(description="Counts changes; to be given back by whoever changes it.")
    household: Household = strawberry.field(default=NOT_LOADED, description="The household.")


@strawberry.input(description="Which proposals; all that is given must hold.")
class StopProposalFilter:
    """Which proposals."""

    division_code: str | None = strawberry.field(default=None, description="In this division or below it.")
    household_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="For these households.")
    states: list[StopState] | None = strawberry.field(default=None, description="Of which this became.")
    kinds: list[StopKind] | None = strawberry.field(default=None, description="Of one of these kinds.")
    and_: list[StopProposalFilter] | None = strawberry.field(name="and", default=None, description=AND)
    or_: list[StopProposalFilter] | None = strawberry.field(name="or", default=None, description=OR)
    not_: StopProposalFilter | None = strawberry.field(name="not", default=None, description=NOT)


class StopProposalOrderField(StrEnum):
    """What these proposals may be ordered by."""

    PROPOSED = "PROPOSED"


described(
    StopProposalOrderField,
    "What proposals for the worse may be ordered by.",
    {"PROPOSED": Words("提出时间", "Proposed", "提出的先后。", "When it was proposed.")},
)


@strawberry.input(description="An order of proposals for the worse.")
class StopProposalOrder:
    """An order of proposals."""

    field: StopProposalOrderField = strawberry.field(description="What to order by.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which way.")


def _conditions(info: Info, given: StopProposalFilter) -> Iterator[Is]:
    yield from in_division(given.division_code)
    yield from of_households(info, given.household_ids)
    yield from one_of("states", given.states)
    yield from one_of("kinds", given.kinds)


def proposal_objects(reading: Reading, rows: Rows, asked: Wanted) -> list[StopProposal]:
    """Rows as proposals."""
    whole, notice = reading.sees_identity, asked.below("notice")
    shown = {
        column: reading.shown(column, wanted and whole, lambda _: None)
        for column, wanted in (
            ("stop_proposals.statement", asked.has("statement")),
            ("stop_proposals.closing", asked.has("closing")),
            ("aid_notices.facts", notice.has("facts")),
            ("aid_notices.answer", notice.has("answer")),
        )
    }

    def words(row: Any, column: str) -> str | None:
        return shown[column](reading.whereabouts(row, getattr(row, column.split(".")[1])))

    public = zip(
        rows,
        reading.ids("StopProposal", rows),
        reading.vault.ids("Grant", [row.grant_id for row in rows]),
        strict=True,
    )
    return [
        StopProposal(
            id=strawberry.ID(public_id),
            key=row.id,
            household_key=row.household_id,
            kind=StopKind(row.kind),
            grant_id=strawberry.ID(grant_id),
            programme=row.programme_code,
            from_month=Month(row.from_month),
            to_month=None if row.to_month is None else Month(row.to_month),
            amount=known_money(row.amount_fen),
            cause=RecoveryCause(row.cause) if row.cause else None,
            statement=words(row, "stop_proposals.statement"),
            proposed_by=reading.whereabouts(row, row.proposer),
            proposed_at=row.proposed_at,
            state=StopState(row.state),
            notice=None
            if row.document_no is None
            else AidNotice(
                document_no=row.document_no,
                facts=words(row, "aid_notices.facts"),
                delivery=Delivery(row.delivery),
                delivered_on=row.delivered_on,
                wait_until=row.wait_until,
                answered_on=row.answered_on,
                answer=words(row, "aid_notices.answer"),
            ),
            decision=None if row.decided_on is None else _decision(reading, row),
            closing=words(row, "stop_proposals.closing"),
            version=row.version,
        )
        for row, public_id, grant_id in public
    ]


def _decision(reading: Reading, row: Any) -> StopDecision:
    referral = None
    if row.referral_id is not None:
        referral = strawberry.ID(reading.vault.ids("Referral", [row.referral_id])[0])
    return StopDecision(
        decided_on=row.decided_on,
        decided_by=reading.whereabouts(row, row.decider),
        floor=Floor(row.floor),
        left=money_of(row.left_fen),
        line=money_of(row.line_fen),
        referral_id=referral,
    )


@strawberry.type(description="What may be asked about aid that is stopped, reduced or recovered.")
class StopQueries:
    """Proposals for the worse."""

    @guards.query(Permission.READ_CASES, "What is proposed or decided for the worse, the latest first.")
    async def stop_proposals(
        self,
        info: Info,
        filter: Annotated[StopProposalFilter | None, strawberry.argument(description="Which.")] = None,
        order_by: Annotated[
            list[StopProposalOrder] | None, strawberry.argument(description=ORDER + " the latest first.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[StopProposal] | None:
        """A page of proposals."""
        where = joined(filter, lambda given, _: _conditions(info, given))
        order, window = order_of(order_by, "PROPOSED"), Window(first, after, last, before)
        return await connection(info, loaders.PROPOSALS, proposal_objects, where, order, window)


@strawberry.input(description="What is proposed for a grant, and why.")
class ProposeStopInput(MutationInput):
    """What is proposed for a grant."""

    request: StopRequest = strawberry.field(description="What; `previewStop` shows its effect.")
    statement: str = strawberry.field(description="Why, up to 2,000 characters; kept sealed.")


@strawberry.type(description="What `proposeStop` answers.")
class ProposeStopPayload(Payload):
    """What `proposeStop` answers."""

    proposal: StopProposal | None = strawberry.field(description="The proposal: the household is told of it next.")


@strawberry.input(description="That a proposal is given up.")
class WithdrawStopInput(MutationInput):
    """That a proposal is given up."""

    proposal_id: strawberry.ID = strawberry.field(description=PROPOSAL)
    expected_version: int = strawberry.field(description=VERSION)
    reason: str = strawberry.field(description="Why, up to 2,000 characters; kept sealed.")


@strawberry.type(description="What `withdrawStop` answers.")
class WithdrawStopPayload(Payload):
    """What `withdrawStop` answers."""

    proposal: StopProposal | None = strawberry.field(description="The proposal as it stands now.")


@strawberry.input(description="That a notice with the facts was delivered.")
class RecordAidNoticeInput(MutationInput):
    """That a notice was delivered."""

    proposal_id: strawberry.ID = strawberry.field(description=PROPOSAL)
    expected_version: int = strawberry.field(description=VERSION)
    document_no: str = strawberry.field(description="The document's number.")
    facts: str = strawberry.field(description="The facts as the notice tells them; kept sealed.")
    delivery: Delivery = strawberry.field(description="How it reached the household.")
    delivered_on: dt.date = strawberry.field(description="When it did; no day to come.")


@strawberry.type(description="What `recordAidNotice` answers.")
class RecordAidNoticePayload(Payload):
    """What `recordAidNotice` answers."""

    proposal: StopProposal | None = strawberry.field(description="The proposal, with its notice.")


@strawberry.input(description="What a household answered.")
class RecordAidAnswerInput(MutationInput):
    """What a household answered."""

    proposal_id: strawberry.ID = strawberry.field(description=PROPOSAL)
    expected_version: int = strawberry.field(description=VERSION)
    answered_on: dt.date = strawberry.field(description="When.")
    answer: str = strawberry.field(description="Its words; kept sealed.")


@strawberry.type(description="What `recordAidAnswer` answers.")
class RecordAidAnswerPayload(Payload):
    """What `recordAidAnswer` answers."""

    proposal: StopProposal | None = strawberry.field(description="The proposal, with the answer.")


@strawberry.input(description="A decision on what another officer proposed.")
class DecideStopInput(MutationInput):
    """A decision on a proposal."""

    proposal_id: strawberry.ID = strawberry.field(description=PROPOSAL)
    expected_version: int = strawberry.field(description=VERSION)
    reason: str = strawberry.field(description="Why, up to 2,000 characters; kept sealed.")
    document_no: str | None = strawberry.field(default=None, description="The decision's document number.")
    referral_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="A referral of the household that is open: needed where what is left is below the line, or unknown.",
    )


@strawberry.type(description="What `decideStop` answers.")
class DecideStopPayload(Payload):
    """What `decideStop` answers."""

    proposal: StopProposal | None = strawberry.field(description="The proposal as it was decided.")


@strawberry.type(description="What may be done to stop, reduce or recover aid.")
class StopMutations:
    """Aid is stopped, reduced or recovered."""

    @guards.mutation(Permission.KEEP_FILES, "Proposes to stop, reduce or recover aid that was granted.")
    async def propose_stop(
        self, info: Info, input: Annotated[ProposeStopInput, strawberry.argument(description="What, and why.")]
    ) -> ProposeStopPayload:
        """Proposes a stop."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            grant = nodes.key_of(info, "Grant", input.request.grant_id)
            asking, context = asking_of(input.request), info.context
            return await stops.propose(
                connection, context.vault, viewer, grant, asking, input.statement, context.now()
            )

        done = await carry_out(info, Permission.KEEP_FILES, input, act)
        proposal = await nodes.below_payload(info, "StopProposal", "proposal", done.subject)
        return ProposeStopPayload(proposal=proposal, **done.answered)

    @guards.mutation(
        Permission.KEEP_FILES, "Gives a proposal up: withdrawn by whoever proposed it, rejected by another."
    )
    async def withdraw_stop(
        self, info: Info, input: Annotated[WithdrawStopInput, strawberry.argument(description="Which, and why.")]
    ) -> WithdrawStopPayload:
        """Gives a proposal up."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            of = (nodes.key_of(info, "StopProposal", input.proposal_id), input.expected_version)
            context = info.context
            return await stops.withdraw(connection, context.vault, viewer, *of, input.reason, context.now())

        done = await carry_out(info, Permission.KEEP_FILES, input, act)
        proposal = await nodes.below_payload(info, "StopProposal", "proposal", done.subject)
        return WithdrawStopPayload(proposal=proposal, **done.answered)

    @guards.mutation(
        Permission.KEEP_FILES, "Records that a notice with the facts of a proposal reached the household."
    )
    async def record_aid_notice(
        self, info: Info, input: Annotated[RecordAidNoticeInput, strawberry.argument(description="The notice.")]
    ) -> RecordAidNoticePayload:
        """Records a notice."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            return await aid_notices.record(
                connection,
                info.context.vault,
                viewer,
                nodes.key_of(info, "StopProposal", input.proposal_id),
                input.expected_version,
                input.facts,
                input.document_no,
                input.delivery,
                input.delivered_on,
                info.context.now(),
            )

        done = await carry_out(info, Permission.KEEP_FILES, input, act)
        proposal = await nodes.below_payload(info, "StopProposal", "proposal", done.subject)
        return RecordAidNoticePayload(proposal=proposal, **done.answered)

    @guards.mutation(Permission.KEEP_FILES, "Records what the household answered to a notice.")
    async def record_aid_answer(
        self, info: Info, input: Annotated[RecordAidAnswerInput, strawberry.argument(description="The answer.")]
    ) -> RecordAidAnswerPayload:
        """Records an answer."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            of = (nodes.key_of(info, "StopProposal", input.proposal_id), input.expected_version)
            told = (input.answered_on, input.answer)
            return await aid_notices.answer(connection, info.context.vault, viewer, *of, *told, info.context.now())

        done = await carry_out(info, Permission.KEEP_FILES, input, act)
        proposal = await nodes.below_payload(info, "StopProposal", "proposal", done.subject)
        return RecordAidAnswerPayload(proposal=proposal, **done.answered)

    @guards.mutation(
        Permission.DECIDE_FILES,
        "Decides what another officer proposed, once all that has to stand before does; it is done at once.",
    )
    async def decide_stop(
        self, info: Info, input: Annotated[DecideStopInput, strawberry.argument(description="The decision.")]
    ) -> DecideStopPayload:
        """Decides a proposal."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            return await stop_decisions.decide(
                connection,
                info.context.vault,
                viewer,
                nodes.key_of(info, "StopProposal", input.proposal_id),
                input.expected_version,
                input.reason,
                input.document_no,
                named(info, "Referral", input.referral_id),
                info.context.now(),
            )

        done = await carry_out(info, Permission.DECIDE_FILES, input, act)
        proposal = await nodes.below_payload(info, "StopProposal", "proposal", done.subject)
        return DecideStopPayload(proposal=proposal, **done.answered)


branch(StopProposal, "household", ITS_HOUSEHOLD)
kind("StopProposal", Kind(loaders.proposals_by_key, proposal_objects, Permission.READ_CASES))
