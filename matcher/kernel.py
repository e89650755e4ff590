"""One batch in, scored pairs out: propose, compare, weigh; pure.

What it returns for a record depends on the applicant, the plan, the model and that record alone. So chunks may be of
any size, run in any order and on any machine, and an applicant checked alone is scored as in a scan.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from matcher.applicants import Applicants
from matcher.blocking import BlockKeys, keys
from matcher.comparing.levels import OPEN, Comparison, Glance
from matcher.frames import PROPOSED
from matcher.plan import Plan
from matcher.prepared import Codes, Flags, Prepared, Rows
from matcher.scoring.frequency import Bits

Apart = Mapping[str, int]

WEIGHT_DECIMALS = 6
PAIRS_AT_ONCE = 2_000_000
"""Proposed pairs that are compared together: what bounds the memory of a batch."""


@dataclass(frozen=True)
class Batch:
    """Records prepared and keyed, ready to be asked for applicants."""

    people: Prepared
    keys: tuple[BlockKeys, ...]

    @classmethod
    def of(cls, rows: pl.DataFrame, plan: Plan, prefix: str = "") -> Batch:
        """A batch of rows as a feed has them, their identity columns led by `prefix`."""
        people = plan.prepare(rows, prefix)
        return cls(people, tuple(keys(people, block) for block in plan.blocks))


@dataclass(frozen=True)
class Weighed:
    """Pairs weighed (as in Scored), and how many were kept apart: two people who share what a block looks for, and whom a veto
    tells from one another. By "field:level:block", as in "number:neighbour:phone&name.family": twins who share a telephone.
    A pair counts under the first block that proposed it. They are relations of applicants, and no weaker matches.
    """

    pairs: pl.DataFrame
    apart: Apart


@dataclass(frozen=True)
class Scored:
    """What a batch gave: `pairs` (frames.PAIRS and a level column for each field) at or above the review
    threshold, sorted by applicant and record; `proposed` (frames.PROPOSED), how many records each block proposed to each applicant;
    `apart`, how many pairs were kept apart (see Weighed).
    """

    pairs: pl.DataFrame
    proposed: pl.DataFrame
    apart: Apart


def score(applicants: Applicants, batch: Batch) -> Scored:
    """The pairs of an applicant and a record of `batch` at or above the review threshold."""
    pairs, blocks, proposed = propose(applicants, batch)
    weighed = [
        weigh(applicants, batch.people, pairs[start : start + PAIRS_AT_ONCE], blocks[start : start + PAIRS_AT_ONCE])
        for start in range(0, max(len(pairs), 1), PAIRS_AT_ONCE)
    ]
    return Scored(pl.concat(part.pairs for part in weighed), proposed, added(part.apart for part in weighed))


def added(counts: Iterable[Apart]) -> dict[str, int]:
    """The sums of these counts, sorted by what is counted."""
    total: Counter[str] = Counter()
    for some in counts:
        total.update(some)
    return dict(sorted(total.items()))


def propose(
    applicants: Applicants, batch: Batch
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint32], pl.DataFrame]:
    """The distinct pairs that some block proposes, as applicant << 32 | record, sorted; the blocks as bits; the counts.

    An applicant to whom a block proposes more records of this batch than its cap is flooded there: the records are counted
    and not expanded, and what another block proposes is kept. So the pairs of a batch are at most `applicants.bound`.
    """
    found, bits, counts = [], [], []
    for place, (block, lookup) in enumerate(zip(applicants.plan.blocks, applicants.lookups, strict=True)):
        records, slots = lookup.hits(batch.keys[place])
        sizes = np.bincount(slots, minlength=len(lookup.starts) - 1)
        counts.append(_counted(lookup.rows, np.repeat(sizes, np.diff(lookup.starts))))
        hot = np.flatnonzero(counts[-1] > block.cap).astype(np.uint32)
        people, matched = lookup.without(hot).expand(records, slots)
        pairs = people.astype(np.uint64) << np.uint64(32) | matched
        found.append(pairs)
        bits.append(np.full(len(pairs), 1 << place, dtype=np.uint32))
    pairs, blocks = distinct(np.concatenate(found), np.concatenate(bits))
    return pairs, blocks, _proposed(counts)


def _counted(rows: Rows, sizes: npt.NDArray[np.int64]) -> npt.NDArray[np.uint64]:
    """How many records each applicant got, as far as the last of these rows."""
    return np.bincount(rows, weights=sizes).astype(np.uint64) if len(rows) else np.zeros(0, np.uint64)


def _proposed(counts: list[npt.NDArray[np.uint64]]) -> pl.DataFrame:
    """The counts of each block that proposed anything (frames.PROPOSED)."""
    hit = [np.flatnonzero(records) for records in counts]
    columns = {
        "applicant": np.concatenate(hit),
        "block": np.repeat(np.arange(len(hit)), [len(each) for each in hit]),
        "records": np.concatenate([records[each] for records, each in zip(counts, hit, strict=True)]),
    }
    return pl.DataFrame(columns, schema=PROPOSED)


def distinct(
    pairs: npt.NDArray[np.uint64], bits: npt.NDArray[np.uint32]
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint32]]:
    """Each pair once, with the bits of all blocks that proposed it."""
    if not len(pairs):
        return pairs, bits
    order = np.argsort(pairs, kind="stable")
    pairs, bits = pairs[order], bits[order]
    first = np.flatnonzero(np.concatenate([[True], pairs[1:] != pairs[:-1]]))
    return pairs[first], np.bitwise_or.reduceat(bits, first)


def weigh(
    applicants: Applicants, records: Prepared, pairs: npt.NDArray[np.uint64], blocks: npt.NDArray[np.uint32]
) -> Weighed:
    """The pairs at or above the review threshold, weighed, with a level column for each field."""
    work = _Pairs(applicants, records, (pairs >> np.uint64(32)).astype(np.uint32), pairs.astype(np.uint32))
    kept, apart = work.look(blocks)
    kept = kept[work.narrow()]
    for place, field in enumerate(applicants.plan.fields):
        if not field.late:
            work.settle(place)
    kept = kept[work.narrow()]
    for place, field in enumerate(applicants.plan.fields):
        if field.late:
            work.settle(place)
    kept = kept[work.narrow()]
    weight = np.round(work.weight(), WEIGHT_DECIMALS)
    good = weight >= applicants.scale.review
    columns = {
        "applicant": work.left[good],
        "record": work.right[good],
        "blocks": blocks[kept][good],
        "weight_bits": weight[good],
        "probability": np.round(applicants.scale.probability(weight[good]), WEIGHT_DECIMALS),
    }
    codes = pl.DataFrame({name: codes[good] for name, codes in zip(applicants.plan.names, work.codes, strict=True)})
    levels = codes.select(
        pl.lit(pl.Series(comparison.names)).gather(pl.col(name)).alias(name)
        for name, comparison in zip(applicants.plan.names, applicants.plan.comparisons, strict=True)
    )
    return Weighed(pl.DataFrame(columns).hstack(levels), apart)


def compare(applicants: Applicants, records: Prepared, left: Rows, right: Rows) -> list[Codes]:
    """The code of every field of these pairs, however unlikely they are; late fields included."""
    return _compared(applicants, records, left, right).codes


def forbidden(applicants: Applicants, records: Prepared, left: Rows, right: Rows) -> Flags:
    """Which of these pairs the plan's vetoes forbid."""
    return _compared(applicants, records, left, right).forbidden()


