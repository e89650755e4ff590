"""Who did what to what, as the audit holds it: codes and ids, never a value."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Annotated, Any

import strawberry

from api.domain import audits
from api.domain.permissions import Permission
from api.loaders import audit as loaders
from api.loaders.conditions import Is
from api.loaders.pages import Window
from api.loaders.reading import Reading, Rows
from api.schema import guards, nodes
from api.schema.connections import ORDER, After, Before, Connection, First, Last, connection, order_of
from api.schema.context import Info
from api.schema.enumerations import Words, described
from api.schema.filters import AND, NOT, OR, joined, of_keys, one_of
from api.schema.nodes import Kind, kind
from api.schema.officers import Officer, handler
from api.schema.scalars import BigInt
from api.schema.selection import Wanted
from api.schema.sizes import about
from api.schema.values import Node
from api.schema.words import Direction

CALLED = {"RoleAssignment": "MeasureAssignment"}
"""Kinds of rows that are called otherwise in the schema."""
ROWS = {told: kept for kept, told in CALLED.items()}

NAMED = {
    "household": "Household", "person": "Person", "attachment": "Attachment", "user": "User", "client": "Client",
    "organisation": "Organisation", "parent": "Organisation", "notice": "PublicNotice", "objection": "Objection",
    "file": "HardshipFile", "corrects": "HomeVisit", "officer": "User",
}  # fmt: skip
"""Keys of a detail whose value is the key of a row, with the type of its id."""

CHANGED = {"file.subject_changed": "Person", "task.taken": "User"}
"""Acts whose `from` and `to` are keys of rows."""

COUNTED = frozenset(
    {
        "rows", "months", "measures", "number", "people", "threshold", "days", "overlapHours", "households", "feeds",
        "followed", "differing", "changed", "linked", "escalated_to",
    }
)  # fmt: skip
"""Keys of a detail whose value is a plain number."""


class AuditEventOrderField(StrEnum):
    """What acts may be ordered by."""

    RECORDED = "RECORDED"


described(
    AuditEventOrderField,
    "What acts may be ordered by.",
    {"RECORDED": Words("登记时间", "Recorded", "登记的先后。", "When it was recorded.")},
)


@strawberry.type(description="One thing that the audit says of an act: a code, a day, a number or an id.")
class AuditDetail:
    """One thing that the audit says of an act."""

    key: str = strawberry.field(description="What it is about.")
    value: str = strawberry.field(description="The code, day, number or opaque id; several are parted by commas.")


@strawberry.type(
    description="Something that somebody did, written in the transaction that did it, and chained to the act before it."
)
class AuditEvent(Node):
    """Something that somebody did."""

    key: strawberry.Private[int]
    number: BigInt = strawberry.field(description="Its place in the chain.")
    happened_at: dt.datetime = strawberry.field(description="When.")
    user: Officer | None = strawberry.field(
        description="Who, as they are called today; null for the operator and the service itself, and of a household "
        "with somebody protected for viewers who are not cleared."
    )
    action: str = strawberry.field(description="What was done: `household.record`, `finding.reviewed`.")
    subject_type: str = strawberry.field(description="To what kind of thing.")
    subject_id: strawberry.ID | None = strawberry.field(
        description="To which; null where things of the kind have no id. It stays when the thing is erased."
    )
    detail: list[AuditDetail] = strawberry.field(
        description="What else the audit says of it; nothing of a household with somebody protected for viewers who "
        "are not cleared.",
        metadata=about(4),
    )
    hash: str = strawberry.field(description="The hash by which the chain is proved.")


@strawberry.input(description="An order of acts.")
class AuditEventOrder:
    """An order of acts."""

    field: AuditEventOrderField = strawberry.field(description="What to order by.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which way.")


@strawberry.input(description="Which acts; all that is given must hold.")
class AuditEventFilter:
    """Which acts."""

    household_id: strawberry.ID | None = strawberry.field(
        default=None, description="About this household or what is its."
    )
    subject_id: strawberry.ID | None = strawberry.field(default=None, description="Done to this, and nothing else.")
    audit_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="One of these: what mutations gave as `auditId`."
    )
    user_logins: list[str] | None = strawberry.field(default=None, description="By these logins.")
    actions: list[str] | None = strawberry.field(default=None, description="One of these.")
    since: dt.datetime | None = strawberry.field(default=None, description="From this moment.")
    until: dt.datetime | None = strawberry.field(default=None, description="Before this moment.")
    and_: list[AuditEventFilter] | None = strawberry.field(name="and", default=None, description=AND)
    or_: list[AuditEventFilter] | None = strawberry.field(name="or", default=None, description=OR)
    not_: AuditEventFilter | None = strawberry.field(name="not", default=None, description=NOT)


def event_objects(reading: Reading, rows: Rows, wanted: Wanted) -> list[AuditEvent]:
    """Rows as acts; whom they are about is noted."""
    reading.log.saw_households(row.household_id for row in rows if row.household_id is not None)
    return [
        AuditEvent(
            id=strawberry.ID(public_id),
            key=row.id,
            number=BigInt(row.number),
            happened_at=row.happened_at,
            user=handler(reading, row, row.login, row.display_name),
            action=row.action,
            subject_type=CALLED.get(row.subject_type, row.subject_type),
            subject_id=_id(reading, CALLED.get(row.subject_type, row.subject_type), row.subject),
            detail=list(_detail(reading, row.action, row.detail))
            if wanted.has("detail") and not reading.hides(row)
            else [],
            hash=row.hash,
        )
        for row, public_id in zip(rows, reading.ids("AuditEvent", rows), strict=True)
    ]


def _id(reading: Reading, type_name: str, key: int) -> strawberry.ID | None:
    """The opaque id of a row, where rows of its kind can be read by one."""
    known = key > 0 and type_name in nodes.known()
    return strawberry.ID(reading.vault.ids(type_name, [key])[0]) if known else None


def _detail(reading: Reading, action: str, detail: Mapping[str, Any]) -> Iterator[AuditDetail]:
    """What may be told of a detail: codes as they are, rows by their ids; no key of a row."""
    for key, value in sorted(detail.items()):
        if key in audits.LEFT_OUT or value is None:
            continue
        told: str | None = None
        match value:
            case bool():
                told = str(value).lower()
            case int() if key in COUNTED:
                told = str(value)
            case int() if key in NAMED or (key in ("from", "to") and action in CHANGED):
                told = _id(reading, NAMED.get(key) or CHANGED[action], value)
            case str():
                told = value
            case list():
                told = ",".join(each for each in value if isinstance(each, str))
        if told is not None:
            yield AuditDetail(key=key, value=told)


def _conditions(info: Info, given: AuditEventFilter) -> Iterator[Is]:
    if given.household_id is not None:
        key = nodes.key_of(info, "Household", given.household_id) or 0
        info.context.log.saw_households({key} - {0})
        yield Is(loaders.HOUSEHOLD, {"household": key})
    if given.subject_id is not None:
        type_name, subject = nodes.named(info, given.subject_id) or ("", 0)
        yield Is("subject", {"done_to_type": ROWS.get(type_name, type_name), "done_to": subject})
    yield from of_keys(info, "keys", "AuditEvent", given.audit_ids)
    yield from one_of("users", given.user_logins)
    yield from one_of("actions", given.actions)
    for name, value in (("since", given.since), ("until", given.until)):
        if value is not None:
            yield Is(name, {name: value})


@strawberry.type(description="What may be asked about who did what.")
class AuditQueries:
    """Who did what to what."""

    @guards.query(
        Permission.READ_AUDIT,
        "Who did what: about households that are in the viewer's division today; what is about none, by users of it. "
        "Reading it is on record.",
    )
    async def audit_events(
        self,
        info: Info,
        filter: Annotated[AuditEventFilter | None, strawberry.argument(description="Which.")] = None,
        order_by: Annotated[
            list[AuditEventOrder] | None, strawberry.argument(description=ORDER + " the latest first.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[AuditEvent] | None:
        """A page of acts."""
        where = joined(filter, lambda given, _: _conditions(info, given))
        order = order_of(order_by, "RECORDED")
        return await connection(
            info, loaders.LISTING, event_objects, where, order, Window(first, after, last, before)
        )


kind("AuditEvent", Kind(loaders.by_key, event_objects, Permission.READ_AUDIT))
