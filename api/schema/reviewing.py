"""What belongs to a lead while people are at work on it: its holder, notices, conclusions, and the proof of who decided."""

from __future__ import annotations

import datetime as dt

import strawberry

from api.domain.accounts import UserKind
from api.loaders import reviewing as loaders
from api.loaders.reading import Reading, Rows
from api.schema.households import NOT_LOADED
from api.schema.officers import Officer, handler
from api.schema.review_terms import ConclusionState
from api.schema.selection import Wanted
from api.schema.sizes import about
from api.schema.stop_terms import Delivery
from api.schema.tree import Branch, branch
from api.schema.words import Outcome, WithdrawnBecause

HIDDEN = " Null for viewers who see masks, and where it may tell where a protected person is."


@strawberry.type(description="Who is at work on a lead; the claim lapses by itself after days without an act.")
class LeadHolder:
    """Who is at work on a lead."""

    officer: Officer | None = strawberry.field(description="Who; null where that is hidden from the viewer (F-29).")
    claimed_at: dt.datetime = strawberry.field(description="Since when.")
    until: dt.date = strawberry.field(description="The last day of it, unless its holder acts before.")


@strawberry.type(description="That a household was told of a lead, word for word, and what it answered.")
class LeadNotice:
    """That a household was told of a lead."""

    document_no: str = strawberry.field(description="The document's number.")
    text_zh: str | None = strawberry.field(description="The notice in Chinese." + HIDDEN)
    text_en: str | None = strawberry.field(description="The notice in English." + HIDDEN)
    delivery: Delivery = strawberry.field(description="How it reached the household.")
    delivered_on: dt.date = strawberry.field(description="When.")
    wait_until: dt.date = strawberry.field(description="The last day of those that the household has to answer.")
    recorded_by: str | None = strawberry.field(description="Who recorded it; null where that is hidden.")
    answered_on: dt.date | None = strawberry.field(description="When it answered; null where it has not.")
    answer: str | None = strawberry.field(description="Its words." + HIDDEN)
    on_current_evidence: bool = strawberry.field(description="Whether the finding rests on the same evidence today.")


@strawberry.type(
    description="A conclusion that may weigh on a household: proposed by one officer, confirmed by another."
)
class Conclusion:
    """A conclusion that may weigh on a household."""

    outcome: Outcome = strawberry.field(description="What is concluded.")
    reason: str | None = strawberry.field(description="Why." + HIDDEN)
    decision_document: str | None = strawberry.field(description="The decision that it rests on, if there is one.")
    proposed_by: str | None = strawberry.field(description="Who proposed it; null where that is hidden.")
    proposed_at: dt.datetime = strawberry.field(description="When.")
    state: ConclusionState = strawberry.field(description="What became of it.")
    confirmed_by: str | None = strawberry.field(description="Which other officer confirmed it; null where hidden.")
    confirmed_at: dt.datetime | None = strawberry.field(description="When.")
    closing: str | None = strawberry.field(description="Why it was given up." + HIDDEN)
    lapsed_because: WithdrawnBecause | None = strawberry.field(
        description="Why the lead was withdrawn while it waited; null unless it lapsed."
    )


@strawberry.type(description="One act on a lead, as the audit has it.")
class LeadAct:
    """One act on a lead."""

    audit_id: strawberry.ID = strawberry.field(description="Its entry of the audit, to be quoted.")
    number: int = strawberry.field(description="Its number in the chain of the audit.")
    hash: str = strawberry.field(description="Its hash, which the next entry carries: none is changed unseen.")
    action: str = strawberry.field(description="What was done, such as finding.reviewed.")
    officer: str | None = strawberry.field(description="By whom; null where that is hidden, or nobody did it.")
    by_person: bool = strawberry.field(description="Whether a person did it.")
    happened_at: dt.datetime = strawberry.field(description="When.")


