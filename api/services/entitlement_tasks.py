"""Aid that may be due and is not received becomes somebody's task, once an occasion; it ends by itself where it is due no more.

An occasion is a programme (or a rule's open finding that names none) for a household, or somebody in it, in a year. It
rests on findings of the rules on unmet entitlement, and on the catalogue where all that it asks for is likely. Whatever
a task ended as, the same occasion is not opened again, unless it ended only since its rule was set aside, and that is back.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Date, Row, and_, bindparam, exists, not_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import scope, workdays
from api.database import among, skip_locked
from api.domain import days, divisions, entitlements
from api.domain.casework import TaskKind, TaskState
from api.domain.catalogue import ChainLink, GrantedTo
from api.domain.entitlements import LEADS, SCHOOLING, AidStanding, NoLongerDue
from api.domain.grants import OnceFor
from api.domain.review import ENDED, Outcome
from api.domain.stages import ACTIVE
from api.matching import policy
from api.models import Finding, FindingPerson, Household, Review, Task, table
from api.sealing import Vault
from api.services import education, tasks
from api.services.entitlements import Day, Home, assess, homes, standing_of
from api.services.tasks import Due

WORKING_DAYS = "entitlement.working_days"
MOST_HOUSEHOLDS = 200
"""How many households one round looks at; the next rounds look at the others."""

F, H, P, T = (table(each).c for each in (Finding, Household, FindingPerson, Task))
V = table(Review).c
_CONFIRMED = exists().where(V.id == F.review_id, V.outcome == Outcome.ENTITLEMENT_CONFIRMED)
_RAISED = and_(F.rule_id.in_(sorted(LEADS)), F.withdrawn_because.is_(None), or_(F.state.not_in(ENDED), _CONFIRMED))
_ASIDE = scope.in_shadow(F, H.division_code)
_STANDS = and_(_RAISED, not_(_ASIDE))
"""A lead on unmet entitlement that is open, of a rule that is not set aside, or that a reviewer has confirmed; and that no scan has withdrawn."""
_HAS_LEAD = exists().where(F.household_id == H.id, _STANDS)
_HAS_TASK = exists().where(T.household_id == H.id, T.kind == TaskKind.ENTITLEMENT, T.state == TaskState.OPEN)
_WAITING = (
    select(H.id)
    .where(
        or_(H.entitlements_on.is_(None), H.entitlements_on < bindparam("day", type_=Date())),
        or_(H.stage.in_(sorted(ACTIVE)), _HAS_LEAD, _HAS_TASK),
    )
    .order_by(H.entitlements_on.asc().nulls_first(), H.id)
    .limit(MOST_HOUSEHOLDS)
)
"""Whoever waited longest goes first: where a day has not rounds enough for all, nobody is left out for good."""

_LEADS = (
    select(F.id, F.household_id, F.rule_id)
    .join(Household, H.id == F.household_id)
    .where(among(F.household_id, "households"), _STANDS)
    .order_by(F.id)
)
_SET_ASIDE = (
    select(F.id).join(Household, H.id == F.household_id).where(among(F.household_id, "households"), _RAISED, _ASIDE)
)
_WHOM = select(P.finding_id, P.member_id).where(among(P.finding_id, "findings"))
_THERE = (
    select(T.id, T.household_id, T.member_id, T.reference, T.state, T.detail)
    .where(among(T.household_id, "households"), T.kind == TaskKind.ENTITLEMENT)
    .order_by(T.id)
)


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a task asks for: which programme and for whom, and what says so."""

    name: str
    member_id: int | None
    programme: str | None
    rule: str | None = None
    finding: int | None = None
    instead: tuple[str, ...] = ()
    link: ChainLink | None = None

    @property
    def whose(self) -> tuple[str, int | None]:
        """What makes two of them the same, in one household and year."""
        return self.name, self.member_id


async def remind(connection: AsyncConnection, vault: Vault, now: dt.datetime) -> int:
    """Households that nobody looked at today have a task for each occasion, and none for what is due no more; how many changed."""
    today = days.today(now)
    keys = [*await connection.scalars(skip_locked(_WAITING, connection), {"day": today})]
    changed = await look_at(connection, keys, now)
    looked_at = update(Household).where(among(H.id, "households")).values(entitlements_on=today)
    await connection.execute(looked_at, {"households": keys})
    return changed


