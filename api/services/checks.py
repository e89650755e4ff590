"""A household of an open round of verification is checked against the index of the feeds in use; nobody else ever is.

Only who is in the round can be asked about, and only in kinds of data for which there is a consent today. What a check found
is kept with the round, sealed, and stands as long as neither the register, nor the consents, nor the index, nor the policy has
changed; then it is made anew. Every question is written down with who asked it, and nobody asks faster than people work.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Date, Integer, Row, and_, bindparam, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import scope
from api.database import UtcDateTime, among, locked, upsert
from api.domain import days
from api.domain.errors import MissingConsent, NotDone, Throttled, UserErrorCode
from api.domain.permissions import Viewer
from api.domain.verifications import AnswerOrigin, DepartmentAnswer, VerificationState, stale
from api.matching import covered, policy
from api.matching.desk import Home, Where
from api.models import (
    ApplicantCheck,
    EmergencyException,
    FeedIndex,
    Household,
    HouseholdCheck,
    ListedAnswer,
    Member,
    VerificationAnswer,
    VerificationRequest,
    table,
)
from api.models.standing import stands
from api.sealing import Vault
from api.services import answers, audit, consented, indexes, registers, scans
from api.services.indexes import Ready
from api.services.verifications import PURPOSE

RATE = "verification.checks_minute"
MINUTE = dt.timedelta(minutes=1)
AT_SWITCH = 500
"""Open rounds that are looked at in a new index before it is asked; further ones are looked at one by one afterwards."""

A, C, E, H, K, L, M, N, R = (
    table(each).c
    for each in (
        VerificationAnswer,
        ApplicantCheck,
        EmergencyException,
        Household,
        HouseholdCheck,
        ListedAnswer,
        Member,
        FeedIndex,
        VerificationRequest,
    )
)
_ANYBODY = table(Member).alias("anybody").c
_HOUSEHOLD = (
    "id", "reference", "division_code", "programme_code", "others",
    *registers.HOUSEHOLD_PLAIN, *registers.MONEY.values(), *registers.HOUSEHOLD_SEALED,
)  # fmt: skip
_OWN = ("id", "reference", "declared_monthly_income_fen", "others", "authorised_until", "birth_date")
_PERSON = tuple(dict.fromkeys((*_OWN, *registers.MEMBER_PLAIN, *registers.MEMBER_SEALED)))
HERE = "here"
_OF_PEOPLE = {name: f"member_{name}" for name in (*_PERSON, HERE)}
"""How the columns of its people are named beside those of the household."""

_ROUND = (
    select(
        R.id.label("round"), R.state, R.sources, K.mark.label("kept"),
        N.id.label("index_id"), N.folder, N.sources.label("indexed"), N.as_of,
        exists().where(E.household_id == H.id).label("excepted"),
        exists().where(L.member_id == _ANYBODY.id, _ANYBODY.household_id == H.id).label("listed"),
        *(H[name] for name in _HOUSEHOLD),
        *(M[name].label(_OF_PEOPLE[name]) for name in _PERSON),
        stands(bindparam("today", type_=Date())).label(_OF_PEOPLE[HERE]),
    )
    .select_from(table(VerificationRequest))
    .join(table(Household), H.id == R.household_id)
    .join(table(Member), and_(M.household_id == H.id, M.left_on.is_(None)), isouter=True)
    .join(table(HouseholdCheck), K.request_id == R.id, isouter=True)
    .join(table(FeedIndex), N.id == indexes.LATEST, isouter=True)
    .order_by(M.id)
)  # fmt: skip
"""A round, its household and everybody of it as they stand, what was found of it, and the index that is asked: a row for each
of its people, so that one statement tells what a check begins with."""

_BY_KEY = _ROUND.where(R.id == bindparam("request"))
_THEIRS = scope.narrow(
    _BY_KEY.add_columns(
        exists().where(A.request_id == R.id, A.member_id == bindparam("person")).label("in_it"),
        select(C.asked_at)
        .where(C.user_id == bindparam("asker"), C.asked_at > bindparam("since", type_=UtcDateTime()))
        .order_by(C.asked_at.desc())
        .offset(bindparam("before", type_=Integer()))
        .limit(1)
        .scalar_subquery()
        .label("asked_before"),
    ),
    H.division_code,
)
_GIVEN = (
    select(A.request_id, func.count().label("answers"))
    .where(
        among(A.request_id, "rounds"),
        A.answered_at == bindparam("given", type_=UtcDateTime()),
        A.origin == AnswerOrigin.FEED,
    )
    .group_by(A.request_id)
)
_NOTE = insert(table(ApplicantCheck)).returning(C.id)


@dataclass(frozen=True, slots=True)
class Question:
    """A household of an open round as its rows stand now, sealed as they are; where it is looked for, and who may be where;
    a mark of all that, beside the mark of what was found last; and who of it is asked about."""

    request_id: int
    household_id: int
    household: Mapping[str, Any]
    people: Sequence[Mapping[str, Any]]
    allowed: Mapping[str, Sequence[str]]
    answers: Sequence[dict[str, Any]]
    where: Where
    index_id: int
    mark: str
    kept: str | None
    member_id: int | None = None

    def home(self, vault: Vault) -> Home:
        """The household opened, as a scan lays it out."""
        reference = self.household["reference"]
        return Home(
            scans.household_row(vault, self.household),
            [scans.member_row(vault, {**row, "household": reference}) for row in self.people],
            self.allowed,
            self.answers,
        )


Looked = tuple[Question, Mapping[str, Any]]
"""What was asked, and what was found."""


class ToLook(Exception):
    """What was found last is not of these facts: it has to be looked for, outside of any transaction, since that takes long."""

    def __init__(self, asked: Question) -> None:
        self.asked = asked
        super().__init__()


class TooFast(Throttled):
    """Whoever asks faster than people work waits for so many seconds."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(
            f"即时核对过于频繁，请在 {seconds} 秒后重试。",
            f"You have checked too many people in too short a time: try again in {seconds} seconds.",
        )


