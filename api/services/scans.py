"""A scan's life: asked for, laid out on a private folder, run by the matcher, and its leads taken in.

The matcher sees files only: our register as it stands and the latest feed of each department. What it found becomes
links of this scan, and findings that are found again by their reference: a lead that was raised before is the same
finding. What a person concluded holds for the evidence it was concluded on: other evidence opens the lead again, and
evidence that was concluded on before brings the conclusion back. What becomes of leads that it does not raise again is in `withdrawals`.

Who cancels a scan and the worker that carries it out hold its row in turns: one that has ended is never written to again,
so that nobody sees half of it.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Row, String, and_, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import jobs, outbox, scope
from api.database import among, locked, upsert
from api.domain import days, divisions, money
from api.domain.errors import NotDone, UserErrorCode
from api.domain.pace import INGEST, Pace
from api.domain.permissions import Viewer
from api.domain.review import ENDED, FindingState, Outcome, state_after
from api.domain.scans import LeadChange, ScanStatus, Severity
from api.matching import Step, folders, reference
from api.models import Feed, Finding, FindingPerson, Household, Link, Member, Review, Scan, table
from api.sealing import Vault
from api.services import answers, audit, consented, entitlement_tasks, registers

JOB = "scan"
TOPIC = "scan"
MOST_BACK = dt.timedelta(days=366)
"""How far before the oldest feed in use a scan may ask: as far as a yearly review looks back."""

BATCH = 5_000
LOOKS_BACK = 20
"""Among how many scans of the division one is looked for that did the same."""

NO_STEP: dict[str, Any] = dict.fromkeys(("stage", "done", "total", "unit", "seconds_left"))
JUDGED = (
    "evidence_hash",
    "severity",
    "basis",
    "grade",
    "amount_low_fen",
    "amount_high_fen",
    "period_start",
    "period_end",
    "exceptions",
)
"""What makes a lead that is raised again another one than it was, as `matcher diff` tells it."""


_SCAN = scope.narrow(select(Scan.id, Scan.status), Scan.division_code)
_NEWEST_FEEDS = select(func.max(Feed.id)).group_by(Feed.department_code)
"""The latest feed of each department: what a scan reads."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a scan is to do: over which division's households, as of which day, by which rules (all where none); whether since no other."""

    division_code: str
    as_of: dt.date | None
    rules: tuple[str, ...]
    whole: bool


@dataclass(frozen=True, slots=True)
class Order:
    """A scan that is carried out, and what it is to do."""

    id: int
    division_code: str
    as_of: dt.date | None
    rules: tuple[str, ...]
    status: ScanStatus
    whole: bool = False


async def request(
    connection: AsyncConnection,
    viewer: Viewer,
    division_code: str | None,
    as_of: dt.date | None,
    rules: Sequence[str],
    now: dt.datetime,
    *,
    whole: bool = False,
) -> int:
    """Asks for a scan of a division within the viewer's, by default all of it; returns its key. A `whole` one goes since no other.

    One that waits and would do the same is the scan that was asked for. Raises NotDone.
    """
    division = checked(viewer, division_code, rules)
    if as_of is not None:
        await _require_in_reach(connection, as_of, days.today(now))
    wanted = Wanted(division, as_of, tuple(dict.fromkeys(rules)), whole)
    return await ask(connection, wanted, viewer.user_id, now)


def checked(viewer: Viewer, division_code: str | None, rules: Sequence[str]) -> str:
    """The division that is to be scanned, by default the viewer's. Raises NotDone for one outside it, or a rule that is none."""
    division = division_code or viewer.division_code
    if not divisions.is_code(division) or not divisions.holds(viewer.division_code, division):
        raise NotDone(
            UserErrorCode.FORBIDDEN,
            ("input", "divisionCode"),
            "该区划不在您的管辖范围内。",
            "This division is not within yours.",
        )
    if unknown := sorted(set(rules) - reference.rules().keys()):
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "rules"),
            f"没有规则 {'、'.join(unknown)[:80]}。",
            f"There is no rule {', '.join(unknown)[:80]}.",
        )
    return division


