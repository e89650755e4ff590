"""The words of verification: why it is done, where it stands, what data say, and who said it."""

from __future__ import annotations

from api.domain.verifications import (
    AnswerOrigin,
    DepartmentAnswer,
    UnknownBecause,
    VerificationOccasion,
    VerificationState,
)
from api.schema.enumerations import Words, described

__all__ = ["AnswerOrigin", "DepartmentAnswer", "UnknownBecause", "VerificationOccasion", "VerificationState"]

described(
    VerificationOccasion,
    "Why a household is verified.",
    {
        "APPLICATION": Words("申请核对", "Application", "申请时的核对。", "It applied."),
        "REVERIFICATION": Words(
            "复核核对", "Re-verification", "动态管理中的定期核对。", "Its file is looked at again."
        ),
        "OBJECTION": Words("异议复核", "Objection", "因异议重新核对。", "Somebody objected to what was found."),
    },
)
described(
    VerificationState,
    "Where a round of verification stands.",
    {
        "OPEN": Words("核对中", "Open", "尚在核对。", "Answers are still taken."),
        "CLOSED": Words("已办结", "Closed", "已由工作人员办结。", "An officer has closed it, in words."),
    },
)
described(
    DepartmentAnswer,
    "What a department's data say of somebody; none of the five is another, and none is a zero.",
    {
        "VALUE": Words("有记录", "A record", "查到记录。", "There is a record."),
        "NO_RECORD": Words("无记录", "No record", "已查询，确无记录。", "It was asked, and there is none."),
        "NO_ANSWER": Words("未答复", "No answer", "无法得出结论，或尚未答复。", "Nothing can be said, or not yet."),
        "NOT_ASKED": Words("未询问", "Not asked", "没有可询问的部门或数据。", "There is nobody to ask, and no feed."),
        "NOT_AUTHORISED": Words("未获授权", "Not authorised", "本人未授权，不予查询。", "No consent: nobody looks."),
    },
)
described(
    AnswerOrigin,
    "Where an answer comes from.",
    {
        "FEED": Words("部门数据", "Feed", "来自部门报送的在用数据。", "The department's feed in use."),
        "LIST": Words("批量答复", "List", "部门报送的答复名单。", "A list of answers that the department sent."),
        "DEPARTMENT": Words(
            "部门答复", "Department", "部门就此询问作出的答复。", "The department answered this question."
        ),
    },
)
described(
    UnknownBecause,
    "Why a kind of data says nothing of somebody; none of these is a record of none.",
    {
        "NO_FEED": Words("无数据", "No feed", "没有在用数据。", "There is no feed in use."),
        "STALE_FEED": Words(
            "数据过期", "Stale", "在用数据已超过时效或未注明截止日。", "The feed is too old, or does not say how old."
        ),
        "PARTIAL_FEED": Words("数据不全", "Partial", "在用数据不是全量。", "The feed is not all that there is."),
        "NOT_SCANNED": Words(
            "尚未比对",
            "Not scanned yet",
            "尚无比对查过此人，下次比对后更新。",
            "No scan has looked yet: the next one will.",
        ),
        "IN_DOUBT": Words(
            "无法确定",
            "In doubt",
            "有相似记录待人工核实，或部门表示无法答复。",
            "A record resembles them, or the source cannot say.",
        ),
    },
)
