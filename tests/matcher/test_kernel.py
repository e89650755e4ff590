"""The kernel: who is proposed, what level a pair gets, who is never found, and that nothing else of a batch matters."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher import applicants, kernel, linking
from matcher.applicants import Applicants
from matcher.kernel import Batch
from matcher.plan import PERSONS
from matcher.scoring import model as models
from tests.matcher.persons import number, table

MODEL = models.load("persons-2.json")

WANG = number("41050219550303342")
TWIN = number("41050219550303344")
STRANGER = number("11010119550303120")
HOME = "河南省安阳市文峰区人民大道12号3号楼2单元501室"
BORN = dt.date(1955, 3, 3)
PHONE = "13800138011"


@pytest.fixture(scope="module")
def small() -> Applicants:
    members = table(
        {"person_id": "wang", "household_id": "h", "name": "王秀英", "id_number": WANG, "sex": "FEMALE"},
        {"person_id": "shan", "household_id": "h", "name": "单国强", "id_number": "110105491231002"},
        {"person_id": "ouyang", "household_id": "h", "name": "欧阳娜娜", "birth_date": dt.date(1990, 2, 3), "sex": "FEMALE"},
        {"person_id": "zeng", "household_id": "h", "name": "曾丽", "former_name": "曾小丽", "birth_date": dt.date(1971, 5, 6),
         "sex": "FEMALE"},
    )  # fmt: skip
    households = table({"household_id": "h", "phone": PHONE, "address": HOME, "division_code": "410502"})
    return applicants.prepare(members, households, PERSONS, MODEL)


def found(small: Applicants, *records: dict[str, object]) -> dict[str, dict[str, object]]:
    scored = kernel.score(small, Batch.of(table(*records), PERSONS)).pairs
    return {small.ids[row["applicant"]]: row for row in scored.iter_rows(named=True)}


@pytest.mark.parametrize(
    ("record", "number_level", "name_level"),
    [
        ({"name": "王秀英", "id_number": WANG}, "equal", "exact"),
        ({"name": "王 秀 英", "id_number": WANG.lower()}, "equal", "written"),
        ({"name": "王秀瑛", "id_number": WANG}, "equal", "tone"),
        ({"name": "王秀?", "id_number": WANG}, "equal", "wildcard"),
        ({"name": "主秀英", "id_number": WANG}, "equal", "shape"),
        ({"name": "王xiu英", "id_number": WANG}, "equal", "spelt"),
        ({"name": "王秀", "id_number": WANG}, "equal", "one_character"),
        ({"name": "刘刚", "id_number": WANG}, "equal", "different"),
        ({"name": None, "id_number": WANG}, "equal", "missing"),
        ({"name": "王秀英", "id_number": WANG[:6] + "2" + WANG[7:]}, "repaired", "exact"),
        ({"name": "王秀英", "id_number": WANG[:12] + WANG[13] + WANG[12] + WANG[14:]}, "repaired", "exact"),
        ({"name": "王秀英", "id_number": WANG[:6] + "********" + WANG[14:]}, "compatible", "exact"),
        ({"name": "王秀英", "id_number": WANG[:15] + "000"}, "compatible", "exact"),
        ({"name": "王秀英", "id_number": WANG[:16]}, "compatible", "exact"),
        ({"name": "王秀英", "id_number": "4.10502E+17", "birth_date": BORN}, "compatible", "exact"),
        ({"name": "王秀英", "birth_date": BORN, "phone": PHONE}, "missing", "exact"),
    ],
)
def test_a_person_is_found_however_written(
    small: Applicants, record: dict[str, object], number_level: str, name_level: str
) -> None:
    row = found(small, record)["wang"]
    assert (row["number"], row["name"]) == (number_level, name_level)


@pytest.mark.parametrize(
    ("record", "person", "name_level"),
    [
        ({"name": "單國強", "id_number": "11010519491231002X"}, "shan", "variant"),
        ({"name": "曾小丽", "birth_date": dt.date(1971, 5, 6), "sex": "FEMALE", "phone": PHONE}, "zeng", "former"),
        ({"name": "层丽", "birth_date": dt.date(1971, 5, 6), "sex": "FEMALE", "phone": PHONE}, "zeng", "sound"),
        (
            {"name": "ZENG LI", "birth_date": dt.date(1971, 5, 6), "sex": "FEMALE", "phone": PHONE},
            "zeng",
            "spelt",
        ),
    ],
)
def test_a_name_is_heard_and_remembered(
    small: Applicants, record: dict[str, object], person: str, name_level: str
) -> None:
    assert found(small, record)[person]["name"] == name_level


@pytest.mark.parametrize(
    "record",
    [
        # a twin: all agrees but the given name and the sequence of the number
        {"name": "王秀兰", "id_number": TWIN, "birth_date": BORN, "phone": PHONE, "address": HOME},
        # a namesake born the same day, with a number of her own
        {"name": "王秀英", "id_number": STRANGER, "birth_date": BORN, "phone": PHONE, "address": HOME},
        # a sister without a number
        {"name": "王秀兰", "birth_date": BORN, "sex": "FEMALE", "phone": PHONE, "address": HOME},
        # the husband: her phone and home
        {"name": "王国强", "id_number": number("41050219530505331"), "phone": PHONE, "address": HOME},
        # a father who shares the surname
        {"name": "王秀", "birth_date": dt.date(1930, 3, 3), "sex": "MALE", "phone": PHONE, "address": HOME},
        # the sister and the husband again, of whose numbers a spreadsheet left the county
        {
            "name": "王秀兰",
            "id_number": "4.10502E+17",
            "birth_date": BORN,
            "sex": "FEMALE",
            "phone": PHONE,
            "address": HOME,
        },
        {"name": "王国强", "id_number": "410502************", "phone": PHONE, "address": HOME},
        {"name": "王秀英"},
        {},
    ],
    ids=[
        "twin",
        "namesake",
        "sister",
        "spouse",
        "father",
        "sister's county",
        "spouse's county",
        "name alone",
        "nothing",
    ],
)
def test_somebody_else_is_never_above_the_review_threshold(small: Applicants, record: dict[str, object]) -> None:
    assert "wang" not in found(small, record)


def test_twins_relatives_and_namesakes_are_told_apart_and_counted(small: Applicants) -> None:
    twin: dict[str, object] = {"name": "王秀兰", "id_number": TWIN, "phone": PHONE}
    husband: dict[str, object] = {"name": "王国强", "id_number": number("41050219530505331"), "phone": PHONE}
    namesake: dict[str, object] = {"name": "王秀英", "id_number": STRANGER, "birth_date": BORN}
    scored = kernel.score(small, Batch.of(table(twin, husband, namesake, namesake), PERSONS))
    assert scored.pairs.is_empty()
    assert dict(scored.apart) == {
        "number:neighbour:phone&name.family": 1,
        "number:conflict:phone&name.family": 1,
        "number:conflict:name.sound&birth_date": 2,
    }
    assert kernel.added([scored.apart, scored.apart]) == {what: 2 * count for what, count in scored.apart.items()}


def test_the_owner_of_a_number_that_somebody_else_wrote_down_is_not_linked(small: Applicants) -> None:
    scored = kernel.score(small, Batch.of(table({"name": "刘刚", "id_number": WANG}), PERSONS)).pairs
    pairs = scored.with_columns(person_id=pl.lit("wang"), source=pl.lit("s"), record_id=pl.lit("r"), party=pl.lit("SELF"),
                                name_bits=pl.lit(10.0))  # fmt: skip
    (link,) = linking.links(pairs, PERSONS, MODEL).to_dicts()
    assert (link["grade"], link["decision"]) == ("G3", "REVIEW")


def test_null_never_equals_null() -> None:
    nobody = applicants.prepare(
        table({"person_id": "p", "household_id": "h", "name": "王芳"}), table({"household_id": "h"}), PERSONS, MODEL
    )
    scored = kernel.score(nobody, Batch.of(table({"name": "王芳"}, {}), PERSONS))
    assert scored.pairs.is_empty()
    assert all((keys.dense == 0).all() for keys in nobody.keys)


def test_only_the_authorised_are_found(small: Applicants) -> None:
    record = Batch.of(table({"name": "王秀英", "id_number": WANG}), PERSONS)
    assert len(kernel.score(small.only(pl.Series(["wang"])), record).pairs) == 1
    assert kernel.score(small.only(pl.Series(["shan"])), record).pairs.is_empty()


def test_a_key_that_too_many_records_bear_is_counted_and_not_expanded(small: Applicants) -> None:
    blocks = tuple(replace(block, cap=3) for block in PERSONS.blocks)
    plan = replace(PERSONS, blocks=blocks)
    few = replace(small, plan=plan)
    crowd: list[dict[str, object]] = [{"name": "王强", "phone": PHONE} for _ in range(5)]
    pairs, _, proposed = kernel.propose(few, Batch.of(table(*crowd), plan))
    assert len(pairs) == 0
    wang = small.ids.to_list().index("wang")
    assert proposed.filter(pl.col("applicant") == wang).rows() == [(wang, 2, 5)]


def test_an_applicant_whom_several_keys_flood_together_is_flooded_alone(small: Applicants) -> None:
    """Neither of her names is borne too often, both together are; who bears but one of them is still found."""
    born: dict[str, object] = {"birth_date": BORN}
    people = table({"name": "王丽", **born}, {"name": "王丽", "former_name": "王小丽", **born})
    plan = replace(PERSONS, blocks=tuple(replace(block, cap=4) for block in PERSONS.blocks))
    few = applicants.keyed(pl.Series("person_id", ["once", "twice"]), plan.prepare(people), plan, MODEL)
    crowd: list[dict[str, object]] = [{"name": name, **born} for name in ["王丽"] * 3 + ["王小丽"] * 3]
    pairs, _, proposed = kernel.propose(few, Batch.of(table(*crowd), plan))
    assert proposed.rows() == [(0, 1, 3), (1, 1, 6)]
    assert (pairs >> np.uint64(32)).tolist() == [0, 0, 0]


records = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["王秀英", "王秀瑛", "單国强", "欧阳娜娜", "刘刚", "曾小丽", "层丽", "王秀?", None]),
        "id_number": st.sampled_from(
            [WANG, TWIN, "110105491231002", WANG[:6] + "2" + WANG[7:], WANG[:14] + "****", "H12345678", None, "x"]
        ),
        "birth_date": st.sampled_from([BORN, dt.date(1990, 2, 3), dt.date(1971, 5, 6), None]),
        "sex": st.sampled_from(["FEMALE", "MALE", None]),
        "phone": st.sampled_from([PHONE, None]),
        "address": st.sampled_from([HOME, "文峰区人民大道12号3-2-501", "北关区", None]),
        "division_code": st.sampled_from(["410502", "410503001", None]),
    }
)


@settings(max_examples=40, deadline=None)
@given(st.lists(records, min_size=1, max_size=12), st.integers(1, 5))
def test_a_record_is_scored_alike_alone_and_in_any_batch(
    small: Applicants, rows: list[dict[str, object]], size: int
) -> None:
    whole = kernel.score(small, Batch.of(table(*rows), PERSONS)).pairs
    parts = [
        kernel.score(small, Batch.of(table(*rows[start : start + size]), PERSONS)).pairs.with_columns(
            (pl.col("record") + start).cast(pl.UInt32)
        )
        for start in range(0, len(rows), size)
    ]
    assert pl.concat(parts).sort("applicant", "record").equals(whole)


@settings(max_examples=40, deadline=None)
@given(st.lists(records, min_size=1, max_size=12))
def test_dropping_pairs_early_loses_none(small: Applicants, rows: list[dict[str, object]]) -> None:
    """Every pair of every applicant and record, settled to the end, weighs no more than what was kept says."""
    batch = Batch.of(table(*rows), PERSONS)
    kept = kernel.score(small, batch).pairs
    known = set(zip(kept.get_column("applicant"), kept.get_column("record"), strict=True))
    proposed, blocks, _ = kernel.propose(small, batch)
    open_wide = replace(small, scale=replace(small.scale, review=-1e9))
    every = kernel.weigh(open_wide, batch.people, proposed, blocks).pairs
    above = every.filter(pl.col("weight_bits") >= small.scale.review)
    assert set(zip(above.get_column("applicant"), above.get_column("record"), strict=True)) == known
    assert above.select("applicant", "record", "weight_bits").equals(
        kept.select("applicant", "record", "weight_bits")
    )


def test_work_cut_into_small_pieces_gives_the_same(small: Applicants, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = Batch.of(table(*({"name": "王秀英", "birth_date": BORN, "phone": PHONE} for _ in range(9))), PERSONS)
    whole = kernel.score(small, batch).pairs
    monkeypatch.setattr(kernel, "PAIRS_AT_ONCE", 2)
    assert kernel.score(small, batch).pairs.equals(whole)
    assert len(whole) == 9
    assert np.isfinite(whole.get_column("weight_bits").to_numpy()).all()


@settings(max_examples=40, deadline=None)
@given(
    held=st.lists(records, min_size=1, max_size=6),
    rows=st.lists(records, min_size=1, max_size=30),
    cap=st.integers(1, 4),
)
def test_a_batch_never_proposes_more_than_the_bound(
    held: list[dict[str, object]], rows: list[dict[str, object]], cap: int
) -> None:
    plan = replace(PERSONS, blocks=tuple(replace(block, cap=cap) for block in PERSONS.blocks))
    ids = pl.Series("person_id", [str(place) for place in range(len(held))])
    few = applicants.keyed(ids, plan.prepare(table(*held)), plan, MODEL)
    pairs, _, _ = kernel.propose(few, Batch.of(table(*rows), plan))
    assert len(pairs) <= few.bound <= len(held) * cap * len(plan.blocks)
    assert np.bincount((pairs >> np.uint64(32)).astype(np.int64)).max(initial=0) <= cap * len(plan.blocks)
