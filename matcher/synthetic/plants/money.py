"""Savings over the limit, incomes above and below the line: plants for H06, H08 to H10, U01 and U08."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from matcher.synthetic.households import Household, Ledger
from matcher.synthetic.lives.money import account, save
from matcher.synthetic.lives.work import AT_WORK, OUT_OF_WORK, code, earn, insure, old
from matcher.synthetic.plants.plant import Arrange, Needs, Plant, anyone

ALLOWED, FAR_ABOVE = 15_000, 60_000
"""Yuan a head: a little less than the limit of any year, and far more."""

ENOUGH, GOOD = 1500, 2600
"""Yuan a head and month above any line."""


def _savings(basis: str | None, name: str, heads: int = FAR_ABOVE, **columns: Any) -> Arrange:
    """An account so large a head; `basis`: of the lead that it is, None where it is none."""

    def arrange(household: Household, ledger: Ledger) -> None:
        yuan, opened = heads * len(household.people), ledger.before(household.applied_on, 300, 3000)
        save(household.head, ledger, yuan, opened=opened, **columns)
        household.file["declared_deposits_yuan"] = Decimal(500 if basis == "UNDECLARED" else yuan)
        household.settled.add("finance")
        if basis:
            ledger.lead("H06", household, household.head, basis=basis)
        else:
            ledger.innocent(name, "H06", household, household.head)

    return arrange


def reported_twice(household: Household, ledger: Ledger) -> None:
    """One account within the limit, told by the bank and by the central bank."""
    number, yuan = account(ledger), ALLOWED * len(household.people)
    for bank in ("中国农业银行", "中国人民银行"):
        save(household.head, ledger, yuan, number=number, bank=bank)
    household.file["declared_deposits_yuan"] = Decimal(yuan)
    household.settled.add("finance")
    ledger.innocent("reported_twice", "H06", household, household.head)


def able(household: Household, as_of: dt.date) -> bool:
    """A household on file with a head of working age; not closed."""
    return (
        household.file_opened_on is not None and household.file_closed_on is None and not old(household.head, as_of)
    )


def lately(household: Household, as_of: dt.date) -> bool:
    """A household that applied within the last year."""
    return (as_of - household.applied_on).days < 360 and household.file_closed_on is None


def _work(household: Household, ledger: Ledger, since: dt.date, last: dt.date, a_head: int) -> None:
    head, yuan, employer = household.head, a_head * len(household.people), code(ledger)
    household.file["target_group"] = "BELOW_LINE"
    head.file |= {"declared_employment": AT_WORK, "declared_monthly_income_yuan": Decimal(yuan)}
    ended = last < ledger.months_ago(0)
    until = last if ended else None
    insure(head, ledger, since, until, employer=employer, base=yuan, ended=ended)
    insure(head, ledger, since, until, employer=employer, base=yuan, kind="UNEMPLOYMENT", ended=ended)
    earn(head, ledger, since, last, yuan, employer)
    household.settled |= {"aid", "tax", "social_insurance", "unemployment_benefit", "school"}


def earns_on_dibao(household: Household, ledger: Ledger) -> None:
    """A good wage for more than a year, declared, and the dibao goes on."""
    _work(household, ledger, ledger.months_ago(16), ledger.months_ago(0), GOOD)
    ledger.pay(household.head, "DIBAO", ledger.months_ago(9), None, 400)
    ledger.lead("H08", household, *household.people)


def gradual_exit(household: Household, ledger: Ledger) -> None:
    """A good wage since two months, and dibao meanwhile."""
    _work(household, ledger, ledger.months_ago(2), ledger.months_ago(0), GOOD)
    ledger.pay(household.head, "DIBAO", ledger.months_ago(9), None, 400)
    ledger.innocent("gradual_exit", "H08", household, household.head)


def can_leave(household: Household, ledger: Ledger) -> None:
    """Above the line for more than a year, no dibao."""
    _work(household, ledger, ledger.months_ago(16), ledger.months_ago(0), ENOUGH)
    ledger.lead("H09", household, *household.people)


def recorded_deep(household: Household, ledger: Ledger) -> None:
    """On file as deep hardship, and above the line for more than a year: it can leave, and its category is another."""
    household.file["category"] = "深度困难"
    can_leave(household, ledger)
    ledger.lead("H13", household, *household.people)


def category_of_unknown_income(household: Household, ledger: Ledger) -> None:
    """On file as deep hardship; of one month nobody knows the wage."""
    household.file["category"] = "深度困难户"
    one_month_unknown(household, ledger)
    ledger.innocent("category_of_unknown_income", "H13", household, household.head)


def one_month_unknown(household: Household, ledger: Ledger) -> None:
    """Above the line, but of one month nobody knows the wage."""
    missing = ledger.months_ago(4)
    _work(household, ledger, ledger.months_ago(16), ledger.months_ago(0), ENOUGH)
    rows = ledger.records.get("tax", [])
    gone = [
        row
        for row in rows
        if row["_humans"]["SELF"] == household.head.human and row["income_month"] == f"{missing:%Y-%m}"
    ]
    for row in gone:
        rows.remove(row)
    ledger.innocent("one_month_unknown", "H09", household, household.head)


def left_out(household: Household, ledger: Ledger) -> None:
    """No income by any record, none declared, no dibao."""
    household.head.file["declared_employment"] = OUT_OF_WORK
    household.file["declared_monthly_income_yuan"] = Decimal(0)
    household.settled |= {"aid", "tax", "social_insurance", "unemployment_benefit", "school", "business"}
    ledger.lead("U01", household, *household.people)


def poor_on_dibao(household: Household, ledger: Ledger) -> None:
    """No income by any record, and dibao in the name of the youngest."""
    household.head.file["declared_employment"] = OUT_OF_WORK
    household.file["declared_monthly_income_yuan"] = Decimal(0)
    household.settled |= {"aid", "tax", "social_insurance", "unemployment_benefit", "school"}
    ledger.pay(household.people[-1], "DIBAO", ledger.months_ago(9), None, 600)
    ledger.innocent("poor_on_dibao", "U01", household, household.head)


def _graduated(household: Household, ledger: Ledger) -> None:
    household.applied_on = ledger.months_ago(40)
    household.file_opened_on = household.applied_on + dt.timedelta(days=31)
    household.file_closed_on = ledger.months_ago(12)
    household.file["exit_reason"] = "脱困"


def returned(household: Household, ledger: Ledger) -> None:
    """Left hardship a year ago; the wage ended in summer, and the closed file says nothing of work or wages."""
    _graduated(household, ledger)
    _work(household, ledger, ledger.months_ago(30), ledger.months_ago(5), ENOUGH)
    household.head.file |= {"declared_employment": None, "declared_monthly_income_yuan": None}
    household.file["declared_monthly_income_yuan"] = Decimal(0)
    ledger.lead("U08", household, *household.people)


def stays_above(household: Household, ledger: Ledger) -> None:
    """Left hardship a year ago; the wage goes on."""
    _graduated(household, ledger)
    _work(household, ledger, ledger.months_ago(30), ledger.months_ago(0), ENOUGH)
    ledger.innocent("stays_above", "U08", household, household.head)


def _filed_in(*divisions: str, rule_speaks: bool) -> Arrange:
    """The file stands in another county than the one the head is registered in; the lines differ, or they do not."""

    def arrange(household: Household, ledger: Ledger) -> None:
        own = household.head.identity["division_code"]
        household.file |= {
            "division_code": next(code for code in divisions if code != own),
            "target_group": "BELOW_LINE",
        }
        if rule_speaks:
            ledger.lead("H10", household, household.head)
        else:
            ledger.innocent("district_of_the_same_line", "H10", household, household.head)

    return arrange


def in_the_city(household: Household, as_of: dt.date) -> bool:
    """A household on file whose head is registered in a district of the city."""
    return able(household, as_of) and household.head.identity["division_code"] in (
        "410502",
        "410503",
        "410505",
        "410506",
    )


def _both(one: Needs, other: Needs) -> Needs:
    return lambda household, as_of: one(household, as_of) and other(household, as_of)


PLANTS: tuple[Plant, ...] = (
    Plant("hidden_savings", "H06", _savings("UNDECLARED", ""), lately),
    Plant("declared_savings", "H06", _savings("OVER_LIMIT", ""), _both(anyone, able)),
    Plant("earns_on_dibao", "H08", earns_on_dibao, able),
    Plant("can_leave", "H09", can_leave, able),
    Plant("recorded_deep", "H13", recorded_deep, able),
    Plant("left_out", "U01", left_out, able),
    Plant("returned", "U08", returned, able),
    Plant("filed_in_another_county", "H10", _filed_in("410526", rule_speaks=True), in_the_city),
    Plant("filed_in_another_district", "H10", _filed_in("410502", "410503", rule_speaks=False), in_the_city),
    Plant("within_the_limit", "H06", _savings(None, "within_the_limit", ALLOWED), anyone),
    Plant("account_closed", "H06", _savings(None, "account_closed", status="CLOSED"), anyone),
    Plant("compensation", "H06", _savings(None, "compensation", kind="工伤赔偿款"), anyone),
    Plant("loan_of_a_day", "H06", _savings(None, "loan_of_a_day", average=900), anyone),
    Plant("reported_twice", "H06", reported_twice, anyone),
    Plant("gradual_exit", "H08", gradual_exit, able),
    Plant("one_month_unknown", "H09", one_month_unknown, able),
    Plant("category_of_unknown_income", "H13", category_of_unknown_income, able),
    Plant("poor_on_dibao", "U01", poor_on_dibao, able),
    Plant("stays_above", "U08", stays_above, able),
)

_INCOME = frozenset({"tax", "social_insurance", "unemployment_benefit", "aid"})
FEEDS: dict[str, frozenset[str]] = {
    "H06": frozenset({"finance"}),
    "H08": _INCOME,
    "H09": _INCOME,
    "H10": frozenset({"population"}),
    "H13": _INCOME,
    "U01": _INCOME,
    "U08": _INCOME,
}
