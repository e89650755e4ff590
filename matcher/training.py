"""A model fitted to tables: m and u of every level, how common values are, how likely a pair is; deterministic.

u comes from pairs drawn at random and, for equality, from the values' own counts. m comes from pairs that are one person:
where numbers agree and their check holds they label the other fields; everything else by expectation maximisation,
a block at a time, without the fields that the block holds fixed (Fellegi and Sunter 1969; Winkler 1988). Which rows take
part is decided by a hash of their ids, and patterns are counted in whole numbers, so that the same tables give the same
model on any machine. Nobody's value is written down but the shares of names and hashes of values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import polars as pl

from matcher import applicants, hashing, kernel, tables
from matcher.applicants import Applicants
from matcher.comparing.levels import Comparison
from matcher.errors import InputRefused
from matcher.identity import names
from matcher.kernel import Batch
from matcher.plan import Plan
from matcher.prepared import Codes, Field, Prepared
from matcher.progress import Progress, Step, silent
from matcher.scoring import model as models
from matcher.scoring.frequency import NameFrequency, ValueFrequency
from matcher.scoring.model import KeyCount, Model, Weight
from matcher.sources.delivery import Feed
from matcher.sources.feeds import chunks, row_count

LEFT_ROWS, RIGHT_ROWS = 60_000, 1_000_000
"""How many rows of each side take part at most, about."""

RANDOM_PAIRS = 200_000
PAIRS = 1_500_000
ROUNDS, CLOSE_ENOUGH = 60, 1e-6
SMALLEST = 1e-7
LISTED_TWICE, LISTED_MOST = 2, 50_000
NAMED_BY_MANY = 8
"""A given name is written into the model only where so many bear it: a model names nobody."""

STRUCTURAL: Mapping[str, str] = {"cn_number": "number", "cn_name": "name"}
"""Kinds whose u follows from how numbers and names are made, and is taken from the shipped model."""

LABELS = ("equal",)

Table = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Sample:
    """The rows that take part: the left side keyed, the right side as a batch, and what they are called."""

    left: Applicants
    right: Batch
    same_table: bool

    @property
    def pairs(self) -> float:
        """How many pairs chance has."""
        n, m = len(self.left), len(self.right.people)
        return n * (n - 1) / 2 if self.same_table else float(n * m)


@dataclass(frozen=True)
class Patterns:
    """Distinct patterns of levels: `codes` of shape (patterns, fields), how many pairs show each, and the blocks' bits."""

    codes: npt.NDArray[np.uint8]
    counts: npt.NDArray[np.int64]
    blocks: npt.NDArray[np.uint32]


