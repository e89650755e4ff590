"""A profile counts a batch; in what chunks it came makes no difference."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matcher.identity import numbers
from matcher.quality.profile import Profile
from matcher.sources import feeds
from matcher.sources.delivery import Feed, open_folder

AS_OF = dt.date(2024, 12, 31)
HEADER = "记录编号,姓名,身份证号,出生日期,区划代码,状态,注册日期,注销日期,来历\n"


def sound(place: int) -> str:
    text = f"41050219{50 + place % 50}0101{place % 1000:03}"
    return text + numbers.check_character(text)


def lines() -> Iterator[str]:
    for place in range(60):
        number = sound(place) if place % 6 else "4.10502E+17"
        name = "寮犱紵" if place % 10 == 3 else "王□" if place % 10 == 7 else "张伟"
        born = "1980-01-01" if place % 4 else "2025-02-30"
        status = "正常" if place % 5 else "飞走了"
        ended = "2019-01-01" if place % 12 == 0 else ""
        yield f"R{place // 2 if place > 50 else place},{name},{number},{born},{'410599' if place % 9 == 0 else '410502'},{status},2020-01-01,{ended},x\n"
        if place % 20 == 0:
            yield "碎,行\n"


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Feed:
    folder = tmp_path_factory.mktemp("batch")
    (folder / "vehicles.csv").write_text(HEADER + "".join(lines()), encoding="utf-8")
    (folder / "vehicles_2.csv").write_text(HEADER + "".join(lines()), encoding="utf-8")
    return open_folder(folder).feeds["vehicles"]


def profiled(feed: Feed, rows: int) -> tuple[dict[str, int], list[str]]:
    profile = Profile(feed.contract, AS_OF)
    for chunk in feeds.chunks(feed, rows):
        profile.add(chunk)
    return profile.finish(), list(profile.headings)


def test_what_is_counted(feed: Feed) -> None:
    counts, headings = profiled(feed, 1_000)
    assert counts["rows_in"] == 126
    assert counts["accepted"] == 120
    assert counts["reason.ROW_SET_ASIDE:2_FIELDS_OF_9."] == 6
    assert counts["nulled.status"] == counts["reason.VALUE_NULLED:UNREADABLE_ENUM.status"] == 24
    assert counts["numbers.partial"] == 20
    assert (counts["names.misread"], counts["names.unknown_mark"]) == (12, 12)
    assert (counts["dates.unreadable"], counts["dates.ended_first"]) == (30, 10)
    assert counts["birthdays.first_of_january"] == 90
    assert counts["divisions.in_column"] == 14
    assert counts["repeats.keys"] == 120 - 51
    assert headings == HEADER.strip().split(",")


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.integers(3, 70))
def test_the_size_of_chunks_makes_no_difference(feed: Feed, rows: int) -> None:
    assert profiled(feed, rows) == profiled(feed, 1_000)


def test_examples_are_few_masked_and_say_where(feed: Feed) -> None:
    profile = Profile(feed.contract, AS_OF)
    for chunk in feeds.chunks(feed, 7):
        profile.add(chunk)
    profile.finish()
    for kind, examples in profile.examples.items():
        assert len(examples) <= 5, kind
        for example in examples:
            assert example.file in ("vehicles.csv", "vehicles_2.csv")
            assert example.row >= 1
            assert not any(sound(place)[:15] in (example.value or "") for place in range(60)), kind
            assert (example.value or "") not in ("张伟", "寮犱紵", "1980-01-01")


def test_a_row_in_the_place_of_headings_is_masked(tmp_path: Path) -> None:
    (tmp_path / "documents.csv").write_text(f"户编号,文件哈希,{sound(1)}\nH1,abc,1\n", encoding="utf-8")
    feed = open_folder(tmp_path).feeds["documents"]
    profile = Profile(feed.contract, AS_OF)
    for chunk in feeds.chunks(feed, 10):
        profile.add(chunk)
    assert "***" in profile.headings
    assert sound(1) not in profile.headings
