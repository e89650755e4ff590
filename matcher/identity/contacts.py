"""Phones and addresses as they are written, folded to what can be compared."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from matcher.identity import fillers

REGULAR_PHONE = "^1[3-9][0-9](?:" + "|".join(f"0{{{n}}}[1-9][0-9]{{{7 - n}}}" for n in range(8)) + ")$"
"""A mobile that needs no folding: ASCII digits, and the last eight not all zeros, which is how a field is filled."""

PlaceLevel = Literal["equal", "same_building", "same_road", "different"]

_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_TWO_MOBILES = re.compile(r"(1[3-9][0-9]{9})1[3-9][0-9]{9}")
_LOST_ITS_ZERO = re.compile(r"(?!400|800)(?:(?:10|2[0-9])[0-9]{8}|[3-9][0-9]{9,10})", re.A)
_LANDLINE = re.compile(r"0(?:[0-9]{2}-?[0-9]{7,8}|[0-9]{3}-?[0-9]{7})")
_BETWEEN_PHONES = re.compile(r"[/、;,|\n]|或")
_EXTENSION = re.compile(r"(?:转|分机|EXT\.?|X|#).*$|(?<=[0-9]{7})-[0-9]{1,5}$")
_DAMAGED_PHONE = re.compile(r"[0-9]\.?[0-9]*E\+?[0-9]+|[0-9][*X]{2,}[0-9]")

_BLANKS = re.compile(r"[\s\u3000\u200b\ufeff,，.。;；:：'\"“”‘’()（）\[\]【】、/\\|·_*#]+")
_BUILDING = re.compile(r"(号楼|栋|幢|座|单元|号院|楼)")
_ROOM = re.compile(r"(室|户|房)$")
_REGION = re.compile(r"^.{2,3}?(?:省|自治区)")
_CITY = re.compile(r"^.{2,4}?(?:市|地区|自治州|盟)(?=.)")

_DIGITS = {
    numeral: value
    for value, pair in enumerate(("〇零", "一", "二两", "三", "四", "五", "六", "七", "八", "九"))
    for numeral in pair
}
_IN_BRACKETS = re.compile(r"[(\[【〔]([^)\]】〕]*)[)\]】〕]?")
_SAYS_WHERE = re.compile(r"[0-9A-Z一二三四五六七八九十](?:号|栋|幢|座|单元|室|#)")
_IGNORED = re.compile(r"[\s\u200b\ufeff,.。;:'\"“”‘’、\\|·_*()\[\]【】〔〕]+")
_DASHES = re.compile(r"[-—–－~～/]+")
_COUNTED = re.compile(r"[〇零一二两三四五六七八九十百]+(?=号|栋|幢|座|排|单元|层|楼|室|弄|#|组)")

_COUNTY_CITIES = (
    "林州 卫辉 辉县 长垣 沁阳 孟州 济源 巩义 荥阳 新密 新郑 登封 汝州 舞钢 禹州 长葛 义马 灵宝 邓州 永城 项城 偃师"
)
"""Cities of Henan that are counties: beside them a city that stands alone is a prefecture, and says no county."""

_COUNTY_CITY = re.compile("(?:" + "|".join(_COUNTY_CITIES.split()) + ")市")
_PROVINCE = re.compile(r"[^路街号村市县0-9]{2,6}?(?:省|自治区)")
_PREFECTURE = re.compile(r"[^路街号村0-9]{2,7}?(?:市|地区|自治州|盟)")
_COUNTY = re.compile(r"[^路街巷号村0-9]{1,9}?(?:(?<![小社校厂园院属活宅])区|县|旗)(?!路|街|大道|巷)")
_TOWN = re.compile(
    r"(?:[^号村巷0-9]{1,8}?(?:街道办事处|街道办|办事处)|[^号村巷路0-9]{1,5}路街道(?=[^0-9])"
    r"|[^路号村巷0-9]{1,7}?(?:街道|镇|乡))(?!路|街|大道|巷|村)"
)
_OFFICE = re.compile(r"(?:街道)?(?:办事处|街道办)$")
_COMMUNITY = re.compile(r"[^路号村0-9]{2,8}?(?:社区居委会|社区居民委员会|居委会|居民委员会|社区)")
_SAYS_PLACE = re.compile(r"路|街|道|巷|村|小区|院|苑|园")
_ROAD = re.compile(
    r"([^0-9]{1,10}?(?:大道|大街|胡同|国道|省道|路|街|巷|弄|道)(?!村|小区|社区|花园|家属))(?:[东西南北中]段)?(?:[路东西南北]侧)?"
)
_CROSSING = re.compile(
    r"^(?:[与和]?[^0-9]{1,10}?(?:交叉口|交汇处|路口)|[与和][^0-9]{1,8}?[路街道])(?:[东西南北]{1,2}[侧角边]?)?"
)
_NUMBER = re.compile(
    r"(?:第|门牌)?(?P<before>[甲乙丙丁])?(?P<digits>[0-9]+(?:-[0-9]+)?)(?:号|弄)(?!楼|栋|幢|座)"
    r"(?P<after>[甲乙丙丁](?![座栋]))?(?:[附之](?P<sub>[0-9]+)号?)?院?内?-?"
)
_FIRST_COUNT = re.compile(r"-?[0-9]|[A-Z][0-9]*(?:号楼|栋|幢|座|楼|#|-)|[甲乙丙丁东西南北中](?:座|栋|楼|单元|户)")
_COMMITTEE = re.compile(r"村?(?:民委员会|委会)$")
_ESTATE = re.compile(r"小区|家属|苑|园|公寓|大厦|广场|院")
_FLOOR = re.compile(r"第?[0-9]+层|(?<=[楼栋幢座元#])[0-9]+楼")
_HOUSE = re.compile(r"([A-Z]?[0-9]+[A-Z]?|[A-Z]|[甲乙丙丁东西南北])(?:号楼|#楼|#|栋|幢|座|楼|排|号(?=-?[0-9]+单元))")
_UNIT = re.compile(r"([0-9]+|[A-Z]|[甲乙丙丁东西南北中])(?:单元|门(?!牌))|([0-9]+组)")
_DOOR = re.compile(r"([A-Z]?[0-9]+[A-Z]?|[东西南北中])(?:室|户|房|号)")
_COUNT = re.compile(r"[A-Z]?[0-9]+[A-Z]?")
_BARE = re.compile(r"-?[0-9]+")


def phone(written: str) -> str | None:
    """The digits of a phone without country code and extension; None where fewer than seven are left or it is a filler.

    Of several phones in a cell the first mobile counts, else the first phone. A zero before a mobile goes, and the one
    that a spreadsheet took from an area code comes back. Fillers are one digit repeated, digits that count up or down, and
    numbers that end in zeros only.

    >>> phone("+86 138-0013-8000"), phone("0372-1234568转801"), phone("0372-1234568/13800138000"), phone("3721234568")
    ('13800138000', '03721234568', '13800138000', '03721234568')
    """
    if _LANDLINE.fullmatch(written):
        digits = written.replace("-", "")
        return None if _is_filler(digits) else digits
    text = unicodedata.normalize("NFKC", written).upper().strip().removesuffix(".0")
    if _DAMAGED_PHONE.search(text):
        return None
    found = [digits for part in _BETWEEN_PHONES.split(text) if len(digits := _phone_digits(part)) >= 7]
    found = found or [_phone_digits(text)]
    chosen = next((digits for digits in found if _MOBILE.fullmatch(digits)), found[0])
    if len(chosen) < 7 or _is_filler(chosen):
        return None
    return f"0{chosen}" if _LOST_ITS_ZERO.fullmatch(chosen) else chosen


def _phone_digits(text: str) -> str:
    digits = "".join(c for c in _EXTENSION.sub("", text.strip()) if "0" <= c <= "9")
    if two := _TWO_MOBILES.fullmatch(digits):
        return two[1]
    if len(digits) > 11:
        national = digits.removeprefix("0086").removeprefix("86")
        if national != digits:
            trunk = not _MOBILE.fullmatch(national) and not national.startswith("0")
            digits = "0" + national if trunk else national
    return digits[1:] if len(digits) == 12 and _MOBILE.fullmatch(digits[1:]) else digits


def _is_filler(digits: str) -> bool:
    zeros = 8 if _MOBILE.fullmatch(digits) else 7
    return digits.endswith("0" * zeros) or fillers.stands_or_counts(digits)


def address(written: str) -> str | None:
    """An address with widths, blanks and marks folded, province and prefecture cut off, building words unified.

    >>> address("河南省安阳市文峰区人民大道１２号３号楼２单元501室")
    '文峰区人民大道12号3-2-501'
    """
    text = _BLANKS.sub("", unicodedata.normalize("NFKC", written)).upper()
    text = _CITY.sub("", _REGION.sub("", text))
    text = _ROOM.sub("", _BUILDING.sub("-", text))
    text = re.sub(r"[-—－~]+", "-", text).strip("-")
    return text or None


def parse(written: str) -> Address | None:
    """The parts of a written address; None where neither road, village, estate nor building can be told.

    Province and prefecture go, and so do floors, crossings and what stands in brackets beside the name of a place.
    Chinese numerals before 号, 栋, 单元, 室 and their like count as digits; `3-2-501` is building, unit and room.

    >>> parse("河南省安阳市文峰区人民大道１２号３号楼２单元501室")
    Address(division='文峰区', road='人民大道', number='12', building='3', unit='2', room='501')
    >>> parse("锦绣小区十二栋501")
    Address(division='', road='锦绣小区', number='', building='12', unit='', room='501')
    """
    text = _fold(written)
    division, text = _take_division(text)
    road = number = ""
    if taken := _ROAD.match(text):
        road, text = taken[1], text[taken.end() :]
        text = _CROSSING.sub("", text)
        number, text = _take_number(text)
    place, text = _take_place(text)
    if place:
        road += place
        if not number:
            number, text = _take_number(text)
    building, unit, room = _take_dwelling(text)
    if road and building and not (number or unit or room) and _BARE.fullmatch(text) and not _ESTATE.search(road):
        number, building = building, ""
    if unit.endswith("组") and not (number or building):
        number, room = room, ""
    return Address(division, road, number, building, unit, room) if road or building else None


def place_level(left: Address, right: Address) -> PlaceLevel:
    """How near two addresses are to one another.

    `equal`: all that both say agrees, and both say road and number, or road, building and room; what one side leaves
    out contradicts nothing. `same_building`: road and building agree (or road and number, where no building is said).
    `same_road`: the road, village or estate agrees. Else `different`, as where one of them says no road.
    """
    if not (_divisions_agree(left.division, right.division) and _roads_agree(left.road, right.road)):
        return "different"
    groups = "组" in left.unit + right.unit
    number = _numbers_agree(left.number, right.number) and (not groups or _agree(left.unit, right.unit))
    building = _agree(left.building, right.building)
    inside = _agree(left.unit, right.unit) and _agree(left.room, right.room)
    numbered = bool(left.number and right.number)
    built = bool(left.building and right.building)
    if not number or not building:
        return "same_road"
    if inside and (numbered or (built and left.room and right.room)):
        return "equal"
    return "same_building" if built or (numbered and not left.building and not right.building) else "same_road"


def _agree(left: str, right: str) -> bool:
    return left == right or not left or not right


def _divisions_agree(left: str, right: str) -> bool:
    """Counties agree, and townships, where both are said."""
    (county, town), (other_county, other_town) = _split_division(left), _split_division(right)
    return _agree(county, other_county) and _agree(town, other_town)


def _split_division(division: str) -> tuple[str, str]:
    county = _COUNTY.match(division) or _COUNTY_CITY.match(division)
    return (county[0], division[county.end() :]) if county else ("", division)


def _roads_agree(left: str, right: str) -> bool:
    """The street and the estate agree where both say them, and one of the two is said by both."""
    (street, estate), (other_street, other_estate) = _split_road(left), _split_road(right)
    shared = (street and other_street) or (estate and other_estate)
    return bool(shared) and _agree(street, other_street) and _agree(estate, other_estate)


def _split_road(road: str) -> tuple[str, str]:
    street = _ROAD.match(road)
    return (street[0], road[street.end() :]) if street else ("", road)


def _numbers_agree(left: str, right: str) -> bool:
    """12 agrees with 12附3: one side left out the smaller part."""
    short, long = sorted((left, right), key=len)
    return _agree(left, right) or (long.startswith(short) and not long[len(short)].isdigit())


def _fold(written: str) -> str:
    text = unicodedata.normalize("NFKC", written).upper()
    text = _IN_BRACKETS.sub(lambda found: found[1] if _SAYS_WHERE.search(found[1]) else "", text)
    text = _DASHES.sub("-", _IGNORED.sub("", text))
    return _COUNTED.sub(lambda found: str(_value(found[0])), text)


def _value(numeral: str) -> int:
    """The value of a Chinese numeral below one thousand, written with or without its tens."""
    if not set(numeral) & set("十百"):
        return int("".join(str(_DIGITS[c]) for c in numeral))
    total, digit = 0, 0
    for character in numeral:
        if character in "十百":
            total += (digit or 1) * (10 if character == "十" else 100)
            digit = 0
        else:
            digit = _DIGITS[character]
    return total + digit


def _take_division(text: str) -> tuple[str, str]:
    if province := _PROVINCE.match(text):
        text = text[province.end() :]
    county = _COUNTY_CITY.match(text)
    if county is None:
        if prefecture := _PREFECTURE.match(text):
            text = text[prefecture.end() :]
        county = _COUNTY_CITY.match(text) or _COUNTY.match(text)
    division = county[0] if county else ""
    text = text[len(division) :]
    if town := _TOWN.match(text):
        division += _OFFICE.sub("街道", town[0])
        text = text[town.end() :]
    if (community := _COMMUNITY.match(text)) and _SAYS_PLACE.search(text[community.end() :]):
        text = text[community.end() :]
    return division, text


def _take_number(text: str) -> tuple[str, str]:
    """A house number at the head: digits with 号, and what is 附 or 甲 to it."""
    found = _NUMBER.match(text)
    if found is None:
        return "", text
    number = found["digits"] + (found["before"] or found["after"] or "")
    if found["sub"]:
        number += "附" + found["sub"]
    return number, text[found.end() :]


def _take_place(text: str) -> tuple[str, str]:
    """The name of a village or an estate: what stands before the first digit or lettered building."""
    end = _FIRST_COUNT.search(text)
    head = text[: end.start()] if end else text
    place = _COMMITTEE.sub("村", head.removeprefix("院").removeprefix("内").strip("-"))
    return (place if len(place) >= 2 else ""), text[len(head) :]


def _take_dwelling(text: str) -> tuple[str, str, str]:
    """Building, unit and room, by their words or by their place between dashes."""
    text = _FLOOR.sub("", text)
    named = {"building": "", "unit": "", "room": ""}

    def take(part: str) -> Callable[[re.Match[str]], str]:
        def keep(found: re.Match[str]) -> str:
            named[part] = next(group for group in found.groups() if group)
            return "-"

        return keep

    text = _HOUSE.sub(take("building"), text, count=1)
    text = _UNIT.sub(take("unit"), text, count=1)
    text = _DOOR.sub(take("room"), text, count=1)
    rest = [part for part in text.split("-") if _COUNT.fullmatch(part)]
    if rest and not named["room"] and (len(rest) > 1 or named["building"] or named["unit"] or len(rest[0]) >= 3):
        named["room"] = rest.pop()
    if rest and not named["building"]:
        named["building"] = rest.pop(0)
    if rest and not named["unit"]:
        named["unit"] = rest.pop(0)
    return tuple(part.lstrip("0") for part in named.values())  # type: ignore[return-value]


@dataclass(frozen=True, slots=True)
class Address:
    """An address in its parts, each '' where it is not said.

    `division`: county or district, and township. `road`: the road, the village or estate, or both run together.
    `number`: the house's on the road (`12`, `12附3`, `12甲`). `building`, `unit` (or a village's group) and `room`.
    """

    division: str
    road: str
    number: str
    building: str
    unit: str
    room: str
