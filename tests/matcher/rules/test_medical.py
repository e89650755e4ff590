"""P14, C05, U05, H12: bills paid twice, above their cost, not helped with, or declared above what was settled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from matcher.rules.rule import Facts

Scene = Callable[..., Facts]
Run = Callable[[str, Facts], list[dict[str, Any]]]

HOME = {"household_id": "H1", "applied_on": "2024-03-01", "file_opened_on": "2024-04-01", "division_code": "410502"}
MEMBERS = [
    {"person_id": "P1", "household_id": "H1", "relation": "HEAD", "id_number": "410502196603010018"},
    {"person_id": "P2", "household_id": "H1", "relation": "SPOUSE", "id_number": "410502196805120020"},
]


def bill(
    total: int | None = 12000, insured: int | None = 8000, borne: int | None = None, **other: Any
) -> dict[str, Any]:
    left = total - insured if borne is None and total is not None and insured is not None else borne
    return {
        "person_id": "P1", "settlement_no": "JS0001", "invoice_no": "00410202", "hospital": "安阳市人民医院",
        "admitted_on": "2024-06-03", "total_yuan": total, "insurance_paid_yuan": insured, "patient_paid_yuan": left, **other,
    }  # fmt: skip


def helped(
    programme: str, month: str, yuan: int | None, number: str | None = "00410202", **other: Any
) -> dict[str, Any]:
    return {
        "person_id": "P1", "programme": programme, "start_month": month, "end_month": month, "amount_yuan": yuan,
        "document_no": number, **other,
    }  # fmt: skip


ONE, TWO = bill(), bill(settlement_no="JS0002")


def seen(leads: list[dict[str, Any]]) -> list[tuple[str, int]]:
    return [(lead["severity"], int(lead["amount_high_yuan"])) for lead in leads]


@pytest.mark.parametrize(
    ("settlements", "payments", "expected"),
    [
        pytest.param([ONE, TWO], [], [("HIGH", 4000)], id="settled twice"),
        pytest.param([ONE, TWO, bill(settlement_no="JS0003")], [], [("HIGH", 12000)], id="settled three times"),
        pytest.param([ONE, bill(12000, 5000, settlement_no="JS0002")], [], [("MEDIUM", 1000)], id="not exactly"),
        pytest.param([ONE, {**TWO, "person_id": "P2"}], [], [("HIGH", 4000)], id="by two people"),
        pytest.param([bill(invoice_no=None), bill(invoice_no=None, settlement_no="JS0002")], [], [("MEDIUM", 4000)], id="no invoice"),
        pytest.param([bill(invoice_no="12"), bill(invoice_no="12", settlement_no="JS0002")], [], [("MEDIUM", 4000)],
                     id="no invoice's number"),
        pytest.param([ONE], [helped("MEDICAL_AID", "2024-07", 3000), helped("MEDICAL_AID", "2024-09", 3000)], [("HIGH", 2000)],
                     id="aided twice"),
        pytest.param([ONE], [helped("MEDICAL_AID", "2024-07", 3000, "JS0001"), helped("MEDICAL_AID", "2024-09", 2500)],
                     [("MEDIUM", 1500)], id="named by either number"),
        pytest.param([ONE], [helped("CHARITY_MEDICAL", "2024-07", 3000), helped("CHARITY_MEDICAL", "2024-07", 3000, person_id="P2")],
                     [("HIGH", 2000)], id="aided through two people"),
        # no lead
        pytest.param([ONE], [], [], id="one"),
        pytest.param([ONE, ONE], [], [], id="delivered twice"),
        pytest.param([bill(settlement_no=None)] * 2, [], [], id="no settlement number"),
        pytest.param([bill(invoice_no=None, settlement_no=None)] * 2, [], [], id="no number at all"),
        pytest.param([ONE, bill(12000, 4000, settlement_no="JS0002")], [], [], id="settled in parts"),
        pytest.param([ONE, bill(invoice_no="00410999", settlement_no="JS0002")], [], [], id="two invoices"),
        pytest.param([ONE, TWO, bill(-12000, -8000, settlement_no="JS0003")], [], [], id="reversed"),
        pytest.param([ONE, bill(None, None, settlement_no="JS0002")], [], [], id="amounts not stated"),
        pytest.param([ONE], [helped("MEDICAL_AID", "2024-07", 3000), helped("MUTUAL_MEDICAL_AID", "2024-09", 3000)], [], id="layers"),
        pytest.param([ONE], [helped("MEDICAL_AID", "2024-07", 2000), helped("MEDICAL_AID", "2024-09", 2000)], [], id="up to the part"),
        pytest.param([ONE], [helped("MEDICAL_AID", "2024-07", 3000), helped("MEDICAL_AID", "2024-07", 3000)], [], id="told twice"),
        pytest.param([ONE], [helped("MEDICAL_AID", "2024-07", 3000, None), helped("MEDICAL_AID", "2024-09", 3000, None)], [],
                     id="no bill named"),
        pytest.param([ONE], [helped("MEDICAL_AID", "2024-07", 3000, "00419999"), helped("MEDICAL_AID", "2024-09", 3000)], [],
                     id="another bill"),
        pytest.param([], [helped("MEDICAL_AID", "2024-07", 3000), helped("MEDICAL_AID", "2024-09", 3000)], [], id="an unknown bill"),
        pytest.param([ONE], [helped("TEMPORARY_AID", "2024-07", 3000), helped("TEMPORARY_AID", "2024-09", 3000)], [], id="other aid"),
    ],
)  # fmt: skip
def test_one_bill_twice(
    scene: Scene,
    run: Run,
    settlements: list[dict[str, Any]],
    payments: list[dict[str, Any]],
    expected: list[tuple[str, int]],
) -> None:
    leads = run("P14", scene([HOME], MEMBERS, medical=settlements, aid=payments))
    assert seen(leads) == expected
    for lead in leads:
        assert "00410202" not in lead["explanation_zh"]
        assert "人民医院" not in lead["explanation_zh"]


def test_bills_are_judged_without_aid_too(scene: Scene, run: Run) -> None:
    assert seen(run("P14", scene([HOME], MEMBERS, medical=[ONE, TWO]))) == [("HIGH", 4000)]


STAY = bill(30000, 20000)
AWAY, STRANGER = {"household_id": "H8"}, {"person_id": "P8", "household_id": "H8"}
EARLY = bill(900, 800, settlement_no="JS8", invoice_no="00418888", person_id="P8", admitted_on="2022-06-01")
"""Somebody else's old bill: the extract reaches back so far."""

