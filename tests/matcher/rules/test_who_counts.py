"""P12, P13, H02, H03 and H14: who is counted in a household, who studies, and who may apply as a migrant worker."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.overlap import Stream, add_months
from matcher.rules import shares
from matcher.rules.household import h14_migrant_conditions as h14
from matcher.rules.person import p12_long_absence as p12
from matcher.rules.rule import Facts

Scene = Callable[..., Facts]
Run = Callable[[str, Facts], list[dict[str, Any]]]

HOME = {"household_id": "H1", "applied_on": "2023-03-01", "file_opened_on": "2023-04-01", "division_code": "410502"}
HEAD = {
    "person_id": "P1",
    "household_id": "H1",
    "relation": "HEAD",
    "birth_date": "1975-01-01",
    "id_number": "410502197501011233",
}
SON = {"person_id": "P2", "household_id": "H1", "relation": "CHILD", "birth_date": "2000-06-01"}
DIBAO = {
    "person_id": "P1",
    "programme": "DIBAO",
    "start_month": "2024-01",
    "end_month": "2024-12",
    "amount_yuan": 800,
}
AWAY = {"person_id": "P2", "kind": "服刑", "from": "2024-03-10", "to": "2024-06-30"}


@pytest.mark.parametrize(
    ("record", "member", "aid", "amount"),
    [
        pytest.param({}, {}, {}, 1200, id="three whole months in prison"),
        pytest.param({"from": "2024-03-01"}, {}, {}, 1600, id="from the first of a month"),
        pytest.param({"to": "2024-06-29"}, {}, {}, 800, id="a day before the month ends"),
        pytest.param({"to": "2024-04-15"}, {}, {}, None, id="no whole month"),
        pytest.param({"from": "2024-10-05", "to": None}, {}, {}, 800, id="still there"),
        pytest.param({"from": "2025-01-05"}, {}, {}, None, id="after the scan"),
        pytest.param({"from": None}, {}, {}, None, id="nobody knows since when"),
        pytest.param({"kind": "服现役"}, {}, {}, 1200, id="military service"),
        pytest.param({"kind": "刑事拘留"}, {}, {}, None, id="detention"),
        pytest.param({"kind": "有期徒刑缓刑"}, {}, {}, None, id="a suspended sentence"),
        pytest.param({"kind": "服刑（暂予监外执行）"}, {}, {}, None, id="serving outside prison"),
        pytest.param({"kind": "出境"}, {}, {}, 1200, id="abroad for three months"),
        pytest.param({"kind": "出境", "to": "2024-05-31"}, {}, {}, None, id="abroad for two months"),
        pytest.param({"kind": "出境就医"}, {}, {}, None, id="treatment abroad"),
        pytest.param({"kind": "其他"}, {}, {}, None, id="an unknown kind"),
        pytest.param({"kind": None}, {}, {}, None, id="no kind"),
        pytest.param({"grade": "G5"}, {}, {}, None, id="nobody is sure who it was"),
        pytest.param({}, {"valid_to": "2024-03-20"}, {}, None, id="counted one less"),
        pytest.param({}, {"valid_from": "2024-05-01"}, {}, 800, id="counted since May"),
        pytest.param({}, {}, {"end_month": "2024-03"}, None, id="dibao ended before"),
        pytest.param({}, {}, {"programme": "WINTER_WARMTH"}, None, id="a gift counts no heads"),
        pytest.param({}, {}, {"programme": "TEKUN", "person_id": "P2"}, 2400, id="the member's own aid"),
        pytest.param({}, {}, {"programme": "TEKUN"}, None, id="the head's own aid"),
        pytest.param(
            {}, {}, {"programme": "UI_BENEFIT", "person_id": "P2"}, None, id="unemployment benefit is P08's"
        ),
        pytest.param({}, {}, {"amount_yuan": None}, 0, id="an amount that nobody knows"),
    ],
)
def test_a_long_absence(
    scene: Scene, run: Run, record: dict[str, Any], member: dict[str, Any], aid: dict[str, Any], amount: int | None
) -> None:
    facts = scene([HOME], [HEAD, {**SON, **member}], custody=[{**AWAY, **record}], aid=[{**DIBAO, **aid}])
    leads = run("P12", facts)
    assert [(lead["severity"], lead["amount_high_yuan"]) for lead in leads] == (
        [] if amount is None else [("LOW", Decimal(amount))]
    )


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("判处有期徒刑三年", "PRISON"),
        ("入伍", "SERVICE"),
        ("看守所", "REMAND"),
        ("出国劳务", "ABROAD"),
        ("取保候审", "AT_HOME"),
        ("", ""),
    ],
)
def test_kinds_of_absence(written: str, kind: str) -> None:
    assert p12.kind_of(written) == kind


month_numbers = st.integers(0, 30)


@given(st.lists(st.tuples(month_numbers, month_numbers, st.integers(0, 900)), max_size=5), st.integers(1, 6))
def test_a_share_is_never_more_than_was_paid(rows: list[tuple[int, int, int]], heads: int) -> None:
    start = dt.date(2022, 1, 1)
    streams = [
        Stream(
            add_months(start, min(a, b)), add_months(start, max(a, b)), "DIBAO", f"r{n}", "P1", None, Decimal(yuan)
        )
        for n, (a, b, yuan) in enumerate(rows)
    ]
    family = [{"valid_from": None, "valid_to": None}] * heads
    months = [add_months(start, count) for count in range(12)]
    amount, steps = shares.of_member(streams, months, family)
    paid = sum(
        (stream.amount or Decimal(0)) * sum(stream.first <= month <= stream.last for month in months)
        for stream in streams
    )
    assert 0 <= amount <= paid
    assert amount * heads <= paid + heads
    assert bool(steps) == any(stream.first <= months[-1] for stream in streams)


STUDENT = {"person_id": "P2", "household_id": "H1", "relation": "CHILD", "birth_date": "2005-06-01"}
GRANT = {
    "person_id": "P2",
    "programme": "STATE_STUDENT_AID",
    "start_month": "2024-10",
    "end_month": "2024-11",
    "amount_yuan": 700,
}
TERM = {"person_id": "P2", "term_start": "2022-09-01", "term_end": "2023-01-20", "status": "GRADUATED"}


@pytest.mark.parametrize(
    ("grant", "term", "expected"),
    [
        pytest.param({}, {}, ("MEDIUM", 1400), id="left long ago"),
        pytest.param({"programme": "GOLDEN_AUTUMN"}, {}, ("MEDIUM", 1400), id="the union's aid"),
        pytest.param({"programme": "DIBAO"}, {}, None, id="no student aid"),
        pytest.param({}, {"term_end": None}, None, id="nobody knows when the student left"),
        pytest.param({}, {"term_end": "2025-01-20", "status": "ENROLLED"}, None, id="at school"),
        pytest.param({}, {"term_start": "2025-02-20", "term_end": "2025-07-01"}, None, id="a term to come"),
        pytest.param({}, {"term_end": "2024-05-10"}, None, id="half a year ago"),
        pytest.param({}, {"term_end": "2024-04-10"}, ("MEDIUM", 700), id="a month too long ago"),
        pytest.param({"grade": "G5"}, {}, None, id="nobody is sure whose aid it was"),
        pytest.param({"start_month": None}, {}, None, id="no month"),
        pytest.param({"person_id": "P1"}, {}, ("LOW", 1400), id="paid to the parent"),
    ],
)
def test_student_aid_without_enrolment(
    scene: Scene, run: Run, grant: dict[str, Any], term: dict[str, Any], expected: tuple[str, int] | None
) -> None:
    facts = scene([HOME], [HEAD, STUDENT], aid=[{**GRANT, **grant}], school=[{**TERM, **term}], complete=["school"])
    leads = run("P13", facts)
    assert [(lead["severity"], lead["amount_high_yuan"]) for lead in leads] == ([expected] if expected else [])


def test_who_may_be_the_student(scene: Scene, run: Run) -> None:
    brother = {**STUDENT, "person_id": "P3", "birth_date": "2012-01-01"}
    to_parent = {**GRANT, "person_id": "P1"}
    now = {**TERM, "person_id": "P3", "term_start": "2024-09-01", "term_end": "2025-01-20"}
    asked = {"complete": ["school"]}
    assert run("P13", scene([HOME], [HEAD, STUDENT, brother], aid=[to_parent], school=[TERM, now], **asked)) == []
    assert len(run("P13", scene([HOME], [HEAD, STUDENT, brother], aid=[GRANT], school=[TERM, now], **asked))) == 1
    silent = [
        {"person_id": person, "source": "school", "state": state}
        for person, state in (("P1", "NO_RECORD"), ("P2", "VALUE"), ("P3", "NO_ANSWER"))
    ]
    facts = scene([HOME], [HEAD, STUDENT, brother], aid=[to_parent], school=[TERM], coverage=silent, **asked)
    assert run("P13", facts) == []


def test_a_record_that_may_be_the_students_withholds_the_lead(scene: Scene, run: Run) -> None:
    now = {"person_id": "P2", "term_start": "2024-09-01", "term_end": "2025-01-20"}
    given_ = {"aid": [GRANT], "school": [TERM], "complete": ["school"]}
    assert run("P13", scene([HOME], [HEAD, STUDENT], reviewed={"school": [now]}, **given_)) == []
    assert run("P13", scene([HOME], [HEAD, STUDENT], aid=[GRANT], school=[TERM])) == []


@pytest.mark.parametrize(
    ("member", "records", "deaths", "aid", "expected"),
    [
        pytest.param({}, [{"status": "DECEASED", "death_date": "2024-05-20"}], [], [DIBAO], ("MEDIUM", 2800), id="dead by the register"),
        pytest.param({}, [{"status": "DECEASED"}], [], [DIBAO], ("MEDIUM", 0), id="nobody knows since when"),
        pytest.param({}, [{"status": "DECEASED", "death_date": "2024-11-20"}], [], [], None, id="within the time that a report takes"),
        pytest.param({}, [{"status": "DECEASED", "death_date": "2024-05-20", "grade": "G4"}], [], [], None, id="a slip in the number"),
        pytest.param({"valid_to": "2024-06-01"}, [{"status": "DECEASED", "death_date": "2024-05-20"}], [], [], None, id="counted one less"),
        pytest.param({}, [{"status": "DECEASED", "death_date": "2024-05-20"}, {"status": "ACTIVE"}], [], [], None, id="and in force"),
        pytest.param({}, [], [{"death_date": "2024-05-20"}], [], ("MEDIUM", 0), id="the death registers, and nothing paid"),
        pytest.param({}, [], [{"death_date": "2024-05-20"}], [DIBAO], None, id="the death registers, and aid: P01's"),
        pytest.param({}, [], [{"death_date": "2024-05-20", "grade": "G5"}], [], None, id="a namesake's death"),
        pytest.param({}, [{"status": "CANCELLED", "updated_on": "2023-01-01"}], [], [], ("LOW", 0), id="struck off"),
        pytest.param({}, [{"status": "CANCELLED"}, {"status": "ACTIVE"}], [], [], None, id="struck off once, registered again"),
        pytest.param({}, [{"status": "MOVED_OUT"}], [], [], None, id="moved out of the city"),
        pytest.param({}, [{"status": None}], [], [], None, id="no status"),
    ],
)  # fmt: skip
def test_a_member_who_is_no_longer_there(
    scene: Scene, run: Run, member: dict[str, Any], records: list[dict[str, Any]], deaths: list[dict[str, Any]],
    aid: list[dict[str, Any]], expected: tuple[str, int] | None,
) -> None:  # fmt: skip
    facts = scene(
        [HOME], [HEAD, {**SON, **member}], aid=aid,
        population=[{"person_id": "P2", **row} for row in records], deaths=[{"person_id": "P2", **row} for row in deaths],
    )  # fmt: skip
    leads = run("H03", facts)
    assert [(lead["severity"], lead["amount_high_yuan"]) for lead in leads] == ([expected] if expected else [])


APPLYING = {**HOME, "household_id": "H2", "applied_on": "2024-06-01", "file_opened_on": None}
THERE = {**SON, "person_id": "P9", "household_id": "H2", "relation": "OTHER", "birth_date": "1990-01-01"}
HERE = {**THERE, "person_id": "P2", "household_id": "H1"}


@pytest.mark.parametrize(
    ("home", "here", "there", "expected"),
    [
        pytest.param({}, {}, {}, "H2", id="in a file and in an application"),
        pytest.param({"file_opened_on": "2024-07-01"}, {}, {}, None, id="two files are P05's"),
        pytest.param({"file_closed_on": "2024-09-01"}, {}, {}, None, id="withdrawn"),
        pytest.param({}, {"valid_to": "2024-05-01"}, {}, None, id="has left the first"),
        pytest.param({}, {"relation": "HEAD"}, {"relation": "HEAD"}, None, id="a head who applies anew"),
        pytest.param({}, {"relation": "CHILD", "birth_date": "2010-01-01"}, {"relation": "CHILD", "birth_date": "2010-01-01"}, None,
                     id="a child of both parents"),
        pytest.param({"applied_on": "2022-01-01"}, {}, {}, "H1", id="the later application is the lead"),
        pytest.param({"household_id": "H1"}, {}, {"household_id": "H1"}, None, id="one household"),
    ],
)  # fmt: skip
def test_counted_in_two_households(
    scene: Scene, run: Run, home: dict[str, Any], here: dict[str, Any], there: dict[str, Any], expected: str | None
) -> None:
    homes = [HOME] if home.get("household_id") == "H1" else [HOME, {**APPLYING, **home}]
    facts = scene(homes, [HEAD, {**HERE, **here}, {**THERE, **there}], same_person=[("P2", "P9")], population=[])
    assert [lead["household_id"] for lead in run("H03", facts)] == ([expected] if expected else [])


def test_dibao_paid_to_both_is_c07s(scene: Scene, run: Run) -> None:
    paid = [DIBAO, {**DIBAO, "person_id": "P9"}]
    pair = {"same_person": [("P2", "P9")], "population": []}
    assert run("H03", scene([HOME, APPLYING], [HEAD, HERE, THERE], aid=paid, **pair)) == []
    assert len(run("H03", scene([HOME, APPLYING], [HEAD, HERE, THERE], aid=paid[:1], **pair))) == 1


ROOF = {"address": "河南省安阳市文峰区人民大道12号3号楼2单元501室"}
HIS = {**HOME, **ROOF, "applied_on": "2024-03-01"}
HERS = {**HOME, **ROOF, "household_id": "H2", "applied_on": "2020-03-01"}
WIFE = {"person_id": "P9", "household_id": "H2", "relation": "HEAD", "name": "赵敏", "birth_date": "1976-02-02"}
PARTED = {"record_id": "m", "event": "DIVORCED", "event_date": "2023-09-01", "certificate_no": "J410502-2023-001234"}
CAR = {"plate": "豫E12345", "vehicle_kind": "MOTORCYCLE", "status": "ACTIVE"}


@pytest.mark.parametrize(
    ("event", "hers", "vehicle", "expected"),
    [
        pytest.param({}, {}, {}, True, id="one roof and one vehicle"),
        pytest.param({}, {"address": "安阳市文峰区人民大道12号3号楼2单元502室"}, {}, False, id="next door"),
        pytest.param({}, {"address": None}, {}, False, id="no address"),
        pytest.param({}, {}, {"plate": "豫E99999"}, False, id="a vehicle each"),
        pytest.param({}, {}, {"status": "TRANSFERRED"}, False, id="hers was sold"),
        pytest.param({"event_date": "2023-02-01"}, {}, {}, False, id="thirteen months before"),
        pytest.param({"event_date": "2023-03-15"}, {}, {}, True, id="less than twelve months before"),
        pytest.param({"event_date": "2024-04-01"}, {}, {}, False, id="after the application"),
        pytest.param({"event": "MARRIED"}, {}, {}, False, id="no divorce"),
        pytest.param({}, {"household_id": "H1"}, {}, False, id="still one household"),
    ],
)
def test_a_divorce(
    scene: Scene, run: Run, event: dict[str, Any], hers: dict[str, Any], vehicle: dict[str, Any], *, expected: bool
) -> None:
    home = hers.get("household_id", "H2")
    homes = [HIS] if home == "H1" else [HIS, {**HERS, **hers}]
    parties = [
        {**PARTED, **event, "person_id": person, "party": party} for person, party in (("P1", "A"), ("P9", "B"))
    ]
    facts = scene(
        homes, [HEAD, {**WIFE, "household_id": home}], marriage=parties,
        vehicles=[{**CAR, "person_id": "P1"}, {**CAR, **vehicle, "person_id": "P9"}],
    )  # fmt: skip
    leads = run("H02", facts)
    assert [(lead["severity"], lead["household_id"], lead["amount_high_yuan"]) for lead in leads] == (
        [("INFO", "H1", 0)] if expected else []
    )


def test_of_an_application_of_the_last_century_nothing_is_said(scene: Scene, run: Run) -> None:
    parties = [
        {**PARTED, "event_date": "1999-01-01", "person_id": person, "party": party}
        for person, party in (("P1", "A"), ("P9", "B"))
    ]
    homes = [{**HIS, "applied_on": "1999-03-01"}, {**HERS, "applied_on": "1999-03-01"}]
    cars = [{**CAR, "person_id": person} for person in ("P1", "P9")]
    assert run("H02", scene(homes, [HEAD, WIFE], marriage=parties, vehicles=cars)) == []


def test_they_married_again(scene: Scene, run: Run) -> None:
    parties = [{**PARTED, "person_id": person, "party": party} for person, party in (("P1", "A"), ("P9", "B"))]
    again = [{**row, "record_id": "n", "event": "MARRIED", "event_date": "2024-01-01"} for row in parties]
    cars = [{**CAR, "person_id": person} for person in ("P1", "P9")]
    assert run("H02", scene([HIS, HERS], [HEAD, WIFE], marriage=[*parties, *again], vehicles=cars)) == []


@pytest.mark.parametrize(
    ("account", "number", "expected"),
    [
        ("6217000000000012345", None, ["G5"]),
        ("6217000000000012345", "4105021976020212", ["G5"]),
        ("6217000000000012345", "410502197602021238", []),
        ("6217000000000099999", None, []),
    ],
)
def test_the_other_party_by_name_and_birth_date(
    scene: Scene, run: Run, account: str, number: str | None, expected: list[str]
) -> None:
    record = {
        **PARTED,
        "person_id": "P1",
        "party": "A",
        "b_name": "赵敏",
        "b_birth_date": "1976-02-02",
        "b_id_number": number,
    }
    homes = [{**HIS, "payee_account": "6217000000000012345"}, {**HERS, "payee_account": account}]
    leads = run("H02", scene(homes, [HEAD, WIFE], marriage=[record]))
    assert [lead["grade"] for lead in leads] == expected


MIGRANT = {**HOME, "applied_on": "2024-03-01", "target_group": "MIGRANT_WORKER"}
CARD = {"person_id": "P1", "joined_on": "2023-06-01", "contract_from": "2023-09-01", "contract_to": "2024-08-31"}
SHORT = {"contract_to": "2024-05-31"}


@pytest.mark.parametrize(
    ("home", "cards", "expected"),
    [
        pytest.param({}, [{}], 0, id="twelve months"),
        pytest.param({}, [{"contract_to": "2024-08-30"}], 1, id="a day less"),
        pytest.param({}, [], 1, id="not on the roll"),
        pytest.param({"target_group": "BELOW_LINE"}, [], 0, id="another group"),
        pytest.param({"target_group": None}, [], 0, id="no group"),
        pytest.param({"file_closed_on": "2024-06-01"}, [], 0, id="the file is closed"),
        pytest.param({}, [{"joined_on": "2024-06-01"}], 1, id="joined after the application"),
        pytest.param({}, [{"joined_on": None}], 0, id="nobody knows when they joined"),
        pytest.param({}, [{"contract_to": None}], 0, id="a contract without an end"),
        pytest.param({}, [{"contract_from": None, "contract_to": None}], 0, id="no contract on the roll"),
        pytest.param(
            {}, [SHORT, {"contract_from": "2024-06-10", "contract_to": "2025-01-31"}], 0, id="renewed in time"
        ),
        pytest.param(
            {}, [SHORT, {"contract_from": "2024-08-10", "contract_to": "2025-08-31"}], 1, id="a gap of two months"
        ),
        pytest.param(
            {}, [{"contract_from": "2021-01-01", "contract_to": "2022-12-31"}], 1, id="a contract of the past"
        ),
        pytest.param({}, [{"grade": "G5", **SHORT}], 0, id="nobody is sure whose card it is"),
        pytest.param({"applied_on": "1999-06-02"}, [], 0, id="of so old an application nobody told what it took"),
    ],
)
def test_conditions_for_migrant_workers(
    scene: Scene, run: Run, home: dict[str, Any], cards: list[dict[str, Any]], expected: int
) -> None:
    rows = [{**CARD, **card} for card in cards]
    leads = run("H14", scene([{**MIGRANT, **home}], [HEAD], union_roll=rows, complete=["union_roll"]))
    assert [lead["severity"] for lead in leads] == ["LOW"] * expected


def test_any_adult_may_be_the_worker_and_every_one_must_be_known(scene: Scene, run: Run) -> None:
    wife = {**HEAD, "person_id": "P2", "relation": "SPOUSE", "id_number": "410502197501011233"}
    asked = {"complete": ["union_roll"]}
    assert run("H14", scene([MIGRANT], [HEAD, wife], union_roll=[{**CARD, "person_id": "P2"}], **asked)) == []
    assert len(run("H14", scene([MIGRANT], [HEAD, wife], union_roll=[], **asked))) == 1
    assert run("H14", scene([MIGRANT], [HEAD, {**wife, "id_number": None}], union_roll=[], **asked)) == []
    assert run("H14", scene([MIGRANT], [HEAD, wife], union_roll=[])) == []
    assert run("H14", scene([MIGRANT], [HEAD], union_roll=[], reviewed={"union_roll": [CARD]}, **asked)) == []


def test_places_where_a_de_facto_relation_suffices(scene: Scene, run: Run, tmp_path: Any) -> None:
    own = tmp_path / "policy.toml"
    own.write_text(
        'approved_by = ["甲", "乙"]\n[[value]]\nkey = "migrant.de_facto_allowed"\nvalue = 1\nunit = "1 yes, 0 no"\n'
        'valid_from = 2020-01-01\nbasis = "本市细则"\nstatus = "verified"\n',
        encoding="utf-8",
    )
    asked = {"union_roll": [{**CARD, **SHORT}], "complete": ["union_roll"]}
    assert run("H14", scene([MIGRANT], [HEAD], own_policy=own, **asked)) == []
    assert len(run("H14", scene([MIGRANT], [HEAD], **asked))) == 1


@given(st.dates(dt.date(2020, 1, 1), dt.date(2023, 12, 31)), st.integers(1, 36))
def test_a_contract_of_so_many_months_has_so_many(first: dt.date, months: int) -> None:
    later = add_months(first.replace(day=1), months)
    end = later.replace(day=min(first.day, 28)) - dt.timedelta(days=1)
    start = first.replace(day=min(first.day, 28))
    assert h14._months(start, end) == months
    assert h14._months(start, end - dt.timedelta(days=1)) == months - 1
