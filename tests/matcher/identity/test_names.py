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
        ("ＷＡＮＧ", "wang"),
        ("\uf92c", "郎"),  # a compatibility ideograph
        ("   ", None),
        ("·", None),
    ],
)
def test_cleaning(written: str, clean: str | None) -> None:
    assert names.clean(written) == clean


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
    ("name", "surname"), [("欧阳娜娜", "欧阳"), ("王芳", "王"), ("欧阳", "欧"), ("上官云", "上官"), ("高", "高")]
)
def test_compound_surnames(name: str, surname: str) -> None:
    assert names.surname(name) == surname


def test_no_character_stands_in_two_look_alike_classes() -> None:
    seen: set[str] = set()
    for line in names._table("shapes.txt"):
        assert not seen & set(line), f"{seen & set(line)} stands twice in shapes.txt"
        seen |= set(line)


NAME_CHARACTERS = st.one_of(
    st.characters(min_codepoint=0x3400, max_codepoint=0x9FFF),
    st.characters(min_codepoint=0xE000, max_codepoint=0xFAFF),
    st.characters(min_codepoint=0xFF01, max_codepoint=0xFF5E),
    st.sampled_from("·•・‧． 　?□ABCxyz○⻓"),
)


@given(st.text(max_size=8))
def test_any_text_can_be_read(written: str) -> None:
    clean = names.clean(written)
    assert clean is None or names.pinyin(names.simplify(clean))


@given(st.text(NAME_CHARACTERS, max_size=8))
def test_cleaning_and_folding_are_idempotent(written: str) -> None:
    clean = names.clean(written)
    if clean is not None:
        assert names.clean(clean) == clean
        simple = names.simplify(clean)
        assert names.simplify(simple) == simple
        assert names.shape(names.shape(simple)) == names.shape(simple)
