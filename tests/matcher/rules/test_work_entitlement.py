"""What workers are owed: social insurance, the benefit after an injury, unemployment benefit that nobody claims."""

from __future__ import annotations

from typing import Any

import pytest

from matcher.rules import book, finding
from tests.matcher.rules import scenes
from tests.matcher.rules.conftest import Run
from tests.matcher.rules.scenes import Scene
from tests.matcher.rules.test_work import FIRM, HOME, OTHER_FIRM, aid, benefit, insured, span, wages

Rows = list[dict[str, Any]]

WORKER = {"person_id": "P1", "household_id": "H1", "relation": "HEAD", "sex": "MALE", "birth_date": "1985-06-01"}


def contract(first: str, last: str | None, **other: Any) -> Rows:
    return [{"person_id": "P1", "union": "甲公司工会", "contract_from": first, "contract_to": last, **other}]


U02_CASES: list[tuple[str, dict[str, Any], Rows, Rows, Rows, str | None, int]] = [
    ("six months of wages", {}, wages("2024-04", "2024-09"), [], [], "LOW", 6),
    ("three months", {}, wages("2024-04", "2024-06"), [], [], "LOW", 3),
    ("some months insured", {}, wages("2024-01", "2024-09"), insured("2024-01", "2024-04"), [], "LOW", 5),
    ("insured out of his own pocket", {}, wages("2024-04", "2024-09"), span("2024-01", payer="FLEXIBLE"), [], "LOW", 6),
    ("a resident's insurance", {}, wages("2024-04", "2024-09"),
     span("2024-01", payer="RESIDENT", kind="RESIDENT_PENSION"), [], "LOW", 6),
    ("contributions owed", {}, wages("2024-04", "2024-09"),
     insured("2024-04", "2024-09", status="PAUSED", paid_month=None), [], "LOW", 6),
    ("a contract alone", {}, [], [], contract("2024-01-01", "2024-12-31"), "INFO", 11),
    ("a contract without an end", {}, [], [], contract("2024-01-15", None), "INFO", 10),
    ("a contract and wages: by the wages", {}, wages("2024-04", "2024-09"), [], contract("2024-01-01", None), "LOW", 6),
    ("a woman of forty-nine", {"sex": "FEMALE", "birth_date": "1975-06-01"}, wages("2024-02", "2024-04"), [], [], "LOW", 3),
    ("of unknown age", {"birth_date": None, "sex": None}, wages("2024-04", "2024-09"), [], [], "LOW", 6),
    ("two months", {}, wages("2024-04", "2024-05"), [], [], None, 0),
    ("the latest months", {}, wages("2024-10", "2024-12"), [], [], None, 0),
    ("insured by the employer", {}, wages("2024-04", "2024-09"), insured("2024-04", "2024-09"), [], None, 0),
    ("paid later", {}, wages("2024-04", "2024-09"), insured("2024-04", "2024-09", paid="2024-12"), [], None, 0),
    ("insured by an agency", {}, wages("2024-04", "2024-09"),
     insured("2024-04", "2024-09", employer_uscc=OTHER_FIRM, employer_name="人才派遣公司"), [], None, 0),
    ("nobody says who paid", {}, wages("2024-04", "2024-09"), insured("2024-04", "2024-09", payer=None), [], None, 0),
    ("insurance that ended nobody knows when", {}, wages("2024-04", "2024-09"), span("2020-04", status="ENDED"), [], None, 0),
    ("a pensioner", {}, wages("2024-04", "2024-09"), span("2024-01", status="DRAWING"), [], None, 0),
    ("past the age of retirement", {"birth_date": "1960-01-01"}, wages("2024-04", "2024-09"), [], [], None, 0),
    ("a child", {"birth_date": "2010-01-01"}, wages("2024-04", "2024-09"), [], [], None, 0),
    ("less than the minimum wage", {}, wages("2024-04", "2024-09", 900), [], [], None, 0),
    ("pay for services", {}, wages("2024-04", "2024-09", kind="劳务报酬所得"), [], [], None, 0),
    ("income of unknown kind", {}, wages("2024-04", "2024-09", kind=None), [], [], None, 0),
    ("two firms, two months each", {}, wages("2024-04", "2024-05") + wages("2024-06", "2024-07", payer_uscc=OTHER_FIRM), [],
     [], None, 0),
    ("an employer without name and code", {}, wages("2024-04", "2024-09", payer_uscc=None), [], [], None, 0),
    ("insured, by a link nobody has checked", {}, wages("2024-04", "2024-09"), insured("2024-04", "2024-09", grade="G5"), [],
     None, 0),
    ("a contract of last year", {}, [], insured("2023-01", "2023-12"), contract("2023-01-01", "2023-12-31"), None, 0),
    ("an identity nobody has checked", {}, wages("2024-04", "2024-09", grade="G5"), [], [], None, 0),
    ("wages of the last century", {"birth_date": "1960-01-01"}, wages("1999-04", "1999-09"), [], [], None, 0),
]  # fmt: skip


