"""What households and people declare: each item with its kind of value, and whose it is. Unknown is never zero."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from api.domain.errors import NotDone, UserErrorCode
from api.domain.people import MaritalStatus

LONGEST = 200


class DeclaredItem(StrEnum):
    """One thing that is declared: an amount a month or in all, a count, or a word."""

    MONTHLY_INCOME = "MONTHLY_INCOME"
    DEPOSITS = "DEPOSITS"
    VEHICLES = "VEHICLES"
    HOMES = "HOMES"
    BUSINESSES = "BUSINESSES"
    EMPLOYMENT = "EMPLOYMENT"
    MARITAL_STATUS = "MARITAL_STATUS"


class DeclarationSource(StrEnum):
    """How we came to know what was declared."""

    REGISTER = "REGISTER"
    APPLICATION = "APPLICATION"
    CHANGE = "CHANGE"


OF_HOUSEHOLDS: Mapping[DeclaredItem, str] = {
    DeclaredItem.MONTHLY_INCOME: "declared_monthly_income_fen",
    DeclaredItem.DEPOSITS: "declared_deposits_fen",
    DeclaredItem.VEHICLES: "declared_vehicles",
    DeclaredItem.HOMES: "declared_homes",
    DeclaredItem.BUSINESSES: "declared_businesses",
}
"""What a household declares, and the column that holds the latest."""

OF_MEMBERS: Mapping[DeclaredItem, str] = {
    DeclaredItem.MONTHLY_INCOME: "declared_monthly_income_fen",
    DeclaredItem.EMPLOYMENT: "declared_employment",
    DeclaredItem.MARITAL_STATUS: "declared_marital_status",
}
"""What each member declares, likewise."""

MONEY = frozenset({DeclaredItem.MONTHLY_INCOME, DeclaredItem.DEPOSITS})
WORDS = frozenset({DeclaredItem.EMPLOYMENT, DeclaredItem.MARITAL_STATUS})


@dataclass(frozen=True, slots=True)
class Declared:
    """What a household, or the member named, declares: fen, counts, words; None that it is not known.

    What is not among the items was not spoken of.
    """

    items: Mapping[DeclaredItem, int | str | None] = field(default_factory=dict)
    member_id: int | None = None


def check(declared: Declared, path: tuple[str, ...] = ("input", "declared")) -> None:
    """Raises NotDone for an item that is not the household's, or the member's, and for a value that cannot be."""
    columns = OF_HOUSEHOLDS if declared.member_id is None else OF_MEMBERS
    for item, value in declared.items.items():
        if item not in columns:
            raise _refused(
                path, "该项不适用于所填对象。", f"{item} is not declared so: by a household, or by a member."
            )
        if value is None:
            continue
        if item in WORDS:
            _check_word(item, value, path)
        elif not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise _refused(path, "申报的数值不能为负。", f"{item}: what is declared is not negative.")


def _check_word(item: DeclaredItem, value: int | str, path: tuple[str, ...]) -> None:
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST:
        raise _refused(path, f"申报内容须为 1 至 {LONGEST} 个字。", f"{item}: 1 to {LONGEST} characters.")
    if item is DeclaredItem.MARITAL_STATUS and value not in MaritalStatus.__members__:
        raise _refused(path, "婚姻状况无法识别。", "The marital status is not one that we know.")


def _refused(path: tuple[str, ...], zh: str, en: str) -> NotDone:
    return NotDone(UserErrorCode.INVALID, path, zh, en)
