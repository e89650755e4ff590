"""Pairs that people judged: one person or two, as lines of JSON that name nobody, to calibrate by beside pairs that numbers label.

A line is the kind of data, how the pair's fields compare, what the value's rarity added to its weight, what people said,
and by a number that means nothing outside the file whose pairs belong together. More may not stand in it: a file with
anything else is refused, so that nothing that tells of somebody gets into training.

What people judge is what rules asked about, pairs near the threshold and above; so it tells about certainty where it is used.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from matcher.comparing.levels import MISSING, NOT_NEEDED
from matcher.errors import InputRefused
from matcher.plan import Plan
from matcher.prepared import Flags
from matcher.scoring.frequency import Bits
from matcher.scoring.model import Model

KEYS = frozenset({"group", "source", "levels", "rarity_bits", "same"})
SAYS_NOTHING = frozenset({MISSING.name, NOT_NEEDED.name})


@dataclass(frozen=True, slots=True)
class Judged:
    """One pair: by field the level's name, the bits of the value's rarity, whether it is one person, and whose it is."""

    group: int
    source: str
    levels: Mapping[str, str]
    rarity_bits: float
    same: bool


def read(path: Path) -> list[Judged]:
    """The pairs of a file. Raises InputRefused for a line that is none, or that holds anything else."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputRefused(
            "the reviewed pairs cannot be read", file=path, remedy="Name a file of jiekun pairs export"
        ) from error
    return [_judged(path, number, line) for number, line in enumerate(lines, start=1) if line.strip()]


def weighed(judged: list[Judged], plan: Plan, model: Model) -> tuple[Bits, Flags, Flags]:
    """The pairs' weight by this model, whether each is one person, and whether it is held out: about half, by whose it is.

    Raises InputRefused for a level that the plan does not know.
    """
    bits = np.array([_bits(each, plan, model) for each in judged], dtype=np.float64)
    same = np.array([each.same for each in judged], dtype=np.bool_)
    return bits, same, np.array([each.group % 2 == 1 for each in judged], dtype=np.bool_)


def _bits(of: Judged, plan: Plan, model: Model) -> float:
    total = model.prior_bits + of.rarity_bits
    shown = {}
    for field, comparison in zip(plan.fields, plan.comparisons, strict=True):
        name = of.levels.get(field.name) or MISSING.name
        if name not in SAYS_NOTHING and name not in comparison.names:
            raise InputRefused(
                f"reviewed pairs name a level {name} of {field.name} that plan {plan.version} does not know",
                remedy="Train with the plan by which the pairs were linked",
            )
        shown[field.name] = next((level for level in comparison.levels if level.name == name), MISSING)
    for field in plan.fields:
        beside = shown[field.muted_beside] if field.muted_beside else MISSING
        muted = shown[field.name].agrees and beside.agrees and not beside.partly
        weight = None if muted else model.weights.get(field.name, {}).get(shown[field.name].name)
        total += weight.bits if weight is not None else 0.0
    return total


def _judged(path: Path, number: int, line: str) -> Judged:
    try:
        told = json.loads(line)
        if not isinstance(told, dict) or told.keys() != KEYS or not isinstance(told["same"], bool):
            raise ValueError("another shape")
        levels = {str(name): str(level) for name, level in dict(told["levels"]).items() if level is not None}
        return Judged(int(told["group"]), str(told["source"]), levels, float(told["rarity_bits"]), told["same"])
    except (ValueError, TypeError) as error:
        raise InputRefused(
            f"line {number} is no reviewed pair: group, source, levels, rarity_bits and same, and nothing else",
            file=path,
            remedy="Write the file with jiekun pairs export",
        ) from error
