"""How common values, names and keys are in the register: shares, with a floor for what is not listed.

A model names nobody: of values it keeps hashes, of names the shares of those that many bear.
"""

from __future__ import annotations

import polars as pl

from matcher.identity import names
from matcher.kernel import Batch
from matcher.plan import Plan
from matcher.prepared import Prepared
from matcher.scoring.frequency import NameFrequency, ValueFrequency
from matcher.scoring.model import KeyCount, Model

LISTED_TWICE, LISTED_MOST = 2, 50_000
NAMED_BY_MANY = 8
"""A given name is written into the model only where so many bear it."""


def values_of(people: Prepared, name: str) -> ValueFrequency:
    """How common each value is that at least two rows have; the rest shares the floor."""
    column = people.table.get_column(name)
    column = column.filter(column != 0)
    counts = column.value_counts(name="count").filter(pl.col("count") >= LISTED_TWICE)
    counts = counts.sort(["count", name], descending=[True, False]).head(LISTED_MOST)
    total = max(len(column), 1)
    shares = {int(key): count / total for key, count in counts.iter_rows()}
    return ValueFrequency(shares, 1 / (total + 1))


def names_of(plan: Plan, people: Prepared, shipped: Model) -> NameFrequency | None:
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


def key_count(batch: Batch, place: int) -> KeyCount:
    """The share of rows with a key under a block, and the chance that two rows share one."""
    keys = batch.keys[place].dense
    held = pl.Series("key", keys[keys != 0])
    total = max(len(held), 2)
    counts = held.value_counts(name="count").get_column("count").cast(pl.Float64)
    same = float((counts * (counts - 1)).sum() or 0.0) / (total * (total - 1))
    return KeyCount(share=len(held) / max(len(keys), 1), collision=same)
