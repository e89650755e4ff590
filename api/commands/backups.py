"""The commands of `jiekun backup`: taken while the service goes on, proved, and restored to an empty place."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from api import migrations, sealing, settings
from api.backup import restoring, taking
from api.backup.restoring import Restored
from api.commands.console import NotReady, messages, now, run
from api.commands.keys import checked_vault
from api.database import open_engine
from api.sealing import KeyLost, Vault
from api.services import audit

Answer = TypeVar("Answer")

TELL_SECONDS = 2.0
MIB = 1024 * 1024

backup = typer.Typer(no_args_is_help=True, help="The database and the files beside it, in one sealed file and back.")

Given = Annotated[Path, typer.Argument(metavar="FILE", help="The backup.", exists=True, dir_okay=False)]


@backup.command()
def create(
    to: Annotated[Path, typer.Argument(metavar="FILE", help="Where it is written; nothing may be there yet.")],
) -> None:
    """Write a backup while the service goes on: sealed with its newest key, which is not in it."""
    told = settings.read()
    vault = checked_vault(told)
    if to.exists():
        raise NotReady(f"{to} is there already: name another file")
    if not to.parent.is_dir():
        raise NotReady(f"there is no folder {to.parent}")

    async def revision() -> str:
        engine = open_engine(told.database_url)
        try:
            return await migrations.current(engine) or ""
        finally:
            await engine.dispose()

    taken = taking.take(
        told.database_url, asyncio.run(revision()), told.data_dir, told.key_file, vault, to, now(), _Telling()
    )

    async def note(connection: AsyncConnection) -> None:
        detail = {"backup": taken.head.id, "files": taken.files, "bytes": taken.size}
        await audit.record(connection, None, "backup.made", ("Backup", taken.head.number), now(), detail)

    run(told.database_url, note)
    messages.print(
        f"{to}: the database and {taken.files:,} files as of {taken.head.made_at}, {taken.size / MIB:,.1f} MiB, sealed with "
        f"key {vault.keys.newest}. The keys are not in it: without them it cannot be opened; keep a copy of them elsewhere"
    )


@backup.command()
def verify(path: Given) -> None:
    """Open every piece of a backup and write nothing; exit 1 where it is not, to the byte, what was written."""
    opened = _with_key(path, lambda vault: restoring.verify(path, vault, _Telling()))
    messages.print(
        f"{path}: whole; a {opened.head.backend} database of step {opened.head.revision} and {opened.files:,} files as of "
        f"{opened.head.made_at}, {opened.size / MIB:,.1f} MiB. That it can be restored, only a drill proves: docs/backup.md"
    )


@backup.command()
def restore(path: Given) -> None:
    """Fill an empty database and an empty data folder; interrupted, the same command begins again."""
    told = settings.read()

    async def act(vault: Vault) -> Restored:
        engine = open_engine(told.database_url)
        try:
            return await restoring.restore(
                path, engine, told.database_url, told.data_dir, told.key_file, vault, now(), _Telling()
            )
        finally:
            await engine.dispose()

    restored = _with_key(path, lambda vault: asyncio.run(act(vault)))
    checked_vault(told)
    messages.print(
        f"{path}: restored, as of {restored.head.made_at}; {restored.tokens:,} tokens are ended, {restored.scans:,} scans "
        "begin anew. What came after that moment is not here: before the service is opened, enter consents that were "
        "withdrawn, protections and accounts that were ended, and compare the orders of payment with the bank's answers "
        "(docs/backup.md)"
    )


def _with_key(path: Path, act: Callable[[Vault], Answer]) -> Answer:
    """Acts with the keys that are here; none is made. Raises NotReady."""
    told = settings.read()
    if told.key is None and not told.key_file.exists():
        raise NotReady(
            f"{told.key_file} is not there: put the copy of the keys there, or name it with JIEKUN_KEY_FILE"
        )
    try:
        return act(sealing.opened(told.key, told.key_file, told.crypto))
    except KeyLost as error:
        raise NotReady(f"{path} is sealed with key {error.version}, which is not here") from None


class _Telling:
    """Says every few seconds how far it is, and how long the rest takes at this pace."""

    def __init__(self) -> None:
        self._began = self._told = time.monotonic()
        self._stage = ""

    def __call__(self, stage: str, done: int, total: int | None) -> None:
        moment = time.monotonic()
        if stage != self._stage:
            self._stage, self._began = stage, moment
        if moment - self._told < TELL_SECONDS:
            return
        self._told = moment
        if total is None or not done:
            messages.print(f"{stage}: {done / MIB:,.0f} MiB")
            return
        left = (moment - self._began) / done * (total - done)
        messages.print(f"{stage}: {done / MIB:,.0f} of {total / MIB:,.0f} MiB, {left:,.0f} s left")
