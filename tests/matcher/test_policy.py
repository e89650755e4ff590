"""Dated values by division: which one counts, and what a malformed file is told."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from matcher import policy
from matcher.errors import InputRefused, MatcherError
from matcher.identity.programmes import BY_CODE
from matcher.rules import book

DAY = dt.date(2024, 12, 31)
VALUE = """
[[value]]
key = "vehicle.tolerated_value_yuan"
value = {value}
unit = "yuan"
valid_from = {valid_from}
division = "{division}"
basis = "市民政局通知"
status = "verified"
approved_by = ["甲", "乙"]
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A city's file: 20 000 in the prefecture, 30 000 in one county, and from 2025 on 40 000 in the prefecture."""
    rows = ((20000, "2023-01-01", "4105"), (30000, "2023-01-01", "410502"), (40000, "2025-01-01", "4105"))
    path = tmp_path / "policy.toml"
    path.write_text("".join(VALUE.format(value=v, valid_from=f, division=d) for v, f, d in rows), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("division", "on", "yuan"),
    [
        ("410502", DAY, 30000),  # the most specific division
        ("410503", DAY, 20000),
        ("410526001", dt.date(2025, 1, 1), 40000),  # from its first day on
        ("410502", dt.date(2025, 1, 1), 30000),  # the county goes before a later prefecture
        ("110101", DAY, 10000),  # elsewhere the shipped one
        (None, DAY, 10000),
        ("410502", dt.date(2022, 12, 31), 10000),  # a replay of an old date
    ],
)
def test_the_value_that_counts(own: Path, division: str | None, on: dt.date, yuan: float) -> None:
    assert policy.load(own).value("vehicle.tolerated_value_yuan", on, division) == yuan


def test_a_folders_row_goes_before_the_shipped_one(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(VALUE.format(value=5, valid_from="1990-01-01", division="*"), encoding="utf-8-sig")
    assert policy.load(path).value("vehicle.tolerated_value_yuan", DAY, "410502") == 5


def test_a_value_that_ended_no_longer_holds(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(
        VALUE.format(value=5, valid_from="2020-01-01", division="41") + "valid_to = 2021-12-31\n", encoding="utf-8"
    )
    loaded = policy.load(path)
    assert loaded.value("vehicle.tolerated_value_yuan", dt.date(2021, 12, 31), "410502") == 5
    assert loaded.value("vehicle.tolerated_value_yuan", dt.date(2022, 1, 1), "410502") == 10000


def test_a_missing_value_is_named() -> None:
    with pytest.raises(MatcherError, match=r"no\.such"):
        policy.load().value("no.such", DAY)


def test_values_that_rules_name_are_shipped() -> None:
    shipped = {value.key for value in policy.load().values}
    assert {key for rule in book.BOOK for key in rule.parameters} <= shipped


def test_approvers_may_stand_once_at_the_top(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    entry = VALUE.format(value=5, valid_from="2020-01-01", division="*").replace('approved_by = ["甲", "乙"]', "")
    path.write_text('approved_by = ["乙", "甲"]\n' + entry, encoding="utf-8")
    assert policy.load(path).entry("vehicle.tolerated_value_yuan", DAY).approved_by == ("乙", "甲")


def test_the_version_changes_with_the_content(own: Path) -> None:
    before, shipped = policy.load(own).version, policy.load().version
    assert before != shipped
    assert policy.load(own).version == before
    own.write_text(own.read_text(encoding="utf-8").replace("30000", "30001"), encoding="utf-8")
    assert policy.load(own).version not in (before, shipped)


@pytest.mark.parametrize(
    ("pair", "division", "status"),
    [
        ({"DIBAO", "TEKUN"}, "410502", "assumed"),
        ({"UI_BENEFIT", "PUBLIC_WELFARE_POST"}, "410502", "verified"),
        ({"STATE_STUDENT_AID", "GOLDEN_AUTUMN"}, "429006", "verified"),
        ({"STATE_STUDENT_AID", "GOLDEN_AUTUMN"}, "410502", None),
        ({"DIBAO", "MEDICAL_AID"}, "410502", None),
    ],
)
def test_which_programmes_exclude_one_another(pair: set[str], division: str, status: str | None) -> None:
    cells = [cell for cell in policy.load().exclusive(DAY, division) if {cell.keeps, cell.yields} == pair]
    assert [cell.status for cell in cells] == ([status] if status else [])


def test_every_cell_names_programmes_and_a_basis() -> None:
    for cell in policy.load().exclusives:
        assert {cell.keeps, cell.yields} <= BY_CODE.keys()
        assert cell.keeps != cell.yields
        assert cell.basis


def test_a_folder_promotes_a_cell_by_its_legal_basis(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(
        '[[exclusive]]\nkeeps = "TEKUN"\nyields = "DIBAO"\ndivision = "4105"\nvalid_from = 2021-04-26\n'
        'basis = "民发〔2021〕43号"\nstatus = "verified"\napproved_by = ["甲", "乙"]\n',
        encoding="utf-8",
    )
    loaded = policy.load(path)

    def status(division: str) -> list[str]:
        cells = loaded.exclusive(DAY, division)
        return [cell.status for cell in cells if {cell.keeps, cell.yields} == {"DIBAO", "TEKUN"}]

    assert status("410502") == ["verified"]
    assert status("110101") == ["assumed"]


GOOD = VALUE.format(value=1, valid_from="2024-01-01", division="*")
CELL = '[[exclusive]]\nkeeps = "TEKUN"\nyields = "{}"\nvalid_from = 2024-01-01\nbasis = "b"\nstatus = "verified"\napproved_by = ["甲", "乙"]\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[value]", "TOML"),
        ("[lines]\na = 1\n", "lines"),
        (GOOD.replace("value = 1", 'value = "1"'), "number"),
        (GOOD.replace("value = 1", "value = true"), "number"),
        (GOOD.replace("verified", "certain"), "status"),
        (GOOD.replace('basis = "市民政局通知"', ""), "basis"),
        (GOOD.replace("valid_from = 2024-01-01", 'valid_from = "soon"'), "valid_from"),
        (GOOD + "colour = 1\n", "colour"),
        (GOOD.replace('approved_by = ["甲", "乙"]', ""), "approvers"),
        (GOOD.replace('"乙"', '" 甲 "'), "approvers"),
        (GOOD.replace('["甲", "乙"]', '"甲、乙"'), "approvers"),
        (CELL.format("NO_SUCH_AID"), "yields"),
        ('value = "many"\n', "value"),
    ],
)
def test_a_malformed_policy_is_refused_with_file_and_reason(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputRefused, match=said) as refusal:
        policy.load(path)
    assert "policy.toml" in str(refusal.value)


def test_a_policy_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRefused):
        policy.load(tmp_path / "policy.toml")
