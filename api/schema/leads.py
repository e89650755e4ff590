"""What is done with a lead by those who review it: claimed, told to its household, answered, and concluded by two officers."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.objections import Ground, Objector
from api.domain.permissions import Permission, Viewer
from api.loaders import notices as objection_loaders
from api.loaders import reviewing as loaders
from api.schema import guards, nodes
from api.schema.changes import named
from api.schema.context import Info
from api.schema.findings import Finding
from api.schema.objections import Objection, objection_objects
from api.schema.results import MutationInput, Payload, carry_out
from api.schema.reviewing import conclusion_objects, holder_objects, notice_objects, proof_objects
from api.schema.sizes import about
from api.schema.stop_terms import Delivery, OfficialErrorKind
from api.schema.tree import Branch, branch
from api.schema.words import Outcome
from api.services import conclusions, lead_notices, lead_objections, leads, reviews
from api.services.lead_objections import Said
from api.services.reviews import Concluded, One

FINDING, VERSION = "The finding.", "The finding's `version` as it was read."
DECISION = "The decision's document number; required for DECEPTION_CONFIRMED."


@strawberry.type(description="The notice of a lead as its household is given it, in Chinese and in English (F-14).")
class LeadNoticeText:
    """The notice of a lead."""

    text_zh: str = strawberry.field(description="In Chinese.")
    text_en: str = strawberry.field(description="In English.")


@strawberry.type(description="What may be asked of leads at work.")
class LeadQueries:
    """Leads at work."""

    @guards.query(
        Permission.REVIEW_FINDING,
        "The notice of a lead, to be printed: as `notifyFinding` keeps it if it is delivered on that day. Null where there "
        "is no such lead, or it tells what is hidden from the viewer.",
    )
    async def preview_finding_notice(
        self,
        info: Info,
        finding_id: Annotated[strawberry.ID, strawberry.argument(description=FINDING)],
        delivered_on: Annotated[
            dt.date | None, strawberry.argument(description="The day on which it will be delivered; today if none.")
        ] = None,
    ) -> LeadNoticeText | None:
        """The notice of a lead."""
        viewer, key = info.context.viewer_who_may(Permission.REVIEW_FINDING), named(info, "Finding", finding_id)
        async with info.context.reading() as reading:
            told = await lead_notices.preview(reading.connection, viewer, key, delivered_on, info.context.now())
            if told is None:
                return None
            reading.log.asked("LeadNoticeText", ["textZh", "textEn"])
            reading.log.saw_households([told.household_id])
        return LeadNoticeText(text_zh=told.zh, text_en=told.en)


@strawberry.input(description="That the viewer takes a lead upon themselves.")
class ClaimFindingInput(MutationInput):
    """That the viewer takes a lead upon themselves."""

    finding_id: strawberry.ID = strawberry.field(description=FINDING)
    expected_version: int = strawberry.field(description=VERSION)


@strawberry.type(description="What `claimFinding` answers.")
class ClaimFindingPayload(Payload):
    """What `claimFinding` answers."""

    finding: Finding | None = strawberry.field(description="The finding, with its holder.")


@strawberry.input(description="That the viewer gives a lead back.")
class ReleaseFindingInput(MutationInput):
    """That the viewer gives a lead back."""

    finding_id: strawberry.ID = strawberry.field(description=FINDING)
    expected_version: int = strawberry.field(description=VERSION)


@strawberry.type(description="What `releaseFinding` answers.")
class ReleaseFindingPayload(Payload):
    """What `releaseFinding` answers."""

    finding: Finding | None = strawberry.field(description="The finding, which nobody holds.")


@strawberry.input(description="That the notice of a lead was delivered.")
class NotifyFindingInput(MutationInput):
    """That the notice of a lead was delivered."""

    finding_id: strawberry.ID = strawberry.field(description=FINDING)
    expected_version: int = strawberry.field(description=VERSION)
    document_no: str = strawberry.field(description="The document's number.")
    delivery: Delivery = strawberry.field(description="How it reached the household.")
    delivered_on: dt.date = strawberry.field(description="When it did; no day to come.")


@strawberry.type(description="What `notifyFinding` answers.")
class NotifyFindingPayload(Payload):
    """What `notifyFinding` answers."""

    finding: Finding | None = strawberry.field(description="The finding, with its notice word for word.")


@strawberry.input(description="What a household answered to the notice of a lead.")
class RecordAnswerInput(MutationInput):
    """What a household answered."""

    finding_id: strawberry.ID = strawberry.field(description=FINDING)
    expected_version: int = strawberry.field(description=VERSION)
    answered_on: dt.date = strawberry.field(description="When.")
    answer: str = strawberry.field(description="Its words, up to 2,000 characters; kept sealed.")


@strawberry.type(description="What `recordAnswer` answers.")
class RecordAnswerPayload(Payload):
    """What `recordAnswer` answers."""

    finding: Finding | None = strawberry.field(description="The finding, with the answer.")


@strawberry.input(description="An objection to a lead, at any state of it, taken down by any clerk.")
class ObjectToFindingInput(MutationInput):
    """An objection to a lead."""

    finding_id: strawberry.ID = strawberry.field(description=FINDING)
    objector: Objector = strawberry.field(description="Who objects.")
    objector_name: str | None = strawberry.field(default=None, description="Kept sealed; none of an anonymous one.")
    objector_contact: str | None = strawberry.field(default=None, description="How to answer them; likewise.")
    grounds: list[Ground] = strawberry.field(description="What it rests on; at least one.")
    said: str = strawberry.field(name="text", description="What is said, up to 4,000 characters; kept sealed.")
    received_on: dt.date | None = strawberry.field(default=None, description="The day it came in; today if none.")


@strawberry.type(description="What `objectToFinding` answers.")
class ObjectToFindingPayload(Payload):
    """What `objectToFinding` answers."""

    objection: Objection | None = strawberry.field(description="The objection; `answerObjection` answers it.")


@strawberry.input(description="A conclusion that may weigh on a household, for another officer to confirm.")
class ProposeConclusionInput(MutationInput):
    """A conclusion that may weigh on a household."""

    finding_id: strawberry.ID = strawberry.field(description=FINDING)
    expected_version: int = strawberry.field(description=VERSION)
    outcome: Outcome = strawberry.field(description="CLAIMANT_ERROR or DECEPTION_CONFIRMED.")
    reason: str = strawberry.field(description="Why, up to 2,000 characters; kept sealed.")
    decision_document: str | None = strawberry.field(default=None, description=DECISION)


@strawberry.type(description="What `proposeConclusion` answers.")
class ProposeConclusionPayload(Payload):
    """What `proposeConclusion` answers."""

    finding: Finding | None = strawberry.field(description="The finding, with the conclusion that waits.")


@strawberry.input(description="That another officer concludes so too.")
class ConfirmConclusionInput(MutationInput):
    """That another officer concludes so too."""

    finding_id: strawberry.ID = strawberry.field(description=FINDING)
    expected_version: int = strawberry.field(description=VERSION)
    reason: str = strawberry.field(description="Why, up to 2,000 characters; kept sealed.")


@strawberry.type(description="What `confirmConclusion` answers.")
class ConfirmConclusionPayload(Payload):
    """What `confirmConclusion` answers."""

    finding: Finding | None = strawberry.field(description="The finding as it stands now.")


@strawberry.input(description="That a conclusion is given up: withdrawn by whoever proposed it, rejected by another.")
class WithdrawConclusionInput(MutationInput):
    """That a conclusion is given up."""

    finding_id: strawberry.ID = strawberry.field(description=FINDING)
    expected_version: int = strawberry.field(description=VERSION)
    reason: str = strawberry.field(description="Why, up to 2,000 characters; kept sealed.")


@strawberry.type(description="What `withdrawConclusion` answers.")
class WithdrawConclusionPayload(Payload):
    """What `withdrawConclusion` answers."""

    finding: Finding | None = strawberry.field(description="The finding as it stands now.")


@strawberry.input(description="One of several leads, and what is concluded of it by one officer.")
class LeadReview:
    """One of several leads."""

    finding_id: strawberry.ID = strawberry.field(description=FINDING)
    expected_version: int = strawberry.field(description=VERSION + " That version is what was looked at.")
    outcome: Outcome = strawberry.field(description="The conclusion, of those that one officer draws.")
    note: str = strawberry.field(description="The reason, up to 2,000 characters; kept sealed.")
    decision_document: str | None = strawberry.field(default=None, description="A document that it rests on.")
    official_error_id: strawberry.ID | None = strawberry.field(
        default=None, description="Of an error of ours: its entry in the register; none: one is added."
    )
    official_error_kind: OfficialErrorKind = strawberry.field(
        default=OfficialErrorKind.OTHER, description="Of which kind that is."
    )


@strawberry.input(description="Up to fifty leads, each of which the viewer has looked at by itself (F-4).")
class ReviewFindingsInput(MutationInput):
    """Up to fifty leads."""

    leads: list[LeadReview] = strawberry.field(description="All of them are concluded on, or none.")


@strawberry.type(description="What `reviewFindings` answers.")
class ReviewFindingsPayload(Payload):
    """What `reviewFindings` answers."""

    findings: list[Finding] | None = strawberry.field(
        description="The findings in the order given; null where nothing was done.", metadata=about(50)
    )


@strawberry.type(description="What may be done with leads by those who review them.")
class LeadMutations:
    """Leads at work."""

    @guards.mutation(Permission.REVIEW_FINDING, "Takes a lead upon oneself: nobody else works on it meanwhile.")
    async def claim_finding(
        self, info: Info, input: Annotated[ClaimFindingInput, strawberry.argument(description="Which.")]
    ) -> ClaimFindingPayload:
        """Claims a lead."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key = nodes.key_of(info, "Finding", input.finding_id)
            return await leads.claim(connection, viewer, key, input.expected_version, info.context.now())

        done = await carry_out(info, Permission.REVIEW_FINDING, input, act)
        finding = await nodes.below_payload(info, "Finding", "finding", done.subject)
        return ClaimFindingPayload(finding=finding, **done.answered)

    @guards.mutation(Permission.REVIEW_FINDING, "Gives a lead back that one holds.")
    async def release_finding(
        self, info: Info, input: Annotated[ReleaseFindingInput, strawberry.argument(description="Which.")]
    ) -> ReleaseFindingPayload:
        """Releases a lead."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key = nodes.key_of(info, "Finding", input.finding_id)
            return await leads.release(connection, viewer, key, input.expected_version, info.context.now())

        done = await carry_out(info, Permission.REVIEW_FINDING, input, act)
        finding = await nodes.below_payload(info, "Finding", "finding", done.subject)
        return ReleaseFindingPayload(finding=finding, **done.answered)

    @guards.mutation(
        Permission.REVIEW_FINDING, "Records that the notice of a lead was delivered, and keeps it word for word."
    )
    async def notify_finding(
        self, info: Info, input: Annotated[NotifyFindingInput, strawberry.argument(description="How, and when.")]
    ) -> NotifyFindingPayload:
        """Records a notice."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            return await lead_notices.notify(
                connection,
                info.context.vault,
                viewer,
                nodes.key_of(info, "Finding", input.finding_id),
                input.expected_version,
                input.document_no,
                input.delivery,
                input.delivered_on,
                info.context.now(),
            )

        done = await carry_out(info, Permission.REVIEW_FINDING, input, act)
        finding = await nodes.below_payload(info, "Finding", "finding", done.subject)
        return NotifyFindingPayload(finding=finding, **done.answered)

    @guards.mutation(Permission.KEEP_FILES, "Takes down what the household answered to the notice of a lead.")
    async def record_answer(
        self, info: Info, input: Annotated[RecordAnswerInput, strawberry.argument(description="The answer.")]
    ) -> RecordAnswerPayload:
        """Takes down an answer."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            return await lead_notices.answer(
                connection,
                info.context.vault,
                viewer,
                nodes.key_of(info, "Finding", input.finding_id),
                input.expected_version,
                input.answered_on,
                input.answer,
                info.context.now(),
            )

        done = await carry_out(info, Permission.KEEP_FILES, input, act)
        finding = await nodes.below_payload(info, "Finding", "finding", done.subject)
        return RecordAnswerPayload(finding=finding, **done.answered)

    @guards.mutation(
        Permission.KEEP_FILES, "Takes down an objection to a lead; nothing adverse happens until it is answered."
    )
    async def object_to_finding(
        self, info: Info, input: Annotated[ObjectToFindingInput, strawberry.argument(description="The objection.")]
    ) -> ObjectToFindingPayload:
        """Takes down an objection to a lead."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            said = Said(
                input.objector,
                input.grounds,
                input.said,
                input.objector_name,
                input.objector_contact,
                input.received_on,
            )
            key, context = nodes.key_of(info, "Finding", input.finding_id), info.context
            return await lead_objections.object_to(connection, context.vault, viewer, key, said, context.now())

        done = await carry_out(info, Permission.KEEP_FILES, input, act)
        objection = await nodes.below_payload(info, "Objection", "objection", done.subject)
        return ObjectToFindingPayload(objection=objection, **done.answered)

    @guards.mutation(
        Permission.REVIEW_FINDING,
        "Proposes a conclusion that may weigh on a household, once it was told and heard; it changes nothing.",
    )
    async def propose_conclusion(
        self, info: Info, input: Annotated[ProposeConclusionInput, strawberry.argument(description="What, and why.")]
    ) -> ProposeConclusionPayload:
        """Proposes a conclusion."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            return await conclusions.propose(
                connection,
                info.context.vault,
                viewer,
                nodes.key_of(info, "Finding", input.finding_id),
                input.expected_version,
                input.outcome,
                input.reason,
                input.decision_document,
                info.context.now(),
            )

        done = await carry_out(info, Permission.REVIEW_FINDING, input, act)
        finding = await nodes.below_payload(info, "Finding", "finding", done.subject)
        return ProposeConclusionPayload(finding=finding, **done.answered)

    @guards.mutation(Permission.REVIEW_FINDING, "Confirms a conclusion that another officer proposed.")
    async def confirm_conclusion(
        self, info: Info, input: Annotated[ConfirmConclusionInput, strawberry.argument(description="Which, and why.")]
    ) -> ConfirmConclusionPayload:
        """Confirms a conclusion."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key, context = nodes.key_of(info, "Finding", input.finding_id), info.context
            return await conclusions.confirm(
                connection, context.vault, viewer, key, input.expected_version, input.reason, context.now()
            )

        done = await carry_out(info, Permission.REVIEW_FINDING, input, act)
        finding = await nodes.below_payload(info, "Finding", "finding", done.subject)
        return ConfirmConclusionPayload(finding=finding, **done.answered)

    @guards.mutation(Permission.REVIEW_FINDING, "Gives up a conclusion that waits to be confirmed.")
    async def withdraw_conclusion(
        self,
        info: Info,
        input: Annotated[WithdrawConclusionInput, strawberry.argument(description="Which, and why.")],
    ) -> WithdrawConclusionPayload:
        """Gives up a conclusion."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key, context = nodes.key_of(info, "Finding", input.finding_id), info.context
            return await conclusions.give_up(
                connection, context.vault, viewer, key, input.expected_version, input.reason, context.now()
            )

        done = await carry_out(info, Permission.REVIEW_FINDING, input, act)
        finding = await nodes.below_payload(info, "Finding", "finding", done.subject)
        return WithdrawConclusionPayload(finding=finding, **done.answered)

    @guards.mutation(
        Permission.REVIEW_FINDING,
        "Concludes on up to fifty leads at once, each looked at by itself before: all of them, or none (F-4).",
    )
    async def review_findings(
        self, info: Info, input: Annotated[ReviewFindingsInput, strawberry.argument(description="The leads.")]
    ) -> ReviewFindingsPayload:
        """Concludes on several leads."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            some = [
                One(
                    nodes.key_of(info, "Finding", each.finding_id),
                    each.expected_version,
                    Concluded(
                        each.outcome,
                        each.note,
                        each.decision_document,
                        named(info, "OfficialError", each.official_error_id),
                        each.official_error_kind,
                    ),
                )
                for each in input.leads
            ]
            keys = await reviews.review_all(connection, info.context.vault, viewer, some, info.context.now())
            return keys[0]

        done = await carry_out(info, Permission.REVIEW_FINDING, input, act)
        found = None
        if done.subject is not None:
            keys = [nodes.key_of(info, "Finding", each.finding_id) for each in input.leads]
            found = await nodes.many_below_payload(info, "Finding", "findings", [key for key in keys if key])
        return ReviewFindingsPayload(findings=found, **done.answered)


branch(
    Finding,
    "holder",
    Branch("key", lambda reading, keys, _: loaders.holders_of(reading, keys), holder_objects, "holder", False),
)
branch(
    Finding,
    "notices",
    Branch("key", lambda reading, keys, _: loaders.notices_of(reading, keys), notice_objects, "notices"),
)
branch(
    Finding,
    "conclusions",
    Branch("key", lambda reading, keys, _: loaders.conclusions_of(reading, keys), conclusion_objects, "conclusions"),
)
branch(
    Finding,
    "objections",
    Branch(
        "key",
        lambda reading, keys, _: objection_loaders.objections_about(reading, keys),
        objection_objects,
        "objections",
    ),
)
branch(
    Finding,
    "proof",
    Branch("key", lambda reading, keys, _: loaders.decided_of(reading, keys), proof_objects, "proof", False),
)
