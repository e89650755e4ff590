"""Applications: handed in, by a household that is new or known; reviewed; withdrawn."""

from __future__ import annotations

from typing import Annotated

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.permissions import Permission, Viewer
from api.schema import guards
from api.schema.changes import VERSION, named, read_at
from api.schema.context import Info
from api.schema.declarations import DeclaredInput, declared_of
from api.schema.enumerations import Words, described
from api.schema.evidence import references
from api.schema.forms import FormValueInput, values_of
from api.schema.people import PersonInput, entered_of
from api.schema.results import MutationInput
from api.schema.steps import EVIDENCE, REASON, StepInput, StepPayload, carried_out, household_key
from api.schema.terms import HardshipCategory, Tier
from api.schema.words import TargetGroup
from api.services import applications
from api.services.applications import Applicant, Application, ReviewOutcome
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


@strawberry.input(description="Somebody who comes into the household with the application.")
class ApplicantInput:
    """Somebody who comes into the household with the application."""

    person: PersonInput = strawberry.field(description="Who; of a new household one is its HEAD, the worker.")
    form: list[FormValueInput] = strawberry.field(
        default_factory=list, description="The fields of the national form that are theirs, see `formFields`."
    )


@strawberry.input(description="An application: a household with its people, the form, and what it declares.")
class SubmitApplicationInput(MutationInput):
    """An application."""

    household_id: strawberry.ID | None = strawberry.field(
        default=None, description="A household that is known and has no file: it applies again. Null for a new one."
    )
    expected_version: int | None = strawberry.field(default=None, description="The household's `version`. " + VERSION)
    division_code: str | None = strawberry.field(
        default=None, description="Where a new household belongs: six digits, within the viewer's division."
    )
    target_group: TargetGroup | None = strawberry.field(default=None, description="Which of the policy's groups.")
    residence: str | None = strawberry.field(default=None, description="URBAN or RURAL.")
    address: str | None = strawberry.field(default=None, description="The household's; kept sealed.")
    phone: str | None = strawberry.field(default=None, description="The household's; kept sealed.")
    payee_account: str | None = strawberry.field(default=None, description="To which aid is paid; kept sealed.")
    payee_name: str | None = strawberry.field(default=None, description="Whose account it is; kept sealed.")
    organisation_code: str | None = strawberry.field(default=None, description="The union that keeps the file.")
    people: list[ApplicantInput] = strawberry.field(
        default_factory=list, description="Everybody of a new household; of one that is known, who came into it."
    )
    form: list[FormValueInput] = strawberry.field(
        default_factory=list, description="The fields of the national form that are the household's."
    )
    declared: list[DeclaredInput] = strawberry.field(
        default_factory=list, description="What the household, or a member that is known, declares."
    )


@strawberry.type(description="What `submitApplication` answers.")
class SubmitApplicationPayload(StepPayload):
    """What `submitApplication` answers."""


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
class ReviewApplicationPayload(StepPayload):
    """What `reviewApplication` answers."""


@strawberry.type(description="What `withdrawApplication` answers.")
class WithdrawApplicationPayload(StepPayload):
    """What `withdrawApplication` answers."""


def _application(info: Info, given: SubmitApplicationInput) -> Application:
    """What is handed in. Raises NotDone."""
    return Application(
        division_code=given.division_code,
        target_group=given.target_group,
        residence=given.residence,
        address=given.address,
        phone=given.phone,
        payee_account=given.payee_account,
        payee_name=given.payee_name,
        organisation_code=given.organisation_code,
        people=[
            Applicant(
                entered_of(each.person, ("input", "people", str(place), "person")), values_of(each.form, "people")
            )
            for place, each in enumerate(given.people)
        ],
        declared=[declared_of(info, each) for each in given.declared],
        form=values_of(given.form, "form"),
    )


@strawberry.type(description="What may be done with applications.")
class ApplicationMutations:
    """Applications are handed in, reviewed and withdrawn."""

    @guards.mutation(KEEP, "Hands in an application, of a household that is new or applies again.")
    async def submit_application(
        self, info: Info, input: Annotated[SubmitApplicationInput, strawberry.argument(description="Who applies.")]
    ) -> SubmitApplicationPayload:
        """Hands in an application."""
        context = info.context

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key = named(info, "Household", input.household_id)
            version = read_at(input.household_id, input.expected_version)
            return await applications.submit(
                connection, context.vault, viewer, key, version, _application(info, input), context.now()
            )

        return await carried_out(info, KEEP, input, act, SubmitApplicationPayload)

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

        return await carried_out(info, KEEP, input, act, ReviewApplicationPayload)

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

        return await carried_out(info, KEEP, input, act, WithdrawApplicationPayload)
