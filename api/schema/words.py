"""Enumerations of the domain as GraphQL shows them, each value with its label and what it means, in Chinese and English.

The schema's other modules take them from here, so that none is shown before it is described.
"""

from __future__ import annotations

from enum import StrEnum

from api.domain.casework import HardshipCause
from api.domain.errors import USER_ERRORS, UserErrorCode
from api.domain.permissions import Permission, Role
from api.domain.review import FindingState, Outcome, WithdrawnBecause
from api.domain.scans import ScanStatus, Severity
from api.domain.stages import Stage
from api.schema.enumerations import Words, described

__all__ = [
    "Direction",
    "FindingState",
    "Grade",
    "HardshipCause",
    "Outcome",
    "Permission",
    "Role",
    "ScanStatus",
    "Severity",
    "Stage",
    "TargetGroup",
    "UserErrorCode",
    "WithdrawnBecause",
]


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
        "APPLIED": Words("已申请", "Applied", "已提交申请，尚未审核。", "It has applied and is not yet reviewed."),
        "UNDER_REVIEW": Words(
            "审核中", "Under review", "经办人员正在核实情况。", "Its circumstances are being checked."
        ),
        "PUBLIC_NOTICE": Words(
            "公示中", "On public notice", "审核通过，正在公示。", "The review is passed and on notice."
        ),
        "RECORDED": Words("在档", "On file", "已建立档案，正在帮扶。", "A file is open and aid goes on."),
        "RELIEVED": Words("解困", "Relieved", "经帮扶达到低保标准以上。", "Aid has lifted it to the dibao line."),
        "GRADUATED": Words(
            "脱困",
            "Graduated",
            "致困原因消除，收入持续高于标准。",
            "The cause is gone and income has stayed above the line.",
        ),
        "DEREGISTERED": Words("已注销", "Deregistered", "档案已关闭。", "Its file is closed."),
        "REFUSED": Words(
            "不予建档",
            "Refused",
            "申请未获通过，可再次申请。",
            "The application was refused; it may apply again.",
        ),
        "WITHDRAWN": Words(
            "已撤回",
            "Withdrawn",
            "申请人撤回申请，可再次申请。",
            "The applicant took the application back; it may apply again.",
        ),
    },
)
described(
    TargetGroup,
    "Whom the policy means by an urban worker in hardship.",
    {
        "DIBAO_UNDEREMPLOYED": Words(
            "低保未充分就业",
            "Dibao, underemployed",
            "享受低保、有劳动能力而未充分就业。",
            "On dibao, able to work, not fully employed.",
        ),
        "BELOW_LINE": Words("低于低保标准", "Below the line", "收入低于低保标准。", "Lives below the dibao line."),
        "EXPENDITURE_SHOCK": Words(
            "支出突增",
            "Expenditure shock",
            "因病、因灾、因意外支出骤增。",
            "Illness, disaster or accident has raised expenses.",
        ),
        "MIGRANT_WORKER": Words(
            "困难农民工", "Migrant worker", "生活困难的农民工。", "A rural migrant worker in hardship."
        ),
        "STRUCTURAL_REFORM": Words(
            "改革受影响职工",
            "Structural reform",
            "因供给侧结构性改革而致困。",
            "Lost out by structural reform.",
        ),
    },
)
described(
    HardshipCause,
    "Why a household is in hardship, as the national form lists it.",
    {
        "NO_LABOUR_ABILITY": Words("无劳动能力", "Unable to work", "没有劳动能力。", "Nobody in it is able to work."),
        "NOT_EMPLOYED": Words(
            "有劳动能力而未就业", "Not employed", "有劳动能力而未就业。", "Somebody is able to work, and has no work."
        ),
        "LAID_OFF": Words("下岗失业", "Laid off", "下岗或失业。", "Somebody lost their work."),
        "UNINSURED": Words("未参加社保", "Uninsured", "未参加社会保险。", "Somebody is not in the social insurance."),
        "INSURANCE_LACKING": Words(
            "社保待遇不到位", "Insurance lacking", "社会保险待遇未落实。", "What the insurance owes is not paid."
        ),
        "SEVERE_ILLNESS": Words("重特大疾病", "Severe illness", "患重特大疾病。", "Somebody is severely ill."),
        "NATURAL_DISASTER": Words("自然灾害", "Natural disaster", "遭受自然灾害。", "A disaster struck it."),
        "ACCIDENT": Words("意外事故", "Accident", "遭受意外事故。", "An accident struck it."),
        "SCHOOLING": Words(
            "子女上学", "Schooling", "子女上学负担重。", "Children's schooling costs more than it has."
        ),
        "OTHER": Words("其他", "Other", "其他原因，须说明。", "Something else, said in words."),
    },
)
described(
    Severity,
    "How grave a lead would be if it proved true.",
    {
        "INFO": Words("提示", "Hint", "仅供参考。", "To be known, no more."),
        "LOW": Words("低", "Low", "影响较小。", "Little depends on it."),
        "MEDIUM": Words("中", "Medium", "可能影响待遇。", "It may change what is due."),
        "HIGH": Words("高", "High", "可能影响资格。", "It may change whether anything is due."),
    },
)
described(
    FindingState,
    "Where a lead stands.",
    {
        "OPEN": Words(
            "待核实", "Open", "尚无人就现有证据作出结论。", "Nobody has concluded anything on this evidence."
        ),
        "IN_INQUIRY": Words("核查中", "In inquiry", "正在进一步核查。", "It is being looked into."),
        "CLOSED": Words("已办结", "Closed", "已就现有证据作出结论。", "A person has concluded, for this evidence."),
        "WITHDRAWN": Words(
            "已撤回",
            "Withdrawn",
            "其后的比对不再提出，原因见 withdrawal；并非任何人的结论。",
            "A later scan did not raise it again, for the reason in `withdrawal`; nobody's conclusion.",
        ),
    },
)
described(
    WithdrawnBecause,
    "Why a scan that could have raised a lead again did not.",
    {
        "RECORD_DELETED": Words(
            "部门已删除记录",
            "Record deleted",
            "部门已删除所依据的记录。",
            "Its department has deleted a record it rested on.",
        ),
        "RECORD_CORRECTED": Words(
            "部门已更正记录",
            "Record corrected",
            "部门已更正所依据的记录。",
            "Its department has corrected a record it rested on.",
        ),
        "PERSON_LEFT": Words(
            "成员已离户",
            "Person left",
            "所涉人员已不在比对名册中。",
            "Somebody it speaks of is among the people scanned no longer.",
        ),
        "AID_ENDED": Words(
            "救助已变更或终止",
            "Aid ended",
            "该户的救助项目或档案已变更、终止。",
            "The household's programme or file is another, or has ended.",
        ),
        "HOUSEHOLD_CHANGED": Words(
            "家庭情况已变更",
            "Household changed",
            "该户的申报、成员或身份信息已变更。",
            "What the household declares, or who its people are, was changed.",
        ),
        "RECORD_GONE": Words(
            "记录已不存在",
            "Record gone",
            "完整的新数据中已无所依据的记录。",
            "A record it rested on is not in the new, full extract.",
        ),
        "OTHER_RECORDS": Words(
            "其他记录有变化",
            "Other records",
            "规则所用的其他记录有增减或更正。",
            "Other records that the rule reads have come, gone or changed.",
        ),
        "RULE_CHANGED": Words("规则已修订", "Rule changed", "该规则已有新版本。", "The rule's version is another."),
        "PARAMETERS_CHANGED": Words(
            "政策标准已调整", "Parameters changed", "政策标准与参数已调整。", "The policy's values are others."
        ),
        "MATCHING_CHANGED": Words(
            "比对方法已更新",
            "Matching changed",
            "模型、比对方案或程序已更新。",
            "Model, plan or program are others.",
        ),
    },
)
described(
    Outcome,
    "What a person concludes about a lead.",
    {
        "NEEDS_INQUIRY": Words(
            "需进一步核查", "Needs inquiry", "疑点继续保留。", "It has to be looked into; the lead stays open."
        ),
        "NO_ISSUE": Words("无问题", "No issue", "情况属实，无需处理。", "Nothing is wrong."),
        "CLAIMANT_ERROR": Words("申报有误", "Claimant's error", "申请人填报有误。", "The applicant erred."),
        "OFFICIAL_ERROR": Words("经办有误", "Official error", "经办机关办理有误。", "The authority erred."),
        "SOURCE_ERROR": Words("数据有误", "Source error", "部门数据有误。", "The department's record is wrong."),
        "ENTITLEMENT_CONFIRMED": Words(
            "确属应享未享", "Entitlement confirmed", "应享待遇未享受。", "The aid is due and was not received."
        ),
        "DECEPTION_CONFIRMED": Words(
            "认定骗取", "Deception confirmed", "经有文书的决定认定骗取。", "A documented decision found deception."
        ),
    },
)
described(
    ScanStatus,
    "Where a scan stands.",
    {
        "QUEUED": Words("排队中", "Queued", "等待执行。", "It waits for a worker."),
        "RUNNING": Words("运行中", "Running", "正在比对。", "A worker carries it out."),
        "SUCCEEDED": Words("已完成", "Succeeded", "比对完成，疑点已入库。", "It is done, and its leads are in."),
        "FAILED": Words("失败", "Failed", "已放弃，原因见 failure。", "It was given up; `failure` says why."),
        "CANCELLED": Words(
            "已取消", "Cancelled", "已有人取消，不留任何结果。", "Somebody cancelled it; nothing of it stays."
        ),
    },
)
described(
    Grade,
    "Identity grade: how sure it is that a record is about the person, G1 the surest.",
    {
        "G1": Words("一级", "G1", "号码与姓名一致。", "Number and name agree."),
        "G2": Words(
            "二级",
            "G2",
            "号码一致，姓名仅写法不同。",
            "The number agrees, the name differs only in how it is written.",
        ),
        "G3": Words(
            "三级",
            "G3",
            "号码一致，姓名不同；不用于金额判断。",
            "The number agrees, the names really differ; never used for money.",
        ),
        "G4": Words(
            "四级",
            "G4",
            "号码有一处笔误，姓名与出生日期一致。",
            "The number has one slip; name and birth date agree.",
        ),
        "G5": Words(
            "五级",
            "G5",
            "无可用号码，须先核实身份。",
            "No usable number; other fields agree, and the identity is checked first.",
        ),
    },
)
described(
    Role,
    "What a user is.",
    {
        "CASEWORKER": Words("帮扶工作人员", "Caseworker", "经办家庭档案。", "Works with households."),
        "REVIEWER": Words("审核人员", "Reviewer", "对疑点作出结论。", "Concludes on leads."),
        "AUDITOR": Words("审计人员", "Auditor", "发起比对，只见掩码。", "Runs scans; sees no identity whole."),
        "DEPARTMENT": Words(
            "部门对接人员", "Department", "报送数据，查看比对进度。", "Sends feeds and follows scans."
        ),
        "ADMINISTRATOR": Words(
            "系统管理员", "Administrator", "管理账户，不见个案。", "Keeps accounts; sees no case."
        ),
    },
)
described(
    Permission,
    "One thing that a role may do.",
    {
        "READ_CASES": Words(
            "查看个案",
            "Read cases",
            "查看家庭、人员、参加项目与疑点。",
            "Households, people, enrolments and findings are shown.",
        ),
        "READ_IDENTITY": Words(
            "查看完整身份",
            "Read identity",
            "查看完整姓名、号码、电话、地址，并据以查找。",
            "Names, numbers, telephones and addresses are shown whole, and searched by.",
        ),
        "READ_SCANS": Words("查看比对", "Read scans", "查看比对及其进度。", "Scans and their progress are shown."),
        "START_SCAN": Words("发起比对", "Start a scan", "发起比对。", "Scans may be started."),
        "REVIEW_FINDING": Words("审核疑点", "Review a finding", "对疑点作出结论。", "Findings may be concluded on."),
        "READ_SCHEMA": Words("查看接口结构", "Read the schema", "使用内省查询。", "Introspection is answered."),
        "MANAGE_ACCOUNTS": Words(
            "管理账户", "Manage accounts", "管理用户、机构与客户端。", "Users, organisations and clients are kept."
        ),
        "READ_AUDIT": Words(
            "查看查阅记录",
            "Read the audit",
            "查看谁查阅了谁的数据，并处理批量查阅警报。",
            "Who read whose data is shown, and alarms of bulk reading are looked into.",
        ),
        "KEEP_FILES": Words(
            "经办档案",
            "Keep files",
            "受理申请，登记成员、授权、走访与致困原因，提出退出建议。",
            "Applications, members, consents, visits and causes are recorded, and exits proposed.",
        ),
        "DECIDE_FILES": Words(
            "审批档案",
            "Decide on files",
            "公示、建档、不予建档、批准退出。",
            "Notices are opened, files recorded or refused, and exits decided.",
        ),
        "READ_REFERRALS": Words(
            "查看转介",
            "Read referrals",
            "查看转介；不查看个案者只见转给本组织的。",
            "Referrals are shown; to who reads no cases, those to their own organisation.",
        ),
        "READ_GRANTS": Words(
            "查看救助给予",
            "Read grants",
            "查看救助给予；不查看个案者只见本组织经办的项目。",
            "Grants are shown; to who reads no cases, those that their own organisation makes.",
        ),
        "SEND_FEEDS": Words("报送数据", "Send feeds", "报送本部门的数据。", "The department's own data are sent."),
        "ANSWER_REFERRALS": Words(
            "答复转介",
            "Answer referrals",
            "答复转给本组织的转介。",
            "What was referred to one's own organisation is answered.",
        ),
    },
)
described(
    UserErrorCode,
    "Why a mutation was not carried out.",
    {code.value: Words(told.zh, told.en, told.advice_zh, told.advice_en) for code, told in USER_ERRORS.items()},
)
described(
    Direction,
    "Which way a list goes.",
    {
        "ASC": Words(
            "升序", "Ascending", "从小到大，未知者在前。", "Smallest first, and what is unknown before all."
        ),
        "DESC": Words(
            "降序", "Descending", "从大到小，未知者在后。", "Greatest first, and what is unknown after all."
        ),
    },
)
