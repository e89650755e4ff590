"""Households, the people in them, and the links between people and department records."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, cast

import strawberry

from api.domain import days, privacy
from api.domain.errors import BadInput
from api.domain.permissions import Permission
from api.loaders import coverage, seasons
from api.loaders import households as loaders
from api.loaders import scans as links
from api.loaders.conditions import Condition, Is
from api.loaders.pages import MOST, Window
from api.loaders.reading import Reading, Rows
from api.matching import catalogue, identity
from api.schema import guards, nodes
from api.schema.connections import ORDER, After, Before, Connection, First, Last, connection, order_of
from api.schema.context import Info
from api.schema.enumerations import Words, described
from api.schema.filters import AND, NOT, OR, between, in_division, joined, one_of, unchanged_since, whether
from api.schema.form_values import ExternalReference, FormValue, form_values
from api.schema.levels import LEVELS, AddressLevel, DateLevel, NameLevel, NumberLevel, ValueLevel
from api.schema.lifecycle import Transition, actions_open_to
from api.schema.nodes import Id, Kind, kind
from api.schema.people_terms import IdKind
from api.schema.selection import Wanted
from api.schema.sizes import about
from api.schema.terms import Action, HardshipCategory, Tier
from api.schema.tree import Branch, branch
from api.schema.values import DateRange, Division, Money, Node, division_of, money_of
from api.schema.words import Direction, Grade, HardshipCause, Stage, TargetGroup

if TYPE_CHECKING:
    from api.schema.attachments import Attachment
    from api.schema.causes import Cause
    from api.schema.consents import Authorisation
    from api.schema.coverage import PlanCoverage
    from api.schema.declarations import Declaration
    from api.schema.emergencies import EmergencyException
    from api.schema.files import HardshipFile
    from api.schema.findings import Finding
    from api.schema.grants import Grant
    from api.schema.notices import PublicNotice
    from api.schema.objections import Objection
    from api.schema.people import MemberChange
    from api.schema.plans import AssistancePlan
    from api.schema.programmes import Enrolment
    from api.schema.protection import Protection
    from api.schema.referrals import Referral
    from api.schema.visits import ContactOfficer, HomeVisit

NOT_LOADED = cast(Any, None)
FINDINGS, LINKS, VISITS, ATTACHMENTS = 10, 25, 10, 25
"""How many are given where `first` is not said."""

NO_SEARCH = " No search by number, telephone or name stands in it."
AS_TOLD = " Null where the scan did not say, or said what is no longer told apart."


@strawberry.type(description="A pair of a person and a department's record that the latest scan found.")
class Link:
    """A pair of a person and a department's record."""

    source: str = strawberry.field(description="The kind of department data, as in `departments`.")
    record_id: str = strawberry.field(description="The record's own number in its source.")
    party: str = strawberry.field(description="SELF, or A or B in a marriage record.")
    probability: float = strawberry.field(description="That both are one person, 0 to 1.")
    weight_bits: float = strawberry.field(description="The weight of the evidence, log2 of m/u.")
    grade: Grade | None = strawberry.field(description="How sure the identity is; null where a person has to look.")
    decision: str = strawberry.field(description="LINK, or REVIEW where a person has to look.")
    number_level: NumberLevel | None = strawberry.field(description="How the citizen numbers compare." + AS_TOLD)
    name_level: NameLevel | None = strawberry.field(description="How the names compare." + AS_TOLD)
    birth_date_level: DateLevel | None = strawberry.field(description="How the birth dates compare." + AS_TOLD)
    sex_level: ValueLevel | None = strawberry.field(description="How the sexes compare." + AS_TOLD)
    phone_level: ValueLevel | None = strawberry.field(description="How the telephone numbers compare." + AS_TOLD)
    division_level: ValueLevel | None = strawberry.field(description="How the divisions compare." + AS_TOLD)
    address_level: AddressLevel | None = strawberry.field(description="How the addresses compare." + AS_TOLD)


