"""A name as an office may write it: one way a kind of error, given the name and a random whole number.

A name that the error cannot fall on comes back as it was.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files

from matcher.identity import names
from matcher.synthetic.families import ZIPF, rare_characters

Damage = Callable[[str, int], str]
DOTS = ("•", "・", "．", " ", "", "‧", ".")
NOTES = ("(户主)", "（本人）", "（已故）", "先生", "女士", "*", "(妻)")
SAME_TONE = 3
"""Of four homophones, so many have the same tone."""
_RADICALS = dict(zip("马长龙车黄齐贝风", "⻢⻓⻰⻋⻩⻬⻉⻛", strict=True))


def homophone(name: str, draw: int) -> str:
    """A character that sounds alike, as an input method offers it: common ones first, the tone not always right."""
    places = list(range(1, len(name))) + ([0] if draw % 8 == 0 else [])
    return _at_some_place(name, draw, _homophones(bool(draw // 64 % 4 < SAME_TONE)), places)


def shape(name: str, draw: int) -> str:
    """A character that looks alike."""
    return _at_some_place(name, draw, _alike("shapes.txt"))


def variant(name: str, draw: int) -> str:
    """A character that registers exchange for another."""
    return _at_some_place(name, draw, _alike("variants.txt"))


def compatibility(name: str, draw: int) -> str:
    """A compatibility ideograph or a radical in a character's place."""
    return _at_some_place(name, draw, _compatible())


def traditional(name: str, draw: int) -> str:
    """In traditional characters."""
    return name.translate(_traditional())


def blank(name: str, draw: int) -> str:
    """A blank inside a name of two characters, or behind any."""
    if len(name) == 2 and draw % 4:
        return name[0] + ("　", " ", "  ", "　")[draw // 4 % 4] + name[1]
    return name + (" ", "　", "  ")[draw // 4 % 3] if draw % 2 else name[:1] + " " + name[1:]


def note(name: str, draw: int) -> str:
    """With a remark or a title."""
    return name + NOTES[draw % len(NOTES)]


def one_character(name: str, draw: int) -> str:
    """The last character gone, or another in a character's place."""
    if len(name) > 2 and draw % 2:
        return name[:-1]
    pool, place = _common(), 1 + draw // 2 % max(1, len(name) - 1)
    return name[:place] + pool[draw // 8 % len(pool)] + name[place + 1 :]


def mojibake(name: str, draw: int) -> str:
    """UTF-8 read as GBK; now and then GBK read as Latin-1."""
    if draw % 4 == 0:
        written = name.encode("gbk", errors="replace").decode("latin-1")
        return written if written.isprintable() else name
    return name.encode("utf-8").decode("gbk", errors="replace").replace("\ufffd", "?")


def dot(name: str, draw: int) -> str:
    """Another dot, a blank, or none."""
    return name.replace("·", DOTS[draw % len(DOTS)])


def truncated(name: str, draw: int) -> str:
    """Cut at ten or twenty bytes of GBK."""
    written = name.encode("gb18030")
    return written[: 20 if len(written) > 20 else 10].decode("gb18030", errors="ignore")


def rare(name: str, draw: int, way: str) -> str:
    """A rare character written in this way (error_rates.RARE_AS)."""
    place = next((place for place in range(len(name) - 1, -1, -1) if name[place] in _hard()), None)
    if place is None:
        return name
    character = name[place]
    match way:
        case "pinyin":
            written = names.readings().get(character, "?").upper()
        case "private":
            written = _private().get(character, "?")
        case "dropped":
            written = ""
        case mark:
            written = mark
    return name[:place] + written + name[place + 1 :]


DAMAGES: Mapping[str, Damage] = {
    "name_dot": dot,
    "name_truncated": truncated,
    "name_traditional": traditional,
    "name_variant": variant,
    "name_compatibility": compatibility,
    "name_shape": shape,
    "name_homophone": homophone,
    "name_blank": blank,
    "name_note": note,
    "name_one_character": one_character,
    "name_mojibake": mojibake,
}


def _at_some_place(name: str, draw: int, others: Mapping[str, str], places: list[int] | None = None) -> str:
    """One character of those that have others exchanged for one of these."""
    able = [place for place in (range(len(name)) if places is None else places) if name[place] in others]
    if not able:
        return name
    place = able[draw % len(able)]
    pool = others[name[place]]
    return name[:place] + pool[draw // 256 % len(pool)] + name[place + 1 :]


@cache
def _common() -> str:
    """Characters of given names, commonest first, each once."""
    listed = names.given_name_table()
    ranks: dict[str, int] = {}
    for kind in ("men", "women"):
        for rank, character in enumerate(listed[kind]):
            ranks[character] = min(rank, ranks.get(character, rank))
    return "".join(sorted(ranks, key=lambda character: (ranks[character], character)))


@cache
def _homophones(same_tone: bool) -> dict[str, str]:
    """Character → what an input method offers for its sound; what is typed more often stands there more often."""
    weight = {character: (rank + 1.0) ** -ZIPF for rank, character in enumerate(_common())}
    for surname in names.surname_shares():
        weight.setdefault(surname[0], weight[_common()[len(_common()) // 2]])
    sounds = {
        character: (names.toned()[character][0] if same_tone else names.readings()[character])
        for character in weight
        if character in names.toned()
    }
    by_sound: dict[str, list[str]] = {}
    for character, sound in sounds.items():
        by_sound.setdefault(sound, []).append(character)
    offered = {}
    for character, spoken in names.toned().items():
        sound = spoken[0] if same_tone else names.readings()[character]
        others = [other for other in by_sound.get(sound, ()) if other != character]
        if others:
            least = min(weight[other] for other in others)
            offered[character] = "".join(other * min(24, round(weight[other] / least)) for other in others)
    return offered


@cache
def _alike(table: str) -> dict[str, str]:
    """Character → the others of its class."""
    lines = files("matcher.identity.tables").joinpath(table).read_text(encoding="utf-8").splitlines()
    classes = [line.split() for line in lines if line and not line.startswith("#")]
    return {
        character: "".join(other for other in one if other != character)
        for one in classes
        for character in one
        if len(one) > 1
    }


@cache
def _traditional() -> dict[int, str]:
    """Simplified character → its usual traditional form: the first that Big5 has and GB 2312 has not."""
    forms: dict[int, tuple[bytes, str]] = {}
    for character, simple in names.simple_forms().items():
        if _encoded(character, "gb2312") or not (code := _encoded(character, "big5")):
            continue
        if ord(simple) not in forms or code < forms[ord(simple)][0]:
            forms[ord(simple)] = (code, character)
    return {simple: character for simple, (_, character) in forms.items() if _encoded(chr(simple), "gb2312")}


@cache
def _compatible() -> dict[str, str]:
    found = dict(_RADICALS)
    for code in (*range(0x2F00, 0x2FD6), *range(0xF900, 0xFA6E)):
        character = unicodedata.normalize("NFKC", chr(code))
        if character != chr(code):
            found[character] = found.get(character, "") + chr(code)
    return found


@cache
def _private() -> dict[str, str]:
    return {character: chr(code) for code, character in names.private_use().items()}


@cache
def _hard() -> frozenset[str]:
    return frozenset(character for character in rare_characters() if not _encoded(character, "gb2312"))


@cache
def rare_pattern() -> str:
    """A regular expression for names with a rare character."""
    return "[" + "".join(sorted(_hard())) + "]"


def _encoded(character: str, encoding: str) -> bytes:
    try:
        return character.encode(encoding)
    except UnicodeEncodeError:
        return b""
