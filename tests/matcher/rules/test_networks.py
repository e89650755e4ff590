"""N01 to N04, N07 to N09: what unrelated files share, and what they may share."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.rules import kinship
from matcher.rules.rule import Facts

Scene = Callable[..., Facts]
Run = Callable[[str, Facts], list[dict[str, Any]]]
Row = dict[str, Any]

CARD = "6217002430001234567"
PAGE = "9f86d081884c7d659a2feaa0c55ad015"
NAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜"


def homes(count: int, **more: Any) -> list[Row]:
    return [
        {"household_id": f"H{n}", "division_code": "410502", "file_opened_on": "2024-04-01", **more}
        for n in range(1, count + 1)
    ]


def heads(count: int, **more: Any) -> list[Row]:
    return [
        {"person_id": f"P{n}", "household_id": f"H{n}", "relation": "HEAD", "name": f"{NAMES[n % len(NAMES)]}国庆",
         "birth_date": "1980-05-05", **more}
        for n in range(1, count + 1)
    ]  # fmt: skip


def dibao(number: int, **more: Any) -> Row:
    return {
        "person_id": f"P{number}", "programme": "DIBAO", "start_month": "2024-05", "end_month": "2024-08", "amount_yuan": 500,
        "payee_account": CARD, "payee_name": f"{NAMES[number % len(NAMES)]}国庆", **more,
    }  # fmt: skip


def each(count: int, **more: Any) -> list[Row]:
    return [dibao(number, **more) for number in range(1, count + 1)]


def told(leads: Sequence[Mapping[str, Any]]) -> list[str]:
    return sorted({lead["household_id"] for lead in leads})


REGISTER = """
approved_by = ["甲", "乙"]
[[listed]]
kind = "{kind}"
value = "{value}"
division = "{division}"
valid_from = {since}
basis = "登记册"
status = "verified"
"""


@pytest.fixture
def register(tmp_path: Path) -> Callable[..., Path]:
    """A city's own policy file with one entry in a register."""

    def write(kind: str, value: str, division: str = "*", since: str = "2020-01-01") -> Path:
        path = tmp_path / "policy.toml"
        path.write_text(REGISTER.format(kind=kind, value=value, division=division, since=since), encoding="utf-8")
        return path

    return write


ACCOUNTS = [
    # rows of aid, severity of the leads, or None
    ("three households", each(3), "HIGH"),
    ("two are no net", each(2), None),
    ("written in groups of four", [dibao(1), dibao(2), dibao(3, payee_account="6217 0024 3000 1234 567")], "HIGH"),
    ("paid once only", each(3, end_month="2024-05"), None),
    ("one of the three was paid once", [*each(2), dibao(3, end_month="2024-05")], None),
    ("two one-off payments are two cycles",
     [*each(2), *(dibao(3, start_month=m, end_month=m) for m in ("2024-05", "2024-11"))], "HIGH"),
    ("one month told twice is one cycle", [*each(2), *(dibao(3, end_month="2024-05", cause=c) for c in "甲乙")], None),
    ("a home for the old", each(3, programme="TEKUN", payee_name="安阳市文峰区光荣敬老院"), None),
    ("a village committee", each(3, payee_name="龙安区马家乡东岭村村民委员会"), None),
    ("a school", each(3, programme="GOLDEN_AUTUMN", payee_name="安阳市第一职业中等专业学校"), None),
    ("student aid, payee not told", each(3, programme="GOLDEN_AUTUMN", payee_name=None), None),
    ("student aid to one private person", each(3, programme="GOLDEN_AUTUMN", payee_name="钱守财"), "HIGH"),
    ("rent paid to a company", each(3, programme="HOUSING_AID", payee_name="安阳市安居物业有限公司"), None),
    ("dibao paid to a company", each(3, payee_name="安阳市安居物业有限公司"), "HIGH"),
    ("a subsidy of employers", each(3, programme="PLACEMENT_SUBSIDY", payee_name="安阳市安居物业有限公司"), None),
    ("payees not told", each(3, payee_name=None), "MEDIUM"),
    ("masked accounts", each(3, payee_account="6217********4567"), None),
    ("accounts cut by a spreadsheet", each(3, payee_account="6217002430001230000"), None),
    ("accounts in scientific notation", each(3, payee_account="6.217E+18"), None),
    ("a filler", each(3, payee_account="0000000000000000"), None),
    ("null accounts are not one account", [*each(1), *each(3, payee_account=None)], None),
    ("a link by a slip in the number", [*each(2), dibao(3, grade="G4")], "HIGH"),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "expected"), [row[1:] for row in ACCOUNTS], ids=[row[0] for row in ACCOUNTS])
