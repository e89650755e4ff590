"""What a mutation answers, and how it is carried out: once, guarded, in one transaction.

Every mutation takes one input with an idempotency key, and gives one payload: what it changed, and why it did not. A
payload's errors are of one interface; each type of it stands for what a client handles in its own way.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database import transaction
from api.domain import errors
from api.domain.errors import Conflict, Forbidden, NotDone
from api.domain.grants import GrantHeld
from api.domain.permissions import Permission, Viewer
from api.schema.context import Context, Info
from api.schema.grant_findings import GrantFinding, finding_objects
from api.schema.review_terms import ReviewItem
from api.schema.sizes import about
from api.schema.stop_terms import StopItem
from api.schema.words import UserErrorCode
from api.sealing import Vault
from api.services import audit, once


@strawberry.interface(description="Why a mutation was not carried out; nothing has changed then.")
class UserError:
    """Why a mutation was not carried out."""

    code: UserErrorCode = strawberry.field(description="For programs.")
    message: str = strawberry.field(description="For people, in Chinese or English as Accept-Language says.")
    path: list[str] = strawberry.field(description="The field of the input that is meant, outermost first.")


@strawberry.type(description="A value is missing or cannot be accepted.")
class ValidationError(UserError):
    """A value is missing or cannot be accepted."""


@strawberry.type(description="There is no such thing, or not for this viewer.")
class NotFoundError(UserError):
    """There is no such thing, or not for this viewer."""


@strawberry.type(name="PermissionError", description="The viewer's role or division does not permit it.")
class NotPermitted(UserError):
    """The viewer's role or division does not permit it."""


@strawberry.type(description="It has changed since it was read.")
class ConflictError(UserError):
    """It has changed since it was read."""

    current_version: int | None = strawberry.field(
        default=None, description="The version that it is at now; null where it has none."
    )


@strawberry.type(description="The idempotency key stood for another request.")
class IdempotencyError(UserError):
    """The idempotency key stood for another request."""


@strawberry.type(description="An adult who may not be looked up yet, and in which departments' data.")
class MissingConsent:
    """An adult who may not be looked up yet."""

    person_id: strawberry.ID = strawberry.field(description="Who, as `person(id:)` takes it; never a name.")
    sources: list[str] = strawberry.field(
        description="Which kinds of data are not consented to, as in `departments`.", metadata=about(9)
    )


@strawberry.type(description="Adults of the household have not consented to be looked up.")
class MissingConsentError(UserError):
    """Adults of the household have not consented to be looked up."""

    missing: list[MissingConsent] = strawberry.field(description="Who, and where.", metadata=about(3))


@strawberry.type(description="Aid is not taken away yet: one of the things that have to stand before is missing.")
class StopHeldError(UserError):
    """Aid is not taken away yet."""

    item: StopItem = strawberry.field(description="Which; the first that is missing.")


@strawberry.type(
    description="A lead is not concluded on yet: one of the things that have to stand before is missing."
)
class ReviewHeldError(UserError):
    """A lead is not concluded on yet."""

    item: ReviewItem = strawberry.field(description="Which; the first that is missing.")
    finding_id: strawberry.ID = strawberry.field(description="Of which finding.")


@strawberry.type(description="The grant conflicts with aid that is there, or with what its programme asks for.")
class AidConflictError(UserError):
    """The grant conflicts with aid that is there."""

    findings: list[GrantFinding] = strawberry.field(
        description="What refuses it, each with the least correction.", metadata=about(2)
    )


USER_ERRORS: Mapping[UserErrorCode, type[UserError]] = {
    UserErrorCode.NOT_FOUND: NotFoundError,
    UserErrorCode.FORBIDDEN: NotPermitted,
    UserErrorCode.INVALID: ValidationError,
    UserErrorCode.REQUIRED: ValidationError,
    UserErrorCode.CONFLICT: ConflictError,
    UserErrorCode.IDEMPOTENCY_KEY_REUSED: IdempotencyError,
    UserErrorCode.MISSING_CONSENT: MissingConsentError,
    UserErrorCode.AID_CONFLICT: AidConflictError,
    UserErrorCode.STOP_HELD: StopHeldError,
    UserErrorCode.REVIEW_HELD: ReviewHeldError,
}
"""By code the type that tells it."""


