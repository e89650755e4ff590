"""What stands beside a grant that is asked for: all aid its people have, whoever pays it and wherever, and what it asks for.

All of the same humans' aid counts, in other households, counties and agencies too (members.person_id). Of another
household nothing is told but the programme, the agency and the months; the agency of a protected one is not, either (F-29).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import BigInteger, Row, String, and_, bindparam, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api import scope
from api.database import among
from api.domain import days, grants
from api.domain.casework import path
from api.domain.catalogue import ConditionKind, Entry, GrantedTo
from api.domain.errors import NotDone, UserErrorCode
from api.domain.grants import Correction, Finding, GrantEffect, GrantFindingKind, GrantPeriod
from api.domain.permissions import Viewer
from api.domain.stages import ACTIVE
from api.matching import catalogue, compatibility, policy
from api.matching.compatibility import Asked, Held, Span
from api.models import Cause, Claim, Cost, CostShare, Enrolment, File, Grant, Household, Member, Programme, table

MOST_MONTHS = "grant.most_months"
OF_FILE, OF_GRANT = "FILE", "GRANT:"
"""`source_record` of what a household's own file names, and how that of a grant of ours begins."""

E, F, G, H, M, P = (table(each).c for each in (Enrolment, File, Grant, Household, Member, Programme))
C, B, S, L = (table(each).c for each in (Cause, Cost, CostShare, Claim))
_HOME = scope.narrow(
    select(H.id, H.division_code, H.stage, F.id.label("file_id"), F.opened_on, F.category, F.organisation_id)
    .outerjoin(File, and_(F.household_id == H.id, F.closed_on.is_(None)))
    .where(H.id == bindparam("household")),
    H.division_code,
)
_MEMBERS = select(M.id, M.person_id, M.household_id, M.valid_from, M.valid_to, M.left_on)
_AT_HOME = _MEMBERS.where(M.household_id == bindparam("household"))
_ANYWHERE = _MEMBERS.where(among(M.person_id, "people"))
_CLAIMED = (
    select(L.id, L.grant_id, L.person_id, L.month, L.cell, G.household_id, G.first_month, G.last_month, F.closed_on)
    .join(Grant, G.id == L.grant_id)
    .join(File, F.id == G.file_id)
    .where(among(L.person_id, "people"), L.grant_id != bindparam("grant"))
)
_CAUSES = select(C.id, C.cause).where(C.file_id == bindparam("file"), C.resolved_on.is_(None))
_HELD = (
    select(
        E.id, E.household_id, E.member_id, E.programme_code, E.agency, E.start_month, E.end_month, E.amount_fen,
        E.source_record, E.cause.label("said"), P.unit, G.id.label("grant_id"), G.period, G.cost_id,
        G.member_id.label("granted_to"), G.amount_fen.label("granted_fen"), C.cause,
        F.closed_on,
        scope.protects_household(E.household_id).label("protected"),
    )
    .join(Programme, P.code == E.programme_code)
    .outerjoin(Grant, G.enrolment_id == E.id)
    .outerjoin(Cause, C.id == G.cause_id)
    .outerjoin(File, F.id == G.file_id)
    .where(
        among(E.household_id, "households"),
        or_(E.end_month.is_(None), E.end_month >= bindparam("since")),
        or_(E.start_month.is_(None), E.start_month <= bindparam("until")),
    )
    .order_by(E.id)
)  # fmt: skip
_BILLS = (
    select(B.id, B.household_id, B.reference, B.cost_fen, B.member_id, M.person_id)
    .outerjoin(Member, M.id == B.member_id)
    .where(or_(B.household_id == bindparam("household"), M.person_id == bindparam("person", type_=BigInteger())))
    .order_by(B.id)
)
"""The household's bills, and those of the same human wherever they lived."""

_SHARES = select(S.programme_code, S.amount_fen, S.grant_id).where(among(S.cost_id, "costs"))
_PROGRAMMES = select(P.code).where(among(P.code, "codes", String))


@dataclass(frozen=True, slots=True)
class Bill:
    """A bill that is to be paid in part, by its reference: what it came to, and what it says that others paid of it."""

    reference: str
    incurred_on: dt.date
    cost_fen: int
    paid: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for: for which household, under which programme, which months, how much a period, and for what."""

    household_id: int | None
    programme: str
    first: dt.date
    last: dt.date
    period: GrantPeriod
    amount_fen: int
    member_id: int | None = None
    cause_id: int | None = None
    bill: Bill | None = None


@dataclass(frozen=True, slots=True)
class Looked:
    """What is asked for as it was understood, and all that was found."""

    household_id: int
    file_id: int
    division_code: str
    organisation_id: int | None
    asked: Asked
    entry: Entry
    findings: tuple[Finding, ...]
    members: Mapping[int, int]
    """The household's memberships by human; findings name people by them."""
    cost_id: int | None
    once_for: str | None