@pytest.mark.parametrize(
    ("member", "tax", "records", "roll", "severity", "months"),
    [row[1:] for row in U02_CASES],
    ids=[row[0] for row in U02_CASES],
)
def test_an_employer_owes_insurance(
    scene: Scene, run: Run, member: dict[str, Any], tax: Rows, records: Rows, roll: Rows, severity: str | None, months: int
) -> None:  # fmt: skip
    given = {"tax": tax, "social_insurance": records, "union_roll": roll}
    leads = run("U02", scene([HOME], [{**WORKER, **member}], complete=["social_insurance"], **given))
    assert [lead["severity"] for lead in leads] == ([severity] if severity else [])
    for lead in leads:
        assert f"{months} 个月" in lead["explanation_zh"]
        assert lead["amount_high_yuan"] == 0


def test_nothing_is_owed_where_the_insurer_has_not_told_all(scene: Scene, run: Run) -> None:
    tax = wages("2024-04", "2024-09")
    assert run("U02", scene([HOME], [WORKER], tax=tax, social_insurance=[])) == []
    part = insured("2024-01", "2024-01")  # records of some month, in an extract that is not complete
    assert run("U02", scene([HOME], [WORKER], tax=tax, social_insurance=part)) == []
    answered = [{"person_id": "P1", "source": "social_insurance", "state": "NO_RECORD"}]
    assert len(run("U02", scene([HOME], [WORKER], tax=tax, social_insurance=[], coverage=answered))) == 1


@pytest.mark.parametrize(
    ("said", "school", "expected"),
    [
        (None, [], 1),
        ("在读学生", [], 0),
        (None, [{"person_id": "P1", "status": "ENROLLED", "term_start": "2023-09-01", "term_end": "2027-06-30"}], 0),
        (None, [{"person_id": "P1", "status": "ENROLLED", "term_start": "2024-08-01", "term_end": None}], 1),
        (None, [{"person_id": "P1", "status": "GRADUATED", "term_start": "2023-09-01", "term_end": "2024-06-30"}], 1),
    ],
)
def test_a_students_job_is_no_employment(
    scene: Scene, run: Run, said: str | None, school: Rows, expected: int
) -> None:
    given: dict[str, Any] = {"tax": wages("2024-04", "2024-09"), "social_insurance": [], "school": school}
    member = {**WORKER, "declared_employment": said}
    assert len(run("U02", scene([HOME], [member], complete=["social_insurance"], **given))) == expected


def test_insurance_under_review_withholds(scene: Scene, run: Run) -> None:
    given: dict[str, Any] = {
        "tax": wages("2024-04", "2024-09"),
        "social_insurance": [],
        "complete": ["social_insurance"],
    }
    assert len(run("U02", scene([HOME], [WORKER], **given))) == 1
    assert (
        run("U02", scene([HOME], [WORKER], reviewed={"social_insurance": insured("2024-04", "2024-08")}, **given))
        == []
    )


def test_the_employer_is_told_with_all_its_people(scene: Scene, run: Run) -> None:
    people = [{**WORKER, "person_id": f"P{n}", "household_id": f"H{n}"} for n in (1, 2, 3)]
    homes = [{**HOME, "household_id": f"H{n}"} for n in (1, 2, 3)]
    tax = [row for n in (1, 2, 3) for row in wages("2024-04", "2024-09", person_id=f"P{n}")]
    facts = scene(homes, people, [("P2", "P3")], tax=tax, social_insurance=[], complete=["social_insurance"])
    leads = run("U02", facts)
    assert [lead["household_id"] for lead in leads] == ["H1", "H2", "H3"]
    assert all("涉及 2 人" in lead["explanation_zh"] and FIRM not in lead["explanation_zh"] for lead in leads)


