"""Scalars: what is written is read back, one way only, and nothing is guessed."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from graphql import GraphQLError, GraphQLScalarType, parse_const_value
from graphql.utilities import coerce_input_literal
from hypothesis import given
from hypothesis import strategies as st

from api.schema.root import schema

MOST = 2**63


def scalar(name: str) -> GraphQLScalarType:
    found = schema._schema.type_map[name]
    assert isinstance(found, GraphQLScalarType)
    return found


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "Date": st.dates(),
    "DateTime": st.datetimes(timezones=st.just(dt.UTC)),
    "Month": st.dates().map(lambda day: day.replace(day=1)),
    "Decimal": st.decimals(min_value=-(10**15), max_value=10**15, places=2, allow_nan=False, allow_infinity=False),
    "BigInt": st.integers(-MOST, MOST - 1),
}


@pytest.mark.parametrize("name", VALUES)
def test_what_is_written_is_read_back(name: str) -> None:
    kind = scalar(name)

    @given(VALUES[name])
    def round_trip(value: Any) -> None:
        text = kind.coerce_output_value(value)
        assert isinstance(text, str)
        assert kind.coerce_input_value(text) == value
        assert coerce_input_literal(parse_const_value(f'"{text}"'), kind) == value
        assert kind.coerce_output_value(kind.coerce_input_value(text)) == text

    round_trip()


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("Date", "2024-02-29", dt.date(2024, 2, 29)),
        ("DateTime", "2026-11-27T12:30:00+08:00", dt.datetime(2026, 11, 27, 4, 30, tzinfo=dt.UTC)),
        ("DateTime", "2026-11-27T04:30:00.5Z", dt.datetime(2026, 11, 27, 4, 30, 0, 500_000, tzinfo=dt.UTC)),
        ("Month", "2026-11", dt.date(2026, 11, 1)),
        ("Decimal", "-0.05", Decimal("-0.05")),
        ("Decimal", "12", Decimal(12)),
        ("BigInt", "9007199254740993", 9_007_199_254_740_993),
        ("BigInt", 7, 7),
    ],
)
def test_what_is_taken(name: str, text: object, value: object) -> None:
    assert scalar(name).coerce_input_value(text) == value


REFUSED: dict[str, list[object]] = {
    "Date": [
        "20240101", "2024-1-1", "2024-13-01", "2023-02-29", "0000-01-01", "2024-W01-1", "2024-01-01T00:00:00Z",
        "２０２４-01-01", " 2024-01-01", "2024-01-01\n", "", 20240101, 1.5, True, ["2024-01-01"], {},
    ],
    "DateTime": [
        "2026-11-27", "2026-11-27T04:30:00", "2026-11-27 04:30:00Z", "2026-11-27T24:00:00Z", "2026-11-27T04:30Z",
        "2026-11-27T04:30:00+0800", "2026-11-27T04:30:00+99:00", "0001-01-01T00:00:00+08:00", "now", 1_700_000_000,
    ],
    "Month": ["2024-01-01", "202401", "2024-13", "2024-00", "0000-01", "2024", 202401, None.__class__],
    "Decimal": [
        "NaN", "Infinity", "-Infinity", "1e3", "1E3", "1,000", "1_000", "+1", ".5", "5.", "007", "1.2345678", "",
        "12345678901234567", "１", 12, 1.5, True,
    ],
    "BigInt": ["9223372036854775808", "-9223372036854775809", "1.0", "0x10", "1_000", "+1", "-", "", "٣", 1.0, True, MOST],
}  # fmt: skip


@pytest.mark.parametrize(("name", "wrong"), [(name, each) for name, some in REFUSED.items() for each in some])
def test_nothing_is_guessed_and_the_error_shows_what_one_looks_like(name: str, wrong: object) -> None:
    with pytest.raises(GraphQLError) as refused:
        scalar(name).coerce_input_value(wrong)
    example = scalar(name).description
    assert refused.value.message.startswith(f'{name} is a string like "')
    shown = refused.value.message.split('"')[1]
    assert shown in (example or ""), "the example of the error is the description's"
    assert scalar(name).coerce_input_value(shown) is not None


@given(st.sampled_from(sorted(VALUES)), st.text(max_size=30) | st.integers() | st.floats() | st.none() | st.binary())
def test_whatever_is_sent_is_read_or_refused_in_our_words(name: str, value: object) -> None:
    message = ""
    try:
        read = scalar(name).coerce_input_value(value)
    except GraphQLError as refused:
        message = refused.message
    if message:
        assert "is a string like" in message
    elif name not in ("DateTime", "Decimal"):  # which have several ways to write one value
        assert scalar(name).coerce_output_value(read) == str(value)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("Date", dt.datetime(2024, 1, 1, tzinfo=dt.UTC)),
        ("Date", "2024-01-01"),
        ("DateTime", dt.date(2024, 1, 1)),
        ("Month", "2024-01"),
        ("Decimal", 1.5),
        ("Decimal", Decimal("NaN")),
        ("BigInt", True),
        ("BigInt", "1"),
    ],
)
def test_a_value_of_another_type_is_a_mistake_of_ours(name: str, wrong: object) -> None:
    with pytest.raises(TypeError):
        scalar(name).coerce_output_value(wrong)
