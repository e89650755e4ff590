"""A notice holds no identifier, whatever the register holds: by its forms, by golden cases, and for any dirt (F-30)."""

from __future__ import annotations

import datetime as dt
import re
import typing
import unicodedata
from dataclasses import FrozenInstanceError, fields, replace
from enum import StrEnum

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from api.domain import notices
from api.domain.categories import HardshipCategory
from api.domain.files import Tier
from api.domain.notices import Noticed, NoticeForm, NoticePlace, ObjectionChannel, PublicNotice
from api.matching import identity

ADULT, CHILD = dt.date(1980, 5, 1), dt.date(2020, 5, 1)
FIRST, LAST = dt.date(2026, 11, 27), dt.date(2026, 12, 4)
HOUSEHOLD = Noticed(
    name="张晓明",
    id_number="410502198005011234",
    born=ADULT,
    address="河南省安阳市文峰区平原路215号3号楼1单元802 电话13812345678",
    division_code="410502",
    names=("张晓明", "李芳", "张小宝"),
    people=3,
    tier=Tier.MUNICIPAL,
    category=HardshipCategory.RELATIVE,
    keeper="安阳市纺织厂工会",
    protected=False,
)


def published(household: Noticed) -> PublicNotice:
    places, channels = [NoticePlace.WORKPLACE], [ObjectionChannel.IN_PERSON, ObjectionChannel.HOTLINE]
    return PublicNotice.of(household, "GS-BCDFGHJ", places, channels, FIRST, LAST, identity.name)


def texts(notice: PublicNotice) -> list[str]:
    return [value for each in fields(notice) if isinstance(value := getattr(notice, each.name), str)]


def test_f_30_the_notice_of_a_household_is_this_and_no_more() -> None:
    assert published(HOUSEHOLD) == PublicNotice(
        number="GS-BCDFGHJ",
        form=NoticeForm.NAMED,
        division_code="410502",
        places=(NoticePlace.WORKPLACE,),
        channels=(ObjectionChannel.IN_PERSON, ObjectionChannel.HOTLINE),
        from_day=FIRST,
        to_day=LAST,
        applicant="张*",
        id_number="4105**************",
        street="平原路",
        people=3,
        tier=Tier.MUNICIPAL,
        category=HardshipCategory.RELATIVE,
        keeper="安阳市纺织厂工会",
    )


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"protected": True}, "F-29"),
        ({"born": CHILD}, "a child applies"),
        ({"born": dt.date(2012, 11, 28)}, "a day before the fourteenth birthday"),
    ],
)
def test_f_30_a_child_s_and_a_protected_household_is_published_without_anything_of_theirs(
    changes: dict[str, typing.Any], why: str
) -> None:
    notice = published(replace(HOUSEHOLD, **changes))
    assert notice.form is NoticeForm.UNNAMED, why
    assert {getattr(notice, name) for name in notices.OF_SOMEBODY} == {None}


def test_from_the_fourteenth_birthday_on_an_applicant_is_named() -> None:
    assert published(replace(HOUSEHOLD, born=dt.date(2012, 11, 27))).applicant == "张*"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("河南省安阳市文峰区平原路215号35号楼1单元802室", "平原路"),
        ("文峰区平原路２１５号", "平原路"),
        ("文峰区文明大道十二号院三号楼", "文明大道"),
        ("北关区解放路5号院4楼3单元502 紧邻胜利路", "解放路"),
        ("殷都区铁西路小学对面", "铁西路"),
        ("河南省 安阳市 文峰区 中华路", "中华路"),
        ("殷都区水冶镇育才路3号", "水冶镇育才路"),
        ("林州市桂园街道", "桂园街道"),
        ("五一路", "五一路"),
        ("107国道旁", None),
        ("某村3组", None),
        ("", None),
        (None, None),
        ("电话13812345678 平原路", None),
        ("６２２２０２１２３４５６７８９０１２３平原路", None),
        ("一三八一二三四五六七八路", None),
        ("尿毒症患者平原路", None),
        ("张小宝平原路", None),
        ("張小寶平原路", None),
        ("小宝路", None),
        ("李芳 平原路", None),
    ],
)
def test_an_address_is_told_down_to_its_street_or_not_at_all(address: str | None, shown: str | None) -> None:
    assert published(replace(HOUSEHOLD, address=address)).street == shown


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("欧阳娜娜", "欧*"),
        ("买买提·吐尔逊", "买*"),
        ("𠮷田", "𠮷*"),
        ("wang", "W*"),
        ("410502198005011234", "*"),
        ("４１０５", "*"),
        ("*张", "*"),
        (None, "*"),
    ],
)
def test_a_name_is_told_by_its_first_character(name: str | None, shown: str) -> None:
    assert published(replace(HOUSEHOLD, name=name, names=())).applicant == shown


@pytest.mark.parametrize(
    ("keeper", "shown"),
    [
        ("第10中学工会", "第10中学工会"),
        ("纺织厂工会 0372-5912345", None),
        ("纺织厂工会13812345678", None),
        ("工会一三八一二三四五六七八", None),
        ("张小宝工会", None),
        ("尿毒症", None),
        ("安阳市总工会尿毒症", None),
        ("尿毒症患者工会", None),
        ("安阳市职工服务中心", "安阳市职工服务中心"),
        (None, None),
    ],
)
def test_a_union_is_named_unless_its_name_holds_more(keeper: str | None, shown: str | None) -> None:
    assert published(replace(HOUSEHOLD, keeper=keeper)).keeper == shown


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("applicant", "张晓明"),
        ("applicant", "张**"),
        ("id_number", "410502198005011234"),
        ("id_number", "410502************"),
        ("id_number", "４１０５**************"),
        ("street", "平原路215号"),
        ("street", ""),
        ("street", "尿毒症患者路"),
        ("keeper", "工会13812345678"),
        ("number", "AY-2026-0001"),
        ("division_code", "410502198005011234"),
    ],
)
def test_f_30_a_notice_of_another_form_cannot_be_made_and_its_refusal_tells_nothing(field: str, value: str) -> None:
    change: dict[str, typing.Any] = {field: value}
    notice = published(HOUSEHOLD)
    with pytest.raises(ValueError, match="another form") as refused:
        replace(notice, **change)
    assert not value or value not in str(refused.value)