def train(plan: Plan, left: Feed, rights: Sequence[Feed], progress: Progress = silent) -> Model:
    """The model of a plan for these tables; LEFT is the small side, `rights` are pooled.

    Raises InputRefused where there is too little to learn from.
    """
    # what a number says of birth and sex must not pass for their own agreement
    bare = replace(plan, fields=tuple(replace(field, fallback=None, muted_beside=None) for field in plan.fields))
    same = [feed.files for feed in rights] == [left.files]
    frame = _rows(left, plan.left_id, LEFT_ROWS, progress)
    others = (
        frame
        if same
        else pl.concat(
            [_rows(feed, plan.right_id, RIGHT_ROWS // len(rights), progress) for feed in rights],
            how="diagonal_relaxed",
        )
    )
    if min(len(frame), len(others)) < 2:
        raise InputRefused(
            "there are too few rows to learn from", file=left.files[0].name, remedy="Train on larger tables"
        )
    return fit(bare, frame, others, same_table=same, progress=progress)


def fit(
    plan: Plan, left: pl.DataFrame, right: pl.DataFrame, *, same_table: bool = False, progress: Progress = silent
) -> Model:
    """The model of a plan for rows that are in memory, as a feed gives them."""
    small = applicants.keyed(tables.ids(left, plan.left_id), plan.prepare(left), plan, flat(plan))
    batch = Batch(small.people, small.keys) if same_table else Batch.of(right, plan)
    sample = Sample(small, batch, same_table)
    progress(Step("train: random pairs", 1, 4, "steps"))
    by_chance = _by_chance(sample)
    progress(Step("train: proposed pairs", 2, 4, "steps"))
    patterns = _proposed(sample)
    if patterns.counts.sum() < 10:
        raise InputRefused(
            "the blocks propose too few pairs to learn from",
            remedy="Check that the plan's columns are filled on both sides",
        )
    progress(Step("train: expectation maximisation", 3, 4, "steps"))
    shipped = models.load("persons-2.json")
    collisions = [_collision(small.people, batch.people, field.name) for field in plan.fields]
    if same_table:  # its own duplicates agree on everything: what the rarest agreement counts, the others count too
        rarest = min(collisions)
        collisions = [max(chance - rarest, 0.02 * chance) for chance in collisions]
    us = [
        _u(field, comparison, by_chance[place], collisions[place], shipped)
        for place, (field, comparison) in enumerate(zip(plan.fields, plan.comparisons, strict=True))
    ]
    ms = _ms(plan, patterns, us, sample.pairs)
    names_share = _names(plan, batch.people, shipped)
    values = {field.name: _values(batch.people, field.name) for field in plan.fields if field.frequency}
    weights = {
        field.name: _weights(field, comparison, m, u, shipped)
        for field, comparison, m, u in zip(plan.fields, plan.comparisons, ms, us, strict=True)
    }
    progress(Step("train: expectation maximisation", 4, 4, "steps"))
    return Model(
        version=f"{plan.version}-trained-{hashing.text(pl.Series([repr(weights)]))[0]:016x}",
        note=(
            f"trained on {len(small):,} × {len(batch.people):,} rows, {int(patterns.counts.sum()):,} proposed pairs in "
            f"{len(patterns.counts):,} patterns, {RANDOM_PAIRS:,} random pairs"
        ),
        prior=_prior(plan, patterns, ms, us, sample.pairs),
        link_probability=plan.link or shipped.link_probability,
        review_probability=plan.review or shipped.review_probability,
        weights=weights,
        names=names_share,
        values=values,
        rarity_bits=_rarity_bits(plan, us, shipped),
        key_counts={block.name: _key_count(batch, place) for place, block in enumerate(plan.blocks)},
    )


def flat(plan: Plan) -> Model:
    """A model that knows nothing: every level weighs zero bits."""
    return Model(
        version="flat",
        prior=0.5,
        link_probability=0.95,
        review_probability=0.5,
        weights={
            field.name: {level: Weight(0.5, 0.5) for level in comparison.names[1:-1]}
            for field, comparison in zip(plan.fields, plan.comparisons, strict=True)
        },
    )


def _rows(feed: Feed, id_column: str | None, most: int, progress: Progress) -> pl.DataFrame:
    """About `most` rows of a feed, those whose id's hash is small enough."""
    total = max(row_count(feed), 1)
    limit = np.uint64(min(int(most / total * 2.0**64), (1 << 64) - 1))
    kept = []
    for chunk in chunks(feed, 400_000):
        keys = hashing.mix(hashing.text(tables.ids(chunk.frame, id_column)))
        kept.append(chunk.frame.filter(pl.Series(keys <= limit)))
        progress(Step(f"train: read {feed.source}", sum(map(len, kept)), None))
    return pl.concat(kept)


def _by_chance(sample: Sample) -> list[npt.NDArray[np.int64]]:
    """Of each field how many random pairs show each code."""
    n, m = len(sample.left), len(sample.right.people)
    turn = np.arange(1, RANDOM_PAIRS + 1, dtype=np.uint64)
    left = (hashing.mix(turn) % np.uint64(n)).astype(np.uint32)
    right = (hashing.mix(turn + np.uint64(RANDOM_PAIRS)) % np.uint64(m)).astype(np.uint32)
    if sample.same_table:
        left, right = left[left != right], right[left != right]
    codes = kernel.compare(sample.left, sample.right.people, left, right)
    return [
        np.bincount(one, minlength=len(comparison.names))
        for one, comparison in zip(codes, sample.left.plan.comparisons, strict=True)
    ]


def _proposed(sample: Sample) -> Patterns:
    """The patterns of the pairs that blocks propose; of very many a sample, chosen by hash."""
    pairs, blocks, _ = kernel.propose(sample.left, sample.right)
    if sample.same_table:
        once = (pairs >> np.uint64(32)) < (pairs & np.uint64(0xFFFFFFFF))
        pairs, blocks = pairs[once], blocks[once]
    scale = 1
    while len(pairs) > PAIRS * scale:
        scale *= 2
    if scale > 1:
        chosen = hashing.mix(pairs + np.uint64(1)) % np.uint64(scale) == 0
        pairs, blocks = pairs[chosen], blocks[chosen]
    found: list[tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint32], npt.NDArray[np.int64]]] = []
    for start in range(0, max(len(pairs), 1), kernel.PAIRS_AT_ONCE):
        some = pairs[start : start + kernel.PAIRS_AT_ONCE]
        codes = kernel.compare(
            sample.left, sample.right.people, (some >> np.uint64(32)).astype(np.uint32), some.astype(np.uint32)
        )
        found.append(_counted(codes, blocks[start : start + kernel.PAIRS_AT_ONCE]))
    codes_, blocks_, counts_ = (np.concatenate(part) for part in zip(*found, strict=True))
    return Patterns(codes_, counts_ * scale, blocks_)


