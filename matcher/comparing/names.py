"""Two Chinese names: the same characters, the same name written otherwise, the same sound, or really different.

The levels below `sound` are likenesses of the eye and the pen. They are looked for only where a plan's `settle_beside`
field agrees, since 李秀英 and 李秀兰 are two people far more often than one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache

import numpy as np
import polars as pl
from rapidfuzz.distance import OSA

from matcher.comparing.levels import OPEN, Comparison, Glance, Level, first_of
from matcher.hashing import Keys
from matcher.identity import names
from matcher.prepared import Codes, Flags, Side

LEVELS = (
    Level("exact", "the same characters", agrees=True),
    Level("written", "the same characters but for blanks, dots, widths and private code points", agrees=True),
    Level("variant", "traditional, variant or interchanged forms of the same characters", agrees=True),
    Level("former", "one is the other's recorded former name", agrees=True),
    Level("tone", "other characters, spoken alike, tones included", agrees=True),
    Level("sound", "other characters, spoken alike but for the tones", agrees=True),
    Level("spelt", "Latin letters on one side spell the characters on the other", agrees=True),
    Level("wildcard", "a character that one system could not write; the rest agrees", agrees=True),
    Level("shape", "characters that look alike", agrees=True),
    Level("truncated", "a long name cut short", agrees=True),
    Level("one_character", "one character more, less, other or swapped, in three or more", agrees=True),
    Level("different", "the names really differ"),
)
EXACT, WRITTEN, VARIANT, FORMER, TONE, SOUND, SPELT, WILDCARD, SHAPE, TRUNCATED, ONE, DIFFERENT = range(
    1, len(LEVELS) + 1
)

REMEMBERED = 1 << 16
"""How many names are kept folded, for the next chunk."""


def quick(left: Side, right: Side, field: str) -> Glance:
    """Bounds by the folded form and by the sound; which characters were written is left open."""
    a, b = left.integers(field), right.integers(field)
    heard, spoken = left.integers(f"{field}.sound"), right.integers(f"{field}.sound")
    codes = np.full(len(a), OPEN, dtype=np.uint8)
    missing = (a == 0) | (b == 0)
    codes[missing] = 0
    otherwise = _second_reading(a, b, heard, spoken)
    renamed = _has_former(left, right, field)
    cases = (
        (missing, 0), (a == b, EXACT), (renamed, FORMER), ((heard == spoken) & (heard != 0), TONE), (otherwise, SOUND)
    )  # fmt: skip
    return Glance(codes, first_of(len(a), *cases, otherwise=SPELT), first_of(len(a), *cases, otherwise=DIFFERENT))


def _second_reading(a: Keys, b: Keys, heard: Keys, spoken: Keys) -> Flags:
    """Where two surnames, one of them with a rarer reading, lead given names that sound alike; or a name is too long to tell."""
    given = np.uint64(0xFFFFFFFFFFFF)
    special = _read_otherwise()
    one, two = ((side >> np.uint64(48)).astype(np.int64) for side in (a, b))
    return np.asarray((one != two) & (heard & given == spoken & given) & (special[one] | special[two]))


@cache
def _read_otherwise() -> Flags:
    """By code point: whether a surname has more than one reading."""
    flags = np.zeros(0x10000, dtype=bool)
    for surname, readings in names.surname_sounds().items():
        if len(surname) == 1 and len(readings) > 1:
            flags[ord(surname)] = True
    return flags


def settle(left: Side, right: Side, field: str) -> Codes:
    """The first level that holds, for names that are known on both sides."""
    codes = settle_alone(left, right, field)
    rest = np.flatnonzero(codes == DIFFERENT)
    if len(rest):
        one, two = (_distinct(side.where(rest).texts(f"{field}.text"), _simple) for side in (left, right))
        codes[rest] = [_likeness(a, b) for a, b in zip(one, two, strict=True)]
    return codes


def settle_alone(left: Side, right: Side, field: str) -> Codes:
    """The same without likenesses of the eye and the pen: exact to sound, else different."""
    codes = np.full(len(left), DIFFERENT, dtype=np.uint8)
    same = left.integers(field) == right.integers(field)
    alike = np.flatnonzero(same)
    codes[alike] = VARIANT
    one, two = (side.where(alike).texts(f"{field}.text") for side in (left, right))
    exact = (one == two).to_numpy()
    codes[alike[exact]] = EXACT
    odd = alike[~exact]
    if len(odd):
        clean = (_distinct(side.where(odd).texts(f"{field}.text"), names.clean) for side in (left, right))
        codes[odd] = [WRITTEN if a == b else VARIANT for a, b in zip(*clean, strict=True)]

    heard = left.integers(f"{field}.sound")
    homophones = np.flatnonzero(~same & (heard == right.integers(f"{field}.sound")) & (heard != 0))
    if len(homophones):
        toned = (_distinct(side.where(homophones).texts(f"{field}.text"), _toned) for side in (left, right))
        codes[homophones] = [TONE if a == b else SOUND for a, b in zip(*toned, strict=True)]
        latin = np.zeros(len(homophones), dtype=bool)
        for side in (left, right):
            written = side.where(homophones).texts(f"{field}.text")
            latin |= written.str.contains("[A-Za-z]").fill_null(False).to_numpy()
        codes[homophones[latin]] = SPELT
    second = np.flatnonzero(codes == DIFFERENT)
    if len(second):
        codes[second] = _second_sound(left.where(second), right.where(second), field)
    former = np.flatnonzero(~same & _has_former(left, right, field))
    if len(former):
        codes[former] = np.where(
            _former(left.where(former), right.where(former), field), FORMER, codes[former]
        ).astype(np.uint8)
    return codes


def _has_former(left: Side, right: Side, field: str) -> Flags:
    """Where either side has a former name."""
    flags = np.zeros(len(left), dtype=bool)
    for side in (left, right):
        column = side.people.table.get_column(f"{field}.former")
        if column.null_count() < len(column):
            flags |= column.is_not_null().to_numpy()[side.rows]
    return flags


def _former(left: Side, right: Side, field: str) -> Flags:
    """Where a name, folded, is the other side's former one."""
    now_left, now_right = (_distinct(side.texts(f"{field}.text"), _simple) for side in (left, right))
    then_left, then_right = (_distinct(side.texts(f"{field}.former"), _simple) for side in (left, right))
    return np.array(
        [
            (a is not None and a == d) or (b is not None and b == c)
            for a, b, c, d in zip(now_left, now_right, then_left, then_right, strict=True)
        ],
        dtype=bool,
    )


