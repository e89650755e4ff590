"""Applications: reviewed, with what the review comes to, and withdrawn."""

from __future__ import annotations

from typing import Annotated

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.permissions import Permission, Viewer
from api.schema import guards, nodes
from api.schema.context import Info
from api.schema.enumerations import Words, described
from api.schema.evidence import references
from api.schema.households import Household
from api.schema.results import Payload, carry_out
from api.schema.steps import EVIDENCE, NOW, REASON, StepInput, household_key
from api.schema.terms import HardshipCategory, Tier
from api.services import applications
from api.services.applications import ReviewOutcome
from api.services.recognition import Kept

KEEP = Permission.KEEP_FILES

described(
    ReviewOutcome,
    "What the review of an application comes to.",
    {
        "ACCEPT": Words(
            "受理", "Accept", "材料齐全，进入审核。", "The papers are complete; it is under review then."
        ),
        "RETURN": Words("退回", "Return", "退回上一阶段补正。", "It goes back one stage, to be completed."),
        "REFUSE": Words("不予建档", "Refuse", "决定不予建档。", "It is decided that no file is opened."),
    },
)


@strawberry.input(description="What the review of an application comes to.")
class ReviewApplicationInput(StepInput):
    """What the review of an application comes to."""

    outcome: ReviewOutcome = strawberry.field(description="What it comes to; REFUSE takes DECIDE_FILES.")
    reason: str | None = strawberry.field(default=None, description=REASON + " Only ACCEPT needs none.")
    tier: Tier | None = strawberry.field(default=None, description="Which level should keep it and pay: a proposal.")
    category: HardshipCategory | None = strawberry.field(
        default=None, description="Its category by the method in force today: a proposal, which recording decides."
    )
    evidence_ids: list[strawberry.ID] | None = strawberry.field(default=None, description=EVIDENCE)


@strawberry.input(description="The applicant takes the application back.")
class WithdrawApplicationInput(StepInput):
    """The applicant takes the application back."""

    reason: str = strawberry.field(description=REASON)


@strawberry.type(description="What `reviewApplication` answers.")
class ReviewApplicationPayload(Payload):
    """What `reviewApplication` answers."""

    household: Household | None = strawberry.field(description=NOW)


@strawberry.type(description="What `withdrawApplication` answers.")
class WithdrawApplicationPayload(Payload):
    """What `withdrawApplication` answers."""

    household: Household | None = strawberry.field(description=NOW)


@strawberry.type(description="What may be done with applications.")
class ApplicationMutations:
    """Applications are reviewed and withdrawn."""

    @guards.mutation(KEEP, "Records what the review of an application comes to.")
    async def review_application(
        self, info: Info, input: Annotated[ReviewApplicationInput, strawberry.argument(description="The outcome.")]
    ) -> ReviewApplicationPayload:
        """Records an outcome."""
        context, kept = info.context, Kept(input.tier, input.category)

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key, rests_on = household_key(info, input), references(info, input.evidence_ids)
            return await applications.review(
                connection, context.vault, viewer, key, input.expected_version, input.outcome, kept, input.reason, rests_on,
                context.now(),
            )  # fmt: skip

        done = await carry_out(info, KEEP, input, act)
        household = await nodes.below_payload(info, "Household", "household", done.subject)
        return ReviewApplicationPayload(household=household, **done.answered)

    @guards.mutation(KEEP, "Records that the applicant takes the application back.")
    async def withdraw_application(
        self, info: Info, input: Annotated[WithdrawApplicationInput, strawberry.argument(description="Why.")]
    ) -> WithdrawApplicationPayload:
        """Records a withdrawal."""
        context = info.context

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key = household_key(info, input)
            return await applications.withdraw(
                connection, context.vault, viewer, key, input.expected_version, input.reason, context.now()
            )

        done = await carry_out(info, KEEP, input, act)
        household = await nodes.below_payload(info, "Household", "household", done.subject)
        return WithdrawApplicationPayload(household=household, **done.answered)
