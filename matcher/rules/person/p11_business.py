"""P11: owner of a live business."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

import polars as pl

from matcher.overlap import add_months
from matcher.rules import masking, reading
from matcher.rules.explaining import count
from matcher.rules.holdings import Holding, judge, known
from matcher.rules.reading import Row
from matcher.rules.rule import Example, Facts, Lead, Result, Rule

ROLES = ("LEGAL_REPRESENTATIVE", "OWNER", "SHAREHOLDER")
LIVE = ("LIVE", None)
START_UP = ("STARTUP_GRANT", "STARTUP_LOAN")


def find(facts: Facts) -> Iterator[Lead]:
    """成员是在营市场主体的法定代表人、经营者或股东，该主体在核查日六个月以前成立且有经营（有营业额或从业人员），而家庭
    未申报，或超过规定。创业补助或创业担保贷款支持的经营、停业主体、监事、合作社社员和名义持股不构成疑点；营业额和从业
    人员均不明的，不作推断。

    A member is legal representative, owner or shareholder of a business that is live, was founded at least six
    months before the reference date and trades (turnover or employees), and the household did not declare it, or the
    limit is broken. A licence under a start-up grant or loan is what the policy asks for and no lead; dormant businesses, supervisors,
    cooperative members and nominal shares do not count. Where neither turnover nor employees are known, nothing is
    concluded.
    """
    by_household = reading.rows_by(reading.owned(facts, "business", "established_on", "ended_on"), "household_id")
    homes = reading.households(facts, by_household)
    supported = _supported(facts)
    for household_id, rows in sorted(by_household.items()):
        home = homes[household_id]
        applied, today = reading.application_date(home, facts.as_of), reading.last_day(home, facts.as_of)
        value = facts.policy.at(facts.as_of, home["division_code"])
        founded_by = add_months(facts.as_of, -int(value("business.minimum_months")))
        least_share = value("business.counted_share_percent")
        businesses: dict[str, list[Row]] = {}
        for row in rows:
            if _counts(row, least_share) and row["person_id"] not in supported:
                businesses.setdefault(known(row["uscc"], row["company_name"], row["record_id"]), []).append(row)
        found = judge(
            [
                holding
                for key, records in businesses.items()
                if (holding := _holding(key, records)).started is not None and holding.started <= founded_by
            ],
            home["declared_businesses"],
            limit=int(value("business.limit")),
            tolerance=int(value("declaration.tolerance")),
            applied=applied,
            as_of=today,
            lag_days=int(value("transfer.registration_lag_days")),
        )
        if found is None:
            continue
        for holding in found.holdings:
            persons = tuple(sorted({record["person_id"] for record in holding.records}))
            couple: Result = "UNKNOWN" if not any(record["employees"] for record in holding.records) else "NO"
            yield Lead(
                household_id=household_id,
                person_ids=persons,
                natural_key=(holding.key, found.basis),
                severity=found.severity,
                basis=found.basis,
                grade=holding.grade,
                evidence=tuple(
                    piece for piece in found.evidence if piece.record_id in {r["record_id"] for r in holding.records}
                ),
                exceptions=(
                    ("start_up_support", "NO" if "aid" in facts.linked else "UNKNOWN"),
                    ("dormant", "NO"),
                    ("nominal_share", "NO"),
                    ("couple_shop", couple),
                    ("stolen_identity", "UNKNOWN"),
                ),
                facts={
                    **found.words(home["declared_businesses"]),
                    "uscc": masking.code(holding.records[0]["uscc"]),
                    **_trade(holding),
                    "found_zh": str(len(found.holdings)),
                    "found_en": count(len(found.holdings), "live business", "live businesses"),
                },
                amount=(Decimal(0), Decimal(0)),
                compared=found.compared(("经营主体", "businesses"), home["declared_businesses"], "business", "个"),
            )


def _supported(facts: Facts) -> frozenset[str]:
    """Who was granted a start-up grant or loan, whenever that was."""
    aid = facts.linked.get("aid")
    if aid is None:
        return frozenset()
    granted = aid.filter(pl.col("programme").is_in(START_UP))
    return frozenset(granted.get_column("person_id").to_list())


def _counts(row: Row, least_share: float) -> bool:
    trades = (row["turnover_yuan"] or 0) > 0 or (row["employees"] or 0) > 0
    nominal = row["share_percent"] is not None and row["share_percent"] < least_share
    return row["role"] in ROLES and trades and not nominal


def _holding(key: str, records: list[Row]) -> Holding:
    live = [record for record in records if record["status"] in LIVE and record["held_to"] is None]
    return Holding(
        key=key,
        source="business",
        records=tuple(records),
        started=min((record["held_from"] for record in records if record["held_from"]), default=None),
        ended=None if live else max((record["held_to"] for record in records if record["held_to"]), default=None),
        gone=not live,
    )


def _trade(holding: Holding) -> dict[str, str]:
    """Turnover and staff in words; what no record tells is unknown."""
    turnover, employees = (
        max((record[column] for record in holding.records if record[column] is not None), default=None)
        for column in ("turnover_yuan", "employees")
    )
    return {
        "turnover_zh": "营业额不明" if turnover is None else f"营业额 {turnover:.2f} 元",
        "turnover_en": "turnover unknown" if turnover is None else f"turnover {turnover:.2f} yuan",
        "employees_zh": "从业人数不明" if employees is None else f"从业 {employees} 人",
        "employees_en": "staff unknown" if employees is None else count(employees, "employee"),
    }


HOME = {"household_id": "H1", "applied_on": "2024-03-01", "file_opened_on": "2024-04-01", "division_code": "410502"}
HEAD = {"person_id": "P1", "household_id": "H1", "relation": "HEAD"}

SHOP = {
    "person_id": "P1", "uscc": "91410500MA12345678", "role": "OWNER", "status": "LIVE", "established_on": "2018-01-01",
    "turnover_yuan": 90000, "employees": 2,
}  # fmt: skip
NONE_DECLARED = {**HOME, "declared_businesses": 0}
EXAMPLES = (
    Example(
        zh="在营小店，有营业额和雇员，未申报",
        en="A live shop with turnover and staff, not declared",
        given={"households": (NONE_DECLARED,), "members": (HEAD,), "business": (SHOP,)},
        severity="MEDIUM",
        basis="UNDECLARED",
    ),
    Example(
        zh="领取一次性创业补助后办理的营业执照",
        en="A licence taken out with a one-off start-up grant",
        given={
            "households": (NONE_DECLARED,),
            "members": (HEAD,),
            "business": (SHOP,),
            "aid": (
                {"person_id": "P1", "programme": "STARTUP_GRANT", "start_month": "2018-02", "end_month": "2018-02"},
            ),
        },
        severity=None,
    ),
)

RULE = Rule(
    id="P11",
    version="1",
    title_zh="名下经营实体",
    title_en="Owner of a live business",
    basis="安政办〔2019〕15号 三（一）收入和财产核对机制；三（四）创业扶持除外",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="MEDIUM",
    inputs={
        "business": "uscc company_name role* share_percent status established_on ended_on turnover_yuan employees"
    },
    optional={"aid": "programme"},
    minimum_grade="G5",
    find=find,
    rests_on=("business",),
    zh="{date} 市场主体登记中该家庭成员名下在营的主体 {found} 个（本条：{uscc}，{turnover}，{employees}），"
    "申报 {declared} 个，{why}。",
    en="On {date} the business register held {found} of members (this one: {uscc}, {turnover}, "
    "{employees}); declared: {declared}; that is {why}.",
    clears_zh="停业、零申报、无雇员夫妻店、创业补助或担保贷款的证明，或冒名登记的更正申请。",
    clears_en="Proof of dormancy, zero filings, a couple's shop without staff, a start-up grant or loan, or a request to correct "
    "a registration under a stolen identity.",
    exceptions={
        "start_up_support": ("是否享受创业补助或担保贷款", "holder of a start-up grant or loan"),
        "dormant": ("是否停业或零申报", "dormant or zero filings"),
        "nominal_share": ("是否仅名义持股", "only a nominal share"),
        "couple_shop": ("是否无雇员的夫妻店", "a couple's shop without staff"),
        "stolen_identity": ("是否被冒名登记", "registered under a stolen identity"),
    },
    parameters=(
        "business.limit", "business.minimum_months", "business.counted_share_percent", "declaration.tolerance",
        "transfer.registration_lag_days",
    ),
    examples=EXAMPLES,
)  # fmt: skip
