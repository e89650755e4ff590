"""Chinese names by column: four characters in a word, simplified and spoken through tables of code points.

A regular name is up to four Han characters of three bytes each. Its simplified form is packed into 64 bits, sixteen a
character, and so is its pronunciation, sixteen a syllable: equality and surnames are then integer arithmetic, and no
string is made. Every other name, a few in a hundred, goes through the scalar functions of `identity.names`.
"""

from __future__ import annotations

import hashlib
from functools import cache, lru_cache

import numpy as np
import polars as pl

from matcher.hashing import Keys
from matcher.identity import names
from matcher.prepared import Flags, More, Prepared
from matcher.views import Views, parts

CHARACTERS = 4
REMEMBERED = 1 << 16
"""How many odd names are kept folded, for the next chunk."""

_HAN, _BASIC, _COMPATIBILITY = (0x3400, 0xA000), (0x4E00, 0xA000), (0xF900, 0xFB00)
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
    tables, cells = _tables(), Views.of(written)
    regular, special = (np.zeros(count, bool) for _ in range(2))
    for part in parts(count):
        simple[part], sound[part], regular[part], special[part] = _regular(cells[part])
    unspoken = np.flatnonzero(regular & (sound == 0))
    family = simple & np.uint64(0xFFFF000000000000)
    special = np.flatnonzero(special)
    heads = (simple[special] >> np.uint64(32)).astype(np.uint32)
    for pair, (one, two) in tables.compound_sounds.items() if len(special) else ():
        rows = special[(heads == pair) & (cells.length[special] > 6)]
        sound[rows] = sound[rows] & np.uint64(0xFFFFFFFF) | np.uint64(one << 48 | two << 32)
        family[rows] = simple[rows] & np.uint64(0xFFFFFFFF00000000)
    sound[unspoken] = 0
    irregular = np.flatnonzero(~regular)
    simple[irregular], sound[irregular], family[irregular] = 0, 0, 0

    odd = irregular if cells.present is None else irregular[cells.present[irregular]]
    if len(odd):
        keys = np.array([_scalar(name) for name in written.gather(odd).to_list()], dtype=np.uint64)
        simple[odd], sound[odd], family[odd] = keys.T
    candidates = np.concatenate([special, odd])
    second = _second_sounds(simple[candidates], sound[candidates], family[candidates])
    return simple, sound, family, More(candidates[second.rows].astype(np.uint32), second.keys)


def _second_sounds(simple: Keys, sound: Keys, family: Keys) -> More:
    """The sounds of these names by the rarer readings of their surnames."""
    tables = _tables()
    place = tables.second_place[(simple >> np.uint64(48)).astype(np.intp)]
    rows = np.flatnonzero((place > 0) & (sound != 0) & (family & np.uint64(0x0000FFFF00000000) == 0))
    more = []
    for turn in range(tables.second_sounds.shape[1]):
        reading = tables.second_sounds[place[rows], turn]
        rest = sound[rows] & np.uint64(0x0000FFFFFFFFFFFF)
        keys = np.where(reading == 0, np.uint64(0), rest | reading << np.uint64(48))
        more.append(More(rows.astype(np.uint32), keys))
    return _joined(more)


def _regular(cells: Views) -> tuple[Keys, Keys, Flags, Flags]:
    """Simplified form and sound (0: cannot be spoken) of names of up to four characters in the tables; which names are
    such, and of those which begin with a character that may be a compound surname's or has a second reading. Of other names
    nothing is known.

    The twelve bytes of a view are four characters of three bytes each.
    """
    tables, size = _tables(), cells.length
    regular = (size <= 3 * CHARACTERS) & (size % 3 == 0) & (size > 0)
    if cells.present is not None:
        regular &= cells.present
    low, high = cells.words[:, 0], cells.words[:, 1]
    words = [low >> np.uint64(32), low >> np.uint64(56) | high << np.uint64(8), high >> np.uint64(16)]
    if size.max(initial=0) > 9:
        words.append(high >> np.uint64(40))
    simple, sound = np.zeros(len(size), np.uint64), np.zeros(len(size), np.uint64)
    special, spoken = np.ones(len(size), bool), np.ones(len(size), bool)
    for place, word in enumerate(words):
        three = word.astype(np.uint32)
        point = (three & np.uint32(15)) << np.uint32(12)
        point |= (three >> np.uint32(2)) & np.uint32(0xFC0)
        point |= (three >> np.uint32(16)) & np.uint32(63)
        at = point.astype(np.intp)
        entry = np.take(tables.rest if place else tables.first, at)
        regular &= ((three & np.uint32(0xF0) == 0xE0) & (entry != 0)) | (size <= 3 * place)
        shift = np.uint64(16 * (CHARACTERS - 1 - place))
        simple |= (entry >> np.uint32(16)).astype(np.uint64) << shift
        syllable = entry & np.uint32(0xFFFF)
        sound |= syllable.astype(np.uint64) << shift
        spoken &= (syllable != 0) | (size <= 3 * place)
        if not place:
            special &= np.take(tables.special, at)
    return simple, sound * spoken, regular, special & regular


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
        simple = np.arange(0x10000, dtype=np.uint16)
        for character, written in names.simple_forms().items():
            if ord(character) < 0x10000:  # what does not fit sixteen bits is left to the scalar
                simple[ord(character)] = ord(written) if ord(written) < 0x10000 else 0
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
        second = {
            ord(surname): [
                number
                for number in sorted({self.numbers.get(_toneless(reading), 0) for reading in readings})
                if number and number != int(self.family_sound[ord(surname)])
            ]
            for surname, readings in names.surname_sounds().items()
            if len(surname) == 1
        }
        # of a surname that is read in several ways its row among the others' readings; row 0 is empty
        self.second_place = np.zeros(0x10000, dtype=np.intp)
        self.second_place[list(second)] = range(1, len(second) + 1)
        self.second_sounds = np.zeros((len(second) + 1, max(map(len, second.values()))), dtype=np.uint64)
        for place, others in enumerate(second.values(), start=1):
            self.second_sounds[place, : len(others)] = others
        # a character's simplified form and its syllable, at the head of a name and behind; 0: left to the scalar
        form = np.zeros(0x10000, dtype=np.uint16)
        form[slice(*_HAN)] = simple[slice(*_HAN)]
        for point in (0x3007, *range(*_COMPATIBILITY), *names.private_use(), *names.unknown_marks()):
            clean = names.clean_character(chr(point)) if 0x800 <= point < 0x10000 else None
            if clean is not None and ord(clean) < 0x10000:
                form[point] = simple[ord(clean)]
        self.rest = form.astype(np.uint32) << 16 | self.sound[form]
        self.first = form.astype(np.uint32) << 16 | self.family_sound[form]
        # names whose bytes may have been read in another encoding: the scalar looks closer
        heads = names.misread_heads()
        self.first[[point for point in range(*_BASIC) if heads.match(chr(point))]] = 0
        marked = np.zeros(0x10000, dtype=bool)
        marked[[*(pair >> 16 for pair in self.compound_sounds), *second]] = True
        self.special = marked[form]

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
