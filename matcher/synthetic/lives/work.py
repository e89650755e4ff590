"""Work, wages, insurance, pensions and benefits of ordinary households: what was declared, and what the offices hold of it.

Whoever earns, or has unemployment benefit, says so, and a household's income stays below the line: one earner at most,
in a household of three or more. The others look after somebody, farm, are retired or out of work as they declare.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from matcher.overlap import add_months, first_day, months
from matcher.synthetic import places
from matcher.synthetic.households import Household, Ledger, Person

ADULT, STUDENT = 16, 22
MEN_RETIRE, WOMEN_RETIRE = 60, 55
A_HEAD = 500
"""Yuan a month and head that a household's income stays below: less than any line of these years."""

TOLD_MONTHS = 15
"""How many months back departments tell month by month."""

LEAST_WAGE, MOST_WAGE, BENEFIT = 1300, 2600, 1400
EMPLOYED, ON_BENEFIT, MONTH_BY_MONTH, FUND, INSURED = 0.35, 0.12, 0.3, 0.25, 0.5
ON_PAYROLL, INJURED = 0.006, 0.012

AT_WORK, OUT_OF_WORK, RETIRED, PUPIL = "在职", "失业", "退休", "学生"
AT_HOME = ("务农", "灵活就业", "在家照顾病人")


def live(household: Household, ledger: Ledger) -> None:
    """The records of work and insurance of a household, in those feeds that no plant has settled."""
    adults = [person for person in household.people if person.age(ledger.as_of) >= ADULT]
    for person in household.people:
        if person not in adults:
            person.file.setdefault("declared_employment", PUPIL)
    earner = _earner(household, adults, ledger)
    for person in adults:
        if "social_insurance" in household.settled or "declared_employment" in person.file:
            person.file.setdefault("declared_employment", _at_home(person, ledger))
        elif old(person, ledger.as_of):
            _old_age(person, ledger)
        elif person.relation == "CHILD" and person.age(ledger.as_of) < STUDENT:
            person.file["declared_employment"] = PUPIL
        elif person is earner and ledger.chance(EMPLOYED):
            _earn(household, person, ledger)
        elif person is earner and ledger.chance(ON_BENEFIT):
            _draw_benefit(household, person, ledger)
        elif household.planted is None and ledger.chance(0.5):
            _be_out_of_work(household, person, ledger)
        else:
            _stay_at_home(person, ledger)
        _seldom(household, person, ledger)


def old(person: Person, as_of: dt.date) -> bool:
    """Whether the person is past the age of retirement."""
    return person.age(as_of) >= (WOMEN_RETIRE if person.identity["sex"] == "FEMALE" else MEN_RETIRE) - 1


def code(ledger: Ledger) -> str:
    """The code of some employer."""
    return f"91410500MA{ledger.number(10**7, 10**8 - 1)}"


def firm(ledger: Ledger) -> str:
    """The name of some employer."""
    return "安阳市" + places.EMPLOYERS[ledger.number(0, len(places.EMPLOYERS) - 1)]


def insure(
    person: Person, ledger: Ledger, first: dt.date, last: dt.date | None, *, employer: str | None,
    kind: str = "EMPLOYEE_PENSION", base: int = 3300, monthly: bool = False, paid: dt.date | None = None,
    name: str | None = None, ended: bool = False,
) -> None:  # fmt: skip
    """Insurance from one month to another, in one record or a record a month; by an employer, or out of one's own pocket.

    `paid`: the month in which all of it was paid, where that was not month by month.
    """
    row = {
        "kind": kind, "payer": "EMPLOYER" if employer else "FLEXIBLE", "status": "ENDED" if ended else "PAYING",
        "employer_uscc": employer, "employer_name": name, "wage_base_yuan": Decimal(base),
    }  # fmt: skip
    if monthly or paid:
        for month in months(first, last or first_day(ledger.as_of)):
            ledger.add(
                "social_insurance", person, **row, insured_month=f"{month:%Y-%m}", paid_month=f"{paid or month:%Y-%m}"
            )
    else:
        ledger.add(
            "social_insurance",
            person,
            **row,
            start_month=f"{first:%Y-%m}",
            end_month=f"{last:%Y-%m}" if last else None,
        )


