"""What each adult let be looked up, on which signed paper, and by which scans they were; recorded and withdrawn (F-23)."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain import consent, privacy
from api.domain.consent import ConsentPurpose, ConsentState
from api.domain.permissions import Permission, Viewer
from api.loaders import attachments as papers
from api.loaders import consents as loaders
from api.loaders.reading import Reading, Rows
from api.matching import consents as written
from api.schema import guards, nodes
from api.schema.attachments import Attachment, attachment_objects
from api.schema.context import Info
from api.schema.enumerations import Words, described
from api.schema.households import NOT_LOADED, Person, person_at
from api.schema.nodes import Kind, kind
from api.schema.results import MutationInput, Payload, carry_out
from api.schema.scans import Scan, scan_at
from api.schema.selection import Wanted
from api.schema.sizes import about
from api.schema.tree import Branch, branch
from api.schema.values import Node
from api.services import consents
from api.services.consents import Paper

KEEP = Permission.KEEP_FILES
USES = 10
NOBODY = 0
"""The key of an id that names nobody: no row has it."""

described(
    ConsentPurpose,
    "What somebody consented to.",
    {
        "ECONOMIC_CHECK": Words(
            "家庭经济状况核对",
            "Economic check",
            "向部门核对家庭收入和财产。",
            "Income and property are checked with departments.",
        ),
        "REFERRAL": Words(
            "转介", "Referral", "转介给其他部门或社会组织。", "The case is passed on to others who help."
        ),
        "PUBLICITY": Words("宣传", "Publicity", "作为典型经验宣传。", "The case is told in public as an example."),
    },
)
described(
    ConsentState,
    "Whether a consent stands today.",
    {
        "VALID": Words("有效", "Valid", "在有效期内，未撤回。", "In its time, and not withdrawn."),
        "NOT_YET": Words("未生效", "Not yet", "尚未到有效期起。", "It has not begun."),
        "EXPIRED": Words("已到期", "Expired", "有效期已过。", "Its time is over."),
        "WITHDRAWN": Words(
            "已撤回", "Withdrawn", "本人或监护人已撤回。", "The person or their guardian took it back."
        ),
    },
)


@strawberry.type(description="A scan that looked somebody up under a consent.")
class AuthorisationUse:
    """A scan that looked somebody up under a consent."""

    scan_key: strawberry.Private[int]
    looked_up_at: dt.datetime = strawberry.field(description="When the scan began.")
    as_of: dt.date = strawberry.field(description="About which day it asked.")
    found: int = strawberry.field(description="How many departments' records it linked to the person.")
    scan: Scan | None = strawberry.field(
        default=NOT_LOADED, description="The scan; null for viewers who may not read scans."
    )


@strawberry.type(
    description="An adult's consent to be looked up: where, for what, on which signed paper, and how long."
)
class Authorisation(Node):
    """An adult's consent to be looked up."""

    key: strawberry.Private[int]
    member_key: strawberry.Private[int]
    guardian_key: strawberry.Private[int | None]
    attachment_key: strawberry.Private[int | None]
    sources: list[str] = strawberry.field(
        description="Which kinds of data, as in `departments`, or ALL; none where those are not known that it names.",
        metadata=about(9),
    )
    purpose: ConsentPurpose | None = strawberry.field(description="What for; null is none of these.")
    state: ConsentState = strawberry.field(description="Whether it stands today.")
    valid_from: dt.date | None = strawberry.field(description="Its first day.")
    valid_to: dt.date | None = strawberry.field(description="Its last day; null is open.")
    withdrawn_on: dt.date | None = strawberry.field(description="The day on which it was taken back.")
    withdrawal_reason: str | None = strawberry.field(description="Why; null for viewers who see masks.")
    guardian_name: str | None = strawberry.field(
        description="The guardian who signed, where they are nobody of the register; masked unless the viewer may see identities."
    )
    recorded_at: dt.datetime | None = strawberry.field(
        description="When it was recorded here; null where it came with another register."
    )
    recorded_by: str | None = strawberry.field(description="By whom; null where the viewer is not told.")
    version: int = strawberry.field(description="Counts changes; to be given back by whoever withdraws it.")
    person: Person = strawberry.field(default=NOT_LOADED, description="Whose it is.")
    guardian: Person | None = strawberry.field(
        default=NOT_LOADED, description="The guardian who signed, of the register."
    )
    attachment: Attachment | None = strawberry.field(default=NOT_LOADED, description="The signed paper.")
    found_uses: strawberry.Private[list[AuthorisationUse]] = NOT_LOADED

    @strawberry.field(  # type: ignore[untyped-decorator]
        description=f"The scans that looked the person up under it, the latest first; at most {loaders.MOST_USES}.",
        metadata=about(USES),
    )
    def used_by(
        self,
        first: Annotated[int, strawberry.argument(description="How many at most.")] = USES,
    ) -> list[AuthorisationUse]:
        """Loaded with the consent, cut to what this field asks for."""
        return self.found_uses[:first]


