"""Enumerations of the domain as GraphQL shows them, every value with its words in Chinese and English.

The schema's other modules take them from here, so that none is shown before it is described.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, StrEnum
from typing import Any, TypeVar

import strawberry

from api.domain.errors import UserErrorCode
from api.domain.permissions import Permission, Role
from api.domain.review import FindingState, Outcome
from api.domain.scans import ScanStatus, Severity
from api.domain.stages import Stage

__all__ = [
    "LEVELS",
    "AddressLevel",
    "DateLevel",
    "Direction",
    "FindingState",
    "Grade",
    "NameLevel",
    "NumberLevel",
    "Outcome",
    "Permission",
    "Role",
    "ScanStatus",
    "Severity",
    "Stage",
    "TargetGroup",
    "UserErrorCode",
    "ValueLevel",
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


class NumberLevel(StrEnum):
    """How two citizen numbers compare, the best first."""

    MISSING = "missing"
    EQUAL = "equal"
    EQUAL_15_18 = "equal_15_18"
    EQUAL_PERMIT = "equal_permit"
    EQUAL_UNCHECKED = "equal_unchecked"
    REPAIRED = "repaired"
    COMPATIBLE = "compatible"
    NEIGHBOUR = "neighbour"
    CONFLICT = "conflict"
    DIFFERENT = "different"
    NOT_NEEDED = "not_needed"


class NameLevel(StrEnum):
    """How two names compare, the best first."""

    MISSING = "missing"
    EXACT = "exact"
    WRITTEN = "written"
    VARIANT = "variant"
    FORMER = "former"
    TONE = "tone"
    SOUND = "sound"
    SPELT = "spelt"
    WILDCARD = "wildcard"
    SHAPE = "shape"
    TRUNCATED = "truncated"
    ONE_CHARACTER = "one_character"
    DIFFERENT = "different"
    NOT_NEEDED = "not_needed"


class DateLevel(StrEnum):
    """How two dates compare, the best first."""

    MISSING = "missing"
    EQUAL = "equal"
    NEAR = "near"
    DIFFERENT = "different"
    NOT_NEEDED = "not_needed"


class ValueLevel(StrEnum):
    """How two values compare that agree or do not."""

    MISSING = "missing"
    EQUAL = "equal"
    DIFFERENT = "different"
    NOT_NEEDED = "not_needed"


class AddressLevel(StrEnum):
    """How two addresses compare, the best first."""

    MISSING = "missing"
    EQUAL = "equal"
    SAME_BUILDING = "same_building"
    SAME_ROAD = "same_road"
    DIFFERENT = "different"
    NOT_NEEDED = "not_needed"


LEVELS: Mapping[str, type[StrEnum]] = {
    "number": NumberLevel,
    "name": NameLevel,
    "birth_date": DateLevel,
    "sex": ValueLevel,
    "phone": ValueLevel,
    "division": ValueLevel,
    "address": AddressLevel,
}
"""How each field of a person is compared with a record's, as the matcher names fields and levels; a test keeps it so."""


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
    NumberLevel,
    "How the citizen numbers of a person and a record compare, the surest first.",
    {
        "MISSING": "缺失。One side does not say.",
        "EQUAL": "完全一致，校验通过。The same 18 characters, and the check holds.",
        "EQUAL_15_18": "十五位号码与其十八位形式。A 15-digit number and its 18-digit form.",
        "EQUAL_PERMIT": "同一通行证或护照号。The same permit or passport.",
        "EQUAL_UNCHECKED": "一致，但校验位均不符。The same 18 characters, though the check fails on both sides.",
        "REPAIRED": "一方校验不符，改正一处笔误后一致。One number fails its check; one slip of the pen turns it into the other.",
        "COMPATIBLE": "有掩码或被表格软件损坏，所余各位一致。Masked or spoilt by a spreadsheet; what is left agrees.",
        "NEIGHBOUR": "同地同日出生，顺序码相邻，多为双胞胎。The same place and birth date with the next sequence: a twin's number.",
        "CONFLICT": "两个号码均有效而不同。Both numbers hold and differ: two people, or one with two numbers.",
        "DIFFERENT": "号码不同，且至少一个有误。The numbers differ, and at least one of them cannot be right.",
        "NOT_NEEDED": "其他字段已足以判定，未比对。Not looked at: the other fields had settled the pair.",
    },
)
described(
    NameLevel,
    "How the names of a person and a record compare, the surest first.",
    {
        "MISSING": "缺失。One side does not say.",
        "EXACT": "字字相同。The same characters.",
        "WRITTEN": "除空格、间隔点、全半角和自造字外相同。The same but for blanks, dots, widths and private code points.",
        "VARIANT": "繁体、异体或通用字。Traditional, variant or interchanged forms of the same characters.",
        "FORMER": "一方为另一方登记的曾用名。One is the other's recorded former name.",
        "TONE": "异字同音同调。Other characters, spoken alike, tones included.",
        "SOUND": "异字同音，声调不同。Other characters, spoken alike but for the tones.",
        "SPELT": "一方为另一方的拼音或外文拼写。Latin letters on one side spell the characters on the other.",
        "WILDCARD": "有系统无法写出的字，其余一致。A character that one system could not write; the rest agrees.",
        "SHAPE": "形近字。Characters that look alike.",
        "TRUNCATED": "长名被截断。A long name cut short.",
        "ONE_CHARACTER": "三字以上，多、少、错一字或两字互换。One character more, less, other or swapped, in three or more.",
        "DIFFERENT": "姓名不同。The names really differ.",
        "NOT_NEEDED": "其他字段已足以判定，未比对。Not looked at: the other fields had settled the pair.",
    },
)
described(
    DateLevel,
    "How the birth dates of a person and a record compare, the surest first.",
    {
        "MISSING": "缺失。One side does not say.",
        "EQUAL": "同一天。The same day.",
        "NEAR": "月日互换，或年、月、日中两项一致。Month and day exchanged, or two of year, month and day agree.",
        "DIFFERENT": "不是同一天。Another day.",
        "NOT_NEEDED": "其他字段已足以判定，未比对。Not looked at: the other fields had settled the pair.",
    },
)
described(
    ValueLevel,
    "How two values compare that agree or do not: sexes, telephone numbers, divisions.",
    {
        "MISSING": "缺失。One side does not say.",
        "EQUAL": "相同。The same.",
        "DIFFERENT": "不同。Not the same.",
        "NOT_NEEDED": "其他字段已足以判定，未比对。Not looked at: the other fields had settled the pair.",
    },
)
described(
    AddressLevel,
    "How the addresses of a person and a record compare, the surest first.",
    {
        "MISSING": "缺失或无法识别。One side does not say, or cannot be understood.",
        "EQUAL": "同一地址。The same place.",
        "SAME_BUILDING": "同一楼栋，或一方未写房号。The same building, or one side does not say the room.",
        "SAME_ROAD": "同一道路或村庄。The same road or village.",
        "DIFFERENT": "不是同一地点。Another place.",
        "NOT_NEEDED": "其他字段已足以判定，未比对。Not looked at: the other fields had settled the pair.",
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
