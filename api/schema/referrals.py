"""Referrals: households sent to another organisation for help that it gives, and what it answers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain import days
from api.domain.casework import ReferralOutcome, ReferralState
from api.domain.permissions import Permission, Viewer
from api.loaders import casework as loaders
from api.loaders.conditions import Condition
from api.loaders.pages import Window
from api.loaders.reading import Reading, Rows
from api.schema import guards, nodes
from api.schema.changes import named
from api.schema.connections import ORDER, After, Before, Connection, First, Last, connection, order_of
from api.schema.context import Info
from api.schema.enumerations import Words, described
from api.schema.filters import AND, NOT, OR, between, in_division, joined, of_households, one_of, whether
from api.schema.households import ITS_HOUSEHOLD, NOT_LOADED, Household, Person, person_at
from api.schema.nodes import Kind, kind
from api.schema.officers import Officer, ResponsibleOrganisation, handler, organisation_of
from api.schema.results import MutationInput, Payload, carry_out
from api.schema.selection import Wanted
from api.schema.tree import Branch, branch
from api.schema.values import DateRange, Division, Node, division_of
from api.schema.words import Direction
from api.services import referrals
from api.services.referrals import Sent

__all__ = ["ReferralOutcome"]

described(
    ReferralState,
    "Where a referral stands.",
    {
        "OPEN": Words("待接收", "Open", "接收组织尚未答复。", "It was not answered yet."),
        "ACCEPTED": Words("已接收", "Accepted", "接收组织正在办理。", "The organisation has taken it up."),
        "CLOSED": Words("已办结", "Closed", "已有办理结果。", "The organisation has told what came of it."),
    },
)
described(
    ReferralOutcome,
    "What came of a referral.",
    {
        "PROVIDED": Words("已提供帮扶", "Provided", "已提供帮扶。", "The help was given."),
        "NOT_ENTITLED": Words(
            "不符合条件", "Not entitled", "不符合该项条件。", "It does not meet what the help takes."
        ),
        "DECLINED": Words("本人放弃", "Declined", "本人不需要或放弃。", "The household does not want it."),
        "NOT_REACHED": Words("联系不上", "Not reached", "未能联系到本人。", "Nobody could be reached."),
    },
)


@strawberry.type(description="A household, or somebody in it, sent to an organisation for help that it gives.")
class Referral(Node):
    """A referral."""

    key: strawberry.Private[int]
    household_key: strawberry.Private[int | None]
    member_key: strawberry.Private[int | None]
    division: Division = strawberry.field(description="The household's division.")
    organisation: ResponsibleOrganisation = strawberry.field(description="To whom.")
    programme: str | None = strawberry.field(description="For which programme, by its code, if for one.")
    pledge_id: strawberry.ID | None = strawberry.field(
        description="On which donor's pledge it draws, if on one; null for who reads no cases."
    )
    note: str | None = strawberry.field(
        description="What the organisation has to know; null for viewers who see masks, unless it was sent to them."
    )
    state: ReferralState = strawberry.field(description="Where it stands.")
    outcome: ReferralOutcome | None = strawberry.field(description="What came of it; null until it is closed.")
    answer: str | None = strawberry.field(description="What the organisation answered; null like the note.")
    due_on: dt.date = strawberry.field(description="By when it is to be answered.")
    overdue: bool = strawberry.field(description="Whether that day has passed, and it is not closed.")
    referred_by: Officer | None = strawberry.field(description="Who sent it, where this viewer is told.")
    referred_at: dt.datetime = strawberry.field(description="When.")
    answered_by: Officer | None = strawberry.field(description="Who answered last, where this viewer is told.")
    answered_at: dt.datetime | None = strawberry.field(description="When.")
    version: int = strawberry.field(description="Counts changes; to be given back by `answerReferral`.")
    household: Household | None = strawberry.field(
        default=NOT_LOADED, description="The household; null for who reads no cases."
    )
    person: Person | None = strawberry.field(
        default=NOT_LOADED, description="Whom of it, if one; null for who reads no cases."
    )


class ReferralOrderField(StrEnum):
    """What referrals may be ordered by."""

    DUE_ON = "DUE_ON"
    REFERRED = "REFERRED"


described(
    ReferralOrderField,
    "What referrals may be ordered by.",
    {
        "DUE_ON": Words("办理期限", "Due", "最后答复日期。", "By when it is to be answered."),
        "REFERRED": Words("转介时间", "Referred", "转介的先后。", "When it was sent."),
    },
)


@strawberry.input(description="An order of referrals.")
class ReferralOrder:
    """An order of referrals."""

    field: ReferralOrderField = strawberry.field(description="What to order by.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which way.")


@strawberry.input(description="Which referrals; all that is given must hold.")
class ReferralFilter:
    """Which referrals."""

    division_code: str | None = strawberry.field(default=None, description="In this division or below it.")
    states: list[ReferralState] | None = strawberry.field(default=None, description="In one of these states.")
    organisations: list[str] | None = strawberry.field(default=None, description="Sent to one of these codes.")
    programmes: list[str] | None = strawberry.field(default=None, description="For one of these programmes.")
    household_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="Of these households.")
    due: DateRange | None = strawberry.field(default=None, description="To be answered between these days.")
    overdue: bool | None = strawberry.field(default=None, description="Whether they are overdue.")
    received: bool | None = strawberry.field(
        default=None, description="Whether they were sent to the viewer's own organisation."
    )
    and_: list[ReferralFilter] | None = strawberry.field(name="and", default=None, description=AND)
    or_: list[ReferralFilter] | None = strawberry.field(name="or", default=None, description=OR)
    not_: ReferralFilter | None = strawberry.field(name="not", default=None, description=NOT)


def _conditions(info: Info, given: ReferralFilter) -> Iterator[Condition]:
    viewer = info.context.viewer_who_may(Permission.READ_REFERRALS)
    yield from in_division(given.division_code)
    yield from one_of("states", given.states)
    yield from one_of("organisations", given.organisations)
    yield from one_of("programmes", given.programmes)
    yield from between("due", given.due)
    yield from of_households(info, given.household_ids, viewer.may(Permission.READ_CASES))
    yield from whether("overdue", given.overdue, {"overdue_today": days.today(info.context.now())})
    yield from whether("received", given.received, {"received_by": viewer.organisation_id or 0})


def referral_objects(reading: Reading, rows: Rows, wanted: Wanted) -> list[Referral]:
    """Rows as referrals; who reads no cases is shown those alone that were sent to their organisation, with what was written."""
    reads_cases = reading.viewer.may(Permission.READ_CASES)
    whole = reading.sees_identity or not reads_cases

    def opened(column: str, name: str, sealed: bytes | None) -> str | None:
        return reading.vault.open(column, sealed) if whole and wanted.has(name) else None

    for column, name in (("referrals.note", "note"), ("referrals.answer", "answer")):
        if whole and rows and wanted.has(name):
            reading.log.opened(column, whole=True)
    today = reading.today
    pledges = {key: reading.vault.ids("DonationPledge", [key])[0] for key in {row.pledge_id for row in rows} - {None}}
    return [
        Referral(
            id=strawberry.ID(public_id),
            key=row.id,
            household_key=row.household_id if reads_cases else None,
            member_key=row.member_id if reads_cases else None,
            division=division_of(row.division_code),
            organisation=organisation_of(row),
            programme=row.programme_code,
            pledge_id=strawberry.ID(pledges[row.pledge_id]) if reads_cases and row.pledge_id else None,
            note=opened("referrals.note", "note", reading.whereabouts(row, row.note)),
            state=ReferralState(row.state),
            outcome=row.outcome and ReferralOutcome(row.outcome),
            answer=opened("referrals.answer", "answer", reading.whereabouts(row, row.answer)),
            due_on=row.due_on,
            overdue=row.state != ReferralState.CLOSED and row.due_on < today,
            referred_by=handler(reading, row, row.sender_login, row.sender_name),
            referred_at=row.referred_at,
            answered_by=handler(reading, row, row.answerer_login, row.answerer_name),
            answered_at=row.answered_at,
            version=row.version,
        )
        for row, public_id in zip(rows, reading.ids("Referral", rows), strict=True)
    ]


@strawberry.type(description="What may be asked about referrals.")
class ReferralQueries:
    """Referrals."""

    @guards.query(
        Permission.READ_REFERRALS,
        "Referrals of households in the viewer's division; to who reads no cases, those to their own organisation.",
    )
    async def referrals(
        self,
        info: Info,
        filter: Annotated[ReferralFilter | None, strawberry.argument(description="Which.")] = None,
        order_by: Annotated[
            list[ReferralOrder] | None, strawberry.argument(description=ORDER + " the latest first.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Referral] | None:
        """A page of referrals."""
        where = joined(filter, lambda given, _: _conditions(info, given))
        order, window = order_of(order_by, "REFERRED"), Window(first, after, last, before)
        return await connection(info, loaders.REFERRALS, referral_objects, where, order, window)


@strawberry.input(description="A household, or somebody in it, that is sent to an organisation.")
class ReferInput(MutationInput):
    """A referral."""

    household_id: strawberry.ID = strawberry.field(description="The household.")
    person_id: strawberry.ID | None = strawberry.field(default=None, description="Whom of it, if one.")
    organisation: str = strawberry.field(description="To whom: the organisation's code.")
    programme: str | None = strawberry.field(
        default=None, description="For which programme, by its code, if for one."
    )
    pledge_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="On which donor's pledge it draws, if on one: then it goes to a social organisation, and not to the "
        "donor, who is told of no household.",
    )
    note: str = strawberry.field(
        description="What the organisation has to know, who it is about among it; up to 2,000 characters, kept sealed."
    )
    due_on: dt.date = strawberry.field(description="By when it is to be answered; a task asks for it.")


@strawberry.input(description="What the organisation answers that a household was sent to.")
class AnswerReferralInput(MutationInput):
    """An answer to a referral."""

    referral_id: strawberry.ID = strawberry.field(description="The referral.")
    expected_version: int = strawberry.field(description="The referral's `version` as it was read.")
    outcome: ReferralOutcome | None = strawberry.field(
        default=None, description="What came of it, which closes it; null where it is taken up only."
    )
    note: str | None = strawberry.field(
        default=None, description="In words, needed with an outcome; up to 2,000 characters, kept sealed."
    )


@strawberry.type(description="What `refer` answers.")
class ReferPayload(Payload):
    """What `refer` answers."""

    referral: Referral | None = strawberry.field(description="The referral.")


@strawberry.type(description="What `answerReferral` answers.")
class AnswerReferralPayload(Payload):
    """What `answerReferral` answers."""

    referral: Referral | None = strawberry.field(description="The referral as it stands now.")


@strawberry.type(description="What may be done with referrals.")
class ReferralMutations:
    """Households are sent to other organisations, which answer."""

    @guards.mutation(Permission.KEEP_FILES, "Sends a household, or somebody in it, to another organisation.")
    async def refer(
        self, info: Info, input: Annotated[ReferInput, strawberry.argument(description="Whom, to whom, and why.")]
    ) -> ReferPayload:
        """Refers a household."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key, vault = nodes.key_of(info, "Household", input.household_id), info.context.vault
            member = named(info, "Person", input.person_id)
            pledge = named(info, "DonationPledge", input.pledge_id)
            sent = Sent(input.organisation, input.programme, input.due_on, input.note, member, pledge)
            return await referrals.refer(connection, vault, viewer, key, sent, info.context.now())

        done = await carry_out(info, Permission.KEEP_FILES, input, act)
        referral = await nodes.below_payload(info, "Referral", "referral", done.subject)
        return ReferPayload(referral=referral, **done.answered)

    @guards.mutation(Permission.ANSWER_REFERRALS, "Answers a referral, for the organisation that it was sent to.")
    async def answer_referral(
        self, info: Info, input: Annotated[AnswerReferralInput, strawberry.argument(description="The answer.")]
    ) -> AnswerReferralPayload:
        """Answers a referral."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key, vault = nodes.key_of(info, "Referral", input.referral_id), info.context.vault
            told = (input.expected_version, input.outcome, input.note)
            return await referrals.answer(connection, vault, viewer, key, *told, info.context.now())

        done = await carry_out(info, Permission.ANSWER_REFERRALS, input, act)
        referral = await nodes.below_payload(info, "Referral", "referral", done.subject)
        return AnswerReferralPayload(referral=referral, **done.answered)


branch(
    Household,
    "referrals",
    Branch("key", lambda reading, keys, _: loaders.referrals_of(reading, keys), referral_objects, "referrals"),
)
branch(Referral, "household", ITS_HOUSEHOLD)
branch(Referral, "person", person_at("member_key", "person"))
kind("Referral", Kind(loaders.referrals_by_key, referral_objects, Permission.READ_REFERRALS))
