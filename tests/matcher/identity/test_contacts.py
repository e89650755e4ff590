"""Phones and addresses as clerks write them: what is folded, what is told apart, and what is a filler."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.identity import contacts


@pytest.mark.parametrize(
    ("written", "digits"),
    [
        ("13800138000", "13800138000"),
        ("１３８００１３８０００", "13800138000"),
        ("+86 138-0013-8000", "13800138000"),
        ("008613800138000", "13800138000"),
        ("8613800138000", "13800138000"),
        ("013800138000", "13800138000"),
        ("13800138000.0", "13800138000"),
        ("13,800,138,000", "13800138000"),
        ("13800138000/13900139000", "13800138000"),
        ("13800138000、13900139000", "13800138000"),
        ("13800138000；13900139000", "13800138000"),
        ("13800138000 13900139000", "13800138000"),
        ("0372-1234568/13900139000", "13900139000"),
        ("0372-1234568", "03721234568"),
        ("(0372)1234568", "03721234568"),
        ("+86-372-1234568", "03721234568"),
        ("0372-1234568转801", "03721234568"),
        ("0372-1234568-801", "03721234568"),
        ("0372-1234568 ext. 8", "03721234568"),
        ("010-12345679", "01012345679"),
        ("1234568", "1234568"),
        ("1.38001E+10", None),
        ("138****8000", None),
        ("13800000000", None),
        ("11111111111", None),
        ("00000000000", None),
        ("12345678901", None),
        ("1234567", None),
        ("0372-0000000", None),
        ("123456", None),
        ("无", None),
        ("", None),
    ],
)
def test_phones(written: str, digits: str | None) -> None:
    assert contacts.phone(written) == digits


@given(st.from_regex(contacts.REGULAR_PHONE, fullmatch=True))
def test_a_regular_phone_stays_as_it_is(written: str) -> None:
    assert contacts.phone(written) == written


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
def test_a_mobile_that_is_no_filler_is_regular(written: str) -> None:
    assert (contacts.phone(written) == written) == bool(re.match(contacts.REGULAR_PHONE, written))


@given(st.from_regex(r"0[0-9]{2,3}-?[0-9]{7,8}", fullmatch=True, alphabet="0123456789-"))
def test_a_landline_is_read_at_once_as_it_would_be_with_care(written: str) -> None:
    assert contacts.phone(written) == contacts.phone(f" {written} ")


@given(st.integers(0, 9), st.sampled_from([-1, 0, 1]), st.integers(7, 30))
def test_digits_that_stand_still_or_count_fill_a_field(first: int, step: int, size: int) -> None:
    assert contacts.phone("".join(str((first + step * place) % 10) for place in range(size))) is None


@given(st.text(alphabet="0123456789+-/ ()转xE.*１３８、", max_size=24))
def test_phones_are_read_once(written: str) -> None:
    digits = contacts.phone(written)
    if digits is not None:
        assert digits.isascii()
        assert digits.isdigit()


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ("河南省安阳市文峰区人民大道１２号３号楼２单元501室", ("文峰区", "人民大道", "12", "3", "2", "501")),
        ("文峰区人民大道12号3-2-501", ("文峰区", "人民大道", "12", "3", "2", "501")),
        ("安阳市人民大道12号院3号楼501", ("", "人民大道", "12", "3", "", "501")),
        ("人民大道十二号楼二单元五〇一室", ("", "人民大道", "", "12", "2", "501")),
        ("人民大道12号锦绣小区3号楼2单元501室", ("", "人民大道锦绣小区", "12", "3", "2", "501")),
        ("人民大道中段12号", ("", "人民大道", "12", "", "", "")),
        ("人民大道12", ("", "人民大道", "12", "", "", "")),
        ("人民大道12-3-501", ("", "人民大道", "", "12", "3", "501")),
        ("锦绣小区3-2-501", ("", "锦绣小区", "", "3", "2", "501")),
        ("锦绣小区3栋501", ("", "锦绣小区", "", "3", "", "501")),
        ("锦绣小区3#楼2单元501", ("", "锦绣小区", "", "3", "2", "501")),
        ("锦绣小区3#501", ("", "锦绣小区", "", "3", "", "501")),
        ("锦绣小区二期A座1203", ("", "锦绣小区二期", "", "A", "", "1203")),
        ("锦绣小区12", ("", "锦绣小区", "", "12", "", "")),
        ("机床厂家属院5号楼东单元3楼东户", ("", "机床厂家属院", "", "5", "东", "东")),
        ("安阳县白璧镇王庄村12号", ("安阳县白璧镇", "王庄村", "12", "", "", "")),
        ("安阳县白璧镇王庄村3组12号", ("安阳县白璧镇", "王庄村", "12", "", "3组", "")),
        ("白璧镇东街村", ("白璧镇", "东街村", "", "", "", "")),
        ("王庄村民委员会", ("", "王庄村", "", "", "", "")),
        ("林州市人民路1号", ("林州市", "人民路", "1", "", "", "")),
        ("河南省安阳市林州市人民路一号", ("林州市", "人民路", "1", "", "", "")),
        ("新疆维吾尔自治区乌鲁木齐市天山区人民路12号", ("天山区", "人民路", "12", "", "", "")),
        ("北京市朝阳区三里屯路1号", ("朝阳区", "三里屯路", "1", "", "", "")),
        ("郑州市二七区五一路七号院3号楼", ("二七区", "五一路", "7", "3", "", "")),
        ("人民大道12号附3号", ("", "人民大道", "12附3", "", "", "")),
        ("人民大道甲12号", ("", "人民大道", "12甲", "", "", "")),
        ("人民大道12号甲", ("", "人民大道", "12甲", "", "", "")),
        ("文峰区东大街街道人民大道12号", ("文峰区东大街街道", "人民大道", "12", "", "", "")),
        ("文峰区光华路街道办事处红星社区人民大道12号", ("文峰区光华路街道", "人民大道", "12", "", "", "")),
        ("人民大道与中华路交叉口东南角锦绣花园5号楼", ("", "人民大道锦绣花园", "", "5", "", "")),
        ("人民大道12号(原机床厂)3号楼", ("", "人民大道", "12", "3", "", "")),
        ("人民大道12号（3号楼501室）", ("", "人民大道", "12", "3", "", "501")),
        ("龙安区太行小区南院13排4号", ("龙安区", "太行小区南院", "", "13", "", "4")),
        ("滑县道口镇解放路南段东侧", ("滑县道口镇", "解放路", "", "", "", "")),
        ("高新区弦歌大道888号万达广场A座12层1203", ("高新区", "弦歌大道万达广场", "888", "A", "", "1203")),
        ("人民大道12号03号楼0501室", ("", "人民大道", "12", "3", "", "501")),
    ],
)
def test_addresses_are_parsed(written: str, parts: tuple[str, str, str, str, str, str]) -> None:
    assert contacts.parse(written) == contacts.Address(*parts)


@pytest.mark.parametrize("written", ["", "无", "安阳市", "北关区", "安阳市殷都区水冶镇", "()", "---"])
def test_what_is_no_address(written: str) -> None:
    assert contacts.parse(written) is None


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        ("河南省安阳市文峰区人民大道12号3号楼2单元501室", "文峰区人民大道12号3-2-501", "equal"),
        ("人民大道十二号院三号楼二单元501室", "文峰区人民大道12号3栋2单元501", "equal"),
        ("人民大道12号锦绣小区3号楼2单元501室", "人民大道12号3号楼2单元501室", "equal"),
        ("人民大道12号锦绣小区3号楼2单元501室", "锦绣小区3号楼501", "equal"),
        ("文峰区人民大道12号", "文峰区人民大道12号3号楼501", "equal"),  # what is left out contradicts nothing
        ("文峰区东大街街道人民大道12号", "文峰区人民大道12号", "equal"),
        ("白璧镇王庄村12号", "安阳县王庄村12", "equal"),
        ("人民大道12号3号楼501", "人民大道12号3号楼502", "same_building"),
        ("锦绣小区3号楼1单元501", "锦绣小区3号楼2单元501", "same_building"),
        ("锦绣小区3号楼", "锦绣小区3号楼501", "same_building"),
        ("王庄村12号", "王庄村12号附3号", "equal"),
        ("人民大道12号3号楼501", "人民大道12号4号楼501", "same_road"),
        ("人民大道12号", "人民大道14号", "same_road"),
        ("人民大道1号", "人民大道12号", "same_road"),
        ("人民大道12号附3号", "人民大道12号附5号", "same_road"),
        ("王庄村3组12号", "王庄村5组12号", "same_road"),
        ("人民大道", "人民大道12号", "same_road"),
        ("人民大道12号", "中华路12号", "different"),
        ("文峰区人民大道12号", "北关区人民大道12号", "different"),
        ("林州市人民路1号", "文峰区人民路1号", "different"),
        ("中华路12号", "新中华路12号", "different"),
        ("安阳县白璧镇王庄村12号", "安阳县柏庄镇王庄村12号", "different"),
        ("3号楼501", "3号楼501", "different"),  # neither says where
    ],
)
def test_levels_of_places(left: str, right: str, level: str) -> None:
    one, two = contacts.parse(left), contacts.parse(right)
    assert one is not None
    assert two is not None
    assert contacts.place_level(one, two) == level
    assert contacts.place_level(two, one) == level


PIECES = "河南省 安阳市 文峰区 林州市 白璧镇 东大街街道 人民大道 中华路 锦绣小区 王庄村 家属院 12 3 501 号 号楼 栋 单元 室 - # 附 甲 （ ） 十二 与 交叉口 A座 东户 楼 层 组"
ADDRESS_PIECES = st.sampled_from(PIECES.split())


@given(st.lists(ADDRESS_PIECES, max_size=12).map("".join) | st.text(max_size=20))
def test_any_address_can_be_parsed_and_is_nowhere_else_than_itself(written: str) -> None:
    contacts.address(written)
    parsed = contacts.parse(written)
    if parsed is not None:
        assert contacts.place_level(parsed, parsed) != "different" or not parsed.road


@given(st.lists(ADDRESS_PIECES, max_size=9).map("".join), st.lists(ADDRESS_PIECES, max_size=9).map("".join))
def test_levels_are_symmetric(left: str, right: str) -> None:
    one, two = contacts.parse(left), contacts.parse(right)
    if one is not None and two is not None:
        assert contacts.place_level(one, two) == contacts.place_level(two, one)
