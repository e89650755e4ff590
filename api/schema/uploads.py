"""Uploads: batches that departments send over HTTP, how their check comes out, and the receipts for them."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncGenerator, Iterator
from typing import Annotated, Any

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.depot import room
from api.domain import uploads as rules
from api.domain.permissions import Permission, Viewer
from api.domain.uploads import Announced
from api.loaders import uploads as loaders
from api.loaders.conditions import Is
from api.loaders.pages import Window
from api.loaders.reading import Reading, Rows
from api.schema import guards, nodes
from api.schema.connections import ORDER, After, Before, Connection, First, Last, connection, order_of
from api.schema.context import Info
from api.schema.doubt_terms import Worded
from api.schema.feed_terms import BatchKind, CheckState, UploadOrderField, UploadState
from api.schema.filters import AND, NOT, OR, in_division, joined, one_of
from api.schema.households import NOT_LOADED
from api.schema.nodes import Id, Kind, kind
from api.schema.results import MutationInput, Payload, carry_out
from api.schema.scalars import BigInt
from api.schema.selection import Wanted
from api.schema.sizes import about
from api.schema.values import Division, Node, division_of
from api.schema.words import Direction
from api.services import batches
from api.services import uploads as upload_service

PATH = "/uploads"


@strawberry.type(description="How far the check of a batch is.")
class UploadProgress:
    """How far the check of a batch is."""

    stage: str = strawberry.field(description="check, or `read` and the source's name.")
    done: BigInt | None = strawberry.field(description="How much of the stage is done.")
    total: BigInt | None = strawberry.field(description="Of how much; null while unknown.")
    unit: str | None = strawberry.field(description="What is counted.")


@strawberry.type(description="One of the ten quality checks of a batch, held against its department's own history.")
class QualityCheck:
    """One of the ten quality checks of a batch."""

    check: str = strawberry.field(description="Q01 to Q10.")
    title_zh: str = strawberry.field(description="What it looks at, in Chinese.")
    title_en: str = strawberry.field(description="What it looks at, in English.")
    state: CheckState = strawberry.field(description="How it came out.")
    noticed_zh: str = strawberry.field(description="What was noticed, in Chinese.")
    noticed_en: str = strawberry.field(description="What was noticed, in English.")
    advice_zh: str = strawberry.field(description="What to do about an alarm, in Chinese.")
    advice_en: str = strawberry.field(description="What to do about an alarm, in English.")
    figure: float | None = strawberry.field(description="What it counted: a share, days, or a number.")
    usual: float | None = strawberry.field(description="What is usual by earlier batches.")
    threshold: float | None = strawberry.field(description="Where the alarm begins.")
    assumed: bool = strawberry.field(description="Whether the threshold rests on no source.")


@strawberry.type(description="Why a batch was not taken over; it holds no value of a record.")
class UploadRefusal:
    """Why a batch was not taken over."""

    message: str = strawberry.field(description="What stands in the way, in the matcher's words.")
    file: str | None = strawberry.field(description="In which file, or table of it.")
    row: BigInt | None = strawberry.field(description="In which row, below the headings.")
    column: str | None = strawberry.field(description="In which column.")
    remedy: str | None = strawberry.field(description="What to do.")


@strawberry.type(description="The numbered acknowledgement of a batch that was checked, accepted or refused.")
class Receipt:
    """The numbered acknowledgement of a batch."""

    number: BigInt = strawberry.field(description="Its number, one after the other.")
    outcome: UploadState = strawberry.field(description="ACCEPTED or REFUSED.")
    client: str = strawberry.field(description="Which program or user sent it.")
    batch: str = strawberry.field(description="The department's own number.")
    bytes: BigInt = strawberry.field(description="How many bytes came.")
    content_hash: str = strawberry.field(description="Their SHA-256, in hexadecimal.")
    rows_in: BigInt | None = strawberry.field(description="Rows read; null where it could not be read.")
    rows_accepted: BigInt | None = strawberry.field(description="Of these, rows taken over.")
    rows_set_aside: BigInt | None = strawberry.field(description="Of these, rows set aside; both together are all.")
    received_at: dt.datetime = strawberry.field(description="When the last byte came.")
    issued_at: dt.datetime = strawberry.field(description="When the receipt was written.")
    content: str = strawberry.field(description="All that the receipt says, as JSON: what `digest` is reckoned of.")
    digest: str = strawberry.field(description="SHA-256 of `content` in UTF-8, in hexadecimal.")


@strawberry.type(
    description="For what a batch was doubted: one reason in one column, how often, and how many of these rows are listed."
)
class DoubtfulKind(Worded):
    """For what a batch was doubted."""

    lines: BigInt = strawberry.field(description="How often: all of it.")
    listed: int = strawberry.field(description="How many of these `doubtfulRows` lists; of very many, the first.")
    open: int = strawberry.field(description="How many of those are open, and were brought by no later batch.")


@strawberry.type(description="A batch of department data: one file, announced by its hash and sent by tus.")
class Upload(Node):
    """A batch of department data."""

    key: strawberry.Private[int]
    source: str = strawberry.field(description="The kind of data, as in `departments`.")
    division: Division = strawberry.field(description="The department's.")
    department: str = strawberry.field(description="What the department was called when it announced the batch.")
    client: str = strawberry.field(description="Which program or user announced it.")
    url: str = strawberry.field(description="Where its bytes are sent to, below the service's address.")
    file_name: str = strawberry.field(description="What the file is called.")
    size: BigInt = strawberry.field(description="How many bytes it has.")
    content_hash: str = strawberry.field(description="Their SHA-256, in hexadecimal.")
    as_of: dt.date = strawberry.field(description="The day up to which it speaks.")
    batch_kind: BatchKind = strawberry.field(description="What it holds of all that the department has.")
    batch: str = strawberry.field(description="The department's own number, once in its source.")
    supersedes: list[str] = strawberry.field(description="Batches that no longer count.", metadata=about(1))
    state: UploadState = strawberry.field(description="Where it stands.")
    begun_at: dt.datetime = strawberry.field(description="When it was announced.")
    expires_at: dt.datetime = strawberry.field(description="By when it has to be there.")
    received_at: dt.datetime | None = strawberry.field(description="When the last byte came.")
    ended_at: dt.datetime | None = strawberry.field(description="When it was taken over, refused or given up.")
    progress: UploadProgress | None = strawberry.field(description="How far its check is, while it goes on.")
    checks: list[QualityCheck] = strawberry.field(description="What the check found.", metadata=about(10))
    refusal: UploadRefusal | None = strawberry.field(description="Why it was not taken over.")
    receipt: Receipt | None = strawberry.field(description="The acknowledgement, once it was checked.")
    doubtful_kinds: list[DoubtfulKind] | None = strawberry.field(
        default=NOT_LOADED,
        description="For what it was doubted, the most frequent first; the rows are in `doubtfulRows(filter: {uploadIds: [id]})`. "
        "Empty for who may not read these, and of a batch that was refused: that goes back whole.",
        metadata=about(4),
    )
    quality_url: str | None = strawberry.field(
        description="Where the quality page lies, with masked samples: for its department, and for whoever reads cases."
    )


@strawberry.input(description="An order of uploads.")
class UploadOrder:
    """An order of uploads."""

    field: UploadOrderField = strawberry.field(description="What to order by.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which way.")


@strawberry.input(description="Which uploads; all that is given must hold.")
class UploadFilter:
    """Which uploads."""

    division_code: str | None = strawberry.field(default=None, description="Of this division or those below it.")
    sources: list[str] | None = strawberry.field(default=None, description="Of one of these kinds of data.")
    states: list[UploadState] | None = strawberry.field(default=None, description="In one of these states.")
    batches: list[str] | None = strawberry.field(default=None, description="Of one of these numbers.")
    and_: list[UploadFilter] | None = strawberry.field(name="and", default=None, description=AND)
    or_: list[UploadFilter] | None = strawberry.field(name="or", default=None, description=OR)
    not_: UploadFilter | None = strawberry.field(name="not", default=None, description=NOT)


def _conditions(given: UploadFilter) -> Iterator[Is]:
    yield from in_division(given.division_code)
    yield from one_of("sources", given.sources)
    yield from one_of("states", given.states)
    yield from one_of("batches", given.batches)


def upload_objects(reading: Reading, rows: Rows, wanted: Wanted) -> list[Upload]:
    """Rows as uploads."""
    return [
        Upload(
            id=strawberry.ID(public_id),
            key=row.id,
            source=row.source,
            division=division_of(row.division_code),
            department=row.department,
            client=row.client,
            url=f"{PATH}/{public_id}",
            file_name=row.name,
            size=row.size,
            content_hash=row.sha256,
            as_of=row.as_of,
            batch_kind=BatchKind(row.kind),
            batch=row.batch,
            supersedes=row.supersedes,
            state=UploadState(row.state),
            begun_at=row.begun_at,
            expires_at=row.expires_at,
            received_at=row.received_at,
            ended_at=row.ended_at,
            progress=UploadProgress(stage=row.stage, done=row.done, total=row.total, unit=row.unit)
            if row.stage
            else None,
            checks=[_check(each) for each in row.checks],
            refusal=_refusal(row.refusal),
            receipt=_receipt(row),
            quality_url=f"{PATH}/{public_id}/quality" if row.checks else None,
        )
        for row, public_id in zip(rows, reading.ids("Upload", rows), strict=True)
    ]


def _check(told: dict[str, Any]) -> QualityCheck:
    (title_zh, title_en), (noticed_zh, noticed_en), (advice_zh, advice_en) = (
        told["title"],
        told["noticed"],
        told["do"],
    )
    return QualityCheck(
        check=told["check"],
        title_zh=title_zh,
        title_en=title_en,
        state=CheckState(told["state"]),
        noticed_zh=noticed_zh,
        noticed_en=noticed_en,
        advice_zh=advice_zh,
        advice_en=advice_en,
        figure=told["figure"],
        usual=told["baseline"],
        threshold=told["threshold"],
        assumed=told["assumed"],
    )


def _refusal(told: dict[str, Any] | None) -> UploadRefusal | None:
    if told is None:
        return None
    where = {name: told[name] for name in ("file", "row", "column", "remedy")}
    return UploadRefusal(message=told["what"], **where)


def _receipt(row: Any) -> Receipt | None:
    if row.receipt_number is None:
        return None
    return Receipt(
        number=row.receipt_number,
        outcome=UploadState(row.state),
        client=row.client,
        batch=row.batch,
        bytes=row.size,
        content_hash=row.sha256,
        rows_in=row.rows_in,
        rows_accepted=row.rows_accepted,
        rows_set_aside=row.rows_set_aside,
        received_at=row.received_at,
        issued_at=row.issued_at,
        content=rules.receipt_text(batches.says(row, row.receipt_number, row.issued_at)),
        digest=row.digest,
    )


@strawberry.type(description="What may be asked about uploads.")
class UploadQueries:
    """Uploads."""

    @guards.query(
        Permission.READ_SCANS,
        "Batches that were sent in the viewer's division, those below it and those above it, the latest first; "
        "a department sees its own.",
    )
    async def uploads(
        self,
        info: Info,
        filter: Annotated[UploadFilter | None, strawberry.argument(description="Which.")] = None,
        order_by: Annotated[
            list[UploadOrder] | None, strawberry.argument(description=ORDER + " the latest announced first.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Upload] | None:
        """A page of uploads."""
        return await connection(
            info,
            loaders.UPLOADS,
            upload_objects,
            joined(filter, lambda given, _: _conditions(given)),
            order_of(order_by, "BEGUN"),
            Window(first, after, last, before),
        )

    @guards.query(Permission.READ_SCANS, "One upload; null where there is none that this viewer may see.")
    async def upload(self, info: Info, id: Id) -> Upload | None:
        """One upload."""
        found: Upload | None = await nodes.one(info, "Upload", id)
        return found


@strawberry.input(description="A word of a file, and what the contract calls it.")
class MappedWord:
    """A word of a file, and what the contract calls it."""

    local: str = strawberry.field(description="As the file has it.")
    contract: str = strawberry.field(description="The contract's column or value.")


@strawberry.input(description="The words of one column's values.")
class MappedValues:
    """The words of one column's values."""

    column: str = strawberry.field(description="The contract's column.")
    words: list[MappedWord] = strawberry.field(description="The file's words for its values.")