CASE = {"person_id": "P1", "case_no": "安工认20240087", "recognised_on": "2024-06-03"}
SETTLED = {"person_id": "P2", "case_no": "安工认20240051", "recognised_on": "2024-04-03", "paid_on": "2024-04-28"}
COUPLE = [WORKER, {"person_id": "P2", "household_id": "H1", "relation": "SPOUSE"}]

U03_CASES: list[tuple[str, Rows, Rows, str | None]] = [
    ("unpaid", [CASE], [], "LOW"),
    ("thirty-one days", [{**CASE, "recognised_on": "2024-11-30"}], [], "LOW"),
    ("paid nothing", [{**CASE, "paid_yuan": 0}], [], "LOW"),
    ("a benefit of before", [CASE], [aid("WORK_INJURY_BENEFIT", "2023-01", "2023-12")], "LOW"),
    ("thirty days", [{**CASE, "recognised_on": "2024-12-01"}], [], None),
    ("paid", [{**CASE, "paid_on": "2024-07-01", "paid_yuan": 30000}], [], None),
    ("a day without an amount", [{**CASE, "paid_on": "2024-07-01"}], [], None),
    ("an amount without a day", [{**CASE, "paid_yuan": 30000}], [], None),
    ("paid by another record of the case", [CASE, {**CASE, "recognised_on": None, "paid_yuan": 500}], [], None),
    ("a monthly benefit", [CASE], [aid("WORK_INJURY_BENEFIT", "2024-07")], None),
    ("not recognised", [{**CASE, "recognised_on": None}], [], None),
    (
        "another person's name",
        [{**CASE, "paid_on": "2024-07-01"}, {**CASE, "case_no": "x", "paid_on": "2024-08-01"}],
        [],
        None,
    ),
]


@pytest.mark.parametrize(
    ("cases", "paid", "severity"), [row[1:] for row in U03_CASES], ids=[row[0] for row in U03_CASES]
)
def test_an_injury_without_a_payment(scene: Scene, run: Run, cases: Rows, paid: Rows, severity: str | None) -> None:
    leads = run("U03", scene([HOME], COUPLE, injury_cases=[*cases, SETTLED], aid=paid))
    assert [lead["severity"] for lead in leads] == ([severity] if severity else [])


def test_a_feed_that_tells_of_no_payment_at_all_says_little(scene: Scene, run: Run) -> None:
    (lead,) = run("U03", scene([HOME], COUPLE, injury_cases=[CASE]))
    assert lead["severity"] == "INFO"
    assert {"name": "not_told", "result": "UNKNOWN"} in lead["exceptions"]
    assert {"name": "paid_elsewhere", "result": "UNKNOWN"} in lead["exceptions"]


def test_two_cases_are_two_leads(scene: Scene, run: Run) -> None:
    leads = run(
        "U03", scene([HOME], COUPLE, injury_cases=[CASE, {**CASE, "case_no": "安工认20240099"}, SETTLED], aid=[])
    )
    assert len({lead["finding_id"] for lead in leads}) == len(leads) == 2


def contributions(first: str, last: str | None, **other: Any) -> Rows:
    return span(first, last, **{"kind": "UNEMPLOYMENT", "status": "ENDED", **other})


REGISTERED = aid("UNEMPLOYMENT_REGISTRATION", "2024-03", "2024-03", 0)