def test_one_account(scene: Scene, run: Run, rows: list[Row], expected: str | None) -> None:
    leads = run("N01", scene(homes(3), heads(3), aid=rows))
    assert told(leads) == (["H1", "H2", "H3"] if expected else [])
    assert {lead["severity"] for lead in leads if lead["grade"] == "G1"} == ({expected} if expected else set())
    assert all(lead["severity"] in ("MEDIUM", "LOW") for lead in leads if lead["grade"] == "G4")
    for lead in leads:
        assert 0 == lead["amount_low_yuan"] <= lead["amount_high_yuan"] <= 4 * 500
        assert CARD not in lead["explanation_zh"] + lead["explanation_en"]


WEDDING = [
    {"person_id": "P1", "record_id": "m", "party": "A", "event": "DIVORCED", "event_date": "2016-10-20"},
    {"person_id": "P2", "record_id": "m", "party": "B", "event": "DIVORCED", "event_date": "2016-10-20"},
]
BOOKLET = [{"person_id": f"P{n}", "household_no": "HK-1"} for n in (1, 2)]
KIN: list[tuple[str, dict[str, Any]]] = [
    ("a shared member", {"same_person": [("P1", "P2")]}),
    ("once married", {"marriage": WEDDING}),
    ("one booklet", {"population": BOOKLET}),
    ("a booklet still under review", {"population": [], "reviewed": {"population": BOOKLET}}),
]


@pytest.mark.parametrize("kin", [row[1] for row in KIN], ids=[row[0] for row in KIN])
def test_kin_count_as_one(scene: Scene, run: Run, kin: dict[str, Any]) -> None:
    documents = [{"household_id": f"H{n}", "document_hash": PAGE} for n in (1, 2)]
    address = "安阳市文峰区人民大道12号3号楼2单元501室"
    for rule, count, extra in (
        ("N01", 3, {"aid": each(3)}),
        ("N02", 5, {}),
        ("N03", 4, {}),
        ("N04", 2, {"documents": documents}),
    ):
        rows = homes(count, phone="13803721234", address=address)
        assert len(run(rule, scene(rows, heads(count), **extra))) == count, rule
        assert run(rule, scene(rows, heads(count), **extra, **kin)) == [], rule


def test_a_name_under_review_alone_makes_no_kin(scene: Scene, run: Run) -> None:
    doubtful = [{**row, "grade": None} for row in BOOKLET]
    facts = scene(homes(3), heads(3), aid=each(3), population=[], reviewed={"population": doubtful})
    assert len(run("N01", facts)) == 3


def test_a_collective_booklet_makes_no_kin(scene: Scene, run: Run) -> None:
    everybody = [{"person_id": f"P{n}", "household_no": "JT-1"} for n in range(1, 9)]
    assert len(run("N01", scene(homes(8), heads(8), aid=each(8), population=everybody))) == 8


def test_a_lead_is_the_households_own(scene: Scene, run: Run) -> None:
    rows = [dibao(1), dibao(2, amount_yuan=300), dibao(3, amount_yuan=None)]
    leads = {lead["household_id"]: lead for lead in run("N01", scene(homes(3), heads(3), aid=rows))}
    assert [leads[home]["amount_high_yuan"] for home in ("H1", "H2", "H3")] == [2000, 1200, 0]
    assert leads["H2"]["person_ids"] == ["P2"]
    assert "300.00 × 4 = 1200.00" in leads["H2"]["explanation_zh"]
    assert len({lead["finding_id"] for lead in leads.values()}) == 3


def test_the_id_of_a_lead_outlives_a_fourth_household(scene: Scene, run: Run) -> None:
    three = {lead["finding_id"] for lead in run("N01", scene(homes(3), heads(3), aid=each(3)))}
    four = {lead["finding_id"] for lead in run("N01", scene(homes(4), heads(4), aid=each(4)))}
    assert three < four


