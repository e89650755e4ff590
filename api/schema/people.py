"""People as they are entered, moved and corrected: memberships over time, and what was done with them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain import money
from api.domain.errors import NotDone, UserErrorCode
from api.domain.people import Entered
from api.domain.permissions import Permission, Viewer
from api.loaders import histories
from api.loaders.reading import Reading, Rows
from api.schema import guards, nodes
from api.schema.context import Info
from api.schema.households import Household, Person, person_objects
from api.schema.people_terms import IdKind, MaritalStatus, MemberChangeKind, Relation, Sex
from api.schema.results import MutationInput, Payload, carry_out
from api.schema.selection import Wanted
from api.schema.sizes import about
from api.schema.tree import Branch, branch
from api.services import memberships

KEEP = Permission.KEEP_FILES
REASON = "Why, up to 2,000 characters; kept sealed."
VERSION = "The household's `version` as it was read."


@strawberry.type(description="What somebody did with a membership, or corrected of a household itself, and why.")
class MemberChange:
    """What somebody did with a membership, or corrected of a household itself."""

    kind: MemberChangeKind = strawberry.field(description="What was done.")
    fields: list[str] = strawberry.field(description="Which values were corrected.", metadata=about(2))
    reason: str | None = strawberry.field(description="Why; null for viewers who see masks.")
    effective_on: dt.date = strawberry.field(description="From which day on it holds.")
    happened_at: dt.datetime = strawberry.field(description="When it was done.")
    by: str | None = strawberry.field(description="Who did it; null where that is hidden from the viewer (F-29).")


@strawberry.input(description="Somebody who is in a household; what is left out is unknown.")
class PersonInput:
    """Somebody who is in a household."""

    name: str = strawberry.field(description="As on the document.")
    relation: Relation | None = strawberry.field(default=None, description="To the head of the household.")
    id_kind: IdKind = strawberry.field(default=IdKind.CITIZEN, description="Of which document the number is.")
    id_number: str | None = strawberry.field(
        default=None, description="Checked: its check character, birth date, division (formerly or now), sex."
    )
    former_name: str | None = strawberry.field(default=None, description="A name borne before.")
    sex: Sex | None = strawberry.field(default=None, description="What the number says, where nothing is said.")
    birth_date: dt.date | None = strawberry.field(default=None, description="Likewise.")
    phone: str | None = strawberry.field(default=None, description="A telephone number.")
    address: str | None = strawberry.field(default=None, description="Where the person lives, if elsewhere.")
    division_code: str | None = strawberry.field(default=None, description="Of the person's own registration.")
    marital_status: MaritalStatus | None = strawberry.field(default=None, description="As declared.")
    employment: str | None = strawberry.field(default=None, description="As declared, up to 200 characters.")
    monthly_income: Decimal | None = strawberry.field(
        default=None, description="As declared, in yuan; left out is unknown, which is not zero."
    )


def entered_of(given: PersonInput, path: tuple[str, ...] = ("input", "person")) -> Entered:
    """Somebody as entered. Raises NotDone."""
    return Entered(
        given.name, given.relation, given.id_kind, given.id_number, given.former_name, given.sex, given.birth_date,
        given.phone, given.address, given.division_code, given.marital_status, given.employment,
        fen_of(given.monthly_income, (*path, "monthlyIncome")),
    )  # fmt: skip


def fen_of(yuan: Decimal | None, path: tuple[str, ...]) -> int | None:
    """Yuan of an input as fen. Raises NotDone for a part of a fen, or less than nothing."""
    try:
        fen = money.fen(yuan)
    except ValueError:
        fen = -1
    if fen is not None and fen < 0:
        raise NotDone(
            UserErrorCode.INVALID,
            path,
            "金额须为非负数，至多两位小数。",
            "An amount is not negative and has at most two decimals.",
        )
    return fen


@strawberry.input(description="What is corrected; what is left out or null stays, an empty text takes a value away.")
class PersonCorrections:
    """What is corrected."""

    name: str | None = strawberry.field(default=None, description="The name as on the document.")
    relation: Relation | None = strawberry.field(default=None, description="To the head of the household.")
    id_kind: IdKind | None = strawberry.field(default=None, description="Of which document the number is.")
    id_number: str | None = strawberry.field(default=None, description="The number, checked as when it is entered.")
    former_name: str | None = strawberry.field(default=None, description="A name borne before.")
    sex: Sex | None = strawberry.field(default=None, description="The sex.")
    birth_date: dt.date | None = strawberry.field(default=None, description="The birth date.")
    phone: str | None = strawberry.field(default=None, description="A telephone number.")
    address: str | None = strawberry.field(default=None, description="Where the person lives, if elsewhere.")
    division_code: str | None = strawberry.field(default=None, description="Of the person's own registration.")
    acftu_reference: str | None = strawberry.field(
        default=None,
        description="The number under which the ACFTU's system knows the person, which is nobody else's.",
    )


@strawberry.input(description="Somebody joins a household.")
class AddMemberInput(MutationInput):
    """Somebody joins a household."""

    household_id: strawberry.ID = strawberry.field(description="The household.")
    expected_version: int = strawberry.field(description=VERSION)
    person: PersonInput = strawberry.field(description="Who.")
    since: dt.date = strawberry.field(description="From which day on; not in the future.")
    reason: str | None = strawberry.field(default=None, description=REASON)


@strawberry.input(description="Somebody goes from one household to another.")
class MoveMemberInput(MutationInput):
    """Somebody goes from one household to another."""

    person_id: strawberry.ID = strawberry.field(description="The membership that ends.")
    expected_version: int = strawberry.field(description="Of the household that is left, its `version`.")
    to_household_id: strawberry.ID = strawberry.field(description="The household that is joined.")
    to_expected_version: int = strawberry.field(description="Of that household, its `version`.")
    on: dt.date = strawberry.field(description="The first day in the other household; not in the future.")
    relation: Relation | None = strawberry.field(default=None, description="To the head of that household.")
    reason: str = strawberry.field(description=REASON)


@strawberry.input(description="Somebody is no longer in a household.")
class EndMembershipInput(MutationInput):
    """Somebody is no longer in a household."""

    person_id: strawberry.ID = strawberry.field(description="The membership.")
    expected_version: int = strawberry.field(description=VERSION)
    on: dt.date = strawberry.field(description="The first day no longer in it; not in the future.")
    reason: str = strawberry.field(description=REASON)


@strawberry.input(description="What is registered about somebody was wrong.")
class CorrectMemberInput(MutationInput):
    """What is registered about somebody was wrong."""

    person_id: strawberry.ID = strawberry.field(description="The membership.")
    expected_version: int = strawberry.field(description=VERSION)
    corrections: PersonCorrections = strawberry.field(description="What is right.")
    reason: str = strawberry.field(description=REASON)


@strawberry.type(description="What `addMember` answers.")
class AddMemberPayload(Payload):
    """What `addMember` answers."""

    person: Person | None = strawberry.field(description="The new membership.")


@strawberry.type(description="What `moveMember` answers.")
class MoveMemberPayload(Payload):
    """What `moveMember` answers."""

    person: Person | None = strawberry.field(description="The membership in the household that was joined.")


@strawberry.type(description="What `endMembership` answers.")
class EndMembershipPayload(Payload):
    """What `endMembership` answers."""

    person: Person | None = strawberry.field(description="The membership as it ended.")


@strawberry.type(description="What `correctMember` answers.")
class CorrectMemberPayload(Payload):
    """What `correctMember` answers."""

    person: Person | None = strawberry.field(description="The membership as it stands now.")


def _given(corrections: PersonCorrections) -> dict[str, Any]:
    return {name: value for name, value in vars(corrections).items() if value is not None}


@strawberry.type(description="What may be done with memberships.")
class PeopleMutations:
    """People join households, move, leave and are corrected."""

    @guards.mutation(KEEP, "Adds somebody to a household.")
    async def add_member(
        self, info: Info, input: Annotated[AddMemberInput, strawberry.argument(description="Who, and where.")]
    ) -> AddMemberPayload:
        """Adds somebody."""
        context = info.context

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key = nodes.key_of(info, "Household", input.household_id)
            return await memberships.add(
                connection, context.vault, viewer, key, input.expected_version, entered_of(input.person), input.since,
                input.reason, context.now(),
            )  # fmt: skip

        done = await carry_out(info, KEEP, input, act)
        person = await nodes.below_payload(info, "Person", "person", done.subject)
        return AddMemberPayload(person=person, **done.answered)

    @guards.mutation(KEEP, "Moves somebody to another household; both lie in the viewer's division.")
    async def move_member(
        self, info: Info, input: Annotated[MoveMemberInput, strawberry.argument(description="Who, and where to.")]
    ) -> MoveMemberPayload:
        """Moves somebody."""
        context = info.context

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            return await memberships.move(
                connection,
                context.vault,
                viewer,
                nodes.key_of(info, "Person", input.person_id),
                input.expected_version,
                nodes.key_of(info, "Household", input.to_household_id),
                input.to_expected_version,
                input.on,
                input.relation,
                input.reason,
                context.now(),
            )

        done = await carry_out(info, KEEP, input, act)
        person = await nodes.below_payload(info, "Person", "person", done.subject)
        return MoveMemberPayload(person=person, **done.answered)

    @guards.mutation(KEEP, "Ends a membership; what was found out about it stays.")
    async def end_membership(
        self, info: Info, input: Annotated[EndMembershipInput, strawberry.argument(description="Whose, and why.")]
    ) -> EndMembershipPayload:
        """Ends a membership."""
        context = info.context

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key = nodes.key_of(info, "Person", input.person_id)
            return await memberships.end(
                connection, context.vault, viewer, key, input.expected_version, input.on, input.reason, context.now()
            )

        done = await carry_out(info, KEEP, input, act)
        person = await nodes.below_payload(info, "Person", "person", done.subject)
        return EndMembershipPayload(person=person, **done.answered)

    @guards.mutation(KEEP, "Corrects what is registered about somebody; what stood there is kept.")
    async def correct_member(
        self, info: Info, input: Annotated[CorrectMemberInput, strawberry.argument(description="What is right.")]
    ) -> CorrectMemberPayload:
        """Corrects somebody."""
        context, corrections = info.context, _given(input.corrections)

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key = nodes.key_of(info, "Person", input.person_id)
            return await memberships.correct(
                connection,
                context.vault,
                viewer,
                key,
                input.expected_version,
                corrections,
                input.reason,
                context.now(),
            )

        done = await carry_out(info, KEEP, input, act)
        person = await nodes.below_payload(info, "Person", "person", done.subject)
        return CorrectMemberPayload(person=person, **done.answered)


def _change_objects(reading: Reading, rows: Rows, wanted: Wanted) -> list[MemberChange]:
    reason = reading.shown("member_changes.reason", wanted.has("reason") and reading.sees_identity, lambda _: None)
    return [
        MemberChange(
            kind=MemberChangeKind(row.kind),
            fields=list(row.fields),
            reason=reason(reading.whereabouts(row, row.reason)),
            effective_on=row.effective_on,
            happened_at=row.happened_at,
            by=reading.whereabouts(row, row.display_name),
        )
        for row in rows
    ]


branch(
    Person,
    "memberships",
    Branch("key", lambda reading, keys, _: histories.memberships_of(reading, keys), person_objects, "memberships"),
)
branch(
    Person,
    "changes",
    Branch("key", lambda reading, keys, _: histories.changes_of(reading, keys), _change_objects, "changes"),
)
branch(
    Household,
    "changes",
    Branch("key", lambda reading, keys, _: histories.corrections_of(reading, keys), _change_objects, "changes"),
)
