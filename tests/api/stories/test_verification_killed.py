"""A city is verified over HTTP while server and worker are killed at random points of it: the end is the same, and nothing is done twice.

JIEKUN_STORY_RUNS tells the story so many times more, each from the next seed, JIEKUN_STORY_KILLS with so many kills each.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from api import sealing
from api.database import open_engine, reading, transaction
from api.domain import days
from api.sealing import Vault
from api.services import audit, reads, upkeep
from tests.api import clock
from tests.api.conftest import KEY
from tests.api.receiver import receiving
from tests.api.running import Place
from tests.api.stories import centre
from tests.api.stories.ending import Rows, differing, ending, once
from tests.api.stories.kills import Kills, Point, drawn
from tests.api.stories.machines import machines
from tests.api.stories.verification import Verification
from tests.conftest import copied
from tests.once import Run

RUNS = int(os.environ.get("JIEKUN_STORY_RUNS", "1"))
KILLS = int(os.environ.get("JIEKUN_STORY_KILLS", "30"))
REGISTER_WEBHOOK = """mutation ($input: RegisterWebhookInput!) { registerWebhook(input: $input) {
  secret userErrors { code message } } }"""


@dataclass(frozen=True)
class Told:
    """How one telling ended, what was answered on the way, how long its steps took, and how many kills it went through."""

    ending: Rows
    answered: Mapping[str, Any]
    took: Mapping[str, float]
    kills: int


async def told(
    like: str, written: Path, folder: Path, points: Sequence[Point] = (), usual: Mapping[str, float] = {}
) -> Told:
    """The story told once, on a database of its own, with these kills in it."""
    folder.mkdir()
    vault, now, data_dir = sealing.vault(KEY), clock.this_moment(), folder / "data"
    async with copied(like, folder) as url, receiving() as receiver:
        engine = open_engine(url)
        founded = await centre.founded(engine, vault, written, data_dir, now)
        place = Place(
            url, data_dir, KEY, {"JIEKUN_WEBHOOK_HOSTS": f"127.0.0.1:{receiver.port}"}, folder / "processes.log"
        )
        async with (
            machines(place, engine) as running,
            httpx.AsyncClient(base_url=running.address, timeout=60) as http,
        ):
            kills = Kills(running, points, usual)
            story = Verification(founded, kills, http, days.today(now))
            given = {"url": receiver.url, "topics": ["FINDING"], "divisionCode": centre.CITY}
            await story.by("administrator").act("registerWebhook", "the-webhook", "secret", **given)
            await story.tell()
            await _kept_up(engine, vault, now)
            await running.settled()
        rows = await ending(engine, vault)
        once(rows)
        async with reading(engine) as connection:
            assert (await audit.prove(connection)).broken is None
            assert (await reads.prove(connection)).broken is None
        heard = {came.headers["webhook-id"] for came in receiver.came}
        assert len(heard) == len(rows["webhook_deliveries"]), "each message came, however often, under its one id"
        _kept(founded, data_dir)
        await engine.dispose()
    return Told(rows, story.answered, kills.took, kills.done)


async def _kept_up(engine: AsyncEngine, vault: Vault, now: dt.datetime) -> None:
    """What a worker does without being asked is done once more, however often one has begun with it."""
    for chore in upkeep.CHORES.values():
        async with transaction(engine) as connection:
            await chore(connection, vault, now)


def _kept(founded: centre.Centre, data_dir: Path) -> None:
    """Every file lies as it was sent, to the byte."""
    sent = {hashlib.sha256(path.read_bytes()).hexdigest() for path in founded.feeds.values()}
    files = list((data_dir / "feeds").glob("*/*.csv"))
    kept = {hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    assert sent <= kept
    assert len(files) == len(kept) == len(sent) + 1, "and one correction"


@pytest.fixture(scope="session")
def written(run: Run) -> Path:
    """The city's files."""
    return Path(run.once("story-city", lambda: {"folder": str(centre.city(run.folder / "story-city"))})["folder"])


async def test_departments_push_people_review_and_nothing_is_lost_or_done_twice_wherever_it_is_killed(
    migrated_on_postgresql: str, written: Path, tmp_path: Path
) -> None:
    quiet = await told(migrated_on_postgresql, written, tmp_path / "quiet")
    for seed in range(RUNS):
        points = drawn(seed, KILLS, [*quiet.took])
        killed = await told(migrated_on_postgresql, written, tmp_path / f"killed-{seed}", points, quiet.took)
        assert killed.kills == KILLS
        assert killed.answered == quiet.answered, f"seed {seed}"
        assert differing(quiet.ending, killed.ending) == {}, f"seed {seed}"
        shutil.rmtree(tmp_path / f"killed-{seed}")
