"""H12: medical costs declared above what the insurance settled."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

import polars as pl

from matcher.rules import bills, reading
from matcher.rules.bills import Bill
from matcher.rules.reading import Row
from matcher.rules.rule import Compared, Evidence, Example, Facts, Lead, Rule

A_MONTH = dt.timedelta(days=31)
"""An extract whose first bill lies within a month of the year's beginning tells of that year."""


def find(facts: Facts) -> Iterator[Lead]:
    """家庭申报的年自付医疗费，超过申请前一年医保结算的个人负担合计的容许范围。只在医保数据齐全、涵盖该年度、全体成员都已核对时比对。目录外、
    外省未结算、护理费用不在医保结算之内，由家庭补充票据即可；收到申请不满一年的结算，以申请日为准。

    The medical costs that a household declared for a year exceed, beyond the tolerance, what the insurance settled as
    its own part in the year before the application. Compared only where the insurance's data are complete, reach back
    to that year and cover every member. Care outside the catalogue, bills of another province not yet settled and carers are not in those
    data: the household adds the receipts.
    """
    said = _much(facts)
    if said.is_empty():
        return
    known = bills.known_bills(facts, said.get_column("household_id"))
    families = reading.members(facts, said.get_column("household_id"))
    ours = facts.linked["medical"].filter(pl.col("household_id").is_in(said.get_column("household_id").implode()))
    told = bills.of_households(bills.read(facts, ours))
    first = bills.told_since(facts)
    for home in said.sort("household_id").iter_rows(named=True):
        household_id = home["household_id"]
        everyone = {member["person_id"] for member in families.get(household_id, [])}
        since = _year_before(reading.application_date(home, facts.as_of))
        if household_id in known and first is not None and first <= since + A_MONTH:
            lead = _lead(facts, home, bills.told_once(told.get(household_id, [])), sorted(everyone))
            if lead is not None:
                yield lead


def _much(facts: Facts) -> pl.DataFrame:
    """The households that declared more than is tolerated even where nothing was settled."""
    said = facts.households.filter(pl.col("declared_medical_yuan") > 0)
    divisions = said.get_column("division_code").unique()
    least = {each: facts.policy.value("rigid_expense.tolerance_yuan", facts.as_of, each) for each in divisions}
    tolerated = pl.col("division_code").replace_strict(least, return_dtype=pl.Float64)
    return said.filter(pl.col("declared_medical_yuan").cast(pl.Float64) > tolerated)


def _lead(facts: Facts, home: Row, told: list[Bill], everyone: list[str]) -> Lead | None:
    until = reading.application_date(home, facts.as_of)
    since = _year_before(until)
    ours = [bill for bill in told if bill.admitted is None or since < bill.admitted <= until]
    borne = [bill.borne for bill in ours]
    if any(each is None for each in borne):
        return None
    settled = max(sum((each for each in borne if each is not None), Decimal(0)), Decimal(0))
    value = facts.policy.at(facts.as_of, home["division_code"])
    percent, yuan = (Decimal(str(value(f"rigid_expense.tolerance_{unit}"))) for unit in ("percent", "yuan"))
    limit = settled * (1 + percent / 100) + yuan
    declared: Decimal = home["declared_medical_yuan"]
    if declared <= limit:
        return None
    lag = facts.feeds["medical"].as_of
    soon = lag is None or (lag - until).days < int(value("transfer.lag_days"))
    line = f"{settled:.2f} × {1 + percent / 100:.2f} + {yuan:.2f} = {limit:.2f}"
    return Lead(
        household_id=home["household_id"],
        person_ids=tuple(everyone),
        natural_key=(until.isoformat(),),
        severity="LOW",
        grade=reading.weakest(["G1", *(bill.grade for bill in ours)]),
        evidence=(
            *(Evidence("members", person, person) for person in everyone),
            *(Evidence("medical", bill.record_id, bill.person_id) for bill in ours),
        ),
        exceptions=(
            ("outside_catalogue", "UNKNOWN"),
            ("other_province", "UNKNOWN"),
            ("carer", "UNKNOWN"),
            ("not_yet_settled", "UNKNOWN" if soon else "NO"),
        ),
        facts={
            "declared": f"{declared:.2f}",
            "settled": f"{settled:.2f}",
            "count": str(len(ours)),
            "first": since.isoformat(),
            "last": until.isoformat(),
        },
        period=(since, until),
        compared=(
            Compared(
                ("年自付医疗费", "medical costs of a year out of pocket"),
                (f"{declared:.2f} 元", f"{declared:.2f} yuan"),
                (f"{settled:.2f} 元", f"{settled:.2f} yuan"),
                "medical",
            ),
        ),
        steps=((f"容许范围 {line} 元", f"tolerated up to {line} yuan"),),
    )


