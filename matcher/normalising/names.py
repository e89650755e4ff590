"""Chinese names by column: four characters in a word, simplified and spoken through tables of code points.

A regular name is up to four characters of the basic range. Its simplified form is packed into 64 bits, sixteen a
character, and so is its pronunciation, sixteen a syllable: equality and surnames are then integer arithmetic, and no
string is made. Every other name, a few in a hundred, goes through the scalar functions of `identity.names`.
"""

from __future__ import annotations

import hashlib
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt
import polars as pl

from matcher import hashing
from matcher.hashing import Keys
from matcher.identity import names
from matcher.prepared import More, Prepared

Points = npt.NDArray[np.uint16]

CHARACTERS = 4
REMEMBERED = 1 << 16
"""How many odd names are kept folded, for the next chunk."""

_BITS = np.uint64(16)
_FIRST, _LAST = 0x4E00, 0x9FA5
_LATIN = frozenset("abcdefghijklmnopqrstuvwxyzü")


def prepare(field: str, written: pl.Series, former: pl.Series | None = None) -> Prepared:
    """The facets of names as written.

    `field` the simplified form (0: none) · `.sound` its syllables without tone, surname read as a surname · `.family`
    the surname · `.text` as written · `.former` the former name as written. Further values: of `field` and `.sound` the
    former name's, of `.sound` a surname's second reading.
    """
    simple, sound, family, more = _spoken(written)
    sounds = [more]
    simples: list[More] = []
    if former is None:
        former = pl.Series([None], dtype=pl.String).new_from_index(0, len(written))
    elif former.null_count() < len(former):
        rows = np.flatnonzero(former.is_not_null().to_numpy())
        old_simple, old_sound, _, old_more = _spoken(former.gather(rows))
        simples.append(More(rows.astype(np.uint32), old_simple))
        sounds += [
            More(rows.astype(np.uint32), old_sound),
            More(rows[old_more.rows].astype(np.uint32), old_more.keys),
        ]
    table = pl.DataFrame(
        {
            field: simple, f"{field}.sound": sound, f"{field}.family": family,
            f"{field}.text": written, f"{field}.former": former,
        },
        schema_overrides={f"{field}.text": pl.String, f"{field}.former": pl.String},
    )  # fmt: skip
    return Prepared(table, {field: _joined(simples), f"{field}.sound": _joined(sounds)})


def _joined(parts: list[More]) -> More:
    rows = np.concatenate([np.zeros(0, np.uint32), *(part.rows for part in parts)])
    keys = np.concatenate([np.zeros(0, np.uint64), *(part.keys for part in parts)])
    known = keys != 0
    return More(rows[known], keys[known])


def _spoken(written: pl.Series) -> tuple[Keys, Keys, Keys, More]:
    """Simplified form, sound and surname of each name, and the sounds of surnames' second readings."""
    count = len(written)
    simple, sound, family = (np.zeros(count, np.uint64) for _ in range(3))
    if not count:
        return simple, sound, family, _joined([])
    tables = _tables()
    points, length, regular = _code_points(written)
    regular &= ~tables.misread[points[0]]
    forms = [np.take(tables.simple, point) for point in points]
    for place, form in enumerate(forms):
        regular &= (form != 0) | (points[place] == 0)
        simple = simple << _BITS | form
        sound = sound << _BITS | np.take(tables.family_sound if place == 0 else tables.sound, form)
    family = simple & np.uint64(0xFFFF000000000000)
    special = np.flatnonzero(tables.special[forms[0]] & regular)
    pairs = forms[0][special].astype(np.uint32) << 16 | forms[1][special]
    for pair, (one, two) in tables.compound_sounds.items() if len(special) else ():
        rows = special[(pairs == pair) & (length[special] > 2)]
        sound[rows] = sound[rows] & np.uint64(0xFFFFFFFF) | np.uint64(one << 48 | two << 32)
        family[rows] = simple[rows] & np.uint64(0xFFFFFFFF00000000)
    irregular = ~regular
    simple[irregular], sound[irregular], family[irregular] = 0, 0, 0

    odd = np.flatnonzero(written.is_not_null().to_numpy() & ~regular)
    if len(odd):
        values = written.gather(odd)
        distinct = values.unique()
        keys = np.array([_scalar(value) for value in distinct.to_list()], dtype=np.uint64).reshape(-1, 3)
        found = pl.DataFrame({"written": values}).join(
            pl.DataFrame({"written": distinct}).with_row_index("at"), on="written", how="left", maintain_order="left"
        )
        chosen = keys[found.get_column("at").to_numpy()]
        simple[odd], sound[odd], family[odd] = chosen[:, 0], chosen[:, 1], chosen[:, 2]
    candidates = np.concatenate([special, odd])
    second = _second_sounds(simple[candidates], sound[candidates], family[candidates])
    return simple, sound, family, More(candidates[second.rows].astype(np.uint32), second.keys)


