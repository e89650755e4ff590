"""A household's own data corrected, and what an application still lacks of it told."""

from __future__ import annotations

from typing import Annotated

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.permissions import Permission, Viewer
from api.schema import guards
from api.schema.context import Info
from api.schema.declarations import DeclaredInput, declared_of
from api.schema.steps import REASON, StepInput, StepPayload, carried_out, household_key
from api.schema.words import TargetGroup
from api.services import corrections, external_references, households

KEEP = Permission.KEEP_FILES


@strawberry.input(
    description="What is registered of a household was wrong, or lacking: what is left out or null stays, an empty text "
    "takes a value away."
)
class CorrectHouseholdInput(StepInput):
    """What is registered of a household was wrong, or lacking."""

    target_group: TargetGroup | None = strawberry.field(default=None, description="Which of the policy's groups.")
    residence: str | None = strawberry.field(default=None, description="URBAN or RURAL.")
    address: str | None = strawberry.field(default=None, description="The household's; kept sealed.")
    phone: str | None = strawberry.field(default=None, description="The household's; kept sealed.")
    payee_account: str | None = strawberry.field(default=None, description="To which aid is paid; kept sealed.")
    payee_name: str | None = strawberry.field(default=None, description="Whose account it is; kept sealed.")
    acftu_reference: str | None = strawberry.field(
        default=None, description="The number under which the ACFTU's system knows it, which is no other household's."
    )
    declared: list[DeclaredInput] = strawberry.field(
        default_factory=list,
        description="What the household, or a member, declares while it applies; of a file, `reportChange` tells it.",
    )
    reason: str = strawberry.field(description=REASON)


@strawberry.type(description="What `correctHousehold` answers.")
class CorrectHouseholdPayload(StepPayload):
    """What `correctHousehold` answers."""


def _told(given: CorrectHouseholdInput) -> dict[str, str]:
    told = {name: getattr(given, name) for name in (*households.TOLD, external_references.FIELD)}
    return {name: value for name, value in told.items() if value is not None}


@strawberry.type(description="What may be put right of a household.")
class CorrectionMutations:
    """A household's own data is corrected."""

    @guards.mutation(KEEP, "Corrects what is registered of a household itself; what stood there is kept.")
    async def correct_household(
        self, info: Info, input: Annotated[CorrectHouseholdInput, strawberry.argument(description="What is right.")]
    ) -> CorrectHouseholdPayload:
        """Corrects a household."""
        context = info.context

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            declared = [declared_of(info, each) for each in input.declared]
            return await corrections.correct(
                connection, context.vault, viewer, household_key(info, input), input.expected_version, _told(input),
                declared, input.reason, context.now(),
            )  # fmt: skip

        return await carried_out(info, KEEP, input, act, CorrectHouseholdPayload)
