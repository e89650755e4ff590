"""A citizen number as an office may write it: one way a kind of error, given the number and a random whole number."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from matcher.identity.numbers import CHECK_CHARACTERS

Damage = Callable[[str, int], str | None]
CITIZEN = 18
FILLERS = ("无", "不详", "0", "111111111111111111", "无身份证", "000000000000000000", "未办理", "123456789012345678")
_FULL_WIDTH = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")
_CHECKS = CHECK_CHARACTERS.tobytes().decode("ascii")


def missing(number: str, draw: int) -> str | None:
    """Nothing."""
    return None


def filler(number: str, draw: int) -> str | None:
    """What clerks type where the form insists."""
    return FILLERS[draw % len(FILLERS)]


def fifteen(number: str, draw: int) -> str | None:
    """The form of 1989."""
    return number[:6] + number[8:17]


def full_width(number: str, draw: int) -> str | None:
    """In wide characters."""
    return number.translate(_FULL_WIDTH)


def lower_x(number: str, draw: int) -> str | None:
    """A small x."""
    return number.lower()


def blanks(number: str, draw: int) -> str | None:
    """With blanks, dashes, or the mark that keeps a spreadsheet from counting."""
    a, b, c = number[:6], number[6:14], number[14:]
    return (f"{a} {b} {c}", f"{a}-{b}-{c}", number + " ", "'" + number, f"{a}　{b}　{c}")[draw % 5]


def digit(number: str, draw: int) -> str | None:
    """One character wrong, at any of the eighteen places."""
    place, draw = draw % CITIZEN, draw // CITIZEN
    pool = _CHECKS if place == CITIZEN - 1 else "0123456789"
    others = pool.replace(number[place], "")
    return number[:place] + others[draw % len(others)] + number[place + 1 :]


def swap(number: str, draw: int) -> str | None:
    """Two unequal neighbours among the digits swapped."""
    for step in range(CITIZEN - 2):
        place = (draw + step) % (CITIZEN - 2)
        if number[place] != number[place + 1]:
            return number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    return number


def masked(number: str, draw: int) -> str | None:
    """Parts hidden for privacy: the middle, the year and after, or the end."""
    match draw % 5:
        case 0 | 1:
            return number[:6] + "*" * 8 + number[14:]
        case 2:
            return number[:10] + "*" * 4 + number[14:]
        case 3:
            return number[:12] + "*" * 6
        case _:
            return number[:3] + "*" * 11 + number[14:]


def excel(number: str, draw: int) -> str | None:
    """Kept by a spreadsheet as a quantity of fifteen digits."""
    first = number[:15]
    match draw % 4:
        case 0 | 1:
            return first + "000"
        case 2:
            return f"{number[0]}.{number[1:6]}E+17"
        case _:
            return f"{number[0]}.{first[1:].rstrip('0')}E+17"


def truncated(number: str, draw: int) -> str | None:
    """Cut by a narrow column to fourteen to seventeen characters."""
    return number[: 14 + draw % 4]


DAMAGES: Mapping[str, Damage] = {
    "number_missing": missing,
    "number_filler": filler,
    "number_fifteen": fifteen,
    "number_full_width": full_width,
    "number_lower_x": lower_x,
    "number_blanks": blanks,
    "number_digit": digit,
    "number_swap": swap,
    "number_masked": masked,
    "number_excel": excel,
    "number_truncated": truncated,
}
ANY_FORM = ("number_missing", "number_filler", "number_full_width")
"""The kinds that fall on permits and passports too; all others need a citizen number."""
