"""Names as registers spell them: what is cleaned, folded, spoken, and what must stay apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.identity import names


@pytest.mark.parametrize(
    ("written", "clean"),
    [
        ("张伟", "张伟"),
        ("张　伟", "张伟"),
        (" 张 伟\t", "张伟"),
        ("买买提·吐尔逊", "买买提吐尔逊"),
        ("买买提•吐尔逊", "买买提吐尔逊"),
        ("买买提・吐尔逊", "买买提吐尔逊"),
        ("买买提．吐尔逊", "买买提吐尔逊"),
        ("买买提 吐尔逊", "买买提吐尔逊"),
        ("王\ue863", "王䶮"),  # GBK's private-use 䶮
        ("王\ue000", "王□"),  # a private-use character nobody can tell
        ("李?", "李□"),
        ("李＊", "李□"),
        ("李??", "李□□"),
        ("王\ue81e", "王龴"),  # GB 18030-2022 moved it out of private use
        ("王\ue864", "王龻"),
        ("\u2ed3\u2ed4\u2ee2", "长门马"),  # forms of the radical supplement
        ("⻘⻰", "青龙"),
        ("王○", "王〇"),
        ("寮犱紵", "张伟"),  # UTF-8 read as GBK
        ("ÕÅÎ°", "张伟"),  # GBK read as Latin-1
        ("ＷＡＮＧ", "wang"),
        ("\uf92c", "郎"),  # a compatibility ideograph
        ("   ", None),
        ("·", None),
    ],
)
def test_cleaning(written: str, clean: str | None) -> None:
    assert names.clean(written) == clean


def test_every_code_point_that_gbk_left_private_is_resolved() -> None:
    resolved = names.private_use()
    assert {*range(0xE815, 0xE865), *range(0xE78D, 0xE797), 0xE7C7} == set(resolved)
    assert all(not 0xE000 <= ord(character) <= 0xF8FF for character in resolved.values())


def _frequent_names() -> list[str]:
    table = names.given_name_table()
    pairs = [a + b for kind in ("men", "women") for a in table[kind][:45] for b in table[kind][:45]]
    given_names = [*table["whole"], *table["men"], *table["women"], *pairs]
    families = [*names.surname_shares(), *names.compound_surnames(), *names.surname_sounds()]
    return given_names + [families[i % len(families)] + given for i, given in enumerate(given_names)]


def test_no_honest_name_is_taken_for_misread() -> None:
    frequent = _frequent_names()
    assert len(frequent) > 2000
    assert [name for name in frequent if names.misread(name) or names.clean(name) != name] == []


@pytest.mark.parametrize(
    ("right", "wrong"), [("utf-8", "gb18030"), ("utf-8", "latin-1"), ("utf-8", "cp1252"), ("gbk", "latin-1")]
)
def test_a_misread_name_is_read_again(right: str, wrong: str) -> None:
    families = list(names.surname_shares())
    for i, whole in enumerate(names.given_name_table()["whole"]):
        name = families[i % 100] + whole
        try:
            seen = name.encode(right).decode(wrong)
        except UnicodeDecodeError:
            continue  # an odd number of bytes, or a byte that this encoding lacks
        assert names.clean(seen) == name


def test_a_character_cut_in_misreading_is_unknown() -> None:
    seen = "王建国".encode().decode("gbk", errors="replace")
    assert names.clean(seen) == "王建□"


@pytest.mark.parametrize("name", ["Ñandú", "José", "Éé", "濮广建", "买买提", "濮陽明"])
def test_foreign_and_rare_names_are_not_misread(name: str) -> None:
    assert names.misread(name) is None


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("張偉", "张伟"),
        ("陳峯", "陈峰"),
        ("闫昇", "阎升"),
        ("付华", "傅华"),
        ("肖堃", "萧坤"),
        ("龑", "䶮"),
        ("喆", "哲"),
    ],
)
def test_variants_fold_together(left: str, right: str) -> None:
    assert names.simplify(left) == names.simplify(right)


def test_common_characters_of_given_names_never_fold_together() -> None:
    table = names.given_name_table()
    common = {*table["men"], *table["women"]}
    assert {character: form for character, form in names.simple_forms().items() if {character, form} <= common} == {}


@pytest.mark.parametrize(("left", "right"), [("张伟", "张纬"), ("李秀英", "李秀兰"), ("王芳", "王方")])
def test_other_characters_stay_apart(left: str, right: str) -> None:
    assert names.simplify(left) != names.simplify(right)


@pytest.mark.parametrize(
    ("name", "spoken"),
    [
        ("单国强", "shanguoqiang"),
        ("仇英", "qiuying"),
        ("曾志伟", "zengzhiwei"),
        ("区小明", "ouxiaoming"),
        ("朴正男", "piaozhengnan"),
        ("万俟明", "moqiming"),
        ("尉迟恭", "yuchigong"),
        ("张wei", "zhangwei"),
    ],
)
def test_surnames_are_read_as_surnames(name: str, spoken: str) -> None:
    assert names.pinyin(names.simplify(name)) == spoken


@pytest.mark.parametrize(
    ("name", "spoken", "toned"),
    [
        ("曾志伟", ("zengzhiwei", "cengzhiwei"), "zeng1zhi4wei3"),
        ("单国强", ("shanguoqiang", "danguoqiang", "changuoqiang"), "shan4guo2qiang2"),
        ("王芳", ("wangfang",), "wang2fang1"),
        ("万俟明", ("moqiming",), "mo4qi2ming2"),
        ("吕wei", ("lvwei",), "lv3wei"),
        ("任", ("ren",), "ren2"),
    ],
)
def test_sounds(name: str, spoken: tuple[str, ...], toned: str) -> None:
    assert names.sounds(name) == spoken
    assert names.tones(name) == toned


def test_tables_of_readings_agree() -> None:
    assert names.toned()["曾"] == ("ceng2", "zeng1")
    assert names.readings()["曾"] == "ceng"
    assert names.surname_sounds()["曾"][0] == "zeng1"
    assert names.surname_readings()["曾"] == "zeng"
    assert set(names.surname_readings()) == set(names.surname_sounds())


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("李wei", "李䶮"),
        ("李yan", "李䶮"),
        ("李WEI", "李伟"),
        ("liwei", "李伟"),
        ("LI WEI", "李伟"),
        ("Li-Wei", "李伟"),
        ("Wei Li", "李伟"),
        ("Lǐ Wěi", "李伟"),
        ("li3wei3", "李伟"),
        ("zeng zhiwei", "曾志伟"),
        ("Ceng Zhiwei", "曾志伟"),
        ("Zhiwei Zeng", "曾志伟"),
        ("LYU NA", "吕娜"),
        ("LV NA", "吕娜"),
        ("lu na", "吕娜"),
        ("Lü Na", "呂娜"),
        ("moqi ming", "万俟明"),
        ("Ouyang Nana", "欧阳娜娜"),
        ("Nana Ouyang", "欧阳娜娜"),
        ("王xiao明", "王晓明"),
        ("wang晓明", "王晓ming"),
        ("chongqing", "重庆"),  # any reading of a character
    ],
)
def test_spelt_alike(left: str, right: str) -> None:
    assert names.spelt_alike(left, right)
    assert names.spelt_alike(right, left)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("李伟", "李伟"),
        ("李伟", "李玮"),
        ("liwei", "li wei"),
        ("li", "李伟"),
        ("liweii", "李伟"),
        ("李wei", "王伟"),
        ("李wei", "李芳"),
        ("wei李", "李伟"),
        ("", "李伟"),
        ("", ""),
        ("李□", "李wei"),
    ],
)
def test_not_spelt_alike(left: str, right: str) -> None:
    assert not names.spelt_alike(left, right)
    assert not names.spelt_alike(right, left)


@pytest.mark.parametrize(
    ("name", "surname"), [("欧阳娜娜", "欧阳"), ("王芳", "王"), ("欧阳", "欧"), ("上官云", "上官"), ("高", "高")]
)
def test_compound_surnames(name: str, surname: str) -> None:
    assert names.surname(name) == surname


@pytest.mark.parametrize("table", ["shapes.txt", "variants.txt"])
def test_no_character_stands_in_two_classes(table: str) -> None:
    seen: set[str] = set()
    for line in names._table(table):
        assert len(line) == len(set(line)) > 1
        assert not seen & set(line), f"{seen & set(line)} stands twice in {table}"
        seen |= set(line)


def test_look_alikes_are_simplified_and_many() -> None:
    classes = names._table("shapes.txt")
    assert len(classes) >= 150
    assert [character for line in classes for character in line if names.simplify(character) != character] == []


@given(st.sampled_from(_frequent_names()))
def test_every_spelling_of_a_name_is_alike(name: str) -> None:
    assert all(names.spelt_alike(spoken, name) for spoken in names.sounds(name))


@given(st.text("李伟娜吕lvwein □", max_size=6), st.text("李伟娜吕lvwein □", max_size=6))
def test_spelling_is_symmetric(left: str, right: str) -> None:
    assert names.spelt_alike(left, right) == names.spelt_alike(right, left)


NAME_CHARACTERS = st.one_of(
    st.characters(min_codepoint=0x3400, max_codepoint=0x9FFF),
    st.characters(min_codepoint=0xE000, max_codepoint=0xFAFF),
    st.characters(min_codepoint=0xFF01, max_codepoint=0xFF5E),
    st.sampled_from("·•・‧． 　?□ABCxyz○⻓"),
)


@given(st.text(max_size=8))
def test_any_text_can_be_read(written: str) -> None:
    clean = names.clean(written)
    if clean is not None:
        simple = names.simplify(clean)
        assert names.sounds(simple)[0] == names.pinyin(simple)
        assert names.tones(simple)


@given(st.text(NAME_CHARACTERS, max_size=8))
def test_cleaning_and_folding_are_idempotent(written: str) -> None:
    clean = names.clean(written)
    if clean is not None:
        assert names.clean(clean) == clean
        simple = names.simplify(clean)
        assert names.simplify(simple) == simple
        assert names.shape(names.shape(simple)) == names.shape(simple)
