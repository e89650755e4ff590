"""Objections: what somebody holds against a notice or a decision, and what another officer answered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain import days, privacy
from api.domain.objections import Ground, ObjectionOutcome, ObjectionState, Objector
from api.domain.permissions import Permission, Viewer
from api.loaders import notices as loaders
from api.loaders.conditions import Condition
from api.loaders.pages import Window
from api.loaders.reading import Reading, Rows
from api.schema import guards, nodes
from api.schema.connections import ORDER, After, Before, Connection, First, Last, connection, order_of
from api.schema.context import Info
from api.schema.enumerations import Words, described
from api.schema.filters import AND, NOT, OR, between, in_division, joined, of_households, one_of, whether
from api.schema.households import ITS_HOUSEHOLD, NOT_LOADED, Household
from api.schema.nodes import Kind, kind
from api.schema.notices import PublicNotice, notice_objects
from api.schema.results import MutationInput, Payload, carry_out
from api.schema.selection import Wanted
from api.schema.sizes import about
from api.schema.tree import Branch, branch
from api.schema.values import DateRange, Node
from api.schema.words import Direction, Stage
from api.services import objections

FOR_WHOM = " Null for viewers who see masks, and where it may tell where a protected person is."

described(
    Objector,
    "Who objects.",
    {
        "HOUSEHOLD": Words(
            "本户", "The household", "申请人或家庭成员。", "The applicant, or somebody of the household."
        ),
        "PUBLIC": Words("群众", "A member of the public", "署名的其他人。", "Somebody else, who gives a name."),
        "ORGANISATION": Words("单位", "An organisation", "单位或组织。", "A workplace or another organisation."),
        "ANONYMOUS": Words(
            "匿名", "Anonymous", "不署名；不登记姓名和联系方式。", "Neither name nor contact is kept."
        ),
    },
)
described(
    Ground,
    "What an objection rests on.",
    {
        "CIRCUMSTANCES": Words(
            "困难情况不符", "Circumstances", "困难情况与所述不同。", "The hardship is not as told."
        ),
        "INCOME_OR_PROPERTY": Words(
            "收入财产不符", "Income or property", "收入或财产与所述不同。", "Income or property is not as told."
        ),
        "MEMBERS": Words(
            "家庭成员不符", "Members", "家庭成员与所述不同。", "The people in the household are not as told."
        ),
        "AIDED_ELSEWHERE": Words(
            "已在他处受助", "Aided elsewhere", "已在他处建档或受助。", "It has a file or aid elsewhere."
        ),
        "NOT_ME": Words("与本人无关", "Not me", "记录不是本人的，或身份被冒用。", "The record is somebody else's."),
        "NO_LONGER_OWNED": Words(
            "已转让或系继承", "No longer owned", "财产已售、已转或系继承。", "It was sold, passed on or inherited."
        ),
        "NOTICE_WRONG": Words("公示有误", "Notice wrong", "公示内容有误。", "The notice says something wrong."),
        "PRIVACY": Words("涉及隐私", "Privacy", "公示泄露了不应公开的内容。", "The notice tells what it should not."),
        "PROCEDURE": Words("程序不当", "Procedure", "办理程序有误。", "A step was not done as it should be."),
        "DECISION": Words("不服决定", "Decision", "不服所作决定。", "The decision is held to be wrong."),
        "OTHER": Words("其他", "Other", "其他理由。", "Something else."),
    },
)
described(
    ObjectionState,
    "Whether a person has answered an objection.",
    {
        "OPEN": Words(
            "待答复", "Open", "答复前不录入、不作不利变更。", "Until it is answered nothing adverse happens."
        ),
        "ANSWERED": Words("已答复", "Answered", "已由工作人员答复。", "An officer has answered."),
    },
)
described(
    ObjectionOutcome,
    "What became of an objection.",
    {
        "UPHELD": Words("成立", "Upheld", "异议成立。", "It proved right."),
        "PARTLY": Words("部分成立", "Partly", "异议部分成立。", "It proved right in part."),
        "REJECTED": Words("不成立", "Rejected", "经核实不成立，理由见答复。", "It did not; the answer says why."),
        "WITHDRAWN": Words("已撤回", "Withdrawn", "提出人撤回。", "Whoever raised it took it back."),
    },
)


@strawberry.type(
    description="An objection about a household, at whatever stage. While it is open the household is neither recorded nor "
    "changed for the worse; it is for the authority to prove what it rests on."
)
class Objection(Node):
    """An objection about a household."""

    key: strawberry.Private[int]
    household_key: strawberry.Private[int]
    notice_key: strawberry.Private[int | None]
    stage: Stage = strawberry.field(description="Where the household stood when it was raised.")
    objector: Objector = strawberry.field(description="Who objects.")
    objector_name: str | None = strawberry.field(description="Masked unless the viewer may see identities.")
    objector_contact: str | None = strawberry.field(description="How to answer them." + FOR_WHOM)
    grounds: list[Ground] = strawberry.field(description="What it rests on.", metadata=about(2))
    said: str | None = strawberry.field(name="text", description="What was said." + FOR_WHOM)
    received_by: str | None = strawberry.field(
        description="Who took it down; null where that tells where a protected person is."
    )
    received_on: dt.date = strawberry.field(description="The day it came in.")
    due_on: dt.date = strawberry.field(description="The day by which it should be answered.")
    overdue: bool = strawberry.field(description="Whether that day has passed without an answer.")
    escalated_at: dt.datetime | None = strawberry.field(description="When it was told to the division above.")
    state: ObjectionState = strawberry.field(description="Whether it has been answered.")
    outcome: ObjectionOutcome | None = strawberry.field(description="What became of it.")
    answer: str | None = strawberry.field(description="What was found, and why." + FOR_WHOM)
    answered_by: str | None = strawberry.field(
        description="Another officer than who took it down; null where that tells where a protected person is."
    )
    answered_at: dt.datetime | None = strawberry.field(description="When.")
    version: int = strawberry.field(description="Counts changes; to be given back by `answerObjection`.")
    household: Household = strawberry.field(default=NOT_LOADED, description="The household that it is about.")
    notice: PublicNotice | None = strawberry.field(
        default=NOT_LOADED, description="The notice that it is against, if it is against one."
    )


class ObjectionOrderField(StrEnum):
    """What objections may be ordered by."""

    RAISED = "RAISED"
    DUE_ON = "DUE_ON"


described(
    ObjectionOrderField,
    "What objections may be ordered by.",
    {
        "RAISED": Words("提出先后", "Raised", "登记的先后。", "In which order they were taken down."),
        "DUE_ON": Words("答复期限", "Due", "应答复的日期。", "The day by which each should be answered."),
    },
)


@strawberry.input(description="An order of objections.")
class ObjectionOrder:
    """An order of objections."""

    field: ObjectionOrderField = strawberry.field(description="What to order by.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which way.")


@strawberry.input(description="Which objections; all that is given must hold.")
class ObjectionFilter:
    """Which objections."""

    division_code: str | None = strawberry.field(default=None, description="In this division or below it.")
    household_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="About these households.")
    states: list[ObjectionState] | None = strawberry.field(default=None, description="In one of these states.")
    outcomes: list[ObjectionOutcome] | None = strawberry.field(
        default=None, description="With one of these outcomes."
    )
    overdue: bool | None = strawberry.field(
        default=None, description="Whether they should have been answered by now."
    )
    received: DateRange | None = strawberry.field(default=None, description="Came in between these days.")
    and_: list[ObjectionFilter] | None = strawberry.field(name="and", default=None, description=AND)
    or_: list[ObjectionFilter] | None = strawberry.field(name="or", default=None, description=OR)
    not_: ObjectionFilter | None = strawberry.field(name="not", default=None, description=NOT)


def _conditions(info: Info, given: ObjectionFilter) -> Iterator[Condition]:
    yield from in_division(given.division_code)
    yield from of_households(info, given.household_ids)
    yield from one_of("states", given.states)
    yield from one_of("outcomes", given.outcomes)
    yield from whether("overdue", given.overdue)
    yield from between("received", given.received)


def objection_objects(reading: Reading, rows: Rows, wanted: Wanted) -> list[Objection]:
    """Rows as objections; words that were said are for those who see identities. As of a day, what came later is not told."""
    whole = reading.sees_identity
    name = reading.shown("objections.objector_name", wanted.has("objectorName"), privacy.name)
    contact = reading.shown("objections.objector_contact", whole and wanted.has("objectorContact"), lambda _: None)
    said = reading.shown("objections.text", whole and wanted.has("text"), lambda _: None)
    answer = reading.shown("objections.answer", whole and wanted.has("answer"), lambda _: None)
    day = reading.as_of or reading.today

    def by_then(moment: dt.datetime | None) -> bool:
        return moment is not None and days.today(moment) <= day

    return [
        Objection(
            id=strawberry.ID(public_id),
            key=row.id,
            household_key=row.household_id,
            notice_key=row.notice_id,
            stage=Stage(row.stage),
            objector=Objector(row.objector),
            objector_name=name(reading.whereabouts(row, row.objector_name)),
            objector_contact=contact(reading.whereabouts(row, row.objector_contact)),
            grounds=[Ground(each) for each in row.grounds],
            said=said(reading.whereabouts(row, row.text)),
            received_by=reading.whereabouts(row, row.receiver),
            received_on=row.received_on,
            due_on=row.due_on,
            overdue=not by_then(row.answered_at) and row.due_on < day,
            escalated_at=row.escalated_at if by_then(row.escalated_at) else None,
            state=ObjectionState.ANSWERED if by_then(row.answered_at) else ObjectionState.OPEN,
            outcome=ObjectionOutcome(row.outcome) if by_then(row.answered_at) else None,
            answer=answer(reading.whereabouts(row, row.answer)) if by_then(row.answered_at) else None,
            answered_by=reading.whereabouts(row, row.answerer) if by_then(row.answered_at) else None,
            answered_at=row.answered_at if by_then(row.answered_at) else None,
            version=row.version,
        )
        for row, public_id in zip(rows, reading.ids("Objection", rows), strict=True)
    ]


@strawberry.type(description="What may be asked about objections.")
class ObjectionQueries:
    """Objections."""

    @guards.query(Permission.READ_CASES, "Objections about households in the viewer's division.")
    async def objections(
        self,
        info: Info,
        filter: Annotated[ObjectionFilter | None, strawberry.argument(description="Which.")] = None,
        order_by: Annotated[
            list[ObjectionOrder] | None, strawberry.argument(description=ORDER + " the latest raised first.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Objection] | None:
        """A page of objections."""
        where = joined(filter, lambda given, _: _conditions(info, given))
        order, window = order_of(order_by, "RAISED"), Window(first, after, last, before)
        return await connection(info, loaders.OBJECTIONS, objection_objects, where, order, window)


@strawberry.input(description="An objection as somebody raises it, taken down by a clerk.")
class RaiseObjectionInput(MutationInput):
    """An objection as somebody raises it."""

    household_id: strawberry.ID = strawberry.field(description="The household that it is about, at whatever stage.")
    notice_id: strawberry.ID | None = strawberry.field(
        default=None, description="The notice that it is against, if it is against one."
    )
    objector: Objector = strawberry.field(description="Who objects.")
    objector_name: str | None = strawberry.field(default=None, description="Kept sealed; none of an anonymous one.")
    objector_contact: str | None = strawberry.field(default=None, description="How to answer them; likewise.")
    grounds: list[Ground] = strawberry.field(description="What it rests on; at least one.")
    said: str = strawberry.field(name="text", description="What is said, up to 4,000 characters; kept sealed.")
    received_on: dt.date | None = strawberry.field(
        default=None,
        description="The day it came in, from which the time to answer counts; today, where nothing is said.",
    )


@strawberry.input(description="An officer's answer to an objection.")
class AnswerObjectionInput(MutationInput):
    """An officer's answer to an objection."""

    objection_id: strawberry.ID = strawberry.field(description="The objection.")
    expected_version: int = strawberry.field(description="The objection's `version` as it was read.")
    outcome: ObjectionOutcome = strawberry.field(description="What became of it.")
    answer: str = strawberry.field(description="What was found, and why; up to 4,000 characters, kept sealed.")


