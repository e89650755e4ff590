"""U05: high medical costs out of pocket, no medical aid."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from matcher.income import inputs
from matcher.overlap import add_months
from matcher.rules import bills, grants, incomes, reading, silence
from matcher.rules.bills import Bill
from matcher.rules.reading import Row
from matcher.rules.rule import Compared, Evidence, Example, Facts, Lead, Rule, Words

PROGRAMME = "MEDICAL_AID"
GRADES = ("G1", "G2", "G4")
YEAR = 12


def find(facts: Facts) -> Iterator[Lead]:
    """在册或申请家庭最近十二个月医保结算的个人负担（扣除其他层次已报销的）超过家庭收入的规定比例，而没有医疗救助的发放记录。该家庭
    可能符合条件而未享受：征得同意后转介医保部门。收入取各部门记录的最高可能值与申报值中较大的；部门记录不全的，以申报收入为准，
    只作提示；两者都没有的，不作提示。

    Over the last twelve months what the insurance left to the household to pay, less what other layers gave back,
    exceeds the set share of its income, and no medical aid was paid. The household may be entitled to it: with its
    consent, a referral to the medical-insurance office. Income is the most that the departments' records allow, or what
    was declared, whichever is more; where their records are not complete, what was declared counts and this is only
    pointed out; where there is neither, nothing is said.
    """
    months = inputs.reported_months(facts, YEAR)
    burdens = list(_burdens(facts, months))
    if not burdens:
        return
    unhelped = _unhelped(facts, [each.household_id for each in burdens], months[0])
    burdens = [each for each in burdens if each.household_id in unhelped]
    computed = incomes.further_back(facts, [each.household_id for each in burdens], YEAR)
    rows = computed.rows(each.household_id for each in burdens)
    homes = reading.households(facts, rows)
    for each in burdens:
        income = _income(rows.get(each.household_id, []))
        share = facts.policy.value("medical.burden_percent", facts.as_of, homes[each.household_id]["division_code"])
        if income is not None and each.net * 100 > income.yuan * Decimal(str(share)):
            yield _lead(facts, each, income, Decimal(str(share)), months)


@dataclass(frozen=True, slots=True)
class _Burden:
    """What a household's bills left it to pay, and what other layers gave back."""

    household_id: str
    bills: tuple[Bill, ...]
    borne: Decimal
    back: Decimal

    @property
    def net(self) -> Decimal:
        return self.borne - self.back


@dataclass(frozen=True, slots=True)
class _Income:
    """A year's income of a household; `computed`: the departments' records are complete."""

    yuan: Decimal
    computed: bool


def _burdens(facts: Facts, months: list[dt.date]) -> Iterator[_Burden]:
    """Households whose costs are high enough to look at their income."""
    least = facts.policy.value("medical.burden_yuan", facts.as_of)
    until = add_months(months[-1], 1)
    medical = facts.linked["medical"].filter(
        pl.col("grade").is_in(GRADES), pl.col("admitted_on") >= months[0], pl.col("admitted_on") < until
    )
    heavy = medical.group_by("household_id").agg(pl.col("patient_paid_yuan").fill_null(pl.col("total_yuan")).sum())
    ids = sorted(heavy.filter(pl.col("patient_paid_yuan") >= least).get_column("household_id"))
    active = {home for home, row in reading.households(facts, ids).items() if _active(row, facts.as_of)}
    told = bills.of_households(bills.read(facts, medical.filter(pl.col("household_id").is_in(sorted(active)))))
    back = _given_back(facts, active, months[0])
    for household_id in sorted(told):
        ours = bills.told_once(told[household_id])
        borne = sum((bill.borne for bill in ours if bill.borne is not None), Decimal(0))
        burden = _Burden(household_id, tuple(ours), borne, back.get(household_id, Decimal(0)))
        if burden.net >= Decimal(str(least)):
            yield burden


