"""What may be declared by whom: an unknown value is a declaration, too, and never a zero."""

from __future__ import annotations

import pytest

from api.domain.declarations import Declared, DeclaredItem, check
from api.domain.errors import NotDone

I = DeclaredItem  # noqa: E741


@pytest.mark.parametrize(
    ("declared", "refused"),
    [
        (Declared({I.MONTHLY_INCOME: 0, I.HOMES: 1}), None),
        (Declared({I.MONTHLY_INCOME: None}), None),
        (Declared({I.EMPLOYMENT: "灵活就业", I.MARITAL_STATUS: "MARRIED"}, member_id=1), None),
        (Declared({I.MONTHLY_INCOME: -1}), "not negative"),
        (Declared({I.VEHICLES: True}), "not negative"),
        (Declared({I.VEHICLES: "two"}), "not negative"),
        (Declared({I.EMPLOYMENT: "灵活就业"}), "by a household, or by a member"),
        (Declared({I.HOMES: 1}, member_id=1), "by a household, or by a member"),
        (Declared({I.EMPLOYMENT: " "}, member_id=1), "1 to 200"),
        (Declared({I.EMPLOYMENT: "x" * 201}, member_id=1), "1 to 200"),
        (Declared({I.MARITAL_STATUS: "DIVORCING"}, member_id=1), "not one that we know"),
    ],
)
def test_what_may_be_declared(declared: Declared, refused: str | None) -> None:
    if refused is None:
        check(declared)
        return
    with pytest.raises(NotDone, match=refused):
        check(declared)
