"""Chinese names: read as written, folded for comparison, spoken, and split into surname and given name.

Every function here takes one name; `normalising.names` does the same for a column and is tested to agree. A folded
form is only ever compared, never stored: 喆 and 哲 fold together and are both legal names.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from importlib.resources import files

WILDCARD = "□"
"""Stands for one character that some system could not write."""

COMBINING_SURNAMES = 2

_REMOVED = dict.fromkeys(map(ord, " \t\r\n\u3000\u00a0\u200b\ufeff·•・‧．∙⋅.。﹒․･*'`´’‘\"-_"), None)
_UNKNOWN = {ord(mark): WILDCARD for mark in "?？□＊\ufffd■▯◻⬜"}
_KEPT_BY_NFKC = {ord("○"): "〇", ord("⻓"): "长", ord("⻔"): "门", ord("⻢"): "马"}
_STRAY = re.compile(r"[\ue000-\uf8ff\U000f0000-\U000ffffd]")


def _table(name: str) -> list[list[str]]:
    text = files("matcher.identity.tables").joinpath(name).read_text(encoding="utf-8")
    return [line.split() for line in text.splitlines() if line and not line.startswith("#")]


@cache
def private_use() -> dict[int, str]:
    """Private-use code points that stand for a real character."""
    return {int(code, 16): character for code, character in _table("private_use.tsv")}


@cache
def simple_forms() -> dict[str, str]:
    """Character → its simplified or class form, where that is another character."""
    forms = {}
    for line in files("matcher.identity.tables").joinpath("characters.tsv").read_text(encoding="utf-8").splitlines():
        character, simple, _ = line.split("\t")
        if simple != character:
            forms[character] = simple
    for first, *others in _table("variants.txt"):
        for other in others:
            forms[other] = first
    return {character: forms.get(form, form) for character, form in forms.items()}


@cache
def shape_classes() -> dict[str, str]:
    """Character → the form of its look-alike class, where that is another character."""
    classes = {}
    for first, *others in _table("shapes.txt"):
        for other in others:
            classes[other] = first
    return classes


@cache
def readings() -> dict[str, str]:
    """Character → its usual syllable without tone."""
    rows = files("matcher.identity.tables").joinpath("characters.tsv").read_text(encoding="utf-8").splitlines()
    return {character: reading for character, _, reading in (row.split("\t") for row in rows) if reading}


@cache
def surname_readings() -> dict[str, str]:
    """Surname → its usual reading, where the characters alone would be read otherwise."""
    return {surname: first for surname, first, *_ in _table("surname_readings.txt")}


@cache
def compound_surnames() -> frozenset[str]:
    """Surnames of two characters in use."""
    return frozenset(name for line in _table("compound_surnames.txt") for name in line)


def clean(name: str) -> str | None:
    """The name with widths folded, blanks and dots removed, private-use characters resolved; None where nothing is left.

    Characters that no system could write become WILDCARD; UTF-8 once read as GBK is read again.

    >>> clean("买买提·吐尔逊"), clean("张　伟"), clean("李?")
    ('买买提吐尔逊', '张伟', '李□')
    """
    text = name.translate(private_use()).translate(_KEPT_BY_NFKC).translate(_UNKNOWN)
    text = unicodedata.normalize("NFKC", text).translate(_REMOVED).lower()
    text = _STRAY.sub(WILDCARD, text)
    return text or None


def simplify(clean_name: str) -> str:
    """Traditional, variant and interchanged characters folded to one form."""
    forms = simple_forms()
    return "".join(forms.get(character, character) for character in clean_name)


def shape(simple_name: str) -> str:
    """Look-alike characters folded to one of their class."""
    classes = shape_classes()
    return "".join(classes.get(character, character) for character in simple_name)


def surname(simple_name: str) -> str:
    """The surname: two characters where they are a compound surname, else one."""
    head = simple_name[:COMBINING_SURNAMES]
    return head if len(simple_name) > 2 and head in compound_surnames() else simple_name[:1]


def pinyin(simple_name: str) -> str:
    """Syllables without tone, run together; the surname read as a surname.

    >>> pinyin("单国强"), pinyin("张wei")
    ('shanguoqiang', 'zhangwei')
    """
    family = surname(simple_name)
    table, special = readings(), surname_readings()
    spoken = special.get(family) or "".join(table.get(character, character) for character in family)
    return spoken + "".join(table.get(character, character) for character in simple_name[len(family) :])


@cache
def surname_shares() -> dict[str, float]:
    """Surname → its share of the population in percent."""
    return {surname: float(share) for surname, share in _table("surname_shares.txt")}


@cache
def given_name_table() -> dict[str, tuple[str, ...]]:
    """`men` and `women`: characters of given names; `whole`: given names that many bear. Commonest first, each once."""
    return {kind: tuple(dict.fromkeys(listed)) for kind, *listed in _table("given_names.txt")}
