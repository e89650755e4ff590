"""Side by side: whom we have on file, what a department's record says, and how the link between the two was weighed."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.permissions import Permission, Viewer
from api.loaders import beside as loaders
from api.loaders import households
from api.loaders.reading import Reading, Rows
from api.matching import beside
from api.schema import guards, nodes
from api.schema.context import Info
from api.schema.findings import Finding
from api.schema.households import NOT_LOADED, Person, person_objects
from api.schema.results import MutationInput, Payload, carry_out
from api.schema.selection import wanted
from api.schema.sizes import about
from api.schema.tree import Branch, branch, grow
from api.schema.waterfall import picture
from api.schema.words import Grade
from api.services import judgements


@strawberry.type(description="What a department's record says in one column.")
class RecordValue:
    """What a department's record says in one column."""

    column: str = strawberry.field(description="The contract's column.")
    title_zh: str = strawberry.field(description="What it is called in Chinese.")
    title_en: str = strawberry.field(description="What it is called in English.")
    unit: str | None = strawberry.field(description="What a number counts, as yuan; null for what is no number.")
    value: str | None = strawberry.field(
        description="What it says; null where it says nothing, and where it is masked."
    )
    masked: bool = strawberry.field(
        description="Whether it is kept from viewers who see masks, whether or not it says something."
    )


@strawberry.type(description="A step of the waterfall: what a field's comparison adds to the weight.")
class WaterfallBar:
    """A step of the waterfall."""

    kind: str = strawberry.field(
        description="prior, field, or rarity: what the rarity of the value itself adds to its level."
    )
    field: str = strawberry.field(description="The field; empty for the prior.")
    level: str = strawberry.field(description="How the two compare in it.")
    bits: float = strawberry.field(description="What that adds, log2 of m/u.")
    total: float = strawberry.field(description="The weight up to there.")
    muted: bool = strawberry.field(
        description="Whether it agrees and adds nothing, since a field that contains it agrees too."
    )


@strawberry.type(description="How a link was weighed, from the prior to its weight.")
class Waterfall:
    """How a link was weighed."""

    model: str = strawberry.field(description="The version of the model that weighed it.")
    link_bits: float = strawberry.field(description="The weight from which on a pair may be linked.")
    review_bits: float = strawberry.field(description="The weight from which on a person looks at a pair.")
    bars: list[WaterfallBar] = strawberry.field(
        description="The steps, which add up to the weight.", metadata=about(9)
    )
    svg: str = strawberry.field(
        description="The same as a picture (SVG) in the reader's language; it tells of nobody."
    )


@strawberry.type(description="A person and a department's record on which a lead about them rests.")
class SideBySide:
    """A person and a department's record."""

    person_key: strawberry.Private[int]
    source: str = strawberry.field(description="The kind of department data, as in `departments`.")
    title_zh: str = strawberry.field(description="What it is called in Chinese.")
    title_en: str = strawberry.field(description="What it is called in English.")
    as_of: dt.date | None = strawberry.field(
        description="The day on which the data were cut; null where it is not known."
    )
    record_id: str = strawberry.field(description="The record's own number in its source.")
    party: str = strawberry.field(description="SELF, or A or B in a marriage record.")
    decision: str = strawberry.field(description="LINK, or REVIEW where a person has to look.")
    grade: Grade | None = strawberry.field(description="How sure the identity is; null where a person has to look.")
    probability: float = strawberry.field(description="That both are one person, 0 to 1.")
    weight_bits: float = strawberry.field(description="The weight of the evidence.")
    record: list[RecordValue] | None = strawberry.field(
        description="What the record says in the columns that rules read; null where the scan's files are kept no more, and "
        "where it might tell where somebody is who is protected.",
        metadata=about(6),
    )
    waterfall: Waterfall | None = strawberry.field(
        description="How the link was weighed; null where the model that weighed it is not there any more."
    )
    judged_same: bool | None = strawberry.field(
        description="What somebody said last who looked at both: one person, or two; null where nobody has."
    )
    person: Person | None = strawberry.field(default=NOT_LOADED, description="What we have on file of the person.")


Found = tuple[Mapping[beside.Pair, beside.Record], beside.Weighing]


def _read(data_dir: Path, rows: Rows) -> Found:
    """What the scan that raised the lead last kept of its records, and how it weighed its links."""
    out = beside.folder(data_dir, rows[0].last_scan_id)
    return beside.records(out, {(row.source, row.record_id) for row in rows}), beside.Weighing(out)


