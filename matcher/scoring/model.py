"""Fellegi–Sunter: how strongly each level of agreement speaks for one person, as numbers in one versioned file.

For a level, m asks "of pairs that are one person, how many look like this?" and u asks "of pairs that are two people,
how many look like this?". The level weighs log2(m/u) bits; a pair's weight is the sum over its fields, added to the
prior log2(λ/(1-λ)). A name's u is its own frequency: sharing 王秀英 says less than sharing 欧阳娜娜. A level marked
`veto` forbids the pair; one that `implies` other fields mutes their agreement, since a number contains birth date and
sex. Source: Fellegi and Sunter 1969; term frequencies after Winkler.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

import polars as pl

from matcher.errors import InputRefused

SHIPPED = "persons-1.json"


@dataclass(frozen=True, slots=True)
class Weight:
    """One level of one field. `u` is a probability, or with `frequency` a factor on the frequency of the name."""

    m: float
    u: float
    frequency: bool = False
    veto: bool = False
    veto_without_number: bool = False
    implies: tuple[str, ...] = ()

    @property
    def bits(self) -> float:
        """log2(m/u), before a name's own frequency is added."""
        return math.log2(self.m / self.u)


@dataclass(frozen=True, slots=True)
class NameFrequency:
    """How common surnames and given names are: shares of the population, with a floor for what is not listed."""

    surnames: dict[str, float]
    surname_floor: float
    given_names: dict[str, float]
    given_characters: dict[str, float]
    character_floor: float
    one_character_share: float
    most_bits: float

    def bits(self, simple_name: str, surname: str) -> float:
        """-log2 of the share of people who bear this folded name."""
        given = simple_name[len(surname) :]
        share = self.surnames.get(surname, self.surname_floor)
        if not given:
            return min(-math.log2(share), self.most_bits)
        length = self.one_character_share if len(given) == 1 else 1 - self.one_character_share
        composed = length * math.prod(self.given_characters.get(c, self.character_floor) for c in given)
        return min(-math.log2(share * max(composed, self.given_names.get(given, 0.0))), self.most_bits)


@dataclass(frozen=True)
class Model:
    """All that scoring needs, read from one file and never changed by a scan."""

    version: str
    prior: float
    link_probability: float
    review_probability: float
    weights: dict[str, dict[str, Weight]]
    names: NameFrequency
    birth_date_bits: float
    division_bits: float
    phone_bits: float
    address_bits: float

    @cached_property
    def prior_bits(self) -> float:
        """log2 of the odds that a random pair is one person."""
        return math.log2(self.prior / (1 - self.prior))

    def name_bits(self, simple: pl.Series, surname: pl.Series) -> pl.Series:
        """The rarity of each name in bits; 0 where there is no name."""
        return pl.Series(
            "name_bits",
            [
                0.0 if name is None else self.names.bits(name, family)
                for name, family in zip(simple.to_list(), surname.to_list(), strict=True)
            ],
            dtype=pl.Float64,
        )

    def best_bits(self, field: str) -> float:
        """The most that a field can add to a pair's weight."""
        return max(weight.bits for weight in self.weights[field].values())


def load(path: Path | None = None) -> Model:
    """The model in the file, or the one shipped with the library. Raises InputRefused for a file that is no model."""
    source = path if path is not None else files("matcher.scoring.models").joinpath(SHIPPED)
    try:
        return _from_json(json.loads(source.read_text(encoding="utf-8")))
    except OSError as error:
        raise InputRefused(
            "the model file cannot be opened", file=path, remedy="Check the path after --model"
        ) from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputRefused(
            f"this is no model file ({type(error).__name__}: {error})",
            file=path,
            remedy=f"Compare it with the shipped {SHIPPED}",
        ) from error


def _from_json(content: dict[str, Any]) -> Model:
    frequency = content["name_frequency"]
    return Model(
        version=str(content["version"]),
        prior=_share(content["lambda"]),
        link_probability=_share(content["link_probability"]),
        review_probability=_share(content["review_probability"]),
        weights={
            field: {level: _weight(entry) for level, entry in levels.items()}
            for field, levels in content["comparisons"].items()
        },
        names=NameFrequency(
            surnames=dict(frequency["surnames"]),
            surname_floor=_share(frequency["surname_floor"]),
            given_names=dict(frequency["given_names"]),
            given_characters=dict(frequency["given_characters"]),
            character_floor=_share(frequency["character_floor"]),
            one_character_share=_share(frequency["one_character_share"]),
            most_bits=float(frequency["most_bits"]),
        ),
        birth_date_bits=float(content["rarity_bits"]["birth_date"]),
        division_bits=float(content["rarity_bits"]["division"]),
        phone_bits=float(content["rarity_bits"]["phone"]),
        address_bits=float(content["rarity_bits"]["address"]),
    )


def _weight(entry: dict[str, Any]) -> Weight:
    return Weight(
        m=_share(entry["m"]),
        u=float(entry["u"]),
        frequency=bool(entry.get("frequency", False)),
        veto=bool(entry.get("veto", False)),
        veto_without_number=bool(entry.get("veto_without_number", False)),
        implies=tuple(entry.get("implies", ())),
    )


def _share(value: Any) -> float:
    share = float(value)
    if not 0 < share < 1:
        raise ValueError("a share must lie between 0 and 1")
    return share
