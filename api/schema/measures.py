"""The policy's measures, who answers for them in a division on a day; and the tree of organisations as it stood then."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Annotated, Any, cast

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain import days, divisions, responsibilities
from api.domain.accounts import Administrator, OrganisationKind, OrganisationLevel
from api.domain.errors import BadInput
from api.domain.measures import Measure
from api.domain.permissions import Permission, Viewer
from api.domain.responsibilities import MeasureRole
from api.loaders import organisations as loaders
from api.loaders.conditions import Is
from api.loaders.pages import Window
from api.loaders.reading import Reading, Rows
from api.schema import guards, nodes
from api.schema.changes import named
from api.schema.clients import of_organisations
from api.schema.connections import ORDER, After, Before, Connection, First, Last, connection, order_of
from api.schema.context import Info
from api.schema.enumerations import Words, described
from api.schema.filters import AND, NOT, OR, in_division, joined, one_of
from api.schema.nodes import Kind, kind
from api.schema.organisations import BELONGS_TO, Organisation
from api.schema.results import MutationInput, Payload, carry_out
from api.schema.selection import Wanted, wanted
from api.schema.sizes import about
from api.schema.tree import branch
from api.schema.values import Division, Node, division_of
from api.schema.words import Direction
from api.services import measures as services

MANAGE = Permission.MANAGE_ACCOUNTS
CHILDREN, MOST_CHILDREN = 50, 500

__all__ = ["Measure", "MeasureRole"]

described(
    Measure,
    "The policy's seven measures.",
    {
        "IDENTIFICATION": Words(
            "精准识别、建档立卡",
            "Identification and files",
            "查清家庭状况，一户一档。",
            "Who is in hardship is found, and has a file.",
        ),
        "SOCIAL_ASSISTANCE": Words(
            "社会救助兜底",
            "Social assistance",
            "低保、特困供养、临时救助等。",
            "Dibao, destitution support, temporary aid.",
        ),
        "EMPLOYMENT": Words(
            "就业创业",
            "Work and business",
            "培训、介绍工作、创业扶持。",
            "Training, placement, a business of one's own.",
        ),
        "SOCIAL_INSURANCE": Words(
            "社会保险", "Social insurance", "参保、欠费补缴、待遇落实。", "Insured, arrears paid, benefits received."
        ),
        "HEALTHCARE": Words(
            "医疗保障", "Healthcare", "医疗保险、医疗救助、互助保障。", "Medical insurance, medical and mutual aid."
        ),
        "EDUCATION": Words("助学", "Education", "学生资助、金秋助学。", "Student aid, Golden Autumn."),
        "UNION_AID": Words("工会帮扶", "Union aid", "送温暖、生活救助等。", "The unions' own aid and visits."),
    },
)
described(
    MeasureRole,
    "An office that a measure is entrusted to, whatever it is called at a time.",
    {
        "TRADE_UNION_FEDERATION": Words(
            "总工会", "Federation of trade unions", "各级总工会。", "The trade unions' own."
        ),
        "CIVIL_AFFAIRS": Words("民政", "Civil affairs", "民政部门。", "Dibao, temporary aid, marriage, checks."),
        "HUMAN_RESOURCES": Words(
            "人社", "Human resources and social security", "人力资源社会保障部门。", "Work and social insurance."
        ),
        "HEALTHCARE_SECURITY": Words("医保", "Healthcare security", "医疗保障部门。", "Medical insurance and aid."),
        "HEALTH": Words("卫健", "Health", "卫生健康部门。", "Hospitals and treatment."),
        "EDUCATION": Words("教育", "Education", "教育部门。", "Schools and student aid."),
        "FINANCE": Words("财政", "Finance", "财政部门。", "Where the money comes from."),
        "TAXATION": Words("税务", "Taxation", "税务部门。", "Taxes, and insurance contributions."),
        "HOUSING": Words("住建", "Housing", "住房和城乡建设部门。", "Presales and public rental homes."),
        "PUBLIC_SECURITY": Words("公安", "Public security", "公安部门。", "Household registration and vehicles."),
        "NATURAL_RESOURCES": Words(
            "自然资源", "Natural resources", "自然资源和规划部门。", "The register of real estate."
        ),
        "MARKET_REGULATION": Words(
            "市场监管", "Market regulation", "市场监督管理部门。", "The register of businesses."
        ),
        "PROVIDENT_FUND": Words("公积金", "Housing provident fund", "住房公积金管理中心。", "The provident fund."),
        "CENTRAL_BANK": Words("人民银行", "Central bank", "人民银行分支机构。", "The way to the banks."),
        "DEVELOPMENT_AND_REFORM": Words(
            "发改", "Development and reform", "发展改革部门。", "Plans and structural reform."
        ),
        "INDUSTRY_AND_IT": Words(
            "工信", "Industry and information technology", "工业和信息化部门。", "Enterprises in reform."
        ),
        "INDUSTRY_AND_COMMERCE_FEDERATION": Words(
            "工商联", "Federation of industry and commerce", "工商业联合会。", "Private employers."
        ),
        "CYBERSPACE_ADMINISTRATION": Words(
            "网信", "Cyberspace administration", "党委网信办。", "Oversees security; it keeps no data of people."
        ),
    },
)


@strawberry.type(description="An organisation that holds a role in a division, as it was called on the day.")
class RoleHolder:
    """An organisation that holds a role."""

    code: str = strawberry.field(description="By which it is known.")
    name_zh: str = strawberry.field(description="Its Chinese name on that day.")
    name_en: str = strawberry.field(description="Its English name on that day.")
    division: Division = strawberry.field(
        description="Where it holds the role: the division, or the next one above it."
    )
    valid_from: dt.date = strawberry.field(description="Since when.")
    valid_to: dt.date | None = strawberry.field(description="To before which day; null where no end is known.")


@strawberry.type(description="A role in a measure, and who holds it.")
class EntrustedRole:
    """A role in a measure."""

    role: MeasureRole = strawberry.field(description="The role.")
    holders: list[RoleHolder] = strawberry.field(
        description="Who holds it in the division on the day; nobody where none is on record.", metadata=about(1)
    )


@strawberry.type(description="One of the policy's seven measures, and whom it is entrusted to.")
class PolicyMeasure:
    """One of the policy's measures."""

    measure: Measure = strawberry.field(description="Which; its words are among `enumerations`.")
    number: int = strawberry.field(description="Its place in the policy, from 1.")
    lead: list[EntrustedRole] = strawberry.field(description="Who leads it.", metadata=about(2))
    responsible: list[EntrustedRole] = strawberry.field(description="Who is responsible beside.", metadata=about(5))