def _objects(reading: Reading, rows: Rows, found: Found, language: str) -> list[SideBySide]:
    records, weighing = found
    objects = []
    for row in rows:
        record = records.get((row.source, row.record_id))
        steps = weighing.waterfall(row.levels, row.weight_bits)
        zh, en = beside.title(row.source)
        objects.append(
            SideBySide(
                person_key=row.member_id,
                source=row.source,
                title_zh=zh,
                title_en=en,
                as_of=None if record is None else record.as_of,
                record_id=row.record_id,
                party=row.party,
                decision=row.decision,
                grade=Grade(row.grade) if row.grade else None,
                probability=row.probability,
                weight_bits=row.weight_bits,
                record=None
                if record is None
                else reading.whereabouts(row, [_value(reading, each) for each in record.values]),
                judged_same=row.judged_same,
                waterfall=None if steps is None else _waterfall(steps, language),
            )
        )
    return objects


def _value(reading: Reading, given: beside.Value) -> RecordValue:
    masked = given.personal and not reading.sees_identity
    return RecordValue(
        column=given.column,
        title_zh=given.title_zh,
        title_en=given.title_en,
        unit=given.unit,
        value=None if masked else given.text,
        masked=masked,
    )


def _waterfall(given: beside.Waterfall, language: str) -> Waterfall:
    return Waterfall(
        model=given.model,
        link_bits=given.link_bits,
        review_bits=given.review_bits,
        bars=[
            WaterfallBar(
                kind=each.kind,
                field=each.field,
                level=each.level,
                bits=each.bits,
                total=each.total,
                muted=each.muted,
            )
            for each in given.bars
        ],
        svg=picture(given, language),
    )


@strawberry.type(description="What may be asked about records beside people.")
class BesideQueries:
    """Records beside people."""

    @guards.query(
        Permission.READ_CASES,
        "The records on which a lead rests, each beside the person whom it is taken to be about, with what speaks for that and "
        "against it. Empty where there is no such lead that this viewer may see.",
        rows=4,
    )
    async def side_by_side(
        self, info: Info, finding_id: Annotated[strawberry.ID, strawberry.argument(description="The lead.")]
    ) -> list[SideBySide] | None:
        """The records on which a lead rests beside its people."""
        asked, key = wanted(info), nodes.key_of(info, "Finding", finding_id)
        async with info.context.reading() as reading:
            rows = [] if key is None else await loaders.of_finding(reading, key)
            if not rows:
                return []
            reading.log.saw_households([row.household_id for row in rows])
            reading.log.saw_people([row.member_id for row in rows])
            found = await asyncio.to_thread(_read, info.context.data_dir, rows)
            objects = _objects(reading, rows, found, info.context.language)
            await grow(reading, objects, asked, asked.times)
        return objects


@strawberry.input(description="What somebody says who looked at a person and a record.")
class JudgePairInput(MutationInput):
    """What somebody says of a pair."""

    finding_id: strawberry.ID = strawberry.field(description="The lead that rests on the record.")
    person_id: strawberry.ID = strawberry.field(description="The person.")
    source: str = strawberry.field(description="The kind of department data.")
    record_id: str = strawberry.field(description="The record's own number in its source.")
    same: bool = strawberry.field(description="Whether the record is about the person.")


@strawberry.type(description="What `judgePair` answers.")
class JudgePairPayload(Payload):
    """What `judgePair` answers."""

    finding: Finding | None = strawberry.field(description="The lead, which stands as it stood.")


@strawberry.type(description="What may be done with records beside people.")
class BesideMutations:
    """Pairs are judged."""

    @guards.mutation(
        Permission.REVIEW_FINDING,
        "Records whether a record is about the person whom it is taken to be about. It concludes nothing about the lead; the "
        "matcher may learn from it how sure it is (`jiekun pairs export`).",
    )
    async def judge_pair(
        self, info: Info, input: Annotated[JudgePairInput, strawberry.argument(description="What.")]
    ) -> JudgePairPayload:
        """Judges a pair."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            finding = nodes.key_of(info, "Finding", input.finding_id)
            pair = (nodes.key_of(info, "Person", input.person_id), input.source, input.record_id)
            context = info.context
            return await judgements.judge(
                connection, viewer, context.data_dir, finding, *pair, same=input.same, now=context.now()
            )

        done = await carry_out(info, Permission.REVIEW_FINDING, input, act)
        finding = await nodes.below_payload(info, "Finding", "finding", done.subject)
        return JudgePairPayload(finding=finding, **done.answered)


branch(
    SideBySide,
    "person",
    Branch(
        "person_key",
        lambda reading, keys, _: households.members_by_key(reading, keys),
        person_objects,
        "person",
        False,
    ),
)
