"""Words of donors, of what they pledge, and of how exactly the ledger tells what became of it."""

from __future__ import annotations

from api.domain.donations import DonorKind, PledgeKind, PledgeState, SpendingKnown
from api.schema.enumerations import Words, described

__all__ = ["DonorKind", "PledgeKind", "PledgeState", "SpendingKnown"]

described(
    DonorKind,
    "Who gives.",
    {
        "ORGANISATION": Words(
            "单位", "Organisation", "企业、慈善组织等单位。", "An enterprise, a charity or another body."
        ),
        "PERSON": Words("个人", "Person", "爱心人士。", "Somebody by themselves."),
    },
)
described(
    PledgeKind,
    "What is given.",
    {
        "MONEY": Words("资金", "Money", "捐款，到账后进入社会捐助资金。", "Money, which goes into the ledger."),
        "IN_KIND": Words("物资或服务", "In kind", "物资或免费服务。", "Goods, or services without charge."),
    },
)
described(
    PledgeState,
    "What became of a pledge.",
    {
        "PLEDGED": Words("已认捐", "Pledged", "尚未到账。", "Nothing came yet."),
        "PARTLY_RECEIVED": Words("部分到账", "Partly received", "已到账一部分。", "Some of it came."),
        "RECEIVED": Words("全部到账", "Received", "已全部到账。", "All of it came."),
        "WITHDRAWN": Words("已撤回", "Withdrawn", "捐赠者撤回未到账部分。", "The donor took back what had not come."),
        "LAPSED": Words("已过期", "Lapsed", "期限已过，未到账部分失效。", "Its day passed before all of it came."),
    },
)
described(
    SpendingKnown,
    "How exactly the ledger tells what was paid of a donor's money.",
    {
        "EXACT": Words("确切", "Exact", "资金情况只允许这一个数。", "The fund allows of one amount only."),
        "BY_FUND": Words(
            "仅按资金",
            "By fund",
            "与他人捐款同在一笔资金，只知其范围。",
            "It stands with others' in a fund: a range.",
        ),
    },
)
