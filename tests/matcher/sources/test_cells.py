"""Columns read: the fast way agrees with the slow one, typed files with text, and nothing unreadable is a value."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from matcher.sources import cells, values
from matcher.sources.contract import Column, Kind, fold
from matcher.views import Views


def read(kind: Kind, written: list[Any] | pl.Series, **told: Any) -> tuple[list[Any], list[bool]]:
    column = Column("c", kind, sensitivity="PERSONAL", values={fold("正常"): "ACTIVE", fold("ACTIVE"): "ACTIVE"})
    series = written if isinstance(written, pl.Series) else pl.Series(written, dtype=pl.String)
    reading = cells.read(series, column, **told)
    return reading.values.to_list(), reading.broken.to_list()


@pytest.mark.parametrize(
    ("kind", "written", "value"),
    [
        ("date", "2024-03-14", dt.date(2024, 3, 14)), ("date", "２０２４-０３-１４", dt.date(2024, 3, 14)),
        ("date", "2024-03-14 08:30:00.000", dt.date(2024, 3, 14)), ("date", "20240314083000", dt.date(2024, 3, 14)),
        ("date", "2024年3月14日 8时30分", dt.date(2024, 3, 14)), ("date", " '2024/3/14 ", dt.date(2024, 3, 14)),
        ("date", "2024-03-14T20:00:00Z", dt.date(2024, 3, 15)), ("date", "15000", dt.date(1941, 1, 24)),
        ("month", "202403", dt.date(2024, 3, 1)), ("month", "45365", dt.date(2024, 3, 1)),
        ("money", "１２３４", Decimal("1234.00")), ("money", "-1,234.50", Decimal("-1234.50")), ("money", "1.2E+05", Decimal("120000.00")),
        ("integer", "１２", 12), ("decimal", "1,234.5", 1234.5),
        ("enum", " 正 常 ", "ACTIVE"), ("programme", "低保", "DIBAO"), ("programme", "市长慈善金", "市长慈善金"),
        ("id_number", '="410502198001011234"', "410502198001011234"), ("id_number", "'41050219800101123x", "41050219800101123x"),
        ("id_number", "4.10502E+17", "4.10502E+17"), ("name", "张\ufffd伟", "张\ufffd伟"), ("text", "人民大道\n1号", "人民大道\n1号"),
    ],
)  # fmt: skip
def test_what_can_be_read(kind: Kind, written: str, value: object) -> None:
    assert read(kind, [written]) == ([value], [False])


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("date", "2023-02-30"), ("date", "２０２３-０２-３０"), ("date", "0202-03-14"), ("date", "2924-03-14"), ("date", "2024-03"),
        ("month", "20241"), ("month", "2024-13"), ("money", "1,2,3"), ("money", "1234,56"), ("money", "1_000"), ("money", "约一千"),
        ("money", "9" * 17), ("integer", "2.5"), ("integer", "9" * 19), ("decimal", "半"), ("enum", "飞船"),
        ("text", "4.10502E+17"), ("id_number", "4105\ufffd2198001011234"), ("text", "文峰\ufffd"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_null_and_broken(kind: Kind, written: str) -> None:
    assert read(kind, [written]) == ([None], [True])


KINDS: tuple[Kind, ...] = (
    "text", "name", "id_number", "date", "month", "money", "integer", "decimal", "enum", "programme",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", [str, str.upper, str.title, "  {} ".format])
def test_words_for_nothing_are_null_and_not_broken(kind: Kind, form: Callable[[str], str]) -> None:
    words = sorted(values.DATE_PLACEHOLDERS if kind in ("date", "month") else values.PLACEHOLDERS)
    assert read(kind, [form(word) for word in words]) == ([None] * len(words), [False] * len(words))


@pytest.mark.parametrize("kind", ["date", "month"])
@pytest.mark.parametrize(
    "written", ["1900-01-01", "1900/1/1", "19000101", "1900-01-01 00:00:00.000", "0001-01-01", "9999-12-31"]
)
def test_an_empty_date_is_null_however_it_is_written(kind: Kind, written: str) -> None:
    assert read(kind, [written]) == ([None], [False])


@pytest.mark.parametrize(
    ("kind", "held", "expected", "broken"),
    [
        ("date", pl.Series([dt.date(2024, 3, 14), dt.date(1900, 1, 1), dt.date(202, 3, 14)]), [dt.date(2024, 3, 14), None, None], [False, False, True]),
        ("date", pl.Series(["2024-03-13T16:30Z"]).str.to_datetime("%FT%RZ", time_zone="UTC"), [dt.date(2024, 3, 14)], [False]),
        ("date", pl.Series([20240314, 20230230]), [dt.date(2024, 3, 14), None], [False, True]),
        ("date", pl.Series([dt.time(8, 30)]), [None], [True]),
        ("month", pl.Series(["2024-03-14T08:00"]).str.to_datetime("%FT%R"), [dt.date(2024, 3, 1)], [False]),
        ("month", pl.Series([202403, None]), [dt.date(2024, 3, 1), None], [False, False]),
        ("money", pl.Series([0.125, float("inf"), float("nan"), 1e300]), [Decimal("0.12"), None, None, None], [False, True, False, True]),
        ("money", pl.Series([Decimal("0.125"), Decimal("0.135")]), [Decimal("0.12"), Decimal("0.14")], [False, False]),
        ("money", pl.Series([Decimal(10) ** 36]), [None], [True]),
        ("money", pl.Series([7, None], dtype=pl.UInt8), [Decimal("7.00"), None], [False, False]),
        ("integer", pl.Series([2.0, 2.5, float("nan")]), [2, None, None], [False, True, False]),
        ("integer", pl.Series([Decimal("3.00"), Decimal("2.50")]), [3, None], [False, True]),
        ("decimal", pl.Series([1, 2]), [1.0, 2.0], [False, False]),
        ("enum", pl.Series(["正常", "飞船"], dtype=pl.Categorical), ["ACTIVE", None], [False, True]),
        ("id_number", pl.Series([410502198001011234]), ["410502198001011234"], [False]),
        ("id_number", pl.Series([410502800101123.0, float("nan")]), ["410502800101123", None], [False, False]),
        ("id_number", pl.Series([Decimal("410502198001011234")]), ["410502198001011234"], [False]),
        ("id_number", pl.Series([410502198001011234.0]), ["4.10502198001011E+17"], [False]),
        ("text", pl.Series([b"abc", b"\xff\xfe", None]), ["abc", None, None], [False, True, False]),
        ("text", pl.Series([[1, 2], None]), [None, None], [True, False]),
        ("name", pl.Series([None, None]), [None, None], [False, False]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_typed_columns_are_taken_as_they_are(
    kind: Kind, held: pl.Series, expected: list[object], broken: list[bool]
) -> None:
    assert read(kind, held) == (expected, broken)


@pytest.mark.parametrize(
    ("written", "yuan"),
    [
        ("8.5", "85000.00"),
        ("1.23456", "12345.60"),
        ("1,000", "10000000.00"),
        ("12万元", "120000.00"),
        ("50元", "50.00"),
    ],
)
def test_a_column_in_ten_thousands_keeps_every_digit_and_an_amounts_own_unit(written: str, yuan: str) -> None:
    assert read("money", [written], unit=10_000) == ([Decimal(yuan)], [False])


def test_a_feeds_own_words_come_before_the_contracts() -> None:
    assert read("enum", ["好", "正常"], words={"好": "FINE", "正常": "FINE"})[0] == ["FINE", "FINE"]


amounts = st.decimals(min_value=-(10**11), max_value=10**11, places=2)


@given(amounts)
def test_an_amount_is_the_same_in_every_form(amount: Decimal) -> None:
    marks, wide = f"{amount:,.2f}", str.maketrans("0123456789.-,", "０１２３４５６７８９．－，")
    forms = [f"{amount:.2f}", marks, f"{marks}元", marks.translate(wide), f"￥{marks}", f"{amount / 10_000:f}万元"]
    assert read("money", forms) == ([amount] * len(forms), [False] * len(forms))
    assert read("money", [f"{amount / 10_000:f}"], unit=10_000)[0] == [amount]


@given(st.dates(dt.date(1927, 6, 1), dt.date(2090, 1, 1)))
def test_a_day_is_the_same_in_every_form(day: dt.date) -> None:
    forms = [
        f"{day}", f"{day:%Y%m%d}", f"{day:%Y/%m/%d}", f"{day.year}.{day.month}.{day.day}", f"{day.year}年{day.month}月{day.day}日",
        f"{day} 23:59:59", f"{day:%Y%m%d}235959", f"{day}T23:59:59+08:00", str((day - dt.date(1899, 12, 30)).days),
    ]  # fmt: skip
    assert read("date", forms) == ([day] * len(forms), [False] * len(forms))
    assert read("month", forms[:-1])[0] == [day.replace(day=1)] * (len(forms) - 1)


SCALAR: dict[Kind, Callable[[str], str | None]] = {
    "date": values.date, "month": values.month, "money": values.money, "integer": values.integer, "decimal": values.decimal,
}  # fmt: skip


@pytest.mark.parametrize("kind", sorted(SCALAR))
@example(["0000"])
@given(
    st.lists(st.text(alphabet="0123456789０１-/.,年月日 元万:+E%", min_size=1, max_size=14), min_size=1, max_size=20)
)
def test_the_fast_way_agrees_with_the_slow_one(kind: Kind, written: list[str]) -> None:
    nothing = values.DATE_PLACEHOLDERS if kind in ("date", "month") else values.PLACEHOLDERS | values.ZEROS
    for text, value, broken in zip(written, *read(kind, written), strict=True):
        alone = None if text.strip() in nothing else SCALAR[kind](text.strip())
        if isinstance(value, dt.date):
            assert value.isoformat() == alone
        elif value is not None:
            assert alone is not None
            assert float(value) == pytest.approx(float(alone), abs=1e-9, rel=1e-12)
        else:
            assert (
                broken or alone is None or kind in ("date", "month")
            )  # a date may mean nothing, or be out of all time
        assert not (broken and value is not None)


@given(
    st.sampled_from(["name", "text", "id_number", "date"]),
    st.lists(
        st.none()
        | st.builds(
            "{}{}{}".format,
            st.sampled_from(["", " ", "　", "'", '="', "\u2003", "\u00a0", "\t"]),
            st.sampled_from(
                [
                    "王伟",
                    "无",
                    "不详",
                    "NULL",
                    "a",
                    "",
                    "欧阳娜娜的很长的名字",
                    "410502198001011234",
                    "2024-03-14 00:00:00",
                ]
            )
            | st.text(max_size=16),
            st.sampled_from(["", " ", "　", "\u2009", "\u2029", '"', "\u0085", "\n", "䀠", "亀"]),
        ),
        max_size=30,
    ),
)
def test_only_cells_that_need_it_are_looked_at_closely_and_none_is_missed(
    kind: Kind, written: list[str | None]
) -> None:
    column = Column("c", kind, sensitivity="PERSONAL")
    nothing = {"date": cells._NO_DATES, "name": cells._NOTHING}.get(kind, cells._NO_NAMES)
    # beside so many honest values only the few others are looked at; alone all of them are
    honest = ["王秀英和另外几个人"] * (3 * len(written))
    series = pl.Series([*written, *honest], dtype=pl.String)
    assert cells._filled(series, Views.of(series), column).to_list() == cells._bare(series, column, nothing).to_list()
