"""Chinese names: read as written, folded for comparison, spoken, and split into surname and given name.

Every function here takes one name; `normalising.names` does the same for a column and is tested to agree. A folded
form is only ever compared, never stored: 喆 and 哲 fold together and are both legal names.

Sounds are pinyin in ASCII: `lv` is 旅, a tone is a digit behind its syllable (`lv3`), 5 the light one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from itertools import product

WILDCARD = "□"
"""Stands for one character that some system could not write."""

COMBINING_SURNAMES = 2

_REMOVED = dict.fromkeys(map(ord, " \t\r\n\u3000\u00a0\u200b\ufeff·•・‧．∙⋅.。﹒․･*'`´’‘\"-_"), None)
_UNKNOWN = {ord(mark): WILDCARD for mark in "?？□＊\ufffd■▯◻⬜"}
_RADICALS = "⺒巳⺓幺⺝月⺟母⺠民⺩王⺬示⺽臼⻁虎⻄西⻅见⻆角⻉贝⻋车⻑長⻓长⻔门⻘青⻙韦⻚页⻛风⻜飞⻝食⻢马⻣骨⻤鬼⻥鱼⻦鸟⻧卤⻨麦⻩黄⻪黾⻫斉⻬齐⻭歯⻮齿⻯竜⻰龙⻱龜⻲亀⻳龟"
_KEPT_BY_NFKC = {ord("○"): "〇"} | {ord(a): b for a, b in zip(_RADICALS[::2], _RADICALS[1::2], strict=True)}
_HAN = re.compile("[\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U000323af]+")
_PLAIN = re.compile("[一-龥]+")
_LETTER = re.compile("[a-zü]")
_NEITHER = re.compile("[^a-zü□\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U000323af]")
_LATIN = re.compile(
    "[ \u0080-\u00ff\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc–—‘’‚“”„†‡•…‰‹›€™]{4,}"
)
_TONES = dict.fromkeys(map(ord, "12345"), None)
_TONE_MARKS = dict.fromkeys((0x300, 0x301, 0x304, 0x30C), None)
_STRAY = re.compile(r"[\ue000-\uf8ff\U000f0000-\U000ffffd]")


def _table(name: str) -> list[list[str]]:
    text = files("matcher.identity.tables").joinpath(name).read_text(encoding="utf-8")
    return [line.split() for line in text.splitlines() if line and not line.startswith("#")]


@cache
def private_use() -> dict[int, str]:
    """Private-use code points that stand for a real character."""
    return {int(code, 16): character for code, character in _table("private_use.tsv")}


def unknown_marks() -> tuple[int, ...]:
    """Code points that stand for a character which some system could not write."""
    return tuple(_UNKNOWN)


@cache
def _characters() -> list[tuple[str, str, str]]:
    """The rows of characters.tsv: character, simplified form, toned readings."""
    text = files("matcher.identity.tables").joinpath("characters.tsv").read_text(encoding="utf-8")
    return [
        (character, simple, sounds) for character, simple, sounds in (row.split("\t") for row in text.splitlines())
    ]


@cache
def simple_forms() -> dict[str, str]:
    """Character → its simplified or class form, where that is another character."""
    forms = {character: simple for character, simple, _ in _characters() if simple != character}
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
def toned() -> dict[str, tuple[str, ...]]:
    """Character → all its syllables with their tones, the usual one first; a form without its own is read as what it stands for."""
    folded = {simple: tuple(sounds.split(",")) for _, simple, sounds in reversed(_characters()) if sounds}
    return folded | {character: tuple(sounds.split(",")) for character, _, sounds in _characters() if sounds}


@cache
def readings() -> dict[str, str]:
    """Character → its usual syllable without tone."""
    return {character: _toneless(first) for character, (first, *_) in toned().items()}


@cache
def surname_sounds() -> dict[str, tuple[str, ...]]:
    """Surname → all its readings with their tones, the usual one first, where the characters alone would mislead."""
    return {surname: tuple(sounds) for surname, *sounds in _table("surname_readings.txt")}


@cache
def surname_readings() -> dict[str, str]:
    """Surname → its usual reading without tone, where the characters alone would be read otherwise."""
    return {surname: _toneless(first) for surname, (first, *_) in surname_sounds().items()}


@cache
def compound_surnames() -> frozenset[str]:
    """Surnames of two characters in use."""
    return frozenset(name for line in _table("compound_surnames.txt") for name in line)


def clean(name: str) -> str | None:
    """The name with widths folded, blanks and dots removed, private-use characters resolved; None where nothing is left.

    A character that some system could not write becomes WILDCARD, each `?` of several its own. A name once read in
    the wrong encoding is read again (`misread`).

    >>> clean("买买提·吐尔逊"), clean("张　伟"), clean("李??"), clean("寮犱紵")
    ('买买提吐尔逊', '张伟', '李□□', '张伟')
    """
    if _PLAIN.fullmatch(name) and not misread_heads().match(name):
        return name
    text = misread(name) or name
    text = text.translate(private_use()).translate(_KEPT_BY_NFKC).translate(_UNKNOWN)
    text = unicodedata.normalize("NFKC", text).translate(_REMOVED).lower()
    text = _STRAY.sub(WILDCARD, text)
    return text or None


def clean_character(character: str) -> str | None:
    """What `clean` makes of one character inside a name, where that is one Han character or WILDCARD; else None."""
    text = clean(character)
    return text if text is not None and len(text) == 1 and (text == WILDCARD or _HAN.fullmatch(text)) else None


def misread(name: str) -> str | None:
    """The name in Han characters whose bytes some system read in the wrong encoding; None for an honest name.

    Known are UTF-8 read as GBK (`寮犱紵` is 张伟) and UTF-8 or GBK read as Latin-1 or Windows-1252 (`ÕÅÎ°`). Where the
    name had an odd number of bytes, the last character is lost. An honest name is safe: what is read again must be
    wholly of GB 2312's Han characters, and the name as written must hold none of them or begin with no known surname.

    >>> misread("ÕÅÎ°"), misread("张伟"), misread("濮广建")
    ('张伟', None, None)
    """
    text = name.strip(" \t\r\n\u3000'\"")
    if len(text) < 2 or text.isascii():
        return None
    if _LATIN.fullmatch(text):
        written = b"".join(_latin_byte(character) for character in text)
        return _decoded(written, "utf-8") or _decoded(written, "gb18030")
    return _from_gbk(text) or _from_gbk(text.translate(_REMOVED))


@cache
def misread_heads() -> re.Pattern[str]:
    """Matches every name that `misread` may turn from Han into other Han characters (and many honest ones).

    These begin with a character whose GBK bytes begin like a Han character's UTF-8 bytes.
    """
    pairs = (bytes((lead, trail)) for lead in range(0xE4, 0xEA) for trail in range(0x80, 0xC0))
    return re.compile("^[" + "".join(pair.decode("gb18030") for pair in pairs) + "]")


def _from_gbk(text: str) -> str | None:
    """UTF-8 read as GBK, read again; None where that gives no name or the text is one already."""
    if not misread_heads().match(text) or begins_with_surname(text):
        return None
    whole = text.rstrip("?？\ufffd□")
    written = b"".join(b"\x80" if character == "€" else _two_bytes(character) for character in whole)
    if len(written) < 2 * len(whole) - whole.count("€"):
        return None
    again = _decoded(written, "utf-8") or (_decoded(written[:-2], "utf-8") if len(written) % 3 == 2 else None)
    if again is None or (_in_gb2312(whole) and not begins_with_surname(again)):
        return None
    return again + WILDCARD if len(written) % 3 == 2 else again


def _decoded(written: bytes, encoding: str) -> str | None:
    """The bytes as two or more Han characters of GB 2312, dots between them allowed; None where they are not."""
    try:
        text = written.decode(encoding)
    except UnicodeDecodeError:
        return None
    plain = text.translate(_REMOVED)
    return text if len(plain) >= 2 and _HAN.fullmatch(plain) and _in_gb2312(plain) else None


def _latin_byte(character: str) -> bytes:
    return bytes((ord(character),)) if ord(character) < 256 else character.encode("cp1252")


def _two_bytes(character: str) -> bytes:
    written = character.encode("gb18030", errors="ignore")
    return written if len(written) == 2 else b""


def _in_gb2312(text: str) -> bool:
    try:
        return len(text.encode("gb2312")) == 2 * len(text)
    except UnicodeEncodeError:
        return False


@cache
def _known_surnames() -> frozenset[str]:
    return frozenset(surname_shares()) | frozenset(surname_sounds()) | compound_surnames()


def begins_with_surname(text: str) -> bool:
    """Whether a text begins with a known surname of one or two characters."""
    return text[:1] in _known_surnames() or text[:COMBINING_SURNAMES] in _known_surnames()


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


def sounds(simple_name: str) -> tuple[str, ...]:
    """The name in syllables without tone, once for every reading of its surname; the usual one, `pinyin`, first.

    >>> sounds("翟伟"), sounds("王芳")
    (('zhaiwei', 'diwei'), ('wangfang',))
    """
    family = surname(simple_name)
    table = readings()
    given = "".join(table.get(character, character) for character in simple_name[len(family) :])
    usual = "".join(table.get(character, character) for character in family)
    spoken = surname_sounds().get(family)
    return tuple(dict.fromkeys((_toneless(one) if spoken else one) + given for one in spoken or (usual,)))


def tones(simple_name: str) -> str:
    """Syllables with their usual tones, run together; the surname read as a surname.

    >>> tones("单国强")
    'shan4guo2qiang2'
    """
    family = surname(simple_name)
    table, special = toned(), surname_sounds()
    spoken = special[family][0] if family in special else "".join(table.get(c, (c,))[0] for c in family)
    return spoken + "".join(table.get(c, (c,))[0] for c in simple_name[len(family) :])


def spelt_alike(left: str, right: str) -> bool:
    """One name spells in Latin letters what the other writes in Han characters, wholly or in part, and they sound alike.

    Every reading of a character and of a surname counts; ü may be written v, u or yu; case, blanks, hyphens, tone
    marks and tone digits do not count, nor whether a name wholly in Latin letters puts the surname first or last.

    >>> spelt_alike("李wei", "李伟"), spelt_alike("Wei Li", "李伟"), spelt_alike("LYU Na", "吕娜")
    (True, True, True)
    >>> spelt_alike("李wei", "王伟"), spelt_alike("李伟", "李伟")
    (False, False)
    """
    a, b = _letters(left), _letters(right)
    if _LETTER.search(a) is None and _LETTER.search(b) is None:
        return False
    if _spells(a, b):
        return True
    for latin, han in ((a, b), (b, a)):
        if _HAN.search(latin) is None and _HAN.fullmatch(han):
            family = surname(han)
            return any(
                latin.endswith(spoken) and _spells(latin.removesuffix(spoken), han[len(family) :], family_first=False)
                for spoken in _family_spellings(family)
            )
    return False


def _letters(name: str) -> str:
    """The name simplified and in lower case: Han characters, wildcards, and Latin letters without tone marks."""
    parts = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", name).lower())
    marked = unicodedata.normalize("NFC", parts.translate(_TONE_MARKS))
    return simplify(_NEITHER.sub("", marked))


def _spells(a: str, b: str, family_first: bool = True) -> bool:
    """Whether two names agree character by character where a stretch of letters may spell a Han character.

    Something must be spelt, or there is nothing to say.
    """
    families = (surname(a), surname(b)) if family_first else ("", "")

    def spoken(name: str, place: int, family: str) -> Iterator[tuple[int, str]]:
        """Ways to read on: how many characters are taken, and how they may be spelt."""
        if place == 0 and family in surname_sounds():
            yield from ((len(family), spelling) for spelling in _family_spellings(family))
        yield from ((1, spelling) for one in toned().get(name[place], ()) for spelling in _spellings(_toneless(one)))

    def agree(i: int, j: int, spelt: bool) -> bool:
        if i == len(a) or j == len(b):
            return spelt and i == len(a) and j == len(b)
        if a[i] == b[j]:
            return agree(i + 1, j + 1, spelt)
        if _LETTER.match(a[i]) and not _LETTER.match(b[j]):
            return any(
                a.startswith(spelling, i) and agree(i + len(spelling), j + taken, True)
                for taken, spelling in set(spoken(b, j, families[1]))
            )
        if _LETTER.match(b[j]) and not _LETTER.match(a[i]):
            return any(
                b.startswith(spelling, j) and agree(i + taken, j + len(spelling), True)
                for taken, spelling in set(spoken(a, i, families[0]))
            )
        return False

    return agree(0, 0, False)


def _family_spellings(family: str) -> tuple[str, ...]:
    """Every way to spell a surname."""
    single = [toned().get(character, (character,)) for character in family]
    spoken = [_toneless(one) for one in surname_sounds().get(family, ())]
    spoken += [_toneless("".join(syllables)) for syllables in product(*single)]
    return tuple(dict.fromkeys(spelling for one in spoken for spelling in _spellings(one)))


def _spellings(syllable: str) -> tuple[str, ...]:
    """A syllable as passports, banks and keyboards spell it."""
    if "v" not in syllable:
        return (syllable,)
    return tuple(syllable.replace("v", vowel) for vowel in ("v", "u", "yu", "ü"))


def _toneless(sound: str) -> str:
    return sound.translate(_TONES)


@cache
def surname_shares() -> dict[str, float]:
    """Surname → its share of the population in percent."""
    return {surname: float(share) for surname, share in _table("surname_shares.txt")}


@cache
def given_name_table() -> dict[str, tuple[str, ...]]:
    """`men` and `women`: characters of given names; `whole`: given names that many bear. Commonest first, each once."""
    return {kind: tuple(dict.fromkeys(listed)) for kind, *listed in _table("given_names.txt")}
