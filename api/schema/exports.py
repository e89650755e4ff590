"""Exports: lists as files, with the filters of the lists themselves; who had which, and how to take one's own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from enum import Enum, StrEnum
from typing import Annotated, Any

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection
from strawberry.types import get_object_definition
from strawberry.utils.str_converters import to_camel_case

from api.domain.errors import NotDone, UserErrorCode
from api.domain.exports import ExportFormat, ExportKind, ExportStatus
from api.domain.permissions import Permission, Viewer
from api.domain.purposes import Purpose
from api.loaders import exports as loaders
from api.loaders.conditions import Is
from api.loaders.pages import Window
from api.loaders.reading import Reading, Rows
from api.schema import guards, nodes
from api.schema.connections import ORDER, After, Before, Connection, First, Last, connection, order_of
from api.schema.context import Info
from api.schema.doubts import DoubtfulRowFilter
from api.schema.enumerations import Words, described
from api.schema.filters import AND, NOT, OR, joined, one_of
from api.schema.findings import FindingFilter
from api.schema.households import HouseholdFilter
from api.schema.nodes import Kind, kind
from api.schema.payments import PaymentOrderFilter
from api.schema.reads import Reader, reader_of
from api.schema.results import MutationInput, Payload, carry_out
from api.schema.scalars import BigInt
from api.schema.selection import Wanted
from api.schema.values import Division, Node, division_of
from api.schema.words import Direction
from api.services import exports as services

READ = Permission.READ_REFERRALS
"""Whoever reads any of the lists; which of them, is asked for each (domain.exports.NEEDED)."""

described(
    ExportKind,
    "What an export lists.",
    {
        "HOUSEHOLDS": Words("家庭", "Households", "一户一行。", "A household a row."),
        "FINDINGS": Words("疑点", "Leads", "一条疑点一行。", "A lead a row."),
        "PAYMENT_ORDERS": Words("发放指令", "Orders to pay", "一条发放指令一行。", "An order a row."),
        "DOUBTFUL_ROWS": Words(
            "存疑行",
            "Doubtful rows",
            "退回部门的存疑数据，一处一行。",
            "What went back to a department, a place a row.",
        ),
    },
)
described(
    ExportFormat,
    "As which file an export is had.",
    {
        "CSV": Words("CSV 文本", "CSV", "UTF-8 文本，公式已作处理。", "Text in UTF-8; no cell is a formula."),
        "XLSX": Words("Excel 工作簿", "Excel", "工作簿，单元格均为文本。", "A workbook; every cell is text."),
        "PARQUET": Words(
            "Parquet 列式文件", "Parquet", "列式文件，含日期和金额类型。", "Columns, with types of days and amounts."
        ),
    },
)
described(
    ExportStatus,
    "Where an export stands.",
    {
        "QUEUED": Words("等待", "Queued", "等待处理。", "It waits for a worker."),
        "RUNNING": Words("处理中", "Running", "正在汇集。", "It is being gathered."),
        "SUCCEEDED": Words("完成", "Succeeded", "可以下载。", "It may be taken."),
        "FAILED": Words("失败", "Failed", "未能完成。", "It was given up."),
    },
)


@strawberry.type(description="A list as a file: who asked for it, for what, how far it is; nothing of what is in it.")
class Export(Node):
    """A list as a file."""

    key: strawberry.Private[int]
    kind: ExportKind = strawberry.field(description="What it lists.")
    format: ExportFormat = strawberry.field(description="As which file.")
    status: ExportStatus = strawberry.field(description="Where it stands.")
    division: Division = strawberry.field(description="The requester's division: nothing beyond it is in the list.")
    requester: Reader = strawberry.field(description="Who asked for it, and alone may take it.")
    purpose: Purpose = strawberry.field(
        description="For what it was asked for; it decides whether identities are whole."
    )
    rows: BigInt = strawberry.field(description="How many rows there are so far.")
    size: BigInt | None = strawberry.field(description="How many bytes the file has.")
    sha256: str | None = strawberry.field(name="digest", description="The file's SHA-256, in hexadecimal.")
    href: str | None = strawberry.field(
        description="Where the requester takes it, with the same token: GET, as it is."
    )
    failure: str | None = strawberry.field(description="Why it was given up.")
    times_taken: int = strawberry.field(description="How often it was taken.")
    requested_at: dt.datetime = strawberry.field(description="When it was asked for.")
    started_at: dt.datetime | None = strawberry.field(description="When a worker began.")
    finished_at: dt.datetime | None = strawberry.field(description="When it ended.")
    expires_at: dt.datetime | None = strawberry.field(description="Until when it may be taken.")


def export_objects(reading: Reading, rows: Rows, asked: Wanted) -> list[Export]:
    """Rows as exports."""
    return [
        Export(
            id=strawberry.ID(public_id),
            key=row.id,
            kind=ExportKind(row.kind),
            format=ExportFormat(row.format),
            status=ExportStatus(row.status),
            division=division_of(row.division_code),
            requester=reader_of(row),
            purpose=Purpose(row.purpose),
            rows=row.rows,
            size=row.size,
            sha256=row.sha256,
            href=f"/exports/{public_id}" if row.sha256 and row.login == reading.viewer.login else None,
            failure=row.failure,
            times_taken=row.times_taken,
            requested_at=row.requested_at,
            started_at=row.started_at,
            finished_at=row.finished_at,
            expires_at=row.expires_at,
        )
        for row, public_id in zip(rows, reading.ids("Export", rows), strict=True)
    ]


class ExportOrderField(StrEnum):
    """What exports may be ordered by."""

    REQUESTED = "REQUESTED"


described(
    ExportOrderField,
    "What exports may be ordered by.",
    {"REQUESTED": Words("申请先后", "Requested", "申请的先后。", "When they were asked for.")},
)


@strawberry.input(description="An order of exports.")
class ExportOrder:
    """An order of exports."""

    field: ExportOrderField = strawberry.field(description="What to order by.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which way.")


@strawberry.input(description="Which exports; all that is given must hold.")
class ExportFilter:
    """Which exports."""

    kinds: list[ExportKind] | None = strawberry.field(default=None, description="Of one of these kinds.")
    statuses: list[ExportStatus] | None = strawberry.field(default=None, description="In one of these states.")
    requesters: list[str] | None = strawberry.field(default=None, description="Asked for by one of these logins.")
    and_: list[ExportFilter] | None = strawberry.field(name="and", default=None, description=AND)
    or_: list[ExportFilter] | None = strawberry.field(name="or", default=None, description=OR)
    not_: ExportFilter | None = strawberry.field(name="not", default=None, description=NOT)


def _conditions(given: ExportFilter) -> Iterator[Is]:
    yield from one_of("kinds", given.kinds)
    yield from one_of("statuses", given.statuses)
    yield from one_of("logins", given.requesters)


@strawberry.type(description="What may be asked about exports.")
class ExportQueries:
    """Exports."""

    @guards.query(
        READ,
        "Exports that somebody of the viewer's division asked for, as long as they are kept; to who reads no cases, of their "
        "own organisation.",
    )
    async def exports(
        self,
        info: Info,
        filter: Annotated[ExportFilter | None, strawberry.argument(description="Which.")] = None,
        order_by: Annotated[
            list[ExportOrder] | None, strawberry.argument(description=ORDER + " the latest first.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Export] | None:
        """A page of exports."""
        where = joined(filter, lambda given, _: _conditions(given))
        order, window = order_of(order_by, "REQUESTED"), Window(first, after, last, before)
        return await connection(info, loaders.EXPORTS, export_objects, where, order, window)


@strawberry.input(description="A list that is to be had as a file.")
class StartExportInput(MutationInput):
    """A list that is to be had as a file."""

    kind: ExportKind = strawberry.field(description="What is listed.")
    format: ExportFormat = strawberry.field(description="As which file.")
    households: HouseholdFilter | None = strawberry.field(default=None, description="Which households, of that kind.")
    findings: FindingFilter | None = strawberry.field(default=None, description="Which leads, of that kind.")
    payment_orders: PaymentOrderFilter | None = strawberry.field(
        default=None, description="Which orders, of that kind."
    )
    doubtful_rows: DoubtfulRowFilter | None = strawberry.field(
        default=None, description="Which doubtful rows, of that kind."
    )


@strawberry.type(description="What `startExport` answers.")
class StartExportPayload(Payload):
    """What `startExport` answers."""

    export: Export | None = strawberry.field(description="The export; ask again by its id until it has ended.")


@strawberry.type(description="What may be done with exports.")
class ExportMutations:
    """Exports are started."""

    @guards.mutation(
        READ, "Has a list made a file, masked as the requester's role and purpose ask, on record as read by them."
    )
    async def start_export(
        self, info: Info, input: Annotated[StartExportInput, strawberry.argument(description="What, and as what.")]
    ) -> StartExportPayload:
        """Starts an export."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            context = info.context
            named = context.said_purpose is not None or not context.purpose_required
            purpose = context.purpose
            assert purpose is not None  # the gate has bound it to the viewer
            wanted, now = _wanted(input), context.now()
            return await services.request(
                connection, context.vault, viewer, purpose, named, input.kind, input.format, wanted, now
            )

        done = await carry_out(info, READ, input, act)
        export = await nodes.below_payload(info, "Export", "export", done.subject)
        return StartExportPayload(export=export, **done.answered)


