"""Aid granted or posted twice: plants for C01, C03, C04, C08 and C09."""

from __future__ import annotations

from matcher.synthetic.households import Household, Ledger, Person, enrol
from matcher.synthetic.plants.plant import Plant, anyone, couple, with_pupil

CITY, COUNTY = "安阳市总工会", "文峰区总工会"


def decision(ledger: Ledger) -> str:
    """The number of a decision."""
    return f"文工〔2024〕{ledger.number(10_000, 99_999)}号"


def account(ledger: Ledger) -> str:
    """The number of a bank account."""
    return f"6217{ledger.number(10**14, 10**15 - 1)}"


def settled(household: Household) -> None:
    """This household's aid and school are arranged."""
    household.settled |= {"aid", "school"}


def two_unions(household: Household, ledger: Ledger) -> None:
    """Two unions pay the living subsidy, each by its own decision."""
    for months, yuan in ((10, 300), (6, 250)):
        ledger.pay(
            household.head, "LIVING_SUBSIDY", ledger.months_ago(months), None, yuan, document_no=decision(ledger)
        )
    settled(household)
    ledger.lead("C01", household, household.head)


def arrears(household: Household, ledger: Ledger) -> None:
    """The subsidy, and one month's arrears beside it."""
    month = ledger.months_ago(4)
    ledger.pay(household.head, "LIVING_SUBSIDY", ledger.months_ago(8), None, 300, document_no=decision(ledger))
    ledger.pay(
        household.head, "LIVING_SUBSIDY", month, month, 300, document_no=decision(ledger), cause="补发此前一个月"
    )
    settled(household)
    ledger.innocent("arrears", "C01", household, household.head)


def reported_twice(household: Household, ledger: Ledger) -> None:
    """One grant that the county's and the city's systems both report."""
    number = decision(ledger)
    for agency in (CITY, COUNTY):
        ledger.pay(
            household.head, "LIVING_SUBSIDY", ledger.months_ago(8), None, 300, document_no=number, agency=agency
        )
    settled(household)
    ledger.innocent("reported_twice", "C01", household, household.head)


def new_amount(household: Household, ledger: Ledger) -> None:
    """One decision ends, the next begins with another amount, both paying their part of one month."""
    month = ledger.months_ago(5)
    ledger.pay(household.head, "LIVING_SUBSIDY", ledger.months_ago(12), month, 300, document_no=decision(ledger))
    ledger.pay(household.head, "LIVING_SUBSIDY", month, None, 330, document_no=decision(ledger))
    settled(household)
    ledger.innocent("new_amount", "C01", household, household.head)


def posted_twice(household: Household, ledger: Ledger) -> None:
    """One payment into one account, posted twice."""
    month, number, into = ledger.months_ago(5), decision(ledger), account(ledger)
    for _ in range(2):
        ledger.pay(
            household.head,
            "TEMPORARY_AID",
            month,
            month,
            2600,
            document_no=number,
            payee_account=into,
            cause="交通事故",
        )
    settled(household)
    ledger.lead("C09", household, household.head)


def paid_again(household: Household, ledger: Ledger) -> None:
    """Returned by the bank and paid again."""
    month, number, into = ledger.months_ago(5), decision(ledger), account(ledger)
    for cause in ("退汇", "退汇后重发"):
        ledger.pay(
            household.head, "TEMPORARY_AID", month, month, 2600, document_no=number, payee_account=into, cause=cause
        )
    settled(household)
    ledger.innocent("paid_again", "C09", household, household.head)


def reversed_posting(household: Household, ledger: Ledger) -> None:
    """Posted, reversed, posted again."""
    month, number, into = ledger.months_ago(5), decision(ledger), account(ledger)
    for yuan in (2600, -2600, 2600):
        ledger.pay(household.head, "TEMPORARY_AID", month, month, yuan, document_no=number, payee_account=into)
    settled(household)
    ledger.innocent("reversed_posting", "C09", household, household.head)


def _help(household: Household, ledger: Ledger, months: int, cause: str, number: str, yuan: int = 2600) -> None:
    month = ledger.months_ago(months)
    ledger.pay(household.head, "TEMPORARY_AID", month, month, yuan, document_no=number, cause=cause)


def same_fire_twice(household: Household, ledger: Ledger) -> None:
    """Temporary aid for one fire, twice."""
    for months in (8, 3):
        _help(household, ledger, months, "火灾", decision(ledger))
    settled(household)
    ledger.lead("C03", household, household.head)


def two_misfortunes(household: Household, ledger: Ledger) -> None:
    """Temporary aid for two misfortunes."""
    for months, cause in ((8, "火灾"), (3, "交通事故")):
        _help(household, ledger, months, cause, decision(ledger))
    settled(household)
    ledger.innocent("two_misfortunes", "C03", household, household.head)