@strawberry.type(description="A person as a member of one household; somebody in two households is shown in each.")
class Person(Node):
    """A person as a member of one household."""

    key: strawberry.Private[int]
    household_key: strawberry.Private[int]
    reference: str = strawberry.field(description="The person's number in the register.")
    relation: str | None = strawberry.field(description="HEAD, SPOUSE, CHILD, PARENT or OTHER.")
    name: str | None = strawberry.field(description="Masked unless the viewer may see identities.")
    former_name: str | None = strawberry.field(description="Masked likewise.")
    id_kind: IdKind | None = strawberry.field(description="Of which document the number is; null is unknown.")
    id_number: str | None = strawberry.field(description="The citizen number as registered; masked likewise.")
    phone: str | None = strawberry.field(
        description="Masked likewise. Null where it is not known, or not to be known."
    )
    address: str | None = strawberry.field(
        description="Masked likewise. Null where it is not known, or not to be known."
    )
    masked: bool = strawberry.field(description="Whether name, number, phone and address are masked for this viewer.")
    sex: str | None = strawberry.field(description="MALE or FEMALE.")
    birth_date: dt.date | None = strawberry.field(description="As registered; null for viewers who see masks.")
    birth_year: int | None = strawberry.field(description="The year of birth.")
    declared_marital_status: str | None = strawberry.field(description="SINGLE, MARRIED, DIVORCED or WIDOWED.")
    declared_monthly_income: Money | None = strawberry.field(description="As declared; null is unknown, never zero.")
    declared_employment: str | None = strawberry.field(description="As declared.")
    valid_from: dt.date | None = strawberry.field(description="Since when in this household.")
    valid_to: dt.date | None = strawberry.field(description="Until when in this household.")
    left_on: dt.date | None = strawberry.field(
        description="The day on which the register no longer listed the person."
    )
    household: Household = strawberry.field(default=NOT_LOADED, description="The household.")
    protection: Annotated[Protection, strawberry.lazy("api.schema.protection")] | None = strawberry.field(
        default=NOT_LOADED,
        description="That the person is protected, and why; null for others, and for every viewer who is not cleared.",
    )
    authorisations: list[Annotated[Authorisation, strawberry.lazy("api.schema.consents")]] = strawberry.field(
        default=NOT_LOADED,
        description="What the person let be looked up, the latest recorded first.",
        metadata=about(2),
    )
    overlapping: bool = strawberry.field(
        default=False,
        description="Whether the register lists the same human in another household, too, at the same time.",
    )
    memberships: list[Person] = strawberry.field(
        default=NOT_LOADED,
        description="The same human's other memberships, the latest first: those that this viewer may see.",
        metadata=about(1),
    )
    declarations: list[Annotated[Declaration, strawberry.lazy("api.schema.declarations")]] = strawberry.field(
        default=NOT_LOADED, description="What the person declared, the latest first.", metadata=about(4)
    )
    changes: list[Annotated[MemberChange, strawberry.lazy("api.schema.people")]] = strawberry.field(
        default=NOT_LOADED,
        description="What was done with the membership by hand, the latest first.",
        metadata=about(1),
    )
    form: list[FormValue] = strawberry.field(
        default_factory=list,
        description="What is filled in on the national form about the person, beyond the fields here.",
        metadata=about(12),
    )
    found_links: strawberry.Private[list[Link]] = NOT_LOADED

    @strawberry.field(  # type: ignore[untyped-decorator]
        description="Department records linked to this person by the latest scan of the division, the one that asks about "
        "the latest day; at most 100.",
        metadata=about(LINKS),
    )
    def links(
        self,
        first: Annotated[int, strawberry.argument(description="How many at most.")] = LINKS,
    ) -> list[Link]:
        """Loaded with the person, cut to what this field asks for."""
        return self.found_links[:first]


