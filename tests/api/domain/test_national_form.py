"""The national form as data: what each field may hold, which are needed, and which no rule may ever read."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.domain import national_form
from api.domain.casework import HardshipCause
from api.domain.categories import HardshipCategory
from api.domain.files import Tier
from api.domain.national_form import BY_CODE, FIELDS, FORBIDDEN, BadValue, FieldKind, FormPart
from api.models import File, Household, Member, table


@pytest.mark.parametrize(
    ("code", "written", "kept"),
    [
        ("HOUSING", "公租房", "PUBLIC"),
        ("HOUSING", "PUBLIC", "PUBLIC"),
        ("ETHNIC_GROUP", "维吾尔族", "维吾尔族"),
        ("SINGLE_PARENT", " 是 ", "YES"),
        ("WORK_SINCE", "1998年7月1日", "1998-07-01"),
        ("WORK_SINCE", "19980701", "1998-07-01"),
        ("ANNUAL_INCOME", "12，000.5", "12000.50"),
        ("ANNUAL_INCOME", "0", "0.00"),
        ("CONTRACT_MONTHS", "024", "24"),
        ("EMPLOYER", "安阳钢铁厂", "安阳钢铁厂"),
        ("HOUSING", "城堡", None),
        ("HOUSING", "", None),
        ("WORK_SINCE", "1998-02-30", None),
        ("ANNUAL_INCOME", "-1", None),
        ("ANNUAL_INCOME", "1.005", None),
        ("ANNUAL_INCOME", "NaN", None),
        ("CONTRACT_MONTHS", "一年", None),
        ("EMPLOYER", "厂" * 201, None),
    ],
)
def test_a_value_is_kept_in_one_form_or_refused_without_being_quoted(
    code: str, written: str, kept: str | None
) -> None:
    if kept is not None:
        assert national_form.read(BY_CODE[code], written) == kept
        return
    with pytest.raises(BadValue) as refused:
        national_form.read(BY_CODE[code], written)
    assert not written or written not in refused.value.zh + refused.value.en


CHOICES = [each for each in FIELDS if each.words]


@given(
    st.sampled_from(CHOICES).flatmap(lambda field: st.tuples(st.just(field), st.sampled_from(sorted(field.words))))
)
def test_what_is_shown_on_the_form_is_read_back_from_it(chosen: tuple[national_form.Field, str]) -> None:
    field, code = chosen
    assert national_form.read(field, national_form.shown(field, code)) == code


@given(st.sampled_from([each for each in FIELDS if not each.words]), st.text(max_size=250))
def test_reading_what_was_read_changes_nothing(field: national_form.Field, written: str) -> None:
    try:
        kept = national_form.read(field, written)
    except BadValue:
        return
    assert national_form.read(field, kept) == kept


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        (national_form.TIERS, Tier),
        (national_form.CATEGORIES, HardshipCategory),
        (national_form.CAUSES, HardshipCause),
    ],
)
def test_what_the_form_says_of_a_file_it_says_in_all_words_that_a_file_knows(
    words: dict[str, str], kept: type[StrEnum]
) -> None:
    assert list(words) == [each.value for each in kept]
    assert len(set(words.values())) == len(words)


def test_fields_are_told_apart_and_those_in_columns_name_one_that_exists() -> None:
    assert len(BY_CODE) == len(FIELDS)
    assert len({each.zh for each in FIELDS}) == len(FIELDS)
    columns: dict[str, Any] = {"households": table(Household).c, "members": table(Member).c, "files": table(File).c}
    columns["causes"] = ("main", "others")
    for each in FIELDS:
        assert (each.kind in (FieldKind.CHOICE, FieldKind.YES_NO)) == bool(each.words), each.code
        if each.column is not None:
            place, _, name = each.column.partition(".")
            assert name in columns[place], each.code
            assert (place != "members") == (each.part is FormPart.HOUSEHOLD), each.code


def test_f_24_what_no_rule_may_read_is_kept_on_the_form_alone() -> None:
    assert {
        "ETHNIC_GROUP",
        "POLITICAL_STATUS",
        "HEALTH",
        "DISABILITY",
        "MEMBER_POLITICAL_STATUS",
        "MEMBER_HEALTH",
    } <= FORBIDDEN
    assert all(BY_CODE[code].column is None for code in FORBIDDEN)


def test_what_only_migrant_workers_need_is_missing_of_them_alone() -> None:
    worker = [each.code for each in national_form.of(FormPart.WORKER) if each.required and each.only_for is None]
    assert national_form.missing(FormPart.WORKER, worker, "BELOW_LINE") == []
    lacking = national_form.missing(FormPart.WORKER, worker, "MIGRANT_WORKER", "P1")
    assert [(each.field.code, each.member) for each in lacking] == [
        ("CONTRACT_SIGNED", "P1"),
        ("CONTRACT_MONTHS", "P1"),
    ]


def test_whoever_has_no_document_owes_no_number() -> None:
    assert "ID_NUMBER" in {each.field.code for each in national_form.missing(FormPart.WORKER, (), None)}
    assert "ID_NUMBER" not in {
        each.field.code for each in national_form.missing(FormPart.WORKER, (), None, no_document=True)
    }
