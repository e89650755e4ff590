"""Takes a folder over: files are read and copied first, and only then does the database change, all at once."""

from __future__ import annotations

import asyncio
import datetime as dt
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from api.database import reading, transaction
from api.depot import Depot
from api.matching import folders
from api.matching.folders import FeedFiles
from api.sealing import Vault
from api.services import keys, registers, stores
from api.services.registers import TakenOver


async def take_over(
    engine: AsyncEngine,
    vault: Vault,
    folder: Path,
    data_dir: Path,
    division: str | None,
    now: dt.datetime,
    keys_file: Path | None = None,
    decided_by: str | None = None,
) -> TakenOver:
    """The folder's register and feeds in the database, its files in the data folder.

    `keys_file` holds the public keys of departments that sign their batches; theirs are refused without a signature.
    `decided_by` is the login of the officer who answers for files that the register tells to be closed.

    Raises MatcherError for a folder that cannot be read, NotOurs for another key than the database's, OtherOwner for another
    installation's store, ValueError for somebody who may not decide; then nothing has changed.
    """
    given = await asyncio.to_thread(registers.read, folder, keys_file)
    async with reading(engine) as connection:
        fresh = await registers.not_there_yet(connection, given)
    depot = Depot.of(data_dir, vault)
    copied = await asyncio.to_thread(registers.copy, fresh, data_dir)
    files = await asyncio.to_thread(_hashes, fresh, copied) if depot.bucket else {}
    try:
        if files:
            await stores.require_ours(engine, depot.bucket, now)
        for name, some in files.items():
            await asyncio.to_thread(depot.put_away, name, some)
        async with transaction(engine) as connection:
            await keys.check(connection, vault)
            await stores.require_staying(connection, copied.values())
            officer = await registers.officer(connection, decided_by) if decided_by is not None else None
            taken = await registers.take_over(connection, vault, given, copied, division, now, officer)
    except BaseException:
        for name in copied.values():
            await asyncio.to_thread(depot.remove, name)
        raise
    for name, some in files.items():
        await asyncio.to_thread(depot.clear, name, some)
    if given.policy is not None:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)  # a folder without feeds has made none
        shutil.copyfile(given.policy, data_dir / folders.POLICY)
    return taken


def _hashes(fresh: Sequence[FeedFiles], copied: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """By folder the files in it, and by name their SHA-256."""
    return {copied[feed.source]: {each["name"]: each["sha256"] for each in feed.described()} for feed in fresh}
