"""Reads the figures of an agenda pack: each by the loader that answers GraphQL, so that both tell the same."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from api.agenda.pack import Frozen, FundsOfSource, Goal, OfGroup, Pack, Progress, Reckoned
from api.domain import divisions, indicators, progress
from api.domain.equity import EquityAttribute, EquityEvent
from api.domain.scorecards import Period
from api.domain.targets import FigureGroup, TargetKind
from api.loaders import agenda, equity, payments, scorecards, snapshots, targets
from api.loaders.reading import Reading

MOST_GOALS = 6


async def gather(reading: Reading, code: str, on: dt.date, named: int | None = None, *, latest: bool = True) -> Pack:
    """The pack of a division that the viewer answers for: what is counted in a period is counted since the first of its year.

    It rests on the snapshot of the key `named`, or on the `latest` of the division, or of one that holds it.
    """
    of_it = replace(reading, viewer=replace(reading.viewer, division_code=code))
    period = Period(on.replace(month=1, day=1), on)
    return Pack(
        code,
        period,
        await _goals(of_it, code, on),
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


async def _goals(reading: Reading, code: str, on: dt.date) -> tuple[Goal, ...]:
    found = []
    for row in await targets.that_hold(reading, code, on, MOST_GOALS):
        kind = TargetKind(row.kind)
        became = await targets.became(reading, row.snapshot_id, kind, row.as_of, row.taken_at, on, None)
        counts = became.together
        of = row.kind, row.percent, row.due_on, row.document_no, row.division_code, row.as_of
        stands = progress.whole(kind, counts), became.relieved_before, progress.reached(kind, row.percent, counts)
        found.append(Goal(*of, *stands))
    return tuple(found)


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