async def look(connection: AsyncConnection, viewer: Viewer, request: Request, now: dt.datetime) -> Looked:
    """All that stands beside what is asked for. Raises NotDone: no such household or programme, or no active file (F-37)."""
    home = await _home(connection, viewer, request.household_id)
    entry = _entry(request, home.division_code)
    most = policy.whole(MOST_MONTHS, request.first, home.division_code)
    grants.checked_months(request.first, request.last, request.period, most)
    grants.checked_amount(request.amount_fen)
    if home.opened_on is not None and request.first < home.opened_on.replace(day=1):
        raise NotDone(
            UserErrorCode.INVALID,
            path("firstMonth"),
            f"该户于 {home.opened_on:%Y-%m} 建档，此前月份不能给予帮扶。",
            f"Its file was opened in {home.opened_on:%Y-%m}, and no aid is granted for months before that.",
        )
    members = (await connection.execute(_AT_HOME, {"household": home.id})).all()
    people, of_whom = _people(request, entry, members)
    pending = {row.id: row.cause for row in await connection.execute(_CAUSES, {"file": home.file_id})}
    if request.cause_id is not None and request.cause_id not in pending:
        raise NotDone(
            UserErrorCode.NOT_FOUND,
            path("causeId"),
            "该户档案没有此未消除的致困原因。",
            "The household's file names no such cause that is not resolved.",
        )
    whose = None if request.member_id is None else of_person(members, request.member_id)
    cost_id, bills, over = await _bill(connection, request, home, whose)
    rules = policy.in_force()
    asked = Asked(
        request.programme, request.first, request.last, request.period, request.amount_fen, people,
        home.division_code, entry.once, pending.get(request.cause_id or 0), cost_id or (0 if request.bill else None),
    )  # fmt: skip
    held, own = await _held(connection, viewer, home.id, asked, compatibility.window(rules, asked), bills)
    found = [
        *(_of_household(each, of_whom, own) for each in compatibility.met(rules, asked, held)),
        *over,
        *_conditions(entry, request, home.category, frozenset(pending.values())),
    ]
    order = list(GrantEffect)
    return Looked(
        home.id, home.file_id, home.division_code, home.organisation_id, asked, entry,
        tuple(sorted(found, key=lambda each: order.index(each.effect))), of_whom, cost_id,
        compatibility.once_for(rules, asked, request.cause_id),
    )  # fmt: skip


async def _home(connection: AsyncConnection, viewer: Viewer, household_id: int | None) -> Row[*tuple[Any, ...]]:
    found = await connection.execute(_HOME, {**scope.of(viewer), "household": household_id})
    home = found.one_or_none()
    if home is None:
        raise NotDone(UserErrorCode.NOT_FOUND, path("householdId"), "没有此户。", "There is no such household.")
    if home.file_id is None or home.stage not in ACTIVE:
        raise NotDone(
            UserErrorCode.INVALID,
            path("householdId"),
            "该户没有在档的档案：先建档、后帮扶。",
            "The household has no active file, and without one no aid is granted.",
        )
    return home


def _entry(request: Request, division: str) -> Entry:
    """The programme, if money is granted to households under it. Raises NotDone."""
    entry = catalogue.programme(request.programme, request.first, division)
    if entry is None:
        raise NotDone(
            UserErrorCode.NOT_FOUND,
            path("programmeCode"),
            "该月当地没有此项目。",
            "There is no such programme there in that month.",
        )
    if set(entry.units) == {GrantedTo.EMPLOYER} or not entry.periods:
        raise NotDone(
            UserErrorCode.INVALID,
            path("programmeCode"),
            "该项目不向家庭或个人发放款项。",
            "Under this programme no money is granted to households or people.",
        )
    if request.period not in entry.periods:
        raise NotDone(
            UserErrorCode.INVALID,
            path("period"),
            f"该项目的发放周期为：{'、'.join(entry.periods)}。",
            f"It is granted by: {', '.join(entry.periods)}.",
        )
    return entry


def _people(
    request: Request, entry: Entry, members: Sequence[Row[*tuple[Any, ...]]]
) -> tuple[dict[int, Span], dict[int, int]]:
    """The humans that it is for with their months, and their memberships. Raises NotDone."""
    if entry.units[0] is GrantedTo.PERSON and request.member_id is None:
        raise NotDone(
            UserErrorCode.REQUIRED,
            path("personId"),
            "该项目给予个人，请指明受助人。",
            "It is granted to a person: say to whom.",
        )
    of_one = request.member_id is not None and entry.units[0] is GrantedTo.PERSON
    people, of_whom = dict[int, Span](), dict[int, int]()
    for row in members:
        of_whom[row.person_id] = row.id
        first, last = _membership(row)
        first, last = max(first, request.first), min(last, request.last)
        if first <= last and (not of_one or row.id == request.member_id):
            people[row.person_id] = (first, last)
    there = {row.id for row in members if row.person_id in people}
    if not people or (request.member_id is not None and request.member_id not in there):
        raise NotDone(
            UserErrorCode.NOT_FOUND,
            path("personId"),
            "此人在该期间不是该户成员。",
            "This person is not in the household in these months.",
        )
    if of_one and people[of_person(members, request.member_id)] != (request.first, request.last):
        raise NotDone(
            UserErrorCode.INVALID,
            path("lastMonth"),
            "此人在该期间的部分月份不是该户成员。",
            "This person is not in the household in all of these months.",
        )
    return people, of_whom