@strawberry.input
class MutationInput:
    """What every mutation's input has."""

    idempotency_key: str = strawberry.field(
        description="8 to 200 characters of the client's making; the same key never carries the same request out twice."
    )
    client_mutation_id: str | None = strawberry.field(
        default=None, description="Anything; the payload gives it back as it is."
    )


@strawberry.interface(description="What every mutation answers beside the thing that it changed.")
class Payload:
    """What every mutation answers beside the thing that it changed."""

    user_errors: list[UserError] = strawberry.field(
        description="Why nothing was done; empty where it was.", metadata=about(1)
    )
    client_mutation_id: str | None = strawberry.field(description="The input's.")
    audit_id: strawberry.ID | None = strawberry.field(
        description="The entry of the audit that tells who did this, to be quoted in an inquiry; null where nothing was done."
    )


@dataclass(frozen=True, slots=True)
class Done:
    """The row that a mutation made or changed, if it did, and the payload's fields that every mutation has."""

    subject: int | None
    answered: dict[str, Any]


async def carry_out(
    info: Info,
    permission: Permission,
    given: MutationInput,
    act: Callable[[AsyncConnection, Viewer], Awaitable[int]],
) -> Done:
    """Carries out a mutation under its idempotency key, or finds what it made before. Raises Unauthenticated.

    The request that a key stands for is all of its input, but for the key and what is only given back.
    """
    context, asked = info.context, asdict(given)
    key, given_back = asked.pop("idempotency_key"), asked.pop("client_mutation_id")

    def done(subject: int | None, audit_event: int | None, *told: UserError) -> Done:
        audit_id = None if audit_event is None else context.vault.ids("AuditEvent", [audit_event])[0]
        return Done(
            subject,
            {
                "user_errors": list(told),
                "client_mutation_id": given_back,
                "audit_id": audit_id and strawberry.ID(audit_id),
            },
        )

    try:
        viewer = context.viewer_who_may(permission)
        async with transaction(context.engine) as connection:
            request = await once.asked(connection, viewer, key, info.field_name, asked, context.now())
            if request.subject is not None:
                return done(request.subject, request.audit_event)
            subject = await act(connection, viewer)
            audit_event = await audit.added(connection)
            await once.carried_out(connection, request, subject, audit_event)
            return done(subject, audit_event)
    except Forbidden as refused:
        context.log.refused(refused.code)
        return done(None, None, _told(NotDone(UserErrorCode.FORBIDDEN, (), refused.zh, refused.en), context))
    except NotDone as reason:
        if reason.code is UserErrorCode.FORBIDDEN:
            context.log.refused(reason.code.value)
        return done(None, None, _told(reason, context))


def _told(reason: NotDone, context: Context) -> UserError:
    code, message, path = reason.code, reason.words(context.language), list(reason.path)
    if isinstance(reason, Conflict):
        return ConflictError(code=code, message=message, path=path, current_version=reason.current_version)
    if isinstance(reason, errors.MissingConsent):
        missing = _missing(reason, context.vault)
        return MissingConsentError(code=code, message=message, path=path, missing=missing)
    if isinstance(reason, errors.StopHeld):
        return StopHeldError(code=code, message=message, path=path, item=StopItem(reason.item))
    if isinstance(reason, errors.ReviewHeld):
        finding = strawberry.ID(context.vault.ids("Finding", [reason.finding_id])[0])
        item = ReviewItem(reason.item)
        return ReviewHeldError(code=code, message=message, path=path, item=item, finding_id=finding)
    if isinstance(reason, GrantHeld):
        found = finding_objects(reason.findings, context.vault, context.language)
        return AidConflictError(code=code, message=message, path=path, findings=found)
    return USER_ERRORS[code](code=code, message=message, path=path)


def _missing(reason: errors.MissingConsent, vault: Vault) -> list[MissingConsent]:
    keys, sources = zip(*reason.missing, strict=True)
    people = zip(vault.ids("Person", keys), sources, strict=True)
    return [MissingConsent(person_id=strawberry.ID(public_id), sources=[*where]) for public_id, where in people]
