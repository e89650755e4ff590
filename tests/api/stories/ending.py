"""How a telling ended: every row of every table, without what no two tellings share, to be held against another's."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column, LargeBinary, Table, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from api import models
from api.database import UtcDateTime, reading
from api.models import Base
from api.sealing import NotOurs, Vault
from api.services import indexes, webhooks

LEFT_OUT = frozenset({
    "reads", "read_subjects", "tokens", "client_secrets", "scan_receipts", "idempotency_keys", "blind_draws", "blind_cases",
})  # fmt: skip
"""A question that was asked again is read again; tokens and blind samples are drawn by chance; a scan's receipt tells its moment."""

NOTHING_TO_TELL: Mapping[str, frozenset[str]] = {
    "audit_events": frozenset({"number", "hash", "previous_hash"}),
    "jobs": frozenset({"attempts", "worker"}),
    "webhook_deliveries": frozenset({"attempts", "status", "failure", "milliseconds", "event_id"}),
    "webhooks": frozenset({"position", "secret", "url"}),
    "uploads": frozenset({"folder", "done", "total", "unit"}),
    "feeds": frozenset({"folder", "kept"}),
    "scans": frozenset({"summary", "done", "total", "unit"}),
    "receipts": frozenset({"digest"}),
    "feed_indexes": frozenset({"feeds", "folder"}),
}
"""Chains that hold moments, how often something was tried, folders that are named by chance, and how long it took."""

NATURAL = {
    "households": "reference", "members": "reference", "findings": "reference", "uploads": "batch", "users": "login",
    "organisations": "code", "clients": "client_id",
}  # fmt: skip
SUBJECTS = {"Person": "members", "feed": "uploads", "scan": "scans", "export": "exports", "webhook": "webhooks"}
UNTIED = {"finding_id": "findings", "household_id": "households", "user_id": "users", "review_id": "reviews"}
"""Keys that wait for nobody, and are tied to no row."""

DETAILS = {
    "household": "households", "scan": "scans", "grant": "grants", "decision": "decisions", "inquiry": "inquiries",
    "transition": "transitions", "organisation": "organisations", "review": "reviews", "conclusion": "conclusions",
    "finding": "findings", "verification": "verification_requests", "objection": "objections", "upload": "uploads", "file": "files",
    "person": "members", "referral": "referrals", "order": "payment_orders",
}  # fmt: skip
"""What the details of acts name by its key."""

NOT_TOLD = frozenset({"host"})
"""A receiver's port is found anew for each telling."""

AS_OFTEN = {
    "jobs": ("kind", (webhooks.JOB, indexes.JOB)),
    "audit_events": ("action", ("index.ready", "verification.told_by_feeds")),
}
"""What there is one of each time there is something to send, and each time the upkeep finds other feeds in use, by which open rounds are answered; the last index counts."""

PIECE = re.compile(r"(?P<kind>[A-Z]\w*):(?P<key>\d+)")

PROGRESS = ("upload", "scan")
"""Topics of the outbox that tell how far something is, more or less often."""

Rows = dict[str, list[str]]
Names = Mapping[str, Mapping[int, str]]


async def ending(engine: AsyncEngine, vault: Vault) -> Rows:
    """By table its rows, sorted."""
    async with reading(engine) as connection:
        names = {each.name: await _names(connection, each) for each in Base.metadata.sorted_tables}
        return {
            each.name: await _rows(connection, each, names, vault)
            for each in Base.metadata.sorted_tables
            if each.name not in LEFT_OUT
        }


async def _names(connection: AsyncConnection, table: Table) -> dict[int, str]:
    """What rows are called by their keys: by what they are called everywhere, else by their order."""
    if "id" not in table.c:
        return {}
    column = table.c[NATURAL.get(table.name, "id")]
    rows = await connection.execute(select(table.c.id, column).order_by(table.c.id))
    natural = table.name in NATURAL
    return {row[0]: str(row[1]) if natural else f"{table.name} {place}" for place, row in enumerate(rows, start=1)}