def draw(person: Person, ledger: Ledger, kind: str, first: dt.date, yuan: int) -> None:
    """A pension, since a month."""
    ledger.add("social_insurance", person, kind=kind, payer="EMPLOYER" if kind == "EMPLOYEE_PENSION" else "RESIDENT",
               status="DRAWING", benefit_yuan=Decimal(yuan), start_month=f"{first:%Y-%m}")  # fmt: skip


def earn(
    person: Person, ledger: Ledger, first: dt.date, last: dt.date, yuan: int, employer: str, *, kind: str = "工资薪金",
    name: str | None = None,
) -> None:  # fmt: skip
    """A taxed wage a month, from one month to another."""
    for month in months(first, last):
        ledger.add("tax", person, payer_name=name, payer_uscc=employer, kind=kind, income_yuan=Decimal(yuan),
                   tax_yuan=Decimal(0), income_month=f"{month:%Y-%m}")  # fmt: skip


def benefit(person: Person, ledger: Ledger, first: dt.date, last: dt.date, yuan: int = BENEFIT) -> None:
    """Unemployment benefit a month, from one month to another."""
    for month in months(first, last):
        ledger.add("unemployment_benefit", person, month=f"{month:%Y-%m}", benefit_yuan=Decimal(yuan))


def save(
    person: Person, ledger: Ledger, first: dt.date, last: dt.date, base: int, employer: str, *, status: str = "ACTIVE"
) -> None:
    """The housing provident fund, a record a month."""
    account = f"1010{ledger.number(10**7, 10**8 - 1)}"
    for month in months(first, last):
        ledger.add(
            "housing_fund", person, fund_account=account, employer_name=firm(ledger), employer_uscc=employer,
            base_yuan=Decimal(base), deposit_yuan=Decimal(base // 10), balance_yuan=Decimal(ledger.number(800, 6000)),
            status=status, opened_on=ledger.before(ledger.as_of, 900, 4000), month=f"{month:%Y-%m}",
        )  # fmt: skip


def told_since(household: Household, ledger: Ledger) -> dt.date:
    """The first month that departments tell month by month of this household: from before its application on."""
    applied = add_months(first_day(household.applied_on), -3)
    return max(applied, ledger.months_ago(TOLD_MONTHS))


def _earner(household: Household, adults: list[Person], ledger: Ledger) -> Person | None:
    """Who may earn, where nothing has been planted and three or more live on it."""
    able = [
        person
        for person in adults
        if person.relation in ("HEAD", "SPOUSE") and not old(person, ledger.as_of) and person.valid_to is None
    ]
    if household.planted or len(household.people) < 3 or {"tax", "social_insurance"} & household.settled:
        return None
    return able[ledger.number(0, len(able) - 1)] if able else None


def _at_home(person: Person, ledger: Ledger) -> str:
    if old(person, ledger.as_of):
        return AT_HOME[0]
    student = person.relation == "CHILD" and person.age(ledger.as_of) < STUDENT
    return PUPIL if student else AT_HOME[ledger.number(0, 2)]


def _old_age(person: Person, ledger: Ledger) -> None:
    person.file["declared_employment"] = AT_HOME[0]
    if ledger.chance(0.8):
        draw(person, ledger, "RESIDENT_PENSION", ledger.months_ago(ledger.number(14, 90)), ledger.number(115, 160))


def _earn(household: Household, person: Person, ledger: Ledger) -> None:
    wage = min(A_HEAD * len(household.people) - 160 * len(household.having("PARENT")), MOST_WAGE)
    wage = ledger.number(LEAST_WAGE, max(LEAST_WAGE, wage))
    since, employer, name = told_since(household, ledger), code(ledger), firm(ledger)
    person.file |= {"declared_employment": AT_WORK, "declared_monthly_income_yuan": Decimal(wage)}
    monthly = ledger.chance(MONTH_BY_MONTH)
    began = since if monthly else add_months(since, -ledger.number(0, 40))
    insure(person, ledger, began, None, employer=employer, name=name, monthly=monthly)
    if not monthly:
        insure(person, ledger, began, None, employer=employer, name=name, kind="UNEMPLOYMENT")
    earn(person, ledger, since, ledger.months_ago(1), wage, employer, name=name)
    if ledger.chance(FUND):
        save(person, ledger, since, ledger.months_ago(0), int(wage * 1.05), employer)


def _draw_benefit(household: Household, person: Person, ledger: Ledger) -> None:
    ended = add_months(first_day(household.applied_on), -ledger.number(2, 5))
    person.file |= {"declared_employment": OUT_OF_WORK, "declared_monthly_income_yuan": Decimal(BENEFIT)}
    for kind in ("EMPLOYEE_PENSION", "UNEMPLOYMENT"):
        began = add_months(ended, -ledger.number(20, 60))
        insure(person, ledger, began, ended, employer=code(ledger), kind=kind, ended=True)
    last = min(add_months(ended, ledger.number(6, 18)), ledger.months_ago(0))
    benefit(person, ledger, add_months(ended, 1), last)


def _be_out_of_work(household: Household, person: Person, ledger: Ledger) -> None:
    person.file["declared_employment"] = (OUT_OF_WORK, "无业", "失业人员")[ledger.number(0, 2)]
    lost = add_months(first_day(household.applied_on), -ledger.number(3, 30))
    if ledger.chance(INSURED):
        insure(person, ledger, add_months(lost, -ledger.number(5, 60)), lost, employer=code(ledger), ended=True)
        if ledger.chance(0.3):
            save(person, ledger, lost, lost, 2600, code(ledger), status="FROZEN")
    if ledger.chance(INSURED):
        insure(person, ledger, add_months(lost, 1), None, employer=None)


def _stay_at_home(person: Person, ledger: Ledger) -> None:
    person.file["declared_employment"] = AT_HOME[ledger.number(0, 2)]
    if not ledger.chance(INSURED):
        return
    if person.file["declared_employment"] == "灵活就业":
        insure(person, ledger, ledger.months_ago(ledger.number(14, 90)), None, employer=None)
    else:
        ledger.add("social_insurance", person, kind="RESIDENT_PENSION", payer="RESIDENT", status="PAYING",
                   start_month=f"{ledger.months_ago(ledger.number(14, 90)):%Y-%m}")  # fmt: skip


def _seldom(household: Household, person: Person, ledger: Ledger) -> None:
    """What few have: a former or a village post on the public payroll, a work injury that was settled."""
    if "payroll_public" not in household.settled and ledger.chance(ON_PAYROLL):
        left = add_months(first_day(household.applied_on), -ledger.number(8, 60))
        village = ledger.chance(0.5)
        ledger.add(
            "payroll_public", person,
            employer_name="文峰区宝莲寺镇某村村民委员会" if village else "安阳市城市管理局",
            from_month=f"{add_months(left, -ledger.number(10, 90)):%Y-%m}", to_month=None if village else f"{left:%Y-%m}",
        )  # fmt: skip
    if "injury_cases" not in household.settled and ledger.chance(INJURED):
        recognised = ledger.before(household.applied_on, 100, 900)
        ledger.add(
            "injury_cases", person, case_no=f"安工认{ledger.number(10**5, 10**6 - 1)}", recognised_on=recognised,
            paid_on=recognised + dt.timedelta(days=ledger.number(5, 60)), paid_yuan=Decimal(ledger.number(800, 60_000)),
        )  # fmt: skip
