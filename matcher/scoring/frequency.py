"""How rare a value is, in bits: -log2 of the share of people who bear it.

A Chinese name's share is composed of its surname's and its given characters', or is that of the whole given name where
many bear it; so is the share of its sound. Any other field counts its values in the register it was trained on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from matcher.hashing import Keys
from matcher.identity import names
from matcher.prepared import Prepared

Bits = npt.NDArray[np.float64]

CHARACTERS = 4
_POINT = np.uint64(0xFFFF)


@dataclass(frozen=True)
class NameFrequency:
    """How common surnames and given names are: shares of the population, with a floor for what is not listed."""

    surnames: Mapping[str, float]
    surname_floor: float
    given_names: Mapping[str, float]
    given_characters: Mapping[str, float]
    character_floor: float
    one_character_share: float
    most_bits: float

    def rarities(self, people: Prepared, field: str) -> dict[str, Bits]:
        """The rarity of each name of a prepared field: `exact` of the name, `sound` of its pronunciation, `part` of what
        is left of it when its rarest character is not counted. 0 where there is no name.
        """
        return self.of_keys(people.integers(field), people.integers(f"{field}.family"))

    def of_keys(self, simple: Keys, family: Keys) -> dict[str, Bits]:
        """The rarities of folded names packed as `normalising.names` packs them, and their surnames."""
        tables = self._tables
        points = [(simple >> np.uint64(48 - 16 * place) & _POINT).astype(np.int64) for place in range(CHARACTERS)]
        own = simple != 0
        long = own & (points[0] <= 1)  # a hash stands where four characters do not suffice
        compound = family & np.uint64(0x0000FFFF00000000) != 0
        surname = np.where(compound, tables.compound(family), tables.surname[points[0]])
        surname_sound = np.where(compound, surname, tables.surname_sound[points[0]])
        given = [point * (~compound if place == 1 else 1) for place, point in enumerate(points) if place]
        parts = np.stack([np.where(point > 0, tables.character[point], 0.0) for point in given])
        sounds = np.stack([np.where(point > 0, tables.character_sound[point], 0.0) for point in given])
        size = sum((point > 0).astype(np.int64) for point in given)
        length = np.where(size == 1, -math.log2(self.one_character_share), -math.log2(1 - self.one_character_share))
        length = np.where(size == 0, 0.0, length)
        whole, whole_sound = tables.whole(simple, compound)
        exact = surname + np.minimum(parts.sum(axis=0) + length, whole)
        sound = np.minimum(surname_sound + np.minimum(sounds.sum(axis=0) + length, whole_sound), exact)
        rarest = np.maximum(parts.max(axis=0), np.where(size > 0, surname, 0.0))
        part = np.maximum(surname + parts.sum(axis=0) - rarest, 0.0)
        return {
            kind: np.where(own, np.where(long, self.most_bits, np.minimum(bits, self.most_bits)), 0.0)
            for kind, bits in (("exact", exact), ("sound", sound), ("part", part))
        }

    @cached_property
    def _tables(self) -> _NameTables:
        return _NameTables(self)

    def to_json(self) -> dict[str, Any]:
        """As it stands in a model file."""
        return {
            "surname_floor": self.surname_floor,
            "character_floor": self.character_floor,
            "one_character_share": self.one_character_share,
            "most_bits": self.most_bits,
            "surnames": dict(self.surnames),
            "given_characters": dict(self.given_characters),
            "given_names": dict(self.given_names),
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> NameFrequency:
        """From a model file. Raises KeyError or ValueError."""
        floors = {key: float(content[key]) for key in ("surname_floor", "character_floor", "one_character_share")}
        if not all(0 < share < 1 for share in floors.values()):
            raise ValueError("a share must lie between 0 and 1")
        return cls(
            surnames=dict(content["surnames"]),
            given_names=dict(content["given_names"]),
            given_characters=dict(content["given_characters"]),
            most_bits=float(content["most_bits"]),
            **floors,
        )


class _NameTables:
    """The shares by code point, made once."""

    def __init__(self, shares: NameFrequency) -> None:
        readings, special = names.readings(), names.surname_readings()
        self.character = np.full(0x10000, -math.log2(shares.character_floor))
        self.surname = np.full(0x10000, -math.log2(shares.surname_floor))
        by_sound: dict[str, float] = {}
        for character, share in shares.given_characters.items():
            reading = readings.get(character, character)
            by_sound[reading] = by_sound.get(reading, 0.0) + share
        family_sound: dict[str, float] = {}
        for surname, share in shares.surnames.items():
            reading = special.get(surname) or "".join(readings.get(c, c) for c in surname)
            family_sound[reading] = family_sound.get(reading, 0.0) + share
        for character, share in shares.given_characters.items():
            if len(character) == 1 and ord(character) < 0x10000:
                self.character[ord(character)] = -math.log2(share)
        self.character_sound, self.surname_sound = self.character.copy(), self.surname.copy()
        for character, reading in readings.items():
            if ord(character) < 0x10000:
                if reading in by_sound:
                    self.character_sound[ord(character)] = min(
                        -math.log2(min(by_sound[reading], 0.5)), self.character[ord(character)]
                    )
                spoken = special.get(character, reading)
                if spoken in family_sound:
                    self.surname_sound[ord(character)] = -math.log2(family_sound[spoken])
        self._compounds = {}
        for surname, share in shares.surnames.items():
            if len(surname) == 1 and ord(surname) < 0x10000:
                self.surname[ord(surname)] = -math.log2(share)
            elif len(surname) == 2:
                self._compounds[ord(surname[0]) << 48 | ord(surname[1]) << 32] = -math.log2(share)
        self._floor = -math.log2(shares.surname_floor)
        self.surname_sound = np.minimum(self.surname_sound, self.surname)
        self._whole_keys, self._whole_bits, self._whole_sounds = self._whole_names(shares.given_names, readings)

    def compound(self, family: Keys) -> Bits:
        """The rarity of surnames of two characters."""
        bits = np.full(len(family), self._floor)
        for key, known in self._compounds.items():
            bits[family == np.uint64(key)] = known
        return bits

    def whole(self, simple: Keys, compound: npt.NDArray[np.bool_]) -> tuple[Bits, Bits]:
        """The rarity of whole given names, and of their sounds; infinite where one is not listed."""
        given = np.where(compound, simple << np.uint64(32), simple << np.uint64(16))
        if not len(self._whole_keys):
            return np.full(len(given), np.inf), np.full(len(given), np.inf)
        at = np.minimum(np.searchsorted(self._whole_keys, given), len(self._whole_keys) - 1)
        listed = self._whole_keys[at] == given
        return np.where(listed, self._whole_bits[at], np.inf), np.where(listed, self._whole_sounds[at], np.inf)

    @staticmethod
    def _whole_names(shares: Mapping[str, float], readings: Mapping[str, str]) -> tuple[Keys, Bits, Bits]:
        by_sound: dict[str, float] = {}
        rows = []
        for name, share in shares.items():
            if len(name) < CHARACTERS and all(ord(c) < 0x10000 for c in name):
                sound = " ".join(readings.get(c, c) for c in name)
                by_sound[sound] = by_sound.get(sound, 0.0) + share
                key = 0
                for place in range(CHARACTERS):
                    key = key << 16 | (ord(name[place]) if place < len(name) else 0)
                rows.append((key, share, sound))
        rows.sort()
        return (
            np.array([row[0] for row in rows], dtype=np.uint64),
            np.array([-math.log2(row[1]) for row in rows]),
            np.array([-math.log2(min(by_sound[row[2]], 0.5)) for row in rows]),
        )


@dataclass(frozen=True)
class ValueFrequency:
    """How common each value of a field is: shares by the value's hash, with a floor for what is not listed."""

    shares: Mapping[int, float]
    floor: float

    def rarities(self, people: Prepared, field: str) -> dict[str, Bits]:
        """The rarity of each value, as `exact`; 0 where there is none."""
        held = people.integers(field).astype(np.uint64)
        keys, bits = self._table
        if not len(keys):
            return {"exact": np.where(held == 0, 0.0, -math.log2(self.floor))}
        at = np.minimum(np.searchsorted(keys, held), len(keys) - 1)
        return {"exact": np.where(held == 0, 0.0, np.where(keys[at] == held, bits[at], -math.log2(self.floor)))}

    @cached_property
    def _table(self) -> tuple[Keys, Bits]:
        ordered = sorted(self.shares.items())
        return (
            np.array([key for key, _ in ordered], dtype=np.uint64),
            np.array([-math.log2(share) for _, share in ordered]),
        )

    def to_json(self) -> dict[str, Any]:
        """As it stands in a model file: no value, only hashes."""
        return {"floor": self.floor, "shares": {f"{key:016x}": share for key, share in sorted(self.shares.items())}}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> ValueFrequency:
        """From a model file. Raises KeyError or ValueError."""
        floor = float(content["floor"])
        if not 0 < floor < 1:
            raise ValueError("a share must lie between 0 and 1")
        return cls({int(key, 16): float(share) for key, share in content["shares"].items()}, floor)
