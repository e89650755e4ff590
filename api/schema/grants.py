"""Grants of aid: what one would meet, proposed by one officer, decided by another."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain import grants as domain
from api.domain.errors import BadInput, NotDone, UserErrorCode
from api.domain.grants import Bill, Request
from api.domain.permissions import Permission, Viewer
from api.loaders import grants as loaders
from api.loaders.conditions import Is
from api.loaders.pages import Window
from api.loaders.reading import Reading, Rows
from api.schema import guards, nodes
from api.schema.changes import named
from api.schema.connections import ORDER, After, Before, Connection, First, Last, connection, order_of
from api.schema.context import Info
from api.schema.enumerations import Words, described
from api.schema.filters import AND, NOT, OR, in_division, joined, of_households, one_of
from api.schema.grant_findings import GrantFinding, finding_objects
from api.schema.grant_terms import GrantPeriod, GrantState
from api.schema.households import ITS_HOUSEHOLD, NOT_LOADED, Household, Person, person_at
from api.schema.nodes import Id, Kind, kind
from api.schema.officers import Officer, handler
from api.schema.people import fen_of
from api.schema.programmes import PROGRAMME_OF, Programme
from api.schema.results import MutationInput, Payload, carry_out
from api.schema.scalars import Month
from api.schema.selection import Wanted, wanted
from api.schema.sizes import about
from api.schema.tree import Branch, branch
from api.schema.values import Money, Node, known_money
from api.schema.words import Direction, HardshipCause
from api.services import asking, granting

IN_BILL = ("input", "bill")


@strawberry.type(description="A bill that a grant helps to pay.")
class GrantBill:
    """A bill."""

    reference: str | None = strawberry.field(description="By which it is known; null for viewers who see masks.")
    incurred_on: dt.date = strawberry.field(description="Of which day.")
    cost: Money = strawberry.field(description="What it came to.")
    covered: Money = strawberry.field(description="What all together pay of it, which is never more.")


@strawberry.type(description="What an officer decided on a grant that another proposed.")
class GrantOutcome:
    """A decision on a grant."""

    decided_by: Officer | None = strawberry.field(description="Who decided, where this viewer is told.")
    decided_at: dt.datetime = strawberry.field(description="When.")
    reason: str | None = strawberry.field(description="Why; null for viewers who see masks.")
    document_no: str | None = strawberry.field(description="The decision's document number.")


@strawberry.type(description="Aid that an officer proposed for a household on file, and what another decided on it.")
class Grant(Node):
    """A grant of aid."""

    key: strawberry.Private[int]
    household_key: strawberry.Private[int | None]
    person_key: strawberry.Private[int | None]
    programme_code: strawberry.Private[str]
    first_month: Month = strawberry.field(description="Its first month.")
    last_month: Month = strawberry.field(description="Its last month; it ends by itself.")
    period: GrantPeriod = strawberry.field(description="For which period the amount is.")
    amount: Money = strawberry.field(description="A period's amount.")
    cause: HardshipCause | None = strawberry.field(
        description="The cause of hardship that it is given for, if named; null for who reads no cases."
    )
    bill: GrantBill | None = strawberry.field(
        description="The bill that it helps to pay, if any; null for who reads no cases."
    )
    state: GrantState = strawberry.field(description="Where it stands.")
    reason: str | None = strawberry.field(description="Why it was proposed; null for viewers who see masks.")
    proposed_by: Officer | None = strawberry.field(description="Who proposed it, where this viewer is told.")
    proposed_at: dt.datetime = strawberry.field(description="When.")
    outcome: GrantOutcome | None = strawberry.field(
        description="What was decided; null before, or if it was withdrawn."
    )
    version: int = strawberry.field(description="Counts changes; to be given back by whoever decides.")
    programme: Programme = strawberry.field(default=NOT_LOADED, description="The programme.")
    person: Person | None = strawberry.field(
        default=NOT_LOADED, description="To whom; null for all of the household, and for who reads no cases."
    )
    household: Household | None = strawberry.field(
        default=NOT_LOADED, description="The household; null for who reads no cases."
    )


@strawberry.input(description="Which grants; all that is given must hold.")
class GrantFilter:
    """Which grants."""

    division_code: str | None = strawberry.field(default=None, description="In this division or below it.")
    household_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="Of these households.")
    states: list[GrantState] | None = strawberry.field(default=None, description="That stand so.")
    programme_codes: list[str] | None = strawberry.field(default=None, description="Under these programmes.")
    month: Month | None = strawberry.field(default=None, description="Of whose months this is one.")
    and_: list[GrantFilter] | None = strawberry.field(name="and", default=None, description=AND)
    or_: list[GrantFilter] | None = strawberry.field(name="or", default=None, description=OR)
    not_: GrantFilter | None = strawberry.field(name="not", default=None, description=NOT)


class GrantOrderField(StrEnum):
    """What grants may be ordered by."""

    PROPOSED = "PROPOSED"
    FIRST_MONTH = "FIRST_MONTH"


described(
    GrantOrderField,
    "What grants may be ordered by.",
    {
        "PROPOSED": Words("提出时间", "Proposed", "提出的先后。", "When it was proposed."),
        "FIRST_MONTH": Words("起始月份", "First month", "起始月份的先后。", "When it begins."),
    },
)


@strawberry.input(description="An order of grants.")
class GrantOrder:
    """An order of grants."""

    field: GrantOrderField = strawberry.field(description="What to order by.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which way.")


@strawberry.input(description="What somebody else paid of a bill, as the bill says.")
class BillShareInput:
    """What somebody else paid."""

    programme_code: str = strawberry.field(description="The programme, such as BASIC_MEDICAL.")
    amount: Decimal = strawberry.field(description="Yuan, with two decimals.")


@strawberry.input(
    description="A bill that is to be paid in part; one that is recorded already is named with the same cost."
)
class BillInput:
    """A bill."""

    reference: str = strawberry.field(description="By which it is known.")
    incurred_on: dt.date = strawberry.field(description="Of which day.")
    cost: Decimal = strawberry.field(description="What it came to, in yuan.")
    paid: list[BillShareInput] = strawberry.field(
        default_factory=list, description="What it says that others paid; only read when it is recorded first."
    )


@strawberry.input(description="Aid that is asked for.")
class GrantRequestInput:
    """Aid that is asked for."""

    household_id: strawberry.ID = strawberry.field(description="For which household, whose file is active.")
    programme_code: str = strawberry.field(description="Under which programme.")
    first_month: Month = strawberry.field(description="From this month.")
    last_month: Month = strawberry.field(description="To this month; what is given once has one.")
    period: GrantPeriod = strawberry.field(description="For which period the amount is.")
    amount: Decimal = strawberry.field(description="A period's amount in yuan.")
    person_id: strawberry.ID | None = strawberry.field(
        default=None, description="To whom, of what a person is granted."
    )
    cause_id: strawberry.ID | None = strawberry.field(
        default=None, description="For which cause of hardship, if for one."
    )
    bill: BillInput | None = strawberry.field(default=None, description="The bill that it helps to pay, if any.")


@strawberry.type(description="What a grant would meet; nothing is changed by asking.")
class GrantCheck:
    """What a grant would meet."""

    grantable: bool = strawberry.field(
        description="Whether nothing refuses it; whether it is granted an officer decides."
    )
    findings: list[GrantFinding] = strawberry.field(
        description="What was found, what refuses first.", metadata=about(4)
    )


@strawberry.input(description="Aid that is to be granted, and why.")
class ProposeGrantInput(GrantRequestInput, MutationInput):
    """Aid that is to be granted."""

    reason: str = strawberry.field(description="Why, up to 2,000 characters; kept sealed.")


@strawberry.input(description="A decision on a grant that another officer proposed.")
class DecideGrantInput(MutationInput):
    """A decision on a grant."""

    grant_id: strawberry.ID = strawberry.field(description="The grant.")
    expected_version: int = strawberry.field(description="The grant's `version` as it was read.")
    approve: bool = strawberry.field(description="Whether it is granted, or refused.")
    reason: str = strawberry.field(description="Why, up to 2,000 characters; kept sealed.")
    document_no: str | None = strawberry.field(default=None, description="The decision's document number.")


@strawberry.input(description="A proposal that is taken back.")
class WithdrawGrantInput(MutationInput):
    """A proposal that is taken back."""

    grant_id: strawberry.ID = strawberry.field(description="The grant.")
    expected_version: int = strawberry.field(description="The grant's `version` as it was read.")


@strawberry.type(description="What `proposeGrant` answers.")
class ProposeGrantPayload(Payload):
    """What `proposeGrant` answers."""

    grant: Grant | None = strawberry.field(description="The grant, which waits for another officer.")


@strawberry.type(description="What `decideGrant` answers.")
class DecideGrantPayload(Payload):
    """What `decideGrant` answers."""

    grant: Grant | None = strawberry.field(description="The grant as it stands now.")


@strawberry.type(description="What `withdrawGrant` answers.")
class WithdrawGrantPayload(Payload):
    """What `withdrawGrant` answers."""

    grant: Grant | None = strawberry.field(description="The grant as it stands now.")


def grant_objects(reading: Reading, rows: Rows, asked: Wanted) -> list[Grant]:
    """Rows as grants; who reads no cases is shown what their own department grants, and neither to whom nor why."""
    whole, cases = reading.sees_identity, reading.viewer.may(Permission.READ_CASES)
    reason = reading.shown("grants.reason", asked.has("reason") and whole, lambda _: None)
    decided = reading.shown("decisions.reason", asked.below("outcome").has("reason") and whole, lambda _: None)
    return [
        Grant(
            id=strawberry.ID(public_id),
            key=row.id,
            household_key=row.household_id if cases else None,
            person_key=row.member_id if cases else None,
            programme_code=row.programme_code,
            first_month=row.first_month,
            last_month=row.last_month,
            period=GrantPeriod(row.period),
            amount=known_money(row.amount_fen),
            cause=HardshipCause(row.cause) if row.cause and cases else None,
            bill=None
            if row.cost_id is None or not cases
            else GrantBill(
                reference=row.reference if whole else None,
                incurred_on=row.incurred_on,
                cost=known_money(row.cost_fen),
                covered=known_money(row.covered_fen),
            ),
            state=GrantState(row.state),
            reason=reason(reading.whereabouts(row, row.reason)),
            proposed_by=handler(reading, row, row.proposer_login, row.proposer),
            proposed_at=row.created_at,
            outcome=None
            if row.decision_id is None
            else GrantOutcome(
                decided_by=handler(reading, row, row.decider_login, row.decider),
                decided_at=row.made_at,
                reason=decided(reading.whereabouts(row, row.decision_reason)),
                document_no=reading.whereabouts(row, row.document_no),
            ),
            version=row.version,
        )
        for row, public_id in zip(rows, reading.ids("Grant", rows), strict=True)
    ]


def _conditions(info: Info, given: GrantFilter) -> Iterator[Is]:
    yield from in_division(given.division_code)
    told = info.context.viewer_who_may(Permission.READ_GRANTS).may(Permission.READ_CASES)
    yield from of_households(info, given.household_ids, told)
    yield from one_of("states", given.states)
    yield from one_of("programmes", given.programme_codes)
    if given.month is not None:
        yield Is("paying", {"month": given.month})


def _request(info: Info, given: GrantRequestInput) -> Request:
    bill = given.bill
    return Request(
        household_id=nodes.key_of(info, "Household", given.household_id),
        programme=given.programme_code,
        first=given.first_month,
        last=given.last_month,
        period=given.period,
        amount_fen=fen_of(given.amount, ("input", "amount")) or 0,
        member_id=named(info, "Person", given.person_id),
        cause_id=named(info, "Cause", given.cause_id),
        bill=None
        if bill is None
        else Bill(bill.reference, bill.incurred_on, fen_of(bill.cost, IN_BILL) or 0, added_up(bill.paid)),
    )


def added_up(shares: list[BillShareInput]) -> dict[str, int]:
    """What a bill says that others paid, by programme; one may have paid by several invoices."""
    paid = dict[str, int]()
    for each in shares:
        fen = fen_of(each.amount, IN_BILL)
        if not fen:
            raise NotDone(UserErrorCode.INVALID, IN_BILL, "金额须大于零。", "What others paid is more than nothing.")
        paid[each.programme_code] = paid.get(each.programme_code, 0) + fen
    return paid


@strawberry.type(description="What may be asked about grants.")
class GrantQueries:
    """Grants, and what one would meet."""

    @guards.query(
        Permission.READ_GRANTS,
        "Grants of aid to households of the viewer's division, the latest first; to who reads no cases, those that their own "
        "organisation grants by the roles of the measures that it holds there.",
    )
    async def grants(
        self,
        info: Info,
        filter: Annotated[GrantFilter | None, strawberry.argument(description="Which.")] = None,
        order_by: Annotated[
            list[GrantOrder] | None, strawberry.argument(description=ORDER + " the latest proposed first.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Grant] | None:
        """A page of grants."""
        where = joined(filter, lambda given, _: _conditions(info, given))
        order, window = order_of(order_by, "PROPOSED"), Window(first, after, last, before)
        return await connection(info, loaders.GRANTS, grant_objects, where, order, window)

    @guards.query(Permission.READ_GRANTS, "One grant; null where there is none that this viewer may see.")
    async def grant(self, info: Info, id: Id) -> Grant | None:
        """One grant."""
        found: Grant | None = await nodes.one(info, "Grant", id)
        return found

    @guards.query(
        Permission.KEEP_FILES,
        "What a grant would meet: conflicts with all aid there is, each with the least correction, and what its programme "
        "asks for. Nothing is changed; null where there is no such household that this viewer may see.",
    )
    async def check_grant(
        self, info: Info, request: Annotated[GrantRequestInput, strawberry.argument(description="What is asked for.")]
    ) -> GrantCheck | None:
        """What a grant would meet."""
        asked = wanted(info)
        async with info.context.reading() as reading:
            try:
                looked = await asking.look(reading.connection, reading.viewer, _request(info, request))
            except NotDone as reason:
                if reason.path == ("input", "householdId") and reason.code is UserErrorCode.NOT_FOUND:
                    return None
                raise BadInput(reason.zh, reason.en) from None
            reading.log.saw_households([looked.household_id])
            reading.log.asked("GrantFinding", asked.below("findings").fields)
            found = finding_objects(looked.findings, reading.vault, info.context.language)
            reading.budget.spend((1 + len(found)) * asked.times * asked.values(()))
        return GrantCheck(grantable=not domain.refusing(looked.findings), findings=found)


@strawberry.type(description="What may be done with grants.")
class GrantMutations:
    """Grants are proposed, decided and withdrawn."""

    @guards.mutation(
        Permission.KEEP_FILES,
        "Proposes aid for a household on file; what conflicts with aid that is there is refused.",
    )
    async def propose_grant(
        self, info: Info, input: Annotated[ProposeGrantInput, strawberry.argument(description="What, and why.")]
    ) -> ProposeGrantPayload:
        """Proposes a grant."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            request = _request(info, input)
            return await granting.propose(
                connection, info.context.vault, viewer, request, input.reason, info.context.now()
            )

        done = await carry_out(info, Permission.KEEP_FILES, input, act)
        grant = await nodes.below_payload(info, "Grant", "grant", done.subject)
        return ProposeGrantPayload(grant=grant, **done.answered)

    @guards.mutation(
        Permission.DECIDE_FILES,
        "Grants or refuses what another officer proposed; before it is granted all aid is looked at again.",
    )
    async def decide_grant(
        self, info: Info, input: Annotated[DecideGrantInput, strawberry.argument(description="The decision.")]
    ) -> DecideGrantPayload:
        """Decides on a grant."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key, vault = nodes.key_of(info, "Grant", input.grant_id), info.context.vault
            told = (input.expected_version, input.approve, input.reason, input.document_no)
            return await granting.decide(connection, vault, viewer, key, *told, info.context.now())

        done = await carry_out(info, Permission.DECIDE_FILES, input, act)
        grant = await nodes.below_payload(info, "Grant", "grant", done.subject)
        return DecideGrantPayload(grant=grant, **done.answered)

    @guards.mutation(Permission.KEEP_FILES, "Takes back a grant that is proposed and not decided.")
    async def withdraw_grant(
        self, info: Info, input: Annotated[WithdrawGrantInput, strawberry.argument(description="Which.")]
    ) -> WithdrawGrantPayload:
        """Withdraws a grant."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key = nodes.key_of(info, "Grant", input.grant_id)
            return await granting.withdraw(connection, viewer, key, input.expected_version, info.context.now())

        done = await carry_out(info, Permission.KEEP_FILES, input, act)
        grant = await nodes.below_payload(info, "Grant", "grant", done.subject)
        return WithdrawGrantPayload(grant=grant, **done.answered)


branch(
    Household,
    "grants",
    Branch("key", lambda reading, keys, _: loaders.of_households(reading, keys), grant_objects, "grants"),
)
branch(Grant, "household", ITS_HOUSEHOLD)
branch(Grant, "person", person_at("person_key", "person"))
branch(Grant, "programme", PROGRAMME_OF)
kind("Grant", Kind(loaders.by_key, grant_objects, Permission.READ_GRANTS))
