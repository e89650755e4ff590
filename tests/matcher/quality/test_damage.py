"""Names, numbers and dates: the column agrees with the scalar, and honest values are left alone."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.identity import divisions, numbers
from matcher.quality import date_damage, name_damage, number_damage
from matcher.quality.places import Marks
from matcher.sources.contract import Contract, load

SOUND = "410502198001011235"[:17]
SOUND += numbers.check_character(SOUND)
AS_OF = dt.date(2024, 12, 31)


def noticed(marks: list[Marks]) -> dict[str, list[int]]:
    return {mark.kind: [row for row, holds in enumerate(mark.where.to_list()) if holds] for mark in marks}


NAMES = {
    "张伟": None, "王": None, "欧阳娜娜": None, "买买提·吐尔逊": None, "Li Wei": None, "张*": None, "濮广建": None, "𠮷田": None,
    "李??": "unknown_mark", "王□": "unknown_mark", "赵？": "unknown_mark", "张\ufffd": "replaced", "王\ue863": "private_use",
    "寮犱紵": "misread", "ÕÅÎ°": "misread",
}  # fmt: skip


@pytest.mark.parametrize(("name", "kind"), NAMES.items())
def test_what_an_encoding_did_to_a_name(name: str, kind: str | None) -> None:
    assert name_damage.damage(name) == kind


@settings(max_examples=30, deadline=None)
@given(st.lists(st.one_of(st.none(), st.sampled_from(sorted(NAMES)), st.text(min_size=1, max_size=9)), max_size=12))
def test_a_column_of_names_says_what_the_scalar_says(names: list[str | None]) -> None:
    frame = pl.DataFrame({"name": pl.Series(names, dtype=pl.String)})
    expected: dict[str, list[int]] = {}
    for row, name in enumerate(names):
        if name is not None and (kind := name_damage.damage(name)):
            expected.setdefault(f"names.{kind}", []).append(row)
    assert noticed(name_damage.marks(frame, "name")) == expected


NUMBERS = {
    SOUND: None, SOUND.lower(): None, f"'{SOUND}": None, "410502800101123": None, "H12345678": None, "E12345678": None,
    "911124198108030024": None, "４１０５０２８００１０１１２３": None,
    SOUND[:17] + ("1" if SOUND[17] != "1" else "2"): "failed", "410502198013011235": "failed",
    SOUND[:15] + "000": "partial", "4.10502E+17": "partial", "410502********1234": "partial",
    "111111111111111111": "no_number", "111111111111111": "no_number", "张伟": "no_number", "410502801301123": "no_number",
}  # fmt: skip


@pytest.mark.parametrize(("number", "kind"), NUMBERS.items())
def test_which_numbers_cannot_be_right(number: str, kind: str | None) -> None:
    found = noticed(number_damage.marks(pl.DataFrame({"id_number": [None, number]}), "id_number", 20241231))
    expected = {f"numbers.{kind}": [1]} if kind else {}
    assert {name: rows for name, rows in found.items() if name.startswith("numbers.")} == expected


@settings(max_examples=30, deadline=None)
@given(st.lists(st.one_of(st.none(), st.sampled_from(sorted(NUMBERS)), st.from_regex(r"\A[0-9]{15}\Z")), max_size=12))
def test_each_number_of_a_column_is_judged_alone(written: list[str | None]) -> None:
    def of(values: list[str | None]) -> dict[str, list[int]]:
        frame = pl.DataFrame({"id_number": pl.Series(values, dtype=pl.String)})
        return noticed(number_damage.marks(frame, "id_number", 20241231))

    alone: dict[str, list[int]] = {}
    for row, number in enumerate(written):
        for kind in of([number]):
            alone.setdefault(kind, []).append(row)
    assert of(written) == alone


@settings(max_examples=50, deadline=None)
@given(st.from_regex(r"\A[1-9][0-9]{14}\Z"))
def test_fifteen_digits_are_sound_where_the_scalar_reads_them(number: str) -> None:
    found = noticed(number_damage.marks(pl.DataFrame({"id_number": [number]}), "id_number", 20241231))
    assert any(kind.startswith("numbers.") for kind in found) == (numbers.read(number) is None)


def test_a_number_may_hold_a_birth_after_the_extract_or_a_division_that_never_was() -> None:
    later = "41050220250101123"
    nowhere = "41059919800101123"
    written = [text + numbers.check_character(text) for text in (later, nowhere)]
    found = noticed(number_damage.marks(pl.DataFrame({"id_number": written}), "id_number", 20241231))
    assert found == {"dates.born_later": [0], "divisions.in_number": [1]}


def test_division_codes_count_by_their_first_six_digits() -> None:
    assert divisions.known("410502")
    frame = pl.DataFrame({"division_code": ["410502", "410502001", "410521", "410599", "41", None]})
    assert noticed(number_damage.division_marks(frame, "division_code")) == {"divisions.in_column": [3, 4]}


def dated(source: str, **columns: list[dt.date | None]) -> tuple[pl.DataFrame, Contract]:
    contract = load(source)
    rows = len(next(iter(columns.values())))
    frame = pl.DataFrame({name: pl.Series([None] * rows, dtype=kind) for name, kind in contract.schema().items()})
    return frame.with_columns(**{name: pl.Series(days, dtype=pl.Date) for name, days in columns.items()}), contract


def test_days_that_cannot_be() -> None:
    day = dt.date
    frame, contract = dated(
        "vehicles",
        birth_date=[day(1980, 5, 2), day(2025, 1, 2), day(1970, 1, 1), day(1980, 1, 1), None],
        registered_on=[day(2020, 1, 1), day(2025, 1, 15), day(2026, 1, 1), day(2020, 1, 1), None],
        ended_on=[day(2021, 1, 1), None, None, day(2019, 1, 1), None],
    )
    assert noticed(date_damage.marks(frame, contract, AS_OF)) == {
        "dates.born_later": [1],
        "dates.future": [2],
        "dates.ended_first": [3],
        "birthdays.first_of_january": [2, 3],
        "birthdays.epoch": [2],
    }


def test_what_may_lie_ahead_does() -> None:
    frame, contract = dated("authorisations", valid_from=[dt.date(2024, 1, 1)], valid_to=[dt.date(2030, 1, 1)])
    assert date_damage.marks(frame, contract, AS_OF) == []
