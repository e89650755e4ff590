"""What holds for every rule about aid granted twice, whatever was paid: order, amounts, ids, and who is not concerned."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from matcher.rules import book, finding
from tests.matcher.rules.scenes import scene

PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
"""Without shrinking: a scene takes its time."""

RULES = tuple(rule for rule in book.BOOK if rule.id.startswith("C") or rule.id == "P14")
CODES = (
    "DIBAO", "TEKUN", "LIVING_SUBSIDY", "UI_BENEFIT", "PUBLIC_WELFARE_POST", "TEMPORARY_AID", "DISASTER_RELIEF", "MEDICAL_AID",
    "MUTUAL_MEDICAL_AID", "STATE_STUDENT_AID", "GOLDEN_AUTUMN", "PLACEMENT_SUBSIDY", "JOB_STABILISATION_SUBSIDY",
)  # fmt: skip
HOMES = [
    {"household_id": home, "applied_on": "2023-03-01", "file_opened_on": "2023-04-01", "division_code": division}
    for home, division in (("H1", "410502"), ("H2", "429006"), ("H3", "410502"))
]
MEMBERS = [
    {"person_id": "P1", "household_id": "H1", "relation": "HEAD"},
    {"person_id": "P2", "household_id": "H1", "relation": "SPOUSE"},
    {"person_id": "P3", "household_id": "H2", "relation": "HEAD"},
    {"person_id": "P4", "household_id": "H2", "relation": "PARENT"},
    {"person_id": "P5", "household_id": "H1", "relation": "PARENT"},
    {"person_id": "P6", "household_id": "H3", "relation": "HEAD"},
]
SAME = [("P4", "P5")]
MONTHS = [f"2024-{month:02d}" for month in range(1, 13)]

PEOPLE = st.sampled_from(["P1", "P2", "P3", "P4", "P5"])


def maybe(*values: str) -> st.SearchStrategy[str | None]:
    return st.sampled_from([None, *values])


@st.composite
def aid(draw: st.DrawFn) -> list[dict[str, Any]]:
    rows = []
    for place in range(draw(st.integers(1, 9))):
        first, last = sorted(draw(st.tuples(st.sampled_from(MONTHS), st.sampled_from(MONTHS))))
        rows.append(
            {
                "record_id": f"A{place}", "person_id": draw(PEOPLE), "programme": draw(st.sampled_from(CODES)),
                "start_month": first, "end_month": draw(st.sampled_from([first, last, None])),
                "amount_yuan": draw(st.sampled_from([None, -300, 300, 300, 500])),
                "document_no": draw(maybe("文工〔2024〕5号", "纺工〔2024〕11号", "0041020231")),
                "payee_account": draw(maybe("6217000012345678901", "6217000098765432109")), "cause": draw(maybe("火灾", "重大疾病")),
                "agency": draw(maybe("文峰区民政局", "安阳市民政局")), "division_code": draw(maybe("410502", "410581")),
                "employer_uscc": draw(maybe("91410500MA40000012")),
            }
        )  # fmt: skip
    return rows


@st.composite
def medical(draw: st.DrawFn) -> list[dict[str, Any]]:
    rows = []
    for place in range(draw(st.integers(0, 4))):
        insured, borne = draw(st.sampled_from([None, 100, 800])), draw(st.sampled_from([None, 0, 200]))
        rows.append(
            {
                "record_id": f"M{place}", "person_id": draw(PEOPLE), "settlement_no": draw(maybe("JS0001", "JS0002")),
                "invoice_no": draw(maybe("0041020231", "0041020999")), "hospital": draw(maybe("安阳地区医院")),
                "admitted_on": draw(maybe("2024-04-08", "2023-04-08")), "insurance_paid_yuan": insured, "patient_paid_yuan": borne,
                "total_yuan": None if insured is None or borne is None else insured + borne,
            }
        )  # fmt: skip
    return rows


def leads(paid: list[dict[str, Any]], settled: list[dict[str, Any]], complete: bool = True) -> list[dict[str, Any]]:
    facts = scene(
        HOMES, MEMBERS, same_person=SAME, aid=paid, medical=settled, complete=("medical", "aid") if complete else ()
    )
    return finding.run(facts, RULES).to_dicts()


def paid_by(row: dict[str, Any]) -> Decimal:
    """What a row of aid can have paid at most, up to the reference date."""
    last = row["end_month"] or MONTHS[-1]
    count = MONTHS.index(last) - MONTHS.index(row["start_month"]) + 1
    return Decimal(max(row["amount_yuan"] or 0, 0) * count)


@settings(max_examples=25, deadline=None, phases=PHASES)
@given(aid(), medical(), st.randoms(), st.booleans())
def test_the_order_of_records_changes_nothing(
    paid: list[dict[str, Any]], settled: list[dict[str, Any]], rng: random.Random, complete: bool
) -> None:
    shuffled = leads(rng.sample(paid, len(paid)), rng.sample(settled, len(settled)), complete)
    assert shuffled == leads(paid, settled, complete)


@settings(max_examples=30, deadline=None, phases=PHASES)
@given(aid(), medical())
def test_amounts_stay_below_what_was_paid_and_ids_are_distinct(
    paid: list[dict[str, Any]], settled: list[dict[str, Any]]
) -> None:
    known = {row["record_id"]: paid_by(row) for row in paid}
    known |= {row["record_id"]: Decimal(max(row["insurance_paid_yuan"] or 0, 0)) for row in settled}
    found = leads(paid, settled)
    assert len({lead["finding_id"] for lead in found}) == len(found)
    for lead in found:
        records = {piece["record_id"] for piece in lead["evidence"] if piece["source"] in ("aid", "medical")}
        assert 0 <= lead["amount_low_yuan"] <= lead["amount_high_yuan"] <= sum(known[record] for record in records)
        for secret in ("6217000012345678901", "0041020231", "91410500MA40000012", "重大疾病", "文工"):
            assert secret not in lead["explanation_zh"] + lead["explanation_en"]


@settings(max_examples=30, deadline=None, phases=PHASES)
@given(aid(), medical())
def test_what_another_household_receives_changes_nothing(
    paid: list[dict[str, Any]], settled: list[dict[str, Any]]
) -> None:
    other = [{**row, "record_id": f"X{row['record_id']}", "person_id": "P6", "document_no": None} for row in paid]
    before = leads(paid, settled)
    after = leads([*paid, *other], settled)
    assert [lead for lead in after if lead["household_id"] != "H3"] == before


@settings(max_examples=40, deadline=None, phases=PHASES)
@given(aid())
def test_no_two_rules_ask_of_the_same_two_payments(paid: list[dict[str, Any]]) -> None:
    """One fact, one lead (docs/decisions/0012): postings of one payment are no second grant."""
    by: dict[frozenset[str], set[str]] = {}
    for lead in leads(paid, []):
        records = frozenset(piece["record_id"] for piece in lead["evidence"] if piece["source"] == "aid")
        if len(records) == 2 and lead["rule_id"] in ("C01", "C02", "C03", "C04", "C06", "C09"):
            by.setdefault(records, set()).add(lead["rule_id"])
    assert not [rules for rules in by.values() if len(rules) > 1]
