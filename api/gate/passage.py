"""The way of an operation: found, measured, weighed, paid for, executed, recorded, and only then answered.

Over HTTP, server-sent events and WebSocket alike: a query sent over any of them passes the same limits.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, AsyncIterator, Collection
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any, cast

from graphql import (
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    execute,
    subscribe,
)

from api.domain.errors import BadRequest, Forbidden, NotRecorded, Refused, TimedOut, TooCostly, Unauthenticated
from api.domain.permissions import Permission
from api.gate import variables
from api.gate.asked import Asked
from api.gate.bucket import Buckets
from api.gate.documents import Documents, Invalid, Prepared
from api.gate.trusted import Trusted
from api.recorder import Operation, Recorder
from api.schema.context import Context
from api.schema.errors import bad_request, refusal, told
from api.schema.straight import StraightExecutor
from api.settings import Settings

MOST_COST = 150_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What operations may cost and take: values an operation, values a second and client, at once, and seconds."""

    cost: float = MOST_COST
    per_second: float = 1_000_000
    burst: float = 10_000_000
    seconds: float = 30.0

    @classmethod
    def of(cls, told: Settings) -> Limits:
        """The limits that the settings name, and ours where they name none."""
        named = {
            "cost": told.cost,
            "per_second": told.cost_per_second,
            "burst": told.cost_burst,
            "seconds": told.request_seconds,
        }
        limits = replace(cls(), **{name: value for name, value in named.items() if value is not None})
        # what may be asked for at all fits into the bucket
        return replace(limits, burst=max(limits.burst, limits.cost))


@dataclass(slots=True)
class Answer:
    """What a client gets. `refused` says why a request was not executed; then there are no data."""

    data: dict[str, Any] | None
    errors: list[GraphQLError]
    extensions: dict[str, Any]
    refused: Refused | None = None
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, refused: Refused, context: Context) -> Answer:
        """What is said of a request that was not executed."""
        errors = (
            [bad_request(error, context, code=refused.code) for error in refused.errors]
            if isinstance(refused, Invalid)
            else [refusal(refused, context)]
        )
        seconds = getattr(refused, "seconds", None)
        headers = {} if seconds is None else {"retry-after": str(seconds)}
        return cls(None, errors, {"requestId": context.request_id}, refused, headers)

    def content(self) -> dict[str, Any]:
        """As the specification of GraphQL lays it out."""
        errors = {"errors": [error.formatted for error in self.errors]} if self.errors else {}
        data = {} if self.refused else {"data": self.data}
        return {**errors, **data, "extensions": self.extensions}


@dataclass(slots=True)
class _Admitted:
    prepared: Prepared
    operation: OperationDefinitionNode
    requested: int
    client: str