@strawberry.type(description="A household: the unit of recognition, calculation and aid.")
class Household(Node):
    """A household."""

    key: strawberry.Private[int]
    reference: str = strawberry.field(description="Its number in the register.")
    division: Division = strawberry.field(description="The division that it belongs to.")
    stage: Stage = strawberry.field(description="Where it stands.")
    target_group: TargetGroup | None = strawberry.field(description="Which of the policy's groups; null is unknown.")
    residence: str | None = strawberry.field(description="URBAN or RURAL.")
    applied_on: dt.date | None = strawberry.field(description="The day of the application.")
    file_opened_on: dt.date | None = strawberry.field(description="The day its file was opened.")
    file_closed_on: dt.date | None = strawberry.field(description="The day its file was closed.")
    declared_monthly_income: Money | None = strawberry.field(description="As declared; null is unknown, never zero.")
    declared_deposits: Money | None = strawberry.field(description="As declared; null is unknown, never zero.")
    declared_vehicles: int | None = strawberry.field(description="How many were declared; null is unknown.")
    declared_homes: int | None = strawberry.field(description="How many were declared; null is unknown.")
    declared_businesses: int | None = strawberry.field(description="How many were declared; null is unknown.")
    address: str | None = strawberry.field(description="Masked unless the viewer may see identities.")
    phone: str | None = strawberry.field(description="Masked likewise.")
    payee_account: str | None = strawberry.field(description="Masked likewise.")
    payee_name: str | None = strawberry.field(description="Masked likewise.")
    masked: bool = strawberry.field(description="Whether address, phone and payee are masked for this viewer.")
    version: int = strawberry.field(description="Counts changes; to be given back by whoever changes it.")
    updated_at: dt.datetime = strawberry.field(description="When it last changed.")
    members: list[Person] = strawberry.field(
        default=NOT_LOADED, description="The people in it now, in the register's order.", metadata=about(4)
    )
    declarations: list[Annotated[Declaration, strawberry.lazy("api.schema.declarations")]] = strawberry.field(
        default=NOT_LOADED, description="What the household itself declared, the latest first.", metadata=about(8)
    )
    form: list[FormValue] = strawberry.field(
        default_factory=list,
        description="What is filled in on the national form about the household, beyond the fields here.",
        metadata=about(8),
    )
    changes: list[Annotated[MemberChange, strawberry.lazy("api.schema.people")]] = strawberry.field(
        default=NOT_LOADED,
        description="What was corrected of the household itself, the latest first.",
        metadata=about(1),
    )
    external_references: list[ExternalReference] = strawberry.field(
        default=NOT_LOADED, description="The numbers under which other systems know it.", metadata=about(2)
    )
    enrolments: list[Annotated[Enrolment, strawberry.lazy("api.schema.programmes")]] = strawberry.field(
        default=NOT_LOADED, description="The programmes it takes part in, the latest first.", metadata=about(6)
    )
    grants: list[Annotated[Grant, strawberry.lazy("api.schema.grants")]] = strawberry.field(
        default=NOT_LOADED,
        description="Aid that was proposed for it or granted, the latest first.",
        metadata=about(3),
    )
    actions: list[Action] = strawberry.field(
        default_factory=list,
        description="What stage and role let the viewer do with it; what stands in the way is told by `nextSteps`.",
    )
    file: Annotated[HardshipFile, strawberry.lazy("api.schema.files")] | None = strawberry.field(
        default=NOT_LOADED, description="Its file that is open, or its application; null where it has none."
    )
    files: list[Annotated[HardshipFile, strawberry.lazy("api.schema.files")]] = strawberry.field(
        default=NOT_LOADED, description="All its files, the latest first.", metadata=about(1)
    )
    history: list[Transition] = strawberry.field(
        default=NOT_LOADED, description="The moves of its life, the first one first.", metadata=about(8)
    )
    notices: list[Annotated[PublicNotice, strawberry.lazy("api.schema.notices")]] = strawberry.field(
        default=NOT_LOADED, description="Its public notices, the latest first.", metadata=about(1)
    )
    objections: list[Annotated[Objection, strawberry.lazy("api.schema.objections")]] = strawberry.field(
        default=NOT_LOADED, description="Objections about it, at whatever stage, the latest first.", metadata=about(1)
    )
    causes: list[Annotated[Cause, strawberry.lazy("api.schema.causes")]] = strawberry.field(
        default=NOT_LOADED,
        description="The causes of hardship that its latest file names, the main one first, those that are gone last.",
        metadata=about(2),
    )
    contact_officer: Annotated[ContactOfficer, strawberry.lazy("api.schema.visits")] | None = strawberry.field(
        default=NOT_LOADED,
        description="Who keeps in touch with it; null where nobody does, or the viewer is not told.",
    )
    contact_officers: list[Annotated[ContactOfficer, strawberry.lazy("api.schema.visits")]] = strawberry.field(
        default=NOT_LOADED, description="Who kept in touch with it, the latest first.", metadata=about(2)
    )
    plan: Annotated[AssistancePlan, strawberry.lazy("api.schema.plans")] | None = strawberry.field(
        default=NOT_LOADED, description="What is to be done for it: the plan in force, if there is one."
    )
    plans: list[Annotated[AssistancePlan, strawberry.lazy("api.schema.plans")]] = strawberry.field(
        default=NOT_LOADED, description="All versions of its plan, the latest first.", metadata=about(2)
    )
    plan_coverage: Annotated[PlanCoverage, strawberry.lazy("api.schema.coverage")] | None = strawberry.field(
        default=NOT_LOADED,
        description="Which of its causes are addressed today, and by what; null as of a day that is past.",
    )
    referrals: list[Annotated[Referral, strawberry.lazy("api.schema.referrals")]] = strawberry.field(
        default=NOT_LOADED, description="To whom it was sent, the latest first.", metadata=about(1)
    )
    emergency_exceptions: list[Annotated[EmergencyException, strawberry.lazy("api.schema.emergencies")]] = (
        strawberry.field(
            default=NOT_LOADED,
            description="Exceptions by which it may be looked up before it has consented, the latest first.",
            metadata=about(1),
        )
    )
    found_attachments: strawberry.Private[list[Any]] = NOT_LOADED
    found_findings: strawberry.Private[list[Any]] = NOT_LOADED
    found_visits: strawberry.Private[list[Any]] = NOT_LOADED

    @strawberry.field(  # type: ignore[untyped-decorator]
        description="Home visits, the latest first; at most 100. What was corrected stays among them.",
        metadata=about(VISITS),
    )
    def visits(
        self,
        first: Annotated[int, strawberry.argument(description="How many at most.")] = VISITS,
    ) -> list[Annotated[HomeVisit, strawberry.lazy("api.schema.visits")]]:
        """Loaded with the household, cut to what this field asks for."""
        return self.found_visits[:first]

    @strawberry.field(  # type: ignore[untyped-decorator]
        description="What is attached to its files, the latest first; at most 100.",
        metadata=about(ATTACHMENTS),
    )
    def attachments(
        self,
        first: Annotated[int, strawberry.argument(description="How many at most.")] = ATTACHMENTS,
    ) -> list[Annotated[Attachment, strawberry.lazy("api.schema.attachments")]]:
        """Loaded with the household, cut to what this field asks for."""
        return self.found_attachments[:first]

    @strawberry.field(  # type: ignore[untyped-decorator]
        description="Leads about it, the gravest first; at most 100. For all, see the root's `findings`.",
        metadata=about(FINDINGS),
    )
    def findings(
        self,
        first: Annotated[int, strawberry.argument(description="How many at most.")] = FINDINGS,
    ) -> list[Annotated[Finding, strawberry.lazy("api.schema.findings")]]:
        """Loaded with the household, cut to what this field asks for."""
        return self.found_findings[:first]


