"""C05: reimbursed more than it cost."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import polars as pl

from matcher.compatibility import over_cost
from matcher.identity.programmes import BY_CODE
from matcher.overlap import first_day
from matcher.rules import bills, grants, reading
from matcher.rules.bills import INSURANCE, Bill, Payment
from matcher.rules.rule import Compared, Evidence, Example, Facts, Grade, Lead, Rule, Words

LARGE, AT_ONCE = "LARGE_EXPENSE_INSURANCE", "MEDICAL_AID"
"""What the settlement's insurance part may hold already: the large-expense insurance; medical aid where it was settled at the
hospital's counter with the rest, in the month of admission."""


def find(facts: Facts) -> Iterator[Lead]:
    """基本医保、大额补充、企业补充、医疗救助、医疗互助、慈善等各层次报销合计超过医疗费用总额。救助记录注明票据或结算单号的，按该次
    就医比对；未注明的，只在医保数据齐全时按年度、按全家比对：当年救助合计超过当年和上一年全部个人负担的，才提示。分层报销本身
    是制度设计，合计不超过费用的不构成疑点；非医疗支出、护理费用由工作人员核实；家庭另有票据足以容纳超出部分的，救助可能兼顾其他票据，程度为低。同一项目对同一票据重复支付的由规则P14处理。

    Basic insurance, large-expense and supplementary insurance, medical aid, mutual aid and charity together paid more
    than the treatment cost. Where payments name the bill, that bill is compared; otherwise, and only where all bills of
    all members are known, a calendar year of the whole household: a lead only if that year's aid exceeds all that the
    household bore in that year and the one before. Several layers paying for one bill is how the system is meant; up
    to the cost there is no lead. Care and other non-medical costs a person has to check; where other
    bills of the household could take the excess, the payment may have been meant for them too: low. One programme that paid one bill
    twice is rule P14's.
    """
    aid = facts.linked["aid"].filter(pl.col("programme").is_in(bills.every_layer(facts.policy)))
    homes = reading.households(facts, aid.get_column("household_id"))
    medical = facts.linked["medical"].filter(pl.col("household_id").is_in(sorted(homes)))
    told, paid = bills.read(facts, medical), bills.payments(facts, aid)
    questioned: set[str] = set()
    theirs = bills.of_households(told)
    for bill, ours in bills.naming(told, paid):
        division = homes[bill.household_id]["division_code"]
        tolerance = Decimal(str(facts.policy.value("reimbursement.tolerance_yuan", facts.as_of, division)))
        others = [each for each in bills.told_once(theirs[bill.household_id]) if each.numbers != bill.numbers]
        if bills.twice_of_one_kind(bill, ours):
            questioned.add(bill.household_id)
            continue
        lead = _of_bill(facts, bill, ours, division, tolerance, others)
        if lead is not None:
            questioned.add(bill.household_id)
            yield lead
    known = bills.known_bills(facts, homes)
    first = bills.told_since(facts)
    numbers = {number for bill in told for number in bill.numbers}
    received: dict[str, list[Payment]] = {}
    for each in paid:
        received.setdefault(each.household_id, []).append(each)
    for household_id in sorted((known & theirs.keys()) - questioned):
        tolerance = Decimal(
            str(facts.policy.value("reimbursement.tolerance_yuan", facts.as_of, homes[household_id]["division_code"]))
        )
        ours = received.get(household_id, [])
        if {each.names for each in ours} - {""} - numbers:
            continue  # a payment names a bill that is not among those told
        ours = [each for each in ours if first is not None and first <= dt.date(each.stream.first.year - 1, 3, 1)]
        yield from _of_years(facts, household_id, bills.told_once(theirs[household_id]), ours, tolerance)


@dataclass(frozen=True, slots=True)
class _Excess:
    """What was paid too much, at least and at most, and how it comes about."""

    low: Decimal
    high: Decimal
    steps: tuple[Words, ...]
    back: str
    cost: Decimal
    total: Decimal


def _excess(
    order: tuple[str, ...],
    cost: Decimal,
    insured: Decimal | None,
    told: Sequence[Bill],
    paid: Sequence[Payment],
    of: Words,
) -> _Excess:
    base = {} if insured is None else {INSURANCE: insured}
    every = base | bills.by_programme(paid)
    high, over = over_cost(order, every, cost)
    low, _ = over_cost(
        order, base | bills.by_programme(each for each in paid if not _perhaps_included(each, told)), cost
    )
    total = sum(every.values(), Decimal(0))
    listed = sorted(every, key=lambda code: (order.index(code) if code in order else len(order), code))
    zh = " + ".join(f"{BY_CODE[code].name_zh} {every[code]:.2f}" for code in listed)
    en = " + ".join(f"{BY_CODE[code].name_en} {every[code]:.2f}" for code in listed)
    steps = (
        (f"{zh} = {total:.2f} 元", f"{en} = {total:.2f} yuan"),
        (f"{of[0]} {cost:.2f} 元", f"{of[1]} {cost:.2f} yuan"),
        (f"超出 {total:.2f} − {cost:.2f} = {high:.2f} 元", f"exceeded by {total:.2f} − {cost:.2f} = {high:.2f} yuan"),
    )
    return _Excess(low, high, steps, max(over, key=lambda code: listed.index(code)) if over else "", cost, total)


