"""P14: one bill paid for twice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from matcher.rules import bills, grants, masking, reading
from matcher.rules.bills import Bill, Payment
from matcher.rules.rule import Compared, Evidence, Example, Facts, Grade, Lead, Rule, Severity, Words


def find(facts: Facts) -> Iterator[Lead]:
    """同一票据（或同一结算单；均无号码的，为同一医院、同一入院日期、同一金额）出现在两次以上报销中，合计超过个人应负担部分：由医保
    结算两次，或由同一救助项目支付两次。一次住院的两张不同票据、分次结算未超过总额的、各层次依次报销的，不构成疑点；部门重复
    报送的同一结算记录属于数据质量，不构成疑点。

    One bill (by its invoice or settlement number; without numbers, one hospital, admission day and amount) stands in
    two claims or more that together exceed what was to be paid: settled twice by the insurance, or paid twice by one
    programme of aid. Two different invoices of one stay, a bill settled in parts up to its total, and layers that pay one
    after the other are no lead; nor is one settlement that a department delivers twice.
    """
    told = bills.read(facts, _candidates(facts.linked["medical"]))
    seen: set[str] = set()
    for claims in _claimed_twice(told):
        seen |= {number for bill in claims.bills for number in bill.numbers}
        yield _lead(claims)
    if "aid" in facts.linked:
        for claims in _aided_twice(facts):
            if not seen & {number for bill in claims.bills for number in bill.numbers}:
                yield _lead(claims)


@dataclass(frozen=True, slots=True)
class _Claims:
    """The claims on one bill, the later ones last, and by how much they exceed it; `exact`: one number, one amount."""

    bills: tuple[Bill, ...]
    payments: tuple[Payment, ...]
    total: Decimal
    excess: Decimal
    exact: bool
    by: Words
    steps: tuple[Words, ...]


def _candidates(medical: pl.DataFrame) -> pl.DataFrame:
    """Settlements whose invoice, or hospital, day and amount, occur again."""
    again = [pl.len().over(columns) > 1 for columns in (["invoice_no"], ["hospital", "admitted_on", "total_yuan"])]
    invoiced = pl.col("invoice_no").is_not_null() & again[0]
    bare = (
        pl.col("invoice_no").is_null()
        & pl.col("hospital").is_not_null()
        & pl.col("admitted_on").is_not_null()
        & again[1]
    )
    return medical.filter(invoiced | bare)


def _claimed_twice(told: Sequence[Bill]) -> Iterator[_Claims]:
    groups: dict[tuple[object, ...], list[Bill]] = {}
    for bill in told:
        if bill.invoice:
            groups.setdefault(("INVOICE", bill.invoice), []).append(bill)
        elif bill.settlement and bill.hospital and bill.admitted and bill.total:
            groups.setdefault((bill.human, bill.hospital, bill.admitted, bill.total), []).append(bill)
    for key in sorted(groups, key=repr):
        claims = _settlements(groups[key])
        paid = [bill.insurance for bill in claims if bill.insurance is not None]
        costs = [bill.cost for bill in claims if bill.cost is not None]
        if len([each for each in paid if each > 0]) < 2 or not costs:
            continue
        total, cost = sum(paid, Decimal(0)), max(costs)
        if total > cost:
            listed = " + ".join(f"{each:.2f}" for each in paid)
            steps = (
                (f"医保支付 {listed} = {total:.2f} 元", f"insurance paid {listed} = {total:.2f} yuan"),
                (
                    f"票据总额 {cost:.2f} 元，超出 {total:.2f} − {cost:.2f} = {total - cost:.2f} 元",
                    f"the bill is {cost:.2f} yuan, exceeded by {total:.2f} − {cost:.2f} = {total - cost:.2f} yuan",
                ),
            )
            by = ("医保结算", "the insurance")
            yield _Claims(
                tuple(claims), (), total, total - cost, len(set(paid)) == 1 and bool(claims[0].invoice), by, steps
            )


def _settlements(rows: Sequence[Bill]) -> list[Bill]:
    """One row a settlement: what bears one settlement number is one claim, told of once or more; without one, nobody knows."""
    found: dict[tuple[str, Decimal | None], Bill] = {}
    for bill in rows:
        if bill.settlement:
            found.setdefault((bill.settlement, bill.insurance), bill)
    whose = {bill.human for bill in rows}
    if len(whose) > 1:
        for bill in rows:
            if not bill.settlement:
                found.setdefault((bill.human, bill.insurance), bill)
    return sorted(found.values(), key=lambda bill: (bill.settlement, bill.record_id))


def _aided_twice(facts: Facts) -> Iterator[_Claims]:
    """Bills that one programme of aid paid twice, in different months or amounts; the same posting twice is rule C09's."""
    aid = facts.linked["aid"].filter(
        pl.col("programme").is_in(bills.every_layer(facts.policy)) & pl.col("document_no").is_not_null()
    )
    paid = bills.payments(facts, aid)
    named = {each.names for each in paid} - {""}
    medical = facts.linked["medical"].filter(
        pl.col("household_id").is_in(sorted({each.household_id for each in paid}))
    )
    told = [bill for bill in bills.read(facts, medical) if bill.numbers & named]
    for bill, ours in bills.naming(told, paid):
        twice = bills.twice_of_one_kind(bill, ours)
        if not twice or bill.borne is None:
            continue
        borne = max(bill.borne, Decimal(0))
        total = sum((each.yuan for each in twice), Decimal(0))
        listed = " + ".join(f"{each.yuan:.2f}" for each in twice)
        steps = (
            (f"救助支付 {listed} = {total:.2f} 元", f"aid paid {listed} = {total:.2f} yuan"),
            (
                f"个人负担 {borne:.2f} 元，超出 {total:.2f} − {borne:.2f} = {total - borne:.2f} 元",
                f"the patient bore {borne:.2f} yuan, exceeded by {total:.2f} − {borne:.2f} = {total - borne:.2f} yuan",
            ),
        )
        name = grants.names(twice[0].stream.programme)
        by = (name["programme_zh"], name["programme_en"])
        exact = len({each.yuan for each in twice}) == 1
        yield _Claims((bill,), tuple(twice), total, total - borne, exact, by, steps)


