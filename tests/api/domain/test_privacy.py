"""A mask tells what the convention allows and nothing else, whatever it is given."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.domain import privacy

MASKS = [privacy.name, privacy.number, privacy.phone, privacy.account, privacy.address]


@pytest.mark.parametrize(
    ("mask", "text", "shown"),
    [
        (privacy.name, "张晓明", "张**"),
        (privacy.name, "张明", "张**"),
        (privacy.name, "买买提·吐尔逊", "买**"),
        (privacy.number, "410502199001011234", "4105************34"),
        (privacy.number, "410502900101123", "4105************23"),
        (privacy.number, "H1234567", "****"),
        (privacy.phone, "13812345678", "138****5678"),
        (privacy.phone, "0372-12345", "****"),
        (privacy.account, "6222021234567890123", "****0123"),
        (privacy.account, "12345", "****"),
        (privacy.address, "河南省安阳市文峰区平原路215号35号楼1单元802室", "河南省安阳市文峰区平原路****"),
        (privacy.address, "某村3组", "****"),
        (privacy.address, "北关区解放路5号院4楼3单元502 紧邻胜利路", "北关区解放路****"),
        (privacy.address, "文峰区人民大道12号街道办家属院3-201", "文峰区人民大道****"),
        (privacy.address, "文峰区文明大道十二号院三号楼", "文峰区文明大道****"),
        (privacy.address, "文峰区平原路２１５号", "文峰区平原路****"),
    ],
)
def test_the_convention(mask: object, text: str, shown: str) -> None:
    assert callable(mask)
    assert mask(text) == shown


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("nothing", [None, ""])
def test_nothing_is_not_masked(mask: object, nothing: str | None) -> None:
    assert callable(mask)
    assert mask(nothing) is None


@given(st.text(min_size=1))
def test_a_short_value_is_hidden_whole(text: str) -> None:
    for mask in (privacy.number, privacy.phone, privacy.account):
        if len(text) < 11:
            assert mask(text) == privacy.STARS


@given(st.from_regex(r"[0-9]{17}[0-9X]", fullmatch=True))
def test_no_eight_digits_of_a_number_are_ever_shown_together(number: str) -> None:
    assert not re.search(r"\d{8}", privacy.number(number) or "")


@given(st.text(min_size=2, max_size=30))
def test_a_mask_does_not_tell_how_long_a_name_is(text: str) -> None:
    assert len(privacy.name(text) or "") == 3
