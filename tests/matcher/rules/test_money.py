"""H06, H08, H09, U01 and U08: savings and income against the limit and the line, in tables of cases."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.rules import book, finding
from tests.matcher.rules import scenes
from tests.matcher.rules.conftest import Run

Row = dict[str, Any]

ASKED = ("tax", "social_insurance", "unemployment_benefit", "aid")
HOME: Row = {
    "household_id": "H1", "applied_on": "2024-01-05", "file_opened_on": "2024-02-01", "division_code": "410502",
}  # fmt: skip
HEAD: Row = {"person_id": "P1", "household_id": "H1", "relation": "HEAD"}
CHILD: Row = {"person_id": "P2", "household_id": "H1", "relation": "CHILD"}
DIBAO: Row = {"person_id": "P1", "programme": "DIBAO", "start_month": "2024-01", "amount_yuan": 600}


def wages(yuan: int | None, first: int = 1, last: int = 12) -> list[Row]:
    return [
        {"person_id": "P1", "kind": "工资薪金", "income_yuan": yuan, "income_month": f"2024-{month:02d}"}
        for month in range(first, last + 1)
    ]


def income(
    home: Row | None = None, members: Sequence[Row] = (HEAD,), complete: Sequence[str] = ASKED, **rows: Sequence[Row]
) -> Any:
    sources: dict[str, Any] = {**dict.fromkeys(ASKED, ()), **rows}
    return scenes.scene([{**HOME, **(home or {})}], members, complete=complete, **sources)


H08: list[tuple[str, dict[str, Any], tuple[str, int, int] | None]] = [
    ("in work since January, and dibao", {"tax": wages(4000), "aid": [DIBAO]}, ("MEDIUM", 4800, 4800)),
    ("no dibao", {"tax": wages(4000)}, None),
    ("dibao ended in August", {"tax": wages(4000), "aid": [{**DIBAO, "end_month": "2024-08"}]}, None),
    ("the least amount is below", {"tax": wages(600), "aid": [DIBAO]}, None),
    ("a wage without an amount", {"tax": wages(None), "aid": [DIBAO]}, None),
    ("in work since October", {"tax": wages(4000, first=10), "aid": [DIBAO]}, None),
    ("in work since June: three months of gradual exit do not count", {"tax": wages(4000, first=6), "aid": [DIBAO]},
     ("MEDIUM", 1800, 1800)),
    ("one month of three", {"tax": wages(4000, first=1, last=9), "aid": [DIBAO]}, None),
    ("a pension that began needs no gradual exit", {"social_insurance": [{
        "person_id": "P1", "kind": "EMPLOYEE_PENSION", "status": "DRAWING", "benefit_yuan": 2000, "start_month": "2024-09"}],
        "aid": [DIBAO]}, ("MEDIUM", 1800, 1800)),
    ("the file is closed", {"home": {"file_closed_on": "2024-11-20"}, "tax": wages(4000), "aid": [DIBAO]}, None),
    ("two people, a little above: dibao for one alone is possible",
     {"members": (HEAD, CHILD), "tax": wages(1800), "aid": [DIBAO]}, ("LOW", 0, 4800)),
    ("the living subsidy ends at twice the line", {"tax": wages(1300), "aid": [{**DIBAO, "programme": "LIVING_SUBSIDY"}]}, None),
    ("and is looked at above it", {"tax": wages(1400), "aid": [{**DIBAO, "programme": "LIVING_SUBSIDY"}]}, ("LOW", 0, 4800)),
]  # fmt: skip


@pytest.mark.parametrize(("told", "expected"), [row[1:] for row in H08], ids=[row[0] for row in H08])
def test_aid_above_the_line(run: Run, told: dict[str, Any], expected: tuple[str, int, int] | None) -> None:
    found = [
        (each["severity"], each["amount_low_yuan"], each["amount_high_yuan"]) for each in run("H08", income(**told))
    ]
    assert found == ([expected] if expected else [])


@pytest.mark.parametrize("silent", ASKED)
@pytest.mark.parametrize("rule", ["H08", "H09", "U01", "U08"])
def test_one_source_that_is_silent_about_one_member_silences_all(run: Run, rule: str, silent: str) -> None:
    complete = [source for source in ASKED if source != silent]
    gone = {"file_closed_on": "2024-02-20", "exit_reason": "脱困"} if rule == "U08" else {}
    told: dict[str, Any] = {"tax": wages(4000)} if rule in ("H08", "H09") else {}
    aid = [DIBAO] if rule == "H08" else []
    assert run(rule, income(home=gone, members=(HEAD, CHILD), aid=aid, **told))
    assert not run(rule, income(home=gone, members=(HEAD, CHILD), complete=complete, aid=aid, **told))


H09: list[tuple[str, dict[str, Any], bool]] = [
    ("six months above", {"tax": wages(2600)}, True),
    ("five months", {"tax": wages(2600, first=7)}, False),
    ("one month exactly at the line", {"tax": [*wages(2600, last=9), *wages(660, 10, 10), *wages(2600, 11)]}, False),
    ("one month unknown", {"tax": [*wages(2600, last=9), *wages(None, 10, 10), *wages(2600, 11)]}, False),
    ("dibao: H08 speaks", {"tax": wages(2600), "aid": [DIBAO]}, False),
    ("an illness", {"tax": wages(2600), "home": {"causes": "重特大疾病"}}, False),
    ("an illness that is over", {"tax": wages(2600), "home": {"causes": "重特大疾病（已消除）"}}, True),
    ("a shock", {"tax": wages(2600), "home": {"target_group": "EXPENDITURE_SHOCK"}}, False),
    ("an application without a file", {"tax": wages(2600), "home": {"file_opened_on": None}}, False),
    ("no member's income", {}, False),
]


@pytest.mark.parametrize(("told", "expected"), [row[1:] for row in H09], ids=[row[0] for row in H09])
def test_exit_due(run: Run, told: dict[str, Any], expected: bool) -> None:
    assert [each["severity"] for each in run("H09", income(**told))] == (["INFO"] if expected else [])


U01: list[tuple[str, dict[str, Any], str | None]] = [
    ("nothing on record", {}, "INFO"),
    ("nothing declared either", {"home": {"declared_monthly_income_yuan": 0}}, "LOW"),
    ("dibao", {"aid": [DIBAO]}, None),
    ("dibao that ended long ago", {"aid": [{**DIBAO, "end_month": "2024-03"}]}, "INFO"),
    ("destitution support", {"aid": [{**DIBAO, "programme": "TEKUN"}]}, None),
    ("a declared income above the line", {"home": {"declared_monthly_income_yuan": 700}}, None),
    ("of two members together", {"members": [{**HEAD, "declared_monthly_income_yuan": 1400}, CHILD]}, None),
    ("farming, nobody knows for how much", {"members": [{**HEAD, "declared_employment": "务农"}]}, None),
    ("a live business", {"business": [{"person_id": "P1", "role": "OWNER", "status": "LIVE"}]}, None),
    ("a business without turnover", {"business": [{"person_id": "P1", "role": "OWNER", "status": "LIVE", "turnover_yuan": 0}]},
     "INFO"),
    ("a closed file", {"home": {"file_closed_on": "2024-06-01"}}, None),
    ("a wage in one of the three months", {"tax": wages(3000, first=10, last=10)}, None),
    ("exactly the line", {"tax": wages(660)}, None),
]  # fmt: skip


@pytest.mark.parametrize(("told", "expected"), [row[1:] for row in U01], ids=[row[0] for row in U01])
def test_below_the_line(run: Run, told: dict[str, Any], expected: str | None) -> None:
    assert [each["severity"] for each in run("U01", income(**told))] == ([expected] if expected else [])


LEFT = {"file_closed_on": "2024-03-10", "exit_reason": "脱困"}
BILL = {"person_id": "P1", "settlement_no": "S1", "admitted_on": "2024-07-02", "patient_paid_yuan": 9000}
U08: list[tuple[str, dict[str, Any], bool]] = [
    ("no income since", {"home": LEFT}, True),
    ("a wage in all months but one", {"home": LEFT, "tax": wages(2000, last=10)}, False),
    ("a wage in one of three months", {"home": LEFT, "tax": wages(2000, last=9)}, True),
    ("a death", {"home": {**LEFT, "exit_reason": "死亡"}}, False),
    ("hardship that is not over", {"home": {**LEFT, "exit_reason": "未脱困，迁出"}}, False),
    ("no reason", {"home": {"file_closed_on": "2024-03-10"}}, False),
    ("long ago", {"home": {**LEFT, "file_closed_on": "2021-03-10"}}, False),
    ("closed last month: no month since is known", {"home": {**LEFT, "file_closed_on": "2024-11-20"}}, False),
    ("nobody is left", {"home": LEFT, "members": [{**HEAD, "valid_to": "2024-03-10"}]}, False),
    ("a great bill since", {"home": LEFT, "tax": wages(2000), "medical": [BILL]}, True),
    ("two bills that make it", {"home": LEFT, "tax": wages(2000), "medical": [{**BILL, "patient_paid_yuan": 5000}, {**BILL, "settlement_no": "S2", "patient_paid_yuan": 5000}]}, True),
    ("one bill told twice", {"home": LEFT, "tax": wages(2000), "medical": [{**BILL, "patient_paid_yuan": 5000}, {**BILL, "patient_paid_yuan": 5000}]}, False),
    ("a bill from before", {"home": LEFT, "tax": wages(2000), "medical": [{**BILL, "admitted_on": "2024-03-09"}]}, False),
    ("exactly a year's line", {"home": LEFT, "tax": wages(2000), "medical": [{**BILL, "patient_paid_yuan": 7920}]}, False),
    ("a bill nobody has checked", {"home": LEFT, "tax": wages(2000), "medical": [{**BILL, "grade": "G5"}]}, False),
    ("a bill of unknown amount", {"home": LEFT, "tax": wages(2000), "medical": [{**BILL, "patient_paid_yuan": None}]}, False),
]  # fmt: skip


@pytest.mark.parametrize(("told", "expected"), [row[1:] for row in U08], ids=[row[0] for row in U08])
def test_return_to_hardship(run: Run, told: dict[str, Any], expected: bool) -> None:
    assert [each["severity"] for each in run("U08", income(**told))] == (["LOW"] if expected else [])


BOOK: Row = {
    "person_id": "P1", "account_no": "6217000010001234567", "kind": "定期存款", "balance_yuan": 20000, "status": "ACTIVE",
    "opened_on": "2019-01-01", "as_of": "2024-12-31",
}  # fmt: skip
OTHER: Row = {**BOOK, "account_no": "6217000010007654321"}
LIMIT = 660 * 24
H06: list[tuple[str, list[Row], dict[str, Any], str | None]] = [
    ("above", [BOOK], {}, "OVER_LIMIT"),
    ("exactly the limit", [{**BOOK, "balance_yuan": LIMIT}], {}, None),
    ("a fen more", [{**BOOK, "balance_yuan": LIMIT + 1}], {}, "OVER_LIMIT"),
    ("two people", [BOOK], {"members": (HEAD, CHILD)}, None),
    ("one account told twice", [{**BOOK, "balance_yuan": 9000}, {**BOOK, "balance_yuan": 9000, "institution": "人民银行"}], {}, None),
    ("two accounts", [{**BOOK, "balance_yuan": 9000}, {**OTHER, "balance_yuan": 9000}], {}, "OVER_LIMIT"),
    ("of two different days", [{**BOOK, "balance_yuan": 9000}, {**OTHER, "balance_yuan": 9000, "as_of": "2024-11-30"}], {}, None),
    ("an older balance of the same account", [BOOK, {**BOOK, "balance_yuan": 900, "as_of": "2024-12-30"}], {}, "OVER_LIMIT"),
    ("spent since", [{**BOOK, "as_of": "2024-11-30"}, {**BOOK, "balance_yuan": 900}], {}, None),
    ("closed", [{**BOOK, "status": "CLOSED"}], {}, None),
    ("an average far below", [{**BOOK, "average_balance_6m_yuan": 900}], {}, None),
    ("a joint account", [{**BOOK, "kind": "联名账户"}], {}, None),
    ("a loan", [{**BOOK, "kind": "个人贷款"}], {}, None),
    ("savings for school", [{**BOOK, "kind": "教育储蓄"}], {}, None),
    ("no balance told", [{**BOOK, "balance_yuan": None}, {**OTHER, "balance_yuan": 10}], {}, None),
    ("less declared", [BOOK], {"home": {"declared_deposits_yuan": 1000}}, "UNDECLARED"),
    ("declared within the tolerance", [BOOK], {"home": {"declared_deposits_yuan": 16000}}, "OVER_LIMIT"),
    ("opened after the application", [{**BOOK, "opened_on": "2024-05-01"}], {"home": {"declared_deposits_yuan": 0}}, "OVER_LIMIT"),
    ("declared years ago", [BOOK], {"home": {"declared_deposits_yuan": 0, "applied_on": "2022-01-05"}}, "OVER_LIMIT"),
    ("a file closed before", [BOOK], {"home": {"file_closed_on": "2024-10-01"}}, None),
]  # fmt: skip


@pytest.mark.parametrize(("finance", "told", "expected"), [row[1:] for row in H06], ids=[row[0] for row in H06])
def test_financial_assets(run: Run, finance: list[Row], told: dict[str, Any], expected: str | None) -> None:
    found = run("H06", income(finance=finance, aid=[DIBAO], **told))
    assert [each["basis"] for each in found] == ([expected] if expected else [])
    assert all(each["amount_high_yuan"] == 600 for each in found)  # December's dibao, nothing backwards
    assert not any(BOOK["account_no"] in each["explanation_zh"] for each in found)


amounts = st.sampled_from([None, 0, 300, 700, 1400, 4000])
RULES = [rule for rule in book.BOOK if rule.id in ("H08", "H09", "U01")]


@settings(max_examples=30, deadline=None)
@given(
    st.lists(amounts, min_size=12, max_size=12),
    st.sampled_from([None, 200, 600]),
    st.sampled_from(["2024-01", "2024-09"]),
)
def test_nobody_is_above_and_below_and_nothing_is_above_what_was_paid(
    paid: list[int | None], aid: int | None, since: str
) -> None:
    told = [row for month, yuan in enumerate(paid, 1) if yuan != 0 for row in wages(yuan, month, month)]
    streams = [{**DIBAO, "amount_yuan": aid, "start_month": since}] if aid else []
    found = finding.run(income(tax=told, aid=streams), RULES).to_dicts()
    assert len(found) <= 1
    for each in found:
        assert Decimal(0) <= each["amount_low_yuan"] <= each["amount_high_yuan"] <= (aid or 0) * 12
