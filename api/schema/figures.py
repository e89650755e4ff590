"""Indicators, and what they come to in a snapshot: exits never without returns and exclusions, and nobody few told of (F-22)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Annotated

import strawberry

from api.domain import figures, indicators
from api.domain.errors import BadInput
from api.domain.permissions import Permission
from api.loaders import snapshots as loaders
from api.schema import guards, nodes
from api.schema.context import Info
from api.schema.measures import Measure, OnDay, day_asked
from api.schema.selection import Wanted, wanted
from api.schema.sizes import about
from api.schema.target_terms import FigureGroup, IndicatorKind, called

GROUPS = 12
WITHHELD = "Whether it is withheld, because it is of fewer than ten, or would tell of one that is."


@strawberry.type(description="One version of an indicator: what is counted, over what.")
class Indicator:
    """One version of an indicator."""

    code: str = strawberry.field(description="Its code.")
    version: int = strawberry.field(description="Which version of it.")
    kind: IndicatorKind = strawberry.field(description="How it is reckoned.")
    measure: Measure = strawberry.field(description="For which of the policy's measures it tells something.")
    name_zh: str = strawberry.field(description="Its Chinese name.")
    name_en: str = strawberry.field(description="Its English name.")
    counts_zh: str = strawberry.field(description="What is counted, or between which days, in Chinese.")
    counts_en: str = strawberry.field(description="What is counted, or between which days, in English.")
    over_zh: str = strawberry.field(description="Over what, in Chinese.")
    over_en: str = strawberry.field(description="Over what, in English.")
    valid_from: dt.date = strawberry.field(description="Since when this version is in force.")
    basis: str = strawberry.field(description="What asks for it.")


@strawberry.type(description="So many of so many, and what it comes to.")
class Figure:
    """So many of so many."""

    numerator: int | None = strawberry.field(
        description="How many are counted; null of medians, and where it is withheld."
    )
    denominator: int | None = strawberry.field(description="Of how many; null where it is withheld.")
    value: Decimal | None = strawberry.field(
        description="A share of one, or a number of days; null where it is withheld, and of none at all."
    )
    withheld: bool = strawberry.field(description=WITHHELD)


@strawberry.type(
    description="A figure of one group, with how many of it returned to hardship and were deregistered otherwise."
)
class GroupFigure:
    """A figure of one group."""

    code: str = strawberry.field(description="The group; UNKNOWN for whatever is not known.")
    label_zh: str = strawberry.field(description="What it is called in Chinese.")
    label_en: str = strawberry.field(description="What it is called in English.")
    figure: Figure = strawberry.field(description="The figure.")
    returned: int | None = strawberry.field(description="How many returned to hardship; null where it is withheld.")
    excluded: int | None = strawberry.field(
        description="How many were deregistered for another reason than graduation; null where it is withheld."
    )


@strawberry.type(description="What an indicator comes to in a snapshot.")
class IndicatorFigures:
    """What an indicator comes to in a snapshot."""

    indicator: Indicator = strawberry.field(description="The version that was in force on the snapshot's day.")
    files: int = strawberry.field(description="How many files there are that the viewer answers for.")
    whole: Figure = strawberry.field(description="Of all of them.")
    returned: int = strawberry.field(description="How many of all returned to hardship.")
    excluded: int = strawberry.field(
        description="How many of all were deregistered for another reason than graduation."
    )
    groups: list[GroupFigure] = strawberry.field(
        description="Told apart as was asked; every group, whether anybody is in it or not.", metadata=about(GROUPS)
    )


def _indicator(of: indicators.Indicator) -> Indicator:
    return Indicator(
        code=of.code,
        version=of.version,
        kind=of.kind,
        measure=of.measure,
        name_zh=of.zh,
        name_en=of.en,
        counts_zh=of.counts_zh,
        counts_en=of.counts_en,
        over_zh=of.over_zh,
        over_en=of.over_en,
        valid_from=of.valid_from,
        basis=of.basis,
    )


def figure_of(figure: figures.Figure) -> Figure:
    """A figure as it is shown."""
    return Figure(
        numerator=figure.numerator, denominator=figure.denominator, value=figure.value, withheld=figure.withheld
    )


def _groups(found: loaders.Figures, of: figures.Of, group: FigureGroup | None) -> Iterator[GroupFigure]:
    for code in found.groups if group else ():
        zh, en = called(group, code) if group else (code, code)
        beside = found.beside_groups[code]
        yield GroupFigure(
            code=code,
            label_zh=zh,
            label_en=en,
            figure=figure_of(of.groups[code]),
            returned=beside.returned,
            excluded=beside.excluded,
        )


def _asked(codes: Sequence[str] | None, day: dt.date) -> list[indicators.Indicator]:
    """The indicators of these codes that are in force on a day, all where none is named. Raises BadInput."""
    found = indicators.in_force(day)
    if codes is not None and not {*codes} <= {each.code for each in indicators.every()}:
        raise BadInput("没有此代码的指标。", "There is no indicator of such a code.")
    return [each for each in found if codes is None or each.code in codes]


def spent(asked: Wanted, rows: int, groups: int) -> int:
    """How many values an answer of so many rows with so many groups each holds."""
    return rows * (asked.values(()) + (groups - 1) * asked.below("groups").values(()))


@strawberry.type(description="What may be asked about figures.")
class FigureQueries:
    """Figures."""

    @guards.query(
        guards.SIGNED_IN,
        "Indicators that are in force on a day: what each counts, over what. Costs no statement.",
        rows=13,
    )
    async def indicators(
        self,
        info: Info,
        as_of: OnDay = None,
    ) -> list[Indicator] | None:
        """Indicators that are in force on a day."""
        asked = wanted(info)
        found = [_indicator(each) for each in indicators.in_force(day_asked(info, as_of))]
        info.context.budget.spend(asked.times * len(found) * asked.values(()))
        return found

    @guards.query(
        Permission.READ_CASES,
        "What indicators come to in a snapshot, of the files that this viewer answers for; the same whenever it is asked. "
        "Empty where there is no such snapshot.",
        rows=13,
    )
    async def figures(
        self,
        info: Info,
        snapshot_id: Annotated[strawberry.ID, strawberry.argument(description="The snapshot.")],
        group_by: Annotated[
            FigureGroup | None,
            strawberry.argument(description="What they are told apart by; by nothing where nothing is said."),
        ] = None,
        codes: Annotated[
            list[str] | None, strawberry.argument(description="Only these indicators; all where nothing is said.")
        ] = None,
    ) -> list[IndicatorFigures] | None:
        """What indicators come to in a snapshot."""
        asked, key = wanted(info), nodes.key_of(info, "Snapshot", snapshot_id)
        async with info.context.reading() as reading:
            snapshot = next(iter(await loaders.by_key(reading, [] if key is None else [key])), None)
            if snapshot is None:
                return []
            some = _asked(codes, snapshot.as_of)
            found = await loaders.reckoned(reading, snapshot.id, snapshot.as_of, snapshot.since, some, group_by)
            reading.budget.spend(asked.times * spent(asked, len(some), len(found.groups)))
        return [
            IndicatorFigures(
                indicator=_indicator(each),
                files=found.rows,
                whole=figure_of(found.of[each.key].whole),
                returned=found.beside.returned or 0,
                excluded=found.beside.excluded or 0,
                groups=list(_groups(found, found.of[each.key], group_by)),
            )
            for each in some
        ]
