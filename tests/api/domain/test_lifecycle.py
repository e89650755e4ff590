"""The table of moves: what it allows, what it refuses, and what it asks for before something for the worse."""

from __future__ import annotations

import pytest

from api.domain.lifecycle import BY_PLACE, MOVES, TAKEN_OVER, Action, Guard, Move, moves_from
from api.domain.permissions import MATRIX, Permission, Role
from api.domain.stages import ACTIVE, ENDED, PENDING, Stage

FOUR_STEPS = (
    (None, Action.APPLY, Stage.APPLIED),
    (Stage.APPLIED, Action.ACCEPT, Stage.UNDER_REVIEW),
    (Stage.UNDER_REVIEW, Action.PUBLISH, Stage.PUBLIC_NOTICE),
    (Stage.PUBLIC_NOTICE, Action.RECORD, Stage.RECORDED),
)
"""申请、审核、公示、录入."""


@pytest.mark.parametrize(("stage", "action", "leads_to"), FOUR_STEPS)
def test_an_application_takes_the_four_steps(stage: Stage | None, action: Action, leads_to: Stage) -> None:
    assert BY_PLACE[stage, action].next is leads_to


def test_f_37_nothing_but_the_four_steps_leads_to_a_first_file() -> None:
    """A file is opened after a notice; without one only where there was a file before."""
    to_recorded = {move.stage for move in MOVES if move.next is Stage.RECORDED and move.stage is not Stage.RECORDED}
    assert to_recorded == {Stage.PUBLIC_NOTICE, Stage.RELIEVED, Stage.GRADUATED, Stage.DEREGISTERED}


def test_every_stage_is_one_kind_and_can_be_left() -> None:
    assert sorted([*PENDING, *ACTIVE, *ENDED]) == sorted(Stage)
    for stage in Stage:
        assert any(move.next is not stage for move in moves_from(stage)), stage


def test_a_stage_and_an_action_lead_to_one_place() -> None:
    assert len(BY_PLACE) == len(MOVES)


@pytest.mark.parametrize(
    "move", [move for move in MOVES if move.next in ENDED and move.action is not Action.WITHDRAW]
)
def test_f_02_what_takes_a_file_or_refuses_it_is_for_the_worse_and_an_officer_s(move: Move) -> None:
    assert move.adverse
    assert move.permission is Permission.DECIDE_FILES


def test_f_32_nothing_for_the_worse_happens_while_an_objection_is_open() -> None:
    assert all(Guard.NO_OPEN_OBJECTION in move.guards for move in MOVES if move.adverse)


def test_f_03_no_move_of_an_officer_s_closes_a_file_over_aid_that_goes_on() -> None:
    closing = [move for move in MOVES if move.stage in ACTIVE and move.next in ENDED]
    assert len(closing) == 4
    assert all(Guard.AID_ENDED in move.guards for move in closing)


def test_leaving_hardship_takes_causes_months_and_a_statement() -> None:
    for stage in ACTIVE:
        asked = set(BY_PLACE[stage, Action.GRADUATE].guards)
        assert asked >= {Guard.PROPOSED, Guard.CAUSES_RESOLVED, Guard.SIX_MONTHS, Guard.STATED}


def test_only_the_import_takes_over() -> None:
    assert all(move.action is not Action.TAKE_OVER for move in MOVES)
    assert all(move.action is Action.TAKE_OVER for move in TAKEN_OVER)


def test_auditors_departments_and_administrators_move_nobody() -> None:
    for role in (Role.AUDITOR, Role.DEPARTMENT, Role.ADMINISTRATOR):
        assert not any(move.permission in MATRIX[role] for move in MOVES)
