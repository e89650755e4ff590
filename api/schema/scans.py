"""Scans: runs of the matcher over a division's households, their progress, and what they found."""

from __future__ import annotations

import datetime as dt
from typing import Any

import strawberry

from api.loaders import scans as loaders
from api.loaders.pages import Window
from api.loaders.reading import Reading, Rows
from api.schema.connections import Connection, connection
from api.schema.context import Info
from api.schema.households import division_filter
from api.schema.selection import Wanted
from api.schema.values import Division, Node, division_of
from api.schema.words import ScanStatus


@strawberry.type(description="How far a scan is.")
class ScanProgress:
    """How far a scan is."""

    stage: str = strawberry.field(description="prepare, `match` and a source's name, link, rules or ingest.")
    done: int | None = strawberry.field(description="How much of the stage is done.")
    total: int | None = strawberry.field(description="Of how much; null while unknown.")
    unit: str | None = strawberry.field(description="What is counted.")


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
    links: int = strawberry.field(description="Pairs of a person and a record.")
    findings: int = strawberry.field(description="Leads.")
    by_rule: list[RuleCount] = strawberry.field(description="Leads by rule.")
    not_authorised: int = strawberry.field(description="People who could not be looked up for want of authorisation.")
    rows_per_second: int | None = strawberry.field(description="How fast the feeds were read.")
    peak_memory_bytes: str | None = strawberry.field(description="The matcher's peak memory, as a decimal string.")


@strawberry.type(description="A run of the matcher over a division's households and the latest feeds.")
class Scan(Node):
    """A run of the matcher."""

    key: strawberry.Private[int]
    status: ScanStatus = strawberry.field(description="Where it stands.")
    division: Division = strawberry.field(description="Whose households are scanned.")
    as_of: dt.date | None = strawberry.field(description="The reference day; once finished, the one that was used.")
    rules: list[str] = strawberry.field(description="Only these rules; empty for all.")
    progress: ScanProgress | None = strawberry.field(description="How far it is, while it runs.")
    result: ScanResult | None = strawberry.field(description="What it found, once it has succeeded.")
    failure: str | None = strawberry.field(description="Why it was given up, in the matcher's words.")
    created_at: dt.datetime = strawberry.field(description="When it was asked for.")
    started_at: dt.datetime | None = strawberry.field(description="When a worker began.")
    finished_at: dt.datetime | None = strawberry.field(description="When it ended.")


async def scans(
    info: Info, division_code: str | None, statuses: list[ScanStatus] | None, window: Window
) -> Connection[Scan]:
    """A page of scans, the latest first."""
    filters = {} if division_code is None else {"division": division_filter(division_code)}
    if statuses is not None:
        filters["statuses"] = {"statuses": [status.value for status in statuses]}
    return await connection(info, loaders.LISTING, scan_objects, filters, ("REQUESTED", True), window)


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
            progress=ScanProgress(stage=row.stage, done=row.done, total=row.total, unit=row.unit)
            if row.stage
            else None,
            result=_result(row.summary) if row.summary else None,
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
        peak_memory_bytes=str(summary["peak_memory_bytes"]),
    )
