"""A whole row made ready: columns by their names and prefixes, fallbacks, and nothing invented."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from matcher.normalising import fields
from matcher.plan import PERSONS
from matcher.prepared import Field, Prepared
from tests.matcher.persons import table

EXAMPLE = "11010519491231002X"
BORN = dt.date(1949, 12, 31).toordinal()


def prepared(rows: pl.DataFrame, prefix: str = "") -> Prepared:
    return PERSONS.prepare(rows, prefix)


def test_a_row_keeps_its_place_and_gains_its_facets() -> None:
    rows = table({}, {"name": "單 国强", "id_number": "110105491231002", "phone": "+86 138-0013-8000"})
    nobody, somebody = prepared(rows).table.to_dicts()
    assert {name: value for name, value in nobody.items() if value not in (0, None)} == {}
    assert somebody["name.text"] == "單 国强"
    assert (somebody["birth_date"], somebody["sex"]) == (BORN, 2)
    assert somebody["phone"] == 113800138000


def test_what_the_field_says_stands_before_what_the_number_says() -> None:
    rows = table({"id_number": EXAMPLE, "birth_date": dt.date(1950, 1, 1), "sex": "MALE"}, {"id_number": EXAMPLE})
    people = prepared(rows)
    assert people.integers("birth_date").tolist() == [dt.date(1950, 1, 1).toordinal(), BORN]
    assert people.integers("sex").tolist() == [1, 2]


def test_a_broken_number_fills_nothing() -> None:
    people = prepared(table({"id_number": "110105194912310021"}))
    assert (people.integers("birth_date").tolist(), people.integers("sex").tolist()) == ([0], [0])


def test_the_parties_of_a_marriage_are_read_by_their_prefix() -> None:
    rows = pl.DataFrame({"a_name": ["王芳"], "b_name": ["张伟"], "b_id_number": [EXAMPLE]})
    one, other = prepared(rows, "a_"), prepared(rows, "b_")
    assert one.table.get_column("name.text").to_list() == ["王芳"]
    assert one.integers("number").tolist() == [0]
    assert other.table.get_column("name.text").to_list() == ["张伟"]
    assert other.integers("number").tolist() != [0]


@pytest.mark.parametrize(
    "rows", [pl.DataFrame({"name": ["王芳"]}), pl.DataFrame({"name": ["王芳"], "phone": [None]})]
)
def test_a_column_that_is_missing_counts_as_unknown(rows: pl.DataFrame) -> None:
    people = prepared(rows)
    assert people.table.schema == prepared(table({"name": "王芳"})).table.schema
    assert people.table.equals(prepared(table({"name": "王芳"})).table)


def test_an_empty_table_is_prepared_to_an_empty_one() -> None:
    people = prepared(table())
    assert len(people) == 0
    assert people.table.schema == prepared(table({"name": "王芳"})).table.schema
    assert not people.more


def test_only_what_some_row_has_more_of_stands_in_more() -> None:
    assert set(prepared(table({"name": "王芳", "id_number": EXAMPLE})).more) == set()
    assert set(prepared(table({"name": "曾芳", "id_number": "110105194912310021"})).more) == {"name.sound", "number"}


@pytest.mark.parametrize("kind", sorted(fields.READERS))
def test_every_kind_is_read_from_text_from_nulls_and_from_nothing(kind: str) -> None:
    field = Field("f", kind, "c")
    facets = frozenset(f"f.{facet}" for facet in fields.FACETS.get(kind, ()))
    columns = [
        pl.Series("c", ["12", None], dtype=pl.String),
        pl.Series("c", [None, None], dtype=pl.String),
        pl.Series("c", [None, None], dtype=pl.Null),
        pl.Series("c", [], dtype=pl.String),
    ]
    made = [fields.prepare(pl.DataFrame([column]), [field], "", facets) for column in columns]
    assert [len(one) for one in made] == [2, 2, 2, 0]
    assert len({str(one.table.schema) for one in made}) == 1
    assert {"f", *facets} <= set(made[0].table.columns)
    assert all(one.table.get_column("f").dtype.is_integer() for one in made)
