"""An index of the feeds in use is built, by the matcher in a folder of its own, and asked from then on."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from api import matching
from api.database import reading
from api.matching import desk
from api.services import checks, indexes
from api.services.indexes import Ready
from api.work.held import Held, Refused, lay_out

REFUSED = (2, 3)
"""Exit statuses of the matcher that another attempt would not change."""


async def carry_out(held: Held) -> None:
    """The index is whole in its folder, and the one that is asked, with open rounds looked at; or not needed any more."""
    folder = _folder(held)
    async with reading(held.engine) as connection:
        layout = await indexes.laid_out(connection, held.job.subject, held.data_dir)
    if layout is None:  # another is wanted by now, or an attempt before this one had made it ready
        return
    await asyncio.to_thread(shutil.rmtree, folder, True)
    given, out = folder / "in", folder / "out"
    given.mkdir(parents=True, mode=0o700)
    await asyncio.to_thread(lay_out, held.depot, given, layout)
    try:
        await desk.build(given, out)
    except matching.MatcherFailed as failure:
        if failure.exit_status in REFUSED:
            raise Refused(failure.said or str(failure)) from failure
        raise
    sources, as_of = await asyncio.to_thread(desk.told, out)
    await asyncio.to_thread(shutil.rmtree, given, True)
    index = Ready(held.job.subject, indexes.folder_of(held.job.subject), frozenset(sources), as_of) if as_of else None
    found = await _looked(held, index) if index else []
    async with held.writing() as connection:
        kept = await checks.keep_unchanged(connection, held.vault, found, held.data_dir, held.now(), index)
        await indexes.ready(connection, held.job.subject, sources, as_of, kept, held.now())


async def _looked(held: Held, index: Ready) -> list[checks.Looked]:
    """What the index says of open rounds: whoever asks next is answered from it as fast as before."""
    async with reading(held.engine) as connection:
        asked = await checks.questions(connection, held.vault, index, held.data_dir, held.now())
    if not asked:
        return []
    found = await desk.Desk().check_all(asked[0].where, [each.home(held.vault) for each in asked])
    return [(each, content) for each, content in zip(asked, found, strict=True) if content is not None]


async def give_up(held: Held, connection: AsyncConnection, failure: str) -> None:
    """The index has failed, and what was written of it is removed; one that is ready stays."""
    if await indexes.fail(connection, held.job.subject, failure, held.now()):
        shutil.rmtree(_folder(held), ignore_errors=True)


def _folder(held: Held) -> Path:
    return held.data_dir / indexes.FOLDER / str(held.job.subject)
