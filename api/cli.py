"""The commands of `jiekun`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from api import demo as demonstration
from api import matching

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
messages = Console(stderr=True)


@app.callback()
def jiekun() -> None:
    """解困: households in hardship, checked against department data; leads for people to decide on."""


@app.command()
def demo(
    folder: Annotated[Path, typer.Option("--dir", help="Where the demo lives.")] = Path("demo"),
    households: Annotated[int, typer.Option(min=1, help="Households applying or on file.")] = 5_000,
    records: Annotated[int, typer.Option(min=1, help="Department records.")] = 200_000,
    seed: Annotated[int, typer.Option(help="The same seed writes the same city.")] = 2024,
    lang: Annotated[str, typer.Option(help="zh or en.")] = "zh",
    no_serve: Annotated[
        bool, typer.Option("--no-serve", help="End after the scan; there is no server to start yet.")
    ] = False,
) -> None:
    """Write a synthetic city, scan it and show what was found; what is there already is used again."""
    if demonstration.show(folder, demonstration.Size(households, records, seed), lang):
        messages.print(f"{folder}: used again as it was; delete the folder to begin anew", highlight=False)
    if not no_serve:
        messages.print("The GraphQL service comes with the next release; this one ends here.", highlight=False)


def main() -> None:
    """The console script."""
    try:
        app()
    except matching.MatcherFailed as error:
        sys.exit(error.exit_status)
