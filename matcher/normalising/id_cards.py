"""Citizen numbers by column: packed into integers, whether they hold, what they say of birth and sex, what is left of broken ones.

A permit or passport is packed as its hash with the highest bit set; a number of which only a part is known keeps its
pattern as text.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from matcher import hashing
from matcher.hashing import Keys
from matcher.identity import days, numbers
from matcher.identity.packing import HEAD, PART, PERMIT, TAIL, UPGRADED, VALID, ZEROS, Words, pack, unpack
from matcher.prepared import NO_MORE, Flags, More, Prepared
from matcher.views import Places, Views, parts

_PERMIT_BIT = np.uint64(1 << 63)
_READINGS = pl.Schema({"row": pl.Int64, "kind": pl.String, "text": pl.String, "upgraded": pl.Boolean})
_NOTHING = _READINGS.to_frame()


def prepare(field: str, written: pl.Series) -> Prepared:
    """The facets of numbers as written.

    `field` packed (0: none, or only a part) · `.flags` bits · `.birth` days since 0001-01-01 and `.sex` (1 man, 2 woman)
    inside a number that holds, else 0 · `.head` its first fifteen characters · `.tail` its last four · `.other` the
    pattern of a part or the text of a permit. Further values of `field`: the repairs of numbers whose check fails.
    """
    count = len(written)
    packed = np.zeros(count, np.uint64)
    flags = np.zeros(count, np.uint8)
    birth, sex = np.zeros(count, np.int32), np.zeros(count, np.uint8)
    head, tail = np.zeros(count, np.uint64), np.zeros(count, np.uint64)

    rows, words = regular(written)
    odd = written.is_not_null().to_numpy().copy()
    odd[rows] = False
    readings = _understood(written, odd)
    citizens = readings.filter(pl.col("kind") == "citizen")
    if len(citizens):
        rows = np.concatenate([rows, citizens.get_column("row").to_numpy()])
        words = words.then(Words.of(numbers.as_bytes(citizens.get_column("text").to_list())))
        flags[citizens.filter("upgraded").get_column("row").to_numpy()] |= UPGRADED

    holds = np.zeros(len(words), bool)
    for part in parts(len(words)):
        some, at = words[part], rows[part]
        whole = some.packed()
        born = _born(whole)
        good = some.checks() & (born > 0)
        holds[part] = good
        packed[at] = whole
        flags[at] |= good * np.uint8(VALID) | (good & some.end_in_zeros()) * np.uint8(ZEROS)
        birth[at] = born * good
        sex[at] = (2 - some.seventeenth % 2) * (good & ~some.end_in_zeros())  # a spreadsheet may have made the zeros
        head[at] = whole // HEAD + np.uint64(1)
        tail[at] = whole % TAIL + np.uint64(1)

    others = readings.filter(pl.col("kind") != "citizen")
    for row, kind, text in others.select("row", "kind", "text").iter_rows():
        flags[row] |= PART if kind == "part" else PERMIT
        if kind == "part":
            head[row] = int(text[:15]) + 1 if text[:15].isdigit() else 0
            tail[row] = _tail(text) if "*" not in text[14:] else 0
    permits = others.filter(pl.col("kind") == "permit")
    if len(permits):
        packed[permits.get_column("row").to_numpy()] = hashing.text(permits.get_column("text")) | _PERMIT_BIT
    other = pl.Series(f"{field}.other", [None], dtype=pl.String).new_from_index(0, count)
    if len(others):
        other = other.scatter(others.get_column("row"), others.get_column("text"))

    broken = np.flatnonzero(~holds)
    more = NO_MORE
    if len(broken):
        origin, candidates = numbers.repairs(unpack(packed[rows[broken]]))
        more = More(rows[broken[origin]].astype(np.uint32), pack(candidates))
    table = pl.DataFrame(
        {
            field: packed, f"{field}.flags": flags, f"{field}.birth": birth, f"{field}.sex": sex,
            f"{field}.head": head, f"{field}.tail": tail, f"{field}.other": other,
        }
    )  # fmt: skip
    return Prepared(table, {field: more})


def read(written: pl.Series) -> pl.Series:
    """The eighteen characters each written number stands for, as `numbers.read` reads them; null where it is none."""
    rows, _ = regular(written)
    odd = written.is_not_null().to_numpy().copy()
    odd[rows] = False
    readings = _understood(written, odd).filter(pl.col("kind") == "citizen")
    kept = np.zeros(len(written), dtype=bool)
    kept[rows] = True
    sound = pl.select(pl.when(pl.Series(kept)).then(written.str.to_uppercase())).to_series().rename(written.name)
    return sound.scatter(readings.get_column("row"), readings.get_column("text")) if len(readings) else sound


def regular(written: pl.Series) -> tuple[Places, Words]:
    """The rows written as a number should be, but for a small x at the end, and their characters."""
    cells = Views.of(written)
    rows = np.flatnonzero(cells.length == 18 if cells.present is None else (cells.length == 18) & cells.present)
    words, good = Words.of(cells.matrix(rows, 18)), np.zeros(len(rows), bool)
    words.eighteenth[words.eighteenth == ord("x")] = ord("X")
    for part in parts(len(rows)):
        some = words[part]
        good[part] = some.regular()
        spoilt = np.flatnonzero(good[part] & some.end_in_zeros())  # perhaps by a spreadsheet: the scalar looks closer
        good[part][spoilt] = some[spoilt].checks()
    return (rows, words) if good.all() else (rows[good], words[good])


def _born(packed: Keys) -> days.Days:
    """The days inside packed numbers; 0 where there is none, or none that a living person could be born on."""
    date = (packed // TAIL % np.uint64(100_000_000)).astype(np.int32)
    born = days.of_digits(date)
    return born * ((date >= 10_000 * numbers.EARLIEST_BIRTH_YEAR) & (date < 10_000 * (numbers.LATEST_BIRTH_YEAR + 1)))


def _understood(written: pl.Series, odd: Flags) -> pl.DataFrame:
    """What `numbers.understand` makes of the odd ones: row, kind, text, upgraded; those it understands alone.

    Most of them are numbers that need only be folded, and folding is done by column.
    """
    rows = np.flatnonzero(odd)
    if not len(rows):
        return _NOTHING
    values = written.gather(rows)
    plain = _folded(values)
    sound, words = regular(plain)
    sound = sound[_born(words.packed()) > 0]  # what holds no date may be a filler: the scalar looks closer
    folded = plain.gather(sound).to_list()
    found = [(int(row), "citizen", text, False) for row, text in zip(rows[sound], folded, strict=True)]
    for row, value in zip(np.delete(rows, sound).tolist(), _without(values, sound), strict=True):
        if reading := numbers.understand(value):
            found.append((row, reading.kind, reading.text, reading.upgraded))
    return pl.DataFrame(found, schema=_READINGS, orient="row")


def _folded(values: pl.Series) -> pl.Series:
    text = values.str.replace_many(list(numbers.FOLDING), list(numbers.FOLDING.values())).str.to_uppercase()
    text = text.str.replace(numbers.TRAILING_ZERO, "")
    return text.str.replace_many(list(numbers.SEPARATING), list(numbers.SEPARATING.values()))


def _without(values: pl.Series, rows: Places) -> list[str]:
    kept = np.ones(len(values), bool)
    kept[rows] = False
    return values.filter(pl.Series(kept)).to_list()


def _tail(pattern: str) -> int:
    return int(pattern[14:17]) * 11 + (10 if pattern[17] == "X" else int(pattern[17])) + 1