def _year_before(day: dt.date) -> dt.date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:  # 29 February
        return day.replace(year=day.year - 1, day=28)


HOME = {
    "household_id": "H1", "applied_on": "2024-09-01", "file_opened_on": "2024-10-01", "division_code": "410502",
    "declared_medical_yuan": 30000,
}  # fmt: skip
HEAD = {"person_id": "P1", "household_id": "H1", "relation": "HEAD", "id_number": "410502196603010018"}
STAY = {
    "person_id": "P1", "settlement_no": "JS202404080001", "admitted_on": "2024-04-08", "total_yuan": 30000,
    "insurance_paid_yuan": 20000, "patient_paid_yuan": 10000,
}  # fmt: skip
EARLIER = {"settlement_no": "JS202206010001", "admitted_on": "2022-06-01"}
EXAMPLES = (
    Example(
        zh="申报自付3万元，医保结算的个人负担1万元",
        en="30 000 yuan declared, 10 000 settled as the patient's part",
        given={"households": (HOME,), "members": (HEAD,), "medical": (STAY, {**STAY, **EARLIER})},
        complete=("medical",),
        severity="LOW",
    ),
    Example(
        zh="申报与结算相差在容许范围内",
        en="Within the tolerance",
        given={
            "households": ({**HOME, "declared_medical_yuan": 13000},),
            "members": (HEAD,),
            "medical": (STAY, {**STAY, **EARLIER}),
        },
        complete=("medical",),
        severity=None,
    ),
    Example(
        zh="医保数据不全",
        en="Not all of the insurance's data are there",
        given={"households": (HOME,), "members": (HEAD,), "medical": (STAY, {**STAY, **EARLIER})},
        severity=None,
    ),
)

RULE = Rule(
    id="H12",
    version="1",
    title_zh="申报医疗支出高于结算",
    title_en="Rigid expense above the insurer's figure",
    basis="安政办〔2019〕15号 二（三）：支出突增；困难职工档案管理办法：刚性支出以票据和结算为准",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="LOW",
    inputs={
        "households": "declared_medical_yuan* applied_on file_opened_on division_code",
        "members": "person_id household_id id_number",
        "medical": bills.SETTLED,
    },
    minimum_grade="G4",
    only_in_a_scan=True,
    find=find,
    zh="家庭申报年自付医疗费 {declared} 元；{first} 至 {last} 医保结算 {count} 笔，个人负担合计 {settled} 元。请家庭补充未结算的票据。",
    en="The household declared {declared} yuan of medical costs for the year; from {first} to {last} the insurance settled {count} "
    "bills and left {settled} yuan to it. Ask for the receipts of what was not settled.",
    clears_zh="目录外、外省就医、护理等未进入医保结算的票据。",
    clears_en="Receipts for what the insurance did not settle: outside the catalogue, another province, care.",
    exceptions={
        "outside_catalogue": ("是否为目录外费用", "care outside the catalogue"),
        "other_province": ("是否为外省尚未结算的费用", "another province, not yet settled"),
        "carer": ("是否为护理、陪护费用", "a carer's cost"),
        "not_yet_settled": ("是否为尚在结算中的费用", "bills still being settled"),
    },
    parameters=("rigid_expense.tolerance_percent", "rigid_expense.tolerance_yuan", "transfer.lag_days"),
    examples=EXAMPLES,
)
