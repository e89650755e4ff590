"""Home visits, what they found, and the contact officer who keeps in touch with a household."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.casework import Answer, VisitKind
from api.domain.permissions import Permission, Viewer
from api.loaders import visits as loaders
from api.loaders.pages import MOST
from api.loaders.reading import Reading, Rows
from api.schema import guards, nodes
from api.schema.attachments import Attachment, attachment_objects
from api.schema.context import Info
from api.schema.enumerations import Words, described
from api.schema.households import ITS_HOUSEHOLD, NOT_LOADED, VISITS, Household
from api.schema.nodes import Kind, kind
from api.schema.officers import Officer, handler
from api.schema.results import MutationInput, Payload, carry_out
from api.schema.selection import Wanted
from api.schema.sizes import about
from api.schema.tree import Branch, branch
from api.schema.values import Node
from api.services import officers, visits
from api.services.visits import Visit

described(
    VisitKind,
    "What a home visit is for.",
    {
        "BASELINE_SURVEY": Words("摸底排查", "Baseline survey", "逐户摸底排查。", "Every household is surveyed."),
        "ROUTINE": Words("日常走访", "Routine visit", "日常走访联系。", "The officer keeps in touch."),
        "CONDOLENCE": Words("走访慰问", "Condolence visit", "节日或遇困慰问。", "Comfort at a feast or in distress."),
        "VERIFICATION": Words("入户核实", "Verification", "入户核实情况。", "What was declared is looked at."),
    },
)
described(
    Answer,
    "What a visit found out about a question.",
    {
        "YES": Words("是", "Yes", "是。", "It is so."),
        "NO": Words("否", "No", "否。", "It is not so."),
        "UNKNOWN": Words("不清楚", "Unknown", "未能查明。", "It could not be found out."),
    },
)


@strawberry.type(description="Who keeps in touch with a household, from a day to before another (联系制度).")
class ContactOfficer:
    """Who keeps in touch with a household."""

    officer: Officer = strawberry.field(description="Who.")
    since: dt.date = strawberry.field(description="From this day on.")
    until: dt.date | None = strawberry.field(description="To before this day; null while they are.")
    assigned_at: dt.datetime = strawberry.field(description="When it was settled.")


@strawberry.type(description="A visit to a household, and what it found; corrected by another record, never changed.")
class HomeVisit(Node):
    """A home visit."""

    key: strawberry.Private[int]
    household_key: strawberry.Private[int]
    kind: VisitKind = strawberry.field(description="What it was for.")
    visited_on: dt.date = strawberry.field(description="The day.")
    met: str | None = strawberry.field(
        description="Whom they met; null for viewers who see masks, or are not told where the household is."
    )
    findings: str | None = strawberry.field(description="What they found; null likewise.")
    income_changed: Answer = strawberry.field(description="Whether the income has changed.")
    causes_gone: Answer = strawberry.field(description="Whether the causes of hardship are gone.")
    to_be_closed: Answer = strawberry.field(
        description="Whether the file is to be closed: out of hardship, socialised retirement, or death."
    )
    corrected: bool = strawberry.field(description="Whether another record stands in its place.")
    corrects_id: strawberry.ID | None = strawberry.field(description="The record in whose place it stands.")
    correction: str | None = strawberry.field(description="Why it was corrected; null for viewers who see masks.")
    recorded_by: Officer | None = strawberry.field(description="Who wrote it down, where this viewer is told.")
    recorded_at: dt.datetime = strawberry.field(description="When it was written down.")
    household: Household = strawberry.field(default=NOT_LOADED, description="The household.")
    visitors: list[Officer] = strawberry.field(
        default=NOT_LOADED, description="Who went, where this viewer is told.", metadata=about(2)
    )
    photos: list[Attachment] = strawberry.field(
        default=NOT_LOADED,
        description="Photographs; none where this viewer is not told where the household is.",
        metadata=about(3),
    )


def visit_objects(reading: Reading, rows: Rows, wanted: Wanted) -> list[HomeVisit]:
    """Rows as visits; what was written of a protected household may tell where it is."""
    whole = reading.sees_identity
    met = reading.shown("home_visits.met", wanted.has("met") and whole, lambda _: None)
    findings = reading.shown("home_visits.findings", wanted.has("findings") and whole, lambda _: None)
    correction = reading.shown("home_visits.correction", wanted.has("correction") and whole, lambda _: None)
    return [
        HomeVisit(
            id=strawberry.ID(public_id),
            key=row.id,
            household_key=row.household_id,
            kind=VisitKind(row.kind),
            visited_on=row.visited_on,
            met=met(reading.whereabouts(row, row.met)),
            findings=findings(reading.whereabouts(row, row.findings)),
            income_changed=Answer(row.income_changed),
            causes_gone=Answer(row.causes_gone),
            to_be_closed=Answer(row.to_be_closed),
            corrected=row.corrected,
            corrects_id=row.corrects_id and strawberry.ID(reading.vault.ids("HomeVisit", [row.corrects_id])[0]),
            correction=correction(reading.whereabouts(row, row.correction)),
            recorded_by=handler(reading, row, row.login, row.display_name),
            recorded_at=row.recorded_at,
        )
        for row, public_id in zip(rows, reading.ids("HomeVisit", rows), strict=True)
    ]


def _visitor_objects(reading: Reading, rows: Rows, wanted: Wanted) -> list[Officer]:
    return [Officer(login=row.login, display_name=row.display_name) for row in rows]


def _contact_objects(reading: Reading, rows: Rows, wanted: Wanted) -> list[ContactOfficer]:
    return [
        ContactOfficer(
            officer=Officer(login=row.login, display_name=row.display_name),
            since=row.since,
            until=row.until,
            assigned_at=row.assigned_at,
        )
        for row in rows
    ]


WORDS = ", up to 2,000 characters; kept sealed."


@strawberry.input(description="What a home visit was and found.")
class VisitInput:
    """What a home visit was and found."""

    kind: VisitKind = strawberry.field(description="What it was for.")
    visited_on: dt.date = strawberry.field(description="The day; no day to come.")
    visitors: list[str] = strawberry.field(description="Who went, by their logins: at least one, as a rule two.")
    met: str = strawberry.field(description="Whom they met" + WORDS)
    findings: str = strawberry.field(description="What they found" + WORDS)
    income_changed: Answer = strawberry.field(description="Whether the income has changed.")
    causes_gone: Answer = strawberry.field(description="Whether the causes of hardship are gone.")
    to_be_closed: Answer = strawberry.field(description="Whether the file is to be closed.")
    photo_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="Photographs that were attached to the household, of the kind VISIT_PHOTO."
    )


@strawberry.input(description="A home visit.")
class RecordHomeVisitInput(MutationInput):
    """A home visit."""

    household_id: strawberry.ID = strawberry.field(description="The household.")
    visit: VisitInput = strawberry.field(description="What it was and found.")


@strawberry.input(description="A home visit as it really was.")
class CorrectHomeVisitInput(MutationInput):
    """A home visit corrected."""

    visit_id: strawberry.ID = strawberry.field(description="The record that is not right.")
    visit: VisitInput = strawberry.field(description="What the visit was and found; all of it.")
    reason: str = strawberry.field(description="What was not right" + WORDS)


@strawberry.input(description="Who is to keep in touch with a household.")
class AssignContactOfficerInput(MutationInput):
    """Who is to keep in touch."""

    household_id: strawberry.ID = strawberry.field(description="The household.")
    officer: str | None = strawberry.field(
        default=None, description="Who, by their login; null for nobody, whereupon a task asks for somebody."
    )
    since: dt.date | None = strawberry.field(
        default=None, description="From when on; today where nothing is said, and no day to come."
    )


@strawberry.type(description="What `recordHomeVisit` answers.")
class RecordHomeVisitPayload(Payload):
    """What `recordHomeVisit` answers."""

    visit: HomeVisit | None = strawberry.field(description="The visit.")


@strawberry.type(description="What `correctHomeVisit` answers.")
class CorrectHomeVisitPayload(Payload):
    """What `correctHomeVisit` answers."""

    visit: HomeVisit | None = strawberry.field(description="The visit as it really was.")


@strawberry.type(description="What `assignContactOfficer` answers.")
class AssignContactOfficerPayload(Payload):
    """What `assignContactOfficer` answers."""

    household: Household | None = strawberry.field(description="The household.")


def _told(info: Info, given: VisitInput) -> Visit:
    photos = [nodes.key_of(info, "Attachment", each) or 0 for each in given.photo_ids]
    answers = (given.income_changed, given.causes_gone, given.to_be_closed)
    return Visit(given.kind, given.visited_on, given.visitors, given.met, given.findings, *answers, photos)


@strawberry.type(description="What may be done at households' homes.")
class VisitMutations:
    """Households are visited and kept in touch with."""

    @guards.mutation(Permission.KEEP_FILES, "Records a home visit.")
    async def record_home_visit(
        self, info: Info, input: Annotated[RecordHomeVisitInput, strawberry.argument(description="The visit.")]
    ) -> RecordHomeVisitPayload:
        """Records a home visit."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key, vault = nodes.key_of(info, "Household", input.household_id), info.context.vault
            return await visits.record(connection, vault, viewer, key, _told(info, input.visit), info.context.now())

        done = await carry_out(info, Permission.KEEP_FILES, input, act)
        visit = await nodes.below_payload(info, "HomeVisit", "visit", done.subject)
        return RecordHomeVisitPayload(visit=visit, **done.answered)

    @guards.mutation(Permission.KEEP_FILES, "Records a home visit anew, in the place of a record that is not right.")
    async def correct_home_visit(
        self, info: Info, input: Annotated[CorrectHomeVisitInput, strawberry.argument(description="The visit.")]
    ) -> CorrectHomeVisitPayload:
        """Corrects a home visit."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key, told = nodes.key_of(info, "HomeVisit", input.visit_id), _told(info, input.visit)
            vault, now = info.context.vault, info.context.now()
            return await visits.correct(connection, vault, viewer, key, told, input.reason, now)

        done = await carry_out(info, Permission.KEEP_FILES, input, act)
        visit = await nodes.below_payload(info, "HomeVisit", "visit", done.subject)
        return CorrectHomeVisitPayload(visit=visit, **done.answered)

    @guards.mutation(Permission.KEEP_FILES, "Says who keeps in touch with a household from a day on.")
    async def assign_contact_officer(
        self, info: Info, input: Annotated[AssignContactOfficerInput, strawberry.argument(description="Who.")]
    ) -> AssignContactOfficerPayload:
        """Assigns a contact officer."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key = nodes.key_of(info, "Household", input.household_id)
            return await officers.assign(connection, viewer, key, input.officer, input.since, info.context.now())

        done = await carry_out(info, Permission.KEEP_FILES, input, act)
        household = await nodes.below_payload(info, "Household", "household", done.subject)
        return AssignContactOfficerPayload(household=household, **done.answered)


branch(
    Household,
    "contactOfficer",
    Branch(
        "key", lambda reading, keys, _: loaders.officer_of(reading, keys), _contact_objects, "contact_officer", False
    ),
)
branch(
    Household,
    "contactOfficers",
    Branch("key", lambda reading, keys, _: loaders.officers_of(reading, keys), _contact_objects, "contact_officers"),
)
branch(
    Household,
    "visits",
    Branch(
        "key",
        lambda reading, keys, below: loaders.visits_of(reading, keys, below.most("first", VISITS, MOST)),
        visit_objects,
        "found_visits",
    ),
)
branch(HomeVisit, "household", ITS_HOUSEHOLD)
branch(
    HomeVisit,
    "visitors",
    Branch("key", lambda reading, keys, _: loaders.visitors_of(reading, keys), _visitor_objects, "visitors"),
)
branch(
    HomeVisit,
    "photos",
    Branch("key", lambda reading, keys, _: loaders.photos_of(reading, keys), attachment_objects, "photos"),
)
kind("HomeVisit", Kind(loaders.visits_by_key, visit_objects, Permission.READ_CASES))
