"""C01, C03, C04, C08, C09: aid that is granted, posted or paid to an employer twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from matcher.rules.rule import Facts

Scene = Callable[..., Facts]
Run = Callable[[str, Facts], list[dict[str, Any]]]

HOME = {"household_id": "H1", "applied_on": "2022-03-01", "file_opened_on": "2022-04-01", "division_code": "410502"}
MEMBERS = [
    {"person_id": "P1", "household_id": "H1", "relation": "HEAD"},
    {"person_id": "P2", "household_id": "H1", "relation": "SPOUSE"},
    {"person_id": "P3", "household_id": "H1", "relation": "PARENT"},
]


def aid(programme: str, start: str | None, end: str | None, yuan: int | None = 300, **other: Any) -> dict[str, Any]:
    return {
        "person_id": "P1",
        "programme": programme,
        "start_month": start,
        "end_month": end,
        "amount_yuan": yuan,
        **other,
    }


def living(start: str | None, end: str | None, yuan: int | None = 300, **other: Any) -> dict[str, Any]:
    return aid("LIVING_SUBSIDY", start, end, yuan, **other)


A: dict[str, Any] = {"document_no": "文工5号"}
B: dict[str, Any] = {"document_no": "纺工11号"}
CITY: dict[str, Any] = {"agency": "安阳市总工会"}
COUNTY: dict[str, Any] = {"agency": "文峰区总工会"}
LONG = living("2024-01", "2024-12", **A)


def seen(leads: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [
        (lead["severity"], int(lead["amount_high_yuan"]), str(lead["period_start"])[:7], str(lead["period_end"])[:7])
        for lead in leads
    ]


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        pytest.param([LONG, living("2024-03", "2024-05", 200, **B)], ("HIGH", 600, "2024-03", "2024-05"), id="two decisions"),
        pytest.param([LONG, living("2024-03", None, 200, **B)], ("HIGH", 2000, "2024-03", "2024-12"), id="until the scan"),
        pytest.param([living("2024-01", None, **A), living("2024-11", None, **B)], ("MEDIUM", 600, "2024-11", "2024-12"),
                     id="perhaps renewed"),
        pytest.param([living("2024-01", None, **A, **CITY), living("2024-11", None, **B, **COUNTY)],
                     ("HIGH", 600, "2024-11", "2024-12"), id="by two offices"),
        pytest.param(
            [living(f"2024-0{month}", f"2024-0{month}", **mark) for mark, first in ((A, 1), (B, 3)) for month in range(first, 7)],
            ("HIGH", 1200, "2024-03", "2024-06"), id="a row a month",
        ),
        pytest.param(
            [living("2024-01", "2024-12", payee_account="621700001"), living("2024-03", "2024-05", payee_account="621700002")],
            ("HIGH", 900, "2024-03", "2024-05"), id="two accounts",
        ),
        pytest.param(
            [living("2024-01", "2024-12", **CITY), living("2024-03", "2024-05", 200, **COUNTY)],
            ("HIGH", 600, "2024-03", "2024-05"), id="two offices and amounts",
        ),
        pytest.param([living("2024-01", "2024-12"), living("2024-03", "2024-05", 200)],
                     ("LOW", 600, "2024-03", "2024-05"), id="amounts alone"),
        pytest.param([LONG, living("2024-03", "2024-03", **B)], ("MEDIUM", 300, "2024-03", "2024-03"), id="one inner month"),
        pytest.param([aid("DIBAO", "2024-01", "2024-12", **A), aid("DIBAO", "2024-03", "2024-05", 200, **B)],
                     ("HIGH", 600, "2024-03", "2024-05"), id="dibao"),
        pytest.param([aid("TEKUN", "2024-01", "2024-12", **A), aid("TEKUN", "2024-03", "2024-05", 200, **B)],
                     ("HIGH", 600, "2024-03", "2024-05"), id="tekun"),
        pytest.param([aid("UI_BENEFIT", "2024-01", "2024-12", **A), aid("UI_BENEFIT", "2024-03", "2024-05", 200, **B)],
                     ("HIGH", 600, "2024-03", "2024-05"), id="unemployment benefit"),
        pytest.param([LONG, living("2024-03", "2024-05", None, **B)], ("HIGH", 0, "2024-03", "2024-05"), id="no amount"),
        pytest.param([aid("DIBAO", "2024-01", "2024-12", **A), aid("DIBAO", "2024-03", "2024-05", 200, **B, person_id="P2")],
                     ("HIGH", 600, "2024-03", "2024-05"), id="head and spouse"),
        # no lead
        pytest.param([LONG, living("2024-12", None, 200, **B)], None, id="transfer month"),
        pytest.param([living(f"2024-0{m}", f"2024-0{m}", **A) for m in (1, 2, 3)] + [living("2024-03", "2024-03", **B),
                     living("2024-04", "2024-04", **B)], None, id="transfer month, a row a month"),
        pytest.param([LONG, living("2025-01", None, 200, **B)], None, id="after the scan"),
        pytest.param([living("2024-01", "2024-06", **A), living("2024-07", None, 330, **B)], None, id="one after the other"),
        pytest.param([LONG, living("2024-03", "2024-03", **B, cause="补发2024年2月")], None, id="arrears"),
        pytest.param([LONG, living("2024-03", "2024-06", 50, **B, cause="分类施保")], None, id="supplement"),
        pytest.param([LONG, living("2024-03", "2024-06", **B, cause="冲正")], None, id="correction"),
        pytest.param([LONG, living("2024-03", "2024-06", 200, **B), living("2024-03", "2024-06", -200, **B)], None, id="reversed"),
        pytest.param([LONG, living("2024-03", "2024-06", 200, **A)], None, id="one decision"),
        pytest.param([{**LONG, **CITY}, {**LONG, **COUNTY}], None, id="one grant reported twice"),
        pytest.param([living("2024-01", "2024-12", **CITY), living("2024-01", "2024-12", **COUNTY)], None,
                     id="reported twice without a number"),
        pytest.param([living("2024-01", "2024-12"), living("2024-01", "2024-12")], None, id="told twice"),
        pytest.param([living("2024-01", "2024-12", None), living("2024-01", "2024-12")], None, id="an unknown amount"),
        pytest.param([aid("DIBAO", "2024-01", None, **A, division_code="410502"),
                      aid("DIBAO", "2024-03", None, **B, division_code="410581")], None, id="two counties are C06's"),
        pytest.param([aid("DIBAO", "2024-01", None, **A), aid("DIBAO", "2024-03", None, **B, person_id="P3")], None,
                     id="the parent's own household"),
        pytest.param([aid("DIBAO", "2024-01", None), aid("DIBAO", "2024-01", None, person_id="P2")], None, id="a line a member"),
        pytest.param([aid("MEDICAL_AID", "2024-01", "2024-06", **A), aid("MEDICAL_AID", "2024-03", "2024-06", 200, **B)], None,
                     id="not once a month"),
        pytest.param([aid("TEMPORARY_AID", "2024-03", "2024-04", **A), aid("TEMPORARY_AID", "2024-03", "2024-04", 200, **B)],
                     None, id="temporary aid is C03's"),
        pytest.param([LONG, living(None, "2024-05", 200, **B)], None, id="no month known"),
    ],
)  # fmt: skip
def test_one_programme_twice(
    scene: Scene, run: Run, records: list[dict[str, Any]], expected: tuple[Any, ...] | None
) -> None:
    assert seen(run("C01", scene([HOME], MEMBERS, aid=records))) == ([expected] if expected else [])


def test_one_human_in_two_households_is_one_lead(scene: Scene, run: Run) -> None:
    members = [MEMBERS[0], {"person_id": "P9", "household_id": "H9", "relation": "HEAD"}]
    records = [
        {**row, "record_id": record, "person_id": person}
        for record, row in (("R1", LONG), ("R2", living("2024-03", "2024-05", 200, **B)))
        for person in ("P1", "P9")
    ]
    for linked in (records, [records[0], records[3]]):
        facts = scene([HOME, {**HOME, "household_id": "H9"}], members, same_person=[("P1", "P9")], aid=linked)
        assert seen(run("C01", facts)) == [("HIGH", 600, "2024-03", "2024-05")]


POSTED = aid(
    "TEMPORARY_AID",
    "2024-06",
    "2024-06",
    3000,
    document_no="文民临52号",
    agency="文峰区民政局",
    payee_account="6217001",
)


@pytest.mark.parametrize(
    ("records", "yuan"),
    [
        pytest.param([POSTED, POSTED], 3000, id="twice"),
        pytest.param([POSTED] * 3, 6000, id="three times"),
        pytest.param([{**POSTED, "document_no": None}] * 2, 3000, id="by the account"),
        pytest.param([{**POSTED, "payee_account": None}] * 2, 3000, id="by the decision"),
        pytest.param([POSTED, {**POSTED, "agency": None, "cause": "火灾"}], 3000, id="one says more"),
        pytest.param([{**POSTED, "end_month": "2024-08"}] * 2, 9000, id="three months each"),
        pytest.param([POSTED, POSTED, {**POSTED, "document_no": "另一号"}], 3000, id="and another grant"),
        # no lead
        pytest.param([POSTED], None, id="once"),
        pytest.param([POSTED, {**POSTED, "document_no": "另一号"}], None, id="two decisions"),
        pytest.param([POSTED, {**POSTED, "payee_account": "6217002"}], None, id="two accounts"),
        pytest.param([{**POSTED, "document_no": None, "cause": cause} for cause in ("火灾", "交通事故")], None, id="two causes"),
        pytest.param([POSTED, {**POSTED, "agency": "安阳市民政局"}], None, id="reported by two offices"),
        pytest.param([POSTED, {**POSTED, "start_month": "2024-07", "end_month": "2024-07"}], None, id="another month"),
        pytest.param([POSTED, {**POSTED, "amount_yuan": 3001}], None, id="another amount"),
        pytest.param([POSTED, {**POSTED, "person_id": "P2"}], None, id="another member"),
        pytest.param([{**POSTED, "document_no": None, "payee_account": None}] * 2, None, id="nothing tells"),
        pytest.param([POSTED, {**POSTED, "cause": "退汇重发"}], None, id="returned and paid again"),
        pytest.param([POSTED, {**POSTED, "cause": "冲正后重发"}], None, id="corrected"),
        pytest.param([POSTED, {**POSTED, "amount_yuan": -3000}, POSTED], None, id="plus, minus, plus"),
        pytest.param([{**POSTED, "copies": 3}], None, id="a row delivered three times"),
        pytest.param([{**POSTED, "amount_yuan": None}] * 2, None, id="no amount"),
        pytest.param([{**POSTED, "start_month": "2025-06", "end_month": "2025-06"}] * 2, None, id="after the scan"),
    ],
)  # fmt: skip
def test_posted_twice(scene: Scene, run: Run, records: list[dict[str, Any]], yuan: int | None) -> None:
    other = {
        "person_id": "P3",
        "programme": "WINTER_WARMTH",
        "amount_yuan": 500,
        "start_month": "2024-11",
        "end_month": "2024-11",
    }
    leads = run("C09", scene([HOME], MEMBERS, aid=[*records, other]))
    assert [lead["amount_high_yuan"] for lead in leads] == ([] if yuan is None else [yuan])
    for lead in leads:
        assert lead["severity"] == "HIGH"
        assert "经办差错" in lead["explanation_zh"]
        assert "Official error" in lead["explanation_en"]
        assert "文民临" not in lead["explanation_zh"]
    assert (
        run(
            "C01",
            scene(
                [HOME], MEMBERS, aid=[{**row, "programme": "LIVING_SUBSIDY"} for row in records[:2] * (yuan == 3000)]
            ),
        )
        == []
    )


def grant(
    month: str, cause: str | None = "火灾", number: str | None = None, yuan: int = 1000, **other: Any
) -> dict[str, Any]:
    return aid(
        "TEMPORARY_AID",
        month,
        other.pop("end", month),
        yuan,
        **{"cause": cause, "document_no": number or f"临{month}", **other},
    )


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        pytest.param([grant("2024-03"), grant("2024-08")], [("MEDIUM", 1000, "2024-03", "2024-08")], id="same cause"),
        pytest.param([grant("2023-12"), grant("2024-12")], [("MEDIUM", 1000, "2023-12", "2024-12")], id="twelve months later"),
        pytest.param([grant("2024-03"), grant("2024-08", "火 灾。")], [("MEDIUM", 1000, "2024-03", "2024-08")], id="written otherwise"),
        pytest.param([grant("2024-03"), grant("2024-08", person_id="P2")], [("MEDIUM", 1000, "2024-03", "2024-08")], id="other member"),
        pytest.param([grant("2024-03", "重大疾病"), grant("2024-08", "重大疾病")], [("MEDIUM", 1000, "2024-03", "2024-08")], id="illness"),
        pytest.param([grant("2024-01", "火灾"), grant("2024-04", "车祸"), grant("2024-09", "盗窃")],
                     [("MEDIUM", 1000, "2024-01", "2024-09")], id="three a year"),
        pytest.param([grant("2024-01"), grant("2024-04"), grant("2024-09")],
                     [("MEDIUM", 1000, "2024-01", "2024-04"), ("MEDIUM", 1000, "2024-04", "2024-09")], id="two repetitions"),
        pytest.param([grant("2024-01", number="临1"), grant("2024-09", number="临1")],
                     [("LOW", 1000, "2024-01", "2024-09")], id="one decision, long after"),
        pytest.param([grant("2024-01"), {**grant("2024-05"), "programme": "DISASTER_RELIEF"}],
                     [("INFO", 1000, "2024-01", "2024-05")], id="disaster relief for the same"),
        pytest.param([grant("2024-01", end="2024-03"), grant("2024-08", end="2024-09")],
                     [("MEDIUM", 2000, "2024-01", "2024-09")], id="several months"),
        # no lead
        pytest.param([grant("2024-03")], [], id="once"),
        pytest.param([grant("2024-03"), grant("2024-08", "交通事故")], [], id="another cause"),
        pytest.param([grant("2023-11"), grant("2024-12")], [], id="thirteen months"),
        pytest.param([grant("2024-03", "重大疾病"), grant("2024-08", "重大疾病", person_id="P2")], [], id="another's illness"),
        pytest.param([grant("2024-03", None), grant("2024-08", None)], [], id="no cause"),
        pytest.param([grant("2024-03", "其他原因"), grant("2024-08", "其他原因")], [], id="no event"),
        pytest.param([grant("2024-03", number="临1"), grant("2024-05", number="临1")], [], id="in stages"),
        pytest.param([grant("2024-03", number="临1"), grant("2024-09", "火灾第二笔", number="临1")], [], id="the office says so"),
        pytest.param([grant("2024-03"), grant("2024-08", "火灾"), grant("2024-08", "火灾", yuan=-1000)], [], id="reversed"),
        pytest.param([grant(m, f"重特大疾病（分阶段救助第{n}期）", number="临1") for m, n in (("2024-03", "一"), ("2024-09", "二"))], [],
                     id="two stages of one grave case"),
        pytest.param([grant("2024-03"), grant("2024-04", "补发火灾救助")], [], id="arrears"),
        pytest.param([grant("2023-10", "火灾"), grant("2024-04", "车祸"), grant("2024-09", "盗窃")], [], id="two a year"),
        pytest.param([grant("2024-03"), grant("2024-03")], [], id="told twice"),
        pytest.param([{**grant(f"2024-0{m}"), "document_no": None} for m in (3, 4, 5)], [], id="a row a month"),
        pytest.param([{**grant(m, "旱灾"), "programme": "DISASTER_RELIEF"} for m in ("2024-03", "2024-08")], [], id="two disasters"),
    ],
)  # fmt: skip
def test_temporary_aid_again(
    scene: Scene, run: Run, records: list[dict[str, Any]], expected: list[tuple[Any, ...]]
) -> None:
    leads = run("C03", scene([HOME], MEMBERS, aid=records))
    assert sorted(seen(leads)) == expected
    assert not [lead for lead in leads if "火灾" in lead["explanation_zh"]]


def test_a_second_grant_that_was_approved_is_none(scene: Scene, run: Run) -> None:
    assert (
        run("C03", scene([HOME], MEMBERS, aid=[grant("2024-03"), grant("2024-08", "火灾（经批准再次救助）")])) == []
    )


STUDENT = [MEMBERS[0], {"person_id": "P2", "household_id": "H1", "relation": "CHILD"}, MEMBERS[2]]


def study(programme: str, month: str, yuan: int = 1000, end: str | None = None, **other: Any) -> dict[str, Any]:
    return aid(programme, month, end or month, yuan, **{"person_id": "P2", **other})


STATE, AUTUMN = study("STATE_STUDENT_AID", "2024-10"), study("GOLDEN_AUTUMN", "2024-08", 3000)


@pytest.mark.parametrize(
    ("records", "division", "expected"),
    [
        pytest.param([STATE, AUTUMN], "429006", ("LOW", 3000, "2024-08", "2025-07"), id="forbidden there"),
        pytest.param([study("EDUCATION_AID", "2024-12"), AUTUMN], "429006001", ("LOW", 3000, "2024-08", "2025-07"), id="a town"),
        pytest.param([study("STATE_STUDENT_AID", "2024-02"), study("GOLDEN_AUTUMN", "2023-09", 3000)], "429006",
                     ("LOW", 3000, "2023-08", "2024-07"), id="autumn and spring"),
        pytest.param([{**STATE, "cause": "学费"}, {**AUTUMN, "cause": "学费"}], "429006",
                     ("LOW", 3000, "2024-08", "2025-07"), id="one purpose"),
        # no lead
        pytest.param([STATE, AUTUMN], "410502", None, id="Anyang"),
        pytest.param([STATE, AUTUMN], None, None, id="a division not stated"),
        pytest.param([STATE, {**AUTUMN, "start_month": "2024-07", "end_month": "2024-07"}], "429006", None, id="another year"),
        pytest.param([STATE, {**AUTUMN, "person_id": "P3"}], "429006", None, id="another student"),
        pytest.param([STATE, STATE], "429006", None, id="one programme"),
        pytest.param([STATE, {**AUTUMN, "cause": "助学贷款"}], "429006", None, id="a loan"),
        pytest.param([{**STATE, "cause": "生活费"}, {**AUTUMN, "cause": "学费"}], "429006", None, id="two purposes"),
        pytest.param([STATE, AUTUMN, {**AUTUMN, "amount_yuan": -3000}], "429006", None, id="reversed"),
        pytest.param([STATE, study("AUTUMN_SCHOOL", "2024-09")], "429006", None, id="not in the matrix"),
    ],
)  # fmt: skip
def test_student_aid_twice(
    scene: Scene, run: Run, records: list[dict[str, Any]], division: str | None, expected: tuple[Any, ...] | None
) -> None:
    leads = run("C04", scene([{**HOME, "division_code": division}], STUDENT, aid=records))
    assert seen(leads) == ([expected] if expected else [])


def test_an_assumed_cell_of_student_aid_says_no_more_than_info(scene: Scene, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(
        'approved_by = ["甲", "乙"]\n[[relation]]\nassessed = "STATE_STUDENT_AID"\nheld = "GOLDEN_AUTUMN"\nrelation = "EXCLUSIVE"\n'
        'yields = "GOLDEN_AUTUMN"\ndivision = "4105"\nvalid_from = 2020-01-01\nbasis = "市办法"\nstatus = "assumed"\n',
        encoding="utf-8",
    )
    (lead,) = run("C04", scene([HOME], STUDENT, aid=[STATE, AUTUMN], own_policy=path))
    assert lead["severity"] == "INFO"
    assert "待主管部门核实" in lead["explanation_zh"]


MILL = {"employer_uscc": "91410500MA40000012"}
PLACED = aid("PLACEMENT_SUBSIDY", "2024-05", "2024-07", 1000, **MILL)
KEPT = aid("JOB_STABILISATION_SUBSIDY", "2024-06", "2024-09", 500, **MILL)
POST = aid("PUBLIC_WELFARE_POST", "2024-06", "2024-12", 1900, **MILL)


@pytest.mark.parametrize(
    ("records", "yuan"),
    [
        pytest.param([PLACED, KEPT], [1000], id="two months"),
        pytest.param([PLACED, POST], [2000], id="the post stays"),
        pytest.param([PLACED, KEPT, POST], [1000, 2000, 2000], id="each pair"),
        pytest.param([PLACED, {**KEPT, "cause": "稳岗"}], [1000], id="one cost not stated"),
        # no lead
        pytest.param([PLACED, {**KEPT, "person_id": "P2"}], [], id="two workers"),
        pytest.param([PLACED, {**KEPT, "employer_uscc": "91410500MA40000099"}], [], id="two employers"),
        pytest.param([PLACED, {**KEPT, "employer_uscc": None}], [], id="an employer not stated"),
        pytest.param([{**PLACED, "employer_uscc": None}, {**KEPT, "employer_uscc": None}, {**POST, "person_id": "P2"}], [], id="none"),
        pytest.param([PLACED, {**KEPT, "start_month": "2024-08"}], [], id="one after the other"),
        pytest.param([PLACED, aid("SKILLS_SUBSIDY", "2024-06", "2024-09", 500, **MILL)], [], id="training"),
        pytest.param([{**PLACED, "cause": "安置费用"}, {**KEPT, "cause": "社保补贴"}], [], id="two costs"),
        pytest.param([PLACED, KEPT, {**KEPT, "amount_yuan": -500}], [], id="reversed"),
    ],
)  # fmt: skip
def test_an_employer_paid_twice(scene: Scene, run: Run, records: list[dict[str, Any]], yuan: list[int]) -> None:
    facts = scene([HOME], MEMBERS, aid=records)
    leads = run("C08", facts)
    assert sorted(lead["amount_high_yuan"] for lead in leads) == yuan
    for lead in leads:
        assert lead["severity"] == "INFO"
        assert "针对用人单位" in lead["explanation_zh"]
        assert "MA40000012" not in lead["explanation_zh"]
    assert run("C02", facts) == []


def test_a_city_may_forbid_two_subsidies(scene: Scene, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(
        'approved_by = ["甲", "乙"]\n[[relation]]\nassessed = "PLACEMENT_SUBSIDY"\nheld = "JOB_STABILISATION_SUBSIDY"\n'
        'relation = "EXCLUSIVE"\nyields = "PLACEMENT_SUBSIDY"\nvalid_from = 2020-01-01\nbasis = "市办法"\nstatus = "verified"\n',
        encoding="utf-8",
    )
    (lead,) = run("C08", scene([HOME], MEMBERS, aid=[PLACED, KEPT], own_policy=path))
    assert (lead["severity"], lead["amount_high_yuan"]) == ("MEDIUM", 2000)
