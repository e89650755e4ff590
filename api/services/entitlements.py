"""What households, and the people in them, may be due under the programmes here, held against all that is on record of them.

The catalogue's own conditions are asked, as where aid is granted; what they leave open stays open. Many households are
looked at in as many statements as one.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, and_, case, null, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api import scope
from api.database import among
from api.domain.casework import ReferralOutcome, ReferralState
from api.domain.catalogue import Condition, Entry, GrantedTo, Sign
from api.domain.days import CHINA
from api.domain.declarations import DeclaredItem
from api.domain.entitlements import AidStanding, Known, Likelihood, altogether, answer, met, since
from api.domain.grants import Finding, GrantEffect, GrantFindingKind, GrantPeriod, GrantState, OnceFor
from api.domain.people import age
from api.matching import catalogue, compatibility, employment, policy
from api.matching.compatibility import Asked
from api.matching.employment import Work
from api.models import Cause, Declaration, File, Grant, Household, Member, Referral, table
from api.models.standing import stands
from api.services import asking, beside
from api.services.beside import There

FIRST_MONTH = "school_year.first_month"
EARLIEST, LATEST = dt.date(1900, 1, 1), dt.date(9999, 12, 1)
NO_STUDENT = frozenset({Work.PRESCHOOL, Work.JOBLESS, Work.RETIRED, Work.WORKING})
AT_WORK = frozenset({Work.STUDENT, Work.PRESCHOOL, Work.RETIRED, Work.WORKING})

C, D, F, G, H, M, R = (table(each).c for each in (Cause, Declaration, File, Grant, Household, Member, Referral))
_HOMES = (
    select(H.id, H.division_code, H.stage, F.id.label("file_id"), F.category)
    .outerjoin(File, and_(F.household_id == H.id, F.closed_on.is_(None)))
    .where(among(H.id, "households"))
    .order_by(H.id)
)
_TOLD = scope.unless_hidden(scope.protects_member(M.person_id, M.household_id))
"""What somebody declared of their work may tell where they are (F-29): to who is not cleared, nobody protected said anything."""

_PEOPLE = (
    select(
        M.id,
        M.household_id,
        M.person_id,
        M.birth_date,
        case((_TOLD, M.declared_employment), else_=null()).label("declared_employment"),
        M.relation,
    )
    .where(among(M.household_id, "households"), stands(scope.TODAY))
    .order_by(M.id)
)
_SAID = (
    select(D.household_id, D.member_id, D.declared_on, D.word)
    .join(Member, M.id == D.member_id)
    .where(
        among(D.household_id, "households"),
        D.item == DeclaredItem.EMPLOYMENT,
        D.member_id.is_not(None),
        D.word.is_not(None),
        _TOLD,
    )
    .order_by(D.declared_on, D.id)
)
_CAUSES = select(C.household_id, C.cause).join(File, F.id == C.file_id)
_CAUSES = _CAUSES.where(among(C.household_id, "households"), F.closed_on.is_(None), C.resolved_on.is_(None))
_PROPOSED = select(G.household_id, G.member_id, G.programme_code).where(
    among(G.household_id, "households"), G.state == GrantState.PROPOSED
)
_REFERRED = select(R.household_id, R.member_id, R.programme_code, R.state, R.outcome, R.answered_at).where(
    among(R.household_id, "households"),
    R.programme_code.is_not(None),
    or_(R.state != ReferralState.CLOSED, R.outcome != ReferralOutcome.NOT_REACHED),
)


@dataclass(frozen=True, slots=True)
class Assessed:
    """A programme for a household, or for one of its people: how far its conditions are met, and what is on record of it."""

    entry: Entry
    member_id: int | None
    conditions: tuple[tuple[Condition, Likelihood], ...]
    likelihood: Likelihood
    standing: AidStanding
    hinders: tuple[Finding, ...]

    @property
    def refused(self) -> bool:
        """Whether a verified rule lets nobody have it beside what they have."""
        return any(each.effect is GrantEffect.REFUSES for each in self.hinders)


@dataclass(slots=True)
class Home:
    """A household as it is known today, with all aid that its people have, wherever it is paid.

    `said` is what was declared of each person's work, by the day, the latest last.
    """

    id: int
    division_code: str
    stage: str
    file_id: int | None
    category: str | None
    people: list[Row[*tuple[Any, ...]]] = field(default_factory=list)
    causes: set[str] = field(default_factory=set)
    proposed: list[tuple[int | None, str]] = field(default_factory=list)
    referred: list[Row[*tuple[Any, ...]]] = field(default_factory=list)
    aid: list[There] = field(default_factory=list)
    said: dict[int, list[tuple[dt.date, str]]] = field(default_factory=dict)

    @property
    def members(self) -> dict[int, int]:
        """The humans by their membership here."""
        return {row.id: row.person_id for row in self.people}


async def homes(
    connection: AsyncConnection, households: Sequence[int], today: dt.date, *, cleared: bool
) -> list[Home]:
    """These households as they are known to who is cleared for what is said of protected people, or is not; narrowed before."""
    keys = {"households": sorted(households)}
    told = {**keys, scope.CLEARED: cleared, "today": today}
    found = {row.id: Home(*row) for row in await connection.execute(_HOMES, keys)}
    of_whom = defaultdict[int, list[Home]](list)
    for person in await connection.execute(_PEOPLE, told):
        found[person.household_id].people.append(person)
        of_whom[person.person_id].append(found[person.household_id])
    for word in await connection.execute(_SAID, told):
        found[word.household_id].said.setdefault(word.member_id, []).append((word.declared_on, word.word))
    for cause in await connection.execute(_CAUSES, keys):
        found[cause.household_id].causes.add(cause.cause)
    for grant in await connection.execute(_PROPOSED, keys):
        found[grant.household_id].proposed.append((grant.member_id, grant.programme_code))
    for referral in await connection.execute(_REFERRED, keys):
        found[referral.household_id].referred.append(referral)
    for each in await beside.everywhere(connection, of_whom, (EARLIEST, LATEST), cleared=cleared):
        for home in of_whom[each.held.person]:
            home.aid.append(each)
    return list(found.values())


@dataclass(frozen=True, slots=True)
class Day:
    """What holds in a division on a day: its programmes, and when its school year begins."""

    today: dt.date
    division_code: str
    entries: Mapping[str, Entry]
    first_month: int
    compulsory: tuple[int, int]
    oldest_student: int

    @classmethod
    def of(cls, today: dt.date, division: str) -> Day:
        """As it holds there; what employers alone are given is left out."""
        known = catalogue.in_force().programmes(today, division)
        entries = {code: entry for code, entry in known.items() if set(entry.units) != {GrantedTo.EMPLOYER}}
        ages = ("school.compulsory_from_age", "school.compulsory_to_age")
        lowest, highest = (policy.whole(key, today, division) for key in ages)
        oldest = policy.whole("student.oldest_age", today, division)
        return cls(today, division, entries, policy.whole(FIRST_MONTH, today, division), (lowest, highest), oldest)

    def since(self, entry: Entry) -> dt.date:
        """The first month in which aid of this programme counts as received now."""
        return since(entry.once, entry.periods, self.today, self.first_month)


def assess(home: Home, day: Day, *, only_likely: bool = False) -> list[Assessed]:
    """Each programme for the household, or for each of its people, in the catalogue's order.

    What hinders is looked for where something is likely and not on record; of the others, too, unless `only_likely`.
    """
    found = []
    for entry in day.entries.values():
        whom: Iterable[int | None] = [None] if entry.units[0] is GrantedTo.HOUSEHOLD else home.members
        for member in whom:
            known = known_of(home, day, member)
            conditions = tuple((each, answer(met(each, known))) for each in entry.conditions)
            likelihood = altogether(told for _, told in conditions)
            if only_likely and likelihood is not Likelihood.LIKELY:
                continue
            standing = standing_of(home, day, entry, member)
            open_to = standing is AidStanding.NONE_KNOWN and likelihood is not Likelihood.UNLIKELY
            hinders = _hinders(home, day, entry, member) if open_to else ()
            found.append(Assessed(entry, member, conditions, likelihood, standing, hinders))
    return found


def known_of(home: Home, day: Day, member_id: int | None) -> Known:
    """What is known of the household, or of one of its people; a file that names no cause leaves causes unknown."""
    signs = dict[Sign, bool]()
    for row in home.people:
        if row.id == member_id:
            signs = signs_of(row, day)
    return Known(home.category, frozenset(home.causes) or None, signs=signs)


def signs_of(row: Row[*tuple[Any, ...]], day: Day) -> dict[Sign, bool]:
    """What a person's declared work says, or else, of a child, the age of compulsory schooling."""
    work, signs = employment.of(row.declared_employment), dict[Sign, bool]()
    if work is not None:
        signs[Sign.AT_SCHOOL] = work is Work.STUDENT
        signs[Sign.OUT_OF_WORK] = work is Work.JOBLESS
    elif row.birth_date is not None and day.compulsory[0] <= age(row.birth_date, day.today) <= day.compulsory[1]:
        signs[Sign.AT_SCHOOL] = True
        signs[Sign.OUT_OF_WORK] = False
    return signs