U06_CASES: list[tuple[str, dict[str, Any], Rows, Rows, Rows, Rows, bool]] = [
    ("two years paid", {}, contributions("2022-01", "2024-02"), [REGISTERED], [], [], True),
    ("a year, month by month", {}, insured("2023-03", "2024-02", kind="UNEMPLOYMENT"), [REGISTERED], [], [], True),
    ("benefit years ago", {}, contributions("2022-01", "2024-02"), [REGISTERED], benefit("2020-01", "2020-06"), [], True),
    ("an identity nobody has checked", {}, contributions("2022-01", "2024-02", grade="G5"), [REGISTERED], [], [], True),
    ("eleven months", {}, contributions("2023-04", "2024-02"), [REGISTERED], [], [], False),
    ("paid out of his own pocket", {}, contributions("2022-01", "2024-02", payer="FLEXIBLE"), [REGISTERED], [], [], False),
    ("pension insurance alone", {}, span("2022-01", "2024-02", status="ENDED"), [REGISTERED], [], [], False),
    ("still paying", {}, contributions("2022-01", None, status="PAYING"), [REGISTERED], [], [], False),
    ("not registered", {}, contributions("2022-01", "2024-02"), [], [], [], False),
    ("registered before the job", {}, contributions("2022-01", "2024-02"), [{**REGISTERED, "start_month": "2021-03"}], [], [],
     False),
    ("registered this month", {}, contributions("2022-01", "2024-11"), [{**REGISTERED, "start_month": "2024-12"}], [], [], False),
    ("long ago", {}, contributions("2019-01", "2021-02"), [REGISTERED], [], [], False),
    ("benefit paid", {}, contributions("2022-01", "2024-02"), [REGISTERED], benefit("2024-04", "2024-04"), [], False),
    ("benefit told by aid", {}, contributions("2022-01", "2024-02"),
     [REGISTERED, aid("UI_BENEFIT", "2024-04", "2024-09")], [], [], False),
    ("benefit told by the insurer", {}, contributions("2022-01", "2024-02")
     + span("2024-03", kind="UNEMPLOYMENT", status="DRAWING", payer=None), [REGISTERED], [], [], False),
    ("at work again", {}, contributions("2022-01", "2024-02") + insured("2024-07", "2024-09"), [REGISTERED], [], [], False),
    ("a wage since", {}, contributions("2022-01", "2024-02"), [REGISTERED], [], wages("2024-07", "2024-09"), False),
    ("the last wage, a month later", {}, contributions("2022-01", "2024-02"), [REGISTERED], [], wages("2024-03", "2024-03"),
     True),
    ("a pensioner", {}, contributions("2022-01", "2024-02") + span("2024-03", status="DRAWING"), [REGISTERED], [], [], False),
    ("at work again, by a link nobody has checked", {},
     contributions("2022-01", "2024-02") + insured("2024-07", "2024-09", grade="G5"), [REGISTERED], [], [], False),
    ("past the age", {"birth_date": "1963-01-01"}, contributions("2022-01", "2024-02"), [REGISTERED], [], [], False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("member", "records", "paid", "had", "tax", "expected"),
    [row[1:] for row in U06_CASES],
    ids=[row[0] for row in U06_CASES],
)
def test_benefit_that_nobody_claims(
    scene: Scene, run: Run, member: dict[str, Any], records: Rows, paid: Rows, had: Rows, tax: Rows, expected: bool
) -> None:
    facts = scene(
        [HOME], [{**WORKER, **member}], social_insurance=records, aid=paid, unemployment_benefit=had, tax=tax,
        complete=["social_insurance", "unemployment_benefit"],
    )  # fmt: skip
    assert bool(run("U06", facts)) is expected


@pytest.mark.parametrize("complete", [(), ("social_insurance",), ("unemployment_benefit",)])
def test_nothing_is_unclaimed_where_not_all_is_told(scene: Scene, run: Run, complete: tuple[str, ...]) -> None:
    records = contributions("2022-01", "2024-02")
    given: dict[str, Any] = {"social_insurance": records, "aid": [REGISTERED], "unemployment_benefit": []}
    assert run("U06", scene([HOME], [WORKER], complete=complete, **given)) == []


@pytest.mark.parametrize(
    ("rule", "given"), [("U02", {"social_insurance": []}), ("U06", {"social_insurance": [], "aid": []})]
)
def test_what_was_not_asked_is_said(scene: Scene, rule: str, given: dict[str, Rows]) -> None:
    findings, (ran,) = finding.judge(scene([HOME], [WORKER], **given), book.chosen((rule,), scenes.AS_OF))
    assert findings.is_empty()
    assert ran.missing == (("tax|union_roll",) if rule == "U02" else ("unemployment_benefit",))
