"""Dated values through the door: exact, by division and day, and a city's own before the shipped ones as soon as they are there."""

from __future__ import annotations

import datetime as dt
import tomllib
from decimal import Decimal
from pathlib import Path

import pytest

from api.matching import MatcherError, policy

DAY = dt.date(2026, 11, 27)
ENTRY = """
[[value]]
key = "{key}"
value = {value}
unit = "x"
valid_from = {since}
division = "{division}"
basis = "市民政局通知"
status = "verified"
approved_by = ["甲", "乙"]
"""


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder in which no city has put a policy yet."""
    monkeypatch.setenv("JIEKUN_DATA_DIR", str(tmp_path))
    return tmp_path


def entry(key: str, value: object, since: str = "2020-01-01", division: str = "4105") -> str:
    return ENTRY.format(key=key, value=value, since=since, division=division)


@pytest.mark.usefixtures("data_dir")
def test_the_shipped_values_stand_where_a_city_has_none() -> None:
    assert policy.whole("notice.working_days", DAY, "410502") == 5
    found = policy.line("410502", DAY)
    assert found is not None
    assert (found.yuan, found.assumed) == (Decimal("690.00"), True)


def test_every_value_is_told_with_its_basis_and_days(data_dir: Path) -> None:
    shipped = policy.parameters(DAY, "410502")
    assert [each.key for each in shipped] == sorted({each.key for each in shipped})
    assert all(each.basis and each.unit and each.valid_from <= DAY and not each.own for each in shipped)
    (found,) = policy.parameters(DAY, "410502", ["notice.working_days", "no.such"])
    assert (found.value, found.unit, found.division, found.assumed) == (Decimal(5), "working days", None, True)
    own = entry("notice.working_days", 7.5, "2026-07-01")
    (data_dir / "policy.toml").write_text(own, encoding="utf-8")
    told = {code: policy.parameter("notice.working_days", DAY, code) for code in ("410502", "110101")}
    here, elsewhere = told["410502"], told["110101"]
    assert here is not None
    assert (here.value, here.division, here.own, here.assumed) == (Decimal("7.5"), "410500", True, False)
    assert (here.valid_from, here.valid_to) == (dt.date(2026, 7, 1), None)
    assert elsewhere is not None
    assert (elsewhere.value, elsewhere.own) == (Decimal(5), False)
    before = policy.parameter("notice.working_days", dt.date(2026, 6, 30), "410502")
    assert before is not None
    assert before.value == 5
    assert policy.parameter("notice.working_days", dt.date(1990, 1, 1), "410502") is None


def test_a_citys_own_goes_before_them_in_its_division_and_from_its_day_on(data_dir: Path) -> None:
    own = entry("line.dibao", 730.5, "2026-07-01") + entry("notice.working_days", 7, division="410502")
    (data_dir / "policy.toml").write_text(own, encoding="utf-8")
    july, june = policy.line("410502", dt.date(2026, 7, 1)), policy.line("410502", dt.date(2026, 6, 1))
    assert july is not None
    assert june is not None
    assert (july.yuan, july.assumed, july.basis) == (Decimal("730.50"), False, "市民政局通知")
    assert june.yuan == 690
    assert policy.whole("notice.working_days", DAY, "410502") == 7
    assert policy.whole("notice.working_days", DAY, "410503") == 5
    assert policy.value("line.low_income", DAY, "410502") == Decimal("1.5")


def test_a_policy_that_comes_later_counts_from_then_on(data_dir: Path) -> None:
    assert policy.whole("watch.first_months", DAY, "410502") == 3
    (data_dir / "policy.toml").write_text(entry("watch.first_months", 2), encoding="utf-8")
    assert policy.whole("watch.first_months", DAY, "410502") == 2
    (data_dir / "policy.toml").unlink()
    assert policy.whole("watch.first_months", DAY, "410502") == 3


@pytest.mark.usefixtures("data_dir")
def test_before_the_first_line_there_is_none_which_is_not_zero() -> None:
    assert policy.line("410502", dt.date(2017, 12, 1)) is None
    with pytest.raises(MatcherError):
        policy.value("line.dibao", dt.date(2017, 12, 1), "410502")


def test_days_and_months_are_whole(data_dir: Path) -> None:
    (data_dir / "policy.toml").write_text(entry("watch.first_months", 2.5), encoding="utf-8")
    with pytest.raises(MatcherError):
        policy.whole("watch.first_months", DAY, "410502")


ROOT = Path(__file__).parents[3]
REGISTER = tomllib.loads((ROOT / "matcher" / "policies" / "register.toml").read_text(encoding="utf-8"))["value"]
KEYS = sorted({"exit.months", *(each["key"] for each in REGISTER)})


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.usefixtures("data_dir")
def test_each_parameter_of_the_register_has_a_basis_and_holds_on_every_day_since_the_policy(key: str) -> None:
    for day in (dt.date(2019, 4, 28), DAY):
        found = policy.in_force().entry(key, day, "410502")
        assert found.basis
        assert found.status in ("verified", "assumed")


def test_every_parameter_of_the_register_is_one_that_the_service_goes_by() -> None:
    sources = "".join(each.read_text(encoding="utf-8") for each in (ROOT / "api").rglob("*.py"))
    assert [key for key in KEYS if f'"{key}"' not in sources] == []