async def ask(
    connection: AsyncConnection, wanted: Wanted, user_id: int, now: dt.datetime, schedule: int | None = None
) -> int:
    """A scan that waits and does this, for this user: one that is there already, or a new one, by a `schedule` of theirs; its key."""
    queued = select(Scan.id, Scan.rules).where(
        Scan.status == ScanStatus.QUEUED,
        Scan.division_code == wanted.division_code,
        Scan.as_of.is_(None) if wanted.as_of is None else Scan.as_of == wanted.as_of,
        Scan.whole == wanted.whole,
    )
    for row in await connection.execute(queued.order_by(Scan.id)):
        if tuple(row.rules) == wanted.rules:
            return int(row.id)
    low, high = divisions.span(wanted.division_code)
    added = await connection.execute(
        insert(Scan)
        .values(
            status=ScanStatus.QUEUED,
            division_code=wanted.division_code,
            division_from=low,
            division_to=high,
            requested_by=user_id,
            as_of=wanted.as_of,
            rules=[*wanted.rules],
            whole=wanted.whole,
            created_at=now,
        )
        .returning(Scan.id)
    )
    scan_id = int(added.scalar_one())
    await jobs.enqueue(connection, JOB, scan_id, now)
    told: dict[str, Any] = {"division": wanted.division_code, "rules": [*wanted.rules]}
    told |= {} if schedule is None else {"schedule": schedule}
    by = user_id if schedule is None else None
    await audit.record(connection, by, "scan.requested", ("Scan", scan_id), now, told)
    await outbox.append(connection, TOPIC, scan_id, now)
    return scan_id


async def _require_in_reach(connection: AsyncConnection, as_of: dt.date, today: dt.date) -> None:
    """Raises NotDone for a day to come, and for one so long past that the feeds no longer speak of it."""
    if as_of > today:
        raise NotDone(
            UserErrorCode.INVALID, ("input", "asOf"), "基准日期不能晚于今天。", "The day lies in the future."
        )
    oldest = select(func.min(Feed.as_of)).where(Feed.id.in_(_NEWEST_FEEDS))
    cut: dt.date = (await connection.execute(oldest)).scalar_one() or today
    if as_of < cut - MOST_BACK:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "asOf"),
            f"基准日期过早：在用数据最早截止于{cut}，最多可早{MOST_BACK.days}天，即不早于{cut - MOST_BACK}。",
            f"The day is too long past: the oldest feed in use was cut on {cut}, and a scan may ask about a day up to "
            f"{MOST_BACK.days} days before, no earlier than {cut - MOST_BACK}.",
        )


class ScanEnded(Exception):
    """Somebody has cancelled the scan, or it has ended otherwise: nothing is written for it any more."""


async def cancel(connection: AsyncConnection, viewer: Viewer, scan_id: int | None, now: dt.datetime) -> int:
    """Ends a scan that waits or runs; nothing of it stays but that it was asked for. Returns its key. Raises NotDone.

    Its worker stops the matcher, and removes what it wrote (scanning).
    """
    statement = locked(_SCAN.where(Scan.id == scan_id), connection, Scan)
    found = (await connection.execute(statement, scope.of(viewer))).one_or_none()
    if found is None:
        raise NotDone(UserErrorCode.NOT_FOUND, ("input", "scanId"), "没有此比对。", "There is no such scan.")
    if ScanStatus(found.status).ended:
        raise NotDone(
            UserErrorCode.INVALID, ("input", "scanId"), "该比对已经结束，不能取消。", "The scan has ended already."
        )
    await connection.execute(delete(Link).where(Link.scan_id == found.id))
    await audit.record(connection, viewer.user_id, "scan.cancelled", ("Scan", found.id), now, {"was": found.status})
    ended = {"cancelled_by": viewer.user_id, "finished_at": now}
    await _change(connection, found.id, now, status=ScanStatus.CANCELLED, **NO_STEP, **ended)
    return int(found.id)


