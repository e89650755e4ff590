"""Files: one of a household, from its application to its end; lists of them, and the queues of what is due."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any

import strawberry

from api import workdays
from api.domain.clocks import LIMITS
from api.domain.permissions import Permission
from api.loaders import files as loaders
from api.loaders.conditions import Is
from api.loaders.pages import Window
from api.loaders.reading import Reading, Rows
from api.schema import guards, nodes
from api.schema.connections import ORDER, After, Before, Connection, First, Last, connection, order_of
from api.schema.context import Info
from api.schema.enumerations import Words, described
from api.schema.filters import AND, NOT, OR, between, in_division, joined, of_households, one_of, unchanged_since
from api.schema.households import ITS_HOUSEHOLD, NOT_LOADED, Household, Person, person_at
from api.schema.lifecycle import Transition, transition_objects
from api.schema.nodes import Id, Kind, kind
from api.schema.selection import Wanted, wanted
from api.schema.sizes import about
from api.schema.terms import Action, CategoryMethod, Clock, Closing, HardshipCategory, Tier
from api.schema.tree import Branch, branch, grow
from api.schema.values import DateRange, Division, Node, division_of
from api.schema.words import Direction, Stage, TargetGroup

__all__ = ["HardshipFile", "file_objects"]


@strawberry.type(description="A union that keeps files.")
class KeepingUnion:
    """A union that keeps files."""

    code: str = strawberry.field(description="By which it is known.")
    name_zh: str = strawberry.field(description="Its Chinese name.")
    name_en: str = strawberry.field(description="Its English name.")


@strawberry.type(description="By when a file's present stage should be done.")
class Deadline:
    """By when a file's present stage should be done."""

    clock: Clock = strawberry.field(description="What has to be done.")
    due_on: dt.date = strawberry.field(description="The last day for it.")
    overdue: bool = strawberry.field(description="Whether that day is past.")
    working_days_left: int = strawberry.field(
        description="How many working days are left; less than none are overdue."
    )
    calendar_known: bool = strawberry.field(
        description="Whether the holidays of all years until then are known; where not, Monday to Friday were counted."
    )


@strawberry.type(description="Of which tier and category a file is, from a day on.")
class Recognition:
    """Of which tier and category a file is, from a day on."""

    tier: Tier | None = strawberry.field(description="Which level keeps it and pays; null is unknown.")
    category: HardshipCategory | None = strawberry.field(description="The category; null is unknown.")
    method: CategoryMethod | None = strawberry.field(
        description="By which rules the category was found; null where there is none."
    )
    since: dt.date = strawberry.field(description="Since when.")
    action: Action | None = strawberry.field(
        description="The move that brought it; ACCEPT and RETURN propose, TAKE_OVER is what another register told."
    )
    decided: bool = strawberry.field(description="Whether an officer decided it; false of what was only proposed.")
    decided_by: str | None = strawberry.field(description="Who decided it; null where that is not to be told.")
    document_no: str | None = strawberry.field(description="The document of the decision, if it had one.")


@strawberry.type(description="A file was handed to another union.")
class FileTransfer:
    """A file was handed to another union."""

    from_union: KeepingUnion | None = strawberry.field(
        description="Who kept it; null where unknown, or not to be told."
    )
    to_union: KeepingUnion | None = strawberry.field(description="Who keeps it then; null where not to be told.")
    from_division: Division = strawberry.field(description="The household's division before.")
    to_division: Division = strawberry.field(description="Its division then.")
    reason: str | None = strawberry.field(description="Why; null for viewers who see masks.")
    by: str | None = strawberry.field(description="Who handed it over; null where that is not to be told.")
    transferred_on: dt.date = strawberry.field(description="When.")


