"""Findings: what a rule asks about a household, on what evidence, and what people concluded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.permissions import Permission, Viewer
from api.loaders import findings as loaders
from api.loaders.conditions import Condition, Is
from api.loaders.pages import MOST, Window
from api.loaders.reading import Reading, Rows
from api.matching import reference
from api.schema import guards, nodes
from api.schema.changes import named
from api.schema.connections import ORDER, After, Before, Connection, First, Last, connection, order_of
from api.schema.context import Info
from api.schema.enumerations import Words, described
from api.schema.filters import AND, NOT, OR, between, in_division, joined, of_households, one_of, whether
from api.schema.households import FINDINGS, ITS_HOUSEHOLD, NOT_LOADED, Household, Person, person_objects
from api.schema.nodes import Id, Kind, kind
from api.schema.results import MutationInput, Payload, carry_out
from api.schema.scans import Scan, scan_at
from api.schema.selection import Wanted
from api.schema.sizes import about
from api.schema.stop_terms import OfficialErrorKind
from api.schema.tree import Branch, branch
from api.schema.values import DateRange, Division, Money, Node, division_of, money_of
from api.schema.words import Direction, FindingState, Grade, Outcome, Severity, WithdrawnBecause
from api.services import reviews
from api.services.reviews import Concluded

if TYPE_CHECKING:
    from api.schema.inquiries import Inquiry
    from api.schema.objections import Objection
    from api.schema.reviewing import Conclusion, DecisionProof, LeadHolder, LeadNotice


@strawberry.type(description="A published rule.")
class Rule:
    """A published rule."""

    id: str = strawberry.field(description="Its number in the rule book, such as H05.")
    title_zh: str = strawberry.field(description="Its title in Chinese.")
    title_en: str = strawberry.field(description="Its title in English.")
    description_zh: str = strawberry.field(description="What it asks, in Chinese.")
    description_en: str = strawberry.field(description="What it asks, in English.")
    basis: str = strawberry.field(description="Its legal basis.")


@strawberry.type(description="A department's record on which a lead rests.")
class EvidenceRecord:
    """A department's record on which a lead rests."""

    source: str = strawberry.field(description="The kind of department data, as in `departments`.")
    record_id: str = strawberry.field(description="The record's own number in its source.")


@strawberry.type(description="An exception that the rule tested.")
class TestedException:
    """An exception that the rule tested."""

    __test__ = False  # no test case, whatever its name begins with

    name: str = strawberry.field(description="Its name in the rule book.")
    result: str = strawberry.field(description="NO, YES or UNKNOWN; what is unknown has to be asked.")


@strawberry.type(description="What one person concluded about a finding; followed by another, never changed.")
class Review:
    """What one person concluded about a finding."""

    outcome: Outcome = strawberry.field(description="The conclusion.")
    note: str | None = strawberry.field(description="The reason; null for viewers who see masks.")
    decision_document: str | None = strawberry.field(description="The decision that it rests on, if there is one.")
    reviewer: str | None = strawberry.field(
        description="Who concluded; null where that is hidden from the viewer (F-29)."
    )
    reviewed_at: dt.datetime = strawberry.field(description="When.")
    on_current_evidence: bool = strawberry.field(description="Whether the finding rests on the same evidence today.")
    official_error_id: strawberry.ID | None = strawberry.field(
        description="Of an error of ours, its entry in the register of these."
    )


@strawberry.type(description="That a scan which could have raised a lead again did not, and why.")
class LeadWithdrawal:
    """That a scan did not raise a lead again."""

    because: WithdrawnBecause = strawberry.field(description="Why.")
    at: dt.datetime = strawberry.field(description="When that scan was done.")