PHONES = [
    ("five files", homes(5, phone="13803721234"), {}, 5),
    ("four files", homes(4, phone="13803721234"), {}, 0),
    ("a fixed line", homes(5, phone="0372-2912345"), {}, 5),
    ("a filler", homes(5, phone="13800000000"), {}, 0),
    ("the unions' hotline", homes(7, phone="12351"), {}, 0),
    ("one file is closed", [*homes(4, phone="13803721234"), {**homes(5)[4], "phone": "13803721234", "file_closed_on": "2024-06-01"}], {}, 0),
    ("a handler's own", homes(5, phone="13803721234"), {"handlers": [{"handler_id": "JB-1", "phone": "138 0372 1234"}]}, 0),
    ("more than a net has", homes(51, phone="13803721234"), {}, 0),
    ("null is no telephone", [*homes(6, phone=None), {**homes(7)[6], "phone": "13803721234"}], {}, 0),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "extra", "count"), [row[1:] for row in PHONES], ids=[row[0] for row in PHONES])
def test_one_phone(scene: Scene, run: Run, rows: list[Row], extra: dict[str, Any], count: int) -> None:
    leads = run("N02", scene(rows, heads(len(rows)), **extra))
    assert len(leads) == count
    assert {lead["severity"] for lead in leads} <= {"LOW"}


@pytest.mark.parametrize(
    ("births", "count"), [(["1941-03-09"] * 5, 0), (["1941-03-09"] * 4 + [None], 0), (["1980-03-09"] * 5, 5)]
)
def test_the_old_leave_somebody_elses_number(scene: Scene, run: Run, births: list[str | None], count: int) -> None:
    people = [{**row, "birth_date": born} for row, born in zip(heads(5), births, strict=True)]
    assert len(run("N02", scene(homes(5, phone="13803721234"), people))) == count


FLAT = "河南省安阳市文峰区人民大道12号3号楼2单元501室"
ADDRESSES = [
    ("one flat", [FLAT] * 4, 4),
    ("three files", [FLAT] * 3, 0),
    ("one flat in four ways", [FLAT, "人民大道12号3号楼2单元501", "文峰区人民大道１２号３栋二单元501室", "文峰区人民大道12号院3-2-501"], 4),
    ("four flats of one entrance", [FLAT.replace("501", room) for room in ("501", "502", "601", "602")], 0),
    ("cut at the building", ["安阳市文峰区迎宾路22号院6号楼"] * 8, 0),
    ("a dormitory", ["殷都区梅园路1号安钢职工宿舍3号楼101室"] * 6, 0),
    ("a shelter", ["北关区邺城大道56号安阳市救助管理站2号楼101室"] * 5, 0),
    ("a collective register", ["文峰区文峰大道1号人才交流中心集体户101室"] * 5, 0),
    ("a house of a village's group", ["林州市横水镇东岭村3组18号"] * 4, 4),
    ("more than a net has", [FLAT] * 51, 0),
    ("null is no address", [None] * 6, 0),
]  # fmt: skip


@pytest.mark.parametrize(("written", "count"), [row[1:] for row in ADDRESSES], ids=[row[0] for row in ADDRESSES])
def test_one_dwelling(scene: Scene, run: Run, written: list[str | None], count: int) -> None:
    rows = [{**row, "address": address} for row, address in zip(homes(len(written)), written, strict=True)]
    rows.append({"household_id": "H99", "address": "林州市某路1号1号楼1单元101室"})
    assert len(run("N03", scene(rows, heads(len(written))))) == count


def test_one_road_in_two_counties_is_two_dwellings(scene: Scene, run: Run) -> None:
    rows = homes(4, address="人民大道12号3号楼2单元501室")
    rows[0]["division_code"] = rows[1]["division_code"] = "410522"
    assert run("N03", scene(rows, heads(4))) == []


