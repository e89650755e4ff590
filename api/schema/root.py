"""The whole schema: what may be asked, done and followed."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncGenerator
from typing import Annotated

import strawberry
from graphql import GraphQLError, lexicographic_sort_schema, print_schema
from sqlalchemy.ext.asyncio import AsyncConnection
from strawberry.extensions import MaxTokensLimiter, ParserCache, ValidationCache
from strawberry.types import ExecutionContext

from api.domain.permissions import Permission, Viewer
from api.loaders import findings as finding_loaders
from api.loaders import households as household_loaders
from api.loaders import programmes as programme_loaders
from api.loaders import scans as scan_loaders
from api.loaders.pages import Window
from api.loaders.reading import Budget
from api.schema import accounts, findings, guards, households, nodes, programmes, scans
from api.schema.accounts import ViewerType
from api.schema.connections import Connection
from api.schema.context import ContextPerOperation, Info
from api.schema.errors import Words
from api.schema.findings import Finding, FindingFilter, FindingOrder
from api.schema.households import Household, HouseholdFilter, HouseholdOrder, Person
from api.schema.limits import Limits
from api.schema.nodes import Kind, kind
from api.schema.programmes import Department, Enrolment, Programme
from api.schema.results import KEY_DESCRIPTION, UserError, carry_out
from api.schema.scans import Scan
from api.schema.straight import StraightExecutor
from api.schema.values import Node
from api.schema.words import Outcome, ScanStatus
from api.services import reviews
from api.services import scans as scan_service

MOST_TOKENS = 5_000
CACHED_DOCUMENTS = 500

First = Annotated[int | None, strawberry.argument(description="So many rows, up to 100; 25 where nothing is said.")]
After = Annotated[str | None, strawberry.argument(description="Behind this cursor.")]
Last = Annotated[int | None, strawberry.argument(description="The last so many rows, up to 100.")]
Before = Annotated[str | None, strawberry.argument(description="Before this cursor.")]
Id = Annotated[strawberry.ID, strawberry.argument(description="Its id.")]

kind("Household", Kind(household_loaders.by_key, households.household_objects, Permission.READ_CASES))
kind("Person", Kind(household_loaders.members_by_key, households.person_objects, Permission.READ_CASES))
kind("Enrolment", Kind(programme_loaders.enrolments_by_key, programmes.enrolment_objects, Permission.READ_CASES))
kind("Finding", Kind(finding_loaders.by_key, findings.finding_objects, Permission.READ_CASES))
kind("Scan", Kind(scan_loaders.by_key, scans.scan_objects, Permission.READ_SCANS))


@strawberry.type(description="What may be asked.")
class Query:
    """What may be asked; every field may be null, so that a refusal of one leaves the others answered."""

    @guards.query(guards.ANYBODY, "Who is asking; null without a token.")
    async def viewer(self, info: Info) -> ViewerType | None:
        """Who is asking."""
        return await accounts.viewer(info)

    @guards.query(guards.SIGNED_IN, "Anything with an id; null where there is none that this viewer may see.")
    async def node(self, info: Info, id: Id) -> Node | None:
        """Anything with an id."""
        found: Node | None = await nodes.any_kind(info, id)
        return found

    @guards.query(Permission.READ_CASES, "Households in the viewer's division.")
    async def households(
        self,
        info: Info,
        filter: Annotated[HouseholdFilter | None, strawberry.argument(description="Which.")] = None,
        order_by: Annotated[
            HouseholdOrder | None, strawberry.argument(description="In which order; the latest registered first.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Household] | None:
        """A page of households."""
        return await households.households(info, filter, order_by, Window(first, after, last, before))

    @guards.query(Permission.READ_CASES, "One household; null where there is none that this viewer may see.")
    async def household(self, info: Info, id: Id) -> Household | None:
        """One household."""
        found: Household | None = await nodes.one(info, "Household", id)
        return found

    @guards.query(Permission.READ_CASES, "One person; null where there is none that this viewer may see.")
    async def person(self, info: Info, id: Id) -> Person | None:
        """One person."""
        found: Person | None = await nodes.one(info, "Person", id)
        return found

    @guards.query(guards.SIGNED_IN, "All programmes, in the order of the policy's list.")
    async def programmes(self, info: Info) -> list[Programme] | None:
        """All programmes."""
        return await programmes.programmes(info)

    @guards.query(guards.SIGNED_IN, "All kinds of department data, with what is known of the latest feed of each.")
    async def departments(self, info: Info) -> list[Department] | None:
        """All kinds of department data."""
        return await programmes.departments(info)

    @guards.query(Permission.READ_CASES, "Leads about households in the viewer's division.")
    async def findings(
        self,
        info: Info,
        filter: Annotated[FindingFilter | None, strawberry.argument(description="Which.")] = None,
        order_by: Annotated[
            FindingOrder | None, strawberry.argument(description="In which order; the gravest first.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Finding] | None:
        """A page of leads."""
        return await findings.findings(info, filter, order_by, Window(first, after, last, before))

    @guards.query(Permission.READ_CASES, "One finding; null where there is none that this viewer may see.")
    async def finding(self, info: Info, id: Id) -> Finding | None:
        """One finding."""
        found: Finding | None = await nodes.one(info, "Finding", id)
        return found

    @guards.query(Permission.READ_SCANS, "Scans of the viewer's division and those below it, the latest first.")
    async def scans(
        self,
        info: Info,
        division_code: Annotated[
            str | None, strawberry.argument(description="Of this division or those below it.")
        ] = None,
        statuses: Annotated[
            list[ScanStatus] | None, strawberry.argument(description="In one of these states.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Scan] | None:
        """A page of scans."""
        return await scans.scans(info, division_code, statuses, Window(first, after, last, before))

    @guards.query(Permission.READ_SCANS, "One scan; null where there is none that this viewer may see.")
    async def scan(self, info: Info, id: Id) -> Scan | None:
        """One scan."""
        found: Scan | None = await nodes.one(info, "Scan", id)
        return found


@strawberry.input(description="A scan to be started.")
class StartScanInput:
    """A scan to be started."""

    idempotency_key: str = strawberry.field(description=KEY_DESCRIPTION)
    division_code: str | None = strawberry.field(
        default=None, description="Whose households; by default all of the viewer's division."
    )
    as_of: dt.date | None = strawberry.field(
        default=None,
        description="The reference day; by default the day on which the latest feed was cut. No later than today, and "
        "no more than 366 days before the oldest feed in use was cut.",
    )
    rules: list[str] | None = strawberry.field(default=None, description="Only these rules; by default all.")


@strawberry.type(description="What `startScan` answers.")
class StartScanPayload:
    """What `startScan` answers."""

    scan: Scan | None = strawberry.field(description="The scan; follow it with `scanProgress` or by asking again.")
    user_errors: list[UserError] = strawberry.field(description="Why it was not started; empty where it was.")


@strawberry.input(description="A person's conclusion about a finding.")
class ReviewFindingInput:
    """A person's conclusion about a finding."""

    idempotency_key: str = strawberry.field(description=KEY_DESCRIPTION)
    finding_id: strawberry.ID = strawberry.field(description="The finding.")
    expected_version: int = strawberry.field(description="The finding's `version` as it was read.")
    outcome: Outcome = strawberry.field(description="The conclusion.")
    note: str = strawberry.field(description="The reason, up to 2,000 characters; kept sealed.")
    decision_document: str | None = strawberry.field(
        default=None, description="The decision's document number; required for DECEPTION_CONFIRMED."
    )


