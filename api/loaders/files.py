"""Files from application to exit, of which tier and category they were, who kept them, and the moves of households' lives.

Where a reading is as of a day, what came later is not told: a file is at the stage to which it had come by then.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    ScalarSelect,
    Select,
    String,
    and_,
    bindparam,
    case,
    func,
    literal,
    literal_column,
    null,
    select,
)
from sqlalchemy.orm import aliased

from api import scope
from api.database import among
from api.domain.files import Closing
from api.domain.lifecycle import Action
from api.domain.stages import ENDED, Stage
from api.loaders.conditions import in_division
from api.loaders.pages import By, Listing
from api.loaders.reading import Reading, Rows
from api.models import (
    Decision,
    File,
    FileTransfer,
    Household,
    Organisation,
    Proposal,
    Recognition,
    Transition,
    User,
    table,
)

F, H, P, T = table(File).c, table(Household).c, table(Proposal).c, table(Transition).c
R, X, O = table(Recognition).c, table(FileTransfer).c, table(Organisation).c  # noqa: E741
NEVER, FOREVER = dt.date(1, 1, 1), dt.date(9999, 12, 31)
DUE = func.coalesce(F.due_on, literal_column("'9999-12-30'", Date()))
"""When a file is due, those that are not at last; written out, so that an index has it in that order."""

AS_OF = bindparam("as_of", FOREVER, Date())
TODAY = scope.TODAY
PROTECTED = scope.protects_household(H.id).label("protected")
CLOSING = {
    Action.REFUSE: Closing.REFUSED,
    Action.WITHDRAW: Closing.WITHDRAWN,
    Action.GRADUATE: Closing.GRADUATED,
    Action.TAKE_OVER: Closing.AS_REGISTERED,
}
"""Why a file ended, where the move tells it; of others their proposal does."""

NOW = literal(FOREVER) == AS_OF
"""Whether the reading is of no earlier day."""


def _last_move(column: ColumnElement[Any]) -> ScalarSelect[Any]:
    """The last move of a file by that day."""
    those = select(column).where(T.file_id == F.id, T.effective_on <= AS_OF)
    return those.order_by(T.number.desc()).limit(1).correlate(table(File)).scalar_subquery()


def _recognised(column: ColumnElement[Any]) -> ScalarSelect[Any]:
    """What a file was last recognised as by that day."""
    those = select(column).where(R.file_id == F.id, R.since <= AS_OF)
    return those.order_by(R.id.desc()).limit(1).correlate(table(File)).scalar_subquery()


def _handed_later(column: ColumnElement[Any]) -> ScalarSelect[Any]:
    """What the first transfer after that day tells of the file before it."""
    those = select(column).where(X.file_id == F.id, X.transferred_on > AS_OF)
    return those.order_by(X.id).limit(1).correlate(table(File)).scalar_subquery()


_ANY = table(File).alias("any_file")
DIVISION = func.coalesce(
    select(X.from_division_code)
    .join(_ANY, _ANY.c.id == X.file_id)
    .where(_ANY.c.household_id == H.id, X.transferred_on > AS_OF)
    .order_by(X.id)
    .limit(1)
    .correlate(table(Household))
    .scalar_subquery(),
    H.division_code,
).label("division_code")
"""To which division a household belonged: the one before its next transfer, or the present one."""

BEGUN = func.coalesce(F.applied_on, F.opened_on, AS_OF) <= AS_OF
"""Whether a file had begun, as an application or when hardship returned; one without dates always had."""

_MOVED = _last_move(T.id).is_not(None)
_STAGE = case(
    (and_(F.closed_on.is_(None), NOW), H.stage),
    (_MOVED, _last_move(T.to_stage)),
    (F.opened_on <= AS_OF, Stage.RECORDED.value),
    else_=Stage.APPLIED.value,
)
"""Where a file stood; before its first move here, where the register's dates have it."""

CLOSED_ON = case(
    (NOW, F.closed_on),
    (_last_move(T.to_stage).in_([stage.value for stage in ENDED]), _last_move(T.effective_on)),
    (_MOVED, null()),
    (F.closed_on <= AS_OF, F.closed_on),
    else_=null(),
).label("closed_on")
"""When a file ended, as of a day on which it had; an end that was undone later is told as of the days between."""

_CLOSING = case(
    (CLOSED_ON.is_(None), null()),
    (F.closed_on == CLOSED_ON, F.closing),
    *((_last_move(T.action) == action.value, closing.value) for action, closing in CLOSING.items()),
    else_=select(P.closing).where(P.decision_id == _last_move(T.decision_id)).scalar_subquery(),
).label("closing")
_KEEPER = case(
    (NOW, F.organisation_id),
    (_handed_later(X.id).is_not(None), _handed_later(X.from_organisation_id)),
    else_=F.organisation_id,
)
_OF_THE_DAY = {
    "tier": case((NOW, F.tier), else_=_recognised(R.tier)).label("tier"),
    "category": case((NOW, F.category), else_=_recognised(R.category)).label("category"),
    "closed_on": CLOSED_ON,
    "closing": _CLOSING,
}