def _second_sound(left: Side, right: Side, field: str) -> Codes:
    """SOUND where the rarer reading of a surname makes them sound alike, else DIFFERENT."""
    one, two = (_distinct(side.texts(f"{field}.text"), _simple) for side in (left, right))
    return np.array(
        [
            SOUND
            if a and b and _may_be_read_otherwise(a, b) and set(names.sounds(a)) & set(names.sounds(b))
            else DIFFERENT
            for a, b in zip(one, two, strict=True)
        ],
        dtype=np.uint8,
    )


def _may_be_read_otherwise(left: str, right: str) -> bool:
    special = names.surname_sounds()
    return len(left) == len(right) and left[0] != right[0] and (left[0] in special or right[0] in special)


def _likeness(left: str | None, right: str | None) -> int:
    """The level of two folded names that do not sound alike."""
    if left is None or right is None:
        return DIFFERENT
    if names.spelt_alike(left, right):
        return SPELT
    if wildcard_agrees(left, right):
        return WILDCARD
    if names.shape(left) == names.shape(right):
        return SHAPE
    if truncated(left, right):
        return TRUNCATED
    return ONE if one_character_off(left, right) else DIFFERENT


def wildcard_agrees(left: str, right: str) -> bool:
    """The names agree wherever neither holds a character that some system could not write, and somewhere they do."""
    pairs = list(zip(left, right, strict=False))
    known = [a == b for a, b in pairs if names.WILDCARD not in (a, b)]
    return names.WILDCARD in left + right and len(left) == len(right) and bool(known) and all(known)


def one_character_off(left: str, right: str) -> bool:
    """One character more, less, other or swapped, in names of which the longer has at least three."""
    return min(len(left), len(right)) >= 2 and max(len(left), len(right)) >= 3 and OSA.distance(left, right) == 1


def truncated(left: str, right: str) -> bool:
    """A long name was cut: the shorter, of at least four characters, begins the longer."""
    short, long = sorted((left, right), key=len)
    return len(short) >= 4 and len(long) > len(short) and long.startswith(short)


@lru_cache(REMEMBERED)
def _simple(written: str) -> str | None:
    clean = names.clean(written)
    return names.simplify(clean) if clean else None


@lru_cache(REMEMBERED)
def _toned(written: str) -> str | None:
    simple = _simple(written)
    return names.tones(simple) if simple else None


def _distinct(texts: pl.Series, read: Callable[[str], str | None]) -> list[str | None]:
    """`read` of every text, each distinct one read once; None where there is none."""
    known: dict[str | None, str | None] = {
        text: None if text is None else read(text) for text in texts.unique().to_list()
    }
    return [known[text] for text in texts.to_list()]


COMPARISON = Comparison(LEVELS, quick, settle, settle_alone)
