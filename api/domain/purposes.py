"""For what somebody reads about people: a closed list; each role has an ordinary purpose and may name a few others."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from api.domain.errors import BadPurpose
from api.domain.permissions import Role


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
    Role.CASEWORKER: (P.CASE_WORK, P.VERIFICATION, P.OBJECTION),
    Role.REVIEWER: (P.REVIEW, P.VERIFICATION, P.CASE_WORK, P.OBJECTION),
    Role.AUDITOR: (P.AUDIT, P.OBJECTION, P.STATISTICS),
    Role.DEPARTMENT: (P.VERIFICATION,),
    Role.ADMINISTRATOR: (P.SUPPORT,),
}
"""What each role may read for; the first is what it reads for where nothing is said."""


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
