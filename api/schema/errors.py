"""What the client is told when something goes wrong: refusals in its language, with their code; nothing else leaks."""

from __future__ import annotations

import logging

from graphql import GraphQLError
from strawberry.extensions import MaskErrors

from api.domain.errors import Refused
from api.schema.context import Context

log = logging.getLogger("jiekun.graphql")

UNEXPECTED = {"zh": "服务内部错误，请稍后重试。", "en": "Something went wrong on our side; try again later."}


class Words(MaskErrors):
    """Gives every error its code, and hides whatever was not meant to be shown."""

    def __init__(self) -> None:
        super().__init__(should_mask_error=lambda _: True)

    def anonymise_error(self, error: GraphQLError) -> GraphQLError:
        """A refusal in the viewer's language, a mistake in the document as it is, anything else as INTERNAL."""
        context: Context | None = self.execution_context.context
        language = context.language if context else "en"
        cause = error.original_error
        while isinstance(cause, GraphQLError):
            cause = cause.original_error
        if isinstance(cause, Refused):
            return _told(error, cause.words(language), {"code": cause.code})
        if cause is None:
            return bad_request(error)
        request_id = context.request_id if context else ""
        log.error("request %s: %s at %s", request_id, type(cause).__name__, _place(cause))
        return _told(error, UNEXPECTED[language], {"code": "INTERNAL", "requestId": request_id})


def bad_request(error: GraphQLError) -> GraphQLError:
    """A mistake in the document, as the executor words it."""
    return _told(error, error.message, {**(error.extensions or {}), "code": "BAD_REQUEST"})


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
