"""The words of verification: why it is done, where it stands, what data say, and who said it."""

from __future__ import annotations

from api.domain.verifications import AnswerOrigin, DepartmentAnswer, VerificationOccasion, VerificationState
from api.schema.enumerations import Words, described

__all__ = ["AnswerOrigin", "DepartmentAnswer", "VerificationOccasion", "VerificationState"]

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
        "DEPARTMENT": Words(
            "部门答复", "Department", "部门就此询问作出的答复。", "The department answered this question."
        ),
    },
)