@strawberry.type(description="A household's file, from its application to its end; a household has one that is open.")
class HardshipFile(Node):
    """A household's file."""

    key: strawberry.Private[int]
    household_key: strawberry.Private[int]
    subject_key: strawberry.Private[int | None]
    previous_key: strawberry.Private[int | None]
    number: str = strawberry.field(description="Its number, the household's, and from the second on which it is.")
    stage: Stage = strawberry.field(description="Where it stands, or stood when it ended.")
    division: Division = strawberry.field(description="The household's division.")
    tier: Tier | None = strawberry.field(description="Which level keeps it and pays; null is unknown.")
    category: HardshipCategory | None = strawberry.field(description="Its category now; null is unknown.")
    target_group: TargetGroup | None = strawberry.field(description="The household's; null is unknown.")
    applied_on: dt.date | None = strawberry.field(description="The day of the application.")
    opened_on: dt.date | None = strawberry.field(description="The day it was recorded; null of an application.")
    closed_on: dt.date | None = strawberry.field(description="The day it ended; null of one that goes on.")
    closing: Closing | None = strawberry.field(description="Why it ended.")
    next_review_on: dt.date | None = strawberry.field(description="By when it has to be re-verified.")
    deadline: Deadline | None = strawberry.field(
        description="By when its stage should be done; null of a closed one."
    )
    union: KeepingUnion | None = strawberry.field(description="Who keeps it; null where unknown, or not to be told.")
    version: int = strawberry.field(description="Counts changes of the file; steps take the household's `version`.")
    household: Household = strawberry.field(default=NOT_LOADED, description="The household.")
    subject: Person | None = strawberry.field(
        default=NOT_LOADED, description="The worker in whose name it is; null where unknown."
    )
    previous: HardshipFile | None = strawberry.field(
        default=NOT_LOADED, description="The file that it follows after a return to hardship."
    )
    recognitions: list[Recognition] = strawberry.field(
        default=NOT_LOADED,
        description="Of which tier and category it was since when, the earliest first; what was proposed, too.",
        metadata=about(2),
    )
    transfers: list[FileTransfer] = strawberry.field(
        default=NOT_LOADED, description="To whom it was handed, the earliest first.", metadata=about(1)
    )
    transitions: list[Transition] = strawberry.field(
        default=NOT_LOADED, description="The moves that belong to it, the first one first.", metadata=about(6)
    )


class HardshipFileOrderField(StrEnum):
    """What files may be ordered by."""

    REGISTERED = "REGISTERED"
    DUE_ON = "DUE_ON"
    APPLIED_ON = "APPLIED_ON"
    OPENED_ON = "OPENED_ON"
    NUMBER = "NUMBER"


described(
    HardshipFileOrderField,
    "What files may be ordered by.",
    {
        "REGISTERED": Words("登记时间", "Registered", "档案登记的先后。", "When the file came into this register."),
        "DUE_ON": Words(
            "办理期限",
            "Due",
            "本阶段的办理期限；无期限者视为最晚。",
            "By when its stage is due; none counts as the last.",
        ),
        "APPLIED_ON": Words(
            "申请日期", "Applied", "申请日期；未知者视为最早。", "The application; unknown counts as the earliest."
        ),
        "OPENED_ON": Words(
            "建档日期",
            "Opened",
            "建档日期；未知者视为最早。",
            "The day it was opened; unknown counts as the earliest.",
        ),
        "NUMBER": Words("档案编号", "Number", "档案编号。", "The file's number."),
    },
)


@strawberry.input(description="An order of files.")
class HardshipFileOrder:
    """An order of files."""

    field: HardshipFileOrderField = strawberry.field(description="What to order by.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which way.")


