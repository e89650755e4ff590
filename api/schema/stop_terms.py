"""Words of aid that is stopped, reduced or recovered, of what is given back, and of errors of ours."""

from __future__ import annotations

from api.domain.official_errors import OfficialErrorKind
from api.domain.recoveries import EntryKind, RecoveryCause
from api.domain.stops import Delivery, Floor, StopItem, StopKind, StopState
from api.schema.enumerations import Words, described

__all__ = [
    "Delivery",
    "EntryKind",
    "Floor",
    "OfficialErrorKind",
    "RecoveryCause",
    "StopItem",
    "StopKind",
    "StopState",
]

described(
    StopKind,
    "What is proposed for a grant, and later decided.",
    {
        "STOP_AID": Words("停发", "Stop", "从某月起不再发放。", "From a month on nothing is given."),
        "REDUCE_AID": Words("减发", "Reduce", "从某月起降低金额。", "From a month on less is given."),
        "RECOVER_AID": Words(
            "追回", "Recover", "分期追回误发的金额。", "What was paid wrongly is given back by instalments."
        ),
    },
)
described(
    StopState,
    "What became of a proposal for the worse.",
    {
        "PROPOSED": Words("待决定", "Proposed", "已提出，尚无效力。", "It waits, and changes nothing."),
        "DECIDED": Words("已决定", "Decided", "另一名工作人员已作出决定。", "Another officer has decided it."),
        "REJECTED": Words("未通过", "Rejected", "另一名工作人员不同意。", "Another officer did not agree."),
        "WITHDRAWN": Words("已撤回", "Withdrawn", "由提出人撤回。", "Whoever proposed it gave it up."),
    },
)
described(
    StopItem,
    "What has to stand before aid is stopped, reduced or recovered.",
    {
        "NOTICE": Words("告知", "Notice", "载明事实的告知书已送达。", "A notice with the facts was delivered."),
        "ANSWER": Words(
            "答复", "Answer", "已收到答复，或答复期限已满。", "It was answered, or the days to answer are over."
        ),
        "REASON": Words("理由", "Reason", "写明理由。", "A reason is given."),
        "SECOND_OFFICER": Words(
            "另一名工作人员", "Second officer", "由提出人以外的人决定。", "A person other than the proposer decides."
        ),
        "FLOOR": Words(
            "底线",
            "Floor",
            "其余救助与收入达到低保标准，或有注明期限的转介。",
            "What is left reaches the line, or there is a referral with a day.",
        ),
        "NO_OBJECTION": Words("无未答复异议", "No open objection", "没有未答复的异议。", "No objection waits."),
    },
)
described(
    Floor,
    "How what is left a head stands to the line of the month: aid that goes on, and income.",
    {
        "REACHED": Words("达到", "Reached", "确知达到当月标准。", "It is known to reach the line."),
        "BELOW": Words("不足", "Below", "确知低于当月标准。", "It is known to be below the line."),
        "UNKNOWN": Words("不明", "Unknown", "收入或标准不明。", "The income or the line is not known."),
    },
)
described(
    Delivery,
    "How a notice reached a household.",
    {
        "HANDED_OVER": Words(
            "当面送达", "Handed over", "当面交付本人或家庭成员。", "It was given to them in person."
        ),
        "READ_OUT": Words("宣读", "Read out", "当面宣读并说明。", "It was read out and explained."),
        "POST": Words("邮寄送达", "Post", "邮寄并已签收。", "It came by post, and was signed for."),
    },
)
described(
    RecoveryCause,
    "Why too much was paid; it says nothing of anybody's intention.",
    {
        "OFFICIAL_ERROR": Words(
            "工作差错", "Official error", "由工作机关造成，不予追回。", "It was ours, and is waived."
        ),
        "NOT_REPORTED": Words(
            "变化未报告", "Not reported", "情况变化未及时报告。", "A change was not reported in time."
        ),
        "UNCLEAR": Words("原因不明", "Unclear", "尚不清楚。", "Nobody knows."),
    },
)
described(
    EntryKind,
    "What changed what is left of a recovery.",
    {
        "OPENED": Words("立项", "Opened", "决定生效。", "It was decided."),
        "INSTALMENT": Words("分期缴回", "Instalment", "缴回一期。", "An instalment was paid in."),
        "WAIVED": Words("免除", "Waived", "余额免除。", "What was left was given up."),
    },
)
described(
    OfficialErrorKind,
    "What went wrong on our side.",
    {
        "PAID_TWICE": Words("重复发放", "Paid twice", "同一款项发放两次。", "One payment was made twice."),
        "WRONG_AMOUNT": Words("金额有误", "Wrong amount", "发放金额有误。", "The amount was not right."),
        "WRONG_PERSON": Words("对象有误", "Wrong person", "发放给他人。", "It was paid to somebody else."),
        "PAID_LATE": Words("发放迟延", "Paid late", "未按期发放。", "It was paid later than due."),
        "STOPPED_WRONGLY": Words("误停", "Stopped wrongly", "不应停发而停发。", "Aid was stopped that should go on."),
        "REFUSED_WRONGLY": Words("误拒", "Refused wrongly", "不应拒绝而拒绝。", "What was due was refused."),
        "WRONG_DATA": Words("数据有误", "Wrong data", "登记数据有误。", "What was on record was wrong."),
        "DISCLOSED": Words("信息泄露", "Disclosed", "个人信息被不当公开。", "Something personal was disclosed."),
        "OTHER": Words("其他", "Other", "其他差错。", "Something else."),
    },
)
