"""m and λ: of pairs that are one person, how many show each level, and how many pairs are one person.

Where numbers agree and their check holds they label the other fields; everything else by expectation maximisation, a
block at a time, without the fields that the block holds fixed (Winkler 1988).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from matcher.plan import Plan
from matcher.training.chance import Table
from matcher.training.pairs import Patterns

ROUNDS, CLOSE_ENOUGH = 60, 1e-6
LABELS = ("equal",)
"""Levels of a number that make a pair one person."""


def ms_of(plan: Plan, patterns: Patterns, us: list[Table], pairs: float) -> list[Table]:
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


def prior_of(plan: Plan, patterns: Patterns, ms: list[Table], us: list[Table], pairs: float) -> float:
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