async def status_of(connection: AsyncConnection, scan_id: int) -> ScanStatus:
    """Where the scan stands."""
    return ScanStatus((await connection.execute(select(Scan.status).where(Scan.id == scan_id))).scalar_one())


async def hold(connection: AsyncConnection, scan_id: int) -> None:
    """Until this transaction ends nobody cancels the scan. Raises ScanEnded where somebody has."""
    held = await connection.execute(locked(select(Scan.status).where(Scan.id == scan_id), connection, Scan))
    if ScanStatus(held.scalar_one()).ended:
        raise ScanEnded


async def begin(connection: AsyncConnection, scan_id: int, now: dt.datetime) -> Order:
    """The scan runs from now on, unless it has ended; links of an attempt that broke off are removed."""
    row = (await connection.execute(locked(select(Scan).where(Scan.id == scan_id), connection, Scan))).one()
    order = Order(row.id, row.division_code, row.as_of, tuple(row.rules), ScanStatus(row.status), row.whole)
    if not order.status.ended:
        await connection.execute(delete(Link).where(Link.scan_id == scan_id))
        await _change(
            connection, scan_id, now, status=ScanStatus.RUNNING, **NO_STEP | {"stage": "prepare"}, started_at=now
        )
    return order


async def earlier(connection: AsyncConnection, order: Order) -> dict[int, bool]:
    """Scans of this division, or of one above or below it, that are done, the latest first; and whether they asked about no more."""
    low, high = divisions.span(order.division_code)
    inside = and_(Scan.division_from >= low, Scan.division_to <= high)
    around = and_(Scan.division_from <= low, Scan.division_to >= high)
    done = select(Scan.id, inside.label("inside")).where(
        Scan.status == ScanStatus.SUCCEEDED, Scan.id != order.id, or_(inside, around)
    )
    return {row.id: bool(row.inside) for row in await connection.execute(done.order_by(Scan.id.desc()))}


async def laid_out(
    connection: AsyncConnection, vault: Vault, order: Order, data_dir: Path, now: dt.datetime
) -> folders.Layout:
    """What the scan's folder is to hold: register, authorisations, and of each department what it sent last (folders.in_use)."""
    low, high = divisions.span(order.division_code)
    ours = and_(Household.division_code >= low, Household.division_code < high)
    columns = select(*table(Household).c).where(ours).order_by(Household.id)
    households = [household_row(vault, dict(row)) for row in (await connection.execute(columns)).mappings()]
    people = (  # with their dates, by which the matcher goes month by month: a membership that is over had its months
        select(*table(Member).c, Household.reference.label("household"))
        .join(Household, Household.id == Member.household_id)
        .where(ours, Member.left_on.is_(None))
        .order_by(Member.id)
    )
    members = [member_row(vault, dict(row)) for row in (await connection.execute(people)).mappings()]
    theirs = and_(ours, Member.left_on.is_(None))
    authorisations = await consented.laid_out(connection, theirs, days.today(now))
    sent = folders.in_use(await registers.came(connection, data_dir))
    tables = {"households": households, "members": members, "authorisations": authorisations}
    if said := await answers.laid_out(connection, theirs):
        tables["answers"] = said
    return folders.Layout(tables, sent, folders.policy_of(data_dir))


async def pace(connection: AsyncConnection, order: Order, data_dir: Path, *, since: bool) -> Pace:
    """By what it can be told how long the scan will take: the feeds' rows, and what the last one that did the same took."""
    feeds = [] if since else folders.in_use(await registers.came(connection, data_dir))
    same = select(Scan.summary, Scan.rules, Scan.started_at, Scan.finished_at).where(
        Scan.status == ScanStatus.SUCCEEDED, Scan.division_code == order.division_code, Scan.summary.is_not(None)
    )
    latest = (await connection.execute(same.order_by(Scan.id.desc()).limit(LOOKS_BACK))).all()
    last = next((row for row in latest if tuple(row.rules) == order.rules), None)
    rows = {feed.source: feed.rows for feed in feeds}
    if last is None:
        return Pace(rows, {})
    took = {name: float(seconds) for name, seconds in last.summary["timings_seconds"].items()}
    taken_in = (last.finished_at - last.started_at).total_seconds() - took["total"]
    return Pace(rows, took | {INGEST: max(taken_in, 0.0)})