@strawberry.type(
    description="The record of a lead: a question that a rule raised about a household, never a verdict."
)
class Finding(Node):
    """The record of a lead."""

    key: strawberry.Private[int]
    household_key: strawberry.Private[int]
    scan_key: strawberry.Private[int]
    withdrawing_scan_key: strawberry.Private[int | None]
    reference: str = strawberry.field(description="The same for the same lead, whatever scan raises it.")
    rule: Rule = strawberry.field(description="The rule that raised it.")
    rule_version: str = strawberry.field(description="The version of the rule that raised it last.")
    division: Division = strawberry.field(description="The household's division.")
    severity: Severity = strawberry.field(description="How grave it would be if it proved true.")
    basis: str | None = strawberry.field(description="UNDECLARED or OVER_LIMIT, where the rule tells them apart.")
    grade: Grade | None = strawberry.field(description="How sure it is that the records are about these people.")
    state: FindingState = strawberry.field(description="Where it stands.")
    amount_low: Money | None = strawberry.field(description="What is at stake at least.")
    amount_high: Money | None = strawberry.field(description="What is at stake at most; never above what was paid.")
    period_start: dt.date | None = strawberry.field(description="The first day in question.")
    period_end: dt.date | None = strawberry.field(description="The last day in question.")
    evidence: list[EvidenceRecord] = strawberry.field(description="The records that it rests on.", metadata=about(4))
    exceptions: list[TestedException] = strawberry.field(
        description="What was tested that would explain it.", metadata=about(4)
    )
    explanation_zh: str = strawberry.field(
        description="For people, in Chinese: what was compared, and what clears it. What the rule asks, where what was "
        "compared may tell where somebody is who is protected."
    )
    explanation_en: str = strawberry.field(description="The same in English.")
    raised_on: dt.date = strawberry.field(description="The day it was first raised.")
    opened_on: dt.date | None = strawberry.field(
        description="The day it was put before reviewers; null while it waits for its turn (`reviewQueue`)."
    )
    queue_place: int | None = strawberry.field(
        description="Where it stands in its county's queue, the least first; null until it is ranked."
    )
    queue_worth: Money | None = strawberry.field(
        description="What it counts for in the queue: what is at stake at most, times how sure it is."
    )
    withdrawal: LeadWithdrawal | None = strawberry.field(
        description="Why the latest scan that could have raised it did not, if so; what a person had concluded before stays."
    )
    withdrawals: int = strawberry.field(description="How often it was withdrawn so far.")
    version: int = strawberry.field(description="Counts changes; to be given back by `reviewFinding`.")
    household: Household = strawberry.field(default=NOT_LOADED, description="The household that it is about.")
    persons: list[Person] = strawberry.field(
        default=NOT_LOADED,
        description="The people it speaks of, as far as the viewer may see them.",
        metadata=about(3),
    )
    reviews: list[Review] = strawberry.field(
        default=NOT_LOADED, description="What people concluded, the latest first.", metadata=about(2)
    )
    holder: Annotated[LeadHolder, strawberry.lazy("api.schema.reviewing")] | None = strawberry.field(
        default=NOT_LOADED, description="Who is at work on it; null where nobody is."
    )
    inquiries: list[Annotated[Inquiry, strawberry.lazy("api.schema.inquiries")]] = strawberry.field(
        default=NOT_LOADED,
        description="What was asked about it, and records that are said to be wrong, the latest first.",
        metadata=about(2),
    )
    notices: list[Annotated[LeadNotice, strawberry.lazy("api.schema.reviewing")]] = strawberry.field(
        default=NOT_LOADED, description="What its household was told, the latest first.", metadata=about(1)
    )
    objections: list[Annotated[Objection, strawberry.lazy("api.schema.objections")]] = strawberry.field(
        default=NOT_LOADED, description="Objections to it, the latest first.", metadata=about(1)
    )
    conclusions: list[Annotated[Conclusion, strawberry.lazy("api.schema.reviewing")]] = strawberry.field(
        default=NOT_LOADED,
        description="What was proposed to be concluded and takes a second officer, the latest first.",
        metadata=about(1),
    )
    proof: Annotated[DecisionProof, strawberry.lazy("api.schema.reviewing")] | None = strawberry.field(
        default=NOT_LOADED,
        description="That people decided, and who, with every act that led to it (F-35); null before anybody has.",
    )
    last_scan: Scan | None = strawberry.field(
        default=NOT_LOADED, description="The latest scan that raised it; null where the viewer may not see it."
    )
    withdrawn_by: Scan | None = strawberry.field(
        default=NOT_LOADED,
        description="The scan that withdrew it; null where none has, or the viewer may not see it.",
    )


class FindingOrderField(StrEnum):
    """What findings may be ordered by."""

    SEVERITY = "SEVERITY"
    RAISED_ON = "RAISED_ON"
    REFERENCE = "REFERENCE"
    AMOUNT = "AMOUNT"


described(
    FindingOrderField,
    "What findings may be ordered by.",
    {
        "SEVERITY": Words("严重程度", "Severity", "如属实的严重程度。", "How grave it would be."),
        "RAISED_ON": Words("首次提出日期", "Raised", "首次提出的日期。", "The day it was first raised."),
        "REFERENCE": Words(
            "疑点编号", "Reference", "疑点的编号。", "The reference, which is the same in every scan."
        ),
        "AMOUNT": Words(
            "金额",
            "Amount",
            "最多涉及的金额；未知者视为最小。",
            "What is at stake at most; unknown counts as the least.",
        ),
    },
)


@strawberry.input(description="An order of findings.")
class FindingOrder:
    """An order of findings."""

    field: FindingOrderField = strawberry.field(description="What to order by.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which way.")


