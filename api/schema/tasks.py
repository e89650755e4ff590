"""What has to be done: queues of tasks by kind, day and division, taken by somebody and ended by them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Iterator
from enum import StrEnum
from typing import Annotated, Any

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain import days
from api.domain.casework import TaskKind, TaskState
from api.domain.permissions import Permission, Viewer
from api.loaders import casework as loaders
from api.loaders.conditions import Condition
from api.loaders.pages import Window
from api.loaders.reading import Reading, Rows
from api.schema import guards, nodes
from api.schema.connections import ORDER, After, Before, Connection, First, Last, connection, order_of
from api.schema.context import Info
from api.schema.entitlement_terms import NoLongerDue
from api.schema.enumerations import Words, described
from api.schema.filters import AND, NOT, OR, between, in_division, joined, of_households, one_of, whether
from api.schema.households import ITS_HOUSEHOLD, NOT_LOADED, Household, Person, person_at
from api.schema.measures import MeasureRole
from api.schema.nodes import Kind, kind
from api.schema.officers import Officer, ResponsibleOrganisation, handler, officer
from api.schema.results import MutationInput, Payload, carry_out
from api.schema.selection import Wanted
from api.schema.sizes import about
from api.schema.tree import branch
from api.schema.values import DateRange, Division, Node, division_of
from api.schema.words import Direction
from api.services import tasks

Act = Callable[[AsyncConnection, Viewer], Awaitable[int]]

__all__ = ["TaskKind"]

described(
    TaskKind,
    "What has to be done.",
    {
        "REVERIFY_DUE": Words("复核到期", "Re-verify", "在档户复核到期。", "A file is due to be verified again."),
        "REVIEW_DUE": Words("审核到期", "Review", "申请审核到期。", "An application is due to be reviewed."),
        "RECORD_DUE": Words(
            "录入到期", "Record", "公示结束，录入到期。", "A notice is over, the file to be recorded."
        ),
        "OBJECTION_DUE": Words("异议待答复", "Answer an objection", "异议须按期答复。", "An objection waits."),
        "TRANSFER_DUE": Words(
            "档案待接转", "Transfer a file", "档案须移交或接收。", "A file goes to another keeper."
        ),
        "WATCH_DUE": Words("跟踪回访", "Follow up", "退出后须回访。", "A household that left is to be looked after."),
        "VISIT_DUE": Words("走访到期", "Visit", "入户走访到期。", "A household is due to be visited."),
        "CHANGE_REPORTED": Words("变化待核实", "Verify a change", "申报的变化须核实。", "A change was reported."),
        "REGISTER_DIFFERS": Words(
            "登记不一致", "Register differs", "外部登记与档案不一致，须核实。", "Another register says otherwise."
        ),
        "CONSENT_MISSING": Words(
            "缺授权", "Consent missing", "成员尚未授权核对。", "Somebody has not consented yet."
        ),
        "CONSENT_WITHDRAWN": Words(
            "授权已撤回", "Consent withdrawn", "成员撤回核对授权。", "Somebody took their consent back."
        ),
        "OFFICER_MISSING": Words("缺联系人", "No contact officer", "该户没有联系人。", "A household has no officer."),
        "REFERRAL": Words("转介待答复", "Answer a referral", "转介须按期答复。", "A referral waits for its answer."),
        "PAYMENT_CHECK": Words(
            "发放待抽查", "Check a payment", "抽中的发放须向领款户核实。", "A recipient who was drawn is to be asked."
        ),
        "PAYMENT_RETURNED": Words(
            "款项被退回", "Payment returned", "银行退回款项，须核对账号并重新发放。", "The bank sent a payment back."
        ),
        "ENTITLEMENT": Words(
            "应享未享",
            "Aid not received",
            "可能符合条件而没有享受的救助，须核实并转介。",
            "Aid that may be due and is not received.",
        ),
        "VERIFICATION": Words(
            "核对待答复", "Verification", "部门须按期答复核对。", "Departments are to answer a verification."
        ),
        "INQUIRY_DUE": Words(
            "询问待答复", "Answer an inquiry", "就疑点的询问须按期答复。", "A question about a lead waits."
        ),
    },
)
described(
    TaskState,
    "Where a task stands.",
    {
        "OPEN": Words("待办", "Open", "尚未办理。", "It is still to be done."),
        "DONE": Words("已办结", "Done", "已经办理。", "It is done."),
        "CANCELLED": Words("已取消", "Cancelled", "无须再办。", "Nothing has to be done any more."),
    },
)


@strawberry.type(description="A code that a task tells, such as a month or a kind of department data.")
class TaskDetail:
    """A code that a task tells."""

    name: str = strawberry.field(description="What it is about.")
    value: str = strawberry.field(description="The code, day or month.")


@strawberry.type(description="Aid that may be due and is not received, as a task asks somebody to look into it.")
class TaskEntitlement:
    """Aid that may be due."""

    programme: str | None = strawberry.field(description="The programme's code; null where a lead names none.")
    instead: list[str] = strawberry.field(
        description="Other programmes, by their codes, that would be enough for the same occasion.", metadata=about(1)
    )
    rule: str | None = strawberry.field(
        description="The rule whose finding says so; null where the programme's own conditions do."
    )
    finding_id: strawberry.ID | None = strawberry.field(description="That finding.")
    referral_id: strawberry.ID | None = strawberry.field(description="The referral that was sent for it.")
    because: NoLongerDue | None = strawberry.field(description="Why it ended by itself, if it did.")


@strawberry.type(
    description="A referral as a task suggests it, to be sent by `referForTask`; it is in the register's numbers."
)
class PrefilledReferral:
    """A referral as it is suggested."""

    roles: list[MeasureRole] = strawberry.field(description="Which roles answer for it.", metadata=about(1))
    organisation: ResponsibleOrganisation | None = strawberry.field(
        description="Who holds the first of them where the household is; null where nobody is on record."
    )
    programme: str | None = strawberry.field(description="For which programme, by its code.")
    person_key: strawberry.Private[int | None]
    note_zh: str = strawberry.field(description="What the organisation has to know, in Chinese, in which it is sent.")
    note_en: str = strawberry.field(description="The same in English.")
    due_on: dt.date = strawberry.field(description="By when it would be answered.")
    person: Person | None = strawberry.field(
        default=NOT_LOADED, description="Whom of the household it is about, if one."
    )


@strawberry.type(description="Something that somebody has to do for a household by a day.")
class Task(Node):
    """Something that has to be done."""

    key: strawberry.Private[int]
    household_key: strawberry.Private[int]
    member_key: strawberry.Private[int | None]
    kind: TaskKind = strawberry.field(description="What has to be done.")
    state: TaskState = strawberry.field(description="Where it stands.")
    division: Division = strawberry.field(description="The household's division.")
    due_on: dt.date = strawberry.field(description="The last day to do it.")
    overdue: bool = strawberry.field(description="Whether it is still to be done after that day.")
    assignee: Officer | None = strawberry.field(
        description="Who has taken it; null where nobody has, or where this viewer is not told."
    )
    details: list[TaskDetail] = strawberry.field(description="Codes that tell more.", metadata=about(2))
    note: str | None = strawberry.field(description="Why it was cancelled; null for viewers who see masks.")
    created_at: dt.datetime = strawberry.field(description="When it was opened.")
    done_at: dt.datetime | None = strawberry.field(description="When it was ended.")
    done_by: Officer | None = strawberry.field(
        description="Who ended it, where a person did whom this viewer is told."
    )
    version: int = strawberry.field(description="Counts changes; to be given back by whoever takes or ends it.")
    entitlement: TaskEntitlement | None = strawberry.field(
        description="Of a task of the kind ENTITLEMENT: which aid may be due, and what says so."
    )
    household: Household = strawberry.field(default=NOT_LOADED, description="The household that it is for.")
    person: Person | None = strawberry.field(default=NOT_LOADED, description="Whom of it it is about, if one.")
    prefilled_referral: PrefilledReferral | None = strawberry.field(
        default=NOT_LOADED,
        description="Of an open task of that kind, the referral that it suggests; null where it leads to no other office.",
    )


class TaskOrderField(StrEnum):
    """What tasks may be ordered by."""

    DUE_ON = "DUE_ON"
    OPENED = "OPENED"


described(
    TaskOrderField,
    "What tasks may be ordered by.",
    {
        "DUE_ON": Words("办理期限", "Due", "最后办理日期。", "The last day to do it."),
        "OPENED": Words("生成时间", "Opened", "任务生成的先后。", "When it was opened."),
    },
)


@strawberry.input(description="An order of tasks.")
class TaskOrder:
    """An order of tasks."""

    field: TaskOrderField = strawberry.field(description="What to order by.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Which way.")


@strawberry.input(description="Which tasks; all that is given must hold.")
class TaskFilter:
    """Which tasks."""

    division_code: str | None = strawberry.field(default=None, description="In this division or below it.")
    kinds: list[TaskKind] | None = strawberry.field(default=None, description="Of one of these kinds.")
    states: list[TaskState] | None = strawberry.field(default=None, description="In one of these states.")
    household_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="For these households.")
    due: DateRange | None = strawberry.field(default=None, description="Due between these days.")
    overdue: bool | None = strawberry.field(default=None, description="Whether they are overdue.")
    mine: bool | None = strawberry.field(default=None, description="Whether the viewer has taken them.")
    assignees: list[str] | None = strawberry.field(
        default=None, description="Taken by somebody of these logins, as far as the viewer is told."
    )
    unassigned: bool | None = strawberry.field(default=None, description="Whether nobody has taken them.")
    and_: list[TaskFilter] | None = strawberry.field(name="and", default=None, description=AND)
    or_: list[TaskFilter] | None = strawberry.field(name="or", default=None, description=OR)
    not_: TaskFilter | None = strawberry.field(name="not", default=None, description=NOT)


def _conditions(info: Info, given: TaskFilter) -> Iterator[Condition]:
    viewer = info.context.viewer_who_may(Permission.READ_CASES).user_id
    yield from in_division(given.division_code)
    yield from one_of("kinds", given.kinds)
    yield from one_of("states", given.states)
    yield from one_of("assignees", given.assignees)
    yield from between("due", given.due)
    yield from of_households(info, given.household_ids)
    yield from whether("overdue", given.overdue, {"overdue_today": days.today(info.context.now())})
    yield from whether("mine", given.mine, {"mine_viewer": viewer})
    yield from whether("unassigned", given.unassigned, {"unassigned_viewer": viewer})


def task_objects(reading: Reading, rows: Rows, wanted: Wanted) -> list[Task]:
    """Rows as tasks; who has them is hidden of protected households, but for oneself."""
    note = reading.shown("tasks.note", wanted.has("note") and reading.sees_identity, lambda _: None)
    today = reading.today
    return [
        Task(
            id=strawberry.ID(public_id),
            key=row.id,
            household_key=row.household_id,
            member_key=row.member_id,
            kind=TaskKind(row.kind),
            state=TaskState(row.state),
            division=division_of(row.division_code),
            due_on=row.due_on,
            overdue=row.state == TaskState.OPEN and row.due_on < today,
            assignee=officer(row.assignee_login, row.assignee_name)
            if row.assigned_to == reading.viewer.user_id
            else handler(reading, row, row.assignee_login, row.assignee_name),
            details=[
                TaskDetail(name=name, value=value) for name, value in row.detail.items() if isinstance(value, str)
            ],
            note=note(row.note),
            created_at=row.created_at,
            done_at=row.done_at,
            done_by=handler(reading, row, row.ender_login, row.ender_name),
            version=row.version,
            entitlement=_entitlement(reading, row) if row.kind == TaskKind.ENTITLEMENT else None,
        )
        for row, public_id in zip(rows, reading.ids("Task", rows), strict=True)
    ]


def _entitlement(reading: Reading, row: Any) -> TaskEntitlement:
    told = row.detail

    def named(kind: str, key: int | None) -> strawberry.ID | None:
        return None if key is None else strawberry.ID(reading.vault.ids(kind, [key])[0])

    return TaskEntitlement(
        programme=told.get("programme"),
        instead=[*told.get("instead", ())],
        rule=told.get("rule"),
        finding_id=named("Finding", told.get("finding")),
        referral_id=named("Referral", told.get("referral")),
        because=NoLongerDue(told["because"]) if "because" in told else None,
    )


@strawberry.type(description="What may be asked about tasks.")
class TaskQueries:
    """Tasks."""

    @guards.query(Permission.READ_CASES, "Tasks for households in the viewer's division.")
    async def tasks(
        self,
        info: Info,
        filter: Annotated[TaskFilter | None, strawberry.argument(description="Which.")] = None,
        order_by: Annotated[
            list[TaskOrder] | None, strawberry.argument(description=ORDER + " the first due first.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Task] | None:
        """A page of tasks."""
        where = joined(filter, lambda given, _: _conditions(info, given))
        order = order_of(order_by or [TaskOrder(field=TaskOrderField.DUE_ON)], "DUE_ON")
        return await connection(info, loaders.TASKS, task_objects, where, order, Window(first, after, last, before))


TASK = "The task."
READ_AT = "The task's `version` as it was read."


@strawberry.input(description="A task that the viewer takes upon themselves.")
class TakeTaskInput(MutationInput):
    """A task taken."""

    task_id: strawberry.ID = strawberry.field(description=TASK)
    expected_version: int = strawberry.field(description=READ_AT)


@strawberry.input(description="A task that is done.")
class FinishTaskInput(MutationInput):
    """A task done."""

    task_id: strawberry.ID = strawberry.field(description=TASK)
    expected_version: int = strawberry.field(description=READ_AT)


@strawberry.input(description="A task that has not to be done any more.")
class CancelTaskInput(MutationInput):
    """A task cancelled."""

    task_id: strawberry.ID = strawberry.field(description=TASK)
    expected_version: int = strawberry.field(description=READ_AT)
    reason: str = strawberry.field(description="Why, up to 2,000 characters; kept sealed.")


@strawberry.type(description="What `takeTask` answers.")
class TakeTaskPayload(Payload):
    """What `takeTask` answers."""

    task: Task | None = strawberry.field(description="The task as it stands now.")


@strawberry.type(description="What `finishTask` answers.")
class FinishTaskPayload(Payload):
    """What `finishTask` answers."""

    task: Task | None = strawberry.field(description="The task as it stands now.")


@strawberry.type(description="What `cancelTask` answers.")
class CancelTaskPayload(Payload):
    """What `cancelTask` answers."""

    task: Task | None = strawberry.field(description="The task as it stands now.")


@strawberry.type(description="What may be done with tasks.")
class TaskMutations:
    """Tasks are taken and ended."""

    @guards.mutation(Permission.KEEP_FILES, "Takes an open task, from whomever it was with.")
    async def take_task(
        self, info: Info, input: Annotated[TakeTaskInput, strawberry.argument(description="Which.")]
    ) -> TakeTaskPayload:
        """Takes a task."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key = nodes.key_of(info, "Task", input.task_id)
            return await tasks.take(connection, viewer, key, input.expected_version, info.context.now())

        done = await carry_out(info, Permission.KEEP_FILES, input, act)
        return TakeTaskPayload(task=await nodes.below_payload(info, "Task", "task", done.subject), **done.answered)

    @guards.mutation(Permission.KEEP_FILES, "Says that an open task is done.")
    async def finish_task(
        self, info: Info, input: Annotated[FinishTaskInput, strawberry.argument(description="Which.")]
    ) -> FinishTaskPayload:
        """Finishes a task."""
        act = _ending(info, input, TaskState.DONE, None)
        done = await carry_out(info, Permission.KEEP_FILES, input, act)
        return FinishTaskPayload(task=await nodes.below_payload(info, "Task", "task", done.subject), **done.answered)

    @guards.mutation(Permission.KEEP_FILES, "Cancels an open task, for a reason.")
    async def cancel_task(
        self, info: Info, input: Annotated[CancelTaskInput, strawberry.argument(description="Which, and why.")]
    ) -> CancelTaskPayload:
        """Cancels a task."""
        act = _ending(info, input, TaskState.CANCELLED, input.reason)
        done = await carry_out(info, Permission.KEEP_FILES, input, act)
        return CancelTaskPayload(task=await nodes.below_payload(info, "Task", "task", done.subject), **done.answered)


def _ending(info: Info, given: FinishTaskInput | CancelTaskInput, state: TaskState, reason: str | None) -> Act:
    async def act(connection: AsyncConnection, viewer: Viewer) -> int:
        key, now = nodes.key_of(info, "Task", given.task_id), info.context.now()
        return await tasks.end(
            connection, info.context.vault, viewer, key, given.expected_version, state, reason, now
        )

    return act


branch(Task, "household", ITS_HOUSEHOLD)
branch(Task, "person", person_at("member_key", "person"))
kind("Task", Kind(loaders.tasks_by_key, task_objects, Permission.READ_CASES))
