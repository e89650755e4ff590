"""What the columns of one table say of each other: a birth date that stands in a number too, two people in a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import polars as pl

from matcher.suggesting import likeness
from matcher.suggesting.appearance import Appearance

LEAST_AGREEMENT = 0.7


@dataclass(frozen=True, slots=True)
class Kin:
    """A column is the birth date or the sex of whoever has the number at the place `number`; in what share of rows."""

    column: Literal["birth_date", "sex"]
    share: float
    number: str


def kin(looks: Mapping[str, Appearance]) -> dict[str, Kin]:
    """The columns, by place, that repeat what a citizen number of the same row says."""
    found: dict[str, Kin] = {}
    label: Literal["birth_date", "sex"]
    for at, owner in looks.items():
        if owner.share("id") < 0.5:
            continue
        born = owner.numbers.str.slice(6, 8).str.replace(r"(\d{4})(\d{2})(\d{2})", "$1-$2-$3")
        male = _male(owner)
        for place, look in looks.items():
            if place == at or not look.filled:
                continue
            if look.share("date") > 0.5:
                agree = (look.days == born).mean()
                label = "birth_date"
            elif look.men is not None:
                agree, label = (look.men == male).mean(), "sex"
            else:
                continue
            share = float(agree) if isinstance(agree, (int, float)) else 0.0
            if share > (found[place].share if place in found else LEAST_AGREEMENT):
                found[place] = Kin(label, share, at)
    return found


def sides(
    headings: Mapping[str, str], looks: Mapping[str, Appearance], kin: Mapping[str, Kin]
) -> dict[str, str]:  # fmt: skip
    """Which of two parties (a, b) a column, by place, speaks of.

    Its heading says so, or the sex in its numbers (a is the man where there is one), or the number it repeats, or, for
    names, the order in which names and numbers stand.
    """
    found = {place: named[0] for place, heading in headings.items() if (named := likeness.party(heading))}
    ids = [place for place in headings if looks[place].share("id") >= 0.5]
    if len(ids) == 2 and not any(place in found for place in ids):
        men = [_share_of_men(looks[place]) for place in ids]
        order = ("a", "b") if men[0] >= men[1] else ("b", "a")
        found |= dict(zip(ids, order, strict=True))
    elif len(ids) == 2 and sum(place in found for place in ids) == 1:
        (one,) = [place for place in ids if place in found]
        (rest,) = [place for place in ids if place not in found]
        found[rest] = "b" if found[one] == "a" else "a"
    for place, own in kin.items():
        if own.number in found:
            found.setdefault(place, found[own.number])
    called = [
        place
        for place in headings
        if looks[place].share("name") >= 0.5 and likeness.other(headings[place]) in (None, "spouse")
    ]
    if len(ids) == len(called) == 2 and all(place in found for place in ids):
        for place, number in zip(sorted(called, key=int), sorted(ids, key=int), strict=True):
            found.setdefault(place, found[number])
    return found


def _male(look: Appearance) -> pl.Series:
    return look.numbers.str.slice(16, 1).cast(pl.Int64, strict=False) % 2 == 1


def _share_of_men(look: Appearance) -> float:
    return float(_male(look).cast(pl.Int8).sum()) / max(look.filled, 1)