def _given_back(facts: Facts, household_ids: Iterable[str], since: dt.date) -> dict[str, Decimal]:
    """What other layers of reimbursement paid since."""
    layers = [code for code in bills.every_layer(facts.policy) if code != PROGRAMME]
    aid = facts.linked["aid"].filter(
        pl.col("programme").is_in(layers),
        pl.col("household_id").is_in(sorted(household_ids)),
        pl.col("start_month") >= since,
    )
    sums: dict[str, Decimal] = {}
    for each in bills.payments(facts, aid):
        sums[each.household_id] = sums.get(each.household_id, Decimal(0)) + each.yuan
    return sums


def _unhelped(facts: Facts, household_ids: Iterable[str], since: dt.date) -> frozenset[str]:
    """Those of which the offices' silence says that none of their members had medical aid since, not even perhaps."""
    ids = sorted(set(household_ids))
    members = facts.members.filter(pl.col("household_id").is_in(ids)).select("person_id", "household_id")
    answered = pl.Series(sorted(silence.answered(facts, "aid")), dtype=pl.String)
    silent = members.filter(~pl.col("person_id").is_in(answered.implode())).get_column("household_id")
    whole = facts.feeds["aid"].complete
    helped = [
        frame.filter(
            (pl.col("programme") == PROGRAMME) & (pl.col("end_month").is_null() | (pl.col("end_month") >= since))
        )
        .get_column("household_id")
        .to_list()
        for frame in (facts.linked["aid"], reading.under_review(facts, "aid"))
    ]
    return frozenset(ids) - set(silent) - {each for found in helped for each in found} if whole else frozenset()


def _income(rows: list[Row]) -> _Income | None:
    """The most that a year brought the household; what it declared, where the records leave that open."""
    if len(rows) < YEAR:
        return None
    for column, computed in (("most", True), ("declared", False)):
        heads = [(row[column], row["members"]) for row in rows]
        if all(each is not None for each, _ in heads):
            return _Income(sum((each * count for each, count in heads), Decimal(0)), computed)
    return None


def _active(home: Row, as_of: dt.date) -> bool:
    return home["file_closed_on"] is None or home["file_closed_on"] > as_of


def _lead(facts: Facts, burden: _Burden, income: _Income, share: Decimal, months: list[dt.date]) -> Lead:
    limit = income.yuan * share / 100
    steps: tuple[Words, ...] = (
        (
            f"个人负担 {burden.borne:.2f} − 其他层次报销 {burden.back:.2f} = {burden.net:.2f} 元",
            f"borne {burden.borne:.2f} − given back {burden.back:.2f} = {burden.net:.2f} yuan",
        ),
        (
            f"十二个月收入 {income.yuan:.2f} × {share.normalize():f}% = {limit:.2f} 元",
            f"income of twelve months {income.yuan:.2f} × {share.normalize():f} % = {limit:.2f} yuan",
        ),
    )
    how = ("各部门记录", "the departments' records") if income.computed else ("本人申报", "the declaration")
    return Lead(
        household_id=burden.household_id,
        person_ids=tuple(sorted({bill.person_id for bill in burden.bills})),
        natural_key=(f"{months[-1].year}",),
        severity="LOW" if income.computed else "INFO",
        grade=reading.weakest(bill.grade for bill in burden.bills),
        evidence=tuple(Evidence("medical", bill.record_id, bill.person_id) for bill in burden.bills),
        exceptions=(("aid_elsewhere", "UNKNOWN"), ("income", "NO" if income.computed else "UNKNOWN")),
        facts={
            "net": f"{burden.net:.2f}",
            "share": f"{share.normalize():f}",
            "first": f"{months[0]:%Y-%m}",
            "last": f"{months[-1]:%Y-%m}",
            "how_zh": how[0],
            "how_en": how[1],
            "aid_zh": reading.date_of_feed(facts, "aid", "zh"),
            "aid_en": reading.date_of_feed(facts, "aid", "en"),
        },
        period=(months[0], months[-1]),
        compared=(
            Compared(
                (
                    f"自付医疗费与家庭收入的 {share.normalize():f}%",
                    f"costs out of pocket and {share.normalize():f} % of the income",
                ),
                (f"{limit:.2f} 元（依据{how[0]}）", f"{limit:.2f} yuan (by {how[1]})"),
                (f"{burden.net:.2f} 元", f"{burden.net:.2f} yuan"),
                "medical",
                beside="computed",
            ),
        ),
        steps=steps,
    )


