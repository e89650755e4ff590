"""Fellegi–Sunter: how strongly each level of agreement speaks for one person, as numbers in one versioned file.

For a level, m asks "of pairs that are one person, how many look like this?" and u asks "of pairs that are two people,
how many look like this?". The level weighs log2(m/u) bits; a pair's weight is the sum over its fields, added to the
prior log2(λ/(1-λ)). Sharing a common value says less than sharing a rare one: where a level names a `rarity`, its u is
a factor on the frequency of the value itself (scoring.frequency). The probability is 2^w/(1+2^w), stretched by the
calibration. Source: Fellegi and Sunter 1969; term frequencies after Winkler; calibration after Platt.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Literal

from matcher.errors import InputRefused
from matcher.scoring.frequency import NameFrequency, ValueFrequency

Rarity = Literal["exact", "sound", "part"]
RARITIES: tuple[Rarity, ...] = ("exact", "sound", "part")


@dataclass(frozen=True, slots=True)
class Weight:
    """One level of one field. `u` is a probability, or with `rarity` a factor on the frequency of the value."""

    m: float
    u: float
    rarity: Rarity | None = None

    @property
    def bits(self) -> float:
        """log2(m/u), before a value's own rarity is added."""
        return math.log2(self.m / self.u)


@dataclass(frozen=True, slots=True)
class KeyCount:
    """What is known of a block's keys: the `share` of rows that have one, and how likely two rows share one by chance."""

    share: float
    collision: float


@dataclass(frozen=True, slots=True)
class Reliability:
    """How far a model's probabilities were found to be off, on labelled pairs that took no part in the fitting.

    `pairs` were labelled in all, half of them held out; `error_before` and `error_after` calibration are expected
    calibration errors of these (scoring.reliability), wrong labels included; `mislabelled` is the share of one person's
    pairs that are labelled as two.
    """

    pairs: int
    error_before: float
    error_after: float
    mislabelled: float = 0.0


@dataclass(frozen=True)
class Model:
    """All that scoring needs, read from one file and never changed by a run.

    `rarity_bits` say how much the agreement of a birth date, division, telephone or address narrows down whom a pair can
    be about, for identity grades. `slope` (above 0) and `intercept` stretch the weight into log-odds, in bits; where they
    were fitted, `reliability` says how well.
    """

    version: str
    prior: float
    link_probability: float
    review_probability: float
    weights: Mapping[str, Mapping[str, Weight]]
    names: NameFrequency | None = None
    values: Mapping[str, ValueFrequency] = field(default_factory=dict)
    rarity_bits: Mapping[str, float] = field(default_factory=dict)
    key_counts: Mapping[str, KeyCount] = field(default_factory=dict)
    slope: float = 1.0
    intercept: float = 0.0
    reliability: Reliability | None = None
    note: str = ""

    @cached_property
    def prior_bits(self) -> float:
        """log2 of the odds that a random pair is one person."""
        return math.log2(self.prior / (1 - self.prior))

    def bits_for(self, probability: float) -> float:
        """The weight at which a pair has this probability."""
        return (math.log2(probability / (1 - probability)) - self.intercept) / self.slope


def load(source: Path | str) -> Model:
    """The model in a file, or the shipped one of this name. Raises InputRefused for a file that is no model."""
    file: Path | Traversable = (
        source if isinstance(source, Path) else files("matcher.scoring.models").joinpath(source)
    )
    try:
        return _from_json(json.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise InputRefused(
            "the model file cannot be opened", file=str(source), remedy="Check the path after --model"
        ) from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputRefused(
            f"this is no model file ({type(error).__name__}: {error})",
            file=str(source),
            remedy="Make one with matcher train, or compare it with the shipped persons-2.json",
        ) from error


def write(model: Model, path: Path) -> None:
    """Writes the model as JSON, whole or not at all."""
    content: dict[str, Any] = {
        "version": model.version,
        "note": model.note,
        "lambda": model.prior,
        "link_probability": model.link_probability,
        "review_probability": model.review_probability,
        "calibration": {"slope": model.slope, "intercept": model.intercept}
        | (asdict(model.reliability) if model.reliability else {}),
        "comparisons": {
            name: {
                level: {"m": weight.m, "u": weight.u, **({"rarity": weight.rarity} if weight.rarity else {})}
                for level, weight in levels.items()
            }
            for name, levels in model.weights.items()
        },
        "rarity_bits": dict(model.rarity_bits),
        "key_counts": {
            name: {"share": count.share, "collision": count.collision} for name, count in model.key_counts.items()
        },
    }
    if model.names is not None:
        content["name_frequency"] = model.names.to_json()
    if model.values:
        content["value_frequency"] = {name: values.to_json() for name, values in model.values.items()}
    part = path.with_name(f"{path.name}.part")
    part.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    part.replace(path)


def _from_json(content: dict[str, Any]) -> Model:
    calibration = content.get("calibration", {"slope": 1.0, "intercept": 0.0})
    frequency = content.get("name_frequency")
    slope = float(calibration["slope"])
    if slope <= 0:
        raise ValueError("the slope of the calibration must be above 0")
    return Model(
        version=str(content["version"]),
        note=str(content.get("note", "")),
        prior=_share(content["lambda"]),
        link_probability=_share(content["link_probability"]),
        review_probability=_share(content["review_probability"]),
        weights={
            name: {level: _weight(entry) for level, entry in levels.items()}
            for name, levels in content["comparisons"].items()
        },
        names=NameFrequency.from_json(frequency) if frequency else None,
        values={name: ValueFrequency.from_json(entry) for name, entry in content.get("value_frequency", {}).items()},
        rarity_bits={name: float(bits) for name, bits in content.get("rarity_bits", {}).items()},
        key_counts={
            name: KeyCount(float(entry["share"]), float(entry["collision"]))
            for name, entry in content.get("key_counts", {}).items()
        },
        slope=slope,
        intercept=float(calibration["intercept"]),
        reliability=_reliability(calibration),
    )


def _reliability(calibration: dict[str, Any]) -> Reliability | None:
    """What the file says of it; None in files from before there was any, and in models that were not calibrated."""
    if "pairs" not in calibration:
        return None
    return Reliability(
        pairs=int(calibration["pairs"]),
        error_before=float(calibration["error_before"]),
        error_after=float(calibration["error_after"]),
        mislabelled=float(calibration.get("mislabelled", 0.0)),
    )


def _weight(entry: dict[str, Any]) -> Weight:
    rarity, u = entry.get("rarity"), float(entry["u"])
    if rarity is not None and rarity not in RARITIES:
        raise ValueError(f"a rarity is one of {', '.join(RARITIES)}")
    if u <= 0:
        raise ValueError("u must be above 0")
    return Weight(m=_share(entry["m"]), u=u, rarity=rarity)


def _share(value: Any) -> float:
    share = float(value)
    if not 0 < share < 1:
        raise ValueError("a share must lie between 0 and 1")
    return share