@strawberry.type(description="What `reviewFinding` answers.")
class ReviewFindingPayload:
    """What `reviewFinding` answers."""

    finding: Finding | None = strawberry.field(description="The finding as it stands now.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was recorded; empty where it was.")


@strawberry.type(description="What may be done.")
class Mutation:
    """What may be done."""

    @guards.mutation(Permission.START_SCAN, "Starts a scan of a division's households against the latest feeds.")
    async def start_scan(
        self, info: Info, input: Annotated[StartScanInput, strawberry.argument(description="What to scan.")]
    ) -> StartScanPayload:
        """Starts a scan."""
        arguments = {"division": input.division_code, "as_of": input.as_of, "rules": input.rules}

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            now = info.context.now()
            return await scan_service.request(
                connection, viewer, input.division_code, input.as_of, input.rules or (), now
            )

        done = await carry_out(info, Permission.START_SCAN, input.idempotency_key, arguments, act)
        scan = await nodes.below_payload(info, "Scan", "scan", done.subject)
        return StartScanPayload(scan=scan, user_errors=done.user_errors)

    @guards.mutation(Permission.REVIEW_FINDING, "Records what a person concludes about a finding.")
    async def review_finding(
        self, info: Info, input: Annotated[ReviewFindingInput, strawberry.argument(description="The conclusion.")]
    ) -> ReviewFindingPayload:
        """Records a conclusion."""
        arguments = {
            "finding": input.finding_id,
            "version": input.expected_version,
            "outcome": input.outcome,
            "note": input.note,
            "document": input.decision_document,
        }

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            return await reviews.review(
                connection,
                info.context.vault,
                viewer,
                nodes.key_of(info, "Finding", input.finding_id),
                input.expected_version,
                input.outcome,
                input.note,
                input.decision_document,
                info.context.now(),
            )

        done = await carry_out(info, Permission.REVIEW_FINDING, input.idempotency_key, arguments, act)
        finding = await nodes.below_payload(info, "Finding", "finding", done.subject)
        return ReviewFindingPayload(finding=finding, user_errors=done.user_errors)


@strawberry.type(description="What may be followed.")
class Subscription:
    """What may be followed."""

    @guards.subscription(
        Permission.READ_SCANS,
        "A scan each time something about it changes, beginning with how it stands now; ends when the scan has ended. "
        "After a broken connection, subscribe again: nothing is lost, since each answer is the whole state.",
    )
    async def scan_progress(self, info: Info, id: Id) -> AsyncGenerator[Scan, None]:
        """A scan, each time it changes."""
        key = nodes.key_of(info, "Scan", id)
        async with info.context.broadcast.subscribed(scan_service.TOPIC, key or 0) as heard:
            while True:
                heard.clear()
                info.context.budget = Budget()
                await info.context.recognise_again()
                info.context.viewer_who_may(Permission.READ_SCANS)
                scan: Scan | None = await nodes.one(info, "Scan", id)
                if scan is None:
                    return
                yield scan
                if scan.status.ended:
                    return
                await heard.wait()


class _Schema(strawberry.Schema):
    """Logs no error by itself: the log would show the document, and with it whom it asks about; see errors.Words."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Nothing."""


schema = _Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    types=[Household, Person, Enrolment, Finding, Scan],
    execution_context_class=StraightExecutor,
    extensions=[
        lambda: MaxTokensLimiter(MOST_TOKENS),
        lambda: ParserCache(CACHED_DOCUMENTS),
        lambda: ValidationCache(CACHED_DOCUMENTS),
        ContextPerOperation,
        Limits,
        Words,
    ],
)


def printed() -> str:
    """The schema in its own language, sorted: the file schema.graphql."""
    return print_schema(lexicographic_sort_schema(schema._schema)) + "\n"
