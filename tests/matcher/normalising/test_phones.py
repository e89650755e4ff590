"""Phones by column agree with `identity.contacts`, and only what is a phone is kept."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.identity import contacts
from matcher.normalising import phones

mobiles = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True, alphabet=st.sampled_from("0123456789"))
writings = st.builds(
    str.format, st.sampled_from(["{}", "+86 {}", "0{}", "{}.0", "０３７２{}", "{}转801", " {}"]), mobiles
)


def read(written: list[object]) -> list[int]:
    return list(phones.prepare("p", pl.Series(written, strict=False)).table.get_column("p"))


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("13800138000", 113800138000),
        ("+86 138-0013-8000", 113800138000),
        ("0372-1234568", 103721234568),
        ("1234568", 11234568),  # a zero in front would be another phone
        ("13800000000", 0),  # filled in
        ("不详", 0),
        (13800138000, 113800138000),
        (None, 0),
    ],
)
def test_a_phone_is_its_digits_led_by_a_one(written: object, key: int) -> None:
    assert read(["13800138001", written] if isinstance(written, str | None) else [13800138001, written])[1] == key


@given(
    st.lists(st.none() | mobiles | writings | st.text(alphabet="0123456789+- ()１３８E.*/", max_size=16), min_size=1)
)
def test_columns_agree_with_the_scalar(written: list[str | None]) -> None:
    scalar = [contacts.phone(one) if one is not None else None for one in written]
    expected = [0 if one is None or int("1" + one) >= 2**64 else int("1" + one) for one in scalar]
    assert phones.prepare("p", pl.Series(written, dtype=pl.String)).table.get_column("p").to_list() == expected


def test_no_phones_are_prepared_to_none() -> None:
    assert phones.prepare("p", pl.Series([], dtype=pl.String)).table.get_column("p").to_list() == []
