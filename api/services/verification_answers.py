"""What is known of each person of a round without asking, whose department is asked, and what a later scan adds to it.

A record that a scan linked is told with the day of its extract, however old. That there is none is told by a whole and fresh
extract, or by a fresh list of answers; in all other cases nothing is known, and why stands beside (F-8). Whose data cannot
tell is asked of its department; what a scan will tell is not.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import and_, bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database import among
from api.domain import days, divisions
from api.domain.accounts import OrganisationKind
from api.domain.scans import ScanStatus
from api.domain.verifications import (
    ASK,
    Covered,
    DepartmentAnswer,
    FeedInUse,
    Known,
    Listed,
    VerificationState,
    known,
)
from api.matching import beside, covered, folders
from api.models import (
    Household,
    HouseholdCheck,
    Link,
    ListedAnswer,
    Member,
    Organisation,
    Scan,
    VerificationAnswer,
    VerificationRequest,
    table,
)
from api.models.standing import stands
from api.sealing import Vault
from api.services import registers
from api.services.cases import Held

A, H, K, L, M, R, S = (
    table(each).c for each in (VerificationAnswer, Household, Link, ListedAnswer, Member, VerificationRequest, Scan)
)
C = table(HouseholdCheck).c
LINKED = "LINK"

_KEEPERS = select(Organisation.id, Organisation.sources, Organisation.division_code).where(
    Organisation.active, Organisation.kind == OrganisationKind.DEPARTMENT
)
_LATEST = (
    select(S.id, S.summary)
    .where(
        S.status == ScanStatus.SUCCEEDED,
        S.division_from <= bindparam("division"),
        S.division_to > bindparam("division"),
        S.as_of.is_not(None),
    )
    .order_by(S.as_of.desc(), S.id.desc())
    .limit(1)
)
_OPEN = (
    select(R.id)
    .join(Household, H.id == R.household_id)
    .where(
        R.state == VerificationState.OPEN, H.division_code >= bindparam("low"), H.division_code < bindparam("high")
    )
    .order_by(R.id)
)
_UNKNOWN = (
    select(A.id, A.member_id, A.source, A.answer, A.because, A.feed_as_of, A.version)
    .where(A.request_id == bindparam("request"), A.answered_at.is_(None))
    .where(A.answer.in_((DepartmentAnswer.NO_ANSWER, DepartmentAnswer.NOT_ASKED, DepartmentAnswer.NOT_AUTHORISED)))
    .order_by(A.id)
)


@dataclass(frozen=True, slots=True)
class Said:
    """What feeds in use, the latest scan and lists of answers say of a household's people, by kind of data and member's key."""

    feeds: Mapping[str, FeedInUse]
    scanned: Mapping[tuple[int, str], Covered]
    listed: Mapping[tuple[int, str], Listed]

    def of(self, member: int, source: str, today: dt.date) -> Known:
        """What is known of one person from one kind of data."""
        key = member, source
        limit = covered.limits().get(source)
        return known(self.feeds.get(source), self.scanned.get(key), self.listed.get(key), limit, today)

    def feed_as_of(self, source: str) -> dt.date | None:
        """Up to which day the feed in use speaks."""
        return self.feeds[source].as_of if source in self.feeds else None


async def to_be_answered(
    connection: AsyncConnection,
    vault: Vault,
    data_dir: Path,
    household: Held,
    request_id: int,
    sources: Sequence[str],
    lacking: Mapping[int, tuple[str, ...]],
    due_on: dt.date,
    now: dt.datetime,
) -> list[dict[str, Any]]:
    """A row a member and kind of data: not authorised, told already, asked of its department, or asked of nobody."""
    today = days.today(now)
    told = await said(connection, data_dir, household.id, household.division_code)
    keepers = await _keepers(connection, household.division_code)
    people = select(M.id, M.name, M.id_number).where(M.household_id == household.id, stands(today))
    rows = []
    for person in (await connection.execute(people.order_by(M.id))).all():
        name, number = (vault.open(f"members.{each}", getattr(person, each)) for each in ("name", "id_number"))
        subject = vault.seal("verification_answers.subject", " ".join(filter(None, (name, number))))
        for source in sources:
            is_known = told.of(person.id, source, today)
            if source in lacking.get(person.id, ()):
                is_known = Known(DepartmentAnswer.NOT_AUTHORISED)
            keeper = keepers.get(source) if is_known.because in ASK else None
            answer = DepartmentAnswer.NO_ANSWER if keeper else is_known.answer
            rows.append(
                {
                    "request_id": request_id,
                    "household_id": household.id,
                    "member_id": person.id,
                    "source": source,
                    "answer": answer,
                    "origin": is_known.origin,
                    "as_of": is_known.as_of,
                    "because": is_known.because,
                    "feed_as_of": told.feed_as_of(source),
                    "answered_at": now if is_known.origin else None,
                    "organisation_id": keeper,
                    "subject": subject if keeper else None,
                    "due_on": due_on if keeper else None,
                    "asked_at": now,
                    "version": 1,
                }
            )
    return rows


async def open_rounds(connection: AsyncConnection, division_code: str) -> list[int]:
    """Rounds that are open for households of the division."""
    low, high = divisions.span(division_code)
    return list((await connection.scalars(_OPEN, {"low": low, "high": high})).all())


async def take_up(
    connection: AsyncConnection,
    data_dir: Path,
    request_id: int,
    household: Held,
    lacking: Mapping[int, tuple[str, ...]],
    now: dt.datetime,
) -> int:
    """What nobody has answered is answered as far as the latest scan, the feeds and the lists tell by now; how many are.

    Whoever took a consent back is not looked up, and what was answered stays.
    """
    today, answered = days.today(now), 0
    told = await said(connection, data_dir, household.id, household.division_code)
    for row in (await connection.execute(_UNKNOWN, {"request": request_id})).all():
        is_known = told.of(row.member_id, row.source, today)
        as_of = told.feed_as_of(row.source)
        allowed_since = row.answer == DepartmentAnswer.NOT_AUTHORISED
        unchanged = (is_known.because, as_of) == (row.because, row.feed_as_of)
        if row.source in lacking.get(row.member_id, ()) or (unchanged and not allowed_since):
            continue
        values: dict[str, Any] = {"because": is_known.because, "feed_as_of": as_of}
        if allowed_since or is_known.answer == DepartmentAnswer.NO_ANSWER:
            values["answer"] = is_known.answer
        if is_known.origin is not None:
            values |= {"answer": is_known.answer, "origin": is_known.origin, "as_of": is_known.as_of}
            values |= {"answered_at": now, "version": A.version + 1}
        waiting = and_(A.id == row.id, A.answered_at.is_(None))
        done = await connection.execute(update(VerificationAnswer).where(waiting).values(**values))
        answered += done.rowcount if is_known.origin is not None else 0
    return answered


async def forget(connection: AsyncConnection, household_id: int, request_id: int | None = None) -> None:
    """What live checks found of a household, or in one round of it, is kept no more."""
    theirs = delete(HouseholdCheck).where(C.household_id == household_id)
    await connection.execute(theirs if request_id is None else theirs.where(C.request_id == request_id))


async def said(connection: AsyncConnection, data_dir: Path, household_id: int, division_code: str) -> Said:
    """What is known of everybody in the household by the feeds in use, the latest scan of their division, and lists of answers."""
    people = select(M.reference, M.id).where(M.household_id == household_id)
    keys = {row.reference: row.id for row in await connection.execute(people)}
    sent = folders.in_use(await registers.came(connection, data_dir))
    scan = (await connection.execute(_LATEST, {"division": division_code})).one_or_none()
    return Said(
        {each.source: FeedInUse(each.as_of, each.complete) for each in sent},
        {} if scan is None else await _scanned(connection, data_dir, scan.id, scan.summary or {}, keys),
        await _listed(connection, household_id),
    )


async def _scanned(
    connection: AsyncConnection, data_dir: Path, scan_id: int, summary: Mapping[str, Any], keys: Mapping[str, int]
) -> dict[tuple[int, str], Covered]:
    """The scan's coverage; where its folder is gone only what it linked, which is all that the database keeps of it."""
    there = await asyncio.to_thread(covered.said, beside.folder(data_dir, scan_id), keys.keys())
    if there is not None:
        return {(keys[person], source): each for (person, source), each in there.items()}
    theirs = select(K.member_id, K.source).where(K.scan_id == scan_id, K.decision == LINKED)
    linked = theirs.where(among(K.member_id, "members")).distinct()
    sources = summary.get("sources", {})
    found = {}
    for row in await connection.execute(linked, {"members": sorted(keys.values())}):
        day = sources.get(row.source, {}).get("as_of")
        as_of = dt.date.fromisoformat(day) if day else None
        found[row.member_id, row.source] = Covered(DepartmentAnswer.VALUE, as_of, complete=False, resembles=True)
    return found


async def _listed(connection: AsyncConnection, household_id: int) -> dict[tuple[int, str], Listed]:
    theirs = select(L.member_id, L.source, L.answer, L.answered_on).join(Member, M.id == L.member_id)
    rows = await connection.execute(theirs.where(M.household_id == household_id))
    return {(row.member_id, row.source): Listed(row.answer, row.answered_on) for row in rows}


async def _keepers(connection: AsyncConnection, division_code: str) -> dict[str, int]:
    """By kind of data the department that keeps it nearest to the division."""
    found: dict[str, tuple[str, int]] = {}
    for row in (await connection.execute(_KEEPERS.order_by(Organisation.id))).all():
        if not divisions.holds(row.division_code, division_code):
            continue
        for source in row.sources:
            known_one = found.get(source)
            if known_one is None or (
                divisions.holds(known_one[0], row.division_code) and known_one[0] != row.division_code
            ):
                found[source] = (row.division_code, row.id)
    return {source: key for source, (_, key) in found.items()}
