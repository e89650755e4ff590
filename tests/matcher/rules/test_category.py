"""H13: the category in the file beside what the sources tell of the income."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from matcher.rules.rule import Facts

Scene = Callable[..., Facts]
Run = Callable[[str, Facts], list[dict[str, Any]]]

HOME = {"household_id": "H1", "applied_on": "2022-05-01", "file_opened_on": "2022-06-01", "division_code": "410502"}
HEAD = {"person_id": "P1", "household_id": "H1", "relation": "HEAD"}
ASKED = ("tax", "social_insurance", "unemployment_benefit", "aid")

CASES = [
    # the file, the wage of each month (None: unknown), whether all sources have answered, which side
    ("deep, above the line", {"category": "深度困难"}, [700] * 6, True, "ABOVE"),
    ("deep, below the line", {"category": "深度困难"}, [600] * 6, True, None),
    ("deep, one month below", {"category": "深度困难"}, [700] * 5 + [600], True, None),
    ("deep, one month unknown", {"category": "深度困难"}, [700, None, 700, 700, 700, 700], True, None),
    ("deep, sources that have not answered", {"category": "深度困难"}, [700] * 6, False, None),
    ("relative, between line and twice the line", {"category": "相对困难"}, [1000] * 6, True, None),
    ("relative, above twice the line", {"category": "相对困难户"}, [1400] * 6, True, "ABOVE"),
    ("relative, below the line", {"category": "相对困难", "declared_monthly_income_yuan": 100}, [300] * 6, True, "BELOW"),
    ("relative, declares to be above", {"category": "相对困难", "declared_monthly_income_yuan": 900}, [300] * 6, True, None),
    ("at the margin, above one and a half", {"category": "低保边缘户"}, [1000] * 6, True, "ABOVE"),
    ("dibao household, above the line", {"category": "低保户"}, [700] * 6, True, "ABOVE"),
    ("an illness comes first", {"category": "深度困难", "causes": "重特大疾病"}, [700] * 6, True, None),
    ("an illness explains no lighter category", {"category": "相对困难", "causes": "重特大疾病", "declared_monthly_income_yuan": 0}, [0] * 6, True, "BELOW"),
    ("an accident", {"category": "意外致困户"}, [2000] * 6, True, None),
    ("a word that nobody knows", {"category": "三类"}, [2000] * 6, True, None),
    ("the file is closed", {"category": "深度困难", "file_closed_on": "2024-06-01"}, [2000] * 6, True, None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("home", "wages", "answered", "side"), [row[1:] for row in CASES], ids=[row[0] for row in CASES]
)
def test_cases(
    scene: Scene, run: Run, home: dict[str, Any], wages: list[int | None], answered: bool, side: str | None
) -> None:
    tax = [
        {"person_id": "P1", "kind": "工资薪金", "income_yuan": yuan, "income_month": f"2024-{month:02d}"}
        for month, yuan in zip(range(6, 12), wages, strict=True)
        if yuan != 0
    ]
    sources: dict[str, Any] = {"tax": tax, "social_insurance": [], "unemployment_benefit": [], "aid": []}
    facts = scene([{**HOME, **home}], [HEAD], complete=ASKED if answered else (), **sources)
    found = run("H13", facts)
    assert [(lead["severity"], lead["amount_high_yuan"]) for lead in found] == ([("LOW", 0)] if side else [])
    if side:
        assert ("高于该档次的上限" if side == "ABOVE" else "低于低保标准") in found[0]["explanation_zh"]


def test_without_a_category_nothing_is_asked(scene: Scene, run: Run) -> None:
    sources: dict[str, Any] = {source: [] for source in ASKED}
    assert run("H13", scene([HOME], [HEAD], complete=ASKED, **sources)) == []