def test_f_30_an_unnamed_notice_takes_nothing_of_anybody() -> None:
    unnamed = published(replace(HOUSEHOLD, protected=True))
    for name in notices.OF_SOMEBODY:
        with pytest.raises(ValueError, match="nothing of anybody"):
            replace(unnamed, **{name: getattr(published(HOUSEHOLD), name)})


def test_f_30_each_text_of_the_type_has_a_form_and_nothing_else_is_text() -> None:
    kinds = typing.get_type_hints(PublicNotice)
    parts = {name: typing.get_args(kind) or (kind,) for name, kind in kinds.items()}
    of_text = {name for name, kind in parts.items() if str in kind}
    assert of_text == set(notices._FORMS)
    closed = {int, dt.date, type(None), ...}
    for name in kinds.keys() - of_text:
        assert all(each in closed or issubclass(each, StrEnum) for each in parts[name]), name


def test_a_notice_is_frozen() -> None:
    notice: typing.Any = published(HOUSEHOLD)
    with pytest.raises(FrozenInstanceError):
        notice.applicant = "张晓明"


DIGITS = [
    "0123456789",
    "０１２３４５６７８９",
    "〇一二三四五六七八九",
    "零壹贰叁肆伍陆柒捌玖",
    "٠١٢٣٤٥٦٧٨٩",
    "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗",
]
GIVEN = st.text("宝明芳霞晓建国华丽军", min_size=1, max_size=2)
PEOPLE = st.builds(lambda family, given: family + given, st.sampled_from("张李王赵欧"), GIVEN)


@st.composite
def numbers(draw: st.DrawFn) -> str:
    """A citizen number, a card, or a telephone number, in some digits, perhaps with something between them."""
    plain = draw(st.from_regex(r"(410502|130203)(19|20)[0-9]{9}[0-9X]|62[0-9]{17}|1[3-9][0-9]{9}", fullmatch=True))
    digits, between = draw(st.sampled_from(DIGITS)), draw(st.sampled_from(["", " ", "-"]))
    return between.join(digits[int(sign)] if sign.isdigit() else sign for sign in plain)


@st.composite
def dirty(draw: st.DrawFn) -> tuple[Noticed, list[str], list[str], str]:
    """A household whose fields hold each other's values; its numbers, its children, and what follows its street."""
    loose, children = draw(st.lists(numbers(), min_size=2, max_size=4)), draw(st.lists(PEOPLE, max_size=2))
    tail = draw(st.sampled_from(["锦绣花园", "小学对面", "甲楼东户", "机械厂家属院"]))
    street = draw(st.sampled_from(["文峰区平原路", "安阳市北关区解放大道", "水冶镇育才路", "铁西路", ""]))
    scrap = st.one_of(st.sampled_from([*loose, *children, "尿毒症", "电话", "", " ", "\u3000"]), st.text(max_size=6))
    before, after = draw(scrap), draw(scrap)
    text = st.one_of(st.none(), scrap, st.text(max_size=40), st.sampled_from(loose), PEOPLE)
    applicant = draw(text)
    household = Noticed(
        name=applicant,
        id_number=draw(text),
        born=ADULT,
        address=draw(st.one_of(text, st.just(f"{before}{street}{tail}{after}"))),
        division_code="410502",
        names=tuple(filter(None, [applicant, *children])),
        people=1 + len(children),
        tier=None,
        category=None,
        keeper=draw(st.one_of(text, st.just(f"安阳市总工会{after}"))),
        protected=False,
    )
    return household, loose, children, tail


def digits_of(text: str) -> str:
    """All digits of a text as ASCII, whatever script they are in and whatever stands between them."""
    chinese = {sign: str(value) for each in DIGITS[2:4] for value, sign in enumerate(each)}
    return "".join(
        chinese.get(sign) or str(unicodedata.decimal(sign))
        for sign in unicodedata.normalize("NFKC", text)
        if sign in chinese or unicodedata.decimal(sign, None) is not None
    )


@given(dirty())
def test_f_30_no_dirt_makes_a_notice_tell_a_number_a_child_or_a_house(
    made: tuple[Noticed, list[str], list[str], str],
) -> None:
    household, loose, children, tail = made
    notice = published(household)
    shown = [each for each in texts(notice) if each != notice.division_code]
    together = " ".join(shown)
    for number in loose:
        whole = digits_of(number)
        assert not any(
            whole[start : start + 5] in digits_of(each) for each in shown for start in range(len(whole) - 4)
        )
    assert not re.search(r"\d{8}", unicodedata.normalize("NFKC", together))
    assert not any(child in together for child in children)
    assert tail not in together
    assert "尿毒症" not in together


@given(st.text(min_size=2, max_size=30), st.text(min_size=1, max_size=80))
def test_no_name_is_told_beyond_its_first_character(name: str, address: str) -> None:
    assume(not name[1:].isspace())
    notice = published(replace(HOUSEHOLD, name=name, address=address, names=(name,)))
    assert len(notice.applicant or "") <= 2
    assert notice.street is None or notices._FORMS["street"].fullmatch(notice.street)
