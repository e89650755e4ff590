"""P02, P03, P04 and P15: names and numbers that do not go together, and what is no contradiction at all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.identity import numbers
from matcher.identity.rarity import NameShares
from matcher.rules import own_numbers
from matcher.rules.rule import Facts
from tests.matcher.rules import scenes

Scene = Callable[..., Facts]
Run = Callable[[str, Facts], list[dict[str, Any]]]

HOME = {"household_id": "H1", "applied_on": "2024-03-01", "file_opened_on": "2024-04-01", "division_code": "410502"}


def number(first: str) -> str:
    """A well-formed number of these seventeen digits."""
    return first + numbers.check_character(first)


MAN = {
    "person_id": "P1", "household_id": "H1", "relation": "HEAD", "name": "张建国", "sex": "MALE", "birth_date": "1975-01-01",
    "id_number": number("41050219750101123"),
}  # fmt: skip
RECORD = {"person_id": "P1", "grade": "G3", "name": "李敏芳", "sex": "FEMALE", "birth_date": "1975-01-01"}
SLIP = number("41050219750101123")[:16] + "93"


@pytest.mark.parametrize(
    ("own", "record", "population", "expected"),
    [
        pytest.param({}, {}, None, "MEDIUM", id="another's name and sex"),
        pytest.param({}, {"sex": "MALE"}, None, "MEDIUM", id="another surname"),
        pytest.param({}, {"name": "张卫东", "sex": "MALE"}, None, "LOW", id="one surname, the rest agrees"),
        pytest.param({}, {"name": "张卫东", "sex": None}, None, "LOW", id="one surname, sex not told"),
        pytest.param(
            {}, {"name": "张卫东", "sex": "MALE", "birth_date": None}, None, "MEDIUM", id="birth date not told"
        ),
        pytest.param({"former_name": "李敏芳"}, {}, None, None, id="the former name is in our file"),
        pytest.param({}, {}, {"former_name": "李敏芳"}, None, id="the register knows the former name"),
        pytest.param({}, {}, {"name": "李敏芳", "former_name": "张建国"}, None, id="the register has the new name"),
        pytest.param({}, {}, {"former_name": "王五"}, "MEDIUM", id="another former name"),
        pytest.param({}, {"name": "???"}, None, None, id="question marks"),
        pytest.param({}, {"name": "张"}, None, None, id="a surname alone"),
        pytest.param({}, {"name": "WEI"}, None, None, id="Latin letters"),
        pytest.param({}, {"name": None}, None, None, id="no name"),
        pytest.param({"name": None}, {}, None, None, id="no name in our file"),
        pytest.param({}, {"name": "张建国先生"}, None, None, id="a title"),
        pytest.param({}, {"name": "张建国之女"}, None, None, id="a newborn"),
        pytest.param({}, {"grade": None}, None, None, id="a pair without a grade is nobody's"),
        pytest.param({"valid_to": "2024-09-01"}, {}, None, None, id="has left the household"),
    ],
)
def test_one_number_two_names(
    scene: Scene, run: Run, own: dict[str, Any], record: dict[str, Any], population: dict[str, Any] | None, expected: str | None
) -> None:  # fmt: skip
    known = [{"person_id": "P1", "name": "张建国", **population}] if population else []
    facts = scene(
        [HOME], [{**MAN, **own}], reviewed={"vehicles": [{**RECORD, **record}]}, vehicles=[], population=known
    )
    assert [lead["severity"] for lead in run("P02", facts)] == ([expected] if expected else [])


def test_the_pairs_of_every_feed_are_one_lead_and_no_name_is_printed(scene: Scene, run: Run) -> None:
    facts = scene(
        [HOME], [MAN], vehicles=[], marriage=[],
        reviewed={"vehicles": [RECORD, {**RECORD, "record_id": "v2"}],
                  "marriage": [{"person_id": "P1", "grade": "G3", "party": "B", "a_name": "张建国", "b_name": "李敏芳"}]},
    )  # fmt: skip
    (lead,) = run("P02", facts)
    assert {piece["source"] for piece in lead["evidence"]} == {"vehicles", "marriage"}
    assert (lead["grade"], lead["amount_high_yuan"], len(lead["evidence"])) == ("G3", 0, 3)
    assert "李某某" in lead["explanation_zh"]
    assert "李敏芳" not in lead["explanation_zh"] + lead["explanation_en"]
    assert "张建国" not in lead["explanation_zh"] + lead["explanation_en"]


def test_a_linked_record_and_a_stale_feed_say_little(scene: Scene, run: Run) -> None:
    assert run("P02", scene([HOME], [MAN], vehicles=[{"person_id": "P1", "name": "李敏芳"}])) == []
    old = scene([HOME], [MAN], vehicles=[], reviewed={"vehicles": [RECORD]}, stale=["vehicles"])
    assert [lead["severity"] for lead in run("P02", old)] == ["INFO"]


TWO = {**HOME, "household_id": "H2", "applied_on": "2024-06-01", "file_opened_on": "2024-07-01"}
AGAIN = {**MAN, "person_id": "P2", "household_id": "H2", "id_number": number("41050319750101451")}
CARD = {"payee_account": "6217000000000012345"}
PLACE = {"address": "安阳市文峰区人民大道12号3号楼2单元501室"}
PHONE = {"phone": "13803720001"}


@pytest.mark.parametrize(
    ("homes", "people", "other", "expected"),
    [
        pytest.param(CARD, {}, {}, 1, id="one account"),
        pytest.param({}, PHONE, {}, 1, id="one phone"),
        pytest.param(PLACE, {}, {}, 1, id="one address"),
        pytest.param({"address": "安阳市文峰区"}, {}, {}, 0, id="a district is no address"),
        pytest.param({}, {}, {}, 0, id="nothing in common"),
        pytest.param(CARD, {}, {"name": "张建军"}, 0, id="another name"),
        pytest.param(CARD, {}, {"name": "張建国"}, 1, id="the name written otherwise"),
        pytest.param(CARD, {}, {"birth_date": "1976-01-01"}, 0, id="another birth date"),
        pytest.param(CARD, {}, {"sex": "FEMALE"}, 0, id="another sex"),
        pytest.param(CARD, {}, {"id_number": MAN["id_number"]}, 0, id="one number"),
        pytest.param(CARD, {}, {"id_number": SLIP}, 0, id="a number that does not exist"),
        pytest.param(CARD, {}, {"id_number": None}, 0, id="no number"),
        pytest.param(CARD, {}, {"id_number": number("41050219750101125")}, 0, id="numbers like those of twins"),
        pytest.param(CARD, {}, {"birth_date": None, "sex": None}, 1, id="birth date and sex from the number"),
        pytest.param(CARD, {}, {"valid_to": "2024-10-01"}, 0, id="has left"),
    ],
)
def test_one_person_two_numbers(
    scene: Scene, run: Run, homes: dict[str, Any], people: dict[str, Any], other: dict[str, Any], expected: int
) -> None:
    facts = scene([{**HOME, **homes}, {**TWO, **homes}], [{**MAN, **people}, {**AGAIN, **people, **other}])
    leads = run("P03", facts)
    assert [(lead["household_id"], lead["person_ids"]) for lead in leads] == [("H2", ["P1", "P2"])] * expected


def test_the_smaller_stream_of_the_months_that_both_were_paid_is_at_risk(scene: Scene, run: Run) -> None:
    aid = [
        {
            "person_id": "P1",
            "programme": "DIBAO",
            "start_month": "2024-01",
            "end_month": "2024-12",
            "amount_yuan": 500,
        },
        {
            "person_id": "P2",
            "programme": "LIVING_SUBSIDY",
            "start_month": "2024-08",
            "end_month": "2024-10",
            "amount_yuan": 300,
        },
    ]
    (lead,) = run("P03", scene([{**HOME, **CARD}, {**TWO, **CARD}], [MAN, AGAIN], aid=aid))
    assert (lead["amount_low_yuan"], lead["amount_high_yuan"]) == (0, 900)
    assert "1500.00" in lead["explanation_en"]
    assert "6217" not in lead["explanation_en"]


def test_a_correction_that_the_register_records_is_none(scene: Scene, run: Run) -> None:
    homes = [{**HOME, **CARD}, {**TWO, **CARD}]
    old, new = {"person_id": "P1", "status": "CANCELLED"}, {"person_id": "P2", "status": "ACTIVE"}
    assert run("P03", scene(homes, [MAN, AGAIN], population=[old, new])) == []
    assert len(run("P03", scene(homes, [MAN, AGAIN], population=[{**old, "status": "ACTIVE"}, new]))) == 1
    known = [{**new, "person_id": "P1", "record_id": "r"}, {**new, "record_id": "r"}]
    assert [lead["severity"] for lead in run("P03", scene(homes, [MAN, AGAIN], population=known))] == ["LOW"]


def test_an_offices_phone_proves_nothing(scene: Scene, run: Run) -> None:
    others = [
        (
            {**TWO, "household_id": f"H{n}"},
            {**AGAIN, "person_id": f"P{n}", "household_id": f"H{n}", "name": f"王{n}", **PHONE},
        )
        for n in range(3, 6)
    ]
    pair = [{**MAN, **PHONE}, {**AGAIN, **PHONE}]
    assert len(run("P03", scene([HOME, TWO], pair))) == 1
    homes, people = [home for home, _ in others], [person for _, person in others]
    assert run("P03", scene([HOME, TWO, *homes], [*pair, *people])) == []


@given(st.lists(st.text("张王李伟芳", min_size=2, max_size=3), min_size=1, max_size=60))
def test_more_bearers_make_namesakes_likelier(called: list[str]) -> None:
    name = called[0]
    one, other = NameShares.of(called), NameShares.of([*called, name])
    assert 0 < one.namesakes_born_alike(name) <= other.namesakes_born_alike(name)
    assert NameShares.of([]).namesakes_born_alike(name) == 0


def test_odds_of_a_large_city_withhold_the_commonest_names() -> None:
    """A million people of whom one in fourteen is a Wang and one in two hundred and fifty a Wei: namesakes born alike are many."""
    shares = NameShares.of(["王伟"] * 4 + ["李秀英"] * 996)
    assert shares.namesakes_born_alike("王伟") < shares.namesakes_born_alike("李秀英")


@pytest.mark.parametrize(
    ("own", "home", "expected"),
    [
        pytest.param({"id_number": SLIP}, {}, "INVALID", id="a wrong check character"),
        pytest.param({"id_number": "410502197513011233"}, {}, "INVALID", id="a thirteenth month"),
        pytest.param({"id_number": number("41050219750101000")}, {}, "INVALID", id="sequence 000"),
        pytest.param(
            {"id_number": number("41050220990101123"), "birth_date": None}, {}, "INVALID", id="born in the future"
        ),
        pytest.param({}, {}, "NOT_FOUND", id="not in the register"),
        pytest.param({}, {"target_group": "MIGRANT_WORKER"}, None, id="a migrant worker"),
        pytest.param({}, {"division_code": "410102"}, None, id="a number from another prefecture"),
        pytest.param({}, {"division_code": None}, None, id="nobody knows where they live"),
        pytest.param({}, {"file_closed_on": "2024-09-01"}, None, id="the file is closed"),
        pytest.param({"valid_to": "2024-09-01"}, {}, None, id="has left"),
        pytest.param({"id_number": "410502750101123"}, {}, None, id="fifteen digits"),
        pytest.param({"id_number": "410502********1233"}, {}, None, id="a masked number"),
        pytest.param({"id_number": "111111111111111111"}, {}, None, id="a filler"),
        pytest.param({"id_number": None}, {}, None, id="no number"),
        pytest.param({"id_number": "H12345678"}, {}, None, id="a permit"),
        pytest.param({"birth_date": "1980-01-01"}, {}, None, id="the number may be another's"),
        pytest.param(
            {"id_number": number("41050220241105123"), "birth_date": "2024-11-05"}, {}, None, id="a newborn"
        ),
        pytest.param(
            {"id_number": number("41050220240905123"), "birth_date": "2024-09-05"},
            {},
            "NOT_FOUND",
            id="four months old",
        ),
    ],
)
def test_a_number_that_does_not_exist(
    scene: Scene, run: Run, own: dict[str, Any], home: dict[str, Any], expected: str | None
) -> None:
    leads = run("P04", scene([{**HOME, **home}], [{**MAN, **own}], population=[], complete=["population"]))
    assert [lead["severity"] for lead in leads] == (["LOW"] if expected else [])
    for lead in leads:
        assert ("完整的户籍登记" in lead["explanation_zh"]) == (expected == "NOT_FOUND")
        assert str({**MAN, **own}["id_number"]) not in lead["explanation_zh"] + lead["explanation_en"]


@pytest.mark.parametrize(
    ("state", "wrong", "missing"),
    [("NO_RECORD", 1, 1), ("NO_ANSWER", 1, 0), ("NOT_AUTHORISED", 0, 0), ("VALUE", 1, 0)],
)
def test_only_an_answer_says_that_nobody_is_there(
    scene: Scene, run: Run, state: str, wrong: int, missing: int
) -> None:
    told = [{"person_id": "P1", "source": "population", "state": state}]
    for own, expected in (({"id_number": SLIP}, wrong), ({}, missing)):
        facts = scene([HOME], [{**MAN, **own}], population=[], coverage=told, complete=["population"])
        assert len(run("P04", facts)) == expected
    assert run("P04", scene([HOME], [MAN])) == []


def test_the_registers_own_number_is_a_candidate_and_its_own_mistake_is_no_lead(scene: Scene, run: Run) -> None:
    wrong = {**MAN, "id_number": SLIP}
    record = {"person_id": "P1", "grade": "G4", "id_number": MAN["id_number"]}
    (lead,) = run("P04", scene([HOME], [wrong], population=[record]))
    assert "one slip of the pen away" in lead["explanation_en"]
    assert {piece["source"] for piece in lead["evidence"]} == {"members", "population"}
    assert run("P04", scene([HOME], [wrong], population=[{**record, "id_number": SLIP}])) == []


def test_what_another_department_knows_exists(scene: Scene, run: Run) -> None:
    asked = {"population": [], "complete": ["population"]}
    assert run("P04", scene([HOME], [MAN], medical=[{"person_id": "P1"}], **asked)) == []
    assert len(run("P04", scene([HOME], [MAN], medical=[{"person_id": "P1", "grade": "G5"}], **asked))) == 1


def test_the_payments_to_the_number_are_at_risk(scene: Scene, run: Run) -> None:
    aid = [
        {
            "person_id": "P1",
            "programme": "TEKUN",
            "start_month": "2024-03",
            "end_month": "2024-05",
            "amount_yuan": 700,
        }
    ]
    (lead,) = run("P04", scene([HOME], [{**MAN, "id_number": SLIP}], population=[], aid=aid))
    assert (lead["amount_low_yuan"], lead["amount_high_yuan"]) == (0, 2100)
    assert "700.00 × 3 = 2100.00" in lead["explanation_en"]


@given(st.text(max_size=20) | st.from_regex(numbers.REGULAR, fullmatch=True) | st.none())
def test_many_numbers_are_read_as_one_is(written: str | None) -> None:
    """The fast way for well-formed numbers and the careful one for the others agree with the vocabulary's own reading."""
    facts = scenes.scene([HOME], [{**MAN, "id_number": written}])
    (row,) = own_numbers.read(facts.members).iter_rows(named=True)
    reading = numbers.understand(written) if written else None
    citizen = reading is not None and reading.kind == "citizen"
    assert (row["form"] in ("VALID", "INVALID")) == citizen
    if reading is not None and citizen:
        assert row["number"] == reading.text
        assert (row["form"] == "VALID") == (numbers.is_valid(reading.text) and reading.text[14:17] != "000")


