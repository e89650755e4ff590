"""F-23: nobody is joined without a valid authorisation for that source and date."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from matcher import authorisations
from matcher.errors import InputRefused
from matcher.sources.contract import load

TODAY = dt.date(2024, 12, 31)
PEOPLE = pl.DataFrame(
    {
        "person_id": ["adult", "spouse", "child", "unknown"],
        "birth_date": [dt.date(1980, 5, 1), dt.date(1982, 5, 1), dt.date(2007, 1, 1), None],
        "authorised_until": [None, None, None, None],
    },
    schema_overrides={"authorised_until": pl.Date},
)
NAMES = {source: load(source).names() for source in ("vehicles", "finance")}
SCHEMA = {
    "person_id": pl.String,
    "source": pl.String,
    "purpose": pl.String,
    "valid_from": pl.Date,
    "valid_to": pl.Date,
    "withdrawn_on": pl.Date,
}


def table(**row: object) -> pl.DataFrame:
    return pl.DataFrame([{column: row.get(column) for column in SCHEMA}], schema=SCHEMA)


def allowed(rows: pl.DataFrame | None, people: pl.DataFrame = PEOPLE, by: str | None = None) -> dict[str, list[str]]:
    found = authorisations.authorised(people, rows, NAMES, TODAY, by)
    return {source: series.to_list() for source, series in found.items()}


@pytest.mark.parametrize(
    ("row", "vehicles"),
    [
        ({"source": "ALL"}, True),
        ({"source": "全部"}, True),
        ({"source": None}, True),
        ({"source": "vehicles"}, True),
        ({"source": "finance"}, False),  # another department
        ({"source": "车管所"}, True),
        ({"source": "房产、车辆，公积金"}, True),
        ({"source": "房产；公积金"}, False),
        ({"source": "ALL", "valid_from": TODAY, "valid_to": TODAY}, True),
        ({"source": "ALL", "valid_to": dt.date(2024, 12, 30)}, False),  # expired
        ({"source": "ALL", "valid_from": dt.date(2025, 1, 1)}, False),  # not yet
        ({"source": "ALL", "withdrawn_on": dt.date(2024, 12, 1)}, False),
        ({"source": "ALL", "withdrawn_on": dt.date(2025, 2, 1)}, True),
        ({"source": "ALL", "purpose": "家庭经济状况核对"}, True),
        ({"source": "ALL", "purpose": "VERIFICATION"}, True),
        ({"source": "ALL", "purpose": "MARKETING"}, False),  # another purpose
        ({"source": "ALL", "purpose": "科研统计"}, False),
    ],
)
def test_an_authorisation_holds_for_its_source_purpose_and_dates(row: dict[str, object], vehicles: bool) -> None:
    assert ("adult" in allowed(table(person_id="adult", **row))["vehicles"]) is vehicles


def test_a_row_that_names_no_source_covers_all_only_where_none_does() -> None:
    rows = pl.concat([table(person_id="adult"), table(person_id="spouse", source="finance")])
    assert allowed(rows)["vehicles"] == ["child"]


def test_one_spouse_does_not_sign_for_the_other() -> None:
    found = allowed(table(person_id="adult", source="ALL"))["vehicles"]
    assert "spouse" not in found


def test_a_minor_needs_none_and_unknown_age_counts_as_adult() -> None:
    found = allowed(table(person_id="adult", source="ALL"))["vehicles"]
    assert found == ["adult", "child"]


def test_the_eighteenth_birthday_makes_an_adult() -> None:
    people = PEOPLE.with_columns(birth_date=pl.lit(dt.date(2006, 12, 31)))
    assert allowed(table(person_id="nobody", source="ALL"), people)["vehicles"] == ["nobody"]


def test_a_members_own_end_date_narrows() -> None:
    people = PEOPLE.with_columns(authorised_until=pl.lit(dt.date(2024, 6, 30)))
    assert "adult" not in allowed(table(person_id="adult", source="ALL"), people)["vehicles"]


def test_without_the_table_the_scan_is_refused_unless_somebody_answers_for_it() -> None:
    with pytest.raises(InputRefused, match="--authorised-by"):
        allowed(None)
    assert allowed(None, by="court order 12")["finance"] == ["adult", "spouse", "child", "unknown"]
