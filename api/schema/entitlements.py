"""Aid that households may be due: what each may be eligible for, and a task's referral, filled in and sent in one step."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Annotated, Any, cast

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.permissions import Permission, Viewer
from api.loaders import households as homes
from api.loaders.reading import Reading, Rows
from api.schema import guards, nodes
from api.schema.changes import named
from api.schema.context import Info
from api.schema.entitlement_terms import AidStanding, Likelihood, Sign
from api.schema.grant_findings import GrantFinding, finding_objects
from api.schema.grant_terms import ConditionKind
from api.schema.households import NOT_LOADED, Person, person_at
from api.schema.officers import ResponsibleOrganisation
from api.schema.programmes import PROGRAMME_OF, Programme
from api.schema.referrals import Referral
from api.schema.results import MutationInput, Payload, carry_out
from api.schema.selection import Wanted, wanted
from api.schema.sizes import about
from api.schema.tasks import READ_AT, TASK, PrefilledReferral, Task
from api.schema.tree import Branch, branch, grow
from api.services import entitlements, prefilled
from api.services.entitlements import Assessed, Day
from api.services.prefilled import Changes, Prefilled

LINES = 60
"""How many a household of four usually has: the programmes for households, and each of those for people."""


@strawberry.type(description="A condition of a programme, held against what is known.")
class EligibilityCondition:
    """A condition, held against what is known."""

    kind: ConditionKind = strawberry.field(description="What it is held against.")
    sign: Sign | None = strawberry.field(
        description="What in the register speaks for it, where an officer states it in the end."
    )
    text_zh: str = strawberry.field(description="What it asks for, in Chinese.")
    text_en: str = strawberry.field(description="In English.")
    verified: bool = strawberry.field(description="Whether the condition was verified, or is assumed.")
    answer: Likelihood = strawberry.field(description="Whether it seems to be met.")


@strawberry.type(
    description="A programme for a household, or for one of its people: a question for an officer, never a verdict."
)
class Eligibility:
    """A programme for a household, or one of its people."""

    programme_code: str = strawberry.field(description="The programme's code.")
    person_key: strawberry.Private[int | None]
    answer: Likelihood = strawberry.field(
        description="Whether all that it asks for seems to be met; CANNOT_TELL where it names no condition."
    )
    standing: AidStanding = strawberry.field(description="What is on record of it, wherever it is paid.")
    conditions: list[EligibilityCondition] = strawberry.field(description="What it asks for.", metadata=about(1))
    hinders: list[GrantFinding] = strawberry.field(
        description="What it would meet, if it were granted this month; looked for where nothing is on record of it.",
        metadata=about(1),
    )
    programme: Programme = strawberry.field(default=NOT_LOADED, description="The programme.")
    person: Person | None = strawberry.field(default=NOT_LOADED, description="For whom; null for the household.")


def _eligibility(reading: Reading, found: Sequence[Assessed], language: str) -> list[Eligibility]:
    return [
        Eligibility(
            programme_code=each.entry.code,
            person_key=each.member_id,
            answer=each.likelihood,
            standing=each.standing,
            conditions=[
                EligibilityCondition(
                    kind=asked.kind,
                    sign=asked.sign,
                    text_zh=asked.zh,
                    text_en=asked.en,
                    verified=asked.verified,
                    answer=told,
                )
                for asked, told in each.conditions
            ],
            hinders=finding_objects(each.hinders, reading.vault, language),
        )
        for each in found
    ]


@strawberry.type(description="What may be asked about aid that may be due.")
class EntitlementQueries:
    """Aid that may be due."""

    @guards.query(
        Permission.READ_CASES,
        "What a household and its people may be eligible for today, by the programmes' own conditions: programmes of the "
        "catalogue in its order. Empty where there is no such household that this viewer may see.",
        rows=LINES,
    )
    async def eligible_for(
        self,
        info: Info,
        household_id: Annotated[strawberry.ID, strawberry.argument(description="The household.")],
        answers: Annotated[
            list[Likelihood] | None, strawberry.argument(description="With one of these answers; all by default.")
        ] = None,
    ) -> list[Eligibility] | None:
        """What a household may be eligible for."""
        key, asked = nodes.key_of(info, "Household", household_id), wanted(info)
        async with info.context.reading() as reading:
            if key is None or not await homes.by_key(reading, [key]):
                return []
            cleared = reading.viewer.cleared
            (home,) = await entitlements.homes(reading.connection, [key], reading.today, cleared=cleared)
            looked = entitlements.assess(home, Day.of(reading.today, home.division_code))
            kept = [each for each in looked if answers is None or each.likelihood in answers]
            reading.log.saw_households([key])
            found = _eligibility(reading, kept, info.context.language)
            await grow(reading, found, asked, asked.times)
        return found


@strawberry.input(
    description="The referral that a task suggests, with what is to be otherwise; what is left out stays as suggested."
)
class ReferForTaskInput(MutationInput):
    """The referral that a task suggests."""

    task_id: strawberry.ID = strawberry.field(description=TASK)
    expected_version: int = strawberry.field(description=READ_AT)
    organisation: str | None = strawberry.field(
        default=None, description="To whom, by its code; needed where nobody is on record for the role."
    )
    programme: str | None = strawberry.field(default=None, description="For which programme, by its code.")
    person_id: strawberry.ID | None = strawberry.field(default=None, description="Whom of the household.")
    note: str | None = strawberry.field(
        default=None, description="What the organisation has to know, up to 2,000 characters; kept sealed."
    )
    due_on: dt.date | None = strawberry.field(default=None, description="By when it is to be answered.")


@strawberry.type(description="What `referForTask` answers.")
class ReferForTaskPayload(Payload):
    """What `referForTask` answers."""

    referral: Referral | None = strawberry.field(description="The referral.")


@strawberry.type(description="What may be done about aid that may be due.")
class EntitlementMutations:
    """A task's referral is sent."""

    @guards.mutation(
        Permission.KEEP_FILES,
        "Sends the referral that a task suggests, as suggested or changed, which ends the task.",
    )
    async def refer_for_task(
        self,
        info: Info,
        input: Annotated[ReferForTaskInput, strawberry.argument(description="Which, and what otherwise.")],
    ) -> ReferForTaskPayload:
        """Sends the referral that a task suggests."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key, member = nodes.key_of(info, "Task", input.task_id), named(info, "Person", input.person_id)
            changes = Changes(input.organisation, input.programme, member, input.note, input.due_on)
            told = (key, input.expected_version, changes, info.context.now())
            return await prefilled.refer(connection, info.context.vault, viewer, *told)

        done = await carry_out(info, Permission.KEEP_FILES, input, act)
        referral = await nodes.below_payload(info, "Referral", "referral", done.subject)
        return ReferForTaskPayload(referral=referral, **done.answered)


async def _suggested(reading: Reading, keys: Sequence[int], below: Wanted) -> Rows:
    found = await prefilled.of_tasks(reading.connection, reading.viewer, keys, reading.today)
    return cast(Rows, [(key, each) for key, each in found.items()])


def _prefilled(reading: Reading, rows: Rows, below: Wanted) -> list[Any]:
    return [_suggestion(row[1]) for row in rows]


def _suggestion(found: Prefilled) -> PrefilledReferral:
    office = found.office
    return PrefilledReferral(
        roles=[*found.roles],
        organisation=None
        if office is None
        else ResponsibleOrganisation(code=office.code, name_zh=office.name_zh, name_en=office.name_en),
        programme=found.programme,
        person_key=found.member_id,
        note_zh=found.zh,
        note_en=found.en,
        due_on=found.due_on,
    )


branch(Task, "prefilledReferral", Branch("key", _suggested, _prefilled, "prefilled_referral", False))
branch(PrefilledReferral, "person", person_at("person_key", "person"))
branch(Eligibility, "programme", PROGRAMME_OF)
branch(Eligibility, "person", person_at("person_key", "person"))
