"""The national form, given to and taken from the ACFTU's system as CSV or Excel."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from api import settings, sheets
from api.commands.console import NotReady, messages, now, run
from api.commands.keys import checked_vault
from api.domain.permissions import Permission, Viewer
from api.domain.stages import ACTIVE, Stage
from api.services import form_exchange, viewers
from api.services.form_exchange import TakenIn

form = typer.Typer(
    no_args_is_help=True, help="The national form of workers in hardship, as the ACFTU's system has it."
)

By = Annotated[str, typer.Option("--by", metavar="LOGIN", help="Who does this: what they may see and do holds.")]


@form.command(name="export")
def give(
    target: Annotated[
        Path, typer.Argument(metavar="OUT", help="An .xlsx file with two sheets, or a folder for two CSV files.")
    ],
    by: By,
    stage: Annotated[
        list[Stage] | None, typer.Option(help="Households at these stages; default: those on file.")
    ] = None,
) -> None:
    """Write the form of the households of LOGIN's division. It holds personal data whole: keep it where only you can read."""
    told = settings.read()
    vault = checked_vault(told)

    async def act(connection: AsyncConnection) -> list[sheets.Table]:
        viewer = await _viewer(connection, by, Permission.READ_IDENTITY)
        stages = [each.value for each in stage or sorted(ACTIVE)]
        return await form_exchange.tables(connection, vault, viewer, stages, now())

    tables = run(told.database_url, act)
    sheets.write(target, tables)
    messages.print(f"{target}: {len(tables[0].rows):,} households, {len(tables[1].rows):,} further members")


@form.command(name="import")
def take(
    source: Annotated[
        Path,
        typer.Argument(metavar="IN", help="An .xlsx file, or a folder of CSV files, with the export's headings."),
    ],
    by: By,
) -> None:
    """Fill the form in as the tables say, all of it or nothing; what they say otherwise than we have it becomes a task."""
    told = settings.read()
    vault = checked_vault(told)
    read = sheets.read(source)

    async def act(connection: AsyncConnection) -> TakenIn:
        viewer = await _viewer(connection, by, Permission.KEEP_FILES)
        return await form_exchange.take_in(connection, vault, viewer, read, now())

    taken = run(told.database_url, act)
    messages.print(
        f"{source}: {taken.households:,} households, {taken.changed:,} of them changed, {taken.linked:,} numbers linked; "
        f"of {taken.differing:,} it says otherwise: a task tells of each"
    )


async def _viewer(connection: AsyncConnection, login: str, permission: Permission) -> Viewer:
    viewer = await viewers.of_login(connection, login)
    if viewer is None or not viewer.may(permission):
        raise NotReady(f"{login}: no active user of that name may do this")
    return viewer