def _lead(claims: _Claims) -> Lead:
    last = claims.bills[-1]
    severity: Severity = "HIGH" if claims.exact else "MEDIUM"
    grades: list[Grade] = [*(bill.grade for bill in claims.bills), *(each.grade for each in claims.payments)]
    days = [bill.admitted for bill in claims.bills if bill.admitted]
    key = last.invoice or last.settlement
    persons = {bill.person_id for bill in claims.bills} | {each.stream.person_id for each in claims.payments}
    household_id = claims.payments[-1].household_id if claims.payments else last.household_id
    count = len(claims.payments) or len(claims.bills)
    return Lead(
        household_id=household_id,
        person_ids=tuple(sorted(persons)),
        natural_key=(key,) if last.invoice else (last.hospital, f"{last.admitted}", f"{last.total}"),
        severity=severity,
        grade=reading.weakest(grades),
        evidence=(
            *(Evidence("medical", bill.record_id, bill.person_id) for bill in claims.bills),
            *(Evidence("aid", each.stream.record_id, each.stream.person_id) for each in claims.payments),
        ),
        exceptions=(("split_bill", "NO"), ("layers", "NO"), ("reversed", "UNKNOWN")),
        facts={
            "bill": masking.code(key),
            "count": str(count),
            "by_zh": claims.by[0],
            "by_en": claims.by[1],
            "excess": f"{claims.excess:.2f}",
        },
        amount=(Decimal(0), claims.excess),
        period=(min(days), max(days)) if days else (None, None),
        compared=(
            Compared(
                ("支付合计与应付上限", "what was paid and the most that was due"),
                (f"支付合计 {claims.total:.2f} 元", f"{claims.total:.2f} yuan paid"),
                (f"上限 {claims.total - claims.excess:.2f} 元", f"{claims.total - claims.excess:.2f} yuan at most"),
                "medical",
                last.record_id,
                beside="aid" if claims.payments else "medical",
            ),
        ),
        steps=claims.steps,
    )