def may_study(row: Row[*tuple[Any, ...]], day: Day) -> bool:
    """Whether a person is at school, or may be as far as is known: not the head, spouse or parent, nor somebody too old."""
    at_school = signs_of(row, day).get(Sign.AT_SCHOOL)
    if at_school is not None:
        return at_school
    young = row.birth_date is None or age(row.birth_date, day.today) <= day.oldest_student
    return young and row.relation not in ("HEAD", "SPOUSE", "PARENT")


def standing_of(home: Home, day: Day, entry: Entry, member_id: int | None) -> AidStanding:
    """What is on record of the programme, of whichever household and agency; nothing on record is not nothing received."""
    first = day.since(entry)
    people = _whose(home, day, entry, member_id)
    theirs = [each.held for each in home.aid if each.held.programme == entry.code and each.held.person in people]
    if any(each.first is not None and each.first <= day.today and (each.last or LATEST) >= first for each in theirs):
        return AidStanding.RECEIVED
    referred = [
        row
        for row in home.referred
        if row.programme_code == entry.code and (member_id is None or row.member_id in (None, member_id))
    ]
    closed = {
        ReferralOutcome(row.outcome)
        for row in referred
        if row.outcome is not None and row.answered_at.astimezone(CHINA).date() >= _within(first, day.today)
    }
    if ReferralOutcome.PROVIDED in closed:
        return AidStanding.RECEIVED
    proposed = any(
        code == entry.code and (member_id is None or whom in (None, member_id)) for whom, code in home.proposed
    )
    if proposed or any(row.state != ReferralState.CLOSED for row in referred):
        return AidStanding.UNDER_WAY
    if closed:
        return AidStanding.DECLINED
    return AidStanding.UNKNOWN if any(each.first is None for each in theirs) else AidStanding.NONE_KNOWN


