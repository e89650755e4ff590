"""Bills paid twice, above their cost, without help, or declared too high: plants for P14, C05, U05 and H12."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from matcher.overlap import add_months, first_day
from matcher.synthetic.households import Household, Ledger
from matcher.synthetic.lives.medical import bill
from matcher.synthetic.plants.plant import Plant, anyone, on_file

OFFICE = "医疗保障局"


def _settled(household: Household) -> None:
    household.settled |= {"aid", "school", "medical"}


def _stay(household: Household, ledger: Ledger, total: int, borne: int) -> tuple[str, dt.date]:
    """A stay of the head five to seven months ago; returns the invoice and the month."""
    admitted = ledger.before(ledger.as_of, 150, 210)
    return bill(household.head, ledger, admitted, total, borne), first_day(admitted)


def _help(
    household: Household, ledger: Ledger, programme: str, month: dt.date, yuan: int, invoice: str | None
) -> None:
    ledger.pay(household.head, programme, month, month, yuan, document_no=invoice, agency=OFFICE)


def settled_twice(household: Household, ledger: Ledger) -> None:
    """One invoice, two settlements."""
    admitted = ledger.before(ledger.as_of, 100, 300)
    invoice = bill(household.head, ledger, admitted, 9000, 2000)
    bill(household.head, ledger, admitted, 9000, 2000, invoice=invoice)
    _settled(household)
    ledger.lead("P14", household, household.head)


def aided_twice(household: Household, ledger: Ledger) -> None:
    """One invoice that medical aid paid in two months."""
    invoice, month = _stay(household, ledger, 9000, 2000)
    for later in (1, 3):
        _help(household, ledger, "MEDICAL_AID", add_months(month, later), 1600, invoice)
    _settled(household)
    ledger.lead("P14", household, household.head)


def two_invoices(household: Household, ledger: Ledger) -> None:
    """Two invoices of one stay."""
    admitted = ledger.before(ledger.as_of, 100, 300)
    for total, borne in ((9000, 1200), (4000, 700)):
        bill(household.head, ledger, admitted, total, borne, hospital="安阳市人民医院")
    _settled(household)
    ledger.innocent("two_invoices", "P14", household, household.head)


def settled_in_parts(household: Household, ledger: Ledger) -> None:
    """One invoice settled in two parts that come to its total."""
    admitted = ledger.before(ledger.as_of, 100, 300)
    invoice = bill(household.head, ledger, admitted, 9000, 4000)
    bill(household.head, ledger, admitted, 9000, 6500, invoice=invoice)
    _help(household, ledger, "MEDICAL_AID", add_months(first_day(admitted), 2), 500, invoice)
    _settled(household)
    ledger.innocent("settled_in_parts", "P14", household, household.head)


def over_cost(household: Household, ledger: Ledger) -> None:
    """Medical aid and mutual aid that together exceed what the insurance left to pay."""
    invoice, month = _stay(household, ledger, 30_000, 10_000)
    _help(household, ledger, "MEDICAL_AID", add_months(month, 1), 7000, invoice)
    _help(household, ledger, "MUTUAL_MEDICAL_AID", add_months(month, 2), 6000, invoice)
    _settled(household)
    ledger.lead("C05", household, household.head)


def to_the_last_yuan(household: Household, ledger: Ledger) -> None:
    """The same, up to the cost."""
    invoice, month = _stay(household, ledger, 30_000, 10_000)
    _help(household, ledger, "MEDICAL_AID", add_months(month, 1), 7000, invoice)
    _help(household, ledger, "MUTUAL_MEDICAL_AID", add_months(month, 2), 3000, invoice)
    _settled(household)
    ledger.innocent("to_the_last_yuan", "C05", household, household.head)


def _poor(household: Household) -> None:
    """No income but what was declared."""
    household.file["declared_monthly_income_yuan"] = Decimal(400 * len(household.people))
    household.settled |= {"tax", "social_insurance", "unemployment_benefit"}


def unhelped(household: Household, ledger: Ledger) -> None:
    """A bill far above the income, and no medical aid."""
    _stay(household, ledger, 90_000, 40_000)
    ledger.pay(household.head, "LIVING_SUBSIDY", ledger.months_ago(5), None, 300)
    _settled(household)
    _poor(household)
    ledger.lead("U05", household, household.head)


def helped(household: Household, ledger: Ledger) -> None:
    """The same with medical aid."""
    invoice, month = _stay(household, ledger, 90_000, 40_000)
    _help(household, ledger, "MEDICAL_AID", add_months(month, 2), 12_000, invoice)
    _settled(household)
    _poor(household)
    ledger.innocent("helped", "U05", household, household.head)


def applied_lately(household: Household, as_of: dt.date) -> bool:
    """A household whose year before the application lies in what the insurance tells of."""
    return (as_of - household.applied_on).days < 330


def declared_too_high(household: Household, ledger: Ledger) -> None:
    """Costs of 30 000 yuan declared, 2 000 settled."""
    bill(household.head, ledger, ledger.before(household.applied_on, 40, 300), 12_000, 2000)
    household.file["declared_medical_yuan"] = Decimal(30_000)
    household.settled.add("medical")
    ledger.lead("H12", household, *household.people)


def receipts_in_order(household: Household, ledger: Ledger) -> None:
    """Costs declared somewhat below what was settled."""
    day = household.applied_on
    invoices = [bill(household.head, ledger, ledger.before(day, 40, 300), 20_000, 3000) for _ in range(3)]
    household.file["declared_medical_yuan"] = Decimal(7000)
    month = add_months(first_day(max(day, ledger.as_of - dt.timedelta(days=200))), 1)
    _help(household, ledger, "MEDICAL_AID", month, 900, invoices[0])
    _settled(household)
    ledger.innocent("receipts_in_order", "H12", household, household.head)


PLANTS: tuple[Plant, ...] = (
    Plant("settled_twice", "P14", settled_twice, anyone),
    Plant("aided_twice", "P14", aided_twice, anyone),
    Plant("over_cost", "C05", over_cost, anyone),
    Plant("unhelped", "U05", unhelped, on_file),
    Plant("declared_too_high", "H12", declared_too_high, applied_lately),
    Plant("two_invoices", "P14", two_invoices, anyone),
    Plant("settled_in_parts", "P14", settled_in_parts, anyone),
    Plant("to_the_last_yuan", "C05", to_the_last_yuan, anyone),
    Plant("helped", "U05", helped, on_file),
    Plant("receipts_in_order", "H12", receipts_in_order, applied_lately),
)

FEEDS: dict[str, frozenset[str]] = {
    "P14": frozenset({"medical", "aid"}),
    "C05": frozenset({"medical", "aid"}),
    "U05": frozenset({"medical", "aid"}),
    "H12": frozenset({"medical"}),
}