async def tell(connection: AsyncConnection, scan_id: int, step: Step, left: int | None, now: dt.datetime) -> None:
    """How far the scan is, and how many seconds it will take still, where that can be told."""
    told = {"stage": step.stage, "done": step.done, "total": step.total, "unit": step.unit, "seconds_left": left}
    await _change(connection, scan_id, now, **told)


async def members_of(connection: AsyncConnection, order: Order) -> dict[str, int]:
    """The keys of the people scanned, by their reference."""
    low, high = divisions.span(order.division_code)
    columns = select(Member.reference, Member.id).join(Household, Household.id == Member.household_id)
    ours = columns.where(Household.division_code >= low, Household.division_code < high)
    return {row.reference: row.id for row in await connection.execute(ours)}


async def take_links(
    connection: AsyncConnection, scan_id: int, links: Iterable[Mapping[str, Any]], members: Mapping[str, int]
) -> None:
    """Adds links of the scan."""
    rows = [
        {
            "scan_id": scan_id,
            "member_id": members[link["person_id"]],
            "source": link["source"],
            "record_id": link["record_id"],
            "party": link["party"],
            "probability": link["probability"],
            "weight_bits": link["weight_bits"],
            "grade": link["grade"],
            "decision": link["decision"],
            "levels": link["levels"],
        }
        for link in links
        if link["person_id"] in members
    ]
    for start in range(0, len(rows), BATCH):
        await connection.execute(insert(Link), rows[start : start + BATCH])


async def take_findings(
    connection: AsyncConnection,
    order: Order,
    as_of: dt.date,
    findings: Sequence[Mapping[str, Any]],
    members: Mapping[str, int],
    now: dt.datetime,
) -> Counter[LeadChange]:
    """Adds the scan's leads, or finds again those that were raised before; how many of each.

    What a later scan raised stays as it is: later by the day that it asked about, then by when it was asked for.
    """
    households = await _by_reference(connection, Household, {each["household_id"] for each in findings})
    before = await _raised_before(connection, [each["finding_id"] for each in findings])
    concluded = await _concluded(connection, [row.id for row in before.values()])
    rows, changes = [], Counter[LeadChange]()
    for each in findings:
        known = before.get(each["finding_id"])
        if each["household_id"] in households and (
            known is None or (known.last_as_of, known.last_scan_id) <= (as_of, order.id)
        ):
            row = _finding(each, households[each["household_id"]], order, now)
            rows.append(row if known is None else row | _again(known, each["evidence_hash"], concluded))
            if known is not None and _asked_about(known) and known.evidence_hash != each["evidence_hash"]:
                await _tell_of_evidence(connection, known, order, now)
            changes[LeadChange.NEW if known is None else _compared(known, row)] += 1
    for start in range(0, len(rows), BATCH):
        some = rows[start : start + BATCH]
        await connection.execute(upsert(connection, table(Finding), ["reference"], some[0].keys()), some)
    keys = await _by_reference(connection, Finding, {row["reference"] for row in rows})
    of_these = among(table(FindingPerson).c.finding_id, "keys")
    await connection.execute(delete(FindingPerson).where(of_these), {"keys": [*keys.values()]})
    persons = [
        {"finding_id": keys[each["finding_id"]], "member_id": members[person]}
        for each in findings
        if each["finding_id"] in keys
        for person in dict.fromkeys(each["person_ids"])
        if person in members
    ]
    for start in range(0, len(persons), BATCH):
        await connection.execute(insert(FindingPerson), persons[start : start + BATCH])
    return changes


