"""What a person is told of each table, in words; what is left out, each with its reason."""

from __future__ import annotations

import re
from collections.abc import Mapping

from api.domain import told
from api.domain.purposes import Purpose

TITLES: Mapping[str, str] = {
    "aid_notices": "拟作不利决定的告知和答复",
    "attachments": "附件",
    "authorisations": "核查授权",
    "blind_cases": "盲审（随机抽取，不影响任何待遇）",
    "cause_events": "致困原因的变化",
    "causes": "致困原因",
    "claims": "救助占用的月份",
    "conclusions": "疑点的拟定结论",
    "contact_officers": "联系人",
    "cost_shares": "费用的分担",
    "costs": "费用单据",
    "decisions": "决定",
    "declarations": "申报情况",
    "emergency_exceptions": "紧急情况下的核查",
    "enrolments": "参加的救助项目",
    "exit_assessments": "退出评估",
    "external_references": "其他系统中的编号",
    "file_people": "计入的档案",
    "file_transfers": "档案移交",
    "files": "档案",
    "findings": "待核实的疑点（不是结论）",
    "grants": "救助的提出和决定",
    "home_visits": "入户走访",
    "households": "家庭登记",
    "income_months": "各月收入",
    "inquiries": "就疑点所作的询问",
    "lead_holders": "疑点的办理人",
    "lead_notices": "疑点的告知和答复",
    "links": "与部门数据的关联",
    "member_changes": "登记信息的更正",
    "members": "本人登记",
    "notices": "公示",
    "objections": "异议",
    "official_errors": "工作差错",
    "pair_judgements": "对部门记录是否本人的判断",
    "payment_checks": "发放抽查",
    "payment_orders": "发放指令",
    "payments": "发放记录",
    "planned_measures": "帮扶措施",
    "plans": "帮扶方案",
    "progress": "措施进展",
    "proposals": "退出提议",
    "protections": "受保护情况",
    "recognitions": "档案级别与类别",
    "recoveries": "追回",
    "recovery_entries": "追回明细",
    "referrals": "转介",
    "reviews": "疑点的复核",
    "stop_proposals": "停发、减发或追回的提议",
    "stops": "停发、减发或追回的决定",
    "tasks": "工作任务",
    "transitions": "办理经过",
    "verification_answers": "核对答复",
    "verification_requests": "核对",
    "visitors": "走访人员",
    "watches": "脱困后回访",
}
"""What each table that is told is called."""

LEFT_OUT: Mapping[str, str] = {
    "file_facts": "what a file is counted by, over again: the file, the membership and the household are told",
    "finding_persons": "whom else a lead speaks of: others; the person's own leads are told",
    "order_months": "which months an order pays: what was paid is told by month",
    "people": "keyed indexes of number and name, which stand in the memberships",
    "snapshot_rows": "codes and days of a file as it stood on a day: the file, its moves, causes, visits and aid are told",
    "visit_photos": "which attachment was taken at which visit: attachments are told",
}
"""Tables that are not told, each with its reason."""

WITHHELD: Mapping[str, str] = {
    "households.payee_account": "whose account it is need not be the person's: told masked",
    "households.payee_name": "likewise",
    "objections.objector_contact": "who objects is protected",
    "objections.objector_name": "who objects is protected",
    "objections.text": "may tell who objects; told where it was the household itself",
    "payment_orders.payee_account": "whose account it is need not be the person's: told with the household, masked",
    "payment_orders.payee_bank": "likewise",
    "payment_orders.payee_name": "likewise",
}
"""Columns that are not told, or not whole, each with its reason."""

TOLD_AFTERWARDS: Mapping[str, frozenset[str]] = {
    "files": frozenset({"number", "applied_on", "opened_on"}),
    "households": frozenset({"reference"}),
}
"""Of what stands as of today, the columns that are still told to who is no longer in the household."""

TELLING_WHERE = frozenset({"enrolments.agency", "findings.explanation_en", "findings.explanation_zh"})
"""What may tell where a household is, beside sealed texts, and the officers and organisations that handle it."""

BOUNDED: Mapping[str, str] = {
    "households": "as it stands today: told to who is in it, and as far as it tells nothing of others",
    "files": "likewise",
}
"""Tables that are told as far as the person is concerned, each with its reason: the same is said to everybody."""

TECHNICAL = frozenset(
    {
        "digest", "evidence_hash", "id", "place", "resolution_id", "review_id", "sha256", "stored", "transition_number",
        "version",
    }
)  # fmt: skip
INDEX = "_index"

