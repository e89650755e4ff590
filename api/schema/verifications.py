"""Verification: rounds of asking departments about a household, with consent, and what each kind of data says of each person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain import days
from api.domain.permissions import Permission, Viewer
from api.loaders import findings
from api.loaders import verifications as loaders
from api.loaders.conditions import Condition
from api.loaders.pages import Window
from api.loaders.reading import Reading, Rows
from api.schema import guards, nodes
from api.schema.changes import named
from api.schema.connections import ORDER, After, Before, Connection, First, Last, connection, order_of
from api.schema.context import Info
from api.schema.enumerations import Words, described
from api.schema.filters import AND, NOT, OR, between, in_division, joined, of_households, one_of, whether
from api.schema.findings import Finding, finding_objects
from api.schema.households import ITS_HOUSEHOLD, NOT_LOADED, Household, Person, person_at
from api.schema.nodes import Kind, kind
from api.schema.officers import Officer, ResponsibleOrganisation, handler, organisation_of
from api.schema.on_paper import ON_PAPER, OnPaperInput, paper_of
from api.schema.results import MutationInput, Payload, carry_out
from api.schema.selection import Wanted
from api.schema.sizes import about
from api.schema.tree import Branch, branch
from api.schema.values import DateRange, Division, Node, division_of
from api.schema.verification_terms import (
    AnswerOrigin,
    DepartmentAnswer,
    UnknownBecause,
    VerificationOccasion,
    VerificationState,
)
from api.schema.words import Direction
from api.services import verifications
from api.services.verifications import Asked

SOURCES = 20
LEADS = 25


@strawberry.type(description="What one kind of data says of one person in one round of verification.")
class VerificationAnswer(Node):
    """An answer."""

    key: strawberry.Private[int]
    household_key: strawberry.Private[int | None]
    member_key: strawberry.Private[int | None]
    source: str = strawberry.field(description="Which kind of data, as in `departments`.")
    answer: DepartmentAnswer = strawberry.field(description="What it says; what is unknown is told as unknown.")
    origin: AnswerOrigin | None = strawberry.field(description="Where the answer comes from; null for none yet.")
    as_of: dt.date | None = strawberry.field(description="The day that the data speak of.")
    age_days: int | None = strawberry.field(description="How many days ago that is.")
    unknown_because: UnknownBecause | None = strawberry.field(
        description="Why nothing is known without asking; null where something is, and of whom nobody may ask."
    )
    feed_as_of: dt.date | None = strawberry.field(
        description="Up to which day the feed in use spoke when it was looked at last; null for none, or where it does not say."
    )
    organisation: ResponsibleOrganisation | None = strawberry.field(
        description="The department that is asked; null where a feed answers, or nobody can."
    )
    subject: str | None = strawberry.field(
        description="Whom a department is asked about, by name and number; null for viewers who see masks, unless it was asked."
    )
    note: str | None = strawberry.field(
        description="What the department wrote; null for viewers who see masks, unless it is their own."
    )
    paper: str | None = strawberry.field(
        description="The number of the department's paper, where an officer wrote down what it says; null otherwise."
    )
    asked_at: dt.datetime = strawberry.field(description="When it was asked.")
    due_on: dt.date | None = strawberry.field(description="By when the department is to answer.")
    overdue: bool = strawberry.field(description="Whether that day has passed without an answer.")
    answered_at: dt.datetime | None = strawberry.field(description="When it was answered.")
    version: int = strawberry.field(description="Counts changes; to be given back by `answerVerification`.")
    person: Person | None = strawberry.field(default=NOT_LOADED, description="Of whom; null for who reads no cases.")


@strawberry.type(
    description="What one kind of data says of the people of a household, in numbers, and how old it is."
)
class VerificationSource:
    """A line of the report."""

    source: str = strawberry.field(description="Which kind of data, as in `departments`.")
    oldest: dt.date | None = strawberry.field(description="The oldest day that its answers speak of; null for none.")
    age_days: int | None = strawberry.field(description="How many days ago that is.")
    people: int = strawberry.field(description="About how many people it is asked.")
    value: int = strawberry.field(description="Of how many it has a record.")
    no_record: int = strawberry.field(description="Of how many it has none.")
    no_answer: int = strawberry.field(description="Of how many nothing is known, or not yet.")
    not_asked: int = strawberry.field(description="Of how many nobody can be asked.")
    not_authorised: int = strawberry.field(description="Of how many nobody may ask.")
    overdue: int = strawberry.field(description="Of how many the department's answer is late.")
    feed_as_of: dt.date | None = strawberry.field(
        description="Up to which day the feed in use spoke when it was looked at last; null for none, or where it does not say."
    )
    feed_age_days: int | None = strawberry.field(description="How many days ago that is.")
    stale: int = strawberry.field(description="Of how many nothing is known since the feed is too old.")
    partial: int = strawberry.field(description="Of how many nothing is known since the feed is not whole.")
    not_scanned: int = strawberry.field(description="Of how many nothing is known before the next scan.")
    in_doubt: int = strawberry.field(description="Of how many a record has to be looked at by a person first.")


@strawberry.type(description="One round of verification of a household; a later one leaves it as it was.")
class VerificationRequest(Node):
    """A round of verification."""

    key: strawberry.Private[int]
    household_key: strawberry.Private[int]
    round: int = strawberry.field(
        description="The how-manieth, from 1 on: a recheck follows the round that it names."
    )
    previous_id: strawberry.ID | None = strawberry.field(description="The round before; null for the first.")
    occasion: VerificationOccasion = strawberry.field(description="Why it is done.")
    objection_id: strawberry.ID | None = strawberry.field(description="The objection that it answers, if one.")
    state: VerificationState = strawberry.field(description="Where it stands.")
    division: Division = strawberry.field(description="The household's division.")
    sources: list[str] = strawberry.field(
        description="The kinds of data that are looked at.", metadata=about(SOURCES)
    )
    reason: str | None = strawberry.field(description="What else was said; null for viewers who see masks.")
    conclusion: str | None = strawberry.field(
        description="What an officer made of it in closing; null before, and for viewers who see masks."
    )
    due_on: dt.date = strawberry.field(description="By when departments are to answer.")
    requested_by: Officer | None = strawberry.field(description="Who asked, where this viewer is told.")
    requested_at: dt.datetime = strawberry.field(description="When.")
    closed_by: Officer | None = strawberry.field(description="Who closed it, where this viewer is told.")
    closed_at: dt.datetime | None = strawberry.field(description="When.")
    version: int = strawberry.field(description="Counts changes; to be given back by `closeVerification`.")
    household: Household | None = strawberry.field(default=NOT_LOADED, description="The household.")
    answers: list[VerificationAnswer] = strawberry.field(
        default=NOT_LOADED, description="Every answer, by person and source.", metadata=about(3 * SOURCES)
    )
    report: list[VerificationSource] = strawberry.field(
        default=NOT_LOADED, description="The same in numbers, by source, with its age.", metadata=about(SOURCES)
    )
    leads: list[Finding] = strawberry.field(
        default=NOT_LOADED,
        description="Leads about the household as they stand now, the gravest first, at most 25; those that a scan has "
        "withdrawn are not among them. Questions, whatever the round concludes.",
        metadata=about(LEADS),
    )


class VerificationRequestOrderField(StrEnum):
    """What rounds of verification may be ordered by."""

    REQUESTED = "REQUESTED"
    DUE_ON = "DUE_ON"


described(
    VerificationRequestOrderField,
    "What rounds of verification may be ordered by.",
    {
        "REQUESTED": Words("申请时间", "Requested", "提出核对的先后。", "When it was asked for."),
        "DUE_ON": Words("答复期限", "Due", "部门答复的最后日期。", "By when departments are to answer."),
    },
)


@strawberry.input(description="An order of rounds of verification.")
class VerificationRequestOrder:
    """An order of rounds of verification."""

    field: VerificationRequestOrderField = strawberry.field(description="What to order by.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which way.")


@strawberry.input(description="Which rounds of verification; all that is given must hold.")
class VerificationRequestFilter:
    """Which rounds of verification."""

    division_code: str | None = strawberry.field(default=None, description="In this division or below it.")
    states: list[VerificationState] | None = strawberry.field(default=None, description="In one of these states.")
    occasions: list[VerificationOccasion] | None = strawberry.field(
        default=None, description="For one of these reasons."
    )
    household_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="Of these households.")
    due: DateRange | None = strawberry.field(default=None, description="To be answered between these days.")
    overdue: bool | None = strawberry.field(default=None, description="Whether an answer is late.")
    and_: list[VerificationRequestFilter] | None = strawberry.field(name="and", default=None, description=AND)
    or_: list[VerificationRequestFilter] | None = strawberry.field(name="or", default=None, description=OR)
    not_: VerificationRequestFilter | None = strawberry.field(name="not", default=None, description=NOT)


class VerificationAnswerOrderField(StrEnum):
    """What answers may be ordered by."""

    ASKED = "ASKED"


described(
    VerificationAnswerOrderField,
    "What answers of departments may be ordered by.",
    {"ASKED": Words("询问时间", "Asked", "询问的先后。", "When it was asked.")},
)


@strawberry.input(description="An order of answers.")
class VerificationAnswerOrder:
    """An order of answers."""

    field: VerificationAnswerOrderField = strawberry.field(description="What to order by.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which way.")


@strawberry.input(description="Which answers; all that is given must hold.")
class VerificationAnswerFilter:
    """Which answers."""

    sources: list[str] | None = strawberry.field(default=None, description="Of one of these kinds of data.")
    answers: list[DepartmentAnswer] | None = strawberry.field(default=None, description="One of these.")
    waiting: bool | None = strawberry.field(default=None, description="Whether a department has still to answer.")
    overdue: bool | None = strawberry.field(default=None, description="Whether it is late.")
    and_: list[VerificationAnswerFilter] | None = strawberry.field(name="and", default=None, description=AND)
    or_: list[VerificationAnswerFilter] | None = strawberry.field(name="or", default=None, description=OR)
    not_: VerificationAnswerFilter | None = strawberry.field(name="not", default=None, description=NOT)


def _conditions(info: Info, given: VerificationRequestFilter) -> Iterator[Condition]:
    yield from in_division(given.division_code)
    yield from one_of("states", given.states)
    yield from one_of("occasions", given.occasions)
    yield from between("due", given.due)
    yield from of_households(info, given.household_ids)
    yield from whether("overdue", given.overdue, {"overdue_today": days.today(info.context.now())})


def _answer_conditions(info: Info, given: VerificationAnswerFilter) -> Iterator[Condition]:
    yield from one_of("sources", given.sources)
    yield from one_of("answers", given.answers)
    yield from whether("waiting", given.waiting)
    yield from whether("overdue", given.overdue, {"overdue_today": days.today(info.context.now())})


def request_objects(reading: Reading, rows: Rows, wanted: Wanted) -> list[VerificationRequest]:
    """Rows as rounds of verification."""

    def opened(column: str, name: str, sealed: bytes | None) -> str | None:
        shown = reading.sees_identity and wanted.has(name)
        return reading.vault.open(f"verification_requests.{column}", sealed) if shown else None

    for name in ("reason", "conclusion"):
        if reading.sees_identity and rows and wanted.has(name):
            reading.log.opened(f"verification_requests.{name}", whole=True)

    def public(kind: str, key: int | None) -> strawberry.ID | None:
        return None if key is None else strawberry.ID(reading.vault.ids(kind, [key])[0])

    return [
        VerificationRequest(
            id=strawberry.ID(public_id),
            key=row.id,
            household_key=row.household_id,
            round=row.round,
            previous_id=public("VerificationRequest", row.previous_id),
            occasion=VerificationOccasion(row.occasion),
            objection_id=public("Objection", row.objection_id),
            state=VerificationState(row.state),
            division=division_of(row.division_code),
            sources=list(row.sources),
            reason=opened("reason", "reason", reading.whereabouts(row, row.reason)),
            conclusion=opened("conclusion", "conclusion", reading.whereabouts(row, row.conclusion)),
            due_on=row.due_on,
            requested_by=handler(reading, row, row.asker_login, row.asker_name),
            requested_at=row.requested_at,
            closed_by=handler(reading, row, row.closer_login, row.closer_name),
            closed_at=row.closed_at,
            version=row.version,
        )
        for row, public_id in zip(rows, reading.ids("VerificationRequest", rows), strict=True)
    ]


def answer_objects(reading: Reading, rows: Rows, wanted: Wanted) -> list[VerificationAnswer]:
    """Rows as answers; who reads no cases is shown those alone that their department was asked for, and about whom."""
    reads_cases, today = reading.viewer.may(Permission.READ_CASES), reading.today
    whole = reading.sees_identity or not reads_cases
    for name in ("note", "subject"):
        if whole and rows and wanted.has(name):
            reading.log.opened(f"verification_answers.{name}", whole=True)
    open_ = reading.vault.open
    return [
        VerificationAnswer(
            id=strawberry.ID(public_id),
            key=row.id,
            household_key=row.household_id if reads_cases else None,
            member_key=row.member_id if reads_cases else None,
            source=row.source,
            answer=DepartmentAnswer(row.answer),
            origin=row.origin and AnswerOrigin(row.origin),
            as_of=row.as_of,
            age_days=None if row.as_of is None else (today - row.as_of).days,
            unknown_because=row.because and UnknownBecause(row.because),
            feed_as_of=row.feed_as_of,
            organisation=None if row.organisation_id is None else organisation_of(row),
            subject=open_("verification_answers.subject", row.subject) if whole and wanted.has("subject") else None,
            note=open_("verification_answers.note", reading.whereabouts(row, row.note))
            if whole and wanted.has("note")
            else None,
            paper=row.paper,
            asked_at=row.asked_at,
            due_on=row.due_on,
            overdue=row.overdue,
            answered_at=row.answered_at,
            version=row.version,
        )
        for row, public_id in zip(rows, reading.ids("VerificationAnswer", rows), strict=True)
    ]


def source_objects(reading: Reading, rows: Rows, _: Wanted) -> list[VerificationSource]:
    """Rows as lines of a report."""
    return [
        VerificationSource(
            source=row.source,
            oldest=row.oldest,
            age_days=None if row.oldest is None else (reading.today - row.oldest).days,
            people=row.people,
            value=row.value,
            no_record=row.no_record,
            no_answer=row.no_answer,
            not_asked=row.not_asked,
            not_authorised=row.not_authorised,
            overdue=row.overdue,
            feed_as_of=row.feed_as_of,
            feed_age_days=None if row.feed_as_of is None else (reading.today - row.feed_as_of).days,
            stale=row.stale_feed,
            partial=row.partial_feed,
            not_scanned=row.not_scanned,
            in_doubt=row.in_doubt,
        )
        for row in rows
    ]


@strawberry.type(description="What may be asked about verification.")
class VerificationQueries:
    """Rounds of verification, and what departments are asked."""

    @guards.query(Permission.READ_CASES, "Rounds of verification of households in the viewer's division.")
    async def verification_requests(
        self,
        info: Info,
        filter: Annotated[VerificationRequestFilter | None, strawberry.argument(description="Which.")] = None,
        order_by: Annotated[
            list[VerificationRequestOrder] | None, strawberry.argument(description=ORDER + " the latest first.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[VerificationRequest] | None:
        """A page of rounds of verification."""
        where = joined(filter, lambda given, _: _conditions(info, given))
        order, window = order_of(order_by, "REQUESTED"), Window(first, after, last, before)
        return await connection(info, loaders.REQUESTS, request_objects, where, order, window)

    @guards.query(
        Permission.READ_REFERRALS,
        "What kinds of data say of people, and what departments are asked; to who reads no cases, what their own is asked.",
    )
    async def verification_answers(
        self,
        info: Info,
        filter: Annotated[VerificationAnswerFilter | None, strawberry.argument(description="Which.")] = None,
        order_by: Annotated[
            list[VerificationAnswerOrder] | None, strawberry.argument(description=ORDER + " the latest first.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[VerificationAnswer] | None:
        """A page of answers."""
        where = joined(filter, lambda given, _: _answer_conditions(info, given))
        order, window = order_of(order_by, "ASKED"), Window(first, after, last, before)
        return await connection(info, loaders.ANSWERS, answer_objects, where, order, window)


@strawberry.input(description="A household to be verified, and why.")
class RequestVerificationInput(MutationInput):
    """A round of verification."""

    household_id: strawberry.ID = strawberry.field(description="The household.")
    occasion: VerificationOccasion = strawberry.field(description="Why.")
    sources: list[str] | None = strawberry.field(
        default=None, description="Which kinds of data, as in `departments`; all where none is named."
    )
    objection_id: strawberry.ID | None = strawberry.field(
        default=None, description="The objection that it answers, where that is the occasion."
    )
    recheck_of: strawberry.ID | None = strawberry.field(
        default=None, description="The closed round that this one follows, if one; it stays as it was."
    )
    reason: str | None = strawberry.field(
        default=None, description="What else is to be said; up to 2,000 characters, kept sealed."
    )


@strawberry.input(description="What a department's data say of the person that it was asked about.")
class AnswerVerificationInput(MutationInput):
    """A department's answer."""

    answer_id: strawberry.ID = strawberry.field(description="The question, a VerificationAnswer.")
    expected_version: int = strawberry.field(description="Its `version` as it was read.")
    answer: DepartmentAnswer = strawberry.field(description="VALUE, NO_RECORD or NO_ANSWER.")
    as_of: dt.date | None = strawberry.field(
        default=None, description="The day that the data speak of; today if none."
    )
    note: str | None = strawberry.field(
        default=None, description="What the record tells, needed with VALUE; up to 2,000 characters, kept sealed."
    )
    on_paper: OnPaperInput | None = strawberry.field(default=None, description=ON_PAPER)


