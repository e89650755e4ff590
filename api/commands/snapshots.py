"""The command `jiekun snapshots verify`: whether every snapshot still says what it was sealed with."""

from __future__ import annotations

import typer

from api import settings
from api.commands.console import look, messages, results
from api.services import snapshots as service

snapshots = typer.Typer(no_args_is_help=True, help="Files of a division, frozen as they stood on a day.")


@snapshots.callback()
def about_snapshots() -> None:
    """Files of a division, frozen as they stood on a day."""


@snapshots.command()
def verify() -> None:
    """Recompute the digest of every snapshot; exit 1 where one is not what it was sealed as, each named by its number."""
    known, changed = look(settings.read().database_url, service.changed)
    for snapshot_id in changed:
        results.print(f"snapshot {snapshot_id}: changed since it was sealed")
    messages.print(f"{known - len(changed):,} of {known:,} snapshots are as they were sealed")
    if changed:
        raise typer.Exit(1)
