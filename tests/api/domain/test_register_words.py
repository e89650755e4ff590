"""What another register writes in words: tiers, categories, and causes of which one is the main one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.domain import register_words
from api.domain.casework import HardshipCause
from api.domain.categories import HardshipCategory
from api.domain.files import Tier

C, K, T = HardshipCause, HardshipCategory, Tier


@pytest.mark.parametrize(
    ("written", "read"),
    [("NATIONAL", T.NATIONAL), (" 全国级 ", T.NATIONAL), ("省级", T.PROVINCIAL), ("地市级", T.MUNICIPAL), ("区县级", T.COUNTY),
     ("县级", T.COUNTY), ("基层", T.GRASSROOTS), ("三级", None), ("", None), (None, None)],
)  # fmt: skip
def test_a_tier_is_read(written: str | None, read: Tier | None) -> None:
    assert register_words.tier(written) is read


@pytest.mark.parametrize(
    ("written", "read"),
    [("DEEP", K.DEEP), ("深度困难", K.DEEP), ("深度困难户", K.DEEP), ("相对困难职工", K.RELATIVE), ("低保户", K.DIBAO),
     ("低保边缘户", K.DIBAO_MARGIN), ("意外致困户", K.ACCIDENTAL), ("困难农民工", K.MIGRANT_WORKER), ("一般", None), (None, None)],
)  # fmt: skip
def test_a_category_is_read(written: str | None, read: HardshipCategory | None) -> None:
    assert register_words.category(written) is read


CAUSES = {
    "one": ("重特大疾病", [(C.SEVERE_ILLNESS, True, None)]),
    "a code": ("LAID_OFF", [(C.LAID_OFF, True, None)]),
    "the first is the main one": ("下岗失业、子女上学", [(C.LAID_OFF, True, None), (C.SCHOOLING, False, None)]),
    "but for one that is called so": (
        "次要：下岗失业；主要：重特大疾病", [(C.SEVERE_ILLNESS, True, None), (C.LAID_OFF, False, None)],
    ),
    "called so behind": ("因学, 因病（主要原因）", [(C.SEVERE_ILLNESS, True, None), (C.SCHOOLING, False, None)]),
    "what is gone is not named, and no other leads in its place": ("重特大疾病（已消除）|未参保", [(C.UNINSURED, False, None)]),
    "nor where it was called so": ("未参保、重特大疾病（主要）（已消除）", [(C.UNINSURED, False, None)]),
    "nor called so behind": ("未参保、重特大疾病（已消除）（主要）", [(C.UNINSURED, False, None)]),
    "what is gone beside the main one": ("未参保、因病已解除", [(C.UNINSURED, True, None)]),
    "all of it gone": ("重特大疾病（已解决）", []),
    "twice is once": ("失业/下岗", [(C.LAID_OFF, True, None)]),
    "what nobody knows keeps its words": ("欠债、离异", [(C.OTHER, True, "欠债、离异")]),
    "more than a file may name": (
        "因病、因灾、因学、失业、未参保",
        [(C.SEVERE_ILLNESS, True, None), (C.NATURAL_DISASTER, False, None), (C.SCHOOLING, False, None), (C.LAID_OFF, False, None),
         (C.UNINSURED, False, None)],
    ),
    "nothing": (" 、 ", []),
    "not told": (None, []),
}  # fmt: skip


@pytest.mark.parametrize("case", CAUSES)
def test_causes_are_read(case: str) -> None:
    written, read = CAUSES[case]
    assert [(each.cause, each.main, each.words) for each in register_words.causes(written)] == read


@given(st.text(alphabet="因病灾学失业主要次：；、（）已消除其他 ", max_size=40))
def test_whatever_is_written_a_file_can_name_it(written: str) -> None:
    named = register_words.causes(written)
    assert len({each.cause for each in named}) == len(named)
    leads = [each.main for each in named]
    assert not any(leads[1:])
    assert all(leads[:1]) or "已消除" in written, "but for what is gone, the first leads"
    assert all(each.words for each in named if each.cause is C.OTHER)
