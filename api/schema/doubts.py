"""Doubtful rows: what of a batch could not be read, for its department to mend or to confirm by a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Annotated, Any

import strawberry
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain import days, divisions
from api.domain.permissions import Permission, Viewer
from api.loaders import doubts as loaders
from api.loaders import uploads
from api.loaders.conditions import Condition
from api.loaders.pages import Window
from api.loaders.reading import Reading, Rows
from api.matching.doubts import words
from api.schema import guards, nodes
from api.schema.connections import ORDER, After, Before, Connection, First, Last, connection, order_of
from api.schema.context import Info
from api.schema.doubt_terms import DoubtfulRowOrderField, DoubtState, Worded
from api.schema.filters import AND, NOT, OR, in_division, joined, of_keys, one_of, whether
from api.schema.households import NOT_LOADED
from api.schema.measures import InDivision, division_asked
from api.schema.nodes import Kind, kind
from api.schema.officers import Officer, ResponsibleOrganisation, officer
from api.schema.results import MutationInput, Payload, carry_out
from api.schema.scalars import BigInt
from api.schema.selection import Wanted
from api.schema.tree import Branch, branch
from api.schema.uploads import DoubtfulKind, Upload, upload_objects
from api.schema.values import Division, Node, division_of
from api.schema.words import Direction
from api.services import doubts
from api.services.doubts import ANSWER

READ = Permission.READ_REFERRALS
"""Whoever reads what departments are asked: a department itself, and who reads cases; as the quality page is read."""

SAID = "Why it is so, in words, up to 2,000 characters; kept sealed."


@strawberry.type(
    description="A row of a batch, or a value in it, that could not be read: where it stands, and never what stands there."
)
class DoubtfulRow(Node, Worded):
    """A row of a batch, or a value in it, that could not be read."""

    key: strawberry.Private[int]
    upload_key: strawberry.Private[int]
    source: str = strawberry.field(description="The kind of data, as in `departments`.")
    division: Division = strawberry.field(description="Its department's.")
    organisation: ResponsibleOrganisation = strawberry.field(description="The department that sent it.")
    upload: Upload | None = strawberry.field(
        default=NOT_LOADED, description="The batch that brought it last; null where the viewer reads none."
    )
    batch: str = strawberry.field(description="That batch's number.")
    file: str = strawberry.field(description="In which file of it, or table.")
    row: BigInt = strawberry.field(description="In which row, below the headings.")
    told_at: dt.datetime = strawberry.field(description="When it went back to its department first.")
    brought_at: dt.datetime = strawberry.field(description="When a batch brought it last.")
    due_on: dt.date = strawberry.field(
        description="By when it is to be mended; a later batch with the same fault does not put it off."
    )
    state: DoubtState = strawberry.field(description="Where it stands.")
    overdue: bool = strawberry.field(description="Whether it is open, and its day is over.")
    ended_at: dt.datetime | None = strawberry.field(description="When it was mended or confirmed.")
    answer: str | None = strawberry.field(
        description="What the department said of it; null for viewers who see masks, but for the department."
    )
    answered_by: Officer | None = strawberry.field(description="Who of the department said so.")
    version: int = strawberry.field(description="Changes with every change of it.")


@strawberry.input(description="An order of doubtful rows.")
class DoubtfulRowOrder:
    """An order of doubtful rows."""

    field: DoubtfulRowOrderField = strawberry.field(description="What to order by.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which way.")


@strawberry.input(description="Which doubtful rows; all that is given must hold.")
class DoubtfulRowFilter:
    """Which doubtful rows."""

    division_code: str | None = strawberry.field(default=None, description="Of this division or those below it.")
    organisation_codes: list[str] | None = strawberry.field(default=None, description="Of one of these departments.")
    sources: list[str] | None = strawberry.field(default=None, description="Of one of these kinds of data.")
    upload_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="That one of these uploads brought last."
    )
    batches: list[str] | None = strawberry.field(default=None, description="The same, by the batch's number.")
    reasons: list[str] | None = strawberry.field(default=None, description="For one of these reasons.")
    columns: list[str] | None = strawberry.field(default=None, description="In one of these columns.")
    states: list[DoubtState] | None = strawberry.field(default=None, description="In one of these states.")
    overdue: bool | None = strawberry.field(default=None, description="Whether it is open, and its day is over.")
    and_: list[DoubtfulRowFilter] | None = strawberry.field(name="and", default=None, description=AND)
    or_: list[DoubtfulRowFilter] | None = strawberry.field(name="or", default=None, description=OR)
    not_: DoubtfulRowFilter | None = strawberry.field(name="not", default=None, description=NOT)


def _conditions(info: Info, given: DoubtfulRowFilter) -> Iterator[Condition]:
    yield from in_division(given.division_code)
    yield from one_of("organisations", given.organisation_codes)
    yield from one_of("sources", given.sources)
    yield from of_keys(info, "uploads", "Upload", given.upload_ids)
    yield from one_of("batches", given.batches)
    yield from one_of("reasons", given.reasons)
    yield from one_of("columns", given.columns)
    yield from one_of("states", given.states)
    yield from whether("overdue", given.overdue, {"overdue_today": days.today(info.context.now())})


def doubtful_row_objects(reading: Reading, rows: Rows, wanted: Wanted) -> list[DoubtfulRow]:
    """Rows as doubtful rows; what was answered is shown to its department, and to who sees identities."""
    whole = reading.sees_identity or not reading.viewer.may(Permission.READ_CASES)
    opens = whole and wanted.has("answer")
    if opens and rows:
        reading.log.opened(ANSWER, whole=True)
    found = []
    for row, public_id in zip(rows, reading.ids("DoubtfulRow", rows), strict=True):
        found.append(
            DoubtfulRow(
                id=strawberry.ID(public_id),
                key=row.id,
                upload_key=row.upload_id,
                source=row.source,
                division=division_of(row.division_code),
                organisation=ResponsibleOrganisation(
                    code=row.organisation_code, name_zh=row.name_zh, name_en=row.name_en
                ),
                batch=row.batch,
                file=row.file,
                row=row.row_number,
                **_said(row),
                told_at=row.told_at,
                brought_at=row.brought_at,
                due_on=row.due_on,
                state=DoubtState(row.state),
                overdue=row.state == DoubtState.OPEN and row.due_on < reading.today,
                ended_at=row.ended_at,
                answer=reading.vault.open(ANSWER, row.answer) if opens else None,
                answered_by=officer(row.answerer_login, row.answerer_name),
                version=row.version,
            )
        )
    return found


def doubtful_kind_objects(reading: Reading, rows: Rows, wanted: Wanted) -> list[DoubtfulKind]:
    """Rows as what a batch was doubted for."""
    return [DoubtfulKind(**_said(row), lines=row.lines, listed=row.listed, open=row.open) for row in rows]


def _said(row: Row[*tuple[Any, ...]]) -> dict[str, Any]:
    """Why it is doubted, and in which column: as `Worded` has them."""
    told = words(row.source, row.reason, row.column_name)
    return {"reason": row.reason, "column": row.column_name, **told._asdict()}


@strawberry.type(
    description="How much of a kind of data is doubted: rows that could not be read, as `doubtfulRows` lists them, and records that "
    "people say are wrong, as `inquiries(filter: {kinds: [REPAIR]})` lists them (F-33)."
)
class DoubtCounts:
    """How much of a kind of data is doubted."""

    source: str = strawberry.field(description="The kind of data, as in `departments`.")
    open_rows: int = strawberry.field(description="Rows that are to be mended or confirmed.")
    overdue_rows: int = strawberry.field(description="Of these, whose day is over.")
    corrected_rows: int = strawberry.field(description="Rows that a later batch mended, as long as they are kept.")
    confirmed_rows: int = strawberry.field(
        description="Rows that the department says are so, as long as they are kept."
    )
    open_records: int = strawberry.field(description="Records that the department is to look at.")
    overdue_records: int = strawberry.field(description="Of these, whose day is over.")
    disputed_records: int = strawberry.field(description="Records that it has looked at and not settled.")


@strawberry.type(description="What may be asked about doubtful rows.")
class DoubtQueries:
    """Doubtful rows."""

    @guards.query(
        READ,
        "Rows that went back to departments of the viewer's division, of those below it and those above it; a department "
        "sees those of its own batches. No value of a row is told.",
    )
    async def doubtful_rows(
        self,
        info: Info,
        filter: Annotated[DoubtfulRowFilter | None, strawberry.argument(description="Which.")] = None,
        order_by: Annotated[
            list[DoubtfulRowOrder] | None, strawberry.argument(description=ORDER + " the latest told first.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[DoubtfulRow] | None:
        """A page of doubtful rows."""
        where = joined(filter, lambda given, _: _conditions(info, given))
        order, window = order_of(order_by, "TOLD"), Window(first, after, last, before)
        return await connection(info, loaders.DOUBTFUL_ROWS, doubtful_row_objects, where, order, window)

    @guards.query(
        READ,
        "By kind of data, how many rows of batches are doubtful and how many records people say are wrong; a department sees "
        "its own of both.",
        rows=10,
    )
    async def doubts(self, info: Info, division_code: InDivision = None) -> list[DoubtCounts] | None:
        """Both kinds of doubt, counted."""
        low, high = divisions.span(division_asked(info, division_code))
        async with info.context.reading() as reading:
            rows = await loaders.counts(reading, low, high)
        return [
            DoubtCounts(
                source=row.source,
                open_rows=row.open_rows,
                overdue_rows=row.late_rows,
                corrected_rows=row.corrected_rows,
                confirmed_rows=row.confirmed_rows,
                open_records=row.open_records,
                overdue_records=row.late_records,
                disputed_records=row.disputed_records,
            )
            for row in rows
        ]


@strawberry.input(description="That a doubtful row is so, as its department says.")
class ConfirmDoubtfulRowInput(MutationInput):
    """That a doubtful row is so."""

    row_id: strawberry.ID = strawberry.field(description="The doubtful row.")
    expected_version: int = strawberry.field(description="Its `version` as it was read.")
    answer: str = strawberry.field(description=SAID)


@strawberry.type(description="What `confirmDoubtfulRow` answers.")
class ConfirmDoubtfulRowPayload(Payload):
    """What `confirmDoubtfulRow` answers."""

    row: DoubtfulRow | None = strawberry.field(description="The row as it stands now.")


@strawberry.input(description="That all open rows of a batch that are doubted for one reason in one column are so.")
class ConfirmDoubtfulRowsInput(MutationInput):
    """That all open rows of a kind are so."""

    upload_id: strawberry.ID = strawberry.field(description="The batch that brought them last.")
    reason: str = strawberry.field(description="The reason, as in `doubtfulKinds`.")
    column: str | None = strawberry.field(default=None, description="The column; null where it is about whole rows.")
    expected_rows: int = strawberry.field(description="How many they are, as `open` of `doubtfulKinds` was read.")
    answer: str = strawberry.field(description=SAID)


@strawberry.type(description="What `confirmDoubtfulRows` answers.")
class ConfirmDoubtfulRowsPayload(Payload):
    """What `confirmDoubtfulRows` answers."""

    upload: Upload | None = strawberry.field(description="The batch as it stands now.")


@strawberry.type(description="What may be done with doubtful rows.")
class DoubtMutations:
    """Doubtful rows are confirmed; they are mended by another batch."""

    @guards.mutation(
        Permission.SEND_FEEDS, "Says that a doubtful row is so, as a person of the department that sent it."
    )
    async def confirm_doubtful_row(
        self,
        info: Info,
        input: Annotated[ConfirmDoubtfulRowInput, strawberry.argument(description="Which, and why.")],
    ) -> ConfirmDoubtfulRowPayload:
        """Confirms a doubtful row."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key, context = nodes.key_of(info, "DoubtfulRow", input.row_id), info.context
            return await doubts.confirm(
                connection, context.vault, viewer, key, input.expected_version, input.answer, context.now()
            )

        done = await carry_out(info, Permission.SEND_FEEDS, input, act)
        row = await nodes.below_payload(info, "DoubtfulRow", "row", done.subject)
        return ConfirmDoubtfulRowPayload(row=row, **done.answered)

    @guards.mutation(
        Permission.SEND_FEEDS, "The same of all open rows of a batch that are doubted for one reason in one column."
    )
    async def confirm_doubtful_rows(
        self,
        info: Info,
        input: Annotated[ConfirmDoubtfulRowsInput, strawberry.argument(description="Which, and why.")],
    ) -> ConfirmDoubtfulRowsPayload:
        """Confirms all doubtful rows of a kind."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key, context = nodes.key_of(info, "Upload", input.upload_id), info.context
            of_kind = (input.reason, input.column)
            return await doubts.confirm_kind(
                connection, context.vault, viewer, key, of_kind, input.expected_rows, input.answer, context.now()
            )

        done = await carry_out(info, Permission.SEND_FEEDS, input, act)
        upload = await nodes.below_payload(info, "Upload", "upload", done.subject)
        return ConfirmDoubtfulRowsPayload(upload=upload, **done.answered)


branch(
    DoubtfulRow,
    "upload",
    Branch(
        "upload_key",
        lambda reading, keys, _: uploads.by_key(reading, keys),
        upload_objects,
        "upload",
        False,
        Permission.READ_SCANS,
    ),
)
branch(
    Upload,
    "doubtfulKinds",
    Branch(
        "key",
        lambda reading, keys, _: loaders.kinds_of(reading, keys),
        doubtful_kind_objects,
        "doubtful_kinds",
        permission=READ,
    ),
)
kind("DoubtfulRow", Kind(loaders.by_key, doubtful_row_objects, READ))