AID, MUTUAL, CHARITY = "MEDICAL_AID", "MUTUAL_MEDICAL_AID", "CHARITY_MEDICAL"


@pytest.mark.parametrize(
    ("payments", "complete", "expected"),
    [
        pytest.param([helped(AID, "2024-07", 7000), helped(MUTUAL, "2024-08", 6000)], False, [("MEDIUM", 3000)], id="two layers"),
        pytest.param([helped(AID, "2024-07", 7000), helped(MUTUAL, "2024-08", 2000), helped(CHARITY, "2024-09", 1500, "JS0001")], False,
                     [("MEDIUM", 500)], id="three layers"),
        pytest.param([helped("ENTERPRISE_SUPPLEMENTARY", "2024-07", 11000)], False, [("MEDIUM", 1000)], id="supplementary"),
        pytest.param([helped("LARGE_EXPENSE_INSURANCE", "2024-07", 11000)], False, [("LOW", 1000)], id="perhaps in the settlement"),
        pytest.param([helped(AID, "2024-06", 7000), helped(MUTUAL, "2024-08", 6000)], False, [("LOW", 3000)], id="settled at once"),
        pytest.param([helped(AID, "2024-07", 7000, None), helped(MUTUAL, "2024-08", 6000, None)], True, [("MEDIUM", 3000)], id="a year"),
        pytest.param([helped(AID, "2024-07", 7000, None), helped(MUTUAL, "2024-08", 6000, None, person_id="P2")], True,
                     [("MEDIUM", 3000)], id="a year of the household"),
        # no lead
        pytest.param([helped(AID, "2024-07", 7000), helped(MUTUAL, "2024-08", 3000)], False, [], id="to the last yuan"),
        pytest.param([helped(AID, "2024-07", 7000), helped(MUTUAL, "2024-08", 3010)], False, [], id="rounded"),
        pytest.param([helped(AID, "2024-07", 7000), helped(MUTUAL, "2024-08", 6000, None)], False, [], id="one names no bill"),
        pytest.param([helped(AID, "2024-07", 7000, None), helped(MUTUAL, "2024-08", 6000, None)], False, [], id="bills not all known"),
        pytest.param([helped(AID, "2023-12", 7000, None), helped(MUTUAL, "2024-08", 6000, None)], True, [], id="two years"),
        pytest.param([helped(AID, "2024-07", 7000), helped("TEMPORARY_AID", "2024-08", 6000)], False, [], id="not for the bill"),
        pytest.param([helped(AID, "2024-07", 11000, None, cause="资助参保")], True, [], id="a contribution"),
        pytest.param([helped(AID, "2024-07", 7000), helped(MUTUAL, "2024-08", 6000), helped(MUTUAL, "2024-08", -6000)], False, [],
                     id="reversed"),
        pytest.param([helped(AID, "2024-07", None), helped(MUTUAL, "2024-08", 6000)], False, [], id="an unknown amount"),
        pytest.param([helped(AID, "2024-07", 7000), helped(AID, "2024-09", 7000)], False, [], id="rule P14's"),
        pytest.param([helped("BASIC_MEDICAL", "2024-07", 20000)], False, [], id="the insurance itself"),
    ],
)  # fmt: skip
def test_more_than_it_cost(
    scene: Scene, run: Run, payments: list[dict[str, Any]], complete: bool, expected: list[tuple[str, int]]
) -> None:
    facts = scene(
        [HOME, AWAY],
        [*MEMBERS, STRANGER],
        medical=[STAY, EARLY],
        aid=payments,
        complete=("medical",) if complete else (),
    )
    leads = run("C05", facts)
    assert seen(leads) == expected
    for lead in leads:
        assert "00410202" not in lead["explanation_zh"]


