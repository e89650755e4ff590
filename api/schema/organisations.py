"""Organisations: trade unions, departments and others, kept by administrators; the tree of them is everybody's to see."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any, cast

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.accounts import Administrator, OrganisationKind, OrganisationLevel
from api.domain.permissions import Permission, Viewer
from api.loaders import accounts as loaders
from api.loaders import organisations as over_time
from api.loaders.conditions import Is
from api.loaders.pages import Window
from api.loaders.reading import Reading, Rows
from api.schema import guards, nodes
from api.schema.changes import VERSION, ending, named, read_at
from api.schema.connections import ORDER, After, Before, Connection, First, Last, connection, order_of
from api.schema.context import Info
from api.schema.enumerations import Words, described
from api.schema.filters import AND, NOT, OR, in_division, joined, of_keys, one_of
from api.schema.nodes import Kind, kind
from api.schema.results import MutationInput, Payload, carry_out
from api.schema.selection import Wanted
from api.schema.sizes import about
from api.schema.tree import Branch, branch
from api.schema.values import Division, Node, division_of
from api.schema.words import Direction
from api.services import organisations as services
from api.services import tree

MANAGE = Permission.MANAGE_ACCOUNTS
NOT_LOADED = cast(Any, None)

described(
    OrganisationKind,
    "What an organisation is to us.",
    {
        "UNION": Words("工会", "Union", "各级工会组织。", "A trade union, which works with households."),
        "DEPARTMENT": Words("数据部门", "Department", "提供数据的部门。", "A department that keeps data."),
        "GOVERNMENT": Words("政府", "Government", "各级人民政府。", "A people's government, which coordinates."),
        "PARTY_COMMITTEE": Words(
            "党委", "Party committee", "各级党委及其工作机关。", "A committee of the Party, which leads."
        ),
        "SOCIAL_ORGANISATION": Words(
            "社会组织",
            "Social organisation",
            "参与帮扶的社会组织、慈善组织。",
            "A social or charitable organisation that takes part.",
        ),
        "ASSISTANCE_CENTRE": Words(
            "帮扶服务中心",
            "Assistance centre",
            "困难职工帮扶服务中心、站点。",
            "A centre or station that works with households.",
        ),
    },
)
described(
    OrganisationLevel,
    "How high an organisation stands.",
    {
        "NATIONAL": Words("全国级", "National", "全国性组织。", "Of the whole country."),
        "PROVINCIAL": Words("省级", "Provincial", "省、自治区、直辖市。", "Of a province."),
        "MUNICIPAL": Words("地市级", "Municipal", "设区的市。", "Of a city with counties."),
        "COUNTY": Words("县级", "County", "县、市、区。", "Of a county or a district."),
        "GRASSROOTS": Words(
            "基层", "Grassroots", "街道、乡镇、企事业单位。", "Of a street, a township or an employer."
        ),
    },
)


@strawberry.type(description="What an organisation is or was called.")
class OrganisationName:
    """What an organisation is or was called."""

    name_zh: str = strawberry.field(description="The Chinese name.")
    name_en: str = strawberry.field(description="The English name.")
    valid_from: dt.date | None = strawberry.field(description="The first day; null where it always was.")
    valid_to: dt.date | None = strawberry.field(
        description="The first day of the next name; null for the one of today."
    )


@strawberry.type(description="A trade union, a department that keeps data, or another that takes part.")
class Organisation(Node):
    """A trade union, a department that keeps data, or another that takes part."""

    key: strawberry.Private[int]
    parent_key: strawberry.Private[int | None]
    code: str = strawberry.field(description="By which it is known; never changes.")
    name_zh: str = strawberry.field(description="Its Chinese name today.")
    name_en: str = strawberry.field(description="Its English name today.")
    kind: OrganisationKind = strawberry.field(description="What it is to us.")
    level: OrganisationLevel | None = strawberry.field(description="How high it stands; null where nobody said.")
    valid_from: dt.date | None = strawberry.field(description="Since when there is such an organisation, if known.")
    valid_to: dt.date | None = strawberry.field(description="The first day on which there is none any more.")
    division: Division = strawberry.field(description="Where it belongs, and which administrators keep it.")
    sources: list[str] = strawberry.field(
        description="The kinds of data that a department keeps, as in `departments`."
    )
    active: bool = strawberry.field(description="Whether anybody of it may do anything.")
    version: int = strawberry.field(description="Counts changes; to be given back by whoever changes it.")
    created_at: dt.datetime = strawberry.field(description="When it was added.")
    parent: Organisation | None = strawberry.field(
        default=NOT_LOADED, description="Below which it stands; null for none, or one that the viewer does not keep."
    )
    names: list[OrganisationName] = strawberry.field(
        default=NOT_LOADED, description="What it is and was called, the latest first.", metadata=about(2)
    )


def organisation_objects(reading: Reading, rows: Rows, asked: Wanted) -> list[Organisation]:
    """Rows as organisations."""
    return [
        Organisation(
            id=strawberry.ID(public_id),
            key=row.id,
            parent_key=row.parent_key,
            code=row.code,
            name_zh=row.name_zh,
            name_en=row.name_en,
            kind=OrganisationKind(row.kind),
            level=OrganisationLevel(row.level) if row.level else None,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
            division=division_of(row.division_code),
            sources=row.sources,
            active=row.active,
            version=row.version,
            created_at=row.created_at,
        )
        for row, public_id in zip(rows, reading.ids("Organisation", rows), strict=True)
    ]


def name_objects(reading: Reading, rows: Rows, asked: Wanted) -> list[OrganisationName]:
    """Rows as names."""
    return [
        OrganisationName(
            name_zh=row.name_zh,
            name_en=row.name_en,
            valid_from=None if row.valid_from == services.ALWAYS else row.valid_from,
            valid_to=row.next_from,
        )
        for row in rows
    ]


BELONGS_TO = Branch(
    "organisation_key",
    lambda reading, keys, _: loaders.organisations_by_key(reading, keys),
    organisation_objects,
    "organisation",
    many=False,
)
"""What leads from somebody, or a program, to the organisation they belong to."""


class OrganisationOrderField(StrEnum):
    """What organisations may be ordered by."""

    CREATED = "CREATED"
    CODE = "CODE"


described(
    OrganisationOrderField,
    "What organisations may be ordered by.",
    {
        "CREATED": Words("添加时间", "Added", "添加的先后。", "When it was added."),
        "CODE": Words("代码", "Code", "按代码排列。", "Its code."),
    },
)


@strawberry.input(description="An order of organisations.")
class OrganisationOrder:
    """An order of organisations."""

    field: OrganisationOrderField = strawberry.field(description="What to order by.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which way.")


@strawberry.input(description="Which organisations; all that is given must hold.")
class OrganisationFilter:
    """Which organisations."""

    division_code: str | None = strawberry.field(default=None, description="In this division or below it.")
    codes: list[str] | None = strawberry.field(default=None, description="Of one of these codes.")
    kinds: list[OrganisationKind] | None = strawberry.field(default=None, description="Of one of these kinds.")
    levels: list[OrganisationLevel] | None = strawberry.field(default=None, description="Of one of these levels.")
    parent_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Right below one of these organisations."
    )
    active: bool | None = strawberry.field(default=None, description="Whether it is active.")
    and_: list[OrganisationFilter] | None = strawberry.field(name="and", default=None, description=AND)
    or_: list[OrganisationFilter] | None = strawberry.field(name="or", default=None, description=OR)
    not_: OrganisationFilter | None = strawberry.field(name="not", default=None, description=NOT)


def _conditions(info: Info, given: OrganisationFilter) -> Iterator[Is]:
    yield from in_division(given.division_code)
    yield from one_of("codes", given.codes)
    yield from one_of("kinds", given.kinds)
    yield from one_of("levels", given.levels)
    yield from of_keys(info, "parents", "Organisation", given.parent_ids)
    yield from whether_active(given.active)


def whether_active(asked: bool | None) -> Iterator[Is]:
    """Active, or not, as far as it is asked."""
    if asked is not None:
        yield Is("active" if asked else "inactive", {})


@strawberry.type(description="What may be asked about organisations.")
class OrganisationQueries:
    """Organisations."""

    @guards.query(MANAGE, "Organisations of the viewer's division and those below it, the latest added first.")
    async def organisations(
        self,
        info: Info,
        filter: Annotated[OrganisationFilter | None, strawberry.argument(description="Which.")] = None,
        order_by: Annotated[
            list[OrganisationOrder] | None, strawberry.argument(description=ORDER + " the latest added first.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Organisation] | None:
        """A page of organisations."""
        where = joined(filter, lambda given, _: _conditions(info, given))
        window = Window(first, after, last, before)
        order = order_of(order_by, "CREATED")
        return await connection(info, loaders.ORGANISATIONS, organisation_objects, where, order, window)


@strawberry.input(description="An organisation to be added, or changed.")
class SaveOrganisationInput(MutationInput):
    """An organisation to be added, or changed."""

    organisation_id: strawberry.ID | None = strawberry.field(
        default=None, description="Which is changed; none adds a new one."
    )
    expected_version: int | None = strawberry.field(default=None, description=VERSION)
    code: str | None = strawberry.field(
        default=None,
        description="By which a new one is known: up to 64 small letters, digits, dots, underscores and hyphens.",
    )
    name_zh: str = strawberry.field(description="Its Chinese name.")
    name_en: str = strawberry.field(description="Its English name.")
    kind: OrganisationKind = strawberry.field(description="What it is to us.")
    division_code: str = strawberry.field(description="Where it belongs: the viewer's division, or one below it.")
    sources: list[str] | None = strawberry.field(
        default=None, description="The kinds of data that a department keeps, by their codes in `departments`."
    )
    renamed_on: dt.date | None = strawberry.field(
        default=None,
        description="From which day on the name is a new one, the one before being kept for the days before; none puts the "
        "name of today right.",
    )
    level: OrganisationLevel | None = strawberry.field(
        default=None, description="How high it stands; none leaves it as it is."
    )
    valid_from: dt.date | None = strawberry.field(
        default=None, description="Since when there is such an organisation; none leaves it as it is."
    )
    valid_to: dt.date | None = strawberry.field(
        default=None, description="The first day on which there is none any more; none leaves it as it is."
    )


@strawberry.type(description="What `saveOrganisation` answers.")
class SaveOrganisationPayload(Payload):
    """What `saveOrganisation` answers."""

    organisation: Organisation | None = strawberry.field(description="The organisation, as it is now.")


@strawberry.input(description="Below which an organisation stands.")
class PlaceOrganisationInput(MutationInput):
    """Below which an organisation stands."""

    organisation_id: strawberry.ID = strawberry.field(description="Which.")
    expected_version: int = strawberry.field(description="At which version it was read.")
    parent_id: strawberry.ID | None = strawberry.field(
        default=None, description="Below which, itself in no lower division or level; none makes it a top."
    )


@strawberry.type(description="What `placeOrganisation` answers.")
class PlaceOrganisationPayload(Payload):
    """What `placeOrganisation` answers."""

    organisation: Organisation | None = strawberry.field(description="The organisation, as it is now.")


@strawberry.input(description="An organisation of which nobody may do anything any more.")
class DeactivateOrganisationInput(MutationInput):
    """An organisation of which nobody may do anything any more."""

    organisation_id: strawberry.ID = strawberry.field(description="Which.")
    expected_version: int = strawberry.field(description="At which version it was read.")


@strawberry.type(description="What `deactivateOrganisation` answers.")
class DeactivateOrganisationPayload(Payload):
    """What `deactivateOrganisation` answers."""

    organisation: Organisation | None = strawberry.field(description="The organisation, as it is now.")


@strawberry.type(description="What may be done with organisations.")
class OrganisationMutations:
    """Organisations are added, changed and deactivated."""

    @guards.mutation(MANAGE, "Adds an organisation, or changes one; it is active afterwards.")
    async def save_organisation(
        self,
        info: Info,
        input: Annotated[SaveOrganisationInput, strawberry.argument(description="What it is to be.")],
    ) -> SaveOrganisationPayload:
        """Adds or changes an organisation."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            return await services.save(
                connection,
                Administrator.of(viewer),
                services.Described(
                    input.name_zh,
                    input.name_en,
                    input.kind,
                    input.division_code,
                    tuple(input.sources or ()),
                    input.level,
                    input.valid_from,
                    input.valid_to,
                    input.renamed_on,
                ),
                info.context.now(),
                code=input.code,
                organisation_id=named(info, "Organisation", input.organisation_id),
                expected_version=read_at(input.organisation_id, input.expected_version),
            )

        done = await carry_out(info, MANAGE, input, act)
        saved = await nodes.below_payload(info, "Organisation", "organisation", done.subject)
        return SaveOrganisationPayload(organisation=saved, **done.answered)

    @guards.mutation(
        MANAGE,
        "Puts an organisation below another, with all that stands below it; nothing comes to stand below itself.",
    )
    async def place_organisation(
        self,
        info: Info,
        input: Annotated[PlaceOrganisationInput, strawberry.argument(description="Which, and where.")],
    ) -> PlaceOrganisationPayload:
        """Places an organisation."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            return await tree.place(
                connection,
                Administrator.of(viewer),
                named(info, "Organisation", input.organisation_id),
                named(info, "Organisation", input.parent_id),
                info.context.now(),
                input.expected_version,
            )

        done = await carry_out(info, MANAGE, input, act)
        placed = await nodes.below_payload(info, "Organisation", "organisation", done.subject)
        return PlaceOrganisationPayload(organisation=placed, **done.answered)

    @guards.mutation(
        MANAGE, "Lets nobody of an organisation do anything any more, people and programs alike; what they did stays."
    )
    async def deactivate_organisation(
        self, info: Info, input: Annotated[DeactivateOrganisationInput, strawberry.argument(description="Which.")]
    ) -> DeactivateOrganisationPayload:
        """Deactivates an organisation."""
        end = ending(info, "Organisation", input.organisation_id, input.expected_version, services.deactivate)
        done = await carry_out(info, MANAGE, input, end)
        ended = await nodes.below_payload(info, "Organisation", "organisation", done.subject)
        return DeactivateOrganisationPayload(organisation=ended, **done.answered)


branch(
    Organisation,
    "parent",
    Branch(
        "parent_key",
        lambda reading, keys, _: loaders.organisations_by_key(reading, keys),
        organisation_objects,
        "parent",
        many=False,
    ),
)
branch(
    Organisation,
    "names",
    Branch("key", lambda reading, keys, _: over_time.names_of(reading, keys), name_objects, "names"),
)
kind("Organisation", Kind(loaders.organisations_by_key, organisation_objects, MANAGE))
