"""Two names as two offices wrote them: which level, beside a number that agrees and alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.comparing.names import COMPARISON, one_character_off, truncated, wildcard_agrees
from matcher.identity import names
from tests.matcher.persons import compared, level, prepared, written_names

CASES: list[tuple[str | None, str | None, str]] = [
    ("王秀英", "王秀英", "exact"),
    # the same characters
    ("王秀英", "王 秀 英", "written"),
    ("张伟", "张　伟", "written"),
    ("买买提·吐尔逊", "买买提吐尔逊", "written"),
    ("买买提·吐尔逊", "买买提•吐尔逊", "written"),
    ("买买提·吐尔逊", "买买提.吐尔逊", "written"),
    ("Anna Li", "ＡＮＮＡ　ＬＩ", "written"),
    ("张䶮", "张\ue863", "written"),  # a private code point of old systems
    ("张伟", "寮犱紵", "written"),  # UTF-8 read as GBK
    # other forms of them
    ("单国强", "單國強", "variant"),
    ("张䶮", "张龑", "variant"),
    ("李喆", "李哲", "variant"),
    ("李堃", "李坤", "variant"),
    ("付伟", "傅伟", "variant"),
    ("肖伟", "萧伟", "variant"),
    ("单 国强", "單國強", "variant"),
    # spoken alike
    ("王静", "王婧", "tone"),
    ("王秀英", "王秀瑛", "tone"),
    ("王芳", "王房", "sound"),
    ("李伟", "李wei", "spelt"),
    ("王芳", "wangfang", "spelt"),
    ("曾伟", "层伟", "sound"),  # the surname read as a character
    ("仇伟", "愁伟", "sound"),
    ("单国强", "丹国强", "sound"),
    ("仇伟", "求伟", "tone"),  # the surname read as a surname
    ("尉迟敬", "玉池敬", "tone"),
    # spelt, unknown, looking alike, cut
    ("吕娜", "LYU Na", "spelt"),
    ("李伟", "Wei Li", "spelt"),
    ("王秀英", "王秀?", "wildcard"),
    ("王秀英", "王□英", "wildcard"),
    ("王秀英", "王秀\ue000", "wildcard"),
    ("王秀英", "?秀英", "wildcard"),
    ("王秀英", "主秀英", "shape"),
    ("张未", "张末", "shape"),
    ("买买提吐尔逊", "买买提吐", "truncated"),
    # one character
    ("王秀英", "王秀兰", "one_character"),
    ("王秀英", "王秀", "one_character"),
    ("王秀英", "秀英", "one_character"),
    ("王秀英", "王英秀", "one_character"),
    # another name
    ("王伟", "李伟", "different"),
    ("王伟", "伟王", "different"),
    ("王秀英", "李秀兰", "different"),
    ("王秀英", "刘刚", "different"),
    ("王?", "李?", "different"),
    ("??", "王伟", "different"),
    ("买买提", "买买提吐尔逊", "different"),
    # nothing
    ("王秀英", None, "missing"),
    ("王秀英", "", "missing"),
    ("王秀英", "·", "missing"),
    (None, None, "missing"),
]

LIKENESSES = {"spelt", "wildcard", "shape", "truncated", "one_character"}


@pytest.mark.parametrize(("left", "right", "expected"), CASES)
def test_levels(left: str | None, right: str | None, expected: str) -> None:
    assert level("cn_name", left, right) == expected
    assert level("cn_name", right, left) == expected


@pytest.mark.parametrize(("left", "right", "expected"), CASES)
def test_without_a_number_beside_it_likenesses_do_not_count(
    left: str | None, right: str | None, expected: str
) -> None:
    codes = compared("cn_name", prepared("cn_name", [left]), prepared("cn_name", [right]), alone=True)
    heard = (
        {"spelt"} if expected == "spelt" and left and right and level("cn_name", left, right) == "spelt" else set()
    )
    assert COMPARISON.names[int(codes[0])] in ({"different"} if expected in LIKENESSES else {expected}) | heard


@pytest.mark.parametrize(
    ("left", "right", "formers", "expected"),
    [
        ("李伟", "李建国", ("李建国", None), "former"),
        ("李伟", "李建国", (None, "李伟"), "former"),
        ("李伟", "李建國", ("李建国", None), "former"),
        ("李伟", "李 建国", ("李建国", "王五"), "former"),
        ("李伟", "李伟", ("李建国", "李建国"), "exact"),
        ("李伟", "李為", ("李为", None), "former"),  # it also sounds alike
        ("李伟", "王芳", ("李建国", None), "different"),
        ("李伟", "王芳", ("李建国", "李建国"), "different"),  # former names alone do not meet
        ("李伟", None, ("李建国", None), "missing"),
    ],
)
def test_former_names(left: str, right: str | None, formers: tuple[str | None, str | None], expected: str) -> None:
    assert level("cn_name", left, right, formers) == expected
    assert level("cn_name", right, left, formers[::-1]) == expected


def test_the_tables_of_cases_hold_every_level() -> None:
    assert {expected for *_, expected in CASES} | {"former"} == set(COMPARISON.names) - {"not_needed"}


@given(st.lists(st.tuples(written_names, written_names, st.none() | written_names), min_size=1, max_size=10))
def test_neither_side_is_first(pairs: list[tuple[str, str, str | None]]) -> None:
    ones, others, formers = (list(column) for column in zip(*pairs, strict=True))
    left, right = prepared("cn_name", ones, formers), prepared("cn_name", others)
    assert compared("cn_name", left, right).tolist() == compared("cn_name", right, left).tolist()
    alone = compared("cn_name", left, right, alone=True)
    assert alone.tolist() == compared("cn_name", right, left, alone=True).tolist()


@given(st.lists(written_names, min_size=1, max_size=10))
def test_a_name_is_itself(written: list[str]) -> None:
    side = prepared("cn_name", written)
    expected = ["exact" if names.clean(one) else "missing" for one in written]
    assert [COMPARISON.names[code] for code in compared("cn_name", side, side)] == expected


@pytest.mark.parametrize(
    ("left", "right", "agrees"),
    [
        ("王□英", "王秀英", True),
        ("王□", "王□", True),
        ("□□", "王伟", False),
        ("王□英", "李秀英", False),
        ("王伟", "王伟", False),
    ],
)
def test_wildcards(left: str, right: str, agrees: bool) -> None:
    assert wildcard_agrees(left, right) is agrees


@pytest.mark.parametrize(
    ("left", "right", "off"),
    [
        ("王秀英", "王秀兰", True),
        ("王伟", "王芳", False),
        ("王伟", "王小伟", True),
        ("王", "王小伟", False),
        ("王秀英", "王秀英", False),
    ],
)
def test_one_character_is_only_told_in_three_or_more(left: str, right: str, off: bool) -> None:
    assert one_character_off(left, right) is off


@pytest.mark.parametrize(
    ("left", "right", "cut"),
    [
        ("买买提吐尔逊", "买买提吐", True),
        ("买买提吐", "买买提", False),
        ("买买提吐", "买买提吐", False),
        ("阿买提吐尔逊", "买买提吐", False),
    ],
)
def test_only_long_names_are_cut(left: str, right: str, cut: bool) -> None:
    assert truncated(left, right) is cut
