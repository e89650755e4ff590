"""Words of funds and their ledger, of cycles of payments, their orders, the bank's answers and recipients' own."""

from __future__ import annotations

from api.domain.ledger import FundAccount, FundEntryKind, FundSource
from api.domain.payments import CheckOutcome, CycleKind, CycleState, HeldBecause, OrderState
from api.schema.enumerations import Words, described

__all__ = [
    "CheckOutcome",
    "CycleKind",
    "CycleState",
    "FundAccount",
    "FundEntryKind",
    "FundSource",
    "HeldBecause",
    "OrderState",
]

described(
    FundSource,
    "Whose money a fund is.",
    {
        "CENTRAL": Words("中央财政", "Central", "中央财政资金。", "The central treasury's."),
        "PROVINCIAL": Words("省级财政", "Provincial", "省级财政资金。", "The province's."),
        "MUNICIPAL": Words("市级财政", "Municipal", "市级财政资金。", "The city's."),
        "COUNTY": Words("县级财政", "County", "县级财政资金。", "The county's."),
        "UNION": Words("工会经费", "Union", "工会帮扶经费。", "The trade unions'."),
        "SOCIAL": Words("社会捐助", "Social", "社会捐助资金。", "Given by donors."),
    },
)
described(
    FundAccount,
    "Where a fund's money stands.",
    {
        "OUTSIDE": Words(
            "拨款方", "Outside", "资金来源，只有它可为负数。", "Where it comes from; it alone may be below zero."
        ),
        "AVAILABLE": Words("可用", "Available", "可以安排。", "To dispose of."),
        "COMMITTED": Words("已占用", "Committed", "已列入批次、尚未发放。", "In cycles that are not settled yet."),
        "PAID": Words("已发放", "Paid", "已发放给困难职工家庭。", "Paid to households."),
    },
)
described(
    FundEntryKind,
    "Why money goes from one account of a fund to another.",
    {
        "ALLOCATED": Words("拨入", "Allocated", "资金拨入。", "It came in."),
        "TAKEN_BACK": Words("退回拨款方", "Taken back", "资金退回来源。", "It went back to where it came from."),
        "COMMITTED": Words("占用", "Committed", "列入批次。", "A cycle was drawn up."),
        "RELEASED": Words("释放", "Released", "批次取消或指令暂缓。", "A cycle was cancelled, or an order held."),
        "SETTLED": Words("发放", "Settled", "批次结算。", "A cycle was settled."),
        "RETURNED": Words("银行退回", "Returned", "银行退回款项。", "The bank sent it back."),
        "RECOVERED": Words("追回", "Recovered", "依决定追回。", "The household gave it back by a decision."),
    },
)
described(
    CycleKind,
    "What a cycle of payments is made of.",
    {
        "REGULAR": Words("定期发放", "Regular", "应发放的各月。", "Months that are due."),
        "REPAYMENT": Words("重新发放", "Repayment", "重新发放被退回的款项。", "What the bank returned."),
    },
)
described(
    CycleState,
    "Where a cycle of payments stands.",
    {
        "DRAWN_UP": Words("已编制", "Drawn up", "待他人批准。", "It waits for another officer."),
        "APPROVED": Words("已批准", "Approved", "待结算。", "It waits to be settled."),
        "SETTLED": Words("已结算", "Settled", "已送银行，待回盘。", "It is the bank's, and waits for its answers."),
        "RECONCILED": Words("已对账", "Reconciled", "银行已全部答复。", "The bank has answered all of it."),
        "CANCELLED": Words("已取消", "Cancelled", "结算前取消。", "It was cancelled before it was settled."),
    },
)
described(
    OrderState,
    "What became of an order to pay.",
    {
        "DRAWN_UP": Words("已编制", "Drawn up", "待批准和结算。", "It waits for its cycle."),
        "HELD": Words("暂缓", "Held", "暂不发放，原因另述。", "It is not paid for now; it says why."),
        "SETTLED": Words("已送银行", "Settled", "待银行答复。", "It waits for the bank's answer."),
        "PAID": Words("已到账", "Paid", "银行答复成功。", "The bank has paid it."),
        "RETURNED": Words("已退回", "Returned", "银行退回。", "The bank sent it back."),
        "CANCELLED": Words("已取消", "Cancelled", "随批次取消。", "Its cycle was cancelled."),
    },
)
described(
    HeldBecause,
    "Why an order is not carried out for now; it says nothing about anybody.",
    {
        "NO_ACTIVE_FILE": Words("无在档档案", "No active file", "无档案不发放。", "Without a file nothing is paid."),
        "NO_ACCOUNT": Words("无收款账号", "No account", "该户未登记收款账号。", "No account is known."),
        "MONTHS_ENDED": Words(
            "帮扶已终止", "Months ended", "部分月份已不再享受。", "A month is not granted any more."
        ),
        "AMOUNT_CHANGED": Words(
            "金额已调整", "Amount changed", "编制后金额依决定调整。", "A decision lowered the amount since."
        ),
    },
)
described(
    CheckOutcome,
    "What a recipient who was asked says of a payment.",
    {
        "RECEIVED": Words("已收到", "Received", "款项如数收到。", "All of it came."),
        "NOT_RECEIVED": Words("未收到", "Not received", "没有收到。", "Nothing came."),
        "AMOUNT_DIFFERS": Words("金额不符", "Amount differs", "收到的金额不符。", "Another sum came."),
        "NOT_REACHED": Words("未联系上", "Not reached", "未能联系上领款户。", "Nobody could be asked."),
    },
)