DOCUMENTS = [
    ("two files", [(1, PAGE, None), (2, PAGE, None)], 2),
    ("in other letters", [(1, PAGE, None), (2, PAGE.upper(), None)], 2),
    ("twice in one file", [(1, PAGE, None), (1, PAGE, None)], 0),
    ("one certificate number", [(1, "a1", "豫残证4105-0001234"), (2, "a2", "豫残证 41050001234")], 2),
    ("no certificate number", [(1, "a1", None), (2, "a2", None)], 0),
    ("a number too short to tell", [(1, "a1", "无"), (2, "a2", "无")], 0),
    ("a page that everybody scanned", [(n, PAGE, None) for n in range(1, 52)], 0),
    ("a file that is not in the folder", [(1, PAGE, None), (77, PAGE, None)], 0),
]  # fmt: skip


@pytest.mark.parametrize(("documents", "count"), [row[1:] for row in DOCUMENTS], ids=[row[0] for row in DOCUMENTS])
def test_one_document(scene: Scene, run: Run, documents: list[tuple[int, str, str | None]], count: int) -> None:
    rows = [{"household_id": f"H{n}", "document_hash": page, "certificate_no": no} for n, page, no in documents]
    leads = run("N04", scene(homes(51), heads(51), documents=rows, aid=[dibao(1), dibao(2, programme="UI_BENEFIT")]))
    assert len(leads) == count
    if leads:
        assert [lead["amount_high_yuan"] for lead in leads] == [2000, 0]
        assert {lead["severity"] for lead in leads} == {"HIGH"}


@pytest.mark.parametrize(
    ("rule", "kind", "value", "elsewhere"),
    [
        ("N01", "ACCOUNT", "6217 0024 3000 1234 567", "410581"),
        ("N02", "PHONE", "138-0372-1234", "410581"),
        ("N03", "ADDRESS", "文峰区人民大道12号3号楼", "410581"),
        ("N04", "DOCUMENT", PAGE, "410581"),
    ],
)
def test_what_stands_on_a_register_binds_nobody(
    scene: Scene, run: Run, register: Callable[..., Path], rule: str, kind: str, value: str, elsewhere: str
) -> None:
    def leads(**own: Any) -> int:
        rows = homes(5, phone="13803721234", address=FLAT)
        documents = [{"household_id": f"H{n}", "document_hash": PAGE} for n in range(1, 6)]
        return len(run(rule, scene(rows, heads(5), aid=each(5), documents=documents, **own)))

    assert leads() == 5
    assert leads(own_policy=register(kind, value)) == 0
    assert leads(own_policy=register(kind, value, division="4105")) == 0
    assert leads(own_policy=register(kind, value, division=elsewhere)) == 5
    assert leads(own_policy=register(kind, value, since="2025-01-01")) == 5


MILL = "91410500MA12345678"
EMPLOYERS = [
    ("ten files", homes(10, employer_uscc=MILL), [], 10),
    ("nine files", homes(9, employer_uscc=MILL), [], 0),
    ("in group five already", homes(14, employer_uscc=MILL, target_group="STRUCTURAL_REFORM"), [], 0),
    ("three of a staff of fifteen", homes(3, employer_uscc=MILL), [{"employees": 15}], 3),
    ("three of a staff of sixteen", homes(3, employer_uscc=MILL), [{"employees": 16}], 0),
    ("one of a staff of two", homes(1, employer_uscc=MILL), [{"employees": 2}], 0),
    ("no employer told", [*homes(12), {**homes(13)[12], "employer_uscc": MILL}], [], 0),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "business", "count"), [row[1:] for row in EMPLOYERS], ids=[row[0] for row in EMPLOYERS]
)
def test_one_employer(scene: Scene, run: Run, rows: list[Row], business: list[Row], count: int) -> None:
    shops = [{"person_id": "P1", "uscc": MILL.lower(), "status": "LIVE", **shop} for shop in business]
    leads = run("N07", scene(rows, heads(len(rows)), business=shops))
    assert len(leads) == count
    assert {lead["severity"] for lead in leads} <= {"INFO"}
    assert all("U02" in lead["explanation_zh"] and "第五类" in lead["explanation_zh"] for lead in leads)


def test_a_closed_employer_is_said_to_be_closed(scene: Scene, run: Run) -> None:
    shop = {"person_id": "P1", "uscc": MILL, "status": "REVOKED"}
    leads = run("N07", scene(homes(10, employer_uscc=MILL), heads(10), business=[shop]))
    assert {"name": "closed", "result": "YES"} in leads[0]["exceptions"]


