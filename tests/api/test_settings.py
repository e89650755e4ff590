"""The environment is read once, and a slip in a name is told."""

from __future__ import annotations

import pytest

from api import settings


def test_defaults() -> None:
    assert settings.read({}).database_url.startswith("sqlite")


def test_the_database_is_named_by_its_variable() -> None:
    assert (
        settings.read({"JIEKUN_DATABASE_URL": "postgresql://localhost/x"}).database_url == "postgresql://localhost/x"
    )


def test_a_slip_is_told() -> None:
    with pytest.raises(ValueError, match="JIEKUN_DATABSE_URL"):
        settings.read({"JIEKUN_DATABSE_URL": "x"})
