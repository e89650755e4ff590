"""Which column is which: the order in the file decides nothing, and no value is ever taken for a heading in a message."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations

import pytest

from matcher.errors import InputRefused
from matcher.sources.contract import load
from matcher.sources.delivery import Feed
from matcher.sources.headings import Layout, layout


def laid_out(source: str, headings: list[str], columns: Mapping[str, str] | None = None) -> Layout:
    return layout(Feed(source, load(source), (), columns=columns or {}), "a.csv", headings)


def test_the_first_synonym_counts_in_whatever_order_the_columns_stand() -> None:
    for order in permutations(["申请人", "死者姓名", "死亡日期", "出生年月", "出生日期"]):
        assert laid_out("deaths", list(order)).columns == {
            "name": "死者姓名",
            "death_date": "死亡日期",
            "birth_date": "出生日期",
        }


def test_feeds_toml_comes_before_synonyms() -> None:
    found = laid_out("vehicles", ["姓名", "车主"], {"name": "车主"})
    assert found.columns == {"name": "车主"}
    assert laid_out("vehicles", ["姓名", "地址"], {"plate": "地址"}).columns == {
        "name": "姓名",
        "plate": "地址",
    }


@pytest.mark.parametrize(
    ("heading", "unit"),
    [("价值", 1), ("价值（元）", 1), ("价值（万元）", 10_000), ("价值(单位：万元)", 10_000), ("价值 (万)", 10_000), ("价值（人民币：元）", 1)],
)  # fmt: skip
def test_the_unit_in_a_heading(heading: str, unit: int) -> None:
    found = laid_out("vehicles", ["姓名", heading])
    assert (found.columns["value_yuan"], found.units.get("value_yuan", 1)) == (heading, unit)


@pytest.mark.parametrize("headings", [["姓名", "姓名"], ["姓名", "\ufeff“姓 名”"], ["NAME", "name"]])
def test_a_needed_heading_that_stands_twice_is_refused(headings: list[str]) -> None:
    with pytest.raises(InputRefused, match="2 times"):
        laid_out("vehicles", headings)


def test_a_heading_nobody_needs_may_stand_twice() -> None:
    assert laid_out("vehicles", ["姓名", "备注", "备注", "", ""]).columns == {"name": "姓名"}


@pytest.mark.parametrize(
    "first", [["王小明", "410502198001011234", "13800138000"], ["车牌号", "王小明", "410502198001011234"]]
)
@pytest.mark.parametrize("columns", [{}, {"name": "who"}])
def test_a_file_without_header_shows_nobodys_data(first: list[str], columns: dict[str, str]) -> None:
    with pytest.raises(InputRefused) as refused:
        laid_out("vehicles", first, columns)
    assert not any(value in str(refused.value) for value in ("王小明", "410502198001011234", "13800138000"))
    assert "header" in str(refused.value) or "车牌号" in str(refused.value)