HOME = {"household_id": "H1", "applied_on": "2024-03-01", "file_opened_on": "2024-04-01", "division_code": "410502"}
HEAD = {"person_id": "P1", "household_id": "H1", "relation": "HEAD", "id_number": "410502196603010018"}
STAY = {
    "person_id": "P1", "settlement_no": "JS202408030001", "admitted_on": "2024-08-03", "total_yuan": 60000,
    "insurance_paid_yuan": 34000, "patient_paid_yuan": 26000,
}  # fmt: skip
NOTHING = {"tax": (), "social_insurance": (), "unemployment_benefit": (), "aid": ()}
TOLD = ("medical", "tax", "social_insurance", "unemployment_benefit", "aid")
EXAMPLES = (
    Example(
        zh="没有收入，自付26000元，没有医疗救助",
        en="No income, 26 000 yuan out of pocket, no medical aid",
        given={"households": (HOME,), "members": (HEAD,), "medical": (STAY,), **NOTHING},
        complete=TOLD,
        severity="LOW",
    ),
    Example(
        zh="已获得医疗救助",
        en="Medical aid was paid",
        given={
            "households": (HOME,),
            "members": (HEAD,),
            "medical": (STAY,),
            **NOTHING,
            "aid": (
                {
                    "person_id": "P1", "programme": "MEDICAL_AID", "start_month": "2024-10", "end_month": "2024-10",
                    "amount_yuan": 8000,
                },
            ),
        },
        complete=TOLD,
        severity=None,
    ),
    Example(
        zh="申报月收入1万元，自付不到三成",
        en="A declared income of 10 000 a month: less than three tenths of it",
        given={
            "households": ({**HOME, "declared_monthly_income_yuan": 10000},),
            "members": (HEAD,),
            "medical": (STAY,),
            **NOTHING,
        },
        complete=TOLD,
        severity=None,
    ),
    Example(
        zh="部门记录不全，也没有申报收入",
        en="The records are not complete, and no income was declared",
        given={"households": (HOME,), "members": (HEAD,), "medical": (STAY,), "aid": ()},
        complete=("medical", "aid"),
        severity=None,
    ),
)  # fmt: skip

RULE = Rule(
    id="U05",
    version="1",
    title_zh="自付医疗费高而无医疗救助",
    title_en="High medical costs without medical aid",
    basis="安政办〔2019〕15号 三（五）医疗：对符合条件的城市困难职工给予医疗救助",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="LOW",
    inputs={
        "medical": bills.SETTLED,
        "aid": grants.COLUMNS,
        "members": incomes.INPUTS["members"] + " id_number",
        "households": incomes.INPUTS["households"],
    },
    optional={
        source: incomes.INPUTS[source].replace("*", "")
        for source in ("tax", "social_insurance", "unemployment_benefit")
    },
    minimum_grade="G4",
    only_in_a_scan=True,
    find=find,
    zh="{first} 至 {last} 自付医疗费 {net} 元，超过家庭收入（依据{how}）的 {share}%，而没有医疗救助的发放记录（救助数据截至 {aid}）。"
    "该家庭可能符合医疗救助条件：经本人同意后转介医保部门。",
    en="From {first} to {last} {net} yuan of medical costs were paid out of pocket, more than {share} % of the income (by {how}), and "
    "no medical aid was paid (aid data as of {aid}). The household may be entitled to it: with its consent, refer it to the "
    "medical-insurance office.",
    clears_zh="已获医疗救助或其他报销的凭证，或家庭表示不申请。",
    clears_en="Proof of medical aid or another reimbursement, or the household's wish not to apply.",
    exceptions={
        "aid_elsewhere": ("是否已由其他渠道报销", "reimbursed from elsewhere"),
        "income": ("是否有未掌握的收入", "income that is not known"),
    },
    parameters=(
        "medical.burden_percent",
        "medical.burden_yuan",
        *(key for key in incomes.PARAMETERS if key != "exit.months"),
    ),
    examples=EXAMPLES,
)
