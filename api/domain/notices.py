"""A public notice (公示): what everybody may read of a household that is to be recorded, in a form that finds nobody (F-30).

County sites have published whole citizen numbers and bank cards of poor households in such lists. So a notice here is a
value that cannot hold one: each of its texts has a narrow form, checked however it is made, from a household or from a
row of the database. What does not fit the form is left out, never shortened until it fits.

A child's household, and a protected person's (F-29), is told of without anything that is theirs.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from enum import StrEnum

from api.domain.categories import HardshipCategory
from api.domain.files import Tier
from api.domain.people import age

CHILD_UNTIL = 14
"""Younger than this nobody is named: all data of theirs is sensitive (PIPL, article 28)."""

STAR = "*"
HIDDEN_DIGITS = 14
HAN = r"〇\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af"
NUMERALS = "〇零一二三四五六七八九十百千万亿两壹贰叁肆伍陆柒捌玖拾佰仟"
MOST_OF_NUMBERS = {"street": 3, "keeper": 4}
ILLNESS = "病癌症瘤炎残孕患疾"

_SURNAME = rf"[{HAN}A-Z]?"
_TOWNSHIP, _ROAD = "(?:街道|镇|乡)", "(?:大街|大道|路|街|巷|胡同|道)"
_FORMS = {
    "number": re.compile(r"GS-[BCDFGHJKLMNPQRSTVWXZ]{7}"),
    "applicant": re.compile(rf"{_SURNAME}\*"),
    "id_number": re.compile(rf"[0-9]{{4}}\*{{{HIDDEN_DIGITS}}}"),
    "division_code": re.compile(r"[0-9]{6}"),
    "street": re.compile(rf"(?=.)(?:[{HAN}]{{1,7}}{_TOWNSHIP})?(?:[{HAN}]{{1,7}}{_ROAD})?"),
    "keeper": re.compile(rf"[{HAN}A-Za-z0-9·（）() ]{{1,36}}(?:工会|工会委员会|工会联合会|中心|服务站)"),
}
"""The form of each text of a notice."""

_ABOVE = "".join(
    rf"(?:[{HAN}]{{1,7}}?(?:{marks})\s*)?" for marks in ("省|自治区", "市|自治州|地区|盟", "区|县|市|旗")
)
_ADDRESS = re.compile(
    rf"\s*{_ABOVE}(?P<township>[{HAN}]{{1,7}}?{_TOWNSHIP})?(?:办事处)?\s*(?P<road>[{HAN}]{{1,7}}?{_ROAD})?"
)


class NoticeForm(StrEnum):
    """Whether a notice says who applies."""

    NAMED = "NAMED"
    UNNAMED = "UNNAMED"


class NoticePlace(StrEnum):
    """Where a notice is put up."""

    WORKPLACE = "WORKPLACE"
    COMMUNITY = "COMMUNITY"
    STREET_OFFICE = "STREET_OFFICE"
    UNION_CENTRE = "UNION_CENTRE"
    WEBSITE = "WEBSITE"


class ObjectionChannel(StrEnum):
    """How somebody may object; a telephone number of an office's stands in no notice, but for the unions' own hotline."""

    IN_PERSON = "IN_PERSON"
    LETTER = "LETTER"
    HOTLINE = "HOTLINE"


class NoticeState(StrEnum):
    """Whether a notice is up. One that is down says nothing of anybody any more."""

    OPEN = "OPEN"
    TAKEN_DOWN = "TAKEN_DOWN"


class TakenDown(StrEnum):
    """Why a notice is down."""

    ENDED = "ENDED"
    LEFT_STAGE = "LEFT_STAGE"
    PROTECTED = "PROTECTED"


@dataclass(frozen=True, slots=True)
class Noticed:
    """The household of which a notice is made, as the register has it; `names` are those of everybody in it, as written.

    `protected` is whether somebody in it is a protected person.
    """

    name: str | None
    id_number: str | None
    born: dt.date
    address: str | None
    division_code: str
    names: tuple[str, ...]
    people: int
    tier: Tier | None
    category: HardshipCategory | None
    keeper: str | None
    protected: bool


@dataclass(frozen=True, slots=True)
class PublicNotice:
    """What is published. Its texts have the forms above, whoever makes it; raises ValueError otherwise.

    UNNAMED, it has its own number, the county and its days.
    """

    number: str
    form: NoticeForm
    division_code: str
    places: tuple[NoticePlace, ...]
    channels: tuple[ObjectionChannel, ...]
    from_day: dt.date
    to_day: dt.date
    applicant: str | None = None
    id_number: str | None = None
    street: str | None = None
    people: int | None = None
    tier: Tier | None = None
    category: HardshipCategory | None = None
    keeper: str | None = None

    def __post_init__(self) -> None:
        """Refuses what has another form, without repeating it."""
        for name, form in _FORMS.items():
            text = getattr(self, name)
            if text is not None and not (form.fullmatch(text) and _harmless(text, name)):
                raise ValueError(f"the {name} of a notice has another form")
        if self.form is NoticeForm.UNNAMED and any(getattr(self, name) is not None for name in OF_SOMEBODY):
            raise ValueError("an unnamed notice says nothing of anybody")

    @classmethod
    def of(
        cls,
        household: Noticed,
        number: str,
        places: Iterable[NoticePlace],
        channels: Iterable[ObjectionChannel],
        from_day: dt.date,
        to_day: dt.date,
        fold: Callable[[str], str | None] = lambda text: text,
    ) -> PublicNotice:
        """The notice of a household, masked; `fold` gives the form in which names are compared."""
        unnamed = cls(
            number, NoticeForm.UNNAMED, household.division_code, tuple(places), tuple(channels), from_day, to_day
        )
        if household.protected or age(household.born, from_day) < CHILD_UNTIL:
            return unnamed
        names = [folded for name in household.names if (folded := _compared(name, fold))]
        given = [name[1:] for name in names if len(name) > 2]
        return replace(
            unnamed,
            form=NoticeForm.NAMED,
            applicant=surname(household.name),
            id_number=leading_digits(household.id_number),
            street=without([*names, *given], street(household.address), fold),
            people=household.people,
            tier=household.tier,
            category=household.category,
            keeper=without(names, organisation(household.keeper), fold),
        )


OF_SOMEBODY = tuple(each.name for each in fields(PublicNotice) if each.default is None)
"""What a notice says of a household; deleted when it is taken down."""


def surname(name: str | None) -> str:
    """The first character and a star, however long the name is: 张*. A star alone where it begins with no letter.

    >>> surname("张晓明"), surname("410502 张"), surname(None)
    ('张*', '*', '*')
    """
    first = _normal(name)[:1].upper()
    return first + STAR if _FORMS["applicant"].fullmatch(first + STAR) else STAR


def leading_digits(id_number: str | None) -> str | None:
    """The first four digits of a citizen number; None of what is none.

    >>> leading_digits("41050219900101123x"), leading_digits("13812345678")
    ('4105**************', None)
    """
    digits = re.sub(r"[\s-]", "", _normal(id_number))
    if not re.fullmatch(r"[0-9]{15}|[0-9]{17}[0-9Xx]", digits):
        return None
    return digits[:4] + STAR * HIDDEN_DIGITS


def street(address: str | None) -> str | None:
    """The township and the street at the beginning of an address, as far as it is written as addresses are; else None.

    >>> street("河南省安阳市文峰区平原路215号3单元802"), street("电话13812345678 平原路")
    ('平原路', None)
    """
    found = _ADDRESS.match(_normal(address))
    text = (found["township"] or "") + (found["road"] or "") if found else ""
    return text if text and _harmless(text, "street") else None


def organisation(name: str | None) -> str | None:
    """The name of a union, or of a centre of theirs, if it is written as one is; None of anything else."""
    text = _normal(name)
    return text if _FORMS["keeper"].fullmatch(text) and _harmless(text, "keeper") else None


def without(names: Iterable[str], text: str | None, fold: Callable[[str], str | None]) -> str | None:
    """The text, unless one of these names stands in it."""
    return None if text is None or any(name in _compared(text, fold) for name in names) else text


def _harmless(text: str, name: str) -> bool:
    """Whether a text of few words holds neither a number written out nor an illness."""
    most = MOST_OF_NUMBERS.get(name)
    if most is None:
        return True
    numbers = sum(sign.isdigit() or sign in NUMERALS for sign in text)
    return numbers <= most and not any(sign in ILLNESS for sign in text)


def _normal(text: str | None) -> str:
    return unicodedata.normalize("NFKC", text or "").strip()


def _compared(text: str, fold: Callable[[str], str | None]) -> str:
    """Letters alone, in one form: by which a name is found within another text."""
    letters = "".join(sign for sign in _normal(text).casefold() if sign.isalpha())
    return fold(letters) or letters