def _perhaps_included(paid: Payment, told: Sequence[Bill]) -> bool:
    admitted = {first_day(bill.admitted) for bill in told if bill.admitted}
    at_once = paid.stream.programme == AT_ONCE and paid.stream.first in admitted
    return at_once or paid.stream.programme == LARGE


def _of_bill(
    facts: Facts,
    bill: Bill,
    paid: Sequence[Payment],
    division: str | None,
    tolerance: Decimal,
    others: Sequence[Bill],
) -> Lead | None:
    if bill.cost is None or bill.borne is None:
        return None
    order = facts.policy.order("medical", facts.as_of, division).programmes
    of = ("该次医疗费用总额", "the bill came to")
    excess = _excess(order, bill.cost, bill.cost - bill.borne, (bill,), paid, of)
    if excess.high <= tolerance:
        return None
    elsewhere = sum((each.borne for each in others if each.borne is not None), Decimal(0))
    lead = _lead(facts, bill.household_id, excess, (bill,), paid, "BILL", bill.invoice or bill.settlement)
    if elsewhere < excess.high:
        return lead
    exceptions = tuple((name, "UNKNOWN" if name == "unsettled_bills" else result) for name, result in lead.exceptions)
    return replace(lead, severity="LOW", exceptions=exceptions)


def _of_years(
    facts: Facts, household_id: str, told: Sequence[Bill], paid: Sequence[Payment], tolerance: Decimal
) -> Iterator[Lead]:
    order = facts.policy.order("medical", facts.as_of).programmes
    for year in sorted({each.stream.first.year for each in paid}):
        ours = [each for each in paid if each.stream.first.year == year]
        pool = [bill for bill in told if bills.year_of(bill) in (year - 1, year, None)]
        borne = [bill.borne for bill in pool]
        if not pool or any(each is None for each in borne):
            continue
        total = max(sum((each for each in borne if each is not None), Decimal(0)), Decimal(0))
        of = (f"{year - 1} 至 {year} 年全家个人负担合计", f"in {year - 1} and {year} the household bore")
        excess = _excess(order, total, None, pool, ours, of)
        if excess.high > tolerance:
            yield _lead(facts, household_id, excess, pool, ours, "YEAR", str(year))


def _lead(
    facts: Facts,
    household_id: str,
    excess: _Excess,
    told: Sequence[Bill],
    paid: Sequence[Payment],
    kind: str,
    key: str,
) -> Lead:
    grades: list[Grade] = [*(bill.grade for bill in told), *(each.grade for each in paid)]
    days = [bill.admitted for bill in told if bill.admitted] + [each.stream.first for each in paid]
    persons = {bill.person_id for bill in told} | {each.stream.person_id for each in paid}
    what = ("该次就医", "one treatment") if kind == "BILL" else (f"{key} 年全家", f"the household's year {key}")
    return Lead(
        household_id=household_id,
        person_ids=tuple(sorted(persons)),
        natural_key=(kind, key),
        severity="MEDIUM" if excess.low > 0 else "LOW",
        grade=reading.weakest(grades),
        evidence=(
            *(Evidence("medical", bill.record_id, bill.person_id) for bill in told),
            *(Evidence("aid", each.stream.record_id, each.stream.person_id) for each in paid),
        ),
        exceptions=(
            ("other_costs", "UNKNOWN"),
            ("unsettled_bills", "NO" if kind == "BILL" else "UNKNOWN"),
            ("settled_at_once", "NO" if excess.low == excess.high else "UNKNOWN"),
        ),
        facts={
            "what_zh": what[0],
            "what_en": what[1],
            "excess": f"{excess.high:.2f}",
            "medical_zh": reading.date_of_feed(facts, "medical", "zh"),
            "medical_en": reading.date_of_feed(facts, "medical", "en"),
            **grants.names(excess.back, "back"),
        },
        amount=(Decimal(0), excess.high),
        period=(min(days), max(max(days), *(each.stream.last for each in paid))) if days else (None, None),
        compared=(
            Compared(
                ("报销合计与费用", "what was reimbursed and what it cost"),
                (f"报销合计 {excess.total:.2f} 元", f"{excess.total:.2f} yuan reimbursed"),
                (f"费用 {excess.cost:.2f} 元", f"a cost of {excess.cost:.2f} yuan"),
                "medical",
                beside="aid",
            ),
        ),
        steps=excess.steps,
    )


