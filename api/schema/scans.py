"""Scans: runs of the matcher over a division's households, their progress, and what they found."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncGenerator, Iterator
from enum import StrEnum
from typing import Annotated, Any, cast

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.permissions import Permission, Viewer
from api.loaders import scans as loaders
from api.loaders.conditions import Is
from api.loaders.pages import Window
from api.loaders.reading import Reading, Rows
from api.schema import guards, nodes
from api.schema.connections import ORDER, After, Before, Connection, First, Last, connection, order_of
from api.schema.context import Info
from api.schema.enumerations import Words, described
from api.schema.evolution import deprecated
from api.schema.filters import AND, NOT, OR, in_division, joined, one_of
from api.schema.nodes import Id, Kind, kind
from api.schema.results import MutationInput, Payload, carry_out
from api.schema.scalars import BigInt
from api.schema.selection import Wanted
from api.schema.sizes import about
from api.schema.tree import Branch, branch
from api.schema.values import Division, Node, division_of
from api.schema.words import Direction, ScanStatus
from api.services import scans as scan_service

NOT_LOADED = cast(Any, None)
"""Until the tree has loaded it."""


@strawberry.type(description="How far a scan is.")
class ScanProgress:
    """How far a scan is."""

    stage: str = strawberry.field(description="prepare, `match` and a source's name, link, rules or ingest.")
    done: BigInt | None = strawberry.field(description="How much of the stage is done.")
    total: BigInt | None = strawberry.field(description="Of how much; null while unknown.")
    unit: str | None = strawberry.field(description="What is counted.")
    seconds_left: int | None = strawberry.field(
        description="How many seconds the scan will take still, by its pace and by what the last one that did the same took for "
        "the stages to come; null while nobody can tell, as while it matches since another scan."
    )


@strawberry.type(description="How many leads one rule raised in a scan.")
class RuleCount:
    """How many leads one rule raised in a scan."""

    rule_id: str = strawberry.field(description="The rule.")
    findings: int = strawberry.field(description="Its leads.")
    households: int = strawberry.field(description="The households they are about.")


@strawberry.type(description="What a finished scan read and found.")
class ScanResult:
    """What a finished scan read and found."""

    households: int = strawberry.field(description="Households scanned.")
    persons: int = strawberry.field(description="People scanned.")
    links: BigInt = strawberry.field(description="Pairs of a person and a record.")
    findings: int = strawberry.field(description="Leads.")
    by_rule: list[RuleCount] = strawberry.field(description="Leads by rule.", metadata=about(55))
    not_authorised: int = strawberry.field(description="People who could not be looked up for want of authorisation.")
    rows_per_second: BigInt | None = strawberry.field(description="How fast the feeds were read.")
    peak_memory_bytes: BigInt | None = strawberry.field(description="The matcher's peak memory.")


@strawberry.type(
    description="What a scan read, by what it judged and what it wrote, by hashes, signed: to be proved without the service."
)
class ScanReceipt:
    """The receipt of a scan."""

    document: str = strawberry.field(
        description="The receipt, canonical JSON, as `jiekun receipt verify` takes it; a byte that is changed is told."
    )
    href: str = strawberry.field(description="Where the same is had as a file: GET with the same token.")
    made_at: dt.datetime = strawberry.field(description="When it was signed.")


@strawberry.type(description="What became of leads from the scans before to this one.")
class ScanLeads:
    """What became of leads."""

    new: int = strawberry.field(description="Raised for the first time.")
    again: int = strawberry.field(description="Raised before, on the same evidence and with the same weight.")
    changed: int = strawberry.field(description="Raised before, and now on other evidence or with another weight.")
    withdrawn: int = strawberry.field(description="Raised before, and withdrawn by this scan.")


@strawberry.type(description="A run of the matcher over a division's households and the latest feeds.")
class Scan(Node):
    """A run of the matcher."""

    key: strawberry.Private[int]
    status: ScanStatus = strawberry.field(description="Where it stands.")
    division: Division = strawberry.field(description="Whose households are scanned.")
    as_of: dt.date | None = strawberry.field(description="The reference day; once finished, the one that was used.")
    rules: list[str] = strawberry.field(description="Only these rules; empty for all.")
    whole: bool = strawberry.field(
        description="Whether everybody is matched again; if not, only what has changed since the scan before, with the same findings."
    )
    progress: ScanProgress | None = strawberry.field(description="How far it is, while it runs.")
    result: ScanResult | None = strawberry.field(description="What it found, once it has succeeded.")
    leads: ScanLeads | None = strawberry.field(
        description="What became of leads by it, once it has succeeded; null for scans before this was counted."
    )
    failure: str | None = strawberry.field(description="Why it was given up, in the matcher's words.")
    created_at: dt.datetime = strawberry.field(description="When it was asked for.")
    started_at: dt.datetime | None = strawberry.field(description="When a worker began.")
    finished_at: dt.datetime | None = strawberry.field(description="When it ended.")
    receipt: ScanReceipt | None = strawberry.field(
        default=NOT_LOADED, description="Its receipt; null where it has not succeeded, or is older than receipts are."
    )


class ScanOrderField(StrEnum):
    """What scans may be ordered by."""

    REQUESTED = "REQUESTED"
    AS_OF = "AS_OF"


described(
    ScanOrderField,
    "What scans may be ordered by.",
    {
        "REQUESTED": Words("申请时间", "Requested", "提出的先后。", "When it was asked for."),
        "AS_OF": Words(
            "基准日期",
            "Reference day",
            "基准日期；未知者视为最早。",
            "The reference day; unknown counts as the earliest.",
        ),
    },
)


@strawberry.input(description="An order of scans.")
class ScanOrder:
    """An order of scans."""

    field: ScanOrderField = strawberry.field(description="What to order by.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which way.")


@strawberry.input(description="Which scans; all that is given must hold.")
class ScanFilter:
    """Which scans."""

    division_code: str | None = strawberry.field(default=None, description="Of this division or those below it.")
    statuses: list[ScanStatus] | None = strawberry.field(default=None, description="In one of these states.")
    and_: list[ScanFilter] | None = strawberry.field(name="and", default=None, description=AND)
    or_: list[ScanFilter] | None = strawberry.field(name="or", default=None, description=OR)
    not_: ScanFilter | None = strawberry.field(name="not", default=None, description=NOT)


def _conditions(given: ScanFilter) -> Iterator[Is]:
    yield from in_division(given.division_code)
    yield from one_of("statuses", given.statuses)


def scan_objects(reading: Reading, rows: Rows, wanted: Wanted) -> list[Scan]:
    """Rows as scans."""
    return [
        Scan(
            id=strawberry.ID(public_id),
            key=row.id,
            status=ScanStatus(row.status),
            division=division_of(row.division_code),
            as_of=row.as_of,
            rules=row.rules,
            whole=row.whole,
            progress=ScanProgress(
                stage=row.stage, done=row.done, total=row.total, unit=row.unit, seconds_left=row.seconds_left
            )
            if row.stage
            else None,
            result=_result(row.summary) if row.summary else None,
            leads=ScanLeads(**{name.lower(): count for name, count in row.leads.items()}) if row.leads else None,
            failure=row.failure,
            created_at=row.created_at,
            started_at=row.started_at,
            finished_at=row.finished_at,
        )
        for row, public_id in zip(rows, reading.ids("Scan", rows), strict=True)
    ]


def _result(summary: dict[str, Any]) -> ScanResult:
    return ScanResult(
        households=summary["households"],
        persons=summary["persons"],
        links=summary["links"]["total"],
        findings=summary["findings"]["total"],
        by_rule=[
            RuleCount(rule_id=rule, findings=count["findings"], households=count["households"])
            for rule, count in sorted(summary["findings"]["by_rule"].items())
        ],
        not_authorised=summary["tasks"].get("obtain_authorisation", 0),
        rows_per_second=summary["rows_per_second"],
        peak_memory_bytes=summary["peak_memory_bytes"],
    )


@strawberry.type(description="What may be asked about scans.")
class ScanQueries:
    """Scans."""

    @guards.query(Permission.READ_SCANS, "Scans of the viewer's division and those below it, the latest first.")
    async def scans(
        self,
        info: Info,
        filter: Annotated[ScanFilter | None, strawberry.argument(description="Which.")] = None,
        order_by: Annotated[
            list[ScanOrder] | None, strawberry.argument(description=ORDER + " the latest requested first.")
        ] = None,
        division_code: Annotated[
            str | None,
            strawberry.argument(
                description="Of this division or those below it.",
                deprecation_reason=deprecated("filter", dt.date(2027, 6, 30)),
            ),
        ] = None,
        statuses: Annotated[
            list[ScanStatus] | None,
            strawberry.argument(
                description="In one of these states.",
                deprecation_reason=deprecated("filter", dt.date(2027, 6, 30)),
            ),
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Scan] | None:
        """A page of scans."""
        asked = ScanFilter(division_code=division_code, statuses=statuses, and_=[filter] if filter else None)
        return await connection(
            info,
            loaders.LISTING,
            scan_objects,
            joined(asked, lambda given, _: _conditions(given)),
            order_of(order_by, "REQUESTED"),
            Window(first, after, last, before),
        )

    @guards.query(Permission.READ_SCANS, "One scan; null where there is none that this viewer may see.")
    async def scan(self, info: Info, id: Id) -> Scan | None:
        """One scan."""
        found: Scan | None = await nodes.one(info, "Scan", id)
        return found


@strawberry.input(description="A scan to be started.")
class StartScanInput(MutationInput):
    """A scan to be started."""

    division_code: str | None = strawberry.field(
        default=None, description="Whose households; by default all of the viewer's division."
    )
    as_of: dt.date | None = strawberry.field(
        default=None,
        description="The reference day; by default the day on which the latest feed was cut. No later than today, and "
        "no more than 366 days before the oldest feed in use was cut.",
    )
    rules: list[str] | None = strawberry.field(default=None, description="Only these rules; by default all.")
    whole: bool = strawberry.field(
        default=False,
        description="Whether everybody is matched again, and not only what has changed since the scan before.",
    )


@strawberry.type(description="What `startScan` answers.")
class StartScanPayload(Payload):
    """What `startScan` answers."""

    scan: Scan | None = strawberry.field(description="The scan; follow it with `scanProgress` or by asking again.")


@strawberry.input(description="A scan to be cancelled.")
class CancelScanInput(MutationInput):
    """A scan to be cancelled."""

    scan_id: strawberry.ID = strawberry.field(description="The scan.")


@strawberry.type(description="What `cancelScan` answers.")
class CancelScanPayload(Payload):
    """What `cancelScan` answers."""

    scan: Scan | None = strawberry.field(description="The scan as it stands now.")


@strawberry.type(description="What may be done with scans.")
class ScanMutations:
    """Scans are started and cancelled."""

    @guards.mutation(Permission.START_SCAN, "Starts a scan of a division's households against the latest feeds.")
    async def start_scan(
        self, info: Info, input: Annotated[StartScanInput, strawberry.argument(description="What to scan.")]
    ) -> StartScanPayload:
        """Starts a scan."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            now = info.context.now()
            return await scan_service.request(
                connection, viewer, input.division_code, input.as_of, input.rules or (), now, whole=input.whole
            )

        done = await carry_out(info, Permission.START_SCAN, input, act)
        scan = await nodes.below_payload(info, "Scan", "scan", done.subject)
        return StartScanPayload(scan=scan, **done.answered)

    @guards.mutation(
        Permission.START_SCAN,
        "Ends a scan that waits or runs; its worker stops the matcher and removes what it wrote, and nothing of it is ever seen.",
    )
    async def cancel_scan(
        self, info: Info, input: Annotated[CancelScanInput, strawberry.argument(description="Which.")]
    ) -> CancelScanPayload:
        """Cancels a scan."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key = nodes.key_of(info, "Scan", input.scan_id)
            return await scan_service.cancel(connection, viewer, key, info.context.now())

        done = await carry_out(info, Permission.START_SCAN, input, act)
        scan = await nodes.below_payload(info, "Scan", "scan", done.subject)
        return CancelScanPayload(scan=scan, **done.answered)


@strawberry.type(description="What may be followed of scans.")
class ScanSubscriptions:
    """Scans are followed."""

    @guards.subscription(
        Permission.READ_SCANS,
        "A scan each time something about it changes, beginning with how it stands now; ends when the scan has ended. "
        "After a broken connection, subscribe again: nothing is lost, since each answer is the whole state.",
    )
    async def scan_progress(self, info: Info, id: Id) -> AsyncGenerator[Scan | None, None]:
        """A scan, each time it changes."""
        key = nodes.key_of(info, "Scan", id)
        async with info.context.broadcast.subscribed(scan_service.TOPIC, key or 0) as heard:
            while True:
                heard.clear()
                await info.context.anew()
                info.context.viewer_who_may(Permission.READ_SCANS)
                scan: Scan | None = await nodes.one(info, "Scan", id)
                if scan is None:
                    return
                yield scan
                if scan.status.ended:
                    return
                await heard.wait()


def scan_at(by: str, attribute: str) -> Branch:
    """From whatever names a scan to it, for whom scans are open."""
    return Branch(
        by,
        lambda reading, keys, _: loaders.by_key(reading, keys),
        scan_objects,
        attribute,
        False,
        Permission.READ_SCANS,
    )


def _receipt_objects(reading: Reading, rows: Rows, wanted: Wanted) -> list[ScanReceipt]:
    ids = reading.vault.ids("Scan", [row.scan_id for row in rows])
    return [
        ScanReceipt(document=row.document, href=f"/receipts/{public_id}", made_at=row.made_at)
        for row, public_id in zip(rows, ids, strict=True)
    ]


branch(
    Scan,
    "receipt",
    Branch("key", lambda reading, keys, _: loaders.receipts_of(reading, keys), _receipt_objects, "receipt", False),
)
kind("Scan", Kind(loaders.by_key, scan_objects, Permission.READ_SCANS))
