"""Who read whose data, when, for what and which fields; and alarms of bulk reading, which somebody looks into."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain import told
from api.domain.bulk import AlarmKind
from api.domain.errors import BadInput
from api.domain.permissions import Permission, Viewer
from api.domain.purposes import Purpose
from api.domain.reads import IdentityShown, ReadOutcome
from api.loaders import reads as loaders
from api.loaders.conditions import Is
from api.loaders.pages import Listing, Window
from api.loaders.reading import Reading, Rows
from api.schema import guards, nodes
from api.schema.connections import ORDER, After, Before, Connection, First, Last, connection, order_of
from api.schema.context import Info
from api.schema.enumerations import Words, described
from api.schema.filters import AND, NOT, OR, in_division, joined, one_of
from api.schema.nodes import Kind, kind
from api.schema.results import MutationInput, Payload, carry_out
from api.schema.scalars import BigInt
from api.schema.selection import Wanted
from api.schema.sizes import about
from api.schema.values import Division, Node, division_of
from api.schema.words import Direction, Role
from api.services import alarms as alarm_service

described(
    Purpose,
    "For what people's data are read; the header Jiekun-Purpose names one of those of the role.",
    {
        "CASE_WORK": Words(
            "帮扶办理",
            "Case work",
            "办理家庭的申请、档案与帮扶。",
            "Working with the household: its application, its file, its aid.",
        ),
        "VERIFICATION": Words(
            "信息核对",
            "Verification",
            "将申报情况与部门数据核对。",
            "Checking what is declared against what departments hold.",
        ),
        "REVIEW": Words("疑点复核", "Review of leads", "对疑点作出结论。", "Concluding about a lead."),
        "OBJECTION": Words(
            "异议处理", "Objection", "答复本人的异议或请求。", "Answering an objection or a request of the person."
        ),
        "AUDIT": Words("审计监督", "Audit", "检查系统的使用情况。", "Examining how the service is used."),
        "STATISTICS": Words("统计分析", "Statistics", "不区分个人的统计。", "Figures in which nobody is told apart."),
        "SUPPORT": Words(
            "运行维护", "Support", "排查系统故障。", "Finding out why the service does not work as it should."
        ),
    },
)
described(
    IdentityShown,
    "How much of identities an operation showed.",
    {
        "NONE": Words("未显示", "None", "未显示身份信息。", "Nothing by which somebody is identified was shown."),
        "MASKED": Words("掩码", "Masked", "身份信息以掩码显示。", "Identifying values were shown masked."),
        "WHOLE": Words("完整", "Whole", "身份信息完整显示。", "Identifying values were shown whole."),
    },
)
described(
    ReadOutcome,
    "What became of an operation.",
    {
        "ANSWERED": Words("已答复", "Answered", "全部答复。", "It was answered."),
        "PARTLY_REFUSED": Words("部分拒绝", "Partly refused", "部分字段被拒绝。", "Some of it was refused."),
        "REFUSED": Words("拒绝", "Refused", "未予答复。", "It was refused."),
        "FAILED": Words("出错", "Failed", "答复时出错。", "It failed after something was read."),
    },
)
described(
    AlarmKind,
    "In which time too many people's identities were seen.",
    {
        "PEOPLE_AN_HOUR": Words("一小时内", "Within an hour", "一小时内查阅人数过多。", "Too many within an hour."),
        "PEOPLE_A_DAY": Words("一天内", "Within a day", "一天内查阅人数过多。", "Too many within a day."),
    },
)


class ReadOrderField(StrEnum):
    """What reads may be ordered by."""

    RECORDED = "RECORDED"
    PEOPLE = "PEOPLE"


class AlarmOrderField(StrEnum):
    """What alarms may be ordered by."""

    RAISED = "RAISED"


described(
    ReadOrderField,
    "What reads may be ordered by.",
    {
        "RECORDED": Words("登记时间", "Recorded", "登记的先后。", "When it was recorded."),
        "PEOPLE": Words(
            "完整显示人数", "People", "完整显示身份的人数。", "Of how many people identities were shown whole."
        ),
    },
)
described(
    AlarmOrderField,
    "What alarms may be ordered by.",
    {"RAISED": Words("提出时间", "Raised", "提出的先后。", "When it was raised.")},
)


@strawberry.type(description="Somebody who read, as they are called today.")
class Reader:
    """Somebody who read."""

    login: str = strawberry.field(description="The login.")
    display_name: str = strawberry.field(description="The name shown to others.")
    organisation_zh: str | None = strawberry.field(description="The organisation's Chinese name.")
    organisation_en: str | None = strawberry.field(description="The organisation's English name.")


@strawberry.type(description="A field that was read, with its words.")
class ReadField:
    """A field that was read."""

    name: str = strawberry.field(description="The type and the field, as the schema calls them: `Person.name`.")
    label_zh: str = strawberry.field(description="In Chinese.")
    label_en: str = strawberry.field(description="In English.")


@strawberry.type(description="Somebody was looked for by exact values, which are not kept.")
class IdentitySearch:
    """Somebody was looked for by exact values."""

    by: list[str] = strawberry.field(description="By which: idNumber, phone, name.", metadata=about(2))
    found: int = strawberry.field(description="How many households the page had.")


@strawberry.type(
    description="One operation that showed something of people, or was refused: who, when, for what, which fields, of "
    "how many. Values are never kept."
)
class Read(Node):
    """One operation that showed something of people, or was refused."""

    key: strawberry.Private[int]
    read_at: dt.datetime = strawberry.field(description="When.")
    reader: Reader = strawberry.field(description="Who.")
    role: Role = strawberry.field(description="What the reader was then.")
    division: Division = strawberry.field(description="Which division the reader answered for then.")
    client: str | None = strawberry.field(
        description="The registered program that asked; null for a user's own token."
    )
    purpose: Purpose = strawberry.field(description="For what.")
    fields: list[ReadField] = strawberry.field(description="Which fields.", metadata=about(20))
    identity: IdentityShown = strawberry.field(description="How much of identities was shown.")
    searches: list[IdentitySearch] = strawberry.field(
        description="Whether somebody was looked for by an exact value.", metadata=about(1)
    )
    people: int = strawberry.field(description="Of how many people.")
    households: int = strawberry.field(description="Of how many households.")
    outcome: ReadOutcome = strawberry.field(description="What became of it.")
    codes: list[str] = strawberry.field(description="Codes of what was refused or failed.", metadata=about(1))
    number: BigInt | None = strawberry.field(
        description="Its place in the chain; null for the second until it is sealed."
    )


@strawberry.type(
    description="Somebody saw the identities of more people in a time than is ordinary; it stops nobody."
)
class Alarm(Node):
    """Somebody saw the identities of more people in a time than is ordinary."""

    key: strawberry.Private[int]
    kind: AlarmKind = strawberry.field(description="In which time.")
    reader: Reader = strawberry.field(description="Who.")
    role: Role = strawberry.field(description="What the reader was then.")
    division: Division = strawberry.field(description="Which division the reader answered for then.")
    window_from: dt.datetime = strawberry.field(description="From when.")
    window_to: dt.datetime = strawberry.field(description="Until when.")
    people: int = strawberry.field(description="How many different people by then.")
    threshold: int = strawberry.field(description="How many are ordinary.")
    raised_at: dt.datetime = strawberry.field(description="When it was raised.")
    acknowledged_by: str | None = strawberry.field(description="Who looked into it; null while nobody has.")
    acknowledged_at: dt.datetime | None = strawberry.field(description="When.")
    note: str | None = strawberry.field(description="What they found; kept sealed.")


@strawberry.input(description="An order of reads.")
class ReadOrder:
    """An order of reads."""

    field: ReadOrderField = strawberry.field(description="What to order by.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which way.")


@strawberry.input(description="An order of alarms.")
class AlarmOrder:
    """An order of alarms."""

    field: AlarmOrderField = strawberry.field(description="What to order by.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which way.")


@strawberry.input(description="Which reads; all that is given must hold.")
class ReadFilter:
    """Which reads."""

    person_id: strawberry.ID | None = strawberry.field(
        default=None, description="That showed this person, whoever read; stands in no `or` or `not`."
    )
    household_id: strawberry.ID | None = strawberry.field(
        default=None, description="That showed this household or what is its, whoever read; likewise."
    )
    division_code: str | None = strawberry.field(default=None, description="By readers of this division or below it.")
    readers: list[str] | None = strawberry.field(default=None, description="By these logins.")
    purposes: list[Purpose] | None = strawberry.field(default=None, description="For one of these purposes.")
    outcomes: list[ReadOutcome] | None = strawberry.field(default=None, description="With one of these outcomes.")
    identities: list[IdentityShown] | None = strawberry.field(
        default=None, description="That showed this much of identities."
    )
    since: dt.datetime | None = strawberry.field(default=None, description="From this moment.")
    until: dt.datetime | None = strawberry.field(default=None, description="Before this moment.")
    whole_people_at_least: int | None = strawberry.field(
        default=None, description="That showed the identities of at least so many people whole."
    )
    and_: list[ReadFilter] | None = strawberry.field(name="and", default=None, description=AND)
    or_: list[ReadFilter] | None = strawberry.field(name="or", default=None, description=OR)
    not_: ReadFilter | None = strawberry.field(name="not", default=None, description=NOT)


@strawberry.input(description="Which alarms; all that is given must hold.")
class AlarmFilter:
    """Which alarms."""

    division_code: str | None = strawberry.field(
        default=None, description="About readers of this division or below it."
    )
    readers: list[str] | None = strawberry.field(default=None, description="About these logins.")
    kinds: list[AlarmKind] | None = strawberry.field(default=None, description="Of one of these kinds.")
    acknowledged: bool | None = strawberry.field(default=None, description="Whether somebody has looked into it.")
    and_: list[AlarmFilter] | None = strawberry.field(name="and", default=None, description=AND)
    or_: list[AlarmFilter] | None = strawberry.field(name="or", default=None, description=OR)
    not_: AlarmFilter | None = strawberry.field(name="not", default=None, description=NOT)


@strawberry.input(description="What somebody found who looked into an alarm.")
class AcknowledgeAlarmInput(MutationInput):
    """What somebody found who looked into an alarm."""

    alarm_id: strawberry.ID = strawberry.field(description="The alarm.")
    note: str = strawberry.field(description="What was found, up to 2,000 characters; kept sealed.")


@strawberry.type(description="What `acknowledgeAlarm` answers.")
class AcknowledgeAlarmPayload(Payload):
    """What `acknowledgeAlarm` answers."""

    alarm: Alarm | None = strawberry.field(description="The alarm as it stands now.")


def read_objects(reading: Reading, rows: Rows, wanted: Wanted) -> list[Read]:
    """Rows as reads."""
    return [
        Read(
            id=strawberry.ID(public_id),
            key=row.id,
            read_at=row.read_at,
            reader=reader_of(row),
            role=Role(row.role),
            division=division_of(row.division_code),
            client=row.client,
            purpose=Purpose(row.purpose),
            fields=[_field(name) for name in row.fields] if wanted.has("fields") else [],
            identity=IdentityShown(row.identity),
            searches=[IdentitySearch(by=each["by"], found=each["found"]) for each in row.searches],
            people=len(row.people),
            households=len(row.households),
            outcome=ReadOutcome(row.outcome),
            codes=row.codes,
            number=row.number,
        )
        for row, public_id in zip(rows, reading.ids("Read", rows), strict=True)
    ]


def alarm_objects(reading: Reading, rows: Rows, wanted: Wanted) -> list[Alarm]:
    """Rows as alarms; what somebody noted is opened for whoever may see alarms."""
    opened = reading.vault.open
    return [
        Alarm(
            id=strawberry.ID(public_id),
            key=row.id,
            kind=AlarmKind(row.kind),
            reader=reader_of(row),
            role=Role(row.role),
            division=division_of(row.division_code),
            window_from=row.window_from,
            window_to=row.window_to,
            people=row.people,
            threshold=row.threshold,
            raised_at=row.raised_at,
            acknowledged_by=row.heard_by,
            acknowledged_at=row.acknowledged_at,
            note=opened(alarm_service.NOTE_COLUMN, row.note) if wanted.has("note") else None,
        )
        for row, public_id in zip(rows, reading.ids("Alarm", rows), strict=True)
    ]


def reader_of(row: Any) -> Reader:
    """Who read, of a row that names a user and their organisation."""
    return Reader(
        login=row.login, display_name=row.display_name, organisation_zh=row.name_zh, organisation_en=row.name_en
    )


def _field(name: str) -> ReadField:
    zh, en = told.told(name)
    return ReadField(name=name, label_zh=zh, label_en=en)


class _Asked:
    """What a filter of reads says, and about whom: that decides which list it is."""

    def __init__(self, info: Info) -> None:
        self.info, self.listing = info, loaders.LISTING

    def conditions(self, given: ReadFilter, inside: bool) -> Iterator[Is]:
        """The conditions of one filter. Raises BadInput."""
        if given.person_id is not None:
            yield self._about("Person", given.person_id, loaders.OF_PERSON, inside)
        if given.household_id is not None:
            yield self._about("Household", given.household_id, loaders.OF_HOUSEHOLD, inside)
        yield from in_division(given.division_code)
        yield from one_of("readers", given.readers)
        yield from one_of("purposes", given.purposes)
        yield from one_of("outcomes", given.outcomes)
        yield from one_of("identities", given.identities)
        for name, value in (("since", given.since), ("until", given.until), ("people", given.whole_people_at_least)):
            if value is not None:
                yield Is(name, {name: value})

    def _about(self, type_name: str, public_id: strawberry.ID, listing: Listing, inside: bool) -> Is:
        if inside or self.listing is not loaders.LISTING:
            raise BadInput(
                "每次只能查询一人或一户，且不能用于 or 或 not。",
                "A list is about one person or one household, and they stand in no `or` or `not`.",
            )
        self.listing = listing
        key = nodes.key_of(self.info, type_name, public_id) or 0
        log = self.info.context.log
        (log.saw_people if type_name == "Person" else log.saw_households)({key} - {0})
        return Is("subject", {"subject": key})


def _of_alarms(given: AlarmFilter) -> Iterator[Is]:
    yield from in_division(given.division_code)
    yield from one_of("readers", given.readers)
    yield from one_of("kinds", given.kinds)
    if given.acknowledged is not None:
        yield Is("acknowledged" if given.acknowledged else "open", {})


@strawberry.type(description="What may be asked about who read what.")
class ReadQueries:
    """Who read whose data, and alarms."""

    @guards.query(
        Permission.READ_AUDIT,
        "Who read whose data: by readers of the viewer's division; with a person or household of it, by whoever it was. "
        "A read stands here within two seconds. This list's own reading is on record too.",
    )
    async def reads(
        self,
        info: Info,
        filter: Annotated[ReadFilter | None, strawberry.argument(description="Which.")] = None,
        order_by: Annotated[
            list[ReadOrder] | None, strawberry.argument(description=ORDER + " the latest first.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Read] | None:
        """A page of reads."""
        asked = _Asked(info)
        where = joined(filter, asked.conditions)
        order = order_of(order_by, "RECORDED")
        return await connection(info, asked.listing, read_objects, where, order, Window(first, after, last, before))

    @guards.query(
        Permission.READ_CASES,
        "Who looked at this person's data, when, for what and which fields, the latest first, whoever read: for whoever "
        "serves the person who asks. Of somebody protected, and of others of their household, it is shown to cleared "
        "viewers alone. Showing it is on record, too.",
    )
    async def access_log(
        self,
        info: Info,
        person_id: Annotated[
            strawberry.ID, strawberry.argument(description="The person, as a member of a household.")
        ],
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Read] | None:
        """A page of who looked at somebody."""
        key = nodes.key_of(info, "Person", person_id) or 0
        info.context.log.saw_people({key} - {0})
        where, order = Is("subject", {"subject": key}), (("RECORDED", True),)
        window = Window(first, after, last, before)
        return await connection(info, loaders.ACCESS_LOG, read_objects, where, order, window)

    @guards.query(Permission.READ_AUDIT, "Alarms about readers of the viewer's division.")
    async def alarms(
        self,
        info: Info,
        filter: Annotated[AlarmFilter | None, strawberry.argument(description="Which.")] = None,
        order_by: Annotated[
            list[AlarmOrder] | None, strawberry.argument(description=ORDER + " the latest first.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Alarm] | None:
        """A page of alarms."""
        where = joined(filter, lambda given, _: _of_alarms(given))
        order = order_of(order_by, "RAISED")
        return await connection(info, loaders.ALARMS, alarm_objects, where, order, Window(first, after, last, before))


@strawberry.type(description="What may be done about alarms.")
class ReadMutations:
    """Alarms are looked into."""

    @guards.mutation(
        Permission.READ_AUDIT,
        "Records what somebody found who looked into an alarm; nobody does so about themselves.",
    )
    async def acknowledge_alarm(
        self, info: Info, input: Annotated[AcknowledgeAlarmInput, strawberry.argument(description="What was found.")]
    ) -> AcknowledgeAlarmPayload:
        """Records what was found."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key = nodes.key_of(info, "Alarm", input.alarm_id)
            return await alarm_service.acknowledge(
                connection, info.context.vault, viewer, key, input.note, info.context.now()
            )

        done = await carry_out(info, Permission.READ_AUDIT, input, act)
        alarm = await nodes.below_payload(info, "Alarm", "alarm", done.subject)
        return AcknowledgeAlarmPayload(alarm=alarm, **done.answered)


kind("Read", Kind(loaders.by_key, read_objects, Permission.READ_AUDIT))
kind("Alarm", Kind(loaders.alarms_by_key, alarm_objects, Permission.READ_AUDIT))
