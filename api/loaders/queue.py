"""The queue of leads: those that are opened, and those that wait for their turn, each in its order; and how it stands (F-21)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import String, and_, bindparam, func, or_, select, text

from api import scope
from api.database import among
from api.domain import divisions, queue
from api.domain.accounts import UserKind
from api.domain.permissions import MATRIX, Permission
from api.loaders import findings
from api.loaders.conditions import in_division
from api.loaders.pages import By, Listing
from api.loaders.reading import Reading
from api.matching import policy
from api.models import Finding, Household, User, table
from api.models.findings import LIVE

F, H, U = table(Finding).c, table(Household).c, table(User).c
A_WEEK = "review.leads_per_week"
REVIEWERS = sorted(role for role, permitted in MATRIX.items() if Permission.REVIEW_FINDING in permitted)

STANDS = and_(text(f"findings.{LIVE}"), F.queue_place.is_not(None))
"""What stands in the queue."""

OPENED, WAITING = F.opened_on.is_not(None), F.opened_on.is_(None)
_QUEUE = scope.narrow(
    select(*findings.COLUMNS).join(Household, H.id == F.household_id), H.division_code.concat("")
).where(findings.SHOWN, STANDS)
"""Its range of divisions is told so that no index answers it: then the first leads are read in their order, and no other."""

LISTING = Listing(
    "queue",
    _QUEUE,
    F.id,
    {**findings.LISTING.filters, "opened": OPENED, "waiting": WAITING},
    {**findings.LISTING.orders, "PLACE": By(F.queue_place, int)},
)

_STANDING = scope.narrow(
    select(
        func.count(F.opened_on).label("opened"),
        (func.count() - func.count(F.opened_on)).label("waiting"),
    )
    .select_from(Finding)
    .join(Household, H.id == F.household_id),
    H.division_code,
).where(STANDS, findings.SHOWN, in_division(H.division_code))
_AT_WORK = (
    scope.narrow_to_line(select(U.division_code, func.count().label("reviewers")), U.division_code)
    .where(U.kind == UserKind.PERSON, U.active, U.role.in_(REVIEWERS))
    .where(or_(among(U.division_code, "above", String), in_division(U.division_code)))
    .group_by(U.division_code)
    .order_by(U.division_code)
)
_THIS_WEEK = (
    scope.narrow(
        select(F.opened_for, func.count().label("opened"))
        .select_from(Finding)
        .join(Household, H.id == F.household_id),
        H.division_code,
    )
    .where(in_division(H.division_code), F.opened_on >= bindparam("monday"))
    .group_by(F.opened_for)
)


@dataclass(frozen=True, slots=True)
class Unit:
    """Reviewers of a division: how many they are, how many leads they are given in a week, and were given in this one."""

    division_code: str
    reviewers: int
    a_week: int
    opened_this_week: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How the queue of a division stands."""

    monday: dt.date
    opened: int
    waiting: int
    units: tuple[Unit, ...]


async def standing(reading: Reading, code: str) -> Standing:
    """How many leads of a division are opened and how many wait, and for whose reviewers."""
    low, high = divisions.span(code)
    monday = queue.monday(reading.today)
    asked: Mapping[str, object] = {
        "division_from": low,
        "division_to": high,
        "above": divisions.chain(code),
        "monday": monday,
    }
    (counted,) = await reading.rows(_STANDING, asked)
    this_week = {row.opened_for: row.opened for row in await reading.rows(_THIS_WEEK, asked)}
    units = tuple(
        Unit(
            row.division_code,
            row.reviewers,
            row.reviewers * policy.whole(A_WEEK, reading.today, row.division_code),
            this_week.get(row.division_code, 0),
        )
        for row in await reading.rows(_AT_WORK, asked)
    )
    return Standing(monday, counted.opened, counted.waiting, units)
