"""The command `jiekun agenda`: the joint meeting's pack of a division and a day, written into a folder."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from api import settings, sheets
from api.agenda import gathering, page, tables
from api.agenda.pack import Pack
from api.commands.console import NotReady, look, messages, now, results
from api.commands.keys import checked_vault
from api.domain import days, divisions
from api.domain.permissions import Role, Viewer
from api.loaders.reading import Budget, Reading
from api.schema.enumerations import labels

OPERATOR = "operator"


def agenda(
    division: Annotated[str, typer.Option(metavar="CODE", help="Of which division: six digits.")],
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Into which folder; files of the same names are replaced.")
    ],
    on: Annotated[
        str | None, typer.Option(metavar="DAY", help="As of the end of which day, YYYY-MM-DD; default: today.")
    ] = None,
) -> None:
    """Write the joint meeting's pack: figures of a division as one page and as tables, and nothing of any person."""
    told, today = settings.read(), days.today(now())
    try:
        day = today if on is None else dt.date.fromisoformat(on)
    except ValueError:
        raise NotReady("--on is a day, such as 2026-06-30") from None
    if day > today:
        raise NotReady("--on is a day that has come")
    if not divisions.is_known(division):
        raise NotReady("--division is a code of six digits, such as 410500")
    vault = checked_vault(told)
    viewer = Viewer(0, OPERATOR, OPERATOR, Role.AUDITOR, division)

    async def act(connection: AsyncConnection) -> Pack:
        return await gathering.gather(Reading(connection, viewer, vault, Budget(), today=today), division, day)

    pack = look(told.database_url, act)
    written = sheets.write(out, tables.tables(pack, labels))
    target = out / "agenda.html"
    target.write_text(page.render(pack, labels), encoding="utf-8")
    for each in (target, *written):
        results.print(str(each), highlight=False)
    messages.print(f"{divisions.name(division)}, {day}: {pack.digest}")
