"""What is found when a grant is held against other aid, as it is told: by whoever asks first, and by whoever is refused."""

from __future__ import annotations

from collections.abc import Sequence

import strawberry

from api.domain import grants
from api.schema.grant_terms import GrantEffect, GrantFindingKind
from api.schema.scalars import Month
from api.schema.sizes import about
from api.schema.values import Money, known_money
from api.sealing import Vault


@strawberry.type(description="The least that would set a conflict right; everything else goes on.")
class GrantCorrection:
    """The least correction."""

    programme_code: str = strawberry.field(description="The programme that gives way.")
    months: list[Month] = strawberry.field(description="In these months.", metadata=about(3))
    amount: Money = strawberry.field(description="How much less that pays, as far as is known.")


@strawberry.type(description="One thing that speaks against a grant, or that whoever decides should know.")
class GrantFinding:
    """One thing that was found."""

    kind: GrantFindingKind = strawberry.field(description="What it is.")
    effect: GrantEffect = strawberry.field(description="What it does.")
    programme_code: str = strawberry.field(description="The programme that it is about.")
    months: list[Month] = strawberry.field(description="The months that it is about.", metadata=about(3))
    person_ids: list[strawberry.ID] = strawberry.field(
        description="Whom of the household it is about, as `person(id:)` takes it; never a name.", metadata=about(2)
    )
    enrolment_ids: list[strawberry.ID] = strawberry.field(
        description="The household's own enrolments that it is about; of other households none is told.",
        metadata=about(1),
    )
    agency: str | None = strawberry.field(description="Who pays the other aid, where this viewer is told.")
    basis: str | None = strawberry.field(description="On which rule it rests.")
    verified: bool = strawberry.field(description="Whether that rule was verified; what is assumed blocks nothing.")
    correction: GrantCorrection | None = strawberry.field(description="The least that would set it right.")
    words: str | None = strawberry.field(
        description="Of a condition: what it asks for, in the language of the answer."
    )


def _correction(least: grants.Correction | None) -> GrantCorrection | None:
    if least is None:
        return None
    return GrantCorrection(
        programme_code=least.programme,
        months=[Month(month) for month in least.months],
        amount=known_money(least.amount_fen),
    )


def finding_objects(findings: Sequence[grants.Finding], vault: Vault, language: str) -> list[GrantFinding]:
    """Findings as they are told."""
    return [
        GrantFinding(
            kind=each.kind,
            effect=each.effect,
            programme_code=each.programme,
            months=[Month(month) for month in each.months],
            person_ids=[strawberry.ID(key) for key in vault.ids("Person", each.people)],
            enrolment_ids=[strawberry.ID(key) for key in vault.ids("Enrolment", each.enrolments)],
            agency=each.agency,
            basis=each.basis,
            verified=each.verified,
            correction=_correction(each.correction),
            words=each.words and each.words[0 if language == "zh" else 1],
        )
        for each in findings
    ]