class Passage:
    """Answers what is asked of one schema, within the limits."""

    def __init__(self, schema: GraphQLSchema, trusted: Trusted, recorder: Recorder, limits: Limits) -> None:
        self._schema, self._trusted, self._recorder, self._limits = schema, trusted, recorder, limits
        self._documents = Documents(schema)
        self._buckets = Buckets(limits.burst, limits.per_second)

    async def answer(self, asked: Asked, shared: Context) -> Answer:
        """The answer to a query or a mutation."""
        context = shared
        try:
            context = await shared.for_operation()
            admitted = await self._admitted(asked, context)
            if admitted.operation.operation is OperationType.SUBSCRIPTION:
                raise BadRequest(
                    "订阅须通过 WebSocket，或以 Accept: text/event-stream 请求。",
                    "Subscriptions go over WebSocket, or ask with Accept: text/event-stream.",
                )
            return await self._answered(admitted, asked, context)
        except Refused as refused:
            return await self._refused(refused, asked, context)

    async def follow(self, asked: Asked, shared: Context) -> AsyncGenerator[Answer, None]:
        """The answers to a subscription, or the one answer to anything else."""
        context = shared
        try:
            context = await shared.for_operation()
            admitted = await self._admitted(asked, context)
            if admitted.operation.operation is not OperationType.SUBSCRIPTION:
                yield await self._answered(admitted, asked, context)
                return
            async with aclosing(self._events(admitted, asked, context)) as answers:
                async for answer in answers:
                    yield answer
        except Refused as refused:
            yield await self._refused(refused, asked, context)

    def charge(self, client: str, cost: int) -> int:
        """Takes from a client's bucket what they ask for beside operations, such as bytes; what was taken. Raises Throttled.

        Never more than a bucket holds: what may be asked for at all may be asked for once.
        """
        taken = min(cost, int(self._limits.burst))
        self._buckets.take(client, taken)
        return taken

    def give_back(self, client: str, cost: int) -> None:
        """Gives back what was charged and not used."""
        self._buckets.give_back(client, cost)

    async def _events(self, admitted: _Admitted, asked: Asked, context: Context) -> AsyncGenerator[Answer, None]:
        """An answer for each thing that happened, each paid for and recorded. Raises Refused."""
        source = subscribe(
            self._schema,
            admitted.prepared.document,
            context_value=context,
            variable_values=dict(asked.variables),
            operation_name=asked.operation_name,
            executor_class=StraightExecutor,
        )
        events = await source if not isinstance(source, ExecutionResult | AsyncIterator) else source
        if isinstance(events, ExecutionResult):
            yield await self._shown(events, admitted, asked, context)
            return
        paid = True
        async with aclosing(cast(AsyncGenerator[ExecutionResult, None], events)) as results:
            async for result in results:
                if not paid:
                    self._buckets.take(admitted.client, admitted.requested)
                paid = False
                yield await self._shown(result, admitted, asked, context)

    async def _admitted(self, asked: Asked, context: Context) -> _Admitted:
        """What may be executed, paid for. Raises Refused."""
        variables.within(asked.variables)
        prepared = self._documents.of(await self._trusted.text(asked, context.viewer))
        operation = prepared.operation(asked.operation_name)
        context.document = prepared.id
        context.for_purpose()
        if prepared.introspects and not (context.viewer and context.viewer.may(Permission.READ_SCHEMA)):
            raise Unauthenticated if context.viewer is None else Forbidden
        if asked.in_address:
            _may_stand_in_address(prepared, operation, asked)
        variables.fit(self._schema, operation, asked.variables)
        requested = prepared.weigher.weight(operation, asked.variables)
        if requested > self._limits.cost:
            raise TooCostly(
                f"此操作估计代价 {requested}，上限 {int(self._limits.cost)}：请减少层数或每页条数。",
                f"The operation may cost {requested}, and {int(self._limits.cost)} is the most: ask for fewer levels or "
                "smaller pages.",
            )
        client = context.principal
        self._buckets.take(client, requested)
        return _Admitted(prepared, operation, requested, client)

    async def _answered(self, admitted: _Admitted, asked: Asked, context: Context) -> Answer:
        """Raises TimedOut."""
        try:
            async with asyncio.timeout(self._limits.seconds):
                result = execute(
                    self._schema,
                    admitted.prepared.document,
                    context_value=context,
                    variable_values=dict(asked.variables),
                    operation_name=asked.operation_name,
                    executor_class=StraightExecutor,
                )
                if not isinstance(result, ExecutionResult):
                    result = await result
        except TimeoutError:
            raise TimedOut from None
        return await self._shown(result, admitted, asked, context)

    async def _shown(self, result: ExecutionResult, admitted: _Admitted, asked: Asked, context: Context) -> Answer:
        """What was executed, with its errors worded, its cost settled and what it showed recorded. Raises NotRecorded."""
        errors = [told(error, context) for error in result.errors or ()]
        await self._record(asked, context, {str((error.extensions or {}).get("code")) for error in errors})
        actual = context.budget.values + admitted.prepared.weigher.beyond(admitted.operation)
        left = self._buckets.give_back(admitted.client, max(0, admitted.requested - actual))
        extensions = {
            "requestId": context.request_id,
            "cost": {
                "requested": admitted.requested,
                "actual": actual,
                "limit": int(self._limits.cost),
                "remaining": int(left),
                "capacity": int(self._limits.burst),
                "restoreRate": int(self._limits.per_second),
            },
        }
        return Answer(result.data, errors, extensions, headers=self._rates(left))

    async def _refused(self, refused: Refused, asked: Asked, context: Context) -> Answer:
        """What is said of an operation that is not answered; who tried what they may not is on record."""
        if not isinstance(refused, NotRecorded):
            try:
                await self._record(asked, context, {refused.code})
            except NotRecorded as unrecorded:
                return Answer.of(unrecorded, context)
        return Answer.of(refused, context)

    async def _record(self, asked: Asked, context: Context, codes: Collection[str]) -> None:
        """Raises NotRecorded."""
        await self._recorder.write(
            Operation(
                viewer=context.viewer,
                log=context.log,
                request_id=context.request_id,
                document_id=context.document or "",
                operation=asked.operation_name,
                purpose=context.purpose,
                codes=codes,
            )
        )

    def _rates(self, left: float) -> dict[str, str]:
        """What the bucket holds, as HTTP says it."""
        capacity, restore = int(self._limits.burst), self._limits.per_second
        full_again = math.ceil((capacity - left) / restore)
        return {
            "ratelimit-policy": f'"cost";q={capacity};w={math.ceil(capacity / restore)}',
            "ratelimit": f'"cost";r={int(left)};t={full_again}',
        }


def _may_stand_in_address(prepared: Prepared, operation: OperationDefinitionNode, asked: Asked) -> None:
    """Raises BadRequest or NotByAddress: an address is kept by proxies, histories and logs, so it names nobody."""
    if operation.operation is not OperationType.QUERY:
        raise NotByAddress
    if asked.variables and not prepared.only_introspects:
        raise BadRequest(
            "GET 请求不接受变量：变量可能含个人信息，请用 POST。",
            "A GET takes no variables, since they might name somebody: use POST.",
        )
    if prepared.holds_text and asked.digest is None and not prepared.only_introspects:
        raise BadRequest(
            "GET 请求的文档不得含文本值：可能含个人信息，请用 POST。",
            "A document in an address holds no text, since it might name somebody: use POST.",
        )


class NotByAddress(BadRequest):
    """Something that changes or follows, asked for by GET."""

    status = 405
    zh = "GET 只用于查询：变更与订阅请用 POST。"
    en = "GET is for queries: send mutations and subscriptions by POST."