async def _by_reference(
    connection: AsyncConnection, model: type[Household | Finding], references: set[str]
) -> dict[str, int]:
    columns = select(model.reference, model.id).where(among(table(model).c.reference, "references", String))
    found = await connection.execute(columns, {"references": sorted(references)})
    return {row.reference: row.id for row in found}


async def _raised_before(connection: AsyncConnection, references: list[str]) -> dict[str, Row[*tuple[Any, ...]]]:
    """The findings of these references, which nobody reviews until this transaction ends."""
    columns = (
        select(*table(Finding).c, Scan.as_of.label("last_as_of"))
        .join(Scan, Scan.id == Finding.last_scan_id)
        .where(among(table(Finding).c.reference, "references", String))
    )
    found = await connection.execute(
        locked(columns.order_by(Finding.id), connection, Finding), {"references": references}
    )
    return {row.reference: row for row in found}


async def _concluded(connection: AsyncConnection, findings: list[int]) -> dict[tuple[int, str], tuple[int, Outcome]]:
    """The latest review of each finding on each evidence."""
    columns = select(Review.finding_id, Review.evidence_hash, Review.id, Review.outcome)
    found = await connection.execute(
        columns.where(among(table(Review).c.finding_id, "keys")).order_by(Review.id), {"keys": findings}
    )
    return {(row.finding_id, row.evidence_hash): (row.id, Outcome(row.outcome)) for row in found}


def _again(
    known: Row[*tuple[Any, ...]], evidence_hash: str, concluded: Mapping[tuple[int, str], tuple[int, Outcome]]
) -> dict[str, Any]:
    """What a finding keeps when it is raised again, and where it stands on this evidence; it is not withdrawn any more.

    It is ranked anew; closed or withdrawn before and open now, it is a new question, which waits until it is opened. What
    was being asked about it goes on, on whatever evidence: its household was told, and waits (F-14, F-18).
    """
    kept = {"first_scan_id": known.first_scan_id, "raised_on": known.raised_on, "withdrawals": known.withdrawals}
    opened = {"opened_on": known.opened_on, "opened_for": known.opened_for}
    if evidence_hash == known.evidence_hash and known.withdrawn_because is None:
        return kept | opened | {"state": known.state, "review_id": known.review_id, "version": known.version}
    review_id, outcome = concluded.get((known.id, evidence_hash), (None, None))
    state = FindingState.OPEN if outcome is None else state_after(outcome)
    if _asked_about(known):
        state = FindingState.IN_INQUIRY
    again = opened if known.state not in ENDED or _asked_about(known) else {}
    return kept | again | {"state": state, "review_id": review_id, "version": known.version + 1}


def _asked_about(lead: Row[*tuple[Any, ...]]) -> bool:
    """Whether somebody is asking about the lead, or was when a scan withdrew it."""
    withdrawn = lead.state == FindingState.WITHDRAWN
    return bool((lead.withdrawn_from if withdrawn else lead.state) == FindingState.IN_INQUIRY)


async def _tell_of_evidence(
    connection: AsyncConnection, lead: Row[*tuple[Any, ...]], order: Order, now: dt.datetime
) -> None:
    """Whoever is asking about the lead is told that it rests on other evidence now."""
    detail = {"household": lead.household_id, "scan": order.id}
    await audit.record(connection, None, "finding.evidence_changed", ("Finding", lead.id), now, detail)
    await outbox.append(connection, "finding", lead.id, now)


def _compared(known: Row[*tuple[Any, ...]], row: Mapping[str, Any]) -> LeadChange:
    """Whether a lead that is raised again rests on the same and says the same."""
    same = all(getattr(known, name) == row[name] for name in JUDGED)
    return LeadChange.AGAIN if same else LeadChange.CHANGED