class HouseholdOrderField(StrEnum):
    """What households may be ordered by."""

    REGISTERED = "REGISTERED"
    APPLIED_ON = "APPLIED_ON"
    FILE_OPENED_ON = "FILE_OPENED_ON"
    REFERENCE = "REFERENCE"


described(
    HouseholdOrderField,
    "What households may be ordered by.",
    {
        "REGISTERED": Words(
            "登记时间", "Registered", "录入本登记簿的先后。", "When the household came into this register."
        ),
        "APPLIED_ON": Words(
            "申请日期",
            "Applied",
            "申请日期；未知者视为最早。",
            "The day of the application; unknown counts as the earliest.",
        ),
        "FILE_OPENED_ON": Words(
            "建档日期",
            "File opened",
            "建档日期；未知者视为最早。",
            "The day the file was opened; unknown counts as the earliest.",
        ),
        "REFERENCE": Words("档案编号", "Reference", "登记簿中的编号。", "The number in the register."),
    },
)


@strawberry.input(description="An order of households.")
class HouseholdOrder:
    """An order of households."""

    field: HouseholdOrderField = strawberry.field(description="What to order by.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which way.")


@strawberry.input(description="Which households; all that is given must hold.")
class HouseholdFilter:
    """Which households."""

    division_code: str | None = strawberry.field(default=None, description="In this division or below it.")
    references: list[str] | None = strawberry.field(default=None, description="With one of these register numbers.")
    stages: list[Stage] | None = strawberry.field(default=None, description="At one of these stages.")
    target_groups: list[TargetGroup] | None = strawberry.field(default=None, description="In one of these groups.")
    applied: DateRange | None = strawberry.field(default=None, description="Applied between these days.")
    file_opened: DateRange | None = strawberry.field(default=None, description="File opened between these days.")
    id_number: str | None = strawberry.field(
        default=None, description="Somebody in it has exactly this citizen number, however it is written."
    )
    phone: str | None = strawberry.field(default=None, description="It, or somebody in it, has exactly this number.")
    name: str | None = strawberry.field(
        default=None, description="Somebody in it is or was called so; spaces, dots and traditional forms aside."
    )
    external_references: list[str] | None = strawberry.field(
        default=None, description="Another system knows it, or somebody in it, under one of these numbers."
    )
    has_open_findings: bool | None = strawberry.field(default=None, description="Whether leads about it are open.")
    has_contact_officer: bool | None = strawberry.field(
        default=None, description="Whether somebody keeps in touch with it, as far as the viewer is told (联系制度)."
    )
    contact_officers: list[str] | None = strawberry.field(
        default=None, description="One of these, by login, keeps in touch with it, as far as the viewer is told."
    )
    tiers: list[Tier] | None = strawberry.field(
        default=None, description="Its file that is not closed is of one of these tiers."
    )
    categories: list[HardshipCategory] | None = strawberry.field(
        default=None, description="Its file that is not closed is of one of these categories."
    )
    unchanged_since: dt.date | None = strawberry.field(
        default=None, description="Nothing of it has changed since this day."
    )
    never_assisted: bool | None = strawberry.field(
        default=None,
        description="Whether no programme is known in which it, or somebody in it, takes or took part: no enrolment at all. "
        "One that is enrolled counts as assisted though no payment is known.",
    )
    causes: list[HardshipCause] | None = strawberry.field(
        default=None, description="Its file names one of these causes, and it stands."
    )
    has_plan: bool | None = strawberry.field(default=None, description="Whether it has a plan in force (一户一策).")
    cause_left_open: bool | None = strawberry.field(
        default=None,
        description="Whether nothing addresses one of its causes today: no measure of its plan, no aid, no referral.",
    )
    season_not_reached: str | None = strawberry.field(
        default=None,
        description="On file, and one for which this four-season brand is, by its programme's code, with nothing of it on record "
        "in the season that is on or comes next; see `seasons`.",
    )
    and_: list[HouseholdFilter] | None = strawberry.field(name="and", default=None, description=AND)
    or_: list[HouseholdFilter] | None = strawberry.field(name="or", default=None, description=OR + NO_SEARCH)
    not_: HouseholdFilter | None = strawberry.field(name="not", default=None, description=NOT + NO_SEARCH)


