"""Doubtful rows, to the department that sent them and to who reads cases there; and both kinds of doubts about a department's data, counted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import String, and_, bindparam, case, func, literal, select, union_all

from api import scope
from api.database import among
from api.domain.doubts import DoubtState
from api.domain.inquiries import InquiryKind, InquiryState, RepairOutcome
from api.loaders.conditions import in_division
from api.loaders.pages import By, Listing
from api.loaders.reading import Reading, Rows
from api.models import DoubtfulKind, DoubtfulRow, Household, Inquiry, Organisation, Upload, User, table

D, H, K, O, Q, U, W = (  # noqa: E741
    table(each).c for each in (DoubtfulRow, Household, DoubtfulKind, Organisation, Inquiry, Upload, User)
)

_ROWS = scope.narrow_to_batches(
    select(
        *D,
        U.batch,
        O.code.label("organisation_code"),
        O.name_zh,
        O.name_en,
        W.login.label("answerer_login"),
        W.display_name.label("answerer_name"),
    )
    .select_from(DoubtfulRow)
    .join(Upload, U.id == D.upload_id)
    .join(Organisation, O.id == D.organisation_id)
    .outerjoin(User, W.id == D.answered_by),
    D.organisation_id,
    D.division_code,
)
_BY_KEY = _ROWS.where(among(D.id, "keys"))
_OVERDUE = and_(D.state == DoubtState.OPEN, D.due_on < bindparam("overdue_today"))

DOUBTFUL_ROWS = Listing(
    "doubtfulRows",
    _ROWS,
    D.id,
    {
        "division": in_division(D.division_code),
        "organisations": among(O.code, "organisations", String),
        "sources": among(D.source, "sources", String),
        "uploads": among(D.upload_id, "uploads"),
        "batches": among(U.batch, "batches", String),
        "reasons": among(D.reason, "reasons", String),
        "columns": among(D.column_name, "columns", String),
        "states": among(D.state, "states", String),
        "overdue": _OVERDUE,
    },
    {
        "TOLD": By(D.id, int),
        "DUE": By(D.due_on, dt.date.fromisoformat),
        "ROW": By(D.row_number, int),
    },
)

_OPEN = (
    select(func.count())
    .where(
        D.upload_id == K.upload_id,
        D.state == DoubtState.OPEN,
        D.reason == K.reason,
        D.column_name.is_not_distinct_from(K.column_name),
    )
    .correlate(DoubtfulKind)
    .scalar_subquery()
)
_KINDS_OF = (
    scope.narrow_to_batches(
        select(K.upload_id, U.source, K.reason, K.column_name, K.lines, K.listed, _OPEN.label("open"))
        .select_from(DoubtfulKind)
        .join(Upload, U.id == K.upload_id),
        U.organisation_id,
        U.division_code,
    )
    .where(among(K.upload_id, "keys"))
    .order_by(K.upload_id, K.lines.desc(), K.id)
)

_OF_ROWS = (
    scope.narrow_to_batches(
        select(
            D.source,
            func.sum(case((D.state == DoubtState.OPEN, 1), else_=0)).label("open_rows"),
            func.sum(case((_OVERDUE, 1), else_=0)).label("late_rows"),
            func.sum(case((D.state == DoubtState.CORRECTED, 1), else_=0)).label("corrected_rows"),
            func.sum(case((D.state == DoubtState.CONFIRMED, 1), else_=0)).label("confirmed_rows"),
            literal(0).label("open_records"),
            literal(0).label("late_records"),
            literal(0).label("disputed_records"),
        ),
        D.organisation_id,
        D.division_code,
    )
    .where(in_division(D.division_code))
    .group_by(D.source)
)
_ASKED = Q.state == InquiryState.OPEN
_OF_RECORDS = (
    scope.narrow_to_asked(
        scope.narrow(
            select(
                Q.source,
                literal(0),
                literal(0),
                literal(0),
                literal(0),
                func.sum(case((_ASKED, 1), else_=0)),
                func.sum(case((and_(_ASKED, Q.due_on < bindparam("overdue_today")), 1), else_=0)),
                func.sum(case((Q.outcome == RepairOutcome.IN_DISPUTE, 1), else_=0)),
            )
            .select_from(Inquiry)
            .join(Household, H.id == Q.household_id),
            H.division_code,
        ),
        Q.source,
    )
    .where(in_division(H.division_code), Q.kind == InquiryKind.REPAIR)
    .group_by(Q.source)
)
_BOTH = union_all(_OF_ROWS, _OF_RECORDS).subquery()
_COUNTS = (
    select(_BOTH.c.source, *[func.sum(each).label(each.key) for each in _BOTH.c if each.key != "source"])
    .group_by(_BOTH.c.source)
    .order_by(_BOTH.c.source)
)


async def by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """Doubtful rows by their key."""
    return await reading.rows(_BY_KEY, {"keys": keys})


async def kinds_of(reading: Reading, uploads: Sequence[int]) -> Rows:
    """What uploads were doubted for, by reason and column, the most frequent first, the first column telling which upload."""
    return await reading.rows(_KINDS_OF, {"keys": uploads})


async def counts(reading: Reading, low: str, high: str) -> Rows:
    """By kind of data, how many rows are doubtful in this range of divisions, and how many records are doubted by people (F-33)."""
    asked = {"division_from": low, "division_to": high, "overdue_today": reading.today}
    return await reading.rows(_COUNTS, asked)