@pytest.mark.parametrize(
    "more",
    [
        {"medical": [STAY, bill(9000, 1000, settlement_no="JS9", invoice_no="99", person_id="P2")]},
        {"medical": [STAY, bill(None, None, settlement_no="JS9", invoice_no="99")]},
        {"medical": [STAY, bill(9000, 1000, settlement_no="JS9", invoice_no="99", admitted_on="2023-02-01")]},
        {"reviewed": {"medical": [bill(9000, 1000, settlement_no="JS9", person_id="P2")]}},
        {"medical": []},
        {"aid": [helped(AID, "2024-07", 7000, None), helped(MUTUAL, "2024-08", 6000, "00419999")]},
        {"members": [MEMBERS[0], {**MEMBERS[1], "id_number": None}]},
    ],
    ids=[
        "another's bill",
        "a bill of unknown size",
        "last year's bill",
        "a bill under review",
        "no bill",
        "a bill not told",
        "nobody could find her",
    ],
)
def test_a_year_is_judged_only_where_every_bill_is_known(scene: Scene, run: Run, more: dict[str, Any]) -> None:
    paid = [helped(AID, "2024-07", 7000, None), helped(MUTUAL, "2024-08", 6000, None)]
    members = more.pop("members", MEMBERS)
    more["medical"] = [*more.pop("medical", [STAY]), EARLY]
    facts = scene([HOME, AWAY], [*members, STRANGER], **{"aid": paid, "complete": ("medical",), **more})
    assert run("C05", facts) == []


TOLD = ("medical", "tax", "social_insurance", "unemployment_benefit", "aid")
SILENT: dict[str, list[dict[str, Any]]] = {"tax": [], "social_insurance": [], "unemployment_benefit": [], "aid": []}
HEAVY = bill(60000, 34000, admitted_on="2024-08-03")


def wage(yuan: int) -> list[dict[str, Any]]:
    months = ["2023-12", *(f"2024-{month:02d}" for month in range(1, 13))]
    return [{"person_id": "P1", "kind": "工资薪金", "income_month": month, "income_yuan": yuan} for month in months]


@pytest.mark.parametrize(
    ("change", "severity"),
    [
        pytest.param({}, "LOW", id="no income"),
        pytest.param({"tax": wage(7000)}, "LOW", id="more than three tenths"),
        pytest.param({"medical": [HEAVY, bill(9000, 5000, settlement_no="JS9", invoice_no="99999", person_id="P2")], "tax": wage(8000)},
                     "LOW", id="two members' bills"),
        pytest.param({"aid": [helped(AID, "2023-06", 9000)]}, "LOW", id="helped long ago"),
        pytest.param({"aid": [helped(MUTUAL, "2024-09", 2000)]}, "LOW", id="something given back"),
        pytest.param({"home": {"declared_monthly_income_yuan": 3000}}, "LOW", id="declared"),
        pytest.param({"complete": ("medical", "aid"), "home": {"declared_monthly_income_yuan": 3000}}, "INFO", id="declared alone"),
        # no lead
        pytest.param({"tax": wage(7500)}, None, id="three tenths are more"),
        pytest.param({"home": {"declared_monthly_income_yuan": 7500}}, None, id="declared so much"),
        pytest.param({"complete": ("medical", "aid")}, None, id="nobody knows the income"),
        pytest.param({"medical": [bill(9000, 6100, admitted_on="2024-08-03")]}, None, id="a small bill"),
        pytest.param({"medical": [bill(60000, 34000, admitted_on="2023-08-03")]}, None, id="long ago"),
        pytest.param({"medical": [HEAVY, HEAVY], "tax": wage(7500)}, None, id="told twice"),
        pytest.param({"medical": [{**HEAVY, "grade": "G5"}]}, None, id="perhaps another's"),
        pytest.param({"aid": [helped(AID, "2024-09", 100)]}, None, id="helped"),
        pytest.param({"aid": [helped(AID, "2024-09", 100, person_id="P2")]}, None, id="helped through the spouse"),
        pytest.param({"reviewed": {"aid": [helped(AID, "2024-09", 100)]}}, None, id="perhaps helped"),
        pytest.param({"complete": ("medical", "tax", "social_insurance", "unemployment_benefit")}, None, id="aid not fully told"),
        pytest.param({"aid": [helped(MUTUAL, "2024-09", 24000)]}, None, id="given back"),
        pytest.param({"home": {"file_closed_on": "2024-11-01"}}, None, id="no longer on file"),
    ],
)  # fmt: skip
def test_costs_without_aid(scene: Scene, run: Run, change: dict[str, Any], severity: str | None) -> None:
    home = {**HOME, **change.pop("home", {})}
    facts = scene([home], MEMBERS, **{"medical": [HEAVY], **SILENT, "complete": TOLD, **change})
    assert [lead["severity"] for lead in run("U05", facts)] == ([severity] if severity else [])