def _season(info: Info, code: str) -> dict[str, Any]:
    """The brand's season, and for whom it is. Raises BadInput for a programme that is none."""
    today, division = days.today(info.context.now()), info.context.viewer_who_may(Permission.READ_CASES).division_code
    found = next((given for entry, given in seasons.brands(today, division) if entry.code == code), None)
    if found is None:
        raise BadInput("没有此四季品牌。", "There is no such four-season brand.")
    return found


def _conditions(info: Info, given: HouseholdFilter, inside: bool) -> Iterator[Condition]:
    yield from in_division(given.division_code)
    yield from one_of("references", given.references)
    yield from one_of("stages", given.stages)
    yield from one_of("external_references", given.external_references)
    yield from one_of("target_groups", given.target_groups)
    yield from between("applied", given.applied)
    yield from between("opened", given.file_opened)
    yield from one_of("causes", given.causes)
    yield from one_of("tiers", given.tiers)
    yield from one_of("categories", given.categories)
    yield from unchanged_since(given.unchanged_since)
    yield from whether("assisted", None if given.never_assisted is None else not given.never_assisted)
    yield from whether("contact_officer", given.has_contact_officer)
    yield from whether("plan", given.has_plan)
    if given.season_not_reached is not None:
        yield Is("season_not_reached", _season(info, given.season_not_reached))
    if given.cause_left_open is not None:
        today, division = (
            days.today(info.context.now()),
            info.context.viewer_who_may(Permission.READ_CASES).division_code,
        )
        told = coverage.pairs(catalogue.in_force(), today, division)
        yield from whether("cause_left_open", given.cause_left_open, told)
    yield from one_of("contact_officers", given.contact_officers)
    if given.has_open_findings is not None:
        yield Is("with_open_findings" if given.has_open_findings else "without_open_findings", {})
    searches = {
        "number": (given.id_number, identity.number, "id_number"),
        "phone": (given.phone, identity.phone, "phone"),
        "name": (given.name, identity.name, "name"),
    }
    for name, (written, read, column) in searches.items():
        if written is not None:
            form = _searched(info, inside, read(written))
            yield Is(name, {name: info.context.vault.indexes(column, form)})


