"""Two addresses by their parts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.matcher.persons import compared, level, prepared

HOME = "河南省安阳市文峰区人民大道12号3号楼2单元501室"
WRITTEN = [
    HOME,
    "文峰区人民大道１２号3-2-501",
    "文峰区人民大道12号3号楼",
    "人民大道12号3号楼2单元502室",
    "人民大道14号",
    "北关区人民大道12号",
    "锦绣小区十二栋501",
    "张家村3组12号",
    "不详",
    "",
    None,
]


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (HOME, HOME, "equal"),
        (HOME, "文峰区人民大道１２号3-2-501", "equal"),
        (HOME, "人民大道12号3号楼2单元501", "equal"),
        (HOME, "人民大道12号3号楼2单元502室", "same_building"),
        (HOME, "文峰区人民大道14号", "same_road"),
        (HOME, "文峰区中华路12号", "different"),
        (HOME, "北关区人民大道12号3号楼2单元501室", "different"),
        (HOME, None, "missing"),
        (HOME, "", "missing"),
    ],
)
def test_levels(left: str, right: str | None, expected: str) -> None:
    assert level("cn_address", left, right) == expected
    assert level("cn_address", right, left) == expected


@given(st.lists(st.tuples(st.sampled_from(WRITTEN), st.sampled_from(WRITTEN)), min_size=1, max_size=12))
def test_neither_side_is_first(pairs: list[tuple[str | None, str | None]]) -> None:
    left, right = (prepared("cn_address", side) for side in zip(*pairs, strict=True))
    assert compared("cn_address", left, right).tolist() == compared("cn_address", right, left).tolist()