@strawberry.type(
    description="That people decided, and who: of a lead that was concluded on, with every act that led to it (F-35)."
)
class DecisionProof:
    """That people decided, and who."""

    finding_key: strawberry.Private[int]
    outcome: Outcome = strawberry.field(description="What was concluded last.")
    decided_at: dt.datetime = strawberry.field(description="When.")
    decided_by: str | None = strawberry.field(description="By whom; null where that is hidden.")
    proposed_by: str | None = strawberry.field(description="Who proposed it, where it takes a second officer.")
    by_people: bool = strawberry.field(description="Whether whoever proposed and whoever decided are people.")
    acts: list[LeadAct] = strawberry.field(
        default=NOT_LOADED, description="Every act on the lead, in the order of the audit.", metadata=about(6)
    )


def holder_objects(reading: Reading, rows: Rows, wanted: Wanted) -> list[LeadHolder]:
    """Rows as holders."""
    return [
        LeadHolder(
            officer=handler(reading, row, row.login, row.display_name), claimed_at=row.claimed_at, until=row.until
        )
        for row in rows
    ]


def notice_objects(reading: Reading, rows: Rows, wanted: Wanted) -> list[LeadNotice]:
    """Rows as notices."""
    whole = reading.sees_identity
    zh, en, answer = (
        reading.shown(f"lead_notices.{column}", whole and wanted.has(field), lambda _: None)
        for column, field in (("text_zh", "textZh"), ("text_en", "textEn"), ("answer", "answer"))
    )
    return [
        LeadNotice(
            document_no=row.document_no,
            text_zh=zh(reading.whereabouts(row, row.text_zh)),
            text_en=en(reading.whereabouts(row, row.text_en)),
            delivery=Delivery(row.delivery),
            delivered_on=row.delivered_on,
            wait_until=row.wait_until,
            recorded_by=reading.whereabouts(row, row.recorder),
            answered_on=row.answered_on,
            answer=answer(reading.whereabouts(row, row.answer)),
            on_current_evidence=row.evidence_hash == row.current_evidence,
        )
        for row in rows
    ]


def conclusion_objects(reading: Reading, rows: Rows, wanted: Wanted) -> list[Conclusion]:
    """Rows as conclusions."""
    whole = reading.sees_identity
    reason, closing = (
        reading.shown(f"conclusions.{column}", whole and wanted.has(column), lambda _: None)
        for column in ("reason", "closing")
    )
    return [
        Conclusion(
            outcome=Outcome(row.outcome),
            reason=reason(reading.whereabouts(row, row.reason)),
            decision_document=row.decision_document,
            proposed_by=reading.whereabouts(row, row.proposer),
            proposed_at=row.proposed_at,
            state=ConclusionState(row.state),
            confirmed_by=reading.whereabouts(row, row.confirmer),
            confirmed_at=row.confirmed_at,
            closing=closing(reading.whereabouts(row, row.closing)),
            lapsed_because=WithdrawnBecause(row.lapsed_because) if row.lapsed_because else None,
        )
        for row in rows
    ]


def proof_objects(reading: Reading, rows: Rows, wanted: Wanted) -> list[DecisionProof]:
    """Rows as proofs."""
    return [
        DecisionProof(
            finding_key=row.finding_id,
            outcome=Outcome(row.outcome),
            decided_at=row.reviewed_at,
            decided_by=reading.whereabouts(row, row.decider),
            proposed_by=reading.whereabouts(row, row.proposer),
            by_people={row.decider_kind, row.proposer_kind} - {None} == {UserKind.PERSON},
        )
        for row in rows
    ]


def _act_objects(reading: Reading, rows: Rows, wanted: Wanted) -> list[LeadAct]:
    ids = reading.vault.ids("AuditEvent", [row.id for row in rows])
    return [
        LeadAct(
            audit_id=strawberry.ID(audit_id),
            number=row.number,
            hash=row.hash,
            action=row.action,
            officer=reading.whereabouts(row, row.display_name),
            by_person=row.kind == UserKind.PERSON,
            happened_at=row.happened_at,
        )
        for row, audit_id in zip(rows, ids, strict=True)
    ]


branch(
    DecisionProof,
    "acts",
    Branch("finding_key", lambda reading, keys, _: loaders.acts_of(reading, keys), _act_objects, "acts"),
)
