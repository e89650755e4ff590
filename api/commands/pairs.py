"""The command `jiekun pairs export`: what people said of pairs, for the matcher to learn from."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Annotated

import typer

from api import settings
from api.commands.console import look, messages
from api.services import judgements

pairs = typer.Typer(no_args_is_help=True, help="A person and a department's record, judged by people.")


@pairs.callback()
def about_pairs() -> None:
    """A person and a department's record, judged by people."""


@pairs.command()
def export(
    out: Annotated[Path, typer.Option("--out", metavar="F", help="The file to write, one pair a line.")],
) -> None:
    """Write what people said of pairs, for matcher train --reviewed; it names nobody."""
    chance = random.SystemRandom()
    found = look(settings.read().database_url, lambda connection: judgements.lines(connection, chance))
    out.write_text("".join(f"{line}\n" for line in found), encoding="utf-8")
    messages.print(f"{out}: {len(found):,} pairs")
