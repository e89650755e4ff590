"""Words of scorecards: what of a unit is told, and why some of it cannot be."""

from __future__ import annotations

from api.domain.scorecards import NotKnown, ScoreFigure
from api.schema.enumerations import Words, described

__all__ = ["NotKnown", "ScoreFigure"]

described(
    ScoreFigure,
    "What of a unit of the policy's measures is told, or cannot be.",
    {
        "DATA": Words("部门数据", "Data", "该单位负责的部门数据。", "The kinds of department data it answers for."),
        "DATA_AGE": Words(
            "数据时效",
            "Age of data",
            "最近一批数据截止日至期末的天数。",
            "How many days before the period's last day the latest batch was cut.",
        ),
        "DATA_QUALITY": Words(
            "数据质量", "Quality of data", "读入与剔除的行数。", "How many rows were read, and set aside."
        ),
        "COVERAGE": Words(
            "答复覆盖率",
            "Coverage",
            "有答复（包括查无记录）的人数占比。",
            "For which part of the people there was an answer.",
        ),
        "REFERRALS": Words("转介", "Referrals", "转给该单位的家庭。", "Households sent to it."),
        "REFERRAL_DAYS": Words(
            "转介办结天数",
            "Days of a referral",
            "办结转介所用天数的中位数。",
            "How many days a referral takes: the median.",
        ),
        "REQUESTS": Words(
            "核对答复",
            "Requests answered",
            "核对询问按期答复的占比。",
            "Which part of what verifications asked was answered in time.",
        ),
        "DOUBTFUL_ROWS": Words(
            "存疑行",
            "Doubtful rows",
            "退回该单位、期末未处理的存疑数据。",
            "Rows of its batches that went back to it and waited.",
        ),
        "TASKS": Words("任务", "Tasks", "工会承办的任务与走访。", "Tasks and visits, which are the unions'."),
        "LEADS": Words(
            "疑点",
            "Leads",
            "依据该单位数据提出的疑点及复核结论。",
            "Leads that rest on its data, and what became of them.",
        ),
    },
)
described(
    NotKnown,
    "Why a figure is not told; what is not known is never zero.",
    {
        "NO_HOLDER": Words(
            "职责无承担单位",
            "Nobody holds the role",
            "该区划当日无单位承担此职责。",
            "Nobody held the role there on that day.",
        ),
        "KEEPS_NO_DATA": Words(
            "不掌握比对数据",
            "Keeps no data",
            "该单位不提供用于比对的数据。",
            "It keeps no kind of data that is compared.",
        ),
        "NEVER_SENT": Words("从未提供", "Never sent", "截至当日从未提供过。", "Nothing of it had come by that day."),
        "NO_DAY": Words(
            "未注明截止日", "No day told", "数据未注明截止日期。", "The batch does not say when it was cut."
        ),
        "NOT_SCANNED": Words(
            "未作比对",
            "Not scanned",
            "截至当日没有覆盖全区划的比对。",
            "No scan of the whole division had ended by that day.",
        ),
        "NOT_IN_SCAN": Words(
            "未参加比对", "Not in the scan", "最近一次比对未查询该数据。", "The latest scan did not ask it."
        ),
        "NONE_CLOSED": Words(
            "无办结转介", "None closed", "期内没有办结的转介。", "No referral of the period was closed."
        ),
        "NONE_DUE": Words(
            "无到期询问", "None due", "期内没有已答复或到期的询问。", "Nothing that was asked was answered, or due."
        ),
        "NO_LONGER_KEPT": Words(
            "已过保存期",
            "No longer kept",
            "期末距今已超过保存期限。",
            "What there was on that day is not kept any more.",
        ),
        "NOT_THIS_UNITS": Words("非其职责", "Not this unit's", "由其他单位承办。", "Others do it."),
    },
)
