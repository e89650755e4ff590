"""Phones and addresses as they are written, folded to what can be compared."""

from __future__ import annotations

import re
import unicodedata

REGULAR_PHONE = r"^1[3-9]\d{9}$"

_BLANKS = re.compile(r"[\s\u3000\u200b\ufeff,，.。;；:：'\"“”‘’()（）\[\]【】、/\\|·_*#]+")
_BUILDING = re.compile(r"(号楼|栋|幢|座|单元|号院|楼)")
_ROOM = re.compile(r"(室|户|房)$")
_REGION = re.compile(r"^.{2,3}?(?:省|自治区)")
_CITY = re.compile(r"^.{2,4}?(?:市|地区|自治州|盟)(?=.)")


def phone(written: str) -> str | None:
    """The digits of a phone without the country's code; None where fewer than seven are left or all are one digit.

    >>> phone("+86 138-0013-8000")
    '13800138000'
    """
    digits = "".join(
        character for character in unicodedata.normalize("NFKC", written).removesuffix(".0") if character.isdecimal()
    )
    if len(digits) > 11:
        digits = digits.removeprefix("0086").removeprefix("86")
    return digits if len(digits) >= 7 and len(set(digits)) > 1 else None


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
