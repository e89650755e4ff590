"""The command `jiekun attachments verify`: whether the files of all attachments are, to the byte, what was taken in."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import typer
from sqlalchemy import Row

from api import settings
from api.attachments_store import Damaged, Missing, Store
from api.commands.console import look, messages, results
from api.commands.keys import checked_vault
from api.services import attachments as service

attachments = typer.Typer(no_args_is_help=True, help="What is attached to households' files.")


@attachments.callback()
def about_attachments() -> None:
    """What is attached to households' files."""


@attachments.command()
def verify() -> None:
    """Recompute the hash of every attachment's file; exit 1 where one is missing or damaged, each named by its number."""
    told = settings.read()
    store = Store(told.data_dir, checked_vault(told))
    known = look(told.database_url, service.every)
    lost = asyncio.run(_lost(store, known))
    for attachment_id, why in lost:
        results.print(f"attachment {attachment_id}: {why}")
    messages.print(f"{len(known) - len(lost):,} of {len(known):,} attachments are as they were taken in")
    if lost:
        raise typer.Exit(1)


async def _lost(store: Store, known: Sequence[Row[int, str, int, str]]) -> list[tuple[int, str]]:
    found = []
    for attachment_id, stored, size, sha256 in known:
        try:
            await store.check(stored, size, sha256)
        except (Missing, Damaged) as why:
            found.append((attachment_id, type(why).__name__.lower()))
    return found
