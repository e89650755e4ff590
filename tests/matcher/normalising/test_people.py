"""A row made ready: columns agree with the scalar vocabulary, and nothing is invented."""

from __future__ import annotations

import datetime as dt

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.frames import PREPARED
from matcher.identity import contacts, names, numbers
from matcher.normalising import people

EXAMPLE = "11010519491231002X"


def test_a_row_keeps_its_place_and_gains_its_forms() -> None:
    rows = pl.DataFrame({"name": ["單 国强"], "id_number": ["110105491231002"], "phone": ["+86 138-0013-8000"]})
    (row,) = people.prepare(rows).to_dicts()
    assert row["name"] == "單国强"
    assert row["name_simple"] == "单国强"
    assert row["name_pinyin"] == "shanguoqiang"
    assert row["number"] == EXAMPLE
    assert row["number_valid"]
    assert row["number_upgraded"]
    assert row["birth_date"] == dt.date(1949, 12, 31)
    assert row["sex"] == "FEMALE"
    assert row["phone"] == "13800138000"


def test_a_broken_number_says_nothing_of_birth_or_sex() -> None:
    (row,) = people.prepare(pl.DataFrame({"id_number": ["110105194912310021"]})).to_dicts()
    assert row["number"] == "110105194912310021"
    assert row["number_valid"] is False
    assert row["birth_date"] is None
    assert row["sex"] is None


def test_what_the_field_says_stands_before_what_the_number_says() -> None:
    rows = pl.DataFrame({"id_number": [EXAMPLE], "birth_date": [dt.date(1950, 1, 1)], "sex": ["MALE"]})
    (row,) = people.prepare(rows).to_dicts()
    assert (row["birth_date"], row["sex"]) == (dt.date(1950, 1, 1), "MALE")


def test_the_parties_of_a_marriage_are_read_by_their_prefix() -> None:
    rows = pl.DataFrame({"a_name": ["王芳"], "b_name": ["张伟"], "b_id_number": [EXAMPLE]})
    assert people.prepare(rows, "a_").get_column("name").to_list() == ["王芳"]
    assert people.prepare(rows, "a_").get_column("number").to_list() == [None]
    assert people.prepare(rows, "b_").get_column("number").to_list() == [EXAMPLE]


def test_an_empty_table_is_prepared_to_an_empty_one() -> None:
    assert people.prepare(pl.DataFrame(schema={"name": pl.String})).schema == PREPARED


written_names = st.one_of(
    st.none(),
    st.text(alphabet="王李单曾区欧阳张伟芳國強·•　 ?ＷweI\ue863\ue000𠂇", max_size=6),
)
written_numbers = st.one_of(
    st.none(), st.just(EXAMPLE), st.text(alphabet="0123456789Xx １２*'", min_size=0, max_size=20)
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(written_names, written_numbers), min_size=1, max_size=20))
def test_columns_agree_with_the_scalar_vocabulary(rows: list[tuple[str | None, str | None]]) -> None:
    frame = pl.DataFrame(rows, schema={"name": pl.String, "id_number": pl.String}, orient="row")
    for (name, number), prepared in zip(rows, people.prepare(frame).to_dicts(), strict=True):
        clean = names.clean(name) if name is not None else None
        assert prepared["name"] == clean
        simple = names.simplify(clean) if clean else None
        assert prepared["name_simple"] == simple
        assert prepared["name_pinyin"] == (names.pinyin(simple) if simple else None)
        read = numbers.read(number) if number is not None else None
        assert prepared["number"] == read
        assert prepared["number_valid"] == (numbers.is_valid(read) if read else None)
        assert prepared["number_upgraded"] == (numbers.was_fifteen(number) if read and number else None)


@settings(deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.text(alphabet="0123456789+- ()１３８", max_size=16)), min_size=1, max_size=20)
)
def test_phones_agree_with_the_scalar_vocabulary(written: list[str | None]) -> None:
    prepared = people.prepare(pl.DataFrame({"phone": written}, schema={"phone": pl.String}))
    assert prepared.get_column("phone").to_list() == [contacts.phone(p) if p is not None else None for p in written]
