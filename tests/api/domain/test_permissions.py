"""The matrix of roles: who may do what, and whose duties must stay apart."""

from __future__ import annotations

from api.domain.permissions import MATRIX, Permission, Role, Viewer


def test_every_role_stands_in_the_matrix() -> None:
    assert set(MATRIX) == set(Role)


def test_every_permission_is_somebodys() -> None:
    assert set().union(*MATRIX.values()) == set(Permission)


def test_duties_are_separate() -> None:
    assert not MATRIX[Role.ADMINISTRATOR] & {Permission.READ_CASES, Permission.READ_IDENTITY}
    assert Permission.READ_IDENTITY not in MATRIX[Role.AUDITOR]
    assert not [role for role, may in MATRIX.items() if {Permission.START_SCAN, Permission.REVIEW_FINDING} <= may]
    assert MATRIX[Role.DEPARTMENT] == {
        Permission.READ_SCANS,
        Permission.SEND_FEEDS,
        Permission.READ_GRANTS,
        Permission.READ_REFERRALS,
        Permission.ANSWER_REFERRALS,
    }


def test_who_sees_identities_sees_cases() -> None:
    assert all(Permission.READ_CASES in may for may in MATRIX.values() if Permission.READ_IDENTITY in may)


def test_a_viewer_answers_for_a_range_of_divisions() -> None:
    viewer = Viewer(1, "a", "A", Role.REVIEWER, "410500")
    assert viewer.divisions == ("4105", "4105:")
    assert viewer.may(Permission.REVIEW_FINDING)
    assert not viewer.may(Permission.START_SCAN)