async def look_again(connection: AsyncConnection, division: str) -> None:
    """A scan spoke of this division: the next round looks at its households that have leads or tasks, whatever day it is.

    Those that somebody else is changing are looked at when their day comes: a scan waits for nobody, nor does anybody for it.
    """
    low, high = divisions.span(division)
    theirs = and_(H.division_code >= low, H.division_code < high, H.entitlements_on.is_not(None))
    again = select(H.id).where(theirs, or_(_HAS_LEAD, _HAS_TASK)).order_by(H.id)
    keys = [*await connection.scalars(skip_locked(again, connection))]
    changed = update(Household).where(among(H.id, "households")).values(entitlements_on=None)
    await connection.execute(changed, {"households": keys})


async def look_at(connection: AsyncConnection, households: Sequence[int], now: dt.datetime) -> int:
    """The same for these households; how many tasks were opened and ended."""
    if not households:
        return 0
    today, by_division = days.today(now), dict[str, Day]()
    leads, there = await _leads(connection, households), defaultdict[int, list[Any]](list)
    aside = {*await connection.scalars(_SET_ASIDE, {"households": list(households)})}
    for row in await connection.execute(_THERE, {"households": list(households)}):
        there[row.household_id].append(row)
    due, changed = list[Due](), 0
    for home in await homes(connection, households, today, cleared=True):
        code = home.division_code
        day = by_division.get(code) or by_division.setdefault(code, Day.of(today, code))
        held = {(row.detail["occasion"], row.member_id): row for row in there[home.id] if row.state == TaskState.OPEN}
        wanted = _wanted(home, day, leads.get(home.id, []), held)
        taken = {row.reference: row for row in there[home.id]}
        for occasion in wanted.values():
            reference = _reference(home, occasion, day)
            before = taken.get(reference)
            if occasion.whose in held:
                continue
            asked = _due(home, occasion, day, reference)
            if before is None:
                due.append(asked)
            elif before.detail.get("because") == NoLongerDue.RULE_SET_ASIDE:
                changed += await tasks.needed_again(connection, before.id, asked.due_on, asked.detail or {})
        for whose, row in held.items():
            if whose not in wanted:
                detail = {**row.detail, "because": _because(home, day, row, aside)}
                changed += await tasks.not_needed(connection, row.id, detail, now)
    for start in range(0, len(due), tasks.MOST_AT_ONCE):
        changed += await tasks.open_due(connection, due[start : start + tasks.MOST_AT_ONCE], now)
    return changed


def _wanted(
    home: Home, day: Day, leads: Sequence[tuple[int, str, int | None]], held: Collection[tuple[str, int | None]]
) -> dict[tuple[str, int | None], Occasion]:
    """The household's occasions: of its open findings, then of the catalogue.

    Aid on record without its months opens nothing, and ends nothing that is `held` already: nobody knows whether it is received.
    """
    found: dict[tuple[str, int | None], Occasion] = {}
    for finding, rule, member in leads:
        lead = LEADS[rule]
        entry = day.entries.get(lead.programme or "")
        if lead.programme is not None and entry is None:
            continue  # there is no such programme here any more
        if entry is not None and entry.units[0] is GrantedTo.HOUSEHOLD:
            member = None
        if member is not None and member not in home.members:
            continue  # whom it was about lives there no more, and it says nothing of the others
        name = entitlements.occasion(lead.programme, entry.once if entry else None, rule)
        link = education.turn(home, day, member, entry)
        occasion = Occasion(name, member, lead.programme, rule, finding, _instead(day, name, lead.programme), link)
        if _settled(home, day, occasion) is None:
            found.setdefault(occasion.whose, occasion)
    if home.stage not in ACTIVE or home.file_id is None:
        return found
    for each in assess(home, day, only_likely=True):
        code, once = each.entry.code, each.entry.once
        name = entitlements.occasion(code, once, None)
        waits = (name, each.member_id) in held
        open_to = {AidStanding.NONE_KNOWN} | ({AidStanding.UNKNOWN} if waits else set())
        if each.standing in open_to and not each.refused and not each.entry.season:
            link = education.turn(home, day, each.member_id, each.entry)
            occasion = Occasion(name, each.member_id, code, instead=_instead(day, name, code), link=link)
            if _settled(home, day, occasion, unknown=not waits) is None:
                found.setdefault(occasion.whose, occasion)
    return found