def authorisation_objects(reading: Reading, rows: Rows, wanted: Wanted) -> list[Authorisation]:
    """Rows as consents."""
    reason = reading.shown(
        "authorisations.withdrawal_reason",
        wanted.has("withdrawalReason") and reading.sees_identity,
        lambda _: None,
    )
    guardian = reading.shown("authorisations.guardian_name", wanted.has("guardianName"), privacy.name)
    today = reading.as_of or reading.today
    return [
        Authorisation(
            id=strawberry.ID(public_id),
            key=row.id,
            member_key=row.member_id,
            guardian_key=row.guardian_id,
            attachment_key=row.attachment_id,
            sources=sorted(written.sources_in(row.source) or ()),
            purpose=written.purpose_of(row.purpose),
            state=consent.state_on(today, row.valid_from, row.valid_to, row.withdrawn_on),
            valid_from=row.valid_from,
            valid_to=row.valid_to,
            withdrawn_on=row.withdrawn_on,
            withdrawal_reason=reading.whereabouts(row, reason(row.withdrawal_reason)),
            guardian_name=guardian(row.guardian_name),
            recorded_at=row.recorded_at,
            recorded_by=reading.whereabouts(row, row.recorder),
            version=row.version,
        )
        for row, public_id in zip(rows, reading.ids("Authorisation", rows), strict=True)
    ]


def _use_objects(reading: Reading, rows: Rows, wanted: Wanted) -> list[AuthorisationUse]:
    return [
        AuthorisationUse(scan_key=row.scan_id, looked_up_at=row.started_at, as_of=row.as_of, found=row.found)
        for row in rows
    ]


@strawberry.input(description="A consent that somebody signed.")
class RecordAuthorisationInput(MutationInput):
    """A consent that somebody signed."""

    person_id: strawberry.ID = strawberry.field(description="Whose it is.")
    sources: list[str] = strawberry.field(description="Which kinds of data, as in `departments`; or ALL alone.")
    valid_from: dt.date = strawberry.field(description="Its first day.")
    valid_to: dt.date | None = strawberry.field(default=None, description="Its last day, if the paper names one.")
    attachment_id: strawberry.ID = strawberry.field(
        description="The signed paper, an attachment of the kind AUTHORISATION of the household's."
    )
    purpose: ConsentPurpose = strawberry.field(default=ConsentPurpose.ECONOMIC_CHECK, description="What for.")
    guardian_id: strawberry.ID | None = strawberry.field(
        default=None, description="The guardian who signed for a ward, where they are of the register."
    )
    guardian_name: str | None = strawberry.field(
        default=None, description="The guardian's name, up to 200 characters, where they are not; kept sealed."
    )


