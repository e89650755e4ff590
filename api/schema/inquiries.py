"""What is asked about leads, and of whom; records that are said to be wrong; and what was answered (F-33)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain import days
from api.domain.permissions import Permission, Viewer
from api.loaders import findings, reviewing
from api.loaders.conditions import Condition
from api.loaders.pages import Window
from api.loaders.reading import Reading, Rows
from api.schema import guards, nodes
from api.schema.connections import ORDER, After, Before, Connection, First, Last, connection, order_of
from api.schema.context import Info
from api.schema.enumerations import Words, described
from api.schema.filters import AND, NOT, OR, in_division, joined, of_households, of_keys, one_of, whether
from api.schema.findings import Finding, finding_objects
from api.schema.households import NOT_LOADED
from api.schema.nodes import Kind, kind
from api.schema.officers import Officer, handler
from api.schema.on_paper import ON_PAPER, OnPaperInput, paper_of
from api.schema.results import MutationInput, Payload, carry_out
from api.schema.review_terms import Asked, InquiryKind, InquiryState, RepairOutcome, RepairReason
from api.schema.selection import Wanted
from api.schema.tree import Branch, branch
from api.schema.values import Node
from api.schema.words import Direction
from api.services import inquiries
from api.services.inquiries import Question, Repair

FINDING, VERSION = "The finding.", "The finding's `version` as it was read."


@strawberry.type(
    description="What is asked about a lead; of a record that is said to be wrong, of the department that keeps it."
)
class Inquiry(Node):
    """What is asked about a lead."""

    key: strawberry.Private[int]
    finding_key: strawberry.Private[int]
    kind: InquiryKind = strawberry.field(description="What is asked for.")
    asked_of: Asked = strawberry.field(description="Of whom.")
    source: str | None = strawberry.field(description="Of a department: the kind of its data, as in `departments`.")
    record_id: str | None = strawberry.field(description="Of a record that is said to be wrong: its number there.")
    reason: RepairReason | None = strawberry.field(description="Why it is said to be wrong.")
    question: str | None = strawberry.field(
        description="The words; null for viewers who see masks, but for whom it was asked of."
    )
    asked_by: Officer | None = strawberry.field(description="Who asked; null where that is hidden (F-29).")
    asked_at: dt.datetime = strawberry.field(description="When.")
    due_on: dt.date = strawberry.field(description="The day by which there should be an answer.")
    overdue: bool = strawberry.field(description="Whether that day has passed without one.")
    state: InquiryState = strawberry.field(description="Whether there is an answer.")
    outcome: RepairOutcome | None = strawberry.field(description="What the department found of its record.")
    answer: str | None = strawberry.field(description="The answer's words; null likewise.")
    answered_by: Officer | None = strawberry.field(description="Who answered, or wrote the answer down.")
    answered_at: dt.datetime | None = strawberry.field(description="When.")
    paper: str | None = strawberry.field(
        description="The number of a department's paper, where an officer wrote down what it says; null where the department answered itself."
    )
    said_on: dt.date | None = strawberry.field(description="The paper's day.")
    version: int = strawberry.field(description="Counts changes; to be given back by `answerFacts`.")
    finding: Finding | None = strawberry.field(
        default=NOT_LOADED, description="The finding; null for who reads no cases."
    )


class InquiryOrderField(StrEnum):
    """What inquiries may be ordered by."""

    ASKED = "ASKED"
    DUE_ON = "DUE_ON"


described(
    InquiryOrderField,
    "What inquiries may be ordered by.",
    {
        "ASKED": Words("询问先后", "Asked", "询问的先后。", "In which order they were asked."),
        "DUE_ON": Words("答复期限", "Due", "应答复的日期。", "The day by which there should be an answer."),
    },
)


@strawberry.input(description="An order of inquiries.")
class InquiryOrder:
    """An order of inquiries."""

    field: InquiryOrderField = strawberry.field(description="What to order by.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which way.")


@strawberry.input(description="Which inquiries; all that is given must hold.")
class InquiryFilter:
    """Which inquiries."""

    division_code: str | None = strawberry.field(default=None, description="In this division or below it.")
    household_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="About these households.")
    finding_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="About these findings.")
    kinds: list[InquiryKind] | None = strawberry.field(default=None, description="Of one of these kinds.")
    states: list[InquiryState] | None = strawberry.field(default=None, description="In one of these states.")
    outcomes: list[RepairOutcome] | None = strawberry.field(default=None, description="With one of these outcomes.")
    sources: list[str] | None = strawberry.field(default=None, description="Of departments with these kinds of data.")
    mine: bool | None = strawberry.field(default=None, description="Whether the viewer was asked, as a colleague.")
    overdue: bool | None = strawberry.field(
        default=None, description="Whether there should have been an answer by now."
    )
    and_: list[InquiryFilter] | None = strawberry.field(name="and", default=None, description=AND)
    or_: list[InquiryFilter] | None = strawberry.field(name="or", default=None, description=OR)
    not_: InquiryFilter | None = strawberry.field(name="not", default=None, description=NOT)


def _conditions(info: Info, given: InquiryFilter) -> Iterator[Condition]:
    viewer = info.context.viewer_who_may(Permission.READ_REFERRALS)
    tells = viewer.may(Permission.READ_CASES)
    yield from in_division(given.division_code)
    yield from of_households(info, given.household_ids, tells)
    yield from of_keys(info, "findings", "Finding", given.finding_ids if tells or given.finding_ids is None else [])
    yield from one_of("kinds", given.kinds)
    yield from one_of("states", given.states)
    yield from one_of("outcomes", given.outcomes)
    yield from one_of("sources", given.sources)
    yield from whether("mine", given.mine, {"mine_viewer": viewer.user_id})
    yield from whether("overdue", given.overdue, {"overdue_today": days.today(info.context.now())})


def inquiry_objects(reading: Reading, rows: Rows, wanted: Wanted) -> list[Inquiry]:
    """Rows as inquiries; who reads no cases is shown those alone that were asked of their department, with what was written."""
    reads_cases = reading.viewer.may(Permission.READ_CASES)
    whole = reading.sees_identity or not reads_cases

    def opened(name: str, sealed: bytes | None) -> str | None:
        return reading.vault.open(f"inquiries.{name}", sealed) if whole and wanted.has(name) else None

    for name in ("question", "answer"):
        if whole and rows and wanted.has(name):
            reading.log.opened(f"inquiries.{name}", whole=True)
    return [
        Inquiry(
            id=strawberry.ID(public_id),
            key=row.id,
            finding_key=row.finding_id,
            kind=InquiryKind(row.kind),
            asked_of=Asked(row.asked_of),
            source=row.source,
            record_id=row.record_id,
            reason=row.reason and RepairReason(row.reason),
            question=opened("question", reading.whereabouts(row, row.question)),
            asked_by=handler(reading, row, row.asker_login, row.asker_name),
            asked_at=row.asked_at,
            due_on=row.due_on,
            overdue=row.state == InquiryState.OPEN and row.due_on < reading.today,
            state=InquiryState(row.state),
            outcome=row.outcome and RepairOutcome(row.outcome),
            answer=opened("answer", reading.whereabouts(row, row.answer)),
            answered_by=handler(reading, row, row.answerer_login, row.answerer_name),
            answered_at=row.answered_at,
            paper=row.paper,
            said_on=row.said_on,
            version=row.version,
        )
        for row, public_id in zip(rows, reading.ids("Inquiry", rows), strict=True)
    ]


@strawberry.type(description="What may be asked about inquiries.")
class InquiryQueries:
    """Inquiries."""

    @guards.query(
        Permission.READ_REFERRALS,
        "What is asked about leads in the viewer's division; to who reads no cases, what is asked of their department.",
    )
    async def inquiries(
        self,
        info: Info,
        filter: Annotated[InquiryFilter | None, strawberry.argument(description="Which.")] = None,
        order_by: Annotated[
            list[InquiryOrder] | None, strawberry.argument(description=ORDER + " the latest first.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Inquiry] | None:
        """A page of inquiries."""
        where = joined(filter, lambda given, _: _conditions(info, given))
        order, window = order_of(order_by, "ASKED"), Window(first, after, last, before)
        return await connection(info, reviewing.INQUIRIES, inquiry_objects, where, order, window)


@strawberry.input(description="What is asked about a lead, and of whom.")
class AskFactsInput(MutationInput):
    """What is asked about a lead."""

    finding_id: strawberry.ID = strawberry.field(description=FINDING)
    expected_version: int = strawberry.field(description=VERSION)
    asked_of: Asked = strawberry.field(description="Of whom.")
    source: str | None = strawberry.field(default=None, description="Of a department: the kind of its data.")
    colleague: str | None = strawberry.field(default=None, description="Of a colleague: their login.")
    question: str = strawberry.field(description="What, up to 2,000 characters; kept sealed.")
    due_on: dt.date = strawberry.field(description="By when there should be an answer.")


@strawberry.type(description="What `askFacts` answers.")
class AskFactsPayload(Payload):
    """What `askFacts` answers."""

    finding: Finding | None = strawberry.field(description="The finding, in inquiry now.")


@strawberry.input(description="That a record behind a lead is wrong, as the person says it, taken down by any clerk.")
class ReportRepairInput(MutationInput):
    """That a record behind a lead is wrong."""

    finding_id: strawberry.ID = strawberry.field(description=FINDING)
    expected_version: int = strawberry.field(description=VERSION)
    source: str = strawberry.field(description="Of which record in the finding's `evidence`: the kind of data.")
    record_id: str = strawberry.field(description="And its number there.")
    reason: RepairReason = strawberry.field(description="Why it is wrong.")
    statement: str = strawberry.field(
        description="For its department, in words, up to 2,000 characters; kept sealed. Nothing has to be proved."
    )


@strawberry.type(description="What `reportRepair` answers.")
class ReportRepairPayload(Payload):
    """What `reportRepair` answers."""

    finding: Finding | None = strawberry.field(description="The finding, in inquiry while the record is doubted.")


@strawberry.input(
    description="The answer to an inquiry, by whom it was asked of; of a household as a clerk takes it down."
)
class AnswerFactsInput(MutationInput):
    """The answer to an inquiry."""

    inquiry_id: strawberry.ID = strawberry.field(description="The inquiry.")
    expected_version: int = strawberry.field(description="The inquiry's `version` as it was read.")
    outcome: RepairOutcome | None = strawberry.field(
        default=None, description="Of a record that is said to be wrong: what was found; it may be settled later."
    )
    answer: str = strawberry.field(description="In words, up to 2,000 characters; kept sealed.")
    on_paper: OnPaperInput | None = strawberry.field(default=None, description=ON_PAPER)


@strawberry.type(description="What `answerFacts` answers.")
class AnswerFactsPayload(Payload):
    """What `answerFacts` answers."""

    inquiry: Inquiry | None = strawberry.field(description="The inquiry as it stands now.")


@strawberry.type(description="What may be done to find out about leads.")
class InquiryMutations:
    """Facts are asked for and answered."""

    @guards.mutation(Permission.REVIEW_FINDING, "Asks the household, a department or a colleague about a lead.")
    async def ask_facts(
        self, info: Info, input: Annotated[AskFactsInput, strawberry.argument(description="What, and of whom.")]
    ) -> AskFactsPayload:
        """Asks about a lead."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            question = Question(input.asked_of, input.question, input.due_on, input.source, input.colleague)
            key, context = nodes.key_of(info, "Finding", input.finding_id), info.context
            return await inquiries.ask(
                connection, context.vault, viewer, key, input.expected_version, question, context.now()
            )

        done = await carry_out(info, Permission.REVIEW_FINDING, input, act)
        finding = await nodes.below_payload(info, "Finding", "finding", done.subject)
        return AskFactsPayload(finding=finding, **done.answered)

    @guards.mutation(
        Permission.KEEP_FILES,
        "Takes down that a record behind a lead is wrong; its department looks at it, and nothing adverse is concluded "
        "until it is found right.",
    )
    async def report_repair(
        self, info: Info, input: Annotated[ReportRepairInput, strawberry.argument(description="Which, and why.")]
    ) -> ReportRepairPayload:
        """Takes down that a record is wrong."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            repair = Repair(input.source, input.record_id, input.reason, input.statement)
            key, context = nodes.key_of(info, "Finding", input.finding_id), info.context
            return await inquiries.report(
                connection, context.vault, viewer, key, input.expected_version, repair, context.now()
            )

        done = await carry_out(info, Permission.KEEP_FILES, input, act)
        finding = await nodes.below_payload(info, "Finding", "finding", done.subject)
        return ReportRepairPayload(finding=finding, **done.answered)

    @guards.mutation(Permission.ANSWER_REFERRALS, "Answers what was asked about a lead, as whom it was asked of.")
    async def answer_facts(
        self, info: Info, input: Annotated[AnswerFactsInput, strawberry.argument(description="The answer.")]
    ) -> AnswerFactsPayload:
        """Answers an inquiry."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key, context = nodes.key_of(info, "Inquiry", input.inquiry_id), info.context
            return await inquiries.answer(
                connection,
                context.vault,
                viewer,
                key,
                input.expected_version,
                input.outcome,
                input.answer,
                context.now(),
                paper_of(input.on_paper),
            )

        done = await carry_out(info, Permission.ANSWER_REFERRALS, input, act)
        inquiry = await nodes.below_payload(info, "Inquiry", "inquiry", done.subject)
        return AnswerFactsPayload(inquiry=inquiry, **done.answered)


branch(
    Finding,
    "inquiries",
    Branch("key", lambda reading, keys, _: reviewing.inquiries_of(reading, keys), inquiry_objects, "inquiries"),
)
branch(
    Inquiry,
    "finding",
    Branch(
        "finding_key",
        lambda reading, keys, _: findings.by_key(reading, keys),
        finding_objects,
        "finding",
        False,
        Permission.READ_CASES,
    ),
)
kind("Inquiry", Kind(reviewing.inquiries_by_key, inquiry_objects, Permission.READ_REFERRALS))