def _settled(home: Home, day: Day, occasion: Occasion, *, unknown: bool = False) -> AidStanding | None:
    """How what the occasion asks for is settled already; None where it is not. `unknown`: by aid whose months nobody knows, too.

    Of several programmes that are each enough, one that is received or under way settles it, and one that was declined
    only where the task was to ask for it.
    """
    enough = {AidStanding.RECEIVED, AidStanding.UNDER_WAY} | ({AidStanding.UNKNOWN} if unknown else set())
    for code in (occasion.programme, *occasion.instead):
        entry = day.entries.get(code or "")
        standing = None if entry is None else standing_of(home, day, entry, occasion.member_id)
        if standing in enough or (standing is AidStanding.DECLINED and code == occasion.programme):
            return standing
    return None


def _instead(day: Day, name: str, programme: str | None) -> tuple[str, ...]:
    """The other programmes that would be enough for the same occasion."""
    if name != SCHOOLING:
        return ()
    return tuple(code for code, each in day.entries.items() if each.once is OnceFor.SCHOOL_YEAR and code != programme)


def _reference(home: Home, occasion: Occasion, day: Day) -> str:
    year = entitlements.year(occasion.name, day.today, day.first_month)
    return f"{TaskKind.ENTITLEMENT}:{home.id}:{occasion.member_id or 0}:{occasion.name}:{year}"


def _due(home: Home, occasion: Occasion, day: Day, reference: str) -> Due:
    detail: dict[str, Any] = {"occasion": occasion.name}
    for name in ("programme", "rule", "finding", "instead", "link"):
        if value := getattr(occasion, name):
            detail[name] = value
    until = workdays.add(day.today, policy.whole(WORKING_DAYS, day.today, day.division_code))
    return Due(reference, TaskKind.ENTITLEMENT, home.id, home.file_id, until, detail, occasion.member_id)


def _because(home: Home, day: Day, task: Row[*tuple[Any, ...]], aside: Collection[int]) -> NoLongerDue:
    """Why a task's occasion is none any more: who is gone, then what is received, then what no longer says so.

    `aside` are leads that stand, of rules that are set aside.
    """
    told: Mapping[str, Any] = task.detail
    if task.member_id is not None and task.member_id not in home.members:
        return NoLongerDue.MEMBER_LEFT
    occasion = Occasion(
        told["occasion"], task.member_id, told.get("programme"), instead=tuple(told.get("instead", ()))
    )
    settled = _settled(home, day, occasion)
    if settled is not None:
        return NoLongerDue(settled)
    if "finding" in told:
        return NoLongerDue.RULE_SET_ASIDE if told["finding"] in aside else NoLongerDue.LEAD_WITHDRAWN
    return NoLongerDue.FILE_CLOSED if home.stage not in ACTIVE else NoLongerDue.NOT_LIKELY


async def _leads(
    connection: AsyncConnection, households: Collection[int]
) -> dict[int, list[tuple[int, str, int | None]]]:
    """By household the findings that are neither closed nor withdrawn: key, rule, and of whom, where it is one."""
    standing = (await connection.execute(_LEADS, {"households": list(households)})).all()
    whom = defaultdict[int, list[int]](list)
    for person in await connection.execute(_WHOM, {"findings": [each.id for each in standing]}):
        whom[person.finding_id].append(person.member_id)
    found = defaultdict[int, list[tuple[int, str, int | None]]](list)
    for row in standing:
        alone = whom[row.id][0] if len(whom[row.id]) == 1 else None
        found[row.household_id].append((row.id, row.rule_id, alone))
    return found
