"""Bills and what was paid for them: the medical settlements of ordinary households, and the medical aid a few of them had."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from matcher.overlap import add_months, first_day
from matcher.synthetic import places
from matcher.synthetic.households import Household, Ledger, Person

ILL, GRAVELY_ILL, DECLARED = 0.3, 0.04, 0.3
MOST_DECLARED = 900
"""Yuan a year that an ordinary household declares at most: what no insurer need have settled."""


def live(household: Household, ledger: Ledger) -> None:
    """Small bills of some members; a larger one that medical aid has helped with; costs declared as they were."""
    if "medical" not in household.settled:
        for person in household.people:
            if ledger.chance(ILL):
                borne = ledger.number(20, 500)
                bill(person, ledger, ledger.before(ledger.as_of, 3, 700), borne + ledger.number(100, 3000), borne)
        if "aid" not in household.settled and ledger.chance(GRAVELY_ILL):
            _helped(household.head, ledger)
    if "declared_medical_yuan" not in household.file and ledger.chance(DECLARED):
        household.file["declared_medical_yuan"] = Decimal(ledger.number(100, MOST_DECLARED))


def bill(
    person: Person, ledger: Ledger, admitted: dt.date, total: int, borne: int, *, invoice: str | None = None,
    settlement: str | None = None, hospital: str | None = None,
) -> str:  # fmt: skip
    """A settlement of which `borne` was left to the patient; returns the invoice's number."""
    invoice = invoice or f"0041{ledger.number(10**7, 10**8 - 1)}"
    ledger.add(
        "medical", person, settlement_no=settlement or f"JS{ledger.number(10**11, 10**12 - 1)}", invoice_no=invoice,
        hospital=hospital or "安阳市" + places.HOSPITALS[ledger.number(0, len(places.HOSPITALS) - 1)], admitted_on=admitted,
        total_yuan=Decimal(total), insurance_paid_yuan=Decimal(total - borne), patient_paid_yuan=Decimal(borne),
    )  # fmt: skip
    return invoice


def _helped(person: Person, ledger: Ledger) -> None:
    """A large bill, and medical aid that names it."""
    admitted = ledger.before(ledger.as_of, 100, 300)
    invoice = bill(person, ledger, admitted, ledger.number(20_000, 40_000), ledger.number(4000, 9000))
    month = add_months(first_day(admitted), 2)
    ledger.pay(
        person, "MEDICAL_AID", month, month, ledger.number(800, 3000), document_no=invoice, agency="医疗保障局"
    )
