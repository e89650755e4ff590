"""Work and insurance: undeclared work, wages, benefits during a stop condition, pensions, the public payroll, the fund."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matcher import policy
from matcher.report import rulebook
from matcher.rules import book, finding
from tests.matcher.rules import scenes
from tests.matcher.rules.conftest import Run
from tests.matcher.rules.scenes import Scene

Rows = list[dict[str, Any]]

HOME = {"household_id": "H1", "applied_on": "2024-03-01", "file_opened_on": "2024-04-01", "division_code": "410502"}
JOBLESS = {"person_id": "P1", "household_id": "H1", "relation": "HEAD", "declared_employment": "失业"}
DIBAO = {"person_id": "P1", "programme": "DIBAO", "start_month": "2024-01", "amount_yuan": 500}
FIRM, OTHER_FIRM = "91410500MA12345678", "91410500MA87654321"


def each_month(first: str, last: str) -> list[str]:
    """The months from one to another, as text."""
    low, high = (int(text[:4]) * 12 + int(text[5:]) - 1 for text in (first, last))
    return [f"{number // 12}-{number % 12 + 1:02d}" for number in range(low, high + 1)]


def insured(first: str, last: str, *, paid: str | None = None, **other: Any) -> Rows:
    """A row a month, paid in the same month or all in one."""
    row = {
        "person_id": "P1",
        "kind": "EMPLOYEE_PENSION",
        "payer": "EMPLOYER",
        "status": "PAYING",
        "employer_uscc": FIRM,
    }
    return [
        {**row, "insured_month": month, "paid_month": paid or month, **other} for month in each_month(first, last)
    ]


def span(first: str, last: str | None = None, **other: Any) -> Rows:
    """One row for the whole span."""
    row = {
        "person_id": "P1",
        "kind": "EMPLOYEE_PENSION",
        "payer": "EMPLOYER",
        "status": "PAYING",
        "employer_uscc": FIRM,
    }
    return [{**row, "start_month": first, "end_month": last, **other}]


def wages(first: str, last: str, yuan: int = 3000, **other: Any) -> Rows:
    """A wage a month."""
    row = {"person_id": "P1", "kind": "工资薪金所得", "payer_uscc": FIRM, "income_yuan": yuan}
    return [{**row, "income_month": month, **other} for month in each_month(first, last)]


def aid(programme: str, first: str, last: str | None = None, yuan: int = 800, **other: Any) -> dict[str, Any]:
    """A row of aid."""
    return {
        "person_id": "P1", "programme": programme, "start_month": first, "end_month": last, "amount_yuan": yuan, **other,
    }  # fmt: skip


P06_CASES = [
    ("insured by an employer", insured("2024-06", "2024-11"), [], "MEDIUM", 6),
    ("a wage alone", [], wages("2024-06", "2024-11"), "MEDIUM", 6),
    ("both, a month apart", insured("2024-06", "2024-09"), wages("2024-07", "2024-10"), "MEDIUM", 5),
    ("at work when she applied: one month insured and the next one paid", insured("2024-02", "2024-03"),
     wages("2024-04", "2024-04"), "MEDIUM", 2),
    ("two months of a new job", insured("2024-06", "2024-06"), wages("2024-07", "2024-07"), None, 0),
    ("a span that still runs", span("2024-06"), [], "MEDIUM", 7),
    ("a span that ended", span("2024-06", "2024-09", status="ENDED"), [], "MEDIUM", 4),
    ("two firms in a row", insured("2024-06", "2024-07") + insured("2024-08", "2024-09", employer_uscc=OTHER_FIRM), [],
     "MEDIUM", 4),
    ("nobody says who paid, a firm is named", insured("2024-06", "2024-11", payer=None), [], "LOW", 6),
    ("insurance of unknown kind", insured("2024-06", "2024-11", kind=None), [], "LOW", 6),
    ("income of unknown kind", [], wages("2024-06", "2024-11", kind=None), "LOW", 6),
    ("within the gradual exit", insured("2024-10", "2024-12"), [], None, 0),
    ("paid a month afterwards, as every month", [row for m in each_month("2024-06", "2024-10")
      for row in insured(m, m, paid=each_month(m, "2024-12")[1])], [], "MEDIUM", 5),
    ("paid early", [row for m in each_month("2024-06", "2024-10") for row in insured(m, m, paid="2024-06")], [], "MEDIUM", 5),
    ("made up for, and yet a wage", insured("2024-06", "2024-11", paid="2024-12"), wages("2024-08", "2024-11"), "MEDIUM", 4),
    ("a number with a slip of the pen", insured("2024-06", "2024-11", grade="G4"), [], "MEDIUM", 6),
    ("the same wage told twice", [], wages("2024-06", "2024-11") * 2, "MEDIUM", 6),
    ("insured out of her own pocket", insured("2024-06", "2024-11", payer="FLEXIBLE"), [], None, 0),
    ("insured as a resident", insured("2024-06", "2024-11", kind="RESIDENT_PENSION", payer="RESIDENT"), [], None, 0),
    ("medical insurance by the fund", insured("2024-06", "2024-11", kind="MEDICAL"), [], None, 0),
    ("an agency insures", insured("2024-06", "2024-11", employer_name="文峰区人才交流中心"), [], None, 0),
    ("a pension drawn", span("2024-06", status="DRAWING"), [], None, 0),
    ("one month", insured("2024-06", "2024-06"), [], None, 0),
    ("two months, not in a row", insured("2024-06", "2024-06") + insured("2024-08", "2024-08"), [], None, 0),
    ("before the application", insured("2023-06", "2024-02"), wages("2023-06", "2024-02"), None, 0),
    ("paid in one go, later", insured("2024-04", "2024-09", paid="2024-12"), [], None, 0),
    ("paid years later", insured("2024-04", "2024-05", paid="2024-11"), [], None, 0),
    ("contributions owed", insured("2024-04", "2024-09", status="PAUSED", paid_month=None), [], None, 0),
    ("a span without an end, paused", span("2024-04", status="PAUSED"), [], None, 0),
    ("a figure of the year", [], [{"person_id": "P1", "kind": "工资薪金", "tax_year": 2024, "income_yuan": 60000}], None, 0),
    ("severance", [], wages("2024-06", "2024-08", kind="解除劳动合同一次性补偿收入"), None, 0),
    ("pay for services", [], wages("2024-06", "2024-08", kind="劳务报酬所得"), None, 0),
    ("wages of nothing", [], wages("2024-06", "2024-08", yuan=0), None, 0),
    ("another person's name", insured("2024-06", "2024-11", grade="G3"), [], None, 0),
    ("an identity nobody has checked", insured("2024-06", "2024-11", grade="G5"), [], None, 0),
]  # fmt: skip


@pytest.mark.parametrize(
    ("records", "tax", "severity", "months"), [row[1:] for row in P06_CASES], ids=[row[0] for row in P06_CASES]
)
def test_undeclared_work(scene: Scene, run: Run, records: Rows, tax: Rows, severity: str | None, months: int) -> None:
    leads = run("P06", scene([HOME], [JOBLESS], social_insurance=records, tax=tax, aid=[DIBAO]))
    assert [lead["severity"] for lead in leads] == ([severity] if severity else [])
    for lead in leads:
        assert (lead["amount_low_yuan"], lead["amount_high_yuan"]) == (0, months * 500)
        assert f"500.00 × {months} = {months * 500}.00" in lead["explanation_zh"]
        assert {"name": "false_payroll", "result": "UNKNOWN"} in lead["exceptions"]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("失业", 1), ("失（无）业", 1), ("登记失业人员", 1), ("无业", 1), ("下岗", 1), ("未就业", 1), ("Unemployed", 1), (" 待业 ", 1),
        ("在职", 0), ("灵活就业", 0), ("退休", 0), ("在家照顾病人", 0), ("学生", 0), ("？", 0), ("", 0), (None, 0),
    ],
)  # fmt: skip
def test_a_word_that_is_not_known_is_no_declaration(scene: Scene, run: Run, said: str | None, expected: int) -> None:
    member = {**JOBLESS, "declared_employment": said}
    other = {**JOBLESS, "person_id": "P2"}  # so that the column holds something
    facts = scene([HOME], [member, other], social_insurance=insured("2024-06", "2024-11"), aid=[])
    assert len(run("P06", facts)) == expected


OLD = span("2019-01")
KEPT_CASES: list[tuple[str, str, str | None, Rows, str | None]] = [
    ("laid off, the old employer insures", "下岗", None, [], None),
    ("staff of a reformed enterprise", "失业", "STRUCTURAL_REFORM", [], None),
    ("jobless, and the old employer insures", "失业", None, [], "LOW"),
    ("laid off, and a wage", "下岗", None, wages("2024-06", "2024-09"), "MEDIUM"),
]


@pytest.mark.parametrize(
    ("said", "group", "tax", "severity"), [row[1:] for row in KEPT_CASES], ids=[row[0] for row in KEPT_CASES]
)
def test_an_old_employer_may_go_on_insuring(
    scene: Scene, run: Run, said: str, group: str | None, tax: Rows, severity: str | None
) -> None:
    home, member = {**HOME, "target_group": group}, {**JOBLESS, "declared_employment": said}
    leads = run("P06", scene([home], [member], social_insurance=OLD, tax=tax, aid=[DIBAO]))
    assert [lead["severity"] for lead in leads] == ([severity] if severity else [])


@pytest.mark.parametrize("under_review", [False, True])
def test_a_public_welfare_post_is_no_undeclared_work(scene: Scene, run: Run, under_review: bool) -> None:
    post = aid("PUBLIC_WELFARE_POST", "2024-06", "2024-09")
    given: dict[str, Any] = {"aid": [], "reviewed": {"aid": [post]}} if under_review else {"aid": [post]}
    records = insured("2024-06", "2024-09")
    assert run("P06", scene([HOME], [JOBLESS], social_insurance=records, **given)) == []
    (lead,) = run("P06", scene([HOME], [JOBLESS], social_insurance=insured("2024-06", "2024-12"), **given))
    assert lead["period_start"] == dt.date(2024, 10, 1)


@pytest.mark.parametrize(
    ("home", "member", "expected"),
    [
        ({"applied_on": None, "file_opened_on": None}, {}, None),  # nobody knows since when it was declared
        ({"applied_on": "2024-06-20"}, {}, "2024-07"),  # June may have begun in work
        ({"applied_on": "2024-06-01"}, {}, "2024-06"),
        ({}, {"valid_from": "2024-07-05"}, "2024-08"),
        ({"file_closed_on": "2024-06-30"}, {}, None),  # one month on file
        ({}, {"valid_to": "2024-06-20"}, None),
    ],
)
def test_only_months_of_the_declaration_count(
    scene: Scene, run: Run, home: dict[str, Any], member: dict[str, Any], expected: str | None
) -> None:
    facts = scene([{**HOME, **home}], [{**JOBLESS, **member}], social_insurance=insured("2024-06", "2024-11"), aid=[])
    starts = [lead["period_start"].strftime("%Y-%m") for lead in run("P06", facts)]
    assert starts == ([expected] if expected else [])


def test_without_insurance_and_tax_nobody_was_asked(scene: Scene, run: Run) -> None:
    (rule,) = book.chosen(("P06",), scenes.AS_OF)
    _, (ran,) = finding.judge(scene([HOME], [JOBLESS], aid=[DIBAO]), [rule])
    assert (ran.state, ran.missing) == ("NOT_ASKED", ("social_insurance|tax",))


@pytest.mark.parametrize("source", ["social_insurance", "tax"])
def test_a_stale_feed_says_info(scene: Scene, run: Run, source: str) -> None:
    given = {"social_insurance": insured("2024-06", "2024-11"), "tax": wages("2024-06", "2024-11")}
    (lead,) = run("P06", scene([HOME], [JOBLESS], aid=[DIBAO], stale=[source], **given))
    assert lead["severity"] == "INFO"


MONTHS = st.sampled_from(each_month("2023-09", "2024-12"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(
    st.lists(MONTHS, max_size=8),
    st.lists(MONTHS, max_size=8),
    st.sampled_from(["2023-11-05", "2024-03-01", "2024-08-15"]),
    st.integers(0, 900),
    st.randoms(),
)
def test_what_was_never_paid_is_never_at_risk(
    scene: Scene, run: Run, one: list[str], two: list[str], applied: str, yuan: int, order: random.Random
) -> None:
    """The amount is within what was paid, the lead within the declaration, and nothing depends on the order of rows."""
    records = [row for month in one for row in insured(month, month)]
    tax = [row for month in two for row in wages(month, month)]
    home = {**HOME, "applied_on": applied}
    paid = [aid("DIBAO", "2024-02", "2024-09", yuan), aid("UI_BENEFIT", "2024-01", yuan=1500)]
    leads = run("P06", scene([home], [JOBLESS], social_insurance=records, tax=tax, aid=paid))
    for rows in (records, tax, paid):
        order.shuffle(rows)
    again = run("P06", scene([home], [JOBLESS], social_insurance=records, tax=tax, aid=paid))
    strip = [
        {key: value for key, value in lead.items() if key not in ("evidence", "evidence_hash")} for lead in leads
    ]
    assert strip == [
        {key: value for key, value in lead.items() if key not in ("evidence", "evidence_hash")} for lead in again
    ]
    for lead in leads:
        assert Decimal(0) <= lead["amount_low_yuan"] <= lead["amount_high_yuan"] <= 8 * yuan
        assert lead["period_start"] >= dt.date.fromisoformat(applied)


EARNER = {**JOBLESS, "declared_employment": "在职", "declared_monthly_income_yuan": 1000}

P07_CASES = [
    ("three months of six", 1000, wages("2024-07", "2024-09", 1000) + wages("2024-10", "2024-12", 2600), True),
    ("six of six", 1000, wages("2024-07", "2024-12", 2600), True),
    ("a gap of 201 yuan", 900, wages("2024-07", "2024-12", 1101), True),
    ("a gap of 200 yuan", 900, wages("2024-07", "2024-12", 1100), False),
    ("above a fifth", 2000, wages("2024-07", "2024-12", 2401), True),
    ("a fifth", 2000, wages("2024-07", "2024-12", 2400), False),
    ("within a fifth after tax", 2000, wages("2024-07", "2024-12", 2450, tax_yuan=60), False),
    ("nothing declared, nothing stated as work", 0, wages("2024-07", "2024-12", 300), True),
    ("two employers that add up to more", 1000,
     wages("2024-07", "2024-12", 800) + wages("2024-07", "2024-12", 900, payer_uscc=OTHER_FIRM), True),
    ("two employers that add up to what was declared", 1700,
     wages("2024-07", "2024-12", 800) + wages("2024-07", "2024-12", 900, payer_uscc=OTHER_FIRM), False),
    ("one employer's name under two codes", 1000,
     wages("2024-07", "2024-12", 1000, payer_name="甲公司")
     + wages("2024-07", "2024-12", 1000, payer_name="甲公司", payer_uscc=OTHER_FIRM), False),
    ("two good months", 1000, wages("2024-07", "2024-10", 1000) + wages("2024-11", "2024-12", 2600), False),
    ("longer ago than six known months", 1000, wages("2024-03", "2024-05", 2600) + wages("2024-06", "2024-12", 1000), False),
    ("before the application", 1000, wages("2023-06", "2024-02", 2600), False),
    ("severance", 1000, wages("2024-07", "2024-12", 2600, kind="解除劳动合同补偿金"), False),
    ("pay for services", 1000, wages("2024-07", "2024-12", 2600, kind="劳务报酬"), False),
    ("arrears paid in one month", 1000, wages("2024-10", "2024-10", 6000) + wages("2024-11", "2024-12", 1000), False),
    ("a figure of the year", 1000, [{"person_id": "P1", "kind": "工资薪金", "tax_year": 2024, "income_yuan": 90000}], False),
    ("nobody knows what was declared", None, wages("2024-07", "2024-12", 9000), False),
    ("an identity nobody has checked", 1000, wages("2024-07", "2024-12", 2600, grade="G5"), False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("declared", "tax", "expected"), [row[1:] for row in P07_CASES], ids=[row[0] for row in P07_CASES]
)
def test_a_declared_wage_below_the_taxed_one(
    scene: Scene, run: Run, declared: int | None, tax: Rows, expected: bool
) -> None:
    member = {**EARNER, "declared_monthly_income_yuan": declared}
    other = {"person_id": "P2", "household_id": "H2", "declared_monthly_income_yuan": 1}
    year = {"person_id": "P2", "income_yuan": 1, "income_month": "2024-01"}
    homes = [HOME, {**HOME, "household_id": "H2"}]
    assert bool(run("P07", scene(homes, [member, other], tax=[*tax, year], aid=[DIBAO]))) is expected


@pytest.mark.parametrize(
    ("complete", "expected"),
    [((), ["LOW"]), (("tax",), [])],
)
def test_a_wage_paid_every_second_month(
    scene: Scene, run: Run, complete: tuple[str, ...], expected: list[str]
) -> None:
    """Where the office told all, the months between were without pay, and the wage is what was declared."""
    tax = [row for month in ("2024-06", "2024-08", "2024-10") for row in wages(month, month, 2200)]
    leads = run("P07", scene([HOME], [EARNER], tax=tax, aid=[], complete=complete))
    assert [lead["severity"] for lead in leads] == expected


@pytest.mark.parametrize(
    ("people", "declared_at_home", "severity", "amount"),
    [
        (1, None, "LOW", 6 * 500),  # 1,000 a head is above the line as declared: no more than the gap of 1,600
        (3, None, "MEDIUM", 6 * 500),  # 333 a head as declared, 867 with the gap
        (3, 2100, "LOW", 6 * 500),
        (5, None, "LOW", 6 * 500),  # 520 a head with the gap
    ],
)
def test_medium_where_the_line_is_crossed(
    scene: Scene, run: Run, people: int, declared_at_home: int | None, severity: str, amount: int
) -> None:
    family = [EARNER, *({"person_id": f"P{n}", "household_id": "H1"} for n in range(2, people + 1))]
    home = {**HOME, "declared_monthly_income_yuan": declared_at_home}
    (lead,) = run("P07", scene([home], family, tax=wages("2024-07", "2024-12", 2600), aid=[DIBAO]))
    assert (lead["severity"], lead["amount_low_yuan"], lead["amount_high_yuan"]) == (severity, 0, amount)


def test_aid_that_tops_up_is_at_risk_up_to_the_gap(scene: Scene, run: Run) -> None:
    tax = wages("2024-07", "2024-12", 1300)
    (lead,) = run("P07", scene([HOME], [EARNER], tax=tax, aid=[DIBAO]))
    assert (lead["severity"], lead["amount_high_yuan"]) == ("LOW", 6 * 300)
    assert "1300.00 − 0.00 − 1000.00 = 300.00" in lead["explanation_zh"]


def test_a_month_of_which_nobody_told_the_line(scene: Scene, run: Run) -> None:
    home, tax = (
        {**HOME, "applied_on": "2016-03-01", "file_opened_on": "2016-04-01"},
        wages("2016-07", "2016-12", 2600),
    )
    (lead,) = run("P07", scene([home], [{**EARNER, "declared_monthly_income_yuan": 100}], tax=tax, aid=[]))
    assert lead["severity"] == "LOW"


def test_who_declared_no_work_and_no_income_is_a_case_of_p06(scene: Scene, run: Run) -> None:
    member = {**JOBLESS, "declared_monthly_income_yuan": 0}
    facts = scene([HOME], [member], tax=wages("2024-07", "2024-12"), social_insurance=[], aid=[])
    assert (len(run("P06", facts)), len(run("P07", facts))) == (1, 0)


def benefit(first: str, last: str, yuan: int | None = 1600) -> Rows:
    """Unemployment benefit, a row a month."""
    return [{"person_id": "P1", "month": month, "benefit_yuan": yuan} for month in each_month(first, last)]


SHOP = {
    "person_id": "P1", "role": "OWNER", "status": "LIVE", "established_on": "2024-05-10", "turnover_yuan": 60000,
    "employees": 1,
}  # fmt: skip
PENSION = {
    "person_id": "P1",
    "kind": "EMPLOYEE_PENSION",
    "status": "DRAWING",
    "start_month": "2024-05",
    "benefit_yuan": 2100,
}


def away(kind: str, first: str, last: str | None) -> Rows:
    return [{"person_id": "P1", "kind": kind, "from": first, "to": last}]


P08_CASES: list[tuple[str, dict[str, Rows], str | None, int]] = [
    ("at work again", {"social_insurance": insured("2024-05", "2024-12")}, "HIGH", 3),
    ("at work for two months", {"social_insurance": insured("2024-05", "2024-06")}, "HIGH", 1),
    ("a span that runs", {"social_insurance": span("2024-05")}, "HIGH", 3),
    ("nobody says who paid", {"social_insurance": insured("2024-05", "2024-08", payer=None)}, "LOW", 3),
    ("a pension", {"social_insurance": [PENSION]}, "HIGH", 3),
    ("work and a pension", {"social_insurance": [PENSION, *insured("2024-04", "2024-06")]}, "HIGH", 4),
    ("a shop", {"business": [SHOP], "aid": []}, "MEDIUM", 3),
    ("a shop, and nobody was asked about grants", {"business": [SHOP]}, "LOW", 3),
    ("a prison sentence", {"custody": away("有期徒刑服刑", "2024-04-15", "2024-07-20")}, "HIGH", 2),
    ("in prison since", {"custody": away("服刑", "2024-07-01", None)}, "HIGH", 2),
    ("military service", {"custody": away("应征入伍", "2024-05-31", None)}, "HIGH", 3),
    ("emigrated", {"custody": away("移居境外定居", "2024-05-31", None)}, "HIGH", 3),
    ("benefit told by aid", {"aid": [aid("UI_BENEFIT", "2024-03", "2024-08", 1600)], "unemployment_benefit": [],
                             "social_insurance": insured("2024-05", "2024-12")}, "HIGH", 3),
    ("benefit told twice", {"aid": [aid("UI_BENEFIT", "2024-03", "2024-08", 1600)],
                            "social_insurance": insured("2024-05", "2024-12")}, "HIGH", 3),
    ("work again in the last month", {"social_insurance": insured("2024-08", "2024-12")}, None, 0),
    ("a trial of one month", {"social_insurance": insured("2024-05", "2024-05")}, None, 0),
    ("the old job's last month", {"social_insurance": insured("2023-05", "2024-03")}, None, 0),
    ("insured out of his own pocket", {"social_insurance": insured("2024-03", "2024-12", payer="FLEXIBLE")}, None, 0),
    ("the fund pays medical insurance", {"social_insurance": insured("2024-03", "2024-12", kind="MEDICAL")}, None, 0),
    ("made up for later", {"social_insurance": insured("2024-03", "2024-08", paid="2024-12")}, None, 0),
    ("the pension follows", {"social_insurance": [{**PENSION, "start_month": "2024-08"}]}, None, 0),
    ("a farmer's pension", {"social_insurance": [{**PENSION, "kind": "RESIDENT_PENSION"}]}, None, 0),
    ("a public-welfare post", {"social_insurance": insured("2024-05", "2024-12"),
                               "aid": [aid("PUBLIC_WELFARE_POST", "2024-05")]}, None, 0),
    ("a shop under a grant", {"business": [SHOP], "aid": [aid("STARTUP_GRANT", "2024-06", "2024-06", 5000)]}, None, 0),
    ("a shop under a loan", {"business": [SHOP], "aid": [aid("STARTUP_LOAN", "2024-06", "2024-06", 90000)]}, None, 0),
    ("a shop of years ago", {"business": [{**SHOP, "established_on": "2020-01-01"}], "aid": []}, None, 0),
    ("a shop without trade", {"business": [{**SHOP, "turnover_yuan": 0, "employees": 0}], "aid": []}, None, 0),
    ("a shareholder", {"business": [{**SHOP, "role": "SHAREHOLDER"}], "aid": []}, None, 0),
    ("remand", {"custody": away("羁押候审", "2024-03-01", "2024-08-31")}, None, 0),
    ("fifteen days", {"custody": away("服刑", "2024-05-03", "2024-05-18")}, None, 0),
    ("a month that is not whole", {"custody": away("服刑", "2024-05-02", "2024-06-29")}, None, 0),
    ("treatment abroad", {"custody": away("出境就医", "2024-03-01", "2024-08-31")}, None, 0),
    ("travelled", {"custody": away("出境", "2024-03-01", "2024-08-31")}, None, 0),
    ("an identity nobody has checked", {"social_insurance": insured("2024-05", "2024-12", grade="G5")}, "LOW", 3),
    ("one record in doubt beside sure ones", {"social_insurance": [
        *insured("2024-05", "2024-07"), *insured("2024-08", "2024-08", grade="G5")]}, "HIGH", 2),
    ("another person's name", {"social_insurance": insured("2024-05", "2024-12", grade="G3")}, None, 0),
]  # fmt: skip


@pytest.mark.parametrize(
    ("records", "severity", "months"), [row[1:] for row in P08_CASES], ids=[row[0] for row in P08_CASES]
)
def test_benefit_during_a_stop_condition(
    scene: Scene, run: Run, records: dict[str, Rows], severity: str | None, months: int
) -> None:
    given = {"social_insurance": [], "unemployment_benefit": benefit("2024-03", "2024-08"), **records}
    leads = run("P08", scene([HOME], [JOBLESS], **given))
    assert [lead["severity"] for lead in leads] == ([severity] if severity else [])
    for lead in leads:
        assert lead["amount_low_yuan"] == lead["amount_high_yuan"] == months * 1600
        assert f"1600.00 × {months} = {months * 1600}.00" in lead["explanation_en"]


def test_a_benefit_without_an_amount_counts_as_none(scene: Scene, run: Run) -> None:
    given = {
        "social_insurance": insured("2024-05", "2024-12"),
        "unemployment_benefit": benefit("2024-03", "2024-08", None),
    }
    (lead,) = run("P08", scene([HOME], [JOBLESS], **given))
    assert lead["amount_high_yuan"] == 0
    assert "未载明金额" in lead["explanation_zh"]


def pension(first: str, yuan: int | None = 2100, **other: Any) -> Rows:
    return [{**PENSION, "start_month": first, "benefit_yuan": yuan, **other}]


P09_CASES: list[tuple[str, dict[str, Any], dict[str, Any], Rows, str | None]] = [
    ("jobless by the file", {}, {}, pension("2024-05"), "LOW"),
    ("two months", {}, {}, pension("2024-11"), "LOW"),
    ("monthly rows", {}, {}, [row for m in ("2024-11", "2024-12") for row in pension(m, end_month=m)], "LOW"),
    ("an identity nobody has checked", {}, {}, pension("2024-05", grade="G5"), "LOW"),
    ("small, and the file says at work", {}, {"declared_employment": "在职"}, pension("2024-05", 400), "LOW"),
    ("retired by the file, above the line", {}, {"declared_employment": "退休"}, pension("2024-05"), "INFO"),
    ("retired by the file, below the line", {}, {"declared_employment": "退休"}, pension("2024-05", 400), None),
    ("retired by the file, amount unknown", {}, {"declared_employment": "退休"}, pension("2024-05", None), None),
    ("the first month", {}, {}, pension("2024-12"), None),
    ("a farmer's pension", {}, {}, pension("2024-05", kind="RESIDENT_PENSION"), None),
    ("still paying", {}, {}, pension("2024-05", status="PAYING"), None),
    ("not the file's subject", {}, {"relation": "PARENT"}, pension("2024-05"), None),
    ("applied, no file yet", {"file_opened_on": None}, {}, pension("2024-05"), None),
    ("the file is closed", {"file_closed_on": "2024-12-01"}, {}, pension("2024-05"), None),
    ("no member any more", {}, {"valid_to": "2024-10-01"}, pension("2024-05"), None),
]


@pytest.mark.parametrize(
    ("home", "member", "records", "severity"), [row[1:] for row in P09_CASES], ids=[row[0] for row in P09_CASES]
)
def test_retired_and_still_a_worker_on_file(
    scene: Scene, run: Run, home: dict[str, Any], member: dict[str, Any], records: Rows, severity: str | None
) -> None:
    leads = run("P09", scene([{**HOME, **home}], [{**JOBLESS, **member}], social_insurance=records))
    assert [lead["severity"] for lead in leads] == ([severity] if severity else [])
    assert all(lead["amount_high_yuan"] == 0 for lead in leads)


PAYROLL = {"person_id": "P1", "employer_name": "文峰区园林管理站", "from_month": "2015-01"}

P10_CASES: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any], Rows, str | None, int]] = [
    ("dibao", {}, {}, {}, [DIBAO], "MEDIUM", 10),  # March, the month of the declaration, to December
    ("union aid", {}, {}, {}, [aid("LIVING_SUBSIDY", "2024-05", "2024-08", 500)], "INFO", 4),
    ("dibao and union aid", {}, {}, {}, [DIBAO, aid("LIVING_SUBSIDY", "2024-03", yuan=500)], "MEDIUM", 20),
    ("left meanwhile", {}, {}, {"to_month": "2024-06"}, [DIBAO], "MEDIUM", 4),
    ("an employer without a name", {}, {}, {"employer_name": None}, [DIBAO], "LOW", 10),
    ("the month of the switch", {}, {}, {"to_month": "2024-05"}, [{**DIBAO, "start_month": "2024-05"}], None, 0),
    ("left before", {}, {}, {"to_month": "2022-05"}, [DIBAO], None, 0),
    ("began nobody knows when", {}, {}, {"from_month": None}, [DIBAO], None, 0),
    ("an institution under reform", {"target_group": "STRUCTURAL_REFORM"}, {}, {}, [DIBAO], None, 0),
    ("retired", {}, {"declared_employment": "退休"}, {}, [DIBAO], None, 0),
    ("a roster of the retired", {}, {}, {"employer_name": "教育局离退休人员"}, [DIBAO], None, 0),
    ("a village post", {}, {}, {"employer_name": "白璧镇某村村委会"}, [DIBAO], None, 0),
    ("a public-welfare post", {}, {}, {}, [DIBAO, aid("PUBLIC_WELFARE_POST", "2024-01")], None, 0),
    ("an earned benefit", {}, {}, {}, [aid("UI_BENEFIT", "2024-03")], None, 0),
    ("no member at the time", {}, {"valid_to": "2024-03-20"}, {}, [DIBAO], None, 0),
    ("an identity nobody has checked", {}, {}, {"grade": "G5"}, [DIBAO], "LOW", 10),
]


@pytest.mark.parametrize(
    ("home", "member", "record", "paid", "severity", "months"),
    [row[1:] for row in P10_CASES],
    ids=[row[0] for row in P10_CASES],
)
def test_on_the_public_payroll(
    scene: Scene, run: Run, home: dict[str, Any], member: dict[str, Any], record: dict[str, Any], paid: Rows,
    severity: str | None, months: int,
) -> None:  # fmt: skip
    sure = {**PAYROLL, "person_id": "P2"}  # so that the columns hold something
    other = {"person_id": "P2", "household_id": "H2"}
    homes = [{**HOME, **home}, {**HOME, "household_id": "H2"}]
    facts = scene(homes, [{**JOBLESS, **member}, other], payroll_public=[{**PAYROLL, **record}, sure], aid=paid)
    leads = run("P10", facts)
    assert [lead["severity"] for lead in leads] == ([severity] if severity else [])
    for lead in leads:
        assert (lead["amount_low_yuan"], lead["amount_high_yuan"]) == (0, months * 500)


def fund(first: str, last: str, base: int = 4200, **other: Any) -> Rows:
    row = {"person_id": "P1", "base_yuan": base, "status": "ACTIVE"}
    return [{**row, "month": month, **other} for month in each_month(first, last)]


H07_CASES: list[tuple[str, int | None, Rows, bool]] = [
    ("three months", 2000, fund("2024-10", "2024-12"), True),
    ("not in a row", 2000, fund("2024-05", "2024-06") + fund("2024-10", "2024-10"), True),
    ("just above 1.3 times", 2000, fund("2024-10", "2024-12", 2601), True),
    ("1.3 times", 2000, fund("2024-10", "2024-12", 2600), False),
    ("two months", 2000, fund("2024-11", "2024-12"), False),
    ("two months told twice", 2000, fund("2024-11", "2024-12") * 2, False),
    ("before the declaration", 2000, fund("2023-03", "2024-02"), False),
    ("a base at its floor", 1200, fund("2024-07", "2024-12", 2000), False),
    ("sealed", 2000, fund("2024-07", "2024-12", status="FROZEN"), False),
    ("closed", 2000, fund("2024-07", "2024-12", status="CLOSED"), False),
    ("no income declared", 0, fund("2024-07", "2024-12"), False),
    ("nobody knows what was declared", None, fund("2024-07", "2024-12"), False),
    ("a balance without a month", 2000, [{"person_id": "P1", "base_yuan": 9000, "status": "ACTIVE"}] * 3, False),
    ("an identity nobody has checked", 2000, fund("2024-07", "2024-12", grade="G5"), False),
    ("set anew in July, and it agrees", 2000, fund("2024-03", "2024-06") + fund("2024-07", "2024-12", 2100), False),
    ("set anew in July, too high", 2000, fund("2024-03", "2024-06", 2100) + fund("2024-07", "2024-12"), True),
]


@pytest.mark.parametrize(
    ("declared", "records", "expected"), [r[1:] for r in H07_CASES], ids=[r[0] for r in H07_CASES]
)
def test_a_fund_base_above_the_declared_wage(
    scene: Scene, run: Run, declared: int | None, records: Rows, expected: bool
) -> None:
    member = {**EARNER, "declared_monthly_income_yuan": declared}
    other = {"person_id": "P2", "household_id": "H2", "declared_monthly_income_yuan": 9000}
    homes = [HOME, {**HOME, "household_id": "H2"}]
    facts = scene(homes, [member, other], housing_fund=[*records, *fund("2024-12", "2024-12", person_id="P2")])
    leads = run("H07", facts)
    assert [(lead["severity"], lead["amount_high_yuan"]) for lead in leads] == ([("LOW", 0)] if expected else [])


@pytest.mark.parametrize(
    ("applied", "result"), [("2022-12-20", "NO"), ("2023-05-01", "UNKNOWN"), ("2024-03-01", "UNKNOWN")]
)
def test_a_base_of_last_years_wage_is_told(scene: Scene, run: Run, applied: str, result: str) -> None:
    (lead,) = run(
        "H07", scene([{**HOME, "applied_on": applied}], [{**EARNER}], housing_fund=fund("2024-07", "2024-12"))
    )
    assert {"name": "yearly_base", "result": result} in lead["exceptions"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(st.lists(MONTHS, max_size=10), st.lists(MONTHS, max_size=10), st.integers(0, 2000), st.randoms())
def test_no_more_benefit_is_at_risk_than_was_paid_beside_work(
    scene: Scene, run: Run, one: list[str], two: list[str], yuan: int, order: random.Random
) -> None:
    """Only months that are paid and worked count, never the first of a run of work; nothing depends on the order of rows."""
    had = [row for month in one for row in benefit(month, month, yuan)]
    records = [row for month in two for row in insured(month, month)]
    found = []
    for _ in range(2):
        found.append(run("P08", scene([HOME], [JOBLESS], social_insurance=records, unemployment_benefit=had)))
        order.shuffle(had)
        order.shuffle(records)
    keys = ("severity", "amount_low_yuan", "amount_high_yuan", "period_start", "period_end", "explanation_zh")
    assert [[lead[key] for key in keys] for lead in found[0]] == [[lead[key] for key in keys] for lead in found[1]]
    both = set(one) & set(two) if yuan else set()
    for lead in found[0]:
        assert lead["amount_high_yuan"] <= yuan * len(both)
        assert lead["period_start"].strftime("%Y-%m") != min(two)
    if found[0]:
        assert len(both) >= 1


def test_the_public_book_says_which_of_several_tables_is_needed() -> None:
    told = {rule["id"]: rule for rule in rulebook.content(scenes.AS_OF, policy.load())["rules"]}
    assert told["P06"]["one_of"] == [["social_insurance", "tax"]]
    assert told["P05"]["one_of"] == []