@strawberry.input(description="How a file differs from its contract; whatever is usual is understood without.")
class MappingInput:
    """How a file differs from its contract."""

    encoding: str | None = strawberry.field(default=None, description="Its encoding; found by itself where not said.")
    columns: list[MappedWord] | None = strawberry.field(default=None, description="The file's own headings.")
    values: list[MappedValues] | None = strawberry.field(default=None, description="The file's own words.")
    in_ten_thousands: list[str] | None = strawberry.field(
        default=None, description="Columns of money that count in 万元."
    )

    def told(self) -> dict[str, Any]:
        """As a section of feeds.toml says it."""
        told = {
            "encoding": self.encoding,
            "columns": {each.contract: each.local for each in self.columns or ()},
            "values": {each.column: {word.local: word.contract for word in each.words} for each in self.values or ()},
            "units": dict.fromkeys(self.in_ten_thousands or (), "万元"),
        }
        return {name: value for name, value in told.items() if value}


@strawberry.input(description="A batch to be sent, as its manifest would describe it.")
class BeginUploadInput(MutationInput):
    """A batch to be sent."""

    source: str = strawberry.field(description="The kind of data, one that the viewer's department keeps.")
    file_name: str = strawberry.field(description="What the file is called, with what it ends: vehicles_2024.csv.")
    size: BigInt = strawberry.field(description="How many bytes it has.")
    content_hash: str = strawberry.field(description="Their SHA-256, in hexadecimal.")
    as_of: dt.date = strawberry.field(description="The day up to which it speaks.")
    batch_kind: BatchKind = strawberry.field(description="What it holds of all that the department has.")
    batch: str = strawberry.field(description="The department's own number, once in its source.")
    supersedes: list[str] | None = strawberry.field(default=None, description="Batches that no longer count.")
    mapping: MappingInput | None = strawberry.field(default=None, description="How the file differs.")