async def questions(
    connection: AsyncConnection, vault: Vault, index: Ready, data_dir: Path, now: dt.datetime
) -> list[Question]:
    """What is asked about the open rounds in an index that is about to be asked; the latest, where they are very many."""
    latest = select(R.id).where(R.state == VerificationState.OPEN).order_by(R.id.desc()).limit(AT_SWITCH)
    found = [
        await question(connection, vault, key, data_dir, now, index)
        for key in (await connection.scalars(latest)).all()
    ]
    return [each for each in found if each is not None]


async def question(
    connection: AsyncConnection,
    vault: Vault,
    request_id: int,
    data_dir: Path,
    now: dt.datetime,
    index: Ready | None = None,
) -> Question | None:
    """What is asked about a round in an index, or in the one that is asked now; None where it is closed or there is none."""
    told = {"request": request_id, "today": days.today(now)}
    rows = (await connection.execute(_BY_KEY, told)).all()
    if not rows or rows[0].state != VerificationState.OPEN:
        return None
    asked_in = index or _index(rows[0])
    return None if asked_in is None else await _question(connection, vault, rows, asked_in, data_dir, now)


async def asked(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    request_id: int | None,
    member_id: int | None,
    data_dir: Path,
    now: dt.datetime,
) -> Question:
    """What this viewer asks about somebody of a round.

    Raises NotDone: no such round within the viewer's reach or it is closed, nobody of it, no index; MissingConsent where the
    person may be looked up nowhere; TooFast where a minute has not passed since the check that was as many ago as it allows.
    """
    before = policy.whole(RATE, days.today(now)) - 1
    told = {
        "request": request_id,
        "person": member_id,
        "asker": viewer.user_id,
        "since": now - MINUTE,
        "before": before,
        "today": days.today(now),
    }
    rows = (await connection.execute(_THEIRS, {**scope.of(viewer), **told})).all()
    if not rows:
        raise NotDone(
            UserErrorCode.NOT_FOUND, ("input", "requestId"), "没有此核对申请。", "There is no such verification."
        )
    found = rows[0]
    if found.asked_before is not None:
        raise TooFast(max(1, math.ceil((found.asked_before + MINUTE - now).total_seconds())))
    if found.state != VerificationState.OPEN:
        raise NotDone(
            UserErrorCode.INVALID, ("input", "requestId"), "该轮核对已办结。", "This round of verification is closed."
        )
    if member_id is None or not found.in_it:
        raise NotDone(
            UserErrorCode.NOT_FOUND,
            ("input", "personId"),
            "此人不在该轮核对中。",
            "This person is not in this round of verification.",
        )
    index = _index(found)
    if index is None:
        raise NotDone(
            UserErrorCode.INVALID, ("input",), "尚无可查询的数据索引。", "There is no index of the feeds in use yet."
        )
    made = await _question(connection, vault, rows, index, data_dir, now)
    reference = next((each["reference"] for each in made.people if each["id"] == member_id), None)
    if not any(reference in people for people in made.allowed.values()):
        raise MissingConsent(("input", "personId"), [(member_id, tuple(sorted(made.allowed)))])
    return replace(made, member_id=member_id)