def in_stages(household: Household, ledger: Ledger) -> None:
    """An advance, and the rest by the same decision two months later."""
    number = decision(ledger)
    for months, yuan in ((6, 1000), (4, 2600)):
        _help(household, ledger, months, "突发重大疾病", number, yuan)
    settled(household)
    ledger.innocent("in_stages", "C03", household, household.head)


def years_apart(household: Household, ledger: Ledger) -> None:
    """The same misfortune again, after more than a year."""
    for months in (18, 3):
        _help(household, ledger, months, "暴雨", decision(ledger))
    settled(household)
    ledger.innocent("years_apart", "C03", household, household.head)


WHERE_FORBIDDEN = "429006"
"""Tianmen, where student aid from elsewhere rules out Golden Autumn."""


def _study(household: Household, ledger: Ledger, cause: str | None = None) -> Person:
    """State aid and Golden Autumn for one pupil of the household."""
    child = household.pupils(ledger.as_of)[0]
    enrol(child, ledger)
    for programme, months, yuan in (("STATE_STUDENT_AID", 2, 1650), ("GOLDEN_AUTUMN", 3, 3000)):
        month = ledger.months_ago(months)
        ledger.pay(child, programme, month, month, yuan, cause=cause)
        cause = "生活费" if cause else None
    settled(household)
    return child


def two_student_programmes(household: Household, ledger: Ledger) -> None:
    """Two programmes of student aid where the local rules forbid it."""
    household.file["division_code"] = WHERE_FORBIDDEN
    ledger.lead("C04", household, _study(household, ledger))


def allowed_here(household: Household, ledger: Ledger) -> None:
    """The same where no rule forbids it."""
    ledger.innocent("allowed_here", "C04", household, _study(household, ledger))


def two_purposes(household: Household, ledger: Ledger) -> None:
    """One for tuition and one for living, where two for the same would be forbidden."""
    household.file["division_code"] = WHERE_FORBIDDEN
    ledger.innocent("two_purposes", "C04", household, _study(household, ledger, "学费"))


def _hire(person: Person, ledger: Ledger, programme: str, employer: str, yuan: int) -> None:
    month = ledger.months_ago(7)
    ledger.pay(person, programme, month, month, yuan, agency="人力资源和社会保障局", employer_uscc=employer)


def _employer(ledger: Ledger) -> str:
    return f"91410500MA{ledger.number(10**7, 10**8 - 1)}"


def one_hire_two_subsidies(household: Household, ledger: Ledger) -> None:
    """An employer draws two subsidies for one hire."""
    employer = _employer(ledger)
    _hire(household.head, ledger, "PLACEMENT_SUBSIDY", employer, 1000)
    _hire(household.head, ledger, "JOB_STABILISATION_SUBSIDY", employer, 1200)
    settled(household)
    ledger.lead("C08", household, household.head)


def two_hires(household: Household, ledger: Ledger) -> None:
    """A subsidy for each of two hires."""
    employer = _employer(ledger)
    _hire(household.head, ledger, "PLACEMENT_SUBSIDY", employer, 1000)
    _hire(household.having("SPOUSE")[0], ledger, "JOB_STABILISATION_SUBSIDY", employer, 1200)
    settled(household)
    ledger.innocent("two_hires", "C08", household, household.head)


def placed_and_trained(household: Household, ledger: Ledger) -> None:
    """A subsidy for the placement, another for training."""
    employer = _employer(ledger)
    _hire(household.head, ledger, "PLACEMENT_SUBSIDY", employer, 1000)
    _hire(household.head, ledger, "SKILLS_SUBSIDY", employer, 800)
    settled(household)
    ledger.innocent("placed_and_trained", "C08", household, household.head)


PLANTS: tuple[Plant, ...] = (
    Plant("two_unions", "C01", two_unions, anyone),
    Plant("posted_twice", "C09", posted_twice, anyone),
    Plant("same_fire_twice", "C03", same_fire_twice, anyone),
    Plant("two_student_programmes", "C04", two_student_programmes, with_pupil),
    Plant("one_hire_two_subsidies", "C08", one_hire_two_subsidies, anyone),
    Plant("arrears", "C01", arrears, anyone),
    Plant("reported_twice", "C01", reported_twice, anyone),
    Plant("new_amount", "C01", new_amount, anyone),
    Plant("paid_again", "C09", paid_again, anyone),
    Plant("reversed_posting", "C09", reversed_posting, anyone),
    Plant("two_misfortunes", "C03", two_misfortunes, anyone),
    Plant("in_stages", "C03", in_stages, anyone),
    Plant("years_apart", "C03", years_apart, anyone),
    Plant("allowed_here", "C04", allowed_here, with_pupil),
    Plant("two_purposes", "C04", two_purposes, with_pupil),
    Plant("two_hires", "C08", two_hires, couple),
    Plant("placed_and_trained", "C08", placed_and_trained, anyone),
)