@strawberry.type(description="What `beginUpload` answers.")
class BeginUploadPayload(Payload):
    """What `beginUpload` answers."""

    upload: Upload | None = strawberry.field(
        description="Send its bytes to `url` by tus; a batch that came before is the one that is there."
    )


@strawberry.type(description="What may be done with uploads.")
class UploadMutations:
    """Uploads are begun; tus does the rest."""

    @guards.mutation(
        Permission.SEND_FEEDS,
        "Announces a batch by its size and hash. The same batch again is the same upload with the same receipt; "
        "another content under its number is refused.",
    )
    async def begin_upload(
        self, info: Info, input: Annotated[BeginUploadInput, strawberry.argument(description="What will be sent.")]
    ) -> BeginUploadPayload:
        """Announces a batch."""
        given = Announced(
            input.source,
            input.file_name,
            int(input.size),
            input.content_hash,
            input.as_of,
            input.batch_kind,
            input.batch,
            tuple(input.supersedes or ()),
            input.mapping.told() if input.mapping else {},
        )

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            context = info.context
            left = room(context.data_dir)
            return await upload_service.announce(connection, viewer, given, context.upload_bytes, left, context.now())

        done = await carry_out(info, Permission.SEND_FEEDS, input, act)
        upload = await nodes.below_payload(info, "Upload", "upload", done.subject)
        return BeginUploadPayload(upload=upload, **done.answered)


@strawberry.type(description="What may be followed of uploads.")
class UploadSubscriptions:
    """Uploads are followed."""

    @guards.subscription(
        Permission.READ_SCANS,
        "An upload each time something about it changes, beginning with how it stands now; ends when it has ended.",
    )
    async def upload_progress(self, info: Info, id: Id) -> AsyncGenerator[Upload | None, None]:
        """An upload, each time it changes."""
        key = nodes.key_of(info, "Upload", id)
        async with info.context.broadcast.subscribed(upload_service.TOPIC, key or 0) as heard:
            while True:
                heard.clear()
                await info.context.anew()
                info.context.viewer_who_may(Permission.READ_SCANS)
                upload: Upload | None = await nodes.one(info, "Upload", id)
                if upload is None:
                    return
                yield upload
                if upload.state.ended:
                    return
                await heard.wait()


kind("Upload", Kind(loaders.by_key, upload_objects, Permission.READ_SCANS))