def of_person(members: Sequence[Row[*tuple[Any, ...]]], member_id: int | None) -> int:
    """The human behind a membership."""
    return next(int(row.person_id) for row in members if row.id == member_id)


async def let_go(connection: AsyncConnection, grant_id: int, taken: Collection[tuple[int, dt.date, str]]) -> None:
    """Months that this grant takes up and others hold for nothing are theirs no longer: nothing is paid for them there.

    A month is held for nothing where the person was not in that household then, or its file was closed before. What is
    held beyond a grant's own months, for a school year, is let go only for whoever was in the household in none of these.
    """
    wanted, people = set(taken), sorted({person for person, _, _ in taken})
    rows = (await connection.execute(_CLAIMED, {"people": people, "grant": grant_id})).all()
    homes: dict[tuple[int, int], list[Span]] = defaultdict(list)
    for kin in await connection.execute(_ANYWHERE, {"people": people}):
        homes[kin.person_id, kin.household_id].append(_membership(kin))
    gone = set[tuple[int, int, dt.date]]()
    for row in rows:
        spans = homes[row.person_id, row.household_id]
        if row.first_month <= row.month <= row.last_month:
            there = any(first <= row.month <= last for first, last in spans)
            idle = not there or (row.closed_on is not None and row.month > row.closed_on)
        else:
            idle = not any(first <= row.last_month and row.first_month <= last for first, last in spans)
        if idle and (row.person_id, row.month, row.cell) in wanted:
            gone.add((row.grant_id, row.person_id, row.month))
    keys = [row.id for row in rows if (row.grant_id, row.person_id, row.month) in gone]
    if keys:
        await connection.execute(delete(Claim).where(among(L.id, "keys")), {"keys": keys})


def _membership(row: Row[*tuple[Any, ...]]) -> Span:
    """The months in which a membership stood; the month in which it ended counts unless it ended on its first day."""
    ends = [each for each in (row.valid_to, row.left_on) if each is not None]
    last = min(ends) - dt.timedelta(days=1) if ends else dt.date.max
    return (row.valid_from or dt.date(1900, 1, 1)).replace(day=1), last.replace(day=1)


async def _held(
    connection: AsyncConnection, viewer: Viewer, household_id: int, asked: Asked, window: Span, bills: frozenset[int]
) -> tuple[list[Held], frozenset[int]]:
    """All aid that these people have in the window, each as often as it is for one of them; and which is the household's."""
    rows = (await connection.execute(_ANYWHERE, {"people": list(asked.people)})).all()
    homes: dict[int, list[Row[*tuple[Any, ...]]]] = {}
    for kin in rows:
        homes.setdefault(kin.household_id, []).append(kin)
    since, until = window
    told = {"households": sorted(homes), "since": since, "until": until}
    found, own = [], set()
    for row in await connection.execute(_HELD, told):
        if row.household_id == household_id:
            own.add(row.id)
        of_file = row.source_record == OF_FILE and row.household_id == household_id
        if of_file and row.programme_code == asked.programme:
            continue  # what the file says it is in is what is granted here
        member = row.granted_to if row.grant_id else row.member_id
        everybody = member is None or row.unit == GrantedTo.HOUSEHOLD
        for kin in homes[row.household_id]:
            if everybody or kin.id == member:
                held = _as_held(row, kin, everybody, hidden=bool(row.protected) and not viewer.cleared)
                if held is not None:
                    found.append(replace(held, bill=asked.bill) if held.bill in bills else held)
    return found, frozenset(own)


def _of_household(found: Finding, members: Mapping[int, int], own: frozenset[int]) -> Finding:
    """The same, told by the household's memberships and enrolments alone."""
    return replace(
        found,
        people=tuple(sorted(members[each] for each in found.people)),
        enrolments=tuple(each for each in found.enrolments if each in own),
    )