@strawberry.type(description="An organisation in the tree, as it stood and was called on a day.")
class OrganisationInTree:
    """An organisation in the tree."""

    code: str = strawberry.field(description="By which it is known.")
    name_zh: str = strawberry.field(description="Its Chinese name on that day.")
    name_en: str = strawberry.field(description="Its English name on that day.")
    kind: OrganisationKind = strawberry.field(description="What it is to us.")
    level: OrganisationLevel | None = strawberry.field(description="How high it stands; null where nobody said.")
    division: Division = strawberry.field(description="Where it belongs.")
    valid_from: dt.date | None = strawberry.field(description="Since when there is such an organisation, if known.")
    valid_to: dt.date | None = strawberry.field(description="The first day on which there is none any more.")
    has_children: bool = strawberry.field(description="Whether others stand below it.")


@strawberry.type(description="An organisation holds a role of the measures in a division for a time.")
class MeasureAssignment(Node):
    """An organisation holds a role for a time."""

    key: strawberry.Private[int]
    organisation_key: strawberry.Private[int]
    role: MeasureRole = strawberry.field(description="Which role.")
    division: Division = strawberry.field(description="Where.")
    valid_from: dt.date = strawberry.field(description="Since when.")
    valid_to: dt.date | None = strawberry.field(description="To before which day; null where no end is known.")
    version: int = strawberry.field(description="Counts changes; to be given back by whoever changes it.")
    created_at: dt.datetime = strawberry.field(description="When it was added.")
    organisation: Organisation | None = strawberry.field(
        default=cast(Any, None), description="Which organisation; null for one that the viewer does not keep."
    )


def assignment_objects(reading: Reading, rows: Rows, asked: Wanted) -> list[MeasureAssignment]:
    """Rows as assignments."""
    return [
        MeasureAssignment(
            id=strawberry.ID(public_id),
            key=row.id,
            organisation_key=row.organisation_id,
            role=MeasureRole(row.role),
            division=division_of(row.division_code),
            valid_from=row.valid_from,
            valid_to=row.valid_to,
            version=row.version,
            created_at=row.created_at,
        )
        for row, public_id in zip(rows, reading.ids("MeasureAssignment", rows), strict=True)
    ]


class MeasureAssignmentOrderField(StrEnum):
    """What assignments of roles may be ordered by."""

    CREATED = "CREATED"
    VALID_FROM = "VALID_FROM"


described(
    MeasureAssignmentOrderField,
    "What assignments of roles may be ordered by.",
    {
        "CREATED": Words("添加时间", "Added", "添加的先后。", "When it was added."),
        "VALID_FROM": Words("起始日期", "Beginning", "开始履职的日期。", "The day it begins."),
    },
)


