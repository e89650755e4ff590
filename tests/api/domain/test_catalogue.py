"""The catalogue: every programme of the policy's list, as dated data that a city may put its own entries before."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from api.domain import catalogue
from api.domain.catalogue import BadCatalogue, ConditionKind, GrantedTo
from api.domain.grants import GrantPeriod, OnceFor
from api.domain.measures import Measure
from api.domain.responsibilities import MEASURES, MeasureRole
from api.matching import catalogue as in_force_here
from matcher.identity.programmes import PROGRAMMES, STUDENT_AID

DAY = dt.date(2026, 3, 1)
OWN = """
[[programme]]
code = "LIVING_SUBSIDY"
division = "4105"
agency = ["TRADE_UNION_FEDERATION"]
measures = ["UNION_AID"]
units = ["HOUSEHOLD"]
periods = ["QUARTER"]
funds = ["UNION"]
valid_from = 2026-04-01
basis = "市总工会通知：自二季度起按季发放"
status = "verified"
"""


def entry(code: str, day: dt.date = DAY, division: str | None = "410502") -> catalogue.Entry:
    found = catalogue.shipped().programme(code, day, division)
    assert found is not None
    return found


def test_every_programme_of_the_policy_is_in_it_with_all_that_is_asked_for() -> None:
    shipped = catalogue.shipped()
    assert [each.code for each in shipped.entries] == [each.code for each in PROGRAMMES]
    for programme in PROGRAMMES:
        found = entry(programme.code)
        assert programme.unit in found.units, programme.code
        assert found.basis, programme.code
        assert bool(found.funds) or found.insured or not found.periods, f"{programme.code}: out of whose money"
        assert (found.once is OnceFor.SCHOOL_YEAR) == (programme.code in STUDENT_AID)


def test_each_measure_leads_to_programmes_or_services_and_each_programme_to_an_office_of_its_measure() -> None:
    for found in catalogue.shipped().entries:
        entrusted = {
            role for measure in found.measures for role in (*MEASURES[measure].lead, *MEASURES[measure].responsible)
        }
        assert {*found.agency} & entrusted, found.code
    listed = catalogue.shipped().service_list(DAY)
    assert {each.measure for each in listed} == {*Measure}
    places = [list(Measure).index(each.measure) for each in listed]
    assert places == sorted(places)


def test_the_living_subsidy_is_for_deep_hardship_by_month_or_by_quarter() -> None:
    found = entry("LIVING_SUBSIDY")
    assert found.periods == (GrantPeriod.MONTH, GrantPeriod.QUARTER)
    (deep,) = found.conditions
    assert (deep.kind, deep.verified, "DEEP" in deep.codes) == (ConditionKind.CATEGORY, True, True)
    assert {each.code for each in catalogue.shipped().entries if {*each.units} == {GrantedTo.EMPLOYER}} == {
        "PLACEMENT_SUBSIDY", "JOB_STABILISATION_SUBSIDY", "SKILLS_SUBSIDY",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("day", "division", "own"),
    [
        (dt.date(2026, 4, 1), "410502", True),
        (dt.date(2026, 3, 31), "410502", False),
        (dt.date(2026, 4, 1), "410202", False),
        (dt.date(2026, 4, 1), None, False),
    ],
)
def test_a_citys_own_entry_stands_before_the_shipped_one_where_and_when_it_holds(
    day: dt.date, division: str | None, own: bool
) -> None:
    found = catalogue.shipped().with_own(OWN, "programmes.toml").programme("LIVING_SUBSIDY", day, division)
    assert found is not None
    assert (found.own, found.periods == (GrantPeriod.QUARTER,)) == (own, own)


def test_it_is_read_again_when_the_city_changes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIEKUN_DATA_DIR", str(tmp_path))
    april = dt.date(2026, 4, 1)

    def owned() -> bool:
        found = in_force_here.programme("LIVING_SUBSIDY", april, "410502")
        assert found is not None
        return found.own

    assert not owned()
    (tmp_path / in_force_here.OWN).write_text(OWN, encoding="utf-8")
    assert owned()
    (tmp_path / in_force_here.OWN).unlink()
    assert not owned()


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("[[programme]", "not TOML"),
        ("[[aid]]\n", "holds aid"),
        (OWN.replace("LIVING_SUBSIDY", "FREE_BEER"), "no programme"),
        (OWN.replace("TRADE_UNION_FEDERATION", "THE_UNION"), "THE_UNION"),
        (OWN.replace('"QUARTER"', '"WEEK"'), "WEEK"),
        (OWN.replace('agency = ["TRADE_UNION_FEDERATION"]', "agency = []"), "needs one of"),
        (OWN.replace("2026-04-01", '"soon"'), "valid_from"),
        (OWN.replace('"verified"', '"certain"'), "verified or assumed"),
        (OWN.replace("basis", "because"), "because"),
        (OWN + 'conditions = [{ kind = "CATEGORY", zh = "x", en = "x", status = "assumed" }]\n', "what meets it"),
    ],
)
def test_a_slip_is_said_with_its_place(written: str, said: str) -> None:
    with pytest.raises(BadCatalogue, match=said):
        catalogue.shipped().with_own(written, "programmes.toml")


def test_roles_are_named_and_never_offices() -> None:
    assert {role for each in catalogue.shipped().entries for role in each.agency} <= {*MeasureRole}