@strawberry.input(description="A round of verification that is over.")
class CloseVerificationInput(MutationInput):
    """The end of a round."""

    request_id: strawberry.ID = strawberry.field(description="The round.")
    expected_version: int = strawberry.field(description="Its `version` as it was read.")
    conclusion: str = strawberry.field(
        description="What an officer makes of it, what is not known among it; up to 2,000 characters, kept sealed."
    )


@strawberry.type(description="What `requestVerification` answers.")
class RequestVerificationPayload(Payload):
    """What `requestVerification` answers."""

    request: VerificationRequest | None = strawberry.field(description="The round.")


@strawberry.type(description="What `answerVerification` answers.")
class AnswerVerificationPayload(Payload):
    """What `answerVerification` answers."""

    answer: VerificationAnswer | None = strawberry.field(description="The answer as it stands now.")


@strawberry.type(description="What `closeVerification` answers.")
class CloseVerificationPayload(Payload):
    """What `closeVerification` answers."""

    request: VerificationRequest | None = strawberry.field(description="The round as it stands now.")


@strawberry.type(description="What may be done about verification.")
class VerificationMutations:
    """Households are verified; departments answer."""

    @guards.mutation(
        Permission.KEEP_FILES, "Begins a round of verification: asks who keeps data, where consent allows it."
    )
    async def request_verification(
        self,
        info: Info,
        input: Annotated[RequestVerificationInput, strawberry.argument(description="Whom, and why.")],
    ) -> RequestVerificationPayload:
        """Begins a round."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key, vault = nodes.key_of(info, "Household", input.household_id), info.context.vault
            objection = named(info, "Objection", input.objection_id)
            previous = named(info, "VerificationRequest", input.recheck_of)
            asked = Asked(input.occasion, input.sources or (), objection, previous, input.reason)
            data_dir = info.context.data_dir
            return await verifications.request(connection, vault, data_dir, viewer, key, asked, info.context.now())

        done = await carry_out(info, Permission.KEEP_FILES, input, act)
        request = await nodes.below_payload(info, "VerificationRequest", "request", done.subject)
        return RequestVerificationPayload(request=request, **done.answered)

    @guards.mutation(Permission.ANSWER_REFERRALS, "Answers for the department that was asked.")
    async def answer_verification(
        self, info: Info, input: Annotated[AnswerVerificationInput, strawberry.argument(description="The answer.")]
    ) -> AnswerVerificationPayload:
        """Answers."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key, vault = nodes.key_of(info, "VerificationAnswer", input.answer_id), info.context.vault
            told = (input.expected_version, input.answer, input.as_of, input.note)
            now, paper = info.context.now(), paper_of(input.on_paper)
            return await verifications.answer(connection, vault, viewer, key, *told, now, paper)

        done = await carry_out(info, Permission.ANSWER_REFERRALS, input, act)
        answer = await nodes.below_payload(info, "VerificationAnswer", "answer", done.subject)
        return AnswerVerificationPayload(answer=answer, **done.answered)

    @guards.mutation(Permission.KEEP_FILES, "Closes a round of verification; what nobody answered stays unanswered.")
    async def close_verification(
        self, info: Info, input: Annotated[CloseVerificationInput, strawberry.argument(description="Which, and how.")]
    ) -> CloseVerificationPayload:
        """Closes a round."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key, vault = nodes.key_of(info, "VerificationRequest", input.request_id), info.context.vault
            told = (input.expected_version, input.conclusion)
            data_dir = info.context.data_dir
            return await verifications.close(connection, vault, data_dir, viewer, key, *told, info.context.now())

        done = await carry_out(info, Permission.KEEP_FILES, input, act)
        request = await nodes.below_payload(info, "VerificationRequest", "request", done.subject)
        return CloseVerificationPayload(request=request, **done.answered)


branch(VerificationRequest, "household", ITS_HOUSEHOLD)
branch(
    VerificationRequest,
    "answers",
    Branch("key", lambda reading, keys, _: loaders.answers_of(reading, keys), answer_objects, "answers"),
)
branch(
    VerificationRequest,
    "report",
    Branch("key", lambda reading, keys, _: loaders.sources_of(reading, keys), source_objects, "report"),
)
branch(
    VerificationRequest,
    "leads",
    Branch(
        "household_key", lambda reading, keys, _: findings.standing_of(reading, keys, LEADS), finding_objects, "leads"
    ),
)
branch(VerificationAnswer, "person", person_at("member_key", "person"))
kind("VerificationRequest", Kind(loaders.by_key, request_objects, Permission.READ_CASES))
kind("VerificationAnswer", Kind(loaders.answers_by_key, answer_objects, Permission.READ_REFERRALS))
