"""Facts are asked for, a record is said to be wrong, and either is answered: by whom it was asked of (F-33).

While a record is doubted its lead is in inquiry. What the department corrects is gone from its next batch, and with it
the lead from the scan of that: the inquiry stays and tells why.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import scope, workdays
from api.database import locked
from api.domain import accounts, casework, days, inquiries
from api.domain import on_paper as papers
from api.domain.casework import TaskKind
from api.domain.errors import Forbidden, NotDone, UserErrorCode
from api.domain.inquiries import Asked, InquiryKind, InquiryState, RepairOutcome, RepairReason
from api.domain.on_paper import OnPaper
from api.domain.permissions import Permission, Viewer
from api.domain.review import FindingState
from api.matching import policy, reference
from api.models import Finding, Household, Inquiry, table
from api.sealing import Vault
from api.services import cases, leads, on_paper, tasks
from api.services.cases import Held

REPAIR_DAYS = "review.repair_working_days"
Q, H = table(Inquiry).c, table(Household).c

_INQUIRY = scope.narrow_to_asked(
    scope.narrow(
        select(*Q, H.division_code).select_from(Inquiry).join(Household, H.id == Q.household_id), H.division_code
    ),
    Q.source,
)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, of whom, and until when: `source` a kind of department data, `colleague` a login."""

    asked_of: Asked
    words: str
    due_on: dt.date
    source: str | None = None
    colleague: str | None = None


@dataclass(frozen=True, slots=True)
class Repair:
    """Which record of which department is said to be wrong, why, and in whose words."""

    source: str
    record_id: str
    reason: RepairReason
    words: str


async def ask(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    finding_id: int | None,
    expected_version: int,
    question: Question,
    now: dt.datetime,
) -> int:
    """The question waits for its answer, and the lead is in inquiry; the lead's key. Raises NotDone."""
    found = await leads.mine(connection, viewer, finding_id, expected_version, now)
    if found.state == FindingState.CLOSED:
        raise leads.closed()
    inquiries.check_due(question.due_on, days.today(now))
    colleague = None
    if (question.asked_of is Asked.DEPARTMENT) != (question.source is not None):
        raise NotDone(
            UserErrorCode.INVALID,
            casework.path("source"),
            "询问部门时须指明是哪类数据，其他询问不填。",
            "A department is named by its kind of data, and nobody else is.",
        )
    if question.source is not None:
        _check_source(question.source)
    if (question.asked_of is Asked.COLLEAGUE) != (question.colleague is not None):
        raise NotDone(
            UserErrorCode.INVALID,
            casework.path("colleague"),
            "询问同事时须指明是谁，其他询问不填。",
            "A colleague is named by their login, and nobody else is.",
        )
    if question.colleague is not None:
        where = Held(found.household_id, found.division_code, None)
        colleague = await cases.colleague(connection, where, question.colleague, "colleague")
    row = {
        "kind": InquiryKind.FACTS,
        "asked_of": question.asked_of,
        "source": question.source,
        "assigned_to": colleague,
        "question": vault.seal("inquiries.question", casework.words(question.words, "question")),
        "due_on": question.due_on,
    }
    key = await _opened(connection, viewer, found, row, now)
    detail = {"inquiry": key, "asked_of": question.asked_of.value, "source": question.source}
    return await leads.told(connection, viewer, "finding.facts_asked", found.id, found.household_id, now, detail)


async def report(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    finding_id: int | None,
    expected_version: int,
    repair: Repair,
    now: dt.datetime,
) -> int:
    """The record is doubted before its department, and the lead in inquiry, closed or not; the lead's key.

    By any clerk, whoever holds the lead. Raises NotDone: the lead does not rest on such a record, or it is doubted so.
    """
    found, today = await leads.held(connection, viewer, finding_id, expected_version, now), days.today(now)
    _check_source(repair.source)
    if (repair.source, repair.record_id) not in {(each["source"], each["record_id"]) for each in found.evidence}:
        raise NotDone(
            UserErrorCode.NOT_FOUND,
            casework.path("recordId"),
            "该疑点不以此记录为依据。",
            "The finding does not rest on such a record.",
        )
    doubted = select(Q.id).where(
        Q.finding_id == found.id,
        Q.source == repair.source,
        Q.record_id == repair.record_id,
        Q.state == InquiryState.OPEN,
    )
    if await connection.scalar(doubted.where(Q.kind == InquiryKind.REPAIR)) is not None:
        raise NotDone(
            UserErrorCode.INVALID,
            casework.path("recordId"),
            "该记录已在核实中。",
            "Its department is looking at this record already.",
        )
    row = {
        "kind": InquiryKind.REPAIR,
        "asked_of": Asked.DEPARTMENT,
        "source": repair.source,
        "record_id": repair.record_id,
        "reason": repair.reason,
        "question": vault.seal("inquiries.question", casework.words(repair.words, "statement")),
        "due_on": workdays.add(today, policy.whole(REPAIR_DAYS, today, found.division_code)),
    }
    key = await _opened(connection, viewer, found, row, now)
    detail = {"inquiry": key, "source": repair.source, "reason": repair.reason.value}
    return await leads.told(connection, viewer, "finding.repair_reported", found.id, found.household_id, now, detail)