def _as_held(row: Row[*tuple[Any, ...]], kin: Row[*tuple[Any, ...]], everybody: bool, *, hidden: bool) -> Held | None:
    first, last = row.start_month, row.end_month
    if row.closed_on is not None and first is not None:  # nothing of a grant is paid once its file is closed
        last = min(last or dt.date.max.replace(day=1), row.closed_on.replace(day=1))
        if first > last:
            return None
    if everybody and first is not None:
        there, gone = _membership(kin)
        first, last = max(first, there), min(last or dt.date.max.replace(day=1), gone)
        if first > last:
            return None
    return Held(
        key=row.id,
        person=kin.person_id,
        programme=row.programme_code,
        first=first,
        last=last,
        amount_fen=row.granted_fen if row.grant_id else row.amount_fen,
        agency=None if hidden else row.agency,
        period=GrantPeriod(row.period) if row.period else GrantPeriod.MONTH,
        cause=row.cause if row.grant_id else row.said,
        bill=row.cost_id,
        ours=row.grant_id is not None,
    )


async def _bill(
    connection: AsyncConnection, request: Request, home: Row[*tuple[Any, ...]], person: int | None
) -> tuple[int | None, frozenset[int], list[Finding]]:
    """The bill's key if the household's is known, all keys of the same bill, and what speaks against paying of it.

    The same human's is the same bill in whichever household it was handed in. Raises NotDone where it was told otherwise.
    """
    bill = request.bill
    if bill is None:
        return None, frozenset(), []
    known = set((await connection.scalars(_PROGRAMMES, {"codes": sorted(bill.paid)})).all()) if bill.paid else set()
    if unknown := sorted(bill.paid.keys() - known):
        raise NotDone(
            UserErrorCode.NOT_FOUND,
            path("bill"),
            f"没有此项目：{'、'.join(unknown)}。",
            f"There is no such programme: {', '.join(unknown)}.",
        )
    rows = await connection.execute(_BILLS, {"household": home.id, "person": person})
    same = [row for row in rows if grants.same_reference(row.reference, bill.reference)]
    own = next((row for row in same if row.household_id == home.id), None)
    if any(row.cost_fen != bill.cost_fen for row in same) or (own is not None and own.member_id != request.member_id):
        raise NotDone(
            UserErrorCode.INVALID,
            path("bill"),
            "该单据已登记，金额或人员与此不符。",
            "This bill is recorded already, with another sum or for somebody else.",
        )
    told, granted = dict[str, int](bill.paid if own is None else {}), dict[str, int]()
    keys = [int(row.id) for row in same]
    for row in await connection.execute(_SHARES, {"costs": keys}) if keys else ():
        if row.grant_id is None:
            told[row.programme_code] = max(told.get(row.programme_code, 0), row.amount_fen)
        else:
            granted[row.programme_code] = granted.get(row.programme_code, 0) + row.amount_fen
    paid = {code: told.get(code, 0) + granted.get(code, 0) for code in told.keys() | granted.keys()}
    rules, on, division = policy.in_force(), request.first, home.division_code
    earlier = [each for each in compatibility.before(rules, request.programme, on, division) if each not in paid]
    silent = [
        Finding(GrantFindingKind.NOT_YET_ANSWERED, GrantEffect.WARNS, each, (request.first,)) for each in earlier
    ]
    together = {**paid, request.programme: paid.get(request.programme, 0) + request.amount_fen}
    over, shares = compatibility.over_cost(rules, together, bill.cost_fen, on, division)
    key = None if own is None else int(own.id)
    if over <= 0:
        return key, frozenset(keys), silent
    yielding = request.programme if request.programme in shares else min(shares)
    right = Correction(yielding, (request.first,), min(over, shares[yielding]))
    return (
        key,
        frozenset(keys),
        [
            Finding(
                GrantFindingKind.OVER_COST,
                GrantEffect.REFUSES,
                yielding,
                (request.first,),
                verified=True,
                correction=right,
            ),
            *silent,
        ],
    )


def _conditions(entry: Entry, request: Request, category: str | None, causes: frozenset[str]) -> list[Finding]:
    """What the programme asks for and is not met, is not known, or is for an officer to state."""
    found = []
    for each in entry.conditions:
        met: bool | None = None
        if each.kind is ConditionKind.CATEGORY:
            met = None if category is None else category in each.codes
        elif each.kind is ConditionKind.CAUSE:
            met = bool(causes & set(each.codes))
        elif each.kind is ConditionKind.NAMED_CAUSE:
            met = request.cause_id is not None
        elif each.kind is ConditionKind.BILL:
            met = request.bill is not None
        if met:
            continue
        effect = GrantEffect.WARNS if each.kind is not ConditionKind.STATED else GrantEffect.INFORMS
        if met is False and each.verified:
            effect = GrantEffect.REFUSES
        found.append(
            Finding(
                GrantFindingKind.CONDITION, effect, entry.code, basis=entry.basis, verified=each.verified,
                words=(each.zh, each.en),
            )
        )  # fmt: skip
    return found


def day(now: dt.datetime) -> dt.date:
    """The day of now."""
    return days.today(now)
