"""For what somebody reads decides whether they see who it is; and clearance belongs to who sees identities at all."""

from __future__ import annotations

import pytest

from api.domain import accounts
from api.domain.errors import BadPurpose, NotDone
from api.domain.permissions import MATRIX, Permission, Role, Viewer
from api.domain.purposes import OF_CASE_WORK, PURPOSES, Purpose, bound, purpose_of

WHOLE = Permission.READ_IDENTITY


@pytest.mark.parametrize("role", Role)
def test_a_role_reads_for_its_own_purpose_unless_it_names_another_of_its(role: Role) -> None:
    assert purpose_of(role, None) is PURPOSES[role][0]
    for purpose in Purpose:
        if purpose in PURPOSES[role]:
            assert purpose_of(role, f" {purpose.value.lower()} ") is purpose
        else:
            with pytest.raises(BadPurpose):
                purpose_of(role, purpose.value)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("purpose", Purpose)
def test_f_28_identities_are_whole_for_case_work_alone_whatever_the_role(role: Role, purpose: Purpose) -> None:
    viewer = bound(Viewer(1, "a", "A", role, "410502"), purpose, named=True)
    assert viewer.may(WHOLE) is (WHOLE in MATRIX[role] and purpose in OF_CASE_WORK)
    assert viewer.permissions - {WHOLE} == MATRIX[role] - {WHOLE}, "nothing else depends on it"
    assert not bound(viewer, purpose, named=False).may(WHOLE)
    assert bound(bound(viewer, purpose, named=False), purpose, named=True) == viewer


def test_audit_statistics_and_support_are_no_case_work() -> None:
    assert set(Purpose) - OF_CASE_WORK == {Purpose.AUDIT, Purpose.STATISTICS, Purpose.SUPPORT}
    assert all(PURPOSES[role][0] in OF_CASE_WORK for role in Role if WHOLE in MATRIX[role]), (
        "clients of today see what they saw"
    )


@pytest.mark.parametrize("role", Role)
def test_f_29_only_who_sees_identities_can_be_cleared(role: Role) -> None:
    assert accounts.cleared(None, role, False) is False
    assert accounts.cleared(False, role, True) is False
    if WHOLE in MATRIX[role]:
        assert accounts.cleared(True, role, False) is True
        assert accounts.cleared(None, role, True) is True
    else:
        with pytest.raises(NotDone):
            accounts.cleared(True, role, False)
