"""The agenda pack of the joint meeting: a page and tables of one division's figures on a day, which are nobody's in person."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import strawberry

from api import sheets
from api.agenda import gathering, page, tables
from api.domain import divisions
from api.domain.permissions import Permission
from api.schema import guards, nodes
from api.schema.context import Info
from api.schema.enumerations import labels
from api.schema.measures import InDivision, day_asked, division_asked
from api.schema.selection import wanted
from api.schema.sizes import about
from api.schema.values import Division, division_of


@strawberry.type(description="A table of an agenda pack.")
class AgendaFile:
    """A table of an agenda pack."""

    name: str = strawberry.field(description="As a file is called, `units.csv`.")
    csv: str = strawberry.field(description="The table: no cell of it is a formula.")


@strawberry.type(description="The agenda pack of the joint meeting: figures alone.")
class AgendaPack:
    """The agenda pack of the joint meeting."""

    division: Division = strawberry.field(description="Of which division.")
    day: dt.date = strawberry.field(
        description="As of the end of which day; what is counted is counted since the first of its year."
    )
    snapshot_id: strawberry.ID | None = strawberry.field(
        description="The snapshot on which its progress rests; null where there was none by then, and its progress is not known."
    )
    digest: str = strawberry.field(description="SHA-256 of all figures: the same for the same pack.")
    html: str = strawberry.field(description="The page: one file that needs nothing else.")
    files: list[AgendaFile] = strawberry.field(description="The same figures as tables.", metadata=about(9))


@strawberry.type(description="What may be asked about the joint meeting.")
class AgendaQueries:
    """The joint meeting."""

    @guards.query(
        Permission.READ_CASES,
        "The agenda pack of the joint meeting: goals, progress, scorecards, use of funds and equity as one page and as tables, without anything of any "
        "person. Null for a division that the viewer does not answer for.",
    )
    async def agenda_pack(
        self,
        info: Info,
        division_code: InDivision = None,
        on: Annotated[
            dt.date | None, strawberry.argument(description="As of which day; today where nothing is said.")
        ] = None,
        snapshot_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(
                description="On which snapshot its progress rests; on the latest by then of the division, or of one that holds it, "
                "where nothing is said."
            ),
        ] = None,
    ) -> AgendaPack | None:
        """The agenda pack."""
        code, day = division_asked(info, division_code), day_asked(info, on)
        asked = wanted(info)
        if not divisions.holds(info.context.viewer_who_may(None).division_code, code):
            return None
        named = None if snapshot_id is None else nodes.key_of(info, "Snapshot", snapshot_id)
        async with info.context.reading() as reading:
            pack = await gathering.gather(reading, code, day, named, latest=snapshot_id is None)
            reading.budget.spend(asked.times * 100)
        return AgendaPack(
            division=division_of(code),
            day=day,
            snapshot_id=strawberry.ID(pack.progress.frozen.id) if pack.progress else None,
            digest=pack.digest,
            html=page.render(pack, labels) if asked.has("html") else "",
            files=[
                AgendaFile(name=f"{each.name}.csv", csv=sheets.as_csv(each)) for each in tables.tables(pack, labels)
            ]
            if asked.has("files")
            else [],
        )