def _searched(info: Info, inside: bool, form: str | None) -> str:
    """The form by which somebody is searched for. Raises Forbidden or BadInput.

    A search by identity is about one person, and is told so in the audit: there are no alternatives to it.
    """
    info.context.viewer_who_may(Permission.READ_IDENTITY)
    if inside:
        raise BadInput(
            "按号码、电话或姓名查找不能用于 or 或 not。",
            "A search by number, telephone or name stands in no `or` or `not`.",
        )
    if form is None:
        raise BadInput("号码、电话或姓名无法识别。", "The number, telephone or name cannot be read.")
    return form


def household_objects(reading: Reading, rows: Rows, wanted: Wanted) -> list[Household]:
    """Rows as households, values shown as the viewer may see them."""
    address = reading.shown("households.address", wanted.has("address"), privacy.address)
    phone = reading.shown("households.phone", wanted.has("phone"), privacy.phone)
    account = reading.shown("households.payee_account", wanted.has("payeeAccount"), privacy.account)
    payee = reading.shown("households.payee_name", wanted.has("payeeName"), privacy.name)
    form = form_values(reading, "households.form", wanted.has("form"))
    masked = not reading.sees_identity
    return [
        Household(
            id=strawberry.ID(public_id),
            key=row.id,
            reference=row.reference,
            division=division_of(row.division_code),
            stage=Stage(row.stage),
            target_group=TargetGroup(row.target_group) if row.target_group else None,
            residence=row.residence,
            applied_on=row.applied_on,
            file_opened_on=row.file_opened_on,
            file_closed_on=row.file_closed_on,
            declared_monthly_income=money_of(row.declared_monthly_income_fen),
            declared_deposits=money_of(row.declared_deposits_fen),
            declared_vehicles=row.declared_vehicles,
            declared_homes=row.declared_homes,
            declared_businesses=row.declared_businesses,
            address=address(reading.whereabouts(row, row.address)),
            phone=phone(reading.whereabouts(row, row.phone)),
            payee_account=account(row.payee_account),
            payee_name=payee(row.payee_name),
            form=form(reading.whereabouts(row, row.form)),
            actions=actions_open_to(reading.viewer, Stage(row.stage)),
            masked=masked,
            version=row.version,
            updated_at=row.updated_at,
        )
        for row, public_id in zip(rows, reading.ids("Household", rows), strict=True)
    ]


def person_objects(reading: Reading, rows: Rows, wanted: Wanted) -> list[Person]:
    """Rows as people, values shown as the viewer may see them."""
    name = reading.shown("members.name", wanted.has("name"), privacy.name)
    former = reading.shown("members.former_name", wanted.has("formerName"), privacy.name)
    number = reading.shown("members.id_number", wanted.has("idNumber"), privacy.number)
    phone = reading.shown("members.phone", wanted.has("phone"), privacy.phone)
    address = reading.shown("members.address", wanted.has("address"), privacy.address)
    form = form_values(reading, "members.form", wanted.has("form"))
    masked = not reading.sees_identity
    return [
        Person(
            id=strawberry.ID(public_id),
            key=row.id,
            household_key=row.household_id,
            reference=row.reference,
            relation=row.relation,
            name=name(row.name),
            former_name=former(row.former_name),
            id_kind=IdKind(row.id_kind) if row.id_kind else None,
            id_number=number(row.id_number),
            phone=phone(reading.whereabouts(row, row.phone)),
            address=address(reading.whereabouts(row, row.address)),
            masked=masked,
            sex=row.sex,
            birth_date=None if masked else row.birth_date,
            birth_year=row.birth_date.year if row.birth_date else None,
            declared_marital_status=row.declared_marital_status,
            declared_monthly_income=money_of(row.declared_monthly_income_fen),
            declared_employment=reading.whereabouts(row, row.declared_employment),
            valid_from=row.valid_from,
            valid_to=row.valid_to,
            left_on=row.left_on,
            overlapping=row.overlapping,
            form=form(reading.whereabouts(row, row.form)),
        )
        for row, public_id in zip(rows, reading.ids("Person", rows), strict=True)
    ]


