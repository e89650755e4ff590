"""C09: one payment posted twice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal

import polars as pl

from matcher.overlap import months_between, stream
from matcher.rules import grants, masking, reading
from matcher.rules.explaining import count as words_of
from matcher.rules.reading import Row
from matcher.rules.rule import Compared, Evidence, Example, Facts, Lead, Rule, Words

MARKS = ("payee_account", "document_no", "agency", "division_code", "cause")
"""What may tell two postings apart; the first two can also tell that they are one."""


def find(facts: Facts) -> Iterator[Lead]:
    """同一份救助、同一期间、同一金额、同一收款账户或文号，在救助系统中有两条以上记录号不同的发放。首先推定为经办差错，不推定
    当事人有过错。退汇重发、冲正的不构成疑点；由两个单位各报一次的不构成疑点；记录号也相同的是部门重复报送（数据质量
    Q05），不是重复发放。既无账户也无文号的，无从判断，不作提示。

    One entitlement was posted twice or more: the same period, amount, and account or decision, under different record
    numbers. Official error is presumed first, never the person's fault. Payments that were returned and made again,
    and corrections, are no lead; nor is one payment that two offices report. A row that a department delivers twice
    is a matter of data quality (Q05) and no payment. Without account and decision nobody can tell: no lead.
    """
    aid = grants.of_humans(facts, facts.linked["aid"].filter(pl.col("amount_yuan") != 0))
    size = aid.with_columns(size=pl.col("amount_yuan").abs())
    doubled = grants.several(size, "human", "programme", "start_month", "end_month", "size")
    for rows in grants.by(
        doubled.iter_rows(named=True), "human", "programme", "start_month", "end_month", "size"
    ).values():
        if any(grants.says(row, (*grants.RETURNED, *grants.CORRECTED)) for row in rows):
            continue
        for postings in _one_payment(grants.standing(rows)):
            lead = _lead(facts, postings)
            if lead is not None:
                yield lead


def _one_payment(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Groups of at least two postings that are one payment as far as they say."""
    groups: list[list[Row]] = []
    for row in rows:
        group = next((each for each in groups if all(_same(row, other) for other in each)), None)
        if group is None:
            groups.append([row])
        else:
            group.append(row)
    yield from (group for group in groups if len(group) > 1)


def _same(one: Row, other: Row) -> bool:
    named = any(grants.agree(one, other, mark) for mark in MARKS[:2])
    return named and not any(grants.differ(one, other, mark) for mark in MARKS)


def _lead(facts: Facts, postings: Sequence[Row]) -> Lead | None:
    first = postings[0]
    paid = stream(first, facts.as_of)
    if paid is None or paid.amount is None:
        return None
    count, length = len(postings), months_between(paid.first, paid.last)
    copies = (count - 1) * length * paid.amount
    return Lead(
        household_id=first["household_id"],
        person_ids=tuple(sorted({row["person_id"] for row in postings})),
        natural_key=(first["programme"], f"{paid.first:%Y-%m}", first["document_no"] or first["payee_account"]),
        severity="HIGH",
        grade=reading.weakest(row["grade"] for row in postings),
        evidence=tuple(Evidence("aid", row["record_id"], row["person_id"]) for row in postings),
        exceptions=(("returned", "NO" if all(row["cause"] for row in postings) else "UNKNOWN"), ("delivered_twice", "NO")),
        facts={
            **grants.names(first["programme"]),
            "first": f"{paid.first:%Y-%m}",
            "last": f"{paid.last:%Y-%m}",
            "count": str(count),
            "amount": f"{paid.amount:.2f}",
        },
        amount=(Decimal(0), copies),
        period=(paid.first, paid.last),
        compared=(
            Compared(
                ("同一笔的两条记录", "two postings of one payment"), _posting(first, paid.amount), _posting(postings[1], paid.amount),
                "aid", postings[1]["record_id"], beside="aid",
            ),
        ),
        steps=(
            (
                f"多记 {count - 1} 笔 × {length} 个月 × {paid.amount:.2f} = {copies:.2f} 元",
                f"{words_of(count - 1, 'posting')} too many × {words_of(length, 'month')} × {paid.amount:.2f} = {copies:.2f} yuan",
            ),
        ),
    )  # fmt: skip


def _posting(row: Row, amount: Decimal) -> Words:
    """What one posting says, its account masked."""
    account = masking.code(row["payee_account"])
    return f"账户 {account}，每月 {amount:.2f} 元", f"account {account}, {amount:.2f} yuan a month"


HOME = {"household_id": "H1", "applied_on": "2024-03-01", "file_opened_on": "2024-04-01", "division_code": "410502"}
HEAD = {"person_id": "P1", "household_id": "H1", "relation": "HEAD"}
POSTED = {
    "person_id": "P1", "programme": "TEMPORARY_AID", "start_month": "2024-06", "end_month": "2024-06", "amount_yuan": 3000,
    "agency": "文峰区民政局", "document_no": "文民临〔2024〕52号", "payee_account": "6217000012345678901", "cause": "火灾",
}  # fmt: skip
EXAMPLES = (
    Example(
        zh="同一文号、同一账户的3000元入账两次",
        en="3 000 yuan by one decision into one account, posted twice",
        given={"households": (HOME,), "members": (HEAD,), "aid": (POSTED, POSTED)},
        severity="HIGH",
        amount=("0", "3000"),
    ),
    Example(
        zh="退汇后重发",
        en="Returned by the bank and paid again",
        given={"households": (HOME,), "members": (HEAD,), "aid": (POSTED, {**POSTED, "cause": "退汇重发"})},
        severity=None,
    ),
    Example(
        zh="误发、冲销、再发",
        en="Posted, reversed, posted again",
        given={"households": (HOME,), "members": (HEAD,), "aid": (POSTED, {**POSTED, "amount_yuan": -3000}, POSTED)},
        severity=None,
    ),
    Example(
        zh="县、市两个系统各报一次",
        en="Reported by the county's and by the city's system",
        given={"households": (HOME,), "members": (HEAD,), "aid": (POSTED, {**POSTED, "agency": "安阳市民政局"})},
        severity=None,
    ),
)

RULE = Rule(
    id="C09",
    version="1",
    title_zh="同一笔重复入账",
    title_en="Payment posted twice",
    basis="安政办〔2019〕15号 四：资金使用检查监督；一、避免重复救助",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="HIGH",
    inputs={"aid": f"{grants.COLUMNS} amount_yuan*"},
    minimum_grade="G5",
    only_in_a_scan=True,
    find=find,
    zh="{programme} {first} 至 {last}，每月 {amount} 元，同一笔有 {count} 条发放记录。首先推定为经办差错，应先核对发放台账。",
    en="{programme}, {first} to {last}, {amount} yuan a month: one payment has {count} postings. Official error is presumed first; "
    "the payment ledger is to be checked before anything else.",
    correction=(
        "核对发放台账，确属重复入账的，由经办单位冲正一笔{programme}，不追究当事人。",
        "check the ledger; where it was posted twice, the office reverses one posting ({programme}) and holds nothing against the person.",
    ),
    clears_zh="退汇重发或冲正的凭证，或两笔各有依据的审批文件。",
    clears_en="Proof that the payment was returned or reversed, or the two decisions behind the two postings.",
    exceptions={
        "returned": ("是否为退汇后重发", "returned and paid again"),
        "delivered_twice": ("是否为部门重复报送同一条记录", "one record that the department delivered twice"),
    },
    parameters=(),
    examples=EXAMPLES,
)