def _index(found: Row[*tuple[Any, ...]]) -> Ready | None:
    if found.index_id is None or found.as_of is None:
        return None
    return Ready(found.index_id, found.folder, frozenset(found.indexed), found.as_of)


def require_looked(asked: Question) -> None:
    """Raises ToLook where what was found last is not of the same facts."""
    if asked.kept != asked.mark:
        raise ToLook(asked)


async def keep(connection: AsyncConnection, vault: Vault, looked: Sequence[Looked], now: dt.datetime) -> None:
    """What was found is kept with each round that is open, and answers for each person what the feeds in use tell."""
    still = await _hold(connection, looked)
    await _keep(connection, vault, [(asked, content) for asked, content in looked if asked.request_id in still], now)


async def keep_unchanged(
    connection: AsyncConnection,
    vault: Vault,
    looked: Sequence[Looked],
    data_dir: Path,
    now: dt.datetime,
    index: Ready | None = None,
) -> list[int]:
    """The same of what was looked for outside of a transaction, which takes long: where the facts stand as they did.

    The rounds that were kept. They are held: none is closed meanwhile, and no consent that was taken back is told of.
    """
    await _hold(connection, looked)
    still = []
    for asked, content in looked:
        again = await question(connection, vault, asked.request_id, data_dir, now, index)
        if again is not None and again.mark == asked.mark:
            still.append((asked, content))
    await _keep(connection, vault, still, now)
    await _tell(connection, [asked for asked, _ in still], now)
    return [asked.request_id for asked, _ in still]


async def _tell(connection: AsyncConnection, kept: Sequence[Question], now: dt.datetime) -> None:
    """The trail is told of each round how many answers the feeds gave it just now; nobody asked, so nobody else tells it."""
    given = await connection.execute(_GIVEN, {"rounds": [asked.request_id for asked in kept], "given": now})
    answers_of = {row.request_id: row.answers for row in given}
    for asked in kept:
        if asked.request_id in answers_of:
            detail = {"household": asked.household_id, "answers": answers_of[asked.request_id]}
            about = ("VerificationRequest", asked.request_id)
            await audit.record(connection, None, "verification.told_by_feeds", about, now, detail)


async def _hold(connection: AsyncConnection, looked: Sequence[Looked]) -> set[int]:
    """Those of the rounds that are open: nobody else changes them until this transaction ends."""
    theirs = select(R.id).where(among(R.id, "rounds"), R.state == VerificationState.OPEN).order_by(R.id)
    rounds = sorted(asked.request_id for asked, _ in looked)
    return set((await connection.scalars(locked(theirs, connection, VerificationRequest), {"rounds": rounds})).all())


async def _keep(connection: AsyncConnection, vault: Vault, looked: Sequence[Looked], now: dt.datetime) -> None:
    found = [(asked, _as_listed(asked, content)) for asked, content in looked]
    rows = [
        {
            "request_id": asked.request_id,
            "household_id": asked.household_id,
            "feed_index": asked.index_id,
            "as_of": asked.where.as_of,
            "checked_at": now,
            "mark": asked.mark,
            "content": vault.seal("household_checks.content", json.dumps(content)),
        }
        for asked, content in found
    ]
    if rows:
        put = upsert(
            connection, table(HouseholdCheck), ["request_id"], [name for name in rows[0] if name != "request_id"]
        )
        await connection.execute(put, rows)
        await _answer(connection, found, now)


