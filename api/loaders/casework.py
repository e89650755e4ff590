"""What has to be done for households, and to whom they were sent: tasks and referrals."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import BigInteger, String, and_, bindparam, or_, select

from api import scope
from api.database import among
from api.domain.casework import ReferralState, TaskState
from api.loaders.conditions import in_division
from api.loaders.pages import By, Listing
from api.loaders.reading import Reading, Rows
from api.models import Household, Organisation, Referral, Task, User, table

H, O, R, T = (table(each).c for each in (Household, Organisation, Referral, Task))  # noqa: E741
HIDDEN = scope.protects_household(H.id)
"""Whether who handles the household is told to nobody who is not cleared (F-29)."""

_ASSIGNEE, _ENDER, _SENDER, _ANSWERER = (
    table(User).alias(name) for name in ("assignee", "ender", "sender", "answerer")
)

_TASKS = scope.narrow(
    select(
        *T,
        H.division_code,
        _ASSIGNEE.c.login.label("assignee_login"),
        _ASSIGNEE.c.display_name.label("assignee_name"),
        _ENDER.c.login.label("ender_login"),
        _ENDER.c.display_name.label("ender_name"),
        HIDDEN.label("protected"),
    )
    .join(Household, H.id == T.household_id)
    .outerjoin(_ASSIGNEE, _ASSIGNEE.c.id == T.assigned_to)
    .outerjoin(_ENDER, _ENDER.c.id == T.done_by),
    H.division_code,
)
_TASKS_BY_KEY = _TASKS.where(among(T.id, "keys"))

TASKS = Listing(
    "tasks",
    _TASKS,
    T.id,
    {
        "division": in_division(H.division_code),
        "kinds": among(T.kind, "kinds", String),
        "states": among(T.state, "states", String),
        "households": among(T.household_id, "households", BigInteger),
        "due_from": T.due_on >= bindparam("due_from"),
        "due_to": T.due_on <= bindparam("due_to"),
        "overdue": and_(T.state == TaskState.OPEN, T.due_on < bindparam("overdue_today")),
        "mine": T.assigned_to == bindparam("mine_viewer"),
        "assignees": and_(among(_ASSIGNEE.c.login, "assignees", String), scope.unless_hidden(HIDDEN)),
        "unassigned": or_(
            T.assigned_to.is_(None),
            and_(T.assigned_to != bindparam("unassigned_viewer"), ~scope.unless_hidden(HIDDEN)),
        ),
    },
    {"DUE_ON": By(T.due_on, dt.date.fromisoformat), "OPENED": By(T.id, int)},
)

_REFERRALS = scope.narrow_to_receiver(
    scope.narrow(
        select(
            *R,
            H.division_code,
            O.code,
            O.name_zh,
            O.name_en,
            _SENDER.c.login.label("sender_login"),
            _SENDER.c.display_name.label("sender_name"),
            _ANSWERER.c.login.label("answerer_login"),
            _ANSWERER.c.display_name.label("answerer_name"),
            HIDDEN.label("protected"),
        )
        .join(Household, H.id == R.household_id)
        .join(Organisation, O.id == R.organisation_id)
        .join(_SENDER, _SENDER.c.id == R.referred_by)
        .outerjoin(_ANSWERER, _ANSWERER.c.id == R.answered_by),
        H.division_code,
    ),
    R.organisation_id,
)
_REFERRALS_BY_KEY = _REFERRALS.where(among(R.id, "keys"))
_REFERRALS_OF = (
    _REFERRALS.with_only_columns(
        R.household_id, *[column for column in _REFERRALS.selected_columns if column.key != "household_id"]
    )
    .where(among(R.household_id, "keys"))
    .order_by(R.household_id, R.id.desc())
)

REFERRALS = Listing(
    "referrals",
    _REFERRALS,
    R.id,
    {
        "division": in_division(H.division_code),
        "states": among(R.state, "states", String),
        "organisations": among(O.code, "organisations", String),
        "programmes": among(R.programme_code, "programmes", String),
        "households": among(R.household_id, "households", BigInteger),
        "due_from": R.due_on >= bindparam("due_from"),
        "due_to": R.due_on <= bindparam("due_to"),
        "overdue": and_(R.state != ReferralState.CLOSED, R.due_on < bindparam("overdue_today")),
        "received": R.organisation_id == bindparam("received_by"),
    },
    {"DUE_ON": By(R.due_on, dt.date.fromisoformat), "REFERRED": By(R.id, int)},
)


async def tasks_by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """Tasks by their key."""
    return await reading.rows(_TASKS_BY_KEY, {"keys": keys})


async def referrals_by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """Referrals by their key."""
    return await reading.rows(_REFERRALS_BY_KEY, {"keys": keys})


async def referrals_of(reading: Reading, households: Sequence[int]) -> Rows:
    """The referrals of households, the latest first, the first column telling whose."""
    return await reading.rows(_REFERRALS_OF, {"keys": households})
