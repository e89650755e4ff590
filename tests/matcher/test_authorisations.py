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


def allowed(
    rows: pl.DataFrame | None,
    people: pl.DataFrame = PEOPLE,
    by: str | None = None,
    as_of: dt.date = TODAY,
    latest: dt.date | None = None,
) -> dict[str, list[str]]:
    found = authorisations.authorised(people, rows, NAMES, as_of, by, latest)
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
        ({"source": "ALL", "withdrawn_on": dt.date(2025, 2, 1)}, False),  # it is known already
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


NOBODY = table(person_id="nobody", source="ALL")


@pytest.mark.parametrize(
    "as_of", [dt.date(1900, 1, 1), dt.date(1981, 1, 1), dt.date(2006, 12, 31), dt.date(2024, 11, 1)]
)
def test_on_no_old_day_is_anybody_a_minor_who_is_an_adult_now_or_was_not_born(as_of: dt.date) -> None:
    assert set(allowed(NOBODY, as_of=as_of, latest=TODAY)["vehicles"]) <= {"nobody", "child"}
    unborn = PEOPLE.filter(pl.col("birth_date") > as_of).get_column("person_id").to_list()
    assert not set(unborn) & set(allowed(NOBODY, as_of=as_of)["vehicles"]), "whatever is known of the feeds"


def test_who_comes_of_age_between_the_day_asked_about_and_the_day_of_looking_needs_to_sign() -> None:
    people = PEOPLE.with_columns(birth_date=pl.lit(dt.date(2006, 12, 1)))
    day = dt.date(2024, 11, 1)
    assert "child" in allowed(NOBODY, people, as_of=day)["vehicles"]
    assert allowed(NOBODY, people, as_of=day, latest=TODAY)["vehicles"] == ["nobody"]


@pytest.mark.parametrize("as_of", [dt.date(1900, 1, 1), dt.date(2024, 11, 1), TODAY, dt.date(2025, 6, 1)])
@pytest.mark.parametrize("withdrawn_on", [dt.date(2024, 12, 1), dt.date(2025, 2, 1)])
def test_a_withdrawal_counts_whatever_the_day_asked_about(as_of: dt.date, withdrawn_on: dt.date) -> None:
    row = table(person_id="adult", source="ALL", withdrawn_on=withdrawn_on)
    assert "adult" not in allowed(row, as_of=as_of, latest=TODAY)["vehicles"]


@pytest.mark.parametrize(
    ("row", "may"),
    [
        ({"valid_from": dt.date(2024, 1, 1), "valid_to": TODAY}, True),
        ({"valid_from": dt.date(2024, 1, 1), "valid_to": dt.date(2024, 12, 30)}, False),  # run out since
        ({"valid_from": dt.date(2024, 11, 2)}, False),  # signed since
    ],
)
def test_an_authorisation_holds_from_the_day_asked_about_to_the_day_of_looking(
    row: dict[str, object], may: bool
) -> None:
    found = allowed(table(person_id="adult", source="ALL", **row), as_of=dt.date(2024, 11, 1), latest=TODAY)
    assert ("adult" in found["vehicles"]) is may


@pytest.mark.parametrize(
    ("withdrawn", "signed", "vehicles", "finance"),
    [
        ({"source": "vehicles"}, {"source": "ALL", "valid_from": dt.date(2024, 1, 1)}, False, True),
        ({"source": "ALL"}, {"source": "vehicles"}, False, False),
        ({"source": None}, {"source": "ALL", "valid_from": dt.date(2024, 6, 1)}, False, False),
        ({"source": "ALL"}, {"source": "ALL", "valid_from": dt.date(2024, 6, 2)}, True, True),  # signed anew
    ],
)
def test_a_withdrawal_ends_what_was_signed_before_it(
    withdrawn: dict[str, object], signed: dict[str, object], vehicles: bool, finance: bool
) -> None:
    before = table(person_id="adult", withdrawn_on=dt.date(2024, 6, 1), **withdrawn)
    found = allowed(pl.concat([before, table(person_id="adult", **signed)]))
    assert ("adult" in found["vehicles"], "adult" in found["finance"]) == (vehicles, finance)


def test_the_members_own_end_date_counts_on_the_day_of_looking() -> None:
    people = PEOPLE.with_columns(authorised_until=pl.lit(dt.date(2024, 12, 1)))
    row = table(person_id="adult", source="ALL")
    assert "adult" not in allowed(row, people, as_of=dt.date(2024, 11, 1), latest=TODAY)["vehicles"]