def _files(*first: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    """Files within the viewer's reach, told with their household and the union that keeps them."""
    union = (O.code.label("union_code"), O.name_zh.label("union_zh"), O.name_en.label("union_en"))
    own = [_OF_THE_DAY.get(each.name, each) for each in F]
    return scope.narrow(
        select(*first, *own, _STAGE.label("stage"), DIVISION, H.target_group, *union, PROTECTED)
        .join(Household, H.id == F.household_id)
        .outerjoin(Organisation, O.id == _KEEPER),
        H.division_code,
    )


def _moves(of: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    """Moves within the viewer's reach, with who made them and by which document they were decided."""
    return (
        scope.narrow(
            select(of.label("parent"), *T, User.display_name, Decision.document_no, PROTECTED)
            .join(Household, H.id == T.household_id)
            .outerjoin(User, User.id == T.user_id)
            .outerjoin(Decision, Decision.id == T.decision_id),
            H.division_code,
        )
        .where(among(of, "keys"), T.effective_on <= AS_OF)
        .order_by(of, T.number)
    )


_FILES = _files()
_BY_KEY = _FILES.where(among(F.id, "keys"))
_OF = (
    _files(F.household_id.label("parent"))
    .where(among(F.household_id, "keys"), BEGUN)
    .order_by(F.household_id, F.id.desc())
)
_CURRENT = _OF.where(CLOSED_ON.is_(None))
_MOVES_OF, _MOVES_OF_FILES = _moves(T.household_id), _moves(T.file_id)
_RECOGNISED = (
    scope.narrow(
        select(
            R.file_id,
            R.tier,
            R.category,
            R.method,
            R.since,
            R.decided_by,
            T.action,
            Decision.document_no,
            User.display_name,
            PROTECTED,
        )
        .join(Household, H.id == R.household_id)
        .outerjoin(Transition, T.id == R.transition_id)
        .outerjoin(Decision, Decision.id == T.decision_id)
        .outerjoin(User, User.id == R.decided_by),
        H.division_code,
    )
    .where(among(R.file_id, "keys"), R.since <= AS_OF)
    .order_by(R.file_id, R.id)
)
_GIVER, _TAKER = aliased(Organisation), aliased(Organisation)
_TRANSFERS_OF = (
    scope.narrow(
        select(
            X.file_id,
            X.from_division_code,
            X.to_division_code,
            X.reason,
            X.transferred_on,
            User.display_name,
            *(
                column.label(f"{side}_{name}")
                for side, union in (("giver", _GIVER), ("taker", _TAKER))
                for name, column in (("code", union.code), ("zh", union.name_zh), ("en", union.name_en))
            ),
            PROTECTED,
        )
        .join(File, F.id == X.file_id)
        .join(Household, H.id == F.household_id)
        .join(User, User.id == X.user_id)
        .outerjoin(_GIVER, _GIVER.id == X.from_organisation_id)
        .join(_TAKER, _TAKER.id == X.to_organisation_id),
        H.division_code,
    )
    .where(among(X.file_id, "keys"), X.transferred_on <= AS_OF)
    .order_by(X.file_id, X.id)
)

LISTING = Listing(
    "files",
    _FILES,
    F.id,
    {
        "division": in_division(H.division_code),
        "numbers": among(F.number, "numbers", String),
        "households": among(F.household_id, "households", BigInteger),
        "tiers": among(F.tier, "tiers", String),
        "categories": among(F.category, "categories", String),
        "closings": among(F.closing, "closings", String),
        "unions": and_(among(O.code, "unions", String), scope.unless_hidden(scope.protects_household(H.id))),
        "target_groups": among(H.target_group, "target_groups", String),
        "stages": among(_STAGE, "stages", String),
        "at_stages": and_(F.closed_on.is_(None), among(H.stage, "at_stages", String)),
        "open": F.closed_on.is_(None),
        "closed": F.closed_on.is_not(None),
        "due_before": F.due_on < bindparam("due_before"),
        "review_before": F.next_review_on < bindparam("review_before"),
        "unchanged_since": H.updated_at < bindparam("unchanged_since", type_=H.updated_at.type),
        "applied_from": F.applied_on >= bindparam("applied_from"),
        "applied_to": F.applied_on <= bindparam("applied_to"),
        "opened_from": F.opened_on >= bindparam("opened_from"),
        "opened_to": F.opened_on <= bindparam("opened_to"),
    },
    {
        "REGISTERED": By(F.id, int),
        "DUE_ON": By(DUE, dt.date.fromisoformat),
        "APPLIED_ON": By(func.coalesce(F.applied_on, NEVER), dt.date.fromisoformat),
        "OPENED_ON": By(func.coalesce(F.opened_on, NEVER), dt.date.fromisoformat),
        "NUMBER": By(F.number, str, unique=True),
    },
)


async def by_key(reading: Reading, keys: Sequence[int]) -> Rows:
    """Files by their key, which is the first column."""
    return await reading.rows(_BY_KEY, {"keys": keys})


async def files_of(reading: Reading, households: Sequence[int]) -> Rows:
    """The files of households, the latest first; the first column tells whose."""
    return await reading.rows(_OF, {"keys": households})


async def current_of(reading: Reading, households: Sequence[int]) -> Rows:
    """The file of each household that is not closed, the first column telling whose."""
    return await reading.rows(_CURRENT, {"keys": households})


async def moves_of(reading: Reading, households: Sequence[int]) -> Rows:
    """The moves of households' lives in their order, the first column telling whose."""
    return await reading.rows(_MOVES_OF, {"keys": households})


async def moves_of_files(reading: Reading, files: Sequence[int]) -> Rows:
    """The moves that belong to files, in their order, the first column telling to which."""
    return await reading.rows(_MOVES_OF_FILES, {"keys": files})


async def recognised(reading: Reading, files: Sequence[int]) -> Rows:
    """Of which tier and category files were, the earliest first; the first column tells which."""
    return await reading.rows(_RECOGNISED, {"keys": files})


async def transfers_of(reading: Reading, files: Sequence[int]) -> Rows:
    """To whom files were handed, the earliest first; the first column tells which."""
    return await reading.rows(_TRANSFERS_OF, {"keys": files})
