"""The command of `jiekun subject`: what is held about a person, written down for that person."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from api import settings
from api.commands.console import messages, now, run
from api.commands.keys import checked_vault
from api.services import subject_access
from api.services.subject_access import Dossier

subject = typer.Typer(no_args_is_help=True, help="What is held about a person, for that person.")


@subject.callback()
def about() -> None:
    """What is held about a person, for that person."""


@subject.command()
def export(
    reference: Annotated[str, typer.Argument(help="The person's number in the register.")],
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="Where the data go, as JSON; a page lies beside it.")
    ],
) -> None:
    """Write down all that is held about a person and who looked at it; the audit is told that it was."""
    told = settings.read()
    vault = checked_vault(told)

    async def act(connection: AsyncConnection) -> Dossier:
        return await subject_access.gather(connection, vault, reference, now())

    dossier = run(told.database_url, act)
    page = out.with_suffix(".html")
    _write(out, dossier.json())
    _write(page, subject_access.printed(dossier))
    rows = sum(len(section.rows) for section in dossier.sections)
    messages.print(
        f"{rows:,} rows of {len(dossier.sections)} kinds, {len(dossier.readers):,} readings: {out}, {page}"
    )


def _write(path: Path, text: str) -> None:
    """A file that only its owner reads, in the place of one that was there."""
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as opened:
        opened.write(text)