_KNOWN_LEVELS: dict[str, dict[str, Any]] = {
    field: {level.value: level for level in levels} for field, levels in LEVELS.items()
}
"""By field the levels by name; links of an earlier program's scan are kept, and may say others."""


def _link_objects(reading: Reading, rows: Rows, wanted: Wanted) -> list[Link]:
    return [
        Link(
            source=row.source,
            record_id=row.record_id,
            party=row.party,
            probability=row.probability,
            weight_bits=row.weight_bits,
            grade=Grade(row.grade) if row.grade else None,
            decision=row.decision,
            **{f"{field}_level": known.get(row.levels.get(field)) for field, known in _KNOWN_LEVELS.items()},
        )
        for row in rows
    ]


AsOf = Annotated[
    dt.date | None,
    strawberry.argument(
        description="As it was on this day, with what is dated below it: where it stood and to which division it belonged, "
        "who was in it, what was declared, its files with tier, category and union, causes, officer, programmes. Null where "
        "nobody knew of it then. What has no days of its own (names, numbers, addresses, target group, findings, links, "
        "referrals, attachments) is as it is now; a reading of incomes takes its own day."
    ),
]


def _past(info: Info, as_of: dt.date | None) -> dt.date | None:
    """The same, if it is no day to come. Raises BadInput."""
    if as_of is not None and as_of > days.today(info.context.now()):
        raise BadInput("基准日期不能晚于今天。", "The day lies in the future.")
    return as_of


@strawberry.type(description="What may be asked about households.")
class HouseholdQueries:
    """Households and people."""

    @guards.query(Permission.READ_CASES, "Households in the viewer's division.")
    async def households(
        self,
        info: Info,
        filter: Annotated[HouseholdFilter | None, strawberry.argument(description="Which.")] = None,
        order_by: Annotated[
            list[HouseholdOrder] | None, strawberry.argument(description=ORDER + " the latest registered first.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Household] | None:
        """A page of households."""
        where = joined(filter, lambda given, inside: _conditions(info, given, inside))
        order, window = order_of(order_by, "REGISTERED"), Window(first, after, last, before)
        return await connection(info, loaders.LISTING, household_objects, where, order, window)

    @guards.query(Permission.READ_CASES, "One household; null where there is none that this viewer may see.")
    async def household(self, info: Info, id: Id, as_of: AsOf = None) -> Household | None:
        """One household."""
        found: Household | None = await nodes.one(info, "Household", id, _past(info, as_of))
        return found

    @guards.query(Permission.READ_CASES, "One person; null where there is none that this viewer may see.")
    async def person(self, info: Info, id: Id, as_of: AsOf = None) -> Person | None:
        """One person."""
        found: Person | None = await nodes.one(info, "Person", id, _past(info, as_of))
        return found


ITS_HOUSEHOLD = Branch(
    "household_key", lambda reading, keys, _: loaders.by_key(reading, keys), household_objects, "household", False
)
"""From whatever is of a household to it."""


def person_at(by: str, attribute: str) -> Branch:
    """From whatever names a person to them."""
    return Branch(
        by, lambda reading, keys, _: loaders.members_by_key(reading, keys), person_objects, attribute, False
    )


branch(
    Household,
    "members",
    Branch("key", lambda reading, keys, _: loaders.members_of(reading, keys), person_objects, "members"),
)
branch(Person, "household", ITS_HOUSEHOLD)
branch(
    Person,
    "links",
    Branch(
        "key",
        lambda reading, keys, below: links.links_of(reading, keys, below.most("first", LINKS, MOST)),
        _link_objects,
        "found_links",
    ),
)
kind("Household", Kind(loaders.by_key, household_objects, Permission.READ_CASES))
kind("Person", Kind(loaders.members_by_key, person_objects, Permission.READ_CASES))
