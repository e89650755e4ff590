"""Enumerations of the domain as GraphQL shows them, every value with its words in Chinese and English.

The schema's other modules take them from here, so that none is shown before it is described.
"""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import Any, TypeVar

import strawberry

from api.domain.errors import UserErrorCode
from api.domain.permissions import Permission, Role
from api.domain.review import FindingState, Outcome
from api.domain.scans import ScanStatus, Severity
from api.domain.stages import Stage

__all__ = [
    "Direction",
    "FindingState",
    "Grade",
    "Outcome",
    "Permission",
    "Role",
    "ScanStatus",
    "Severity",
    "Stage",
    "TargetGroup",
    "UserErrorCode",
    "described",
]

E = TypeVar("E", bound=Enum)


def described(enumeration: type[E], description: str, values: dict[str, str]) -> Any:
    """The enumeration as a GraphQL type; `values` describes each of its values."""
    shown: Any = strawberry.enum(enumeration, description=description)
    for value in shown.__strawberry_definition__.values:
        value.description = values[value.name]
    return shown


class TargetGroup(StrEnum):
    """The policy's five groups."""

    DIBAO_UNDEREMPLOYED = "DIBAO_UNDEREMPLOYED"
    BELOW_LINE = "BELOW_LINE"
    EXPENDITURE_SHOCK = "EXPENDITURE_SHOCK"
    MIGRANT_WORKER = "MIGRANT_WORKER"
    STRUCTURAL_REFORM = "STRUCTURAL_REFORM"


class Direction(StrEnum):
    """Which way a list goes."""

    ASC = "ASC"
    DESC = "DESC"


class Grade(StrEnum):
    """How sure it is that a record is about a person."""

    G1 = "G1"
    G2 = "G2"
    G3 = "G3"
    G4 = "G4"
    G5 = "G5"


described(
    Stage,
    "Where a household stands in its life, from application to exit.",
    {
        "APPLIED": "已申请。Has applied.",
        "UNDER_REVIEW": "审核中。Being reviewed.",
        "PUBLIC_NOTICE": "公示中。On public notice.",
        "RECORDED": "在档。On file.",
        "RELIEVED": "解困。Relieved: lifted to the dibao line by aid.",
        "GRADUATED": "脱困。Graduated: the cause is gone and income has stayed above the line.",
        "DEREGISTERED": "已注销。File closed.",
    },
)
described(
    TargetGroup,
    "Whom the policy means by an urban worker in hardship.",
    {
        "DIBAO_UNDEREMPLOYED": "低保且未充分就业。On dibao, able to work, not fully employed.",
        "BELOW_LINE": "低于低保标准。Lives below the dibao line.",
        "EXPENDITURE_SHOCK": "支出突增。Illness, disaster or accident has raised expenses.",
        "MIGRANT_WORKER": "困难农民工。Rural migrant worker in hardship.",
        "STRUCTURAL_REFORM": "供给侧结构性改革。Lost out by structural reform.",
    },
)
described(
    Severity,
    "How grave a lead would be if it proved true.",
    {
        "INFO": "提示。A hint.",
        "LOW": "低。Low.",
        "MEDIUM": "中。Medium.",
        "HIGH": "高。High.",
    },
)
described(
    FindingState,
    "Where a lead stands.",
    {
        "OPEN": "待核实。Nobody has concluded anything on this evidence.",
        "IN_INQUIRY": "核查中。Being looked into.",
        "CLOSED": "已办结。A person has concluded, for this evidence.",
    },
)
described(
    Outcome,
    "What a person concludes about a lead.",
    {
        "NEEDS_INQUIRY": "需进一步核查。Has to be looked into; the lead stays open.",
        "NO_ISSUE": "无问题。Nothing is wrong.",
        "CLAIMANT_ERROR": "申报有误。The applicant erred.",
        "OFFICIAL_ERROR": "经办有误。The authority erred.",
        "SOURCE_ERROR": "数据有误。The department's record is wrong.",
        "ENTITLEMENT_CONFIRMED": "确属应享未享。The aid is due and was not received.",
        "DECEPTION_CONFIRMED": "经决定认定骗取。A documented decision found deception.",
    },
)
described(
    ScanStatus,
    "Where a scan stands.",
    {
        "QUEUED": "排队中。Waits for a worker.",
        "RUNNING": "运行中。Runs.",
        "SUCCEEDED": "已完成。Done; its leads are in.",
        "FAILED": "失败。Given up; `failure` says why.",
    },
)
described(
    Grade,
    "Identity grade: how sure it is that a record is about the person, G1 the surest.",
    {
        "G1": "号码与姓名一致。Number and name agree.",
        "G2": "号码一致，姓名仅写法不同。The number agrees, the name differs only in how it is written.",
        "G3": "号码一致，姓名不同。The number agrees, the names really differ; never used for money.",
        "G4": "号码有一处笔误，姓名与出生日期一致。The number has one slip; name and birth date agree.",
        "G5": "无可用号码，须先核实身份。No usable number; other fields agree, and the identity is checked first.",
    },
)
described(
    Role,
    "What a user is.",
    {
        "CASEWORKER": "帮扶工作人员。Works with households.",
        "REVIEWER": "审核人员。Concludes on leads.",
        "AUDITOR": "审计人员。Runs scans; sees no identity whole.",
        "DEPARTMENT": "部门对接人员。Sends feeds and follows scans.",
        "ADMINISTRATOR": "系统管理员。Keeps accounts; sees no case.",
    },
)
described(
    Permission,
    "One thing that a role may do.",
    {
        "READ_CASES": "Read households, people, enrolments and findings.",
        "READ_IDENTITY": "See names, numbers, telephones and addresses whole, and search by them.",
        "READ_SCANS": "Read scans and their progress.",
        "START_SCAN": "Start a scan.",
        "REVIEW_FINDING": "Conclude on a finding.",
    },
)
described(
    UserErrorCode,
    "Why a mutation was not carried out.",
    {
        "NOT_FOUND": "There is no such thing, or not for this viewer.",
        "FORBIDDEN": "The viewer's role or division does not permit it.",
        "INVALID": "A value cannot be accepted.",
        "REQUIRED": "A value is missing.",
        "CONFLICT": "It has changed since it was read.",
        "IDEMPOTENCY_KEY_REUSED": "The key stood for another request.",
    },
)
described(Direction, "Which way a list goes.", {"ASC": "Smallest first.", "DESC": "Greatest first."})