async def succeed(
    connection: AsyncConnection,
    order: Order,
    summary: Mapping[str, Any],
    leads: Mapping[LeadChange, int],
    now: dt.datetime,
) -> None:
    """The scan is done, and from now on its links and findings are the latest; what is due by them is looked at anew."""
    await entitlement_tasks.look_again(connection, order.division_code)
    await audit.record(connection, None, "scan.succeeded", ("Scan", order.id), now)
    await _change(
        connection,
        order.id,
        now,
        status=ScanStatus.SUCCEEDED,
        as_of=dt.date.fromisoformat(summary["as_of"]),
        **NO_STEP,
        summary=dict(summary),
        leads={change: leads.get(change, 0) for change in LeadChange},
        finished_at=now,
    )


async def fail(connection: AsyncConnection, scan_id: int, failure: str, now: dt.datetime) -> None:
    """The scan will not be tried again; `failure` says what happened, and holds nothing personal. One that has ended stays so."""
    try:
        await hold(connection, scan_id)
    except ScanEnded:
        return
    await connection.execute(delete(Link).where(Link.scan_id == scan_id))
    await audit.record(connection, None, "scan.failed", ("Scan", scan_id), now)
    await _change(connection, scan_id, now, status=ScanStatus.FAILED, **NO_STEP, failure=failure, finished_at=now)


def _finding(each: Mapping[str, Any], household_id: int, order: Order, now: dt.datetime) -> dict[str, Any]:
    severity = Severity(each["severity"])
    return {
        "reference": each["finding_id"],
        "evidence_hash": each["evidence_hash"],
        "rule_id": each["rule_id"],
        "rule_version": each["rule_version"],
        "household_id": household_id,
        "severity": severity,
        "severity_rank": severity.rank,
        "basis": each["basis"],
        "grade": each["grade"],
        "state": FindingState.OPEN,
        "review_id": None,
        "amount_low_fen": money.fen(each["amount_low_yuan"]),
        "amount_high_fen": money.fen(each["amount_high_yuan"]),
        "period_start": each["period_start"],
        "period_end": each["period_end"],
        "evidence": each["evidence"],
        "exceptions": each["exceptions"],
        "explanation_zh": each["explanation_zh"],
        "explanation_en": each["explanation_en"],
        "first_scan_id": order.id,
        "last_scan_id": order.id,
        "raised_on": days.today(now),
        "queue_worth": None,
        "queue_place": None,
        "opened_on": None,
        "opened_for": None,
        "withdrawn_because": None,
        "withdrawn_from": None,
        "withdrawn_scan_id": None,
        "withdrawn_at": None,
        "withdrawals": 0,
        "version": 1,
    }


async def _change(connection: AsyncConnection, scan_id: int, now: dt.datetime, **values: Any) -> None:
    await connection.execute(update(Scan).where(Scan.id == bindparam("key")), {"key": scan_id, **values})
    await outbox.append(connection, TOPIC, scan_id, now)


def household_row(vault: Vault, row: Mapping[str, Any]) -> folders.Row:
    """A household as the matcher reads it."""
    return {
        "household_id": row["reference"],
        "division_code": row["division_code"],
        "programme": row["programme_code"],
        **{column: row[column] for column in registers.HOUSEHOLD_PLAIN},
        **{theirs: _yuan(row[ours]) for theirs, ours in registers.MONEY.items()},
        **{column: vault.open(f"households.{column}", row[column]) for column in registers.HOUSEHOLD_SEALED},
        **_opened(vault.open("households.others", row["others"])),
    }


def member_row(vault: Vault, row: Mapping[str, Any]) -> folders.Row:
    """A member as the matcher reads it; `household` is the household's number in the register."""
    return {
        "person_id": row["reference"],
        "household_id": row["household"],
        **{column: row[column] for column in registers.MEMBER_PLAIN},
        "declared_monthly_income_yuan": _yuan(row["declared_monthly_income_fen"]),
        **{column: vault.open(f"members.{column}", row[column]) for column in registers.MEMBER_SEALED},
        **_opened(vault.open("members.others", row["others"])),
    }


def _yuan(fen: int | None) -> Any:
    return None if fen is None else money.yuan(fen)


def _opened(others: str | None) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(others) if others else {}
    return content