@strawberry.input(description="Which findings; all that is given must hold.")
class FindingFilter:
    """Which findings."""

    division_code: str | None = strawberry.field(default=None, description="In this division or below it.")
    references: list[str] | None = strawberry.field(default=None, description="With one of these references.")
    rules: list[str] | None = strawberry.field(default=None, description="Raised by one of these rules.")
    severities: list[Severity] | None = strawberry.field(default=None, description="Of one of these severities.")
    states: list[FindingState] | None = strawberry.field(default=None, description="In one of these states.")
    grades: list[Grade] | None = strawberry.field(default=None, description="Of one of these identity grades.")
    household_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="About these households.")
    scan_id: strawberry.ID | None = strawberry.field(default=None, description="Raised last by this scan.")
    raised: DateRange | None = strawberry.field(default=None, description="First raised between these days.")
    closed_while_both_pay: bool | None = strawberry.field(
        default=None,
        description="Whether it asked after aid given twice and was closed without an issue, while more than one of the "
        "grants behind it goes on this month (F-20).",
    )
    withdrawn: bool | None = strawberry.field(
        default=None, description="Whether the latest scan that could have raised them did not."
    )
    reviewed_by_me: bool | None = strawberry.field(
        default=None,
        description="Whether the viewer has concluded something about them; with `withdrawn`, what was taken back of one's own.",
    )
    and_: list[FindingFilter] | None = strawberry.field(name="and", default=None, description=AND)
    or_: list[FindingFilter] | None = strawberry.field(name="or", default=None, description=OR)
    not_: FindingFilter | None = strawberry.field(name="not", default=None, description=NOT)


def conditions(info: Info, given: FindingFilter) -> Iterator[Condition]:
    """What must hold of the leads of this filter."""
    yield from in_division(given.division_code)
    yield from of_households(info, given.household_ids)
    if given.scan_id is not None:
        yield Is("scan", {"scan": nodes.key_of(info, "Scan", given.scan_id) or 0})
    yield from one_of("references", given.references)
    yield from one_of("rules", given.rules)
    yield from one_of("severities", given.severities)
    yield from one_of("states", given.states)
    yield from one_of("grades", given.grades)
    yield from between("raised", given.raised)
    yield from whether("both_pay", given.closed_while_both_pay)
    yield from whether("withdrawn", given.withdrawn)
    viewer = info.context.viewer_who_may(Permission.READ_CASES).user_id
    yield from whether("reviewed_by_me", given.reviewed_by_me, {"reviewed_by_me_viewer": viewer})


def rule_of(rule_id: str) -> Rule:
    """A rule of the book, or of an earlier one."""
    facts = reference.rules().get(rule_id)
    if facts is None:  # a rule of an earlier book
        return Rule(id=rule_id, title_zh=rule_id, title_en=rule_id, description_zh="", description_en="", basis="")
    return Rule(
        id=facts.id,
        title_zh=facts.title_zh,
        title_en=facts.title_en,
        description_zh=facts.description_zh,
        description_en=facts.description_en,
        basis=facts.basis,
    )


def finding_objects(reading: Reading, rows: Rows, wanted: Wanted) -> list[Finding]:
    """Rows as findings; one that is shown with what was compared was looked at, and none of which that is hidden (F-4)."""
    if wanted.has("explanationZh", "explanationEn"):
        reading.log.viewed((row.id, row.version) for row in rows if not reading.hides(row))
    return [
        Finding(
            id=strawberry.ID(public_id),
            key=row.id,
            household_key=row.household_id,
            scan_key=row.last_scan_id,
            withdrawing_scan_key=row.withdrawn_scan_id,
            reference=row.reference,
            rule=rule,
            rule_version=row.rule_version,
            division=division_of(row.division_code),
            severity=Severity(row.severity),
            basis=row.basis,
            grade=Grade(row.grade) if row.grade else None,
            state=FindingState(row.state),
            amount_low=money_of(row.amount_low_fen),
            amount_high=money_of(row.amount_high_fen),
            period_start=row.period_start,
            period_end=row.period_end,
            evidence=[EvidenceRecord(source=each["source"], record_id=each["record_id"]) for each in row.evidence],
            exceptions=[TestedException(name=each["name"], result=each["result"]) for each in row.exceptions],
            explanation_zh=reading.whereabouts(row, row.explanation_zh) or rule.description_zh,
            explanation_en=reading.whereabouts(row, row.explanation_en) or rule.description_en,
            raised_on=row.raised_on,
            opened_on=row.opened_on,
            queue_place=row.queue_place,
            queue_worth=money_of(row.queue_worth),
            withdrawal=LeadWithdrawal(because=WithdrawnBecause(row.withdrawn_because), at=row.withdrawn_at)
            if row.withdrawn_because
            else None,
            withdrawals=row.withdrawals,
            version=row.version,
        )
        for row, public_id in zip(rows, reading.ids("Finding", rows), strict=True)
        for rule in (rule_of(row.rule_id),)
    ]


