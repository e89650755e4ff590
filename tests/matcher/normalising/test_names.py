"""Names by column: the fast way through tables and the slow way through `identity.names` are one."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.identity import names
from matcher.normalising import names as columns
from tests.matcher.persons import HAN, prepared, written_names

basic = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5)
regular = st.text(alphabet=st.sampled_from(HAN.replace("龑", "").replace("䶮", "")) | basic, min_size=1, max_size=4)
surnames = st.sampled_from([*names.surname_sounds(), *sorted(names.compound_surnames())])


def facets(*written: str | None) -> list[dict[str, object]]:
    return columns.prepare("n", pl.Series(written, dtype=pl.String)).table.to_dicts()


def more(facet: str, written: list[str | None], former: list[str | None] | None = None) -> list[tuple[int, int]]:
    found = prepared("cn_name", written, former).more.get(f"field{facet}")
    return [] if found is None else sorted(zip(found.rows.tolist(), found.keys.tolist(), strict=True))


def word(key: object) -> str:
    """The characters of a packed name."""
    points = (int(str(key)) >> 48 - 16 * place & 0xFFFF for place in range(4))
    return "".join(chr(point) for point in points if point)


@pytest.mark.parametrize(
    ("written", "simple", "family"),
    [
        ("单国强", "单国强", "单"),
        ("單國強", "单国强", "单"),
        ("张　伟", "张伟", "张"),
        ("欧阳娜娜", "欧阳娜娜", "欧阳"),
        ("歐陽娜", "欧阳娜", "欧阳"),
        ("欧阳", "欧阳", "欧"),  # two characters: a surname and a given name
        ("王", "王", "王"),
        ("寮犱紵", "张伟", "张"),  # UTF-8 read as GBK
        ("ÕÅÎ°", "张伟", "张"),  # GBK read as Latin-1
        ("李??", "李□□", "李"),
        ("濮广建", "濮广建", "濮"),  # begins as a misread name would, and is none
    ],
)
def test_a_name_is_folded_and_its_surname_told(written: str, simple: str, family: str) -> None:
    (row,) = facets(written)
    assert (word(row["n"]), word(row["n.family"])) == (names.simplify(simple), names.simplify(family))
    assert row["n.text"] == written


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("单国强", "善国强"),  # shàn, as a surname
        ("仇伟", "求伟"),  # qiú
        ("王静", "王婧"),
        ("尉迟敬德", "玉池敬德"),
        ("李wei", "李伟"),
        ("wangfang", "王芳"),
        ("旅旅旅", "吕吕吕"),
    ],
)
def test_what_sounds_alike_has_one_sound(one: str, other: str) -> None:
    first, second = facets(one, other)
    assert first["n.sound"] == second["n.sound"] != 0


@pytest.mark.parametrize("written", ["李?", "李smyth", "一瓰", "\U00020bb7田", ""])
def test_what_cannot_be_spoken_has_no_sound(written: str) -> None:
    assert facets(written)[0]["n.sound"] == 0


@pytest.mark.parametrize("written", [None, "", "  ", "·"])
def test_nothing_is_left_of_nothing(written: str | None) -> None:
    (row,) = facets(written)
    assert (row["n"], row["n.sound"], row["n.family"]) == (0, 0, 0)


@settings(max_examples=300)
@given(st.lists(regular | st.builds(lambda head, tail: (head + tail)[:4], surnames, regular), min_size=1, max_size=8))
def test_the_fast_way_is_the_slow_way(written: list[str]) -> None:
    for value, row in zip(written, facets(*written), strict=True):
        assert (row["n"], row["n.sound"], row["n.family"]) == columns._scalar(value)


def test_every_character_is_read_alike_by_both_ways() -> None:
    surrogates = range(0xD800, 0xE000)
    every = [chr(point) for point in range(0x800, 0x10000) if point not in surrogates]
    written = [character + "伟" for character in every] + ["王" + character for character in every]
    table = columns.prepare("n", pl.Series(written)).table.select("n", "n.sound", "n.family")
    unlike = [value for value, row in zip(written, table.rows(), strict=True) if row != columns._scalar(value)]
    assert unlike == []


@pytest.mark.parametrize("head", [*names.surname_sounds(), *sorted(names.compound_surnames())])
def test_every_special_surname_is_read_alike_by_both_ways(head: str) -> None:
    written = [head, head + "伟", head + "国强", (head + "秀英娜")[:4]]
    for value, row in zip(written, facets(*written), strict=True):
        assert (row["n"], row["n.sound"], row["n.family"]) == columns._scalar(value)


@given(st.lists(st.none() | written_names, max_size=12))
def test_names_keep_their_places(written: list[str | None]) -> None:
    alone = [facets(value)[0] for value in written]
    assert facets(*written) == alone
    for value, row in zip(written, alone, strict=True):
        clean = names.clean(value) if value is not None else None
        assert row["n"] == (columns.packed(names.simplify(clean)) if clean else 0)


@given(st.lists(written_names, min_size=2, max_size=8, unique=True))
def test_equal_keys_are_equal_folded_names(written: list[str]) -> None:
    folded = [names.simplify(names.clean(value) or "") for value in written]
    keys = [row["n"] for row in facets(*written)]
    assert len(set(keys)) == len(set(folded))


@pytest.mark.parametrize(
    ("name", "other_sound"),
    [("曾国强", "层国强"), ("单伟", "丹伟"), ("仇伟", "愁伟"), ("翟秀英", "迪秀英"), ("覃伟", "谈伟")],
)
def test_a_surname_of_two_readings_is_found_by_both(name: str, other_sound: str) -> None:
    ((row, key), *_) = [
        pair for pair in more(".sound", ["王芳", name]) if pair[1] == facets(other_sound)[0]["n.sound"]
    ]
    assert row == 1
    assert key != facets(name)[0]["n.sound"]


@pytest.mark.parametrize("head", [surname for surname in names.surname_sounds() if len(surname) == 1])
@pytest.mark.parametrize("way", ["{}国强", "{} 国强", "{}·国强"])
def test_every_reading_of_a_surname_is_a_key_however_it_is_written(head: str, way: str) -> None:
    written = way.format(head)
    (row,) = facets(written)
    keys = {row["n.sound"], *(key for _, key in more(".sound", [written]))}
    assert len(keys) == len(names.sounds(names.simplify(head) + "国强"))


def test_a_form_beyond_sixteen_bits_is_folded_and_spoken() -> None:
    old, new = facets("徐世勣", "徐世\U0002a7dd")
    assert (old["n"], old["n.sound"]) == (new["n"], new["n.sound"])
    assert old["n.sound"] == facets("徐世绩")[0]["n.sound"]


def test_a_former_name_is_found_beside_the_name() -> None:
    found = more("", ["王芳", "李伟", "张三"], [None, "李建国", ""])
    assert found == [(1, facets("李建国")[0]["n"])]
    sounds = more(".sound", ["王芳", "李伟"], [None, "单强"])
    assert sorted(key for _, key in sounds) == sorted(
        int(str(facets(one)[0]["n.sound"])) for one in ("单强", "丹强", "缠强")
    )
    assert {row for row, _ in sounds} == {1}


def test_a_former_name_is_kept_as_written() -> None:
    table = prepared("cn_name", ["李伟"], ["李 建國"]).table
    assert table.get_column("field.former").to_list() == ["李 建國"]


def test_long_names_are_told_apart_and_never_look_like_short_ones() -> None:
    one, other = facets("买买提·吐尔逊", "买买提·吐尔孙")
    assert one["n"] != other["n"]
    assert int(str(one["n"])) >> 48 == 1
    assert facets("买买提吐尔逊")[0]["n"] == one["n"]


def test_no_names_are_prepared_to_none() -> None:
    assert len(columns.prepare("n", pl.Series([], dtype=pl.String))) == 0
