"""No field of a root is without a guard: each says which permission it takes, and a test finds one that does not."""

from __future__ import annotations

import functools
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, ParamSpec, TypeVar

import strawberry

from api.domain.permissions import Permission
from api.schema.context import Context
from api.schema.sizes import about

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")

GUARD = "guard"
ANYBODY = "ANYBODY"
SIGNED_IN = "SIGNED_IN"


def query(
    permission: Permission | str, description: str, rows: int | None = None
) -> Callable[[Callable[Arguments, Awaitable[Answer]]], Any]:
    """A field of the root that takes this permission, or only somebody SIGNED_IN, or ANYBODY.

    A plain list says how many `rows` it usually has.
    """

    def guard(resolver: Callable[Arguments, Awaitable[Answer]]) -> Any:
        @functools.wraps(resolver)
        async def guarded(*arguments: Arguments.args, **named: Arguments.kwargs) -> Answer:
            _check(permission, named)
            return await resolver(*arguments, **named)

        setattr(guarded, GUARD, permission)
        size = {} if rows is None else about(rows)
        return strawberry.field(resolver=guarded, description=description, metadata=size)

    return guard


def mutation(permission: Permission, description: str) -> Callable[[Callable[Arguments, Awaitable[Answer]]], Any]:
    """A mutation that takes this permission; results.carry_out refuses, so that the refusal is part of the payload."""

    def guard(resolver: Callable[Arguments, Awaitable[Answer]]) -> Any:
        setattr(resolver, GUARD, permission)
        return strawberry.mutation(resolver=resolver, description=description)

    return guard


def subscription(
    permission: Permission, description: str
) -> Callable[[Callable[Arguments, AsyncGenerator[Answer, None]]], Any]:
    """A subscription that takes this permission."""

    def guard(resolver: Callable[Arguments, AsyncGenerator[Answer, None]]) -> Any:
        @functools.wraps(resolver)
        async def guarded(*arguments: Arguments.args, **named: Arguments.kwargs) -> AsyncGenerator[Answer, None]:
            _check(permission, named)
            async for answer in resolver(*arguments, **named):
                yield answer

        setattr(guarded, GUARD, permission)
        return strawberry.subscription(resolver=guarded, description=description)

    return guard


def _check(permission: Permission | str, named: dict[str, Any]) -> None:
    if permission != ANYBODY:
        context: Context = named["info"].context
        context.viewer_who_may(permission if isinstance(permission, Permission) else None)