@strawberry.input(description="An order of assignments of roles.")
class MeasureAssignmentOrder:
    """An order of assignments of roles."""

    field: MeasureAssignmentOrderField = strawberry.field(description="What to order by.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which way.")


@strawberry.input(description="Which assignments of roles; all that is given must hold.")
class MeasureAssignmentFilter:
    """Which assignments of roles."""

    division_code: str | None = strawberry.field(default=None, description="In this division or below it.")
    roles: list[MeasureRole] | None = strawberry.field(default=None, description="Of one of these roles.")
    organisation_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Held by one of these organisations."
    )
    held_on: dt.date | None = strawberry.field(default=None, description="Held on this day.")
    and_: list[MeasureAssignmentFilter] | None = strawberry.field(name="and", default=None, description=AND)
    or_: list[MeasureAssignmentFilter] | None = strawberry.field(name="or", default=None, description=OR)
    not_: MeasureAssignmentFilter | None = strawberry.field(name="not", default=None, description=NOT)


def _conditions(info: Info, given: MeasureAssignmentFilter) -> Any:
    yield from in_division(given.division_code)
    yield from one_of("roles", given.roles)
    yield from of_organisations(info, given.organisation_ids)
    if given.held_on is not None:
        yield Is("held", {"held": given.held_on})


def role_holder(of: Any) -> RoleHolder:
    """Who holds a role, as it is shown."""
    return RoleHolder(
        code=of.code,
        name_zh=of.name_zh,
        name_en=of.name_en,
        division=division_of(of.division_code),
        valid_from=of.valid_from,
        valid_to=of.valid_to,
    )


InDivision = Annotated[
    str | None, strawberry.argument(description="In which division; the viewer's own where nothing is said.")
]
OnDay = Annotated[dt.date | None, strawberry.argument(description="On which day; today where nothing is said.")]


def division_asked(info: Info, code: str | None) -> str:
    """Which division is asked about, the viewer's own where nothing is said. Raises BadInput for none that is known."""
    where = code or info.context.viewer_who_may(None).division_code
    if not divisions.is_known(where):
        raise BadInput("没有此区划。", "There is no such division.")
    return where


def day_asked(info: Info, on: dt.date | None) -> dt.date:
    """Which day is asked about, today where nothing is said."""
    return days.today(info.context.now()) if on is None else on