HOME = {"household_id": "H1", "applied_on": "2024-03-01", "file_opened_on": "2024-04-01", "division_code": "410502"}
HEAD = {"person_id": "P1", "household_id": "H1", "relation": "HEAD", "id_number": "410502196603010018"}
STAY = {
    "person_id": "P1", "settlement_no": "JS202404080001", "invoice_no": "0041020231", "hospital": "安阳地区医院",
    "admitted_on": "2024-04-08", "total_yuan": 30000, "insurance_paid_yuan": 20000, "patient_paid_yuan": 10000,
}  # fmt: skip
EARLIER = {"settlement_no": "JS202206010001", "invoice_no": "0041020100", "admitted_on": "2022-06-01"}
HELPED = {
    "person_id": "P1", "programme": "MEDICAL_AID", "start_month": "2024-05", "end_month": "2024-05", "amount_yuan": 7000,
    "document_no": "0041020231",
}  # fmt: skip
MUTUAL = {
    **HELPED,
    "programme": "MUTUAL_MEDICAL_AID",
    "start_month": "2024-06",
    "end_month": "2024-06",
    "amount_yuan": 6000,
}
EXAMPLES = (
    Example(
        zh="医保2万元、医疗救助7千元、医疗互助6千元，费用3万元",
        en="Insurance 20 000, medical aid 7 000, mutual aid 6 000, for a bill of 30 000 yuan",
        given={"households": (HOME,), "members": (HEAD,), "medical": (STAY,), "aid": (HELPED, MUTUAL)},
        severity="MEDIUM",
        amount=("0", "3000"),
    ),
    Example(
        zh="合计恰好等于费用",
        en="Together just what it cost",
        given={
            "households": (HOME,),
            "members": (HEAD,),
            "medical": (STAY,),
            "aid": (HELPED, {**MUTUAL, "amount_yuan": 3000}),
        },
        severity=None,
    ),
    Example(
        zh="未注明票据，医保数据不全",
        en="No bill named, and not all bills are known",
        given={
            "households": (HOME,),
            "members": (HEAD,),
            "medical": (STAY,),
            "aid": ({**HELPED, "document_no": None}, {**MUTUAL, "document_no": None}),
        },
        severity=None,
    ),
    Example(
        zh="未注明票据，医保数据齐全，全年救助超过全家个人负担",
        en="No bill named, all bills known: a year's aid above what the household bore",
        given={
            "households": (HOME,),
            "members": (HEAD,),
            "medical": (STAY, {**STAY, **EARLIER}),
            "aid": ({**HELPED, "document_no": None}, {**MUTUAL, "document_no": None}),
        },
        complete=("medical",),
        severity="MEDIUM",
        amount=("0", "3000"),
    ),
)

RULE = Rule(
    id="C05",
    version="1",
    title_zh="报销合计超过费用",
    title_en="Reimbursed more than it cost",
    basis="安政办〔2019〕15号 三（五）：基本医保、大额补充、企业补充、医疗救助、医疗互助、慈善帮扶依次保障；报销不超过实际费用",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="MEDIUM",
    inputs={"medical": bills.SETTLED, "aid": grants.COLUMNS, "members": "id_number"},
    minimum_grade="G5",
    only_in_a_scan=True,
    find=find,
    zh="{what}各层次报销合计超过费用 {excess} 元（医保数据截至 {medical}）。",
    en="For {what} the layers of reimbursement together exceed the cost by {excess} yuan (medical data as of {medical}).",
    correction=(
        "按报销次序，最后一层（{back}）重新核算并调整超出部分。",
        "in the order in which the layers pay, the last one ({back}) is computed again and sets the excess right.",
    ),
    clears_zh="未进入医保结算的费用票据（目录外、外省、护理费用），或救助属于另一次就医的证明。",
    clears_en="Bills that the insurance has not settled (outside the catalogue, another province, care), or proof of another treatment.",
    exceptions={
        "other_costs": ("是否含非医疗支出或护理费用", "care or other non-medical costs"),
        "unsettled_bills": (
            "是否还用于其他票据或未进入医保结算的费用",
            "meant for other bills too, or for some the insurance has not settled",
        ),
        "settled_at_once": (
            "大额补充、医疗救助是否已在“一站式结算”中计入医保支付",
            "large-expense insurance or medical aid already counted in what was settled at the counter",
        ),
    },
    parameters=("reimbursement.tolerance_yuan",),
    examples=EXAMPLES,
)