def days(counts: Mapping[str, int], handler: str = "JB-1") -> list[Row]:
    return [
        {"household_id": f"{handler}-{day}-{n:03d}", "applied_on": day, "handler_id": handler, "division_code": "410502"}
        for day, count in counts.items() for n in range(count)
    ]  # fmt: skip


USUAL = {f"2024-04-{day:02d}": 1 + day % 3 for day in range(1, 21)}
INTAKE = [
    ("thirty-five on one day", days({**USUAL, "2024-05-17": 35}), 1),
    ("thirty", days({**USUAL, "2024-05-17": 30}), 1),
    ("twenty-nine", days({**USUAL, "2024-05-17": 29}), 0),
    ("thirty-five every day", days({f"2024-04-{day:02d}": 35 for day in range(1, 21)}), 0),
    ("two such days are two leads", days({**USUAL, "2024-05-17": 80, "2024-05-20": 81}), 0),
    ("a newcomer is compared with all", days({"2024-05-17": 35}, "JB-9") + days(USUAL), 1),
    ("a day after the scan", days({**USUAL, "2025-05-17": 35}), 0),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "count"), [row[1:] for row in INTAKE], ids=[row[0] for row in INTAKE])
def test_a_day_of_many_applications(scene: Scene, run: Run, rows: list[Row], count: int) -> None:
    leads = run("N08", scene(rows, []))
    assert len(leads) == count
    for lead in leads:
        assert (lead["severity"], lead["person_ids"], lead["amount_high_yuan"]) == ("INFO", [], 0)
        assert lead["household_id"].endswith("2024-05-17-000")


@pytest.mark.parametrize(("division", "count"), [("*", 0), ("4105", 0), ("410581", 1)])
def test_a_campaign_day(scene: Scene, run: Run, register: Callable[..., Path], division: str, count: int) -> None:
    rows = days({**USUAL, "2024-05-17": 35})
    assert len(run("N08", scene(rows, [], own_policy=register("DAY", "2024-05-17", division)))) == count


def chain(count: int = 4) -> dict[str, Any]:
    """H1 and H2 share an account, H2 and H3 a telephone, H3 and H4 a document."""
    rows = homes(count)
    rows[1]["phone"] = rows[2]["phone"] = "13803721234"
    accounts = [CARD, CARD, *(f"621700243000999{n:04d}" for n in range(3, count + 1))]
    return {
        "households": rows,
        "members": heads(count),
        "aid": [dibao(n, payee_account=accounts[n - 1]) for n in range(1, count + 1)],
        "documents": [{"household_id": f"H{n}", "document_hash": PAGE} for n in (3, 4)],
    }


def test_four_files_by_three_kinds(scene: Scene, run: Run) -> None:
    leads = run("N09", scene(**chain()))
    assert told(leads) == ["H1", "H2", "H3", "H4"]
    assert {lead["severity"] for lead in leads} == {"MEDIUM"}
    assert [lead["amount_high_yuan"] for lead in leads] == [0, 0, 2000, 2000]
    assert all("4000.00" in lead["explanation_zh"] for lead in leads)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_order_of_rows_changes_nothing(scene: Scene, run: Run, seed: int) -> None:
    """Safeguard F-12."""
    given_rows = {**chain(), "handlers": [{"handler_id": "JB-1", "household_id": "H1", "phone": "139"}]}
    shuffled = {name: list(rows) for name, rows in given_rows.items()}
    for rows in shuffled.values():
        Random(seed).shuffle(rows)
    for row in given_rows["aid"]:  # a record keeps its id wherever it stands
        row["record_id"] = f"aid-{row['person_id']}"
    for rule in ("N01", "N02", "N04", "N05", "N09"):
        assert run(rule, scene(**shuffled)) == run(rule, scene(**given_rows)), rule


BROKEN: list[tuple[str, dict[str, Any]]] = [
    ("without the document", {"documents": []}),
    ("kin count as one", {"same_person": [("P1", "P2")]}),
    ("without the telephone", {"households": homes(4)}),
]