async def _rows(connection: AsyncConnection, table: Table, names: Names, vault: Vault) -> list[str]:
    columns = [each for each in table.c if each.name not in NOTHING_TO_TELL.get(table.name, frozenset()) | {"id"}]
    found = []
    for row in (await connection.execute(select(*table.c).order_by(*table.primary_key))).mappings():
        told = {each.name: _told(each, dict(row), names, vault) for each in columns}
        found.append(json.dumps(told, ensure_ascii=False, sort_keys=True, default=str))
    if table.name in AS_OFTEN:
        column, values = AS_OFTEN[table.name]
        found = [each for each in found if json.loads(each)[column] not in values]
    if table.name == "feed_indexes":
        found = found[-1:]
    if table.name == "outbox":
        progress = {each for each in found if json.loads(each)["topic"] in PROGRESS}
        found = [*(each for each in found if each not in progress), *progress]
    return sorted(found)


def _told(column: Column[Any], row: Mapping[str, Any], names: Names, vault: Vault) -> Any:
    """A value as every telling has it: rows by what they are called, what is sealed opened, moments as moments."""
    value = row[column.name]
    if value is None:
        return None
    if column.foreign_keys or column.name in UNTIED:
        return _of(column, value, names)
    if column.name == "subject":
        return _subject(row, value, names)
    if column.table.name == "tasks" and column.name == "reference":
        return _occasion(value, row["detail"] or {}, names)
    if isinstance(column.type, UtcDateTime):
        return "a moment"
    if isinstance(column.type, LargeBinary):
        return _opened(vault, f"{column.table.name}.{column.name}", value)
    if isinstance(value, list):
        return [_evidence(each, names) for each in value]
    return _named(value, names) if isinstance(value, dict) else value


def _evidence(piece: Any, names: Names) -> Any:
    """What a decision rests on, `StopProposal:1`, by what the row is called: a transaction that was killed has used up a key."""
    if not isinstance(piece, str) or not (found := PIECE.fullmatch(piece)):
        return piece
    model = getattr(models, found["kind"], None)
    return piece if model is None else f"{found['kind']}:{names[model.__tablename__].get(int(found['key']), piece)}"


def _occasion(reference: str, detail: Mapping[str, Any], names: Names) -> str:
    """What a task stands for, `INQUIRY_DUE:7`: the row that its detail names by the same key, by what that is called."""
    kind, _, key = reference.partition(":")
    called = {str(each): names[DETAILS[name]].get(each) for name, each in detail.items() if name in DETAILS}
    return f"{kind}:{called.get(key) or key}"


def _of(column: Column[Any], value: Any, names: Names) -> Any:
    """What the row is called that a key names; of several keys that hold the same, the one to a row by its id."""
    for key in column.foreign_keys:
        if key.column.name == "id":
            return names[key.column.table.name].get(value, value)
    return names[UNTIED[column.name]].get(value, value) if column.name in UNTIED else value


def _subject(row: Mapping[str, Any], key: int, names: Names) -> str:
    """What an act, an event, a message or a job is about."""
    kind = str(row.get("subject_type") or row.get("topic") or row.get("kind"))
    model = getattr(models, kind if kind[0].isupper() and not kind.isupper() else kind.title().replace("_", ""), None)
    table = SUBJECTS.get(kind) or (model.__tablename__ if model is not None else None)
    return f"{kind} {key}" if table is None else names[table].get(key, f"{kind} that is gone")


def _named(value: Mapping[str, Any], names: Names) -> Any:
    """A detail in which rows stand by what they are called."""
    told = {key: each for key, each in value.items() if key not in NOT_TOLD}
    return {
        key: names[DETAILS[key]].get(each, each) if key in DETAILS and isinstance(each, int) else each
        for key, each in told.items()
    }


def _opened(vault: Vault, column: str, value: bytes) -> str:
    """What was sealed; what is a digest, as it is."""
    try:
        return vault.open(column, value) or ""
    except (NotOurs, ValueError):
        return value.hex()


def differing(one: Rows, other: Rows) -> dict[str, tuple[list[str], list[str]]]:
    """By table the rows that are in one ending alone, and in the other alone."""
    found = {}
    for name in one:
        here, there = Counter(one[name]), Counter(other[name])
        if here != there:
            found[name] = (list((here - there).elements()), list((there - here).elements()))
    return found


def once(rows: Rows) -> None:
    """Every job is done, one for each batch and scan; no act and no conclusion stands twice."""
    jobs = [json.loads(each) for each in rows["jobs"]]
    assert {each["state"] for each in jobs} == {"DONE"}
    assert len({(each["kind"], each["subject"]) for each in jobs}) == len(jobs)
    assert {json.loads(each)["state"] for each in rows["webhook_deliveries"]} == {"DELIVERED"}
