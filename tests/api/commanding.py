"""`jiekun` as its console script runs it, in the test's own process: starting one of its own takes longer than most commands."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from api.cli import main

Place = Mapping[str, str]
"""A service's settings, as its environment tells them."""


@dataclass(frozen=True)
class Said:
    """What a command said."""

    stdout: str
    stderr: str


def run(*arguments: str, place: Place, expect: int = 0) -> Said:
    """The command with these settings; in a thread, since a loop may run here and the command has one of its own."""
    out, err = StringIO(), StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", ["jiekun", *arguments])
        for name, value in place.items():
            patch.setenv(name, value)
        with ThreadPoolExecutor(1) as pool:
            status = pool.submit(_status).result()
    assert status == expect, err.getvalue()
    assert "Traceback" not in err.getvalue()
    return Said(out.getvalue(), err.getvalue())


def _status() -> int:
    try:
        main()
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def settled(migrated: str, folder: Path) -> dict[str, str]:
    """The settings of a service in this folder, after `jiekun db upgrade`: a copy of this database, in which there is nothing."""
    shutil.copyfile(str(make_url(migrated).database), folder / "jiekun.db")
    return {"JIEKUN_DATABASE_URL": f"sqlite:///{folder}/jiekun.db", "JIEKUN_DATA_DIR": str(folder / "data")}