WORK = {"person_id": "P1", "kind": "EMPLOYEE_PENSION", "payer": "EMPLOYER", "status": "PAYING", "start_month": "2024-01",
        "employer_name": "安阳市纺织有限公司"}  # fmt: skip


@pytest.mark.parametrize(
    ("own", "home", "insured", "expected"),
    [
        pytest.param({"declared_employment": "失业", "birth_date": "1964-06-01"}, {}, [], True, id="a man of sixty"),
        pytest.param({"declared_employment": "失业", "birth_date": "1965-06-01"}, {}, [], False, id="a man of fifty-nine"),
        pytest.param(
            {"declared_employment": "求职", "birth_date": "1969-06-01", "sex": "FEMALE", "id_number": None}, {}, [], True,
            id="a woman of fifty-five",
        ),
        pytest.param(
            {"declared_employment": "求职", "birth_date": "1969-06-01", "sex": "FEMALE"}, {}, [], False,
            id="the number is a man's",
        ),
        pytest.param({"declared_employment": "失业", "birth_date": "2010-06-01"}, {}, [], True, id="fourteen"),
        pytest.param({"declared_employment": "失业", "birth_date": "1964-06-01", "sex": None}, {}, [], False, id="sex not told"),
        pytest.param(
            {"declared_employment": "失业", "birth_date": None, "id_number": None}, {}, [], False, id="no birth date at all"
        ),
        pytest.param({"declared_employment": "务农", "birth_date": "1950-06-01"}, {}, [], False, id="a farmer"),
        pytest.param(
            {"declared_employment": "失业", "birth_date": "1960-06-01"}, {}, [{**WORK, "status": "DRAWING"}], False, id="P09's"
        ),
        pytest.param({"declared_employment": "无劳动能力"}, {}, [WORK], True, id="unable, and at work"),
        pytest.param({"declared_employment": "无劳动能力"}, {}, [{**WORK, "payer": "FLEXIBLE"}], False, id="self-insured"),
        pytest.param(
            {"declared_employment": "无劳动能力"}, {}, [{**WORK, "end_month": "2024-03"}], False, id="worked until spring"
        ),
        pytest.param(
            {"declared_employment": "无劳动能力"}, {}, [{**WORK, "start_month": "2024-11"}], False, id="two months of work"
        ),
        pytest.param(
            {"declared_employment": "务农", "birth_date": "1950-06-01"}, {"target_group": "DIBAO_UNDEREMPLOYED"}, [], True,
            id="the able group, and nobody of working age",
        ),
        pytest.param(
            {"declared_employment": "务农"}, {"target_group": "DIBAO_UNDEREMPLOYED"}, [], False, id="the able group, and able"
        ),
    ],
)  # fmt: skip
def test_age_and_ability(
    scene: Scene,
    run: Run,
    own: dict[str, Any],
    home: dict[str, Any],
    insured: list[dict[str, Any]],
    *,
    expected: bool,
) -> None:
    leads = run("P15", scene([{**HOME, **home}], [{**MAN, **own}], social_insurance=insured))
    assert [(lead["severity"], lead["amount_high_yuan"]) for lead in leads] == ([("INFO", 0)] if expected else [])


def test_values_of_the_day_count(scene: Scene, run: Run) -> None:
    jobless = {**MAN, "declared_employment": "失业", "birth_date": "1964-06-01"}
    assert run("P15", scene([HOME], [jobless], as_of=dt.date(2023, 12, 31))) == []
