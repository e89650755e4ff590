"""Findings, whom they speak of, and their reviews."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, String, and_, bindparam, func, or_, select

from api import scope
from api.database import among, month_of, rests_on
from api.domain.review import FindingState, Outcome
from api.loaders.conditions import in_division
from api.loaders.households import PROTECTED, PROTECTED_MEMBER, M
from api.loaders.pages import By, Listing
from api.loaders.reading import Reading, Rows
from api.models import Enrolment, Finding, FindingPerson, Household, Member, Review, User, table

F, H, R = table(Finding).c, table(Household).c, table(Review).c
FP, E = table(FindingPerson).c, table(Enrolment).c
DUPLICATES = "C"
"""Rules whose id begins so ask whether aid is given twice."""

_ABOUT = select(FP.finding_id).join(Member, M.id == FP.member_id).where(PROTECTED_MEMBER)
HIDDEN = or_(scope.protects_household(F.household_id), F.id.in_(_ABOUT)).label("protected")
COLUMNS = (*F, H.division_code, HIDDEN)
SHOWN = scope.unless_in_shadow(F, H.division_code)
FINDINGS = scope.narrow(select(*COLUMNS).join(Household, H.id == F.household_id), H.division_code).where(SHOWN)
_BY_KEY = FINDINGS.where(among(F.id, "keys"))


def _gravest(*conditions: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """Of each household its gravest findings, the first column telling whose."""
    place = func.row_number().over(partition_by=F.household_id, order_by=(F.severity_rank.desc(), F.id.desc()))
    numbered = (
        scope.narrow(select(*COLUMNS, place.label("place")).join(Household, H.id == F.household_id), H.division_code)
        .where(among(F.household_id, "keys"), SHOWN, *conditions)
        .subquery()
    )
    return (
        select(numbered.c.household_id.label("parent"), *[column for column in numbered.c if column.name != "place"])
        .where(numbered.c.place <= bindparam("most"))
        .order_by(numbered.c.household_id, numbered.c.place)
    )


_OF = _gravest()
_STANDING_OF = _gravest(F.withdrawn_because.is_(None))
_PERSONS_OF = (
    scope.narrow(
        select(FP.finding_id, *[column for column in M if column.name != "others"], PROTECTED)
        .join(Member, M.id == FP.member_id)
        .join(Household, H.id == M.household_id),
        H.division_code,
    )
    .where(among(FP.finding_id, "keys"))
    .order_by(FP.finding_id, M.id)
)
_REVIEWS_OF = (
    scope.narrow(
        select(
            R.finding_id,
            *[column for column in R if column.name != "finding_id"],
            User.display_name,
            F.evidence_hash.label("current_evidence"),
            HIDDEN,
        )
        .join(Finding, F.id == R.finding_id)
        .join(Household, H.id == F.household_id)
        .join(User, User.id == R.reviewer_id),
        H.division_code,
    )
    .where(among(R.finding_id, "keys"))
    .order_by(R.finding_id, R.id.desc())
)
_MONTH = month_of(scope.TODAY)
_THEIRS = or_(
    E.household_id == F.household_id,
    E.household_id.in_(select(M.household_id).join(FindingPerson, FP.member_id == M.id).where(FP.finding_id == F.id)),
)
_GOING_ON = (
    select(func.count())
    .select_from(Enrolment)
    .where(
        _THEIRS,
        rests_on(F.evidence, "aid", E.source_record),
        or_(E.start_month.is_(None), E.start_month <= _MONTH),
        or_(E.end_month.is_(None), E.end_month >= _MONTH),
    )
    .correlate(table(Finding))
    .scalar_subquery()
)
BOTH_PAY = and_(
    F.rule_id.startswith(DUPLICATES),
    F.state == FindingState.CLOSED,
    F.review_id.in_(select(R.id).where(R.outcome == Outcome.NO_ISSUE)),
    _GOING_ON > 1,
)
"""A lead on aid that is given twice, closed without an issue, of whose grants more than one goes on this month (F-20)."""

LISTING = Listing(
    "findings",
    FINDINGS,
    F.id,
    {
        "division": in_division(H.division_code),
        "references": among(F.reference, "references", String),
        "rules": among(F.rule_id, "rules", String),
        "severities": among(F.severity, "severities", String),
        "states": among(F.state, "states", String),
        "grades": among(F.grade, "grades", String),
        "households": among(F.household_id, "households", BigInteger),
        "scan": F.last_scan_id == bindparam("scan"),
        "withdrawn": F.withdrawn_because.is_not(None),
        "reviewed_by_me": F.id.in_(select(R.finding_id).where(R.reviewer_id == bindparam("reviewed_by_me_viewer"))),
        "raised_from": F.raised_on >= bindparam("raised_from"),
        "raised_to": F.raised_on <= bindparam("raised_to"),
        "both_pay": BOTH_PAY,
    },
    {
        "SEVERITY": By(F.severity_rank, int),
        "REFERENCE": By(F.reference, str, unique=True),
        "RAISED_ON": By(F.raised_on, dt.date.fromisoformat),
        "AMOUNT": By(func.coalesce(F.amount_high_fen, -1), int),
    },
)


async def by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """Findings by their key."""
    return await reading.rows(_BY_KEY, {"keys": keys})


async def findings_of(reading: Reading, households: Sequence[int], most: int) -> Rows:
    """The gravest findings of households, at most so many each, the first column telling whose."""
    return await reading.rows(_OF, {"keys": households, "most": most})


async def standing_of(reading: Reading, households: Sequence[int], most: int) -> Rows:
    """The same without those that a scan has withdrawn, of the gravest so many."""
    return await reading.rows(_STANDING_OF, {"keys": households, "most": most})


async def persons_of(reading: Reading, findings: Sequence[int]) -> Rows:
    """The people whom findings speak of, as far as the viewer may see them, the first column telling in which."""
    return await reading.rows(_PERSONS_OF, {"keys": findings})


async def reviews_of(reading: Reading, findings: Sequence[int]) -> Rows:
    """The reviews of findings, the latest first, the first column telling of which."""
    return await reading.rows(_REVIEWS_OF, {"keys": findings})