def _wanted(given: StartExportInput) -> Mapping[str, Any] | None:
    """The filter of the kind that is asked for, as a variable of the list's own. Raises NotDone for another kind's."""
    filters = {
        ExportKind.HOUSEHOLDS: given.households,
        ExportKind.FINDINGS: given.findings,
        ExportKind.PAYMENT_ORDERS: given.payment_orders,
        ExportKind.DOUBTFUL_ROWS: given.doubtful_rows,
    }
    wanted = filters.pop(given.kind)
    if any(other is not None for other in filters.values()):
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "kind"),
            "筛选条件与导出内容不符。",
            "The filter is of another kind than what is exported.",
        )
    return None if wanted is None else _written(wanted)


def _written(value: Any) -> Any:
    """An input as a client would write it in JSON."""
    if (definition := get_object_definition(value)) is not None:
        told = {
            each.graphql_name or to_camel_case(each.python_name): getattr(value, each.python_name)
            for each in definition.fields
        }
        return {name: _written(part) for name, part in told.items() if part is not None}
    if isinstance(value, list):
        return [_written(each) for each in value]
    if isinstance(value, Enum):
        return value.value
    return value if value is None or isinstance(value, bool | int | str) else str(value)


kind("Export", Kind(loaders.by_key, export_objects, READ))
