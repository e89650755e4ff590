"""Words of aid that may be due: how likely it is, what is on record of it, and why a task about it ended by itself."""

from __future__ import annotations

from api.domain.catalogue import Sign
from api.domain.entitlements import AidStanding, Likelihood, NoLongerDue
from api.schema.enumerations import Words, described

__all__ = ["AidStanding", "Likelihood", "NoLongerDue", "Sign"]

described(
    Likelihood,
    "Whether a condition, or all that a programme asks for, seems to be met. It is never a verdict.",
    {
        "LIKELY": Words("可能符合", "Likely", "已知情况均支持。", "All that is known speaks for it."),
        "UNLIKELY": Words(
            "可能不符合", "Unlikely", "已知情况与之不符。", "Something that is known speaks against it."
        ),
        "CANNOT_TELL": Words("无法判断", "Cannot tell", "尚不清楚，不等于否。", "It is not known, which is not no."),
    },
)
described(
    AidStanding,
    "What is on record of a programme in the time that it counts for: the month, the school year, the year or a life.",
    {
        "RECEIVED": Words("已享受", "Received", "登记有发放或已提供。", "It is paid, or was given."),
        "UNDER_WAY": Words(
            "办理中", "Under way", "已提出或已转介，尚无结果。", "It was proposed, or the household referred."
        ),
        "DECLINED": Words(
            "未获提供",
            "Declined",
            "接收单位答复不符合或本人放弃。",
            "The office said no, or the household does not want it.",
        ),
        "UNKNOWN": Words(
            "月份不明", "Unknown", "有登记而不知月份。", "It is on record, and nobody knows for which months."
        ),
        "NONE_KNOWN": Words(
            "无享受记录", "None known", "没有登记，不等于没有享受。", "Nothing is on record, which is not never."
        ),
    },
)
described(
    NoLongerDue,
    "Why a task about aid that may be due ended by itself.",
    {
        "RECEIVED": Words("已享受", "Received", "该项救助已享受。", "It is received."),
        "UNDER_WAY": Words(
            "已在办理", "Under way", "已提出或已转介。", "It was proposed, or the household referred."
        ),
        "DECLINED": Words("未获提供", "Declined", "接收单位已答复。", "The office that it was sent to has answered."),
        "LEAD_WITHDRAWN": Words(
            "提示已消除",
            "Lead withdrawn",
            "复核已结或比对已撤回提示。",
            "The lead was closed, or withdrawn by a scan.",
        ),
        "RULE_SET_ASIDE": Words(
            "规则已静默",
            "Rule set aside",
            "该规则暂停使用，恢复后任务重新打开。",
            "Its rule is set aside; it is open again when that is back.",
        ),
        "NOT_LIKELY": Words("不再可能", "Not likely", "已知情况不再支持。", "What is known speaks for it no longer."),
        "FILE_CLOSED": Words("档案已结", "File closed", "该户不再在档。", "The household is on file no longer."),
        "MEMBER_LEFT": Words(
            "成员已离户", "Member left", "此人已不是该户成员。", "The person is in the household no longer."
        ),
    },
)
described(
    Sign,
    "What the register knows of somebody that speaks for a condition which an officer states.",
    {
        "AT_SCHOOL": Words(
            "在学",
            "At school",
            "申报为学生，或在义务教育年龄。",
            "Declared a student, or of the age of compulsory schooling.",
        ),
        "OUT_OF_WORK": Words("未就业", "Out of work", "申报为失业或待业。", "Declared to have no work."),
    },
)