@strawberry.input(description="Which files; all that is given must hold.")
class HardshipFileFilter:
    """Which files."""

    division_code: str | None = strawberry.field(default=None, description="In this division or below it.")
    numbers: list[str] | None = strawberry.field(default=None, description="With one of these numbers.")
    household_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="Of these households.")
    stages: list[Stage] | None = strawberry.field(default=None, description="At one of these stages.")
    open: bool | None = strawberry.field(default=None, description="Whether it goes on.")
    tiers: list[Tier] | None = strawberry.field(default=None, description="Of one of these tiers.")
    categories: list[HardshipCategory] | None = strawberry.field(
        default=None, description="Of one of these categories."
    )
    closings: list[Closing] | None = strawberry.field(
        default=None, description="Closed for one of these reasons; a file that goes on has none."
    )
    unions: list[str] | None = strawberry.field(
        default=None, description="Kept by a union of one of these codes, as far as the viewer is told by which."
    )
    target_groups: list[TargetGroup] | None = strawberry.field(default=None, description="In one of these groups.")
    clocks: list[Clock] | None = strawberry.field(
        default=None, description="One of these clocks runs: a queue of work."
    )
    due_before: dt.date | None = strawberry.field(
        default=None, description="Its stage was due before this day; today, and these are overdue."
    )
    re_verification_due_before: dt.date | None = strawberry.field(
        default=None, description="It has to be re-verified before this day."
    )
    unchanged_since: dt.date | None = strawberry.field(
        default=None, description="Nothing of its household has changed since this day."
    )
    applied: DateRange | None = strawberry.field(default=None, description="Applied between these days.")
    opened: DateRange | None = strawberry.field(default=None, description="Opened between these days.")
    and_: list[HardshipFileFilter] | None = strawberry.field(name="and", default=None, description=AND)
    or_: list[HardshipFileFilter] | None = strawberry.field(name="or", default=None, description=OR)
    not_: HardshipFileFilter | None = strawberry.field(name="not", default=None, description=NOT)


def _conditions(info: Info, given: HardshipFileFilter) -> Iterator[Is]:
    yield from in_division(given.division_code)
    yield from of_households(info, given.household_ids)
    yield from one_of("numbers", given.numbers)
    yield from one_of("stages", given.stages)
    yield from one_of("tiers", given.tiers)
    yield from one_of("categories", given.categories)
    yield from one_of("target_groups", given.target_groups)
    if given.open is not None:
        yield Is("open" if given.open else "closed", {})
    if given.clocks is not None:
        yield from one_of("at_stages", [stage for stage, limit in LIMITS.items() if limit.clock in given.clocks])
    for name, day in (("due_before", given.due_before), ("review_before", given.re_verification_due_before)):
        if day is not None:
            yield Is(name, {name: day})
    yield from unchanged_since(given.unchanged_since)
    yield from one_of("closings", given.closings)
    yield from one_of("unions", given.unions)
    yield from between("applied", given.applied)
    yield from between("opened", given.opened)


def file_objects(reading: Reading, rows: Rows, wanted: Wanted) -> list[HardshipFile]:
    """Rows as files; as of an earlier day, without what came later."""
    as_of = reading.as_of
    today = as_of or reading.today

    def by_then(day: dt.date | None) -> dt.date | None:
        return None if day is not None and as_of is not None and day > as_of else day

    return [
        HardshipFile(
            id=strawberry.ID(public_id),
            key=row.id,
            household_key=row.household_id,
            subject_key=row.subject_member_id,
            previous_key=row.previous_id,
            number=row.number,
            stage=Stage(row.stage),
            division=division_of(row.division_code),
            tier=Tier(row.tier) if row.tier else None,
            category=HardshipCategory(row.category) if row.category else None,
            target_group=TargetGroup(row.target_group) if row.target_group else None,
            applied_on=row.applied_on,
            opened_on=by_then(row.opened_on),
            closed_on=row.closed_on,
            closing=Closing(row.closing) if row.closing else None,
            next_review_on=row.next_review_on if as_of is None else None,
            deadline=_deadline(Stage(row.stage), row.due_on if as_of is None else None, today),
            union=_union(reading, row, "union"),
            version=row.version,
        )
        for row, public_id in zip(rows, reading.ids("HardshipFile", rows), strict=True)
    ]


def _deadline(stage: Stage, due_on: dt.date | None, today: dt.date) -> Deadline | None:
    limit = LIMITS.get(stage)
    if limit is None or due_on is None:
        return None
    return Deadline(
        clock=limit.clock,
        due_on=due_on,
        overdue=due_on < today,
        working_days_left=workdays.between(today, due_on),
        calendar_known=workdays.are_known(min(today, due_on), max(today, due_on)),
    )


def _union(reading: Reading, row: Any, side: str) -> KeepingUnion | None:
    code = reading.whereabouts(row, getattr(row, f"{side}_code"))
    if code is None:
        return None
    return KeepingUnion(code=code, name_zh=getattr(row, f"{side}_zh"), name_en=getattr(row, f"{side}_en"))


