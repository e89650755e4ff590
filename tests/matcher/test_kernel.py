"""The kernel: who is proposed, what level and weight a pair gets, and that nothing else of a batch matters."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher import applicants, kernel
from matcher.applicants import Applicants
from matcher.frames import IDENTITY
from matcher.identity import numbers
from matcher.normalising import people
from matcher.plan import PERSONS
from matcher.scoring import model as models

MODEL = models.load()


def number(seventeen: str) -> str:
    return seventeen + numbers.check_character(seventeen)


WANG = number("41050219550303342")
TWIN = number("41050219550303344")
HOME = "河南省安阳市文峰区人民大道12号3号楼2单元501室"


@pytest.fixture(scope="module")
def small() -> Applicants:
    members = table(
        {"person_id": "wang", "household_id": "h", "name": "王秀英", "id_number": WANG, "sex": "FEMALE"},
        {"person_id": "shan", "household_id": "h", "name": "单国强", "id_number": "110105491231002"},
        {
            "person_id": "ouyang",
            "household_id": "h",
            "name": "欧阳娜娜",
            "birth_date": dt.date(1990, 2, 3),
            "sex": "FEMALE",
        },
    )
    households = table({"household_id": "h", "phone": "13800138000", "address": HOME, "division_code": "410502"})
    return applicants.prepare(members, households, PERSONS, MODEL)


def table(*rows: dict[str, object]) -> pl.DataFrame:
    schema = pl.Schema([*IDENTITY.items(), ("person_id", pl.String()), ("household_id", pl.String())])
    return pl.DataFrame([{column: row.get(column) for column in schema} for row in rows], schema=schema)


def levels(small: Applicants, **record: object) -> dict[str, dict[str, object]]:
    scored = kernel.score(small, people.prepare(table(record)), PERSONS, MODEL)
    return {small.person_ids[row["applicant"]]: row for row in scored.iter_rows(named=True)}


@pytest.mark.parametrize(
    ("record", "number_level", "name_level"),
    [
        ({"name": "王秀英", "id_number": WANG}, "equal", "exact"),
        ({"name": "王 秀 英", "id_number": WANG.lower()}, "equal", "exact"),
        ({"name": "王秀瑛", "id_number": WANG}, "equal", "pinyin"),
        ({"name": "王秀?", "id_number": WANG}, "equal", "wildcard"),
        ({"name": "主秀英", "id_number": WANG}, "equal", "shape"),
        ({"name": "王秀", "id_number": WANG}, "equal", "one_character"),
        ({"name": "刘刚", "id_number": WANG}, "equal", "different"),
        ({"name": None, "id_number": WANG}, "equal", "missing"),
        ({"name": "王秀英", "id_number": WANG[:6] + "2" + WANG[7:]}, "repaired", "exact"),
        ({"name": "王秀英", "id_number": WANG[:12] + WANG[13] + WANG[12] + WANG[14:]}, "repaired", "exact"),
        ({"name": "王秀英", "birth_date": dt.date(1955, 3, 3), "phone": "13800138000"}, "missing", "exact"),
    ],
)
def test_a_person_is_found_however_written(
    small: Applicants, record: dict[str, object], number_level: str, name_level: str
) -> None:
    found = levels(small, **record)
    assert (found["wang"]["number"], found["wang"]["name"]) == (number_level, name_level)


def test_fifteen_digits_meet_eighteen(small: Applicants) -> None:
    found = levels(small, name="單國強", id_number="11010519491231002X")
    assert (found["shan"]["number"], found["shan"]["name"]) == ("equal_15_18", "variant")


@pytest.mark.parametrize(
    "record",
    [
        # a twin: all agrees but the given name and the sequence of the number
        {
            "name": "王秀兰",
            "id_number": TWIN,
            "birth_date": dt.date(1955, 3, 3),
            "phone": "13800138000",
            "address": HOME,
        },
        # a namesake born the same day, with a number of her own
        {
            "name": "王秀英",
            "id_number": TWIN,
            "birth_date": dt.date(1955, 3, 3),
            "phone": "13800138000",
            "address": HOME,
        },
        # a sister without a number
        {
            "name": "王秀兰",
            "birth_date": dt.date(1955, 3, 3),
            "sex": "FEMALE",
            "phone": "13800138000",
            "address": HOME,
        },
        # only the name
        {"name": "王秀英"},
        # nothing at all
        {},
    ],
)
def test_somebody_else_is_never_above_the_review_threshold(small: Applicants, record: dict[str, object]) -> None:
    assert levels(small, **record) == {}


def test_null_never_equals_null() -> None:
    nobody = applicants.prepare(
        table({"person_id": "p", "household_id": "h", "name": "王芳"}), table({"household_id": "h"}), PERSONS, MODEL
    )
    scored = kernel.score(nobody, people.prepare(table({"name": "王芳"}, {})), PERSONS, MODEL)
    assert scored.is_empty()
    assert all(keys.is_empty() for keys in nobody.keys)


def test_a_rare_name_weighs_more_than_a_common_one(small: Applicants) -> None:
    known = {"sex": "FEMALE", "phone": "13800138000"}
    rare = levels(small, name="欧阳娜娜", birth_date=dt.date(1990, 2, 3), **known)["ouyang"]["weight_bits"]
    common = levels(small, name="王秀英", birth_date=dt.date(1955, 3, 3), **known)["wang"]["weight_bits"]
    assert isinstance(rare, float)
    assert isinstance(common, float)
    assert rare > common + 10


def test_only_the_authorised_are_found(small: Applicants) -> None:
    record = people.prepare(table({"name": "王秀英", "id_number": WANG}))
    assert len(kernel.score(small.only(pl.Series(["wang"])), record, PERSONS, MODEL)) == 1
    assert kernel.score(small.only(pl.Series(["shan"])), record, PERSONS, MODEL).is_empty()


records = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["王秀英", "王秀瑛", "單国强", "欧阳娜娜", "刘刚", None]),
        "id_number": st.sampled_from([WANG, TWIN, "110105491231002", WANG[:6] + "2" + WANG[7:], None, "x"]),
        "birth_date": st.sampled_from([dt.date(1955, 3, 3), dt.date(1990, 2, 3), None]),
        "sex": st.sampled_from(["FEMALE", "MALE", None]),
        "phone": st.sampled_from(["13800138000", None]),
        "address": st.sampled_from([HOME, "文峰区人民大道12号3-2-501", "北关区", None]),
        "division_code": st.sampled_from(["410502", "410503001", None]),
    }
)


@settings(max_examples=40, deadline=None)
@given(st.lists(records, min_size=1, max_size=12), st.integers(1, 5))
def test_a_record_is_scored_alike_alone_and_in_any_batch(
    small: Applicants, rows: list[dict[str, object]], size: int
) -> None:
    whole = kernel.score(small, people.prepare(table(*rows)), PERSONS, MODEL)
    parts = [
        kernel.score(small, people.prepare(table(*rows[start : start + size])), PERSONS, MODEL).with_columns(
            pl.col("record") + start
        )
        for start in range(0, len(rows), size)
    ]
    assert pl.concat(parts).sort("applicant", "record").equals(whole)
