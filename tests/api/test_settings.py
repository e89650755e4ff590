"""The environment is read once, and a slip in a name is told."""

from __future__ import annotations

import pytest

from api import settings
from api.gate.passage import Limits


def test_defaults() -> None:
    assert settings.read({}).database_url.startswith("sqlite")


def test_the_database_is_named_by_its_variable() -> None:
    assert (
        settings.read({"JIEKUN_DATABASE_URL": "postgresql://localhost/x"}).database_url == "postgresql://localhost/x"
    )


def test_a_slip_is_told() -> None:
    with pytest.raises(ValueError, match="JIEKUN_DATABSE_URL"):
        settings.read({"JIEKUN_DATABSE_URL": "x"})


def test_limits_are_numbers_above_nothing_and_the_bucket_holds_what_may_be_asked_for() -> None:
    told = settings.read(
        {"JIEKUN_COST": "500", "JIEKUN_COST_BURST": "100", "JIEKUN_ORIGINS": "https://a.cn, https://b.cn"}
    )
    assert Limits.of(told) == Limits(cost=500, burst=500)
    assert told.origins == ("https://a.cn", "https://b.cn")
    for wrong in (
        {"JIEKUN_COST": "many"},
        {"JIEKUN_REQUEST_SECONDS": "-1"},
        {"JIEKUN_COST_BURST": "nan"},
        {"JIEKUN_TRUSTED_ONLY": "yes"},
    ):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            settings.read(wrong)