async def answer(
    connection: AsyncConnection,
    vault: Vault,
    viewer: Viewer,
    inquiry_id: int | None,
    expected_version: int,
    outcome: RepairOutcome | None,
    words: str,
    now: dt.datetime,
    paper: OnPaper | None = None,
) -> int:
    """What was found out, by whom it was asked of; the inquiry's key.

    Of a household a clerk writes down what it said, and a reviewer what a department without an account answered on
    `paper`. Raises Forbidden for anybody else than whom it was asked of, and NotDone.
    """
    of = select(Inquiry.household_id).where(Inquiry.id == inquiry_id).scalar_subquery()
    await cases.hold(connection, viewer, of)
    statement = locked(_INQUIRY.where(Q.id == inquiry_id), connection, Inquiry)
    found = (await connection.execute(statement, scope.of(viewer))).one_or_none()
    if found is None:
        raise NotDone(UserErrorCode.NOT_FOUND, ("input", "inquiryId"), "没有此询问。", "There is no such inquiry.")
    accounts.unchanged(found.version, expected_version, "询问", "inquiry")
    if paper is None:
        _check_asked(viewer, found)
    else:
        paper = await _on_paper(connection, viewer, found, paper, days.today(now))
    kind, state = InquiryKind(found.kind), InquiryState(found.state)
    inquiries.check_answer(kind, state, found.outcome, outcome)
    await connection.execute(
        update(Inquiry)
        .where(Q.id == found.id)
        .values(
            state=InquiryState.ANSWERED,
            outcome=outcome,
            answer=vault.seal("inquiries.answer", casework.words(words, "answer")),
            answered_by=viewer.user_id,
            answered_at=now,
            paper=paper and paper.number,
            said_on=paper and paper.on,
            version=found.version + 1,
        )
    )
    grown = update(Finding).where(Finding.id == found.finding_id).values(version=Finding.version + 1)
    await connection.execute(grown)
    await tasks.finish(connection, _reference(found.id), now, viewer.user_id)
    action = "finding.facts_answered" if kind is InquiryKind.FACTS else "finding.record_looked_at"
    detail = {"inquiry": found.id, "outcome": outcome and outcome.value, "on_paper": paper is not None}
    await leads.told(connection, viewer, action, found.finding_id, found.household_id, now, detail)
    return int(found.id)


async def doubts(connection: AsyncConnection, found: Row[*tuple[Any, ...]]) -> int:
    """How many records behind the lead are doubted and not found right by their departments.

    On other evidence than a record was doubted on, it still is where the lead rests on it and its department has not settled it.
    """
    theirs = select(Q.outcome, Q.evidence_hash, Q.source, Q.record_id).where(
        Q.finding_id == found.id, Q.kind == InquiryKind.REPAIR
    )
    rests_on = {(each["source"], each["record_id"]) for each in found.evidence}
    return sum(
        row.outcome != RepairOutcome.STANDS
        if row.evidence_hash == found.evidence_hash
        else row.outcome in (None, RepairOutcome.IN_DISPUTE) and (row.source, row.record_id) in rests_on
        for row in await connection.execute(theirs)
    )


async def _opened(
    connection: AsyncConnection, viewer: Viewer, found: Row[*tuple[Any, ...]], row: dict[str, Any], now: dt.datetime
) -> int:
    row |= {
        "household_id": found.household_id,
        "finding_id": found.id,
        "evidence_hash": found.evidence_hash,
        "asked_by": viewer.user_id,
        "asked_at": now,
        "state": InquiryState.OPEN,
        "version": 1,
    }
    added = await connection.execute(insert(Inquiry).values(**row).returning(Q.id))
    key = int(added.scalar_one())
    await leads.into_inquiry(connection, found)
    await tasks.open_task(
        connection,
        TaskKind.INQUIRY_DUE,
        found.household_id,
        row["due_on"],
        now,
        reference=_reference(key),
        assigned_to=row.get("assigned_to"),
        detail={"inquiry": key, "finding": found.id, "source": row.get("source")},
    )
    return key


def _check_asked(viewer: Viewer, found: Row[*tuple[Any, ...]]) -> None:
    """Raises Forbidden where somebody else was asked."""
    theirs = {
        Asked.DEPARTMENT: viewer.sources is not None and found.source in viewer.sources,
        Asked.COLLEAGUE: viewer.user_id == found.assigned_to,
        Asked.HOUSEHOLD: viewer.may(Permission.KEEP_FILES),
    }
    if not theirs[Asked(found.asked_of)]:
        raise Forbidden("只有被询问的部门、同事或者经办人员可以答复。", "Only whom it was asked of answers.")


async def _on_paper(
    connection: AsyncConnection, viewer: Viewer, found: Row[*tuple[Any, ...]], paper: OnPaper, today: dt.date
) -> OnPaper:
    """The paper of a department that was asked and has no account. Raises Forbidden and NotDone."""
    if found.asked_of != Asked.DEPARTMENT:
        raise NotDone(
            UserErrorCode.INVALID,
            casework.path("onPaper"),
            "只有部门的答复可凭来文代录。",
            "Only a department's answer is written down from a paper.",
        )
    await on_paper.require_source(connection, viewer, Permission.REVIEW_FINDING, found.source, found.division_code)
    return papers.checked(paper, today)


def _check_source(source: str) -> None:
    if source not in {each.code for each in reference.departments()}:
        raise NotDone(UserErrorCode.NOT_FOUND, casework.path("source"), "没有此类数据。", "There are no such data.")


def _reference(key: int) -> str:
    return f"{TaskKind.INQUIRY_DUE}:{key}"