def _as_listed(asked: Question, content: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a list says where no record was linked speaks of the list's day, not of the feed's."""
    linked = {(each["person_id"], each["source"]) for each in content["links"] if each["decision"] == "LINK"}
    said = {
        (each["person_id"], each["source"]): str(each["answered_on"])
        for each in asked.answers
        if (each["person_id"], each["source"]) not in linked
    }
    coverage = [
        each | {"as_of": day, "listed": True} if (day := said.get((each["person_id"], each["source"]))) else each
        for each in content["coverage"]
    ]
    return {**content, "coverage": coverage}


async def note(connection: AsyncConnection, viewer: Viewer, asked: Question, now: dt.datetime) -> int:
    """Who asked about whom is written down; the key of that."""
    row = {
        "request_id": asked.request_id,
        "household_id": asked.household_id,
        "member_id": asked.member_id,
        "user_id": viewer.user_id,
        "asked_at": now,
    }
    key = int((await connection.execute(_NOTE, row)).scalar_one())
    detail = {"household": asked.household_id, "verification": asked.request_id, "person": asked.member_id}
    await audit.record(connection, viewer.user_id, "applicant.checked", ("ApplicantCheck", key), now, detail)
    return key


def opened(vault: Vault, sealed: bytes, person: str) -> dict[str, Any]:
    """Of what a check found, what is about one person, by their number in the register, and the leads of the household."""
    content = json.loads(vault.open("household_checks.content", sealed) or "{}")
    return {
        "links": [each for each in content["links"] if each["person_id"] == person],
        "coverage": [each for each in content["coverage"] if each["person_id"] == person],
        "leads": content["leads"],
        "only_in_a_scan": content["only_in_a_scan"],
        "not_asked": content["not_asked"],
    }


async def _question(
    connection: AsyncConnection,
    vault: Vault,
    rows: Sequence[Row[*tuple[Any, ...]]],
    index: Ready,
    data_dir: Path,
    now: dt.datetime,
) -> Question:
    today, found = days.today(now), rows[0]
    home = {name: found._mapping[name] for name in _HOUSEHOLD}
    people = [
        {name: row._mapping[column] for name, column in _OF_PEOPLE.items()}
        for row in rows
        if row._mapping[_OF_PEOPLE["id"]] is not None
    ]
    here = [row for row in people if row[HERE]]
    sources = sorted(index.sources & set(found.sources))
    adults = [(row["id"], row["birth_date"], row["authorised_until"]) for row in here]
    lacking = dict(
        await consented.lacking(connection, found.id, adults, sources, PURPOSE, today, excepted=found.excepted)
    )
    allowed = {
        source: sorted(row["reference"] for row in here if source not in lacking.get(row["id"], ()))
        for source in sources
    }
    theirs = and_(H.id == found.id, M.left_on.is_(None))
    said = await answers.laid_out(connection, theirs) if found.listed else []
    where = Where(data_dir / index.folder, policy.written(data_dir), index.as_of)
    stood = json.dumps([index.id, where.policy, home, people, allowed, said], default=str, sort_keys=True)
    mark = vault.digest("household_checks.mark", stood).hex()
    return Question(found.round, found.id, home, people, allowed, said, where, index.id, mark, found.kept)


async def _answer(connection: AsyncConnection, found: Sequence[Looked], now: dt.datetime) -> None:
    """Answers of kinds of data that no department was asked for; what may not be looked up any more is not told any more.

    What the feeds cannot tell stays as it is, and so does that there is none where the feed is stale: it is not known. What
    a list says of somebody is told by `verification_answers`, with the list's own day.
    """
    today, limits = days.today(now), covered.limits()
    told = [
        {
            "round": asked.request_id,
            "member": keys[each["person_id"]],
            "kind": each["source"],
            "said": each["state"],
            "day": None if each["as_of"] is None else dt.date.fromisoformat(each["as_of"]),
        }
        for asked, content in found
        for keys in [{row["reference"]: row["id"] for row in asked.people}]
        for each in content["coverage"]
        if "listed" not in each or each["state"] == DepartmentAnswer.NOT_AUTHORISED
    ]
    told.sort(key=lambda each: (each["round"], each["member"], each["kind"]))
    which = and_(
        A.request_id == bindparam("round"),
        A.member_id == bindparam("member"),
        A.source == bindparam("kind"),
        A.organisation_id.is_(None),
    )
    refused = [each for each in told if each["said"] == DepartmentAnswer.NOT_AUTHORISED]
    answered = [
        each
        for each in told
        if each["said"] == DepartmentAnswer.VALUE
        or (each["said"] == DepartmentAnswer.NO_RECORD and not stale(each["day"], limits.get(each["kind"]), today))
    ]
    changed = update(VerificationAnswer).where(which)
    if answered:
        said = changed.values(
            answer=bindparam("said"), as_of=bindparam("day"), origin=AnswerOrigin.FEED, answered_at=now, because=None,
            version=A.version + 1,
        )  # fmt: skip
        await connection.execute(said, answered)
    if refused:
        silent = changed.values(
            answer=bindparam("said"), as_of=None, origin=None, answered_at=None, because=None, version=A.version + 1
        )
        await connection.execute(silent, [{k: v for k, v in each.items() if k != "day"} for each in refused])