@strawberry.type(description="What `recordAuthorisation` answers.")
class RecordAuthorisationPayload(Payload):
    """What `recordAuthorisation` answers."""

    authorisation: Authorisation | None = strawberry.field(description="The consent as it was recorded.")


@strawberry.input(description="A consent that somebody takes back.")
class WithdrawAuthorisationInput(MutationInput):
    """A consent that somebody takes back."""

    authorisation_id: strawberry.ID = strawberry.field(description="The consent.")
    expected_version: int = strawberry.field(description="The consent's `version` as it was read.")
    withdrawn_on: dt.date = strawberry.field(description="The day on which they said so; not after today.")
    reason: str = strawberry.field(description="Why, in up to 2,000 characters; kept sealed.")


@strawberry.type(description="What `withdrawAuthorisation` answers.")
class WithdrawAuthorisationPayload(Payload):
    """What `withdrawAuthorisation` answers."""

    authorisation: Authorisation | None = strawberry.field(description="The consent as it stands now.")


@strawberry.type(description="What may be done with consents.")
class ConsentMutations:
    """Consents are recorded and withdrawn."""

    @guards.mutation(KEEP, "Records what an adult, or a guardian for their ward, signed.")
    async def record_authorisation(
        self, info: Info, input: Annotated[RecordAuthorisationInput, strawberry.argument(description="The consent.")]
    ) -> RecordAuthorisationPayload:
        """Records a consent."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            return await consents.record(
                connection, info.context.vault, viewer, _paper(info, input), info.context.now()
            )

        done = await carry_out(info, KEEP, input, act)
        found = await nodes.below_payload(info, "Authorisation", "authorisation", done.subject)
        return RecordAuthorisationPayload(authorisation=found, **done.answered)

    @guards.mutation(KEEP, "Ends a consent: no scan that begins from now on looks the person up under it.")
    async def withdraw_authorisation(
        self,
        info: Info,
        input: Annotated[WithdrawAuthorisationInput, strawberry.argument(description="The consent, and why.")],
    ) -> WithdrawAuthorisationPayload:
        """Ends a consent."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            return await consents.withdraw(
                connection,
                info.context.vault,
                viewer,
                nodes.key_of(info, "Authorisation", input.authorisation_id),
                input.expected_version,
                input.withdrawn_on,
                input.reason,
                info.context.now(),
            )

        done = await carry_out(info, KEEP, input, act)
        found = await nodes.below_payload(info, "Authorisation", "authorisation", done.subject)
        return WithdrawAuthorisationPayload(authorisation=found, **done.answered)


def _paper(info: Info, given: RecordAuthorisationInput) -> Paper:
    guardian = None if given.guardian_id is None else nodes.key_of(info, "Person", given.guardian_id) or NOBODY
    return Paper(
        nodes.key_of(info, "Person", given.person_id),
        given.sources,
        given.purpose,
        given.valid_from,
        given.valid_to,
        nodes.key_of(info, "Attachment", given.attachment_id),
        guardian,
        given.guardian_name,
    )


branch(
    Person,
    "authorisations",
    Branch("key", lambda reading, keys, _: loaders.of_people(reading, keys), authorisation_objects, "authorisations"),
)
branch(Authorisation, "person", person_at("member_key", "person"))
branch(Authorisation, "guardian", person_at("guardian_key", "guardian"))
branch(
    Authorisation,
    "attachment",
    Branch(
        "attachment_key",
        lambda reading, keys, _: papers.by_key(reading, keys),
        attachment_objects,
        "attachment",
        False,
    ),
)
branch(
    Authorisation,
    "usedBy",
    Branch(
        "key",
        lambda reading, keys, below: loaders.uses_of(reading, keys, below.most("first", USES, loaders.MOST_USES)),
        _use_objects,
        "found_uses",
    ),
)
branch(
    AuthorisationUse,
    "scan",
    scan_at("scan_key", "scan"),
)
kind("Authorisation", Kind(loaders.by_key, authorisation_objects, Permission.READ_CASES))
