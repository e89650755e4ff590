"""Kinds of accounts, what they may be called, and how far whoever manages them reaches."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from enum import StrEnum

from api.domain import divisions
from api.domain.errors import Conflict, NotDone, UserErrorCode
from api.domain.permissions import MATRIX, Permission, Role, Viewer

LONGEST_NAME = 64
_CODE = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")
_LOGIN = re.compile(r"[^\s:]{1,64}")


class OrganisationKind(StrEnum):
    """What an organisation is to us."""

    UNION = "UNION"
    DEPARTMENT = "DEPARTMENT"
    GOVERNMENT = "GOVERNMENT"
    PARTY_COMMITTEE = "PARTY_COMMITTEE"
    SOCIAL_ORGANISATION = "SOCIAL_ORGANISATION"
    ASSISTANCE_CENTRE = "ASSISTANCE_CENTRE"


class OrganisationLevel(StrEnum):
    """How high an organisation stands, the highest first: that of a union is the tier of its files."""

    NATIONAL = "NATIONAL"
    PROVINCIAL = "PROVINCIAL"
    MUNICIPAL = "MUNICIPAL"
    COUNTY = "COUNTY"
    GRASSROOTS = "GRASSROOTS"


WORK_WITH_HOUSEHOLDS = frozenset({OrganisationKind.UNION, OrganisationKind.ASSISTANCE_CENTRE})
"""Of which organisations somebody may be a case worker."""


class ClientKind(StrEnum):
    """What a registered program is."""

    SERVICE = "SERVICE"
    APPLICATION = "APPLICATION"


class UserKind(StrEnum):
    """Whether a user is somebody, or a department's machine."""

    PERSON = "PERSON"
    SERVICE = "SERVICE"


@dataclass(frozen=True, slots=True)
class Administrator:
    """Who manages accounts, and of which division with all below it."""

    user_id: int | None
    division_code: str

    @staticmethod
    def of(viewer: Viewer) -> Administrator:
        """A viewer, within their own division."""
        return Administrator(viewer.user_id, viewer.division_code)

    def reaches(self, division_code: str) -> bool:
        """Whether it is theirs to manage."""
        return divisions.holds(self.division_code, division_code)


OPERATOR = Administrator(None, divisions.COUNTRY)
"""Whoever runs commands beside the database."""


def login(text: str) -> str:
    """The same. Raises NotDone."""
    if not (_LOGIN.fullmatch(text) and text.isprintable()):
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "login"),
            "登录名为 1 至 64 个字符，不得含空格或冒号。",
            "A login has up to 64 characters, and no spaces or colons.",
        )
    return text


def code(text: str, field: str) -> str:
    """The same, if an organisation or a program may be called so. Raises NotDone."""
    if not _CODE.fullmatch(text):
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", field),
            "代码为 1 至 64 个小写字母、数字、点、下划线或连字符，首尾须为字母或数字。",
            "A code has up to 64 small letters, digits, dots, underscores and hyphens, a letter or digit at either end.",
        )
    return text


def name(text: str, field: str) -> str:
    """The name without blanks around it. Raises NotDone."""
    shown = text.strip()
    if not shown or len(shown) > LONGEST_NAME or not shown.isprintable():
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", field),
            f"名称为 1 至 {LONGEST_NAME} 个可见字符。",
            f"A name has 1 to {LONGEST_NAME} printable characters.",
        )
    return shown


def division(text: str, administrator: Administrator) -> str:
    """The same, if there is such a division and the administrator reaches it. Raises NotDone."""
    if not divisions.is_known(text):
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "divisionCode"),
            f"没有区划 {text[:6]}：区划代码为六位数字，如 410500。",
            f"No division is called {text[:6]}: give six digits, such as 410500.",
        )
    if not administrator.reaches(text):
        raise NotDone(
            UserErrorCode.FORBIDDEN,
            ("input", "divisionCode"),
            "该区划不在您的管理范围内。",
            "The division is not yours to manage.",
        )
    return text


def unchanged(version: int, expected: int | None, zh: str, en: str) -> None:
    """Raises Conflict where something, so called, has changed since it was read; an operator has read no version."""
    if expected is not None and version != expected:
        raise Conflict(
            ("input", "expectedVersion"),
            f"该{zh}已被更新（现为第 {version} 版），请重新读取后再提交。",
            f"The {en} has changed (now at version {version}): read it again first.",
            version,
        )


def role(given: Role, organisation: OrganisationKind | None) -> Role:
    """The same, if somebody of this organisation may have it. Raises NotDone.

    Whoever belongs to a department that keeps data is bound to that data, and no case worker; nor is anybody of an
    organisation that does not work with households.
    """
    if organisation is OrganisationKind.DEPARTMENT and given is not Role.DEPARTMENT:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "role"),
            "数据部门的用户和程序只能是 DEPARTMENT 角色。",
            "Users and programs of a department are of the role DEPARTMENT.",
        )
    if not fits(given, organisation):
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "role"),
            "只有工会和帮扶中心的用户可以经办个案。",
            "Only somebody of a union or an assistance centre works with cases.",
        )
    return given


def fits(given: Role, organisation: OrganisationKind | None) -> bool:
    """Whether somebody of this organisation, or of none, may have this role."""
    if organisation is OrganisationKind.DEPARTMENT:
        return given is Role.DEPARTMENT
    sees_identity = Permission.READ_IDENTITY in MATRIX[given]
    return organisation is None or organisation in WORK_WITH_HOUSEHOLDS or not sees_identity


def cleared(wanted: bool | None, given: Role, before: bool) -> bool:
    """Whether somebody of this role is cleared, who was or was not `before` in the same role and division.

    Raises NotDone: only whoever sees identities is told where protected persons are.
    """
    if wanted and Permission.READ_IDENTITY not in MATRIX[given]:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "cleared"),
            "只有可查看完整身份的角色才能获准查看受保护人员的去处。",
            "Only somebody whose role sees identities can be cleared for protected persons.",
        )
    return before if wanted is None else wanted


def lasts(valid_from: dt.date | None, valid_to: dt.date | None) -> None:
    """Raises NotDone where something would end before it begins."""
    if valid_from is not None and valid_to is not None and valid_to <= valid_from:
        raise NotDone(
            UserErrorCode.INVALID,
            ("input", "validTo"),
            "结束日期须晚于开始日期。",
            "The end is after the beginning.",
        )
