"""What holds of every kind: a glance settles rightly or leaves open, and never promises too little."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.comparing.kinds import COMPARISONS
from matcher.comparing.levels import OPEN
from matcher.normalising.fields import READERS
from tests.matcher.persons import compared, prepared, written_names, written_numbers

digits = st.text(alphabet="0123456789-. xE", max_size=8)
latin = st.text(alphabet="abcdeno ' -é", max_size=8)
days = st.sampled_from(["1955-03-07", "1955-07-03", "1956-03-07", "19550230", "1955-02-20", "不详"])
places = st.sampled_from(
    ["人民大道12号3号楼2单元501室", "文峰区人民大道12号3-2-501", "人民大道14号", "张家村3组", "不详", ""]
)
VALUES: dict[str, st.SearchStrategy[str]] = {
    "cn_number": written_numbers(),
    "cn_name": written_names,
    "cn_address": places,
    "phone": st.sampled_from(["13800138000", "+8613800138000", "13800138001", "0372-1234568", "x"]),
    "division": st.sampled_from(["410502", "410503", "410502001", "x"]),
    "sex": st.sampled_from(["男", "女", "MALE", "x"]),
    "date": days,
    "written_date": days,
    "text": latin,
    "exact": latin,
    "digits": digits,
    "amount": digits,
}

kinds = pytest.mark.parametrize("kind", sorted(COMPARISONS))


def test_every_kind_can_be_read_and_every_readable_kind_compared() -> None:
    assert set(COMPARISONS) == set(READERS) == set(VALUES)


@kinds
@settings(max_examples=150)
@given(data=st.data())
def test_a_glance_is_right_where_it_settles_and_never_promises_too_little(kind: str, data: st.DataObject) -> None:
    """The bound on what stays open is what lets the kernel drop a pair unread."""
    value = st.none() | VALUES[kind]
    rows = data.draw(st.lists(st.tuples(value, value, st.none() | value), min_size=1, max_size=10))
    ones, others, formers = (list(column) for column in zip(*rows, strict=True))
    left, right = prepared(kind, ones, formers if kind == "cn_name" else None), prepared(kind, others)
    every = np.arange(len(rows))
    glance = COMPARISONS[kind].quick(left.take(every), right.take(every), "field")
    settled = glance.codes != OPEN
    assert (glance.best[settled] == glance.codes[settled]).all()
    for alone, best in ((False, glance.best), (True, glance.best if glance.alone is None else glance.alone)):
        codes = compared(kind, left, right, alone)
        assert ((codes == 0) == (best == 0)).all() or kind in ("cn_address", "written_date")
        assert ((best <= codes) | (codes == 0)).all()
        assert (codes <= COMPARISONS[kind].worst).all()


@kinds
def test_no_pairs_have_no_levels(kind: str) -> None:
    nobody = prepared(kind, [])
    assert compared(kind, nobody, nobody).tolist() == []
    comparison, none = COMPARISONS[kind], nobody.take(np.zeros(0, np.int64))
    assert comparison.quick(none, none, "field").best.tolist() == []
    for settle in (comparison.settle, comparison.settle_alone):
        assert settle is None or settle(none, none, "field").tolist() == []


@kinds
def test_levels_are_named_once_explained_and_the_last_agrees_on_nothing(kind: str) -> None:
    comparison = COMPARISONS[kind]
    assert len(set(comparison.names)) == len(comparison.names)
    assert (comparison.names[0], comparison.names[-1]) == ("missing", "not_needed")
    assert all(level.doc for level in comparison.levels)
    assert [comparison.code(name) for name in comparison.names] == list(range(len(comparison.names)))
    assert not comparison.agreeing[[0, comparison.worst, -1]].any()
    assert comparison.agreeing[1]
    assert comparison.names[comparison.worst] == comparison.graded[-1].name