def _review_objects(reading: Reading, rows: Rows, wanted: Wanted) -> list[Review]:
    note = reading.shown("reviews.note", wanted.has("note") and reading.sees_identity, lambda _: None)
    keys = sorted({row.official_error_id for row in rows} - {None})
    errors = dict(zip(keys, map(strawberry.ID, reading.vault.ids("OfficialError", keys)), strict=True))
    return [
        Review(
            outcome=Outcome(row.outcome),
            note=note(reading.whereabouts(row, row.note)),
            decision_document=row.decision_document,
            reviewer=reading.whereabouts(row, row.display_name),
            reviewed_at=row.reviewed_at,
            on_current_evidence=row.evidence_hash == row.current_evidence,
            official_error_id=errors.get(row.official_error_id),
        )
        for row in rows
    ]


@strawberry.type(description="What may be asked about leads.")
class FindingQueries:
    """Leads."""

    @guards.query(Permission.READ_CASES, "Leads about households in the viewer's division.")
    async def findings(
        self,
        info: Info,
        filter: Annotated[FindingFilter | None, strawberry.argument(description="Which.")] = None,
        order_by: Annotated[
            list[FindingOrder] | None, strawberry.argument(description=ORDER + " the gravest first.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Finding] | None:
        """A page of leads."""
        where = joined(filter, lambda given, _: conditions(info, given))
        order, window = order_of(order_by, "SEVERITY"), Window(first, after, last, before)
        return await connection(info, loaders.LISTING, finding_objects, where, order, window)

    @guards.query(Permission.READ_CASES, "One finding; null where there is none that this viewer may see.")
    async def finding(self, info: Info, id: Id) -> Finding | None:
        """One finding."""
        found: Finding | None = await nodes.one(info, "Finding", id)
        return found


@strawberry.input(description="A person's conclusion about a finding.")
class ReviewFindingInput(MutationInput):
    """A person's conclusion about a finding."""

    finding_id: strawberry.ID = strawberry.field(description="The finding.")
    expected_version: int = strawberry.field(description="The finding's `version` as it was read.")
    outcome: Outcome = strawberry.field(description="The conclusion.")
    note: str = strawberry.field(description="The reason, up to 2,000 characters; kept sealed.")
    decision_document: str | None = strawberry.field(
        default=None, description="The decision's document number; required for DECEPTION_CONFIRMED."
    )
    official_error_id: strawberry.ID | None = strawberry.field(
        default=None, description="Of an error of ours: its entry in the register; none: one is added."
    )
    official_error_kind: OfficialErrorKind = strawberry.field(
        default=OfficialErrorKind.OTHER, description="Of which kind that is."
    )


@strawberry.type(description="What `reviewFinding` answers.")
class ReviewFindingPayload(Payload):
    """What `reviewFinding` answers."""

    finding: Finding | None = strawberry.field(description="The finding as it stands now.")


@strawberry.type(description="What may be done with leads.")
class FindingMutations:
    """Leads are concluded on."""

    @guards.mutation(
        Permission.REVIEW_FINDING,
        "Records what a person concludes about a finding; what may weigh on a household takes `proposeConclusion`.",
    )
    async def review_finding(
        self, info: Info, input: Annotated[ReviewFindingInput, strawberry.argument(description="The conclusion.")]
    ) -> ReviewFindingPayload:
        """Records a conclusion."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            concluded = Concluded(
                input.outcome,
                input.note,
                input.decision_document,
                named(info, "OfficialError", input.official_error_id),
                input.official_error_kind,
            )
            key, context = nodes.key_of(info, "Finding", input.finding_id), info.context
            return await reviews.review(
                connection, context.vault, viewer, key, input.expected_version, concluded, context.now()
            )

        done = await carry_out(info, Permission.REVIEW_FINDING, input, act)
        finding = await nodes.below_payload(info, "Finding", "finding", done.subject)
        return ReviewFindingPayload(finding=finding, **done.answered)


branch(
    Household,
    "findings",
    Branch(
        "key",
        lambda reading, keys, below: loaders.findings_of(reading, keys, below.most("first", FINDINGS, MOST)),
        finding_objects,
        "found_findings",
    ),
)
branch(Finding, "household", ITS_HOUSEHOLD)
branch(
    Finding,
    "persons",
    Branch("key", lambda reading, keys, _: loaders.persons_of(reading, keys), person_objects, "persons"),
)
branch(
    Finding,
    "reviews",
    Branch("key", lambda reading, keys, _: loaders.reviews_of(reading, keys), _review_objects, "reviews"),
)
branch(
    Finding,
    "withdrawnBy",
    scan_at("withdrawing_scan_key", "withdrawn_by"),
)
branch(
    Finding,
    "lastScan",
    scan_at("scan_key", "last_scan"),
)
kind("Finding", Kind(loaders.by_key, finding_objects, Permission.READ_CASES))