@pytest.mark.parametrize("change", [row[1] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_three_files_are_no_component(scene: Scene, run: Run, change: dict[str, Any]) -> None:
    assert run("N09", scene(**{**chain(), **change})) == []


def test_one_kind_is_no_component(scene: Scene, run: Run) -> None:
    assert run("N09", scene(homes(6, phone="13803721234"), heads(6), aid=[dibao(1)])) == []


def test_one_payee_of_one_account_is_one_kind(scene: Scene, run: Run) -> None:
    assert run("N09", scene(homes(4), heads(4), aid=each(4, payee_name="钱守财"))) == []


def test_one_payee_of_several_accounts_binds(scene: Scene, run: Run) -> None:
    rows = homes(4)
    rows[2]["phone"] = rows[3]["phone"] = "13803721234"
    aid = [dibao(n, payee_name="司马守财", payee_account=f"621700243000999{n:04d}") for n in (1, 2, 3)]
    assert told(run("N09", scene(rows, heads(4), aid=aid))) == ["H1", "H2", "H3", "H4"]
    rows[0]["division_code"] = "410581"
    assert run("N09", scene(rows, heads(4), aid=aid)) == []


def test_a_component_too_large_is_told_in_parts(scene: Scene, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(
        'approved_by = ["甲", "乙"]\n[[value]]\nkey = "network.component_most"\nvalue = 6\nunit = "files"\n'
        'valid_from = 2020-01-01\nbasis = "x"\nstatus = "assumed"\n',
        encoding="utf-8",
    )
    rows = homes(8)
    rows[3]["phone"] = rows[4]["phone"] = "13803721234"
    documents = [(1, "a"), (2, "a"), (3, "b"), (4, "b"), (5, "c"), (6, "c"), (7, "d"), (8, "d")]
    accounts = {2: "1", 3: "1", 6: "2", 7: "2"}
    scene_of = {
        "households": rows,
        "members": heads(8),
        "documents": [{"household_id": f"H{n}", "document_hash": page} for n, page in documents],
        "aid": [dibao(n, payee_account=f"62170024300099900{card}") for n, card in accounts.items()],
    }
    whole, parts = run("N09", scene(**scene_of)), run("N09", scene(**scene_of, own_policy=path))
    assert told(whole) == told(parts) == [f"H{n}" for n in range(1, 9)]
    assert {"name": "split", "result": "NO"} in whole[0]["exceptions"]
    assert all({"name": "split", "result": "YES"} in lead["exceptions"] for lead in parts)
    assert {lead["finding_id"] for lead in whole} == {lead["finding_id"] for lead in parts}


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=20), st.randoms())
def test_components_hang_together_whatever_the_order(pairs: list[tuple[int, int]], random: Any) -> None:
    written = [(f"{one:02d}", f"{other:02d}") for one, other in pairs]
    found = kinship.components(written)
    shuffled = [tuple(random.sample(pair, 2)) for pair in written]
    random.shuffle(shuffled)
    assert kinship.components(shuffled) == found
    assert all(found[one] == found[other] for one, other in written)
    assert all(first == min(each for each in found if found[each] == first) for first in found.values())
    reached = dict(found)
    for one, other in itertools.product(found, repeat=2):
        if found[one] == found[other] and one != other:
            assert _joined(one, other, written), (one, other)
    assert reached == found


def _joined(one: str, other: str, pairs: Sequence[tuple[str, str]]) -> bool:
    near = {one}
    for _ in pairs:
        near |= {b for a, b in pairs if a in near} | {a for a, b in pairs if b in near}
    return other in near


def test_nothing_asked_is_said(scene: Scene) -> None:
    from matcher.rules import book, finding

    rules = book.chosen(("N01", "N02", "N04", "N06", "N08"), scene([], []).as_of)
    _, ran = finding.judge(scene(homes(3), heads(3)), rules)
    assert {each.rule.id: each.state for each in ran} == dict.fromkeys(
        ("N01", "N02", "N04", "N06", "N08"), "NOT_ASKED"
    )


def test_the_amount_is_never_above_what_was_paid(scene: Scene, run: Run) -> None:
    rows = [*each(3), *each(3, start_month="2024-07", end_month=None, cause="补差", amount_yuan=100)]
    for rule in ("N01", "N04"):
        documents = [{"household_id": f"H{n}", "document_hash": PAGE} for n in (1, 2, 3)]
        for lead in run(rule, scene(homes(3), heads(3), aid=rows, documents=documents)):
            assert lead["amount_high_yuan"] == Decimal(4 * 500 + 6 * 100)