def _second_sounds(simple: Keys, sound: Keys, family: Keys) -> More:
    """The sounds of these names by the rarer readings of their surnames."""
    heads = simple >> np.uint64(48)
    single = (sound != 0) & (family & np.uint64(0x0000FFFF00000000) == 0)
    more = []
    for character, readings in _tables().second_sounds.items():
        rows = np.flatnonzero((heads == character) & single)
        rest = sound[rows] & np.uint64(0x0000FFFFFFFFFFFF)
        more += [More(rows.astype(np.uint32), rest | np.uint64(reading << 48)) for reading in readings]
    return _joined(more)


def _code_points(written: pl.Series) -> tuple[list[Points], npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Up to four code points a name (0 where it is shorter), its length, and whether it is regular."""
    words, _ = hashing.views(written)
    low, high = np.ascontiguousarray(words[:, 0]), np.ascontiguousarray(words[:, 1])
    size = (low & np.uint64(0xFFFFFFFF)).astype(np.uint32)
    length = (size // 3).astype(np.int64)
    regular = (size > 0) & (size <= 3 * CHARACTERS) & (size % 3 == 0)
    if written.null_count():
        regular &= written.is_not_null().to_numpy()
    # the twelve bytes of a view are three characters and three, a word each: bytes 0-5 and 6-11
    six = (low >> np.uint64(32) | high << np.uint64(32), high >> np.uint64(16))
    points = []
    for place in range(CHARACTERS):
        word = six[place // 2] >> np.uint64(24 * (place % 2))
        point = ((word & np.uint64(15)) << np.uint64(12)) | ((word >> np.uint64(8) & np.uint64(63)) << np.uint64(6))
        point = (point | word >> np.uint64(16) & np.uint64(63)).astype(np.uint16)
        there = size > 3 * place
        point[~there] = 0
        good = (word & np.uint64(0xF0) == 0xE0) & (point >= _FIRST) & (point <= _LAST)
        regular &= good | ~there
        points.append(point)
    return points, length, regular


def packed(simple_name: str) -> int:
    """A simplified name as its key: its characters where they fit, else its hash."""
    if len(simple_name) <= CHARACTERS and all(ord(character) < 0x10000 for character in simple_name):
        return _word([ord(character) for character in simple_name])
    return _digest(simple_name)


@lru_cache(REMEMBERED)
def _scalar(written: str) -> tuple[int, int, int]:
    """Key, sound and surname of one name, the slow way; zeros where nothing is left of it."""
    clean = names.clean(written)
    if clean is None:
        return 0, 0, 0
    simple = names.simplify(clean)
    syllables = _syllables(simple)
    sound = 0
    if syllables:
        sound = _word(syllables) if len(syllables) <= CHARACTERS else _digest(" ".join(map(str, syllables)))
    return packed(simple), sound, packed(names.surname(simple))


def _syllables(simple: str) -> list[int] | None:
    """The numbers of a name's syllables, or None where one of its characters cannot be spoken."""
    tables = _tables()
    found: list[int] = []
    family = names.surname(simple)
    special = tables.family_syllables.get(family)
    rest = simple
    if special:
        found, rest = list(special), simple[len(family) :]
    while rest:
        if rest[0] in _LATIN:
            run = rest[: next((i for i, c in enumerate(rest) if c not in _LATIN), len(rest))]
            split = _split(run)
            if split is None:
                return None
            found += split
            rest = rest[len(run) :]
        else:
            syllable = tables.numbers.get(tables.readings.get(rest[0], ""))
            if syllable is None:
                return None
            found.append(syllable)
            rest = rest[1:]
    return found


def _split(letters: str) -> list[int] | None:
    """Pinyin without tones or gaps cut into syllables, the longest first; None where it is no pinyin."""
    if not letters:
        return []
    for size in range(min(6, len(letters)), 0, -1):
        number = _tables().numbers.get(letters[:size].replace("ü", "v"))
        if number is not None:
            rest = _split(letters[size:])
            if rest is not None:
                return [number, *rest]
    return None


def _word(parts: list[int]) -> int:
    word = 0
    for place in range(CHARACTERS):
        word = word << 16 | (parts[place] if place < len(parts) else 0)
    return word


def _digest(text: str) -> int:
    """A hash of 48 bits, led by 1, which begins no packed name."""
    return 1 << 48 | int.from_bytes(hashlib.blake2b(text.encode("utf-8"), digest_size=6).digest(), "little")


class _Tables:
    """The tables of code points, built once from `identity.names`."""

    def __init__(self) -> None:
        self.readings = names.readings()
        special = names.surname_readings()
        spoken = sorted({*self.readings.values()})
        self.numbers = {syllable: number for number, syllable in enumerate(spoken, start=1)}
        self.sound = np.zeros(0x10000, dtype=np.uint16)
        for character, syllable in self.readings.items():
            if ord(character) < 0x10000:
                self.sound[ord(character)] = self.numbers[syllable]
        self.simple = np.arange(0x10000, dtype=np.uint16)
        for character, form in names.simple_forms().items():
            if ord(character) < 0x10000:
                self.simple[ord(character)] = ord(form) if ord(form) < 0x10000 else 0
        # what does not fit sixteen bits or cannot be spoken is left to the scalar
        self.simple[self.sound[self.simple] == 0] = 0
        self.family_sound = self.sound.copy()
        self.family_syllables: dict[str, list[int]] = {}
        for surname, reading in special.items():
            split = self._cut(reading)
            if split and len(split) == len(surname):
                self.family_syllables[surname] = split
                if len(surname) == 1:
                    self.family_sound[ord(surname)] = split[0]
        self.compound_sounds = {
            ord(name[0]) << 16 | ord(name[1]): (split[0], split[1])
            for name, split in self.family_syllables.items()
            if len(name) == 2
        }
        # compounds without a reading of their own are read character by character, their first not as a surname
        for name in names.compound_surnames():
            pair = ord(name[0]) << 16 | ord(name[1])
            one, two = (self.sound[ord(character)] for character in name)
            self.compound_sounds.setdefault(pair, (int(one), int(two)))
        self.second_sounds = {
            ord(surname): tuple(
                number
                for number in sorted({self.numbers.get(_toneless(reading), 0) for reading in readings})
                if number and number != int(self.family_sound[ord(surname)])
            )
            for surname, readings in names.surname_sounds().items()
            if len(surname) == 1
        }
        # names whose bytes may have been read in another encoding: the scalar looks closer
        self.misread = np.zeros(0x10000, dtype=bool)
        heads = names.misread_heads()
        self.misread[[point for point in range(_FIRST, _LAST + 1) if heads.match(chr(point))]] = True
        self.special = np.zeros(0x10000, dtype=bool)
        self.special[[*(pair >> 16 for pair in self.compound_sounds), *self.second_sounds]] = True

    def _cut(self, reading: str) -> list[int] | None:
        """A surname's reading as one or two syllables."""
        if reading in self.numbers:
            return [self.numbers[reading]]
        for size in range(1, len(reading)):
            if reading[:size] in self.numbers and reading[size:] in self.numbers:
                return [self.numbers[reading[:size]], self.numbers[reading[size:]]]
        return None


def _toneless(reading: str) -> str:
    return "".join(letter for letter in reading if not letter.isdigit())


@cache
def _tables() -> _Tables:
    return _Tables()
