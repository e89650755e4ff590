"""The life of a lead: who holds it, what was asked, what its household was told, what was concluded, and all its acts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, String, and_, bindparam, select
from sqlalchemy.orm import aliased

from api import scope
from api.database import among
from api.domain.inquiries import InquiryState
from api.loaders.conditions import in_division
from api.loaders.findings import HIDDEN
from api.loaders.pages import By, Listing
from api.loaders.reading import Reading, Rows
from api.models import (
    AuditEvent,
    Conclusion,
    Finding,
    Household,
    Inquiry,
    LeadHolder,
    LeadNotice,
    Review,
    User,
    table,
)

C, E, F, H, L, N, Q, R = (
    table(each).c
    for each in (
        Conclusion, AuditEvent, Finding, Household, LeadHolder, LeadNotice, Inquiry, Review,
    )
)  # fmt: skip
_WHO, _OTHER = aliased(User), aliased(User)
SUBJECT = "Finding"


def _of(statement: Select[*tuple[Any, ...]], key: ColumnElement[int]) -> Select[*tuple[Any, ...]]:
    """Rows of findings within the viewer's reach."""
    return scope.narrow(statement.join(Household, H.id == F.household_id), H.division_code).where(among(key, "keys"))


_HOLDERS = _of(
    select(L.finding_id, L.claimed_at, L.until, _WHO.login, _WHO.display_name, HIDDEN)
    .select_from(LeadHolder)
    .join(Finding, F.id == L.finding_id)
    .join(_WHO, _WHO.id == L.user_id),
    L.finding_id,
).where(L.until >= bindparam("today"))
_NOTICES = _of(
    select(
        N.finding_id,
        *[column for column in N if column.name != "finding_id"],
        F.evidence_hash.label("current_evidence"),
        _WHO.display_name.label("recorder"),
        HIDDEN,
    )
    .select_from(LeadNotice)
    .join(Finding, F.id == N.finding_id)
    .join(_WHO, _WHO.id == N.recorded_by),
    N.finding_id,
).order_by(N.finding_id, N.id.desc())
_CONCLUSIONS = _of(
    select(
        C.finding_id,
        *[column for column in C if column.name != "finding_id"],
        _WHO.display_name.label("proposer"),
        _OTHER.display_name.label("confirmer"),
        HIDDEN,
    )
    .select_from(Conclusion)
    .join(Finding, F.id == C.finding_id)
    .join(_WHO, _WHO.id == C.proposed_by)
    .outerjoin(_OTHER, _OTHER.id == C.confirmed_by),
    C.finding_id,
).order_by(C.finding_id, C.id.desc())
_DECIDED = _of(
    select(
        R.finding_id,
        R.outcome,
        R.reviewed_at,
        R.conclusion_id,
        _WHO.display_name.label("decider"),
        _WHO.kind.label("decider_kind"),
        _OTHER.display_name.label("proposer"),
        _OTHER.kind.label("proposer_kind"),
        HIDDEN,
    )
    .select_from(Finding)
    .join(Review, R.id == F.review_id)
    .join(_WHO, _WHO.id == R.reviewer_id)
    .outerjoin(Conclusion, C.id == R.conclusion_id)
    .outerjoin(_OTHER, _OTHER.id == C.proposed_by),
    R.finding_id,
)
_ACTS = _of(
    select(
        E.subject.label("finding_id"),
        E.id,
        E.number,
        E.hash,
        E.action,
        E.happened_at,
        _WHO.display_name,
        _WHO.kind,
        HIDDEN,
    )
    .select_from(AuditEvent)
    .join(Finding, and_(F.id == E.subject, E.subject_type == SUBJECT))
    .outerjoin(_WHO, _WHO.id == E.user_id),
    E.subject,
).order_by(E.subject, E.number)

_INQUIRIES = scope.narrow_to_asked(
    scope.narrow(
        select(
            *Q,
            H.division_code,
            _WHO.login.label("asker_login"),
            _WHO.display_name.label("asker_name"),
            _OTHER.login.label("answerer_login"),
            _OTHER.display_name.label("answerer_name"),
            HIDDEN,
        )
        .select_from(Inquiry)
        .join(Finding, F.id == Q.finding_id)
        .join(Household, H.id == Q.household_id)
        .join(_WHO, _WHO.id == Q.asked_by)
        .outerjoin(_OTHER, _OTHER.id == Q.answered_by),
        H.division_code,
    ),
    Q.source,
)
_INQUIRIES_BY_KEY = _INQUIRIES.where(among(Q.id, "keys"))
_INQUIRIES_OF = (
    _INQUIRIES.with_only_columns(
        Q.finding_id, *[column for column in _INQUIRIES.selected_columns if column.key != "finding_id"]
    )
    .where(among(Q.finding_id, "keys"))
    .order_by(Q.finding_id, Q.id.desc())
)

INQUIRIES = Listing(
    "inquiries",
    _INQUIRIES,
    Q.id,
    {
        "division": in_division(H.division_code),
        "households": among(Q.household_id, "households", BigInteger),
        "findings": among(Q.finding_id, "findings", BigInteger),
        "kinds": among(Q.kind, "kinds", String),
        "states": among(Q.state, "states", String),
        "outcomes": among(Q.outcome, "outcomes", String),
        "sources": among(Q.source, "sources", String),
        "mine": Q.assigned_to == bindparam("mine_viewer"),
        "overdue": and_(Q.state == InquiryState.OPEN, Q.due_on < bindparam("overdue_today")),
    },
    {"DUE_ON": By(Q.due_on, dt.date.fromisoformat), "ASKED": By(Q.id, int)},
)


async def holders_of(reading: Reading, findings: Sequence[int]) -> Rows:
    """Who holds findings today, the first column telling which."""
    return await reading.rows(_HOLDERS, {"keys": findings})


async def notices_of(reading: Reading, findings: Sequence[int]) -> Rows:
    """What households were told of findings, the latest first, the first column telling of which."""
    return await reading.rows(_NOTICES, {"keys": findings})


async def conclusions_of(reading: Reading, findings: Sequence[int]) -> Rows:
    """What was proposed to be concluded of findings, the latest first, the first column telling of which."""
    return await reading.rows(_CONCLUSIONS, {"keys": findings})


async def decided_of(reading: Reading, findings: Sequence[int]) -> Rows:
    """By whom findings were last concluded on, the first column telling which."""
    return await reading.rows(_DECIDED, {"keys": findings})


async def acts_of(reading: Reading, findings: Sequence[int]) -> Rows:
    """All that was done to findings, as the audit has it, in its order, the first column telling to which."""
    return await reading.rows(_ACTS, {"keys": findings})


async def inquiries_of(reading: Reading, findings: Sequence[int]) -> Rows:
    """What was asked about findings, the latest first, the first column telling about which."""
    return await reading.rows(_INQUIRIES_OF, {"keys": findings})


async def inquiries_by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """Inquiries by their key."""
    return await reading.rows(_INQUIRIES_BY_KEY, {"keys": keys})
