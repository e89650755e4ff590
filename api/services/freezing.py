"""What a snapshot freezes of each file, as one statement: read off the register as it stood on a day, and written in the database.

Where a file stood is told by its last move by that day, of which tier and category it was by what was recognised by then, and
its main cause by what was said of it by then. What the register keeps only as it is now (target group, sex, birth date) is
frozen as it is known when the snapshot is taken.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Date,
    Insert,
    ScalarSelect,
    Select,
    bindparam,
    case,
    exists,
    func,
    insert,
    literal,
    null,
    or_,
    select,
)

from api.database import Key, month_of
from api.domain.exits import ExitVerdict
from api.domain.files import Closing
from api.domain.lifecycle import Action
from api.domain.stages import ACTIVE, Stage
from api.domain.targets import AgeBand
from api.loaders.conditions import in_division
from api.loaders.files import AS_OF, DIVISION
from api.models import (
    Cause,
    CauseEvent,
    ContactOfficer,
    Enrolment,
    ExitAssessment,
    File,
    HomeVisit,
    Household,
    Member,
    Payment,
    Proposal,
    Recognition,
    SnapshotRow,
    Transition,
    table,
)

F, H, T, R = (table(each).c for each in (File, Household, Transition, Recognition))
A, C, E, N, P, V = (table(each).c for each in (ExitAssessment, Cause, CauseEvent, Enrolment, Payment, HomeVisit))
_LAST, _ENDING, _KNOWN, _HEAD, _LATER, _EARLIER, _CORRECTION = (
    table(Transition).alias("last_move"),
    table(Transition).alias("ending"),
    table(Recognition).alias("known"),
    table(Member).alias("head"),
    table(File).alias("later_file"),
    table(File).alias("earlier_file"),
    table(HomeVisit).alias("correction"),
)
G, K, L, W = _ENDING.c, _KNOWN.c, _LAST.c, _HEAD.c
SINCE: ColumnElement[dt.date] = bindparam("since", type_=Date())
SHOWN = (Stage.RECORDED, Stage.RELIEVED, Stage.GRADUATED, Stage.DEREGISTERED)
"""Where a file can stand that was opened once."""

REVIEWED = (Action.RECORD, Action.REVERIFY)
"""Moves by which a household's circumstances are looked at as a whole."""


def _of_file(statement: Select[*tuple[Any, ...]]) -> ScalarSelect[Any]:
    return statement.correlate(table(File), _LAST).scalar_subquery()


def _moved(*actions: Action) -> ScalarSelect[Any]:
    """The last day by then on which a file made one of these moves."""
    those = T.file_id == F.id, T.effective_on <= AS_OF, T.action.in_(actions)
    return _of_file(select(func.max(T.effective_on)).where(*those))


_LAST_MOVE = _of_file(
    select(T.id).where(T.file_id == F.id, T.effective_on <= AS_OF).order_by(T.number.desc()).limit(1)
)
_RECOGNISED = _of_file(select(R.id).where(R.file_id == F.id, R.since <= AS_OF).order_by(R.id.desc()).limit(1))
_LISTED_FIRST = _of_file(
    select(func.min(table(Member).c.id)).where(
        table(Member).c.household_id == F.household_id, table(Member).c.relation == "HEAD"
    )
)
_STAGE: ColumnElement[str] = case(
    (L.id.is_not(None), L.to_stage), (F.closed_on <= AS_OF, Stage.DEREGISTERED.value), else_=Stage.RECORDED.value
)


def _at(stage: Stage) -> ColumnElement[bool]:
    """Whether a file stood there on the day."""
    return _STAGE.in_([stage.value])


_ENDED_ON: ColumnElement[Any] = case(
    (L.id.is_(None), case((F.closed_on <= AS_OF, F.closed_on), else_=null())),
    (L.to_stage.in_([stage.value for stage in ACTIVE]), null()),
    (L.action == Action.TAKE_OVER.value, func.coalesce(F.closed_on, L.effective_on)),
    else_=L.effective_on,
)
_CLOSING = case(
    (_ENDED_ON.is_(None), null()),
    (_at(Stage.GRADUATED), literal(Closing.GRADUATED.value)),
    (F.closed_on == _ENDED_ON, F.closing),
    (L.action == Action.TAKE_OVER.value, literal(Closing.AS_REGISTERED.value)),
    else_=_of_file(select(func.min(Proposal.closing)).where(Proposal.decision_id == L.decision_id)),
)
_EXITED_ON = case(
    (_at(Stage.RELIEVED), func.coalesce(_moved(Action.RELIEVE), L.effective_on)),
    (_at(Stage.GRADUATED), _ENDED_ON),
    else_=null(),
)


