"""The whole table in one folder, written once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.redteam import folder, table


@pytest.fixture(scope="session")
def redteam_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A contract folder that holds every case."""
    path = tmp_path_factory.mktemp("redteam") / "in"
    folder.write_folder(table.load(), path)
    return path