@strawberry.type(description="What `raiseObjection` answers.")
class RaiseObjectionPayload(Payload):
    """What `raiseObjection` answers."""

    objection: Objection | None = strawberry.field(description="The objection as it was taken down.")


@strawberry.type(description="What `answerObjection` answers.")
class AnswerObjectionPayload(Payload):
    """What `answerObjection` answers."""

    objection: Objection | None = strawberry.field(description="The objection as it stands now.")


@strawberry.type(description="What may be done with objections.")
class ObjectionMutations:
    """Objections are raised and answered."""

    @guards.mutation(
        Permission.KEEP_FILES, "Takes down an objection; from then on nothing adverse happens until it is answered."
    )
    async def raise_objection(
        self, info: Info, input: Annotated[RaiseObjectionInput, strawberry.argument(description="The objection.")]
    ) -> RaiseObjectionPayload:
        """Takes down an objection."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            notice_id = None
            if input.notice_id is not None:
                notice_id = nodes.key_of(info, "PublicNotice", input.notice_id) or 0
            return await objections.raise_objection(
                connection,
                info.context.vault,
                viewer,
                nodes.key_of(info, "Household", input.household_id),
                notice_id,
                input.objector,
                input.objector_name,
                input.objector_contact,
                input.grounds,
                input.said,
                input.received_on,
                info.context.now(),
            )

        done = await carry_out(info, Permission.KEEP_FILES, input, act)
        objection = await nodes.below_payload(info, "Objection", "objection", done.subject)
        return RaiseObjectionPayload(objection=objection, **done.answered)

    @guards.mutation(Permission.DECIDE_FILES, "Answers an objection, as another officer than who took it down.")
    async def answer_objection(
        self, info: Info, input: Annotated[AnswerObjectionInput, strawberry.argument(description="The answer.")]
    ) -> AnswerObjectionPayload:
        """Answers an objection."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            return await objections.answer(
                connection,
                info.context.vault,
                viewer,
                nodes.key_of(info, "Objection", input.objection_id),
                input.expected_version,
                input.outcome,
                input.answer,
                info.context.now(),
            )

        done = await carry_out(info, Permission.DECIDE_FILES, input, act)
        objection = await nodes.below_payload(info, "Objection", "objection", done.subject)
        return AnswerObjectionPayload(objection=objection, **done.answered)


branch(
    Household,
    "objections",
    Branch("key", lambda reading, keys, _: loaders.objections_of(reading, keys), objection_objects, "objections"),
)
branch(
    PublicNotice,
    "objections",
    Branch("key", lambda reading, keys, _: loaders.objections_to(reading, keys), objection_objects, "objections"),
)
branch(Objection, "household", ITS_HOUSEHOLD)
branch(
    Objection,
    "notice",
    Branch(
        "notice_key", lambda reading, keys, _: loaders.notices_by_key(reading, keys), notice_objects, "notice", False
    ),
)
kind("Objection", Kind(loaders.objections_by_key, objection_objects, Permission.READ_CASES))
