"""C07: one person counted in two households' dibao, beside P05, which asks of the files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from matcher.rules.rule import Facts

Scene = Callable[..., Facts]
Run = Callable[[str, Facts], list[dict[str, Any]]]

HOMES = [
    {"household_id": "H1", "applied_on": "2022-05-01", "file_opened_on": "2022-06-01", "division_code": "410502"},
    {"household_id": "H2", "applied_on": "2022-07-05", "file_opened_on": "2022-08-05", "division_code": "410503"},
]
HEADS = [
    {"person_id": "P1", "household_id": "H1", "relation": "HEAD"},
    {"person_id": "P2", "household_id": "H2", "relation": "HEAD"},
]
THERE = {"person_id": "P3", "household_id": "H1", "relation": "PARENT"}
HERE = {"person_id": "P4", "household_id": "H2", "relation": "PARENT"}


def dibao(person: str, start: str = "2024-01", end: str | None = "2024-06", yuan: int | None = 900) -> dict[str, Any]:
    return {"person_id": person, "programme": "DIBAO", "start_month": start, "end_month": end, "amount_yuan": yuan}


BOTH = [dibao("P1"), dibao("P2")]
CHILD = {"relation": "CHILD"}


@pytest.mark.parametrize(
    ("members", "aid", "expected"),
    [
        pytest.param([THERE, HERE], BOTH, ("H2", 2700, "2024-01", "2024-06"), id="both"),
        pytest.param([THERE, HERE, {"person_id": "P5", "household_id": "H2"}], BOTH, ("H2", 1800, "2024-01", "2024-06"), id="three heads"),
        pytest.param([THERE, HERE], [dibao("P1"), dibao("P2", "2024-04", None)], ("H2", 1350, "2024-04", "2024-06"), id="three months"),
        pytest.param([{**THERE, "valid_from": "2024-03-01"}, HERE], BOTH, ("H1", 1800, "2024-03", "2024-06"), id="joined later"),
        pytest.param([THERE, {**HERE, "valid_to": "2024-03-15"}], BOTH, ("H2", 900, "2024-01", "2024-02"), id="left"),
        pytest.param([{**THERE, **CHILD, "birth_date": "1990-01-01"}, {**HERE, **CHILD}], BOTH, ("H2", 2700, "2024-01", "2024-06"),
                     id="a grown child"),
        pytest.param([THERE, HERE], [dibao("P1"), dibao("P2", yuan=None)], ("H2", 0, "2024-01", "2024-06"), id="no amount"),
        pytest.param([THERE, HERE], [dibao("P1"), dibao("P2"), dibao("P4", yuan=100)], ("H2", 3000, "2024-01", "2024-06"), id="a line of hers"),
        # no lead
        pytest.param([{**THERE, **CHILD, "birth_date": "2012-01-01"}, {**HERE, **CHILD}], BOTH, None, id="shared custody"),
        pytest.param([{**THERE, **CHILD}, {**HERE, **CHILD}], BOTH, None, id="a child of unknown age"),
        pytest.param([THERE, HERE], BOTH[:1], None, id="one on dibao"),
        pytest.param([THERE, HERE], [dibao("P1"), {**dibao("P2"), "programme": "LIVING_SUBSIDY"}], None, id="not by head"),
        pytest.param([THERE, HERE], [dibao("P1"), dibao("P2", "2024-06", None)], None, id="the month of a move"),
        pytest.param([THERE, HERE], [dibao("P1"), dibao("P2", "2024-07", None)], None, id="one after the other"),
        pytest.param([{**THERE, "valid_to": "2024-02-10"}, {**HERE, "valid_from": "2024-02-11"}], BOTH, None, id="moved"),
        pytest.param([THERE, HERE, {"person_id": "P5", "household_id": "H2"}], [*BOTH, dibao("P5")], None, id="lines without her"),
        pytest.param([THERE, HERE], [dibao("P1", "2022-01", "2022-06"), dibao("P2", "2022-01", "2022-06")], None, id="before the files"),
    ],
)  # fmt: skip
def test_counted_twice(
    scene: Scene, run: Run, members: list[dict[str, Any]], aid: list[dict[str, Any]], expected: tuple[Any, ...] | None
) -> None:
    leads = run("C07", scene(HOMES, [*HEADS, *members], same_person=[("P3", "P4")], aid=aid))
    seen = [
        (
            lead["household_id"],
            int(lead["amount_high_yuan"]),
            str(lead["period_start"])[:7],
            str(lead["period_end"])[:7],
        )
        for lead in leads
    ]
    assert seen == ([expected] if expected else [])


def test_a_namesake_is_not_counted(scene: Scene, run: Run) -> None:
    assert run("C07", scene(HOMES, [*HEADS, THERE, HERE], aid=BOTH)) == []


def test_a_closed_file_no_longer_tells_who_lives_there(scene: Scene, run: Run) -> None:
    homes = [{**HOMES[0], "file_closed_on": "2024-01-20"}, HOMES[1]]
    assert run("C07", scene(homes, [*HEADS, THERE, HERE], same_person=[("P3", "P4")], aid=BOTH)) == []