def _whose(home: Home, day: Day, entry: Entry, member_id: int | None) -> set[int]:
    """Whose aid counts: the person's own; for a student also what is paid to those at home who cannot be one."""
    if member_id is None:
        return set(home.members.values())
    aside = {row.person_id for row in home.people if entry.once is OnceFor.SCHOOL_YEAR and not may_study(row, day)}
    return {home.members[member_id]} | aside


def _within(first: dt.date, today: dt.date) -> dt.date:
    """Since when an organisation's answer counts: of what is paid by month since the year began."""
    return min(first, dt.date(today.year, 1, 1))


def _hinders(home: Home, day: Day, entry: Entry, member_id: int | None) -> tuple[Finding, ...]:
    """What it would meet, if it were granted from this month on."""
    month = day.today.replace(day=1)
    people = {person: (month, month) for key, person in home.members.items() if member_id in (None, key)}
    if not people:
        return ()
    period = entry.periods[0] if entry.periods else GrantPeriod.ONCE
    asked = Asked(entry.code, month, month, period, 1, people, day.division_code, entry.once)
    held = [
        each.held
        for each in home.aid
        if each.held.person in people
        and not (each.of_file and each.household_id == home.id and each.held.programme == entry.code)
    ]
    own = frozenset(each.held.key for each in home.aid if each.household_id == home.id)
    of_whom = {person: key for key, person in home.members.items()}
    found = compatibility.met(policy.in_force(), asked, held)
    return tuple(
        asking.of_household(each, of_whom, own)
        for each in found
        if each.effect is not GrantEffect.INFORMS and each.kind is not GrantFindingKind.SAME_PROGRAMME
    )
