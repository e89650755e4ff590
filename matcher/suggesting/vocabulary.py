"""A department's own words for the values of an enumeration: which value they seem to mean, and which nobody can tell.

Only words that may be shown are looked at: short, frequent, and like nobody's name, number or address.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from rapidfuzz import fuzz

from matcher.sources.contract import Column, fold
from matcher.suggesting import appearance
from matcher.suggesting.appearance import Appearance

LONGEST_WORD = 14
LEAST_COUNT, LEAST_SHARE = 2, 0.004
MOST_WORDS = 30
CLEARLY, CLEARER = 0.74, 0.1
_NOT = re.compile(r"未|不|非|无|拟|待|否|拒|撤销|撤回|解除|恢复|暂")


@dataclass(frozen=True, slots=True)
class Words:
    """Of the words that the contract does not know: what they seem to mean, those that may be shown and were not
    understood, and how many different ones are neither."""

    meant: Mapping[str, str]
    unclear: tuple[str, ...]
    hidden: int


def of_column(column: Column, look: Appearance) -> Words:
    """The words of an enumeration's column that its contract does not know."""
    strange = {word: count for word, count in look.words.items() if word not in column.values}
    total = max(sum(look.words.values()), 1)
    shown = [
        word
        for word, count in strange.items()
        if count >= LEAST_COUNT and count / total >= LEAST_SHARE and _may_be_shown(word, column)
    ]
    if len(shown) > MOST_WORDS:
        return Words({}, (), len(strange))
    meant = {word: value for word in shown if (value := meaning(word, column)) is not None}
    return Words(meant, tuple(sorted(set(shown) - set(meant))), len(strange) - len(shown))


def meaning(word: str, column: Column) -> str | None:
    """The value that a word clearly is another form of; None where two are as near, or a negation tells them apart."""
    best: dict[str, float] = {}
    for known, value in column.values.items():
        best[value] = max(best.get(value, 0.0), _alike(fold(word), known))
    ranked = sorted(best.items(), key=lambda one: -one[1])
    if not ranked or ranked[0][1] < CLEARLY or (len(ranked) > 1 and ranked[0][1] - ranked[1][1] < CLEARER):
        return None
    return ranked[0][0]


def _alike(word: str, known: str) -> float:
    if len(known) < 2 or known.isascii() or set(_NOT.findall(word)) != set(_NOT.findall(known)):
        return 0.0
    if known in word or (word in known and len(word) > 1):
        short, long = sorted((len(word), len(known)))
        return 0.75 + 0.25 * short / long
    return fuzz.ratio(word, known) / 100


def _may_be_shown(word: str, column: Column) -> bool:
    if len(word) > LONGEST_WORD or re.search(r"\d{4,}", word):
        return False
    known = any(len(other) > 1 and other in word for other in column.values)
    return known or not appearance.personal(word)
