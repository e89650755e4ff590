"""P05: one person in two active files; and the working days it counts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from matcher.rules.rule import Facts

Scene = Callable[..., Facts]
Run = Callable[[str, Facts], list[dict[str, Any]]]

EARLY = {"household_id": "H1", "applied_on": "2022-03-01", "file_opened_on": "2022-04-01", "division_code": "410502"}
LATE = {"household_id": "H2", "applied_on": "2024-03-01", "file_opened_on": "2024-04-01", "division_code": "410581"}
ONE = {"person_id": "P1", "household_id": "H1", "relation": "HEAD", "birth_date": "1970-01-01"}
OTHER = {"person_id": "P9", "household_id": "H2", "relation": "HEAD", "birth_date": "1970-01-01"}
AID = {"person_id": "P8", "programme": "DIBAO", "start_month": "2024-05", "amount_yuan": 500}
CHILD = {"relation": "CHILD", "birth_date": "2010-01-01"}


def facts_of(
    scene: Scene, early: dict[str, Any], late: dict[str, Any], one: dict[str, Any], other: dict[str, Any]
) -> Facts:
    payee = {"person_id": "P8", "household_id": "H2", "relation": "SPOUSE"}
    return scene(
        [{**EARLY, **early}, {**LATE, **late}], [{**ONE, **one}, {**OTHER, **other}, payee],
        same_person=[("P1", "P9")], aid=[AID],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("early", "late", "one", "other", "expected"),
    [
        pytest.param({}, {}, {}, {}, "H2", id="two active files"),
        pytest.param({"file_opened_on": "2024-04-20"}, {}, {}, {}, "H1", id="the later one is the lead"),
        pytest.param({"file_opened_on": "2024-04-01"}, {}, {}, {}, "H2", id="opened together: the larger id"),
        pytest.param({"file_closed_on": "2024-04-20"}, {}, {}, {}, None, id="a transfer"),
        pytest.param({"file_closed_on": "2023-04-20"}, {}, {}, {}, None, id="closed long before"),
        pytest.param({"file_closed_on": "2024-06-30"}, {}, {}, {}, "H2", id="closed too late"),
        pytest.param({}, {}, {"valid_to": "2024-04-20"}, {}, None, id="left the first household"),
        pytest.param({}, {}, {}, {"valid_from": "2024-12-01"}, None, id="joined the second lately"),
        pytest.param({}, {"file_opened_on": None}, {}, {}, None, id="an application is no file"),
        pytest.param({}, {"file_opened_on": "2025-02-01"}, {}, {}, None, id="opened after the scan"),
        pytest.param({}, {}, CHILD, CHILD, None, id="a child of both parents"),
        pytest.param({}, {}, CHILD, {**CHILD, "relation": "HEAD"}, "H2", id="a child here, a head there"),
        pytest.param({}, {}, {**CHILD, "birth_date": "1990-01-01"}, {**CHILD, "birth_date": "1990-01-01"}, "H2", id="grown"),
    ],
)  # fmt: skip
def test_cases(
    scene: Scene, run: Run, early: dict[str, Any], late: dict[str, Any], one: dict[str, Any], other: dict[str, Any],
    expected: str | None,
) -> None:  # fmt: skip
    leads = run("P05", facts_of(scene, early, late, one, other))
    assert [(lead["household_id"], lead["severity"], lead["person_ids"]) for lead in leads] == (
        [(expected, "MEDIUM", ["P1", "P9"])] if expected else []
    )


def test_the_amount_is_the_later_files_aid_in_the_overlap(scene: Scene, run: Run) -> None:
    (lead,) = run("P05", facts_of(scene, {"file_closed_on": "2024-08-15"}, {}, {}, {}))
    assert lead["amount_high_yuan"] == 4 * 500
    assert "410502" in lead["explanation_zh"]
    assert "410581" in lead["explanation_en"]


def test_without_any_file_dates_the_membership_counts(scene: Scene, run: Run) -> None:
    undated = {"file_opened_on": None, "applied_on": None}
    dates = ({"valid_from": "2022-04-01"}, {"valid_from": "2024-04-01"})
    (lead,) = run("P05", facts_of(scene, undated, undated, *dates))
    assert lead["household_id"] == "H2"
    assert run("P05", facts_of(scene, undated, undated, {}, {})) == []


def test_one_household_is_no_double_file(scene: Scene, run: Run) -> None:
    assert run("P05", facts_of(scene, {}, {}, {}, {"household_id": "H1"})) == []


def test_holidays_are_no_working_days(scene: Scene, run: Run) -> None:
    """From 2 January to 17 February 2024 there are 34 weekdays, of which the Spring Festival leaves fewer than 31."""
    late = {"file_opened_on": "2024-01-02"}
    assert run("P05", facts_of(scene, {"file_closed_on": "2024-02-17"}, late, {}, {})) == []
    assert len(run("P05", facts_of(scene, {"file_closed_on": "2024-03-15"}, late, {}, {}))) == 1


def test_years_the_calendar_does_not_know_count_weekdays_and_say_so(scene: Scene, run: Run) -> None:
    facts = scene(
        [{**EARLY, "file_opened_on": "2040-01-02"}, {**LATE, "file_opened_on": "2040-01-02"}], [ONE, OTHER],
        same_person=[("P1", "P9")], as_of=dt.date(2040, 6, 1),
    )  # fmt: skip
    (lead,) = run("P05", facts)
    assert "周一至周五" in lead["explanation_zh"]
    assert "Monday to Friday" in lead["explanation_en"]