_HOW_IT_ENDED = (
    select(G.to_stage)
    .where(G.file_id == _EARLIER.c.id, G.effective_on <= AS_OF)
    .order_by(G.number.desc())
    .limit(1)
    .correlate(_EARLIER)
    .scalar_subquery()
)
_FOLLOWS = exists().where(
    _EARLIER.c.household_id == F.household_id, _EARLIER.c.id < F.id, _HOW_IT_ENDED.in_([Stage.GRADUATED.value])
)
_RETURNED_ON = func.coalesce(_moved(Action.FALL_BACK), case((_FOLLOWS, F.opened_on), else_=null()))
"""By a move that says so, or because a household that had graduated applied again and has a file again."""

_CAME_BACK_ON = case(
    (
        _at(Stage.GRADUATED),
        _of_file(
            select(func.min(_LATER.c.opened_on)).where(
                _LATER.c.household_id == F.household_id, _LATER.c.id > F.id, _LATER.c.opened_on <= AS_OF
            )
        ),
    ),
    else_=null(),
)
_MAIN = (
    select(E.main)
    .where(E.cause_id == C.id, E.effective_on <= AS_OF)
    .order_by(E.effective_on.desc(), E.id.desc())
    .limit(1)
    .correlate(table(Cause))
    .scalar_subquery()
)
_CAUSE = _of_file(
    select(C.cause)
    .where(C.file_id == F.id, C.since <= AS_OF)
    .order_by(func.coalesce(_MAIN, C.main).desc(), C.place, C.id)
    .limit(1)
)
_AGE_BAND = case(
    (W.birth_date.is_(None), null()),
    *(
        (W.birth_date <= bindparam(f"born_{band}".lower(), type_=Date()), literal(band.value))
        for band in (AgeBand.FROM_55, AgeBand.FROM_45_TO_54, AgeBand.FROM_35_TO_44)
    ),
    else_=literal(AgeBand.UNDER_35.value),
)


def _aid(which: Any, *those: ColumnElement[bool]) -> ScalarSelect[Any]:
    paid = select(which(P.month)).join(Enrolment, N.id == P.enrolment_id)
    return _of_file(paid.where(N.household_id == F.household_id, P.month <= AS_OF, *those))


_VISITED_ON = _of_file(
    select(func.max(V.visited_on)).where(
        V.household_id == F.household_id, V.visited_on <= AS_OF, ~exists().where(_CORRECTION.c.corrects_id == V.id)
    )
)
_O = table(ContactOfficer).c
_CONTACT = exists().where(
    _O.household_id == F.household_id, _O.since <= AS_OF, or_(_O.until.is_(None), _O.until > AS_OF)
)
_ABLE = _of_file(
    select(
        case(
            (A.graduation == ExitVerdict.EXIT_DUE.value, A.open_causes == 0),
            (A.graduation == ExitVerdict.NOT_ABOVE.value, literal(False, Boolean())),
            else_=null(),
        )
    )
    .where(A.household_id == F.household_id, A.file_id == F.id, A.as_of <= AS_OF)
    .order_by(A.as_of.desc(), A.id.desc())
    .limit(1)
)

_FACTS: dict[str, ColumnElement[Any]] = {
    "snapshot_id": bindparam("snapshot_id", type_=Key),
    "file_id": F.id,
    "division_code": DIVISION,
    "stage": _STAGE,
    "closing": _CLOSING,
    "tier": K.tier,
    "category": K.category,
    "target_group": H.target_group,
    "cause": _CAUSE,
    "sex": W.sex,
    "age_band": _AGE_BAND,
    "applied_on": F.applied_on,
    "opened_on": F.opened_on,
    "exited_on": _EXITED_ON,
    "ended_on": _ENDED_ON,
    "returned_on": _RETURNED_ON,
    "came_back_on": _CAME_BACK_ON,
    "reviewed_on": func.coalesce(_moved(*REVIEWED), F.opened_on),
    "visited_on": _VISITED_ON,
    "first_aid": _aid(func.min, P.month >= month_of(F.opened_on)),
    "last_aid": _aid(func.max),
    "contact_officer": _CONTACT,
    "able": _ABLE,
}

FREEZE: Insert = insert(SnapshotRow).from_select(
    list(_FACTS),
    select(*(value.label(name) for name, value in _FACTS.items()))
    .select_from(File)
    .join(Household, H.id == F.household_id)
    .outerjoin(_LAST, L.id == _LAST_MOVE)
    .outerjoin(_KNOWN, K.id == _RECOGNISED)
    .outerjoin(_HEAD, W.id == func.coalesce(F.subject_member_id, _LISTED_FIRST))
    .where(
        F.opened_on <= AS_OF,
        in_division(DIVISION),
        _STAGE.in_([stage.value for stage in SHOWN]),
        or_(_ENDED_ON.is_(None), _ENDED_ON >= SINCE),
    )
    .order_by(F.id),
)
"""The rows of a snapshot: of every file that was opened by its day, and had not ended before the day it looks back to."""
