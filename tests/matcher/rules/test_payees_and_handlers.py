"""N05, N06, U07 and H11: who is paid, who decided, who looks after a file, what a school costs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from matcher.rules import payees
from matcher.rules.household import h11_high_fee_school
from matcher.rules.rule import Facts

Scene = Callable[..., Facts]
Run = Callable[[str, Facts], list[dict[str, Any]]]
Row = dict[str, Any]

HOME: Row = {
    "household_id": "H1",
    "division_code": "410502",
    "applied_on": "2024-03-01",
    "file_opened_on": "2024-04-01",
}
HEAD: Row = {
    "person_id": "P1",
    "household_id": "H1",
    "relation": "HEAD",
    "name": "赵国庆",
    "id_number": "410502197505050010",
    "birth_date": "1975-05-05",
}
DIBAO: Row = {
    "person_id": "P1", "programme": "DIBAO", "start_month": "2024-05", "end_month": "2024-08", "amount_yuan": 500,
    "payee_name": "钱守财", "payee_account": "6217002430001234567", "name": "赵国庆",
}  # fmt: skip

PAYEES: list[tuple[str, Row, Row, dict[str, Any], str | None]] = [
    # aid, head, other tables; severity or None
    ("a stranger", {}, {}, {}, "MEDIUM"),
    ("the head", {"payee_name": "赵国庆"}, {}, {}, None),
    ("payee not told", {"payee_name": None}, {}, {}, None),
    ("in the traditional script", {"payee_name": "趙國慶"}, {}, {}, None),
    ("with blanks and a note", {"payee_name": "赵 国庆（低保）"}, {}, {}, None),
    ("masked by the bank", {"payee_name": "赵*庆"}, {}, {}, None),
    ("masked, and another length", {"payee_name": "钱*"}, {}, {}, "MEDIUM"),
    ("by another character of one sound", {"payee_name": "赵国清"}, {}, {}, None),
    ("a brother's name", {"payee_name": "赵国强"}, {}, {}, "MEDIUM"),
    ("in letters", {"payee_name": "魏YAN"}, {"name": "魏䶮"}, {}, None),
    ("cut short", {"payee_name": "阿卜杜热西提买买提"}, {"name": "阿卜杜热西提·买买提明"}, {}, None),
    ("a former name on file", {"payee_name": "赵狗剩"}, {"former_name": "赵狗剩"}, {}, None),
    ("a former name on the register", {"payee_name": "赵狗剩"}, {},
     {"population": [{"person_id": "P1", "name": "赵国庆", "former_name": "赵狗剩"}]}, None),
    ("the beneficiary by the department's own record", {"payee_name": "赵建国", "name": "赵建国"}, {}, {}, None),
    ("the head of the aided household by the record", {"payee_name": "钱守财", "household_head_name": "钱守财"}, {}, {}, None),
    ("two names in one cell", {"payee_name": "钱守财/赵国庆"}, {}, {}, None),
    ("a home", {"programme": "TEKUN", "payee_name": "安阳市社会福利院"}, {}, {}, None),
    ("a hospital for medical aid", {"programme": "MEDICAL_AID", "payee_name": "安阳市人民医院"}, {}, {}, None),
    ("a company for a placement subsidy", {"programme": "PLACEMENT_SUBSIDY", "payee_name": "安阳市太行机械有限公司"}, {}, {}, None),
    ("a company for dibao", {"payee_name": "安阳市太行机械有限公司"}, {}, {}, "MEDIUM"),
    ("an agent on the bank's record", {}, {}, {"finance": [{"person_id": "P1", "account_no": "621", "agent_name": "钱守财"}]}, None),
    ("an account that the bank knows as his", {}, {},
     {"finance": [{"person_id": "P1", "account_no": "6217 0024 3000 1234 567"}]}, None),
    ("an orphan's guardian", {"programme": "TEKUN"}, {"birth_date": "2012-01-01"}, {}, None),
    ("a link that needs an identity check", {"grade": "G5"}, {}, {}, "LOW"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("aid", "head", "more", "expected"), [row[1:] for row in PAYEES], ids=[row[0] for row in PAYEES]
)
def test_who_is_paid(scene: Scene, run: Run, aid: Row, head: Row, more: dict[str, Any], expected: str | None) -> None:
    paid = {**DIBAO, **aid}
    if "name" in head and "name" not in aid:
        paid["name"] = head["name"]
    leads = run("N05", scene([HOME], [{**HEAD, **head}], aid=[paid], **more))
    assert [lead["severity"] for lead in leads] == ([expected] if expected else [])
    for lead in leads:
        assert (lead["amount_low_yuan"], lead["amount_high_yuan"]) == (0, 2000)
        assert "*" in paid["payee_name"] or paid["payee_name"] not in lead["explanation_zh"]
        assert paid["payee_account"] not in lead["explanation_zh"]


def test_a_former_member_is_no_stranger(scene: Scene, run: Run) -> None:
    dead = {"person_id": "P2", "household_id": "H1", "relation": "PARENT", "name": "钱守财", "valid_to": "2024-06-20"}
    assert run("N05", scene([HOME], [HEAD, dead], aid=[DIBAO])) == []


def test_a_parent_in_another_file_of_the_same_child_is_no_stranger(scene: Scene, run: Run) -> None:
    father = {**HEAD, "person_id": "P8", "household_id": "H2", "name": "钱守财"}
    child = {"person_id": "P2", "household_id": "H1", "relation": "CHILD", "name": "钱小宝"}
    members = [HEAD, child, father, {**child, "person_id": "P9", "household_id": "H2"}]
    homes = [HOME, {**HOME, "household_id": "H2"}]
    paid = {**DIBAO, "person_id": "P2"}
    assert len(run("N05", scene(homes, members, aid=[paid]))) == 1
    assert run("N05", scene(homes, members, aid=[paid], same_person=[("P2", "P9")])) == []


def test_a_payee_is_one_lead_whatever_says_it(scene: Scene, run: Run) -> None:
    """Three rows of aid, one told twice, and the file."""
    rows = [DIBAO, DIBAO, {**DIBAO, "start_month": "2024-09", "end_month": "2024-10"}]
    (lead,) = run("N05", scene([{**HOME, "payee_name": "钱守财"}], [HEAD], aid=rows))
    assert lead["amount_high_yuan"] == 4 * 500 + 2 * 500
    assert "救助发放和家庭档案" in lead["explanation_zh"]


def test_the_file_alone_names_a_stranger(scene: Scene, run: Run) -> None:
    paid = {**DIBAO, "payee_name": "赵国庆"}
    (lead,) = run("N05", scene([{**HOME, "payee_name": "钱守财"}], [HEAD], aid=[paid]))
    assert lead["amount_high_yuan"] == 0
    assert lead["person_ids"] == ["P1"]


@pytest.mark.parametrize(
    ("name", "person"),
    [("张伟", True), ("欧阳娜娜", True), ("买买提·吐尔逊", True), ("安阳市第五中学", False), ("安阳市商贸有限公司", False),
     ("市民政局低保专户", False), ("张院", True), ("马社区", True)],
)  # fmt: skip
def test_a_name_of_a_person(name: str, person: bool) -> None:
    assert payees.is_person(name) == person


CLERK: Row = {"id_number": "410502198501010024", "name": "周红梅"}
MARKED: Row = {"handler_id": "JB-9", "household_id": "H9", "decided_on": "2024-02-01", "declared_on": "2024-01-20",
               "id_number": "410502199003030035", "name": "吴大勇"}  # fmt: skip
DECIDED: Row = {"handler_id": "JB-7", "household_id": "H1", "decided_on": "2024-03-30", **CLERK}
WIFE: Row = {"person_id": "P2", "household_id": "H1", "relation": "SPOUSE", **CLERK}
OTHER_HOME: Row = {**HOME, "household_id": "H2"}
OWN_FILE: Row = {"person_id": "P3", "household_id": "H2", "relation": "HEAD", **CLERK}
SON: Row = {"person_id": "P4", "household_id": "H2", "relation": "CHILD", "name": "赵小军"}
WEDDING: Row = {"person_id": "P1", "party": "A", "event": "MARRIED", "event_date": "2005-10-01", "b_name": "周红梅",
                "b_id_number": "410502198501010024"}  # fmt: skip

HANDLERS: list[tuple[str, list[Row], list[Row], dict[str, Any], str | None]] = [
    ("a member", [WIFE], [DECIDED], {}, "HIGH"),
    ("a member whose name is written otherwise", [{**WIFE, "name": "周紅梅"}], [DECIDED], {}, "HIGH"),
    ("a lower-case x and blanks", [{**WIFE, "id_number": " 410502198501010024 "}], [DECIDED], {}, "HIGH"),
    ("one number, another name", [{**WIFE, "name": "李敏"}], [DECIDED], {}, None),
    ("one name, another number", [{**WIFE, "id_number": "410502198807070046"}], [DECIDED], {}, None),
    ("no number", [{**WIFE, "id_number": None}], [{**DECIDED, "id_number": None}], {}, None),
    ("a colleague decided", [WIFE], [{**MARKED, "household_id": "H1", "declared_on": None}], {}, None),
    ("declared before", [WIFE], [{**DECIDED, "declared_on": "2024-03-30"}], {}, None),
    ("declared after", [WIFE], [{**DECIDED, "declared_on": "2024-06-01"}], {}, "HIGH"),
    ("known by another row of the roster", [WIFE], [{**DECIDED, "id_number": None}, {**DECIDED, "household_id": None}], {}, "HIGH"),
    ("married to the head", [], [DECIDED], {"marriage": [WEDDING]}, "HIGH"),
    ("divorced since", [], [DECIDED],
     {"marriage": [WEDDING, {**WEDDING, "event": "DIVORCED", "event_date": "2015-10-01"}]}, None),
    ("a link of grade G4", [], [DECIDED], {"marriage": [{**WEDDING, "grade": "G4"}]}, None),
    ("a marriage without the other's number", [], [DECIDED], {"marriage": [{**WEDDING, "b_id_number": None}]}, None),
    ("her own household shares a member with it", [OWN_FILE, SON], [DECIDED], {"same_person": [("P1", "P4")]}, "HIGH"),
    ("her own household is no kin", [OWN_FILE, SON], [DECIDED], {}, None),
    ("kin by one booklet", [OWN_FILE], [DECIDED],
     {"population": [{"person_id": "P1", "household_no": "HK1"}, {"person_id": "P3", "household_no": "HK1"}]}, "HIGH"),
    ("kin by a booklet of grade G5", [OWN_FILE], [DECIDED],
     {"population": [{"person_id": "P1", "household_no": "HK1", "grade": "G5"}, {"person_id": "P3", "household_no": "HK1"}]}, None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("members", "roster", "more", "expected"), [row[1:] for row in HANDLERS], ids=[row[0] for row in HANDLERS]
)
def test_who_decided(
    scene: Scene, run: Run, members: list[Row], roster: list[Row], more: dict[str, Any], expected: str | None
) -> None:
    facts = scene([HOME, OTHER_HOME], [HEAD, *members], handlers=[*roster, MARKED], aid=[DIBAO], **more)
    leads = run("N06", facts)
    assert [(lead["household_id"], lead["severity"]) for lead in leads] == ([("H1", expected)] if expected else [])
    for lead in leads:
        assert lead["amount_high_yuan"] == 2000
        assert "纪检" in lead["explanation_zh"]
        assert "discipline" in lead["explanation_en"]
        assert CLERK["name"] not in lead["explanation_zh"]


def test_a_roster_that_knows_no_declarations_cannot_say_that_there_was_none(scene: Scene, run: Run) -> None:
    (lead,) = run("N06", scene([HOME], [HEAD, WIFE], handlers=[DECIDED]))
    assert lead["severity"] == "MEDIUM"
    assert {"name": "declared", "result": "UNKNOWN"} in lead["exceptions"]


OLD: Row = {**HOME, "applied_on": "2023-02-01", "file_opened_on": "2023-03-01"}
WARMTH: Row = {
    "person_id": "P1",
    "programme": "WINTER_WARMTH",
    "start_month": "2024-01",
    "end_month": "2024-01",
    "amount_yuan": 500,
}
TOUCHED = [
    ("no aid for a year", OLD, [], {}, "LOW"),
    ("aid eleven months ago", OLD, [WARMTH], {}, None),
    ("aid thirteen months ago", OLD, [{**WARMTH, "start_month": "2023-11", "end_month": "2023-11"}], {}, "LOW"),
    ("aid that goes on", OLD, [{**WARMTH, "start_month": "2023-04", "end_month": None}], {}, None),
    ("aid under review", OLD, [], {"reviewed": {"aid": [WARMTH]}}, None),
    ("a young file", HOME, [], {}, None),
    ("an application without a file", {**OLD, "file_opened_on": None}, [], {}, None),
    ("a closed file", {**OLD, "file_closed_on": "2024-11-01"}, [], {}, None),
    ("not a full extract", OLD, [], {"complete": ()}, None),
    ("not updated", {**OLD, "updated_on": "2023-06-01"}, [WARMTH], {}, "LOW"),
    ("updated this year", {**OLD, "updated_on": "2024-06-01"}, [WARMTH], {}, None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("home", "aid", "more", "expected"), [row[1:] for row in TOUCHED], ids=[row[0] for row in TOUCHED]
)
def test_who_looks_after_a_file(
    scene: Scene, run: Run, home: Row, aid: list[Row], more: dict[str, Any], expected: str | None
) -> None:
    leads = run("U07", scene([home], [HEAD], aid=aid, **{"complete": ("aid",), **more}))
    assert [lead["severity"] for lead in leads] == ([expected] if expected else [])


def test_a_file_without_a_contact_is_told_where_files_have_them(scene: Scene, run: Run) -> None:
    others = {**HOME, "household_id": "H2", "contact_officer": "GB007"}
    assert run("U07", scene([HOME], [HEAD], aid=[])) == []
    (lead,) = run("U07", scene([HOME, others], [HEAD], aid=[]))
    assert (lead["household_id"], lead["severity"]) == ("H1", "INFO")


def test_aid_of_somebody_who_did_not_sign_is_not_known(scene: Scene, run: Run) -> None:
    untold = [{"person_id": "P1", "source": "aid", "state": "NOT_AUTHORISED"}]
    assert run("U07", scene([OLD], [HEAD], aid=[], complete=("aid",), coverage=untold)) == []


PUPIL: Row = {"person_id": "P2", "household_id": "H1", "relation": "CHILD", "birth_date": "2014-06-01"}
TERM: Row = {"person_id": "P2", "school": "安阳市私立双语学校", "stage": "小学", "term_start": "2024-09-01", "status": "ENROLLED",
             "fee_yuan": 18000}  # fmt: skip
SCHOOLS = [
    ("a dear primary school", {}, "LOW"),
    ("exactly twice", {"fee_yuan": 3200}, None),
    ("a fen more", {"fee_yuan": "3200.01"}, "LOW"),
    ("a public university", {"stage": "本科", "school": "河南工业大学", "fee_yuan": 5500}, None),
    ("a private college", {"stage": "专科", "fee_yuan": 19800}, "LOW"),
    ("for deaf children", {"school": "安阳市特殊教育学校（聋人部）", "stage": "初中"}, None),
    ("abroad at the family's expense", {"stage": "境外留学", "fee_yuan": None}, "LOW"),
    ("a stage that nobody knows", {"stage": "夜校"}, None),
    ("a stage not told", {"stage": None}, None),
    ("a fee not told", {"fee_yuan": None}, None),
    ("graduated", {"status": "GRADUATED"}, None),
    ("long ago", {"term_start": "2021-09-01", "term_end": "2022-01-20"}, None),
    ("a slip in the number", {"grade": "G4"}, "LOW"),
    ("a link that needs an identity check", {"grade": "G5"}, None),
]  # fmt: skip


@pytest.mark.parametrize(("change", "expected"), [row[1:] for row in SCHOOLS], ids=[row[0] for row in SCHOOLS])
def test_what_a_school_costs(scene: Scene, run: Run, change: Row, expected: str | None) -> None:
    another = {**TERM, "person_id": "P1", "school": "安阳市实验小学", "fee_yuan": 100}
    leads = run("H11", scene([HOME], [HEAD, PUPIL], school=[{**TERM, **change}, another]))
    assert [lead["severity"] for lead in leads] == ([expected] if expected else [])
    assert all(lead["person_ids"] == ["P2"] and lead["amount_high_yuan"] == 0 for lead in leads)


@pytest.mark.parametrize(
    ("yuan", "month", "programme", "leads"),
    [
        (18000, "2024-09", "AUTUMN_SCHOOL", 0),
        (14800, "2024-08", "GOLDEN_AUTUMN", 0),  # 3,200 are left
        (14799, "2024-08", "GOLDEN_AUTUMN", 1),
        (18000, "2023-09", "AUTUMN_SCHOOL", 1),  # of the year before
        (18000, "2024-09", "TEMPORARY_AID", 1),
    ],
)
def test_what_student_aid_pays_is_not_the_households(
    scene: Scene, run: Run, yuan: int, month: str, programme: str, leads: int
) -> None:
    aid = {"person_id": "P1", "programme": programme, "start_month": month, "end_month": month, "amount_yuan": yuan}
    assert len(run("H11", scene([HOME], [HEAD, PUPIL], school=[TERM], aid=[aid]))) == leads


def test_a_county_has_its_own_comparator(scene: Scene, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(
        'approved_by = ["甲", "乙"]\n[[value]]\nkey = "school.public_fee_primary"\nvalue = 9000\nunit = "yuan"\n'
        'valid_from = 2020-01-01\ndivision = "410502"\nbasis = "区教育局通知"\nstatus = "verified"\n',
        encoding="utf-8",
    )
    assert run("H11", scene([HOME], [HEAD, PUPIL], school=[TERM], own_policy=path)) == []


@pytest.mark.parametrize(
    ("written", "stage"),
    [("小学", "primary"), ("小学三年级", "primary"), ("初级中学", "junior"), ("高级中学", "senior"), ("普通高中", "senior"),
     ("中等职业学校", "senior"), ("大学本科", "university"), ("学前教育", "kindergarten"), ("", None), (None, None)],
)  # fmt: skip
def test_a_stage_as_registers_write_it(written: str | None, stage: str | None) -> None:
    assert h11_high_fee_school.stage(written) == stage