HOME = {"household_id": "H1", "applied_on": "2024-03-01", "file_opened_on": "2024-04-01", "division_code": "410502"}
HEAD = {"person_id": "P1", "household_id": "H1", "relation": "HEAD"}
STAY = {
    "person_id": "P1", "settlement_no": "JS202406030001", "invoice_no": "0041020231", "hospital": "安阳市第三人民医院",
    "admitted_on": "2024-06-03", "total_yuan": 12000, "insurance_paid_yuan": 8000, "patient_paid_yuan": 4000,
}  # fmt: skip
AGAIN = {**STAY, "settlement_no": "JS202407120002"}
HELPED = {
    "person_id": "P1", "programme": "MEDICAL_AID", "start_month": "2024-07", "end_month": "2024-07", "amount_yuan": 3000,
    "document_no": "0041020231",
}  # fmt: skip
EXAMPLES = (
    Example(
        zh="同一张票据结算两次",
        en="One invoice settled twice",
        given={"households": (HOME,), "members": (HEAD,), "medical": (STAY, AGAIN)},
        severity="HIGH",
        amount=("0", "4000"),
    ),
    Example(
        zh="同一张票据由医疗救助支付两次",
        en="One invoice paid twice by medical aid",
        given={
            "households": (HOME,),
            "members": (HEAD,),
            "medical": (STAY,),
            "aid": (HELPED, {**HELPED, "start_month": "2024-09", "end_month": "2024-09"}),
        },
        severity="HIGH",
        amount=("0", "2000"),
    ),
    Example(
        zh="一次住院的两张不同票据",
        en="Two invoices of one stay",
        given={
            "households": (HOME,),
            "members": (HEAD,),
            "medical": (STAY, {**AGAIN, "invoice_no": "0041020999", "total_yuan": 9500, "patient_paid_yuan": 1500}),
        },
        severity=None,
    ),
    Example(
        zh="各层次依次报销，未超过个人负担",
        en="Layers that pay one after the other, up to what the patient bore",
        given={
            "households": (HOME,),
            "members": (HEAD,),
            "medical": (STAY,),
            "aid": (HELPED, {**HELPED, "programme": "MUTUAL_MEDICAL_AID", "amount_yuan": 1000}),
        },
        severity=None,
    ),
)

RULE = Rule(
    id="P14",
    version="1",
    title_zh="同一票据重复报销",
    title_en="Same bill twice",
    basis="医疗保障基金使用监督管理条例：不得重复享受医疗保障待遇；安政办〔2019〕15号 一：避免重复救助",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="HIGH",
    inputs={"medical": bills.SETTLED},
    optional={"aid": grants.COLUMNS},
    minimum_grade="G5",
    only_in_a_scan=True,
    find=find,
    zh="同一票据（{bill}）由{by}支付 {count} 次，合计超出 {excess} 元。",
    en="One bill ({bill}) was paid {count} times by {by}, together {excess} yuan too much.",
    correction=(
        "核对结算台账，确属重复的由经办机构冲正后一次支付；先查是否经办差错。",
        "check the ledger; where it was paid twice the office reverses the later payment; look for official error first.",
    ),
    clears_zh="冲正、退费的凭证，或两次属于不同费用的票据。",
    clears_en="Proof that one settlement was reversed or refunded, or that the two are different costs.",
    exceptions={
        "split_bill": (
            "是否为一次就医的不同票据或分次结算",
            "different invoices of one treatment, or a bill settled in parts",
        ),
        "layers": ("是否为各层次依次报销", "layers that pay one after the other by design"),
        "reversed": ("是否已冲正或退费", "reversed or refunded since"),
    },
    parameters=(),
    examples=EXAMPLES,
)
