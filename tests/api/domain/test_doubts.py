"""Which doubtful row is which in a later batch: held against a simple account of it, however batches follow each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from api.domain import doubts
from api.domain.doubts import DoubtState, Line, Sieve, Sifted, Standing, placed

DATE, MONEY, FIELDS = ("DATE", "registered_on"), ("MONEY", "value_yuan"), ("FIELDS", None)
KINDS = (DATE, MONEY, FIELDS)
OPEN, CONFIRMED = DoubtState.OPEN, DoubtState.CONFIRMED


def named(record: str | None) -> bytes | None:
    return None if record is None else record.encode()


def sifted(standing: Sequence[Standing], lines: Sequence[Line], spoken: Sequence[str] = ()) -> Sifted:
    sieve = Sieve(standing)
    for line in lines:
        sieve.count(line.kind, 1)
        if sieve.wants(line.kind):
            sieve.add(line)
    sieve.speaks_of(each.encode() for each in spoken)
    return sieve.found


records = st.sampled_from([None, "1", "2", "3", "4"])
faults = st.lists(st.tuples(records, st.sampled_from(KINDS)), max_size=12)


@given(batches=st.lists(faults, min_size=1, max_size=5))
def test_after_a_full_extract_what_stands_is_what_it_brought_and_what_is_again_keeps_its_day(
    batches: list[list[tuple[str | None, doubts.Kind]]],
) -> None:
    standing: list[Standing] = []
    due: dict[int, int] = {}
    for number, brought in enumerate(batches):
        lines = [Line("a.csv", row, kind, named(record)) for row, (record, kind) in enumerate(brought)]
        before = Counter((each.digest, each.kind) for each in standing)
        found = placed(sifted(standing, lines), set(), set())
        now = [
            Standing(each.id, number, found.again[each.id].kind, found.again[each.id].digest, OPEN)
            for each in standing
            if each.id in found.again
        ]
        assert {each.id for each in standing} == {*found.again, *found.over}, "each goes on or is over"
        for line in found.fresh:
            key = len(due)
            due[key] = number
            now.append(Standing(key, number, line.kind, line.digest, OPEN))
        wanted = Counter((line.digest, line.kind) for line in lines)
        assert Counter((each.digest, each.kind) for each in now) == wanted
        assert len(found.again) == (before & wanted).total(), "as many as were there keep their day"
        places = [line.row for line in (*found.again.values(), *found.fresh)]
        assert sorted(places) == list(range(len(lines))), "each line once"
        standing = now


CASES = {
    "of a batch in force that says nothing of it": (DATE, "1", OPEN, {7}, {7}, [], "stands"),
    "mended by corrections": (DATE, "1", OPEN, {7}, {7}, ["1"], "over"),
    "spoken of by what has not the last word": (DATE, "1", OPEN, {7}, set(), ["1"], "stands"),
    "of a batch that counts no more": (DATE, "1", OPEN, set(), set(), [], "over"),
    "without a name, of a batch in force": (FIELDS, None, OPEN, {7}, {7}, ["1"], "stands"),
    "without a name, of one that counts no more": (FIELDS, None, OPEN, set(), set(), [], "over"),
    "confirmed": (DATE, "1", CONFIRMED, set(), set(), ["1"], "stands"),
}  # fmt: skip


def test_what_ends_a_doubt_that_is_not_brought_again() -> None:
    for name, (kind, record, state, in_force, outranked, spoken, expected) in CASES.items():
        there = [Standing(1, 7, kind, named(record), state)]
        found = placed(sifted(there, [], spoken), in_force, outranked)
        assert (found.again, list(found.over), list(found.fresh)) == ({}, [1] if expected == "over" else [], []), name


def test_what_was_confirmed_is_carried_on_by_its_name_alone() -> None:
    there = [Standing(1, 7, DATE, b"1", CONFIRMED)]
    line, nameless = Line("a.csv", 4, DATE, b"1"), Line("a.csv", 5, DATE, None)
    found = placed(sifted(there, [nameless, line]), set(), set())
    assert (dict(found.again), list(found.fresh)) == ({1: line}, [nameless])


def test_a_flood_leaves_room_for_what_is_rare_and_is_counted_whole() -> None:
    many = [Line("a.csv", row, DATE, None) for row in range(3 * doubts.MOST_OF_A_KIND)]
    rare = [Line("a.csv", 10**6, MONEY, None)]
    found = sifted([], [*many, *rare])
    fresh = placed(found, set(), set()).fresh
    assert found.counts == {DATE: len(many), MONEY: 1}
    assert Counter(line.kind for line in fresh) == {DATE: doubts.MOST_OF_A_KIND, MONEY: 1}
    wide = [Line("a.csv", row, ("DATE", f"c{row % 9}"), None) for row in range(9 * doubts.MOST_OF_A_KIND)]
    assert len(placed(sifted([], wide), set(), set()).fresh) == doubts.MOST_OF_A_BATCH
    there = [Standing(key, 7, MONEY, str(key).encode(), OPEN) for key in range(doubts.MOST_OF_A_SOURCE - 3)]
    assert len(placed(sifted(there, many), {7}, set()).fresh) == 3
