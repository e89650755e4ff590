"""Words of grants: where one stands, what is found when it is held against other aid, and how programmes stand to one another."""

from __future__ import annotations

from api.domain.catalogue import ConditionKind, GrantedTo
from api.domain.grants import AidRelation, GrantEffect, GrantFindingKind, GrantPeriod, GrantState, OnceFor
from api.schema.enumerations import Words, described

__all__ = [
    "AidRelation", "ConditionKind", "GrantEffect", "GrantFindingKind", "GrantPeriod", "GrantState",
    "GrantedTo", "OnceFor",
]  # fmt: skip

described(
    GrantState,
    "Where a grant of aid stands.",
    {
        "PROPOSED": Words("待决定", "Proposed", "已提出，待另一人决定。", "It waits for another officer."),
        "GRANTED": Words("已给予", "Granted", "经决定给予，按期发放。", "It was decided, and is paid."),
        "REFUSED": Words("不予给予", "Refused", "经决定不予给予。", "An officer decided that it is not given."),
        "WITHDRAWN": Words("已撤回", "Withdrawn", "决定前撤回。", "It was taken back before it was decided."),
    },
)
described(
    GrantPeriod,
    "For which period the amount of a grant is.",
    {
        "MONTH": Words("按月", "By month", "每月发放一次。", "It is paid each month."),
        "QUARTER": Words("按季", "By quarter", "每季度发放一次。", "It is paid each quarter."),
        "ONCE": Words("一次性", "Once", "一次发放。", "It is paid once."),
    },
)
described(
    GrantEffect,
    "What a finding about a grant does.",
    {
        "REFUSES": Words("不能给予", "Refuses", "已核实的规定，不能给予。", "It cannot be granted so."),
        "WARNS": Words("提醒", "Warns", "尚未核实，仅提醒。", "It is only assumed or not known; it blocks nothing."),
        "INFORMS": Words("告知", "Informs", "供决定人知悉。", "Whoever decides should know of it."),
    },
)
described(
    GrantFindingKind,
    "What is found when a grant is held against all other aid, and against what its programme asks for.",
    {
        "SAME_PROGRAMME": Words(
            "同项目重复", "Same programme", "同一人同月已享受该项目。", "They have it in that month."
        ),
        "EXCLUSIVE": Words(
            "互斥项目", "Exclusive", "与已享受的项目不得并享。", "It may not stand beside what they have."
        ),
        "SAME_CAUSE": Words("同一事由", "Same cause", "同一事由已救助过。", "Aid was given for this cause already."),
        "TOO_OFTEN": Words("次数超限", "Too often", "一年内次数已满。", "It was given as often as a year allows."),
        "SAME_SCHOOL_YEAR": Words(
            "同一学年", "Same school year", "本学年已资助过。", "Given in this school year already."
        ),
        "ONCE_ONLY": Words("每人一次", "Once only", "每人只给予一次。", "It is given once in a life, and was."),
        "OVER_COST": Words("超过费用", "Over cost", "各项合计超过单据金额。", "Together more than the bill came to."),
        "STACKS": Words("合计不超费用", "Stacks", "可并享，合计不超过实际费用。", "Both, up to the actual cost."),
        "COUNTS_AS_INCOME": Words(
            "计入收入", "Counts as income", "审核另一项时计入家庭收入。", "It counts for the other."
        ),
        "FIRST_DECIDES": Words("先后相关", "First decides", "先定一项，再定另一项。", "One decides on the other."),
        "CONDITION": Words(
            "项目条件", "Condition", "项目条件未满足、未知或待说明。", "Not met, not known, or to be stated."
        ),
        "NOT_YET_ANSWERED": Words(
            "在先未付", "Not yet answered", "法定顺序在先的尚未支付。", "Who pays before has not."
        ),
        "MONTHS_UNKNOWN": Words(
            "月份不详", "Months unknown", "相关救助的月份不详。", "Of that aid no month is known."
        ),
    },
)
described(
    AidRelation,
    "How a programme that is assessed stands to one that is held.",
    {
        "EXCLUSIVE": Words("互斥", "Exclusive", "同一人同月不得并享。", "Never both for one person and month."),
        "COUNTS_AS_INCOME": Words("计入收入", "Counts as income", "计入家庭收入。", "What is held counts as income."),
        "NOT_INCOME": Words("不计收入", "Not income", "不计入家庭收入。", "What is held does not count."),
        "STACK": Words("合计封顶", "Stack", "合计不超过实际费用。", "Both, up to the actual cost."),
        "ONCE": Words("一次", "Once", "同一期间或事由一次。", "Once a period or cause."),
        "COMPATIBLE": Words("可并享", "Compatible", "可以并享。", "Both in full."),
        "FIRST_DECIDES": Words(
            "先后相关", "First decides", "先定一项，再定另一项。", "The first decides on the second."
        ),
    },
)
described(
    GrantedTo,
    "To whom a programme is granted.",
    {
        "HOUSEHOLD": Words("家庭", "Household", "给予家庭。", "To a household."),
        "PERSON": Words("个人", "Person", "给予个人。", "To a person."),
        "EMPLOYER": Words("用人单位", "Employer", "给予用人单位。", "To an employer."),
    },
)
described(
    OnceFor,
    "For what a programme is given once, where the matrix says that it is given once.",
    {
        "MONTH": Words("每月", "A month", "同月一次。", "Once in a month."),
        "CAUSE": Words("每事由", "A cause", "同一事由一次。", "Once for a cause."),
        "SCHOOL_YEAR": Words("每学年", "A school year", "同一学年一次。", "Once in a school year."),
        "LIFE": Words("终身", "A life", "每人一次。", "Once in a life."),
    },
)
described(
    ConditionKind,
    "What a condition of a programme is held against.",
    {
        "CATEGORY": Words("档案类别", "Category", "档案的困难类别。", "The file's category."),
        "CAUSE": Words("致困原因", "Cause", "档案的致困原因。", "The causes that the file names."),
        "NAMED_CAUSE": Words("指明事由", "Named cause", "申请须指明事由。", "What is asked for names a cause."),
        "BILL": Words("费用单据", "Bill", "须有费用单据。", "What is asked for rests on a bill."),
        "STATED": Words("人员说明", "Stated", "由工作人员说明。", "An officer states it."),
    },
)
