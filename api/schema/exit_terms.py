"""Words of incomes by month, of the tests they are put to, and of what is proposed and found afterwards."""

from __future__ import annotations

from api.domain.exits import (
    ExitAction,
    ExitTestKind,
    ExitVerdict,
    LineStanding,
    MonthGap,
    ProposalState,
    WatchOutcome,
)
from api.domain.incomes import IncomeKind, IncomeSource, SourceAnswer
from api.schema.enumerations import Words, described

__all__ = [
    "ExitAction",
    "ExitTestKind",
    "ExitVerdict",
    "IncomeKind",
    "IncomeSource",
    "LineStanding",
    "MonthGap",
    "ProposalState",
    "SourceAnswer",
    "WatchOutcome",
]

described(
    IncomeSource,
    "Who told of an income; all of them have to be heard before a month is known.",
    {
        "DECLARED": Words("家庭申报", "Declared", "家庭如实申报。", "The household's own statement."),
        "TAX": Words("税务", "Tax", "税务部门的记录。", "The tax office's records."),
        "SOCIAL_INSURANCE": Words(
            "社保", "Social insurance", "养老等社会保险记录。", "Pensions and other social insurance."
        ),
        "UNEMPLOYMENT_BENEFIT": Words(
            "失业保险", "Unemployment benefit", "失业保险金记录。", "Unemployment insurance benefit."
        ),
        "AID": Words("救助", "Aid", "各类救助和工会帮扶的记录。", "Aid by departments and unions."),
    },
)
described(
    IncomeKind,
    "What an income is paid for.",
    {
        "WAGE": Words("工资性收入", "Wage", "工资、劳务等。", "Wages and pay for labour."),
        "BUSINESS": Words("经营净收入", "Business", "生产经营净收入。", "Net of a business."),
        "PROPERTY": Words("财产净收入", "Property", "租金、利息等净收入。", "Net of rents, interest and the like."),
        "TRANSFER": Words("转移净收入", "Transfer", "赡养、抚养费等。", "Maintenance and other transfers."),
        "PENSION": Words("养老金", "Pension", "养老金、退休金。", "A pension."),
        "AID": Words("救助款", "Aid", "按救助项目发放的款项。", "Paid under a programme of aid."),
    },
)
described(
    SourceAnswer,
    "What a source said of a month; of the last two nothing is known, which is not zero.",
    {
        "VALUE": Words("有金额", "Amount", "记录了金额。", "It told an amount."),
        "NO_RECORD": Words("无记录", "No record", "已查询，确无此项。", "It was asked, and there is nothing."),
        "NO_ANSWER": Words("未答复", "No answer", "已查询，尚未答复。", "It was asked, and has not answered."),
        "NOT_ASKED": Words("未查询", "Not asked", "尚未查询。", "It was not asked."),
    },
)
described(
    ExitTestKind,
    "What a household's months are tested for.",
    {
        "GRADUATION": Words(
            "脱困",
            "Graduation",
            "不计低保和帮扶款，连续六个月超过低保标准。",
            "Above the line six months in a row, without dibao and the unions' aid.",
        ),
        "RELIEF": Words("解困", "Relief", "计入救助和帮扶，达到低保标准。", "At the line or above it, aid counted."),
    },
)
described(
    ExitVerdict,
    "What a test of incomes says; whether a household leaves is a person's decision.",
    {
        "EXIT_DUE": Words("条件具备", "Due", "各月均已知且符合。", "All months are known, and fulfil it."),
        "NOT_ABOVE": Words("未达到", "Not above", "至少一个月确不符合。", "One month surely does not."),
        "INSUFFICIENT_DATA": Words(
            "数据不足", "Insufficient data", "有月份不明；连续中断。", "A month is not known, which breaks the run."
        ),
    },
)
described(
    LineStanding,
    "How a month's income a head stands to that month's own line.",
    {
        "ABOVE": Words("符合", "Above", "已知且符合该月标准。", "Known, and as the test asks."),
        "NOT_ABOVE": Words("不符合", "Not above", "确不符合该月标准。", "Surely not as the test asks."),
        "UNCLEAR": Words("不明", "Unclear", "收入或标准不明。", "The income or the line is not known."),
    },
)
described(
    MonthGap,
    "What a month lacks to be clear.",
    {
        "INCOME": Words("缺收入", "Income", "某来源未提供某人的情况。", "A source has not spoken of somebody."),
        "YEAR_ONLY": Words(
            "仅有年度数", "Year only", "只有年度金额，不作平均。", "Only a year's figure, which is not divided."
        ),
        "LINE": Words("缺标准", "Line", "该月标准不明。", "No line is in force in that month."),
        "NOBODY": Words("无成员", "Nobody", "该月没有登记成员。", "Nobody belonged to it in that month."),
    },
)
described(
    ExitAction,
    "What may be proposed for a file that is open.",
    {
        "GRADUATE": Words("脱困退出", "Graduate", "致困原因消除，退出。", "The causes are gone, and it leaves."),
        "RELIEVE": Words("解困", "Relieve", "达到低保标准，继续帮扶。", "It is lifted to the line; aid goes on."),
        "DEREGISTER": Words("注销", "Deregister", "因其他原因关闭档案。", "The file is closed for another reason."),
    },
)
described(
    ProposalState,
    "What became of a proposal.",
    {
        "OPEN": Words("待决定", "Open", "等待另一名工作人员决定。", "It waits for another officer."),
        "APPROVED": Words("已同意", "Approved", "已作出决定并执行。", "It was decided so, and done."),
        "REJECTED": Words("未同意", "Rejected", "未获同意，未作变更。", "It was not, and nothing has changed."),
        "WITHDRAWN": Words("已撤回", "Withdrawn", "提出人撤回，未作变更。", "Whoever made it took it back."),
    },
)
described(
    WatchOutcome,
    "How a household that left hardship is found when it is looked after.",
    {
        "FINE": Words("稳定", "Fine", "生活稳定。", "It lives securely."),
        "AT_RISK": Words("有返困风险", "At risk", "有再次致困的风险。", "Hardship may return."),
        "BACK_IN_HARDSHIP": Words(
            "已返困", "Back in hardship", "再次陷入困难，可恢复建档。", "Hardship has returned; it may come back."
        ),
    },
)
