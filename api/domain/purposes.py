"""For what somebody reads about people: a closed list; each role has an ordinary purpose and may name a few others.

Identities are shown whole for case work alone: under every other purpose there are masks, whatever the role.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum

from api.domain.errors import BadPurpose
from api.domain.permissions import Role, Viewer


class Purpose(StrEnum):
    """Why people's data are read."""

    CASE_WORK = "CASE_WORK"
    VERIFICATION = "VERIFICATION"
    REVIEW = "REVIEW"
    OBJECTION = "OBJECTION"
    AUDIT = "AUDIT"
    STATISTICS = "STATISTICS"
    SUPPORT = "SUPPORT"


P = Purpose
PURPOSES: Mapping[Role, tuple[Purpose, ...]] = {
    Role.CASEWORKER: (P.CASE_WORK, P.VERIFICATION, P.OBJECTION, P.STATISTICS),
    Role.REVIEWER: (P.REVIEW, P.VERIFICATION, P.CASE_WORK, P.OBJECTION, P.STATISTICS),
    Role.AUDITOR: (P.AUDIT, P.OBJECTION, P.STATISTICS),
    Role.DEPARTMENT: (P.VERIFICATION,),
    Role.ADMINISTRATOR: (P.SUPPORT,),
}
"""What each role may read for; the first is what it reads for where nothing is said."""

OF_CASE_WORK = frozenset({P.CASE_WORK, P.VERIFICATION, P.REVIEW, P.OBJECTION})
"""What takes to know who somebody is."""


def purpose_of(role: Role, said: str | None) -> Purpose:
    """For what somebody in this role reads, who said this or nothing. Raises BadPurpose, which does not repeat it."""
    fit = PURPOSES[role]
    if said is None:
        return fit[0]
    for purpose in fit:
        if purpose.value == said.strip().upper():
            return purpose
    raise BadPurpose(
        f"访问目的无效：您的角色可用 {'、'.join(fit)}。",
        f"Your role may read for {', '.join(fit)}; the purpose named is none.",
    )


def bound(viewer: Viewer, purpose: Purpose, *, named: bool) -> Viewer:
    """The viewer as they read for this purpose: with masks where it is not of case work, or has to be named and was not."""
    return replace(viewer, masked=not (named and purpose in OF_CASE_WORK))