def _counted(
    codes: list[Codes], blocks: npt.NDArray[np.uint32]
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
    """Each pattern of codes and blocks once, and how often it stands there."""
    frame = pl.DataFrame({f"f{place}": one for place, one in enumerate(codes)}).with_columns(blocks=pl.Series(blocks))
    grouped = frame.group_by(pl.all()).agg(count=pl.len()).sort(frame.columns)
    matrix = grouped.select(pl.exclude("blocks", "count")).to_numpy().astype(np.uint8)
    return matrix, grouped.get_column("blocks").to_numpy(), grouped.get_column("count").to_numpy().astype(np.int64)


def _u(field: Field, comparison: Comparison, seen: npt.NDArray[np.int64], collision: float, shipped: Model) -> Table:
    """u by code, smoothed; of equality from the values' own counts where that is what the first level means."""
    u = np.zeros(len(comparison.names))
    graded = slice(1, comparison.worst + 1)
    known = max(int(seen[graded].sum()), 1)
    # a level never seen among so many random pairs is rarer than one in them; better levels are rarer than worse
    u[graded] = (seen[graded] + 0.5) / (known + 0.5 * comparison.worst)
    if field.kind in STRUCTURAL:
        weights = shipped.weights[STRUCTURAL[field.kind]]
        u[graded] = [weights[level].u for level in comparison.names[1:-1]]
    elif field.kind not in ("cn_address", "amount"):
        u[1] = max(collision, SMALLEST)
        for code in range(2, comparison.worst):
            if seen[code] == 0:
                u[code] = max(SMALLEST, min(u[code], 4 * u[code - 1]))
        u[graded] /= u[graded].sum()
    return np.maximum(u, 1e-12)


def _collision(left: Prepared, right: Prepared, facet: str) -> float:
    """The chance that two people who say something say the same.

    Across the tables it counts their true pairs too, which weigh much in small tables; inside a table it does not, or
    only its duplicates. So the smallest of the three is nearest.
    """
    counts = []
    for people in (left, right):
        values = people.table.get_column(facet).filter(people.table.get_column(facet) != 0)
        counts.append(values.value_counts(name="count").select(value=facet, count=pl.col("count").cast(pl.Float64)))
    totals = [float(some.get_column("count").sum() or 0.0) for some in counts]
    both = counts[0].join(counts[1], on="value", suffix="_right")
    across = float((both.get_column("count") * both.get_column("count_right")).sum() or 0.0)
    chances = [across / max(totals[0] * totals[1], 1.0)]
    for some, total in zip(counts, totals, strict=True):
        if total > 1:
            column = some.get_column("count")
            chances.append(float((column * (column - 1)).sum() or 0.0) / (total * (total - 1)))
    # a value that never met its like in so many pairs is not impossible
    return max(min(chances), 0.5 / max(totals[0] * totals[1], 1.0))


def _ms(plan: Plan, patterns: Patterns, us: list[Table], pairs: float) -> list[Table]:
    """m by code of every field: from labelled pairs where numbers label them, else averaged over the blocks that leave it free."""
    expected = [np.zeros(len(comparison.names)) for comparison in plan.comparisons]
    labelled = _labelled(plan, patterns)
    for block_place, block in enumerate(plan.blocks):
        held = {facet.partition(".")[0] for facet in block.facets}
        free = [place for place, name in enumerate(plan.names) if name not in held]
        inside = (patterns.blocks >> np.uint32(block_place)) & 1 == 1
        if not inside.any() or not free:
            continue
        codes, counts = patterns.codes[inside], patterns.counts[inside]
        posterior = _maximised(codes, counts, free, us, pairs)
        for place in free:
            expected[place] += np.bincount(
                codes[:, place], weights=posterior * counts, minlength=len(expected[place])
            )
    ms = []
    for place, (field, comparison) in enumerate(zip(plan.fields, plan.comparisons, strict=True)):
        counted = expected[place]
        if labelled is not None and field.kind != "cn_number":
            counted = np.bincount(
                patterns.codes[labelled, place], weights=patterns.counts[labelled], minlength=len(counted)
            ).astype(np.float64)
        m = np.zeros(len(counted))
        graded = slice(1, comparison.worst + 1)
        # half a pair more for each level, shared by their order: no level is impossible for lack of an example
        pseudo = 0.5 ** np.arange(1, comparison.worst + 1)
        m[graded] = (counted[graded] + pseudo) / (counted[graded].sum() + pseudo.sum())
        ms.append(np.clip(m, 1e-9, 1 - 1e-9))
    return ms


def _labelled(plan: Plan, patterns: Patterns) -> npt.NDArray[np.bool_] | None:
    """The patterns whose numbers agree and hold, where the plan has numbers and enough such pairs."""
    for place, field in enumerate(plan.fields):
        if field.kind == "cn_number":
            good = np.isin(patterns.codes[:, place], [plan.comparisons[place].code(level) for level in LABELS])
            if patterns.counts[good].sum() >= 200:
                return np.asarray(good)
    return None


def _maximised(
    codes: npt.NDArray[np.uint8], counts: npt.NDArray[np.int64], free: list[int], us: list[Table], pairs: float
) -> Table:
    """The probability that each pattern is one person, by expectation maximisation over the free fields.

    Inside a block both m and u differ from those of random pairs, so both are fitted; only m is of use outside it.
    """
    total = counts.sum()
    m = {place: _first_guess(len(us[place])) for place in free}
    u = {place: us[place].copy() for place in free}
    share = min(0.5, max(1e-4, 1_000.0 / pairs * total))
    posterior = np.zeros(len(codes))
    for _ in range(ROUNDS):
        odds = np.log(share) - np.log1p(-share)
        log = np.full(len(codes), odds)
        for place in free:
            ratio = np.log(m[place]) - np.log(u[place])
            ratio[0] = ratio[-1] = 0.0
            log += ratio[codes[:, place]]
        updated = 1.0 / (1.0 + np.exp(-np.clip(log, -500, 500)))
        moved = float(np.abs(updated - posterior).max())
        posterior = updated
        share = float(np.clip((posterior * counts).sum() / total, 1e-9, 1 - 1e-9))
        for place in free:
            size = len(m[place])
            m[place] = _distribution(
                np.bincount(codes[:, place], weights=posterior * counts, minlength=size).astype(float)
            )
            u[place] = _distribution(
                np.bincount(codes[:, place], weights=(1 - posterior) * counts, minlength=size).astype(float)
            )
        if moved < CLOSE_ENOUGH:
            break
    return posterior


def _first_guess(size: int) -> Table:
    """Pairs that are one person agree mostly, and less often the worse the level."""
    guess = np.full(size, 1e-9)
    guess[1 : size - 1] = 0.1 * 0.5 ** np.arange(size - 2)
    guess[1] = 0.9
    return np.asarray(guess / guess.sum())


def _distribution(counted: Table) -> Table:
    graded = counted[1:-1] + 1e-3
    shares = np.full(len(counted), 1e-12)
    shares[1:-1] = graded / graded.sum()
    return shares


def _prior(plan: Plan, patterns: Patterns, ms: list[Table], us: list[Table], pairs: float) -> float:
    """λ: the share of all pairs that are one person, as the proposed ones tell."""
    log = np.zeros(len(patterns.codes))
    for place, field in enumerate(plan.fields):
        if field.kind == "cn_name":
            # u of a name is a factor on its frequency; the average name's stands for all here
            ratio = np.log(ms[place]) - np.log(np.minimum(us[place] * 1e-4, 0.99))
            ratio[plan.comparisons[place].worst] = np.log(ms[place][plan.comparisons[place].worst] / 0.99)
        else:
            ratio = np.log(ms[place]) - np.log(us[place])
        ratio[0] = ratio[-1] = 0.0
        log += ratio[patterns.codes[:, place]]
    share = 1.0 / pairs
    for _ in range(ROUNDS):
        posterior = 1.0 / (1.0 + np.exp(-np.clip(log + np.log(share) - np.log1p(-share), -500, 500)))
        updated = float(np.clip((posterior * patterns.counts).sum() / pairs, 1e-12, 0.5))
        if abs(updated - share) <= CLOSE_ENOUGH * share:
            break
        share = updated
    return share


def _weights(field: Field, comparison: Comparison, m: Table, u: Table, shipped: Model) -> dict[str, Weight]:
    """The weights of a field's levels; a value's own frequency takes the place of u where the field asks for it."""
    structural = shipped.weights[STRUCTURAL[field.kind]] if field.kind in STRUCTURAL else None
    made = {}
    for code, level in enumerate(comparison.names[1:-1], start=1):
        if structural is not None:
            made[level] = Weight(float(round(m[code], 9)), structural[level].u, structural[level].rarity)
        elif field.frequency and code == 1:
            made[level] = Weight(float(round(m[code], 9)), 1.0, "exact")
        else:
            made[level] = Weight(float(round(m[code], 9)), float(u[code]))
    return made


def _values(people: Prepared, name: str) -> ValueFrequency:
    """How common each value is that at least two rows have; the rest shares the floor."""
    column = people.table.get_column(name)
    column = column.filter(column != 0)
    counts = column.value_counts(name="count").filter(pl.col("count") >= LISTED_TWICE)
    counts = counts.sort(["count", name], descending=[True, False]).head(LISTED_MOST)
    total = max(len(column), 1)
    shares = {int(key): count / total for key, count in counts.iter_rows()}
    return ValueFrequency(shares, 1 / (total + 1))


def _names(plan: Plan, people: Prepared, shipped: Model) -> NameFrequency | None:
    """The shares of surnames, given characters and given names that many bear, of the field of Chinese names."""
    field = next((field for field in plan.fields if field.kind == "cn_name"), None)
    if field is None or shipped.names is None:
        return None
    written = people.table.get_column(f"{field.name}.text").drop_nulls()
    counts = written.value_counts(name="count").sort(["count", written.name], descending=[True, False])
    surnames: dict[str, int] = {}
    given: dict[str, int] = {}
    characters: dict[str, int] = {}
    one, total = 0, 0
    for name, count in counts.iter_rows():
        clean = names.clean(name)
        simple = names.simplify(clean) if clean else ""
        surname = names.surname(simple)
        rest = simple[len(surname) :]
        if not rest or len(rest) > 3 or names.WILDCARD in simple or simple.isascii():
            continue
        total += count
        one += count * (len(rest) == 1)
        surnames[surname] = surnames.get(surname, 0) + count
        given[rest] = given.get(rest, 0) + count
        for character in rest:
            characters[character] = characters.get(character, 0) + count
    if total < 10_000:
        return shipped.names
    letters = sum(characters.values())
    return NameFrequency(
        surnames={key: round(n / total, 8) for key, n in sorted(surnames.items()) if n >= NAMED_BY_MANY},
        surname_floor=1 / total,
        given_names={
            key: round(n / total, 8) for key, n in sorted(given.items()) if n >= NAMED_BY_MANY and len(key) > 1
        },
        given_characters={key: round(n / letters, 8) for key, n in sorted(characters.items()) if n >= NAMED_BY_MANY},
        character_floor=1 / letters,
        one_character_share=min(max(one / total, 0.001), 0.999),
        most_bits=shipped.names.most_bits,
    )


def _rarity_bits(plan: Plan, us: list[Table], shipped: Model) -> dict[str, float]:
    """How much the agreement of each field narrows down whom a pair can be about: -log2 of its chance."""
    return dict(shipped.rarity_bits) | {
        field.name: round(float(-np.log2(us[place][1])), 3)
        for place, field in enumerate(plan.fields)
        if field.kind not in STRUCTURAL and field.name in shipped.rarity_bits
    }


def _key_count(batch: Batch, place: int) -> KeyCount:
    """The share of rows with a key under a block, and the chance that two rows share one."""
    keys = batch.keys[place].dense
    held = pl.Series("key", keys[keys != 0])
    total = max(len(held), 2)
    counts = held.value_counts(name="count").get_column("count").cast(pl.Float64)
    same = float((counts * (counts - 1)).sum() or 0.0) / (total * (total - 1))
    return KeyCount(share=len(held) / max(len(keys), 1), collision=same)