def _recognition_objects(reading: Reading, rows: Rows, wanted: Wanted) -> list[Recognition]:
    return [
        Recognition(
            tier=Tier(row.tier) if row.tier else None,
            category=HardshipCategory(row.category) if row.category else None,
            method=CategoryMethod(row.method) if row.method else None,
            since=row.since,
            action=Action(row.action) if row.action else None,
            decided=row.decided_by is not None,
            decided_by=reading.whereabouts(row, row.display_name),
            document_no=reading.whereabouts(row, row.document_no),
        )
        for row in rows
    ]


def _transfer_objects(reading: Reading, rows: Rows, wanted: Wanted) -> list[FileTransfer]:
    reason = reading.shown("file_transfers.reason", wanted.has("reason") and reading.sees_identity, lambda _: None)
    return [
        FileTransfer(
            from_union=_union(reading, row, "giver"),
            to_union=_union(reading, row, "taker"),
            from_division=division_of(row.from_division_code),
            to_division=division_of(row.to_division_code),
            reason=reason(reading.whereabouts(row, row.reason)),
            by=reading.whereabouts(row, row.display_name),
            transferred_on=row.transferred_on,
        )
        for row in rows
    ]


@strawberry.type(description="What may be asked about files.")
class FileQueries:
    """Files."""

    @guards.query(
        Permission.READ_CASES, "Files in the viewer's division; with `clocks` and `dueBefore`, a queue of work."
    )
    async def files(
        self,
        info: Info,
        filter: Annotated[HardshipFileFilter | None, strawberry.argument(description="Which.")] = None,
        order_by: Annotated[
            list[HardshipFileOrder] | None, strawberry.argument(description=ORDER + " the latest registered first.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[HardshipFile] | None:
        """A page of files."""
        where = joined(filter, lambda given, _: _conditions(info, given))
        order, window = order_of(order_by, "REGISTERED"), Window(first, after, last, before)
        return await connection(info, loaders.LISTING, file_objects, where, order, window)

    @guards.query(Permission.READ_CASES, "One file; null where there is none that this viewer may see.")
    async def file(self, info: Info, id: Id) -> HardshipFile | None:
        """One file."""
        found: HardshipFile | None = await nodes.one(info, "HardshipFile", id)
        return found

    @guards.query(
        Permission.READ_CASES,
        "The moves of a household's life, the first one first; empty where there is none that this viewer may see.",
        rows=8,
    )
    async def file_history(
        self,
        info: Info,
        household_id: Annotated[strawberry.ID, strawberry.argument(description="The household.")],
    ) -> list[Transition] | None:
        """The moves of a household's life."""
        key, below = nodes.key_of(info, "Household", household_id), wanted(info)
        if key is None:
            return []
        async with info.context.reading() as reading:
            found = transition_objects(reading, await loaders.moves_of(reading, [key]), below)
            await grow(reading, found, below, below.times)
        return found


branch(
    Household,
    "files",
    Branch("key", lambda reading, keys, _: loaders.files_of(reading, keys), file_objects, "files"),
)
branch(
    Household,
    "file",
    Branch("key", lambda reading, keys, _: loaders.current_of(reading, keys), file_objects, "file", False),
)
branch(
    Household,
    "history",
    Branch("key", lambda reading, keys, _: loaders.moves_of(reading, keys), transition_objects, "history"),
)
branch(HardshipFile, "household", ITS_HOUSEHOLD)
branch(HardshipFile, "subject", person_at("subject_key", "subject"))
branch(
    HardshipFile,
    "previous",
    Branch("previous_key", lambda reading, keys, _: loaders.by_key(reading, keys), file_objects, "previous", False),
)
branch(
    HardshipFile,
    "recognitions",
    Branch("key", lambda reading, keys, _: loaders.recognised(reading, keys), _recognition_objects, "recognitions"),
)
branch(
    HardshipFile,
    "transfers",
    Branch("key", lambda reading, keys, _: loaders.transfers_of(reading, keys), _transfer_objects, "transfers"),
)
branch(
    HardshipFile,
    "transitions",
    Branch("key", lambda reading, keys, _: loaders.moves_of_files(reading, keys), transition_objects, "transitions"),
)
kind("HardshipFile", Kind(loaders.by_key, file_objects, Permission.READ_CASES))