@pytest.mark.parametrize(
    ("declared", "settlements", "change", "lead"),
    [
        pytest.param(30000, [bill(30000, 20000)], {}, True, id="far above"),
        pytest.param(13001, [bill(30000, 20000)], {}, True, id="a yuan above"),
        pytest.param(2000, [], {}, True, id="nothing settled"),
        pytest.param(30000, [bill(30000, 20000, admitted_on="2023-02-01")], {}, True, id="settled before that year"),
        pytest.param(30000, [bill(30000, 10000), bill(30000, 10000)], {}, True, id="told twice"),
        # no lead
        pytest.param(13000, [bill(30000, 20000)], {}, False, id="within the tolerance"),
        pytest.param(1000, [], {}, False, id="little"),
        pytest.param(None, [bill(30000, 20000)], {}, False, id="not declared"),
        pytest.param(30000, [bill(30000, 15000), bill(30000, 20000, settlement_no="JS9", invoice_no="99999", person_id="P2")], {}, False,
                     id="the whole household's"),
        pytest.param(30000, [bill(30000, 20000)], {"complete": ()}, False, id="not all is known"),
        pytest.param(30000, [bill(None, None)], {}, False, id="an amount not stated"),
        pytest.param(30000, [bill(30000, 20000)], {"recent": True}, False, id="the extract begins later"),
        pytest.param(30000, [bill(30000, 20000)], {"reviewed": {"medical": [bill(9000, 1000, person_id="P2")]}}, False, id="under review"),
        pytest.param(30000, [bill(30000, 20000)],
                     {"coverage": [{"person_id": "P1", "source": "medical", "state": "VALUE"},
                                   {"person_id": "P2", "source": "medical", "state": "NOT_AUTHORISED"}]}, False, id="not authorised"),
    ],
)  # fmt: skip
def test_declared_above_what_was_settled(
    scene: Scene,
    run: Run,
    declared: int | None,
    settlements: list[dict[str, Any]],
    change: dict[str, Any],
    lead: bool,
) -> None:
    home = {**HOME, "applied_on": "2024-09-01", "declared_medical_yuan": declared}
    other = {"household_id": "H9", "declared_medical_yuan": 500}
    members = [*MEMBERS, {"person_id": "P9", "household_id": "H9", "id_number": None}, STRANGER]
    told = [*settlements, *([] if change.pop("recent", False) else [EARLY])]
    facts = scene([home, other, AWAY], members, **{"medical": told, "complete": ("medical",), **change})
    found = run("H12", facts)
    assert [each["severity"] for each in found] == (["LOW"] if lead else [])
    assert [each["amount_high_yuan"] for each in found] == ([0] if lead else [])


def test_other_bills_may_take_what_one_bill_cannot(scene: Scene, run: Run) -> None:
    paid = [helped(AID, "2024-07", 7000), helped(MUTUAL, "2024-08", 6000)]
    other = bill(9000, 4000, settlement_no="JS9", invoice_no="00419999", person_id="P2")
    assert seen(run("C05", scene([HOME], MEMBERS, medical=[STAY, other], aid=paid))) == [("LOW", 3000)]


def test_a_year_is_not_judged_by_an_extract_that_begins_in_it(scene: Scene, run: Run) -> None:
    paid = [helped(AID, "2024-07", 7000, None), helped(MUTUAL, "2024-08", 6000, None)]
    assert run("C05", scene([HOME], MEMBERS, medical=[STAY], aid=paid, complete=("medical",))) == []
