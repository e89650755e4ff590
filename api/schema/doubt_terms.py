"""Words of doubtful rows."""

from __future__ import annotations

from enum import StrEnum

import strawberry

from api.domain.doubts import DoubtState
from api.schema.enumerations import Words, described

__all__ = ["DoubtState", "DoubtfulRowOrderField", "Worded"]


@strawberry.type
class Worded:
    """Why something is doubted, and in which column, in words (matching.doubts.Words)."""

    reason: str = strawberry.field(
        description="Why, as the rejects of the check say it: `VALUE_NULLED:UNREADABLE_DATE`."
    )
    reason_zh: str = strawberry.field(description="What that means, in Chinese.")
    reason_en: str = strawberry.field(description="What that means, in English.")
    advice_zh: str = strawberry.field(description="What to do, in Chinese.")
    advice_en: str = strawberry.field(description="What to do, in English.")
    column: str | None = strawberry.field(description="In which column; null where it is about whole rows.")
    column_zh: str | None = strawberry.field(description="What the contract calls the column in Chinese.")
    column_en: str | None = strawberry.field(description="What the contract calls the column in English.")


class DoubtfulRowOrderField(StrEnum):
    """What doubtful rows may be ordered by."""

    TOLD = "TOLD"
    DUE = "DUE"
    ROW = "ROW"


described(
    DoubtState,
    "Where a doubtful row stands.",
    {
        "OPEN": Words(
            "待处理", "Open", "等待部门更正或者说明。", "Its department is to mend it, or to say that it is so."
        ),
        "CORRECTED": Words(
            "已更正", "Corrected", "后来的批次中已无此问题。", "A later batch no longer brings the fault."
        ),
        "CONFIRMED": Words(
            "部门确认属实", "Confirmed", "部门说明情况属实。", "Somebody of the department says that it is so."
        ),
    },
)
described(
    DoubtfulRowOrderField,
    "What doubtful rows may be ordered by.",
    {
        "TOLD": Words("退回先后", "Told", "退回部门的先后。", "In which order they went back."),
        "DUE": Words("期限", "Due", "应更正的日期。", "The day by which it is to be mended."),
        "ROW": Words("行号", "Row", "在文件中的行号。", "Where it stands in its file."),
    },
)
