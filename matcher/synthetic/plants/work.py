"""Work, wages, insurance and benefits: plants for P06 to P10, H07, U02, U03 and U06.

Each household that is arranged here draws dibao, and what it earns stays below the line.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from matcher.overlap import add_months, first_day
from matcher.synthetic.households import Household, Ledger, Person, run_business
from matcher.synthetic.lives.work import (
    A_HEAD,
    AT_WORK,
    BENEFIT,
    OUT_OF_WORK,
    benefit,
    code,
    draw,
    earn,
    insure,
    old,
    save,
)
from matcher.synthetic.plants.plant import Arrange, Needs, Plant

FEW, MANY = 3, 4
UNDECLARED_MONTHS = 4
FULL_WAGE = 1900
"""A full-time wage, above the minimum: for a household of four or more."""


def able(people: int) -> Needs:
    """A household of so many people whose head is of working age and may have been on file long enough; not closed."""

    def needs(household: Household, as_of: dt.date) -> bool:
        return (
            len(household.people) >= people
            and not old(household.head, as_of)
            and household.head.age(as_of) < (48 if household.head.identity["sex"] == "FEMALE" else 58)
            and household.file_opened_on is not None
            and household.file_closed_on is None
            and (as_of - household.applied_on).days > 200
        )

    return needs


def lately(people: int) -> Needs:
    """Likewise, and the application is not long ago."""

    def needs(household: Household, as_of: dt.date) -> bool:
        return able(people)(household, as_of) and (as_of - household.applied_on).days < 540

    return needs


def _settle(household: Household, ledger: Ledger, said: str, income: int | None = None) -> Person:
    """Dibao for the household, and what the head declares; what is not arranged here is not there."""
    head = household.head
    ledger.pay(
        head, "DIBAO", first_day(household.file_opened_on or household.applied_on), None, ledger.number(300, 600)
    )
    household.settled |= {
        "aid", "school", "social_insurance", "tax", "unemployment_benefit", "payroll_public", "housing_fund", "injury_cases",
    }  # fmt: skip
    head.file["declared_employment"] = said
    if income is not None:
        head.file["declared_monthly_income_yuan"] = Decimal(income)
    return head


def _declared(household: Household) -> dt.date:
    """The first whole month after the declaration."""
    return add_months(first_day(household.applied_on), 1)


def insured_in_secret(household: Household, ledger: Ledger) -> None:
    """Declared jobless; an employer insures, month by month."""
    head = _settle(household, ledger, OUT_OF_WORK, 0)
    first = add_months(_declared(household), ledger.number(0, 1))
    insure(head, ledger, max(first, ledger.months_ago(10)), None, employer=code(ledger), monthly=True)
    ledger.lead("P06", household, head)


def paid_in_secret(household: Household, ledger: Ledger) -> None:
    """Declared jobless; insured, and a small wage a month."""
    head = _settle(household, ledger, "无业", 0)
    first, employer = max(_declared(household), ledger.months_ago(10)), code(ledger)
    insure(head, ledger, first, None, employer=employer, monthly=True)
    earn(head, ledger, first, ledger.months_ago(1), A_HEAD * len(household.people) - 100, employer)
    ledger.lead("P06", household, head)


def self_insured(household: Household, ledger: Ledger) -> None:
    """Declared jobless; pays insurance out of their own pocket."""
    head = _settle(household, ledger, OUT_OF_WORK, 0)
    insure(head, ledger, ledger.months_ago(12), None, employer=None, monthly=True)
    ledger.innocent("self_insured", "P06", household, head)


def made_up_for(household: Household, ledger: Ledger) -> None:
    """A former employer makes up for months that were owed, in one payment."""
    head = _settle(household, ledger, OUT_OF_WORK, 0)
    first = max(_declared(household), ledger.months_ago(8))
    insure(head, ledger, first, add_months(first, 3), employer=code(ledger), paid=ledger.months_ago(0))
    ledger.innocent("made_up_for", "P06", household, head)


def kept_on(household: Household, ledger: Ledger) -> None:
    """Laid off; the old employer goes on insuring and pays nothing."""
    head = _settle(household, ledger, "下岗", 0)
    insure(head, ledger, add_months(first_day(household.applied_on), -30), None, employer=code(ledger))
    ledger.innocent("kept_on", "P06", household, head)


def public_post(household: Household, ledger: Ledger) -> None:
    """In a public-welfare post, whose office insures."""
    head = _settle(household, ledger, OUT_OF_WORK, 0)
    first = _declared(household)
    insure(head, ledger, first, None, employer=code(ledger), name="文峰区人力资源和社会保障局")
    ledger.pay(head, "PUBLIC_WELFARE_POST", first, None, A_HEAD * len(household.people) - 200)
    ledger.innocent("public_post", "P06", household, head)


def understated_wage(household: Household, ledger: Ledger) -> None:
    """Declares a third of the wage."""
    wage = A_HEAD * len(household.people) - 50
    head = _settle(household, ledger, AT_WORK, wage // 3)
    first, employer = max(_declared(household), ledger.months_ago(9)), code(ledger)
    insure(head, ledger, add_months(first, -2), None, employer=employer, monthly=True)
    earn(head, ledger, first, ledger.months_ago(1), wage, employer)
    ledger.lead("P07", household, head)


def severance(household: Household, ledger: Ledger) -> None:
    """The wage that was declared, and severance in one month from an earlier employer."""
    wage = A_HEAD * len(household.people) - 300
    head = _settle(household, ledger, AT_WORK, wage)
    first, employer = max(_declared(household), ledger.months_ago(9)), code(ledger)
    insure(head, ledger, add_months(first, -2), None, employer=employer, monthly=True)
    earn(head, ledger, first, ledger.months_ago(1), wage, employer)
    earn(head, ledger, first, first, 26_000, code(ledger), kind="解除劳动合同一次性补偿收入")
    ledger.innocent("severance", "P07", household, head)


def figure_of_the_year(household: Household, ledger: Ledger) -> None:
    """A taxed income of the whole year, from before the job was lost."""
    head = _settle(household, ledger, OUT_OF_WORK, 0)
    ledger.add("tax", head, payer_uscc=code(ledger), kind="工资薪金", income_yuan=Decimal(38_000), tax_yuan=Decimal(0),
               tax_year=ledger.as_of.year)  # fmt: skip
    ledger.innocent("figure_of_the_year", "P07", household, head)


def _benefit_months(ledger: Ledger) -> tuple[dt.date, dt.date]:
    return ledger.months_ago(11), ledger.months_ago(3)


def benefit_and_work(household: Household, ledger: Ledger) -> None:
    """At work again in the middle of the benefit, and says so; the benefit goes on."""
    head = _settle(household, ledger, AT_WORK, BENEFIT)
    first, last = _benefit_months(ledger)
    benefit(head, ledger, first, last)
    insure(head, ledger, add_months(first, 4), None, employer=code(ledger), monthly=ledger.chance(0.5))
    ledger.lead("P08", household, head)


def benefit_and_pension(household: Household, ledger: Ledger) -> None:
    """A small pension begins in the middle of the benefit; the file knows of it."""
    head = _settle(household, ledger, "退休", BENEFIT)
    first, last = _benefit_months(ledger)
    benefit(head, ledger, first, last)
    draw(head, ledger, "EMPLOYEE_PENSION", add_months(first, 4), 450)
    ledger.lead("P08", household, head)


def benefit_then_work(household: Household, ledger: Ledger) -> None:
    """At work again in the last month of the benefit."""
    head = _settle(household, ledger, AT_WORK, BENEFIT)
    first, last = _benefit_months(ledger)
    benefit(head, ledger, first, last)
    insure(head, ledger, last, None, employer=code(ledger), monthly=True)
    ledger.innocent("benefit_then_work", "P08", household, head)


def benefit_and_start_up(household: Household, ledger: Ledger) -> None:
    """A business founded during the benefit, with the start-up grant: the rest of the benefit is lawful."""
    head = _settle(household, ledger, "自主创业", BENEFIT)
    household.declared["businesses"] = 1
    first, last = _benefit_months(ledger)
    benefit(head, ledger, first, last)
    month = add_months(first, 3)
    run_business(head, ledger, month + dt.timedelta(days=4), role="OWNER")
    ledger.pay(head, "STARTUP_GRANT", month, month, 5000)
    ledger.innocent("benefit_and_start_up", "P08", household, head)


def retired_worker(household: Household, ledger: Ledger) -> None:
    """Draws a pension; the file still says out of work."""
    head = _settle(household, ledger, OUT_OF_WORK, 1300)
    draw(head, ledger, "EMPLOYEE_PENSION", ledger.months_ago(ledger.number(3, 20)), 1300)
    ledger.lead("P09", household, head)


def first_pension(household: Household, ledger: Ledger) -> None:
    """The first month of a pension."""
    head = _settle(household, ledger, OUT_OF_WORK, 1300)
    draw(head, ledger, "EMPLOYEE_PENSION", ledger.months_ago(0), 1300)
    ledger.innocent("first_pension", "P09", household, head)


def _on_payroll(employer: str, to: dt.date | None) -> Arrange:
    def arrange(household: Household, ledger: Ledger) -> None:
        head = _settle(household, ledger, AT_WORK)
        ledger.add("payroll_public", head, employer_name=employer, from_month=f"{ledger.months_ago(70):%Y-%m}",
                   to_month=f"{to:%Y-%m}" if to else None)  # fmt: skip
        if "村" in employer:
            ledger.innocent("village_post", "P10", household, head)
        else:
            ledger.lead("P10", household, head)

    return arrange


def left_payroll(household: Household, ledger: Ledger) -> None:
    """On the public payroll until half a year before the application."""
    head = _settle(household, ledger, OUT_OF_WORK)
    left = add_months(first_day(household.applied_on), -6)
    ledger.add("payroll_public", head, employer_name="文峰区园林管理站", from_month=f"{add_months(left, -90):%Y-%m}",
               to_month=f"{left:%Y-%m}")  # fmt: skip
    ledger.innocent("left_payroll", "P10", household, head)


def high_fund_base(household: Household, ledger: Ledger) -> None:
    """A fund base of almost three times the declared wage; of the wage itself the tax office knows nothing."""
    head = _settle(household, ledger, AT_WORK, 1300)
    employer, first = code(ledger), max(_declared(household), ledger.months_ago(8))
    insure(head, ledger, add_months(first, -8), None, employer=employer)
    save(head, ledger, first, ledger.months_ago(0), 3600, employer)
    ledger.lead("H07", household, head)


def sealed_fund(household: Household, ledger: Ledger) -> None:
    """A sealed account with the base of the job that was lost."""
    head = _settle(household, ledger, OUT_OF_WORK, 300)
    first = max(_declared(household), ledger.months_ago(8))
    save(head, ledger, first, ledger.months_ago(0), 3600, code(ledger), status="FROZEN")
    ledger.innocent("sealed_fund", "H07", household, head)


def _waged(household: Household, ledger: Ledger, wage: int) -> tuple[Person, dt.date, str]:
    head = _settle(household, ledger, AT_WORK, wage)
    first, employer = ledger.months_ago(9), code(ledger)
    earn(head, ledger, first, ledger.months_ago(1), wage, employer)
    return head, first, employer


def uninsured(household: Household, ledger: Ledger) -> None:
    """A full wage for nine months, and no insurance."""
    head, _, _ = _waged(household, ledger, FULL_WAGE)
    ledger.lead("U02", household, head)


def insured_by_agency(household: Household, ledger: Ledger) -> None:
    """A full wage from one firm, insured by another that lends out its people."""
    head, first, _ = _waged(household, ledger, FULL_WAGE)
    insure(head, ledger, first, None, employer=code(ledger), name="安阳市劳务派遣有限公司", monthly=True)
    ledger.innocent("insured_by_agency", "U02", household, head)


def part_time(household: Household, ledger: Ledger) -> None:
    """Part-time work, for less than the minimum wage."""
    head, _, _ = _waged(household, ledger, 900)
    ledger.innocent("part_time", "U02", household, head)


def _injured(paid: bool) -> Arrange:
    def arrange(household: Household, ledger: Ledger) -> None:
        head = _settle(household, ledger, "病休")
        recognised = ledger.before(ledger.as_of, 60, 300)
        day = recognised + dt.timedelta(days=20)
        ledger.add("injury_cases", head, case_no=f"安工认{ledger.number(10**5, 10**6 - 1)}", recognised_on=recognised,
                   paid_on=day if paid else None, paid_yuan=Decimal(18_000) if paid else None)  # fmt: skip
        if paid:
            ledger.innocent("injury_paid", "U03", household, head)
        else:
            ledger.lead("U03", household, head)

    return arrange


def _contributed(household: Household, ledger: Ledger, count: int) -> tuple[Person, dt.date]:
    """So many months of unemployment insurance, ended before the application; registered as jobless."""
    head = _settle(household, ledger, OUT_OF_WORK, 0)
    ended = add_months(first_day(household.applied_on), -1)
    insure(head, ledger, add_months(ended, 1 - count), ended, employer=code(ledger), kind="UNEMPLOYMENT", ended=True)
    month = add_months(ended, 1)
    ledger.pay(head, "UNEMPLOYMENT_REGISTRATION", month, month, 0)
    return head, ended


def unclaimed_benefit(household: Household, ledger: Ledger) -> None:
    """Three years of contributions, registered, no benefit."""
    head, _ = _contributed(household, ledger, 36)
    ledger.lead("U06", household, head)


def claimed_benefit(household: Household, ledger: Ledger) -> None:
    """Three years of contributions, registered, and the benefit is paid."""
    head, ended = _contributed(household, ledger, 36)
    head.file["declared_monthly_income_yuan"] = Decimal(BENEFIT)
    benefit(head, ledger, add_months(ended, 2), min(add_months(ended, 12), ledger.months_ago(0)))
    ledger.innocent("claimed_benefit", "U06", household, head)


def contributed_briefly(household: Household, ledger: Ledger) -> None:
    """Eight months of contributions."""
    head, _ = _contributed(household, ledger, 8)
    ledger.innocent("contributed_briefly", "U06", household, head)


PLANTS: tuple[Plant, ...] = (
    Plant("insured_in_secret", "P06", insured_in_secret, able(1)),
    Plant("paid_in_secret", "P06", paid_in_secret, able(FEW)),
    Plant("understated_wage", "P07", understated_wage, able(FEW)),
    Plant("benefit_and_work", "P08", benefit_and_work, able(FEW)),
    Plant("benefit_and_pension", "P08", benefit_and_pension, able(MANY)),
    Plant("retired_worker", "P09", retired_worker, able(FEW)),
    Plant("payroll_and_dibao", "P10", _on_payroll("文峰区园林管理站", None), able(1)),
    Plant("high_fund_base", "H07", high_fund_base, able(1)),
    Plant("uninsured", "U02", uninsured, able(MANY)),
    Plant("injury_unpaid", "U03", _injured(paid=False), able(1)),
    Plant("unclaimed_benefit", "U06", unclaimed_benefit, lately(1)),
    Plant("self_insured", "P06", self_insured, able(1)),
    Plant("made_up_for", "P06", made_up_for, able(1)),
    Plant("kept_on", "P06", kept_on, able(1)),
    Plant("public_post", "P06", public_post, able(1)),
    Plant("severance", "P07", severance, able(FEW)),
    Plant("figure_of_the_year", "P07", figure_of_the_year, able(1)),
    Plant("benefit_then_work", "P08", benefit_then_work, able(FEW)),
    Plant("benefit_and_start_up", "P08", benefit_and_start_up, able(FEW)),
    Plant("first_pension", "P09", first_pension, able(FEW)),
    Plant("village_post", "P10", _on_payroll("宝莲寺镇某村村民委员会", None), able(1)),
    Plant("left_payroll", "P10", left_payroll, able(1)),
    Plant("sealed_fund", "H07", sealed_fund, able(1)),
    Plant("insured_by_agency", "U02", insured_by_agency, able(MANY)),
    Plant("part_time", "U02", part_time, able(FEW)),
    Plant("injury_paid", "U03", _injured(paid=True), able(1)),
    Plant("claimed_benefit", "U06", claimed_benefit, lately(FEW)),
    Plant("contributed_briefly", "U06", contributed_briefly, lately(1)),
)

FEEDS: dict[str, frozenset[str]] = {
    "P06": frozenset({"social_insurance", "tax", "aid"}),
    "P07": frozenset({"tax", "aid"}),
    "P08": frozenset({"social_insurance", "unemployment_benefit", "aid", "business"}),
    "P09": frozenset({"social_insurance"}),
    "P10": frozenset({"payroll_public", "aid"}),
    "H07": frozenset({"housing_fund"}),
    "U02": frozenset({"social_insurance", "tax"}),
    "U03": frozenset({"injury_cases", "aid"}),
    "U06": frozenset({"social_insurance", "unemployment_benefit", "aid"}),
}
