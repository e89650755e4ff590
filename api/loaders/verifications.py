"""Rounds of verification, what each kind of data says of each person in them, and how old that is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import BigInteger, String, and_, bindparam, case, func, select

from api import scope
from api.database import among
from api.domain.verifications import VerificationState
from api.loaders.conditions import in_division
from api.loaders.pages import By, Listing
from api.loaders.reading import Reading, Rows
from api.models import Household, Organisation, User, VerificationAnswer, VerificationRequest, table

A, H, O, R = (table(each).c for each in (VerificationAnswer, Household, Organisation, VerificationRequest))  # noqa: E741
HIDDEN = scope.protects_household(H.id)
_ASKER, _CLOSER = (table(User).alias(name) for name in ("asker", "closer"))

_REQUESTS = scope.narrow(
    select(
        *R,
        H.division_code,
        _ASKER.c.login.label("asker_login"),
        _ASKER.c.display_name.label("asker_name"),
        _CLOSER.c.login.label("closer_login"),
        _CLOSER.c.display_name.label("closer_name"),
        HIDDEN.label("protected"),
    )
    .join(Household, H.id == R.household_id)
    .join(_ASKER, _ASKER.c.id == R.requested_by)
    .outerjoin(_CLOSER, _CLOSER.c.id == R.closed_by),
    H.division_code,
)
_REQUESTS_BY_KEY = _REQUESTS.where(among(R.id, "keys"))
_WAITING = and_(A.due_on.is_not(None), A.answered_at.is_(None), R.state == VerificationState.OPEN)
_LATE = and_(_WAITING, A.due_on < scope.TODAY)
_LATE_ON = and_(_WAITING, A.due_on < bindparam("overdue_today"))

REQUESTS = Listing(
    "verification requests",
    _REQUESTS,
    R.id,
    {
        "division": in_division(H.division_code),
        "states": among(R.state, "states", String),
        "occasions": among(R.occasion, "occasions", String),
        "households": among(R.household_id, "households", BigInteger),
        "due_from": R.due_on >= bindparam("due_from"),
        "due_to": R.due_on <= bindparam("due_to"),
        "overdue": select(A.id).where(A.request_id == R.id, _LATE_ON).correlate(table(VerificationRequest)).exists(),
    },
    {"REQUESTED": By(R.id, int), "DUE_ON": By(R.due_on, dt.date.fromisoformat)},
)

_ANSWERS = scope.narrow_to_receiver(
    scope.narrow(
        select(
            *A,
            H.division_code,
            O.code,
            O.name_zh,
            O.name_en,
            _LATE.label("overdue"),
            HIDDEN.label("protected"),
        )
        .join(VerificationRequest, R.id == A.request_id)
        .join(Household, H.id == A.household_id)
        .outerjoin(Organisation, O.id == A.organisation_id),
        H.division_code,
    ),
    A.organisation_id,
)
_ANSWERS_BY_KEY = _ANSWERS.where(among(A.id, "keys"))
_ANSWERS_OF = (
    _ANSWERS.with_only_columns(
        A.request_id, *[column for column in _ANSWERS.selected_columns if column.key != "request_id"]
    )
    .where(among(A.request_id, "keys"))
    .order_by(A.request_id, A.member_id, A.source)
)

ANSWERS = Listing(
    "verification answers",
    _ANSWERS,
    A.id,
    {
        "sources": among(A.source, "sources", String),
        "answers": among(A.answer, "answers", String),
        "waiting": _WAITING,
        "overdue": _LATE_ON,
    },
    {"ASKED": By(A.id, int)},
)

_SOURCES_OF = (
    scope.narrow(
        select(
            A.request_id,
            A.source,
            func.min(A.as_of).label("oldest"),
            func.count().label("people"),
            *(
                func.sum(case((A.answer == each, 1), else_=0)).label(each.lower())
                for each in ("VALUE", "NO_RECORD", "NO_ANSWER", "NOT_ASKED", "NOT_AUTHORISED")
            ),
            func.sum(case((_LATE, 1), else_=0)).label("overdue"),
            func.min(A.feed_as_of).label("feed_as_of"),
            *(
                func.sum(case((A.because == each, 1), else_=0)).label(each.lower())
                for each in ("STALE_FEED", "PARTIAL_FEED", "NOT_SCANNED", "IN_DOUBT")
            ),
        )
        .join(VerificationRequest, R.id == A.request_id)
        .join(Household, H.id == A.household_id),
        H.division_code,
    )
    .where(among(A.request_id, "keys"))
    .group_by(A.request_id, A.source)
    .order_by(A.request_id, A.source)
)


async def by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """Rounds of verification by their key."""
    return await reading.rows(_REQUESTS_BY_KEY, {"keys": keys})


async def answers_by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """Answers by their key."""
    return await reading.rows(_ANSWERS_BY_KEY, {"keys": keys})


async def answers_of(reading: Reading, requests: Sequence[int]) -> Rows:
    """The answers of rounds, by person and source, the first column telling which."""
    return await reading.rows(_ANSWERS_OF, {"keys": requests})


async def sources_of(reading: Reading, requests: Sequence[int]) -> Rows:
    """Of each kind of data in each round, how many people it says what of, and its oldest day; the first column the round."""
    return await reading.rows(_SOURCES_OF, {"keys": requests})
