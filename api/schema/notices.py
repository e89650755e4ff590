"""Public notices: what everybody may read, for as long as they may, and how one is opened."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, cast

import strawberry
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain import notices as domain
from api.domain.notices import NoticeForm, NoticePlace, NoticeState, ObjectionChannel
from api.domain.permissions import Permission, Viewer
from api.loaders import notices as loaders
from api.loaders.conditions import Condition
from api.loaders.pages import Window
from api.loaders.reading import Reading, Rows
from api.schema import guards, nodes
from api.schema.connections import ORDER, After, Before, Connection, First, Last, connection, order_of
from api.schema.context import Info
from api.schema.enumerations import Words, described
from api.schema.filters import AND, NOT, OR, between, in_division, joined, of_households, one_of, whether
from api.schema.households import ITS_HOUSEHOLD, NOT_LOADED, Household
from api.schema.nodes import Id, Kind, kind
from api.schema.results import MutationInput, Payload, carry_out
from api.schema.selection import Wanted
from api.schema.sizes import about
from api.schema.terms import HardshipCategory, Tier
from api.schema.tree import Branch, branch
from api.schema.values import DateRange, Division, Node, division_of
from api.schema.words import Direction
from api.services import notices

if TYPE_CHECKING:
    from api.schema.objections import Objection

log = logging.getLogger("jiekun.notices")
WHILE_UP = " Null unless the notice is up and named."

described(
    NoticeForm,
    "Whether a notice says who applies.",
    {
        "NAMED": Words("具名", "Named", "以掩码写明申请人。", "It says who applies, masked."),
        "UNNAMED": Words(
            "不具名",
            "Unnamed",
            "只有编号、县区、期限和异议方式。",
            "It has its number, county, days and how to object, and no more.",
        ),
    },
)
described(
    NoticeState,
    "Whether a notice is up.",
    {
        "OPEN": Words("公示中", "Up", "正在公示。", "Everybody may read it."),
        "TAKEN_DOWN": Words(
            "已撤下", "Taken down", "公示期满或已撤下，内容已删除。", "It says nothing of anybody any more."
        ),
    },
)
described(
    NoticePlace,
    "Where a notice is put up.",
    {
        "WORKPLACE": Words(
            "单位公示栏", "Workplace", "申请人所在单位。", "On the board at the applicant's workplace."
        ),
        "COMMUNITY": Words("社区公示栏", "Community", "所在社区或村。", "On the board of the community or village."),
        "STREET_OFFICE": Words(
            "街道公示栏", "Street office", "所在街道或乡镇。", "At the street's or town's office."
        ),
        "UNION_CENTRE": Words("帮扶中心", "Union's centre", "工会帮扶（服务）中心。", "At the unions' centre."),
        "WEBSITE": Words("网站", "Website", "工会网站。", "On the union's site."),
    },
)
described(
    ObjectionChannel,
    "How somebody may object.",
    {
        "IN_PERSON": Words("当面", "In person", "到工会或帮扶中心当面提出。", "At the union or its centre."),
        "LETTER": Words("书面", "By letter", "寄送书面异议，可不署名。", "By letter, which need not be signed."),
        "HOTLINE": Words("热线", "Hotline", "拨打工会热线12351。", "By the unions' hotline, 12351."),
    },
)


@strawberry.type(
    description="What is published of a household that is to be recorded. No field of it can hold a whole number, an account, "
    "a telephone, an address below the street, or a child's name."
)
class PublicNotice(Node):
    """What is published of a household."""

    key: strawberry.Private[int]
    household_key: strawberry.Private[int]
    number: str = strawberry.field(description="The notice's own number, to be named by whoever objects.")
    form: NoticeForm = strawberry.field(description="Whether it says who applies.")
    state: NoticeState = strawberry.field(description="Whether it is up at this moment.")
    division: Division = strawberry.field(description="The household's county when it was published.")
    applicant: str | None = strawberry.field(description="The applicant's first character: 张*." + WHILE_UP)
    id_number: str | None = strawberry.field(description="The number's first four digits." + WHILE_UP)
    street: str | None = strawberry.field(description="The street, and nothing below it." + WHILE_UP)
    people: int | None = strawberry.field(description="How many people the household has." + WHILE_UP)
    tier: Tier | None = strawberry.field(description="Which level would keep the file." + WHILE_UP)
    category: HardshipCategory | None = strawberry.field(description="In which kind of hardship." + WHILE_UP)
    keeper: str | None = strawberry.field(description="The union that would keep the file." + WHILE_UP)
    places: list[NoticePlace] = strawberry.field(description="Where it is put up.", metadata=about(2))
    channels: list[ObjectionChannel] = strawberry.field(description="How somebody may object.", metadata=about(3))
    from_day: dt.date = strawberry.field(description="Its first day.")
    to_day: dt.date = strawberry.field(description="Its last day.")
    version: int = strawberry.field(description="Counts changes.")
    household: Household = strawberry.field(default=NOT_LOADED, description="The household.")
    objections: list[Annotated[Objection, strawberry.lazy("api.schema.objections")]] = strawberry.field(
        default=NOT_LOADED, description="Objections to it, the latest first.", metadata=about(1)
    )


class PublicNoticeOrderField(StrEnum):
    """What notices may be ordered by."""

    OPENED = "OPENED"
    TO_DAY = "TO_DAY"


described(
    PublicNoticeOrderField,
    "What notices may be ordered by.",
    {
        "OPENED": Words("公示先后", "Opened", "公示的先后。", "In which order they were opened."),
        "TO_DAY": Words("截止日期", "Last day", "公示的最后一日。", "The last day."),
    },
)


@strawberry.input(description="An order of notices.")
class PublicNoticeOrder:
    """An order of notices."""

    field: PublicNoticeOrderField = strawberry.field(description="What to order by.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which way.")


@strawberry.input(description="Which notices; all that is given must hold.")
class PublicNoticeFilter:
    """Which notices."""

    division_code: str | None = strawberry.field(default=None, description="In this division or below it.")
    numbers: list[str] | None = strawberry.field(default=None, description="With one of these numbers.")
    household_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="Of these households.")
    up: bool | None = strawberry.field(default=None, description="Whether they are up at this moment.")
    until: DateRange | None = strawberry.field(default=None, description="Their last day lies between these.")
    and_: list[PublicNoticeFilter] | None = strawberry.field(name="and", default=None, description=AND)
    or_: list[PublicNoticeFilter] | None = strawberry.field(name="or", default=None, description=OR)
    not_: PublicNoticeFilter | None = strawberry.field(name="not", default=None, description=NOT)


def _conditions(info: Info, given: PublicNoticeFilter) -> Iterator[Condition]:
    yield from in_division(given.division_code)
    yield from one_of("numbers", given.numbers)
    yield from of_households(info, given.household_ids)
    yield from whether("up", given.up)
    yield from between("until", given.until)


def notice_objects(reading: Reading, rows: Rows, wanted: Wanted) -> list[PublicNotice]:
    """Rows as notices, each through the type that holds no identifier."""
    return [
        PublicNotice(
            id=strawberry.ID(public_id),
            key=row.id,
            household_key=row.household_id,
            state=NoticeState(row.state),
            division=division_of(row.division_code),
            version=row.version,
            **said(row),
        )
        for row, public_id in zip(rows, reading.ids("PublicNotice", rows), strict=True)
    ]


def said(row: Row[*tuple[Any, ...]]) -> dict[str, Any]:
    """What the notice says; nothing of anybody where its row holds what no notice can."""
    fixed = {
        "number": row.number,
        "form": NoticeForm(row.form),
        "places": tuple(NoticePlace(each) for each in row.places),
        "channels": tuple(ObjectionChannel(each) for each in row.channels),
        "from_day": row.from_day,
        "to_day": row.to_day,
    }
    says = {name: getattr(row, name) for name in domain.OF_SOMEBODY}
    try:
        says["tier"] = Tier(row.tier) if row.tier else None
        says["category"] = HardshipCategory(row.category) if row.category else None
        domain.PublicNotice(division_code=row.division_code, **fixed, **says)
    except ValueError:
        log.error("notice %d is kept in another form: nothing of it is shown", row.id)
        says = dict.fromkeys(domain.OF_SOMEBODY)
    return {**fixed, **says, "places": list(fixed["places"]), "channels": list(fixed["channels"])}


@strawberry.type(description="What may be asked about notices.")
class NoticeQueries:
    """Notices."""

    @guards.query(Permission.READ_CASES, "Public notices of the viewer's division; those that are down say nothing.")
    async def public_notices(
        self,
        info: Info,
        filter: Annotated[PublicNoticeFilter | None, strawberry.argument(description="Which.")] = None,
        order_by: Annotated[
            list[PublicNoticeOrder] | None, strawberry.argument(description=ORDER + " the latest opened first.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[PublicNotice] | None:
        """A page of notices."""
        where = joined(filter, lambda given, _: _conditions(info, given))
        order, window = order_of(order_by, "OPENED"), Window(first, after, last, before)
        return await connection(info, loaders.NOTICES, notice_objects, where, order, window)

    @guards.query(Permission.READ_CASES, "One notice; null where there is none that this viewer may see.")
    async def notice(self, info: Info, id: Id) -> PublicNotice | None:
        """One notice."""
        return cast(PublicNotice | None, await nodes.one(info, "PublicNotice", id))


@strawberry.input(description="A household that is put on public notice.")
class OpenPublicNoticeInput(MutationInput):
    """A household that is put on public notice."""

    household_id: strawberry.ID = strawberry.field(description="The household, under review.")
    expected_version: int = strawberry.field(description="The household's `version` as it was read.")
    places: list[NoticePlace] = strawberry.field(description="Where the notice is put up; at least one.")
    channels: list[ObjectionChannel] = strawberry.field(description="How somebody may object; at least one.")
    working_days: int | None = strawberry.field(
        default=None,
        description="For how many whole working days after today; where nothing is said, as many as the division takes, which "
        "is the least.",
    )


@strawberry.type(description="What `openPublicNotice` answers.")
class OpenPublicNoticePayload(Payload):
    """What `openPublicNotice` answers."""

    notice: PublicNotice | None = strawberry.field(description="The notice as it is published.")


@strawberry.type(description="What may be done with notices.")
class NoticeMutations:
    """Notices are opened; they are taken down by their days."""

    @guards.mutation(
        Permission.DECIDE_FILES,
        "Puts a household under review on public notice, from today on; it is masked by itself.",
    )
    async def open_public_notice(
        self, info: Info, input: Annotated[OpenPublicNoticeInput, strawberry.argument(description="Which household.")]
    ) -> OpenPublicNoticePayload:
        """Opens a notice."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            return await notices.open_notice(
                connection,
                info.context.vault,
                viewer,
                nodes.key_of(info, "Household", input.household_id),
                input.expected_version,
                input.places,
                input.channels,
                input.working_days,
                info.context.now(),
            )

        done = await carry_out(info, Permission.DECIDE_FILES, input, act)
        notice = await nodes.below_payload(info, "PublicNotice", "notice", done.subject)
        return OpenPublicNoticePayload(notice=notice, **done.answered)


branch(
    Household,
    "notices",
    Branch("key", lambda reading, keys, _: loaders.notices_of(reading, keys), notice_objects, "notices"),
)
branch(PublicNotice, "household", ITS_HOUSEHOLD)
kind("PublicNotice", Kind(loaders.notices_by_key, notice_objects, Permission.READ_CASES))