@strawberry.type(description="What may be asked about measures and organisations.")
class MeasureQueries:
    """Measures, who answers for them, and the tree of organisations."""

    @guards.query(
        guards.SIGNED_IN,
        "The policy's measures, with who leads and who is responsible in a division on a day.",
        rows=len(responsibilities.MEASURES),
    )
    async def measures(
        self,
        info: Info,
        division_code: InDivision = None,
        on: OnDay = None,
    ) -> list[PolicyMeasure] | None:
        """The policy's measures."""
        asked = wanted(info)
        code = division_asked(info, division_code)
        async with info.context.reading() as reading:
            held = await loaders.holders(reading, code, day_asked(info, on))

            def entrusted(roles: tuple[MeasureRole, ...]) -> list[EntrustedRole]:
                return [
                    EntrustedRole(role=role, holders=[role_holder(each) for each in held.get(role, ())])
                    for role in roles
                ]

            found = [
                PolicyMeasure(
                    measure=measure, number=number, lead=entrusted(to.lead), responsible=entrusted(to.responsible)
                )
                for number, (measure, to) in enumerate(responsibilities.MEASURES.items(), start=1)
            ]
            for roles in ("lead", "responsible"):
                below = asked.below(roles)
                holders = below.below("holders").values(())
                reading.budget.spend(
                    asked.times
                    * below.times
                    * sum(2 + len(role.holders) * holders for each in found for role in getattr(each, roles))
                )
        return found

    @guards.query(
        guards.SIGNED_IN,
        "Organisations right below one, or the highest that the viewer sees, by their codes: the tree, a branch at a time.",
        rows=CHILDREN,
    )
    async def organisation_tree(
        self,
        info: Info,
        under: Annotated[
            str | None,
            strawberry.argument(description="Below the organisation of this code; the tops where nothing is said."),
        ] = None,
        on: Annotated[
            dt.date | None, strawberry.argument(description="As on this day; today where nothing is said.")
        ] = None,
        first: Annotated[int, strawberry.argument(description="How many at most, up to 500.")] = CHILDREN,
        after: Annotated[str, strawberry.argument(description="Behind the organisation of this code.")] = "",
    ) -> list[OrganisationInTree] | None:
        """A branch of the tree."""
        if not 0 <= first <= MOST_CHILDREN:
            raise BadInput(f"first 须在 0 与 {MOST_CHILDREN} 之间。", f"`first` is 0 to {MOST_CHILDREN}.")
        asked = wanted(info)
        async with info.context.reading() as reading:
            rows = await loaders.tree(reading, under, day_asked(info, on), after, first)
            reading.budget.spend(len(rows) * asked.times * asked.values(()))
        return [
            OrganisationInTree(
                code=row.code,
                name_zh=row.name_zh,
                name_en=row.name_en,
                kind=OrganisationKind(row.kind),
                level=OrganisationLevel(row.level) if row.level else None,
                division=division_of(row.division_code),
                valid_from=row.valid_from,
                valid_to=row.valid_to,
                has_children=row.has_children,
            )
            for row in rows
        ]

    @guards.query(
        MANAGE, "Which organisations hold the measures' roles, and from when to when; the latest added first."
    )
    async def measure_roles(
        self,
        info: Info,
        filter: Annotated[MeasureAssignmentFilter | None, strawberry.argument(description="Which.")] = None,
        order_by: Annotated[
            list[MeasureAssignmentOrder] | None, strawberry.argument(description=ORDER + " the latest added first.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[MeasureAssignment] | None:
        """A page of assignments."""
        where = joined(filter, lambda given, _: _conditions(info, given))
        order, window = order_of(order_by, "CREATED"), Window(first, after, last, before)
        return await connection(info, loaders.ASSIGNMENTS, assignment_objects, where, order, window)


@strawberry.input(description="An organisation that is to hold a role.")
class AssignMeasureRoleInput(MutationInput):
    """An organisation that is to hold a role."""

    role: MeasureRole = strawberry.field(description="Which role.")
    division_code: str = strawberry.field(description="Where: the organisation's own division, or one below it.")
    organisation_id: strawberry.ID = strawberry.field(description="Which organisation.")
    valid_from: dt.date = strawberry.field(description="From this day on.")
    valid_to: dt.date | None = strawberry.field(default=None, description="To before this day, if its end is known.")


@strawberry.type(description="What `assignMeasureRole` answers.")
class AssignMeasureRolePayload(Payload):
    """What `assignMeasureRole` answers."""

    assignment: MeasureAssignment | None = strawberry.field(description="The assignment.")


@strawberry.input(description="A role that an organisation holds no longer.")
class EndMeasureRoleInput(MutationInput):
    """A role that an organisation holds no longer."""

    assignment_id: strawberry.ID = strawberry.field(description="Which assignment.")
    expected_version: int = strawberry.field(description="At which version it was read.")
    valid_to: dt.date = strawberry.field(description="The first day on which it does not hold it.")


@strawberry.type(description="What `endMeasureRole` answers.")
class EndMeasureRolePayload(Payload):
    """What `endMeasureRole` answers."""

    assignment: MeasureAssignment | None = strawberry.field(description="The assignment, as it is now.")


@strawberry.type(description="What may be done with measures.")
class MeasureMutations:
    """Roles of the measures are given to organisations."""

    @guards.mutation(MANAGE, "Lets an organisation hold a role of the measures in a division from a day on.")
    async def assign_measure_role(
        self,
        info: Info,
        input: Annotated[AssignMeasureRoleInput, strawberry.argument(description="Which, and to whom.")],
    ) -> AssignMeasureRolePayload:
        """Assigns a role."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            return await services.assign(
                connection,
                Administrator.of(viewer),
                input.role,
                input.division_code,
                named(info, "Organisation", input.organisation_id),
                input.valid_from,
                info.context.now(),
                input.valid_to,
            )

        done = await carry_out(info, MANAGE, input, act)
        assigned = await nodes.below_payload(info, "MeasureAssignment", "assignment", done.subject)
        return AssignMeasureRolePayload(assignment=assigned, **done.answered)

    @guards.mutation(MANAGE, "Ends an organisation's role before a day; that it held it stays on record.")
    async def end_measure_role(
        self, info: Info, input: Annotated[EndMeasureRoleInput, strawberry.argument(description="Which, and when.")]
    ) -> EndMeasureRolePayload:
        """Ends a role."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            return await services.end(
                connection,
                Administrator.of(viewer),
                named(info, "MeasureAssignment", input.assignment_id),
                input.valid_to,
                info.context.now(),
                input.expected_version,
            )

        done = await carry_out(info, MANAGE, input, act)
        ended = await nodes.below_payload(info, "MeasureAssignment", "assignment", done.subject)
        return EndMeasureRolePayload(assignment=ended, **done.answered)


branch(MeasureAssignment, "organisation", BELONGS_TO)
kind("MeasureAssignment", Kind(loaders.assignments_by_key, assignment_objects, MANAGE))
