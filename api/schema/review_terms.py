"""Words of the life of a lead: what is asked and of whom, why a record is said to be wrong, what has to stand before."""

from __future__ import annotations

from api.domain.conclusions import ConclusionState, ReviewItem
from api.domain.inquiries import Asked, InquiryKind, InquiryState, RepairOutcome, RepairReason
from api.schema.enumerations import Words, described

__all__ = [
    "Asked",
    "ConclusionState",
    "InquiryKind",
    "InquiryState",
    "RepairOutcome",
    "RepairReason",
    "ReviewItem",
]

described(
    InquiryKind,
    "What is asked for about a lead.",
    {
        "FACTS": Words("了解情况", "Facts", "请说明情况。", "Facts are asked for."),
        "REPAIR": Words(
            "记录有误", "A wrong record", "当事人指出记录有误，请部门核实。", "A record is said to be wrong."
        ),
    },
)
described(
    Asked,
    "Of whom something is asked.",
    {
        "HOUSEHOLD": Words(
            "当事家庭", "The household", "由工作人员转问并登记。", "A clerk asks, and writes it down."
        ),
        "DEPARTMENT": Words("数据部门", "A department", "提供该类数据的部门。", "Whoever keeps these data."),
        "COLLEAGUE": Words("同事", "A colleague", "另一名工作人员。", "Another officer."),
    },
)
described(
    RepairReason,
    "Why a record is said to be wrong.",
    {
        "NOT_ME": Words("不是本人", "Not me", "记录是他人的。", "It is somebody else's record."),
        "SOLD": Words("已出售", "Sold", "财产已出售或转让，尚未过户。", "It was sold, and is still in their name."),
        "INHERITED": Words("系继承", "Inherited", "财产系继承或者共有份额。", "It was inherited, or a share of it."),
        "STOLEN_IDENTITY": Words(
            "身份被冒用", "Stolen identity", "他人冒用身份登记。", "Somebody registered it in their name."
        ),
        "SCRAPPED": Words("已报废或灭失", "Scrapped", "已报废、被盗或者灭失。", "It is scrapped, stolen or gone."),
        "COUNTED_TWICE": Words(
            "重复登记", "Counted twice", "同一事项登记了两次。", "One and the same thing is on record twice."
        ),
        "ENDED_BEFORE": Words(
            "早已终止", "Ended before", "早已终止而未注销。", "It ended before, and was not struck off."
        ),
    },
)
described(
    InquiryState,
    "Whether an inquiry has been answered.",
    {
        "OPEN": Words("待答复", "Open", "尚未答复。", "There is no answer yet."),
        "ANSWERED": Words("已答复", "Answered", "已经答复。", "There is an answer."),
    },
)
described(
    RepairOutcome,
    "What a department found of its record.",
    {
        "CORRECTED": Words("已更正", "Corrected", "记录有误，已更正。", "It was wrong, and was corrected."),
        "STANDS": Words("无误", "Stands", "经核实记录无误。", "It was looked at, and is right."),
        "IN_DISPUTE": Words("有争议", "In dispute", "尚不能确定。", "Nobody can tell yet."),
    },
)
described(
    ConclusionState,
    "What became of a conclusion that may weigh on a household.",
    {
        "PROPOSED": Words("待确认", "Proposed", "已提出，尚无效力。", "It waits, and changes nothing."),
        "CONFIRMED": Words("已确认", "Confirmed", "另一名工作人员已确认。", "Another officer has confirmed it."),
        "REJECTED": Words("未通过", "Rejected", "另一名工作人员不同意。", "Another officer did not agree."),
        "WITHDRAWN": Words("已撤回", "Withdrawn", "由提出人撤回。", "Whoever proposed it gave it up."),
        "LAPSED": Words(
            "已失效", "Lapsed", "疑点已由比对撤回，拟定结论随之失效。", "A scan withdrew the lead, and it with it."
        ),
    },
)
described(
    ReviewItem,
    "What has to stand before a lead is concluded on.",
    {
        "HOLDER": Words("无他人办理", "Nobody else", "没有他人正在办理。", "Nobody else is at work on it."),
        "NOTICE": Words("告知", "Notice", "就现有证据的告知书已送达。", "A notice on this evidence was delivered."),
        "ANSWER": Words(
            "答复", "Answer", "已收到答复，或答复期限已满。", "It was answered, or the days to answer are over."
        ),
        "SECOND_OFFICER": Words(
            "另一名工作人员", "Second officer", "一人提出，另一人确认。", "One proposes, and another confirms."
        ),
        "NO_OBJECTION": Words("无未答复异议", "No open objection", "没有未答复的异议。", "No objection waits."),
        "RECORD_STANDS": Words(
            "记录无误", "The record stands", "被指有误的记录已核实无误。", "A doubted record was found right."
        ),
        "VIEWED": Words("已逐一查看", "Viewed", "已单独查看其现状。", "It was looked at by itself, as it stands."),
        "CLEARANCE": Words(
            "可查看受保护信息", "Clearance", "由可查看受保护信息的人办理。", "By somebody who is cleared for it."
        ),
    },
)
