"""What is asked for as it is understood, and all that was found: aid beside it, its bill, and what its programme asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Row, and_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api import scope
from api.domain import grants
from api.domain.casework import path
from api.domain.catalogue import ConditionKind, Entry, GrantedTo
from api.domain.entitlements import Known, met
from api.domain.errors import NotDone, UserErrorCode
from api.domain.grants import Finding, GrantEffect, GrantFindingKind, Request
from api.domain.permissions import Viewer
from api.domain.stages import ACTIVE
from api.matching import catalogue, compatibility, policy
from api.matching.compatibility import Asked, Span
from api.models import Cause, File, Household, Member, table
from api.services import beside, bills

MOST_MONTHS = "grant.most_months"

C, F, H, M = (table(each).c for each in (Cause, File, Household, Member))
_HOME = scope.narrow(
    select(H.id, H.division_code, H.stage, F.id.label("file_id"), F.opened_on, F.category, F.organisation_id)
    .outerjoin(File, and_(F.household_id == H.id, F.closed_on.is_(None)))
    .where(H.id == bindparam("household")),
    H.division_code,
)
_MEMBERS = beside.MEMBERS.where(M.household_id == bindparam("household"))
_CAUSES = select(C.id, C.cause).where(C.file_id == bindparam("file"), C.resolved_on.is_(None))


@dataclass(frozen=True, slots=True)
class Looked:
    """What is asked for as it was understood, and all that was found."""

    household_id: int
    file_id: int
    division_code: str
    organisation_id: int | None
    asked: Asked
    findings: tuple[Finding, ...]
    cost_id: int | None
    once_for: str | None


async def look(connection: AsyncConnection, viewer: Viewer, request: Request) -> Looked:
    """What a grant would meet, and nothing is changed. Raises NotDone for what is no grant at all: no such household or
    programme, or no active file (F-37)."""
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
    members = (await connection.execute(_MEMBERS, {"household": home.id})).all()
    people, of_whom = _people(request, entry, members)
    pending = {row.id: row.cause for row in await connection.execute(_CAUSES, {"file": home.file_id})}
    if request.cause_id is not None and request.cause_id not in pending:
        raise NotDone(
            UserErrorCode.NOT_FOUND,
            path("causeId"),
            "该户档案没有此未消除的致困原因。",
            "The household's file names no such cause that is not resolved.",
        )
    whose = next((row.person_id for row in members if row.id == request.member_id), None)
    bill = await bills.look(connection, request, home.id, home.division_code, whose)
    rules = policy.in_force()
    asked = Asked(
        request.programme, request.first, request.last, request.period, request.amount_fen, people,
        home.division_code, entry.once, pending.get(request.cause_id or 0), bill.key or (0 if request.bill else None),
    )  # fmt: skip
    window = compatibility.window(rules, asked)
    held, own = await beside.held(connection, viewer, home.id, asked, window, bill.same)
    found = [
        *(of_household(each, of_whom, own) for each in compatibility.met(rules, asked, held)),
        *bill.findings,
        *_conditions(entry, request, home.category, frozenset(pending.values())),
    ]
    once_for = compatibility.once_for(rules, asked, request.cause_id)
    return Looked(
        home.id, home.file_id, home.division_code, home.organisation_id, asked, grants.ordered(found), bill.key, once_for
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
        first, last = beside.membership(row)
        first, last = max(first, request.first), min(last, request.last)
        if first <= last and (not of_one or row.id == request.member_id):
            people[row.person_id] = (first, last)
    whose = {row.id: row.person_id for row in members}
    if not people or (request.member_id is not None and whose.get(request.member_id) not in people):
        raise NotDone(
            UserErrorCode.NOT_FOUND,
            path("personId"),
            "此人在该期间不是该户成员。",
            "This person is not in the household in these months.",
        )
    if of_one and people[whose[request.member_id]] != (request.first, request.last):
        raise NotDone(
            UserErrorCode.INVALID,
            path("lastMonth"),
            "此人在该期间的部分月份不是该户成员。",
            "This person is not in the household in all of these months.",
        )
    return people, of_whom


def of_household(found: Finding, members: Mapping[int, int], own: frozenset[int]) -> Finding:
    """The same, told by the household's memberships and enrolments alone."""
    return replace(
        found,
        people=tuple(sorted(members[each] for each in found.people)),
        enrolments=tuple(each for each in found.enrolments if each in own),
    )


def _conditions(entry: Entry, request: Request, category: str | None, causes: frozenset[str]) -> list[Finding]:
    """What the programme asks for and is not met, is not known, or is for an officer to state."""
    known = Known(category, causes, named=request.cause_id is not None, bill=request.bill is not None)
    found = []
    for each in entry.conditions:
        fits = met(each, known)
        if fits:
            continue
        effect = GrantEffect.WARNS if each.kind is not ConditionKind.STATED else GrantEffect.INFORMS
        if fits is False and each.verified:
            effect = GrantEffect.REFUSES
        found.append(
            Finding(
                GrantFindingKind.CONDITION, effect, entry.code, basis=entry.basis, verified=each.verified,
                words=(each.zh, each.en),
            )
        )  # fmt: skip
    return found