LABELS: Mapping[str, str] = {
    "acknowledged_at": "处理时间",
    "amount": "申报数值",
    "amount_fen": "金额（分）",
    "amount_high_fen": "涉及金额上限（分）",
    "amount_low_fen": "涉及金额下限（分）",
    "answer_recorded_by": "答复登记人",
    "answered_by_kind": "答复人类别",
    "asked_at": "询问时间",
    "asked_by": "询问人",
    "asked_of": "询问对象",
    "assessment_id": "评估",
    "assigned_by": "指定人",
    "assigned_to": "承办人",
    "authorised_until": "授权有效期至",
    "before": "更正前",
    "cap_fen": "当月可承受（分）",
    "cause_id": "致困原因",
    "cell": "占用的项目或互斥组",
    "change": "变化",
    "checked_at": "核实时间",
    "checked_by": "核实人",
    "claimed_at": "领取时间",
    "closed_by": "结束人",
    "closing": "结束原因",
    "confirmed_at": "确认时间",
    "confirmed_by": "确认人",
    "confirmed_by_kind": "确认人类别",
    "cost_fen": "费用（分）",
    "cost_id": "费用单据",
    "covered_fen": "已承担（分）",
    "created_at": "登记时间",
    "cycle_id": "发放批次",
    "decided_as": "决定",
    "decided_by": "决定人",
    "declared_businesses": "申报经营主体",
    "declared_deposits_fen": "申报存款（分）",
    "declared_monthly_income_fen": "申报月收入（分）",
    "declared_on": "申报日期",
    "detail": "明细",
    "disputed": "是否有争议",
    "division_code": "区划代码",
    "draw_id": "抽取批次",
    "effective_on": "生效日期",
    "ended_by": "结束人",
    "ended_on": "结束日期",
    "ending_reason": "结束理由",
    "enrolment_id": "参加的项目",
    "entitlements_on": "最近查看应享未享的日期",
    "evidence": "依据",
    "fields": "更正的项目",
    "file_closed_on": "注销日期",
    "file_opened_on": "建档日期",
    "findings": "走访情况",
    "first_month": "首月",
    "form": "全国登记表其他项目",
    "form_fields": "登记表已填项目",
    "from_division_code": "原区划代码",
    "from_organisation_id": "原管理工会",
    "happened_at": "办理时间",
    "has_lead": "抽取时有无疑点",
    "held_because": "暂缓原因",
    "id_kind": "证件种类",
    "id_number": "证件号码",
    "incurred_on": "费用发生日期",
    "item": "申报项目",
    "judged_at": "判断时间",
    "judged_by": "判断人",
    "keeper": "管理工会",
    "kind": "种类",
    "last_month": "最后发放月份",
    "left_fen": "剩余（分）",
    "levels": "比对程度",
    "line_fen": "当月标准（分）",
    "model": "比对模型",
    "most_fen": "每月最多（分）",
    "once_for": "一次性事由",
    "opened_at": "发布时间",
    "opened_by": "发布人",
    "opened_for": "由何处人员复核",
    "opened_on": "打开日期",
    "order_id": "发放指令",
    "organisation_id": "单位",
    "others": "登记簿其他内容",
    "overlapping": "是否同时登记在两户",
    "payee_bank": "开户行",
    "period": "发放周期",
    "programme_code": "项目",
    "proposed_on": "提出日期",
    "protected_by": "办理人",
    "put_right_by": "纠正人",
    "question": "询问内容",
    "queue_place": "排队位次",
    "queue_worth": "排序金额（分）",
    "raised_at": "提出时间",
    "raised_on": "提出日期",
    "rarity_bits": "罕见程度（比特）",
    "record_id": "记录编号",
    "repays_id": "重新发放的原指令",
    "request_id": "核对",
    "returned_because": "银行退回原因",
    "reviewed_at": "复核时间",
    "reviewer_id": "复核人",
    "rule_id": "规则编号",
    "same": "是否本人",
    "severity_rank": "严重程度序号",
    "source": "数据来源",
    "source_record": "登记记录",
    "system": "系统",
    "taken_down_at": "撤下时间",
    "taken_down_because": "撤下原因",
    "tests": "逐月评估",
    "text_en": "告知书（英文）",
    "text_zh": "告知书（中文）",
    "to_division_code": "现区划代码",
    "to_organisation_id": "现管理工会",
    "transferred_at": "移交时间",
    "uploaded_by": "登记人",
    "user_id": "办理人",
    "user_kind": "办理人类别",
    "valid_from": "起始日期",
    "valid_to": "截止日期",
    "verdict": "盲审结论",
    "weight_bits": "关联权重（比特）",
    "withdrawn_at": "撤回登记时间",
    "withdrawn_by": "撤回登记人",
    "word": "申报内容",
    "working_days": "答复工作日数",
}
"""What columns are called that no field of the schema is called after."""

PURPOSES: Mapping[Purpose, str] = {
    Purpose.CASE_WORK: "办理救助",
    Purpose.VERIFICATION: "核查核对",
    Purpose.REVIEW: "复核疑点",
    Purpose.OBJECTION: "处理异议",
    Purpose.AUDIT: "审计",
    Purpose.STATISTICS: "统计",
    Purpose.SUPPORT: "系统维护",
}


def label(column: str) -> str:
    """What a column is called, or the column itself where nobody has said."""
    camel = re.sub(r"_(.)", lambda found: found.group(1).upper(), column)
    of_schema = told.FIELDS.get(camel)
    return LABELS.get(column) or (of_schema[0] if of_schema else column)
