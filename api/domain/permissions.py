"""Who may do what: roles, permissions, and the matrix of both; a viewer is a user at work.

Separation of duties: whoever administers accounts sees no case, and whoever audits sees no identity unmasked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from api.domain import divisions


class Permission(StrEnum):
    """One thing that a role may or may not do."""

    READ_CASES = "READ_CASES"
    READ_IDENTITY = "READ_IDENTITY"
    READ_SCANS = "READ_SCANS"
    START_SCAN = "START_SCAN"
    REVIEW_FINDING = "REVIEW_FINDING"
    READ_SCHEMA = "READ_SCHEMA"
    MANAGE_ACCOUNTS = "MANAGE_ACCOUNTS"
    READ_AUDIT = "READ_AUDIT"
    KEEP_FILES = "KEEP_FILES"
    DECIDE_FILES = "DECIDE_FILES"
    READ_REFERRALS = "READ_REFERRALS"
    ANSWER_REFERRALS = "ANSWER_REFERRALS"
    READ_GRANTS = "READ_GRANTS"
    SEND_FEEDS = "SEND_FEEDS"


class Role(StrEnum):
    """What a user is, in the household's life."""

    CASEWORKER = "CASEWORKER"
    REVIEWER = "REVIEWER"
    AUDITOR = "AUDITOR"
    DEPARTMENT = "DEPARTMENT"
    ADMINISTRATOR = "ADMINISTRATOR"


P = Permission
REFERRALS = frozenset({P.READ_REFERRALS, P.ANSWER_REFERRALS})
MATRIX: Mapping[Role, frozenset[Permission]] = {
    Role.CASEWORKER: frozenset(
        {P.READ_CASES, P.READ_IDENTITY, P.READ_GRANTS, P.KEEP_FILES, *REFERRALS, P.READ_SCHEMA}
    ),
    Role.REVIEWER: frozenset(
        {
            P.READ_CASES,
            P.READ_IDENTITY,
            P.READ_GRANTS,
            P.READ_SCANS,
            P.REVIEW_FINDING,
            P.KEEP_FILES,
            P.DECIDE_FILES,
            *REFERRALS,
            P.READ_SCHEMA,
        }
    ),
    Role.AUDITOR: frozenset(
        {P.READ_CASES, P.READ_GRANTS, P.READ_SCANS, P.START_SCAN, P.READ_REFERRALS, P.READ_SCHEMA, P.READ_AUDIT}
    ),
    Role.DEPARTMENT: frozenset({P.READ_SCANS, P.SEND_FEEDS, P.READ_GRANTS, *REFERRALS}),
    Role.ADMINISTRATOR: frozenset({P.READ_SCANS, P.START_SCAN, P.READ_SCHEMA, P.MANAGE_ACCOUNTS}),
}


@dataclass(frozen=True, slots=True)
class Viewer:
    """A user at work: who, in which role, for which division and all below it."""

    user_id: int
    login: str
    display_name: str
    role: Role
    division_code: str
    organisation_id: int | None = None
    sources: tuple[str, ...] | None = None
    """The kinds of department data that the viewer's own department keeps; None where that does not narrow anything."""
    granting: tuple[str, ...] = ()
    """What the viewer's department grants today, by the roles that it holds: a programme and where, as DIBAO:410500."""
    client: str | None = None
    """The registered program that speaks for the viewer, by its client id; None for a token of one's own."""
    trusted_only: bool = False
    """Whether only documents that the client has registered are answered."""
    cleared: bool = False
    """Whether the viewer may see what is hidden of protected persons (F-29)."""

    masked: bool = False
    """Whether identities are masked whatever the role permits, since the request's purpose does not need them."""

    @property
    def principal(self) -> str:
        """Whose bucket of cost is taken from."""
        return f"user {self.user_id}"

    def may(self, permission: Permission) -> bool:
        """Whether the role permits it, for this purpose."""
        return permission in self.permissions

    @property
    def permissions(self) -> frozenset[Permission]:
        """All that the role permits, for this purpose."""
        return MATRIX[self.role] - {Permission.READ_IDENTITY} if self.masked else MATRIX[self.role]

    @property
    def divisions(self) -> tuple[str, str]:
        """The range of division codes that the viewer answers for: from the first, to before the second."""
        return divisions.span(self.division_code)
