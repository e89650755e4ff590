"""What is done without anybody asking: things whose day has come.

Each is done in a transaction of its own, and again is as good as once; none changes anything for the worse.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable

from sqlalchemy.ext.asyncio import AsyncConnection

from api.sealing import Vault
from api.services import (
    blind,
    donations,
    entitlement_tasks,
    indexes,
    notices,
    objections,
    overdue,
    queue,
    retention,
    rounds,
    rule_quality,
    scan_schedules,
    snapshots,
    uploads,
    watches,
)

Chore = Callable[[AsyncConnection, Vault, dt.datetime], Awaitable[int]]

CHORES: dict[str, Chore] = {
    "scans": scan_schedules.ask,
    "notices": notices.take_down,
    "objections": objections.escalate,
    "overdue": overdue.remind,
    "reminders": watches.remind,
    "rounds": rounds.remind,
    "entitlements": entitlement_tasks.remind,
    "rules": rule_quality.chore,
    "queue": queue.chore,
    "blind": blind.chore,
    "pledges": donations.lapse,
    "snapshots": snapshots.monthly,
    "uploads": uploads.expire,
    "indexes": indexes.look,
    "retention": retention.chore,
}
"""By name, in the order in which they are done; each returns how many things it changed."""
