"""The commands of `jiekun retention`: what is kept no longer than its time."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Annotated

import typer
from rich.table import Table

from api import settings
from api.commands.console import NotReady, messages, now, results
from api.commands.keys import checked_vault
from api.database import open_engine
from api.domain import days
from api.domain.retention import CLOCKS, RetentionClass
from api.services import retention as service
from api.services.retention import Outcome

retention = typer.Typer(no_args_is_help=True, help="What is kept no longer than its time.")


@retention.callback()
def about() -> None:
    """What is kept no longer than its time."""


@retention.command()
def run(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count what is over, and delete nothing.")] = False,
    as_of: Annotated[
        str | None, typer.Option(metavar="DAY", help="What is over on this day, YYYY-MM-DD; default: today.")
    ] = None,
) -> None:
    """Delete what is over: files ten years after their end, cleared leads, extracts, reads on record, and what derives."""
    told = settings.read()
    try:
        day = days.today(now()) if as_of is None else dt.date.fromisoformat(as_of)
    except ValueError:
        raise NotReady("--as-of is a day, such as 2036-01-31") from None
    if day > days.today(now()) and not dry_run:
        raise NotReady("a day that has not come deletes nothing; it can be counted with --dry-run")
    vault = checked_vault(told)

    def tell(kept: RetentionClass, number: int) -> None:
        messages.print(f"{kept}: {number:,}")

    async def act() -> Outcome:
        engine = open_engine(told.database_url)
        try:
            return await service.run(engine, vault, told.data_dir, now(), day, dry=dry_run, told=tell)
        finally:
            await engine.dispose()

    outcome = asyncio.run(act())
    shown = Table("class", "clock", "to be deleted" if dry_run else "deleted")
    for kept in RetentionClass:
        if kept in CLOCKS:
            shown.add_row(kept.value, CLOCKS[kept], f"{outcome.counts[kept]:,}")
    results.print(shown)
    messages.print(f"folders and files: {outcome.folders:,}; households that something holds: {outcome.held:,}")