def _compared(applicants: Applicants, records: Prepared, left: Rows, right: Rows) -> _Pairs:
    work = _Pairs(applicants, records, left, right)
    work.look()
    for place in range(len(applicants.plan.fields)):
        work.settle(place, sparing=False)
    return work


class _Pairs:
    """Pairs on their way: the codes of each field, OPEN where not settled, and the best that is possible there."""

    def __init__(self, applicants: Applicants, records: Prepared, left: Rows, right: Rows) -> None:
        self.applicants, self.records, self.left, self.right = applicants, records, left, right
        self.codes: list[Codes] = []
        self.best: list[Codes] = []

    def look(self, blocks: npt.NDArray[np.uint32] | None = None) -> tuple[npt.NDArray[np.intp], dict[str, int]]:
        """Looks at integers alone. Given the `blocks` that proposed them, pairs are dropped as soon as a veto forbids them,
        since nothing else of theirs need be looked at, and that is most pairs. Returns which are left, and what was kept apart.
        """
        plan, left, apart = self.applicants.plan, np.arange(len(self.left)), []
        for place, (field, comparison) in enumerate(zip(plan.fields, plan.comparisons, strict=True)):
            one, other = self.applicants.people.take(self.left), self.records.take(self.right)
            glance = comparison.quick(one, other, field.name)
            best = self._best(field.likeness_beside, comparison, glance)
            self.codes.append(np.where(best == comparison.worst, best, glance.codes).astype(np.uint8))
            self.best.append(best)
            if blocks is not None and self.applicants.scale.fields[place].veto.any():
                kept = ~self.forbidden()
                apart.append(self._apart(place, ~kept, blocks[left]))
                self._keep(kept)
                left = left[kept]
        return left, added(apart)

    def _apart(self, place: int, forbidden: Flags, blocks: npt.NDArray[np.uint32]) -> dict[str, int]:
        """How many pairs are forbidden, by level of this field and block."""
        plan, counts = self.applicants.plan, {}
        levels, proposed_by = self.codes[place][forbidden], blocks[forbidden]
        for number, block in enumerate(plan.blocks):
            first = (proposed_by & np.uint32((2 << number) - 1)) == np.uint32(1 << number)
            for code, count in enumerate(np.bincount(levels[first]).tolist()):
                if count:
                    level = plan.comparisons[place].levels[code].name
                    counts[f"{plan.fields[place].name}:{level}:{block.name}"] = count
        return counts

    def _keep(self, kept: Flags) -> None:
        self.left, self.right = self.left[kept], self.right[kept]
        self.codes = [codes[kept] for codes in self.codes]
        self.best = [best[kept] for best in self.best]

    def narrow(self) -> Flags:
        """Drops the pairs that are forbidden or cannot reach the threshold; returns which were kept."""
        kept = ~self.forbidden() & (self._most() >= self.applicants.scale.review)
        self._keep(kept)
        return kept

    def settle(self, place: int, *, sparing: bool = True) -> None:
        """Finds the level of the pairs whose field is open; a late field is left alone where it could not change the
        decision, if we are `sparing`.
        """
        plan, comparison = self.applicants.plan, self.applicants.plan.comparisons[place]
        field, codes = plan.fields[place], self.codes[place]
        if field.late and sparing:
            rest = [scale for other, scale in enumerate(self.applicants.scale.fields) if plan.fields[other].late]
            sure = self.weight() + sum(min(scale.lower, 0.0) for scale in rest)
            codes[(codes != 0) & (sure >= self.applicants.scale.link)] = len(comparison.names) - 1
        open_pairs = np.flatnonzero(codes == OPEN)
        groups = [(comparison.settle, open_pairs)]
        if field.likeness_beside and comparison.settle_alone:
            beside = self._agrees(plan.place(field.likeness_beside))[open_pairs]
            groups = [(comparison.settle, open_pairs[beside]), (comparison.settle_alone, open_pairs[~beside])]
        for settle, rows in groups:
            if len(rows) and settle is not None:
                sides = self.applicants.people.take(self.left[rows]), self.records.take(self.right[rows])
                codes[rows] = settle(*sides, field.name)
        self.best[place] = codes

    def weight(self) -> Bits:
        """The weights of the pairs; a field that is still open counts as missing."""
        total = np.full(len(self.left), self.applicants.scale.prior)
        for place, field in enumerate(self.applicants.plan.fields):
            codes = np.where(self.codes[place] == OPEN, 0, self.codes[place])
            rarities = self.applicants.rarities.get(field.name, {})
            bits = self.applicants.scale.fields[place].weigh(codes, rarities, self.left)
            total += np.where(self._muted(place), 0.0, bits)
        return total

    def _most(self) -> Bits:
        total = np.full(len(self.left), self.applicants.scale.prior)
        for place, field in enumerate(self.applicants.plan.fields):
            rarities, scale = self.applicants.rarities.get(field.name, {}), self.applicants.scale.fields[place]
            bits = scale.most(self.best[place], rarities, self.left)
            if field.muted_beside:
                # what is muted adds nothing, which may be more than it would
                bits = np.where(
                    self._may_contain(self.applicants.plan.place(field.muted_beside)), np.maximum(bits, 0.0), bits
                )
                bits = np.where(self._muted(place), 0.0, bits)
            total += bits
        return total

    def _muted(self, place: int) -> Flags:
        """Where the field agrees beside another that contains it."""
        field = self.applicants.plan.fields[place]
        if field.muted_beside is None:
            return np.zeros(len(self.left), dtype=bool)
        return self._agrees(place) & self._contains(self.applicants.plan.place(field.muted_beside))

    def _agrees(self, place: int) -> Flags:
        """Where the field is settled and agrees."""
        codes = self.codes[place]
        agreeing = self.applicants.scale.fields[place].agreeing
        return np.asarray((codes != OPEN) & agreeing[np.where(codes == OPEN, 0, codes)])

    def _may_agree(self, place: int) -> Flags:
        return self.applicants.scale.fields[place].agreeing[self.best[place]]

    def _contains(self, place: int) -> Flags:
        """Where the field is settled and agrees on the whole."""
        codes = self.codes[place]
        containing = self.applicants.scale.fields[place].containing
        return np.asarray((codes != OPEN) & containing[np.where(codes == OPEN, 0, codes)])

    def _may_contain(self, place: int) -> Flags:
        """Where the field agrees on the whole, or may do so yet."""
        return self.applicants.scale.fields[place].containing[self.best[place]]

    def forbidden(self) -> Flags:
        """Which pairs a veto forbids, as far as it is known."""
        plan = self.applicants.plan
        forbidden = np.zeros(len(self.left), dtype=bool)
        for place, field in enumerate(plan.fields[: len(self.best)]):
            scale, best = self.applicants.scale.fields[place], self.best[place]
            decided = (self.codes[place] != OPEN) | (best == self.applicants.plan.comparisons[place].worst)
            forbidden |= decided & scale.veto[best]
            if field.likeness_beside and scale.veto_partly.any():
                whole = self._may_contain(plan.place(field.likeness_beside))
                forbidden |= decided & scale.veto_partly[best] & ~whole
            if field.likeness_beside and scale.veto_alone.any():
                forbidden |= decided & scale.veto_alone[best] & ~self._may_agree(plan.place(field.likeness_beside))
        return forbidden

    def _best(self, beside: str | None, comparison: Comparison, glance: Glance) -> Codes:
        """The best level possible, likenesses counted only where the field beside may agree."""
        if beside is None or glance.alone is None:
            return glance.best
        likely = self._may_agree(self.applicants.plan.place(beside))
        return np.where(likely, glance.best, glance.alone).astype(np.uint8)
