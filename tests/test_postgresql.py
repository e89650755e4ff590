"""The tests' own PostgreSQL: whichever origin this machine has starts, knows Chinese, and leaves nothing behind."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from api.database import open_engine, transaction
from tests import postgresql

ORIGINS = ("of_the_machine", "of_the_wheel")
HERE = [name for name in ORIGINS if getattr(postgresql, name)() is not None]
pytestmark = pytest.mark.skipif(os.name == "nt", reason="on Windows the wheel's own starter is used")


def nowhere() -> None:
    """Programs that are not there."""


@pytest.mark.parametrize("origin", HERE)
async def test_each_origin_will_do_alone(origin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for other in set(ORIGINS) - {origin}:
        monkeypatch.setattr(postgresql, other, nowhere)
    for variable in ("LANG", "LC_ALL"):
        monkeypatch.delenv(variable, raising=False)
    with postgresql.server() as url:
        engine = open_engine(url)
        async with transaction(engine) as connection:
            assert (await connection.execute(text("SELECT length('解困')"))).scalar_one() == 2
        await engine.dispose()
    assert not Path(str(make_url(url).query["host"])).exists()


def test_programs_that_do_not_start_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(postgresql, "of_the_machine", lambda: tmp_path)
    monkeypatch.setattr(postgresql, "of_the_wheel", nowhere)
    with pytest.raises(postgresql.NotStarted, match="initdb"), postgresql.server():
        pass
