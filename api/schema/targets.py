"""Goals for a baseline, how far they are on a day, and files newly opened beside it (domain.md A7)."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Any

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain import progress
from api.domain.errors import BadInput
from api.domain.permissions import Permission, Viewer
from api.domain.progress import Outcomes
from api.domain.targets import UNKNOWN, FileOutcome
from api.loaders import snapshots as frozen
from api.loaders import targets as loaders
from api.loaders.reading import Reading, Rows
from api.schema import guards, nodes
from api.schema.context import Info
from api.schema.figures import GROUPS, WITHHELD, Figure, figure_of, spent
from api.schema.measures import OnDay
from api.schema.nodes import Kind, kind
from api.schema.results import MutationInput, Payload, carry_out
from api.schema.selection import Wanted, wanted
from api.schema.sizes import about
from api.schema.target_terms import FigureGroup, TargetKind, called
from api.schema.terms import Closing
from api.schema.tree import grow
from api.schema.values import Division, Node, division_code_of, division_of
from api.services import targets

O = FileOutcome  # noqa: E741


@strawberry.type(
    description="A goal: so much of a baseline by a day. It is never changed; a later goal is another one."
)
class Target(Node):
    """A goal."""

    key: strawberry.Private[int]
    kind: TargetKind = strawberry.field(description="What it is set for.")
    percent: int = strawberry.field(description="So many of a hundred.")
    due_on: dt.date = strawberry.field(description="By which day.")
    document_no: str = strawberry.field(description="The document that sets it.")
    snapshot_id: strawberry.ID = strawberry.field(description="The baseline, as `snapshot(id:)` takes it.")
    division: Division = strawberry.field(description="Of which division the baseline is.")
    baseline: dt.date = strawberry.field(description="Of which day the baseline is.")
    set_by: str = strawberry.field(description="Who entered it.")
    set_at: dt.datetime = strawberry.field(description="When.")


@strawberry.type(description="How many files were closed for one reason.")
class ClosingCount:
    """How many files were closed for one reason."""

    closing: Closing | None = strawberry.field(description="For which; null where it is not known.")
    files: int = strawberry.field(description="How many.")


@strawberry.type(description="What became of the frozen files of one group; each file is one of them.")
class GroupProgress:
    """What became of the frozen files of one group."""

    code: str = strawberry.field(description="The group; UNKNOWN for whatever is not known.")
    label_zh: str = strawberry.field(description="What it is called in Chinese.")
    label_en: str = strawberry.field(description="What it is called in English.")
    files: int | None = strawberry.field(
        description="How many there were at the baseline; null where it is withheld."
    )
    achieved: int | None = strawberry.field(description="How many are as the goal asks; null where it is withheld.")
    share: Decimal | None = strawberry.field(
        description="Their share of one; null where it is withheld, and of none."
    )
    relieved: int | None = strawberry.field(description="How many are relieved; null where it is withheld.")
    graduated: int | None = strawberry.field(
        description="How many graduated and did not come back; null where it is withheld."
    )
    returned: int | None = strawberry.field(
        description="How many had left hardship since, and are back in it; null where it is withheld."
    )
    deregistered: int | None = strawberry.field(
        description="How many were closed for another reason; null where it is withheld."
    )
    open: int | None = strawberry.field(description="How many are in hardship still; null where it is withheld.")
    erased: int | None = strawberry.field(
        description="How many were closed so long ago that they are erased; null where it is withheld."
    )
    withheld: bool = strawberry.field(description=WITHHELD)


@strawberry.type(
    description="How far a goal is on a day, over the files that were frozen for it; each file is counted once."
)
class TargetProgress:
    """How far a goal is on a day."""

    target: Target = strawberry.field(description="The goal.")
    as_of: dt.date = strawberry.field(description="On which day.")
    files: int = strawberry.field(
        description="How many files there were at the baseline that the viewer answers for."
    )
    achieved: int = strawberry.field(description="How many are as the goal asks.")
    share: Decimal | None = strawberry.field(description="Their share of one; null of none.")
    reached: bool = strawberry.field(description="Whether that is as much as the goal asks.")
    relieved: int = strawberry.field(description="How many are relieved.")
    relieved_before: int = strawberry.field(
        description="How many of the files were relieved at the baseline already."
    )
    graduated: int = strawberry.field(description="How many graduated and did not come back.")
    returned: int = strawberry.field(description="How many had left hardship since, and are back in it.")
    deregistered: int = strawberry.field(description="How many were closed for another reason.")
    closings: list[ClosingCount] = strawberry.field(description="For which, the most first.", metadata=about(4))
    open: int = strawberry.field(description="How many are in hardship still.")
    erased: int = strawberry.field(description="How many were closed so long ago that they are erased.")
    groups: list[GroupProgress] = strawberry.field(
        description="Told apart as was asked; every group, whether anybody is in it or not.", metadata=about(GROUPS)
    )


@strawberry.type(
    description="Files opened in one quarter, and the three clocks that run for them: to the file, to aid, to the way out."
)
class Cohort:
    """Files opened in one quarter."""

    begins: dt.date = strawberry.field(description="The first day of the quarter.")
    files: int | None = strawberry.field(description="How many were opened; null where it is withheld.")
    aided: int | None = strawberry.field(description="How many were aided since; null where it is withheld.")
    exited: int | None = strawberry.field(
        description="How many are relieved, or graduated and did not come back; null where it is withheld."
    )
    returned: int | None = strawberry.field(
        description="How many had left hardship, and are back in it or were; null where it is withheld."
    )
    excluded: int | None = strawberry.field(
        description="How many were closed for another reason; null where it is withheld."
    )
    days_to_record: Figure = strawberry.field(description="The median of days from the application to the file.")
    days_to_aid: Figure = strawberry.field(description="The median of days from the file to the first month of aid.")
    days_to_exit: Figure = strawberry.field(description="The median of days from the file to relief or graduation.")


def target_objects(reading: Reading, rows: Rows, asked: Wanted) -> list[Target]:
    """Rows as goals."""
    baselines = reading.vault.ids("Snapshot", [row.snapshot_id for row in rows])
    return [
        Target(
            id=strawberry.ID(public_id),
            key=row.id,
            kind=TargetKind(row.kind),
            percent=row.percent,
            due_on=row.due_on,
            document_no=row.document_no,
            snapshot_id=strawberry.ID(baseline),
            division=division_of(row.division_code),
            baseline=row.as_of,
            set_by=row.display_name,
            set_at=row.set_at,
        )
        for row, baseline, public_id in zip(rows, baselines, reading.ids("Target", rows), strict=True)
    ]


def _groups(group: FigureGroup, of: Mapping[str, Outcomes]) -> Iterator[GroupProgress]:
    for code, each in of.items():
        zh, en = called(group, code)
        yield GroupProgress(
            code=code,
            label_zh=zh,
            label_en=en,
            files=each.files,
            achieved=each.achieved,
            share=each.share,
            relieved=each.of[O.RELIEVED],
            graduated=each.of[O.GRADUATED],
            returned=each.of[O.RETURNED],
            deregistered=each.of[O.DEREGISTERED],
            open=each.of[O.OPEN],
            erased=each.of[O.ERASED],
            withheld=each.withheld,
        )


def _progress(target: Target, as_of: dt.date, found: loaders.Became, group: FigureGroup | None) -> TargetProgress:
    by_code, together = found.by_group, found.together
    of = progress.whole(target.kind, together)
    counts = (
        {code: by_code.get(code, Counter[FileOutcome]()) for code in frozen.shown(group, list(by_code))}
        if group
        else {}
    )
    of_all: dict[str, Any] = {outcome.value.lower(): together[outcome] for outcome in FileOutcome}
    return TargetProgress(
        target=target,
        as_of=as_of,
        files=together.total(),
        achieved=of.achieved or 0,
        share=of.share,
        reached=progress.reached(target.kind, target.percent, together),
        relieved_before=found.relieved_before,
        closings=[
            ClosingCount(closing=None if each == UNKNOWN else Closing(each), files=number)
            for each, number in found.closings.most_common()
        ],
        groups=list(_groups(group, progress.by_group(target.kind, counts))) if group else [],
        **of_all,
    )


def _cohorts(months: Rows, clocks: Rows) -> list[Cohort]:
    counts = {row.month: (row.files, row.aided, row.exited, row.returned, row.excluded) for row in months}
    days: list[dict[dt.date, dict[int, int]]] = [defaultdict(dict) for _ in loaders.CLOCKS]
    for row in clocks:
        days[row.clock][row.month][row.days] = row.files
    return [
        Cohort(
            begins=each.begins,
            files=each.files,
            aided=each.aided,
            exited=each.exited,
            returned=each.returned,
            excluded=each.excluded,
            days_to_record=figure_of(each.days[0]),
            days_to_aid=figure_of(each.days[1]),
            days_to_exit=figure_of(each.days[2]),
        )
        for each in progress.by_quarter(counts, days)
    ]


@strawberry.input(description="A goal for a baseline.")
class SetTargetInput(MutationInput):
    """A goal for a baseline."""

    snapshot_id: strawberry.ID = strawberry.field(description="The baseline.")
    kind: TargetKind = strawberry.field(description="What it is set for.")
    percent: int = strawberry.field(description="So many of a hundred, 1 to 100.")
    due_on: dt.date = strawberry.field(description="By which day, after that of the baseline.")
    document_no: str = strawberry.field(description="The document that sets it.")


@strawberry.type(description="What `setTarget` answers.")
class SetTargetPayload(Payload):
    """What `setTarget` answers."""

    target: Target | None = strawberry.field(description="The goal.")


@strawberry.type(description="What may be asked about goals.")
class TargetQueries:
    """Goals."""

    @guards.query(
        Permission.READ_CASES,
        "Goals for a division and all below it, those that are due first; up to a hundred.",
        rows=10,
    )
    async def targets(
        self,
        info: Info,
        division_code: Annotated[
            str | None, strawberry.argument(description="The division; the viewer's own where nothing is said.")
        ] = None,
    ) -> list[Target] | None:
        """Goals for a division."""
        code = division_code_of(division_code or info.context.viewer_who_may(None).division_code)
        asked = wanted(info)
        async with info.context.reading() as reading:
            found = target_objects(reading, await loaders.of_division(reading, code), asked)
            await grow(reading, found, asked, asked.times)
        return found

    @guards.query(
        Permission.READ_CASES,
        "How far a goal is on a day, over the files that were frozen for it and that this viewer answers for. Null where there "
        "is no such goal.",
    )
    async def target_progress(
        self,
        info: Info,
        target_id: Annotated[strawberry.ID, strawberry.argument(description="The goal.")],
        as_of: OnDay = None,
        group_by: Annotated[
            FigureGroup | None,
            strawberry.argument(
                description="What it is told apart by, as it was at the baseline; by nothing where nothing is said."
            ),
        ] = None,
    ) -> TargetProgress | None:
        """How far a goal is on a day."""
        asked, key = wanted(info), nodes.key_of(info, "Target", target_id)
        async with info.context.reading() as reading:
            row = next(iter(await loaders.by_key(reading, [] if key is None else [key])), None)
            if row is None:
                return None
            day = as_of or reading.today
            if not row.as_of <= day <= reading.today:
                raise BadInput("日期须在基线日与今天之间。", "The day lies between that of the baseline and today.")
            (target,) = target_objects(reading, [row], asked)
            told = (row.snapshot_id, TargetKind(row.kind), row.as_of, row.taken_at, day, group_by)
            found = _progress(target, day, await loaders.became(reading, *told), group_by)
            reading.budget.spend(asked.times * spent(asked, 1, max(1, len(found.groups))))
        return found

    @guards.query(
        Permission.READ_CASES,
        "Files of a snapshot that were newly opened after a day, that of a baseline as a rule, by quarter; of those that this "
        "viewer answers for. Empty where there is no such snapshot.",
        rows=8,
    )
    async def cohorts(
        self,
        info: Info,
        snapshot_id: Annotated[strawberry.ID, strawberry.argument(description="A snapshot that was taken later.")],
        opened_after: Annotated[
            dt.date,
            strawberry.argument(description="After which day; not before the day that the snapshot looks back to."),
        ],
    ) -> list[Cohort] | None:
        """New files by quarter."""
        asked, key = wanted(info), nodes.key_of(info, "Snapshot", snapshot_id)
        async with info.context.reading() as reading:
            snapshot = next(iter(await frozen.by_key(reading, [] if key is None else [key])), None)
            if snapshot is None:
                return []
            if opened_after < snapshot.since:
                raise BadInput(
                    "快照不包含该日之后已结束的全部档案；请选用回溯更早的快照。",
                    "Files that ended since that day are not all in this snapshot; take one that looks back further.",
                )
            months, clocks = await loaders.cohorts(reading, snapshot.id, opened_after)
            found = _cohorts(months, clocks)
            reading.budget.spend(asked.times * len(found) * asked.values(()))
        return found


@strawberry.type(description="What may be done with goals.")
class TargetMutations:
    """A goal is set."""

    @guards.mutation(Permission.DECIDE_FILES, "Sets a goal for a baseline, as a document says. It is never changed.")
    async def set_target(
        self, info: Info, input: Annotated[SetTargetInput, strawberry.argument(description="The goal.")]
    ) -> SetTargetPayload:
        """Sets a goal."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key = nodes.key_of(info, "Snapshot", input.snapshot_id)
            told = (key, input.kind, input.percent, input.due_on, input.document_no)
            return await targets.set_goal(connection, viewer, *told, info.context.now())

        done = await carry_out(info, Permission.DECIDE_FILES, input, act)
        target = await nodes.below_payload(info, "Target", "target", done.subject)
        return SetTargetPayload(target=target, **done.answered)


kind("Target", Kind(loaders.by_key, target_objects, Permission.READ_CASES))
