"""Reads the figures of an agenda pack: each by the loader that answers GraphQL, so that both tell the same."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from api.agenda.pack import Frozen, FundsOfSource, OfGroup, Pack, Progress, Reckoned
from api.domain import divisions, indicators
from api.domain.equity import EquityAttribute, EquityEvent
from api.domain.scorecards import Period
from api.domain.targets import FigureGroup
from api.loaders import agenda, equity, payments, scorecards, snapshots
from api.loaders.reading import Reading


async def gather(reading: Reading, code: str, on: dt.date, named: int | None = None, *, latest: bool = True) -> Pack:
    """The pack of a division that the viewer answers for: what is counted in a period is counted since the first of its year.

    It rests on the snapshot of the key `named`, or on the `latest` of the division, or of one that holds it.
    """
    of_it = replace(reading, viewer=replace(reading.viewer, division_code=code))
    period = Period(on.replace(month=1, day=1), on)
    return Pack(
        code,
        period,
        await _progress(of_it, code, on, named, latest),
        await scorecards.of_division(of_it, code, period),
        tuple(
            FundsOfSource(
                row.source, int(row.allocated_fen), int(row.available_fen), int(row.committed_fen), int(row.paid_fen)
            )
            for row in await payments.use(of_it, divisions.span(code), on.year)
        ),
        await equity.report(of_it, code, period, set(EquityAttribute), set(EquityEvent)),
    )


async def _progress(reading: Reading, code: str, on: dt.date, named: int | None, latest: bool) -> Progress | None:
    row = await agenda.snapshot(reading, code, on, named, latest=latest)
    if row is None:
        return None
    some = indicators.in_force(row.as_of)
    found = await snapshots.reckoned(reading, row.id, row.as_of, row.since, some, FigureGroup.COUNTY)
    (public,) = reading.vault.ids("Snapshot", [row.id])
    return Progress(
        Frozen(public, row.kind, row.division_code, row.since, row.as_of, row.digest),
        found.rows,
        found.beside,
        tuple(
            Reckoned(
                each,
                found.of[each.key].whole,
                tuple(
                    OfGroup(county, found.of[each.key].groups[county], found.beside_groups[county])
                    for county in found.groups
                ),
            )
            for each in some
        ),
    )
