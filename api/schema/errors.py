"""What the client is told when something goes wrong: refusals in its language, with their code; nothing else leaks."""

from __future__ import annotations

import logging

from graphql import GraphQLError

from api.domain.errors import BadRequest, Internal, Refused, SealedByLostKey
from api.domain.permissions import Permission
from api.schema.context import Context
from api.sealing import KeyLost

SUGGESTION = " Did you mean "

log = logging.getLogger("jiekun.graphql")


def told(error: GraphQLError, context: Context) -> GraphQLError:
    """An error of the execution: a refusal in the viewer's language, a mistake in the document, else INTERNAL."""
    cause = error.original_error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    if isinstance(cause, KeyLost):
        log.error("request %s: %s", context.request_id, cause)
        cause = SealedByLostKey()
    if isinstance(cause, Refused):
        return _told(error, cause.words(context.language), {"code": cause.code})
    if cause is None:
        return bad_request(error, context)
    log.error("request %s: %s at %s", context.request_id, type(cause).__name__, _place(cause))
    extensions: dict[str, object] = {"code": Internal.code, "requestId": context.request_id}
    return _told(error, Internal().words(context.language), extensions)


def refusal(refused: Refused, context: Context) -> GraphQLError:
    """Why a request was not executed at all."""
    ours = {"requestId": context.request_id} if isinstance(refused, Internal) else {}
    return GraphQLError(refused.words(context.language), extensions={"code": refused.code, **ours})


def bad_request(error: GraphQLError, context: Context, code: str = BadRequest.code) -> GraphQLError:
    """A mistake in the document, as the validator words it; names that were not asked for only to whom they are open."""
    message = error.message
    if not (context.viewer and context.viewer.may(Permission.READ_SCHEMA)):
        message = message.split(SUGGESTION)[0]
    return _told(error, message, {"code": code})


def _told(error: GraphQLError, message: str, extensions: dict[str, object]) -> GraphQLError:
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=extensions,
    )


def _place(cause: BaseException) -> str:
    """Where it was raised: file and line only, for the message may hold what a log must not."""
    trace = cause.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "nowhere"
