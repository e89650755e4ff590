"""Enumerations of feeds and uploads, in Chinese and English."""

from __future__ import annotations

from enum import StrEnum

from api.domain.uploads import BatchKind, CheckState, UploadState
from api.schema.enumerations import Words, described

__all__ = ["BatchKind", "CheckState", "FeedOrderField", "UploadOrderField", "UploadState"]


class UploadOrderField(StrEnum):
    """What uploads may be ordered by."""

    BEGUN = "BEGUN"
    AS_OF = "AS_OF"


class FeedOrderField(StrEnum):
    """What feeds may be ordered by."""

    RECEIVED = "RECEIVED"
    AS_OF = "AS_OF"


described(
    UploadState,
    "Where a batch that a department sends stands.",
    {
        "OPEN": Words("传输中", "Open", "等待或正在接收文件。", "Its bytes are awaited, or are coming."),
        "RECEIVED": Words("已收齐", "Received", "文件收齐，等待校验。", "All bytes have come; its check waits."),
        "CHECKING": Words("校验中", "Checking", "正在校验。", "A worker checks it."),
        "ACCEPTED": Words(
            "已接收", "Accepted", "已入库，下次比对即用。", "It is taken over; the next scan reads it."
        ),
        "REFUSED": Words(
            "未接收", "Refused", "未入库，原因见 refusal。", "It is not taken over; `refusal` says why."
        ),
        "WITHDRAWN": Words("已撤回", "Withdrawn", "由部门撤回。", "Its department has withdrawn it."),
        "EXPIRED": Words("已过期", "Expired", "期限内未传完。", "It was not finished in time."),
    },
)
described(
    BatchKind,
    "What a batch holds of all that its department has.",
    {
        "FULL": Words("全量", "Full", "全部数据；未出现者视为无记录。", "All of it: who is not in it has no record."),
        "PARTIAL": Words("部分", "Partial", "部分数据。", "Some of it: who is not in it is not spoken of."),
        "CHANGES": Words(
            "变更", "Changes", "更正和删除，按 record_id 逐条。", "Corrections and deletions, by `record_id`."
        ),
    },
)
described(
    CheckState,
    "How a quality check came out.",
    {
        "OK": Words("正常", "Fine", "未见异常。", "Nothing stands out."),
        "ALARM": Words("需处理", "Alarm", "超出通常范围。", "It is out of the ordinary."),
        "NOT_ASSESSED": Words("无法判断", "Not assessed", "缺少历史或期限。", "There is no history, or no deadline."),
    },
)
described(
    UploadOrderField,
    "What uploads may be ordered by.",
    {
        "BEGUN": Words("申请时间", "Begun", "提出的先后。", "When it was asked for."),
        "AS_OF": Words("数据截止", "As of", "数据截止日期。", "The day on which the data were cut."),
    },
)
described(
    FeedOrderField,
    "What feeds may be ordered by.",
    {
        "RECEIVED": Words("接收时间", "Received", "接收的先后。", "When it came."),
        "AS_OF": Words(
            "数据截止", "As of", "数据截止日期；未知者视为最早。", "When it was cut; unknown counts as the earliest."
        ),
    },
)
