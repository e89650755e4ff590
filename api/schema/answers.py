"""Answers by list: what a department says of people without sending its records."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.answers import Answered, ListedAnswer
from api.domain.permissions import Permission, Viewer
from api.schema import guards
from api.schema.context import Info
from api.schema.enumerations import Words, described
from api.schema.results import MutationInput, Payload, carry_out
from api.services import answers

described(
    ListedAnswer,
    "What a department says of somebody without sending the record.",
    {
        "RECORD": Words("有记录", "Record", "有此人的记录。", "There is a record of them."),
        "NO_RECORD": Words("无记录", "No record", "没有此人的记录。", "There is no record of them."),
        "NO_ANSWER": Words("未答复", "No answer", "无法查询。", "It cannot say."),
    },
)


@strawberry.input(description="What a department says of somebody.")
class ListedAnswerInput:
    """What a department says of somebody."""

    person_reference: str = strawberry.field(
        description="The person's reference in the register, as it was asked about."
    )
    answer: ListedAnswer = strawberry.field(description="What it says.")
    answered_on: dt.date = strawberry.field(description="On which day it was looked up.")


@strawberry.input(description="A list of answers, up to 500; longer ones are sent as a file.")
class PushAnswersInput(MutationInput):
    """A list of answers."""

    source: str = strawberry.field(description="The kind of data, one that the viewer's department keeps.")
    answers: list[ListedAnswerInput] = strawberry.field(description="All of them are taken, or none.")


@strawberry.type(description="What `pushAnswers` answers.")
class PushAnswersPayload(Payload):
    """What `pushAnswers` answers."""

    taken: int = strawberry.field(description="How many answers were taken; 0 where the list was refused.")


@strawberry.type(description="What may be done with answers.")
class AnswerMutations:
    """Answers are pushed."""

    @guards.mutation(
        Permission.SEND_FEEDS,
        "Takes what a department says of people; the next scan knows by it who has no record. An earlier day's answer "
        "does not take the place of a later one's.",
    )
    async def push_answers(
        self, info: Info, input: Annotated[PushAnswersInput, strawberry.argument(description="The list.")]
    ) -> PushAnswersPayload:
        """Takes a list of answers."""
        given = [Answered(each.person_reference, each.answer, each.answered_on) for each in input.answers]

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            return await answers.push(connection, viewer, input.source, given, info.context.now())

        done = await carry_out(info, Permission.SEND_FEEDS, input, act)
        return PushAnswersPayload(taken=0 if done.subject is None else len(given), **done.answered)
